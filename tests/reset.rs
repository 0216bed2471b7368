//! The reset against the simulated AWS: states by seed, a kill at every transition, a class of accounts.
//!
//! `RESET_STATES=10000 cargo nextest run --test reset seeded` tries that many states.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/class.rs"]
mod class;
#[path = "support/direct.rs"]
mod direct;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use class::{ACCOUNT, R1, R2, STRANGERS, Workshop, disturb, everything, hand, happens, pick, strangers, workshop};
use direct::Direct;
use multi_region_workshop::clock::{Clock, Rate};
use multi_region_workshop::domain::{Failure, FailureClass, Operation, SimTime};
use multi_region_workshop::reset::{
    self, Caller, Entry, Graph, JournalError, Node, NodeId, Outcome, Progress, Ready, Recorder, Run, Seat, SeatPlan,
    State, Step, Stop, Tools, Verdict,
};
use multi_region_workshop::sandbox::faults;
use multi_region_workshop::sandbox::{Sandbox, World};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// A journal in memory that fails from a certain line on, as a disk does when the power goes.
struct Memory {
    lines: Mutex<Vec<(SimTime, Entry)>>,
    /// How often it was written to; one write may hold several lines.
    writes: AtomicUsize,
    left: AtomicUsize,
}

impl Memory {
    fn endless() -> Self {
        Self::killed_after(usize::MAX)
    }

    fn killed_after(lines: usize) -> Self {
        Self { lines: Mutex::default(), writes: AtomicUsize::new(0), left: AtomicUsize::new(lines) }
    }
}

impl Recorder for Memory {
    fn append(&self, _: Option<&str>, at: SimTime, entries: Vec<Entry>) -> Result<(), JournalError> {
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err() {
            return Err(JournalError::Killed);
        }
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.lines.lock().unwrap().extend(entries.into_iter().map(|entry| (at, entry)));
        Ok(())
    }
}

/// One account of a world, with its plan.
struct Account {
    id: String,
    run: Run,
    aws: Arc<Direct>,
    plan: SeatPlan,
    nodes: Vec<Node>,
}

async fn planned(sandbox: &Sandbox, id: &str, run: &Run) -> Account {
    let aws = Arc::new(Direct::new(sandbox, id));
    let caller = Caller::new(aws.clone(), sandbox.clock().clone(), id);
    let seat = Seat { seat: id.to_owned(), account: id.to_owned(), suffix: run.suffix.clone(), ..Seat::default() };
    let (plan, scan) = reset::plan_seat(&caller, &seat, run, "arn:aws:iam::111122223333:user/learner").await;
    Account { id: id.to_owned(), run: run.clone(), aws, plan, nodes: reset::layout(run, &scan, None) }
}

async fn apply(account: &Account, journal: &Memory, tell: &(dyn Fn(Progress) + Send + Sync)) -> Result<Outcome, Stop> {
    let clock = account.aws.sandbox.clock().clone();
    let caller = Caller::new(account.aws.clone(), clock, &account.id);
    let scan = reset::scan(&caller, &account.id, &account.run).await;
    assert_eq!(scan.unread, [""; 0]);
    let allowed = account.plan.allowed();
    let ready = Ready {
        seat: &account.id,
        account: &account.id,
        run: &account.run,
        scan: &scan,
        allowed: &allowed,
        not_ours: &account.plan.not_ours,
        manifest: None,
    };
    let cancel = CancellationToken::new();
    reset::execute(&ready, Tools { caller: &caller, journal, cancel: &cancel, tell }).await
}

fn jumping(world: World) -> Sandbox {
    let clock = Clock::simulated(world.now, Rate::Jump);
    Sandbox::new(world, clock)
}

/// Refusals that say that the order was wrong. A database or a stack that is still busy with what somebody began before
/// the reset is none: only AWS knows when that ends.
fn violations(changes: &[(Operation, Result<(), Failure>)], landed: bool) -> Vec<String> {
    let busy = |failure: &Failure| {
        let message = failure.message.to_lowercase();
        ["_in_progress", "is being", "not in available state", "currently", "creating", "is not available", "in status"]
            .iter()
            .any(|word| message.contains(word))
    };
    let order = |failure: &Failure| matches!(failure.class, FailureClass::Conflict | FailureClass::Invalid);
    let refused = changes.iter().filter_map(|(operation, outcome)| Some((operation, outcome.as_ref().err()?)));
    refused
        .filter(|(_, failure)| order(failure) && !busy(failure) && !(landed && failure.code == "BucketNotEmpty"))
        .map(|(operation, failure)| format!("{operation} {}: {}", operation.input, failure))
        .collect()
}

