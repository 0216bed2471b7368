//! Health checks: configuration, checkers and what they conclude. Numbers from aws-behaviour.md, section 3.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value
)]

use std::time::Duration;

use serde_json::{Value, json};

use super::checkers;
use crate::domain::SimTime;
use crate::sandbox::Call;
use crate::sandbox::call::AwsError;
use crate::sandbox::faults;
use crate::sandbox::services::cloudwatch;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};

const ME: &str = LEARNER_ACCOUNT;

fn ask(world: &mut World, service: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, ME, "eu-west-1").invoke(service, operation, input)
}

fn wait(world: &mut World, seconds: u64) {
    world.advance(world.now.plus(Duration::from_secs(seconds)));
}

/// A world with an API whose OPTIONS-like mock route `/ok` answers 200, and the API's id.
fn api(seed: u64) -> (World, String) {
    let mut world = World::new(seed);
    let w = &mut world;
    let made = ask(
        w,
        "apigateway",
        "CreateRestApi",
        &json!({ "name": "t", "endpointConfiguration": { "types": ["REGIONAL"] } }),
    )
    .unwrap();
    let api = made["id"].as_str().unwrap().to_owned();
    let resource = json!({ "restApiId": api, "parentId": made["rootResourceId"], "pathPart": "ok" });
    let resource = ask(w, "apigateway", "CreateResource", &resource).unwrap()["id"].clone();
    let at = |extra: Value| {
        let mut input = json!({ "restApiId": api, "resourceId": resource, "httpMethod": "GET" });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        input
    };
    ask(w, "apigateway", "PutMethod", &at(json!({ "authorizationType": "NONE" }))).unwrap();
    ask(w, "apigateway", "PutIntegration", &at(json!({ "type": "MOCK" }))).unwrap();
    ask(w, "apigateway", "PutIntegrationResponse", &at(json!({ "statusCode": "200" }))).unwrap();
    ask(w, "apigateway", "CreateDeployment", &json!({ "restApiId": api, "stageName": "prod" })).unwrap();
    (world, api)
}

fn config(api: &str, interval: u64, threshold: u64) -> Value {
    json!({
        "Type": "HTTPS", "Port": 443, "ResourcePath": "/prod/ok", "RequestInterval": interval, "FailureThreshold": threshold,
        "FullyQualifiedDomainName": format!("{api}.execute-api.eu-west-1.amazonaws.com"),
    })
}

fn check(world: &mut World, reference: &str, config: &Value) -> Result<String, AwsError> {
    let input = json!({ "CallerReference": reference, "HealthCheckConfig": config });
    let made = ask(world, "route53", "CreateHealthCheck", &input)?;
    Ok(made["HealthCheck"]["Id"].as_str().unwrap().to_owned())
}

/// Advances until the check's health is `wanted`; gives the seconds that took.
fn until(world: &mut World, id: &str, wanted: bool) -> f64 {
    let start = world.now;
    while checkers::healthy(world, ME, id) != wanted {
        let next: SimTime = world.timeline.next().unwrap();
        world.advance(next);
        assert!(world.now.since(start) < Duration::from_mins(10), "it never became {wanted}");
    }
    world.now.since(start).as_secs_f64()
}

fn break_it(world: &mut World, api: &str) {
    ask(world, "apigateway", "DeleteStage", &json!({ "restApiId": api, "stageName": "prod" })).unwrap();
}

