//! Lambda functions as they run: the code that was uploaded, with the function's role, environment and Region.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::network;
use crate::sandbox::call::{AwsError, Call};
use crate::sandbox::chance;
use crate::sandbox::javascript::{self, Failure, Job, Reply, archive};
use crate::sandbox::services::lambda::functions::Function;
use crate::sandbox::services::{cloudformation, logs};
use crate::sandbox::world::World;

pub mod aws;
pub mod cache;
mod memo;
#[cfg(test)]
pub mod shipped;
#[cfg(test)]
mod tests;

/// The header by which an answer of the bookstore says where it was made.
pub const REGION_HEADER: &str = "x-bookstore-region";

/// Who runs, and where.
pub struct Identity {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The function's name.
    pub name: String,
    /// The ARN of its role.
    pub role: String,
}

/// What came of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The answer; or, for an unhandled error, what Lambda answers in its place.
    pub answer: Result<Value, Value>,
    /// What the log has of it, `START` to `REPORT`.
    pub log: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// An invocation whose outcome is remembered: whom it asked as what, and what it is called.
pub struct Remembered {
    who: Identity,
    arn: String,
    known: Rc<memo::Known>,
}

impl Remembered {
    /// How long it takes now, when the world's versions alone tell that it would go the same way again, and that it
    /// writes nothing into its log.
    pub fn again(&self, world: &World) -> Option<Duration> {
        let ran = self.known.ran();
        let silent = ran.lines.is_empty() && ran.answer.is_ok();
        (silent && self.known.holds(world, &self.who)).then(|| ran.elapsed + thinking(world, &self.arn))
    }
}

fn thinking(world: &World, arn: &str) -> Duration {
    network::thinking(world, "lambda.duration", arn)
}

/// Invokes a function. The error is Lambda's own, before any code runs.
pub fn invoke(
    world: &mut World,
    account: &str,
    region: &str,
    name: &str,
    event: &Value,
) -> Result<Invocation, AwsError> {
    perform(world, account, region, name, event).map(|(done, _)| done)
}

/// The same; also what is remembered of it.
pub fn perform(
    world: &mut World,
    account: &str,
    region: &str,
    name: &str,
    event: &Value,
) -> Result<(Invocation, Option<Remembered>), AwsError> {
    let arn = format!("arn:aws:lambda:{region}:{account}:function:{name}");
    let held = world.accounts.get(account).and_then(|state| state.regions.get(region)?.lambda.functions.get(name));
    let function = held
        .ok_or_else(|| AwsError::not_found("ResourceNotFoundException", format!("Function not found: {arn}")))?
        .clone();
    if function.state != "Active" {
        let message = format!(
            "The operation cannot be performed at this time. The function is currently in the following state: {}",
            function.state
        );
        return Err(AwsError::with_status(409, "ResourceConflictException", message));
    }
    let runtime = function.runtime();
    if !runtime.starts_with("nodejs") {
        let message = format!("The sandbox runs functions of Node.js only; {name} has the runtime {runtime}.");
        return Err(AwsError::with_status(501, "SandboxUnsupportedOperation", message));
    }
    let files = archive::files(function.code_hash(), function.code())
        .map_err(|why| AwsError::client("InvalidZipFileException", why.to_string()))?;
    let who = Identity {
        account: account.to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
        role: function.role.clone(),
    };
    let environment = environment(&function, region);
    let request_id = request_id(world, &arn, event);
    let instant = format!("{arn}|{request_id}|{}", world.now.millis());
    let job = Job {
        files: &files,
        handler: &function.handler,
        environment: &environment,
        event,
        context: json!({
            "functionName": name,
            "functionVersion": "$LATEST",
            "invokedFunctionArn": arn,
            "memoryLimitInMB": function.memory().to_string(),
            "logGroupName": function.log_group(),
            "logStreamName": logs::stream_of(world, &who, function.code_hash()),
            "awsRequestId": request_id,
            "timeout": function.timeout().as_millis() as u64,
        }),
        now: world.now.millis(),
        timeout: function.timeout(),
        memory: function.memory(),
        seed: world.seed,
        chance: &instant,
    };
    let key = memo::key(function.code_hash(), &who, &job);
    let (ran, known) = memo::run(&key, world, &who, |port| javascript::run(&job, port));
    let took = ran.elapsed + thinking(world, &arn);
    let answer = ran.answer.clone().map_err(|failure| told(&failure, &request_id, function.timeout()));
    let stamp = world.now.rfc3339();
    let mut written: Vec<String> =
        ran.lines.iter().map(|(level, text)| format!("{stamp}\t{request_id}\t{level}\t{text}")).collect();
    if let Err(error) = &answer {
        written.push(format!("{stamp}\t{request_id}\tERROR\tInvoke Error \t{error}"));
    }
    // Platform lines are shown to who invokes; the log group keeps what the code says. See `logs::append`.
    logs::append(world, &who, &function.log_group(), function.code_hash(), &written);
    let millis = took.as_secs_f64() * 1000.0;
    let mut log = vec![format!("START RequestId: {request_id} Version: $LATEST")];
    log.append(&mut written);
    log.push(format!("END RequestId: {request_id}"));
    log.push(format!(
        "REPORT RequestId: {request_id}\tDuration: {millis:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB",
        millis.ceil(),
        function.memory()
    ));
    let remembered = known.map(|known| Remembered { who, arn, known });
    Ok((Invocation { answer, log, took }, remembered))
}

