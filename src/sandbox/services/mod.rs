//! The simulated services, one module each, and the table that finds the handler of an operation.

use serde_json::Value;

use super::call::{AwsError, Call};
use super::faults;

pub mod acm;
pub mod apigateway;
pub mod cloudcontrol;
pub mod cloudformation;
pub mod cloudfront;
pub mod cloudwatch;
pub mod codepipeline;
pub mod cognito;
pub mod dynamodb;
pub mod ec2;
pub mod ecs;
pub mod elasticache;
pub mod elbv2;
pub mod iam;
pub mod kms;
pub mod lambda;
pub mod logs;
pub mod organizations;
pub mod paging;
pub mod rds;
pub mod route53;
pub mod s3;
pub mod scheduler;
pub mod secretsmanager;
pub mod servicequotas;
pub mod ssm;
pub mod sts;
pub mod tagging;

/// Answers one operation: input in, output or AWS's error out.
pub type Handler = fn(&mut Call<'_>, &Value) -> Result<Value, AwsError>;

/// The handler of a service's operation. Service keys are those of the wire's models (`rds`, `dynamodb`, …); services
/// that only CloudFormation reaches (`lambda`, `ec2`, …) answer with the shapes of AWS's API, too.
pub fn handler(service: &str, operation: &str) -> Option<Handler> {
    match service {
        "acm" => acm::handler(operation),
        "apigateway" => apigateway::handler(operation),
        "cloudcontrol" => cloudcontrol::handler(operation),
        "cloudformation" => cloudformation::handler(operation),
        "cloudfront" => cloudfront::handler(operation),
        "cloudwatch" => cloudwatch::handler(operation),
        "codepipeline" => codepipeline::handler(operation),
        "cognito" | "cognito-idp" | "cognito-identity" => cognito::handler(operation),
        "dynamodb" => dynamodb::handler(operation),
        "dynamodbstreams" => dynamodb::streams_handler(operation),
        "ec2" => ec2::handler(operation),
        "ecs" => ecs::handler(operation),
        "elasticache" => elasticache::handler(operation),
        "elbv2" => elbv2::handler(operation),
        "iam" => iam::handler(operation),
        "kms" => kms::handler(operation),
        "lambda" => lambda::handler(operation),
        "logs" => logs::handler(operation),
        "organizations" => organizations::handler(operation),
        "rds" => rds::handler(operation),
        "resourcegroupstaggingapi" => tagging::handler(operation),
        "route53" => route53::handler(operation),
        "s3" => s3::handler(operation),
        "scheduler" => scheduler::handler(operation),
        "secretsmanager" => secretsmanager::handler(operation),
        "service-quotas" => servicequotas::handler(operation),
        "ssm" => ssm::handler(operation),
        "sts" => sts::handler(operation),
        _ => None,
    }
}

/// Whether an operation only looks, by AWS's own verbs. Looking changes nothing in the world, not even its generation:
/// a world that is replayed from its changes alone must come out the same.
pub(super) fn reads(operation: &str) -> bool {
    const VERBS: [&str; 11] =
        ["BatchGet", "Describe", "Filter", "Get", "Head", "List", "Query", "Scan", "Simulate", "Test", "TransactGet"];
    // Both leave something behind: an identity, and a session.
    const LEAVE: [&str; 2] = ["GetId", "GetCredentialsForIdentity"];
    VERBS.iter().any(|verb| operation.starts_with(verb)) && !LEAVE.contains(&operation)
}

/// Whether an operation changes data and nothing else: what is written by the second while a drill runs.
fn writes_data(service: &str, operation: &str) -> bool {
    match service {
        "dynamodb" => {
            ["BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"].contains(&operation)
        }
        "s3" => ["DeleteObject", "PutObject"].contains(&operation),
        _ => false,
    }
}

/// Runs an operation, or says by name that it is not simulated.
pub fn dispatch(call: &mut Call<'_>, service: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
    match handler(service, operation) {
        Some(handler) => {
            faults::turned_away(call.world, &call.principal, service, operation, &call.region)?;
            if !reads(operation) {
                if writes_data(service, operation) {
                    call.world.wrote();
                } else {
                    call.world.touch();
                }
                servicequotas::check(call, service, operation, input)?;
            }
            handler(call, input)
        }
        None => Err(AwsError::with_status(
            501,
            "SandboxUnsupportedOperation",
            format!(
                "The sandbox does not simulate {service} {operation}. `workshop sandbox status --operations` lists what it does."
            ),
        )),
    }
}

/// Sends on its way again what waited for replication to be possible; called when a fault ends.
pub fn resume_replication(world: &mut super::World) {
    s3::resume(world);
    dynamodb::resume(world);
    rds::resume(world);
}

/// One thing that exists, as tag reads, list reads and the proof of emptiness see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its CloudFormation type: `AWS::RDS::DBCluster`.
    pub type_name: &'static str,
    /// Its primary identifier in Cloud Control's terms.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// Its properties, as Cloud Control shows them.
    pub properties: Value,
    /// Whether it exists in every new account and is nobody's to delete (a default VPC, an AWS-managed key).
    pub built_in: bool,
}

/// Everything that exists in the call's account and Region, built-in things included. Global services (IAM, Route 53,
/// CloudFront) are listed in us-east-1.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let regional = [
        acm::inventory,
        apigateway::inventory,
        cloudformation::inventory,
        cloudwatch::inventory,
        codepipeline::inventory,
        cognito::inventory,
        dynamodb::inventory,
        ec2::inventory,
        ecs::inventory,
        elasticache::inventory,
        elbv2::inventory,
        kms::inventory,
        lambda::inventory,
        logs::inventory,
        rds::inventory,
        s3::inventory,
        scheduler::inventory,
        secretsmanager::inventory,
        ssm::inventory,
    ];
    let global = [cloudfront::inventory, iam::inventory, route53::inventory];
    let mut records: Vec<Record> = regional.iter().flat_map(|list| list(call)).collect();
    if call.region == crate::domain::GLOBAL_REGION {
        records.extend(global.iter().flat_map(|list| list(call)));
    }
    records
}
