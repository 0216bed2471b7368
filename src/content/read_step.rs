//! Reads one step: the YAML front matter and the page below it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::diagnostic::Place;
use super::model::{Check, Help, Hint, Output, Step, StepKind};
use super::new_step::MARK;
use super::notes::{PageUse, StepUse, TemplateUse};
use super::read_check;
use super::read_fence;
use super::read_module::{Reading, panels};
use super::template::{self, Part};
use super::yaml::{Document, Fields, Node};
use crate::domain::{Effect, FactId};

/// What stands in a step's front matter.
pub(super) const KEYS: &[&str] = &[
    "id", "title", "kind", "gives", "goal", "checks", "no_check", "panels", "hints", "why", "outputs", "solution",
    "drills",
];

/// What stands in a hint.
pub(super) const HINT: &[&str] = &["for", "nudge", "look", "show"];

/// What a step asks of the learner.
pub(super) const KINDS: &[(&str, StepKind)] = &[
    ("read", StepKind::Read),
    ("do", StepKind::Do),
    ("observe", StepKind::Observe),
    ("decide", StepKind::Decide),
    ("drill", StepKind::Drill),
    ("clean-up", StepKind::CleanUp),
];

/// One step.
pub(super) fn step(reading: &Reading<'_>, path: &str, module: &str) -> Option<Step> {
    let (file, text) = reading.text(path)?;
    marks(reading, &file, &text);
    let Some((front, body, offset)) = split(&text) else {
        let place = Place::Line { file, line: 1, column: 1 };
        let help = "begin the file with `---`, the step's data and another `---`".to_owned();
        reading.log.error(&place, "the step has no front matter", Some(help));
        return None;
    };
    let document = Document::parse(&file, front, 1, reading.log)?;
    let root = document.node(reading.log);
    let fields = root.fields(KEYS)?;
    let id = format!("{module}.{}", fields.need_text("id"));
    let notes = reading.notes;
    notes.steps.borrow_mut().push(StepUse { place: root.place(), id: id.clone() });
    note_body(reading, &file, body, offset);
    let actions = read_fence::actions(reading, &file, body, offset, &id);
    let template = |key: &str| fields.get(key).and_then(|node| notes.template(node));
    let solution = match fields.get("solution") {
        Some(list) => list.list().iter().filter_map(|node| notes.anchor(node, &id)).collect(),
        None => actions
            .iter()
            .filter(|action| !action.hidden && !action.never)
            .filter(|action| matches!(action.effect, Effect::Create | Effect::Update))
            .map(|action| action.anchor.clone())
            .collect(),
    };
    let checks: Vec<Check> =
        fields.list("checks").iter().filter_map(|node| read_check::check(node, &id, reading.shared, notes)).collect();
    Some(Step {
        module: module.to_owned(),
        title: fields.need("title").and_then(|node| notes.template(node)).unwrap_or_default(),
        kind: fields.need("kind").and_then(|node| node.word(KINDS)).unwrap_or(StepKind::Read),
        gives: fields.list("gives").iter().filter_map(|node| notes.fact(node, module, "step").map(FactId)).collect(),
        goal: template("goal").unwrap_or_default(),
        hints: fields.list("hints").iter().filter_map(|node| hint(node, &id, &checks, reading)).collect(),
        checks,
        no_check: fields.text("no_check"),
        actions,
        solution,
        outputs: outputs(&fields, reading),
        why: template("why"),
        drills: drills(&fields, reading),
        panels: panels(&fields.list("panels"), reading.workshop),
        body: body.to_owned(),
        file: PathBuf::from(path),
        id,
    })
}

/// Names what the author of a new step has not written yet.
fn marks(reading: &Reading<'_>, file: &std::rc::Rc<str>, text: &str) {
    for (index, line) in text.lines().enumerate() {
        let Some(at) = line.to_lowercase().find(MARK) else { continue };
        let place = Place::Line { file: file.clone(), line: index + 1, column: at + 1 };
        reading.log.warning(
            &place,
            "something is to be filled in here",
            Some(format!("write it in the place of `{MARK}`")),
        );
    }
}

