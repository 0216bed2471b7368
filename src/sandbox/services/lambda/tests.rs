//! Functions, permissions and streams.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value
)]

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::Call;
use crate::sandbox::call::AwsError;
use crate::sandbox::dataplane::functions::{self, shipped};
use crate::sandbox::world::{LEARNER_ACCOUNT, World};

const ME: &str = LEARNER_ACCOUNT;
const R1: &str = "eu-west-1";

fn ask(world: &mut World, service: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, ME, R1).invoke(service, operation, input)
}

fn wait(world: &mut World, seconds: u64) {
    world.advance(world.now.plus(Duration::from_secs(seconds)));
}

fn role(world: &mut World, name: &str, service: &str, actions: &Value) -> String {
    let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }] });
    let made =
        ask(world, "iam", "CreateRole", &json!({ "RoleName": name, "AssumeRolePolicyDocument": trust.to_string() }))
            .unwrap();
    let policy = json!({ "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }] });
    ask(
        world,
        "iam",
        "PutRolePolicy",
        &json!({ "RoleName": name, "PolicyName": "p", "PolicyDocument": policy.to_string() }),
    )
    .unwrap();
    made["Role"]["Arn"].as_str().unwrap().to_owned()
}

fn function(name: &str, role: &str, host: &Value) -> Value {
    json!({
        "FunctionName": name, "Role": role, "Handler": format!("{name}.handler"), "Runtime": "nodejs22.x",
        "Code": { "ZipFile": shipped::zip_file(&shipped::bookstore()) },
        "Environment": { "Variables": { "CACHE_HOST": host, "CACHE_PORT": "6379" } },
    })
}

#[test]
fn a_function_needs_a_role_that_trusts_lambda_and_code_that_is_there() {
    let mut world = World::new(1);
    let other = role(&mut world, "other", "ec2.amazonaws.com", &json!("s3:*"));
    let refused = ask(&mut world, "lambda", "CreateFunction", &function("books", &other, &json!("x"))).unwrap_err();
    assert_eq!(refused.message, "The role defined for the function cannot be assumed by Lambda.");
    let good = role(&mut world, "good", "lambda.amazonaws.com", &json!("s3:*"));
    let mut missing = function("books", &good, &json!("x"));
    missing["Code"] = json!({ "S3Bucket": "none", "S3Key": "lambda.zip" });
    let refused = ask(&mut world, "lambda", "CreateFunction", &missing).unwrap_err();
    assert!(refused.message.starts_with("Error occurred while GetObject. S3 Error Code:"), "{refused}");
    let made = ask(&mut world, "lambda", "CreateFunction", &function("books", &good, &json!("x"))).unwrap();
    assert_eq!(made["State"], "Pending");
    wait(&mut world, 30);
    let seen = ask(&mut world, "lambda", "GetFunction", &json!({ "FunctionName": made["FunctionArn"] })).unwrap();
    assert_eq!(seen["Configuration"]["State"], "Active");
    assert_eq!(
        ask(&mut world, "lambda", "CreateFunction", &function("books", &good, &json!("x"))).unwrap_err().code,
        "ResourceConflictException"
    );
}

#[test]
fn code_that_is_no_archive_is_refused() {
    let mut world = World::new(1);
    let good = role(&mut world, "good", "lambda.amazonaws.com", &json!("s3:*"));
    let mut broken = function("books", &good, &json!("x"));
    broken["Code"] = json!({ "ZipFile": "UEsFBg==" });
    let refused = ask(&mut world, "lambda", "CreateFunction", &broken).unwrap_err();
    assert_eq!(refused.message, "Could not unzip uploaded file. Please check your file, then try to upload again.");
}

#[test]
fn invoke_answers_with_payload_error_and_log_tail() {
    let mut world = World::new(1);
    let good = role(&mut world, "good", "lambda.amazonaws.com", &json!("logs:*"));
    let code = "export const handler = async (event) => { console.log('hello', event.name); if (event.bad) throw new Error('bad'); return { n: 1 }; };";
    let mut input = function("books", &good, &json!("x"));
    input["Code"] = json!({ "ZipFile": shipped::zip_file(&shipped::archive(&[("books.mjs", code)])) });
    ask(&mut world, "lambda", "CreateFunction", &input).unwrap();
    let mut invoke = |payload: &Value| {
        let mut call = Call::new(&mut world, ME, R1);
        call.payload = Some(payload.to_string().into());
        let input = json!({ "FunctionName": "books", "LogType": "Tail" });
        let output = crate::sandbox::services::dispatch(&mut call, "lambda", "Invoke", &input);
        let body = call.reply_payload.take().map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap());
        wait(&mut world, 30);
        (output, body)
    };
    assert_eq!(invoke(&json!({})).0.unwrap_err().code, "ResourceConflictException", "it is Pending");
    let (output, body) = invoke(&json!({ "name": "you" }));
    let output = output.unwrap();
    assert_eq!(
        (&output["StatusCode"], output.get("FunctionError"), body.unwrap()),
        (&json!(200), None, json!({ "n": 1 }))
    );
    let tail =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, output["LogResult"].as_str().unwrap());
    let tail = String::from_utf8(tail.unwrap()).unwrap();
    assert!(tail.starts_with("START RequestId: ") && tail.contains("\tINFO\thello you\n"), "{tail}");
    let (output, body) = invoke(&json!({ "name": "me", "bad": true }));
    assert_eq!(
        (&output.unwrap()["FunctionError"], &body.unwrap()["errorType"]),
        (&json!("Unhandled"), &json!("Error"))
    );
    let log = ask(&mut world, "logs", "FilterLogEvents", &json!({ "logGroupName": "/aws/lambda/books" })).unwrap();
    let lines: Vec<&str> =
        log["events"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap()).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[2].contains("Invoke Error"));
}

