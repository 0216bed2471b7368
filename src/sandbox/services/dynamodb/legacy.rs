//! Global tables as they were made until 2019 (version 2017.11.29): their preconditions, and where to go instead.

use serde_json::Value;

use super::stream::Stream;
use super::table_in;
use super::value::validation;
use crate::sandbox::call::{AwsError, Call, required, text};

/// Source: Amazon DynamoDB API Reference, CreateGlobalTable: every Region of the group needs a table of that name, empty,
/// with the same keys, and with a stream of new and old images.
pub(super) fn create_global_table(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "GlobalTableName")?.to_owned();
    let group = required_regions(input)?;
    let mut keys = None;
    for region in &group {
        let Some(table) = table_in(call, region, &name) else {
            return Err(AwsError::client(
                "TableNotFoundException",
                format!("Table not found: TableName: {name} in Region: {region}"),
            ));
        };
        if !table.replicas.is_empty() {
            return Err(AwsError::client(
                "GlobalTableAlreadyExistsException",
                format!("Global table with name: '{name}' already exists."),
            ));
        }
        if !table.stream.as_ref().is_some_and(Stream::carries_both_images) {
            return Err(validation(format!(
                "One or more parameter values were invalid: The table {name} in {region} must have a stream with the view type \
                 NEW_AND_OLD_IMAGES"
            )));
        }
        if table.live().next().is_some() {
            return Err(validation(format!(
                "One or more parameter values were invalid: The table {name} in {region} must be empty"
            )));
        }
        if *keys.get_or_insert_with(|| table.schema.keys.clone()) != table.schema.keys {
            return Err(validation(format!(
                "One or more parameter values were invalid: The table {name} has other keys in {region}"
            )));
        }
    }
    Err(AwsError::with_status(
        501,
        "SandboxUnsupportedOperation",
        "The sandbox does not simulate global tables of version 2017.11.29, which AWS's documentation says to avoid. Add \
         replicas with UpdateTable and ReplicaUpdates (version 2019.11.21).",
    ))
}

fn required_regions(input: &Value) -> Result<Vec<String>, AwsError> {
    let list = input.get("ReplicationGroup").and_then(Value::as_array).into_iter().flatten();
    let regions: Vec<String> = list.filter_map(|one| text(one, "RegionName")).map(str::to_owned).collect();
    if regions.is_empty() {
        return Err(validation("One or more parameter values were invalid: ReplicationGroup must name Regions"));
    }
    Ok(regions)
}
