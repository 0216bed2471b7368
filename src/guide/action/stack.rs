//! Watches a stack of CloudFormation: each event is told once, oldest first.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::error::ActionError;
use super::job::{Job, items, operation, text};
use crate::domain::time::spell;
use crate::domain::{Failure, Reply};
use crate::protocol::Wait;

/// The pause between two looks at a stack, and after the first minute.
const SOON: Duration = Duration::from_secs(5);
const LATER: Duration = Duration::from_secs(10);
const FIRST: Duration = Duration::from_mins(1);
/// After so many looks a final state counts even when no event told of a change.
const LOOKS: u32 = 3;

/// A stack while it changes.
#[derive(Debug)]
pub struct Watch {
    name: String,
    /// The ARN, by which a deleted stack can still be read.
    id: String,
    region: String,
    seen: HashSet<String>,
    /// The next news begin with the stack's latest operation; what was before it is not told.
    from_latest: bool,
    /// An operation was seen at work.
    at_work: bool,
    expected: usize,
    complete: BTreeSet<String>,
    percent: usize,
    failures: Vec<String>,
    reason: Option<String>,
}

impl Watch {
    /// Watches the stack `id` in `region`.
    pub fn new(name: &str, id: &str, region: &str) -> Self {
        Self {
            name: name.to_owned(),
            id: id.to_owned(),
            region: region.to_owned(),
            seen: HashSet::new(),
            from_latest: false,
            at_work: false,
            expected: 0,
            complete: BTreeSet::new(),
            percent: 0,
            failures: Vec::new(),
            reason: None,
        }
    }

    /// The next news begin with the latest operation, which is at work.
    #[must_use]
    pub fn joining(mut self) -> Self {
        self.from_latest = true;
        self.at_work = true;
        self
    }

    /// How many resources change, for the percentage; 0 when that is not known.
    pub fn expect(&mut self, resources: usize) {
        self.expected = resources;
    }

