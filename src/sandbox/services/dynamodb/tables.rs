//! Tables: made, changed and deleted, one change at a time.

use std::time::Duration;

use serde_json::{Value, json};

use super::schema::{Schema, units};
use super::stream::Stream;
use super::value::validation;
use super::{Table, Transition, after, describe, in_use, no_table, replicas, table_name};
use crate::sandbox::call::{self, AwsError, Call, text};

/// Source: aws-behaviour.md 1: a table that was the source of a new replica cannot be deleted for 24 hours while it has
/// replicas.
const SOURCE_REST: Duration = Duration::from_hours(24);

/// Members that change what is not simulated here.
const NOT_SIMULATED: [&str; 5] = [
    "ResourcePolicy",
    "GlobalTableSourceArn",
    "GlobalTableSettingsReplicationMode",
    "GlobalTableWitnessUpdates",
    "WarmThroughput",
];

fn refuse_unknown(input: &Value) -> Result<(), AwsError> {
    if text(input, "MultiRegionConsistency") == Some("STRONG") {
        return Err(validation("The sandbox does not simulate MultiRegionConsistency STRONG."));
    }
    match NOT_SIMULATED.iter().find(|member| input.get(**member).is_some()) {
        Some(member) => Err(validation(format!("The sandbox does not simulate {member}."))),
        None => Ok(()),
    }
}

fn valid_name(name: &str) -> bool {
    (3..=255).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    refuse_unknown(input)?;
    let name = table_name(input)?.to_owned();
    if !valid_name(&name) {
        return Err(validation(format!(
            "1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [a-zA-Z0-9_.-]+"
        )));
    }
    if call.regional().dynamodb.tables.contains_key(&name) {
        return Err(in_use(format!("Table already exists: {name}")));
    }
    let schema = Schema::read(input)?;
    let (id, now, arn) = (call.uuid(), call.now(), call.arn("dynamodb", &format!("table/{name}")));
    let table = Table {
        stream: Stream::requested(input.get("StreamSpecification"), &arn, now)?,
        name: name.clone(),
        id: id.clone(),
        arn,
        created: now,
        status: "CREATING".to_owned(),
        schema,
        deletion_protection: input.get("DeletionProtectionEnabled").and_then(Value::as_bool).unwrap_or(false),
        tags: call::tags(input.get("Tags")),
        counted: super::Counted { span: describe::span(now), items: 0, bytes: 0 },
        ..Table::default()
    };
    let description = describe::table(&table, now);
    call.regional().dynamodb.tables.insert(name.clone(), table);
    call.log(format!("dynamodb table {name} CREATING"));
    after(call, "dynamodb.table.create", &name, Transition::Active { id, table: name.clone() });
    Ok(json!({ "TableDescription": description }))
}

/// A table becomes `ACTIVE` unless a replica is still on its way.
pub(super) fn active(call: &mut Call<'_>, name: &str, id: &str) {
    let Some(table) = call.regional().dynamodb.tables.get_mut(name).filter(|table| table.id == id) else { return };
    if table.status != "DELETING" && table.replicas.iter().all(|replica| replica.status == "ACTIVE") {
        "ACTIVE".clone_into(&mut table.status);
        call.log(format!("dynamodb table {name} ACTIVE"));
    }
}

pub(super) fn gone(call: &mut Call<'_>, name: &str, id: &str) {
    let tables = &mut call.regional().dynamodb.tables;
    if tables.get(name).is_some_and(|table| table.id == id) {
        tables.remove(name);
        replicas::forget(call, name);
        call.log(format!("dynamodb table {name} deleted"));
    }
}

/// AWS changes one thing of a table at a time, and a replica on its way is such a thing.
pub(super) fn must_be_active(call: &mut Call<'_>, name: &str) -> Result<(), AwsError> {
    let rule = call.world.rule("dynamodb.one-change-at-a-time");
    let table = call.regional().dynamodb.tables.get(name).ok_or_else(|| no_table(name))?;
    let doing = match table.status.as_str() {
        "CREATING" => "created",
        "DELETING" => "deleted",
        "UPDATING" => "updated",
        _ if table.replicas.iter().any(|replica| replica.status != "ACTIVE") => "updated",
        _ => return Ok(()),
    };
    if rule {
        return Err(in_use(format!(
            "Attempt to change a resource which is still in use: Table is being {doing}: {name}"
        )));
    }
    Ok(())
}

