//! Changes of record sets: all or nothing, and served some seconds later.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::records::{Policy, RecordSet, normal, sort_key};
use super::zones::{HostedZone, bare, find, max_items, missing};
use super::{Transition, targets};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, text};
use crate::sandbox::world::What;

/// What a batch does to one record set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Whether the record set is removed; otherwise it is written.
    remove: bool,
    record: RecordSet,
}

/// A change that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    zone: String,
    comment: Option<String>,
    submitted: SimTime,
    insync: bool,
    /// What the name servers still have to learn.
    steps: Vec<Step>,
}

impl Change {
    fn to_json(&self, id: &str) -> Value {
        let mut value = json!({
            "Id": format!("/change/{id}"),
            "Status": if self.insync { "INSYNC" } else { "PENDING" },
            "SubmittedAt": self.submitted.epoch_seconds(),
        });
        if let (Some(comment), Some(map)) = (&self.comment, value.as_object_mut()) {
            map.insert("Comment".into(), json!(comment));
        }
        value
    }
}

/// Notes an accepted change and schedules the moment when all name servers have it.
pub fn note(call: &mut Call<'_>, zone_id: &str, comment: Option<String>, steps: Vec<Step>) -> Value {
    let id = format!("C{}", call.upper_id(20));
    let now = call.now();
    // AWS: changes generally reach all name servers within 60 seconds.
    let after = call.draw("route53.change.insync", zone_id).min(Duration::from_mins(1));
    let mut at = if call.world.rule("route53.propagation") { now.plus(after) } else { now };
    let accept = call.draw("route53.change.accept", zone_id);
    if let Some(zone) = call.account_state().route53.zones.get_mut(zone_id) {
        at = at.max(zone.insync_at);
        zone.insync_at = at;
        zone.busy_until = now.plus(if steps.is_empty() { Duration::ZERO } else { accept });
    }
    let change = Change { zone: zone_id.to_owned(), comment, submitted: now, insync: false, steps };
    let shown = change.to_json(&id);
    call.account_state().route53.changes.insert(id.clone(), change);
    call.schedule(at.since(now), What::Route53(Transition::InSync(id)));
    shown
}

/// All name servers have the change.
pub fn insync(call: &mut Call<'_>, id: &str) {
    let state = &mut call.account_state().route53;
    let Some(change) = state.changes.get_mut(id) else { return };
    change.insync = true;
    let (zone, steps) = (change.zone.clone(), std::mem::take(&mut change.steps));
    if let Some(zone) = state.zones.get_mut(&zone) {
        for step in steps {
            zone.served.retain(|record| !record.same_place(&step.record));
            if !step.remove {
                zone.served.push(step.record);
            }
        }
    }
    call.world.touch();
}

/// `GetChange`
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = bare(required(input, "Id")?).to_owned();
    let changes = &call.account_state().route53.changes;
    let change = changes
        .get(&id)
        .ok_or_else(|| AwsError::not_found("NoSuchChange", format!("Could not find resource with ID: {id}")))?;
    Ok(json!({ "ChangeInfo": change.to_json(&id) }))
}

/// A batch that was refused, with all its reasons.
fn refused(messages: &[String]) -> AwsError {
    let mut error = AwsError::client("InvalidChangeBatch", format!("[{}]", messages.join(", ")));
    error.fields = json!({ "messages": messages });
    error
}

/// How a record set is named in messages.
fn named(record: &RecordSet) -> String {
    match &record.set_identifier {
        None => format!("[name='{}', type='{}']", record.name, record.kind),
        Some(id) => format!("[name='{}', type='{}', set identifier='{id}']", record.name, record.kind),
    }
}

