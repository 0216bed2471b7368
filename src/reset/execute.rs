//! Runs the deletion graph of one account: every node as soon as its predecessors are verified gone, then the proof.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::act::{Asked, Halt, Hand, Key, Turn, stacked};
use super::caller::Caller;
use super::eta::{Eta, Forecast};
use super::graph::{Graph, GraphError, Node, NodeId, State, Step};
use super::item::{Item, Kind};
use super::journal::{Entry, JournalError, Recorder};
use super::layout::layout;
use super::proof::{Verdict, prove};
use super::run::Run;
use super::scan::Scan;
use crate::clock::{Clock, Participant};
use crate::domain::{Failure, FailureClass, SimTime};

/// How long to wait before a node looks again: what changes at once is seen soon, and what takes half an hour is not
/// asked about all the time. Source of 15 s and 30 s: aws-behaviour.md, section 2, client rule.
const LOOKS: &[(Duration, Duration)] = &[
    (Duration::from_secs(2), Duration::from_secs(2)),
    (Duration::from_secs(20), Duration::from_secs(5)),
    (Duration::from_mins(3), Duration::from_secs(15)),
];
const LOOK_LATE: Duration = Duration::from_secs(30);
/// A node that takes longer than this has failed. Interfaces of functions have been seen to stay for 57 minutes
/// (reset-tools.md, A.3), and a stack may need them twice.
const LIMIT: Duration = Duration::from_mins(150);
/// So often it is told what is at work. Source: design/reset.md, goal 13.
const TELL: Duration = Duration::from_secs(10);
/// So often the forecast is made anew while nothing ends.
const FORECAST: Duration = Duration::from_mins(1);
/// The second search comes so long after the first: late log lines bring groups back. Source: design/reset.md, goal 15.
const LATER: Duration = Duration::from_mins(10);

/// What a reset of one account tells while it runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Progress {
    /// A node changed its state.
    Node {
        /// The node.
        node: String,
        /// Its state, in one word.
        state: String,
        /// Why, when it did not go.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// How long it has been at work, in the run's seconds.
        seconds: f64,
    },
    /// What is at work, at most every ten seconds of the run.
    Running {
        /// The nodes, the one that began first at the beginning.
        nodes: Vec<Running>,
    },
    /// A node waits for AWS.
    Waiting {
        /// The node.
        node: String,
        /// What AWS says.
        what: String,
        /// Whether it takes more than twice its 90th percentile.
        slow: bool,
        /// Nodes that wait for it.
        holds: Vec<String>,
    },
    /// How far the account is.
    Row {
        /// Nodes that are gone.
        gone: usize,
        /// Nodes in all.
        nodes: usize,
        /// What is still to come.
        eta: Eta,
    },
    /// The account is left alone.
    Refused {
        /// Why.
        why: String,
    },
    /// The account is done.
    Done {
        /// The verdict, in words.
        verdict: String,
        /// Whether nothing of the run is left, and that is proved.
        clean: bool,
    },
    /// A search has ended.
    Proof {
        /// Which one, from 1.
        number: u32,
        /// How many things of the run it found.
        left: usize,
    },
}

/// A node at work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Running {
    /// Which.
    pub node: String,
    /// How long already, in the run's seconds.
    pub seconds: f64,
    /// How long half of all such nodes take, and nine of ten; estimates.
    pub p50_seconds: u64,
    /// See `p50_seconds`.
    pub p90_seconds: u64,
}

/// Why an account's reset ended before its verdict.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Somebody stopped it; the same command goes on.
    #[error("stopped; what AWS has begun goes on, and the same command continues")]
    Cancelled,
    /// The journal cannot be written; nothing is deleted without it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The order of deletion has no beginning.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// How an account ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Nodes with their last state.
    pub nodes: Vec<(NodeId, State)>,
}

