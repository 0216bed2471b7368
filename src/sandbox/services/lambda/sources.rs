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
    /// `Creating`, `Enabling`, `Enabled`, `Disabling`, `Disabled`, `Updating`, `Deleting`.
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

/// Members whose meaning is not simulated.
const NOT_SIMULATED: [&str; 8] = [
    "FilterCriteria",
    "DestinationConfig",
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "MaximumRecordAgeInSeconds",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
    "MaximumBatchingWindowInSeconds",
];
/// Source: AWS Lambda API Reference, CreateEventSourceMapping: up to 10,000 records of a stream in a batch, and up to 10,000
/// retries (-1 for as many as the records live).
const MOST: i64 = 10_000;

/// What an input says about batches and retries, checked.
struct Settings {
    batch: Option<u64>,
    /// -1 for as many as the records live; none when nothing was said.
    retries: Option<i64>,
    enabled: Option<bool>,
}

impl Settings {
    fn read(input: &Value) -> Result<Self, AwsError> {
        // False is what AWS takes for a member that is left out.
        let set = |member: &&&str| input.get(**member).is_some_and(|value| !value.is_null() && *value != json!(false));
        if let Some(member) = NOT_SIMULATED.iter().find(set) {
            return Err(AwsError::with_status(
                501,
                "SandboxUnsupportedOperation",
                format!("The sandbox does not simulate {member} of event source mappings."),
            ));
        }
        let number = |member: &str, least: i64| match input.get(member).and_then(Value::as_i64) {
            Some(value) if !(least..=MOST).contains(&value) => Err(AwsError::client(
                "InvalidParameterValueException",
                format!(
                    "Value {value} at '{member}' failed to satisfy constraint: Member must be between {least} and {MOST}"
                ),
            )),
            value => Ok(value),
        };
        Ok(Self {
            batch: number("BatchSize", 1)?.and_then(|size| u64::try_from(size).ok()),
            retries: number("MaximumRetryAttempts", -1)?,
            enabled: input.get("Enabled").and_then(Value::as_bool),
        })
    }
}

/// `CreateEventSourceMapping`
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let function = bare(required(input, "FunctionName")?).to_owned();
    let stream = required(input, "EventSourceArn")?.to_owned();
    let invalid = |message: String| AwsError::client("InvalidParameterValueException", message);
    let settings = Settings::read(input)?;
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
        state: if settings.enabled == Some(false) { "Disabled" } else { "Creating" }.to_owned(),
        batch: settings.batch.unwrap_or(100),
        starting,
        retries: settings.retries.and_then(|most| u64::try_from(most).ok()),
        failed: 0,
        modified: call.now(),
        result: "No records processed".to_owned(),
        tags: tags(input.get("Tags")),
    };
    let output = shown(call, &source);
    let uuid = source.uuid.clone();
    call.regional().lambda.sources.insert(uuid.clone(), source);
    if settings.enabled != Some(false) {
        poll_after(call, "lambda.source.enable", &uuid);
    }
    Ok(output)
}

fn poll_after(call: &mut Call<'_>, constant: &str, uuid: &str) {
    let after = call.draw(constant, uuid);
    call.schedule(after, What::Lambda(Transition::Poll(uuid.to_owned())));
}

/// `UpdateEventSourceMapping`: what it reads, and whether it reads at all. It goes on where it stopped.
pub fn update(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let mut source = find(call, input)?;
    let settings = Settings::read(input)?;
    if !["Enabled", "Disabled"].contains(&source.state.as_str()) {
        return Err(AwsError::client(
            "ResourceInUseException",
            format!("Cannot update the event source mapping because it is in use. It is {}.", source.state),
        ));
    }
    if let Some(name) = text(input, "FunctionName").map(bare) {
        if !call.regional().lambda.functions.contains_key(name) {
            return Err(super::functions::missing(call, name));
        }
        name.clone_into(&mut source.function);
    }
    source.batch = settings.batch.unwrap_or(source.batch);
    source.retries = settings.retries.map_or(source.retries, |most| u64::try_from(most).ok());
    source.modified = call.now();
    let (was_on, on) = (source.state == "Enabled", settings.enabled.unwrap_or(source.state == "Enabled"));
    let state = match (was_on, on) {
        (true, true) => "Updating",
        (true, false) => "Disabling",
        (false, true) => "Enabling",
        (false, false) => "Disabled",
    };
    state.clone_into(&mut source.state);
    let (output, uuid) = (shown(call, &source), source.uuid.clone());
    call.regional().lambda.sources.insert(uuid.clone(), source);
    // A mapping that is on has its next poll before it, which makes it what it is becoming.
    if !was_on && on {
        poll_after(call, "lambda.source.enable", &uuid);
    }
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
    if ["Deleting", "Disabled"].contains(&source.state.as_str()) {
        return;
    }
    if source.state == "Disabling" {
        "Disabled".clone_into(&mut source.state);
        call.regional().lambda.sources.insert(uuid.to_owned(), source);
        return;
    }
    "Enabled".clone_into(&mut source.state);
    if !faults::active(call.world, faults::REGION_LOSS, &call.region) {
        take(call, &mut source);
    }
    call.regional().lambda.sources.insert(uuid.to_owned(), source);
    poll_after(call, "lambda.source.poll", uuid);
}

fn take(call: &mut Call<'_>, source: &mut EventSource) {
    let most = usize::try_from(source.batch).unwrap_or(100);
    let Some(records) = read_stream(call.world, &call.account, &source.stream, source.position, most) else {
        "PROBLEM: Stream not found".clone_into(&mut source.result);
        return;
    };
    let Some(last) = records.last().map(|(sequence, _)| *sequence) else { return };
    let event = json!({ "Records": records.into_iter().map(|(_, event)| event).collect::<Vec<_>>() });
    let outcome = functions::invoke(call.world, &call.account, &call.region, &source.function, &event);
    call.world.wrote();
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
