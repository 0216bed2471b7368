//! One task: a resource is made, changed or removed.

use std::cell::LazyCell;
use std::ops::{Bound, Deref};

use serde_json::Value;

use super::scope::{Live, dynamic};
use super::{later, patience, tell};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call};
use crate::sandbox::packed::Packed;
use crate::sandbox::services::cloudformation::model::{Action, Aim, Phase, Resource, STACK, Stack, Task, Work};
use crate::sandbox::services::cloudformation::providers::{self, Existing, Progress, Request};
use crate::sandbox::services::cloudformation::schema;
use crate::sandbox::services::cloudformation::template::resolve::resolve;
use crate::sandbox::world::World;

const HANDLER: &str = "cloudformation.handler";
const POLL: &str = "cloudformation.poll";

/// Codes with which services ask to come again, because something is still on its way out.
const COME_AGAIN: &[&str] = &[
    providers::NOT_YET,
    "ConcurrentModification",
    "ConcurrentModificationException",
    "ConflictException",
    "DependencyViolation",
    "OperationAbortedException",
    "PriorRequestNotComplete",
    "ResourceConflictException",
    "ResourceInUse",
    "ResourceInUseException",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Begins what can begin and looks at what is due. Whether anything happened.
pub fn advance(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work) -> bool {
    if gives_up(work) && cancel(call, stack, work) {
        return true;
    }
    let now = call.now();
    let mut moved = false;
    let mut behind = Bound::Unbounded;
    while let Some((name, turn)) = next(work, behind.as_ref(), now) {
        match turn {
            Turn::GiveUp => set(work, &name, Phase::Failed),
            Turn::Begin => begin(call, stack, work, &name),
            Turn::Run => run(call, stack, work, &name),
            Turn::Look => look(call, stack, work, &name),
        }
        if gives_up(work) && cancel(call, stack, work) {
            return true;
        }
        moved = true;
        behind = Bound::Excluded(name);
    }
    moved
}

/// The next task by name with which something is to be done now.
fn next(work: &Work, behind: Bound<&String>, now: SimTime) -> Option<(String, Turn)> {
    let mut tasks = work.tasks.range::<String, _>((behind, Bound::Unbounded));
    tasks.find_map(|(name, task)| turn(work, task, now).map(|turn| (name.clone(), turn)))
}

/// What is done with a task now.
enum Turn {
    /// What it stands on is not there (or what stands on it does not go): it is not tried.
    GiveUp,
    Begin,
    Run,
    Look,
}

/// What is to be done with a task now, if anything.
fn turn(work: &Work, task: &Task, now: SimTime) -> Option<Turn> {
    let phase_of = |other: &String| work.tasks.get(other).map(|task| task.phase);
    match task.phase {
        Phase::Waiting if task.after.iter().any(|other| phase_of(other) == Some(Phase::Failed)) => Some(Turn::GiveUp),
        Phase::Waiting if task.after.iter().all(|other| matches!(phase_of(other), None | Some(Phase::Done))) => {
            Some(Turn::Begin)
        }
        Phase::Begun if task.due <= now => Some(Turn::Run),
        Phase::Settling if task.due <= now => Some(Turn::Look),
        _ => None,
    }
}

fn set(work: &mut Work, name: &str, phase: Phase) {
    if let Some(task) = work.tasks.get_mut(name) {
        task.phase = phase;
    }
}

fn wait_until(work: &mut Work, name: &str, phase: Phase, due: SimTime) {
    if let Some(task) = work.tasks.get_mut(name) {
        task.phase = phase;
        task.due = due;
    }
}

/// Whether a failure, or its user, ends the operation at once; what deletes goes on with the rest.
fn gives_up(work: &Work) -> bool {
    let deletes = matches!(work.aim, Aim::Delete | Aim::CleanUp | Aim::Rollback | Aim::UpdateRollbackCleanUp);
    !deletes && !work.failed.is_empty()
}

/// After a failure nothing new begins, and what is under way is given up.
fn cancel(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work) -> bool {
    let names: Vec<(String, Phase, bool)> = work
        .tasks
        .iter()
        .filter(|(_, task)| !matches!(task.phase, Phase::Done | Phase::Failed))
        .map(|(name, task)| (name.clone(), task.phase, task.action == Action::Update))
        .collect();
    for (name, phase, update) in &names {
        set(work, name, Phase::Failed);
        if *phase != Phase::Waiting {
            let (status, what) = if *update { ("UPDATE_FAILED", "update") } else { ("CREATE_FAILED", "creation") };
            tell(call, stack, work, name, status, Some(format!("Resource {what} cancelled")));
        }
    }
    !names.is_empty()
}

fn verb(work: &Work, name: &str) -> &'static str {
    match work.tasks.get(name).map(|task| &task.action) {
        Some(Action::Delete(_)) => "DELETE",
        Some(Action::Update) => "UPDATE",
        // What an update makes anew for something that it replaces is part of that resource's update.
        _ if work.leftovers.iter().any(|(replaced, _)| replaced == name) => "UPDATE",
        _ => "CREATE",
    }
}

