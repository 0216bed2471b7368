//! Where a learner stands in the workshop: which checks account state can answer, and which module they speak of.

use crate::content::model::{Ask, Check, Module, Step, StepKind, Workshop};
use crate::domain::FactId;

/// Whether account state answers a check. What asks the network would send requests to the learner's site.
pub fn readable(check: &Check) -> bool {
    fn of(ask: &Ask) -> bool {
        match ask {
            Ask::Read { .. } | Ask::Absent { .. } | Ask::Canary { .. } => true,
            Ask::Http { .. } | Ask::Dns { .. } => false,
            Ask::All(parts) | Ask::Any(parts) => parts.iter().all(of),
            Ask::Not(inner) => of(inner),
        }
    }
    of(&check.ask)
}

/// Whether a module takes away what the others built.
pub fn cleans(module: &Module) -> bool {
    module.steps.iter().any(|step| step.kind == StepKind::CleanUp)
}

/// The checks that fleet asks of a module: those that account state answers, of steps that give a fact.
pub fn checks(module: &Module) -> impl Iterator<Item = &Check> {
    let gives = |step: &&Step| !step.gives.is_empty();
    module.steps.iter().filter(gives).flat_map(|step| &step.checks).filter(|check| readable(check))
}

/// The checks that fleet asks for a fact; none when only the network tells it.
pub fn checks_of<'m>(module: &'m Module, fact: &'m FactId) -> Vec<&'m Check> {
    let gives = module.steps.iter().filter(|step| step.gives.contains(fact));
    gives.flat_map(|step| &step.checks).filter(|check| readable(check)).collect()
}

/// The check that shows that a module was begun: the first of a module that begins with making something. The first module
/// makes nothing, and a drill and a clean-up begin with what is there.
pub fn opening(workshop: &Workshop, place: usize) -> Option<&Check> {
    let module = workshop.modules.get(place).filter(|module| place > 0 && !cleans(module))?;
    let first = module.steps.iter().find(|step| !step.checks.is_empty()).filter(|step| !step.gives.is_empty())?;
    first.checks.iter().find(|check| readable(check))
}
