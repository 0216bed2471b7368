//! CloudWatch Logs: groups, streams and events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};
use crate::sandbox::dataplane::functions::Identity;
use crate::sandbox::world::World;

mod streams;

/// Days that a group can keep its events. Source: CloudWatch Logs API Reference, PutRetentionPolicy.
const RETENTIONS: &[u64] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

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
    /// Streams by name.
    #[serde(default)]
    streams: BTreeMap<String, streams::Stream>,
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
    let (now, stream) = (world.now, stream_of(world, who, code));
    let events = lines.iter().map(|line| (now.millis(), line.clone())).collect();
    streams::arrive(&mut Call::new(world, &who.account, &who.region), group, &stream, &who.role, events);
}

/// The name of a group in its name or its ARN.
fn bare(name: &str) -> &str {
    let name = name.split(":log-group:").nth(1).unwrap_or(name);
    name.strip_suffix(":*").unwrap_or(name)
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateLogGroup" => create,
        "DeleteLogGroup" => delete,
        "DescribeLogGroups" => describe,
        "PutRetentionPolicy" => put_retention,
        "DeleteRetentionPolicy" => delete_retention,
        "CreateLogStream" => streams::create,
        "DeleteLogStream" => streams::delete,
        "DescribeLogStreams" => streams::describe,
        "PutLogEvents" => streams::put,
        "GetLogEvents" => streams::get,
        "FilterLogEvents" => streams::filter,
        "TagResource" => tag_resource,
        "ListTagsForResource" => list_tags,
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
    if let Some(days) = days.filter(|days| !RETENTIONS.contains(days)) {
        let why = format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: {RETENTIONS:?}"
        );
        return Err(AwsError::client("InvalidParameterException", why));
    }
    call.regional().logs.groups.get_mut(name).ok_or_else(not_found)?.retention = days;
    Ok(json!({}))
}

fn delete_retention(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "logGroupName")?;
    call.regional().logs.groups.get_mut(name).ok_or_else(not_found)?.retention = None;
    Ok(json!({}))
}

fn tag_resource(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let new = tags(input.get("tags"));
    let name = bare(required(input, "resourceArn")?);
    let group = call.regional().logs.groups.get_mut(name).ok_or_else(not_found)?;
    group.tags.retain(|(key, _)| !new.iter().any(|(other, _)| other == key));
    group.tags.extend(new);
    Ok(json!({}))
}

fn list_tags(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bare(required(input, "resourceArn")?);
    let group = call.regional().logs.groups.get(name).ok_or_else(not_found)?;
    let tags: serde_json::Map<String, Value> =
        group.tags.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    Ok(json!({ "tags": tags }))
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
