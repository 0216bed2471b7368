//! What a cache answers on a connection: RESP, the protocol of Valkey and Redis, on sorted sets.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Identity;
use crate::sandbox::call::{Call, text};
use crate::sandbox::javascript::Reply;
use crate::sandbox::world::World;

/// Sorted sets of one cache, by key, then by member.
pub type Sets = BTreeMap<String, BTreeMap<String, f64>>;

/// Whether something answers under that name: a cache of the function's Region that is up.
pub fn connect(world: &mut World, who: &Identity, request: &Value) -> Reply {
    let host = text(request, "host").unwrap_or_default();
    let groups = Call::new(world, &who.account, &who.region)
        .invoke("elasticache", "DescribeReplicationGroups", &json!({}))
        .unwrap_or_default();
    let group = groups
        .get("ReplicationGroups")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|group| group.pointer("/NodeGroups/0/PrimaryEndpoint/Address").and_then(Value::as_str) == Some(host));
    let port = request.get("port").and_then(Value::as_u64);
    match group {
        None => Err(json!({ "name": "ENOTFOUND", "message": format!("getaddrinfo ENOTFOUND {host}") })),
        Some(group) => {
            let up = matches!(text(group, "Status"), Some("available" | "modifying" | "snapshotting"));
            let listens = group.pointer("/NodeGroups/0/PrimaryEndpoint/Port").and_then(Value::as_u64) == port;
            if up && listens {
                return Ok(json!({}));
            }
            let at = format!("{host}:{}", port.unwrap_or_default());
            Err(json!({ "name": "ECONNREFUSED", "message": format!("connect ECONNREFUSED {at}") }))
        }
    }
}

/// Answers the commands in what was written.
pub fn send(world: &mut World, who: &Identity, request: &Value) -> Reply {
    connect(world, who, request)?;
    let host = text(request, "host").unwrap_or_default();
    let sets = world.dataplane.caches.entry(host.to_owned()).or_default();
    // Bytes travel as one character each.
    let written: Vec<u8> = text(request, "data").unwrap_or_default().chars().map(|c| c as u8).collect();
    let mut reply = String::new();
    let mut rest = written.as_slice();
    while !rest.is_empty() {
        let Some((command, left)) = parse(rest) else {
            reply.push_str("-ERR Protocol error\r\n");
            break;
        };
        rest = left;
        reply.push_str(&obey(sets, &command));
    }
    let bytes: String = reply.bytes().map(char::from).collect();
    Ok(json!({ "data": bytes }))
}

/// One command, an array of bulk strings, and what follows it.
fn parse(bytes: &[u8]) -> Option<(Vec<String>, &[u8])> {
    let (count, mut rest) = number(bytes, b'*')?;
    let mut parts = Vec::new();
    for _ in 0..count {
        let (length, after) = number(rest, b'$')?;
        parts.push(String::from_utf8_lossy(after.get(..length)?).into_owned());
        rest = after.get(length..)?.strip_prefix(b"\r\n")?;
    }
    Some((parts, rest))
}

fn number(bytes: &[u8], mark: u8) -> Option<(usize, &[u8])> {
    let rest = bytes.strip_prefix(&[mark])?;
    let end = rest.windows(2).position(|two| two == b"\r\n")?;
    let count = std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()?;
    Some((count, rest.get(end + 2..)?))
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn list(parts: &[String]) -> String {
    parts.iter().fold(format!("*{}\r\n", parts.len()), |mut text, part| {
        let _ = write!(text, "{}", bulk(part));
        text
    })
}

/// Source: valkey.io, *Commands*, sorted sets. Equal scores are ordered by member.
fn obey(sets: &mut Sets, command: &[String]) -> String {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let name = words.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
    match (name.as_str(), words.get(1..).unwrap_or_default()) {
        ("PING", []) => "+PONG\r\n".to_owned(),
        ("ZINCRBY", [key, by, member]) => match by.parse::<f64>() {
            Ok(by) => {
                let score = sets.entry((*key).to_owned()).or_default().entry((*member).to_owned()).or_insert(0.0);
                *score += by;
                bulk(&score.to_string())
            }
            Err(_) => "-ERR value is not a valid float\r\n".to_owned(),
        },
        ("ZSCORE", [key, member]) => match sets.get(*key).and_then(|set| set.get(*member)) {
            Some(score) => bulk(&score.to_string()),
            None => "$-1\r\n".to_owned(),
        },
        ("ZCARD", [key]) => format!(":{}\r\n", sets.get(*key).map_or(0, BTreeMap::len)),
        ("DEL", [key]) => format!(":{}\r\n", u8::from(sets.remove(*key).is_some())),
        ("ZREVRANGE", [key, start, stop, rest @ ..]) => {
            let (Ok(start), Ok(stop)) = (start.parse::<i64>(), stop.parse::<i64>()) else {
                return "-ERR value is not an integer or out of range\r\n".to_owned();
            };
            let scores = match rest {
                [] => false,
                [word] if word.eq_ignore_ascii_case("WITHSCORES") => true,
                _ => return "-ERR syntax error\r\n".to_owned(),
            };
            list(&reverse_range(sets.get(*key), start, stop, scores))
        }
        ("PING" | "ZINCRBY" | "ZSCORE" | "ZCARD" | "DEL" | "ZREVRANGE", _) => {
            format!("-ERR wrong number of arguments for '{}' command\r\n", name.to_ascii_lowercase())
        }
        _ => format!("-ERR unknown command '{name}' (the sandbox's caches know sorted sets only)\r\n"),
    }
}

fn reverse_range(set: Option<&BTreeMap<String, f64>>, start: i64, stop: i64, scores: bool) -> Vec<String> {
    let mut members: Vec<(&String, f64)> = set.into_iter().flatten().map(|(member, score)| (member, *score)).collect();
    members.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap_or(Ordering::Equal).then_with(|| b.0.cmp(a.0)));
    let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
    let place = |at: i64| if at < 0 { count + at } else { at };
    let (first, last) = (place(start).max(0), place(stop));
    let chosen = members.iter().zip(0_i64..).filter(|(_, at)| (first..=last).contains(at)).map(|(one, _)| one);
    chosen
        .flat_map(|(member, score)| {
            let score = scores.then(|| score.to_string());
            std::iter::once((*member).clone()).chain(score)
        })
        .collect()
}
