#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::call::AwsError;
use crate::sandbox::{Call, World, faults};

const R1: &str = "eu-west-1";
const R2: &str = "ap-southeast-1";
const ME: &str = "111122223333";

fn ddb(world: &mut World, region: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, ME, region).invoke("dynamodb", operation, input)
}

fn wait(world: &mut World, seconds: u64) {
    let until = world.now.plus(Duration::from_secs(seconds));
    world.advance(until);
}

fn orders() -> Value {
    json!({
        "TableName": "Orders", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            { "AttributeName": "customerId", "AttributeType": "S" }, { "AttributeName": "orderId", "AttributeType": "N" },
            { "AttributeName": "category", "AttributeType": "S" } ],
        "KeySchema": [{ "AttributeName": "customerId", "KeyType": "HASH" }, { "AttributeName": "orderId", "KeyType": "RANGE" }],
        "GlobalSecondaryIndexes": [{ "IndexName": "by-category", "Projection": { "ProjectionType": "ALL" },
            "KeySchema": [{ "AttributeName": "category", "KeyType": "HASH" }] }],
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
    })
}

fn world() -> World {
    let mut world = World::new(1);
    ddb(&mut world, R1, "CreateTable", &orders()).unwrap();
    wait(&mut world, 120);
    world
}

fn put(world: &mut World, region: &str, customer: &str, order: u64, total: u64) {
    let item = json!({ "customerId": { "S": customer }, "orderId": { "N": order.to_string() }, "price": { "N": total.to_string() } });
    ddb(world, region, "PutItem", &json!({ "TableName": "Orders", "Item": item })).unwrap();
}

fn key(customer: &str, order: u64) -> Value {
    json!({ "TableName": "Orders", "Key": { "customerId": { "S": customer }, "orderId": { "N": order.to_string() } } })
}

fn total(world: &mut World, region: &str, customer: &str, order: u64) -> Option<String> {
    let answer = ddb(world, region, "GetItem", &key(customer, order)).unwrap();
    answer["Item"]["price"]["N"].as_str().map(str::to_owned)
}

fn status(world: &mut World, region: &str) -> String {
    match ddb(world, region, "DescribeTable", &json!({ "TableName": "Orders" })) {
        Ok(answer) => answer["Table"]["TableStatus"].as_str().unwrap().to_owned(),
        Err(error) => error.code,
    }
}

fn replica(verb: &str) -> Value {
    json!({ "TableName": "Orders", "ReplicaUpdates": [{ verb: { "RegionName": R2 } }] })
}

fn replicated() -> World {
    let mut world = world();
    ddb(&mut world, R1, "UpdateTable", &replica("Create")).unwrap();
    wait(&mut world, 1200);
    world
}

#[test]
fn a_table_is_created_before_it_is_active() {
    let mut world = World::new(1);
    let answer = ddb(&mut world, R1, "CreateTable", &orders()).unwrap();
    assert_eq!(answer["TableDescription"]["TableStatus"], "CREATING");
    assert_eq!(ddb(&mut world, R1, "CreateTable", &orders()).unwrap_err().code, "ResourceInUseException");
    assert_eq!(ddb(&mut world, R1, "GetItem", &key("a", 1)).unwrap_err().code, "ResourceNotFoundException");
    wait(&mut world, 120);
    let described = ddb(&mut world, R1, "DescribeTable", &json!({ "TableName": "Orders" })).unwrap();
    assert_eq!(described["Table"]["TableStatus"], "ACTIVE");
    assert!(described["Table"]["LatestStreamArn"].as_str().unwrap().contains(":table/Orders/stream/2026-01-05T"));
    ddb(&mut world, R1, "DeleteTable", &json!({ "TableName": "Orders" })).unwrap();
    assert_eq!(status(&mut world, R1), "DELETING");
    wait(&mut world, 120);
    assert_eq!(status(&mut world, R1), "ResourceNotFoundException");
}

#[test]
fn items_are_written_under_conditions() {
    let mut world = world();
    put(&mut world, R1, "a", 1, 10);
    let mut input = key("a", 1);
    input["UpdateExpression"] = json!("SET price = price + :n");
    input["ConditionExpression"] = json!("price < :n");
    input["ExpressionAttributeValues"] = json!({ ":n": { "N": "5" } });
    let error = ddb(&mut world, R1, "UpdateItem", &input).unwrap_err();
    assert_eq!(error.code, "ConditionalCheckFailedException");
    input["ConditionExpression"] = json!("price > :n");
    input["ReturnValues"] = json!("UPDATED_NEW");
    let answer = ddb(&mut world, R1, "UpdateItem", &input).unwrap();
    assert_eq!(answer["Attributes"], json!({ "price": { "N": "15" } }));
    let wrong = json!({ "TableName": "Orders", "Key": { "customerId": { "S": "a" } } });
    assert_eq!(
        ddb(&mut world, R1, "GetItem", &wrong).unwrap_err().message,
        "The provided key element does not match the schema"
    );
    let keyless = json!({ "TableName": "Orders", "Item": { "customerId": { "S": "a" } } });
    assert!(
        ddb(&mut world, R1, "PutItem", &keyless).unwrap_err().message.ends_with("Missing the key orderId in the item")
    );
    let mut input = key("a", 1);
    input["UpdateExpression"] = json!("SET orderId = :n");
    input["ExpressionAttributeValues"] = json!({ ":n": { "N": "5" } });
    assert!(ddb(&mut world, R1, "UpdateItem", &input).unwrap_err().message.contains("part of the key"));
}

