//! What arrives at the addresses that CloudFormation gives out: signals of wait conditions and answers of custom
//! resources. On AWS these are presigned addresses of CloudFormation's own buckets in the stack's Region.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::call::{AwsError, Call};

/// The bucket for wait conditions, followed by the Region's name.
const WAIT_BUCKET: &str = "cloudformation-waitcondition-";
/// The bucket for custom resources, followed by the Region's name without dashes.
const CUSTOM_BUCKET: &str = "cloudformation-custom-resource-response-";
/// The longest answer of a custom resource, in bytes. Source: CloudFormation User Guide, "Custom resource response objects".
const LONGEST_ANSWER: usize = 4096;

/// What was received, by the key of the address.
pub type Inbox = BTreeMap<String, Vec<Value>>;

/// What a custom resource was last asked, and what it said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Custom {
    /// The id of the last request.
    pub request: String,
    /// Where its answer comes in.
    pub key: String,
    /// `Data` of the last answer that was a success.
    pub data: Value,
}

/// Opens an address for a wait condition; the address.
pub fn open_wait(call: &mut Call<'_>, stack_id: &str, logical: &str) -> String {
    let region = call.region.clone();
    let key = format!("{}/{logical}/{}", unique(stack_id), call.uuid());
    open(call, &format!("{WAIT_BUCKET}{region}"), key)
}

/// Opens an address for the answer to a request to a custom resource; its key and the address.
pub fn open_custom(call: &mut Call<'_>, stack_id: &str, logical: &str, request: &str) -> (String, String) {
    let region = call.region.replace('-', "");
    let key = format!("{}/{logical}/{request}", unique(stack_id));
    let address = open(call, &format!("{CUSTOM_BUCKET}{region}"), key.clone());
    (key, address)
}

fn open(call: &mut Call<'_>, bucket: &str, key: String) -> String {
    let address = format!("https://{bucket}.s3.{}.amazonaws.com/{key}", call.region);
    call.regional().cloudformation.inbox.insert(key, Vec::new());
    address
}

/// The key of an address that was given out.
pub fn key_of(address: &str) -> Option<&str> {
    Some(address.split_once(".amazonaws.com/")?.1)
}

/// The part of a stack's ARN that no other stack has; it needs no escapes in an address.
fn unique(stack_id: &str) -> &str {
    stack_id.rsplit('/').next().unwrap_or(stack_id)
}

/// What came in under a key.
pub fn received(call: &mut Call<'_>, key: &str) -> Vec<Value> {
    call.regional().cloudformation.inbox.get(key).cloned().unwrap_or_default()
}

/// Closes an address.
pub fn close(call: &mut Call<'_>, key: &str) {
    call.regional().cloudformation.inbox.remove(key);
}

/// Takes what is put into one of CloudFormation's buckets; `None` when the bucket is none of them.
pub fn receive(call: &mut Call<'_>, bucket: &str, key: &str, body: &[u8]) -> Option<Result<Value, AwsError>> {
    if !bucket.starts_with(WAIT_BUCKET) && !bucket.starts_with(CUSTOM_BUCKET) {
        return None;
    }
    let denied = || AwsError::with_status(403, "AccessDenied", "Access Denied");
    if bucket.starts_with(CUSTOM_BUCKET) && body.len() > LONGEST_ANSWER {
        let message = json!({ "Status": "FAILED", "Reason": "Response object is too long." });
        return Some(deliver(call, key, message).ok_or_else(denied));
    }
    let message = serde_json::from_slice(body).unwrap_or_else(|_| json!({ "Malformed": true }));
    Some(deliver(call, key, message).ok_or_else(denied))
}

/// The same for an address as it was given out.
pub fn receive_at(call: &mut Call<'_>, address: &str, body: &[u8]) -> Option<Result<Value, AwsError>> {
    let (bucket, rest) = address.strip_prefix("https://")?.split_once(".s3.")?;
    let (region, key) = rest.split_once(".amazonaws.com/")?;
    // The inbox is the Region's that gave the address out.
    let mut there = Call::new(&mut *call.world, &call.account, region);
    receive(&mut there, bucket, key, body)
}

fn deliver(call: &mut Call<'_>, key: &str, message: Value) -> Option<Value> {
    let received = call.regional().cloudformation.inbox.get_mut(key)?;
    // A signal with the id of an earlier one repeats it.
    let same = |one: &Value| one.get("UniqueId").is_some() && one.get("UniqueId") == message.get("UniqueId");
    if !received.iter().any(same) {
        received.push(message);
    }
    Some(json!({ "ETag": "\"signal\"" }))
}
