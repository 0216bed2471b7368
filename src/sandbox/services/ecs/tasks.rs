//! Tasks on Fargate, from PROVISIONING to STOPPED.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::services::{Service, reconcile};
use super::{Transition, bare, clusters, texts};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, text};
use crate::sandbox::chance;
use crate::sandbox::services::elbv2::groups::TargetGroup;
use crate::sandbox::services::iam;
use crate::sandbox::world::What;

/// A task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Thirty-two characters.
    pub id: String,
    /// Its cluster's name.
    pub cluster: String,
    /// The key of its service.
    pub service: String,
    /// The deployment that it belongs to.
    pub deployment: u64,
    /// The key of its task definition.
    pub definition: String,
    /// `PROVISIONING`, `PENDING`, `RUNNING`, `DEACTIVATING`, `STOPPING`, `DEPROVISIONING`, `STOPPED`.
    pub status: String,
    /// Its private address.
    pub ip: String,
    subnet: String,
    created: SimTime,
    started: Option<SimTime>,
    stopped: Option<SimTime>,
    stopped_reason: Option<String>,
}

impl Task {
    /// Whether it runs and shall go on.
    pub fn running(&self) -> bool {
        self.status == "RUNNING"
    }

    /// Whether it is on its way to run.
    pub fn pending(&self) -> bool {
        matches!(self.status.as_str(), "PROVISIONING" | "PENDING")
    }

    /// Either of them.
    pub fn starting_or_running(&self) -> bool {
        self.running() || self.pending()
    }

    /// Whether its container answers: it does until it gets its signal to stop.
    pub fn answers(&self) -> bool {
        matches!(self.status.as_str(), "RUNNING" | "DEACTIVATING")
    }
}

fn move_on(call: &mut Call<'_>, id: &str, from: &str, after: Duration) {
    let what = Transition::Step { task: id.to_owned(), from: from.to_owned() };
    call.schedule(after, What::Ecs(what));
}

/// Starts a task of a service, and gives its id.
pub fn start(call: &mut Call<'_>, service: &Service, key: &str) -> String {
    let id = call.hex_id(32);
    let bits = chance::bits(call.world.seed, "ecs.ip", &id, 0);
    let subnets = service.subnets();
    let subnet = subnets.get(bits as usize % subnets.len().max(1)).cloned().unwrap_or_default();
    let task = Task {
        id: id.clone(),
        cluster: service.cluster.clone(),
        service: key.to_owned(),
        deployment: service.deployment,
        definition: service.definition.clone(),
        status: "PROVISIONING".to_owned(),
        ip: format!("10.{}.{}.{}", bits >> 8 & 0xff, bits >> 16 & 0xff, 4 + (bits >> 24) % 250),
        subnet,
        created: call.now(),
        started: None,
        stopped: None,
        stopped_reason: None,
    };
    call.regional().ecs.tasks.insert(id.clone(), task);
    let after = call.draw("ecs.task.provision", &id);
    move_on(call, &id, "PROVISIONING", after);
    id
}

/// Sends a task on its way out: no new requests first, then the signal to stop.
pub fn stop(call: &mut Call<'_>, id: &str, reason: &str) {
    let Some(task) = call.regional().ecs.tasks.get_mut(id) else { return };
    if !task.starting_or_running() {
        return;
    }
    task.stopped_reason = Some(reason.to_owned());
    let served = task.running();
    if served { "DEACTIVATING" } else { "DEPROVISIONING" }.clone_into(&mut task.status);
    let (status, service, ip) = (task.status.clone(), task.service.clone(), task.ip.clone());
    call.log(format!("task {id} is stopped: {reason}"));
    let mut after = Duration::ZERO;
    if served {
        let groups = call.regional().ecs.services.get(&service).map(Service::groups).unwrap_or_default();
        for group in groups {
            let draining = call.regional().elbv2.groups.get(&group).map_or(0, TargetGroup::draining_seconds);
            after = after.max(Duration::from_secs(draining));
            let input = json!({ "TargetGroupArn": group, "Targets": [{ "Id": ip }] });
            // A group that is gone has nothing to drain.
            drop(call.invoke("elbv2", "DeregisterTargets", &input));
        }
    } else {
        after = call.draw("ecs.task.deprovision", id);
    }
    move_on(call, id, &status, after);
}

