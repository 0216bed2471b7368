//! The workspace: the only folder whose files actions read and write.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::error::LocalError;
use crate::protocol::{FileError, Files};

/// The folder where `file://` and the paths of `aws s3` begin.
#[derive(Clone, Copy, Debug)]
pub struct Workspace<'w> {
    root: &'w Path,
}

/// A file below a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its path below the folder, with `/`.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

impl<'w> Workspace<'w> {
    /// The workspace at `root`.
    pub fn new(root: &'w Path) -> Self {
        Self { root }
    }

    /// Where `path`, as written in a command, is on disk. It need not exist; its nearest existing folder must be inside.
    pub fn resolve(&self, path: &str) -> Result<PathBuf, LocalError> {
        let outside = || LocalError::Outside(path.to_owned());
        let wrong = |why: io::Error| LocalError::File { path: path.to_owned(), why: words(&why) };
        let given = Path::new(path);
        if given.components().any(|part| part == Component::ParentDir) {
            return Err(outside());
        }
        let full = self.root.join(given);
        let root = self.root.canonicalize().map_err(wrong)?;
        // Links are followed before the comparison; what does not exist yet is judged by the folder it goes into.
        let existing = full.ancestors().find(|part| part.symlink_metadata().is_ok()).unwrap_or(self.root);
        let real = existing.canonicalize().map_err(wrong)?;
        if !real.starts_with(&root) {
            return Err(outside());
        }
        Ok(full)
    }

    /// The bytes of a file.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, LocalError> {
        let full = self.resolve(path)?;
        std::fs::read(full).map_err(|why| LocalError::File { path: path.to_owned(), why: words(&why) })
    }

    /// Writes a file whole, with its folders.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<(), LocalError> {
        let full = self.resolve(path)?;
        let folder = full.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = folder.and_then(|()| std::fs::write(&full, bytes));
        written.map_err(|why| LocalError::File { path: path.to_owned(), why: words(&why) })
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) -> Result<(), LocalError> {
        let full = self.resolve(path)?;
        std::fs::remove_file(full).map_err(|why| LocalError::File { path: path.to_owned(), why: words(&why) })
    }

    /// Whether `path` is a folder.
    pub fn is_folder(&self, path: &str) -> Result<bool, LocalError> {
        Ok(self.resolve(path)?.is_dir())
    }

    /// All files below the folder `path`, by name. A folder that does not exist has none.
    pub fn below(&self, path: &str) -> Result<Vec<Found>, LocalError> {
        let mut found = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let place = join(path, &folder);
            let full = self.resolve(&place)?;
            let wrong = |why: io::Error| LocalError::File { path: place.clone(), why: words(&why) };
            let entries = match std::fs::read_dir(full) {
                Err(why) if why.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(wrong)?,
            };
            for entry in entries {
                let entry = entry.map_err(wrong)?;
                let Some(name) = entry.file_name().to_str().map(|name| join(&folder, name)) else {
                    let why = "its name is not UTF-8 text".to_owned();
                    return Err(LocalError::File { path: entry.path().display().to_string(), why });
                };
                let full = self.resolve(&join(path, &name))?;
                let meta = std::fs::metadata(full).map_err(wrong)?;
                if meta.is_dir() {
                    folders.push(name);
                } else {
                    found.push(Found { name, size: meta.len() });
                }
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }
}

impl Files for Workspace<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.bytes(path).map_err(|error| FileError(error.to_string()))
    }
}

/// Two parts of a path with one `/` between them.
pub fn join(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{}/{name}", folder.trim_end_matches('/')),
    }
}

/// The system's reason in plain words.
fn words(why: &io::Error) -> String {
    match why.kind() {
        io::ErrorKind::NotFound => "no such file in the workspace".to_owned(),
        io::ErrorKind::PermissionDenied => "the system denies access".to_owned(),
        _ => why.to_string(),
    }
}
