//! One run of an action: its time, its cancel token, its listener, and how it calls AWS.

use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::Told;
use super::error::{ActionError, LocalError};
use super::files::Workspace;
use super::transient::{passing, transient};
use crate::clock::Clock;
use crate::domain::text::printable;
use crate::domain::time::spell;
use crate::domain::{Effect, Failure, Operation, Operations, Reply, SimTime};
use crate::protocol::Pages;
pub use crate::protocol::operation;

/// How long to wait before a call is sent again that AWS refused for now. DynamoDB, RDS and Route 53 stay busy for many
/// seconds; the SDK's own retries have covered the short ones.
const AGAIN: Duration = Duration::from_secs(10);

/// Why a refusal is only for now; `None` when it is final.
type Judge = fn(&Operation, &Failure) -> Option<&'static str>;

/// One run.
pub struct Job<'r> {
    aws: &'r dyn Operations,
    /// Whose time it waits in.
    pub clock: &'r Clock,
    /// The files.
    pub workspace: Workspace<'r>,
    cancel: &'r CancellationToken,
    tell: &'r (dyn Fn(Told) + Send + Sync),
    started: SimTime,
    timeout: Duration,
}

impl<'r> Job<'r> {
    /// A run that starts now.
    pub fn new(
        aws: &'r dyn Operations,
        clock: &'r Clock,
        workspace: Workspace<'r>,
        cancel: &'r CancellationToken,
        tell: &'r (dyn Fn(Told) + Send + Sync),
        timeout: Duration,
    ) -> Self {
        Self { aws, clock, workspace, cancel, tell, started: clock.now(), timeout }
    }

    /// Tells what happened.
    pub fn line(&self, text: impl AsRef<str>) {
        (self.tell)(Told::Line(clean(text.as_ref())));
    }

    /// Tells what is going on now.
    pub fn running(&self, text: impl AsRef<str>) {
        (self.tell)(Told::Running(clean(text.as_ref())));
    }

    /// Tells what is finished.
    pub fn ok(&self, text: impl AsRef<str>) {
        (self.tell)(Told::Ok(clean(text.as_ref())));
    }

    /// Tells how much is done.
    pub fn percent(&self, part: usize, whole: usize) {
        let percent = part.saturating_mul(100).checked_div(whole).unwrap_or(0).min(100);
        (self.tell)(Told::Percent(u8::try_from(percent).unwrap_or(100)));
    }

    /// An error when the learner has stopped it.
    pub fn check_cancelled(&self) -> Result<(), ActionError> {
        if self.cancel.is_cancelled() { Err(ActionError::Cancelled) } else { Ok(()) }
    }

    /// How long it has been running.
    pub fn elapsed(&self) -> Duration {
        self.clock.now().since(self.started)
    }

    /// `40 s of at most 20 min`.
    pub fn progress(&self) -> String {
        format!("{} of at most {}", spell(self.elapsed()), spell(self.timeout))
    }

    /// Waits; the learner's stop ends it. An error when the time is up before or at the end of the pause.
    pub async fn pause(&self, span: Duration, what: impl Fn() -> String + Send) -> Result<(), ActionError> {
        let left = self.timeout.saturating_sub(self.elapsed());
        if left.is_zero() {
            return Err(ActionError::GaveUp { what: what(), after: self.elapsed() });
        }
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(ActionError::Cancelled),
            () = self.clock.sleep(span.min(left)) => self.check_cancelled(),
        }
    }

    /// Calls AWS once. Only the learner's stop is an error of the outer kind; it leaves a read, but never a change,
    /// without its answer.
    pub async fn ask(&self, operation: &Operation) -> Result<Result<Reply, Failure>, ActionError> {
        self.check_cancelled()?;
        if operation.region.is_empty() {
            return Err(LocalError::NoRegion(format!("aws {} {}", operation.service, operation.name)).into());
        }
        if operation.effect != Effect::Read {
            return Ok(self.aws.call(operation).await);
        }
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(ActionError::Cancelled),
            answer = self.aws.call(operation) => Ok(answer),
        }
    }

    /// Calls AWS, again and again while it refuses only for now.
    pub async fn call(&self, operation: &Operation) -> Result<Reply, ActionError> {
        self.until(operation, transient).await
    }

    async fn until(&self, operation: &Operation, judge: Judge) -> Result<Reply, ActionError> {
        loop {
            match self.ask(operation).await? {
                Ok(reply) => return Ok(reply),
                Err(failure) => self.after(operation, failure, judge).await?,
            }
        }
    }

    /// As [`Job::call`], for what is read while something goes on that takes minutes: a lost connection does not end it.
    pub async fn watch(&self, operation: &Operation) -> Result<Result<Reply, Failure>, ActionError> {
        loop {
            match self.ask(operation).await? {
                Err(failure) if passing(operation, &failure).is_some() => {
                    self.after(operation, failure, passing).await?;
                }
                answer => return Ok(answer),
            }
        }
    }

    /// All pages of a read as one output.
    pub async fn all(&self, operation: &Operation) -> Result<Value, ActionError> {
        self.pages(operation, transient).await
    }

    /// As [`Job::all`], for what is read while something goes on that takes minutes.
    pub async fn watch_all(&self, operation: &Operation) -> Result<Value, ActionError> {
        self.pages(operation, passing).await
    }

    async fn pages(&self, operation: &Operation, judge: Judge) -> Result<Value, ActionError> {
        let Some(mut pages) = Pages::of(&operation.service, &operation.api, &operation.input) else {
            return Ok(self.until(operation, judge).await?.output);
        };
        let mut page = operation.clone();
        while let Some(next) = pages.add(self.until(&page, judge).await?.output) {
            page.input = next;
        }
        Ok(pages.finish())
    }

    /// After a refusal: waits when it is for now, and is the error when it is not.
    pub async fn after(&self, operation: &Operation, failure: Failure, judge: Judge) -> Result<(), ActionError> {
        let Some(why) = judge(operation, &failure) else {
            return Err(ActionError::Refused { doing: doing(operation), failure });
        };
        let progress = self.progress();
        self.running(format!("{why}: {}; again in {} ({progress})", failure.message, spell(AGAIN)));
        let what = || format!("{} is still refused, {}: {}", doing(operation), failure.code, failure.message);
        self.pause(AGAIN, what).await
    }
}

/// One line without anything that moves a cursor.
fn clean(text: &str) -> String {
    printable(text).replace('\n', " ")
}

/// `aws rds create-db-cluster in eu-west-1`.
pub fn doing(operation: &Operation) -> String {
    format!("aws {} {} in {}", operation.service, operation.name, operation.region)
}

/// The text at a JSON pointer, or nothing.
pub fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of the list member `name`.
pub fn items<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}
