//! The data of a cluster: rows in the order of their writing, repeated by replica clusters from the binary log.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Cluster, State, Transition, by_arn, by_arn_mut, by_resource, region_of, shape};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call};
use crate::sandbox::faults;
use crate::sandbox::packed::Packed;
use crate::sandbox::world::{Transition as Scheduled, What, World};

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Its number; replicas keep it.
    pub number: u64,
    /// When it was written at the source.
    pub written: SimTime,
    /// When it was there in this cluster.
    pub arrived: SimTime,
    /// What it says, as text: there are thousands, and few are read. The clusters that have the row share it.
    pub value: Packed,
}

/// A cluster's rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Log {
    rows: Vec<Row>,
    /// Since when a replica repeats its source.
    following: Option<SimTime>,
    /// When the last row on its way arrives; the binary log keeps the order.
    next: SimTime,
}

impl Log {
    fn last(&self) -> u64 {
        self.rows.last().map_or(0, |row| row.number)
    }
}

/// A cluster found by the name that a client connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The cluster's ARN.
    pub arn: String,
    /// Whether what it leads to takes writes.
    pub writable: bool,
}

/// What MySQL's client says when nothing listens.
fn cannot_connect(host: &str) -> AwsError {
    AwsError::with_status(503, "Unavailable", format!("Can't connect to MySQL server on '{host}'"))
}

/// Whether a cluster has an instance that answers.
fn answers(state: &State, cluster: &Cluster) -> bool {
    let up = ["available", "modifying", "backing-up"];
    let instances = state.instances.values().filter(|instance| instance.cluster == cluster.id);
    !["creating", "deleting", "promoting"].contains(&cluster.status.as_str())
        && instances.into_iter().any(|instance| up.contains(&instance.status.as_str()))
}

/// The cluster of an ARN, when a client can talk to it now.
fn reachable<'w>(world: &'w World, account: &str, arn: &str) -> Result<&'w Cluster, AwsError> {
    let region = region_of(arn);
    let cluster = by_arn(world, account, arn).ok_or_else(|| cannot_connect(arn))?;
    let state = world.accounts.get(account).and_then(|account| account.regions.get(region)).map(|state| &state.rds);
    let lost = faults::active(world, faults::REGION_LOSS, region) || faults::service_out(world, "rds", region);
    if lost || !state.is_some_and(|state| answers(state, cluster)) {
        return Err(cannot_connect(arn));
    }
    Ok(cluster)
}

/// The cluster behind a host name: a cluster endpoint, a reader endpoint or an instance's own.
pub fn find_by_endpoint(world: &World, account: &str, host: &str) -> Option<Found> {
    let region = host.split('.').rev().nth(3)?;
    let state = &world.accounts.get(account)?.regions.get(region)?.rds;
    for cluster in state.clusters.values() {
        for reader in [false, true] {
            if shape::cluster_host(cluster, account, region, reader) == host {
                // A reader endpoint leads to the writer when there is no other instance.
                let only = state.instances.values().filter(|instance| instance.cluster == cluster.id).count() == 1;
                let writable = cluster.source.is_none() && (!reader || only);
                return Some(Found { arn: cluster.arn.clone(), writable });
            }
        }
    }
    let instance = state.instances.values().find(|instance| shape::instance_host(instance, account, region) == host)?;
    let cluster = state.clusters.get(&instance.cluster)?;
    let writer = shape::writer(state, &cluster.id).is_some_and(|writer| writer.id == instance.id);
    Some(Found { arn: cluster.arn.clone(), writable: writer && cluster.source.is_none() })
}

/// How many rows a cluster has, and what `count` of them say, the newest first, without the `from` newest; `None` when it
/// takes no connections.
pub fn rows(world: &World, account: &str, cluster_arn: &str, from: usize, count: usize) -> Option<(usize, Vec<Value>)> {
    let rows = &reachable(world, account, cluster_arn).ok()?.log.rows;
    Some((rows.len(), rows.iter().rev().skip(from).take(count).map(|row| row.value.value()).collect()))
}

/// What all rows of a cluster say, oldest first.
#[cfg(test)]
pub fn all_rows(world: &World, account: &str, cluster_arn: &str) -> Option<Vec<Value>> {
    let (_, mut rows) = rows(world, account, cluster_arn, 0, usize::MAX)?;
    rows.reverse();
    Some(rows)
}

