//! The blog's connection to its database: which cluster an endpoint names, and what it lets a client do.

use serde_json::Value;

use crate::sandbox::world::World;

/// Why the database did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No cluster answers at that endpoint.
    Unreachable,
    /// The cluster, or this endpoint of it, takes no writes.
    ReadOnly,
}

/// All rows of the comments' table, the newest first.
pub fn rows(world: &World, account: &str, host: &str) -> Result<Vec<Value>, Refusal> {
    let _ = (world, account, host);
    Err(Refusal::Unreachable)
}

/// Adds a row, and gives its id.
pub fn write(world: &mut World, account: &str, host: &str, row: &Value) -> Result<u64, Refusal> {
    let _ = (world, account, host, row);
    Err(Refusal::Unreachable)
}
