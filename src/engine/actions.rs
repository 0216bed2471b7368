//! Runs one action of the workshop: fills in its commands, runs them, and keeps the journal.

use tokio_util::sync::CancellationToken;

use super::manifest::{self, Noting};
use super::resets::OwnReset;
use super::session::Session;
use crate::content::model::Action;
use crate::domain::{Effect, Operations};
use crate::guide::OutputError;
use crate::guide::action::{ActionError, Done, Runner, Told, Trouble, explain};
use crate::progress::{Ending, Entry};

/// Why an action did not end well.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The workshop has no such action.
    #[error("the workshop has no action {0}")]
    Unknown(String),
    /// The page shows it, and nothing more.
    #[error("{0} is there to be read (`run=never`); the guide does not run it")]
    ReadOnly(String),
    /// A value or an asset was not ready.
    #[error(transparent)]
    NotReady(#[from] OutputError),
    /// AWS or the guide refused.
    #[error(transparent)]
    Action(#[from] ActionError),
}

impl RunError {
    /// Whether the learner stopped it.
    pub fn cancelled(&self) -> bool {
        matches!(self, RunError::Action(ActionError::Cancelled))
    }

    /// What happened, what it means, what to press.
    pub fn trouble(&self, simulated: bool) -> Trouble {
        match self {
            RunError::Action(error) => explain(error, simulated),
            RunError::NotReady(OutputError::Missing(missing)) => Trouble {
                what: format!("{} is not known yet.", missing.name),
                means: "What gives it has not been made, or is still being made.".to_owned(),
                press: "Do the step before first; the home screen (q) shows what is missing. Then press Enter again."
                    .to_owned(),
            },
            other => Trouble {
                what: format!("{other}."),
                means: "Nothing was sent after that.".to_owned(),
                press: "Mend it, then press Enter to run it again.".to_owned(),
            },
        }
    }
}

/// Runs the action with that id. Call it while holding one participant of the session's clock.
pub async fn run(
    session: &Session,
    id: &str,
    cancel: &CancellationToken,
    tell: &(dyn Fn(Told) + Send + Sync),
) -> Result<Done, RunError> {
    let guide = &session.guide;
    let (step, action) = guide.action(id).ok_or_else(|| RunError::Unknown(id.to_owned()))?;
    if action.never {
        return Err(RunError::ReadOnly(id.to_owned()));
    }
    let begun = guide.clock().now();
    let _running = guide.running(&step.id);
    note(session, Entry::ActionStarted { action: id.to_owned() }, tell);
    let result = async {
        let noting = Noting::new(guide.aws().as_ref());
        let done = commands(session, action, &noting, cancel, tell).await;
        if matches!(action.effect, Effect::Create | Effect::Update | Effect::Delete)
            && let Err(failure) = manifest::note(session, &step.id, noting.made()).await
        {
            tell(Told::Line(format!("the run's manifest could not be written: {failure}")));
        }
        done
    }
    .await;
    let ending = match &result {
        Ok(_) => Ending::Done,
        Err(error) if error.cancelled() => Ending::Cancelled,
        Err(_) => Ending::Failed,
    };
    let message = result.as_ref().err().map(ToString::to_string);
    let seconds = guide.clock().now().since(begun).as_secs_f64();
    note(session, Entry::ActionEnded { action: id.to_owned(), ending, seconds, message }, tell);
    guide.forget_outputs();
    result
}

/// A journal that cannot be written is told once per line that it loses.
fn note(session: &Session, entry: Entry, tell: &(dyn Fn(Told) + Send + Sync)) {
    if let Some(problem) = session.record(entry) {
        tell(Told::Line(format!("the journal could not be written: {problem}")));
    }
}

async fn commands(
    session: &Session,
    action: &Action,
    aws: &dyn Operations,
    cancel: &CancellationToken,
    tell: &(dyn Fn(Told) + Send + Sync),
) -> Result<Done, RunError> {
    let guide = &session.guide;
    let own = OwnReset { session };
    let runner = Runner { aws, clock: guide.clock(), workspace: guide.workspace(), resets: Some(&own) };
    let commands = guide.commands(action).await?;
    let result = runner.run(&commands, action.effect, action.timeout, cancel, tell).await;
    match result {
        Err(error) if action.expect_error && !matches!(error, ActionError::Cancelled) => {
            Ok(Done { output: error.to_string(), already: false })
        }
        other => Ok(other?),
    }
}
