//! The one place where an item changes: its stamp, its stream record, its way to the replicas.

use std::sync::Arc;

use super::value::{Item, item_size, validation};
use super::{Counted, Stamp, Stored, describe, replication, usable};
use crate::sandbox::call::{AwsError, Call};
use crate::sandbox::version::Version;

/// Source: Amazon DynamoDB Developer Guide, "Quotas": an item is 400 KB at most.
const MAX_ITEM: usize = 400 * 1024;

/// Puts, replaces or (with `None`) deletes the item at a place. A delete of nothing changes nothing.
pub(super) fn write(call: &mut Call<'_>, name: &str, key: &Item, new: Option<Item>) -> Result<(), AwsError> {
    if new.as_ref().is_some_and(|item| item_size(item) > MAX_ITEM) {
        return Err(validation("Item size has exceeded the maximum allowed size"));
    }
    let (now, region, order) = (call.now(), call.region.clone(), call.world.next_number());
    let table = usable(call, name)?;
    let place = table.schema.place(key);
    if new.is_none() && table.item(&place).is_none() {
        return Ok(());
    }
    let stamp = Stamp { at: now, order, region: region.clone() };
    let key = Arc::new(key.clone());
    put(table, now, &place, Arc::clone(&key), Stored { item: new.map(Arc::new), stamp });
    replication::follow(call, name, &place, &key);
    Ok(())
}

/// Keeps a change in one Region's table and writes it to that table's stream.
pub(super) fn put(table: &mut super::Table, now: crate::domain::SimTime, place: &str, key: Arc<Item>, stored: Stored) {
    // The count that AWS made at the last full six hours is the count before this change.
    let span = describe::span(now);
    if span > table.counted.span {
        let (items, bytes) = describe::count(table);
        table.counted = Counted { span, items, bytes };
    }
    let old = table.items.get(place).and_then(|stored| stored.item.clone());
    if let Some(stream) = &mut table.stream {
        // A write that changes nothing is no change.
        if old != stored.item {
            stream.write(now, key, old, stored.item.clone());
        }
    }
    table.version = Version::new();
    if stored.item.is_none() && table.replicas.is_empty() {
        table.items.remove(place);
    } else {
        table.items.insert(place.to_owned(), stored);
    }
}
