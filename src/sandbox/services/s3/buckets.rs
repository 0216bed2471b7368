//! Buckets: making, finding and removing them.

use serde_json::{Value, json};

use super::{Bucket, arn, bucket, bucket_name, no_such_bucket, owner};
use crate::domain::{GLOBAL_REGION, Region};
use crate::sandbox::call::{self, AwsError, Call, required, text};

/// Prefixes and suffixes that S3 keeps for itself.
/// Source: Amazon S3 User Guide, "General purpose bucket naming rules".
const RESERVED_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// Source: Amazon S3 User Guide, "General purpose bucket naming rules".
fn valid_name(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-')
        && edge(name.chars().next())
        && edge(name.chars().next_back())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        && !RESERVED_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// The Region a bucket is to be made in: the endpoint's, which must agree with the constraint. Only us-east-1 takes
/// requests for other Regions, and it has no constraint of its own.
fn location_of_new(call: &Call<'_>, input: &Value) -> Result<String, AwsError> {
    let constraint =
        input.get("CreateBucketConfiguration").and_then(|c| text(c, "LocationConstraint")).filter(|c| !c.is_empty());
    let refuse = |what: &str| {
        Err(AwsError::client(
            "IllegalLocationConstraintException",
            format!(
                "The {what} location constraint is incompatible for the region specific endpoint this request was sent to."
            ),
        ))
    };
    match constraint {
        None if call.region == GLOBAL_REGION => Ok(call.region.clone()),
        None => refuse("unspecified"),
        Some(wanted) if wanted == GLOBAL_REGION || Region::parse(wanted).is_err() => {
            Err(AwsError::client("InvalidLocationConstraint", "The specified location-constraint is not valid"))
        }
        Some(wanted) if wanted != call.region && call.region != GLOBAL_REGION => refuse(wanted),
        Some(wanted) => Ok(wanted.to_owned()),
    }
}

pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "Bucket")?;
    if !valid_name(name) {
        return Err(AwsError {
            fields: json!({ "BucketName": name }),
            ..AwsError::client("InvalidBucketName", "The specified bucket is not valid.")
        });
    }
    let region = location_of_new(call, input)?;
    let ownership = text(input, "ObjectOwnership").unwrap_or("BucketOwnerEnforced").to_owned();
    let acl = text(input, "ACL").unwrap_or("private");
    if ownership == "BucketOwnerEnforced" && acl != "private" {
        return Err(AwsError::client(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        ));
    }
    if let Some(existing) = call.world.buckets.get(name) {
        if existing.account != call.account {
            return Err(AwsError::with_status(
                409,
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. \
                 Please select a different name and try again.",
            ));
        }
        // In us-east-1 making one's own bucket again succeeds, as it always did.
        if existing.region != GLOBAL_REGION || region != GLOBAL_REGION {
            return Err(AwsError::with_status(
                409,
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            ));
        }
        return Ok(json!({ "Location": format!("/{name}") }));
    }
    let tags = input.get("CreateBucketConfiguration").and_then(|c| c.get("Tags"));
    let new = Bucket {
        account: call.account.clone(),
        region: region.clone(),
        created: call.now(),
        ownership,
        tags: call::tags(tags),
        // New buckets block public access since April 2023.
        public_access_block: Some(json!({
            "BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true,
        })),
        ..Bucket::default()
    };
    call.world.buckets.insert(name.to_owned(), new);
    call.log(format!("s3 bucket {name} created"));
    let location =
        if region == GLOBAL_REGION { format!("/{name}") } else { format!("http://{name}.s3.amazonaws.com/") };
    Ok(json!({ "Location": location, "BucketArn": arn(name) }))
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let found = bucket(call, &name)?;
    if found.objects.values().any(|versions| !versions.is_empty()) && call.world.rule("s3.bucket-not-empty") {
        let more = if found.versioning.is_some() { ". You must delete all versions in the bucket." } else { "" };
        return Err(AwsError {
            fields: json!({ "BucketName": name }),
            ..AwsError::with_status(409, "BucketNotEmpty", format!("The bucket you tried to delete is not empty{more}"))
        });
    }
    call.world.buckets.remove(&name);
    call.log(format!("s3 bucket {name} deleted"));
    Ok(json!({}))
}

pub(super) fn head(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    // An answer to HEAD has no body: clients know nothing but its status.
    let name = bucket_name(call, input).map_err(|error| match error.status {
        404 => AwsError::not_found("NotFound", "Not Found"),
        403 => AwsError::with_status(403, "Forbidden", "Forbidden"),
        _ => error,
    })?;
    Ok(json!({ "BucketRegion": bucket(call, &name)?.region, "BucketArn": arn(&name) }))
}

pub(super) fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let prefix = text(input, "Prefix").unwrap_or_default();
    let after = text(input, "ContinuationToken").unwrap_or_default();
    let limit = input.get("MaxBuckets").and_then(Value::as_u64).unwrap_or(10_000) as usize;
    let mut found: Vec<(&String, &Bucket)> = call
        .world
        .buckets
        .iter()
        .filter(|(name, bucket)| {
            bucket.account == call.account
                && name.starts_with(prefix)
                && name.as_str() > after
                && text(input, "BucketRegion").is_none_or(|region| region == bucket.region)
        })
        .collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let mut output = json!({
        "Buckets": found.iter().map(|(name, bucket)| json!({
            "Name": name,
            "CreationDate": bucket.created.epoch_seconds(),
            "BucketRegion": bucket.region,
            "BucketArn": arn(name),
        })).collect::<Vec<_>>(),
        "Owner": owner(&call.account),
    });
    if let (true, Some((last, _)), Some(map)) = (more, found.last(), output.as_object_mut()) {
        map.insert("ContinuationToken".into(), json!(last));
    }
    Ok(output)
}

/// Answered in every Region, as AWS does for finding out where a bucket is.
pub(super) fn location(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "Bucket")?;
    let found = bucket(call, name).map_err(|_| no_such_bucket(name))?;
    if found.account != call.account {
        return Err(AwsError::with_status(403, "AccessDenied", "Access Denied"));
    }
    Ok(if found.region == GLOBAL_REGION { json!({}) } else { json!({ "LocationConstraint": found.region }) })
}
