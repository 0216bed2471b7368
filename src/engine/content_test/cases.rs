//! The cases that start from worlds of the chain: T2, T4, T6, T7, T8, and the drills of T3.

use std::sync::Arc;

use super::plan::{self, Chain, Solve, cleans, missing, needed};
use super::solve::{How, Snapshot};
use super::state::State;
use super::{Kind, Proof, proof};
use crate::content::model::{Module, Step};

/// As the walk solves: what passes is left alone.
const PLAINLY: How = How { again: false, glance: None, drills: false };
/// Every command once more, whatever the checks say.
const AGAIN: How = How { again: true, glance: None, drills: false };
/// With the drills.
const DRILLED: How = How { again: false, glance: None, drills: true };

/// The cases of one module.
pub fn of_module(chain: &Arc<Chain>, module: &Module) -> Vec<Proof> {
    let mut cases: Vec<Proof> = Vec::new();
    // The longest first, so that no core waits for it at the end.
    for step in module.steps.iter().filter(|step| !step.drills.is_empty()) {
        for fault in &step.drills {
            let one = Step { drills: vec![fault.clone()], ..step.clone() };
            cases.push(proof(Kind::T3, format!("{} (drill {fault})", step.id), drilled(Arc::clone(chain), one)));
        }
    }
    cases.push(proof(Kind::T2, module.id.clone(), fails_first(Arc::clone(chain), module.clone())));
    cases.push(proof(Kind::T4, module.id.clone(), same_again(Arc::clone(chain), module.clone())));
    cases.push(proof(Kind::T8, module.id.clone(), any_order(Arc::clone(chain), module.clone())));
    if cleans(module) {
        cases.push(proof(Kind::T6, module.id.clone(), {
            let (chain, module) = (Arc::clone(chain), module.clone());
            async move { leaves_nothing(&chain, &module) }
        }));
    }
    cases
}

/// The cases of the workshop as a whole.
pub fn of_workshop(chain: &Arc<Chain>) -> Vec<Proof> {
    if chain.workshop().modules.iter().any(cleans) {
        vec![proof(Kind::T7, "workshop".to_owned(), once_more(Arc::clone(chain)))]
    } else {
        Vec::new()
    }
}

/// What is said of a module that the chain did not reach.
pub fn unreached(what: &str) -> Vec<String> {
    vec![format!("{what} was not reached: a step before it is not solved")]
}

/// T2: a check that passes before its step does not tell whether the step was done. It is looked at with what the module
/// needs, and, when it passes there, right before its own step: a step in between may have taken away what it looks at.
async fn fails_first(chain: Arc<Chain>, module: Module) -> Vec<String> {
    let Some(start) = chain.before_module(&module) else { return unreached(&module.id) };
    let early = start.fork(&chain.session);
    let _awake = early.clock.participate();
    let mut findings = missing(&early, &module.needs).await;
    for step in &module.steps {
        let late = chain.before(&step.id).map(|snapshot| snapshot.fork(&chain.session));
        for check in &step.checks {
            let mut passes = early.guide.evaluate(check).await.passed();
            if let Some(late) = late.as_ref().filter(|_| passes) {
                let _awake = late.clock.participate();
                passes = late.guide.evaluate(check).await.passed();
            }
            match (&check.already, passes) {
                (None, true) => findings.push(format!(
                    "{} passes before its step; let it look at what the step changes, or say with `already` why it may",
                    check.id
                )),
                (Some(_), false) => {
                    findings.push(format!("{} does not pass before its step; take its `already` away", check.id));
                }
                _ => {}
            }
        }
    }
    findings
}

/// The drill part of T3: it comes to a verdict, and the step's checks pass afterwards.
async fn drilled(chain: Arc<Chain>, step: Step) -> Vec<String> {
    let Some(start) = chain.before(&step.id) else { return unreached(&step.id) };
    let session = start.fork(&chain.session);
    let _awake = session.clock.participate();
    super::solve::step_of(&session, &step, DRILLED).await.trouble
}

