//! Authoritative answers: which record sets a name has, which of them are healthy, and which one is answered.

use std::time::Duration;

use super::names::{self, Endpoint};
use super::network;
use crate::domain::drill::Vantage;
use crate::domain::ports::DnsAnswer;
use crate::sandbox::chance;
use crate::sandbox::services::route53::checkers;
use crate::sandbox::services::route53::records::{Policy, RecordSet, normal};
use crate::sandbox::services::route53::zones::HostedZone;
use crate::sandbox::world::World;

/// How long answers for AWS's own names may be kept. Source: AWS, alias records: ELB 60 s; others in use here likewise.
const AWS_NAME_TTL: u64 = 60;
/// How many names a resolver follows before it gives up; also bounds aliases of aliases.
const LONGEST_CHAIN: usize = 8;

/// Where a name leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    /// The names that were followed, the asked name first, without the dots at their ends.
    pub chain: Vec<String>,
    /// Addresses.
    pub addresses: Vec<String>,
    /// How long the answer may be kept, in seconds.
    pub ttl: u64,
    /// What stands at the end.
    pub endpoint: Option<Endpoint>,
    /// The Region it leads to, where that can be told.
    pub region: Option<String>,
}

impl Resolution {
    /// The same in the words of the port.
    pub fn answer(&self) -> DnsAnswer {
        DnsAnswer {
            chain: self.chain.clone(),
            targets: self.addresses.clone(),
            ttl: Duration::from_secs(self.ttl),
            region: self.region.clone(),
        }
    }
}

/// Follows a name to its addresses.
pub fn resolve(world: &World, name: &str, vantage: &Vantage) -> Option<Resolution> {
    let (mut name, mut ttl, mut region) = (normal(name), u64::MAX, None);
    let mut chain = Vec::new();
    while chain.len() < LONGEST_CHAIN {
        let host = name.trim_end_matches('.').to_owned();
        chain.push(host.clone());
        if let Some(endpoint) = names::endpoint(world, &host) {
            let addresses = names::addresses(&host);
            let region = endpoint.region().map(str::to_owned).or(region);
            // A resolver keeps each record of a chain for that record's own time. The record that chose the Region decides
            // how long clients are led there; AWS's name behind it is looked up again meanwhile.
            let ttl = if ttl == u64::MAX { AWS_NAME_TTL } else { ttl };
            return Some(Resolution { chain, addresses, ttl, endpoint: Some(endpoint), region });
        }
        let (account, zone) = zone_of(world, &name)?;
        let here = at(zone, &name);
        let kind = if here.iter().any(|record| record.kind == "CNAME") { "CNAME" } else { "A" };
        let group: Vec<&RecordSet> = here.into_iter().filter(|record| record.kind == kind).collect();
        let chosen = choose(world, account, zone, &group, vantage);
        let first = chosen.first()?;
        if let Policy::Latency(of) = &first.policy {
            region = Some(of.clone());
        }
        ttl = ttl.min(first.ttl.unwrap_or(AWS_NAME_TTL));
        if let Some(alias) = &first.alias {
            name.clone_from(&alias.name);
        } else if kind == "CNAME" {
            name = normal(first.values.first()?);
        } else {
            let addresses = chosen.iter().flat_map(|record| record.values.iter().cloned()).collect();
            return Some(Resolution { chain, addresses, ttl, endpoint: None, region });
        }
    }
    None
}

/// The value of a CNAME in any public zone, as ACM looks it up.
pub fn cname(world: &World, name: &str) -> Option<String> {
    let name = normal(name);
    let (_, zone) = zone_of(world, &name)?;
    let record = at(zone, &name).into_iter().find(|record| record.kind == "CNAME")?;
    record.values.first().map(|value| normal(value))
}

/// What a zone answers for a name and a type, without following it.
#[derive(Clone, Debug, PartialEq)]
pub enum InZone {
    /// There is no such name.
    NoName,
    /// The name has no record of that type.
    NoData,
    /// The values.
    Values(Vec<String>),
}

/// What the name servers of one zone answer.
pub fn in_zone(world: &World, account: &str, zone: &HostedZone, name: &str, kind: &str, vantage: &Vantage) -> InZone {
    let here = at(zone, name);
    if here.is_empty() {
        return InZone::NoName;
    }
    let group: Vec<&RecordSet> = here.into_iter().filter(|record| record.kind == kind).collect();
    let chosen = choose(world, account, zone, &group, vantage);
    let values: Vec<String> = chosen
        .iter()
        .flat_map(|record| match &record.alias {
            None => record.values.clone(),
            // An alias shows what its target has: addresses, or, within the zone, the target's own values.
            Some(alias) if alias.zone == zone.id => match in_zone(world, account, zone, &alias.name, kind, vantage) {
                InZone::Values(values) => values,
                _ => Vec::new(),
            },
            Some(alias) => names::addresses(alias.name.trim_end_matches('.')),
        })
        .collect();
    if values.is_empty() { InZone::NoData } else { InZone::Values(values) }
}

