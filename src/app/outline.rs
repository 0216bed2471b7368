//! The workshop as the screens need it: modules with their steps, needs and check ids, without any text that has
//! templates still to be filled in.

use std::time::Duration;

use crate::content::model::{Module, Step, StepKind, Workshop};
use crate::domain::FactId;

use super::{ModuleId, StepId};

/// A module on the home screen.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleOutline {
    /// `m2`.
    pub id: ModuleId,
    /// 2.
    pub number: u8,
    /// `Multi-Region data`.
    pub title: String,
    /// One or two sentences.
    pub summary: String,
    /// What must hold before it makes sense.
    pub needs: Vec<Need>,
    /// How long half of all learners take.
    pub time: Duration,
    /// What it builds, one line each.
    pub changes: Vec<String>,
    /// Its steps in order.
    pub steps: Vec<StepOutline>,
}

/// A fact that a module needs, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The fact.
    pub fact: FactId,
    /// The step that gives it: module, step and the step's title.
    pub given_by: Option<(ModuleId, StepId, String)>,
}

/// A step in a module's list.
#[derive(Clone, Debug, PartialEq)]
pub struct StepOutline {
    /// `m2.aurora-replica`.
    pub id: StepId,
    /// The heading.
    pub title: String,
    /// What it asks of the learner.
    pub kind: StepKind,
    /// The full ids of its checks, `m2.aurora-replica/replica-cluster`. None: reading it is doing it.
    pub checks: Vec<String>,
    /// The faults that a drill step runs, by name.
    pub drills: Vec<String>,
}

/// The outline of a compiled workshop.
pub fn outline(workshop: &Workshop) -> Vec<ModuleOutline> {
    workshop.modules.iter().map(|module| module_outline(workshop, module)).collect()
}

fn module_outline(workshop: &Workshop, module: &Module) -> ModuleOutline {
    ModuleOutline {
        id: module.id.clone(),
        number: module.number,
        title: module.title.clone(),
        summary: module.summary.clone(),
        needs: module.needs.iter().map(|fact| Need { fact: fact.clone(), given_by: giver(workshop, fact) }).collect(),
        time: module.time.0,
        changes: module.changes.clone(),
        steps: module.steps.iter().map(step_outline).collect(),
    }
}

fn step_outline(step: &Step) -> StepOutline {
    StepOutline {
        id: step.id.clone(),
        title: step.title.clone(),
        kind: step.kind,
        checks: step.checks.iter().map(|check| check.id.clone()).collect(),
        drills: step.drills.clone(),
    }
}

fn giver(workshop: &Workshop, fact: &FactId) -> Option<(ModuleId, StepId, String)> {
    workshop
        .modules
        .iter()
        .flat_map(|module| &module.steps)
        .find(|step| step.gives.contains(fact))
        .map(|step| (step.module.clone(), step.id.clone(), step.title.clone()))
}
