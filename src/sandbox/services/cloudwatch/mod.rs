//! CloudWatch: metrics that the simulated services write, alarms and dashboards.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{self, Call};

mod alarms;
mod dashboards;
mod derived;
mod metrics;
#[cfg(test)]
mod tests;

pub use alarms::{settings as alarm_settings, stream as alarm_stream};

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Metrics by [`Metric::key`].
    series: BTreeMap<String, Series>,
    /// Alarms by name, as they were put, with their tags and ARN.
    alarms: BTreeMap<String, Value>,
    /// Dashboards by name, all of an account in us-east-1.
    #[serde(default)]
    dashboards: BTreeMap<String, dashboards::Dashboard>,
}

/// One metric and its values by minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Series {
    metric: Metric,
    /// Keys are minutes since the epoch.
    minutes: BTreeMap<i64, Stat>,
}

/// What names a metric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Metric {
    namespace: String,
    name: String,
    /// Sorted by name.
    dimensions: Vec<(String, String)>,
}

/// The values of one minute.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Stat {
    count: f64,
    sum: f64,
    minimum: f64,
    maximum: f64,
}

impl Stat {
    fn one(value: f64) -> Self {
        Self { count: 1.0, sum: value, minimum: value, maximum: value }
    }

    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
    }
}

impl Metric {
    fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let mut dimensions: Vec<(String, String)> =
            dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        dimensions.sort();
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions }
    }

    fn key(&self) -> String {
        let dimensions: Vec<String> = self.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}|{}|{}", self.namespace, self.name, dimensions.join(","))
    }

    /// As AWS lists it.
    fn json(&self) -> Value {
        let dimensions: Vec<Value> =
            self.dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
        json!({ "Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions })
    }
}

/// Minutes that are kept. Source: Amazon CloudWatch User Guide, "Metrics retention": high-resolution data points last
/// three hours; a drill looks no further back.
const MINUTES_KEPT: usize = 180;

fn minute(at: SimTime) -> i64 {
    at.millis().div_euclid(60_000)
}

/// Writes one value of a metric, now, in the call's Region.
pub fn record(call: &mut Call<'_>, namespace: &str, name: &str, dimensions: &[(&str, &str)], value: f64) {
    let region = call.region.clone();
    record_in(call, &region, namespace, name, dimensions, value);
}

/// The same in another Region.
pub fn record_in(
    call: &mut Call<'_>,
    region: &str,
    namespace: &str,
    name: &str,
    dimensions: &[(&str, &str)],
    value: f64,
) {
    let at = minute(call.now());
    let metric = Metric::new(namespace, name, dimensions);
    let series = call
        .regional_in(region)
        .cloudwatch
        .series
        .entry(metric.key())
        .or_insert_with(|| Series { metric, minutes: BTreeMap::new() });
    series.minutes.entry(at).and_modify(|stat| stat.add(Stat::one(value))).or_insert(Stat::one(value));
    while series.minutes.len() > MINUTES_KEPT {
        series.minutes.pop_first();
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "GetMetricData" => metrics::get_data,
        "GetMetricStatistics" => metrics::get_statistics,
        "ListMetrics" => metrics::list,
        "DescribeAlarms" => alarms::describe,
        "PutMetricAlarm" => alarms::put,
        "DeleteAlarms" => alarms::delete,
        "PutDashboard" => dashboards::put,
        "GetDashboard" => dashboards::get,
        "ListDashboards" => dashboards::list,
        "DeleteDashboards" => dashboards::delete,
        _ => return None,
    })
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let mut records = dashboards::inventory(call);
    let alarms = call.regional().cloudwatch.alarms.iter();
    records.extend(alarms.map(|(name, alarm)| Record {
        type_name: "AWS::CloudWatch::Alarm",
        id: name.clone(),
        arn: call::text(alarm, "AlarmArn").unwrap_or_default().to_owned(),
        tags: call::tags(alarm.get("Tags")),
        properties: alarm.clone(),
        built_in: false,
    }));
    records
}
