//! Metrics that are not written but follow from what a service's state says: the lag of an Aurora replica.

use std::collections::BTreeMap;

use super::{Metric, Stat};
use crate::sandbox::call::Call;

/// The unit of a metric, as CloudWatch gives it.
pub(super) fn unit(metric: &Metric) -> &'static str {
    match (metric.namespace.as_str(), metric.name.as_str()) {
        ("AWS/DynamoDB", "ReplicationLatency") => "Milliseconds",
        ("AWS/S3", "ReplicationLatency") | ("AWS/RDS", "AuroraBinlogReplicaLag") => "Seconds",
        _ => "None",
    }
}

/// The values that follow from state, by minute. Empty when nothing follows.
pub(super) fn minutes(_call: &mut Call<'_>, _metric: &Metric) -> BTreeMap<i64, Stat> {
    BTreeMap::new()
}

/// The metrics that follow from state now.
pub(super) fn existing(_call: &mut Call<'_>) -> Vec<Metric> {
    Vec::new()
}
