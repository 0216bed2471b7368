//! REST: where each member travels (path, query string, headers, body), in both directions.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::model::{Kind, Location, Member, OperationModel, Service, Shape};
use super::percent;
use super::scalar::{self, Reader};
use super::timestamps::Format;
use super::xml::{self, Writer};
use super::{json, s3};

/// Route 53's answers carry this namespace; its model records it on inputs only.
const ROUTE53_NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

/// The body of a message.
#[derive(Debug, Default, PartialEq)]
pub struct Body {
    /// The bytes.
    pub bytes: Bytes,
    /// What they are, when the protocol says so.
    pub content_type: Option<&'static str>,
}

/// A request as the REST protocols see it.
pub struct Incoming<'a> {
    /// The decoded labels of the path.
    pub labels: &'a [(&'a str, String)],
    /// The decoded query string.
    pub query: &'a [(String, String)],
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a Bytes,
}

fn is_xml(service: &Service) -> bool {
    service.metadata.protocol == "rest-xml"
}

/// Whether a member travels in the body, together with others.
pub fn in_body(member: &Member) -> bool {
    member.location.is_none()
}

impl Reader {
    /// The input of a request, and its streaming body.
    pub fn rest_input(
        &self,
        operation: &OperationModel,
        incoming: &Incoming<'_>,
    ) -> Result<(Value, Option<Bytes>), String> {
        let Some(input) = &operation.input else { return Ok((Value::Object(Map::new()), None)) };
        let shape = self.service.shape(input);
        let (mut fields, payload) = self.rest_body(operation, shape, incoming.body)?;
        for member in &shape.members {
            let value = match member.location {
                Some(Location::Uri) => {
                    let label = incoming.labels.iter().find(|(name, _)| *name == member.wire_name());
                    label.map(|(_, text)| self.scalar(member, self.without_prefix(text))).transpose()
                }
                Some(Location::Querystring) => self.query_value(member, incoming.query),
                Some(Location::Header | Location::Headers) => self.header_value(member, incoming.headers),
                None => continue,
            };
            if let Some(value) = value.map_err(|error| format!("{}: {error}", member.name))? {
                fields.insert(member.name.clone(), value);
            }
        }
        Ok((Value::Object(fields), payload))
    }

    /// Route 53 takes `/hostedzone/Z1` where it wants `Z1`.
    fn without_prefix<'a>(&self, label: &'a str) -> &'a str {
        let prefixes = ["/hostedzone/", "/change/", "/healthcheck/"];
        let prefix = prefixes.iter().find_map(|prefix| label.strip_prefix(prefix));
        prefix.filter(|_| self.service.is_global()).unwrap_or(label)
    }

    /// The output in a response, without a streaming body.
    pub fn rest_output(&self, operation: &OperationModel, headers: &HeaderMap, body: &[u8]) -> Result<Value, String> {
        let Some(output) = &operation.output else { return Ok(Value::Object(Map::new())) };
        let shape = self.service.shape(output);
        let (mut fields, _) = self.rest_body(operation, shape, &Bytes::copy_from_slice(body))?;
        for member in &shape.members {
            if matches!(member.location, Some(Location::Header | Location::Headers)) {
                let value = self.header_value(member, headers).map_err(|error| format!("{}: {error}", member.name))?;
                if let Some(value) = value {
                    fields.insert(member.name.clone(), value);
                }
            }
        }
        Ok(Value::Object(fields))
    }

    fn query_value(&self, member: &Member, query: &[(String, String)]) -> Result<Option<Value>, String> {
        let mut given = query.iter().filter(|(name, _)| name == member.wire_name()).map(|(_, value)| value);
        match &self.service.shape(member).member {
            Some(element) => {
                let items = given.map(|text| self.scalar(element, text)).collect::<Result<Vec<_>, _>>()?;
                Ok((!items.is_empty()).then_some(Value::Array(items)))
            }
            None => given.next().map(|text| self.scalar(member, text)).transpose(),
        }
    }

    fn header_value(&self, member: &Member, headers: &HeaderMap) -> Result<Option<Value>, String> {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        if member.location == Some(Location::Headers) {
            let prefix = member.wire_name().to_ascii_lowercase();
            let named = headers.iter().filter_map(|(name, value)| Some((name.as_str().strip_prefix(&prefix)?, value)));
            let entries: Map<_, _> = named.map(|(name, value)| (name.to_owned(), Value::String(text(value)))).collect();
            return Ok((!entries.is_empty()).then_some(Value::Object(entries)));
        }
        let Some(value) = headers.get(member.wire_name()).map(text) else { return Ok(None) };
        match &self.service.shape(member).member {
            Some(element) => {
                value.split(',').map(|item| self.scalar(element, item.trim())).collect::<Result<_, _>>().map(Some)
            }
            None => self.scalar(member, &value).map(Some),
        }
    }

    /// What a body holds: the members that travel there, and a stream's bytes.
    fn rest_body(
        &self,
        operation: &OperationModel,
        shape: &Shape,
        body: &Bytes,
    ) -> Result<(Map<String, Value>, Option<Bytes>), String> {
        let mut fields = Map::new();
        let Some(member) = shape.payload_member() else {
            if operation.name == "GetBucketLocation" && shape.get("LocationConstraint").is_some() {
                let root = xml::parse(body)?.unwrap_or_default();
                let location = if root.text.is_empty() { Value::Null } else { Value::String(root.text) };
                fields.insert("LocationConstraint".into(), location);
            } else if !body.is_empty() && shape.members.iter().any(in_body) {
                fields = self.rest_structure(shape, body)?;
            }
            return Ok((fields, None));
        };
        let inner = self.service.shape(member);
        match inner.kind {
            Kind::Blob => return Ok((fields, Some(body.clone()))),
            _ if body.is_empty() => {}
            Kind::Structure => {
                let value = self.rest_structure(inner, body).map_err(|error| format!("{}: {error}", member.name))?;
                fields.insert(member.name.clone(), Value::Object(value));
            }
            _ => {
                fields.insert(member.name.clone(), Value::String(String::from_utf8_lossy(body).into_owned()));
            }
        }
        Ok((fields, None))
    }

    fn rest_structure(&self, shape: &Shape, body: &[u8]) -> Result<Map<String, Value>, String> {
        if is_xml(self.service) {
            return match xml::parse(body)? {
                Some(root) => self.xml_members(shape, &root, in_body),
                None => Ok(Map::new()),
            };
        }
        let value = serde_json::from_slice(body).map_err(|error| format!("the JSON cannot be read: {error}"))?;
        match value {
            Value::Object(fields) => self.json_members(shape, &fields, "", in_body),
            other => Err(format!("expected an object, found {}", json::kind_word(&other))),
        }
    }
}

