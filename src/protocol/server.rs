//! The server's first half: which operation a request asks for, and its input as JSON.

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::auth::{self, Scope};
use super::cbor;
use super::codec::{DecodedRequest, RequestError, ServiceError, WireProtocol};
use super::errors;
use super::model::{self, OperationModel, Service};
use super::percent;
use super::query::Form;
use super::rest::Incoming;
use super::route;
use super::s3;
use super::scalar::Reader;
use crate::domain::Region;

/// Reads a request.
pub fn decode_request(request: &http::Request<Bytes>) -> Result<DecodedRequest, RequestError> {
    let Some(scope) = auth::scope(request).or_else(|| auth::nobody(request)) else {
        let service = auth::guess(request);
        if auth::is_version_2(request) && service.is_some_and(|service| service.key == "s3") {
            return Err(RequestError::OldSignature);
        }
        return Err(RequestError::NoService {
            service: service.map(|service| service.key.clone()).unwrap_or_default(),
            protocol: protocol_of(request, service.map(Service::signing_name).unwrap_or_default()),
            garbled: auth::is_claimed(request),
        });
    };
    let protocol = protocol_of(request, &scope.service);
    let Some(service) = service_of(request, &scope) else {
        return Err(RequestError::Unsupported {
            operation: asked_operation(request, protocol),
            service: scope.service,
            protocol,
        });
    };
    // Signatures for all Regions, as SigV4A makes them, name none or `*`.
    if !["", "*"].contains(&scope.region.as_str()) && Region::parse(&scope.region).is_err() {
        return Err(RequestError::UnknownRegion { service: service.key.clone(), protocol, region: scope.region });
    }
    let unsupported = || RequestError::Unsupported {
        service: service.key.clone(),
        operation: asked_operation(request, protocol),
        protocol,
    };
    let (operation, read) = match protocol {
        WireProtocol::RestJson | WireProtocol::RestXml => {
            let query: Vec<_> = percent::pairs(request.uri().query().unwrap_or_default()).collect();
            let path = match service.key.as_str() {
                "s3" => s3::path_style(&host(request), request.uri().path()),
                _ => request.uri().path().to_owned(),
            };
            let (method, headers) = (request.method().as_str(), request.headers());
            let asked = route::Asked { method, path: &path, query: &query, headers };
            let found = route::find(service, &asked).ok_or_else(unsupported)?;
            (found.operation, read_rest(service, &found, &query, request))
        }
        _ => {
            let name = asked_operation(request, protocol);
            let operation = service.operation(&name).ok_or_else(unsupported)?;
            (operation, read_rpc(service, operation, protocol, request).map(|input| (input, None)))
        }
    };
    let named = |message| RequestError::Malformed {
        service: service.key.clone(),
        operation: operation.name.clone(),
        protocol,
        message,
    };
    let (input, payload) = read.map_err(named)?;
    check_required(service, operation, protocol, &input, payload.is_some())?;
    Ok(DecodedRequest {
        service: &service.key,
        operation: &operation.name,
        region: scope.region,
        access_key: scope.access_key,
        input,
        payload,
        protocol,
    })
}

/// Refuses a request whose body was not taken, in the shape of the service that it is for.
pub fn refuse<B>(request: &http::Request<B>, error: &ServiceError, request_id: &str) -> http::Response<Bytes> {
    let service = model_of(request);
    let signing_name = service.map(Service::signing_name).unwrap_or_default();
    let asked = errors::Asked {
        key: service.map(|service| service.key.as_str()).unwrap_or_default(),
        service,
        protocol: protocol_of(request, signing_name),
        head: request.method() == http::Method::HEAD,
    };
    errors::write(&asked, error, request_id)
}

/// Our key of the service that a request is signed for, or seems to be for.
pub fn signed_for<B>(request: &http::Request<B>) -> Option<&'static str> {
    model_of(request).map(|service| service.key.as_str())
}

fn model_of<B>(request: &http::Request<B>) -> Option<&'static Service> {
    match auth::scope(request) {
        Some(scope) => service_of(request, &scope),
        None => auth::guess(request),
    }
}

/// The service that a signature is for; where several sign by the same name, the target tells.
fn service_of<B>(request: &http::Request<B>, scope: &Scope) -> Option<&'static Service> {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    model::service_by_target(&scope.service, target).or_else(|| model::service_by_signing_name(&scope.service))
}

