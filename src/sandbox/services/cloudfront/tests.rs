//! Distributions: deployed, asked, failed over, disabled, deleted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value
)]

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::domain::drill::{ClientClass, Probe, ProbeError, ProbeReply, Signed, Vantage};
use crate::sandbox::Call;
use crate::sandbox::call::AwsError;
use crate::sandbox::dataplane;
use crate::sandbox::faults;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};

const ME: &str = LEARNER_ACCOUNT;
const R1: &str = "eu-west-1";
const R2: &str = "ap-southeast-1";

fn ask(world: &mut World, region: &str, service: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, ME, region).invoke(service, operation, input)
}

fn wait(world: &mut World, seconds: u64) {
    world.advance(world.now.plus(Duration::from_secs(seconds)));
}

fn get(world: &mut World, url: &str, timeout: u64) -> ProbeReply {
    let vantage = Vantage { name: "dublin".into(), nearest: R1.into() };
    let probe = Probe {
        signed: Signed::ByLearner,
        method: "GET".into(),
        url: url.into(),
        body: None,
        vantage,
        class: ClientClass::Fresh,
        timeout: Duration::from_secs(timeout),
    };
    dataplane::probe(world, ME, &probe)
}

fn bucket(world: &mut World, region: &str, name: &str, page: &'static str) {
    ask(
        world,
        region,
        "s3",
        "CreateBucket",
        &json!({ "Bucket": name, "CreateBucketConfiguration": { "LocationConstraint": region } }),
    )
    .unwrap();
    let mut call = Call::new(world, ME, region);
    call.payload = Some(Bytes::from_static(page.as_bytes()));
    let input = json!({ "Bucket": name, "Key": "index.html", "ContentType": "text/html" });
    crate::sandbox::services::dispatch(&mut call, "s3", "PutObject", &input).unwrap();
}

fn trust(world: &mut World, region: &str, name: &str, distribution: &Value) {
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "cloudfront.amazonaws.com" }, "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{name}/*"), "Condition": { "StringEquals": { "AWS:SourceArn": distribution } },
    }] });
    ask(world, region, "s3", "PutBucketPolicy", &json!({ "Bucket": name, "Policy": policy.to_string() })).unwrap();
}

/// Two buckets, an origin group over both, and the distribution's answer.
pub fn site(world: &mut World) -> Value {
    bucket(world, R1, "site-r1", "first");
    bucket(world, R2, "site-r2", "second");
    let control = json!({ "OriginAccessControlConfig": { "Name": "c", "OriginAccessControlOriginType": "s3", "SigningBehavior": "always", "SigningProtocol": "sigv4" } });
    let control =
        ask(world, R1, "cloudfront", "CreateOriginAccessControl", &control).unwrap()["OriginAccessControl"]["Id"]
            .clone();
    let origin = |id: &str, region: &str| {
        json!({
            "Id": id, "DomainName": format!("{id}.s3.{region}.amazonaws.com"), "OriginAccessControlId": control,
            "S3OriginConfig": { "OriginAccessIdentity": "" },
        })
    };
    let config = json!({
        "CallerReference": "1", "Comment": "", "Enabled": true, "DefaultRootObject": "index.html",
        "Origins": { "Quantity": 2, "Items": [origin("site-r1", R1), origin("site-r2", R2)] },
        "OriginGroups": { "Quantity": 1, "Items": [{
            "Id": "site", "FailoverCriteria": { "StatusCodes": { "Quantity": 4, "Items": [500, 502, 503, 504] } },
            "Members": { "Quantity": 2, "Items": [{ "OriginId": "site-r1" }, { "OriginId": "site-r2" }] },
        }] },
        "DefaultCacheBehavior": { "TargetOriginId": "site", "ViewerProtocolPolicy": "redirect-to-https" },
    });
    ask(world, R1, "cloudfront", "CreateDistribution", &json!({ "DistributionConfig": config })).unwrap()
}

