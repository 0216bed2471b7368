//! Faults: what is broken on purpose, where, and until when.

use std::time::Duration;

use serde_json::Value;

use super::services;
use super::world::{LEARNER_ACCOUNT, Transition, What, World};
use crate::domain::drill::Fault;

/// A whole Region does not answer: no control plane, no data plane, and nothing replicates out of it or into it.
pub const REGION_LOSS: &str = "region-loss";
/// Replication out of and into a Region stands still: DynamoDB, S3 and Aurora.
pub const REPLICATION_PAUSE: &str = "replication-pause";

/// The kinds of faults, with one line each.
pub const KINDS: &[(&str, &str)] = &[
    (REGION_LOSS, "nothing in the Region answers, and nothing replicates out of it or into it"),
    (REPLICATION_PAUSE, "replication out of the Region and into it stands still (DynamoDB, S3, Aurora)"),
];

/// Starts a fault that ends by itself after `lease`. `None` when there is no such kind.
pub fn start(world: &mut World, kind: &str, region: &str, parameters: Value, lease: Duration) -> Option<Fault> {
    if !KINDS.iter().any(|(known, _)| *known == kind) {
        return None;
    }
    let fault = Fault {
        id: format!("fault-{}", world.next_number()),
        kind: kind.to_owned(),
        region: region.to_owned(),
        parameters,
        since: world.now,
        until: world.now.plus(lease),
    };
    let what = What::FaultEnds(fault.id.clone());
    let transition = Transition { account: LEARNER_ACCOUNT.to_owned(), region: region.to_owned(), what };
    world.timeline.push(fault.until, transition);
    world.log.push((world.now, region.to_owned(), format!("fault {kind} begins")));
    world.faults.push(fault.clone());
    world.touch();
    Some(fault)
}

/// Ends a fault; ending one that is over changes nothing.
pub fn stop(world: &mut World, id: &str) {
    let now = world.now;
    let Some(index) = world.faults.iter().position(|fault| fault.id == id) else { return };
    let fault = world.faults.remove(index);
    world.touch();
    world.timeline.retain(|transition| transition.what != What::FaultEnds(id.to_owned()));
    world.log.push((now, fault.region, format!("fault {} ends", fault.kind)));
    services::resume_replication(world);
}

/// Whether a fault of that kind is active in that Region.
pub fn active(world: &World, kind: &str, region: &str) -> bool {
    world.faults.iter().any(|fault| fault.kind == kind && fault.region == region)
}

/// Whether nothing can be replicated between these Regions now.
pub fn replication_cut(world: &World, from: &str, to: &str) -> bool {
    [from, to].iter().any(|region| active(world, REGION_LOSS, region) || active(world, REPLICATION_PAUSE, region))
}
