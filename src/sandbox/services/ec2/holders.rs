//! Who has network interfaces: resources of other services that stand in a subnet or carry a security group.

use serde_json::Value;

use crate::sandbox::call::Call;
use crate::sandbox::services::{ecs, elasticache, elbv2, lambda, rds};

/// Types with interfaces. A subnet group alone has none, and holds nothing.
const WITH_INTERFACES: &[&str] = &[
    "AWS::ECS::Service",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Lambda::Function",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
];

/// Whether something of another service names that subnet or group in its properties.
pub(super) fn interface_in(call: &mut Call<'_>, id: &str) -> bool {
    let lists = [ecs::inventory, elasticache::inventory, elbv2::inventory, lambda::inventory, rds::inventory];
    lists.iter().any(|list| {
        list(call).iter().any(|record| WITH_INTERFACES.contains(&record.type_name) && names(&record.properties, id))
    })
}

fn names(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => text == id,
        Value::Array(list) => list.iter().any(|one| names(one, id)),
        Value::Object(map) => map.values().any(|one| names(one, id)),
        _ => false,
    }
}
