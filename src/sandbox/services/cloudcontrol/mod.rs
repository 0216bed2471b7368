//! Cloud Control: lists, reads and deletes resources by their CloudFormation type.

mod delete;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record, inventory};
use crate::sandbox::call::{AwsError, Call, required, text};

/// How many resources a page has when the request does not say; at most 100. Source: Cloud Control API, ListResources.
const PAGE: usize = 20;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Requests by their token.
    requests: BTreeMap<String, delete::Request>,
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    match operation {
        "ListResources" => Some(list_resources),
        "GetResource" => Some(get_resource),
        "DeleteResource" => Some(delete::delete),
        "GetResourceRequestStatus" => Some(delete::status),
        _ => None,
    }
}

/// Types that the sandbox can list: those of its inventories.
const TYPES: &[&str] = &[
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGateway::RestApi",
    "AWS::CertificateManager::Certificate",
    "AWS::CloudFormation::Stack",
    "AWS::CloudFront::Distribution",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::CodePipeline::Pipeline",
    "AWS::Cognito::IdentityPool",
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::Table",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBClusterParameterGroup",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBSubnetGroup",
    "AWS::Route53::HealthCheck",
    "AWS::Route53::HostedZone",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
];

fn known(name: &str) -> Result<(), AwsError> {
    if TYPES.contains(&name) {
        return Ok(());
    }
    let nearest = crate::domain::text::nearest(name, TYPES.iter().copied());
    let hint = nearest.map_or(String::new(), |near| format!(" Did you mean {near}?"));
    Err(AwsError::client("TypeNotFoundException", format!("The sandbox has no resource type {name}.{hint}")))
}

fn records(call: &mut Call<'_>, name: &str) -> Vec<Record> {
    let mut found: Vec<Record> = inventory(call).into_iter().filter(|record| record.type_name == name).collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

fn description(record: &Record) -> Value {
    json!({ "Identifier": record.id, "Properties": record.properties.to_string() })
}

fn list_resources(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "TypeName")?;
    known(name)?;
    let size = input.get("MaxResults").and_then(Value::as_u64).map_or(PAGE, |size| size.clamp(1, 100) as usize);
    let start: usize = text(input, "NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
    let found = records(call, name);
    let page: Vec<Value> = found.iter().skip(start).take(size).map(description).collect();
    let next = start + page.len();
    let mut answer = json!({ "TypeName": name, "ResourceDescriptions": page });
    if let (true, Some(map)) = (next < found.len(), answer.as_object_mut()) {
        map.insert("NextToken".to_owned(), json!(next.to_string()));
    }
    Ok(answer)
}

/// The resource of that type and identifier.
fn record(call: &mut Call<'_>, name: &str, id: &str) -> Result<Record, AwsError> {
    let found = records(call, name).into_iter().find(|record| record.id == id);
    found.ok_or_else(|| {
        AwsError::client(
            "ResourceNotFoundException",
            format!("Resource of type '{name}' with identifier '{id}' was not found."),
        )
    })
}

fn get_resource(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, id) = (required(input, "TypeName")?, required(input, "Identifier")?);
    known(name)?;
    let record = record(call, name, id)?;
    Ok(json!({ "TypeName": name, "ResourceDescription": description(&record) }))
}
