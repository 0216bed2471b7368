//! Custom domain names and base-path mappings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Transition, bad_request, conflict, not_found, tag_map};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};
use crate::sandbox::world::What;

/// API Gateway's hosted zones for Regional domain names. Source: AWS General Reference, "Amazon API Gateway endpoints
/// and quotas".
const HOSTED_ZONES: &[(&str, &str)] = &[
    ("af-south-1", "Z2DHW2332DAMTN"),
    ("ap-east-1", "Z3FD1VL90ND7K5"),
    ("ap-northeast-1", "Z1YSHQZHG15GKL"),
    ("ap-northeast-2", "Z20JF4UZKIW1U8"),
    ("ap-northeast-3", "Z2YQB5RD63NC85"),
    ("ap-south-1", "Z3VO1THU9YC4UR"),
    ("ap-southeast-1", "ZL327KTPIQFUL"),
    ("ap-southeast-2", "Z2RPCDW04V8134"),
    ("ca-central-1", "Z19DQILCV0OWEC"),
    ("eu-central-1", "Z1U9ULNL0V5AJ3"),
    ("eu-north-1", "Z3UWIKFBOOGXPP"),
    ("eu-south-1", "Z3BT4WSQ9TDYZV"),
    ("eu-south-2", "Z02499852UI5HEQ5JVWX3"),
    ("eu-west-1", "ZLY8HYME6SFDD"),
    ("eu-west-2", "ZJ5UAJN8Y3Z2Q"),
    ("eu-west-3", "Z3KY65QIEKYHQQ"),
    ("me-central-1", "Z08780021BKYYY8U0YHTV"),
    ("me-south-1", "Z20ZBPC0SS8806"),
    ("sa-east-1", "ZCMLWB8V5SYIT"),
    ("us-east-1", "Z1UJRXOUMOOFQ8"),
    ("us-east-2", "ZOJJZC49E0EPZ"),
    ("us-west-1", "Z2MUQ32089INYE"),
    ("us-west-2", "Z2OJLYMUO9EFXC"),
];

/// The hosted zone of a Region's domain names, as an alias record must give it. The few Regions whose id we have no
/// source for share a made-up one.
pub fn hosted_zone(region: &str) -> Option<&'static str> {
    let known = crate::domain::region::known_regions().any(|name| name == region);
    let listed = HOSTED_ZONES.iter().find(|(name, _)| *name == region).map(|(_, id)| *id);
    listed.or_else(|| known.then_some("Z00000000EXECUTEAPI"))
}

/// A custom domain name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DomainName {
    /// The name; `*.example.com` stands for every name one label below.
    pub name: String,
    /// The ARN of its certificate.
    pub certificate: String,
    /// `d-….execute-api.REGION.amazonaws.com`.
    pub regional_name: String,
    /// `UPDATING` or `AVAILABLE`.
    pub status: String,
    created: SimTime,
    security_policy: String,
    /// Mappings by base path; the empty path is written `(none)`.
    pub mappings: BTreeMap<String, Mapping>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// Where a base path leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// The API's id.
    pub api: String,
    /// The stage; empty when the first segment of the path names it.
    pub stage: String,
}

/// How the empty base path is written.
pub const NO_PATH: &str = "(none)";

impl DomainName {
    fn to_json(&self, region: &str) -> Value {
        json!({
            "domainName": self.name,
            "domainNameArn": format!("arn:aws:apigateway:{region}::/domainnames/{}", self.name),
            "certificateUploadDate": self.created.epoch_seconds(),
            "regionalDomainName": self.regional_name,
            "regionalHostedZoneId": hosted_zone(region),
            "regionalCertificateArn": self.certificate,
            "endpointConfiguration": { "types": ["REGIONAL"], "ipAddressType": "ipv4" },
            "domainNameStatus": self.status,
            "securityPolicy": self.security_policy,
            "tags": tag_map(&self.tags),
        })
    }
}

fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut DomainName, AwsError> {
    let name = required(input, "domainName")?.to_ascii_lowercase();
    call.regional().apigateway.domains.get_mut(&name).ok_or_else(|| not_found("domain name"))
}

