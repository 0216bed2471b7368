//! Lost writes: what was acknowledged in the broken Region and cannot be read in the surviving one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::samples::{CanarySamples, Samples};
use crate::domain::SimTime;
use crate::domain::drill::Verdict;

/// What one store lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoreLoss {
    /// The last acknowledged write: number and instant.
    pub last_acked: Option<(u64, SimTime)>,
    /// The last write of the contiguous prefix that the survivor has: number and instant of its acknowledgement.
    pub last_safe: Option<(u64, SimTime)>,
    /// Acknowledged writes that the survivor did not have after the failover.
    pub lost: u64,
    /// Of those, the ones that were there after the fault was mended. None before that read.
    pub recovered: Option<u64>,
    /// Writes that the survivor has although they were never acknowledged.
    pub ghosts: u64,
    /// From the last safe to the last acknowledged write; none when the survivor could not be read.
    pub time: Option<Duration>,
}

/// The loss of every store that has a canary.
pub fn losses(plan: &Plan, samples: &Samples) -> BTreeMap<String, StoreLoss> {
    samples.canaries.iter().map(|(store, canary)| (store.clone(), loss(canary, plan.cuts_replication))).collect()
}

/// Compares what was acknowledged with what can be read. Without a cut, the newest tail read shows the live lag.
fn loss(canary: &CanarySamples, cut: bool) -> StoreLoss {
    let mut acked: Vec<(u64, SimTime)> =
        canary.writes.iter().filter_map(|write| Some((write.seq, write.acked?))).collect();
    // A later write may be acknowledged before an earlier one.
    acked.sort_by_key(|(seq, _)| *seq);
    let last_acked = acked.iter().max_by_key(|(_, at)| *at).copied();
    let read = match (&canary.after_failover, cut) {
        (Some(read), true) => Some(read),
        _ => canary.tail.iter().rev().find(|read| read.present.is_some()),
    };
    let Some(present) = read.and_then(|read| read.present.as_ref()) else {
        return StoreLoss { last_acked, ..StoreLoss::default() };
    };
    let present: BTreeSet<u64> = present.iter().copied().collect();
    // A tail read is older than the newest writes; only writes acknowledged before it can be missing from it.
    let until = read.map(|read| read.at);
    let counted: Vec<(u64, SimTime)> = acked.iter().copied().filter(|(_, at)| Some(*at) <= until).collect();
    let last_safe = counted.iter().take_while(|(seq, _)| present.contains(seq)).last().copied();
    let lost: Vec<u64> = counted.iter().map(|(seq, _)| *seq).filter(|seq| !present.contains(seq)).collect();
    let known: BTreeSet<u64> = acked.iter().map(|(seq, _)| *seq).collect();
    let healed = canary.after_heal.as_ref().and_then(|read| read.present.as_ref());
    let newest = counted.iter().map(|(_, at)| *at).max();
    let begin = last_safe.map(|(_, at)| at).or_else(|| counted.first().map(|(_, at)| *at));
    StoreLoss {
        last_acked,
        last_safe,
        lost: lost.len() as u64,
        recovered: healed.map(|healed| lost.iter().filter(|seq| healed.contains(seq)).count() as u64),
        ghosts: present.difference(&known).count() as u64,
        time: newest
            .zip(begin)
            .map(|(newest, begin)| if lost.is_empty() { Duration::ZERO } else { newest.since(begin) }),
    }
}

/// What the losses say against the objective. A fault that does not cut replication says nothing about them.
pub fn verdict(plan: &Plan, stores: &BTreeMap<String, StoreLoss>, rpo: Option<Duration>) -> Verdict {
    if !plan.cuts_replication || stores.is_empty() {
        return Verdict::NotExercised;
    }
    if let Some((store, _)) = stores.iter().find(|(_, loss)| loss.time.is_none()) {
        return Verdict::Inconclusive(format!("{store} could not be read in {}", plan.regions.of(plan.broken.other())));
    }
    match rpo {
        Some(rpo) if rpo < plan.rpo_objective => Verdict::Pass,
        Some(_) => Verdict::Fail,
        None => Verdict::Inconclusive("nothing was acknowledged before the fault".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ReadBack, Write};
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::WORLD_START.plus(Duration::from_secs(seconds))
    }

    fn canary(acked: &[(u64, u64)], present: &[u64]) -> CanarySamples {
        CanarySamples {
            writes: acked
                .iter()
                .map(|(seq, second)| Write { seq: *seq, sent: at(*second), acked: Some(at(*second)) })
                .collect(),
            after_failover: Some(ReadBack { at: at(100), present: Some(present.to_vec()) }),
            ..CanarySamples::default()
        }
    }

    #[test]
    fn a_gap_counts_from_the_last_safe_write() {
        let loss = loss(&canary(&[(1, 10), (2, 11), (3, 12), (4, 13)], &[1, 2, 4]), true);
        assert_eq!(loss.lost, 1);
        assert_eq!(loss.last_safe, Some((2, at(11))));
        assert_eq!(loss.time, Some(Duration::from_secs(2)), "strict: everything behind the first gap counts");
    }

    #[test]
    fn nothing_lost_is_zero_and_nothing_read_is_unknown() {
        assert_eq!(loss(&canary(&[(1, 10), (2, 11)], &[1, 2]), true).time, Some(Duration::ZERO));
        let mut unread = canary(&[(1, 10)], &[]);
        unread.after_failover = Some(ReadBack { at: at(100), present: None });
        assert_eq!(loss(&unread, true).time, None);
    }

    #[test]
    fn a_write_that_was_never_acknowledged_but_arrived_is_a_ghost() {
        assert_eq!(loss(&canary(&[(1, 10)], &[1, 7]), true).ghosts, 1);
    }
}
