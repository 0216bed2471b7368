//! Many items: `Query` on a table or an index, `Scan`, and their pages.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::expression::{KeyCondition, Scope, key_condition, project};
use super::items::{consumed, read_units, refuse_legacy};
use super::schema::{Index, Keys, Schema, as_value};
use super::value::{Item, compare, item_size, normal_item, validation};
use super::{Table, table_name, usable};
use crate::sandbox::call::{AwsError, Call, text};

/// Source: Amazon DynamoDB Developer Guide, "Quotas": a page of Query or Scan reads 1 MB at most.
const PAGE_BYTES: usize = 1024 * 1024;

/// The index that an input names.
fn index<'t>(table: &'t Table, input: &Value) -> Result<Option<&'t Index>, AwsError> {
    let Some(name) = text(input, "IndexName") else { return Ok(None) };
    let index = table.schema.indexes.iter().find(|index| index.name == name);
    let index = index.ok_or_else(|| validation(format!("The table does not have the specified index: {name}")))?;
    let consistent = input.get("ConsistentRead").and_then(Value::as_bool).unwrap_or(false);
    if consistent && !index.local {
        return Err(validation("Consistent reads are not supported on global secondary indexes"));
    }
    Ok(Some(index))
}

/// Sorts items of one partition by the sort key, then by their place, which is unique.
fn in_order(keys: &Keys, a: (&str, &Item), b: (&str, &Item)) -> Ordering {
    let by_sort = keys.sort.as_ref().and_then(|name| compare(a.1.get(name)?, b.1.get(name)?));
    by_sort.unwrap_or(Ordering::Equal).then_with(|| a.0.cmp(b.0))
}

/// The items that a read goes through, in order: of one partition, or of all.
fn candidates<'t>(table: &'t Table, keys: &Keys, condition: Option<&KeyCondition>) -> Vec<(&'t str, &'t Item)> {
    let own = *keys == table.schema.keys;
    let indexed = |item: &Item| keys.names().all(|name| item.contains_key(name));
    let partition = |item: &Item| item.get(&keys.partition).map(Schema::partition).unwrap_or_default();
    let fits = |item: &Item| {
        condition.is_none_or(|wanted| {
            item.get(&keys.partition) == Some(&wanted.partition)
                && wanted.sort.as_ref().is_none_or(|condition| condition.holds(item))
        })
    };
    let mut found: Vec<(&str, &Item)> = match condition.filter(|_| own) {
        Some(wanted) => {
            let prefix = Schema::partition(&wanted.partition);
            let range = table.items.range(prefix.clone()..).take_while(|(place, _)| place.starts_with(&prefix));
            range.filter_map(|(place, stored)| Some((place.as_str(), stored.item.as_deref()?))).collect()
        }
        None => table.live().map(|(place, item)| (place.as_str(), item)).collect(),
    };
    found.retain(|(_, item)| indexed(item) && fits(item));
    found.sort_by(|a, b| partition(a.1).cmp(&partition(b.1)).then_with(|| in_order(keys, *a, *b)));
    found
}

/// Where a page begins: behind the key that the last one ended with.
fn behind(
    table: &Table,
    start: &Value,
    found: &mut Vec<(&str, &Item)>,
    whole: &[(&str, &Item)],
) -> Result<(), AwsError> {
    let key = normal_item(start)?;
    if table.schema.keys.names().any(|name| !key.contains_key(name)) {
        return Err(validation("The provided starting key is invalid"));
    }
    let place = table.schema.place(&table.schema.key_of(&key));
    let at = whole.iter().position(|(other, _)| *other == place);
    match at {
        Some(at) => {
            found.drain(..=at);
        }
        // The item went away between two pages; the next ones stand behind its place.
        None => found.retain(|(other, _)| *other > place.as_str()),
    }
    Ok(())
}

struct Ask<'t> {
    table: &'t Table,
    index: Option<&'t Index>,
    condition: Option<KeyCondition>,
    name: &'t str,
}

