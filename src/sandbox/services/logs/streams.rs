//! Log streams and their events, and how functions write them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Group, not_found};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, text};
use crate::sandbox::services::iam;

/// Events of a stream that are kept. A drill asks thousands of times; the last lines are what somebody reads.
const MOST_EVENTS: usize = 500;
/// Events of one page. Source: CloudWatch Logs API Reference, GetLogEvents.
const PAGE: usize = 10_000;

/// A stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stream {
    pub(super) created: SimTime,
    /// Time stamp in milliseconds, message, and when it came.
    events: Vec<(i64, String, SimTime)>,
}

fn no_stream() -> AwsError {
    AwsError::client("ResourceNotFoundException", "The specified log stream does not exist.")
}

fn group<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Group, AwsError> {
    let name = match text(input, "logGroupName") {
        Some(name) => name.to_owned(),
        None => super::bare(required(input, "logGroupIdentifier")?).to_owned(),
    };
    call.regional().logs.groups.get_mut(&name).ok_or_else(not_found)
}

/// CreateLogStream.
pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, created) = (required(input, "logStreamName")?.to_owned(), call.now());
    let group = group(call, input)?;
    if group.streams.contains_key(&name) {
        return Err(AwsError::client("ResourceAlreadyExistsException", "The specified log stream already exists"));
    }
    group.streams.insert(name, Stream { created, events: Vec::new() });
    Ok(json!({}))
}

/// DeleteLogStream.
pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "logStreamName")?;
    group(call, input)?.streams.remove(name).map(|_| json!({})).ok_or_else(no_stream)
}

/// DescribeLogStreams.
pub(super) fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let prefix = text(input, "logStreamNamePrefix").unwrap_or_default().to_owned();
    let by_time = text(input, "orderBy") == Some("LastEventTime");
    let descending = input.get("descending") == Some(&Value::Bool(true));
    let group = group(call, input)?;
    let arn = group.arn.clone();
    let mut streams: Vec<(&String, &Stream)> =
        group.streams.iter().filter(|(name, _)| name.starts_with(&prefix)).collect();
    if by_time {
        streams.sort_by_key(|(_, stream)| stream.events.last().map(|(at, _, _)| *at));
    }
    if descending {
        streams.reverse();
    }
    let shown: Vec<Value> = streams
        .into_iter()
        .map(|(name, stream)| {
            let mut shown = json!({
                "logStreamName": name, "creationTime": stream.created.millis(), "storedBytes": 0,
                "arn": format!("{arn}:log-stream:{name}"),
            });
            if let (Some(first), Some(last), Some(map)) =
                (stream.events.first(), stream.events.last(), shown.as_object_mut())
            {
                map.insert("firstEventTimestamp".into(), json!(first.0));
                map.insert("lastEventTimestamp".into(), json!(last.0));
                map.insert("lastIngestionTime".into(), json!(last.2.millis()));
            }
            shown
        })
        .collect();
    Ok(json!({ "logStreams": shown }))
}

fn append(stream: &mut Stream, events: Vec<(i64, String)>, now: SimTime) {
    stream.events.extend(events.into_iter().map(|(at, message)| (at, message, now)));
    stream.events.sort_by_key(|(at, _, _)| *at);
    let surplus = stream.events.len().saturating_sub(MOST_EVENTS);
    stream.events.drain(..surplus);
}

/// PutLogEvents.
pub(super) fn put(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, now) = (required(input, "logStreamName")?.to_owned(), call.now());
    let given = input.get("logEvents").and_then(Value::as_array).cloned().unwrap_or_default();
    let events: Vec<(i64, String)> = given
        .iter()
        .filter_map(|event| Some((event.get("timestamp")?.as_i64()?, text(event, "message")?.to_owned())))
        .collect();
    if events.windows(2).any(|pair| matches!(pair, [(one, _), (two, _)] if one > two)) {
        let why = "Log events in a single PutLogEvents request must be in chronological order.";
        return Err(AwsError::client("InvalidParameterException", why));
    }
    let stream = group(call, input)?.streams.get_mut(&name).ok_or_else(no_stream)?;
    append(stream, events, now);
    Ok(json!({ "nextSequenceToken": format!("{:056}", now.millis()) }))
}

