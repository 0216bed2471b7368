//! What an active fault does to requests: to the API's, to those of services among themselves, and to clients'.

use std::time::Duration;

use serde_json::Value;

use super::kinds::{
    API_SLOWNESS, API_THROTTLING, CERTIFICATE_PENDING, DENIED_ACTIONS, EXPIRED_CREDENTIALS, GREY_FAILURE,
    QUOTA_REACHED, ROUTE53_CONTROL_PLANE, SERVICE_OUTAGE, SLOW_ANSWERS,
};
use crate::domain::SimTime;
use crate::domain::drill::Fault;
use crate::protocol;
use crate::sandbox::call::AwsError;
use crate::sandbox::world::World;
use crate::sandbox::{chance, limits};

fn of<'w>(world: &'w World, kind: &'w str, region: &'w str) -> impl Iterator<Item = &'w Fault> {
    world.faults.iter().filter(move |fault| fault.kind == kind && fault.region == region)
}

fn text<'f>(fault: &'f Fault, name: &str) -> Option<&'f str> {
    fault.parameters.get(name).and_then(Value::as_str)
}

fn number(fault: &Fault, name: &str, otherwise: f64) -> f64 {
    fault.parameters.get(name).and_then(Value::as_f64).unwrap_or(otherwise)
}

/// Whether a fault that may be about one service is about this one.
fn concerns(fault: &Fault, service: &str) -> bool {
    text(fault, "service").is_none_or(|only| only == service)
}

/// Whether a service of a Region is out.
pub fn service_out(world: &World, service: &str, region: &str) -> bool {
    of(world, SERVICE_OUTAGE, region).any(|fault| concerns(fault, service))
}

/// How late the API answers a request that comes `now`.
pub fn request_delay(world: &World, service: &str, region: &str, now: SimTime) -> Duration {
    let late = of(world, API_SLOWNESS, region).filter(|fault| concerns(fault, service) && now < fault.until);
    Duration::from_secs_f64(late.map(|fault| number(fault, "seconds", 5.0)).fold(0.0, f64::max))
}

/// Whether the API says that there were too many requests. Each instant draws anew, so that trying again may help.
pub fn throttled(world: &World, service: &str, operation: &str, region: &str) -> Option<AwsError> {
    let hit = of(world, API_THROTTLING, region).filter(|fault| concerns(fault, service)).any(|fault| {
        let resource = format!("{}|{service}|{operation}", fault.id);
        chance::unit(world.seed, "fault.throttled", &resource, world.now.millis() as u64) < number(fault, "share", 1.0)
    });
    hit.then(|| limits::throttling(service))
}

/// Whether the API says that the credentials are over.
pub fn credentials_expired(world: &World, region: &str) -> bool {
    of(world, EXPIRED_CREDENTIALS, region).next().is_some()
}

/// Whether an operation is refused, by whomever it is asked: a person at the API, CloudFormation, a function.
pub fn turned_away(
    world: &World,
    principal: &str,
    service: &str,
    operation: &str,
    region: &str,
) -> Result<(), AwsError> {
    if world.faults.is_empty() {
        return Ok(());
    }
    let control_plane = service == "route53" && of(world, ROUTE53_CONTROL_PLANE, region).next().is_some();
    if control_plane || service_out(world, service, region) {
        return Err(AwsError::with_status(503, "ServiceUnavailable", "Service is unable to handle request."));
    }
    let action = |fault: &&Fault| {
        let (of, name) = text(fault, "action").and_then(|action| action.split_once(':')).unwrap_or_default();
        of == service && name.strip_suffix('*').map_or(name == operation, |stem| operation.starts_with(stem))
    };
    if of(world, DENIED_ACTIONS, region).any(|fault| action(&fault)) {
        return Err(denied(principal, service, operation));
    }
    match quota_error(service, operation) {
        Some(error) if of(world, QUOTA_REACHED, region).any(|fault| concerns(fault, service)) => Err(error),
        _ => Ok(()),
    }
}

/// What a service answers to an action that a service control policy denies.
fn denied(principal: &str, service: &str, operation: &str) -> AwsError {
    let message = format!(
        "User: {principal} is not authorized to perform: {service}:{operation} with an explicit deny in a service control policy"
    );
    match service {
        "ec2" => {
            AwsError::with_status(403, "UnauthorizedOperation", "You are not authorized to perform this operation.")
        }
        "lambda" | "apigateway" => AwsError::with_status(403, "AccessDeniedException", message),
        _ if limits::speaks_json(service) => AwsError::client("AccessDeniedException", message),
        _ => AwsError::with_status(403, "AccessDenied", message),
    }
}

/// What a service answers to an operation that would make one too many: the error that its own model lists for it.
fn quota_error(service: &str, operation: &str) -> Option<AwsError> {
    let noun = ["Create", "Allocate", "Request", "Run"].iter().find_map(|verb| operation.strip_prefix(verb))?;
    let message = format!("The maximum number of {noun} resources has been reached.");
    match (service, operation) {
        // The models of EC2 and S3 list no errors; their API references do.
        ("ec2", _) => return Some(AwsError::client(&format!("{noun}LimitExceeded"), message)),
        ("s3", "CreateBucket") => {
            let message = "You have attempted to create more buckets than allowed";
            return Some(AwsError::client("TooManyBuckets", message));
        }
        _ => {}
    }
    let Some(model) = protocol::models().services.iter().find(|model| model.key == service) else {
        let code = if limits::speaks_json(service) { "LimitExceededException" } else { "LimitExceeded" };
        return Some(AwsError::client(code, message));
    };
    let errors = model.operation(operation)?.errors(model).filter(|shape| {
        ["Limit", "Quota", "TooMany"].iter().any(|word| shape.name.contains(word))
            && !["TooManyRequests", "Rate", "TooManyTags"].iter().any(|word| shape.name.contains(word))
    });
    // Of several the one that is about the thing itself: DBClusterQuotaExceededFault before StorageQuotaExceededFault.
    let mut errors: Vec<_> = errors.collect();
    errors.sort_by_key(|shape| !shape.name.contains(noun));
    let shape = errors.first()?;
    let (code, status) =
        shape.error.as_ref().map_or((shape.name.as_str(), 400), |error| (error.code.as_str(), error.status));
    Some(AwsError::with_status(status, code, message))
}

/// What an endpoint of a Region answers instead of what it would, while it is unwell in a way that health checks do not
/// see.
pub fn grey(world: &World, region: &str, path: &str) -> Option<u16> {
    of(world, GREY_FAILURE, region)
        .find(|fault| !path.ends_with(text(fault, "health").unwrap_or("/health")))
        .map(|fault| number(fault, "status", 500.0) as u16)
}

/// How late the endpoints of a Region answer clients.
pub fn client_delay(world: &World, region: &str) -> Duration {
    let late = of(world, SLOW_ANSWERS, region).map(|fault| number(fault, "seconds", 10.0));
    Duration::from_secs_f64(late.fold(0.0, f64::max))
}

/// Whether certificates of a Region stay unvalidated.
pub fn certificate_pending(world: &World, region: &str) -> bool {
    of(world, CERTIFICATE_PENDING, region).next().is_some()
}