/// `ChangeResourceRecordSets`
pub fn change(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let zone_id = bare(required(input, "HostedZoneId")?).to_owned();
    let batch = input.get("ChangeBatch").unwrap_or(&Value::Null);
    let changes: Vec<Value> = batch.get("Changes").and_then(Value::as_array).cloned().unwrap_or_default();
    if changes.is_empty() {
        return Err(AwsError::client("InvalidInput", "Invalid request: the change batch has no changes"));
    }
    let now = call.now();
    let zone = call.account_state().route53.zones.get(&zone_id).cloned().ok_or_else(|| missing(&zone_id))?;
    let mut steps = Vec::new();
    let (mut records, mut characters) = (0, 0);
    for change in &changes {
        let action = text(change, "Action").unwrap_or_default();
        if !["CREATE", "UPSERT", "DELETE"].contains(&action) {
            return Err(AwsError::client("InvalidInput", format!("Invalid request: unknown Action '{action}'")));
        }
        let record = RecordSet::parse(action, change.get("ResourceRecordSet").unwrap_or(&Value::Null))?;
        // AWS counts the records of an UPSERT twice.
        let times = if action == "UPSERT" { 2 } else { 1 };
        records += record.values.len() * times;
        characters += record.values.iter().map(String::len).sum::<usize>() * times;
        if let Some(id) = record.health_check.clone().filter(|_| action != "DELETE")
            && !call.account_state().route53.health_checks.contains_key(&id)
        {
            return Err(AwsError::not_found(
                "NoSuchHealthCheck",
                format!("No health check exists with the specified ID: {id}."),
            ));
        }
        steps.push((action.to_owned(), record));
    }
    if records > 1000 && call.world.rule("route53.thousand-records") {
        return Err(refused(&["Number of records limit of 1000 exceeded.".to_owned()]));
    }
    if characters > 32_000 {
        return Err(refused(&["Number of characters limit of 32000 exceeded.".to_owned()]));
    }
    if now < zone.busy_until && call.world.rule("route53.one-change-at-a-time") {
        return Err(AwsError::client(
            "PriorRequestNotComplete",
            "The request was rejected because Route 53 was still processing a prior request.",
        ));
    }
    let exact = call.world.rule("route53.delete-repeats-values");
    let (after, done, not_done) = apply(&zone, &steps, exact);
    if !not_done.is_empty() && call.world.rule("route53.all-or-nothing") {
        return Err(refused(&not_done));
    }
    let mut problems = Vec::new();
    for (action, record) in steps.iter().filter(|(action, _)| action != "DELETE") {
        let _ = action;
        problems.extend(conflicts(&zone, &after, record));
        problems.extend(targets::problem(call.world, &zone, &after, record));
    }
    if !problems.is_empty() {
        problems.dedup();
        return Err(refused(&problems));
    }
    let comment = text(batch, "Comment").map(str::to_owned);
    if let Some(zone) = call.account_state().route53.zones.get_mut(&zone_id) {
        zone.records = after;
    }
    call.log(format!("{} record set change(s) in {}", steps.len(), zone.name));
    Ok(json!({ "ChangeInfo": note(call, &zone_id, comment, done) }))
}

/// The zone's records after the batch, what the name servers have to do, and why some of it cannot be done. `exact` says
/// whether a deletion must repeat the values.
fn apply(zone: &HostedZone, steps: &[(String, RecordSet)], exact: bool) -> (Vec<RecordSet>, Vec<Step>, Vec<String>) {
    let mut after = zone.records.clone();
    let (mut done, mut problems) = (Vec::new(), Vec::new());
    for (action, record) in steps {
        let existing = after.iter().position(|other| other.same_place(record));
        let own = record.name == zone.name && (record.kind == "NS" || record.kind == "SOA");
        if !(record.name == zone.name || record.name.ends_with(&format!(".{}", zone.name))) {
            problems.push(format!("RRSet with DNS name {} is not permitted in zone {}", record.name, zone.name));
            continue;
        }
        match (action.as_str(), existing) {
            ("DELETE", _) if own && record.kind == "SOA" => {
                problems.push("A HostedZone must contain exactly one SOA record.".to_owned());
            }
            ("DELETE", _) if own => {
                problems.push("A HostedZone must contain at least one NS record for the zone itself.".to_owned());
            }
            ("DELETE", None) => {
                problems.push(format!("Tried to delete resource record set {} but it was not found", named(record)));
            }
            ("DELETE", Some(at)) => {
                if !exact || after.get(at).is_some_and(|other| other.same_content(record)) {
                    after.remove(at);
                    done.push(Step { remove: true, record: record.clone() });
                } else {
                    problems.push(format!(
                        "Tried to delete resource record set {} but the values provided do not match the current values",
                        named(record)
                    ));
                }
            }
            ("CREATE", Some(_)) => {
                problems.push(format!("Tried to create resource record set {} but it already exists", named(record)));
            }
            (_, existing) => {
                if let Some(problem) = record.value_problem() {
                    problems.push(problem);
                    continue;
                }
                if let Some(at) = existing {
                    after.remove(at);
                }
                after.push(record.clone());
                done.push(Step { remove: false, record: record.clone() });
            }
        }
    }
    after.sort_by_key(RecordSet::key);
    (after, done, problems)
}

