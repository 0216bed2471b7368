//! Elastic Load Balancing: load balancers, target groups, target health.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags};
use crate::sandbox::world::World;

pub mod balancers;
pub mod groups;
mod listeners;
pub mod targets;

pub use balancers::hosted_zone;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Load balancers by ARN.
    pub balancers: BTreeMap<String, balancers::LoadBalancer>,
    /// Listeners by ARN.
    pub listeners: BTreeMap<String, listeners::Listener>,
    /// Target groups by ARN.
    pub groups: BTreeMap<String, groups::TargetGroup>,
}

impl State {
    /// The ARN of the load balancer with that DNS name, once it is active.
    pub fn by_dns_name(&self, host: &str) -> Option<&str> {
        let mut all = self.balancers.values();
        all.find(|one| one.dns_name == host && one.state == "active").map(|one| one.arn.as_str())
    }

    /// The ARNs of the load balancers with a listener that uses a certificate.
    pub fn users_of_certificate(&self, certificate: &str) -> Vec<String> {
        let uses = |one: &&listeners::Listener| one.certificates.iter().any(|arn| arn == certificate);
        self.listeners.values().filter(uses).map(|one| one.balancer.clone()).collect()
    }

    /// The target groups that a load balancer's listeners forward to.
    pub fn groups_of(&self, balancer: &str) -> Vec<&groups::TargetGroup> {
        let listeners = self.listeners.values().filter(|listener| listener.balancer == balancer);
        listeners.flat_map(listeners::Listener::groups).filter_map(|arn| self.groups.get(&arn)).collect()
    }
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A load balancer takes connections.
    Active(String),
    /// A target is asked whether it is well.
    Check {
        /// The group's ARN.
        group: String,
        /// The target's key.
        target: String,
    },
    /// A target's connections are drained.
    Drained {
        /// The group's ARN.
        group: String,
        /// The target's key.
        target: String,
    },
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    match what {
        Transition::Active(arn) => balancers::active(call, &arn),
        Transition::Check { group, target } => targets::check(call, &group, &target),
        Transition::Drained { group, target } => targets::drained(call, &group, &target),
    }
}

/// Whether Route 53 counts a load balancer as healthy: every target group has a healthy target. A group without
/// registered targets is unhealthy, and so is a balancer that forwards to none.
pub fn healthy(world: &World, account: &str, region: &str, arn: &str) -> bool {
    let state = world.accounts.get(account).and_then(|account| account.regions.get(region));
    let groups = state.map(|region| region.elbv2.groups_of(arn)).unwrap_or_default();
    let well = |group: &&groups::TargetGroup| group.targets.values().any(|target| target.state == "healthy");
    let empty_is_unhealthy = world.rule("elbv2.empty-group-unhealthy");
    !groups.is_empty() && groups.iter().all(|group| well(group) || (group.targets.is_empty() && !empty_is_unhealthy))
}

/// The tags of the resource that an ARN names.
fn tags_of<'c>(call: &'c mut Call<'_>, arn: &str) -> Result<&'c mut Vec<(String, String)>, AwsError> {
    let state = &mut call.regional().elbv2;
    let found = state
        .balancers
        .get_mut(arn)
        .map(|one| &mut one.tags)
        .or_else(|| state.groups.get_mut(arn).map(|one| &mut one.tags))
        .or_else(|| state.listeners.get_mut(arn).map(|one| &mut one.tags));
    found.ok_or_else(|| AwsError::client("LoadBalancerNotFound", format!("'{arn}' not found")))
}

fn arns(input: &Value, member: &str) -> Vec<String> {
    let list = input.get(member).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn add_tags(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    for arn in arns(input, "ResourceArns") {
        let kept = tags_of(call, &arn)?;
        for (key, value) in tags(input.get("Tags")) {
            kept.retain(|(existing, _)| *existing != key);
            kept.push((key, value));
        }
    }
    Ok(json!({}))
}

fn describe_tags(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    required_list(input, "ResourceArns")?;
    let mut list = Vec::new();
    for arn in arns(input, "ResourceArns") {
        let tags = tag_list(tags_of(call, &arn)?);
        list.push(json!({ "ResourceArn": arn, "Tags": tags }));
    }
    Ok(json!({ "TagDescriptions": list }))
}

fn required_list(input: &Value, member: &str) -> Result<(), AwsError> {
    match input.get(member).and_then(Value::as_array) {
        Some(list) if !list.is_empty() => Ok(()),
        _ => required(input, member).map(drop),
    }
}

/// Attributes as `[{Key, Value}]`.
fn attributes(map: &BTreeMap<String, String>) -> Value {
    map.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateLoadBalancer" => balancers::create,
        "DescribeLoadBalancers" => balancers::describe,
        "DeleteLoadBalancer" => balancers::delete,
        "ModifyLoadBalancerAttributes" => balancers::modify_attributes,
        "DescribeLoadBalancerAttributes" => balancers::describe_attributes,
        "CreateTargetGroup" => groups::create,
        "DescribeTargetGroups" => groups::describe,
        "DeleteTargetGroup" => groups::delete,
        "ModifyTargetGroupAttributes" => groups::modify_attributes,
        "DescribeTargetGroupAttributes" => groups::describe_attributes,
        "CreateListener" => listeners::create,
        "DescribeListeners" => listeners::describe,
        "DeleteListener" => listeners::delete,
        "RegisterTargets" => targets::register,
        "DeregisterTargets" => targets::deregister,
        "DescribeTargetHealth" => targets::describe,
        "AddTags" => add_tags,
        "DescribeTags" => describe_tags,
        _ => return None,
    })
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let state = &call.regional().elbv2;
    let record = |type_name, arn: &str, tags: &[(String, String)], properties| Record {
        type_name,
        id: arn.to_owned(),
        arn: arn.to_owned(),
        tags: tags.to_vec(),
        properties,
        built_in: false,
    };
    let balancers = state.balancers.values().map(|one| {
        let properties = json!({ "LoadBalancerArn": one.arn, "Name": one.name, "DNSName": one.dns_name, "Subnets": one.subnets, "SecurityGroups": one.security_groups });
        record("AWS::ElasticLoadBalancingV2::LoadBalancer", &one.arn, &one.tags, properties)
    });
    let listeners = state.listeners.values().map(|one| {
        let properties = json!({ "ListenerArn": one.arn, "LoadBalancerArn": one.balancer });
        record("AWS::ElasticLoadBalancingV2::Listener", &one.arn, &one.tags, properties)
    });
    let groups = state.groups.values().map(|one| {
        let properties = json!({ "TargetGroupArn": one.arn, "TargetGroupName": one.name });
        record("AWS::ElasticLoadBalancingV2::TargetGroup", &one.arn, &one.tags, properties)
    });
    balancers.chain(listeners).chain(groups).collect()
}
