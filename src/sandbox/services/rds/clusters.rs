//! Clusters: creation, changes, deletion and final snapshots.

use serde_json::{Value, json};

use super::{
    Cluster, Snapshot, Status, Transition, identifier, no_cluster, page, replicas, show, strings, wrong_state,
};
use crate::sandbox::call::{AwsError, Call, tags, text};
use crate::sandbox::services::kms;
use crate::sandbox::world::What;

/// The port of Aurora MySQL when none is given.
const MYSQL_PORT: u64 = 3306;
/// The port of Aurora PostgreSQL when none is given.
const POSTGRESQL_PORT: u64 = 5432;
/// Engines that can be created, with the version that is taken when none is given.
/// Source: Aurora release notes; `aurora` (MySQL 5.6) ended on 2023-02-28.
const ENGINES: &[(&str, &str)] = &[("aurora-mysql", "8.0.mysql_aurora.3.10.4"), ("aurora-postgresql", "16.6")];

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterValue", message)
}

fn combination(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterCombination", message)
}

pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = identifier(input, "DBClusterIdentifier")?;
    let engine = text(input, "Engine").ok_or_else(|| invalid("The parameter Engine must be provided."))?.to_owned();
    let Some((_, default_version)) = ENGINES.iter().find(|(known, _)| *known == engine) else {
        return Err(invalid(format!("Unrecognized engine name: {engine}")));
    };
    if call.regional().rds.clusters.contains_key(&id) {
        return Err(AwsError::client("DBClusterAlreadyExistsFault", "DB Cluster already exists"));
    }
    let source = replicas::source_of_new(call, input, &engine)?;
    if source.is_none() && text(input, "MasterUsername").is_none() {
        return Err(invalid("The parameter MasterUsername must be provided and must not be blank."));
    }
    let password =
        input.get("MasterUserPassword").is_some() || input.get("ManageMasterUserPassword") == Some(&json!(true));
    if source.is_none() && !password {
        return Err(invalid("The parameter MasterUserPassword must be provided and must not be blank."));
    }
    let cluster = new_cluster(call, input, &id, &engine, default_version, source)?;
    let constant = if cluster.source.is_some() { "rds.replica_cluster.create" } else { "rds.cluster.create" };
    let after = call.draw(constant, &id);
    call.schedule(after, What::Rds(Transition::ClusterAvailable(id.clone())));
    let state = &mut call.regional().rds;
    state.clusters.insert(id.clone(), cluster);
    answer(call, &id)
}

fn new_cluster(
    call: &mut Call<'_>,
    input: &Value,
    id: &str,
    engine: &str,
    default_version: &str,
    source: Option<(String, Cluster)>,
) -> Result<Cluster, AwsError> {
    let version = text(input, "EngineVersion").unwrap_or(default_version).to_owned();
    let subnet_group = text(input, "DBSubnetGroupName").map(str::to_lowercase);
    if let Some(name) = subnet_group.as_ref().filter(|name| !call.regional().rds.subnet_groups.contains_key(*name)) {
        return Err(AwsError::not_found(
            "DBSubnetGroupNotFoundFault",
            format!("DB subnet group '{name}' does not exist."),
        ));
    }
    let family = if engine == "aurora-mysql" { "aurora-mysql8.0" } else { "aurora-postgresql16" };
    let parameter_group = text(input, "DBClusterParameterGroupName").map(str::to_lowercase);
    if let Some(name) =
        parameter_group.as_ref().filter(|name| !call.regional().rds.parameter_groups.contains_key(*name))
    {
        let message = format!("DBClusterParameterGroup not found: {name}");
        return Err(AwsError::not_found("DBClusterParameterGroupNotFound", message));
    }
    let encrypted = input.get("StorageEncrypted").and_then(Value::as_bool).unwrap_or(false);
    let kms_key = match text(input, "KmsKeyId") {
        Some(key) if !kms::usable(call, key) => {
            let message = format!(
                "The specified KMS key [{key}] does not exist, is not enabled or you do not have permissions to access it."
            );
            return Err(AwsError::client("KMSKeyNotAccessibleFault", message));
        }
        Some(key) => Some(key.to_owned()),
        None if encrypted => Some(call.arn("kms", "alias/aws/rds")),
        None => None,
    };
    let port = if engine == "aurora-mysql" { MYSQL_PORT } else { POSTGRESQL_PORT };
    let (source_arn, copied) = source.unzip();
    Ok(Cluster {
        arn: call.arn("rds", &format!("cluster:{id}")),
        resource_id: format!("cluster-{}", call.upper_id(26)),
        token: call.hex_id(12),
        status: Status::Creating,
        created: call.now(),
        engine: engine.to_owned(),
        engine_version: version,
        port: input.get("Port").and_then(Value::as_u64).unwrap_or(port),
        master_user: text(input, "MasterUsername")
            .map(str::to_owned)
            .or_else(|| copied.as_ref().and_then(|source| source.master_user.clone())),
        database: text(input, "DatabaseName")
            .map(str::to_owned)
            .or_else(|| copied.as_ref().and_then(|source| source.database.clone())),
        subnet_group,
        security_groups: strings(input, "VpcSecurityGroupIds"),
        parameter_group: parameter_group.unwrap_or_else(|| format!("default.{family}")),
        kms_key,
        retention: input.get("BackupRetentionPeriod").and_then(Value::as_u64).unwrap_or(1),
        protected: input.get("DeletionProtection").and_then(Value::as_bool).unwrap_or(false),
        source: source_arn,
        rows: copied.map(|source| source.rows).unwrap_or_default(),
        catching_up: false,
        tags: tags(input.get("Tags")),
    })
}

