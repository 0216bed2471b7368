//! The loopback endpoint: AWS over HTTP on 127.0.0.1, bounded in connections, bytes and time, for local clients only.
//!
//! A page in the learner's browser can also send requests to 127.0.0.1. It is refused by what it cannot forge: the Host
//! header (a rebound name is not ours) and the browser's own marks of a foreign page.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, ORIGIN};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::OwnerError;
use super::server::Listening;
use crate::clock::Clock;
use crate::protocol::{self, ServiceError, Wire, WireError};

/// What the endpoint takes at once, and for how long it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that are served at once; more wait in the system's queue.
    pub connections: usize,
    /// Bytes of one body. CloudFormation templates and the workshop's archives are far below; S3 takes 5 GB in one PUT,
    /// which a simulation that keeps objects in memory does not.
    pub body: usize,
    /// Bytes of all bodies that are being read or answered.
    pub bodies: usize,
    /// How long the head of a request, and then each next piece of its body, may take; also how long a connection idles.
    pub patience: Duration,
    /// How long a whole body may take.
    pub whole: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            body: 64 << 20,
            bodies: 256 << 20,
            patience: Duration::from_secs(30),
            whole: Duration::from_mins(5),
        }
    }
}

/// Connections that may wait to be accepted. The system may allow fewer; clients then try again by themselves.
const BACKLOG: u32 = 4096;
/// A body that is refused for its size is read to its end up to so many times the limit, so that its client reads the
/// refusal instead of a broken connection.
const DRAINED: usize = 8;

/// The loopback endpoint. It closes when this is dropped.
#[derive(Debug)]
pub struct Endpoint {
    /// The port of 127.0.0.1 that it listens on.
    pub port: u16,
    _listening: Listening,
}

/// What all connections share.
struct Shared {
    wire: Arc<dyn Wire>,
    limits: Limits,
    slots: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// Serves whatever answers AWS's requests on a port of 127.0.0.1; 0 takes a free one.
///
/// # Errors
/// The port cannot be had.
pub fn serve(port: u16, wire: Arc<dyn Wire>, limits: Limits) -> Result<Endpoint, OwnerError> {
    let failed = |source| OwnerError::Port { port, source };
    let listener = bind(port).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let shared = Arc::new(Shared {
        wire,
        limits,
        slots: Arc::new(Semaphore::new(limits.connections)),
        bytes: Arc::new(Semaphore::new(limits.bodies)),
    });
    Ok(Endpoint { port, _listening: Listening::of(accept(listener, shared)) })
}

fn bind(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // A port whose last connections are still fading can be had again; one that is listened on cannot.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok(slot) = Arc::clone(&shared.slots).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Without a free descriptor it fails at once, again and again.
            Clock::wall().sleep(Duration::from_millis(20)).await;
            continue;
        };
        // Small answers must not wait for the client's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        connections.spawn(connection(stream, Arc::clone(&shared), slot));
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection, to its end.
async fn connection(stream: TcpStream, shared: Arc<Shared>, _slot: OwnedSemaphorePermit) {
    let patience = shared.limits.patience;
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move {
            let mut response = shared.answer(request).await?;
            if shared.slots.available_permits() == 0 {
                // Others wait: nobody keeps a connection that idles.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, WireError>(response.map(Full::new))
        }
    });
    let mut builder = http1::Builder::new();
    builder.half_close(true).timer(TokioTimer::new()).header_read_timeout(patience);
    // A connection that breaks is the client's business; no answer at all is one that closes.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// Why the body of a request is not taken.
enum Untaken {
    TooLarge,
    TooMany,
    TooSlow,
    Broken(String),
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Bytes>, WireError> {
        if let Some(error) = foreign(&request) {
            return Ok(protocol::refuse(&request, &error, "refused"));
        }
        let (parts, body) = request.into_parts();
        let declared = parts.headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        let mut held = Held { pool: Arc::clone(&self.bytes), permits: None };
        let read = Box::pin(self.read(declared, body, &mut held));
        let taken = match select(read, Box::pin(Clock::wall().sleep(self.limits.whole))).await {
            Either::Left((taken, _)) => taken,
            Either::Right(_) => Err(Untaken::TooSlow),
        };
        match taken {
            Ok(body) => self.wire.send(Request::from_parts(parts, body)).await,
            Err(reason) => {
                let request = Request::from_parts(parts, ());
                let mut response = protocol::refuse(&request, &self.refusal(&request, &reason), "refused");
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                Ok(response)
            }
        }
    }

