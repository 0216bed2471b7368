//! Runs a drill: sends every probe and canary write at its intended instant, whatever became of the one before.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::agenda::{Agenda, Duty};
use super::canary::Canary;
use super::evidence::{Feed, Keeper};
use super::plan::{BASELINE, LIMIT, LaneRole, PROBE_TIMEOUT, Plan, STABLE_WINDOW, Switch};
use super::report::Report;
use super::samples::{ReadBack, Slot, Write};
use super::snapshot::{Snapshot, Stage};
use super::state::State;
use super::where_to;
use crate::clock::{Clock, StepWatch};
use crate::domain::drill::{ClientClass, Probe, ProbeError, Signed, SlotResult};
use crate::domain::{DataPlane, Operations, SimTime};

/// A baseline with a smaller share of good slots is unsteady (design/drill.md, section 2).
const BASELINE_GOOD: f64 = 0.995;
/// A fault that breaks nobody for so long did not bite (design/drill.md, section 1: within 60 s; two windows are given).
const BITE_LIMIT: Duration = Duration::from_secs(120);

/// How the drill is steered from outside.
#[derive(Clone, Default)]
pub struct Control {
    /// Ends the drill and mends the fault at once.
    pub abort: CancellationToken,
    /// Begins to fail back when the verdict stands.
    pub fail_back: Arc<Notify>,
}

/// What the drill talks to.
#[derive(Clone)]
pub struct Ports {
    /// The network.
    pub network: Arc<dyn DataPlane>,
    /// AWS, for the health check's status.
    pub aws: Arc<dyn Operations>,
    /// The stores whose writes are counted.
    pub canaries: Vec<Arc<dyn Canary>>,
    /// The fault.
    pub switch: Arc<dyn Switch>,
    /// Where samples are kept while the drill runs, when anybody keeps them.
    pub keeper: Option<Arc<dyn Keeper>>,
}

/// The end of something that was begun.
enum Done {
    Slot(Slot),
    Write { canary: usize, write: Write },
    Tail { canary: usize, read: ReadBack },
    ReadBack { canary: usize, read: ReadBack, healed: bool },
    Health(Option<bool>),
    Survivor(Option<bool>),
    Routing { before: bool, settings: BTreeMap<String, Value> },
    Dns { lane: usize, away: bool },
    FaultStarted(Result<(), String>),
    FaultStopped(Result<(), String>),
}

/// What ended, and when.
type Running<'r> = FuturesUnordered<Pin<Box<dyn Future<Output = (SimTime, Done)> + Send + 'r>>>;

/// Runs the drill and gives its report. Call it while holding one participant of `clock`; `show` gets a snapshot every
/// simulated second.
pub async fn run(
    plan: Plan,
    ports: Ports,
    clock: &Clock,
    control: &Control,
    show: &(dyn Fn(Snapshot) + Send + Sync),
) -> Report {
    let mut state = State::new(plan, clock.now());
    state.name_canaries(ports.canaries.iter().map(|canary| canary.store().to_owned()));
    // Only on the wall clock does it matter that the machine slept.
    let steps = (!clock.is_simulated()).then(StepWatch::start);
    let mut runner =
        Runner { state, ports: &ports, clock, running: FuturesUnordered::new(), steps, feed: Feed::default() };
    let mut agenda = Agenda::new(&runner.state.plan, &runner.state.lanes, &ports.canaries, clock.now());
    let mut aborted = false;
    while !runner.state.over() {
        let Some((at, duty)) = agenda.next() else { break };
        runner.wait_until(at, &control.abort, aborted).await;
        if control.abort.is_cancelled() && !aborted {
            aborted = true;
            runner.abort();
        }
        runner.begin(at, duty, control, show);
        if duty == Duty::Tick {
            // A drill that is behind its pace never has to wait; keys and signals must be heard all the same.
            tokio::task::yield_now().await;
        }
    }
    runner.finish().await;
    show(runner.state.snapshot(clock.now()));
    runner.state.into_report()
}

