//! DB subnet groups and cluster parameter groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{identifier, invalid, missing, shape, strings};
use crate::sandbox::call::{self, AwsError, Call, text};

/// A DB subnet group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SubnetGroup {
    pub(super) arn: String,
    description: String,
    vpc: String,
    /// Subnet ids with their Availability Zones.
    subnets: Vec<(String, String)>,
    pub(super) tags: Vec<(String, String)>,
}

impl SubnetGroup {
    pub(super) fn subnet_ids(&self) -> Vec<&str> {
        self.subnets.iter().map(|(id, _)| id.as_str()).collect()
    }

    pub(super) fn vpc(&self) -> &str {
        &self.vpc
    }

    /// The zones that it covers, sorted.
    pub(super) fn zones(&self) -> Vec<String> {
        let mut zones: Vec<String> = self.subnets.iter().map(|(_, zone)| zone.clone()).collect();
        zones.sort();
        zones.dedup();
        zones
    }

    pub(super) fn json(&self, name: &str) -> Value {
        let subnets: Vec<Value> = self
            .subnets
            .iter()
            .map(|(id, zone)| {
                json!({
                    "SubnetIdentifier": id,
                    "SubnetAvailabilityZone": { "Name": zone },
                    "SubnetOutpost": {},
                    "SubnetStatus": "Active",
                })
            })
            .collect();
        json!({
            "DBSubnetGroupName": name,
            "DBSubnetGroupDescription": self.description,
            "VpcId": self.vpc,
            "SubnetGroupStatus": "Complete",
            "Subnets": subnets,
            "DBSubnetGroupArn": self.arn,
            "SupportedNetworkTypes": ["IPV4"],
        })
    }
}

/// A cluster parameter group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ParameterGroup {
    pub(super) arn: String,
    pub(super) family: String,
    description: String,
    /// What was set; everything else has its default.
    parameters: BTreeMap<String, String>,
    pub(super) tags: Vec<(String, String)>,
}

impl ParameterGroup {
    /// Whether it switches the binary log on.
    pub(super) fn binlog(&self) -> bool {
        let format = self.parameters.get("binlog_format").map(String::as_str).unwrap_or_default();
        ["MIXED", "ROW", "STATEMENT"].contains(&format.to_uppercase().as_str())
    }

    fn json(&self, name: &str) -> Value {
        json!({
            "DBClusterParameterGroupName": name,
            "DBParameterGroupFamily": self.family,
            "Description": self.description,
            "DBClusterParameterGroupArn": self.arn,
        })
    }
}

/// Parameters that a cluster reads when it starts.
/// Source: Amazon Aurora User Guide, "Aurora MySQL cluster-level parameters": static ones need a reboot.
const STATIC: [&str; 3] = ["binlog_format", "lower_case_table_names", "performance_schema"];

/// One page is enough for what a workshop makes; names filter the list.
fn listed<T>(
    map: &BTreeMap<String, T>,
    name: Option<&str>,
    missing: impl Fn(&str) -> AwsError,
    json: impl Fn(&T, &str) -> Value,
) -> Result<Vec<Value>, AwsError> {
    match name {
        Some(name) => map.get(name).map(|one| vec![json(one, name)]).ok_or_else(|| missing(name)),
        None => Ok(map.iter().map(|(name, one)| json(one, name)).collect()),
    }
}

fn no_subnet_group(name: &str) -> AwsError {
    AwsError::not_found("DBSubnetGroupNotFoundFault", format!("DB subnet group '{name}' does not exist."))
}

pub(super) fn create_subnet_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = identifier(input, "DBSubnetGroupName")?;
    let description = text(input, "DBSubnetGroupDescription").ok_or_else(|| missing("DBSubnetGroupDescription"))?;
    if name == "default" {
        return Err(invalid("The DB subnet group name 'default' is reserved"));
    }
    if call.regional().rds.subnet_groups.contains_key(&name) {
        return Err(AwsError::client(
            "DBSubnetGroupAlreadyExists",
            format!("The DB subnet group '{name}' already exists."),
        ));
    }
    let ids = strings(input.get("SubnetIds"));
    let described = call
        .invoke("ec2", "DescribeSubnets", &json!({ "SubnetIds": ids }))
        // RDS documents InvalidSubnet, and answers this for subnets that are not there.
        .map_err(|_| invalid(format!("Some input subnets in :[{}] are invalid.", ids.join(", "))))?;
    let subnets: Vec<&Value> = described.get("Subnets").and_then(Value::as_array).into_iter().flatten().collect();
    let of = |subnet: &Value, member: &str| text(subnet, member).unwrap_or_default().to_owned();
    let vpc = subnets.first().map(|subnet| of(subnet, "VpcId")).unwrap_or_default();
    if subnets.iter().any(|subnet| of(subnet, "VpcId") != vpc) {
        return Err(AwsError::client(
            "InvalidParameterValue",
            "The DB subnet group's subnets must all be in the same VPC.",
        ));
    }
    let group = SubnetGroup {
        arn: call.arn("rds", &format!("subgrp:{name}")),
        description: description.to_owned(),
        vpc,
        subnets: subnets.iter().map(|subnet| (of(subnet, "SubnetId"), of(subnet, "AvailabilityZone"))).collect(),
        tags: call::tags(input.get("Tags")),
    };
    if group.zones().len() < 2 && call.world.rule("rds.subnet-group-covers-two-zones") {
        return Err(AwsError::client(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            format!(
                "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: {}. Add \
                 subnets to cover at least 2 AZs.",
                group.zones().join(", ")
            ),
        ));
    }
    let answer = group.json(&name);
    call.regional().rds.subnet_groups.insert(name, group);
    Ok(json!({ "DBSubnetGroup": answer }))
}

