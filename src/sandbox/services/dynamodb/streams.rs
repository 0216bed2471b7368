//! The API of DynamoDB Streams: a stream's one shard, iterators into it, and its records.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::Handler;
use super::Table;
use super::stream::{Stream, sequence_number, sequence_text};
use super::value::validation;
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::chance;

/// Source: Amazon DynamoDB API Reference, GetShardIterator: an iterator expires 15 minutes after it was given out.
const ITERATOR_MILLIS: i64 = 15 * 60 * 1000;
/// Source: same reference, GetRecords and ListStreams: up to 1,000 records and 100 streams per answer.
const MOST_RECORDS: usize = 1000;
const MOST_STREAMS: usize = 100;

/// The handler of an operation.
pub fn streams_handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "ListStreams" => list,
        "DescribeStream" => describe,
        "GetShardIterator" => iterator,
        "GetRecords" => records,
        _ => return None,
    })
}

fn limit(input: &Value, most: usize) -> Result<usize, AwsError> {
    let given = input.get("Limit").and_then(Value::as_u64).map(|given| usize::try_from(given).unwrap_or(usize::MAX));
    match given {
        None => Ok(most),
        Some(given) if (1..=most).contains(&given) => Ok(given),
        Some(given) => Err(validation(format!(
            "1 validation error detected: Value '{given}' at 'limit' failed to satisfy constraint: Member must have value less \
             than or equal to {most}"
        ))),
    }
}

fn streams<'c>(call: &'c Call<'_>) -> impl Iterator<Item = (&'c Table, &'c Stream)> {
    let region = call.world.accounts.get(&call.account).and_then(|account| account.regions.get(&call.region));
    let tables = region.into_iter().flat_map(|region| region.dynamodb.tables.values());
    tables.filter_map(|table| Some((table, table.stream.as_ref()?)))
}

fn find<'c>(call: &'c Call<'_>, arn: &str) -> Result<(&'c Table, &'c Stream), AwsError> {
    let found = streams(call).find(|(_, stream)| stream.arn == arn);
    found.ok_or_else(|| {
        AwsError::client("ResourceNotFoundException", format!("Requested resource not found: Stream: {arn} not found"))
    })
}

