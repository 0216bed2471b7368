//! The checks across files: names, facts, anchors, commands, and what learners would stumble over.

use std::collections::{BTreeMap, BTreeSet};

use super::assets::Assets;
use super::diagnostic::{Log, Place};
use super::model::{Step, StepKind, Workshop};
use super::notes::Notes;
use super::sample::{self, Sample};
use super::source::Source;
use super::template::{self, Part};
use super::yaml::Document;
use crate::domain::text::nearest;

/// What the checks look at.
pub(super) struct Lint<'a> {
    pub(super) source: &'a Source,
    pub(super) workshop: &'a Workshop,
    pub(super) notes: &'a Notes,
    pub(super) assets: &'a Assets,
    pub(super) sample: &'a Sample<'a>,
    pub(super) log: &'a Log,
}

/// `found.*` names: what a check found somewhere else, or instead.
const FOUND: &[&str] = &["found.region", "found.role", "found.got", "found.want"];

impl Lint<'_> {
    /// All checks across files.
    pub(super) fn run(&self) {
        self.templates();
        self.reads();
        self.paths();
        self.anchors();
        self.facts();
        self.duplicates();
        self.steps();
        self.checks();
        self.yaml_assets();
        super::lint_names::run(self);
        super::lint_fence::run(self);
        super::lint_page::run(self);
    }

    /// Every name that a template may use, except `found.*`.
    fn known_names(&self) -> BTreeSet<String> {
        let mut known: BTreeSet<String> =
            ["region.primary", "region.secondary", "region.global", "objectives.rto", "objectives.rpo"]
                .map(String::from)
                .into();
        known.extend(self.workshop.vars.keys().map(|name| format!("vars.{name}")));
        known.extend(self.workshop.names.keys().map(|name| format!("names.{name}")));
        known.extend(self.workshop.tags.keys().map(|name| format!("tags.{name}")));
        for module in &self.workshop.modules {
            let outputs = module.steps.iter().flat_map(|step| step.outputs.keys());
            known.extend(outputs.map(|name| format!("out.{}.{name}", module.id)));
        }
        known
    }

    fn templates(&self) {
        let known = self.known_names();
        for used in self.notes.templates.borrow().iter() {
            self.template(&used.place, &used.text, used.found, &known);
        }
        for name in self.assets.names().into_iter().filter(|name| Assets::templated(name)) {
            let text = self.assets.raw(name).map(String::from_utf8_lossy).unwrap_or_default();
            for (index, line) in text.lines().enumerate() {
                let place = Place::Line {
                    file: self.source.label(&format!("assets/{name}")).into(),
                    line: index + 1,
                    column: 1,
                };
                self.template(&place, line, false, &known);
            }
        }
    }

    /// CloudFormation templates are YAML; what they mean is CloudFormation's business.
    fn yaml_assets(&self) {
        for name in self.assets.names().into_iter().filter(|name| name.starts_with("templates/")) {
            let text = self.assets.raw(name).map(String::from_utf8_lossy).unwrap_or_default();
            Document::parse(&self.source.label(&format!("assets/{name}")).into(), &text, 0, self.log);
        }
    }

    fn template(&self, place: &Place, text: &str, found: bool, known: &BTreeSet<String>) {
        let parts = match template::parts(text) {
            Ok(parts) => parts,
            Err(error) => {
                let help = "a template is `{{ group.name }}`, for example `{{ region.primary }}`".to_owned();
                self.log.error(place, format!("broken template: {error}"), Some(help));
                return;
            }
        };
        for part in parts {
            let Part::Name(name, _) = part else { continue };
            if known.contains(name) || (found && FOUND.contains(&name)) {
                continue;
            }
            let near = nearest(name, known.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            let help = near.or_else(|| Some(unknown_help(name)));
            self.log.error(place, format!("unknown template name `{name}`"), help);
        }
    }

    fn reads(&self) {
        for read in self.notes.reads.borrow().iter() {
            match self.sample.parse(&read.text) {
                Ok(command) => {
                    let effect = sample::command_effect(&command);
                    if effect != crate::domain::Effect::Read {
                        let message = format!("this command does not only read: its effect is {}", effect.word());
                        self.log.error(&read.place, message, Some("checks and outputs only read".into()));
                    }
                }
                Err(error) => self.log.error(&read.place, error.to_string(), None),
            }
        }
    }

    fn paths(&self) {
        for path in self.notes.paths.borrow().iter() {
            if let Err(error) = jmespath::compile(&self.sample.render(&path.text)) {
                let message = error.to_string();
                let first = message.lines().next().unwrap_or_default().to_owned();
                self.log.error(&path.place, format!("not a JMESPath: {first}"), None);
            }
        }
    }

    fn anchors(&self) {
        let steps: BTreeMap<&str, &Step> = self.all_steps().map(|step| (step.id.as_str(), step)).collect();
        for used in self.notes.anchors.borrow().iter() {
            let wanted = used.anchor.trim_start_matches('#');
            let known: Vec<&str> = steps.get(used.step.as_str()).map(|step| anchors(step)).unwrap_or_default();
            if !used.anchor.starts_with('#') {
                let help = format!("write `#{wanted}`");
                self.log.error(&used.place, format!("`{}` is not an anchor", used.anchor), Some(help));
            } else if !known.contains(&wanted) {
                let near = nearest(wanted, known.iter().copied()).map(|near| format!("did you mean `#{near}`?"));
                let listed = if known.is_empty() {
                    "the page has no fence that runs".into()
                } else {
                    format!("fences of the page: {}", known.join(", "))
                };
                self.log.error(&used.place, format!("the page has no fence `#{wanted}`"), near.or(Some(listed)));
            }
        }
        for (name, fault) in &self.workshop.drill.faults {
            let Some((start, undo)) = &fault.fences else { continue };
            for fence in [start, undo] {
                if !self.all_steps().flat_map(|step| &step.actions).any(|action| action.id == *fence) {
                    let place = self.workshop_file();
                    self.log.error(
                        &place,
                        format!("the fault `{name}` names the fence `{fence}`, which no page has"),
                        Some("write `m5.step#fence`".into()),
                    );
                }
            }
        }
    }

    /// workshop.yaml, for what has no better place.
    pub(super) fn workshop_file(&self) -> Place {
        Place::Line { file: self.source.label("workshop.yaml").into(), line: 1, column: 1 }
    }

    fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.workshop.modules.iter().flat_map(|module| &module.steps)
    }

    fn facts(&self) {
        let mut given: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, module) in self.workshop.modules.iter().enumerate() {
            for fact in module.steps.iter().flat_map(|step| &step.gives) {
                given.entry(fact.0.as_str()).or_insert(index);
            }
        }
        for used in self.notes.facts.borrow().iter() {
            let position = self.workshop.modules.iter().position(|module| module.id == used.module);
            match (used.role, given.get(used.fact.as_str())) {
                ("step", _) => {
                    let module = self.workshop.modules.iter().find(|module| module.id == used.module);
                    if module.is_some_and(|module| module.gives.iter().all(|fact| fact.0 != used.fact)) {
                        let message =
                            format!("the step gives `{}`, which its module's `gives` does not list", used.fact);
                        self.log.warning(&used.place, message, Some("add it to module.yaml".into()));
                    }
                }
                (role, None) => {
                    let near = nearest(&used.fact, given.keys().copied()).map(|near| format!("did you mean `{near}`?"));
                    let help = near.or_else(|| Some("let the step whose checks prove it say `gives: […]`".into()));
                    self.log.error(
                        &used.place,
                        format!("`{role}` names the fact `{}`, which no step gives", used.fact),
                        help,
                    );
                }
                ("needs", Some(giver)) if position.is_some_and(|position| *giver >= position) => {
                    let message = format!(
                        "`needs` names the fact `{}`, which is only given in this or a later module",
                        used.fact
                    );
                    self.log.error(&used.place, message, None);
                }
                _ => {}
            }
        }
    }

    fn duplicates(&self) {
        let mut seen = BTreeSet::new();
        for used in self.notes.steps.borrow().iter() {
            if !seen.insert(used.id.clone()) {
                self.log.error(
                    &used.place,
                    format!("two steps have the id `{}`", used.id),
                    Some("ids are unique in a module".into()),
                );
            }
        }
        for used in self.notes.checks.borrow().iter() {
            if !seen.insert(used.id.clone()) {
                self.log.error(
                    &used.place,
                    format!("two checks have the id `{}`", used.id),
                    Some("ids are unique in a step".into()),
                );
            }
        }
        for module in &self.workshop.modules {
            let mut outputs: BTreeMap<&str, &str> = BTreeMap::new();
            for step in &module.steps {
                for name in step.outputs.keys() {
                    if let Some(first) = outputs.insert(name, &step.id) {
                        let message =
                            format!("`out.{}.{name}` is declared in `{first}` and in `{}`", module.id, step.id);
                        self.log.error(&self.step_place(&step.id), message, Some("declare it once".into()));
                    }
                }
            }
        }
    }

    fn step_place(&self, id: &str) -> Place {
        let steps = self.notes.steps.borrow();
        let found = steps.iter().find(|used| used.id == id).map(|used| used.place.clone());
        found.unwrap_or(self.workshop_file())
    }

    fn steps(&self) {
        for step in self.all_steps() {
            let place = self.step_place(&step.id);
            let drills = step.kind == StepKind::Drill && !step.drills.is_empty();
            if step.checks.is_empty() && step.no_check.is_none() && !drills {
                let help = "add `checks`, or say why there is none: `no_check: \"…\"`".to_owned();
                self.log.error(&place, format!("the step `{}` has no check", step.id), Some(help));
            }
            if step.checks.is_empty() && !step.gives.is_empty() {
                let message = format!("the step `{}` gives a fact, but has no check that proves it", step.id);
                self.log.error(&place, message, None);
            }
            let works = matches!(step.kind, StepKind::Do | StepKind::CleanUp);
            if works && step.hints.is_empty() {
                self.log.warning(
                    &place,
                    format!("the step `{}` has no hint", step.id),
                    Some("nudge, look, show".into()),
                );
            }
            let read_only = |anchor: &&String| step.actions.iter().any(|one| one.never && one.anchor == **anchor);
            if let Some(anchor) = step.solution.iter().find(read_only) {
                let message = format!("the solution of `{}` names `#{anchor}`, which has `run=never`", step.id);
                self.log.error(&place, message, Some("take it from the solution, or `run=never` from it".into()));
            }
            if works && step.solution.is_empty() && step.no_check.is_none() {
                let help = "give a fence an effect of create or update, or list `solution: [\"#fence\"]`".to_owned();
                self.log.warning(&place, format!("the step `{}` has no solution", step.id), Some(help));
            }
        }
    }

    fn checks(&self) {
        let places: BTreeMap<String, Place> =
            self.notes.checks.borrow().iter().map(|used| (used.id.clone(), used.place.clone())).collect();
        for check in self.all_steps().flat_map(|step| &step.checks) {
            if let Some(place) = places.get(&check.id) {
                super::lint_cause::run(self, check, place);
            }
        }
    }
}

fn anchors(step: &Step) -> Vec<&str> {
    step.actions.iter().map(|action| action.anchor.as_str()).collect()
}

fn unknown_help(name: &str) -> String {
    let group = name.split('.').next().unwrap_or_default();
    match group {
        "out" => "declare it in a step of that module: `outputs: { name: { read: …, path: … } }`".into(),
        "names" | "vars" | "tags" => format!("declare it under `{group}` in workshop.yaml"),
        "region" => "region.primary, region.secondary and region.global".into(),
        "objectives" => "objectives.rto and objectives.rpo".into(),
        "found" => "found.* stands only in a check's `say` and `why`".into(),
        _ => "templates know region, names, vars, tags, out, objectives and found".into(),
    }
}
