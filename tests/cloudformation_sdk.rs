//! The sandbox's CloudFormation as the AWS SDK for Rust sees it: commands as a learner types them, through the wire.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::Duration;

use multi_region_workshop::aws::Aws;
use multi_region_workshop::clock::{Clock, Rate};
use multi_region_workshop::domain::{Failure, Operations, SimTime};
use multi_region_workshop::protocol::{Command, FileError, Files, parse_command};
use multi_region_workshop::sandbox::{Sandbox, World};
use serde_json::Value;

const NETWORK: &str = include_str!("../assets/bookstore/templates/network.yaml");

struct Templates;

impl Files for Templates {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        match path {
            "network.yaml" => Ok(NETWORK.as_bytes().to_vec()),
            other => Err(FileError(format!("{other}: no such file"))),
        }
    }
}

struct Rig {
    aws: Aws,
    clock: Clock,
}

impl Rig {
    fn new() -> Self {
        let clock = Clock::simulated(SimTime::WORLD_START, Rate::Jump);
        let sandbox = Arc::new(Sandbox::new(World::new(5), clock.clone()));
        Self { aws: Aws::in_sandbox(sandbox, &clock), clock }
    }

    async fn run(&self, command: &str) -> Result<Value, Failure> {
        let parsed = parse_command(&format!("{command} --region eu-west-1"), &Templates)
            .unwrap_or_else(|error| panic!("{}", error.message));
        let Command::Operation(operation) = parsed else { panic!("{command} is no single call") };
        let _participant = self.clock.participate();
        self.aws.call(&operation).await.map(|reply| reply.output)
    }

    async fn wait(&self, seconds: u64) {
        let participant = self.clock.participate();
        self.clock.sleep(Duration::from_secs(seconds)).await;
        drop(participant);
    }
}

const CREATE: &str = "aws cloudformation create-stack --stack-name net --template-body file://network.yaml \
     --parameters ParameterKey=Suffix,ParameterValue=abc123 --tags Key=team,Value=books";

#[tokio::test]
async fn a_stack_is_made_read_and_deleted_by_the_sdk() {
    let rig = Rig::new();
    let made = rig.run(CREATE).await.unwrap();
    let id = made["StackId"].as_str().unwrap().to_owned();
    assert!(id.starts_with("arn:aws:cloudformation:eu-west-1:111122223333:stack/net/"), "{id}");
    rig.wait(600).await;
    let stacks = rig.run("aws cloudformation describe-stacks --stack-name net").await.unwrap();
    let stack = &stacks["Stacks"][0];
    assert_eq!(stack["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(stack["CreationTime"], "2026-01-05T09:00:00+00:00");
    assert_eq!(stack["Tags"][0]["Key"], "team");
    assert_eq!(stack["Parameters"].as_array().unwrap().len(), 2);
    assert!(stack["Outputs"].as_array().unwrap().iter().any(|one| one["ExportName"] == "net-VpcId"));
    let events = rig.run("aws cloudformation describe-stack-events --stack-name net").await.unwrap();
    let events = events["StackEvents"].as_array().unwrap();
    assert_eq!(events[0]["ResourceStatus"], "CREATE_COMPLETE");
    assert_eq!(events[0]["ResourceType"], "AWS::CloudFormation::Stack");
    let resource = "aws cloudformation describe-stack-resource --stack-name net --logical-resource-id Vpc";
    let resource = rig.run(resource).await.unwrap();
    assert!(resource["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap().starts_with("vpc-"));
    let exports = rig.run("aws cloudformation list-exports").await.unwrap();
    assert_eq!(exports["Exports"].as_array().unwrap().len(), 9);
    let template = rig.run("aws cloudformation get-template --stack-name net").await.unwrap();
    assert_eq!(template["TemplateBody"], NETWORK);
    rig.run("aws cloudformation delete-stack --stack-name net").await.unwrap();
    rig.wait(1200).await;
    let gone = rig.run("aws cloudformation describe-stacks --stack-name net").await.unwrap_err();
    assert_eq!((gone.code.as_str(), gone.message.as_str()), ("ValidationError", "Stack with id net does not exist"));
    let deleted = rig.run(&format!("aws cloudformation describe-stacks --stack-name {id}")).await.unwrap();
    assert_eq!(deleted["Stacks"][0]["StackStatus"], "DELETE_COMPLETE");
}

#[tokio::test]
async fn errors_keep_their_codes_on_the_wire() {
    let rig = Rig::new();
    rig.run(CREATE).await.unwrap();
    assert_eq!(rig.run(CREATE).await.unwrap_err().code, "AlreadyExistsException");
    let set = "aws cloudformation describe-change-set --stack-name net --change-set-name none";
    assert_eq!(rig.run(set).await.unwrap_err().code, "ChangeSetNotFound");
    let bad =
        "aws cloudformation validate-template --template-body '{\"Resources\": {\"A\": {\"Type\": \"AWS::X::Y\"}}}'";
    let error = rig.run(bad).await.unwrap_err();
    assert_eq!(error.message, "Template format error: Unrecognized resource types: [AWS::X::Y]");
}

#[tokio::test]
async fn a_change_set_goes_over_the_wire() {
    let rig = Rig::new();
    let create = "aws cloudformation create-change-set --stack-name net --change-set-name first --change-set-type CREATE \
         --template-body file://network.yaml --parameters ParameterKey=Suffix,ParameterValue=abc123";
    let made = rig.run(create).await.unwrap();
    assert!(made["Id"].as_str().unwrap().contains(":changeSet/first/"));
    rig.wait(60).await;
    let name = "--stack-name net --change-set-name first";
    let shown = rig.run(&format!("aws cloudformation describe-change-set {name}")).await.unwrap();
    assert_eq!(shown["Status"], "CREATE_COMPLETE");
    assert!(shown["Changes"].as_array().unwrap().iter().all(|one| one["ResourceChange"]["Action"] == "Add"));
    rig.run(&format!("aws cloudformation execute-change-set {name}")).await.unwrap();
    rig.wait(600).await;
    let stacks = rig.run("aws cloudformation describe-stacks --stack-name net").await.unwrap();
    assert_eq!(stacks["Stacks"][0]["StackStatus"], "CREATE_COMPLETE");
}
