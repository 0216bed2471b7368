//! Requests and responses between machines, and which endpoint answers them.

use std::time::Duration;

use serde_json::{Value, json};

use super::names::Endpoint;
use super::{api, blog, cdn};
use crate::domain::GLOBAL_REGION;
use crate::domain::drill::ProbeError;
use crate::sandbox::faults;
use crate::sandbox::world::World;

/// A request as it arrives at an endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Whether it came over TLS.
    pub secure: bool,
    /// The host name that the client asks for.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path, with its leading slash.
    pub path: String,
    /// The query's members.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
    /// Who signed it.
    pub signer: Option<Signer>,
    /// Whether the client insists on a certificate that fits the name. Health checkers do not.
    pub checks_certificate: bool,
    /// The Region whose city the client is nearest to.
    pub from: String,
}

/// Who signed a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signer {
    /// The ARN.
    pub principal: String,
    /// The Region that it was signed for; none fits every Region.
    pub region: Option<String>,
    /// The identity of Amazon Cognito behind the ARN.
    pub identity: Option<String>,
    /// Whether the credentials have ended.
    pub expired: bool,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The status, or why there is none.
    pub status: Result<u16, ProbeError>,
    /// Headers, lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// How long the servers thought, without the way there and back.
    pub thinking: Duration,
    /// The Region that sent it.
    pub region: Option<String>,
}

impl Response {
    /// No answer.
    pub fn failed(why: ProbeError) -> Self {
        Self { status: Err(why), headers: Vec::new(), body: String::new(), thinking: Duration::ZERO, region: None }
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::with("application/json", status, body.to_string())
    }

    /// An answer with a page.
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        Self::with("text/html; charset=UTF-8", status, body.into())
    }

    /// An answer of any content type.
    pub fn with(content_type: &str, status: u16, body: String) -> Self {
        Self {
            status: Ok(status),
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body,
            thinking: Duration::ZERO,
            region: None,
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same after thinking that long.
    #[must_use]
    pub fn after(mut self, thinking: Duration) -> Self {
        self.thinking += thinking;
        self
    }
}

/// Hands a request to an endpoint.
pub fn send(world: &mut World, endpoint: &Endpoint, request: &Request) -> Response {
    if endpoint.region().is_some_and(|region| faults::active(world, faults::REGION_LOSS, region)) {
        return Response::failed(ProbeError::Timeout);
    }
    let region = endpoint.region().unwrap_or(GLOBAL_REGION);
    if faults::service_out(world, endpoint.service(), region) {
        return Response::json(503, &json!({ "message": "Service Unavailable" }));
    }
    let late = faults::client_delay(world, region);
    let unwell = matches!(endpoint, Endpoint::ApiGateway { .. } | Endpoint::LoadBalancer { .. });
    if let Some(status) = faults::grey(world, region, &request.path).filter(|_| unwell) {
        return Response::json(status, &json!({ "message": "Internal server error" })).after(late);
    }
    let response = match endpoint {
        Endpoint::ApiGateway { region } => api::answer(world, region, request),
        Endpoint::LoadBalancer { account, region, arn } => blog::balance(world, account, region, arn, request),
        Endpoint::Distribution { account, id } => cdn::answer(world, account, id, request),
        Endpoint::Bucket { region, name } => cdn::bucket(world, region, name, request),
    };
    response.after(late)
}
