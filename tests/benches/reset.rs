//! Measures the reset against the goals of design/reset.md: many simulated accounts at once, each complete up to Module 4.
//!
//! `cargo bench --bench reset` prints wall time, simulated time, calls and memory for 10, 50 and 100 accounts, without the
//! SDK (`direct`) and, for 10 and 50, through it (`sdk`); `cargo bench --bench reset -- accounts 50 sdk` is one of those lines.
//! `cargo bench --bench reset -- states 10000` resets that many states of an account by seed instead, and prints how many of
//! each kind there were and what went wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use multi_region_workshop::aws::Aws;
use multi_region_workshop::clock::{Clock, Rate};
use multi_region_workshop::domain::{BoxFuture, Operations, SimTime};
use multi_region_workshop::reset::{self, Caller, Entry, JournalError, Ready, Recorder, Run, Seat, Tools, Verdict};
use multi_region_workshop::sandbox::{Sandbox, World};
use tokio_util::sync::CancellationToken;

#[path = "../support/built.rs"]
mod built;
#[path = "../support/class.rs"]
mod class;
#[path = "../support/direct.rs"]
mod direct;
#[path = "../support/states.rs"]
mod states;

/// A journal that keeps nothing: the disk is measured by nobody here.
struct Nowhere;

impl Recorder for Nowhere {
    fn append(&self, _: Option<&str>, _: SimTime, _: Vec<Entry>) -> Result<(), JournalError> {
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    let after = |name: &str| words.iter().skip_while(|word| *word != name).nth(1).and_then(|word| word.parse().ok());
    if let Some(count) = after("states") {
        return many(count).await;
    }
    let all = vec![(10, false), (50, false), (100, false), (10, true), (50, true)];
    let lines = after("accounts").map_or(all, |count| vec![(count as usize, words.iter().any(|word| word == "sdk"))]);
    let (session, world) = built::built("m4").await;
    let (suffix, regions) = (session.suffix().to_owned(), session.guide.regions().clone());
    let run = |own: &str| session.run_with(own, &regions).expect("a run");
    for (count, sdk) in lines {
        accounts(&world, &suffix, count, sdk, &run).await;
    }
}

/// Resets so many states, and counts.
async fn many(count: u64) {
    let workshop = class::workshop().await;
    let begun = Instant::now();
    let (mut seen, mut problems) = (BTreeMap::<String, usize>::new(), Vec::new());
    for seed in 0..count {
        let (done, found) = states::one_state(&workshop, seed).await;
        for what in &done {
            *seen.entry(states::kind(what)).or_default() += 1;
        }
        problems.extend(found.into_iter().map(|problem| format!("seed {seed} ({}): {problem}", done.join(", "))));
    }
    println!("{count} states in {:.0} s of wall time: {} problems", begun.elapsed().as_secs_f64(), problems.len());
    for (what, count) in &seen {
        println!("  {count:>6} {what}");
    }
    for problem in &problems {
        println!("{problem}");
    }
    assert!(problems.is_empty());
}

async fn accounts(world: &World, suffix: &str, count: usize, sdk: bool, run: &dyn Fn(&str) -> Run) {
    let learner = multi_region_workshop::sandbox::world::LEARNER_ACCOUNT;
    let mut world = world.clone();
    let mut seats = Vec::new();
    for seat in 0..count {
        let (id, own) = (format!("2{seat:011}"), format!("s{seat:05}"));
        world.copy_account(learner, &id, &[(suffix.to_owned(), own.clone())]).expect("a copy");
        seats.push((id, run(&own)));
    }
    world.accounts.remove(learner);
    world.timeline.retain(|transition| transition.account != learner);
    let clock = Clock::simulated(world.now, Rate::Jump);
    let sandbox = Sandbox::new(world, clock.clone());
    let base = Aws::in_sandbox(Arc::new(sandbox.clone()), &clock);
    let awake = clock.participate();
    let (begun, wall) = (clock.now(), Instant::now());
    let branches = seats.iter().map(|(id, run)| {
        let aws: Arc<dyn Operations> = if sdk {
            Arc::new(base.with_credentials(id, "sandbox", None))
        } else {
            Arc::new(direct::Direct::new(&sandbox, id))
        };
        let clock = clock.clone();
        let branch: BoxFuture<'_, u64> = Box::pin(async move { one(aws, &clock, id, run).await });
        branch
    });
    let calls: u64 = reset::side_by_side(&clock, branches.collect()).await.into_iter().sum();
    let took = wall.elapsed().as_secs_f64();
    drop(awake);
    println!(
        "{count} accounts, {}: {took:.1} s of wall time (goal for 50: 10), {:.0} simulated minutes with the proof, {} calls an account, {} MB resident at most so far",
        if sdk { "sdk" } else { "direct" },
        clock.now().since(begun).as_secs_f64() / 60.0,
        calls / count as u64,
        resident().unwrap_or_default() / 1_000_000
    );
}

/// Plans, deletes and proves one account; how many calls that took.
async fn one(aws: Arc<dyn Operations>, clock: &Clock, id: &str, run: &Run) -> u64 {
    let caller = Caller::new(aws, clock.clone(), id);
    let seat = Seat { seat: id.to_owned(), account: id.to_owned(), suffix: run.suffix.clone(), ..Seat::default() };
    let (plan, scan) = reset::plan_seat(&caller, &seat, run, "").await;
    let allowed = plan.allowed();
    let ready =
        Ready { seat: id, account: id, run, scan: &scan, allowed: &allowed, not_ours: &plan.not_ours, manifest: None };
    let cancel = CancellationToken::new();
    let tools = Tools { caller: &caller, journal: &Nowhere, cancel: &cancel, tell: &|_| () };
    let outcome = reset::execute(&ready, tools).await.expect("an end");
    assert_eq!(outcome.verdict, Verdict::Clean);
    caller.counts.reads.load(Ordering::Relaxed) + caller.counts.changes.load(Ordering::Relaxed)
}

/// The most resident memory that the process has had, in bytes, on Linux.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}
