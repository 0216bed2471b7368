//! The types of the network.

use serde_json::{Map, Value, json};

use super::{Api, By, Existing, Id, Request, Settled, Tags, remove};
use crate::sandbox::call::{AwsError, Call, text};

const STATE: Settled = Settled { at: "/State", ready: &["available"], failed: &["failed"] };

/// The rows.
pub const TYPES: &[Api] = &[
    Api {
        type_name: "AWS::EC2::VPC",
        service: "ec2",
        create: "CreateVpc",
        id: Id::Out("/Vpc/VpcId"),
        dropped: &["EnableDnsSupport", "EnableDnsHostnames"],
        tags: Tags::Specifications("vpc"),
        read: ("DescribeVpcs", &[("VpcIds", By::IdList)], "/Vpcs/0"),
        settled: Some(STATE),
        attributes: &[("VpcId", "id"), ("CidrBlock", "/CidrBlock")],
        attribute: Some(default_group),
        after: Some(vpc_attributes),
        update: Some(|call, existing, request| {
            vpc_attributes(call, existing, request)?;
            retag(call, existing, request)
        }),
        delete: ("DeleteVpc", &[("VpcId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::Subnet",
        service: "ec2",
        create: "CreateSubnet",
        id: Id::Out("/Subnet/SubnetId"),
        dropped: &["MapPublicIpOnLaunch"],
        tags: Tags::Specifications("subnet"),
        read: ("DescribeSubnets", &[("SubnetIds", By::IdList)], "/Subnets/0"),
        settled: Some(STATE),
        attributes: &[
            ("SubnetId", "id"),
            ("AvailabilityZone", "/AvailabilityZone"),
            ("CidrBlock", "/CidrBlock"),
            ("VpcId", "/VpcId"),
        ],
        after: Some(subnet_attributes),
        update: Some(|call, existing, request| {
            subnet_attributes(call, existing, request)?;
            retag(call, existing, request)
        }),
        delete: ("DeleteSubnet", &[("SubnetId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::InternetGateway",
        service: "ec2",
        create: "CreateInternetGateway",
        id: Id::Out("/InternetGateway/InternetGatewayId"),
        tags: Tags::Specifications("internet-gateway"),
        read: ("DescribeInternetGateways", &[("InternetGatewayIds", By::IdList)], "/InternetGateways/0"),
        attributes: &[("InternetGatewayId", "id")],
        update: Some(retag),
        delete: ("DeleteInternetGateway", &[("InternetGatewayId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::VPCGatewayAttachment",
        service: "ec2",
        create: "AttachInternetGateway",
        id: Id::Made(|request, _| format!("IGW|{}", text(request.properties, "VpcId").unwrap_or_default())),
        attribute: Some(|_, _, name| (name == "AttachmentType").then(|| json!("IGW"))),
        delete: (
            "DetachInternetGateway",
            &[("InternetGatewayId", By::Property("InternetGatewayId")), ("VpcId", By::Property("VpcId"))],
        ),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::EIP",
        service: "ec2",
        create: "AllocateAddress",
        id: Id::Out("/PublicIp"),
        tags: Tags::Specifications("elastic-ip"),
        read: ("DescribeAddresses", &[("PublicIps", By::IdList)], "/Addresses/0"),
        attributes: &[("AllocationId", "/AllocationId"), ("PublicIp", "id")],
        update: Some(|call, existing, request| {
            let resource = address(call, existing)?;
            call.invoke("ec2", "CreateTags", &tagging(&resource, request)).map(|_| ())
        }),
        before_delete: Some(|call, existing| {
            let id = address(call, existing)?;
            remove(call, "ec2", "ReleaseAddress", &json!({ "AllocationId": id }))
        }),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::NatGateway",
        service: "ec2",
        create: "CreateNatGateway",
        id: Id::Out("/NatGateway/NatGatewayId"),
        tags: Tags::Specifications("natgateway"),
        read: ("DescribeNatGateways", &[("NatGatewayIds", By::IdList)], "/NatGateways/0"),
        settled: Some(STATE),
        gone: ("/State", &["deleted"]),
        attributes: &[("NatGatewayId", "id")],
        update: Some(retag),
        delete: ("DeleteNatGateway", &[("NatGatewayId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::RouteTable",
        service: "ec2",
        create: "CreateRouteTable",
        id: Id::Out("/RouteTable/RouteTableId"),
        tags: Tags::Specifications("route-table"),
        read: ("DescribeRouteTables", &[("RouteTableIds", By::IdList)], "/RouteTables/0"),
        attributes: &[("RouteTableId", "id")],
        update: Some(retag),
        delete: ("DeleteRouteTable", &[("RouteTableId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::Route",
        service: "ec2",
        create: "CreateRoute",
        id: Id::Made(|request, _| {
            let part = |name| text(request.properties, name).unwrap_or_default();
            format!("{}|{}", part("RouteTableId"), part("DestinationCidrBlock"))
        }),
        attributes: &[],
        delete: (
            "DeleteRoute",
            &[
                ("RouteTableId", By::Property("RouteTableId")),
                ("DestinationCidrBlock", By::Property("DestinationCidrBlock")),
            ],
        ),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::SubnetRouteTableAssociation",
        service: "ec2",
        create: "AssociateRouteTable",
        id: Id::Out("/AssociationId"),
        attributes: &[("Id", "id")],
        delete: ("DisassociateRouteTable", &[("AssociationId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::SecurityGroup",
        service: "ec2",
        create: "CreateSecurityGroup",
        id: Id::Out("/GroupId"),
        name: Some(("GroupName", 255)),
        renamed: &[("GroupDescription", "Description")],
        dropped: &["SecurityGroupIngress", "SecurityGroupEgress"],
        tags: Tags::Specifications("security-group"),
        read: ("DescribeSecurityGroups", &[("GroupIds", By::IdList)], "/SecurityGroups/0"),
        attributes: &[("GroupId", "id"), ("Id", "id"), ("VpcId", "/VpcId"), ("GroupName", "/GroupName")],
        after: Some(group_rules),
        update: Some(|call, existing, request| {
            ungroup_rules(call, existing)?;
            group_rules(call, existing, request)?;
            retag(call, existing, request)
        }),
        delete: ("DeleteSecurityGroup", &[("GroupId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::SecurityGroupIngress",
        service: "ec2",
        id: Id::Made(|request, _| {
            format!("{}|{}", text(request.properties, "GroupId").unwrap_or("sg"), request.logical)
        }),
        attributes: &[("Id", "id")],
        after: Some(|call, _, request| one_rule(call, "AuthorizeSecurityGroupIngress", request.properties)),
        before_delete: Some(|call, existing| one_rule(call, "RevokeSecurityGroupIngress", existing.properties)),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::SecurityGroupEgress",
        service: "ec2",
        id: Id::Made(|request, _| {
            format!("{}|{}", text(request.properties, "GroupId").unwrap_or("sg"), request.logical)
        }),
        attributes: &[("Id", "id")],
        after: Some(|call, _, request| one_rule(call, "AuthorizeSecurityGroupEgress", request.properties)),
        before_delete: Some(|call, existing| one_rule(call, "RevokeSecurityGroupEgress", existing.properties)),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::EC2::VPCEndpoint",
        service: "ec2",
        create: "CreateVpcEndpoint",
        id: Id::Out("/VpcEndpoint/VpcEndpointId"),
        tags: Tags::Specifications("vpc-endpoint"),
        read: ("DescribeVpcEndpoints", &[("VpcEndpointIds", By::IdList)], "/VpcEndpoints/0"),
        settled: Some(STATE),
        gone: ("/State", &["deleted"]),
        attributes: &[("Id", "id")],
        update: Some(retag),
        delete: ("DeleteVpcEndpoints", &[("VpcEndpointIds", By::IdList)]),
        ..Api::NEW
    },
];

fn tagging(resource: &str, request: &Request<'_>) -> Value {
    json!({ "Resources": [resource], "Tags": crate::sandbox::call::tag_list(&request.tags) })
}

fn retag(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    call.invoke("ec2", "CreateTags", &tagging(existing.physical, request)).map(|_| ())
}

fn vpc_attributes(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    for name in ["EnableDnsSupport", "EnableDnsHostnames"] {
        if let Some(value) = request.properties.get(name) {
            let input = json!({ "VpcId": existing.physical, name: { "Value": value } });
            call.invoke("ec2", "ModifyVpcAttribute", &input)?;
        }
    }
    Ok(())
}

fn subnet_attributes(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    if let Some(value) = request.properties.get("MapPublicIpOnLaunch") {
        let input = json!({ "SubnetId": existing.physical, "MapPublicIpOnLaunch": { "Value": value } });
        call.invoke("ec2", "ModifySubnetAttribute", &input)?;
    }
    Ok(())
}

fn default_group(call: &mut Call<'_>, existing: &Existing<'_>, name: &str) -> Option<Value> {
    if name != "DefaultSecurityGroup" {
        return None;
    }
    let filters = json!({ "Filters": [
        { "Name": "vpc-id", "Values": [existing.physical] }, { "Name": "group-name", "Values": ["default"] }
    ]});
    let groups = call.invoke("ec2", "DescribeSecurityGroups", &filters).ok()?;
    groups.pointer("/SecurityGroups/0/GroupId").cloned()
}

/// The allocation id of an address, whose physical id is the address itself.
fn address(call: &mut Call<'_>, existing: &Existing<'_>) -> Result<String, AwsError> {
    let found = call.invoke("ec2", "DescribeAddresses", &json!({ "PublicIps": [existing.physical] }))?;
    Ok(found.pointer("/Addresses/0/AllocationId").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// A rule of CloudFormation's as EC2's IpPermissions take it.
fn permission(rule: &Value) -> Value {
    let mut permission = Map::new();
    for name in ["IpProtocol", "FromPort", "ToPort"] {
        if let Some(value) = rule.get(name) {
            permission.insert(name.into(), value.clone());
        }
    }
    let described = |mut one: Value| {
        if let (Some(description), Some(members)) = (rule.get("Description"), one.as_object_mut()) {
            members.insert("Description".into(), description.clone());
        }
        json!([one])
    };
    if let Some(range) = rule.get("CidrIp") {
        permission.insert("IpRanges".into(), described(json!({ "CidrIp": range })));
    }
    if let Some(range) = rule.get("CidrIpv6") {
        permission.insert("Ipv6Ranges".into(), described(json!({ "CidrIpv6": range })));
    }
    if let Some(group) = rule.get("SourceSecurityGroupId").or_else(|| rule.get("DestinationSecurityGroupId")) {
        permission.insert("UserIdGroupPairs".into(), described(json!({ "GroupId": group })));
    }
    if let Some(list) = rule.get("SourcePrefixListId").or_else(|| rule.get("DestinationPrefixListId")) {
        permission.insert("PrefixListIds".into(), described(json!({ "PrefixListId": list })));
    }
    Value::Object(permission)
}

fn rules(properties: &Value, name: &str) -> Vec<Value> {
    properties.get(name).and_then(Value::as_array).into_iter().flatten().map(permission).collect()
}

fn group_rules(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let ingress = rules(request.properties, "SecurityGroupIngress");
    if !ingress.is_empty() {
        let input = json!({ "GroupId": existing.physical, "IpPermissions": ingress });
        call.invoke("ec2", "AuthorizeSecurityGroupIngress", &input)?;
    }
    let egress = rules(request.properties, "SecurityGroupEgress");
    if !egress.is_empty() {
        // A template that names egress rules replaces the rule that lets everything out.
        let everything = json!([{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
        let default = json!({ "GroupId": existing.physical, "IpPermissions": everything });
        remove(call, "ec2", "RevokeSecurityGroupEgress", &default)?;
        let input = json!({ "GroupId": existing.physical, "IpPermissions": egress });
        call.invoke("ec2", "AuthorizeSecurityGroupEgress", &input)?;
    }
    Ok(())
}

fn ungroup_rules(call: &mut Call<'_>, existing: &Existing<'_>) -> Result<(), AwsError> {
    for (name, operation) in
        [("SecurityGroupIngress", "RevokeSecurityGroupIngress"), ("SecurityGroupEgress", "RevokeSecurityGroupEgress")]
    {
        let permissions = rules(existing.properties, name);
        if !permissions.is_empty() {
            let input = json!({ "GroupId": existing.physical, "IpPermissions": permissions });
            remove(call, "ec2", operation, &input)?;
        }
    }
    Ok(())
}

fn one_rule(call: &mut Call<'_>, operation: &str, properties: &Value) -> Result<(), AwsError> {
    let input = json!({ "GroupId": properties.get("GroupId"), "IpPermissions": [permission(properties)] });
    if operation.starts_with("Revoke") {
        return remove(call, "ec2", operation, &input);
    }
    call.invoke("ec2", operation, &input).map(|_| ())
}
