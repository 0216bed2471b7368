//! Each kind of fault at the wire and on the way of clients, and what cannot be started.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::clock::{Clock, Rate};
use crate::domain::SimTime;
use crate::domain::drill::ProbeError;
use crate::protocol::{Wire, WireError};
use crate::sandbox::Sandbox;
use crate::sandbox::dataplane::tests_world::{R1, R2, Shop, attempt, fresh, run, shop, wait};
use crate::sandbox::services::route53::checkers;

const HOUR: Duration = Duration::from_hours(1);
const ME: &str = crate::sandbox::world::LEARNER_ACCOUNT;

fn begin(world: &mut World, kind: &str, region: &str, parameters: Value) -> Fault {
    start(world, kind, region, parameters, HOUR).unwrap()
}

fn request(service: &str, region: &str, target: &str, content: &str, body: &str) -> http::Request<Bytes> {
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20260105/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    let mut request = http::Request::builder()
        .method("POST")
        .uri(format!("https://{service}.{region}.amazonaws.com/"))
        .header("authorization", scope);
    // A header that says nothing is not sent.
    for (name, value) in [("x-amz-target", target), ("content-type", content)].iter().filter(|(_, v)| !v.is_empty()) {
        request = request.header(*name, *value);
    }
    request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn tables(region: &str) -> http::Request<Bytes> {
    request("dynamodb", region, "DynamoDB_20120810.ListTables", "application/x-amz-json-1.0", "{}")
}

fn query(service: &str, region: &str, action: &str) -> http::Request<Bytes> {
    request(service, region, "", "application/x-www-form-urlencoded", action)
}

fn zones() -> http::Request<Bytes> {
    let mut zones = request("route53", "us-east-1", "", "", "");
    *zones.method_mut() = http::Method::GET;
    *zones.uri_mut() = "https://route53.amazonaws.com/2013-04-01/hostedzone".parse().unwrap();
    zones
}

/// Status and body of the answer at the wire while the fault lasts, and the status after it.
fn at_the_wire(kind: &str, region: &str, parameters: Value, request: &http::Request<Bytes>) -> (u16, String, u16) {
    let sandbox = Sandbox::new(World::new(1), Clock::simulated(SimTime::WORLD_START, Rate::Stepped));
    let fault = sandbox.with_world(|world| begin(world, kind, region, parameters));
    let answer = sandbox.handle(request).unwrap();
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    sandbox.with_world(|world| stop(world, &fault.id));
    (answer.status().as_u16(), body, sandbox.handle(request).unwrap().status().as_u16())
}

#[test]
fn what_cannot_be_started_is_named_with_the_nearest() {
    let mut world = World::new(1);
    let mut message = |kind: &str, region: &str, parameters: Value| {
        start(&mut world, kind, region, parameters, HOUR).unwrap_err().to_string()
    };
    assert!(message("region-los", R1, Value::Null).contains("did you mean 'region-loss'?"));
    assert!(message(REGION_LOSS, "eu-wset-1", Value::Null).contains("did you mean 'eu-west-1'?"));
    assert!(message(ROUTE53_CONTROL_PLANE, R1, Value::Null).contains("us-east-1"));
    let unknown = message(SLOW_ANSWERS, R1, json!({ "second": 3 }));
    assert!(unknown.contains("no parameter 'second', did you mean 'seconds'?"), "{unknown}");
    assert!(message(REGION_LOSS, R1, json!({ "x": 1 })).contains("takes none"));
    assert!(message(SERVICE_OUTAGE, R1, json!({})).contains("needs the parameter 'service'"));
    assert!(message(SERVICE_OUTAGE, R1, json!({ "service": "dynamodbb" })).contains("did you mean 'dynamodb'?"));
    assert!(message(REPLICATION_PAUSE, R1, json!({ "store": "redis" })).contains("dynamodb, s3, aurora"));
    assert!(message(DENIED_ACTIONS, R1, json!({ "action": "dynamodb:PutItm" })).contains("did you mean 'PutItem'?"));
    assert!(message(API_THROTTLING, R1, json!({ "share": 2 })).contains("share above 0"));
    assert!(message(GREY_FAILURE, R1, json!({ "status": 200 })).contains("400 to 599"));
    assert!(start(&mut world, REGION_LOSS, R1, Value::Null, Duration::ZERO).is_err());
    assert!(world.faults.is_empty() && world.timeline.is_empty());
}

#[test]
fn a_fault_ends_with_its_lease_and_by_its_id() {
    let mut world = World::new(1);
    for kind in KINDS {
        let region = if kind.global { "us-east-1" } else { R1 };
        let parameters = match kind.name {
            SERVICE_OUTAGE | QUOTA_REACHED => json!({ "service": "rds" }),
            DENIED_ACTIONS => json!({ "action": "s3:*" }),
            _ => Value::Null,
        };
        let first = begin(&mut world, kind.name, region, parameters.clone());
        let second = begin(&mut world, kind.name, region, parameters);
        stop(&mut world, &first.id);
        assert_eq!(world.faults.iter().map(|fault| &fault.id).collect::<Vec<_>>(), [&second.id]);
        wait(&mut world, 3601);
        assert!(world.faults.is_empty() && world.timeline.is_empty(), "{}", kind.name);
    }
}

#[test]
fn an_outage_is_one_services_in_one_region() {
    let out = json!({ "service": "dynamodb" });
    let (status, body, after) = at_the_wire(SERVICE_OUTAGE, R1, out.clone(), &tables(R1));
    assert_eq!((status, after), (503, 200), "{body}");
    assert!(body.contains("ServiceUnavailable"));
    assert_eq!(at_the_wire(SERVICE_OUTAGE, R1, out.clone(), &tables(R2)).0, 200);
    assert_eq!(
        at_the_wire(SERVICE_OUTAGE, R1, out, &query("sts", R1, "Action=GetCallerIdentity&Version=2011-06-15")).0,
        200
    );
}

#[test]
fn an_outage_on_the_way_of_clients() {
    for (service, expected) in [("apigateway", 503), ("lambda", 500), ("dynamodb", 500)] {
        let mut shop = shop();
        begin(&mut shop.world, SERVICE_OUTAGE, R1, json!({ "service": service }));
        let there = fresh(&mut shop.world, "https://api-r1.shop.test/books");
        assert!(there.status.is_ok_and(|status| status >= expected), "{service}: {there:?}");
        assert_eq!(fresh(&mut shop.world, "https://api-r2.shop.test/books").status, Ok(200), "{service}");
    }
}

#[tokio::test]
async fn a_slow_api_takes_simulated_time() {
    let sandbox = Sandbox::new(World::new(1), Clock::simulated(SimTime::WORLD_START, Rate::Jump));
    sandbox.with_world(|world| begin(world, API_SLOWNESS, R1, json!({ "seconds": 7, "service": "dynamodb" })));
    let before = sandbox.clock().now();
    assert_eq!(sandbox.send(tables(R1)).await.unwrap().status(), 200);
    assert_eq!(sandbox.clock().now().since(before), Duration::from_secs(7));
    sandbox.send(tables(R2)).await.unwrap();
    assert_eq!(sandbox.clock().now().since(before), Duration::from_secs(7), "the other Region is quick");
}

#[test]
fn throttling_has_each_protocols_words() {
    for (asked, region, status, code) in [
        (tables(R1), R1, 400, "ThrottlingException"),
        (query("rds", R1, "Action=DescribeDBClusters&Version=2014-10-31"), R1, 400, "<Code>Throttling</Code>"),
        (zones(), "us-east-1", 400, "<Code>Throttling</Code>"),
    ] {
        let (got, body, after) = at_the_wire(API_THROTTLING, region, json!({}), &asked);
        assert_eq!((got, after), (status, 200), "{body}");
        assert!(body.contains(code), "{body}");
    }
    let mut every = World::new(1);
    begin(&mut every, API_THROTTLING, R1, json!({ "service": "ec2" }));
    assert_eq!(throttled(&every, "ec2", "DescribeVpcs", R1).unwrap().code, "RequestLimitExceeded");
    assert_eq!(throttled(&every, "rds", "DescribeDBClusters", R1), None);
    // A share lets some through; which ones depends on the instant.
    let mut world = World::new(1);
    begin(&mut world, API_THROTTLING, R1, json!({ "share": 0.5 }));
    let refused = (0..200).filter(|_| {
        wait(&mut world, 1);
        throttled(&world, "rds", "DescribeDBClusters", R1).is_some()
    });
    assert!((70..130).contains(&refused.count()));
}

#[test]
fn a_denied_action_is_denied_to_people_and_to_functions() {
    let denied = json!({ "action": "dynamodb:List*" });
    let (status, body, after) = at_the_wire(DENIED_ACTIONS, R1, denied, &tables(R1));
    assert_eq!((status, after), (400, 200));
    assert!(body.contains("AccessDeniedException") && body.contains("dynamodb:ListTables"), "{body}");
    let mut shop = shop();
    begin(&mut shop.world, DENIED_ACTIONS, R1, json!({ "action": "dynamodb:*" }));
    assert_ne!(fresh(&mut shop.world, "https://api-r1.shop.test/books").status, Ok(200));
    assert!(attempt(&mut shop.world, R2, "dynamodb", "ListTables", &json!({})).is_ok());
}

#[test]
fn expired_credentials_are_said_in_each_protocols_words() {
    let (status, body, after) = at_the_wire(EXPIRED_CREDENTIALS, R1, Value::Null, &tables(R1));
    assert_eq!((status, after), (400, 200));
    assert!(body.contains("ExpiredTokenException"), "{body}");
    let asked = query("rds", R1, "Action=DescribeDBClusters&Version=2014-10-31");
    assert!(at_the_wire(EXPIRED_CREDENTIALS, R1, Value::Null, &asked).1.contains("<Code>ExpiredToken</Code>"));
}

#[test]
fn a_lost_region_gives_no_answer() {
    let sandbox = Sandbox::new(World::new(1), Clock::simulated(SimTime::WORLD_START, Rate::Stepped));
    sandbox.with_world(|world| begin(world, REGION_LOSS, R1, Value::Null));
    assert!(matches!(sandbox.handle(&tables(R1)), Err(WireError::Connection(_))));
    assert_eq!(sandbox.handle(&tables(R2)).unwrap().status(), 200);
}

#[test]
fn replication_of_one_store_can_be_paused_alone() {
    let mut world = World::new(1);
    begin(&mut world, REPLICATION_PAUSE, R1, json!({ "store": "s3" }));
    let cut = |store| replication_cut(&world, store, R2, R1);
    assert!(cut("s3") && !cut("dynamodb") && !cut("aurora"));
    begin(&mut world, REPLICATION_PAUSE, R1, Value::Null);
    assert!(["s3", "dynamodb", "aurora"].iter().all(|store| replication_cut(&world, store, R1, R2)));
}

#[test]
fn a_grey_failure_passes_the_health_check_and_not_the_client() {
    let Shop { mut world, checks, .. } = shop();
    begin(&mut world, GREY_FAILURE, R1, json!({ "status": 502, "health": "/books" }));
    wait(&mut world, 300);
    assert!(checkers::healthy(&world, ME, &checks[0]));
    assert_eq!(fresh(&mut world, "https://api-r1.shop.test/books").status, Ok(200));
    assert_eq!(fresh(&mut world, "https://api-r1.shop.test/truth").status, Ok(502));
    assert_eq!(fresh(&mut world, "https://api-r2.shop.test/truth").status, Ok(200));
}

#[test]
fn slow_answers_time_clients_and_checkers_out() {
    let Shop { mut world, checks, .. } = shop();
    begin(&mut world, SLOW_ANSWERS, R1, json!({ "seconds": 5 }));
    assert_eq!(fresh(&mut world, "https://api-r1.shop.test/books").status, Err(ProbeError::Timeout));
    wait(&mut world, 300);
    assert!(!checkers::healthy(&world, ME, &checks[0]) && checkers::healthy(&world, ME, &checks[1]));
    let mut quick = shop().world;
    begin(&mut quick, SLOW_ANSWERS, R1, json!({ "seconds": 0.5 }));
    let late = fresh(&mut quick, "https://api-r1.shop.test/books");
    assert!(late.status == Ok(200) && late.latency >= Duration::from_millis(500), "{late:?}");
}

#[test]
fn a_certificate_waits_while_validation_stands_still() {
    let Shop { mut world, zone, .. } = shop();
    let fault = begin(&mut world, CERTIFICATE_PENDING, R1, Value::Null);
    let input = json!({ "DomainName": "new.shop.test", "ValidationMethod": "DNS" });
    let arn = run(&mut world, R1, "acm", "RequestCertificate", &input)["CertificateArn"].clone();
    let described = |world: &mut World| {
        run(world, R1, "acm", "DescribeCertificate", &json!({ "CertificateArn": arn }))["Certificate"].clone()
    };
    wait(&mut world, 10);
    let record = described(&mut world)["DomainValidationOptions"][0]["ResourceRecord"].clone();
    let set = json!({ "Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{ "Value": record["Value"] }] });
    let change = json!({ "HostedZoneId": zone, "ChangeBatch": { "Changes": [{ "Action": "UPSERT", "ResourceRecordSet": set }] } });
    run(&mut world, "us-east-1", "route53", "ChangeResourceRecordSets", &change);
    wait(&mut world, 1800);
    assert_eq!(described(&mut world)["Status"], "PENDING_VALIDATION");
    stop(&mut world, &fault.id);
    wait(&mut world, 1800);
    assert_eq!(described(&mut world)["Status"], "ISSUED");
}

#[test]
fn a_reached_quota_has_the_services_own_error() {
    for (service, operation, input, code) in [
        ("ec2", "CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" }), "VpcLimitExceeded"),
        (
            "rds",
            "CreateDBCluster",
            json!({ "DBClusterIdentifier": "a", "Engine": "aurora-mysql" }),
            "DBClusterQuotaExceededFault",
        ),
        ("dynamodb", "CreateTable", json!({ "TableName": "t" }), "LimitExceededException"),
        ("s3", "CreateBucket", json!({ "Bucket": "some-bucket" }), "TooManyBuckets"),
    ] {
        let mut world = World::new(1);
        begin(&mut world, QUOTA_REACHED, R1, json!({ "service": service }));
        let error = attempt(&mut world, R1, service, operation, &input).unwrap_err();
        assert_eq!(error.code, code, "{service}");
        assert!(attempt(&mut world, R2, "sts", "GetCallerIdentity", &json!({})).is_ok());
    }
}

#[test]
fn without_route_53s_api_its_name_servers_go_on() {
    let (status, body, after) = at_the_wire(ROUTE53_CONTROL_PLANE, "us-east-1", Value::Null, &zones());
    assert_eq!((status, after), (503, 200), "{body}");
    let Shop { mut world, checks, .. } = shop();
    begin(&mut world, ROUTE53_CONTROL_PLANE, "us-east-1", Value::Null);
    assert_eq!(fresh(&mut world, "https://api.shop.test/books").region.as_deref(), Some(R1));
    begin(&mut world, REGION_LOSS, R1, Value::Null);
    wait(&mut world, 120);
    assert!(!checkers::healthy(&world, ME, &checks[0]), "the checkers go on");
    assert_eq!(fresh(&mut world, "https://api.shop.test/books").region.as_deref(), Some(R2));
}

#[test]
fn the_sixth_request_to_route_53_in_a_second_is_refused_at_the_wire() {
    let sandbox = Sandbox::new(World::new(1), Clock::simulated(SimTime::WORLD_START, Rate::Stepped));
    let statuses = |count: usize| (0..count).map(|_| sandbox.handle(&zones()).unwrap().status().as_u16());
    assert!(statuses(20).all(|status| status == 200), "the rate is off in a new world");
    sandbox.with_world(|world| world.rules_off.clear());
    assert_eq!(statuses(6).collect::<Vec<_>>(), [200, 200, 200, 200, 200, 400]);
    let body = sandbox.handle(&zones()).unwrap().into_body();
    assert!(String::from_utf8_lossy(&body).contains("<Code>Throttling</Code>"));
    assert_eq!(sandbox.handle(&tables(R1)).unwrap().status(), 200, "other services do not count");
}
