//! What the fleet screen stands on: looks at the class again and again, and resets the seats that were marked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::{Fleet, Row, Stuck, short};
use crate::app::{ClassEffect, ClassModel, ClassMsg, SeatRow, SeatState};
use crate::domain::time::spell;
use crate::engine::resets::{self, ResetError, sources};
use crate::engine::session::Session;
use crate::progress::write_atomically;
use crate::reset::{Plan, Progress, Report, Roster, Seat};

/// From the end of a look to the beginning of the next one.
pub const REFRESH: Duration = Duration::from_secs(15);
/// A seat whose account has not moved for so long is stuck. The longest step of the workshop takes some 15 minutes.
const LONG: Duration = Duration::from_mins(20);
/// How many messages may wait for the screen.
const WAITING: usize = 1024;

/// A plan that waits for its phrase.
type Planned = Arc<Mutex<Option<(PathBuf, Plan, String)>>>;

/// The class behind the screen.
pub struct Desk {
    session: Arc<Session>,
    seats: Vec<Seat>,
    title: String,
    sender: mpsc::Sender<ClassMsg>,
    look: Arc<Notify>,
    planned: Planned,
    /// Ends the reset that is at work.
    reset: Mutex<CancellationToken>,
    ends: CancellationToken,
}

impl Desk {
    /// Begins to look at the seats of a roster file. What it tells comes through the receiver.
    pub fn start(
        session: Arc<Session>,
        roster: &Path,
    ) -> Result<(Self, mpsc::Receiver<ClassMsg>, ClassModel), ResetError> {
        let read = sources::from_file(roster)?;
        let (sender, messages) = mpsc::channel(WAITING);
        let (look, ends) = (Arc::new(Notify::new()), CancellationToken::new());
        let seats = read.seats.clone();
        let model = ClassModel { now: session.clock.now(), simulated: session.simulated(), ..ClassModel::default() };
        let fleet = Fleet::of(&session, read);
        tokio::spawn(looking(fleet, Arc::clone(&session), sender.clone(), Arc::clone(&look), ends.clone()));
        let title = roster.file_stem().map_or_else(|| "class".to_owned(), |name| name.to_string_lossy().into_owned());
        let reset = Mutex::new(CancellationToken::new());
        let desk = Self { session, seats, title, sender, look, planned: Planned::default(), reset, ends };
        Ok((desk, messages, model))
    }

    /// Begins what an effect asks for.
    pub fn execute(&self, effect: ClassEffect) {
        match effect {
            ClassEffect::Look => self.look.notify_one(),
            ClassEffect::Plan(seats) => self.plan(&seats),
            ClassEffect::Apply => self.apply(),
            ClassEffect::Stop => self.reset.lock().unwrap_or_else(PoisonError::into_inner).cancel(),
        }
    }

    /// Ends the looks. A reset at work is stopped; its plan can be applied again.
    pub fn stop(&self) {
        self.reset.lock().unwrap_or_else(PoisonError::into_inner).cancel();
        self.ends.cancel();
    }

    fn plan(&self, marked: &[String]) {
        let seats = self.seats.iter().filter(|seat| marked.contains(&seat.seat)).cloned().collect();
        let (session, sender, planned) = (Arc::clone(&self.session), self.sender.clone(), Arc::clone(&self.planned));
        let title = self.title.clone();
        tokio::spawn(async move {
            let clock = session.clock.clone();
            let _awake = clock.participate();
            let (roster, blocked) = (Roster { seats, excluded: Vec::new() }, BTreeSet::new());
            let made = resets::plan_roster(&session, roster, &blocked, &title).await;
            let told = match made.and_then(|plan| keep(&session, plan)) {
                Ok(kept) => {
                    let told = Ok((lines(&kept.1, &kept.0), kept.1.phrase()));
                    *planned.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
                    told
                }
                Err(error) => Err(error.to_string()),
            };
            let _ = sender.send(ClassMsg::Planned(told)).await;
        });
    }

    fn apply(&self) {
        let Some((path, plan, sum)) = self.planned.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let cancel = CancellationToken::new();
        *self.reset.lock().unwrap_or_else(PoisonError::into_inner) = cancel.clone();
        let (session, sender) = (Arc::clone(&self.session), self.sender.clone());
        tokio::spawn(async move {
            let clock = session.clock.clone();
            let _awake = clock.participate();
            let tell = |seat: &str, progress: Progress| {
                if let Some(text) = words(&progress) {
                    // A screen that is far behind shows the next line instead.
                    let _ = sender.try_send(ClassMsg::Told { seat: seat.to_owned(), text });
                }
            };
            let ended = match resets::apply(&session, &path, &plan, &sum, &cancel, &tell).await {
                Ok(report) => verdict(&report, &path),
                Err(error) => format!("{error} (workshop reset apply {})", path.display()),
            };
            let _ = sender.send(ClassMsg::Ended(ended)).await;
        });
    }
}

