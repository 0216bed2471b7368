//! Services: how many tasks there should be, and bringing that about.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::tasks::{self, Task};
use super::{Transition, bare, clusters, definitions, tag_list, texts};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};
use crate::sandbox::world::What;

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its cluster's name.
    pub cluster: String,
    /// `ACTIVE`, `DRAINING`, `INACTIVE`.
    pub status: String,
    /// How many tasks there should be.
    pub desired: u64,
    /// The key of its task definition.
    pub definition: String,
    /// Counts deployments; tasks of an older one are replaced.
    pub deployment: u64,
    created: SimTime,
    updated: SimTime,
    /// `{targetGroupArn, containerName, containerPort}`
    pub balancers: Vec<Value>,
    settings: Map<String, Value>,
    events: Vec<(SimTime, String)>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

const SETTINGS: &[&str] = &[
    "launchType",
    "networkConfiguration",
    "deploymentConfiguration",
    "healthCheckGracePeriodSeconds",
    "propagateTags",
    "enableECSManagedTags",
    "enableExecuteCommand",
];

fn key(cluster: &str, service: &str) -> String {
    format!("{cluster}/{}", bare(service))
}

fn invalid(message: &str) -> AwsError {
    AwsError::client("InvalidParameterException", message)
}

fn not_found() -> AwsError {
    AwsError::client("ServiceNotFoundException", "Service not found.")
}

impl Service {
    /// The ARNs of the target groups that its tasks are registered with.
    pub fn groups(&self) -> Vec<String> {
        self.balancers.iter().filter_map(|one| text(one, "targetGroupArn")).map(str::to_owned).collect()
    }

    /// Subnets and security groups of its tasks, as they were given.
    pub fn network(&self) -> &Value {
        self.settings.get("networkConfiguration").unwrap_or(&Value::Null)
    }

