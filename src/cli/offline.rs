//! Subcommands that need neither a world nor AWS: completions, the manual, what is simulated, content lint, doctor.

use std::io::IsTerminal as _;

use clap::CommandFactory as _;

use super::args::{Cli, Global};
use super::exit::Exit;
use crate::cli::out::{errln, outln};
use crate::content::{self, Severity};
use crate::protocol::operations;
use crate::sandbox::constants::CONSTANTS;
use crate::sandbox::services;

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "workshop", &mut text);
    super::out::print(format_args!("{}", String::from_utf8_lossy(&text)));
    Exit::Done
}

/// Prints the manual page.
pub fn man() -> Exit {
    let mut text = Vec::new();
    match clap_mangen::Man::new(Cli::command()).render(&mut text) {
        Ok(()) => super::out::print(format_args!("{}", String::from_utf8_lossy(&text))),
        Err(error) => {
            errln!("workshop: the manual page could not be made: {error}");
            return Exit::State;
        }
    }
    Exit::Done
}

/// Lists the operations that the sandbox answers, from its own tables.
pub fn simulated_operations() -> Exit {
    for operation in operations() {
        if services::handler(operation.service, operation.api).is_some() {
            outln!("{} {}", operation.cli_service, operation.cli);
        }
    }
    Exit::Done
}

/// Lists the numbers behind the simulation with their sources.
pub fn constants() -> Exit {
    for row in CONSTANTS {
        outln!("{row}");
    }
    Exit::Done
}

/// Lints a workshop; every finding is printed with its place.
pub fn lint(global: &Global) -> Exit {
    let compiled = content::compile(&super::source(global));
    for finding in &compiled.diagnostics {
        errln!("{finding}");
    }
    let errors = compiled.diagnostics.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = compiled.diagnostics.len() - errors;
    let Some(workshop) = compiled.workshop.filter(|_| errors == 0) else {
        outln!("{errors} errors, {warnings} warnings");
        return Exit::Usage;
    };
    let steps: usize = workshop.modules.iter().map(|module| module.steps.len()).sum();
    outln!("{}: {} modules, {steps} steps, {warnings} warnings", workshop.id, workshop.modules.len());
    if warnings == 0 { Exit::Done } else { Exit::No }
}

/// Says what this machine offers.
pub fn doctor(global: &Global) -> Exit {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| "not set".to_owned());
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    outln!("workshop {}", env!("CARGO_PKG_VERSION"));
    outln!("terminal: {}", if terminal { "yes" } else { "no; use --plain, or run in a terminal" });
    for name in ["TERM", "COLORTERM", "LANG", "NO_COLOR", "TMUX"] {
        outln!("{name}: {}", variable(name));
    }
    let base = global.state.clone().or_else(crate::progress::default_base);
    let state = base.map(|base| (base.display().to_string(), crate::progress::StateDirectory::open(base)));
    let ok = match state {
        Some((path, Ok(_))) => {
            outln!("state: {path} can be written");
            true
        }
        Some((_, Err(error))) => {
            outln!("state: {error}");
            false
        }
        None => {
            outln!("state: no home directory was found; give one with --state DIR");
            false
        }
    };
    let aws = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|directory| directory.join("aws").is_file()));
    outln!("aws command: {}", if aws { "found" } else { "not found; the guide's own `workshop aws` works without it" });
    if ok { Exit::Done } else { Exit::State }
}
