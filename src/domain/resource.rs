//! A row of a resource panel: one AWS resource and the one word that says how it is.

use serde::{Deserialize, Serialize};

use super::region::Role;

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

/// One resource of a panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Which Region it is in.
    pub role: Role,
    /// Its kind as a learner says it: `Aurora`, `CFN stack`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Our word for its state.
    pub state: ResourceState,
    /// AWS's own word for its state, empty when there is none.
    pub raw: String,
    /// A few more words: `41 of 41`, `writer`, `lag 0.8 s`.
    pub detail: String,
}
