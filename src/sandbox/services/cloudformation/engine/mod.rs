//! The engine: carries out the tasks of an operation along their graph, in simulated time.
//!
//! Each task is begun when those that it waits for are done, calls the service a moment later, and is looked at until
//! its resource is settled. The stack's next step is put on the timeline for the earliest instant at which something is
//! due; nothing runs in between.

mod begin;
mod finish;
mod scope;
mod task;

use std::time::Duration;

use super::model::{Action, Aim, Event, Phase, STACK, Stack, Work};
use super::{Transition, ops};
use crate::domain::SimTime;
use crate::sandbox::call::Call;
use crate::sandbox::constants::constant;
use crate::sandbox::packed::Text;
use crate::sandbox::world::What;

pub use begin::{cancel, continue_rollback, create, delete, update};
pub use scope::{Live, export, importers};

/// One step of a stack's operation.
pub fn step(call: &mut Call<'_>, id: &str, generation: u64) {
    // The stack leaves the world while its resources are worked on, so that both can be changed.
    let Some(mut stack) = call.regional().cloudformation.stacks.remove(id) else { return };
    if stack.work.as_ref().is_some_and(|work| work.generation == generation) {
        go_on(call, &mut stack);
    }
    call.regional().cloudformation.stacks.insert(id.to_owned(), stack);
}

/// Does what is due, and puts the next step on the timeline.
pub fn go_on(call: &mut Call<'_>, stack: &mut Stack) {
    while let Some(mut work) = stack.work.take() {
        while task::advance(call, stack, &mut work) {}
        let over = work.tasks.values().all(|task| matches!(task.phase, Phase::Done | Phase::Failed));
        if !over {
            schedule(call, stack, &work);
            stack.work = Some(work);
            return;
        }
        finish::finish(call, stack, work);
    }
}

fn schedule(call: &mut Call<'_>, stack: &Stack, work: &Work) {
    let now = call.now();
    let due = work
        .tasks
        .values()
        .filter(|task| matches!(task.phase, Phase::Begun | Phase::Settling))
        .map(|task| task.due)
        .min()
        .unwrap_or(now);
    // A task that was due has been looked at, so the next instant is always later.
    let after = due.since(now).max(Duration::from_millis(1));
    let what = Transition::Step { stack: stack.id.clone(), generation: work.generation };
    call.schedule(after, What::CloudFormation(what));
}

/// Writes an event of the stack itself, and its status.
pub fn say(call: &mut Call<'_>, stack: &mut Stack, status: &str, reason: Option<String>, token: Option<String>) {
    status.clone_into(&mut stack.status);
    stack.reason.clone_from(&reason);
    call.log(format!("stack {} {status}", stack.name));
    let event = Event {
        id: call.uuid(),
        at: call.now(),
        logical: stack.name.as_str().into(),
        physical: stack.id.as_str().into(),
        type_name: STACK.into(),
        status: status.into(),
        reason: reason.map(|why| why.as_str().into()),
        token: token.map(|token| token.as_str().into()),
    };
    stack.events.push(event);
}

/// Writes an event of a resource, and its status. What an update replaced has left the stack's list, so its deletion
/// leaves the status of its successor alone.
pub fn tell(call: &mut Call<'_>, stack: &mut Stack, work: &Work, logical: &str, status: &str, reason: Option<String>) {
    let id = call.uuid();
    let now = call.now();
    let listed = stack.resources.get_mut(logical);
    let old = match work.tasks.get(logical).map(|task| &task.action) {
        Some(Action::Delete(old)) => {
            listed.as_ref().is_none_or(|listed| listed.physical != old.physical).then_some(&**old)
        }
        _ => None,
    };
    let (physical, type_name) = match (old, listed) {
        (Some(old), _) => (old.physical.clone(), old.type_name.clone()),
        (None, Some(resource)) => {
            status.clone_into(&mut resource.status);
            resource.reason.clone_from(&reason);
            resource.changed = now;
            (resource.physical.clone(), resource.type_name.clone())
        }
        (None, None) => return,
    };
    let event = Event {
        id,
        at: now,
        logical: logical.into(),
        physical: physical.unwrap_or_default().as_str().into(),
        type_name: type_name.as_str().into(),
        status: status.into(),
        reason: reason.map(|why| why.as_str().into()),
        token: work.token.as_deref().map(Text::from),
    };
    stack.events.push(event);
}

/// The instant that lies a constant's duration after now.
fn later(call: &mut Call<'_>, constant_id: &str, resource: &str) -> SimTime {
    let span = call.draw(constant_id, resource);
    call.now().plus(span)
}

/// How long CloudFormation goes on trying to delete something that others still hold.
fn patience() -> Duration {
    constant("cloudformation.delete.patience").map_or(Duration::ZERO, |row| row.p50)
}

/// A new operation of a stack.
fn work(call: &mut Call<'_>, aim: Aim, token: Option<String>) -> Work {
    Work {
        aim,
        generation: call.world.next_number(),
        tasks: std::collections::BTreeMap::new(),
        failed: Vec::new(),
        token,
        force: false,
        leftovers: Vec::new(),
        cancelled: false,
        before: None,
    }
}

/// Change sets of a stack that was changed otherwise cannot be executed any more.
fn outdate(call: &mut Call<'_>, stack: &Stack) {
    ops::change_sets::outdate(call, &stack.id, stack.change_set.as_deref());
}
