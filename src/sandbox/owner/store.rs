//! The world on disk: a snapshot, a log of what changed it since, and the last known time.
//!
//! `world.json` names a generation; `changes-GENERATION.jsonl` holds what came after it. A change is written before it
//! happens, so whatever was acknowledged is there after a kill. `time` is overwritten with every request.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::OwnerError;
use crate::clock::Rate;
use crate::domain::SimTime;
use crate::domain::drill::Probe;
use crate::sandbox::world::World;

/// The format of `world.json`.
const FORMAT: u32 = 1;
/// A snapshot is taken after so many changes…
const CHANGES_PER_SNAPSHOT: usize = 400;
/// …or so many bytes of log.
const BYTES_PER_SNAPSHOT: u64 = 8 << 20;
/// The length of the file `time`, which is overwritten in place.
const TIME_LENGTH: usize = 128;

/// What changes a world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    /// A request to AWS.
    Request(LoggedRequest),
    /// A client's request that writes.
    Probe(Probe),
    /// A fault begins.
    StartFault { kind: String, region: String, parameters: serde_json::Value, lease: Duration },
    /// A fault ends.
    StopFault { id: String },
}

/// An HTTP request as it is logged: without its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LoggedRequest {
    pub(super) method: String,
    pub(super) uri: String,
    pub(super) headers: Vec<(String, String)>,
    /// In base64.
    pub(super) body: String,
}

/// A change, and when it happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) at: SimTime,
    #[serde(flatten)]
    pub(super) change: Change,
}

/// The last time that was seen, in both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Moment {
    pub(super) simulated: SimTime,
    pub(super) wall: SimTime,
    pub(super) rate: Rate,
}

#[derive(Deserialize)]
struct Saved {
    format: u32,
    generation: u64,
    world: World,
}

/// What was found on disk.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) world: Option<World>,
    pub(super) entries: Vec<Entry>,
    pub(super) moment: Option<Moment>,
    /// What a person should know: something was damaged and kept aside.
    pub(super) notes: Vec<String>,
}

/// The files of a world that this process owns. The lock is held as long as it lives.
pub(super) struct Store {
    directory: PathBuf,
    _lock: File,
    log: File,
    time: File,
    generation: u64,
    changes: usize,
    bytes: u64,
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> OwnerError {
    let path = path.to_owned();
    move |source| OwnerError::Files { doing, path, source }
}

fn log_path(directory: &Path, generation: u64) -> PathBuf {
    directory.join(format!("changes-{generation}.jsonl"))
}

/// Makes the directory, readable for its owner only.
pub(super) fn prepare(directory: &Path) -> Result<(), OwnerError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed("make", directory))
}

/// Takes the world's lock; `None` when another process has it.
pub(super) fn lock(directory: &Path) -> Result<Option<File>, OwnerError> {
    let path = directory.join("lock");
    let open = File::options().create(true).truncate(false).read(true).write(true).mode(0o600).open(&path);
    let mut file = open.map_err(failed("open", &path))?;
    match fs4::FileExt::try_lock(&file) {
        Ok(()) => {}
        Err(fs4::TryLockError::WouldBlock) => return Ok(None),
        Err(fs4::TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
    }
    // Only for people, and for the message when the owner does not answer.
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed("write", &path))?;
    Ok(Some(file))
}

/// The id of the process that holds the lock, as far as it said so.
pub(super) fn holder(directory: &Path) -> Option<u32> {
    fs::read_to_string(directory.join("lock")).ok()?.trim().parse().ok()
}

