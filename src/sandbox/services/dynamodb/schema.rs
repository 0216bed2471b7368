//! A table's keys, indexes and billing, and the places of items.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::value::{Item, kind, parts, validation};
use crate::sandbox::call::{AwsError, text};
use crate::sandbox::chance;

/// What `CreateTable` fixes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Schema {
    /// Attribute names and types.
    pub(super) attributes: Vec<(String, String)>,
    /// The table's own keys.
    pub(super) keys: Keys,
    /// Secondary indexes.
    pub(super) indexes: Vec<Index>,
    /// Provisioned read and write units; nothing on demand.
    pub(super) units: Option<(u64, u64)>,
}

/// A partition key, and perhaps a sort key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Keys {
    pub(super) partition: String,
    pub(super) sort: Option<String>,
}

/// A secondary index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Index {
    pub(super) name: String,
    pub(super) keys: Keys,
    /// `{ProjectionType, NonKeyAttributes}`.
    pub(super) projection: Value,
    /// Whether it shares the table's partitions.
    pub(super) local: bool,
}

impl Keys {
    fn read(value: Option<&Value>) -> Result<Self, AwsError> {
        let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let of = |wanted: &str| {
            list.iter().find(|key| text(key, "KeyType") == Some(wanted)).and_then(|key| text(key, "AttributeName"))
        };
        let partition = of("HASH")
            .filter(|_| list.len() <= 2)
            .ok_or_else(|| validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"))?;
        Ok(Self { partition: partition.to_owned(), sort: of("RANGE").map(str::to_owned) })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.partition.as_str()).chain(self.sort.as_deref())
    }

    pub(super) fn json(&self) -> Value {
        let kinds = ["HASH", "RANGE"];
        self.names().zip(kinds).map(|(name, kind)| json!({ "AttributeName": name, "KeyType": kind })).collect()
    }
}

impl Index {
    fn read(value: &Value, local: bool) -> Result<Self, AwsError> {
        Ok(Self {
            name: text(value, "IndexName").unwrap_or_default().to_owned(),
            keys: Keys::read(value.get("KeySchema"))?,
            projection: value.get("Projection").cloned().unwrap_or_else(|| json!({ "ProjectionType": "ALL" })),
            local,
        })
    }

