//! `report.md`: the drill on one page.

use std::fmt::Write as _;

use super::super::plan::{Environment, LaneRole, Routing};
use super::super::predict;
use super::super::report::{Report, resolvers};
use super::super::rpo::StoreLoss;
use super::super::snapshot::Stage;
use crate::domain::drill::{ClientClass, Verdict};
use crate::domain::time::spell;

/// The page.
pub fn page(report: &Report) -> String {
    let plan = &report.plan;
    let (broken, other) = (plan.regions.of(plan.broken), plan.regions.of(plan.broken.other()));
    let place = if plan.both_regions {
        format!("in {broken} and {other}; nobody could take over")
    } else {
        format!("in {broken}; {other} had to take over")
    };
    let start = report.samples.start.rfc3339();
    let mut page = format!("# Failover drill: {}\n\n{} was broken on {start} {place}.\n\n", plan.title, plan.fault);
    environment(&mut page, report);
    numbers(&mut page, report);
    phases(&mut page, report);
    clients(&mut page, report);
    stores(&mut page, report);
    suggestions(&mut page, report);
    untested(&mut page, report);
    let _ = write!(
        page,
        "## How to check this page\n\n`workshop drill verify` on this folder computes every number again from `slots.ndjson`, \
         `canary.ndjson` and `events.ndjson`. The report has the format {}.\n",
        report.format
    );
    page
}

/// Where it was measured, by what, and for how much.
fn environment(page: &mut String, report: &Report) {
    let plan = &report.plan;
    let place = match &plan.environment {
        Environment::Sandbox { seed } => format!("the simulated AWS, seed {seed}"),
        Environment::Account { id } => format!("the AWS account {id}"),
        Environment::Endpoint { url } => format!("the AWS-compatible endpoint {url}"),
    };
    let (primary, secondary) = (plan.regions.primary(), plan.regions.secondary());
    let cost = match plan.environment {
        Environment::Sandbox { .. } => "would have cost about",
        Environment::Account { .. } | Environment::Endpoint { .. } => "cost about",
    };
    let _ = write!(
        page,
        "Measured in {place}, R1 {primary}, R2 {secondary}, by version {} of the workshop. On AWS the drill's own requests {cost} \
         {:.2} USD: an estimate, by prices of {}.\n\n",
        report.tool, report.dollars, plan.prices.date
    );
}

fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Inconclusive(why) => format!("INCONCLUSIVE: {why}"),
        other => other.word().to_owned(),
    }
}

fn numbers(page: &mut String, report: &Report) {
    let seconds = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2} s"));
    let interval = report.rto_interval.map_or_else(|| "–".to_owned(), |(low, high)| format!("{low:.2} to {high:.2} s"));
    let plan = &report.plan;
    let _ = write!(
        page,
        "| | measured | 95 % interval | objective | verdict |\n|---|---|---|---|---|\n\
         | RTO | {} | {interval} | {} | {} |\n| RPO | {} | | {} | {} |\n| fail-back | {} | | | |\n\n",
        seconds(report.rto_seconds),
        spell(plan.rto_objective),
        word(&report.verdict),
        seconds(report.rpo_seconds),
        spell(plan.rpo_objective),
        word(&report.rpo_verdict),
        seconds(report.fail_back_seconds),
    );
    if let Stage::Stopped(why) = &report.stage {
        let _ = write!(page, "The drill ended before a verdict: {why}.\n\n");
    }
    if let Some((low, middle, high)) = report.predicted_seconds {
        let found = match report.rto_seconds {
            Some(rto) if (low..=high).contains(&rto) => "The measured time lies inside.",
            Some(_) => "The measured time lies outside: find out why.",
            None => "",
        };
        let _ = write!(
            page,
            "Predicted before the fault, an estimate from the routing's settings: {low:.0} to {high:.0} s, median {middle:.0} s. {found}\n\n"
        );
    }
}

fn phases(page: &mut String, report: &Report) {
    if report.analysis.phases.is_empty() {
        return;
    }
    page.push_str("## Where the time went\n\n```text\n");
    let total = report.analysis.rto.unwrap_or_default().as_secs_f64().max(0.001);
    for (phase, span) in &report.analysis.phases {
        let bar = "█".repeat((span.as_secs_f64() / total * 50.0).round() as usize);
        let _ = writeln!(page, "{:<8} {:>8.2} s  {bar}", phase.word(), span.as_secs_f64());
    }
    let _ = write!(page, "{:<8} {total:>8.2} s\n```\n\n", "sum");
    let _ = write!(page, "Clients failed for {} slots of a second in all.\n\n", report.analysis.degraded_seconds);
}

