//! Targets: registered, asked whether they are well, drained.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Transition;
use super::groups::{TargetGroup, find};
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::dataplane::blog;
use crate::sandbox::world::What;

/// A target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Its address.
    pub ip: String,
    /// Its port.
    pub port: u64,
    /// `initial`, `healthy`, `unhealthy`, `draining`, `unused`.
    pub state: String,
    reason: Option<String>,
    description: Option<String>,
    /// How many checks in a row said otherwise.
    against: u64,
}

impl Target {
    fn set(&mut self, state: &str, reason: Option<(&str, String)>) {
        state.clone_into(&mut self.state);
        self.reason = reason.as_ref().map(|(reason, _)| (*reason).to_owned());
        self.description = reason.map(|(_, description)| description);
    }
}

/// Address, port and key of the targets that an input names.
fn named(group: &TargetGroup, input: &Value) -> Vec<(String, u64, String)> {
    let list = input.get("Targets").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|target| {
        let ip = text(target, "Id")?.to_owned();
        let port = target.get("Port").and_then(Value::as_u64).unwrap_or(group.port);
        let key = format!("{ip}:{port}");
        Some((ip, port, key))
    })
    .collect()
}

/// Whether any listener forwards to the group.
fn in_use(call: &mut Call<'_>, group: &str) -> bool {
    call.regional().elbv2.listeners.values().any(|listener| listener.groups().iter().any(|arn| arn == group))
}

/// `RegisterTargets`
pub fn register(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = find(call, input)?.arn.clone();
    let used = in_use(call, &arn);
    let group = find(call, input)?;
    let mut keys = Vec::new();
    for (ip, port, key) in named(group, input) {
        let mut target = Target { ip, port, state: String::new(), reason: None, description: None, against: 0 };
        if used {
            target
                .set("initial", Some(("Elb.RegistrationInProgress", "Target registration is in progress".to_owned())));
        } else {
            let why = "Target group is not configured to receive traffic from the load balancer";
            target.set("unused", Some(("Target.NotInUse", why.to_owned())));
        }
        // Whoever is registered already is not asked twice.
        if group.targets.get(&key).is_none_or(|known| known.state == "draining") {
            group.targets.insert(key.clone(), target);
            keys.push(key);
        }
    }
    for key in keys {
        let after = call.draw("elbv2.target.first_check", &key);
        call.schedule(after, What::Elb(Transition::Check { group: arn.clone(), target: key }));
    }
    Ok(json!({}))
}

/// `DeregisterTargets`: no new requests from now on; gone when its connections are drained.
pub fn deregister(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let drains = call.world.rule("elbv2.deregistration-delay");
    let group = find(call, input)?;
    let seconds = if drains { group.draining_seconds() } else { 0 };
    let (arn, after) = (group.arn.clone(), Duration::from_secs(seconds));
    let mut keys = Vec::new();
    for (_, _, key) in named(group, input) {
        if let Some(target) = group.targets.get_mut(&key) {
            let why = "Target deregistration is in progress";
            target.set("draining", Some(("Target.DeregistrationInProgress", why.to_owned())));
            keys.push(key);
        }
    }
    for key in keys {
        call.schedule(after, What::Elb(Transition::Drained { group: arn.clone(), target: key }));
    }
    Ok(json!({}))
}

/// A target's connections are drained.
pub fn drained(call: &mut Call<'_>, group: &str, key: &str) {
    let Some(group) = call.regional().elbv2.groups.get_mut(group) else { return };
    if group.targets.get(key).is_some_and(|target| target.state == "draining") {
        group.targets.remove(key);
    }
}

/// `DescribeTargetHealth`
pub fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let group = find(call, input)?;
    let wanted: Vec<String> = named(group, input).into_iter().map(|(_, _, key)| key).collect();
    let list: Vec<Value> = group
        .targets
        .iter()
        .filter(|(key, _)| wanted.is_empty() || wanted.contains(key))
        .map(|(_, target)| {
            let mut health = json!({ "State": target.state });
            if let (Some(reason), Some(map)) = (&target.reason, health.as_object_mut()) {
                map.insert("Reason".into(), json!(reason));
                map.insert("Description".into(), json!(target.description));
            }
            json!({
                "Target": { "Id": target.ip, "Port": target.port },
                "HealthCheckPort": target.port.to_string(),
                "TargetHealth": health,
            })
        })
        .collect();
    Ok(json!({ "TargetHealthDescriptions": list }))
}

/// The load balancer asks a target, and asks again an interval later.
pub fn check(call: &mut Call<'_>, group_arn: &str, key: &str) {
    let used = in_use(call, group_arn);
    let Some(group) = call.regional().elbv2.groups.get(group_arn) else { return };
    let Some(target) = group.targets.get(key).filter(|target| target.state != "draining") else { return };
    let (interval, timeout, path) = (group.interval, group.timeout, group.path.clone());
    let (ip, state) = (target.ip.clone(), target.state.clone());
    if used {
        let (account, region) = (call.account.clone(), call.region.clone());
        let answer = blog::ask_target(call.world, &account, &region, &ip, &path, Duration::from_secs(timeout));
        settle(call, group_arn, key, answer);
    }
    let after_this = call.regional().elbv2.groups.get(group_arn).and_then(|group| group.targets.get(key));
    if let Some(now) = after_this.filter(|target| target.state != state).map(|target| target.state.clone()) {
        call.world.touch();
        call.log(format!("target {key} is {now}"));
    }
    let what = Transition::Check { group: group_arn.to_owned(), target: key.to_owned() };
    call.schedule(Duration::from_secs(interval), What::Elb(what));
}

/// What an answer to a health check changes. A new target needs one good answer; after that the thresholds count.
fn settle(call: &mut Call<'_>, group_arn: &str, key: &str, answer: Option<u16>) {
    let counts = call.world.rule("elbv2.thresholds");
    let Some(group) = call.regional().elbv2.groups.get_mut(group_arn) else { return };
    let good = answer.is_some_and(|status| group.accepts(status));
    let (up, down) = (group.healthy_threshold, group.unhealthy_threshold);
    let Some(target) = group.targets.get_mut(key) else { return };
    if (target.state == "healthy") == good && target.state != "initial" {
        target.against = 0;
        return;
    }
    target.against += 1;
    let needed = match (target.state.as_str(), good) {
        ("initial" | "unused", true) => 1,
        (_, true) => up,
        (_, false) => down,
    };
    if counts && target.against < needed {
        return;
    }
    target.against = 0;
    match answer {
        Some(_) if good => target.set("healthy", None),
        Some(status) => target.set(
            "unhealthy",
            Some(("Target.ResponseCodeMismatch", format!("Health checks failed with these codes: [{status}]"))),
        ),
        None => target.set("unhealthy", Some(("Target.Timeout", "Request timed out".to_owned()))),
    }
}
