//! `workshop sandbox`: the simulated AWS for other programs, at a glance, and broken on purpose.

use serde_json::json;

use super::args::{FaultCommand, Global, SandboxCommand};
use super::exit::Exit;
use super::open;
use crate::domain::Region;
use crate::domain::time::spell;
use crate::engine::session::Session;
use crate::engine::signals;
use crate::sandbox::faults::KINDS;

/// Runs a subcommand of `sandbox`.
pub(super) async fn run(global: &Global, command: SandboxCommand) -> Exit {
    if global.aws || global.endpoint_url.is_some() {
        eprintln!("workshop: `sandbox` is about the simulated AWS; leave --aws and --endpoint-url out");
        return Exit::Usage;
    }
    let session = match open::session(global, false, false).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    match command {
        SandboxCommand::Serve { port } => serve(&session, port).await,
        SandboxCommand::Status { .. } => status(&session).await,
        SandboxCommand::Fault(FaultCommand::List) => list(&session).await,
        SandboxCommand::Fault(FaultCommand::Start { kind, region, lease }) => {
            if let Err(error) = Region::parse(&region) {
                eprintln!("workshop: {error}");
                return Exit::Usage;
            }
            let Some(faults) = &session.faults else { return Exit::Usage };
            match faults.start(&kind, &region, json!({}), lease).await {
                Ok(fault) => {
                    println!("{}: {} in {} for {}", fault.id, fault.kind, fault.region, spell(lease));
                    Exit::Done
                }
                Err(failure) => refused(&failure),
            }
        }
        SandboxCommand::Fault(FaultCommand::Stop { id }) => {
            let Some(faults) = &session.faults else { return Exit::Usage };
            match faults.stop(&id).await {
                Ok(()) => Exit::Done,
                Err(failure) => refused(&failure),
            }
        }
    }
}

fn refused(failure: &crate::domain::Failure) -> Exit {
    eprintln!("workshop: {}", failure.message);
    Exit::Usage
}

/// Serves until it is interrupted.
async fn serve(session: &Session, port: u16) -> Exit {
    let Some(simulator) = &session.simulator else { return Exit::State };
    let endpoint = match simulator.serve(port).await {
        Ok(endpoint) => endpoint,
        Err(error) => {
            eprintln!("workshop: {error}");
            return Exit::State;
        }
    };
    let url = format!("http://127.0.0.1:{}", endpoint.port);
    println!("The simulated AWS answers on {url}. Paste this into another terminal (Ctrl-C here ends it):");
    println!(
        "  bash, zsh:  export AWS_ENDPOINT_URL={url} AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox AWS_SESSION_TOKEN="
    );
    println!(
        "  fish:       set -gx AWS_ENDPOINT_URL {url}; set -gx AWS_ACCESS_KEY_ID sandbox; set -gx AWS_SECRET_ACCESS_KEY sandbox"
    );
    println!(
        "  PowerShell: $env:AWS_ENDPOINT_URL='{url}'; $env:AWS_ACCESS_KEY_ID='sandbox'; $env:AWS_SECRET_ACCESS_KEY='sandbox'"
    );
    signals::terminated().await;
    if let Err(error) = simulator.save() {
        eprintln!("workshop: {error}");
        return Exit::State;
    }
    Exit::Done
}

async fn status(session: &Session) -> Exit {
    let Some(simulator) = &session.simulator else { return Exit::State };
    match simulator.status().await {
        Ok(status) => {
            println!("{}", serde_json::to_string_pretty(&status).unwrap_or_default());
            Exit::Done
        }
        Err(failure) => refused(&failure),
    }
}

async fn list(session: &Session) -> Exit {
    for (kind, what) in KINDS {
        println!("{kind}: {what}");
    }
    let Some(faults) = &session.faults else { return Exit::Usage };
    match faults.active().await {
        Ok(active) => {
            for fault in active {
                println!("active {}: {} in {} until {}", fault.id, fault.kind, fault.region, fault.until);
            }
            Exit::Done
        }
        Err(failure) => refused(&failure),
    }
}
