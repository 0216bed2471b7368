//! A workshop's assets: templates and site are copied as they are, policies are filled in, the Lambda code is packed.

use std::borrow::Cow;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::source::{Files, Source, SourceError};
use super::template::{self, Bindings, MissingBinding};

/// The archive of everything below `lambda/` that is not a test.
pub const LAMBDA_ARCHIVE: &str = "lambda.zip";
/// The archives that are packed: of which folder, and what of it stays out. Where the API is belongs to a site's place, not
/// to its release.
const ARCHIVES: &[(&str, &str, &str)] = &[(LAMBDA_ARCHIVE, "lambda/", "test/"), ("site.zip", "site/", "config.json")];

/// The assets of one workshop.
#[derive(Clone, Debug)]
pub struct Assets {
    files: Files,
}

/// Why an asset could not be written.
#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    /// No such asset.
    #[error("the workshop has no asset `{0}`")]
    Unknown(String),
    /// A policy uses a value that is not known yet.
    #[error("`{file}` needs a value that is not known yet: {missing}")]
    Missing {
        /// The asset.
        file: String,
        /// What it needs.
        missing: MissingBinding,
    },
    /// An archive could not be packed.
    #[error("an archive of the workshop's files cannot be packed: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// The file system refused.
    #[error("{path}: cannot be written: {why}; free some space or give another --state directory")]
    Unwritable {
        /// What was to be written.
        path: String,
        /// What the system said.
        why: std::io::Error,
    },
}

/// The assets of a workshop, as they are in its folder or in the binary.
pub fn assets(source: &Source) -> Result<Assets, SourceError> {
    Ok(Assets { files: source.asset_files()? })
}

