//! Reads the status of a Route 53 health check as its checkers see it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::{GLOBAL_REGION, Operations};
use crate::protocol::operation;

/// An endpoint is healthy when more than this share of the checkers says so (aws-behaviour.md, section 3).
const HEALTHY_SHARE: f64 = 0.18;

/// The settings that decide where clients are sent, as a name and what the API says of it. What cannot be read is left out.
pub async fn routing(aws: &dyn Operations, checks: &[String], zone: Option<&str>) -> BTreeMap<String, Value> {
    let checks = checks.iter().map(|id| {
        let read = operation("route53", "get-health-check", GLOBAL_REGION, json!({ "HealthCheckId": id }));
        (format!("health check {id}"), read, "/HealthCheck/HealthCheckConfig")
    });
    let records = zone.map(|zone| {
        let input = json!({ "HostedZoneId": zone });
        let read = operation("route53", "list-resource-record-sets", GLOBAL_REGION, input);
        ("a record of the hosted zone".to_owned(), read, "/ResourceRecordSets")
    });
    let mut settings = BTreeMap::new();
    for (name, read, place) in checks.chain(records) {
        let reply = aws.call(&read).await.ok();
        if let Some(value) = reply.and_then(|reply| reply.output.pointer(place).cloned()) {
            settings.insert(name, value);
        }
    }
    settings
}

/// Whether the health check is unhealthy; none when it could not be read.
pub async fn unhealthy(aws: &dyn Operations, id: &str) -> Option<bool> {
    let read = operation("route53", "get-health-check-status", GLOBAL_REGION, json!({ "HealthCheckId": id }));
    let reply = aws.call(&read).await.ok()?;
    let observations = reply.output.get("HealthCheckObservations").and_then(Value::as_array)?;
    let statuses: Vec<&str> =
        observations.iter().filter_map(|seen| seen.pointer("/StatusReport/Status").and_then(Value::as_str)).collect();
    if statuses.is_empty() {
        return None;
    }
    let healthy = statuses.iter().filter(|status| status.starts_with("Success")).count();
    Some(healthy as f64 <= statuses.len() as f64 * HEALTHY_SHARE)
}