fn page(ask: &Ask<'_>, input: &Value, scope: &Scope<'_>) -> Result<Value, AwsError> {
    let Ask { table, index, condition, name } = ask;
    let filter = scope.condition(input, "FilterExpression")?;
    let projection = scope.projection(input)?;
    scope.finish()?;
    let keys = index.map_or(&table.schema.keys, |index| &index.keys);
    if let (Some(_), Some(filter)) = (condition, &filter)
        && let Some(key) = filter.roots().into_iter().find(|root| keys.names().any(|key| key == *root))
    {
        return Err(validation(format!(
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: {key}"
        )));
    }
    let limit = input.get("Limit").and_then(Value::as_u64).map_or(usize::MAX, |limit| limit as usize);
    if limit == 0 {
        return Err(validation(
            "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ));
    }
    let mut found = candidates(table, keys, condition.as_ref());
    if input.get("ScanIndexForward") == Some(&Value::Bool(false)) {
        found.reverse();
    }
    if let Some(segments) = input.get("TotalSegments").and_then(Value::as_u64) {
        let segment = input.get("Segment").and_then(Value::as_u64).unwrap_or(0);
        // Partitions are spread over segments by their hash, which their places begin with.
        found.retain(|(place, _)| {
            u64::from_str_radix(place.get(..16).unwrap_or("0"), 16).unwrap_or(0) % segments == segment
        });
    }
    if let Some(start) = input.get("ExclusiveStartKey").filter(|start| start.is_object()) {
        let whole = found.clone();
        behind(table, start, &mut found, &whole)?;
    }
    let (mut scanned, mut bytes, mut last) = (0_usize, 0_usize, None);
    let mut items = Vec::new();
    for (_, item) in &found {
        if scanned == limit || (bytes > 0 && bytes + item_size(item) > PAGE_BYTES) {
            break;
        }
        scanned += 1;
        bytes += item_size(item);
        last = Some(*item);
        let shown = index.map_or_else(|| (*item).clone(), |index| index.show(item, &table.schema.keys));
        if filter.as_ref().is_none_or(|filter| filter.holds(&shown)) {
            items.push(projection.as_ref().map_or(shown.clone(), |paths| project(&shown, paths)));
        }
    }
    let mut output = Map::new();
    output.insert("Count".into(), json!(items.len()));
    output.insert("ScannedCount".into(), json!(scanned));
    if text(input, "Select") != Some("COUNT") {
        output.insert("Items".into(), items.into_iter().map(as_value).collect());
    }
    // A page that ends at the limit has a key even when nothing follows, as in AWS.
    if let Some(last) = last.filter(|_| scanned < found.len() || scanned == limit) {
        let mut key = table.schema.key_of(last);
        key.extend(keys.names().filter_map(|name| Some((name.to_owned(), last.get(name)?.clone()))));
        output.insert("LastEvaluatedKey".into(), as_value(key));
    }
    let consistent = input.get("ConsistentRead").and_then(Value::as_bool).unwrap_or(false);
    if let Some(consumed) = consumed(input, name, read_units(bytes, consistent)) {
        output.insert("ConsumedCapacity".into(), consumed);
    }
    Ok(Value::Object(output))
}

pub(super) fn query(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    refuse_legacy(input)?;
    let name = table_name(input)?;
    let table = &*usable(call, name)?;
    let index = index(table, input)?;
    let scope = Scope::new(input)?;
    let parsed = scope.condition(input, "KeyConditionExpression")?.ok_or_else(|| {
        validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    })?;
    let keys = index.map_or(&table.schema.keys, |index| &index.keys);
    let condition = key_condition(parsed, &keys.partition, keys.sort.as_deref())?;
    page(&Ask { table, index, condition: Some(condition), name }, input, &scope)
}

pub(super) fn scan(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    refuse_legacy(input)?;
    let name = table_name(input)?;
    let table = &*usable(call, name)?;
    let index = index(table, input)?;
    let scope = Scope::new(input)?;
    let both = [input.get("Segment"), input.get("TotalSegments")];
    if both.iter().flatten().count() == 1 {
        return Err(validation("The Segment and TotalSegments parameters must be given together"));
    }
    page(&Ask { table, index, condition: None, name }, input, &scope)
}