/// What stands against a written record set in the zone as it would be.
fn conflicts(zone: &HostedZone, after: &[RecordSet], record: &RecordSet) -> Option<String> {
    let others: Vec<&RecordSet> =
        after.iter().filter(|other| other.name == record.name && !other.same_place(record)).collect();
    if record.kind == "CNAME" && record.name == zone.name {
        return Some(format!(
            "RRSet of type CNAME with DNS name {} is not permitted at apex in zone {}",
            record.name, zone.name
        ));
    }
    if others.iter().any(|other| (other.kind == "CNAME") != (record.kind == "CNAME")) {
        return Some(format!(
            "RRSet of type {} with DNS name {} is not permitted because a conflicting RRSet of type {} with the same DNS name already exists in zone {}",
            record.kind,
            record.name,
            others.first().map_or("CNAME", |other| other.kind.as_str()),
            zone.name
        ));
    }
    let identifier = record.set_identifier.as_deref().unwrap_or("null");
    let subject = format!("RRSet with DNS name {}, type {}, SetIdentifier {identifier}", record.name, record.kind);
    let group: Vec<&RecordSet> = others.into_iter().filter(|other| other.kind == record.kind).collect();
    if group.iter().any(|other| other.policy.member() != record.policy.member()) {
        let word = record.policy.word();
        return Some(format!("{subject} cannot be created as a non-{word} set exists with the same name and type."));
    }
    match &record.policy {
        Policy::Latency(region) if group.iter().any(|other| other.policy == record.policy) => Some(format!(
            "{subject}, and Region Name={region} cannot be created because a latency RRSet with the same name, type and region already exists."
        )),
        Policy::Failover(role) if group.iter().any(|other| other.policy == record.policy) => Some(format!(
            "{subject} cannot be created as another {role} failover RRSet exists with the same name and type."
        )),
        Policy::Weighted(_) if record.alias.is_none() => group
            .iter()
            .any(|other| other.alias.is_none() && other.ttl != record.ttl)
            .then(|| format!("{subject} cannot be created as weighted sets must contain the same TTL.")),
        _ => None,
    }
}

/// `ListResourceRecordSets`
pub fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let most = max_items(input, 300);
    let (name, kind) = (text(input, "StartRecordName").map(normal), text(input, "StartRecordType"));
    if name.is_none() && kind.is_some() {
        return Err(AwsError::client("InvalidInput", "Invalid request: StartRecordType without StartRecordName"));
    }
    let identifier = text(input, "StartRecordIdentifier").unwrap_or_default();
    let from = name.map(|name| sort_key(&name, kind.unwrap_or_default(), identifier));
    let zone = find(call, input, "HostedZoneId")?;
    let rest: Vec<&RecordSet> =
        zone.records.iter().filter(|record| from.as_ref().is_none_or(|from| record.key() >= *from)).collect();
    let mut output = json!({
        "ResourceRecordSets": rest.iter().take(most).map(|record| record.to_json()).collect::<Vec<_>>(),
        "IsTruncated": rest.len() > most,
        "MaxItems": most.to_string(),
    });
    if let (Some(next), Some(map)) = (rest.get(most), output.as_object_mut()) {
        map.insert("NextRecordName".into(), json!(next.name));
        map.insert("NextRecordType".into(), json!(next.kind));
        if let Some(id) = &next.set_identifier {
            map.insert("NextRecordIdentifier".into(), json!(id));
        }
    }
    Ok(output)
}
