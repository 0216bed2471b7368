//! Customer managed policies.

use serde_json::{Value, json};

use super::{ManagedPolicy, document, managed, no_such};
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags, text};

fn described(policy: &ManagedPolicy, attached: usize) -> Value {
    json!({
        "PolicyName": policy.name, "PolicyId": policy.id, "Arn": policy.arn, "Path": policy.path,
        "DefaultVersionId": "v1", "AttachmentCount": attached, "IsAttachable": true,
        "CreateDate": policy.created.epoch_seconds(), "Tags": tag_list(&policy.tags),
    })
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

/// DeletePolicy.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "PolicyArn")?;
    let state = &mut call.account_state().iam;
    if state.roles.values().any(|role| role.attached.iter().any(|one| one == arn)) {
        let why = "Cannot delete a policy attached to entities.";
        return Err(AwsError::with_status(409, "DeleteConflict", why));
    }
    match state.policies.remove(arn) {
        Some(_) => Ok(json!({})),
        None => Err(no_such(&format!("Policy {arn} was not found."))),
    }
}
