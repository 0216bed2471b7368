//! Explanations and previews.

use super::*;

const CLASSES: [FailureClass; 11] = [
    FailureClass::Denied,
    FailureClass::Throttled,
    FailureClass::NotFound,
    FailureClass::Conflict,
    FailureClass::Quota,
    FailureClass::Expired,
    FailureClass::Timeout,
    FailureClass::Network,
    FailureClass::Invalid,
    FailureClass::Service,
    FailureClass::Unsupported,
];

fn errors() -> Vec<ActionError> {
    let text = || "the thing".to_owned();
    let stack = |status: &str| ActionError::StackFailed {
        stack: text(),
        region: text(),
        status: status.to_owned(),
        reason: "Vpc: limit".to_owned(),
        events: Vec::new(),
    };
    let mut errors: Vec<ActionError> = CLASSES
        .iter()
        .map(|class| ActionError::Refused { doing: text(), failure: failure(*class, "Code", "why") })
        .collect();
    errors.extend(
        [
            "ROLLBACK_COMPLETE",
            "ROLLBACK_FAILED",
            "DELETE_FAILED",
            "UPDATE_ROLLBACK_COMPLETE",
            "UPDATE_ROLLBACK_FAILED",
            "CREATE_FAILED",
            "DELETE_COMPLETE",
            "FAILED (change set)",
        ]
        .map(stack),
    );
    errors.extend([
        ActionError::Cancelled,
        ActionError::WaitFailed { what: text(), state: text() },
        ActionError::GaveUp { what: text(), after: Duration::from_secs(5) },
        LocalError::Outside(text()).into(),
        LocalError::NotARead(text()).into(),
        LocalError::NoRegion(text()).into(),
        LocalError::Form("this form is unknown".into()).into(),
        LocalError::File { path: text(), why: text() }.into(),
        LocalError::Template { path: text(), why: text() }.into(),
        LocalError::Query { query: text(), why: text() }.into(),
    ]);
    errors
}

#[test]
fn every_failure_says_what_happened_what_it_means_and_what_to_press() {
    for (error, simulated) in errors().into_iter().flat_map(|error| [(error.clone(), false), (error, true)]) {
        let trouble = explain(&error, simulated);
        for part in [&trouble.what, &trouble.means, &trouble.press] {
            assert!(part.len() > 5 && part.ends_with('.') && !part.ends_with(".."), "{error:?}: {part}");
            assert!(!part.to_lowercase().contains("you forgot"), "{part}");
        }
    }
}

#[test]
fn classes_are_told_apart() {
    let means: std::collections::BTreeSet<String> = CLASSES
        .iter()
        .map(|class| ActionError::Refused { doing: String::new(), failure: failure(*class, "Code", "why") })
        .map(|error| explain(&error, false).means)
        .collect();
    assert_eq!(means.len(), CLASSES.len());
}

#[test]
fn a_stack_that_rolled_back_is_to_be_deleted_first() {
    let error = ActionError::StackFailed {
        stack: "shop".into(),
        region: "eu-west-1".into(),
        status: "ROLLBACK_COMPLETE".into(),
        reason: "Vpc: limit".into(),
        events: Vec::new(),
    };
    let trouble = explain(&error, true);
    assert!(trouble.what.contains("Vpc: limit"));
    assert!(trouble.press.contains("aws cloudformation delete-stack --stack-name shop --region eu-west-1"));
}

#[test]
fn a_preview_shows_what_would_be_sent() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.yaml"), "Resources: {}\n").unwrap();
    let commands = [
        "aws rds delete-db-cluster --db-cluster-identifier c --skip-final-snapshot --region eu-west-1",
        "aws rds wait db-cluster-deleted --db-cluster-identifier c --region eu-west-1",
        "aws cloudformation deploy --stack-name s --template-file t.yaml --parameter-overrides A=b --region eu-west-1",
        "aws s3 sync site s3://b --delete --region eu-west-1",
        "aws s3 cp file://../secret s3://b/k",
        "aws rds delete-db-clusters",
    ];
    let shown = preview(&commands.map(str::to_owned), folder.path());
    for part in [
        "aws rds delete-db-cluster in eu-west-1 (DeleteDBCluster)\n{\n    \"DBClusterIdentifier\": \"c\"",
        "DescribeDBClusters every 30 s, as long as there is time",
        "    \"Parameters\": {\n        \"A\": \"b\"\n    }",
        "2. CreateChangeSet",
        "2. PutObject for each that is new or differs\n3. DeleteObjects",
        "did you mean 'delete-db-cluster'?",
    ] {
        assert!(shown.contains(part), "{part}\n---\n{shown}");
    }
}
