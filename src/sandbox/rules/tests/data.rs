//! What stores keep, repeat and refuse: Aurora, DynamoDB, S3.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Scenario, code, table, without};
use crate::sandbox::dataplane::tests_blog::{database, instance};
use crate::sandbox::dataplane::tests_world::{ME, R1, R2, attempt, run, wait};
use crate::sandbox::services::{rds, s3};
use crate::sandbox::world::World;
use crate::sandbox::{Call, faults};

pub(super) fn scenario(id: &str) -> Option<Scenario> {
    Some(match id {
        "dynamodb.last-writer-wins" => two_writers,
        "dynamodb.one-change-at-a-time" => change_while_creating,
        "dynamodb.replica-needs-on-demand" => replica_of_provisioned,
        "dynamodb.replica-needs-stream" => replica_without_stream,
        "dynamodb.stream-24h" => stream_of_yesterday,
        "dynamodb.transaction-token" => same_transaction_twice,
        "rds.five-replicas" => sixth_replica,
        "rds.promotion-restarts" => write_right_after_promotion,
        "rds.replica-needs-binlog" => replica_without_binlog,
        "rds.replica-needs-key" => replica_without_key,
        "rds.replica-read-only" => write_to_the_replica,
        "rds.subnet-group-covers-two-zones" => group_of_one_zone,
        "rds.switchover-needs-health" => switchover_while_paused,
        "s3.delete-markers-stay" => marker,
        "s3.existing-objects-stay" => object_from_before,
        "s3.replication-needs-versioning" => replication_without_versions,
        "s3.replication-role" => role_of_another_bucket,
        "s3.thousand-keys" => many_keys,
        _ => return None,
    })
}

pub(super) fn replica() -> Value {
    json!({ "TableName": "Shop", "ReplicaUpdates": [{ "Create": { "RegionName": R2 } }] })
}

fn change_while_creating(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    run(&mut world, R1, "dynamodb", "CreateTable", &table(true));
    code(&mut world, "dynamodb", "UpdateTable", &replica())
}

fn replica_without_stream(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    run(&mut world, R1, "dynamodb", "CreateTable", &table(false));
    wait(&mut world, 120);
    code(&mut world, "dynamodb", "UpdateTable", &replica())
}

fn replica_of_provisioned(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let mut input = table(true);
    input["BillingMode"] = json!("PROVISIONED");
    input["ProvisionedThroughput"] = json!({ "ReadCapacityUnits": 1, "WriteCapacityUnits": 1 });
    run(&mut world, R1, "dynamodb", "CreateTable", &input);
    wait(&mut world, 120);
    code(&mut world, "dynamodb", "UpdateTable", &replica())
}

fn put_item(world: &mut World, region: &str, who: &str) {
    let item = json!({ "id": { "S": "a" }, "who": { "S": who } });
    run(world, region, "dynamodb", "PutItem", &json!({ "TableName": "Shop", "Item": item }));
}

/// A table in both Regions.
pub(super) fn global_table(off: Option<&str>) -> World {
    let mut world = World::new(1);
    without(&mut world, off);
    run(&mut world, R1, "dynamodb", "CreateTable", &table(true));
    wait(&mut world, 120);
    run(&mut world, R1, "dynamodb", "UpdateTable", &replica());
    wait(&mut world, 1200);
    world
}

fn two_writers(off: Option<&str>) -> String {
    let mut world = global_table(off);
    faults::start(&mut world, faults::REPLICATION_PAUSE, R2, Value::Null, Duration::from_mins(10)).unwrap();
    put_item(&mut world, R1, "first");
    wait(&mut world, 60);
    put_item(&mut world, R2, "second");
    wait(&mut world, 900);
    let get = json!({ "TableName": "Shop", "Key": { "id": { "S": "a" } } });
    [R1, R2].map(|region| run(&mut world, region, "dynamodb", "GetItem", &get)["Item"]["who"].to_string()).join(" ")
}

fn stream_of_yesterday(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    run(&mut world, R1, "dynamodb", "CreateTable", &table(true));
    wait(&mut world, 120);
    put_item(&mut world, R1, "old");
    wait(&mut world, 25 * 3600);
    let mut ask = |operation: &str, input: &Value| run(&mut world, R1, "dynamodbstreams", operation, input);
    let arn = ask("ListStreams", &json!({}))["Streams"][0]["StreamArn"].clone();
    let told = ask("DescribeStream", &json!({ "StreamArn": arn }));
    let first = json!({
        "StreamArn": arn, "ShardId": told["StreamDescription"]["Shards"][0]["ShardId"],
        "ShardIteratorType": "TRIM_HORIZON",
    });
    let first = ask("GetShardIterator", &first)["ShardIterator"].clone();
    ask("GetRecords", &json!({ "ShardIterator": first }))["Records"].as_array().unwrap().len().to_string()
}

