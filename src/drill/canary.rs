//! Canary writes: numbered writes into a store of the broken Region, read back in the surviving one.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::drill::{ClientClass, Probe, Signed, Vantage};
use crate::domain::{BoxFuture, DataPlane, Operations};
use crate::protocol::operation;

/// A store that can be written in one Region and read in the other.
pub trait Canary: Send + Sync {
    /// The store's name: `dynamodb`.
    fn store(&self) -> &str;
    /// Time between two writes.
    fn every(&self) -> Duration;
    /// Writes number `seq`; an error means that it was not acknowledged.
    fn write(&self, seq: u64) -> BoxFuture<'_, Result<(), String>>;
    /// The numbers that the surviving Region has.
    fn read(&self) -> BoxFuture<'_, Result<Vec<u64>, String>>;
}

/// Sequence numbers are written with leading zeros, so that stores that sort by text sort them by number.
fn written(seq: u64) -> String {
    format!("{seq:08}")
}

/// Items of a DynamoDB table whose key is (`customerId`, `bookId`): the shop's cart of a customer of its own.
pub struct DynamoDb {
    /// Calls AWS to write, once: a write that is refused was not acknowledged.
    pub writes: Arc<dyn Operations>,
    /// Calls AWS to read.
    pub reads: Arc<dyn Operations>,
    /// The table.
    pub table: String,
    /// The Region that is written.
    pub from: String,
    /// The Region that is read.
    pub to: String,
    /// The run's own partition key.
    pub run: String,
}

impl Canary for DynamoDb {
    fn store(&self) -> &'static str {
        "dynamodb"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(250)
    }

    fn write(&self, seq: u64) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let item = json!({ "customerId": { "S": self.run }, "bookId": { "S": written(seq) } });
            let input = json!({ "TableName": self.table, "Item": item });
            let put = operation("dynamodb", "put-item", &self.from, input);
            self.writes.call(&put).await.map(|_| ()).map_err(|failure| failure.to_string())
        })
    }

    fn read(&self) -> BoxFuture<'_, Result<Vec<u64>, String>> {
        Box::pin(async move {
            let mut numbers = Vec::new();
            let mut start: Option<Value> = None;
            loop {
                let mut input = json!({
                    "TableName": self.table,
                    "KeyConditionExpression": "customerId = :run",
                    "ExpressionAttributeValues": { ":run": { "S": self.run } },
                });
                if let (Some(start), Some(map)) = (start.take(), input.as_object_mut()) {
                    map.insert("ExclusiveStartKey".to_owned(), start);
                }
                let query = operation("dynamodb", "query", &self.to, input);
                let reply = self.reads.call(&query).await.map_err(|failure| failure.to_string())?;
                let items = reply.output.get("Items").and_then(Value::as_array).cloned().unwrap_or_default();
                numbers
                    .extend(items.iter().filter_map(|item| item.pointer("/bookId/S")?.as_str()?.parse::<u64>().ok()));
                start = reply.output.get("LastEvaluatedKey").filter(|key| key.is_object()).cloned();
                if start.is_none() {
                    return Ok(numbers);
                }
            }
        })
    }
}

/// Objects under a prefix of a replicated bucket.
pub struct S3 {
    /// Calls AWS to write, once: a write that is refused was not acknowledged.
    pub writes: Arc<dyn Operations>,
    /// Calls AWS to read.
    pub reads: Arc<dyn Operations>,
    /// The bucket that is written, and its Region.
    pub source: (String, String),
    /// The bucket that is read, and its Region.
    pub replica: (String, String),
    /// The run's own prefix, ending in a slash.
    pub prefix: String,
}

impl Canary for S3 {
    fn store(&self) -> &'static str {
        "s3"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn write(&self, seq: u64) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let input = json!({ "Bucket": self.source.0, "Key": format!("{}{}", self.prefix, written(seq)) });
            let mut put = operation("s3api", "put-object", &self.source.1, input);
            put.payload = Some(written(seq).into_bytes());
            self.writes.call(&put).await.map(|_| ()).map_err(|failure| failure.to_string())
        })
    }

    fn read(&self) -> BoxFuture<'_, Result<Vec<u64>, String>> {
        Box::pin(async move {
            let mut numbers = Vec::new();
            let mut token: Option<String> = None;
            loop {
                let mut input = json!({ "Bucket": self.replica.0, "Prefix": self.prefix });
                if let (Some(token), Some(map)) = (token.take(), input.as_object_mut()) {
                    map.insert("ContinuationToken".to_owned(), Value::String(token));
                }
                let list = operation("s3api", "list-objects-v2", &self.replica.1, input);
                let reply = self.reads.call(&list).await.map_err(|failure| failure.to_string())?;
                let contents = reply.output.get("Contents").and_then(Value::as_array).cloned().unwrap_or_default();
                numbers.extend(
                    contents.iter().filter_map(|object| {
                        object.get("Key")?.as_str()?.strip_prefix(&self.prefix)?.parse::<u64>().ok()
                    }),
                );
                token = reply.output.get("NextContinuationToken").and_then(Value::as_str).map(str::to_owned);
                if token.is_none() {
                    return Ok(numbers);
                }
            }
        })
    }
}

/// The most comments that WordPress gives at once.
const PAGE: usize = 100;

/// Comments of the blog, which Aurora keeps: written through the primary's load balancer, read through the other.
pub struct Blog {
    /// The network.
    pub network: Arc<dyn DataPlane>,
    /// The comments' URL at the Region that is written.
    pub write_url: String,
    /// The comments' URL at the Region that is read.
    pub read_url: String,
    /// Where the client is.
    pub vantage: Vantage,
    /// The run's own mark inside each comment.
    pub run: String,
}

impl Blog {
    fn probe(&self, method: &str, url: &str, body: Option<Value>) -> Probe {
        Probe {
            signed: Signed::ByLearner,
            method: method.to_owned(),
            url: url.to_owned(),
            body,
            vantage: self.vantage.clone(),
            class: ClientClass::Fresh,
            timeout: super::plan::PROBE_TIMEOUT,
        }
    }
}

impl Canary for Blog {
    fn store(&self) -> &'static str {
        "aurora"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(250)
    }

    fn write(&self, seq: u64) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let body = json!({ "content": format!("{} {}", self.run, written(seq)) });
            let reply = self.network.probe(&self.probe("POST", &self.write_url, Some(body))).await;
            let reply = reply.map_err(|failure| failure.to_string())?;
            if reply.ok() { Ok(()) } else { Err(format!("{:?}", reply.status)) }
        })
    }

    fn read(&self) -> BoxFuture<'_, Result<Vec<u64>, String>> {
        Box::pin(async move {
            let mut numbers = Vec::new();
            for page in 1_u32.. {
                let url = format!("{}?per_page={PAGE}&page={page}", self.read_url);
                let reply =
                    self.network.probe(&self.probe("GET", &url, None)).await.map_err(|failure| failure.to_string())?;
                if !reply.ok() {
                    return Err(format!("{:?}", reply.status));
                }
                let comments: Vec<Value> = serde_json::from_str(&reply.body).map_err(|error| error.to_string())?;
                let texts = comments.iter().filter_map(|comment| comment.pointer("/content/rendered")?.as_str());
                numbers.extend(texts.filter_map(|text| text.strip_prefix(&self.run)?.trim().parse::<u64>().ok()));
                if comments.len() < PAGE {
                    break;
                }
            }
            Ok(numbers)
        })
    }
}
