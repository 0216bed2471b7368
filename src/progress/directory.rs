//! The state directory: one per account and pair of Regions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ProgressError;
use super::journal::{Journal, Recovery};
use super::settings::Settings;
use super::write::{write_atomically, write_folder};
use crate::domain::RegionPair;

/// Where state directories stand when `--state` names none: below the XDG state directory.
pub fn default_base() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "multi-region-workshop")?;
    Some(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_path_buf())
}

/// An opened state directory.
#[derive(Clone, Debug)]
pub struct StateDirectory {
    root: PathBuf,
}

impl StateDirectory {
    /// The directory for an account (`sandbox`, or the account's id) and a pair of Regions below `base`.
    pub fn path(base: &Path, account: &str, regions: &RegionPair) -> PathBuf {
        base.join(format!("{account}-{}-{}", regions.primary(), regions.secondary()))
    }

    /// Opens the directory, makes it when it is not there, and makes sure that it can be written.
    pub fn open(root: PathBuf) -> Result<Self, ProgressError> {
        std::fs::create_dir_all(&root).map_err(ProgressError::unwritable(&root))?;
        let probe = root.join(format!(".probe-{}", std::process::id()));
        std::fs::write(&probe, b"").map_err(ProgressError::unwritable(&root))?;
        std::fs::remove_file(&probe).map_err(ProgressError::unwritable(&root))?;
        Ok(Self { root })
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where rendered assets stand, and where `file://` in a command points.
    pub fn workspace(&self) -> PathBuf {
        self.root.join("workspace")
    }

    /// Where drill reports stand.
    pub fn reports(&self) -> PathBuf {
        self.root.join("reports")
    }

    /// Where the simulated world stands.
    pub fn world(&self) -> PathBuf {
        self.root.join("world")
    }

    /// The settings, when there are any.
    pub fn settings(&self) -> Result<Option<Settings>, ProgressError> {
        Settings::read(&self.root.join("settings.json"))
    }

    /// Writes the settings.
    pub fn save_settings(&self, settings: &Settings) -> Result<(), ProgressError> {
        write_atomically(&self.root.join("settings.json"), settings.to_json().as_bytes())
    }

    /// The journal, and what had to be done to read it.
    pub fn journal(&self) -> Result<(Journal, Recovery), ProgressError> {
        Journal::open(&self.root.join("journal.ndjson"))
    }

    /// Puts the journal aside, so that the next one begins anew; where it is kept, when there was one.
    pub fn forget(&self) -> Result<Option<PathBuf>, ProgressError> {
        let path = self.root.join("journal.ndjson");
        let empty = std::fs::metadata(&path).map_or(true, |file| file.len() == 0);
        if empty {
            return Ok(None);
        }
        let free = |number: &u16| !self.root.join(format!("journal.forgotten-{number}")).exists();
        let number = (1..10_000).find(free).unwrap_or(10_000);
        let kept = self.root.join(format!("journal.forgotten-{number}"));
        std::fs::rename(&path, &kept).map_err(ProgressError::unwritable(&path))?;
        Ok(Some(kept))
    }

    /// Writes the files of a report into a folder below `reports/` and gives the folder's path.
    pub fn save_report(&self, name: &str, files: &BTreeMap<String, String>) -> Result<PathBuf, ProgressError> {
        let path = self.reports().join(name);
        write_folder(&path, files)?;
        Ok(path)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_per_account_and_pair() {
        let regions = RegionPair::new("eu-west-1", "ap-southeast-1").unwrap();
        let path = StateDirectory::path(Path::new("/s"), "sandbox", &regions);
        assert_eq!(path, Path::new("/s/sandbox-eu-west-1-ap-southeast-1"));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let error = StateDirectory::open(file.join("below")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("file/below") && text.contains("--state DIR"), "{text}");
    }

    #[test]
    fn settings_survive_and_broken_ones_are_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDirectory::open(dir.path().to_path_buf()).unwrap();
        assert!(state.settings().unwrap().is_none());
        let regions = RegionPair::new("eu-west-1", "ap-southeast-1").unwrap();
        let mut settings = Settings::new("bookstore", &regions, 7);
        settings.vars.insert("suffix".into(), "k7m2x9".into());
        state.save_settings(&settings).unwrap();
        assert_eq!(state.settings().unwrap(), Some(settings));
        std::fs::write(dir.path().join("settings.json"), "{").unwrap();
        assert!(matches!(state.settings(), Err(ProgressError::BrokenSettings { .. })));
        assert_eq!(std::fs::read_to_string(dir.path().join("settings.json")).unwrap(), "{");
    }
}
