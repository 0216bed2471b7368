//! Secrets Manager: secrets, their copies in other Regions and their recovery window. Reached by CloudFormation only.

mod replicas;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags, text};

/// The recovery window when none is given; 7 to 30 days are allowed (aws-behaviour.md, section 1).
const DEFAULT_WINDOW_DAYS: u64 = 30;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    secrets: BTreeMap<String, Secret>,
}

/// A secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Secret {
    arn: String,
    value: String,
    version: String,
    created: SimTime,
    /// Until when it can be restored, once it was deleted with a window.
    deleted: Option<SimTime>,
    tags: Vec<(String, String)>,
    /// The Regions with a copy of it.
    copies: Vec<String>,
    /// The Region of the original, when this is a copy.
    original: Option<String>,
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateSecret" => create,
        "DescribeSecret" => describe,
        "GetSecretValue" => get_value,
        "PutSecretValue" => put_value,
        "DeleteSecret" => delete,
        "ReplicateSecretToRegions" => replicas::add,
        "RemoveRegionsFromReplication" => replicas::remove,
        _ => return None,
    })
}

fn not_found() -> AwsError {
    AwsError::client("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

/// The name of the secret that a name or an ARN means.
fn name_of(state: &State, id: &str) -> Option<String> {
    let by_arn = state.secrets.iter().find(|(_, secret)| secret.arn == id).map(|(name, _)| name.clone());
    by_arn.or_else(|| state.secrets.contains_key(id).then(|| id.to_owned()))
}

fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<(String, &'c mut Secret), AwsError> {
    let id = required(input, "SecretId")?;
    let state = &mut call.regional().secretsmanager;
    let name = name_of(state, id).ok_or_else(not_found)?;
    let secret = state.secrets.get_mut(&name).ok_or_else(not_found)?;
    Ok((name, secret))
}

/// Drops secrets whose recovery window is over.
fn expire(call: &mut Call<'_>) {
    let now = call.now();
    call.regional().secretsmanager.secrets.retain(|_, secret| secret.deleted.is_none_or(|until| until > now));
}

fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    expire(call);
    let name = required(input, "Name")?.to_owned();
    let reserved = call.world.rule("secretsmanager.name-reserved");
    let taken = call.regional().secretsmanager.secrets.get(&name);
    if let Some(secret) = taken.filter(|secret| reserved || secret.deleted.is_none()) {
        return Err(match secret.deleted {
            Some(_) => AwsError::client(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ),
            None => AwsError::client(
                "ResourceExistsException",
                format!("The operation failed because the secret {name} already exists."),
            ),
        });
    }
    let suffix = call.upper_id(6);
    let secret = Secret {
        arn: call.arn("secretsmanager", &format!("secret:{name}-{suffix}")),
        value: text(input, "SecretString").unwrap_or_default().to_owned(),
        version: call.uuid(),
        created: call.now(),
        deleted: None,
        tags: tags(input.get("Tags")),
        copies: Vec::new(),
        original: None,
    };
    let answer = json!({ "ARN": secret.arn, "Name": name, "VersionId": secret.version });
    call.regional().secretsmanager.secrets.insert(name.clone(), secret);
    if let Err(error) = replicas::copy_to(call, &name, input) {
        call.regional().secretsmanager.secrets.remove(&name);
        return Err(error);
    }
    Ok(answer)
}

fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    expire(call);
    let (name, secret) = find(call, input)?;
    let replication = replicas::status(secret);
    let original = secret.original.clone();
    let mut answer = json!({
        "ARN": secret.arn,
        "Name": name,
        "CreatedDate": secret.created.epoch_seconds(),
        "Tags": tag_list(&secret.tags),
    });
    if let (Some(until), Some(map)) = (secret.deleted, answer.as_object_mut()) {
        map.insert("DeletedDate".to_owned(), json!(until.epoch_seconds()));
    }
    if let Some(map) = answer.as_object_mut() {
        if let Some(region) = original {
            map.insert("PrimaryRegion".to_owned(), json!(region));
        }
        if !replication.is_empty() {
            map.insert("ReplicationStatus".to_owned(), json!(replication));
        }
    }
    Ok(answer)
}

fn live<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<(String, &'c mut Secret), AwsError> {
    expire(call);
    let (name, secret) = find(call, input)?;
    if secret.deleted.is_some() {
        let message = "You can't perform this operation on the secret because it was marked for deletion.";
        return Err(AwsError::client("InvalidRequestException", message));
    }
    Ok((name, secret))
}

fn get_value(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, secret) = live(call, input)?;
    Ok(json!({
        "ARN": secret.arn,
        "Name": name,
        "VersionId": secret.version,
        "SecretString": secret.value,
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": secret.created.epoch_seconds(),
    }))
}

