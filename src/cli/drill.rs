//! `workshop drill`: one drill without a screen.

use std::sync::Mutex;

use serde_json::json;

use super::args::{DrillArgs, DrillCommand, Global};
use super::exit::Exit;
use super::{open, reports, what_if};
use crate::domain::drill::Verdict;
use crate::drill::{Control, Report, Snapshot, Stage, evidence};
use crate::engine::{drills, signals};

/// Runs the drill and prints what it measured; or does something with reports.
pub(super) async fn run(global: &Global, arguments: DrillArgs) -> Exit {
    match &arguments.command {
        Some(DrillCommand::Verify { directory, json }) => return reports::verify(directory, *json),
        Some(DrillCommand::WhatIf(arguments)) => return what_if::run(global, arguments).await,
        Some(DrillCommand::Compare { reports, verify, json }) => return reports::compare(reports, *verify, *json),
        None => {}
    }
    let session = match open::session(global, false, true).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let _awake = session.clock.participate();
    let (plan, ports) = match drills::prepare(&session, &arguments.fault, true).await {
        Ok(ready) => ready,
        Err(error) => {
            eprintln!("workshop: {error}");
            return match error {
                drills::DrillError::Unknown { .. } | drills::DrillError::SandboxOnly(_) => Exit::Usage,
                drills::DrillError::NotBuilt(_) => Exit::Missing,
            };
        }
    };
    let control = Control::default();
    let abort = control.abort.clone();
    tokio::spawn(async move {
        signals::terminated().await;
        abort.cancel();
    });
    let told = Mutex::new(0_usize);
    let show = |snapshot: Snapshot| {
        let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (at, text) in snapshot.log.iter().skip(*told) {
            if arguments.json {
                println!("{}", json!({ "event": "drill_phase", "at": at.epoch_seconds(), "message": text }));
            } else {
                println!("{} {text}", at.clock_face());
            }
        }
        *told = snapshot.log.len();
    };
    let report = crate::drill::run(plan, ports, &session.clock, &control, &show).await;
    if let Some(directory) = &arguments.report
        && let Err(error) = crate::progress::write_folder(directory, &evidence::folder(&report))
    {
        eprintln!("workshop: {error}");
        return Exit::State;
    }
    print(&report, arguments.json);
    match (&report.stage, &report.verdict, &report.rpo_verdict) {
        (Stage::Stopped(_), _, _) if control.abort.is_cancelled() => Exit::Interrupted,
        (Stage::Done, Verdict::Pass | Verdict::NotExercised, Verdict::Pass | Verdict::NotExercised) => Exit::Done,
        _ => Exit::No,
    }
}

fn print(report: &Report, json: bool) {
    if json {
        let line = json!({
            "event": "summary",
            "fault": report.plan.fault,
            "rto_seconds": report.rto_seconds,
            "rpo_seconds": report.rpo_seconds,
            "verdict": report.verdict.word(),
            "rpo_verdict": report.rpo_verdict.word(),
            "fail_back_seconds": report.fail_back_seconds,
        });
        println!("{line}");
        return;
    }
    let seconds = |value: Option<f64>| value.map_or("not measured".to_owned(), |value| format!("{value:.1} s"));
    println!("RTO {} {}", seconds(report.rto_seconds), report.verdict.word());
    println!("RPO {} {}", seconds(report.rpo_seconds), report.rpo_verdict.word());
    if let Verdict::Inconclusive(why) = &report.verdict {
        println!("inconclusive: {why}");
    }
    for (phase, span) in &report.analysis.phases {
        println!("  {}: {:.0} s", phase.word(), span.as_secs_f64());
    }
}
