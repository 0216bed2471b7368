//! Templates that were not written for this project's content (`tests/templates/strangers`): each builds, fails and
//! goes as it would on AWS.

mod failures;
mod functions;
mod inner;
mod limits;
mod networks;
mod workloads;

use serde_json::{Value, json};

use super::{ask, pass, status};
use crate::sandbox::world::LEARNER_ACCOUNT;
use crate::sandbox::{AwsError, Call, World};

/// The text of a template by its file's name.
pub fn template(file: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates/strangers").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn request(name: &str, text: &str, parameters: &[(&str, &str)]) -> Value {
    let parameters: Vec<Value> =
        parameters.iter().map(|(key, value)| json!({ "ParameterKey": key, "ParameterValue": value })).collect();
    json!({ "StackName": name, "TemplateBody": text, "Parameters": parameters, "Capabilities": ["CAPABILITY_IAM"] })
}

pub fn try_create(world: &mut World, name: &str, text: &str, parameters: &[(&str, &str)]) -> Result<Value, AwsError> {
    ask(world, "CreateStack", &request(name, text, parameters))
}

pub fn try_update(world: &mut World, name: &str, text: &str, parameters: &[(&str, &str)]) -> Result<Value, AwsError> {
    ask(world, "UpdateStack", &request(name, text, parameters))
}

/// Lets time pass until the stack's operation is over (two simulated hours at most); its status.
pub fn settle(world: &mut World, name: &str) -> String {
    for _ in 0..720 {
        let now = status(world, name);
        if !now.ends_with("_IN_PROGRESS") {
            return now;
        }
        pass(world, 10);
    }
    panic!("{name} is still {}: {:#?}", status(world, name), super::events(world, name));
}

/// Makes a stack of a template; its ARN.
pub fn build(world: &mut World, name: &str, file: &str, parameters: &[(&str, &str)]) -> String {
    let made = try_create(world, name, &template(file), parameters).unwrap();
    let id = made["StackId"].as_str().unwrap().to_owned();
    assert_eq!(settle(world, name), "CREATE_COMPLETE", "{:#?}", super::events(world, name));
    id
}

/// Deletes a stack, and requires that it goes.
pub fn demolish(world: &mut World, name: &str) {
    // A deleted stack is found by its ARN only.
    let id = super::stack(world, name)["StackId"].as_str().unwrap().to_owned();
    let id = id.as_str();
    ask(world, "DeleteStack", &json!({ "StackName": id })).unwrap();
    assert_eq!(settle(world, id), "DELETE_COMPLETE", "{:#?}", super::events(world, id));
}

/// An output of a stack.
pub fn output(world: &mut World, name: &str, key: &str) -> String {
    let stack = super::stack(world, name);
    let outputs = stack["Outputs"].as_array().cloned().unwrap_or_default();
    let found = outputs.iter().find(|one| one["OutputKey"] == key);
    found.and_then(|one| one["OutputValue"].as_str()).unwrap_or_else(|| panic!("no {key} in {outputs:#?}")).to_owned()
}

pub fn call(world: &mut World, service: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, LEARNER_ACCOUNT, "eu-west-1").invoke(service, operation, input)
}
