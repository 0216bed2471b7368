//! `workshop drill`: one drill without a screen.

use std::sync::Mutex;

use serde_json::json;

use super::args::{DrillArgs, DrillCommand, Global};
use super::exit::Exit;
use super::{open, reports, what_if};
use crate::cli::out::{errln, outln};
use crate::domain::drill::Verdict;
use crate::drill::{Control, Plane, Report, Snapshot, Stage};
use crate::engine::drills::DrillError;
use crate::engine::{kept, signals};

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
    for line in kept::recover(&session).await {
        errln!("{line}");
    }
    let _awake = session.clock.participate();
    let control = Control::default();
    let abort = control.abort.clone();
    tokio::spawn(async move {
        signals::terminated().await;
        abort.cancel();
    });
    let told = Mutex::new(0_usize);
    let show = |snapshot: Snapshot| {
        let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for line in snapshot.log.iter().skip(*told) {
            let plane = line.plane.map(Plane::word);
            if arguments.json {
                let at = line.at.epoch_seconds();
                outln!("{}", json!({ "event": "drill_phase", "at": at, "message": line.text, "plane": plane }));
            } else {
                let plane = plane.map_or_else(String::new, |plane| format!(" [{plane}]"));
                outln!("{} {}{plane}", line.at.clock_face(), line.text);
            }
        }
        *told = snapshot.log.len();
    };
    let kept = match kept::run(&session, &arguments.fault, true, arguments.unguarded, &control, &show).await {
        Ok(kept) => kept,
        Err(error) => {
            errln!("workshop: {error}");
            if matches!(error, DrillError::Unguarded(_)) {
                errln!(
                    "Nothing was broken. --unguarded begins all the same; the next start of the guide mends it then."
                );
            }
            return match error {
                DrillError::Unknown { .. } | DrillError::SandboxOnly(_) => Exit::Usage,
                DrillError::NotBuilt(_) | DrillError::Running(_) | DrillError::Unguarded(_) => Exit::Missing,
                DrillError::State(_) => Exit::State,
            };
        }
    };
    for problem in &kept.problems {
        errln!("workshop: {problem}");
    }
    if let Some(directory) = &arguments.report
        && let Err(error) = crate::progress::write_folder(directory, &kept.files())
    {
        errln!("workshop: {error}");
        return Exit::State;
    }
    if let Some(place) = kept.place.as_ref().filter(|_| arguments.report.is_none()) {
        errln!("The evidence is in {}.", place.display());
    }
    let report = kept.report;
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
        outln!("{line}");
        return;
    }
    let seconds = |value: Option<f64>| value.map_or("not measured".to_owned(), |value| format!("{value:.1} s"));
    outln!("RTO {} {}", seconds(report.rto_seconds), report.verdict.word());
    outln!("RPO {} {}", seconds(report.rpo_seconds), report.rpo_verdict.word());
    if let Verdict::Inconclusive(why) = &report.verdict {
        outln!("inconclusive: {why}");
    }
    for (phase, span) in &report.analysis.phases {
        outln!("  {}: {:.0} s", phase.word(), span.as_secs_f64());
    }
}
