//! Executions: what they take and put, as whom, when, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{Cursor, Write as _};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::sandbox::call::AwsError;
use crate::sandbox::services::dispatch;
use crate::sandbox::{Call, World};

const ME: &str = "111122223333";
const R1: &str = "eu-west-1";

fn ask(world: &mut World, service: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, ME, R1).invoke(service, operation, input)
}

fn pipe(world: &mut World, operation: &str, input: &Value) -> Result<Value, AwsError> {
    ask(world, "codepipeline", operation, input)
}

fn put(world: &mut World, bucket: &str, key: &str, body: Vec<u8>) {
    let mut call = Call::new(world, ME, R1);
    call.payload = Some(Bytes::from(body));
    dispatch(&mut call, "s3", "PutObject", &json!({ "Bucket": bucket, "Key": key })).unwrap();
}

fn archive(text: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [("index.html", text), ("lib/cart.mjs", "export {}")] {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A world with two buckets, a role that may write to `target`, and the archive of a site.
fn world(target: &str) -> World {
    let mut world = World::new(1);
    for bucket in ["store", "site"] {
        let place = json!({ "Bucket": bucket, "CreateBucketConfiguration": { "LocationConstraint": R1 } });
        ask(&mut world, "s3", "CreateBucket", &place).unwrap();
    }
    let on = json!({ "Bucket": "store", "VersioningConfiguration": { "Status": "Enabled" } });
    ask(&mut world, "s3", "PutBucketVersioning", &on).unwrap();
    let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "codepipeline.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
    let role = json!({ "RoleName": "deliver", "AssumeRolePolicyDocument": trust.to_string() });
    ask(&mut world, "iam", "CreateRole", &role).unwrap();
    let policy = json!({ "Statement": [
        { "Effect": "Allow", "Action": ["s3:GetBucketVersioning"], "Resource": "arn:aws:s3:::store" },
        { "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::store/*" },
        { "Effect": "Allow", "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{target}/*") },
    ] });
    let policy = json!({ "RoleName": "deliver", "PolicyName": "p", "PolicyDocument": policy.to_string() });
    ask(&mut world, "iam", "PutRolePolicy", &policy).unwrap();
    put(&mut world, "store", "site.zip", archive("<p>one"));
    world
}

fn declared() -> Value {
    let kind = |category: &str| json!({ "category": category, "owner": "AWS", "provider": "S3", "version": "1" });
    json!({ "pipeline": {
        "name": "shop", "roleArn": format!("arn:aws:iam::{ME}:role/deliver"),
        "artifactStore": { "type": "S3", "location": "store" },
        "stages": [
            { "name": "Source", "actions": [{
                "name": "Archive", "actionTypeId": kind("Source"), "outputArtifacts": [{ "name": "Site" }],
                "configuration": { "S3Bucket": "store", "S3ObjectKey": "site.zip", "PollForSourceChanges": "false" },
            }] },
            { "name": "Deploy", "actions": [{
                "name": "Files", "actionTypeId": kind("Deploy"), "inputArtifacts": [{ "name": "Site" }],
                "configuration": { "BucketName": "site", "Extract": "true", "CacheControl": "no-cache" },
            }] },
        ],
    } })
}

fn pass(world: &mut World, minutes: u64) {
    let later = world.now.plus(Duration::from_mins(minutes));
    world.advance(later);
}

fn last(world: &mut World) -> Value {
    let listed = pipe(world, "ListPipelineExecutions", &json!({ "pipelineName": "shop" })).unwrap();
    listed["pipelineExecutionSummaries"][0].clone()
}

fn error_of(world: &mut World, stage: usize) -> (String, String) {
    let state = pipe(world, "GetPipelineState", &json!({ "name": "shop" })).unwrap();
    let error = &state["stageStates"][stage]["actionStates"][0]["latestExecution"]["errorDetails"];
    (error["code"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
}

#[test]
fn a_new_pipeline_runs_at_once_and_puts_every_file_into_the_bucket() {
    let mut world = world("site");
    pipe(&mut world, "CreatePipeline", &declared()).unwrap();
    assert_eq!(last(&mut world)["status"], "InProgress");
    assert!(world.buckets["site"].objects.is_empty(), "it takes time");
    pass(&mut world, 3);
    let first = last(&mut world);
    assert_eq!((&first["status"], &first["trigger"]["triggerType"]), (&json!("Succeeded"), &json!("CreatePipeline")));
    let page = ask(&mut world, "s3", "HeadObject", &json!({ "Bucket": "site", "Key": "index.html" })).unwrap();
    assert_eq!((&page["ContentType"], &page["CacheControl"]), (&json!("text/html"), &json!("no-cache")));
    let module = ask(&mut world, "s3", "HeadObject", &json!({ "Bucket": "site", "Key": "lib/cart.mjs" })).unwrap();
    assert_eq!(module["ContentType"], "text/javascript");

    put(&mut world, "store", "site.zip", archive("<p>another one"));
    let start = json!({ "name": "shop", "clientRequestToken": "once" });
    let second = pipe(&mut world, "StartPipelineExecution", &start).unwrap();
    assert_eq!(pipe(&mut world, "StartPipelineExecution", &start).unwrap(), second, "a token starts nothing twice");
    pass(&mut world, 3);
    let after = ask(&mut world, "s3", "HeadObject", &json!({ "Bucket": "site", "Key": "index.html" })).unwrap();
    assert_ne!(after["ETag"], page["ETag"]);
    let asked = json!({ "pipelineName": "shop", "pipelineExecutionId": second["pipelineExecutionId"] });
    let shown = pipe(&mut world, "GetPipelineExecution", &asked).unwrap()["pipelineExecution"].clone();
    assert_eq!((&shown["status"], &shown["artifactRevisions"][0]["name"]), (&json!("Succeeded"), &json!("Site")));
    let listed = pipe(&mut world, "ListPipelines", &json!({})).unwrap();
    assert_eq!(listed["pipelines"][0]["name"], "shop");
    pipe(&mut world, "DeletePipeline", &json!({ "name": "shop" })).unwrap();
    pipe(&mut world, "DeletePipeline", &json!({ "name": "shop" })).unwrap();
    let gone = pipe(&mut world, "GetPipeline", &json!({ "name": "shop" })).unwrap_err();
    assert_eq!(gone.code, "PipelineNotFoundException");
}

#[test]
fn it_fails_where_the_role_may_not_and_where_the_source_is_not_as_it_must_be() {
    let mut world = world("elsewhere");
    pipe(&mut world, "CreatePipeline", &declared()).unwrap();
    pass(&mut world, 3);
    assert_eq!(last(&mut world)["status"], "Failed");
    let (code, message) = error_of(&mut world, 1);
    assert_eq!(code, "PermissionError");
    assert!(message.contains("s3:PutObject on resource: arn:aws:s3:::site/index.html"), "{message}");
    assert!(world.buckets["site"].objects.is_empty());

    ask(&mut world, "s3", "DeleteObject", &json!({ "Bucket": "store", "Key": "site.zip" })).unwrap();
    pipe(&mut world, "StartPipelineExecution", &json!({ "name": "shop" })).unwrap();
    pass(&mut world, 3);
    assert_eq!(error_of(&mut world, 0).0, "ConfigurationError");
    let off = json!({ "Bucket": "store", "VersioningConfiguration": { "Status": "Suspended" } });
    ask(&mut world, "s3", "PutBucketVersioning", &off).unwrap();
    pipe(&mut world, "StartPipelineExecution", &json!({ "name": "shop" })).unwrap();
    pass(&mut world, 3);
    assert!(error_of(&mut world, 0).1.contains("must have versioning enabled"));
}

#[test]
fn a_closed_door_holds_an_execution_until_it_is_opened() {
    let mut world = world("site");
    pipe(&mut world, "CreatePipeline", &declared()).unwrap();
    let door =
        json!({ "pipelineName": "shop", "stageName": "Deploy", "transitionType": "Inbound", "reason": "failover" });
    pipe(&mut world, "DisableStageTransition", &door).unwrap();
    pass(&mut world, 10);
    assert_eq!(last(&mut world)["status"], "InProgress");
    assert!(world.buckets["site"].objects.is_empty());
    let state = pipe(&mut world, "GetPipelineState", &json!({ "name": "shop" })).unwrap()["stageStates"][1].clone();
    assert_eq!(state["inboundTransitionState"]["disabledReason"], "failover");
    assert_eq!(state["inboundExecution"]["pipelineExecutionId"], last(&mut world)["pipelineExecutionId"]);
    pipe(&mut world, "EnableStageTransition", &door).unwrap();
    pass(&mut world, 3);
    assert_eq!(last(&mut world)["status"], "Succeeded");
    let mut other = door.clone();
    other["stageName"] = json!("Test");
    assert_eq!(pipe(&mut world, "DisableStageTransition", &other).unwrap_err().code, "StageNotFoundException");
}

#[test]
fn what_cannot_run_is_refused_when_it_is_declared() {
    let mut world = world("site");
    let mut refused = |change: &dyn Fn(&mut Value)| {
        let mut input = declared();
        change(&mut input["pipeline"]);
        pipe(&mut world, "CreatePipeline", &input).unwrap_err().code
    };
    assert_eq!(
        refused(&|one| one["roleArn"] = json!("arn:aws:iam::111122223333:role/none")),
        "InvalidStructureException"
    );
    assert_eq!(refused(&|one| one["stages"].as_array_mut().unwrap().truncate(1)), "InvalidStructureException");
    assert_eq!(refused(&|one| one["stages"].as_array_mut().unwrap().reverse()), "InvalidStructureException");
    assert_eq!(refused(&|one| one["name"] = json!("a b")), "ValidationException");
    let file = |one: &mut Value| {
        one["stages"][1]["actions"][0]["configuration"] = json!({ "BucketName": "site", "Extract": "false" });
    };
    assert_eq!(refused(&file), "InvalidActionDeclarationException");
    let other = |one: &mut Value| one["stages"][1]["actions"][0]["inputArtifacts"][0]["name"] = json!("Other");
    assert_eq!(refused(&other), "InvalidActionDeclarationException");
    assert_eq!(
        refused(&|one| one["stages"][1]["actions"][0]["actionTypeId"]["provider"] = json!("CodeDeploy")),
        "SandboxUnsupportedParameter"
    );
    assert_eq!(
        refused(&|one| one["stages"][1]["actions"][0]["region"] = json!("us-west-2")),
        "SandboxUnsupportedParameter"
    );
    pipe(&mut world, "CreatePipeline", &declared()).unwrap();
    assert_eq!(pipe(&mut world, "CreatePipeline", &declared()).unwrap_err().code, "PipelineNameInUseException");
}
