//! Multipart uploads: begun, filled part by part, and completed or aborted.

use std::collections::BTreeMap;

use bytes::BytesMut;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::objects::{self, Range};
use super::{Body, Version, bucket, bucket_mut, bucket_name, checksum, conditions, copy};
use crate::domain::{SimTime, md5};
use crate::sandbox::call::{AwsError, Call, required, text};

/// Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits": parts 1 to 10,000, of 5 MiB at least but for the last.
const MAX_PART: u64 = 10_000;
/// Same source, bytes.
const MIN_SIZE: usize = 5 * 1024 * 1024;

/// An upload that is under way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) started: SimTime,
    headers: BTreeMap<String, String>,
    metadata: BTreeMap<String, String>,
    tags: Vec<(String, String)>,
    /// The algorithm of its checksum (`CRC32`), when it has one.
    pub(super) algorithm: Option<String>,
    /// `COMPOSITE` or `FULL_OBJECT`, when the caller said so.
    pub(super) kind: Option<String>,
    pub(super) parts: BTreeMap<u64, Part>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Its MD5 in hexadecimal, without quotes.
    pub(super) etag: String,
    pub(super) body: Body,
    pub(super) modified: SimTime,
    pub(super) checksums: BTreeMap<String, String>,
}

impl Upload {
    pub(super) fn storage_class(&self) -> &str {
        self.headers.get("StorageClass").map_or("STANDARD", String::as_str)
    }
}

fn no_such_upload(id: &str) -> AwsError {
    AwsError {
        fields: json!({ "UploadId": id }),
        ..AwsError::not_found(
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
             completed.",
        )
    }
}

/// The bucket, the id and the upload that an input names.
pub(super) fn find(call: &Call<'_>, input: &Value) -> Result<(String, String, Upload), AwsError> {
    let name = bucket_name(call, input)?;
    let id = required(input, "UploadId")?.to_owned();
    let key = required(input, "Key")?;
    let found = bucket(call, &name)?.uploads.get(&id).filter(|upload| upload.key == key).cloned();
    let upload = found.ok_or_else(|| no_such_upload(&id))?;
    Ok((name, id, upload))
}

pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    objects::check(call, &name, input)?;
    let key = required(input, "Key")?.to_owned();
    let algorithm = text(input, "ChecksumAlgorithm").map(str::to_owned);
    algorithm.as_deref().map(checksum::known).transpose()?;
    let kind = text(input, "ChecksumType").map(str::to_owned);
    if algorithm.as_deref() == Some("CRC64NVME") && kind.as_deref() == Some("COMPOSITE") {
        return Err(AwsError::client(
            "InvalidRequest",
            "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.",
        ));
    }
    let encryption = objects::encryption(call, &name, input)?;
    let mut headers = objects::headers(input);
    headers.extend(encryption.clone());
    let upload = Upload {
        key: key.clone(),
        started: call.now(),
        headers,
        metadata: objects::strings(input.get("Metadata")),
        tags: objects::query_tags(text(input, "Tagging"))?,
        algorithm: algorithm.clone(),
        kind: kind.clone(),
        parts: BTreeMap::new(),
    };
    let id = call.hex_id(64);
    bucket_mut(call, &name)?.uploads.insert(id.clone(), upload);
    let mut output: Map<String, Value> = encryption.into_iter().map(|(member, value)| (member, json!(value))).collect();
    let told = [("ChecksumAlgorithm", algorithm), ("ChecksumType", kind)];
    output.extend(told.into_iter().filter_map(|(member, value)| Some((member.to_owned(), json!(value?)))));
    output.extend([
        ("Bucket".to_owned(), json!(name)),
        ("Key".to_owned(), json!(key)),
        ("UploadId".to_owned(), json!(id)),
    ]);
    Ok(Value::Object(output))
}

fn part_number(input: &Value) -> Result<u64, AwsError> {
    let number = input.get("PartNumber").and_then(Value::as_u64);
    number.filter(|number| (1..=MAX_PART).contains(number)).ok_or_else(|| {
        AwsError::client("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
    })
}

/// Keeps a part, in place of an earlier one of its number.
fn keep(call: &mut Call<'_>, name: &str, id: &str, number: u64, part: Part) -> Result<(), AwsError> {
    let upload = bucket_mut(call, name)?.uploads.get_mut(id).ok_or_else(|| no_such_upload(id))?;
    upload.parts.insert(number, part);
    Ok(())
}

pub(super) fn upload_part(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, id, _) = find(call, input)?;
    objects::check(call, &name, input)?;
    let number = part_number(input)?;
    let bytes = call.payload.take().unwrap_or_default();
    let checksums = checksum::check(input, &bytes)?;
    let part = Part { etag: md5::hex(&bytes), body: Body(bytes), modified: call.now(), checksums };
    let mut output = part_shown(&part);
    keep(call, &name, &id, number, part)?;
    output.shift_remove("Size");
    output.shift_remove("LastModified");
    Ok(Value::Object(output))
}

/// A part as lists and copies show it.
pub(super) fn part_shown(part: &Part) -> Map<String, Value> {
    let mut map: Map<String, Value> =
        part.checksums.iter().map(|(member, value)| (member.clone(), json!(value))).collect();
    map.insert("ETag".into(), json!(format!("\"{}\"", part.etag)));
    map.insert("LastModified".into(), json!(part.modified.epoch_seconds()));
    map.insert("Size".into(), json!(part.body.0.len()));
    map
}

