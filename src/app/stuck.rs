//! When a hint opens by itself: a check of the step has failed in the same way for a while, or the learner asked for it
//! and saw it fail twice.
//!
//! What the watcher reads again and again counts as time, never as a failure more: nobody has tried anything in between.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::content::model::Help;
use crate::domain::{Outcome, Way};

use super::model::{Model, Screen};
use super::msg::Effect;
use super::overlay::Overlay;

/// So long a check fails without change, on the wall, before a hint opens (design/content.md).
const PATIENCE: Duration = Duration::from_secs(90);

/// So often it fails when the learner asks for it before a hint opens (design/content.md).
const FAILURES: u8 = 2;

/// How the checks of the step on the screen have failed since it was opened.
#[derive(Clone, Debug, Default)]
pub(super) struct Stuck {
    failing: BTreeMap<String, Failing>,
    /// Checks that the learner asked for and that are not answered yet.
    asked: BTreeSet<String>,
    /// Checks and causes that a hint has opened for.
    helped: BTreeSet<(String, String)>,
}

#[derive(Clone, Debug)]
struct Failing {
    cause: String,
    since: Duration,
    failures: u8,
}

impl Stuck {
    /// The learner asks for these checks.
    pub(super) fn ask(&mut self, checks: impl IntoIterator<Item = String>) {
        self.asked.extend(checks);
    }

    /// A check was answered.
    pub(super) fn answered(&mut self, check: &str, outcome: &Outcome, wall: Duration) {
        let asked = self.asked.remove(check);
        match outcome {
            Outcome::Fail { cause } => {
                let fresh = Failing { cause: cause.id.clone(), since: wall, failures: 0 };
                let failing = self.failing.entry(check.to_owned()).or_insert_with(|| fresh.clone());
                if failing.cause != cause.id {
                    *failing = Failing { failures: failing.failures, ..fresh };
                }
                failing.failures = failing.failures.saturating_add(u8::from(asked));
            }
            // What could not be read says nothing.
            Outcome::Unknown { .. } => {}
            Outcome::Pass | Outcome::Pending { .. } | Outcome::Todo => drop(self.failing.remove(check)),
        }
    }

    /// A check that has failed long or often enough, and that no hint has opened for.
    fn due(&self, wall: Duration) -> Option<(String, String)> {
        let (check, failing) = self.failing.iter().find(|(check, failing)| {
            let long = wall.saturating_sub(failing.since) >= PATIENCE;
            let new = !self.helped.contains(&((*check).clone(), failing.cause.clone()));
            new && (long || failing.failures >= FAILURES)
        })?;
        Some((check.clone(), failing.cause.clone()))
    }
}

/// Opens the hint that is due: the one for the failing check, or the next one. The command itself shows only when it is
/// asked for, and in a challenge nothing opens by itself.
pub(super) fn help(model: &mut Model) -> Vec<Effect> {
    let here = matches!(model.screen(), Some(Screen::Step(_))) && model.overlays.is_empty();
    let Some(page) = model.page().filter(|_| here && model.way_here() != Some(Way::Challenge)) else {
        return Vec::new();
    };
    if model.jobs.iter().any(|job| job.step == page.step && job.running()) {
        return Vec::new();
    }
    let Some((check, cause)) = model.stuck.due(model.wall) else { return Vec::new() };
    let step = page.step.clone();
    let hints = model.hints_now(page);
    let gentle = hints.iter().take_while(|hint| !matches!(hint.help, Help::Show(_))).count();
    let own = hints.iter().take(gentle).position(|hint| hint.of.as_ref().is_some_and(|(of, _)| *of == check));
    let opened = model.hints.get(&step).copied().unwrap_or(0);
    let level = own.map_or(opened, |place| place) + 1;
    model.stuck.helped.insert((check, cause));
    if level > gentle {
        return Vec::new();
    }
    model.overlays.push(Overlay::Hint { step: step.clone(), level, scroll: 0 });
    super::update::notice(model, "A check still fails, so here is a hint. Esc closes it.");
    if level <= opened {
        return Vec::new();
    }
    model.hints.insert(step.clone(), level);
    vec![Effect::HintShown { step, level }]
}
