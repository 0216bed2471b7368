//! Deletion through Cloud Control: the service's own deletion, and a request that ends when the resource is gone.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{known, record};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required};

/// A request that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Request {
    type_name: String,
    id: String,
    since: SimTime,
    /// Why the service refused it: code and message.
    refused: Option<(String, String)>,
}

/// How a type is deleted: service, operation, the member that takes the identifier, and what else the call needs.
type Deletion = (&'static str, &'static str, &'static str, &'static str, &'static [(&'static str, bool)]);

/// Types that are deleted by one call with their identifier. Deletions that need more (a version, a disabled state) belong to
/// the service's own API.
const DELETIONS: &[Deletion] = &[
    ("AWS::ApiGateway::DomainName", "apigateway", "DeleteDomainName", "domainName", &[]),
    ("AWS::ApiGateway::RestApi", "apigateway", "DeleteRestApi", "restApiId", &[]),
    ("AWS::CertificateManager::Certificate", "acm", "DeleteCertificate", "CertificateArn", &[]),
    ("AWS::CloudFormation::Stack", "cloudformation", "DeleteStack", "StackName", &[]),
    ("AWS::DynamoDB::Table", "dynamodb", "DeleteTable", "TableName", &[]),
    ("AWS::ElastiCache::ReplicationGroup", "elasticache", "DeleteReplicationGroup", "ReplicationGroupId", &[]),
    ("AWS::IAM::Role", "iam", "DeleteRole", "RoleName", &[]),
    ("AWS::KMS::Key", "kms", "ScheduleKeyDeletion", "KeyId", &[]),
    ("AWS::Lambda::Function", "lambda", "DeleteFunction", "FunctionName", &[]),
    ("AWS::Logs::LogGroup", "logs", "DeleteLogGroup", "logGroupName", &[]),
    ("AWS::RDS::DBCluster", "rds", "DeleteDBCluster", "DBClusterIdentifier", &[("SkipFinalSnapshot", true)]),
    ("AWS::RDS::DBClusterParameterGroup", "rds", "DeleteDBClusterParameterGroup", "DBClusterParameterGroupName", &[]),
    ("AWS::RDS::DBInstance", "rds", "DeleteDBInstance", "DBInstanceIdentifier", &[("SkipFinalSnapshot", true)]),
    ("AWS::RDS::DBSubnetGroup", "rds", "DeleteDBSubnetGroup", "DBSubnetGroupName", &[]),
    ("AWS::Route53::HealthCheck", "route53", "DeleteHealthCheck", "HealthCheckId", &[]),
    ("AWS::Route53::HostedZone", "route53", "DeleteHostedZone", "Id", &[]),
    ("AWS::S3::Bucket", "s3", "DeleteBucket", "Bucket", &[]),
    (
        "AWS::SecretsManager::Secret",
        "secretsmanager",
        "DeleteSecret",
        "SecretId",
        &[("ForceDeleteWithoutRecovery", true)],
    ),
];

/// The handler's code for an error of the service, as Cloud Control sorts them.
fn handler_code(error: &AwsError) -> &'static str {
    let code = error.code.as_str();
    if error.status == 404 || code.contains("NotFound") {
        "NotFound"
    } else if code.contains("InUse") || code.contains("NotEmpty") || code.contains("State") || code.contains("Conflict")
    {
        "ResourceConflict"
    } else if error.status == 403 {
        "AccessDenied"
    } else {
        "InvalidRequest"
    }
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, id) = (required(input, "TypeName")?, required(input, "Identifier")?);
    known(name)?;
    record(call, name, id)?;
    let Some((_, service, operation, member, more)) = DELETIONS.iter().find(|(known, ..)| *known == name) else {
        return Err(AwsError::client(
            "UnsupportedActionException",
            format!(
                "Resource type {name} does not support DELETE action in the sandbox; use the service's own operation."
            ),
        ));
    };
    let mut arguments = Map::from_iter([((*member).to_owned(), json!(id))]);
    arguments.extend(more.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    let refused = match call.invoke(service, operation, &Value::Object(arguments)) {
        Ok(_) => None,
        Err(error) => Some((handler_code(&error).to_owned(), error.message)),
    };
    let token = call.uuid();
    let request = Request { type_name: name.to_owned(), id: id.to_owned(), since: call.now(), refused };
    let mut event = event(&token, &request, "IN_PROGRESS");
    call.regional().cloudcontrol.requests.insert(token, request);
    if let Some(map) = event.as_object_mut() {
        // The first answer never knows how it ends.
        map.shift_remove("ErrorCode");
        map.shift_remove("StatusMessage");
    }
    Ok(json!({ "ProgressEvent": event }))
}

