//! Faults: what is broken on purpose, where, and until when.

use std::time::Duration;

use serde_json::Value;

use super::services;
use super::world::{LEARNER_ACCOUNT, Transition, What, World};
use crate::domain::drill::Fault;

mod effects;
mod kinds;

#[cfg(test)]
mod tests;

pub use effects::{
    certificate_pending, client_delay, credentials_expired, grey, request_delay, service_out, throttled, turned_away,
};
pub use kinds::{
    API_SLOWNESS, API_THROTTLING, CERTIFICATE_PENDING, DENIED_ACTIONS, EXPIRED_CREDENTIALS, FaultError, GREY_FAILURE,
    KINDS, Kind, Parameter, QUOTA_REACHED, REGION_LOSS, REPLICATION_PAUSE, ROUTE53_CONTROL_PLANE, SERVICE_OUTAGE,
    SLOW_ANSWERS, Takes, check,
};

/// Starts a fault that ends by itself after `lease`. It says why when there is no such fault.
pub fn start(
    world: &mut World,
    kind: &str,
    region: &str,
    parameters: Value,
    lease: Duration,
) -> Result<Fault, FaultError> {
    check(kind, region, &parameters)?;
    if lease.is_zero() {
        return Err(FaultError::Lease);
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
    Ok(fault)
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

/// Whether a fault stops what that store replicates out of its Region and into it.
pub fn stops_replication(fault: &Fault, store: &str) -> bool {
    let paused = fault.parameters.get("store").and_then(Value::as_str);
    fault.kind == REGION_LOSS || (fault.kind == REPLICATION_PAUSE && paused.is_none_or(|paused| paused == store))
}

/// Whether nothing of that store (`dynamodb`, `s3`, `aurora`) can be replicated between these Regions now.
pub fn replication_cut(world: &World, store: &str, from: &str, to: &str) -> bool {
    let here = |fault: &&Fault| fault.region == from || fault.region == to;
    world.faults.iter().filter(here).any(|fault| stops_replication(fault, store))
}
