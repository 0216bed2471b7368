//! CloudFront and Route 53.

use serde_json::{Map, Value, json};

use super::{Api, By, Existing, Id, Request, Settled, Tags, not_yet};
use crate::sandbox::call::{AwsError, Call, tag_list, text};

/// The rows.
pub const TYPES: &[Api] = &[
    Api {
        type_name: "AWS::CloudFront::Distribution",
        service: "cloudfront",
        create: "CreateDistribution",
        id: Id::Out("/Distribution/Id"),
        tags: Tags::List("Tags"),
        read: ("GetDistribution", &[("Id", By::Id)], "/Distribution"),
        settled: Some(Settled { at: "/Status", ready: &["Deployed"], failed: &[] }),
        attributes: &[("Id", "id"), ("DomainName", "/DomainName")],
        shape: Some(|call, _, input| {
            let reference = call.uuid();
            if let Some(config) = input.get_mut("DistributionConfig").and_then(Value::as_object_mut) {
                config.insert("CallerReference".into(), reference.into());
            }
            Ok(())
        }),
        update: Some(|call, existing, request| {
            let config = request.properties.get("DistributionConfig").cloned().unwrap_or_default();
            configure(call, existing, &config)
        }),
        before_delete: Some(remove_distribution),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::CloudFront::OriginAccessControl",
        service: "cloudfront",
        create: "CreateOriginAccessControl",
        id: Id::Out("/OriginAccessControl/Id"),
        attributes: &[("Id", "id")],
        before_delete: Some(|call, existing| {
            let found = match call.invoke("cloudfront", "GetOriginAccessControl", &json!({ "Id": existing.physical })) {
                Err(error) if super::is_absence(&error) => return Ok(()),
                found => found?,
            };
            let input = json!({ "Id": existing.physical, "IfMatch": found.get("ETag") });
            super::remove(call, "cloudfront", "DeleteOriginAccessControl", &input)
        }),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Route53::HostedZone",
        service: "route53",
        create: "CreateHostedZone",
        id: Id::Made(|_, answer| {
            let id = answer.pointer("/HostedZone/Id").and_then(Value::as_str).unwrap_or_default();
            id.rsplit('/').next().unwrap_or_default().to_owned()
        }),
        tag_property: "HostedZoneTags",
        refused: &["QueryLoggingConfig", "VPCs", "HostedZoneFeatures"],
        read: ("GetHostedZone", &[("Id", By::Id)], ""),
        attributes: &[("Id", "id"), ("NameServers", "/DelegationSet/NameServers")],
        shape: Some(|call, _, input| {
            input.insert("CallerReference".into(), call.uuid().into());
            Ok(())
        }),
        after: Some(|call, existing, request| tag(call, existing, request, "hostedzone")),
        delete: ("DeleteHostedZone", &[("Id", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Route53::HealthCheck",
        service: "route53",
        create: "CreateHealthCheck",
        id: Id::Out("/HealthCheck/Id"),
        tag_property: "HealthCheckTags",
        read: ("GetHealthCheck", &[("HealthCheckId", By::Id)], "/HealthCheck"),
        attributes: &[("HealthCheckId", "id")],
        shape: Some(|call, _, input| {
            input.insert("CallerReference".into(), call.uuid().into());
            Ok(())
        }),
        after: Some(|call, existing, request| tag(call, existing, request, "healthcheck")),
        delete: ("DeleteHealthCheck", &[("HealthCheckId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Route53::RecordSet",
        service: "route53",
        create: "ChangeResourceRecordSets",
        id: Id::Made(|request, _| text(request.properties, "Name").unwrap_or_default().to_owned()),
        refused: &["HostedZoneName", "CidrRoutingConfig", "GeoProximityLocation"],
        shape: Some(|_, request, input| {
            *input = change("CREATE", request.properties);
            Ok(())
        }),
        update: Some(|call, _, request| {
            let input = Value::Object(change("UPSERT", request.properties));
            call.invoke("route53", "ChangeResourceRecordSets", &input).map(drop)
        }),
        before_delete: Some(|call, existing| {
            let input = Value::Object(change("DELETE", existing.properties));
            match call.invoke("route53", "ChangeResourceRecordSets", &input) {
                // One that is gone, or was changed by hand, is somebody else's.
                Err(error) if error.code == "InvalidChangeBatch" && error.message.contains("not found") => Ok(()),
                answer => answer.map(drop),
            }
        }),
        ..Api::NEW
    },
];

/// Changes a distribution's configuration: its own references stay.
fn configure(call: &mut Call<'_>, existing: &Existing<'_>, config: &Value) -> Result<(), AwsError> {
    let found = call.invoke("cloudfront", "GetDistributionConfig", &json!({ "Id": existing.physical }))?;
    let mut config = config.as_object().cloned().unwrap_or_default();
    if let Some(reference) = found.pointer("/DistributionConfig/CallerReference") {
        config.insert("CallerReference".into(), reference.clone());
    }
    let input = json!({ "Id": existing.physical, "IfMatch": found.get("ETag"), "DistributionConfig": config });
    call.invoke("cloudfront", "UpdateDistribution", &input).map(drop)
}

/// A distribution is disabled, the disabling is deployed, and only then it can go (aws-behaviour.md 1).
fn remove_distribution(call: &mut Call<'_>, existing: &Existing<'_>) -> Result<(), AwsError> {
    let found = match call.invoke("cloudfront", "GetDistribution", &json!({ "Id": existing.physical })) {
        Err(error) if super::is_absence(&error) => return Ok(()),
        found => found?,
    };
    let config = found.pointer("/Distribution/DistributionConfig").cloned().unwrap_or_default();
    if config.get("Enabled") == Some(&Value::Bool(true)) {
        let mut disabled = config.as_object().cloned().unwrap_or_default();
        disabled.insert("Enabled".into(), false.into());
        configure(call, existing, &Value::Object(disabled))?;
        return Err(not_yet("the distribution is being disabled"));
    }
    if found.pointer("/Distribution/Status").and_then(Value::as_str) != Some("Deployed") {
        return Err(not_yet("the distribution is being disabled"));
    }
    let input = json!({ "Id": existing.physical, "IfMatch": found.get("ETag") });
    super::remove(call, "cloudfront", "DeleteDistribution", &input)
}

fn tag(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>, kind: &str) -> Result<(), AwsError> {
    let input = json!({ "ResourceType": kind, "ResourceId": existing.physical, "AddTags": tag_list(&request.tags) });
    call.invoke("route53", "ChangeTagsForResource", &input).map(drop)
}

/// A record set of CloudFormation's as a change batch.
fn change(action: &str, properties: &Value) -> Map<String, Value> {
    let mut set = properties.as_object().cloned().unwrap_or_default();
    let zone = set.shift_remove("HostedZoneId").unwrap_or_default();
    set.shift_remove("Comment");
    if let Some(ttl) = set.get("TTL").and_then(Value::as_str).and_then(|ttl| ttl.parse::<u64>().ok()) {
        set.insert("TTL".into(), ttl.into());
    }
    if let Some(Value::Array(values)) = set.get("ResourceRecords").cloned() {
        let values: Value = values.iter().map(|value| json!({ "Value": value })).collect();
        set.insert("ResourceRecords".into(), values);
    }
    if let Some(alias) = set.get_mut("AliasTarget").and_then(Value::as_object_mut) {
        alias.entry("EvaluateTargetHealth").or_insert(Value::Bool(false));
    }
    let batch = json!({ "Changes": [{ "Action": action, "ResourceRecordSet": set }] });
    Map::from_iter([("HostedZoneId".to_owned(), zone), ("ChangeBatch".to_owned(), batch)])
}
