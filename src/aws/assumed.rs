//! AWS as a role that is assumed from other credentials, renewed before it ends.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::Aws;
use crate::clock::Clock;
use crate::domain::{BoxFuture, Failure, FailureClass, Operation, Operations, Reply, SimTime};
use crate::protocol::operation;

/// A role assumed through another role lasts an hour at most; it is renewed after this long.
/// Source: AWS STS API Reference, AssumeRole (role chaining); aws-behaviour.md, section 2.
const RENEW_AFTER: Duration = Duration::from_mins(45);

/// Which role to act as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleOptions {
    /// The role's ARN.
    pub role_arn: String,
    /// The external id that the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// The name of the session, which CloudTrail shows.
    pub session_name: String,
    /// The Region whose STS endpoint is asked.
    pub region: String,
}

/// AWS as a role. Credentials are asked for with the first call, and again when they are old or refused as expired.
pub struct Assumed {
    base: Arc<Aws>,
    options: RoleOptions,
    clock: Clock,
    current: Mutex<Option<(Arc<Aws>, SimTime)>>,
}

impl fmt::Debug for Assumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assumed").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Assumed {
    /// Nothing is asked for yet.
    pub fn new(base: Arc<Aws>, options: RoleOptions, clock: Clock) -> Self {
        Self { base, options, clock, current: Mutex::default() }
    }

    fn held(&self) -> Option<Arc<Aws>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let (aws, since) = current.as_ref()?;
        (self.clock.now().since(*since) < RENEW_AFTER).then(|| Arc::clone(aws))
    }

    async fn renew(&self) -> Result<Arc<Aws>, Failure> {
        let mut input = json!({ "RoleArn": self.options.role_arn, "RoleSessionName": self.options.session_name });
        if let (Some(id), Some(map)) = (&self.options.external_id, input.as_object_mut()) {
            map.insert("ExternalId".to_owned(), json!(id));
        }
        let asked = operation("sts", "assume-role", &self.options.region, input);
        let reply = self.base.call(&asked).await?;
        let part = |name: &str| reply.output.pointer(&format!("/Credentials/{name}")).and_then(Value::as_str);
        let (Some(key), Some(secret), Some(token)) =
            (part("AccessKeyId"), part("SecretAccessKey"), part("SessionToken"))
        else {
            return Err(Failure {
                class: FailureClass::Service,
                code: "UnreadableAnswer".to_owned(),
                message: format!("STS gave no credentials for {}", self.options.role_arn),
                operation: asked.to_string(),
                request_id: reply.request_id,
            });
        };
        let aws = Arc::new(self.base.with_credentials(key, secret, Some(token)));
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&aws), self.clock.now()));
        Ok(aws)
    }

    async fn run(&self, operation: &Operation) -> Result<Reply, Failure> {
        let aws = match self.held() {
            Some(aws) => aws,
            None => self.renew().await?,
        };
        match aws.call(operation).await {
            // A token that ended early was refused before anything was done, so sending the call again is safe.
            Err(failure) if failure.class == FailureClass::Expired => self.renew().await?.call(operation).await,
            answer => answer,
        }
    }
}

impl Operations for Assumed {
    fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(self.run(operation))
    }
}
