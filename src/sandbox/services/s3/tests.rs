#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::sandbox::call::AwsError;
use crate::sandbox::{Call, World, faults};

const R1: &str = "eu-west-1";
const R2: &str = "ap-southeast-1";
const ME: &str = "111122223333";

fn s3(world: &mut World, region: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, ME, region).invoke("s3", operation, input)
}

fn create(world: &mut World, name: &str, region: &str) -> Result<Value, AwsError> {
    let input = json!({ "Bucket": name, "CreateBucketConfiguration": { "LocationConstraint": region } });
    s3(world, region, "CreateBucket", &input)
}

fn version(world: &mut World, name: &str, region: &str) {
    let input = json!({ "Bucket": name, "VersioningConfiguration": { "Status": "Enabled" } });
    s3(world, region, "PutBucketVersioning", &input).unwrap();
}

fn put(world: &mut World, bucket: &str, key: &str, text: &str) -> Value {
    let mut call = Call::new(world, ME, R1);
    call.payload = Some(Bytes::copy_from_slice(text.as_bytes()));
    super::handler("PutObject").unwrap()(&mut call, &json!({ "Bucket": bucket, "Key": key })).unwrap()
}

fn wait(world: &mut World, seconds: u64) {
    let until = world.now.plus(Duration::from_secs(seconds));
    world.advance(until);
}

#[test]
fn names_and_locations_follow_the_rules_of_the_region() {
    let mut world = World::new(1);
    for bad in ["ab", "Upper", "a..b", "192.168.0.1", "-edge", "under_score", "xn--a", "a-s3alias"] {
        assert_eq!(create(&mut world, bad, R1).unwrap_err().code, "InvalidBucketName", "{bad}");
    }
    let code = |result: Result<Value, AwsError>| result.unwrap_err().code;
    assert_eq!(
        code(s3(&mut world, R1, "CreateBucket", &json!({ "Bucket": "abc" }))),
        "IllegalLocationConstraintException"
    );
    let other = json!({ "Bucket": "abc", "CreateBucketConfiguration": { "LocationConstraint": R2 } });
    assert_eq!(code(s3(&mut world, R1, "CreateBucket", &other)), "IllegalLocationConstraintException");
    assert_eq!(code(create(&mut world, "abc", "us-east-1")), "InvalidLocationConstraint");
    s3(&mut world, "us-east-1", "CreateBucket", &json!({ "Bucket": "in-virginia" })).unwrap();
    s3(&mut world, "us-east-1", "CreateBucket", &json!({ "Bucket": "in-virginia" })).unwrap();
    let answer = create(&mut world, "abc", R1).unwrap();
    assert_eq!(answer["Location"], "http://abc.s3.amazonaws.com/");
    assert_eq!(code(create(&mut world, "abc", R1)), "BucketAlreadyOwnedByYou");
    let taken = Call::new(&mut world, "444455556666", R1).invoke(
        "s3",
        "CreateBucket",
        &json!({
        "Bucket": "abc", "CreateBucketConfiguration": { "LocationConstraint": R1 } }),
    );
    assert_eq!(taken.unwrap_err().status, 409);
    let location = s3(&mut world, R2, "GetBucketLocation", &json!({ "Bucket": "abc" })).unwrap();
    assert_eq!(location["LocationConstraint"], R1);
    let elsewhere = s3(&mut world, R2, "ListObjectsV2", &json!({ "Bucket": "abc" })).unwrap_err();
    assert_eq!((elsewhere.status, elsewhere.fields["BucketRegion"].as_str()), (301, Some(R1)));
}

#[test]
fn a_bucket_goes_only_when_every_version_is_gone() {
    let mut world = World::new(1);
    create(&mut world, "abc", R1).unwrap();
    version(&mut world, "abc", R1);
    let first = put(&mut world, "abc", "k", "one");
    assert_eq!(first["ETag"], "\"f97c5d29941bfb1b2fdab0874906ab82\"");
    let marker = s3(&mut world, R1, "DeleteObject", &json!({ "Bucket": "abc", "Key": "k" })).unwrap();
    assert_eq!(marker["DeleteMarker"], true);
    assert_eq!(s3(&mut world, R1, "HeadObject", &json!({ "Bucket": "abc", "Key": "k" })).unwrap_err().code, "NotFound");
    let listed = s3(&mut world, R1, "ListObjectsV2", &json!({ "Bucket": "abc" })).unwrap();
    assert_eq!(listed["KeyCount"], 0);
    let error = s3(&mut world, R1, "DeleteBucket", &json!({ "Bucket": "abc" })).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("BucketNotEmpty", 409));
    let mut off = world.clone();
    off.rules_off.insert("s3.bucket-not-empty".into());
    s3(&mut off, R1, "DeleteBucket", &json!({ "Bucket": "abc" })).unwrap();
    let all = s3(&mut world, R1, "ListObjectVersions", &json!({ "Bucket": "abc" })).unwrap();
    let ids = |list: &str| json!({ "Key": "k", "VersionId": all[list][0]["VersionId"] });
    assert_eq!(all["DeleteMarkers"][0]["IsLatest"], true);
    let input = json!({ "Bucket": "abc", "Delete": { "Objects": [ids("Versions"), ids("DeleteMarkers")] } });
    let deleted = s3(&mut world, R1, "DeleteObjects", &input).unwrap();
    assert_eq!(deleted["Deleted"].as_array().unwrap().len(), 2);
    s3(&mut world, R1, "DeleteBucket", &json!({ "Bucket": "abc" })).unwrap();
    assert_eq!(s3(&mut world, R1, "HeadBucket", &json!({ "Bucket": "abc" })).unwrap_err().code, "NotFound");
}

