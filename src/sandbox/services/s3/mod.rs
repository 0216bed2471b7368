//! S3: buckets, objects, versions and replication.
//!
//! Buckets stand in the world by name, because their names are global; every other service keeps its state by account
//! and Region.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{self, AwsError, Call};
use crate::sandbox::world::World;

mod body;
mod buckets;
mod checksum;
mod conditions;
mod copy;
mod delete;
mod listing;
mod multipart;
mod objects;
mod policy;
mod replication;
mod settings;
mod tagging;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_multipart;
mod uploads;

pub use body::Body;
pub use policy::{Policy, service_may_read};
pub use replication::{Copy, resume};

/// A bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its owner's account id.
    pub account: String,
    /// The Region it is in.
    pub region: String,
    /// When it was made.
    pub created: SimTime,
    /// `Enabled`, `Suspended`, or nothing when versioning was never on.
    pub versioning: Option<String>,
    /// Versions by key, the newest last.
    pub objects: BTreeMap<String, Vec<Version>>,
    /// The replication configuration.
    pub replication: Option<Value>,
    /// The bucket policy.
    pub policy: Option<Policy>,
    /// Block Public Access.
    pub public_access_block: Option<Value>,
    /// Default encryption.
    pub encryption: Option<Value>,
    /// `BucketOwnerEnforced` and so on.
    pub ownership: String,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// Copies that wait until replication is possible again.
    pub held: Vec<Copy>,
    /// Multipart uploads that are neither complete nor aborted, by id.
    #[serde(default)]
    uploads: BTreeMap<String, multipart::Upload>,
}

/// One version of an object, or a delete marker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Its id; `null` in a bucket without versioning.
    pub id: String,
    /// Whether it marks a deletion.
    pub delete_marker: bool,
    /// Its bytes.
    pub body: Body,
    /// The MD5 of the bytes in hexadecimal (of a multipart upload: of its parts' MD5s, and their number), without quotes.
    pub etag: String,
    /// The checksums that came with the bytes, by member name, in base64.
    #[serde(default)]
    pub checksums: BTreeMap<String, String>,
    /// When it was written.
    pub modified: SimTime,
    /// `ContentType`, `CacheControl` and the like by member name.
    pub headers: BTreeMap<String, String>,
    /// The client's own metadata.
    pub metadata: BTreeMap<String, String>,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// `PENDING`, `COMPLETED`, `FAILED` or `REPLICA`.
    pub replication_status: Option<String>,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A version arrives at its replica.
    Replicate(Copy),
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    match what {
        Transition::Replicate(copy) => replication::replicate(call, copy),
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateBucket" => buckets::create,
        "DeleteBucket" => buckets::delete,
        "HeadBucket" => buckets::head,
        "ListBuckets" => buckets::list,
        "GetBucketLocation" => buckets::location,
        "PutBucketVersioning" => settings::put_versioning,
        "GetBucketVersioning" => settings::get_versioning,
        "PutBucketTagging" => settings::put_tagging,
        "GetBucketTagging" => settings::get_tagging,
        "PutBucketPolicy" => policy::put,
        "GetBucketPolicy" => policy::get,
        "DeleteBucketPolicy" => policy::delete,
        "PutPublicAccessBlock" => settings::put_public_access_block,
        "GetPublicAccessBlock" => settings::get_public_access_block,
        "PutBucketEncryption" => settings::put_encryption,
        "GetBucketEncryption" => settings::get_encryption,
        "PutBucketOwnershipControls" => settings::put_ownership,
        "PutBucketReplication" => replication::put,
        "GetBucketReplication" => replication::get,
        "DeleteBucketReplication" => replication::delete,
        "PutObject" => objects::put,
        "GetObject" => objects::get,
        "HeadObject" => objects::head,
        "DeleteObject" => delete::one,
        "DeleteObjects" => delete::many,
        "CopyObject" => copy::copy,
        "PutObjectTagging" => tagging::put,
        "GetObjectTagging" => tagging::get,
        "DeleteObjectTagging" => tagging::delete,
        "CreateMultipartUpload" => multipart::create,
        "UploadPart" => multipart::upload_part,
        "UploadPartCopy" => multipart::upload_part_copy,
        "CompleteMultipartUpload" => multipart::complete,
        "AbortMultipartUpload" => multipart::abort,
        "ListParts" => uploads::list_parts,
        "ListMultipartUploads" => uploads::list,
        "ListObjects" => listing::list_v1,
        "ListObjectsV2" => listing::list_v2,
        "ListObjectVersions" => listing::list_versions,
        _ => return None,
    })
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let (account, region) = (call.account.clone(), call.region.clone());
    call.world
        .buckets
        .iter()
        .filter(|(_, bucket)| bucket.account == account && bucket.region == region)
        .map(|(name, bucket)| Record {
            type_name: "AWS::S3::Bucket",
            id: name.clone(),
            arn: arn(name),
            tags: bucket.tags.clone(),
            properties: json!({
                "BucketName": name,
                "Arn": arn(name),
                "RegionalDomainName": format!("{name}.s3.{region}.amazonaws.com"),
                "Tags": call::tag_list(&bucket.tags),
            }),
            built_in: false,
        })
        .collect()
}

