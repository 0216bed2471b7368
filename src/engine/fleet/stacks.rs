//! The run's stacks of an account: their states, what happened last, what is in them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::reader::Reader;
use crate::domain::{Failure, Operations as _, RegionPair, Role, SimTime};
use crate::protocol::{call_all, operation};

/// A stack of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Where it is.
    pub region: String,
    /// Its name.
    pub name: String,
    /// Its state, in CloudFormation's word.
    pub status: String,
    /// Why it has that state, when CloudFormation says so.
    pub reason: String,
    /// When something was last begun with it.
    pub touched: Option<SimTime>,
}

impl Stack {
    /// Whether CloudFormation is at work on it.
    pub fn moves(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS")
    }

    /// Whether it is being deleted, or could not be.
    pub fn goes(&self) -> bool {
        self.status.starts_with("DELETE_")
    }

    /// Whether something with it went wrong.
    pub fn failed(&self) -> bool {
        self.status.contains("FAILED") || self.status.contains("ROLLBACK")
    }
}

fn text(item: &Value, member: &str) -> String {
    item.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The run's stacks of both Regions.
pub async fn list(reader: &Reader, regions: &RegionPair, suffix: &str) -> Result<Vec<Stack>, Failure> {
    let mut stacks = Vec::new();
    for role in [Role::Primary, Role::Secondary] {
        let region = regions.of(role).as_str();
        let output = call_all(reader, &operation("cloudformation", "describe-stacks", region, json!({}))).await?;
        let items = output.get("Stacks").and_then(Value::as_array).cloned().unwrap_or_default();
        stacks.extend(items.iter().filter(|item| text(item, "StackName").contains(suffix)).map(|item| {
            let times = ["CreationTime", "LastUpdatedTime", "DeletionTime"];
            Stack {
                region: region.to_owned(),
                name: text(item, "StackName"),
                status: text(item, "StackStatus"),
                reason: text(item, "StackStatusReason"),
                touched: times.iter().filter_map(|member| SimTime::parse(&text(item, member))).max(),
            }
        }));
    }
    Ok(stacks)
}

/// The newest event of the stack with which something was begun last, and the first failure among its newest events.
pub async fn last_event(reader: &Reader, stacks: &[Stack]) -> Result<(Option<SimTime>, Option<String>), Failure> {
    let Some(stack) = stacks.iter().max_by_key(|stack| stack.touched) else { return Ok((None, None)) };
    let input = json!({ "StackName": stack.name });
    // One page is enough: the newest events come first.
    let read = operation("cloudformation", "describe-stack-events", &stack.region, input);
    let output = reader.call(&read).await?.output;
    let events = output.get("StackEvents").and_then(Value::as_array).cloned().unwrap_or_default();
    let newest = events.iter().filter_map(|event| SimTime::parse(&text(event, "Timestamp"))).max();
    let failed = |event: &&Value| {
        let cancelled = text(event, "ResourceStatusReason").contains("cancelled");
        text(event, "ResourceStatus").ends_with("_FAILED") && !cancelled && stack.failed()
    };
    let why = events.iter().rev().find(failed).map(|event| {
        let (resource, reason) = (text(event, "LogicalResourceId"), text(event, "ResourceStatusReason"));
        format!("{} in {}: {} {resource}: {reason}", stack.name, stack.region, text(event, "ResourceStatus"))
    });
    Ok((newest, why))
}

/// How many things of each CloudFormation type are in a stack.
pub async fn types(reader: &Reader, stack: &Stack) -> Result<BTreeMap<String, usize>, Failure> {
    let input = json!({ "StackName": stack.name });
    let output = call_all(reader, &operation("cloudformation", "list-stack-resources", &stack.region, input)).await?;
    let mut types = BTreeMap::new();
    for row in output.get("StackResourceSummaries").and_then(Value::as_array).into_iter().flatten() {
        let gone = text(row, "ResourceStatus") == "DELETE_COMPLETE" || text(row, "PhysicalResourceId").is_empty();
        if !gone {
            *types.entry(text(row, "ResourceType")).or_insert(0) += 1;
        }
    }
    Ok(types)
}
