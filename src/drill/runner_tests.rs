//! A whole drill against a small network whose failover is known to the second.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::Value;

use super::*;
use crate::clock::Rate;
use crate::domain::drill::{Phase, ProbeReply, Vantage, Verdict};
use crate::domain::ports::DnsAnswer;
use crate::domain::{BoxFuture, Failure, FailureClass, Operation, RegionPair, Reply, Role};
use crate::drill::plan::{Environment, JourneyPlan};
use crate::drill::price::Prices;

/// The name servers move 30 s after the fault, clients follow 40 s later, and the way back takes 20 s.
struct Network {
    clock: Clock,
    broken: Mutex<Option<SimTime>>,
    healed: Mutex<Option<SimTime>>,
    before: Before,
}

/// How the network is before the fault.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Steady,
    Unsteady,
    /// Only the broken Region's own endpoint fails.
    Broken,
}

impl Network {
    fn since(&self, place: &Mutex<Option<SimTime>>) -> Option<u64> {
        place.lock().unwrap().map(|at| self.clock.now().since(at).as_secs())
    }
}

impl DataPlane for Network {
    fn resolve<'a>(&'a self, name: &'a str, _: &'a Vantage) -> BoxFuture<'a, Result<Option<DnsAnswer>, Failure>> {
        let away = self.since(&self.broken).is_some_and(|since| since >= 30);
        let region = if away { "ap-southeast-1" } else { "eu-west-1" };
        let answer = DnsAnswer {
            chain: vec![name.to_owned()],
            targets: Vec::new(),
            ttl: Duration::from_secs(60),
            region: Some(region.to_owned()),
        };
        Box::pin(async move { Ok(Some(answer)) })
    }

    fn probe<'a>(&'a self, probe: &'a Probe) -> BoxFuture<'a, Result<ProbeReply, Failure>> {
        let status = match (self.since(&self.broken), self.since(&self.healed)) {
            _ if probe.url.contains("r2.") => Ok("ap-southeast-1"),
            (_, Some(since)) if since >= 20 => Ok("eu-west-1"),
            (Some(_), _) if probe.url.contains("r1.") => Err(403),
            (Some(since), _) if since >= 70 => Ok("ap-southeast-1"),
            (Some(_), _) => Err(403),
            (None, _) if self.before == Before::Unsteady => Err(500),
            (None, _) if self.before == Before::Broken && probe.url.contains("r1.") => Err(403),
            (None, _) => Ok("eu-west-1"),
        };
        let reply = ProbeReply {
            status: Ok(status.err().unwrap_or(200)),
            body: String::new(),
            headers: Vec::new(),
            latency: Duration::from_millis(40),
            resolved: None,
            region: status.ok().map(str::to_owned),
        };
        Box::pin(async move { Ok(reply) })
    }
}

impl Switch for Network {
    fn start(&self) -> BoxFuture<'_, Result<(), String>> {
        *self.broken.lock().unwrap() = Some(self.clock.now());
        Box::pin(async { Ok(()) })
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), String>> {
        *self.healed.lock().unwrap() = Some(self.clock.now());
        Box::pin(async { Ok(()) })
    }
}

/// An AWS that answers nothing.
struct Silent;

impl Operations for Silent {
    fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
        let failure = Failure {
            class: FailureClass::Network,
            code: "Unreachable".into(),
            message: Value::Null.to_string(),
            operation: operation.to_string(),
            request_id: None,
        };
        Box::pin(async move { Err(failure) })
    }
}

async fn drill(before: Before, control: Control) -> (Report, Arc<Network>, usize) {
    let regions = RegionPair::new("eu-west-1", "ap-southeast-1").unwrap();
    let direct = BTreeMap::from([
        (Role::Primary, "https://r1.shop.test/books".to_owned()),
        (Role::Secondary, "https://r2.shop.test/books".to_owned()),
    ]);
    let plan = Plan {
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
            direct,
            affected: true,
            routed: true,
        }],
        vantages: crate::drill::plan::vantages(&regions),
        regions,
        cuts_replication: false,
        both_regions: false,
        survivor_check: None,
        zone: None,
        health_check: Some("hc-1".into()),
        routing: None,
        auto_fail_back: true,
    };
    let clock = Clock::simulated(SimTime::WORLD_START, Rate::Jump);
    let network =
        Arc::new(Network { clock: clock.clone(), broken: Mutex::default(), healed: Mutex::default(), before });
    let ports = Ports {
        network: network.clone(),
        aws: Arc::new(Silent),
        canaries: Vec::new(),
        switch: network.clone(),
        keeper: None,
    };
    let shown = std::sync::atomic::AtomicUsize::new(0);
    let _awake = clock.participate();
    let report = run(plan, ports, &clock, &control, &|_| {
        shown.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    })
    .await;
    (report, network, shown.into_inner())
}

#[tokio::test]
async fn a_failover_of_seventy_seconds_is_measured_as_such_and_so_is_the_way_back() {
    let (report, _, shown) = drill(Before::Steady, Control::default()).await;
    let rto = report.rto_seconds.unwrap();
    assert!((70.0..=71.0).contains(&rto), "{rto}");
    assert_eq!(report.verdict, Verdict::Pass);
    assert_eq!(report.stage, Stage::Done);
    let reroute = report.analysis.phases.iter().find(|(phase, _)| *phase == Phase::Reroute).unwrap().1;
    assert!((28..=31).contains(&reroute.as_secs()), "{reroute:?}");
    assert!((20.0..=21.0).contains(&report.fail_back_seconds.unwrap()), "{:?}", report.fail_back_seconds);
    assert!(shown > 200, "a snapshot a second, not {shown}");
}

#[tokio::test]
async fn others_are_heard_while_a_drill_runs_as_fast_as_it_can() {
    let heard = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    let listener = tokio::spawn(async move {
        loop {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    drill(Before::Steady, Control::default()).await;
    listener.abort();
    assert!(heard.load(std::sync::atomic::Ordering::Relaxed) > 200, "once a simulated second");
}

#[tokio::test]
async fn an_unsteady_baseline_starts_no_fault() {
    let (report, network, _) = drill(Before::Unsteady, Control::default()).await;
    assert!(matches!(&report.stage, Stage::Stopped(why) if why.contains("unsteady")), "{:?}", report.stage);
    assert!(network.broken.lock().unwrap().is_none());
    assert!(matches!(report.verdict, Verdict::Inconclusive(_)));
}

#[tokio::test]
async fn stopping_by_hand_before_the_fault_breaks_nothing() {
    let control = Control::default();
    control.abort.cancel();
    let (report, network, _) = drill(Before::Steady, control).await;
    assert!(matches!(report.stage, Stage::Stopped(_)));
    assert!(network.broken.lock().unwrap().is_none());
}

#[tokio::test]
async fn what_is_broken_already_is_not_broken_again() {
    let (report, network, _) = drill(Before::Broken, Control::default()).await;
    let Stage::Stopped(why) = &report.stage else { panic!("{:?}", report.stage) };
    assert!(why.starts_with("R1 does not answer books"), "{why}");
    assert!(network.broken.lock().unwrap().is_none());
}
