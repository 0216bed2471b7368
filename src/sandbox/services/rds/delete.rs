//! Deletion of instances and clusters, with AWS's rules of order.

use serde_json::Value;

use super::instances::{self, no_instance};
use super::{
    Transition, after, by_resource, clusters, combination, identifier, not_found, replica, snapshots, wrong_state,
};
use crate::sandbox::call::{AwsError, Call, text};

pub(super) fn instance(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = identifier(input, "DBInstanceIdentifier")?;
    if text(input, "FinalDBSnapshotIdentifier").is_some() {
        return Err(combination("FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance"));
    }
    let rule = call.world.rule("rds.last-instance");
    let state = &mut call.regional().rds;
    let instance = state.instances.get(&id).ok_or_else(|| no_instance(&id))?;
    if instance.status == "deleting" {
        return Err(AwsError::client("InvalidDBInstanceState", format!("Instance {id} is already being deleted.")));
    }
    let others =
        |other: &&super::Instance| other.cluster == instance.cluster && other.id != id && other.status != "deleting";
    let last = !state.instances.values().any(|other| others(&other));
    // A secondary of a global database may be headless.
    let bound = |cluster: &&super::Cluster| last && rule && cluster.global.is_none();
    if let Some(cluster) = state.clusters.get(&instance.cluster).filter(bound) {
        if cluster.source.is_some() {
            return Err(wrong_state(
                "Cannot delete the last instance of the read replica DB cluster. Promote the DB cluster to a standalone DB \
                 cluster in order to delete it.",
            ));
        }
        if !cluster.replicas.is_empty() {
            return Err(wrong_state(
                "Cannot delete the last instance of the master cluster. Delete the replica cluster before deleting the last \
                 master cluster instance.",
            ));
        }
    }
    let resource = instance.resource.clone();
    if let Some(instance) = state.instances.get_mut(&id) {
        "deleting".clone_into(&mut instance.status);
    }
    call.log(format!("rds instance {id} deleting"));
    after(call, "rds.instance.delete", &id, Transition::InstanceGone { resource });
    instances::answer(call, &id)
}

pub(super) fn instance_gone(call: &mut Call<'_>, resource: &str) {
    let instances = &mut call.regional().rds.instances;
    let id = instances.values().find(|instance| instance.resource == resource).map(|instance| instance.id.clone());
    if let Some(id) = id {
        instances.remove(&id);
        call.log(format!("rds instance {id} deleted"));
    }
}

pub(super) fn cluster(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = identifier(input, "DBClusterIdentifier")?;
    let skip = input.get("SkipFinalSnapshot").and_then(Value::as_bool).unwrap_or(false);
    let snapshot = text(input, "FinalDBSnapshotIdentifier");
    let rule = call.world.rule("rds.cluster-without-instances");
    let protects = call.world.rule("rds.deletion-protection");
    let state = &call.regional().rds;
    let cluster = state.clusters.get(&id).ok_or_else(|| not_found(&id))?;
    if cluster.deletion_protection && protects {
        return Err(combination("Cannot delete protected Cluster, please disable deletion protection and try again."));
    }
    match (skip, snapshot) {
        (false, None) => {
            return Err(combination("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."));
        }
        (true, Some(_)) => {
            return Err(combination(
                "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is specified.",
            ));
        }
        _ => {}
    }
    if cluster.status == "deleting" {
        return Err(wrong_state(format!("DB Cluster {id} is already being deleted.")));
    }
    super::global::refuse_member(cluster)?;
    if !cluster.replicas.is_empty() {
        return Err(wrong_state(format!(
            "DB Cluster {id} cannot be deleted while it has read replicas: {}",
            cluster.replicas.join(", ")
        )));
    }
    let staying = state.instances.values().any(|instance| instance.cluster == id && instance.status != "deleting");
    if staying && rule {
        return Err(wrong_state("Cluster cannot be deleted, it still contains DB instances in non-deleting state."));
    }
    let resource = cluster.resource.clone();
    if let Some(name) = snapshot {
        snapshots::take(call, &id, name)?;
    }
    if let Some(cluster) = call.regional().rds.clusters.get_mut(&id) {
        "deleting".clone_into(&mut cluster.status);
    }
    call.log(format!("rds cluster {id} deleting"));
    after(call, "rds.cluster.delete", &id, Transition::ClusterGone { resource });
    clusters::answer(call, &id)
}

/// A cluster goes when its last instance is gone.
pub(super) fn cluster_gone(call: &mut Call<'_>, resource: &str) {
    let Some(cluster) = by_resource(call, resource) else { return };
    let (id, arn, source) = (cluster.id.clone(), cluster.arn.clone(), cluster.source.clone());
    let state = &mut call.regional().rds;
    if state.instances.values().any(|instance| instance.cluster == id) {
        after(call, "rds.cluster.delete", &id, Transition::ClusterGone { resource: resource.to_owned() });
        return;
    }
    state.clusters.remove(&id);
    if let Some(source) = source {
        replica::unlink(call, &source, &arn);
    }
    call.log(format!("rds cluster {id} deleted"));
}
