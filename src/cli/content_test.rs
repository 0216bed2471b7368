//! `workshop content test`: proves a workshop, and prints what holds and what does not.

use std::path::Path;
use std::time::Duration;

use quick_xml::escape::escape;
use serde_json::json;

use super::args::{Global, TestArgs};
use super::exit::Exit;
use super::open;
use crate::cli::out::{errln, outln};
use crate::clock::Clock;
use crate::content::model::Step;
use crate::content::{self, Source};
use crate::domain::time::spell;
use crate::engine::content_test::{self, Case, Options, Report, SEED, TestError};

/// Tests and prints.
pub(super) async fn run(global: &Global, arguments: TestArgs) -> Exit {
    if global.aws || global.endpoint_url.is_some() {
        errln!("workshop: content is tested in copies of the sandbox; leave --aws and --endpoint-url away");
        return Exit::Usage;
    }
    let clock = Clock::wall();
    let begun = clock.now();
    let json = arguments.json;
    let source = super::source(global);
    let options = Options {
        source: source.clone(),
        module: arguments.module,
        only: arguments.only.into_iter().collect(),
        primary: global.primary.clone(),
        secondary: global.secondary.clone(),
        seed: global.seed.unwrap_or(SEED),
        ..Options::default()
    };
    let tell = move |case: &Case| print(case, json);
    // A task of its own, so that deep futures do not stand on the main thread's stack.
    let ended = tokio::spawn(async move { content_test::run(options, &tell).await }).await;
    let report = match ended {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => {
            errln!("workshop: {error}");
            return match &error {
                TestError::Unknown { .. } => Exit::Usage,
                TestError::Open(error) => open::exit(error),
            };
        }
        Err(error) => {
            errln!("workshop: the tests ended before their time: {error}");
            return Exit::No;
        }
    };
    let wall = clock.now().since(begun).as_secs_f64();
    if let Some(file) = &arguments.junit
        && let Err(error) = std::fs::write(file, junit(&report, wall))
    {
        errln!("workshop: {}: cannot be written: {error}; give another file with --junit", file.display());
        return Exit::State;
    }
    let short = arguments.record_times && times(&source, &report, json);
    summary(&report, wall, json, arguments.junit.as_deref());
    if short {
        return Exit::No;
    }
    if report.failed().next().is_none() { Exit::Done } else { Exit::No }
}

fn print(case: &Case, json: bool) {
    if json {
        outln!(
            "{}",
            json!({
                "event": "case", "test": case.test, "title": case.test.title(), "subject": case.subject,
                "passed": case.passed(), "findings": case.findings, "seconds": case.seconds,
            })
        );
        return;
    }
    let word = if case.passed() { "ok  " } else { "FAIL" };
    outln!("{word} {:?} {}: {} ({:.1} s)", case.test, case.subject, case.test.title(), case.seconds);
    for finding in &case.findings {
        outln!("       {finding}");
    }
}

/// The measured time of each module and step beside what the content says; whether a module's median is too short for what
/// AWS alone takes. Reading and typing are not measured.
fn times(source: &Source, report: &Report, json: bool) -> bool {
    let Ok(workshop) = content::load(source) else { return false };
    let measured = |step: &Step| report.times.iter().find(|time| time.step == step.id).map(|time| time.seconds);
    let mut short = false;
    for module in &workshop.modules {
        let steps: Vec<(&Step, f64)> = module.steps.iter().filter_map(|step| Some((step, measured(step)?))).collect();
        if steps.is_empty() {
            continue;
        }
        let seconds: f64 = steps.iter().map(|(_, seconds)| seconds).sum();
        let (p50, p95) = module.time;
        let fits = seconds <= p50.as_secs_f64();
        short |= !fits;
        if json {
            outln!(
                "{}",
                json!({
                    "event": "module_time", "module": module.id, "seconds": seconds,
                    "p50_seconds": p50.as_secs(), "p95_seconds": p95.as_secs(), "fits": fits,
                })
            );
            continue;
        }
        let verdict = if fits { "" } else { ": p50 is too short" };
        let spelt = |seconds: f64| spell(Duration::from_secs_f64(seconds));
        outln!(
            "{}: AWS takes {}; module.yaml says p50 {}, p95 {}{verdict}",
            module.id,
            spelt(seconds),
            spell(p50),
            spell(p95)
        );
        for (step, seconds) in steps {
            let within = step.checks.iter().filter_map(|check| check.within).max();
            let within = within.map_or(String::new(), |within| format!(", within {}", spell(within)));
            outln!("       {}: {}{within}", step.id, spelt(seconds));
        }
    }
    short
}

fn summary(report: &Report, wall: f64, json: bool, junit: Option<&Path>) {
    let failed = report.failed().count();
    let simulated = report.times.iter().fold(0.0, |sum, time| sum + time.seconds);
    if json {
        for time in &report.times {
            outln!("{}", json!({ "event": "time", "step": time.step, "seconds": time.seconds }));
        }
        outln!(
            "{}",
            json!({
                "event": "summary", "cases": report.cases.len(), "failed": failed,
                "simulated_seconds": simulated, "wall_seconds": wall,
            })
        );
        return;
    }
    let at = junit.map(|file| format!("; {} holds the report", file.display())).unwrap_or_default();
    outln!(
        "{} cases, {failed} failed; the steps took {simulated:.0} simulated seconds; {wall:.1} s{at}",
        report.cases.len()
    );
}

/// The report as JUnit's XML, in the form that CI servers read: one suite for each test.
fn junit(report: &Report, wall: f64) -> String {
    let mut kinds: Vec<content_test::Kind> = report.cases.iter().map(|case| case.test).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut xml = vec!["<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned()];
    let counts = format!("tests=\"{}\" failures=\"{}\"", report.cases.len(), report.failed().count());
    xml.push(format!("<testsuites name=\"workshop content test\" {counts} time=\"{wall:.3}\">\n"));
    for kind in kinds {
        let cases: Vec<&Case> = report.cases.iter().filter(|case| case.test == kind).collect();
        let failures = cases.iter().filter(|case| !case.passed()).count();
        let time: f64 = cases.iter().map(|case| case.seconds).sum();
        let name = escape(format!("{kind:?}: {}", kind.title())).into_owned();
        xml.push(format!(
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\" time=\"{time:.3}\">\n",
            cases.len()
        ));
        for case in cases {
            let subject = escape(case.subject.as_str()).into_owned();
            let opening =
                format!("    <testcase classname=\"content.{kind:?}\" name=\"{subject}\" time=\"{:.3}\"", case.seconds);
            if case.passed() {
                xml.push(format!("{opening}/>\n"));
                continue;
            }
            let first = escape(case.findings.first().map_or("", String::as_str)).into_owned();
            let all = escape(case.findings.join("\n")).into_owned();
            xml.push(format!("{opening}>\n      <failure message=\"{first}\">{all}</failure>\n    </testcase>\n"));
        }
        xml.push("  </testsuite>\n".to_owned());
    }
    xml.push("</testsuites>\n".to_owned());
    xml.concat()
}
