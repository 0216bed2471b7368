//! Templates that are too big, too deep or no templates: CloudFormation's messages, never a panic or a hang.

use std::fmt::Write as _;

use serde_json::json;

use super::super::ask;
use super::try_create;
use crate::sandbox::World;

fn refused(text: &str) -> String {
    let error = try_create(&mut World::new(1), "s", text, &[]).unwrap_err();
    assert_eq!(error.code, "ValidationError", "{error}");
    error.message
}

fn many(section: &str, count: usize, one: &str) -> String {
    let mut text = format!("{section}:\n");
    for index in 0..count {
        let _ = writeln!(text, "  N{index}: {one}");
    }
    text
}

const ONE: &str = "Resources:\n  Logs: { Type: AWS::Logs::LogGroup }\n";

#[test]
fn counts_have_limits() {
    let message = refused(&many("Resources", 501, "{Type: AWS::Logs::LogGroup}"));
    assert!(message.contains("Number of resources, 501, is greater than maximum allowed, 500"), "{message}");
    let message = refused(&format!("{}{ONE}", many("Parameters", 201, "{Type: String, Default: a}")));
    assert!(message.contains("Number of parameters, 201, is greater than maximum allowed, 200"), "{message}");
    let message = refused(&format!("{}{ONE}", many("Outputs", 201, "{Value: a}")));
    assert!(message.contains("Number of outputs, 201, is greater than maximum allowed, 200"), "{message}");
    let message = refused(&format!("{}{ONE}", many("Mappings", 201, "{a: {b: c}}")));
    assert!(message.contains("Number of mappings, 201, is greater than maximum allowed, 200"), "{message}");
    let most = many("Resources", 500, "{Type: AWS::Logs::LogGroup}");
    assert!(ask(&mut World::new(1), "ValidateTemplate", &json!({ "TemplateBody": most })).is_ok());
}

#[test]
fn deep_nesting_is_refused() {
    let deep = |open: &str, close: &str| format!("{ONE}Metadata: {}1{}\n", open.repeat(20_000), close.repeat(20_000));
    assert!(refused(&deep("[", "]")).contains("not well-formed"));
    let json = format!("{{\"Metadata\": {}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
    assert!(refused(&json).contains("not well-formed"));
    let mut functions = String::from("a");
    for _ in 0..60 {
        functions = format!("{{'Fn::Join': ['', [{functions}]]}}");
    }
    let message = refused(&format!("{ONE}Outputs: {{ O: {{ Value: {functions} }} }}\n"));
    assert!(message.contains("not well-formed"), "{message}");
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = String::from("Metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = level - 1;
        let list = vec![format!("*a{before}"); 10].join(", ");
        let _ = writeln!(text, "  a{level}: &a{level} [{list}]");
    }
    let message = refused(&format!("{text}{ONE}"));
    assert!(message.starts_with("Template format error: YAML"), "{message}");
}

#[test]
fn what_is_no_template_says_so() {
    for text in ["", "just text", "[1, 2]", "42", "---\n---\n", "{", "\u{0}", "Resources: &x [*x]"] {
        let error = try_create(&mut World::new(1), "s", text, &[]).unwrap_err();
        assert_eq!(error.code, "ValidationError", "{text:?}: {error}");
    }
    assert!(refused(&format!("{ONE}Outputs: {{ O: {{ Value: !Rot13 a }} }}\n")).contains("!Rot13"));
    let message = refused(&format!("{ONE}Outputs: {{ O: {{ Value: {{ 'Fn::Rot13': a }} }} }}\n"));
    assert_eq!(message, "Template format error: Unrecognized function Fn::Rot13");
    for section in ["Transform: AWS::LanguageExtensions", "Rules: {}", "Hooks: {}"] {
        let message = refused(&format!("{section}\n{ONE}"));
        assert!(message.contains(section.split(':').next().unwrap()), "{message}");
    }
    let message =
        refused("Resources:\n  A: { Type: AWS::Lambda::Function, Properties: { CodeSigningConfigArn: a } }\n");
    assert!(message.contains("CodeSigningConfigArn of AWS::Lambda::Function (resource A)"), "{message}");
    let message =
        refused("Resources:\n  A: { Type: AWS::EC2::NatGateway, Properties: { PrivateIpAddress: 10.0.0.9 } }\n");
    assert!(message.contains("PrivateIpAddress of AWS::EC2::NatGateway (resource A)"), "{message}");
    let message = refused("Resources:\n  A: { Type: AWS::EC2::VPC, DeletionPolicy: Snapshot }\n");
    assert!(message.contains("does not support Snapshot"), "{message}");
    let message = refused(&format!("Parameters: {{ P: {{ Type: 'AWS::SSM::Parameter::Value<String>' }} }}\n{ONE}"));
    assert!(message.contains("does not simulate parameters of type AWS::SSM::Parameter::Value<String>"), "{message}");
}

#[test]
fn what_only_aws_does_is_refused_by_name() {
    let mut world = World::new(1);
    for operation in ["DetectStackDrift", "EstimateTemplateCost"] {
        let error = ask(&mut world, operation, &json!({ "StackName": "s" })).unwrap_err();
        assert!(error.message.contains(operation), "{error}");
    }
    let import = json!({ "StackName": "s", "ChangeSetName": "c", "ChangeSetType": "IMPORT", "TemplateBody": ONE });
    assert!(ask(&mut world, "CreateChangeSet", &import).unwrap_err().message.contains("type IMPORT"));
}
