//! The engine's behaviour, over the network and roles.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bookstore;
mod deletion;
mod lifecycle;
mod refusals;
mod strangers;
mod updates;

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::world::LEARNER_ACCOUNT;
use crate::sandbox::{AwsError, Call, World};

/// A VPC with a gateway that is attached.
pub const NETWORK: &str = r#"
Parameters:
  Range: { Type: String, Default: 10.0.0.0/16 }
Resources:
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: { VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway }
  Gateway:
    Type: AWS::EC2::InternetGateway
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: !Ref Range
      Tags: [{ Key: Name, Value: !Ref AWS::StackName }]
Outputs:
  VpcId:
    Value: !Ref Vpc
    Export: { Name: !Sub "${AWS::StackName}-VpcId" }
"#;

pub fn ask(world: &mut World, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, LEARNER_ACCOUNT, "eu-west-1").invoke("cloudformation", operation, input)
}

pub fn create(world: &mut World, name: &str, template: &str) -> String {
    let input = json!({ "StackName": name, "TemplateBody": template, "Capabilities": ["CAPABILITY_NAMED_IAM"] });
    ask(world, "CreateStack", &input).unwrap()["StackId"].as_str().unwrap().to_owned()
}

pub fn pass(world: &mut World, seconds: u64) {
    let until = world.now.plus(Duration::from_secs(seconds));
    world.advance(until);
}

pub fn stack(world: &mut World, name: &str) -> Value {
    ask(world, "DescribeStacks", &json!({ "StackName": name })).unwrap()["Stacks"][0].clone()
}

pub fn status(world: &mut World, name: &str) -> String {
    stack(world, name)["StackStatus"].as_str().unwrap().to_owned()
}

/// Events oldest first: logical id, status, reason.
pub fn events(world: &mut World, name: &str) -> Vec<(String, String, String)> {
    let text = |event: &Value, member: &str| event[member].as_str().unwrap_or_default().to_owned();
    let (mut events, mut input) = (Vec::new(), json!({ "StackName": name }));
    loop {
        let page = ask(world, "DescribeStackEvents", &input).unwrap();
        events.extend(page["StackEvents"].as_array().unwrap().iter().map(|event| {
            (text(event, "LogicalResourceId"), text(event, "ResourceStatus"), text(event, "ResourceStatusReason"))
        }));
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => break,
        }
    }
    events.reverse();
    events
}

/// Where an event stands.
pub fn at(events: &[(String, String, String)], logical: &str, status: &str) -> usize {
    events
        .iter()
        .position(|(l, s, _)| l == logical && s == status)
        .unwrap_or_else(|| panic!("no {status} of {logical} in {events:#?}"))
}
