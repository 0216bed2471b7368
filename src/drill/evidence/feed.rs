//! The evidence of a drill that is not over: lines that are kept as they come, and how they are read when the drill's
//! program did not live to finish them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::plan::Plan;
use super::super::report::FORMAT;
use super::super::samples::{CanarySamples, Samples};
use super::super::snapshot::Stage;
use super::lines::{self, BadLine};
use super::{BEGUN, CANARY, EVENTS, Finding, Folder, SLOTS};

/// Keeps lines of evidence while a drill runs.
pub trait Keeper: Send + Sync {
    /// Appends each text to the file of that name. What cannot be kept does not stop the drill.
    fn keep(&self, lines: &Folder);
}

/// `running.json`: what must be known to finish a drill's evidence without the program that began it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// The format's version.
    pub format: u32,
    /// What is being done.
    pub plan: Plan,
}

impl Begun {
    /// The beginning of that plan.
    pub fn new(plan: &Plan) -> Self {
        Self { format: FORMAT, plan: plan.clone() }
    }
}

/// Knows which samples were handed over already.
#[derive(Default)]
pub struct Feed {
    slots: usize,
    writes: BTreeMap<String, usize>,
    /// Lines about reads and markers, of which there are few.
    told: BTreeSet<String>,
}

impl Feed {
    /// The lines that came since the last time, by file.
    pub fn more(&mut self, samples: &Samples) -> Folder {
        let slots = lines::slots(samples.slots.get(self.slots..).unwrap_or_default());
        self.slots = samples.slots.len();
        let mut canaries = String::new();
        for (store, canary) in &samples.canaries {
            let told = self.writes.entry(store.clone()).or_default();
            canaries += &lines::writes(store, canary.writes.get(*told..).unwrap_or_default());
            *told = canary.writes.len();
            canaries += &self.new_ones(lines::reads(store, canary));
        }
        let events = self.new_ones(lines::marks(samples));
        [(SLOTS, slots), (CANARY, canaries), (EVENTS, events)]
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name.to_owned(), text))
            .collect()
    }

    fn new_ones(&mut self, lines: Vec<String>) -> String {
        lines.into_iter().filter(|line| self.told.insert(line.clone())).collect()
    }
}

/// The plan and the samples of a folder that was not finished, and the stage that the drill ended in, when it did. The last
/// line of a file may be half of one; it and what stands behind an unreadable line are left out.
pub fn unfinished(files: &Folder) -> Result<(Plan, Samples, Option<Stage>), Finding> {
    let unreadable = |why: String| Finding::Unreadable(BEGUN.into(), None, why);
    let text = files.get(BEGUN).ok_or_else(|| Finding::Missing(BEGUN.into()))?;
    let begun: Begun = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    if begun.format != FORMAT {
        return Err(unreadable(format!("it has the format {}; this version reads {FORMAT}", begun.format)));
    }
    let text = |name: &str| files.get(name).map_or("", String::as_str);
    let slots = as_far_as(text(SLOTS), lines::read_slots);
    let mut canaries = as_far_as(text(CANARY), lines::read_canaries);
    for CanarySamples { tail, .. } in canaries.values_mut() {
        // Of the live reads only the last one counts.
        *tail = tail.pop().into_iter().collect();
    }
    let (marks, stage) = as_far_as(text(EVENTS), lines::read_events);
    Ok((begun.plan, Samples { slots, canaries, ..marks }, stage))
}

/// Reads whole lines up to the first one that cannot be read.
fn as_far_as<T: Default>(text: &str, read: impl Fn(&str) -> Result<T, BadLine>) -> T {
    let whole = text.rfind('\n').map_or("", |end| text.get(..=end).unwrap_or_default());
    read(whole).unwrap_or_else(|bad| {
        let good: String = whole.split_inclusive('\n').take(bad.line.saturating_sub(1)).collect();
        read(&good).unwrap_or_default()
    })
}
