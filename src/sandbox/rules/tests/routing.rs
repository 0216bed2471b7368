//! Route 53, resolvers and origin groups.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Scenario, batch, code, without};
use crate::domain::drill::{ClientClass, Probe, Signed};
use crate::sandbox::dataplane::http::{self, Request};
use crate::sandbox::dataplane::names::Endpoint;
use crate::sandbox::dataplane::tests_blog::{blog, database, page, scale};
use crate::sandbox::dataplane::tests_world::{
    BOOKS, R1, R2, Shop, change, dublin, fresh, get, latency, route, run, shop, wait,
};
use crate::sandbox::services::cloudfront;
use crate::sandbox::services::route53::checkers;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};
use crate::sandbox::{dataplane, faults};

pub(super) fn scenario(id: &str) -> Option<Scenario> {
    Some(match id {
        "apigateway.deployed-methods" => route_without_deployment,
        "apigateway.signed-requests" => unsigned_request,
        "cloudfront.failover-of-reads-only" => write_to_a_lost_origin,
        "dns.ttl" => answer_from_before,
        "elbv2.deregistration-delay" => target_that_leaves,
        "elbv2.thresholds" => one_bad_answer,
        "lambda.role" => function_without_policy,
        "elbv2.empty-group-unhealthy" | "route53.evaluate-target-health" => alias_without_targets,
        "route53.all-or-nothing" => half_a_batch,
        "route53.answer-in-two-seconds" => slow_endpoint,
        "route53.calculated-threshold" => one_child_of_two,
        "route53.consecutive-threshold" | "route53.eighteen-percent" | "route53.interval-from-response" => time_to_flip,
        "route53.delete-repeats-values" => delete_with_other_values,
        "route53.disabled-healthy" => disabled_check,
        "route53.fail-open" => both_broken,
        "route53.healthy-until-data" => new_check,
        "route53.metric-stream" => alarm_without_data,
        "route53.propagation" => right_after_a_change,
        "route53.search-5120" => text_behind_the_limit,
        "route53.tcp-ten-seconds" => time_of_a_tcp_check,
        "route53.thousand-records" => record_of_many_values,
        "route53.zero-weight" => no_weight,
        _ => return None,
    })
}

fn unsigned_request(off: Option<&str>) -> String {
    let Shop { mut world, apis, .. } = shop();
    without(&mut world, off);
    let request = Request {
        method: "GET".into(),
        secure: true,
        host: format!("{}.execute-api.{R1}.amazonaws.com", apis[0]),
        port: 443,
        path: "/prod/cart".into(),
        ..Request::default()
    };
    let answer = http::send(&mut world, &Endpoint::ApiGateway { region: R1.into() }, &request);
    format!("{:?} {}", answer.status, answer.body)
}

fn lose(world: &mut World, region: &str) {
    faults::start(world, faults::REGION_LOSS, region, Value::Null, Duration::from_hours(1)).unwrap();
}

fn record(action: &str, name: &str, values: &[&str]) -> Value {
    let values: Vec<Value> = values.iter().map(|value| json!({ "Value": format!("\"{value}\"") })).collect();
    let set = json!({ "Name": name, "Type": "TXT", "TTL": 60, "ResourceRecords": values });
    json!({ "Action": action, "ResourceRecordSet": set })
}

/// The answer to a batch, and how many record sets the zone has then.
fn changed(off: Option<&str>, batches: &[&[Value]]) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let made = run(&mut world, R1, "route53", "CreateHostedZone", &json!({ "Name": "a.test", "CallerReference": "1" }));
    let zone = made["HostedZone"]["Id"].clone();
    let mut last = String::new();
    for batch in batches {
        wait(&mut world, 120);
        let input = json!({ "HostedZoneId": zone, "ChangeBatch": { "Changes": batch } });
        last = code(&mut world, "route53", "ChangeResourceRecordSets", &input);
    }
    let listed = run(&mut world, R1, "route53", "ListResourceRecordSets", &json!({ "HostedZoneId": zone }));
    format!("{last} {}", listed["ResourceRecordSets"].as_array().unwrap().len())
}

fn half_a_batch(off: Option<&str>) -> String {
    changed(off, &[&[record("CREATE", "x.a.test", &["1"]), record("DELETE", "y.a.test", &["1"])]])
}

fn delete_with_other_values(off: Option<&str>) -> String {
    changed(off, &[&[record("CREATE", "x.a.test", &["1"])], &[record("DELETE", "x.a.test", &["2"])]])
}

fn record_of_many_values(off: Option<&str>) -> String {
    let values: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    changed(off, &[&[record("CREATE", "x.a.test", &values)]])
}

