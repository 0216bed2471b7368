//! Lambda: functions, who may invoke them, and event source mappings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags};

pub mod functions;
pub mod interfaces;
pub mod invoke;
pub mod permissions;
pub mod sources;

#[cfg(test)]
mod tests;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Functions by name.
    pub functions: BTreeMap<String, functions::Function>,
    /// Event source mappings by UUID.
    pub sources: BTreeMap<String, sources::EventSource>,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A function can be invoked.
    Active(String),
    /// An event source mapping is polled.
    Poll(String),
    /// A network interface that no function uses is deleted.
    Release {
        /// Its id.
        interface: String,
        /// The ARN of the role that deletes it.
        role: String,
    },
    /// An event source mapping is gone.
    SourceGone(String),
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    match what {
        Transition::Active(name) => functions::active(call, &name),
        Transition::Poll(uuid) => sources::poll(call, &uuid),
        Transition::Release { interface, role } => interfaces::released(call, interface, &role),
        Transition::SourceGone(uuid) => drop(call.regional().lambda.sources.remove(&uuid)),
    }
}

/// The name in a function's name, partial ARN or ARN.
fn bare(name: &str) -> &str {
    name.split(":function:").nth(1).unwrap_or(name).split(':').next().unwrap_or(name)
}

fn tag_resource(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let added = tags(input.get("Tags"));
    let kept = tags_of(call, required(input, "Resource")?)?;
    for (key, value) in added {
        kept.retain(|(existing, _)| *existing != key);
        kept.push((key, value));
    }
    Ok(json!({}))
}

fn list_tags(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let tags = tags_of(call, required(input, "Resource")?)?;
    Ok(
        json!({ "Tags": tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<serde_json::Map<_, _>>() }),
    )
}

fn tags_of<'c>(call: &'c mut Call<'_>, arn: &str) -> Result<&'c mut Vec<(String, String)>, AwsError> {
    let missing = AwsError::not_found("ResourceNotFoundException", format!("The resource {arn} does not exist."));
    let state = &mut call.regional().lambda;
    let found = match arn.split(":event-source-mapping:").nth(1) {
        Some(uuid) => state.sources.get_mut(uuid).map(|source| &mut source.tags),
        None => state.functions.get_mut(bare(arn)).map(|function| &mut function.tags),
    };
    found.ok_or(missing)
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateFunction" => functions::create,
        "GetFunction" => functions::get,
        "GetFunctionConfiguration" => functions::get_configuration,
        "ListFunctions" => functions::list,
        "UpdateFunctionCode" => functions::update_code,
        "UpdateFunctionConfiguration" => functions::update_configuration,
        "DeleteFunction" => functions::delete,
        "Invoke" => invoke::invoke,
        "AddPermission" => permissions::add,
        "RemovePermission" => permissions::remove,
        "GetPolicy" => permissions::get,
        "CreateEventSourceMapping" => sources::create,
        "GetEventSourceMapping" => sources::get,
        "ListEventSourceMappings" => sources::list,
        "UpdateEventSourceMapping" => sources::update,
        "DeleteEventSourceMapping" => sources::delete,
        "TagResource" => tag_resource,
        "ListTags" => list_tags,
        _ => return None,
    })
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let (account, region) = (call.account.clone(), call.region.clone());
    let state = &call.regional().lambda;
    let functions = state.functions.values().map(|function| Record {
        type_name: "AWS::Lambda::Function",
        id: function.name.clone(),
        arn: function.arn.clone(),
        tags: function.tags.clone(),
        properties: json!({
            "FunctionName": function.name,
            "Arn": function.arn,
            "Handler": function.handler,
            "Role": function.role,
            "VpcConfig": function.vpc(),
            "Tags": tag_list(&function.tags),
        }),
        built_in: false,
    });
    let sources = state.sources.values().map(|source| Record {
        type_name: "AWS::Lambda::EventSourceMapping",
        id: source.uuid.clone(),
        arn: format!("arn:aws:lambda:{region}:{account}:event-source-mapping:{}", source.uuid),
        tags: source.tags.clone(),
        properties: json!({ "Id": source.uuid, "EventSourceArn": source.stream, "FunctionName": source.function }),
        built_in: false,
    });
    functions.chain(sources).collect()
}
