//! The server's second half: JSON output or an error as a response.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};

use super::codec::{DecodedRequest, ServiceError, WireProtocol};
use super::model::{self, OperationModel, Service};
use super::{cbor, errors, json, query, rest, s3};

/// Writes the answer to `request`.
pub fn encode_response(
    request: &DecodedRequest,
    output: &Value,
    payload: Option<Bytes>,
    request_id: &str,
) -> Response<Bytes> {
    let found = model::service(request.service).and_then(|s| Some((s, s.operation(request.operation)?)));
    let Some((service, operation)) = found else {
        // Only a request made by hand can name an operation that is in no model.
        let error = ServiceError::new("InternalFailure", format!("{} is not in the models", request.operation), 500);
        return encode_error(request, &error, request_id);
    };
    let empty = Map::new();
    let mut status = StatusCode::OK;
    let mut headers = Vec::new();
    let body = match request.protocol {
        WireProtocol::RestJson | WireProtocol::RestXml => {
            status = operation.status.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(status);
            let mut output = output.clone();
            s3::encode_listing(&operation.name, &request.input, &mut output);
            let fields = output.as_object().unwrap_or(&empty);
            if fields.contains_key("ContentRange") {
                status = StatusCode::PARTIAL_CONTENT;
            }
            match &operation.output {
                Some(side) => {
                    headers = rest::write_headers(service, service.shape(side), fields);
                    rest::write_body(service, operation, side, fields, payload)
                }
                None => rest::Body::default(),
            }
        }
        _ => write_rpc(service, operation, request.protocol, output, request_id),
    };
    let is_head = operation.method == "HEAD";
    let bytes = if is_head { Bytes::new() } else { body.bytes };
    let named = headers.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let mut answer = response(request.service, request.protocol, status, request_id, named, bytes);
    let content_type = body.content_type.map(HeaderValue::from_static);
    if let (false, Some(value)) = (answer.headers().contains_key(CONTENT_TYPE), content_type) {
        answer.headers_mut().insert(CONTENT_TYPE, value);
    }
    answer
}

fn write_rpc(
    service: &Service,
    operation: &OperationModel,
    protocol: WireProtocol,
    output: &Value,
    request_id: &str,
) -> rest::Body {
    let content_type = Some(protocol.content_type());
    let bytes = match (protocol, &operation.output) {
        (WireProtocol::Query, _) => query::write_output(service, operation, output, request_id).into(),
        (WireProtocol::Cbor, Some(side)) => cbor::bytes(&cbor::write(service, side, output)).into(),
        // RPC v2: an operation without an output has neither body nor content type.
        (WireProtocol::Cbor, None) => return rest::Body::default(),
        // AWS JSON answers an operation without an output with an empty body.
        (_, None) => Bytes::new(),
        (_, Some(side)) => json::write(service, side, output).to_string().into(),
    };
    rest::Body { bytes, content_type }
}

/// A response with what all of a service's answers have: the request's id where its SDKs look for it.
pub(super) fn response(
    key: &str,
    protocol: WireProtocol,
    status: StatusCode,
    request_id: &str,
    headers: Vec<(&str, String)>,
    body: Bytes,
) -> Response<Bytes> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let mut all = headers;
    if key == "s3" {
        all.extend([("x-amz-request-id", request_id.to_owned()), ("x-amz-id-2", format!("{request_id}/sandbox"))]);
    } else {
        all.push(("x-amzn-requestid", request_id.to_owned()));
    }
    if protocol == WireProtocol::Cbor {
        all.push(("smithy-protocol", "rpc-v2-cbor".to_owned()));
    }
    for (name, value) in all {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

/// Writes an error in the shape of the service's protocol.
pub fn encode_error(request: &DecodedRequest, error: &ServiceError, request_id: &str) -> Response<Bytes> {
    let service = model::service(request.service);
    let operation = service.and_then(|service| service.operation(request.operation));
    let head = operation.is_some_and(|operation| operation.method == "HEAD");
    errors::write(&errors::Asked { key: request.service, service, protocol: request.protocol, head }, error, request_id)
}