fn fail(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work, name: &str, why: String) {
    if work.force {
        // A forced deletion leaves behind what it cannot delete, and says so (aws-behaviour.md 1).
        tell(call, stack, work, name, "DELETE_SKIPPED", Some(why));
        return set(work, name, Phase::Done);
    }
    let status = format!("{}_FAILED", verb(work, name));
    tell(call, stack, work, name, &status, Some(why));
    set(work, name, Phase::Failed);
    work.failed.push(name.to_owned());
}

fn done(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work, name: &str) {
    let status = format!("{}_COMPLETE", verb(work, name));
    tell(call, stack, work, name, &status, None);
    set(work, name, Phase::Done);
}

/// The properties of a planned resource, functions carried out.
pub fn properties(call: &mut Call<'_>, stack: &Stack, name: &str) -> Result<Value, String> {
    let planned = stack.plan.resource(name).ok_or_else(|| format!("The template has no resource {name}"))?;
    let mut scope = Live { call, facts: &stack.plan.facts, resources: &stack.resources };
    resolve(&planned.properties.value(), &mut scope).map(Option::unwrap_or_default)
}

fn begin(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work, name: &str) {
    let action = work.tasks.get(name).map(|task| task.action.clone());
    let now = call.now();
    if let Some(task) = work.tasks.get_mut(name) {
        task.began = now;
    }
    match action {
        Some(Action::Delete(resource)) => begin_deletion(call, stack, work, name, &resource),
        Some(Action::Update) => begin_update(call, stack, work, name),
        _ => begin_creation(call, stack, work, name),
    }
}

fn begin_creation(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work, name: &str) {
    let resolved = properties(call, stack, name);
    let Some(planned) = stack.plan.resource(name).cloned() else { return };
    let resource = Resource {
        type_name: planned.type_name,
        physical: None,
        status: String::new(),
        reason: None,
        changed: call.now(),
        properties: Packed::from(resolved.as_ref().unwrap_or(&Value::Object(serde_json::Map::new()))),
        needs: planned.needs,
        deletion: planned.deletion,
    };
    stack.resources.insert(name.to_owned(), resource);
    let replaces = verb(work, name) == "UPDATE";
    let reason = replaces.then(|| {
        String::from("Requested update requires the creation of a new physical resource; hence creating one.")
    });
    tell(call, stack, work, name, &format!("{}_IN_PROGRESS", verb(work, name)), reason);
    match resolved {
        Ok(_) => {
            let due = later(call, HANDLER, &format!("{}/{name}", stack.name));
            wait_until(work, name, Phase::Begun, due);
        }
        Err(why) => fail(call, stack, work, name, why),
    }
}

