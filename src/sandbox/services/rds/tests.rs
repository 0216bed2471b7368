//! Tests of RDS's rules, each with AWS's words.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::needless_pass_by_value)]

use std::time::Duration;

use serde_json::{Value, json};

use super::rows::all_rows;
use super::*;
use crate::sandbox::world::World;
use crate::sandbox::{constants, faults};

const ACCOUNT: &str = "111122223333";
const R1: &str = "eu-west-1";
const R2: &str = "ap-southeast-1";

fn invoke(world: &mut World, region: &str, operation: &str, input: Value) -> Result<Value, AwsError> {
    Call::new(world, ACCOUNT, region).invoke("rds", operation, &input)
}

fn pass(world: &mut World, constant: &str) {
    let longest = constants::constant(constant).unwrap().p95 * 3;
    let until = world.now.plus(longest);
    world.advance(until);
}

/// A primary cluster with a writer, its binary log on.
fn primary(world: &mut World) -> String {
    let group = json!({ "DBClusterParameterGroupName": "binlog", "DBParameterGroupFamily": "aurora-mysql8.0", "Description": "d" });
    invoke(world, R1, "CreateDBClusterParameterGroup", group).unwrap();
    let on = json!({ "DBClusterParameterGroupName": "binlog", "Parameters": [{ "ParameterName": "binlog_format", "ParameterValue": "MIXED" }] });
    invoke(world, R1, "ModifyDBClusterParameterGroup", on).unwrap();
    let made =
        invoke(world, R1, "CreateDBCluster", cluster("blog", json!({ "DBClusterParameterGroupName": "binlog" })))
            .unwrap();
    instance(world, R1, "blog-1", "blog");
    pass(world, "rds.cluster.create");
    pass(world, "rds.instance.create");
    made["DBCluster"]["DBClusterArn"].as_str().unwrap().to_owned()
}

