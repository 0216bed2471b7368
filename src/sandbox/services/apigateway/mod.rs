//! API Gateway: REST APIs, stages, custom domain names and mappings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::sandbox::call::{AwsError, Call, required, tags};

pub mod apis;
mod deployments;
pub mod domains;
mod methods;
pub mod responses;

#[cfg(test)]
mod tests;

pub use domains::hosted_zone;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// REST APIs by id.
    pub apis: BTreeMap<String, apis::RestApi>,
    /// Custom domain names by name.
    pub domains: BTreeMap<String, domains::DomainName>,
}

impl State {
    /// Whether a custom domain name of this Region has that Regional name.
    pub fn has_regional_name(&self, host: &str) -> bool {
        self.domains.values().any(|domain| domain.regional_name == host)
    }
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A custom domain name answers from now on.
    DomainAvailable(String),
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    match what {
        Transition::DomainAvailable(name) => domains::available(call, &name),
    }
}

/// Something that is not there.
fn not_found(what: &str) -> AwsError {
    AwsError::not_found("NotFoundException", format!("Invalid {what} identifier specified"))
}

fn bad_request(message: impl Into<String>) -> AwsError {
    AwsError::client("BadRequestException", message)
}

fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::with_status(409, "ConflictException", message)
}

/// Pairs as the map that API Gateway shows tags as.
fn tag_map(tags: &[(String, String)]) -> Value {
    tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}

/// The tags of the resource that an ARN names.
fn tags_of<'c>(call: &'c mut Call<'_>, arn: &str) -> Result<&'c mut Vec<(String, String)>, AwsError> {
    let path = arn.split("::/").nth(1).unwrap_or_default().to_owned();
    let state = &mut call.regional().apigateway;
    let found = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["restapis", api] => state.apis.get_mut(*api).map(|api| &mut api.tags),
        ["restapis", api, "stages", stage] => {
            state.apis.get_mut(*api).and_then(|api| api.stages.get_mut(*stage)).map(|stage| &mut stage.tags)
        }
        ["domainnames", name] => state.domains.get_mut(*name).map(|domain| &mut domain.tags),
        _ => None,
    };
    found.ok_or_else(|| not_found("resource"))
}

fn tag_resource(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let kept = tags_of(call, required(input, "resourceArn")?)?;
    for (key, value) in tags(input.get("tags")) {
        kept.retain(|(existing, _)| *existing != key);
        kept.push((key, value));
    }
    Ok(json!({}))
}

fn untag_resource(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let kept = tags_of(call, required(input, "resourceArn")?)?;
    for key in input.get("tagKeys").and_then(Value::as_array).into_iter().flatten() {
        kept.retain(|(existing, _)| Some(existing.as_str()) != key.as_str());
    }
    Ok(json!({}))
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateRestApi" => apis::create,
        "GetRestApi" => apis::get,
        "GetRestApis" => apis::list,
        "DeleteRestApi" => apis::delete,
        "CreateResource" => apis::create_resource,
        "GetResource" => apis::get_resource,
        "GetResources" => apis::list_resources,
        "DeleteResource" => apis::delete_resource,
        "PutMethod" => methods::put,
        "GetMethod" => methods::get,
        "DeleteMethod" => methods::delete,
        "PutMethodResponse" => methods::put_response,
        "PutIntegration" => methods::put_integration,
        "DeleteIntegration" => methods::delete_integration,
        "PutIntegrationResponse" => methods::put_integration_response,
        "PutGatewayResponse" => responses::put,
        "GetGatewayResponse" => responses::get,
        "GetGatewayResponses" => responses::list,
        "DeleteGatewayResponse" => responses::delete,
        "CreateDeployment" => deployments::create,
        "GetDeployment" => deployments::get,
        "GetDeployments" => deployments::list,
        "DeleteDeployment" => deployments::delete,
        "CreateStage" => deployments::create_stage,
        "GetStage" => deployments::get_stage,
        "GetStages" => deployments::list_stages,
        "UpdateStage" => deployments::update_stage,
        "DeleteStage" => deployments::delete_stage,
        "CreateDomainName" => domains::create,
        "GetDomainName" => domains::get,
        "GetDomainNames" => domains::list,
        "DeleteDomainName" => domains::delete,
        "CreateBasePathMapping" => domains::create_mapping,
        "GetBasePathMapping" => domains::get_mapping,
        "GetBasePathMappings" => domains::list_mappings,
        "DeleteBasePathMapping" => domains::delete_mapping,
        "TagResource" => tag_resource,
        "UntagResource" => untag_resource,
        _ => return None,
    })
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let region = call.region.clone();
    let state = &call.regional().apigateway;
    let mut records = Vec::new();
    for api in state.apis.values() {
        records.push(Record {
            type_name: "AWS::ApiGateway::RestApi",
            id: api.id.clone(),
            arn: format!("arn:aws:apigateway:{region}::/restapis/{}", api.id),
            tags: api.tags.clone(),
            properties: json!({ "RestApiId": api.id, "Name": api.name, "RootResourceId": api.root }),
            built_in: false,
        });
        records.extend(api.stages.values().map(|stage| Record {
            type_name: "AWS::ApiGateway::Stage",
            id: format!("{}|{}", api.id, stage.name),
            arn: format!("arn:aws:apigateway:{region}::/restapis/{}/stages/{}", api.id, stage.name),
            tags: stage.tags.clone(),
            properties: json!({ "RestApiId": api.id, "StageName": stage.name, "DeploymentId": stage.deployment }),
            built_in: false,
        }));
    }
    for domain in state.domains.values() {
        records.push(Record {
            type_name: "AWS::ApiGateway::DomainName",
            id: domain.name.clone(),
            arn: format!("arn:aws:apigateway:{region}::/domainnames/{}", domain.name),
            tags: domain.tags.clone(),
            properties: json!({
                "DomainName": domain.name,
                "RegionalDomainName": domain.regional_name,
                "RegionalCertificateArn": domain.certificate,
            }),
            built_in: false,
        });
    }
    records
}
