//! `workshop sandbox`: the simulated AWS for other programs, at a glance, and broken on purpose.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::{FaultCommand, Global, SandboxCommand};
use super::exit::Exit;
use super::open;
use crate::cli::out::{errln, outln};
use crate::domain::time::spell;
use crate::engine::session::Session;
use crate::engine::{endpoint, signals};
use crate::sandbox::faults::KINDS;
use crate::sandbox::snapshot as saved;

/// Runs a subcommand of `sandbox`.
pub(super) async fn run(global: &Global, command: SandboxCommand) -> Exit {
    if global.aws || global.endpoint_url.is_some() {
        errln!("workshop: `sandbox` is about the simulated AWS; leave --aws and --endpoint-url out");
        return Exit::Usage;
    }
    let session = match open::session(global, false, false).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    match command {
        SandboxCommand::Serve { port, shop_port } => serve(&session, port, shop_port).await,
        SandboxCommand::Status { .. } => status(&session).await,
        SandboxCommand::Fault(FaultCommand::List) => list(&session).await,
        SandboxCommand::Rehearse(arguments) => super::fleet::rehearse(&session, global.seed, arguments).await,
        SandboxCommand::Snapshot { file } => snapshot(&session, &file).await,
        SandboxCommand::Restore { file } => restore(&session, &file).await,
        SandboxCommand::Fault(FaultCommand::Start { kind, region, lease, set }) => {
            let Some(faults) = &session.faults else { return Exit::Usage };
            let parameters: serde_json::Map<_, _> = set.into_iter().collect();
            match faults.start(&kind, &region, json!(parameters), lease).await {
                Ok(fault) => {
                    outln!("{}: {} in {} for {}", fault.id, fault.kind, fault.region, spell(lease));
                    Exit::Done
                }
                Err(failure) => refused(&failure),
            }
        }
        SandboxCommand::Fault(FaultCommand::Stop { id }) => {
            let Some(faults) = &session.faults else { return Exit::Usage };
            // The port's stop is silent about a fault that is over; a person wants to know about a mistyped id.
            match faults.active().await {
                Ok(active) if !active.iter().any(|fault| fault.id == id) => {
                    let ids: Vec<&str> = active.iter().map(|fault| fault.id.as_str()).collect();
                    let those = if ids.is_empty() { "no fault is active".to_owned() } else { ids.join(", ") };
                    errln!("workshop: there is no active fault '{id}' (active: {those})");
                    return Exit::No;
                }
                Ok(_) => {}
                Err(failure) => return refused(&failure),
            }
            match faults.stop(&id).await {
                Ok(()) => Exit::Done,
                Err(failure) => refused(&failure),
            }
        }
    }
}

fn refused(failure: &crate::domain::Failure) -> Exit {
    errln!("workshop: {}", failure.message);
    Exit::Usage
}

/// A failure with a file, as a message.
fn unusable(doing: &str, file: &Path, error: &std::io::Error) -> Exit {
    errln!("workshop: cannot {doing} {}: {error}", file.display());
    Exit::State
}

/// Writes the world to a file that is there as a whole or not at all.
async fn snapshot(session: &Session, file: &Path) -> Exit {
    let Some(simulator) = &session.simulator else { return Exit::State };
    let world = match simulator.snapshot().await {
        Ok(world) => world,
        Err(failure) => return refused(&failure),
    };
    let Ok(sealed) = saved::seal(&world) else { return Exit::State };
    let mut temporary = file.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let written = File::create(&temporary)
        .and_then(|mut out| out.write_all(&sealed).and_then(|()| out.sync_all()))
        .and_then(|()| fs::rename(&temporary, file));
    match written {
        Ok(()) => {
            outln!("{}: {} bytes", file.display(), sealed.len());
            Exit::Done
        }
        Err(error) => {
            let _ = fs::remove_file(&temporary);
            unusable("write", file, &error)
        }
    }
}

/// Puts the world of a file in the place of the simulated one.
async fn restore(session: &Session, file: &Path) -> Exit {
    let Some(simulator) = &session.simulator else { return Exit::State };
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => return unusable("read", file, &error),
    };
    let world = match saved::open(&bytes) {
        Ok(world) => world,
        Err(error) => {
            errln!("workshop: {}: {error}", file.display());
            return Exit::State;
        }
    };
    match simulator.restore(world).await {
        Ok(()) => {
            outln!("the world of {} goes on from now", file.display());
            Exit::Done
        }
        Err(failure) => refused(&failure),
    }
}

/// Serves until it is interrupted.
async fn serve(session: &Session, port: u16, shop_port: u16) -> Exit {
    let (Some(simulator), Some(opened)) = (&session.simulator, endpoint::open(session, port, shop_port)) else {
        return Exit::State;
    };
    let doors = match opened {
        Ok(doors) => doors,
        Err(error) => {
            errln!("workshop: {error}");
            return Exit::State;
        }
    };
    outln!("The simulated AWS answers on {}. Paste this into another terminal (Ctrl-C here ends it):", doors.url());
    outln!("{}", doors.text());
    signals::terminated().await;
    if let Err(error) = simulator.save() {
        errln!("workshop: {error}");
        return Exit::State;
    }
    Exit::Done
}

async fn status(session: &Session) -> Exit {
    let Some(simulator) = &session.simulator else { return Exit::State };
    match simulator.status().await {
        Ok(status) => {
            outln!("{}", serde_json::to_string_pretty(&status).unwrap_or_default());
            Exit::Done
        }
        Err(failure) => refused(&failure),
    }
}

async fn list(session: &Session) -> Exit {
    for kind in KINDS {
        outln!("{}: {}", kind.name, kind.what);
        for parameter in kind.parameters {
            let needed = if parameter.required { "needed" } else { "optional" };
            outln!("    --set {}=… ({needed}) {}", parameter.name, parameter.what);
        }
    }
    let Some(faults) = &session.faults else { return Exit::Usage };
    match faults.active().await {
        Ok(active) => {
            for fault in active {
                let given = fault.parameters.as_object().filter(|given| !given.is_empty());
                let given = given.map(|_| format!(" {}", fault.parameters)).unwrap_or_default();
                outln!("active {}: {}{given} in {} until {}", fault.id, fault.kind, fault.region, fault.until);
            }
            Exit::Done
        }
        Err(failure) => refused(&failure),
    }
}
