//! CloudWatch Logs: log groups. Reached by CloudFormation only; nothing writes into them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};

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
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateLogGroup" => create,
        "DeleteLogGroup" => delete,
        "DescribeLogGroups" => describe,
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
