//! Objects: writing, reading, removing and copying versions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Body, Bucket, Version, bucket, bucket_mut, bucket_name, replication};
use crate::domain::md5;
use crate::sandbox::call::{AwsError, Call, required, text};

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
const NOT_SIMULATED: [&str; 8] = [
    "SSECustomerAlgorithm",
    "ObjectLockMode",
    "ObjectLockLegalHoldStatus",
    "WriteOffsetBytes",
    "GrantFullControl",
    "GrantRead",
    "PartNumber",
    "MFA",
];
/// Source: Amazon S3 API Reference, PutObject: a single put takes up to 5 GB; keys are up to 1,024 bytes.
const MAX_KEY: usize = 1024;
/// Source: aws-behaviour.md 2: DeleteObjects takes 1,000 keys per call.
const MAX_DELETE: usize = 1000;

fn check(call: &Call<'_>, name: &str, input: &Value) -> Result<(), AwsError> {
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

fn strings(value: Option<&Value>) -> BTreeMap<String, String> {
    let map = value.and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .filter_map(|(key, value)| value.as_str().map(|value| (key.to_lowercase(), value.to_owned())))
        .collect()
}

fn headers(input: &Value) -> BTreeMap<String, String> {
    HEADERS.iter().filter_map(|name| text(input, name).map(|value| ((*name).to_owned(), value.to_owned()))).collect()
}

/// `k=v&k2=v2` as pairs; percent signs stay, since tags of the workshop have none.
fn query_tags(tags: Option<&str>) -> Vec<(String, String)> {
    let pairs = tags.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
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
    let name = bucket_name(call, input)?;
    check(call, &name, input)?;
    let key = required(input, "Key")?.to_owned();
    let current = current(bucket(call, &name)?, &key);
    let exists = current.is_some();
    let matches = text(input, "IfMatch").is_none_or(|wanted| current.is_some_and(|found| same_etag(wanted, found)));
    if (text(input, "IfNoneMatch") == Some("*") && exists) || !matches {
        return Err(precondition_failed());
    }
    let bytes = call.payload.take().unwrap_or_default();
    let etag = md5::hex(&bytes);
    let version = Version {
        etag: etag.clone(),
        body: Body(bytes),
        headers: headers(input),
        metadata: strings(input.get("Metadata")),
        tags: query_tags(text(input, "Tagging")),
        ..Version::default()
    };
    let id = store(call, &name, &key, version)?;
    let mut output = json!({ "ETag": format!("\"{etag}\""), "ServerSideEncryption": "AES256" });
    if id != "null" {
        set(&mut output, "VersionId", json!(id));
    }
    Ok(output)
}

fn set(output: &mut Value, member: &str, value: Value) {
    if let Some(map) = output.as_object_mut() {
        map.insert(member.to_owned(), value);
    }
}

fn current<'b>(bucket: &'b Bucket, key: &str) -> Option<&'b Version> {
    bucket.objects.get(key)?.last().filter(|version| !version.delete_marker)
}

fn precondition_failed() -> AwsError {
    AwsError::with_status(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
}

fn same_etag(wanted: &str, version: &Version) -> bool {
    wanted == "*" || wanted.trim_matches('"') == version.etag
}

/// The version that a read asks for.
fn wanted(call: &Call<'_>, name: &str, key: &str, id: Option<&str>) -> Result<Version, AwsError> {
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
        _ => Err(AwsError {
            fields: json!({ "Key": key }),
            ..AwsError::not_found("NoSuchKey", "The specified key does not exist.")
        }),
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
    map.insert("ServerSideEncryption".into(), json!("AES256"));
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
    let key = required(input, "Key")?;
    let version = wanted(call, &name, key, text(input, "VersionId"))?;
    if text(input, "IfMatch").is_some_and(|wanted| !same_etag(wanted, &version)) {
        return Err(precondition_failed());
    }
    if text(input, "IfNoneMatch").is_some_and(|wanted| same_etag(wanted, &version)) {
        return Err(AwsError::with_status(304, "NotModified", "Not Modified"));
    }
    let output = description(call, &name, &version)?;
    Ok((output, version))
}

pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (mut output, version) = read(call, input)?;
    let bytes = version.body.0;
    let bytes = match text(input, "Range") {
        None => bytes,
        Some(range) => {
            let (from, to) = byte_range(range, bytes.len())
                .ok_or_else(|| AwsError::with_status(416, "InvalidRange", "The requested range is not satisfiable"))?;
            set(&mut output, "ContentRange", json!(format!("bytes {from}-{to}/{}", bytes.len())));
            set(&mut output, "ContentLength", json!(to + 1 - from));
            bytes.slice(from..=to)
        }
    };
    call.reply_payload = Some(bytes);
    Ok(output)
}

/// `bytes=from-to`, `bytes=from-` or `bytes=-last` as the first and the last position.
fn byte_range(range: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let last = length.checked_sub(1)?;
    let (from, to) = match (from.parse::<usize>().ok(), to.parse::<usize>().ok()) {
        (Some(from), to) => (from, to.unwrap_or(last).min(last)),
        (None, Some(count)) => (length.saturating_sub(count), last),
        (None, None) => return None,
    };
    (from <= to).then_some((from, to))
}

