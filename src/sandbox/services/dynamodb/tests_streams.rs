//! Tests of the streams API and of transaction tokens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::call::AwsError;
use crate::sandbox::{Call, World};

const R1: &str = "eu-west-1";

fn ask(world: &mut World, service: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, "111122223333", R1).invoke(service, operation, input)
}

fn wait(world: &mut World, seconds: u64) {
    let until = world.now.plus(Duration::from_secs(seconds));
    world.advance(until);
}

fn put(world: &mut World, key: &str) {
    ask(world, "dynamodb", "PutItem", &json!({ "TableName": "Orders", "Item": { "k": { "S": key } } })).unwrap();
}

/// A world with a table, and its stream's ARN and shard.
fn world() -> (World, String, String) {
    let mut world = World::new(1);
    let table = json!({
        "TableName": "Orders", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "k", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "k", "KeyType": "HASH" }],
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" },
    });
    ask(&mut world, "dynamodb", "CreateTable", &table).unwrap();
    wait(&mut world, 120);
    let listed = ask(&mut world, "dynamodbstreams", "ListStreams", &json!({})).unwrap();
    let arn = listed["Streams"][0]["StreamArn"].as_str().unwrap().to_owned();
    let told = ask(&mut world, "dynamodbstreams", "DescribeStream", &json!({ "StreamArn": arn })).unwrap();
    let shard = told["StreamDescription"]["Shards"][0]["ShardId"].as_str().unwrap().to_owned();
    (world, arn, shard)
}

fn iterator(world: &mut World, arn: &str, shard: &str, kind: &str, number: Option<&Value>) -> Result<Value, AwsError> {
    let mut input = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": kind });
    if let Some(number) = number {
        input["SequenceNumber"] = number.clone();
    }
    Ok(ask(world, "dynamodbstreams", "GetShardIterator", &input)?["ShardIterator"].clone())
}

fn keys(records: &Value) -> Vec<&str> {
    let list = records["Records"].as_array().unwrap();
    list.iter().map(|record| record["dynamodb"]["Keys"]["k"]["S"].as_str().unwrap()).collect()
}

#[test]
fn an_iterator_walks_the_shard_and_expires() {
    let (mut world, arn, shard) = world();
    for key in ["a", "b", "c"] {
        put(&mut world, key);
    }
    let first = iterator(&mut world, &arn, &shard, "TRIM_HORIZON", None).unwrap();
    let get = |world: &mut World, iterator: &Value, limit: u64| {
        ask(world, "dynamodbstreams", "GetRecords", &json!({ "ShardIterator": iterator, "Limit": limit }))
    };
    let page = get(&mut world, &first, 2).unwrap();
    assert_eq!(keys(&page), ["a", "b"]);
    assert!(page["Records"][0].get("eventSourceARN").is_none());
    let next = get(&mut world, &page["NextShardIterator"], 2).unwrap();
    assert_eq!(keys(&next), ["c"]);
    let number = page["Records"][1]["dynamodb"]["SequenceNumber"].clone();
    let at = iterator(&mut world, &arn, &shard, "AT_SEQUENCE_NUMBER", Some(&number)).unwrap();
    assert_eq!(keys(&get(&mut world, &at, 9).unwrap()), ["b", "c"]);
    let latest = iterator(&mut world, &arn, &shard, "LATEST", None).unwrap();
    put(&mut world, "d");
    assert_eq!(keys(&get(&mut world, &latest, 9).unwrap()), ["d"]);
    wait(&mut world, 16 * 60);
    assert_eq!(get(&mut world, &latest, 9).unwrap_err().code, "ExpiredIteratorException");
}

#[test]
fn records_are_trimmed_after_a_day() {
    let (mut world, arn, shard) = world();
    put(&mut world, "old");
    let first = iterator(&mut world, &arn, &shard, "TRIM_HORIZON", None).unwrap();
    let seen = ask(&mut world, "dynamodbstreams", "GetRecords", &json!({ "ShardIterator": first })).unwrap();
    let number = seen["Records"][0]["dynamodb"]["SequenceNumber"].clone();
    wait(&mut world, 25 * 3600);
    let read = |world: &mut World| {
        let first = iterator(world, &arn, &shard, "TRIM_HORIZON", None).unwrap();
        let seen = ask(world, "dynamodbstreams", "GetRecords", &json!({ "ShardIterator": first })).unwrap();
        seen["Records"].as_array().unwrap().len()
    };
    assert_eq!(read(&mut world), 0);
    let trimmed = iterator(&mut world, &arn, &shard, "AT_SEQUENCE_NUMBER", Some(&number)).unwrap_err();
    assert_eq!(trimmed.code, "TrimmedDataAccessException");
    world.rules_off.insert("dynamodb.stream-24h".into());
    assert_eq!(read(&mut world), 1);
}

#[test]
fn a_stream_that_was_switched_off_comes_to_an_end() {
    let (mut world, arn, shard) = world();
    put(&mut world, "last");
    let off = json!({ "TableName": "Orders", "StreamSpecification": { "StreamEnabled": false } });
    ask(&mut world, "dynamodb", "UpdateTable", &off).unwrap();
    wait(&mut world, 60);
    put(&mut world, "unseen");
    let told = ask(&mut world, "dynamodbstreams", "DescribeStream", &json!({ "StreamArn": arn })).unwrap();
    assert_eq!(told["StreamDescription"]["StreamStatus"], "DISABLED");
    assert!(told["StreamDescription"]["Shards"][0]["SequenceNumberRange"].get("EndingSequenceNumber").is_some());
    let first = iterator(&mut world, &arn, &shard, "TRIM_HORIZON", None).unwrap();
    let page = ask(&mut world, "dynamodbstreams", "GetRecords", &json!({ "ShardIterator": first })).unwrap();
    assert_eq!((keys(&page), page.get("NextShardIterator")), (vec!["last"], None));
}

#[test]
fn a_transaction_with_a_token_is_done_once_for_ten_minutes() {
    let (mut world, _, _) = world();
    let add = |by: &str, token: &str| {
        json!({ "ClientRequestToken": token, "TransactItems": [{ "Update": { "TableName": "Orders", "Key": { "k": { "S": "n" } },
            "UpdateExpression": "ADD n :by", "ExpressionAttributeValues": { ":by": { "N": by } } } }] })
    };
    let go = |world: &mut World, input: &Value| ask(world, "dynamodb", "TransactWriteItems", input);
    let count = |world: &mut World| {
        let input = json!({ "TransactItems": [{ "Get": { "TableName": "Orders", "Key": { "k": { "S": "n" } } } }] });
        let got = ask(world, "dynamodb", "TransactGetItems", &input).unwrap();
        got["Responses"][0]["Item"]["n"]["N"].as_str().unwrap().to_owned()
    };
    go(&mut world, &add("1", "t")).unwrap();
    go(&mut world, &add("1", "t")).unwrap();
    assert_eq!(count(&mut world), "1");
    assert_eq!(go(&mut world, &add("2", "t")).unwrap_err().code, "IdempotentParameterMismatchException");
    let mut without = world.clone();
    without.rules_off.insert("dynamodb.transaction-token".into());
    go(&mut without, &add("1", "t")).unwrap();
    assert_eq!(count(&mut without), "2");
    wait(&mut world, 601);
    go(&mut world, &add("1", "t")).unwrap();
    assert_eq!(count(&mut world), "2");
}
