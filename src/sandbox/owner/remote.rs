//! Speaking to the owner of a world over its socket.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use super::control::{Ask, PATH, Status};
use super::server::{NOW, RATE, WIRE, socket_of};
use crate::clock::{Clock, Rate};
use crate::domain::{Failure, SimTime};
use crate::protocol::WireError;

/// How long the owner may take for anything but sleeping. It answers within milliseconds unless it is suspended.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How long it may take to say that it is there.
const GREETING_WITHIN: Duration = Duration::from_secs(3);

/// Why the owner gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// It does not listen any more; nothing was sent.
    NotThere(String),
    /// The connection broke on the way; whether the request was done is not known.
    Broken(String),
    /// It listens but does not answer.
    Silent,
}

/// What the owner said last about its time.
#[derive(Clone, Copy, Debug)]
struct Seen {
    now: SimTime,
    rate: Rate,
    at: SimTime,
    /// Time that was shown is not taken back.
    shown: SimTime,
}

/// A world that another process owns.
pub(super) struct Remote {
    socket: PathBuf,
    seen: Mutex<Seen>,
}

impl Remote {
    /// Greets the owner of the world in `directory`.
    pub(super) async fn find(directory: &Path) -> Result<(Self, Status), Gone> {
        let start = SimTime::default();
        let seen = Seen { now: start, rate: Rate::Paced(0.0), at: start, shown: start };
        let remote = Self { socket: socket_of(directory), seen: Mutex::new(seen) };
        let answer = within(GREETING_WITHIN, remote.ask(&Ask::Status)).await??;
        let status = answer.ok().and_then(|value| serde_json::from_value(value).ok());
        status.map(|status| (remote, status)).ok_or_else(|| Gone::Broken("it speaks another language".into()))
    }

    /// The owner's time as far as it is known: what it said last, and the wall time since then at its rate.
    pub(super) fn now(&self) -> SimTime {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let away = Clock::wall().now().since(seen.at);
        let since = match seen.rate {
            Rate::Paced(factor) => Duration::try_from_secs_f64(away.as_secs_f64() * factor).unwrap_or_default(),
            Rate::Jump | Rate::Stepped => Duration::ZERO,
        };
        seen.shown = seen.shown.max(seen.now.plus(since));
        seen.shown
    }

    /// The owner's rate, as it said last.
    pub(super) fn rate(&self) -> Rate {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).rate
    }

    /// Asks the owner something, for as long as it takes.
    pub(super) async fn ask(&self, ask: &Ask) -> Result<Result<Value, Failure>, Gone> {
        let body = serde_json::to_vec(ask).map_err(|error| Gone::Broken(error.to_string()))?;
        let request = Request::post(PATH)
            .header(header::HOST, "sandbox")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(body))
            .map_err(|error| Gone::Broken(error.to_string()))?;
        let patient = matches!(ask, Ask::Sleep { .. } | Ask::Advance { .. } | Ask::Restore { .. });
        let exchange = self.exchange(request);
        let response = if patient { exchange.await? } else { within(ANSWER_WITHIN, exchange).await?? };
        serde_json::from_slice(response.body()).map_err(|error| Gone::Broken(error.to_string()))
    }

    /// Sends a request to AWS. The outer error is the owner's, the inner one the simulated network's.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Result<Response<Bytes>, WireError>, Gone> {
        let response = within(ANSWER_WITHIN, self.exchange(origin_form(request))).await??;
        let text = || String::from_utf8_lossy(response.body()).into_owned();
        let kind = response.headers().get(WIRE).filter(|_| response.status() == StatusCode::BAD_GATEWAY);
        Ok(match kind.map(HeaderValue::as_bytes) {
            None => Ok(response),
            Some(b"timeout") => Err(WireError::Timeout(text())),
            Some(b"connection") => Err(WireError::Connection(text())),
            Some(_) => Err(WireError::Other(text())),
        })
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Gone> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| Gone::NotThere(error.to_string()))?;
        let broken = |error: hyper::Error| Gone::Broken(error.to_string());
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let exchange = Box::pin(async {
            let (parts, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
            Ok::<_, hyper::Error>(Response::from_parts(parts, body.collect().await?.to_bytes()))
        });
        // The connection is driven here, so that a dropped call closes it.
        let response = match select(exchange, Box::pin(connection)).await {
            Either::Left((response, _)) => response,
            Either::Right((_, exchange)) => exchange.await,
        };
        let response = response.map_err(broken)?;
        self.note(&response);
        Ok(response)
    }

    fn note(&self, response: &Response<Bytes>) {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let now = header(NOW).and_then(|text| text.parse().ok()).map(SimTime::from_millis);
        let rate = header(RATE).and_then(|text| serde_json::from_str(text).ok());
        if let (Some(now), Some(rate)) = (now, rate) {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let shown = seen.shown.max(now);
            *seen = Seen { now, rate, at: Clock::wall().now(), shown };
        }
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Gone> {
    let wall = Clock::wall();
    match select(Box::pin(work), Box::pin(wall.sleep(limit))).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right(_) => Err(Gone::Silent),
    }
}

/// HTTP/1.1 to a server takes the path alone, and the authority in the Host header.
fn origin_form(mut request: Request<Bytes>) -> Request<Bytes> {
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    if let Some(Ok(host)) = authority.map(HeaderValue::try_from)
        && !request.headers().contains_key(header::HOST)
    {
        request.headers_mut().insert(header::HOST, host);
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if let Ok(uri) = path.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request
}