pub(super) fn describe_subnet_groups(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = text(input, "DBSubnetGroupName").map(str::to_lowercase);
    let groups = &call.regional().rds.subnet_groups;
    let list = listed(groups, name.as_deref(), no_subnet_group, SubnetGroup::json)?;
    shape::paged(input, "DBSubnetGroups", list)
}

pub(super) fn delete_subnet_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = identifier(input, "DBSubnetGroupName")?;
    let rule = call.world.rule("rds.subnet-group-in-use");
    let state = &mut call.regional().rds;
    if !state.subnet_groups.contains_key(&name) {
        return Err(no_subnet_group(&name));
    }
    let cluster = state.clusters.values().find(|cluster| cluster.subnet_group == name);
    if let Some(cluster) = cluster.filter(|_| rule) {
        return Err(AwsError::client(
            "InvalidDBSubnetGroupStateFault",
            format!(
                "Cannot delete the subnet group '{name}' because at least one database cluster: {} is still using it.",
                cluster.id
            ),
        ));
    }
    state.subnet_groups.remove(&name);
    Ok(json!({}))
}

fn no_parameter_group(name: &str) -> AwsError {
    AwsError::not_found("DBParameterGroupNotFound", format!("DBClusterParameterGroup not found: {name}"))
}

pub(super) fn create_parameter_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = identifier(input, "DBClusterParameterGroupName")?;
    let member = |member: &str| text(input, member).map(str::to_owned).ok_or_else(|| missing(member));
    let group = ParameterGroup {
        arn: call.arn("rds", &format!("cluster-pg:{name}")),
        family: member("DBParameterGroupFamily")?,
        description: member("Description")?,
        parameters: BTreeMap::new(),
        tags: call::tags(input.get("Tags")),
    };
    if !["aurora-mysql8.0", "aurora-mysql5.7"].contains(&group.family.as_str())
        && !group.family.starts_with("aurora-postgresql")
    {
        return Err(invalid(format!("ParameterGroupFamily {} is not a valid parameter group family", group.family)));
    }
    if call.regional().rds.parameter_groups.contains_key(&name) {
        return Err(AwsError::client(
            "DBParameterGroupAlreadyExists",
            format!("Parameter group {name} already exists"),
        ));
    }
    let answer = group.json(&name);
    call.regional().rds.parameter_groups.insert(name, group);
    Ok(json!({ "DBClusterParameterGroup": answer }))
}

pub(super) fn modify_parameter_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = identifier(input, "DBClusterParameterGroupName")?;
    let group = call.regional().rds.parameter_groups.get_mut(&name).ok_or_else(|| no_parameter_group(&name))?;
    for parameter in input.get("Parameters").and_then(Value::as_array).into_iter().flatten() {
        let of = |member: &str| text(parameter, member).map(str::to_owned).ok_or_else(|| missing(member));
        let name = of("ParameterName")?;
        if STATIC.contains(&name.as_str()) && text(parameter, "ApplyMethod") == Some("immediate") {
            return Err(super::combination(format!("cannot use immediate apply method for static parameter: {name}")));
        }
        group.parameters.insert(name, of("ParameterValue")?);
    }
    Ok(json!({ "DBClusterParameterGroupName": name }))
}

pub(super) fn describe_parameter_groups(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = text(input, "DBClusterParameterGroupName").map(str::to_lowercase);
    let groups = &call.regional().rds.parameter_groups;
    let list = listed(groups, name.as_deref(), no_parameter_group, ParameterGroup::json)?;
    shape::paged(input, "DBClusterParameterGroups", list)
}

pub(super) fn describe_parameters(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = identifier(input, "DBClusterParameterGroupName")?;
    let group = call.regional().rds.parameter_groups.get(&name).ok_or_else(|| no_parameter_group(&name))?;
    let parameters: Vec<Value> = group
        .parameters
        .iter()
        .map(|(name, value)| json!({ "ParameterName": name, "ParameterValue": value, "Source": "user" }))
        .collect();
    Ok(json!({ "Parameters": parameters }))
}

pub(super) fn delete_parameter_group(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = identifier(input, "DBClusterParameterGroupName")?;
    let state = &mut call.regional().rds;
    if name.starts_with("default.") {
        return Err(AwsError::client(
            "InvalidDBParameterGroupState",
            format!("Default DBClusterParameterGroup cannot be deleted: {name}"),
        ));
    }
    if state.clusters.values().any(|cluster| cluster.parameter_group == name) {
        return Err(AwsError::client(
            "InvalidDBParameterGroupState",
            format!(
                "One or more database clusters are still members of this parameter group {name}, so the group cannot be deleted"
            ),
        ));
    }
    state.parameter_groups.remove(&name).map(|_| json!({})).ok_or_else(|| no_parameter_group(&name))
}

/// The name of an existing group for an engine, and whether it switches the binary log on.
pub(super) fn binlog_of(call: &mut Call<'_>, name: Option<&str>, default: &str) -> Result<(String, bool), AwsError> {
    let Some(name) = name.map(str::to_lowercase).filter(|name| name != default) else {
        // The binary log of Aurora MySQL is off by default.
        return Ok((default.to_owned(), false));
    };
    let group = call.regional().rds.parameter_groups.get(&name).ok_or_else(|| no_parameter_group(&name))?;
    if format!("default.{}", group.family) != default {
        return Err(super::combination(format!(
            "The Parameter Group {name} with DBParameterGroupFamily {} cannot be used for this instance. Please use a \
             Parameter Group with DBParameterGroupFamily {}",
            group.family,
            default.trim_start_matches("default.")
        )));
    }
    let binlog = group.binlog();
    Ok((name, binlog))
}
