//! The workshop's own templates, built and deleted end to end.

use serde_json::{Value, json};

use super::{ask, events, pass, status};
use crate::sandbox::services::cloudformation::{providers, schema};
use crate::sandbox::world::LEARNER_ACCOUNT;
use crate::sandbox::{Call, World};

const NETWORK: &str = include_str!("../../../../../assets/bookstore/templates/network.yaml");
const BLOG: &str = include_str!("../../../../../assets/bookstore/templates/blog.yaml");
const SHOP: &str = include_str!("../../../../../assets/bookstore/templates/bookstore.yaml");
const REGION: &str = "eu-west-1";

fn begin(world: &mut World, name: &str, template: &str, parameters: &[(&str, &str)]) {
    let parameters: Vec<Value> =
        parameters.iter().map(|(key, value)| json!({ "ParameterKey": key, "ParameterValue": value })).collect();
    let input = json!({
        "StackName": name, "TemplateBody": template, "Parameters": parameters,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    });
    ask(world, "CreateStack", &input).unwrap();
}

fn complete(world: &mut World, name: &str, within: u64) {
    pass(world, within);
    let reached = status(world, name);
    let all = events(world, name);
    let mut open: Vec<&String> = all.iter().map(|(logical, ..)| logical).collect();
    open.retain(|logical| !all.iter().any(|(other, status, _)| other == *logical && status == "CREATE_COMPLETE"));
    open.dedup();
    let failed: Vec<_> = all.iter().filter(|(_, status, _)| status.contains("FAILED")).collect();
    assert_eq!(reached, "CREATE_COMPLETE", "{name}: failed {failed:#?}, open {open:?}");
}

fn left(world: &mut World) -> Vec<String> {
    [REGION, "us-east-1"]
        .iter()
        .flat_map(|region| {
            let mut call = Call::new(world, LEARNER_ACCOUNT, region);
            crate::sandbox::services::inventory(&mut call)
        })
        .filter(|record| !record.built_in)
        .map(|record| format!("{} {}", record.type_name, record.id))
        .collect()
}

#[test]
fn every_type_of_the_templates_is_simulated() {
    for template in [NETWORK, BLOG, SHOP] {
        let answer = ask(&mut World::new(1), "ValidateTemplate", &json!({ "TemplateBody": template }));
        assert!(answer.is_ok(), "{answer:?}");
    }
}

#[test]
fn every_row_has_a_schema_and_stands_once() {
    let types: Vec<&str> = providers::types().collect();
    for name in &types {
        assert!(schema::of(name).is_some(), "{name} has no schema");
        assert_eq!(types.iter().filter(|other| other == &name).count(), 1, "{name} stands twice");
    }
}

#[test]
fn the_network_is_built_and_goes_again() {
    let mut world = World::new(7);
    begin(&mut world, "bookstore-network-abc123", NETWORK, &[("Suffix", "abc123")]);
    complete(&mut world, "bookstore-network-abc123", 600);
    ask(&mut world, "DeleteStack", &json!({ "StackName": "bookstore-network-abc123" })).unwrap();
    pass(&mut world, 600);
    assert_eq!(left(&mut world), Vec::<String>::new());
}