#[test]
fn lists_roll_up_prefixes_and_go_on_behind_a_token() {
    let mut world = World::new(1);
    create(&mut world, "abc", R1).unwrap();
    for key in ["a/1", "a/2", "b", "c/1", "d e"] {
        put(&mut world, "abc", key, key);
    }
    let page = json!({ "Bucket": "abc", "Delimiter": "/", "MaxKeys": 2 });
    let first = s3(&mut world, R1, "ListObjectsV2", &page).unwrap();
    assert_eq!(first["CommonPrefixes"], json!([{ "Prefix": "a/" }]));
    assert_eq!(first["Contents"][0]["Key"], "b");
    let next = json!({ "Bucket": "abc", "Delimiter": "/", "ContinuationToken": first["NextContinuationToken"] });
    let second = s3(&mut world, R1, "ListObjectsV2", &next).unwrap();
    assert_eq!(second["CommonPrefixes"], json!([{ "Prefix": "c/" }]));
    assert_eq!(second["Contents"][0]["Key"], "d e");
    assert_eq!(second["IsTruncated"], false);
    let versions = s3(&mut world, R1, "ListObjectVersions", &json!({ "Bucket": "abc", "MaxKeys": 2 })).unwrap();
    let next = json!({ "Bucket": "abc", "KeyMarker": versions["NextKeyMarker"], "VersionIdMarker": versions["NextVersionIdMarker"] });
    let rest = s3(&mut world, R1, "ListObjectVersions", &next).unwrap();
    assert_eq!(rest["Versions"].as_array().unwrap().len(), 3);
}

#[test]
fn copies_and_ranges_read_what_was_written() {
    let mut world = World::new(1);
    create(&mut world, "abc", R1).unwrap();
    put(&mut world, "abc", "a b", "hello world");
    let input = json!({ "Bucket": "abc", "Key": "copy", "CopySource": "abc/a%20b" });
    s3(&mut world, R1, "CopyObject", &input).unwrap();
    let mut call = Call::new(&mut world, ME, R1);
    let get = json!({ "Bucket": "abc", "Key": "copy", "Range": "bytes=6-" });
    let answer = super::handler("GetObject").unwrap()(&mut call, &get).unwrap();
    assert_eq!(call.reply_payload.as_deref(), Some(b"world".as_slice()));
    assert_eq!(answer["ContentRange"], "bytes 6-10/11");
    assert_eq!(super::read_object(&world, "abc", "copy").unwrap().bytes, "hello world");
}

#[test]
fn a_public_policy_is_blocked_and_cloudfronts_is_asked() {
    let mut world = World::new(1);
    create(&mut world, "site", R1).unwrap();
    let mut statement =
        json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*" });
    let policy =
        |statement: &Value| json!({ "Bucket": "site", "Policy": json!({ "Statement": [statement] }).to_string() });
    assert_eq!(s3(&mut world, R1, "PutBucketPolicy", &policy(&statement)).unwrap_err().code, "AccessDenied");
    let mine = "arn:aws:cloudfront::111122223333:distribution/E1";
    statement["Principal"] = json!({ "Service": "cloudfront.amazonaws.com" });
    statement["Condition"] = json!({ "StringEquals": { "AWS:SourceArn": mine } });
    s3(&mut world, R1, "PutBucketPolicy", &policy(&statement)).unwrap();
    let may = |world: &World, arn: &str| {
        super::service_may_read(world, "site", "index.html", "cloudfront.amazonaws.com", arn)
    };
    assert!(may(&world, mine));
    assert!(!may(&world, "arn:aws:cloudfront::111122223333:distribution/E2"));
    s3(&mut world, R1, "DeleteBucketPolicy", &json!({ "Bucket": "site" })).unwrap();
    assert!(!may(&world, mine));
}

fn configuration(role: &str) -> Value {
    json!({ "Bucket": "source", "ReplicationConfiguration": { "Role": role, "Rules": [{
        "ID": "all", "Status": "Enabled", "Priority": 1, "Filter": {}, "DeleteMarkerReplication": { "Status": "Disabled" },
        "Destination": { "Bucket": "arn:aws:s3:::replica" } }] } })
}

