//! Dependencies, quotas and states of the network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::world::LEARNER_ACCOUNT;
use crate::sandbox::{AwsError, Call, World};

fn ask(world: &mut World, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, LEARNER_ACCOUNT, "eu-west-1").invoke("ec2", operation, input)
}

fn id(answer: &Value, pointer: &str) -> String {
    answer.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
}

fn vpc(world: &mut World) -> String {
    id(&ask(world, "CreateVpc", &json!({ "CidrBlock": "10.0.0.0/16" })).unwrap(), "/Vpc/VpcId")
}

#[test]
fn every_region_has_a_default_vpc_whose_ids_come_from_the_seed() {
    let (mut one, mut two) = (World::new(7), World::new(7));
    vpc(&mut two);
    let default = |world: &mut World| {
        let answer = ask(world, "DescribeVpcs", &json!({ "Filters": [{ "Name": "is-default", "Values": ["true"] }] }));
        answer.unwrap()["Vpcs"].clone()
    };
    assert_eq!(default(&mut one), default(&mut two));
    assert_eq!(default(&mut one)[0]["CidrBlock"], "172.31.0.0/16");
}

#[test]
fn a_search_finds_the_default_vpc_and_keeps_none_where_nobody_has_used_one() {
    let mut world = World::new(7);
    let defaults = |world: &mut World| {
        let found = super::inventory(&mut Call::new(world, LEARNER_ACCOUNT, "eu-west-1"));
        (found.iter().filter(|one| one.built_in && one.type_name == "AWS::EC2::VPC").count(), found.len())
    };
    assert_eq!(defaults(&mut world).0, 1);
    assert!(Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1").regional().ec2.items.is_empty());
    let all = defaults(&mut world).1;
    vpc(&mut world);
    let (default, with_one) = defaults(&mut world);
    assert_eq!(default, 1);
    assert!(with_one > all);
    assert!(!Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1").regional().ec2.items.is_empty());
}

#[test]
fn a_sixth_vpc_is_refused() {
    let mut world = World::new(1);
    for _ in 0..4 {
        vpc(&mut world);
    }
    let error = ask(&mut world, "CreateVpc", &json!({ "CidrBlock": "10.0.0.0/16" })).unwrap_err();
    assert_eq!(error.code, "VpcLimitExceeded");
    world.rules_off.insert("ec2.vpc.quota".into());
    vpc(&mut world);
}

#[test]
fn a_vpc_goes_only_when_it_is_empty() {
    let mut world = World::new(1);
    let vpc = vpc(&mut world);
    let subnet = ask(&mut world, "CreateSubnet", &json!({ "VpcId": vpc, "CidrBlock": "10.0.1.0/24" })).unwrap();
    let subnet = id(&subnet, "/Subnet/SubnetId");
    assert_eq!(ask(&mut world, "DeleteVpc", &json!({ "VpcId": vpc })).unwrap_err().code, "DependencyViolation");
    ask(&mut world, "DeleteSubnet", &json!({ "SubnetId": subnet })).unwrap();
    ask(&mut world, "DeleteVpc", &json!({ "VpcId": vpc })).unwrap();
    let error = ask(&mut world, "DescribeVpcs", &json!({ "VpcIds": [vpc] })).unwrap_err();
    assert_eq!(error.code, "InvalidVpcID.NotFound");
}

#[test]
fn subnets_lie_inside_their_vpc_and_not_on_each_other() {
    let mut world = World::new(1);
    let vpc = vpc(&mut world);
    let mut subnet = |cidr: &str| ask(&mut world, "CreateSubnet", &json!({ "VpcId": vpc, "CidrBlock": cidr }));
    assert!(subnet("10.0.1.0/24").is_ok());
    assert_eq!(subnet("10.0.1.128/25").unwrap_err().code, "InvalidSubnet.Conflict");
    assert_eq!(subnet("10.1.0.0/24").unwrap_err().code, "InvalidSubnet.Range");
}

#[test]
fn a_nat_gateway_comes_and_goes_in_its_time_and_holds_address_and_subnet() {
    let mut world = World::new(1);
    let vpc = vpc(&mut world);
    let subnet = ask(&mut world, "CreateSubnet", &json!({ "VpcId": vpc, "CidrBlock": "10.0.1.0/24" })).unwrap();
    let subnet = id(&subnet, "/Subnet/SubnetId");
    let address = id(&ask(&mut world, "AllocateAddress", &json!({})).unwrap(), "/AllocationId");
    let made = ask(&mut world, "CreateNatGateway", &json!({ "SubnetId": subnet, "AllocationId": address })).unwrap();
    let nat = id(&made, "/NatGateway/NatGatewayId");
    let state = |world: &mut World| {
        let shown = ask(world, "DescribeNatGateways", &json!({ "NatGatewayIds": [nat] })).unwrap();
        id(&shown, "/NatGateways/0/State")
    };
    assert_eq!(state(&mut world), "pending");
    let later = world.now.plus(Duration::from_mins(10));
    world.advance(later);
    assert_eq!(state(&mut world), "available");
    let subnet_input = json!({ "SubnetId": subnet });
    assert_eq!(ask(&mut world, "DeleteSubnet", &subnet_input).unwrap_err().code, "DependencyViolation");
    ask(&mut world, "DeleteNatGateway", &json!({ "NatGatewayId": nat })).unwrap();
    assert_eq!(state(&mut world), "deleting");
    let release = json!({ "AllocationId": address });
    assert_eq!(ask(&mut world, "ReleaseAddress", &release).unwrap_err().code, "InvalidIPAddress.InUse");
    let later = world.now.plus(Duration::from_mins(10));
    world.advance(later);
    assert_eq!(state(&mut world), "deleted");
    ask(&mut world, "ReleaseAddress", &release).unwrap();
    ask(&mut world, "DeleteSubnet", &subnet_input).unwrap();
}

#[test]
fn a_group_that_another_names_stays() {
    let mut world = World::new(1);
    let vpc = vpc(&mut world);
    let mut group = |name: &str| {
        let input = json!({ "GroupName": name, "Description": "d", "VpcId": vpc });
        id(&ask(&mut world, "CreateSecurityGroup", &input).unwrap(), "/GroupId")
    };
    let (front, back) = (group("front"), group("back"));
    let rule = json!({ "GroupId": back, "IpPermissions": [
        { "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{ "GroupId": front }] }
    ]});
    ask(&mut world, "AuthorizeSecurityGroupIngress", &rule).unwrap();
    assert_eq!(
        ask(&mut world, "AuthorizeSecurityGroupIngress", &rule).unwrap_err().code,
        "InvalidPermission.Duplicate"
    );
    let delete = json!({ "GroupId": front });
    assert_eq!(ask(&mut world, "DeleteSecurityGroup", &delete).unwrap_err().code, "DependencyViolation");
    ask(&mut world, "RevokeSecurityGroupIngress", &rule).unwrap();
    ask(&mut world, "DeleteSecurityGroup", &delete).unwrap();
}
