//! A step's page with every template filled in, as the engine hands it over.

use std::sync::Arc;
use std::time::Duration;

use crate::content::model::{Confirmation, Hint};
use crate::domain::{Effect, Role};
use crate::markdown::Document;

use super::StepId;

/// A rendered step. The engine sends a new one whenever a value in it becomes known or changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The step.
    pub step: StepId,
    /// The aim in one sentence.
    pub goal: String,
    /// The text.
    pub document: Arc<Document>,
    /// Its fences that run, in page order, hidden ones included.
    pub actions: Vec<ActionView>,
    /// The ids of the actions that do the step, in order. Empty: nothing to do for the learner.
    pub solution: Vec<String>,
    /// Its checks in order.
    pub checks: Vec<CheckTitle>,
    /// Its hints, gentlest first; those for a failing check are in between.
    pub hints: Vec<Hint>,
    /// Why the step exists.
    pub why: Option<String>,
    /// Values that the page shows but that AWS does not have yet, `out.m1.aurora_arn`.
    pub waits_for: Vec<String>,
}

/// A fence that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionView {
    /// `m2.aurora-replica#create-cluster`.
    pub id: String,
    /// `create-cluster`, the fence's id on the page.
    pub anchor: String,
    /// The commands as they will run, one AWS command each.
    pub commands: Vec<String>,
    /// The Region it works in.
    pub role: Option<Role>,
    /// What it does.
    pub effect: Effect,
    /// What it asks for first, by the workshop's policy for this mode.
    pub confirm: Confirmation,
    /// What must be typed when `confirm` is `TypeName`: the name of what is touched.
    pub word: String,
    /// The anchor of the fence that undoes it, on the same step.
    pub undo: Option<String>,
    /// How long it takes as a rule.
    pub expected: Option<Duration>,
    /// Not shown on the page.
    pub hidden: bool,
    /// To be read and copied; it cannot be run from here.
    pub never: bool,
}

impl ActionView {
    /// Removing and breaking are always confirmed, whatever the policy says.
    pub fn confirmation(&self) -> Confirmation {
        match self.effect {
            Effect::Delete | Effect::Fault => self.confirm.max(Confirmation::Ask),
            Effect::Read | Effect::Create | Effect::Update => self.confirm,
        }
    }

    /// A short name for lists and logs: the operation of its first command, `rds create-db-cluster`.
    pub fn title(&self) -> String {
        let command = self.commands.first().map_or("", String::as_str);
        let words: Vec<&str> = command.split_whitespace().skip_while(|word| *word == "aws").take(2).collect();
        if words.is_empty() { self.anchor.clone() } else { words.join(" ") }
    }
}

/// A check's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckTitle {
    /// The full id, `m2.aurora-replica/replica-cluster`.
    pub id: String,
    /// One line.
    pub title: String,
    /// The Region it looks at, when it is one of the two.
    pub role: Option<Role>,
}

impl Page {
    /// The actions that the page shows; what ↑↓ choose among.
    pub fn visible(&self) -> impl Iterator<Item = &ActionView> {
        self.actions.iter().filter(|action| !action.hidden)
    }

    /// The action with that id, or with that anchor (`#anchor` and `anchor`).
    pub fn action(&self, name: &str) -> Option<&ActionView> {
        let anchor = name.strip_prefix('#').unwrap_or(name);
        self.actions.iter().find(|action| action.id == name || action.anchor == anchor)
    }
}
