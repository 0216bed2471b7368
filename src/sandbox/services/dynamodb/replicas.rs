//! Replicas of a global table (version 2019.11.21): added and removed, one at a time.

use serde_json::Value;

use super::stream::Stream;
use super::value::validation;
use super::{Replica, Table, Transition, after, table_in};
use crate::domain::Region;
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::faults;

/// Begins the change that an entry of `ReplicaUpdates` asks for. `table` is the caller's copy of the table in the call's
/// Region, which the caller puts back.
pub(super) fn update(call: &mut Call<'_>, table: &mut Table, update: &Value) -> Result<(), AwsError> {
    let (verb, given) = ["Create", "Delete"]
        .iter()
        .find_map(|verb| update.get(*verb).map(|given| (*verb, given)))
        .ok_or_else(|| validation("The sandbox simulates Create and Delete of replicas, not Update."))?;
    let region = text(given, "RegionName").unwrap_or_default().to_owned();
    if region == call.region {
        return Err(validation(
            "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or \
             UpdateTable as required.",
        ));
    }
    if Region::parse(&region).is_err() {
        return Err(validation(format!("Region {region} is not supported")));
    }
    if let Some(other) = table.replicas.iter().find(|replica| replica.status != "ACTIVE") {
        let message = format!("Replica in {} is being changed: {}", other.region, table.name);
        return Err(super::in_use(message));
    }
    if verb == "Create" { create(call, table, &region) } else { delete(call, table, &region) }
}

fn create(call: &mut Call<'_>, table: &mut Table, region: &str) -> Result<(), AwsError> {
    let both_images = table.stream.as_ref().is_some_and(Stream::carries_both_images);
    if !both_images && call.world.rule("dynamodb.replica-needs-stream") {
        return Err(validation(
            "One or more parameter values were invalid: Table must have DynamoDB Streams enabled with the view type \
             NEW_AND_OLD_IMAGES before a replica can be added",
        ));
    }
    // Auto scaling of tables is not simulated, so a provisioned table has none.
    if table.schema.units.is_some() && call.world.rule("dynamodb.replica-needs-on-demand") {
        return Err(validation("Table write capacity should either be Pay-Per-Request or AutoScaled."));
    }
    if table_in(call, region, &table.name).is_some() {
        return Err(validation(format!(
            "Failed to create a the new replica of table with name: '{}' because one or more replicas already existed as \
             tables.",
            table.name
        )));
    }
    let now = call.now();
    let arn = format!("arn:aws:dynamodb:{region}:{}:table/{}", call.account, table.name);
    let members: Vec<String> = table.replicas.iter().map(|replica| replica.region.clone()).collect();
    let here = call.region.clone();
    let seen = |region: &String| Replica { region: region.clone(), status: "ACTIVE".to_owned() };
    let replica = Table {
        name: table.name.clone(),
        id: call.uuid(),
        stream: Some(Stream::new(&arn, "NEW_AND_OLD_IMAGES", now)),
        arn,
        created: now,
        status: "CREATING".to_owned(),
        schema: table.schema.clone(),
        ttl: table.ttl.clone(),
        replicas: members.iter().chain([&here]).map(seen).collect(),
        counted: table.counted,
        ..Table::default()
    };
    call.regional_in(region).dynamodb.tables.insert(table.name.clone(), replica);
    let new = Replica { region: region.to_owned(), status: "CREATING".to_owned() };
    for member in &members {
        if let Some(other) = table_in(call, member, &table.name) {
            other.replicas.push(new.clone());
        }
    }
    table.replicas.push(new);
    table.sourced = Some(now);
    call.log(format!("dynamodb replica of {} in {region} CREATING", table.name));
    let what = Transition::ReplicaActive { id: table.id.clone(), table: table.name.clone(), region: region.to_owned() };
    after(call, "dynamodb.replica.create", &format!("{}/{region}", table.name), what);
    Ok(())
}

/// The new replica has everything that the source has now.
pub(super) fn active(call: &mut Call<'_>, name: &str, id: &str, region: &str) {
    let here = call.region.clone();
    if faults::replication_cut(call.world, "dynamodb", &here, region) {
        let again = Transition::ReplicaActive { id: id.to_owned(), table: name.to_owned(), region: region.to_owned() };
        after(call, "dynamodb.replica.retry", name, again);
        return;
    }
    let Some(source) = table_in(call, &here, name).filter(|table| table.id == id) else { return };
    let items = source.items.clone();
    let Some(replica) = table_in(call, region, name).filter(|table| table.status == "CREATING") else { return };
    replica.items = items;
    "ACTIVE".clone_into(&mut replica.status);
    set_status(call, name, region, "ACTIVE");
    call.log(format!("dynamodb replica of {name} in {region} ACTIVE"));
    super::tables::active(call, name, id);
}

fn delete(call: &mut Call<'_>, table: &mut Table, region: &str) -> Result<(), AwsError> {
    if !table.replicas.iter().any(|replica| replica.region == region) {
        return Err(validation(format!(
            "Replica specified in the Replica Update or Replica Delete action of the request was not found. Region: {region}"
        )));
    }
    if table_in(call, region, &table.name).is_some_and(|replica| replica.deletion_protection) {
        return Err(validation(
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
        ));
    }
    if let Some(replica) = table_in(call, region, &table.name) {
        "DELETING".clone_into(&mut replica.status);
    }
    set_status(call, &table.name, region, "DELETING");
    for replica in table.replicas.iter_mut().filter(|replica| replica.region == region) {
        "DELETING".clone_into(&mut replica.status);
    }
    call.log(format!("dynamodb replica of {} in {region} DELETING", table.name));
    let what = Transition::ReplicaGone { id: table.id.clone(), table: table.name.clone(), region: region.to_owned() };
    after(call, "dynamodb.replica.delete", &format!("{}/{region}", table.name), what);
    Ok(())
}

pub(super) fn gone(call: &mut Call<'_>, name: &str, id: &str, region: &str) {
    let here = call.region.clone();
    if table_in(call, region, name).is_some_and(|table| table.status == "DELETING") {
        call.regional_in(region).dynamodb.tables.remove(name);
    }
    forget_in(call, name, region);
    call.log(format!("dynamodb replica of {name} in {region} deleted"));
    if table_in(call, &here, name).is_some_and(|table| table.id == id) {
        super::tables::active(call, name, id);
    }
}

/// The table in the call's Region is being deleted by itself: the other Regions see their replica leave.
pub(super) fn leaving(call: &mut Call<'_>, name: &str) {
    let here = call.region.clone();
    set_status(call, name, &here, "DELETING");
}

/// The table in the call's Region is gone.
pub(super) fn forget(call: &mut Call<'_>, name: &str) {
    let here = call.region.clone();
    forget_in(call, name, &here);
}

/// The tables of that name in all Regions.
fn members<'c>(call: &'c mut Call<'_>, name: &str) -> impl Iterator<Item = &'c mut Table> {
    call.account_state().regions.values_mut().filter_map(|state| state.dynamodb.tables.get_mut(name))
}

fn set_status(call: &mut Call<'_>, name: &str, region: &str, status: &str) {
    for replica in members(call, name).flat_map(|table| &mut table.replicas) {
        if replica.region == region {
            status.clone_into(&mut replica.status);
        }
    }
}

fn forget_in(call: &mut Call<'_>, name: &str, region: &str) {
    for table in members(call, name) {
        table.replicas.retain(|replica| replica.region != region);
        if table.replicas.is_empty() {
            // Tombstones only serve replication.
            table.items.retain(|_, stored| stored.item.is_some());
            table.held.clear();
        }
    }
}
