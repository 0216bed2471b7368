//! Clusters: made, read and changed.

use serde_json::{Value, json};

use super::{
    Cluster, Transition, after, by_resource, check_identifier, combination, global, groups, identifier, invalid,
    missing, not_found, refuse, replica, rows, shape, strings, wrong_state,
};
use crate::sandbox::call::{self, AwsError, Call, text};
use crate::sandbox::services::kms;

/// Members that belong to what is not simulated: serverless, write forwarding, Multi-AZ clusters, Limitless.
const NOT_SIMULATED: [&str; 13] = [
    "ServerlessV2ScalingConfiguration",
    "ScalingConfiguration",
    "DBClusterInstanceClass",
    "AllocatedStorage",
    "Iops",
    "ManageMasterUserPassword",
    "BacktrackWindow",
    "EnableHttpEndpoint",
    "EnableGlobalWriteForwarding",
    "EnableLimitlessDatabase",
    "OptionGroupName",
    "Domain",
    "WithExpressConfiguration",
];

/// Source: Amazon Aurora User Guide: version 3 is compatible with MySQL 8.0; bookstore's blog.yaml uses this release.
const DEFAULT_MYSQL: &str = "8.0.mysql_aurora.3.10.4";
const DEFAULT_POSTGRESQL: &str = "16.8";

/// The engine's version and its parameter group family.
pub(super) fn version(engine: &str, asked: Option<&str>) -> Result<(String, String), AwsError> {
    let unknown = |version: &str| combination(format!("Cannot find version {version} for {engine}"));
    match engine {
        "aurora-mysql" => {
            let version = asked.unwrap_or(DEFAULT_MYSQL);
            let release = version.strip_prefix("8.0.mysql_aurora.3.").ok_or_else(|| unknown(version))?;
            if release.is_empty() || !release.chars().all(|c| c.is_ascii_digit() || c == '.') {
                return Err(unknown(version));
            }
            Ok((version.to_owned(), "aurora-mysql8.0".to_owned()))
        }
        "aurora-postgresql" => {
            let version = asked.unwrap_or(DEFAULT_POSTGRESQL);
            let major = version.split('.').next().unwrap_or_default();
            let known = major.parse::<u32>().is_ok_and(|major| (13..=17).contains(&major));
            known.then(|| (version.to_owned(), format!("aurora-postgresql{major}"))).ok_or_else(|| unknown(version))
        }
        // `aurora` was Aurora MySQL 1, which ended in February 2023.
        "aurora" => Err(invalid(
            "Invalid DB engine: aurora. Aurora MySQL version 1 has reached its end of life; use aurora-mysql.",
        )),
        other => Err(invalid(format!(
            "Invalid DB engine: {other}. The sandbox simulates aurora-mysql and aurora-postgresql."
        ))),
    }
}

/// The network that a cluster is to stand in.
fn network(call: &mut Call<'_>, input: &Value) -> Result<(String, Vec<String>), AwsError> {
    let name = text(input, "DBSubnetGroupName").unwrap_or("default").to_lowercase();
    let group = call.regional().rds.subnet_groups.get(&name).cloned();
    let vpc = match &group {
        Some(group) => Some(group.vpc().to_owned()),
        None if name == "default" => None,
        None => {
            return Err(AwsError::not_found("DBSubnetGroupNotFoundFault", format!("DBSubnetGroup {name} not found.")));
        }
    };
    let groups = strings(input.get("VpcSecurityGroupIds"));
    if groups.is_empty() {
        return Ok((name, groups));
    }
    let described = call
        .invoke("ec2", "DescribeSecurityGroups", &json!({ "GroupIds": groups }))
        .map_err(|_| invalid(format!("Invalid security group , groupId= {}, groupName=.", groups.join(", "))))?;
    for group in described.get("SecurityGroups").and_then(Value::as_array).into_iter().flatten() {
        let theirs = text(group, "VpcId").unwrap_or_default();
        if let Some(ours) = vpc.as_deref().filter(|ours| *ours != theirs) {
            return Err(combination(format!(
                "The DB instance and EC2 security group are in different VPCs. The DB instance is in {ours} and the EC2 \
                 security group is in {theirs}"
            )));
        }
    }
    Ok((name, groups))
}

/// The ARN of the key that encrypts the storage, when it is encrypted.
fn key(call: &mut Call<'_>, input: &Value, encrypted: bool) -> Result<Option<String>, AwsError> {
    let Some(name) = text(input, "KmsKeyId") else {
        return Ok(encrypted.then(|| call.arn("kms", "alias/aws/rds")));
    };
    if !encrypted {
        return Err(combination("KMS key ID can only be specified for an encrypted DB cluster"));
    }
    if !kms::usable(call, name) {
        return Err(AwsError::client(
            "KMSKeyNotAccessibleFault",
            format!(
                "The specified KMS key [{name}] does not exist, is not enabled or you do not have permissions to access it."
            ),
        ));
    }
    let described = call.invoke("kms", "DescribeKey", &json!({ "KeyId": name }));
    let arn = described.ok().and_then(|answer| answer.pointer("/KeyMetadata/Arn")?.as_str().map(str::to_owned));
    Ok(Some(arn.unwrap_or_else(|| name.to_owned())))
}

