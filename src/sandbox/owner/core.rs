//! The owner itself: one world, one clock, and the log that a change reaches before the world does.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;

use super::OwnerError;
use super::store::{Change, Entry, Found, LoggedRequest, Moment, Store};
use crate::clock::{Clock, Rate, Source};
use crate::domain::drill::{Fault, Probe, ProbeReply, Vantage};
use crate::domain::{BoxFuture, DnsAnswer, Effect, SimTime};
use crate::protocol::{self, DecodedRequest, WireError};
use crate::sandbox::faults::FaultError;
use crate::sandbox::handle::Sandbox;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};
use crate::sandbox::{dataplane, faults};

/// At most so much simulated time passes while nobody owned the world. Source: architecture.md, State and ownership.
const CATCH_UP_AT_MOST: Duration = Duration::from_hours(2);

/// World, clock and files of a state directory.
pub(super) struct Owner {
    sandbox: Sandbox,
    /// The world's real time; the sandbox sees it through the gate.
    time: Arc<dyn Source>,
    gate: Arc<Gate>,
    /// Locked for the whole of every request, so that the log has the order in which things happened.
    store: Mutex<Store>,
}

/// How the world was brought up to date when it was opened.
pub(super) struct CaughtUp {
    pub(super) by: Duration,
    pub(super) notes: Vec<String>,
}

/// Time as the sandbox sees it: stopped at the logged instant while a change is made.
struct Gate {
    inner: Arc<dyn Source>,
    /// Milliseconds, or [`Gate::OPEN`].
    pinned: AtomicI64,
}

impl Gate {
    const OPEN: i64 = i64::MIN;

    /// Stops time for the sandbox at that instant, and for everybody as long as it lasts: what takes long to compute, as an
    /// hour of a class of accounts does, would otherwise owe as much again when it is done.
    fn pin(&self, at: SimTime) -> Pinned<'_> {
        self.inner.enter();
        self.pinned.store(at.millis(), Ordering::SeqCst);
        Pinned(self)
    }
}

/// Opens the gate again when dropped.
struct Pinned<'g>(&'g Gate);

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        self.0.pinned.store(Gate::OPEN, Ordering::SeqCst);
        self.0.inner.leave();
    }
}

impl Source for Gate {
    fn now(&self) -> SimTime {
        match self.pinned.load(Ordering::SeqCst) {
            Gate::OPEN => self.inner.now(),
            millis => SimTime::from_millis(millis),
        }
    }

    fn sleep_until(&self, deadline: SimTime) -> BoxFuture<'static, ()> {
        self.inner.sleep_until(deadline)
    }

    fn enter(&self) {
        self.inner.enter();
    }

    fn leave(&self) {
        self.inner.leave();
    }

    fn rate(&self) -> Rate {
        self.inner.rate()
    }

    fn set_rate(&self, rate: Rate) {
        self.inner.set_rate(rate);
    }

    fn advance_to(&self, until: SimTime) -> BoxFuture<'static, ()> {
        self.inner.advance_to(until)
    }

    fn is_simulated(&self) -> bool {
        true
    }
}

/// A clock that a replay sets by hand.
fn hand_clock(start: SimTime) -> (Arc<Gate>, Clock) {
    let inner = Clock::simulated(start, Rate::Stepped).source();
    let gate = Arc::new(Gate { inner, pinned: AtomicI64::new(start.millis()) });
    let clock = Clock::from_source(Arc::clone(&gate) as Arc<dyn Source>);
    (gate, clock)
}

/// Makes every logged change again, each at its instant.
fn replay(world: World, entries: &[Entry]) -> World {
    let (gate, clock) = hand_clock(world.now);
    let sandbox = Sandbox::new(world, clock);
    for entry in entries {
        gate.pinned.store(entry.at.millis(), Ordering::SeqCst);
        apply(&sandbox, &entry.change);
    }
    sandbox.with_world(|world| world.clone())
}

