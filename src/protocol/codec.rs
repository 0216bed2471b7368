//! HTTP ↔ JSON, driven by the models: what a request asks for, and how an answer or an error is written.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// How a request is written, and therefore its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WireProtocol {
    /// JSON with `X-Amz-Target`; the version only changes the content type.
    Json10,
    /// JSON with `X-Amz-Target`.
    Json11,
    /// A form with `Action`, answered in XML.
    Query,
    /// Path, query string, headers and a JSON body.
    RestJson,
    /// Path, query string, headers and an XML body.
    RestXml,
    /// CBOR at `/service/…/operation/…`.
    Cbor,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodedRequest {
    /// Our key of the service: `rds`, `s3`, `cloudwatch`.
    pub service: &'static str,
    /// The API's name of the operation.
    pub operation: &'static str,
    /// The Region of the credential scope; global services have their scope's Region.
    pub region: String,
    /// The access key of the signature; empty when there is none.
    pub access_key: String,
    /// The input, with the model's member names.
    pub input: Value,
    /// The streaming body (`PutObject`), after `aws-chunked` is taken off.
    pub payload: Option<Bytes>,
    /// How it was written.
    pub protocol: WireProtocol,
}

/// Why a request could not be decoded. [`RequestError::response`] writes it for the client.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// The operation or the whole service is not simulated.
    #[error("{service}:{operation} is not simulated by this sandbox")]
    Unsupported {
        /// Our key of the service, or its signing name when we have none.
        service: String,
        /// The operation as far as it can be told.
        operation: String,
        /// How the error is to be written.
        protocol: WireProtocol,
    },
    /// The request is not signed and no service can be told from it.
    #[error("the request names no AWS service: it has no signature with a credential scope")]
    NoService,
    /// The request is for a known operation but cannot be read.
    #[error("{service}:{operation}: {message}")]
    Malformed {
        /// Our key of the service.
        service: String,
        /// The API's name of the operation.
        operation: String,
        /// How the error is to be written.
        protocol: WireProtocol,
        /// What is wrong.
        message: String,
    },
}

/// An error of a service, as a handler gives it and as a client reads it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ServiceError {
    /// AWS's code, `DBClusterNotFoundFault`.
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// Further members of the error's shape; an object, or null.
    pub fields: Value,
}

impl ServiceError {
    /// An error without further members.
    pub fn new(code: impl Into<String>, message: impl Into<String>, status: u16) -> Self {
        Self { code: code.into(), message: message.into(), status, fields: Value::Null }
    }
}

/// Reads a request.
pub fn decode_request(request: &http::Request<Bytes>) -> Result<DecodedRequest, RequestError> {
    let _ = request;
    Err(RequestError::NoService)
}

/// Writes the answer to `request`.
pub fn encode_response(
    request: &DecodedRequest,
    output: &Value,
    payload: Option<Bytes>,
    request_id: &str,
) -> http::Response<Bytes> {
    let _ = (request, output, payload, request_id);
    http::Response::new(Bytes::new())
}

/// Writes an error in the shape of the service's protocol.
pub fn encode_error(request: &DecodedRequest, error: &ServiceError, request_id: &str) -> http::Response<Bytes> {
    let _ = (request, error, request_id);
    http::Response::new(Bytes::new())
}

impl RequestError {
    /// Writes this error for the client, in the shape of the service's protocol.
    pub fn response(&self, request_id: &str) -> http::Response<Bytes> {
        let _ = request_id;
        http::Response::new(Bytes::new())
    }
}

/// Reads a captured response of `operation` into what the AWS CLI would print: timestamps as ISO 8601, no streaming body.
///
/// # Errors
/// The service's error, when `status` or the body says that it is one.
pub fn decode_response(
    service: &str,
    operation: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, ServiceError> {
    let _ = (service, operation, headers, body);
    Err(ServiceError::new("NotReadYet", "responses cannot be read yet", status.as_u16()))
}
