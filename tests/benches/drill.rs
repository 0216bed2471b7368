//! Measures the drill against what the simulated world itself knows, in many seeded trials.
//!
//! `cargo bench --bench drill -- [runs] [api|region|grid]` builds Modules 1 to 4 once and then prints, for the workshop's own settings, how far
//! the measured RTO is from the truth and how often its interval holds it; the same and the lost writes with replication cut;
//! and, over a grid of settings, how many
//! results the predicted band holds. Goals: design/drill.md, section 3.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use multi_region_workshop::drill::Plan;
use multi_region_workshop::engine::drills;
use multi_region_workshop::engine::session::Session;
use multi_region_workshop::engine::trials::{self, Trial};
use multi_region_workshop::sandbox::routing::Settings;
use multi_region_workshop::sandbox::world::World;

#[path = "../support/built.rs"]
mod built;

/// Trials of the workshop's own settings, unless the command says otherwise.
const RUNS: u64 = 1000;
/// Trials at each point of the grid.
const AT_EACH: u64 = 50;
/// The grid's seeds begin here: none was used while the band was made.
const FIRST_OF_GRID: u64 = 1_000_000;
/// The goal: how far the measured RTO may be from the truth, in seconds.
const WORST: f64 = 1.5;
/// Trials side by side.
const AT_ONCE: usize = 2;

#[tokio::main]
async fn main() {
    let runs = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(RUNS);
    let only = std::env::args().find(|word| ["api", "region", "grid"].contains(&word.as_str()));
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let begin = Instant::now();
    let (session, world) = built::built("m4").await;
    println!("Modules 1 to 4 built in {:.1} s", begin.elapsed().as_secs_f64());
    let (plan, _) = drills::prepare(&session, "api", true).await.expect("a plan");
    let own = trials::measured(&plan).expect("the routing's settings");

    if wanted("api") {
        let begin = Instant::now();
        let trials = good(trials::run(&session, &world, &plan, own, 1..=runs, AT_ONCE).await);
        let took = begin.elapsed();
        println!(
            "{} trials in {:.1} s, {:.0} ms each",
            trials.len(),
            took.as_secs_f64(),
            took.as_secs_f64() * 1e3 / runs as f64
        );
        measured(&trials);
        predicted(&format!("{}/{}/{}", own.interval, own.threshold, own.ttl), &trials);
    }
    if wanted("region") {
        let (cut, _) = drills::prepare(&session, "region", true).await.expect("a plan");
        let begin = Instant::now();
        let trials = good(trials::run(&session, &world, &cut, own, 1..=runs, AT_ONCE).await);
        println!(
            "{} trials with the Region lost and replication cut in {:.1} s",
            trials.len(),
            begin.elapsed().as_secs_f64()
        );
        measured(&trials);
        lost(&trials);
    }
    if wanted("grid") {
        grid(&session, &world, &plan, runs.min(AT_EACH)).await;
    }
}

/// The loss against what the tables themselves have.
fn lost(trials: &[Trial]) {
    let pairs: Vec<(u64, u64)> = trials.iter().filter_map(|trial| trial.lost.zip(trial.lost_truth)).collect();
    let worst = pairs.iter().map(|(lost, truth)| lost.abs_diff(*truth)).max();
    let false_zeros = pairs.iter().filter(|(lost, truth)| *lost == 0 && *truth > 0).count();
    let most = pairs.iter().map(|(_, truth)| *truth).max();
    println!(
        "lost writes in {} trials: greatest error {worst:?} (goal: at most 1), {false_zeros} false zeros (goal: 0), at most \
         {most:?} lost",
        pairs.len()
    );
}