/// Why a task cannot be started: its execution role must be able to read every secret.
fn start_problem(call: &mut Call<'_>, task: &Task) -> Option<String> {
    let definition = call.regional().ecs.definitions.get(&task.definition).cloned()?;
    let role = definition.execution_role.clone().unwrap_or_default();
    for secret in definition.secrets() {
        let action = "secretsmanager:GetSecretValue";
        let refused = |what: &str| {
            Some(format!(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: {what}"
            ))
        };
        if !iam::allows(call.world, &call.account, &role, action, &secret) {
            let role = bare(&role).to_owned();
            return refused(&format!(
                "AccessDeniedException: User: arn:aws:sts::{}:assumed-role/{role}/{} is not authorized to perform: {action} on resource: {secret}",
                call.account, task.id
            ));
        }
        let answer = call.invoke("secretsmanager", "GetSecretValue", &json!({ "SecretId": secret }));
        match answer {
            Err(error) if error.code != "SandboxUnsupportedOperation" => {
                return refused(&format!("{}: {}", error.code, error.message));
            }
            _ => {}
        }
    }
    None
}

/// A task goes on to its next status.
pub fn step(call: &mut Call<'_>, id: &str, from: &str) {
    let now = call.now();
    let Some(task) = call.regional().ecs.tasks.get(id).filter(|task| task.status == from).cloned() else { return };
    let to = match from {
        "PROVISIONING" => "PENDING",
        "PENDING" => "RUNNING",
        "DEACTIVATING" => "STOPPING",
        "STOPPING" => "DEPROVISIONING",
        _ => "STOPPED",
    };
    if to == "RUNNING"
        && let Some(problem) = start_problem(call, &task)
    {
        if let Some(service) = call.regional().ecs.services.get_mut(&task.service).map(|one| one.name.clone()) {
            call.log(format!("service {service} is unable to start a task: {problem}"));
        }
        if let Some(task) = call.regional().ecs.tasks.get_mut(id) {
            task.stopped_reason = Some(problem);
            "DEPROVISIONING".clone_into(&mut task.status);
        }
        let after = call.draw("ecs.task.deprovision", id);
        move_on(call, id, "DEPROVISIONING", after);
        return;
    }
    if let Some(task) = call.regional().ecs.tasks.get_mut(id) {
        to.clone_into(&mut task.status);
        match to {
            "RUNNING" => task.started = Some(now),
            "STOPPED" => task.stopped = Some(now),
            _ => {}
        }
    }
    match to {
        "PENDING" => {
            let after = call.draw("ecs.task.pull", id);
            move_on(call, id, to, after);
        }
        "RUNNING" => {
            let groups = call.regional().ecs.services.get(&task.service).map(Service::groups).unwrap_or_default();
            for group in groups {
                let input = json!({ "TargetGroupArn": group, "Targets": [{ "Id": task.ip }] });
                if let Err(error) = call.invoke("elbv2", "RegisterTargets", &input) {
                    call.log(format!("task {id} cannot be registered: {error}"));
                }
            }
            call.log(format!("task {id} is running"));
            reconcile(call, &task.service);
        }
        "STOPPING" => {
            let after = call.draw("ecs.task.stop", id);
            move_on(call, id, to, after);
        }
        "DEPROVISIONING" => {
            let after = call.draw("ecs.task.deprovision", id);
            move_on(call, id, to, after);
        }
        _ => {
            // AWS shows stopped tasks for about an hour.
            call.schedule(Duration::from_hours(1), What::Ecs(Transition::Forget(id.to_owned())));
            if task.started.is_none() && task.stopped_reason.is_some() {
                // A task that could not start is tried again after a while, so that a mistake costs little.
                let after = call.draw("ecs.task.retry", id);
                call.schedule(after, What::Ecs(Transition::Reconcile(task.service)));
            } else {
                reconcile(call, &task.service);
            }
        }
    }
}

