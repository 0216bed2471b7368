//! Policies of records, and what resolvers keep.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value
)]

use std::time::Duration;

use serde_json::{Value, json};

use super::tests_world::*;
use crate::domain::drill::{ClientClass, ProbeError};
use crate::sandbox::dataplane;
use crate::sandbox::world::World;

fn zone() -> (World, String) {
    let mut world = World::new(5);
    let made =
        run(&mut world, R1, "route53", "CreateHostedZone", &json!({ "Name": "shop.test", "CallerReference": "1" }));
    (world, made["HostedZone"]["Id"].as_str().unwrap().to_owned())
}

fn record(set: &str, value: &str, extra: Value) -> Value {
    let mut record = json!({ "Name": "x.shop.test", "Type": "A", "TTL": 60, "SetIdentifier": set, "ResourceRecords": [{ "Value": value }] });
    record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    record
}

fn broken_check(world: &mut World, reference: &str) -> String {
    let config = json!({ "Type": "HTTP", "FullyQualifiedDomainName": "none.test", "RequestInterval": 10, "FailureThreshold": 1 });
    let made = run(
        world,
        R1,
        "route53",
        "CreateHealthCheck",
        &json!({ "CallerReference": reference, "HealthCheckConfig": config }),
    );
    wait(world, 30);
    made["HealthCheck"]["Id"].as_str().unwrap().to_owned()
}

fn answered(world: &World) -> Vec<String> {
    dataplane::resolve(world, ME, "x.shop.test", &dublin()).map(|answer| answer.targets).unwrap_or_default()
}

#[test]
fn weights_share_and_zero_is_only_for_need() {
    let (mut world, zone) = zone();
    change(&mut world, &zone, "CREATE", &record("a", "192.0.2.1", json!({ "Weight": 30 })));
    change(&mut world, &zone, "CREATE", &record("b", "192.0.2.2", json!({ "Weight": 10 })));
    change(&mut world, &zone, "CREATE", &record("c", "192.0.2.3", json!({ "Weight": 0 })));
    let mut counts = [0, 0, 0];
    for _ in 0..2000 {
        wait(&mut world, 1);
        let last: usize = answered(&world)[0].rsplit('.').next().unwrap().parse().unwrap();
        counts[last - 1] += 1;
    }
    assert!((1400..1600).contains(&counts[0]) && counts[2] == 0, "{counts:?}");
    let check = broken_check(&mut world, "x");
    change(&mut world, &zone, "UPSERT", &record("a", "192.0.2.1", json!({ "Weight": 30, "HealthCheckId": check })));
    change(&mut world, &zone, "UPSERT", &record("b", "192.0.2.2", json!({ "Weight": 10, "HealthCheckId": check })));
    assert_eq!(answered(&world), ["192.0.2.3"], "all that weigh are unhealthy");
}

#[test]
fn a_failover_pair_answers_primary_secondary_and_when_both_are_unhealthy_primary() {
    let (mut world, zone) = zone();
    let check = broken_check(&mut world, "x");
    let primary = |check: &Value| record("p", "192.0.2.1", json!({ "Failover": "PRIMARY", "HealthCheckId": check }));
    let mut plain = primary(&Value::Null);
    plain.as_object_mut().unwrap().shift_remove("HealthCheckId");
    change(&mut world, &zone, "CREATE", &plain);
    change(&mut world, &zone, "CREATE", &record("s", "192.0.2.2", json!({ "Failover": "SECONDARY" })));
    assert_eq!(answered(&world), ["192.0.2.1"]);
    change(&mut world, &zone, "UPSERT", &primary(&json!(check)));
    assert_eq!(answered(&world), ["192.0.2.2"]);
    change(
        &mut world,
        &zone,
        "UPSERT",
        &record("s", "192.0.2.2", json!({ "Failover": "SECONDARY", "HealthCheckId": check })),
    );
    assert_eq!(answered(&world), ["192.0.2.1"]);
}

#[test]
fn multivalue_answers_up_to_eight_healthy_ones() {
    let (mut world, zone) = zone();
    let check = broken_check(&mut world, "x");
    for n in 0..10 {
        change(
            &mut world,
            &zone,
            "CREATE",
            &record(&format!("m{n}"), &format!("192.0.2.{n}"), json!({ "MultiValueAnswer": true })),
        );
    }
    assert_eq!(answered(&world).len(), 8);
    for n in 0..7 {
        let extra = json!({ "MultiValueAnswer": true, "HealthCheckId": check });
        change(&mut world, &zone, "UPSERT", &record(&format!("m{n}"), &format!("192.0.2.{n}"), extra));
    }
    assert_eq!(answered(&world).len(), 3);
}

#[test]
fn resolvers_keep_answers_for_the_ttl_or_twice_as_long() {
    let mut shop = shop();
    let url = "https://api-r1.shop.test/truth";
    let region = |shop: &mut Shop, class| get(&mut shop.world, url, dublin(), class).region.unwrap_or_default();
    for class in [ClientClass::Fresh, ClientClass::TtlHonouring, ClientClass::Sticky] {
        assert_eq!(region(&mut shop, class), R1);
    }
    let moved = json!({ "Name": "api-r1.shop.test", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{ "Value": shop.names[1] }] });
    let asked = shop.world.now;
    run(
        &mut shop.world,
        R1,
        "route53",
        "ChangeResourceRecordSets",
        &json!({
            "HostedZoneId": shop.zone, "ChangeBatch": { "Changes": [{ "Action": "UPSERT", "ResourceRecordSet": moved }] },
        }),
    );
    let mut moved_after = [0, 0, 0];
    while shop.world.now.since(asked) < Duration::from_secs(200) {
        wait(&mut shop.world, 1);
        let age = shop.world.now.since(asked).as_secs();
        for (slot, class) in
            [ClientClass::Fresh, ClientClass::TtlHonouring, ClientClass::Sticky].into_iter().enumerate()
        {
            if region(&mut shop, class) == R2 && moved_after[slot] == 0 {
                moved_after[slot] = age;
            }
        }
    }
    assert!((1..60).contains(&moved_after[0]), "INSYNC within a minute: {moved_after:?}");
    let kept = [moved_after[1] - moved_after[0], moved_after[2] - moved_after[0]];
    assert!(kept[0] <= 60 && (60..=120).contains(&kept[1]), "TTL 60, once and twice, from its last answer: {kept:?}");
}

#[test]
fn a_name_that_did_not_exist_is_kept_as_missing_for_fifteen_minutes() {
    let (mut world, zone) = zone();
    let look = |world: &mut World, class| get(world, "https://x.shop.test/", dublin(), class).status;
    assert_eq!(look(&mut world, ClientClass::TtlHonouring), Err(ProbeError::Dns));
    let plain = json!({ "Name": "x.shop.test", "Type": "A", "TTL": 60, "ResourceRecords": [{ "Value": "192.0.2.1" }] });
    change(&mut world, &zone, "CREATE", &plain);
    assert_eq!(look(&mut world, ClientClass::Fresh), Err(ProbeError::Timeout), "nothing listens there");
    assert_eq!(look(&mut world, ClientClass::TtlHonouring), Err(ProbeError::Dns));
    wait(&mut world, 900);
    assert_eq!(look(&mut world, ClientClass::TtlHonouring), Err(ProbeError::Timeout));
}