pub(super) fn head(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    // An answer to HEAD has no body: clients know nothing but its status.
    read(call, input).map(|(output, _)| output).map_err(|error| match error.status {
        404 => AwsError::not_found("NotFound", "Not Found"),
        _ => error,
    })
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    check(call, &name, input)?;
    remove(call, &name, required(input, "Key")?, text(input, "VersionId"))
}

/// Removes one version for good, or marks the object deleted.
fn remove(call: &mut Call<'_>, name: &str, key: &str, id: Option<&str>) -> Result<Value, AwsError> {
    let found = bucket_mut(call, name)?;
    if let Some(id) = id {
        let mut output = json!({ "VersionId": id });
        if let Some(versions) = found.objects.get_mut(key) {
            if versions.iter().any(|version| version.id == id && version.delete_marker) {
                set(&mut output, "DeleteMarker", json!(true));
            }
            versions.retain(|version| version.id != id);
            if versions.is_empty() {
                found.objects.remove(key);
            }
        }
        return Ok(output);
    }
    if found.versioning.is_none() {
        found.objects.remove(key);
        return Ok(json!({}));
    }
    let marker = Version { delete_marker: true, ..Version::default() };
    let id = store(call, name, key, marker)?;
    Ok(json!({ "DeleteMarker": true, "VersionId": id }))
}

pub(super) fn delete_many(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let delete = input.get("Delete").unwrap_or(&Value::Null);
    let objects = delete.get("Objects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if objects.is_empty() || objects.len() > MAX_DELETE {
        return Err(super::settings::malformed());
    }
    let quiet = delete.get("Quiet").and_then(Value::as_bool).unwrap_or(false);
    let mut deleted = Vec::new();
    for object in objects {
        let key = required(object, "Key")?;
        let asked = text(object, "VersionId");
        let removed = remove(call, &name, key, asked)?;
        let mut entry = json!({ "Key": key });
        if let Some(id) = asked {
            set(&mut entry, "VersionId", json!(id));
        }
        if removed.get("DeleteMarker").is_some() {
            set(&mut entry, "DeleteMarker", json!(true));
            set(&mut entry, "DeleteMarkerVersionId", removed.get("VersionId").cloned().unwrap_or_default());
        }
        deleted.push(entry);
    }
    Ok(if quiet { json!({}) } else { json!({ "Deleted": deleted }) })
}

pub(super) fn copy(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    check(call, &name, input)?;
    let key = required(input, "Key")?.to_owned();
    let (source, id) = copy_source(required(input, "CopySource")?);
    let (source_bucket, source_key) = source.split_once('/').ok_or_else(|| {
        AwsError::client(
            "InvalidArgument",
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        )
    })?;
    let owned = call.world.buckets.get(source_bucket).is_some_and(|bucket| bucket.account == call.account);
    if !owned && call.world.buckets.contains_key(source_bucket) {
        return Err(AwsError::with_status(403, "AccessDenied", "Access Denied"));
    }
    let from = wanted(call, source_bucket, source_key, id.as_deref())?;
    let replace = text(input, "MetadataDirective") == Some("REPLACE");
    if source_bucket == name && source_key == key && !replace && id.is_none() {
        return Err(AwsError::client(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
             metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let source_version = from.id.clone();
    let version = Version {
        headers: if replace { headers(input) } else { from.headers },
        metadata: if replace { strings(input.get("Metadata")) } else { from.metadata },
        tags: if text(input, "TaggingDirective") == Some("REPLACE") {
            query_tags(text(input, "Tagging"))
        } else {
            from.tags
        },
        etag: from.etag.clone(),
        body: from.body,
        ..Version::default()
    };
    let stored = store(call, &name, &key, version)?;
    let mut output = json!({
        "CopyObjectResult": { "ETag": format!("\"{}\"", from.etag), "LastModified": call.now().epoch_seconds() },
        "ServerSideEncryption": "AES256",
    });
    for (member, id) in [("VersionId", stored), ("CopySourceVersionId", source_version)] {
        if id != "null" {
            set(&mut output, member, json!(id));
        }
    }
    Ok(output)
}

/// `/bucket/key%20name?versionId=…` as `bucket/key name` and the version.
fn copy_source(text: &str) -> (String, Option<String>) {
    let text = text.strip_prefix('/').unwrap_or(text);
    let (path, id) = match text.split_once("?versionId=") {
        Some((path, id)) => (path, Some(id.to_owned())),
        None => (text, None),
    };
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let escaped = (*byte == b'%').then(|| hex_pair(after)).flatten();
        bytes.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    (String::from_utf8_lossy(&bytes).into_owned(), id)
}

/// The value of the two hexadecimal digits that a percent sign leads.
fn hex_pair(after: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(after.get(..2)?).ok()?;
    u8::from_str_radix(digits, 16).ok()
}
