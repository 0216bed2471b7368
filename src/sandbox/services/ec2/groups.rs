//! Security groups and their rules.

use serde_json::{Value, json};

use super::{Kind, add, depended_on, holders, interfaces, item, needed, new_id};
use crate::sandbox::call::{AwsError, Call, text};

/// Where a group keeps rules for what comes in.
pub(super) const INGRESS: &str = "IpPermissions";
/// Where it keeps rules for what goes out.
pub(super) const EGRESS: &str = "IpPermissionsEgress";

/// CreateSecurityGroup.
pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = needed(input, "GroupName")?.to_owned();
    let description = text(input, "Description").or_else(|| text(input, "GroupDescription"));
    let description = description.ok_or_else(|| {
        AwsError::client("MissingParameter", "The request must contain the parameter GroupDescription")
    })?;
    let vpc = match text(input, "VpcId") {
        Some(vpc) => vpc.to_owned(),
        None => super::built_in_id(call, "vpc", "default"),
    };
    item(call, &vpc, Kind::Vpc)?;
    let taken = call
        .regional()
        .ec2
        .items
        .values()
        .any(|one| one.kind == Kind::SecurityGroup && one.text("VpcId") == vpc && one.text("GroupName") == name);
    if taken {
        let why = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return Err(AwsError::client("InvalidGroup.Duplicate", why));
    }
    let id = new_id(call, "sg");
    let body = json!({
        "GroupId": id, "GroupName": name, "Description": description, "VpcId": vpc, "OwnerId": call.account,
        INGRESS: [], EGRESS: [{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }],
    });
    add(call, &id, Kind::SecurityGroup, body, input);
    Ok(json!({ "GroupId": id }))
}

/// The groups that a rule names.
fn partners(rule: &Value) -> Vec<String> {
    let pairs = rule.get("UserIdGroupPairs").and_then(Value::as_array);
    pairs.into_iter().flatten().filter_map(|pair| text(pair, "GroupId").map(str::to_owned)).collect()
}

/// DeleteSecurityGroup. Rules of other groups and interfaces that carry it hold it.
pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = needed(input, "GroupId")?.to_owned();
    let group = item(call, &id, Kind::SecurityGroup)?;
    if group.built_in {
        let why = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(AwsError::client("CannotDelete", why));
    }
    let named = call.regional().ec2.items.iter().any(|(other, one)| {
        *other != id
            && [INGRESS, EGRESS].iter().any(|direction| {
                let rules = one.body.get(*direction).and_then(Value::as_array);
                rules.into_iter().flatten().any(|rule| partners(rule).contains(&id))
            })
    });
    if named || interfaces::holds(call, &id) || holders::interface_in(call, &id) {
        return Err(depended_on(format!("resource {id} has a dependent object")));
    }
    call.regional().ec2.items.remove(&id);
    call.log(format!("ec2 {id} deleted"));
    Ok(json!({ "Return": true, "GroupId": id }))
}

fn permissions(input: &Value) -> Vec<Value> {
    input.get("IpPermissions").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// AuthorizeSecurityGroupIngress and -Egress.
pub(super) fn authorize(call: &mut Call<'_>, input: &Value, direction: &str) -> Result<Value, AwsError> {
    let id = needed(input, "GroupId")?;
    for rule in permissions(input) {
        for partner in partners(&rule) {
            item(call, &partner, Kind::SecurityGroup)?;
        }
        let group = item(call, id, Kind::SecurityGroup)?;
        let Some(rules) = group.body.get_mut(direction).and_then(Value::as_array_mut) else { continue };
        if rules.iter().any(|one| same(one, &rule)) {
            let why = "the specified rule already exists";
            return Err(AwsError::client("InvalidPermission.Duplicate", why));
        }
        rules.push(rule);
    }
    Ok(json!({ "Return": true }))
}

/// RevokeSecurityGroupIngress and -Egress.
pub(super) fn revoke(call: &mut Call<'_>, input: &Value, direction: &str) -> Result<Value, AwsError> {
    let group = item(call, needed(input, "GroupId")?, Kind::SecurityGroup)?;
    for rule in permissions(input) {
        let Some(rules) = group.body.get_mut(direction).and_then(Value::as_array_mut) else { continue };
        let before = rules.len();
        rules.retain(|one| !same(one, &rule));
        if rules.len() == before {
            let why = "The specified rule does not exist in this security group.";
            return Err(AwsError::client("InvalidPermission.NotFound", why));
        }
    }
    Ok(json!({ "Return": true }))
}

/// Whether two rules let the same through; descriptions do not count.
fn same(one: &Value, other: &Value) -> bool {
    bare(one) == bare(other)
}

fn bare(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(bare).collect(),
        Value::Object(map) => {
            let kept = map.iter().filter(|(name, _)| name.as_str() != "Description" && name.as_str() != "UserId");
            kept.map(|(name, inner)| (name.clone(), bare(inner))).collect::<serde_json::Map<_, _>>().into()
        }
        other => other.clone(),
    }
}
