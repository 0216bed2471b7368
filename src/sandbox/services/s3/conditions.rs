//! Preconditions of reads, writes and copies: `If-Match`, `If-None-Match` and their kin.
//!
//! Source: Amazon S3 API Reference, GetObject, PutObject, CopyObject and DeleteObject; Amazon S3 User Guide, "Conditional
//! requests".

use serde_json::{Value, json};

use super::Version;
use crate::sandbox::call::{AwsError, text};

fn failed(condition: &str) -> AwsError {
    AwsError {
        fields: json!({ "Condition": condition }),
        ..AwsError::with_status(
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
        )
    }
}

fn same_etag(wanted: &str, version: &Version) -> bool {
    wanted == "*" || wanted.trim_matches('"') == version.etag
}

/// Whether the version was written after the instant in that member; HTTP dates carry whole seconds.
fn newer(input: &Value, member: &str, version: &Version) -> Option<bool> {
    let at = input.get(member)?.as_f64()?;
    Some((version.modified.millis().div_euclid(1000) as f64) > at.floor())
}

/// How the four conditions of HTTP come out: held, not modified, or the name of the one that failed.
enum Outcome {
    Holds,
    NotModified,
    Failed(&'static str),
}

/// `If-Match` that holds overrides `If-Unmodified-Since`, and `If-None-Match` overrides `If-Modified-Since`.
fn evaluate(input: &Value, prefix: &str, version: &Version) -> Outcome {
    let member = |name: &str| format!("{prefix}{name}");
    match text(input, &member("IfMatch")) {
        Some(wanted) if !same_etag(wanted, version) => return Outcome::Failed("If-Match"),
        None if newer(input, &member("IfUnmodifiedSince"), version) == Some(true) => {
            return Outcome::Failed("If-Unmodified-Since");
        }
        _ => {}
    }
    match text(input, &member("IfNoneMatch")) {
        Some(wanted) if same_etag(wanted, version) => Outcome::NotModified,
        None if newer(input, &member("IfModifiedSince"), version) == Some(false) => Outcome::NotModified,
        _ => Outcome::Holds,
    }
}

/// The conditions of a read.
pub(super) fn of_read(input: &Value, version: &Version) -> Result<(), AwsError> {
    match evaluate(input, "", version) {
        Outcome::Holds => Ok(()),
        Outcome::NotModified => Err(AwsError::with_status(304, "NotModified", "Not Modified")),
        Outcome::Failed(condition) => Err(failed(condition)),
    }
}

/// The conditions that a copy puts on its source.
pub(super) fn of_source(input: &Value, version: &Version) -> Result<(), AwsError> {
    match evaluate(input, "CopySource", version) {
        Outcome::Holds => Ok(()),
        Outcome::NotModified => Err(failed("x-amz-copy-source-If-None-Match")),
        Outcome::Failed(condition) => Err(failed(&format!("x-amz-copy-source-{condition}"))),
    }
}

/// The conditions that a write puts on what is there.
pub(super) fn of_write(input: &Value, key: &str, current: Option<&Version>) -> Result<(), AwsError> {
    let (wanted, none) = (text(input, "IfMatch"), text(input, "IfNoneMatch"));
    if none.is_some_and(|none| none != "*") || (none.is_some() && wanted.is_some()) {
        return Err(AwsError::with_status(
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
        ));
    }
    match (wanted, current) {
        (Some(_), None) => Err(super::no_such_key(key)),
        (Some(wanted), Some(found)) if !same_etag(wanted, found) => Err(failed("If-Match")),
        _ if none.is_some() && current.is_some() => Err(failed("If-None-Match")),
        _ => Ok(()),
    }
}

/// The condition that a delete puts on what is there. Deleting nothing succeeds without one.
pub(super) fn of_delete(wanted: Option<&str>, key: &str, current: Option<&Version>) -> Result<(), AwsError> {
    match (wanted, current) {
        (Some(_), None) => Err(super::no_such_key(key)),
        (Some(wanted), Some(found)) if !same_etag(wanted, found) => Err(failed("If-Match")),
        _ => Ok(()),
    }
}
