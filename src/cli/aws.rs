//! `workshop aws …`: one operation as the AWS CLI would take it, against the sandbox or real AWS.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::args::Global;
use super::exit::Exit;
use super::open;
use crate::cli::out::{errln, outln};
use crate::domain::{Effect, FailureClass};
use crate::guide::action::{ActionError, Runner, Told};

/// A composition such as `deploy` is given up after this long in the run's own time.
const TIMEOUT: Duration = Duration::from_secs(2 * 3600);

/// Runs the words behind `workshop aws`.
pub(super) async fn run(global: &Global, words: &[String]) -> Exit {
    if words.is_empty() || words.iter().any(|word| word == "help" || word == "--help") {
        errln!(
            "usage: workshop aws SERVICE OPERATION [--flag value …] --region REGION\n`workshop sandbox status --operations` lists what the sandbox answers."
        );
        return if words.is_empty() { Exit::Usage } else { Exit::Done };
    }
    let session = match open::session(global, false, false).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let here = std::env::current_dir().unwrap_or_default();
    let command = line(words, session.guide.regions().primary().as_str());
    let _awake = session.clock.participate();
    let runner = Runner { aws: session.guide.aws().as_ref(), clock: &session.clock, workspace: &here, resets: None };
    let tell = |told: Told| {
        if let Told::Line(text) | Told::Running(text) | Told::Ok(text) = told {
            errln!("{text}");
        }
    };
    let never = CancellationToken::new();
    match runner.run(&[command], Effect::Update, TIMEOUT, &never, &tell).await {
        Ok(done) => {
            if !done.output.is_empty() {
                outln!("{}", done.output);
            }
            Exit::Done
        }
        Err(error) => {
            errln!("workshop: {error}");
            exit(&error)
        }
    }
}

/// The words as one command line, quoted again, with the primary Region where none is named.
fn line(words: &[String], region: &str) -> String {
    let quoted = words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''")));
    let mut command = format!("aws {}", quoted.collect::<Vec<_>>().join(" "));
    if !words.iter().any(|word| word == "--region" || word.starts_with("--region=")) {
        command.push_str(" --region ");
        command.push_str(region);
    }
    command
}

fn exit(error: &ActionError) -> Exit {
    match error {
        ActionError::Refused { failure, .. } => match failure.class {
            FailureClass::Unsupported => Exit::Usage,
            _ => Exit::Aws,
        },
        ActionError::Local { .. } => Exit::Usage,
        ActionError::Cancelled => Exit::Interrupted,
        _ => Exit::No,
    }
}