fn cluster(id: &str, more: Value) -> Value {
    let mut input = json!({ "DBClusterIdentifier": id, "Engine": "aurora-mysql", "MasterUsername": "u", "MasterUserPassword": "secret123" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

fn instance(world: &mut World, region: &str, id: &str, cluster: &str) {
    let input = json!({ "DBInstanceIdentifier": id, "DBClusterIdentifier": cluster, "Engine": "aurora-mysql", "DBInstanceClass": "db.t4g.medium" });
    invoke(world, region, "CreateDBInstance", input).unwrap();
}

fn replica(world: &mut World, source: &str) {
    let input =
        json!({ "DBClusterIdentifier": "copy", "Engine": "aurora-mysql", "ReplicationSourceIdentifier": source });
    invoke(world, R2, "CreateDBCluster", input).unwrap();
    instance(world, R2, "copy-1", "copy");
    pass(world, "rds.replica_cluster.create");
    pass(world, "rds.instance.create");
}

fn status(world: &mut World, region: &str, id: &str) -> Value {
    let seen = invoke(world, region, "DescribeDBClusters", json!({ "DBClusterIdentifier": id })).unwrap();
    seen["DBClusters"][0]["Status"].clone()
}

fn code(result: Result<Value, AwsError>) -> String {
    result.unwrap_err().code
}

#[test]
fn a_cluster_goes_through_its_states() {
    let mut world = World::new(3);
    invoke(&mut world, R1, "CreateDBCluster", cluster("blog", json!({}))).unwrap();
    assert_eq!(status(&mut world, R1, "blog"), "creating");
    pass(&mut world, "rds.cluster.create");
    assert_eq!(status(&mut world, R1, "blog"), "available");
    invoke(&mut world, R1, "DeleteDBCluster", json!({ "DBClusterIdentifier": "blog", "SkipFinalSnapshot": true }))
        .unwrap();
    assert_eq!(status(&mut world, R1, "blog"), "deleting");
    pass(&mut world, "rds.cluster.delete");
    let gone = invoke(&mut world, R1, "DescribeDBClusters", json!({ "DBClusterIdentifier": "blog" }));
    assert_eq!(code(gone), "DBClusterNotFoundFault");
}

#[test]
fn retired_engines_and_missing_users_are_refused() {
    let mut world = World::new(3);
    let mut retired = cluster("blog", json!({}));
    retired["Engine"] = json!("aurora");
    assert_eq!(code(invoke(&mut world, R1, "CreateDBCluster", retired)), "InvalidParameterValue");
    let source = primary(&mut world);
    let copy = json!({ "DBClusterIdentifier": "copy", "Engine": "aurora", "ReplicationSourceIdentifier": source });
    let refused = invoke(&mut world, R2, "CreateDBCluster", copy).unwrap_err();
    assert!(refused.message.contains("end of life"), "retired, not unlike its source: {refused}");
    let nobody = json!({ "DBClusterIdentifier": "other", "Engine": "aurora-mysql" });
    assert_eq!(code(invoke(&mut world, R1, "CreateDBCluster", nobody)), "InvalidParameterValue");
    for (password, why) in [
        ("seven77".to_owned(), "shorter than 8 characters"),
        ("x".repeat(42), "longer than 41 characters"),
        ("p@ssw0rd".to_owned(), "Only printable ASCII characters"),
        ("with space".to_owned(), "Only printable ASCII characters"),
    ] {
        let wrong = cluster("other", json!({ "MasterUserPassword": password }));
        let refused = invoke(&mut world, R1, "CreateDBCluster", wrong).unwrap_err();
        assert!(refused.code == "InvalidParameterValue" && refused.message.contains(why), "{password}: {refused}");
    }
}

#[test]
fn a_replica_needs_a_source_with_a_binary_log() {
    let mut world = World::new(3);
    let unknown = json!({ "DBClusterIdentifier": "copy", "Engine": "aurora-mysql", "ReplicationSourceIdentifier": "arn:aws:rds:eu-west-1:111122223333:cluster:none" });
    assert_eq!(code(invoke(&mut world, R2, "CreateDBCluster", unknown)), "DBClusterNotFoundFault");
    let plain = invoke(&mut world, R1, "CreateDBCluster", cluster("plain", json!({}))).unwrap();
    pass(&mut world, "rds.cluster.create");
    let input = json!({ "DBClusterIdentifier": "copy", "Engine": "aurora-mysql", "ReplicationSourceIdentifier": plain["DBCluster"]["DBClusterArn"] });
    assert_eq!(code(invoke(&mut world, R2, "CreateDBCluster", input.clone())), "InvalidDBClusterStateFault");
    world.rules_off.insert("rds.replica-needs-binlog".into());
    invoke(&mut world, R2, "CreateDBCluster", input).unwrap();
}

#[test]
fn rows_follow_with_a_lag_in_order_and_stand_still_while_replication_is_cut() {
    let mut world = World::new(3);
    let source = primary(&mut world);
    replica(&mut world, &source);
    let copy = "arn:aws:rds:ap-southeast-1:111122223333:cluster:copy";
    for n in 0..20 {
        write_row(&mut world, ACCOUNT, &source, &json!(n)).unwrap();
    }
    assert!(all_rows(&world, ACCOUNT, copy).unwrap().is_empty(), "nothing arrives at once");
    let later = world.now.plus(Duration::from_mins(1));
    world.advance(later);
    assert_eq!(all_rows(&world, ACCOUNT, copy).unwrap(), (0..20).map(|n| json!(n)).collect::<Vec<_>>());
    faults::start(&mut world, faults::REPLICATION_PAUSE, R1, json!({}), Duration::from_mins(10)).unwrap();
    write_row(&mut world, ACCOUNT, &source, &json!("late")).unwrap();
    let later = world.now.plus(Duration::from_mins(2));
    world.advance(later);
    assert_eq!(all_rows(&world, ACCOUNT, copy).unwrap().len(), 20);
    assert_eq!(replica_lag(&world, ACCOUNT, copy), Some(Duration::from_mins(2)));
    let later = world.now.plus(Duration::from_secs(700));
    world.advance(later);
    assert_eq!(all_rows(&world, ACCOUNT, copy).unwrap().len(), 21, "what waited arrives when the fault is over");
}

#[test]
fn a_replica_takes_no_writes_until_it_is_promoted() {
    let mut world = World::new(3);
    let source = primary(&mut world);
    replica(&mut world, &source);
    let copy = "arn:aws:rds:ap-southeast-1:111122223333:cluster:copy";
    assert_eq!(write_row(&mut world, ACCOUNT, copy, &json!(1)).unwrap_err().code, "ReadOnly");
    invoke(&mut world, R2, "PromoteReadReplicaDBCluster", json!({ "DBClusterIdentifier": "copy" })).unwrap();
    assert_eq!(status(&mut world, R2, "copy"), "promoting");
    pass(&mut world, "rds.promote");
    assert_eq!(write_row(&mut world, ACCOUNT, copy, &json!(1)).unwrap(), 1);
}

#[test]
fn the_order_of_deletion_is_the_one_that_aws_demands() {
    let mut world = World::new(3);
    let source = primary(&mut world);
    replica(&mut world, &source);
    let drop_instance = |id: &str| json!({ "DBInstanceIdentifier": id });
    let drop_cluster = |id: &str| json!({ "DBClusterIdentifier": id, "SkipFinalSnapshot": true });
    assert_eq!(code(invoke(&mut world, R2, "DeleteDBInstance", drop_instance("copy-1"))), "InvalidDBClusterStateFault");
    assert_eq!(code(invoke(&mut world, R1, "DeleteDBInstance", drop_instance("blog-1"))), "InvalidDBClusterStateFault");
    assert_eq!(code(invoke(&mut world, R1, "DeleteDBCluster", drop_cluster("blog"))), "InvalidDBClusterStateFault");
    invoke(&mut world, R2, "PromoteReadReplicaDBCluster", json!({ "DBClusterIdentifier": "copy" })).unwrap();
    pass(&mut world, "rds.promote");
    for (region, instance, cluster) in [(R2, "copy-1", "copy"), (R1, "blog-1", "blog")] {
        invoke(&mut world, region, "DeleteDBInstance", drop_instance(instance)).unwrap();
        invoke(&mut world, region, "DeleteDBCluster", drop_cluster(cluster)).unwrap();
    }
    pass(&mut world, "rds.instance.delete");
    pass(&mut world, "rds.cluster.delete");
    for region in [R1, R2] {
        let left = inventory(&mut Call::new(&mut world, ACCOUNT, region));
        assert!(left.iter().all(|record| record.type_name == "AWS::RDS::DBClusterParameterGroup"), "{left:?}");
    }
}

#[test]
fn deletion_protection_and_snapshots_are_asked_for() {
    let mut world = World::new(3);
    invoke(&mut world, R1, "CreateDBCluster", cluster("blog", json!({ "DeletionProtection": true }))).unwrap();
    pass(&mut world, "rds.cluster.create");
    let id = json!({ "DBClusterIdentifier": "blog" });
    assert_eq!(code(invoke(&mut world, R1, "DeleteDBCluster", id.clone())), "InvalidParameterCombination");
    let skip = json!({ "DBClusterIdentifier": "blog", "SkipFinalSnapshot": true });
    assert_eq!(code(invoke(&mut world, R1, "DeleteDBCluster", skip)), "InvalidParameterCombination");
    invoke(&mut world, R1, "ModifyDBCluster", json!({ "DBClusterIdentifier": "blog", "DeletionProtection": false }))
        .unwrap();
    let last = json!({ "DBClusterIdentifier": "blog", "FinalDBSnapshotIdentifier": "last" });
    invoke(&mut world, R1, "DeleteDBCluster", last).unwrap();
    let kept = invoke(&mut world, R1, "DescribeDBClusterSnapshots", json!({})).unwrap();
    assert_eq!(kept["DBClusterSnapshots"][0]["DBClusterSnapshotIdentifier"], "last");
}

/// A VPC with a subnet in each of those zones, and a security group: their ids.
fn network(world: &mut World, region: &str, zones: &[&str]) -> (Vec<String>, String) {
    let mut call = Call::new(world, ACCOUNT, region);
    let vpc = call.invoke("ec2", "CreateVpc", &json!({ "CidrBlock": "10.9.0.0/16" })).unwrap()["Vpc"]["VpcId"].clone();
    let mut subnets = Vec::new();
    for (n, zone) in zones.iter().enumerate() {
        let input = json!({ "VpcId": vpc, "CidrBlock": format!("10.9.{n}.0/24"), "AvailabilityZone": format!("{region}{zone}") });
        let made = call.invoke("ec2", "CreateSubnet", &input).unwrap();
        subnets.push(made["Subnet"]["SubnetId"].as_str().unwrap().to_owned());
    }
    let group = json!({ "GroupName": "db", "Description": "db", "VpcId": vpc });
    let group = call.invoke("ec2", "CreateSecurityGroup", &group).unwrap();
    (subnets, group["GroupId"].as_str().unwrap().to_owned())
}

#[test]
fn a_subnet_group_covers_two_zones_and_stays_while_a_cluster_uses_it() {
    let mut world = World::new(3);
    let group =
        |ids: &[String]| json!({ "DBSubnetGroupName": "Private", "DBSubnetGroupDescription": "d", "SubnetIds": ids });
    let (one_zone, _) = network(&mut world, R1, &["a", "a"]);
    let error = invoke(&mut world, R1, "CreateDBSubnetGroup", group(&one_zone)).unwrap_err();
    assert_eq!(error.code, "DBSubnetGroupDoesNotCoverEnoughAZs");
    assert!(error.message.contains("Current AZ coverage: eu-west-1a."), "{error}");
    let (_, stranger) = network(&mut world, R1, &[]);
    let (subnets, security) = network(&mut world, R1, &["a", "b"]);
    invoke(&mut world, R1, "CreateDBSubnetGroup", group(&subnets)).unwrap();
    let place =
        |security: &str| cluster("blog", json!({ "DBSubnetGroupName": "private", "VpcSecurityGroupIds": [security] }));
    let error = invoke(&mut world, R1, "CreateDBCluster", place(&stranger)).unwrap_err();
    assert!(error.message.contains("in different VPCs"), "{error}");
    invoke(&mut world, R1, "CreateDBCluster", place(&security)).unwrap();
    let drop = json!({ "DBSubnetGroupName": "private" });
    let error = invoke(&mut world, R1, "DeleteDBSubnetGroup", drop.clone()).unwrap_err();
    assert_eq!(error.code, "InvalidDBSubnetGroupStateFault");
    world.rules_off.insert("rds.subnet-group-in-use".into());
    invoke(&mut world, R1, "DeleteDBSubnetGroup", drop).unwrap();
}

#[test]
fn a_replica_has_its_sources_users_and_a_key_of_its_own_region() {
    let mut world = World::new(3);
    let source = primary(&mut world);
    let mut input = json!({ "DBClusterIdentifier": "copy", "Engine": "aurora-mysql", "ReplicationSourceIdentifier": source, "MasterUsername": "u" });
    let error = invoke(&mut world, R2, "CreateDBCluster", input.clone()).unwrap_err();
    assert_eq!(error.message, "Cannot specify user name for cross region replication cluster");
    input.as_object_mut().unwrap().remove("MasterUsername");
    by_arn_mut(&mut world, ACCOUNT, &source).unwrap().key = Some("arn:aws:kms:eu-west-1:111122223333:key/1".into());
    assert_eq!(code(invoke(&mut world, R2, "CreateDBCluster", input.clone())), "InvalidParameterCombination");
    input["KmsKeyId"] = json!("arn:aws:kms:eu-west-1:111122223333:key/1");
    assert_eq!(code(invoke(&mut world, R2, "CreateDBCluster", input.clone())), "KMSKeyNotAccessibleFault");
    let key = Call::new(&mut world, ACCOUNT, R2).invoke("kms", "CreateKey", &json!({})).unwrap();
    input["KmsKeyId"] = key["KeyMetadata"]["KeyId"].clone();
    let made = invoke(&mut world, R2, "CreateDBCluster", input).unwrap();
    assert_eq!(made["DBCluster"]["KmsKeyId"], key["KeyMetadata"]["Arn"]);
    assert_eq!(made["DBCluster"]["MasterUsername"], "u");
    let seen = invoke(&mut world, R1, "DescribeDBClusters", json!({ "DBClusterIdentifier": "blog" })).unwrap();
    assert_eq!(seen["DBClusters"][0]["ReadReplicaIdentifiers"], json!([made["DBCluster"]["DBClusterArn"]]));
}

#[test]
fn an_instance_is_of_a_class_that_its_engine_runs_on_and_waits_for_its_cluster() {
    let mut world = World::new(3);
    let source = primary(&mut world);
    let small = json!({ "DBInstanceIdentifier": "i", "DBClusterIdentifier": "blog", "Engine": "aurora-mysql", "DBInstanceClass": "db.t3.small" });
    assert_eq!(code(invoke(&mut world, R1, "CreateDBInstance", small)), "InvalidParameterCombination");
    let input =
        json!({ "DBClusterIdentifier": "copy", "Engine": "aurora-mysql", "ReplicationSourceIdentifier": source });
    invoke(&mut world, R2, "CreateDBCluster", input).unwrap();
    instance(&mut world, R2, "copy-1", "copy");
    let state = |world: &mut World| {
        let seen = invoke(world, R2, "DescribeDBInstances", json!({ "DBInstanceIdentifier": "copy-1" })).unwrap();
        seen["DBInstances"][0]["DBInstanceStatus"].as_str().unwrap().to_owned()
    };
    while status(&mut world, R2, "copy") == "creating" {
        assert_eq!(state(&mut world), "creating");
        let until = world.now.plus(Duration::from_secs(10));
        world.advance(until);
    }
    pass(&mut world, "rds.instance.create");
    assert_eq!(state(&mut world), "available");
}

#[test]
fn promotion_keeps_what_has_arrived_and_loses_the_rest() {
    let mut world = World::new(3);
    let source = primary(&mut world);
    replica(&mut world, &source);
    let copy = "arn:aws:rds:ap-southeast-1:111122223333:cluster:copy";
    write_row(&mut world, ACCOUNT, &source, &json!("early")).unwrap();
    let later = world.now.plus(Duration::from_mins(1));
    world.advance(later);
    faults::start(&mut world, faults::REGION_LOSS, R1, json!({}), Duration::from_hours(1)).unwrap();
    assert_eq!(write_row(&mut world, ACCOUNT, &source, &json!("x")).unwrap_err().code, "Unavailable");
    let lost = world.faults[0].id.clone();
    faults::stop(&mut world, &lost);
    faults::start(&mut world, faults::REPLICATION_PAUSE, R1, json!({}), Duration::from_hours(1)).unwrap();
    write_row(&mut world, ACCOUNT, &source, &json!("late")).unwrap();
    invoke(&mut world, R2, "PromoteReadReplicaDBCluster", json!({ "DBClusterIdentifier": "copy" })).unwrap();
    assert!(all_rows(&world, ACCOUNT, copy).is_none(), "instances restart");
    pass(&mut world, "rds.promote");
    let later = world.now.plus(Duration::from_hours(2));
    world.advance(later);
    assert_eq!(all_rows(&world, ACCOUNT, copy).unwrap(), [json!("early")]);
    assert_eq!(write_row(&mut world, ACCOUNT, copy, &json!("after")).unwrap(), 2);
    let again = invoke(&mut world, R2, "PromoteReadReplicaDBCluster", json!({ "DBClusterIdentifier": "copy" }));
    assert_eq!(code(again), "InvalidDBClusterStateFault");
}

#[test]
fn the_lag_is_a_metric_and_minus_one_while_replication_has_stopped() {
    let mut world = World::new(3);
    let source = primary(&mut world);
    replica(&mut world, &source);
    let lag = |world: &mut World| {
        let input = json!({ "Namespace": "AWS/RDS", "MetricName": "AuroraBinlogReplicaLag", "Period": 60, "Statistics": ["Maximum"],
            "Dimensions": [{ "Name": "DBClusterIdentifier", "Value": "copy" }],
            "StartTime": world.now.epoch_seconds() - 60.0, "EndTime": world.now.epoch_seconds() + 1.0 });
        let answer = Call::new(world, ACCOUNT, R2).invoke("cloudwatch", "GetMetricStatistics", &input).unwrap();
        answer["Datapoints"].as_array().unwrap().last().unwrap()["Maximum"].as_f64().unwrap()
    };
    assert!(lag(&mut world).abs() < f64::EPSILON);
    let listed = Call::new(&mut world, ACCOUNT, R2)
        .invoke("cloudwatch", "ListMetrics", &json!({ "Namespace": "AWS/RDS" }))
        .unwrap();
    assert_eq!(listed["Metrics"][0]["Dimensions"][0]["Value"], "copy");
    faults::start(&mut world, faults::REPLICATION_PAUSE, R1, json!({}), Duration::from_mins(10)).unwrap();
    assert!((lag(&mut world) + 1.0).abs() < f64::EPSILON);
}

#[test]
fn host_names_lead_to_their_cluster() {
    let mut world = World::new(3);
    let source = primary(&mut world);
    replica(&mut world, &source);
    for (region, id, writable) in [(R1, "blog", true), (R2, "copy", false)] {
        let seen = invoke(&mut world, region, "DescribeDBClusters", json!({ "DBClusterIdentifier": id })).unwrap();
        let shown = &seen["DBClusters"][0];
        let found = find_by_endpoint(&world, ACCOUNT, shown["Endpoint"].as_str().unwrap()).unwrap();
        assert_eq!((json!(found.arn), found.writable), (shown["DBClusterArn"].clone(), writable));
        assert!(find_by_endpoint(&world, ACCOUNT, shown["ReaderEndpoint"].as_str().unwrap()).is_some());
    }
    assert!(find_by_endpoint(&world, ACCOUNT, "db.example.com").is_none());
}

#[test]
fn every_rule_can_be_switched_off() {
    let mut base = World::new(3);
    let source = primary(&mut base);
    let (one_zone, _) = network(&mut base, R1, &["a", "a"]);
    let plain = base.clone();
    replica(&mut base, &source);
    let mut encrypted = plain.clone();
    by_arn_mut(&mut encrypted, ACCOUNT, &source).unwrap().key = Some("arn:aws:kms:eu-west-1:111122223333:key/1".into());
    let copy =
        json!({ "DBClusterIdentifier": "copy2", "Engine": "aurora-mysql", "ReplicationSourceIdentifier": source });
    let group = json!({ "DBSubnetGroupName": "g", "DBSubnetGroupDescription": "d", "SubnetIds": one_zone });
    let drop_cluster = json!({ "DBClusterIdentifier": "blog", "SkipFinalSnapshot": true });
    let cases = [
        ("rds.last-instance", &base, R2, "DeleteDBInstance", json!({ "DBInstanceIdentifier": "copy-1" })),
        ("rds.cluster-without-instances", &plain, R1, "DeleteDBCluster", drop_cluster),
        ("rds.replica-needs-key", &encrypted, R2, "CreateDBCluster", copy),
        ("rds.subnet-group-covers-two-zones", &plain, R1, "CreateDBSubnetGroup", group),
    ];
    for (rule, world, region, operation, input) in cases {
        let mut world = world.clone();
        assert!(invoke(&mut world, region, operation, input.clone()).is_err(), "{rule} is on");
        world.rules_off.insert(rule.to_owned());
        assert!(invoke(&mut world, region, operation, input).is_ok(), "{rule} is off");
    }
}