/// Makes one logged change. Its answer was given when it was logged.
fn apply(sandbox: &Sandbox, change: &Change) {
    match change {
        Change::Request(request) => {
            // It was counted when it came; what was too much did not get into the log.
            if let Some(Ok(request)) = request.restored().map(|request| protocol::decode_request(&request)) {
                let _ = sandbox.handle_admitted(request);
            }
        }
        Change::Probe(probe) => {
            sandbox.with_world(|world| dataplane::probe(world, LEARNER_ACCOUNT, probe));
        }
        Change::StartFault { kind, region, parameters, lease } => {
            // Only what could be started was logged.
            let _ = sandbox.with_world(|world| faults::start(world, kind, region, parameters.clone(), *lease));
        }
        Change::StopFault { id } => sandbox.with_world(|world| faults::stop(world, id)),
    }
}

impl LoggedRequest {
    fn of(request: &http::Request<Bytes>) -> Self {
        let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            // The scope of a signature says who asks whom; the signature itself is nobody's business.
            let value = match value.find("Signature=") {
                Some(at) if name == http::header::AUTHORIZATION => {
                    format!("{}Signature=0", value.get(..at).unwrap_or(""))
                }
                _ => value.into_owned(),
            };
            (name.as_str().to_owned(), value)
        };
        Self {
            method: request.method().to_string(),
            uri: request.uri().to_string(),
            headers: request
                .headers()
                .iter()
                .filter(|(name, _)| *name != http::header::USER_AGENT)
                .map(header)
                .collect(),
            body: BASE64.encode(request.body()),
        }
    }

    fn restored(&self) -> Option<http::Request<Bytes>> {
        let mut builder = http::Request::builder().method(self.method.as_str()).uri(self.uri.as_str());
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        builder.body(BASE64.decode(&self.body).ok()?.into()).ok()
    }
}

/// Reads by their verb that leave something behind: credentials or an identity.
const ISSUES: [&str; 4] = ["AssumeRole", "GetCredentialsForIdentity", "GetId", "GetSessionToken"];

/// Whether a request changes the world.
fn changes(decoded: &DecodedRequest) -> bool {
    let known = protocol::operations().iter();
    let mut same = known.filter(|spec| spec.service == decoded.service && spec.api == decoded.operation);
    ISSUES.contains(&decoded.operation) || same.next().is_some_and(|spec| spec.effect != Effect::Read)
}

/// How far the world goes on when it is opened: wall time at its speed, but not beyond its last pending transition, and
/// two hours at most.
fn catch_up(world: &World, moment: Option<Moment>, wall: SimTime, speed: f64) -> (SimTime, Duration) {
    let Some(moment) = moment else { return (world.now, Duration::ZERO) };
    let from = world.now.max(moment.simulated);
    let away = wall.since(moment.wall).as_secs_f64() * speed.max(0.0);
    let by_wall = Duration::try_from_secs_f64(away).unwrap_or(CATCH_UP_AT_MOST);
    let pending = world.timeline.last().map_or(Duration::ZERO, |last| last.since(from));
    let by = by_wall.min(pending).min(CATCH_UP_AT_MOST);
    (from.plus(by), by)
}

impl Owner {
    /// Brings the world up to date and starts its clock.
    pub(super) fn start(
        mut store: Store,
        found: Found,
        seed: u64,
        rate: Option<Rate>,
        speed: f64,
    ) -> Result<(Self, CaughtUp), OwnerError> {
        let fresh = found.world.is_none() && found.entries.is_empty();
        let world = replay(found.world.unwrap_or_else(|| World::new(seed)), &found.entries);
        let wall = Clock::wall().now();
        let (now, by) = catch_up(&world, found.moment, wall, speed);
        if fresh {
            // The seed is part of the snapshot, and the log alone does not tell it.
            store.snapshot(&world)?;
        }
        let rate = rate.or(found.moment.map(|moment| moment.rate)).unwrap_or(Rate::Paced(speed));
        let time = Clock::simulated(now, rate).source();
        let gate = Arc::new(Gate { inner: Arc::clone(&time), pinned: AtomicI64::new(Gate::OPEN) });
        let sandbox = Sandbox::new(world, Clock::from_source(Arc::clone(&gate) as Arc<dyn Source>));
        store.remember(Moment { simulated: now, wall, rate })?;
        let owner = Self { sandbox, time, gate, store: Mutex::new(store) };
        Ok((owner, CaughtUp { by, notes: found.notes }))
    }