fn begin_update(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work, name: &str) {
    let resolved = properties(call, stack, name);
    let (Some(planned), Some(current)) = (stack.plan.resource(name).cloned(), stack.resources.get_mut(name)) else {
        return;
    };
    current.needs = planned.needs;
    current.deletion = planned.deletion;
    let old = current.properties.value();
    let new = match resolved {
        // What a nested stack's template says may have changed behind the same address.
        Ok(new) if new == old && (current.type_name != STACK || work.aim != Aim::Update) => {
            return set(work, name, Phase::Done);
        }
        Ok(new) => new,
        Err(why) => {
            tell(call, stack, work, name, "UPDATE_IN_PROGRESS", None);
            return fail(call, stack, work, name, why);
        }
    };
    let changed: Vec<&String> = members(&new)
        .into_iter()
        .chain(members(&old))
        .filter(|member| new.get(member.as_str()) != old.get(member.as_str()))
        .collect();
    let replaced =
        schema::of(&current.type_name).is_some_and(|schema| changed.iter().any(|member| schema.replaces(member)));
    if replaced || current.physical.is_none() {
        let mut old = current.clone();
        // What is replaced follows UpdateReplacePolicy, whose default is Delete for every type.
        // Source: CloudFormation User Guide, UpdateReplacePolicy attribute.
        old.deletion = if planned.replace.is_empty() { "Delete".into() } else { planned.replace };
        if old.physical.is_some() {
            work.leftovers.push((name.to_owned(), old));
        }
        if let Some(task) = work.tasks.get_mut(name) {
            task.action = Action::Create;
        }
        return begin_creation(call, stack, work, name);
    }
    tell(call, stack, work, name, "UPDATE_IN_PROGRESS", None);
    let due = later(call, HANDLER, &format!("{}/{name}", stack.name));
    wait_until(work, name, Phase::Begun, due);
}

fn members(value: &Value) -> Vec<&String> {
    value.as_object().map(|map| map.keys().collect()).unwrap_or_default()
}

fn begin_deletion(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work, name: &str, resource: &Resource) {
    let creating = matches!(work.aim, Aim::Rollback | Aim::UpdateRollbackCleanUp);
    let kept = resource.deletion == "Retain" || (resource.deletion == "RetainExceptOnCreate" && !creating);
    if kept {
        tell(call, stack, work, name, "DELETE_SKIPPED", None);
        set(work, name, Phase::Done);
    } else {
        tell(call, stack, work, name, "DELETE_IN_PROGRESS", None);
        if resource.physical.is_none() {
            done(call, stack, work, name);
        } else {
            let due = later(call, HANDLER, &format!("{}/{name}", stack.name));
            wait_until(work, name, Phase::Begun, due);
        }
    }
}

/// Calls the service.
fn run(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work, name: &str) {
    match work.tasks.get(name).map(|task| task.action.clone()) {
        Some(Action::Delete(resource)) => remove(call, stack, work, name, &resource),
        Some(Action::Update) => change(call, stack, work, name),
        _ => make(call, stack, work, name),
    }
}

/// What the provider is asked for.
fn requested(
    call: &mut Call<'_>,
    stack: &Stack,
    name: &str,
    raw: &Value,
) -> Result<(Value, Vec<(String, String)>), String> {
    let Some(resource) = stack.resources.get(name) else { return Err(format!("The stack has no resource {name}")) };
    let (Some(schema), Some(provider)) = (schema::of(&resource.type_name), providers::provider(&resource.type_name))
    else {
        return Err(format!("Unrecognized resource type: {}", resource.type_name));
    };
    let checked = schema.check(raw).map_err(|wrong| {
        format!("Properties validation failed for resource {name} with message:\n[{}]", wrong.join(", "))
    })?;
    let checked = dynamic(call, &checked)?;
    let mut tags = provider.own_tags(&checked);
    let own = [
        ("aws:cloudformation:stack-name", stack.name.as_str()),
        ("aws:cloudformation:logical-id", name),
        ("aws:cloudformation:stack-id", stack.id.as_str()),
    ];
    let own = own.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    for (key, value) in stack.tags.iter().cloned().chain(own) {
        if !tags.iter().any(|(other, _)| *other == key) {
            tags.push((key, value));
        }
    }
    Ok((checked, tags))
}

