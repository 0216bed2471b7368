//! How operations end, and what follows a failure.

use serde_json::Value;

use super::begin::{changes, deletions, standing};
use super::scope::Live;
use super::{export, say, work};
use crate::sandbox::call::Call;
use crate::sandbox::services::cloudformation::model::{Aim, Before, Output, Stack, Work};
use crate::sandbox::services::cloudformation::template::parameters::plain;
use crate::sandbox::services::cloudformation::template::plan::Plan;
use crate::sandbox::services::cloudformation::template::resolve::resolve;

/// Ends an operation whose tasks are over; what follows becomes the stack's next work.
pub fn finish(call: &mut Call<'_>, stack: &mut Stack, mut ended: Work) {
    if matches!(ended.aim, Aim::Create | Aim::Update) && ended.failed.is_empty() {
        match outputs(call, stack) {
            Ok(outputs) => stack.outputs = outputs,
            Err(why) => ended.failed.push(why),
        }
    }
    let token = ended.token.clone();
    let failed = !ended.failed.is_empty();
    match ended.aim {
        Aim::Create if failed => created_in_vain(call, stack, &ended),
        Aim::Create => say(call, stack, "CREATE_COMPLETE", None, token),
        Aim::Rollback if failed => say(call, stack, "ROLLBACK_FAILED", Some(undeleted(&ended)), token),
        Aim::Rollback => say(call, stack, "ROLLBACK_COMPLETE", None, token),
        Aim::Delete if failed => say(call, stack, "DELETE_FAILED", Some(undeleted(&ended)), token),
        Aim::Delete => {
            stack.outputs.clear();
            stack.plan = Plan::default();
            say(call, stack, "DELETE_COMPLETE", None, token);
        }
        Aim::Update if failed => updated_in_vain(call, stack, ended),
        Aim::Update => {
            say(call, stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None, token.clone());
            let mut next = work(call, Aim::CleanUp, token);
            let dropped = standing(stack).into_iter().filter(|(name, _)| stack.plan.resource(name).is_none());
            let leftovers: Vec<_> = ended.leftovers.into_iter().chain(dropped).collect();
            next.tasks = deletions(call, &leftovers);
            stack.work = Some(next);
        }
        Aim::CleanUp => {
            // CloudFormation leaves alone what it cannot clean up; the events say so.
            forget_dropped(stack);
            say(call, stack, "UPDATE_COMPLETE", None, token);
        }
        Aim::UpdateRollback if failed => {
            let why = format!("The following resource(s) failed to update: [{}]. ", ended.failed.join(", "));
            stack.leftovers = ended.leftovers;
            say(call, stack, "UPDATE_ROLLBACK_FAILED", Some(why), token);
        }
        Aim::UpdateRollback => {
            say(call, stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None, token.clone());
            let mut next = work(call, Aim::UpdateRollbackCleanUp, token);
            let dropped = standing(stack).into_iter().filter(|(name, _)| stack.plan.resource(name).is_none());
            let leftovers: Vec<_> = ended.leftovers.into_iter().chain(dropped).collect();
            next.tasks = deletions(call, &leftovers);
            stack.work = Some(next);
        }
        Aim::UpdateRollbackCleanUp => {
            forget_dropped(stack);
            say(call, stack, "UPDATE_ROLLBACK_COMPLETE", None, token);
        }
    }
}

fn undeleted(ended: &Work) -> String {
    format!("The following resource(s) failed to delete: [{}]. ", ended.failed.join(", "))
}

/// Resources that were removed and are in the plan no more leave the stack's list.
fn forget_dropped(stack: &mut Stack) {
    let plan = &stack.plan;
    stack.resources.retain(|name, one| plan.resource(name).is_some() || one.status == "DELETE_FAILED");
}

/// Why an operation failed, in the stack's words: its resources, or what stopped it before any began.
fn complaint(ended: &Work, verb: &str) -> String {
    let resources: Vec<&str> =
        ended.failed.iter().map(String::as_str).filter(|name| ended.tasks.contains_key(*name)).collect();
    if resources.is_empty() {
        return ended.failed.first().map(|why| format!("{why} ")).unwrap_or_default();
    }
    format!("The following resource(s) failed to {verb}: [{}]. ", resources.join(", "))
}

