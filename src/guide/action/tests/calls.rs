//! Single calls: output, re-runs, refusals that pass.

use super::*;

const TABLE: &str =
    "aws dynamodb update-table --table-name t --replica-updates 'Create={RegionName=eu-west-1}' --region eu-west-1";

#[test]
fn the_output_is_what_the_cli_prints() {
    let script = Script::new().ok("GetCallerIdentity", json!({ "Account": "123456789012", "Arn": "a" }));
    let ran = run(&script, Effect::Read, &["aws sts get-caller-identity --region eu-west-1"]);
    assert_eq!(ran.done().output, "{\n    \"Account\": \"123456789012\",\n    \"Arn\": \"a\"\n}");
    assert!(!ran.done().already);
    let ran = run(&script, Effect::Read, &["aws sts get-caller-identity --query Account --region eu-west-1"]);
    assert_eq!(ran.done().output, "\"123456789012\"");
}

#[test]
fn lists_are_read_to_their_end() {
    let script = Script::new()
        .ok("ListTables", json!({ "TableNames": ["a"], "LastEvaluatedTableName": "a" }))
        .ok("ListTables", json!({ "TableNames": ["b"] }));
    let ran = run(&script, Effect::Read, &["aws dynamodb list-tables --query 'TableNames[1]' --region eu-west-1"]);
    assert_eq!(ran.done().output, "\"b\"");
    assert_eq!(script.called("ListTables")[1].input["ExclusiveStartTableName"], "a");
}

#[test]
fn what_exists_already_counts_as_done_with_a_note() {
    let bucket = "aws s3api create-bucket --bucket b --region eu-west-1";
    let script = Script::new().fail("CreateBucket", FailureClass::Conflict, "BucketAlreadyOwnedByYou", "yours");
    let ran = run(&script, Effect::Create, &[bucket]);
    assert!(ran.done().already);
    assert!(ran.all().contains("exists already"), "{}", ran.all());

    let script = Script::new().fail("CreateBucket", FailureClass::Conflict, "BucketAlreadyExists", "another's");
    assert!(matches!(run(&script, Effect::Create, &[bucket]).result, Err(ActionError::Refused { .. })));

    let mapping = "aws apigateway create-base-path-mapping --domain-name d --rest-api-id a --region eu-west-1";
    let said = "Base path already exists for this domain name";
    let script = Script::new().fail("CreateBasePathMapping", FailureClass::Conflict, "ConflictException", said);
    assert!(run(&script, Effect::Create, &[mapping]).done().already);

    let said =
        "Failed to create a the new replica of table with name: 't' because one or more replicas already existed";
    let script = Script::new().fail("UpdateTable", FailureClass::Invalid, "ValidationException", said);
    assert!(run(&script, Effect::Update, &[TABLE]).done().already);
}

#[test]
fn already_means_that_nothing_at_all_was_changed() {
    let script = Script::new()
        .fail("CreateBucket", FailureClass::Conflict, "BucketAlreadyOwnedByYou", "yours")
        .ok("PutBucketVersioning", json!({}));
    let create = "aws s3api create-bucket --bucket b --region eu-west-1";
    let versions =
        "aws s3api put-bucket-versioning --bucket b --versioning-configuration Status=Enabled --region eu-west-1";
    let ran = run(&script, Effect::Create, &[create, versions]);
    assert_eq!(*ran.done(), Done { output: String::new(), already: false });
}

#[test]
fn a_cluster_that_is_being_deleted_does_not_count_as_made() {
    let script = Script::new()
        .fail("CreateDBCluster", FailureClass::Conflict, "DBClusterAlreadyExistsFault", "DB Cluster already exists")
        .fail("CreateDBCluster", FailureClass::Conflict, "DBClusterAlreadyExistsFault", "DB Cluster already exists")
        .ok("CreateDBCluster", json!({ "DBCluster": {} }))
        .ok("DescribeDBClusters", json!({ "DBClusters": [{ "Status": "deleting" }] }));
    let create = "aws rds create-db-cluster --db-cluster-identifier c --engine aurora-mysql --region eu-west-1";
    let ran = run(&script, Effect::Create, &[create]);
    assert!(!ran.done().already);
    assert_eq!(ran.took, Duration::from_secs(20));

    let script = Script::new()
        .fail("CreateDBCluster", FailureClass::Conflict, "DBClusterAlreadyExistsFault", "DB Cluster already exists")
        .ok("DescribeDBClusters", json!({ "DBClusters": [{ "Status": "available" }] }));
    assert!(run(&script, Effect::Create, &[create]).done().already);
}

