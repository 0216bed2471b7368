//! Names that lead in a circle, and names that two learners in one account would share.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::Place;
use super::lint::Lint;
use super::model::Variable;
use super::template;

/// All checks of names and outputs.
pub(super) fn run(lint: &Lint<'_>) {
    values(lint);
    outputs(lint);
    suffix(lint);
}

/// The place of a template by its text; each stands in one place, or the places are equally wrong.
fn place(lint: &Lint<'_>, text: &str) -> Place {
    let templates = lint.notes.templates.borrow();
    let found = templates.iter().find(|used| used.text == text).map(|used| used.place.clone());
    found.unwrap_or_else(|| lint.workshop_file())
}

/// Variables, names and tags may use each other, but never themselves.
fn values(lint: &Lint<'_>) {
    let workshop = lint.workshop;
    let mut texts: BTreeMap<String, &str> = BTreeMap::new();
    for (name, variable) in &workshop.vars {
        if let Variable::Default(text) = variable {
            texts.insert(format!("vars.{name}"), text);
        }
    }
    texts.extend(workshop.names.iter().map(|(name, text)| (format!("names.{name}"), text.as_str())));
    texts.extend(workshop.tags.iter().map(|(name, text)| (format!("tags.{name}"), text.as_str())));
    let uses = texts.iter().map(|(name, text)| (name.clone(), owned(&[text]))).collect();
    for name in circles(&uses) {
        let at = texts.get(&name).map_or_else(|| lint.workshop_file(), |text| place(lint, text));
        lint.log.error(&at, format!("`{name}` uses itself"), Some("give it a value that does not need it".into()));
    }
}

/// An output may be read with the help of others, but never of itself.
fn outputs(lint: &Lint<'_>) {
    let mut uses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut reads: BTreeMap<String, &str> = BTreeMap::new();
    for module in &lint.workshop.modules {
        for (name, output) in module.steps.iter().flat_map(|step| &step.outputs) {
            let full = format!("out.{}.{name}", module.id);
            uses.insert(full.clone(), owned(&[&output.read, &output.path]));
            // The path stands in one place only; the read may be that of a check as well.
            let text = if template::names(&output.path).is_empty() { &output.read } else { &output.path };
            reads.insert(full, text);
        }
    }
    for name in circles(&uses) {
        let at = reads.get(&name).map_or_else(|| lint.workshop_file(), |read| place(lint, read));
        lint.log.error(&at, format!("`{name}` needs itself to be read"), Some("read it without that output".into()));
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().flat_map(|text| template::names(text)).map(str::to_owned).collect()
}

/// What can reach itself.
fn circles(uses: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let reaches_itself = |start: &String| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&String> = uses.get(start).into_iter().flatten().collect();
        while let Some(next) = open.pop() {
            if next == start {
                return true;
            }
            if seen.insert(next) {
                open.extend(uses.get(next).into_iter().flatten());
            }
        }
        false
    };
    uses.keys().filter(|name| reaches_itself(name)).cloned().collect()
}

/// Several learners may share an account, so every name carries what is random in a run.
fn suffix(lint: &Lint<'_>) {
    let random: Vec<&String> = lint
        .workshop
        .vars
        .iter()
        .filter(|(_, variable)| matches!(variable, Variable::Random(_)))
        .map(|(name, _)| name)
        .collect();
    let Some(first) = random.first() else { return };
    let values: Vec<String> = random.iter().map(|name| lint.sample.render(&format!("{{{{ vars.{name} }}}}"))).collect();
    for (name, text) in &lint.workshop.names {
        let rendered = lint.sample.render(text);
        if !values.iter().any(|value| rendered.contains(value.as_str())) {
            let message = format!("`names.{name}` is the same for every learner");
            lint.log.warning(&place(lint, text), message, Some(format!("put `{{{{ vars.{first} }}}}` into it")));
        }
    }
}
