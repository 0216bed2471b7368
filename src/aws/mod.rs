//! Floor 2: operations through the AWS SDK for Rust, over the sandbox's wire or the network.
//!
//! An [`Operation`]'s JSON input goes into the typed setters of a real client; its output is the captured HTTP answer,
//! read by `protocol` into what the AWS CLI would print. A member that no setter takes is refused by name.
//!
//! A call sleeps (for a retry) on its caller's account: whoever calls in simulated time holds a
//! [`crate::clock::Participant`].

mod acm;
mod apigateway;
mod assumed;
mod attribute_value;
mod capture;
mod cloudcontrol;
mod cloudformation;
mod cloudwatch;
mod codepipeline;
mod connect;
mod convert;
mod dynamodb;
mod ecs;
mod failure;
mod iam;
mod organizations;
mod rds;
mod resourcegroupstaggingapi;
mod route53;
// Replication rules of the first version have a deprecated prefix, which learners still find in older instructions.
#[allow(deprecated)]
mod s3;
mod s3_objects;
mod sandbox;
mod scheduler;
mod sign;
mod sts;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

pub use assumed::{Assumed, RoleOptions};
pub use connect::{AwsError, ConnectOptions};
pub use failure::classify;

use crate::clock::Clock;
use crate::domain::{BoxFuture, Failure, FailureClass, Operation, Operations, Reply};
use crate::protocol::{self, Wire};
use capture::Capture;
use convert::{Call, Refusal, Sent};

/// AWS through the SDK, real or simulated.
pub struct Aws {
    config: SdkConfig,
    /// Whether buckets stand in the path instead of the host name: in the sandbox and at compatible servers.
    path_style: bool,
    clients: Clients,
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("path_style", &self.path_style).finish_non_exhaustive()
    }
}

/// One service's clients by Region, made when they are first needed.
struct Pool<C> {
    clients: Mutex<BTreeMap<String, C>>,
}

impl<C> Default for Pool<C> {
    fn default() -> Self {
        Self { clients: Mutex::default() }
    }
}

impl<C: Clone> Pool<C> {
    fn get(&self, region: &str, make: impl FnOnce() -> C) -> C {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(region.to_owned()).or_insert_with(make).clone()
    }
}

#[derive(Default)]
struct Clients {
    acm: Pool<aws_sdk_acm::Client>,
    apigateway: Pool<aws_sdk_apigateway::Client>,
    cloudcontrol: Pool<aws_sdk_cloudcontrol::Client>,
    cloudformation: Pool<aws_sdk_cloudformation::Client>,
    cloudwatch: Pool<aws_sdk_cloudwatch::Client>,
    codepipeline: Pool<aws_sdk_codepipeline::Client>,
    dynamodb: Pool<aws_sdk_dynamodb::Client>,
    ecs: Pool<aws_sdk_ecs::Client>,
    iam: Pool<aws_sdk_iam::Client>,
    organizations: Pool<aws_sdk_organizations::Client>,
    rds: Pool<aws_sdk_rds::Client>,
    resourcegroupstaggingapi: Pool<aws_sdk_resourcegroupstagging::Client>,
    route53: Pool<aws_sdk_route53::Client>,
    s3: Pool<aws_sdk_s3::Client>,
    scheduler: Pool<aws_sdk_scheduler::Client>,
    sts: Pool<aws_sdk_sts::Client>,
}

/// Our key of a service that the AWS CLI calls by another name.
fn key(service: &str) -> &str {
    match service {
        "s3api" => "s3",
        other => other,
    }
}

impl Aws {
    /// Clients that `wire` answers, living in `clock`'s time.
    pub fn in_sandbox(wire: Arc<dyn Wire>, clock: &Clock) -> Self {
        Self { config: sandbox::config(wire, clock), path_style: true, clients: Clients::default() }
    }

