//! Floor 2: what stays on disk beside the simulated world: settings, the journal, reports, and how they are written so
//! that a kill at any moment loses nothing that was acknowledged.
//!
//! The journal holds what AWS's state cannot tell: where the learner was, the way of doing steps, hints, overrides, drill reports,
//! durations. Facts are never stored as truth; they are read again.

mod directory;
mod journal;
mod record;
mod settings;
mod write;

pub use directory::{StateDirectory, default_base};
pub use journal::{Journal, Recovery};
pub use record::{DrillRecord, Ending, Entry, Position, Record};
pub use settings::{Settings, random_seed, word_from_seed};
pub use write::{write_atomically, write_folder};

/// Why local state could not be used. The exit code for all of them is 5.
#[derive(Debug, thiserror::Error)]
pub enum ProgressError {
    /// The file system does not let us write.
    #[error("{path}: cannot be written: {why}; make it writable, or give another directory with --state DIR")]
    Unwritable {
        /// What was to be written.
        path: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// The file system does not let us read.
    #[error("{path}: cannot be read: {why}; check its owner and mode, or give another directory with --state DIR")]
    Unreadable {
        /// What was to be read.
        path: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// The settings are no settings. They are not replaced: the run's suffix is in them, and with it the way to everything
    /// that was made.
    #[error(
        "{path}: not readable as settings: {why}; mend the file, or move it away to begin a new run (what the old run \
         made then has to be removed by its suffix)"
    )]
    BrokenSettings {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
}

impl ProgressError {
    fn unwritable(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |why| Self::Unwritable { path, why }
    }

    fn unreadable(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |why| Self::Unreadable { path, why }
    }
}
