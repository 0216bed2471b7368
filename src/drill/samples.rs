//! What a drill has seen: every slot, every canary write, every marker. Nothing here is computed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::doubts::Notice;
use crate::domain::SimTime;
use crate::domain::drill::SlotResult;

/// One slot of one lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// The lane's index.
    pub lane: usize,
    /// When it was to be sent. Latency counts from here.
    pub at: SimTime,
    /// From the intended instant to the answer, in milliseconds.
    pub latency_ms: u64,
    /// How it ended.
    pub result: SlotResult,
}

/// One acknowledged or refused canary write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Write {
    /// Increases by one per write and store.
    pub seq: u64,
    /// When it was to be sent.
    pub sent: SimTime,
    /// When the store acknowledged it; none when it did not.
    pub acked: Option<SimTime>,
}

/// What was readable in the surviving Region at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadBack {
    /// When it was read.
    pub at: SimTime,
    /// The sequence numbers that were there; none when the read failed.
    pub present: Option<Vec<u64>>,
}

/// The canary of one store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CanarySamples {
    /// All writes in order.
    pub writes: Vec<Write>,
    /// Reads in the surviving Region while the drill runs, for the live lag.
    pub tail: Vec<ReadBack>,
    /// The read after the failover, while the fault was active.
    pub after_failover: Option<ReadBack>,
    /// The read after the fault was mended.
    pub after_heal: Option<ReadBack>,
}

/// Everything that was seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// The first slot's instant.
    pub start: SimTime,
    /// When the fault was asked for.
    pub fault_requested: Option<SimTime>,
    /// When the fault was acknowledged.
    pub fault_acknowledged: Option<SimTime>,
    /// When the broken Region's health check was first seen unhealthy.
    pub unhealthy_seen: Option<SimTime>,
    /// When the name servers first answered a client without the broken Region, by the client's lane.
    pub rerouted: BTreeMap<usize, SimTime>,
    /// When the fault was mended.
    pub healed: Option<SimTime>,
    /// What else was noticed, and when.
    pub notices: Vec<(SimTime, Notice)>,
    /// All slots in the order of their answers.
    pub slots: Vec<Slot>,
    /// Canaries by store.
    pub canaries: BTreeMap<String, CanarySamples>,
}
