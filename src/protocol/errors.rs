//! Errors on the wire: each protocol's shape, written and read.

use bytes::Bytes;
use ciborium::Value as Cbor;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Map, Value};

use super::answer::response;
use super::codec::{ServiceError, WireProtocol};
use super::model::{Member, Service, Shape};
use super::scalar::Reader;
use super::xml::{self, Element, Writer};
use super::{cbor, json};

/// Whom an error answers.
pub struct Asked<'a> {
    /// Our key of the service, or its signing name.
    pub key: &'a str,
    /// Its model, when there is one.
    pub service: Option<&'static Service>,
    /// How it speaks.
    pub protocol: WireProtocol,
    /// Whether the request was a HEAD, whose answer has no body.
    pub head: bool,
}

fn is_message(member: &Member) -> bool {
    member.name.eq_ignore_ascii_case("message")
}

/// Writes an error.
pub fn write(asked: &Asked<'_>, error: &ServiceError, request_id: &str) -> Response<Bytes> {
    let shape = asked.service.and_then(|service| service.error(&error.code));
    let known = shape.and_then(|shape| shape.error.as_ref());
    let status = if error.status == 0 { known.map_or(400, |known| known.status) } else { error.status };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // What XML calls the code is the trait's; what JSON and CBOR call the type is the shape's name.
    let code = known.map_or(error.code.as_str(), |known| &known.code);
    let name = shape.map_or(error.code.as_str(), |shape| &shape.name);
    let fields = with_message(shape, error);
    let fault = if status.is_server_error() { "Receiver" } else { "Sender" };

    let mut headers: Vec<(&str, String)> = Vec::new();
    if asked.service.is_some_and(|service| service.metadata.aws_query_compatible) {
        headers.push(("x-amzn-query-error", format!("{code};{fault}")));
    }
    let (content_type, body) = match asked.protocol {
        WireProtocol::Json10 | WireProtocol::Json11 | WireProtocol::RestJson => {
            headers.push(("x-amzn-errortype", name.to_owned()));
            let mut body = Map::from_iter([("__type".to_owned(), Value::from(name))]);
            body.extend(match (asked.service, shape) {
                (Some(service), Some(shape)) => {
                    let mut written = json::write_members(service, shape, &fields, |_| true);
                    // CloudWatch Logs says why in words that its model does not list. The Parameter Store does not:
                    // where its model lists no message, there is none.
                    if asked.key != "ssm" && !shape.members.iter().any(is_message) {
                        written.insert("message".to_owned(), error.message.as_str().into());
                    }
                    written
                }
                _ => fields,
            });
            (asked.protocol.content_type(), Bytes::from(Value::Object(body).to_string()))
        }
        WireProtocol::Cbor => {
            let mut entries = vec![(cbor::text("__type"), cbor::text(name))];
            for (key, value) in &fields {
                let member = shape.and_then(|shape| shape.get(key));
                let value = match (asked.service, member) {
                    (Some(service), Some(member)) => cbor::write(service, member, value),
                    _ => cbor::text(value.as_str().unwrap_or_default()),
                };
                entries.push((cbor::text(key), value));
            }
            (asked.protocol.content_type(), cbor::bytes(&Cbor::Map(entries)).into())
        }
        WireProtocol::Query | WireProtocol::RestXml => {
            let body = write_xml(asked, shape, code, fault, &error.message, &fields, request_id);
            (asked.protocol.content_type(), body.into())
        }
    };
    let body = if asked.head { Bytes::new() } else { body };
    let mut answer = response(asked.key, asked.protocol, status, request_id, headers, body);
    if let (false, Ok(value)) = (asked.head, content_type.parse()) {
        answer.headers_mut().insert(CONTENT_TYPE, value);
    }
    answer
}

/// The members of the error's shape, with the message under the name that the shape gives it.
fn with_message(shape: Option<&Shape>, error: &ServiceError) -> Map<String, Value> {
    let name = shape.and_then(|shape| shape.members.iter().find(|member| is_message(member)));
    let name = name.map_or("message", |member| &member.name);
    let mut fields = Map::from_iter([(name.to_owned(), Value::from(error.message.as_str()))]);
    fields.extend(error.fields.as_object().cloned().unwrap_or_default());
    fields
}

