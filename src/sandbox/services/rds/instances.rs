//! Instances of clusters.

use serde_json::{Value, json};

use super::{
    Instance, Transition, after, check_identifier, combination, global, identifier, invalid, missing, not_found,
    refuse, rows, shape, wrong_state,
};
use crate::sandbox::call::{self, AwsError, Call, text};

/// Families of classes that Aurora MySQL 3 and current Aurora PostgreSQL run on.
/// Source: Amazon Aurora User Guide, "Supported DB engines for DB instance classes".
const FAMILIES: [&str; 14] =
    ["t3", "t4g", "r5", "r6g", "r6gd", "r6i", "r6id", "r7g", "r7i", "r8g", "x2g", "r8gd", "r7gd", "r5b"];

fn check_class(class: &str, engine: &str, version: &str) -> Result<(), AwsError> {
    let mut parts = class.split('.');
    let (db, family, size) = (parts.next(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    // The small T classes ended with Aurora MySQL 2.
    let small = family.starts_with('t') && !["medium", "large"].contains(&size);
    if db == Some("db") && FAMILIES.contains(&family) && !size.is_empty() && !small {
        return Ok(());
    }
    Err(combination(format!(
        "RDS does not support creating a DB instance with the following combination: DBInstanceClass={class}, \
         Engine={engine}, EngineVersion={version}, LicenseModel=general-public-license. For supported combinations of \
         instance class and database engine version, see the documentation."
    )))
}

pub(super) fn no_instance(id: &str) -> AwsError {
    AwsError::not_found("DBInstanceNotFound", format!("DBInstance {id} not found."))
}

pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    refuse(input, &["AllocatedStorage", "Iops", "MasterUserPassword", "DBName", "MultiAZ", "DBParameterGroupName"])?;
    let id = identifier(input, "DBInstanceIdentifier")?;
    check_identifier("DBInstanceIdentifier", &id)?;
    let class = text(input, "DBInstanceClass").ok_or_else(|| missing("DBInstanceClass"))?.to_owned();
    let engine = text(input, "Engine").ok_or_else(|| missing("Engine"))?;
    if text(input, "DBClusterIdentifier").is_none() {
        return Err(invalid("The sandbox simulates instances of Aurora clusters only: DBClusterIdentifier is needed."));
    }
    let cluster_id = identifier(input, "DBClusterIdentifier")?;
    let state = &call.regional().rds;
    let cluster = state.clusters.get(&cluster_id).ok_or_else(|| not_found(&cluster_id))?;
    if cluster.engine != engine {
        return Err(combination(format!(
            "The engine name requested for your DB instance ({engine}) doesn't match the engine name of your DB cluster ({}).",
            cluster.engine
        )));
    }
    if cluster.status == "deleting" {
        return Err(wrong_state(format!("DB Cluster {cluster_id} is in deleting state")));
    }
    check_class(&class, engine, &cluster.version)?;
    global::check_class(cluster, &class)?;
    if state.instances.contains_key(&id) {
        return Err(AwsError::client("DBInstanceAlreadyExists", "DB instance already exists"));
    }
    let zones =
        state.subnet_groups.get(&cluster.subnet_group).map(super::groups::SubnetGroup::zones).unwrap_or_default();
    let members = state.instances.values().filter(|instance| instance.cluster == cluster_id).count();
    let zone = text(input, "AvailabilityZone").map(str::to_owned);
    let spread = zones.get(members % zones.len().max(1)).cloned().unwrap_or_else(|| format!("{}a", call.region));
    let resource = format!("db-{}", call.upper_id(26));
    let instance = Instance {
        arn: call.arn("rds", &format!("db:{id}")),
        id: id.clone(),
        resource: resource.clone(),
        cluster: cluster_id,
        class,
        status: "creating".to_owned(),
        created: call.now(),
        zone: zone.unwrap_or(spread),
        public: input.get("PubliclyAccessible").and_then(Value::as_bool).unwrap_or(false),
        tier: input.get("PromotionTier").and_then(Value::as_u64).unwrap_or(1),
        tags: call::tags(input.get("Tags")),
    };
    call.regional().rds.instances.insert(id.clone(), instance);
    call.log(format!("rds instance {id} creating"));
    after(call, "rds.instance.create", &id, Transition::InstanceReady { resource });
    answer(call, &id)
}

/// `{ DBInstance }`, as AWS answers a change of an instance.
pub(super) fn answer(call: &mut Call<'_>, id: &str) -> Result<Value, AwsError> {
    let (account, region) = (call.account.clone(), call.region.clone());
    let state = &call.regional().rds;
    let instance = state.instances.get(id).ok_or_else(|| no_instance(id))?;
    Ok(json!({ "DBInstance": shape::instance(state, instance, &account, &region) }))
}

/// An instance is made or changed. It cannot be ready before its cluster.
pub(super) fn ready(call: &mut Call<'_>, resource: &str) {
    let state = &mut call.regional().rds;
    let Some(instance) = state.instances.values_mut().find(|instance| instance.resource == resource) else { return };
    if instance.status == "deleting" {
        return;
    }
    let (id, cluster) = (instance.id.clone(), instance.cluster.clone());
    if state.clusters.get(&cluster).is_none_or(|cluster| cluster.status == "creating") {
        after(call, "rds.instance.wait", &id, Transition::InstanceReady { resource: resource.to_owned() });
        return;
    }
    let restarted = instance.status == "rebooting";
    "available".clone_into(&mut instance.status);
    let writer = shape::writer(state, &cluster).is_some_and(|writer| writer.id == id);
    if let Some(cluster) = state.clusters.get_mut(&cluster).filter(|_| restarted && writer) {
        // The writer's restart makes the cluster read its static parameters.
        let group = state.parameter_groups.get(&cluster.parameter_group);
        cluster.binlog = group.is_some_and(super::groups::ParameterGroup::binlog);
    }
    call.log(format!("rds instance {id} available"));
    rows::catch_up(call, &cluster);
}

pub(super) fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let wanted = text(input, "DBInstanceIdentifier").map(|_| identifier(input, "DBInstanceIdentifier")).transpose()?;
    let (account, region) = (call.account.clone(), call.region.clone());
    let state = &call.regional().rds;
    if let Some(id) = wanted.as_ref().filter(|id| !state.instances.contains_key(*id)) {
        return Err(no_instance(id));
    }
    let found = state.instances.values().filter(|instance| {
        wanted.as_ref().is_none_or(|id| *id == instance.id)
            && shape::passes(input, &[("db-instance-id", &instance.id), ("db-cluster-id", &instance.cluster)])
    });
    let list: Vec<Value> = found.map(|instance| shape::instance(state, instance, &account, &region)).collect();
    shape::paged(input, "DBInstances", list)
}

