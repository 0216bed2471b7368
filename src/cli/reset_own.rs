//! `workshop reset` without a word behind it: one's own run, or one module of it.

use std::io::IsTerminal as _;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::args::Global;
use super::exit::Exit;
use super::open;
use super::reset::{View, exit, print_line, print_seat, told, typed};
use super::reset_args::ResetArgs;
use crate::cli::out::{errln, outln};
use crate::domain::text::printable;
use crate::engine::resets::own::{self, Own};
use crate::engine::resets::undo::{self, UndoError};
use crate::engine::resets::{self, ResetError};
use crate::engine::session::Session;
use crate::engine::signals;
use crate::guide::action::Told;
use crate::reset::{AccountReport, Item, Progress, Proof};

/// Runs it.
pub(super) async fn run(global: &Global, arguments: ResetArgs) -> Exit {
    let session = match open::session(global, false, true).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let cancel = CancellationToken::new();
    let stopper = cancel.clone();
    tokio::spawn(async move {
        signals::terminated().await;
        stopper.cancel();
    });
    match &arguments.module {
        Some(module) => one_module(session, module.clone(), &arguments, cancel).await,
        None => whole(session, &arguments, cancel).await,
    }
}

/// The whole run: what goes is shown, then confirmed, then deleted, then proved.
async fn whole(session: Arc<Session>, arguments: &ResetArgs, cancel: CancellationToken) -> Exit {
    let (asked, suffix) = (Arc::clone(&session), arguments.suffix.clone());
    let looked = aside(&session, async move {
        let own = own::look(&asked, suffix.as_deref()).await?;
        let left = if own.idle() { Some(own::left(&asked, &own).await?) } else { None };
        Ok((own, left))
    });
    let (own, left) = match looked.await {
        Ok(looked) => looked,
        Err(error) => return told(&error),
    };
    if let Some(left) = left.filter(|left| left.left.is_empty() && left.unread.is_empty()) {
        return nothing(&own, &left, arguments.json);
    }
    if !arguments.json {
        own.seat().into_iter().for_each(print_seat);
        outln!("{}", own::summary(&own));
    }
    let word = own.seat().map_or(String::new(), |seat| seat.suffix.clone());
    if let Err(exit) = confirmed(&own, &word, arguments, &cancel).await {
        return exit;
    }
    let view = Arc::new(View::new(&session, arguments.json));
    let (asked, plan) = (Arc::clone(&session), own.clone());
    let applied = aside(&session, async move {
        let tell = |seat: &str, progress: Progress| view.tell(seat, &progress);
        own::apply(&asked, &plan, &cancel, &tell).await
    });
    match applied.await {
        Ok(report) => end(&own, &report, arguments.json),
        Err(error) => told(&error),
    }
}

/// Runs it as a task of its own that holds one participant of the clock: deep futures do not stand on the main thread's
/// stack.
async fn aside<T: Send + 'static>(
    session: &Arc<Session>,
    work: impl Future<Output = Result<T, ResetError>> + Send + 'static,
) -> Result<T, ResetError> {
    let clock = session.clock.clone();
    let task = tokio::spawn(async move {
        let _awake = clock.participate();
        work.await
    });
    task.await.unwrap_or(Err(ResetError::Stopped))
}

/// The run's suffix on a terminal, as on the screen of the guide; `--approve delete` where there is none.
async fn confirmed(own: &Own, word: &str, arguments: &ResetArgs, cancel: &CancellationToken) -> Result<(), Exit> {
    if arguments.approve.is_some() {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        errln!(
            "workshop: without a terminal nothing is deleted unless it is approved: add --approve delete, or plan it first with \
             `workshop reset plan --out PLAN` and apply the plan with its --hash"
        );
        return Err(Exit::Missing);
    }
    typed(own.plan.things(), word, cancel).await
}

fn nothing(own: &Own, left: &Proof, json: bool) -> Exit {
    let stays = own.seat().map_or(0, |seat| seat.not_ours.len());
    if json {
        print_line(&json!({
            "event": "summary", "verdict": "nothing is there", "clean": true, "things": 0, "not_ours": stays,
            "left": left.left,
        }));
    } else {
        outln!("Nothing of the run is there; {stays} things of others were looked at and stay.");
    }
    Exit::Done
}

