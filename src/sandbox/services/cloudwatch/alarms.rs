//! Alarms on metrics: put, described with the state that their metric gives them now, deleted.

use serde_json::{Value, json};

use super::metrics::{invalid, metric, period, periods};
use crate::sandbox::call::{AwsError, Call, required, text};

pub(super) fn put(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "AlarmName")?.to_owned();
    for member in ["Metrics", "ExtendedStatistic", "EvaluationCriteria", "ThresholdMetricId"] {
        if input.get(member).is_some() {
            return Err(invalid(format!("The sandbox does not simulate alarms with {member}.")));
        }
    }
    metric(input)?;
    period(input.get("Period"))?;
    for member in ["Threshold", "EvaluationPeriods"] {
        if input.get(member).and_then(Value::as_f64).is_none() {
            return Err(AwsError::client("ValidationError", format!("The parameter {member} is required.")));
        }
    }
    let mut alarm = input.clone();
    let (arn, now) = (call.arn("cloudwatch", &format!("alarm:{name}")), call.now().epoch_seconds());
    if let Some(map) = alarm.as_object_mut() {
        map.insert("AlarmArn".into(), json!(arn));
        map.insert("AlarmConfigurationUpdatedTimestamp".into(), json!(now));
        map.entry("ActionsEnabled").or_insert(json!(true));
        for member in ["OKActions", "AlarmActions", "InsufficientDataActions"] {
            map.entry(member).or_insert(json!([]));
        }
    }
    call.regional().cloudwatch.alarms.insert(name, alarm);
    Ok(json!({}))
}

/// What Route 53 keeps of an alarm. Source: Amazon Route 53 API Reference, `CloudWatchAlarmConfiguration`; without the
/// alarm's treatment of missing data and its "M out of N", neither of which Route 53 follows.
const KEPT: [&str; 8] = [
    "EvaluationPeriods",
    "Threshold",
    "ComparisonOperator",
    "Period",
    "MetricName",
    "Namespace",
    "Statistic",
    "Dimensions",
];

/// The settings of an alarm of the call's Region as a health check keeps them.
pub fn settings(call: &mut Call<'_>, name: &str) -> Option<Value> {
    let alarm = call.regional().cloudwatch.alarms.get(name)?;
    let kept = KEPT.iter().filter_map(|member| Some(((*member).to_owned(), alarm.get(*member)?.clone())));
    let mut kept: serde_json::Map<String, Value> = kept.collect();
    kept.entry("Period").or_insert(json!(60));
    kept.entry("Dimensions").or_insert(json!([]));
    Some(Value::Object(kept))
}

/// Whether a metric is as the settings of an alarm want it; `None` while there is not enough data to tell.
pub fn stream(call: &mut Call<'_>, settings: &Value) -> Option<bool> {
    breached(call, settings).ok().flatten().map(|breached| !breached)
}

/// The state that the last periods give an alarm. Missing data: `TreatMissingData` decides.
fn state(call: &mut Call<'_>, alarm: &Value) -> Result<&'static str, AwsError> {
    Ok(match (breached(call, alarm)?, text(alarm, "TreatMissingData")) {
        (Some(true), _) | (None, Some("breaching")) => "ALARM",
        (Some(false), _) | (None, Some("notBreaching")) => "OK",
        (None, _) => "INSUFFICIENT_DATA",
    })
}

/// Whether the last periods of a metric are beyond the threshold; `None` without data.
fn breached(call: &mut Call<'_>, alarm: &Value) -> Result<Option<bool>, AwsError> {
    let metric = metric(alarm)?;
    let minutes = period(alarm.get("Period"))?;
    let count = alarm.get("EvaluationPeriods").and_then(Value::as_i64).unwrap_or(1);
    let needed = alarm.get("DatapointsToAlarm").and_then(Value::as_i64).unwrap_or(count);
    let threshold = alarm.get("Threshold").and_then(Value::as_f64).unwrap_or_default();
    let now = call.now().epoch_seconds();
    let points = periods(call, &metric, minutes, now - (count * minutes * 60) as f64, now);
    if points.is_empty() {
        return Ok(None);
    }
    let breaching = points
        .iter()
        .filter(|(_, stat)| {
            let value = match text(alarm, "Statistic") {
                Some("Sum") => stat.sum,
                Some("Minimum") => stat.minimum,
                Some("Maximum") => stat.maximum,
                Some("SampleCount") => stat.count,
                _ => stat.sum / stat.count,
            };
            match text(alarm, "ComparisonOperator") {
                Some("GreaterThanOrEqualToThreshold") => value >= threshold,
                Some("LessThanThreshold") => value < threshold,
                Some("LessThanOrEqualToThreshold") => value <= threshold,
                _ => value > threshold,
            }
        })
        .count();
    Ok(Some(i64::try_from(breaching).unwrap_or(i64::MAX) >= needed))
}

pub(super) fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let names: Option<Vec<String>> = input
        .get("AlarmNames")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    let prefix = text(input, "AlarmNamePrefix").unwrap_or_default();
    let mut found = Vec::new();
    for (name, mut alarm) in call.regional().cloudwatch.alarms.clone() {
        if names.as_ref().is_some_and(|names| !names.contains(&name)) || !name.starts_with(prefix) {
            continue;
        }
        let state = state(call, &alarm)?;
        if text(input, "StateValue").is_some_and(|wanted| wanted != state) {
            continue;
        }
        if let Some(map) = alarm.as_object_mut() {
            map.insert("StateValue".into(), json!(state));
            map.shift_remove("Tags");
        }
        found.push(alarm);
    }
    Ok(json!({ "MetricAlarms": found, "CompositeAlarms": [] }))
}

/// `DeleteAlarms`. Of names that no alarm has, it says nothing. Sources: CloudWatch API Reference, DeleteAlarms: the
/// alarms whose names are right go all the same; aws-cloudformation/cloudformation-cli#456: deleting an alarm that is
/// not there is no error, although the reference lists ResourceNotFound.
pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let names = input.get("AlarmNames").and_then(Value::as_array).into_iter().flatten();
    let alarms = &mut call.regional().cloudwatch.alarms;
    for name in names.filter_map(Value::as_str) {
        alarms.remove(name);
    }
    Ok(json!({}))
}
