//! Networks: nested conditions and mappings, exports and imports between stacks.

use serde_json::json;

use super::super::{ask, at, events, stack};
use super::{build, call, demolish, output, settle, template, try_update};
use crate::sandbox::World;

fn logical_ids(world: &mut World, name: &str) -> Vec<String> {
    let resources = ask(world, "DescribeStackResources", &json!({ "StackName": name })).unwrap();
    let list = resources["StackResources"].as_array().unwrap().clone();
    list.iter().map(|one| one["LogicalResourceId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn conditions_and_mappings_choose_what_a_network_has() {
    let mut world = World::new(1);
    let id = build(&mut world, "dev", "vpc.yaml", &[]);
    let made = logical_ids(&mut world, "dev");
    assert!(made.contains(&"PublicSubnet2".into()) && !made.contains(&"PublicSubnet3".into()), "{made:?}");
    assert!(!made.iter().any(|one| one.starts_with("Nat")), "development has no NAT gateway: {made:?}");
    let vpc = output(&mut world, "dev", "VpcId");
    let shown = call(&mut world, "ec2", "DescribeVpcs", &json!({ "VpcIds": [vpc] })).unwrap();
    assert_eq!(shown["Vpcs"][0]["CidrBlock"], "10.10.0.0/16");
    let tags = shown["Vpcs"][0]["Tags"].as_array().unwrap().clone();
    assert!(tags.contains(&json!({ "Key": "Name", "Value": "dev-dev" })), "{tags:?}");
    assert!(tags.contains(&json!({ "Key": "throwaway", "Value": "yes" })), "{tags:?}");
    assert!(tags.contains(&json!({ "Key": "region", "Value": "Ireland" })), "{tags:?}");
    assert_eq!(output(&mut world, "dev", "PublicSubnets").split(',').count(), 2);
    demolish(&mut world, &id);

    let id = build(&mut world, "prod", "vpc.yaml", &[("EnvironmentType", "prod"), ("NumberOfAZs", "3")]);
    let made = logical_ids(&mut world, "prod");
    assert!(["NatGateway1", "NatGateway2", "PublicSubnet3"].iter().all(|one| made.contains(&(*one).to_owned())));
    assert_eq!(output(&mut world, "prod", "PublicSubnets").split(',').count(), 3);
    output(&mut world, "prod", "NatAddress");
    let order = events(&mut world, "prod");
    assert!(at(&order, "GatewayAttachment", "CREATE_COMPLETE") < at(&order, "NatAddress1", "CREATE_IN_PROGRESS"));
    assert!(at(&order, "NatGateway1", "CREATE_COMPLETE") < at(&order, "PrivateRoute1", "CREATE_IN_PROGRESS"));
    demolish(&mut world, &id);
    let order = events(&mut world, &id);
    assert!(at(&order, "NatGateway1", "DELETE_COMPLETE") < at(&order, "NatAddress1", "DELETE_IN_PROGRESS"));
    assert!(at(&order, "VPC", "DELETE_COMPLETE") > at(&order, "PublicSubnet3", "DELETE_COMPLETE"));
}

#[test]
fn a_parameter_that_is_out_of_bounds_says_why() {
    let mut world = World::new(1);
    let text = template("vpc.yaml");
    let mut refused =
        |parameters: &[(&str, &str)]| super::try_create(&mut world, "dev", &text, parameters).unwrap_err().message;
    assert_eq!(
        refused(&[("EnvironmentType", "qa")]),
        "Parameter EnvironmentType failed to satisfy constraint: must be dev, test or prod"
    );
    assert_eq!(refused(&[("NumberOfAZs", "4")]), "Parameter 'NumberOfAZs' must be a number not greater than 3");
    assert_eq!(refused(&[("NumberOfAZs", "two")]), "Parameter 'NumberOfAZs' must be a number");
    assert_eq!(refused(&[("NatGateways", "Some")]), "Parameter 'NatGateways' must be one of AllowedValues");
    assert_eq!(refused(&[("Colour", "red")]), "Parameters: [Colour] do not exist in the template");
}

#[test]
fn an_update_adds_what_a_condition_now_wants_and_drops_the_rest() {
    let mut world = World::new(1);
    let id = build(&mut world, "net", "vpc.yaml", &[("EnvironmentType", "test")]);
    try_update(&mut world, "net", &template("vpc.yaml"), &[("EnvironmentType", "test"), ("NatGateways", "None")])
        .unwrap();
    assert_eq!(settle(&mut world, "net"), "UPDATE_COMPLETE");
    let order = events(&mut world, "net");
    let clean_up = at(&order, "net", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
    assert!(at(&order, "PrivateRoute1", "DELETE_COMPLETE") > clean_up);
    assert!(at(&order, "NatGateway1", "DELETE_COMPLETE") < at(&order, "NatAddress1", "DELETE_IN_PROGRESS"));
    assert!(!logical_ids(&mut world, "net").contains(&"NatGateway1".into()));
    demolish(&mut world, &id);
}

#[test]
fn an_export_in_use_can_neither_go_nor_change() {
    let mut world = World::new(1);
    let exporter = build(&mut world, "base", "network-exports.yaml", &[]);
    let importer = build(&mut world, "app", "network-imports.json", &[("NetworkStack", "base")]);
    let exports = ask(&mut world, "ListExports", &json!({})).unwrap();
    assert_eq!(exports["Exports"][1]["Name"], "base:vpc");
    let users = ask(&mut world, "ListImports", &json!({ "ExportName": "base:vpc" })).unwrap();
    assert_eq!(users["Imports"], json!(["app"]));
    let subnets = output(&mut world, "base", "Subnets");
    assert_eq!(Some(output(&mut world, "app", "FirstSubnet").as_str()), subnets.split(',').next());

    ask(&mut world, "DeleteStack", &json!({ "StackName": "base" })).unwrap();
    assert_eq!(settle(&mut world, "base"), "CREATE_COMPLETE");
    let why = stack(&mut world, "base")["StackStatusReason"].as_str().unwrap().to_owned();
    assert!(why.starts_with("Delete canceled. Cannot delete export base:") && why.contains("in use by app"), "{why}");

    let moved = template("network-exports.yaml").replace("172.31.", "172.30.");
    try_update(&mut world, "base", &moved, &[]).unwrap();
    assert_eq!(settle(&mut world, "base"), "UPDATE_ROLLBACK_COMPLETE");
    let order = events(&mut world, "base");
    let why = &order[at(&order, "base", "UPDATE_ROLLBACK_IN_PROGRESS")].2;
    assert!(why.contains("cannot be updated as it is in use by app"), "{why}");
    assert_eq!(output(&mut world, "base", "Subnets"), subnets, "the old subnets are the stack's again");

    demolish(&mut world, &importer);
    let unused = ask(&mut world, "ListImports", &json!({ "ExportName": "base:vpc" })).unwrap_err();
    assert_eq!(unused.message, "Export 'base:vpc' is not imported by any stack.");
    demolish(&mut world, &exporter);
}
