//! Streams: what changed, in order, for whoever follows a table.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::schema::as_value;
use super::value::{Item, item_size, validation};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, text};
use crate::sandbox::packed;
use crate::sandbox::world::World;

/// Source: bookstore.md 1.10 and Amazon DynamoDB Developer Guide, "DynamoDB Streams": records last 24 hours.
const KEPT_MILLIS: i64 = 24 * 3600 * 1000;

/// A table's stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stream {
    pub(super) arn: String,
    /// The instant it was made; part of the ARN.
    pub(super) label: String,
    pub(super) view: String,
    /// A stream that was switched off keeps its records for a day.
    pub(super) enabled: bool,
    records: VecDeque<StreamRecord>,
    /// The number of the newest record.
    pub(super) last: u64,
}

/// One change. Its images are shared with the table that has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StreamRecord {
    /// Its place in the stream, counted from 1.
    pub(super) sequence: u64,
    /// When it was written to this Region's table.
    at: SimTime,
    #[serde(deserialize_with = "packed::read_shared")]
    keys: Arc<Item>,
    #[serde(deserialize_with = "packed::read_shared_or_none")]
    old: Option<Arc<Item>>,
    #[serde(deserialize_with = "packed::read_shared_or_none")]
    new: Option<Arc<Item>>,
}

impl Stream {
    /// The stream that a new table asks for.
    pub(super) fn requested(wanted: Option<&Value>, table_arn: &str, now: SimTime) -> Result<Option<Self>, AwsError> {
        // CloudFormation's form has no StreamEnabled: a view type alone means a stream.
        let Some(wanted) = wanted.filter(|wanted| wanted.get("StreamEnabled") != Some(&Value::Bool(false))) else {
            return Ok(None);
        };
        let view = text(wanted, "StreamViewType").unwrap_or_default();
        if !["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"].contains(&view) {
            return Err(validation(
                "One or more parameter values were invalid: StreamViewType must be given when StreamEnabled is true",
            ));
        }
        Ok(Some(Self::new(table_arn, view, now)))
    }

    pub(super) fn new(table_arn: &str, view: &str, now: SimTime) -> Self {
        let label = now.rfc3339().trim_end_matches('Z').to_owned();
        Self {
            arn: format!("{table_arn}/stream/{label}"),
            label,
            view: view.to_owned(),
            enabled: true,
            ..Self::default()
        }
    }

    /// The stream after `UpdateTable`.
    pub(super) fn changed(
        old: Option<Self>,
        wanted: &Value,
        table_arn: &str,
        now: SimTime,
    ) -> Result<Option<Self>, AwsError> {
        let runs = old.as_ref().is_some_and(|stream| stream.enabled);
        match (Self::requested(Some(wanted), table_arn, now)?, old) {
            (Some(_), _) if runs => Err(validation("Table already has an enabled stream")),
            (Some(new), _) => Ok(Some(new)),
            (None, Some(old)) if runs => Ok(Some(Self { enabled: false, ..old })),
            (None, _) => Err(validation("Table has no stream to disable")),
        }
    }

    /// The records that are not trimmed yet: those of the last 24 hours.
    pub(super) fn kept<'s>(&'s self, world: &World) -> impl Iterator<Item = &'s StreamRecord> + use<'s> {
        let (now, rule) = (world.now, world.rule("dynamodb.stream-24h"));
        self.records.iter().filter(move |record| !rule || now.millis() - record.at.millis() < KEPT_MILLIS)
    }

    /// Whether the stream carries what replication needs.
    pub(super) fn carries_both_images(&self) -> bool {
        self.enabled && self.view == "NEW_AND_OLD_IMAGES"
    }

    /// Writes one change.
    pub(super) fn write(&mut self, now: SimTime, keys: Arc<Item>, old: Option<Arc<Item>>, new: Option<Arc<Item>>) {
        if !self.enabled {
            return;
        }
        self.last += 1;
        self.records.push_back(StreamRecord { sequence: self.last, at: now, keys, old, new });
        let oldest = now.millis() - KEPT_MILLIS;
        while self.records.front().is_some_and(|record| record.at.millis() < oldest) {
            self.records.pop_front();
        }
    }

    /// A record as `GetRecords` shows it; Lambda adds the stream's ARN to what it hands to a function.
    pub(super) fn event(&self, record: &StreamRecord) -> Value {
        let (old, new) = (record.old.as_deref(), record.new.as_deref());
        let name = match (old, new) {
            (None, _) => "INSERT",
            (_, Some(_)) => "MODIFY",
            (_, None) => "REMOVE",
        };
        let mut change = json!({
            "ApproximateCreationDateTime": (record.at.millis() / 1000) as f64,
            "Keys": as_value(record.keys.as_ref().clone()),
            "SequenceNumber": sequence_text(record.sequence),
            "SizeBytes": old.map_or(0, item_size) + new.map_or(0, item_size),
            "StreamViewType": self.view,
        });
        let shows = |image: &str| self.view == image || self.view == "NEW_AND_OLD_IMAGES";
        if let Some(map) = change.as_object_mut() {
            for (member, image, item) in [("NewImage", "NEW_IMAGE", new), ("OldImage", "OLD_IMAGE", old)] {
                if let Some(item) = item.filter(|_| shows(image)) {
                    map.insert(member.into(), as_value(item.clone()));
                }
            }
        }
        let id = u128::from(crate::sandbox::chance::bits(0, "event", &self.arn, record.sequence));
        json!({
            "eventID": format!("{id:032x}"),
            "eventName": name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self.arn.split(':').nth(3).unwrap_or_default(),
            "dynamodb": change,
        })
    }
}

/// Where the numbers of records begin, so that they look like AWS's.
const FIRST: u64 = 100_000_000_000;

/// A record's number as AWS writes it.
pub(super) fn sequence_text(number: u64) -> String {
    format!("{:021}", FIRST + number)
}

/// The number that is written so.
pub(super) fn sequence_number(text: &str) -> Option<u64> {
    text.parse::<u64>().ok()?.checked_sub(FIRST)
}

/// Up to `limit` records behind the one with that sequence (0 begins with the oldest), each with its sequence and as
/// Lambda hands it to a function. `None` when there is no such stream.
pub fn read_stream(
    world: &World,
    account: &str,
    stream_arn: &str,
    behind: u64,
    limit: usize,
) -> Option<Vec<(u64, Value)>> {
    let stream = find(world, account, stream_arn)?;
    let event = |record: &StreamRecord| {
        let mut event = stream.event(record);
        if let Some(map) = event.as_object_mut() {
            map.insert("eventSourceARN".into(), json!(stream.arn));
        }
        (record.sequence, event)
    };
    Some(stream.kept(world).filter(|record| record.sequence > behind).take(limit).map(event).collect())
}

/// The sequence of the stream's newest record, for a follower that begins at the end.
pub fn stream_end(world: &World, account: &str, stream_arn: &str) -> Option<u64> {
    find(world, account, stream_arn).map(|stream| stream.last)
}

fn find<'w>(world: &'w World, account: &str, stream_arn: &str) -> Option<&'w Stream> {
    let region = stream_arn.split(':').nth(3)?;
    let tables = &world.accounts.get(account)?.regions.get(region)?.dynamodb.tables;
    tables.values().filter_map(|table| table.stream.as_ref()).find(|stream| stream.arn == stream_arn)
}
