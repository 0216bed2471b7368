//! A running drill's state: samples so far, stage, log, and the questions that move it from stage to stage.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::analysis::{Analysis, analyse, by_lane};
use super::doubts::{Notice, STEP_LIMIT_MS};
use super::plan::{Lane, LaneRole, Plan};
use super::predict;
use super::report::{Report, resolvers};
use super::runner::decides;
use super::samples::{CanarySamples, Samples, Slot};
use super::snapshot::{Line, Plane, Snapshot, Stage};
use crate::domain::SimTime;
use crate::domain::drill::SlotResult;
use crate::domain::time::spell;

/// A lane's screen shows its last slots; the widest screen has no more cells.
const RECENT: usize = 180;

pub(super) struct State {
    pub(super) plan: Plan,
    pub(super) lanes: Vec<Lane>,
    pub(super) samples: Samples,
    pub(super) stage: Stage,
    pub(super) reading_back: bool,
    pub(super) reads_left: usize,
    names: Vec<String>,
    sequences: Vec<u64>,
    recent: Vec<Vec<(SimTime, SlotResult)>>,
    log: Vec<Line>,
    analysis: Analysis,
    failing_since: Option<SimTime>,
    /// When the verdict was given; the timer stands still from then on.
    decided: Option<SimTime>,
    survivor_failing_since: Option<SimTime>,
    routing: BTreeMap<String, Value>,
}

impl State {
    pub(super) fn new(plan: Plan, start: SimTime) -> Self {
        let lanes = plan.lanes();
        let samples = Samples { start, ..Samples::default() };
        Self {
            analysis: analyse(&plan, &lanes, &samples),
            recent: vec![Vec::new(); lanes.len()],
            log: vec![Line { at: start, text: "watching before the fault".to_owned(), plane: None }],
            stage: Stage::Baseline,
            reading_back: false,
            reads_left: 0,
            names: Vec::new(),
            sequences: Vec::new(),
            failing_since: None,
            decided: None,
            survivor_failing_since: None,
            routing: BTreeMap::new(),
            plan,
            lanes,
            samples,
        }
    }

    /// Tells the stores' names, in the order that canaries are counted in.
    pub(super) fn name_canaries(&mut self, names: impl Iterator<Item = String>) {
        self.names = names.collect();
        self.sequences = vec![0; self.names.len()];
    }

    pub(super) fn over(&self) -> bool {
        matches!(self.stage, Stage::Done | Stage::Stopped(_))
    }

    pub(super) fn note(&mut self, at: SimTime, text: impl Into<String>) {
        self.log.push(Line { at, text: text.into(), plane: None });
    }

    /// Notes something that a part of AWS did.
    fn note_act(&mut self, at: SimTime, plane: Plane, text: impl Into<String>) {
        self.log.push(Line { at, text: text.into(), plane: Some(plane) });
    }

    pub(super) fn next_seq(&mut self, canary: usize) -> u64 {
        let Some(seq) = self.sequences.get_mut(canary) else { return 0 };
        *seq += 1;
        *seq
    }

    pub(super) fn canary(&mut self, canary: usize, change: impl FnOnce(&mut CanarySamples)) {
        if let Some(name) = self.names.get(canary) {
            change(self.samples.canaries.entry(name.clone()).or_default());
        }
    }

    pub(super) fn slot(&mut self, slot: Slot) {
        if let Some(row) = self.recent.get_mut(slot.lane) {
            row.push((slot.at, slot.result));
            if row.len() > RECENT {
                row.remove(0);
            }
        }
        self.samples.slots.push(slot);
    }

    /// The affected clients that the name servers still send to the broken Region.
    pub(super) fn lanes_not_rerouted(&self) -> Vec<usize> {
        let affected = self.analysis.affected.iter().copied();
        affected.filter(|lane| !self.samples.rerouted.contains_key(lane)).collect()
    }

    pub(super) fn asked_name_servers(&mut self, lane: usize, away: bool, now: SimTime) {
        if away && self.samples.fault_requested.is_some() {
            self.samples.rerouted.entry(lane).or_insert(now);
        }
    }

    /// Takes in whether the checkers fail now.
    pub(super) fn checkers_fail(&mut self, fail: bool, now: SimTime) {
        self.failing_since = if fail { self.failing_since.or(Some(now)) } else { None };
        if self.flipped(self.failing_since, now) {
            self.unhealthy(now);
        }
    }

    /// Takes in whether the checkers of the surviving Region fail now.
    pub(super) fn survivor_fails(&mut self, fail: bool, now: SimTime) {
        self.survivor_failing_since = if fail { self.survivor_failing_since.or(Some(now)) } else { None };
        if self.samples.unhealthy_seen.is_some() && self.flipped(self.survivor_failing_since, now) {
            self.notice(now, Notice::FailedOpen);
        }
    }

