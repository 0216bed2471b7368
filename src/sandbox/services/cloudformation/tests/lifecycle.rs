//! Creation, its events, its failures.

use serde_json::json;

use super::{NETWORK, ask, at, create, events, pass, stack, status};
use crate::sandbox::{Call, World, world::LEARNER_ACCOUNT};

#[test]
fn a_stack_is_built_along_its_graph_with_events_as_aws_writes_them() {
    let mut world = World::new(1);
    let id = create(&mut world, "net", NETWORK);
    assert_eq!(status(&mut world, "net"), "CREATE_IN_PROGRESS");
    assert_eq!(events(&mut world, "net")[0].2, "User Initiated");
    pass(&mut world, 120);
    let stack = stack(&mut world, "net");
    assert_eq!(stack["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(stack["StackId"], id.as_str());
    assert_eq!(stack["Outputs"][0]["ExportName"], "net-VpcId");
    let events = events(&mut world, "net");
    let of = |name: &str| -> Vec<(&str, &str)> {
        events.iter().filter(|(l, ..)| l == name).map(|(_, s, r)| (s.as_str(), r.as_str())).collect()
    };
    assert_eq!(
        of("Vpc"),
        [("CREATE_IN_PROGRESS", ""), ("CREATE_IN_PROGRESS", "Resource creation Initiated"), ("CREATE_COMPLETE", "")]
    );
    assert!(at(&events, "Attachment", "CREATE_IN_PROGRESS") > at(&events, "Vpc", "CREATE_COMPLETE"));
    assert!(at(&events, "Attachment", "CREATE_IN_PROGRESS") > at(&events, "Gateway", "CREATE_COMPLETE"));
    let first = at(&events, "Vpc", "CREATE_COMPLETE").min(at(&events, "Gateway", "CREATE_COMPLETE"));
    assert!(at(&events, "Gateway", "CREATE_IN_PROGRESS") < first, "independent resources are made at the same time");
    assert!(at(&events, "Vpc", "CREATE_IN_PROGRESS") < first);
    assert_eq!(events.last().unwrap().1, "CREATE_COMPLETE");
}

#[test]
fn events_come_newest_first_in_pages() {
    let mut world = World::new(1);
    // Forty gateways are more than AWS gives an account.
    world.rules_off.insert("ec2.internet-gateway.quota".into());
    let resources: Vec<String> = (0..40).map(|n| format!("  G{n}: {{ Type: AWS::EC2::InternetGateway }}\n")).collect();
    let template = format!("Resources:\n{}", resources.concat());
    create(&mut world, "many", &template);
    pass(&mut world, 60);
    let page = ask(&mut world, "DescribeStackEvents", &json!({ "StackName": "many" })).unwrap();
    assert_eq!(page["StackEvents"].as_array().unwrap().len(), 100);
    assert_eq!(page["StackEvents"][0]["LogicalResourceId"], "many");
    let next = json!({ "StackName": "many", "NextToken": page["NextToken"] });
    let rest = ask(&mut world, "DescribeStackEvents", &next).unwrap();
    assert_eq!(rest["StackEvents"].as_array().unwrap().len(), 22);
    assert!(rest.get("NextToken").is_none());
    assert_eq!(rest["StackEvents"][21]["ResourceStatusReason"], "User Initiated");
}

#[test]
fn resources_carry_the_tags_of_template_stack_and_cloudformation() {
    let mut world = World::new(1);
    let tags = json!([{ "Key": "team", "Value": "books" }]);
    let input = json!({ "StackName": "net", "TemplateBody": NETWORK, "Tags": tags });
    let id = ask(&mut world, "CreateStack", &input).unwrap()["StackId"].clone();
    pass(&mut world, 120);
    let shown = stack(&mut world, "net");
    let vpc = shown["Outputs"][0]["OutputValue"].clone();
    let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1");
    let answer = call.invoke("ec2", "DescribeVpcs", &json!({ "VpcIds": [vpc] })).unwrap();
    let tags = crate::sandbox::call::tags(answer.pointer("/Vpcs/0/Tags"));
    let has = |key: &str, value: &str| tags.contains(&(key.to_owned(), value.to_owned()));
    assert!(has("Name", "net") && has("team", "books") && has("aws:cloudformation:logical-id", "Vpc"), "{tags:?}");
    assert!(has("aws:cloudformation:stack-id", id.as_str().unwrap()));
}

const FAILING: &str = r"
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: { CidrBlock: 10.0.0.0/16 }
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.9.0.0/24 }
  Nat:
    Type: AWS::EC2::NatGateway
    Properties: { SubnetId: !Ref Inner, ConnectivityType: private }
  Inner:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24 }
";

