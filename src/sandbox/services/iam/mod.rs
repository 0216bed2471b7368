//! IAM: roles and policies, and the question whether a role may do something.
//!
//! IAM is global: its state belongs to the account, and its inventory is listed in us-east-1.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, tag_list};

mod managed;
mod policies;
mod policy;
mod roles;

pub use policy::{allows, trusts};

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Roles by name.
    pub roles: BTreeMap<String, Role>,
    /// Customer managed policies by ARN.
    pub policies: BTreeMap<String, ManagedPolicy>,
}

impl State {
    /// The role with that ARN.
    pub fn role_by_arn(&self, arn: &str) -> Option<&Role> {
        self.roles.values().find(|role| role.arn == arn)
    }
}

/// A role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Its name, unique in the account.
    pub name: String,
    /// Its path, `/` by default.
    pub path: String,
    /// Its ARN.
    pub arn: String,
    /// Its unique id, `AROA…`.
    pub id: String,
    /// Who may assume it.
    pub trust: Value,
    /// Inline policies by name.
    pub inline: BTreeMap<String, Value>,
    /// ARNs of attached policies.
    pub attached: Vec<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// What it is for.
    pub description: Option<String>,
    /// The longest session, in seconds.
    pub longest_session: u64,
    /// When it was made.
    pub created: SimTime,
}

/// A customer managed policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its path.
    pub path: String,
    /// Its unique id, `ANPA…`.
    pub id: String,
    /// Its default version.
    pub document: Value,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created: SimTime,
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateRole" => roles::create,
        "GetRole" => roles::get,
        "ListRoles" => roles::list,
        "DeleteRole" => roles::delete,
        "UpdateAssumeRolePolicy" => roles::update_trust,
        "UpdateRole" => roles::update,
        "PutRolePolicy" => roles::put_policy,
        "GetRolePolicy" => roles::get_policy,
        "ListRolePolicies" => roles::list_policies,
        "DeleteRolePolicy" => roles::delete_policy,
        "AttachRolePolicy" => roles::attach,
        "DetachRolePolicy" => roles::detach,
        "ListAttachedRolePolicies" => roles::list_attached,
        "TagRole" => roles::tag,
        "CreatePolicy" => policies::create,
        "GetPolicy" => policies::get,
        "DeletePolicy" => policies::delete,
        _ => return None,
    })
}

/// What exists of this service in the call's account.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let state = &call.account_state().iam;
    let roles = state.roles.values().map(|role| Record {
        type_name: "AWS::IAM::Role",
        id: role.name.clone(),
        arn: role.arn.clone(),
        tags: role.tags.clone(),
        properties: json!({
            "RoleName": role.name, "Arn": role.arn, "RoleId": role.id, "Path": role.path,
            "AssumeRolePolicyDocument": role.trust, "ManagedPolicyArns": role.attached,
            "Tags": tag_list(&role.tags),
        }),
        built_in: false,
    });
    let policies = state.policies.values().map(|policy| Record {
        type_name: "AWS::IAM::ManagedPolicy",
        id: policy.arn.clone(),
        arn: policy.arn.clone(),
        tags: policy.tags.clone(),
        properties: json!({
            "ManagedPolicyName": policy.name, "PolicyArn": policy.arn, "PolicyDocument": policy.document,
        }),
        built_in: false,
    });
    roles.chain(policies).collect()
}

/// A policy document, which IAM's API takes as text.
fn document(input: &Value, member: &str) -> Result<Value, AwsError> {
    let malformed = |why: &str| AwsError::client("MalformedPolicyDocument", why);
    let text = crate::sandbox::call::required(input, member)?;
    let document: Value = serde_json::from_str(text).map_err(|_| malformed("Syntax errors in policy."))?;
    if !document.is_object() || document.get("Statement").is_none() {
        return Err(malformed("Missing required field Statement."));
    }
    for statement in policy::statements(&document) {
        match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow" | "Deny") => {}
            Some(other) => return Err(malformed(&format!("Invalid effect: {other}"))),
            None => return Err(malformed("Missing required field Effect.")),
        }
        if statement.get("Action").is_none() && statement.get("NotAction").is_none() {
            return Err(malformed("Policy statement must contain actions."));
        }
    }
    Ok(document)
}

fn no_such(what: &str) -> AwsError {
    AwsError::not_found("NoSuchEntity", what)
}
