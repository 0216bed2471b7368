//! What an alias may point to.

use super::records::RecordSet;
use super::zones::HostedZone;
use crate::sandbox::dataplane::names;
use crate::sandbox::world::World;

/// What is wrong with an alias, in AWS's words.
pub fn problem(world: &World, zone: &HostedZone, after: &[RecordSet], record: &RecordSet) -> Option<String> {
    let alias = record.alias.as_ref()?;
    let tried =
        format!("Tried to create an alias that targets {}, type {} in zone {}", alias.name, record.kind, alias.zone);
    if alias.zone == zone.id {
        if !(alias.name == zone.name || alias.name.ends_with(&format!(".{}", zone.name))) {
            return Some(format!("{tried}, but the alias target name does not lie within the target zone"));
        }
        let exists = after.iter().any(|other| other.name == alias.name && other.kind == record.kind);
        return (!exists).then(|| format!("{tried}, but that target was not found"));
    }
    let host = alias.name.trim_end_matches('.');
    let Some(expected) = names::alias_zone(host) else {
        return Some(format!("{tried}, but the alias target name does not lie within the target zone"));
    };
    if expected != alias.zone {
        return Some(format!("{tried}, but the alias target name does not lie within the target zone"));
    }
    if !["A", "AAAA"].contains(&record.kind.as_str()) || names::endpoint(world, host).is_none() {
        return Some(format!("{tried}, but that target was not found"));
    }
    if alias.evaluate_target_health && host.ends_with(".cloudfront.net") {
        return Some(format!(
            "{tried}, but EvaluateTargetHealth cannot be set to true when the alias target is a CloudFront distribution"
        ));
    }
    None
}
