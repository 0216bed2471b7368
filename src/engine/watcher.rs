//! The watcher: reads what the screen shows again and again, and what matters elsewhere now and then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::page::page;
use super::session::Session;
use crate::app::{Lag, Msg, Page, ResourcesView, Watched};
use crate::content::model::{Ask, Step, StepKind};
use crate::domain::{FactId, Outcome, ResourceState};
use crate::guide::{Scope, StepOutcome, survey};

/// Time between two reads of what is shown: simulated AWS, where a read costs a millisecond.
const SHOWN_SANDBOX: Duration = Duration::from_millis(1000);
/// The same on real AWS (architecture.md: 2 s while something changes, 15 s idle; half the documented rates).
const SHOWN_AWS: Duration = Duration::from_secs(10);
/// Time between two reads of everything else: simulated AWS.
const ALL_SANDBOX: Duration = Duration::from_secs(5);
/// The same on real AWS.
const ALL_AWS: Duration = Duration::from_secs(60);

/// Asks the watcher to read again at once.
#[derive(Clone)]
pub(super) struct Nudge(Arc<Notify>);

impl Nudge {
    pub(super) fn now(&self) {
        self.0.notify_one();
    }
}

/// The watcher's handle.
pub(super) struct Watcher {
    shown: watch::Sender<Watched>,
    nudge: Nudge,
    opened: Arc<Mutex<Option<String>>>,
}

impl Watcher {
    pub(super) fn start(session: Arc<Session>, sender: mpsc::Sender<Msg>, ends: CancellationToken) -> Self {
        let (shown, seen) = watch::channel(Watched::Home);
        let nudge = Nudge(Arc::new(Notify::new()));
        let opened = Arc::new(Mutex::new(None));
        let eyes = Eyes { session, sender, opened: Arc::clone(&opened), last_page: None, facts: BTreeMap::new() };
        tokio::spawn(look(eyes, seen, nudge.clone(), ends));
        Self { shown, nudge, opened }
    }

    /// Renders that step's page from now on.
    pub(super) fn open(&self, step: &str) {
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(step.to_owned());
        self.nudge.now();
    }

    /// The screen shows that from now on.
    pub(super) fn watch(&self, what: Watched) {
        self.shown.send_replace(what);
        self.nudge.now();
    }

    /// Reads at once.
    pub(super) fn now(&self) {
        self.nudge.now();
    }

    pub(super) fn nudge(&self) -> Nudge {
        self.nudge.clone()
    }
}

struct Eyes {
    session: Arc<Session>,
    sender: mpsc::Sender<Msg>,
    opened: Arc<Mutex<Option<String>>>,
    last_page: Option<Page>,
    /// The facts as they were last read, to notice what is lost.
    facts: BTreeMap<FactId, Outcome>,
}

async fn look(mut eyes: Eyes, mut shown: watch::Receiver<Watched>, nudge: Nudge, ends: CancellationToken) {
    let (every, all_every) = if eyes.session.simulated() { (SHOWN_SANDBOX, ALL_SANDBOX) } else { (SHOWN_AWS, ALL_AWS) };
    let mut last_all: Option<Instant> = None;
    loop {
        let what = shown.borrow_and_update().clone();
        let clock = eyes.session.clock.clone();
        let work = async {
            // A call that AWS refuses is tried again after a while of simulated time. Who sleeps there without a seat lets time
            // pass under those who are awake: a drill would then measure what is not so.
            let _awake = clock.participate();
            eyes.page().await;
            eyes.shown(&what).await;
            if last_all.is_none_or(|last| last.elapsed() >= all_every) {
                if what != Watched::Home {
                    eyes.home().await;
                }
                if what != Watched::Resources {
                    eyes.resources().await;
                }
                last_all = Some(Instant::now());
            }
        };
        tokio::select! {
            () = work => {}
            () = ends.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = nudge.0.notified() => {}
            () = ends.cancelled() => return,
        }
    }
}

impl Eyes {
    async fn tell(&self, message: Msg) {
        let _ = self.sender.send(message).await;
    }

    async fn shown(&mut self, what: &Watched) {
        match what {
            Watched::Home => self.home().await,
            Watched::Step(id) => {
                if let Some(step) = self.session.guide.step(id) {
                    self.step(step).await;
                }
            }
            Watched::Resources => self.resources().await,
            // A running drill tells its own view.
            Watched::Drill => {}
        }
    }

    /// The page of the step that is open, when it changed.
    async fn page(&mut self) {
        let Some(id) = self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone() else { return };
        let guide = &self.session.guide;
        let Some(step) = guide.step(&id) else { return };
        let mut templates: Vec<&str> = vec![&step.body, &step.goal];
        templates.extend(step.actions.iter().flat_map(|action| action.commands.iter().map(String::as_str)));
        let bindings = guide.bindings_for(templates).await;
        let page = page(guide.workshop(), step, &bindings, guide.regions(), self.session.simulated());
        if self.last_page.as_ref() != Some(&page) {
            self.last_page = Some(page.clone());
            self.tell(Msg::Page(Box::new(page))).await;
        }
    }

    /// All checks and all facts.
    async fn home(&mut self) {
        let guide = &self.session.guide;
        let mut answered = Vec::new();
        for step in guide.workshop().modules.iter().flat_map(|module| &module.steps) {
            answered.push(self.step(step).await);
        }
        let facts = guide.facts(&answered);
        for lost in guide.drift(&self.facts, &facts) {
            let again = lost.given_by.map_or_else(String::new, |(_, title)| format!("; \"{title}\" gives it again"));
            self.tell(Msg::Notice(format!("Lost: {}, which other modules count on{again}", lost.fact))).await;
        }
        self.facts.clone_from(&facts);
        self.tell(Msg::Facts { facts: facts.into_iter().collect(), at: self.session.clock.now() }).await;
    }

    /// The checks of one step.
    async fn step(&self, step: &Step) -> StepOutcome {
        let mut answered = self.session.guide.evaluate_step(step).await;
        // Where nothing was ever run, nothing was taken away either: what is absent is not done, but still to do.
        if !self.session.guide.ever_started() {
            for ((_, outcome), check) in answered.checks.iter_mut().zip(&step.checks) {
                if step.kind == StepKind::CleanUp || matches!(check.ask, Ask::Absent { .. }) {
                    *outcome = Outcome::Todo;
                }
            }
        }
        for (check, outcome) in &answered.checks {
            let (step, check, outcome) = (step.id.clone(), check.clone(), outcome.clone());
            self.tell(Msg::Check { step, check, outcome, at: self.session.clock.now() }).await;
        }
        answered
    }

    /// Both Regions.
    async fn resources(&self) {
        let guide = &self.session.guide;
        let scope = Scope {
            workshop: &guide.workshop().id,
            suffix: self.session.suffix(),
            regions: guide.regions(),
            now: self.session.clock.now(),
        };
        let mut found = survey(guide.aws().as_ref(), &scope).await;
        let limit = guide.workshop().objectives.rpo;
        for row in &mut found.rows {
            let lag = found.lags.iter().find(|lag| lag.store == row.kind).and_then(|lag| lag.lag.span());
            if row.state == ResourceState::Ready
                && row.detail.starts_with("replica")
                && lag.is_some_and(|lag| lag > limit)
            {
                row.state = ResourceState::Lagging;
            }
        }
        let replication =
            found.lags.into_iter().map(|lag| Lag { store: lag.store, lag: lag.lag, limit, say: lag.metric }).collect();
        let view = ResourcesView { rows: found.rows, replication, unread: found.unread, at: self.session.clock.now() };
        self.tell(Msg::Resources(view)).await;
    }
}
