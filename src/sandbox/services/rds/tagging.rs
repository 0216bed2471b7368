//! Tags of everything RDS has, by ARN.

use serde_json::{Value, json};

use super::{State, missing, strings};
use crate::sandbox::call::{self, AwsError, Call, text};

/// The tags of the resource that an ARN names.
fn of<'s>(state: &'s mut State, arn: &str) -> Result<&'s mut Vec<(String, String)>, AwsError> {
    let mut parts = arn.split(':').skip(5);
    let (kind, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (found, code) = match kind {
        "cluster" => (state.clusters.get_mut(name).map(|one| &mut one.tags), "DBClusterNotFoundFault"),
        "db" => (state.instances.get_mut(name).map(|one| &mut one.tags), "DBInstanceNotFound"),
        "subgrp" => (state.subnet_groups.get_mut(name).map(|one| &mut one.tags), "DBSubnetGroupNotFoundFault"),
        "cluster-pg" => (state.parameter_groups.get_mut(name).map(|one| &mut one.tags), "DBParameterGroupNotFound"),
        "cluster-snapshot" => {
            (state.snapshots.get_mut(name).map(|one| &mut one.tags), "DBClusterSnapshotNotFoundFault")
        }
        _ => {
            return Err(super::invalid(format!(
                "The specified resource name does not match an RDS resource in this region: {arn}"
            )));
        }
    };
    found.ok_or_else(|| AwsError::not_found(code, format!("{name} not found.")))
}

fn resource(input: &Value) -> Result<&str, AwsError> {
    text(input, "ResourceName").ok_or_else(|| missing("ResourceName"))
}

pub(super) fn add(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let new = call::tags(input.get("Tags"));
    let tags = of(&mut call.regional().rds, resource(input)?)?;
    tags.retain(|(key, _)| new.iter().all(|(other, _)| other != key));
    tags.extend(new);
    Ok(json!({}))
}

pub(super) fn remove(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let keys = strings(input.get("TagKeys"));
    of(&mut call.regional().rds, resource(input)?)?.retain(|(key, _)| !keys.contains(key));
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let tags = of(&mut call.regional().rds, resource(input)?)?;
    Ok(json!({ "TagList": call::tag_list(tags) }))
}
