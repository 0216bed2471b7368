//! A state directory's simulated account, which has one owner.
//!
//! The first process that opens it takes the lock, owns world and clock, logs every change before it happens and
//! listens on a socket in the directory. Every further process speaks the same AWS HTTP over that socket, and a small
//! control interface for time, names, probes and faults. When the owner dies, the next one to notice takes over from
//! snapshot and log. A [`Simulator`] is the same to its user in either case.

mod control;
mod core;
pub mod loopback;
mod remote;
mod server;
mod store;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

pub use self::control::Status;
use self::control::{Ask, read_names};
use self::core::Owner;
pub use self::loopback::Endpoint;
use self::remote::{Gone, Remote};
use self::server::Listening;
use super::handle::Sandbox;
use super::world::World;
use crate::clock::{Clock, Rate, Source};
use crate::domain::drill::{Fault, Probe, ProbeReply, Vantage};
use crate::domain::{BoxFuture, DataPlane, DnsAnswer, Failure, FailureClass, Faults, SimTime};
use crate::protocol::{Wire, WireError};

/// How often and in which intervals of wall time a world is tried to be had, while its owner comes up or goes down.
const TRIES: (u32, Duration) = (50, Duration::from_millis(100));

/// How a world is opened. What concerns the owner is ignored by a process that joins one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenOptions {
    /// The seed of a world that does not exist yet.
    pub seed: u64,
    /// The clock's rate; none keeps the one it had, or takes the speed.
    pub rate: Option<Rate>,
    /// Simulated seconds per second while nobody owned the world, and at first.
    pub speed: f64,
}

/// Why a world cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// A file does not do what it should.
    #[error("cannot {doing} {}: {source}. Check that the state directory can be written, or choose another with --state", .path.display())]
    Files {
        /// What was being done to it.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Another process has the world and does not answer.
    #[error(
        "another workshop{} owns the simulated account in {} and does not answer. \
         Bring it to the foreground (fg), or end it, and try again", .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(), .directory.display()
    )]
    Silent {
        /// Its process, as far as that is known.
        pid: Option<u32>,
        /// The world's directory.
        directory: PathBuf,
    },
    /// The loopback port cannot be had.
    #[error("cannot listen on 127.0.0.1:{port}: {source}. Choose another port with --port")]
    Port {
        /// The port that was asked for.
        port: u16,
        /// What the system says.
        source: std::io::Error,
    },
    /// The owner refused.
    #[error("{0}")]
    Refused(Failure),
}

/// A world that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The simulated AWS.
    pub simulator: Simulator,
    /// Its time.
    pub clock: Clock,
    /// How much simulated time passed on opening because nobody had owned the world; zero when somebody did.
    pub caught_up: Duration,
    /// What a person should know: something was damaged and kept aside.
    pub notes: Vec<String>,
}

/// The simulated AWS of a state directory, wherever its owner is. Clones share it.
#[derive(Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("directory", &self.inner.directory).finish_non_exhaustive()
    }
}

struct Inner {
    directory: PathBuf,
    options: OpenOptions,
    state: Mutex<State>,
    /// Held by the one that takes over.
    taking_over: tokio::sync::Mutex<()>,
}

struct State {
    part: Part,
    /// Participants of this process. They hold time once this process owns it.
    holds: usize,
}

/// Which part this process has.
#[derive(Clone)]
enum Part {
    Owner(Arc<Owner>, #[allow(dead_code)] Arc<Listening>),
    Remote(Arc<Remote>),
}

/// Opens the world in `directory`, or joins the process that has it.
pub async fn open(directory: &Path, options: OpenOptions) -> Result<Opened, OwnerError> {
    store::prepare(directory)?;
    let (part, caught_up, notes) = obtain(directory, options, options.rate).await?;
    let state = Mutex::new(State { part, holds: 0 });
    let taking_over = tokio::sync::Mutex::default();
    let inner = Arc::new(Inner { directory: directory.to_owned(), options, state, taking_over });
    let clock = Clock::from_source(Arc::new(Followed { inner: Arc::clone(&inner) }));
    Ok(Opened { simulator: Simulator { inner }, clock, caught_up, notes })
}

/// Takes the lock, or finds the one who has it.
async fn obtain(
    directory: &Path,
    options: OpenOptions,
    rate: Option<Rate>,
) -> Result<(Part, Duration, Vec<String>), OwnerError> {
    let wall = Clock::wall();
    let (tries, pause) = TRIES;
    for _ in 0..tries {
        if let Some(lock) = store::lock(directory)? {
            let (store, found) = store::Store::open(directory, lock)?;
            let (owner, caught_up) = Owner::start(store, found, options.seed, rate, options.speed)?;
            let owner = Arc::new(owner);
            let listening = Arc::new(server::listen(directory, &owner)?);
            return Ok((Part::Owner(owner, listening), caught_up.by, caught_up.notes));
        }
        match Remote::find(directory).await {
            Ok((remote, _)) => return Ok((Part::Remote(Arc::new(remote)), Duration::ZERO, Vec::new())),
            Err(Gone::Silent) => break,
            // It is starting, or ending.
            Err(Gone::NotThere(_) | Gone::Broken(_)) => wall.sleep(pause).await,
        }
    }
    Err(OwnerError::Silent { pid: store::holder(directory), directory: directory.to_owned() })
}

impl Inner {
    /// The state is replaced as a whole, so a poisoned lock is still good.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn part(&self) -> Part {
        self.state().part.clone()
    }

