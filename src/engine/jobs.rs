//! Jobs: actions that run while the learner reads on, several at once, each with its own cancel token.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::actions::{self, RunError};
use super::resets::own;
use super::session::Session;
use super::watcher::{Nudge, Watcher};
use crate::app::{JobEvent, JobId, JobLine, LineKind, Msg, Trouble};
use crate::domain::text::printable;
use crate::guide::action::Told;

type Tokens = Arc<Mutex<BTreeMap<JobId, CancellationToken>>>;

/// The jobs of one front end.
pub(super) struct Jobs {
    session: Arc<Session>,
    sender: mpsc::Sender<Msg>,
    tokens: Tokens,
}

impl Jobs {
    pub(super) fn new(session: Arc<Session>, sender: mpsc::Sender<Msg>) -> Self {
        Self { session, sender, tokens: Tokens::default() }
    }

    /// Runs the actions in order as one job.
    pub(super) fn run(&self, job: JobId, actions: Vec<String>, watcher: &Watcher) {
        let cancel = CancellationToken::new();
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(job, cancel.clone());
        let (session, sender, tokens, nudge) =
            (Arc::clone(&self.session), self.sender.clone(), Arc::clone(&self.tokens), watcher.nudge());
        tokio::spawn(async move {
            // A task of its own, so that a panic is this job's failure and nobody else's.
            let work = tokio::spawn(run(Arc::clone(&session), sender.clone(), job, actions, cancel, nudge.clone()));
            if work.await.is_err() {
                let trouble = Trouble {
                    what: "The guide itself made a mistake while it ran this.".to_owned(),
                    means: "What was sent to AWS before stands; the crash file says more.".to_owned(),
                    press: "Press c to see what is there, and Enter to run it again.".to_owned(),
                };
                let event = JobEvent::Failed { at: session.clock.now(), trouble, output: String::new() };
                let _ = sender.send(Msg::Job { job, event }).await;
            }
            tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
            nudge.now();
        });
    }

    /// Asks a job to stop; one that is over is left alone.
    pub(super) fn cancel(&self, job: JobId) {
        if let Some(token) = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(&job) {
            token.cancel();
        }
    }

    /// Says what an action would send.
    pub(super) fn preview(&self, id: String) {
        let (session, sender) = (Arc::clone(&self.session), self.sender.clone());
        tokio::spawn(async move {
            let text = match session.guide.action(&id) {
                None => format!("The workshop has no action {id}."),
                Some((_, action)) => match session.guide.commands(action).await {
                    Ok(commands) => {
                        let text = crate::guide::action::preview(&commands, session.guide.workspace());
                        format!("{text}{}", counted(&session, &commands).await)
                    }
                    Err(error) => format!("{error}"),
                },
            };
            let _ = sender.send(Msg::Preview { action: id, text }).await;
        });
    }
}

/// What a reset among the commands would delete now; nothing when there is none.
async fn counted(session: &Session, commands: &[String]) -> String {
    if !commands.iter().any(|command| command.starts_with("workshop reset")) {
        return String::new();
    }
    let _awake = session.clock.participate();
    match own::look(session, None).await {
        Ok(own) => format!("\n\nnow: {}", own::summary(&own)),
        Err(error) => format!("\n\nnow: {}", printable(&error.to_string())),
    }
}

async fn run(
    session: Arc<Session>,
    sender: mpsc::Sender<Msg>,
    job: JobId,
    actions: Vec<String>,
    cancel: CancellationToken,
    nudge: Nudge,
) {
    let clock = session.clock.clone();
    let _awake = clock.participate();
    let (lines, told) = mpsc::unbounded_channel();
    let forward = tokio::spawn(forward(told, sender.clone(), job));
    let _ = sender.send(Msg::Job { job, event: JobEvent::Started { at: clock.now() } }).await;
    let mut output = Vec::new();
    let mut failed = None;
    for action in &actions {
        let tell = |told: Told| {
            let event = match told {
                Told::Line(text) => JobEvent::Line(line(clock.now(), LineKind::Info, text)),
                Told::Running(text) => JobEvent::Doing(text),
                Told::Ok(text) => JobEvent::Line(line(clock.now(), LineKind::Ok, text)),
                Told::Percent(percent) => JobEvent::Progress { percent },
            };
            let _ = lines.send(event);
        };
        match actions::run(&session, action, &cancel, &tell).await {
            Ok(done) => {
                if done.already {
                    tell(Told::Ok("nothing had to be done: it was so already".to_owned()));
                }
                output.push(done.output);
                nudge.now();
            }
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    drop(lines);
    let _ = clock.idle(forward).await;
    let at = clock.now();
    let event = match failed {
        None => JobEvent::Done { at, output: output.join("\n") },
        Some(error) if error.cancelled() => JobEvent::Cancelled { at },
        Some(error) => failure(&session, at, &error),
    };
    let _ = sender.send(Msg::Job { job, event }).await;
}

fn failure(session: &Session, at: crate::domain::SimTime, error: &RunError) -> JobEvent {
    let trouble = error.trouble(session.simulated());
    let trouble = Trouble { what: trouble.what, means: trouble.means, press: trouble.press };
    JobEvent::Failed { at, trouble, output: error.to_string() }
}

fn line(at: crate::domain::SimTime, kind: LineKind, text: String) -> JobLine {
    JobLine { at, kind, text }
}

/// Hands a job's lines to the screen in order, waiting where the screen is slow.
async fn forward(mut told: mpsc::UnboundedReceiver<JobEvent>, sender: mpsc::Sender<Msg>, job: JobId) {
    while let Some(event) = told.recv().await {
        if sender.send(Msg::Job { job, event }).await.is_err() {
            return;
        }
    }
}
