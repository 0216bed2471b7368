//! Metrics that are not written but follow from what a service's state says: the lag of an Aurora replica.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Metric, Stat, minute};
use crate::domain::GLOBAL_REGION;
use crate::sandbox::call::{Call, text};
use crate::sandbox::services::rds;

/// The unit of a metric, as CloudWatch gives it.
pub(super) fn unit(metric: &Metric) -> &'static str {
    match (metric.namespace.as_str(), metric.name.as_str()) {
        ("AWS/DynamoDB", "ReplicationLatency") | GLOBAL_LAG => "Milliseconds",
        ("AWS/S3", "ReplicationLatency") | ("AWS/RDS", "AuroraBinlogReplicaLag") => "Seconds",
        _ => "None",
    }
}

const LAG: (&str, &str) = ("AWS/RDS", "AuroraBinlogReplicaLag");
/// Source: Amazon Aurora User Guide, "Amazon CloudWatch metrics for Amazon Aurora": in milliseconds.
const GLOBAL_LAG: (&str, &str) = ("AWS/RDS", "AuroraGlobalDBReplicationLag");
const HEALTH: (&str, &str) = ("AWS/Route53", "HealthCheckStatus");

/// The values that follow from state, by minute. Empty when nothing follows.
pub(super) fn minutes(call: &mut Call<'_>, metric: &Metric) -> BTreeMap<i64, Stat> {
    let [(dimension, id)] = metric.dimensions.as_slice() else { return BTreeMap::new() };
    match ((metric.namespace.as_str(), metric.name.as_str()), dimension.as_str()) {
        (kind @ (LAG | GLOBAL_LAG), "DBClusterIdentifier") => {
            let arn = call.arn("rds", &format!("cluster:{id}"));
            if rds::is_global(call.world, &call.account, &arn) != (kind == GLOBAL_LAG) {
                return BTreeMap::new();
            }
            let lags = rds::lag_by_minute(call.world, &call.account, &arn).into_iter();
            if kind == LAG {
                return lags.map(|(minute, lag)| (minute, Stat::one(lag))).collect();
            }
            // While nothing arrives, a secondary reports nothing.
            lags.filter(|(_, lag)| *lag >= 0.0).map(|(minute, lag)| (minute, Stat::one(lag * 1000.0))).collect()
        }
        (HEALTH, "HealthCheckId") if call.region == GLOBAL_REGION => {
            let at = minute(call.now());
            healthy(call, id).map(|healthy| (at, Stat::one(f64::from(u8::from(healthy))))).into_iter().collect()
        }
        _ => BTreeMap::new(),
    }
}

/// Whether a health check is healthy now; only the current minute is known, since checks keep no history.
fn healthy(call: &mut Call<'_>, id: &str) -> Option<bool> {
    /// Source: aws-behaviour.md 3: healthy when more than 18 % of the checkers say so.
    const HEALTHY_PERCENT: usize = 18;
    let status = call.invoke("route53", "GetHealthCheckStatus", &json!({ "HealthCheckId": id })).ok()?;
    let seen = status.get("HealthCheckObservations").and_then(Value::as_array)?;
    let good = |seen: &&Value| {
        let report = seen.get("StatusReport").and_then(|report| text(report, "Status"));
        report.is_some_and(|status| status.starts_with("Success"))
    };
    let count = seen.iter().filter(good).count();
    (!seen.is_empty()).then_some(count * 100 > seen.len() * HEALTHY_PERCENT)
}

/// The metrics that follow from state now.
pub(super) fn existing(call: &mut Call<'_>) -> Vec<Metric> {
    let replicas = call.regional().rds.clusters.values().filter(|cluster| cluster.source.is_some());
    let mut found: Vec<Metric> = replicas
        .map(|cluster| {
            let (namespace, name) = if cluster.global.is_some() { GLOBAL_LAG } else { LAG };
            Metric::new(namespace, name, &[("DBClusterIdentifier", &cluster.id)])
        })
        .collect();
    if call.region == GLOBAL_REGION {
        let listed = call.invoke("route53", "ListHealthChecks", &json!({})).unwrap_or_default();
        let checks = listed.get("HealthChecks").and_then(Value::as_array).into_iter().flatten();
        found.extend(
            checks.filter_map(|check| Some(Metric::new(HEALTH.0, HEALTH.1, &[("HealthCheckId", text(check, "Id")?)]))),
        );
    }
    found
}
