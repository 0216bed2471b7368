//! `workshop reset`: plan, apply, verify; one's own run is in `reset_own`, what other tools need in `reset_export`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::args::Global;
use super::exit::Exit;
use super::open;
use super::reset_args::{ApplyArgs, PlanArgs, ResetArgs, ResetCommand};
use crate::cli::out::{errln, outln};
use crate::clock::Clock;
use crate::domain::text::printable;
use crate::domain::time::spell;
use crate::engine::resets::{self, ResetError, Source};
use crate::engine::session::Session;
use crate::engine::signals;
use crate::progress::write_atomically;
use crate::reset::{Plan, Progress, Report, SeatPlan};

/// How long somebody has to stop a reset that was started with a hash. aws-nuke gives three seconds at least.
const WINDOW: Duration = Duration::from_secs(10);

/// Runs `workshop reset` and what stands behind it.
pub(super) async fn run(global: &Global, arguments: ResetArgs) -> Exit {
    let Some(command) = arguments.command else { return super::reset_own::run(global, arguments).await };
    match command {
        ResetCommand::Plan(arguments) => plan(global, arguments).await,
        ResetCommand::Apply(arguments) => apply(global, arguments).await,
        ResetCommand::Verify { plan, json } => verify(&plan, json),
        ResetCommand::Export(arguments) => super::reset_export::run(&arguments),
        ResetCommand::Progress => progress(global).await,
    }
}

/// The exit code of a reset that could not be done.
pub(super) fn exit(error: &ResetError) -> Exit {
    match error {
        ResetError::File { .. }
        | ResetError::Roster(_)
        | ResetError::Plan(_)
        | ResetError::Usage(_)
        | ResetError::Binding(_) => Exit::Usage,
        ResetError::Journal(_) | ResetError::Progress(_) | ResetError::Json(_) => Exit::State,
        ResetError::Aws(_) => Exit::Aws,
        ResetError::Refused { .. } => Exit::Missing,
        ResetError::Stopped => Exit::Interrupted,
    }
}

pub(super) fn told(error: &ResetError) -> Exit {
    errln!("workshop: {}", printable(&error.to_string()));
    exit(error)
}

async fn plan(global: &Global, arguments: PlanArgs) -> Exit {
    let session = match open::session(global, false, true).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let title = arguments.title.unwrap_or_else(|| session.guide.workshop().id.clone());
    let source = Source {
        roster: arguments.roster,
        profiles: arguments.profiles,
        assume_role: arguments.assume_role,
        external_id: arguments.external_id,
        ou: arguments.ou,
        suffix: arguments.suffix,
    };
    let blocked = arguments.block.into_iter().collect();
    let task = tokio::spawn(async move {
        let clock = session.clock.clone();
        let _awake = clock.participate();
        resets::plan(&session, &source, &blocked, &title).await
    });
    let plan = match task.await.unwrap_or(Err(ResetError::Stopped)) {
        Ok(plan) => plan,
        Err(error) => return told(&error),
    };
    let (text, sum) = match plan.to_file() {
        Ok(written) => written,
        Err(error) => return told(&error.into()),
    };
    if let Err(error) = write_atomically(&arguments.out, text.as_bytes()) {
        return told(&error.into());
    }
    if arguments.json {
        print_line(&summary(&plan, &sum, &arguments.out));
    } else {
        print_plan(&plan, &sum, &arguments.out);
    }
    if plan.excluded.is_empty() && plan.seats.iter().all(|seat| seat.unread.is_empty()) { Exit::Done } else { Exit::No }
}

fn summary(plan: &Plan, sum: &str, out: &Path) -> Value {
    json!({
        "event": "summary", "plan": out.display().to_string(), "sha256": sum, "phrase": plan.phrase(),
        "accounts": plan.seats.len(), "excluded": plan.excluded, "resources": plan.things(),
        "not_ours": plan.seats.iter().map(|seat| seat.not_ours.len()).sum::<usize>(),
        "unread": plan.seats.iter().map(|seat| seat.unread.len()).sum::<usize>(),
        "dollars_per_hour": plan.dollars_per_hour(),
    })
}

fn print_plan(plan: &Plan, sum: &str, out: &Path) {
    for seat in &plan.seats {
        print_seat(seat);
    }
    for bad in &plan.excluded {
        outln!("seat {} {}: left alone: {}", printable(&bad.seat), printable(&bad.account), printable(&bad.why));
    }
    outln!(
        "\n{} accounts, {} left alone; {} things go; at least ${:.2} an hour ends (an estimate)",
        plan.seats.len(),
        plan.excluded.len(),
        plan.things(),
        plan.dollars_per_hour()
    );
    outln!("{}: SHA-256 {sum}", out.display());
    outln!("Nothing was deleted. To delete exactly this:\n  workshop reset apply {} --hash {sum}", out.display());
}