fn right_after_a_change(off: Option<&str>) -> String {
    let mut shop = shop();
    without(&mut shop.world, off);
    let zone = shop.zone.clone();
    let mut set = latency(&shop, 0);
    set["Name"] = json!("new.shop.test");
    run(&mut shop.world, R1, "route53", "ChangeResourceRecordSets", &batch(&zone, "CREATE", &set));
    let next = shop.world.now;
    shop.world.advance(next);
    dataplane::resolve(&shop.world, LEARNER_ACCOUNT, "new.shop.test", &dublin()).is_some().to_string()
}

fn slow_endpoint(off: Option<&str>) -> String {
    let Shop { mut world, checks, .. } = shop();
    without(&mut world, off);
    let slow = json!({ "seconds": 3 });
    faults::start(&mut world, faults::SLOW_ANSWERS, R1, slow, Duration::from_hours(1)).unwrap();
    wait(&mut world, 120);
    checkers::healthy(&world, LEARNER_ACCOUNT, &checks[0]).to_string()
}

/// Seconds until a check of that type in a shop whose first Region is lost.
fn time_of_a_tcp_check(off: Option<&str>) -> String {
    let Shop { mut world, .. } = shop();
    without(&mut world, off);
    let config = json!({
        "Type": "TCP", "Port": 443, "FullyQualifiedDomainName": "api-r1.shop.test", "RequestInterval": 10,
        "FailureThreshold": 3,
    });
    let id = create_check(&mut world, &config);
    wait(&mut world, 120);
    lose(&mut world, R1);
    wait(&mut world, 50);
    checkers::healthy(&world, LEARNER_ACCOUNT, &id).to_string()
}

fn text_behind_the_limit(off: Option<&str>) -> String {
    let Shop { mut world, .. } = shop();
    without(&mut world, off);
    // The list of books grows beyond what is searched, and the check looks for the book that comes last.
    for n in 0..60 {
        let item = json!({ "id": { "S": format!("n{n}") }, "name": { "S": "x".repeat(200) } });
        run(&mut world, R1, "dynamodb", "PutItem", &json!({ "TableName": "Books", "Item": item }));
    }
    let body = fresh(&mut world, "https://api-r1.shop.test/books").body;
    let ids = (0..60).map(|n| format!("\"n{n}\""));
    let last = ids.max_by_key(|id| body.find(id.as_str()).unwrap_or_default()).unwrap();
    assert!(body.find(&last).unwrap() > 5120);
    let config = json!({
        "Type": "HTTPS_STR_MATCH", "Port": 443, "ResourcePath": "/books", "FullyQualifiedDomainName": "api-r1.shop.test",
        "RequestInterval": 10, "FailureThreshold": 1, "SearchString": last,
    });
    let id = create_check(&mut world, &config);
    wait(&mut world, 60);
    checkers::healthy(&world, LEARNER_ACCOUNT, &id).to_string()
}

fn create_check(world: &mut World, config: &Value) -> String {
    let input = json!({ "CallerReference": "rule", "HealthCheckConfig": config });
    let made = run(world, R1, "route53", "CreateHealthCheck", &input);
    made["HealthCheck"]["Id"].as_str().unwrap().to_owned()
}

fn write_to_a_lost_origin(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let made = cloudfront::tests::site(&mut world);
    wait(&mut world, 1200);
    lose(&mut world, R1);
    let url = format!("https://{}/", made["Distribution"]["DomainName"].as_str().unwrap());
    // Three tries of ten seconds at each origin.
    let (vantage, timeout) = (dublin(), Duration::from_secs(90));
    let probe = Probe {
        signed: Signed::ByLearner,
        method: "POST".into(),
        url,
        body: None,
        vantage,
        class: ClientClass::Fresh,
        timeout,
    };
    format!("{:?}", dataplane::probe(&mut world, LEARNER_ACCOUNT, &probe).status)
}

fn answer_from_before(off: Option<&str>) -> String {
    let Shop { mut world, .. } = shop();
    without(&mut world, off);
    let url = "https://api.shop.test/books";
    // A client that keeps answers by itself has the second one for twice the TTL.
    get(&mut world, url, dublin(), ClientClass::Sticky);
    wait(&mut world, 121);
    get(&mut world, url, dublin(), ClientClass::Sticky);
    lose(&mut world, R1);
    wait(&mut world, 50);
    format!("{:?}", get(&mut world, url, dublin(), ClientClass::Sticky).status)
}

