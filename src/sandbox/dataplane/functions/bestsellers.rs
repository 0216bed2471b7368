//! The best-seller list: a sorted set in the Region's own cache.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::{Lambda, plain};

/// How many books the list shows.
const TOP: usize = 20;

/// The host name of the cache, when a cache answers there.
fn cache(lambda: &mut Lambda<'_>) -> Option<String> {
    let host = lambda.variable("CACHE_HOST");
    let groups = lambda.call().invoke("elasticache", "DescribeReplicationGroups", &json!({})).ok()?;
    let answers = groups.get("ReplicationGroups")?.as_array()?.iter().any(|group| {
        let address = group.pointer("/NodeGroups/0/PrimaryEndpoint/Address").and_then(Value::as_str);
        let status = group.get("Status").and_then(Value::as_str);
        address == Some(host.as_str()) && matches!(status, Some("available" | "modifying" | "snapshotting"))
    });
    answers.then_some(host)
}

/// Stands in for bestsellers.mjs.
pub fn handle(lambda: &mut Lambda<'_>, _event: &Value) -> Result<Value, String> {
    let Some(host) = cache(lambda) else {
        return Ok(lambda.answer(503, &json!({ "message": "The best sellers are not available." })));
    };
    let board = lambda.world.dataplane.boards.get(&host).cloned().unwrap_or_default();
    let mut list: Vec<(String, u64)> = board.into_iter().collect();
    // Valkey orders equal scores by their member, and ZREVRANGE turns that round.
    list.sort_by_key(|(book, sold)| Reverse((*sold, book.clone())));
    let list: Vec<Value> =
        list.into_iter().take(TOP).map(|(book, sold)| json!({ "bookId": book, "sold": sold })).collect();
    Ok(lambda.answer(200, &json!({ "bestsellers": list })))
}

/// Stands in for update-bestsellers.mjs.
pub fn update(lambda: &mut Lambda<'_>, event: &Value) -> Result<Value, String> {
    let records = event.get("Records").and_then(Value::as_array).cloned().unwrap_or_default();
    let sold: Vec<(String, u64)> = records
        .iter()
        .filter(|record| record.get("eventName").and_then(Value::as_str) == Some("INSERT"))
        .filter_map(|record| plain(record.pointer("/dynamodb/NewImage/books")?).as_array().cloned())
        .flatten()
        .filter_map(|line| Some((line.get("bookId")?.as_str()?.to_owned(), line.get("quantity")?.as_u64()?)))
        .collect();
    if sold.is_empty() {
        return Ok(json!({ "counted": 0 }));
    }
    let Some(host) = cache(lambda) else { return Err("the cache did not answer".to_owned()) };
    let counted = sold.len();
    let board = lambda.world.dataplane.boards.entry(host).or_default();
    for (book, quantity) in sold {
        *board.entry(book).or_insert(0) += quantity;
    }
    Ok(json!({ "counted": counted }))
}