    pub(super) fn time(&self) -> &Arc<dyn Source> {
        &self.time
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The store is only left half changed by an error, which its methods mend themselves.
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the world at one instant; a change is logged first.
    fn act<T>(&self, change: Option<Change>, act: impl FnOnce(&Sandbox) -> T) -> Result<T, OwnerError> {
        let mut store = self.store();
        let now = self.time.now();
        if let Some(change) = change {
            store.append(&Entry { at: now, change })?;
        }
        let done = {
            let _pinned = self.gate.pin(now);
            let done = act(&self.sandbox);
            if store.wants_snapshot() {
                self.sandbox.with_world(|world| store.snapshot(world))?;
            }
            done
        };
        self.remember(&store, now)?;
        Ok(done)
    }

    fn remember(&self, store: &Store, now: SimTime) -> Result<(), OwnerError> {
        store.remember(Moment { simulated: now, wall: Clock::wall().now(), rate: self.time.rate() })
    }

    /// Answers a request to AWS.
    pub(super) fn request(&self, request: &http::Request<Bytes>) -> Result<http::Response<Bytes>, WireError> {
        let Ok(decoded) = protocol::decode_request(request) else { return self.sandbox.handle(request) };
        let failed = |error: OwnerError| WireError::Other(error.to_string());
        if let Some(refusal) = self.act(None, |sandbox| sandbox.over_rate(&decoded)).map_err(failed)? {
            return Ok(refusal);
        }
        let change = changes(&decoded).then(|| Change::Request(LoggedRequest::of(request)));
        self.act(change, |sandbox| sandbox.handle_admitted(decoded)).map_err(failed)?
    }

    /// Answers a request to AWS when its time has come: a fault may make the API slow.
    pub(super) async fn request_in_time(
        &self,
        request: &http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, WireError> {
        let late = self.sandbox.lateness(request);
        if !late.is_zero() {
            Clock::from_source(Arc::clone(&self.time)).sleep(late).await;
        }
        self.request(request)
    }

    /// Sends a client's request.
    pub(super) fn probe(&self, probe: &Probe) -> Result<ProbeReply, OwnerError> {
        let reads = ["GET", "HEAD"].iter().any(|method| probe.method.eq_ignore_ascii_case(method));
        let change = (!reads).then(|| Change::Probe(probe.clone()));
        self.act(change, |sandbox| sandbox.with_world(|world| dataplane::probe(world, LEARNER_ACCOUNT, probe)))
    }

    /// Resolves a name.
    pub(super) fn resolve(&self, name: &str, vantage: &Vantage) -> Result<Option<DnsAnswer>, OwnerError> {
        self.act(None, |sandbox| sandbox.with_world(|world| dataplane::resolve(world, LEARNER_ACCOUNT, name, vantage)))
    }

    /// Starts a fault, or says why there is no such fault.
    pub(super) fn start_fault(
        &self,
        kind: &str,
        region: &str,
        parameters: &serde_json::Value,
        lease: Duration,
    ) -> Result<Result<Fault, FaultError>, OwnerError> {
        let change = faults::check(kind, region, parameters).is_ok().then(|| Change::StartFault {
            kind: kind.to_owned(),
            region: region.to_owned(),
            parameters: parameters.clone(),
            lease,
        });
        self.act(change, |sandbox| {
            sandbox.with_world(|world| faults::start(world, kind, region, parameters.clone(), lease))
        })
    }

    /// Ends a fault.
    pub(super) fn stop_fault(&self, id: &str) -> Result<(), OwnerError> {
        let change = Change::StopFault { id: id.to_owned() };
        self.act(Some(change), |sandbox| sandbox.with_world(|world| faults::stop(world, id)))
    }

    /// The faults that are active.
    pub(super) fn active_faults(&self) -> Result<Vec<Fault>, OwnerError> {
        self.act(None, |sandbox| sandbox.with_world(|world| world.faults.clone()))
    }

    /// Changes the rate, and remembers it.
    pub(super) fn set_rate(&self, rate: Rate) {
        self.time.set_rate(rate);
        // Only the next start would notice, and the next request writes it again.
        let _ = self.remember(&self.store(), self.time.now());
    }

    /// A copy of the world as it is now.
    pub(super) fn world(&self) -> Result<World, OwnerError> {
        self.act(None, |sandbox| sandbox.with_world(|world| world.clone()))
    }

    /// Puts another world in the place of this one. Its time goes on from now.
    pub(super) fn restore(&self, mut world: World) -> Result<(), OwnerError> {
        let mut store = self.store();
        let now = self.time.now();
        world.advance(now);
        store.snapshot(&world)?;
        let _pinned = self.gate.pin(now);
        self.sandbox.with_world(|old| *old = world);
        Ok(())
    }

    /// Writes a snapshot, so that the next start has nothing to replay.
    pub(super) fn save(&self) -> Result<(), OwnerError> {
        let mut store = self.store();
        let now = self.time.now();
        let _pinned = self.gate.pin(now);
        self.sandbox.with_world(|world| store.snapshot(world))?;
        self.remember(&store, now)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::world::{Transition, What};

    fn world_with(pending: Option<Duration>) -> World {
        let mut world = World::new(1);
        if let Some(after) = pending {
            let transition = Transition {
                account: LEARNER_ACCOUNT.into(),
                region: "eu-west-1".into(),
                what: What::FaultEnds("none".into()),
            };
            world.timeline.push(world.now.plus(after), transition);
        }
        world
    }

    #[test]
    fn what_takes_long_to_compute_owes_no_time_afterwards() {
        let directory = tempfile::tempdir().unwrap();
        let lock = std::fs::File::create(directory.path().join("lock")).unwrap();
        let (store, found) = Store::open(directory.path(), lock).unwrap();
        let (owner, _) = Owner::start(store, found, 1, Some(Rate::Paced(3600.0)), 3600.0).unwrap();
        let before = owner.time.now();
        owner.act(None, |_| std::thread::sleep(Duration::from_secs(1))).unwrap();
        // A quarter of a second is made up for, which is 15 minutes here; the whole one would be an hour.
        let passed = owner.time.now().since(before);
        assert!(passed < Duration::from_mins(45), "{passed:?}");
    }

    #[test]
    fn an_abandoned_world_goes_on_by_the_smallest_of_three() {
        let moment = |simulated| Moment { simulated, wall: SimTime::from_millis(0), rate: Rate::Jump };
        let start = SimTime::WORLD_START;
        let wall = |seconds: i64| SimTime::from_millis(seconds * 1000);
        let hours = Duration::from_hours;
        let by = |pending, seconds, speed| catch_up(&world_with(pending), Some(moment(start)), wall(seconds), speed).1;
        assert_eq!(by(Some(hours(50)), 10, 60.0), Duration::from_mins(10), "wall time at its speed");
        assert_eq!(by(Some(Duration::from_secs(90)), 10, 60.0), Duration::from_secs(90), "the last pending transition");
        assert_eq!(by(Some(hours(50)), 1_000_000, 60.0), hours(2), "two hours");
        assert_eq!(by(None, 1_000_000, 60.0), Duration::ZERO, "nothing is pending");
        assert_eq!(by(Some(hours(1)), 10, f64::INFINITY), hours(1));
        let (now, _) = catch_up(&world_with(None), Some(moment(start.plus(hours(3)))), wall(1), 60.0);
        assert_eq!(now, start.plus(hours(3)), "what was seen last stays");
        assert_eq!(catch_up(&world_with(Some(hours(1))), None, wall(9), 60.0), (start, Duration::ZERO));
    }
}
