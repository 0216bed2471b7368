//! Clusters and instances as AWS describes them, filters and pages.

use serde_json::{Map, Value, json};

use super::{Cluster, Instance, State, invalid, strings};
use crate::sandbox::call::{AwsError, tag_list, text};
use crate::sandbox::chance;

/// The part of an endpoint's name that is the same for all of an account in a Region.
fn account_part(account: &str, region: &str) -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut bits = chance::bits(0, "rds-endpoint", &format!("{account}/{region}"), 0);
    let mut text = String::from("c");
    for _ in 0..11 {
        text.push(ALPHABET.get((bits % 36) as usize).copied().map_or('a', char::from));
        bits /= 36;
    }
    text
}

/// The cluster endpoint, or the reader endpoint.
pub(super) fn cluster_host(cluster: &Cluster, account: &str, region: &str, reader: bool) -> String {
    let kind = if reader { "cluster-ro" } else { "cluster" };
    format!("{}.{kind}-{}.{region}.rds.amazonaws.com", cluster.id, account_part(account, region))
}

/// An instance's own endpoint.
pub(super) fn instance_host(instance: &Instance, account: &str, region: &str) -> String {
    format!("{}.{}.{region}.rds.amazonaws.com", instance.id, account_part(account, region))
}

/// The instance that takes writes: the first one that was made and is not going.
pub(super) fn writer<'s>(state: &'s State, cluster: &str) -> Option<&'s Instance> {
    let members =
        state.instances.values().filter(|instance| instance.cluster == cluster && instance.status != "deleting");
    members.min_by_key(|instance| (instance.created, instance.id.clone()))
}

pub(super) fn cluster(state: &State, cluster: &Cluster, account: &str, region: &str) -> Value {
    let writer = writer(state, &cluster.id).map(|instance| instance.id.as_str());
    // A static parameter that was changed is read at the next restart.
    let wanted =
        state.parameter_groups.get(&cluster.parameter_group).is_some_and(super::groups::ParameterGroup::binlog);
    let pending = wanted != cluster.binlog;
    let members: Vec<Value> = state
        .instances
        .values()
        .filter(|instance| instance.cluster == cluster.id)
        .map(|instance| {
            json!({
                "DBInstanceIdentifier": instance.id,
                // The instances of a replica cluster only read, yet its first one is the cluster's writer.
                "IsClusterWriter": writer == Some(instance.id.as_str()),
                "DBClusterParameterGroupStatus": if pending { "pending-reboot" } else { "in-sync" },
                "PromotionTier": instance.tier,
            })
        })
        .collect();
    let groups: Vec<Value> =
        cluster.security_groups.iter().map(|id| json!({ "VpcSecurityGroupId": id, "Status": "active" })).collect();
    let zones = state.subnet_groups.get(&cluster.subnet_group).map(super::groups::SubnetGroup::zones);
    let mut map = Map::new();
    let mut put = |member: &str, value: Value| map.insert(member.to_owned(), value);
    put("AllocatedStorage", json!(1));
    put("AvailabilityZones", json!(zones.unwrap_or_default()));
    put("BackupRetentionPeriod", json!(cluster.retention));
    if let Some(database) = &cluster.database {
        put("DatabaseName", json!(database));
    }
    put("DBClusterIdentifier", json!(cluster.id));
    put("DBClusterParameterGroup", json!(cluster.parameter_group));
    put("DBSubnetGroup", json!(cluster.subnet_group));
    put("Status", json!(cluster.status));
    put("Endpoint", json!(cluster_host(cluster, account, region, false)));
    put("ReaderEndpoint", json!(cluster_host(cluster, account, region, true)));
    put("MultiAZ", json!(members.len() > 1));
    put("Engine", json!(cluster.engine));
    put("EngineVersion", json!(cluster.version));
    put("Port", json!(cluster.port));
    put("MasterUsername", json!(cluster.user));
    if let Some(global) = &cluster.global {
        put("GlobalClusterIdentifier", json!(global));
        put("GlobalWriteForwardingStatus", json!("disabled"));
    } else {
        if let Some(source) = &cluster.source {
            put("ReplicationSourceIdentifier", json!(source));
        }
        put("ReadReplicaIdentifiers", json!(cluster.replicas));
    }
    put("DBClusterMembers", json!(members));
    put("VpcSecurityGroups", json!(groups));
    put("StorageEncrypted", json!(cluster.key.is_some()));
    if let Some(key) = &cluster.key {
        put("KmsKeyId", json!(key));
    }
    put("DbClusterResourceId", json!(cluster.resource));
    put("DBClusterArn", json!(cluster.arn));
    put("IAMDatabaseAuthenticationEnabled", json!(false));
    put("ClusterCreateTime", json!(cluster.created.epoch_seconds()));
    put("EngineMode", json!("provisioned"));
    put("DeletionProtection", json!(cluster.deletion_protection));
    put("HttpEndpointEnabled", json!(false));
    put("NetworkType", json!("IPV4"));
    put("TagList", tag_list(&cluster.tags));
    Value::Object(map)
}

