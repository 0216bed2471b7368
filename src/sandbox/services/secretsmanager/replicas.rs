//! Copies of a secret in other Regions: same name, same end of the ARN, same value.

use serde_json::{Value, json};

use super::{Secret, find, live};
use crate::domain::Region;
use crate::sandbox::call::{AwsError, Call, text};

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterException", message)
}

/// A copy takes no changes of its own.
pub(super) fn refuse_copy(secret: &Secret) -> Result<(), AwsError> {
    match &secret.original {
        Some(_) => Err(AwsError::client(
            "InvalidRequestException",
            "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
        )),
        None => Ok(()),
    }
}

/// `ReplicationStatus` of an original.
pub(super) fn status(secret: &Secret) -> Vec<Value> {
    secret
        .copies
        .iter()
        .map(|region| json!({ "Region": region, "KmsKeyId": "alias/aws/secretsmanager", "Status": "InSync" }))
        .collect()
}

/// Makes the copies that `AddReplicaRegions` asks for.
pub(super) fn copy_to(call: &mut Call<'_>, name: &str, input: &Value) -> Result<(), AwsError> {
    let wanted = input.get("AddReplicaRegions").and_then(Value::as_array).into_iter().flatten();
    let regions: Vec<String> = wanted.filter_map(|one| text(one, "Region")).map(str::to_owned).collect();
    let here = call.region.clone();
    for region in &regions {
        if *region == here || Region::parse(region).is_err() {
            return Err(invalid(format!("Invalid replica region: {region}.")));
        }
        if call.regional_in(region).secretsmanager.secrets.contains_key(name) {
            return Err(AwsError::client(
                "ResourceExistsException",
                format!("The operation failed because the secret {name} already exists in {region}."),
            ));
        }
    }
    let Some(secret) = call.regional().secretsmanager.secrets.get_mut(name) else { return Ok(()) };
    secret.copies.extend(regions.iter().cloned());
    let original = secret.clone();
    for region in regions {
        let copy = Secret {
            arn: original.arn.replacen(&here, &region, 1),
            copies: Vec::new(),
            original: Some(here.clone()),
            ..original.clone()
        };
        call.regional_in(&region).secretsmanager.secrets.insert(name.to_owned(), copy);
    }
    Ok(())
}

/// Hands a new value to the copies.
pub(super) fn renew(call: &mut Call<'_>, name: &str) {
    let Some(original) = call.regional().secretsmanager.secrets.get(name).cloned() else { return };
    for region in &original.copies {
        if let Some(copy) = call.regional_in(region).secretsmanager.secrets.get_mut(name) {
            copy.value.clone_from(&original.value);
            copy.version.clone_from(&original.version);
        }
    }
}

pub(super) fn add(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, secret) = live(call, input)?;
    refuse_copy(secret)?;
    copy_to(call, &name, input)?;
    let (_, secret) = find(call, input)?;
    Ok(json!({ "ARN": secret.arn, "ReplicationStatus": status(secret) }))
}

pub(super) fn remove(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, secret) = live(call, input)?;
    refuse_copy(secret)?;
    let gone = input.get("RemoveReplicaRegions").and_then(Value::as_array).cloned().unwrap_or_default();
    for region in gone.iter().filter_map(Value::as_str) {
        if !secret.copies.iter().any(|copy| copy == region) {
            return Err(invalid(format!("The secret {name} has no replica in {region}.")));
        }
    }
    secret.copies.retain(|copy| !gone.iter().any(|region| region == copy));
    let answer = json!({ "ARN": secret.arn, "ReplicationStatus": status(secret) });
    for region in gone.iter().filter_map(Value::as_str) {
        call.regional_in(region).secretsmanager.secrets.remove(&name);
    }
    Ok(answer)
}