/// How many states the ordinary test tries.
fn states() -> u64 {
    std::env::var("RESET_STATES").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

#[tokio::test]
async fn seeded_states_end_clean_in_order_and_leave_what_is_not_ours() {
    let workshop = workshop().await;
    let begun = Instant::now();
    let (mut seen, mut failures) = (std::collections::BTreeMap::<String, usize>::new(), Vec::new());
    let only = std::env::var("RESET_SEED").ok().and_then(|text| text.parse().ok());
    for seed in only.map_or(0..states(), |seed: u64| seed..seed + 1) {
        let (done, problems) = one_state(&workshop, seed).await;
        for what in &done {
            let what = what.split(char::is_numeric).next().unwrap_or(what).trim().to_owned();
            *seen.entry(what).or_default() += 1;
        }
        failures.extend(problems.into_iter().map(|problem| format!("seed {seed} ({}): {problem}", done.join(", "))));
    }
    println!("{} states in {:.1} s; {seen:?}", states(), begun.elapsed().as_secs_f64());
    assert!(failures.is_empty(), "{} problems:\n{}", failures.len(), failures.join("\n"));
}

async fn one_state(workshop: &Workshop, seed: u64) -> (Vec<String>, Vec<String>) {
    let run = &workshop.run;
    // Half of the states are complete: what can go wrong between things needs both of them.
    let moments = &workshop.moments;
    let place = if happens(seed, "complete", 0.5) { moments.len() - 1 } else { pick(seed, "moment", moments.len()) };
    let mut world = moments[place].clone();
    let mut done = vec![format!("moment {place}")];
    strangers(&mut world, run);
    done.extend(disturb(&mut world, run, seed));
    if happens(seed, "storm", 0.15) {
        let share = json!({ "share": 0.4 });
        faults::start(&mut world, faults::API_THROTTLING, R1, share, Duration::from_mins(20)).unwrap();
        done.push("storm".to_owned());
    }
    let landing = happens(seed, "landing", 0.3);
    let returning = happens(seed, "returning", 0.2);
    let sandbox = jumping(world);
    let _awake = sandbox.clock().participate();
    let account = planned(&sandbox, ACCOUNT, run).await;
    account.aws.hook(hook(run, landing, returning));
    let begun = sandbox.clock().now();
    let outcome = apply(&account, &Memory::endless(), &|_| ()).await.unwrap();
    if std::env::var("RESET_SEED").is_ok() {
        for (operation, answer) in account.aws.changes.lock().unwrap().iter() {
            println!("{operation} {} {answer:?}", operation.input);
        }
    }
    let mut problems = Vec::new();
    if !outcome.verdict.clean() {
        let stuck = outcome.nodes.iter().filter(|(_, state)| *state != State::Gone);
        problems.push(format!("{:?}; {:?}", outcome.verdict, stuck.collect::<Vec<_>>()));
    }
    if sandbox.clock().now().since(begun) > Duration::from_hours(4) {
        problems.push(format!("took {:?}", sandbox.clock().now().since(begun)));
    }
    problems.extend(violations(&account.aws.changes.lock().unwrap(), landing));
    let left = sandbox.with_world(|world| everything(world, ACCOUNT));
    if left.len() != STRANGERS {
        problems.push(format!("{} things instead of the {STRANGERS} of others: {left:?}", left.len()));
    }
    if landing {
        done.push("objects landed".to_owned());
    }
    if returning {
        done.push("log group returned".to_owned());
    }
    (done, problems)
}

type Hook = Box<dyn FnMut(&Operation, &mut World) + Send>;

/// What happens while the reset runs: an object lands in a bucket that was just emptied, a log group comes back.
fn hook(run: &Run, landing: bool, returning: bool) -> Hook {
    let (site, group) = (format!("bookstore-site-{}-r1", run.suffix), format!("/bookstore/{}/shop", run.suffix));
    let (mut landed, mut sweeps) = (false, 0);
    Box::new(move |operation, world| {
        let shop = operation.input["StackName"].as_str().is_some_and(|name| name.contains("-shop-"));
        if landing && !landed && operation.name == "delete-stack" && shop && operation.region == R1 {
            landed = hand(world, R1, "s3", "PutObject", &json!({ "Bucket": site, "Key": "late.log" }));
        }
        if returning && operation.name == "get-resources" && operation.region == "us-west-2" {
            sweeps += 1;
            // The first one is the inventory of the plan, the second that of the apply, the third that of the first search.
            if sweeps == 3 {
                hand(world, R2, "logs", "CreateLogGroup", &json!({ "logGroupName": group }));
            }
        }
    })
}

#[tokio::test]
async fn killed_after_every_transition_it_converges_and_asks_for_nothing_twice() {
    let workshop = workshop().await;
    let world = workshop.moments.last().unwrap();
    let whole = Memory::endless();
    let changes = {
        let sandbox = jumping(world.clone());
        let _awake = sandbox.clock().participate();
        let account = planned(&sandbox, ACCOUNT, &workshop.run).await;
        assert_eq!(apply(&account, &whole, &|_| ()).await.unwrap().verdict, Verdict::Clean);
        taken(&account)
    };
    let writes = whole.writes.load(Ordering::SeqCst);
    assert!(writes > 50, "only {writes} transitions");
    let mut worst = Duration::ZERO;
    for kill in 0..writes {
        let sandbox = jumping(world.clone());
        let _awake = sandbox.clock().participate();
        let account = planned(&sandbox, ACCOUNT, &workshop.run).await;
        let journal = Memory::killed_after(kill);
        assert!(apply(&account, &journal, &|_| ()).await.is_err(), "write {kill} of {writes} did not fail");
        let again = Instant::now();
        let first = Mutex::new(None);
        let seen = |_: Progress| {
            first.lock().unwrap().get_or_insert(again.elapsed());
        };
        let outcome = apply(&account, &Memory::endless(), &seen).await.unwrap();
        assert_eq!(outcome.verdict, Verdict::Clean, "killed after write {kill}");
        assert_eq!(taken(&account), changes, "killed after write {kill}");
        worst = worst.max(first.into_inner().unwrap().unwrap_or_default());
    }
    println!("{writes} kills, all clean; the slowest went on after {:.2} s of wall time", worst.as_secs_f64());
    assert!(worst < Duration::from_secs(5), "{worst:?}");
}

/// The changes that AWS took, each as often as it was taken. What empties a bucket may be cut anywhere, and a table's
/// replica is asked for by table, so both count by what they are about.
fn taken(account: &Account) -> Vec<String> {
    let changes = account.aws.changes.lock().unwrap();
    let mut taken: Vec<String> = changes
        .iter()
        .filter(|(operation, outcome)| outcome.is_ok() && operation.name != "delete-objects")
        .map(|(operation, _)| {
            let mut input = operation.input.clone();
            // The token is what makes a repeated request the same one.
            input.as_object_mut().map(|map| map.remove("ClientRequestToken"));
            format!("{operation} {input}")
        })
        .collect();
    taken.sort();
    taken
}

/// A world with that many accounts, each with everything up to Module 4, and their runs.
fn class_of(workshop: &Workshop, count: usize) -> (World, Vec<(String, Run)>) {
    let mut world = workshop.moments.last().unwrap().clone();
    let mut runs = Vec::new();
    let suffix = &workshop.run.suffix;
    for seat in 0..count {
        let (id, own) = (format!("2{seat:011}"), format!("s{seat:05}"));
        world.copy_account(ACCOUNT, &id, &[(suffix.clone(), own.clone())]).unwrap();
        runs.push((id, workshop.session.run_with(&own, &workshop.run.regions).unwrap()));
    }
    world.accounts.remove(ACCOUNT);
    world.buckets.retain(|name, _| !name.contains(suffix.as_str()));
    world.timeline.retain(|transition| transition.account != ACCOUNT);
    (world, runs)
}

#[tokio::test]
async fn a_class_is_reset_in_little_more_than_its_critical_path() {
    let workshop = workshop().await;
    let count: usize = std::env::var("RESET_ACCOUNTS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let (world, runs) = class_of(&workshop, count);
    let sandbox = jumping(world);
    let _awake = sandbox.clock().participate();
    let mut accounts = Vec::new();
    for (id, run) in &runs {
        accounts.push(planned(&sandbox, id, run).await);
    }
    let (begun, wall) = (sandbox.clock().now(), Instant::now());
    let journals: Vec<Memory> = accounts.iter().map(|_| Memory::endless()).collect();
    let branches = accounts.iter().zip(&journals).map(|(account, journal)| {
        let branch: multi_region_workshop::domain::BoxFuture<'_, _> =
            Box::pin(async move { apply(account, journal, &|_| ()).await });
        branch
    });
    let outcomes = reset::side_by_side(sandbox.clock(), branches.collect()).await;
    let wall = wall.elapsed();
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap().verdict == Verdict::Clean));
    let mut ratio: f64 = 0.0;
    for (account, journal) in accounts.iter().zip(&journals) {
        ratio = ratio.max(over_critical_path(account, journal, begun));
    }
    println!(
        "{count} accounts in {:.1} s of wall time; at most {ratio:.3} times their critical path",
        wall.as_secs_f64()
    );
    assert!(ratio <= 1.15, "{ratio}");
    for (id, _) in &runs {
        assert_eq!(sandbox.with_world(|world| everything(world, id)), BTreeSet::new(), "{id}");
    }
}

