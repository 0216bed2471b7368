//! Whether a folder of evidence is whole, unchanged, and says what its samples say.

use std::fmt;

use serde_json::Value;

use super::super::report::{FORMAT, Report};
use super::super::samples::Samples;
use super::super::snapshot::Stage;
use super::{CANARY, EVENTS, Folder, MANIFEST, PAGE, REPORT, SLOTS, TIMELINE, folder, hash, lines};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A file is not there.
    Missing(String),
    /// A file is another one than the manifest says.
    Changed(String),
    /// A file cannot be read: name, line when there is one, and why.
    Unreadable(String, Option<usize>, String),
    /// A value of `report.json` is not what the samples give: place, reported, computed.
    Differs(String, String, String),
    /// A file for people is not what the samples give.
    Stale(String),
    /// The folder was written by another version of the format.
    Format(Value),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Missing(name) => write!(f, "{name} is missing"),
            Finding::Changed(name) => write!(f, "{name} is not the file that {MANIFEST} names: it was changed"),
            Finding::Unreadable(name, Some(line), why) => write!(f, "{name}, line {line}: {why}"),
            Finding::Unreadable(name, None, why) => write!(f, "{name}: {why}"),
            Finding::Differs(place, reported, computed) => {
                write!(f, "{REPORT}: {place} says {reported}, but the samples give {computed}")
            }
            Finding::Stale(name) => write!(f, "{name} does not say what the samples give"),
            Finding::Format(found) => {
                write!(
                    f,
                    "{REPORT} has the format {found}; this version reads {FORMAT}. Verify it with the version that wrote it"
                )
            }
        }
    }
}

/// How many differing values are told; the first ones say enough.
const TOLD: usize = 20;

/// Computes everything again and compares. Gives the recomputed report when there was enough to compute it from, and all
/// that is not as it should be; a good folder has no finding.
pub fn verify(files: &Folder) -> (Option<Report>, Vec<Finding>) {
    let mut findings = Vec::new();
    let names = [REPORT, PAGE, TIMELINE, SLOTS, CANARY, EVENTS, MANIFEST];
    findings
        .extend(names.iter().filter(|name| !files.contains_key(**name)).map(|name| Finding::Missing((*name).into())));
    against_manifest(files, &mut findings);
    let report = match compute(files) {
        Ok(Some(report)) => report,
        Ok(None) => return (None, findings),
        Err(finding) => {
            findings.push(finding);
            return (None, findings);
        }
    };
    let again = folder(&report);
    if let (Some(Ok(reported)), Some(Ok(computed))) = (
        files.get(REPORT).map(|text| serde_json::from_str::<Value>(text)),
        again.get(REPORT).map(|text| serde_json::from_str::<Value>(text)),
    ) {
        let mut differing = Vec::new();
        compare("", &reported, &computed, &mut differing);
        findings.extend(differing.into_iter().take(TOLD));
    }
    for name in [PAGE, TIMELINE] {
        if files.get(name).is_some_and(|text| Some(text) != again.get(name)) {
            findings.push(Finding::Stale(name.into()));
        }
    }
    (Some(report), findings)
}

/// Compares each file with the hash that the manifest has of it.
fn against_manifest(files: &Folder, findings: &mut Vec<Finding>) {
    let Some(manifest) = files.get(MANIFEST) else { return };
    for (name, text) in files.iter().filter(|(name, _)| *name != MANIFEST) {
        let named =
            manifest.lines().filter_map(|line| line.split_once("  ")).find(|(_, known)| *known == name.as_str());
        if named.is_none_or(|(known, _)| known != hash(text)) {
            findings.push(Finding::Changed(name.clone()));
        }
    }
}

/// The report of the samples, with the plan of `report.json`; nothing when a file that it needs is missing.
fn compute(files: &Folder) -> Result<Option<Report>, Finding> {
    let (Some(report), Some(slots), Some(canary), Some(events)) =
        (files.get(REPORT), files.get(SLOTS), files.get(CANARY), files.get(EVENTS))
    else {
        return Ok(None);
    };
    let unreadable = |name: &str| {
        let name = name.to_owned();
        move |bad: lines::BadLine| Finding::Unreadable(name, Some(bad.line), bad.why)
    };
    let head: Value = serde_json::from_str(report)
        .map_err(|error| Finding::Unreadable(REPORT.into(), Some(error.line()), error.to_string()))?;
    if head.get("format").and_then(Value::as_u64) != Some(u64::from(FORMAT)) {
        return Err(Finding::Format(head.get("format").cloned().unwrap_or_default()));
    }
    let plan = head.get("plan").cloned().unwrap_or_default();
    let plan = serde_json::from_value(plan)
        .map_err(|error| Finding::Unreadable(REPORT.into(), None, format!("plan: {error}")))?;
    let tool = head.get("tool").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (marks, stage) = lines::read_events(events).map_err(unreadable(EVENTS))?;
    let samples = Samples {
        slots: lines::read_slots(slots).map_err(unreadable(SLOTS))?,
        canaries: lines::read_canaries(canary).map_err(unreadable(CANARY))?,
        ..marks
    };
    let stage = stage.unwrap_or_else(|| Stage::Stopped("the drill did not come to its end".into()));
    Ok(Some(Report { tool, ..Report::new(plan, samples, stage) }))
}

/// The leaves that differ, with their places.
fn compare(place: &str, reported: &Value, computed: &Value, differing: &mut Vec<Finding>) {
    let below = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    match (reported, computed) {
        (Value::Object(one), Value::Object(other)) => {
            let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let value = |map: &serde_json::Map<String, Value>| map.get(name).cloned().unwrap_or_default();
                compare(&below(name), &value(one), &value(other), differing);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&below(&index.to_string()), one, other, differing);
            }
        }
        _ if reported == computed => {}
        _ => differing.push(Finding::Differs(place.to_owned(), reported.to_string(), computed.to_string())),
    }
}
