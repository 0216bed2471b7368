//! `workshop reset`: which accounts, how each is entered, and the plan and its execution over all of them.

pub(super) mod doors;
mod fence;
pub mod own;
pub(super) mod sources;
pub mod undo;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::session::Session;
use crate::content::MissingBinding;
use crate::domain::{BoxFuture, RegionPair};
use crate::progress::{ProgressError, write_folder};
use crate::reset::{
    self, Caller, Entry, Excluded, FileJournal, JournalError, Plan, PlanError, Progress, Ready, Record, Recorder,
    Report, Roster, RosterError, Seat, SeatPlan, Stop, Tools,
};

pub use fence::OwnReset;
pub use sources::Source;

/// Why a reset cannot be planned or applied.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// A file cannot be read.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The roster is wrong as a whole.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// The plan is wrong.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What was written cannot be kept.
    #[error(transparent)]
    Progress(#[from] ProgressError),
    /// The accounts cannot be found out.
    #[error("the accounts could not be listed: {0}")]
    Aws(#[from] crate::domain::Failure),
    /// A combination that means nothing.
    #[error("{0}")]
    Usage(String),
    /// The workshop has a variable without a value.
    #[error("the workshop's {} has no value", .0.name)]
    Binding(#[from] MissingBinding),
    /// A plan that cannot be written as text.
    #[error("the plan could not be written: {0}")]
    Json(#[from] serde_json::Error),
    /// The account is left alone.
    #[error("the account {account} is left alone: {why}")]
    Refused {
        /// Which.
        account: String,
        /// Why.
        why: String,
    },
    /// Stopped by hand.
    #[error("stopped; what AWS has begun goes on, and the same command continues")]
    Stopped,
}

/// What is told while a plan is applied.
pub type Tell<'t> = &'t (dyn Fn(&str, Progress) + Send + Sync);

/// Makes a plan. Call it while holding one participant of the session's clock.
pub async fn plan(
    session: &Session,
    source: &Source,
    blocked: &BTreeSet<String>,
    title: &str,
) -> Result<Plan, ResetError> {
    let roster = sources::roster(session, source).await?;
    plan_roster(session, roster, blocked, title).await
}

/// Makes a plan for the accounts of a roster. Call it while holding one participant of the session's clock.
pub async fn plan_roster(
    session: &Session,
    roster: Roster,
    blocked: &BTreeSet<String>,
    title: &str,
) -> Result<Plan, ResetError> {
    let Roster { seats, mut excluded } = roster;
    let branches: Vec<BoxFuture<'_, Result<SeatPlan, Excluded>>> = seats
        .into_iter()
        .map(|seat| {
            let branch: BoxFuture<'_, _> = Box::pin(async move {
                planned(session, seat.clone(), blocked).await.map_err(|why| Excluded {
                    seat: seat.seat.clone(),
                    account: seat.account.clone(),
                    why,
                })
            });
            branch
        })
        .collect();
    let mut plans = Vec::new();
    for answer in reset::side_by_side(&session.clock, branches).await {
        match answer {
            Ok(seat) => plans.push(seat),
            Err(bad) => excluded.push(bad),
        }
    }
    let made = session.clock.now().rfc3339();
    Ok(Plan {
        format: reset::FORMAT,
        workshop: session.guide.workshop().id.clone(),
        title: title.to_owned(),
        made,
        blocked: blocked.clone(),
        seats: plans,
        excluded,
    })
}

/// The two Regions of a seat: its own, or the session's.
pub(super) fn regions(session: &Session, seat: &Seat) -> Result<RegionPair, String> {
    if seat.primary.is_empty() && seat.secondary.is_empty() {
        return Ok(session.guide.regions().clone());
    }
    RegionPair::new(&seat.primary, &seat.secondary).map_err(|error| error.to_string())
}

async fn planned(session: &Session, mut seat: Seat, blocked: &BTreeSet<String>) -> Result<SeatPlan, String> {
    let regions = regions(session, &seat)?;
    let aws = doors::enter(session, &seat, regions.primary().as_str(), doors::RESET).await?;
    let caller = Caller::new(aws, session.clock.clone(), &seat.account);
    let checked = reset::preflight(&caller, &seat, regions.primary().as_str(), blocked).await?;
    if seat.suffix.is_empty() {
        let found = suffix_of(session, &caller, &regions).await?;
        let Some(found) = found else {
            return Ok(SeatPlan {
                notes: vec!["nothing in it carries the workshop's tags".to_owned()],
                ..empty(seat, &checked.caller)
            });
        };
        seat.suffix = found;
    }
    let run = session.run_with(&seat.suffix, &regions).map_err(|error| error.to_string())?;
    let (mut plan, scan) = reset::plan_seat(&caller, &seat, &run, &checked.caller).await;
    if let Some(why) = reset::kept_role(&scan, &checked.caller) {
        return Err(why);
    }
    plan.notes = checked.notes;
    Ok(plan)
}

/// Finds the suffix of the account's run by its tags; none when nothing carries them.
pub(super) async fn suffix_of(
    session: &Session,
    caller: &Caller,
    regions: &RegionPair,
) -> Result<Option<String>, String> {
    let workshop = session.guide.workshop();
    let own = |(_, template): &(&String, &String)| template.contains("vars.suffix");
    let key = workshop.tags.iter().find(own).map(|(key, _)| key.clone());
    let key = key.ok_or("the workshop has no tag with the run's suffix; fill in the column suffix")?;
    let shared: Vec<(String, String)> =
        workshop.tags.iter().filter(|tag| !own(tag)).map(|(key, value)| (key.clone(), value.clone())).collect();
    let places = [regions.primary().as_str(), regions.secondary().as_str(), crate::domain::GLOBAL_REGION];
    reset::find_suffix(caller, &workshop.id, &key, &shared, &places).await
}

fn empty(seat: Seat, caller: &str) -> SeatPlan {
    SeatPlan {
        seat,
        suffix: String::new(),
        caller: caller.to_owned(),
        ours: Vec::new(),
        members: BTreeMap::new(),
        not_ours: Vec::new(),
        unproved: Vec::new(),
        manifest: None,
        regions: Vec::new(),
        closed_regions: Vec::new(),
        unread: Vec::new(),
        cost: reset::Cost::default(),
        notes: Vec::new(),
    }
}

/// The folder beside a plan in which its journal and reports stand.
pub fn folder(plan: &Path) -> PathBuf {
    let mut name = plan.as_os_str().to_owned();
    name.push(".run");
    PathBuf::from(name)
}

/// The journal of a plan.
pub fn journal(plan: &Path) -> PathBuf {
    folder(plan).join("journal.ndjson")
}

/// Reads a plan's file; `hash` is what its content must have.
pub fn read_plan(path: &Path, hash: Option<&str>) -> Result<(Plan, String), ResetError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ResetError::File { path: path.to_path_buf(), why: error.to_string() })?;
    Ok(Plan::from_file(&path.display().to_string(), &text, hash)?)
}

