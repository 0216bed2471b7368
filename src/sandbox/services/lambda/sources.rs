//! Event source mappings: a DynamoDB stream is polled, and its records go to a function in batches.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Transition, bare};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};
use crate::sandbox::dataplane::functions;
use crate::sandbox::faults;
use crate::sandbox::services::dynamodb::{read_stream, stream_end};
use crate::sandbox::services::iam;
use crate::sandbox::world::What;

/// An event source mapping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventSource {
    /// Its UUID.
    pub uuid: String,
    /// The ARN of the stream.
    pub stream: String,
    /// The name of the function.
    pub function: String,
    /// `Creating`, `Enabled`, `Deleting`.
    pub state: String,
    /// How many records go to the function at once.
    batch: u64,
    starting: String,
    /// How often a batch that failed is tried again; without a limit until the records expire.
    retries: Option<u64>,
    /// How often the batch at hand failed.
    failed: u64,
    /// The number of the last record that was taken from the stream.
    position: u64,
    modified: SimTime,
    /// What came of the last poll.
    result: String,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

impl EventSource {
    fn to_json(&self, function_arn: &str) -> Value {
        let mut value = json!({
            "UUID": self.uuid,
            "EventSourceArn": self.stream,
            "FunctionArn": function_arn,
            "State": self.state,
            "StateTransitionReason": "USER_INITIATED",
            "StartingPosition": self.starting,
            "BatchSize": self.batch,
            "LastModified": self.modified.epoch_seconds(),
            "LastProcessingResult": self.result,
        });
        if let (Some(retries), Some(map)) = (self.retries, value.as_object_mut()) {
            map.insert("MaximumRetryAttempts".into(), json!(retries));
        }
        value
    }
}

fn shown(call: &Call<'_>, source: &EventSource) -> Value {
    source.to_json(&call.arn("lambda", &format!("function:{}", source.function)))
}

fn find(call: &mut Call<'_>, input: &Value) -> Result<EventSource, AwsError> {
    let uuid = required(input, "UUID")?;
    let found = call.regional().lambda.sources.get(uuid).cloned();
    found.ok_or_else(|| AwsError::not_found("ResourceNotFoundException", "The resource you requested does not exist."))
}

/// `CreateEventSourceMapping`
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let function = bare(required(input, "FunctionName")?).to_owned();
    let stream = required(input, "EventSourceArn")?.to_owned();
    let invalid = |message: String| AwsError::client("InvalidParameterValueException", message);
    let Some(held) = call.regional().lambda.functions.get(&function) else {
        return Err(super::functions::missing(call, &function));
    };
    let role = held.role.clone();
    if !stream.contains(":dynamodb:") || !stream.contains("/stream/") {
        return Err(AwsError::with_status(
            501,
            "SandboxUnsupportedOperation",
            "The sandbox simulates event source mappings of DynamoDB streams only.",
        ));
    }
    if stream.split(':').nth(3) != Some(call.region.as_str()) {
        return Err(invalid(format!("Event source ARN: {stream} is not in the Region {}.", call.region)));
    }
    let starting = text(input, "StartingPosition").unwrap_or_default().to_owned();
    if !["TRIM_HORIZON", "LATEST"].contains(&starting.as_str()) {
        return Err(invalid("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.".to_owned()));
    }
    for action in ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"] {
        // ListStreams knows no single stream; AWS accepts it on the stream's own pattern here.
        if action != "ListStreams"
            && !iam::allows(call.world, &call.account, &role, &format!("dynamodb:{action}"), &stream)
        {
            return Err(invalid(format!(
                "Cannot access stream {stream}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM."
            )));
        }
    }
    if call.regional().lambda.sources.values().any(|other| other.stream == stream && other.function == function) {
        return Err(AwsError::with_status(
            409,
            "ResourceConflictException",
            format!(
                "An event source mapping with event source arn (\" {stream} \") and function (\" {function} \") already exists."
            ),
        ));
    }
    let last =
        stream_end(call.world, &call.account, &stream).ok_or_else(|| invalid(format!("Stream not found: {stream}")))?;
    let source = EventSource {
        uuid: call.uuid(),
        position: if starting == "LATEST" { last } else { 0 },
        stream,
        function,
        state: "Creating".to_owned(),
        batch: input.get("BatchSize").and_then(Value::as_u64).unwrap_or(100),
        starting,
        retries: input.get("MaximumRetryAttempts").and_then(Value::as_u64),
        failed: 0,
        modified: call.now(),
        result: "No records processed".to_owned(),
        tags: tags(input.get("Tags")),
    };
    let output = shown(call, &source);
    let uuid = source.uuid.clone();
    call.regional().lambda.sources.insert(uuid.clone(), source);
    let after = call.draw("lambda.source.enable", &uuid);
    call.schedule(after, What::Lambda(Transition::Poll(uuid)));
    Ok(output)
}

