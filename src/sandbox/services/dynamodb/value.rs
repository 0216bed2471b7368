//! Attribute values as DynamoDB writes them in JSON: `{"S": "text"}`, `{"N": "1"}`, `{"L": […]}`.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::number::Number;
use crate::sandbox::call::AwsError;

/// Attributes by name.
pub(super) type Item = Map<String, Value>;

pub(super) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::client("ValidationException", message)
}

/// The type and the content of an attribute value.
pub(super) fn parts(value: &Value) -> (&str, &Value) {
    let first = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
    first.map_or(("", &Value::Null), |(kind, content)| (kind.as_str(), content))
}

/// The type of an attribute value: `S`, `N`, …
pub(super) fn kind(value: &Value) -> &str {
    parts(value).0
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A value as DynamoDB keeps it, with numbers in one spelling, or why it takes none such.
pub(super) fn normal(value: &Value) -> Result<Value, AwsError> {
    let (kind, content) = parts(value);
    Ok(match kind {
        "S" | "B" if content.is_string() => value.clone(),
        "BOOL" if content.is_boolean() => value.clone(),
        "NULL" if content.as_bool() == Some(true) => value.clone(),
        "N" => json!({ "N": Number::parse(content.as_str().unwrap_or_default())?.to_string() }),
        "L" => json!({ "L": list(content).iter().map(normal).collect::<Result<Vec<_>, _>>()? }),
        "M" => json!({ "M": normal_item(content)? }),
        "SS" | "NS" | "BS" => {
            let mut members: Vec<String> = Vec::new();
            for member in list(content).iter().filter_map(Value::as_str) {
                let member = if kind == "NS" { Number::parse(member)?.to_string() } else { member.to_owned() };
                if members.contains(&member) {
                    return Err(validation(format!(
                        "One or more parameter values were invalid: Input collection [{}] contains duplicates.",
                        list(content).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
                    )));
                }
                members.push(member);
            }
            if members.is_empty() {
                return Err(validation("One or more parameter values were invalid: An string set  may not be empty"));
            }
            json!({ kind: members })
        }
        _ => {
            return Err(validation(
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
            ));
        }
    })
}

/// All attributes of an object, normal.
pub(super) fn normal_item(value: &Value) -> Result<Item, AwsError> {
    let map = value.as_object().into_iter().flatten();
    map.map(|(name, value)| Ok((name.clone(), normal(value)?))).collect()
}

/// The bytes that a value counts for.
/// Source: Amazon DynamoDB Developer Guide, "Item sizes and formats".
fn size(value: &Value) -> usize {
    let (kind, content) = parts(value);
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    match kind {
        "S" => text(content),
        "B" => text(content) * 3 / 4,
        "N" => text(content).div_ceil(2) + 1,
        "L" => 3 + list(content).iter().map(|value| 1 + size(value)).sum::<usize>(),
        "M" => 3 + content.as_object().map_or(0, |map| map.iter().map(|(k, v)| 1 + k.len() + size(v)).sum()),
        "SS" | "BS" | "NS" => list(content).iter().map(text).sum(),
        _ => 1,
    }
}

/// The bytes that an item counts for: names and values.
pub(super) fn item_size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size(value)).sum()
}

/// Orders two values of one type; `None` when they cannot be ordered.
pub(super) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    let ((kind_a, a), (kind_b, b)) = (parts(a), parts(b));
    match kind_a {
        _ if kind_a != kind_b => None,
        // Base64 does not keep the order of the bytes behind it.
        "B" => Some(bytes(a).cmp(&bytes(b))),
        "S" => Some(a.as_str()?.as_bytes().cmp(b.as_str()?.as_bytes())),
        "N" => Some(Number::parse(a.as_str()?).ok()?.cmp(&Number::parse(b.as_str()?).ok()?)),
        _ => None,
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default()
}

/// Whether two normal values are the same; the order within sets does not matter.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    let ((kind_a, content_a), (kind_b, content_b)) = (parts(a), parts(b));
    match kind_a {
        _ if kind_a != kind_b => false,
        "SS" | "NS" | "BS" => {
            let (a, b) = (list(content_a), list(content_b));
            a.len() == b.len() && a.iter().all(|member| b.contains(member))
        }
        "L" => {
            let (a, b) = (list(content_a), list(content_b));
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        "M" => match (content_a.as_object(), content_b.as_object()) {
            (Some(a), Some(b)) => {
                a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
            }
            _ => false,
        },
        _ => content_a == content_b,
    }
}
