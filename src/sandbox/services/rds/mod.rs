//! RDS: Aurora clusters, instances, cross-Region replicas, and the rows that they replicate.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{self, AwsError, Call};
use crate::sandbox::world::{What, World};

mod clusters;
mod delete;
mod global;
mod groups;
mod instances;
mod replica;
mod rows;
mod shape;
mod snapshots;
mod tagging;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_global;

pub use global::GlobalCluster;
pub use rows::{Found, find_by_endpoint, is_global, lag_by_minute, replica_lag, resume, rows, write_row};

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Clusters by identifier.
    pub clusters: BTreeMap<String, Cluster>,
    /// Instances by identifier.
    pub instances: BTreeMap<String, Instance>,
    /// DB subnet groups by name.
    subnet_groups: BTreeMap<String, groups::SubnetGroup>,
    /// Cluster parameter groups by name.
    parameter_groups: BTreeMap<String, groups::ParameterGroup>,
    /// Manual snapshots of clusters by identifier.
    snapshots: BTreeMap<String, snapshots::Snapshot>,
}

/// An Aurora cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its identifier.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// `cluster-…`; tells a cluster from a later one of the same identifier.
    resource: String,
    /// `creating`, `available`, `modifying`, `promoting`, `deleting`.
    pub status: String,
    engine: String,
    version: String,
    created: SimTime,
    port: u64,
    user: String,
    database: Option<String>,
    parameter_group: String,
    /// Whether the binary log is on; decided when the cluster starts.
    binlog: bool,
    subnet_group: String,
    security_groups: Vec<String>,
    /// The key's ARN, when the storage is encrypted.
    key: Option<String>,
    retention: u64,
    deletion_protection: bool,
    tags: Vec<(String, String)>,
    /// The ARN of the cluster that this one repeats.
    pub source: Option<String>,
    /// The ARNs of the clusters that repeat this one.
    pub replicas: Vec<String>,
    /// The global cluster that it is a member of; its secondaries repeat its storage, not its binary log.
    #[serde(default)]
    pub global: Option<String>,
    /// Its data.
    log: rows::Log,
}

/// An instance of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Its identifier.
    pub id: String,
    arn: String,
    resource: String,
    /// The cluster's identifier.
    pub cluster: String,
    class: String,
    /// `creating`, `available`, `modifying`, `rebooting`, `deleting`.
    pub status: String,
    created: SimTime,
    zone: String,
    public: bool,
    tier: u64,
    tags: Vec<(String, String)>,
}

/// What will happen to it. Resource ids guard against a successor of the same identifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A cluster is `available`.
    ClusterReady {
        /// Its resource id.
        resource: String,
    },
    /// A cluster is gone.
    ClusterGone {
        /// Its resource id.
        resource: String,
    },
    /// An instance is `available`.
    InstanceReady {
        /// Its resource id.
        resource: String,
    },
    /// An instance is gone.
    InstanceGone {
        /// Its resource id.
        resource: String,
    },
    /// A global cluster has changed its roles.
    GlobalRoles {
        /// Its identifier.
        id: String,
    },
    /// A cluster has left its global cluster.
    GlobalLeft {
        /// The global cluster's identifier.
        id: String,
        /// The cluster's ARN.
        arn: String,
    },
    /// A replica cluster repeats its source's rows up to this one.
    Repeat {
        /// The replica's resource id.
        resource: String,
        /// The row's number.
        row: u64,
    },
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    match what {
        Transition::ClusterReady { resource } => clusters::ready(call, &resource),
        Transition::ClusterGone { resource } => delete::cluster_gone(call, &resource),
        Transition::InstanceReady { resource } => instances::ready(call, &resource),
        Transition::InstanceGone { resource } => delete::instance_gone(call, &resource),
        Transition::GlobalRoles { id } => global::roles_changed(call, &id),
        Transition::GlobalLeft { id, arn } => global::left(call, &id, &arn),
        Transition::Repeat { resource, row } => rows::repeat(call, &resource, row),
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateDBCluster" => clusters::create,
        "DescribeDBClusters" => clusters::describe,
        "ModifyDBCluster" => clusters::modify,
        "DeleteDBCluster" => delete::cluster,
        "PromoteReadReplicaDBCluster" => replica::promote,
        "CreateGlobalCluster" => global::create,
        "DescribeGlobalClusters" => global::describe,
        "ModifyGlobalCluster" => global::modify,
        "SwitchoverGlobalCluster" => global::switchover,
        "FailoverGlobalCluster" => global::failover,
        "RemoveFromGlobalCluster" => global::remove,
        "DeleteGlobalCluster" => global::delete,
        "CreateDBInstance" => instances::create,
        "DescribeDBInstances" => instances::describe,
        "ModifyDBInstance" => instances::modify,
        "RebootDBInstance" => instances::reboot,
        "DeleteDBInstance" => delete::instance,
        "CreateDBSubnetGroup" => groups::create_subnet_group,
        "DescribeDBSubnetGroups" => groups::describe_subnet_groups,
        "DeleteDBSubnetGroup" => groups::delete_subnet_group,
        "CreateDBClusterParameterGroup" => groups::create_parameter_group,
        "ModifyDBClusterParameterGroup" => groups::modify_parameter_group,
        "DescribeDBClusterParameterGroups" => groups::describe_parameter_groups,
        "DescribeDBClusterParameters" => groups::describe_parameters,
        "DeleteDBClusterParameterGroup" => groups::delete_parameter_group,
        "DescribeDBClusterSnapshots" => snapshots::describe,
        "DeleteDBClusterSnapshot" => snapshots::delete,
        "AddTagsToResource" => tagging::add,
        "RemoveTagsFromResource" => tagging::remove,
        "ListTagsForResource" => tagging::list,
        _ => return None,
    })
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let global = call.region == crate::domain::GLOBAL_REGION;
    let mut records = if global { global::records(call) } else { Vec::new() };
    let state = &call.regional().rds;
    let mut push = |type_name, id: &str, arn: &str, tags: &[(String, String)], mut properties: Value| {
        if let Some(map) = properties.as_object_mut() {
            map.insert("Tags".into(), call::tag_list(tags));
        }
        let (id, arn, tags) = (id.to_owned(), arn.to_owned(), tags.to_vec());
        records.push(Record { type_name, id, arn, tags, properties, built_in: false });
    };
    for cluster in state.clusters.values() {
        let properties = json!({
            "DBClusterIdentifier": cluster.id,
            "DBClusterArn": cluster.arn,
            "Engine": cluster.engine,
            "DBSubnetGroupName": cluster.subnet_group,
            "VpcSecurityGroupIds": cluster.security_groups,
        });
        push("AWS::RDS::DBCluster", &cluster.id, &cluster.arn, &cluster.tags, properties);
    }
    for instance in state.instances.values() {
        let cluster = state.clusters.get(&instance.cluster);
        let group = cluster.and_then(|cluster| state.subnet_groups.get(&cluster.subnet_group));
        // An instance has an interface in each of its subnets, which hold the subnets and groups back.
        let properties = json!({
            "DBInstanceIdentifier": instance.id,
            "DBInstanceArn": instance.arn,
            "DBClusterIdentifier": instance.cluster,
            "DBInstanceClass": instance.class,
            "VPCSecurityGroups": cluster.map(|cluster| &cluster.security_groups),
            "SubnetIds": group.map(groups::SubnetGroup::subnet_ids),
        });
        push("AWS::RDS::DBInstance", &instance.id, &instance.arn, &instance.tags, properties);
    }
    for (name, group) in &state.subnet_groups {
        let properties = json!({ "DBSubnetGroupName": name, "SubnetIds": group.subnet_ids() });
        push("AWS::RDS::DBSubnetGroup", name, &group.arn, &group.tags, properties);
    }
    for (name, group) in &state.parameter_groups {
        let properties = json!({ "DBClusterParameterGroupName": name, "Family": group.family });
        push("AWS::RDS::DBClusterParameterGroup", name, &group.arn, &group.tags, properties);
    }
    for (name, snapshot) in &state.snapshots {
        let properties = json!({ "DBClusterSnapshotIdentifier": name });
        push("AWS::RDS::DBClusterSnapshot", name, &snapshot.arn, &snapshot.tags, properties);
    }
    records
}

