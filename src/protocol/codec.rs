//! What the codec speaks of: protocols, decoded requests, and the errors of services and of requests.

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::errors;
use super::model;

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

impl WireProtocol {
    /// The content type of an answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json10 => "application/x-amz-json-1.0",
            Self::Json11 => "application/x-amz-json-1.1",
            Self::Query => "text/xml",
            Self::RestJson => "application/json",
            Self::RestXml => "application/xml",
            Self::Cbor => "application/cbor",
        }
    }
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
    /// A member that the model requires is absent.
    #[error("{service}:{operation}: the request must contain {member}")]
    Missing {
        /// Our key of the service.
        service: String,
        /// The API's name of the operation.
        operation: String,
        /// How the error is to be written.
        protocol: WireProtocol,
        /// The member.
        member: String,
    },
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
    /// The HTTP status; 0 means the one that the model gives this code, or 400.
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

impl RequestError {
    /// Writes this error for the client, in the shape of the service's protocol.
    pub fn response(&self, request_id: &str) -> Response<Bytes> {
        let (key, protocol, error) = match self {
            Self::Unsupported { service, protocol, .. } => {
                (service.as_str(), *protocol, ServiceError::new("SandboxUnsupportedOperation", self.to_string(), 400))
            }
            Self::NoService => {
                let error = ServiceError::new("MissingAuthenticationToken", self.to_string(), 403);
                ("", WireProtocol::RestJson, error)
            }
            Self::Missing { service, protocol, member, .. } => {
                (service.as_str(), *protocol, missing(*protocol, member))
            }
            Self::Malformed { service, protocol, message, .. } => {
                (service.as_str(), *protocol, malformed(service, message))
            }
        };
        let service = model::service(key);
        errors::write(&errors::Asked { key, service, protocol, head: false }, &error, request_id)
    }
}

/// What AWS says of an absent member, by protocol.
fn missing(protocol: WireProtocol, member: &str) -> ServiceError {
    if protocol == WireProtocol::Query {
        return ServiceError::new("MissingParameter", format!("The request must contain the parameter {member}."), 400);
    }
    let message = format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    );
    ServiceError::new(
        if protocol == WireProtocol::RestXml { "InvalidRequest" } else { "ValidationException" },
        message,
        400,
    )
}

/// What AWS says of a body that it cannot read, by service.
fn malformed(service: &str, message: &str) -> ServiceError {
    let code = match model::service(service).map(|service| service.metadata.protocol.as_str()) {
        Some("query") => "MalformedInput",
        Some("rest-xml") if service == "s3" => "MalformedXML",
        Some("rest-xml") => "InvalidInput",
        _ => "SerializationException",
    };
    ServiceError::new(code, message, 400)
}
