//! EC2: the network, with real ids, states and dependencies.
//!
//! In this edition only CloudFormation reaches most of it, with the shapes of AWS's API; DescribeNetworkInterfaces is
//! answered on the wire, too. Everything is held in the shape that the Describe operations give.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Handler, Record};
use crate::sandbox::call::{AwsError, Call, tag_list, tags};
use crate::sandbox::chance;

mod describe;
mod gateways;
mod groups;
mod holders;
mod interfaces;
mod routes;
mod vpcs;

pub use interfaces::{
    as_vpc_config as interface_as_vpc_config, make_for_lambda, of_lambda, remove as remove_interface,
    same as same_groups,
};

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Everything by id.
    pub items: BTreeMap<String, Item>,
}

/// One thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// How the Describe operation shows it, without tags.
    pub body: Value,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// Whether it came with the account or with its VPC, and cannot be deleted by itself.
    pub built_in: bool,
}

impl Item {
    /// A text member of the body.
    pub fn text(&self, member: &str) -> &str {
        self.body.get(member).and_then(Value::as_str).unwrap_or_default()
    }
}

/// What there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A VPC.
    Vpc,
    /// A subnet.
    Subnet,
    /// An internet gateway.
    InternetGateway,
    /// A NAT gateway.
    NatGateway,
    /// An Elastic IP address.
    Address,
    /// A route table, with its routes and associations.
    RouteTable,
    /// A security group, with its rules.
    SecurityGroup,
    /// A VPC endpoint.
    Endpoint,
    /// A network interface.
    NetworkInterface,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A thing reaches a state.
    State {
        /// Its id.
        id: String,
        /// The state.
        state: String,
    },
    /// A thing that was deleted is shown no more.
    Forget(String),
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    let items = &mut call.regional().ec2.items;
    match what {
        Transition::State { id, state } => {
            if let Some(body) = items.get_mut(&id).and_then(|item| item.body.as_object_mut()) {
                body.insert("State".into(), state.into());
            }
        }
        Transition::Forget(id) => {
            items.remove(&id);
        }
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateVpc" => vpcs::create,
        "ModifyVpcAttribute" => vpcs::modify,
        "DeleteVpc" => vpcs::delete,
        "CreateSubnet" => vpcs::create_subnet,
        "ModifySubnetAttribute" => vpcs::modify_subnet,
        "DeleteSubnet" => vpcs::delete_subnet,
        "CreateInternetGateway" => gateways::create_internet,
        "AttachInternetGateway" => gateways::attach,
        "DetachInternetGateway" => gateways::detach,
        "DeleteInternetGateway" => gateways::delete_internet,
        "AllocateAddress" => gateways::allocate,
        "ReleaseAddress" => gateways::release,
        "CreateNatGateway" => gateways::create_nat,
        "DeleteNatGateway" => gateways::delete_nat,
        "CreateVpcEndpoint" => gateways::create_endpoint,
        "DeleteVpcEndpoints" => gateways::delete_endpoints,
        "CreateRouteTable" => routes::create,
        "DeleteRouteTable" => routes::delete,
        "CreateRoute" => routes::create_route,
        "DeleteRoute" => routes::delete_route,
        "AssociateRouteTable" => routes::associate,
        "DisassociateRouteTable" => routes::disassociate,
        "CreateSecurityGroup" => groups::create,
        "DeleteSecurityGroup" => groups::delete,
        "AuthorizeSecurityGroupIngress" => |call, input| groups::authorize(call, input, groups::INGRESS),
        "AuthorizeSecurityGroupEgress" => |call, input| groups::authorize(call, input, groups::EGRESS),
        "RevokeSecurityGroupIngress" => |call, input| groups::revoke(call, input, groups::INGRESS),
        "RevokeSecurityGroupEgress" => |call, input| groups::revoke(call, input, groups::EGRESS),
        "CreateTags" => describe::create_tags,
        "DescribeVpcs" => |call, input| describe::describe(call, input, Kind::Vpc),
        "DescribeSubnets" => |call, input| describe::describe(call, input, Kind::Subnet),
        "DescribeInternetGateways" => |call, input| describe::describe(call, input, Kind::InternetGateway),
        "DescribeNatGateways" => |call, input| describe::describe(call, input, Kind::NatGateway),
        "DescribeAddresses" => |call, input| describe::describe(call, input, Kind::Address),
        "DescribeRouteTables" => |call, input| describe::describe(call, input, Kind::RouteTable),
        "DescribeSecurityGroups" => |call, input| describe::describe(call, input, Kind::SecurityGroup),
        "DescribeNetworkInterfaces" => |call, input| describe::describe(call, input, Kind::NetworkInterface),
        "DescribeVpcEndpoints" => |call, input| describe::describe(call, input, Kind::Endpoint),
        _ => return None,
    })
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    // A search asks every Region of every account; it keeps no default VPC where nobody has used one.
    let untouched = call.regional().ec2.items.is_empty();
    ensure(call);
    let found = listed(call);
    if untouched {
        call.regional().ec2.items.clear();
    }
    found
}

