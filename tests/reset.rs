//! The reset against the simulated AWS: states by seed, a kill at every transition, a class of accounts.
//!
//! `RESET_STATES=10000 cargo nextest run --test reset seeded` tries that many states.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/class.rs"]
mod class;
#[path = "support/direct.rs"]
mod direct;
#[path = "support/states.rs"]
mod states;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use class::{ACCOUNT, R1, R2, Workshop, everything, global_database, workshop};
use multi_region_workshop::content::export::iam;
use multi_region_workshop::content::{self, Source};
use multi_region_workshop::domain::{BoxFuture, Failure, FailureClass, Operation, Operations, Reply, SimTime};
use multi_region_workshop::reset::{self, Entry, Graph, Node, NodeId, Progress, Run, State, Step, Verdict};
use multi_region_workshop::sandbox::{Call, World};
use serde_json::{Value, json};
use states::{Account, Memory, apply, jumping, kind, one_state, planned, violations};

/// How many states the ordinary test tries.
fn states() -> u64 {
    std::env::var("RESET_STATES").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
}

#[tokio::test]
async fn seeded_states_end_clean_in_order_and_leave_what_is_not_ours() {
    let workshop = workshop().await;
    let begun = Instant::now();
    let (mut seen, mut failures) = (BTreeMap::<String, usize>::new(), Vec::new());
    let only = std::env::var("RESET_SEED").ok().and_then(|text| text.parse().ok());
    for seed in only.map_or(0..states(), |seed: u64| seed..seed + 1) {
        let (done, problems) = one_state(&workshop, seed).await;
        for what in &done {
            *seen.entry(kind(what)).or_default() += 1;
        }
        failures.extend(problems.into_iter().map(|problem| format!("seed {seed} ({}): {problem}", done.join(", "))));
    }
    println!("{} states in {:.1} s; {seen:?}", states(), begun.elapsed().as_secs_f64());
    assert!(failures.is_empty(), "{} problems:\n{}", failures.len(), failures.join("\n"));
}

/// Refuses the deletion of objects as often as the engine tries a call, so that its turn ends with a full bucket.
struct Slow {
    aws: std::sync::Arc<direct::Direct>,
    left: std::sync::atomic::AtomicU32,
}

impl Operations for Slow {
    fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
        let again = |left: u32| left.checked_sub(1);
        if operation.name == "delete-objects"
            && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, again).is_ok()
        {
            let failure = Failure {
                class: FailureClass::Throttled,
                code: "SlowDown".to_owned(),
                message: "Please reduce your request rate.".to_owned(),
                operation: operation.to_string(),
                request_id: None,
            };
            return Box::pin(async move { Err(failure) });
        }
        self.aws.call(operation)
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_empty_yet_is_not_asked_to_go() {
    let workshop = workshop().await;
    let sandbox = jumping(workshop.moments.last().unwrap().clone());
    let _awake = sandbox.clock().participate();
    let account = planned(&sandbox, ACCOUNT, &workshop.run).await;
    let slow = Slow { aws: account.aws.clone(), left: 30.into() };
    let outcome = states::apply_by(std::sync::Arc::new(slow), &account, &Memory::endless(), &|_| ()).await.unwrap();
    assert_eq!(outcome.verdict, Verdict::Clean);
    assert_eq!(violations(&account.aws.changes.lock().unwrap(), false), [""; 0]);
}