struct Runner<'r> {
    state: State,
    ports: &'r Ports,
    clock: &'r Clock,
    running: Running<'r>,
    steps: Option<StepWatch>,
    feed: Feed,
}

impl<'r> Runner<'r> {
    /// Takes in what ends until `at`. Answers that are there already are taken before time may move.
    async fn wait_until(&mut self, at: SimTime, abort: &CancellationToken, aborted: bool) {
        let clock = self.clock;
        let sleep = clock.sleep_until(at);
        tokio::pin!(sleep);
        loop {
            tokio::select! {
                biased;
                Some((at, done)) = self.running.next(), if !self.running.is_empty() => self.take(at, done),
                () = abort.cancelled(), if !aborted => return,
                () = &mut sleep => return,
            }
        }
    }

    /// Starts `future` beside everything else; it holds its own participant, so that time waits for it. Its end is dated
    /// before it lets time go, so that the pace of time makes no difference.
    fn spawn(&self, future: impl Future<Output = Done> + Send + 'r) {
        let (participant, clock) = (self.clock.participate(), self.clock);
        self.running.push(Box::pin(async move {
            let done = future.await;
            let at = clock.now();
            drop(participant);
            (at, done)
        }));
    }

    fn begin(&mut self, at: SimTime, duty: Duty, control: &Control, show: &(dyn Fn(Snapshot) + Send + Sync)) {
        match duty {
            Duty::Slot(lane) => self.probe(at, lane),
            Duty::Write(canary) => self.write(at, canary),
            Duty::Tail(canary) => self.tail(canary),
            Duty::Dns => self.ask_name_servers(),
            Duty::Health => self.ask_health_checks(),
            Duty::Tick => {
                self.tick(control);
                self.keep();
                show(self.state.snapshot(at));
            }
        }
    }

    fn probe(&self, at: SimTime, lane: usize) {
        let Some(spec) = self.state.lanes.get(lane) else { return };
        let plan = &self.state.plan;
        let (Some(url), Some(journey), Some(vantage)) =
            (plan.url(spec), plan.journeys.get(spec.journey), plan.vantages.get(spec.vantage))
        else {
            return;
        };
        let probe = Probe {
            signed: Signed::ByLearner,
            method: journey.method.clone(),
            url: url.to_owned(),
            body: journey.body.clone(),
            vantage: vantage.clone(),
            class: spec.class,
            timeout: PROBE_TIMEOUT,
        };
        let (network, regions, clock) = (Arc::clone(&self.ports.network), plan.regions.clone(), self.clock);
        let (role, direct) = (spec.role, journey.direct.clone());
        let simulated = clock.is_simulated();
        self.spawn(async move {
            let reply = network.probe(&probe).await;
            let (result, latency) = match reply {
                Ok(reply) => {
                    // A simulated network tells its own latency; how late this program is in a paced world says nothing.
                    let late = if simulated { reply.latency } else { clock.now().since(at).max(reply.latency) };
                    let result = match reply.status {
                        _ if late > PROBE_TIMEOUT => SlotResult::Error(ProbeError::Timeout),
                        Ok(status) if status < 400 => SlotResult::Ok(match (reply.region, role) {
                            (Some(region), _) => regions.role_of(&region),
                            (None, LaneRole::Direct(role)) => Some(role),
                            (None, _) => {
                                where_to::behind(network.as_ref(), &direct, &probe.vantage, reply.resolved.as_slice())
                                    .await
                            }
                        }),
                        Ok(status) => SlotResult::Status(status),
                        Err(error) => SlotResult::Error(error),
                    };
                    (result, late)
                }
                Err(_) => (SlotResult::Missed, clock.now().since(at)),
            };
            Done::Slot(Slot { lane, at, latency_ms: latency.as_millis() as u64, result })
        });
    }

    fn write(&mut self, at: SimTime, canary: usize) {
        let Some(store) = self.ports.canaries.get(canary).cloned() else { return };
        let (seq, clock) = (self.state.next_seq(canary), self.clock);
        self.spawn(async move {
            let acked = store.write(seq).await.is_ok().then(|| clock.now());
            Done::Write { canary, write: Write { seq, sent: at, acked } }
        });
    }

