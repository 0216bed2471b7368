//! Deletion of objects: one version for good, or a marker.

use serde_json::{Value, json};

use super::objects::{check, current, set, store};
use super::{Version, bucket, bucket_mut, bucket_name, conditions};
use crate::sandbox::call::{AwsError, Call, required, text};

/// Source: aws-behaviour.md 2: DeleteObjects takes 1,000 keys per call.
const MAX_DELETE: usize = 1000;

pub(super) fn one(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    check(call, &name, input)?;
    let key = required(input, "Key")?;
    conditions::of_delete(text(input, "IfMatch"), key, current(bucket(call, &name)?, key))?;
    remove(call, &name, key, text(input, "VersionId"))
}

/// Removes one version for good, or marks the object deleted.
fn remove(call: &mut Call<'_>, name: &str, key: &str, id: Option<&str>) -> Result<Value, AwsError> {
    let found = bucket_mut(call, name)?;
    if let Some(id) = id {
        let mut output = json!({ "VersionId": id });
        if let Some(versions) = found.objects.get_mut(key) {
            if versions.iter().any(|version| version.id == id && version.delete_marker) {
                set(&mut output, "DeleteMarker", json!(true));
            }
            versions.retain(|version| version.id != id);
            if versions.is_empty() {
                found.objects.remove(key);
            }
        }
        return Ok(output);
    }
    if found.versioning.is_none() {
        found.objects.remove(key);
        return Ok(json!({}));
    }
    let marker = Version { delete_marker: true, ..Version::default() };
    let id = store(call, name, key, marker)?;
    Ok(json!({ "DeleteMarker": true, "VersionId": id }))
}

pub(super) fn many(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let delete = input.get("Delete").unwrap_or(&Value::Null);
    let objects = delete.get("Objects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let most = if call.world.rule("s3.thousand-keys") { MAX_DELETE } else { usize::MAX };
    if objects.is_empty() || objects.len() > most {
        return Err(super::settings::malformed());
    }
    let quiet = delete.get("Quiet").and_then(Value::as_bool).unwrap_or(false);
    let mut deleted = Vec::new();
    let mut errors = Vec::new();
    for object in objects {
        let key = required(object, "Key")?;
        let asked = text(object, "VersionId");
        let holds = conditions::of_delete(text(object, "ETag"), key, current(bucket(call, &name)?, key));
        let removed = match holds.and_then(|()| remove(call, &name, key, asked)) {
            Ok(removed) => removed,
            Err(error) => {
                errors.push(json!({ "Key": key, "Code": error.code, "Message": error.message }));
                continue;
            }
        };
        let mut entry = json!({ "Key": key });
        if let Some(id) = asked {
            set(&mut entry, "VersionId", json!(id));
        }
        if removed.get("DeleteMarker").is_some() {
            set(&mut entry, "DeleteMarker", json!(true));
            set(&mut entry, "DeleteMarkerVersionId", removed.get("VersionId").cloned().unwrap_or_default());
        }
        deleted.push(entry);
    }
    let mut output = json!({});
    if !quiet {
        set(&mut output, "Deleted", json!(deleted));
    }
    // Quiet answers tell of what failed all the same.
    if !errors.is_empty() {
        set(&mut output, "Errors", json!(errors));
    }
    Ok(output)
}
