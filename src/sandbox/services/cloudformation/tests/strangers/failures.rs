//! What fails, what is undone, and what stays.

use serde_json::json;

use super::super::{ask, at, events, stack};
use super::{build, call, demolish, output, settle, template, try_create, try_update};
use crate::sandbox::World;

fn groups(world: &mut World) -> usize {
    call(world, "logs", "DescribeLogGroups", &json!({})).unwrap()["logGroups"].as_array().map_or(0, Vec::len)
}

fn buckets(world: &mut World) -> usize {
    call(world, "s3", "ListBuckets", &json!({})).unwrap()["Buckets"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_failing_resource_rolls_back_what_was_made() {
    let mut world = World::new(1);
    try_create(&mut world, "f", &template("failing-resource.yaml"), &[]).unwrap();
    assert_eq!(settle(&mut world, "f"), "ROLLBACK_COMPLETE");
    let order = events(&mut world, "f");
    let failed = at(&order, "Outside", "CREATE_FAILED");
    assert!(order[failed].2.contains("InvalidSubnet.Range"), "{}", order[failed].2);
    assert!(!order.iter().any(|(logical, ..)| logical == "Never"), "what stands on it is not begun");
    let back = at(&order, "f", "ROLLBACK_IN_PROGRESS");
    assert_eq!(order[back].2, "The following resource(s) failed to create: [Outside]. Rollback requested by user.");
    assert!(at(&order, "Inside", "DELETE_COMPLETE") < at(&order, "VPC", "DELETE_IN_PROGRESS"));
    at(&order, "Archive", "DELETE_SKIPPED");
    at(&order, "Logs", "DELETE_COMPLETE");
    assert_eq!(
        (groups(&mut world), buckets(&mut world)),
        (0, 1),
        "Retain holds in a rollback, RetainExceptOnCreate not"
    );
    let id = stack(&mut world, "f")["StackId"].as_str().unwrap().to_owned();
    let error = try_update(&mut world, "f", &template("retained.yaml"), &[]).unwrap_err();
    assert!(error.message.ends_with("is in ROLLBACK_COMPLETE state and can not be updated."), "{error}");
    demolish(&mut world, &id);
}

#[test]
fn on_failure_decides_what_becomes_of_it() {
    let mut world = World::new(1);
    let mut with = |name: &str, member: &str, value: &str| {
        let value = if value == "true" { json!(true) } else { json!(value) };
        let input = json!({ "StackName": name, "TemplateBody": template("failing-resource.yaml"), member: value });
        let id = ask(&mut world, "CreateStack", &input).unwrap()["StackId"].as_str().unwrap().to_owned();
        (settle(&mut world, &id), events(&mut world, &id))
    };
    let (status, order) = with("kept", "DisableRollback", "true");
    assert_eq!(status, "CREATE_FAILED");
    assert!(!order.iter().any(|(_, status, _)| status.starts_with("DELETE")));
    assert_eq!(with("same", "OnFailure", "DO_NOTHING").0, "CREATE_FAILED");
    let (status, order) = with("gone", "OnFailure", "DELETE");
    assert_eq!(status, "DELETE_COMPLETE");
    at(&order, "Archive", "DELETE_SKIPPED");
    at(&order, "Logs", "DELETE_COMPLETE");
    demolish(&mut world, "kept");
}

#[test]
fn a_circle_is_refused_with_its_members() {
    let error = try_create(&mut World::new(1), "c", &template("cycle.yaml"), &[]).unwrap_err();
    assert_eq!(error.code, "ValidationError");
    assert_eq!(error.message, "Circular dependency between resources: [Web, App, Alone]");
}

#[test]
fn a_replacement_is_made_before_the_old_one_goes_and_a_policy_keeps_it() {
    let mut world = World::new(1);
    let id = build(&mut world, "r", "replacement.yaml", &[]);
    let (sessions, orders) = (output(&mut world, "r", "Sessions"), output(&mut world, "r", "Orders"));
    try_update(&mut world, "r", &template("replacement.yaml"), &[("Tier", "two")]).unwrap();
    assert_eq!(settle(&mut world, "r"), "UPDATE_COMPLETE", "{:#?}", events(&mut world, "r"));
    assert_eq!(output(&mut world, "r", "Orders"), orders, "tags are changed in place");
    try_update(&mut world, "r", &template("replacement.yaml"), &[("Key", "pk"), ("Tier", "two")]).unwrap();
    assert_eq!(settle(&mut world, "r"), "UPDATE_COMPLETE", "{:#?}", events(&mut world, "r"));
    let (new_sessions, new_orders) = (output(&mut world, "r", "Sessions"), output(&mut world, "r", "Orders"));
    assert!(new_sessions != sessions && new_orders != orders);
    let order = events(&mut world, "r");
    let clean_up = order.iter().rposition(|(l, s, _)| l == "r" && s == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS").unwrap();
    assert!(at(&order, "Sessions", "DELETE_COMPLETE") > clean_up);
    at(&order, "Orders", "DELETE_SKIPPED");
    assert!(order[..clean_up].iter().rposition(|(l, s, _)| l == "Policy" && s == "UPDATE_COMPLETE").is_some());
    let tables = call(&mut world, "dynamodb", "ListTables", &json!({})).unwrap();
    let mut left: Vec<String> = serde_json::from_value(tables["TableNames"].clone()).unwrap();
    left.sort();
    let mut wanted = vec![new_sessions, new_orders, orders.clone()];
    wanted.sort();
    assert_eq!(left, wanted, "the old Sessions went, the old Orders stayed");
    demolish(&mut world, &id);
    let tables = call(&mut world, "dynamodb", "ListTables", &json!({})).unwrap();
    assert_eq!(tables["TableNames"], json!([orders]));
}

#[test]
fn retained_resources_outlive_their_stack() {
    let mut world = World::new(1);
    let id = build(&mut world, "data", "retained.yaml", &[]);
    let (table, bucket) = (output(&mut world, "data", "Data"), output(&mut world, "data", "Backups"));
    demolish(&mut world, &id);
    let order = events(&mut world, &id);
    at(&order, "Data", "DELETE_SKIPPED");
    at(&order, "Backups", "DELETE_SKIPPED");
    at(&order, "Scratch", "DELETE_COMPLETE");
    assert!(call(&mut world, "dynamodb", "DescribeTable", &json!({ "TableName": table })).is_ok());
    assert!(call(&mut world, "s3", "HeadBucket", &json!({ "Bucket": bucket })).is_ok());
    assert_eq!(buckets(&mut world), 1);
}

#[test]
fn a_type_cannot_change_under_the_same_name() {
    let mut world = World::new(1);
    build(&mut world, "data", "retained.yaml", &[]);
    let text = template("retained.yaml")
        .replace("Scratch: { Type: \"AWS::S3::Bucket\" }", "Scratch: { Type: \"AWS::Logs::LogGroup\" }");
    let error = try_update(&mut world, "data", &text, &[]).unwrap_err();
    assert_eq!(
        error.message,
        "Update of resource type is not permitted. The new template modifies resource type of the following resources: [Scratch]"
    );
}

#[test]
fn a_rollback_that_fails_can_be_continued_without_what_failed() {
    let mut world = World::new(1);
    let text = "Resources:\n  A: { Type: AWS::S3::Bucket }\n  B: { Type: AWS::Logs::LogGroup, Properties: { RetentionInDays: 7 } }\n";
    let id = try_create(&mut world, "c", text, &[]).unwrap()["StackId"].as_str().unwrap().to_owned();
    settle(&mut world, "c");
    let resources =
        ask(&mut world, "DescribeStackResource", &json!({ "StackName": "c", "LogicalResourceId": "B" })).unwrap();
    let group = resources["StackResourceDetail"]["PhysicalResourceId"].clone();
    // B is changed, then somebody deletes it behind CloudFormation's back, and C fails.
    let worse = format!(
        "{}  C:\n    Type: AWS::EC2::Subnet\n    DependsOn: B\n    Properties: {{ VpcId: vpc-none, CidrBlock: 10.0.0.0/24 }}\n",
        text.replace(": 7", ": 14")
    );
    try_update(&mut world, "c", &worse, &[]).unwrap();
    loop {
        super::super::pass(&mut world, 1);
        let order = events(&mut world, "c");
        if order.iter().any(|(l, s, _)| l == "B" && s == "UPDATE_COMPLETE") {
            break;
        }
        assert!(order.len() < 50);
    }
    call(&mut world, "logs", "DeleteLogGroup", &json!({ "logGroupName": group })).unwrap();
    assert_eq!(settle(&mut world, "c"), "UPDATE_ROLLBACK_FAILED");
    let why = stack(&mut world, "c")["StackStatusReason"].clone();
    assert_eq!(why, "The following resource(s) failed to update: [B]. ");
    let skip = |names: &[&str]| json!({ "StackName": "c", "ResourcesToSkip": names });
    let error = ask(&mut world, "ContinueUpdateRollback", &skip(&["A"])).unwrap_err();
    assert!(error.message.starts_with("[A] is not a resource of the stack [c] whose rollback failed"), "{error}");
    ask(&mut world, "ContinueUpdateRollback", &skip(&["B"])).unwrap();
    assert_eq!(settle(&mut world, "c"), "UPDATE_ROLLBACK_COMPLETE");
    let error = ask(&mut world, "ContinueUpdateRollback", &skip(&[])).unwrap_err();
    assert!(error.message.contains("UPDATE_ROLLBACK_COMPLETE"), "{error}");
    demolish(&mut world, &id);
}

#[test]
fn an_update_can_be_cancelled() {
    let mut world = World::new(1);
    build(&mut world, "r", "replacement.yaml", &[]);
    let orders = output(&mut world, "r", "Orders");
    let error = ask(&mut world, "CancelUpdateStack", &json!({ "StackName": "r" })).unwrap_err();
    assert!(error.message.contains("CREATE_COMPLETE"), "{error}");
    try_update(&mut world, "r", &template("replacement.yaml"), &[("Key", "pk")]).unwrap();
    ask(&mut world, "CancelUpdateStack", &json!({ "StackName": "r" })).unwrap();
    assert_eq!(settle(&mut world, "r"), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(output(&mut world, "r", "Orders"), orders);
}
