//! Internet gateways, addresses, NAT gateways and endpoints.

use serde_json::{Value, json};

use super::{Kind, Transition, add, depended_on, item, needed, new_id, routes};
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::chance;
use crate::sandbox::world::What;

fn done() -> Result<Value, AwsError> {
    Ok(json!({ "Return": true }))
}

fn reach(call: &mut Call<'_>, id: &str, state: &str, constant: &str) {
    let after = call.draw(constant, id);
    let what = Transition::State { id: id.to_owned(), state: state.to_owned() };
    call.schedule(after, What::Ec2(what));
    if state == "deleted" {
        let shown = call.draw("ec2.deleted.shown", id);
        call.schedule(after + shown, What::Ec2(Transition::Forget(id.to_owned())));
    }
}

/// CreateInternetGateway.
pub(super) fn create_internet(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = new_id(call, "igw");
    let body = json!({ "InternetGatewayId": id, "OwnerId": call.account, "Attachments": [] });
    add(call, &id, Kind::InternetGateway, body.clone(), input);
    Ok(json!({ "InternetGateway": body }))
}

/// AttachInternetGateway.
pub(super) fn attach(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (id, vpc) = (needed(input, "InternetGatewayId")?, needed(input, "VpcId")?);
    item(call, vpc, Kind::Vpc)?;
    let taken =
        call.regional().ec2.items.values().any(|one| {
            one.kind == Kind::InternetGateway && one.body.pointer("/Attachments/0/VpcId") == Some(&json!(vpc))
        });
    let gateway = item(call, id, Kind::InternetGateway)?;
    if gateway.body.pointer("/Attachments/0").is_some() {
        let why = format!("resource {id} is already attached to network {vpc}");
        return Err(AwsError::client("Resource.AlreadyAssociated", why));
    }
    if taken {
        let why = format!("Network {vpc} already has an internet gateway attached");
        return Err(AwsError::client("InvalidParameterValue", why));
    }
    if let Some(body) = gateway.body.as_object_mut() {
        body.insert("Attachments".into(), json!([{ "State": "available", "VpcId": vpc }]));
    }
    done()
}

/// DetachInternetGateway. Public addresses of the VPC must be gone.
pub(super) fn detach(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (id, vpc) = (needed(input, "InternetGatewayId")?, needed(input, "VpcId")?);
    let gateway = item(call, id, Kind::InternetGateway)?;
    if gateway.body.pointer("/Attachments/0/VpcId") != Some(&json!(vpc)) {
        let why = format!("resource {id} is not attached to network {vpc}");
        return Err(AwsError::client("Gateway.NotAttached", why));
    }
    let mapped = call
        .regional()
        .ec2
        .items
        .values()
        .any(|one| one.kind == Kind::NatGateway && one.text("VpcId") == vpc && one.text("State") != "deleted");
    if mapped {
        let why = format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
        );
        return Err(depended_on(why));
    }
    if let Some(body) = item(call, id, Kind::InternetGateway)?.body.as_object_mut() {
        body.insert("Attachments".into(), json!([]));
    }
    done()
}

/// DeleteInternetGateway.
pub(super) fn delete_internet(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = needed(input, "InternetGatewayId")?;
    if item(call, id, Kind::InternetGateway)?.body.pointer("/Attachments/0").is_some() {
        return Err(depended_on(format!("The internetGateway '{id}' has dependencies and cannot be deleted.")));
    }
    call.regional().ec2.items.remove(id);
    call.log(format!("ec2 {id} deleted"));
    done()
}

/// AllocateAddress. Addresses are from TEST-NET-3 and 198.18.0.0/15, which are nobody's (RFC 5737, RFC 2544).
pub(super) fn allocate(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = new_id(call, "eipalloc");
    let bits = chance::bits(call.world.seed, "ec2.address", &id, 0);
    let ip = format!("198.{}.{}.{}", 18 + (bits & 1), (bits >> 8) & 0xff, 1 + ((bits >> 16) % 254));
    let body = json!({ "AllocationId": id, "PublicIp": ip, "Domain": "vpc" });
    add(call, &id, Kind::Address, body.clone(), input);
    Ok(body)
}