impl Assets {
    /// The names of all assets, the archives included, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.files.keys().map(String::as_str).collect();
        for (archive, folder, but) in ARCHIVES {
            if self.files.keys().any(|name| packed(name, folder, but)) {
                names.push(archive);
            }
        }
        names.sort_unstable();
        names
    }

    /// Whether there is an asset of that name, or a folder with something in it.
    pub fn has(&self, name: &str) -> bool {
        let name = name.trim_end_matches('/');
        let folder = format!("{name}/");
        self.names().into_iter().any(|known| known == name || known.starts_with(&folder))
    }

    /// The asset as it is in the workshop.
    pub fn raw(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Cow::as_ref)
    }

    /// Whether `{{ }}` in this asset is filled in. Only policies are: a CloudFormation template must be what its author
    /// reads, and `{{resolve:…}}` in it belongs to CloudFormation.
    pub fn templated(name: &str) -> bool {
        name.starts_with("policies/") && Path::new(name).extension().is_some_and(|ending| ending == "json")
    }

    /// The names that the asset needs filled in.
    pub fn needs(&self, name: &str) -> Vec<String> {
        if !Self::templated(name) {
            return Vec::new();
        }
        let text = self.raw(name).map(String::from_utf8_lossy).unwrap_or_default();
        template::names(&text).into_iter().map(str::to_owned).collect()
    }

    /// The asset as it stands in the workspace.
    pub fn render(&self, name: &str, bindings: &Bindings) -> Result<Vec<u8>, AssetError> {
        if let Some((_, folder, but)) = ARCHIVES.iter().find(|(archive, ..)| name == *archive) {
            return self.archive(folder, but);
        }
        let raw = self.raw(name).ok_or_else(|| AssetError::Unknown(name.to_owned()))?;
        match std::str::from_utf8(raw) {
            Ok(text) if Self::templated(name) => bindings
                .render(text)
                .map(String::into_bytes)
                .map_err(|missing| AssetError::Missing { file: name.to_owned(), missing }),
            _ => Ok(raw.to_vec()),
        }
    }

    /// Writes one asset into the workspace and gives its path.
    pub fn write(&self, name: &str, workspace: &Path, bindings: &Bindings) -> Result<PathBuf, AssetError> {
        let bytes = self.render(name, bindings)?;
        let path = workspace.join(name);
        write_if_changed(&path, &bytes)
            .map_err(|why| AssetError::Unwritable { path: path.display().to_string(), why })?;
        Ok(path)
    }

    /// Writes all assets into the workspace, except policies that need values which are not known yet; those are
    /// written when an action needs them. Gives how many were written.
    pub fn write_all(&self, workspace: &Path, bindings: &Bindings) -> Result<usize, AssetError> {
        let mut written = 0;
        for name in self.names() {
            match self.write(name, workspace, bindings) {
                Ok(_) => written += 1,
                Err(AssetError::Missing { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    /// A folder as a ZIP archive that is the same bytes on every machine: sorted, stored, with ZIP's first
    /// instant (1980-01-01) as every file's time, so that a hash of it can be compared.
    fn archive(&self, folder: &str, but: &str) -> Result<Vec<u8>, AssetError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o644);
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in self.files.iter().filter(|(name, _)| packed(name, folder, but)) {
            archive.start_file(name.strip_prefix(folder).unwrap_or(name), options)?;
            archive.write_all(bytes).map_err(zip::result::ZipError::from)?;
        }
        Ok(archive.finish()?.into_inner())
    }
}

fn packed(name: &str, folder: &str, but: &str) -> bool {
    name.strip_prefix(folder).is_some_and(|name| !name.starts_with(but))
}

/// Writes beside the file and renames, so that a reader sees the old or the new file, never half of one.
fn write_if_changed(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".part");
    std::fs::write(&temporary, bytes)?;
    std::fs::rename(&temporary, path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn sample() -> Assets {
        let mut files = Files::new();
        files.insert("lambda/books.js".into(), Cow::Borrowed(b"exports.handler = 1"));
        files.insert("lambda/test/books.test.js".into(), Cow::Borrowed(b"no"));
        files.insert("site/index.html".into(), Cow::Borrowed(b"<html>"));
        files.insert("site/config.json".into(), Cow::Borrowed(b"{}"));
        files.insert("policies/a.json".into(), Cow::Borrowed(b"{\"r\":\"{{ out.m1.role }}\"}"));
        files.insert("templates/t.yaml".into(), Cow::Borrowed(b"a: '{{resolve:secretsmanager:x}}'"));
        Assets { files }
    }

    #[test]
    fn the_archive_is_the_same_every_time_and_holds_no_tests() {
        let assets = sample();
        let pack = |name: &str| assets.render(name, &Bindings::default()).unwrap();
        let first = pack(LAMBDA_ARCHIVE);
        assert_eq!(first, pack(LAMBDA_ARCHIVE));
        let site = String::from_utf8_lossy(&pack("site.zip")).into_owned();
        assert!(site.contains("index.html") && !site.contains("config.json"));
        let text = String::from_utf8_lossy(&first).into_owned();
        assert!(text.contains("books.js") && !text.contains("books.test.js"));
        assert!(first.starts_with(b"PK\x03\x04"));
        assert!(assets.has("lambda.zip") && assets.has("templates/") && !assets.has("templates/u.yaml"));
    }

    #[test]
    fn only_policies_are_filled_in() {
        let assets = sample();
        let mut bindings = Bindings::default();
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(assets.needs("policies/a.json"), ["out.m1.role"]);
        assert!(assets.needs("templates/t.yaml").is_empty());
        assets.write_all(dir.path(), &bindings).unwrap();
        assert!(!dir.path().join("policies/a.json").exists());
        let copied = std::fs::read_to_string(dir.path().join("templates/t.yaml")).unwrap();
        assert!(copied.contains("{{resolve:secretsmanager:x}}"));
        bindings.set("out.m1.role", "R");
        let path = assets.write("policies/a.json", dir.path(), &bindings).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "{\"r\":\"R\"}");
    }
}
