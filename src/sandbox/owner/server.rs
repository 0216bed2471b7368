//! Listening: the owner's socket for processes of the same state directory.

use std::convert::Infallible;
use std::future::Future;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixListener;
use tokio::task::{JoinHandle, JoinSet};

use super::OwnerError;
use super::control::{Ask, PATH};
use super::core::Owner;
use crate::domain::{Failure, FailureClass};
use crate::protocol::WireError;

/// The largest body that is read. Source: CloudFormation templates and the workshop's archives are far below; S3 takes
/// 5 GB in one PUT, which a simulation that keeps objects in memory does not.
const BODY_AT_MOST: usize = 64 << 20;
/// The longest path of a Unix socket that all systems take (104 bytes on macOS, with its terminating zero).
const SOCKET_PATH_AT_MOST: usize = 100;
/// The header that tells the owner's simulated time in milliseconds.
pub(super) const NOW: &str = "x-sandbox-now";
/// The header that tells the clock's rate.
pub(super) const RATE: &str = "x-sandbox-rate";
/// The header that says that a client would get no answer at all, and how.
pub(super) const WIRE: &str = "x-sandbox-wire";

/// A task that ends with its handle.
#[derive(Debug)]
pub(super) struct Listening(JoinHandle<()>);

impl Listening {
    /// Starts `task`.
    pub(super) fn of(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Where the socket of a world is, as its owner wrote it down.
pub(super) fn socket_of(directory: &Path) -> PathBuf {
    let near = directory.join("socket");
    std::fs::read_to_string(directory.join("socket.path")).map_or(near, |text| PathBuf::from(text.trim_end()))
}

/// Where the socket of a world goes: into its directory, or where paths are short, in a folder that is ours alone.
fn place(directory: &Path) -> Result<PathBuf, OwnerError> {
    let pointer = directory.join("socket.path");
    let failed = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| OwnerError::Files { doing, path, source }
    };
    let near = directory.join("socket");
    if near.as_os_str().len() <= SOCKET_PATH_AT_MOST {
        if pointer.exists() {
            std::fs::remove_file(&pointer).map_err(failed("remove", &pointer))?;
        }
        return Ok(near);
    }
    let full = directory.canonicalize().map_err(failed("find", directory))?;
    let digest = Sha256::digest(full.as_os_str().as_encoded_bytes());
    let short = digest.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let user = rustix::process::getuid().as_raw();
    let base = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let base = if base.as_os_str().len() > 40 { PathBuf::from("/tmp") } else { base };
    let folder = base.join(format!("workshop-{user}-{short:016x}"));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed("make", &folder))?;
    // Somebody else could have made a folder of that name in a shared place.
    let meta = std::fs::symlink_metadata(&folder).map_err(failed("read", &folder))?;
    let ours = meta.is_dir()
        && std::os::unix::fs::MetadataExt::uid(&meta) == user
        && meta.permissions().mode() & 0o777 == 0o700;
    if !ours {
        return Err(failed("trust", &folder)(std::io::Error::other(
            "it belongs to somebody else, or others may enter",
        )));
    }
    let path = folder.join("socket");
    std::fs::write(&pointer, path.as_os_str().as_encoded_bytes()).map_err(failed("write", &pointer))?;
    Ok(path)
}

/// Listens for processes of the same state directory. Whoever listens holds the world's lock, so a socket that is there
/// already is a dead one.
pub(super) fn listen(directory: &Path, owner: &Arc<Owner>) -> Result<Listening, OwnerError> {
    let path = place(directory)?;
    let failed = |source| OwnerError::Files { doing: "listen at", path: path.clone(), source };
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let listener = UnixListener::bind(&path).map_err(failed)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    let owner = Arc::clone(owner);
    let task = async move {
        // Dropping the set ends the connections with the listener.
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::task::yield_now().await;
                continue;
            };
            let owner = Arc::clone(&owner);
            connections.spawn(serve(stream, move |request| inside(Arc::clone(&owner), request)));
            while connections.try_join_next().is_some() {}
        }
    };
    Ok(Listening::of(task))
}

/// Serves one connection.
async fn serve<S, A, F, E>(stream: S, answer: A)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Bytes>) -> F + Send + 'static,
    F: Future<Output = Result<Response<Bytes>, E>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let answer = Arc::new(answer);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = &answer;
        let future = read(request);
        let answer = Arc::clone(answer);
        async move {
            match future.await {
                Ok(request) => answer(request).await.map(|response| response.map(Full::new)),
                Err(refusal) => Ok(refusal.map(Full::new)),
            }
        }
    });
    // A connection that breaks is the client's business.
    let _ = http1::Builder::new().half_close(true).serve_connection(TokioIo::new(stream), service).await;
}

/// Collects a request's body.
async fn read(request: Request<Incoming>) -> Result<Request<Bytes>, Response<Bytes>> {
    let (parts, body) = request.into_parts();
    match Limited::new(body, BODY_AT_MOST).collect().await {
        Ok(body) => Ok(Request::from_parts(parts, body.to_bytes())),
        Err(error) => {
            let mut refusal = Response::new(Bytes::from(format!("the body cannot be read: {error}")));
            *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            Err(refusal)
        }
    }
}

/// Answers a request of a process of the same state directory.
async fn inside(owner: Arc<Owner>, request: Request<Bytes>) -> Result<Response<Bytes>, Infallible> {
    let mut response = if request.uri().path().starts_with(PATH) {
        let answer = match serde_json::from_slice::<Ask>(request.body()) {
            Ok(ask) => owner.answer(ask).await,
            Err(error) => Err(Failure {
                class: FailureClass::Invalid,
                code: "BadAsk".into(),
                message: format!("the owner of the world does not understand this version's question: {error}"),
                operation: "sandbox".into(),
                request_id: None,
            }),
        };
        json_response(&answer)
    } else {
        owner.request_in_time(&request).await.unwrap_or_else(|error| no_answer(&error))
    };
    let time = owner.time();
    let rate = serde_json::to_string(&time.rate()).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(NOW, HeaderValue::from(time.now().millis()));
    if let Ok(rate) = HeaderValue::try_from(rate) {
        headers.insert(RATE, rate);
    }
    Ok(response)
}

fn json_response(answer: &Result<serde_json::Value, Failure>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(serde_json::to_vec(answer).unwrap_or_default()));
    if answer.is_err() {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}

/// Tells the other process that its client gets no answer.
fn no_answer(error: &WireError) -> Response<Bytes> {
    let (kind, text) = match error {
        WireError::Timeout(text) => ("timeout", text),
        WireError::Connection(text) => ("connection", text),
        WireError::Other(text) => ("other", text),
    };
    let mut response = Response::new(Bytes::from(text.clone()));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(WIRE, HeaderValue::from_static(kind));
    response
}