/// Answers what the code asks of the world.
fn port(world: &mut World, who: &Identity, request: &Value) -> Reply {
    match request.get("kind").and_then(Value::as_str) {
        Some("aws") => aws::answer(world, who, request),
        Some("connect") => cache::connect(world, who, request),
        Some("send") => cache::send(world, who, request),
        Some("fetch") => fetch(world, who, request),
        // Functions of the workshop reach AWS by the SDK only.
        _ => Err(nowhere()),
    }
}

fn nowhere() -> Value {
    json!({ "name": "ENOTFOUND", "message": "the sandbox has no internet behind its functions" })
}

/// HTTP of the code's own. All that it reaches are the addresses at which CloudFormation waits for the answers of custom
/// resources and for signals.
fn fetch(world: &mut World, who: &Identity, request: &Value) -> Reply {
    let member = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut call = Call::new(world, &who.account, &who.region);
    let taken = (member("method").eq_ignore_ascii_case("PUT"))
        .then(|| cloudformation::receive_at(&mut call, member("url"), member("body").as_bytes()))
        .flatten();
    match taken {
        Some(Ok(_)) => Ok(json!({ "status": 200, "body": "" })),
        Some(Err(error)) => Ok(json!({ "status": error.status, "body": error.to_string() })),
        None => Err(nowhere()),
    }
}

/// A failure as Lambda answers it.
fn told(failure: &Failure, request_id: &str, timeout: Duration) -> Value {
    match failure {
        Failure::Thrown(error) => error.clone(),
        Failure::TimedOut => json!({
            "errorType": "Sandbox.Timedout",
            "errorMessage":
                format!("RequestId: {request_id} Error: Task timed out after {:.2} seconds", timeout.as_secs_f64()),
        }),
        Failure::OutOfMemory => json!({
            "errorType": "Runtime.ExitError",
            "errorMessage": format!("RequestId: {request_id} Error: Runtime exited with error: signal: killed"),
        }),
    }
}

/// The function's variables and Lambda's own. Source: AWS Lambda Developer Guide, *Defined runtime environment
/// variables*.
fn environment(function: &Function, region: &str) -> BTreeMap<String, String> {
    let mut environment = function.environment.clone();
    let own = [
        ("_HANDLER", function.handler.clone()),
        ("AWS_REGION", region.to_owned()),
        ("AWS_DEFAULT_REGION", region.to_owned()),
        ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", function.runtime())),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory().to_string()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", function.log_group()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
        ("TZ", ":UTC".to_owned()),
    ];
    environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
    environment
}

/// The id of an invocation: a hash of what, when and where, so that an invocation that only reads counts nothing.
fn request_id(world: &World, arn: &str, event: &Value) -> String {
    let what = format!("{arn}|{event}");
    let at = world.now.millis().unsigned_abs();
    let (high, low) = (
        chance::bits(world.seed, "lambda.request", &what, at),
        chance::bits(world.seed, "lambda.request.low", &what, at),
    );
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}
