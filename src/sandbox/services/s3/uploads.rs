//! Lists of multipart uploads and of their parts.

use serde_json::{Value, json};

use super::multipart::{self, Upload};
use super::objects::set;
use super::{bucket, bucket_name, owner};
use crate::sandbox::call::{AwsError, Call, text};

/// Source: Amazon S3 API Reference, ListParts and ListMultipartUploads: up to 1,000 entries per answer.
const MOST: usize = 1000;

fn limit(input: &Value, member: &str) -> usize {
    input.get(member).and_then(Value::as_u64).map_or(MOST, |limit| usize::try_from(limit).unwrap_or(MOST)).min(MOST)
}

pub(super) fn list_parts(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, id, upload) = multipart::find(call, input)?;
    // The marker is text in the model, since it stands in the address.
    let marker = input.get("PartNumberMarker");
    let after = marker.and_then(|m| m.as_u64().or_else(|| m.as_str()?.parse().ok())).unwrap_or(0);
    let limit = limit(input, "MaxParts");
    let mut behind = upload.parts.range(after + 1..);
    let mut parts = Vec::new();
    let mut last = after;
    for (number, part) in behind.by_ref().take(limit) {
        let mut shown = multipart::part_shown(part);
        shown.insert("PartNumber".into(), json!(number));
        parts.push(Value::Object(shown));
        last = *number;
    }
    let truncated = limit > 0 && behind.next().is_some();
    let mut output = json!({
        "Bucket": name, "Key": upload.key, "UploadId": id,
        "PartNumberMarker": marker.cloned().unwrap_or_else(|| json!("0")),
        "NextPartNumberMarker": last.to_string(),
        "MaxParts": limit, "IsTruncated": truncated,
        "Initiator": owner(&call.account), "Owner": owner(&call.account),
        "StorageClass": upload.storage_class(),
    });
    if !parts.is_empty() {
        set(&mut output, "Parts", json!(parts));
    }
    for (member, value) in [("ChecksumAlgorithm", &upload.algorithm), ("ChecksumType", &upload.kind)] {
        if let Some(value) = value {
            set(&mut output, member, json!(value));
        }
    }
    Ok(output)
}

pub(super) fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let prefix = text(input, "Prefix").unwrap_or_default();
    let delimiter = text(input, "Delimiter").filter(|delimiter| !delimiter.is_empty());
    let (key_marker, id_marker) = (text(input, "KeyMarker").unwrap_or_default(), text(input, "UploadIdMarker"));
    let limit = limit(input, "MaxUploads");
    let mut all: Vec<(&String, &Upload)> = bucket(call, &name)?.uploads.iter().collect();
    // Source: API Reference, ListMultipartUploads: by key, and uploads of one key by the time they were begun.
    all.sort_by_key(|(id, upload)| (&upload.key, upload.started, *id));
    // Within the marker's key the list goes on behind the marker's upload; without one, behind the key.
    let mut within = id_marker.is_some();
    let behind = all.into_iter().filter(|(id, upload)| {
        if upload.key == key_marker && within {
            within = id_marker != Some(id.as_str());
            return false;
        }
        upload.key.as_str() > key_marker || (upload.key == key_marker && id_marker.is_some())
    });
    let (mut uploads, mut prefixes) = (Vec::new(), Vec::<String>::new());
    let (mut next, mut truncated) = ((String::new(), String::new()), false);
    for (id, upload) in behind.filter(|(_, upload)| upload.key.starts_with(prefix)) {
        let rest = upload.key.get(prefix.len()..).unwrap_or_default();
        let cut = delimiter.and_then(|delimiter| rest.find(delimiter).map(|at| prefix.len() + at + delimiter.len()));
        let rolled = cut.and_then(|cut| upload.key.get(..cut)).map(str::to_owned);
        if rolled.as_ref().is_some_and(|rolled| prefixes.contains(rolled) || rolled.as_str() <= key_marker) {
            continue;
        }
        if uploads.len() + prefixes.len() == limit {
            truncated = limit > 0;
            break;
        }
        next = (rolled.clone().unwrap_or_else(|| upload.key.clone()), id.clone());
        match rolled {
            Some(rolled) => prefixes.push(rolled),
            None => uploads.push(json!({
                "UploadId": id, "Key": upload.key, "Initiated": upload.started.epoch_seconds(),
                "StorageClass": upload.storage_class(), "Owner": owner(&call.account), "Initiator": owner(&call.account),
            })),
        }
    }
    let mut output = json!({
        "Bucket": name, "KeyMarker": key_marker, "UploadIdMarker": id_marker.unwrap_or_default(),
        "Prefix": prefix, "MaxUploads": limit, "IsTruncated": truncated,
    });
    if truncated {
        set(&mut output, "NextKeyMarker", json!(next.0));
        set(&mut output, "NextUploadIdMarker", json!(next.1));
    }
    if let Some(delimiter) = delimiter {
        set(&mut output, "Delimiter", json!(delimiter));
    }
    if !uploads.is_empty() {
        set(&mut output, "Uploads", json!(uploads));
    }
    if !prefixes.is_empty() {
        let list: Vec<Value> = prefixes.iter().map(|prefix| json!({ "Prefix": prefix })).collect();
        set(&mut output, "CommonPrefixes", json!(list));
    }
    Ok(output)
}
