//! Cross-Region replicas: what a new one needs, how it follows its source's binary log, and its promotion.

use std::time::Duration;

use serde_json::Value;

use super::{Cluster, Row, Status, Transition, clusters, identifier, no_cluster, show, wrong_state};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::world::{What, World};
use crate::sandbox::{chance, constants, faults};

/// How long a replica that is cut off waits before it tries again. Estimate: MySQL's source_connect_retry is 60 s by
/// default, Aurora's is not documented; a short one keeps the resumption visible.
const RETRY: Duration = Duration::from_secs(2);
/// How many replicas a cluster may have (aws-behaviour.md, section 3).
const MOST_REPLICAS: usize = 5;

/// A cluster found by the name that a client connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The cluster's ARN.
    pub arn: String,
    /// Whether what it leads to takes writes.
    pub writable: bool,
}

/// The source that a new cluster names, with a copy of its data. `None` when it names none.
pub(super) fn source_of_new(
    call: &mut Call<'_>,
    input: &Value,
    engine: &str,
) -> Result<Option<(String, Cluster)>, AwsError> {
    let Some(arn) = text(input, "ReplicationSourceIdentifier").filter(|arn| !arn.is_empty()) else { return Ok(None) };
    for member in ["MasterUsername", "MasterUserPassword", "DatabaseName"] {
        if input.get(member).is_some() {
            let message = format!("{member} can not be specified for a cluster with a replication source.");
            return Err(AwsError::client("InvalidParameterCombination", message));
        }
    }
    let missing = || {
        let message = format!("The source cluster could not be found or cannot be accessed: {arn}");
        AwsError::not_found("DBClusterNotFoundFault", message)
    };
    let (region, id) = (show::region_of(arn).to_owned(), arn.rsplit(':').next().unwrap_or_default().to_owned());
    let state = &call.regional_in(&region).rds;
    let source = state.clusters.get(&id).filter(|source| source.arn == arn).cloned().ok_or_else(missing)?;
    let format =
        state.parameter_groups.get(&source.parameter_group).and_then(|group| group.values.get("binlog_format"));
    let logs = format.is_some_and(|format| !format.eq_ignore_ascii_case("off"));
    if !logs && call.world.rule("rds.replica_needs_binlog") {
        let message = format!("Source cluster {arn} does not have binary logging enabled.");
        return Err(wrong_state(message));
    }
    if source.status != Status::Available {
        return Err(wrong_state(format!("Source cluster {arn} is in state {}.", source.status.word())));
    }
    if source.engine != engine {
        let message = format!("The engine {engine} doesn't match the source's engine {}.", source.engine);
        return Err(AwsError::client("InvalidParameterCombination", message));
    }
    if source.kms_key.is_some() && text(input, "KmsKeyId").is_none() {
        let message = "The source cluster is encrypted; specify a KMS key of this Region with KmsKeyId.";
        return Err(AwsError::client("InvalidParameterCombination", message));
    }
    if of(call, arn).len() >= MOST_REPLICAS {
        return Err(AwsError::client(
            "DBClusterQuotaExceededFault",
            "The source cluster has as many replicas as it may.",
        ));
    }
    Ok(Some((arn.to_owned(), source)))
}

/// The ARNs of the clusters that replicate that one, in all Regions of the account.
pub(super) fn of(call: &mut Call<'_>, arn: &str) -> Vec<String> {
    let regions = call.account_state().regions.values();
    let clusters = regions.flat_map(|region| region.rds.clusters.values());
    clusters.filter(|cluster| cluster.source.as_deref() == Some(arn)).map(|cluster| cluster.arn.clone()).collect()
}

pub(super) fn promote(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = identifier(input, "DBClusterIdentifier")?;
    let state = &mut call.regional().rds;
    let serves = state.serves(&id);
    let cluster = state.clusters.get_mut(&id).ok_or_else(|| no_cluster(&id))?;
    if cluster.source.is_none() {
        return Err(wrong_state(format!("DB Cluster {id} is not a read replica.")));
    }
    if cluster.status != Status::Available || !serves {
        return Err(wrong_state(format!("DB Cluster {id} is not in available state or has no available instance.")));
    }
    cluster.status = Status::Promoting;
    let after = call.draw("rds.promote", &id);
    call.schedule(after, What::Rds(Transition::Promoted(id.clone())));
    clusters::answer(call, &id)
}

pub(super) fn promoted(call: &mut Call<'_>, id: &str) {
    if let Some(cluster) =
        call.regional().rds.clusters.get_mut(id).filter(|cluster| cluster.status == Status::Promoting)
    {
        cluster.status = Status::Available;
        cluster.source = None;
        call.log(format!("cluster {id} stands on its own"));
    }
}

/// Lets the replica of that name, and the replicas of that cluster, look into the binary log soon.
pub(super) fn wake(call: &mut Call<'_>, id: &str) {
    let Some(arn) = call.regional().rds.clusters.get(id).map(|cluster| cluster.arn.clone()) else { return };
    let mut sleepers = of(call, &arn);
    sleepers.push(arn);
    for arn in sleepers {
        let region = show::region_of(&arn).to_owned();
        let mut there = Call::new(call.world, &call.account, &region);
        look_soon(&mut there, arn.rsplit(':').next().unwrap_or_default());
    }
}

/// When the replica's next row is due, puts its next step on the timeline.
fn look_soon(call: &mut Call<'_>, id: &str) {
    let now = call.now();
    let Some(due) = next_due(call, id) else { return };
    if let Some(replica) = call.regional().rds.clusters.get_mut(id).filter(|replica| !replica.catching_up) {
        replica.catching_up = true;
        call.schedule(due.since(now), What::Rds(Transition::CatchUp(id.to_owned())));
    }
}

