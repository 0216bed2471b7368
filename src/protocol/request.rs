//! The other half of a client: JSON input as the request that an SDK would send, signed by name only.
//!
//! The guide itself calls AWS through the SDK. This is for whoever tests or drives a [`Wire`](super::Wire) directly.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use serde_json::{Map, Value};

use super::codec::WireProtocol;
use super::model::{self, OperationModel, Service};
use super::{cbor, json, query, rest};

/// The request for an operation, or `None` when it is in no model. `service` is our key.
///
/// The signature has the right scope and no value: the sandbox reads who asks where, and verifies nothing.
pub fn encode_request(
    service: &str,
    operation: &str,
    protocol: Option<WireProtocol>,
    region: &str,
    access_key: &str,
    input: &Value,
    payload: Option<Bytes>,
) -> Option<Request<Bytes>> {
    let service = model::service(service)?;
    let operation = service.operation(operation)?;
    let protocol = protocol.unwrap_or_else(|| preferred(service));
    let empty = Map::new();
    let fields = input.as_object().unwrap_or(&empty);

    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::from_bytes(operation.method.as_bytes()).ok()?;
    let (uri, body) = match protocol {
        WireProtocol::RestJson | WireProtocol::RestXml => {
            if let Some(side) = &operation.input {
                for (name, value) in rest::write_headers(service, service.shape(side), fields) {
                    request.headers_mut().insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
                }
            }
            let side = operation.input.as_ref();
            let body = side.map(|side| rest::write_body(service, operation, side, fields, payload));
            (rest::write_uri(service, operation, fields), body.unwrap_or_default())
        }
        _ => write_rpc(service, operation, protocol, input, request.headers_mut())?,
    };
    *request.uri_mut() = uri.parse::<Uri>().ok()?;
    *request.body_mut() = body.bytes;
    if let Some(content_type) = body.content_type {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    let host = format!("{}.{region}.amazonaws.com", service.metadata.endpoint_prefix);
    let credential = format!("{access_key}/20260105/{region}/{}/aws4_request", service.signing_name());
    let authorization = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=none");
    request.headers_mut().insert(HOST, HeaderValue::try_from(host).ok()?);
    request.headers_mut().insert(AUTHORIZATION, HeaderValue::try_from(authorization).ok()?);
    Some(request)
}

/// The protocol that botocore prefers.
fn preferred(service: &Service) -> WireProtocol {
    match (service.metadata.protocol.as_str(), service.metadata.json_version.as_deref()) {
        ("json", Some("1.1")) => WireProtocol::Json11,
        ("json", _) => WireProtocol::Json10,
        ("rest-json", _) => WireProtocol::RestJson,
        ("rest-xml", _) => WireProtocol::RestXml,
        ("smithy-rpc-v2-cbor", _) => WireProtocol::Cbor,
        _ => WireProtocol::Query,
    }
}

fn write_rpc(
    service: &Service,
    operation: &OperationModel,
    protocol: WireProtocol,
    input: &Value,
    headers: &mut http::HeaderMap,
) -> Option<(String, rest::Body)> {
    let target = service.metadata.target_prefix.as_deref().unwrap_or_default();
    let side = operation.input.as_ref();
    let mut uri = "/".to_owned();
    let (bytes, content_type) = match protocol {
        WireProtocol::Query => {
            (query::write(service, operation, input).into(), "application/x-www-form-urlencoded; charset=utf-8")
        }
        WireProtocol::Cbor => {
            headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
            uri = format!("/service/{target}/operation/{}", operation.name);
            let body = side.map(|side| cbor::bytes(&cbor::write(service, side, input)));
            (body.unwrap_or_default().into(), protocol.content_type())
        }
        _ => {
            let header = format!("{target}.{}", operation.name);
            headers.insert("x-amz-target", HeaderValue::try_from(header).ok()?);
            let body = side.map_or_else(|| "{}".to_owned(), |side| json::write(service, side, input).to_string());
            (Bytes::from(body), protocol.content_type())
        }
    };
    Some((uri, rest::Body { bytes, content_type: Some(content_type) }))
}
