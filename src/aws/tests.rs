//! Every operation round-trips through the SDK: what a wire decodes equals the input that was given, and what the wire
//! answers is what the caller reads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::{Value, json};

use super::Aws;
use crate::clock::{Clock, Rate};
use crate::domain::{BoxFuture, Effect, Failure, FailureClass, Operation, Operations, Reply, SimTime};
use crate::protocol::{self, DecodedRequest, ServiceError, Wire, WireError};

/// What the wire does with a request.
type Answer = dyn Fn(&DecodedRequest) -> Result<http::Response<Bytes>, WireError> + Send + Sync;

/// A wire that keeps what it decoded.
struct Recorder {
    seen: Mutex<Vec<DecodedRequest>>,
    answer: Box<Answer>,
}

impl Wire for Recorder {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, WireError>> {
        let decoded = match protocol::decode_request(&request) {
            Ok(decoded) => decoded,
            Err(error) => {
                let text = format!("{error}: {} {}", request.method(), request.uri());
                return Box::pin(std::future::ready(Err(WireError::Other(text))));
            }
        };
        let answer = (self.answer)(&decoded);
        self.seen.lock().unwrap().push(decoded);
        Box::pin(std::future::ready(answer))
    }
}

struct Rig {
    aws: Aws,
    wire: Arc<Recorder>,
    clock: Clock,
}

fn rig(answer: impl Fn(&DecodedRequest) -> Result<http::Response<Bytes>, WireError> + Send + Sync + 'static) -> Rig {
    let wire = Arc::new(Recorder { seen: Mutex::default(), answer: Box::new(answer) });
    let clock = Clock::simulated(SimTime::WORLD_START, Rate::Jump);
    Rig { aws: Aws::in_sandbox(Arc::clone(&wire) as Arc<dyn Wire>, &clock), wire, clock }
}

impl Rig {
    async fn call(&self, operation: &Operation) -> Result<Reply, Failure> {
        let _participant = self.clock.participate();
        self.aws.call(operation).await
    }

    fn last(&self) -> DecodedRequest {
        self.wire.seen.lock().unwrap().last().cloned().expect("a request reached the wire")
    }
}

fn operation(service: &str, name: &str, input: Value) -> Operation {
    let spec = protocol::operation_by_cli(service, name).unwrap_or_else(|| panic!("{service} {name}"));
    Operation {
        service: service.into(),
        name: name.into(),
        api: spec.api.into(),
        region: "eu-west-1".into(),
        input,
        payload: None,
        query: None,
        effect: Effect::Read,
    }
}

#[allow(clippy::unnecessary_wraps)] // the shape of every answer
fn accept(request: &DecodedRequest) -> Result<http::Response<Bytes>, WireError> {
    Ok(protocol::encode_response(request, &json!({}), None, "id-1"))
}

/// A value for each member of an operation's input, by its model.
struct Sample {
    number: i64,
}

impl Sample {
    fn of(&mut self, service: &protocol::Service, member: &protocol::Member, depth: usize) -> Option<Value> {
        use protocol::Kind;
        let shape = service.shape(member);
        self.number += 1;
        Some(match shape.kind {
            _ if shape.document => return None,
            Kind::Structure if shape.name == "AttributeValue" => json!({ "S": format!("text {}", self.number) }),
            // The filter of a replication rule takes one of its members.
            Kind::Structure if shape.name == "ReplicationRuleFilter" => json!({ "Prefix": "p" }),
            Kind::Structure if depth > 6 => return None,
            Kind::Structure => {
                let members = shape.members.iter().filter(|member| !member.streaming);
                let filled =
                    members.filter_map(|member| Some((member.name.clone(), self.of(service, member, depth + 1)?)));
                Value::Object(filled.collect())
            }
            Kind::List => json!([self.of(service, shape.member.as_ref()?, depth + 1)?]),
            Kind::Map => {
                let key = service.shape(shape.key.as_ref()?);
                let key = key.values.first().cloned().unwrap_or_else(|| "key".into());
                json!({ key: self.of(service, shape.value.as_ref()?, depth + 1)? })
            }
            Kind::Boolean => json!(true),
            Kind::Integer | Kind::Long => json!(self.number),
            Kind::Double => json!(self.number as f64 + 0.5),
            Kind::Timestamp => json!((1_700_000_000 + self.number) as f64),
            Kind::Blob => json!("Ynl0ZXM="),
            // Route 53 writes a page's size as text.
            Kind::String if shape.name == "PageMaxItems" => json!(self.number.to_string()),
            Kind::String => match shape.values.first() {
                Some(word) => json!(word),
                None => json!(format!("text-{}", self.number)),
            },
        })
    }
}

