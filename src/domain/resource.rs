//! A row of a resource panel: one AWS resource and the one word that says how it is.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::region::Role;
use super::time::spell;

/// The seven words that every panel uses; AWS's own state stands beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceState {
    /// Nothing there.
    NotCreated,
    /// Being made.
    Creating,
    /// Works.
    Ready,
    /// Being changed.
    Updating,
    /// Works, but its replica is behind.
    Lagging,
    /// Does not work.
    Failed,
    /// Being removed.
    Deleting,
}

impl ResourceState {
    /// The word shown to learners.
    pub fn word(self) -> &'static str {
        match self {
            ResourceState::NotCreated => "not created",
            ResourceState::Creating => "creating",
            ResourceState::Ready => "ready",
            ResourceState::Updating => "updating",
            ResourceState::Lagging => "lagging",
            ResourceState::Failed => "failed",
            ResourceState::Deleting => "deleting",
        }
    }
}

/// How far a store's copy is behind, as AWS's own metric tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// The metric has never had a value: nothing has been replicated yet.
    Unmeasured,
    /// The metric exists, but has no value of late: nothing was written.
    Quiet,
    /// AWS says that replication has stopped.
    Stopped,
    /// The newest value.
    By(Duration),
}

impl Behind {
    /// The lag, when there is one.
    pub fn span(self) -> Option<Duration> {
        match self {
            Behind::By(span) => Some(span),
            Behind::Unmeasured | Behind::Quiet | Behind::Stopped => None,
        }
    }
}

impl fmt::Display for Behind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Behind::Unmeasured => out.write_str("no value yet"),
            Behind::Quiet => out.write_str("nothing written lately"),
            Behind::Stopped => out.write_str("replication has stopped"),
            Behind::By(span) if span.as_secs() < 10 => write!(out, "lag {:.1} s", span.as_secs_f64()),
            Behind::By(span) => write!(out, "lag {}", spell(*span)),
        }
    }
}

/// One resource of a panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Which Region it is in.
    pub role: Role,
    /// Its kind as a learner says it: `Aurora`, `CFN stack`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What tells it from the run's other resources: its name without the workshop and the suffix.
    pub label: String,
    /// Our word for its state.
    pub state: ResourceState,
    /// AWS's own word for its state, empty when there is none.
    pub raw: String,
    /// A few more words: `41 of 41`, `writer`, `lag 0.8 s`.
    pub detail: String,
}
