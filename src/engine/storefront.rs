//! Floor 5: the shop for a browser on this machine. Simulated names resolve for nobody else, so a port of 127.0.0.1 passes
//! each request of the page on, as a shopper near R1 would send it: files to CloudFront, `/api/…` to the API's name.
//!
//! What is passed on is answered by the simulated network and nothing else: a lost Region, a missing record or a cached DNS
//! answer is seen in the browser as shoppers see it. Two things differ from real shoppers, because the sandbox has no
//! sign-in: `config.json` names no user pool, and requests to the API are signed by the learner's own identity.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::content::model::Journey;
use crate::domain::drill::{ClientClass, Probe, ProbeError, ProbeReply, Vantage};
use crate::domain::{BoxFuture, Role};
use crate::guide::Guide;
use crate::protocol::{Wire, WireError};
use crate::sandbox::owner::loopback::{self, Limits};
use crate::sandbox::owner::{Endpoint, OwnerError};

/// The journey of the workshop that opens the shop's page.
const PAGE: &str = "home";
/// Where the page finds the API.
const API: &str = "/api";
/// The file that tells the page so.
const CONFIG: &str = "/config.json";
/// How long the browser waits for one answer; the page itself gives up after 5 s.
const PATIENCE: Duration = Duration::from_secs(5);

/// Passes a browser's requests on.
struct Storefront {
    guide: Arc<Guide>,
    /// Where the API was when it was last known; a page that is open keeps what it has read, too.
    api: Mutex<Option<String>>,
}

/// Serves the shop on a port of 127.0.0.1; 0 takes a free one. Ends when the answer is dropped.
///
/// # Errors
/// The port cannot be had.
pub fn serve(guide: Arc<Guide>, port: u16) -> Result<Endpoint, OwnerError> {
    loopback::serve(port, Arc::new(Storefront { guide, api: Mutex::default() }), Limits::default())
}

impl Wire for Storefront {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, WireError>> {
        Box::pin(async move { Ok(self.answer(&request).await) })
    }
}

impl Storefront {
    async fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let Some(shop) = self.shop().await else {
            return plain(
                StatusCode::NOT_FOUND,
                "The shop is not there yet: Module 1 builds it and publishes its page.",
            );
        };
        if target == CONFIG {
            return self.config(&shop).await;
        }
        let url = match target.strip_prefix(API) {
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '?']) => {
                let known = self.look(&shop).await.or_else(|| self.known().clone());
                format!("{}{rest}", known.unwrap_or(shop))
            }
            _ => format!("{shop}{target}"),
        };
        let body = match request.body().as_ref() {
            [] => None,
            bytes => match serde_json::from_slice(bytes) {
                Ok(body) => Some(body),
                Err(error) => return plain(StatusCode::BAD_REQUEST, &format!("The body is no JSON: {error}.")),
            },
        };
        match self.ask(request.method(), &url, body).await {
            Ok(reply) => passed_on(&reply),
            Err(why) => plain(StatusCode::BAD_GATEWAY, &why),
        }
    }

    /// The address of the page in the simulated network, without its last slash.
    async fn shop(&self) -> Option<String> {
        let journeys = &self.guide.workshop().drill.journeys;
        let page: &Journey = journeys.iter().find(|journey| journey.name == PAGE)?;
        let url = self.guide.bindings_for([page.url.as_str()]).await.render(&page.url).ok()?;
        Some(url.trim_end_matches('/').to_owned())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.api.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the published `config.json` says that the API is. `None` when it cannot be read.
    async fn look(&self, shop: &str) -> Option<String> {
        let reply = self.ask(&Method::GET, &format!("{shop}{CONFIG}"), None).await.ok()?;
        let config: Value = reply.ok().then(|| serde_json::from_str(&reply.body).ok())??;
        let api = match config.get("api").and_then(Value::as_str).unwrap_or_default() {
            "" => shop.to_owned(),
            api => api.trim_end_matches('/').to_owned(),
        };
        *self.known() = Some(api.clone());
        Some(api)
    }

    /// The page's settings, when there are any: the API is behind this address.
    async fn config(&self, shop: &str) -> Response<Bytes> {
        match self.look(shop).await {
            Some(_) => response(StatusCode::OK, "application/json", json!({ "api": API }).to_string()),
            None => plain(StatusCode::NOT_FOUND, "The shop's config.json cannot be read: is the site published?"),
        }
    }

    /// One request of a shopper. In words, why nothing came back.
    async fn ask(&self, method: &Method, url: &str, body: Option<Value>) -> Result<ProbeReply, String> {
        let probe = Probe {
            method: method.to_string(),
            url: url.to_owned(),
            body,
            vantage: Vantage {
                name: String::from("browser"),
                nearest: self.guide.regions().of(Role::Primary).to_string(),
            },
            class: ClientClass::TtlHonouring,
            timeout: PATIENCE,
        };
        let reply = self.guide.network().probe(&probe).await.map_err(|failure| failure.message)?;
        match reply.status {
            Ok(_) => Ok(reply),
            Err(why) => Err(format!("{url}: {}.", in_words(why))),
        }
    }
}

fn in_words(why: ProbeError) -> &'static str {
    match why {
        ProbeError::Dns => "the name does not exist",
        ProbeError::Refused => "nothing listens there",
        ProbeError::Tls => "the certificate does not fit the name",
        ProbeError::Timeout => "no answer in time",
    }
}

/// An answer of the simulated network, with the headers that the page uses.
fn passed_on(reply: &ProbeReply) -> Response<Bytes> {
    let status =
        reply.status.ok().and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::BAD_GATEWAY);
    let kind = reply.headers.iter().find(|(name, _)| name == CONTENT_TYPE.as_str());
    let mut answer = response(status, kind.map_or("application/octet-stream", |(_, kind)| kind), reply.body.clone());
    for (name, value) in reply.headers.iter().filter(|(name, _)| name.starts_with("x-")) {
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

/// A message that the page shows as it is.
fn plain(status: StatusCode, message: &str) -> Response<Bytes> {
    response(status, "application/json", json!({ "message": message }).to_string())
}

fn response(status: StatusCode, kind: &str, body: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = status;
    let kind = http::HeaderValue::from_str(kind).unwrap_or(http::HeaderValue::from_static("application/octet-stream"));
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    // What is open must follow what is published, and who answers.
    answer.headers_mut().insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    answer
}
