//! Target groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::targets::Target;
use super::{arns, attributes};
use crate::sandbox::call::{AwsError, Call, required, tags, text};

/// How long connections are drained when nothing else is said. Source: aws-behaviour.md 1, ALB deregistration delay.
const DEREGISTRATION_DELAY: &str = "300";

/// A target group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name, unique in account and Region.
    pub name: String,
    protocol: String,
    /// The port that targets listen on.
    pub port: u64,
    vpc: Option<String>,
    kind: String,
    /// The path that health checks ask for.
    pub path: String,
    /// Seconds between health checks.
    pub interval: u64,
    /// Seconds that a health check waits.
    pub timeout: u64,
    /// How many good answers in a row make an unhealthy target healthy.
    pub healthy_threshold: u64,
    /// How many bad answers in a row make a healthy target unhealthy.
    pub unhealthy_threshold: u64,
    matcher: String,
    attributes: BTreeMap<String, String>,
    /// Targets by `address:port`.
    pub targets: BTreeMap<String, Target>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// The error for a target group that is not there.
pub fn missing(arn: &str) -> AwsError {
    AwsError::client("TargetGroupNotFound", format!("Target groups '{arn}' not found"))
}

/// The target group that the input names.
pub fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut TargetGroup, AwsError> {
    let arn = required(input, "TargetGroupArn")?;
    call.regional().elbv2.groups.get_mut(arn).ok_or_else(|| missing(arn))
}

impl TargetGroup {
    fn to_json(&self, balancers: &[String]) -> Value {
        json!({
            "TargetGroupArn": self.arn,
            "TargetGroupName": self.name,
            "Protocol": self.protocol,
            "Port": self.port,
            "VpcId": self.vpc,
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckEnabled": true,
            "HealthCheckIntervalSeconds": self.interval,
            "HealthCheckTimeoutSeconds": self.timeout,
            "HealthyThresholdCount": self.healthy_threshold,
            "UnhealthyThresholdCount": self.unhealthy_threshold,
            "HealthCheckPath": self.path,
            "Matcher": { "HttpCode": self.matcher },
            "LoadBalancerArns": balancers,
            "TargetType": self.kind,
            "ProtocolVersion": "HTTP1",
            "IpAddressType": "ipv4",
        })
    }

    /// Whether a status counts as well: `200`, `200,301`, `200-399`.
    pub fn accepts(&self, status: u16) -> bool {
        self.matcher.split(',').any(|part| match part.trim().split_once('-') {
            Some((from, to)) => (from.parse().unwrap_or(u16::MAX)..=to.parse().unwrap_or(0)).contains(&status),
            None => part.trim().parse() == Ok(status),
        })
    }

    /// Seconds that a target's connections are drained.
    pub fn draining_seconds(&self) -> u64 {
        let value = self.attributes.get("deregistration_delay.timeout_seconds");
        value.and_then(|seconds| seconds.parse().ok()).unwrap_or(300)
    }
}

/// `CreateTargetGroup`
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "Name")?.to_owned();
    let number = |member: &str, default: u64| input.get(member).and_then(Value::as_u64).unwrap_or(default);
    let kind = text(input, "TargetType").unwrap_or("instance").to_owned();
    let protocol = text(input, "Protocol").unwrap_or("HTTP").to_owned();
    if kind != "ip" || protocol != "HTTP" {
        return Err(AwsError::with_status(
            501,
            "SandboxUnsupportedOperation",
            format!("The sandbox simulates target groups of type ip with protocol HTTP, not {kind} with {protocol}."),
        ));
    }
    if call.regional().elbv2.groups.values().any(|other| other.name == name) {
        return Err(AwsError::client(
            "DuplicateTargetGroupName",
            format!("A target group with the same name '{name}' exists, but with different settings"),
        ));
    }
    let id = call.hex_id(16);
    let group = TargetGroup {
        arn: call.arn("elasticloadbalancing", &format!("targetgroup/{name}/{id}")),
        name,
        protocol,
        port: number("Port", 80),
        vpc: text(input, "VpcId").map(str::to_owned),
        kind,
        path: text(input, "HealthCheckPath").unwrap_or("/").to_owned(),
        interval: number("HealthCheckIntervalSeconds", 30),
        timeout: number("HealthCheckTimeoutSeconds", 5),
        healthy_threshold: number("HealthyThresholdCount", 5),
        unhealthy_threshold: number("UnhealthyThresholdCount", 2),
        matcher: input.pointer("/Matcher/HttpCode").and_then(Value::as_str).unwrap_or("200").to_owned(),
        attributes: BTreeMap::from([(
            "deregistration_delay.timeout_seconds".to_owned(),
            DEREGISTRATION_DELAY.to_owned(),
        )]),
        targets: BTreeMap::new(),
        tags: tags(input.get("Tags")),
    };
    if group.timeout >= group.interval {
        return Err(AwsError::client("ValidationError", "Health check timeout must be smaller than the interval"));
    }
    let shown = group.to_json(&[]);
    call.regional().elbv2.groups.insert(group.arn.clone(), group);
    Ok(json!({ "TargetGroups": [shown] }))
}

/// `DescribeTargetGroups`
pub fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (wanted, names) = (arns(input, "TargetGroupArns"), arns(input, "Names"));
    let balancer = text(input, "LoadBalancerArn").map(str::to_owned);
    let state = &call.regional().elbv2;
    if let Some(arn) = wanted.iter().find(|arn| !state.groups.contains_key(*arn)) {
        return Err(missing(arn));
    }
    let users = |group: &TargetGroup| -> Vec<String> {
        let uses = |arn: &&String| state.groups_of(arn).iter().any(|other| other.arn == group.arn);
        state.balancers.keys().filter(uses).cloned().collect()
    };
    let list: Vec<Value> = state
        .groups
        .values()
        .filter(|group| wanted.is_empty() || wanted.contains(&group.arn))
        .filter(|group| names.is_empty() || names.contains(&group.name))
        .map(|group| (group, users(group)))
        .filter(|(_, users)| balancer.as_ref().is_none_or(|arn| users.contains(arn)))
        .map(|(group, users)| group.to_json(&users))
        .collect();
    Ok(json!({ "TargetGroups": list }))
}

/// `DeleteTargetGroup`
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "TargetGroupArn")?.to_owned();
    let state = &mut call.regional().elbv2;
    if state.listeners.values().any(|listener| listener.groups().contains(&arn)) {
        return Err(AwsError::client(
            "ResourceInUse",
            format!("Target group '{arn}' is currently in use by a listener or a rule"),
        ));
    }
    state.groups.remove(&arn);
    Ok(json!({}))
}

/// `ModifyTargetGroupAttributes`
pub fn modify_attributes(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let group = find(call, input)?;
    group.attributes.extend(tags(input.get("Attributes")));
    Ok(json!({ "Attributes": attributes(&group.attributes) }))
}

/// `DescribeTargetGroupAttributes`
pub fn describe_attributes(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(json!({ "Attributes": attributes(&find(call, input)?.attributes) }))
}