    /// The watch that goes with a waiter for a stack, made at the first answer that has its ARN.
    pub fn of_waiter<'w>(
        wait: &Wait,
        answer: &Result<Reply, Failure>,
        made: &'w mut Option<Watch>,
    ) -> Option<&'w mut Watch> {
        if made.is_none() && wait.service == "cloudformation" && wait.operation.api == "DescribeStacks" {
            let output = answer.as_ref().ok().map(|reply| &reply.output)?;
            let (name, id) = (text(output, "/Stacks/0/StackName"), text(output, "/Stacks/0/StackId"));
            if !id.is_empty() {
                *made = Some(Self::new(name, id, &wait.operation.region).joining());
            }
        }
        made.as_mut()
    }

    /// Takes all events up to now as known.
    pub async fn skip_past(&mut self, job: &Job<'_>) -> Result<(), ActionError> {
        self.unseen(job).await.map(drop)
    }

    /// The events that were not seen before, oldest first. A stack without events has none.
    async fn unseen(&mut self, job: &Job<'_>) -> Result<Vec<Value>, ActionError> {
        let mut read =
            operation("cloudformation", "describe-stack-events", &self.region, json!({ "StackName": self.id }));
        let mut fresh = Vec::new();
        loop {
            let Ok(reply) = job.watch(&read).await? else { break };
            let mut known = false;
            for event in items(&reply.output, "StackEvents") {
                let id = text(event, "/EventId");
                // The newest is first, so everything behind a known one is known.
                if !self.seen.insert(id.to_owned()) {
                    known = true;
                    break;
                }
                fresh.push(event.clone());
                if self.from_latest && self.of_stack(event) && text(event, "/ResourceStatusReason") == "User Initiated"
                {
                    known = true;
                    break;
                }
            }
            let token = text(&reply.output, "/NextToken").to_owned();
            if known || token.is_empty() {
                break;
            }
            read.input = json!({ "StackName": self.id, "NextToken": token });
        }
        self.from_latest = false;
        fresh.reverse();
        Ok(fresh)
    }

    /// Reads why the latest operation failed, without telling its events.
    pub async fn recall(&mut self, job: &Job<'_>) -> Result<(), ActionError> {
        for event in self.unseen(job).await? {
            self.note(&event);
        }
        Ok(())
    }

    /// Remembers what an event says of failure and completion.
    fn note(&mut self, event: &Value) {
        let status = text(event, "/ResourceStatus");
        let reason = text(event, "/ResourceStatusReason");
        // What CloudFormation stops because something else failed is no cause.
        if status.ends_with("_FAILED") && !reason.to_lowercase().contains("cancelled") {
            self.failures.push(line(event));
            self.reason.get_or_insert_with(|| format!("{}: {reason}", text(event, "/LogicalResourceId")));
        }
        if self.of_stack(event) {
            self.at_work = true;
        } else if status.ends_with("_COMPLETE") && !status.contains("ROLLBACK") {
            self.complete.insert(text(event, "/LogicalResourceId").to_owned());
        }
    }

    /// Whether the event is about the stack itself.
    fn of_stack(&self, event: &Value) -> bool {
        text(event, "/PhysicalResourceId") == self.id && text(event, "/ResourceType") == "AWS::CloudFormation::Stack"
    }

    /// Tells what happened since the last look.
    pub async fn news(&mut self, job: &Job<'_>) -> Result<(), ActionError> {
        for event in self.unseen(job).await? {
            job.line(line(&event));
            self.note(&event);
        }
        self.tell_percent(job);
        Ok(())
    }

    fn tell_percent(&mut self, job: &Job<'_>) {
        // What a rollback takes away is no progress.
        if self.reason.is_some() {
            return;
        }
        let done = self.complete.len().min(self.expected);
        let percent = (done * 100).checked_div(self.expected).unwrap_or(0);
        if percent > self.percent {
            self.percent = percent;
            job.percent(done, self.expected);
        }
    }

    /// Watches until nothing changes any more; gives the stack's state then, `DELETE_COMPLETE` when it is gone.
    pub async fn watch_to_end(&mut self, job: &Job<'_>) -> Result<String, ActionError> {
        let began = job.clock.now();
        let mut looks = 0;
        loop {
            looks += 1;
            let status = self.status(job).await?;
            self.news(job).await?;
            if !status.ends_with("_IN_PROGRESS") && (self.at_work || looks > LOOKS) {
                return Ok(status);
            }
            let (done, all) = (self.complete.len().min(self.expected), self.expected);
            let of = if all == 0 { String::new() } else { format!("{done} of {all} resources, ") };
            job.running(format!("{} in {}: {status}, {of}{}", self.name, self.region, job.progress()));
            let pause = if job.clock.now().since(began) < FIRST { SOON } else { LATER };
            let what = || format!("the stack {} in {} is still {status}", self.name, self.region);
            job.pause(pause, what).await?;
        }
    }

    async fn status(&self, job: &Job<'_>) -> Result<String, ActionError> {
        let stack = describe(job, &self.id, &self.region).await?;
        Ok(stack.map_or_else(|| "DELETE_COMPLETE".to_owned(), |stack| text(&stack, "/StackStatus").to_owned()))
    }

    /// The error for a stack that ended in `status`, with the first failed resource and why.
    pub fn failed(self, status: &str) -> ActionError {
        ActionError::StackFailed {
            stack: self.name,
            region: self.region,
            status: status.to_owned(),
            reason: self.reason.unwrap_or_else(|| "CloudFormation gives no reason".to_owned()),
            events: self.failures,
        }
    }

    /// Says that everything is there.
    pub fn finished(&mut self, job: &Job<'_>, status: &str) {
        if self.percent < 100 {
            self.percent = 100;
            job.percent(1, 1);
        }
        job.ok(format!("{} in {}: {status} after {}", self.name, self.region, spell(job.elapsed())));
    }
}

/// Whether a stack in this state has what was deployed.
pub fn succeeded(status: &str) -> bool {
    matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE")
}

/// The stack as CloudFormation describes it; `None` when there is none of that name.
pub async fn describe(job: &Job<'_>, stack: &str, region: &str) -> Result<Option<Value>, ActionError> {
    let read = operation("cloudformation", "describe-stacks", region, json!({ "StackName": stack }));
    match job.watch(&read).await? {
        Ok(reply) => Ok(items(&reply.output, "Stacks").next().cloned()),
        Err(failure) if failure.message.contains("does not exist") => Ok(None),
        Err(failure) => Err(ActionError::Refused { doing: super::job::doing(&read), failure }),
    }
}

/// `09:03:20  CREATE_COMPLETE  AWS::EC2::VPC Vpc`, and the reason where it is more than who asked.
fn line(event: &Value) -> String {
    let at = text(event, "/Timestamp").get(11..19).unwrap_or("--:--:--");
    let (status, kind) = (text(event, "/ResourceStatus"), text(event, "/ResourceType"));
    let logical = text(event, "/LogicalResourceId");
    match text(event, "/ResourceStatusReason") {
        "" | "User Initiated" | "Resource creation Initiated" => format!("{at}  {status}  {kind} {logical}"),
        reason => format!("{at}  {status}  {kind} {logical}: {reason}"),
    }
}