fn same_transaction_twice(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    run(&mut world, R1, "dynamodb", "CreateTable", &table(true));
    wait(&mut world, 120);
    let add = json!({ "ClientRequestToken": "t", "TransactItems": [{ "Update": {
        "TableName": "Shop", "Key": { "id": { "S": "n" } }, "UpdateExpression": "ADD n :by",
        "ExpressionAttributeValues": { ":by": { "N": "1" } },
    } }] });
    run(&mut world, R1, "dynamodb", "TransactWriteItems", &add);
    run(&mut world, R1, "dynamodb", "TransactWriteItems", &add);
    let get = json!({ "TableName": "Shop", "Key": { "id": { "S": "n" } } });
    run(&mut world, R1, "dynamodb", "GetItem", &get)["Item"]["n"]["N"].to_string()
}

/// The copy's ARN.
const COPY: &str = "arn:aws:rds:ap-southeast-1:111122223333:cluster:copy";

fn copy_of(source: &str) -> Value {
    json!({
        "DBClusterIdentifier": "copy", "Engine": "aurora-mysql",
        "ReplicationSourceIdentifier": format!("arn:aws:rds:{R1}:{ME}:cluster:{source}"),
    })
}

/// The blog's cluster in the first Region and its binlog replica in the second, each with an instance.
pub(super) fn replicated(off: Option<&str>) -> World {
    let mut world = World::new(3);
    without(&mut world, off);
    database(&mut world);
    run(&mut world, R2, "rds", "CreateDBCluster", &copy_of("blog"));
    instance(&mut world, R2, "copy");
    wait(&mut world, 7200);
    world
}

fn written(world: &mut World) -> String {
    rds::write_row(world, ME, COPY, &json!(1)).map_or_else(|error| error.code, |number| number.to_string())
}

fn write_to_the_replica(off: Option<&str>) -> String {
    written(&mut replicated(off))
}

fn write_right_after_promotion(off: Option<&str>) -> String {
    let mut world = replicated(off);
    run(&mut world, R2, "rds", "PromoteReadReplicaDBCluster", &json!({ "DBClusterIdentifier": "copy" }));
    written(&mut world)
}

fn cluster(id: &str) -> Value {
    json!({
        "DBClusterIdentifier": id, "Engine": "aurora-mysql", "MasterUsername": "u", "MasterUserPassword": "secret123",
    })
}

fn copied(world: &mut World, source: &str) -> String {
    attempt(world, R2, "rds", "CreateDBCluster", &copy_of(source))
        .map_or_else(|error| error.code, |_| "done".to_owned())
}

fn sixth_replica(off: Option<&str>) -> String {
    let mut world = World::new(3);
    without(&mut world, off);
    database(&mut world);
    let codes = (0..6).map(|n| {
        let mut copy = copy_of("blog");
        copy["DBClusterIdentifier"] = json!(format!("copy-{n}"));
        attempt(&mut world, R2, "rds", "CreateDBCluster", &copy).map_or_else(|error| error.code, |_| "done".to_owned())
    });
    codes.last().unwrap()
}

fn many_keys(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let place = json!({ "Bucket": "some-books", "CreateBucketConfiguration": { "LocationConstraint": R1 } });
    run(&mut world, R1, "s3", "CreateBucket", &place);
    let keys: Vec<Value> = (0..1001).map(|n| json!({ "Key": n.to_string() })).collect();
    code(&mut world, "s3", "DeleteObjects", &json!({ "Bucket": "some-books", "Delete": { "Objects": keys } }))
}

fn replica_without_binlog(off: Option<&str>) -> String {
    let mut world = World::new(3);
    without(&mut world, off);
    run(&mut world, R1, "rds", "CreateDBCluster", &cluster("plain"));
    wait(&mut world, 3600);
    copied(&mut world, "plain")
}

fn replica_without_key(off: Option<&str>) -> String {
    let mut world = World::new(3);
    without(&mut world, off);
    database(&mut world);
    let mut input = cluster("secret");
    input["StorageEncrypted"] = json!(true);
    input["DBClusterParameterGroupName"] = json!("binlog");
    run(&mut world, R1, "rds", "CreateDBCluster", &input);
    instance(&mut world, R1, "secret");
    wait(&mut world, 3600);
    copied(&mut world, "secret")
}

/// Subnets in those zones of the first Region.
pub(super) fn subnets(world: &mut World, zones: &[&str]) -> Vec<Value> {
    let vpc = run(world, R1, "ec2", "CreateVpc", &json!({ "CidrBlock": "10.9.0.0/16" }))["Vpc"]["VpcId"].clone();
    let subnet = |(n, zone): (usize, &&str)| {
        let cidr = format!("10.9.{n}.0/24");
        let input = json!({ "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": format!("{R1}{zone}") });
        run(world, R1, "ec2", "CreateSubnet", &input)["Subnet"]["SubnetId"].clone()
    };
    zones.iter().enumerate().map(subnet).collect()
}

fn group_of_one_zone(off: Option<&str>) -> String {
    let mut world = World::new(3);
    without(&mut world, off);
    let subnets = subnets(&mut world, &["a", "a"]);
    let group = json!({ "DBSubnetGroupName": "g", "DBSubnetGroupDescription": "d", "SubnetIds": subnets });
    code(&mut world, "rds", "CreateDBSubnetGroup", &group)
}

