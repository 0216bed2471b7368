//! An operation: one AWS CLI command as a value, and what AWS answers.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What running something does to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Makes something new.
    Create,
    /// Changes what is there.
    Update,
    /// Removes something.
    Delete,
    /// Breaks something on purpose, for a drill.
    Fault,
}

impl Effect {
    /// The word shown to learners.
    pub fn word(self) -> &'static str {
        match self {
            Effect::Read => "read",
            Effect::Create => "create",
            Effect::Update => "update",
            Effect::Delete => "delete",
            Effect::Fault => "fault",
        }
    }
}

/// One call of an AWS API, as parsed from the command that a learner reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// The AWS CLI's name of the service: `rds`, `s3api`.
    pub service: String,
    /// The AWS CLI's name of the operation: `create-db-cluster`.
    pub name: String,
    /// The API's name of the operation: `CreateDBCluster`.
    pub api: String,
    /// The Region the call goes to.
    pub region: String,
    /// The input, with the member names of the service's model.
    pub input: Value,
    /// The bytes of a streaming body (`s3api put-object --body`), when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Vec<u8>>,
    /// The JMESPath of `--query`, when one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// What it does to the account.
    pub effect: Effect,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "aws {} {} --region {}", self.service, self.name, self.region)
    }
}

/// What AWS answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The output as the AWS CLI would print it.
    pub output: Value,
    /// The bytes of a streaming body (`s3api get-object`), when there is one.
    pub payload: Option<Vec<u8>>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
}

/// What kind of failure it was; each maps to what a learner can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The identity may not do this.
    Denied,
    /// AWS asked for fewer requests.
    Throttled,
    /// What was asked for does not exist.
    NotFound,
    /// It exists already, or is in a state that does not allow the call.
    Conflict,
    /// A service quota is used up.
    Quota,
    /// The credentials have expired or are missing.
    Expired,
    /// No answer in time.
    Timeout,
    /// AWS could not be reached.
    Network,
    /// AWS found the request itself wrong.
    Invalid,
    /// AWS failed on its side, or said something that has no class of its own.
    Service,
    /// This guide or the sandbox does not know the operation or the flag.
    Unsupported,
}

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("{code}: {message} ({operation})")]
pub struct Failure {
    /// The class, for deciding what to do.
    pub class: FailureClass,
    /// AWS's error code: `DBClusterNotFoundFault`.
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// The call, as `aws rds create-db-cluster --region eu-west-1`.
    pub operation: String,
    /// AWS's id of the request.
    pub request_id: Option<String>,
}
