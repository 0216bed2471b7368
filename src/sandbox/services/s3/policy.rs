//! Bucket policies: kept as text, and asked when an AWS service reads through the data plane.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{bucket, bucket_mut, bucket_name};
use crate::sandbox::call::{AwsError, Call, required, text};
use crate::sandbox::services::iam::like;
use crate::sandbox::world::World;

/// A bucket policy: the text as it was put, and what it says. It is saved as the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Policy {
    text: String,
    document: Value,
}

impl From<String> for Policy {
    fn from(text: String) -> Self {
        // A text that is no JSON was never put; it would allow nothing.
        let document = serde_json::from_str(&text).unwrap_or_default();
        Self { text, document }
    }
}

impl From<Policy> for String {
    fn from(policy: Policy) -> Self {
        policy.text
    }
}

pub(super) fn put(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let policy = required(input, "Policy")?;
    let malformed = |message: &str| AwsError::client("MalformedPolicy", message);
    let document: Value = serde_json::from_str(policy)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| malformed("Policies must be valid JSON and the first byte must be '{'"))?;
    let statements = list(document.get("Statement"));
    if statements.is_empty() {
        return Err(malformed("Missing required field Statement"));
    }
    for statement in &statements {
        if statement.get("Principal").is_none() {
            return Err(malformed("Missing required field Principal"));
        }
        let outside = strings(statement.get("Resource")).into_iter().any(|resource| {
            let rest = resource.strip_prefix("arn:aws:s3:::").unwrap_or_default();
            rest.split('/').next() != Some(name.as_str())
        });
        if outside {
            return Err(malformed("Policy has invalid resource"));
        }
    }
    let blocked = bucket(call, &name)?.public_access_block.as_ref().and_then(|block| block.get("BlockPublicPolicy"));
    if blocked == Some(&Value::Bool(true)) && statements.iter().any(|statement| public(statement)) {
        return Err(AwsError::with_status(
            403,
            "AccessDenied",
            format!(
                "User: {} is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::{name}\" because \
                 public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
                call.principal
            ),
        ));
    }
    bucket_mut(call, &name)?.policy = Some(Policy::from(policy.to_owned()));
    Ok(json!({}))
}

pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    match &bucket(call, &name)?.policy {
        Some(policy) => Ok(json!({ "Policy": policy.text })),
        None => Err(AwsError {
            fields: json!({ "BucketName": name }),
            ..AwsError::not_found("NoSuchBucketPolicy", "The bucket policy does not exist")
        }),
    }
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    bucket_mut(call, &name)?.policy = None;
    Ok(json!({}))
}

/// Whether the bucket's policy lets an AWS service read an object on behalf of the resource `source_arn`:
/// CloudFront with origin access control asks as `cloudfront.amazonaws.com` for its distribution.
pub fn service_may_read(world: &World, bucket: &str, key: &str, service: &str, source_arn: &str) -> bool {
    let Some(policy) = world.buckets.get(bucket).and_then(|bucket| bucket.policy.as_ref()) else { return false };
    let resource = format!("arn:aws:s3:::{bucket}/{key}");
    let statements = list(policy.document.get("Statement"));
    let applies = |statement: &&&Value| {
        let to_service = statement.get("Principal").is_some_and(|principal| {
            principal == "*"
                || strings(principal.get("Service")).contains(&service)
                || principal.get("AWS") == Some(&json!("*"))
        });
        to_service
            && strings(statement.get("Action")).iter().any(|action| like(action, "s3:GetObject"))
            && strings(statement.get("Resource")).iter().any(|pattern| like(pattern, &resource))
            && conditions_hold(statement.get("Condition"), source_arn)
    };
    let effect = |wanted: &'static str| move |statement: &&Value| text(statement, "Effect") == Some(wanted);
    statements.iter().copied().filter(effect("Allow")).any(|statement| applies(&&statement))
        && !statements.iter().copied().filter(effect("Deny")).any(|statement| applies(&&statement))
}

/// Only the keys that AWS sends for a service's request are known; a condition on anything else does not hold.
fn conditions_hold(condition: Option<&Value>, source_arn: &str) -> bool {
    let Some(condition) = condition.and_then(Value::as_object) else { return true };
    condition.iter().all(|(operator, keys)| {
        keys.as_object().is_some_and(|keys| {
            keys.iter().all(|(key, values)| {
                let value = match key.to_ascii_lowercase().as_str() {
                    "aws:sourcearn" => source_arn,
                    "aws:sourceaccount" => source_arn.split(':').nth(4).unwrap_or_default(),
                    _ => return false,
                };
                strings(Some(values)).iter().any(|wanted| match operator.as_str() {
                    "StringEquals" | "ArnEquals" => *wanted == value,
                    "StringLike" | "ArnLike" => like(wanted, value),
                    _ => false,
                })
            })
        })
    })
}

/// Whether a statement lets anybody in. A condition makes it somebody.
fn public(statement: &Value) -> bool {
    let anybody = statement
        .get("Principal")
        .is_some_and(|principal| principal == "*" || strings(principal.get("AWS")).contains(&"*"));
    anybody && text(statement, "Effect") == Some("Allow") && statement.get("Condition").is_none()
}

/// One or many, as policies write it.
fn list(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn strings(value: Option<&Value>) -> Vec<&str> {
    list(value).into_iter().filter_map(Value::as_str).collect()
}