/// p5, p50 and p95 of the time to flip after a clean failure, over that many seeds.
fn flips(interval: u64, threshold: u64, seeds: u64, fail: impl Fn(&mut World, &str)) -> (f64, f64, f64) {
    let mut times: Vec<f64> = (0..seeds)
        .map(|seed| {
            let (mut world, api) = api(seed);
            let id = check(&mut world, "c", &config(&api, interval, threshold)).unwrap();
            wait(&mut world, 120 + seed % 30);
            assert!(checkers::healthy(&world, ME, &id));
            fail(&mut world, &api);
            until(&mut world, &id, false)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[(share * times.len() as f64) as usize];
    (at(0.05), at(0.5), at(0.95))
}

#[test]
fn a_clean_failure_flips_as_fast_as_the_table_says() {
    for (interval, threshold, low, median, high) in
        [(10, 3, 26.8, 28.7, 29.8), (10, 1, 6.7, 8.5, 9.6), (30, 3, 80.0, 85.4, 88.7)]
    {
        let (p5, p50, p95) = flips(interval, threshold, 120, break_it);
        let near = |is: f64, wanted: f64| (is - wanted).abs() < 1.3 * (interval as f64 / 10.0);
        assert!(
            near(p5, low) && near(p50, median) && near(p95, high),
            "{interval}/{threshold}: {p5:.1} {p50:.1} {p95:.1} instead of {low} {median} {high}"
        );
    }
}

#[test]
fn a_black_hole_takes_four_seconds_more_for_each_answer() {
    let (_, p50, _) = flips(10, 3, 60, |world, _| {
        faults::start(world, faults::REGION_LOSS, "eu-west-1", Value::Null, Duration::from_hours(1)).unwrap();
    });
    assert!((39.0..42.0).contains(&p50), "{p50:.1} instead of 40.4");
}

#[test]
fn it_recovers_by_the_same_threshold_and_a_new_one_is_healthy_until_it_knows() {
    let (mut world, api) = api(1);
    let id = check(&mut world, "c", &config(&api, 10, 3)).unwrap();
    let mut broken = config(&api, 10, 3);
    broken["ResourcePath"] = json!("/prod/none");
    let never = check(&mut world, "never", &broken).unwrap();
    assert!(checkers::healthy(&world, ME, &never), "healthy until data");
    until(&mut world, &never, false);
    break_it(&mut world, &api);
    until(&mut world, &id, false);
    ask(&mut world, "apigateway", "CreateDeployment", &json!({ "restApiId": api, "stageName": "prod" })).unwrap();
    let seconds = until(&mut world, &id, true);
    // The third of sixteen checkers says healthy three times in a row.
    assert!((20.0..27.0).contains(&seconds), "{seconds}");
}

#[test]
fn each_rule_changes_the_outcome_when_it_is_taken_out() {
    let flip = |rule: Option<&str>| {
        let (mut world, api) = api(11);
        world.rules_off.extend(rule.map(str::to_owned));
        let id = check(&mut world, "c", &config(&api, 10, 3)).unwrap();
        wait(&mut world, 600);
        break_it(&mut world, &api);
        until(&mut world, &id, false)
    };
    let with_all = flip(None);
    assert!(flip(Some("route53.eighteen-percent")) < with_all - 1.0, "half of the checkers is reached earlier");
    assert!(flip(Some("route53.consecutive-threshold")) < with_all - 15.0, "one answer would be enough");
    let requests = |rule: Option<&str>| {
        let (mut world, api) = api(11);
        world.rules_off.extend(rule.map(str::to_owned));
        let id = check(&mut world, "c", &config(&api, 10, 3)).unwrap();
        faults::start(&mut world, faults::REGION_LOSS, "eu-west-1", Value::Null, Duration::from_hours(9)).unwrap();
        until(&mut world, &id, false)
    };
    assert!(
        requests(Some("route53.interval-from-response")) < requests(None) - 6.0,
        "the interval counts from the answer"
    );
}

#[test]
fn inverted_disabled_and_calculated_checks() {
    let (mut world, api) = api(2);
    let good = check(&mut world, "good", &config(&api, 10, 1)).unwrap();
    let mut bad = config(&api, 10, 1);
    bad["ResourcePath"] = json!("/prod/none");
    let bad = check(&mut world, "bad", &bad).unwrap();
    let mut inverted = config(&api, 10, 1);
    inverted["Inverted"] = json!(true);
    let inverted = check(&mut world, "inverted", &inverted).unwrap();
    assert!(!checkers::healthy(&world, ME, &inverted), "new and inverted: unhealthy");
    let of = |world: &mut World, name: &str, threshold: u64| {
        let config = json!({ "Type": "CALCULATED", "HealthThreshold": threshold, "ChildHealthChecks": [good, bad] });
        check(world, name, &config).unwrap()
    };
    let (none, one, two, three) =
        (of(&mut world, "0", 0), of(&mut world, "1", 1), of(&mut world, "2", 2), of(&mut world, "3", 3));
    wait(&mut world, 60);
    let healthy = |world: &World, id: &str| checkers::healthy(world, ME, id);
    assert!(healthy(&world, &good) && !healthy(&world, &bad) && !healthy(&world, &inverted));
    assert!(healthy(&world, &none) && healthy(&world, &one) && !healthy(&world, &two) && !healthy(&world, &three));
    ask(&mut world, "route53", "UpdateHealthCheck", &json!({ "HealthCheckId": bad, "Disabled": true })).unwrap();
    assert!(healthy(&world, &bad), "disabled is healthy at once");
    assert!(healthy(&world, &two) && !healthy(&world, &three), "a disabled child counts as healthy");
    ask(&mut world, "route53", "UpdateHealthCheck", &json!({ "HealthCheckId": bad, "Inverted": true })).unwrap();
    assert!(!healthy(&world, &bad), "to stop traffic, invert");
}

#[test]
fn the_status_shows_what_each_checker_heard() {
    let (mut world, api) = api(3);
    let id = check(&mut world, "c", &config(&api, 10, 3)).unwrap();
    wait(&mut world, 15);
    let shown = ask(&mut world, "route53", "GetHealthCheckStatus", &json!({ "HealthCheckId": id })).unwrap();
    let observations = shown["HealthCheckObservations"].as_array().unwrap();
    assert_eq!(observations.len(), checkers::CHECKERS);
    let regions: std::collections::BTreeSet<&str> =
        observations.iter().map(|o| o["Region"].as_str().unwrap()).collect();
    assert_eq!(regions.len(), 8);
    assert_eq!(observations[0]["StatusReport"]["Status"], "Success: HTTP Status Code 200, OK");
    break_it(&mut world, &api);
    wait(&mut world, 40);
    let shown = ask(&mut world, "route53", "GetHealthCheckStatus", &json!({ "HealthCheckId": id })).unwrap();
    assert_eq!(
        shown["HealthCheckObservations"][0]["StatusReport"]["Status"],
        "Failure: HTTP Status Code 403, Forbidden"
    );
}

#[test]
fn a_configuration_outside_awss_limits_is_refused() {
    let (mut world, api) = api(4);
    for (member, value) in [
        ("RequestInterval", json!(20)),
        ("FailureThreshold", json!(11)),
        ("Regions", json!(["eu-west-1", "us-east-1"])),
        ("Regions", json!(["eu-west-1", "us-east-1", "eu-central-1"])),
        ("SearchString", json!("x")),
        ("Type", json!("SMTP")),
    ] {
        let mut wrong = config(&api, 10, 3);
        wrong[member] = value;
        assert_eq!(check(&mut world, "c", &wrong).unwrap_err().code, "InvalidInput", "{member}");
    }
    let id = check(&mut world, "c", &config(&api, 10, 3)).unwrap();
    assert_eq!(check(&mut world, "c", &config(&api, 10, 3)).unwrap(), id, "the same request again");
    assert_eq!(check(&mut world, "c", &config(&api, 10, 2)).unwrap_err().code, "HealthCheckAlreadyExists");
    let update = json!({ "HealthCheckId": id, "HealthCheckVersion": 7, "FailureThreshold": 1 });
    assert_eq!(
        ask(&mut world, "route53", "UpdateHealthCheck", &update).unwrap_err().code,
        "HealthCheckVersionMismatch"
    );
}

#[test]
fn a_string_match_and_a_slow_name() {
    let (mut world, api) = api(5);
    let mut search = config(&api, 10, 1);
    search["Type"] = json!("HTTPS_STR_MATCH");
    search["SearchString"] = json!("not in the body");
    let search = check(&mut world, "s", &search).unwrap();
    let mut unknown = config(&api, 10, 1);
    unknown["FullyQualifiedDomainName"] = json!("nobody.shop.test");
    let unknown = check(&mut world, "n", &unknown).unwrap();
    wait(&mut world, 30);
    assert!(!checkers::healthy(&world, ME, &search));
    assert!(!checkers::healthy(&world, ME, &unknown));
    let shown = ask(&mut world, "route53", "GetHealthCheckStatus", &json!({ "HealthCheckId": unknown })).unwrap();
    let text = shown["HealthCheckObservations"][3]["StatusReport"]["Status"].as_str().unwrap().to_owned();
    assert_eq!(text, "Failure: DNS resolution failed: Rcode NXDomain(3)");
}

/// An alarm on a lag above 60, and a check that follows it.
fn alarm(world: &mut World, threshold: u64) {
    let input = json!({
        "AlarmName": "lag", "Namespace": "Shop", "MetricName": "Lag", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": threshold, "Statistic": "Maximum", "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "breaching",
    });
    ask(world, "cloudwatch", "PutMetricAlarm", &input).unwrap();
}

/// Writes a value of the metric, and waits until a check has looked at it.
fn lag(world: &mut World, value: f64) {
    cloudwatch::record(&mut Call::new(world, ME, "eu-west-1"), "Shop", "Lag", &[], value);
    wait(world, 31);
}

#[test]
fn a_check_of_an_alarm_follows_the_metric_with_the_settings_that_it_was_made_with() {
    let mut world = World::new(9);
    alarm(&mut world, 60);
    let config = |missing: &str| {
        json!({
            "Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": { "Region": "eu-west-1", "Name": "lag" },
            "InsufficientDataHealthStatus": missing,
        })
    };
    let ids = ["Healthy", "Unhealthy", "LastKnownStatus"].map(|one| check(&mut world, one, &config(one)).unwrap());
    let healthy = |world: &World| ids.each_ref().map(|id| checkers::healthy(world, ME, id));
    wait(&mut world, 31);
    assert_eq!(healthy(&world), [true, false, true], "no data, although the alarm is in ALARM");
    lag(&mut world, 99.0);
    assert_eq!(healthy(&world), [false; 3]);
    wait(&mut world, 180);
    assert_eq!(healthy(&world), [true, false, false], "no data any more");
    lag(&mut world, 1.0);
    assert_eq!(healthy(&world), [true; 3]);

    alarm(&mut world, 600);
    wait(&mut world, 120);
    lag(&mut world, 99.0);
    assert_eq!(healthy(&world), [false; 3], "a changed alarm changes no check");
    let id = json!({ "HealthCheckId": ids[0] });
    let shown = ask(&mut world, "route53", "GetHealthCheck", &id).unwrap();
    assert_eq!(shown["HealthCheck"]["CloudWatchAlarmConfiguration"]["Threshold"], 60);
    ask(&mut world, "route53", "UpdateHealthCheck", &id).unwrap();
    lag(&mut world, 99.0);
    assert_eq!(healthy(&world), [true, false, false], "until the check is updated");
}

#[test]
fn simulated_hours_are_cheap() {
    let (mut world, api) = api(6);
    for n in 0..4 {
        check(&mut world, &n.to_string(), &config(&api, 10, 3)).unwrap();
    }
    // Four checks ask 4 x 16 x 360 times an hour, less what the answers take.
    wait(&mut world, 3600);
    let asked = world.log.iter().filter(|(_, _, text)| text.contains("unhealthy")).count();
    assert_eq!(asked, 0, "an endpoint that is well stays so");
    assert!(world.timeline.len() <= 4 * checkers::CHECKERS);
}
