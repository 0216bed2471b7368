//! The journal's lines, and what they say together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::journal::Journal;
use crate::domain::{FactId, SimTime, Way};

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Well.
    Done,
    /// With a failure.
    Failed,
    /// The learner stopped it.
    Cancelled,
}

/// What a drill measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrillRecord {
    /// The fault's name in workshop.yaml.
    pub fault: String,
    /// The report's path below the state directory.
    pub report: String,
    /// Seconds until customers were served again, when it was measured.
    pub rto_seconds: Option<f64>,
    /// Seconds of lost writes, when the drill exercised it.
    pub rpo_seconds: Option<f64>,
    /// The RTO's verdict as written in the report.
    pub verdict: String,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Entry {
    /// The learner opened a step.
    StepOpened {
        /// The module's id.
        module: String,
        /// The step's id.
        step: String,
    },
    /// All checks of a step held for the first time.
    StepDone {
        /// The step's id.
        step: String,
        /// Simulated seconds since it was first opened or run.
        seconds: f64,
    },
    /// The learner chose another way of doing steps.
    WayChosen {
        /// The way.
        way: Way,
    },
    /// A hint was opened.
    HintOpened {
        /// The step's id.
        step: String,
        /// Its number, from 1.
        level: usize,
    },
    /// A module was entered although facts it needs are missing.
    NeedsOverridden {
        /// The module's id.
        module: String,
        /// What was missing.
        missing: Vec<FactId>,
    },
    /// An action was started.
    ActionStarted {
        /// The action's id.
        action: String,
    },
    /// An action ended.
    ActionEnded {
        /// The action's id.
        action: String,
        /// How.
        ending: Ending,
        /// Simulated seconds that it took.
        seconds: f64,
        /// One line, when there is something to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// A drill was measured.
    DrillReported(DrillRecord),
    /// The learner chose another speed.
    SpeedChosen {
        /// Simulated seconds per second.
        speed: f64,
    },
    /// An event of a newer guide; kept in the file, and otherwise left alone.
    #[serde(other)]
    Unknown,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When, in simulated milliseconds since the Unix epoch.
    pub at: SimTime,
    /// What.
    #[serde(flatten)]
    pub entry: Entry,
}

/// Where the learner was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The module's id.
    pub module: Option<String>,
    /// The step's id.
    pub step: Option<String>,
    /// The way of doing steps.
    pub way: Way,
}

impl Journal {
    /// Where the learner was.
    pub fn position(&self) -> Position {
        let mut position = Position::default();
        for record in self.records() {
            match &record.entry {
                Entry::StepOpened { module, step } => {
                    position.module = Some(module.clone());
                    position.step = Some(step.clone());
                }
                Entry::WayChosen { way } => position.way = *way,
                _ => {}
            }
        }
        position
    }

    /// Whether an action of the step was ever started.
    pub fn ran(&self, step: &str) -> bool {
        self.records().iter().any(|record| match &record.entry {
            Entry::ActionStarted { action } => action.split('#').next() == Some(step),
            _ => false,
        })
    }

    /// Actions that were started and whose end is not known: the program was killed meanwhile, or they still run.
    pub fn unfinished(&self) -> Vec<(String, SimTime)> {
        let mut open: Vec<(String, SimTime)> = Vec::new();
        for record in self.records() {
            match &record.entry {
                Entry::ActionStarted { action } => {
                    open.retain(|(known, _)| known != action);
                    open.push((action.clone(), record.at));
                }
                Entry::ActionEnded { action, .. } => open.retain(|(known, _)| known != action),
                _ => {}
            }
        }
        open
    }

    /// How many hints of each step were opened.
    pub fn hints(&self) -> BTreeMap<String, usize> {
        let mut hints = BTreeMap::new();
        for record in self.records() {
            if let Entry::HintOpened { step, level } = &record.entry {
                let opened = hints.entry(step.clone()).or_insert(0);
                *opened = (*opened).max(*level);
            }
        }
        hints
    }

    /// The modules that were entered although something was missing, with what was.
    pub fn overrides(&self) -> Vec<(String, Vec<FactId>)> {
        let entry = |record: &Record| match &record.entry {
            Entry::NeedsOverridden { module, missing } => Some((module.clone(), missing.clone())),
            _ => None,
        };
        self.records().iter().filter_map(entry).collect()
    }

    /// The drills that were measured, oldest first.
    pub fn drills(&self) -> Vec<DrillRecord> {
        let entry = |record: &Record| match &record.entry {
            Entry::DrillReported(drill) => Some(drill.clone()),
            _ => None,
        };
        self.records().iter().filter_map(entry).collect()
    }

    /// The steps that were done once, with the simulated seconds that they took.
    pub fn durations(&self) -> BTreeMap<String, f64> {
        let entry = |record: &Record| match &record.entry {
            Entry::StepDone { step, seconds } => Some((step.clone(), *seconds)),
            _ => None,
        };
        self.records().iter().filter_map(entry).collect()
    }
}