    /// The subnets that its tasks may be in.
    pub fn subnets(&self) -> Vec<String> {
        let list =
            self.network().pointer("/awsvpcConfiguration/subnets").and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn note(&mut self, now: SimTime, text: &str) {
        let message = format!("(service {}) {text}", self.name);
        self.events.insert(0, (now, message));
        // AWS shows up to the 100 latest events.
        self.events.truncate(100);
    }
}

fn to_json(call: &mut Call<'_>, key: &str) -> Option<Value> {
    let now = call.now();
    let definition = |call: &Call<'_>, key: &str| call.arn("ecs", &format!("task-definition/{key}"));
    let service = call.regional().ecs.services.get(key)?.clone();
    let of: Vec<Task> = call.regional().ecs.tasks.values().filter(|t| t.service == key).cloned().collect();
    let count = |counts: fn(&Task) -> bool, of: &[&Task]| of.iter().filter(|task| counts(task)).count();
    let all: Vec<&Task> = of.iter().collect();
    let (current, old): (Vec<&Task>, Vec<&Task>) = of.iter().partition(|task| task.deployment == service.deployment);
    let running = count(Task::running, &current);
    let settled = running as u64 == service.desired && old.iter().all(|task| !task.starting_or_running());
    let well = current.iter().filter(|task| task.running()).all(|task| tasks::in_service(call, &service, task));
    let definition = definition(call, &service.definition);
    let mut deployments = vec![json!({
        "id": format!("ecs-svc/{:019}", service.deployment),
        "status": "PRIMARY",
        "taskDefinition": definition,
        "desiredCount": service.desired,
        "pendingCount": count(Task::pending, &current),
        "runningCount": running,
        "failedTasks": 0,
        "createdAt": service.updated.epoch_seconds(),
        "updatedAt": now.epoch_seconds(),
        "launchType": "FARGATE",
        "rolloutState": if settled && well { "COMPLETED" } else { "IN_PROGRESS" },
        "rolloutStateReason": format!("ECS deployment ecs-svc/{:019} {}.", service.deployment, if settled && well { "completed" } else { "in progress" }),
    })];
    if old.iter().any(|task| task.starting_or_running()) {
        deployments.push(json!({
            "id": format!("ecs-svc/{:019}", service.deployment.saturating_sub(1)),
            "status": "ACTIVE",
            "taskDefinition": definition,
            "desiredCount": 0,
            "pendingCount": count(Task::pending, &old),
            "runningCount": count(Task::running, &old),
        }));
    }
    let events: Vec<Value> = service
        .events
        .iter()
        .enumerate()
        .map(|(index, (at, message))| {
            json!({ "id": format!("event-{}", service.events.len() - index), "createdAt": at.epoch_seconds(), "message": message })
        })
        .collect();
    let mut map = service.settings.clone();
    for (member, value) in [
        ("serviceArn", json!(service.arn)),
        ("serviceName", json!(service.name)),
        ("clusterArn", json!(call.arn("ecs", &format!("cluster/{}", service.cluster)))),
        ("loadBalancers", json!(service.balancers)),
        ("serviceRegistries", json!([])),
        ("status", json!(service.status)),
        ("desiredCount", json!(service.desired)),
        ("runningCount", json!(count(Task::running, &all))),
        ("pendingCount", json!(count(Task::pending, &all))),
        ("taskDefinition", json!(definition)),
        ("deployments", json!(deployments)),
        ("events", json!(events)),
        ("createdAt", json!(service.created.epoch_seconds())),
        ("schedulingStrategy", json!("REPLICA")),
        ("tags", tag_list(&service.tags)),
    ] {
        map.insert(member.to_owned(), value);
    }
    Some(Value::Object(map))
}

/// `CreateService`
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, cluster) = (required(input, "serviceName")?.to_owned(), clusters::named(call, input)?);
    let definition = definitions::key(call, required(input, "taskDefinition")?)
        .ok_or_else(|| AwsError::client("ClientException", "TaskDefinition not found."))?;
    if text(input, "launchType").is_some_and(|kind| kind != "FARGATE") {
        return Err(AwsError::with_status(
            501,
            "SandboxUnsupportedOperation",
            "The sandbox simulates launchType FARGATE.",
        ));
    }
    let key = key(&cluster, &name);
    match call.regional().ecs.services.get(&key).map(|one| one.status.clone()).as_deref() {
        Some("ACTIVE") => return Err(invalid("Creation of service was not idempotent.")),
        Some("DRAINING") if call.world.rule("ecs.draining-name-taken") => {
            return Err(invalid("Unable to Start a service that is still Draining."));
        }
        _ => {}
    }
    let balancers: Vec<Value> = input.get("loadBalancers").and_then(Value::as_array).cloned().unwrap_or_default();
    for balancer in &balancers {
        let group = text(balancer, "targetGroupArn").unwrap_or_default();
        let elb = &call.regional().elbv2;
        if !elb.listeners.values().any(|listener| listener.groups().iter().any(|arn| arn == group)) {
            return Err(invalid(&format!(
                "The target group with targetGroupArn {group} does not have an associated load balancer."
            )));
        }
    }
    let now = call.now();
    let service = Service {
        arn: call.arn("ecs", &format!("service/{cluster}/{name}")),
        name: name.clone(),
        cluster,
        status: "ACTIVE".to_owned(),
        desired: input.get("desiredCount").and_then(Value::as_u64).unwrap_or(0),
        definition,
        deployment: 1,
        created: now,
        updated: now,
        balancers,
        settings: SETTINGS
            .iter()
            .filter_map(|member| Some(((*member).to_owned(), input.get(*member).filter(|v| !v.is_null())?.clone())))
            .collect(),
        events: Vec::new(),
        tags: tags(input.get("tags")),
    };
    call.regional().ecs.services.insert(key.clone(), service);
    call.log(format!("service {name} created"));
    reconcile(call, &key);
    Ok(json!({ "service": to_json(call, &key) }))
}

/// `DescribeServices`
pub fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let cluster = clusters::named(call, input)?;
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for name in texts(input, "services") {
        match to_json(call, &key(&cluster, &name)) {
            Some(service) => services.push(service),
            None => failures.push(json!({
                "arn": call.arn("ecs", &format!("service/{cluster}/{}", bare(&name))),
                "reason": "MISSING",
            })),
        }
    }
    Ok(json!({ "services": services, "failures": failures }))
}

/// `ListServices`
pub fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let cluster = clusters::named(call, input)?;
    let services = call.regional().ecs.services.values();
    let arns: Vec<&str> =
        services.filter(|one| one.cluster == cluster && one.status != "INACTIVE").map(|one| one.arn.as_str()).collect();
    Ok(json!({ "serviceArns": arns }))
}