/// Deletes the functions inside the VPC and then their roles by hand, the wrong way round for Lambda.
fn roles_before_interfaces(world: &mut World, suffix: &str) {
    let ask = |world: &mut World, service: &str, api: &str, input: &Value| {
        Call::new(world, ACCOUNT, R1).invoke(service, api, input).unwrap()
    };
    for function in ["bestsellers", "update-bestsellers"] {
        let name = json!({ "FunctionName": format!("bookstore-{suffix}-{function}") });
        let role = ask(world, "lambda", "GetFunctionConfiguration", &name)["Role"].as_str().unwrap().to_owned();
        let role = role.rsplit('/').next().unwrap();
        ask(world, "lambda", "DeleteFunction", &name);
        for policy in
            ask(world, "iam", "ListRolePolicies", &json!({ "RoleName": role }))["PolicyNames"].as_array().unwrap()
        {
            ask(world, "iam", "DeleteRolePolicy", &json!({ "RoleName": role, "PolicyName": policy }));
        }
        let attached = ask(world, "iam", "ListAttachedRolePolicies", &json!({ "RoleName": role }));
        for policy in attached["AttachedPolicies"].as_array().unwrap() {
            ask(world, "iam", "DetachRolePolicy", &json!({ "RoleName": role, "PolicyArn": policy["PolicyArn"] }));
        }
        ask(world, "iam", "DeleteRole", &json!({ "RoleName": role }));
    }
}

#[tokio::test]
async fn an_interface_whose_role_is_gone_is_residual_with_the_command_that_finds_it() {
    let workshop = workshop().await;
    let mut world = workshop.moments.last().unwrap().clone();
    roles_before_interfaces(&mut world, &workshop.run.suffix);
    let sandbox = jumping(world);
    let _awake = sandbox.clock().participate();
    let account = planned(&sandbox, ACCOUNT, &workshop.run).await;
    let outcome = apply(&account, &Memory::endless(), &|_| ()).await.unwrap();
    assert!(matches!(outcome.verdict, Verdict::Residual { .. }), "{:?}", outcome.verdict);
    let failed: Vec<&State> =
        outcome.nodes.iter().map(|(_, state)| state).filter(|state| matches!(state, State::Failed { .. })).collect();
    let [State::Failed { why, finish }] = failed[..] else { panic!("{failed:?}") };
    assert!(why.contains("a function whose role is gone"), "{why}");
    assert!(finish.iter().any(|line| line.starts_with("aws ec2 describe-network-interfaces --filters")), "{finish:?}");
    // It is stuck in one stack; nothing else is.
    let left = sandbox.with_world(|world| everything(world, ACCOUNT));
    let other: Vec<&String> = left.iter().filter(|arn| !arn.contains(":ec2:")).collect();
    assert!(matches!(other[..], [stack] if stack.contains(":stack/bookstore-network-")), "{other:?}");
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
    let mut world = workshop.moments.last().unwrap().clone();
    assert!(global_database(&mut world, &workshop.run));
    let sandbox = jumping(world);
    let _awake = sandbox.clock().participate();
    let account = planned(&sandbox, ACCOUNT, &workshop.run).await;
    let outcome = apply(&account, &Memory::endless(), &|_| ()).await.unwrap();
    assert_eq!(outcome.verdict, Verdict::Clean, "{:?}", outcome.nodes);
    assert!(outcome.nodes.iter().any(|(node, _)| node.step == Step::GlobalDatabase));
    // The policy that the workshop's authors give out allows all of it.
    let (source, mut denied) = (Source::Embedded, Vec::new());
    let (content, assets) = (content::load(&source).unwrap(), content::assets(&source).unwrap());
    for role in ["learner", "reset"] {
        let policy = iam::policy(&content, &assets, role).unwrap();
        let actions: Vec<String> = serde_json::from_value(policy["Statement"][0]["Action"].clone()).unwrap();
        for (service, api) in account.aws.called.lock().unwrap().iter() {
            let needed = iam::named(service, api);
            denied.extend(needed.into_iter().filter(|one| !actions.contains(one)).map(|one| format!("{role} {one}")));
        }
    }
    assert_eq!(denied, [""; 0]);
    let changes = account.aws.changes.lock().unwrap();
    let detached: Vec<&str> = changes
        .iter()
        .filter(|(operation, outcome)| operation.name == "remove-from-global-cluster" && outcome.is_ok())
        .map(|(operation, _)| operation.region.as_str())
        .collect();
    assert_eq!(detached, [R2, R1]);
    assert_eq!(violations(&changes, false), [""; 0]);
}