/// One account, ready to be reset.
pub struct Ready<'r> {
    /// The seat, as the journal names it.
    pub seat: &'r str,
    /// The account.
    pub account: &'r str,
    /// Whose things.
    pub run: &'r Run,
    /// What exists now; the graph is made from it.
    pub scan: &'r Scan,
    /// What the plan says may be deleted.
    pub allowed: &'r BTreeSet<Key>,
    /// What the plan says is somebody else's.
    pub not_ours: &'r [Item],
    /// The bucket with the run's manifest.
    pub manifest: Option<&'r str>,
}

impl Ready<'_> {
    /// What exists, belongs to the run and is in the plan.
    fn mine(&self) -> Scan {
        let mine = self.scan.ours().filter(|item| self.allowed.contains(&item.key()));
        Scan { items: mine.cloned().collect(), members: self.scan.members.clone(), ..Scan::default() }
    }

    /// The nodes of its graph.
    pub fn nodes(&self) -> Vec<Node> {
        layout(self.run, &self.mine(), self.manifest)
    }
}

/// What the executor works with.
#[derive(Clone, Copy)]
pub struct Tools<'t> {
    /// The way to AWS.
    pub caller: &'t Caller,
    /// Where every transition is written before the next one.
    pub journal: &'t dyn Recorder,
    /// Stops it: nothing more is asked for, and what runs is left to AWS.
    pub cancel: &'t CancellationToken,
    /// Is told what happens.
    pub tell: &'t (dyn Fn(Progress) + Send + Sync),
}

struct Executor<'e> {
    ready: &'e Ready<'e>,
    tools: Tools<'e>,
    hand: Hand<'e>,
    graph: Mutex<Graph>,
    forecast: Forecast,
    began: Mutex<BTreeMap<usize, SimTime>>,
    asked: &'e Mutex<Vec<Asked>>,
    broken: Mutex<Option<JournalError>>,
    stopped: AtomicBool,
    /// When it was told last what is at work, and when the forecast.
    told: Mutex<(SimTime, SimTime)>,
}

/// Deletes what the plan names and proves that it is gone. The caller holds one participant of the clock.
pub async fn execute(ready: &Ready<'_>, tools: Tools<'_>) -> Result<Outcome, Stop> {
    let (nodes, verdict) = run(ready, tools, true).await?;
    Ok(Outcome { verdict: verdict.unwrap_or(Verdict::Unproved { unread: 0 }), nodes })
}

/// Deletes what the plan names, each thing until a read has shown that it is gone, and searches for nothing else: for a
/// part of a run. The caller holds one participant of the clock.
pub async fn delete(ready: &Ready<'_>, tools: Tools<'_>) -> Result<Vec<(NodeId, State)>, Stop> {
    Ok(run(ready, tools, false).await?.0)
}

/// The nodes with their last states, and the verdict when there was a search.
type Ended = (Vec<(NodeId, State)>, Option<Verdict>);

/// Runs the nodes, and searches afterwards when that is wanted.
async fn run(ready: &Ready<'_>, tools: Tools<'_>, search: bool) -> Result<Ended, Stop> {
    let (asked, stacked) = (Mutex::new(Vec::new()), stacked(&ready.mine().items));
    let tell = |one: Asked| asked.lock().unwrap_or_else(PoisonError::into_inner).push(one);
    let hand = Hand {
        caller: tools.caller,
        account: ready.account,
        run: ready.run,
        allowed: ready.allowed,
        stacked: &stacked,
        manifest: ready.manifest,
        cancel: tools.cancel,
        tell: &tell,
        lists: Mutex::default(),
        failures: Mutex::default(),
    };
    let graph = Graph::new(ready.nodes())?;
    let executor = Executor {
        ready,
        tools,
        hand,
        forecast: Forecast::of(&graph),
        graph: Mutex::new(graph),
        began: Mutex::default(),
        asked: &asked,
        broken: Mutex::default(),
        stopped: AtomicBool::new(false),
        told: Mutex::new((tools.caller.clock().now(), tools.caller.clock().now())),
    };
    executor.row();
    executor.nodes().await?;
    let verdict = if search { Some(executor.finish().await?) } else { None };
    Ok((executor.ended(), verdict))
}

