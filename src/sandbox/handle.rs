//! The sandbox in this process: a world behind a lock, a clock, and the wire that the SDK's clients speak to.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;

use super::call::{AwsError, Call};
use super::faults::FaultError;
use super::limits::{self, Limits};
use super::services::{iam, sts};
use super::world::{LEARNER_ACCOUNT, World};
use super::{chance, dataplane, faults, services};
use crate::clock::Clock;
use crate::domain::drill::{Fault, Probe, ProbeReply, Vantage};
use crate::domain::ports::DnsAnswer;
use crate::domain::{BoxFuture, DataPlane, Failure, FailureClass, Faults};
use crate::protocol::{self, DecodedRequest, ServiceError, Wire, WireError, WireProtocol};

/// A simulated AWS. Clones share the same world and the same clock.
#[derive(Clone)]
pub struct Sandbox {
    world: Arc<Mutex<World>>,
    clock: Clock,
    /// Counts requests for their ids. It is not part of the world, so that a read changes nothing in it.
    requests: Arc<AtomicU64>,
    /// Counts requests for the rates that AWS takes; it is not part of the world, for the same reason.
    limits: Arc<Limits>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox of that world, whose time is the clock's.
    pub fn new(world: World, clock: Clock) -> Self {
        Self { world: Arc::new(Mutex::new(world)), clock, requests: Arc::default(), limits: Arc::default() }
    }

