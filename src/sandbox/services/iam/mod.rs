//! IAM: roles and policies, and the question whether a role may do something.
//!
//! IAM is global: its state belongs to the account, and its inventory is listed in us-east-1.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, tag_list};

mod authorize;
mod conditions;
mod managed;
mod policies;
mod policy;
mod profiles;
mod roles;
mod simulate;

pub use authorize::{authorize, authorize_role, may_invoke};
pub use conditions::Context;
pub use policy::{allows, like, trusts, trusts_in};

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Roles by name.
    pub roles: BTreeMap<String, Role>,
    /// Customer managed policies by ARN.
    pub policies: BTreeMap<String, ManagedPolicy>,
    /// Instance profiles by name.
    #[serde(default)]
    pub profiles: BTreeMap<String, profiles::Profile>,
    /// The account's alias.
    #[serde(default)]
    pub alias: Option<String>,
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
    /// Its default version's document.
    pub document: Value,
    /// Its versions by id, `v1`, with their documents and when they were made.
    #[serde(default)]
    pub versions: BTreeMap<String, (Value, SimTime)>,
    /// The id of its default version.
    #[serde(default)]
    pub default: String,
    /// How many versions were made.
    #[serde(default)]
    pub made: u64,
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
        "ListPolicies" => policies::list,
        "DeletePolicy" => policies::delete,
        "CreatePolicyVersion" => policies::create_version,
        "GetPolicyVersion" => policies::get_version,
        "ListPolicyVersions" => policies::list_versions,
        "SetDefaultPolicyVersion" => policies::set_default,
        "DeletePolicyVersion" => policies::delete_version,
        "ListEntitiesForPolicy" => policies::entities,
        "UntagRole" => roles::untag,
        "ListRoleTags" => roles::list_tags,
        "CreateInstanceProfile" => profiles::create,
        "GetInstanceProfile" => profiles::get,
        "ListInstanceProfiles" => profiles::list,
        "ListInstanceProfilesForRole" => profiles::list_for_role,
        "DeleteInstanceProfile" => profiles::delete,
        "AddRoleToInstanceProfile" => profiles::add_role,
        "RemoveRoleFromInstanceProfile" => profiles::remove_role,
        "SimulatePrincipalPolicy" => simulate::simulate,
        "CreateAccountAlias" => profiles::create_alias,
        "ListAccountAliases" => profiles::list_aliases,
        "DeleteAccountAlias" => profiles::delete_alias,
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
    let profiles = state.profiles.iter().map(|(name, profile)| Record {
        type_name: "AWS::IAM::InstanceProfile",
        id: name.clone(),
        arn: profile.arn.clone(),
        tags: profile.tags.clone(),
        properties: json!({ "InstanceProfileName": name, "Arn": profile.arn, "Roles": profile.role }),
        built_in: false,
    });
    roles.chain(policies).chain(profiles).collect()
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
        if let Some(operator) = conditions::undecided(statement) {
            let why = format!("The sandbox does not decide the condition operator {operator}.");
            return Err(AwsError::client("SandboxUnsupportedParameter", why));
        }
    }
    Ok(document)
}

fn no_such(what: &str) -> AwsError {
    AwsError::not_found("NoSuchEntity", what)
}
