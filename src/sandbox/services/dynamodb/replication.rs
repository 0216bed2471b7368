//! Replication between the Regions of a global table: item by item, after a lag, last writer wins.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::value::Item;
use super::{Stored, Transition, table_in, write};
use crate::sandbox::call::Call;
use crate::sandbox::faults;
use crate::sandbox::services::cloudwatch;
use crate::sandbox::world::{Transition as Scheduled, What, World};

/// A change on its way to a replica.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    table: String,
    place: String,
    #[serde(deserialize_with = "crate::sandbox::packed::read_shared")]
    key: Arc<Item>,
    stored: Stored,
    to: String,
}

/// Sends the change at a place on its way to every replica that takes changes.
pub(super) fn follow(call: &mut Call<'_>, name: &str, place: &str, key: &Arc<Item>) {
    let region = call.region.clone();
    let Some(table) = table_in(call, &region, name) else { return };
    let Some(stored) = table.items.get(place).cloned() else { return };
    let active = table.replicas.iter().filter(|replica| replica.status == "ACTIVE");
    let regions: Vec<String> = active.map(|replica| replica.region.clone()).collect();
    for to in regions {
        let (key, stored) = (Arc::clone(key), stored.clone());
        let arrival = Arrival { table: name.to_owned(), place: place.to_owned(), key, stored, to };
        let lag = call.draw("dynamodb.replication.lag", &format!("{name}/{region}/{}", arrival.to));
        call.schedule(lag, What::DynamoDb(Transition::Arrive(arrival)));
    }
}

/// Lets a change arrive, or wait while nothing can be replicated. The call's Region is the one it was written in.
pub(super) fn arrive(call: &mut Call<'_>, arrival: Arrival) {
    let (from, now) = (call.region.clone(), call.now());
    if faults::replication_cut(call.world, "dynamodb", &from, &arrival.to) {
        if let Some(table) = table_in(call, &from, &arrival.table) {
            table.held.push(arrival);
        }
        return;
    }
    let Arrival { table: name, place, key, stored, to } = arrival;
    let last_writer_wins = call.world.rule("dynamodb.last-writer-wins");
    let Some(table) = table_in(call, &to, &name) else { return };
    if table.status == "DELETING" || !table.replicas.iter().any(|replica| replica.region == from) {
        return;
    }
    let newer = table.items.get(&place).is_some_and(|here| here.stamp >= stored.stamp);
    if newer && last_writer_wins {
        return;
    }
    let latency = now.since(stored.stamp.at);
    write::put(table, now, &place, key, stored);
    let dimensions = [("TableName", name.as_str()), ("ReceivingRegion", to.as_str())];
    cloudwatch::record(call, "AWS/DynamoDB", "ReplicationLatency", &dimensions, latency.as_secs_f64() * 1000.0);
}

/// Sends the changes on their way again that waited for replication to be possible.
pub fn resume(world: &mut World) {
    let mut held: Vec<(String, String, Arrival)> = Vec::new();
    for (account, state) in &mut world.accounts {
        for (region, state) in &mut state.regions {
            for table in state.dynamodb.tables.values_mut() {
                held.extend(table.held.drain(..).map(|arrival| (account.clone(), region.clone(), arrival)));
            }
        }
    }
    for (account, region, arrival) in held {
        let resource = format!("{}/{region}/{}", arrival.table, arrival.to);
        let lag = Call::new(world, &account, &region).draw("dynamodb.replication.lag", &resource);
        let what = What::DynamoDb(Transition::Arrive(arrival));
        world.timeline.push(world.now.plus(lag), Scheduled { account, region, what });
    }
}