/// The public zone that is responsible for a name: the longest one; of several with one name the first one made,
/// because that is the one that was delegated to.
fn zone_of<'w>(world: &'w World, name: &str) -> Option<(&'w str, &'w HostedZone)> {
    let within = |zone: &HostedZone| {
        name.strip_suffix(zone.name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let mut best: Option<(&str, &HostedZone)> = None;
    for (account, state) in &world.accounts {
        for zone in state.route53.zones.values().filter(|zone| within(zone)) {
            let better =
                best.is_none_or(|(_, known)| (zone.name.len(), known.created) > (known.name.len(), zone.created));
            if better {
                best = Some((account, zone));
            }
        }
    }
    best
}

/// The record sets at a name, of any type; those of a wildcard when the name itself has none.
fn at<'z>(zone: &'z HostedZone, name: &str) -> Vec<&'z RecordSet> {
    let exact: Vec<&RecordSet> = zone.served.iter().filter(|record| record.name == name).collect();
    if !exact.is_empty() {
        return exact;
    }
    let mut rest = name;
    while let Some((_, parent)) = rest.split_once('.') {
        if parent.len() < zone.name.len() {
            break;
        }
        let wildcard = format!("*.{parent}");
        let found: Vec<&RecordSet> = zone.served.iter().filter(|record| record.name == wildcard).collect();
        let parent_exists =
            zone.served.iter().any(|record| record.name == parent || record.name.ends_with(&format!(".{parent}")));
        if !found.is_empty() || parent_exists {
            return found;
        }
        rest = parent;
    }
    Vec::new()
}

/// Chooses by policy among the healthy ones; when none is healthy, all count as healthy.
fn choose<'z>(
    world: &World,
    account: &str,
    zone: &'z HostedZone,
    group: &[&'z RecordSet],
    vantage: &Vantage,
) -> Vec<&'z RecordSet> {
    let Some(first) = group.first() else { return Vec::new() };
    let healthy: Vec<&RecordSet> =
        group.iter().copied().filter(|record| record_healthy(world, account, zone, record, 0)).collect();
    let fail_open = healthy.is_empty() && world.rule("route53.fail-open");
    let candidates = if fail_open { group.to_vec() } else { healthy };
    match &first.policy {
        Policy::Simple => group.to_vec(),
        Policy::Multivalue => candidates.into_iter().take(8).collect(),
        Policy::Failover(_) => {
            // Both unhealthy: the primary answers.
            let role = |wanted: &str| {
                candidates.iter().find(|record| record.policy == Policy::Failover(wanted.to_owned())).copied()
            };
            role("PRIMARY").or_else(|| role("SECONDARY")).into_iter().collect()
        }
        Policy::Latency(_) => candidates
            .into_iter()
            .min_by_key(|record| match &record.policy {
                Policy::Latency(region) => network::round_trip(&vantage.nearest, region),
                _ => Duration::MAX,
            })
            .into_iter()
            .collect(),
        Policy::Weighted(_) => weighted(world, candidates, group, vantage).into_iter().collect(),
    }
}

/// One by weight. Records with weight 0 are used only when no healthy one has more.
fn weighted<'z>(
    world: &World,
    candidates: Vec<&'z RecordSet>,
    group: &[&RecordSet],
    vantage: &Vantage,
) -> Option<&'z RecordSet> {
    let least = u64::from(!world.rule("route53.zero-weight"));
    let weight = |record: &RecordSet| if let Policy::Weighted(weight) = record.policy { weight.max(least) } else { 0 };
    let total: u64 = candidates.iter().map(|record| weight(record)).sum();
    let name = group.first().map_or("", |record| record.name.as_str());
    let key = format!("{name}|{}", vantage.name);
    let drawn = chance::unit(world.seed, "dns.weighted", &key, world.now.millis() as u64);
    if total == 0 {
        let index = (drawn * candidates.len() as f64) as usize;
        return candidates.get(index).copied();
    }
    let mut left = drawn * total as f64;
    for record in candidates {
        left -= weight(record) as f64;
        if left < 0.0 {
            return Some(record);
        }
    }
    None
}

/// Whether a record may be answered: its own health check, and its target's health where that is asked for.
fn record_healthy(world: &World, account: &str, zone: &HostedZone, record: &RecordSet, depth: usize) -> bool {
    if record.health_check.as_ref().is_some_and(|id| !checkers::healthy(world, account, id)) {
        return false;
    }
    let asked = world.rule("route53.evaluate-target-health");
    let Some(alias) = record.alias.as_ref().filter(|alias| alias.evaluate_target_health && asked) else { return true };
    if alias.zone != zone.id {
        return names::endpoint(world, alias.name.trim_end_matches('.'))
            .is_some_and(|endpoint| endpoint.healthy(world));
    }
    let targets: Vec<&RecordSet> =
        at(zone, &alias.name).into_iter().filter(|other| other.kind == record.kind).collect();
    depth >= LONGEST_CHAIN || targets.iter().any(|target| record_healthy(world, account, zone, target, depth + 1))
}
