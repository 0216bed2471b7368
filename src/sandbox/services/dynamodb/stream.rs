//! Streams: what changed, in order, for whoever follows a table.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::schema::as_value;
use super::value::{Item, item_size, validation};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, text};
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
    records: Vec<StreamRecord>,
    /// The number of the newest record.
    pub(super) last: u64,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamRecord {
    /// Its place in the stream, counted from 1.
    pub sequence: u64,
    /// When it was written to this Region's table.
    pub at: SimTime,
    /// The record as a Lambda function receives it.
    pub event: Value,
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
    pub(super) fn write(&mut self, region: &str, now: SimTime, keys: Item, old: Option<&Item>, new: Option<&Item>) {
        if !self.enabled {
            return;
        }
        self.last += 1;
        let name = match (old, new) {
            (None, _) => "INSERT",
            (_, Some(_)) => "MODIFY",
            (_, None) => "REMOVE",
        };
        let mut change = json!({
            "ApproximateCreationDateTime": (now.millis() / 1000) as f64,
            "Keys": as_value(keys),
            "SequenceNumber": sequence_text(self.last),
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
        let event = json!({
            "eventID": format!("{:032x}", u128::from(crate::sandbox::chance::bits(0, "event", &self.arn, self.last))),
            "eventName": name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": region,
            "dynamodb": change,
            "eventSourceARN": self.arn,
        });
        self.records.push(StreamRecord { sequence: self.last, at: now, event });
        let oldest = now.millis() - KEPT_MILLIS;
        let old = self.records.iter().take_while(|record| record.at.millis() < oldest).count();
        self.records.drain(..old);
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

/// Up to `limit` records behind the one with that sequence (0 begins with the oldest). `None` when there is no such
/// stream. A record's `event` has the shape that Lambda hands to a function.
pub fn read_stream(
    world: &World,
    account: &str,
    stream_arn: &str,
    behind: u64,
    limit: usize,
) -> Option<Vec<StreamRecord>> {
    let region = stream_arn.split(':').nth(3)?;
    let tables = &world.accounts.get(account)?.regions.get(region)?.dynamodb.tables;
    let stream = tables.values().filter_map(|table| table.stream.as_ref()).find(|stream| stream.arn == stream_arn)?;
    Some(stream.kept(world).filter(|record| record.sequence > behind).take(limit).cloned().collect())
}

/// The sequence of the stream's newest record, for a follower that begins at the end.
pub fn stream_end(world: &World, account: &str, stream_arn: &str) -> Option<u64> {
    let region = stream_arn.split(':').nth(3)?;
    let tables = &world.accounts.get(account)?.regions.get(region)?.dynamodb.tables;
    let mut streams = tables.values().filter_map(|table| table.stream.as_ref());
    streams.find(|stream| stream.arn == stream_arn).map(|stream| stream.last)
}
