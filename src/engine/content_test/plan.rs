//! The chain: all modules solved in order in one world, with a copy of it before every step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use super::solve::{self, How, Snapshot};
use super::{Case, Kind, Options, Report, seconds};
use crate::content::model::{Module, Step, StepKind, Workshop};
use crate::engine::session::Session;

/// The worlds on the way through the workshop.
pub struct Chain {
    /// The run that all worlds are copies of: its content and its values.
    pub session: Arc<Session>,
    /// The world before each step, by the step's id.
    before: BTreeMap<String, Snapshot>,
    /// The world after the last step of each module, by the module's id.
    after: BTreeMap<String, Snapshot>,
    /// Modules that could not be solved in the chain.
    broken: BTreeSet<String>,
}

impl Chain {
    /// Solves the modules in order, up to the one that is tested, and tells what T3 and T9 found.
    pub async fn solve(
        session: &Arc<Session>,
        options: &Options,
        tell: &(dyn Fn(&Case) + Send + Sync),
        report: &mut Report,
    ) -> Self {
        let workshop = session.guide.workshop();
        let last = options.module.as_ref().and_then(|only| workshop.modules.iter().position(|one| one.id == *only));
        let mut chain = Self {
            session: Arc::clone(session),
            before: BTreeMap::new(),
            after: BTreeMap::new(),
            broken: BTreeSet::new(),
        };
        let mut world = Snapshot::of(session);
        for (place, module) in workshop.modules.iter().enumerate().take(last.map_or(usize::MAX, |place| place + 1)) {
            let tested = last.is_none_or(|last| last == place) && (options.wants(Kind::T3) || options.wants(Kind::T9));
            let how = How { again: false, glance: tested.then_some(options.glance), drills: false };
            let begun = Instant::now();
            let run = Solve { session: world.fork(session), module: module.clone(), how };
            let ended = tokio::spawn(run.go()).await;
            let Ok(mut ended) = ended else {
                chain.broken.insert(module.id.clone());
                break;
            };
            let unsolved = !ended.trouble.is_empty();
            if tested {
                let case =
                    |test, findings| Case { test, subject: module.id.clone(), seconds: seconds(begun), findings };
                let both = [case(Kind::T3, ended.trouble), case(Kind::T9, ended.dishonest)];
                for case in both.into_iter().filter(|case| options.wants(case.test)) {
                    tell(&case);
                    report.cases.push(case);
                }
                report.times.append(&mut ended.times);
            }
            chain.before.extend(ended.before);
            if unsolved {
                chain.broken.insert(module.id.clone());
                break;
            }
            world = ended.last.clone();
            chain.after.insert(module.id.clone(), ended.last);
        }
        chain
    }

    /// The workshop.
    pub fn workshop(&self) -> &Workshop {
        self.session.guide.workshop()
    }

    /// The world before a step; none when the chain did not get there.
    pub fn before(&self, step: &str) -> Option<&Snapshot> {
        self.before.get(step)
    }

    /// The world after a module; none when the chain did not get there.
    pub fn after(&self, module: &str) -> Option<&Snapshot> {
        self.after.get(module)
    }

    /// The world in which all these modules and steps are solved, and what stands before them.
    pub fn solved(&self, what: &[String]) -> Option<&Snapshot> {
        let steps: Vec<&Step> = self.workshop().modules.iter().flat_map(|module| &module.steps).collect();
        let place = |id: &String| steps.iter().rposition(|step| step.id == *id || step.module == *id);
        let Some(last) = what.iter().filter_map(place).max() else {
            return steps.first().and_then(|step| self.before(&step.id));
        };
        let (step, next) = (steps.get(last)?, steps.get(last + 1));
        match next.filter(|next| next.module == step.module) {
            Some(next) => self.before(&next.id),
            None => self.after(&step.module),
        }
    }

    /// The world before a module: after the one before it, or empty.
    pub fn before_module(&self, module: &Module) -> Option<&Snapshot> {
        module.steps.first().and_then(|step| self.before(&step.id))
    }
}

/// A module to be solved, as a task of its own: deep futures do not stand on the main thread's stack.
pub struct Solve {
    /// The run in which it is solved.
    pub session: Arc<Session>,
    /// The module.
    pub module: Module,
    /// How.
    pub how: How,
}

/// What came of solving a module.
pub struct Ended {
    /// The world before each step.
    pub before: BTreeMap<String, Snapshot>,
    /// The world at the end.
    pub last: Snapshot,
    /// Why it is not solved.
    pub trouble: Vec<String>,
    /// What called something wrong that was on its way.
    pub dishonest: Vec<String>,
    /// How long its steps took.
    pub times: Vec<super::StepTime>,
}

impl Solve {
    /// Solves it, and looks at the end whether the facts that it gives hold.
    pub async fn go(self) -> Ended {
        let _awake = self.session.clock.participate();
        let steps = &self.module.steps;
        let mut before = BTreeMap::new();
        if let Some(first) = steps.first() {
            before.insert(first.id.clone(), Snapshot::of(&self.session));
        }
        let (mut dishonest, mut times) = (Vec::new(), Vec::new());
        let session = Arc::clone(&self.session);
        let mut after = |step: &Step, solved: solve::Solved| {
            dishonest.extend(solved.dishonest);
            times.extend(solved.time);
            let next = steps.iter().skip_while(|other| other.id != step.id).nth(1);
            if let Some(next) = next.filter(|_| solved.trouble.is_empty()) {
                before.insert(next.id.clone(), Snapshot::of(&session));
            }
        };
        let result = solve::module(&self.session, &self.module, self.how, &mut after).await;
        let mut trouble: Vec<String> = result.err().into_iter().collect();
        if trouble.is_empty() {
            trouble = missing(&self.session, &self.module.gives).await;
        }
        Ended { before, last: Snapshot::of(&self.session), trouble, dishonest, times }
    }
}

/// The facts among those that do not hold now, in words.
pub async fn missing(session: &Session, facts: &[crate::domain::FactId]) -> Vec<String> {
    session.guide.forget_outputs();
    let mut findings = Vec::new();
    for fact in facts {
        let givers: Vec<&Step> = session
            .guide
            .workshop()
            .modules
            .iter()
            .flat_map(|module| &module.steps)
            .filter(|step| step.gives.contains(fact))
            .collect();
        for step in givers {
            let answered = session.guide.evaluate_step(step).await;
            for (check, outcome) in answered.checks.iter().filter(|(_, outcome)| !outcome.passed()) {
                let why = crate::engine::walk::reason(outcome).unwrap_or_default();
                findings.push(format!("the fact {fact} does not hold: {check} is {} {why}", outcome.word()));
            }
        }
    }
    findings
}

/// The modules that must be solved before this one: those that give what it needs, and what they need, in order.
pub fn needed<'w>(workshop: &'w Workshop, module: &Module) -> Vec<&'w Module> {
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&Module> = workshop.modules.iter().filter(|other| other.id == module.id).collect();
    while let Some(next) = open.pop() {
        for fact in &next.needs {
            let giver = workshop.modules.iter().find(|other| other.steps.iter().any(|step| step.gives.contains(fact)));
            if let Some(giver) = giver.filter(|giver| wanted.insert(&giver.id)) {
                open.push(giver);
            }
        }
    }
    workshop.modules.iter().filter(|other| wanted.contains(other.id.as_str())).collect()
}

/// Whether a module takes away what the others built.
pub fn cleans(module: &Module) -> bool {
    module.steps.iter().any(|step| step.kind == StepKind::CleanUp)
}
