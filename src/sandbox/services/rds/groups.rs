//! Subnet groups and cluster parameter groups.

use serde_json::{Value, json};

use super::{ParameterGroup, SubnetGroup, page, show, strings};
use crate::sandbox::call::{AwsError, Call, required, tags, text};

fn no_subnet_group(name: &str) -> AwsError {
    AwsError::not_found("DBSubnetGroupNotFoundFault", format!("DB subnet group '{name}' does not exist."))
}

fn no_parameter_group(name: &str) -> AwsError {
    AwsError::not_found("DBParameterGroupNotFound", format!("DBClusterParameterGroup not found: {name}"))
}

pub(super) fn create_subnet_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "DBSubnetGroupName")?.to_lowercase();
    let subnets = strings(input, "SubnetIds");
    let group = SubnetGroup {
        arn: call.arn("rds", &format!("subgrp:{name}")),
        description: required(input, "DBSubnetGroupDescription")?.to_owned(),
        subnets,
        tags: tags(input.get("Tags")),
    };
    // The documentation's rule: at least two subnets in two Availability Zones.
    if group.subnets.len() < 2 {
        let message = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: 1. \
                       Add subnets to cover at least 2 AZs.";
        return Err(AwsError::client("DBSubnetGroupDoesNotCoverEnoughAZs", message));
    }
    let groups = &mut call.regional().rds.subnet_groups;
    if groups.contains_key(&name) {
        let message = format!("The DB subnet group '{name}' already exists.");
        return Err(AwsError::client("DBSubnetGroupAlreadyExists", message));
    }
    let answer = json!({ "DBSubnetGroup": show::subnet_group(&name, &group) });
    groups.insert(name, group);
    Ok(answer)
}

pub(super) fn describe_subnet_groups(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let groups = &call.regional().rds.subnet_groups;
    let shown = match text(input, "DBSubnetGroupName").map(str::to_lowercase) {
        Some(name) => {
            let group = groups.get(&name).ok_or_else(|| no_subnet_group(&name))?;
            vec![show::subnet_group(&name, group)]
        }
        None => groups.iter().map(|(name, group)| show::subnet_group(name, group)).collect(),
    };
    page(shown, input, "DBSubnetGroups")
}

pub(super) fn delete_subnet_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "DBSubnetGroupName")?.to_lowercase();
    let state = &mut call.regional().rds;
    if let Some((id, _)) = state.clusters.iter().find(|(_, cluster)| cluster.subnet_group.as_ref() == Some(&name)) {
        let message = format!(
            "Cannot delete the subnet group '{name}' because at least one database cluster: {id} is still using it."
        );
        return Err(AwsError::client("InvalidDBSubnetGroupStateFault", message));
    }
    state.subnet_groups.remove(&name).map(|_| json!({})).ok_or_else(|| no_subnet_group(&name))
}

pub(super) fn create_parameter_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "DBClusterParameterGroupName")?.to_lowercase();
    let family = required(input, "DBParameterGroupFamily")?.to_owned();
    if !family.starts_with("aurora-") {
        let message = format!("ParameterGroupFamily {family} is not a valid parameter group family");
        return Err(AwsError::client("InvalidParameterValue", message));
    }
    let group = ParameterGroup {
        arn: call.arn("rds", &format!("cluster-pg:{name}")),
        family,
        description: required(input, "Description")?.to_owned(),
        values: std::collections::BTreeMap::new(),
        tags: tags(input.get("Tags")),
    };
    let groups = &mut call.regional().rds.parameter_groups;
    if groups.contains_key(&name) {
        let message = format!("Parameter group {name} already exists");
        return Err(AwsError::client("DBParameterGroupAlreadyExists", message));
    }
    let answer = json!({ "DBClusterParameterGroup": show::parameter_group(&name, &group) });
    groups.insert(name, group);
    Ok(answer)
}

pub(super) fn modify_parameter_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "DBClusterParameterGroupName")?.to_lowercase();
    let group = call.regional().rds.parameter_groups.get_mut(&name).ok_or_else(|| no_parameter_group(&name))?;
    for parameter in input.get("Parameters").and_then(Value::as_array).into_iter().flatten() {
        let key = required(parameter, "ParameterName")?.to_owned();
        let value = parameter.get("ParameterValue").map(plain).unwrap_or_default();
        group.values.insert(key, value);
    }
    Ok(json!({ "DBClusterParameterGroupName": name }))
}

/// A parameter's value as text, whether the template wrote a text or a number.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn describe_parameter_groups(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let groups = &call.regional().rds.parameter_groups;
    let shown = match text(input, "DBClusterParameterGroupName").map(str::to_lowercase) {
        Some(name) => {
            let group = groups.get(&name).ok_or_else(|| no_parameter_group(&name))?;
            vec![show::parameter_group(&name, group)]
        }
        None => groups.iter().map(|(name, group)| show::parameter_group(name, group)).collect(),
    };
    page(shown, input, "DBClusterParameterGroups")
}

pub(super) fn delete_parameter_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "DBClusterParameterGroupName")?.to_lowercase();
    let state = &mut call.regional().rds;
    if state.clusters.values().any(|cluster| cluster.parameter_group == name) {
        let message = format!(
            "One or more database clusters are still members of this parameter group {name}, so the group cannot be deleted"
        );
        return Err(AwsError::client("InvalidDBParameterGroupState", message));
    }
    state.parameter_groups.remove(&name).map(|_| json!({})).ok_or_else(|| no_parameter_group(&name))
}
