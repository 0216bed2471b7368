//! VPCs and subnets.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{Item, Kind, add, built_in_id, depended_on, holders, interfaces, item, needed, new_id, routes, zones};
use crate::sandbox::call::{AwsError, Call, text};

/// Addresses of each subnet that AWS keeps. Source: Amazon VPC User Guide, "Subnet CIDR blocks".
const RESERVED: u64 = 5;

/// An address range as its first address and its length.
pub(super) fn range(text: &str) -> Option<(u32, u32)> {
    let (address, length) = text.split_once('/')?;
    let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
    let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
    let mask = if length == 0 { 0 } else { u32::MAX << (32 - length) };
    Some((address & mask, length))
}

fn inside(inner: (u32, u32), outer: (u32, u32)) -> bool {
    let mask = if outer.1 == 0 { 0 } else { u32::MAX << (32 - outer.1) };
    inner.1 >= outer.1 && inner.0 & mask == outer.0
}

fn block(input: &Value) -> Result<(String, (u32, u32)), AwsError> {
    let text = needed(input, "CidrBlock")?;
    let wrong = |code: &str, why: String| AwsError::client(code, why);
    let parsed = range(text).ok_or_else(|| {
        wrong(
            "InvalidParameterValue",
            format!("Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."),
        )
    })?;
    if !(16..=28).contains(&parsed.1) {
        return Err(wrong("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")));
    }
    Ok((format!("{}/{}", Ipv4Addr::from(parsed.0), parsed.1), parsed))
}

fn vpc_body(id: &str, account: &str, cidr: &str, default: bool) -> Value {
    json!({
        "VpcId": id, "CidrBlock": cidr, "State": "available", "IsDefault": default, "InstanceTenancy": "default",
        "OwnerId": account, "EnableDnsSupport": true, "EnableDnsHostnames": default,
        "CidrBlockAssociationSet": [{ "CidrBlock": cidr, "CidrBlockState": { "State": "associated" } }],
    })
}

fn subnet_body(call: &Call<'_>, id: &str, vpc: &str, cidr: &str, zone: &str, default: bool) -> Value {
    let length = range(cidr).map_or(32, |(_, length)| length);
    json!({
        "SubnetId": id, "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone, "State": "available",
        "AvailableIpAddressCount": (1_u64 << (32 - length)).saturating_sub(RESERVED), "DefaultForAz": default,
        "MapPublicIpOnLaunch": default, "OwnerId": call.account,
        "SubnetArn": format!("arn:aws:ec2:{}:{}:subnet/{id}", call.region, call.account),
    })
}

/// What a VPC brings with it: its main route table and its default group.
fn add_company(call: &mut Call<'_>, vpc: &str, cidr: &str, table: String, group: String, association: &str) {
    let routes = json!({
        "RouteTableId": table, "VpcId": vpc, "OwnerId": call.account, "Routes": [routes::local(cidr)],
        "Associations": [{ "RouteTableAssociationId": association, "RouteTableId": table, "Main": true }],
    });
    let rules = json!({
        "GroupId": group, "GroupName": "default", "Description": "default VPC security group", "VpcId": vpc,
        "OwnerId": call.account,
        "IpPermissions": [{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": group }] }],
        "IpPermissionsEgress": [{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }],
    });
    let items = &mut call.regional().ec2.items;
    items.insert(table, Item { kind: Kind::RouteTable, body: routes, tags: Vec::new(), built_in: true });
    items.insert(group, Item { kind: Kind::SecurityGroup, body: rules, tags: Vec::new(), built_in: true });
}

/// Adds the Region's default VPC. Source: Amazon VPC User Guide, "Default VPCs": 172.31.0.0/16, a /20 subnet in each
/// Availability Zone, an internet gateway.
pub(super) fn add_default(call: &mut Call<'_>, vpc: &str) {
    const CIDR: &str = "172.31.0.0/16";
    let body = vpc_body(vpc, &call.account, CIDR, true);
    let table = built_in_id(call, "rtb", "default");
    let group = built_in_id(call, "sg", "default");
    let gateway = built_in_id(call, "igw", "default");
    let association = built_in_id(call, "rtbassoc", "default");
    add_company(call, vpc, CIDR, table, group, &association);
    let attached = json!({
        "InternetGatewayId": gateway, "OwnerId": call.account, "Attachments": [{ "State": "available", "VpcId": vpc }],
    });
    let mut items = vec![(vpc.to_owned(), Kind::Vpc, body), (gateway, Kind::InternetGateway, attached)];
    for (index, zone) in zones(&call.region.clone()).into_iter().enumerate() {
        let id = built_in_id(call, "subnet", &zone);
        let cidr = format!("172.31.{}.0/20", index * 16);
        items.push((id.clone(), Kind::Subnet, subnet_body(call, &id, vpc, &cidr, &zone, true)));
    }
    for (id, kind, body) in items {
        call.regional().ec2.items.insert(id, Item { kind, body, tags: Vec::new(), built_in: true });
    }
}

/// CreateVpc.
pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    super::ensure(call);
    let (cidr, _) = block(input)?;
    let id = new_id(call, "vpc");
    let (table, group, association) = (new_id(call, "rtb"), new_id(call, "sg"), new_id(call, "rtbassoc"));
    let body = vpc_body(&id, &call.account, &cidr, false);
    add(call, &id, Kind::Vpc, body.clone(), input);
    add_company(call, &id, &cidr, table, group, &association);
    Ok(json!({ "Vpc": body }))
}

/// ModifyVpcAttribute.
pub(super) fn modify(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let vpc = item(call, needed(input, "VpcId")?, Kind::Vpc)?;
    set_attributes(vpc, input, &["EnableDnsSupport", "EnableDnsHostnames"]);
    Ok(json!({}))
}

fn set_attributes(item: &mut Item, input: &Value, names: &[&str]) {
    for name in names {
        if let (Some(value), Some(body)) = (input.pointer(&format!("/{name}/Value")), item.body.as_object_mut()) {
            body.insert((*name).to_owned(), value.clone());
        }
    }
}

/// DeleteVpc. Its main route table and default group go with it; everything else must be gone.
pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = needed(input, "VpcId")?.to_owned();
    item(call, &id, Kind::Vpc)?;
    let items = &call.regional().ec2.items;
    let attached = |one: &Item| one.body.pointer("/Attachments/0/VpcId").and_then(Value::as_str) == Some(id.as_str());
    let held = items.values().any(|one| {
        !one.built_in
            && one.kind != Kind::Vpc
            && one.text("State") != "deleted"
            && (one.text("VpcId") == id || attached(one))
    });
    if held {
        return Err(depended_on(format!("The vpc '{id}' has dependencies and cannot be deleted.")));
    }
    call.regional().ec2.items.retain(|key, one| *key != id && one.text("VpcId") != id);
    call.log(format!("ec2 {id} deleted"));
    Ok(json!({ "Return": true }))
}

