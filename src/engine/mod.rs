//! Floor 5: executes what the model asks for: jobs with cancel tokens, watchers, the drill, the journal.
//!
//! Nothing here is awaited by the screen: an [`Engine`] takes effects at once and answers with messages.

pub mod actions;
pub mod adopt;
pub mod content_test;
pub mod crash;
mod dead_man;
pub mod drill_view;
pub mod drills;
pub mod endpoint;
pub mod fleet;
mod jobs;
pub mod kept;
pub mod log;
mod manifest;
pub mod page;
pub mod rehearse;
pub mod resets;
mod running_drill;
pub mod session;
pub mod signals;
mod storefront;
pub mod trials;
pub mod walk;
mod watcher;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::app::{Effect, Model, Msg, Setup, Trouble, WorldState, outline};
use crate::clock::Rate;
use crate::content::Workshop;
use crate::content::model::StepKind;
use crate::domain::SimTime;
use crate::progress::Entry;
use crate::sandbox::constants::CONSTANTS;
use endpoint::Doors;
use jobs::Jobs;
use running_drill::RunningDrill;
use session::Session;
use watcher::Watcher;

/// How many messages may wait for the screen; a slow terminal then slows the watchers, not the memory.
const WAITING: usize = 1024;
/// How often the model is told the time.
const TICK: Duration = Duration::from_millis(250);
/// The port that is tried first for the learner's own AWS CLI, as other AWS-compatible servers do.
const ENDPOINT_PORT: u16 = 4566;

/// Executes effects for one front end.
pub struct Engine {
    session: Arc<Session>,
    sender: mpsc::Sender<Msg>,
    jobs: Jobs,
    watcher: Watcher,
    drill: RunningDrill,
    endpoint: Option<Doors>,
    ends: CancellationToken,
}

/// A front end's beginning: the engine, its messages, the model, and the model's first effects.
pub struct Started {
    /// The engine.
    pub engine: Engine,
    /// What it tells.
    pub messages: mpsc::Receiver<Msg>,
    /// The model.
    pub model: Model,
    /// What the model wants first.
    pub effects: Vec<Effect>,
}

impl Engine {
    /// Starts the watchers and makes the model. `size` is the terminal's, in columns and rows.
    pub fn start(session: Arc<Session>, size: (u16, u16)) -> Started {
        let (sender, messages) = mpsc::channel(WAITING);
        let ends = CancellationToken::new();
        let (model, effects) = Model::new(setup(&session, size));
        tokio::spawn(tick(sender.clone(), Arc::clone(&session), ends.clone()));
        tokio::spawn(recover(sender.clone(), Arc::clone(&session)));
        let engine = Self {
            jobs: Jobs::new(Arc::clone(&session), sender.clone()),
            watcher: Watcher::start(Arc::clone(&session), sender.clone(), ends.clone()),
            drill: RunningDrill::new(Arc::clone(&session), sender.clone()),
            endpoint: None,
            session,
            sender,
            ends,
        };
        Started { engine, messages, model, effects }
    }

    /// Begins what an effect asks for. Copying and quitting are the front end's own.
    pub fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::OpenStep { step, .. } => self.watcher.open(&step),
            Effect::SaveProgress { module, step } => self.record(Entry::StepOpened { module, step }),
            Effect::StepRead { step } => self.record(Entry::StepDone { step, seconds: 0.0 }),
            Effect::HintShown { step, level } => self.record(Entry::HintOpened { step, level }),
            Effect::WayChosen(way) => self.record(Entry::WayChosen { way }),
            Effect::EnterModuleOverride { module, missing } => self.record(Entry::NeedsOverridden { module, missing }),
            Effect::Watch(what) => self.watcher.watch(what),
            Effect::CheckNow(_) => self.watcher.now(),
            Effect::RunAction { job, action, .. } => self.jobs.run(job, vec![action], &self.watcher),
            Effect::RunSolution { job, step } => self.jobs.run(job, self.solution(&step), &self.watcher),
            Effect::CancelJob(job) => self.jobs.cancel(job),
            Effect::PreviewAction { action, .. } => self.jobs.preview(action),
            Effect::SetSpeed(speed) => self.set_speed(speed),
            Effect::StartDrill { fault, alone } => self.drill.start(fault, alone),
            Effect::Predict(guess) => self.drill.predict(guess),
            Effect::AbortDrill => self.drill.abort(),
            Effect::FailBack => self.drill.fail_back(),
            Effect::ResetDrill => self.drill.reset(),
            Effect::ExportReport => self.drill.export(),
            Effect::ToggleEndpoint => self.toggle_endpoint(),
            Effect::ShowTimes => self.tell(times()),
            Effect::CopyToClipboard(_) | Effect::Quit => {}
        }
    }

    /// Resolves when the system asks the program to end.
    pub async fn interrupted(&self) {
        signals::terminated().await;
    }

    /// Ends the watchers, mends what a drill has broken, and saves the world. Jobs are left to AWS: what they began goes
    /// on, and the next start sees it.
    pub async fn stop(mut self) {
        self.drill.end().await;
        self.ends.cancel();
        if let Some(Err(error)) = self.session.simulator.as_ref().map(crate::sandbox::owner::Simulator::save) {
            tracing::warn!("the world was not saved: {error}");
        }
    }

    /// The full ids of a step's solution, in order.
    fn solution(&self, step: &str) -> Vec<String> {
        let Some(step) = self.session.guide.step(step) else { return Vec::new() };
        let anchors = step.solution.iter().map(|anchor| anchor.trim_start_matches('#'));
        anchors
            .filter_map(|anchor| step.actions.iter().find(|action| action.anchor == anchor))
            .map(|action| action.id.clone())
            .collect()
    }

    fn record(&self, entry: Entry) {
        if let Some(problem) = self.session.record(entry) {
            self.tell(Msg::Notice(format!("The journal could not be written: {problem}")));
        }
    }

    /// Tells the model; a full channel means a screen that is far behind, and this message is then left out.
    fn tell(&self, message: Msg) {
        let _ = self.sender.try_send(message);
    }

    fn set_speed(&mut self, speed: f64) {
        self.session.clock.set_rate(Rate::Paced(speed));
        self.record(Entry::SpeedChosen { speed });
        self.tell(Msg::World(world(&self.session, self.endpoint.as_ref())));
    }

    fn toggle_endpoint(&mut self) {
        if self.endpoint.take().is_some() {
            self.tell(Msg::World(world(&self.session, None)));
            return self.tell(Msg::Notice("The endpoint is closed.".to_owned()));
        }
        // When the usual port is taken, any other one.
        let opened = endpoint::open(&self.session, ENDPOINT_PORT, 0).map(|opened| match opened {
            Ok(doors) => Ok(doors),
            Err(error) => endpoint::open(&self.session, 0, 0).unwrap_or(Err(error)),
        });
        match opened {
            None => self.tell(Msg::Notice("Only the sandbox has an endpoint.".to_owned())),
            Some(Ok(doors)) => {
                let title = "The endpoint is open until you press E again or leave".to_owned();
                self.tell(Msg::Text { title, text: format!("Paste into another terminal:\n{}", doors.text()) });
                self.endpoint = Some(doors);
                self.tell(Msg::World(world(&self.session, self.endpoint.as_ref())));
            }
            Some(Err(error)) => self.tell(Msg::Trouble {
                title: "Opening the endpoint".to_owned(),
                trouble: Trouble {
                    what: format!("{error}."),
                    means: "Your own aws command cannot reach the sandbox.".to_owned(),
                    press: "Use `workshop aws …` instead, or try E again.".to_owned(),
                },
            }),
        }
    }
}