fn put_value(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let version = call.uuid();
    let value = required(input, "SecretString")?.to_owned();
    let (name, secret) = live(call, input)?;
    replicas::refuse_copy(secret)?;
    secret.value = value;
    secret.version = version;
    let answer =
        json!({ "ARN": secret.arn, "Name": name, "VersionId": secret.version, "VersionStages": ["AWSCURRENT"] });
    replicas::renew(call, &name);
    Ok(answer)
}

fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let force = input.get("ForceDeleteWithoutRecovery").and_then(Value::as_bool).unwrap_or(false);
    let days = input.get("RecoveryWindowInDays").and_then(Value::as_u64);
    if force && days.is_some() {
        let message = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
        return Err(AwsError::client("InvalidParameterException", message));
    }
    let days = days.unwrap_or(DEFAULT_WINDOW_DAYS);
    if !(7..=30).contains(&days) {
        let message = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
        return Err(AwsError::client("InvalidParameterException", message));
    }
    let now = call.now();
    let until = if force { now } else { now.plus(Duration::from_secs(days * 86_400)) };
    let rule = call.world.rule("secretsmanager.replicas-first");
    let (name, secret) = live(call, input)?;
    replicas::refuse_copy(secret)?;
    if !secret.copies.is_empty() && rule {
        let message =
            format!("You can't delete secret {name} that still has replica regions [{}]", secret.copies.join(", "));
        return Err(AwsError::client("InvalidRequestException", message));
    }
    secret.deleted = Some(until);
    let answer = json!({ "ARN": secret.arn, "Name": name, "DeletionDate": until.epoch_seconds() });
    expire(call);
    Ok(answer)
}

/// What exists of this service in the call's account and Region; a secret in its recovery window is still there.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    expire(call);
    let secrets = call.regional().secretsmanager.secrets.iter();
    secrets
        .map(|(name, secret)| Record {
            type_name: "AWS::SecretsManager::Secret",
            id: secret.arn.clone(),
            arn: secret.arn.clone(),
            tags: secret.tags.clone(),
            properties: json!({ "Id": secret.arn, "Name": name }),
            built_in: false,
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::World;

    #[test]
    fn a_deleted_name_is_blocked_for_its_window_unless_it_was_forced() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "eu-west-1");
        let (new, id) = (json!({ "Name": "db", "SecretString": "x" }), json!({ "SecretId": "db" }));
        call.invoke("secretsmanager", "CreateSecret", &new).unwrap();
        call.invoke("secretsmanager", "DeleteSecret", &id).unwrap();
        let blocked = call.invoke("secretsmanager", "CreateSecret", &new).unwrap_err();
        assert_eq!(blocked.code, "InvalidRequestException");
        call.world.advance(SimTime::WORLD_START.plus(Duration::from_hours(31 * 24)));
        call.invoke("secretsmanager", "CreateSecret", &new).unwrap();
        let force = json!({ "SecretId": "db", "ForceDeleteWithoutRecovery": true });
        call.invoke("secretsmanager", "DeleteSecret", &force).unwrap();
        call.invoke("secretsmanager", "CreateSecret", &new).unwrap();
    }

    #[test]
    fn copies_follow_their_original_and_go_before_it() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "eu-west-1");
        let there = "ap-southeast-1";
        let new = json!({ "Name": "db", "SecretString": "x", "AddReplicaRegions": [{ "Region": there }] });
        let arn = call.invoke("secretsmanager", "CreateSecret", &new).unwrap()["ARN"].clone();
        let id = json!({ "SecretId": "db" });
        let copy = call.invoke_in(there, "secretsmanager", "DescribeSecret", &id).unwrap();
        assert_eq!(copy["ARN"], json!(arn.as_str().unwrap().replace("eu-west-1", there)));
        call.invoke("secretsmanager", "PutSecretValue", &json!({ "SecretId": "db", "SecretString": "y" })).unwrap();
        let value = call.invoke_in(there, "secretsmanager", "GetSecretValue", &id).unwrap();
        assert_eq!(value["SecretString"], "y");
        for region in [there, "eu-west-1"] {
            let refused = call.invoke_in(region, "secretsmanager", "DeleteSecret", &id).unwrap_err();
            assert_eq!(refused.code, "InvalidRequestException");
        }
        let remove = json!({ "SecretId": "db", "RemoveReplicaRegions": [there] });
        call.invoke("secretsmanager", "RemoveRegionsFromReplication", &remove).unwrap();
        assert!(call.invoke_in(there, "secretsmanager", "DescribeSecret", &id).is_err());
        call.invoke("secretsmanager", "DeleteSecret", &id).unwrap();
    }
}