pub(super) fn instance(state: &State, instance: &Instance, account: &str, region: &str) -> Value {
    let fallback = Cluster::default();
    let cluster = state.clusters.get(&instance.cluster).unwrap_or(&fallback);
    let groups: Vec<Value> =
        cluster.security_groups.iter().map(|id| json!({ "VpcSecurityGroupId": id, "Status": "active" })).collect();
    let mut value = json!({
        "DBInstanceIdentifier": instance.id,
        "DBInstanceClass": instance.class,
        "Engine": cluster.engine,
        "DBInstanceStatus": instance.status,
        "MasterUsername": cluster.user,
        "AllocatedStorage": 1,
        "BackupRetentionPeriod": cluster.retention,
        "VpcSecurityGroups": groups,
        "AvailabilityZone": instance.zone,
        "EngineVersion": cluster.version,
        "MultiAZ": false,
        "PubliclyAccessible": instance.public,
        "StorageType": "aurora",
        "DBClusterIdentifier": instance.cluster,
        "StorageEncrypted": cluster.key.is_some(),
        "DbiResourceId": instance.resource,
        "PromotionTier": instance.tier,
        "DBInstanceArn": instance.arn,
        "DeletionProtection": false,
        "TagList": tag_list(&instance.tags),
    });
    let Some(map) = value.as_object_mut() else { return value };
    if let Some(key) = &cluster.key {
        map.insert("KmsKeyId".into(), json!(key));
    }
    if let Some(group) = state.subnet_groups.get(&cluster.subnet_group) {
        map.insert("DBSubnetGroup".into(), group.json(&cluster.subnet_group));
    }
    // An instance has no address until it was made.
    if instance.status != "creating" {
        let address = instance_host(instance, account, region);
        map.insert("Endpoint".into(), json!({ "Address": address, "Port": cluster.port }));
        map.insert("InstanceCreateTime".into(), json!(instance.created.epoch_seconds()));
    }
    value
}

/// Whether something passes the request's `Filters`; a filter that is not simulated lets nothing through.
pub(super) fn passes(input: &Value, known: &[(&str, &String)]) -> bool {
    input.get("Filters").and_then(Value::as_array).into_iter().flatten().all(|filter| {
        let name = text(filter, "Name").unwrap_or_default();
        let values = strings(filter.get("Values"));
        known.iter().any(|(other, value)| {
            *other == name && values.iter().any(|wanted| wanted == *value || wanted.ends_with(&format!(":{value}")))
        })
    })
}

/// One page of a list. Source: Amazon RDS API Reference, DescribeDBClusters: MaxRecords from 20 to 100, default 100.
pub(super) fn paged(input: &Value, member: &str, list: Vec<Value>) -> Result<Value, AwsError> {
    let size = input.get("MaxRecords").and_then(Value::as_u64).unwrap_or(100) as usize;
    if !(20..=100).contains(&size) {
        return Err(invalid(format!("Invalid value {size} for MaxRecords. Must be between 20 and 100")));
    }
    let start: usize = text(input, "Marker").and_then(|marker| marker.parse().ok()).unwrap_or(0);
    let more = list.len() > start + size;
    let page: Vec<Value> = list.into_iter().skip(start).take(size).collect();
    let mut output = json!({ member: page });
    if let (true, Some(map)) = (more, output.as_object_mut()) {
        map.insert("Marker".into(), json!((start + size).to_string()));
    }
    Ok(output)
}