/// Two versioned buckets and a role for the destination that `pattern` names.
fn replicated(world: &mut World, pattern: &str) {
    create(world, "source", R1).unwrap();
    create(world, "replica", R2).unwrap();
    let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
    let document = json!({ "Statement": [
        { "Effect": "Allow", "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"], "Resource": "arn:aws:s3:::source" },
        { "Effect": "Allow", "Action": "s3:GetObjectVersionForReplication", "Resource": "arn:aws:s3:::source/*" },
        { "Effect": "Allow", "Action": ["s3:ReplicateObject", "s3:ReplicateDelete"], "Resource": pattern } ] });
    let mut call = Call::new(world, ME, R1);
    call.invoke("iam", "CreateRole", &json!({ "RoleName": "copier", "AssumeRolePolicyDocument": trust.to_string() }))
        .unwrap();
    let input = json!({ "RoleName": "copier", "PolicyName": "p", "PolicyDocument": document.to_string() });
    call.invoke("iam", "PutRolePolicy", &input).unwrap();
    version(world, "source", R1);
    version(world, "replica", R2);
    s3(world, R1, "PutBucketReplication", &configuration("arn:aws:iam::111122223333:role/copier")).unwrap();
}

fn status(world: &mut World, region: &str, bucket: &str) -> Option<String> {
    let head = s3(world, region, "HeadObject", &json!({ "Bucket": bucket, "Key": "k" })).ok()?;
    head["ReplicationStatus"].as_str().map(str::to_owned)
}

#[test]
fn replication_needs_versioning_on_both_sides() {
    let mut world = World::new(1);
    create(&mut world, "source", R1).unwrap();
    create(&mut world, "replica", R2).unwrap();
    let input = configuration("arn:aws:iam::111122223333:role/copier");
    let message = |world: &mut World| s3(world, R1, "PutBucketReplication", &input).map_err(|error| error.message);
    assert!(message(&mut world).unwrap_err().starts_with("Versioning must be 'Enabled'"));
    version(&mut world, "source", R1);
    assert_eq!(message(&mut world).unwrap_err(), "Destination bucket must have versioning enabled.");
    world.rules_off.insert("s3.replication-needs-versioning".into());
    message(&mut world).unwrap();
    let suspend = json!({ "Bucket": "source", "VersioningConfiguration": { "Status": "Suspended" } });
    assert_eq!(s3(&mut world, R1, "PutBucketVersioning", &suspend).unwrap_err().code, "InvalidBucketState");
}

#[test]
fn new_objects_arrive_after_a_lag_and_old_ones_do_not() {
    let mut world = World::new(1);
    create(&mut world, "source", R1).unwrap();
    put(&mut world, "source", "old", "before");
    world.buckets.remove("source");
    replicated(&mut world, "arn:aws:s3:::replica/*");
    let written = put(&mut world, "source", "k", "body");
    assert_eq!(status(&mut world, R1, "source").as_deref(), Some("PENDING"));
    assert_eq!(status(&mut world, R2, "replica"), None);
    wait(&mut world, 600);
    assert_eq!(status(&mut world, R1, "source").as_deref(), Some("COMPLETED"));
    assert_eq!(status(&mut world, R2, "replica").as_deref(), Some("REPLICA"));
    let copy = s3(&mut world, R2, "HeadObject", &json!({ "Bucket": "replica", "Key": "k" })).unwrap();
    assert_eq!(copy["VersionId"], written["VersionId"]);
    // A delete marker stays where it was made: the rule says so.
    s3(&mut world, R1, "DeleteObject", &json!({ "Bucket": "source", "Key": "k" })).unwrap();
    wait(&mut world, 600);
    assert_eq!(status(&mut world, R2, "replica").as_deref(), Some("REPLICA"));
}

#[test]
fn a_role_that_misses_its_destination_fails_silently() {
    let mut world = World::new(1);
    replicated(&mut world, "arn:aws:s3:::other-bucket/*");
    put(&mut world, "source", "k", "body");
    wait(&mut world, 600);
    assert_eq!(status(&mut world, R1, "source").as_deref(), Some("FAILED"));
    assert_eq!(status(&mut world, R2, "replica"), None);
    world.rules_off.insert("s3.replication-role".into());
    put(&mut world, "source", "k", "body");
    wait(&mut world, 600);
    assert_eq!(status(&mut world, R2, "replica").as_deref(), Some("REPLICA"));
}

#[test]
fn copies_wait_while_replication_is_cut_and_go_on_afterwards() {
    let mut world = World::new(1);
    replicated(&mut world, "arn:aws:s3:::replica/*");
    let fault = faults::start(&mut world, faults::REPLICATION_PAUSE, R2, Value::Null, Duration::from_hours(1)).unwrap();
    put(&mut world, "source", "k", "body");
    wait(&mut world, 1800);
    assert_eq!(status(&mut world, R1, "source").as_deref(), Some("PENDING"));
    let saved = serde_json::to_string(&world).unwrap();
    let mut world: World = serde_json::from_str(&saved).unwrap();
    faults::stop(&mut world, &fault.id);
    wait(&mut world, 600);
    assert_eq!(status(&mut world, R2, "replica").as_deref(), Some("REPLICA"));
}