pub(super) fn upload_part_copy(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, id, _) = find(call, input)?;
    objects::check(call, &name, input)?;
    let number = part_number(input)?;
    let (_, source) = copy::source(call, input)?;
    let bytes = match text(input, "CopySourceRange") {
        None => source.body.0.clone(),
        Some(range) => {
            let length = source.body.0.len();
            // Unlike a read, a copy takes no range that ends behind its source.
            let end = range.rsplit('-').next().and_then(|end| end.parse::<usize>().ok());
            match objects::byte_range(range, length) {
                Range::Bytes(from, to) if end == Some(to) => source.body.0.slice(from..=to),
                _ => {
                    return Err(AwsError::client(
                        "InvalidArgument",
                        format!("Range specified is not valid for source object of size: {length}"),
                    ));
                }
            }
        }
    };
    let part = Part {
        etag: md5::hex(&bytes),
        checksums: checksum::check(input, &bytes)?,
        body: Body(bytes),
        modified: call.now(),
    };
    let mut result = part_shown(&part);
    result.shift_remove("Size");
    keep(call, &name, &id, number, part)?;
    let mut output = json!({ "CopyPartResult": result });
    if source.id != "null" {
        objects::set(&mut output, "CopySourceVersionId", json!(source.id));
    }
    Ok(output)
}

/// The parts that a completion names, in their order.
fn chosen(upload: &Upload, input: &Value) -> Result<Vec<Part>, AwsError> {
    let list = input.pointer("/MultipartUpload/Parts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() {
        return Err(super::settings::malformed());
    }
    let numbers = list.iter().map(part_number).collect::<Result<Vec<u64>, AwsError>>()?;
    if !numbers.is_sorted_by(|one, next| one < next) {
        return Err(AwsError::client(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        ));
    }
    let mut parts = Vec::new();
    for (index, (number, entry)) in numbers.into_iter().zip(list).enumerate() {
        let etag = text(entry, "ETag").unwrap_or_default().trim_matches('"');
        let same = |part: &&Part| {
            let told =
                part.checksums.iter().all(|(member, value)| text(entry, member).is_none_or(|other| other == value));
            part.etag == etag && told
        };
        let part = upload.parts.get(&number).filter(same).ok_or_else(|| AwsError {
            fields: json!({ "PartNumber": number.to_string(), "ETag": etag }),
            ..AwsError::client(
                "InvalidPart",
                "One or more of the specified parts could not be found. The part may not have been uploaded, or the \
                 specified entity tag may not match the part's entity tag.",
            )
        })?;
        let size = part.body.0.len();
        if size < MIN_SIZE && index + 1 < list.len() {
            return Err(AwsError {
                fields: json!({
                    "ProposedSize": size.to_string(), "MinSizeAllowed": MIN_SIZE.to_string(),
                    "PartNumber": number.to_string(), "ETag": etag,
                }),
                ..AwsError::client("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
            });
        }
        parts.push(part.clone());
    }
    Ok(parts)
}

pub(super) fn complete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, id, upload) = find(call, input)?;
    let parts = chosen(&upload, input)?;
    conditions::of_write(input, &upload.key, objects::current(bucket(call, &name)?, &upload.key))?;
    let mut bytes = BytesMut::with_capacity(parts.iter().map(|part| part.body.0.len()).sum());
    for part in &parts {
        bytes.extend_from_slice(&part.body.0);
    }
    let bytes = bytes.freeze();
    if input.get("MpuObjectSize").and_then(Value::as_u64).is_some_and(|size| size != bytes.len() as u64) {
        return Err(AwsError::client("InvalidRequest", "The provided 'x-amz-mp-object-size' header does not match."));
    }
    let of_parts = parts.iter().map(|part| &part.checksums);
    let algorithm = upload.algorithm.as_deref();
    let checksum = algorithm.and_then(|name| checksum::of_upload(name, upload.kind.as_deref(), &bytes, of_parts));
    if let Some((member, value)) = &checksum {
        // A composite checksum may be given without the number of its parts.
        let given = text(input, member);
        let whole = |given: &str| given == value || value.rsplit_once('-').is_some_and(|(front, _)| front == given);
        if given.is_some_and(|given| !whole(given)) {
            return Err(AwsError::client(
                "BadDigest",
                format!(
                    "The {} you specified did not match the calculated checksum.",
                    member.trim_start_matches("Checksum")
                ),
            ));
        }
    }
    let version = Version {
        etag: checksum::multipart_etag(parts.iter().map(|part| part.etag.as_str())),
        checksums: checksum.into_iter().collect(),
        body: Body(bytes),
        headers: upload.headers,
        metadata: upload.metadata,
        tags: upload.tags,
        ..Version::default()
    };
    let mut output = objects::written(&version);
    output.insert("ETag".into(), json!(format!("\"{}\"", version.etag)));
    let stored = objects::store(call, &name, &upload.key, version)?;
    bucket_mut(call, &name)?.uploads.remove(&id);
    output.insert("Location".into(), json!(format!("https://{name}.s3.{}.amazonaws.com/{}", call.region, upload.key)));
    output.insert("Bucket".into(), json!(name));
    output.insert("Key".into(), json!(upload.key));
    if stored != "null" {
        output.insert("VersionId".into(), json!(stored));
    }
    Ok(Value::Object(output))
}

pub(super) fn abort(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, id, _) = find(call, input)?;
    bucket_mut(call, &name)?.uploads.remove(&id);
    Ok(json!({}))
}