    /// The clock that moves this world.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Runs something on the world as it is now.
    pub fn with_world<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.lock();
        world.advance(self.clock.now());
        act(&mut world)
    }

    /// A copy of the world as it is now, with a clock of its own.
    #[must_use]
    pub fn fork(&self, clock: Clock) -> Self {
        Self::new(self.with_world(|world| world.clone()), clock)
    }

    /// The world as it is now, as JSON.
    pub fn snapshot(&self) -> Result<Vec<u8>, serde_json::Error> {
        self.with_world(|world| serde_json::to_vec(world))
    }

    /// Puts a snapshot in the place of the world.
    pub fn restore(&self, snapshot: &[u8]) -> Result<(), serde_json::Error> {
        let world = serde_json::from_slice(snapshot)?;
        *self.lock() = world;
        Ok(())
    }

    /// Answers one request now. It fails where a client would get no answer at all: in a Region that is lost.
    pub fn handle(&self, request: &http::Request<Bytes>) -> Result<http::Response<Bytes>, WireError> {
        let decoded = match protocol::decode_request(request) {
            Ok(decoded) => decoded,
            Err(error) => return Ok(error.response(&self.next_id())),
        };
        match self.over_rate(&decoded) {
            Some(refusal) => Ok(refusal),
            None => self.handle_admitted(decoded),
        }
    }

    /// Counts a request for the rates that AWS takes; the answer when there were too many. A Region that is lost counts
    /// nothing.
    pub fn over_rate(&self, request: &DecodedRequest) -> Option<http::Response<Bytes>> {
        if !limits::RATES.iter().any(|limit| limit.service == request.service) {
            return None;
        }
        let (service, operation, region) = (request.service, request.operation, request.region.as_str());
        let admitted = self.with_world(|world| {
            if faults::active(world, faults::REGION_LOSS, region) {
                return Ok(());
            }
            let (account, _) = sts::identity(world, &request.access_key);
            self.limits.admit(world, &account, region, service, operation)
        });
        admitted.err().map(|error| refusal(request, error, &self.next_id()))
    }

    /// How late the answer to a request comes. The faults of the world are looked at as they are.
    pub fn lateness(&self, request: &http::Request<Bytes>) -> Duration {
        if self.lock().faults.is_empty() {
            return Duration::ZERO;
        }
        let Ok(decoded) = protocol::decode_request(request) else { return Duration::ZERO };
        faults::request_delay(&self.lock(), decoded.service, &decoded.region, self.clock.now())
    }

    fn next_id(&self) -> String {
        request_id(self.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// Answers a request that was counted already, or that is made again from a log.
    pub fn handle_admitted(&self, decoded: DecodedRequest) -> Result<http::Response<Bytes>, WireError> {
        let id = self.next_id();
        self.with_world(|world| {
            if faults::active(world, faults::REGION_LOSS, &decoded.region) {
                return Err(WireError::Connection(format!(
                    "no endpoint of {} in {} answers",
                    decoded.service, decoded.region
                )));
            }
            Ok(answer(world, decoded, &id))
        })
    }

    /// A world is never left half changed by a panic that the program survives: handlers do not panic, and if one did,
    /// going on is better than losing the learner's world.
    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(world: &mut World, mut request: DecodedRequest, id: &str) -> http::Response<Bytes> {
    let (service, operation, region) = (request.service, request.operation, request.region.clone());
    if let Some(error) = faults::throttled(world, service, operation, &region) {
        return refusal(&request, error, id);
    }
    if sts::expired(world, &request.access_key) || faults::credentials_expired(world, &region) {
        let json = matches!(request.protocol, WireProtocol::Json10 | WireProtocol::Json11 | WireProtocol::RestJson);
        let code = if json { "ExpiredTokenException" } else { "ExpiredToken" };
        let error = AwsError::client(code, "The security token included in the request is expired");
        return refusal(&request, error, id);
    }
    let (account, principal) = sts::identity(world, &request.access_key);
    let mut call = Call::new(world, &account, &request.region);
    call.payload = request.payload.take();
    if let Some(principal) = principal {
        call.principal = principal;
    }
    let answer = iam::authorize(&mut call, request.service, request.operation, &request.input)
        .and_then(|()| services::dispatch(&mut call, request.service, request.operation, &request.input))
        .and_then(|output| services::paging::page(request.service, request.operation, &request.input, output));
    match answer {
        Ok(output) => {
            let payload = call.reply_payload.take();
            protocol::encode_response(&request, &output, payload, id)
        }
        Err(error) => refusal(&request, error, id),
    }
}

fn refusal(request: &DecodedRequest, error: AwsError, id: &str) -> http::Response<Bytes> {
    let region = error.fields.get("BucketRegion").and_then(Value::as_str).map(HeaderValue::from_str);
    let marked = error.fields.get("DeleteMarker") == Some(&Value::Bool(true));
    let error = ServiceError { code: error.code, message: error.message, status: error.status, fields: error.fields };
    let mut response = protocol::encode_error(request, &error, id);
    // Clients follow a bucket to its Region by this header; a HEAD has nothing else.
    if let Some(Ok(region)) = region {
        response.headers_mut().insert("x-amz-bucket-region", region);
    }
    if marked {
        response.headers_mut().insert("x-amz-delete-marker", HeaderValue::from_static("true"));
    }
    response
}

/// A fault that cannot be started, as callers see it.
pub(super) fn no_such_fault(error: &FaultError, kind: &str, region: &str) -> Failure {
    Failure {
        class: FailureClass::Unsupported,
        code: "UnknownFault".to_owned(),
        message: error.to_string(),
        operation: format!("fault start {kind} --region {region}"),
        request_id: None,
    }
}

/// A UUID that is another one for every request.
fn request_id(number: u64) -> String {
    let (high, low) = (chance::bits(number, "request", "high", 0), chance::bits(number, "request", "low", 0));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

impl Wire for Sandbox {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, WireError>> {
        Box::pin(async move {
            let late = self.lateness(&request);
            if !late.is_zero() {
                self.clock.sleep(late).await;
            }
            self.handle(&request)
        })
    }
}

impl DataPlane for Sandbox {
    fn resolve<'a>(&'a self, name: &'a str, vantage: &'a Vantage) -> BoxFuture<'a, Result<Option<DnsAnswer>, Failure>> {
        Box::pin(async move { Ok(self.with_world(|world| dataplane::resolve(world, LEARNER_ACCOUNT, name, vantage))) })
    }

    fn probe<'a>(&'a self, probe: &'a Probe) -> BoxFuture<'a, Result<ProbeReply, Failure>> {
        Box::pin(async move { Ok(self.with_world(|world| dataplane::probe(world, LEARNER_ACCOUNT, probe))) })
    }
}

impl Faults for Sandbox {
    fn start<'a>(
        &'a self,
        kind: &'a str,
        region: &'a str,
        parameters: Value,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Fault, Failure>> {
        Box::pin(async move {
            let started = self.with_world(|world| faults::start(world, kind, region, parameters, lease));
            started.map_err(|error| no_such_fault(&error, kind, region))
        })
    }

    fn stop<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.with_world(|world| faults::stop(world, id));
            Ok(())
        })
    }

    fn active(&self) -> BoxFuture<'_, Result<Vec<Fault>, Failure>> {
        Box::pin(async move { Ok(self.with_world(|world| world.faults.clone())) })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::clock::Rate;
    use crate::domain::SimTime;

    fn sandbox() -> Sandbox {
        Sandbox::new(World::new(1), Clock::simulated(SimTime::WORLD_START, Rate::Stepped))
    }

    fn signed(key: &str, service: &str, region: &str) -> http::request::Builder {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260105/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        http::Request::builder().header("authorization", scope)
    }

    fn who_am_i(key: &str) -> http::Request<Bytes> {
        signed(key, "sts", "eu-west-1")
            .method("POST")
            .uri("https://sts.eu-west-1.amazonaws.com/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15"))
            .unwrap()
    }

    fn text(response: &http::Response<Bytes>) -> &str {
        std::str::from_utf8(response.body()).unwrap()
    }

    #[test]
    fn an_access_key_chooses_its_account() {
        let sandbox = sandbox();
        let mine = sandbox.handle(&who_am_i("AKIDEXAMPLE")).unwrap();
        assert!(text(&mine).contains("<Account>111122223333</Account>"), "{}", text(&mine));
        let other = sandbox.handle(&who_am_i("444455556666")).unwrap();
        assert!(text(&other).contains("<Account>444455556666</Account>"));
    }

    #[test]
    fn a_bucket_elsewhere_is_named_by_a_header() {
        let sandbox = sandbox();
        let put = signed("AKID", "s3", "us-east-1").method("PUT").uri("https://s3.us-east-1.amazonaws.com/my-bucket");
        assert_eq!(sandbox.handle(&put.body(Bytes::new()).unwrap()).unwrap().status(), 200);
        let head = signed("AKID", "s3", "eu-west-1").method("HEAD").uri("https://s3.eu-west-1.amazonaws.com/my-bucket");
        let answer = sandbox.handle(&head.body(Bytes::new()).unwrap()).unwrap();
        assert_eq!(answer.status(), 301);
        assert_eq!(answer.headers()["x-amz-bucket-region"], "us-east-1");
    }

    #[test]
    fn a_lost_region_does_not_answer() {
        let sandbox = sandbox();
        sandbox.with_world(|world| {
            faults::start(world, faults::REGION_LOSS, "eu-west-1", Value::Null, Duration::from_mins(1)).unwrap();
        });
        assert!(matches!(sandbox.handle(&who_am_i("AKID")), Err(WireError::Connection(_))));
    }

    #[test]
    fn a_snapshot_brings_the_world_back_and_a_fork_goes_its_own_way() {
        let sandbox = sandbox();
        let put = || signed("AKID", "s3", "us-east-1").method("PUT");
        let create =
            |name: &str| put().uri(format!("https://s3.us-east-1.amazonaws.com/{name}")).body(Bytes::new()).unwrap();
        sandbox.handle(&create("one")).unwrap();
        let saved = sandbox.snapshot().unwrap();
        let fork = sandbox.fork(sandbox.clock().clone());
        fork.handle(&create("two")).unwrap();
        assert_eq!(sandbox.with_world(|world| world.buckets.len()), 1);
        assert_eq!(fork.with_world(|world| world.buckets.len()), 2);
        fork.restore(&saved).unwrap();
        assert_eq!(fork.with_world(|world| world.clone()), sandbox.with_world(|world| world.clone()));
    }

    #[test]
    fn an_operation_that_is_not_simulated_is_named() {
        let request = signed("AKID", "sts", "eu-west-1")
            .method("POST")
            .uri("https://sts.eu-west-1.amazonaws.com/")
            .body(Bytes::from_static(b"Action=GetFederationToken&Version=2011-06-15"))
            .unwrap();
        let answer = sandbox().handle(&request).unwrap();
        assert!(text(&answer).contains("SandboxUnsupportedOperation") && text(&answer).contains("GetFederationToken"));
    }
}