#[test]
fn queries_are_sorted_by_number_filtered_and_paged() {
    let mut world = world();
    for order in [10, 9, 100, 2] {
        put(&mut world, R1, "a", order, order);
        put(&mut world, R1, "b", order, order);
    }
    let mut input = json!({ "TableName": "Orders", "KeyConditionExpression": "customerId = :c AND orderId > :n",
        "ExpressionAttributeValues": { ":c": { "S": "a" }, ":n": { "N": "2" } }, "Limit": 2 });
    let first = ddb(&mut world, R1, "Query", &input).unwrap();
    let ids = |answer: &Value| {
        answer["Items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["orderId"]["N"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&first), ["9", "10"]);
    input["ExclusiveStartKey"] = first["LastEvaluatedKey"].clone();
    let second = ddb(&mut world, R1, "Query", &input).unwrap();
    assert_eq!(ids(&second), ["100"]);
    assert!(second.get("LastEvaluatedKey").is_none());
    let all = ddb(
        &mut world,
        R1,
        "Scan",
        &json!({ "TableName": "Orders", "FilterExpression": "price >= :n",
        "ExpressionAttributeValues": { ":n": { "N": "10" } } }),
    )
    .unwrap();
    assert_eq!((all["Count"].as_u64(), all["ScannedCount"].as_u64()), (Some(4), Some(8)));
    let mut pages = 0;
    let mut scan = json!({ "TableName": "Orders", "Limit": 3, "Select": "COUNT" });
    let mut seen = 0;
    loop {
        let page = ddb(&mut world, R1, "Scan", &scan).unwrap();
        (pages, seen) = (pages + 1, seen + page["Count"].as_u64().unwrap());
        let Some(key) = page.get("LastEvaluatedKey") else { break };
        scan["ExclusiveStartKey"] = key.clone();
    }
    assert_eq!((pages, seen), (3, 8));
    let index = json!({ "TableName": "Orders", "IndexName": "by-category", "KeyConditionExpression": "category = :c",
        "ExpressionAttributeValues": { ":c": { "S": "x" } } });
    assert_eq!(ddb(&mut world, R1, "Query", &index).unwrap()["Count"], 0);
}

#[test]
fn a_batch_is_many_writes_and_a_transaction_is_one() {
    let mut world = world();
    let request = |order: u64| json!({ "PutRequest": { "Item": { "customerId": { "S": "a" }, "orderId": { "N": order.to_string() } } } });
    ddb(&mut world, R1, "BatchWriteItem", &json!({ "RequestItems": { "Orders": [request(1), request(2)] } })).unwrap();
    let twice =
        ddb(&mut world, R1, "BatchWriteItem", &json!({ "RequestItems": { "Orders": [request(1), request(1)] } }));
    assert_eq!(twice.unwrap_err().message, "Provided list of item keys contains duplicates");
    let keys = json!([key("a", 1)["Key"], key("a", 2)["Key"], key("a", 3)["Key"]]);
    let found =
        ddb(&mut world, R1, "BatchGetItem", &json!({ "RequestItems": { "Orders": { "Keys": keys } } })).unwrap();
    assert_eq!(found["Responses"]["Orders"].as_array().unwrap().len(), 2);
    let mut check = key("a", 1);
    check["ConditionExpression"] = json!("attribute_not_exists(orderId)");
    let transaction = json!({ "TransactItems": [{ "Delete": key("a", 2) }, { "ConditionCheck": check }] });
    let error = ddb(&mut world, R1, "TransactWriteItems", &transaction).unwrap_err();
    assert!(error.message.ends_with("[None, ConditionalCheckFailed]"), "{error}");
    assert_eq!(error.fields["CancellationReasons"][1]["Code"], "ConditionalCheckFailed");
    assert!(ddb(&mut world, R1, "GetItem", &key("a", 2)).unwrap().get("Item").is_some());
}

#[test]
fn a_replica_is_added_with_one_change_at_a_time_and_carries_items_both_ways() {
    let mut world = world();
    put(&mut world, R1, "old", 1, 1);
    let answer = ddb(&mut world, R1, "UpdateTable", &replica("Create")).unwrap();
    assert_eq!(answer["TableDescription"]["TableStatus"], "UPDATING");
    assert_eq!(answer["TableDescription"]["Replicas"][0]["ReplicaStatus"], "CREATING");
    assert_eq!(status(&mut world, R2), "CREATING");
    put(&mut world, R1, "meanwhile", 1, 2);
    let error = ddb(&mut world, R1, "UpdateTable", &replica("Delete")).unwrap_err();
    assert_eq!(error.code, "ResourceInUseException");
    wait(&mut world, 300);
    assert_eq!(status(&mut world, R1), "UPDATING");
    wait(&mut world, 900);
    assert_eq!((status(&mut world, R1), status(&mut world, R2)), ("ACTIVE".into(), "ACTIVE".into()));
    assert_eq!(total(&mut world, R2, "old", 1).as_deref(), Some("1"));
    assert_eq!(total(&mut world, R2, "meanwhile", 1).as_deref(), Some("2"));
    put(&mut world, R2, "back", 1, 3);
    assert_eq!(total(&mut world, R1, "back", 1), None);
    wait(&mut world, 30);
    assert_eq!(total(&mut world, R1, "back", 1).as_deref(), Some("3"));
    let streams: Vec<String> = [R1, R2]
        .map(|region| {
            let table = ddb(&mut world, region, "DescribeTable", &json!({ "TableName": "Orders" })).unwrap();
            assert_eq!(table["Table"]["Replicas"].as_array().unwrap().len(), 1);
            table["Table"]["LatestStreamArn"].as_str().unwrap().to_owned()
        })
        .to_vec();
    assert!(streams[1].contains(R2));
    for stream in &streams {
        let records = super::read_stream(&world, ME, stream, 0, 100).unwrap();
        let last = &records.last().unwrap().1;
        assert_eq!(
            (last["eventName"].as_str(), last["dynamodb"]["Keys"]["customerId"]["S"].as_str()),
            (Some("INSERT"), Some("back"))
        );
    }
    let metrics = Call::new(&mut world, ME, R2)
        .invoke("cloudwatch", "ListMetrics", &json!({ "Namespace": "AWS/DynamoDB" }))
        .unwrap();
    assert_eq!(metrics["Metrics"][0]["MetricName"], "ReplicationLatency");
}

#[test]
fn a_replica_needs_a_stream_with_both_images_and_capacity_on_demand() {
    let mut world = World::new(1);
    let mut bare = orders();
    bare.as_object_mut().unwrap().remove("StreamSpecification");
    ddb(&mut world, R1, "CreateTable", &bare).unwrap();
    wait(&mut world, 120);
    let error = ddb(&mut world, R1, "UpdateTable", &replica("Create")).unwrap_err();
    assert!(error.message.contains("NEW_AND_OLD_IMAGES"));
    let with = json!({ "TableName": "Orders", "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        "BillingMode": "PROVISIONED", "ProvisionedThroughput": { "ReadCapacityUnits": 1, "WriteCapacityUnits": 1 } });
    ddb(&mut world, R1, "UpdateTable", &with).unwrap();
    wait(&mut world, 120);
    let error = ddb(&mut world, R1, "UpdateTable", &replica("Create")).unwrap_err();
    assert_eq!(error.message, "Table write capacity should either be Pay-Per-Request or AutoScaled.");
    assert_eq!(status(&mut world, R1), "ACTIVE", "a refused change changes nothing");
    world.rules_off.insert("dynamodb.replica-needs-on-demand".into());
    ddb(&mut world, R1, "UpdateTable", &replica("Create")).unwrap();
}

#[test]
fn the_last_writer_wins_wherever_changes_arrive_from() {
    for rule in [true, false] {
        let mut world = replicated();
        if !rule {
            world.rules_off.insert("dynamodb.last-writer-wins".into());
        }
        let cut =
            faults::start(&mut world, faults::REPLICATION_PAUSE, R2, Value::Null, Duration::from_hours(1)).unwrap();
        put(&mut world, R1, "a", 1, 1);
        wait(&mut world, 60);
        put(&mut world, R2, "a", 1, 2);
        wait(&mut world, 600);
        assert_eq!(total(&mut world, R1, "a", 1).as_deref(), Some("1"), "nothing arrives while replication is cut");
        faults::stop(&mut world, &cut.id);
        wait(&mut world, 60);
        assert_eq!(total(&mut world, R1, "a", 1).as_deref(), Some("2"));
        assert_eq!(total(&mut world, R2, "a", 1).as_deref() == Some("2"), rule);
    }
}

#[test]
fn a_source_cannot_go_for_a_day_unless_its_replica_went_first() {
    let mut world = replicated();
    let delete = json!({ "TableName": "Orders" });
    let error = ddb(&mut world, R1, "DeleteTable", &delete).unwrap_err();
    assert!(error.message.contains("acted as a source region"), "{error}");
    let mut off = world.clone();
    off.rules_off.insert("dynamodb.source-24h".into());
    ddb(&mut off, R1, "DeleteTable", &delete).unwrap();
    let mut later = world.clone();
    wait(&mut later, 25 * 3600);
    ddb(&mut later, R1, "DeleteTable", &delete).unwrap();
    wait(&mut later, 300);
    let left = ddb(&mut later, R2, "DescribeTable", &delete).unwrap();
    assert!(left["Table"].get("Replicas").is_none());
    ddb(&mut world, R1, "UpdateTable", &replica("Delete")).unwrap();
    assert_eq!((status(&mut world, R1), status(&mut world, R2)), ("UPDATING".into(), "DELETING".into()));
    wait(&mut world, 300);
    assert_eq!((status(&mut world, R1), status(&mut world, R2)), ("ACTIVE".into(), "ResourceNotFoundException".into()));
    ddb(&mut world, R1, "DeleteTable", &delete).unwrap();
    wait(&mut world, 300);
    assert_eq!(status(&mut world, R1), "ResourceNotFoundException");
}

#[test]
fn protection_and_stale_counts_are_as_in_aws() {
    let mut world = world();
    put(&mut world, R1, "a", 1, 1);
    let count = |world: &mut World| {
        ddb(world, R1, "DescribeTable", &json!({ "TableName": "Orders" })).unwrap()["Table"]["ItemCount"].as_u64()
    };
    assert_eq!(count(&mut world), Some(0));
    wait(&mut world, 6 * 3600);
    assert_eq!(count(&mut world), Some(1));
    ddb(&mut world, R1, "UpdateTable", &json!({ "TableName": "Orders", "DeletionProtectionEnabled": true })).unwrap();
    wait(&mut world, 120);
    let error = ddb(&mut world, R1, "DeleteTable", &json!({ "TableName": "Orders" })).unwrap_err();
    assert!(error.message.contains("protected against deletion"));
}

#[test]
fn a_world_with_replicas_survives_a_snapshot() {
    let mut world = replicated();
    put(&mut world, R1, "a", 1, 1);
    let saved = serde_json::to_string(&world).unwrap();
    let mut restored: World = serde_json::from_str(&saved).unwrap();
    assert_eq!(restored, world);
    wait(&mut restored, 60);
    assert_eq!(total(&mut restored, R2, "a", 1).as_deref(), Some("1"));
}

#[test]
fn every_rule_of_changes_can_be_switched_off() {
    let mut bare = World::new(1);
    let mut table = orders();
    table.as_object_mut().unwrap().remove("StreamSpecification");
    ddb(&mut bare, R1, "CreateTable", &table).unwrap();
    wait(&mut bare, 120);
    let mut busy = world();
    ddb(&mut busy, R1, "UpdateTable", &json!({ "TableName": "Orders", "DeletionProtectionEnabled": false })).unwrap();
    for (rule, world) in [("dynamodb.replica-needs-stream", bare), ("dynamodb.one-change-at-a-time", busy)] {
        let mut world = world;
        assert!(ddb(&mut world, R1, "UpdateTable", &replica("Create")).is_err(), "{rule} is on");
        world.rules_off.insert(rule.to_owned());
        assert!(ddb(&mut world, R1, "UpdateTable", &replica("Create")).is_ok(), "{rule} is off");
    }
}

#[test]
fn a_global_table_of_2017_needs_a_table_in_each_region_and_goes_no_further() {
    let mut world = world();
    let input =
        json!({ "GlobalTableName": "Orders", "ReplicationGroup": [{ "RegionName": R1 }, { "RegionName": R2 }] });
    let refuse = |world: &mut World| ddb(world, R2, "CreateGlobalTable", &input).unwrap_err().code;
    assert_eq!(refuse(&mut world), "TableNotFoundException");
    let mut plain = orders();
    plain.as_object_mut().unwrap().remove("StreamSpecification");
    ddb(&mut world, R2, "CreateTable", &plain).unwrap();
    assert_eq!(refuse(&mut world), "ValidationException", "the second table has no stream");
    wait(&mut world, 120);
    ddb(&mut world, R2, "DeleteTable", &json!({ "TableName": "Orders" })).unwrap();
    wait(&mut world, 120);
    ddb(&mut world, R2, "CreateTable", &orders()).unwrap();
    wait(&mut world, 120);
    assert_eq!(refuse(&mut world), "SandboxUnsupportedOperation", "all is well, but 2017.11.29 is not simulated");
    put(&mut world, R1, "ann", 1, 1);
    assert_eq!(refuse(&mut world), "ValidationException", "a table that holds items");
}