/// How far a replica is behind now: the age of the oldest row of its source that it does not have, zero when it has all.
/// `None` when it is no replica, or follows nothing yet.
pub fn replica_lag(world: &World, account: &str, cluster_arn: &str) -> Option<Duration> {
    let replica = by_arn(world, account, cluster_arn).filter(|replica| replica.log.following.is_some())?;
    let source = by_arn(world, account, replica.source.as_ref()?)?;
    let missing = source.log.rows.iter().find(|row| row.number > replica.log.last());
    Some(missing.map_or(Duration::ZERO, |row| world.now.since(row.written)))
}

/// Writes a row through a client that reached the cluster, gives its number, and sends it on its way to the replicas.
///
/// # Errors
/// `ReadOnly` on a replica, `Unavailable` when the cluster or all its instances cannot be used.
pub fn write_row(world: &mut World, account: &str, cluster_arn: &str, value: &Value) -> Result<u64, AwsError> {
    let cluster = reachable(world, account, cluster_arn)?;
    if cluster.source.is_some() && world.rule("rds.replica-read-only") {
        return Err(AwsError::client(
            "ReadOnly",
            "The MySQL server is running with the --read-only option so it cannot execute this statement",
        ));
    }
    let (number, replicas, now) = (cluster.log.last() + 1, cluster.replicas.clone(), world.now);
    if let Some(cluster) = by_arn_mut(world, account, cluster_arn) {
        cluster.log.rows.push(Row { number, written: now, arrived: now, value: Packed::from(value) });
    }
    for replica in replicas {
        send(world, account, &replica, number);
    }
    Ok(number)
}

/// Schedules the arrival of a row at a replica, behind the rows before it.
fn send(world: &mut World, account: &str, replica: &str, row: u64) {
    let region = region_of(replica).to_owned();
    // Storage repeats faster than the binary log does.
    let global = by_arn(world, account, replica).is_some_and(|replica| replica.global.is_some());
    let constant = if global { "rds.global.lag" } else { "rds.binlog.lag" };
    let lag = Call::new(world, account, &region).draw(constant, replica);
    let now = world.now;
    let Some(cluster) = by_arn_mut(world, account, replica) else { return };
    if cluster.log.following.is_none() {
        return; // Nothing is repeated before the first instance; it catches up then.
    }
    let at = now.plus(lag).max(cluster.log.next);
    cluster.log.next = at;
    let what = What::Rds(Transition::Repeat { resource: cluster.resource.clone(), row });
    world.timeline.push(at, Scheduled { account: account.to_owned(), region, what });
}

/// A replica repeats its source's rows up to this one, unless the way to the source is cut: it catches up afterwards.
pub(super) fn repeat(call: &mut Call<'_>, resource: &str, up_to: u64) {
    let (account, region, now) = (call.account.clone(), call.region.clone(), call.now());
    let Some(replica) = by_resource(call, resource) else { return };
    let (Some(source), have) = (replica.source.clone(), replica.log.last()) else { return };
    if faults::replication_cut(call.world, "aurora", region_of(&source), &region) {
        return;
    }
    let Some(source) = by_arn(call.world, &account, &source) else { return };
    let new: Vec<Row> = source
        .log
        .rows
        .iter()
        .filter(|row| row.number > have && row.number <= up_to)
        .map(|row| Row { arrived: now, ..row.clone() })
        .collect();
    if let Some(replica) = by_resource(call, resource) {
        replica.log.rows.extend(new);
    }
}

/// A new replica begins as a copy of its source's storage.
pub(super) fn copy_source(call: &mut Call<'_>, resource: &str) {
    repeat(call, resource, u64::MAX);
}

/// A replica cluster has an instance that reads the binary log: it repeats what it has missed.
pub(super) fn catch_up(call: &mut Call<'_>, cluster: &str) {
    let now = call.now();
    let account = call.account.clone();
    let Some(replica) = call.regional().rds.clusters.get_mut(cluster) else { return };
    let Some(source) = replica.source.clone() else { return };
    replica.log.following.get_or_insert(now);
    let (arn, have) = (replica.arn.clone(), replica.log.last());
    let missed: Vec<u64> = by_arn(call.world, &account, &source)
        .map(|source| source.log.rows.iter().map(|row| row.number).filter(|number| *number > have).collect())
        .unwrap_or_default();
    for row in missed {
        send(call.world, &account, &arn, row);
    }
}

