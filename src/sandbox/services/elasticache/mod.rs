//! ElastiCache: replication groups and their subnet groups. Reached by CloudFormation only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::sandbox::call::{AwsError, Call, required, tags, text};
use crate::sandbox::world::What;

/// The port that Valkey and Redis listen on by default.
const PORT: u64 = 6379;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    groups: BTreeMap<String, Cache>,
    subnet_groups: BTreeMap<String, SubnetGroup>,
}

/// A replication group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Cache {
    arn: String,
    description: String,
    engine: String,
    node_type: String,
    subnet_group: Option<String>,
    status: Status,
    endpoint: String,
    tags: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    Creating,
    Available,
    Deleting,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Status::Creating => "creating",
            Status::Available => "available",
            Status::Deleting => "deleting",
        }
    }
}

/// A subnet group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SubnetGroup {
    arn: String,
    description: String,
    subnets: Vec<String>,
    tags: Vec<(String, String)>,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A replication group can be used.
    Available(String),
    /// A replication group is gone.
    Deleted(String),
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    let groups = &mut call.regional().elasticache.groups;
    match what {
        Transition::Available(id) => {
            if let Some(group) = groups.get_mut(&id).filter(|group| group.status == Status::Creating) {
                group.status = Status::Available;
            }
        }
        Transition::Deleted(id) => {
            groups.remove(&id);
        }
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateReplicationGroup" => create_group,
        "DescribeReplicationGroups" => describe_groups,
        "DeleteReplicationGroup" => delete_group,
        "CreateCacheSubnetGroup" => create_subnet_group,
        "DescribeCacheSubnetGroups" => describe_subnet_groups,
        "DeleteCacheSubnetGroup" => delete_subnet_group,
        _ => return None,
    })
}

fn no_group(id: &str) -> AwsError {
    AwsError::not_found("ReplicationGroupNotFoundFault", format!("ReplicationGroup {id} not found."))
}

fn no_subnet_group(name: &str) -> AwsError {
    AwsError::client("CacheSubnetGroupNotFoundFault", format!("Cache Subnet Cache {name} does not exist."))
}

fn create_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "ReplicationGroupId")?.to_lowercase();
    let description = required(input, "ReplicationGroupDescription")?.to_owned();
    let subnet_group = text(input, "CacheSubnetGroupName").map(str::to_lowercase);
    let state = &call.regional().elasticache;
    if state.groups.contains_key(&id) {
        let message = format!("Replication group {id} already exists.");
        return Err(AwsError::client("ReplicationGroupAlreadyExistsFault", message));
    }
    if let Some(name) = subnet_group.as_ref().filter(|name| !state.subnet_groups.contains_key(*name)) {
        return Err(no_subnet_group(name));
    }
    let token = call.hex_id(6);
    let group = Cache {
        arn: call.arn("elasticache", &format!("replicationgroup:{id}")),
        description,
        engine: text(input, "Engine").unwrap_or("redis").to_owned(),
        node_type: text(input, "CacheNodeType").unwrap_or("cache.t4g.micro").to_owned(),
        subnet_group,
        status: Status::Creating,
        endpoint: format!("master.{id}.{token}.{}.cache.amazonaws.com", call.region),
        tags: tags(input.get("Tags")),
    };
    let answer = json!({ "ReplicationGroup": show(&id, &group) });
    let after = call.draw("elasticache.group.create", &id);
    call.regional().elasticache.groups.insert(id.clone(), group);
    call.schedule(after, What::ElastiCache(Transition::Available(id)));
    Ok(answer)
}

fn show(id: &str, group: &Cache) -> Value {
    let mut shown = json!({
        "ReplicationGroupId": id,
        "ARN": group.arn,
        "Description": group.description,
        "Engine": group.engine,
        "CacheNodeType": group.node_type,
        "Status": group.status.word(),
    });
    // The endpoint is shown once there is something to reach.
    if let (Status::Available, Some(map)) = (group.status, shown.as_object_mut()) {
        let endpoint = json!({ "Address": group.endpoint, "Port": PORT });
        map.insert(
            "NodeGroups".to_owned(),
            json!([{ "NodeGroupId": "0001", "Status": "available", "PrimaryEndpoint": endpoint }]),
        );
    }
    shown
}

fn describe_groups(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let groups = &call.regional().elasticache.groups;
    let shown: Vec<Value> = match text(input, "ReplicationGroupId").map(str::to_lowercase) {
        Some(id) => vec![groups.get(&id).map(|group| show(&id, group)).ok_or_else(|| no_group(&id))?],
        None => groups.iter().map(|(id, group)| show(id, group)).collect(),
    };
    Ok(json!({ "ReplicationGroups": shown }))
}

fn delete_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "ReplicationGroupId")?.to_lowercase();
    let group = call.regional().elasticache.groups.get_mut(&id).ok_or_else(|| no_group(&id))?;
    if group.status != Status::Available {
        let message = format!("Replication group {id} is not in the state available.");
        return Err(AwsError::client("InvalidReplicationGroupState", message));
    }
    group.status = Status::Deleting;
    let answer = json!({ "ReplicationGroup": show(&id, group) });
    let after = call.draw("elasticache.group.delete", &id);
    call.schedule(after, What::ElastiCache(Transition::Deleted(id)));
    Ok(answer)
}