/// The events of a group that are still kept and within the request's bounds; `end` says whether the end of the bounds
/// belongs to them. Source: CloudWatch Logs API Reference, GetLogEvents (it does not) and FilterLogEvents (it does).
fn chosen(
    group: &Group,
    now: SimTime,
    input: &Value,
    end: bool,
    of: impl Fn(&str) -> bool,
) -> Vec<(String, i64, String, i64)> {
    let bound = |member: &str| input.get(member).and_then(Value::as_i64);
    let oldest = group.retention.map_or(i64::MIN, |days| {
        now.millis().saturating_sub(i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(86_400_000))
    });
    let (from, to) = (bound("startTime").unwrap_or(i64::MIN).max(oldest), bound("endTime").unwrap_or(i64::MAX));
    let streams = group.streams.iter().filter(|(name, _)| of(name));
    let mut events: Vec<_> = streams
        .flat_map(|(name, stream)| stream.events.iter().map(move |event| (name.clone(), event)))
        .filter(|(_, (at, _, _))| (from..to).contains(at) || (end && *at == to))
        .map(|(name, (at, message, came))| (name, *at, message.clone(), came.millis()))
        .collect();
    events.sort_by_key(|(_, at, _, _)| *at);
    events
}

/// GetLogEvents: one page with everything that is kept.
pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, now) = (required(input, "logStreamName")?.to_owned(), call.now());
    let group = group(call, input)?;
    if !group.streams.contains_key(&name) {
        return Err(no_stream());
    }
    let mut events = chosen(group, now, input, false, |one| one == name);
    // A token is the end of what was read: nothing comes after it.
    if text(input, "nextToken").is_some() {
        events.clear();
    }
    let limit = input.get("limit").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE);
    let surplus = events.len().saturating_sub(limit);
    let skipped = if input.get("startFromHead") == Some(&Value::Bool(true)) { 0 } else { surplus };
    let shown: Vec<Value> = events
        .iter()
        .skip(skipped)
        .take(limit)
        .map(|(_, at, message, came)| json!({ "timestamp": at, "message": message, "ingestionTime": came }))
        .collect();
    Ok(json!({ "events": shown, "nextForwardToken": "f/end", "nextBackwardToken": "b/end" }))
}

/// FilterLogEvents, with patterns of plain terms.
pub(super) fn filter(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let pattern = text(input, "filterPattern").unwrap_or_default().trim();
    if pattern.starts_with(['{', '[', '%']) || pattern.contains(['?', '-']) && !pattern.contains('"') {
        let why = format!("The sandbox does not simulate the filter pattern {pattern}: plain terms only.");
        return Err(AwsError::client("SandboxUnsupportedParameter", why));
    }
    let terms: Vec<String> = match pattern.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(phrase) => vec![phrase.to_owned()],
        None => pattern.split_whitespace().map(str::to_owned).collect(),
    };
    let names: Vec<&str> =
        input.get("logStreamNames").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let prefix = text(input, "logStreamNamePrefix").unwrap_or_default();
    let now = call.now();
    let group = group(call, input)?;
    let of = |name: &str| (names.is_empty() || names.contains(&name)) && name.starts_with(prefix);
    let events: Vec<Value> = chosen(group, now, input, true, of)
        .into_iter()
        .filter(|(_, _, message, _)| terms.iter().all(|term| message.contains(term)))
        .enumerate()
        .map(|(number, (stream, at, message, came))| {
            json!({
                "logStreamName": stream, "timestamp": at, "message": message, "ingestionTime": came,
                "eventId": format!("{at:032}{number:024}"),
            })
        })
        .collect();
    Ok(json!({ "events": events, "searchedLogStreams": [] }))
}

