//! `workshop run`: the steps of a module, or of all, without a screen.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::args::{Global, RunArgs};
use super::exit::Exit;
use super::open;
use crate::cli::out::{errln, outln};
use crate::domain::{Effect, Event, EventKind, FailureClass};
use crate::engine::actions::RunError;
use crate::engine::session::Session;
use crate::engine::signals;
use crate::engine::walk::{self, WalkError};
use crate::guide::action::ActionError;

/// Does the steps and ends with a summary.
pub(super) async fn run(global: &Global, arguments: RunArgs) -> Exit {
    let approved = match effects(&arguments.approve) {
        Ok(approved) => approved,
        Err(message) => {
            errln!("workshop: {message}");
            return Exit::Usage;
        }
    };
    let session = match open::session(global, arguments.fresh, true).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    for line in crate::engine::kept::recover(&session).await {
        errln!("{line}");
    }
    let begun = crate::clock::Clock::wall().now();
    let cancel = CancellationToken::new();
    let stopper = cancel.clone();
    tokio::spawn(async move {
        signals::terminated().await;
        stopper.cancel();
    });
    let json = arguments.json;
    let since = move || crate::clock::Clock::wall().now().since(begun).as_secs_f64();
    let tell = move |mut event: Event| {
        event.wall = since();
        if json { print_json(&event) } else { print_text(&event) }
    };
    let result = walked(session, arguments.module, approved, cancel, tell).await;
    match result {
        Ok(mut summary) => {
            summary.wall_seconds = since();
            let left = summary.resources_left.unwrap_or(0);
            if json {
                let mut line = json!({ "event": "summary" });
                if let (Some(line), Ok(serde_json::Value::Object(fields))) =
                    (line.as_object_mut(), serde_json::to_value(&summary))
                {
                    line.extend(fields);
                }
                outln!("{line}");
            } else {
                outln!(
                    "{} modules done; RTO {}; RPO {} ({}); {}; {:.0} simulated seconds in {:.1} s",
                    summary.modules_done,
                    summary.rto_seconds.map_or("not measured".to_owned(), |seconds| format!("{seconds:.0} s")),
                    summary.rpo_seconds.map_or("none".to_owned(), |seconds| format!("{seconds:.1} s")),
                    summary.rpo_verdict,
                    summary
                        .resources_left
                        .map_or("nothing was cleaned up".to_owned(), |left| format!("{left} resources left")),
                    summary.simulated_seconds,
                    summary.wall_seconds,
                );
            }
            if left == 0 { Exit::Done } else { Exit::No }
        }
        Err(error) => {
            errln!("workshop: {error}");
            exit(&error)
        }
    }
}

/// Walks in a task of its own, so that deep futures do not stand on the main thread's stack.
async fn walked(
    session: Arc<Session>,
    module: String,
    approved: BTreeSet<Effect>,
    cancel: CancellationToken,
    tell: impl Fn(Event) + Send + Sync + 'static,
) -> Result<walk::Summary, WalkError> {
    let task = tokio::spawn(async move {
        let clock = session.clock.clone();
        let _awake = clock.participate();
        walk::walk(&session, &module, &approved, &cancel, &tell).await
    });
    task.await.unwrap_or(Err(WalkError::Cancelled))
}

/// The exit code of a walk that ended early.
fn exit(error: &WalkError) -> Exit {
    match error {
        WalkError::Unknown { .. } => Exit::Usage,
        WalkError::NotOurs { .. } | WalkError::NotApproved(_) | WalkError::Drill(_) => Exit::Missing,
        WalkError::Action { error: RunError::Action(ActionError::Refused { failure, .. }), .. } => {
            match failure.class {
                FailureClass::NotFound | FailureClass::Conflict => Exit::No,
                _ => Exit::Aws,
            }
        }
        WalkError::Action { .. } | WalkError::Check { .. } | WalkError::Left(_) => Exit::No,
        WalkError::Cancelled => Exit::Interrupted,
    }
}

/// The effects that were approved by name.
fn effects(words: &[String]) -> Result<BTreeSet<Effect>, String> {
    let all = [Effect::Read, Effect::Create, Effect::Update, Effect::Delete, Effect::Fault];
    words
        .iter()
        .map(|word| {
            all.into_iter()
                .find(|effect| effect.word() == word)
                .ok_or_else(|| format!("--approve does not know '{word}'; it takes create, update, delete and fault"))
        })
        .collect()
}

fn print_json(event: &Event) {
    outln!("{}", serde_json::to_string(event).unwrap_or_default());
}

fn print_text(event: &Event) {
    let message = event.message.as_deref().unwrap_or_default();
    match event.event {
        EventKind::ModuleStarted => outln!("Module {}", event.module.as_deref().unwrap_or_default()),
        EventKind::StepStarted => outln!("  {}", event.step.as_deref().unwrap_or_default()),
        EventKind::ActionStarted => outln!("    run {}", event.action.as_deref().unwrap_or_default()),
        EventKind::ActionProgress | EventKind::DrillPhase => outln!("      {message}"),
        EventKind::ActionFailed => outln!("    failed: {message}"),
        EventKind::CheckChanged => {
            let (check, outcome) =
                (event.check.as_deref().unwrap_or_default(), event.outcome.as_deref().unwrap_or_default());
            outln!("    check {check}: {outcome} {message}");
        }
        EventKind::Note => match &event.detail {
            Some(detail) => outln!("    drill: {} {detail}", event.outcome.as_deref().unwrap_or_default()),
            None => outln!("    {message}"),
        },
        EventKind::ModuleDone
        | EventKind::StepDone
        | EventKind::ActionDone
        | EventKind::ActionCancelled
        | EventKind::NeedsOverridden => {}
    }
}