impl Executor<'_> {
    fn clock(&self) -> &Clock {
        self.tools.caller.clock()
    }

    fn with_graph<T>(&self, act: impl FnOnce(&mut Graph) -> T) -> T {
        act(&mut self.graph.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes into the journal; after a line that could not be written nothing more is asked of AWS.
    fn record(&self, entries: Vec<Entry>) -> bool {
        if self.stopped.load(Ordering::SeqCst) || entries.is_empty() {
            return !self.stopped.load(Ordering::SeqCst);
        }
        match self.tools.journal.append(Some(self.ready.seat), self.clock().now(), entries) {
            Ok(()) => true,
            Err(error) => {
                *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                self.stopped.store(true, Ordering::SeqCst);
                false
            }
        }
    }

    fn asked(&self) -> Vec<Entry> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *asked).into_iter().map(Entry::from).collect()
    }

    fn halted(&self) -> bool {
        self.stopped.load(Ordering::SeqCst) || self.tools.cancel.is_cancelled()
    }

    fn elapsed(&self, place: usize) -> Duration {
        let began = self.began.lock().unwrap_or_else(PoisonError::into_inner);
        began.get(&place).map_or(Duration::ZERO, |at| self.clock().now().since(*at))
    }

    /// Notes a node's new state in the journal and in the graph, and tells it.
    fn change(&self, place: usize, state: State) -> bool {
        let Some(node) = self.with_graph(|graph| graph.id(place).cloned()) else { return false };
        let mut entries = self.asked();
        let seconds = self.elapsed(place).as_secs_f64();
        entries.push(Entry::Node { node: node.clone(), state: state.clone(), seconds });
        let written = self.record(entries);
        let why = match &state {
            State::Failed { why, .. } => Some(why.clone()),
            State::Blocked { by } => Some(format!("by {by}")),
            _ => None,
        };
        (self.tools.tell)(Progress::Node { node: node.to_string(), state: state.word().to_owned(), why, seconds });
        self.with_graph(|graph| graph.set(place, state));
        written
    }

    async fn nodes(&self) -> Result<(), Stop> {
        let mut running = FuturesUnordered::new();
        loop {
            if !self.halted() {
                for (place, by) in self.with_graph(|graph| graph.newly_blocked()) {
                    self.change(place, State::Blocked { by });
                }
                for place in self.with_graph(|graph| graph.ready()) {
                    self.began.lock().unwrap_or_else(PoisonError::into_inner).insert(place, self.clock().now());
                    if !self.change(place, State::Started) {
                        break;
                    }
                    let awake = self.clock().participate();
                    running.push(self.node(place, awake));
                }
            }
            if running.is_empty() {
                break;
            }
            // The node that ends brings its participant with it, so that no time passes before the next ones start.
            let Some((place, state, awake)) = self.clock().idle(running.next()).await else { break };
            if let Some(state) = state {
                self.change(place, state);
                self.row();
            }
            drop(awake);
            let unblocked = self.with_graph(|graph| graph.newly_blocked().is_empty());
            if self.with_graph(|graph| graph.settled()) && unblocked {
                break;
            }
        }
        self.stop()
    }

    fn stop(&self) -> Result<(), Stop> {
        if let Some(error) = self.broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(Stop::Journal(error));
        }
        if self.tools.cancel.is_cancelled() {
            let mut entries = self.asked();
            entries.push(Entry::Stopped);
            self.record(entries);
            return Err(Stop::Cancelled);
        }
        Ok(())
    }

    /// Tells what is at work, and now and then the forecast.
    fn keep_telling(&self) {
        let now = self.clock().now();
        let (running, forecast) = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let due = (now.since(told.0) >= TELL, now.since(told.1) >= FORECAST);
            if due.0 {
                told.0 = now;
            }
            if due.1 {
                told.1 = now;
            }
            due
        };
        if running {
            (self.tools.tell)(Progress::Running { nodes: self.running() });
        }
        if forecast {
            self.row();
        }
    }

    fn running(&self) -> Vec<Running> {
        let began = self.began.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut nodes: Vec<(SimTime, Running)> = self.with_graph(|graph| {
            let places =
                began.iter().filter(|(place, _)| graph.states().get(**place).is_some_and(|one| !one.settled()));
            let one = |(place, at): (&usize, &SimTime)| {
                let id = graph.id(*place)?;
                let (p50, p90) = id.step.takes();
                let seconds = self.clock().now().since(*at).as_secs_f64();
                let (p50_seconds, p90_seconds) = (p50.as_secs(), p90.as_secs());
                Some((*at, Running { node: id.to_string(), seconds, p50_seconds, p90_seconds }))
            };
            places.filter_map(one).collect()
        });
        nodes.sort_by_key(|(at, _)| *at);
        nodes.into_iter().map(|(_, node)| node).collect()
    }

    fn row(&self) {
        let graph = self.with_graph(|graph| graph.clone());
        let gone = graph.states().iter().filter(|state| **state == State::Gone).count();
        let eta = self.forecast.eta(&graph, &|place| self.elapsed(place));
        (self.tools.tell)(Progress::Row { gone, nodes: graph.nodes().len(), eta });
    }

    /// Takes turns until the node has settled; none when the reset was stopped.
    async fn node(&self, place: usize, awake: Participant) -> (usize, Option<State>, Participant) {
        let Some(id) = self.with_graph(|graph| graph.id(place).cloned()) else { return (place, None, awake) };
        let mut shown = String::new();
        let state = loop {
            if self.halted() {
                break None;
            }
            let turn = self.hand.turn(&id).await;
            let asked = self.asked();
            if !asked.is_empty() {
                let deleting = self.with_graph(|graph| graph.states().get(place) == Some(&State::Deleting));
                if !self.record(asked) || (!deleting && !self.change(place, State::Deleting)) {
                    break None;
                }
            }
            match patient(turn) {
                Ok(Turn::Gone) => break Some(State::Gone),
                Ok(Turn::Wait(what)) => {
                    let elapsed = self.elapsed(place);
                    if elapsed > LIMIT {
                        let why = format!("after {} min still: {what}", elapsed.as_secs() / 60);
                        break Some(State::Failed { why, finish: Vec::new() });
                    }
                    let slow = elapsed > id.step.takes().1 * 2;
                    let line = format!("{slow} {what}");
                    if line != shown {
                        shown = line;
                        let holds = self.with_graph(|graph| held_by(graph, place));
                        (self.tools.tell)(Progress::Waiting { node: id.to_string(), what, slow, holds });
                    }
                    self.keep_telling();
                    self.sleep(self.until_look(elapsed)).await;
                }
                Err(Halt::GaveUp { why, finish }) => break Some(State::Failed { why, finish }),
                Err(Halt::Refused(failure)) => break Some(refused(&failure)),
            }
        };
        (place, state, awake)
    }

    /// How long until a node looks again. Nodes of one account look at the same instants, so that they share what they
    /// read.
    fn until_look(&self, elapsed: Duration) -> Duration {
        let pause = look(elapsed);
        let step = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX).max(1);
        let into = self.clock().now().millis().rem_euclid(step);
        let rest = Duration::from_millis(u64::try_from(step - into).unwrap_or(0));
        if rest < pause / 2 { rest + pause } else { rest }
    }

    /// Sleeps in the run's time; a stop ends it.
    async fn sleep(&self, span: Duration) {
        tokio::select! {
            biased;
            () = self.tools.cancel.cancelled() => {}
            () = self.clock().sleep(span) => {}
        }
    }

    /// The proof, now and ten minutes later; what a late line has brought back is taken away in between.
    async fn finish(&self) -> Result<Verdict, Stop> {
        let (run, caller) = (self.ready.run, self.tools.caller);
        let mut verdict = Verdict::Residual { left: 0 };
        for number in 1..=3 {
            let proof = prove(caller, run, self.ready.not_ours).await;
            let not_ours = self.ready.not_ours.len();
            verdict = Verdict::of(proof.left.len(), not_ours, proof.unread.len());
            (self.tools.tell)(Progress::Proof { number, left: proof.left.len() });
            let groups = proof.left.iter().filter(|left| left.id.contains("log-group:")).count();
            let (all, unread) = (proof.left.len(), proof.unread.len());
            if !self.record(vec![Entry::Proof { number, left: proof.left, not_ours, unread: proof.unread }]) {
                break;
            }
            // Nothing is to be waited for when the deletion itself has failed; a third search is for what came back, and for
            // what could not be read.
            if self.halted() || all > groups || (number >= 2 && groups == 0 && unread == 0) {
                break;
            }
            if groups > 0 {
                for region in [run.regions.primary(), run.regions.secondary()] {
                    let node = NodeId::of(Step::LogGroups, region.as_str());
                    if let Err(Halt::Refused(failure)) = self.hand.turn(&node).await {
                        (self.tools.tell)(Progress::Waiting {
                            node: node.to_string(),
                            what: failure.to_string(),
                            slow: false,
                            holds: Vec::new(),
                        });
                    }
                    self.record(self.asked());
                }
            }
            if number < 3 {
                self.sleep(LATER).await;
            }
        }
        self.stop()?;
        let counts = &caller.counts;
        let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        self.record(vec![Entry::SeatDone {
            verdict: verdict.clone(),
            reads: of(&counts.reads),
            changes: of(&counts.changes),
            retries: of(&counts.retries),
            throttles: of(&counts.throttles),
        }]);
        self.stop()?;
        (self.tools.tell)(Progress::Done { verdict: verdict.words(), clean: verdict.clean() });
        Ok(verdict)
    }

    /// The nodes with their states.
    fn ended(&self) -> Vec<(NodeId, State)> {
        self.with_graph(|graph| {
            graph.nodes().iter().map(|node| node.id.clone()).zip(graph.states().iter().cloned()).collect()
        })
    }
}