/// T4: the commands of a module that is solved change nothing.
async fn same_again(chain: Arc<Chain>, module: Module) -> Vec<String> {
    let Some(first) = chain.after(&module.id) else { return unreached(&module.id) };
    let run = Solve { session: first.fork(&chain.session), module, how: AGAIN };
    let ended = run.go().await;
    if !ended.trouble.is_empty() {
        return ended.trouble;
    }
    State::of(first.world()).difference(&State::of(ended.last.world()))
}

/// T6: after the clean-up the account is empty, as the first world was.
fn leaves_nothing(chain: &Chain, module: &Module) -> Vec<String> {
    let Some(last) = chain.after(&module.id) else { return unreached(&module.id) };
    let first = chain.workshop().modules.first().and_then(|module| chain.before_module(module));
    let baseline = first.map(|snapshot| State::of(snapshot.world())).unwrap_or_default();
    baseline.difference(&State::of(last.world()))
}

/// T7: after the clean-up everything can be built again, and it is the same.
async fn once_more(chain: Arc<Chain>) -> Vec<String> {
    let modules = chain.workshop().modules.clone();
    let Some(place) = modules.iter().position(cleans) else { return Vec::new() };
    let (Some(cleaner), Some(built)) = (modules.get(place), place.checked_sub(1).and_then(|at| modules.get(at))) else {
        return Vec::new();
    };
    let (Some(empty), Some(full)) = (chain.after(&cleaner.id), chain.after(&built.id)) else {
        return unreached(&cleaner.id);
    };
    let mut world = empty.clone();
    for module in modules.iter().take(place) {
        match solved(&chain, &world, module).await {
            Ok(next) => world = next,
            Err(trouble) => return trouble,
        }
    }
    let (before, after) = (State::of(full.world()).counts(), State::of(world.world()).counts());
    let mut findings = Vec::new();
    for (kind, count) in &before {
        let now = after.get(kind).copied().unwrap_or_default();
        if now != *count {
            findings.push(format!("{kind}: {count} the first time, {now} after the clean-up"));
        }
    }
    findings.extend(after.keys().filter(|kind| !before.contains_key(*kind)).map(|kind| format!("{kind} is new")));
    findings
}

/// T8: from an empty account, with the modules that give what it needs and no others.
async fn any_order(chain: Arc<Chain>, module: Module) -> Vec<String> {
    let modules = &chain.workshop().modules;
    let before = needed(chain.workshop(), &module);
    let all_before = modules.iter().position(|other| other.id == module.id).unwrap_or_default();
    if before.len() == all_before {
        // The chain is that order: T3 has solved it.
        return match chain.before_module(&module) {
            Some(start) => {
                let session = start.fork(&chain.session);
                let _awake = session.clock.participate();
                missing(&session, &module.needs).await
            }
            None => unreached(&module.id),
        };
    }
    let Some(mut world) = modules.first().and_then(|first| chain.before_module(first)).cloned() else {
        return unreached(&module.id);
    };
    let prefix = before.iter().zip(modules).take_while(|(one, other)| one.id == other.id).count();
    if let Some(reached) = prefix.checked_sub(1).and_then(|at| modules.get(at)).and_then(|last| chain.after(&last.id)) {
        world = reached.clone();
    }
    for next in before.into_iter().skip(prefix).chain([&module]) {
        match solved(&chain, &world, next).await {
            Ok(after) => world = after,
            Err(trouble) => return trouble,
        }
    }
    Vec::new()
}

async fn solved(chain: &Chain, world: &Snapshot, module: &Module) -> Result<Snapshot, Vec<String>> {
    let run = Solve { session: world.fork(&chain.session), module: module.clone(), how: PLAINLY };
    let ended: plan::Ended = run.go().await;
    if ended.trouble.is_empty() { Ok(ended.last) } else { Err(ended.trouble) }
}
