//! How operations begin.

use super::{go_on, outdate, say, work};
use crate::sandbox::call::Call;
use crate::sandbox::packed::Packed;
use crate::sandbox::services::cloudformation::model::{Action, Aim, Before, Phase, Resource, Stack, Task, Work};

/// A task that waits for others.
pub fn task(call: &Call<'_>, action: Action, after: Vec<String>) -> Task {
    Task { action, phase: Phase::Waiting, after, due: call.now(), began: call.now() }
}

/// Begins making a stack whose plan is set.
pub fn create(call: &mut Call<'_>, stack: &mut Stack, token: Option<String>) {
    let mut work = work(call, Aim::Create, token.clone());
    say(call, stack, "CREATE_IN_PROGRESS", Some("User Initiated".into()), token);
    for planned in &stack.plan.resources {
        work.tasks.insert(planned.logical.clone(), task(call, Action::Create, planned.needs.clone()));
    }
    begin(call, stack, work);
}

/// Begins changing a stack to the plan that is set; `before` is what it was.
pub fn update(call: &mut Call<'_>, stack: &mut Stack, before: Before, token: Option<String>) {
    let mut work = work(call, Aim::Update, token.clone());
    stack.updated = Some(call.now());
    say(call, stack, "UPDATE_IN_PROGRESS", Some("User Initiated".into()), token);
    work.before = Some(Box::new(before));
    work.tasks = changes(call, stack);
    outdate(call, stack);
    begin(call, stack, work);
}

/// The tasks that bring a stack's resources to its plan.
pub fn changes(call: &Call<'_>, stack: &Stack) -> std::collections::BTreeMap<String, Task> {
    stack
        .plan
        .resources
        .iter()
        .map(|planned| {
            let made = stack.resources.get(&planned.logical).filter(|one| one.type_name == planned.type_name);
            let action = if made.is_some() { Action::Update } else { Action::Create };
            (planned.logical.clone(), task(call, action, planned.needs.clone()))
        })
        .collect()
}

/// Refuses an operation at its start when an import does not exist, otherwise does its first step.
fn begin(call: &mut Call<'_>, stack: &mut Stack, mut work: Work) {
    let missing = stack.plan.imports.iter().find(|name| super::export(call, name).is_none()).cloned();
    if let Some(name) = missing {
        work.tasks.clear();
        // Nothing began, so nothing carries the reason but the stack.
        work.failed.push(format!("No export named {name} found."));
    }
    stack.work = Some(work);
    go_on(call, stack);
}

/// Goes on with an update's rollback that failed; what is skipped counts as rolled back, whatever it is like.
pub fn continue_rollback(call: &mut Call<'_>, stack: &mut Stack, skipped: &[String], token: Option<String>) {
    let mut work = work(call, Aim::UpdateRollback, token.clone());
    work.leftovers = std::mem::take(&mut stack.leftovers);
    say(call, stack, "UPDATE_ROLLBACK_IN_PROGRESS", Some("User Initiated".into()), token);
    work.tasks = changes(call, stack);
    for name in skipped {
        if let Some(task) = work.tasks.get_mut(name) {
            task.phase = Phase::Done;
        }
        let properties = super::task::properties(call, stack, name);
        super::tell(call, stack, &work, name, "UPDATE_COMPLETE", Some("Resource skipped by user request".into()));
        // From here on CloudFormation takes the resource for what the old template says of it.
        if let (Some(resource), Ok(properties)) = (stack.resources.get_mut(name), properties) {
            resource.properties = Packed::from(&properties);
        }
    }
    stack.work = Some(work);
    go_on(call, stack);
}

/// Gives up an update: what is under way is cancelled, and everything goes back.
pub fn cancel(call: &mut Call<'_>, stack: &mut Stack) {
    if let Some(work) = &mut stack.work {
        work.cancelled = true;
        work.failed.push("Update cancelled by user.".into());
    }
    go_on(call, stack);
}

/// Begins deleting a stack.
pub fn delete(call: &mut Call<'_>, stack: &mut Stack, retain: &[String], force: bool, token: Option<String>) {
    let mut work = work(call, Aim::Delete, token.clone());
    work.force = force;
    let before = stack.status.clone();
    say(call, stack, "DELETE_IN_PROGRESS", Some("User Initiated".into()), token.clone());
    let exports: Vec<String> = stack.outputs.iter().filter_map(|output| output.export.clone()).collect();
    for export in exports {
        let users = super::importers(call, &export, &stack.id);
        if !users.is_empty() && call.world.rule("cloudformation.export-in-use") {
            // The stack goes back to the status it had; nothing of it was touched.
            let why =
                format!("Delete canceled. Cannot delete export {export} as it is in use by {}.", users.join(" and "));
            return say(call, stack, &before, Some(why), token);
        }
    }
    stack.deleted = Some(call.now());
    for name in retain {
        if let Some(resource) = stack.resources.get_mut(name) {
            "Retain".clone_into(&mut resource.deletion);
        }
    }
    let standing: Vec<(String, Resource)> = standing(stack);
    work.tasks = deletions(call, &standing);
    outdate(call, stack);
    stack.work = Some(work);
    go_on(call, stack);
}

/// The resources of a stack that are still there.
pub fn standing(stack: &Stack) -> Vec<(String, Resource)> {
    stack
        .resources
        .iter()
        .filter(|(_, one)| one.status != "DELETE_COMPLETE" && one.status != "DELETE_SKIPPED")
        .map(|(name, one)| (name.clone(), one.clone()))
        .collect()
}

/// Tasks that delete resources: each waits for those that stand on it.
pub fn deletions(call: &Call<'_>, resources: &[(String, Resource)]) -> std::collections::BTreeMap<String, Task> {
    resources
        .iter()
        .map(|(name, resource)| {
            let after = resources
                .iter()
                .filter(|(other, one)| other != name && one.needs.contains(name))
                .map(|(other, _)| other.clone())
                .collect();
            (name.clone(), task(call, Action::Delete(Box::new(resource.clone())), after))
        })
        .collect()
}
