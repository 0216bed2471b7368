//! Batches: many independent puts and deletes, or many gets.

use serde_json::{Map, Value, json};

use super::items::{Kind, Planned, consumed, perform, plan};
use super::value::validation;
use crate::sandbox::call::{AwsError, Call};

/// Source: Amazon DynamoDB API Reference, BatchWriteItem and BatchGetItem.
const MAX_WRITES: usize = 25;
const MAX_GETS: usize = 100;

/// The requests of a batch by table.
fn requests(input: &Value) -> impl Iterator<Item = (&String, &Value)> {
    input.get("RequestItems").and_then(Value::as_object).into_iter().flatten()
}

pub(super) fn write(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let mut planned: Vec<Planned> = Vec::new();
    let count: usize = requests(input).map(|(_, list)| list.as_array().map_or(0, Vec::len)).sum();
    if count == 0 || count > MAX_WRITES {
        return Err(validation("Too many items requested for the BatchWriteItem call"));
    }
    let mut capacity = Vec::new();
    for (table, list) in requests(input) {
        for request in list.as_array().into_iter().flatten() {
            let (kind, inner) = match (request.get("PutRequest"), request.get("DeleteRequest")) {
                (Some(put), None) => (Kind::Put, put),
                (None, Some(delete)) => (Kind::Delete, delete),
                _ => return Err(validation("Supplied AttributeValue has more than one datatypes set")),
            };
            let mut one = inner.as_object().cloned().unwrap_or_default();
            one.insert("TableName".into(), json!(table));
            let plan = plan(call, kind, &Value::Object(one))?;
            if planned.iter().any(|other| other.table == plan.table && other.place == plan.place) {
                return Err(validation("Provided list of item keys contains duplicates"));
            }
            planned.push(plan);
        }
        capacity.extend(consumed(input, table, list.as_array().map_or(0, Vec::len) as f64));
    }
    for plan in &planned {
        perform(call, plan)?;
    }
    let mut output = json!({ "UnprocessedItems": {} });
    if let (false, Some(map)) = (capacity.is_empty(), output.as_object_mut()) {
        map.insert("ConsumedCapacity".into(), json!(capacity));
    }
    Ok(output)
}

pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let keys = |request: &Value| request.get("Keys").and_then(Value::as_array).cloned().unwrap_or_default();
    let count: usize = requests(input).map(|(_, request)| keys(request).len()).sum();
    if count == 0 || count > MAX_GETS {
        return Err(validation("Too many items requested for the BatchGetItem call"));
    }
    let mut responses = Map::new();
    for (table, request) in requests(input) {
        let mut found = Vec::new();
        for key in keys(request) {
            let mut one = request.as_object().cloned().unwrap_or_default();
            one.shift_remove("Keys");
            one.insert("Key".into(), key);
            one.insert("TableName".into(), json!(table));
            if let Some(item) = super::items::get(call, &Value::Object(one))?.get("Item") {
                found.push(item.clone());
            }
        }
        responses.insert(table.clone(), json!(found));
    }
    Ok(json!({ "Responses": responses, "UnprocessedKeys": {} }))
}