fn end(own: &Own, report: &AccountReport, json: bool) -> Exit {
    let folder = resets::folder(&own.path);
    if json {
        print_line(&json!({
            "event": "summary", "verdict": report.verdict, "clean": report.clean, "seconds": report.seconds,
            "things": own.plan.things(), "changes": report.changes.len(), "left": report.left,
            "not_ours": report.not_ours, "plan": own.path.display().to_string(), "sha256": own.sum,
            "report": folder.join("report.json").display().to_string(),
        }));
    } else {
        outln!("{}; {}", printable(&report.verdict), folder.join("report.md").display());
        for left in &report.left {
            outln!("  {}", printable(&left.finish));
        }
    }
    if report.clean { Exit::Done } else { Exit::No }
}

/// What one module made.
async fn one_module(session: Arc<Session>, module: String, arguments: &ResetArgs, cancel: CancellationToken) -> Exit {
    let (asked, of) = (Arc::clone(&session), module.clone());
    let clock = session.clock.clone();
    let looked = tokio::spawn(async move {
        let _awake = clock.participate();
        undo::plan(&asked, &of).await
    });
    let plan = match looked.await {
        Ok(Ok(plan)) => plan,
        Ok(Err(error)) => return wrong(&error),
        Err(_) => return Exit::State,
    };
    if plan.fences.is_empty() && plan.things.is_empty() {
        if arguments.json {
            print_line(&json!({ "event": "summary", "module": module, "clean": true, "things": 0, "left": [] }));
        } else {
            outln!("Nothing of {module} is there.");
        }
        return Exit::Done;
    }
    if !arguments.json {
        plan.fences.iter().for_each(|fence| outln!("  undo   {fence}"));
        let line = |item: &Item| format!("  goes   {} {} in {}", item.kind.type_name(), item.name, item.region);
        plan.things.iter().for_each(|item| outln!("{}", printable(&line(item))));
    }
    if arguments.approve.is_none() {
        if !std::io::stdin().is_terminal() {
            errln!("workshop: without a terminal nothing is deleted unless it is approved: add --approve delete");
            return Exit::Missing;
        }
        if let Err(exit) = typed(plan.things.len(), &format!("undo {module}"), &cancel).await {
            return exit;
        }
    }
    let json = arguments.json;
    let clock = session.clock.clone();
    let (asked, view) = (Arc::clone(&session), View::new(&session, json));
    let task = tokio::spawn(async move {
        let _awake = clock.participate();
        let told = |told: Told| {
            if let Told::Line(text) | Told::Running(text) | Told::Ok(text) = told {
                if json {
                    print_line(&json!({ "event": "progress", "message": text }));
                } else {
                    outln!("{}", printable(&text));
                }
            }
        };
        let tell = |progress: Progress| view.tell("1", &progress);
        undo::run(&asked, &plan, &cancel, &told, &tell).await
    });
    match task.await {
        Ok(Ok(left)) => {
            let line: Value = json!({ "event": "summary", "module": module, "clean": left.is_empty(), "left": left });
            if json {
                print_line(&line);
            } else if left.is_empty() {
                outln!("{module} is undone: nothing that it made is there.");
            } else {
                outln!("{module} is not undone:\n  {}", printable(&left.join("\n  ")));
            }
            if left.is_empty() { Exit::Done } else { Exit::No }
        }
        Ok(Err(error)) => wrong(&error),
        Err(_) => Exit::State,
    }
}

fn wrong(error: &UndoError) -> Exit {
    errln!("workshop: {}", printable(&error.to_string()));
    match error {
        UndoError::Unknown { .. } => Exit::Usage,
        UndoError::StoodOn { .. } | UndoError::Cleans(_) => Exit::Missing,
        UndoError::Action { .. } => Exit::No,
        UndoError::Cancelled => Exit::Interrupted,
        UndoError::Reset(error) => exit(error),
    }
}
