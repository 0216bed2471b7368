//! The blog's connection to its database: which cluster an endpoint names, and what it lets a client do.

use serde_json::Value;

use crate::sandbox::faults;
use crate::sandbox::services::rds;
use crate::sandbox::world::World;

/// Why the database did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No cluster answers at that endpoint.
    Unreachable,
    /// The cluster, or this endpoint of it, takes no writes.
    ReadOnly,
}

/// The cluster behind an endpoint, unless its Region is lost.
fn connect(world: &mut World, account: &str, host: &str) -> Result<rds::Found, Refusal> {
    let found = rds::find_by_endpoint(world, account, host).ok_or(Refusal::Unreachable)?;
    let region = found.arn.split(':').nth(3).unwrap_or_default();
    let out = faults::active(world, faults::REGION_LOSS, region) || faults::service_out(world, "rds", region);
    if out { Err(Refusal::Unreachable) } else { Ok(found) }
}

/// How many rows the comments' table has, and `count` of them, the newest first, without the `from` newest.
pub fn rows(
    world: &mut World,
    account: &str,
    host: &str,
    from: usize,
    count: usize,
) -> Result<(usize, Vec<Value>), Refusal> {
    let found = connect(world, account, host)?;
    rds::rows(world, account, &found.arn, from, count).ok_or(Refusal::Unreachable)
}

/// Adds a row, and gives its number.
pub fn write(world: &mut World, account: &str, host: &str, row: &Value) -> Result<u64, Refusal> {
    let found = connect(world, account, host)?;
    if !found.writable {
        return Err(Refusal::ReadOnly);
    }
    rds::write_row(world, account, &found.arn, row).map_err(|error| match error.code.as_str() {
        "ReadOnly" => Refusal::ReadOnly,
        _ => Refusal::Unreachable,
    })
}
