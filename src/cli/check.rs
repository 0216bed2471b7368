//! `workshop check`: evaluates the checks of a module, a step or a fact.

use std::time::Duration;

use serde_json::json;

use super::args::{CheckArgs, Global};
use super::exit::Exit;
use super::open;
use crate::cli::out::{errln, outln};
use crate::content::model::Step;
use crate::domain::{Outcome, Unknown};
use crate::engine::session::Session;
use crate::guide::StepOutcome;

/// How often `--wait` asks again, in the run's own time.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// Evaluates and prints.
pub(super) async fn run(global: &Global, arguments: CheckArgs) -> Exit {
    let session = match open::session(global, false, false).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let steps = chosen(&session, &arguments.what);
    if steps.is_empty() {
        errln!("workshop: '{}' is no module, step or fact of this workshop", arguments.what);
        return Exit::Usage;
    }
    let _awake = session.clock.participate();
    loop {
        let mut answered = Vec::new();
        for step in &steps {
            answered.push(session.guide.evaluate_step(step).await);
        }
        let exit = verdict(&answered);
        let unfinished = answered.iter().flat_map(|step| &step.checks).any(|(_, outcome)| on_its_way(outcome));
        if !arguments.wait || exit == Exit::Done || !unfinished {
            print(&session, &answered, arguments.json);
            return exit;
        }
        session.clock.sleep(ASK_AGAIN).await;
        session.guide.forget_outputs();
    }
}

/// The steps of a module, the step, or the steps that give a fact.
fn chosen<'s>(session: &'s Session, what: &str) -> Vec<&'s Step> {
    let steps = session.guide.workshop().modules.iter().flat_map(|module| &module.steps);
    steps
        .filter(|step| {
            what == "all" || step.module == what || step.id == what || step.gives.iter().any(|fact| fact.0 == what)
        })
        .collect()
}

fn on_its_way(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Pending { .. } | Outcome::Unknown { why: Unknown::Throttled | Unknown::Network, .. })
}

/// No when anything is not passed; AWS's trouble when something could not be read.
fn verdict(answered: &[StepOutcome]) -> Exit {
    let outcomes = || answered.iter().flat_map(|step| &step.checks).map(|(_, outcome)| outcome);
    let refused = |outcome: &Outcome| {
        matches!(outcome, Outcome::Unknown { why: Unknown::Denied | Unknown::Expired | Unknown::Network, .. })
    };
    if outcomes().any(refused) {
        Exit::Aws
    } else if outcomes().all(Outcome::passed) {
        Exit::Done
    } else {
        Exit::No
    }
}

fn print(session: &Session, answered: &[StepOutcome], json: bool) {
    let at = session.clock.now().epoch_seconds();
    for (check, outcome) in answered.iter().flat_map(|step| &step.checks) {
        if json {
            outln!(
                "{}",
                json!({ "event": "check", "at": at, "check": check, "outcome": outcome.word(), "detail": outcome })
            );
        } else {
            let words = super::plain::outcome_words(Some(outcome));
            outln!("{check}: {words}");
        }
    }
    for (fact, outcome) in session.guide.facts(answered) {
        if json {
            outln!("{}", json!({ "event": "fact", "at": at, "fact": fact, "outcome": outcome.word() }));
        } else {
            outln!("fact {fact}: {}", outcome.word());
        }
    }
}
