//! A run's manifest: an object in the run's own bucket that says whose the run is, where its learner was last, and what was
//! made. Another shell, an instructor's fleet and a reset read it; the bucket goes last.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::{Failure, FailureClass, Operation, Operations, Reply, SimTime};
use crate::protocol::operation;

/// The object's key.
pub const KEY: &str = "workshop-run.json";
/// The version of its form.
const FORMAT: u32 = 1;

/// What the object holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of its form.
    pub format: u32,
    /// The workshop's id.
    pub workshop: String,
    /// The run's suffix.
    pub suffix: String,
    /// The two Regions.
    pub regions: [String; 2],
    /// The step in which the learner did something last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// ARNs of what the guide has made, each noted when AWS gave it.
    pub arns: BTreeSet<String>,
}

impl Manifest {
    /// The manifest of a run that has made nothing yet.
    pub fn new(workshop: &str, suffix: &str, regions: [&str; 2]) -> Self {
        let regions = regions.map(str::to_owned);
        Self { format: FORMAT, workshop: workshop.into(), suffix: suffix.into(), regions, ..Self::default() }
    }

    /// Whether it is about that run, in a form that is known.
    pub fn is_of(&self, workshop: &str, suffix: &str) -> bool {
        self.format == FORMAT && self.workshop == workshop && self.suffix == suffix
    }
}

/// The read of a bucket's manifest.
pub fn read_operation(bucket: &str, region: &str) -> Operation {
    operation("s3api", "get-object", region, json!({ "Bucket": bucket, "Key": KEY }))
}

/// The manifest that a read has given, and when it was written last; none when the object is none.
pub fn of_reply(reply: &Reply) -> Option<(Manifest, Option<SimTime>)> {
    let manifest = serde_json::from_slice(reply.payload.as_deref()?).ok()?;
    let written = reply.output.get("LastModified").and_then(Value::as_str).and_then(SimTime::parse);
    Some((manifest, written))
}

/// The manifest in a bucket; none when there is no such bucket, or none in it.
pub async fn read(aws: &dyn Operations, bucket: &str, region: &str) -> Result<Option<Manifest>, Failure> {
    match aws.call(&read_operation(bucket, region)).await {
        Ok(reply) => Ok(of_reply(&reply).map(|(manifest, _)| manifest)),
        Err(failure) if failure.class == FailureClass::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Writes the manifest; false when there is no such bucket.
pub async fn write(aws: &dyn Operations, bucket: &str, region: &str, manifest: &Manifest) -> Result<bool, Failure> {
    let input = json!({ "Bucket": bucket, "Key": KEY, "ContentType": "application/json" });
    let mut put = operation("s3api", "put-object", region, input);
    let text = serde_json::to_string_pretty(manifest).unwrap_or_default();
    put.payload = Some(text.into_bytes());
    match aws.call(&put).await {
        Ok(_) => Ok(true),
        Err(failure) if failure.class == FailureClass::NotFound => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Where the answer to a creation has the new thing's ARN, or how one is made: `{r}` Region, `{}` what stands there.
const MADE: &[(&str, &str, &str, &str)] = &[
    ("acm", "RequestCertificate", "/CertificateArn", "{}"),
    ("apigateway", "CreateDomainName", "/domainName", "arn:aws:apigateway:{r}::/domainnames/{}"),
    ("apigateway", "CreateRestApi", "/id", "arn:aws:apigateway:{r}::/restapis/{}"),
    ("cloudformation", "CreateChangeSet", "/StackId", "{}"),
    ("cloudformation", "CreateStack", "/StackId", "{}"),
    ("dynamodb", "CreateTable", "/TableDescription/TableArn", "{}"),
    ("rds", "CreateDBCluster", "/DBCluster/DBClusterArn", "{}"),
    ("rds", "CreateDBClusterSnapshot", "/DBClusterSnapshot/DBClusterSnapshotArn", "{}"),
    ("rds", "CreateDBInstance", "/DBInstance/DBInstanceArn", "{}"),
    ("rds", "CreateGlobalCluster", "/GlobalCluster/GlobalClusterArn", "{}"),
    ("route53", "CreateHealthCheck", "/HealthCheck/Id", "arn:aws:route53:::healthcheck/{}"),
    ("route53", "CreateHostedZone", "/HostedZone/Id", "arn:aws:route53:::hostedzone/{}"),
];

/// The ARN of what a call has made; none when it made nothing of its own.
pub fn made(asked: &Operation, reply: &Reply) -> Option<String> {
    if (asked.service.as_str(), asked.api.as_str()) == ("s3api", "CreateBucket") {
        return asked.input.get("Bucket").and_then(Value::as_str).map(|name| format!("arn:aws:s3:::{name}"));
    }
    let row = MADE.iter().find(|(service, api, ..)| (*service, *api) == (asked.service.as_str(), asked.api.as_str()));
    let (_, _, pointer, form) = row?;
    let found = reply.output.pointer(pointer)?.as_str()?.trim_start_matches("/hostedzone/");
    Some(form.replace("{r}", &asked.region).replace("{}", found))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_has_the_arn_that_the_lists_show() {
        for (service, name, input, output, arn) in [
            ("s3api", "create-bucket", json!({ "Bucket": "b" }), json!({}), Some("arn:aws:s3:::b")),
            (
                "route53",
                "create-hosted-zone",
                json!({}),
                json!({ "HostedZone": { "Id": "/hostedzone/Z1" } }),
                Some("arn:aws:route53:::hostedzone/Z1"),
            ),
            (
                "apigateway",
                "create-domain-name",
                json!({}),
                json!({ "domainName": "*.d" }),
                Some("arn:aws:apigateway:eu-west-1::/domainnames/*.d"),
            ),
            ("rds", "modify-db-cluster", json!({}), json!({ "DBCluster": { "DBClusterArn": "arn:x" } }), None),
        ] {
            let reply = Reply { output, ..Reply::default() };
            assert_eq!(made(&operation(service, name, "eu-west-1", input), &reply).as_deref(), arn, "{name}");
        }
    }

    #[test]
    fn an_object_of_another_form_is_no_manifest() {
        let of = |text: &str| Reply { payload: Some(text.as_bytes().to_vec()), ..Reply::default() };
        assert!(of_reply(&of("<html>")).is_none() && of_reply(&Reply::default()).is_none());
        let text = serde_json::to_string(&Manifest::new("bookstore", "abc123", ["r1", "r2"])).unwrap();
        let (manifest, _) = of_reply(&of(&text)).unwrap();
        assert!(manifest.is_of("bookstore", "abc123") && !manifest.is_of("bookstore", "zzz999"));
    }
}
