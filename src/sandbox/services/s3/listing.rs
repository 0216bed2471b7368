//! Lists of objects and versions: prefixes, delimiters and pages. The codec encodes keys for clients that ask for it.

use serde_json::{Map, Value, json};

use super::{Bucket, Version, bucket, bucket_name, owner};
use crate::sandbox::call::{AwsError, Call, text};

/// Source: Amazon S3 API Reference, ListObjectsV2: up to 1,000 keys per answer.
const MAX_KEYS: usize = 1000;

/// What a list asks for.
struct Ask<'v> {
    prefix: &'v str,
    delimiter: Option<&'v str>,
    limit: usize,
}

impl<'v> Ask<'v> {
    fn new(input: &'v Value) -> Self {
        let limit = input.get("MaxKeys").and_then(Value::as_u64).unwrap_or(1000) as usize;
        Self {
            prefix: text(input, "Prefix").unwrap_or_default(),
            delimiter: text(input, "Delimiter").filter(|d| !d.is_empty()),
            limit: limit.min(MAX_KEYS),
        }
    }

    /// The common prefix that hides this key, when the delimiter rolls it up.
    fn rolled(&self, key: &str) -> Option<String> {
        let delimiter = self.delimiter?;
        let rest = key.get(self.prefix.len()..)?;
        rest.find(delimiter)
            .map(|at| format!("{}{}", self.prefix, rest.get(..at + delimiter.len()).unwrap_or_default()))
    }

    /// The members that every list repeats from its request.
    fn frame(&self, name: &str, truncated: bool, prefixes: &[String]) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("IsTruncated".into(), json!(truncated));
        map.insert("Name".into(), json!(name));
        map.insert("Prefix".into(), json!(self.prefix));
        map.insert("MaxKeys".into(), json!(self.limit));
        if let Some(delimiter) = self.delimiter {
            map.insert("Delimiter".into(), json!(delimiter));
        }
        if !prefixes.is_empty() {
            let list: Vec<Value> = prefixes.iter().map(|prefix| json!({ "Prefix": prefix })).collect();
            map.insert("CommonPrefixes".into(), json!(list));
        }
        map
    }
}

/// One page of a list.
struct Page {
    entries: Vec<Value>,
    prefixes: Vec<String>,
    truncated: bool,
    last: String,
}

/// The current objects behind `after`.
fn page(bucket: &Bucket, ask: &Ask<'_>, after: &str, describe: impl Fn(&str, &Version) -> Value) -> Page {
    let mut page = Page { entries: Vec::new(), prefixes: Vec::new(), truncated: false, last: String::new() };
    for (key, versions) in bucket.objects.range(ask.prefix.to_owned()..) {
        if !key.starts_with(ask.prefix) {
            break;
        }
        let Some(version) = versions.last().filter(|version| !version.delete_marker) else { continue };
        let rolled = ask.rolled(key);
        let mark = rolled.as_deref().unwrap_or(key);
        // A token may name a prefix: everything below it was shown, too.
        if mark <= after || rolled.as_ref().is_some_and(|prefix| page.prefixes.contains(prefix)) {
            continue;
        }
        if page.entries.len() + page.prefixes.len() == ask.limit {
            page.truncated = ask.limit > 0;
            break;
        }
        mark.clone_into(&mut page.last);
        match rolled {
            Some(prefix) => page.prefixes.push(prefix),
            None => page.entries.push(describe(key, version)),
        }
    }
    page
}

fn entry(key: &str, version: &Version, account: Option<&str>) -> Value {
    let mut entry = json!({
        "Key": key,
        "LastModified": version.modified.epoch_seconds(),
        "ETag": format!("\"{}\"", version.etag),
        "Size": version.body.0.len(),
        "StorageClass": version.headers.get("StorageClass").map_or("STANDARD", String::as_str),
    });
    if let (Some(account), Some(map)) = (account, entry.as_object_mut()) {
        map.insert("Owner".into(), owner(account));
    }
    entry
}

