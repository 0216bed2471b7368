//! Facts: what is established when all checks of the steps that give it pass.

use std::collections::BTreeMap;

use super::context::Guide;
use crate::content::model;
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

impl Guide {
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