/// Removes a member by its path; false when it is not there.
fn prune(value: &mut Value, path: &[&str]) -> bool {
    match (path, value) {
        ([last], Value::Object(object)) => object.shift_remove(*last).is_some(),
        ([first, rest @ ..], Value::Object(object)) => object.get_mut(*first).is_some_and(|inner| prune(inner, rest)),
        ([first, rest @ ..], Value::Array(list)) => {
            first.parse::<usize>().ok().and_then(|index| list.get_mut(index)).is_some_and(|inner| prune(inner, rest))
        }
        _ => false,
    }
}

/// Where what the wire saw differs from what was given, with the way to it.
fn differences(given: &Value, seen: &Value, path: &str, into: &mut Vec<String>) {
    match (given, seen) {
        (Value::Object(given), Value::Object(seen)) => {
            for (name, value) in given {
                differences(value, seen.get(name).unwrap_or(&Value::Null), &format!("{path}.{name}"), into);
            }
            for (name, value) in seen.iter().filter(|(name, _)| !given.contains_key(*name)) {
                into.push(format!("{path}.{name}: the wire saw {value}, which was not given"));
            }
        }
        (Value::Array(given), Value::Array(seen)) if given.len() == seen.len() => {
            for (index, (value, seen)) in given.iter().zip(seen).enumerate() {
                differences(value, seen, &format!("{path}[{index}]"), into);
            }
        }
        (Value::Number(given), Value::Number(seen)) if given.as_f64() == seen.as_f64() => {}
        (given, seen) if given == seen => {}
        (given, seen) => into.push(format!("{path}: gave {given}, the wire saw {seen}")),
    }
}

/// Members of the models that the adapter leaves to the AWS CLI, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    // Certificate transparency logging can no longer be switched off.
    ("RequestCertificate", "Options.CertificateTransparencyLoggingPreference"),
    // A metric query language of alarms; nothing in the workshop has it.
    ("PutMetricAlarm", "EvaluationCriteria"),
    // Not on the wire: the AWS CLI makes a presigned URL of it.
    ("CreateDBCluster", "SourceRegion"),
    // A drill's dead man's switch calls a universal target at one time.
    ("CreateSchedule", "StartDate"),
    ("CreateSchedule", "EndDate"),
    ("CreateSchedule", "KmsKeyArn"),
    ("CreateSchedule", "Target.DeadLetterConfig"),
    ("CreateSchedule", "Target.EcsParameters"),
    ("CreateSchedule", "Target.EventBridgeParameters"),
    ("CreateSchedule", "Target.KinesisParameters"),
    ("CreateSchedule", "Target.SageMakerPipelineParameters"),
    ("CreateSchedule", "Target.SqsParameters"),
];

/// Services that the sandbox answers for the learner's own AWS CLI, and the guide never calls: no SDK client is linked.
const BEYOND_THE_GUIDE: &[&str] = &[
    "cognito-identity",
    "cognito-idp",
    "dynamodbstreams",
    "ec2",
    "elasticache",
    "iam",
    "kms",
    "lambda",
    "logs",
    "organizations",
    "scheduler",
    "service-quotas",
    "ssm",
];

/// Operations of the guide's services that it never calls, likewise.
const OPERATIONS_BEYOND_THE_GUIDE: &[&str] = &[
    "CancelUpdateStack",
    "CompleteMultipartUpload",
    "ContinueUpdateRollback",
    "CreateGlobalTable",
    "CreateMultipartUpload",
    "CreatePipeline",
    "DeleteObjectTagging",
    "DescribeDBClusterParameters",
    "GetObjectTagging",
    "GetSessionToken",
    "ListImports",
    "ListParts",
    "ModifyDBClusterParameterGroup",
    "PutObjectTagging",
    "RebootDBInstance",
    "RemoveTagsFromResource",
    "TransactGetItems",
    "UpdatePipeline",
    "UploadPart",
    "UploadPartCopy",
];

/// What is called all the same of services that are otherwise beyond the guide: the reads of a roster and of its checks,
/// the one that tells a learner what is allowed, and a drill's dead man's switch.
const ROSTER: &[(&str, &str)] = &[
    ("iam", "ListAccountAliases"),
    ("iam", "SimulatePrincipalPolicy"),
    ("organizations", "DescribeAccount"),
    ("organizations", "DescribeOrganization"),
    ("organizations", "ListAccounts"),
    ("organizations", "ListAccountsForParent"),
    ("organizations", "ListOrganizationalUnitsForParent"),
    ("organizations", "ListParents"),
    ("organizations", "ListRoots"),
    ("scheduler", "CreateSchedule"),
    ("scheduler", "DeleteSchedule"),
    ("scheduler", "ListSchedules"),
];