fn class(class: ClientClass) -> &'static str {
    match class {
        ClientClass::Fresh => "asks every time",
        ClientClass::TtlHonouring => "honours the TTL",
        ClientClass::Sticky => "caches twice the TTL",
    }
}

fn clients(page: &mut String, report: &Report) {
    page.push_str(
        "## What the clients saw, from the fault to the mending\n\n| journey | from | client | good | failed | missed | first good after | p50 | p95 |\n|---|---|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for (index, (lane, row)) in report.lanes.iter().zip(&report.table).enumerate() {
        let journey = report.plan.journeys.get(lane.journey).map_or("", |journey| journey.name.as_str());
        let vantage = report.plan.vantages.get(lane.vantage).map_or("", |vantage| vantage.name.as_str());
        let client = match lane.role {
            LaneRole::Direct(role) => format!("{} directly", role.label()),
            LaneRole::Client | LaneRole::Other => class(lane.class).to_owned(),
        };
        let decides = if report.analysis.affected.contains(&index) { " **decides**" } else { "" };
        let first = row.first_good_seconds.map_or_else(|| "–".to_owned(), |value| format!("{value:.2} s"));
        let millis = |value: Option<u64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value} ms"));
        let _ = writeln!(
            page,
            "| {journey} | {vantage} | {client}{decides} | {} | {} | {} | {first} | {} | {} |",
            row.good,
            row.failed,
            row.missed,
            millis(row.p50_ms),
            millis(row.p95_ms)
        );
    }
    page.push('\n');
}

fn stores(page: &mut String, report: &Report) {
    if report.analysis.stores.is_empty() {
        return;
    }
    page.push_str("## What the stores lost\n\n");
    if !report.plan.cuts_replication {
        page.push_str("The fault left replication alone, so this says nothing about loss: NOT EXERCISED.\n\n");
    }
    page.push_str(
        "| store | last acknowledged | last safe | lost | back after mending | ghosts | loss |\n|---|--:|--:|--:|--:|--:|--:|\n",
    );
    let number =
        |value: Option<(u64, crate::domain::SimTime)>| value.map_or_else(|| "–".to_owned(), |(seq, _)| seq.to_string());
    for (store, StoreLoss { last_acked, last_safe, lost, recovered, ghosts, time }) in &report.analysis.stores {
        let recovered = recovered.map_or_else(|| "–".to_owned(), |count| count.to_string());
        let time = time.map_or_else(|| "–".to_owned(), |span| format!("{:.2} s", span.as_secs_f64()));
        let (acked, safe) = (number(*last_acked), number(*last_safe));
        let _ = writeln!(page, "| {store} | {acked} | {safe} | {lost} | {recovered} | {ghosts} | {time} |");
    }
    page.push('\n');
}

/// Settings that the prediction calls faster, with the seconds that each saves at the median.
fn suggestions(page: &mut String, report: &Report) {
    let Some(routing) = report.plan.routing else { return };
    let clients = resolvers(&report.plan, &report.lanes, &report.analysis);
    let median = |routing: Routing| predict::band(routing, clients).1.as_secs_f64();
    let mut offers = Vec::new();
    if routing.interval > 10 {
        offers.push((format!("interval {} s to 10 s", routing.interval), Routing { interval: 10, ..routing }));
    }
    if routing.threshold > 1 {
        let threshold = routing.threshold - 1;
        offers.push((format!("threshold {} to {threshold}", routing.threshold), Routing { threshold, ..routing }));
    }
    if routing.ttl > 10 {
        let ttl = routing.ttl / 2;
        offers.push((format!("TTL {} s to {ttl} s", routing.ttl), Routing { ttl, ..routing }));
    }
    if offers.is_empty() {
        return;
    }
    page.push_str(
        "## What would be faster\n\nEstimates of the closed form that the prediction uses, at the median.\n\n",
    );
    for (what, faster) in offers {
        let _ = writeln!(page, "- {what}: about {:.0} s sooner", median(routing) - median(faster));
    }
    page.push('\n');
}

fn untested(page: &mut String, report: &Report) {
    page.push_str("## What was not tested\n\n");
    let unaffected: Vec<&str> =
        report.plan.journeys.iter().filter(|journey| !journey.affected).map(|journey| journey.name.as_str()).collect();
    if !unaffected.is_empty() {
        let _ = writeln!(page, "- the recovery of {}: this fault does not break it", unaffected.join(", "));
    }
    if !report.plan.cuts_replication {
        page.push_str("- lost data: replication went on during the fault\n");
    }
    let _ = writeln!(page, "- the loss of {}", report.plan.regions.of(report.plan.broken.other()));
    page.push_str("- people: nobody had to notice, decide or find a password\n\n");
}
