//! From a drill's snapshot to the view that the screen shows. Nothing is added: every number comes from the analysis.

use std::time::Duration;

use crate::app::drill::{DrillState, DrillView, FaultView, Gap, Lane, LogLine, PhaseView, StoreView, VantageView};
use crate::domain::Role;
use crate::domain::drill::{ClientClass, Phase, SlotResult};
use crate::drill::plan::Plan;
use crate::drill::rpo::StoreLoss;
use crate::drill::{LaneRole, Line, Plane, Snapshot, Stage};

/// The view of a snapshot, with the faults to choose from and the learner's guess.
pub fn view(snapshot: &Snapshot, faults: Vec<FaultView>, prediction: Option<Duration>) -> DrillView {
    let analysis = &snapshot.analysis;
    let decided = matches!(snapshot.stage, Stage::Frozen | Stage::FailingBack | Stage::Done);
    let trouble = match &snapshot.stage {
        Stage::Stopped(why) => Some(crate::app::Trouble {
            what: format!("The drill stopped: {why}."),
            means: "There is no verdict. Whatever was broken for the drill has been mended, or the log says why not."
                .to_owned(),
            press: "Press Space to choose a fault and start again.".to_owned(),
        }),
        _ => None,
    };
    DrillView {
        state: state(&snapshot.stage),
        faults,
        fault: Some(snapshot.plan.fault.clone()),
        broken: matches!(snapshot.stage, Stage::Failing | Stage::Frozen).then_some(snapshot.plan.broken),
        elapsed: elapsed(snapshot),
        budget: snapshot.plan.rto_objective,
        phases: phases(snapshot),
        predicted: snapshot.predicted.map(|(low, _, high)| (low, high)),
        prediction,
        lanes: lanes(snapshot),
        vantages: vantages(snapshot),
        stores: analysis.stores.iter().map(|(name, loss)| store(name, loss, &snapshot.plan)).collect(),
        log: log(snapshot),
        next: next(snapshot),
        rto: decided.then(|| analysis.rto_verdict.clone()),
        rpo: decided.then(|| analysis.rpo_verdict.clone()),
        report: None,
        trouble,
    }
}

fn state(stage: &Stage) -> DrillState {
    match stage {
        Stage::Baseline => DrillState::Predict,
        Stage::Failing => DrillState::Running,
        Stage::Frozen | Stage::Done => DrillState::Frozen,
        Stage::FailingBack => DrillState::Failback,
        Stage::Stopped(_) => DrillState::Idle,
    }
}

/// While the shop is not steady the timer runs; then it stands at the RTO.
fn elapsed(snapshot: &Snapshot) -> Duration {
    let baseline = snapshot.recent.iter().flatten().map(|(at, _)| *at).min();
    snapshot.elapsed.unwrap_or_else(|| baseline.map_or(Duration::ZERO, |begin| snapshot.at.since(begin)))
}

/// The phases so far. Before the verdict they are cut at the markers seen; the last one is open.
fn phases(snapshot: &Snapshot) -> Vec<PhaseView> {
    let analysis = &snapshot.analysis;
    let Some(fault) = analysis.markers.fault else { return Vec::new() };
    let say = |phase: Phase| describe(phase, &snapshot.plan);
    if !analysis.phases.is_empty() {
        let mut start = Duration::ZERO;
        return analysis
            .phases
            .iter()
            .map(|(phase, span)| {
                let begin = start;
                start += *span;
                PhaseView { phase: *phase, start: begin, end: Some(start), say: say(*phase), late: false }
            })
            .collect();
    }
    let markers = analysis.markers;
    let ends = [
        (Phase::Impact, markers.impact),
        (Phase::Detect, markers.detected),
        (Phase::Decide, markers.detected),
        (Phase::Reroute, markers.rerouted),
        (Phase::Drain, markers.first_good),
        (Phase::Settle, markers.stable),
    ];
    let mut reached = Duration::ZERO;
    let mut open = false;
    let mut views = Vec::new();
    for (index, (phase, end)) in ends.iter().enumerate() {
        if open {
            break;
        }
        let later = ends.iter().skip(index + 1).any(|(_, end)| end.is_some());
        let end = end.map(|at| at.since(fault).max(reached));
        // A marker that is still missing although a later one was seen is late: its phase gets no time.
        let late = end.is_none() && later;
        views.push(PhaseView {
            phase: *phase,
            start: reached,
            end: if late { Some(reached) } else { end },
            say: say(*phase),
            late,
        });
        open = end.is_none() && !late;
        reached = end.unwrap_or(reached);
    }
    views
}

fn describe(phase: Phase, plan: &Plan) -> String {
    let (broken, other) = (plan.broken.label(), plan.broken.other().label());
    match phase {
        Phase::Impact => format!("{broken} still answers"),
        Phase::Detect => match plan.routing {
            Some(routing) => format!("health checkers fail {} times, {} s apart", routing.threshold, routing.interval),
            None => format!("nothing has noticed that {broken} fails"),
        },
        Phase::Decide => "automatic: Route 53 decides".to_owned(),
        Phase::Reroute => format!("name servers move to {other}"),
        Phase::Drain => match plan.routing {
            Some(routing) => format!("cached answers run out (TTL {} s)", routing.ttl),
            None => "cached answers run out".to_owned(),
        },
        Phase::Settle => "until 60 s are steady".to_owned(),
    }
}

