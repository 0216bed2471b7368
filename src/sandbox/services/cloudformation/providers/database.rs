//! Aurora: clusters, instances, subnet and parameter groups.

use serde_json::{Map, Value, json};

use super::{Api, By, Existing, Id, Request, Settled, Tags};
use crate::sandbox::call::{AwsError, Call};

/// The rows.
pub const TYPES: &[Api] = &[
    Api {
        type_name: "AWS::RDS::DBSubnetGroup",
        service: "rds",
        create: "CreateDBSubnetGroup",
        id: Id::Out("/DBSubnetGroup/DBSubnetGroupName"),
        name: Some(("DBSubnetGroupName", 255)),
        lower: true,
        tags: Tags::List("Tags"),
        read: ("DescribeDBSubnetGroups", &[("DBSubnetGroupName", By::Id)], "/DBSubnetGroups/0"),
        attributes: &[("DBSubnetGroupArn", "/DBSubnetGroupArn")],
        delete: ("DeleteDBSubnetGroup", &[("DBSubnetGroupName", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::RDS::DBClusterParameterGroup",
        service: "rds",
        create: "CreateDBClusterParameterGroup",
        id: Id::Out("/DBClusterParameterGroup/DBClusterParameterGroupName"),
        name: Some(("DBClusterParameterGroupName", 255)),
        lower: true,
        renamed: &[("Family", "DBParameterGroupFamily")],
        dropped: &["Parameters"],
        tags: Tags::List("Tags"),
        after: Some(parameters),
        update: Some(parameters),
        delete: ("DeleteDBClusterParameterGroup", &[("DBClusterParameterGroupName", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::RDS::DBCluster",
        service: "rds",
        create: "CreateDBCluster",
        id: Id::Out("/DBCluster/DBClusterIdentifier"),
        name: Some(("DBClusterIdentifier", 63)),
        lower: true,
        refused: &["AssociatedRoles", "SnapshotIdentifier", "SourceDBClusterIdentifier", "ManageMasterUserPassword"],
        tags: Tags::List("Tags"),
        read: ("DescribeDBClusters", &[("DBClusterIdentifier", By::Id)], "/DBClusters/0"),
        settled: Some(Settled {
            at: "/Status",
            ready: &["available"],
            failed: &["failed", "inaccessible-encryption-credentials", "migration-failed"],
        }),
        attributes: &[
            ("DBClusterArn", "/DBClusterArn"),
            ("DBClusterResourceId", "/DbClusterResourceId"),
            ("Endpoint.Address", "/Endpoint"),
            ("Endpoint.Port", "/Port"),
            ("ReadEndpoint.Address", "/ReaderEndpoint"),
        ],
        update: Some(|call, existing, request| {
            modify(call, existing, request, "ModifyDBCluster", "DBClusterIdentifier", CLUSTER_CHANGES)
        }),
        delete: ("DeleteDBCluster", &[("DBClusterIdentifier", By::Id)]),
        delete_with: Some(|existing, input| {
            input.insert("SkipFinalSnapshot".into(), (!existing.snapshot).into());
            if existing.snapshot {
                // One name is enough: a cluster is deleted once.
                let name = format!("{}-final-snapshot", existing.physical);
                input.insert("FinalDBSnapshotIdentifier".into(), name.into());
            }
        }),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::RDS::DBInstance",
        service: "rds",
        create: "CreateDBInstance",
        id: Id::Out("/DBInstance/DBInstanceIdentifier"),
        name: Some(("DBInstanceIdentifier", 63)),
        lower: true,
        refused: &["AssociatedRoles", "DBSnapshotIdentifier", "SourceDBInstanceIdentifier"],
        tags: Tags::List("Tags"),
        read: ("DescribeDBInstances", &[("DBInstanceIdentifier", By::Id)], "/DBInstances/0"),
        settled: Some(Settled {
            at: "/DBInstanceStatus",
            ready: &["available"],
            failed: &["failed", "incompatible-parameters", "incompatible-network"],
        }),
        attributes: &[
            ("DBInstanceArn", "/DBInstanceArn"),
            ("DbiResourceId", "/DbiResourceId"),
            ("Endpoint.Address", "/Endpoint/Address"),
            ("Endpoint.Port", "/Endpoint/Port"),
        ],
        update: Some(|call, existing, request| {
            modify(call, existing, request, "ModifyDBInstance", "DBInstanceIdentifier", INSTANCE_CHANGES)
        }),
        delete: ("DeleteDBInstance", &[("DBInstanceIdentifier", By::Id)]),
        delete_with: Some(|existing, input| {
            // Instances of a cluster have no snapshots of their own.
            let snapshot = existing.snapshot && existing.properties.get("DBClusterIdentifier").is_none();
            input.insert("SkipFinalSnapshot".into(), (!snapshot).into());
            if snapshot {
                let name = format!("{}-final-snapshot", existing.physical);
                input.insert("FinalDBSnapshotIdentifier".into(), name.into());
            }
        }),
        ..Api::NEW
    },
];

const CLUSTER_CHANGES: &[&str] = &[
    "BackupRetentionPeriod",
    "DBClusterParameterGroupName",
    "DeletionProtection",
    "EngineVersion",
    "MasterUserPassword",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "ServerlessV2ScalingConfiguration",
    "VpcSecurityGroupIds",
];
const INSTANCE_CHANGES: &[&str] = &[
    "AutoMinorVersionUpgrade",
    "DBInstanceClass",
    "PreferredMaintenanceWindow",
    "PromotionTier",
    "PubliclyAccessible",
];

/// Sends what changed to the modifying operation; what it does not take is refused by name.
fn modify(
    call: &mut Call<'_>,
    existing: &Existing<'_>,
    request: &Request<'_>,
    operation: &str,
    member: &str,
    known: &[&str],
) -> Result<(), AwsError> {
    let mut input = Map::from_iter([
        (member.to_owned(), json!(existing.physical)),
        ("ApplyImmediately".to_owned(), Value::Bool(true)),
    ]);
    let new = request.properties.as_object().into_iter().flatten();
    for (name, value) in new.filter(|(name, value)| existing.properties.get(name.as_str()) != Some(value)) {
        match name.as_str() {
            "Tags" => {}
            // Its stored form may hold the reference instead of the password.
            "MasterUserPassword" if existing.text(name).contains("{{resolve:") => {}
            one if known.contains(&one) => {
                input.insert(name.clone(), value.clone());
            }
            other => return Err(super::unsupported(&format!("changing {other} by {operation}"))),
        }
    }
    if input.len() > 2 {
        call.invoke("rds", operation, &Value::Object(input))?;
    }
    Ok(())
}

/// Parameters are set in a second call.
fn parameters(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let wanted = request.properties.get("Parameters").and_then(Value::as_object);
    let parameters: Vec<Value> = wanted
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            json!({ "ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot" })
        })
        .collect();
    if parameters.is_empty() {
        return Ok(());
    }
    let input = json!({ "DBClusterParameterGroupName": existing.physical, "Parameters": parameters });
    call.invoke("rds", "ModifyDBClusterParameterGroup", &input).map(drop)
}
