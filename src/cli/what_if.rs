//! `workshop drill what-if`: the drill of a report with other settings, as distributions beside the measured run.

use std::sync::Arc;

use serde_json::json;

use super::args::{Global, WhatIfArgs};
use super::exit::Exit;
use super::reports::seconds;
use super::{open, reports};
use crate::cli::out::{errln, outln};
use crate::drill::Report;
use crate::engine::drills;
use crate::engine::session::Session;
use crate::engine::trials::{self, Trial};
use crate::sandbox::routing::Settings;

/// What the interval of 10 s costs more than the one of 30 s, in US dollars a month for one health check of an endpoint in
/// AWS. Source: Amazon Route 53 pricing, *Health checks*: 1.00 USD per optional feature, read in September 2026.
const FAST_INTERVAL: u32 = 1;
/// The health checks of the workshop's API: one a Region.
const HEALTH_CHECKS: u32 = 2;

/// Tries and tells.
pub(super) async fn run(global: &Global, arguments: &WhatIfArgs) -> Exit {
    let report = match reports::one(&arguments.directory, false) {
        Ok(report) => report,
        Err(why) => {
            errln!("workshop: {why}");
            return Exit::Usage;
        }
    };
    let session = match open::session(global, false, true).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    match tries(&session, &report, arguments).await {
        Ok(()) => Exit::Done,
        Err((exit, why)) => {
            errln!("workshop: {why}");
            exit
        }
    }
}

async fn tries(session: &Arc<Session>, report: &Report, arguments: &WhatIfArgs) -> Result<(), (Exit, String)> {
    let world = session.world().await.map_err(|why| (Exit::State, why))?;
    let no_world = || (Exit::Usage, "a what-if needs the simulated AWS; run it without --aws".to_owned());
    let world = world.ok_or_else(no_world)?;
    if let Some(fault) = world.faults.first() {
        return Err((Exit::Missing, format!("the fault {} is active in {}; mend it first", fault.kind, fault.region)));
    }
    let (plan, _) =
        drills::prepare(session, &report.plan.fault, true).await.map_err(|error| (Exit::Missing, error.to_string()))?;
    if !plan.journeys.iter().any(trials::tried) {
        let why =
            format!("the fault '{}' breaks no journey that only reads, so there is no recovery to try", plan.fault);
        return Err((Exit::Usage, why));
    }
    let measured = trials::measured(&report.plan).or_else(|| trials::measured(&plan));
    let base = measured.ok_or_else(|| (Exit::Missing, "the routing's settings could not be read".to_owned()))?;
    if !arguments.json {
        outln!(
            "{} trials of each setting, in simulated time; the health check's interval / threshold / TTL",
            arguments.runs
        );
        outln!("measured {}: {}", name(base), seconds(report.rto_seconds));
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (mut usual, mut trouble) = (None, None);
    for settings in settings(base, arguments) {
        let seeds = (1..=u64::from(arguments.runs)).map(|turn| world.seed.wrapping_add(turn));
        let all = trials::run(session, &world, &plan, settings, seeds, cores).await;
        let failures: Vec<&String> = all.iter().filter_map(|trial| trial.as_ref().err()).collect();
        let mut times: Vec<f64> = all.iter().flatten().filter_map(|trial: &Trial| trial.rto_seconds).collect();
        times.sort_by(f64::total_cmp);
        let unrecovered = all.len() - failures.len() - times.len();
        trouble = trouble.or_else(|| failures.first().map(|why| (*why).clone()));
        let quantile = |share: f64| times.get(((times.len() as f64 - 1.0) * share).round() as usize).copied();
        let (low, median, high) = (quantile(0.05), quantile(0.5), quantile(0.95));
        usual = usual.or(median);
        let saved = median.zip(usual).map(|(median, usual)| median - usual);
        let dollars = if settings.interval == 10 { FAST_INTERVAL * HEALTH_CHECKS } else { 0 };
        if arguments.json {
            let line = json!({
                "event": "what_if", "interval": settings.interval, "threshold": settings.threshold, "ttl": settings.ttl,
                "checkers": settings.checkers, "trials": all.len() - failures.len(), "not_recovered": unrecovered,
                "p5_seconds": low, "median_seconds": median, "p95_seconds": high, "difference_seconds": saved,
                "dollars_a_month": dollars, "failed": failures.len(),
            });
            outln!("{line}");
            continue;
        }
        outln!(
            "{:>12}: 5 % {:>8}  median {:>8}  95 % {:>8}  {:>+7.1} s  {dollars} USD a month for the interval{}",
            name(settings),
            seconds(low),
            seconds(median),
            seconds(high),
            saved.unwrap_or(0.0),
            match (unrecovered, failures.len()) {
                (0, 0) => String::new(),
                (unrecovered, failed) => format!("; {unrecovered} did not recover, {failed} failed"),
            }
        );
    }
    match trouble {
        Some(why) => Err((Exit::No, format!("a trial failed: {why}"))),
        None => Ok(()),
    }
}

/// The measured settings first; then those that were asked for, or each one changed by itself.
fn settings(base: Settings, arguments: &WhatIfArgs) -> Vec<Settings> {
    let mut all = vec![base];
    let intervals: Vec<u32> = arguments.interval.iter().filter_map(|text| text.parse().ok()).collect();
    if intervals.is_empty()
        && arguments.threshold.is_empty()
        && arguments.ttl.is_empty()
        && arguments.checkers.is_none()
    {
        all.push(Settings { interval: if base.interval == 10 { 30 } else { 10 }, ..base });
        all.push(Settings { threshold: if base.threshold > 1 { base.threshold - 1 } else { 2 }, ..base });
        all.push(Settings { ttl: (base.ttl / 2).max(1), ..base });
        all.push(Settings { ttl: base.ttl * 2, ..base });
        return all;
    }
    let or = |asked: &[u32], own: u32| if asked.is_empty() { vec![own] } else { asked.to_vec() };
    for interval in or(&intervals, base.interval) {
        for threshold in or(&arguments.threshold, base.threshold) {
            for ttl in or(&arguments.ttl, base.ttl) {
                all.push(Settings { interval, threshold, ttl, checkers: arguments.checkers });
            }
        }
    }
    all.dedup();
    all
}

fn name(settings: Settings) -> String {
    let checkers = settings.checkers.map_or_else(String::new, |count| format!(" by {count}"));
    format!("{}/{}/{}{checkers}", settings.interval, settings.threshold, settings.ttl)
}
