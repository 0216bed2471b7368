//! Certificates: asked for, proven, issued, used.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value
)]

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::Call;
use crate::sandbox::call::AwsError;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};

fn ask(world: &mut World, service: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, LEARNER_ACCOUNT, "eu-west-1").invoke(service, operation, input)
}

fn wait(world: &mut World, seconds: u64) {
    world.advance(world.now.plus(Duration::from_secs(seconds)));
}

fn request(world: &mut World) -> Value {
    let input = json!({ "DomainName": "*.shop.test", "SubjectAlternativeNames": ["shop.test"], "ValidationMethod": "DNS", "IdempotencyToken": "t" });
    ask(world, "acm", "RequestCertificate", &input).unwrap()["CertificateArn"].clone()
}

fn detail(world: &mut World, arn: &Value) -> Value {
    ask(world, "acm", "DescribeCertificate", &json!({ "CertificateArn": arn })).unwrap()["Certificate"].clone()
}

#[test]
fn a_certificate_is_issued_only_when_its_record_stands_in_a_public_zone() {
    let mut world = World::new(1);
    let arn = request(&mut world);
    assert_eq!(request(&mut world), arn, "the same token within an hour");
    wait(&mut world, 3 * 3600);
    let pending = detail(&mut world, &arn);
    assert_eq!(pending["Status"], "PENDING_VALIDATION");
    let proof = &pending["DomainValidationOptions"][0]["ResourceRecord"];
    assert_eq!(
        proof, &pending["DomainValidationOptions"][1]["ResourceRecord"],
        "the wildcard and its base share a record"
    );
    assert!(proof["Value"].as_str().unwrap().ends_with(".acm-validations.aws."));
    let zone = ask(&mut world, "route53", "CreateHostedZone", &json!({ "Name": "shop.test", "CallerReference": "1" }))
        .unwrap();
    let write = |world: &mut World, value: &Value| {
        wait(world, 1);
        let record =
            json!({ "Name": proof["Name"], "Type": "CNAME", "TTL": 300, "ResourceRecords": [{ "Value": value }] });
        let input = json!({ "HostedZoneId": zone["HostedZone"]["Id"], "ChangeBatch": { "Changes": [{ "Action": "UPSERT", "ResourceRecordSet": record }] } });
        ask(world, "route53", "ChangeResourceRecordSets", &input).unwrap();
    };
    write(&mut world, &json!("_wrong.acm-validations.aws."));
    wait(&mut world, 1800);
    assert_eq!(detail(&mut world, &arn)["Status"], "PENDING_VALIDATION", "a wrong value proves nothing");
    write(&mut world, &proof["Value"]);
    wait(&mut world, 15 * 60);
    let issued = detail(&mut world, &arn);
    assert_eq!(issued["Status"], "ISSUED");
    assert_eq!(issued["DomainValidationOptions"][0]["ValidationStatus"], "SUCCESS");
    let filtered =
        ask(&mut world, "acm", "ListCertificates", &json!({ "CertificateStatuses": ["PENDING_VALIDATION"] })).unwrap();
    assert_eq!(filtered["CertificateSummaryList"], json!([]));
    ask(&mut world, "acm", "DeleteCertificate", &json!({ "CertificateArn": arn })).unwrap();
    let gone = ask(&mut world, "acm", "DescribeCertificate", &json!({ "CertificateArn": arn })).unwrap_err();
    assert_eq!(gone.code, "ResourceNotFoundException");
}

#[test]
fn a_request_nobody_proves_times_out_after_three_days() {
    let mut world = World::new(1);
    let arn = request(&mut world);
    wait(&mut world, 73 * 3600);
    assert_eq!(detail(&mut world, &arn)["Status"], "VALIDATION_TIMED_OUT");
}

#[test]
fn a_wildcard_covers_one_label() {
    assert!(super::covers("*.shop.test", "api.shop.test") && super::covers("*.shop.test", "*.shop.test"));
    assert!(!super::covers("*.shop.test", "shop.test") && !super::covers("*.shop.test", "a.b.shop.test"));
}

#[test]
fn a_name_that_is_none_is_refused() {
    let mut world = World::new(1);
    for name in ["not a name", "nodot", "-a.example.com", "a-.example.com", "a..example.com", "example.c", "*.*.a.com"]
    {
        let refused =
            ask(&mut world, "acm", "RequestCertificate", &json!({ "DomainName": name, "ValidationMethod": "DNS" }))
                .unwrap_err();
        assert!(refused.code == "ValidationException" && refused.message.contains(name), "{name}: {refused}");
    }
    let input = json!({ "DomainName": "*.a-1.example.com", "SubjectAlternativeNames": ["b_c.example.com"], "ValidationMethod": "DNS" });
    let refused = ask(&mut world, "acm", "RequestCertificate", &input).unwrap_err();
    assert!(refused.message.contains("'b_c.example.com' at 'subjectAlternativeNames'"), "{refused}");
    let input = json!({ "DomainName": "*.a-1.example.com", "ValidationMethod": "DNS" });
    assert!(ask(&mut world, "acm", "RequestCertificate", &input).is_ok());
}
