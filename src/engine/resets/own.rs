//! The run of the account that the guide works in: one plan at a time, kept beside the journal that continues it.
//!
//! A shell, a fence of a page and a second start after a kill all come here, so they do the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::{ResetError, Source, Tell, doors};
use crate::engine::session::Session;
use crate::progress::write_atomically;
use crate::reset::{self, AccountReport, Caller, Entry, FileJournal, Plan, SeatPlan};

/// A plan of the account's own run.
#[derive(Clone, Debug)]
pub struct Own {
    /// Where it is kept; its journal and its reports stand beside it.
    pub path: PathBuf,
    /// What goes.
    pub plan: Plan,
    /// Its SHA-256.
    pub sum: String,
    /// Whether an earlier start of the same plan did not come to its end.
    pub continues: bool,
}

impl Own {
    /// The one account of the plan.
    pub fn seat(&self) -> Option<&SeatPlan> {
        self.plan.seats.first()
    }

    /// Whether there is nothing to do: no thing of the run was found, and no earlier start waits for its proof.
    pub fn idle(&self) -> bool {
        !self.continues && self.plan.things() == 0 && self.seat().is_some_and(|seat| seat.unread.is_empty())
    }
}

/// Looks at the account and makes the plan, or takes up the one that was begun. The error says why it is left alone.
/// Call it while holding one participant of the session's clock.
pub async fn look(session: &Session, suffix: Option<&str>) -> Result<Own, ResetError> {
    let source = Source { suffix: suffix.map(str::to_owned), ..Source::default() };
    let title = session.guide.workshop().id.clone();
    let plan = super::plan(session, &source, &BTreeSet::new(), &title).await?;
    if let Some(bad) = plan.excluded.first() {
        return Err(ResetError::Refused { account: bad.account.clone(), why: bad.why.clone() });
    }
    let folder = folder(session);
    let (number, last) = last(&folder)?;
    if let Some(begun) = last.filter(|begun| covers(&begun.plan, &plan)) {
        return Ok(begun);
    }
    let path = folder.join(format!("plan-{}.json", number + 1));
    let (_, sum) = plan.to_file()?;
    Ok(Own { path, plan, sum, continues: false })
}

/// Where the plans of a run stand.
fn folder(session: &Session) -> PathBuf {
    session.state.as_ref().map_or_else(|| session.guide.workspace().join("resets"), |state| state.root().join("resets"))
}

/// The number of the last plan that was begun, and the plan when it did not come to a clean end.
fn last(folder: &Path) -> Result<(u32, Option<Own>), ResetError> {
    let begun = |number: &u32| super::journal(&folder.join(format!("plan-{number}.json"))).exists();
    let mut number = 0;
    while begun(&(number + 1)) {
        number += 1;
    }
    if number == 0 {
        return Ok((0, None));
    }
    let path = folder.join(format!("plan-{number}.json"));
    let records = FileJournal::read(&super::journal(&path))?;
    let ended = records.iter().rev().find_map(|record| match &record.entry {
        Entry::SeatDone { verdict, .. } => Some(verdict.clean()),
        Entry::SeatStarted { .. } => Some(false),
        _ => None,
    });
    if ended != Some(false) {
        return Ok((number, None));
    }
    // A plan that cannot be read any more is not continued; the account says what is there.
    let own = super::read_plan(&path, None).ok().map(|(plan, sum)| Own { path, plan, sum, continues: true });
    Ok((number, own))
}

/// Whether everything of the newer plan is in the one that was begun, in the same account and for the same run.
fn covers(begun: &Plan, now: &Plan) -> bool {
    let (Some(begun), Some(now)) = (begun.seats.first(), now.seats.first()) else { return false };
    let same = begun.seat.account == now.seat.account && begun.suffix == now.suffix;
    same && now.allowed().is_subset(&begun.allowed())
}

/// Deletes what the plan names, and gives what the journal tells of it. Call it while holding one participant of the
/// session's clock.
pub async fn apply(
    session: &Session,
    own: &Own,
    cancel: &CancellationToken,
    tell: Tell<'_>,
) -> Result<AccountReport, ResetError> {
    // One that somebody else has begun meanwhile is not written over; its journal then refuses this one.
    if !own.continues && !super::journal(&own.path).exists() {
        let folder = own.path.parent().unwrap_or(&own.path);
        let failed = |why: std::io::Error| ResetError::File { path: folder.to_path_buf(), why: why.to_string() };
        std::fs::create_dir_all(folder).map_err(failed)?;
        write_atomically(&own.path, own.plan.to_file()?.0.as_bytes())?;
    }
    let report = super::apply(session, &own.path, &own.plan, &own.sum, cancel, tell).await?;
    report.accounts.into_iter().next().ok_or_else(|| ResetError::Usage("the plan names no account".to_owned()))
}

/// What is left of a run in the account, by a search that knows nothing of a plan.
pub async fn left(session: &Session, own: &Own) -> Result<reset::Proof, ResetError> {
    let Some(seat) = own.seat() else { return Ok(reset::Proof::default()) };
    let regions = super::regions(session, &seat.seat).map_err(ResetError::Usage)?;
    let aws = doors::enter(session, &seat.seat, regions.primary().as_str(), doors::RESET).await;
    let caller = Caller::new(aws.map_err(ResetError::Usage)?, session.clock.clone(), &seat.seat.account);
    let run = session.run_with(&seat.suffix, &regions)?;
    Ok(reset::prove(&caller, &run, &seat.not_ours).await)
}

/// What the plan does, in one line.
pub fn summary(own: &Own) -> String {
    let plan = &own.plan;
    let stays = plan.seats.iter().map(|seat| seat.not_ours.len()).sum::<usize>();
    let again = if own.continues { "; it continues what was begun" } else { "" };
    format!(
        "{} things of the run go, {stays} of others stay; at least ${:.2} an hour ends (an estimate){again}",
        plan.things(),
        plan.dollars_per_hour()
    )
}