fn write_xml(
    asked: &Asked<'_>,
    shape: Option<&Shape>,
    code: &str,
    fault: &str,
    message: &str,
    fields: &Map<String, Value>,
    request_id: &str,
) -> String {
    let mut writer = Writer::document();
    let is_s3 = asked.key == "s3";
    // Source: Amazon EC2 API Reference, "Example error response".
    if asked.service.is_some_and(Service::is_ec2) {
        for name in ["Response", "Errors", "Error"] {
            writer.open(name, None);
        }
        writer.leaf("Code", code);
        writer.leaf("Message", message);
        writer.close("Error");
        writer.close("Errors");
        writer.leaf("RequestID", request_id);
        writer.close("Response");
        return writer.finish();
    }
    let namespace = asked.service.and_then(|service| service.metadata.xml_namespace.as_deref());
    if !is_s3 {
        writer.open("ErrorResponse", namespace);
    }
    writer.open("Error", None);
    if !is_s3 {
        writer.leaf("Type", fault);
    }
    writer.leaf("Code", code);
    writer.leaf("Message", message);
    match (asked.service, shape) {
        (Some(service), Some(shape)) => writer.members(service, shape, fields, |member| !is_message(member)),
        // Names such as S3's BucketName, which no shape lists.
        _ => {
            for (name, value) in fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("message")) {
                writer.leaf(name, value.as_str().unwrap_or_default());
            }
        }
    }
    if !is_s3 {
        writer.close("Error");
    }
    writer.leaf("RequestId", request_id);
    writer.close(if is_s3 { "Error" } else { "ErrorResponse" });
    writer.finish()
}

/// Reads an error.
pub fn read(service: &'static Service, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ServiceError {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = header("content-type").unwrap_or_default();
    let reader = Reader::client(service);
    let found = if content_type.contains("cbor") {
        read_cbor(reader, body)
    } else if content_type.contains("json") || body.trim_ascii_start().starts_with(b"{") {
        read_json(reader, body)
    } else {
        xml::parse(body).ok().flatten().map(|root| read_xml(reader, &root))
    };
    let mut error = found.unwrap_or_else(|| {
        // A HEAD has no body; the AWS CLI then shows the status.
        ServiceError::new(status.as_str(), status.canonical_reason().unwrap_or_default(), 0)
    });
    let typed = header("x-amzn-query-error").and_then(|value| value.split(';').next());
    if let Some(code) = typed.or(header("x-amzn-errortype").filter(|_| error.code.is_empty())) {
        bare(code).clone_into(&mut error.code);
    }
    error.status = status.as_u16();
    error
}

/// `ns#Code:http://…` → `Code`.
fn bare(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or(name);
    name.rsplit('#').next().unwrap_or(name)
}

fn read_json(reader: Reader, body: &[u8]) -> Option<ServiceError> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return None };
    let text =
        |names: &[&str]| names.iter().find_map(|name| fields.get(*name)?.as_str()).unwrap_or_default().to_owned();
    let code = text(&["__type", "code", "Code"]);
    let mut error = ServiceError::new(bare(&code), text(&["message", "Message"]), 0);
    if let Some(shape) = reader.service.error(&error.code) {
        let read = reader.json_members(shape, &fields, "", |member| !is_message(member));
        error.fields = read.map_or(Value::Null, Value::Object);
    }
    Some(error)
}

fn read_cbor(reader: Reader, body: &[u8]) -> Option<ServiceError> {
    let map = cbor::parse(body).ok()?;
    let message = cbor::entry_text(&map, "message").or(cbor::entry_text(&map, "Message")).unwrap_or_default();
    let code = bare(cbor::entry_text(&map, "__type")?);
    // The code that the query protocol and the AWS CLI show, where the shape has another name.
    let known = reader.service.error(code).and_then(|shape| shape.error.as_ref());
    Some(ServiceError::new(known.map_or(code, |known| &known.code), message, 0))
}

fn read_xml(reader: Reader, root: &Element) -> ServiceError {
    let error = root.child("Errors").unwrap_or(root).child("Error").unwrap_or(root);
    let text = |name| error.child_text(name).unwrap_or_default();
    let mut found = ServiceError::new(text("Code"), text("Message"), 0);
    if let Some(shape) = reader.service.error(&found.code) {
        let read = reader.xml_members(shape, error, |member| !is_message(member));
        found.fields = read.map_or(Value::Null, Value::Object);
    }
    found
}
