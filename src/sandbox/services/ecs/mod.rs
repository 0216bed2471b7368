//! ECS: clusters, task definitions, services, tasks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::sandbox::call::Call;

mod clusters;
pub mod definitions;
pub mod services;
pub mod tasks;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Clusters by name.
    pub clusters: BTreeMap<String, clusters::Cluster>,
    /// Task definitions by `family:revision`.
    pub definitions: BTreeMap<String, definitions::TaskDefinition>,
    /// Services by `cluster/name`.
    pub services: BTreeMap<String, services::Service>,
    /// Tasks by id.
    pub tasks: BTreeMap<String, tasks::Task>,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A task goes on to its next status.
    Step {
        /// The task's id.
        task: String,
        /// The status that it leaves; a task that left it meanwhile stays as it is.
        from: String,
    },
    /// A service looks whether it has what it wants.
    Reconcile(String),
    /// A stopped task is forgotten.
    Forget(String),
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    match what {
        Transition::Step { task, from } => tasks::step(call, &task, &from),
        Transition::Reconcile(service) => services::reconcile(call, &service),
        Transition::Forget(task) => drop(call.regional().ecs.tasks.remove(&task)),
    }
}

/// The last part of a name or an ARN.
fn bare(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The text items of a list.
fn texts(input: &Value, member: &str) -> Vec<String> {
    let list = input.get(member).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Tags in ECS's spelling.
fn tag_list(tags: &[(String, String)]) -> Value {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateCluster" => clusters::create,
        "DescribeClusters" => clusters::describe,
        "ListClusters" => clusters::list,
        "DeleteCluster" => clusters::delete,
        "TagResource" => clusters::tag,
        "RegisterTaskDefinition" => definitions::register,
        "DescribeTaskDefinition" => definitions::describe,
        "ListTaskDefinitions" => definitions::list,
        "DeregisterTaskDefinition" => definitions::deregister,
        "DeleteTaskDefinitions" => definitions::delete,
        "CreateService" => services::create,
        "DescribeServices" => services::describe,
        "ListServices" => services::list,
        "UpdateService" => services::update,
        "DeleteService" => services::delete,
        "ListTasks" => tasks::list,
        "DescribeTasks" => tasks::describe,
        _ => return None,
    })
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let state = &call.regional().ecs;
    let record = |type_name, id: String, arn: &str, tags: &[(String, String)], properties| Record {
        type_name,
        id,
        arn: arn.to_owned(),
        tags: tags.to_vec(),
        properties,
        built_in: false,
    };
    let clusters = state.clusters.values().map(|one| {
        let properties = json!({ "ClusterName": one.name, "Arn": one.arn });
        record("AWS::ECS::Cluster", one.name.clone(), &one.arn, &one.tags, properties)
    });
    let services = state.services.values().filter(|one| one.status != "INACTIVE").map(|one| {
        let properties = json!({ "ServiceArn": one.arn, "ServiceName": one.name, "DesiredCount": one.desired, "NetworkConfiguration": one.network() });
        record("AWS::ECS::Service", format!("{}|{}", one.arn, one.cluster), &one.arn, &one.tags, properties)
    });
    let definitions = state.definitions.values().filter(|one| one.status == "ACTIVE").map(|one| {
        let properties = json!({ "TaskDefinitionArn": one.arn });
        record("AWS::ECS::TaskDefinition", one.arn.clone(), &one.arn, &one.tags, properties)
    });
    clusters.chain(services).chain(definitions).collect()
}
