//! Stacks inside of stacks, signals from outside, custom resources.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::{ask, at, events, pass, stack, status};
use super::{build, call, demolish, output, settle, template, try_create, try_update};
use crate::sandbox::world::LEARNER_ACCOUNT;
use crate::sandbox::{AwsError, Call, World};

fn put(world: &mut World, bucket: &str, key: &str, body: &str) -> Result<Value, AwsError> {
    let mut call = Call::new(world, LEARNER_ACCOUNT, "eu-west-1");
    call.payload = Some(Bytes::from(body.to_owned()));
    crate::sandbox::services::dispatch(&mut call, "s3", "PutObject", &json!({ "Bucket": bucket, "Key": key }))
}

fn bucket(world: &mut World, application: &str) {
    let input = json!({ "Bucket": "parts", "CreateBucketConfiguration": { "LocationConstraint": "eu-west-1" } });
    call(world, "s3", "CreateBucket", &input).unwrap();
    put(world, "parts", "network.yaml", &template("network-exports.yaml")).unwrap();
    put(world, "parts", "application.yaml", application).unwrap();
}

#[test]
fn stacks_inside_of_a_stack_are_built_changed_and_deleted_with_it() {
    let mut world = World::new(1);
    bucket(&mut world, &template("nested-application.yaml"));
    let id = build(&mut world, "root", "nested-root.yaml", &[("TemplateBucket", "parts")]);
    assert!(output(&mut world, "root", "Group").starts_with("sg-"));
    let inner = output(&mut world, "root", "Application");
    let shown = stack(&mut world, &inner);
    assert_eq!((&shown["ParentId"], &shown["RootId"]), (&json!(id), &json!(id)));
    assert!(shown["StackName"].as_str().unwrap().starts_with("root-Application-"));
    let order = events(&mut world, "root");
    assert!(at(&order, "Network", "CREATE_COMPLETE") < at(&order, "Application", "CREATE_IN_PROGRESS"));

    let more = [("TemplateBucket", "parts"), ("Retention", "30")];
    try_update(&mut world, "root", &template("nested-root.yaml"), &more).unwrap();
    assert_eq!(settle(&mut world, "root"), "UPDATE_COMPLETE");
    assert_eq!(status(&mut world, &inner), "UPDATE_COMPLETE");
    let groups = call(&mut world, "logs", "DescribeLogGroups", &json!({})).unwrap();
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 30);

    let worse = [("TemplateBucket", "parts"), ("Retention", "-1")];
    try_update(&mut world, "root", &template("nested-root.yaml"), &worse).unwrap();
    assert_eq!(settle(&mut world, "root"), "UPDATE_ROLLBACK_COMPLETE");
    let order = events(&mut world, "root");
    let why = &order[at(&order, "Application", "UPDATE_FAILED")].2;
    assert!(why.contains(&inner) && why.contains("was not successfully updated"), "{why}");
    assert_eq!(status(&mut world, &inner), "UPDATE_ROLLBACK_COMPLETE");

    demolish(&mut world, &id);
    assert_eq!(status(&mut world, &inner), "DELETE_COMPLETE");
    let order = events(&mut world, &id);
    assert!(at(&order, "Application", "DELETE_COMPLETE") < at(&order, "Network", "DELETE_IN_PROGRESS"));
}

#[test]
fn a_nested_stack_that_fails_fails_its_parent() {
    let mut world = World::new(1);
    bucket(&mut world, &template("nested-application.yaml").replace("!Ref VpcId", "vpc-none"));
    let id = try_create(&mut world, "root", &template("nested-root.yaml"), &[("TemplateBucket", "parts")]).unwrap();
    let id = id["StackId"].as_str().unwrap().to_owned();
    assert_eq!(settle(&mut world, &id), "ROLLBACK_COMPLETE");
    let order = events(&mut world, &id);
    let why = &order[at(&order, "Application", "CREATE_FAILED")].2;
    assert!(
        why.contains("was not successfully created: The following resource(s) failed to create: [Group]."),
        "{why}"
    );
    let stacks = ask(&mut world, "DescribeStacks", &json!({})).unwrap();
    assert_eq!(stacks["Stacks"].as_array().unwrap().len(), 1, "what is inside went: {stacks:#}");
}

#[test]
fn a_template_that_is_not_in_s3_fails_the_nested_stack() {
    let mut world = World::new(1);
    let id = try_create(&mut world, "root", &template("nested-root.yaml"), &[("TemplateBucket", "nobodys")]).unwrap();
    let id = id["StackId"].as_str().unwrap().to_owned();
    assert_eq!(settle(&mut world, &id), "ROLLBACK_COMPLETE");
    let order = events(&mut world, &id);
    assert!(order[at(&order, "Network", "CREATE_FAILED")].2.contains("S3 error: "));
}

