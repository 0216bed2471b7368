//! Tags of hosted zones and health checks.

use serde_json::{Value, json};

use super::zones::bare;
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags};

/// The tags of the resource that the input names.
fn of<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Vec<(String, String)>, AwsError> {
    let (kind, id) = (required(input, "ResourceType")?, bare(required(input, "ResourceId")?));
    let state = &mut call.account_state().route53;
    match kind {
        "hostedzone" => state.zones.get_mut(id).map(|zone| &mut zone.tags).ok_or_else(|| super::zones::missing(id)),
        "healthcheck" => state.health_checks.get_mut(id).map(|check| &mut check.tags).ok_or_else(|| {
            AwsError::not_found("NoSuchHealthCheck", format!("A health check with id {id} does not exist."))
        }),
        other => Err(AwsError::client("InvalidInput", format!("Invalid request: unknown ResourceType '{other}'"))),
    }
}

/// `ChangeTagsForResource`
pub fn change(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let kept = of(call, input)?;
    for key in input.get("RemoveTagKeys").and_then(Value::as_array).into_iter().flatten() {
        kept.retain(|(existing, _)| Some(existing.as_str()) != key.as_str());
    }
    for (key, value) in tags(input.get("AddTags")) {
        kept.retain(|(existing, _)| *existing != key);
        kept.push((key, value));
    }
    Ok(json!({}))
}

/// `ListTagsForResource`
pub fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let tags = tag_list(of(call, input)?);
    Ok(json!({ "ResourceTagSet": {
        "ResourceType": required(input, "ResourceType")?,
        "ResourceId": bare(required(input, "ResourceId")?),
        "Tags": tags,
    } }))
}
