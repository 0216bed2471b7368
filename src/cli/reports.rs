//! `workshop drill verify` and `workshop drill compare`: what can be done with reports, without AWS and without a world.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::exit::Exit;
use crate::cli::out::{errln, outln};
use crate::domain::text::printable;
use crate::drill::Report;
use crate::drill::compare::{self, Table};
use crate::drill::evidence::{self, Finding, Folder};
use crate::drill::report::FORMAT;

/// Files of evidence are not larger than this, in bytes; a drill of 20 minutes has some 4 MB of samples.
const LARGEST: u64 = 256 << 20;

/// Computes a report again and says what is wrong with it.
pub(super) fn verify(directory: &Path, json: bool) -> Exit {
    let files = match read(directory) {
        Ok(files) => files,
        Err(why) => {
            errln!("workshop: {why}");
            return Exit::Usage;
        }
    };
    let (report, findings) = evidence::verify(&files);
    let told: Vec<String> = findings.iter().map(|finding| printable(&finding.to_string())).collect();
    let (rto, rpo) = report.as_ref().map_or((None, None), |report| (report.rto_seconds, report.rpo_seconds));
    let slots = report.as_ref().map_or(0, |report| report.samples.slots.len());
    if json {
        let line = json!({
            "event": "summary", "verified": findings.is_empty(), "findings": told, "slots": slots,
            "rto_seconds": rto, "rpo_seconds": rpo,
            "verdict": report.as_ref().map(|report| report.verdict.word()),
            "rpo_verdict": report.as_ref().map(|report| report.rpo_verdict.word()),
        });
        outln!("{line}");
    } else {
        for finding in &told {
            outln!("✗ {finding}");
        }
        match &report {
            Some(report) if findings.is_empty() => outln!(
                "✓ {slots} slots give what the report says: RTO {} {}, RPO {} {}",
                seconds(rto),
                report.verdict.word(),
                seconds(rpo),
                report.rpo_verdict.word()
            ),
            _ => outln!("Not verified: {} finding(s).", findings.len()),
        }
    }
    if findings.is_empty() { Exit::Done } else { Exit::No }
}

/// Ranks reports.
pub(super) fn compare(places: &[PathBuf], verified: bool, json: bool) -> Exit {
    let (mut reports, mut bad) = (Vec::new(), Vec::new());
    for place in places {
        match one(place, verified) {
            Ok(report) => reports.push((place.display().to_string(), report)),
            Err(why) => bad.push(why),
        }
    }
    for why in &bad {
        errln!("workshop: {}", printable(why));
    }
    let table = compare::table(reports);
    if json {
        outln!("{}", json!({ "event": "summary", "verified": verified, "unreadable": bad.len(), "table": table }));
    } else {
        print(&table);
    }
    // The rest of a class is worth a table when one report is not; the exit code tells.
    if bad.is_empty() { Exit::Done } else { Exit::No }
}

/// The report of a folder or of a file, computed again when `verified`.
pub(super) fn one(place: &Path, verified: bool) -> Result<Report, String> {
    if verified {
        let folder = if place.is_dir() { place } else { place.parent().unwrap_or(Path::new(".")) };
        let (report, findings) = evidence::verify(&read(folder)?);
        return match (report, findings.first()) {
            (Some(report), None) => Ok(report),
            (_, first) => Err(format!("{}: {}", place.display(), first.map_or_else(String::new, Finding::to_string))),
        };
    }
    let path = if place.is_dir() { place.join(evidence::REPORT) } else { place.to_path_buf() };
    let text = text(&path)?;
    let head: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    if let Some(format) = head.get("format").filter(|format| format.as_u64() != Some(u64::from(FORMAT))) {
        return Err(format!("{}: {}", path.display(), Finding::Format(format.clone())));
    }
    serde_json::from_str(&text).map_err(|error| format!("{}: this is no report of a drill: {error}", path.display()))
}

/// The files of evidence that a folder has.
fn read(directory: &Path) -> Result<Folder, String> {
    if !directory.is_dir() {
        return Err(format!("{}: there is no such folder; give the folder that has report.json", directory.display()));
    }
    let names = [
        evidence::REPORT,
        evidence::PAGE,
        evidence::TIMELINE,
        evidence::SLOTS,
        evidence::CANARY,
        evidence::EVENTS,
        evidence::MANIFEST,
    ];
    let present = names.into_iter().filter(|name| directory.join(name).exists());
    present.map(|name| Ok((name.to_owned(), text(&directory.join(name))?))).collect()
}

fn text(path: &Path) -> Result<String, String> {
    let told = |why: std::io::Error| format!("{}: {why}", path.display());
    let size = std::fs::metadata(path).map_err(told)?.len();
    if size > LARGEST {
        return Err(format!("{}: {size} bytes are more than any drill writes", path.display()));
    }
    std::fs::read_to_string(path).map_err(told)
}

pub(super) fn seconds(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1} s"))
}

fn print(table: &Table) {
    let width = table.entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0).clamp(6, 40);
    outln!(
        "{:>4}  {:<width$}  {:<12}  {:>10}  {:<13}  {:>10}  RPO verdict",
        "rank",
        "report",
        "fault",
        "RTO",
        "verdict",
        "RPO"
    );
    for (index, entry) in table.entries.iter().enumerate() {
        outln!(
            "{:>4}  {:<width$}  {:<12}  {:>10}  {:<13}  {:>10}  {}{}",
            index + 1,
            entry.name,
            printable(&entry.fault),
            seconds(entry.rto_seconds),
            entry.verdict.word(),
            seconds(entry.rpo_seconds),
            entry.rpo_verdict.word(),
            if entry.over { "  over the objective" } else { "" }
        );
    }
    outln!(
        "{} report(s): median {}, worst {}, {} over the objective, {} without a measured recovery",
        table.entries.len(),
        seconds(table.median_seconds),
        seconds(table.worst_seconds),
        table.over,
        table.unmeasured
    );
}
