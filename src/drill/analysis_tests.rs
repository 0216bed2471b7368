//! Tests of the analysis on hand-made samples.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use super::super::plan::{Environment, JourneyPlan, vantages};
use super::super::price::Prices;
use super::*;
use crate::domain::drill::ProbeError;
use crate::domain::{RegionPair, Role};

pub(in crate::drill) fn plan(affected: bool) -> Plan {
    let regions = RegionPair::new("eu-west-1", "ap-southeast-1").unwrap();
    Plan {
        fault: "api".into(),
        title: "R1 API disabled".into(),
        environment: Environment::Sandbox { seed: 7 },
        prices: Prices::known(),
        broken: Role::Primary,
        rto_objective: Duration::from_secs(900),
        rpo_objective: Duration::from_secs(900),
        journeys: vec![JourneyPlan {
            name: "books".into(),
            method: "GET".into(),
            url: "https://api.shop.test/books".into(),
            body: None,
            direct: BTreeMap::new(),
            affected,
            routed: true,
        }],
        vantages: vantages(&regions)[..1].to_vec(),
        regions,
        cuts_replication: false,
        both_regions: false,
        survivor_check: None,
        zone: None,
        health_check: None,
        routing: None,
        auto_fail_back: true,
    }
}

pub(in crate::drill) fn at(second: u64) -> SimTime {
    SimTime::WORLD_START.plus(Duration::from_secs(second))
}

/// One client slot a second for `seconds`; `answer` says what each gets. The fault is at second 60.
pub(in crate::drill) fn samples(seconds: u64, answer: impl Fn(u64) -> SlotResult) -> Samples {
    Samples {
        start: at(0),
        fault_requested: Some(at(60)),
        slots: (0..seconds)
            .map(|second| Slot { lane: 0, at: at(second), latency_ms: 40, result: answer(second) })
            .collect(),
        ..Samples::default()
    }
}

const HOME: SlotResult = SlotResult::Ok(Some(Role::Primary));
const AWAY: SlotResult = SlotResult::Ok(Some(Role::Secondary));
const DEAD: SlotResult = SlotResult::Status(403);

pub(in crate::drill) fn failover(second: u64) -> SlotResult {
    match second {
        0..=61 => HOME,
        62..=129 => DEAD,
        _ => AWAY,
    }
}

#[test]
fn a_few_slow_answers_are_steady_and_slow_ones_throughout_are_not() {
    let mut plan = plan(true);
    plan.journeys[0].direct = BTreeMap::from([(Role::Secondary, "https://r2.shop.test/books".to_owned())]);
    let lanes = plan.lanes();
    let control = lanes.iter().position(|lane| lane.role == LaneRole::Direct(Role::Secondary)).unwrap();
    // Twelve answers of the control, of which none happened to be slow.
    let direct = (0..12).map(|n| Slot { lane: control, at: at(n * 5), latency_ms: 40, result: AWAY });
    let rto = |latency: fn(u64) -> u64| {
        let mut seen = samples(300, failover);
        seen.slots.iter_mut().enumerate().for_each(|(n, slot)| slot.latency_ms = latency(n as u64));
        seen.slots.extend(direct.clone());
        analyse(&plan, &lanes, &seen).rto
    };
    assert_eq!(rto(|second| if second % 8 == 0 { 400 } else { 40 }), Some(Duration::from_secs(70)));
    assert_eq!(rto(|second| if second < 200 { 100 } else { 40 }), Some(Duration::from_secs(110)));
    assert_eq!(rto(|_| 100), None);
}

#[test]
fn the_recovery_time_runs_from_the_fault_to_the_steady_window_and_the_phases_sum_to_it() {
    let plan = plan(true);
    let mut seen = samples(200, failover);
    seen.unhealthy_seen = Some(at(95));
    seen.rerouted.insert(0, at(97));
    let result = analyse(&plan, &plan.lanes(), &seen);
    assert_eq!(result.rto, Some(Duration::from_secs(70)));
    assert_eq!(result.rto_verdict, Verdict::Pass);
    let spans: Vec<u64> = result.phases.iter().map(|(_, span)| span.as_secs()).collect();
    assert_eq!(spans, [2, 33, 0, 2, 33, 0]);
    assert_eq!(result.degraded_seconds, 68);
    assert_eq!(result.rpo_verdict, Verdict::NotExercised);
}

#[test]
fn a_marker_that_comes_late_gives_its_phase_no_time() {
    let plan = plan(true);
    let mut seen = samples(200, failover);
    seen.unhealthy_seen = Some(at(190));
    let result = analyse(&plan, &plan.lanes(), &seen);
    let sum: Duration = result.phases.iter().map(|(_, span)| *span).sum();
    assert_eq!(Some(sum), result.rto);
}

#[test]
fn two_failures_in_a_row_after_the_recovery_move_the_steady_window() {
    let plan = plan(true);
    let relapse = |second| if (150..152).contains(&second) { DEAD } else { failover(second) };
    let result = analyse(&plan, &plan.lanes(), &samples(260, relapse));
    assert_eq!(result.markers.stable, Some(at(152)));
}

#[test]
fn one_lost_answer_does_not_move_it() {
    let plan = plan(true);
    let hiccup = |second| if second == 150 { SlotResult::Error(ProbeError::Timeout) } else { failover(second) };
    assert_eq!(analyse(&plan, &plan.lanes(), &samples(260, hiccup)).markers.stable, Some(at(130)));
}

#[test]
fn a_fault_that_does_not_bite_is_inconclusive_and_one_that_breaks_nothing_is_not_exercised() {
    let bitten = plan(true);
    let result = analyse(&bitten, &bitten.lanes(), &samples(200, |_| HOME));
    assert!(matches!(result.rto_verdict, Verdict::Inconclusive(_)), "{:?}", result.rto_verdict);
    let harmless = plan(false);
    let result = analyse(&harmless, &harmless.lanes(), &samples(200, |_| HOME));
    assert_eq!(result.rto_verdict, Verdict::NotExercised);
}

#[test]
fn a_recovery_because_the_fault_ended_is_none() {
    let plan = plan(true);
    let mut seen = samples(200, failover);
    seen.healed = Some(at(128));
    let result = analyse(&plan, &plan.lanes(), &seen);
    assert_eq!(result.rto, None);
    assert!(matches!(result.rto_verdict, Verdict::Inconclusive(_)));
}

#[test]
fn clients_of_the_surviving_region_do_not_count() {
    let plan = plan(true);
    let result = analyse(&plan, &plan.lanes(), &samples(200, |_| AWAY));
    assert!(result.affected.is_empty());
    assert!(matches!(result.rto_verdict, Verdict::Inconclusive(_)));
}

#[test]
fn missed_slots_make_a_run_inconclusive() {
    let plan = plan(true);
    let stalled = |second| if second % 20 == 0 { SlotResult::Missed } else { failover(second) };
    let result = analyse(&plan, &plan.lanes(), &samples(260, stalled));
    assert!(matches!(result.rto_verdict, Verdict::Inconclusive(_)), "{:?}", result.rto_verdict);
}

#[test]
fn who_never_recovers_fails_even_when_the_fault_is_mended_in_the_end() {
    let plan = plan(true);
    let dead = |second| if second < 62 { HOME } else { DEAD };
    let mut seen = samples(1400, dead);
    seen.healed = Some(at(60 + LIMIT.as_secs() + 2));
    assert_eq!(analyse(&plan, &plan.lanes(), &seen).rto_verdict, Verdict::Fail);
}
