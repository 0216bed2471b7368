//! Runs the fences of a workshop: each `aws` command, and what the AWS CLI composes of several calls.
//!
//! Everything goes through [`Operations`] and waits in the time of [`Clock`]; the caller holds one participant of it.
//! Running an action again is safe: what exists already, or is gone already, counts as done, with a note.
//!
//! ```no_run
//! # use multi_region_workshop::{clock::Clock, domain::{Effect, Operations}, guide::action::{Runner, Told}};
//! # use std::{path::Path, time::Duration};
//! # async fn example(aws: &dyn Operations, clock: &Clock) {
//! let runner = Runner { aws, clock, workspace: Path::new("workspace"), resets: None };
//! let commands = ["aws sts get-caller-identity --region eu-west-1".to_owned()];
//! let cancel = tokio_util::sync::CancellationToken::new();
//! let tell = |told: Told| drop(told);
//! let _awake = clock.participate();
//! let done = runner.run(&commands, Effect::Read, Duration::from_secs(60), &cancel, &tell).await;
//! # }
//! ```

mod call;
mod copy;
mod deploy;
mod error;
mod explain;
mod files;
mod job;
mod output;
mod places;
mod preview;
mod remove;
mod settled;
mod stack;
mod template;
mod transient;
mod wait;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::{BoxFuture, Effect, Operations};
use crate::protocol::{Command, Reset, parse_command};

pub use error::{ActionError, LocalError};
pub use explain::{Trouble, explain};
pub use files::Workspace;
pub use preview::preview;

use job::Job;

/// Runs actions.
pub struct Runner<'g> {
    /// Who answers the calls.
    pub aws: &'g dyn Operations,
    /// Whose time it waits in.
    pub clock: &'g Clock,
    /// Where `file://` and the paths of `aws s3` begin; nothing outside is read or written.
    pub workspace: &'g Path,
    /// Who runs `workshop reset`; none where a page's commands cannot have it.
    pub resets: Option<&'g dyn Resets>,
}

/// Runs `workshop reset`. Guide and reset know nothing of each other; the engine joins them.
pub trait Resets: Send + Sync {
    /// Takes the run away that `asked` names, and proves that it is gone.
    fn reset<'a>(&'a self, asked: &'a Reset, watch: Watch<'a>) -> BoxFuture<'a, Result<Done, ActionError>>;
}

/// How a command that takes long is watched and ended.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// How long it may take, in the clock's time.
    pub timeout: Duration,
    /// The learner's stop.
    pub cancel: &'a CancellationToken,
    /// Is told what goes on.
    pub tell: &'a (dyn Fn(Told) + Send + Sync),
}

/// What a learner is told while an action runs; one line each, safe to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Something happened.
    Line(String),
    /// What is going on now; the next one replaces it.
    Running(String),
    /// Something is finished.
    Ok(String),
    /// How much of a long operation is done, 0 to 100; never goes back within a command.
    Percent(u8),
}

/// What came of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// What the AWS CLI would have printed.
    pub output: String,
    /// Nothing had to be changed: all of it was so already. Actions that only read or wait leave it false.
    pub already: bool,
}

/// What came of one command.
#[derive(Debug, Default)]
struct Outcome {
    /// What the AWS CLI would have printed, without a line feed at the end.
    output: String,
    /// Whether it was so already; `None` for what changes nothing anyway.
    already: Option<bool>,
}

impl Runner<'_> {
    /// Runs `commands`, one `aws` command each, in order; the first that fails ends it. `effect` is what the fence
    /// declares and the learner confirmed: a fence that says *read* sends nothing else. `timeout` holds for all of
    /// them, in the clock's time.
    pub async fn run(
        &self,
        commands: &[String],
        effect: Effect,
        timeout: Duration,
        cancel: &CancellationToken,
        tell: &(dyn Fn(Told) + Send + Sync),
    ) -> Result<Done, ActionError> {
        let workspace = Workspace::new(self.workspace);
        let mut outputs = Vec::new();
        let mut already = None;
        let job = Job::new(self.aws, self.clock, workspace, cancel, tell, timeout);
        for text in commands {
            // Each is read when its turn comes: a command may need a file that an earlier one wrote.
            let command = parse_command(text, &workspace)
                .map_err(|error| LocalError::Command { command: text.clone(), error })?;
            permitted(&command, effect)?;
            job.check_cancelled()?;
            let outcome = match &command {
                Command::Reset(reset) => {
                    let watch = Watch { timeout: timeout.saturating_sub(job.elapsed()), cancel, tell };
                    self.reset(reset, watch).await?
                }
                other => run_one(&job, other).await?,
            };
            if !outcome.output.is_empty() {
                outputs.push(outcome.output);
            }
            already = match (already, outcome.already) {
                (Some(before), Some(now)) => Some(before && now),
                (before, now) => before.or(now),
            };
        }
        Ok(Done { output: outputs.join("\n"), already: already.unwrap_or(false) })
    }

    async fn reset(&self, reset: &Reset, watch: Watch<'_>) -> Result<Outcome, ActionError> {
        let nobody = || LocalError::Form("workshop reset runs in a page of the guide, or in a shell".to_owned());
        let done = self.resets.ok_or_else(nobody)?.reset(reset, watch).await?;
        Ok(Outcome { output: done.output, already: Some(done.already) })
    }
}

async fn run_one(job: &Job<'_>, command: &Command) -> Result<Outcome, ActionError> {
    match command {
        Command::Operation(operation) => call::operation(job, operation).await,
        Command::Download { operation, outfile } => call::download(job, operation, outfile).await,
        Command::Deploy(deploy) => deploy::deploy(job, deploy).await,
        Command::Wait(wait) => wait::wait(job, wait).await,
        Command::S3Copy(copy) => copy::copy(job, copy).await,
        Command::S3Sync(sync) => copy::sync(job, sync).await,
        Command::S3Remove(remove) => remove::remove(job, remove).await,
        Command::Reset(_) => Err(LocalError::Form("workshop reset is no command of the AWS CLI".to_owned()).into()),
    }
}

/// Refuses what changes something in a fence that says it only reads: nobody confirmed it.
fn permitted(command: &Command, effect: Effect) -> Result<(), LocalError> {
    let reads = match command {
        Command::Operation(operation) | Command::Download { operation, .. } => operation.effect == Effect::Read,
        Command::Wait(_) => true,
        Command::S3Copy(copy) => !copy.to.starts_with("s3://"),
        Command::S3Sync(sync) => !sync.to.starts_with("s3://"),
        Command::Deploy(_) | Command::S3Remove(_) | Command::Reset(_) => false,
    };
    if effect == Effect::Read && !reads {
        return Err(LocalError::NotARead(preview::title(command)));
    }
    Ok(())
}
