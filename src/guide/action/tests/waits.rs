//! `aws SERVICE wait NAME`.

use super::*;

const AVAILABLE: &str = "aws rds wait db-cluster-available --db-cluster-identifier c --region eu-west-1";

fn cluster(status: &str) -> Value {
    json!({ "DBClusters": [{ "Status": status }] })
}

#[test]
fn it_polls_as_the_model_says_and_tells_each_state_once() {
    let script = Script::new()
        .ok("DescribeDBClusters", cluster("creating"))
        .ok("DescribeDBClusters", cluster("creating"))
        .ok("DescribeDBClusters", cluster("backing-up"))
        .ok("DescribeDBClusters", cluster("available"));
    let ran = run(&script, Effect::Read, &[AVAILABLE]);
    assert_eq!(*ran.done(), Done::default());
    assert_eq!(ran.took, Duration::from_secs(90));
    let name = "rds wait db-cluster-available in eu-west-1";
    assert_eq!(ran.lines(), [format!("{name}: creating"), format!("{name}: backing-up")]);
    assert_eq!(*ran.told.last().unwrap(), Told::Ok(format!("{name}: available after 1 min 30 s")));
}

#[test]
fn a_state_without_return_is_a_failure() {
    let script =
        Script::new().ok("DescribeDBClusters", cluster("creating")).ok("DescribeDBClusters", cluster("failed"));
    let ran = run(&script, Effect::Read, &[AVAILABLE]);
    let Err(ActionError::WaitFailed { what, state }) = ran.result else { panic!("{:?}", ran.result) };
    assert_eq!((what.as_str(), state.as_str()), ("rds wait db-cluster-available in eu-west-1", "failed"));
}

#[test]
fn the_time_of_the_fence_ends_it() {
    let script = Script::new().ok("DescribeDBClusters", cluster("creating"));
    let ran = run(&script, Effect::Read, &[AVAILABLE]);
    let Err(ActionError::GaveUp { what, after }) = ran.result else { panic!("{:?}", ran.result) };
    assert!(what.contains("still creating"), "{what}");
    assert_eq!(after, Duration::from_mins(20));
}

#[test]
fn the_waiters_own_count_does_not_end_it() {
    // The AWS CLI gives up after 20 polls, 5 s apart.
    let script = Script::new().fail("HeadBucket", FailureClass::NotFound, "NotFound", "no");
    let ran = run(&script, Effect::Read, &["aws s3api wait bucket-exists --bucket b --region eu-west-1"]);
    assert!(matches!(ran.result, Err(ActionError::GaveUp { after, .. }) if after == Duration::from_mins(20)));
    assert_eq!(script.called("HeadBucket").len(), 20 * 60 / 5 + 1);
}

#[test]
fn errors_and_statuses_can_be_what_is_waited_for() {
    let script = Script::new().ok("DescribeDBClusters", cluster("deleting")).fail(
        "DescribeDBClusters",
        FailureClass::NotFound,
        "DBClusterNotFoundFault",
        "gone",
    );
    let deleted = "aws rds wait db-cluster-deleted --db-cluster-identifier c --region eu-west-1";
    run(&script, Effect::Delete, &[deleted]).result.unwrap();

    let script = Script::new().fail("HeadBucket", FailureClass::NotFound, "NotFound", "no").ok("HeadBucket", json!({}));
    let ran = run(&script, Effect::Read, &["aws s3api wait bucket-exists --bucket b --region eu-west-1"]);
    assert_eq!(ran.took, Duration::from_secs(5));
    ran.result.unwrap();
}

#[test]
fn an_error_that_nobody_expects_is_a_failure_and_a_lost_connection_is_none() {
    let script = Script::new()
        .fail("DescribeDBClusters", FailureClass::Network, "NoConnection", "down")
        .fail("DescribeDBClusters", FailureClass::Throttled, "Throttling", "slow")
        .ok("DescribeDBClusters", cluster("available"));
    run(&script, Effect::Read, &[AVAILABLE]).result.unwrap();
    let script = Script::new().fail("DescribeDBClusters", FailureClass::Denied, "AccessDenied", "no");
    assert!(matches!(run(&script, Effect::Read, &[AVAILABLE]).result, Err(ActionError::Refused { .. })));
}

#[test]
fn waiting_for_a_stack_tells_its_events() {
    let stack = |status: &str| json!({ "Stacks": [{ "StackName": "s", "StackId": "arn:s", "StackStatus": status }] });
    let event = |id: &str, status: &str, reason: &str| {
        json!({ "EventId": id, "Timestamp": "2026-01-05T09:00:07.000000+00:00", "ResourceStatus": status,
            "ResourceType": "AWS::CloudFormation::Stack", "LogicalResourceId": "s", "PhysicalResourceId": "arn:s",
            "ResourceStatusReason": reason })
    };
    let old = event("1", "CREATE_COMPLETE", "");
    let start = event("2", "DELETE_IN_PROGRESS", "User Initiated");
    let script = Script::new()
        .ok("DescribeStacks", stack("DELETE_IN_PROGRESS"))
        .ok("DescribeStacks", stack("DELETE_IN_PROGRESS"))
        .fail("DescribeStacks", FailureClass::NotFound, "ValidationError", "Stack with id s does not exist")
        .ok("DescribeStackEvents", json!({ "StackEvents": [start.clone(), old.clone()] }))
        .ok("DescribeStackEvents", json!({ "StackEvents": [event("3", "DELETE_COMPLETE", ""), start, old] }));
    let wait = "aws cloudformation wait stack-delete-complete --stack-name s --region eu-west-1";
    let ran = run(&script, Effect::Delete, &[wait]);
    ran.result.as_ref().unwrap();
    let events: Vec<_> = ran.lines().into_iter().filter(|line| line.starts_with("09:00:07")).collect();
    assert_eq!(
        events,
        [
            "09:00:07  DELETE_IN_PROGRESS  AWS::CloudFormation::Stack s",
            "09:00:07  DELETE_COMPLETE  AWS::CloudFormation::Stack s"
        ]
    );
}
