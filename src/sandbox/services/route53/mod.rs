//! Route 53: zones, records, health checks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Handler, Record};
use crate::sandbox::call::Call;

mod answer;
mod changes;
pub mod checkers;
pub mod health;
pub mod records;
mod tags;
mod targets;

pub mod zones;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_health;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Hosted zones by id.
    pub zones: BTreeMap<String, zones::HostedZone>,
    /// Health checks by id.
    pub health_checks: BTreeMap<String, health::HealthCheck>,
    /// Changes by id.
    changes: BTreeMap<String, changes::Change>,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// All name servers have the change with that id.
    InSync(String),
    /// A checker of a health check sends its request.
    Ask {
        /// The health check's id.
        check: String,
        /// Which of its checkers.
        checker: u8,
    },
    /// The checker knows the outcome.
    Heard {
        /// The health check's id.
        check: String,
        /// Which of its checkers.
        checker: u8,
    },
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    match what {
        Transition::InSync(change) => changes::insync(call, &change),
        Transition::Ask { check, checker } => checkers::ask(call, check, checker),
        Transition::Heard { check, checker } => checkers::heard(call, check, checker),
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateHostedZone" => zones::create,
        "GetHostedZone" => zones::get,
        "ListHostedZones" => zones::list,
        "ListHostedZonesByName" => zones::list_by_name,
        "DeleteHostedZone" => zones::delete,
        "ChangeResourceRecordSets" => changes::change,
        "ListResourceRecordSets" => changes::list,
        "GetChange" => changes::get,
        "CreateHealthCheck" => health::create,
        "GetHealthCheck" => health::get,
        "ListHealthChecks" => health::list,
        "UpdateHealthCheck" => health::update,
        "DeleteHealthCheck" => health::delete,
        "GetHealthCheckStatus" => checkers::status,
        "ChangeTagsForResource" => tags::change,
        "ListTagsForResource" => tags::list,
        "TestDNSAnswer" => answer::test_dns_answer,
        _ => return None,
    })
}

/// What exists of this service in the call's account.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let state = &call.account_state().route53;
    let zones = state.zones.values().map(|zone| Record {
        type_name: "AWS::Route53::HostedZone",
        id: zone.id.clone(),
        arn: format!("arn:aws:route53:::hostedzone/{}", zone.id),
        tags: zone.tags.clone(),
        properties: zone.properties(),
        built_in: false,
    });
    let checks = state.health_checks.values().map(|check| Record {
        type_name: "AWS::Route53::HealthCheck",
        id: check.id.clone(),
        arn: format!("arn:aws:route53:::healthcheck/{}", check.id),
        tags: check.tags.clone(),
        properties: check.properties(),
        built_in: false,
    });
    zones.chain(checks).collect()
}
