//! Floor 5: the shop for a browser on this machine. Simulated names resolve for nobody else, so a port of 127.0.0.1 passes
//! each request of the page on, as a shopper near R1 would send it: files to CloudFront, `/api/…` to the API's name, with
//! the signature that the page has made, and signing in to Amazon Cognito.
//!
//! What is passed on is answered by the simulated AWS and nothing else: a lost Region, a missing record, a cached DNS answer
//! or a role that may not is seen in the browser as shoppers see it. One thing differs: `config.json` tells the page that
//! all of it is behind this port.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::content::model::Journey;
use crate::domain::drill::{ClientClass, Probe, ProbeError, ProbeReply, Signed, Vantage};
use crate::domain::{BoxFuture, Role};
use crate::guide::Guide;
use crate::protocol::{Wire, WireError};
use crate::sandbox::owner::loopback::{self, Limits};
use crate::sandbox::owner::{Endpoint, OwnerError};

/// The journey of the workshop that opens the shop's page.
const PAGE: &str = "home";
/// Where the page finds the API.
const API: &str = "/api";
/// Where the page finds a part of Amazon Cognito: the path, the first label of its real name, the member of `signIn` with an
/// id that begins with the Region, and the member of `signIn.endpoints` that tells the page.
const SIGN_IN: [(&str, &str, &str, &str); 2] = [
    ("/cognito-idp", "cognito-idp", "userPoolId", "userPool"),
    ("/cognito-identity", "cognito-identity", "identityPoolId", "identityPool"),
];
/// The file that tells the page so.
const CONFIG: &str = "/config.json";
/// How long the browser waits for one answer; the page itself gives up after 5 s.
const PATIENCE: Duration = Duration::from_secs(5);

/// Passes a browser's requests on.
struct Storefront {
    guide: Arc<Guide>,
    /// Where what needs no signature is sent.
    aws: Arc<dyn Wire>,
    /// What was last published; a page that is open keeps what it has read, too.
    known: Mutex<Option<Published>>,
}

/// What the published `config.json` says.
#[derive(Clone)]
struct Published {
    /// Where the API is.
    api: String,
    /// The pools, when the page may sign in.
    sign_in: Option<Value>,
}

/// Serves the shop on a port of 127.0.0.1; 0 takes a free one. Ends when the answer is dropped.
///
/// # Errors
/// The port cannot be had.
pub fn serve(guide: Arc<Guide>, aws: Arc<dyn Wire>, port: u16) -> Result<Endpoint, OwnerError> {
    loopback::serve(port, Arc::new(Storefront { guide, aws, known: Mutex::default() }), Limits::default())
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
        if let Some(part) = SIGN_IN.iter().find(|(path, ..)| target == *path) {
            return self.sign_in(&shop, part.1, part.2, request).await;
        }
        let (url, header) = match target.strip_prefix(API) {
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '?']) => {
                let api = self.published(&shop).await.map_or(shop, |known| known.api);
                let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
                (format!("{api}{rest}"), header.map(str::to_owned))
            }
            _ => (format!("{shop}{target}"), None),
        };
        let body = match request.body().as_ref() {
            [] => None,
            bytes => match serde_json::from_slice(bytes) {
                Ok(body) => Some(body),
                Err(error) => return plain(StatusCode::BAD_REQUEST, &format!("The body is no JSON: {error}.")),
            },
        };
        match self.ask(request.method(), &url, body, header).await {
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

    fn known(&self) -> std::sync::MutexGuard<'_, Option<Published>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is published now, or was when it could last be read.
    async fn published(&self, shop: &str) -> Option<Published> {
        let now = self.look(shop).await;
        now.or_else(|| self.known().clone())
    }

    /// What the published `config.json` says. `None` when it cannot be read.
    async fn look(&self, shop: &str) -> Option<Published> {
        let reply = self.ask(&Method::GET, &format!("{shop}{CONFIG}"), None, None).await.ok()?;
        let config: Value = reply.ok().then(|| serde_json::from_str(&reply.body).ok())??;
        let api = match config.get("api").and_then(Value::as_str).unwrap_or_default() {
            "" => shop.to_owned(),
            api => api.trim_end_matches('/').to_owned(),
        };
        let published = Published { api, sign_in: config.get("signIn").filter(|pools| pools.is_object()).cloned() };
        *self.known() = Some(published.clone());
        Some(published)
    }

    /// The page's settings, when there are any: the API and Amazon Cognito are behind this address.
    async fn config(&self, shop: &str) -> Response<Bytes> {
        let Some(published) = self.look(shop).await else {
            return plain(StatusCode::NOT_FOUND, "The shop's config.json cannot be read: is the site published?");
        };
        let mut config = json!({ "api": API });
        if let (Some(Value::Object(mut pools)), Some(members)) = (published.sign_in, config.as_object_mut()) {
            let endpoints: serde_json::Map<_, _> =
                SIGN_IN.iter().map(|(path, _, _, member)| ((*member).to_owned(), json!(path))).collect();
            pools.insert("endpoints".to_owned(), endpoints.into());
            members.insert("signIn".to_owned(), pools.into());
        }
        response(StatusCode::OK, "application/json", config.to_string())
    }

    /// Passes a call on to a part of Amazon Cognito in the Region of its pool.
    async fn sign_in(&self, shop: &str, part: &str, member: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let pools = self.published(shop).await.and_then(|known| known.sign_in).unwrap_or_default();
        let id = pools.get(member).and_then(Value::as_str).unwrap_or_default();
        let region = id.split(['_', ':']).next().unwrap_or_default();
        let host = format!("{part}.{region}.amazonaws.com");
        let mut call = Request::builder().method(request.method()).uri(format!("https://{host}/")).header(HOST, &host);
        for name in [CONTENT_TYPE, http::HeaderName::from_static("x-amz-target")] {
            if let Some(value) = request.headers().get(&name) {
                call = call.header(name, value);
            }
        }
        let Ok(call) = call.body(request.body().clone()) else {
            return plain(StatusCode::NOT_FOUND, "The shop has no accounts yet: its config.json names no user pool.");
        };
        match self.aws.send(call).await {
            Ok(answer) => {
                let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
                let kind = kind.unwrap_or("application/x-amz-json-1.1");
                let body = self.in_the_browsers_time(answer.body());
                response(answer.status(), kind, body.unwrap_or_else(|| String::from_utf8_lossy(answer.body()).into()))
            }
            Err(error) => plain(StatusCode::BAD_GATEWAY, &error.to_string()),
        }
    }

    /// An answer with credentials, whose end lies as far ahead of the browser's clock as of the simulated one.
    fn in_the_browsers_time(&self, body: &[u8]) -> Option<String> {
        let mut answer: Value = serde_json::from_slice(body).ok()?;
        let end = answer.pointer_mut("/Credentials/Expiration")?;
        let left = end.as_f64()? - self.guide.clock().now().epoch_seconds();
        *end = json!(Clock::wall().now().epoch_seconds() + left);
        Some(answer.to_string())
    }

    /// One request of a shopper. In words, why nothing came back.
    async fn ask(
        &self,
        method: &Method,
        url: &str,
        body: Option<Value>,
        header: Option<String>,
    ) -> Result<ProbeReply, String> {
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
            signed: Signed::AsSent(header),
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
