//! Deletion: order, what holds it, what stays.

use serde_json::json;

use super::{NETWORK, ask, at, create, events, pass, stack, status};
use crate::sandbox::{Call, World, world::LEARNER_ACCOUNT};

const USER: &str = r"
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: user
      VpcId: !ImportValue net-VpcId
";

fn delete(world: &mut World, name: &str) {
    ask(world, "DeleteStack", &json!({ "StackName": name })).unwrap();
}

#[test]
fn resources_go_in_reverse_order_and_the_stack_is_then_found_by_its_id_only() {
    let mut world = World::new(1);
    let id = create(&mut world, "net", NETWORK);
    pass(&mut world, 120);
    delete(&mut world, "net");
    assert_eq!(status(&mut world, "net"), "DELETE_IN_PROGRESS");
    pass(&mut world, 120);
    let gone = ask(&mut world, "DescribeStacks", &json!({ "StackName": "net" })).unwrap_err();
    assert_eq!((gone.code.as_str(), gone.message.as_str()), ("ValidationError", "Stack with id net does not exist"));
    assert_eq!(status(&mut world, &id), "DELETE_COMPLETE");
    let events = events(&mut world, &id);
    assert!(at(&events, "Attachment", "DELETE_COMPLETE") < at(&events, "Vpc", "DELETE_IN_PROGRESS"));
    delete(&mut world, "net");
    create(&mut world, "net", NETWORK);
}

#[test]
fn a_resource_that_others_hold_fails_the_deletion_and_can_be_retained() {
    let mut world = World::new(1);
    create(&mut world, "net", NETWORK);
    pass(&mut world, 120);
    let vpc = stack(&mut world, "net")["Outputs"][0]["OutputValue"].clone();
    let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1");
    call.invoke("ec2", "CreateSubnet", &json!({ "VpcId": vpc, "CidrBlock": "10.0.1.0/24" })).unwrap();
    let early = ask(&mut world, "DeleteStack", &json!({ "StackName": "net", "RetainResources": ["Vpc"] }));
    assert!(early.unwrap_err().message.contains("DELETE_FAILED"));
    delete(&mut world, "net");
    pass(&mut world, 300);
    assert_eq!(status(&mut world, "net"), "DELETE_IN_PROGRESS", "CloudFormation is patient with dependencies");
    pass(&mut world, 1500);
    let failed = stack(&mut world, "net");
    assert_eq!(failed["StackStatus"], "DELETE_FAILED");
    assert_eq!(failed["StackStatusReason"], "The following resource(s) failed to delete: [Vpc]. ");
    let why = events(&mut world, "net");
    assert!(why[at(&why, "Vpc", "DELETE_FAILED")].2.contains("has dependencies and cannot be deleted"));
    let id = failed["StackId"].as_str().unwrap().to_owned();
    ask(&mut world, "DeleteStack", &json!({ "StackName": "net", "RetainResources": ["Vpc"] })).unwrap();
    pass(&mut world, 60);
    assert_eq!(status(&mut world, &id), "DELETE_COMPLETE");
    let all = events(&mut world, &id);
    at(&all, "Vpc", "DELETE_SKIPPED");
}

#[test]
fn a_forced_deletion_leaves_behind_what_does_not_go() {
    let mut world = World::new(1);
    let id = create(&mut world, "net", NETWORK);
    pass(&mut world, 120);
    let vpc = stack(&mut world, "net")["Outputs"][0]["OutputValue"].clone();
    let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1");
    call.invoke("ec2", "CreateSubnet", &json!({ "VpcId": vpc, "CidrBlock": "10.0.1.0/24" })).unwrap();
    delete(&mut world, "net");
    pass(&mut world, 1500);
    ask(&mut world, "DeleteStack", &json!({ "StackName": "net", "DeletionMode": "FORCE_DELETE_STACK" })).unwrap();
    pass(&mut world, 1500);
    assert_eq!(status(&mut world, &id), "DELETE_COMPLETE");
    let all = events(&mut world, &id);
    at(&all, "Vpc", "DELETE_SKIPPED");
}

#[test]
fn an_export_in_use_cancels_the_deletion() {
    let mut world = World::new(1);
    create(&mut world, "net", NETWORK);
    pass(&mut world, 120);
    create(&mut world, "user", USER);
    pass(&mut world, 120);
    assert_eq!(status(&mut world, "user"), "CREATE_COMPLETE");
    delete(&mut world, "net");
    pass(&mut world, 120);
    let kept = stack(&mut world, "net");
    assert_eq!(kept["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(kept["StackStatusReason"], "Delete canceled. Cannot delete export net-VpcId as it is in use by user.");
    delete(&mut world, "user");
    pass(&mut world, 120);
    delete(&mut world, "net");
    pass(&mut world, 120);
    assert!(ask(&mut world, "DescribeStacks", &json!({ "StackName": "net" })).is_err());
}

#[test]
fn an_import_that_does_not_exist_rolls_back() {
    let mut world = World::new(1);
    create(&mut world, "user", USER);
    pass(&mut world, 60);
    assert_eq!(status(&mut world, "user"), "ROLLBACK_COMPLETE");
    let events = events(&mut world, "user");
    let why = &events[at(&events, "user", "ROLLBACK_IN_PROGRESS")].2;
    assert_eq!(why, "No export named net-VpcId found. Rollback requested by user.");
}

#[test]
fn termination_protection_refuses() {
    let mut world = World::new(1);
    let input = json!({ "StackName": "net", "TemplateBody": NETWORK, "EnableTerminationProtection": true });
    ask(&mut world, "CreateStack", &input).unwrap();
    pass(&mut world, 120);
    let error = ask(&mut world, "DeleteStack", &json!({ "StackName": "net" })).unwrap_err();
    assert_eq!(error.message, "Stack [net] cannot be deleted while TerminationProtection is enabled");
    let off = json!({ "StackName": "net", "EnableTerminationProtection": false });
    ask(&mut world, "UpdateTerminationProtection", &off).unwrap();
    delete(&mut world, "net");
}

#[test]
fn what_is_to_be_retained_is_skipped() {
    let mut world = World::new(1);
    let template = NETWORK.replace("Type: AWS::EC2::VPC\n", "Type: AWS::EC2::VPC\n    DeletionPolicy: Retain\n");
    let id = create(&mut world, "net", &template);
    pass(&mut world, 120);
    delete(&mut world, "net");
    pass(&mut world, 120);
    assert_eq!(status(&mut world, &id), "DELETE_COMPLETE");
    let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1");
    let vpcs = call.invoke("ec2", "DescribeVpcs", &json!({})).unwrap();
    assert_eq!(vpcs["Vpcs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_stack_that_is_being_made_can_be_deleted() {
    let mut world = World::new(1);
    let id = create(&mut world, "net", NETWORK);
    pass(&mut world, 4);
    delete(&mut world, "net");
    pass(&mut world, 300);
    assert_eq!(status(&mut world, &id), "DELETE_COMPLETE");
    let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1");
    let vpcs = call.invoke("ec2", "DescribeVpcs", &json!({})).unwrap();
    assert_eq!(vpcs["Vpcs"].as_array().unwrap().len(), 1);
}
