//! The services' waiters as data, for `aws SERVICE wait NAME` and for whoever polls.

use std::time::Duration;

use serde_json::Value;

use super::model::{self, AcceptorModel, Service, Waiter};

/// What a waiter is after an acceptor matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaiterState {
    /// Done.
    Success,
    /// It will never be done.
    Failure,
    /// Not yet.
    Retry,
}

/// How an acceptor compares.
#[derive(Clone, Debug, PartialEq)]
pub enum Matcher {
    /// The value at a JMESPath of the output equals.
    Path(String),
    /// The path gives a list that is not empty and each of it equals.
    PathAll(String),
    /// The path gives a list of which one equals.
    PathAny(String),
    /// The HTTP status equals.
    Status,
    /// The error's code equals; `true` is any error, `false` none.
    Error,
}

/// One condition of a waiter.
#[derive(Clone, Debug, PartialEq)]
pub struct Acceptor {
    /// What the waiter is when it matches.
    pub state: WaiterState,
    /// How it compares.
    pub matcher: Matcher,
    /// With what.
    pub expected: Value,
}

/// A waiter.
#[derive(Clone, Debug, PartialEq)]
pub struct WaiterSpec {
    /// Our key of the service.
    pub service: &'static str,
    /// The AWS CLI's name, `db-cluster-available`.
    pub cli: &'static str,
    /// The API's name of the operation that it polls.
    pub operation: &'static str,
    /// The time between two polls.
    pub delay: Duration,
    /// Polls before it gives up.
    pub max_attempts: u32,
    /// What ends it, in order of precedence; no match means retry, and an error without a match is a failure.
    pub acceptors: Vec<Acceptor>,
}

/// The waiter that the AWS CLI calls `aws SERVICE wait NAME`. `service` is our key (`s3`) or the AWS CLI's name (`s3api`);
/// `name` is the AWS CLI's (`db-cluster-available`) or the model's (`DBClusterAvailable`).
pub fn waiter(service: &str, name: &str) -> Option<WaiterSpec> {
    let service = model::service(service).or_else(|| model::service_by_cli_name(service))?;
    let waiter = service.waiters.iter().find(|waiter| waiter.cli == name || waiter.name == name)?;
    Some(spec(service, waiter))
}

/// All waiters of a service.
pub fn waiters(service: &str) -> Vec<WaiterSpec> {
    let service = model::service(service).or_else(|| model::service_by_cli_name(service));
    service.map_or_else(Vec::new, |service| service.waiters.iter().map(|waiter| spec(service, waiter)).collect())
}

fn spec(service: &'static Service, waiter: &'static Waiter) -> WaiterSpec {
    WaiterSpec {
        service: &service.key,
        cli: &waiter.cli,
        operation: &waiter.operation,
        delay: Duration::from_secs(waiter.delay),
        max_attempts: waiter.max_attempts,
        acceptors: waiter.acceptors.iter().map(acceptor).collect(),
    }
}

fn acceptor(model: &AcceptorModel) -> Acceptor {
    let path = || model.argument.clone().unwrap_or_default();
    Acceptor {
        state: match model.state.as_str() {
            "success" => WaiterState::Success,
            "failure" => WaiterState::Failure,
            _ => WaiterState::Retry,
        },
        matcher: match model.matcher.as_str() {
            "path" => Matcher::Path(path()),
            "pathAll" => Matcher::PathAll(path()),
            "pathAny" => Matcher::PathAny(path()),
            "status" => Matcher::Status,
            _ => Matcher::Error,
        },
        expected: model.expected.clone(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_waiter_is_data() {
        let spec = waiter("rds", "db-cluster-available").unwrap();
        assert_eq!(
            (spec.operation, spec.delay, spec.max_attempts),
            ("DescribeDBClusters", Duration::from_secs(30), 60)
        );
        assert_eq!(spec.acceptors[0].matcher, Matcher::PathAll("DBClusters[].Status".into()));
        assert_eq!(spec.acceptors[0].state, WaiterState::Success);
        assert_eq!(waiter("s3api", "bucket-exists"), waiter("s3", "BucketExists"));
        assert!(waiter("rds", "db-cluster-happy").is_none());
    }

    #[test]
    fn every_matcher_of_the_models_is_known() {
        for service in &model::models().services {
            for acceptor in service.waiters.iter().flat_map(|waiter| &waiter.acceptors) {
                assert!(["path", "pathAll", "pathAny", "status", "error"].contains(&acceptor.matcher.as_str()));
                assert!(["success", "failure", "retry"].contains(&acceptor.state.as_str()));
                let compiled = acceptor.argument.as_deref().map(jmespath::compile);
                assert!(compiled.is_none_or(|path| path.is_ok()), "{acceptor:?}");
            }
        }
    }
}
