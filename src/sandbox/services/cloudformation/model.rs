//! Stacks, their resources, events and change sets, and the operation that is under way.

use std::collections::BTreeMap;

use super::template::plan::Plan;
use crate::domain::SimTime;
use crate::sandbox::packed::{Packed, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The type of stacks, which a stack's own events carry, too.
pub const STACK: &str = "AWS::CloudFormation::Stack";

/// A stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// Its name, unique among the stacks that are not deleted.
    pub name: String,
    /// Its ARN.
    pub id: String,
    /// `CREATE_IN_PROGRESS`, …
    pub status: String,
    /// Why, when there is something to say.
    pub reason: Option<String>,
    /// The template's text.
    pub template: Text,
    /// Parameters as they were given.
    pub parameters: BTreeMap<String, String>,
    /// Names of parameters whose values must not be shown.
    pub secrets: Vec<String>,
    /// What the template says of itself.
    pub description: Option<String>,
    /// Acknowledged capabilities.
    pub capabilities: Vec<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// Its outputs.
    pub outputs: Vec<Output>,
    /// Whether a failure leaves everything as it is.
    pub disable_rollback: bool,
    /// Whether a failed creation ends in deletion.
    pub delete_on_failure: bool,
    /// Whether DeleteStack is refused.
    pub protected: bool,
    /// When it was made.
    pub created: SimTime,
    /// When it was last updated.
    pub updated: Option<SimTime>,
    /// When its deletion began.
    pub deleted: Option<SimTime>,
    /// The change set that made or last changed it.
    pub change_set: Option<String>,
    /// Its resources by logical id.
    pub resources: BTreeMap<String, Resource>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// What it is to be.
    pub plan: Plan,
    /// What is under way.
    pub work: Option<Work>,
    /// The stack that it is nested in, and the one at the top.
    #[serde(default)]
    pub nested: Option<Nested>,
    /// What a failed rollback left over, to be removed when the rollback is continued.
    #[serde(default)]
    pub leftovers: Vec<(String, Resource)>,
}

/// Where a nested stack stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nested {
    /// The ARN of the stack that it is a resource of.
    pub parent: String,
    /// The ARN of the stack at the top.
    pub root: String,
}

impl Stack {
    /// Whether it still exists (a deleted stack is found by its id only).
    pub fn exists(&self) -> bool {
        self.status != "DELETE_COMPLETE"
    }

    /// Whether an operation is under way.
    pub fn busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }
}

/// An output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What it is.
    pub description: Option<String>,
    /// The name that other stacks import it by.
    pub export: Option<String>,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its type.
    pub type_name: String,
    /// Its physical id, once there is one.
    pub physical: Option<String>,
    /// `CREATE_COMPLETE`, …
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// When the status changed.
    pub changed: SimTime,
    /// Its properties with functions carried out, dynamic references left as they are.
    pub properties: Packed,
    /// What it stands on.
    pub needs: Vec<String>,
    /// Its deletion policy, empty when the template does not say.
    pub deletion: String,
}

/// One event. A finished stack has hundreds, which mostly repeat each other's texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What its id is unique by.
    pub id: String,
    /// When.
    pub at: SimTime,
    /// The resource, or the stack's own name.
    pub logical: Text,
    /// The physical id, or the stack's id.
    pub physical: Text,
    /// The type.
    pub type_name: Text,
    /// The status.
    pub status: Text,
    /// Why.
    pub reason: Option<Text>,
    /// The caller's token of the operation.
    pub token: Option<Text>,
}

/// What an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aim {
    /// Making the stack.
    Create,
    /// Changing it.
    Update,
    /// Removing what an update left over.
    CleanUp,
    /// Undoing a failed creation.
    Rollback,
    /// Undoing a failed update.
    UpdateRollback,
    /// Removing what a failed update had made.
    UpdateRollbackCleanUp,
    /// Deleting the stack.
    Delete,
}

/// An operation under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// What it is for.
    pub aim: Aim,
    /// Tells this operation's transitions from those of one before.
    pub generation: u64,
    /// What is to be done, by logical id.
    pub tasks: BTreeMap<String, Task>,
    /// What went wrong: logical ids.
    pub failed: Vec<String>,
    /// The caller's token.
    pub token: Option<String>,
    /// Whether a deletion leaves behind what it cannot delete.
    pub force: bool,
    /// What an update replaced or dropped, to be removed at its end.
    pub leftovers: Vec<(String, Resource)>,
    /// Whether the caller cancelled it.
    #[serde(default)]
    pub cancelled: bool,
    /// The stack before an update, to go back to.
    pub before: Option<Box<Before>>,
}

/// What an update can go back to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// The template's text.
    pub template: Text,
    /// Parameters.
    pub parameters: BTreeMap<String, String>,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// The plan.
    pub plan: Plan,
    /// The resources.
    pub resources: BTreeMap<String, Resource>,
}

/// What is done to one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// What.
    pub action: Action,
    /// How far it is.
    pub phase: Phase,
    /// The tasks that must be done before.
    pub after: Vec<String>,
    /// When to look again.
    pub due: SimTime,
    /// When it began.
    pub began: SimTime,
}

/// What is done to one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// It is made.
    Create,
    /// It is compared with its new properties, and changed or replaced when they differ.
    Update,
    /// It is removed.
    Delete(Box<Resource>),
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Others must be done before.
    Waiting,
    /// Begun; the service is called when due.
    Begun,
    /// The service was called; its resource is looked at when due.
    Settling,
    /// Done.
    Done,
    /// Failed, or given up because another failed.
    Failed,
}

/// A change set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeSet {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub id: String,
    /// The stack's ARN.
    pub stack_id: String,
    /// `CREATE_PENDING`, `CREATE_IN_PROGRESS`, `CREATE_COMPLETE`, `FAILED`.
    pub status: String,
    /// `UNAVAILABLE`, `AVAILABLE`, `EXECUTE_IN_PROGRESS`, `EXECUTE_COMPLETE`, `EXECUTE_FAILED`, `OBSOLETE`.
    pub execution: String,
    /// Why.
    pub reason: Option<String>,
    /// `CREATE` or `UPDATE`.
    pub kind: String,
    /// What it is.
    pub description: Option<String>,
    /// When it was made.
    pub created: SimTime,
    /// The request, to be carried out, without the template's text.
    pub request: Packed,
    /// The template's text.
    pub template: Text,
    /// Parameters.
    pub parameters: BTreeMap<String, String>,
    /// Names of parameters whose values must not be shown.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// What would change, as DescribeChangeSet lists it.
    pub changes: Packed,
}

/// The member that carries a template's text.
const BODY: &str = "TemplateBody";

impl ChangeSet {
    /// The request as it is kept: its template's text is the change set's own.
    pub fn kept(request: &Value) -> Packed {
        let mut request = request.clone();
        if let Some(body) = request.get_mut(BODY) {
            *body = Value::Null;
        }
        Packed::from(&request)
    }

    /// The request as it was made.
    pub fn request(&self) -> Value {
        let mut request = self.request.value();
        if let Some(body) = request.get_mut(BODY) {
            *body = Value::from(&*self.template);
        }
        request
    }
}