/// Front matter, page, and how many lines stand before the page.
fn split(text: &str) -> Option<(&str, &str, usize)> {
    let rest = text.strip_prefix("---\n")?;
    let end = rest.find("\n---\n")?;
    let front = rest.get(..=end)?;
    let body = rest.get(end + "\n---\n".len()..)?;
    Some((front, body, front.lines().count() + 2))
}

/// Remembers the page's templates line by line, so that a wrong name is reported where it stands.
fn note_body(reading: &Reading<'_>, file: &std::rc::Rc<str>, body: &str, offset: usize) {
    reading.notes.pages.borrow_mut().push(PageUse { file: file.clone(), offset, text: body.to_owned() });
    let mut templates = reading.notes.templates.borrow_mut();
    for (index, line) in body.lines().enumerate().filter(|(_, line)| line.contains("{{")) {
        let at = match template::parts(line) {
            Ok(parts) => parts.iter().find_map(|part| if let Part::Name(_, at) = part { Some(*at) } else { None }),
            Err(error) => Some(error.at),
        };
        let place = Place::Line { file: file.clone(), line: offset + index + 1, column: at.unwrap_or(0) + 1 };
        templates.push(TemplateUse { place, text: line.to_owned(), found: false });
    }
}

fn outputs(fields: &Fields<'_>, reading: &Reading<'_>) -> BTreeMap<String, Output> {
    let read = |node: &Node<'_>| -> Option<Output> {
        let inner = node.fields(&["read", "path"])?;
        Some(Output { read: reading.notes.read(inner.need("read")?)?, path: reading.notes.path(inner.need("path")?)? })
    };
    let entries = fields.get("outputs").and_then(Node::entries).unwrap_or_default();
    entries.into_iter().filter_map(|(name, node)| Some((name, read(&node)?))).collect()
}

fn hint(node: &Node<'_>, step: &str, checks: &[Check], reading: &Reading<'_>) -> Option<Hint> {
    let fields = node.fields(HINT)?;
    let of = match fields.get("for") {
        Some(node) => Some(bound(node, step, checks)?),
        None => None,
    };
    let help = match (fields.get("nudge"), fields.get("look"), fields.get("show")) {
        (Some(node), None, None) => reading.notes.template(node).map(Help::Nudge),
        (None, Some(node), None) => reading.notes.template(node).map(Help::Look),
        (None, None, Some(node)) => reading.notes.anchor(node, step).map(Help::Show),
        _ => {
            node.error("a hint has one of `nudge`, `look` and `show`", None);
            None
        }
    };
    Some(Hint { of, help: help? })
}

/// The check that a hint is for, `replica-cluster`, or one cause of its failure, `replica-cluster/found_elsewhere`.
fn bound(node: &Node<'_>, step: &str, checks: &[Check]) -> Option<(String, Option<String>)> {
    let text = node.text()?;
    let (name, cause) = match text.split_once('/') {
        Some((name, cause)) => (name, Some(cause)),
        None => (text.as_str(), None),
    };
    let id = format!("{step}/{name}");
    let Some(check) = checks.iter().find(|check| check.id == id) else {
        let known: Vec<&str> = checks.iter().filter_map(|check| check.id.rsplit('/').next()).collect();
        node.error(format!("the step has no check `{name}`"), Some(format!("known: {}", known.join(", "))));
        return None;
    };
    if let Some(cause) = cause
        && !check.fail.iter().any(|message| message.when == cause)
    {
        let known: Vec<&str> = check.fail.iter().map(|message| message.when.as_str()).collect();
        let help = format!("its causes: {}", known.join(", "));
        node.error(format!("the check `{name}` has no cause `{cause}`"), Some(help));
        return None;
    }
    Some((id, cause.map(str::to_owned)))
}

fn drills(fields: &Fields<'_>, reading: &Reading<'_>) -> Vec<String> {
    let known = &reading.workshop.drill.faults;
    let mut names = Vec::new();
    for node in fields.list("drills") {
        let Some(name) = node.text() else { continue };
        if !known.contains_key(&name) {
            let listed: Vec<&str> = known.keys().map(String::as_str).collect();
            node.error(format!("workshop.yaml has no fault `{name}`"), Some(format!("known: {}", listed.join(", "))));
        }
        names.push(name);
    }
    names
}