    /// What the index shows of an item.
    pub(super) fn show(&self, item: &Item, table: &Keys) -> Item {
        let extra = self.projection.get("NonKeyAttributes").and_then(Value::as_array);
        let included = |name: &str| {
            self.keys.names().chain(table.names()).any(|key| key == name)
                || extra.is_some_and(|extra| extra.iter().any(|one| one == name))
        };
        match text(&self.projection, "ProjectionType") {
            Some("KEYS_ONLY" | "INCLUDE") => {
                item.iter().filter(|(name, _)| included(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
            }
            _ => item.clone(),
        }
    }
}

/// Provisioned units, as `BillingMode` and `ProvisionedThroughput` together say.
pub(super) fn units(input: &Value, default_mode: &str) -> Result<Option<(u64, u64)>, AwsError> {
    let given = input.get("ProvisionedThroughput").filter(|value| value.is_object());
    let read = |member: &str| given.and_then(|given| given.get(member)).and_then(Value::as_u64);
    let both = read("ReadCapacityUnits").zip(read("WriteCapacityUnits"));
    match text(input, "BillingMode").unwrap_or(default_mode) {
        "PAY_PER_REQUEST" if given.is_some() => Err(validation(
            "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified \
             when BillingMode is PAY_PER_REQUEST",
        )),
        "PAY_PER_REQUEST" => Ok(None),
        _ => both.map(Some).ok_or_else(|| {
            validation(
                "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified \
                 when BillingMode is PROVISIONED",
            )
        }),
    }
}

impl Schema {
    /// Reads and checks the input of `CreateTable`.
    pub(super) fn read(input: &Value) -> Result<Self, AwsError> {
        let mut indexes = Vec::new();
        for (member, local) in [("LocalSecondaryIndexes", true), ("GlobalSecondaryIndexes", false)] {
            for index in input.get(member).and_then(Value::as_array).into_iter().flatten() {
                indexes.push(Index::read(index, local)?);
            }
        }
        let schema = Self {
            attributes: Vec::new(),
            keys: Keys::read(input.get("KeySchema"))?,
            indexes,
            units: units(input, "PROVISIONED")?,
        };
        schema.with_attributes(input.get("AttributeDefinitions"))
    }

    /// The schema with these definitions, which must be those of its keys, no more and no fewer.
    fn with_attributes(mut self, definitions: Option<&Value>) -> Result<Self, AwsError> {
        let list = definitions.and_then(Value::as_array).into_iter().flatten();
        self.attributes = list
            .filter_map(|one| Some((text(one, "AttributeName")?.to_owned(), text(one, "AttributeType")?.to_owned())))
            .collect();
        let defined: Vec<&str> = self.attributes.iter().map(|(name, _)| name.as_str()).collect();
        let all_keys = std::iter::once(&self.keys).chain(self.indexes.iter().map(|index| &index.keys));
        let mut used: Vec<&str> = all_keys.flat_map(Keys::names).collect();
        used.sort_unstable();
        used.dedup();
        if used.iter().any(|name| !defined.contains(name)) {
            return Err(validation(format!(
                "One or more parameter values were invalid: Some index key attributes are not defined in \
                 AttributeDefinitions. Keys: [{}], AttributeDefinitions: [{}]",
                used.join(", "),
                defined.join(", ")
            )));
        }
        if used.len() != defined.len() {
            return Err(validation(
                "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number \
                 of attributes defined in AttributeDefinitions",
            ));
        }
        Ok(self)
    }

    /// The schema after a global index was made or removed.
    pub(super) fn changed(&self, update: &Value, definitions: Option<&Value>) -> Result<Self, AwsError> {
        let mut schema = self.clone();
        if let Some(create) = update.get("Create") {
            let index = Index::read(create, false)?;
            if schema.indexes.iter().any(|other| other.name == index.name) {
                return Err(validation(format!("Attempting to create an index which already exists: {}", index.name)));
            }
            schema.indexes.push(index);
            return schema.with_attributes(definitions);
        }
        let name = update.get("Delete").and_then(|delete| text(delete, "IndexName"));
        let name = name.ok_or_else(|| validation("The sandbox does not simulate throughput updates of an index."))?;
        if !schema.indexes.iter().any(|index| index.name == name && !index.local) {
            return Err(AwsError::client(
                "ResourceNotFoundException",
                format!("Requested resource not found: Index: {name} not found"),
            ));
        }
        schema.indexes.retain(|index| index.name != name);
        let used: Vec<String> = std::iter::once(&schema.keys)
            .chain(schema.indexes.iter().map(|index| &index.keys))
            .flat_map(|keys| keys.names().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        schema.attributes.retain(|(name, _)| used.contains(name));
        Ok(schema)
    }

    pub(super) fn billing_mode(&self) -> &'static str {
        if self.units.is_some() { "PROVISIONED" } else { "PAY_PER_REQUEST" }
    }

    fn type_of(&self, attribute: &str) -> &str {
        self.attributes.iter().find(|(name, _)| name == attribute).map_or("S", |(_, kind)| kind)
    }

    /// Checks that an item can be put: its keys, and the keys of the indexes that it has.
    pub(super) fn check_item(&self, item: &Item) -> Result<(), AwsError> {
        for name in self.keys.names() {
            let value = item.get(name).ok_or_else(|| {
                validation(format!("One or more parameter values were invalid: Missing the key {name} in the item"))
            })?;
            if kind(value) != self.type_of(name) {
                return Err(validation(format!(
                    "One or more parameter values were invalid: Type mismatch for key {name} expected: {} actual: {}",
                    self.type_of(name),
                    kind(value)
                )));
            }
            not_empty(name, value)?;
        }
        for index in &self.indexes {
            for name in index.keys.names() {
                let Some(value) = item.get(name) else { continue };
                if kind(value) != self.type_of(name) {
                    return Err(validation(format!(
                        "One or more parameter values were invalid: Type mismatch for Index Key {name} Expected: {} Actual: \
                         {} IndexName: {}",
                        self.type_of(name),
                        kind(value),
                        index.name
                    )));
                }
                not_empty(name, value)?;
            }
        }
        Ok(())
    }

    /// Checks that a key is this table's whole key.
    pub(super) fn check_key(&self, key: &Item) -> Result<(), AwsError> {
        let fits = key.len() == self.keys.names().count()
            && self.keys.names().all(|name| key.get(name).is_some_and(|value| kind(value) == self.type_of(name)));
        if !fits {
            return Err(validation("The provided key element does not match the schema"));
        }
        key.iter().try_for_each(|(name, value)| not_empty(name, value))
    }

    /// The key attributes of an item.
    pub(super) fn key_of(&self, item: &Item) -> Item {
        self.keys.names().filter_map(|name| Some((name.to_owned(), item.get(name)?.clone()))).collect()
    }

    /// Where an item is kept: partitions in the order of a hash, as in AWS, and items behind their partition.
    pub(super) fn place(&self, item: &Item) -> String {
        let partition = item.get(&self.keys.partition).map(spelled).unwrap_or_default();
        let sort = self.keys.sort.as_ref().and_then(|name| item.get(name)).map(spelled).unwrap_or_default();
        format!("{}{sort}", prefix(&partition))
    }

    /// The beginning of the places of a partition.
    pub(super) fn partition(value: &Value) -> String {
        prefix(&spelled(value))
    }
}

fn prefix(partition: &str) -> String {
    // The length keeps one partition's places from beginning like another's.
    format!("{:016x}{:04}{partition}|", chance::bits(0, "partition", partition, 0), partition.len())
}

fn spelled(value: &Value) -> String {
    parts(value).1.as_str().unwrap_or_default().to_owned()
}

fn not_empty(name: &str, value: &Value) -> Result<(), AwsError> {
    if parts(value).1.as_str().is_some_and(str::is_empty) {
        return Err(validation(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
             string value. Key: {name}"
        )));
    }
    Ok(())
}

/// An item as JSON.
pub(super) fn as_value(item: Item) -> Value {
    Value::Object(Map::from_iter(item))
}