pub(super) fn print_seat(seat: &SeatPlan) {
    let who = &seat.seat;
    outln!(
        "seat {} {} {}: run {}: {} things go, {} stay, ${:.2} an hour{}",
        printable(&who.seat),
        who.account,
        printable(&who.name),
        if seat.suffix.is_empty() { "none" } else { &seat.suffix },
        seat.things(),
        seat.not_ours.len(),
        seat.cost.dollars_per_hour,
        if seat.cost.unknown.is_empty() {
            String::new()
        } else {
            let kinds: Vec<&str> = seat.cost.unknown.keys().map(String::as_str).collect();
            format!(" and what {} cost, which is unknown", kinds.join(", "))
        }
    );
    let mut kinds: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for item in &seat.ours {
        kinds.entry((item.kind.type_name(), &item.region)).or_default().push(&item.name);
    }
    for ((kind, region), names) in kinds {
        outln!("  goes   {kind} in {region}: {}", printable(&names.join(", ")));
    }
    for item in &seat.not_ours {
        let crate::reset::Owner::NotOurs { why } = &item.owner else { continue };
        outln!("  stays  {} {}: {}", item.kind.type_name(), printable(&item.name), printable(why));
    }
    for line in seat.unread.iter().map(|read| format!("not read: {read}")).chain(seat.notes.iter().cloned()) {
        outln!("  note   {}", printable(&line));
    }
}

async fn apply(global: &Global, arguments: ApplyArgs) -> Exit {
    let (mut plan, sum) = match resets::read_plan(&arguments.plan, arguments.hash.as_deref()) {
        Ok(read) => read,
        Err(error) => return told(&error),
    };
    if let Some(seats) = &arguments.seats {
        let known = |name: &&String| plan.seats.iter().map(|seat| &seat.seat.seat).any(|seat| seat == *name);
        if let Some(unknown) =
            seats.0.iter().find(|name| !known(name) && !plan.excluded.iter().any(|bad| bad.seat == **name))
        {
            errln!("workshop: {}: the plan has no seat '{}'", arguments.plan.display(), printable(unknown));
            return Exit::Usage;
        }
        plan.seats.retain(|seat| seats.0.contains(&seat.seat.seat));
        plan.excluded.retain(|bad| seats.0.contains(&bad.seat));
    }
    let cancel = CancellationToken::new();
    let stopper = cancel.clone();
    tokio::spawn(async move {
        signals::terminated().await;
        stopper.cancel();
    });
    if let Err(exit) = confirm(&plan, arguments.hash.is_some(), &cancel).await {
        return exit;
    }
    let session = match open::session(global, false, true).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let view = Arc::new(View::new(&session, arguments.json));
    let (path, clock, shown) = (arguments.plan.clone(), session.clock.clone(), Arc::clone(&view));
    let task = tokio::spawn(async move {
        let _awake = clock.participate();
        let tell = |seat: &str, progress: Progress| shown.tell(seat, &progress);
        resets::apply(&session, &path, &plan, &sum, &cancel, &tell).await
    });
    match task.await.unwrap_or(Err(ResetError::Stopped)) {
        Ok(report) => {
            print_report(&report, &arguments.plan, arguments.json);
            if report.clean { Exit::Done } else { Exit::No }
        }
        Err(error) => told(&error),
    }
}

/// The phrase on a terminal, or ten seconds to stop when the hash was given.
async fn confirm(plan: &Plan, hashed: bool, cancel: &CancellationToken) -> Result<(), Exit> {
    let phrase = plan.phrase();
    if hashed {
        errln!("{phrase}: begins in {} s; Ctrl-C stops it", WINDOW.as_secs());
        let wall = Clock::wall();
        tokio::select! {
            biased;
            () = cancel.cancelled() => {
                errln!("workshop: stopped; nothing was deleted");
                return Err(Exit::Interrupted);
            }
            () = wall.sleep(WINDOW) => return Ok(()),
        }
    }
    if !std::io::stdin().is_terminal() {
        errln!(
            "workshop: without a terminal nothing is deleted unless the plan's SHA-256 is given: add --hash, as `workshop reset \
             plan` printed it"
        );
        return Err(Exit::Missing);
    }
    typed(plan.things(), &phrase, cancel).await
}

