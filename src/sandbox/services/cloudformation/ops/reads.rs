//! What stacks, resources and events there are.

use serde_json::{Map, Value, json};

use super::{existing, page, stack_name};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tag_list, text};
use crate::sandbox::services::cloudformation::engine::{self, Live};
use crate::sandbox::services::cloudformation::model::{Event, Resource, Stack};
use crate::sandbox::services::cloudformation::template::resolve::resolve;
use crate::sandbox::services::cloudformation::template::validation;

/// How many entries a page has. Source: CloudFormation API Reference: results are paged at 100 entries or 1 MB.
const PAGE: usize = 100;

/// An object without the members that are null: AWS leaves out what there is nothing to say of.
fn told(value: Value) -> Value {
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, one)| !one.is_null()).collect::<Map<_, _>>().into(),
        other => other,
    }
}

/// An answer with its list, and the token of the next page when there is one.
pub fn paged(member: &str, list: &[Value], next: Option<&str>) -> Value {
    told(json!({ member: list, "NextToken": next }))
}

/// A parameter as it is shown: secret ones are not.
pub fn parameter(key: &str, value: &str, secrets: &[String]) -> Value {
    let shown = if secrets.iter().any(|secret| secret == key) { "****" } else { value };
    json!({ "ParameterKey": key, "ParameterValue": shown })
}

fn described(stack: &Stack) -> Value {
    let parameters: Vec<Value> =
        stack.parameters.iter().map(|(key, value)| parameter(key, value, &stack.secrets)).collect();
    let outputs: Vec<Value> = stack
        .outputs
        .iter()
        .map(|output| {
            told(json!({
                "OutputKey": output.key, "OutputValue": output.value, "Description": output.description,
                "ExportName": output.export,
            }))
        })
        .collect();
    let mut shown = told(json!({
        "StackId": stack.id, "StackName": stack.name, "ChangeSetId": stack.change_set,
        "ParentId": stack.nested.as_ref().map(|nested| &nested.parent),
        "RootId": stack.nested.as_ref().map(|nested| &nested.root),
        "Description": stack.description, "Parameters": parameters,
        "CreationTime": stack.created.epoch_seconds(),
        "DeletionTime": stack.deleted.map(SimTime::epoch_seconds),
        "LastUpdatedTime": stack.updated.map(SimTime::epoch_seconds),
        "RollbackConfiguration": {}, "StackStatus": stack.status, "StackStatusReason": stack.reason,
        "DisableRollback": stack.disable_rollback, "NotificationARNs": [], "Capabilities": stack.capabilities,
        "Outputs": outputs, "Tags": tag_list(&stack.tags), "EnableTerminationProtection": stack.protected,
        "DriftInformation": { "StackDriftStatus": "NOT_CHECKED" },
    }));
    // AWS leaves out empty lists of these members.
    if let Some(members) = shown.as_object_mut() {
        for name in ["Parameters", "Outputs", "Capabilities"] {
            if members.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty) {
                members.shift_remove(name);
            }
        }
    }
    shown
}

/// DescribeStacks: one by name or ARN, or all that exist.
pub fn describe_stacks(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    if let Some(name) = text(input, "StackName") {
        return Ok(json!({ "Stacks": [described(existing(call, name)?)] }));
    }
    let mut stacks: Vec<&Stack> =
        call.regional().cloudformation.stacks.values().filter(|stack| stack.exists()).collect();
    stacks.sort_by(|a, b| b.created.cmp(&a.created).then(a.name.cmp(&b.name)));
    let (shown, next) = page(input, stacks.into_iter().map(described).collect(), PAGE);
    Ok(paged("Stacks", &shown, next.as_deref()))
}

/// ListStacks: deleted ones, too.
pub fn list_stacks(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let wanted: Vec<&str> = input
        .get("StackStatusFilter")
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut stacks: Vec<&Stack> = call
        .regional()
        .cloudformation
        .stacks
        .values()
        .filter(|stack| wanted.is_empty() || wanted.contains(&stack.status.as_str()))
        .collect();
    stacks.sort_by(|a, b| b.created.cmp(&a.created).then(a.name.cmp(&b.name)));
    let summaries = stacks.into_iter().map(|stack| {
        told(json!({
            "StackId": stack.id, "StackName": stack.name, "TemplateDescription": stack.description,
            "CreationTime": stack.created.epoch_seconds(),
            "LastUpdatedTime": stack.updated.map(SimTime::epoch_seconds),
            "DeletionTime": stack.deleted.map(SimTime::epoch_seconds),
            "StackStatus": stack.status, "StackStatusReason": stack.reason,
            "DriftInformation": { "StackDriftStatus": "NOT_CHECKED" },
        }))
    });
    let (shown, next) = page(input, summaries.collect(), PAGE);
    Ok(paged("StackSummaries", &shown, next.as_deref()))
}

/// DescribeStackEvents: newest first.
pub fn events(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let stack = existing(call, stack_name(input)?)?;
    // The token counts from the oldest event, so that events that come between two pages move nothing.
    let older = text(input, "NextToken").and_then(|token| token.parse().ok()).unwrap_or(stack.events.len());
    let from = older.saturating_sub(PAGE);
    let shown: Vec<Value> =
        stack.events.get(from..older).unwrap_or_default().iter().rev().map(|event| shown_event(stack, event)).collect();
    Ok(paged("StackEvents", &shown, (from > 0).then(|| from.to_string()).as_deref()))
}

/// A text without the values of parameters that must not be shown.
fn masked(stack: &Stack, text: String) -> String {
    let secrets = stack.secrets.iter().filter_map(|name| stack.parameters.get(name)).filter(|value| !value.is_empty());
    secrets.fold(text, |text, secret| text.replace(secret.as_str(), "****"))
}

