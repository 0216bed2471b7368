//! Scalars as text, for XML, forms, paths, query strings and headers; and the context that every reader shares.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

use super::model::{Kind, Member, Service, Shape};
use super::timestamps::{self, Format};

/// How instants appear in the JSON that a reader makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamps {
    /// Numbers of epoch seconds, for handlers.
    Epoch,
    /// Text as the AWS CLI prints it.
    Display,
}

/// What a reader of one protocol needs to know.
#[derive(Clone, Copy)]
pub struct Reader {
    /// Whose shapes.
    pub service: &'static Service,
    /// How instants are given.
    pub stamps: Stamps,
}

impl Reader {
    /// For a server: strict numbers of seconds.
    pub fn server(service: &'static Service) -> Self {
        Self { service, stamps: Stamps::Epoch }
    }

    /// For a client: what the AWS CLI prints.
    pub fn client(service: &'static Service) -> Self {
        Self { service, stamps: Stamps::Display }
    }

    /// The JSON of an instant.
    pub fn stamp(&self, seconds: f64) -> Value {
        match self.stamps {
            Stamps::Epoch => number(seconds),
            Stamps::Display => timestamps::display(seconds).map_or(Value::Null, Value::String),
        }
    }

    /// The JSON of a scalar that the wire gave as text.
    pub fn scalar(&self, member: &Member, text: &str) -> Result<Value, String> {
        let wrong = |expected: &str| format!("expected {expected}, found '{}'", clip(text));
        Ok(match self.service.shape(member).kind {
            Kind::Boolean => match text.trim() {
                "true" | "True" => Value::Bool(true),
                "false" | "False" => Value::Bool(false),
                _ => return Err(wrong("true or false")),
            },
            Kind::Integer | Kind::Long => text.trim().parse::<i64>().map_err(|_| wrong("a whole number"))?.into(),
            Kind::Double => number(text.trim().parse().map_err(|_| wrong("a number"))?),
            Kind::Timestamp => self.stamp(timestamps::parse(text).ok_or_else(|| wrong("a date and time"))?),
            _ => Value::String(text.to_owned()),
        })
    }
}

/// The first characters of what a client sent, for an error message.
pub fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}

/// A number in JSON: whole ones without a fraction, so that 5.0 read from XML equals 5 read from JSON.
pub fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// Seconds of an instant in our JSON: a number, or text in any format.
pub fn seconds(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => timestamps::parse(text),
        _ => None,
    }
}

/// The text of a scalar on the wire; `None` for null and for what is no scalar.
pub fn text(service: &Service, member: &Member, value: &Value, default: Format) -> Option<String> {
    let shape = service.shape(member);
    if shape.kind == Kind::Timestamp {
        return timestamps::write(seconds(value)?, stamp_format(member, shape, default));
    }
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// How the model wants an instant written.
pub fn stamp_format(member: &Member, shape: &Shape, default: Format) -> Format {
    Format::named(member.timestamp_format.as_deref())
        .or_else(|| Format::named(shape.timestamp_format.as_deref()))
        .unwrap_or(default)
}

/// Bytes as our JSON holds them.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of a blob in our JSON.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