/// Asks for a phrase on the terminal.
pub(super) async fn typed(things: usize, phrase: &str, cancel: &CancellationToken) -> Result<(), Exit> {
    super::out::note(format_args!("This deletes {things} things for good. Type\n  {phrase}\nto go on: "));
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let typed = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(Exit::Interrupted),
        typed = read => typed,
    };
    match typed {
        Ok(Ok(line)) if line.trim() == phrase => Ok(()),
        _ => {
            errln!("workshop: that is not what was asked for; nothing was deleted");
            Err(Exit::Missing)
        }
    }
}

/// What is shown while a plan is applied.
pub(super) struct View {
    clock: Clock,
    json: bool,
    /// What was shown last of each seat.
    rows: Mutex<BTreeMap<String, String>>,
}

impl View {
    /// Nothing was shown yet.
    pub(super) fn new(session: &Session, json: bool) -> Self {
        Self { clock: session.clock.clone(), json, rows: Mutex::default() }
    }

    /// Shows what a seat tells.
    pub(super) fn tell(&self, seat: &str, progress: &Progress) {
        if self.json {
            let mut line = json!({ "at": self.clock.now().epoch_seconds(), "seat": seat });
            if let (Some(line), Ok(Value::Object(fields))) = (line.as_object_mut(), serde_json::to_value(progress)) {
                line.extend(fields);
            }
            return print_line(&line);
        }
        let text = match progress {
            Progress::Node { node, state, why, seconds } => match (state.as_str(), why) {
                ("gone", _) => format!("{node}: gone after {}", spell(Duration::from_secs_f64(seconds.round()))),
                ("deleting", _) => format!("{node}: deleting"),
                (_, Some(why)) => format!("{node}: {state}: {why}"),
                _ => return,
            },
            Progress::Waiting { node, what, slow: true, holds } => {
                format!("{node} is slow: {what}; {} wait for it", holds.len())
            }
            Progress::Waiting { .. } | Progress::Running { .. } => return,
            Progress::Row { gone, nodes, eta } => {
                let left = |seconds| spell(Duration::from_secs(seconds));
                let next = eta.path.first().map_or("the proof", String::as_str);
                format!(
                    "{gone} of {nodes} gone; {} to {} to go; hangs on {next}",
                    left(eta.p50_seconds),
                    left(eta.p90_seconds)
                )
            }
            Progress::Proof { number, left } => format!("search {number}: {left} things left"),
            Progress::Refused { why } => format!("left alone: {why}"),
            Progress::Done { verdict, .. } => verdict.clone(),
        };
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.get(seat) != Some(&text) {
            outln!("{} seat {}: {}", self.clock.now().clock_face(), printable(seat), printable(&text));
            rows.insert(seat.to_owned(), text);
        }
    }
}

/// One line on standard output.
pub(super) fn print_line(line: &Value) {
    outln!("{line}");
}

fn print_report(report: &Report, plan: &Path, json: bool) {
    let folder = resets::folder(plan);
    let clean = report.accounts.iter().filter(|one| one.clean).count();
    if json {
        let accounts: Vec<Value> = report
            .accounts
            .iter()
            .map(|one| json!({ "seat": one.seat, "account": one.account, "verdict": one.verdict, "clean": one.clean, "left": one.left }))
            .collect();
        print_line(&json!({
            "event": "summary", "plan": report.plan, "clean": report.clean, "accounts_clean": clean,
            "accounts": accounts, "report": folder.join("report.json").display().to_string(),
        }));
        return;
    }
    for one in &report.accounts {
        outln!("seat {} {}: {}", printable(&one.seat), one.account, printable(&one.verdict));
        for left in &one.left {
            outln!("  {}", printable(&left.finish));
        }
    }
    outln!("{clean} of {} accounts are clean; {}", report.seats, folder.join("report.md").display());
}

/// The verdict, from the journal alone.
fn verify(plan: &Path, json: bool) -> Exit {
    let read = resets::read_plan(plan, None).and_then(|(_, sum)| Ok((resets::report(plan)?, sum)));
    let (report, sum) = match read {
        Ok(read) => read,
        Err(error) => return told(&error),
    };
    if report.plan != sum {
        errln!("workshop: the journal is of the plan {}, and {} is {sum}", report.plan, plan.display());
        return Exit::No;
    }
    print_report(&report, plan, json);
    if report.clean { Exit::Done } else { Exit::No }
}

/// Level 0: the learner's progress only.
async fn progress(global: &Global) -> Exit {
    let session = match open::session(global, false, false).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    match session.forget() {
        Ok(Some(kept)) => {
            outln!("The guide begins anew. What it knew is kept in {}. Nothing in AWS has changed.", kept.display());
            Exit::Done
        }
        Ok(None) => {
            outln!("There was no progress to forget. Nothing in AWS has changed.");
            Exit::Done
        }
        Err(error) => {
            errln!("workshop: {error}");
            Exit::State
        }
    }
}
