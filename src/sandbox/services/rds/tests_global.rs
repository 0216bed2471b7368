//! Tests of global databases: roles, loss, order of deletion.
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
const FIRST: &str = "arn:aws:rds:eu-west-1:111122223333:cluster:first";
const SECOND: &str = "arn:aws:rds:ap-southeast-1:111122223333:cluster:second";

fn invoke(world: &mut World, region: &str, operation: &str, input: Value) -> Result<Value, AwsError> {
    Call::new(world, ACCOUNT, region).invoke("rds", operation, &input)
}

fn pass(world: &mut World, constant: &str) {
    let longest = constants::constant(constant).unwrap().p95 * 3;
    let until = world.now.plus(longest);
    world.advance(until);
}

/// A global database with an instance in each of its two Regions.
fn global() -> World {
    let mut world = World::new(3);
    let make = json!({ "GlobalClusterIdentifier": "shop", "Engine": "aurora-mysql" });
    invoke(&mut world, R1, "CreateGlobalCluster", make).unwrap();
    for (region, id, more) in
        [(R1, "first", json!({ "MasterUsername": "u", "MasterUserPassword": "secret123" })), (R2, "second", json!({}))]
    {
        let mut input =
            json!({ "DBClusterIdentifier": id, "Engine": "aurora-mysql", "GlobalClusterIdentifier": "shop" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        invoke(&mut world, region, "CreateDBCluster", input).unwrap();
        let instance = json!({ "DBInstanceIdentifier": format!("{id}-1"), "DBClusterIdentifier": id, "Engine": "aurora-mysql", "DBInstanceClass": "db.r6g.large" });
        invoke(&mut world, region, "CreateDBInstance", instance).unwrap();
        pass(&mut world, "rds.replica_cluster.create");
        pass(&mut world, "rds.instance.create");
    }
    world
}

fn shop(world: &mut World) -> Value {
    let seen = invoke(world, R2, "DescribeGlobalClusters", json!({ "GlobalClusterIdentifier": "shop" })).unwrap();
    seen["GlobalClusters"][0].clone()
}

fn writer(world: &mut World) -> String {
    let shop = shop(world);
    let members = shop["GlobalClusterMembers"].as_array().unwrap();
    members.iter().find(|member| member["IsWriter"] == true).unwrap()["DBClusterArn"].as_str().unwrap().to_owned()
}

fn target(arn: &str) -> Value {
    json!({ "GlobalClusterIdentifier": "shop", "TargetDbClusterIdentifier": arn })
}

fn code(result: Result<Value, AwsError>) -> String {
    result.unwrap_err().code
}

#[test]
fn a_second_cluster_of_one_region_is_refused_and_so_are_small_classes() {
    let mut world = global();
    let again = json!({ "DBClusterIdentifier": "third", "Engine": "aurora-mysql", "GlobalClusterIdentifier": "shop" });
    assert_eq!(code(invoke(&mut world, R2, "CreateDBCluster", again)), "InvalidDBClusterStateFault");
    let small = json!({ "DBInstanceIdentifier": "s", "DBClusterIdentifier": "second", "Engine": "aurora-mysql", "DBInstanceClass": "db.t4g.medium" });
    assert_eq!(code(invoke(&mut world, R2, "CreateDBInstance", small)), "InvalidParameterValue");
    let promote = json!({ "DBClusterIdentifier": "second" });
    assert_eq!(code(invoke(&mut world, R2, "PromoteReadReplicaDBCluster", promote)), "InvalidDBClusterStateFault");
}

#[test]
fn a_switchover_loses_nothing_and_needs_both_sides() {
    let mut world = global();
    for n in 0..50 {
        write_row(&mut world, ACCOUNT, FIRST, &json!(n)).unwrap();
    }
    faults::start(&mut world, faults::REPLICATION_PAUSE, R1, json!({}), Duration::from_mins(10)).unwrap();
    assert_eq!(
        code(invoke(&mut world, R1, "SwitchoverGlobalCluster", target(SECOND))),
        "InvalidGlobalClusterStateFault"
    );
    let mut without = world.clone();
    without.rules_off.insert("rds.switchover-needs-health".into());
    invoke(&mut without, R1, "SwitchoverGlobalCluster", target(SECOND)).unwrap();
    pass(&mut world, "rds.binlog.lag");
    let later = world.now.plus(Duration::from_mins(11));
    world.advance(later);
    let began = invoke(&mut world, R1, "SwitchoverGlobalCluster", target(SECOND)).unwrap();
    assert_eq!(began["GlobalCluster"]["Status"], "switching-over");
    assert_eq!(began["GlobalCluster"]["FailoverState"]["IsDataLossAllowed"], false);
    assert!(write_row(&mut world, ACCOUNT, FIRST, &json!("during")).is_err(), "roles are changing");
    pass(&mut world, "rds.global.switchover");
    assert_eq!((writer(&mut world).as_str(), shop(&mut world).get("FailoverState")), (SECOND, None));
    assert_eq!(all_rows(&world, ACCOUNT, SECOND).unwrap().len(), 50);
    write_row(&mut world, ACCOUNT, SECOND, &json!("after")).unwrap();
    assert_eq!(write_row(&mut world, ACCOUNT, FIRST, &json!("old")).unwrap_err().code, "ReadOnly");
    pass(&mut world, "rds.global.lag");
    assert_eq!(all_rows(&world, ACCOUNT, FIRST).unwrap().len(), 51, "the old primary follows");
}

#[test]
fn a_failover_loses_what_had_not_arrived_and_keeps_the_topology() {
    let mut world = global();
    write_row(&mut world, ACCOUNT, FIRST, &json!("early")).unwrap();
    pass(&mut world, "rds.global.lag");
    faults::start(&mut world, faults::REGION_LOSS, R1, json!({}), Duration::from_mins(30)).unwrap();
    let later = world.now.plus(Duration::from_secs(1));
    world.advance(later);
    assert_eq!(
        code(invoke(&mut world, R2, "SwitchoverGlobalCluster", target(SECOND))),
        "InvalidGlobalClusterStateFault"
    );
    let mut lossy = target(SECOND);
    lossy["AllowDataLoss"] = json!(true);
    let began = invoke(&mut world, R2, "FailoverGlobalCluster", lossy).unwrap();
    assert_eq!(began["GlobalCluster"]["Status"], "failing-over");
    assert_eq!(began["GlobalCluster"]["FailoverState"]["ToDbClusterArn"], SECOND);
    pass(&mut world, "rds.global.failover");
    assert_eq!(writer(&mut world), SECOND);
    write_row(&mut world, ACCOUNT, SECOND, &json!("in the other Region")).unwrap();
    let later = world.now.plus(Duration::from_mins(40));
    world.advance(later);
    let both = [FIRST, SECOND].map(|arn| all_rows(&world, ACCOUNT, arn).unwrap());
    assert_eq!(both[0], both[1], "the old primary came back as a secondary");
}

#[test]
fn secondaries_leave_first_and_only_an_empty_global_cluster_goes() {
    let mut world = global();
    let delete = || json!({ "GlobalClusterIdentifier": "shop" });
    let leave = |arn: &str| json!({ "GlobalClusterIdentifier": "shop", "DbClusterIdentifier": arn });
    assert_eq!(code(invoke(&mut world, R1, "DeleteGlobalCluster", delete())), "InvalidGlobalClusterStateFault");
    let mut without = world.clone();
    without.rules_off.insert("rds.global-cluster-empty".into());
    invoke(&mut without, R1, "DeleteGlobalCluster", delete()).unwrap();
    let gone = json!({ "DBClusterIdentifier": "second", "SkipFinalSnapshot": true });
    assert_eq!(code(invoke(&mut world, R2, "DeleteDBCluster", gone)), "InvalidDBClusterStateFault");
    assert_eq!(code(invoke(&mut world, R1, "RemoveFromGlobalCluster", leave(FIRST))), "InvalidGlobalClusterStateFault");
    let answer = invoke(&mut world, R1, "RemoveFromGlobalCluster", leave(SECOND)).unwrap();
    assert_eq!(answer["GlobalCluster"]["GlobalClusterMembers"].as_array().unwrap().len(), 2, "it takes a while");
    pass(&mut world, "rds.global.detach");
    write_row(&mut world, ACCOUNT, SECOND, &json!("alone")).unwrap();
    invoke(&mut world, R1, "RemoveFromGlobalCluster", leave(FIRST)).unwrap();
    pass(&mut world, "rds.global.detach");
    invoke(&mut world, R1, "DeleteGlobalCluster", delete()).unwrap();
    let seen = invoke(&mut world, R1, "DescribeGlobalClusters", delete());
    assert_eq!(code(seen), "GlobalClusterNotFoundFault");
}

#[test]
fn a_changed_binlog_format_waits_for_the_writers_restart() {
    let mut world = World::new(3);
    let group =
        json!({ "DBClusterParameterGroupName": "g", "DBParameterGroupFamily": "aurora-mysql8.0", "Description": "d" });
    invoke(&mut world, R1, "CreateDBClusterParameterGroup", group).unwrap();
    let cluster = json!({ "DBClusterIdentifier": "blog", "Engine": "aurora-mysql", "MasterUsername": "u", "MasterUserPassword": "secret123", "DBClusterParameterGroupName": "g" });
    invoke(&mut world, R1, "CreateDBCluster", cluster).unwrap();
    let instance = json!({ "DBInstanceIdentifier": "blog-1", "DBClusterIdentifier": "blog", "Engine": "aurora-mysql", "DBInstanceClass": "db.t4g.medium" });
    invoke(&mut world, R1, "CreateDBInstance", instance).unwrap();
    pass(&mut world, "rds.instance.create");
    let on = |method: &str| json!({ "DBClusterParameterGroupName": "g", "Parameters": [{ "ParameterName": "binlog_format", "ParameterValue": "ROW", "ApplyMethod": method }] });
    let refused = invoke(&mut world, R1, "ModifyDBClusterParameterGroup", on("immediate"));
    assert_eq!(code(refused), "InvalidParameterCombination");
    invoke(&mut world, R1, "ModifyDBClusterParameterGroup", on("pending-reboot")).unwrap();
    let seen = |world: &mut World| {
        let seen = invoke(world, R1, "DescribeDBClusters", json!({})).unwrap();
        seen["DBClusters"][0]["DBClusterMembers"][0]["DBClusterParameterGroupStatus"].clone()
    };
    assert_eq!(seen(&mut world), "pending-reboot");
    let copy = json!({ "DBClusterIdentifier": "copy", "Engine": "aurora-mysql", "ReplicationSourceIdentifier": "arn:aws:rds:eu-west-1:111122223333:cluster:blog" });
    assert_eq!(code(invoke(&mut world, R2, "CreateDBCluster", copy.clone())), "InvalidDBClusterStateFault");
    let answer = invoke(&mut world, R1, "RebootDBInstance", json!({ "DBInstanceIdentifier": "blog-1" })).unwrap();
    assert_eq!(answer["DBInstance"]["DBInstanceStatus"], "rebooting");
    pass(&mut world, "rds.reboot");
    assert_eq!(seen(&mut world), "in-sync");
    invoke(&mut world, R2, "CreateDBCluster", copy).unwrap();
}
