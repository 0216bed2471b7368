//! Network interfaces that Lambda makes for its functions in a VPC.
//!
//! Those of other services (tasks, balancers, databases, caches) are not shown one by one; [`super::holders`] knows whom
//! they hold.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{Item, Kind, add, item, new_id, vpcs};
use crate::sandbox::call::{AwsError, Call};
use crate::sandbox::chance;

/// Addresses at the beginning of a subnet that AWS keeps. Source: Amazon VPC User Guide, "Subnet CIDR blocks".
const FIRST: u64 = 4;

/// The interface of Lambda in that subnet with those security groups.
pub fn of_lambda(call: &mut Call<'_>, subnet: &str, groups: &[&str]) -> Option<String> {
    let items = call.regional().ec2.items.iter();
    let mut found = items.filter(|(_, one)| one.kind == Kind::NetworkInterface && one.text("SubnetId") == subnet);
    found.find(|(_, one)| same(&group_ids(one), groups)).map(|(id, _)| id.clone())
}

/// Whether two lists name the same groups, in whatever order.
pub fn same(one: &[&str], other: &[&str]) -> bool {
    one.len() == other.len() && one.iter().all(|group| other.contains(group))
}

pub(super) fn group_ids(interface: &Item) -> Vec<&str> {
    let groups = interface.body.get("Groups").and_then(Value::as_array).into_iter().flatten();
    groups.filter_map(|group| group.get("GroupId")?.as_str()).collect()
}

/// Makes Lambda's interface in that subnet with those groups, unless it is there; functions share it.
///
/// # Errors
/// EC2's error when the subnet or a group is not there.
pub fn make_for_lambda(call: &mut Call<'_>, subnet: &str, groups: &[&str], function: &str) -> Result<(), AwsError> {
    let place = item(call, subnet, Kind::Subnet)?;
    let (vpc, zone) = (place.text("VpcId").to_owned(), place.text("AvailabilityZone").to_owned());
    let cidr = place.text("CidrBlock").to_owned();
    let mut shown = Vec::new();
    for id in groups {
        let name = item(call, id, Kind::SecurityGroup)?.text("GroupName").to_owned();
        shown.push(json!({ "GroupId": id, "GroupName": name }));
    }
    if of_lambda(call, subnet, groups).is_some() {
        return Ok(());
    }
    let (id, attachment) = (new_id(call, "eni"), new_id(call, "ela-attach"));
    let (address, unique) = (free_address(call, subnet, &cidr, &id), call.uuid());
    let body = json!({
        "NetworkInterfaceId": id, "SubnetId": subnet, "VpcId": vpc, "AvailabilityZone": zone, "OwnerId": call.account,
        "Description": format!("AWS Lambda VPC ENI-{function}-{unique}"), "InterfaceType": "lambda",
        "RequesterManaged": true, "SourceDestCheck": true, "Status": "in-use", "Groups": shown,
        "PrivateIpAddress": address, "PrivateIpAddresses": [{ "Primary": true, "PrivateIpAddress": address }],
        "Attachment": {
            "AttachmentId": attachment, "DeleteOnTermination": false, "DeviceIndex": 1, "Status": "attached",
            "InstanceOwnerId": "amazon-aws",
        },
    });
    add(call, &id, Kind::NetworkInterface, body, &Value::Null);
    Ok(())
}

/// An address of the subnet that no interface shown here has.
fn free_address(call: &mut Call<'_>, subnet: &str, cidr: &str, id: &str) -> String {
    let (first, length) = vpcs::range(cidr).unwrap_or_default();
    let room = (1_u64 << 32_u32.saturating_sub(length)).saturating_sub(FIRST + 1).max(1);
    let from = chance::bits(call.world.seed, "ec2.address", id, 0);
    let items = &call.regional().ec2.items;
    let text = |step: u64| {
        let offset = u32::try_from(FIRST + from.wrapping_add(step) % room).unwrap_or_default();
        Ipv4Addr::from(first.wrapping_add(offset)).to_string()
    };
    let taken = |address: &String| {
        items.values().any(|one| one.text("SubnetId") == subnet && one.text("PrivateIpAddress") == address)
    };
    (0..room).map(text).find(|address| !taken(address)).unwrap_or_else(|| text(0))
}

/// Subnet and groups of an interface, as the VpcConfig of a function names them.
pub fn as_vpc_config(call: &mut Call<'_>, id: &str) -> Option<Value> {
    let interface = call.regional().ec2.items.get(id)?;
    Some(json!({ "SubnetIds": [interface.text("SubnetId")], "SecurityGroupIds": group_ids(interface) }))
}

/// Takes an interface away.
pub fn remove(call: &mut Call<'_>, id: &str) {
    if call.regional().ec2.items.remove(id).is_some() {
        call.log(format!("ec2 {id} deleted"));
    }
}

/// Whether an interface stands in that subnet or carries that group.
pub(super) fn holds(call: &mut Call<'_>, id: &str) -> bool {
    let interfaces = call.regional().ec2.items.values().filter(|one| one.kind == Kind::NetworkInterface);
    interfaces.into_iter().any(|one| one.text("SubnetId") == id || group_ids(one).contains(&id))
}