fn create_subnet_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "CacheSubnetGroupName")?.to_lowercase();
    let subnets = input.get("SubnetIds").and_then(Value::as_array).into_iter().flatten();
    let group = SubnetGroup {
        arn: call.arn("elasticache", &format!("subnetgroup:{name}")),
        description: text(input, "CacheSubnetGroupDescription").unwrap_or_default().to_owned(),
        subnets: subnets.filter_map(Value::as_str).map(str::to_owned).collect(),
        tags: tags(input.get("Tags")),
    };
    let groups = &mut call.regional().elasticache.subnet_groups;
    if groups.contains_key(&name) {
        let message = format!("Cache subnet group {name} already exists.");
        return Err(AwsError::client("CacheSubnetGroupAlreadyExists", message));
    }
    let answer = json!({ "CacheSubnetGroup": show_subnet_group(&name, &group) });
    groups.insert(name, group);
    Ok(answer)
}

fn show_subnet_group(name: &str, group: &SubnetGroup) -> Value {
    let subnets: Vec<Value> = group.subnets.iter().map(|id| json!({ "SubnetIdentifier": id })).collect();
    json!({
        "CacheSubnetGroupName": name,
        "CacheSubnetGroupDescription": group.description,
        "ARN": group.arn,
        "Subnets": subnets,
    })
}

fn describe_subnet_groups(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let groups = &call.regional().elasticache.subnet_groups;
    let shown: Vec<Value> = match text(input, "CacheSubnetGroupName").map(str::to_lowercase) {
        Some(name) => {
            vec![groups.get(&name).map(|group| show_subnet_group(&name, group)).ok_or_else(|| no_subnet_group(&name))?]
        }
        None => groups.iter().map(|(name, group)| show_subnet_group(name, group)).collect(),
    };
    Ok(json!({ "CacheSubnetGroups": shown }))
}

fn delete_subnet_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "CacheSubnetGroupName")?.to_lowercase();
    let state = &mut call.regional().elasticache;
    if state.groups.values().any(|group| group.subnet_group.as_ref() == Some(&name)) {
        let message = format!("Cache subnet group {name} is currently in use by a cache cluster.");
        return Err(AwsError::client("CacheSubnetGroupInUse", message));
    }
    state.subnet_groups.remove(&name).map(|_| json!({})).ok_or_else(|| no_subnet_group(&name))
}

/// Whether a cache is placed in that subnet.
pub fn uses_subnet(state: &State, subnet: &str) -> bool {
    state.subnet_groups.values().any(|group| group.subnets.iter().any(|id| id == subnet))
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let state = &call.regional().elasticache;
    let groups = state.groups.iter().map(|(id, group)| Record {
        type_name: "AWS::ElastiCache::ReplicationGroup",
        id: id.clone(),
        arn: group.arn.clone(),
        tags: group.tags.clone(),
        properties: show(id, group),
        built_in: false,
    });
    let subnet_groups = state.subnet_groups.iter().map(|(name, group)| Record {
        type_name: "AWS::ElastiCache::SubnetGroup",
        id: name.clone(),
        arn: group.arn.clone(),
        tags: group.tags.clone(),
        properties: show_subnet_group(name, group),
        built_in: false,
    });
    groups.chain(subnet_groups).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::{World, constants};

    #[test]
    fn a_group_becomes_available_in_its_time_and_holds_its_subnet_group() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "eu-west-1");
        let subnets =
            json!({ "CacheSubnetGroupName": "g", "CacheSubnetGroupDescription": "d", "SubnetIds": ["subnet-1"] });
        call.invoke("elasticache", "CreateCacheSubnetGroup", &subnets).unwrap();
        let group =
            json!({ "ReplicationGroupId": "c", "ReplicationGroupDescription": "d", "CacheSubnetGroupName": "g" });
        let made = call.invoke("elasticache", "CreateReplicationGroup", &group).unwrap();
        assert_eq!(made["ReplicationGroup"]["Status"], "creating");
        let slowest = constants::constant("elasticache.group.create").unwrap().p95 * 3;
        let later = call.now().plus(slowest);
        call.world.advance(later);
        let seen =
            call.invoke("elasticache", "DescribeReplicationGroups", &json!({ "ReplicationGroupId": "c" })).unwrap();
        assert_eq!(seen["ReplicationGroups"][0]["Status"], "available");
        let name = json!({ "CacheSubnetGroupName": "g" });
        assert_eq!(
            call.invoke("elasticache", "DeleteCacheSubnetGroup", &name).unwrap_err().code,
            "CacheSubnetGroupInUse"
        );
        call.invoke("elasticache", "DeleteReplicationGroup", &json!({ "ReplicationGroupId": "c" })).unwrap();
        let later = call.now().plus(slowest);
        call.world.advance(later);
        call.invoke("elasticache", "DeleteCacheSubnetGroup", &name).unwrap();
        assert!(inventory(&mut call).is_empty());
    }
}