    /// Clients on the network. Credentials are resolved first, which takes at most five seconds.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, AwsError> {
        let config = connect::config(options).await?;
        Ok(Self { config, path_style: options.endpoint_url.is_some(), clients: Clients::default() })
    }

    /// The same AWS as somebody else: other keys, everything else as it is.
    #[must_use]
    pub fn with_credentials(&self, key: &str, secret: &str, token: Option<&str>) -> Self {
        let credentials = Credentials::from_keys(key, secret, token.map(str::to_owned));
        let provider = SharedCredentialsProvider::new(credentials);
        let config = self.config.to_builder().credentials_provider(provider).build();
        Self { config, path_style: self.path_style, clients: Clients::default() }
    }

    /// The same AWS, asked once: a refusal is an answer. What the SDK waits between two tries is drawn by chance, so that
    /// with retries a measurement would not be the same twice.
    #[must_use]
    pub fn without_retries(&self) -> Self {
        let config = self.config.to_builder().retry_config(RetryConfig::disabled()).build();
        Self { config, path_style: self.path_style, clients: Clients::default() }
    }

    /// The request for `call`; `None` when the service or the operation is not here.
    fn prepare(&self, service: &str, region: &str, call: &Call<'_>) -> Option<Result<Sent, Refusal>> {
        let config = || self.config.to_builder().region(Region::new(region.to_owned())).build();
        let clients = &self.clients;
        match service {
            "acm" => acm::prepare(&clients.acm.get(region, || aws_sdk_acm::Client::new(&config())), call),
            "apigateway" => {
                let client = clients.apigateway.get(region, || aws_sdk_apigateway::Client::new(&config()));
                apigateway::prepare(&client, call)
            }
            "cloudcontrol" => {
                let client = clients.cloudcontrol.get(region, || aws_sdk_cloudcontrol::Client::new(&config()));
                cloudcontrol::prepare(&client, call)
            }
            "cloudformation" => {
                let client = clients.cloudformation.get(region, || aws_sdk_cloudformation::Client::new(&config()));
                cloudformation::prepare(&client, call)
            }
            "cloudwatch" => {
                let client = clients.cloudwatch.get(region, || aws_sdk_cloudwatch::Client::new(&config()));
                cloudwatch::prepare(&client, call)
            }
            "codepipeline" => {
                let client = clients.codepipeline.get(region, || aws_sdk_codepipeline::Client::new(&config()));
                codepipeline::prepare(&client, call)
            }
            "dynamodb" => {
                dynamodb::prepare(&clients.dynamodb.get(region, || aws_sdk_dynamodb::Client::new(&config())), call)
            }
            "ecs" => ecs::prepare(&clients.ecs.get(region, || aws_sdk_ecs::Client::new(&config())), call),
            "iam" => iam::prepare(&clients.iam.get(region, || aws_sdk_iam::Client::new(&config())), call),
            "organizations" => {
                let client = clients.organizations.get(region, || aws_sdk_organizations::Client::new(&config()));
                organizations::prepare(&client, call)
            }
            "rds" => rds::prepare(&clients.rds.get(region, || aws_sdk_rds::Client::new(&config())), call),
            "resourcegroupstaggingapi" => {
                let make = || aws_sdk_resourcegroupstagging::Client::new(&config());
                resourcegroupstaggingapi::prepare(&clients.resourcegroupstaggingapi.get(region, make), call)
            }
            "route53" => {
                route53::prepare(&clients.route53.get(region, || aws_sdk_route53::Client::new(&config())), call)
            }
            "s3" => {
                let client = clients.s3.get(region, || {
                    let config = aws_sdk_s3::config::Builder::from(&config()).force_path_style(self.path_style);
                    aws_sdk_s3::Client::from_conf(config.build())
                });
                s3_objects::prepare(&client, call).or_else(|| s3::prepare(&client, call))
            }
            "scheduler" => {
                let client = clients.scheduler.get(region, || aws_sdk_scheduler::Client::new(&config()));
                scheduler::prepare(&client, call)
            }
            "sts" => sts::prepare(&clients.sts.get(region, || aws_sdk_sts::Client::new(&config())), call),
            _ => None,
        }
    }

    async fn run(&self, operation: &Operation) -> Result<Reply, Failure> {
        let service = key(&operation.service);
        let capture = Capture::default();
        let call = Call {
            api: &operation.api,
            input: &operation.input,
            payload: operation.payload.as_deref(),
            capture: capture.clone(),
        };
        let request = match self.prepare(service, &operation.region, &call) {
            None => return Err(unknown(operation)),
            Some(Err(refusal)) => return Err(refused(operation, &refusal)),
            Some(Ok(request)) => request,
        };
        let payload = request.await.map_err(|failure| Failure { operation: operation.to_string(), ..failure })?;
        let Some(answer) = capture.take() else {
            return Err(ours(operation, FailureClass::Service, "UnreadableAnswer", "AWS's answer was not seen".into()));
        };
        let request_id = answer.request_id();
        let output = protocol::decode_response(service, &operation.api, answer.status, &answer.headers, &answer.body)
            .map_err(|error| Failure {
            class: failure::classify(&error.code, &error.message, error.status),
            code: error.code,
            message: error.message,
            operation: operation.to_string(),
            request_id: request_id.clone(),
        })?;
        Ok(Reply { output, payload: payload.map(Vec::from), request_id })
    }
}

impl Operations for Aws {
    fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(self.run(operation))
    }
}

/// A failure of our own making.
fn ours(operation: &Operation, class: FailureClass, code: &str, message: String) -> Failure {
    Failure { class, code: code.to_owned(), message, operation: operation.to_string(), request_id: None }
}

fn unknown(operation: &Operation) -> Failure {
    let message = format!(
        "aws {} {} is not supported by this guide's aws command; use the AWS CLI",
        operation.service, operation.name
    );
    ours(operation, FailureClass::Unsupported, "UnsupportedOperation", message)
}

/// Names the flag as the learner wrote it, and below it the member.
fn refused(operation: &Operation, refusal: &Refusal) -> Failure {
    let path = refusal.path();
    let spec = protocol::operation_by_cli(&operation.service, &operation.name);
    let flag = path.first().map(|member| {
        let flag = spec.and_then(|spec| spec.flags.iter().find(|flag| flag.member == *member)).map(|flag| flag.name);
        format!("--{}", flag.unwrap_or(member))
    });
    let place = match (flag, path.get(1..)) {
        (Some(flag), Some(below)) if !below.is_empty() => format!("{} in {flag}", below.join(".")),
        (Some(flag), _) => flag,
        (None, _) => "the input".to_owned(),
    };
    if refusal.unmapped {
        let message = format!("{place} is not supported by this guide's aws command; use the AWS CLI");
        ours(operation, FailureClass::Unsupported, "UnsupportedFlag", message)
    } else {
        ours(operation, FailureClass::Invalid, "InvalidInput", format!("{place} {}", refusal.reason()))
    }
}

#[cfg(test)]
mod tests;