/// How a request is written; for a service without a model, the best guess, so that its error can be read.
fn protocol_of<B>(request: &http::Request<B>, signing_name: &str) -> WireProtocol {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = header("content-type");
    if header("smithy-protocol") == "rpc-v2-cbor" {
        WireProtocol::Cbor
    } else if request.headers().contains_key("x-amz-target") {
        if content_type.contains("1.1") { WireProtocol::Json11 } else { WireProtocol::Json10 }
    } else {
        match model::service_by_signing_name(signing_name).map(|service| service.metadata.protocol.as_str()) {
            Some("rest-json") => WireProtocol::RestJson,
            Some("rest-xml") => WireProtocol::RestXml,
            Some(_) => WireProtocol::Query,
            None if content_type.contains("x-www-form-urlencoded") => WireProtocol::Query,
            None => WireProtocol::RestJson,
        }
    }
}

/// The operation's name as the request gives it; method and path where REST gives none.
fn asked_operation(request: &http::Request<Bytes>, protocol: WireProtocol) -> String {
    let last = |text: &str, separator| text.rsplit(separator).next().unwrap_or_default().to_owned();
    match protocol {
        WireProtocol::Cbor => last(request.uri().path(), '/'),
        WireProtocol::Json10 | WireProtocol::Json11 => {
            last(request.headers().get("x-amz-target").and_then(|v| v.to_str().ok()).unwrap_or_default(), '.')
        }
        WireProtocol::Query => form(request).get("Action").unwrap_or("a request without Action").to_owned(),
        WireProtocol::RestJson | WireProtocol::RestXml => {
            let keys: Vec<_> =
                percent::pairs(request.uri().query().unwrap_or_default()).map(|(name, _)| name).collect();
            let keys: Vec<_> = keys.iter().filter(|name| !s3::is_neutral_query(name)).map(String::as_str).collect();
            let query = if keys.is_empty() { String::new() } else { format!("?{}", keys.join("&")) };
            format!("{} {}{query}", request.method(), request.uri().path())
        }
    }
}

/// The form of a query request: the body of a POST, or the query string of a GET.
fn form(request: &http::Request<Bytes>) -> Form {
    match std::str::from_utf8(request.body()) {
        Ok(text) if !text.is_empty() => Form::parse(text),
        _ => Form::parse(request.uri().query().unwrap_or_default()),
    }
}

fn host(request: &http::Request<Bytes>) -> String {
    let header = request.headers().get(HOST).and_then(|value| value.to_str().ok());
    header.or(request.uri().host()).unwrap_or_default().to_owned()
}

fn read_rpc(
    service: &'static Service,
    operation: &OperationModel,
    protocol: WireProtocol,
    request: &http::Request<Bytes>,
) -> Result<Value, String> {
    let Some(member) = &operation.input else { return Ok(Value::Object(Map::new())) };
    let reader = Reader::server(service);
    match protocol {
        WireProtocol::Query => reader.form(member, &form(request)),
        WireProtocol::Cbor => reader.cbor(member, &cbor::parse(request.body())?),
        _ if request.body().is_empty() => Ok(Value::Object(Map::new())),
        _ => {
            let value = serde_json::from_slice(request.body()).map_err(|e| format!("the JSON cannot be read: {e}"))?;
            reader.json(member, &value, "")
        }
    }
}

fn read_rest(
    service: &'static Service,
    found: &route::Route,
    query: &[(String, String)],
    request: &http::Request<Bytes>,
) -> Result<(Value, Option<Bytes>), String> {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut headers = request.headers().clone();
    let mut body = request.body().clone();
    if text("content-encoding").contains("aws-chunked") || text("x-amz-content-sha256").starts_with("STREAMING-") {
        let (bytes, trailers) = s3::unchunk(&body)?;
        body = bytes;
        headers.insert("content-length", HeaderValue::from(body.len()));
        let kept: Vec<_> = text("content-encoding").split(',').map(str::trim).filter(|c| *c != "aws-chunked").collect();
        match HeaderValue::from_str(&kept.join(",")) {
            Ok(value) if !value.is_empty() => headers.insert("content-encoding", value),
            _ => headers.remove("content-encoding"),
        };
        for (name, value) in trailers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
    }
    let incoming = Incoming { labels: &found.labels, query, headers: &headers, body: &body };
    Reader::server(service).rest_input(found.operation, &incoming)
}

fn check_required(
    service: &'static Service,
    operation: &OperationModel,
    protocol: WireProtocol,
    input: &Value,
    has_payload: bool,
) -> Result<(), RequestError> {
    let shape = operation.input.as_ref().map(|member| service.shape(member));
    let required = shape.into_iter().flat_map(|shape| &shape.members).filter(|member| member.required);
    let is_payload = |name: &str| has_payload && shape.and_then(|shape| shape.payload.as_deref()) == Some(name);
    let mut absent = required.filter(|member| input.get(&member.name).is_none() && !is_payload(&member.name));
    match absent.find(|member| !member.idempotency_token) {
        None => Ok(()),
        Some(member) => Err(RequestError::Missing {
            service: service.key.clone(),
            operation: operation.name.clone(),
            protocol,
            member: member.name.clone(),
        }),
    }
}