fn make(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work, name: &str) {
    let Some(resource) = stack.resources.get(name).cloned() else { return };
    let Some(provider) = providers::provider(&resource.type_name) else { return };
    let (properties, tags) = match requested(call, stack, name, &resource.properties.value()) {
        Ok(requested) => requested,
        Err(why) => return fail(call, stack, work, name, why),
    };
    let request = request(stack, name, &resource.type_name, &properties, tags);
    let made = provider.create(call, &request);
    let (physical, error) = match made {
        Ok(physical) => (Some(physical), None),
        Err((physical, error)) => (physical, Some(error)),
    };
    if let Some(resource) = stack.resources.get_mut(name) {
        resource.physical = physical;
    }
    if let Some(error) = error {
        let why = refusal(provider.service, &error);
        return fail(call, stack, work, name, why);
    }
    let status = format!("{}_IN_PROGRESS", verb(work, name));
    tell(call, stack, work, name, &status, Some("Resource creation Initiated".into()));
    let wait = if provider.wait.is_empty() { POLL } else { provider.wait };
    let due = later(call, wait, &format!("{}/{name}", stack.name));
    wait_until(work, name, Phase::Settling, due);
}

fn refusal(service: &str, error: &AwsError) -> String {
    format!("Resource handler returned message: \"{}\"", providers::spoken(service, error))
}

fn change(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work, name: &str) {
    let Some(old) = stack.resources.get(name).cloned() else { return };
    let Some(provider) = providers::provider(&old.type_name) else { return };
    let Some(update) = provider.update else {
        let why =
            format!("The sandbox does not simulate changing {} in place; replace it under another name", old.type_name);
        return fail(call, stack, work, name, why);
    };
    let changed = properties(call, stack, name).and_then(|new| {
        let (checked, tags) = requested(call, stack, name, &new)?;
        let request = request(stack, name, &old.type_name, &checked, tags);
        let physical = old.physical.clone().unwrap_or_default();
        let before = LazyCell::new(|| fitted(&old));
        let existing = existing(call.world, stack, work, name, &old, &physical, &before);
        update(call, &existing, &request).map_err(|error| refusal(provider.service, &error))?;
        Ok(new)
    });
    match changed {
        Ok(new) => {
            if let Some(resource) = stack.resources.get_mut(name) {
                resource.properties = Packed::from(&new);
            }
            let due = later(call, POLL, &format!("{}/{name}", stack.name));
            wait_until(work, name, Phase::Settling, due);
        }
        Err(why) => fail(call, stack, work, name, why),
    }
}

fn remove(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work, name: &str, resource: &Resource) {
    let Some(provider) = providers::provider(&resource.type_name) else { return };
    let physical = resource.physical.clone().unwrap_or_default();
    let properties = LazyCell::new(|| fitted(resource));
    let existing = existing(call.world, stack, work, name, resource, &physical, &properties);
    let poll = later(call, POLL, &format!("{}/{name}", stack.name));
    // What was given up on its way must arrive before it can go; what never will (a service whose database went
    // meanwhile) is not waited for without end.
    let began = work.tasks.get(name).map_or(call.now(), |task| task.began);
    let patient = call.now().since(began) < patience();
    let arrives = patient && provider.look.is_none() && !resource.status.ends_with("_COMPLETE");
    if arrives && provider.progress(call, &existing) == Progress::Going {
        return wait_until(work, name, Phase::Begun, poll);
    }
    match provider.delete(call, &existing) {
        Ok(()) => wait_until(work, name, Phase::Settling, poll),
        Err(error) => {
            if patient && COME_AGAIN.contains(&error.code.as_str()) {
                return wait_until(work, name, Phase::Begun, poll);
            }
            let why = refusal(provider.service, &error);
            fail(call, stack, work, name, why);
        }
    }
}