fn shown_event(stack: &Stack, event: &Event) -> Value {
    let properties = stack.resources.get(&*event.logical).filter(|one| one.type_name == *event.type_name);
    let own = *event.physical == stack.id;
    let id = if own { event.id.clone() } else { format!("{}-{}-{}", event.logical, event.status, event.id) };
    told(json!({
        "StackId": stack.id, "EventId": id, "StackName": stack.name, "LogicalResourceId": event.logical,
        "PhysicalResourceId": event.physical, "ResourceType": event.type_name,
        "Timestamp": event.at.epoch_seconds(), "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason, "ClientRequestToken": event.token,
        "ResourceProperties": properties.map(|one| masked(stack, one.properties.to_string())),
    }))
}

fn shown_resource(stack: &Stack, logical: &str, resource: &Resource) -> Value {
    told(json!({
        "StackName": stack.name, "StackId": stack.id, "LogicalResourceId": logical,
        "PhysicalResourceId": resource.physical, "ResourceType": resource.type_name,
        "Timestamp": resource.changed.epoch_seconds(), "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason, "DriftInformation": { "StackResourceDriftStatus": "NOT_CHECKED" },
    }))
}

fn renamed(mut value: Value, from: &str, to: &str) -> Value {
    if let Some(members) = value.as_object_mut()
        && let Some(one) = members.shift_remove(from)
    {
        members.insert(to.to_owned(), one);
    }
    value
}

fn no_resource(logical: &str, stack: &str) -> AwsError {
    validation(format!("Resource {logical} does not exist for stack {stack}"))
}

/// DescribeStackResource.
pub fn resource(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = stack_name(input)?;
    let logical = required(input, "LogicalResourceId")?;
    let stack = existing(call, name)?;
    let resource = stack.resources.get(logical).ok_or_else(|| no_resource(logical, &stack.name))?;
    let metadata = stack.plan.resource(logical).map(|planned| planned.metadata.value());
    let (facts, resources) = (stack.plan.facts.clone(), stack.resources.clone());
    let mut detail = renamed(shown_resource(stack, logical, resource), "Timestamp", "LastUpdatedTimestamp");
    if let Some(members) = detail.as_object_mut() {
        let mut scope = Live { call, facts: &facts, resources: &resources };
        let metadata = resolve(&metadata.unwrap_or_default(), &mut scope).ok().flatten();
        let metadata = metadata.filter(|value| !value.is_null()).map_or_else(|| "{}".to_owned(), |one| one.to_string());
        members.insert("Metadata".into(), metadata.into());
    }
    Ok(json!({ "StackResourceDetail": detail }))
}

/// DescribeStackResources: of a stack, or of the stack that a physical id belongs to.
pub fn resources(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let stack = match (text(input, "StackName"), text(input, "PhysicalResourceId")) {
        (Some(name), _) => existing(call, name)?,
        (None, Some(physical)) => {
            let mut stacks = call.regional().cloudformation.stacks.values();
            let owner = stacks.find(|stack| {
                stack.exists() && stack.resources.values().any(|one| one.physical.as_deref() == Some(physical))
            });
            owner.ok_or_else(|| validation(format!("Stack for {physical} does not exist")))?
        }
        (None, None) => return Err(validation("Either StackName or PhysicalResourceId must be specified")),
    };
    let wanted = text(input, "LogicalResourceId");
    let shown: Vec<Value> = stack
        .resources
        .iter()
        .filter(|(logical, _)| wanted.is_none_or(|wanted| wanted == logical.as_str()))
        .map(|(logical, resource)| shown_resource(stack, logical, resource))
        .collect();
    match wanted {
        Some(logical) if shown.is_empty() => Err(no_resource(logical, &stack.name)),
        _ => Ok(json!({ "StackResources": shown })),
    }
}

/// ListStackResources.
pub fn list_resources(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let stack = existing(call, stack_name(input)?)?;
    let all: Vec<Value> = stack
        .resources
        .iter()
        .map(|(logical, resource)| {
            let mut one = renamed(shown_resource(stack, logical, resource), "Timestamp", "LastUpdatedTimestamp");
            if let Some(members) = one.as_object_mut() {
                members.shift_remove("StackName");
                members.shift_remove("StackId");
            }
            one
        })
        .collect();
    let (shown, next) = page(input, all, PAGE);
    Ok(paged("StackResourceSummaries", &shown, next.as_deref()))
}

/// ListExports.
pub fn list_exports(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let mut exports: Vec<(String, Value)> = Vec::new();
    for stack in call.regional().cloudformation.stacks.values().filter(|stack| stack.exists()) {
        for output in &stack.outputs {
            if let Some(name) = &output.export {
                let shown = json!({ "ExportingStackId": stack.id, "Name": name, "Value": output.value });
                exports.push((name.clone(), shown));
            }
        }
    }
    exports.sort_by(|a, b| a.0.cmp(&b.0));
    let (shown, next) = page(input, exports.into_iter().map(|(_, shown)| shown).collect(), PAGE);
    Ok(paged("Exports", &shown, next.as_deref()))
}

/// ListImports: the stacks that import an export.
pub fn list_imports(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "ExportName")?;
    let users: Vec<Value> = engine::importers(call, name, "").into_iter().map(Value::String).collect();
    if users.is_empty() {
        return Err(validation(format!("Export '{name}' is not imported by any stack.")));
    }
    let (shown, next) = page(input, users, PAGE);
    Ok(paged("Imports", &shown, next.as_deref()))
}
