//! `aws s3 cp` and `aws s3 sync`.

use serde_json::{Value, json};

use super::Outcome;
use super::error::{ActionError, LocalError};
use super::job::{Job, operation};
use super::places::{Entry, Filters, Place, digest, list, region_of};
use super::remove::delete_keys;
use crate::protocol::{S3Copy, S3Sync};

/// The Content-Type that the AWS CLI guesses from a file's extension, for what a site is made of.
const TYPES: &[(&str, &str)] = &[
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("gif", "image/gif"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/vnd.microsoft.icon"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("mjs", "text/javascript"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("webp", "image/webp"),
    ("xml", "text/xml"),
    ("zip", "application/zip"),
];

/// What the flags say of everything that is copied.
struct Options<'c> {
    region: &'c str,
    /// Where objects are read.
    source_region: String,
    content_type: Option<&'c str>,
    cache_control: Option<&'c str>,
}

/// `aws s3 cp FROM TO`.
pub async fn copy(job: &Job<'_>, command: &S3Copy) -> Result<Outcome, ActionError> {
    let (from, to) = (Place::parse(&command.from), Place::parse(&command.to));
    let options = Options {
        region: region(&command.region, "aws s3 cp")?,
        source_region: source_region(job, &from, &to, &command.region).await?,
        content_type: command.content_type.as_deref(),
        cache_control: command.cache_control.as_deref(),
    };
    if !command.recursive {
        let base = from.base();
        if base.is_empty() || from.shown().ends_with('/') {
            let message = format!("aws s3 cp: {} is a folder; add --recursive", from.shown());
            return Err(LocalError::Form(message).into());
        }
        let to = to.receive(job, base)?;
        let line = transfer(job, &from, &to, &options).await?;
        job.ok(&line);
        return Ok(Outcome { output: line, already: changes(&to).then_some(false) });
    }
    let filters = Filters::new(&command.filters)?;
    let entries = list(job, &from, &options.source_region).await?;
    let names: Vec<String> = entries.into_iter().map(|entry| entry.name).filter(|name| filters.take(name)).collect();
    let lines = transfer_all(job, &from, &to, &names, &options).await?;
    Ok(Outcome { output: lines.join("\n"), already: changes(&to).then_some(false) })
}

/// `aws s3 sync FROM TO`: what differs in size or content is copied.
pub async fn sync(job: &Job<'_>, command: &S3Sync) -> Result<Outcome, ActionError> {
    let (from, to) = (Place::parse(&command.from), Place::parse(&command.to));
    let options = Options {
        region: region(&command.region, "aws s3 sync")?,
        source_region: source_region(job, &from, &to, &command.region).await?,
        content_type: None,
        cache_control: command.cache_control.as_deref(),
    };
    if let Place::File(path) = &from
        && !job.workspace.is_folder(path)?
    {
        let why = "no such folder in the workspace".to_owned();
        return Err(LocalError::File { path: path.clone(), why }.into());
    }
    job.running(format!("comparing {} with {}", from.shown(), to.shown()));
    let filters = Filters::new(&command.filters)?;
    let mut theirs = list(job, &from, &options.source_region).await?;
    let mut ours = list(job, &to, options.region).await?;
    theirs.retain(|entry| filters.take(&entry.name));
    ours.retain(|entry| filters.take(&entry.name));
    let mut names = Vec::new();
    for entry in &theirs {
        let known = ours.iter().find(|known| known.name == entry.name);
        let same = match known {
            Some(known) => same(job, (&from, entry), (&to, known))?,
            None => false,
        };
        if !same {
            names.push(entry.name.clone());
        }
    }
    let mut lines = transfer_all(job, &from, &to, &names, &options).await?;
    if command.delete {
        let surplus = ours.iter().filter(|known| !theirs.iter().any(|entry| entry.name == known.name));
        lines.extend(delete(job, &to, surplus.map(|known| known.name.clone()).collect(), options.region).await?);
    }
    let already = lines.is_empty();
    if already {
        job.ok(format!("{} has everything of {}", to.shown(), from.shown()));
    }
    Ok(Outcome { output: lines.join("\n"), already: changes(&to).then_some(already) })
}

/// Whether copying there changes the account.
fn changes(to: &Place) -> bool {
    matches!(to, Place::Object { .. })
}

fn region<'c>(region: &'c str, command: &str) -> Result<&'c str, LocalError> {
    if region.is_empty() { Err(LocalError::NoRegion(command.to_owned())) } else { Ok(region) }
}

