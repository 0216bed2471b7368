//! Application Load Balancers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Transition, arns, attributes};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};
use crate::sandbox::world::What;

/// The hosted zones of Application Load Balancers. Source: AWS General Reference, "Elastic Load Balancing endpoints and
/// quotas".
const HOSTED_ZONES: &[(&str, &str)] = &[
    ("af-south-1", "Z268VQBMOI5EKX"),
    ("ap-east-1", "Z3DQVH9N71FHZ0"),
    ("ap-northeast-1", "Z14GRHDCWA56QT"),
    ("ap-northeast-2", "ZWKZPGTI48KDX"),
    ("ap-northeast-3", "Z5LXEXXYW11ES"),
    ("ap-south-1", "ZP97RAFLXTNZK"),
    ("ap-southeast-1", "Z1LMS91P8CMLE5"),
    ("ap-southeast-2", "Z1GM3OXH4ZPM65"),
    ("ca-central-1", "ZQSVJUPU6J1EY"),
    ("eu-central-1", "Z215JYRZR1TBD5"),
    ("eu-north-1", "Z23TAZ6LKFMNIO"),
    ("eu-south-1", "Z3ULH7SSC9OV64"),
    ("eu-west-1", "Z32O12XQLNTSW2"),
    ("eu-west-2", "ZHURV8PSTC4K8"),
    ("eu-west-3", "Z3Q77PNBQS71R4"),
    ("me-south-1", "ZS929ML54UICD"),
    ("sa-east-1", "Z2P70J7HTTTPLU"),
    ("us-east-1", "Z35SXDOTRQ7X7K"),
    ("us-east-2", "Z3AADJGX6KTTL2"),
    ("us-west-1", "Z368ELLRRE2KJ0"),
    ("us-west-2", "Z1H1FL5HABSF5"),
];

/// The hosted zone of a Region's load balancers, as an alias record must give it. The few Regions whose id we have no
/// source for share a made-up one.
pub fn hosted_zone(region: &str) -> Option<&'static str> {
    let known = crate::domain::region::known_regions().any(|name| name == region);
    let listed = HOSTED_ZONES.iter().find(|(name, _)| *name == region).map(|(_, id)| *id);
    listed.or_else(|| known.then_some("Z0000000000000ELB"))
}

/// A load balancer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// Its ARN.
    pub arn: String,
    /// Its name, unique in account and Region.
    pub name: String,
    /// `NAME-NUMBER.REGION.elb.amazonaws.com`.
    pub dns_name: String,
    /// `provisioning` or `active`.
    pub state: String,
    scheme: String,
    /// The ids of its subnets.
    pub subnets: Vec<String>,
    /// The ids of its security groups.
    pub security_groups: Vec<String>,
    created: SimTime,
    attributes: BTreeMap<String, String>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// The error for a load balancer that is not there.
pub fn missing(arn: &str) -> AwsError {
    AwsError::client("LoadBalancerNotFound", format!("Load balancers '[{arn}]' not found"))
}

fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut LoadBalancer, AwsError> {
    let arn = required(input, "LoadBalancerArn")?;
    call.regional().elbv2.balancers.get_mut(arn).ok_or_else(|| missing(arn))
}

impl LoadBalancer {
    fn to_json(&self, region: &str) -> Value {
        let zones: Vec<Value> = self
            .subnets
            .iter()
            .enumerate()
            .map(|(index, subnet)| {
                let letter = char::from(b'a' + u8::try_from(index % 3).unwrap_or(0));
                json!({ "ZoneName": format!("{region}{letter}"), "SubnetId": subnet, "LoadBalancerAddresses": [] })
            })
            .collect();
        json!({
            "LoadBalancerArn": self.arn,
            "DNSName": self.dns_name,
            "CanonicalHostedZoneId": hosted_zone(region),
            "CreatedTime": self.created.epoch_seconds(),
            "LoadBalancerName": self.name,
            "Scheme": self.scheme,
            "State": { "Code": self.state },
            "Type": "application",
            "AvailabilityZones": zones,
            "SecurityGroups": self.security_groups,
            "IpAddressType": "ipv4",
        })
    }
}

