//! From samples to markers, phases and verdicts: a pure function, so that anyone can compute it again.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::doubts::{Seen, failing};
use super::plan::{LIMIT, Lane, LaneRole, Plan, STABLE_WINDOW};
use super::rpo::{self, StoreLoss};
use super::samples::{Samples, Slot};
use crate::domain::SimTime;
use crate::domain::drill::{Phase, SlotResult, Verdict};

/// The instants that phases are cut at. What was not seen is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Markers {
    /// t0: the fault was asked for.
    pub fault: Option<SimTime>,
    /// t1: the first of three failed slots in a row of an affected client.
    pub impact: Option<SimTime>,
    /// t2: the health check was seen unhealthy.
    pub detected: Option<SimTime>,
    /// t4: the name servers answer every affected vantage without the broken Region.
    pub rerouted: Option<SimTime>,
    /// t5: the slowest affected client's first good answer from the surviving Region.
    pub first_good: Option<SimTime>,
    /// t7: the start of the steady window.
    pub stable: Option<SimTime>,
}

/// What a drill concludes, with how it came to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// The instants.
    pub markers: Markers,
    /// The phases; they sum to the RTO.
    pub phases: Vec<(Phase, Duration)>,
    /// From the fault to the steady window, with a resolution of one slot.
    pub rto: Option<Duration>,
    /// What that says against the objective.
    pub rto_verdict: Verdict,
    /// The loss per store.
    pub stores: BTreeMap<String, StoreLoss>,
    /// What speaks against the measurement; with any of it, no run passes.
    #[serde(default)]
    pub doubts: Vec<String>,
    /// The greatest loss in time over the stores.
    pub rpo: Option<Duration>,
    /// What that says against the objective.
    pub rpo_verdict: Verdict,
    /// The lanes that decide: TTL-honouring clients that the broken Region served at baseline.
    pub affected: Vec<usize>,
    /// Failed slots of those lanes after the fault: an availability integral in seconds.
    pub degraded_seconds: u64,
    /// From the mending until every affected client was at home again for a whole window.
    pub fail_back: Option<Duration>,
}

/// The slots of one lane, ordered by their instants.
pub fn by_lane(samples: &Samples, lanes: usize) -> Vec<Vec<&Slot>> {
    let mut table: Vec<Vec<&Slot>> = vec![Vec::new(); lanes];
    for slot in &samples.slots {
        if let Some(row) = table.get_mut(slot.lane) {
            row.push(slot);
        }
    }
    for row in &mut table {
        row.sort_by_key(|slot| slot.at);
    }
    table
}

/// Everything that the samples say.
pub fn analyse(plan: &Plan, lanes: &[Lane], samples: &Samples) -> Analysis {
    let table = by_lane(samples, lanes.len());
    let affected = affected(plan, lanes, &table, samples.fault_requested);
    let markers = markers(plan, lanes, &table, samples, &affected);
    let doubts = Seen { plan, lanes, table: &table, samples, markers: &markers, affected: &affected }.doubts();
    let rto = markers.stable.zip(markers.fault).map(|(stable, fault)| stable.since(fault));
    let stores = rpo::losses(plan, samples);
    let rpo = if plan.cuts_replication { stores.values().filter_map(|loss| loss.time).max() } else { None };
    let degraded = affected.iter().filter_map(|lane| table.get(*lane)).flatten();
    let degraded = degraded.filter(|slot| Some(slot.at) >= markers.fault && !slot.result.good()).count();
    Analysis {
        phases: phases(&markers),
        rto,
        rto_verdict: rto_verdict(plan, samples, &markers, rto, &affected, doubts.first()),
        doubts,
        rpo_verdict: rpo::verdict(plan, &stores, rpo),
        rpo,
        stores,
        fail_back: fail_back(plan, samples, &table, &affected),
        affected,
        degraded_seconds: if markers.fault.is_some() { degraded as u64 } else { 0 },
        markers,
    }
}

