//! What is refused before anything is made.

use serde_json::json;

use super::{NETWORK, ask, create};
use crate::sandbox::World;

fn refused(template: &str) -> String {
    let input = json!({ "StackName": "s", "TemplateBody": template });
    let error = ask(&mut World::new(1), "CreateStack", &input).unwrap_err();
    assert_eq!(error.code, "ValidationError");
    let same = ask(&mut World::new(1), "ValidateTemplate", &json!({ "TemplateBody": template }));
    assert_eq!(same.unwrap_err().message, error.message, "ValidateTemplate says the same");
    error.message
}

fn with(resource: &str) -> String {
    format!("Resources:\n  Thing: {resource}\n")
}

#[test]
fn unknown_types_are_named_and_those_that_only_aws_has_are_told_apart() {
    let message = refused(&with("{ Type: AWS::EC2::Vpx }"));
    assert_eq!(message, "Template format error: Unrecognized resource types: [AWS::EC2::Vpx]");
    let message = refused(&with("{ Type: AWS::SQS::Queue }"));
    assert_eq!(
        message,
        "Template format error: Unrecognized resource types: [AWS::SQS::Queue] (AWS has them, but the sandbox does not simulate them)"
    );
}

#[test]
fn broken_templates_name_the_place() {
    assert!(refused("Resources: [").starts_with("Template format error: YAML not well-formed. (line "));
    assert!(refused("{\"Resources\": {").starts_with("Template format error: JSON not well-formed. (line 1"));
    assert_eq!(refused("Parameters: {}"), "Template format error: At least one Resources member must be defined.");
    assert_eq!(refused("Resource: {}\nResources: {}"), "Invalid template property or properties [Resource]");
    let message = refused(&with("{ Type: AWS::EC2::VPC, Propertys: {} }"));
    assert_eq!(message, "Invalid template resource property 'Propertys'");
    let message = refused(&with("{ Type: AWS::EC2::VPC, Properties: { CidrBlock: } }"));
    assert!(message.contains("[/Resources/Thing/Properties/CidrBlock] 'null' values are not allowed"), "{message}");
    let message = refused("Resources:\n  A-b: { Type: AWS::EC2::VPC }\n");
    assert_eq!(message, "Template format error: Resource name A-b is non alphanumeric.");
}

#[test]
fn names_and_functions_that_do_not_exist_are_named() {
    let message = refused(&with("{ Type: AWS::EC2::VPC, Properties: { CidrBlock: !Ref Range } }"));
    assert_eq!(
        message,
        "Template format error: Unresolved resource dependencies [Range] in the Resources block of the template"
    );
    let message =
        refused(&format!("{}\nOutputs:\n  O: {{ Value: !GetAtt Thing.Colour }}", with("{ Type: AWS::EC2::VPC }")));
    assert_eq!(message, "Template error: resource Thing does not support attribute type Colour in Fn::GetAtt");
    let message = refused(&with("{ Type: AWS::EC2::VPC, Properties: { CidrBlock: { Fn::Length: [1] } } }"));
    assert_eq!(message, "Template format error: The sandbox does not simulate the function Fn::Length");
    let message = refused(&with("{ Type: AWS::EC2::VPC, Condition: Never }"));
    assert!(message.contains("Unresolved condition dependency Never"), "{message}");
    let message = refused("Transform: AWS::Serverless-2016-10-31\nResources: { A: { Type: AWS::EC2::VPC } }");
    assert!(message.contains("does not simulate the template section Transform"), "{message}");
}

#[test]
fn too_many_resources_and_too_long_templates() {
    let resources: Vec<String> = (0..501).map(|n| format!("  G{n}: {{ Type: AWS::EC2::InternetGateway }}\n")).collect();
    let template = format!("Resources:\n{}", resources.concat());
    assert!(refused(&template).contains("Number of resources, 501, is greater than maximum allowed, 500"));
    let long = format!("{NETWORK}\n#{}", "x".repeat(52_000));
    let message = refused(&long);
    assert!(message.contains("less than or equal to 51200"), "{message}");
}

#[test]
fn iam_needs_its_capability() {
    let mut world = World::new(1);
    let role = |name: &str| {
        format!(
            "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      {name}\n      AssumeRolePolicyDocument: {{ Statement: [] }}\n"
        )
    };
    let mut tried = |template: &str, capabilities: &[&str]| {
        let input = json!({ "StackName": "r", "TemplateBody": template, "Capabilities": capabilities });
        ask(&mut world, "CreateStack", &input)
    };
    let error = tried(&role(""), &[]).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]")
    );
    let error = tried(&role("RoleName: mine"), &["CAPABILITY_IAM"]).unwrap_err();
    assert_eq!(error.message, "Requires capabilities : [CAPABILITY_NAMED_IAM]");
    assert!(tried(&role("RoleName: mine"), &["CAPABILITY_NAMED_IAM"]).is_ok());
}

#[test]
fn a_name_stands_once_and_must_be_a_name() {
    let mut world = World::new(1);
    create(&mut world, "net", NETWORK);
    let input = json!({ "StackName": "net", "TemplateBody": NETWORK });
    let error = ask(&mut world, "CreateStack", &input).unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("AlreadyExistsException", "Stack [net] already exists"));
    let input = json!({ "StackName": "9net", "TemplateBody": NETWORK });
    assert!(ask(&mut world, "CreateStack", &input).unwrap_err().message.contains("[a-zA-Z][-a-zA-Z0-9]*"));
}

#[test]
fn members_that_are_not_simulated_are_refused_by_name() {
    let input = json!({ "StackName": "net", "TemplateBody": NETWORK, "RoleARN": "arn:aws:iam::1:role/r" });
    let error = ask(&mut World::new(1), "CreateStack", &input).unwrap_err();
    assert!(error.message.contains("RoleARN"), "{error}");
}

#[test]
fn the_summary_lists_parameters_types_and_capabilities() {
    let mut world = World::new(1);
    let template = "Parameters: { P: { Type: String, NoEcho: true, Default: secret, AllowedValues: [secret] } }\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties: { RoleName: !Ref P, AssumeRolePolicyDocument: {} }\n";
    let summary = ask(&mut world, "GetTemplateSummary", &json!({ "TemplateBody": template })).unwrap();
    assert_eq!(summary["Capabilities"], json!(["CAPABILITY_NAMED_IAM"]));
    assert_eq!(summary["Parameters"][0]["DefaultValue"], "****");
    assert_eq!(summary["Parameters"][0]["ParameterConstraints"]["AllowedValues"], json!(["secret"]));
    assert_eq!(summary["ResourceTypes"], json!(["AWS::IAM::Role"]));
}
