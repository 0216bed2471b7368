//! Stacks inside of stacks.

use serde_json::{Map, Value, json};

use super::{Api, By, Existing, Id, Progress, Request, Tags, generated};
use crate::sandbox::call::{AwsError, Call, tag_list, text};
use crate::sandbox::services::cloudformation::model::{Nested, STACK};

/// The rows.
pub const TYPES: &[Api] = &[Api {
    type_name: STACK,
    service: "cloudformation",
    create: "CreateStack",
    id: Id::Out("/StackId"),
    dropped: &["Parameters"],
    refused: &["NotificationARNs", "TimeoutInMinutes"],
    tags: Tags::List("Tags"),
    attribute: Some(output),
    attributes: &[("StackId", "id")],
    shape: Some(|call, request, input| {
        let name = generated(call, request, LONGEST_NAME, false);
        input.insert("StackName".into(), name.into());
        input.extend(inputs(request));
        Ok(())
    }),
    after: Some(|call, existing, request| {
        let parent = request.stack_id.to_owned();
        let root = request.root.unwrap_or(request.stack_id).to_owned();
        if let Some(stack) = call.regional().cloudformation.stacks.get_mut(existing.physical) {
            stack.nested = Some(Nested { parent, root });
        }
        Ok(())
    }),
    update: Some(update),
    look: Some(look),
    look_gone: Some(gone),
    delete: ("DeleteStack", &[("StackName", By::Id)]),
    ..Api::NEW
}];

/// The longest name of a stack. Source: CloudFormation API Reference, CreateStack.
const LONGEST_NAME: usize = 128;

/// Parameters as the API takes them: a list among a nested stack's properties is joined by commas.
fn inputs(request: &Request<'_>) -> Map<String, Value> {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let given = request.properties.get("Parameters").and_then(Value::as_object);
    let parameters: Vec<Value> = given
        .into_iter()
        .flatten()
        .map(|(key, value)| {
            let value = match value {
                Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(","),
                other => plain(other),
            };
            json!({ "ParameterKey": key, "ParameterValue": value })
        })
        .collect();
    Map::from_iter([
        ("Parameters".to_owned(), parameters.into()),
        ("Capabilities".to_owned(), json!(request.capabilities)),
    ])
}

fn update(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let mut input = inputs(request);
    input.insert("StackName".into(), existing.physical.into());
    input.insert("TemplateURL".into(), request.properties.get("TemplateURL").cloned().unwrap_or_default());
    input.insert("Tags".into(), tag_list(&request.tags));
    match call.invoke("cloudformation", "UpdateStack", &Value::Object(input)) {
        // Nothing new inside is no failure of what stands outside.
        Err(error) if error.message == "No updates are to be performed." => Ok(()),
        answer => answer.map(drop),
    }
}

/// The nested stack's status, why it has it, and whether its last operation belongs to the one that looks.
fn state(call: &mut Call<'_>, existing: &Existing<'_>) -> Option<(String, String, bool)> {
    let stack = call.regional().cloudformation.stacks.get(existing.physical)?;
    let began = stack.updated.unwrap_or(stack.created);
    let turn = |status: &str| status.ends_with("ROLLBACK_IN_PROGRESS") || status.ends_with("_FAILED");
    let why = stack.events.iter().rev().find(|event| *event.physical == stack.id && turn(&event.status));
    let why = why.and_then(|event| event.reason.as_deref()).unwrap_or_default();
    let why = why.split("Rollback requested by user").next().unwrap_or_default().to_owned();
    Some((stack.status.clone(), why, began >= existing.since))
}

fn look(call: &mut Call<'_>, existing: &Existing<'_>) -> Progress {
    let id = existing.physical;
    let Some((status, why, own)) = state(call, existing) else {
        return Progress::Failed(format!("Stack with id {id} does not exist"));
    };
    match status.as_str() {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" => Progress::Done,
        "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => Progress::Going,
        _ if !own => Progress::Done,
        // Its own way back takes its time; the stack outside waits for its end before it goes back itself.
        other if other.ends_with("_IN_PROGRESS") => Progress::Going,
        other if other.starts_with("UPDATE") => Progress::Failed(format!(
            "Embedded stack {id} was not successfully updated. Currently in {other} with reason: {why}"
        )),
        _ => Progress::Failed(format!("Embedded stack {id} was not successfully created: {why}")),
    }
}

fn gone(call: &mut Call<'_>, existing: &Existing<'_>) -> Result<bool, AwsError> {
    match state(call, existing) {
        Some((status, why, _)) if status == "DELETE_FAILED" => {
            let why = format!("Embedded stack {} was not successfully deleted: {why}", existing.physical);
            Err(AwsError::client("ValidationError", why))
        }
        Some((status, ..)) => Ok(status == "DELETE_COMPLETE"),
        None => Ok(true),
    }
}

fn output(call: &mut Call<'_>, existing: &Existing<'_>, name: &str) -> Option<Value> {
    let key = name.strip_prefix("Outputs.")?;
    let answer = call.invoke("cloudformation", "DescribeStacks", &json!({ "StackName": existing.physical })).ok()?;
    let outputs = answer.pointer("/Stacks/0/Outputs").and_then(Value::as_array)?;
    outputs.iter().find(|one| text(one, "OutputKey") == Some(key))?.get("OutputValue").cloned()
}
