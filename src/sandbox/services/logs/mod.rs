//! CloudWatch Logs: log groups, and what functions write into them.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record, iam};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};
use crate::sandbox::dataplane::functions::Identity;
use crate::sandbox::world::World;

/// How many lines a stream keeps. A drill asks thousands of times; the last lines are what somebody reads.
const KEPT: usize = 500;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    groups: BTreeMap<String, Group>,
}

/// A log group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Group {
    arn: String,
    created: SimTime,
    retention: Option<u64>,
    tags: Vec<(String, String)>,
    /// Lines by stream.
    streams: BTreeMap<String, VecDeque<(SimTime, String)>>,
}

/// The stream that a function with that code writes into: a day, and the instance that runs it.
/// Source: AWS Lambda Developer Guide, "Viewing CloudWatch logs for Lambda functions".
pub fn stream_of(world: &World, who: &Identity, code: &str) -> String {
    let day = world.now.rfc3339().get(..10).unwrap_or_default().replace('-', "/");
    let instance = crate::sandbox::chance::bits(world.seed, "lambda.instance", &format!("{}{code}", who.name), 0);
    format!("{day}/[$LATEST]{instance:016x}")
}

/// Writes what a function says into its log group, when the group is there and the role may. Lambda makes a missing
/// group itself where the role may do that. `START`, `END` and `REPORT` are not kept: an invocation that only reads
/// leaves no trace in the world, unless the code says something.
pub fn append(world: &mut World, who: &Identity, group: &str, code: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let stream = stream_of(world, who, code);
    let arn = format!("arn:aws:logs:{}:{}:log-group:{group}", who.region, who.account);
    let may = |world: &World, action: &str| {
        iam::allows(world, &who.account, &who.role, action, &arn)
            || iam::allows(world, &who.account, &who.role, action, &format!("{arn}:log-stream:{stream}"))
    };
    if !may(world, "logs:PutLogEvents") || !may(world, "logs:CreateLogStream") {
        return;
    }
    let creates = may(world, "logs:CreateLogGroup");
    let mut call = Call::new(world, &who.account, &who.region);
    if creates && !call.regional().logs.groups.contains_key(group) {
        drop(create(&mut call, &json!({ "logGroupName": group })));
    }
    let now = call.now();
    let Some(found) = call.regional().logs.groups.get_mut(group) else { return };
    let stream = found.streams.entry(stream).or_default();
    stream.extend(lines.iter().map(|line| (now, line.clone())));
    while stream.len() > KEPT {
        stream.pop_front();
    }
}

fn filter_events(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "logGroupName")?;
    for member in ["filterPattern", "logStreamNames", "logStreamNamePrefix", "nextToken"] {
        if input.get(member).is_some_and(|given| !given.is_null() && given != "") {
            let message = format!("The sandbox does not simulate {member} of FilterLogEvents.");
            return Err(AwsError::with_status(501, "SandboxUnsupportedOperation", message));
        }
    }
    let bound = |member: &str, otherwise: i64| input.get(member).and_then(Value::as_i64).unwrap_or(otherwise);
    let (from, to) = (bound("startTime", i64::MIN), bound("endTime", i64::MAX));
    let group = call.regional().logs.groups.get(name).ok_or_else(not_found)?;
    let mut events: Vec<(SimTime, Value)> = Vec::new();
    for (stream, lines) in &group.streams {
        let chosen = lines.iter().filter(|(at, _)| (from..=to).contains(&at.millis()));
        events.extend(chosen.map(|(at, line)| {
            let time = at.millis();
            (*at, json!({ "logStreamName": stream, "timestamp": time, "ingestionTime": time, "message": line }))
        }));
    }
    events.sort_by_key(|(at, _)| *at);
    let events: Vec<Value> = events.into_iter().map(|(_, event)| event).collect();
    Ok(json!({ "events": events, "searchedLogStreams": [] }))
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateLogGroup" => create,
        "DeleteLogGroup" => delete,
        "DescribeLogGroups" => describe,
        "FilterLogEvents" => filter_events,
        "PutRetentionPolicy" => put_retention,
        _ => return None,
    })
}

fn not_found() -> AwsError {
    AwsError::client("ResourceNotFoundException", "The specified log group does not exist.")
}

fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "logGroupName")?.to_owned();
    let group = Group {
        arn: call.arn("logs", &format!("log-group:{name}")),
        created: call.now(),
        retention: None,
        tags: tags(input.get("tags")),
        streams: BTreeMap::new(),
    };
    let groups = &mut call.regional().logs.groups;
    if groups.contains_key(&name) {
        return Err(AwsError::client("ResourceAlreadyExistsException", "The specified log group already exists"));
    }
    groups.insert(name, group);
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "logGroupName")?;
    call.regional().logs.groups.remove(name).map(|_| json!({})).ok_or_else(not_found)
}

fn put_retention(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "logGroupName")?;
    let days = input.get("retentionInDays").and_then(Value::as_u64);
    call.regional().logs.groups.get_mut(name).ok_or_else(not_found)?.retention = days;
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let prefix = text(input, "logGroupNamePrefix").unwrap_or_default().to_owned();
    let groups: Vec<Value> = call
        .regional()
        .logs
        .groups
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, group)| {
            json!({
                "logGroupName": name,
                "arn": format!("{}:*", group.arn),
                "creationTime": group.created.millis(),
                "retentionInDays": group.retention,
                "storedBytes": 0,
            })
        })
        .collect();
    Ok(json!({ "logGroups": groups }))
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let groups = call.regional().logs.groups.iter();
    groups
        .map(|(name, group)| Record {
            type_name: "AWS::Logs::LogGroup",
            id: name.clone(),
            arn: group.arn.clone(),
            tags: group.tags.clone(),
            properties: json!({ "LogGroupName": name, "Arn": format!("{}:*", group.arn) }),
            built_in: false,
        })
        .collect()
}
