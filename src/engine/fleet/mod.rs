//! `workshop fleet`: where every learner of a class stands, from the state of the accounts alone.
//!
//! A seat's account is entered by the roster's role, and read; nothing is installed at the learner's side and nothing is
//! changed. What a cycle has no read left for keeps the answer of an earlier one, which is shown with its age.

mod desk;
mod place;
mod reader;
mod row;
mod seat;
mod stacks;

use std::path::Path;
use std::sync::Arc;

use super::resets::{ResetError, sources};
use super::session::Session;
use crate::reset::{Excluded, Roster, Seat};

pub use desk::{Desk, REFRESH, shown};
pub use row::{Facts, Row, Stuck, short};
use seat::Watched;

/// How many calls a cycle makes in an account, at most. Source: design/reset.md, point 6 of the goals.
pub const READS: usize = 12;
/// After so many cycles every check of a module was asked, however many there are.
const CYCLES: usize = 8;

/// The seats of a class while somebody looks at them.
pub struct Fleet {
    session: Arc<Session>,
    watched: Vec<Watched>,
    excluded: Vec<Excluded>,
    /// How many cycles were made.
    pub cycles: usize,
}

impl Fleet {
    /// The seats of a roster file.
    pub fn open(session: &Arc<Session>, roster: &Path) -> Result<Self, ResetError> {
        Ok(Self::of(session, sources::from_file(roster)?))
    }

    /// The seats of a roster.
    pub fn of(session: &Arc<Session>, roster: Roster) -> Self {
        let watched = roster.seats.into_iter().map(Watched::new).collect();
        Self { session: Arc::clone(session), watched, excluded: roster.excluded, cycles: 0 }
    }

    /// Asks every account once more, all at the same time. Call it while holding one participant of the session's clock.
    pub async fn cycle(&mut self) {
        self.cycle_telling(&|_, _| ()).await;
    }

    /// As [`Fleet::cycle`], and tells how many of how many seats have answered.
    pub async fn cycle_telling(&mut self, tell: &(dyn Fn(usize, usize) + Sync)) {
        let clock = &self.session.clock;
        let asked: Vec<_> = std::mem::take(&mut self.watched)
            .into_iter()
            .map(|mut watched| {
                let (session, awake) = (Arc::clone(&self.session), clock.participate());
                let seat: Seat = watched.seat.clone();
                let task = tokio::spawn(async move {
                    watched.cycle(&session).await;
                    (watched, awake)
                });
                (seat, task)
            })
            .collect();
        let of = asked.len();
        for (seat, task) in asked {
            // A seat whose task broke is entered anew with the next cycle, and stops no other.
            let watched = match clock.idle(task).await {
                Ok((watched, _awake)) => watched,
                Err(error) => Watched::broken(seat, error.to_string()),
            };
            self.watched.push(watched);
            tell(self.watched.len(), of);
        }
        self.cycles += 1;
    }

    /// Asks until everything was asked that can be known now. The clock's participant is held as for [`Fleet::cycle`].
    pub async fn settle(&mut self) {
        for _ in 0..CYCLES {
            self.cycle().await;
            if self.watched.iter().all(|watched| watched.settled(&self.session)) {
                return;
            }
        }
    }

    /// What is known of every seat: who is stuck longest comes first.
    pub fn rows(&self) -> Vec<Row> {
        let bad = self.excluded.iter().map(|bad| Row::unread(&bad.seat, &bad.account, &format!("roster: {}", bad.why)));
        let mut rows: Vec<Row> = self.watched.iter().map(|watched| watched.row(&self.session)).chain(bad).collect();
        rows.sort_by(|a, b| a.order().cmp(&b.order()).then_with(|| a.seat.cmp(&b.seat)));
        rows
    }
}