#[tokio::test]
async fn every_operation_round_trips_through_the_sdk() {
    let rig = rig(accept);
    let mut wrong = Vec::new();
    let mut count = 0;
    for service in &protocol::models().services {
        for model in service.operations() {
            count += 1;
            let name = &model.name;
            let mut input = match &model.input {
                Some(input) => Sample { number: 0 }.of(service, input, 0).unwrap(),
                None => json!({}),
            };
            for (_, path) in LEFT_OUT.iter().filter(|(operation, _)| operation == name) {
                assert!(prune(&mut input, &path.split('.').collect::<Vec<_>>()), "{name}: {path} is not in the model");
            }
            let mut operation = operation(service.cli_name(), &model.cli, input);
            operation.payload = (name == "PutObject").then(|| b"the body".to_vec());
            rig.wire.seen.lock().unwrap().clear();
            let within = ROSTER.contains(&(service.key.as_str(), name.as_str()));
            let beyond = BEYOND_THE_GUIDE.contains(&service.key.as_str()) && !within;
            if beyond || OPERATIONS_BEYOND_THE_GUIDE.contains(&name.as_str()) {
                let failure = rig.call(&operation).await.unwrap_err();
                assert_eq!(failure.class, FailureClass::Unsupported, "{name}");
                continue;
            }
            match rig.call(&operation).await {
                Err(failure) => wrong.push(format!("{}: {}", service.key, failure)),
                Ok(reply) => {
                    let seen = rig.last();
                    assert_eq!((seen.service, seen.operation), (service.key.as_str(), name.as_str()));
                    let global = service.is_global();
                    assert_eq!(seen.region, if global { "us-east-1" } else { "eu-west-1" }, "{name}");
                    assert_eq!(
                        seen.payload.as_deref().filter(|body| !body.is_empty()),
                        operation.payload.as_deref(),
                        "{name}"
                    );
                    assert_eq!(reply.request_id.as_deref(), Some("id-1"), "{name}");
                    differences(&operation.input, &seen.input, name, &mut wrong);
                }
            }
        }
    }
    assert!(count > 140, "only {count} operations");
    assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_flag_that_is_not_mapped_is_refused_by_its_name() {
    let rig = rig(accept);
    let input = json!({ "DBClusterIdentifier": "c", "Engine": "aurora-mysql", "SourceRegion": "eu-west-1" });
    let failure = rig.call(&operation("rds", "create-db-cluster", input)).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Unsupported);
    assert_eq!(failure.message, "--source-region is not supported by this guide's aws command; use the AWS CLI");
    let input = json!({ "AttributeDefinitions": [{ "AttributeName": "id", "Odd": 1 }], "TableName": "t" });
    let failure = rig.call(&operation("dynamodb", "create-table", input)).await.unwrap_err();
    assert!(failure.message.starts_with("0.Odd in --attribute-definitions is not supported"), "{failure}");
    assert!(rig.wire.seen.lock().unwrap().is_empty(), "nothing may be sent");
}

#[tokio::test]
async fn a_value_of_the_wrong_kind_is_refused_with_its_place() {
    let rig = rig(accept);
    let input = json!({ "TableName": "t", "Key": { "id": { "S": 5 } } });
    let failure = rig.call(&operation("dynamodb", "get-item", input)).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Invalid);
    assert_eq!(failure.message, "id.S in --key must be text");
    assert_eq!(failure.operation, "aws dynamodb get-item --region eu-west-1");
}

#[tokio::test]
async fn an_operation_that_is_not_here_is_refused_by_its_name() {
    let rig = rig(accept);
    let mut call = operation("ecs", "list-tasks", json!({}));
    (call.name, call.api) = ("run-task".into(), "RunTask".into());
    let failure = rig.call(&call).await.unwrap_err();
    assert_eq!(failure.message, "aws ecs run-task is not supported by this guide's aws command; use the AWS CLI");
}

#[tokio::test]
async fn the_output_is_what_the_aws_cli_prints() {
    let rig = rig(|request| {
        let output = json!({ "DBClusters": [{ "DBClusterIdentifier": "c", "Status": "available", "Port": 3306,
            "ClusterCreateTime": 1_767_603_600.0, "MultiAZ": false }] });
        Ok(protocol::encode_response(request, &output, None, "id-2"))
    });
    let reply = rig.call(&operation("rds", "describe-db-clusters", json!({}))).await.unwrap();
    let cluster = &reply.output["DBClusters"][0];
    assert_eq!(cluster["Status"], "available");
    assert_eq!(cluster["Port"], 3306);
    assert!(cluster["ClusterCreateTime"].as_str().unwrap().starts_with("2026-01-05T09:00:00"), "{cluster}");
    assert_eq!(reply.request_id.as_deref(), Some("id-2"));
}

