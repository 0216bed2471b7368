//! What fleet says of one seat.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::SimTime;

/// How many facts of a module hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Facts that hold.
    pub passed: usize,
    /// All facts that the module gives.
    pub total: usize,
    /// Facts that only a request to the learner's site could tell; fleet sends none.
    pub not_asked: Vec<String>,
    /// Facts that could not be read, or not yet.
    pub unknown: Vec<String>,
}

/// Whether nothing moves at a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stuck {
    /// Nothing has moved since then.
    Since(SimTime),
    /// AWS is at work.
    Working,
    /// Nothing tells when something last moved.
    Unknown,
}

/// What is known of a seat.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The seat.
    pub seat: String,
    /// Who sits there.
    pub name: String,
    /// The account.
    pub account: String,
    /// The module in which the learner stands; none when the account could not be read.
    pub module: Option<String>,
    /// The facts of that module.
    pub facts: Facts,
    /// The first fact that does not hold, and what is said about it.
    pub waits_for: Option<String>,
    /// Whether nothing moves.
    pub stuck: Stuck,
    /// For how long, in seconds of the account's time.
    pub stuck_seconds: Option<f64>,
    /// When something last happened.
    pub last_activity: Option<SimTime>,
    /// How that is known: `events` of CloudFormation, the run's `manifest`, or `seen` by fleet itself.
    pub last_activity_from: Option<&'static str>,
    /// The step in which the learner did something last, as the run's manifest says; none when there is none.
    pub position: Option<String>,
    /// US dollars an hour for what stands in the run's stacks and has a price in the table, an estimate; none when the
    /// stacks could not be read, or not yet.
    pub dollars_per_hour: Option<f64>,
    /// Types in the stacks whose price is unknown, with how many there are of each.
    pub cost_unknown: BTreeMap<String, usize>,
    /// What is wrong, each with the name of what it is wrong with.
    pub errors: Vec<String>,
    /// Reads of the last cycle.
    pub reads: usize,
    /// The age of the oldest answer in this row, in seconds; none when nothing was answered.
    pub age_seconds: Option<f64>,
}

/// A span in at most six characters.
pub fn short(seconds: f64) -> String {
    let minutes = (seconds / 60.0) as u64;
    match minutes {
        0 => format!("{}s", seconds as u64),
        1..60 => format!("{minutes}m"),
        60..6000 => format!("{}h{:02}", minutes / 60, minutes % 60),
        _ => format!("{}d", minutes / 1440),
    }
}

impl Row {
    /// A seat whose account could not be read.
    pub fn unread(seat: &str, account: &str, why: &str) -> Self {
        Self {
            seat: seat.to_owned(),
            name: String::new(),
            account: account.to_owned(),
            module: None,
            facts: Facts::default(),
            waits_for: None,
            stuck: Stuck::Unknown,
            stuck_seconds: None,
            last_activity: None,
            last_activity_from: None,
            position: None,
            dollars_per_hour: None,
            cost_unknown: BTreeMap::new(),
            errors: vec![why.to_owned()],
            reads: 0,
            age_seconds: None,
        }
    }

    /// Who is stuck longest comes first; then who may be stuck, then who works, then accounts that could not be read.
    pub(super) fn order(&self) -> (u8, SimTime) {
        match (&self.module, self.stuck) {
            (None, _) => (3, SimTime::default()),
            (_, Stuck::Since(at)) => (0, at),
            (_, Stuck::Unknown) => (1, SimTime::default()),
            (_, Stuck::Working) => (2, SimTime::default()),
        }
    }
}