/// An object as whoever reads the data plane sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its content type.
    pub content_type: String,
    /// Its ETag, with quotes.
    pub etag: String,
    /// The Region of the bucket it was read from.
    pub region: String,
}

/// The current version of an object. `None` when the bucket or the object is not there; permissions are not asked
/// (see [`service_may_read`]).
pub fn read_object(world: &World, bucket: &str, key: &str) -> Option<Object> {
    let bucket = world.buckets.get(bucket)?;
    let version = bucket.objects.get(key)?.last().filter(|version| !version.delete_marker)?;
    Some(Object {
        bytes: version.body.0.clone(),
        content_type: version.content_type().to_owned(),
        etag: format!("\"{}\"", version.etag),
        region: bucket.region.clone(),
    })
}

impl Version {
    /// S3's default is `binary/octet-stream`.
    fn content_type(&self) -> &str {
        self.headers.get("ContentType").map_or("binary/octet-stream", String::as_str)
    }
}

impl Bucket {
    fn versioned(&self) -> bool {
        self.versioning.as_deref() == Some("Enabled")
    }
}

/// A bucket's ARN.
fn arn(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
}

/// The bucket that an input names, when it may be used from this Region and account.
fn bucket_name(call: &Call<'_>, input: &Value) -> Result<String, AwsError> {
    let name = call::required(input, "Bucket")?;
    let Some(bucket) = call.world.buckets.get(name) else { return Err(no_such_bucket(name)) };
    let owner = call::text(input, "ExpectedBucketOwner");
    if bucket.account != call.account || owner.is_some_and(|owner| owner != bucket.account) {
        return Err(AwsError::with_status(403, "AccessDenied", "Access Denied"));
    }
    if bucket.region != call.region {
        let endpoint = format!("{name}.s3.{}.amazonaws.com", bucket.region);
        return Err(AwsError {
            fields: json!({ "Bucket": name, "Endpoint": endpoint, "BucketRegion": bucket.region }),
            ..AwsError::with_status(
                301,
                "PermanentRedirect",
                "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all \
                 future requests to this endpoint.",
            )
        });
    }
    Ok(name.to_owned())
}

/// The bucket of that name, for reading.
fn bucket<'c>(call: &'c Call<'_>, name: &str) -> Result<&'c Bucket, AwsError> {
    call.world.buckets.get(name).ok_or_else(|| no_such_bucket(name))
}

/// The bucket of that name, for writing.
fn bucket_mut<'c>(call: &'c mut Call<'_>, name: &str) -> Result<&'c mut Bucket, AwsError> {
    call.world.buckets.get_mut(name).ok_or_else(|| no_such_bucket(name))
}

fn no_such_key(key: &str) -> AwsError {
    AwsError { fields: json!({ "Key": key }), ..AwsError::not_found("NoSuchKey", "The specified key does not exist.") }
}

fn no_such_bucket(name: &str) -> AwsError {
    AwsError {
        fields: json!({ "BucketName": name }),
        ..AwsError::not_found("NoSuchBucket", "The specified bucket does not exist")
    }
}

/// The owner as S3 shows it: a canonical user id, which is a hash of the account.
fn owner(account: &str) -> Value {
    let part = |ordinal| crate::sandbox::chance::bits(0, "canonical", account, ordinal);
    json!({ "ID": format!("{:016x}{:016x}{:016x}{:016x}", part(0), part(1), part(2), part(3)) })
}