/// Refuses a password that is none. Source: RDS API Reference, CreateDBCluster, `MasterUserPassword`: 8 to 41 printable
/// ASCII characters except `/`, `"` and `@`.
fn check_password(password: &str) -> Result<(), AwsError> {
    let refuse = |why: &str| Err(invalid(format!("The parameter MasterUserPassword is not a valid password{why}")));
    match password.chars().count() {
        0..8 => refuse(" because it is shorter than 8 characters."),
        8..=41 if password.chars().all(|one| one.is_ascii_graphic() && !['/', '"', '@'].contains(&one)) => Ok(()),
        8..=41 => refuse(". Only printable ASCII characters besides '/', '@', '\"', ' ' may be used."),
        _ => refuse(" because it is longer than 41 characters."),
    }
}

pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    refuse(input, &NOT_SIMULATED)?;
    if text(input, "EngineMode").is_some_and(|mode| mode != "provisioned") {
        return Err(combination("The sandbox simulates EngineMode provisioned only."));
    }
    let id = identifier(input, "DBClusterIdentifier")?;
    check_identifier("DBClusterIdentifier", &id)?;
    let engine = text(input, "Engine").ok_or_else(|| missing("Engine"))?.to_owned();
    if call.regional().rds.clusters.contains_key(&id) {
        return Err(AwsError::client("DBClusterAlreadyExistsFault", "DB Cluster already exists"));
    }
    // An engine that is retired is refused as such, whatever it is to follow.
    version(&engine, None)?;
    let source_arn = text(input, "ReplicationSourceIdentifier");
    let global = text(input, "GlobalClusterIdentifier").map(str::to_lowercase);
    let source = match (&global, source_arn) {
        (Some(_), Some(_)) => {
            return Err(combination(
                "GlobalClusterIdentifier and ReplicationSourceIdentifier can not be specified together",
            ));
        }
        (Some(_), None) => global::source_for(call, input, &engine)?,
        (None, arn) => arn.map(|arn| replica::source_for(call, input, arn, &engine)).transpose()?,
    };
    if source.is_none() {
        for member in ["MasterUsername", "MasterUserPassword"] {
            if text(input, member).is_none_or(str::is_empty) {
                return Err(invalid(format!("The parameter {member} must be provided and must not be blank.")));
            }
        }
        check_password(text(input, "MasterUserPassword").unwrap_or_default())?;
    }
    let asked = text(input, "EngineVersion").or(source.as_ref().map(|source| source.version.as_str()));
    let (version, family) = version(&engine, asked)?;
    let (subnet_group, security_groups) = network(call, input)?;
    let wants = input.get("StorageEncrypted").and_then(Value::as_bool).unwrap_or(false);
    let encrypted = wants || source.as_ref().is_some_and(|source| source.key.is_some());
    let key = key(call, input, encrypted)?;
    let default_group = format!("default.{family}");
    let (parameter_group, binlog) =
        groups::binlog_of(call, text(input, "DBClusterParameterGroupName"), &default_group)?;
    let resource = format!("cluster-{}", call.upper_id(26));
    let default_port = if engine == "aurora-mysql" { 3306 } else { 5432 };
    let cluster = Cluster {
        arn: call.arn("rds", &format!("cluster:{id}")),
        id: id.clone(),
        resource: resource.clone(),
        status: "creating".to_owned(),
        engine,
        version,
        created: call.now(),
        port: input.get("Port").and_then(Value::as_u64).unwrap_or(default_port),
        user: source
            .as_ref()
            .map_or_else(|| text(input, "MasterUsername").unwrap_or_default().to_owned(), |source| source.user.clone()),
        database: source
            .as_ref()
            .map_or_else(|| text(input, "DatabaseName").map(str::to_owned), |source| source.database.clone()),
        parameter_group,
        binlog,
        subnet_group,
        security_groups,
        key,
        retention: input.get("BackupRetentionPeriod").and_then(Value::as_u64).unwrap_or(1),
        deletion_protection: input.get("DeletionProtection").and_then(Value::as_bool).unwrap_or(false),
        tags: call::tags(input.get("Tags")),
        source: source.as_ref().map(|source| source.arn.clone()),
        global: global.clone(),
        ..Cluster::default()
    };
    if global.is_some() {
        global::join(call, input, &cluster.arn)?;
    }
    if let Some(source) = &source {
        replica::link(call, &source.arn, &cluster.arn);
    }
    call.regional().rds.clusters.insert(id.clone(), cluster);
    call.log(format!("rds cluster {id} creating"));
    let constant = if source.is_some() { "rds.replica_cluster.create" } else { "rds.cluster.create" };
    after(call, constant, &id, Transition::ClusterReady { resource });
    answer(call, &id)
}

