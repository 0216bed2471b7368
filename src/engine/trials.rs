//! Trials of a drill in copies of the simulated world: the same fault with other settings and other chance, many times in
//! virtual time, each beside the ground truth that the world itself knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::drills;
use super::session::Session;
use crate::clock::Participant;
use crate::domain::drill::{ClientClass, SlotResult, Vantage};
use crate::domain::{Region, RegionPair, SimTime};
use crate::drill::plan::Routing;
use crate::drill::report::resolvers;
use crate::drill::runner::host;
use crate::drill::{Control, JourneyPlan, Plan, Ports, Report, Snapshot, Stage, predict};
use crate::sandbox::routing::Settings;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};
use crate::sandbox::{dataplane, routing};

/// How often the ground truth is looked at; it is known to within this. No probe's slots are in step with it, or the same
/// part of this would be added to the error of every trial.
const GLANCE: Duration = Duration::from_millis(47);

/// What came of one trial.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// The seed of the world's chance.
    pub seed: u64,
    /// The measured recovery time in seconds.
    pub rto_seconds: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<(f64, f64)>,
    /// From the fault's request until every affected client would have been led to the surviving Region for good, as the
    /// world's own state has it, in seconds.
    pub truth_seconds: Option<f64>,
    /// The predicted band: 5th percentile, median, 95th percentile, in seconds.
    pub predicted: (f64, f64, f64),
    /// The sum of the phases, in seconds.
    pub phases_seconds: f64,
    /// Acknowledged writes to DynamoDB that the survivor does not have, as the canary counts them; none when the fault does not
    /// cut replication.
    pub lost: Option<u64>,
    /// The same as the tables of the two Regions themselves have it.
    pub lost_truth: Option<u64>,
    /// Slots that were to be sent, and those that were not.
    pub slots: usize,
    /// Slots that were not sent in time.
    pub missed: usize,
}

/// Tries the plan once for every seed, `at_once` trials side by side. The fault is the plan's own; its journeys are those
/// affected ones that only read, which share their names with the others.
pub async fn run(
    session: &Arc<Session>,
    world: &World,
    plan: &Plan,
    settings: Settings,
    seeds: impl IntoIterator<Item = u64>,
    at_once: usize,
) -> Vec<Result<Trial, String>> {
    let trials = seeds.into_iter().map(|seed| {
        let (session, plan, mut world) = (Arc::clone(session), plan.clone(), world.clone());
        tokio::spawn(async move {
            world.seed = seed;
            routing::set(&mut world, LEARNER_ACCOUNT, settings);
            one(&Arc::new(session.in_copy(world)), plan, settings, seed).await
        })
    });
    let ended = futures_util::stream::iter(trials).buffered(at_once.max(1));
    ended.map(|joined| joined.unwrap_or_else(|error| Err(error.to_string()))).collect().await
}

/// Whether trials make the journey: the fault breaks it, and it only reads.
pub fn tried(journey: &JourneyPlan) -> bool {
    journey.affected && matches!(journey.method.as_str(), "GET" | "HEAD")
}

async fn one(session: &Arc<Session>, mut plan: Plan, settings: Settings, seed: u64) -> Result<Trial, String> {
    let spec = session.guide.workshop().drill.faults.get(&plan.fault);
    let spec = spec.ok_or_else(|| format!("the workshop has no fault '{}'", plan.fault))?;
    let Settings { interval, threshold, ttl, .. } = settings;
    let failing_ms = plan.routing.map_or(0, |routing| routing.failing_ms);
    let now = Routing { interval, threshold, ttl, failing_ms };
    plan.journeys.retain(tried);
    plan.routing = Some(now);
    plan.health_check = None;
    plan.auto_fail_back = false;
    let (control, clock) = (Control::default(), session.clock.clone());
    let _awake = clock.participate();
    let mut canaries = Vec::new();
    if plan.cuts_replication {
        let (_, ports) = drills::prepare(session, &plan.fault, false).await.map_err(|error| error.to_string())?;
        canaries.extend(ports.canaries.into_iter().filter(|canary| canary.store() == "dynamodb"));
    }
    let run = drills::canary_run(session);
    let ports = Ports {
        network: Arc::clone(session.guide.network()),
        aws: Arc::clone(session.guide.aws()),
        canaries,
        switch: drills::switch(session, spec),
        keeper: None,
    };
    let witness = Witness::new(session, &plan);
    let over = CancellationToken::new();
    let watching = tokio::spawn(Arc::clone(&witness).watch(over.clone(), clock.participate()));
    let abort = control.abort.clone();
    let stop = move |snapshot: Snapshot| {
        // The verdict stands; the way back is not asked for.
        if snapshot.stage == Stage::Frozen {
            over.cancel();
            abort.cancel();
        }
    };
    let lost_truth = Arc::new(Mutex::new(None));
    let (seen, regions, store) = (Arc::clone(&lost_truth), plan.regions.clone(), session.throw_away.clone());
    let stop = move |snapshot: Snapshot| {
        if snapshot.stage == Stage::Frozen && snapshot.plan.cuts_replication {
            // Replication is still cut, so that the tables are as they were when the canary was read back.
            let sandbox = store.as_ref();
            let count = sandbox.map(|sandbox| sandbox.with_world(|world| not_replicated(world, &regions, &run)));
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = count;
        }
        stop(snapshot);
    };
    let report = crate::drill::run(plan, ports, &clock, &control, &stop).await;
    watching.abort();
    if report.samples.fault_requested.is_none() {
        return Err(match report.stage {
            Stage::Stopped(why) => why,
            other => format!("{other:?} without a fault"),
        });
    }
    let band = predict::band(now, resolvers(&report.plan, &report.lanes, &report.analysis));
    Ok(Trial {
        seed,
        truth_seconds: witness.truth(&report),
        rto_seconds: report.rto_seconds,
        interval: report.rto_interval,
        predicted: (band.0.as_secs_f64(), band.1.as_secs_f64(), band.2.as_secs_f64()),
        lost: report.analysis.stores.get("dynamodb").filter(|_| report.plan.cuts_replication).map(|loss| loss.lost),
        lost_truth: *lost_truth.lock().unwrap_or_else(PoisonError::into_inner),
        phases_seconds: report.analysis.phases.iter().map(|(_, span)| span.as_secs_f64()).sum(),
        slots: report.samples.slots.len(),
        missed: report.samples.slots.iter().filter(|slot| slot.result == SlotResult::Missed).count(),
    })
}

