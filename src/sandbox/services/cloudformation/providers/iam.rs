//! Roles and policies.

use serde_json::{Map, Value, json};

use super::{Api, By, Existing, Id, Request, Tags, remove};
use crate::sandbox::call::{AwsError, Call, tag_list, text};

/// The rows.
pub const TYPES: &[Api] = &[
    Api {
        type_name: "AWS::IAM::Role",
        service: "iam",
        create: "CreateRole",
        id: Id::Out("/Role/RoleName"),
        name: Some(("RoleName", 64)),
        dropped: &["ManagedPolicyArns", "Policies"],
        tags: Tags::List("Tags"),
        read: ("GetRole", &[("RoleName", By::Id)], "/Role"),
        attributes: &[("Arn", "/Arn"), ("RoleId", "/RoleId")],
        shape: Some(|_, _, input| {
            texts(input, &["AssumeRolePolicyDocument"]);
            Ok(())
        }),
        after: Some(role_policies),
        before_delete: Some(strip_role),
        delete: ("DeleteRole", &[("RoleName", By::Id)]),
        update: Some(update_role),
        wait: "cloudformation.role.settle",
        ..Api::NEW
    },
    Api {
        type_name: "AWS::IAM::ManagedPolicy",
        service: "iam",
        create: "CreatePolicy",
        id: Id::Out("/Policy/Arn"),
        name: Some(("ManagedPolicyName", 128)),
        renamed: &[("ManagedPolicyName", "PolicyName")],
        dropped: &["Roles"],
        read: ("GetPolicy", &[("PolicyArn", By::Id)], "/Policy"),
        attributes: &[("PolicyArn", "id"), ("PolicyId", "/PolicyId"), ("DefaultVersionId", "/DefaultVersionId")],
        shape: Some(|_, request, input| {
            only_roles(request)?;
            texts(input, &["PolicyDocument"]);
            Ok(())
        }),
        after: Some(|call, existing, request| {
            for role in roles(request.properties) {
                let input = json!({ "RoleName": role, "PolicyArn": existing.physical });
                call.invoke("iam", "AttachRolePolicy", &input)?;
            }
            Ok(())
        }),
        before_delete: Some(|call, existing| {
            for role in roles(existing.properties) {
                let input = json!({ "RoleName": role, "PolicyArn": existing.physical });
                remove(call, "iam", "DetachRolePolicy", &input)?;
            }
            Ok(())
        }),
        update: Some(update_policy),
        delete: ("DeletePolicy", &[("PolicyArn", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::IAM::Policy",
        service: "iam",
        id: Id::Made(|request, _| text(request.properties, "PolicyName").unwrap_or_default().to_owned()),
        attributes: &[("Id", "id")],
        shape: Some(|_, request, _| only_roles(request)),
        after: Some(put_inline),
        update: Some(put_inline),
        before_delete: Some(|call, existing| {
            for role in roles(existing.properties) {
                let input = json!({ "RoleName": role, "PolicyName": existing.text("PolicyName") });
                remove(call, "iam", "DeleteRolePolicy", &input)?;
            }
            Ok(())
        }),
        ..Api::NEW
    },
];

/// IAM's API takes policy documents as text.
fn texts(input: &mut Map<String, Value>, members: &[&str]) {
    for member in members {
        if let Some(document) = input.get(*member).filter(|document| !document.is_string()) {
            let text = document.to_string();
            input.insert((*member).to_owned(), text.into());
        }
    }
}

fn roles(properties: &Value) -> Vec<String> {
    let list = properties.get("Roles").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|role| role.as_str().map(str::to_owned)).collect()
}

/// Users and groups are not simulated.
fn only_roles(request: &Request<'_>) -> Result<(), AwsError> {
    for member in ["Users", "Groups"] {
        if request.properties.get(member).is_some() {
            let why = format!("The sandbox does not simulate IAM users and groups ({member} of {})", request.logical);
            return Err(AwsError::client("SandboxUnsupportedParameter", why));
        }
    }
    Ok(())
}

/// A new document becomes the default version, and the version before it goes: a policy has five at most.
fn update_policy(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    only_roles(request)?;
    let arn = existing.physical;
    let (old, new) = (existing.properties.get("PolicyDocument"), request.properties.get("PolicyDocument"));
    if let Some(document) = new.filter(|new| old != Some(new)) {
        let before = call.invoke("iam", "GetPolicy", &json!({ "PolicyArn": arn }))?;
        let before = before.pointer("/Policy/DefaultVersionId").cloned();
        let document = document.to_string();
        let input = json!({ "PolicyArn": arn, "PolicyDocument": document, "SetAsDefault": true });
        call.invoke("iam", "CreatePolicyVersion", &input)?;
        remove(call, "iam", "DeletePolicyVersion", &json!({ "PolicyArn": arn, "VersionId": before }))?;
    }
    let (old, new) = (roles(existing.properties), roles(request.properties));
    for role in new.iter().filter(|role| !old.contains(role)) {
        call.invoke("iam", "AttachRolePolicy", &json!({ "RoleName": role, "PolicyArn": arn }))?;
    }
    for role in old.iter().filter(|role| !new.contains(role)) {
        remove(call, "iam", "DetachRolePolicy", &json!({ "RoleName": role, "PolicyArn": arn }))?;
    }
    Ok(())
}

fn put_inline(call: &mut Call<'_>, _existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let document = request.properties.get("PolicyDocument").map(Value::to_string);
    for role in roles(request.properties) {
        let name = text(request.properties, "PolicyName");
        let input = json!({ "RoleName": role, "PolicyName": name, "PolicyDocument": document });
        call.invoke("iam", "PutRolePolicy", &input)?;
    }
    Ok(())
}

fn role_policies(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let list = |name: &str| request.properties.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for arn in list("ManagedPolicyArns") {
        call.invoke("iam", "AttachRolePolicy", &json!({ "RoleName": existing.physical, "PolicyArn": arn }))?;
    }
    for policy in list("Policies") {
        let document = policy.get("PolicyDocument").map(Value::to_string);
        let input = json!({
            "RoleName": existing.physical, "PolicyName": policy.get("PolicyName"), "PolicyDocument": document,
        });
        call.invoke("iam", "PutRolePolicy", &input)?;
    }
    Ok(())
}

/// Takes off what CloudFormation itself put on; what somebody else attached stays, and blocks the deletion.
fn strip_role(call: &mut Call<'_>, existing: &Existing<'_>) -> Result<(), AwsError> {
    let list = |name: &str| existing.properties.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for arn in list("ManagedPolicyArns") {
        let input = json!({ "RoleName": existing.physical, "PolicyArn": arn });
        remove(call, "iam", "DetachRolePolicy", &input)?;
    }
    for policy in list("Policies") {
        let input = json!({ "RoleName": existing.physical, "PolicyName": policy.get("PolicyName") });
        remove(call, "iam", "DeleteRolePolicy", &input)?;
    }
    Ok(())
}

fn update_role(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    strip_role(call, existing)?;
    role_policies(call, existing, request)?;
    let name = existing.physical;
    let trust = request.properties.get("AssumeRolePolicyDocument").map(Value::to_string);
    call.invoke("iam", "UpdateAssumeRolePolicy", &json!({ "RoleName": name, "PolicyDocument": trust }))?;
    let mut role = json!({ "RoleName": name });
    for member in ["Description", "MaxSessionDuration"] {
        if let (Some(value), Some(members)) = (request.properties.get(member), role.as_object_mut()) {
            members.insert(member.into(), value.clone());
        }
    }
    call.invoke("iam", "UpdateRole", &role)?;
    call.invoke("iam", "TagRole", &json!({ "RoleName": name, "Tags": tag_list(&request.tags) }))?;
    Ok(())
}
