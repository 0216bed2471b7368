//! CloudFront: distributions and origin access controls.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags, text};
use crate::sandbox::world::What;

#[cfg(test)]
pub(in crate::sandbox) mod tests;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Distributions by id.
    pub distributions: BTreeMap<String, Distribution>,
    /// Origin access controls by id.
    access_controls: BTreeMap<String, AccessControl>,
}

/// A distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// `E…`
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// `d….cloudfront.net`
    pub domain: String,
    /// What was configured last.
    config: Arc<Value>,
    /// What the edges do: the configuration that was deployed last.
    pub live: Arc<Value>,
    /// Whether the edges have what was configured last.
    deployed: bool,
    /// Whether any configuration was ever deployed; until then the name does not exist.
    answers: bool,
    etag: String,
    modified: SimTime,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// An origin access control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct AccessControl {
    id: String,
    config: Value,
    etag: String,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// The edges have the configuration with that ETag.
    Deployed {
        /// The distribution's id.
        id: String,
        /// The configuration's ETag.
        etag: String,
    },
}

impl State {
    /// The id of the distribution that answers to that domain name.
    pub fn by_domain(&self, domain: &str) -> Option<&str> {
        let mut all = self.distributions.values();
        all.find(|one| one.answers && one.domain == domain).map(|one| one.id.as_str())
    }

    /// The ARNs of the distributions that use a certificate.
    pub fn users_of_certificate(&self, certificate: &str) -> Vec<String> {
        let uses = |one: &&Distribution| {
            one.config.pointer("/ViewerCertificate/ACMCertificateArn").and_then(Value::as_str) == Some(certificate)
        };
        self.distributions.values().filter(uses).map(|one| one.arn.clone()).collect()
    }
}

/// A list in CloudFront's shape (`{Quantity, Items}`) or in CloudFormation's (`[…]`).
pub fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(list)) => list,
        Some(Value::Object(map)) => map.get("Items").and_then(Value::as_array).map_or(&[], Vec::as_slice),
        _ => &[],
    }
}