    /// Whether a health check whose checkers fail since then is unhealthy. A checker shows its first failure at once, but
    /// the health check flips only when the failures are as many in a row as its threshold says.
    fn flipped(&self, failing_since: Option<SimTime>, now: SimTime) -> bool {
        let more = self.plan.routing.map_or(0, |routing| {
            u64::from(routing.interval * 1000 + routing.failing_ms) * u64::from(routing.threshold.saturating_sub(1))
        });
        failing_since.is_some_and(|since| now >= since.plus(Duration::from_millis(more)))
    }

    fn unhealthy(&mut self, now: SimTime) {
        if self.samples.unhealthy_seen.is_none() {
            self.samples.unhealthy_seen = Some(now);
            self.note_act(now, Plane::Data, format!("{} health check is unhealthy", self.plan.broken.label()));
        }
    }

    pub(super) fn notice(&mut self, at: SimTime, notice: Notice) {
        let text = match &notice {
            Notice::ClockStep(millis) => format!("the clock jumped by {millis} ms"),
            Notice::FailedOpen => {
                "both health checks are unhealthy: Route 53 answers as if both were healthy".to_owned()
            }
            Notice::Changed(what) => format!("{what} was changed"),
        };
        self.note(at, text);
        self.samples.notices.push((at, notice));
    }

    /// Whether the surviving Region's health check was seen unhealthy.
    pub(super) fn failed_open(&self) -> bool {
        self.samples.notices.iter().any(|(_, notice)| *notice == Notice::FailedOpen)
    }

    /// Takes in by how much the wall clock and the monotonic one went apart since the last tick.
    pub(super) fn stepped(&mut self, apart: Duration, now: SimTime) {
        let millis = u64::try_from(apart.as_millis()).unwrap_or(u64::MAX);
        if millis > STEP_LIMIT_MS {
            self.notice(now, Notice::ClockStep(millis));
        }
    }

    /// Takes in the settings of the routing, and what became different since the fault began.
    pub(super) fn routing(&mut self, before: bool, settings: BTreeMap<String, Value>, now: SimTime) {
        if before {
            self.routing = settings;
            return;
        }
        self.reads_left = self.reads_left.saturating_sub(1);
        let changed: Vec<String> = (self.routing.iter())
            .filter(|(name, value)| settings.get(*name).is_some_and(|after| after != *value))
            .map(|(name, _)| name.clone())
            .collect();
        for what in changed {
            self.notice(now, Notice::Changed(what));
        }
    }

    /// Analyses the samples and writes the first sight of each marker into the log.
    pub(super) fn note_markers(&mut self, now: SimTime) {
        let before = self.analysis.markers;
        self.analysis = analyse(&self.plan, &self.lanes, &self.samples);
        let after = self.analysis.markers;
        let survivor = self.plan.broken.other().label();
        let seen = [
            (before.impact, after.impact, None, "clients fail".to_owned()),
            (before.rerouted, after.rerouted, Some(Plane::Data), format!("name servers answer {survivor} only")),
            (before.first_good, after.first_good, None, format!("every client was answered by {survivor}")),
            (before.stable, after.stable, None, "steady for 60 s".to_owned()),
        ];
        for (before, after, plane, text) in seen {
            if let (None, Some(at)) = (before, after) {
                self.log.push(Line { at: at.max(self.samples.start).min(now), text, plane });
            }
        }
    }

    /// Why the baseline is too unsteady to break anything, when it is.
    pub(super) fn unsteady(&self, share: f64) -> Option<String> {
        let table = by_lane(&self.samples, self.lanes.len());
        let mut all = 0;
        let mut failed: Vec<String> = Vec::new();
        for (lane, row) in self.lanes.iter().zip(&table) {
            if !decides(lane.role, lane.class) {
                continue;
            }
            all += row.len();
            for slot in row.iter().filter(|slot| !slot.result.good()) {
                let journey = self.plan.journeys.get(lane.journey).map_or("", |journey| journey.name.as_str());
                let vantage = self.plan.vantages.get(lane.vantage).map_or("", |vantage| vantage.name.as_str());
                failed.push(format!("{journey} from {vantage}: {:?}", slot.result));
            }
        }
        let good = all.saturating_sub(failed.len());
        if all == 0 || (good as f64) < all as f64 * share {
            let first = failed.first().cloned().unwrap_or_else(|| "no slot was sent".to_owned());
            return Some(format!("unsteady before the fault: {} of {all} slots failed (first: {first})", failed.len()));
        }
        None
    }

    /// Why there is nothing to break: the broken Region's own endpoint fails already at the end of the baseline, while
    /// clients of the shared name are served elsewhere. What has happened before cannot be measured.
    pub(super) fn broken_already(&self) -> Option<String> {
        let table = by_lane(&self.samples, self.lanes.len());
        let (index, _) =
            self.plan.journeys.iter().enumerate().filter(|(_, journey)| journey.affected).find(|(index, _)| {
                let direct = LaneRole::Direct(self.plan.broken);
                let own =
                    self.lanes.iter().zip(&table).filter(|(lane, _)| lane.journey == *index && lane.role == direct);
                let mut last = own.filter_map(|(_, row)| row.last()).peekable();
                last.peek().is_some() && last.all(|slot| !slot.result.good())
            })?;
        let (journey, region) = (self.plan.journeys.get(index)?, self.plan.broken.label());
        Some(format!(
            "{region} does not answer {} before anything was broken: mend {region} first, then drill again",
            journey.name
        ))
    }

