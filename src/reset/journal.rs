//! The journal of a reset: one JSON object a line, appended, flushed to the disk, each line with the hash of the one
//! before it. Reports and verdicts are computed from it and from nothing else.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::act::Asked;
use super::graph::{NodeId, State};
use super::proof::{Residual, Verdict};
use crate::domain::SimTime;

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Entry {
    /// A plan is being applied, for the first time or again.
    Begun {
        /// The SHA-256 of the plan's file.
        plan: String,
        /// How many accounts it is about.
        seats: usize,
        /// Whether an earlier apply of the same plan had begun.
        again: bool,
    },
    /// An account's deletion begins.
    SeatStarted {
        /// The account.
        account: String,
        /// Who acts, as STS says.
        caller: String,
        /// How many nodes its graph has.
        nodes: usize,
    },
    /// An account is left alone.
    SeatRefused {
        /// Why.
        why: String,
    },
    /// A node changed its state.
    Node {
        /// The node.
        node: NodeId,
        /// Its new state.
        state: State,
        /// How long after the node's start, in the run's seconds.
        seconds: f64,
    },
    /// A change was asked for.
    Asked {
        /// The node that asked.
        node: NodeId,
        /// The command.
        command: String,
        /// AWS's id of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<String>,
        /// AWS's refusal, when it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    /// A search for what is left.
    Proof {
        /// Which one, from 1.
        number: u32,
        /// What of the run is left.
        left: Vec<Residual>,
        /// Things of others that were in the plan as such.
        not_ours: usize,
        /// Reads that failed. Nothing is proved while there are any.
        unread: Vec<String>,
    },
    /// An account is done.
    SeatDone {
        /// How it ended.
        verdict: Verdict,
        /// Calls that read.
        reads: u64,
        /// Calls that change.
        changes: u64,
        /// Calls that were sent again.
        retries: u64,
        /// Refusals that asked for fewer requests.
        throttles: u64,
    },
    /// Somebody stopped it; the same command goes on.
    Stopped,
}

impl From<Asked> for Entry {
    fn from(asked: Asked) -> Self {
        Entry::Asked { node: asked.node, command: asked.command, request: asked.request, refused: asked.refused }
    }
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Counts from 1.
    pub line: u64,
    /// When, in the run's own time.
    pub at: SimTime,
    /// The account's seat; none for what concerns all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
    /// The SHA-256 of the line before; empty for the first.
    pub before: String,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file or its folder cannot be read or written.
    #[error("{path}: {why}; a reset without a journal could not be continued, so nothing is deleted")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// Another process writes it.
    #[error("{0}: another `workshop reset apply` of this plan is at work; wait for it, or stop it")]
    Busy(PathBuf),
    /// It is not what was written.
    #[error("{path}, line {line}: {why}; the journal was changed by something else, so it proves nothing")]
    Changed {
        /// Which file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The test's kill.
    #[error("stopped by a test")]
    Killed,
}

/// Where the executor writes.
pub trait Recorder: Send + Sync {
    /// Appends lines as one; they are on the disk when this returns.
    fn append(&self, seat: Option<&str>, at: SimTime, entries: Vec<Entry>) -> Result<(), JournalError>;
}

/// A journal in a file, locked for one process.
pub struct FileJournal {
    path: PathBuf,
    inner: Mutex<Inner>,
}

struct Inner {
    file: File,
    number: u64,
    before: String,
}

impl FileJournal {
    /// Opens the journal at `path`, or begins one, and locks it. What it holds already is given back. A last line that a
    /// kill has cut off is dropped.
    pub fn open(path: &Path) -> Result<(Self, Vec<Record>), JournalError> {
        let failed = |why| JournalError::File { path: path.to_path_buf(), why };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(JournalError::Busy(path.to_path_buf())),
            Err(std::fs::TryLockError::Error(why)) => return Err(failed(why)),
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            file.set_len(u64::try_from(whole).unwrap_or(0)).map_err(failed)?;
            file.seek(SeekFrom::End(0)).map_err(failed)?;
        }
        let records = read(path, text.get(..whole).unwrap_or_default())?;
        let before = text.get(..whole).unwrap_or_default().lines().next_back().map(hash).unwrap_or_default();
        let inner = Inner { file, number: records.last().map_or(0, |last| last.line), before };
        Ok((Self { path: path.to_path_buf(), inner: Mutex::new(inner) }, records))
    }

    /// Reads a journal without locking it.
    pub fn read(path: &Path) -> Result<Vec<Record>, JournalError> {
        let text = std::fs::read_to_string(path).map_err(|why| JournalError::File { path: path.to_path_buf(), why })?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        read(path, text.get(..whole).unwrap_or_default())
    }
}

impl Recorder for FileJournal {
    fn append(&self, seat: Option<&str>, at: SimTime, entries: Vec<Entry>) -> Result<(), JournalError> {
        let failed = |why| JournalError::File { path: self.path.clone(), why };
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for entry in entries {
            inner.number += 1;
            let record = Record {
                line: inner.number,
                at,
                seat: seat.map(str::to_owned),
                entry,
                before: std::mem::take(&mut inner.before),
            };
            let line = serde_json::to_string(&record).map_err(|why| failed(why.into()))?;
            inner.before = hash(&line);
            text.push_str(&line);
            text.push('\n');
        }
        inner.file.write_all(text.as_bytes()).map_err(failed)?;
        inner.file.sync_data().map_err(failed)
    }
}

/// The SHA-256 of a text, in hexadecimal.
pub fn hash(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing into a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn read(path: &Path, text: &str) -> Result<Vec<Record>, JournalError> {
    let mut before = String::new();
    let mut records = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let changed = |why: String| JournalError::Changed { path: path.to_path_buf(), line: index + 1, why };
        let record: Record = serde_json::from_str(line).map_err(|error| changed(error.to_string()))?;
        if record.before != before {
            return Err(changed("it does not follow the line before it".to_owned()));
        }
        before = hash(line);
        records.push(record);
    }
    Ok(records)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn stopped(journal: &FileJournal) {
        let proof = Entry::Proof { number: 1, left: Vec::new(), not_ours: 0, unread: Vec::new() };
        journal.append(Some("1"), SimTime::WORLD_START, vec![proof]).unwrap();
    }

    #[test]
    fn a_journal_goes_on_after_a_kill_and_is_locked_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.ndjson");
        let (journal, _) = FileJournal::open(&path).unwrap();
        stopped(&journal);
        assert!(matches!(FileJournal::open(&path), Err(JournalError::Busy(_))));
        drop(journal);
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"line\":2,").unwrap();
        let (journal, records) = FileJournal::open(&path).unwrap();
        assert_eq!(records.len(), 1);
        stopped(&journal);
        drop(journal);
        assert_eq!(FileJournal::read(&path).unwrap().len(), 2);
    }

    #[test]
    fn a_line_that_was_changed_or_taken_out_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.ndjson");
        let (journal, _) = FileJournal::open(&path).unwrap();
        (0..3).for_each(|_| stopped(&journal));
        drop(journal);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("\"seat\":\"1\"", "\"seat\":\"2\"", 1)).unwrap();
        assert!(matches!(FileJournal::read(&path), Err(JournalError::Changed { line: 2, .. })));
        std::fs::write(&path, text.split_once('\n').unwrap().1).unwrap();
        assert!(matches!(FileJournal::read(&path), Err(JournalError::Changed { line: 1, .. })));
    }
}
