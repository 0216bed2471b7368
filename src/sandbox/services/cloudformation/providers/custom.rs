//! Custom resources: CloudFormation asks a Lambda function, which answers at an address.
//!
//! Source: CloudFormation User Guide, "Custom resource request and response objects".

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Api, Existing, Id, Progress, unsupported};
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::services;
use crate::sandbox::services::cloudformation::schema::CUSTOM;
use crate::sandbox::services::cloudformation::signals::{self, Custom};

/// The rows.
pub const TYPES: &[Api] = &[Api {
    type_name: CUSTOM,
    service: "cloudformation",
    // The function's answer brings the physical id; until then the request's id stands for it.
    id: Id::Opened(|call, _| call.uuid()),
    shape: Some(|call, request, _| {
        let asked = request.existing("", call.now());
        ask(call, &asked, "Create", request.properties, None)
    }),
    update: Some(|call, existing, request| {
        ask(call, existing, "Update", request.properties, Some(existing.properties))
    }),
    look: Some(look),
    before_delete: Some(|call, existing| ask(call, existing, "Delete", existing.properties, None)),
    look_gone: Some(gone),
    attribute: Some(attribute),
    ..Api::NEW
}];

/// How long a custom resource may take, in seconds, when `ServiceTimeout` does not say.
/// Source: CloudFormation User Guide, `AWS::CloudFormation::CustomResource`.
const LONGEST: u64 = 3600;

fn place(existing: &Existing<'_>) -> String {
    format!("{}|{}", existing.stack_id, existing.logical)
}

/// Properties as the function gets them: every number and flag is text.
fn texts(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(texts).collect(),
        Value::Object(map) => map.iter().map(|(name, one)| (name.clone(), texts(one))).collect(),
        Value::Number(_) | Value::Bool(_) => Value::String(value.to_string()),
        other => other.clone(),
    }
}

/// Sends a request to the function behind a custom resource.
fn ask(
    call: &mut Call<'_>,
    existing: &Existing<'_>,
    kind: &str,
    properties: &Value,
    old: Option<&Value>,
) -> Result<(), AwsError> {
    let function = text(properties, "ServiceToken").unwrap_or_default().to_owned();
    if !function.contains(":lambda:") {
        return Err(unsupported(&format!("custom resources whose ServiceToken is no Lambda function ({function})")));
    }
    let request = call.uuid();
    let (key, address) = signals::open_custom(call, existing.stack_id, existing.logical, &request);
    let mut event = Map::from_iter([
        ("RequestType".to_owned(), json!(kind)),
        ("ServiceToken".to_owned(), json!(function)),
        ("ResponseURL".to_owned(), json!(address)),
        ("StackId".to_owned(), json!(existing.stack_id)),
        ("RequestId".to_owned(), json!(request)),
        ("LogicalResourceId".to_owned(), json!(existing.logical)),
        ("ResourceType".to_owned(), json!(existing.type_name)),
        ("ResourceProperties".to_owned(), texts(properties)),
    ]);
    if kind != "Create" {
        event.insert("PhysicalResourceId".into(), json!(existing.physical));
    }
    if let Some(old) = old {
        event.insert("OldResourceProperties".into(), texts(old));
    }
    let customs = &mut call.regional().cloudformation.customs;
    let custom = customs.entry(place(existing)).or_default();
    *custom = Custom { request, key, data: custom.data.clone() };
    invoke(call, &function, &Value::Object(event))
}

/// Invokes a function without waiting for what it gives. That it cannot be called is told at once; what goes wrong inside
/// of it is not told at all, and the resource waits for an answer.
fn invoke(call: &mut Call<'_>, function: &str, event: &Value) -> Result<(), AwsError> {
    let named = json!({ "FunctionName": function, "InvocationType": "Event" });
    let principal = call.principal.clone();
    let mut inner = Call {
        payload: Some(Bytes::from(event.to_string())),
        principal,
        ..Call::new(&mut *call.world, &call.account, &call.region)
    };
    services::dispatch(&mut inner, "lambda", "Invoke", &named).map(drop)
}

enum Answer {
    None,
    Done(Value),
    Failed(String),
}

fn answer(call: &mut Call<'_>, existing: &Existing<'_>) -> Answer {
    let place = place(existing);
    let Some(custom) = call.regional().cloudformation.customs.get(&place).cloned() else { return Answer::None };
    let request = custom.request;
    let Some(said) = signals::received(call, &custom.key).into_iter().next() else {
        let limit = existing.properties.get("ServiceTimeout");
        let limit = limit.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok())).unwrap_or(LONGEST);
        if call.now().since(existing.since).as_secs() < limit.min(LONGEST) {
            return Answer::None;
        }
        return Answer::Failed(format!(
            "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [{request}]. If you are using the Python cfn-response module, you may need to update your Lambda function code so that CloudFormation can attach the updated version."
        ));
    };
    let reason = text(&said, "Reason").unwrap_or_default();
    match (text(&said, "Status"), text(&said, "PhysicalResourceId")) {
        (Some("SUCCESS"), Some(_)) => Answer::Done(said),
        (Some("SUCCESS"), None) => Answer::Failed(format!("Invalid PhysicalResourceId (RequestId: {request})")),
        (Some("FAILED"), _) => Answer::Failed(format!(
            "Received response status [FAILED] from custom resource. Message returned: {reason} (RequestId: {request})"
        )),
        _ => Answer::Failed(format!("Invalid response from custom resource (RequestId: {request})")),
    }
}

fn look(call: &mut Call<'_>, existing: &Existing<'_>) -> Progress {
    match answer(call, existing) {
        Answer::None => Progress::Going,
        Answer::Failed(why) => Progress::Failed(why),
        Answer::Done(said) => {
            let place = place(existing);
            if let Some(custom) = call.regional().cloudformation.customs.get_mut(&place) {
                custom.data = said.get("Data").cloned().unwrap_or_default();
            }
            Progress::Became(text(&said, "PhysicalResourceId").unwrap_or_default().to_owned())
        }
    }
}

fn gone(call: &mut Call<'_>, existing: &Existing<'_>) -> Result<bool, AwsError> {
    match answer(call, existing) {
        Answer::None => Ok(false),
        Answer::Done(_) => Ok(true),
        Answer::Failed(why) => Err(AwsError::client("CustomResourceFailed", why)),
    }
}

fn attribute(call: &mut Call<'_>, existing: &Existing<'_>, name: &str) -> Option<Value> {
    let custom = call.regional().cloudformation.customs.get(&place(existing))?;
    // A name with dots may be a path, or one member.
    custom.data.get(name).or_else(|| custom.data.pointer(&format!("/{}", name.replace('.', "/")))).cloned()
}