    /// Becomes the owner in the place of `gone`, or joins who did.
    async fn take_over(&self, gone: &Arc<Remote>) -> Result<(), OwnerError> {
        let _one = self.taking_over.lock().await;
        if !matches!(self.part(), Part::Remote(remote) if Arc::ptr_eq(&remote, gone)) {
            return Ok(());
        }
        let (part, ..) = obtain(&self.directory, self.options, None).await?;
        let mut state = self.state();
        if let Part::Owner(owner, _) = &part {
            for _ in 0..state.holds {
                owner.time().enter();
            }
        }
        state.part = part;
        Ok(())
    }

    /// Asks whoever owns the world. What breaks off is asked again: once of the next owner, and once more of its
    /// successor.
    async fn ask(&self, ask: Ask) -> Result<Value, Failure> {
        let mut broken = String::new();
        for _ in 0..3 {
            match self.part() {
                Part::Owner(owner, _) => return owner.answer(ask).await,
                Part::Remote(remote) => match remote.ask(&ask).await {
                    Ok(answer) => return answer,
                    Err(Gone::Silent) => return Err(silent(&self.directory)),
                    Err(Gone::NotThere(reason) | Gone::Broken(reason)) => {
                        broken = reason;
                        self.take_over(&remote).await.map_err(|error| control::local(&error))?;
                    }
                },
            }
        }
        Err(Failure {
            class: FailureClass::Network,
            code: "OwnerGone".into(),
            message: format!("the owner of the world does not stay: {broken}"),
            operation: "sandbox".into(),
            request_id: None,
        })
    }
}

fn silent(directory: &Path) -> Failure {
    let error = OwnerError::Silent { pid: store::holder(directory), directory: directory.to_owned() };
    Failure { class: FailureClass::Timeout, ..control::local(&error) }
}

fn unreadable(error: &serde_json::Error) -> Failure {
    Failure {
        class: FailureClass::Service,
        code: "UnreadableAnswer".into(),
        message: format!("the owner of the world answered something else: {error}"),
        operation: "sandbox".into(),
        request_id: None,
    }
}

impl Simulator {
    /// Whether this process owns the world.
    pub fn is_owner(&self) -> bool {
        matches!(self.inner.part(), Part::Owner(..))
    }

    /// The world itself, when this process owns it. What is changed in it directly is not logged.
    pub fn owned(&self) -> Option<Sandbox> {
        match self.inner.part() {
            Part::Owner(owner, _) => Some(owner.sandbox().clone()),
            Part::Remote(_) => None,
        }
    }

    /// The world at a glance.
    pub async fn status(&self) -> Result<Status, Failure> {
        let value = self.inner.ask(Ask::Status).await?;
        serde_json::from_value(value).map_err(|error| unreadable(&error))
    }

    /// The world as it is now, as JSON.
    pub async fn snapshot(&self) -> Result<Vec<u8>, Failure> {
        let value = self.inner.ask(Ask::Snapshot).await?;
        serde_json::to_vec(&value).map_err(|error| unreadable(&error))
    }

    /// Puts a snapshot in the place of the world. Time never goes back: a world of the past goes on from now.
    pub async fn restore(&self, snapshot: &[u8]) -> Result<(), Failure> {
        let world: World = serde_json::from_slice(snapshot).map_err(|error| Failure {
            class: FailureClass::Invalid,
            code: "BadSnapshot".into(),
            message: format!("this is no snapshot of a simulated world: {error}"),
            operation: "sandbox restore".into(),
            request_id: None,
        })?;
        self.inner.ask(Ask::Restore { world: Box::new(world) }).await.map(drop)
    }

    /// Serves the AWS API on a port of 127.0.0.1, for the AWS CLI and the SDKs; 0 takes a free one.
    pub fn serve(&self, port: u16) -> Result<Endpoint, OwnerError> {
        loopback::serve(port, Arc::new(Weakly { inner: Arc::downgrade(&self.inner) }), loopback::Limits::default())
    }

    /// Writes a snapshot when this process owns the world, so that the next start is quick. Leaving it out loses nothing.
    pub fn save(&self) -> Result<(), OwnerError> {
        match self.inner.part() {
            Part::Owner(owner, _) => owner.save(),
            Part::Remote(_) => Ok(()),
        }
    }
}

/// A simulator that an endpoint does not keep alive.
struct Weakly {
    inner: std::sync::Weak<Inner>,
}

impl Wire for Weakly {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, WireError>> {
        Box::pin(async move {
            match self.inner.upgrade() {
                Some(inner) => Simulator { inner }.send(request).await,
                None => Err(WireError::Connection("the sandbox has ended".into())),
            }
        })
    }
}