#[test]
fn a_distribution_answers_when_deployed_and_only_from_buckets_that_trust_it() {
    let mut world = World::new(1);
    let made = site(&mut world);
    let (id, arn) = (made["Distribution"]["Id"].clone(), made["Distribution"]["ARN"].clone());
    let host = made["Distribution"]["DomainName"].as_str().unwrap().to_owned();
    assert_eq!(made["Distribution"]["Status"], "InProgress");
    assert_eq!(get(&mut world, &format!("https://{host}/"), 2).status, Err(ProbeError::Dns));
    wait(&mut world, 1200);
    let seen = ask(&mut world, R1, "cloudfront", "GetDistribution", &json!({ "Id": id })).unwrap();
    assert_eq!(seen["Distribution"]["Status"], "Deployed");
    assert_eq!(get(&mut world, &format!("https://{host}/"), 2).status, Ok(403), "the bucket trusts nobody");
    trust(&mut world, R1, "site-r1", &arn);
    let reply = get(&mut world, &format!("https://{host}/"), 2);
    assert_eq!((reply.status, reply.body.as_str()), (Ok(200), "first"));
    assert_eq!(get(&mut world, &format!("http://{host}/"), 2).status, Ok(301));
    assert_eq!(
        get(&mut world, &format!("https://{host}/none.html"), 2).status,
        Ok(403),
        "who may not list is not told"
    );
    assert_eq!(get(&mut world, "https://site-r1.s3.eu-west-1.amazonaws.com/index.html", 2).status, Ok(403));

    faults::start(&mut world, faults::REGION_LOSS, R1, Value::Null, Duration::from_hours(1)).unwrap();
    assert_eq!(get(&mut world, &format!("https://{host}/"), 40).status, Ok(403), "the copy does not trust it");
    trust(&mut world, R2, "site-r2", &arn);
    let reply = get(&mut world, &format!("https://{host}/"), 40);
    assert_eq!((reply.status, reply.body.as_str()), (Ok(200), "second"));
    assert!(reply.latency >= Duration::from_secs(30), "three tries of ten seconds at the first origin");
}

#[test]
fn a_distribution_is_disabled_and_that_is_deployed_before_it_goes() {
    let mut world = World::new(1);
    let made = site(&mut world);
    let id = made["Distribution"]["Id"].clone();
    wait(&mut world, 1200);
    let delete = |world: &mut World, etag: &Value| {
        ask(world, R1, "cloudfront", "DeleteDistribution", &json!({ "Id": id, "IfMatch": etag }))
    };
    assert_eq!(delete(&mut world, &made["ETag"]).unwrap_err().code, "DistributionNotDisabled");
    let mut config = made["Distribution"]["DistributionConfig"].clone();
    config["Enabled"] = json!(false);
    let stale = json!({ "Id": id, "IfMatch": "E1", "DistributionConfig": config });
    assert_eq!(ask(&mut world, R1, "cloudfront", "UpdateDistribution", &stale).unwrap_err().code, "PreconditionFailed");
    let update = json!({ "Id": id, "IfMatch": made["ETag"], "DistributionConfig": config });
    let etag = ask(&mut world, R1, "cloudfront", "UpdateDistribution", &update).unwrap()["ETag"].clone();
    assert_eq!(delete(&mut world, &etag).unwrap_err().code, "DistributionNotDisabled", "disabled, but not deployed");
    let controls = ask(
        &mut world,
        R1,
        "cloudfront",
        "DeleteOriginAccessControl",
        &json!({ "Id": config["Origins"]["Items"][0]["OriginAccessControlId"] }),
    );
    assert_eq!(controls.unwrap_err().code, "OriginAccessControlInUse");
    wait(&mut world, 1200);
    delete(&mut world, &etag).unwrap();
    assert_eq!(
        ask(&mut world, R1, "cloudfront", "GetDistribution", &json!({ "Id": id })).unwrap_err().code,
        "NoSuchDistribution"
    );
}
