//! RPC v2 with CBOR, which CloudWatch's SDKs speak.

use ciborium::Value as Cbor;
use serde_json::{Map, Value};

use super::json::kind_word;
use super::model::{Kind, Member, Service};
use super::scalar::{self, Reader};

/// CBOR's tag for epoch seconds (RFC 8949, section 3.4.2).
const EPOCH_TAG: u64 = 1;
/// Deeper than any message of AWS.
const MOST_DEPTH: usize = 64;

/// Parses a body; an empty one is an empty map.
pub fn parse(bytes: &[u8]) -> Result<Cbor, String> {
    if bytes.is_empty() {
        return Ok(Cbor::Map(Vec::new()));
    }
    ciborium::de::from_reader_with_recursion_limit(bytes, MOST_DEPTH)
        .map_err(|error| format!("the CBOR cannot be read: {error}"))
}

/// The bytes of a value.
pub fn bytes(value: &Cbor) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing into memory does not fail.
    let _ = ciborium::into_writer(value, &mut out);
    out
}

/// Our JSON → CBOR.
pub fn write(service: &Service, member: &Member, value: &Value) -> Cbor {
    let shape = service.shape(member);
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(fields)) => {
            let given = shape.members.iter().filter_map(|inner| Some((inner, fields.get(&inner.name)?)));
            let given = given.filter(|(_, value)| !value.is_null());
            Cbor::Map(given.map(|(inner, v)| (text(inner.wire_name()), write(service, inner, v))).collect())
        }
        (Kind::List, Value::Array(items)) => match &shape.member {
            Some(element) => Cbor::Array(items.iter().map(|item| write(service, element, item)).collect()),
            None => Cbor::Array(Vec::new()),
        },
        (Kind::Map, Value::Object(entries)) => match &shape.value {
            Some(element) => Cbor::Map(entries.iter().map(|(k, v)| (text(k), write(service, element, v))).collect()),
            None => Cbor::Map(Vec::new()),
        },
        (Kind::Timestamp, _) => match scalar::seconds(value) {
            Some(seconds) => Cbor::Tag(EPOCH_TAG, Box::new(Cbor::Float(seconds))),
            None => Cbor::Null,
        },
        (Kind::Blob, Value::String(encoded)) => Cbor::Bytes(scalar::unbase64(encoded).unwrap_or_default()),
        (Kind::Double, Value::Number(number)) => number.as_f64().map_or(Cbor::Null, Cbor::Float),
        (_, Value::Number(number)) => match number.as_i64() {
            Some(whole) => Cbor::Integer(whole.into()),
            None => number.as_f64().map_or(Cbor::Null, Cbor::Float),
        },
        (_, Value::Bool(flag)) => Cbor::Bool(*flag),
        (_, Value::String(string)) => text(string),
        _ => Cbor::Null,
    }
}

/// A CBOR text.
pub fn text(text: &str) -> Cbor {
    Cbor::Text(text.to_owned())
}

/// The text of a map's entry.
pub fn entry_text<'a>(map: &'a Cbor, name: &str) -> Option<&'a str> {
    let (_, value) = map.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name))?;
    value.as_text()
}

impl Reader {
    /// CBOR → our JSON. The error names the place.
    pub fn cbor(&self, member: &Member, value: &Cbor) -> Result<Value, String> {
        let shape = self.service.shape(member);
        match (shape.kind, value) {
            (Kind::Structure, Cbor::Map(entries)) => {
                let mut fields = Map::new();
                for inner in &shape.members {
                    let named = entries.iter().find(|(key, _)| key.as_text() == Some(inner.wire_name()));
                    if let Some((_, value)) = named.filter(|(_, value)| !value.is_null()) {
                        let read = self.cbor(inner, value).map_err(|error| format!("{}: {error}", inner.name))?;
                        fields.insert(inner.name.clone(), read);
                    }
                }
                Ok(Value::Object(fields))
            }
            (Kind::List, Cbor::Array(items)) => {
                let Some(element) = &shape.member else { return Ok(Value::Array(Vec::new())) };
                items.iter().map(|item| self.cbor(element, item)).collect()
            }
            (Kind::Map, Cbor::Map(entries)) => {
                let Some(element) = &shape.value else { return Ok(Value::Object(Map::new())) };
                let read = |(key, value): &(Cbor, Cbor)| {
                    Ok((key.as_text().unwrap_or_default().to_owned(), self.cbor(element, value)?))
                };
                entries.iter().map(read).collect()
            }
            (Kind::Blob, Cbor::Bytes(bytes)) => Ok(Value::String(scalar::base64(bytes))),
            (Kind::Timestamp, Cbor::Tag(EPOCH_TAG, inner)) => {
                let seconds = number(inner).and_then(|n| n.as_f64()).ok_or("expected a time")?;
                Ok(self.stamp(seconds))
            }
            (Kind::Double, value) => number(value).ok_or_else(|| expected("a number", value)),
            (Kind::Integer | Kind::Long, Cbor::Integer(_)) => {
                number(value).ok_or_else(|| expected("a whole number", value))
            }
            (Kind::Boolean, Cbor::Bool(flag)) => Ok(Value::Bool(*flag)),
            (Kind::String, Cbor::Text(text)) => Ok(Value::String(text.clone())),
            (kind, value) => Err(expected(&format!("{kind:?}").to_lowercase(), value)),
        }
    }
}

fn expected(what: &str, found: &Cbor) -> String {
    let found = match found {
        Cbor::Text(_) => kind_word(&Value::String(String::new())),
        Cbor::Map(_) => "a map",
        Cbor::Array(_) => "a list",
        Cbor::Integer(_) | Cbor::Float(_) => "a number",
        _ => "something else",
    };
    format!("expected {what}, found {found}")
}

fn number(value: &Cbor) -> Option<Value> {
    match value {
        Cbor::Integer(whole) => i64::try_from(*whole).ok().map(Value::from),
        Cbor::Float(float) => float.is_finite().then(|| scalar::number(*float)),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::super::model;
    use super::*;

    #[test]
    fn an_input_comes_back_and_instants_are_tagged() {
        let service = model::service("cloudwatch").unwrap();
        let member = service.operation("GetMetricData").unwrap().input.as_ref().unwrap();
        let input = json!({"StartTime": 1_767_603_600.5, "EndTime": 1_767_607_200, "ScanBy": "TimestampAscending",
            "MetricDataQueries": [{"Id": "lag", "ReturnData": true, "MetricStat": {"Period": 60, "Stat": "Maximum",
                "Metric": {"Namespace": "AWS/RDS", "MetricName": "AuroraBinlogReplicaLag"}}}]});
        let wire = parse(&bytes(&write(service, member, &input))).unwrap();
        assert!(format!("{wire:?}").contains("Tag(1, Float(1767603600.5))"), "{wire:?}");
        assert_eq!(Reader::server(service).cbor(member, &wire).unwrap(), input);
    }

    #[test]
    fn what_is_no_cbor_or_of_a_wrong_type_is_an_error() {
        assert!(parse(&[0xa1]).is_err());
        let service = model::service("cloudwatch").unwrap();
        let member = service.operation("DeleteAlarms").unwrap().input.as_ref().unwrap();
        let wire = Cbor::Map(vec![(text("AlarmNames"), text("one"))]);
        let error = Reader::server(service).cbor(member, &wire).unwrap_err();
        assert_eq!(error, "AlarmNames: expected list, found text");
    }
}
