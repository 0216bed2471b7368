//! The journal: one JSON object a line, only ever appended to, flushed to the disk line by line.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::ProgressError;
use super::record::{Entry, Record};
use super::write::write_atomically;
use crate::domain::SimTime;

/// What had to be done to read a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Nothing.
    None,
    /// Its last line was cut off by a kill and was dropped.
    TornLine,
    /// Lines inside it were unreadable. The file as it was is kept, and the readable lines are the new journal.
    Damaged {
        /// Where the damaged file is kept.
        kept: PathBuf,
        /// The first unreadable line, from 1.
        line: usize,
        /// How many lines could not be read.
        lost: usize,
    },
}

impl Recovery {
    /// One sentence for the learner, when there is something to say.
    pub fn message(&self) -> Option<String> {
        match self {
            Recovery::None | Recovery::TornLine => None,
            Recovery::Damaged { kept, line, lost } => Some(format!(
                "The journal was damaged (line {line}; {lost} unreadable). It is kept as {}, and a new one holds what \
                 could be read. Your progress in AWS is not affected: it is read from the account.",
                kept.display()
            )),
        }
    }
}

/// The journal of a run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    records: Vec<Record>,
}

impl Journal {
    /// Opens the journal at `path`, or begins one.
    pub fn open(path: &Path) -> Result<(Self, Recovery), ProgressError> {
        let mut file = Self::appendable(path)?;
        // Another process of the same directory may be writing: whoever mends a journal does so alone.
        file.lock().map_err(ProgressError::unwritable(path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(ProgressError::unreadable(path))?;
        let read = Lines::of(&bytes);
        let recovery = if let Some(line) = read.first_bad {
            let kept = keep_aside(path, &bytes)?;
            let mut text = Vec::new();
            for record in &read.records {
                text.extend(line_of(record));
            }
            write_atomically(path, &text)?;
            file = Self::appendable(path)?;
            Recovery::Damaged { kept, line, lost: read.bad }
        } else if read.torn {
            let whole = u64::try_from(read.whole).unwrap_or(0);
            file.set_len(whole).map_err(ProgressError::unwritable(path))?;
            Recovery::TornLine
        } else {
            if read.unterminated {
                file.write_all(b"\n").map_err(ProgressError::unwritable(path))?;
            }
            Recovery::None
        };
        let _ = file.unlock();
        Ok((Self { path: path.to_path_buf(), file, records: read.records }, recovery))
    }

    fn appendable(path: &Path) -> Result<File, ProgressError> {
        let open = OpenOptions::new().create(true).read(true).append(true).open(path);
        let mut file = open.map_err(ProgressError::unwritable(path))?;
        file.seek(SeekFrom::Start(0)).map_err(ProgressError::unreadable(path))?;
        Ok(file)
    }

    /// Adds a line; when this returns, it is on the disk.
    pub fn append(&mut self, at: SimTime, entry: Entry) -> Result<(), ProgressError> {
        let record = Record { at, entry };
        let line = line_of(&record);
        self.file.lock().map_err(ProgressError::unwritable(&self.path))?;
        // One write: with O_APPEND, lines of two processes never mix.
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        let _ = self.file.unlock();
        written.map_err(ProgressError::unwritable(&self.path))?;
        self.records.push(record);
        Ok(())
    }

    /// All lines, oldest first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}

fn line_of(record: &Record) -> Vec<u8> {
    let mut line = serde_json::to_vec(record).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Copies the damaged file to the first free `journal.damaged-N`.
fn keep_aside(path: &Path, bytes: &[u8]) -> Result<PathBuf, ProgressError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut number = 1_u32;
    loop {
        let kept = folder.join(format!("journal.damaged-{number}"));
        match OpenOptions::new().write(true).create_new(true).open(&kept) {
            Ok(mut file) => {
                let written = file.write_all(bytes).and_then(|()| file.sync_all());
                written.map_err(ProgressError::unwritable(&kept))?;
                return Ok(kept);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(ProgressError::unwritable(&kept)(error)),
        }
    }
}

/// What a journal's bytes hold.
struct Lines {
    records: Vec<Record>,
    /// The first unreadable line that is not a torn last one.
    first_bad: Option<usize>,
    bad: usize,
    /// The last line is cut off.
    torn: bool,
    /// The last line is whole but has no line feed.
    unterminated: bool,
    /// Bytes up to the end of the last line with a line feed.
    whole: usize,
}

impl Lines {
    fn of(bytes: &[u8]) -> Self {
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut lines = Self { records: Vec::new(), first_bad: None, bad: 0, torn: false, unterminated: false, whole };
        let ended = bytes.get(..whole).unwrap_or_default();
        for (index, line) in ended.split(|byte| *byte == b'\n').enumerate() {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if let Ok(record) = serde_json::from_slice(line) {
                lines.records.push(record);
            } else {
                lines.first_bad.get_or_insert(index + 1);
                lines.bad += 1;
            }
        }
        let rest = bytes.get(whole..).unwrap_or_default();
        if !rest.is_empty() {
            if let Ok(record) = serde_json::from_slice(rest) {
                lines.records.push(record);
                lines.unterminated = true;
            } else {
                lines.torn = true;
            }
        }
        lines
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::super::record::Ending;
    use super::*;
    use crate::domain::Way;

    fn opened(step: &str) -> Entry {
        Entry::StepOpened { module: "m1".into(), step: step.into() }
    }

    fn journal_with(text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.ndjson");
        std::fs::write(&path, text).unwrap();
        (dir, path)
    }

    #[test]
    fn what_was_appended_is_there_after_opening_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.ndjson");
        let (mut journal, recovery) = Journal::open(&path).unwrap();
        assert_eq!(recovery, Recovery::None);
        journal.append(SimTime::from_millis(1), opened("m1.network")).unwrap();
        journal.append(SimTime::from_millis(2), Entry::WayChosen { way: Way::Typed }).unwrap();
        journal.append(SimTime::from_millis(3), Entry::ActionStarted { action: "m1.network#deploy".into() }).unwrap();
        journal.append(SimTime::from_millis(4), Entry::HintOpened { step: "m1.network".into(), level: 2 }).unwrap();
        drop(journal);
        let (mut journal, _) = Journal::open(&path).unwrap();
        assert_eq!(journal.position().step.as_deref(), Some("m1.network"));
        assert_eq!(journal.position().way, Way::Typed);
        assert!(journal.ran("m1.network") && !journal.ran("m1.net"));
        assert_eq!(journal.unfinished(), [("m1.network#deploy".to_owned(), SimTime::from_millis(3))]);
        let ended = Entry::ActionEnded {
            action: "m1.network#deploy".into(),
            ending: Ending::Done,
            seconds: 1.0,
            message: None,
        };
        journal.append(SimTime::from_millis(5), ended).unwrap();
        assert!(journal.unfinished().is_empty());
        assert_eq!(journal.hints()["m1.network"], 2);
    }

    #[test]
    fn a_torn_last_line_is_dropped_at_every_length() {
        let whole = line_of(&Record { at: SimTime::from_millis(1), entry: opened("m1.a") });
        let second = line_of(&Record { at: SimTime::from_millis(2), entry: opened("m1.b") });
        for cut in 1..second.len() - 1 {
            let text = [whole.clone(), second[..cut].to_vec()].concat();
            let (_dir, path) = journal_with(std::str::from_utf8(&text).unwrap());
            let (mut journal, recovery) = Journal::open(&path).unwrap();
            assert_eq!(recovery, Recovery::TornLine, "cut at {cut}");
            journal.append(SimTime::from_millis(3), opened("m1.c")).unwrap();
            let (journal, recovery) = Journal::open(&path).unwrap();
            assert_eq!((journal.records().len(), recovery), (2, Recovery::None));
        }
    }

    #[test]
    fn a_damaged_journal_is_kept_aside_and_never_overwritten() {
        let first = String::from_utf8(line_of(&Record { at: SimTime::from_millis(1), entry: opened("m1.a") })).unwrap();
        let text = format!("{first}\u{0}garbage\n{first}");
        let (dir, path) = journal_with(&text);
        std::fs::write(dir.path().join("journal.damaged-1"), "older").unwrap();
        let (journal, recovery) = Journal::open(&path).unwrap();
        let kept = dir.path().join("journal.damaged-2");
        assert_eq!(recovery, Recovery::Damaged { kept: kept.clone(), line: 2, lost: 1 });
        assert!(recovery.message().unwrap().contains("journal.damaged-2"));
        assert_eq!(journal.records().len(), 2);
        assert_eq!(std::fs::read_to_string(kept).unwrap(), text);
        assert_eq!(std::fs::read_to_string(dir.path().join("journal.damaged-1")).unwrap(), "older");
        assert_eq!(Journal::open(&path).unwrap().1, Recovery::None);
    }

    #[test]
    fn events_of_a_newer_guide_are_no_damage() {
        let (_dir, path) = journal_with("{\"at\":1,\"event\":\"flew_to_the_moon\",\"crew\":3}\n");
        let (journal, recovery) = Journal::open(&path).unwrap();
        assert_eq!((recovery, &journal.records()[0].entry), (Recovery::None, &Entry::Unknown));
    }
}
