//! Rates of requests that AWS takes, and how each service says that there were too many.
//!
//! What was counted is no part of the world: a throttled request changes nothing, and reads must change nothing either.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::call::AwsError;
use super::world::World;
use crate::domain::SimTime;

/// A rate that AWS documents for an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    /// The rule that switches it off.
    pub rule: &'static str,
    /// The service.
    pub service: &'static str,
    /// The operation; none for all of the service together.
    pub operation: Option<&'static str>,
    /// Requests a second.
    pub per_second: f64,
    /// How many may come at once.
    pub burst: f64,
}

const fn of(
    rule: &'static str,
    service: &'static str,
    operation: Option<&'static str>,
    per_second: f64,
    burst: f64,
) -> RateLimit {
    RateLimit { rule, service, operation, per_second, burst }
}

/// All of them. Source: aws-behaviour.md 2, throttling limits (Route 53 and API Gateway Developer Guides, quotas).
pub const RATES: &[RateLimit] = &[
    of("route53.five-requests-a-second", "route53", None, 5.0, 5.0),
    of("apigateway.delete-api-rate", "apigateway", Some("DeleteRestApi"), 1.0 / 30.0, 1.0),
    of("apigateway.delete-domain-rate", "apigateway", Some("DeleteDomainName"), 1.0 / 30.0, 1.0),
    of("apigateway.create-domain-rate", "apigateway", Some("CreateDomainName"), 1.0 / 30.0, 1.0),
    of("apigateway.ten-requests-a-second", "apigateway", None, 10.0, 40.0),
];

/// Whose rate: the limit, the account and the Region.
type Key = (usize, String, String);

/// What is left of each account's rates.
#[derive(Debug, Default)]
pub struct Limits {
    /// Requests that may still come, and when that was so; by limit, account and Region.
    left: Mutex<BTreeMap<Key, (f64, SimTime)>>,
}

impl Limits {
    /// Counts a request, or refuses it as the service would. Source of the Region as a part of the key: API Gateway's
    /// quotas are "per account per Region"; Route 53 has one Region.
    pub fn admit(
        &self,
        world: &World,
        account: &str,
        region: &str,
        service: &str,
        operation: &str,
    ) -> Result<(), AwsError> {
        let concerned = RATES.iter().enumerate().filter(|(_, limit)| {
            limit.service == service && limit.operation.is_none_or(|only| only == operation) && world.rule(limit.rule)
        });
        // A lock that was poisoned holds counts that are still good.
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, limit) in concerned {
            let region = if service == "route53" { "" } else { region };
            let key = (index, account.to_owned(), region.to_owned());
            let (tokens, since) = left.entry(key).or_insert((limit.burst, world.now));
            let gained = world.now.since(*since).as_secs_f64() * limit.per_second;
            *tokens = (*tokens + gained).min(limit.burst);
            *since = world.now;
            if *tokens < 1.0 {
                return Err(throttling(service));
            }
            *tokens -= 1.0;
        }
        Ok(())
    }
}

/// The protocol of a service, as its model names it; for services that have no model here, as botocore's does.
fn protocol_of(service: &str) -> &'static str {
    let mut models = crate::protocol::models().services.iter();
    match (models.find(|model| model.key == service), service) {
        (Some(model), _) => model.metadata.protocol.as_str(),
        (None, "cognito" | "kms" | "logs" | "secretsmanager") => "json",
        (None, "lambda") => "rest-json",
        (None, "cloudfront") => "rest-xml",
        (None, _) => "query",
    }
}

/// Whether the service speaks JSON, whose error codes end in `Exception`.
pub fn speaks_json(service: &str) -> bool {
    matches!(protocol_of(service), "json" | "rest-json" | "smithy-rpc-v2-cbor")
}

/// A service's own words for too many requests. Source: each service's API reference, common errors.
pub fn throttling(service: &str) -> AwsError {
    match (service, protocol_of(service)) {
        ("s3", _) => AwsError::with_status(503, "SlowDown", "Please reduce your request rate."),
        ("ec2", _) => AwsError::with_status(503, "RequestLimitExceeded", "Request limit exceeded."),
        ("lambda" | "apigateway", _) => AwsError::with_status(429, "TooManyRequestsException", "Too Many Requests"),
        (_, "rest-json") => AwsError::with_status(429, "TooManyRequestsException", "Rate exceeded"),
        _ if speaks_json(service) => AwsError::client("ThrottlingException", "Rate exceeded"),
        _ => AwsError::client("Throttling", "Rate exceeded"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn asked(limits: &Limits, world: &World, operation: &str, service: &str) -> Result<(), String> {
        limits.admit(world, "111122223333", "eu-west-1", service, operation).map_err(|error| error.code)
    }

    #[test]
    fn each_rate_refuses_what_is_above_it_recovers_and_can_be_switched_off() {
        for limit in RATES {
            let (limits, mut world) = (Limits::default(), World::new(1));
            world.rules_off.clear();
            let operation = limit.operation.unwrap_or("GetAnything");
            for _ in 0..limit.burst as u32 {
                assert_eq!(asked(&limits, &world, operation, limit.service), Ok(()), "{}", limit.rule);
            }
            let refused = asked(&limits, &world, operation, limit.service).unwrap_err();
            let expected = if limit.service == "route53" { "Throttling" } else { "TooManyRequestsException" };
            assert_eq!(refused, expected);
            world.advance(world.now.plus(Duration::from_secs_f64(1.0 / limit.per_second + 0.01)));
            assert_eq!(asked(&limits, &world, operation, limit.service), Ok(()));
            assert!(asked(&limits, &world, operation, limit.service).is_err());
            world.rules_off.insert(limit.rule.to_owned());
            assert_eq!(asked(&limits, &world, operation, limit.service), Ok(()));
        }
    }

    #[test]
    fn accounts_do_not_share_a_rate() {
        let (limits, mut world) = (Limits::default(), World::new(1));
        world.rules_off.clear();
        let ask = |account: &str| limits.admit(&world, account, "us-east-1", "route53", "GetHostedZone").is_ok();
        assert_eq!((0..6).map(|_| ask("111122223333")).collect::<Vec<_>>(), [true, true, true, true, true, false]);
        assert!(ask("444455556666"));
    }
}
