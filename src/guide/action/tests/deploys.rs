//! `aws cloudformation deploy`.

use super::*;

const DEPLOY: &str = "aws cloudformation deploy --stack-name shop --template-file t.yaml \
    --parameter-overrides Cidr=10.0.0.0/16 Typo=x --capabilities CAPABILITY_IAM --tags run=abc --region eu-west-1";
const TEMPLATE: &str = "Parameters:\n  Cidr: {Type: String}\n  Size: {Type: String, Default: small}\n\
    Resources:\n  Vpc:\n    Type: AWS::EC2::VPC\n    Properties: {CidrBlock: !Ref Cidr}\n";

fn stack(status: &str) -> Value {
    json!({ "Stacks": [{ "StackName": "shop", "StackId": "arn:shop", "StackStatus": status, "ChangeSetId": "arn:set",
        "Parameters": [{ "ParameterKey": "Size", "ParameterValue": "large" }] }] })
}

fn event(id: u32, logical: &str, status: &str, reason: &str) -> Value {
    let own = logical == "shop";
    json!({ "EventId": id.to_string(), "Timestamp": format!("2026-01-05T09:00:{id:02}.000000+00:00"),
        "ResourceStatus": status, "LogicalResourceId": logical, "ResourceStatusReason": reason,
        "ResourceType": if own { "AWS::CloudFormation::Stack" } else { "AWS::EC2::VPC" },
        "PhysicalResourceId": if own { "arn:shop" } else { "vpc-1" } })
}

/// The newest first, as AWS gives them.
fn events(mut events: Vec<Value>) -> Value {
    events.reverse();
    json!({ "StackEvents": events })
}

/// A change set of two resources on a stack that is not there.
fn new() -> Script {
    Script::new()
        .fail("DescribeStacks", FailureClass::NotFound, "ValidationError", "Stack with id shop does not exist")
        .ok("CreateChangeSet", json!({ "Id": "arn:set", "StackId": "arn:shop" }))
        .ok("DescribeChangeSet", json!({ "Status": "CREATE_PENDING" }))
        .fail("DescribeChangeSet", FailureClass::Network, "NoConnection", "down")
        .ok("DescribeChangeSet", json!({ "Status": "CREATE_IN_PROGRESS" }))
        .ok("DescribeChangeSet", json!({ "Status": "CREATE_COMPLETE", "Changes": [{}, {}] }))
        .ok("ExecuteChangeSet", json!({}))
}

fn deploy(script: &Script, command: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.yaml"), TEMPLATE).unwrap();
    run_in(script, folder.path(), Effect::Create, &[command])
}

fn told_events(ran: &Ran) -> Vec<&str> {
    ran.lines().into_iter().filter(|line| line.starts_with("09:00:")).collect()
}