pub(super) fn update(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    refuse_unknown(input)?;
    let name = table_name(input)?.to_owned();
    must_be_active(call, &name)?;
    let changes = |member: &str| input.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    let (replica_updates, index_updates) = (changes("ReplicaUpdates"), changes("GlobalSecondaryIndexUpdates"));
    if replica_updates.len() + index_updates.len() > 1 {
        return Err(validation(
            "One or more parameter values were invalid: Only one replica or index can be updated at a time",
        ));
    }
    let now = call.now();
    let mut table = call.regional().dynamodb.tables.get(&name).cloned().ok_or_else(|| no_table(&name))?;
    if let Some(index) = index_updates.first() {
        table.schema = table.schema.changed(index, input.get("AttributeDefinitions"))?;
    }
    if input.get("BillingMode").is_some() || input.get("ProvisionedThroughput").is_some() {
        table.schema.units = units(input, table.schema.billing_mode())?;
    }
    if let Some(wanted) = input.get("StreamSpecification") {
        if !table.replicas.is_empty() {
            return Err(validation("The stream of a table with replicas cannot be changed"));
        }
        table.stream = Stream::changed(table.stream.take(), wanted, &table.arn, now)?;
    }
    if let Some(protect) = input.get("DeletionProtectionEnabled").and_then(Value::as_bool) {
        table.deletion_protection = protect;
    }
    "UPDATING".clone_into(&mut table.status);
    let id = table.id.clone();
    if let Some(update) = replica_updates.first() {
        // The replica's own checks see the table as it was; what they refuse changes nothing.
        replicas::update(call, &mut table, update)?;
    } else {
        after(call, "dynamodb.table.update", &name, Transition::Active { id, table: name.clone() });
    }
    let description = describe::table(&table, now);
    call.regional().dynamodb.tables.insert(name.clone(), table);
    call.log(format!("dynamodb table {name} UPDATING"));
    Ok(json!({ "TableDescription": description }))
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = table_name(input)?.to_owned();
    must_be_active(call, &name)?;
    let now = call.now();
    let rule = call.world.rule("dynamodb.source-24h");
    let protects = call.world.rule("dynamodb.deletion-protection");
    let table = call.regional().dynamodb.tables.get_mut(&name).ok_or_else(|| no_table(&name))?;
    if table.deletion_protection && protects {
        return Err(validation(
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
        ));
    }
    let recently = table.sourced.is_some_and(|at| now.since(at) < SOURCE_REST);
    if !table.replicas.is_empty() && recently && rule {
        return Err(validation(
            "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table \
             in the last 24 hours.",
        ));
    }
    "DELETING".clone_into(&mut table.status);
    let (id, description) = (table.id.clone(), describe::table(table, now));
    replicas::leaving(call, &name);
    call.log(format!("dynamodb table {name} DELETING"));
    after(call, "dynamodb.table.delete", &name, Transition::Gone { id, table: name.clone() });
    Ok(json!({ "TableDescription": description }))
}

pub(super) fn update_time_to_live(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = table_name(input)?.to_owned();
    let given = input.get("TimeToLiveSpecification").cloned().unwrap_or_default();
    let attribute = text(&given, "AttributeName").unwrap_or_default().to_owned();
    let enable = given.get("Enabled").and_then(Value::as_bool).unwrap_or(false);
    let table = call.regional().dynamodb.tables.get_mut(&name).ok_or_else(|| no_table(&name))?;
    match (&table.ttl, enable) {
        (Some(_), true) => return Err(validation("TimeToLive is already enabled")),
        (None, false) => return Err(validation("TimeToLive is already disabled")),
        _ => table.ttl = enable.then_some(attribute),
    }
    Ok(json!({ "TimeToLiveSpecification": given }))
}
