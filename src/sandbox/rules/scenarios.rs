//! One scenario a rule: what happens with all rules, and without this one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::RULES;
use crate::sandbox::dataplane::tests_world::{BOOKS, R1, R2, Shop, attempt, fresh, latency, run, shop, wait};
use crate::sandbox::limits::{Limits, RATES};
use crate::sandbox::services::route53::checkers;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};
use crate::sandbox::{Call, faults};

/// Runs with that rule off, and says what came out.
type Scenario = fn(off: Option<&str>) -> String;

fn scenario(id: &str) -> Option<Scenario> {
    Some(match id {
        "dynamodb.one-change-at-a-time" => change_while_creating,
        "dynamodb.replica-needs-stream" => replica_without_stream,
        "ec2.address.quota" => sixth_address,
        "ec2.vpc.quota" => sixth_vpc,
        "lambda.permission" => without_permission,
        "route53.consecutive-threshold" | "route53.eighteen-percent" | "route53.interval-from-response" => time_to_flip,
        "route53.disabled-healthy" => disabled_check,
        "route53.fail-open" => both_broken,
        "route53.one-change-at-a-time" => second_change,
        "route53.zero-weight" => no_weight,
        "route53.zone-not-empty" => zone_with_records,
        "s3.bucket-not-empty" => bucket_with_object,
        rate if RATES.iter().any(|limit| limit.rule == rate) => above_the_rate,
        _ => return None,
    })
}

fn without(world: &mut World, off: Option<&str>) {
    world.rules_off = off.map(str::to_owned).into_iter().collect();
}

/// The code of a refusal, or `done`.
fn code(world: &mut World, service: &str, operation: &str, input: &Value) -> String {
    attempt(world, R1, service, operation, input).map_or_else(|error| error.code, |_| "done".to_owned())
}

fn above_the_rate(off: Option<&str>) -> String {
    // Each rate is asked with its own operation, once more than its burst allows, at one instant.
    let outcomes = RATES.iter().map(|limit| {
        let (limits, mut world) = (Limits::default(), World::new(1));
        without(&mut world, off);
        let operation = limit.operation.unwrap_or("GetAnything");
        let ask = || limits.admit(&world, LEARNER_ACCOUNT, R1, limit.service, operation).is_ok();
        (0..=limit.burst as u32).filter(|_| ask()).count().to_string()
    });
    outcomes.collect::<Vec<_>>().join(" ")
}

fn table(stream: bool) -> Value {
    let mut input = json!({
        "TableName": "Shop", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
    });
    if stream {
        input["StreamSpecification"] = json!({ "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" });
    }
    input
}

fn replica() -> Value {
    json!({ "TableName": "Shop", "ReplicaUpdates": [{ "Create": { "RegionName": R2 } }] })
}

fn change_while_creating(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    run(&mut world, R1, "dynamodb", "CreateTable", &table(true));
    code(&mut world, "dynamodb", "UpdateTable", &replica())
}

fn replica_without_stream(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    run(&mut world, R1, "dynamodb", "CreateTable", &table(false));
    wait(&mut world, 120);
    code(&mut world, "dynamodb", "UpdateTable", &replica())
}

fn sixth_address(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let codes = (0..6).map(|_| code(&mut world, "ec2", "AllocateAddress", &json!({ "Domain": "vpc" })));
    codes.last().unwrap()
}

fn sixth_vpc(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let codes = (0..5).map(|_| code(&mut world, "ec2", "CreateVpc", &json!({ "CidrBlock": "10.0.0.0/16" })));
    codes.last().unwrap()
}

fn without_permission(off: Option<&str>) -> String {
    let mut shop = shop();
    without(&mut shop.world, off);
    run(&mut shop.world, R1, "lambda", "RemovePermission", &json!({ "FunctionName": BOOKS, "StatementId": "api" }));
    format!("{:?}", fresh(&mut shop.world, "https://api-r1.shop.test/books").status)
}

fn time_to_flip(off: Option<&str>) -> String {
    let Shop { mut world, checks, .. } = shop();
    without(&mut world, off);
    faults::start(&mut world, faults::REGION_LOSS, R1, Value::Null, Duration::from_hours(1)).unwrap();
    let begin = world.now;
    while checkers::healthy(&world, LEARNER_ACCOUNT, &checks[0]) {
        let next = world.timeline.next().unwrap();
        world.advance(next);
    }
    format!("{:?}", world.now.since(begin))
}

fn disabled_check(off: Option<&str>) -> String {
    let Shop { mut world, checks, .. } = shop();
    without(&mut world, off);
    faults::start(&mut world, faults::REGION_LOSS, R1, Value::Null, Duration::from_hours(1)).unwrap();
    wait(&mut world, 300);
    let input = json!({ "HealthCheckId": checks[0], "Disabled": true });
    run(&mut world, R1, "route53", "UpdateHealthCheck", &input);
    checkers::healthy(&world, LEARNER_ACCOUNT, &checks[0]).to_string()
}

fn both_broken(off: Option<&str>) -> String {
    let mut shop = shop();
    without(&mut shop.world, off);
    for region in [R1, R2] {
        run(&mut shop.world, region, "apigateway", "DeleteBasePathMapping", &json!({ "domainName": "*.shop.test" }));
    }
    wait(&mut shop.world, 300);
    format!("{:?}", fresh(&mut shop.world, "https://api.shop.test/books").status)
}

