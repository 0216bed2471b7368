//! Opens a run for a subcommand, and says in one clear message why it cannot be opened.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use super::args::Global;
use super::exit::Exit;
use crate::cli::out::errln;
use crate::content::Source;
use crate::domain::text::printable;
use crate::engine::session::{OpenError, Options, Session};
use crate::reset::manifest::Manifest;

/// Where the workshop comes from.
pub fn source(global: &Global) -> Source {
    global.modules.clone().map_or(Source::Embedded, Source::Dir)
}

/// What the flags ask for.
fn options(global: &Global, fresh: bool, jump: bool) -> Options {
    Options {
        aws: global.aws,
        endpoint_url: global.endpoint_url.clone(),
        profile: global.profile.clone(),
        primary: global.primary.clone(),
        secondary: global.secondary.clone(),
        source: source(global),
        state: global.state.clone(),
        speed: global.speed,
        seed: global.seed,
        fresh,
        // A speed that was asked for counts.
        jump: jump && global.speed.is_none(),
        choose: None,
    }
}

/// Asks on the terminal which of the account's runs is continued.
fn choose(runs: &[Manifest]) -> Option<usize> {
    errln!("This account holds a run of this workshop that is not known here:");
    for (at, run) in runs.iter().enumerate() {
        let position = run.position.as_ref().map_or(String::new(), |step| format!(", last at {step}"));
        let line = format!("{} and {}{position}", run.regions[0], run.regions[1]);
        errln!("  {}  {} in {}", at + 1, printable(&run.suffix), printable(&line));
    }
    super::out::note(format_args!("Type its number to go on with it, or press Enter to begin a new one beside it: "));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    let place = answer.trim().parse::<usize>().ok()?.checked_sub(1)?;
    (place < runs.len()).then_some(place)
}

/// Opens the run, or prints why not.
pub(super) async fn session(global: &Global, fresh: bool, jump: bool) -> Result<Arc<Session>, Exit> {
    opened(options(global, fresh, jump)).await
}

/// After so long somebody who waits is told what for.
const QUIET: Duration = Duration::from_secs(2);

/// Opens a run. Simulated accounts go on while the program is closed, and for a class that is much to compute.
async fn patiently(options: Options) -> Result<Session, OpenError> {
    let simulated = !options.aws && options.endpoint_url.is_none();
    let told = tokio::spawn(async move {
        tokio::time::sleep(QUIET).await;
        if simulated {
            errln!("workshop: opening; the simulated accounts make up for the time in which nobody was here");
        }
    });
    let session = Session::open(options).await;
    told.abort();
    session
}

async fn opened(options: Options) -> Result<Arc<Session>, Exit> {
    match patiently(options).await {
        Ok(session) => {
            for note in &session.notes {
                errln!("{note}");
            }
            Ok(Arc::new(session))
        }
        Err(error) => {
            errln!("workshop: {error}");
            Err(exit(&error))
        }
    }
}

/// Opens the run for the guide as text, which may ask.
pub(super) async fn plain(global: &Global) -> Result<Arc<Session>, Exit> {
    opened(Options { choose: Some(choose), ..options(global, false, false) }).await
}

/// Opens the run for the full screen, which needs a terminal.
pub async fn open_screen(global: &Global) -> Result<Arc<Session>, Exit> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        errln!(
            "workshop: the full screen needs a terminal, and standard input or output is none. Use `workshop --plain` for \
             text, or `workshop run all` to do every step without a screen."
        );
        return Err(Exit::Missing);
    }
    match patiently(Options { choose: Some(choose), ..options(global, false, false) }).await {
        Ok(session) => Ok(Arc::new(session)),
        Err(error) => {
            errln!("workshop: {error}");
            Err(exit(&error))
        }
    }
}

/// The exit code of a run that cannot be opened.
pub(super) fn exit(error: &OpenError) -> Exit {
    match error {
        OpenError::Region(_) | OpenError::Content(_) | OpenError::Source(_) | OpenError::Binding(_) => Exit::Usage,
        OpenError::Progress(_) | OpenError::NoHome | OpenError::World(_) => Exit::State,
        OpenError::Aws(_) | OpenError::Identity(_) | OpenError::Network(_) => Exit::Aws,
    }
}