async fn grid(session: &Arc<Session>, world: &World, plan: &Plan, at_each: u64) {
    let (mut all, begin, mut first) = (Vec::new(), Instant::now(), FIRST_OF_GRID);
    for interval in [10, 30] {
        for threshold in [1, 2, 3, 5] {
            for ttl in [5, 30, 60, 120, 300] {
                let settings = Settings { interval, threshold, ttl, checkers: None };
                // What is left of an answer, and where a checker begins, are drawn from the seed alone: cells with the same
                // seeds would be one sample, however many they are.
                let seeds = first..first + at_each;
                first += at_each;
                let trials = good(trials::run(session, world, plan, settings, seeds, AT_ONCE).await);
                predicted(&format!("{interval}/{threshold}/{ttl}"), &trials);
                all.extend(trials);
            }
        }
    }
    predicted("the whole grid", &all);
    println!("{} trials of the grid in {:.1} s", all.len(), begin.elapsed().as_secs_f64());
}

fn good(trials: Vec<Result<Trial, String>>) -> Vec<Trial> {
    let (good, bad): (Vec<_>, Vec<_>) = trials.into_iter().partition(Result::is_ok);
    for why in bad.into_iter().filter_map(Result::err).collect::<BTreeSet<_>>() {
        println!("  a trial failed: {why}");
    }
    good.into_iter().filter_map(Result::ok).collect()
}

/// The error against the truth, the interval's coverage, the phases' sum and the missed slots.
fn measured(trials: &[Trial]) {
    let mut errors = Vec::new();
    let (mut held, mut sums) = (0, 0);
    for trial in trials {
        let (Some(rto), Some(truth), Some((low, high))) = (trial.rto_seconds, trial.truth_seconds, trial.interval)
        else {
            println!("  seed {}: RTO {:?}, truth {:?}", trial.seed, trial.rto_seconds, trial.truth_seconds);
            continue;
        };
        errors.push(rto - truth);
        if (rto - truth).abs() > WORST {
            println!("  seed {}: RTO {rto:.2} s, truth {truth:.2} s, interval {low:.2} to {high:.2}", trial.seed);
        }
        held += usize::from((low..=high).contains(&truth));
        sums += usize::from((trial.phases_seconds - rto).abs() < 1e-6);
    }
    errors.sort_by(f64::total_cmp);
    let at = |share: f64| errors.get(((errors.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(f64::NAN);
    let count = errors.len();
    println!(
        "RTO minus truth: least {:.2}, median {:.2}, greatest {:.2} s (goal: at most {WORST})",
        at(0.0),
        at(0.5),
        at(1.0)
    );
    println!("95 % interval holds the truth in {:.1} % (goal: 93 to 97)", 100.0 * held as f64 / count as f64);
    println!("phases sum to the RTO in {sums} of {count}");
    let (slots, missed) = trials.iter().fold((0, 0), |(a, b), trial| (a + trial.slots, b + trial.missed));
    println!("{missed} of {slots} slots missed");
}

/// How many results the predicted band holds, and where the others are.
fn predicted(name: &str, trials: &[Trial]) {
    let mut rtos: Vec<f64> = trials.iter().filter_map(|trial| trial.rto_seconds).collect();
    rtos.sort_by(f64::total_cmp);
    let inside =
        |trial: &Trial| trial.rto_seconds.is_some_and(|rto| (trial.predicted.0..=trial.predicted.2).contains(&rto));
    let below = trials.iter().filter(|trial| trial.rto_seconds.is_some_and(|rto| rto < trial.predicted.0)).count();
    let above = trials.iter().filter(|trial| trial.rto_seconds.is_some_and(|rto| rto > trial.predicted.2)).count();
    let at = |share: f64| rtos.get(((rtos.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(f64::NAN);
    let band = trials.first().map_or((0.0, 0.0, 0.0), |trial| trial.predicted);
    println!(
        "{name:>14}: {:3.0} % in the band {:.0}-{:.0}-{:.0} (below {below}, above {above}); measured 5 % {:.0}, median {:.0}, 95 % {:.0} s",
        100.0 * trials.iter().filter(|trial| inside(trial)).count() as f64 / trials.len().max(1) as f64,
        band.0,
        band.1,
        band.2,
        at(0.05),
        at(0.5),
        at(0.95)
    );
}