pub(super) fn modify(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    refuse(
        input,
        &[
            "NewDBInstanceIdentifier",
            "AllocatedStorage",
            "EngineVersion",
            "MasterUserPassword",
            "MultiAZ",
            "DBParameterGroupName",
        ],
    )?;
    let id = identifier(input, "DBInstanceIdentifier")?;
    let state = &mut call.regional().rds;
    let instance = state.instances.get(&id).cloned().ok_or_else(|| no_instance(&id))?;
    if instance.status != "available" {
        return Err(AwsError::client(
            "InvalidDBInstanceState",
            format!("Database instance is not in available state: {id} is {}.", instance.status),
        ));
    }
    let cluster = state.clusters.get(&instance.cluster);
    let class = text(input, "DBInstanceClass");
    if let (Some(class), Some(cluster)) = (class, cluster) {
        check_class(class, &cluster.engine, &cluster.version)?;
    }
    let answer = answer(call, &id)?;
    if let Some(instance) = call.regional().rds.instances.get_mut(&id) {
        if let Some(class) = class {
            class.clone_into(&mut instance.class);
        }
        if let Some(public) = input.get("PubliclyAccessible").and_then(Value::as_bool) {
            instance.public = public;
        }
        if let Some(tier) = input.get("PromotionTier").and_then(Value::as_u64) {
            instance.tier = tier;
        }
        "modifying".clone_into(&mut instance.status);
    }
    after(call, "rds.modify", &id, Transition::InstanceReady { resource: instance.resource });
    Ok(answer)
}

pub(super) fn reboot(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    refuse(input, &["ForceFailover"])?;
    let id = identifier(input, "DBInstanceIdentifier")?;
    let instance = call.regional().rds.instances.get_mut(&id).ok_or_else(|| no_instance(&id))?;
    if instance.status != "available" {
        return Err(AwsError::client(
            "InvalidDBInstanceState",
            format!("Database instance is not in available state: {id} is {}.", instance.status),
        ));
    }
    "rebooting".clone_into(&mut instance.status);
    let resource = instance.resource.clone();
    call.log(format!("rds instance {id} rebooting"));
    after(call, "rds.reboot", &id, Transition::InstanceReady { resource });
    answer(call, &id)
}
