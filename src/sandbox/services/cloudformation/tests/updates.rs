//! Updates and change sets.

use serde_json::{Value, json};

use super::{NETWORK, ask, at, create, events, pass, stack, status};
use crate::sandbox::World;

fn made(world: &mut World) {
    create(world, "net", NETWORK);
    pass(world, 120);
}

fn vpc(world: &mut World) -> Value {
    stack(world, "net")["Outputs"][0]["OutputValue"].clone()
}

fn update(world: &mut World, template: &str) -> Result<Value, crate::sandbox::AwsError> {
    ask(world, "UpdateStack", &json!({ "StackName": "net", "TemplateBody": template }))
}

#[test]
fn nothing_new_is_no_update() {
    let mut world = World::new(1);
    made(&mut world);
    let error = update(&mut world, NETWORK).unwrap_err();
    assert_eq!(error.message, "No updates are to be performed.");
    let previous = json!({ "StackName": "net", "UsePreviousTemplate": true });
    assert_eq!(ask(&mut world, "UpdateStack", &previous).unwrap_err().message, "No updates are to be performed.");
}

#[test]
fn a_property_is_changed_in_place() {
    let mut world = World::new(1);
    made(&mut world);
    let before = vpc(&mut world);
    update(&mut world, &NETWORK.replace("!Ref AWS::StackName }", "other }")).unwrap();
    pass(&mut world, 120);
    assert_eq!(status(&mut world, "net"), "UPDATE_COMPLETE");
    assert_eq!(vpc(&mut world), before);
    let events = events(&mut world, "net");
    assert!(at(&events, "Vpc", "UPDATE_COMPLETE") < at(&events, "net", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"));
    assert!(!events.iter().any(|(logical, status, _)| logical == "Gateway" && status.starts_with("UPDATE")));
}

#[test]
fn a_create_only_property_replaces_the_resource_and_what_stands_on_it() {
    let mut world = World::new(1);
    let template = r"
Resources:
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  Subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 1, 8]]
Outputs:
  VpcId: { Value: !Ref Vpc }
";
    create(&mut world, "net", template);
    pass(&mut world, 120);
    let before = vpc(&mut world);
    update(&mut world, &template.replace("10.0.0.0/16", "10.1.0.0/16")).unwrap();
    pass(&mut world, 300);
    let events = events(&mut world, "net");
    let begun = &events[at(&events, "Vpc", "UPDATE_IN_PROGRESS")];
    assert!(begun.2.contains("requires the creation of a new physical resource"));
    assert_ne!(vpc(&mut world), before);
    let clean_up = at(&events, "net", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
    assert!(at(&events, "Subnet", "DELETE_COMPLETE") > clean_up);
    assert!(at(&events, "Vpc", "DELETE_COMPLETE") > at(&events, "Subnet", "DELETE_COMPLETE"));
    let left = ask(&mut world, "DescribeStackResources", &json!({ "StackName": "net" })).unwrap();
    assert!(left["StackResources"].as_array().unwrap().iter().all(|one| one["ResourceStatus"] == "UPDATE_COMPLETE"));
}

#[test]
fn a_resource_that_is_left_out_is_removed_at_the_end() {
    let mut world = World::new(1);
    made(&mut world);
    let attachment = |line: &&str| ["Attachment", "InternetGatewayId"].iter().any(|part| line.contains(part));
    let without = NETWORK.lines().filter(|line| !attachment(line)).collect::<Vec<_>>().join("\n");
    update(&mut world, &without).unwrap();
    pass(&mut world, 120);
    assert_eq!(status(&mut world, "net"), "UPDATE_COMPLETE");
    let events = events(&mut world, "net");
    assert!(at(&events, "Attachment", "DELETE_COMPLETE") > at(&events, "net", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"));
    let left = ask(&mut world, "ListStackResources", &json!({ "StackName": "net" })).unwrap();
    assert_eq!(left["StackResourceSummaries"].as_array().unwrap().len(), 2);
}

#[test]
fn a_failed_update_goes_back() {
    let mut world = World::new(1);
    made(&mut world);
    let more = NETWORK.replace(
        "Outputs:",
        "  Wrong:\n    Type: AWS::EC2::Subnet\n    DependsOn: Vpc\n    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.7.0.0/24 }\nOutputs:",
    );
    let more = more.replace("!Ref AWS::StackName }", "changed }");
    update(&mut world, &more).unwrap();
    pass(&mut world, 300);
    assert_eq!(status(&mut world, "net"), "UPDATE_ROLLBACK_COMPLETE");
    let events = events(&mut world, "net");
    at(&events, "Wrong", "CREATE_FAILED");
    let back = &events[at(&events, "net", "UPDATE_ROLLBACK_IN_PROGRESS")];
    assert_eq!(back.2, "The following resource(s) failed to update: [Wrong]. ");
    let updates = events.iter().filter(|(l, s, _)| l == "Vpc" && s == "UPDATE_COMPLETE").count();
    assert_eq!(updates, 2, "there and back: {events:#?}");
    let resources = ask(&mut world, "DescribeStackResources", &json!({ "StackName": "net" })).unwrap();
    assert_eq!(resources["StackResources"].as_array().unwrap().len(), 3);
}

#[test]
fn a_change_set_creates_a_stack() {
    let mut world = World::new(1);
    let set =
        json!({ "StackName": "net", "ChangeSetName": "first", "ChangeSetType": "CREATE", "TemplateBody": NETWORK });
    ask(&mut world, "CreateChangeSet", &set).unwrap();
    assert_eq!(status(&mut world, "net"), "REVIEW_IN_PROGRESS");
    let named = json!({ "StackName": "net", "ChangeSetName": "first" });
    let shown = ask(&mut world, "DescribeChangeSet", &named).unwrap();
    assert_eq!(shown["Status"], "CREATE_PENDING");
    let early = ask(&mut world, "ExecuteChangeSet", &named).unwrap_err();
    assert_eq!(early.code, "InvalidChangeSetStatus");
    pass(&mut world, 60);
    let shown = ask(&mut world, "DescribeChangeSet", &named).unwrap();
    assert_eq!((&shown["Status"], &shown["ExecutionStatus"]), (&json!("CREATE_COMPLETE"), &json!("AVAILABLE")));
    assert_eq!(shown["Changes"].as_array().unwrap().len(), 3);
    assert_eq!(shown["Changes"][0]["ResourceChange"]["Action"], "Add");
    ask(&mut world, "ExecuteChangeSet", &named).unwrap();
    pass(&mut world, 120);
    assert_eq!(status(&mut world, "net"), "CREATE_COMPLETE");
}

#[test]
fn a_change_set_without_changes_fails() {
    let mut world = World::new(1);
    made(&mut world);
    let set = json!({ "StackName": "net", "ChangeSetName": "same", "TemplateBody": NETWORK });
    ask(&mut world, "CreateChangeSet", &set).unwrap();
    pass(&mut world, 60);
    let named = json!({ "StackName": "net", "ChangeSetName": "same" });
    let shown = ask(&mut world, "DescribeChangeSet", &named).unwrap();
    assert_eq!((&shown["Status"], &shown["ExecutionStatus"]), (&json!("FAILED"), &json!("UNAVAILABLE")));
    assert!(shown["StatusReason"].as_str().unwrap().starts_with("The submitted information didn't contain changes."));
    ask(&mut world, "DeleteChangeSet", &named).unwrap();
    assert_eq!(ask(&mut world, "DescribeChangeSet", &named).unwrap_err().code, "ChangeSetNotFound");
}

#[test]
fn a_change_set_tells_changes_and_replacements() {
    let mut world = World::new(1);
    made(&mut world);
    let template = NETWORK.replace("Default: 10.0.0.0/16", "Default: 10.1.0.0/16");
    let set = json!({ "StackName": "net", "ChangeSetName": "move", "TemplateBody": template });
    ask(&mut world, "CreateChangeSet", &set).unwrap();
    pass(&mut world, 60);
    let named = json!({ "StackName": "net", "ChangeSetName": "move" });
    let shown = ask(&mut world, "DescribeChangeSet", &named).unwrap();
    let change = &shown["Changes"][0]["ResourceChange"];
    assert_eq!(
        (&change["LogicalResourceId"], &change["Action"], &change["Replacement"]),
        (&json!("Vpc"), &json!("Modify"), &json!("True"))
    );
}
