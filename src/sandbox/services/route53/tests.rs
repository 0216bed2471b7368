//! Zones, changes and records.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value
)]

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::drill::Vantage;
use crate::sandbox::Call;
use crate::sandbox::call::AwsError;
use crate::sandbox::dataplane;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};

fn ask(world: &mut World, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, LEARNER_ACCOUNT, "us-east-1").invoke("route53", operation, input)
}

fn zone(world: &mut World) -> String {
    let input = json!({ "Name": "shop.test", "CallerReference": "one" });
    ask(world, "CreateHostedZone", &input).unwrap()["HostedZone"]["Id"].as_str().unwrap().to_owned()
}

fn wait(world: &mut World, seconds: u64) {
    world.advance(world.now.plus(Duration::from_secs(seconds)));
}

fn change(world: &mut World, zone: &str, changes: Value) -> Result<Value, AwsError> {
    wait(world, 1);
    let input = json!({ "HostedZoneId": zone, "ChangeBatch": { "Changes": changes } });
    ask(world, "ChangeResourceRecordSets", &input)
}

fn a(name: &str, value: &str) -> Value {
    json!({ "Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{ "Value": value }] })
}

fn message(result: Result<Value, AwsError>) -> String {
    let error = result.unwrap_err();
    format!("{} {}", error.code, error.message)
}

fn create(record: &Value) -> Value {
    json!([{ "Action": "CREATE", "ResourceRecordSet": record }])
}

#[test]
fn a_zone_has_four_name_servers_two_records_and_must_be_empty_to_go() {
    let mut world = World::new(1);
    let id = zone(&mut world);
    let shown = ask(&mut world, "GetHostedZone", &json!({ "Id": id })).unwrap();
    assert_eq!(shown["HostedZone"]["ResourceRecordSetCount"], 2);
    let servers: Vec<&str> =
        shown["DelegationSet"]["NameServers"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
    assert_eq!(servers.len(), 4);
    for end in [".com", ".net", ".org", ".co.uk"] {
        assert_eq!(servers.iter().filter(|server| server.ends_with(end)).count(), 1, "{servers:?}");
    }
    change(&mut world, &id, create(&a("www.shop.test", "192.0.2.1"))).unwrap();
    let refused = message(ask(&mut world, "DeleteHostedZone", &json!({ "Id": id })));
    assert!(refused.starts_with("HostedZoneNotEmpty"), "{refused}");
    change(&mut world, &id, json!([{ "Action": "DELETE", "ResourceRecordSet": a("www.shop.test", "192.0.2.1") }]))
        .unwrap();
    ask(&mut world, "DeleteHostedZone", &json!({ "Id": id })).unwrap();
    assert!(message(ask(&mut world, "GetHostedZone", &json!({ "Id": id }))).starts_with("NoSuchHostedZone"));
}

#[test]
fn a_change_is_pending_then_insync_within_a_minute_and_answered_only_then() {
    let mut world = World::new(2);
    let id = zone(&mut world);
    let vantage = Vantage { name: "dublin".into(), nearest: "eu-west-1".into() };
    let changed = change(&mut world, &id, create(&a("www.shop.test", "192.0.2.1"))).unwrap();
    let change_id = changed["ChangeInfo"]["Id"].clone();
    assert_eq!(changed["ChangeInfo"]["Status"], "PENDING");
    assert_eq!(dataplane::resolve(&world, LEARNER_ACCOUNT, "www.shop.test", &vantage), None);
    wait(&mut world, 60);
    let status = ask(&mut world, "GetChange", &json!({ "Id": change_id })).unwrap();
    assert_eq!(status["ChangeInfo"]["Status"], "INSYNC");
    let answer = dataplane::resolve(&world, LEARNER_ACCOUNT, "WWW.shop.test.", &vantage).unwrap();
    assert_eq!((answer.targets, answer.ttl.as_secs()), (vec!["192.0.2.1".to_owned()], 60));
}

#[test]
fn a_second_change_at_once_is_refused_and_a_little_later_accepted() {
    let mut world = World::new(3);
    let id = zone(&mut world);
    change(&mut world, &id, create(&a("a.shop.test", "192.0.2.1"))).unwrap();
    let input = json!({ "HostedZoneId": id, "ChangeBatch": { "Changes": create(&a("b.shop.test", "192.0.2.2")) } });
    let refused = message(ask(&mut world, "ChangeResourceRecordSets", &input));
    assert!(refused.starts_with("PriorRequestNotComplete"), "{refused}");
    let mut without = world.clone();
    without.rules_off.insert("route53.one-change-at-a-time".into());
    ask(&mut without, "ChangeResourceRecordSets", &input).unwrap();
    wait(&mut world, 1);
    ask(&mut world, "ChangeResourceRecordSets", &input).unwrap();
}

#[test]
fn a_batch_is_all_or_nothing() {
    let mut world = World::new(4);
    let id = zone(&mut world);
    let batch = json!([
        { "Action": "CREATE", "ResourceRecordSet": a("good.shop.test", "192.0.2.1") },
        { "Action": "DELETE", "ResourceRecordSet": a("none.shop.test", "192.0.2.1") },
    ]);
    assert_eq!(
        message(change(&mut world, &id, batch)),
        "InvalidChangeBatch [Tried to delete resource record set [name='none.shop.test.', type='A'] but it was not found]"
    );
    let list = ask(&mut world, "ListResourceRecordSets", &json!({ "HostedZoneId": id })).unwrap();
    assert_eq!(list["ResourceRecordSets"].as_array().unwrap().len(), 2);
}

#[test]
fn deletes_match_exactly_and_creates_do_not_overwrite() {
    let mut world = World::new(5);
    let id = zone(&mut world);
    change(&mut world, &id, create(&a("www.shop.test", "192.0.2.1"))).unwrap();
    let other = json!([{ "Action": "DELETE", "ResourceRecordSet": a("www.shop.test", "192.0.2.9") }]);
    assert!(
        message(change(&mut world, &id, other)).contains("but the values provided do not match the current values")
    );
    let again = message(change(&mut world, &id, create(&a("www.shop.test", "192.0.2.2"))));
    assert!(
        again.contains("[Tried to create resource record set [name='www.shop.test.', type='A'] but it already exists]"),
        "{again}"
    );
    let upsert = json!([{ "Action": "UPSERT", "ResourceRecordSet": a("www.shop.test", "192.0.2.2") }]);
    change(&mut world, &id, upsert).unwrap();
    let outside = message(change(&mut world, &id, create(&a("www.other.test", "192.0.2.1"))));
    assert!(outside.contains("RRSet with DNS name www.other.test. is not permitted in zone shop.test."), "{outside}");
    let soa = ask(&mut world, "ListResourceRecordSets", &json!({ "HostedZoneId": id })).unwrap()["ResourceRecordSets"]
        [1]
    .clone();
    assert_eq!(soa["Type"], "SOA");
    let refused = message(change(&mut world, &id, json!([{ "Action": "DELETE", "ResourceRecordSet": soa }])));
    assert!(refused.contains("A HostedZone must contain exactly one SOA record."), "{refused}");
}

#[test]
fn a_cname_stands_alone_and_not_at_the_apex() {
    let mut world = World::new(6);
    let id = zone(&mut world);
    let cname = |name: &str| json!({ "Name": name, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{ "Value": "x.example.com" }] });
    let apex = message(change(&mut world, &id, create(&cname("shop.test"))));
    assert!(
        apex.contains("RRSet of type CNAME with DNS name shop.test. is not permitted at apex in zone shop.test."),
        "{apex}"
    );
    change(&mut world, &id, create(&a("www.shop.test", "192.0.2.1"))).unwrap();
    let conflict = message(change(&mut world, &id, create(&cname("www.shop.test"))));
    assert!(conflict.contains("conflicting RRSet of type A"), "{conflict}");
}

#[test]
fn one_policy_per_name_and_type_with_unique_identifiers() {
    let mut world = World::new(7);
    let id = zone(&mut world);
    let with = |extra: Value, value: &str| {
        let mut record = a("api.shop.test", value);
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        record
    };
    let latency = |set: &str, region: &str| with(json!({ "SetIdentifier": set, "Region": region }), "192.0.2.1");
    let lone = message(change(&mut world, &id, create(&with(json!({ "Region": "eu-west-1" }), "192.0.2.1"))));
    assert!(lone.contains("Missing field 'SetIdentifier'"), "{lone}");
    let none = message(change(&mut world, &id, create(&with(json!({ "SetIdentifier": "x" }), "192.0.2.1"))));
    assert!(
        none.starts_with("InvalidInput Invalid request: Expected exactly one of [Weight, Region, Failover"),
        "{none}"
    );
    change(&mut world, &id, create(&latency("r1", "eu-west-1"))).unwrap();
    let same_region = message(change(&mut world, &id, create(&latency("r2", "eu-west-1"))));
    assert!(
        same_region.contains("because a latency RRSet with the same name, type and region already exists."),
        "{same_region}"
    );
    let weighted =
        message(change(&mut world, &id, create(&with(json!({ "SetIdentifier": "w", "Weight": 1 }), "192.0.2.1"))));
    assert!(
        weighted.contains("cannot be created as a non-weighted set exists with the same name and type."),
        "{weighted}"
    );
    change(&mut world, &id, create(&latency("r2", "ap-southeast-1"))).unwrap();
    let unknown = message(change(
        &mut world,
        &id,
        create(&with(json!({ "SetIdentifier": "z", "Region": "us-east-1", "HealthCheckId": "nope" }), "192.0.2.1")),
    ));
    assert!(unknown.starts_with("NoSuchHealthCheck"), "{unknown}");
}

#[test]
fn aliases_need_a_target_and_take_no_ttl() {
    let mut world = World::new(8);
    let id = zone(&mut world);
    let zone_id = id.rsplit('/').next().unwrap();
    let alias = |zone: &str, name: &str| {
        json!({
            "Name": "shop.test", "Type": "A",
            "AliasTarget": { "HostedZoneId": zone, "DNSName": name, "EvaluateTargetHealth": false },
        })
    };
    let missing = message(change(&mut world, &id, create(&alias(zone_id, "www.shop.test"))));
    assert!(missing.contains("but that target was not found"), "{missing}");
    let wrong_zone =
        message(change(&mut world, &id, create(&alias("Z2FDTNDATAQYW2", "x.eu-west-1.elb.amazonaws.com"))));
    assert!(wrong_zone.contains("but the alias target name does not lie within the target zone"), "{wrong_zone}");
    let mut both = alias(zone_id, "www.shop.test");
    both["TTL"] = json!(60);
    let both = message(change(&mut world, &id, create(&both)));
    assert!(
        both.contains(
            "but found more than one in Change with [Action=CREATE, Name=shop.test., Type=A, SetIdentifier=null]"
        ),
        "{both}"
    );
    let batch = json!([
        { "Action": "CREATE", "ResourceRecordSet": a("www.shop.test", "192.0.2.7") },
        { "Action": "CREATE", "ResourceRecordSet": alias(zone_id, "www.shop.test") },
    ]);
    change(&mut world, &id, batch).unwrap();
    wait(&mut world, 60);
    let vantage = Vantage { name: "dublin".into(), nearest: "eu-west-1".into() };
    let answer = dataplane::resolve(&world, LEARNER_ACCOUNT, "shop.test", &vantage).unwrap();
    assert_eq!(answer.targets, ["192.0.2.7"]);
    let test = json!({ "HostedZoneId": id, "RecordName": "shop.test", "RecordType": "A" });
    assert_eq!(ask(&mut world, "TestDNSAnswer", &test).unwrap()["RecordData"], json!(["192.0.2.7"]));
    let test = json!({ "HostedZoneId": id, "RecordName": "no.shop.test", "RecordType": "A" });
    assert_eq!(ask(&mut world, "TestDNSAnswer", &test).unwrap()["ResponseCode"], "NXDOMAIN");
}

#[test]
fn record_sets_are_listed_by_reversed_labels_and_paged() {
    let mut world = World::new(9);
    let id = zone(&mut world);
    for (name, value) in [
        ("b.shop.test", "192.0.2.1"),
        ("a.b.shop.test", "192.0.2.2"),
        ("*.shop.test", "192.0.2.3"),
        ("a.shop.test", "192.0.2.4"),
    ] {
        change(&mut world, &id, create(&a(name, value))).unwrap();
    }
    let mut names = Vec::new();
    let mut input = json!({ "HostedZoneId": id, "MaxItems": "2" });
    loop {
        let page = ask(&mut world, "ListResourceRecordSets", &input).unwrap();
        names.extend(
            page["ResourceRecordSets"].as_array().unwrap().iter().map(|r| r["Name"].as_str().unwrap().to_owned()),
        );
        if page["IsTruncated"] == false {
            break;
        }
        input["StartRecordName"] = page["NextRecordName"].clone();
        input["StartRecordType"] = page["NextRecordType"].clone();
    }
    assert_eq!(
        names,
        ["shop.test.", "shop.test.", "\\052.shop.test.", "a.shop.test.", "b.shop.test.", "a.b.shop.test."]
    );
    wait(&mut world, 60);
    let vantage = Vantage { name: "x".into(), nearest: "eu-west-1".into() };
    let resolve = |name: &str| dataplane::resolve(&world, LEARNER_ACCOUNT, name, &vantage).map(|answer| answer.targets);
    assert_eq!(resolve("anything.shop.test"), Some(vec!["192.0.2.3".to_owned()]), "the wildcard");
    assert_eq!(resolve("z.b.shop.test"), None, "a name that exists hides the wildcard above it");
}

#[test]
fn tags_are_kept_and_listed() {
    let mut world = World::new(10);
    let id = zone(&mut world);
    let of = json!({ "ResourceType": "hostedzone", "ResourceId": id });
    let mut add = of.clone();
    add["AddTags"] = json!([{ "Key": "workshop", "Value": "bookstore" }]);
    ask(&mut world, "ChangeTagsForResource", &add).unwrap();
    let listed = ask(&mut world, "ListTagsForResource", &of).unwrap();
    assert_eq!(listed["ResourceTagSet"]["Tags"], json!([{ "Key": "workshop", "Value": "bookstore" }]));
}
