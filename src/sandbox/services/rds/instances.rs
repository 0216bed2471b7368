//! Instances of clusters.

use serde_json::{Value, json};

use super::{Instance, Status, Transition, identifier, no_cluster, page, replicas, show, wrong_state};
use crate::sandbox::call::{AwsError, Call, tags, text};
use crate::sandbox::world::What;

fn no_instance(id: &str) -> AwsError {
    AwsError::not_found("DBInstanceNotFound", format!("DBInstance {id} not found."))
}

fn answer(call: &mut Call<'_>, id: &str) -> Result<Value, AwsError> {
    let state = &call.regional().rds;
    let instance = state.instances.get(id).ok_or_else(|| no_instance(id))?;
    Ok(json!({ "DBInstance": show::instance(state, id, instance) }))
}

pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = identifier(input, "DBInstanceIdentifier")?;
    let class = text(input, "DBInstanceClass").unwrap_or_default().to_owned();
    let engine = text(input, "Engine").unwrap_or_default().to_owned();
    if !class.starts_with("db.") {
        let message = format!("Invalid DB Instance class: {class}");
        return Err(AwsError::client("InvalidParameterValue", message));
    }
    let Some(cluster) = text(input, "DBClusterIdentifier").map(str::to_lowercase) else {
        let message = format!(
            "The sandbox simulates instances of Aurora clusters only; engine {engine} without DBClusterIdentifier is not one."
        );
        return Err(AwsError::client("InvalidParameterCombination", message));
    };
    let arn = call.arn("rds", &format!("db:{id}"));
    let resource_id = format!("db-{}", call.upper_id(26));
    let now = call.now();
    let state = &mut call.regional().rds;
    let Some(held) = state.clusters.get(&cluster) else { return Err(no_cluster(&cluster)) };
    if held.engine != engine {
        let message = format!(
            "The engine name requested for your DB instance ({engine}) doesn't match the engine name of your DB cluster ({}).",
            held.engine
        );
        return Err(AwsError::client("InvalidParameterCombination", message));
    }
    if held.status == Status::Deleting {
        return Err(wrong_state(format!("DB Cluster {cluster} is being deleted.")));
    }
    if state.instances.contains_key(&id) {
        return Err(AwsError::client("DBInstanceAlreadyExists", "DB instance already exists"));
    }
    let instance = Instance {
        arn,
        resource_id,
        cluster,
        class,
        status: Status::Creating,
        created: now,
        public: input.get("PubliclyAccessible").and_then(Value::as_bool).unwrap_or(false),
        tier: input.get("PromotionTier").and_then(Value::as_u64).unwrap_or(1),
        tags: tags(input.get("Tags")),
    };
    state.instances.insert(id.clone(), instance);
    let after = call.draw("rds.instance.create", &id);
    call.schedule(after, What::Rds(Transition::InstanceAvailable(id.clone())));
    answer(call, &id)
}

pub(super) fn available(call: &mut Call<'_>, id: &str) {
    let Some(instance) = call.regional().rds.instances.get_mut(id) else { return };
    if instance.status == Status::Deleting {
        return;
    }
    instance.status = Status::Available;
    let cluster = instance.cluster.clone();
    call.log(format!("instance {id} is available"));
    replicas::wake(call, &cluster);
}

pub(super) fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let wanted = text(input, "DBInstanceIdentifier").map(|id| id.rsplit(':').next().unwrap_or(id).to_lowercase());
    let mut of_cluster = None;
    for filter in input.get("Filters").and_then(Value::as_array).into_iter().flatten() {
        match text(filter, "Name") {
            Some("db-cluster-id") => of_cluster = Some(super::strings(filter, "Values")),
            name => {
                let message = format!("The sandbox does not simulate the filter {}", name.unwrap_or_default());
                return Err(AwsError::client("InvalidParameterValue", message));
            }
        }
    }
    let state = &call.regional().rds;
    let shown: Vec<Value> = state
        .instances
        .iter()
        .filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == *id))
        .filter(|(_, instance)| {
            of_cluster.as_ref().is_none_or(|clusters| clusters.iter().any(|value| value.ends_with(&instance.cluster)))
        })
        .map(|(id, instance)| show::instance(state, id, instance))
        .collect();
    match wanted {
        Some(id) if shown.is_empty() => Err(no_instance(&id)),
        _ => page(shown, input, "DBInstances"),
    }
}

pub(super) fn modify(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    const KNOWN: &[&str] = &["DBInstanceIdentifier", "ApplyImmediately", "DBInstanceClass", "PromotionTier"];
    let id = identifier(input, "DBInstanceIdentifier")?;
    let mut names = input.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    if let Some(unknown) = names.find(|name| !KNOWN.contains(name)) {
        let message = format!("The sandbox does not simulate a change of {unknown}");
        return Err(AwsError::client("InvalidParameterValue", message));
    }
    let instance = call.regional().rds.instances.get_mut(&id).ok_or_else(|| no_instance(&id))?;
    if let Some(class) = text(input, "DBInstanceClass") {
        class.clone_into(&mut instance.class);
    }
    if let Some(tier) = input.get("PromotionTier").and_then(Value::as_u64) {
        instance.tier = tier;
    }
    answer(call, &id)
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = identifier(input, "DBInstanceIdentifier")?;
    if input.get("FinalDBSnapshotIdentifier").is_some() {
        let message = "FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance";
        return Err(AwsError::client("InvalidParameterCombination", message));
    }
    let state = &call.regional().rds;
    let instance = state.instances.get(&id).cloned().ok_or_else(|| no_instance(&id))?;
    if instance.status == Status::Deleting {
        let message = format!("Instance {id} is already being deleted.");
        return Err(AwsError::client("InvalidDBInstanceState", message));
    }
    let others =
        state.members(&instance.cluster).filter(|(other, item)| **other != id && item.status != Status::Deleting);
    let last = others.count() == 0;
    let cluster = state.clusters.get(&instance.cluster).cloned();
    if let (true, Some(cluster)) = (last, cluster) {
        // aws-behaviour.md, section 1: a replica's only instance goes after its promotion, the last instance of a source
        // after its replicas.
        if cluster.source.is_some() && call.world.rule("rds.replica_keeps_its_last_instance") {
            let message = format!(
                "Cannot delete the last instance of the read replica DB cluster {}. Promote the DB cluster to a standalone DB cluster in order to delete it.",
                instance.cluster
            );
            return Err(wrong_state(message));
        }
        if let Some(replica) = replicas::of(call, &cluster.arn).first() {
            let message = format!(
                "Cannot delete the last instance of the master cluster {}: it is the replication source of {replica}.",
                instance.cluster
            );
            return Err(wrong_state(message));
        }
    }
    if let Some(instance) = call.regional().rds.instances.get_mut(&id) {
        instance.status = Status::Deleting;
    }
    let after = call.draw("rds.instance.delete", &id);
    call.schedule(after, What::Rds(Transition::InstanceDeleted(id.clone())));
    answer(call, &id)
}

pub(super) fn deleted(call: &mut Call<'_>, id: &str) {
    call.regional().rds.instances.remove(id);
    call.log(format!("instance {id} is deleted"));
}