/// The operation's answer: the cluster as it is.
pub(super) fn answer(call: &mut Call<'_>, id: &str) -> Result<Value, AwsError> {
    let arn = call.regional().rds.clusters.get(id).map(|cluster| cluster.arn.clone()).ok_or_else(|| no_cluster(id))?;
    let replicas = replicas::of(call, &arn);
    let state = &call.regional().rds;
    let cluster = state.clusters.get(id).ok_or_else(|| no_cluster(id))?;
    Ok(json!({ "DBCluster": show::cluster(state, id, cluster, &replicas) }))
}

pub(super) fn available(call: &mut Call<'_>, id: &str) {
    if let Some(cluster) = call.regional().rds.clusters.get_mut(id).filter(|cluster| cluster.status != Status::Deleting)
    {
        cluster.status = Status::Available;
        call.log(format!("cluster {id} is available"));
        replicas::wake(call, id);
    }
}

pub(super) fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let wanted = text(input, "DBClusterIdentifier").map(|id| id.rsplit(':').next().unwrap_or(id).to_lowercase());
    let filters = filter_values(input, "db-cluster-id")?;
    let ids: Vec<String> = call.regional().rds.clusters.keys().cloned().collect();
    let mut shown = Vec::new();
    for id in ids {
        let named = wanted.as_ref().is_none_or(|wanted| *wanted == id);
        let kept = filters.as_ref().is_none_or(|values| values.iter().any(|value| value.ends_with(&id)));
        if named && kept {
            let cluster = answer(call, &id)?;
            shown.extend(cluster.get("DBCluster").cloned());
        }
    }
    match wanted {
        Some(id) if shown.is_empty() => Err(no_cluster(&id)),
        _ => page(shown, input, "DBClusters"),
    }
}

/// The values of the filter of that name. Other filters are refused by name: ignoring them would show too much.
fn filter_values(input: &Value, known: &str) -> Result<Option<Vec<String>>, AwsError> {
    let mut values = None;
    for filter in input.get("Filters").and_then(Value::as_array).into_iter().flatten() {
        match text(filter, "Name") {
            Some(name) if name == known => values = Some(strings(filter, "Values")),
            name => {
                let name = name.unwrap_or_default();
                return Err(invalid(format!("The sandbox does not simulate the filter {name}")));
            }
        }
    }
    Ok(values)
}

