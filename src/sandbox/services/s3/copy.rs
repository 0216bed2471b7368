//! Copies of objects within S3, whole or (for a part of a multipart upload) a range of them.

use serde_json::{Value, json};

use super::objects::{self, store};
use super::{Version, bucket_name, conditions};
use crate::protocol::percent;
use crate::sandbox::call::{AwsError, Call, required, text};

/// The version that an input names as its source, once its conditions hold, with its bucket and key.
pub(super) fn source(call: &Call<'_>, input: &Value) -> Result<(String, Version), AwsError> {
    let (path, id) = split(required(input, "CopySource")?);
    let (bucket, key) = path.split_once('/').ok_or_else(|| {
        AwsError::client(
            "InvalidArgument",
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        )
    })?;
    let foreign = call.world.buckets.get(bucket).is_some_and(|found| found.account != call.account);
    if foreign {
        return Err(AwsError::with_status(403, "AccessDenied", "Access Denied"));
    }
    let version = objects::wanted(call, bucket, key, id.as_deref())?;
    conditions::of_source(input, &version)?;
    Ok((path, version))
}

pub(super) fn copy(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    objects::check(call, &name, input)?;
    let key = required(input, "Key")?.to_owned();
    let (path, from) = source(call, input)?;
    conditions::of_write(input, &key, objects::current(super::bucket(call, &name)?, &key))?;
    let replace = text(input, "MetadataDirective") == Some("REPLACE");
    let renewed = ["StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption"];
    let changes = replace || renewed.iter().any(|member| input.get(*member).is_some());
    if path == format!("{name}/{key}") && !changes && !text(input, "CopySource").unwrap_or_default().contains('?') {
        return Err(AwsError::client(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
             metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let source_version = from.id.clone();
    let mut headers = if replace { objects::headers(input) } else { from.headers };
    for member in renewed {
        match text(input, member) {
            Some(value) => drop(headers.insert(member.to_owned(), value.to_owned())),
            // A copy is stored as the request says; these do not come from the source.
            None => drop(headers.remove(member)),
        }
    }
    headers.remove("SSEKMSKeyId");
    headers.extend(objects::encryption(call, &name, input)?);
    let version = Version {
        headers,
        metadata: if replace { objects::strings(input.get("Metadata")) } else { from.metadata },
        tags: if text(input, "TaggingDirective") == Some("REPLACE") {
            objects::query_tags(text(input, "Tagging"))?
        } else {
            from.tags
        },
        // A copy is one part, so its ETag is the plain digest again.
        etag: crate::domain::md5::hex(&from.body.0),
        checksums: super::checksum::check(input, &from.body.0)?,
        body: from.body,
        ..Version::default()
    };
    let etag = version.etag.clone();
    let mut output = objects::written(&version);
    let mut result = objects::checksums(&version);
    output.retain(|member, _| !result.contains_key(member));
    result.insert("ETag".into(), json!(format!("\"{etag}\"")));
    result.insert("LastModified".into(), json!(call.now().epoch_seconds()));
    let stored = store(call, &name, &key, version)?;
    output.insert("CopyObjectResult".into(), Value::Object(result));
    for (member, id) in [("VersionId", stored), ("CopySourceVersionId", source_version)] {
        if id != "null" {
            output.insert(member.into(), json!(id));
        }
    }
    Ok(Value::Object(output))
}

/// `/bucket/key%20name?versionId=…` as `bucket/key name` and the version.
fn split(text: &str) -> (String, Option<String>) {
    let text = text.strip_prefix('/').unwrap_or(text);
    let (path, id) = match text.split_once("?versionId=") {
        Some((path, id)) => (path, Some(id.to_owned())),
        None => (text, None),
    };
    (percent::decode(path), id)
}
