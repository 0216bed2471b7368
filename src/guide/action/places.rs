//! The two kinds of place that `aws s3` knows, a path and `s3://bucket/key`, and what is there.

use serde_json::{Value, json};

use super::error::{ActionError, LocalError};
use super::files::join;
use super::job::{Job, items, operation, text};
use crate::domain::{GLOBAL_REGION, md5};

/// A file, a folder, an object or a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A path below the workspace.
    File(String),
    /// In S3.
    Object {
        /// The bucket.
        bucket: String,
        /// The key or prefix; may be empty.
        key: String,
    },
}

/// Something at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name below the place.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// S3's ETag without quotes; the MD5 of the content when it was put in one part without a KMS key.
    pub etag: Option<String>,
}

impl Place {
    /// The place that a word of the command names.
    pub fn parse(word: &str) -> Self {
        match word.strip_prefix("s3://") {
            Some(rest) => {
                let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
                Self::Object { bucket: bucket.to_owned(), key: key.to_owned() }
            }
            None => Self::File(word.to_owned()),
        }
    }

    /// What stands below this place under `name`.
    pub fn below(&self, name: &str) -> Self {
        match self {
            Self::File(path) => Self::File(join(path, name)),
            Self::Object { bucket, key } => Self::Object { bucket: bucket.clone(), key: join(key, name) },
        }
    }

    /// As the AWS CLI writes it.
    pub fn shown(&self) -> String {
        match self {
            Self::File(path) => path.clone(),
            Self::Object { bucket, key } => format!("s3://{bucket}/{key}"),
        }
    }

    /// The last part of its name.
    pub fn base(&self) -> &str {
        let (Self::File(name) | Self::Object { key: name, .. }) = self;
        name.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }

    /// Where one thing goes that is copied here: into a folder or prefix it keeps its name.
    pub fn receive(&self, job: &Job<'_>, base: &str) -> Result<Self, LocalError> {
        let folder = match self {
            Self::File(path) => path.ends_with('/') || job.workspace.is_folder(path)?,
            Self::Object { key, .. } => key.is_empty() || key.ends_with('/'),
        };
        Ok(if folder { self.below(base) } else { self.clone() })
    }
}

/// All that is below `place`, sorted by name. `region` is where an S3 place is read.
pub async fn list(job: &Job<'_>, place: &Place, region: &str) -> Result<Vec<Entry>, ActionError> {
    match place {
        Place::File(path) => {
            let found = job.workspace.below(path)?;
            Ok(found.into_iter().map(|found| Entry { name: found.name, size: found.size, etag: None }).collect())
        }
        Place::Object { bucket, key } => {
            let prefix = if key.is_empty() { String::new() } else { format!("{}/", key.trim_end_matches('/')) };
            let input = json!({ "Bucket": bucket, "Prefix": prefix });
            let output = job.all(&operation("s3api", "list-objects-v2", region, input)).await?;
            let entry = |object: &Value| {
                let name = text(object, "/Key").strip_prefix(&prefix)?;
                // The console makes empty objects that stand for folders.
                (!name.is_empty() && !name.ends_with('/')).then(|| Entry {
                    name: name.to_owned(),
                    size: object.get("Size").and_then(Value::as_u64).unwrap_or(0),
                    etag: Some(text(object, "/ETag").trim_matches('"').to_owned()),
                })
            };
            let mut entries: Vec<Entry> = items(&output, "Contents").filter_map(entry).collect();
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(entries)
        }
    }
}

/// The MD5 of what `entry` at `place` holds: S3's own word, or of the file's bytes.
pub fn digest(job: &Job<'_>, place: &Place, entry: &Entry) -> Result<String, LocalError> {
    match (&entry.etag, place) {
        (None, Place::File(path)) => Ok(md5::hex(&job.workspace.bytes(&join(path, &entry.name))?)),
        (etag, _) => Ok(etag.clone().unwrap_or_default()),
    }
}

/// The Region of the bucket that is read when it may be in another one than `region`.
pub async fn region_of(job: &Job<'_>, bucket: &str, region: &str) -> Result<String, ActionError> {
    let read = operation("s3api", "get-bucket-location", region, json!({ "Bucket": bucket }));
    let output = job.call(&read).await?.output;
    // S3 says nothing for us-east-1.
    Ok(output.get("LocationConstraint").and_then(Value::as_str).unwrap_or(GLOBAL_REGION).to_owned())
}

/// The patterns of `--exclude` and `--include`.
pub struct Filters {
    /// Whether it includes, and the pattern; a later one wins.
    rules: Vec<(bool, regex::Regex)>,
}

impl Filters {
    /// Compiles a shell's patterns: `*`, `?` and `[…]`, which also match `/`.
    pub fn new(given: &[(bool, String)]) -> Result<Self, LocalError> {
        let rule = |(include, pattern): &(bool, String)| {
            let wrong = |_| LocalError::Form(format!("'{pattern}' is no pattern; expected *, ? or [letters]"));
            regex::Regex::new(&expression(pattern)).map(|regex| (*include, regex)).map_err(wrong)
        };
        Ok(Self { rules: given.iter().map(rule).collect::<Result<_, _>>()? })
    }

    /// Whether `name` is meant.
    pub fn take(&self, name: &str) -> bool {
        self.rules.iter().rev().find(|(_, regex)| regex.is_match(name)).is_none_or(|(include, _)| *include)
    }
}

/// A shell's pattern as a regular expression.
fn expression(pattern: &str) -> String {
    let mut regex = String::from("(?s)^");
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match rest.find(']').filter(|end| *end > 0) {
                Some(end) => {
                    let set = rest.get(..end).unwrap_or_default().replace('\\', "\\\\").replace('[', "\\[");
                    let set = set.strip_prefix('!').map_or_else(|| set.clone(), |set| format!("^{set}"));
                    regex.extend(["[", &set, "]"]);
                    rest = rest.get(end + 1..).unwrap_or_default();
                }
                None => regex.push_str("\\["),
            },
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push('$');
    regex
}
