//! The `aws …` command line: the text of a fence or the words of a shell → a [`Command`]. Besides it, `workshop reset`.

mod deploy;
mod flags;
mod parse;
mod reset;
mod s3;
mod shorthand;
mod values;
mod words;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use crate::domain::Operation;

pub use parse::{parse_command, parse_words};

/// What one command asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// One call of an API.
    Operation(Operation),
    /// One call whose streaming answer goes into a file (`s3api get-object … OUTFILE`).
    Download {
        /// The call.
        operation: Operation,
        /// The file, or `-` for standard output.
        outfile: String,
    },
    /// `aws cloudformation deploy`.
    Deploy(Deploy),
    /// `aws SERVICE wait NAME`.
    Wait(Wait),
    /// `aws s3 cp`.
    S3Copy(S3Copy),
    /// `aws s3 sync`.
    S3Sync(S3Sync),
    /// `aws s3 rm`.
    S3Remove(S3Remove),
    /// `workshop reset`.
    Reset(Reset),
}

/// `aws cloudformation deploy`: a change set, made and executed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deploy {
    /// The stack.
    pub stack_name: String,
    /// The template's file.
    pub template_file: String,
    /// The template's text.
    pub template_body: String,
    /// `--parameter-overrides`, in order.
    pub parameters: Vec<(String, String)>,
    /// `--capabilities`.
    pub capabilities: Vec<String>,
    /// `--tags`, in order.
    pub tags: Vec<(String, String)>,
    /// Where a template of more than 51,200 bytes is put.
    pub s3_bucket: Option<String>,
    /// What stands before the template's key in that bucket.
    pub s3_prefix: Option<String>,
    /// `--role-arn`.
    pub role_arn: Option<String>,
    /// Whether a change set without changes is a failure; the AWS CLI's default is that it is not.
    pub fail_on_empty_changeset: bool,
    /// Whether the change set is only made (`--no-execute-changeset`).
    pub no_execute_changeset: bool,
    /// `--disable-rollback`.
    pub disable_rollback: bool,
    /// `--region`; empty when none was given.
    pub region: String,
}

/// `aws SERVICE wait NAME`.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// The AWS CLI's name of the service.
    pub service: String,
    /// The AWS CLI's name of the waiter; `protocol::waiter` has its data.
    pub waiter: String,
    /// The read operation that it polls, with the input and the Region.
    pub operation: Operation,
}

/// `aws s3 cp FROM TO`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct S3Copy {
    /// A path, or `s3://bucket/key`.
    pub from: String,
    /// A path, or `s3://bucket/key`.
    pub to: String,
    /// Whether all below `from` is meant.
    pub recursive: bool,
    /// `--exclude` and `--include` patterns in order; the flag says include.
    pub filters: Vec<(bool, String)>,
    /// `--content-type`.
    pub content_type: Option<String>,
    /// `--cache-control`.
    pub cache_control: Option<String>,
    /// `--region`; empty when none was given.
    pub region: String,
}

/// `aws s3 sync FROM TO`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct S3Sync {
    /// A folder, or `s3://bucket/prefix`.
    pub from: String,
    /// A folder, or `s3://bucket/prefix`.
    pub to: String,
    /// Whether what `from` does not have is deleted.
    pub delete: bool,
    /// `--exclude` and `--include` patterns in order; the flag says include.
    pub filters: Vec<(bool, String)>,
    /// `--cache-control`.
    pub cache_control: Option<String>,
    /// `--region`; empty when none was given.
    pub region: String,
}

/// `aws s3 rm URI`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct S3Remove {
    /// `s3://bucket/key`.
    pub uri: String,
    /// Whether all below it is meant.
    pub recursive: bool,
    /// `--exclude` and `--include` patterns in order; the flag says include.
    pub filters: Vec<(bool, String)>,
    /// `--region`; empty when none was given.
    pub region: String,
}

/// `workshop reset`: everything of a run, in the account that the guide works in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reset {
    /// `--suffix`: whose things go.
    pub suffix: String,
}

/// Reads the files that `file://` and `fileb://` name. The module that knows the workspace implements it.
pub trait Files {
    /// The bytes of the file at `path`, which is as written in the command.
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError>;
}

/// Why a file could not be read; the text says which and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FileError(pub String);

/// Why a text is not a command that this guide can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", .nearest.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default())]
pub struct CommandError {
    /// What is wrong, naming the word or flag, and what was expected.
    pub message: String,
    /// Where it starts in the text that was given, in bytes; for words, the number of the word.
    pub at: usize,
    /// The known name nearest to a misspelt one.
    pub nearest: Option<String>,
}

impl CommandError {
    fn new(message: impl Into<String>, at: usize) -> Self {
        Self { message: message.into(), at, nearest: None }
    }

    /// An error about a misspelt name, with the nearest of the known ones.
    fn unknown<'a>(
        message: impl Into<String>,
        at: usize,
        given: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let nearest = crate::domain::text::nearest(given, known).map(str::to_owned);
        Self { message: message.into(), at, nearest }
    }
}