/// How much longer the nodes of an account took than the longest way through its graph, each node taking what it took.
fn over_critical_path(account: &Account, journal: &Memory, begun: SimTime) -> f64 {
    let lines = journal.lines.lock().unwrap();
    let gone: Vec<(&NodeId, f64, SimTime)> = lines
        .iter()
        .filter_map(|(at, entry)| match entry {
            Entry::Node { node, state: State::Gone, seconds } => Some((node, *seconds, *at)),
            _ => None,
        })
        .collect();
    let took = |node: &Node| {
        let seconds = gone.iter().find(|(id, ..)| **id == node.id).map_or(0.0, |(_, seconds, _)| *seconds);
        Duration::from_secs_f64(seconds)
    };
    let graph = Graph::new(account.nodes.clone()).unwrap();
    let (path, _) = graph.critical_path(|_, node| took(node));
    let end = gone.iter().map(|(_, _, at)| *at).max().unwrap();
    end.since(begun).as_secs_f64() / path.as_secs_f64()
}

#[tokio::test]
async fn a_global_database_goes_secondaries_first() {
    let workshop = workshop().await;
    let suffix = &workshop.run.suffix;
    let (first, second) = (format!("bookstore-aurora-{suffix}"), format!("bookstore-replica-{suffix}"));
    let mut world = workshop.moments.last().unwrap().clone();
    let wait = |world: &mut World, minutes| world.advance(world.now.plus(Duration::from_mins(minutes)));
    // The replica makes way for a secondary of a global database.
    assert!(hand(&mut world, R2, "rds", "PromoteReadReplicaDBCluster", &json!({ "DBClusterIdentifier": second })));
    wait(&mut world, 20);
    let instance = json!({ "DBInstanceIdentifier": format!("{second}-1"), "SkipFinalSnapshot": true });
    assert!(hand(&mut world, R2, "rds", "DeleteDBInstance", &instance));
    wait(&mut world, 20);
    assert!(hand(
        &mut world,
        R2,
        "rds",
        "DeleteDBCluster",
        &json!({ "DBClusterIdentifier": second, "SkipFinalSnapshot": true })
    ));
    wait(&mut world, 20);
    let source = format!("arn:aws:rds:{R1}:{ACCOUNT}:cluster:{first}");
    let global = json!({ "GlobalClusterIdentifier": first, "SourceDBClusterIdentifier": source });
    assert!(hand(&mut world, R1, "rds", "CreateGlobalCluster", &global));
    let key = world.accounts[ACCOUNT].regions[R2].kms.clone();
    let key = serde_json::to_value(key).unwrap()["keys"].as_object().unwrap().keys().next().unwrap().clone();
    let joined = json!({ "DBClusterIdentifier": second, "Engine": "aurora-mysql", "GlobalClusterIdentifier": first, "StorageEncrypted": true, "KmsKeyId": key });
    let made =
        multi_region_workshop::sandbox::Call::new(&mut world, ACCOUNT, R2).invoke("rds", "CreateDBCluster", &joined);
    made.unwrap();
    wait(&mut world, 40);
    let sandbox = jumping(world);
    let _awake = sandbox.clock().participate();
    let account = planned(&sandbox, ACCOUNT, &workshop.run).await;
    let outcome = apply(&account, &Memory::endless(), &|_| ()).await.unwrap();
    assert_eq!(outcome.verdict, Verdict::Clean, "{:?}", outcome.nodes);
    assert!(outcome.nodes.iter().any(|(node, _)| node.step == Step::GlobalDatabase));
    let changes = account.aws.changes.lock().unwrap();
    let detached: Vec<&str> = changes
        .iter()
        .filter(|(operation, outcome)| operation.name == "remove-from-global-cluster" && outcome.is_ok())
        .map(|(operation, _)| operation.region.as_str())
        .collect();
    assert_eq!(detached, [R2, R1]);
    assert_eq!(violations(&changes, false), [""; 0]);
}
