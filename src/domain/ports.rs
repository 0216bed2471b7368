//! The ports: what higher floors ask of AWS, of the network and of a simulated world.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::drill::{Fault, Probe, ProbeReply, Vantage};
use super::operation::{Failure, Operation, Reply};

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs operations against AWS, real or simulated.
pub trait Operations: Send + Sync {
    /// Calls AWS once (with the SDK's own retries) and gives its answer.
    fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>>;
}

/// One answer of DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsAnswer {
    /// The chain of names that were followed, the asked name first.
    pub chain: Vec<String>,
    /// What it ends in: addresses, or the last name when it has no address.
    pub targets: Vec<String>,
    /// How long it may be kept.
    pub ttl: Duration,
    /// The Region that the answer leads to, where that can be told.
    pub region: Option<String>,
}

/// The network as a client sees it.
pub trait DataPlane: Send + Sync {
    /// Resolves `name` from `vantage` now, without a cache. `None` when the name does not exist.
    fn resolve<'a>(&'a self, name: &'a str, vantage: &'a Vantage) -> BoxFuture<'a, Result<Option<DnsAnswer>, Failure>>;

    /// Sends one request now.
    fn probe<'a>(&'a self, probe: &'a Probe) -> BoxFuture<'a, Result<ProbeReply, Failure>>;
}

/// Signs what a client sends as the learner.
pub trait Signer: Send + Sync {
    /// The headers that tell a Region's API Gateway who sends this request.
    fn headers<'a>(
        &'a self,
        probe: &'a Probe,
        region: &'a str,
    ) -> BoxFuture<'a, Result<Vec<(String, String)>, Failure>>;
}

/// Breaks a simulated world on purpose, and mends it.
pub trait Faults: Send + Sync {
    /// Starts a fault that ends by itself after `lease`.
    fn start<'a>(
        &'a self,
        kind: &'a str,
        region: &'a str,
        parameters: serde_json::Value,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Fault, Failure>>;

    /// Ends the fault with that id; ending one that is over is no error.
    fn stop<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Failure>>;

    /// The faults that are active now.
    fn active(&self) -> BoxFuture<'_, Result<Vec<Fault>, Failure>>;
}
