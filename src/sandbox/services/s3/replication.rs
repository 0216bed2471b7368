//! Replication between buckets: the configuration's rules, and copies that arrive after a lag.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::settings::malformed;
use super::{Bucket, Transition, Version, arn, bucket, bucket_mut, bucket_name};
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::faults;
use crate::sandbox::services::{cloudwatch, iam};
use crate::sandbox::world::{Transition as Scheduled, What, World};

/// A version on its way to a replica.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    /// The source bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The version.
    pub version: String,
    /// The destination bucket.
    pub destination: String,
    /// The rule that demands it.
    pub rule: String,
}

fn refuse(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidRequest", message)
}

fn rules(configuration: &Value) -> &[Value] {
    configuration.get("Rules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The bucket name at the end of a rule's destination ARN.
fn destination(rule: &Value) -> Option<&str> {
    text(rule.get("Destination")?, "Bucket")?.strip_prefix("arn:aws:s3:::")
}

fn enabled(value: Option<&Value>) -> bool {
    value.and_then(|value| text(value, "Status")) == Some("Enabled")
}

/// Sources: Amazon S3 API Reference, PutBucketReplication; aws-behaviour.md 3: versioning on both sides,
/// `ExistingObjectReplication` is no longer supported.
fn validate(call: &Call<'_>, source: &str, configuration: &Value) -> Result<(), AwsError> {
    let role = text(configuration, "Role").ok_or_else(malformed)?;
    if !role.starts_with("arn:aws:iam::") || !role.contains(":role/") {
        return Err(AwsError::client("InvalidArgument", "Invalid Role ARN"));
    }
    if !bucket(call, source)?.versioned() && call.world.rule("s3.replication-needs-versioning") {
        return Err(refuse("Versioning must be 'Enabled' on the bucket to apply a replication configuration"));
    }
    if rules(configuration).is_empty() {
        return Err(malformed());
    }
    let mut priorities = Vec::new();
    for rule in rules(configuration) {
        if !["Enabled", "Disabled"].contains(&text(rule, "Status").unwrap_or_default()) {
            return Err(malformed());
        }
        if rule.get("Filter").is_some() {
            for member in ["Priority", "DeleteMarkerReplication"] {
                if rule.get(member).is_none() {
                    return Err(refuse(format!(
                        "{member} must be specified for this version of Cross Region Replication configuration schema. \
                         Please refer to S3 Developer Guide for more information."
                    )));
                }
            }
            priorities.push(rule.get("Priority"));
        }
        if enabled(rule.get("ExistingObjectReplication")) {
            return Err(refuse("ExistingObjectReplication is no longer supported. Use S3 Batch Replication instead."));
        }
        let name = destination(rule).ok_or_else(malformed)?;
        if name == source {
            return Err(refuse("The source and the destination bucket must be different"));
        }
        match call.world.buckets.get(name) {
            None => return Err(refuse("Destination bucket must exist.")),
            Some(found) if !found.versioned() && call.world.rule("s3.replication-needs-versioning") => {
                return Err(refuse("Destination bucket must have versioning enabled."));
            }
            Some(_) => {}
        }
    }
    let count = priorities.len();
    priorities.dedup();
    if priorities.len() < count {
        return Err(refuse("Found duplicate priority numbers in the replication configuration"));
    }
    Ok(())
}

pub(super) fn put(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    let mut configuration = input.get("ReplicationConfiguration").cloned().unwrap_or_default();
    validate(call, &name, &configuration)?;
    let list = configuration.get_mut("Rules").and_then(Value::as_array_mut);
    for rule in list.into_iter().flatten().filter_map(Value::as_object_mut) {
        // S3 gives a rule without an id one of its own.
        if !rule.contains_key("ID") {
            rule.insert("ID".into(), json!(call.hex_id(48)));
        }
    }
    bucket_mut(call, &name)?.replication = Some(configuration);
    call.log(format!("s3 replication of {name} configured"));
    if !call.world.rule("s3.existing-objects-stay") {
        let objects = bucket(call, &name)?.objects.iter();
        let all = objects.flat_map(|(key, versions)| versions.iter().map(|version| (key.clone(), version.id.clone())));
        for (key, version) in all.collect::<Vec<_>>() {
            follow(call, &name, &key, &version);
        }
    }
    Ok(json!({}))
}

pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    match &bucket(call, &name)?.replication {
        Some(configuration) => Ok(json!({ "ReplicationConfiguration": configuration })),
        None => Err(AwsError {
            fields: json!({ "BucketName": name }),
            ..AwsError::not_found(
                "ReplicationConfigurationNotFoundError",
                "The replication configuration was not found",
            )
        }),
    }
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bucket_name(call, input)?;
    bucket_mut(call, &name)?.replication = None;
    Ok(json!({}))
}

/// Whether a rule is about this object.
fn concerns(rule: &Value, key: &str, version: &Version, markers_stay: bool) -> bool {
    let tag_fits = |tag: &Value| {
        let wanted = (text(tag, "Key").unwrap_or_default(), text(tag, "Value").unwrap_or_default());
        version.tags.iter().any(|(key, value)| (key.as_str(), value.as_str()) == wanted)
    };
    let filter = rule.get("Filter");
    let all = filter.and_then(|filter| filter.get("And")).or(filter);
    let prefix = all.and_then(|all| text(all, "Prefix")).or_else(|| text(rule, "Prefix")).unwrap_or_default();
    let one = all.and_then(|all| all.get("Tag")).into_iter();
    let many = all.and_then(|all| all.get("Tags")).and_then(Value::as_array).into_iter().flatten();
    enabled(Some(rule))
        && key.starts_with(prefix)
        && one.chain(many).all(tag_fits)
        // A rule of the first schema (no Filter) replicates delete markers; with a Filter it says so itself.
        && (!version.delete_marker || !markers_stay || filter.is_none() || enabled(rule.get("DeleteMarkerReplication")))
}

/// Sends a new version on its way to the replicas that its bucket's rules name.
pub(super) fn follow(call: &mut Call<'_>, name: &str, key: &str, id: &str) {
    let Some(source) = call.world.buckets.get(name) else { return };
    let Some(configuration) = &source.replication else { return };
    let Some(version) = source.objects.get(key).and_then(|list| list.iter().find(|v| v.id == id)) else { return };
    let markers_stay = call.world.rule("s3.delete-markers-stay");
    let concerned = rules(configuration).iter().filter(|rule| concerns(rule, key, version, markers_stay));
    let mut matching: Vec<&Value> = concerned.collect();
    matching.sort_by_key(|rule| std::cmp::Reverse(rule.get("Priority").and_then(Value::as_i64)));
    let mut copies: Vec<Copy> = Vec::new();
    for rule in matching {
        let Some(to) = destination(rule) else { continue };
        if copies.iter().all(|copy| copy.destination != to) {
            copies.push(Copy {
                bucket: name.to_owned(),
                key: key.to_owned(),
                version: id.to_owned(),
                destination: to.to_owned(),
                rule: text(rule, "ID").unwrap_or_default().to_owned(),
            });
        }
    }
    if !copies.is_empty() {
        set_status(call, name, key, id, "PENDING");
    }
    for copy in copies {
        let lag = call.draw("s3.replication.lag", &format!("{name}/{key}"));
        call.schedule(lag, What::S3(Transition::Replicate(copy)));
    }
}

/// Delete markers show no replication status.
fn set_status(call: &mut Call<'_>, name: &str, key: &str, id: &str, status: &str) {
    let bucket = call.world.buckets.get_mut(name);
    let versions = bucket.and_then(|bucket| bucket.objects.get_mut(key));
    let version = versions.and_then(|versions| versions.iter_mut().find(|version| version.id == id));
    if let Some(version) = version.filter(|version| !version.delete_marker) {
        version.replication_status = Some(status.to_owned());
    }
}

/// Whether the configuration's role may do what a copy needs. S3 asks at the time of the copy, so a role that does not
/// match its destination fails late and silently.
fn role_allows(call: &Call<'_>, source: &Bucket, copy: &Copy, delete_marker: bool) -> bool {
    let Some(role) = source.replication.as_ref().and_then(|configuration| text(configuration, "Role")) else {
        return false;
    };
    let from = format!("{}/{}", arn(&copy.bucket), copy.key);
    let to = format!("{}/{}", arn(&copy.destination), copy.key);
    let write = if delete_marker { "s3:ReplicateDelete" } else { "s3:ReplicateObject" };
    let allowed = |action: &str, resource: &str| iam::allows(call.world, &source.account, role, action, resource);
    iam::trusts(call.world, &source.account, role, "s3.amazonaws.com")
        && allowed("s3:GetReplicationConfiguration", &arn(&copy.bucket))
        && allowed("s3:GetObjectVersionForReplication", &from)
        && allowed(write, &to)
}

/// Lets a copy arrive, or fail, or wait.
pub(super) fn replicate(call: &mut Call<'_>, copy: Copy) {
    let Some(source) = call.world.buckets.get(&copy.bucket) else { return };
    let from_region = source.region.clone();
    let Some(version) = source.objects.get(&copy.key).and_then(|list| list.iter().find(|v| v.id == copy.version))
    else {
        return; // Deleted before it was copied: there is nothing to copy.
    };
    let to = call.world.buckets.get(&copy.destination).filter(|bucket| bucket.versioned());
    let to_region = to.map(|bucket| bucket.region.clone());
    if to_region.as_ref().is_some_and(|to| faults::replication_cut(call.world, "s3", &from_region, to)) {
        if let Some(source) = call.world.buckets.get_mut(&copy.bucket) {
            source.held.push(copy);
        }
        return;
    }
    let allowed = role_allows(call, source, &copy, version.delete_marker) || !call.world.rule("s3.replication-role");
    if to_region.is_none() || !allowed {
        set_status(call, &copy.bucket, &copy.key, &copy.version, "FAILED");
        call.log(format!("s3 replication of {}/{} to {} failed", copy.bucket, copy.key, copy.destination));
        return;
    }
    let replica =
        Version { replication_status: (!version.delete_marker).then(|| "REPLICA".to_owned()), ..version.clone() };
    let latency = call.world.now.since(version.modified);
    if let Some(to) = call.world.buckets.get_mut(&copy.destination) {
        let versions = to.objects.entry(copy.key.clone()).or_default();
        versions.retain(|other| other.id != replica.id);
        // Copies overtake each other; the order of versions is the order of their writing.
        let at = versions.partition_point(|other| other.modified <= replica.modified);
        versions.insert(at, replica);
    }
    set_status(call, &copy.bucket, &copy.key, &copy.version, "COMPLETED");
    let dimensions =
        [("SourceBucket", &*copy.bucket), ("DestinationBucket", &*copy.destination), ("RuleId", &*copy.rule)];
    if let (true, Some(to)) = (metrics_enabled(call.world, &copy), to_region) {
        // Source: Amazon S3 User Guide, "Using S3 Replication metrics": published in the destination's Region.
        cloudwatch::record_in(call, &to, "AWS/S3", "ReplicationLatency", &dimensions, latency.as_secs_f64());
    }
    call.log(format!("s3 object {}/{} arrived in {}", copy.bucket, copy.key, copy.destination));
}

/// S3 writes replication metrics only for rules that ask for them.
fn metrics_enabled(world: &World, copy: &Copy) -> bool {
    let configuration = world.buckets.get(&copy.bucket).and_then(|bucket| bucket.replication.as_ref());
    configuration.is_some_and(|configuration| {
        rules(configuration)
            .iter()
            .any(|rule| text(rule, "ID") == Some(&copy.rule) && enabled(rule.pointer("/Destination/Metrics")))
    })
}

/// Sends the copies on their way again that waited for replication to be possible.
pub fn resume(world: &mut World) {
    let held: Vec<(String, String, Copy)> = world
        .buckets
        .values_mut()
        .flat_map(|bucket| {
            let (account, region) = (bucket.account.clone(), bucket.region.clone());
            std::mem::take(&mut bucket.held).into_iter().map(move |copy| (account.clone(), region.clone(), copy))
        })
        .collect();
    for (account, region, copy) in held {
        let lag =
            Call::new(world, &account, &region).draw("s3.replication.lag", &format!("{}/{}", copy.bucket, copy.key));
        let what = What::S3(Transition::Replicate(copy));
        world.timeline.push(world.now.plus(lag), Scheduled { account, region, what });
    }
}
