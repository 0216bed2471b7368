//! Opens a run for a subcommand, and says in one clear message why it cannot be opened.

use std::io::IsTerminal as _;
use std::sync::Arc;

use super::args::Global;
use super::exit::Exit;
use crate::content::Source;
use crate::engine::session::{OpenError, Options, Session};

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
    }
}

/// Opens the run, or prints why not.
pub(super) async fn session(global: &Global, fresh: bool, jump: bool) -> Result<Arc<Session>, Exit> {
    match Session::open(options(global, fresh, jump)).await {
        Ok(session) => {
            for note in &session.notes {
                eprintln!("{note}");
            }
            Ok(Arc::new(session))
        }
        Err(error) => {
            eprintln!("workshop: {error}");
            Err(exit(&error))
        }
    }
}

/// Opens the run for the full screen, which needs a terminal.
pub async fn open_screen(global: &Global) -> Result<Arc<Session>, Exit> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        eprintln!(
            "workshop: the full screen needs a terminal, and standard input or output is none. Use `workshop --plain` for \
             text, or `workshop run all` to do every step without a screen."
        );
        return Err(Exit::Missing);
    }
    match Session::open(options(global, false, false)).await {
        Ok(session) => Ok(Arc::new(session)),
        Err(error) => {
            eprintln!("workshop: {error}");
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
