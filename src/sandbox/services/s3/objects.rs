//! Objects: writing and reading versions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Body, Bucket, Version, bucket, bucket_mut, bucket_name, checksum, conditions, no_such_key, replication};
use crate::domain::md5;
use crate::protocol::percent;
use crate::sandbox::call::{AwsError, Call, required, text};
use crate::sandbox::services::cloudformation;

/// Members of a write that a read gives back.
const HEADERS: [&str; 7] = [
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "StorageClass",
    "WebsiteRedirectLocation",
];
/// Members whose meaning is not simulated; taking them silently would be a lie.
const NOT_SIMULATED: [&str; 13] = [
    "SSECustomerAlgorithm",
    "CopySourceSSECustomerAlgorithm",
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "ObjectLockLegalHoldStatus",
    "WriteOffsetBytes",
    "GrantFullControl",
    "GrantRead",
    "GrantReadACP",
    "GrantWriteACP",
    "Expires",
    "ResponseExpires",
    "MFA",
];
/// Source: Amazon S3 API Reference, PutObject: a single put takes up to 5 GB; keys are up to 1,024 bytes.
const MAX_KEY: usize = 1024;
/// Source: Amazon S3 User Guide, "Categorizing your objects using tags": up to 10 tags, keys of 128 and values of 256
/// characters.
const MAX_TAGS: usize = 10;

pub(super) fn check(call: &Call<'_>, name: &str, input: &Value) -> Result<(), AwsError> {
    if let Some(member) = NOT_SIMULATED.iter().find(|member| input.get(**member).is_some()) {
        return Err(AwsError::with_status(501, "NotImplemented", format!("The sandbox does not simulate {member}.")));
    }
    let acl = text(input, "ACL").unwrap_or("private");
    let enforced = bucket(call, name)?.ownership == "BucketOwnerEnforced";
    if enforced && !["private", "bucket-owner-full-control"].contains(&acl) {
        return Err(AwsError::client("AccessControlListNotSupported", "The bucket does not allow ACLs"));
    }
    if text(input, "Key").is_some_and(|key| key.len() > MAX_KEY) {
        return Err(AwsError::client("KeyTooLongError", "Your key is too long"));
    }
    Ok(())
}

pub(super) fn strings(value: Option<&Value>) -> BTreeMap<String, String> {
    let map = value.and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .filter_map(|(key, value)| value.as_str().map(|value| (key.to_lowercase(), value.to_owned())))
        .collect()
}

pub(super) fn headers(input: &Value) -> BTreeMap<String, String> {
    HEADERS.iter().filter_map(|name| text(input, name).map(|value| ((*name).to_owned(), value.to_owned()))).collect()
}

/// `k=v&k2=v2` as pairs.
pub(super) fn query_tags(tags: Option<&str>) -> Result<Vec<(String, String)>, AwsError> {
    let tags: Vec<(String, String)> = percent::pairs(tags.unwrap_or_default()).collect();
    check_tags(&tags)?;
    Ok(tags)
}

/// Checks the tags of an object.
pub(super) fn check_tags(tags: &[(String, String)]) -> Result<(), AwsError> {
    let invalid = |message: &str| Err(AwsError::client("InvalidTag", message));
    if tags.len() > MAX_TAGS {
        return Err(AwsError::client("BadRequest", "Object tags cannot be greater than 10"));
    }
    for (index, (key, value)) in tags.iter().enumerate() {
        if key.is_empty() || key.chars().count() > 128 {
            return invalid("The TagKey you have provided is invalid");
        }
        if value.chars().count() > 256 {
            return invalid("The TagValue you have provided is invalid");
        }
        if tags.iter().skip(index + 1).any(|(other, _)| other == key) {
            return invalid("Cannot provide multiple Tags with the same key");
        }
    }
    Ok(())
}

/// How a new version is encrypted: as the request says, or as its bucket does by default.
/// Source: Amazon S3 User Guide, "Setting default server-side encryption behavior": SSE-S3 where nothing else is said.
pub(super) fn encryption(call: &Call<'_>, name: &str, input: &Value) -> Result<BTreeMap<String, String>, AwsError> {
    let default = bucket(call, name)?.encryption.as_ref();
    let default = default.and_then(|all| all.pointer("/Rules/0/ApplyServerSideEncryptionByDefault"));
    let own = text(input, "ServerSideEncryption");
    let algorithm = own.or(default.and_then(|rule| text(rule, "SSEAlgorithm"))).unwrap_or("AES256");
    let mut kept = BTreeMap::from([("ServerSideEncryption".to_owned(), algorithm.to_owned())]);
    if algorithm.starts_with("aws:kms") {
        let inherited = default.filter(|_| own.is_none()).and_then(|rule| text(rule, "KMSMasterKeyID"));
        let key = text(input, "SSEKMSKeyId").or(inherited).map(str::to_owned);
        let key = key.unwrap_or_else(|| call.arn("kms", "alias/aws/s3"));
        kept.insert("SSEKMSKeyId".to_owned(), key);
    }
    Ok(kept)
}

