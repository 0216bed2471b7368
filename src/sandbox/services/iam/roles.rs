//! Roles with their inline and attached policies.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Role, document, managed, no_such};
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags, text};

/// The longest name of a role. Source: IAM User Guide, "IAM and AWS STS quotas".
const LONGEST_NAME: usize = 64;
/// The longest session when none is given, in seconds. Source: IAM API Reference, CreateRole.
const DEFAULT_SESSION: u64 = 3600;

pub(super) fn described(role: &Role) -> Value {
    json!({
        "RoleName": role.name, "RoleId": role.id, "Arn": role.arn, "Path": role.path,
        "CreateDate": role.created.epoch_seconds(), "AssumeRolePolicyDocument": role.trust.to_string(),
        "Description": role.description, "MaxSessionDuration": role.longest_session, "Tags": tag_list(&role.tags),
    })
}

pub(super) fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Role, AwsError> {
    let name = required(input, "RoleName")?;
    let state = &mut call.account_state().iam;
    state.roles.get_mut(name).ok_or_else(|| no_such(&format!("The role with name {name} cannot be found.")))
}

/// CreateRole.
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    if input.get("PermissionsBoundary").is_some() {
        let why = "The sandbox does not simulate permissions boundaries (iam CreateRole PermissionsBoundary).";
        return Err(AwsError::client("SandboxUnsupportedParameter", why));
    }
    let name = required(input, "RoleName")?.to_owned();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(allowed) {
        let why = format!(
            "1 validation error detected: Value '{name}' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+ and have length less than or equal to {LONGEST_NAME}"
        );
        return Err(AwsError::client("ValidationError", why));
    }
    let trust = document(input, "AssumeRolePolicyDocument")?;
    if call.account_state().iam.roles.contains_key(&name) {
        let why = format!("Role with name {name} already exists.");
        return Err(AwsError::with_status(409, "EntityAlreadyExists", why));
    }
    let path = text(input, "Path").unwrap_or("/").to_owned();
    let role = Role {
        arn: format!("arn:aws:iam::{}:role{path}{name}", call.account),
        id: format!("AROA{}", call.upper_id(17)),
        trust,
        inline: BTreeMap::new(),
        attached: Vec::new(),
        tags: tags(input.get("Tags")),
        description: text(input, "Description").map(str::to_owned),
        longest_session: input.get("MaxSessionDuration").and_then(Value::as_u64).unwrap_or(DEFAULT_SESSION),
        created: call.now(),
        path,
        name: name.clone(),
    };
    let answer = described(&role);
    call.log(format!("iam role {name} created"));
    call.account_state().iam.roles.insert(name, role);
    Ok(json!({ "Role": answer }))
}

/// GetRole.
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    find(call, input).map(|role| json!({ "Role": described(role) }))
}

/// ListRoles.
pub fn list(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let roles: Vec<Value> = call.account_state().iam.roles.values().map(described).collect();
    Ok(json!({ "Roles": roles, "IsTruncated": false }))
}

/// DeleteRole. Inline policies and attachments must be gone before.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let rule = call.world.rule("iam.role-without-policies");
    let role = find(call, input)?;
    let conflict = |why: &str| Err(AwsError::with_status(409, "DeleteConflict", why));
    if rule && !role.attached.is_empty() {
        return conflict("Cannot delete entity, must detach all policies first.");
    }
    if rule && !role.inline.is_empty() {
        return conflict("Cannot delete entity, must delete policies first.");
    }
    let name = role.name.clone();
    if call.account_state().iam.profiles.values().any(|profile| profile.role.as_ref() == Some(&name)) {
        return conflict("Cannot delete entity, must remove roles from instance profile first.");
    }
    call.account_state().iam.roles.remove(&name);
    call.log(format!("iam role {name} deleted"));
    Ok(json!({}))
}

/// UpdateAssumeRolePolicy.
pub fn update_trust(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let trust = document(input, "PolicyDocument")?;
    find(call, input)?.trust = trust;
    Ok(json!({}))
}

/// UpdateRole: description and longest session.
pub fn update(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let role = find(call, input)?;
    role.description = text(input, "Description").map(str::to_owned);
    role.longest_session = input.get("MaxSessionDuration").and_then(Value::as_u64).unwrap_or(DEFAULT_SESSION);
    Ok(json!({}))
}