fn batch(zone: &str, action: &str, record: &Value) -> Value {
    json!({ "HostedZoneId": zone, "ChangeBatch": { "Changes": [{ "Action": action, "ResourceRecordSet": record }] } })
}

fn text_record(name: &str) -> Value {
    json!({ "Name": name, "Type": "TXT", "TTL": 60, "ResourceRecords": [{ "Value": "\"x\"" }] })
}

fn second_change(off: Option<&str>) -> String {
    let Shop { mut world, zone, .. } = shop();
    without(&mut world, off);
    let mut change = |name: &str| {
        code(&mut world, "route53", "ChangeResourceRecordSets", &batch(&zone, "CREATE", &text_record(name)))
    };
    change("one.shop.test");
    change("two.shop.test")
}

fn no_weight(off: Option<&str>) -> String {
    let mut shop = shop();
    without(&mut shop.world, off);
    let zone = shop.zone.clone();
    for (which, weight) in [(0, 0), (1, 10)] {
        let mut record = latency(&shop, which);
        record["Name"] = json!("weighted.shop.test");
        record.as_object_mut().unwrap().shift_remove("Region");
        record["Weight"] = json!(weight);
        run(&mut shop.world, R1, "route53", "ChangeResourceRecordSets", &batch(&zone, "CREATE", &record));
        wait(&mut shop.world, 60);
    }
    let answers = (0..60).filter(|_| {
        wait(&mut shop.world, 1);
        let vantage = crate::sandbox::dataplane::tests_world::dublin();
        let found = crate::sandbox::dataplane::resolve(&shop.world, LEARNER_ACCOUNT, "weighted.shop.test", &vantage);
        found.unwrap().region.as_deref() == Some(R1)
    });
    (answers.count() > 0).to_string()
}

fn zone_with_records(off: Option<&str>) -> String {
    let Shop { mut world, zone, .. } = shop();
    without(&mut world, off);
    code(&mut world, "route53", "DeleteHostedZone", &json!({ "Id": zone }))
}

fn bucket_with_object(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let place = json!({ "Bucket": "some-books", "CreateBucketConfiguration": { "LocationConstraint": R1 } });
    run(&mut world, R1, "s3", "CreateBucket", &place);
    let mut call = Call::new(&mut world, LEARNER_ACCOUNT, R1);
    call.payload = Some(Bytes::from_static(b"x"));
    let put = crate::sandbox::services::s3::handler("PutObject").unwrap();
    put(&mut call, &json!({ "Bucket": "some-books", "Key": "k" })).unwrap();
    code(&mut world, "s3", "DeleteBucket", &json!({ "Bucket": "some-books" }))
}

#[test]
fn every_rule_changes_its_outcome_when_it_is_switched_off() {
    for rule in RULES {
        let run = scenario(rule.id).unwrap_or_else(|| panic!("{} has no scenario", rule.id));
        let (on, off) = (run(None), run(Some(rule.id)));
        assert_ne!(on, off, "{}: {}", rule.id, rule.what);
        assert_eq!(on, run(None), "{} is not repeatable", rule.id);
    }
}

#[test]
fn every_rule_stands_once_with_its_source_and_so_does_every_rate() {
    for rule in RULES {
        assert_eq!(RULES.iter().filter(|other| other.id == rule.id).count(), 1, "{}", rule.id);
        assert!(rule.source.len() > 10 && rule.what.len() > 10, "{}", rule.id);
    }
    assert!(RATES.iter().all(|limit| RULES.iter().any(|rule| rule.id == limit.rule)));
}

/// The log of a bookstore that is built, read in between when asked for, broken and mended; restored from a snapshot in
/// the middle when asked for.
fn history(reads: bool, restored: bool) -> String {
    let Shop { mut world, zone, checks, .. } = shop();
    let look = |world: &mut World| {
        if reads {
            fresh(world, "https://api.shop.test/books");
            run(world, R1, "dynamodb", "Scan", &json!({ "TableName": "Books" }));
            run(world, R2, "ec2", "DescribeVpcs", &json!({}));
            run(world, R1, "route53", "GetHealthCheckStatus", &json!({ "HealthCheckId": checks[0] }));
        }
    };
    look(&mut world);
    faults::start(&mut world, faults::REGION_LOSS, R1, Value::Null, Duration::from_mins(5)).unwrap();
    wait(&mut world, 45);
    look(&mut world);
    if restored {
        let text = serde_json::to_vec(&world).unwrap();
        world = serde_json::from_slice(&text).unwrap();
    }
    run(&mut world, R2, "route53", "ChangeResourceRecordSets", &batch(&zone, "CREATE", &text_record("late.shop.test")));
    wait(&mut world, 3600);
    look(&mut world);
    run(&mut world, R2, "dynamodb", "CreateTable", &table(true));
    wait(&mut world, 3600);
    serde_json::to_string(&world.log).unwrap()
}

#[test]
fn the_same_changes_give_the_same_log_whatever_is_read_and_across_a_snapshot() {
    let log = history(false, false);
    assert!(log.matches("is unhealthy").count() >= 1 && log.contains("fault region-loss ends"), "{log}");
    assert_eq!(log, history(false, false));
    assert_eq!(log, history(true, false), "reads shift nothing");
    assert_eq!(log, history(false, true), "a snapshot in the middle shifts nothing");
    assert_eq!(log, history(true, true));
}
