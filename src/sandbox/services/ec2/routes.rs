//! Route tables: routes and associations.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Item, Kind, add, depended_on, gateways, item, needed, new_id};
use crate::sandbox::call::{AwsError, Call};

/// The route that every table has.
pub(super) fn local(cidr: &str) -> Value {
    json!({ "DestinationCidrBlock": cidr, "GatewayId": "local", "State": "active", "Origin": "CreateRouteTable" })
}

/// EC2 has more targets than the sandbox.
pub(super) fn unsupported_target() -> AwsError {
    let why = "The sandbox simulates routes to internet gateways (GatewayId) and NAT gateways (NatGatewayId).";
    AwsError::client("SandboxUnsupportedParameter", why)
}

fn list<'i>(item: &'i mut Item, member: &str) -> Option<&'i mut Vec<Value>> {
    item.body.get_mut(member).and_then(Value::as_array_mut)
}

/// CreateRouteTable.
pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let vpc = needed(input, "VpcId")?.to_owned();
    let cidr = item(call, &vpc, Kind::Vpc)?.text("CidrBlock").to_owned();
    let id = new_id(call, "rtb");
    let body = json!({
        "RouteTableId": id, "VpcId": vpc, "OwnerId": call.account, "Routes": [local(&cidr)], "Associations": [],
    });
    add(call, &id, Kind::RouteTable, body.clone(), input);
    Ok(json!({ "RouteTable": body }))
}

/// DeleteRouteTable.
pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = needed(input, "RouteTableId")?;
    let table = item(call, id, Kind::RouteTable)?;
    if table.body.pointer("/Associations/0").is_some() {
        return Err(depended_on(format!("The routeTable '{id}' has dependencies and cannot be deleted.")));
    }
    call.regional().ec2.items.remove(id);
    call.log(format!("ec2 {id} deleted"));
    Ok(json!({ "Return": true }))
}

/// CreateRoute.
pub(super) fn create_route(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = needed(input, "RouteTableId")?;
    let destination = needed(input, "DestinationCidrBlock")?;
    item(call, id, Kind::RouteTable)?;
    let (member, target) = gateways::target(call, input)?;
    let table = item(call, id, Kind::RouteTable)?;
    let routes = list(table, "Routes");
    if routes
        .as_ref()
        .is_some_and(|all| all.iter().any(|one| one.get("DestinationCidrBlock") == Some(&json!(destination))))
    {
        let why = format!("The route identified by {destination} already exists.");
        return Err(AwsError::client("RouteAlreadyExists", why));
    }
    if let Some(routes) = routes {
        routes.push(json!({
            "DestinationCidrBlock": destination, member: target, "State": "active", "Origin": "CreateRoute",
        }));
    }
    Ok(json!({ "Return": true }))
}

/// DeleteRoute.
pub(super) fn delete_route(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = needed(input, "RouteTableId")?;
    let destination = needed(input, "DestinationCidrBlock")?;
    let table = item(call, id, Kind::RouteTable)?;
    let Some(routes) = list(table, "Routes") else { return Ok(json!({ "Return": true })) };
    let before = routes.len();
    routes.retain(|one| one.get("DestinationCidrBlock") != Some(&json!(destination)));
    if routes.len() == before {
        let why = format!("no route with destination-cidr-block {destination} in route table {id}");
        return Err(AwsError::client("InvalidRoute.NotFound", why));
    }
    Ok(json!({ "Return": true }))
}

/// AssociateRouteTable.
pub(super) fn associate(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = needed(input, "RouteTableId")?;
    let subnet = needed(input, "SubnetId")?;
    item(call, subnet, Kind::Subnet)?;
    item(call, id, Kind::RouteTable)?;
    let taken = call.regional().ec2.items.values().filter(|one| one.kind == Kind::RouteTable).any(|one| {
        one.body
            .get("Associations")
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(|association| association.get("SubnetId") == Some(&json!(subnet))))
    });
    if taken {
        let why = format!("the specified association for route table {id} conflicts with an existing association");
        return Err(AwsError::client("Resource.AlreadyAssociated", why));
    }
    let association = new_id(call, "rtbassoc");
    if let Some(associations) = list(item(call, id, Kind::RouteTable)?, "Associations") {
        associations.push(json!({
            "RouteTableAssociationId": association, "RouteTableId": id, "SubnetId": subnet, "Main": false,
        }));
    }
    Ok(json!({ "AssociationId": association, "AssociationState": { "State": "associated" } }))
}

/// DisassociateRouteTable.
pub(super) fn disassociate(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let association = needed(input, "AssociationId")?;
    for item in call.regional().ec2.items.values_mut().filter(|one| one.kind == Kind::RouteTable) {
        let Some(associations) = list(item, "Associations") else { continue };
        let before = associations.len();
        associations.retain(|one| one.get("RouteTableAssociationId") != Some(&json!(association)));
        if associations.len() < before {
            return Ok(json!({ "Return": true }));
        }
    }
    let why = format!("The association ID '{association}' does not exist");
    Err(AwsError::client("InvalidAssociationID.NotFound", why))
}

/// A subnet that goes takes its association with it.
pub(super) fn forget_subnet(items: &mut BTreeMap<String, Item>, subnet: &str) {
    for item in items.values_mut().filter(|one| one.kind == Kind::RouteTable) {
        if let Some(associations) = list(item, "Associations") {
            associations.retain(|one| one.get("SubnetId") != Some(&json!(subnet)));
        }
    }
}
