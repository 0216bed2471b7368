//! RDS: Aurora clusters, instances and cross-Region replicas.

mod clusters;
mod groups;
mod instances;
mod replicas;
mod show;
mod tags;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, text};

pub use replicas::{Found, find_by_endpoint, replica_lag, rows, write_row};

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    clusters: BTreeMap<String, Cluster>,
    instances: BTreeMap<String, Instance>,
    subnet_groups: BTreeMap<String, SubnetGroup>,
    parameter_groups: BTreeMap<String, ParameterGroup>,
    snapshots: BTreeMap<String, Snapshot>,
}

/// The states of clusters and instances, in AWS's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    Creating,
    Available,
    Modifying,
    Promoting,
    Deleting,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Status::Creating => "creating",
            Status::Available => "available",
            Status::Modifying => "modifying",
            Status::Promoting => "promoting",
            Status::Deleting => "deleting",
        }
    }
}

/// An Aurora cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Cluster {
    arn: String,
    resource_id: String,
    /// The part of its endpoints that AWS chooses.
    token: String,
    status: Status,
    created: SimTime,
    engine: String,
    engine_version: String,
    port: u64,
    master_user: Option<String>,
    database: Option<String>,
    subnet_group: Option<String>,
    security_groups: Vec<String>,
    parameter_group: String,
    kms_key: Option<String>,
    retention: u64,
    protected: bool,
    /// The ARN of the cluster that it replicates.
    source: Option<String>,
    /// Rows in the order of their writing. A replica holds a prefix of its source's.
    rows: Vec<Row>,
    /// Whether the next step of its replication is on the timeline.
    catching_up: bool,
    tags: Vec<(String, String)>,
}

/// A row that somebody wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    written: SimTime,
    value: Value,
}

/// An instance of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Instance {
    arn: String,
    resource_id: String,
    cluster: String,
    class: String,
    status: Status,
    created: SimTime,
    public: bool,
    tier: u64,
    tags: Vec<(String, String)>,
}

/// Where instances may stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SubnetGroup {
    arn: String,
    description: String,
    subnets: Vec<String>,
    tags: Vec<(String, String)>,
}

/// Settings of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ParameterGroup {
    arn: String,
    family: String,
    description: String,
    values: BTreeMap<String, String>,
    tags: Vec<(String, String)>,
}

/// A snapshot of a cluster, taken when it was deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Snapshot {
    arn: String,
    cluster: String,
    engine: String,
    created: SimTime,
    tags: Vec<(String, String)>,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A cluster can be used.
    ClusterAvailable(String),
    /// A cluster is gone.
    ClusterDeleted(String),
    /// A replica stands on its own.
    Promoted(String),
    /// An instance can be used.
    InstanceAvailable(String),
    /// An instance is gone.
    InstanceDeleted(String),
    /// A replica reads on in its source's binary log.
    CatchUp(String),
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    match what {
        Transition::ClusterAvailable(id) => clusters::available(call, &id),
        Transition::ClusterDeleted(id) => clusters::deleted(call, &id),
        Transition::Promoted(id) => replicas::promoted(call, &id),
        Transition::InstanceAvailable(id) => instances::available(call, &id),
        Transition::InstanceDeleted(id) => instances::deleted(call, &id),
        Transition::CatchUp(id) => replicas::catch_up(call, &id),
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateDBCluster" => clusters::create,
        "DescribeDBClusters" => clusters::describe,
        "ModifyDBCluster" => clusters::modify,
        "DeleteDBCluster" => clusters::delete,
        "DescribeDBClusterSnapshots" => clusters::describe_snapshots,
        "PromoteReadReplicaDBCluster" => replicas::promote,
        "CreateDBInstance" => instances::create,
        "DescribeDBInstances" => instances::describe,
        "ModifyDBInstance" => instances::modify,
        "DeleteDBInstance" => instances::delete,
        "CreateDBSubnetGroup" => groups::create_subnet_group,
        "DescribeDBSubnetGroups" => groups::describe_subnet_groups,
        "DeleteDBSubnetGroup" => groups::delete_subnet_group,
        "CreateDBClusterParameterGroup" => groups::create_parameter_group,
        "ModifyDBClusterParameterGroup" => groups::modify_parameter_group,
        "DescribeDBClusterParameterGroups" => groups::describe_parameter_groups,
        "DeleteDBClusterParameterGroup" => groups::delete_parameter_group,
        "AddTagsToResource" => tags::add,
        "ListTagsForResource" => tags::list,
        _ => return None,
    })
}

impl State {
    /// The instances of a cluster.
    fn members<'s>(&'s self, cluster: &'s str) -> impl Iterator<Item = (&'s String, &'s Instance)> {
        self.instances.iter().filter(move |(_, instance)| instance.cluster == cluster)
    }

    /// Whether a cluster has an instance that can be used.
    fn serves(&self, cluster: &str) -> bool {
        self.members(cluster).any(|(_, instance)| instance.status == Status::Available)
    }
}

/// Whether a database is placed in that subnet.
pub fn uses_subnet(state: &State, subnet: &str) -> bool {
    state.subnet_groups.values().any(|group| group.subnets.iter().any(|id| id == subnet))
}

/// Whether a database is behind that security group.
pub fn uses_security_group(state: &State, group: &str) -> bool {
    state.clusters.values().any(|cluster| cluster.security_groups.iter().any(|id| id == group))
}

fn no_cluster(id: &str) -> AwsError {
    AwsError::not_found("DBClusterNotFoundFault", format!("DBCluster {id} not found."))
}

fn wrong_state(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidDBClusterStateFault", message)
}

/// RDS keeps identifiers in lower case.
fn identifier(input: &Value, member: &str) -> Result<String, AwsError> {
    let given = text(input, member).ok_or_else(|| {
        AwsError::client("InvalidParameterValue", format!("The parameter {member} must be provided."))
    })?;
    let letters = given.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let begins = given.starts_with(|c: char| c.is_ascii_alphabetic());
    if !letters || !begins || given.ends_with('-') || given.contains("--") || given.len() > 63 {
        let message = format!(
            "The parameter {member} is not a valid identifier. Identifiers must begin with a letter; must contain only \
             ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
        );
        return Err(AwsError::client("InvalidParameterValue", message));
    }
    Ok(given.to_lowercase())
}

/// A page of a list, as RDS cuts it: `Marker` and `MaxRecords` (20 to 100, 100 when not given).
fn page(items: Vec<Value>, input: &Value, member: &str) -> Result<Value, AwsError> {
    let size = input.get("MaxRecords").and_then(Value::as_u64).unwrap_or(100);
    if !(20..=100).contains(&size) {
        let message = format!("Invalid value {size} for MaxRecords. Must be between 20 and 100");
        return Err(AwsError::client("InvalidParameterValue", message));
    }
    let start: usize = match text(input, "Marker").filter(|marker| !marker.is_empty()) {
        None => 0,
        Some(marker) => marker
            .parse()
            .map_err(|_| AwsError::client("InvalidParameterValue", "The request contains an invalid marker"))?,
    };
    let next = start + size as usize;
    let more = next < items.len();
    let shown: Vec<Value> = items.into_iter().skip(start).take(size as usize).collect();
    let mut answer = serde_json::Map::new();
    answer.insert(member.to_owned(), Value::Array(shown));
    if more {
        answer.insert("Marker".to_owned(), Value::String(next.to_string()));
    }
    Ok(Value::Object(answer))
}

/// The strings of a list member.
fn strings(input: &Value, member: &str) -> Vec<String> {
    let list = input.get(member).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    show::inventory(call)
}
