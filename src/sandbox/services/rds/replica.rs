//! Replica clusters that follow a source's binary log, and their promotion.

use serde_json::Value;

use super::{
    Cluster, Transition, after, by_arn, by_arn_mut, clusters, combination, identifier, not_found, region_of,
    wrong_state,
};
use crate::sandbox::call::{AwsError, Call, text};

/// Source: aws-behaviour.md 3: a source has at most five replicas.
const MAX_REPLICAS: usize = 5;

/// The source that a new cluster names, when it can be followed.
pub(super) fn source_for(call: &Call<'_>, input: &Value, arn: &str, engine: &str) -> Result<Cluster, AwsError> {
    let gone =
        || AwsError::not_found("DBClusterNotFoundFault", format!("The source cluster could not be found: {arn}"));
    let source = by_arn(call.world, &call.account, arn).ok_or_else(gone)?;
    for (member, what) in
        [("MasterUsername", "user name"), ("MasterUserPassword", "password"), ("DatabaseName", "database name")]
    {
        if input.get(member).is_some() {
            return Err(combination(format!("Cannot specify {what} for cross region replication cluster")));
        }
    }
    if source.engine != engine {
        return Err(combination(format!(
            "The engine of the replica ({engine}) must be the engine of its source ({})",
            source.engine
        )));
    }
    if engine != "aurora-mysql" {
        return Err(combination(format!(
            "Cross-Region read replica clusters are not supported for the engine {engine}"
        )));
    }
    if !["available", "backing-up", "modifying"].contains(&source.status.as_str()) {
        return Err(wrong_state(format!("Source cluster {arn} is in {} state", source.status)));
    }
    if !source.binlog && call.world.rule("rds.replica-needs-binlog") {
        return Err(wrong_state(format!(
            "Source cluster {arn} does not have binary logging enabled. Set binlog_format in its cluster parameter group \
             before you create a replica."
        )));
    }
    if source.replicas.len() >= MAX_REPLICAS && call.world.rule("rds.five-replicas") {
        return Err(wrong_state(format!("Source cluster {arn} already has {MAX_REPLICAS} read replicas")));
    }
    let elsewhere = region_of(arn) != call.region;
    if source.key.is_some()
        && elsewhere
        && text(input, "KmsKeyId").is_none()
        && call.world.rule("rds.replica-needs-key")
    {
        return Err(combination(
            "Cannot create a cross-region replica of an encrypted DB cluster without a KmsKeyId of the destination Region",
        ));
    }
    Ok(source.clone())
}

/// Notes at the source that somebody follows it.
pub(super) fn link(call: &mut Call<'_>, source: &str, replica: &str) {
    let account = call.account.clone();
    if let Some(source) = by_arn_mut(call.world, &account, source) {
        source.replicas.push(replica.to_owned());
    }
}

/// Notes at the source that somebody does not follow it any more.
pub(super) fn unlink(call: &mut Call<'_>, source: &str, replica: &str) {
    let account = call.account.clone();
    if let Some(source) = by_arn_mut(call.world, &account, source) {
        source.replicas.retain(|arn| arn != replica);
    }
}

pub(super) fn promote(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = identifier(input, "DBClusterIdentifier")?;
    let restarts = call.world.rule("rds.promotion-restarts");
    let cluster = call.regional().rds.clusters.get_mut(&id).ok_or_else(|| not_found(&id))?;
    let Some(source) = cluster.source.clone().filter(|_| cluster.global.is_none()) else {
        return Err(wrong_state(format!("DB Cluster {id} is not a read replica")));
    };
    if cluster.status != "available" {
        return Err(wrong_state(format!("DB Cluster {id} is not in available state: it is {}", cluster.status)));
    }
    // What the source has and this cluster has not yet is lost to it from here on.
    cluster.source = None;
    let (arn, resource) = (cluster.arn.clone(), cluster.resource.clone());
    if !restarts {
        unlink(call, &source, &arn);
        return clusters::answer(call, &id);
    }
    "promoting".clone_into(&mut cluster.status);
    unlink(call, &source, &arn);
    for instance in call.regional().rds.instances.values_mut().filter(|instance| instance.cluster == id) {
        if instance.status == "available" {
            "rebooting".clone_into(&mut instance.status);
        }
    }
    call.log(format!("rds cluster {id} promoting"));
    after(call, "rds.promote", &id, Transition::ClusterReady { resource });
    clusters::answer(call, &id)
}