#[test]
fn the_stream_of_orders_feeds_the_best_sellers() {
    let mut world = World::new(1);
    let w = &mut world;
    ask(w, "elasticache", "CreateReplicationGroup", &json!({
        "ReplicationGroupId": "shop", "ReplicationGroupDescription": "d", "Engine": "valkey", "CacheNodeType": "cache.t4g.micro",
    })).unwrap();
    let table = ask(w, "dynamodb", "CreateTable", &json!({
        "TableName": "Orders", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "customerId", "AttributeType": "S" }, { "AttributeName": "orderId", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "customerId", "KeyType": "HASH" }, { "AttributeName": "orderId", "KeyType": "RANGE" }],
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
    })).unwrap();
    wait(w, 3600);
    let groups = ask(w, "elasticache", "DescribeReplicationGroups", &json!({})).unwrap();
    let host = groups["ReplicationGroups"][0]["NodeGroups"][0]["PrimaryEndpoint"]["Address"].clone();
    assert!(host.is_string(), "{groups}");
    let follower = role(
        w,
        "follower",
        "lambda.amazonaws.com",
        &json!(["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"]),
    );
    let blind = role(w, "blind", "lambda.amazonaws.com", &json!("s3:*"));
    ask(w, "lambda", "CreateFunction", &function("update-bestsellers", &blind, &host)).unwrap();
    ask(w, "lambda", "CreateFunction", &function("bestsellers", &follower, &host)).unwrap();
    wait(w, 60);
    let stream = &table["TableDescription"]["LatestStreamArn"];
    let input = json!({ "EventSourceArn": stream, "FunctionName": "update-bestsellers", "StartingPosition": "TRIM_HORIZON", "BatchSize": 10 });
    let refused = ask(w, "lambda", "CreateEventSourceMapping", &input).unwrap_err();
    assert!(refused.message.starts_with("Cannot access stream"), "{refused}");
    ask(w, "lambda", "UpdateFunctionConfiguration", &json!({ "FunctionName": "update-bestsellers", "Role": follower }))
        .unwrap();
    let made = ask(w, "lambda", "CreateEventSourceMapping", &input).unwrap();
    assert_eq!(made["State"], "Creating");
    assert_eq!(ask(w, "lambda", "CreateEventSourceMapping", &input).unwrap_err().code, "ResourceConflictException");
    for (order, book, quantity) in [("o1", "b1", 2), ("o2", "b2", 5), ("o3", "b1", 1)] {
        let line = json!({ "M": { "bookId": { "S": book }, "quantity": { "N": quantity.to_string() } } });
        let item = json!({ "customerId": { "S": "c" }, "orderId": { "S": order }, "books": { "L": [line] } });
        ask(w, "dynamodb", "PutItem", &json!({ "TableName": "Orders", "Item": item })).unwrap();
    }
    wait(w, 120);
    let seen = ask(w, "lambda", "GetEventSourceMapping", &json!({ "UUID": made["UUID"] })).unwrap();
    assert_eq!((&seen["State"], &seen["LastProcessingResult"]), (&json!("Enabled"), &json!("OK")));
    let answer = functions::invoke(w, ME, R1, "bestsellers", &json!({})).unwrap().answer.unwrap();
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["bestsellers"], json!([{ "bookId": "b2", "sold": 5 }, { "bookId": "b1", "sold": 3 }]));
    ask(w, "lambda", "DeleteEventSourceMapping", &json!({ "UUID": made["UUID"] })).unwrap();
    wait(w, 300);
    let gone = ask(w, "lambda", "GetEventSourceMapping", &json!({ "UUID": made["UUID"] })).unwrap_err();
    assert_eq!(gone.code, "ResourceNotFoundException");
    assert!(world.timeline.is_empty(), "nothing is polled any more");
}
