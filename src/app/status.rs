//! What follows from facts, checks and jobs: how a step, a module and a Region stand. Nothing here is stored.

use std::time::Duration;

use crate::content::model::StepKind;
use crate::domain::{Outcome, ResourceState, Role};

use super::job::JobState;
use super::model::Model;
use super::outline::{ModuleOutline, Need, StepOutline};

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepStatus {
    /// All its checks pass, or it was read.
    Done,
    /// One of its jobs runs, or a check is pending.
    Running,
    /// Its last job failed, or a check does.
    Failed,
    /// Not begun.
    Open,
}

/// How a module stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleStatus {
    /// All steps are done.
    Done,
    /// Some steps are done, or it was entered.
    InProgress,
    /// It can be begun.
    Open,
    /// So many needs do not hold.
    Needs(usize),
}

/// How a Region stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionStatus {
    /// Not read yet.
    Unread,
    /// Broken by the drill.
    Down,
    /// Its worst resource state; `NotCreated` when there is nothing.
    State(ResourceState),
}

impl Model {
    /// How a step stands.
    pub fn step_status(&self, step: &StepOutline) -> StepStatus {
        if self.jobs.iter().any(|job| job.step == step.id && job.running()) {
            return StepStatus::Running;
        }
        if step.checks.is_empty() {
            let done = self.read.contains(&step.id);
            return if done { StepStatus::Done } else { self.after_job(step) };
        }
        let outcomes: Vec<Option<&Outcome>> =
            step.checks.iter().map(|id| self.checks.get(id).map(|seen| &seen.value)).collect();
        if outcomes.iter().all(|outcome| outcome.is_some_and(Outcome::passed)) {
            let early = step.kind == StepKind::CleanUp && !self.cleaning;
            return if early { self.after_job(step) } else { StepStatus::Done };
        }
        if outcomes.iter().any(|outcome| matches!(outcome, Some(Outcome::Fail { .. }))) {
            return StepStatus::Failed;
        }
        if outcomes.iter().any(|outcome| matches!(outcome, Some(Outcome::Pending { .. }))) {
            return StepStatus::Running;
        }
        self.after_job(step)
    }

    fn after_job(&self, step: &StepOutline) -> StepStatus {
        match self.jobs.iter().rev().find(|job| job.step == step.id).map(|job| &job.state) {
            Some(JobState::Failed(_)) => StepStatus::Failed,
            _ => StepStatus::Open,
        }
    }

    /// Whether a step is done.
    pub fn step_done(&self, step: &StepOutline) -> bool {
        self.step_status(step) == StepStatus::Done
    }

    /// Done steps of a module.
    pub fn done_steps(&self, module: &ModuleOutline) -> usize {
        module.steps.iter().filter(|step| self.step_done(step)).count()
    }

    /// Done steps and all steps of the workshop.
    pub fn progress(&self) -> (usize, usize) {
        let done = self.modules.iter().map(|module| self.done_steps(module)).sum();
        (done, self.modules.iter().map(|module| module.steps.len()).sum())
    }

    /// How long the rest takes half of all learners: each module's time by its share of steps that are not done.
    pub fn time_left(&self) -> Duration {
        self.modules
            .iter()
            .map(|module| {
                let all = module.steps.len().max(1);
                let open = all.saturating_sub(self.done_steps(module));
                module.time.mul_f64(open as f64 / all as f64)
            })
            .sum()
    }

    /// How a needed fact stands; `None` while it was never read.
    pub fn need(&self, need: &Need) -> Option<&Outcome> {
        self.facts.get(&need.fact).map(|seen| &seen.value)
    }

    /// The needs of a module that were read and do not hold.
    pub fn missing<'a>(&'a self, module: &'a ModuleOutline) -> impl Iterator<Item = &'a Need> {
        module.needs.iter().filter(|need| self.need(need).is_some_and(|outcome| !outcome.passed()))
    }

    /// The needs of a module that hold for sure do not count; those never read do.
    pub fn not_known_to_hold<'a>(&'a self, module: &'a ModuleOutline) -> impl Iterator<Item = &'a Need> {
        module.needs.iter().filter(|need| !self.need(need).is_some_and(Outcome::passed))
    }

    /// How a module stands.
    pub fn module_status(&self, module: &ModuleOutline) -> ModuleStatus {
        let done = self.done_steps(module);
        if done > 0 && done == module.steps.len() {
            return ModuleStatus::Done;
        }
        let missing = self.missing(module).count();
        if missing > 0 {
            return ModuleStatus::Needs(missing);
        }
        let here = self.step_screen().and_then(|screen| self.modules.get(screen.module));
        if done > 0 || here.is_some_and(|here| here.id == module.id) {
            return ModuleStatus::InProgress;
        }
        ModuleStatus::Open
    }

    /// The first step of a module that is not done, or its first.
    pub fn next_step(&self, module: &ModuleOutline) -> usize {
        module.steps.iter().position(|step| !self.step_done(step)).unwrap_or(0)
    }

    /// How a Region stands: what needs most attention wins.
    pub fn region_status(&self, role: Role) -> RegionStatus {
        if self.drill.state.active() && self.drill.broken == Some(role) {
            return RegionStatus::Down;
        }
        let Some(seen) = &self.resources else { return RegionStatus::Unread };
        let worst = [
            ResourceState::Failed,
            ResourceState::Deleting,
            ResourceState::Creating,
            ResourceState::Updating,
            ResourceState::Lagging,
            ResourceState::Ready,
        ];
        let has = |state| seen.value.rows.iter().any(|row| row.role == role && row.state == state);
        RegionStatus::State(worst.into_iter().find(|state| has(*state)).unwrap_or(ResourceState::NotCreated))
    }
}
