//! Where a workshop's files come from: the binary itself, or a folder.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

static CONTENT: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/modules/bookstore");
static ASSETS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/bookstore");

/// The workshop in the binary.
const DEFAULT: &str = "bookstore";

/// The largest file that a workshop may hold. Nothing in a workshop comes near it; a wrong folder often does.
const LARGEST: u64 = 8 * 1024 * 1024;

/// Where a workshop comes from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Source {
    /// The bookstore in the binary.
    #[default]
    Embedded,
    /// One workshop's folder; its assets are in `assets` below it.
    Dir(PathBuf),
}

/// A folder that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file system refused.
    #[error("{path}: cannot be read: {why}; give a folder that holds workshop.yaml")]
    Unreadable {
        /// What was to be read.
        path: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// A file is too large for a workshop.
    #[error("{0}: larger than 8 MiB, which no file of a workshop is; give a folder that holds workshop.yaml")]
    TooLarge(String),
}

/// Files by their path below a folder, with `/` between the parts.
pub(super) type Files = BTreeMap<String, Cow<'static, [u8]>>;

impl Source {
    /// How the file at `path` of the workshop is called in messages.
    pub(super) fn label(&self, path: &str) -> String {
        match self {
            Source::Embedded => match path.strip_prefix("assets/") {
                Some(asset) => format!("assets/{DEFAULT}/{asset}"),
                None => format!("modules/{DEFAULT}/{path}"),
            },
            Source::Dir(dir) => dir.join(path).display().to_string(),
        }
    }

    /// The workshop's own files, without its assets.
    pub(super) fn content(&self) -> Result<Files, SourceError> {
        match self {
            Source::Embedded => Ok(embedded(&CONTENT)),
            Source::Dir(dir) => {
                let mut files = Files::new();
                read(dir, "", &mut files)?;
                files.retain(|path, _| !path.starts_with("assets/"));
                Ok(files)
            }
        }
    }

    /// The workshop's assets, by their path below the assets' folder.
    pub(super) fn asset_files(&self) -> Result<Files, SourceError> {
        match self {
            Source::Embedded => Ok(embedded(&ASSETS)),
            Source::Dir(dir) => {
                let mut files = Files::new();
                let assets = dir.join("assets");
                if assets.is_dir() {
                    read(&assets, "", &mut files)?;
                }
                Ok(files)
            }
        }
    }
}

fn embedded(root: &'static Dir<'static>) -> Files {
    fn walk(dir: &'static Dir<'static>, files: &mut Files) {
        for file in dir.files().filter(|file| !hidden(file.path())) {
            files.insert(slashes(file.path()), Cow::Borrowed(file.contents()));
        }
        for dir in dir.dirs() {
            walk(dir, files);
        }
    }
    let mut files = Files::new();
    walk(root, &mut files);
    files
}

fn read(dir: &Path, below: &str, files: &mut Files) -> Result<(), SourceError> {
    let unreadable = |path: &Path| {
        let path = path.display().to_string();
        move |why| SourceError::Unreadable { path, why }
    };
    for entry in std::fs::read_dir(dir).map_err(unreadable(dir))? {
        let entry = entry.map_err(unreadable(dir))?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let key = if below.is_empty() { name } else { format!("{below}/{name}") };
        let about = std::fs::metadata(&path).map_err(unreadable(&path))?;
        if about.is_dir() {
            read(&path, &key, files)?;
        } else if about.len() > LARGEST {
            return Err(SourceError::TooLarge(path.display().to_string()));
        } else {
            files.insert(key, Cow::Owned(std::fs::read(&path).map_err(unreadable(&path))?));
        }
    }
    Ok(())
}

fn hidden(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'))
}

fn slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