/// Applies a plan, or goes on with one that was begun. One account that cannot be reset stops no other. Call it while
/// holding one participant of the session's clock.
pub async fn apply(
    session: &Session,
    path: &Path,
    plan: &Plan,
    sum: &str,
    cancel: &CancellationToken,
    tell: Tell<'_>,
) -> Result<Report, ResetError> {
    if plan.workshop != session.guide.workshop().id {
        return Err(ResetError::Usage(format!(
            "{}: the plan is about the workshop {}, and this is {}; name its folder with --modules",
            path.display(),
            plan.workshop,
            session.guide.workshop().id
        )));
    }
    let (journal, records) = FileJournal::open(&journal(path))?;
    let begun = |record: &&Record| matches!(record.entry, Entry::Begun { .. });
    let again = records.iter().any(|record| begun(&record));
    if let Some(Record { entry: Entry::Begun { plan: other, .. }, .. }) = records.iter().find(begun)
        && other != sum
    {
        return Err(ResetError::Usage(format!(
            "{}: its journal is of another plan ({other}); move it away before this one is applied",
            folder(path).display()
        )));
    }
    let started: BTreeSet<&str> = records
        .iter()
        .filter(|record| matches!(record.entry, Entry::SeatStarted { .. }))
        .filter_map(|record| record.seat.as_deref())
        .collect();
    let seats = plan.seats.len() + plan.excluded.len();
    journal.append(None, session.clock.now(), vec![Entry::Begun { plan: sum.to_owned(), seats, again }])?;
    for bad in &plan.excluded {
        let why = format!("excluded by the plan: {}", bad.why);
        journal.append(Some(&bad.seat), session.clock.now(), vec![Entry::SeatRefused { why }])?;
    }
    let branches: Vec<BoxFuture<'_, Result<(), ResetError>>> = plan
        .seats
        .iter()
        .map(|seat| {
            let (journal, again) = (&journal, started.contains(seat.seat.seat.as_str()));
            let branch: BoxFuture<'_, _> =
                Box::pin(async move { one(session, plan, seat, again, journal, cancel, tell).await });
            branch
        })
        .collect();
    let mut stopped = None;
    for answer in reset::side_by_side(&session.clock, branches).await {
        if let Err(error) = answer {
            stopped = Some(error);
        }
    }
    drop(journal);
    let report = self::report(path)?;
    write_reports(path, plan, &report)?;
    stopped.map_or(Ok(report), Err)
}

