//! What makes a measurement unworthy of trust. Each is found in the samples, and none lets a run pass.

use serde::{Deserialize, Serialize};

use super::analysis::Markers;
use super::plan::{Lane, LaneRole, PROBE_TIMEOUT, Plan, STABLE_WINDOW};
use super::samples::{Samples, Slot};
use crate::domain::SimTime;
use crate::domain::drill::SlotResult;

/// More missed slots than this share make a run inconclusive (design/drill.md, section 1).
const MISSED_LIMIT: f64 = 0.01;
/// A wall clock that goes further away from the monotonic one was set, or the machine slept (same section).
pub(super) const STEP_LIMIT_MS: u64 = 500;
/// That many slots in a row tell a state from a hiccup.
const RUN: usize = 3;

/// Something that was noticed beside the slots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The wall clock and the monotonic clock went apart by so many milliseconds within a second.
    ClockStep(u64),
    /// The surviving Region's health check failed as well while the fault was active: Route 53 then answers as if all
    /// were healthy (aws-behaviour.md, section 3).
    FailedOpen,
    /// The routing was changed by somebody else while the fault was active.
    Changed(String),
}

/// The samples in the form in which they are looked at.
pub(super) struct Seen<'a> {
    pub(super) plan: &'a Plan,
    pub(super) lanes: &'a [Lane],
    /// Slots by lane, ordered by their instants.
    pub(super) table: &'a [Vec<&'a Slot>],
    pub(super) samples: &'a Samples,
    pub(super) markers: &'a Markers,
    /// The lanes that decide.
    pub(super) affected: &'a [usize],
}