/// A global database with an instance in each Region.
pub(super) fn global_database(off: Option<&str>) -> World {
    let mut world = World::new(3);
    without(&mut world, off);
    let make = json!({ "GlobalClusterIdentifier": "shop", "Engine": "aurora-mysql" });
    run(&mut world, R1, "rds", "CreateGlobalCluster", &make);
    for (region, id) in [(R1, "first"), (R2, "second")] {
        let mut input = cluster(id);
        input["GlobalClusterIdentifier"] = json!("shop");
        if region == R2 {
            for member in ["MasterUsername", "MasterUserPassword"] {
                input.as_object_mut().unwrap().remove(member);
            }
        }
        run(&mut world, region, "rds", "CreateDBCluster", &input);
        let instance = json!({
            "DBInstanceIdentifier": format!("{id}-1"), "DBClusterIdentifier": id, "Engine": "aurora-mysql",
            "DBInstanceClass": "db.r6g.large",
        });
        run(&mut world, region, "rds", "CreateDBInstance", &instance);
        wait(&mut world, 7200);
    }
    world
}

fn switchover_while_paused(off: Option<&str>) -> String {
    let mut world = global_database(off);
    faults::start(&mut world, faults::REPLICATION_PAUSE, R1, Value::Null, Duration::from_hours(1)).unwrap();
    let target = format!("arn:aws:rds:{R2}:{ME}:cluster:second");
    let input = json!({ "GlobalClusterIdentifier": "shop", "TargetDbClusterIdentifier": target });
    code(&mut world, "rds", "SwitchoverGlobalCluster", &input)
}

fn put_object(world: &mut World, bucket: &str) {
    let mut call = Call::new(world, ME, R1);
    call.payload = Some(Bytes::from_static(b"x"));
    s3::handler("PutObject").unwrap()(&mut call, &json!({ "Bucket": bucket, "Key": "k" })).unwrap();
}

/// Two buckets, with versions when asked for, and a role that may copy to what `pattern` names; what puts the rule.
fn buckets(world: &mut World, versions: bool, pattern: &str) -> Value {
    for (name, region) in [("source", R1), ("replica", R2)] {
        let place = json!({ "Bucket": name, "CreateBucketConfiguration": { "LocationConstraint": region } });
        run(world, region, "s3", "CreateBucket", &place);
        if versions {
            let input = json!({ "Bucket": name, "VersioningConfiguration": { "Status": "Enabled" } });
            run(world, region, "s3", "PutBucketVersioning", &input);
        }
    }
    let trust = json!({ "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "sts:AssumeRole",
    }] });
    let role = json!({ "RoleName": "copier", "AssumeRolePolicyDocument": trust.to_string() });
    run(world, R1, "iam", "CreateRole", &role);
    let document = json!({ "Statement": [
        { "Effect": "Allow", "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"], "Resource": "arn:aws:s3:::source" },
        { "Effect": "Allow", "Action": "s3:GetObjectVersionForReplication", "Resource": "arn:aws:s3:::source/*" },
        { "Effect": "Allow", "Action": ["s3:ReplicateObject", "s3:ReplicateDelete"], "Resource": pattern },
    ] });
    let input = json!({ "RoleName": "copier", "PolicyName": "p", "PolicyDocument": document.to_string() });
    run(world, R1, "iam", "PutRolePolicy", &input);
    json!({ "Bucket": "source", "ReplicationConfiguration": { "Role": format!("arn:aws:iam::{ME}:role/copier"), "Rules": [{
        "ID": "all", "Status": "Enabled", "Priority": 1, "Filter": {}, "DeleteMarkerReplication": { "Status": "Disabled" },
        "Destination": { "Bucket": "arn:aws:s3:::replica" },
    }] } })
}

/// Whether the copy is there.
fn arrived(world: &mut World) -> String {
    wait(world, 900);
    attempt(world, R2, "s3", "HeadObject", &json!({ "Bucket": "replica", "Key": "k" })).is_ok().to_string()
}

fn marker(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let rule = buckets(&mut world, true, "arn:aws:s3:::replica/*");
    run(&mut world, R1, "s3", "PutBucketReplication", &rule);
    put_object(&mut world, "source");
    arrived(&mut world);
    run(&mut world, R1, "s3", "DeleteObject", &json!({ "Bucket": "source", "Key": "k" }));
    arrived(&mut world)
}

fn object_from_before(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let rule = buckets(&mut world, true, "arn:aws:s3:::replica/*");
    put_object(&mut world, "source");
    run(&mut world, R1, "s3", "PutBucketReplication", &rule);
    arrived(&mut world)
}

fn replication_without_versions(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let rule = buckets(&mut world, false, "arn:aws:s3:::replica/*");
    code(&mut world, "s3", "PutBucketReplication", &rule)
}

fn role_of_another_bucket(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let rule = buckets(&mut world, true, "arn:aws:s3:::other/*");
    run(&mut world, R1, "s3", "PutBucketReplication", &rule);
    put_object(&mut world, "source");
    arrived(&mut world)
}