#[test]
fn a_hosted_zone_is_the_same_only_with_the_same_caller_reference() {
    let create = "aws route53 create-hosted-zone --name shop.test --caller-reference mine --region us-east-1";
    let zones = |reference: &str| {
        Script::new().fail("CreateHostedZone", FailureClass::Conflict, "HostedZoneAlreadyExists", "exists").ok(
            "ListHostedZonesByName",
            json!({ "HostedZones": [{ "Name": "shop.test.", "CallerReference": reference }] }),
        )
    };
    assert!(run(&zones("mine"), Effect::Create, &[create]).done().already);
    assert!(matches!(run(&zones("other"), Effect::Create, &[create]).result, Err(ActionError::Refused { .. })));
}

#[test]
fn what_is_gone_already_counts_as_done() {
    let delete = "aws rds delete-db-cluster --db-cluster-identifier c --skip-final-snapshot --region eu-west-1";
    let script = Script::new().fail("DeleteDBCluster", FailureClass::NotFound, "DBClusterNotFoundFault", "gone");
    assert!(run(&script, Effect::Delete, &[delete]).done().already);
    // A fence of the drill declares a fault; the call is a deletion all the same.
    let mapping = "aws apigateway delete-base-path-mapping --domain-name d --base-path '(none)' --region eu-west-1";
    let script = Script::new().fail("DeleteBasePathMapping", FailureClass::NotFound, "NotFoundException", "gone");
    assert!(run(&script, Effect::Fault, &[mapping]).done().already);
    // What is to be changed must be there.
    let update = "aws ecs update-service --cluster c --service s --desired-count 0 --region eu-west-1";
    let script = Script::new().fail("UpdateService", FailureClass::NotFound, "ServiceNotFoundException", "gone");
    assert!(run(&script, Effect::Update, &[update]).result.is_err());
}

fn batch(action: &str) -> String {
    let record = |set: &str| {
        json!({ "Action": action, "ResourceRecordSet": { "Name": "*.Shop.test", "Type": "CNAME", "TTL": 60,
            "SetIdentifier": set, "ResourceRecords": [{ "Value": "x" }] } })
    };
    let batch = json!({ "Changes": [record("r1"), record("r2")] });
    format!("aws route53 change-resource-record-sets --hosted-zone-id Z --change-batch '{batch}' --region us-east-1")
}

fn tried(verb: &str, set: &str, state: &str) -> String {
    format!(
        "Tried to {verb} resource record set [name='\\052.shop.test.', type='CNAME', set identifier='{set}'] but {state}"
    )
}

#[test]
fn a_change_batch_that_is_made_already_is_done_and_a_half_made_one_is_finished() {
    let both =
        format!("[{}, {}]", tried("create", "r1", "it already exists"), tried("create", "r2", "it already exists"));
    let invalid = |message: &str| {
        Script::new().fail("ChangeResourceRecordSets", FailureClass::Invalid, "InvalidChangeBatch", message)
    };
    assert!(run(&invalid(&both), Effect::Create, &[&batch("CREATE")]).done().already);

    let half = format!("[{}]", tried("create", "r1", "it already exists"));
    let script = invalid(&half).ok("ChangeResourceRecordSets", json!({ "ChangeInfo": { "Id": "C" } }));
    let ran = run(&script, Effect::Create, &[&batch("CREATE")]);
    assert!(!ran.done().already);
    let sent = &script.called("ChangeResourceRecordSets")[1].input["ChangeBatch"]["Changes"];
    assert_eq!(sent.as_array().unwrap().len(), 1);
    assert_eq!(sent[0]["ResourceRecordSet"]["SetIdentifier"], "r2");

    let gone =
        format!("[{}, {}]", tried("delete", "r1", "it was not found"), tried("delete", "r2", "it was not found"));
    assert!(run(&invalid(&gone), Effect::Delete, &[&batch("DELETE")]).done().already);

    let other = format!(
        "[{}, {}]",
        tried("delete", "r1", "it was not found"),
        tried("delete", "r2", "the values provided do not match the current values")
    );
    assert!(run(&invalid(&other), Effect::Delete, &[&batch("DELETE")]).result.is_err());
}

#[test]
fn a_busy_table_is_tried_again_and_the_learner_is_told_why() {
    let busy = "Attempt to change a resource which is still in use: Table is being updated: t";
    let script = Script::new()
        .fail("UpdateTable", FailureClass::Conflict, "ResourceInUseException", busy)
        .fail("UpdateTable", FailureClass::Conflict, "ResourceInUseException", busy)
        .ok("UpdateTable", json!({ "TableDescription": { "TableStatus": "UPDATING" } }));
    let ran = run(&script, Effect::Update, &[TABLE]);
    assert!(ran.done().output.contains("UPDATING"));
    assert_eq!(ran.took, Duration::from_secs(20));
    assert!(ran.all().contains("still in use"), "{}", ran.all());
}