/// `CreateDomainName`
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "domainName")?.to_ascii_lowercase();
    let types = input.pointer("/endpointConfiguration/types/0").and_then(Value::as_str).unwrap_or("EDGE");
    let unsupported = |what: &str| {
        AwsError::with_status(501, "SandboxUnsupportedOperation", format!("The sandbox does not simulate {what}."))
    };
    if types != "REGIONAL" {
        return Err(unsupported(&format!("domain names of type {types}; give endpointConfiguration types=REGIONAL")));
    }
    for member in ["mutualTlsAuthentication", "policy", "certificateBody", "ownershipVerificationCertificateArn"] {
        if input.get(member).is_some_and(|value| !value.is_null()) {
            return Err(unsupported(&format!("{member} of a domain name")));
        }
    }
    let certificate = text(input, "regionalCertificateArn")
        .ok_or_else(|| bad_request("A certificate is required for a REGIONAL domain name: regionalCertificateArn"))?
        .to_owned();
    if certificate.split(':').nth(3) != Some(call.region.as_str()) {
        return Err(bad_request(format!(
            "Invalid certificate ARN: {certificate}. Certificate must be in '{}'.",
            call.region
        )));
    }
    let held = call.regional().acm.certificates.get(&certificate).cloned();
    let held = held.ok_or_else(|| bad_request("The provided certificate does not exist."))?;
    if held.status != "ISSUED" {
        return Err(bad_request(format!(
            "Invalid certificate ARN: {certificate}. Certificate must be ISSUED, but is {}.",
            held.status
        )));
    }
    if !held.covers(&name) {
        return Err(bad_request(format!("The domain name '{name}' is not covered by the certificate {certificate}.")));
    }
    let region = call.region.clone();
    // A name can stand once in a Region, whoever owns it.
    let taken = call.world.accounts.values().any(|account| {
        account.regions.get(&region).is_some_and(|region| region.apigateway.domains.contains_key(&name))
    });
    if taken {
        return Err(conflict("The domain name you provided already exists."));
    }
    let regional_name = format!("d-{}.execute-api.{region}.amazonaws.com", call.hex_id(10));
    let domain = DomainName {
        name: name.clone(),
        certificate,
        regional_name,
        status: "UPDATING".to_owned(),
        created: call.now(),
        security_policy: text(input, "securityPolicy").unwrap_or("TLS_1_2").to_owned(),
        mappings: BTreeMap::new(),
        tags: tags(input.get("tags")),
    };
    let shown = domain.to_json(&region);
    call.regional().apigateway.domains.insert(name.clone(), domain);
    call.log(format!("custom domain name {name} created"));
    let after = call.draw("apigateway.domain.available", &name);
    call.schedule(after, What::ApiGateway(Transition::DomainAvailable(name)));
    Ok(shown)
}

/// The domain name answers.
pub fn available(call: &mut Call<'_>, name: &str) {
    if let Some(domain) = call.regional().apigateway.domains.get_mut(name) {
        "AVAILABLE".clone_into(&mut domain.status);
        call.log(format!("custom domain name {name} is available"));
    }
}

/// `GetDomainName`
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let region = call.region.clone();
    Ok(find(call, input)?.to_json(&region))
}

/// `GetDomainNames`
pub fn list(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let region = call.region.clone();
    let domains = call.regional().apigateway.domains.values();
    let items: Vec<Value> = domains.map(|domain| domain.to_json(&region)).collect();
    Ok(json!({ "items": items }))
}

/// `DeleteDomainName`; its mappings go with it.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = find(call, input)?.name.clone();
    call.regional().apigateway.domains.remove(&name);
    call.log(format!("custom domain name {name} deleted"));
    Ok(json!({}))
}

/// The base path of an input, `(none)` for the empty one.
fn base_path(input: &Value) -> String {
    let path = text(input, "basePath").unwrap_or_default().trim_matches('/');
    if path.is_empty() { NO_PATH.to_owned() } else { path.to_owned() }
}

fn mapping_json(path: &str, mapping: &Mapping) -> Value {
    json!({ "basePath": path, "restApiId": mapping.api, "stage": mapping.stage })
}

/// `CreateBasePathMapping`
pub fn create_mapping(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let path = base_path(input);
    let mapping = Mapping {
        api: required(input, "restApiId")?.to_owned(),
        stage: text(input, "stage").filter(|stage| *stage != NO_PATH).unwrap_or_default().to_owned(),
    };
    let name = find(call, input)?.name.clone();
    let api = super::apis::find(call, input).map_err(|_| bad_request("Invalid REST API identifier specified"))?;
    if !mapping.stage.is_empty() && !api.stages.contains_key(&mapping.stage) {
        return Err(bad_request("Invalid stage identifier specified"));
    }
    let domain = find(call, input)?;
    if domain.mappings.contains_key(&path) {
        return Err(conflict("Base path already exists for this domain name"));
    }
    let shown = mapping_json(&path, &mapping);
    domain.mappings.insert(path.clone(), mapping);
    call.log(format!("base-path mapping {path} of {name} created"));
    Ok(shown)
}

/// `GetBasePathMapping`
pub fn get_mapping(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let path = base_path(input);
    let domain = find(call, input)?;
    let mapping = domain.mappings.get(&path).ok_or_else(|| not_found("base path mapping"))?;
    Ok(mapping_json(&path, mapping))
}

/// `GetBasePathMappings`
pub fn list_mappings(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let mappings = &find(call, input)?.mappings;
    let items: Vec<Value> = mappings.iter().map(|(path, mapping)| mapping_json(path, mapping)).collect();
    Ok(json!({ "items": items }))
}

/// `DeleteBasePathMapping`
pub fn delete_mapping(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let path = base_path(input);
    let domain = find(call, input)?;
    let name = domain.name.clone();
    domain.mappings.remove(&path).ok_or_else(|| not_found("base path mapping"))?;
    call.log(format!("base-path mapping {path} of {name} deleted"));
    Ok(json!({}))
}