/// What an answer to a write says about encryption and checksums.
pub(super) fn written(version: &Version) -> Map<String, Value> {
    let mut map = Map::new();
    for member in ["ServerSideEncryption", "SSEKMSKeyId"] {
        if let Some(value) = version.headers.get(member) {
            map.insert(member.to_owned(), json!(value));
        }
    }
    map.extend(checksums(version));
    map
}

/// The kept checksum, and whether it is of the whole object.
pub(super) fn checksums(version: &Version) -> Map<String, Value> {
    let mut map: Map<String, Value> =
        version.checksums.iter().map(|(member, value)| (member.clone(), json!(value))).collect();
    if let Some(kind) = checksum::kind(&version.checksums) {
        map.insert("ChecksumType".to_owned(), json!(kind));
    }
    map
}

/// Adds a version as its bucket's versioning demands, has it replicated, and gives its id.
pub(super) fn store(call: &mut Call<'_>, name: &str, key: &str, mut version: Version) -> Result<String, AwsError> {
    let id = call.hex_id(32);
    version.modified = call.now();
    let found = bucket_mut(call, name)?;
    version.id = if found.versioned() { id } else { "null".to_owned() };
    let stored = version.id.clone();
    let versions = found.objects.entry(key.to_owned()).or_default();
    versions.retain(|other| other.id != version.id);
    versions.push(version);
    replication::follow(call, name, key, &stored);
    Ok(stored)
}

pub(super) fn put(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let body = call.payload.clone().unwrap_or_default();
    if let (Some(bucket), Some(key)) = (text(input, "Bucket"), text(input, "Key"))
        && let Some(answer) = cloudformation::receive(call, bucket, key, &body)
    {
        return answer;
    }
    let name = bucket_name(call, input)?;
    check(call, &name, input)?;
    let key = required(input, "Key")?.to_owned();
    conditions::of_write(input, &key, current(bucket(call, &name)?, &key))?;
    let bytes = call.payload.take().unwrap_or_default();
    let mut headers = headers(input);
    headers.extend(encryption(call, &name, input)?);
    let version = Version {
        etag: md5::hex(&bytes),
        checksums: checksum::check(input, &bytes)?,
        body: Body(bytes),
        headers,
        metadata: strings(input.get("Metadata")),
        tags: query_tags(text(input, "Tagging"))?,
        ..Version::default()
    };
    let mut output = written(&version);
    output.insert("ETag".into(), json!(format!("\"{}\"", version.etag)));
    let id = store(call, &name, &key, version)?;
    if id != "null" {
        output.insert("VersionId".into(), json!(id));
    }
    Ok(Value::Object(output))
}

pub(super) fn set(output: &mut Value, member: &str, value: Value) {
    if let Some(map) = output.as_object_mut() {
        map.insert(member.to_owned(), value);
    }
}

pub(super) fn current<'b>(bucket: &'b Bucket, key: &str) -> Option<&'b Version> {
    bucket.objects.get(key)?.last().filter(|version| !version.delete_marker)
}

/// The version that a read asks for.
pub(super) fn wanted(call: &Call<'_>, name: &str, key: &str, id: Option<&str>) -> Result<Version, AwsError> {
    let versions = bucket(call, name)?.objects.get(key).map(Vec::as_slice).unwrap_or_default();
    let found = match id {
        Some(id) => versions.iter().find(|version| version.id == id),
        None => versions.last(),
    };
    match (found, id) {
        (Some(version), _) if !version.delete_marker => Ok(version.clone()),
        (Some(_), Some(_)) => Err(AwsError::with_status(
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        )),
        (None, Some(id)) => Err(AwsError {
            fields: json!({ "Key": key, "VersionId": id }),
            ..AwsError::not_found("NoSuchVersion", "The specified version does not exist.")
        }),
        (Some(_), None) => Err(AwsError { fields: json!({ "Key": key, "DeleteMarker": true }), ..no_such_key(key) }),
        _ => Err(no_such_key(key)),
    }
}