pub(super) fn list_v2(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let ask = Ask::new(input);
    let after = text(input, "ContinuationToken").or_else(|| text(input, "StartAfter")).unwrap_or_default();
    let found = bucket(call, &name)?;
    let fetch_owner = input.get("FetchOwner").and_then(Value::as_bool).unwrap_or(false);
    let shown_owner = fetch_owner.then_some(found.account.as_str());
    let page = page(found, &ask, after, |key, version| entry(key, version, shown_owner));
    let mut output = ask.frame(&name, page.truncated, &page.prefixes);
    output.insert("KeyCount".into(), json!(page.entries.len() + page.prefixes.len()));
    if page.truncated {
        output.insert("NextContinuationToken".into(), json!(page.last));
    }
    for member in ["ContinuationToken", "StartAfter"] {
        if let Some(value) = text(input, member) {
            output.insert(member.into(), json!(value));
        }
    }
    if !page.entries.is_empty() {
        output.insert("Contents".into(), json!(page.entries));
    }
    Ok(Value::Object(output))
}

pub(super) fn list_v1(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let ask = Ask::new(input);
    let marker = text(input, "Marker").unwrap_or_default();
    let found = bucket(call, &name)?;
    let page = page(found, &ask, marker, |key, version| entry(key, version, Some(&found.account)));
    let mut output = ask.frame(&name, page.truncated, &page.prefixes);
    output.insert("Marker".into(), json!(marker));
    // Without a delimiter S3 leaves the next marker out: it is the last key.
    if page.truncated && ask.delimiter.is_some() {
        output.insert("NextMarker".into(), json!(&page.last));
    }
    if !page.entries.is_empty() {
        output.insert("Contents".into(), json!(page.entries));
    }
    Ok(Value::Object(output))
}

pub(super) fn list_versions(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let ask = Ask::new(input);
    let key_marker = text(input, "KeyMarker").unwrap_or_default();
    let id_marker = text(input, "VersionIdMarker");
    let found = bucket(call, &name)?;
    let (mut versions, mut markers, mut prefixes) = (Vec::new(), Vec::new(), Vec::<String>::new());
    let mut last: Option<(String, String)> = None;
    let mut truncated = false;
    'keys: for (key, list) in found.objects.range(ask.prefix.to_owned()..) {
        if !key.starts_with(ask.prefix) {
            break;
        }
        if let Some(prefix) = ask.rolled(key) {
            if prefix.as_str() > key_marker && !prefixes.contains(&prefix) {
                prefixes.push(prefix);
            }
            continue;
        }
        if key.as_str() < key_marker || (key == key_marker && id_marker.is_none()) {
            continue;
        }
        // Within the marker's key, the list goes on behind the marker's version.
        let mut waiting = key == key_marker;
        for (index, version) in list.iter().enumerate().rev() {
            if waiting {
                waiting = Some(version.id.as_str()) != id_marker;
                continue;
            }
            if versions.len() + markers.len() + prefixes.len() == ask.limit {
                truncated = ask.limit > 0;
                break 'keys;
            }
            last = Some((key.clone(), version.id.clone()));
            let mut shown = entry(key, version, Some(&found.account));
            if let Some(map) = shown.as_object_mut() {
                map.insert("VersionId".into(), json!(version.id));
                map.insert("IsLatest".into(), json!(index + 1 == list.len()));
                if version.delete_marker {
                    for member in ["ETag", "Size", "StorageClass"] {
                        map.shift_remove(member);
                    }
                }
            }
            if version.delete_marker { markers.push(shown) } else { versions.push(shown) }
        }
    }
    let mut output = ask.frame(&name, truncated, &prefixes);
    output.insert("KeyMarker".into(), json!(key_marker));
    output.insert("VersionIdMarker".into(), json!(id_marker.unwrap_or_default()));
    if let (true, Some((key, id))) = (truncated, last) {
        output.insert("NextKeyMarker".into(), json!(&key));
        output.insert("NextVersionIdMarker".into(), json!(id));
    }
    if !versions.is_empty() {
        output.insert("Versions".into(), json!(versions));
    }
    if !markers.is_empty() {
        output.insert("DeleteMarkers".into(), json!(markers));
    }
    Ok(Value::Object(output))
}