/// `{ DBCluster }`, as AWS answers a change of a cluster.
pub(super) fn answer(call: &mut Call<'_>, id: &str) -> Result<Value, AwsError> {
    let (account, region) = (call.account.clone(), call.region.clone());
    let state = &call.regional().rds;
    let cluster = state.clusters.get(id).ok_or_else(|| not_found(id))?;
    Ok(json!({ "DBCluster": shape::cluster(state, cluster, &account, &region) }))
}

/// A cluster is made, changed or promoted.
pub(super) fn ready(call: &mut Call<'_>, resource: &str) {
    let Some(cluster) = by_resource(call, resource) else { return };
    if cluster.status == "deleting" {
        return;
    }
    let (id, was_promoted) = (cluster.id.clone(), cluster.status == "promoting");
    let first = cluster.status == "creating";
    "available".clone_into(&mut cluster.status);
    call.log(format!("rds cluster {id} available"));
    if was_promoted {
        for instance in call.regional().rds.instances.values_mut().filter(|instance| instance.cluster == id) {
            if instance.status == "rebooting" {
                "available".clone_into(&mut instance.status);
            }
        }
    }
    if first {
        rows::copy_source(call, resource);
    }
}

pub(super) fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let wanted = text(input, "DBClusterIdentifier").map(|_| identifier(input, "DBClusterIdentifier")).transpose()?;
    let (account, region) = (call.account.clone(), call.region.clone());
    let state = &call.regional().rds;
    if let Some(id) = wanted.as_ref().filter(|id| !state.clusters.contains_key(*id)) {
        return Err(not_found(id));
    }
    let found = state.clusters.values().filter(|cluster| {
        wanted.as_ref().is_none_or(|id| *id == cluster.id)
            && shape::passes(
                input,
                &[
                    ("db-cluster-id", &cluster.id),
                    ("db-cluster-resource-id", &cluster.resource),
                    ("engine", &cluster.engine),
                ],
            )
    });
    let list: Vec<Value> = found.map(|cluster| shape::cluster(state, cluster, &account, &region)).collect();
    shape::paged(input, "DBClusters", list)
}

pub(super) fn modify(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    refuse(input, &NOT_SIMULATED)?;
    refuse(input, &["NewDBClusterIdentifier", "GlobalClusterIdentifier", "EngineVersion", "Port", "StorageType"])?;
    let id = identifier(input, "DBClusterIdentifier")?;
    let current = call.regional().rds.clusters.get(&id).cloned().ok_or_else(|| not_found(&id))?;
    if current.status != "available" {
        return Err(wrong_state(format!(
            "Database cluster cannot be modified because it is not in available state: {id} is {}.",
            current.status
        )));
    }
    let group = match text(input, "DBClusterParameterGroupName") {
        Some(name) => {
            let (_, family) = version(&current.engine, Some(&current.version))?;
            Some(groups::binlog_of(call, Some(name), &format!("default.{family}"))?.0)
        }
        None => None,
    };
    let security_groups = match input.get("VpcSecurityGroupIds") {
        Some(_) => Some(
            network(
                call,
                &json!({
            "DBSubnetGroupName": current.subnet_group, "VpcSecurityGroupIds": input.get("VpcSecurityGroupIds") }),
            )?
            .1,
        ),
        None => None,
    };
    let resource = current.resource.clone();
    let Some(cluster) = by_resource(call, &resource) else { return Err(not_found(&id)) };
    if let Some(protect) = input.get("DeletionProtection").and_then(Value::as_bool) {
        cluster.deletion_protection = protect;
    }
    if let Some(days) = input.get("BackupRetentionPeriod").and_then(Value::as_u64) {
        cluster.retention = days;
    }
    if let Some(name) = group {
        // A running cluster reads static parameters such as binlog_format at its next restart.
        cluster.parameter_group = name;
    }
    if let Some(groups) = security_groups {
        cluster.security_groups = groups;
    }
    // AWS answers with the cluster as it still is; the change begins behind the answer.
    let answer = answer(call, &id)?;
    if let Some(cluster) = by_resource(call, &resource) {
        "modifying".clone_into(&mut cluster.status);
    }
    after(call, "rds.modify", &id, Transition::ClusterReady { resource });
    Ok(answer)
}
