//! How RDS shows what it holds.

use serde_json::{Value, json};

use super::{Cluster, Instance, ParameterGroup, Snapshot, State, Status, SubnetGroup};
use crate::sandbox::call::{Call, tag_list};
use crate::sandbox::services::Record;

/// The writer's endpoint of a cluster.
pub(super) fn endpoint(id: &str, cluster: &Cluster, region: &str) -> String {
    format!("{id}.cluster-{}.{region}.rds.amazonaws.com", cluster.token)
}

/// The readers' endpoint of a cluster.
pub(super) fn reader_endpoint(id: &str, cluster: &Cluster, region: &str) -> String {
    format!("{id}.cluster-ro-{}.{region}.rds.amazonaws.com", cluster.token)
}

/// The Region of an ARN.
pub(super) fn region_of(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

/// A cluster with its members; `replicas` are the ARNs of the clusters that replicate it.
pub(super) fn cluster(state: &State, id: &str, cluster: &Cluster, replicas: &[String]) -> Value {
    let region = region_of(&cluster.arn);
    let writer =
        state.members(id).min_by_key(|(_, instance)| (instance.tier, instance.created)).map(|(id, _)| id.clone());
    let members: Vec<Value> = state
        .members(id)
        .map(|(member, instance)| {
            json!({
                "DBInstanceIdentifier": member,
                "IsClusterWriter": Some(member) == writer.as_ref(),
                "DBClusterParameterGroupStatus": "in-sync",
                "PromotionTier": instance.tier,
            })
        })
        .collect();
    let groups: Vec<Value> = cluster
        .security_groups
        .iter()
        .map(|group| json!({ "VpcSecurityGroupId": group, "Status": "active" }))
        .collect();
    let mut shown = json!({
        "DBClusterIdentifier": id,
        "DBClusterArn": cluster.arn,
        "DbClusterResourceId": cluster.resource_id,
        "Status": cluster.status.word(),
        "Engine": cluster.engine,
        "EngineVersion": cluster.engine_version,
        "EngineMode": "provisioned",
        "Endpoint": endpoint(id, cluster, region),
        "ReaderEndpoint": reader_endpoint(id, cluster, region),
        "HostedZoneId": "Z29XKXDKYMONMX",
        "Port": cluster.port,
        "MultiAZ": members.len() > 1,
        "AllocatedStorage": 1,
        "AvailabilityZones": [format!("{region}a"), format!("{region}b"), format!("{region}c")],
        "BackupRetentionPeriod": cluster.retention,
        "DBClusterParameterGroup": cluster.parameter_group,
        "DBClusterMembers": members,
        "VpcSecurityGroups": groups,
        "StorageEncrypted": cluster.kms_key.is_some(),
        "DeletionProtection": cluster.protected,
        "ReadReplicaIdentifiers": replicas,
        "ClusterCreateTime": cluster.created.epoch_seconds(),
        "TagList": tag_list(&cluster.tags),
        "IAMDatabaseAuthenticationEnabled": false,
    });
    let optional = [
        ("MasterUsername", &cluster.master_user),
        ("DatabaseName", &cluster.database),
        ("DBSubnetGroup", &cluster.subnet_group),
        ("KmsKeyId", &cluster.kms_key),
        ("ReplicationSourceIdentifier", &cluster.source),
    ];
    if let Some(map) = shown.as_object_mut() {
        for (member, value) in optional {
            if let Some(value) = value {
                map.insert(member.to_owned(), json!(value));
            }
        }
    }
    shown
}

/// An instance, with what it has from its cluster.
pub(super) fn instance(state: &State, id: &str, instance: &Instance) -> Value {
    let region = region_of(&instance.arn);
    let cluster = state.clusters.get(&instance.cluster);
    let mut shown = json!({
        "DBInstanceIdentifier": id,
        "DBInstanceArn": instance.arn,
        "DbiResourceId": instance.resource_id,
        "DBInstanceClass": instance.class,
        "DBInstanceStatus": instance.status.word(),
        "Engine": cluster.map(|cluster| cluster.engine.clone()),
        "EngineVersion": cluster.map(|cluster| cluster.engine_version.clone()),
        "DBClusterIdentifier": instance.cluster,
        "AvailabilityZone": format!("{region}a"),
        "PubliclyAccessible": instance.public,
        "PromotionTier": instance.tier,
        "InstanceCreateTime": instance.created.epoch_seconds(),
        "StorageType": "aurora",
        "TagList": tag_list(&instance.tags),
    });
    // The address is shown once there is something to connect to.
    if let (Status::Available | Status::Modifying, Some(cluster), Some(map)) =
        (instance.status, cluster, shown.as_object_mut())
    {
        let address = format!("{id}.{}.{region}.rds.amazonaws.com", cluster.token);
        map.insert(
            "Endpoint".to_owned(),
            json!({ "Address": address, "Port": cluster.port, "HostedZoneId": "Z29XKXDKYMONMX" }),
        );
    }
    shown
}

pub(super) fn subnet_group(name: &str, group: &SubnetGroup) -> Value {
    let region = region_of(&group.arn);
    let subnets: Vec<Value> = group
        .subnets
        .iter()
        .zip(["a", "b", "c"].iter().cycle())
        .map(|(subnet, zone)| {
            json!({
                "SubnetIdentifier": subnet,
                "SubnetAvailabilityZone": { "Name": format!("{region}{zone}") },
                "SubnetStatus": "Active",
            })
        })
        .collect();
    json!({
        "DBSubnetGroupName": name,
        "DBSubnetGroupDescription": group.description,
        "DBSubnetGroupArn": group.arn,
        "SubnetGroupStatus": "Complete",
        "Subnets": subnets,
    })
}

pub(super) fn parameter_group(name: &str, group: &ParameterGroup) -> Value {
    json!({
        "DBClusterParameterGroupName": name,
        "DBParameterGroupFamily": group.family,
        "Description": group.description,
        "DBClusterParameterGroupArn": group.arn,
    })
}

pub(super) fn snapshot(id: &str, snapshot: &Snapshot) -> Value {
    json!({
        "DBClusterSnapshotIdentifier": id,
        "DBClusterSnapshotArn": snapshot.arn,
        "DBClusterIdentifier": snapshot.cluster,
        "Engine": snapshot.engine,
        "Status": "available",
        "SnapshotType": "manual",
        "PercentProgress": 100,
        "SnapshotCreateTime": snapshot.created.epoch_seconds(),
        "TagList": tag_list(&snapshot.tags),
    })
}

/// Everything of the call's Region.
pub(super) fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let state = &call.regional().rds;
    let record = |type_name, id: &str, arn: &str, tags: &[(String, String)], properties| Record {
        type_name,
        id: id.to_owned(),
        arn: arn.to_owned(),
        tags: tags.to_vec(),
        properties,
        built_in: false,
    };
    let mut records = Vec::new();
    for (id, item) in &state.clusters {
        records.push(record("AWS::RDS::DBCluster", id, &item.arn, &item.tags, cluster(state, id, item, &[])));
    }
    for (id, item) in &state.instances {
        records.push(record("AWS::RDS::DBInstance", id, &item.arn, &item.tags, instance(state, id, item)));
    }
    for (id, item) in &state.subnet_groups {
        records.push(record("AWS::RDS::DBSubnetGroup", id, &item.arn, &item.tags, subnet_group(id, item)));
    }
    for (id, item) in &state.parameter_groups {
        let properties = parameter_group(id, item);
        records.push(record("AWS::RDS::DBClusterParameterGroup", id, &item.arn, &item.tags, properties));
    }
    for (id, item) in &state.snapshots {
        records.push(record("AWS::RDS::DBClusterSnapshot", id, &item.arn, &item.tags, snapshot(id, item)));
    }
    records
}