/// The headers that carry members.
pub fn write_headers(service: &Service, shape: &Shape, fields: &Map<String, Value>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for member in &shape.members {
        let Some(value) = fields.get(&member.name) else { continue };
        match (member.location, value) {
            (Some(Location::Headers), Value::Object(entries)) => {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                headers.extend(entries.iter().map(|(k, v)| (format!("{}{k}", member.wire_name()), text(v))));
            }
            (Some(Location::Header), Value::Array(items)) => {
                let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
                headers.push((member.wire_name().to_owned(), items.join(",")));
            }
            (Some(Location::Header), value) => {
                let text = scalar::text(service, member, value, Format::Rfc822);
                headers.extend(text.map(|text| (member.wire_name().to_owned(), text)));
            }
            _ => {}
        }
    }
    headers
}

/// The path and query string of a request.
pub fn write_uri(service: &Service, operation: &OperationModel, fields: &Map<String, Value>) -> String {
    let (path, literal) = operation.uri.split_once('?').unwrap_or((&operation.uri, ""));
    let mut path = path.to_owned();
    let mut query: Vec<String> = literal.split('&').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let shape = operation.input.as_ref().map(|input| service.shape(input));
    for member in shape.into_iter().flat_map(|shape| &shape.members) {
        let texts = |value: &Value| -> Vec<String> {
            let element = service.shape(member).member.as_ref();
            match (value, element) {
                (Value::Array(items), Some(element)) => {
                    items.iter().filter_map(|item| scalar::text(service, element, item, Format::Iso8601)).collect()
                }
                _ => scalar::text(service, member, value, Format::Iso8601).into_iter().collect(),
            }
        };
        let Some(values) = fields.get(&member.name).map(texts) else { continue };
        let name = member.wire_name();
        match member.location {
            Some(Location::Uri) => {
                let text = values.first().map(String::as_str).unwrap_or_default();
                path = path.replace(&format!("{{{name}+}}"), &percent::encode_path(text));
                path = path.replace(&format!("{{{name}}}"), &percent::encode(text));
            }
            Some(Location::Querystring) => {
                query.extend(values.iter().map(|text| format!("{}={}", percent::encode(name), percent::encode(text))));
            }
            _ => {}
        }
    }
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

/// The body of a request or an answer; `side` is the operation's input or output.
pub fn write_body(
    service: &Service,
    operation: &OperationModel,
    side: &Member,
    fields: &Map<String, Value>,
    payload: Option<Bytes>,
) -> Body {
    let shape = service.shape(side);
    let Some(member) = shape.payload_member() else {
        if !shape.members.iter().any(in_body) {
            return Body::default();
        }
        return write_structure(service, operation, side, side, fields);
    };
    match service.shape(member).kind {
        Kind::Blob => Body { bytes: payload.unwrap_or_default(), content_type: None },
        Kind::Structure => match fields.get(&member.name) {
            Some(Value::Object(inner)) => write_structure(service, operation, side, member, inner),
            _ => Body::default(),
        },
        _ => {
            let text = fields.get(&member.name).and_then(Value::as_str).unwrap_or_default();
            Body { bytes: Bytes::copy_from_slice(text.as_bytes()), content_type: None }
        }
    }
}

/// `member` is the side itself, or its payload.
fn write_structure(
    service: &Service,
    operation: &OperationModel,
    side: &Member,
    member: &Member,
    fields: &Map<String, Value>,
) -> Body {
    let shape = service.shape(member);
    if !is_xml(service) {
        let body = json::write_members(service, shape, fields, in_body);
        return Body { bytes: Value::Object(body).to_string().into(), content_type: Some("application/json") };
    }
    let is_output = operation.output.as_ref().is_some_and(|output| std::ptr::eq(output, side));
    let known = s3::root(&operation.name).filter(|_| is_output && service.key == "s3");
    let root = known.or(member.location_name.as_deref()).unwrap_or(&shape.name);
    let namespace = member.xml_namespace.as_ref().map(|namespace| namespace.uri.as_str());
    let default = if service.key == "s3" { s3::NAMESPACE } else { ROUTE53_NAMESPACE };
    let mut writer = Writer::document();
    writer.open(root, Some(namespace.unwrap_or(default)));
    match fields.get("LocationConstraint").and_then(Value::as_str) {
        // The location is the root's own text.
        Some(location) if operation.name == "GetBucketLocation" => writer.text(location),
        _ => writer.members(service, shape, fields, in_body),
    }
    writer.close(root);
    Body { bytes: writer.finish().into(), content_type: Some("application/xml") }
}