#[tokio::test]
async fn a_streamed_body_is_the_payload() {
    let rig = rig(|request| {
        let output = json!({ "ContentType": "text/plain", "ContentLength": 5 });
        Ok(protocol::encode_response(request, &output, Some(Bytes::from_static(b"hello")), "id"))
    });
    let reply = rig.call(&operation("s3api", "get-object", json!({ "Bucket": "b", "Key": "k" }))).await.unwrap();
    assert_eq!(reply.payload.as_deref(), Some(&b"hello"[..]));
    assert_eq!(reply.output["ContentType"], "text/plain");
    assert!(reply.output.get("Body").is_none());
}

#[tokio::test]
async fn an_error_has_its_class_code_message_and_request() {
    for (service, name, input, code, status, class) in [
        ("rds", "describe-db-clusters", json!({}), "DBClusterNotFoundFault", 404, FailureClass::NotFound),
        (
            "dynamodb",
            "describe-table",
            json!({ "TableName": "t" }),
            "ResourceNotFoundException",
            400,
            FailureClass::NotFound,
        ),
        ("s3api", "delete-bucket", json!({ "Bucket": "b" }), "BucketNotEmpty", 409, FailureClass::Conflict),
        ("apigateway", "get-rest-api", json!({ "restApiId": "a" }), "NotFoundException", 404, FailureClass::NotFound),
        ("route53", "delete-hosted-zone", json!({ "Id": "Z1" }), "HostedZoneNotEmpty", 400, FailureClass::Conflict),
        ("cloudwatch", "describe-alarms", json!({}), "AccessDenied", 403, FailureClass::Denied),
    ] {
        let rig = rig(move |request| {
            Ok(protocol::encode_error(request, &ServiceError::new(code, "what AWS says", status), "id-3"))
        });
        let failure = rig.call(&operation(service, name, input)).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (class, code), "{service}: {failure:?}");
        assert_eq!(failure.message, "what AWS says", "{service}");
        assert_eq!(failure.request_id.as_deref(), Some("id-3"), "{service}");
        assert_eq!(failure.operation, format!("aws {service} {name} --region eu-west-1"));
    }
}

#[tokio::test]
async fn throttling_is_retried_in_simulated_time() {
    let left = Mutex::new(3);
    let rig = rig(move |request| {
        let mut left = left.lock().unwrap();
        *left -= 1;
        if *left < 0 {
            return accept(request);
        }
        Ok(protocol::encode_error(request, &ServiceError::new("ThrottlingException", "Rate exceeded", 400), "id"))
    });
    rig.call(&operation("dynamodb", "list-tables", json!({}))).await.unwrap();
    assert_eq!(rig.wire.seen.lock().unwrap().len(), 4);
    assert!(rig.clock.now() > SimTime::WORLD_START, "the pauses between attempts take simulated time");
}

#[tokio::test]
async fn a_wire_without_an_answer_is_a_timeout_or_no_connection() {
    for (error, class) in [
        (WireError::Timeout("region".into()), FailureClass::Timeout),
        (WireError::Connection("refused".into()), FailureClass::Network),
        (WireError::Other("odd".into()), FailureClass::Network),
    ] {
        let rig = rig(move |_| Err(error.clone()));
        let failure = rig.call(&operation("sts", "get-caller-identity", json!({}))).await.unwrap_err();
        assert_eq!(failure.class, class, "{failure:?}");
    }
}

#[tokio::test]
async fn regions_do_not_mix() {
    let rig = rig(accept);
    for region in ["eu-west-1", "ap-southeast-1", "eu-west-1"] {
        let mut call = operation("rds", "describe-db-clusters", json!({}));
        call.region = region.into();
        rig.call(&call).await.unwrap();
        assert_eq!(rig.last().region, region);
    }
}

#[tokio::test]
async fn without_a_usable_profile_the_remedy_is_named() {
    let options = super::ConnectOptions {
        profile: Some("no-such-profile".into()),
        endpoint_url: Some("not a url".into()),
        region: "eu-west-1".into(),
    };
    let error = Aws::connect(&options).await.unwrap_err();
    assert_eq!(error.to_string(), "--endpoint-url 'not a url' is not a URL; write for example http://127.0.0.1:4566");
    let error = super::AwsError::NoCredentials { profile: options.profile, reason: "nothing".into() };
    let text = error.to_string();
    assert!(text.contains("for profile 'no-such-profile'") && text.contains("aws sso login"), "{text}");
}
