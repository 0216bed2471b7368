//! Measures the simulated AWS against the goals of design/sandbox.md, section 10, in a world with Modules 1 to 4 built.
//!
//! `cargo bench --bench sandbox` prints one line per goal. Each is measured on one core, without a network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use multi_region_workshop::clock::{Clock, Rate};
use multi_region_workshop::domain::drill::{ClientClass, Probe};
use multi_region_workshop::drill::Plan;
use multi_region_workshop::engine::drills;
use multi_region_workshop::sandbox::world::{LEARNER_ACCOUNT, World};
use multi_region_workshop::sandbox::{Sandbox, Template, dataplane};

#[path = "../support/built.rs"]
mod built;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (session, world) = built::built("m4").await;
    let (plan, _) = drills::prepare(&session, "api", true).await.expect("a plan");
    requests(&world);
    slots(&world, &plan);
    day(&world, &plan);
    copies(&world);
    accounts(&world, &session.run().suffix);
}

/// Requests at the wire: bytes in, bytes out, decoded, authorised, answered and encoded.
fn requests(world: &World) {
    let sandbox = Sandbox::new(world.clone(), Clock::simulated(world.now, Rate::Stepped));
    let request = || {
        http::Request::builder()
            .method("POST")
            .uri("https://dynamodb.eu-west-1.amazonaws.com/")
            .header("x-amz-target", "DynamoDB_20120810.ListTables")
            .header("content-type", "application/x-amz-json-1.0")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=test/20260105/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
            )
            .body(Bytes::from_static(b"{}"))
            .expect("a request")
    };
    let answer = sandbox.handle(&request()).expect("an answer");
    assert_eq!(answer.status(), 200, "{answer:?}");
    let count = 20_000_u32;
    let begin = Instant::now();
    for _ in 0..count {
        black_box(sandbox.handle(&request()).expect("an answer"));
    }
    per_second("requests in process", count, begin.elapsed(), 5_000);
}

fn probe(plan: &Plan, journey: &str) -> Probe {
    let journey = plan.journeys.iter().find(|one| one.name == journey).expect("the journey");
    Probe {
        signed: multi_region_workshop::domain::drill::Signed::ByLearner,
        method: journey.method.clone(),
        url: journey.url.clone(),
        body: journey.body.clone(),
        vantage: plan.vantages.first().expect("a vantage").clone(),
        class: ClientClass::TtlHonouring,
        timeout: Duration::from_secs(2),
    }
}

/// Probes of the data plane at one instant. The goal is for those that only look: a cart is a PUT whose code really runs,
/// in a fresh JavaScript engine that reads it anew, and writes a DynamoDB transaction.
fn slots(world: &World, plan: &Plan) {
    for (journey, count) in [("home", 50_000_u32), ("books", 20_000), ("blog", 20_000), ("cart", 1_000)] {
        let (mut world, probe) = (world.clone(), probe(plan, journey));
        let answer = dataplane::probe(&mut world, LEARNER_ACCOUNT, &probe);
        assert!(matches!(answer.status, Ok(200..=299)), "{journey}: {answer:?}");
        let begin = Instant::now();
        for _ in 0..count {
            black_box(dataplane::probe(&mut world, LEARNER_ACCOUNT, &probe));
        }
        if probe.method == "GET" {
            per_second(&format!("probe slots, {journey}"), count, begin.elapsed(), 100_000);
        } else {
            let rate = f64::from(count) / begin.elapsed().as_secs_f64();
            println!("probe slots, {journey}: {rate:.0} a second (no goal: each runs JavaScript and writes)");
        }
    }
}

/// A day of the finished bookstore, with a probe a second.
fn day(world: &World, plan: &Plan) {
    let (mut world, probe) = (world.clone(), probe(plan, "books"));
    let begin = Instant::now();
    for _ in 0..24 * 3600 {
        let next = world.now.plus(Duration::from_secs(1));
        world.advance(next);
        black_box(dataplane::probe(&mut world, LEARNER_ACCOUNT, &probe));
    }
    println!("24 simulated hours with a probe of books a second: {:.1} s (goal: 10)", begin.elapsed().as_secs_f64());
}

fn copies(world: &World) {
    let best = |act: &mut dyn FnMut()| {
        let times = (0..20).map(|_| {
            let begin = Instant::now();
            act();
            begin.elapsed()
        });
        times.min().unwrap_or_default().as_secs_f64() * 1e3
    };
    println!("fork: {:.2} ms, best of 20 (goal: 5)", best(&mut || drop(black_box(world.clone()))));
    let bytes = serde_json::to_vec(world).expect("a snapshot").len();
    let round = best(&mut || {
        let snapshot = serde_json::to_vec(world).expect("a snapshot");
        let again: World = serde_json::from_slice(&snapshot).expect("a world");
        drop(black_box(again));
    });
    println!("snapshot and restore: {round:.1} ms, best of 20, {} KiB (goal: 50)", bytes / 1024);
}

/// The memory of many learners' accounts, each as far as this one: as forks of one, and under ids and names of their own,
/// as `sandbox rehearse` makes them, which share less.
fn accounts(world: &World, suffix: &str) {
    let words = [suffix.to_owned()];
    let template = Template::of(world, LEARNER_ACCOUNT, &words).expect("a text").expect("the learner's account");
    let mut class = World::new(1);
    class.now = world.now;
    let Some(before) = resident() else {
        println!("200 accounts: not measured, there is no /proc here");
        return;
    };
    for seat in 0..200 {
        let (id, own) = (format!("2{seat:011}"), [format!("s{seat:05}")]);
        template.place(&mut class, &id, &own, world.now).expect("a place");
    }
    let after = resident().unwrap_or(before);
    println!("200 accounts with names of their own: {} MB (goal: 500)", after.saturating_sub(before) / 1_000_000);
    // The class stays while the forks are made: what it left behind would be taken for theirs.
    let account = world.accounts.get(LEARNER_ACCOUNT).expect("the learner's account");
    let forks: Vec<_> = (0..200).map(|_| account.clone()).collect();
    let end = resident().unwrap_or(after);
    println!("200 forks of an account: {} MB (goal: 500)", end.saturating_sub(after) / 1_000_000);
    drop(black_box((class, forks)));
}

/// Resident memory in bytes, on Linux.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

fn per_second(name: &str, count: u32, took: Duration, goal: u32) {
    println!("{name}: {:.0} a second (goal: {goal})", f64::from(count) / took.as_secs_f64());
}
