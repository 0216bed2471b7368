//! Solves steps in a copy of a world while somebody looks at their checks all the time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::StepTime;
use crate::content::model::{Check, Module, Step};
use crate::domain::{FailureClass, Outcome, SimTime};
use crate::engine::actions::{self, RunError};
use crate::engine::session::Session;
use crate::engine::walk::{self, Walk};
use crate::guide::OutputError;
use crate::guide::action::ActionError;
use crate::sandbox::World;

/// How often checks are asked again when nobody looks at the way there, in simulated time.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// A world on the way, and what the guide remembers of it.
#[derive(Clone)]
pub struct Snapshot {
    world: World,
    starts: BTreeMap<String, SimTime>,
}

impl Snapshot {
    /// The run as it is now. A copy of a world is always there: the sessions here have one in memory.
    pub fn of(session: &Session) -> Self {
        let world = session.throw_away.as_ref().map(|sandbox| sandbox.with_world(|world| world.clone()));
        Self { world: world.unwrap_or_else(|| World::new(session.settings.seed)), starts: session.guide.starts() }
    }

    /// The world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// A run of its own that goes on from here.
    pub fn fork(&self, session: &Session) -> Arc<Session> {
        let copy = session.in_copy(self.world.clone());
        for (step, at) in &self.starts {
            copy.guide.remember_start(step, *at);
        }
        Arc::new(copy)
    }
}

/// How a step is solved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct How {
    /// Whether its commands run although its checks pass.
    pub again: bool,
    /// How often its checks are looked at on the way; none for not at all.
    pub glance: Option<Duration>,
    /// Whether its drills are run.
    pub drills: bool,
}

/// What came of solving a step.
#[derive(Clone, Debug, Default)]
pub struct Solved {
    /// How long it took.
    pub time: Option<StepTime>,
    /// Why it is not solved.
    pub trouble: Vec<String>,
    /// Checks that called something wrong while it was on its way.
    pub dishonest: Vec<String>,
}

/// Solves the steps of a module in order; the first one that is not solved ends it. Call it while holding one participant
/// of the session's clock. `after` is told every step that is solved.
pub async fn module(
    session: &Arc<Session>,
    module: &Module,
    how: How,
    after: &mut (dyn FnMut(&Step, Solved) + Send),
) -> Result<(), String> {
    for step in &module.steps {
        let solved = step_of(session, step, how).await;
        let trouble = solved.trouble.first().cloned();
        after(step, solved);
        if let Some(trouble) = trouble {
            return Err(trouble);
        }
    }
    Ok(())
}

/// Solves one step. Call it while holding one participant of the session's clock.
pub async fn step_of(session: &Arc<Session>, step: &Step, how: How) -> Solved {
    let mut solved = Solved::default();
    let begun = session.clock.now();
    session.guide.forget_outputs();
    let passes = !step.checks.is_empty() && session.guide.evaluate_step(step).await.passed();
    if passes && !how.again {
        return solved;
    }
    let over = CancellationToken::new();
    let watching = how.glance.map(|glance| {
        let awake = session.clock.participate();
        let (session, checks, over) = (Arc::clone(session), step.checks.clone(), over.clone());
        tokio::spawn(async move { (watch(&session, &checks, glance, &over).await, awake) })
    });
    if let Err(trouble) = act(session, step, how, passes).await {
        solved.trouble.push(trouble);
    }
    if solved.trouble.is_empty()
        && let Err(trouble) = settle(session, step).await
    {
        solved.trouble.push(trouble);
    }
    over.cancel();
    if let Some(watching) = watching
        && let Ok((seen, _awake)) = session.clock.idle(watching).await
    {
        solved.dishonest = seen;
    }
    let seconds = session.clock.now().since(begun).as_secs_f64();
    solved.time = Some(StepTime { step: step.id.clone(), seconds });
    solved
}

/// Runs the step's solution and its drills.
async fn act(session: &Arc<Session>, step: &Step, how: How, passes: bool) -> Result<(), String> {
    let cancel = CancellationToken::new();
    for anchor in &step.solution {
        let Some(action) = step.actions.iter().find(|action| action.anchor == *anchor) else { continue };
        match actions::run(session, &action.id, &cancel, &|_| {}).await {
            Ok(_) => {}
            // What a clean-up would change or delete is gone already, and with it the value that names it.
            Err(RunError::NotReady(OutputError::Missing(_))) if passes => {}
            Err(RunError::Action(ActionError::Refused { failure, .. }))
                if passes && failure.class == FailureClass::NotFound => {}
            Err(error) => return Err(format!("{}: {error}", action.id)),
        }
    }
    if how.drills {
        let silent = |_| {};
        let mut walk = Walk::new(session, &cancel, &silent);
        for fault in &step.drills {
            walk.drill(step, fault).await.map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Waits until all checks of the step pass.
async fn settle(session: &Arc<Session>, step: &Step) -> Result<(), String> {
    let limit = step.checks.iter().filter_map(|check| check.within).max().unwrap_or(walk::PATIENCE);
    let until = session.clock.now().plus(limit + walk::PATIENCE);
    loop {
        session.guide.forget_outputs();
        let answered = session.guide.evaluate_step(step).await;
        let Some((check, outcome)) = answered.checks.iter().find(|(_, outcome)| !outcome.passed()) else {
            return Ok(());
        };
        if session.clock.now() >= until {
            let why = walk::reason(outcome).unwrap_or_default();
            return Err(format!(
                "{check} is {} {} after its step: {why}",
                outcome.word(),
                spell(limit + walk::PATIENCE)
            ));
        }
        session.clock.sleep(ASK_AGAIN).await;
    }
}

/// Looks at checks until they pass. What it gives are those that failed on the way, or came later than they say.
async fn watch(session: &Session, checks: &[Check], glance: Duration, over: &CancellationToken) -> Vec<String> {
    let begun = session.clock.now();
    let mut open: Vec<&Check> = checks.iter().collect();
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    // Whoever looks is a participant until the step is over, and a participant that has ended would hold time.
    loop {
        // At the instant of its start, whether a check is looked at before or after the first request is a matter of luck.
        session.clock.sleep(glance).await;
        if over.is_cancelled() {
            break;
        }
        let mut still = Vec::new();
        for check in open {
            let outcome = session.guide.evaluate(check).await;
            let after = session.clock.now().since(begun);
            match outcome {
                Outcome::Pass => {
                    if let Some(within) = check.within.filter(|within| after > *within) {
                        let late =
                            format!("{} passed after {}; its `within` says {}", check.id, spell(after), spell(within));
                        seen.entry(&check.id).or_insert(late);
                    }
                    continue;
                }
                Outcome::Fail { cause } => {
                    let said =
                        format!("{} failed {} after its start ({}): {}", check.id, spell(after), cause.id, cause.say);
                    seen.entry(&check.id).or_insert(said);
                }
                Outcome::Todo | Outcome::Pending { .. } | Outcome::Unknown { .. } => {}
            }
            still.push(check);
        }
        open = still;
    }
    seen.into_values().collect()
}

fn spell(span: Duration) -> String {
    crate::domain::time::spell(span)
}