impl Distribution {
    /// The further host names that it answers to.
    pub fn aliases(&self) -> Vec<String> {
        items(self.live.get("Aliases")).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn to_json(&self) -> Value {
        json!({
            "Id": self.id,
            "ARN": self.arn,
            "Status": if self.deployed { "Deployed" } else { "InProgress" },
            "LastModifiedTime": self.modified.epoch_seconds(),
            "InProgressInvalidationBatches": 0,
            "DomainName": self.domain,
            "DistributionConfig": self.config,
        })
    }

    fn enabled(&self) -> bool {
        self.config.get("Enabled").and_then(Value::as_bool) == Some(true)
    }
}

fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Distribution, AwsError> {
    let id = required(input, "Id")?;
    let found = call.account_state().cloudfront.distributions.get_mut(id);
    found.ok_or_else(|| AwsError::not_found("NoSuchDistribution", "The specified distribution does not exist."))
}

/// Members that would change what clients get, and that nothing here acts on.
fn refuse_unsupported(config: &Value) -> Result<(), AwsError> {
    let unsupported = |what: &str| {
        Err(AwsError::with_status(
            501,
            "SandboxUnsupportedOperation",
            format!("The sandbox does not simulate {what} of a distribution."),
        ))
    };
    if !items(config.get("CustomErrorResponses")).is_empty() {
        return unsupported("CustomErrorResponses");
    }
    for behaviour in items(config.get("CacheBehaviors")).iter().chain(config.get("DefaultCacheBehavior")) {
        for member in ["LambdaFunctionAssociations", "FunctionAssociations", "TrustedSigners", "TrustedKeyGroups"] {
            if !items(behaviour.get(member)).is_empty() {
                return unsupported(member);
            }
        }
    }
    Ok(())
}

/// CloudFront's rules for the configuration's parts together.
fn check(call: &mut Call<'_>, config: &Value) -> Result<(), AwsError> {
    refuse_unsupported(config)?;
    let mut known: Vec<String> = Vec::new();
    for origin in items(config.get("Origins")) {
        let control = text(origin, "OriginAccessControlId").unwrap_or_default();
        if !control.is_empty() && !call.account_state().cloudfront.access_controls.contains_key(control) {
            return Err(AwsError::client(
                "NoSuchOriginAccessControl",
                "The specified origin access control does not exist.",
            ));
        }
        known.push(text(origin, "Id").unwrap_or_default().to_owned());
    }
    for group in items(config.get("OriginGroups")) {
        let members = items(group.get("Members"));
        if members.len() != 2
            || !members.iter().all(|m| known.iter().any(|id| Some(id.as_str()) == text(m, "OriginId")))
        {
            return Err(AwsError::client("NoSuchOrigin", "One or more of your origins or origin groups do not exist."));
        }
        known.push(text(group, "Id").unwrap_or_default().to_owned());
    }
    for behaviour in items(config.get("CacheBehaviors")).iter().chain(config.get("DefaultCacheBehavior")) {
        let target = text(behaviour, "TargetOriginId").unwrap_or_default();
        if !known.iter().any(|id| id == target) {
            return Err(AwsError::client("NoSuchOrigin", "One or more of your origins or origin groups do not exist."));
        }
    }
    if let Some(arn) = config.pointer("/ViewerCertificate/ACMCertificateArn").and_then(Value::as_str) {
        // Certificates of CloudFront live in us-east-1.
        let anywhere = arn.split(':').nth(3).filter(|_| !call.world.rule("cloudfront.certificate-in-us-east-1"));
        let region = anywhere.unwrap_or(crate::domain::GLOBAL_REGION);
        let held = call.regional_in(region).acm.certificates.get(arn).cloned();
        if held.is_none_or(|certificate| certificate.status != "ISSUED") {
            return Err(AwsError::client(
                "InvalidViewerCertificate",
                "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.",
            ));
        }
    }
    Ok(())
}

fn deploy_later(call: &mut Call<'_>, id: &str, etag: String) {
    let after = call.draw("cloudfront.deploy", id);
    call.schedule(after, What::CloudFront(Transition::Deployed { id: id.to_owned(), etag }));
}

fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let config = input.get("DistributionConfig").cloned().unwrap_or_default();
    check(call, &config)?;
    let reference = text(&config, "CallerReference").map(str::to_owned);
    let again = call
        .account_state()
        .cloudfront
        .distributions
        .values()
        .any(|one| reference.is_some() && text(&one.config, "CallerReference").map(str::to_owned) == reference);
    if again {
        return Err(AwsError::with_status(
            409,
            "DistributionAlreadyExists",
            "The caller reference that you are using to create a distribution is associated with another distribution.",
        ));
    }
    let (id, etag) = (format!("E{}", call.upper_id(13)), format!("E{}", call.upper_id(13)));
    let distribution = Distribution {
        arn: format!("arn:aws:cloudfront::{}:distribution/{id}", call.account),
        domain: format!("d{}.cloudfront.net", call.hex_id(13)),
        id: id.clone(),
        live: Arc::default(),
        config: Arc::new(config),
        deployed: false,
        answers: false,
        etag: etag.clone(),
        modified: call.now(),
        tags: tags(input.get("Tags").map(|tags| tags.get("Items").unwrap_or(tags))),
    };
    let shown = distribution.to_json();
    call.account_state().cloudfront.distributions.insert(id.clone(), distribution);
    call.log(format!("distribution {id} created"));
    deploy_later(call, &id, etag.clone());
    Ok(
        json!({ "Distribution": shown, "ETag": etag, "Location": format!("https://cloudfront.amazonaws.com/2020-05-31/distribution/{id}") }),
    )
}

fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let distribution = find(call, input)?;
    Ok(json!({ "Distribution": distribution.to_json(), "ETag": distribution.etag }))
}

fn get_config(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let distribution = find(call, input)?;
    Ok(json!({ "DistributionConfig": distribution.config, "ETag": distribution.etag }))
}

fn list(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let list: Vec<Value> = call.account_state().cloudfront.distributions.values().map(Distribution::to_json).collect();
    Ok(json!({ "DistributionList": { "Quantity": list.len(), "Items": list, "IsTruncated": false } }))
}

/// The ETag must be the one of the configuration that the caller has read.
fn check_etag(distribution: &Distribution, input: &Value) -> Result<(), AwsError> {
    match text(input, "IfMatch") {
        None => Err(AwsError::client(
            "InvalidIfMatchVersion",
            "The If-Match version is missing or not valid for the resource.",
        )),
        Some(etag) if etag != distribution.etag => Err(AwsError::with_status(
            412,
            "PreconditionFailed",
            "The precondition in one or more of the request fields evaluated to false.",
        )),
        Some(_) => Ok(()),
    }
}

fn update(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let config = input.get("DistributionConfig").cloned().unwrap_or_default();
    check_etag(find(call, input)?, input)?;
    check(call, &config)?;
    let (etag, now) = (format!("E{}", call.upper_id(13)), call.now());
    let distribution = find(call, input)?;
    distribution.config = Arc::new(config);
    distribution.deployed = false;
    distribution.modified = now;
    distribution.etag.clone_from(&etag);
    let (id, shown) = (distribution.id.clone(), distribution.to_json());
    call.log(format!("distribution {id} updated"));
    deploy_later(call, &id, etag.clone());
    Ok(json!({ "Distribution": shown, "ETag": etag }))
}

fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let rule = call.world.rule("cloudfront.disabled-first");
    let distribution = find(call, input)?;
    check_etag(distribution, input)?;
    // Disabled, and the disabling deployed: both must be.
    if rule && (distribution.enabled() || !distribution.deployed) {
        return Err(AwsError::with_status(
            409,
            "DistributionNotDisabled",
            "The distribution you are trying to delete has not been disabled.",
        ));
    }
    let id = distribution.id.clone();
    call.account_state().cloudfront.distributions.remove(&id);
    call.log(format!("distribution {id} deleted"));
    Ok(json!({}))
}

fn create_access_control(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let config = input.get("OriginAccessControlConfig").cloned().unwrap_or_default();
    let name = required(&config, "Name")?;
    let controls = &call.account_state().cloudfront.access_controls;
    if controls.values().any(|other| text(&other.config, "Name") == Some(name)) {
        return Err(AwsError::with_status(
            409,
            "OriginAccessControlAlreadyExists",
            "An origin access control with the same name already exists.",
        ));
    }
    let control =
        AccessControl { id: format!("E{}", call.upper_id(13)), config, etag: format!("E{}", call.upper_id(13)) };
    let output = json!({
        "OriginAccessControl": { "Id": control.id, "OriginAccessControlConfig": control.config },
        "ETag": control.etag,
    });
    call.account_state().cloudfront.access_controls.insert(control.id.clone(), control);
    Ok(output)
}

fn get_access_control(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "Id")?;
    match call.account_state().cloudfront.access_controls.get(id) {
        Some(control) => Ok(json!({
            "OriginAccessControl": { "Id": control.id, "OriginAccessControlConfig": control.config },
            "ETag": control.etag,
        })),
        None => {
            Err(AwsError::not_found("NoSuchOriginAccessControl", "The specified origin access control does not exist."))
        }
    }
}

fn delete_access_control(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    get_access_control(call, input)?;
    let id = required(input, "Id")?;
    let state = &mut call.account_state().cloudfront;
    let used = state.distributions.values().any(|one| {
        items(one.config.get("Origins")).iter().any(|origin| text(origin, "OriginAccessControlId") == Some(id))
    });
    if used {
        return Err(AwsError::with_status(
            409,
            "OriginAccessControlInUse",
            "Cannot delete the origin access control because it's in use by one or more distributions.",
        ));
    }
    state.access_controls.remove(id);
    Ok(json!({}))
}

fn tag_resource(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "Resource")?;
    let added = tags(input.get("Tags").map(|tags| tags.get("Items").unwrap_or(tags)));
    let distributions = &mut call.account_state().cloudfront.distributions;
    let found = distributions.values_mut().find(|one| one.arn == arn);
    let found = found.ok_or_else(|| AwsError::not_found("NoSuchResource", "The specified resource does not exist."))?;
    for (key, value) in added {
        found.tags.retain(|(existing, _)| *existing != key);
        found.tags.push((key, value));
    }
    Ok(json!({}))
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    let Transition::Deployed { id, etag } = what;
    let Some(distribution) = call.account_state().cloudfront.distributions.get_mut(&id) else { return };
    // A later change takes its own time.
    if distribution.etag == etag {
        distribution.deployed = true;
        distribution.answers = true;
        distribution.live = Arc::clone(&distribution.config);
        call.log(format!("distribution {id} deployed"));
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateDistribution" | "CreateDistributionWithTags" => create,
        "GetDistribution" => get,
        "GetDistributionConfig" => get_config,
        "ListDistributions" => list,
        "UpdateDistribution" => update,
        "DeleteDistribution" => delete,
        "CreateOriginAccessControl" => create_access_control,
        "GetOriginAccessControl" => get_access_control,
        "DeleteOriginAccessControl" => delete_access_control,
        "TagResource" => tag_resource,
        _ => return None,
    })
}

/// What exists of this service in the call's account.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let account = call.account.clone();
    let state = &call.account_state().cloudfront;
    let distributions = state.distributions.values().map(|one| Record {
        type_name: "AWS::CloudFront::Distribution",
        id: one.id.clone(),
        arn: one.arn.clone(),
        tags: one.tags.clone(),
        properties: json!({
            "Id": one.id,
            "DomainName": one.domain,
            "DistributionConfig": one.config,
            "Tags": tag_list(&one.tags),
        }),
        built_in: false,
    });
    let controls = state.access_controls.values().map(|control| Record {
        type_name: "AWS::CloudFront::OriginAccessControl",
        id: control.id.clone(),
        arn: format!("arn:aws:cloudfront::{account}:origin-access-control/{}", control.id),
        tags: Vec::new(),
        properties: json!({ "Id": control.id, "OriginAccessControlConfig": control.config }),
        built_in: false,
    });
    distributions.chain(controls).collect()
}
