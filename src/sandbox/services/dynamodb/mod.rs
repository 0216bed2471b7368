//! DynamoDB: tables, items, expressions, streams and replicas.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{self, AwsError, Call};
use crate::sandbox::version::Version;
use crate::sandbox::world::{What, World};

mod batch;
mod describe;
mod expression;
mod items;
mod legacy;
mod number;
mod query;
mod replicas;
mod replication;
mod schema;
mod stream;
mod streams;
mod tables;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_streams;
mod transact;
mod value;
mod write;

pub use replication::{Arrival, resume};
pub use stream::{read_stream, stream_end};
pub use streams::streams_handler;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Tables by name.
    pub tables: BTreeMap<String, Table>,
    /// Tokens of transactions that were done: when, and a digest of what they asked.
    #[serde(default)]
    tokens: BTreeMap<String, (SimTime, String)>,
}

/// A table, or one Region's replica of a global table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its id; tells a table from a later one of the same name.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created: SimTime,
    /// `CREATING`, `ACTIVE`, `UPDATING`, `DELETING`.
    pub status: String,
    /// Its keys and indexes, and how it is billed.
    schema: schema::Schema,
    /// Its stream.
    stream: Option<stream::Stream>,
    /// Another one whenever an item changed.
    #[serde(skip)]
    version: Version,
    /// Items by [`schema::Schema::place`], deleted ones as tombstones while there are replicas.
    items: BTreeMap<String, Stored>,
    /// Whether it may be deleted.
    pub deletion_protection: bool,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// The attribute that tells when an item ends.
    ttl: Option<String>,
    /// The other Regions of the global table.
    pub replicas: Vec<Replica>,
    /// When this Region was last the source of a new replica.
    sourced: Option<SimTime>,
    /// Changes that wait until replication is possible again.
    held: Vec<Arrival>,
    /// The count of items as `DescribeTable` shows it.
    counted: Counted,
}

/// Another Region of a global table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replica {
    /// The Region.
    pub region: String,
    /// `CREATING`, `ACTIVE`, `DELETING`.
    pub status: String,
}

/// An item as it is kept. Replicas and stream records share what they have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    /// Its attributes; nothing when it was deleted.
    #[serde(deserialize_with = "crate::sandbox::packed::read_shared_or_none")]
    item: Option<Arc<value::Item>>,
    /// When and where it was last written.
    stamp: Stamp,
}

/// What the last writer is told by: time, then order within one Region, then the Region.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    at: SimTime,
    order: u64,
    region: String,
}

/// AWS counts items about every six hours, so that a new table shows none for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counted {
    /// The six hours that the count was made in, since the epoch.
    span: i64,
    items: usize,
    bytes: usize,
}

/// What will happen to it. Table ids guard against a table of the same name that was made later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A table is `ACTIVE`.
    Active {
        /// Its id.
        id: String,
        /// Its name.
        table: String,
    },
    /// A table is gone.
    Gone {
        /// Its id.
        id: String,
        /// Its name.
        table: String,
    },
    /// A replica has copied everything.
    ReplicaActive {
        /// The id of the source.
        id: String,
        /// The name.
        table: String,
        /// The new Region.
        region: String,
    },
    /// A replica is gone.
    ReplicaGone {
        /// The id of the table that was updated.
        id: String,
        /// The name.
        table: String,
        /// The Region that is left.
        region: String,
    },
    /// A change arrives at a replica.
    Arrive(Arrival),
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    match what {
        Transition::Active { id, table } => tables::active(call, &table, &id),
        Transition::Gone { id, table } => tables::gone(call, &table, &id),
        Transition::ReplicaActive { id, table, region } => replicas::active(call, &table, &id, &region),
        Transition::ReplicaGone { id, table, region } => replicas::gone(call, &table, &id, &region),
        Transition::Arrive(arrival) => replication::arrive(call, arrival),
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateTable" => tables::create,
        "DescribeTable" => describe::describe,
        "UpdateTable" => tables::update,
        "CreateGlobalTable" => legacy::create_global_table,
        "DeleteTable" => tables::delete,
        "ListTables" => describe::list,
        "PutItem" => items::put,
        "GetItem" => items::get,
        "UpdateItem" => items::update,
        "DeleteItem" => items::delete,
        "Query" => query::query,
        "Scan" => query::scan,
        "BatchWriteItem" => batch::write,
        "BatchGetItem" => batch::get,
        "TransactWriteItems" => transact::write,
        "TransactGetItems" => transact::get,
        "TagResource" => describe::tag,
        "UntagResource" => describe::untag,
        "ListTagsOfResource" => describe::list_tags,
        "DescribeContinuousBackups" => describe::continuous_backups,
        "DescribeTimeToLive" => describe::time_to_live,
        "UpdateTimeToLive" => tables::update_time_to_live,
        "DescribeLimits" => describe::limits,
        _ => return None,
    })
}

