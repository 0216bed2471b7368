//! `aws s3 rm`.

use serde_json::{Value, json};

use super::Outcome;
use super::error::{ActionError, LocalError};
use super::job::{Job, doing, items, operation, text};
use super::places::{Filters, Place, list};
use crate::domain::{Failure, FailureClass};
use crate::protocol::S3Remove;

/// DeleteObjects takes at most 1,000 keys a call (aws-behaviour.md, section 2).
const BATCH: usize = 1000;

/// Deletes an object, or with `--recursive` all below a prefix. As with the AWS CLI, versions stay.
pub async fn remove(job: &Job<'_>, command: &S3Remove) -> Result<Outcome, ActionError> {
    let region = &command.region;
    if region.is_empty() {
        return Err(LocalError::NoRegion("aws s3 rm".to_owned()).into());
    }
    let place = Place::parse(&command.uri);
    let Place::Object { bucket, key } = &place else {
        return Err(LocalError::Form(format!("aws s3 rm: expected s3://bucket/key, found '{}'", command.uri)).into());
    };
    let lines = if command.recursive {
        match below(job, &place, command).await {
            Ok(keys) => delete_keys(job, bucket, keys, region).await?,
            Err(ActionError::Refused { failure, .. }) if failure.code == "NoSuchBucket" => Vec::new(),
            Err(error) => return Err(error),
        }
    } else {
        if key.is_empty() {
            return Err(LocalError::Form(format!("aws s3 rm: {} names no object; add --recursive", command.uri)).into());
        }
        let delete = operation("s3api", "delete-object", region, json!({ "Bucket": bucket, "Key": key }));
        // S3 does not tell whether the object was there, so only a missing bucket is known to be so already.
        match job.call(&delete).await {
            Ok(_) => vec![format!("delete: {}", place.shown())],
            Err(ActionError::Refused { failure, .. }) if failure.class == FailureClass::NotFound => Vec::new(),
            Err(error) => return Err(error),
        }
    };
    match lines.len() {
        0 => job.ok(format!("nothing is left at {}", place.shown())),
        1 => job.ok(format!("1 object deleted at {}", place.shown())),
        more => job.ok(format!("{more} objects deleted at {}", place.shown())),
    }
    Ok(Outcome { already: Some(lines.is_empty()), output: lines.join("\n") })
}

/// The keys below a prefix that the filters take.
async fn below(job: &Job<'_>, place: &Place, command: &S3Remove) -> Result<Vec<String>, ActionError> {
    let filters = Filters::new(&command.filters)?;
    let entries = list(job, place, &command.region).await?;
    let names = entries.into_iter().map(|entry| entry.name).filter(|name| filters.take(name));
    let key = |name: String| match place.below(&name) {
        Place::Object { key, .. } | Place::File(key) => key,
    };
    Ok(names.map(key).collect())
}

/// Deletes `keys` in batches; gives the AWS CLI's lines.
pub async fn delete_keys(
    job: &Job<'_>,
    bucket: &str,
    keys: Vec<String>,
    region: &str,
) -> Result<Vec<String>, ActionError> {
    let mut lines = Vec::new();
    for batch in keys.chunks(BATCH) {
        let objects: Vec<Value> = batch.iter().map(|key| json!({ "Key": key })).collect();
        let input = json!({ "Bucket": bucket, "Delete": { "Objects": objects, "Quiet": true } });
        let delete = operation("s3api", "delete-objects", region, input);
        let output = job.call(&delete).await?.output;
        // DeleteObjects succeeds as a whole and refuses one by one.
        if let Some(error) = items(&output, "Errors").next() {
            let code = text(error, "/Code").to_owned();
            let class = if code == "AccessDenied" { FailureClass::Denied } else { FailureClass::Service };
            let message = format!("{}: {}", text(error, "/Key"), text(error, "/Message"));
            let failure = Failure { class, code, message, operation: delete.to_string(), request_id: None };
            return Err(ActionError::Refused { doing: doing(&delete), failure });
        }
        lines.extend(batch.iter().map(|key| format!("delete: s3://{bucket}/{key}")));
        job.percent(lines.len(), keys.len());
    }
    Ok(lines)
}
