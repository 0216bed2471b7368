//! `aws SERVICE wait NAME`: polls as the service's model says, in the clock's time.

use std::time::Duration;

use serde_json::Value;

use super::Outcome;
use super::error::{ActionError, LocalError};
use super::job::{Job, doing};
use super::output::pick;
use super::stack::Watch;
use crate::domain::time::spell;
use crate::domain::{Failure, FailureClass, Reply};
use crate::protocol::{Acceptor, Matcher, Wait, WaiterSpec, WaiterState, waiter};

type Answer = Result<Reply, Failure>;

/// Waits until the waiter's condition holds, at the pace of its model and for as long as the fence has time: the AWS CLI
/// counts the polls instead, and gives up on an object after 100 s that S3 may take 15 minutes to replicate.
pub async fn wait(job: &Job<'_>, wait: &Wait) -> Result<Outcome, ActionError> {
    let what = format!("{} wait {} in {}", wait.service, wait.waiter, wait.operation.region);
    let unknown = || LocalError::Form(format!("aws {what}: there is no such waiter"));
    let spec = waiter(&wait.service, &wait.waiter).ok_or_else(unknown)?;
    let mut shown = String::new();
    let mut stack: Option<Watch> = None;
    loop {
        let answer = job.watch(&wait.operation).await?;
        let state = state(&spec, &answer);
        if let Some(watch) = Watch::of_waiter(wait, &answer, &mut stack) {
            watch.news(job).await?;
        }
        match judge(&spec, &answer) {
            Some(WaiterState::Success) => {
                job.ok(format!("{what}: {state} after {}", spell(job.elapsed())));
                return Ok(Outcome::default());
            }
            Some(WaiterState::Failure) => {
                return Err(match stack {
                    Some(watch) => watch.failed(&state),
                    None => ActionError::WaitFailed { what, state },
                });
            }
            Some(WaiterState::Retry) => {}
            None => {
                if let Err(failure) = answer {
                    return Err(ActionError::Refused { doing: doing(&wait.operation), failure });
                }
            }
        }
        if state != shown {
            job.line(format!("{what}: {state}"));
            shown.clone_from(&state);
        }
        job.running(format!("{what}: {state}, {}", job.progress()));
        job.pause(pace(&spec), || format!("{what}: still {shown}")).await?;
    }
}

/// The time between two polls; never none.
fn pace(spec: &WaiterSpec) -> Duration {
    spec.delay.max(Duration::from_secs(1))
}

/// What the first acceptor that matches says.
pub fn judge(spec: &WaiterSpec, answer: &Answer) -> Option<WaiterState> {
    spec.acceptors.iter().find(|acceptor| matches(acceptor, answer)).map(|acceptor| acceptor.state)
}

fn matches(acceptor: &Acceptor, answer: &Answer) -> bool {
    let picked = |path: &str| answer.as_ref().ok().and_then(|reply| pick(&reply.output, path).ok());
    let expected = &acceptor.expected;
    match &acceptor.matcher {
        Matcher::Path(path) => picked(path).is_some_and(|found| found == *expected),
        Matcher::PathAll(path) => match picked(path) {
            Some(Value::Array(found)) => !found.is_empty() && found.iter().all(|one| one == expected),
            _ => false,
        },
        Matcher::PathAny(path) => match picked(path) {
            Some(Value::Array(found)) => found.contains(expected),
            _ => false,
        },
        Matcher::Status => expected.as_u64() == Some(status(answer)),
        Matcher::Error => match (expected, answer) {
            (Value::String(code), Err(failure)) => failure.code == *code,
            (Value::Bool(any), answer) => *any == answer.is_err(),
            _ => false,
        },
    }
}

/// The HTTP status as far as the class of a failure tells it; S3's waiters ask only for these.
fn status(answer: &Answer) -> u64 {
    match answer {
        Ok(_) => 200,
        Err(failure) => match failure.class {
            FailureClass::NotFound => 404,
            FailureClass::Denied => 403,
            FailureClass::Conflict => 409,
            FailureClass::Service => 500,
            _ => 400,
        },
    }
}

/// The state that AWS gives, in its own words: what the waiter's first path finds, or the error's code.
fn state(spec: &WaiterSpec, answer: &Answer) -> String {
    let reply = match answer {
        Ok(reply) => reply,
        Err(failure) => return failure.code.clone(),
    };
    let path = spec.acceptors.iter().find_map(|acceptor| match &acceptor.matcher {
        Matcher::Path(path) | Matcher::PathAll(path) | Matcher::PathAny(path) => Some(path),
        Matcher::Status | Matcher::Error => None,
    });
    let mut words: Vec<String> = match path.and_then(|path| pick(&reply.output, path).ok()) {
        Some(Value::Array(found)) => found.iter().map(word).collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(found) => vec![word(&found)],
    };
    words.dedup();
    if words.is_empty() { "it is there".to_owned() } else { words.join(", ") }
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
