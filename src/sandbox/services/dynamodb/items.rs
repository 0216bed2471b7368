//! Single items: put, get, update, delete, with conditions.

use serde_json::{Map, Value, json};

use super::expression::{Scope, project};
use super::schema::as_value;
use super::value::{Item, item_size, normal_item, validation};
use super::{Table, table_name, usable, write};
use crate::sandbox::call::{AwsError, Call, text};

/// Parameters from before expressions.
const LEGACY: [&str; 7] = [
    "Expected",
    "ConditionalOperator",
    "AttributeUpdates",
    "AttributesToGet",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
];

pub(super) fn refuse_legacy(input: &Value) -> Result<(), AwsError> {
    match LEGACY.iter().find(|member| input.get(**member).is_some()) {
        Some(member) => {
            Err(validation(format!("The sandbox does not simulate the legacy parameter {member}; use expressions.")))
        }
        None => Ok(()),
    }
}

/// What a write of one item does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Puts or replaces.
    Put,
    /// Changes or makes.
    Update,
    /// Removes.
    Delete,
    /// Changes nothing (in transactions).
    Check,
}

/// A write that was checked and can be done.
pub(super) struct Planned {
    pub(super) table: String,
    pub(super) place: String,
    key: Item,
    old: Option<Item>,
    new: Option<Item>,
    /// The attributes that an update changes.
    touched: Vec<String>,
    kind: Kind,
}

/// The failed condition, with the item when the caller wants it.
pub(super) fn condition_failed(input: &Value, old: Option<&Item>) -> AwsError {
    let mut error = AwsError::client("ConditionalCheckFailedException", "The conditional request failed");
    if let (Some("ALL_OLD"), Some(item)) = (text(input, "ReturnValuesOnConditionCheckFailure"), old) {
        error.fields = json!({ "Item": as_value(item.clone()) });
    }
    error
}

fn key_of(table: &Table, input: &Value) -> Result<Item, AwsError> {
    let key = normal_item(input.get("Key").unwrap_or(&Value::Null))?;
    table.schema.check_key(&key)?;
    Ok(key)
}

/// Checks a write against its table and its condition.
pub(super) fn plan(call: &mut Call<'_>, kind: Kind, input: &Value) -> Result<Planned, AwsError> {
    refuse_legacy(input)?;
    let name = table_name(input)?;
    let table = usable(call, name)?;
    let scope = Scope::new(input)?;
    let condition = scope.condition(input, "ConditionExpression")?;
    let update = if kind == Kind::Update { scope.update(input)? } else { None };
    scope.finish()?;
    let item = if kind == Kind::Put { Some(normal_item(input.get("Item").unwrap_or(&Value::Null))?) } else { None };
    let key = match &item {
        Some(item) => {
            table.schema.check_item(item)?;
            table.schema.key_of(item)
        }
        None => key_of(table, input)?,
    };
    let place = table.schema.place(&key);
    let old = table.item(&place).cloned();
    let mut touched = Vec::new();
    if let Some(update) = &update {
        if let Some(attribute) = update.roots().find(|root| key.contains_key(*root)) {
            return Err(validation(format!(
                "One or more parameter values were invalid: Cannot update attribute {attribute}. This attribute is part of \
                 the key"
            )));
        }
        touched = update.roots().map(str::to_owned).collect();
    }
    if condition.is_some_and(|condition| !condition.holds(old.as_ref().unwrap_or(&Item::new()))) {
        return Err(condition_failed(input, old.as_ref()));
    }
    let new = match kind {
        Kind::Put => item,
        Kind::Delete => None,
        Kind::Check => old.clone(),
        Kind::Update => {
            let before = old.clone().unwrap_or_else(|| key.clone());
            let after = update.map_or_else(|| Ok(before.clone()), |update| update.apply(&before))?;
            table.schema.check_item(&after)?;
            Some(after)
        }
    };
    Ok(Planned { table: name.to_owned(), place, key, old, new, touched, kind })
}

/// Does a planned write.
pub(super) fn perform(call: &mut Call<'_>, planned: &Planned) -> Result<(), AwsError> {
    if planned.kind == Kind::Check {
        return Ok(());
    }
    write::write(call, &planned.table, &planned.key, planned.new.clone())
}

/// Capacity that an answer tells when it is asked to.
pub(super) fn consumed(input: &Value, table: &str, units: f64) -> Option<Value> {
    ["TOTAL", "INDEXES"]
        .contains(&text(input, "ReturnConsumedCapacity").unwrap_or("NONE"))
        .then(|| json!({ "TableName": table, "CapacityUnits": units }))
}

/// A write unit is 1 KB. Source: Amazon DynamoDB Developer Guide, "Capacity units".
pub(super) fn write_units(item: Option<&Item>) -> f64 {
    item.map_or(1.0, |item| item_size(item).div_ceil(1024).max(1) as f64)
}

/// A read unit is 4 KB; half a unit when the read need not be consistent. Same source.
pub(super) fn read_units(bytes: usize, consistent: bool) -> f64 {
    let units = bytes.div_ceil(4096).max(1) as f64;
    if consistent { units } else { units / 2.0 }
}

fn one_write(call: &mut Call<'_>, kind: Kind, input: &Value) -> Result<Value, AwsError> {
    let wanted = text(input, "ReturnValues").unwrap_or("NONE");
    let allowed: &[&str] = if kind == Kind::Update {
        &["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]
    } else {
        &["NONE", "ALL_OLD"]
    };
    if !allowed.contains(&wanted) {
        return Err(validation("Return values set to invalid value"));
    }
    let planned = plan(call, kind, input)?;
    perform(call, &planned)?;
    let only_touched = |item: &Item| -> Item {
        item.iter().filter(|(name, _)| planned.touched.contains(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
    };
    let attributes = match wanted {
        "ALL_OLD" => planned.old.clone(),
        "ALL_NEW" => planned.new.clone(),
        "UPDATED_OLD" => planned.old.as_ref().map(only_touched),
        "UPDATED_NEW" => planned.new.as_ref().map(only_touched),
        _ => None,
    };
    let mut output = Map::new();
    if let Some(attributes) = attributes.filter(|attributes| !attributes.is_empty()) {
        output.insert("Attributes".into(), as_value(attributes));
    }
    let units = write_units(planned.new.as_ref()).max(write_units(planned.old.as_ref()));
    if let Some(consumed) = consumed(input, &planned.table, units) {
        output.insert("ConsumedCapacity".into(), consumed);
    }
    Ok(Value::Object(output))
}

pub(super) fn put(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    one_write(call, Kind::Put, input)
}

pub(super) fn update(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    one_write(call, Kind::Update, input)
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    one_write(call, Kind::Delete, input)
}

pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    refuse_legacy(input)?;
    let name = table_name(input)?;
    let table = usable(call, name)?;
    let scope = Scope::new(input)?;
    let projection = scope.projection(input)?;
    scope.finish()?;
    let key = key_of(table, input)?;
    let item = table.item(&table.schema.place(&key));
    let consistent = input.get("ConsistentRead").and_then(Value::as_bool).unwrap_or(false);
    let mut output = Map::new();
    if let Some(consumed) = consumed(input, name, read_units(item.map_or(0, item_size), consistent)) {
        output.insert("ConsumedCapacity".into(), consumed);
    }
    if let Some(item) = item {
        let shown = projection.map_or_else(|| item.clone(), |paths| project(item, &paths));
        output.insert("Item".into(), as_value(shown));
    }
    Ok(Value::Object(output))
}