/// What the model begins with.
fn setup(session: &Session, size: (u16, u16)) -> Setup {
    let position = session.ask_journal(crate::progress::Journal::position);
    Setup {
        title: session.guide.workshop().title.clone(),
        modules: outline(session.guide.workshop()),
        regions: session.guide.regions().clone(),
        world: world(session, None),
        now: session.clock.now(),
        size,
        way: position.way,
        cleaning: session.ask_journal(|journal| cleaning(session.guide.workshop(), journal)),
        position: position.module.zip(position.step),
        read: session.ask_journal(read_steps),
        overridden: session.ask_journal(|journal| journal.overrides().into_iter().map(|(module, _)| module).collect()),
        hints: session.ask_journal(crate::progress::Journal::hints),
        drill: drills::at_rest(session),
        notice: (!session.notes.is_empty()).then(|| session.notes.join(" ")),
    }
}

/// Whether a step of the clean-up was opened or run.
fn cleaning(workshop: &Workshop, journal: &crate::progress::Journal) -> bool {
    let steps = || workshop.modules.iter().flat_map(|module| &module.steps);
    journal.records().iter().any(|record| {
        let id = match &record.entry {
            Entry::StepOpened { step, .. } => step.as_str(),
            Entry::ActionStarted { action } => action.split('#').next().unwrap_or_default(),
            _ => return false,
        };
        steps().any(|step| step.id == id && step.kind == StepKind::CleanUp)
    })
}

/// Steps that the journal says were read or done.
fn read_steps(journal: &crate::progress::Journal) -> std::collections::BTreeSet<String> {
    let done = journal.records().iter().filter_map(|record| match &record.entry {
        Entry::StepDone { step, .. } => Some(step.clone()),
        _ => None,
    });
    done.collect()
}

/// The numbers behind the simulation, each with its source.
fn times() -> Msg {
    let rows = CONSTANTS.iter().map(|row| format!("{row}\n"));
    Msg::Text { title: "How long things take in the sandbox".to_owned(), text: rows.collect() }
}

/// Where AWS is, and how fast time runs.
fn world(session: &Session, endpoint: Option<&Doors>) -> WorldState {
    WorldState {
        mode: session.mode.clone(),
        speed: match session.clock.rate() {
            Rate::Paced(speed) => speed,
            Rate::Jump | Rate::Stepped => 1.0,
        },
        endpoint: endpoint.map(Doors::url),
    }
}

/// Finishes drills that died, and tells of each.
async fn recover(sender: mpsc::Sender<Msg>, session: Arc<Session>) {
    for line in kept::recover(&session).await {
        let _ = sender.send(Msg::Notice(line)).await;
    }
}

/// Tells the model the time, a few times a second.
async fn tick(sender: mpsc::Sender<Msg>, session: Arc<Session>, ends: CancellationToken) {
    let begun = Instant::now();
    let mut interval = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = interval.tick() => {
                let now: SimTime = session.clock.now();
                if sender.try_send(Msg::Tick { wall: begun.elapsed(), simulated: now }).is_err() && sender.is_closed() {
                    return;
                }
            }
            () = ends.cancelled() => return,
        }
    }
}