/// What a read and a head say about a version.
fn description(call: &Call<'_>, name: &str, version: &Version) -> Result<Value, AwsError> {
    let mut map: Map<String, Value> =
        version.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    map.insert("ContentType".into(), json!(version.content_type()));
    map.insert("AcceptRanges".into(), json!("bytes"));
    map.insert("ContentLength".into(), json!(version.body.0.len()));
    map.insert("ETag".into(), json!(format!("\"{}\"", version.etag)));
    map.insert("LastModified".into(), json!(version.modified.epoch_seconds()));
    map.entry("ServerSideEncryption").or_insert_with(|| json!("AES256"));
    map.insert("Metadata".into(), json!(version.metadata));
    if bucket(call, name)?.versioning.is_some() {
        map.insert("VersionId".into(), json!(version.id));
    }
    if let Some(status) = &version.replication_status {
        map.insert("ReplicationStatus".into(), json!(status));
    }
    if !version.tags.is_empty() {
        map.insert("TagCount".into(), json!(version.tags.len()));
    }
    Ok(Value::Object(map))
}

fn read(call: &mut Call<'_>, input: &Value) -> Result<(Value, Version), AwsError> {
    let name = bucket_name(call, input)?;
    check(call, &name, input)?;
    if input.get("PartNumber").is_some() {
        return Err(AwsError::with_status(501, "NotImplemented", "The sandbox does not simulate PartNumber in reads."));
    }
    let key = required(input, "Key")?;
    let version = wanted(call, &name, key, text(input, "VersionId"))?;
    conditions::of_read(input, &version)?;
    let mut output = description(call, &name, &version)?;
    if text(input, "ChecksumMode") == Some("ENABLED") && text(input, "Range").is_none() {
        for (member, value) in checksums(&version) {
            set(&mut output, &member, value);
        }
    }
    for member in ["CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType"] {
        if let Some(value) = text(input, &format!("Response{member}")) {
            set(&mut output, member, json!(value));
        }
    }
    Ok((output, version))
}

/// Narrows an answer to the range that was asked for, and gives its bytes' place.
fn narrow(output: &mut Value, input: &Value, length: usize) -> Result<Option<(usize, usize)>, AwsError> {
    let Some(range) = text(input, "Range") else { return Ok(None) };
    match byte_range(range, length) {
        Range::Ignored => Ok(None),
        Range::Unsatisfiable => Err(AwsError {
            fields: json!({ "RangeRequested": range, "ActualObjectSize": length.to_string() }),
            ..AwsError::with_status(416, "InvalidRange", "The requested range is not satisfiable")
        }),
        Range::Bytes(from, to) => {
            set(output, "ContentRange", json!(format!("bytes {from}-{to}/{length}")));
            set(output, "ContentLength", json!(to + 1 - from));
            Ok(Some((from, to)))
        }
    }
}

pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (mut output, version) = read(call, input)?;
    let bytes = version.body.0;
    let place = narrow(&mut output, input, bytes.len())?;
    call.reply_payload = Some(place.map_or_else(|| bytes.clone(), |(from, to)| bytes.slice(from..=to)));
    Ok(output)
}

/// What a `Range` header comes to.
#[derive(Debug, PartialEq)]
pub(super) enum Range {
    /// It is none that S3 reads, which answers with the whole object.
    Ignored,
    /// It lies behind the end.
    Unsatisfiable,
    /// The first and the last position.
    Bytes(usize, usize),
}

/// `bytes=from-to`, `bytes=from-` or `bytes=-last`.
pub(super) fn byte_range(range: &str, length: usize) -> Range {
    let Some((from, to)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Ignored;
    };
    let position = |text: &str| text.parse::<usize>().ok();
    let last = length.saturating_sub(1);
    let (from, to) = match (from, to) {
        ("", count) => match position(count) {
            Some(0) => return Range::Unsatisfiable,
            Some(count) => (length.saturating_sub(count), last),
            None => return Range::Ignored,
        },
        (from, "") => (position(from).unwrap_or(usize::MAX), last),
        (from, to) => match (position(from), position(to)) {
            (Some(from), Some(to)) if from <= to => (from, to.min(last)),
            _ => return Range::Ignored,
        },
    };
    if from >= length { Range::Unsatisfiable } else { Range::Bytes(from, to) }
}

pub(super) fn head(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let described = read(call, input).and_then(|(mut output, version)| {
        narrow(&mut output, input, version.body.0.len())?;
        Ok(output)
    });
    // An answer to HEAD has no body: clients know nothing but its status.
    described.map_err(|error| match error.status {
        404 => AwsError { fields: error.fields, ..AwsError::not_found("NotFound", "Not Found") },
        _ => error,
    })
}