/// PutRolePolicy.
pub fn put_policy(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "PolicyName")?.to_owned();
    let document = document(input, "PolicyDocument")?;
    find(call, input)?.inline.insert(name, document);
    Ok(json!({}))
}

/// GetRolePolicy.
pub fn get_policy(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "PolicyName")?;
    let role = find(call, input)?;
    let document =
        role.inline.get(name).ok_or_else(|| no_such(&format!("The role policy with name {name} cannot be found.")))?;
    Ok(json!({ "RoleName": role.name, "PolicyName": name, "PolicyDocument": document.to_string() }))
}

/// ListRolePolicies.
pub fn list_policies(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let names: Vec<String> = find(call, input)?.inline.keys().cloned().collect();
    Ok(json!({ "PolicyNames": names, "IsTruncated": false }))
}

/// DeleteRolePolicy.
pub fn delete_policy(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "PolicyName")?;
    match find(call, input)?.inline.remove(name) {
        Some(_) => Ok(json!({})),
        None => Err(no_such(&format!("The role policy with name {name} cannot be found."))),
    }
}

/// AttachRolePolicy.
pub fn attach(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "PolicyArn")?.to_owned();
    if !call.account_state().iam.policies.contains_key(&arn) && managed::document(&arn).is_none() {
        // AWS has more managed policies than the sandbox knows; what is missing is said by name, not guessed.
        let why = if arn.starts_with("arn:aws:iam::aws:policy/") {
            format!("The sandbox does not know the AWS managed policy {arn}.")
        } else {
            format!("Policy {arn} does not exist or is not attachable.")
        };
        return Err(no_such(&why));
    }
    let role = find(call, input)?;
    if !role.attached.contains(&arn) {
        role.attached.push(arn);
    }
    Ok(json!({}))
}

/// DetachRolePolicy.
pub fn detach(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "PolicyArn")?;
    let role = find(call, input)?;
    let before = role.attached.len();
    role.attached.retain(|one| one != arn);
    if role.attached.len() == before {
        return Err(no_such(&format!("Policy {arn} was not found.")));
    }
    Ok(json!({}))
}

/// ListAttachedRolePolicies.
pub fn list_attached(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let attached: Vec<Value> = find(call, input)?
        .attached
        .iter()
        .map(|arn| json!({ "PolicyArn": arn, "PolicyName": arn.rsplit('/').next() }))
        .collect();
    Ok(json!({ "AttachedPolicies": attached, "IsTruncated": false }))
}

/// TagRole.
pub fn tag(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let new = tags(input.get("Tags"));
    let role = find(call, input)?;
    role.tags.retain(|(key, _)| new.iter().all(|(other, _)| other != key));
    role.tags.extend(new);
    Ok(json!({}))
}

/// UntagRole.
pub fn untag(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let keys = input.get("TagKeys").and_then(Value::as_array).cloned().unwrap_or_default();
    find(call, input)?.tags.retain(|(key, _)| !keys.iter().any(|gone| gone == key));
    Ok(json!({}))
}

/// ListRoleTags.
pub fn list_tags(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(json!({ "Tags": tag_list(&find(call, input)?.tags), "IsTruncated": false }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::World;
    use crate::sandbox::world::LEARNER_ACCOUNT;

    #[test]
    fn a_role_goes_only_when_its_policies_are_gone() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1");
        let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
        call.invoke("iam", "CreateRole", &json!({ "RoleName": "r", "AssumeRolePolicyDocument": trust.to_string() }))
            .unwrap();
        let arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
        let attachment = json!({ "RoleName": "r", "PolicyArn": arn });
        call.invoke("iam", "AttachRolePolicy", &attachment).unwrap();
        let error = call.invoke("iam", "DeleteRole", &json!({ "RoleName": "r" })).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("DeleteConflict", 409));
        call.invoke("iam", "DetachRolePolicy", &attachment).unwrap();
        call.invoke("iam", "DeleteRole", &json!({ "RoleName": "r" })).unwrap();
        assert_eq!(call.invoke("iam", "GetRole", &json!({ "RoleName": "r" })).unwrap_err().code, "NoSuchEntity");
    }

    #[test]
    fn a_policy_that_does_not_exist_cannot_be_attached() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1");
        let input = json!({ "RoleName": "r", "PolicyArn": "arn:aws:iam::111122223333:policy/none" });
        let error = call.invoke("iam", "AttachRolePolicy", &input).unwrap_err();
        assert!(error.message.contains("does not exist"), "{error}");
    }
}
