//! Clusters.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{bare, tag_list, texts};
use crate::sandbox::call::{AwsError, Call, required, tags, text};

/// A cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// The error for a cluster that is not there.
pub fn missing() -> AwsError {
    AwsError::client("ClusterNotFoundException", "Cluster not found.")
}

/// The name of the cluster that an input names; it must exist.
pub fn named(call: &mut Call<'_>, input: &Value) -> Result<String, AwsError> {
    let name = bare(text(input, "cluster").unwrap_or("default")).to_owned();
    if call.regional().ecs.clusters.contains_key(&name) { Ok(name) } else { Err(missing()) }
}

fn to_json(call: &mut Call<'_>, cluster: &Cluster) -> Value {
    let ecs = &call.regional().ecs;
    let tasks = |running: bool| {
        let counts = |task: &&super::tasks::Task| if running { task.running() } else { task.pending() };
        ecs.tasks.values().filter(|task| task.cluster == cluster.name).filter(counts).count()
    };
    let active = ecs.services.values().filter(|one| one.cluster == cluster.name && one.status == "ACTIVE").count();
    json!({
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": tasks(true),
        "pendingTasksCount": tasks(false),
        "activeServicesCount": active,
        "statistics": [],
        "tags": tag_list(&cluster.tags),
        "settings": [],
        "capacityProviders": [],
        "defaultCapacityProviderStrategy": [],
    })
}

/// `CreateCluster`; one that exists is given back.
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = text(input, "clusterName").unwrap_or("default").to_owned();
    let arn = call.arn("ecs", &format!("cluster/{name}"));
    let cluster = Cluster { name: name.clone(), arn, tags: tags(input.get("tags")) };
    let cluster = call.regional().ecs.clusters.entry(name).or_insert(cluster).clone();
    Ok(json!({ "cluster": to_json(call, &cluster) }))
}

/// `DescribeClusters`
pub fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let mut names: Vec<String> = texts(input, "clusters").iter().map(|name| bare(name).to_owned()).collect();
    if names.is_empty() {
        names.push("default".to_owned());
    }
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match call.regional().ecs.clusters.get(&name).cloned() {
            Some(cluster) => clusters.push(to_json(call, &cluster)),
            None => failures.push(json!({ "arn": call.arn("ecs", &format!("cluster/{name}")), "reason": "MISSING" })),
        }
    }
    Ok(json!({ "clusters": clusters, "failures": failures }))
}

/// `ListClusters`
pub fn list(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let arns: Vec<String> = call.regional().ecs.clusters.values().map(|cluster| cluster.arn.clone()).collect();
    Ok(json!({ "clusterArns": arns }))
}

/// `DeleteCluster`
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = named(call, input)?;
    let ecs = &mut call.regional().ecs;
    if ecs.services.values().any(|one| one.cluster == name && one.status == "ACTIVE") {
        return Err(AwsError::client(
            "ClusterContainsServicesException",
            "The Cluster cannot be deleted while Services are active.",
        ));
    }
    if ecs.tasks.values().any(|task| task.cluster == name && task.status != "STOPPED") {
        return Err(AwsError::client(
            "ClusterContainsTasksException",
            "The Cluster cannot be deleted while Tasks are active.",
        ));
    }
    let Some(cluster) = ecs.clusters.remove(&name) else { return Err(missing()) };
    ecs.services.retain(|_, one| one.cluster != name);
    Ok(json!({ "cluster": { "clusterArn": cluster.arn, "clusterName": cluster.name, "status": "INACTIVE" } }))
}

/// `TagResource`
pub fn tag(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (arn, added) = (required(input, "resourceArn")?, tags(input.get("tags")));
    let ecs = &mut call.regional().ecs;
    let found = ecs
        .clusters
        .values_mut()
        .find(|one| one.arn == arn)
        .map(|one| &mut one.tags)
        .or_else(|| ecs.services.values_mut().find(|one| one.arn == arn).map(|one| &mut one.tags))
        .or_else(|| ecs.definitions.values_mut().find(|one| one.arn == arn).map(|one| &mut one.tags));
    let kept =
        found.ok_or_else(|| AwsError::client("ResourceNotFoundException", "The specified resource was not found."))?;
    for (key, value) in added {
        kept.retain(|(existing, _)| *existing != key);
        kept.push((key, value));
    }
    Ok(json!({}))
}