/// Resets one account.
async fn one(
    session: &Session,
    plan: &Plan,
    seat: &SeatPlan,
    again: bool,
    journal: &FileJournal,
    cancel: &CancellationToken,
    tell: Tell<'_>,
) -> Result<(), ResetError> {
    let name = seat.seat.seat.as_str();
    let refuse = |why: String| {
        tell(name, Progress::Refused { why: why.clone() });
        journal.append(Some(name), session.clock.now(), vec![Entry::SeatRefused { why }])
    };
    if cancel.is_cancelled() {
        return Err(ResetError::Stopped);
    }
    let prepared = prepare(session, plan, seat, again).await;
    let (caller, acting, run, scan) = match prepared {
        Ok(prepared) => prepared,
        Err(why) => return Ok(refuse(why)?),
    };
    let allowed = seat.allowed();
    let ready = Ready {
        seat: name,
        account: &seat.seat.account,
        run: &run,
        scan: &scan,
        allowed: &allowed,
        not_ours: &seat.not_ours,
        manifest: seat.manifest.as_deref(),
    };
    let began = Entry::SeatStarted { account: seat.seat.account.clone(), caller: acting, nodes: ready.nodes().len() };
    journal.append(Some(name), session.clock.now(), vec![began])?;
    let tell = |progress: Progress| tell(name, progress);
    match reset::execute(&ready, Tools { caller: &caller, journal, cancel, tell: &tell }).await {
        Ok(_) => Ok(()),
        Err(Stop::Cancelled) => Err(ResetError::Stopped),
        Err(Stop::Journal(error)) => Err(error.into()),
        Err(Stop::Graph(error)) => Ok(refuse(error.to_string())?),
    }
}

type Prepared = (Caller, String, reset::Run, reset::Scan);

/// Enters an account, asks everything again that was asked for the plan, and looks at what exists now.
async fn prepare(session: &Session, plan: &Plan, seat: &SeatPlan, again: bool) -> Result<Prepared, String> {
    let regions = regions(session, &seat.seat)?;
    let aws = doors::enter(session, &seat.seat, regions.primary().as_str(), doors::RESET).await?;
    let caller = Caller::new(aws, session.clock.clone(), &seat.seat.account);
    let checked = reset::preflight(&caller, &seat.seat, regions.primary().as_str(), &plan.blocked).await?;
    // Nothing was found for the plan, and without a suffix nothing can be looked for.
    let suffix = if seat.suffix.is_empty() { NOTHING } else { &seat.suffix };
    let run = session.run_with(suffix, &regions).map_err(|error| error.to_string())?;
    let scan = reset::scan(&caller, &seat.seat.account, &run).await;
    if let Some(unread) = scan.unread.first() {
        return Err(format!("what it holds could not be read ({unread}); mend that and run the same command"));
    }
    if let Some(why) = reset::kept_role(&scan, &checked.caller) {
        return Err(why);
    }
    let new = reset::new_since(&scan, &seat.allowed());
    if let (Some(first), false) = (new.first(), again) {
        return Err(format!(
            "{} things of the run are new since the plan, {} {} in {} among them; make a new plan",
            new.len(),
            first.kind.type_name(),
            first.name,
            first.region
        ));
    }
    Ok((caller, checked.caller, run, scan))
}

/// No run has this suffix: suffixes have letters and digits only.
pub(super) const NOTHING: &str = "-";

/// The report of a plan that was applied, computed from its journal.
pub fn report(path: &Path) -> Result<Report, ResetError> {
    if !journal(path).exists() {
        let why = "it was not applied yet: there is no journal beside it".to_owned();
        return Err(ResetError::File { path: path.to_path_buf(), why });
    }
    Ok(reset::report(&FileJournal::read(&journal(path))?))
}

/// Writes the reports beside the journal: for all, and for each account.
fn write_reports(path: &Path, plan: &Plan, report: &Report) -> Result<(), ResetError> {
    let mut files = BTreeMap::new();
    files.insert("report.json".to_owned(), serde_json::to_string_pretty(report)?);
    files.insert("report.md".to_owned(), reset::markdown(report, &plan.title));
    for account in &report.accounts {
        let safe: String = account.seat.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let alone = Report { seats: 1, clean: account.clean, accounts: vec![account.clone()], ..report.clone() };
        files.insert(format!("seat-{safe}.json"), serde_json::to_string_pretty(&alone)?);
        files.insert(
            format!("seat-{safe}.md"),
            reset::markdown(&alone, &format!("{}, seat {}", plan.title, account.seat)),
        );
    }
    Ok(write_folder(&folder(path), &files)?)
}
