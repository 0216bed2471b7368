//! Reads a module's folder: module.yaml and its step files.

use std::rc::Rc;
use std::time::Duration;

use super::diagnostic::{Log, Place};
use super::model::{Module, Panel, Step, Workshop};
use super::notes::Notes;
use super::read_check::Shared;
use super::read_step;
use super::sample::Sample;
use super::source::{Files, Source};
use super::template::Bindings;
use super::yaml::{Document, Node};
use crate::domain::FactId;
use crate::domain::time::spell;

/// What stands in module.yaml.
pub(super) const KEYS: &[&str] =
    &["format", "id", "title", "summary", "needs", "gives", "invariants", "time", "changes", "panels"];

/// What every file of a module is read with.
pub(super) struct Reading<'a> {
    /// Where the files come from, for their names.
    pub(super) source: &'a Source,
    /// The files.
    pub(super) files: &'a Files,
    /// Where findings go.
    pub(super) log: &'a Log,
    /// What the checks across files need.
    pub(super) notes: &'a Notes,
    /// The checks of checks.yaml.
    pub(super) shared: &'a Shared,
    /// Values to parse commands with.
    pub(super) sample: &'a Sample<'a>,
    /// The workshop so far: its objectives are used in limits.
    pub(super) workshop: &'a Workshop,
}

impl Reading<'_> {
    /// A file as text; bytes that are no UTF-8 are reported.
    pub(super) fn text(&self, path: &str) -> Option<(Rc<str>, String)> {
        let file: Rc<str> = self.source.label(path).into();
        let bytes = self.files.get(path)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Some((file, text.replace("\r\n", "\n"))),
            Err(error) => {
                let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
                self.log.error(
                    &Place::Line { file, line, column: 1 },
                    "not UTF-8 text",
                    Some("save the file as UTF-8".into()),
                );
                None
            }
        }
    }
}

/// The folders of modules with their numbers, in order.
pub(super) fn folders(files: &Files) -> Vec<(u8, String)> {
    let mut found: Vec<(u8, String)> = files
        .keys()
        .filter_map(|path| path.strip_suffix("/module.yaml"))
        .filter(|folder| !folder.contains('/'))
        .filter_map(|folder| Some((folder.split('-').next()?.parse().ok()?, folder.to_owned())))
        .collect();
    found.sort();
    found
}

/// One module.
pub(super) fn module(reading: &Reading<'_>, number: u8, folder: &str) -> Option<Module> {
    let (file, text) = reading.text(&format!("{folder}/module.yaml"))?;
    let document = Document::parse(&file, &text, 0, reading.log)?;
    let root = document.node(reading.log);
    let fields = root.fields(KEYS)?;
    fields.format();
    let id = fields.need_text("id");
    let facts = |key: &'static str| -> Vec<FactId> {
        fields.list(key).iter().filter_map(|node| reading.notes.fact(node, &id, key).map(FactId)).collect()
    };
    let (needs, gives, invariants) = (facts("needs"), facts("gives"), facts("invariants"));
    let template = |node: &Node<'_>| reading.notes.template(node);
    Some(Module {
        number,
        title: fields.need("title").and_then(template).unwrap_or_default(),
        summary: fields.get("summary").and_then(template).unwrap_or_default(),
        needs,
        gives,
        invariants,
        time: fields.need("time").and_then(time).unwrap_or_default(),
        changes: fields.list("changes").iter().filter_map(template).collect(),
        panels: panels(&fields.list("panels"), reading.workshop),
        steps: steps(reading, folder, &id),
        id,
    })
}

fn time(node: &Node<'_>) -> Option<(Duration, Duration)> {
    let fields = node.fields(&["p50", "p95"])?;
    let (p50, p95) = (fields.need("p50")?.span()?, fields.need("p95")?.span()?);
    if p95 < p50 {
        node.error(format!("p95 ({}) is shorter than p50 ({})", spell(p95), spell(p50)), None);
    }
    Some((p50, p95))
}

fn steps(reading: &Reading<'_>, folder: &str, module: &str) -> Vec<Step> {
    let mut files: Vec<(u32, &str)> = Vec::new();
    for path in reading.files.keys() {
        let Some(name) = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) else { continue };
        let Some(stem) = name.strip_suffix(".md").filter(|stem| !stem.contains('/')) else { continue };
        match stem.split('-').next().and_then(|prefix| prefix.parse().ok()) {
            Some(number) => files.push((number, path)),
            None => reading.log.error(
                &Place::Line { file: reading.source.label(path).into(), line: 1, column: 1 },
                "a step's file begins with a number",
                Some(format!("rename it to `10-{name}`")),
            ),
        }
    }
    files.sort_unstable();
    files.into_iter().filter_map(|(_, path)| read_step::step(reading, path, module)).collect()
}

/// What stands live beside the text.
pub(super) fn panels(nodes: &[Node<'_>], workshop: &Workshop) -> Vec<Panel> {
    nodes.iter().filter_map(|node| panel(node, workshop)).collect()
}

fn panel(node: &Node<'_>, workshop: &Workshop) -> Option<Panel> {
    let fields = node.fields(&["kind", "of", "regions", "source", "limit"])?;
    if fields.need("kind")?.word(&[("resources", true), ("series", false)])? {
        // Both Regions are always drawn, R1 left and R2 right; the key says what the page is about.
        for role in fields.list("regions") {
            role.word(super::read_workshop::ROLES);
        }
        Some(Panel::Resources(fields.need("of")?.texts()))
    } else {
        let limit = fields.need("limit")?;
        let mut bindings = Bindings::default();
        bindings.set("objectives.rto", format!("{}s", workshop.objectives.rto.as_secs()));
        bindings.set("objectives.rpo", format!("{}s", workshop.objectives.rpo.as_secs()));
        let text = limit.text()?;
        let span = bindings.render(&text).ok().and_then(|text| super::duration::parse(&text));
        if span.is_none() {
            limit.error(
                format!("`{text}` is not a span of time"),
                Some("`90s`, `15m` or `{{ objectives.rpo }}`".into()),
            );
        }
        Some(Panel::Series { source: fields.need_text("source"), limit: span? })
    }
}
