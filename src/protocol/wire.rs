//! The wire: whatever answers an HTTP request, the simulated AWS or the real one.

use bytes::Bytes;

use crate::domain::BoxFuture;

/// Answers AWS's HTTP requests. The in-process sandbox and a network client are both one.
pub trait Wire: Send + Sync {
    /// Sends one request and collects the answer.
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, WireError>>;
}

/// Why there was no HTTP answer at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Nothing came back in time.
    #[error("no answer in time: {0}")]
    Timeout(String),
    /// No connection could be made, or it broke.
    #[error("no connection: {0}")]
    Connection(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}
