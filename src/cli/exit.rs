//! Exit codes: what a script can tell from the end of a command.

use std::process::ExitCode;

/// How a command ended. The numbers are a stable contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// The answer is no: a check failed, a drill was not passed, something is left.
    No,
    /// The command line or the content is wrong.
    Usage,
    /// A prerequisite is missing, or there is no terminal.
    Missing,
    /// AWS refused, or cannot be reached.
    Aws,
    /// Local state cannot be read or written.
    State,
    /// Interrupted by the user.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::No => 1,
            Exit::Usage => 2,
            Exit::Missing => 3,
            Exit::Aws => 4,
            Exit::State => 5,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

/// The code of a crash, for the panic hook.
pub const CRASH: u8 = 70;
