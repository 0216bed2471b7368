//! Actions that run or ran: their log, their end, and what a failure means.

use std::time::Duration;

use crate::domain::{Effect, Role, SimTime};

use super::StepId;

/// Names one run of an action. The model gives it out; a result whose job the model does not know is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// One run of an action or of a step's whole solution.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// The step it belongs to.
    pub step: StepId,
    /// The action, or `None` for the step's solution.
    pub action: Option<String>,
    /// A short name.
    pub title: String,
    /// The strongest effect it has.
    pub effect: Effect,
    /// The Region it works in.
    pub role: Option<Role>,
    /// How it stands.
    pub state: JobState,
    /// What it said, oldest first.
    pub lines: Vec<JobLine>,
    /// What it is doing now, replaced whenever it says so; empty when it is over.
    pub doing: String,
    /// How far it is, 0 to 100, when that is known.
    pub percent: Option<u8>,
    /// What it printed, once it is done.
    pub output: String,
    /// When it was started, simulated.
    pub started: SimTime,
    /// When it ended, simulated.
    pub ended: Option<SimTime>,
}

impl Job {
    /// Whether it still runs.
    pub fn running(&self) -> bool {
        matches!(self.state, JobState::Running | JobState::Cancelling)
    }

    /// How long it ran, until `now` when it still does.
    pub fn took(&self, now: SimTime) -> Duration {
        self.ended.unwrap_or(now).since(self.started)
    }
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// On its way.
    Running,
    /// Asked to stop.
    Cancelling,
    /// Ended well.
    Done,
    /// Ended badly.
    Failed(Trouble),
    /// Stopped by the learner.
    Cancelled,
}

/// A failure in the learner's words. Each text is one or two sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// What happened.
    pub what: String,
    /// What it means for the learner.
    pub means: String,
    /// What to press or do.
    pub press: String,
}

/// One line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobLine {
    /// When, simulated.
    pub at: SimTime,
    /// How it reads.
    pub kind: LineKind,
    /// The line.
    pub text: String,
}

/// How a line of a log is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineKind {
    /// Plain.
    #[default]
    Info,
    /// Something is done.
    Ok,
    /// Something failed.
    Fail,
}

/// What a job tells while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// It began.
    Started {
        /// When, simulated.
        at: SimTime,
    },
    /// It says something that stays in its log.
    Line(JobLine),
    /// It says what it is doing now; the next one takes its place.
    Doing(String),
    /// How far it is.
    Progress {
        /// 0 to 100.
        percent: u8,
    },
    /// It ended well.
    Done {
        /// When, simulated.
        at: SimTime,
        /// What it printed, as the AWS CLI would.
        output: String,
    },
    /// It ended badly.
    Failed {
        /// When, simulated.
        at: SimTime,
        /// Why, in the learner's words.
        trouble: Trouble,
        /// What AWS or the guide answered in full, for the output view.
        output: String,
    },
    /// It was stopped.
    Cancelled {
        /// When, simulated.
        at: SimTime,
    },
}