impl Seen<'_> {
    /// Everything that speaks against the measurement, the gravest first.
    pub(super) fn doubts(&self) -> Vec<String> {
        let Some(fault) = self.samples.fault_requested else { return Vec::new() };
        let mut doubts = Vec::new();
        doubts.extend(self.stalled());
        doubts.extend(self.noticed());
        doubts.extend(self.blind(fault));
        let ended = self.ended_early(fault);
        // A fault that ended explains answers of the broken Region.
        if ended.is_none() {
            doubts.extend(self.cached(fault));
        }
        doubts.extend(ended);
        doubts.extend(self.relapse());
        doubts
    }

    fn stalled(&self) -> Option<String> {
        let slots = &self.samples.slots;
        let missed = slots.iter().filter(|slot| slot.result == SlotResult::Missed).count();
        (missed as f64 > slots.len() as f64 * MISSED_LIMIT)
            .then(|| format!("{missed} of {} slots were missed by this program itself", slots.len()))
    }

    fn noticed(&self) -> impl Iterator<Item = String> {
        let end = self.end();
        let recovered = self.markers.stable.is_some();
        let within = self.samples.notices.iter().filter(move |(at, _)| *at <= end);
        within.filter_map(move |(at, notice)| match notice {
            Notice::ClockStep(millis) => {
                Some(format!("the clock jumped by {millis} ms at {}: it was set, or this machine slept", at.clock_face()))
            }
            // Without a recovery there is nothing to doubt: clients failed, and that counts.
            Notice::FailedOpen => recovered.then(|| {
                format!(
                    "both Regions' health checks failed at {}: Route 53 then answers as if both were healthy, which is no \
                     failover",
                    at.clock_face()
                )
            }),
            Notice::Changed(what) => Some(format!("{what} was changed during the drill: somebody helped")),
        })
    }

    /// The end of what is measured: when the fault was mended, or a steady window after the recovery.
    fn end(&self) -> SimTime {
        let steady = self.markers.stable.map(|stable| stable.plus(STABLE_WINDOW));
        let ends = [self.samples.healed, steady];
        ends.into_iter().flatten().min().unwrap_or(SimTime::from_millis(i64::MAX))
    }

    fn between(&self, lane: usize, from: SimTime) -> Vec<&Slot> {
        let end = self.end();
        let row = self.table.get(lane).into_iter().flatten().copied();
        row.filter(|slot| slot.at >= from && slot.at < end).collect()
    }

    fn lanes_of(&self, role: LaneRole) -> impl Iterator<Item = (usize, &Lane)> {
        self.lanes.iter().enumerate().filter(move |(_, lane)| lane.role == role)
    }

    /// A place from which the surviving Region's own endpoints all fail has lost its network or its resolver.
    fn blind(&self, fault: SimTime) -> Option<String> {
        if self.plan.both_regions {
            return None;
        }
        let survivor = LaneRole::Direct(self.plan.broken.other());
        let blind = |vantage: usize| {
            let mut own = self.lanes_of(survivor).filter(|(_, lane)| lane.vantage == vantage).peekable();
            own.peek().is_some() && own.all(|(lane, _)| failing(&self.between(lane, fault)).is_some())
        };
        let places: Vec<&str> = (self.plan.vantages.iter().enumerate())
            .filter(|(vantage, _)| blind(*vantage))
            .map(|(_, vantage)| vantage.name.as_str())
            .collect();
        (!places.is_empty()).then(|| {
            format!(
                "{} could not reach {} at its own endpoints: that place lost its network or its resolver",
                places.join(", "),
                self.plan.broken.other().label()
            )
        })
    }

    /// When the broken Region's own endpoint of a journey began to fail, as seen from anywhere.
    fn down_since(&self, journey: usize, fault: SimTime) -> Option<SimTime> {
        let own = self.lanes_of(LaneRole::Direct(self.plan.broken)).filter(|(_, lane)| lane.journey == journey);
        own.filter_map(|(lane, _)| failing(&self.between(lane, fault))).min()
    }

    /// The broken Region answers again while the fault should be active.
    fn ended_early(&self, fault: SimTime) -> Option<String> {
        for (lane, spec) in self.lanes_of(LaneRole::Direct(self.plan.broken)) {
            let row = self.between(lane, fault);
            let Some(down) = failing(&row) else { continue };
            let after: Vec<&Slot> = row.into_iter().filter(|slot| slot.at >= down).collect();
            let back = after.windows(RUN).find(|run| run.iter().all(|slot| slot.result.good()));
            if let Some(first) = back.and_then(|run| run.first()) {
                let (region, journey) = (self.plan.broken.label(), self.journey(spec));
                let since = first.at.clock_face();
                let later: Vec<&Slot> = after.iter().copied().filter(|slot| slot.at > first.at).collect();
                return Some(match failing(&later) {
                    Some(again) => {
                        let again = again.clock_face();
                        format!(
                            "{region} answered {journey} again at {since} and failed again at {again}: it comes and goes"
                        )
                    }
                    None => {
                        format!(
                            "{region} answered {journey} again at {since}: the fault ended early, or somebody mended it"
                        )
                    }
                });
            }
        }
        None
    }

    /// Clients get answers of a Region that is down: something between them and it remembers.
    fn cached(&self, fault: SimTime) -> Option<String> {
        let dead = SlotResult::Ok(Some(self.plan.broken));
        self.affected.iter().find_map(|lane| {
            let spec = self.lanes.get(*lane)?;
            let down = self.down_since(spec.journey, fault)?.plus(PROBE_TIMEOUT);
            let answers = self.between(*lane, down).into_iter().filter(|slot| slot.result == dead).count();
            (answers >= RUN).then(|| {
                format!(
                    "{answers} answers to {} came from {} while it was down: they were cached",
                    self.journey(spec),
                    self.plan.broken.label()
                )
            })
        })
    }

    /// A client that the survivor had served failed again.
    fn relapse(&self) -> Option<String> {
        let impact = self.markers.impact?;
        let survivor = SlotResult::Ok(Some(self.plan.broken.other()));
        let again = self.affected.iter().filter_map(|lane| {
            let row = self.between(*lane, impact);
            let served: Vec<&Slot> = row.into_iter().skip_while(|slot| slot.result != survivor).collect();
            failing(&served)
        });
        let again = again.min()?;
        Some(format!("clients failed again at {}, after a first recovery: a relapse", again.clock_face()))
    }

    fn journey(&self, lane: &Lane) -> &str {
        self.plan.journeys.get(lane.journey).map_or("", |journey| journey.name.as_str())
    }
}

/// The first of three failed slots in a row.
pub(super) fn failing(row: &[&Slot]) -> Option<SimTime> {
    let run = row.windows(RUN).find(|run| run.iter().all(|slot| !slot.result.good()))?;
    run.first().map(|slot| slot.at)
}

#[cfg(test)]
#[path = "doubts_tests.rs"]
mod tests;
