//! Floor 6: the command line, one file per subcommand, and the headless half.

pub mod args;
mod authors;
mod aws;
mod check;
mod content_test;
mod drill;
pub mod exit;
mod export;
pub mod fleet;
mod offline;
mod open;
pub mod out;
pub mod plain;
mod reports;
mod reset;
pub mod reset_args;
mod reset_export;
mod reset_own;
mod run;
mod sandbox;
mod what_if;

use std::process::ExitCode;

use args::{Cli, Command, ContentCommand, Global, NewCommand, SandboxCommand};

pub use open::{open_screen, source};

/// Runs a subcommand to its end.
pub async fn dispatch(global: &Global, command: Command) -> ExitCode {
    let exit = match command {
        Command::Run(arguments) => run::run(global, arguments).await,
        Command::Check(arguments) => check::run(global, arguments).await,
        Command::Aws(arguments) => aws::run(global, &arguments.words).await,
        Command::Drill(arguments) => drill::run(global, arguments).await,
        Command::Reset(arguments) => reset::run(global, arguments).await,
        Command::Fleet(arguments) => fleet::run(global, arguments).await,
        Command::Sandbox(SandboxCommand::Status { operations: true, .. }) => offline::simulated_operations(),
        Command::Sandbox(SandboxCommand::Status { constants: true, .. }) => offline::constants(),
        Command::Sandbox(command) => sandbox::run(global, command).await,
        Command::Content(ContentCommand::Lint) => offline::lint(global),
        Command::Content(ContentCommand::New(NewCommand::Step { id })) => authors::new_step(global, &id),
        Command::Content(ContentCommand::Schema(arguments)) => authors::schema(&arguments),
        Command::Content(ContentCommand::Export(arguments)) => export::run(global, &arguments),
        Command::Content(ContentCommand::Test(arguments)) => content_test::run(global, arguments).await,
        Command::Doctor => offline::doctor(global),
        Command::Completions { shell } => offline::completions(shell),
        Command::Man => offline::man(),
    };
    exit.into()
}

/// Runs the guide as plain text.
pub async fn plain(cli: &Cli) -> ExitCode {
    match open::plain(&cli.global).await {
        Ok(session) => plain::run(crate::engine::Engine::start(session, (80, 24))).await.into(),
        Err(exit) => exit.into(),
    }
}