/// Lets lines arrive that a service writes for a role. A group that is not there is made when the role allows it: that is how a log group comes back that
/// was deleted too early. Source: aws-behaviour.md, section 1, log groups.
pub(super) fn arrive(call: &mut Call<'_>, name: &str, stream: &str, role: &str, events: Vec<(i64, String)>) {
    let arn = call.arn("logs", &format!("log-group:{name}"));
    let of_stream = format!("{arn}:log-stream:{stream}");
    let may = |call: &Call<'_>, action: &str| {
        let allows = |resource: &str| iam::allows(call.world, &call.account, role, action, resource);
        allows(&arn) || allows(&of_stream)
    };
    if !call.regional().logs.groups.contains_key(name) {
        if !may(call, "logs:CreateLogGroup") || !call.world.rule("logs.recreated") {
            return;
        }
        // It was missing a moment ago.
        drop(call.invoke("logs", "CreateLogGroup", &json!({ "logGroupName": name })));
        call.log(format!("log group {name} created by a write"));
    }
    if !may(call, "logs:PutLogEvents") {
        return;
    }
    let now = call.now();
    let known = call.regional().logs.groups.get(name).is_some_and(|group| group.streams.contains_key(stream));
    if !known && !may(call, "logs:CreateLogStream") {
        return;
    }
    if let Some(group) = call.regional().logs.groups.get_mut(name) {
        let stream = group.streams.entry(stream.to_owned());
        append(stream.or_insert_with(|| Stream { created: now, events: Vec::new() }), events, now);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::World;

    fn call(world: &mut World) -> Call<'_> {
        Call::new(world, "111122223333", "eu-west-1")
    }

    fn texts(answer: &Value) -> Vec<String> {
        let events = answer["events"].as_array().unwrap();
        events.iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn events_are_put_read_filtered_and_forgotten() {
        let mut world = World::new(1);
        let mut call = call(&mut world);
        let (group, now) = (json!({ "logGroupName": "g" }), call.now().millis());
        let stream = json!({ "logGroupName": "g", "logStreamName": "s" });
        assert_eq!(call.invoke("logs", "CreateLogStream", &stream).unwrap_err().code, "ResourceNotFoundException");
        call.invoke("logs", "CreateLogGroup", &group).unwrap();
        call.invoke("logs", "CreateLogStream", &stream).unwrap();
        let put = |old: i64, new: i64| {
            json!({ "logGroupName": "g", "logStreamName": "s", "logEvents": [
                { "timestamp": old, "message": "ERROR old" }, { "timestamp": new, "message": "ERROR new order" }
            ]})
        };
        assert_eq!(
            call.invoke("logs", "PutLogEvents", &put(now, now - 1)).unwrap_err().code,
            "InvalidParameterException"
        );
        call.invoke("logs", "PutLogEvents", &put(now - 2 * 86_400_000, now)).unwrap();
        assert_eq!(texts(&call.invoke("logs", "GetLogEvents", &stream).unwrap()).len(), 2);
        let filter = json!({ "logGroupName": "g", "filterPattern": "ERROR order" });
        assert_eq!(texts(&call.invoke("logs", "FilterLogEvents", &filter).unwrap()), ["ERROR new order"]);
        let keep = json!({ "logGroupName": "g", "retentionInDays": 1 });
        call.invoke("logs", "PutRetentionPolicy", &keep).unwrap();
        assert_eq!(texts(&call.invoke("logs", "GetLogEvents", &stream).unwrap()), ["ERROR new order"]);
    }

    /// Whether a line that comes after its group was deleted brings the group back.
    fn comes_back(actions: &Value, rule_off: bool) -> bool {
        let mut world = World::new(1);
        if rule_off {
            world.rules_off.insert("logs.recreated".to_owned());
        }
        let mut call = call(&mut world);
        let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
        call.invoke("iam", "CreateRole", &json!({ "RoleName": "f", "AssumeRolePolicyDocument": trust.to_string() }))
            .unwrap();
        let policy = json!({ "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }] });
        call.invoke(
            "iam",
            "PutRolePolicy",
            &json!({ "RoleName": "f", "PolicyName": "p", "PolicyDocument": policy.to_string() }),
        )
        .unwrap();
        let group = json!({ "logGroupName": "/aws/lambda/f" });
        call.invoke("logs", "CreateLogGroup", &group).unwrap();
        call.invoke("logs", "DeleteLogGroup", &group).unwrap();
        let late = vec![(call.now().millis(), "late".to_owned())];
        arrive(&mut call, "/aws/lambda/f", "s", "arn:aws:iam::111122223333:role/f", late);
        let seen = call.invoke("logs", "DescribeLogGroups", &json!({})).unwrap();
        !seen["logGroups"].as_array().unwrap().is_empty()
    }

    #[test]
    fn a_late_write_brings_a_deleted_group_back_when_the_role_may_make_it() {
        assert!(comes_back(&json!("logs:*"), false));
        assert!(!comes_back(&json!(["logs:CreateLogStream", "logs:PutLogEvents"]), false));
        assert!(!comes_back(&json!("logs:*"), true));
    }
}