#[test]
fn a_new_stack_is_built_and_each_event_is_told_once() {
    let review = event(0, "shop", "REVIEW_IN_PROGRESS", "User Initiated");
    let start = event(1, "shop", "CREATE_IN_PROGRESS", "User Initiated");
    let (a, b) = (event(2, "Vpc", "CREATE_COMPLETE", ""), event(3, "Subnet", "CREATE_COMPLETE", ""));
    let end = event(4, "shop", "CREATE_COMPLETE", "");
    let script = new()
        .ok("DescribeStacks", stack("CREATE_IN_PROGRESS"))
        .ok("DescribeStacks", stack("CREATE_IN_PROGRESS"))
        .ok("DescribeStacks", stack("CREATE_COMPLETE"))
        .ok("DescribeStackEvents", events(vec![review.clone()]))
        .ok("DescribeStackEvents", events(vec![review.clone(), start.clone(), a.clone()]))
        .ok("DescribeStackEvents", events(vec![review.clone(), start.clone(), a.clone()]))
        .ok("DescribeStackEvents", events(vec![review, start, a, b, end]));
    let ran = deploy(&script, DEPLOY);
    assert_eq!(*ran.done(), Done { output: "Successfully created/updated stack - shop".into(), already: false });
    assert_eq!(
        told_events(&ran),
        [
            "09:00:01  CREATE_IN_PROGRESS  AWS::CloudFormation::Stack shop",
            "09:00:02  CREATE_COMPLETE  AWS::EC2::VPC Vpc",
            "09:00:03  CREATE_COMPLETE  AWS::EC2::VPC Subnet",
            "09:00:04  CREATE_COMPLETE  AWS::CloudFormation::Stack shop",
        ]
    );
    assert_eq!(ran.percents(), [50, 100]);
    // 2 s and 3 s for the change set and 10 s for a lost connection, two looks 5 s apart at the stack.
    assert_eq!(ran.took, Duration::from_secs(25));
    let sent = &script.called("CreateChangeSet")[0].input;
    assert_eq!(sent["ChangeSetType"], "CREATE");
    assert_eq!(sent["ChangeSetName"], "awscli-cloudformation-package-deploy1767603600");
    assert_eq!(sent["Parameters"], json!([{ "ParameterKey": "Cidr", "ParameterValue": "10.0.0.0/16" }]));
    assert_eq!(sent["Tags"], json!([{ "Key": "run", "Value": "abc" }]));
    assert_eq!(sent["Capabilities"], json!(["CAPABILITY_IAM"]));
    assert_eq!(sent["TemplateBody"], TEMPLATE);
    assert!(ran.lines().iter().any(|line| line.contains("no parameter Typo")));
}

#[test]
fn an_update_keeps_the_values_that_are_not_given() {
    let script = Script::new()
        .ok("DescribeStacks", stack("CREATE_COMPLETE"))
        .ok("DescribeStacks", stack("CREATE_COMPLETE"))
        .ok("DescribeStacks", stack("UPDATE_COMPLETE"))
        .ok("CreateChangeSet", json!({ "Id": "arn:set", "StackId": "arn:shop" }))
        .ok("DescribeChangeSet", json!({ "Status": "CREATE_COMPLETE", "Changes": [{}] }))
        .ok("ExecuteChangeSet", json!({}))
        .ok("DescribeStackEvents", events(vec![event(1, "shop", "CREATE_COMPLETE", "")]))
        .ok("DescribeStackEvents", events(vec![event(1, "shop", "CREATE_COMPLETE", "")]))
        .ok(
            "DescribeStackEvents",
            events(vec![
                event(1, "shop", "CREATE_COMPLETE", ""),
                event(2, "shop", "UPDATE_IN_PROGRESS", "User Initiated"),
                event(3, "shop", "UPDATE_COMPLETE", ""),
            ]),
        );
    let ran = deploy(&script, DEPLOY);
    // The stack's old CREATE_COMPLETE, seen right after the execution, does not count as its end.
    assert_eq!(told_events(&ran).len(), 2);
    ran.result.unwrap();
    let sent = &script.called("CreateChangeSet")[0].input;
    assert_eq!(sent["ChangeSetType"], "UPDATE");
    assert_eq!(
        sent["Parameters"],
        json!([{ "ParameterKey": "Cidr", "ParameterValue": "10.0.0.0/16" },
            { "ParameterKey": "Size", "UsePreviousValue": true }])
    );
}

#[test]
fn without_changes_it_is_done_already_and_leaves_no_change_set() {
    let script = || {
        Script::new()
            .ok("DescribeStacks", stack("CREATE_COMPLETE"))
            .ok("CreateChangeSet", json!({ "Id": "arn:set", "StackId": "arn:shop" }))
            .ok(
                "DescribeChangeSet",
                json!({ "Status": "FAILED", "StatusReason": "The submitted information didn't contain changes. Submit different information to create a change set." }),
            )
            .ok("DeleteChangeSet", json!({}))
    };
    let first = script();
    let ran = deploy(&first, DEPLOY);
    assert_eq!(*ran.done(), Done { output: "No changes to deploy. Stack shop is up to date".into(), already: true });
    assert_eq!(first.called("DeleteChangeSet").len(), 1);
    assert!(first.called("ExecuteChangeSet").is_empty());
    let strict = deploy(&script(), &format!("{DEPLOY} --fail-on-empty-changeset"));
    assert!(matches!(strict.result, Err(ActionError::StackFailed { .. })));
}