fn needed<'v>(input: &'v Value, member: &str) -> Result<&'v str, AwsError> {
    text(input, member).ok_or_else(|| {
        validation(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// The name of a stream's only shard. Tables of a workshop fill no second one.
fn shard_id(stream: &Stream) -> String {
    let bits = chance::bits(0, "shard", &stream.arn, 0);
    format!("shardId-{:020}-{:08x}", bits % 10_000_000_000_000, bits >> 32)
}

fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (wanted, after) = (text(input, "TableName"), text(input, "ExclusiveStartStreamArn").unwrap_or_default());
    let limit = limit(input, MOST_STREAMS)?;
    let shown =
        |table: &Table, stream: &Stream| wanted.is_none_or(|name| name == table.name) && stream.arn.as_str() > after;
    let mut found: Vec<_> = streams(call).filter(|(table, stream)| shown(table, stream)).collect();
    found.sort_by(|(_, left), (_, right)| left.arn.cmp(&right.arn));
    let more = found.len() > limit;
    found.truncate(limit);
    let mut output = json!({ "Streams": found.iter().map(|(table, stream)| json!({
        "StreamArn": stream.arn, "TableName": table.name, "StreamLabel": stream.label,
    })).collect::<Vec<_>>() });
    if let (true, Some((_, last)), Some(map)) = (more, found.last(), output.as_object_mut()) {
        map.insert("LastEvaluatedStreamArn".into(), json!(last.arn));
    }
    Ok(output)
}

fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (table, stream) = find(call, needed(input, "StreamArn")?)?;
    limit(input, MOST_STREAMS)?;
    let shard = shard_id(stream);
    let mut range = json!({ "StartingSequenceNumber": sequence_text(0) });
    if let (false, Some(map)) = (stream.enabled, range.as_object_mut()) {
        // A stream that was switched off has a closed shard.
        map.insert("EndingSequenceNumber".into(), json!(sequence_text(stream.last)));
    }
    // A list that is to begin behind the only shard is empty.
    let shown = text(input, "ExclusiveStartShardId") != Some(shard.as_str());
    let shards = if shown { json!([{ "ShardId": shard, "SequenceNumberRange": range }]) } else { json!([]) };
    Ok(json!({ "StreamDescription": {
        "StreamArn": stream.arn, "StreamLabel": stream.label,
        "StreamStatus": if stream.enabled { "ENABLED" } else { "DISABLED" },
        "StreamViewType": stream.view, "TableName": table.name,
        "CreationRequestDateTime": table.created.epoch_seconds(),
        "KeySchema": table.schema.keys.json(), "Shards": shards,
    } }))
}

/// An iterator: the stream's ARN, then what only this service reads.
fn written(arn: &str, behind: u64, now: SimTime) -> String {
    format!("{arn}|1|{}", STANDARD.encode(format!("{behind}:{}", now.millis())))
}

/// The stream's ARN, the record that it stands behind, and when it was given out.
fn read(iterator: &str) -> Option<(&str, u64, i64)> {
    let (arn, rest) = iterator.split_once("|1|")?;
    let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    let (behind, at) = decoded.split_once(':')?;
    Some((arn, behind.parse().ok()?, at.parse().ok()?))
}

fn trimmed() -> AwsError {
    AwsError::client(
        "TrimmedDataAccessException",
        "The operation attempted to read past the oldest stream record in a shard.",
    )
}

fn iterator(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (_, stream) = find(call, needed(input, "StreamArn")?)?;
    if needed(input, "ShardId")? != shard_id(stream) {
        return Err(AwsError::client(
            "ResourceNotFoundException",
            format!("Requested resource not found: Shard does not exist: {}", needed(input, "ShardId")?),
        ));
    }
    let oldest = oldest(call, stream);
    let number = || {
        let given = needed(input, "SequenceNumber")?;
        sequence_number(given).ok_or_else(|| validation(format!("Invalid SequenceNumber: {given}")))
    };
    let behind = match needed(input, "ShardIteratorType")? {
        "TRIM_HORIZON" => oldest,
        "LATEST" => stream.last,
        "AT_SEQUENCE_NUMBER" => number()?.saturating_sub(1),
        "AFTER_SEQUENCE_NUMBER" => number()?,
        other => return Err(validation(format!("Invalid ShardIteratorType: {other}"))),
    };
    if behind < oldest {
        return Err(trimmed());
    }
    Ok(json!({ "ShardIterator": written(&stream.arn, behind, call.now()) }))
}

/// The number of the newest record that is gone; a reader stands behind it at the earliest.
fn oldest(call: &Call<'_>, stream: &Stream) -> u64 {
    let kept = stream.kept(call.world).next().map(|record| record.sequence - 1);
    kept.unwrap_or(stream.last)
}

fn records(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let given = needed(input, "ShardIterator")?;
    let (arn, behind, at) = read(given).ok_or_else(|| validation("Invalid ShardIterator"))?;
    let limit = limit(input, MOST_RECORDS)?;
    let (_, stream) = find(call, arn)?;
    if call.now().millis() - at > ITERATOR_MILLIS {
        return Err(AwsError::client(
            "ExpiredIteratorException",
            "Iterator expired. The iterator was created more than 15 minutes ago.",
        ));
    }
    if behind < oldest(call, stream) {
        return Err(trimmed());
    }
    let mut last = behind;
    let mut list = Vec::new();
    for record in stream.kept(call.world).filter(|record| record.sequence > behind).take(limit) {
        last = record.sequence;
        list.push(stream.event(record));
    }
    let mut output = json!({ "Records": list });
    // A closed shard has an end; an open one goes on.
    if let (true, Some(map)) = (stream.enabled || last < stream.last, output.as_object_mut()) {
        map.insert("NextShardIterator".into(), json!(written(arn, last, call.now())));
    }
    Ok(output)
}
