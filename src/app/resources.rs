//! The two Regions as they are now.

use std::time::Duration;

use crate::domain::{Behind, Resource, ResourceState, Role, SimTime};

/// What the watcher saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourcesView {
    /// One row per resource; the same kinds in both Regions stand at the same height when the order is the same.
    pub rows: Vec<Resource>,
    /// How far the stores are behind.
    pub replication: Vec<Lag>,
    /// Reads that were refused or failed: one line each, shown instead of silence.
    pub unread: Vec<String>,
    /// When it was read, simulated.
    pub at: SimTime,
}

/// How far a store of R2 is behind R1.
#[derive(Clone, Debug, PartialEq)]
pub struct Lag {
    /// `Aurora`, `DynamoDB`, `S3`.
    pub store: String,
    /// How far.
    pub lag: Behind,
    /// The most that the RPO allows.
    pub limit: Duration,
    /// A few words more.
    pub say: String,
}

/// A resource changed its state while the program was looking.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When, simulated.
    pub at: SimTime,
    /// The Region.
    pub role: Role,
    /// The resource's kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it is now.
    pub state: ResourceState,
    /// AWS's word for it.
    pub raw: String,
}
