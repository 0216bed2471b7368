//! The drill of a front end: started, steered, reported.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::drill_view::view;
use super::drills::{self, DrillError};
use super::kept::{self, Kept};
use super::session::Session;
use crate::app::{Msg, Trouble};
use crate::drill::{Control, Snapshot, Stage};

/// How long the program waits at its end for a fault to be mended.
const MENDING: Duration = Duration::from_secs(10);

/// What is known of the drill that ran last.
#[derive(Default)]
struct Last {
    prediction: Option<Duration>,
    snapshot: Option<Snapshot>,
    kept: Option<Kept>,
}

pub(super) struct RunningDrill {
    session: Arc<Session>,
    sender: mpsc::Sender<Msg>,
    control: Control,
    task: Option<JoinHandle<()>>,
    last: Arc<Mutex<Last>>,
}

impl RunningDrill {
    pub(super) fn new(session: Arc<Session>, sender: mpsc::Sender<Msg>) -> Self {
        Self { session, sender, control: Control::default(), task: None, last: Arc::default() }
    }

    fn running(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// Starts a drill, unless one is running; `alone` even if nothing would mend it should this program die.
    pub(super) fn start(&mut self, fault: String, alone: bool) {
        if self.running() {
            let _ = self.sender.try_send(Msg::Notice("A drill is running already.".to_owned()));
            return;
        }
        self.control = Control::default();
        let (session, sender, control, last) =
            (Arc::clone(&self.session), self.sender.clone(), self.control.clone(), Arc::clone(&self.last));
        self.task = Some(tokio::spawn(async move {
            // What an earlier drill left broken is mended first.
            for line in kept::recover(&session).await {
                let _ = sender.send(Msg::Notice(line)).await;
            }
            let clock = session.clock.clone();
            let _awake = clock.participate();
            let faults = drills::faults(&session);
            let show = |snapshot: Snapshot| {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                let shown = view(&snapshot, faults.clone(), last.prediction);
                last.snapshot = Some(snapshot);
                // The newest view is what matters; one that finds the channel full is followed by another in a second.
                let _ = sender.try_send(Msg::Drill(Box::new(shown)));
            };
            match kept::run(&session, &fault, false, alone, &control, &show).await {
                Ok(kept) => tell(&session, &sender, kept, &last).await,
                Err(DrillError::Unguarded(why)) => {
                    let _ = sender.send(Msg::Unguarded { fault, why }).await;
                }
                Err(error) => {
                    let trouble = Trouble {
                        what: format!("{error}."),
                        means: "Nothing was broken.".to_owned(),
                        press: "Press q to go back; the home screen shows what is missing.".to_owned(),
                    };
                    let _ = sender.send(Msg::Trouble { title: "Starting the drill".to_owned(), trouble }).await;
                }
            }
        }));
    }

    /// The learner's guess.
    pub(super) fn predict(&mut self, guess: Duration) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).prediction = Some(guess);
    }

    /// Mends the fault at once and ends the drill.
    pub(super) fn abort(&mut self) {
        self.control.abort.cancel();
    }

    /// Mends the fault and measures the way back.
    pub(super) fn fail_back(&mut self) {
        self.control.fail_back.notify_one();
    }

    /// Forgets the drill that is over. A task that has told its end may still be saving its report, and would bring the old
    /// drill back; so it is waited for.
    pub(super) fn reset(&mut self) {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let over = last.snapshot.as_ref().is_some_and(|one| matches!(one.stage, Stage::Done | Stage::Stopped(_)));
        drop(last);
        if !over && self.running() {
            return;
        }
        let (task, last, session, sender) =
            (self.task.take(), Arc::clone(&self.last), Arc::clone(&self.session), self.sender.clone());
        tokio::spawn(async move {
            if let Some(task) = task {
                let _ = task.await;
            }
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Last::default();
            let _ = sender.send(Msg::Drill(Box::new(drills::at_rest(&session)))).await;
        });
    }

    /// Writes the report again, and says where it is.
    pub(super) fn export(&mut self) {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let notice = match (&last.kept, &self.session.state) {
            (Some(kept), Some(state)) => match state.save_report(&kept.name, &kept.files()) {
                Ok(path) => format!("The report is in {}", path.display()),
                Err(error) => error.to_string(),
            },
            (None, _) => "There is no finished drill to report yet.".to_owned(),
            (_, None) => "A throw-away world keeps no reports.".to_owned(),
        };
        let _ = self.sender.try_send(Msg::Notice(notice));
    }

    /// Stops a running drill and waits until its fault is mended.
    pub(super) async fn end(&mut self) {
        if !self.running() {
            return;
        }
        self.control.abort.cancel();
        if let Some(task) = self.task.take() {
            let _ = tokio::time::timeout(MENDING, task).await;
        }
    }
}

/// Tells the end of a drill, and where its report is.
async fn tell(session: &Session, sender: &mpsc::Sender<Msg>, mut kept: Kept, last: &Arc<Mutex<Last>>) {
    let (place, problems) = (kept.place.take(), std::mem::take(&mut kept.problems));
    let shown = {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        last.kept = Some(kept);
        last.snapshot.as_ref().map(|snapshot| view(snapshot, drills::faults(session), last.prediction))
    };
    if let Some(mut shown) = shown {
        shown.report = place.map(|path| path.display().to_string());
        let _ = sender.send(Msg::Drill(Box::new(shown))).await;
    }
    for problem in problems {
        let _ = sender.send(Msg::Notice(problem)).await;
    }
}