/// Whether clients reach a running task: its targets are healthy, where it has any.
pub fn in_service(call: &mut Call<'_>, service: &Service, task: &Task) -> bool {
    let elb = &call.regional().elbv2;
    service
        .groups()
        .iter()
        .filter_map(|arn| elb.groups.get(arn))
        .all(|group| group.targets.values().any(|target| target.ip == task.ip && target.state == "healthy"))
}

/// Whether a look at that service is on the timeline already.
pub fn reconcile_is_due(call: &mut Call<'_>, key: &str) -> bool {
    let (account, region) = (call.account.clone(), call.region.clone());
    let what = What::Ecs(Transition::Reconcile(key.to_owned()));
    call.world.timeline.any(|entry| entry.account == account && entry.region == region && entry.what == what)
}

fn to_json(call: &Call<'_>, task: &Task, family: &str) -> Value {
    let arn = call.arn("ecs", &format!("task/{}/{}", task.cluster, task.id));
    let wanted = if task.starting_or_running() { "RUNNING" } else { "STOPPED" };
    let mut value = json!({
        "taskArn": arn,
        "clusterArn": call.arn("ecs", &format!("cluster/{}", task.cluster)),
        "taskDefinitionArn": call.arn("ecs", &format!("task-definition/{}", task.definition)),
        "lastStatus": task.status,
        "desiredStatus": wanted,
        "launchType": "FARGATE",
        "group": format!("service:{}", bare(&task.service)),
        "createdAt": task.created.epoch_seconds(),
        "attachments": [{
            "type": "ElasticNetworkInterface",
            "status": if task.status == "STOPPED" { "DELETED" } else { "ATTACHED" },
            "details": [
                { "name": "subnetId", "value": task.subnet },
                { "name": "privateIPv4Address", "value": task.ip },
            ],
        }],
        "containers": [{ "name": family, "taskArn": arn, "lastStatus": if task.answers() { "RUNNING" } else { task.status.as_str() } }],
    });
    let Some(map) = value.as_object_mut() else { return value };
    if let Some(at) = task.started {
        map.insert("startedAt".into(), json!(at.epoch_seconds()));
    }
    if let Some(at) = task.stopped {
        map.insert("stoppedAt".into(), json!(at.epoch_seconds()));
    }
    if let Some(reason) = &task.stopped_reason {
        map.insert("stoppedReason".into(), json!(reason));
    }
    value
}

/// `ListTasks`
pub fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let cluster = clusters::named(call, input)?;
    let service = text(input, "serviceName").map(|name| bare(name).to_owned());
    let stopped = text(input, "desiredStatus") == Some("STOPPED");
    let tasks: Vec<Task> = call.regional().ecs.tasks.values().cloned().collect();
    let arns: Vec<String> = tasks
        .iter()
        .filter(|task| task.cluster == cluster && task.starting_or_running() != stopped)
        .filter(|task| service.as_ref().is_none_or(|name| bare(&task.service) == name))
        .map(|task| call.arn("ecs", &format!("task/{cluster}/{}", task.id)))
        .collect();
    Ok(json!({ "taskArns": arns }))
}

/// `DescribeTasks`
pub fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    clusters::named(call, input)?;
    if texts(input, "tasks").is_empty() {
        required(input, "tasks")?;
    }
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for name in texts(input, "tasks") {
        match call.regional().ecs.tasks.get(bare(&name)).cloned() {
            Some(task) => {
                let definition = call.regional().ecs.definitions.get(&task.definition);
                let container = definition.and_then(|d| d.containers.first()).and_then(|c| text(c, "name"));
                let container = container.unwrap_or_default().to_owned();
                tasks.push(to_json(call, &task, &container));
            }
            None => failures.push(json!({ "arn": name, "reason": "MISSING" })),
        }
    }
    Ok(json!({ "tasks": tasks, "failures": failures }))
}
