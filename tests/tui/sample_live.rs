//! Test data: both Regions and a drill. The values are made up for the tests.

use std::time::Duration;

use multi_region_workshop::app::drill::{Gap, Lane, LogLine, PhaseView, StoreView, VantageView};
use multi_region_workshop::app::*;
use multi_region_workshop::domain::drill::{ClientClass, Phase, ProbeError, SlotResult, Verdict};
use multi_region_workshop::domain::{Behind, Resource, ResourceState, Role};

use super::sample::{at, faults, press, secs, send, underway};

pub fn resources() -> ResourcesView {
    use ResourceState::{Creating, Failed, Lagging, NotCreated, Ready};
    let row = |role, kind: &str, name: &str, state, raw: &str, detail: &str| Resource {
        role,
        kind: kind.to_owned(),
        label: name.trim_start_matches("bookstore-").trim_end_matches("-k3x9qa").to_owned(),
        name: name.to_owned(),
        state,
        raw: raw.to_owned(),
        detail: detail.to_owned(),
    };
    let (one, two) = (Role::Primary, Role::Secondary);
    let rows = vec![
        row(one, "CFN stack", "bookstore-shop-k3x9qa", Ready, "CREATE_COMPLETE", "41 of 41"),
        row(one, "ALB", "bookstore-blog-k3x9qa", Ready, "active", "2 healthy targets"),
        row(one, "Fargate", "bookstore-blog-k3x9qa", Ready, "ACTIVE", "1/1 tasks"),
        row(one, "API Gateway", "bookstore-api-k3x9qa", Ready, "", "stage prod"),
        row(one, "Aurora", "bookstore-aurora-k3x9qa", Ready, "available", "writer"),
        row(one, "DynamoDB", "bookstore-k3x9qa-Books", Ready, "ACTIVE", "312 items"),
        row(one, "S3", "bookstore-site-k3x9qa-r1", Ready, "", "versioned"),
        row(two, "CFN stack", "bookstore-shop-k3x9qa", Creating, "CREATE_IN_PROGRESS", "27 of 41"),
        row(two, "ALB", "bookstore-blog-k3x9qa", Ready, "active", "1 healthy target"),
        row(two, "Fargate", "bookstore-blog-k3x9qa", Creating, "ACTIVE", "0/1 tasks"),
        row(two, "API Gateway", "bookstore-api-k3x9qa", NotCreated, "", ""),
        row(two, "Aurora", "bookstore-replica-k3x9qa", Lagging, "available", "38 s behind"),
        row(two, "DynamoDB", "bookstore-k3x9qa-Books", Ready, "ACTIVE", "replica"),
        row(two, "S3", "bookstore-site-k3x9qa-r2", Failed, "FAILED", "no versioning"),
    ];
    let lag = |store: &str, lag, say: &str| Lag { store: store.to_owned(), lag, limit: secs(900), say: say.to_owned() };
    ResourcesView {
        rows,
        replication: vec![
            lag("Aurora", Behind::By(secs(38)), "AuroraBinlogReplicaLag"),
            lag("DynamoDB", Behind::By(Duration::from_millis(800)), "ReplicationLatency of Books"),
            lag("S3", Behind::Unmeasured, "no rule on the bucket"),
        ],
        unread: Vec::new(),
        at: at(3590),
    }
}

pub fn drill(state: DrillState) -> DrillView {
    let phase = |phase, start, end: Option<u64>, say: &str| PhaseView {
        phase,
        start: secs(start),
        end: end.map(secs),
        say: say.to_owned(),
        late: false,
    };
    let quiet = state == DrillState::Predict;
    let lane = |journey: &str, class, direct, bad: u64| Lane {
        journey: journey.to_owned(),
        class,
        direct,
        cells: (0..if quiet { 50 } else { 150 })
            .map(|second| match second {
                0..60 => SlotResult::Ok(Some(direct.unwrap_or(Role::Primary))),
                second if second < 60 + bad && second % 9 == 0 => SlotResult::Error(ProbeError::Timeout),
                second if second < 60 + bad => SlotResult::Status(403),
                100 => SlotResult::Missed,
                _ => SlotResult::Ok(Some(Role::Secondary)),
            })
            .collect(),
    };
    let finished = state == DrillState::Frozen;
    DrillView {
        state,
        faults: faults(),
        fault: Some("region".to_owned()),
        broken: (!quiet).then_some(Role::Primary),
        elapsed: if finished { secs(75) } else { secs(64) },
        budget: secs(900),
        phases: if quiet {
            Vec::new()
        } else {
            vec![
                phase(Phase::Impact, 0, Some(2), "the first shopper failed"),
                phase(Phase::Detect, 2, Some(31), "3 of 3 answers failed at most checkers"),
                phase(Phase::Decide, 31, Some(31), "automatic"),
                phase(Phase::Reroute, 31, Some(36), "Route 53 answers R2 only"),
                phase(Phase::Drain, 36, finished.then_some(71), "TTL 60 s, 3 of 5 caches expired"),
            ]
        },
        predicted: Some((secs(62), secs(98))),
        prediction: Some(secs(80)),
        lanes: vec![
            lane("books", ClientClass::TtlHonouring, None, 70),
            lane("cart", ClientClass::TtlHonouring, None, 72),
            lane("books", ClientClass::Sticky, None, 90),
            lane("books", ClientClass::Fresh, Some(Role::Primary), 90),
        ],
        vantages: ["dublin", "frankfurt", "singapore"]
            .into_iter()
            .zip([Some(Role::Secondary), Some(Role::Primary), Some(Role::Secondary)])
            .map(|(name, answers)| VantageView { name: name.to_owned(), answers, ttl_left: Some(secs(24)) })
            .collect(),
        stores: if quiet {
            Vec::new()
        } else {
            vec![
                StoreView {
                    name: "DynamoDB".to_owned(),
                    last_acked: Some(480),
                    last_safe: Some(480),
                    gap: Gap::Behind { writes: 0, span: secs(0) },
                },
                StoreView {
                    name: "Aurora".to_owned(),
                    last_acked: Some(476),
                    last_safe: Some(438),
                    gap: Gap::Behind { writes: 38, span: secs(10) },
                },
                StoreView { name: "S3".to_owned(), last_acked: None, last_safe: None, gap: Gap::NotExercised },
            ]
        },
        log: if quiet {
            Vec::new()
        } else {
            [
                (36, "route53", "all four name servers answer without R1", Some(false)),
                (31, "health", "the check of api-r1 failed", None),
                (2, "probe", "books from dublin: 403", None),
                (0, "drill", "delete-base-path-mapping api-r1", Some(true)),
            ]
            .into_iter()
            .map(|(second, source, text, plane)| LogLine {
                at: secs(second),
                source: source.to_owned(),
                text: text.to_owned(),
                control_plane: plane,
            })
            .collect()
        },
        next: (!quiet).then(|| "the last cache expires in 24 s".to_owned()),
        rto: finished.then_some(Verdict::Pass),
        rpo: finished.then_some(Verdict::Pass),
        report: None,
        trouble: None,
    }
}

pub fn on_drill(size: (u16, u16), state: DrillState) -> Model {
    let mut model = underway(size);
    press(&mut model, &[Key::Char('d')]);
    if state != DrillState::Idle {
        send(&mut model, Msg::Drill(Box::new(drill(state))));
    }
    model
}