#[test]
fn a_failure_names_the_first_resource_and_its_reason() {
    let all = vec![
        event(1, "shop", "CREATE_IN_PROGRESS", "User Initiated"),
        event(2, "Vpc", "CREATE_FAILED", "The maximum number of VPCs has been reached."),
        event(3, "Subnet", "CREATE_FAILED", "Resource creation cancelled"),
        event(4, "shop", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Vpc]."),
        event(5, "Subnet", "DELETE_COMPLETE", ""),
        event(6, "shop", "ROLLBACK_COMPLETE", ""),
    ];
    let script = new()
        .ok("DescribeStacks", stack("CREATE_IN_PROGRESS"))
        .ok("DescribeStacks", stack("ROLLBACK_COMPLETE"))
        .ok("DescribeStackEvents", events(Vec::new()))
        .ok("DescribeStackEvents", events(all[..2].to_vec()))
        .ok("DescribeStackEvents", events(all));
    let ran = deploy(&script, DEPLOY);
    let Err(ActionError::StackFailed { stack, status, reason, events, .. }) = &ran.result else {
        panic!("{:?}", ran.result)
    };
    assert_eq!((stack.as_str(), status.as_str()), ("shop", "ROLLBACK_COMPLETE"));
    assert_eq!(reason, "Vpc: The maximum number of VPCs has been reached.");
    assert_eq!(events.len(), 1);
    assert_eq!(ran.percents(), [] as [u8; 0], "what a rollback takes away is no progress");
    assert!(told_events(&ran)[1].ends_with("Vpc: The maximum number of VPCs has been reached."));
}

#[test]
fn a_stack_that_rolled_back_before_is_not_touched() {
    let past = events(vec![
        event(1, "Old", "CREATE_FAILED", "long ago"),
        event(2, "shop", "CREATE_IN_PROGRESS", "User Initiated"),
        event(3, "Vpc", "CREATE_FAILED", "limit"),
        event(4, "shop", "ROLLBACK_COMPLETE", ""),
    ]);
    let script = Script::new().ok("DescribeStacks", stack("ROLLBACK_COMPLETE")).ok("DescribeStackEvents", past);
    let ran = deploy(&script, DEPLOY);
    let Err(ActionError::StackFailed { reason, .. }) = &ran.result else { panic!("{:?}", ran.result) };
    assert_eq!(reason, "Vpc: limit");
    assert!(script.called("CreateChangeSet").is_empty());
}

#[test]
fn a_stack_that_is_being_created_is_watched_to_its_end() {
    let script = Script::new()
        .ok("DescribeStacks", stack("CREATE_IN_PROGRESS"))
        .ok("DescribeStacks", stack("CREATE_IN_PROGRESS"))
        .ok("DescribeStacks", stack("CREATE_COMPLETE"))
        .ok("DescribeChangeSet", json!({ "Status": "CREATE_COMPLETE", "Changes": [{}, {}] }))
        .ok(
            "DescribeStackEvents",
            events(vec![
                event(1, "shop", "CREATE_IN_PROGRESS", "User Initiated"),
                event(2, "Vpc", "CREATE_COMPLETE", ""),
            ]),
        )
        .ok(
            "DescribeStackEvents",
            events(vec![
                event(1, "shop", "CREATE_IN_PROGRESS", "User Initiated"),
                event(2, "Vpc", "CREATE_COMPLETE", ""),
                event(3, "shop", "CREATE_COMPLETE", ""),
            ]),
        );
    let ran = deploy(&script, DEPLOY);
    assert_eq!(ran.done().output, "Successfully created/updated stack - shop");
    assert!(script.called("CreateChangeSet").is_empty());
    assert_eq!(told_events(&ran).len(), 3);
    assert_eq!(ran.percents(), [50, 100]);
}

