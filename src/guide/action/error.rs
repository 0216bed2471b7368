//! Why an action did not succeed.

use std::time::Duration;

use crate::domain::Failure;
use crate::domain::time::spell;
use crate::protocol::CommandError;

/// Why an action did not succeed. [`super::explain`] says what it means for the learner.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ActionError {
    /// The learner stopped it. What AWS has begun goes on.
    #[error("stopped; what AWS has begun goes on")]
    Cancelled,
    /// AWS refused a call.
    #[error("{doing}: {}: {}", failure.code, failure.message)]
    Refused {
        /// What the guide was doing: `aws rds create-db-cluster in eu-west-1`.
        doing: String,
        /// AWS's answer.
        failure: Failure,
    },
    /// CloudFormation did not build what was asked for, or the stack is in a state that takes no deployment.
    #[error("the stack {stack} in {region} is {status}: {reason}")]
    StackFailed {
        /// The stack's name.
        stack: String,
        /// Its Region.
        region: String,
        /// Its state: `ROLLBACK_COMPLETE`.
        status: String,
        /// The first failed resource and CloudFormation's reason.
        reason: String,
        /// The events of what failed, oldest first.
        events: Vec<String>,
    },
    /// What a `wait` waits for will never be.
    #[error("{what} will not happen: {state}")]
    WaitFailed {
        /// `rds wait db-cluster-available in eu-west-1`.
        what: String,
        /// What AWS says instead.
        state: String,
    },
    /// A reset ended, and things of the run are left, or nothing is proved.
    #[error("{verdict}")]
    Left {
        /// The verdict, and what did not go.
        verdict: String,
        /// Commands that finish it by hand, or show what is there.
        finish: Vec<String>,
    },
    /// The time was up.
    #[error("{what}; given up after {}", spell(*after))]
    GaveUp {
        /// What was waited for, and how far it was.
        what: String,
        /// How long, in the clock's time.
        after: Duration,
    },
    /// Nothing was sent: it is wrong on this side.
    #[error(transparent)]
    Local(#[from] LocalError),
}

/// What is wrong on this side of the network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// The text is not a command that this guide runs.
    #[error("{error} (in the command '{command}')")]
    Command {
        /// The command.
        command: String,
        /// What is wrong with it.
        error: CommandError,
    },
    /// The command says no Region, and its service is in one.
    #[error("{0} names no Region; add --region")]
    NoRegion(String),
    /// A fence that declares `effect=read` would change something.
    #[error("{0} changes something, but the fence says effect=read; declare its effect, so that it can be confirmed")]
    NotARead(String),
    /// A path leads out of the workspace.
    #[error("{0} is outside the workspace; actions read and write only there")]
    Outside(String),
    /// A file cannot be read or written.
    #[error("{path}: {why}")]
    File {
        /// The file, as in the command.
        path: String,
        /// What the system says.
        why: String,
    },
    /// A template that is no CloudFormation template.
    #[error("{path} is no CloudFormation template: {why}")]
    Template {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A JMESPath cannot be applied.
    #[error("--query '{query}': {why}")]
    Query {
        /// The expression.
        query: String,
        /// What is wrong.
        why: String,
    },
    /// A form of a command that this guide does not run.
    #[error("{0}")]
    Form(String),
}