/// From the mending until the first instant from which every affected lane was answered at home for a whole window.
fn fail_back(plan: &Plan, samples: &Samples, table: &[Vec<&Slot>], affected: &[usize]) -> Option<Duration> {
    let healed = samples.healed?;
    let home = SlotResult::Ok(Some(plan.broken));
    let rows = affected.iter().map(|lane| table.get(*lane).map_or(&[][..], Vec::as_slice));
    let begins: Option<Vec<SimTime>> = rows.clone().map(|row| home_since(row, home, healed)).collect();
    let begin = begins?.into_iter().max().unwrap_or(healed);
    let watched = rows.map(|row| row.last().is_some_and(|slot| slot.at >= begin.plus(STABLE_WINDOW)));
    watched.into_iter().all(|enough| enough).then(|| begin.since(healed))
}

/// The first slot after the mending from which all of a lane's slots were answered at home.
fn home_since(row: &[&Slot], home: SlotResult, healed: SimTime) -> Option<SimTime> {
    let after = row.iter().rev().take_while(|slot| slot.at >= healed && slot.result == home);
    after.last().map(|slot| slot.at)
}

/// The client lanes of broken journeys that the broken Region answered at baseline.
fn affected(plan: &Plan, lanes: &[Lane], table: &[Vec<&Slot>], fault: Option<SimTime>) -> Vec<usize> {
    let at_home = |lane: usize| {
        let before = table.get(lane).into_iter().flatten().filter(|slot| fault.is_none_or(|fault| slot.at < fault));
        let answers: Vec<_> = before.filter(|slot| slot.result.good()).collect();
        let home = answers.iter().filter(|slot| slot.result == SlotResult::Ok(Some(plan.broken))).count();
        home * 2 > answers.len()
    };
    let decisive = |lane: &Lane| {
        lane.role == LaneRole::Client && plan.journeys.get(lane.journey).is_some_and(|journey| journey.affected)
    };
    (0..lanes.len()).filter(|index| lanes.get(*index).is_some_and(decisive) && at_home(*index)).collect()
}

fn markers(plan: &Plan, lanes: &[Lane], table: &[Vec<&Slot>], samples: &Samples, affected: &[usize]) -> Markers {
    let Some(fault) = samples.fault_requested else { return Markers::default() };
    let rows: Vec<(usize, Vec<&Slot>)> = affected
        .iter()
        .filter_map(|lane| Some((*lane, table.get(*lane)?.iter().copied().filter(|slot| slot.at >= fault).collect())))
        .collect();
    let impact = rows.iter().filter_map(|(_, row)| failing(row)).min();
    let rerouted: Option<Vec<SimTime>> = affected.iter().map(|lane| samples.rerouted.get(lane).copied()).collect();
    let survivor = SlotResult::Ok(Some(plan.broken.other()));
    let first_good = impact.and_then(|impact| {
        let firsts: Option<Vec<SimTime>> = rows
            .iter()
            .map(|(_, row)| row.iter().find(|slot| slot.at >= impact && slot.result == survivor).map(|slot| slot.at))
            .collect();
        firsts.and_then(|firsts| firsts.into_iter().max())
    });
    let references: Vec<Option<u64>> =
        rows.iter().map(|(lane, _)| survivor_p95(plan, lanes, table, *lane, fault)).collect();
    Markers {
        fault: Some(fault),
        impact,
        detected: samples.unhealthy_seen,
        rerouted: rerouted.and_then(|list| list.into_iter().max()),
        first_good,
        stable: first_good.and_then(|from| stable(&rows, &references, from, samples.healed)),
    }
}

/// The surviving Region's 95th percentile at its own endpoint before the fault, from the lane's vantage.
fn survivor_p95(plan: &Plan, lanes: &[Lane], table: &[Vec<&Slot>], lane: usize, fault: SimTime) -> Option<u64> {
    let this = lanes.get(lane)?;
    let control = lanes.iter().position(|other| {
        other.journey == this.journey
            && other.vantage == this.vantage
            && other.role == LaneRole::Direct(plan.broken.other())
    })?;
    let latencies = table.get(control)?.iter().filter(|slot| slot.at < fault && slot.result.good());
    percentile(latencies.map(|slot| slot.latency_ms).collect(), 95)
}

/// The nearest-rank percentile; none of nothing.
pub fn percentile(mut values: Vec<u64>, percent: usize) -> Option<u64> {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied()
}

