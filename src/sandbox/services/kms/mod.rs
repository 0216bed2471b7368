//! KMS: keys and aliases, as far as stacks and encrypted resources need them. Reached by CloudFormation only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};

/// The waiting period when none is given; 7 to 30 days are allowed. Source: KMS API, ScheduleKeyDeletion.
const DEFAULT_WINDOW_DAYS: i64 = 30;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    keys: BTreeMap<String, Key>,
    /// Alias name, `alias/…`, to key id.
    aliases: BTreeMap<String, String>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Key {
    arn: String,
    description: String,
    created: SimTime,
    /// When it will be deleted, once that was scheduled.
    deletion: Option<SimTime>,
    tags: Vec<(String, String)>,
}

impl Key {
    fn metadata(&self, id: &str, account: &str) -> Value {
        let mut metadata = json!({
            "AWSAccountId": account,
            "KeyId": id,
            "Arn": self.arn,
            "CreationDate": self.created.epoch_seconds(),
            "Description": self.description,
            "Enabled": self.deletion.is_none(),
            "KeyState": if self.deletion.is_some() { "PendingDeletion" } else { "Enabled" },
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT",
        });
        if let (Some(at), Some(map)) = (self.deletion, metadata.as_object_mut()) {
            map.insert("DeletionDate".to_owned(), json!(at.epoch_seconds()));
        }
        metadata
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateKey" => create_key,
        "DescribeKey" => describe_key,
        "ScheduleKeyDeletion" => schedule_key_deletion,
        "EnableKeyRotation" => enable_key_rotation,
        "CreateAlias" => create_alias,
        "DeleteAlias" => delete_alias,
        _ => return None,
    })
}

/// The id of the key that an id, an ARN, an alias or an alias's ARN names.
fn resolve(state: &State, name: &str) -> Option<String> {
    let tail = name.rsplit_once(":key/").map_or(name, |(_, id)| id);
    let alias = name.find("alias/").and_then(|at| name.get(at..));
    alias
        .and_then(|alias| state.aliases.get(alias).cloned())
        .or_else(|| state.keys.contains_key(tail).then(|| tail.to_owned()))
}

fn not_found(name: &str) -> AwsError {
    AwsError::client("NotFoundException", format!("Key '{name}' does not exist"))
}

fn key_id(call: &mut Call<'_>, input: &Value) -> Result<String, AwsError> {
    let name = required(input, "KeyId")?;
    resolve(&call.regional().kms, name).ok_or_else(|| not_found(name))
}

fn create_key(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = call.uuid();
    let key = Key {
        arn: call.arn("kms", &format!("key/{id}")),
        description: text(input, "Description").unwrap_or_default().to_owned(),
        created: call.now(),
        deletion: None,
        tags: tags(input.get("Tags")),
    };
    let metadata = key.metadata(&id, &call.account);
    call.regional().kms.keys.insert(id, key);
    Ok(json!({ "KeyMetadata": metadata }))
}

fn describe_key(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = key_id(call, input)?;
    let account = call.account.clone();
    let key = call.regional().kms.keys.get(&id).ok_or_else(|| not_found(&id))?;
    Ok(json!({ "KeyMetadata": key.metadata(&id, &account) }))
}

fn schedule_key_deletion(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = key_id(call, input)?;
    let days = input.get("PendingWindowInDays").and_then(Value::as_i64).unwrap_or(DEFAULT_WINDOW_DAYS);
    if !(7..=30).contains(&days) {
        return Err(AwsError::client("ValidationException", "PendingWindowInDays must be from 7 to 30"));
    }
    let at = call.now().plus(std::time::Duration::from_secs(days.unsigned_abs() * 86_400));
    let state = &mut call.regional().kms;
    let key = state.keys.get_mut(&id).ok_or_else(|| not_found(&id))?;
    if key.deletion.is_some() {
        return Err(AwsError::client("KMSInvalidStateException", format!("{} is pending deletion.", key.arn)));
    }
    key.deletion = Some(at);
    Ok(
        json!({ "KeyId": key.arn, "DeletionDate": at.epoch_seconds(), "KeyState": "PendingDeletion", "PendingWindowInDays": days }),
    )
}

fn enable_key_rotation(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    key_id(call, input).map(|_| json!({}))
}

fn create_alias(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (alias, target) = (required(input, "AliasName")?, required(input, "TargetKeyId")?);
    if !alias.starts_with("alias/") || alias.starts_with("alias/aws/") {
        return Err(AwsError::client(
            "InvalidAliasNameException",
            "Aliases must begin with 'alias/' and not with 'alias/aws/'",
        ));
    }
    let state = &mut call.regional().kms;
    let id = resolve(state, target).ok_or_else(|| not_found(target))?;
    if state.aliases.contains_key(alias) {
        return Err(AwsError::client(
            "AlreadyExistsException",
            format!("An alias with the name {alias} already exists"),
        ));
    }
    state.aliases.insert(alias.to_owned(), id);
    Ok(json!({}))
}

fn delete_alias(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let alias = required(input, "AliasName")?;
    match call.regional().kms.aliases.remove(alias) {
        Some(_) => Ok(json!({})),
        None => Err(AwsError::client("NotFoundException", format!("Alias {alias} is not found."))),
    }
}

/// Whether a key of that name exists in the call's Region and can be used. Keys that AWS manages (`alias/aws/rds`) always
/// can.
pub fn usable(call: &mut Call<'_>, name: &str) -> bool {
    let state = &call.regional().kms;
    let own = resolve(state, name).and_then(|id| state.keys.get(&id)).is_some_and(|key| key.deletion.is_none());
    own || name.contains("alias/aws/")
}

/// What exists of this service in the call's account and Region. A key that is pending deletion cannot be used and costs
/// nothing: it counts as gone.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let state = &call.regional().kms;
    let live = state.keys.iter().filter(|(_, key)| key.deletion.is_none());
    live.map(|(id, key)| Record {
        type_name: "AWS::KMS::Key",
        id: id.clone(),
        arn: key.arn.clone(),
        tags: key.tags.clone(),
        properties: json!({ "KeyId": id, "Arn": key.arn, "Description": key.description }),
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
    fn a_key_is_found_by_id_arn_and_alias_until_it_is_pending_deletion() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "eu-west-1");
        let key = call.invoke("kms", "CreateKey", &json!({})).unwrap()["KeyMetadata"].clone();
        call.invoke("kms", "CreateAlias", &json!({ "AliasName": "alias/shop", "TargetKeyId": key["KeyId"] })).unwrap();
        for name in [key["KeyId"].as_str().unwrap(), key["Arn"].as_str().unwrap(), "alias/shop"] {
            assert!(usable(&mut call, name), "{name}");
        }
        call.invoke("kms", "ScheduleKeyDeletion", &json!({ "KeyId": key["KeyId"], "PendingWindowInDays": 7 })).unwrap();
        assert!(!usable(&mut call, "alias/shop"));
        assert!(inventory(&mut call).is_empty());
    }
}