impl Store {
    /// Reads what is there and goes on writing after it.
    pub(super) fn open(directory: &Path, lock: File) -> Result<(Self, Found), OwnerError> {
        let mut found = Found::default();
        let saved = read_snapshot(directory, &mut found.notes)?;
        let generation = saved.as_ref().map_or(0, |saved| saved.generation);
        found.world = saved.map(|saved| saved.world);
        let path = log_path(directory, generation);
        let mut text = Vec::new();
        match File::open(&path) {
            Ok(mut file) => {
                file.read_to_end(&mut text).map_err(failed("read", &path))?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("read", &path)(error)),
        }
        let good = read_entries(&text, &mut found.entries);
        let torn = text.get(good..).unwrap_or_default();
        if torn.contains(&b'\n') {
            // More than a line that was being written: keep the whole log aside before going on after its good part.
            let aside = keep_aside(&path)?;
            found.notes.push(format!(
                "the log of the simulated world was damaged after {} changes; it is kept as {}, and the world goes on from there",
                found.entries.len(),
                aside.display()
            ));
            fs::write(&path, text.get(..good).unwrap_or_default()).map_err(failed("write", &path))?;
        }
        let log = File::options().create(true).append(true).mode(0o600).open(&path).map_err(failed("open", &path))?;
        log.set_len(good as u64).map_err(failed("cut", &path))?;
        let time_path = directory.join("time");
        found.moment = fs::read(&time_path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let options = File::options().create(true).truncate(false).write(true).mode(0o600).open(&time_path);
        let time = options.map_err(failed("open", &time_path))?;
        let store = Self {
            directory: directory.to_owned(),
            _lock: lock,
            log,
            time,
            generation,
            changes: found.entries.len(),
            bytes: good as u64,
        };
        Ok((store, found))
    }

    /// Writes a change, durably.
    pub(super) fn append(&mut self, entry: &Entry) -> Result<(), OwnerError> {
        let path = log_path(&self.directory, self.generation);
        let mut line = serde_json::to_vec(entry).map_err(|error| failed("write", &path)(error.into()))?;
        line.push(b'\n');
        self.log.write_all(&line).and_then(|()| self.log.sync_data()).map_err(|error| {
            // A part of a line must not stand before the next one.
            let _ = self.log.set_len(self.bytes);
            failed("write", &path)(error)
        })?;
        self.changes += 1;
        self.bytes += line.len() as u64;
        Ok(())
    }

    /// Remembers the time. It is not forced to the disk: a kill of the process loses nothing, a power cut some seconds.
    pub(super) fn remember(&self, moment: Moment) -> Result<(), OwnerError> {
        let path = self.directory.join("time");
        let mut text = serde_json::to_vec(&moment).map_err(|error| failed("write", &path)(error.into()))?;
        text.resize(TIME_LENGTH.max(text.len()), b' ');
        self.time.write_all_at(&text, 0).map_err(failed("write", &path))
    }

    /// Whether the log is so long that a snapshot pays.
    pub(super) fn wants_snapshot(&self) -> bool {
        self.changes >= CHANGES_PER_SNAPSHOT || self.bytes >= BYTES_PER_SNAPSHOT
    }

    /// Replaces snapshot and log by this world.
    pub(super) fn snapshot(&mut self, world: &World) -> Result<(), OwnerError> {
        #[derive(Serialize)]
        struct Saving<'w> {
            format: u32,
            generation: u64,
            world: &'w World,
        }
        let generation = self.generation + 1;
        let log = log_path(&self.directory, generation);
        let path = self.directory.join("world.json");
        let temporary = self.directory.join("world.json.new");
        let text = serde_json::to_vec(&Saving { format: FORMAT, generation, world })
            .map_err(|error| failed("write", &path)(error.into()))?;
        // The new log stands before the snapshot names it; the old pair stays good until the rename.
        let create = File::options().create(true).truncate(true).write(true).mode(0o600).open(&log);
        drop(create.map_err(failed("make", &log))?);
        let next = File::options().append(true).open(&log).map_err(failed("open", &log))?;
        let create = File::options().create(true).truncate(true).write(true).mode(0o600).open(&temporary);
        let mut file = create.map_err(failed("make", &temporary))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed("write", &temporary))?;
        fs::rename(&temporary, &path).map_err(failed("rename", &temporary))?;
        File::open(&self.directory).and_then(|folder| folder.sync_all()).map_err(failed("write", &self.directory))?;
        // The old log has no reader any more; leaving it would only waste space.
        let _ = fs::remove_file(log_path(&self.directory, self.generation));
        self.generation = generation;
        self.log = next;
        (self.changes, self.bytes) = (0, 0);
        Ok(())
    }
}

/// Reads the good entries at the beginning of a log and gives their length in bytes. A last line without its end was
/// never acknowledged.
fn read_entries(text: &[u8], into: &mut Vec<Entry>) -> usize {
    let mut good = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let Some(whole) = line.strip_suffix(b"\n") else { break };
        let Ok(entry) = serde_json::from_slice(whole) else { break };
        into.push(entry);
        good += line.len();
    }
    good
}

fn read_snapshot(directory: &Path, notes: &mut Vec<String>) -> Result<Option<Saved>, OwnerError> {
    let path = directory.join("world.json");
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", &path)(error)),
    };
    let reason = match serde_json::from_slice::<Saved>(&text) {
        Ok(saved) if saved.format == FORMAT => return Ok(Some(saved)),
        Ok(saved) => format!("has format {}, this program writes {FORMAT}", saved.format),
        Err(error) => format!("cannot be read ({error})"),
    };
    let aside = keep_aside(&path)?;
    notes.push(format!(
        "the simulated world {reason}; it is kept as {}, and a new world begins. Facts that were there are gone",
        aside.display()
    ));
    Ok(None)
}

/// Renames a file out of the way, never over another one.
fn keep_aside(path: &Path) -> Result<PathBuf, OwnerError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let candidates = (1..10_000).map(|number| path.with_file_name(format!("{name}.damaged-{number}")));
    let aside = candidates.into_iter().find(|to| !to.exists()).unwrap_or_else(|| path.with_extension("damaged"));
    fs::rename(path, &aside).map_err(failed("keep aside", path))?;
    Ok(aside)
}
