//! What is to be done when: probes, writes, reads and ticks, each on its own fixed schedule (open loop).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use super::canary::Canary;
use super::plan::{Lane, Plan};
use crate::domain::SimTime;

/// Authoritative answers are asked for once a second while the fault is active.
const DNS_EVERY: Duration = Duration::from_secs(1);
/// GetHealthCheckStatus counts against Route 53's 5 requests a second: every 5 s is gentle (design/drill.md).
const HEALTH_EVERY: Duration = Duration::from_secs(5);
/// The survivor's copy is read every 5 s for the live lag.
const TAIL_EVERY: Duration = Duration::from_secs(5);
/// Decisions and snapshots are made once a second.
const TICK_EVERY: Duration = Duration::from_secs(1);

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// Send the lane's next probe.
    Slot(usize),
    /// Write the canary's next number.
    Write(usize),
    /// Read what the survivor has of the canary.
    Tail(usize),
    /// Ask the name servers.
    Dns,
    /// Ask for the health check's status.
    Health,
    /// Decide and show.
    Tick,
}

/// All schedules merged, in the order of time and then of registration.
pub struct Agenda {
    queue: BinaryHeap<Reverse<(SimTime, usize)>>,
    entries: Vec<(Duty, Duration)>,
}

impl Agenda {
    /// The schedules of a plan that begins at `start`.
    pub fn new(plan: &Plan, lanes: &[Lane], canaries: &[Arc<dyn Canary>], start: SimTime) -> Self {
        let mut agenda = Self { queue: BinaryHeap::new(), entries: Vec::new() };
        for (index, lane) in lanes.iter().enumerate() {
            agenda.add(start.plus(lane.phase), Duty::Slot(index), lane.every);
        }
        for (index, canary) in canaries.iter().enumerate() {
            agenda.add(start, Duty::Write(index), canary.every());
            agenda.add(start.plus(TAIL_EVERY), Duty::Tail(index), TAIL_EVERY);
        }
        agenda.add(start, Duty::Dns, DNS_EVERY);
        if plan.health_check.is_some() {
            agenda.add(start, Duty::Health, HEALTH_EVERY);
        }
        // The tick is registered last, so that it sees the answers of its own instant.
        agenda.add(start.plus(TICK_EVERY), Duty::Tick, TICK_EVERY);
        agenda
    }

    fn add(&mut self, first: SimTime, duty: Duty, every: Duration) {
        self.queue.push(Reverse((first, self.entries.len())));
        self.entries.push((duty, every));
    }

    /// The next thing to do; its successor is on the schedule already, whatever becomes of it.
    pub fn next(&mut self) -> Option<(SimTime, Duty)> {
        let Reverse((at, index)) = self.queue.pop()?;
        let (duty, every) = self.entries.get(index).copied()?;
        self.queue.push(Reverse((at.plus(every), index)));
        Some((at, duty))
    }
}
