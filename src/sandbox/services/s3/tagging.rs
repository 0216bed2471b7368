//! Tags of objects.

use serde_json::{Value, json};

use super::objects::{check_tags, wanted};
use super::{Version, bucket_mut, bucket_name, no_such_key};
use crate::sandbox::call::{self, AwsError, Call, required, text};

/// Changes the tags of the version that an input names, and answers with that version.
fn change(call: &mut Call<'_>, input: &Value, tags: Vec<(String, String)>) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let key = required(input, "Key")?;
    let id = wanted(call, &name, key, text(input, "VersionId"))?.id;
    let versions = bucket_mut(call, &name)?.objects.get_mut(key);
    let version = versions.and_then(|list| list.iter_mut().find(|version| version.id == id));
    version.ok_or_else(|| no_such_key(key))?.tags = tags;
    Ok(shown(&id))
}

fn shown(id: &str) -> Value {
    if id == "null" { json!({}) } else { json!({ "VersionId": id }) }
}

pub(super) fn put(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let set = input.get("Tagging").and_then(|tagging| tagging.get("TagSet"));
    let tags = call::tags(Some(set.ok_or_else(super::settings::malformed)?));
    check_tags(&tags)?;
    change(call, input, tags)
}

pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let Version { id, tags, .. } = wanted(call, &name, required(input, "Key")?, text(input, "VersionId"))?;
    let mut output = shown(&id);
    super::objects::set(&mut output, "TagSet", call::tag_list(&tags));
    Ok(output)
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    change(call, input, Vec::new())
}
