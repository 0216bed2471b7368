//! What a drill shows at one instant: a copy of its samples' meaning, made once a simulated second.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::analysis::Analysis;
use super::plan::{Lane, Plan};
use crate::domain::SimTime;
use crate::domain::drill::SlotResult;

/// How far a drill is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Watching before the fault.
    Baseline,
    /// The fault is active and the shop is not steady yet.
    Failing,
    /// The verdict stands; the fault is still active.
    Frozen,
    /// The fault is being mended, and the way back is measured.
    FailingBack,
    /// Over.
    Done,
    /// Over before a verdict, and why.
    Stopped(String),
}

/// Which part of AWS does something. Recovery should need the data plane only: in a bad hour, a control plane may be out
/// itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plane {
    /// Calls that change settings.
    Control,
    /// What serves clients, and what watches over it.
    Data,
}

impl Plane {
    /// As it is shown.
    pub fn word(self) -> &'static str {
        match self {
            Plane::Control => "control plane",
            Plane::Data => "data plane",
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: SimTime,
    /// What.
    pub text: String,
    /// Which part of AWS did it, when AWS did something.
    pub plane: Option<Plane>,
}

/// One drill at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What is being done.
    pub plan: Plan,
    /// The lanes.
    pub lanes: Vec<Lane>,
    /// How far it is.
    pub stage: Stage,
    /// The instant of this snapshot.
    pub at: SimTime,
    /// Since the fault was asked for.
    pub elapsed: Option<Duration>,
    /// The analysis of the samples so far.
    pub analysis: Analysis,
    /// The last slots of every lane, oldest first: instant and result.
    pub recent: Vec<Vec<(SimTime, SlotResult)>>,
    /// What happened, oldest first.
    pub log: Vec<Line>,
    /// The predicted band: 5th percentile, median, 95th percentile.
    pub predicted: Option<(Duration, Duration, Duration)>,
}