#[test]
fn a_stack_that_is_being_deleted_is_awaited_and_then_made() {
    let script = Script::new()
        .ok("DescribeStacks", stack("DELETE_IN_PROGRESS"))
        .ok("DescribeStacks", stack("DELETE_IN_PROGRESS"))
        .fail("DescribeStacks", FailureClass::NotFound, "ValidationError", "Stack [arn:shop] does not exist")
        .fail("DescribeStacks", FailureClass::NotFound, "ValidationError", "Stack [shop] does not exist")
        .ok("DescribeStacks", stack("CREATE_COMPLETE"))
        .ok("CreateChangeSet", json!({ "Id": "arn:set", "StackId": "arn:shop" }))
        .ok("DescribeChangeSet", json!({ "Status": "CREATE_COMPLETE", "Changes": [] }))
        .ok("ExecuteChangeSet", json!({}))
        .ok("DescribeStackEvents", events(Vec::new()));
    deploy(&script, DEPLOY).result.unwrap();
    assert_eq!(script.called("CreateChangeSet")[0].input["ChangeSetType"], "CREATE");
}

#[test]
fn a_stop_says_that_cloudformation_goes_on() {
    let stop = Some(("DescribeStackEvents", 3, CancellationToken::new()));
    let script = Script { stop, ..new() }
        .ok("DescribeStacks", stack("CREATE_IN_PROGRESS"))
        .ok("DescribeStackEvents", events(vec![event(1, "shop", "CREATE_IN_PROGRESS", "User Initiated")]));
    let ran = deploy(&script, DEPLOY);
    assert_eq!(ran.result, Err(ActionError::Cancelled));
    assert!(ran.lines().iter().any(|line| line.contains("CloudFormation goes on with shop")), "{}", ran.all());
}

#[test]
fn a_lost_connection_while_watching_is_no_failure() {
    let script = new()
        .fail("DescribeStacks", FailureClass::Network, "NoConnection", "down")
        .ok("DescribeStacks", stack("CREATE_COMPLETE"))
        .ok("DescribeStackEvents", events(Vec::new()))
        .fail("DescribeStackEvents", FailureClass::Timeout, "Timeout", "slow")
        .ok("DescribeStackEvents", events(vec![event(1, "shop", "CREATE_COMPLETE", "")]));
    let ran = deploy(&script, DEPLOY);
    assert!(ran.all().contains("AWS cannot be reached"), "{}", ran.all());
    ran.result.unwrap();
}

#[test]
fn a_template_for_a_bucket_goes_there_under_its_hash() {
    let script = new()
        .ok("PutObject", json!({}))
        .ok("DescribeStacks", stack("CREATE_COMPLETE"))
        .ok("DescribeStackEvents", events(Vec::new()))
        .ok("DescribeStackEvents", events(vec![event(1, "shop", "CREATE_COMPLETE", "")]));
    deploy(&script, &format!("{DEPLOY} --s3-bucket b --s3-prefix p")).result.unwrap();
    let put = &script.called("PutObject")[0];
    assert_eq!(put.payload.as_deref(), Some(TEMPLATE.as_bytes()));
    let key = put.input["Key"].as_str().unwrap();
    assert!(key.starts_with("p/") && key.ends_with(".template"), "{key}");
    let sent = &script.called("CreateChangeSet")[0].input;
    assert_eq!(sent["TemplateURL"], format!("https://s3.eu-west-1.amazonaws.com/b/{key}"));
    assert!(sent.get("TemplateBody").is_none());
}

#[test]
fn a_change_set_can_be_left_for_review() {
    let ran = deploy(&new(), &format!("{DEPLOY} --no-execute-changeset"));
    assert!(ran.done().output.ends_with("describe-change-set --change-set-name arn:set"));
}

#[test]
fn a_template_without_resources_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.yaml"), "Parameters: {}\n").unwrap();
    let ran = run_in(&new(), folder.path(), Effect::Create, &[DEPLOY]);
    assert!(matches!(ran.result, Err(ActionError::Local(LocalError::Template { .. }))));
}