/// Between two buckets `--region` is the target's; the source may be elsewhere.
async fn source_region(job: &Job<'_>, from: &Place, to: &Place, region: &str) -> Result<String, ActionError> {
    match (from, to) {
        (Place::Object { bucket, .. }, Place::Object { .. }) => region_of(job, bucket, region).await,
        _ => Ok(region.to_owned()),
    }
}

/// The AWS CLI compares sizes and times; times differ between Regions and clocks, so content decides here.
fn same(job: &Job<'_>, from: (&Place, &Entry), to: (&Place, &Entry)) -> Result<bool, LocalError> {
    Ok(from.1.size == to.1.size && digest(job, from.0, from.1)? == digest(job, to.0, to.1)?)
}

async fn delete(job: &Job<'_>, to: &Place, names: Vec<String>, region: &str) -> Result<Vec<String>, ActionError> {
    match to {
        Place::Object { bucket, .. } => {
            let keys = names.iter().filter_map(|name| match to.below(name) {
                Place::Object { key, .. } => Some(key),
                Place::File(_) => None,
            });
            delete_keys(job, bucket, keys.collect(), region).await
        }
        Place::File(path) => {
            let mut lines = Vec::new();
            for name in names {
                let file = super::files::join(path, &name);
                job.workspace.remove(&file)?;
                lines.push(format!("delete: {file}"));
            }
            Ok(lines)
        }
    }
}

async fn transfer_all(
    job: &Job<'_>,
    from: &Place,
    to: &Place,
    names: &[String],
    options: &Options<'_>,
) -> Result<Vec<String>, ActionError> {
    let mut lines = Vec::new();
    for (done, name) in names.iter().enumerate() {
        job.running(format!("{done} of {}: {name}", names.len()));
        let line = transfer(job, &from.below(name), &to.below(name), options).await?;
        job.line(&line);
        lines.push(line);
        job.percent(done + 1, names.len());
    }
    if !lines.is_empty() {
        job.ok(format!("{} copied to {}", count(lines.len()), to.shown()));
    }
    Ok(lines)
}

fn count(files: usize) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}

/// Copies one thing; gives the AWS CLI's line.
async fn transfer(job: &Job<'_>, from: &Place, to: &Place, options: &Options<'_>) -> Result<String, ActionError> {
    let verb = match (from, to) {
        (Place::File(path), Place::Object { bucket, key }) => {
            let mut input = json!({ "Bucket": bucket, "Key": key });
            let kind = options.content_type.or_else(|| content_type(path));
            add(&mut input, "ContentType", kind);
            add(&mut input, "CacheControl", options.cache_control);
            let mut put = operation("s3api", "put-object", options.region, input);
            put.payload = Some(job.workspace.bytes(path)?);
            job.call(&put).await?;
            "upload"
        }
        (Place::Object { bucket, key }, Place::File(path)) => {
            let read =
                operation("s3api", "get-object", &options.source_region, json!({ "Bucket": bucket, "Key": key }));
            job.workspace.resolve(path)?;
            let bytes = job.call(&read).await?.payload.unwrap_or_default();
            job.workspace.write(path, &bytes)?;
            "download"
        }
        (Place::Object { bucket: source, key: name }, Place::Object { bucket, key }) => {
            let source = format!("{source}/{}", encoded(name));
            let mut input = json!({ "Bucket": bucket, "Key": key, "CopySource": source });
            if options.content_type.is_some() || options.cache_control.is_some() {
                // S3 takes new headers only when all are replaced.
                let kind = options.content_type.or_else(|| content_type(key));
                add(&mut input, "MetadataDirective", Some("REPLACE"));
                add(&mut input, "ContentType", kind);
                add(&mut input, "CacheControl", options.cache_control);
            }
            job.call(&operation("s3api", "copy-object", options.region, input)).await?;
            "copy"
        }
        (Place::File(_), Place::File(_)) => {
            return Err(LocalError::Form("aws s3: one of the two places must begin with s3://".to_owned()).into());
        }
    };
    Ok(format!("{verb}: {} to {}", from.shown(), to.shown()))
}

fn add(input: &mut Value, member: &str, value: Option<&str>) {
    if let (Some(fields), Some(value)) = (input.as_object_mut(), value) {
        fields.insert(member.to_owned(), value.into());
    }
}

/// The Content-Type for a file's name.
pub fn content_type(path: &str) -> Option<&'static str> {
    let extension = path.rsplit('/').next()?.rsplit_once('.')?.1.to_ascii_lowercase();
    TYPES.iter().find(|(known, _)| *known == extension).map(|(_, kind)| *kind)
}

/// A key as CopySource wants it: percent-encoded, `/` kept.
fn encoded(key: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    key.bytes().map(one).collect()
}
