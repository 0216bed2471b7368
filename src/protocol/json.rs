//! AWS JSON and the JSON bodies of REST: members under their wire names.

use serde_json::{Map, Value};

use super::model::{Kind, Member, Service, Shape};
use super::scalar::{self, Reader};
use super::timestamps::{self, Format};

/// Our JSON → the wire's.
pub fn write(service: &Service, member: &Member, value: &Value) -> Value {
    let shape = service.shape(member);
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(fields)) if !shape.document => {
            Value::Object(write_members(service, shape, fields, |_| true))
        }
        (Kind::List, Value::Array(items)) => match &shape.member {
            Some(element) => items.iter().map(|item| write(service, element, item)).collect(),
            None => value.clone(),
        },
        (Kind::Map, Value::Object(entries)) => match &shape.value {
            Some(element) => entries.iter().map(|(k, v)| (k.clone(), write(service, element, v))).collect(),
            None => value.clone(),
        },
        (Kind::Timestamp, _) => write_stamp(member, shape, value),
        _ => value.clone(),
    }
}

/// The members of a structure for which `wanted` holds; null members are left out.
pub fn write_members(
    service: &Service,
    shape: &Shape,
    fields: &Map<String, Value>,
    wanted: impl Fn(&Member) -> bool,
) -> Map<String, Value> {
    let members = shape.members.iter().filter(|member| wanted(member));
    let given = members.filter_map(|member| Some((member, fields.get(&member.name)?)));
    given
        .filter(|(_, value)| !value.is_null())
        .map(|(member, value)| (member.wire_name().to_owned(), write(service, member, value)))
        .collect()
}

fn write_stamp(member: &Member, shape: &Shape, value: &Value) -> Value {
    let Some(seconds) = scalar::seconds(value) else { return Value::Null };
    match scalar::stamp_format(member, shape, Format::Epoch) {
        Format::Epoch => scalar::number(seconds),
        format => timestamps::write(seconds, format).map_or(Value::Null, Value::String),
    }
}

impl Reader {
    /// The wire's JSON → ours. The error names the place.
    pub fn json(&self, member: &Member, value: &Value, at: &str) -> Result<Value, String> {
        let shape = self.service.shape(member);
        let wrong = |expected: &str| Err(format!("{at}: expected {expected}, found {}", kind_word(value)));
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(fields)) if !shape.document => {
                Ok(Value::Object(self.json_members(shape, fields, at, |_| true)?))
            }
            (Kind::Structure, _) if shape.document => Ok(value.clone()),
            (Kind::List, Value::Array(items)) => {
                let Some(element) = &shape.member else { return Ok(value.clone()) };
                let read = |(i, item)| self.json(element, item, &format!("{at}[{i}]"));
                items.iter().enumerate().map(read).collect()
            }
            (Kind::List, _) => wrong("a list"),
            (Kind::Map, Value::Object(entries)) => {
                let Some(element) = &shape.value else { return Ok(value.clone()) };
                let read =
                    |(key, item): (&String, _)| Ok((key.clone(), self.json(element, item, &format!("{at}.{key}"))?));
                entries.iter().map(read).collect()
            }
            (Kind::Structure | Kind::Map, _) => wrong("an object"),
            (Kind::Timestamp, _) => match scalar::seconds(value) {
                Some(seconds) => Ok(self.stamp(seconds)),
                None => wrong("a time"),
            },
            (Kind::Boolean, Value::Bool(_))
            | (Kind::String | Kind::Blob, Value::String(_))
            | (Kind::Double, Value::Number(_)) => Ok(value.clone()),
            (Kind::Integer | Kind::Long, Value::Number(number)) => match number.as_f64() {
                Some(whole) if whole.fract() == 0.0 => Ok(scalar::number(whole)),
                _ => wrong("a whole number"),
            },
            (Kind::Boolean, _) => wrong("true or false"),
            (Kind::String | Kind::Blob, _) => wrong("text"),
            (Kind::Double | Kind::Integer | Kind::Long, _) => wrong("a number"),
        }
    }

    /// The members of a structure for which `wanted` holds. Members of no model and nulls are left out.
    pub fn json_members(
        &self,
        shape: &Shape,
        fields: &Map<String, Value>,
        at: &str,
        wanted: impl Fn(&Member) -> bool,
    ) -> Result<Map<String, Value>, String> {
        let members = shape.members.iter().filter(|member| wanted(member));
        let given = members.filter_map(|member| Some((member, fields.get(member.wire_name())?)));
        given
            .filter(|(_, value)| !value.is_null())
            .map(|(member, value)| {
                let place = if at.is_empty() { member.name.clone() } else { format!("{at}.{}", member.name) };
                Ok((member.name.clone(), self.json(member, value, &place)?))
            })
            .collect()
    }
}

/// What a JSON value is, in words.
pub fn kind_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::super::model;
    use super::*;

    fn input(service: &str, operation: &str) -> (&'static Service, &'static Member) {
        let service = model::service(service).unwrap();
        (service, service.operation(operation).unwrap().input.as_ref().unwrap())
    }

    #[test]
    fn unknown_and_null_members_are_left_out() {
        let (service, member) = input("dynamodb", "GetItem");
        let wire = json!({"TableName": "Books", "Key": {"id": {"S": "1"}}, "ConsistentRead": null, "Later": 1});
        let read = Reader::server(service).json(member, &wire, "").unwrap();
        assert_eq!(read, json!({"Key": {"id": {"S": "1"}}, "TableName": "Books"}));
    }

    #[test]
    fn a_wrong_type_names_its_place() {
        let (service, member) = input("dynamodb", "GetItem");
        let wire = json!({"TableName": 5, "Key": {}});
        let error = Reader::server(service).json(member, &wire, "").unwrap_err();
        assert_eq!(error, "TableName: expected text, found a number");
        let wire = json!({"TableName": "Books", "Key": {"id": {"S": 7}}});
        let error = Reader::server(service).json(member, &wire, "").unwrap_err();
        assert_eq!(error, "Key.id.S: expected text, found a number");
    }

    #[test]
    fn instants_are_seconds_on_the_wire_and_text_for_people() {
        let service = model::service("dynamodb").unwrap();
        let member = service.operation("DescribeTable").unwrap().output.as_ref().unwrap();
        let output = json!({"Table": {"CreationDateTime": 1_767_603_600.25}});
        let wire = write(service, member, &output);
        assert_eq!(wire, output);
        let shown = Reader::client(service).json(member, &wire, "").unwrap();
        assert_eq!(shown, json!({"Table": {"CreationDateTime": "2026-01-05T09:00:00.250000+00:00"}}));
    }
}