fn alias_without_targets(off: Option<&str>) -> String {
    let mut world = World::new(3);
    without(&mut world, off);
    let host = database(&mut world);
    let blogs = [blog(&mut world, R1, &host), blog(&mut world, R2, &host)];
    wait(&mut world, 600);
    let made =
        run(&mut world, R1, "route53", "CreateHostedZone", &json!({ "Name": "shop.test", "CallerReference": "1" }));
    let zone = made["HostedZone"]["Id"].as_str().unwrap().to_owned();
    for (blog, role) in blogs.iter().zip(["PRIMARY", "SECONDARY"]) {
        let record = json!({
            "Name": "blog.shop.test", "Type": "A", "SetIdentifier": role, "Failover": role,
            "AliasTarget": { "HostedZoneId": blog.zone_id, "DNSName": blog.dns, "EvaluateTargetHealth": true },
        });
        change(&mut world, &zone, "CREATE", &record);
    }
    scale(&mut world, R1, 0);
    wait(&mut world, 10);
    let reply = page(&mut world, "blog.shop.test");
    format!("{:?} {:?}", reply.status, reply.region)
}

fn route_without_deployment(off: Option<&str>) -> String {
    let Shop { mut world, apis, .. } = shop();
    without(&mut world, off);
    route(&mut world, R1, &apis[0], "/new", &["GET"], BOOKS, "NONE");
    format!("{:?}", fresh(&mut world, "https://api-r1.shop.test/new").status)
}

fn function_without_policy(off: Option<&str>) -> String {
    let Shop { mut world, .. } = shop();
    without(&mut world, off);
    run(&mut world, R1, "iam", "DeleteRolePolicy", &json!({ "RoleName": "reads-books", "PolicyName": "p" }));
    format!("{:?}", fresh(&mut world, "https://api-r1.shop.test/books").status)
}

/// The blog with one healthy target, and its target group.
fn healthy_blog(off: Option<&str>) -> (World, Value) {
    let mut world = World::new(3);
    without(&mut world, off);
    let host = database(&mut world);
    let group = json!({ "TargetGroupArn": blog(&mut world, R1, &host).group });
    wait(&mut world, 600);
    (world, group)
}

fn states(world: &mut World, group: &Value) -> String {
    let told = run(world, R1, "elbv2", "DescribeTargetHealth", group);
    let targets = told["TargetHealthDescriptions"].as_array().unwrap();
    targets.iter().map(|one| one["TargetHealth"]["State"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

fn one_bad_answer(off: Option<&str>) -> String {
    let (mut world, group) = healthy_blog(off);
    let out = json!({ "service": "rds" });
    faults::start(&mut world, faults::SERVICE_OUTAGE, R1, out, Duration::from_hours(1)).unwrap();
    // One interval: the target is asked once.
    wait(&mut world, 10);
    states(&mut world, &group)
}

fn target_that_leaves(off: Option<&str>) -> String {
    let (mut world, group) = healthy_blog(off);
    let told = run(&mut world, R1, "elbv2", "DescribeTargetHealth", &group);
    let mut input = group.clone();
    input["Targets"] = json!([told["TargetHealthDescriptions"][0]["Target"]]);
    run(&mut world, R1, "elbv2", "DeregisterTargets", &input);
    wait(&mut world, 2);
    states(&mut world, &group)
}

fn one_child_of_two(off: Option<&str>) -> String {
    let Shop { mut world, checks, .. } = shop();
    without(&mut world, off);
    let parent = json!({ "Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": checks });
    let parent = create_check(&mut world, &parent);
    lose(&mut world, R1);
    wait(&mut world, 120);
    checkers::healthy(&world, LEARNER_ACCOUNT, &parent).to_string()
}

fn new_check(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let id = create_check(&mut world, &json!({ "Type": "HTTP", "FullyQualifiedDomainName": "nobody.shop.test" }));
    checkers::healthy(&world, LEARNER_ACCOUNT, &id).to_string()
}

fn alarm_without_data(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let alarm = json!({
        "AlarmName": "lag", "Namespace": "AWS/RDS", "MetricName": "AuroraBinlogReplicaLag", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 60, "Statistic": "Maximum", "TreatMissingData": "breaching",
        "ComparisonOperator": "GreaterThanThreshold",
    });
    run(&mut world, R1, "cloudwatch", "PutMetricAlarm", &alarm);
    let id = create_check(
        &mut world,
        &json!({
            "Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": { "Region": R1, "Name": "lag" },
            "InsufficientDataHealthStatus": "Healthy",
        }),
    );
    wait(&mut world, 120);
    checkers::healthy(&world, LEARNER_ACCOUNT, &id).to_string()
}

fn time_to_flip(off: Option<&str>) -> String {
    let Shop { mut world, checks, .. } = shop();
    without(&mut world, off);
    lose(&mut world, R1);
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
    lose(&mut world, R1);
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
        let vantage = dublin();
        let found = dataplane::resolve(&shop.world, LEARNER_ACCOUNT, "weighted.shop.test", &vantage);
        found.unwrap().region.as_deref() == Some(R1)
    });
    (answers.count() > 0).to_string()
}
