//! Reading metrics: `GetMetricData`, `GetMetricStatistics`, `ListMetrics`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Metric, Stat, derived};
use crate::sandbox::call::{AwsError, Call, text};

/// Statistics that a period can be asked for.
const STATISTICS: [&str; 5] = ["Average", "Sum", "Minimum", "Maximum", "SampleCount"];

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterValue", message)
}

fn statistic(stat: Stat, name: &str) -> f64 {
    match name {
        "Sum" => stat.sum,
        "Minimum" => stat.minimum,
        "Maximum" => stat.maximum,
        "SampleCount" => stat.count,
        _ => stat.sum / stat.count,
    }
}

/// `[{Name, Value}]` as pairs; a dimension without a value stands for any.
fn dimensions(value: Option<&Value>) -> Vec<(&str, Option<&str>)> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|one| Some((text(one, "Name")?, text(one, "Value")))).collect()
}

pub(super) fn metric(value: &Value) -> Result<Metric, AwsError> {
    let member = |name: &str| text(value, name).ok_or_else(|| invalid(format!("The parameter {name} is required.")));
    let pairs: Vec<(&str, &str)> = dimensions(value.get("Dimensions"))
        .into_iter()
        .map(|(name, value)| (name, value.unwrap_or_default()))
        .collect();
    Ok(Metric::new(member("Namespace")?, member("MetricName")?, &pairs))
}

/// The period of a query in minutes. Metrics of AWS services have a resolution of one minute.
pub(super) fn period(value: Option<&Value>) -> Result<i64, AwsError> {
    let seconds = value.and_then(Value::as_i64).unwrap_or(60);
    if seconds < 60 || seconds % 60 != 0 {
        return Err(invalid("The parameter Period must be a multiple of 60."));
    }
    Ok(seconds / 60)
}

/// Everything known of a metric by minute: what services wrote, and what their state tells.
fn minutes(call: &mut Call<'_>, metric: &Metric) -> BTreeMap<i64, Stat> {
    if let Some(series) = call.regional().cloudwatch.series.get(&metric.key()) {
        return series.minutes.clone();
    }
    derived::minutes(call, metric)
}

/// A metric's periods between two instants (epoch seconds), oldest first: the period's begin in epoch seconds.
pub(super) fn periods(call: &mut Call<'_>, metric: &Metric, period: i64, from: f64, to: f64) -> Vec<(f64, Stat)> {
    let mut grouped: BTreeMap<i64, Stat> = BTreeMap::new();
    for (minute, stat) in minutes(call, metric) {
        grouped.entry(minute.div_euclid(period) * period).and_modify(|sum| sum.add(stat)).or_insert(stat);
    }
    let whole = |minute: i64| (minute * 60) as f64;
    // The begin is included, the end is not; CloudWatch rounds the begin down to the period.
    let from = (from / (period as f64 * 60.0)).floor() * period as f64 * 60.0;
    grouped.into_iter().map(|(minute, stat)| (whole(minute), stat)).filter(|(at, _)| *at >= from && *at < to).collect()
}

/// The times that are asked for. The operations refuse an end before the start by the same words and another code.
fn window(input: &Value, code: &str) -> Result<(f64, f64), AwsError> {
    let at = |member: &str| {
        input.get(member).and_then(Value::as_f64).ok_or_else(|| invalid(format!("The parameter {member} is required.")))
    };
    let (from, to) = (at("StartTime")?, at("EndTime")?);
    if from >= to {
        return Err(AwsError::client(code, "The parameter StartTime must be less than the parameter EndTime."));
    }
    Ok((from, to))
}

pub(super) fn get_data(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (from, to) = window(input, "ValidationError")?;
    let queries = input.get("MetricDataQueries").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut results = Vec::new();
    for query in &queries {
        let id = text(query, "Id").unwrap_or_default();
        let Some(wanted) = query.get("MetricStat") else {
            return Err(AwsError::client(
                "ValidationError",
                format!("The sandbox does not simulate metric math: query '{id}' has no MetricStat."),
            ));
        };
        let name = text(wanted, "Stat").unwrap_or_default();
        if !STATISTICS.contains(&name) {
            return Err(invalid(format!("The sandbox does not simulate the statistic '{name}' of query '{id}'.")));
        }
        let metric = metric(wanted.get("Metric").unwrap_or(&Value::Null))?;
        let mut points = periods(call, &metric, period(wanted.get("Period"))?, from, to);
        // The newest value comes first unless the caller wants it otherwise.
        if text(input, "ScanBy") != Some("TimestampAscending") {
            points.reverse();
        }
        if query.get("ReturnData").and_then(Value::as_bool).unwrap_or(true) {
            results.push(json!({
                "Id": id,
                "Label": text(query, "Label").unwrap_or(&metric.name),
                "Timestamps": points.iter().map(|(at, _)| json!(at)).collect::<Vec<_>>(),
                "Values": points.iter().map(|(_, stat)| json!(statistic(*stat, name))).collect::<Vec<_>>(),
                "StatusCode": "Complete",
            }));
        }
    }
    Ok(json!({ "MetricDataResults": results, "Messages": [] }))
}

pub(super) fn get_statistics(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (from, to) = window(input, "InvalidParameterValue")?;
    let names: Vec<&str> =
        input.get("Statistics").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() || names.iter().any(|name| !STATISTICS.contains(name)) {
        return Err(invalid("The parameter Statistics must name some of Average, Sum, Minimum, Maximum, SampleCount."));
    }
    let metric = metric(input)?;
    let unit = derived::unit(&metric);
    let points = periods(call, &metric, period(input.get("Period"))?, from, to);
    let points: Vec<Value> = points
        .into_iter()
        .map(|(at, stat)| {
            let mut point = Map::new();
            point.insert("Timestamp".into(), json!(at));
            for name in &names {
                point.insert((*name).to_owned(), json!(statistic(stat, name)));
            }
            point.insert("Unit".into(), json!(unit));
            Value::Object(point)
        })
        .collect();
    Ok(json!({ "Label": metric.name, "Datapoints": points }))
}

pub(super) fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let mut found: Vec<Metric> =
        call.regional().cloudwatch.series.values().map(|series| series.metric.clone()).collect();
    found.extend(derived::existing(call));
    let wanted = dimensions(input.get("Dimensions"));
    let metrics: Vec<Value> = found
        .iter()
        .filter(|metric| {
            text(input, "Namespace").is_none_or(|namespace| namespace == metric.namespace)
                && text(input, "MetricName").is_none_or(|name| name == metric.name)
                && wanted.iter().all(|(name, value)| {
                    metric.dimensions.iter().any(|(n, v)| n == name && value.is_none_or(|value| v == value))
                })
        })
        .map(Metric::json)
        .collect();
    Ok(json!({ "Metrics": metrics }))
}