fn listed(call: &mut Call<'_>) -> Vec<Record> {
    let (account, region) = (call.account.clone(), call.region.clone());
    let items = &call.regional().ec2.items;
    items
        .iter()
        // A NAT gateway or an endpoint that is deleted is shown for a while, and costs nothing.
        .filter(|(_, item)| item.text("State") != "deleted")
        .map(|(id, item)| {
            let kind = describe::form(item.kind);
            let mut properties = item.body.clone();
            if let Some(members) = properties.as_object_mut() {
                members.insert("Tags".into(), tag_list(&item.tags));
            }
            Record {
                type_name: kind.type_name,
                id: id.clone(),
                arn: format!("arn:aws:ec2:{region}:{account}:{}/{id}", kind.arn),
                tags: item.tags.clone(),
                properties,
                built_in: item.built_in,
            }
        })
        .collect()
}

/// The Availability Zones of a Region. Source: AWS documentation, "Regions and Availability Zones": three or more zones
/// each; which letters an account sees differs, and only where zones are missing for everybody does it here.
pub fn zones(region: &str) -> Vec<String> {
    let letters = match region {
        "us-east-1" => "abcdef",
        "us-west-2" => "abcd",
        "us-west-1" => "ac",
        "ap-northeast-1" => "acd",
        "ca-central-1" => "abd",
        _ => "abc",
    };
    letters.chars().map(|letter| format!("{region}{letter}")).collect()
}

/// Makes sure that the Region has its default VPC. It comes with the account, so its ids come from the seed alone:
/// whether and when somebody looks at it changes nothing else.
pub(super) fn ensure(call: &mut Call<'_>) {
    let id = built_in_id(call, "vpc", "default");
    if !call.regional().ec2.items.contains_key(&id) {
        vpcs::add_default(call, &id);
    }
}

/// An id of something that comes with the account.
pub(super) fn built_in_id(call: &Call<'_>, prefix: &str, purpose: &str) -> String {
    let place = format!("{}/{}/{prefix}/{purpose}", call.account, call.region);
    let bits = |part| chance::bits(call.world.seed, "ec2.default", &place, part);
    let hex = format!("{:016x}{:016x}", bits(0), bits(1));
    format!("{prefix}-0{}", hex.get(..16).unwrap_or_default())
}

/// A new id: `vpc-0a1b2c3d4e5f67890`.
pub(super) fn new_id(call: &mut Call<'_>, prefix: &str) -> String {
    format!("{prefix}-0{}", call.hex_id(16))
}

/// Adds a thing; tags come from the request's TagSpecifications.
pub(super) fn add(call: &mut Call<'_>, id: &str, kind: Kind, body: Value, input: &Value) {
    let tags = tags(input.pointer("/TagSpecifications/0/Tags"));
    call.log(format!("ec2 {id} created"));
    call.regional().ec2.items.insert(id.to_owned(), Item { kind, body, tags, built_in: false });
}

/// The thing that a request names, or EC2's error for its kind.
pub(super) fn item<'c>(call: &'c mut Call<'_>, id: &str, kind: Kind) -> Result<&'c mut Item, AwsError> {
    ensure(call);
    let missing = describe::missing(kind, id);
    call.regional().ec2.items.get_mut(id).filter(|item| item.kind == kind).ok_or(missing)
}

/// EC2's refusal to delete what others stand on.
pub(super) fn depended_on(why: impl Into<String>) -> AwsError {
    AwsError::client("DependencyViolation", why)
}

/// A member that the request must give.
pub(super) fn needed<'v>(input: &'v Value, member: &str) -> Result<&'v str, AwsError> {
    crate::sandbox::call::text(input, member)
        .ok_or_else(|| AwsError::client("MissingParameter", format!("The request must contain the parameter {member}")))
}

#[cfg(test)]
mod tests;