/// CreateSubnet.
pub(super) fn create_subnet(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let vpc = needed(input, "VpcId")?.to_owned();
    let outer = range(item(call, &vpc, Kind::Vpc)?.text("CidrBlock"));
    let (cidr, inner) = block(input)?;
    if !outer.is_some_and(|outer| inside(inner, outer)) {
        return Err(AwsError::client("InvalidSubnet.Range", format!("The CIDR '{cidr}' is invalid.")));
    }
    let clash = call.regional().ec2.items.values().any(|one| {
        one.kind == Kind::Subnet
            && one.text("VpcId") == vpc
            && range(one.text("CidrBlock")).is_some_and(|other| inside(inner, other) || inside(other, inner))
    });
    if clash {
        let why = format!("The CIDR '{cidr}' conflicts with another subnet");
        return Err(AwsError::client("InvalidSubnet.Conflict", why));
    }
    let known = zones(&call.region.clone());
    let zone = text(input, "AvailabilityZone").or(known.first().map(String::as_str)).unwrap_or_default().to_owned();
    if !known.contains(&zone) {
        let why = format!(
            "Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: {}.",
            known.join(", ")
        );
        return Err(AwsError::client("InvalidParameterValue", why));
    }
    let id = new_id(call, "subnet");
    let body = subnet_body(call, &id, &vpc, &cidr, &zone, false);
    add(call, &id, Kind::Subnet, body.clone(), input);
    Ok(json!({ "Subnet": body }))
}

/// ModifySubnetAttribute.
pub(super) fn modify_subnet(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let subnet = item(call, needed(input, "SubnetId")?, Kind::Subnet)?;
    set_attributes(subnet, input, &["MapPublicIpOnLaunch"]);
    Ok(json!({}))
}

/// DeleteSubnet. What has a network interface in it must be gone.
pub(super) fn delete_subnet(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = needed(input, "SubnetId")?.to_owned();
    item(call, &id, Kind::Subnet)?;
    let gateway = call.regional().ec2.items.values().any(|one| {
        matches!(one.kind, Kind::NatGateway | Kind::Endpoint)
            && one.text("State") != "deleted"
            && (one.text("SubnetId") == id
                || one.body.get("SubnetIds").and_then(Value::as_array).is_some_and(|list| list.contains(&json!(id))))
    });
    if gateway || interfaces::holds(call, &id) || holders::interface_in(call, &id) {
        return Err(depended_on(format!("The subnet '{id}' has dependencies and cannot be deleted.")));
    }
    let items = &mut call.regional().ec2.items;
    items.remove(&id);
    routes::forget_subnet(items, &id);
    call.log(format!("ec2 {id} deleted"));
    Ok(json!({ "Return": true }))
}
