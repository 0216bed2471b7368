//! One scenario a rule: what happens with all rules, and without this one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use serde_json::{Value, json};

use super::RULES;
use crate::sandbox::Call;
use crate::sandbox::dataplane::functions::Identity;
use crate::sandbox::dataplane::tests_world::{BOOKS, R1, R2, Shop, attempt, fresh, run, shop, wait};
use crate::sandbox::faults;
use crate::sandbox::limits::{Limits, RATES};
use crate::sandbox::services::servicequotas::{self, QUOTAS};
use crate::sandbox::services::{iam, logs, sts};
use crate::sandbox::world::{LEARNER_ACCOUNT, World};

mod data;
mod deletion;
mod routing;

/// Runs with that rule off, and says what came out.
type Scenario = fn(off: Option<&str>) -> String;

fn scenario(id: &str) -> Option<Scenario> {
    routing::scenario(id).or_else(|| data::scenario(id)).or_else(|| deletion::scenario(id)).or_else(|| {
        Some(match id {
            "acm.validation-72h" => certificate_for_days,
            "acm.validation-record" => certificate_for_hours,
            "cloudfront.certificate-in-us-east-1" => certificate_of_another_region,
            "ec2.address.quota" => sixth_address,
            "ec2.vpc.quota" => sixth_vpc,
            "iam.caller" => session_without_policy,
            "lambda.permission" => without_permission,
            "logs.recreated" => late_line,
            "route53.one-change-at-a-time" => second_change,
            "sts.chained-hour" => long_chained_session,
            "sts.session-expires" => session_of_yesterday,
            rate if RATES.iter().any(|limit| limit.rule == rate) => above_the_rate,
            quota if QUOTAS.iter().filter_map(|one| one.enforced.as_ref()).any(|one| one.rule == quota) => {
                above_the_quota
            }
            _ => return None,
        })
    })
}

fn without(world: &mut World, off: Option<&str>) {
    world.rules_off = off.map(str::to_owned).into_iter().collect();
    world.touch();
}

/// The code of a refusal, or `done`.
fn code(world: &mut World, service: &str, operation: &str, input: &Value) -> String {
    attempt(world, R1, service, operation, input).map_or_else(|error| error.code, |_| "done".to_owned())
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

fn above_the_quota(off: Option<&str>) -> String {
    // Each quota is asked for one more when it is nothing.
    let outcomes = QUOTAS.iter().filter_map(|quota| {
        let (service, operation) = quota.enforced.as_ref()?.at;
        let mut world = World::new(1);
        without(&mut world, off);
        let mut call = Call::new(&mut world, LEARNER_ACCOUNT, R1);
        call.account_state().quotas.raised.insert(quota.key(R1), 0.0);
        let asked = servicequotas::check(&mut call, service, operation, &json!({ "VpcId": "vpc-1" }));
        Some(asked.map_or_else(|error| error.code, |()| "done".to_owned()))
    });
    outcomes.collect::<Vec<_>>().join(" ")
}

/// The state of a certificate whose record nobody made, after hours.
fn unproven(off: Option<&str>, hours: u64) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let request = json!({ "DomainName": "www.shop.test", "ValidationMethod": "DNS" });
    let made = run(&mut world, R1, "acm", "RequestCertificate", &request);
    wait(&mut world, hours * 3600);
    let told = run(&mut world, R1, "acm", "DescribeCertificate", &made);
    told["Certificate"]["Status"].to_string()
}

fn certificate_for_hours(off: Option<&str>) -> String {
    unproven(off, 2)
}

fn certificate_for_days(off: Option<&str>) -> String {
    unproven(off, 80)
}

fn certificate_of_another_region(off: Option<&str>) -> String {
    let Shop { mut world, .. } = shop();
    without(&mut world, off);
    let listed = run(&mut world, R1, "acm", "ListCertificates", &json!({}));
    let arn = listed["CertificateSummaryList"][0]["CertificateArn"].clone();
    let config = json!({
        "CallerReference": "1", "Comment": "", "Enabled": true,
        "Origins": { "Quantity": 1, "Items": [{
            "Id": "api", "DomainName": "api.shop.test",
            "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only" },
        }] },
        "DefaultCacheBehavior": { "TargetOriginId": "api", "ViewerProtocolPolicy": "redirect-to-https" },
        "Aliases": { "Quantity": 1, "Items": ["www.shop.test"] },
        "ViewerCertificate": { "ACMCertificateArn": arn, "SSLSupportMethod": "sni-only" },
    });
    code(&mut world, "cloudfront", "CreateDistribution", &json!({ "DistributionConfig": config }))
}