pub(super) fn modify(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    const KNOWN: &[&str] = &[
        "DBClusterIdentifier",
        "ApplyImmediately",
        "DeletionProtection",
        "BackupRetentionPeriod",
        "VpcSecurityGroupIds",
    ];
    let id = identifier(input, "DBClusterIdentifier")?;
    if let Some(unknown) =
        input.as_object().into_iter().flatten().map(|(name, _)| name).find(|name| !KNOWN.contains(&name.as_str()))
    {
        return Err(invalid(format!("The sandbox does not simulate a change of {unknown}")));
    }
    let cluster = call.regional().rds.clusters.get_mut(&id).ok_or_else(|| no_cluster(&id))?;
    if cluster.status != Status::Available {
        return Err(wrong_state(format!("DB Cluster {id} is not in available state.")));
    }
    if let Some(protected) = input.get("DeletionProtection").and_then(Value::as_bool) {
        cluster.protected = protected;
    }
    if let Some(days) = input.get("BackupRetentionPeriod").and_then(Value::as_u64) {
        cluster.retention = days;
    }
    if input.get("VpcSecurityGroupIds").is_some() {
        cluster.security_groups = strings(input, "VpcSecurityGroupIds");
    }
    answer(call, &id)
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = identifier(input, "DBClusterIdentifier")?;
    let skip = input.get("SkipFinalSnapshot").and_then(Value::as_bool).unwrap_or(false);
    let snapshot = text(input, "FinalDBSnapshotIdentifier").map(str::to_lowercase);
    let cluster = call.regional().rds.clusters.get(&id).cloned().ok_or_else(|| no_cluster(&id))?;
    match (skip, &snapshot) {
        (true, Some(_)) => {
            return Err(combination(
                "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot",
            ));
        }
        (false, None) => {
            return Err(combination("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."));
        }
        _ => {}
    }
    if cluster.protected {
        return Err(combination("Cannot delete protected Cluster, please disable deletion protection and try again."));
    }
    if !matches!(cluster.status, Status::Available | Status::Creating) {
        return Err(wrong_state(format!("Cluster {id} is in state {} and cannot be deleted.", cluster.status.word())));
    }
    let replicas = replicas::of(call, &cluster.arn);
    if let Some(replica) = replicas.first() {
        return Err(wrong_state(format!("Cannot delete the cluster {id}: it is the replication source of {replica}.")));
    }
    // As soon as the instances are being deleted, the cluster may be, too (aws-behaviour.md, section 1).
    if call.regional().rds.members(&id).any(|(_, instance)| instance.status != Status::Deleting) {
        return Err(wrong_state("Cluster cannot be deleted, it still contains DB instances in non-deleting state."));
    }
    if let Some(snapshot_id) = snapshot {
        let taken = Snapshot {
            arn: call.arn("rds", &format!("cluster-snapshot:{snapshot_id}")),
            cluster: id.clone(),
            engine: cluster.engine.clone(),
            created: call.now(),
            tags: Vec::new(),
        };
        call.regional().rds.snapshots.insert(snapshot_id, taken);
    }
    if let Some(cluster) = call.regional().rds.clusters.get_mut(&id) {
        cluster.status = Status::Deleting;
    }
    let after = call.draw("rds.cluster.delete", &id);
    call.schedule(after, What::Rds(Transition::ClusterDeleted(id.clone())));
    answer(call, &id)
}

/// The cluster goes when its last instance has gone.
pub(super) fn deleted(call: &mut Call<'_>, id: &str) {
    /// How long a cluster waits before it looks again whether its instances are gone.
    const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_secs(5);
    if call.regional().rds.members(id).next().is_some() {
        call.schedule(LOOK_AGAIN, What::Rds(Transition::ClusterDeleted(id.to_owned())));
        return;
    }
    call.regional().rds.clusters.remove(id);
    call.log(format!("cluster {id} is deleted"));
}

pub(super) fn describe_snapshots(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let wanted = text(input, "DBClusterSnapshotIdentifier").map(str::to_lowercase);
    let cluster = text(input, "DBClusterIdentifier").map(str::to_lowercase);
    let manual = text(input, "SnapshotType").is_none_or(|kind| kind == "manual");
    let shown: Vec<Value> = call
        .regional()
        .rds
        .snapshots
        .iter()
        .filter(|(id, snapshot)| {
            manual
                && wanted.as_ref().is_none_or(|wanted| wanted == *id)
                && cluster.as_ref().is_none_or(|cluster| *cluster == snapshot.cluster)
        })
        .map(|(id, snapshot)| show::snapshot(id, snapshot))
        .collect();
    match wanted {
        Some(id) if shown.is_empty() => {
            let message = format!("DBClusterSnapshot {id} not found.");
            Err(AwsError::not_found("DBClusterSnapshotNotFoundFault", message))
        }
        _ => page(shown, input, "DBClusterSnapshots"),
    }
}
