//! What AWS tells of tables, and their tags.

use serde_json::{Map, Value, json};

use super::value::{item_size, validation};
use super::{Table, no_table, table_name};
use crate::domain::SimTime;
use crate::sandbox::call::{self, AwsError, Call, required, text};

/// Source: Amazon DynamoDB API Reference, TableDescription: ItemCount is updated approximately every six hours.
const COUNT_EVERY_MILLIS: i64 = 6 * 3600 * 1000;

/// The six hours that an instant is in.
pub(super) fn span(at: SimTime) -> i64 {
    at.millis().div_euclid(COUNT_EVERY_MILLIS)
}

/// Items and bytes as they are now.
pub(super) fn count(table: &Table) -> (usize, usize) {
    table.live().fold((0, 0), |(items, bytes), (_, item)| (items + 1, bytes + item_size(item)))
}

pub(super) fn table(table: &Table, now: SimTime) -> Value {
    let counted = table.counted;
    let (items, bytes) = if span(now) > counted.span { count(table) } else { (counted.items, counted.bytes) };
    let (reads, writes) = table.schema.units.unwrap_or_default();
    let mut map = Map::new();
    let attributes: Vec<Value> = table
        .schema
        .attributes
        .iter()
        .map(|(name, kind)| json!({ "AttributeName": name, "AttributeType": kind }))
        .collect();
    map.insert("AttributeDefinitions".into(), json!(attributes));
    map.insert("TableName".into(), json!(table.name));
    map.insert("KeySchema".into(), table.schema.keys.json());
    map.insert("TableStatus".into(), json!(table.status));
    map.insert("CreationDateTime".into(), json!(table.created.epoch_seconds()));
    map.insert(
        "ProvisionedThroughput".into(),
        json!({ "NumberOfDecreasesToday": 0, "ReadCapacityUnits": reads, "WriteCapacityUnits": writes }),
    );
    map.insert("TableSizeBytes".into(), json!(bytes));
    map.insert("ItemCount".into(), json!(items));
    map.insert("TableArn".into(), json!(table.arn));
    map.insert("TableId".into(), json!(table.id));
    if table.schema.units.is_none() {
        map.insert("BillingModeSummary".into(), json!({ "BillingMode": "PAY_PER_REQUEST" }));
    }
    for (member, local) in [("LocalSecondaryIndexes", true), ("GlobalSecondaryIndexes", false)] {
        let indexes: Vec<Value> = table
            .schema
            .indexes
            .iter()
            .filter(|index| index.local == local)
            .map(|index| {
                let mut shown = json!({
                    "IndexName": index.name,
                    "KeySchema": index.keys.json(),
                    "Projection": index.projection,
                    "IndexArn": format!("{}/index/{}", table.arn, index.name),
                });
                if let (false, Some(map)) = (local, shown.as_object_mut()) {
                    // An index follows its table through creation.
                    let status = if table.status == "CREATING" { "CREATING" } else { "ACTIVE" };
                    map.insert("IndexStatus".into(), json!(status));
                }
                shown
            })
            .collect();
        if !indexes.is_empty() {
            map.insert(member.into(), json!(indexes));
        }
    }
    if let Some(stream) = &table.stream {
        map.insert("LatestStreamLabel".into(), json!(stream.label));
        map.insert("LatestStreamArn".into(), json!(stream.arn));
        if stream.enabled {
            map.insert("StreamSpecification".into(), json!({ "StreamEnabled": true, "StreamViewType": stream.view }));
        }
    }
    if !table.replicas.is_empty() {
        let replicas: Vec<Value> = table
            .replicas
            .iter()
            .map(|replica| {
                json!({
                    "RegionName": replica.region,
                    "ReplicaStatus": replica.status,
                    "ReplicaTableClassSummary": { "TableClass": "STANDARD" },
                })
            })
            .collect();
        map.insert("GlobalTableVersion".into(), json!("2019.11.21"));
        map.insert("Replicas".into(), json!(replicas));
        map.insert("MultiRegionConsistency".into(), json!("EVENTUAL"));
    }
    map.insert("DeletionProtectionEnabled".into(), json!(table.deletion_protection));
    Value::Object(map)
}

fn found<'c>(call: &'c mut Call<'_>, name: &str) -> Result<&'c mut Table, AwsError> {
    call.regional().dynamodb.tables.get_mut(name).ok_or_else(|| no_table(name))
}

pub(super) fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (now, name) = (call.now(), table_name(input)?);
    Ok(json!({ "Table": table(found(call, name)?, now) }))
}

pub(super) fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let after = text(input, "ExclusiveStartTableName").unwrap_or_default();
    let limit = input.get("Limit").and_then(Value::as_u64).unwrap_or(100).min(100) as usize;
    let tables = &call.regional().dynamodb.tables;
    let mut names: Vec<&String> = tables.keys().filter(|name| name.as_str() > after).collect();
    let more = names.len() > limit;
    names.truncate(limit);
    let mut output = json!({ "TableNames": names });
    if let (true, Some(last), Some(map)) = (more, names.last(), output.as_object_mut()) {
        map.insert("LastEvaluatedTableName".into(), json!(last));
    }
    Ok(output)
}

/// The table of an ARN in this Region.
fn by_arn<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Table, AwsError> {
    let arn = required(input, "ResourceArn")?;
    let table = call.regional().dynamodb.tables.values_mut().find(|table| table.arn == arn);
    table.ok_or_else(|| {
        AwsError::client(
            "ResourceNotFoundException",
            format!("Requested resource not found: ResourcArn: {arn} not found"),
        )
    })
}

pub(super) fn tag(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let new = call::tags(input.get("Tags"));
    if new.is_empty() {
        return Err(validation("Atleast one Tag needs to be provided as Input."));
    }
    let table = by_arn(call, input)?;
    table.tags.retain(|(key, _)| new.iter().all(|(other, _)| other != key));
    table.tags.extend(new);
    Ok(json!({}))
}

pub(super) fn untag(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let keys = input.get("TagKeys").and_then(Value::as_array).cloned().unwrap_or_default();
    by_arn(call, input)?.tags.retain(|(key, _)| !keys.iter().any(|gone| gone == key));
    Ok(json!({}))
}

pub(super) fn list_tags(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(json!({ "Tags": call::tag_list(&by_arn(call, input)?.tags) }))
}

pub(super) fn continuous_backups(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = table_name(input)?;
    if !call.regional().dynamodb.tables.contains_key(name) {
        return Err(AwsError::client("TableNotFoundException", format!("Table not found: {name}")));
    }
    Ok(json!({ "ContinuousBackupsDescription": {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": { "PointInTimeRecoveryStatus": "DISABLED" },
    } }))
}

pub(super) fn time_to_live(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let description = match &found(call, table_name(input)?)?.ttl {
        Some(attribute) => json!({ "TimeToLiveStatus": "ENABLED", "AttributeName": attribute }),
        None => json!({ "TimeToLiveStatus": "DISABLED" }),
    };
    Ok(json!({ "TimeToLiveDescription": description }))
}

/// Source: Amazon DynamoDB Developer Guide, "Quotas": 80,000 units an account, 40,000 a table by default.
pub(super) fn limits(_call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    Ok(json!({
        "AccountMaxReadCapacityUnits": 80_000,
        "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000,
        "TableMaxWriteCapacityUnits": 40_000,
    }))
}