    fn read(&self, canary: usize, wrap: impl FnOnce(ReadBack) -> Done + Send + 'r) {
        let Some(store) = self.ports.canaries.get(canary).cloned() else { return };
        let clock = self.clock;
        self.spawn(async move {
            let present = store.read().await.ok();
            wrap(ReadBack { at: clock.now(), present })
        });
    }

    fn tail(&self, canary: usize) {
        if matches!(self.state.stage, Stage::Baseline | Stage::Failing) && !self.state.reading_back {
            self.read(canary, move |read| Done::Tail { canary, read });
        }
    }

    /// Asks the name servers, uncached, where each affected client would be sent now.
    fn ask_name_servers(&mut self) {
        if self.state.stage != Stage::Failing {
            return;
        }
        let plan = &self.state.plan;
        for lane in self.state.lanes_not_rerouted() {
            let Some(spec) = self.state.lanes.get(lane) else { continue };
            let (Some(url), Some(vantage)) = (plan.url(spec), plan.vantages.get(spec.vantage).cloned()) else {
                continue;
            };
            let direct = plan.journeys.get(spec.journey).map(|journey| journey.direct.clone()).unwrap_or_default();
            let (name, network) = (host(url).to_owned(), Arc::clone(&self.ports.network));
            let (regions, broken) = (plan.regions.clone(), plan.broken);
            self.spawn(async move {
                let to = where_to::leads(network.as_ref(), &name, &direct, &vantage, &regions).await;
                Done::Dns { lane, away: to.is_some_and(|role| role != broken) }
            });
        }
    }

    fn ask_health_checks(&self) {
        if self.state.stage != Stage::Failing {
            return;
        }
        let plan = &self.state.plan;
        let broken = plan.health_check.clone().filter(|_| self.state.samples.unhealthy_seen.is_none());
        if let Some(id) = broken {
            let aws = Arc::clone(&self.ports.aws);
            self.spawn(async move { Done::Health(super::health::unhealthy(aws.as_ref(), &id).await) });
        }
        let survivor = plan.survivor_check.clone().filter(|_| !self.state.failed_open());
        if let Some(id) = survivor {
            let aws = Arc::clone(&self.ports.aws);
            self.spawn(async move { Done::Survivor(super::health::unhealthy(aws.as_ref(), &id).await) });
        }
    }

    /// Reads the settings of the routing, to see whether somebody changes them while the fault is active.
    fn read_routing(&self, before: bool) {
        let plan = &self.state.plan;
        let checks: Vec<String> = plan.health_check.iter().chain(&plan.survivor_check).cloned().collect();
        let (zone, aws) = (plan.zone.clone(), Arc::clone(&self.ports.aws));
        self.spawn(async move {
            let settings = super::health::routing(aws.as_ref(), &checks, zone.as_deref()).await;
            Done::Routing { before, settings }
        });
    }

    /// Takes in what has ended at `now`.
    fn take(&mut self, now: SimTime, done: Done) {
        match done {
            Done::Slot(slot) => self.state.slot(slot),
            Done::Write { canary, write } => self.state.canary(canary, |samples| samples.writes.push(write)),
            Done::Tail { canary, read } => self.state.canary(canary, |samples| samples.tail = vec![read]),
            Done::ReadBack { canary, read, healed } => {
                self.state.canary(canary, |samples| {
                    let place = if healed { &mut samples.after_heal } else { &mut samples.after_failover };
                    *place = Some(read);
                });
                self.state.reads_left = self.state.reads_left.saturating_sub(1);
            }
            Done::Health(Some(fail)) => self.state.checkers_fail(fail, now),
            Done::Survivor(Some(fail)) => self.state.survivor_fails(fail, now),
            Done::Health(None) | Done::Survivor(None) => {}
            Done::Routing { before, settings } => self.state.routing(before, settings, now),
            Done::Dns { lane, away } => self.state.asked_name_servers(lane, away, now),
            Done::FaultStarted(result) => self.state.fault_started(result, now),
            Done::FaultStopped(result) => self.state.fault_stopped(result, now),
        }
    }