fn not_found(id: &str) -> AwsError {
    AwsError::not_found("DBClusterNotFoundFault", format!("DBCluster {id} not found."))
}

fn wrong_state(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidDBClusterStateFault", message)
}

fn combination(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterCombination", message)
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterValue", message)
}

fn missing(member: &str) -> AwsError {
    AwsError::client("MissingParameter", format!("The request must contain the parameter {member}"))
}

/// The identifier that an input gives: a name, or the ARN of something with that name. RDS keeps identifiers in lower
/// case.
fn identifier(input: &Value, member: &str) -> Result<String, AwsError> {
    let given = call::text(input, member).ok_or_else(|| missing(member))?;
    Ok(given.rsplit(':').next().unwrap_or(given).to_lowercase())
}

/// Source: Amazon RDS API Reference, CreateDBCluster: 1 to 63 letters, digits and hyphens, a letter first, no hyphen last,
/// no two hyphens together.
fn check_identifier(member: &str, id: &str) -> Result<(), AwsError> {
    let good = (1..=63).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !id.ends_with('-')
        && !id.contains("--");
    if good {
        return Ok(());
    }
    Err(invalid(format!(
        "The parameter {member} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII \
         letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )))
}

/// The cluster of an ARN, in whichever Region it is.
fn by_arn<'w>(world: &'w World, account: &str, arn: &str) -> Option<&'w Cluster> {
    let mut parts = arn.split(':');
    let (region, id) = (parts.nth(3)?, parts.next_back()?);
    world.accounts.get(account)?.regions.get(region)?.rds.clusters.get(id).filter(|cluster| cluster.arn == arn)
}

fn by_arn_mut<'w>(world: &'w mut World, account: &str, arn: &str) -> Option<&'w mut Cluster> {
    let mut parts = arn.split(':');
    let (region, id) = (parts.nth(3)?, parts.next_back()?);
    let regions = &mut world.accounts.get_mut(account)?.regions;
    regions.get_mut(region)?.rds.clusters.get_mut(id).filter(|cluster| cluster.arn == arn)
}

/// The cluster of a resource id in the call's Region.
fn by_resource<'c>(call: &'c mut Call<'_>, resource: &str) -> Option<&'c mut Cluster> {
    call.regional().rds.clusters.values_mut().find(|cluster| cluster.resource == resource)
}

fn region_of(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

/// Schedules a transition after a drawn duration.
fn after(call: &mut Call<'_>, constant: &str, id: &str, what: Transition) {
    let resource = format!("{}/{id}", call.region);
    let span = call.draw(constant, &resource);
    call.schedule(span, What::Rds(what));
}

/// Refuses members whose meaning is not simulated.
fn refuse(input: &Value, members: &[&str]) -> Result<(), AwsError> {
    match members.iter().find(|member| input.get(**member).is_some_and(|value| *value != Value::Bool(false))) {
        Some(member) => Err(combination(format!("The sandbox does not simulate {member}."))),
        None => Ok(()),
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}