/// The version of the items that a request reads, when one table in that Region is all that it reads. Whether they may
/// be read, and how, is a matter of the world's settings.
pub fn items_read(world: &World, account: &str, region: &str, operation: &str, input: &Value) -> Option<Version> {
    let one_table = ["GetItem", "Query", "Scan"].contains(&operation);
    let region = world.accounts.get(account)?.regions.get(region).filter(|_| one_table)?;
    region.dynamodb.tables.get(table_name(input).ok()?).map(|table| table.version)
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let tables = &call.regional().dynamodb.tables;
    tables
        .values()
        .map(|table| Record {
            // A table with replicas belongs to the other type only when CloudFormation made it as such.
            type_name: "AWS::DynamoDB::Table",
            id: table.name.clone(),
            arn: table.arn.clone(),
            tags: table.tags.clone(),
            properties: json!({
                "TableName": table.name,
                "Arn": table.arn,
                "BillingMode": table.schema.billing_mode(),
                "DeletionProtectionEnabled": table.deletion_protection,
                "Tags": call::tag_list(&table.tags),
            }),
            built_in: false,
        })
        .collect()
}

fn not_found() -> AwsError {
    AwsError::client("ResourceNotFoundException", "Requested resource not found")
}

fn no_table(name: &str) -> AwsError {
    AwsError::client("ResourceNotFoundException", format!("Requested resource not found: Table: {name} not found"))
}

fn in_use(message: impl Into<String>) -> AwsError {
    AwsError::client("ResourceInUseException", message)
}

/// The table's name, when it was given as a name or as an ARN.
fn table_name(input: &Value) -> Result<&str, AwsError> {
    let given = call::text(input, "TableName").ok_or_else(|| {
        value::validation("1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null")
    })?;
    Ok(given.split_once(":table/").map_or(given, |(_, name)| name))
}

/// A table whose items can be read and written.
fn usable<'c>(call: &'c mut Call<'_>, name: &str) -> Result<&'c mut Table, AwsError> {
    let table = call.regional().dynamodb.tables.get_mut(name);
    table.filter(|table| ["ACTIVE", "UPDATING"].contains(&table.status.as_str())).ok_or_else(not_found)
}

/// A table for as long as nothing else happens to the call.
fn table_in<'c>(call: &'c mut Call<'_>, region: &str, name: &str) -> Option<&'c mut Table> {
    call.regional_in(region).dynamodb.tables.get_mut(name)
}

/// Schedules a transition after a drawn duration.
fn after(call: &mut Call<'_>, constant: &str, name: &str, what: Transition) {
    let resource = format!("{}/{name}", call.region);
    let span = call.draw(constant, &resource);
    call.schedule(span, What::DynamoDb(what));
}

/// Items that are there, with their places.
impl Table {
    fn live(&self) -> impl Iterator<Item = (&String, &value::Item)> {
        self.items.iter().filter_map(|(place, stored)| stored.item.as_deref().map(|item| (place, item)))
    }

    fn item(&self, place: &str) -> Option<&value::Item> {
        self.items.get(place).and_then(|stored| stored.item.as_deref())
    }
}