fn created_in_vain(call: &mut Call<'_>, stack: &mut Stack, ended: &Work) {
    let token = ended.token.clone();
    let why = complaint(ended, "create");
    if stack.disable_rollback {
        return say(call, stack, "CREATE_FAILED", Some(why), token);
    }
    let (aim, status, what) = if stack.delete_on_failure {
        stack.deleted = Some(call.now());
        (Aim::Delete, "DELETE_IN_PROGRESS", "Delete")
    } else {
        (Aim::Rollback, "ROLLBACK_IN_PROGRESS", "Rollback")
    };
    say(call, stack, status, Some(format!("{why}{what} requested by user.")), token.clone());
    let mut next = work(call, aim, token);
    let mut standing = standing(stack);
    if stack.delete_on_failure {
        // This deletion undoes a creation, too: RetainExceptOnCreate does not retain.
        for (_, resource) in standing.iter_mut().filter(|(_, one)| one.deletion == "RetainExceptOnCreate") {
            "Delete".clone_into(&mut resource.deletion);
        }
    }
    next.tasks = deletions(call, &standing);
    stack.work = Some(next);
}

fn updated_in_vain(call: &mut Call<'_>, stack: &mut Stack, ended: Work) {
    let token = ended.token.clone();
    let why = complaint(&ended, "update");
    if stack.disable_rollback && !ended.cancelled {
        return say(call, stack, "UPDATE_FAILED", Some(why), token);
    }
    say(call, stack, "UPDATE_ROLLBACK_IN_PROGRESS", Some(why), token.clone());
    let mut next = work(call, Aim::UpdateRollback, token);
    if let Some(before) = ended.before {
        // What was made for a replacement goes, and what it should have replaced is the stack's own again.
        for (name, old) in ended.leftovers {
            if let Some(new) = stack.resources.insert(name.clone(), old)
                && new.physical.is_some()
            {
                next.leftovers.push((name, new));
            }
        }
        go_back(stack, *before);
    }
    next.tasks = changes(call, stack);
    stack.work = Some(next);
}

fn go_back(stack: &mut Stack, before: Before) {
    stack.template = before.template;
    stack.parameters = before.parameters;
    stack.tags = before.tags;
    stack.plan = before.plan;
}

/// The outputs, functions carried out.
fn outputs(call: &mut Call<'_>, stack: &Stack) -> Result<Vec<Output>, String> {
    let mut outputs = Vec::new();
    for (key, output) in &stack.plan.outputs {
        let mut scope = Live { call: &mut *call, facts: &stack.plan.facts, resources: &stack.resources };
        let resolved = resolve(output, &mut scope)?.unwrap_or_default();
        let value = match resolved.get("Value") {
            Some(Value::Array(_) | Value::Object(_)) => {
                return Err(format!(
                    "Template format error: Output {key} is malformed. The Value field of every Outputs member must evaluate to a String."
                ));
            }
            Some(value) => plain(value),
            None => continue,
        };
        let export = resolved.pointer("/Export/Name").map(plain);
        if let Some(name) = &export
            && self::export(call, name).is_some()
        {
            return Err(format!("Export with name {name} is already exported by another stack."));
        }
        let description = resolved.get("Description").map(plain);
        outputs.push(Output { key: key.clone(), value, description, export });
    }
    for old in &stack.outputs {
        let Some(name) = &old.export else { continue };
        let users = super::importers(call, name, &stack.id);
        let kept = outputs.iter().find(|new| new.export.as_ref() == Some(name));
        if users.is_empty() || kept.is_some_and(|new| new.value == old.value) {
            continue;
        }
        let verb = if kept.is_some() { "updated" } else { "deleted" };
        return Err(format!("Export {name} cannot be {verb} as it is in use by {}.", users.join(" and ")));
    }
    Ok(outputs)
}
