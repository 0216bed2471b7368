//! The evidence of a drill: a folder of files from which anyone can compute its numbers again.
//!
//! `report.json` has the plan, the numbers and the verdicts; `slots.ndjson`, `canary.ndjson` and `events.ndjson` have every
//! sample, an object a line; `report.md` and `timeline.svg` are for people; `manifest.sha256` has the hashes of all of
//! them, as `sha256sum --check` reads them. Nothing here touches a disk: names and texts go in and out.

mod feed;
mod lines;
mod markdown;
mod timeline;
mod verify;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::report::Report;

pub use feed::{Begun, Feed, Keeper, unfinished};
pub use verify::{Finding, verify};

/// The numbers and the plan.
pub const REPORT: &str = "report.json";
/// The page for people.
pub const PAGE: &str = "report.md";
/// The picture for people.
pub const TIMELINE: &str = "timeline.svg";
/// Every probe.
pub const SLOTS: &str = "slots.ndjson";
/// Every canary write and what was read back.
pub const CANARY: &str = "canary.ndjson";
/// Every instant that something was asked for or seen.
pub const EVENTS: &str = "events.ndjson";
/// What is being done, while a drill runs. A folder that still has it was not finished.
pub const BEGUN: &str = "running.json";
/// The hashes of all the others.
pub const MANIFEST: &str = "manifest.sha256";

/// The files of a report, by name.
pub type Folder = BTreeMap<String, String>;

/// Everything that is kept of a drill.
pub fn folder(report: &Report) -> Folder {
    let mut files = Folder::from([
        (REPORT.to_owned(), head(report)),
        (PAGE.to_owned(), markdown::page(report)),
        (TIMELINE.to_owned(), timeline::svg(report)),
        (SLOTS.to_owned(), lines::slots(&report.samples.slots)),
        (CANARY.to_owned(), lines::canaries(&report.samples)),
        (EVENTS.to_owned(), lines::events(report)),
    ]);
    let manifest = manifest(&files);
    files.insert(MANIFEST.to_owned(), manifest);
    files
}

/// `report.json`: the report without its samples, which stand in files of their own.
fn head(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}

fn manifest(files: &Folder) -> String {
    files.iter().fold(String::new(), |mut lines, (name, text)| {
        let _ = writeln!(lines, "{}  {name}", hash(text));
        lines
    })
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests;