/// One lane per journey and class: the cell of a second is the worst slot of its vantages that the broken Region served.
fn lanes(snapshot: &Snapshot) -> Vec<Lane> {
    let mut lanes = Vec::new();
    let end = snapshot.at.millis().div_euclid(1000);
    for (index, journey) in snapshot.plan.journeys.iter().enumerate() {
        let members: Vec<usize> = (0..snapshot.lanes.len())
            .filter(|lane| {
                let decisive = snapshot.analysis.affected.is_empty() || !journey.affected;
                snapshot.lanes.get(*lane).is_some_and(|spec| spec.journey == index && spec.role == LaneRole::Client)
                    && (decisive || snapshot.analysis.affected.contains(lane))
            })
            .collect();
        lanes.push(Lane {
            journey: journey.name.clone(),
            class: ClientClass::TtlHonouring,
            direct: None,
            cells: cells(snapshot, &members, end),
        });
    }
    for role in [Role::Primary, Role::Secondary] {
        let member =
            snapshot.lanes.iter().position(|lane| lane.role == LaneRole::Direct(role) && lane.every.as_secs() == 1);
        if let Some((member, lane)) = member.and_then(|member| Some((member, snapshot.lanes.get(member)?))) {
            let journey = snapshot.plan.journeys.get(lane.journey).map_or("", |journey| journey.name.as_str());
            lanes.push(Lane {
                journey: journey.to_owned(),
                class: ClientClass::Fresh,
                direct: Some(role),
                cells: cells(snapshot, &[member], end),
            });
        }
    }
    lanes
}

/// The cells of the last seconds; a failed slot hides a good one of the same second, and clients that were served by
/// different Regions in one second share a cell that names neither.
fn cells(snapshot: &Snapshot, members: &[usize], end: i64) -> Vec<SlotResult> {
    let mut by_second: std::collections::BTreeMap<i64, SlotResult> = std::collections::BTreeMap::new();
    for (at, result) in members.iter().filter_map(|lane| snapshot.recent.get(*lane)).flatten() {
        let second = at.millis().div_euclid(1000);
        by_second
            .entry(second)
            .and_modify(|kept| {
                if !kept.good() {
                    return;
                }
                *kept = match (*kept, *result) {
                    (SlotResult::Ok(one), SlotResult::Ok(other)) if one != other => SlotResult::Ok(None),
                    (_, later) => later,
                };
            })
            .or_insert(*result);
    }
    by_second.range(..=end).map(|(_, result)| *result).collect()
}

/// Who answers each vantage's TTL-honouring client now; nobody while it fails.
fn vantages(snapshot: &Snapshot) -> Vec<VantageView> {
    let last = |vantage: usize| {
        let lane = snapshot.lanes.iter().position(|lane| {
            let shared = snapshot.plan.journeys.get(lane.journey).is_some_and(|journey| journey.affected);
            lane.vantage == vantage && lane.role == LaneRole::Client && shared
        })?;
        let recent = snapshot.recent.get(lane)?;
        match recent.iter().rev().map(|(_, result)| *result).find(|result| *result != SlotResult::Missed)? {
            SlotResult::Ok(role) => role,
            _ => None,
        }
    };
    let all = snapshot.plan.vantages.iter().enumerate();
    all.map(|(index, vantage)| VantageView { name: vantage.name.clone(), answers: last(index), ttl_left: None })
        .collect()
}

fn store(name: &str, loss: &StoreLoss, plan: &Plan) -> StoreView {
    let gap = match loss.time {
        Some(span) if plan.cuts_replication => Gap::Behind { writes: loss.lost, span },
        _ => Gap::NotExercised,
    };
    StoreView {
        name: match name {
            "dynamodb" => "DynamoDB".to_owned(),
            "aurora" => "Aurora".to_owned(),
            "s3" => "S3".to_owned(),
            other => other.to_owned(),
        },
        last_acked: loss.last_acked.map(|(seq, _)| seq),
        last_safe: loss.last_safe.map(|(seq, _)| seq),
        gap,
    }
}

/// The log, newest first, in time since the fault.
fn log(snapshot: &Snapshot) -> Vec<LogLine> {
    let zero = snapshot.analysis.markers.fault.unwrap_or(snapshot.at);
    let line = |line: &Line| LogLine {
        at: line.at.since(zero),
        source: "drill".to_owned(),
        text: line.text.clone(),
        control_plane: line.plane.map(|plane| plane == Plane::Control),
    };
    snapshot.log.iter().rev().map(line).collect()
}

/// What should happen next, from the routing's settings.
fn next(snapshot: &Snapshot) -> Option<String> {
    let (markers, plan) = (snapshot.analysis.markers, &snapshot.plan);
    let routing = plan.routing?;
    match snapshot.stage {
        Stage::Baseline => {
            Some(format!("the fault, after {} s of steady baseline", crate::drill::plan::BASELINE.as_secs()))
        }
        Stage::Failing => {
            let elapsed = snapshot.elapsed?.as_secs();
            let failing = u64::from(routing.threshold * routing.failing_ms).div_ceil(1000);
            let flip = u64::from(routing.interval * routing.threshold) + failing;
            if markers.detected.is_none() && markers.rerouted.is_none() {
                Some(format!(
                    "{} health check should fail in about {} s",
                    plan.broken.label(),
                    flip.saturating_sub(elapsed)
                ))
            } else if markers.first_good.is_none() {
                Some(format!("cached answers run out within {} s", routing.ttl))
            } else if markers.stable.is_none() {
                Some("60 s without trouble make it steady".to_owned())
            } else {
                Some("the verdict stands after 60 steady seconds".to_owned())
            }
        }
        Stage::Frozen => Some("press b to fail back".to_owned()),
        Stage::FailingBack => {
            Some(format!("{} serves again after the health check recovers and caches run out", plan.broken.label()))
        }
        Stage::Done | Stage::Stopped(_) => None,
    }
}
