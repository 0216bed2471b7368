//! Every intrinsic function, in JSON.

use serde_json::json;

use super::super::{ask, stack};
use super::{build, demolish, output};
use crate::sandbox::World;

#[test]
fn every_function_gives_what_aws_gives() {
    let mut world = World::new(1);
    let id = build(&mut world, "all", "all-intrinsics.json", &[]);
    for (key, value) in [
        ("Ref", "fast"),
        ("GetAtt", "10.1.0.0/16"),
        ("DottedGetAtt", "10.1.0.0/16"),
        ("Sub", "fast-10.1.0.0/16-${Literal}-eu-west-1"),
        ("Join", "a|b|c"),
        ("Select", "b"),
        ("Split", "0"),
        ("If", "fast"),
        ("FindInMap", "30"),
        ("GetAZs", "eu-west-1a,eu-west-1b,eu-west-1c"),
        ("Cidr", "10.1.0.0/27,10.1.0.32/27"),
        ("Base64", "IyEvYmluL3NoIGZhc3Q="),
        ("Arn", "arn:aws:x:eu-west-1:123456789012:all.amazonaws.com"),
    ] {
        assert_eq!(
            output(&mut world, "all", key),
            value.replace("123456789012", crate::sandbox::world::LEARNER_ACCOUNT),
            "{key}"
        );
    }
    let shown = stack(&mut world, "all");
    assert!(shown["Outputs"].as_array().unwrap().iter().all(|one| one["OutputKey"] != "Never"));
    let everything = ask(&mut world, "DescribeStackEvents", &json!({ "StackName": "all" })).unwrap().to_string();
    assert!(!shown.to_string().contains("hunter2") && !everything.contains("hunter2"), "NoEcho holds everywhere");
    let logs = json!({ "StackName": "all", "LogicalResourceId": "Logs" });
    let detail = ask(&mut world, "DescribeStackResource", &logs).unwrap();
    let metadata = detail["StackResourceDetail"]["Metadata"].as_str().unwrap().to_owned();
    assert_eq!(metadata, r#"{"Purpose":"of all"}"#);
    demolish(&mut world, &id);
}