/// `GetEventSourceMapping`
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let source = find(call, input)?;
    Ok(shown(call, &source))
}

/// `ListEventSourceMappings`
pub fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let function = text(input, "FunctionName").map(|name| bare(name).to_owned());
    let stream = text(input, "EventSourceArn").map(str::to_owned);
    let all: Vec<EventSource> = call.regional().lambda.sources.values().cloned().collect();
    let list: Vec<Value> = all
        .iter()
        .filter(|source| function.as_ref().is_none_or(|name| source.function == *name))
        .filter(|source| stream.as_ref().is_none_or(|arn| source.stream == *arn))
        .map(|source| shown(call, source))
        .collect();
    Ok(json!({ "EventSourceMappings": list }))
}

/// `DeleteEventSourceMapping`
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let mut source = find(call, input)?;
    if source.state == "Deleting" {
        return Err(AwsError::client(
            "ResourceInUseException",
            "Cannot delete the event source mapping because it is in use.",
        ));
    }
    "Deleting".clone_into(&mut source.state);
    let output = shown(call, &source);
    let uuid = source.uuid.clone();
    call.regional().lambda.sources.insert(uuid.clone(), source);
    let after = call.draw("lambda.source.delete", &uuid);
    call.schedule(after, What::Lambda(Transition::SourceGone(uuid)));
    Ok(output)
}

/// Takes what is new in the stream, hands it to the function, and comes back.
pub fn poll(call: &mut Call<'_>, uuid: &str) {
    let Some(mut source) = call.regional().lambda.sources.get(uuid).cloned() else { return };
    if source.state == "Deleting" {
        return;
    }
    "Enabled".clone_into(&mut source.state);
    if !faults::active(call.world, faults::REGION_LOSS, &call.region) {
        take(call, &mut source);
    }
    call.regional().lambda.sources.insert(uuid.to_owned(), source);
    let after = call.draw("lambda.source.poll", uuid);
    call.schedule(after, What::Lambda(Transition::Poll(uuid.to_owned())));
}

fn take(call: &mut Call<'_>, source: &mut EventSource) {
    let most = usize::try_from(source.batch).unwrap_or(100);
    let Some(records) = read_stream(call.world, &call.account, &source.stream, source.position, most) else {
        "PROBLEM: Stream not found".clone_into(&mut source.result);
        return;
    };
    let Some(last) = records.last().map(|record| record.sequence) else { return };
    let event = json!({ "Records": records.into_iter().map(|record| record.event).collect::<Vec<_>>() });
    let outcome = functions::invoke(call.world, &call.account, &call.region, &source.function, &event);
    call.world.touch();
    match outcome {
        Ok(done) if done.answer.is_ok() => {
            "OK".clone_into(&mut source.result);
            source.position = last;
            source.failed = 0;
        }
        Ok(_) | Err(_) => {
            // What the exception was stands in the function's log.
            "PROBLEM: Function call failed".clone_into(&mut source.result);
            source.failed += 1;
            // After so many tries the batch is given up, and the stream goes on behind it.
            if source.retries.is_some_and(|retries| source.failed > retries) {
                source.position = last;
                source.failed = 0;
            }
        }
    }
}