    /// Why a loss of data could not be told from how it was before, when the fault should cut replication and a store does not
    /// replicate, or cannot be written or read.
    pub(super) fn unreplicated(&self) -> Option<String> {
        if !self.plan.cuts_replication {
            return None;
        }
        let (from, to) = (self.plan.broken.label(), self.plan.broken.other().label());
        self.names.iter().find_map(|store| {
            let canary = self.samples.canaries.get(store).cloned().unwrap_or_default();
            let acked = canary.writes.iter().filter(|write| write.acked.is_some()).count();
            let trouble = match canary.tail.last().map(|read| &read.present) {
                _ if acked == 0 => format!("no write in {from} was acknowledged"),
                Some(Some(present)) if !present.is_empty() => return None,
                Some(Some(_)) => format!("{to} has none of {acked} writes: replication does not work"),
                Some(None) | None => format!("it cannot be read in {to}"),
            };
            Some(format!("{store} is not fit for a loss of data to be measured: {trouble}"))
        })
    }

    pub(super) fn begin_fault(&mut self, now: SimTime) {
        self.samples.fault_requested = Some(now);
        self.stage = Stage::Failing;
        self.note_markers(now);
        self.note_act(now, Plane::Control, format!("fault: {}", self.plan.title));
    }

    pub(super) fn fault_started(&mut self, result: Result<(), String>, now: SimTime) {
        match result {
            Ok(()) => self.samples.fault_acknowledged = Some(now),
            Err(why) => self.stop(format!("the fault could not be started: {why}"), now),
        }
    }

    pub(super) fn begin_fail_back(&mut self, now: SimTime) {
        self.samples.healed = Some(now);
        self.reading_back = false;
        self.stage = Stage::FailingBack;
        self.note(now, "failing back: the fault is being mended".to_owned());
    }

    pub(super) fn fault_stopped(&mut self, result: Result<(), String>, now: SimTime) {
        match result {
            Ok(()) => self.note_act(now, Plane::Control, "the fault is mended"),
            Err(why) => self.stop(format!("the fault could not be mended: {why}; mend it by hand"), now),
        }
    }

    pub(super) fn stop(&mut self, why: String, now: SimTime) {
        self.note(now, why.clone());
        self.stage = Stage::Stopped(why);
    }

    pub(super) fn freeze(&mut self, now: SimTime) {
        self.reading_back = false;
        self.note_markers(now);
        let rto = self.analysis.rto.map_or_else(|| "none".to_owned(), spell);
        self.note(now, format!("RTO {rto}: {}", self.analysis.rto_verdict.word()));
        self.decided = Some(now);
        self.stage = Stage::Frozen;
    }

    /// Whether the fault has told all it can: steady again, nothing bitten, or out of time.
    pub(super) fn decided(&self, now: SimTime, bite: Duration, window: Duration, limit: Duration) -> bool {
        let Some(fault) = self.samples.fault_requested else { return false };
        let steady = self.analysis.markers.stable.is_some_and(|stable| now >= stable.plus(window));
        let harmless = self.analysis.markers.impact.is_none() && now >= fault.plus(bite);
        steady || harmless || now >= fault.plus(limit)
    }

    /// Whether every affected client has been served at home for a whole window, or the time for that is over.
    pub(super) fn home_again(&mut self, now: SimTime, limit: Duration) -> bool {
        let Some(healed) = self.samples.healed else { return false };
        if let Some(span) = self.analysis.fail_back {
            self.note(now, format!("at home again after {}", spell(span)));
            return true;
        }
        now >= healed.plus(limit)
    }

    pub(super) fn snapshot(&self, at: SimTime) -> Snapshot {
        let end = match self.stage {
            Stage::Failing | Stage::Baseline => at,
            _ => self.analysis.markers.stable.or(self.decided).unwrap_or(at),
        };
        Snapshot {
            plan: self.plan.clone(),
            lanes: self.lanes.clone(),
            stage: self.stage.clone(),
            at,
            elapsed: self.samples.fault_requested.map(|fault| end.since(fault)),
            analysis: self.analysis.clone(),
            recent: self.recent.clone(),
            log: self.log.clone(),
            predicted: self
                .plan
                .routing
                .map(|routing| predict::band(routing, resolvers(&self.plan, &self.lanes, &self.analysis))),
        }
    }

    pub(super) fn into_report(self) -> Report {
        Report::new(self.plan, self.samples, self.stage)
    }
}
