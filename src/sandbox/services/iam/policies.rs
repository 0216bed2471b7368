//! Customer managed policies and their versions.

use serde_json::{Value, json};

use super::{ManagedPolicy, document, managed, no_such};
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags, text};

/// Versions of a policy. Source: IAM User Guide, "IAM and AWS STS quotas".
const MOST_VERSIONS: usize = 5;

fn described(policy: &ManagedPolicy, attached: usize) -> Value {
    json!({
        "PolicyName": policy.name, "PolicyId": policy.id, "Arn": policy.arn, "Path": policy.path,
        "DefaultVersionId": policy.default, "AttachmentCount": attached, "IsAttachable": true,
        "CreateDate": policy.created.epoch_seconds(), "Tags": tag_list(&policy.tags),
    })
}

fn conflict(why: &str) -> AwsError {
    AwsError::with_status(409, "DeleteConflict", why)
}

fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut ManagedPolicy, AwsError> {
    let arn = required(input, "PolicyArn")?;
    let missing = no_such(&format!("Policy {arn} was not found."));
    call.account_state().iam.policies.get_mut(arn).ok_or(missing)
}

/// CreatePolicy.
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "PolicyName")?.to_owned();
    let path = text(input, "Path").unwrap_or("/").to_owned();
    let document = document(input, "PolicyDocument")?;
    let arn = format!("arn:aws:iam::{}:policy{path}{name}", call.account);
    if call.account_state().iam.policies.contains_key(&arn) {
        let why = format!("A policy called {name} already exists. Duplicate names are not allowed.");
        return Err(AwsError::with_status(409, "EntityAlreadyExists", why));
    }
    let policy = ManagedPolicy {
        id: format!("ANPA{}", call.upper_id(17)),
        versions: [("v1".to_owned(), (document.clone(), call.now()))].into(),
        default: "v1".to_owned(),
        made: 1,
        document,
        tags: tags(input.get("Tags")),
        description: text(input, "Description").map(str::to_owned),
        created: call.now(),
        name,
        arn: arn.clone(),
        path,
    };
    let answer = described(&policy, 0);
    call.account_state().iam.policies.insert(arn, policy);
    Ok(json!({ "Policy": answer }))
}

/// GetPolicy.
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "PolicyArn")?;
    let state = &call.account_state().iam;
    let attached = state.roles.values().filter(|role| role.attached.iter().any(|one| one == arn)).count();
    if let Some(policy) = state.policies.get(arn) {
        return Ok(json!({ "Policy": described(policy, attached) }));
    }
    match managed::document(arn) {
        Some(_) => Ok(json!({ "Policy": {
            "Arn": arn, "PolicyName": arn.rsplit('/').next().unwrap_or(arn), "IsAttachable": true,
            "AttachmentCount": attached, "DefaultVersionId": "v1",
        }})),
        None => Err(no_such(&format!("Policy {arn} was not found."))),
    }
}

/// ListPolicies: the customer's own. AWS's are listed in the AWS Managed Policy Reference Guide.
pub fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    if text(input, "Scope") != Some("Local") {
        let why = "The sandbox lists customer managed policies only (iam ListPolicies --scope Local).";
        return Err(AwsError::client("SandboxUnsupportedParameter", why));
    }
    let state = &call.account_state().iam;
    let attached = |arn: &String| state.roles.values().filter(|role| role.attached.contains(arn)).count();
    let shown: Vec<Value> = state.policies.values().map(|policy| described(policy, attached(&policy.arn))).collect();
    Ok(json!({ "Policies": shown, "IsTruncated": false }))
}

/// ListEntitiesForPolicy.
pub fn entities(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "PolicyArn")?.to_owned();
    if managed::document(&arn).is_none() {
        find(call, input)?;
    }
    let roles = call.account_state().iam.roles.values();
    let held: Vec<Value> = roles
        .filter(|role| role.attached.contains(&arn))
        .map(|role| json!({ "RoleName": role.name, "RoleId": role.id }))
        .collect();
    Ok(json!({ "PolicyRoles": held, "PolicyUsers": [], "PolicyGroups": [], "IsTruncated": false }))
}

/// DeletePolicy. Attachments, and versions beside the default one, must be gone before.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "PolicyArn")?;
    let state = &mut call.account_state().iam;
    if state.roles.values().any(|role| role.attached.iter().any(|one| one == arn)) {
        return Err(conflict("Cannot delete a policy attached to entities."));
    }
    let versions = state.policies.get(arn).map_or(0, |policy| policy.versions.len());
    if versions > 1 {
        return Err(conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        ));
    }
    match state.policies.remove(arn) {
        Some(_) => Ok(json!({})),
        None => Err(no_such(&format!("Policy {arn} was not found."))),
    }
}