    /// Collects a body, holding its bytes in the pool.
    async fn read(&self, declared: Option<usize>, body: Incoming, held: &mut Held) -> Result<Bytes, Untaken> {
        let mut body = body;
        let mut bytes = BytesMut::new();
        let mut untaken = (declared > Some(self.limits.body)).then_some(Untaken::TooLarge);
        let mut seen = 0_usize;
        if declared > Some(self.limits.body.saturating_mul(DRAINED)) {
            return Err(Untaken::TooLarge);
        }
        loop {
            let next = match select(Box::pin(body.frame()), Box::pin(Clock::wall().sleep(self.limits.patience))).await {
                Either::Left((next, _)) => next,
                Either::Right(_) => return Err(Untaken::TooSlow),
            };
            let Some(frame) = next else { break };
            let frame = frame.map_err(|error| Untaken::Broken(error.to_string()))?;
            let Ok(data) = frame.into_data() else { continue };
            seen = seen.saturating_add(data.len());
            if seen > self.limits.body.saturating_mul(DRAINED) {
                return Err(Untaken::TooLarge);
            }
            if untaken.is_none() && seen > self.limits.body {
                untaken = Some(Untaken::TooLarge);
            }
            if untaken.is_none() && !held.take(data.len()) {
                untaken = Some(Untaken::TooMany);
            }
            if untaken.is_some() {
                bytes.clear();
                held.permits = None;
            } else {
                bytes.extend_from_slice(&data);
            }
        }
        untaken.map_or_else(|| Ok(bytes.freeze()), Err)
    }

    fn refusal<B>(&self, request: &Request<B>, reason: &Untaken) -> ServiceError {
        let service = protocol::signed_for(request).unwrap_or_default();
        match reason {
            Untaken::TooLarge => {
                let message =
                    format!("The body is larger than the {} MiB that the sandbox takes.", self.limits.body >> 20);
                if service == "s3" {
                    return ServiceError::new("EntityTooLarge", message, 400);
                }
                ServiceError::new("RequestEntityTooLarge", message, 413)
            }
            Untaken::TooMany => {
                let code = if service == "s3" { "SlowDown" } else { "ServiceUnavailable" };
                ServiceError::new(code, "The sandbox is reading as many bytes as it takes at once. Try again.", 503)
            }
            Untaken::TooSlow => {
                let message =
                    "Your socket connection to the server was not read from or written to within the timeout period.";
                ServiceError::new("RequestTimeout", message, 400)
            }
            Untaken::Broken(error) => {
                ServiceError::new("IncompleteBody", format!("The body cannot be read: {error}."), 400)
            }
        }
    }
}

/// The pool's bytes that one request holds until it is answered.
struct Held {
    pool: Arc<Semaphore>,
    permits: Option<OwnedSemaphorePermit>,
}

impl Held {
    fn take(&mut self, count: usize) -> bool {
        let Ok(count) = u32::try_from(count) else { return false };
        let Ok(more) = Arc::clone(&self.pool).try_acquire_many_owned(count) else { return false };
        match &mut self.permits {
            Some(permits) => permits.merge(more),
            none => *none = Some(more),
        }
        true
    }
}

/// Why a request is not from a local client of AWS.
fn foreign<B>(request: &Request<B>) -> Option<ServiceError> {
    let refuse = |what: String| {
        let message =
            format!("{what}. This endpoint answers local programs that ask 127.0.0.1, localhost or AWS's names.");
        Some(ServiceError::new("SandboxForeignRequest", message, 403))
    };
    let text =
        |headers: &HeaderMap, name| headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
    let host = request.uri().authority().map(ToString::to_string).or_else(|| text(request.headers(), HOST));
    match host {
        None => return refuse("The request has no Host header".into()),
        Some(host) if !is_ours(&host) => return refuse(format!("The request is for the host '{}'", clip(&host))),
        Some(_) => {}
    }
    let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    match text(request.headers(), ORIGIN) {
        Some(origin) if !origin.split_once("://").is_some_and(|(_, host)| is_ours(host)) => {
            refuse(format!("The request comes from a page of '{}'", clip(&origin)))
        }
        None if site.is_some_and(|site| site != b"same-origin" && site != b"none") => {
            refuse("The request comes from a page of another site".into())
        }
        _ => None,
    }
}

fn clip(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Whether a host is this machine's loopback or a name of AWS, with or without a port. `.localhost` is nobody else's
/// (RFC 6761, section 6.3).
fn is_ours(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host.as_str(),
    };
    let under = |domain: &str| name == domain || name.strip_suffix(domain).is_some_and(|front| front.ends_with('.'));
    name == "[::1]" || name == "127.0.0.1" || ["localhost", "amazonaws.com", "amazonaws.com.cn"].into_iter().any(under)
}

#[cfg(test)]
#[path = "loopback_tests.rs"]
mod tests;
