//! Listeners: a port of a load balancer and where it forwards to.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{arns, balancers, groups};
use crate::sandbox::call::{AwsError, Call, required, tags, text};

/// A listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// The ARN of its load balancer.
    pub balancer: String,
    /// The port.
    pub port: u64,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// The ARNs of its certificates.
    pub certificates: Vec<String>,
    actions: Vec<Value>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

impl Listener {
    /// The target groups that it forwards to.
    pub fn groups(&self) -> Vec<String> {
        let direct = self.actions.iter().filter_map(|action| text(action, "TargetGroupArn"));
        direct.map(str::to_owned).collect()
    }

    fn to_json(&self) -> Value {
        let certificates: Vec<Value> = self.certificates.iter().map(|arn| json!({ "CertificateArn": arn })).collect();
        json!({
            "ListenerArn": self.arn,
            "LoadBalancerArn": self.balancer,
            "Port": self.port,
            "Protocol": self.protocol,
            "Certificates": certificates,
            "DefaultActions": self.actions,
        })
    }
}

/// `CreateListener`
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let balancer = required(input, "LoadBalancerArn")?.to_owned();
    if !call.regional().elbv2.balancers.contains_key(&balancer) {
        return Err(balancers::missing(&balancer));
    }
    let actions = input.get("DefaultActions").and_then(Value::as_array).cloned().unwrap_or_default();
    for action in &actions {
        let group = text(action, "TargetGroupArn").unwrap_or_default();
        if text(action, "Type") != Some("forward") || group.is_empty() {
            return Err(AwsError::with_status(
                501,
                "SandboxUnsupportedOperation",
                "The sandbox simulates listener actions of type forward with one TargetGroupArn.",
            ));
        }
        if !call.regional().elbv2.groups.contains_key(group) {
            return Err(groups::missing(group));
        }
    }
    let port = input.get("Port").and_then(Value::as_u64).unwrap_or(80);
    if call.regional().elbv2.listeners.values().any(|other| other.balancer == balancer && other.port == port) {
        return Err(AwsError::client(
            "DuplicateListener",
            "A listener already exists on this port for this load balancer",
        ));
    }
    let certificates: Vec<String> = input
        .get("Certificates")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| text(one, "CertificateArn").map(str::to_owned))
        .collect();
    let protocol = text(input, "Protocol").unwrap_or("HTTP").to_owned();
    if protocol == "HTTPS" {
        let held = &call.regional().acm.certificates;
        if certificates.is_empty()
            || !certificates.iter().all(|arn| held.get(arn).is_some_and(|c| c.status == "ISSUED"))
        {
            return Err(AwsError::client("CertificateNotFound", "A certificate must be specified for HTTPS listeners"));
        }
    }
    let path = balancer.split("loadbalancer/").nth(1).unwrap_or_default().to_owned();
    let id = call.hex_id(16);
    let listener = Listener {
        arn: call.arn("elasticloadbalancing", &format!("listener/{path}/{id}")),
        balancer,
        port,
        protocol,
        certificates,
        actions,
        tags: tags(input.get("Tags")),
    };
    let shown = listener.to_json();
    call.regional().elbv2.listeners.insert(listener.arn.clone(), listener);
    Ok(json!({ "Listeners": [shown] }))
}

/// `DescribeListeners`
pub fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (wanted, balancer) = (arns(input, "ListenerArns"), text(input, "LoadBalancerArn").map(str::to_owned));
    let listeners = &call.regional().elbv2.listeners;
    if let Some(arn) = wanted.iter().find(|arn| !listeners.contains_key(*arn)) {
        return Err(AwsError::client("ListenerNotFound", format!("Listener '{arn}' not found")));
    }
    let list: Vec<Value> = listeners
        .values()
        .filter(|one| wanted.is_empty() || wanted.contains(&one.arn))
        .filter(|one| balancer.as_ref().is_none_or(|arn| one.balancer == *arn))
        .map(Listener::to_json)
        .collect();
    Ok(json!({ "Listeners": list }))
}

/// `DeleteListener`
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = required(input, "ListenerArn")?;
    match call.regional().elbv2.listeners.remove(arn) {
        Some(_) => Ok(json!({})),
        None => Err(AwsError::client("ListenerNotFound", format!("Listener '{arn}' not found"))),
    }
}
