//! A bucket's settings: versioning, tags, Block Public Access, encryption, ownership.

use serde_json::{Value, json};

use super::{bucket, bucket_mut, bucket_name};
use crate::sandbox::call::{self, AwsError, Call, text};

/// The structure that an operation sets.
fn setting<'v>(input: &'v Value, member: &str) -> Result<&'v Value, AwsError> {
    input.get(member).filter(|value| value.is_object()).ok_or_else(malformed)
}

/// S3's answer to XML that lacks something.
pub(super) fn malformed() -> AwsError {
    AwsError::client(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

pub(super) fn put_versioning(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let configuration = setting(input, "VersioningConfiguration")?;
    if text(configuration, "MFADelete") == Some("Enabled") {
        return Err(AwsError::with_status(501, "NotImplemented", "The sandbox does not simulate MFADelete."));
    }
    let status =
        text(configuration, "Status").filter(|s| ["Enabled", "Suspended"].contains(s)).ok_or_else(malformed)?;
    if status == "Suspended" && bucket(call, &name)?.replication.is_some() {
        return Err(AwsError::with_status(
            409,
            "InvalidBucketState",
            "A replication configuration is present on this bucket, so the versioning state cannot be changed.",
        ));
    }
    bucket_mut(call, &name)?.versioning = Some(status.to_owned());
    Ok(json!({}))
}

pub(super) fn get_versioning(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    Ok(bucket(call, &name)?.versioning.as_ref().map_or(json!({}), |status| json!({ "Status": status })))
}

pub(super) fn put_tagging(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let tags = call::tags(setting(input, "Tagging")?.get("TagSet"));
    let mut keys: Vec<_> = tags.iter().map(|(key, _)| key).collect();
    keys.sort();
    if keys.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(AwsError::client("InvalidTag", "Cannot provide multiple Tags with the same key"));
    }
    bucket_mut(call, &name)?.tags = tags;
    Ok(json!({}))
}

pub(super) fn get_tagging(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let tags = &bucket(call, &name)?.tags;
    if tags.is_empty() {
        return Err(AwsError::not_found("NoSuchTagSet", "The TagSet does not exist"));
    }
    Ok(json!({ "TagSet": call::tag_list(tags) }))
}

pub(super) fn put_public_access_block(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let given = setting(input, "PublicAccessBlockConfiguration")?;
    let switch = |member: &str| given.get(member).and_then(Value::as_bool).unwrap_or(false);
    let block = json!({
        "BlockPublicAcls": switch("BlockPublicAcls"),
        "IgnorePublicAcls": switch("IgnorePublicAcls"),
        "BlockPublicPolicy": switch("BlockPublicPolicy"),
        "RestrictPublicBuckets": switch("RestrictPublicBuckets"),
    });
    bucket_mut(call, &name)?.public_access_block = Some(block);
    Ok(json!({}))
}

pub(super) fn get_public_access_block(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    match &bucket(call, &name)?.public_access_block {
        Some(block) => Ok(json!({ "PublicAccessBlockConfiguration": block })),
        None => Err(AwsError::not_found(
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        )),
    }
}

pub(super) fn put_encryption(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let given = setting(input, "ServerSideEncryptionConfiguration")?.clone();
    let algorithm = given
        .pointer("/Rules/0/ApplyServerSideEncryptionByDefault")
        .and_then(|default| text(default, "SSEAlgorithm"))
        .ok_or_else(malformed)?;
    if !["AES256", "aws:kms", "aws:kms:dsse"].contains(&algorithm) {
        return Err(malformed());
    }
    bucket_mut(call, &name)?.encryption = Some(given);
    Ok(json!({}))
}

pub(super) fn get_encryption(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    // Every bucket encrypts with S3's own keys since January 2023.
    let default = json!({
        "Rules": [{ "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" }, "BucketKeyEnabled": false }]
    });
    let rules = bucket(call, &name)?.encryption.clone().unwrap_or(default);
    Ok(json!({ "ServerSideEncryptionConfiguration": rules }))
}

pub(super) fn put_ownership(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let rule = setting(input, "OwnershipControls")?.pointer("/Rules/0").ok_or_else(malformed)?;
    let ownership = text(rule, "ObjectOwnership").ok_or_else(malformed)?.to_owned();
    bucket_mut(call, &name)?.ownership = ownership;
    Ok(json!({}))
}
