//! Facts: what is established when all checks of the steps that give it pass.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Guide;
use crate::content::model::{self, StepKind};
use crate::domain::{FactId, Outcome};

/// A step's checks with their answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The step's id.
    pub id: String,
    /// Each check's id and its answer, in order.
    pub checks: Vec<(String, Outcome)>,
}

impl Step {
    /// Whether all checks pass; a step without checks has nothing to fail.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|(_, outcome)| outcome.passed())
    }

    /// The answer for the step as a whole: the worst of its checks.
    pub fn whole(&self) -> Outcome {
        worst(self.checks.iter().map(|(_, outcome)| outcome))
    }
}

/// A fact that modules count on and that no longer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The fact.
    pub fact: FactId,
    /// The step that gives it, by its id and title.
    pub given_by: Option<(String, String)>,
}

impl Guide {
    /// The invariants that held `before` and do not hold `now`. What is on its way or could not be asked is not lost, and
    /// once the clean-up has begun, losing them is the aim.
    pub fn drift(&self, before: &BTreeMap<FactId, Outcome>, now: &BTreeMap<FactId, Outcome>) -> Vec<Drift> {
        let modules = &self.workshop().modules;
        let cleaning = modules
            .iter()
            .filter(|module| module.steps.iter().any(|step| step.kind == StepKind::CleanUp))
            .flat_map(|module| &module.steps)
            .any(|step| self.started(&step.id).is_some());
        if cleaning {
            return Vec::new();
        }
        let invariants: BTreeSet<&FactId> = modules.iter().flat_map(|module| &module.invariants).collect();
        let lost = |fact: &FactId| {
            before.get(fact).is_some_and(Outcome::passed)
                && matches!(now.get(fact), Some(Outcome::Fail { .. } | Outcome::Todo))
        };
        let giver = |fact: &FactId| {
            let step = modules.iter().flat_map(|module| &module.steps).find(|step| step.gives.contains(fact));
            step.map(|step| (step.id.clone(), step.title.clone()))
        };
        let found = invariants.into_iter().filter(|fact| lost(fact));
        found.map(|fact| Drift { fact: fact.clone(), given_by: giver(fact) }).collect()
    }

    /// Evaluates all checks of a step.
    pub async fn evaluate_step(&self, step: &model::Step) -> Step {
        let mut checks = Vec::new();
        for check in &step.checks {
            checks.push((check.id.clone(), self.evaluate(check).await));
        }
        Step { id: step.id.clone(), checks }
    }

    /// The facts that those steps give, from the answers of their checks.
    pub fn facts<'s>(&self, steps: impl IntoIterator<Item = &'s Step>) -> BTreeMap<FactId, Outcome> {
        let mut given: BTreeMap<FactId, Vec<Outcome>> = BTreeMap::new();
        for answered in steps {
            let Some(step) = self.step(&answered.id) else { continue };
            for fact in &step.gives {
                given.entry(fact.clone()).or_default().push(answered.whole());
            }
        }
        given.into_iter().map(|(fact, outcomes)| (fact, worst(outcomes.iter()))).collect()
    }
}

/// The answer that says most about what is missing.
fn worst<'o>(outcomes: impl Iterator<Item = &'o Outcome>) -> Outcome {
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Pass => 0,
        Outcome::Pending { .. } => 1,
        Outcome::Todo => 2,
        Outcome::Unknown { .. } => 3,
        Outcome::Fail { .. } => 4,
    };
    outcomes.max_by_key(|outcome| rank(outcome)).cloned().unwrap_or(Outcome::Pass)
}
