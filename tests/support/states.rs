//! States of an account by seed, and what comes of a reset from each: shared by the test and by the bench of many states.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use multi_region_workshop::clock::{Clock, Rate};
use multi_region_workshop::domain::{Failure, FailureClass, Operation, Operations, SimTime};
use multi_region_workshop::reset::{
    self, Caller, Entry, JournalError, Node, Outcome, Progress, Ready, Recorder, Run, Seat, SeatPlan, State, Stop,
    Tools,
};
use multi_region_workshop::sandbox::faults;
use multi_region_workshop::sandbox::{Sandbox, World};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::class::{
    ACCOUNT, R1, R2, STRANGERS, Workshop, disturb, everything, global_database, hand, happens, pick, strangers,
};
use super::direct::Direct;

/// A journal in memory that fails from a certain line on, as a disk does when the power goes.
pub struct Memory {
    pub lines: Mutex<Vec<(SimTime, Entry)>>,
    /// How often it was written to; one write may hold several lines.
    pub writes: AtomicUsize,
    left: AtomicUsize,
}

impl Memory {
    pub fn endless() -> Self {
        Self::killed_after(usize::MAX)
    }

    pub fn killed_after(lines: usize) -> Self {
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
pub struct Account {
    pub id: String,
    pub run: Run,
    pub aws: Arc<Direct>,
    pub plan: SeatPlan,
    pub nodes: Vec<Node>,
}

pub async fn planned(sandbox: &Sandbox, id: &str, run: &Run) -> Account {
    let aws = Arc::new(Direct::new(sandbox, id));
    let caller = Caller::new(aws.clone(), sandbox.clock().clone(), id);
    let seat = Seat { seat: id.to_owned(), account: id.to_owned(), suffix: run.suffix.clone(), ..Seat::default() };
    let whoever = "arn:aws:iam::111122223333:user/learner";
    let (mut plan, mut scan) = reset::plan_seat(&caller, &seat, run, whoever).await;
    // In a storm of throttling a read may be refused as often as it is tried; a plan that says so is made again.
    for _ in 0..5 {
        if !plan.unread.is_empty() {
            caller.clock().sleep(Duration::from_mins(1)).await;
            (plan, scan) = reset::plan_seat(&caller, &seat, run, whoever).await;
        }
    }
    assert_eq!(plan.unread, [""; 0]);
    Account { id: id.to_owned(), run: run.clone(), aws, plan, nodes: reset::layout(run, &scan, None) }
}

pub async fn apply(
    account: &Account,
    journal: &Memory,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Outcome, Stop> {
    apply_by(account.aws.clone(), account, journal, tell).await
}

/// As [`apply`], over another way to AWS.
pub async fn apply_by(
    aws: Arc<dyn Operations>,
    account: &Account,
    journal: &Memory,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Outcome, Stop> {
    let clock = account.aws.sandbox.clock().clone();
    let caller = Caller::new(aws, clock.clone(), &account.id);
    // The same command is given again when a read was refused.
    let mut scan = reset::scan(&caller, &account.id, &account.run).await;
    for _ in 0..5 {
        if !scan.unread.is_empty() {
            clock.sleep(Duration::from_mins(1)).await;
            scan = reset::scan(&caller, &account.id, &account.run).await;
        }
    }
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

pub fn jumping(world: World) -> Sandbox {
    let clock = Clock::simulated(world.now, Rate::Jump);
    Sandbox::new(world, clock)
}

/// Refusals that say that the order was wrong. A database or a stack that is still busy with what somebody began before
/// the reset is none: only AWS knows when that ends.
pub fn violations(changes: &[(Operation, Result<(), Failure>)], landed: bool) -> Vec<String> {
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

pub async fn one_state(workshop: &Workshop, seed: u64) -> (Vec<String>, Vec<String>) {
    let run = &workshop.run;
    // Half of the states are complete: what can go wrong between things needs both of them.
    let moments = &workshop.moments;
    let place = if happens(seed, "complete", 0.5) { moments.len() - 1 } else { pick(seed, "moment", moments.len()) };
    let mut world = moments[place].clone();
    let mut done = vec![format!("moment {place}")];
    strangers(&mut world, run);
    if happens(seed, "global", 0.08) && global_database(&mut world, run) {
        done.push("global database".to_owned());
        done.extend(failover(&mut world, run, seed));
    }
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
    let lingering = happens(seed, "lingering", 0.1);
    account.aws.hook(hook(run, landing, returning, lingering));
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
    if lingering {
        done.push("interfaces of functions lingered".to_owned());
    }
    (done, problems)
}

/// What kind of thing was done to a state, without its numbers.
pub fn kind(what: &str) -> String {
    what.split(char::is_numeric).next().unwrap_or(what).trim().to_owned()
}

/// A failover of the global database: none, planned, or with a loss; just begun, or over.
fn failover(world: &mut World, run: &Run, seed: u64) -> Option<String> {
    let (first, second) = (format!("bookstore-aurora-{}", run.suffix), format!("bookstore-replica-{}", run.suffix));
    let target = format!("arn:aws:rds:{R2}:{ACCOUNT}:cluster:{second}");
    let mut input = json!({ "GlobalClusterIdentifier": first, "TargetDbClusterIdentifier": target });
    let what = match pick(seed, "failover", 3) {
        0 => return None,
        1 => "SwitchoverGlobalCluster",
        _ => {
            input["AllowDataLoss"] = json!(true);
            "FailoverGlobalCluster"
        }
    };
    let region = if what.starts_with("Failover") { R2 } else { R1 };
    if !hand(world, region, "rds", what, &input) {
        return None;
    }
    let over = happens(seed, "failover over", 0.5);
    let span = if over { Duration::from_mins(30) } else { Duration::from_secs(20) };
    world.advance(world.now.plus(span));
    Some(format!("{what} {}", if over { "over" } else { "begun" }))
}

type Hook = Box<dyn FnMut(&Operation, &mut World) + Send>;

/// How long Lambda takes at worst to delete a network interface (aws-behaviour.md, section 1).
const SLOWEST_INTERFACE: Duration = Duration::from_mins(45);

/// Puts off the deletion of each network interface of a function once, to the slowest that there is. What was on its way
/// before the reset keeps its time: put off again, it would outlive its role, and AWS would never delete it.
fn linger(world: &mut World, seen: &mut BTreeSet<String>, first: bool) {
    let (found, before) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    world.timeline.retain(|transition| {
        let what = format!("{:?}", transition.what);
        let release = what.starts_with("Lambda(Release") && !seen.contains(&what);
        if release && first {
            before.lock().unwrap().push(what);
            return true;
        }
        if release {
            found.lock().unwrap().push((what, transition.clone()));
        }
        !release
    });
    seen.extend(before.into_inner().unwrap());
    for (what, transition) in found.into_inner().unwrap() {
        seen.insert(what);
        world.timeline.push(world.now.plus(SLOWEST_INTERFACE), transition);
    }
}

/// What happens while the reset runs: an object lands in a bucket that was just emptied, a log group comes back, network
/// interfaces of functions stay as long as they can.
fn hook(run: &Run, landing: bool, returning: bool, lingering: bool) -> Hook {
    let (site, group) = (format!("bookstore-site-{}-r1", run.suffix), format!("/bookstore/{}/shop", run.suffix));
    let (mut landed, mut sweeps, mut late, mut first) = (false, 0, BTreeSet::new(), true);
    Box::new(move |operation, world| {
        if lingering {
            linger(world, &mut late, std::mem::take(&mut first));
        }
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