/// `UpdateService`
pub fn update(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let cluster = clusters::named(call, input)?;
    let key = key(&cluster, required(input, "service")?);
    let definition = match text(input, "taskDefinition") {
        Some(name) => Some(
            definitions::key(call, name)
                .ok_or_else(|| AwsError::client("ClientException", "TaskDefinition not found."))?,
        ),
        None => None,
    };
    let now = call.now();
    let service = call.regional().ecs.services.get_mut(&key).ok_or_else(not_found)?;
    if service.status != "ACTIVE" {
        return Err(AwsError::client("ServiceNotActiveException", "Service was not ACTIVE."));
    }
    if let Some(desired) = input.get("desiredCount").and_then(Value::as_u64) {
        service.desired = desired;
    }
    let forced = input.get("forceNewDeployment").and_then(Value::as_bool) == Some(true);
    if forced || definition.as_ref().is_some_and(|new| *new != service.definition) {
        service.deployment += 1;
        service.updated = now;
    }
    if let Some(definition) = definition {
        service.definition = definition;
    }
    for member in SETTINGS {
        if let Some(value) = input.get(*member).filter(|value| !value.is_null()) {
            service.settings.insert((*member).to_owned(), value.clone());
        }
    }
    let (name, desired) = (service.name.clone(), service.desired);
    call.log(format!("service {name} updated: desired count {desired}"));
    reconcile(call, &key);
    Ok(json!({ "service": to_json(call, &key) }))
}

/// `DeleteService`
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let cluster = clusters::named(call, input)?;
    let key = key(&cluster, required(input, "service")?);
    let forced = input.get("force").and_then(Value::as_bool) == Some(true);
    let rule = call.world.rule("ecs.service-scaled-to-zero");
    let service = call.regional().ecs.services.get_mut(&key).ok_or_else(not_found)?;
    if service.status == "INACTIVE" {
        return Err(not_found());
    }
    if rule && service.desired > 0 && !forced {
        return Err(invalid("The service cannot be stopped while it is scaled above 0."));
    }
    service.desired = 0;
    "DRAINING".clone_into(&mut service.status);
    let name = service.name.clone();
    call.log(format!("service {name} deleted"));
    reconcile(call, &key);
    Ok(json!({ "service": to_json(call, &key) }))
}

/// Starts what is missing and stops what is too many; looks again when a task moves.
pub fn reconcile(call: &mut Call<'_>, key: &str) {
    let now = call.now();
    let Some(service) = call.regional().ecs.services.get(key).cloned() else { return };
    let of: Vec<Task> = call.regional().ecs.tasks.values().filter(|task| task.service == key).cloned().collect();
    let alive: Vec<&Task> = of.iter().filter(|task| task.starting_or_running()).collect();
    let (current, old): (Vec<&Task>, Vec<&Task>) =
        alive.into_iter().partition(|task| task.deployment == service.deployment);
    let desired = usize::try_from(service.desired).unwrap_or(0);
    for task in current.iter().skip(desired) {
        tasks::stop(
            call,
            &task.id,
            &format!("Scaling activity initiated by (deployment ecs-svc/{:019})", service.deployment),
        );
    }
    for _ in current.len()..desired {
        let id = tasks::start(call, &service, key);
        if let Some(service) = call.regional().ecs.services.get_mut(key) {
            service.note(now, &format!("has started 1 tasks: (task {id})."));
        }
    }
    // Old tasks go when the new ones are in service.
    let ready = current.iter().filter(|task| task.running() && tasks::in_service(call, &service, task)).count();
    if ready >= desired {
        for task in &old {
            tasks::stop(call, &task.id, "Task replaced by a newer deployment");
        }
    }
    let waiting = !old.is_empty() && ready < desired;
    let Some(service) = call.regional().ecs.services.get_mut(key) else { return };
    if service.status == "DRAINING" && of.iter().all(|task| task.status == "STOPPED") {
        "INACTIVE".clone_into(&mut service.status);
    } else if ready == desired
        && of.iter().filter(|task| task.status != "STOPPED").count() == desired
        && !service.events.first().is_some_and(|(_, text)| text.ends_with("has reached a steady state."))
    {
        service.note(now, "has reached a steady state.");
    }
    if waiting || (ready < desired && current.len() >= desired && !service.balancers.is_empty()) {
        // Nobody tells when a target becomes healthy, so look again soon.
        let what = Transition::Reconcile(key.to_owned());
        if !tasks::reconcile_is_due(call, key) {
            call.schedule(Duration::from_secs(10), What::Ecs(what));
        }
    }
}