fn signal(world: &mut World, body: &str) -> Result<Value, AwsError> {
    let handle = json!({ "StackName": "wait", "LogicalResourceId": "Handle" });
    let detail = ask(world, "DescribeStackResource", &handle).unwrap();
    let address = detail["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap().to_owned();
    let (host, key) = address.strip_prefix("https://").unwrap().split_once('/').unwrap();
    let bucket = host.split_once(".s3.").unwrap().0;
    put(world, bucket, key, body)
}

#[test]
fn a_wait_condition_waits_for_its_signals() {
    let mut world = World::new(1);
    let made = try_create(&mut world, "wait", &template("wait-condition.yaml"), &[]).unwrap();
    let id = made["StackId"].as_str().unwrap().to_owned();
    pass(&mut world, 60);
    for _ in 0..2 {
        signal(&mut world, r#"{"Status":"SUCCESS","Reason":"up","UniqueId":"one","Data":"first"}"#).unwrap();
    }
    pass(&mut world, 60);
    assert_eq!(status(&mut world, "wait"), "CREATE_IN_PROGRESS", "the same signal twice counts once");
    signal(&mut world, r#"{"Status":"SUCCESS","Reason":"up","UniqueId":"two","Data":"second"}"#).unwrap();
    assert_eq!(settle(&mut world, "wait"), "CREATE_COMPLETE");
    assert_eq!(output(&mut world, "wait", "Data"), r#"{"one":"first","two":"second"}"#);
    let order = events(&mut world, "wait");
    assert!(at(&order, "Ready", "CREATE_COMPLETE") < at(&order, "After", "CREATE_IN_PROGRESS"));
    let stranger = put(&mut world, "cloudformation-waitcondition-eu-west-1", "elsewhere", "{}").unwrap_err();
    assert_eq!(stranger.code, "AccessDenied");
    demolish(&mut world, &id);
}

#[test]
fn a_wait_condition_fails_by_signal_and_by_time() {
    let mut world = World::new(1);
    try_create(&mut world, "wait", &template("wait-condition.yaml"), &[("Patience", "120")]).unwrap();
    assert_eq!(settle(&mut world, "wait"), "ROLLBACK_COMPLETE");
    let order = events(&mut world, "wait");
    let why = &order[at(&order, "Ready", "CREATE_FAILED")].2;
    assert!(why.contains("WaitCondition timed out. Received 0 conditions when expecting 2"), "{why}");
    demolish(&mut world, "wait");

    try_create(&mut world, "wait", &template("wait-condition.yaml"), &[]).unwrap();
    pass(&mut world, 30);
    signal(&mut world, r#"{"Status":"FAILURE","Reason":"no disk","UniqueId":"one"}"#).unwrap();
    assert_eq!(settle(&mut world, "wait"), "ROLLBACK_COMPLETE");
    let order = events(&mut world, "wait");
    let why = &order[at(&order, "Ready", "CREATE_FAILED")].2;
    assert!(why.contains("received failed message: 'no disk' for uniqueId: one"), "{why}");
}

#[test]
fn a_custom_resource_whose_function_is_not_there_fails_at_once() {
    let mut world = World::new(1);
    let text = "Resources:\n  Sum:\n    Type: Custom::Addition\n    Properties: { ServiceToken: 'arn:aws:lambda:eu-west-1:1:function:none', Left: 1 }\n";
    try_create(&mut world, "custom", text, &[]).unwrap();
    assert_eq!(settle(&mut world, "custom"), "ROLLBACK_COMPLETE");
    let order = events(&mut world, "custom");
    let why = &order[at(&order, "Sum", "CREATE_FAILED")].2;
    assert!(why.contains("Function not found"), "{why}");
    let text = text.replace(":lambda:eu-west-1:1:function:", ":sns:eu-west-1:1:");
    try_create(&mut world, "topic", &text, &[]).unwrap();
    assert_eq!(settle(&mut world, "topic"), "ROLLBACK_COMPLETE");
    let order = events(&mut world, "topic");
    assert!(
        order[at(&order, "Sum", "CREATE_FAILED")].2.contains("does not simulate custom resources whose ServiceToken")
    );
}

#[test]
fn a_custom_resource_takes_the_answer_of_its_function() {
    let mut world = World::new(1);
    let id = build(&mut world, "custom", "custom-resource.yaml", &[]);
    assert_eq!(output(&mut world, "custom", "Sum"), "42");
    assert_eq!(output(&mut world, "custom", "Name"), "sum");
    let more = [("Left", "3")];
    try_update(&mut world, "custom", &template("custom-resource.yaml"), &more).unwrap();
    assert_eq!(settle(&mut world, "custom"), "UPDATE_COMPLETE");
    assert_eq!(output(&mut world, "custom", "Sum"), "43");
    demolish(&mut world, &id);
}

#[test]
fn a_custom_resource_that_says_no_fails_with_its_reason() {
    let mut world = World::new(1);
    let no = template("custom-resource.yaml").replace("response.SUCCESS", "response.FAILED");
    try_create(&mut world, "custom", &no, &[]).unwrap();
    // Deleting what was never made is asked too, and refused too.
    assert_eq!(settle(&mut world, "custom"), "ROLLBACK_FAILED");
    let order = events(&mut world, "custom");
    let why = &order[at(&order, "Sum", "CREATE_FAILED")].2;
    let told = "Received response status [FAILED] from custom resource. Message returned: See the details in CloudWatch Log Stream: 2";
    assert!(why.starts_with(told) && why.contains("/[$LATEST]"), "{why}");
}

#[test]
fn a_custom_resource_whose_function_does_not_answer_waits_out_its_time() {
    let mut world = World::new(1);
    let mute = template("custom-resource.yaml").replace("await response.send", "return; await response.send");
    let mute = mute.replace("Exact: true }", "Exact: true, ServiceTimeout: 90 }");
    try_create(&mut world, "custom", &mute, &[]).unwrap();
    settle(&mut world, "custom");
    let order = events(&mut world, "custom");
    let why = &order[at(&order, "Sum", "CREATE_FAILED")].2;
    assert!(why.starts_with("CloudFormation did not receive a response from your Custom Resource."), "{why}");
}
