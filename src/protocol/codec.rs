//! What the codec speaks of: protocols, decoded requests, and the errors of services and of requests.

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::errors;
use super::model;
use crate::domain::Region;

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
    /// The request is not signed, or its signature has no credential scope.
    #[error("the request names no AWS service: {}", if *.garbled { "its signature has no credential scope" } else { "it has no signature" })]
    NoService {
        /// The service that it seems to be for; empty when that cannot be told.
        service: String,
        /// How the error is to be written.
        protocol: WireProtocol,
        /// Whether there is a signature, which cannot be read.
        garbled: bool,
    },
    /// The request is for S3, and signed by version 2.
    #[error("the request is signed by version 2, which S3 does not take for new buckets")]
    OldSignature,
    /// The credential scope names a Region that does not exist.
    #[error("there is no Region '{region}'")]
    UnknownRegion {
        /// Our key of the service.
        service: String,
        /// How the error is to be written.
        protocol: WireProtocol,
        /// The Region.
        region: String,
    },
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
            Self::NoService { service, protocol, garbled } => {
                (service.as_str(), *protocol, unsigned(service, *protocol, *garbled))
            }
            // Source: Amazon S3 User Guide, "AWS Signature Version 2 turned off (deprecated) for Amazon S3".
            Self::OldSignature => {
                let why =
                    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
                ("s3", WireProtocol::RestXml, ServiceError::new("InvalidRequest", why, 400))
            }
            Self::UnknownRegion { service, protocol, region } => {
                (service.as_str(), *protocol, unknown_region(service, *protocol, region))
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

/// What AWS says of a request without a signature, or with one that it cannot read. Sources: API references, "Common
/// errors"; Amazon S3, "Error responses".
fn unsigned(service: &str, protocol: WireProtocol, garbled: bool) -> ServiceError {
    let is_xml = matches!(protocol, WireProtocol::Query | WireProtocol::RestXml);
    let hint = "The sandbox reads service and Region from the signature; any access key will do.";
    match (garbled, service, is_xml) {
        (true, "s3", _) => {
            let message = format!("The authorization header that you provided is not valid. {hint}");
            ServiceError::new("AuthorizationHeaderMalformed", message, 400)
        }
        (false, "s3", _) => ServiceError::new("AccessDenied", format!("Access Denied. {hint}"), 403),
        (true, _, is_xml) => {
            let code = if is_xml { "IncompleteSignature" } else { "IncompleteSignatureException" };
            let message = format!(
                "Authorization header requires 'Credential' parameter with a scope KEY/DATE/REGION/SERVICE/aws4_request. {hint}"
            );
            ServiceError::new(code, message, 400)
        }
        (false, _, is_xml) => {
            let code = if is_xml { "MissingAuthenticationToken" } else { "MissingAuthenticationTokenException" };
            ServiceError::new(code, format!("Request is missing Authentication Token. {hint}"), 403)
        }
    }
}

/// What AWS says of a signature for another place.
fn unknown_region(service: &str, protocol: WireProtocol, region: &str) -> ServiceError {
    let nearest = match Region::parse(region) {
        Err(error) => format!(" ({error})"),
        Ok(_) => String::new(),
    };
    if service == "s3" {
        let message = format!("The authorization header is malformed; the region '{region}' is wrong{nearest}");
        return ServiceError::new("AuthorizationHeaderMalformed", message, 400);
    }
    let is_xml = matches!(protocol, WireProtocol::Query | WireProtocol::RestXml);
    let code = if is_xml { "SignatureDoesNotMatch" } else { "InvalidSignatureException" };
    ServiceError::new(code, format!("Credential should be scoped to a valid region{nearest}."), 403)
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
        Some("query" | "ec2") => "MalformedInput",
        Some("rest-xml") if service == "s3" => "MalformedXML",
        Some("rest-xml") => "InvalidInput",
        _ => "SerializationException",
    };
    ServiceError::new(code, message, 400)
}