fn version(policy: &ManagedPolicy, id: &str, with_document: bool) -> Option<Value> {
    let (document, created) = policy.versions.get(id)?;
    let mut shown = json!({
        "VersionId": id, "IsDefaultVersion": policy.default == id, "CreateDate": created.epoch_seconds(),
    });
    if let (true, Some(map)) = (with_document, shown.as_object_mut()) {
        map.insert("Document".to_owned(), document.to_string().into());
    }
    Some(shown)
}

/// CreatePolicyVersion.
pub fn create_version(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let document = document(input, "PolicyDocument")?;
    let now = call.now();
    let policy = find(call, input)?;
    if policy.versions.len() >= MOST_VERSIONS {
        let why = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.";
        return Err(AwsError::with_status(409, "LimitExceeded", why));
    }
    policy.made += 1;
    let id = format!("v{}", policy.made);
    policy.versions.insert(id.clone(), (document.clone(), now));
    if input.get("SetAsDefault") == Some(&Value::Bool(true)) {
        policy.default.clone_from(&id);
        policy.document = document;
    }
    Ok(json!({ "PolicyVersion": version(policy, &id, false) }))
}

fn no_version(id: &str) -> AwsError {
    no_such(&format!("Policy version {id} does not exist."))
}

/// GetPolicyVersion.
pub fn get_version(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (arn, id) = (required(input, "PolicyArn")?, required(input, "VersionId")?);
    if let Some(document) = managed::document(arn).filter(|_| id == "v1") {
        return Ok(json!({ "PolicyVersion": {
            "VersionId": id, "IsDefaultVersion": true, "Document": document.to_string(),
        }}));
    }
    let policy = find(call, input)?;
    version(policy, id, true).map(|shown| json!({ "PolicyVersion": shown })).ok_or_else(|| no_version(id))
}

/// ListPolicyVersions.
pub fn list_versions(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let policy = find(call, input)?;
    let shown: Vec<Value> = policy.versions.keys().filter_map(|id| version(policy, id, false)).collect();
    Ok(json!({ "Versions": shown, "IsTruncated": false }))
}

/// SetDefaultPolicyVersion.
pub fn set_default(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "VersionId")?;
    let policy = find(call, input)?;
    let (document, _) = policy.versions.get(id).cloned().ok_or_else(|| no_version(id))?;
    id.clone_into(&mut policy.default);
    policy.document = document;
    Ok(json!({}))
}

/// DeletePolicyVersion. The default version goes only with its policy.
pub fn delete_version(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "VersionId")?;
    let policy = find(call, input)?;
    if policy.default == id {
        return Err(conflict("Cannot delete the default version of a policy."));
    }
    policy.versions.remove(id).map(|_| json!({})).ok_or_else(|| no_version(id))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::World;

    #[test]
    fn a_policy_goes_only_without_attachments_and_further_versions() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "us-east-1");
        let text = |action: &str| {
            json!({ "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] }).to_string()
        };
        let made = call.invoke("iam", "CreatePolicy", &json!({ "PolicyName": "p", "PolicyDocument": text("s3:Get*") }));
        let arn = made.unwrap()["Policy"]["Arn"].clone();
        let next = json!({ "PolicyArn": arn, "PolicyDocument": text("s3:*"), "SetAsDefault": true });
        call.invoke("iam", "CreatePolicyVersion", &next).unwrap();
        let delete = json!({ "PolicyArn": arn });
        assert_eq!(call.invoke("iam", "DeletePolicy", &delete).unwrap_err().code, "DeleteConflict");
        let of = |id: &str| json!({ "PolicyArn": arn, "VersionId": id });
        assert_eq!(call.invoke("iam", "DeletePolicyVersion", &of("v2")).unwrap_err().code, "DeleteConflict");
        call.invoke("iam", "DeletePolicyVersion", &of("v1")).unwrap();
        assert_eq!(call.invoke("iam", "GetPolicyVersion", &of("v1")).unwrap_err().code, "NoSuchEntity");
        for _ in 0..4 {
            call.invoke("iam", "CreatePolicyVersion", &next).unwrap();
        }
        assert_eq!(call.invoke("iam", "CreatePolicyVersion", &next).unwrap_err().code, "LimitExceeded");
        let listed = call.invoke("iam", "ListPolicyVersions", &delete).unwrap();
        for shown in listed["Versions"].as_array().unwrap() {
            let id = shown["VersionId"].as_str().unwrap();
            if shown["IsDefaultVersion"] == false {
                call.invoke("iam", "DeletePolicyVersion", &of(id)).unwrap();
            }
        }
        call.invoke("iam", "DeletePolicy", &delete).unwrap();
    }
}