/// Properties in the types of the schema, as the provider was given them.
fn fitted(resource: &Resource) -> Value {
    let properties = resource.properties.value();
    let checked = schema::of(&resource.type_name).map(|schema| schema.check(&properties));
    checked.and_then(Result::ok).unwrap_or(properties)
}

/// What a provider is asked to make, or to change something to.
fn request<'r>(
    stack: &'r Stack,
    name: &'r str,
    type_name: &'r str,
    properties: &'r Value,
    tags: Vec<(String, String)>,
) -> Request<'r> {
    Request {
        stack: &stack.name,
        stack_id: &stack.id,
        root: stack.nested.as_ref().map(|nested| nested.root.as_str()),
        capabilities: &stack.capabilities,
        type_name,
        logical: name,
        properties,
        tags,
    }
}

fn existing<'e>(
    world: &World,
    stack: &'e Stack,
    work: &Work,
    name: &'e str,
    resource: &'e Resource,
    physical: &'e str,
    properties: &'e dyn Deref<Target = Value>,
) -> Existing<'e> {
    // The default policy of a cluster, and of an instance outside one, is Snapshot (aws-behaviour.md 1).
    let by_default = resource.type_name == "AWS::RDS::DBCluster"
        || (resource.type_name == "AWS::RDS::DBInstance" && properties.get("DBClusterIdentifier").is_none());
    let by_default = by_default && world.rule("cloudformation.default-snapshot");
    let snapshot = resource.deletion == "Snapshot" || (resource.deletion.is_empty() && by_default);
    let since = work.tasks.get(name).map_or(resource.changed, |task| task.began);
    Existing {
        physical,
        properties,
        snapshot,
        stack_id: &stack.id,
        logical: name,
        type_name: &resource.type_name,
        since,
    }
}

/// Gives a resource the physical id that its maker chose. When a change chose another one, what stood under the old id
/// is removed at the end of the update, as any resource that was replaced.
fn rename(stack: &mut Stack, work: &mut Work, name: &str, physical: String) {
    let updated = work.tasks.get(name).is_some_and(|task| task.action == Action::Update);
    let Some(resource) = stack.resources.get_mut(name) else { return };
    if updated && resource.physical.as_ref() != Some(&physical) {
        let mut old = resource.clone();
        "Delete".clone_into(&mut old.deletion);
        work.leftovers.push((name.to_owned(), old));
    }
    resource.physical = Some(physical);
}

/// Looks whether a resource is settled, or gone.
fn look(call: &mut Call<'_>, stack: &mut Stack, work: &mut Work, name: &str) {
    let action = work.tasks.get(name).map(|task| task.action.clone());
    let resource = match &action {
        Some(Action::Delete(resource)) => Some((**resource).clone()),
        _ => stack.resources.get(name).cloned(),
    };
    let Some(resource) = resource else { return };
    let Some(provider) = providers::provider(&resource.type_name) else { return };
    let physical = resource.physical.clone().unwrap_or_default();
    let properties = LazyCell::new(|| fitted(&resource));
    let existing = existing(call.world, stack, work, name, &resource, &physical, &properties);
    let progress = if let Some(Action::Delete(_)) = action {
        match provider.is_gone(call, &existing) {
            Ok(true) => Progress::Done,
            Ok(false) => Progress::Going,
            Err(error) => Progress::Failed(refusal(provider.service, &error)),
        }
    } else {
        provider.progress(call, &existing)
    };
    match progress {
        Progress::Done => done(call, stack, work, name),
        Progress::Became(physical) => {
            rename(stack, work, name, physical);
            done(call, stack, work, name);
        }
        Progress::Failed(why) => fail(call, stack, work, name, why),
        Progress::Going => {
            let due = later(call, POLL, &format!("{}/{name}", stack.name));
            wait_until(work, name, Phase::Settling, due);
        }
    }
}