    /// Moves from stage to stage.
    fn tick(&mut self, control: &Control) {
        let now = self.clock.now();
        if let Some(steps) = &mut self.steps {
            self.state.stepped(steps.look(), now);
        }
        if matches!(self.state.stage, Stage::Baseline | Stage::Failing | Stage::FailingBack) {
            self.state.note_markers(now);
        }
        match self.state.stage.clone() {
            Stage::Baseline if now >= self.state.samples.start.plus(BASELINE) => {
                let state = &self.state;
                match state.unsteady(BASELINE_GOOD).or_else(|| state.broken_already()).or_else(|| state.unreplicated())
                {
                    Some(why) => self.state.stop(why, now),
                    None => self.start_fault(now),
                }
            }
            Stage::Failing if self.state.reading_back && self.state.reads_left == 0 => self.state.freeze(now),
            Stage::FailingBack if self.state.reading_back && self.state.reads_left == 0 => {
                self.state.stage = Stage::Done;
            }
            Stage::Failing | Stage::FailingBack if self.state.reading_back => {}
            Stage::Failing if self.state.decided(now, BITE_LIMIT, STABLE_WINDOW, LIMIT) => self.read_back(false),
            Stage::Frozen if self.state.plan.auto_fail_back || fail_back_asked(control) => self.stop_fault(now),
            Stage::FailingBack if self.state.home_again(now, LIMIT) => self.read_back(true),
            _ => {}
        }
    }

    fn start_fault(&mut self, now: SimTime) {
        self.state.begin_fault(now);
        // Whoever finds this drill dead must know that something may be broken.
        self.keep();
        self.read_routing(true);
        let switch = Arc::clone(&self.ports.switch);
        self.spawn(async move { Done::FaultStarted(switch.start().await) });
    }

    fn stop_fault(&mut self, now: SimTime) {
        self.state.begin_fail_back(now);
        let switch = Arc::clone(&self.ports.switch);
        self.spawn(async move { Done::FaultStopped(switch.stop().await) });
    }

    /// Hands over what was seen since the last time.
    fn keep(&mut self) {
        if let Some(keeper) = &self.ports.keeper {
            keeper.keep(&self.feed.more(&self.state.samples));
        }
    }

    /// Reads all canaries in the surviving Region.
    fn read_back(&mut self, healed: bool) {
        self.state.reading_back = true;
        self.state.reads_left = self.ports.canaries.len();
        if !healed {
            self.state.reads_left += 1;
            self.read_routing(false);
        }
        for canary in 0..self.ports.canaries.len() {
            self.read(canary, move |read| Done::ReadBack { canary, read, healed });
        }
    }

    /// Mends the fault at once and ends the drill without a verdict.
    fn abort(&mut self) {
        let now = self.clock.now();
        let broken = self.state.samples.fault_requested.is_some() && self.state.samples.healed.is_none();
        if broken {
            self.stop_fault(now);
        }
        self.state.stop("stopped by hand".to_owned(), now);
    }

    /// Waits for what is still under way (the fault being mended, say).
    async fn finish(&mut self) {
        let clock = self.clock;
        while let Some((at, done)) = clock.idle(self.running.next()).await {
            self.take(at, done);
        }
    }
}

/// Whether somebody asked to fail back since the last time.
fn fail_back_asked(control: &Control) -> bool {
    let mut asked = std::pin::pin!(control.fail_back.notified());
    // `notify_one` leaves a permit when nobody waits; a first poll takes it.
    futures_util::FutureExt::now_or_never(asked.as_mut()).is_some()
}

/// The host of a URL.
pub fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':', '?']).next().unwrap_or(rest)
}

/// Whether a lane is a client whose slots decide.
pub(super) fn decides(role: LaneRole, class: ClientClass) -> bool {
    role == LaneRole::Client && class == ClientClass::TtlHonouring
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;
