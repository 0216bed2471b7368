//! Manual snapshots of clusters: a final snapshot outlives its cluster, and costs.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{identifier, not_found, shape};
use crate::domain::SimTime;
use crate::sandbox::call::{self, AwsError, Call, text};

/// A manual snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) arn: String,
    cluster: String,
    engine: String,
    version: String,
    key: Option<String>,
    created: SimTime,
    pub(super) tags: Vec<(String, String)>,
}

/// Takes a final snapshot. It is there at once: Aurora's storage only keeps what it has.
pub(super) fn take(call: &mut Call<'_>, cluster: &str, name: &str) -> Result<(), AwsError> {
    let name = name.to_lowercase();
    let (arn, now) = (call.arn("rds", &format!("cluster-snapshot:{name}")), call.now());
    let state = &mut call.regional().rds;
    if state.snapshots.contains_key(&name) {
        return Err(AwsError::client(
            "DBClusterSnapshotAlreadyExistsFault",
            format!(
                "Cannot create the cluster snapshot because a cluster snapshot with the identifier {name} already exists."
            ),
        ));
    }
    let from = state.clusters.get(cluster).ok_or_else(|| not_found(cluster))?;
    let snapshot = Snapshot {
        arn,
        cluster: from.id.clone(),
        engine: from.engine.clone(),
        version: from.version.clone(),
        key: from.key.clone(),
        created: now,
        tags: Vec::new(),
    };
    state.snapshots.insert(name, snapshot);
    Ok(())
}

fn no_snapshot(name: &str) -> AwsError {
    AwsError::not_found("DBClusterSnapshotNotFoundFault", format!("DBClusterSnapshot {name} not found."))
}

pub(super) fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let wanted = text(input, "DBClusterSnapshotIdentifier").map(str::to_lowercase);
    let of = text(input, "DBClusterIdentifier").map(str::to_lowercase);
    // Automated snapshots live and die with their cluster and are not simulated; manual ones are.
    let manual = text(input, "SnapshotType").is_none_or(|kind| kind == "manual");
    let snapshots = &call.regional().rds.snapshots;
    if let Some(name) = wanted.as_ref().filter(|name| !snapshots.contains_key(*name)) {
        return Err(no_snapshot(name));
    }
    let list: Vec<Value> = snapshots
        .iter()
        .filter(|(name, snapshot)| {
            manual
                && wanted.as_ref().is_none_or(|wanted| wanted == *name)
                && of.as_ref().is_none_or(|id| *id == snapshot.cluster)
        })
        .map(|(name, snapshot)| {
            json!({
                "DBClusterSnapshotIdentifier": name,
                "DBClusterIdentifier": snapshot.cluster,
                "SnapshotCreateTime": snapshot.created.epoch_seconds(),
                "Engine": snapshot.engine,
                "EngineVersion": snapshot.version,
                "Status": "available",
                "SnapshotType": "manual",
                "PercentProgress": 100,
                "StorageEncrypted": snapshot.key.is_some(),
                "KmsKeyId": snapshot.key,
                "DBClusterSnapshotArn": snapshot.arn,
                "TagList": call::tag_list(&snapshot.tags),
            })
        })
        .collect();
    shape::paged(input, "DBClusterSnapshots", list)
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = identifier(input, "DBClusterSnapshotIdentifier")?;
    call.regional().rds.snapshots.remove(&name).map(|_| json!({})).ok_or_else(|| no_snapshot(&name))
}
