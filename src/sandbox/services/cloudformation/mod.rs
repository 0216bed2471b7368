//! CloudFormation: stacks, change sets and events.
//!
//! `template` reads and checks templates and makes a plan of them, `providers` know how each resource type is made over
//! the services' own APIs, `engine` carries a plan out in simulated time, `ops` answers the API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Handler, Record};
use crate::sandbox::call::{Call, tag_list};

mod engine;
mod model;
mod ops;
pub mod providers;
mod schema;
mod signals;
mod template;

pub use model::{ChangeSet, Event, Output, Resource, Stack};
pub use signals::{receive, receive_at};

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Stacks by ARN, deleted ones included.
    pub stacks: BTreeMap<String, Stack>,
    /// Change sets by ARN.
    pub change_sets: BTreeMap<String, ChangeSet>,
    /// What arrived at the addresses that were given out.
    #[serde(default)]
    pub inbox: signals::Inbox,
    /// What custom resources were asked, by stack and logical id.
    #[serde(default)]
    pub customs: BTreeMap<String, signals::Custom>,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A stack's operation goes on.
    Step {
        /// The stack's ARN.
        stack: String,
        /// The operation.
        generation: u64,
    },
    /// A change set is computed.
    ChangeSet(String),
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    match what {
        Transition::Step { stack, generation } => engine::step(call, &stack, generation),
        Transition::ChangeSet(id) => ops::change_sets::compute(call, &id),
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateStack" => ops::stacks::create,
        "UpdateStack" => ops::stacks::update,
        "DeleteStack" => ops::stacks::delete,
        "ContinueUpdateRollback" => ops::rollback::go_on,
        "CancelUpdateStack" => ops::rollback::cancel,
        "UpdateTerminationProtection" => ops::stacks::protect,
        "DescribeStacks" => ops::reads::describe_stacks,
        "DescribeStackEvents" => ops::reads::events,
        "DescribeStackResource" => ops::reads::resource,
        "DescribeStackResources" => ops::reads::resources,
        "ListStacks" => ops::reads::list_stacks,
        "ListStackResources" => ops::reads::list_resources,
        "ListExports" => ops::reads::list_exports,
        "ListImports" => ops::reads::list_imports,
        "GetTemplate" => ops::templates::get,
        "GetTemplateSummary" => ops::templates::summary,
        "ValidateTemplate" => ops::templates::validate,
        "CreateChangeSet" => ops::change_sets::create,
        "DescribeChangeSet" => ops::change_sets::describe,
        "ExecuteChangeSet" => ops::change_sets::execute,
        "DeleteChangeSet" => ops::change_sets::delete,
        "ListChangeSets" => ops::change_sets::list,
        _ => return None,
    })
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let stacks = call.regional().cloudformation.stacks.values();
    stacks
        .filter(|stack| stack.exists())
        .map(|stack| Record {
            type_name: "AWS::CloudFormation::Stack",
            id: stack.id.clone(),
            arn: stack.id.clone(),
            tags: stack.tags.clone(),
            properties: json!({
                "StackName": stack.name, "StackId": stack.id, "StackStatus": stack.status,
                "Tags": tag_list(&stack.tags),
            }),
            built_in: false,
        })
        .collect()
}

#[cfg(test)]
pub(in crate::sandbox) mod tests;