#[test]
fn a_failure_rolls_back_and_says_why() {
    let mut world = World::new(1);
    create(&mut world, "bad", FAILING);
    pass(&mut world, 1200);
    assert_eq!(status(&mut world, "bad"), "ROLLBACK_COMPLETE");
    let events = events(&mut world, "bad");
    let failed = &events[at(&events, "Subnet", "CREATE_FAILED")];
    assert!(
        failed.2.contains("The CIDR '10.9.0.0/24' is invalid") && failed.2.contains("InvalidSubnet.Range"),
        "{failed:?}"
    );
    let rollback = &events[at(&events, "bad", "ROLLBACK_IN_PROGRESS")];
    assert_eq!(rollback.2, "The following resource(s) failed to create: [Subnet]. Rollback requested by user.");
    assert_eq!(events[at(&events, "Inner", "CREATE_FAILED")].2, "Resource creation cancelled");
    assert!(at(&events, "Vpc", "DELETE_COMPLETE") > at(&events, "Inner", "DELETE_COMPLETE"));
    let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1");
    let vpcs = call.invoke("ec2", "DescribeVpcs", &json!({})).unwrap();
    assert_eq!(vpcs["Vpcs"].as_array().unwrap().len(), 1, "only the default VPC is left");
}

#[test]
fn a_failure_without_rollback_leaves_everything() {
    let mut world = World::new(1);
    let input = json!({ "StackName": "bad", "TemplateBody": FAILING, "OnFailure": "DO_NOTHING" });
    ask(&mut world, "CreateStack", &input).unwrap();
    pass(&mut world, 1200);
    assert_eq!(status(&mut world, "bad"), "CREATE_FAILED");
    let input = json!({ "StackName": "bad" });
    let resources = ask(&mut world, "DescribeStackResources", &input).unwrap();
    let vpc = resources["StackResources"].as_array().unwrap().iter().find(|r| r["LogicalResourceId"] == "Vpc").unwrap();
    assert_eq!(vpc["ResourceStatus"], "CREATE_COMPLETE");
}

#[test]
fn on_failure_delete_leaves_nothing() {
    let mut world = World::new(1);
    let input = json!({ "StackName": "bad", "TemplateBody": FAILING, "OnFailure": "DELETE" });
    let id = ask(&mut world, "CreateStack", &input).unwrap()["StackId"].as_str().unwrap().to_owned();
    pass(&mut world, 1200);
    assert_eq!(status(&mut world, &id), "DELETE_COMPLETE");
}

#[test]
fn a_wrong_property_fails_its_resource() {
    let mut world = World::new(1);
    let template = NETWORK.replace("CidrBlock: !Ref Range", "CidrBlok: !Ref Range");
    create(&mut world, "net", &template);
    pass(&mut world, 120);
    assert_eq!(status(&mut world, "net"), "ROLLBACK_COMPLETE");
    let events = events(&mut world, "net");
    let why = &events[at(&events, "Vpc", "CREATE_FAILED")].2;
    assert!(
        why.contains("Properties validation failed for resource Vpc") && why.contains("extraneous key [CidrBlok]"),
        "{why}"
    );
}

#[test]
fn the_same_seed_gives_the_same_stack() {
    let run = || {
        let mut world = World::new(3);
        create(&mut world, "net", NETWORK);
        pass(&mut world, 300);
        world
    };
    assert_eq!(run(), run());
}

#[test]
fn a_role_made_by_a_stack_may_act() {
    let mut world = World::new(1);
    let template = r#"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: "sts:AssumeRole" }]
      ManagedPolicyArns: [!Sub "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
      Policies:
        - PolicyName: read
          PolicyDocument: { Statement: [{ Effect: Allow, Action: "s3:Get*", Resource: "*" }] }
Outputs:
  Arn: { Value: !GetAtt Role.Arn }
  Name: { Value: !Ref Role }
"#;
    create(&mut world, "roles", template);
    pass(&mut world, 120);
    let shown = stack(&mut world, "roles");
    let arn = shown["Outputs"][0]["OutputValue"].as_str().unwrap().to_owned();
    assert!(shown["Outputs"][1]["OutputValue"].as_str().unwrap().starts_with("roles-Role-"));
    let allows =
        |action| crate::sandbox::services::iam::allows(&world, LEARNER_ACCOUNT, &arn, action, "arn:aws:s3:::b/k");
    assert!(allows("s3:GetObject") && allows("logs:PutLogEvents") && !allows("s3:PutObject"));
    ask(&mut world, "DeleteStack", &json!({ "StackName": "roles" })).unwrap();
    pass(&mut world, 120);
    assert!(world.accounts[LEARNER_ACCOUNT].iam.roles.is_empty());
}

#[test]
fn a_world_that_was_saved_in_the_middle_goes_on_as_if_nothing_had_happened() {
    let mut world = World::new(9);
    create(&mut world, "net", NETWORK);
    pass(&mut world, 4);
    let saved = serde_json::to_vec(&world).unwrap();
    let mut restored: World = serde_json::from_slice(&saved).unwrap();
    for one in [&mut world, &mut restored] {
        pass(one, 300);
        assert_eq!(status(one, "net"), "CREATE_COMPLETE");
    }
    assert_eq!(world, restored);
}