impl Wire for Simulator {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, WireError>> {
        Box::pin(async move {
            // The control interface is for processes of the state directory, not for whoever reaches a wire.
            if request.uri().path().starts_with(control::PATH) {
                return Err(WireError::Other(format!("{} is no AWS request", control::PATH)));
            }
            loop {
                let remote = match self.inner.part() {
                    Part::Owner(owner, _) => return owner.request_in_time(&request).await,
                    Part::Remote(remote) => remote,
                };
                match remote.send(request.clone()).await {
                    Ok(answer) => return answer,
                    // Whether it was done is not known: the client decides about trying again.
                    Err(Gone::Broken(reason)) => return Err(WireError::Connection(reason)),
                    Err(Gone::Silent) => return Err(WireError::Timeout(silent(&self.inner.directory).message)),
                    Err(Gone::NotThere(_)) => {
                        let taken = self.inner.take_over(&remote).await;
                        taken.map_err(|error| WireError::Other(error.to_string()))?;
                    }
                }
            }
        })
    }
}

impl DataPlane for Simulator {
    fn resolve<'a>(&'a self, name: &'a str, vantage: &'a Vantage) -> BoxFuture<'a, Result<Option<DnsAnswer>, Failure>> {
        Box::pin(async move {
            let ask = Ask::Resolve { name: name.to_owned(), vantage: vantage.clone() };
            read_names(self.inner.ask(ask).await?).map_err(|error| unreadable(&error))
        })
    }

    fn probe<'a>(&'a self, probe: &'a Probe) -> BoxFuture<'a, Result<ProbeReply, Failure>> {
        Box::pin(async move {
            // In this process, a probe need not be written down and read again.
            if let Part::Owner(owner, _) = self.inner.part() {
                return owner.probe(probe).map_err(|error| control::local(&error));
            }
            let value = self.inner.ask(Ask::Probe { probe: probe.clone() }).await?;
            serde_json::from_value(value).map_err(|error| unreadable(&error))
        })
    }
}

impl Faults for Simulator {
    fn start<'a>(
        &'a self,
        kind: &'a str,
        region: &'a str,
        parameters: Value,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Fault, Failure>> {
        Box::pin(async move {
            let ask = Ask::StartFault { kind: kind.to_owned(), region: region.to_owned(), parameters, lease };
            serde_json::from_value(self.inner.ask(ask).await?).map_err(|error| unreadable(&error))
        })
    }

    fn stop<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move { self.inner.ask(Ask::StopFault { id: id.to_owned() }).await.map(drop) })
    }

    fn active(&self) -> BoxFuture<'_, Result<Vec<Fault>, Failure>> {
        Box::pin(async move {
            serde_json::from_value(self.inner.ask(Ask::Faults).await?).map_err(|error| unreadable(&error))
        })
    }
}

/// The world's time, wherever its owner is.
struct Followed {
    inner: Arc<Inner>,
}

impl Source for Followed {
    fn now(&self) -> SimTime {
        match self.inner.part() {
            Part::Owner(owner, _) => owner.time().now(),
            Part::Remote(remote) => remote.now(),
        }
    }

    fn sleep_until(&self, deadline: SimTime) -> BoxFuture<'static, ()> {
        if let Part::Owner(owner, _) = self.inner.part() {
            return owner.time().sleep_until(deadline);
        }
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            loop {
                match inner.part() {
                    Part::Owner(owner, _) => return owner.time().sleep_until(deadline).await,
                    Part::Remote(remote) => match remote.ask(&Ask::Sleep { until: deadline }).await {
                        Ok(_) => return,
                        // Without an owner there is no time. If nobody can take over, calls to AWS will say so.
                        Err(_) if inner.take_over(&remote).await.is_err() => return,
                        Err(_) => {}
                    },
                }
            }
        })
    }

    fn enter(&self) {
        let mut state = self.inner.state();
        state.holds += 1;
        if let Part::Owner(owner, _) = &state.part {
            owner.time().enter();
        }
    }

    fn leave(&self) {
        let mut state = self.inner.state();
        state.holds = state.holds.saturating_sub(1);
        if let Part::Owner(owner, _) = &state.part {
            owner.time().leave();
        }
    }

    fn rate(&self) -> Rate {
        match self.inner.part() {
            Part::Owner(owner, _) => owner.time().rate(),
            Part::Remote(remote) => remote.rate(),
        }
    }

    fn set_rate(&self, rate: Rate) {
        match self.inner.part() {
            Part::Owner(owner, _) => owner.set_rate(rate),
            Part::Remote(_) => {
                let inner = Arc::clone(&self.inner);
                // The owner is told in the background; the next answer shows the new rate.
                tokio::spawn(async move {
                    let _ = inner.ask(Ask::Speed { rate }).await;
                });
            }
        }
    }

    fn advance_to(&self, until: SimTime) -> BoxFuture<'static, ()> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let _ = inner.ask(Ask::Advance { until }).await;
        })
    }

    fn is_simulated(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
