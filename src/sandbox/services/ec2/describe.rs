//! The Describe operations, over one table.

use serde_json::{Value, json};

use super::{Item, Kind, ensure, interfaces};
use crate::sandbox::call::{AwsError, Call, tag_list, tags, text};
use crate::sandbox::services::iam;

/// How a kind of thing is named in the API.
pub(super) struct Form {
    /// The CloudFormation type.
    pub type_name: &'static str,
    /// The kind in ARNs.
    pub arn: &'static str,
    /// The list in the answer.
    list: &'static str,
    /// The list of ids in the request.
    ids: &'static str,
    /// EC2's error when there is none.
    missing: &'static str,
    /// What the message calls it.
    title: &'static str,
}

/// The table.
pub(super) fn form(kind: Kind) -> Form {
    let (type_name, arn, list, ids, missing, title) = match kind {
        Kind::Vpc => ("AWS::EC2::VPC", "vpc", "Vpcs", "VpcIds", "InvalidVpcID.NotFound", "vpc ID"),
        Kind::Subnet => ("AWS::EC2::Subnet", "subnet", "Subnets", "SubnetIds", "InvalidSubnetID.NotFound", "subnet ID"),
        Kind::InternetGateway => (
            "AWS::EC2::InternetGateway",
            "internet-gateway",
            "InternetGateways",
            "InternetGatewayIds",
            "InvalidInternetGatewayID.NotFound",
            "internetGateway ID",
        ),
        Kind::NatGateway => {
            ("AWS::EC2::NatGateway", "natgateway", "NatGateways", "NatGatewayIds", "NatGatewayNotFound", "NAT gateway")
        }
        Kind::Address => (
            "AWS::EC2::EIP",
            "elastic-ip",
            "Addresses",
            "AllocationIds",
            "InvalidAllocationID.NotFound",
            "allocation ID",
        ),
        Kind::RouteTable => (
            "AWS::EC2::RouteTable",
            "route-table",
            "RouteTables",
            "RouteTableIds",
            "InvalidRouteTableID.NotFound",
            "routeTable ID",
        ),
        Kind::SecurityGroup => (
            "AWS::EC2::SecurityGroup",
            "security-group",
            "SecurityGroups",
            "GroupIds",
            "InvalidGroup.NotFound",
            "security group",
        ),
        Kind::Endpoint => (
            "AWS::EC2::VPCEndpoint",
            "vpc-endpoint",
            "VpcEndpoints",
            "VpcEndpointIds",
            "InvalidVpcEndpointId.NotFound",
            "Vpc Endpoint Id",
        ),
        Kind::NetworkInterface => (
            "AWS::EC2::NetworkInterface",
            "network-interface",
            "NetworkInterfaces",
            "NetworkInterfaceIds",
            "InvalidNetworkInterfaceID.NotFound",
            "networkInterface ID",
        ),
    };
    Form { type_name, arn, list, ids, missing, title }
}

/// EC2's error when a thing is not there.
pub(super) fn missing(kind: Kind, id: &str) -> AwsError {
    let form = form(kind);
    AwsError::client(form.missing, format!("The {} '{id}' does not exist", form.title))
}

/// A Describe operation: by ids, or by filters, or everything of its kind.
pub(super) fn describe(call: &mut Call<'_>, input: &Value, kind: Kind) -> Result<Value, AwsError> {
    ensure(call);
    let form = form(kind);
    let wanted = texts(input.get(form.ids));
    let addresses = texts(input.get("PublicIps"));
    let items = &call.regional().ec2.items;
    if let Some(id) = wanted.iter().find(|id| items.get(**id).is_none_or(|item| item.kind != kind)) {
        return Err(missing(kind, id));
    }
    if let Some(address) = addresses.iter().find(|address| !items.values().any(|one| one.text("PublicIp") == **address))
    {
        return Err(AwsError::client("InvalidAddress.NotFound", format!("Address '{address}' not found.")));
    }
    let filters: Vec<&Value> =
        input.get("Filters").or_else(|| input.get("Filter")).and_then(Value::as_array).into_iter().flatten().collect();
    let mut found = Vec::new();
    for (id, item) in items.iter().filter(|(_, item)| item.kind == kind) {
        let named = (wanted.is_empty() || wanted.contains(&id.as_str()))
            && (addresses.is_empty() || addresses.contains(&item.text("PublicIp")));
        let mut passes = named;
        for filter in &filters {
            passes = passes && matches(item, filter)?;
        }
        if passes {
            let mut body = item.body.clone();
            if let Some(members) = body.as_object_mut() {
                let name = if kind == Kind::NetworkInterface { "TagSet" } else { "Tags" };
                members.insert(name.into(), tag_list(&item.tags));
            }
            found.push(body);
        }
    }
    Ok(json!({ form.list: found }))
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn matches(item: &Item, filter: &Value) -> Result<bool, AwsError> {
    let name = text(filter, "Name").unwrap_or_default();
    let values = texts(filter.get("Values"));
    // Source: Amazon EC2 User Guide, "List and filter your resources": * and ? stand for characters.
    let any = |told: &str| values.iter().any(|pattern| iam::like(pattern, told));
    let member = match name {
        "vpc-id" => "VpcId",
        "subnet-id" => "SubnetId",
        "group-name" => "GroupName",
        "state" => "State",
        "cidr" | "cidr-block" => "CidrBlock",
        "description" => "Description",
        "interface-type" => "InterfaceType",
        "network-interface-id" => "NetworkInterfaceId",
        "status" => "Status",
        "group-id" if item.kind == Kind::NetworkInterface => {
            return Ok(interfaces::group_ids(item).into_iter().any(any));
        }
        "group-id" => "GroupId",
        "isDefault" | "is-default" => {
            let default = item.body.get("IsDefault") == Some(&Value::Bool(true));
            return Ok(values.contains(&default.to_string().as_str()));
        }
        _ => {
            let Some(key) = name.strip_prefix("tag:") else {
                let why = format!("The sandbox does not simulate the EC2 filter {name}.");
                return Err(AwsError::client("SandboxUnsupportedParameter", why));
            };
            return Ok(item.tags.iter().any(|(k, v)| k == key && any(v)));
        }
    };
    Ok(any(item.text(member)))
}

/// CreateTags.
pub(super) fn create_tags(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let new = tags(input.get("Tags"));
    for id in texts(input.get("Resources")) {
        let items = &mut call.regional().ec2.items;
        let item =
            items.get_mut(id).ok_or_else(|| AwsError::client("InvalidID", format!("The ID '{id}' is not valid")))?;
        item.tags.retain(|(key, _)| !new.iter().any(|(other, _)| other == key));
        item.tags.extend(new.iter().cloned());
    }
    Ok(json!({ "Return": true }))
}
