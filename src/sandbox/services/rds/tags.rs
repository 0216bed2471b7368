//! Tags of everything that RDS holds, by ARN.

use serde_json::{Value, json};

use super::State;
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags};

/// The tags of the resource with that ARN.
fn of<'s>(state: &'s mut State, arn: &str) -> Option<&'s mut Vec<(String, String)>> {
    let clusters = state.clusters.values_mut().map(|item| (&item.arn, &mut item.tags));
    let instances = state.instances.values_mut().map(|item| (&item.arn, &mut item.tags));
    let subnet_groups = state.subnet_groups.values_mut().map(|item| (&item.arn, &mut item.tags));
    let parameter_groups = state.parameter_groups.values_mut().map(|item| (&item.arn, &mut item.tags));
    let snapshots = state.snapshots.values_mut().map(|item| (&item.arn, &mut item.tags));
    let all = clusters.chain(instances).chain(subnet_groups).chain(parameter_groups).chain(snapshots);
    all.into_iter().find(|(known, _)| *known == arn).map(|(_, tags)| tags)
}

fn not_found(arn: &str) -> AwsError {
    AwsError::not_found("DBInstanceNotFound", format!("The resource {arn} was not found."))
}

pub(super) fn add(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "ResourceName")?;
    let new = tags(input.get("Tags"));
    let held = of(&mut call.regional().rds, arn).ok_or_else(|| not_found(arn))?;
    held.retain(|(key, _)| !new.iter().any(|(other, _)| other == key));
    held.extend(new);
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "ResourceName")?;
    let held = of(&mut call.regional().rds, arn).ok_or_else(|| not_found(arn))?;
    Ok(json!({ "TagList": tag_list(held) }))
}