fn event(token: &str, request: &Request, status: &str) -> Value {
    let mut event = json!({
        "TypeName": request.type_name,
        "Identifier": request.id,
        "RequestToken": token,
        "Operation": "DELETE",
        "OperationStatus": status,
        "EventTime": request.since.epoch_seconds(),
    });
    if let (Some((code, message)), Some(map)) = (&request.refused, event.as_object_mut()) {
        map.insert("ErrorCode".into(), json!(code));
        map.insert("StatusMessage".into(), json!(message));
    }
    event
}

pub(super) fn status(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let token = required(input, "RequestToken")?;
    let request = call.regional().cloudcontrol.requests.get(token).cloned().ok_or_else(|| {
        AwsError::client("RequestTokenNotFoundException", format!("Request token {token} was not found."))
    })?;
    let status = match &request.refused {
        Some(_) => "FAILED",
        None if record(call, &request.type_name, &request.id).is_ok() => "IN_PROGRESS",
        None => "SUCCESS",
    };
    Ok(json!({ "ProgressEvent": event(token, &request, status) }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sandbox::World;
    use crate::sandbox::services;

    fn ask(world: &mut World, operation: &str, input: &Value) -> Result<Value, AwsError> {
        Call::new(world, "111122223333", "us-east-1").invoke("cloudcontrol", operation, input)
    }

    fn status(world: &mut World, answer: &Value) -> Value {
        let token = json!({ "RequestToken": answer["ProgressEvent"]["RequestToken"] });
        ask(world, "GetResourceRequestStatus", &token).unwrap()["ProgressEvent"].clone()
    }

    #[test]
    fn a_deletion_ends_when_the_resource_is_gone() {
        let mut world = World::new(1);
        let table = json!({ "TableName": "Books", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }] });
        Call::new(&mut world, "111122223333", "us-east-1").invoke("dynamodb", "CreateTable", &table).unwrap();
        let wait = |world: &mut World| world.advance(world.now.plus(Duration::from_mins(2)));
        wait(&mut world);
        let id = json!({ "TypeName": "AWS::DynamoDB::Table", "Identifier": "Books" });
        let answer = ask(&mut world, "DeleteResource", &id).unwrap();
        assert_eq!(answer["ProgressEvent"]["OperationStatus"], "IN_PROGRESS");
        assert_eq!(status(&mut world, &answer)["OperationStatus"], "IN_PROGRESS");
        wait(&mut world);
        assert_eq!(status(&mut world, &answer)["OperationStatus"], "SUCCESS");
        assert_eq!(ask(&mut world, "DeleteResource", &id).unwrap_err().code, "ResourceNotFoundException");
    }

    #[test]
    fn a_refusal_of_the_service_fails_the_request() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "us-east-1");
        call.invoke("s3", "CreateBucket", &json!({ "Bucket": "full" })).unwrap();
        call.invoke("s3", "PutObject", &json!({ "Bucket": "full", "Key": "k" })).unwrap();
        let id = json!({ "TypeName": "AWS::S3::Bucket", "Identifier": "full" });
        let answer = ask(&mut world, "DeleteResource", &id).unwrap();
        let event = status(&mut world, &answer);
        assert_eq!(
            (event["OperationStatus"].as_str(), event["ErrorCode"].as_str()),
            (Some("FAILED"), Some("ResourceConflict"))
        );
        let unknown = json!({ "TypeName": "AWS::S3::Buckets", "Identifier": "full" });
        assert_eq!(ask(&mut world, "DeleteResource", &unknown).unwrap_err().code, "TypeNotFoundException");
    }

    #[test]
    fn every_type_in_the_table_has_its_operation() {
        for (type_name, service, operation, ..) in DELETIONS {
            assert!(known(type_name).is_ok(), "{type_name}");
            assert!(services::handler(service, operation).is_some(), "{service} {operation}");
        }
    }
}