#[test]
fn a_conflict_that_never_ends_is_given_up_with_its_reason() {
    let script =
        Script::new().fail("UpdateTable", FailureClass::Conflict, "ResourceInUseException", "Table is being updated");
    let ran = run(&script, Effect::Update, &[TABLE]);
    let Err(ActionError::GaveUp { what, after }) = ran.result else { panic!("{:?}", ran.result) };
    assert!(what.contains("Table is being updated"), "{what}");
    assert_eq!(after, Duration::from_mins(20));
}

#[test]
fn what_waiting_does_not_mend_fails_at_once() {
    for (api, command, class, code, message) in [
        (
            "DeleteBucket",
            "aws s3api delete-bucket --bucket b --region eu-west-1",
            FailureClass::Conflict,
            "BucketNotEmpty",
            "not empty",
        ),
        (
            "DeleteDBCluster",
            "aws rds delete-db-cluster --db-cluster-identifier c --skip-final-snapshot --region eu-west-1",
            FailureClass::Conflict,
            "InvalidDBClusterStateFault",
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
        ),
        (
            "DeleteBucket",
            "aws s3api delete-bucket --bucket b --region eu-west-1",
            FailureClass::Denied,
            "AccessDenied",
            "no",
        ),
    ] {
        let script = Script::new().fail(api, class, code, message);
        let ran = run(&script, Effect::Delete, &[command]);
        assert!(matches!(ran.result, Err(ActionError::Refused { .. })), "{code}: {:?}", ran.result);
        assert_eq!((ran.took, script.called(api).len()), (Duration::ZERO, 1), "{code}");
    }
}

#[test]
fn a_stop_during_a_pause_ends_it() {
    let stop = Some(("UpdateTable", 2, CancellationToken::new()));
    let script = Script { stop, ..Script::new() };
    let script = script.fail("UpdateTable", FailureClass::Throttled, "ThrottlingException", "slow down");
    let ran = run(&script, Effect::Update, &[TABLE, TABLE]);
    assert_eq!(ran.result, Err(ActionError::Cancelled));
    assert_eq!(script.called("UpdateTable").len(), 2);
}

#[test]
fn the_first_failure_ends_the_fence() {
    let script =
        Script::new().fail("CreateBucket", FailureClass::Denied, "AccessDenied", "no").ok("DeleteBucket", json!({}));
    let commands = [
        "aws s3api create-bucket --bucket b --region eu-west-1",
        "aws s3api delete-bucket --bucket b --region eu-west-1",
    ];
    assert!(run(&script, Effect::Create, &commands).result.is_err());
    assert!(script.called("DeleteBucket").is_empty());
}

#[test]
fn nothing_is_sent_for_a_command_that_is_wrong_on_this_side() {
    for (effect, command) in [
        (Effect::Read, "aws s3api delete-bucket --bucket b --region eu-west-1"),
        (Effect::Delete, "aws s3api delete-bucket --bucket b"),
        (Effect::Delete, "aws s3api delete-buckets --bucket b --region eu-west-1"),
        (
            Effect::Create,
            "aws route53 change-resource-record-sets --hosted-zone-id Z --change-batch file://no.json --region us-east-1",
        ),
        (
            Effect::Create,
            "aws route53 change-resource-record-sets --hosted-zone-id Z --change-batch file://../x.json --region us-east-1",
        ),
    ] {
        let ran = run(&Script::new(), effect, &[command]);
        assert!(matches!(ran.result, Err(ActionError::Local(_))), "{command}: {:?}", ran.result);
    }
}

#[test]
fn an_object_is_downloaded_into_the_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let script = Script::new().bytes("GetObject", b"hello");
    let get = "aws s3api get-object --bucket b --key k below/out.txt --region eu-west-1";
    run_in(&script, folder.path(), Effect::Read, &[get]).result.unwrap();
    assert_eq!(std::fs::read(folder.path().join("below/out.txt")).unwrap(), b"hello");
}

#[test]
fn what_comes_from_aws_cannot_move_the_cursor() {
    let script =
        Script::new().fail("UpdateTable", FailureClass::Throttled, "ThrottlingException", "slow\u{1b}[2Jdown\nnow");
    let ran = run(&script, Effect::Update, &[TABLE]);
    assert!(ran.told.iter().all(|told| match told {
        Told::Line(text) | Told::Running(text) | Told::Ok(text) => !text.chars().any(char::is_control),
        Told::Percent(_) => true,
    }));
}
