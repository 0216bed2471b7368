//! The outcome of a check, and the facts that checks establish.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::SimTime;

/// The name of a set of checks that steps give and modules need: `m2.aurora-replica`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactId(pub String);

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a check failed, in words for the learner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The cause's id: `not_found`, `found_elsewhere`, or the JMESPath that did not hold.
    pub id: String,
    /// What is, against what should be.
    pub say: String,
    /// Why it matters.
    pub why: Option<String>,
    /// The fence that mends it, `#create-cluster`.
    pub fix: Option<String>,
    /// The value that was found, as JSON, when a value was compared.
    pub got: Option<String>,
    /// What was expected.
    pub want: Option<String>,
}

/// Why a check could not be answered. It never counts as a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// AWS asked for fewer requests.
    Throttled,
    /// The identity may not read this.
    Denied,
    /// The credentials have expired.
    Expired,
    /// AWS could not be reached.
    Network,
    /// AWS answered with an error of its own.
    Service,
    /// The read needs an output that does not exist yet.
    Waiting,
}

/// The answer of a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// Not there, and the step was not run: nothing is wrong.
    Todo,
    /// On its way.
    Pending {
        /// Since when it has been so, where that is known.
        since: Option<SimTime>,
        /// How long it takes as a rule.
        expected: Option<Duration>,
        /// AWS's own word for the state, `creating`.
        state: String,
    },
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail {
        /// Why.
        cause: Cause,
    },
    /// Could not be answered.
    Unknown {
        /// Why not.
        why: Unknown,
        /// What AWS or the guide said.
        message: String,
    },
}

impl Outcome {
    /// The outcome's one word: `todo`, `pending`, `pass`, `fail`, `unknown`.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Todo => "todo",
            Outcome::Pending { .. } => "pending",
            Outcome::Pass => "pass",
            Outcome::Fail { .. } => "fail",
            Outcome::Unknown { .. } => "unknown",
        }
    }

    /// Whether the check holds.
    pub fn passed(&self) -> bool {
        matches!(self, Outcome::Pass)
    }
}
