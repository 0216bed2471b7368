//! The whole workshop without a screen: every step's solution, every check waited for, every drill measured.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::actions::{self, RunError};
use super::drills::DrillError;
use super::kept;
use super::session::Session;
use crate::content::model::{Module, Step, StepKind};
use crate::domain::{Effect, Event, EventKind, Outcome};
use crate::drill::{Control, Report, Samples, Stage};
use crate::guide::action::Told;
use crate::reset;

/// How often checks are asked again, in simulated time.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// A check that says nothing of its time is given this long.
pub(super) const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What a walk ends with. Serialised with `"event": "summary"`, it is the last line of `run --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Modules whose steps are all done.
    pub modules_done: usize,
    /// The greatest measured recovery time; none when no drill was run.
    pub rto_seconds: Option<f64>,
    /// The greatest measured loss; none unless replication was cut.
    pub rpo_seconds: Option<f64>,
    /// The verdict on it.
    pub rpo_verdict: String,
    /// Things of the run that are left, by tag and by list reads; none when the clean-up was not part of the walk.
    pub resources_left: Option<usize>,
    /// How long it took in simulated time.
    pub simulated_seconds: f64,
    /// How long it took.
    pub wall_seconds: f64,
}

/// Why a walk ended early.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// No such module.
    #[error("there is no module '{given}'; the workshop has {known}, and all")]
    Unknown {
        /// What was given.
        given: String,
        /// What there is.
        known: String,
    },
    /// It would delete what it did not make.
    #[error(
        "this account already holds {count} things of the run {suffix}, and the walk ends with a clean-up that would delete \
         them. Use --fresh for a throw-away world, or run a single module such as m3"
    )]
    NotOurs {
        /// How many.
        count: usize,
        /// Whose.
        suffix: String,
    },
    /// Real AWS, and not everything was approved.
    #[error("on real AWS nothing happens without approval; add --approve {0}")]
    NotApproved(String),
    /// An action failed.
    #[error("{action}: {error}")]
    Action {
        /// The action.
        action: String,
        /// Why.
        error: RunError,
    },
    /// A check did not pass.
    #[error("{check} did not pass: {why}")]
    Check {
        /// The check.
        check: String,
        /// Why.
        why: String,
    },
    /// A drill could not be begun.
    #[error(transparent)]
    Drill(#[from] DrillError),
    /// Things are left, or the count by reads is not the world's own.
    #[error("{0}")]
    Left(String),
    /// Interrupted.
    #[error("interrupted; what was begun goes on in AWS, and the same command continues")]
    Cancelled,
}

/// A walk in progress.
pub struct Walk<'w> {
    session: &'w Arc<Session>,
    cancel: &'w CancellationToken,
    tell: &'w (dyn Fn(Event) + Send + Sync),
    reports: Vec<Report>,
}

/// Walks one module with all that it needs, or the whole workshop. Call it while holding one participant of the clock.
pub async fn walk(
    session: &Arc<Session>,
    which: &str,
    approved: &BTreeSet<Effect>,
    cancel: &CancellationToken,
    tell: &(dyn Fn(Event) + Send + Sync),
) -> Result<Summary, WalkError> {
    let begun = session.clock.now();
    let modules = scope(session, which)?;
    allowed(session, &modules, approved).await?;
    let mut walk = Walk::new(session, cancel, tell);
    let mut done = 0;
    for module in &modules {
        walk.module(module).await?;
        done += 1;
    }
    let cleaned = modules.iter().any(|module| deletes(module));
    let left = if cleaned { Some(walk.proof().await?) } else { None };
    let greatest = |seconds: &dyn Fn(&Report) -> Option<f64>| walk.reports.iter().filter_map(seconds).reduce(f64::max);
    let mut rpo =
        walk.reports.iter().filter(|report| report.plan.cuts_replication).map(|report| report.rpo_verdict.word());
    Ok(Summary {
        modules_done: done,
        rto_seconds: greatest(&|report| report.rto_seconds),
        rpo_seconds: greatest(&|report| report.rpo_seconds),
        rpo_verdict: rpo.next_back().unwrap_or("NOT EXERCISED").to_owned(),
        resources_left: left,
        simulated_seconds: session.clock.now().since(begun).as_secs_f64(),
        wall_seconds: 0.0,
    })
}

/// The modules up to the one that was asked for: what it needs comes first.
fn scope<'s>(session: &'s Session, which: &str) -> Result<Vec<&'s Module>, WalkError> {
    let modules = &session.guide.workshop().modules;
    if which == "all" {
        return Ok(modules.iter().collect());
    }
    match modules.iter().position(|module| module.id == which) {
        Some(place) => Ok(modules.iter().take(place + 1).collect()),
        None => Err(WalkError::Unknown {
            given: which.to_owned(),
            known: modules.iter().map(|module| module.id.as_str()).collect::<Vec<_>>().join(", "),
        }),
    }
}

fn deletes(module: &Module) -> bool {
    module.steps.iter().any(|step| step.kind == StepKind::CleanUp)
}

/// Nothing is deleted that the walk did not make, and on real AWS nothing happens that was not approved.
async fn allowed(session: &Session, modules: &[&Module], approved: &BTreeSet<Effect>) -> Result<(), WalkError> {
    if !session.simulated() {
        let needed: BTreeSet<Effect> = modules
            .iter()
            .flat_map(|module| &module.steps)
            .flat_map(|step| &step.actions)
            .map(|action| action.effect)
            .filter(|effect| *effect != Effect::Read)
            .collect();
        if !needed.is_subset(approved) {
            let words: Vec<&str> = needed.iter().map(|effect| effect.word()).collect();
            return Err(WalkError::NotApproved(words.join(",")));
        }
    }
    if modules.iter().any(|module| deletes(module)) && session.throw_away.is_none() {
        let found = reset::inventory(session.guide.aws().as_ref(), &session.run()).await;
        if !found.left.is_empty() {
            return Err(WalkError::NotOurs { count: found.left.len(), suffix: session.suffix().to_owned() });
        }
    }
    Ok(())
}

impl<'w> Walk<'w> {
    /// A walk that has not done anything yet.
    pub(super) fn new(
        session: &'w Arc<Session>,
        cancel: &'w CancellationToken,
        tell: &'w (dyn Fn(Event) + Send + Sync),
    ) -> Self {
        Self { session, cancel, tell, reports: Vec::new() }
    }

    fn event(&self, kind: EventKind) -> Event {
        Event::new(kind, self.session.clock.now())
    }

    async fn module(&mut self, module: &Module) -> Result<(), WalkError> {
        (self.tell)(Event { module: Some(module.id.clone()), ..self.event(EventKind::ModuleStarted) });
        for step in &module.steps {
            self.step(step).await?;
        }
        (self.tell)(Event { module: Some(module.id.clone()), ..self.event(EventKind::ModuleDone) });
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Result<(), WalkError> {
        let here = |event: Event| Event { module: Some(step.module.clone()), step: Some(step.id.clone()), ..event };
        (self.tell)(here(self.event(EventKind::StepStarted)));
        let done = !step.checks.is_empty() && self.session.guide.evaluate_step(step).await.passed();
        if !done {
            for anchor in &step.solution {
                self.action(step, anchor.trim_start_matches('#')).await?;
            }
        }
        for fault in &step.drills {
            self.drill(step, fault).await?;
        }
        self.checks(step).await?;
        (self.tell)(here(self.event(EventKind::StepDone)));
        Ok(())
    }

    async fn action(&self, step: &Step, anchor: &str) -> Result<(), WalkError> {
        let Some(action) = step.actions.iter().find(|action| action.anchor == anchor) else { return Ok(()) };
        let event = |kind, message: Option<String>| Event {
            module: Some(step.module.clone()),
            step: Some(step.id.clone()),
            action: Some(action.id.clone()),
            message,
            ..self.event(kind)
        };
        (self.tell)(event(EventKind::ActionStarted, None));
        let tell = |told: Told| {
            if let Told::Line(text) | Told::Running(text) | Told::Ok(text) = told {
                (self.tell)(event(EventKind::ActionProgress, Some(text)));
            }
        };
        match actions::run(self.session, &action.id, self.cancel, &tell).await {
            Ok(done) => {
                let note = done.already.then(|| "it was so already".to_owned());
                (self.tell)(event(EventKind::ActionDone, note));
                Ok(())
            }
            Err(error) if error.cancelled() => {
                (self.tell)(event(EventKind::ActionCancelled, None));
                Err(WalkError::Cancelled)
            }
            Err(error) => {
                (self.tell)(event(EventKind::ActionFailed, Some(error.to_string())));
                Err(WalkError::Action { action: action.id.clone(), error })
            }
        }
    }

    /// Asks the step's checks again and again until they pass, and tells every change.
    async fn checks(&self, step: &Step) -> Result<(), WalkError> {
        let limit = step.checks.iter().filter_map(|check| check.within).max().unwrap_or(PATIENCE);
        // Half of all learners are there after `within`; twice that and some is more than anybody should wait.
        let until = self.session.clock.now().plus(limit * 2 + PATIENCE);
        let mut told: Vec<(String, &'static str)> = Vec::new();
        loop {
            if self.cancel.is_cancelled() {
                return Err(WalkError::Cancelled);
            }
            self.session.guide.forget_outputs();
            let answered = self.session.guide.evaluate_step(step).await;
            for (check, outcome) in &answered.checks {
                let word = outcome.word();
                if told.iter().any(|(known, before)| known == check && *before == word) {
                    continue;
                }
                told.retain(|(known, _)| known != check);
                told.push((check.clone(), word));
                (self.tell)(Event {
                    module: Some(step.module.clone()),
                    step: Some(step.id.clone()),
                    check: Some(check.clone()),
                    outcome: Some(word.to_owned()),
                    message: reason(outcome),
                    ..self.event(EventKind::CheckChanged)
                });
            }
            let Some((check, outcome)) = answered.checks.iter().find(|(_, outcome)| !outcome.passed()) else {
                return Ok(());
            };
            if self.session.clock.now() >= until {
                let why = reason(outcome).unwrap_or_else(|| outcome.word().to_owned());
                return Err(WalkError::Check { check: check.clone(), why });
            }
            self.session.clock.sleep(ASK_AGAIN).await;
        }
    }

    /// Runs the drill of that fault and goes back.
    pub(super) async fn drill(&mut self, step: &Step, fault: &str) -> Result<(), WalkError> {
        let control = Control { abort: self.cancel.clone(), ..Control::default() };
        let stage = std::sync::Mutex::new(None);
        let show = |snapshot: crate::drill::Snapshot| {
            let mut before = stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if before.as_ref() == Some(&snapshot.stage) {
                return;
            }
            let message = snapshot.log.last().map(|line| line.text.clone());
            *before = Some(snapshot.stage.clone());
            (self.tell)(Event {
                module: Some(step.module.clone()),
                step: Some(step.id.clone()),
                message,
                detail: Some(json!({ "fault": fault, "stage": snapshot.stage })),
                ..Event::new(EventKind::DrillPhase, snapshot.at)
            });
        };
        let mut report = kept::run(self.session, fault, true, false, &control, &show).await?.report;
        (self.tell)(Event {
            module: Some(step.module.clone()),
            step: Some(step.id.clone()),
            outcome: Some(report.verdict.word().to_owned()),
            detail: Some(json!({
                "fault": fault,
                "rto_seconds": report.rto_seconds,
                "rpo_seconds": report.rpo_seconds,
                "rpo_verdict": report.rpo_verdict.word(),
                "fail_back_seconds": report.fail_back_seconds,
                "phases": report.analysis.phases.iter().map(|(phase, span)| (phase.word(), span.as_secs_f64())).collect::<Vec<_>>(),
            })),
            ..self.event(EventKind::Note)
        });
        if let Stage::Stopped(why) = &report.stage {
            return Err(WalkError::Check { check: format!("{} (drill {fault})", step.id), why: why.clone() });
        }
        // What it saw is megabytes, and only its conclusions are needed from here on.
        report.samples = Samples::default();
        self.reports.push(report);
        Ok(())
    }

    /// What is left by tag and by list reads; it must be what the world itself holds.
    async fn proof(&self) -> Result<usize, WalkError> {
        let found = reset::inventory(self.session.guide.aws().as_ref(), &self.session.run()).await;
        if let Some(unread) = found.unread.first() {
            return Err(WalkError::Left(format!("nothing is proved while a read fails: {unread}")));
        }
        let count = found.left.len();
        for left in &found.left {
            (self.tell)(Event {
                message: Some(format!("left in {}: {}", left.region, left.id)),
                ..self.event(EventKind::Note)
            });
        }
        match self.session.world_count() {
            Some(own) if own != count => Err(WalkError::Left(format!(
                "{count} things are left by reads, but the simulated world itself holds {own}"
            ))),
            _ => Ok(count),
        }
    }
}

/// Why a check is not passed, in words.
pub(super) fn reason(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Fail { cause } => {
            let values = cause
                .got
                .as_ref()
                .zip(cause.want.as_ref())
                .map(|(got, want)| format!(" (found {got}, expected {want})"));
            Some(format!("{}{}", cause.say, values.unwrap_or_default()))
        }
        Outcome::Unknown { message, .. } => Some(message.clone()),
        Outcome::Pending { state, .. } => Some(state.clone()),
        Outcome::Todo | Outcome::Pass => None,
    }
}