/// When the first row that the replica does not have arrives. `None` when it has all, or cannot follow.
fn next_due(call: &mut Call<'_>, id: &str) -> Option<SimTime> {
    let state = &call.regional().rds;
    let replica = state.clusters.get(id)?;
    if !matches!(replica.status, Status::Available) || !state.serves(id) {
        return None;
    }
    let (source, have) = (replica.source.clone()?, replica.rows.len());
    let row = source_rows(call, &source)?.get(have)?.written;
    Some(arrival(call.world, id, have, row))
}

fn source_rows<'c>(call: &'c mut Call<'_>, arn: &str) -> Option<&'c [Row]> {
    let region = show::region_of(arn).to_owned();
    let id = arn.rsplit(':').next().unwrap_or_default();
    call.regional_in(&region).rds.clusters.get(id).map(|cluster| cluster.rows.as_slice())
}

/// When a row reaches a replica that is not cut off: a lag drawn for this row.
fn arrival(world: &World, replica: &str, number: usize, written: SimTime) -> SimTime {
    let lag = constants::constant("rds.binlog.lag").map_or(Duration::ZERO, |row| {
        chance::duration(world.seed, "rds.binlog.lag", replica, number as u64, row.p50, row.p95)
    });
    written.plus(lag)
}

/// Takes over every row that is due, in the order of the binary log.
pub(super) fn catch_up(call: &mut Call<'_>, id: &str) {
    let (now, here) = (call.now(), call.region.clone());
    let Some(replica) = call.regional().rds.clusters.get_mut(id) else { return };
    replica.catching_up = false;
    let (Some(source), mut have) = (replica.source.clone(), replica.rows.len()) else { return };
    if faults::replication_cut(call.world, show::region_of(&source), &here) {
        if let Some(replica) = call.regional().rds.clusters.get_mut(id) {
            replica.catching_up = true;
        }
        call.schedule(RETRY, What::Rds(Transition::CatchUp(id.to_owned())));
        return;
    }
    let waiting: Vec<Row> = source_rows(call, &source).and_then(|rows| rows.get(have..)).unwrap_or_default().to_vec();
    let mut taken = Vec::new();
    for row in waiting {
        if arrival(call.world, id, have, row.written) > now {
            break;
        }
        taken.push(row);
        have += 1;
    }
    if let Some(replica) = call.regional().rds.clusters.get_mut(id) {
        replica.rows.extend(taken);
    }
    look_soon(call, id);
}

/// Writes a row through a client that reached the cluster, and gives its number.
///
/// # Errors
/// `ReadOnly` on a replica, `Unavailable` when the cluster or all its instances cannot be used.
pub fn write_row(world: &mut World, account: &str, cluster_arn: &str, row: Value) -> Result<u64, AwsError> {
    let (region, id) =
        (show::region_of(cluster_arn).to_owned(), cluster_arn.rsplit(':').next().unwrap_or_default().to_owned());
    let mut call = Call::new(world, account, &region);
    let now = call.now();
    let state = &mut call.regional().rds;
    let serves = state.serves(&id);
    let cluster = state.clusters.get_mut(&id).ok_or_else(|| no_cluster(&id))?;
    if !serves || cluster.status == Status::Deleting {
        return Err(AwsError::with_status(503, "Unavailable", "No instance of the cluster takes connections."));
    }
    if cluster.source.is_some() {
        let message = "The MySQL server is running with the --read-only option so it cannot execute this statement";
        return Err(AwsError::with_status(500, "ReadOnly", message));
    }
    cluster.rows.push(Row { written: now, value: row });
    let number = cluster.rows.len() as u64;
    wake(&mut call, &id);
    Ok(number)
}

/// The rows that a client of that cluster reads, oldest first; `None` when it takes no connections.
pub fn rows(world: &mut World, account: &str, cluster_arn: &str) -> Option<Vec<Value>> {
    let (region, id) =
        (show::region_of(cluster_arn).to_owned(), cluster_arn.rsplit(':').next().unwrap_or_default().to_owned());
    let mut call = Call::new(world, account, &region);
    let state = &call.regional().rds;
    let cluster = state.clusters.get(&id).filter(|_| state.serves(&id))?;
    Some(cluster.rows.iter().map(|row| row.value.clone()).collect())
}

/// The cluster whose writer or reader endpoint that name is.
pub fn find_by_endpoint(world: &mut World, account: &str, host: &str) -> Option<Found> {
    let regions = &world.accounts.get(account)?.regions;
    for (region, state) in regions {
        for (id, cluster) in &state.rds.clusters {
            let writer = show::endpoint(id, cluster, region) == host;
            if writer || show::reader_endpoint(id, cluster, region) == host {
                return Some(Found { arn: cluster.arn.clone(), writable: writer && cluster.source.is_none() });
            }
        }
    }
    None
}

/// How far a replica is behind: the age of the oldest row of its source that it does not have, zero when it has all.
/// `None` when it is no replica, or cannot follow at all.
pub fn replica_lag(call: &mut Call<'_>, id: &str) -> Option<Duration> {
    let now = call.now();
    let state = &call.regional().rds;
    let replica = state.clusters.get(id).filter(|_| state.serves(id))?;
    let (source, have) = (replica.source.clone()?, replica.rows.len());
    let oldest = source_rows(call, &source)?.get(have).map(|row| row.written);
    Some(oldest.map_or(Duration::ZERO, |written| now.since(written)))
}