/// How many items of that run the table in R1 has and its replica in R2 has not.
fn not_replicated(world: &World, regions: &RegionPair, run: &str) -> u64 {
    let account = world.accounts.get(LEARNER_ACCOUNT);
    let places = |region: &Region| -> BTreeSet<String> {
        let tables = account.and_then(|account| account.regions.get(region.as_str()));
        let tables = tables.map(|region| region.dynamodb.tables.values()).into_iter().flatten();
        let items = tables.filter_map(|table| serde_json::to_value(table).ok()?.get("items")?.as_object().cloned());
        items.flatten().map(|(place, _)| place).filter(|place| place.contains(run)).collect()
    };
    let there = places(regions.secondary());
    places(regions.primary()).iter().filter(|place| !there.contains(*place)).count() as u64
}

/// Looks into the world, not at answers: which Region each TTL-honouring client would be led to at each instant.
struct Witness {
    session: Arc<Session>,
    clients: Vec<(usize, String, Vantage)>,
    broken: String,
    /// When each client, by its journey and vantage, would last have been led to the broken Region.
    last: Mutex<BTreeMap<(usize, String), SimTime>>,
}

impl Witness {
    fn new(session: &Arc<Session>, plan: &Plan) -> Arc<Self> {
        let clients = plan.journeys.iter().enumerate().flat_map(|(journey, spec)| {
            plan.vantages.iter().map(move |vantage| (journey, host(&spec.url).to_owned(), vantage.clone()))
        });
        Arc::new(Self {
            session: Arc::clone(session),
            clients: clients.collect(),
            broken: plan.regions.of(plan.broken).to_string(),
            last: Mutex::default(),
        })
    }

    /// Looks until it is told that it is over. Time must not pass before the first look, so the seat is taken by who calls.
    async fn watch(self: Arc<Self>, over: CancellationToken, _awake: Participant) {
        let clock = self.session.clock.clone();
        while !over.is_cancelled() {
            if let Some(sandbox) = &self.session.throw_away {
                let bad: Vec<(usize, String)> = sandbox.with_world(|world| {
                    let led = |host: &str, vantage: &Vantage| {
                        dataplane::leads_to(world, host, vantage, ClientClass::TtlHonouring)
                    };
                    let bad = self
                        .clients
                        .iter()
                        .filter(|(_, host, vantage)| led(host, vantage).as_ref() == Some(&self.broken));
                    bad.map(|(journey, _, vantage)| (*journey, vantage.name.clone())).collect()
                });
                let now = clock.now();
                let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                last.extend(bad.into_iter().map(|client| (client, now)));
            }
            clock.sleep(GLANCE).await;
        }
    }

    /// From the fault until the last affected client would have been led away for good.
    fn truth(&self, report: &Report) -> Option<f64> {
        let fault = report.samples.fault_requested?;
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let times = report.analysis.affected.iter().filter_map(|lane| {
            let lane = report.lanes.get(*lane)?;
            let vantage = report.plan.vantages.get(lane.vantage)?;
            last.get(&(lane.journey, vantage.name.clone()))
        });
        times.max().map(|at| at.plus(GLANCE / 2).since(fault).as_secs_f64())
    }
}

/// The settings that a plan was measured with, for a change of some of them.
pub fn measured(plan: &Plan) -> Option<Settings> {
    let Routing { interval, threshold, ttl, .. } = plan.routing?;
    Some(Settings { interval, threshold, ttl, checkers: None })
}
