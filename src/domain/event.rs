//! What happens while the guide works, as values that screens, logs and `--json` show.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::time::SimTime;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A module was begun.
    ModuleStarted,
    /// A module's last step is done.
    ModuleDone,
    /// A step was begun.
    StepStarted,
    /// All checks of a step hold.
    StepDone,
    /// An action was started.
    ActionStarted,
    /// An action told how far it is.
    ActionProgress,
    /// An action ended well.
    ActionDone,
    /// An action failed.
    ActionFailed,
    /// An action was cancelled.
    ActionCancelled,
    /// A check changed its outcome.
    CheckChanged,
    /// A module was entered although a fact it needs is missing.
    NeedsOverridden,
    /// A phase of a drill began or ended.
    DrillPhase,
    /// Something worth telling that has no kind of its own.
    Note,
}

/// One thing that happened. Serialised, it is a line of `run --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub event: EventKind,
    /// When, in simulated seconds since the Unix epoch.
    pub at: f64,
    /// When, in wall-clock seconds since this process started.
    pub wall: f64,
    /// The module's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The step's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The action's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The check's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The outcome's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// One line for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// More, by kind of event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Value>,
}

impl Event {
    /// An event of that kind at that simulated instant; the rest is filled in with struct update syntax.
    pub fn new(event: EventKind, at: SimTime) -> Self {
        Self {
            event,
            at: at.epoch_seconds(),
            wall: 0.0,
            module: None,
            step: None,
            action: None,
            check: None,
            outcome: None,
            message: None,
            detail: None,
        }
    }
}