/// A refusal that passes, however often it came, is waited for: a storm of throttling costs time and nothing else.
fn patient(turn: Result<Turn, Halt>) -> Result<Turn, Halt> {
    match turn {
        Err(Halt::Refused(failure))
            if matches!(
                failure.class,
                FailureClass::Throttled | FailureClass::Network | FailureClass::Timeout | FailureClass::Service
            ) =>
        {
            Ok(Turn::Wait(format!("{}: {}", failure.code, failure.message)))
        }
        other => other,
    }
}

/// What waits for a node, directly.
fn held_by(graph: &Graph, place: usize) -> Vec<String> {
    graph.nodes().iter().filter(|node| node.after.contains(&place)).map(|node| node.id.to_string()).collect()
}

fn look(elapsed: Duration) -> Duration {
    LOOKS.iter().find(|(until, _)| elapsed < *until).map_or(LOOK_LATE, |(_, pause)| *pause)
}

/// A refusal that waiting does not change, with what a person can do.
fn refused(failure: &Failure) -> State {
    let finish = match failure.class {
        FailureClass::Expired => "sign in again, then run the same command: it continues".to_owned(),
        FailureClass::Denied => format!("allow {} to whoever resets, then run the same command", failure.operation),
        _ => format!("look with: {}", failure.operation),
    };
    State::Failed { why: format!("{}: {}", failure.code, failure.message), finish: vec![finish] }
}

/// Things that exist now, belong to the run and are not in the plan. Log groups and snapshots may come while a reset runs.
pub fn new_since(scan: &Scan, allowed: &BTreeSet<Key>) -> Vec<Item> {
    let late = |item: &&Item| !matches!(item.kind, Kind::LogGroup | Kind::Snapshot | Kind::Tagged);
    scan.ours().filter(late).filter(|item| !allowed.contains(&item.key())).cloned().collect()
}