/// A role that everybody of the account may assume, for twelve hours.
fn open_role(world: &mut World, name: &str) -> Value {
    let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "AWS": LEARNER_ACCOUNT }, "Action": "sts:AssumeRole" }] });
    let role = json!({
        "RoleName": name, "AssumeRolePolicyDocument": trust.to_string(), "MaxSessionDuration": 43_200,
    });
    run(world, R1, "iam", "CreateRole", &role)["Role"]["Arn"].clone()
}

fn long_chained_session(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let arn = open_role(&mut world, "second");
    let mut call = Call::new(&mut world, LEARNER_ACCOUNT, R1);
    call.principal = format!("arn:aws:sts::{LEARNER_ACCOUNT}:assumed-role/first/me");
    let input = json!({ "RoleArn": arn, "RoleSessionName": "me", "DurationSeconds": 7200 });
    call.invoke("sts", "AssumeRole", &input).map_or_else(|error| error.code, |_| "done".to_owned())
}

fn session_of_yesterday(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let arn = open_role(&mut world, "guest");
    let made = run(&mut world, R1, "sts", "AssumeRole", &json!({ "RoleArn": arn, "RoleSessionName": "me" }));
    wait(&mut world, 86_400);
    sts::expired(&world, made["Credentials"]["AccessKeyId"].as_str().unwrap()).to_string()
}

fn session_without_policy(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "AWS": LEARNER_ACCOUNT }, "Action": "sts:AssumeRole" }] });
    let role = json!({ "RoleName": "guest", "AssumeRolePolicyDocument": trust.to_string() });
    run(&mut world, R1, "iam", "CreateRole", &role);
    let mut call = Call::new(&mut world, LEARNER_ACCOUNT, R1);
    call.principal = format!("arn:aws:sts::{LEARNER_ACCOUNT}:assumed-role/guest/me");
    let asked = iam::authorize(&mut call, "dynamodb", "ListTables", &json!({}));
    asked.map_or_else(|error| error.code, |()| "done".to_owned())
}

fn late_line(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
    let role = json!({ "RoleName": "f", "AssumeRolePolicyDocument": trust.to_string() });
    let role = run(&mut world, R1, "iam", "CreateRole", &role)["Role"]["Arn"].as_str().unwrap().to_owned();
    let policy = json!({ "Statement": [{ "Effect": "Allow", "Action": "logs:*", "Resource": "*" }] });
    let policy = json!({ "RoleName": "f", "PolicyName": "p", "PolicyDocument": policy.to_string() });
    run(&mut world, R1, "iam", "PutRolePolicy", &policy);
    let who = Identity { account: LEARNER_ACCOUNT.into(), region: R1.into(), name: "f".into(), role };
    logs::append(&mut world, &who, "/aws/lambda/f", "code", &["late".to_owned()]);
    run(&mut world, R1, "logs", "DescribeLogGroups", &json!({}))["logGroups"].as_array().unwrap().len().to_string()
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

#[test]
fn every_rule_changes_its_outcome_when_it_is_switched_off() {
    let wrong = RULES.iter().filter_map(|rule| {
        let run = scenario(rule.id).unwrap_or_else(|| panic!("{} has no scenario", rule.id));
        let (on, off) = (run(None), run(Some(rule.id)));
        assert_eq!(on, run(None), "{} is not repeatable", rule.id);
        (on == off).then(|| format!("{}: {on}", rule.id))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0], "these rules change nothing");
}

#[test]
fn every_rule_stands_once_with_its_source_and_so_does_every_rate_and_quota() {
    for rule in RULES {
        assert_eq!(RULES.iter().filter(|other| other.id == rule.id).count(), 1, "{}", rule.id);
        assert!(rule.source.len() > 10 && rule.what.len() > 10, "{}", rule.id);
    }
    let known = |id: &str| RULES.iter().any(|rule| rule.id == id);
    assert!(RATES.iter().all(|limit| known(limit.rule)));
    assert!(QUOTAS.iter().filter_map(|quota| quota.enforced.as_ref()).all(|enforced| known(enforced.rule)));
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