/// Whether a cluster has an instance that answers once it is asked to.
pub(super) fn has_instances(world: &World, account: &str, arn: &str) -> bool {
    reachable(world, account, arn).is_ok()
}

/// A replica gets everything that its source has, at once.
pub(super) fn synchronise(world: &mut World, account: &str, arn: &str) {
    let Some(replica) = by_arn(world, account, arn) else { return };
    let (region, resource) = (region_of(arn).to_owned(), replica.resource.clone());
    repeat(&mut Call::new(world, account, &region), &resource, u64::MAX);
}

/// A secondary becomes the primary. What the old one has beyond it is thrown away; gives the number of those rows.
pub(super) fn promote(world: &mut World, account: &str, to: &str, from: &str) -> usize {
    let Some(target) = by_arn_mut(world, account, to) else { return 0 };
    target.log.following = None;
    let last = target.log.last();
    let Some(old) = by_arn_mut(world, account, from) else { return 0 };
    let before = old.log.rows.len();
    old.log.rows.retain(|row| row.number <= last);
    before - old.log.rows.len()
}

/// A cluster follows its (new) source from now on.
pub(super) fn follow(world: &mut World, account: &str, arn: &str, now: SimTime) {
    let region = region_of(arn).to_owned();
    let Some(cluster) = by_arn_mut(world, account, arn) else { return };
    cluster.log.following = Some(now);
    cluster.log.next = now;
    let id = cluster.id.clone();
    catch_up(&mut Call::new(world, account, &region), &id);
}

/// Whether a cluster belongs to a global database.
pub fn is_global(world: &World, account: &str, arn: &str) -> bool {
    by_arn(world, account, arn).is_some_and(|cluster| cluster.global.is_some())
}

/// Lets replicas catch up that could not repeat their source while replication was cut.
pub fn resume(world: &mut World) {
    let mut replicas = Vec::new();
    for (account, state) in &world.accounts {
        for (region, state) in &state.regions {
            let following = state.rds.clusters.values().filter(|cluster| cluster.log.following.is_some());
            replicas.extend(following.map(|cluster| (account.clone(), region.clone(), cluster.id.clone())));
        }
    }
    for (account, region, cluster) in replicas {
        catch_up(&mut Call::new(world, &account, &region), &cluster);
    }
}

/// Minutes of lag that are worked out at most; as many as CloudWatch keeps of other metrics here.
const MINUTES: i64 = 180;

/// The lag of a replica cluster in seconds by minute since the epoch, as `AuroraBinlogReplicaLag` shows it: the age of the
/// oldest row that is missing at the end of the minute, 0 when none is, and -1 while replication has stopped.
pub fn lag_by_minute(world: &World, account: &str, cluster_arn: &str) -> BTreeMap<i64, f64> {
    let mut lags = BTreeMap::new();
    let Some(replica) = by_arn(world, account, cluster_arn) else { return lags };
    let (Some(source), Some(since)) = (&replica.source, replica.log.following) else { return lags };
    let Some(source_cluster) = by_arn(world, account, source) else { return lags };
    let now = world.now;
    let stopped = world.faults.iter().filter(|fault| {
        let here = [region_of(source), region_of(cluster_arn)].contains(&fault.region.as_str());
        here && faults::stops_replication(fault, "aurora")
    });
    let stopped = stopped.map(|fault| fault.since).min();
    let minute = |at: SimTime| at.millis().div_euclid(60_000);
    for current in minute(since).max(minute(now) - MINUTES)..=minute(now) {
        let end = SimTime::from_millis((current + 1) * 60_000 - 1).min(now);
        if end < since {
            continue;
        }
        if stopped.is_some_and(|since| since <= end) {
            lags.insert(current, -1.0);
            continue;
        }
        let arrived_by = |number: u64| {
            let row = replica.log.rows.iter().find(|row| row.number == number);
            row.is_some_and(|row| row.arrived <= end)
        };
        let missing = source_cluster.log.rows.iter().find(|row| row.written <= end && !arrived_by(row.number));
        lags.insert(current, missing.map_or(Duration::ZERO, |row| end.since(row.written)).as_secs_f64());
    }
    lags
}
