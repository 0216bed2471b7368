//! `Invoke`: a function is called by its name.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::functions::find;
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::dataplane::functions;

/// How much of the log an answer carries. Source: AWS Lambda API Reference, Invoke, `X-Amz-Log-Result`: the last 4 KB.
const TAIL: usize = 4096;

/// `Invoke`. An event (`InvocationType` `Event`) is run at once; its errors are not tried again.
pub fn invoke(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = find(call, input)?.name.clone();
    if let Some(qualifier) = text(input, "Qualifier").filter(|qualifier| *qualifier != "$LATEST") {
        let arn = call.arn("lambda", &format!("function:{name}:{qualifier}"));
        return Err(AwsError::not_found("ResourceNotFoundException", format!("Function not found: {arn}")));
    }
    let kind = text(input, "InvocationType").unwrap_or("RequestResponse");
    if kind == "DryRun" {
        return Ok(json!({ "StatusCode": 204 }));
    }
    let payload = call.payload.take().unwrap_or_default();
    let event: Value = if payload.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(&payload).map_err(|why| {
            let message = format!("Could not parse request body into json: Could not parse payload into json: {why}");
            AwsError::client("InvalidRequestContentException", message)
        })?
    };
    let (account, region) = (call.account.clone(), call.region.clone());
    let done = functions::invoke(call.world, &account, &region, &name, &event)?;
    if kind == "Event" {
        return Ok(json!({ "StatusCode": 202 }));
    }
    let mut output = json!({ "StatusCode": 200, "ExecutedVersion": "$LATEST" });
    if let Some(map) = output.as_object_mut() {
        if done.answer.is_err() {
            map.insert("FunctionError".into(), json!("Unhandled"));
        }
        if text(input, "LogType") == Some("Tail") {
            let log = (done.log.join("\n") + "\n").into_bytes();
            let tail = log.get(log.len().saturating_sub(TAIL)..).unwrap_or_default();
            map.insert("LogResult".into(), json!(STANDARD.encode(tail)));
        }
    }
    let (Ok(body) | Err(body)) = done.answer;
    call.reply_payload = Some(body.to_string().into());
    Ok(output)
}
