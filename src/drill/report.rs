//! The report of a drill: `report.json`, with what was measured and how it was concluded.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::analysis::{Analysis, analyse, by_lane, percentile};
use super::plan::{Lane, Plan};
use super::predict;
use super::runner::host;
use super::samples::{Samples, Slot};
use super::snapshot::Stage;
use crate::domain::SimTime;
use crate::domain::drill::{SlotResult, Verdict};

/// The version of the report's format, and of what is concluded from the same samples. 2: the plan names the AWS that it was
/// made in and what requests cost. 3: a client is steady by the median of its latency.
pub const FORMAT: u32 = 3;

/// The central 95 % of the time by which a slot of one second can come too late to see a recovery, in seconds. A recovery
/// falls anywhere between two slots with the same chance, so the measured instant is late by 0 to 1 s, uniformly.
const LATE: (f64, f64) = (0.025, 0.975);

/// Everything about one drill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The format's version.
    pub format: u32,
    /// The version of the program that measured.
    pub tool: String,
    /// The measured recovery time in seconds.
    pub rto_seconds: Option<f64>,
    /// Where the recovery time lies with 95 % confidence, in seconds: slots are a second apart.
    pub rto_interval: Option<(f64, f64)>,
    /// The measured loss in seconds; null unless replication was cut.
    pub rpo_seconds: Option<f64>,
    /// What the recovery time says against the objective.
    pub verdict: Verdict,
    /// What the loss says against the objective.
    pub rpo_verdict: Verdict,
    /// From the mending until every client was at home again, in seconds.
    pub fail_back_seconds: Option<f64>,
    /// What was predicted from the routing's settings before the fault: 5th percentile, median, 95th percentile, in
    /// seconds. An estimate.
    pub predicted_seconds: Option<(f64, f64, f64)>,
    /// What the drill's own requests cost on AWS, in US dollars, as far as their prices are known. An estimate.
    pub dollars: f64,
    /// How it ended.
    pub stage: Stage,
    /// What was done.
    pub plan: Plan,
    /// The lanes.
    pub lanes: Vec<Lane>,
    /// What each lane saw, in their order.
    pub table: Vec<Row>,
    /// The analysis.
    pub analysis: Analysis,
    /// Everything that was seen. It stands in files of its own (see `evidence`).
    #[serde(skip)]
    pub samples: Samples,
}

/// What one lane saw from the fault to the mending.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Good slots.
    pub good: usize,
    /// Failed slots.
    pub failed: usize,
    /// Slots that the program did not send in time.
    pub missed: usize,
    /// From the fault to the first good answer of the surviving Region after a failure, in seconds.
    pub first_good_seconds: Option<f64>,
    /// The median latency of good slots, in milliseconds.
    pub p50_ms: Option<u64>,
    /// Their 95th percentile.
    pub p95_ms: Option<u64>,
}

impl Report {
    /// The report of those samples.
    pub fn new(plan: Plan, mut samples: Samples, stage: Stage) -> Self {
        // Answers of one instant have no order of their own; a report has one all the same.
        samples.slots.sort_by_key(|slot| (slot.at, slot.lane));
        for canary in samples.canaries.values_mut() {
            canary.writes.sort_by_key(|write| write.seq);
        }
        let lanes = plan.lanes();
        let analysis = analyse(&plan, &lanes, &samples);
        let (verdict, rpo_verdict) = match &stage {
            Stage::Stopped(why) => (Verdict::Inconclusive(why.clone()), Verdict::Inconclusive(why.clone())),
            _ => (analysis.rto_verdict.clone(), analysis.rpo_verdict.clone()),
        };
        let rto = analysis.rto.map(|span| span.as_secs_f64());
        let rows = by_lane(&samples, lanes.len());
        let survivor = SlotResult::Ok(Some(plan.broken.other()));
        Self {
            format: FORMAT,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            rto_seconds: rto,
            rto_interval: rto.map(|rto| ((rto - LATE.1).max(0.0), (rto - LATE.0).max(0.0))),
            rpo_seconds: analysis.rpo.map(|span| span.as_secs_f64()),
            verdict,
            rpo_verdict,
            fail_back_seconds: analysis.fail_back.map(|span| span.as_secs_f64()),
            predicted_seconds: plan.routing.map(|routing| {
                let (low, middle, high) = predict::band(routing, resolvers(&plan, &lanes, &analysis));
                (low.as_secs_f64(), middle.as_secs_f64(), high.as_secs_f64())
            }),
            table: rows.iter().map(|row| seen(row, &samples, survivor)).collect(),
            dollars: plan.prices.of(&samples),
            stage,
            plan,
            lanes,
            analysis,
            samples,
        }
    }
}

/// How many resolvers stand between the broken Region and the clients that decide: one for each place and
/// name that the health check routes. Before it is known which clients those are, one for each place.
pub fn resolvers(plan: &Plan, lanes: &[Lane], analysis: &Analysis) -> usize {
    let place = |lane: &usize| {
        let lane = lanes.get(*lane)?;
        plan.journeys.get(lane.journey).filter(|journey| journey.routed)?;
        Some((host(plan.url(lane)?), lane.vantage))
    };
    let places: BTreeSet<(&str, usize)> = analysis.affected.iter().filter_map(place).collect();
    if places.is_empty() { plan.vantages.len() } else { places.len() }
}

fn seen(row: &[&Slot], samples: &Samples, survivor: SlotResult) -> Row {
    let Some(fault) = samples.fault_requested else { return Row::default() };
    let end = samples.healed.unwrap_or(SimTime::from_millis(i64::MAX));
    let row: Vec<&&Slot> = row.iter().filter(|slot| slot.at >= fault && slot.at < end).collect();
    let good: Vec<u64> = row.iter().filter(|slot| slot.result.good()).map(|slot| slot.latency_ms).collect();
    let missed = row.iter().filter(|slot| slot.result == SlotResult::Missed).count();
    let mut behind = row.iter().skip_while(|slot| slot.result.good());
    let first = behind.find(|slot| slot.result == survivor).map(|slot| slot.at.since(fault));
    Row {
        failed: row.len() - good.len() - missed,
        missed,
        first_good_seconds: first.as_ref().map(Duration::as_secs_f64),
        p50_ms: percentile(good.clone(), 50),
        p95_ms: percentile(good.clone(), 95),
        good: good.len(),
    }
}
