//! The twelve measurement faults of design/drill.md (goal 4): each is injected into the samples of a good run, and none of
//! them passes.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::analysis::tests::{at, plan};
use super::super::plan::{LaneRole, Plan, vantages};
use super::super::rpo;
use super::super::samples::{CanarySamples, ReadBack, Samples, Slot, Write};
use super::super::{Analysis, Lane, analyse};
use super::Notice;
use crate::domain::Role;
use crate::domain::drill::{ProbeError, SlotResult, Verdict};

const HOME: SlotResult = SlotResult::Ok(Some(Role::Primary));
const AWAY: SlotResult = SlotResult::Ok(Some(Role::Secondary));
const DEAD: SlotResult = SlotResult::Status(403);
const LOST: SlotResult = SlotResult::Error(ProbeError::Dns);

/// Books from two places, with both Regions' own endpoints.
fn two_places() -> Plan {
    let mut plan = plan(true);
    plan.vantages = vantages(&plan.regions)[..2].to_vec();
    plan.journeys[0].direct = BTreeMap::from([
        (Role::Primary, "https://r1.shop.test/books".to_owned()),
        (Role::Secondary, "https://r2.shop.test/books".to_owned()),
    ]);
    plan
}

/// A failover as it should be: the fault at 60, clients at the survivor from 130 on, the Region down to the end.
fn good(lane: &Lane, second: u64) -> SlotResult {
    match (lane.role, second) {
        (LaneRole::Direct(Role::Secondary), _) => AWAY,
        (_, 0..=61) => HOME,
        (LaneRole::Direct(_), _) | (_, 62..=129) => DEAD,
        _ => AWAY,
    }
}

/// Every slot of every lane, as `answer` has it.
fn samples(plan: &Plan, answer: impl Fn(&Lane, u64) -> SlotResult) -> Samples {
    let mut seen = Samples { start: at(0), fault_requested: Some(at(60)), ..Samples::default() };
    for (index, lane) in plan.lanes().iter().enumerate() {
        for second in (0..260).step_by(usize::try_from(lane.every.as_secs()).unwrap()) {
            let result = answer(lane, second);
            seen.slots.push(Slot { lane: index, at: at(second), latency_ms: 40, result });
        }
    }
    seen
}

fn analysed(plan: &Plan, seen: &Samples) -> Analysis {
    analyse(plan, &plan.lanes(), seen)
}

/// The verdict's reason.
fn doubt(seen: &Samples) -> String {
    match analysed(&two_places(), seen).rto_verdict {
        Verdict::Inconclusive(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_run_is_not_doubted() {
    let plan = two_places();
    let result = analysed(&plan, &samples(&plan, good));
    assert_eq!((result.rto_verdict, result.doubts), (Verdict::Pass, Vec::new()));
    assert_eq!(result.rto, Some(Duration::from_secs(70)));
}

#[test]
fn a_stalled_program_is_noticed() {
    let stalled = |lane: &Lane, second| if second % 20 == 0 { SlotResult::Missed } else { good(lane, second) };
    assert!(doubt(&samples(&two_places(), stalled)).contains("missed by this program"));
}

#[test]
fn a_clock_that_jumps_is_noticed() {
    let mut seen = samples(&two_places(), good);
    seen.notices.push((at(100), Notice::ClockStep(7200)));
    assert!(doubt(&seen).contains("jumped by 7200 ms"));
}

#[test]
fn a_place_that_loses_its_resolver_or_its_network_is_noticed() {
    for lost in [LOST, SlotResult::Error(ProbeError::Timeout)] {
        let one = |lane: &Lane, second| if lane.vantage == 1 && second >= 90 { lost } else { good(lane, second) };
        assert!(doubt(&samples(&two_places(), one)).starts_with("singapore could not reach R2"));
        let all = |lane: &Lane, second| if second >= 90 { lost } else { good(lane, second) };
        assert!(doubt(&samples(&two_places(), all)).starts_with("ireland, singapore could not reach R2"));
    }
}

#[test]
fn a_fault_that_does_not_bite_is_noticed() {
    let whole = |lane: &Lane, _| if lane.role == LaneRole::Direct(Role::Secondary) { AWAY } else { HOME };
    assert!(doubt(&samples(&two_places(), whole)).contains("did not bite"));
}

#[test]
fn a_fault_that_ends_early_is_noticed() {
    let mended = |lane: &Lane, second| match lane.role {
        LaneRole::Direct(Role::Primary) if second >= 120 => HOME,
        _ => good(lane, second),
    };
    assert!(doubt(&samples(&two_places(), mended)).contains("R1 answered books again"));
}

#[test]
fn help_by_hand_is_noticed() {
    let mut seen = samples(&two_places(), good);
    seen.notices.push((at(190), Notice::Changed("a record of the hosted zone".into())));
    assert!(doubt(&seen).contains("somebody helped"));
}

#[test]
fn answers_of_a_cache_are_noticed() {
    let cached = |lane: &Lane, second| {
        let client = lane.role == LaneRole::Client && lane.vantage == 0;
        if client && (80..90).contains(&second) { HOME } else { good(lane, second) }
    };
    assert!(doubt(&samples(&two_places(), cached)).contains("they were cached"));
}

#[test]
fn failing_open_is_no_failover() {
    let mut seen = samples(&two_places(), good);
    seen.notices.push((at(100), Notice::FailedOpen));
    assert!(doubt(&seen).contains("no failover"));
    // Where nobody recovers, there is nothing to doubt.
    let mut both = two_places();
    both.both_regions = true;
    let mut dead = samples(&both, |lane, second| if second < 62 { good(lane, second) } else { DEAD });
    dead.notices.push((at(100), Notice::FailedOpen));
    assert_eq!(analysed(&both, &dead).rto_verdict, Verdict::Fail);
}

#[test]
fn flapping_and_a_relapse_are_noticed() {
    let relapse = |lane: &Lane, second| match lane.role {
        LaneRole::Client if (150..160).contains(&second) => DEAD,
        _ => good(lane, second),
    };
    assert!(doubt(&samples(&two_places(), relapse)).contains("a relapse"));
    let flapping = |lane: &Lane, second: u64| match lane.role {
        LaneRole::Direct(Role::Secondary) => AWAY,
        _ if second < 62 || (second / 20).is_multiple_of(2) => HOME,
        _ => DEAD,
    };
    assert!(doubt(&samples(&two_places(), flapping)).contains("it comes and goes"));
}

#[test]
fn what_arrives_after_the_mending_was_late_and_not_lost() {
    let mut plan = two_places();
    plan.cuts_replication = true;
    let mut seen = samples(&plan, good);
    let write = |seq: u64| Write { seq, sent: at(50 + seq), acked: Some(at(50 + seq)) };
    let read = |second, present: &[u64]| Some(ReadBack { at: at(second), present: Some(present.to_vec()) });
    let canary = CanarySamples {
        writes: (1..=8).map(write).collect(),
        after_failover: read(200, &[1, 2, 3, 4, 5]),
        after_heal: read(250, &[1, 2, 3, 4, 5, 6, 7, 8]),
        ..CanarySamples::default()
    };
    seen.canaries.insert("dynamodb".into(), canary);
    let loss = rpo::losses(&plan, &seen).remove("dynamodb").unwrap();
    assert_eq!((loss.lost, loss.recovered), (3, Some(3)));
}