/// `CreateLoadBalancer`
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "Name")?.to_owned();
    let kind = text(input, "Type").unwrap_or("application");
    if kind != "application" {
        return Err(AwsError::with_status(
            501,
            "SandboxUnsupportedOperation",
            format!("The sandbox simulates load balancers of type application, not {kind}."),
        ));
    }
    if call.regional().elbv2.balancers.values().any(|other| other.name == name) {
        return Err(AwsError::client(
            "DuplicateLoadBalancerName",
            format!("A load balancer with the same name '{name}' exists, but with different settings"),
        ));
    }
    let subnets = arns(input, "Subnets");
    if subnets.len() < 2 {
        return Err(AwsError::client(
            "ValidationError",
            "At least two subnets in two different Availability Zones must be specified",
        ));
    }
    let (id, number) = (call.hex_id(16), call.world.next_number());
    let number = 1_000_000_000 + crate::sandbox::chance::bits(call.world.seed, "elb", &name, number) % 1_000_000_000;
    let internal = text(input, "Scheme") == Some("internal");
    let balancer = LoadBalancer {
        arn: call.arn("elasticloadbalancing", &format!("loadbalancer/app/{name}/{id}")),
        dns_name: format!(
            "{}{}-{number}.{}.elb.amazonaws.com",
            if internal { "internal-" } else { "" },
            name.to_ascii_lowercase(),
            call.region
        ),
        name: name.clone(),
        state: "provisioning".to_owned(),
        scheme: if internal { "internal" } else { "internet-facing" }.to_owned(),
        subnets,
        security_groups: arns(input, "SecurityGroups"),
        created: call.now(),
        attributes: BTreeMap::from([("deletion_protection.enabled".to_owned(), "false".to_owned())]),
        tags: tags(input.get("Tags")),
    };
    let region = call.region.clone();
    let (arn, shown) = (balancer.arn.clone(), balancer.to_json(&region));
    call.regional().elbv2.balancers.insert(arn.clone(), balancer);
    call.log(format!("load balancer {name} created"));
    let after = call.draw("elbv2.balancer.provision", &arn);
    call.schedule(after, What::Elb(Transition::Active(arn)));
    Ok(json!({ "LoadBalancers": [shown] }))
}

/// The load balancer takes connections.
pub fn active(call: &mut Call<'_>, arn: &str) {
    if let Some(balancer) = call.regional().elbv2.balancers.get_mut(arn) {
        "active".clone_into(&mut balancer.state);
        let name = balancer.name.clone();
        call.log(format!("load balancer {name} is active"));
    }
}

/// `DescribeLoadBalancers`
pub fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (wanted, names, region) = (arns(input, "LoadBalancerArns"), arns(input, "Names"), call.region.clone());
    let balancers = &call.regional().elbv2.balancers;
    if let Some(arn) = wanted.iter().find(|arn| !balancers.contains_key(*arn)) {
        return Err(missing(arn));
    }
    if let Some(name) = names.iter().find(|name| !balancers.values().any(|one| one.name == **name)) {
        return Err(missing(name));
    }
    let all = wanted.is_empty() && names.is_empty();
    let list: Vec<Value> = balancers
        .values()
        .filter(|one| all || wanted.contains(&one.arn) || names.contains(&one.name))
        .map(|one| one.to_json(&region))
        .collect();
    Ok(json!({ "LoadBalancers": list }))
}

/// `DeleteLoadBalancer`; its listeners go with it, its target groups stay.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "LoadBalancerArn")?.to_owned();
    // AWS answers well to one that is gone already.
    let Ok(balancer) = find(call, input) else { return Ok(json!({})) };
    if balancer.attributes.get("deletion_protection.enabled").is_some_and(|on| on == "true") {
        return Err(AwsError::client(
            "OperationNotPermitted",
            format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled"),
        ));
    }
    let state = &mut call.regional().elbv2;
    state.balancers.remove(&arn);
    state.listeners.retain(|_, listener| listener.balancer != arn);
    call.log(format!("load balancer {arn} deleted"));
    Ok(json!({}))
}

/// `ModifyLoadBalancerAttributes`
pub fn modify_attributes(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let balancer = find(call, input)?;
    balancer.attributes.extend(tags(input.get("Attributes")));
    Ok(json!({ "Attributes": attributes(&balancer.attributes) }))
}

/// `DescribeLoadBalancerAttributes`
pub fn describe_attributes(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(json!({ "Attributes": attributes(&find(call, input)?.attributes) }))
}