/// ReleaseAddress.
pub(super) fn release(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = needed(input, "AllocationId")?;
    item(call, id, Kind::Address)?;
    let used = call.regional().ec2.items.values().any(|one| {
        one.kind == Kind::NatGateway
            && one.text("State") != "deleted"
            && one.body.pointer("/NatGatewayAddresses/0/AllocationId") == Some(&json!(id))
    });
    if used {
        let why = format!("You do not have permission to access the specified resource: {id} is in use.");
        return Err(AwsError::client("InvalidIPAddress.InUse", why));
    }
    call.regional().ec2.items.remove(id);
    call.log(format!("ec2 {id} released"));
    done()
}

/// CreateNatGateway.
pub(super) fn create_nat(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let subnet = needed(input, "SubnetId")?.to_owned();
    let vpc = item(call, &subnet, Kind::Subnet)?.text("VpcId").to_owned();
    let addresses = match text(input, "AllocationId") {
        Some(allocation) => {
            let ip = item(call, allocation, Kind::Address)?.text("PublicIp").to_owned();
            json!([{ "AllocationId": allocation, "PublicIp": ip }])
        }
        None if text(input, "ConnectivityType") == Some("private") => json!([]),
        None => {
            let why = "The request must contain the parameter AllocationId";
            return Err(AwsError::client("MissingParameter", why));
        }
    };
    let id = new_id(call, "nat");
    let body = json!({
        "NatGatewayId": id, "SubnetId": subnet, "VpcId": vpc, "State": "pending",
        "ConnectivityType": text(input, "ConnectivityType").unwrap_or("public"),
        "NatGatewayAddresses": addresses, "CreateTime": call.now().epoch_seconds(),
    });
    add(call, &id, Kind::NatGateway, body.clone(), input);
    reach(call, &id, "available", "ec2.nat.create");
    Ok(json!({ "NatGateway": body }))
}

/// DeleteNatGateway.
pub(super) fn delete_nat(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = needed(input, "NatGatewayId")?;
    let gateway = item(call, id, Kind::NatGateway)?;
    if !gateway.text("State").starts_with("delet") {
        if let Some(body) = gateway.body.as_object_mut() {
            body.insert("State".into(), "deleting".into());
        }
        reach(call, id, "deleted", "ec2.nat.delete");
    }
    Ok(json!({ "NatGatewayId": id }))
}

/// CreateVpcEndpoint.
pub(super) fn create_endpoint(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let vpc = needed(input, "VpcId")?.to_owned();
    let service = needed(input, "ServiceName")?.to_owned();
    item(call, &vpc, Kind::Vpc)?;
    let kind = text(input, "VpcEndpointType").unwrap_or("Gateway").to_owned();
    let id = new_id(call, "vpce");
    let state = if kind == "Gateway" { "available" } else { "pending" };
    let list = |name: &str| input.get(name).cloned().unwrap_or(json!([]));
    let body = json!({
        "VpcEndpointId": id, "VpcEndpointType": kind, "VpcId": vpc, "ServiceName": service, "State": state,
        "RouteTableIds": list("RouteTableIds"), "SubnetIds": list("SubnetIds"),
        "Groups": list("SecurityGroupIds"), "CreationTimestamp": call.now().epoch_seconds(),
    });
    add(call, &id, Kind::Endpoint, body.clone(), input);
    if state == "pending" {
        reach(call, &id, "available", "ec2.endpoint.create");
    }
    Ok(json!({ "VpcEndpoint": body }))
}

/// DeleteVpcEndpoints.
pub(super) fn delete_endpoints(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let ids: Vec<String> = input
        .get("VpcEndpointIds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect();
    for id in ids {
        let endpoint = item(call, &id, Kind::Endpoint)?;
        if endpoint.text("VpcEndpointType") == "Gateway" {
            call.regional().ec2.items.remove(&id);
        } else if !endpoint.text("State").starts_with("delet") {
            if let Some(body) = endpoint.body.as_object_mut() {
                body.insert("State".into(), "deleting".into());
            }
            reach(call, &id, "deleted", "ec2.endpoint.create");
        }
    }
    Ok(json!({ "Unsuccessful": [] }))
}

/// The target of a route, checked.
pub(super) fn target(call: &mut Call<'_>, input: &Value) -> Result<(&'static str, String), AwsError> {
    for (member, kind) in [("GatewayId", Kind::InternetGateway), ("NatGatewayId", Kind::NatGateway)] {
        if let Some(id) = text(input, member) {
            item(call, id, kind)?;
            return Ok((member, id.to_owned()));
        }
    }
    Err(routes::unsupported_target())
}
