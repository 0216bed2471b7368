//! Samples as lines of JSON, and back.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::doubts::Notice;
use super::super::report::Report;
use super::super::samples::{CanarySamples, ReadBack, Samples, Slot, Write};
use super::super::snapshot::Stage;
use crate::domain::SimTime;

/// A line that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// One line of `canary.ndjson`.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum CanaryLine {
    /// A write.
    Write { store: String, seq: u64, sent: SimTime, acked: Option<SimTime> },
    /// What the survivor had, as runs of sequence numbers: first and last.
    Read { store: String, when: When, at: SimTime, present: Option<Vec<(u64, u64)>> },
}

/// Which read it was.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum When {
    /// While the drill ran; only the last one is kept.
    Live,
    AfterFailover,
    AfterHeal,
}

/// One line of `events.ndjson`.
#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
enum EventLine {
    Started { at: SimTime },
    FaultRequested { at: SimTime },
    FaultAcknowledged { at: SimTime },
    UnhealthySeen { at: SimTime },
    Rerouted { at: SimTime, lane: usize },
    Healed { at: SimTime },
    Noticed { at: SimTime, what: Notice },
    Ended { stage: Stage },
}

fn line(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}

fn read<T: DeserializeOwned>(text: &str) -> impl Iterator<Item = Result<T, BadLine>> + '_ {
    text.lines().enumerate().map(|(index, text)| {
        serde_json::from_str(text).map_err(|error| BadLine { line: index + 1, why: error.to_string() })
    })
}

/// Slots as lines of `slots.ndjson`.
pub fn slots(slots: &[Slot]) -> String {
    slots.iter().map(line).collect()
}

/// Writes of a store as lines of `canary.ndjson`.
pub fn writes(store: &str, writes: &[Write]) -> String {
    let line_of = |Write { seq, sent, acked }: &Write| {
        line(&CanaryLine::Write { store: store.to_owned(), seq: *seq, sent: *sent, acked: *acked })
    };
    writes.iter().map(line_of).collect()
}

/// What was read back of a store, as lines of `canary.ndjson`.
pub fn reads(store: &str, canary: &CanarySamples) -> Vec<String> {
    let live = canary.tail.iter().map(|read| (When::Live, read));
    let failover = canary.after_failover.iter().map(|read| (When::AfterFailover, read));
    let heal = canary.after_heal.iter().map(|read| (When::AfterHeal, read));
    let line_of = |(when, ReadBack { at, present }): (When, &ReadBack)| {
        let present = present.as_deref().map(runs);
        line(&CanaryLine::Read { store: store.to_owned(), when, at: *at, present })
    };
    live.chain(failover).chain(heal).map(line_of).collect()
}

/// `canary.ndjson`.
pub fn canaries(samples: &Samples) -> String {
    let of =
        |(store, canary): (&String, &CanarySamples)| writes(store, &canary.writes) + &reads(store, canary).concat();
    samples.canaries.iter().map(of).collect()
}

/// The instants that something was asked for or seen, as lines of `events.ndjson`.
pub fn marks(samples: &Samples) -> Vec<String> {
    let mut dated = vec![(samples.start, EventLine::Started { at: samples.start })];
    dated.extend(samples.fault_requested.map(|at| (at, EventLine::FaultRequested { at })));
    dated.extend(samples.fault_acknowledged.map(|at| (at, EventLine::FaultAcknowledged { at })));
    dated.extend(samples.unhealthy_seen.map(|at| (at, EventLine::UnhealthySeen { at })));
    dated.extend(samples.rerouted.iter().map(|(lane, at)| (*at, EventLine::Rerouted { at: *at, lane: *lane })));
    let notices = samples.notices.iter();
    dated.extend(notices.map(|(at, what)| (*at, EventLine::Noticed { at: *at, what: what.clone() })));
    dated.extend(samples.healed.map(|at| (at, EventLine::Healed { at })));
    dated.sort_by_key(|(at, _)| *at);
    dated.iter().map(|(_, event)| line(event)).collect()
}

/// `events.ndjson`.
pub fn events(report: &Report) -> String {
    marks(&report.samples).concat() + &line(&EventLine::Ended { stage: report.stage.clone() })
}

/// Reads `slots.ndjson`.
pub fn read_slots(text: &str) -> Result<Vec<Slot>, BadLine> {
    read(text).collect()
}

/// Reads `canary.ndjson`.
pub fn read_canaries(text: &str) -> Result<BTreeMap<String, CanarySamples>, BadLine> {
    let mut canaries: BTreeMap<String, CanarySamples> = BTreeMap::new();
    for (index, line) in read::<CanaryLine>(text).enumerate() {
        match line? {
            CanaryLine::Write { store, seq, sent, acked } => {
                canaries.entry(store).or_default().writes.push(Write { seq, sent, acked });
            }
            CanaryLine::Read { store, when, at, present } => {
                let canary = canaries.entry(store).or_default();
                let present = present.as_deref().map(numbers).transpose();
                let present = present.map_err(|why| BadLine { line: index + 1, why })?;
                let read = ReadBack { at, present };
                match when {
                    When::Live => canary.tail.push(read),
                    When::AfterFailover => canary.after_failover = Some(read),
                    When::AfterHeal => canary.after_heal = Some(read),
                }
            }
        }
    }
    Ok(canaries)
}

/// Reads `events.ndjson` into samples without slots and canaries, and the stage that the drill ended in.
pub fn read_events(text: &str) -> Result<(Samples, Option<Stage>), BadLine> {
    let (mut samples, mut ended) = (Samples::default(), None);
    for line in read::<EventLine>(text) {
        match line? {
            EventLine::Started { at } => samples.start = at,
            EventLine::FaultRequested { at } => samples.fault_requested = Some(at),
            EventLine::FaultAcknowledged { at } => samples.fault_acknowledged = Some(at),
            EventLine::Noticed { at, what } => samples.notices.push((at, what)),
            EventLine::UnhealthySeen { at } => samples.unhealthy_seen = Some(at),
            EventLine::Rerouted { at, lane } => {
                samples.rerouted.insert(lane, at);
            }
            EventLine::Healed { at } => samples.healed = Some(at),
            EventLine::Ended { stage } => ended = Some(stage),
        }
    }
    Ok((samples, ended))
}

/// Sequence numbers as runs of first and last.
fn runs(numbers: &[u64]) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*number) => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    runs
}

/// The most sequence numbers that one read may name. A drill of a day at four writes a second has a tenth of it.
const MOST_NUMBERS: u64 = 4_000_000;

/// The sequence numbers of runs. A line that names more than any drill writes is refused before it fills the memory.
fn numbers(runs: &[(u64, u64)]) -> Result<Vec<u64>, String> {
    let lengths = runs.iter().map(|(first, last)| last.saturating_sub(*first).saturating_add(1));
    if lengths.fold(0, u64::saturating_add) > MOST_NUMBERS {
        return Err(format!("it names more than {MOST_NUMBERS} sequence numbers"));
    }
    Ok(runs.iter().flat_map(|(first, last)| *first..=*last).collect())
}
