//! The failover drill as the screen shows it. The engine sends a whole new view about once a second of simulated time.

use std::time::Duration;

use crate::domain::Role;
use crate::domain::drill::{ClientClass, Phase, SlotResult, Verdict};

/// Everything on the drill screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrillView {
    /// Where the drill is.
    pub state: DrillState,
    /// What can be broken; chosen from while idle.
    pub faults: Vec<FaultView>,
    /// The fault that runs or ran, by its name in `faults`.
    pub fault: Option<String>,
    /// The Region that is broken now.
    pub broken: Option<Role>,
    /// Time since the fault's request (t0), simulated. While a baseline is taken: time since its start.
    pub elapsed: Duration,
    /// The recovery time objective.
    pub budget: Duration,
    /// The phases so far, in order; the last may be open.
    pub phases: Vec<PhaseView>,
    /// Between when and when the closed form expects the recovery.
    pub predicted: Option<(Duration, Duration)>,
    /// The learner's own guess.
    pub prediction: Option<Duration>,
    /// One lane per journey and class.
    pub lanes: Vec<Lane>,
    /// What each vantage is answered with now.
    pub vantages: Vec<VantageView>,
    /// The stores' writes.
    pub stores: Vec<StoreView>,
    /// What happened, newest first.
    pub log: Vec<LogLine>,
    /// What should happen next: `health check of R1 should fail in 12-14 s`.
    pub next: Option<String>,
    /// The verdict on the recovery time.
    pub rto: Option<Verdict>,
    /// The verdict on lost writes.
    pub rpo: Option<Verdict>,
    /// Where the report was written.
    pub report: Option<String>,
    /// Why the drill cannot start or go on.
    pub trouble: Option<super::Trouble>,
}

/// Where a drill is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DrillState {
    /// Nothing runs; a fault can be chosen.
    #[default]
    Idle,
    /// The baseline is taken, and the learner may guess the recovery time.
    Predict,
    /// The fault is active and the timer runs.
    Running,
    /// The timer stands: recovered, or given up, with a verdict.
    Frozen,
    /// The fault was undone and the return is measured.
    Failback,
}

impl DrillState {
    /// Whether a fault may be active or the measurement is going on.
    pub fn active(self) -> bool {
        matches!(self, DrillState::Predict | DrillState::Running | DrillState::Failback)
    }

    /// The word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            DrillState::Idle => "ready to start",
            DrillState::Predict => "baseline",
            DrillState::Running => "running",
            DrillState::Frozen => "stopped",
            DrillState::Failback => "failing back",
        }
    }
}

/// Something that can be broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultView {
    /// Its name in the workshop, `api`.
    pub name: String,
    /// One line.
    pub title: String,
    /// Whether it cuts replication, so that RPO is measured.
    pub cuts_replication: bool,
    /// What starting it does, one line each, for the confirmation.
    pub plan: Vec<String>,
    /// Whether it can be started now, or why not.
    pub ready: Result<(), String>,
}

/// One phase of the recovery.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseView {
    /// Which.
    pub phase: Phase,
    /// When it began, since t0.
    pub start: Duration,
    /// When it ended, since t0; `None` while it lasts.
    pub end: Option<Duration>,
    /// A few words: `3 of 3 health checkers failed`.
    pub say: String,
    /// Its marker arrived after the next one: *seen late*.
    pub late: bool,
}

/// One journey as one kind of client sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// `books`, `cart`, `blog`, `home`.
    pub journey: String,
    /// How the client caches DNS.
    pub class: ClientClass,
    /// A direct control lane of one Region, not a shopper's.
    pub direct: Option<Role>,
    /// One cell per second of simulated time, oldest first, the last is now.
    pub cells: Vec<SlotResult>,
}

/// What a vantage is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VantageView {
    /// `dublin`.
    pub name: String,
    /// The Region that its resolver names now.
    pub answers: Option<Role>,
    /// How long its cached answer still lasts.
    pub ttl_left: Option<Duration>,
}

/// The writes of one store.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreView {
    /// `DynamoDB`, `Aurora`, `S3`.
    pub name: String,
    /// The last write that R1 acknowledged.
    pub last_acked: Option<u64>,
    /// The last write that R2 has without a gap before it.
    pub last_safe: Option<u64>,
    /// What is missing.
    pub gap: Gap,
}

/// What R2 misses of R1's acknowledged writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gap {
    /// The fault does not cut replication.
    NotExercised,
    /// So many writes, so much time.
    Behind {
        /// Acknowledged writes that R2 does not have.
        writes: u64,
        /// Time between the last safe write and the last acknowledged one.
        span: Duration,
    },
}

/// A line of the drill's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Since t0.
    pub at: Duration,
    /// Who says it: `route53`, `probe`, `drill`.
    pub source: String,
    /// What.
    pub text: String,
    /// For a recovery action: whether it needed a control plane.
    pub control_plane: Option<bool>,
}