/// Writes the plan where it can be applied from a shell as well.
fn keep(session: &Session, plan: Plan) -> Result<(PathBuf, Plan, String), ResetError> {
    let folder =
        session.state.as_ref().map_or_else(|| session.guide.workspace().to_owned(), |state| state.root().to_owned());
    let folder = folder.join("resets");
    let failed = |why: std::io::Error| ResetError::File { path: folder.clone(), why: why.to_string() };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let free = |number: &u32| !folder.join(format!("fleet-{number}.json")).exists();
    let number = (1..=u32::MAX).find(free).unwrap_or(u32::MAX);
    let path = folder.join(format!("fleet-{number}.json"));
    let (text, sum) = plan.to_file()?;
    write_atomically(&path, text.as_bytes())?;
    Ok((path, plan, sum))
}

/// What a plan does, a line each.
fn lines(plan: &Plan, path: &Path) -> Vec<String> {
    let stays = plan.seats.iter().map(|seat| seat.not_ours.len()).sum::<usize>();
    let mut lines = vec![format!(
        "{} accounts: {} things go, {stays} of others stay; at least ${:.2} an hour ends (an estimate). Plan: {}",
        plan.seats.len(),
        plan.things(),
        plan.dollars_per_hour(),
        path.display()
    )];
    lines.extend(plan.excluded.iter().map(|bad| format!("seat {} is left alone: {}", bad.seat, bad.why)));
    lines
}

/// What is shown of a reset in a seat's row.
fn words(progress: &Progress) -> Option<String> {
    match progress {
        Progress::Row { gone, nodes, eta } => {
            let left = |seconds| spell(Duration::from_secs(seconds));
            let hangs = eta.path.first().map_or(String::new(), |node| format!("; {node}"));
            Some(format!("{gone}/{nodes} gone, {} to {}{hangs}", left(eta.p50_seconds), left(eta.p90_seconds)))
        }
        Progress::Node { node, state, why: Some(why), .. } => Some(format!("{node} {state}: {why}")),
        Progress::Proof { number, left } => Some(format!("search {number}: {left} left")),
        Progress::Refused { why } => Some(format!("left alone: {why}")),
        Progress::Done { verdict, .. } => Some(verdict.clone()),
        Progress::Node { .. } | Progress::Running { .. } | Progress::Waiting { .. } => None,
    }
}

fn verdict(report: &Report, path: &Path) -> String {
    let clean = report.accounts.iter().filter(|one| one.clean).count();
    let folder = resets::folder(path);
    format!("{clean} of {} accounts are clean; {}", report.seats, folder.join("report.md").display())
}

/// Asks every seat, again after a pause or when somebody wants it now.
async fn looking(
    mut fleet: Fleet,
    session: Arc<Session>,
    sender: mpsc::Sender<ClassMsg>,
    look: Arc<Notify>,
    ends: CancellationToken,
) {
    let work = async {
        loop {
            let begun = Instant::now();
            {
                let _awake = session.clock.participate();
                let tell = |done, of| {
                    // A screen that is far behind shows the next number instead.
                    let _ = sender.try_send(ClassMsg::Asked { done, of });
                };
                fleet.cycle_telling(&tell).await;
            }
            let rows = fleet.rows().iter().map(shown).collect();
            let told = ClassMsg::Rows { rows, now: session.clock.now(), seconds: begun.elapsed().as_secs_f64() };
            if sender.send(told).await.is_err() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(REFRESH) => {}
                () = look.notified() => {}
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = ends.cancelled() => {}
    }
}

/// A row in the words of the screen.
pub fn shown(row: &Row) -> SeatRow {
    let stuck = match (row.stuck, row.stuck_seconds) {
        (Stuck::Since(_), Some(seconds)) => short(seconds),
        (Stuck::Working, _) => "working".to_owned(),
        _ => "unknown".to_owned(),
    };
    let long = row.stuck_seconds.is_some_and(|seconds| seconds > LONG.as_secs_f64());
    let state = match (&row.module, row.errors.is_empty()) {
        (None, _) => SeatState::Unread,
        (_, false) => SeatState::Wrong,
        _ if long => SeatState::Stuck,
        _ if row.stuck == Stuck::Working => SeatState::Working,
        _ => SeatState::Fine,
    };
    let more = if row.cost_unknown.is_empty() { "" } else { "+" };
    SeatRow {
        seat: row.seat.clone(),
        name: row.name.clone(),
        account: row.account.clone(),
        state,
        module: row.module.clone(),
        facts: (row.facts.passed, row.facts.total),
        stuck,
        last: row.last_activity.map_or_else(|| "?".to_owned(), |at| at.clock_face().chars().take(5).collect()),
        cost: row.dollars_per_hour.map_or_else(|| "?".to_owned(), |cost| format!("{cost:.2}{more}")),
        waits_for: row.waits_for.clone().unwrap_or_else(|| {
            let unread = || row.errors.first().cloned().unwrap_or_default();
            if row.module.is_some() { "nothing".to_owned() } else { unread() }
        }),
        position: row.position.clone(),
        errors: row.errors.clone(),
    }
}