/// The earliest instant from which every row is steady for the whole window while the fault is active.
fn stable(
    rows: &[(usize, Vec<&Slot>)],
    references: &[Option<u64>],
    from: SimTime,
    healed: Option<SimTime>,
) -> Option<SimTime> {
    let mut candidate = from;
    loop {
        let mut latest = candidate;
        for ((_, row), reference) in rows.iter().zip(references) {
            latest = latest.max(steady_from(row, *reference, candidate)?);
        }
        if latest == candidate {
            return healed.is_none_or(|healed| healed >= candidate.plus(STABLE_WINDOW)).then_some(candidate);
        }
        candidate = latest;
    }
}

/// The earliest good slot at or after `from` that begins a steady window; `from` itself when it lies just before one.
fn steady_from(row: &[&Slot], reference: Option<u64>, from: SimTime) -> Option<SimTime> {
    let start = row.partition_point(|slot| slot.at < from);
    let tail = row.get(start..)?;
    (0..tail.len()).find_map(|index| {
        let window = tail.get(index..)?;
        let first = window.first()?;
        // The row is steady from `from` on when its next slot begins a steady window.
        let begin = if index == 0 { from } else { first.at };
        (first.result.good() && steady(window, reference, begin)).then_some(begin)
    })
}

/// At most one failed slot, and a median latency of at most twice the survivor's own 95th percentile. That is one of a dozen
/// answers, a minute of a control, and so near to chance that a 95th percentile compared with it kept one drill in forty
/// waiting for nothing.
fn steady(window: &[&Slot], reference: Option<u64>, begin: SimTime) -> bool {
    let end = begin.plus(STABLE_WINDOW);
    let complete = window.last().is_some_and(|slot| slot.at >= end);
    let inside: Vec<&&Slot> = window.iter().take_while(|slot| slot.at < end).collect();
    let failed = inside.iter().filter(|slot| !slot.result.good()).count();
    let median = percentile(inside.iter().filter(|slot| slot.result.good()).map(|slot| slot.latency_ms).collect(), 50);
    let quick = median.zip(reference).is_none_or(|(median, reference)| median <= reference * 2);
    complete && failed <= 1 && quick
}

/// The phases, cut at running maxima so that none is negative; a marker that came late gives its phase no time.
fn phases(markers: &Markers) -> Vec<(Phase, Duration)> {
    let (Some(fault), Some(stable)) = (markers.fault, markers.stable) else { return Vec::new() };
    let mut reached = fault;
    let ends = [
        (Phase::Impact, markers.impact),
        (Phase::Detect, markers.detected),
        (Phase::Decide, markers.detected),
        (Phase::Reroute, markers.rerouted),
        (Phase::Drain, markers.first_good),
        (Phase::Settle, Some(stable)),
    ];
    ends.into_iter()
        .map(|(phase, end)| {
            let end = end.unwrap_or(reached).min(stable).max(reached);
            let span = end.since(reached);
            reached = end;
            (phase, span)
        })
        .collect()
}

fn rto_verdict(
    plan: &Plan,
    samples: &Samples,
    markers: &Markers,
    rto: Option<Duration>,
    affected: &[usize],
    doubt: Option<&String>,
) -> Verdict {
    if markers.fault.is_none() {
        return Verdict::Inconclusive("the fault was never started".to_owned());
    }
    if !plan.journeys.iter().any(|journey| journey.affected) {
        return Verdict::NotExercised;
    }
    if let Some(doubt) = doubt {
        return Verdict::Inconclusive(doubt.clone());
    }
    if affected.is_empty() {
        return Verdict::Inconclusive(format!(
            "no client was served by {} before the fault",
            plan.regions.of(plan.broken)
        ));
    }
    if markers.impact.is_none() {
        return Verdict::Inconclusive(
            "the fault did not bite: no affected client failed three times in a row".to_owned(),
        );
    }
    match rto {
        Some(rto) if rto < plan.rto_objective => Verdict::Pass,
        None if samples.healed.zip(markers.fault).is_some_and(|(healed, fault)| healed < fault.plus(LIMIT)) => {
            Verdict::Inconclusive("the fault ended before the shop was steady again".to_owned())
        }
        Some(_) | None => Verdict::Fail,
    }
}

#[cfg(test)]
#[path = "analysis_tests.rs"]
pub(in crate::drill) mod tests;
