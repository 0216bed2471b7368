//! Route 53, resolvers and origin groups.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Scenario, batch, without};
use crate::domain::drill::{ClientClass, Probe};
use crate::sandbox::dataplane::tests_blog::{blog, database, page, scale};
use crate::sandbox::dataplane::tests_world::{R1, R2, Shop, change, dublin, fresh, get, latency, run, shop, wait};
use crate::sandbox::services::cloudfront;
use crate::sandbox::services::route53::checkers;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};
use crate::sandbox::{dataplane, faults};

pub(super) fn scenario(id: &str) -> Option<Scenario> {
    Some(match id {
        "cloudfront.failover-of-reads-only" => write_to_a_lost_origin,
        "dns.ttl" => answer_from_before,
        "elbv2.empty-group-unhealthy" | "route53.evaluate-target-health" => alias_without_targets,
        "route53.calculated-threshold" => one_child_of_two,
        "route53.consecutive-threshold" | "route53.eighteen-percent" | "route53.interval-from-response" => time_to_flip,
        "route53.disabled-healthy" => disabled_check,
        "route53.fail-open" => both_broken,
        "route53.healthy-until-data" => new_check,
        "route53.metric-stream" => alarm_without_data,
        "route53.zero-weight" => no_weight,
        _ => return None,
    })
}

fn lose(world: &mut World, region: &str) {
    faults::start(world, faults::REGION_LOSS, region, Value::Null, Duration::from_hours(1)).unwrap();
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
    let probe = Probe { method: "POST".into(), url, body: None, vantage, class: ClientClass::Fresh, timeout };
    format!("{:?}", dataplane::probe(&mut world, LEARNER_ACCOUNT, &probe).status)
}

fn answer_from_before(off: Option<&str>) -> String {
    let Shop { mut world, .. } = shop();
    without(&mut world, off);
    let url = "https://api.shop.test/books";
    // The second answer is fresh in the resolver, for a whole TTL.
    get(&mut world, url, dublin(), ClientClass::TtlHonouring);
    wait(&mut world, 61);
    get(&mut world, url, dublin(), ClientClass::TtlHonouring);
    lose(&mut world, R1);
    wait(&mut world, 50);
    format!("{:?}", get(&mut world, url, dublin(), ClientClass::TtlHonouring).status)
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
