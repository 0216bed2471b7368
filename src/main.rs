//! `workshop`: parses the command line, runs it, and gives its exit code.

use std::process::ExitCode;

use clap::Parser as _;
use multi_region_workshop::cli::args::{Cli, Color, Command};
use multi_region_workshop::cli::exit::{CRASH, Exit};
use multi_region_workshop::cli::out::lost;
use multi_region_workshop::engine::{crash, log};
use multi_region_workshop::tui::{Palette, Theme, leave};
use multi_region_workshop::{cli, progress, screen};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let directory = cli.global.state.clone().or_else(progress::default_base).unwrap_or_else(std::env::temp_dir);
    crash::install(directory.clone(), leave);
    let ended = std::panic::catch_unwind(|| run(cli, &directory));
    if let (Ok(_), Some(error)) = (&ended, lost()) {
        eprintln!("workshop: standard output cannot be written: {error}");
        return Exit::State.into();
    }
    ended.unwrap_or_else(|_| {
        match crash::file() {
            Some(file) => eprintln!("workshop: a mistake in the program ended it; {} says where", file.display()),
            None => eprintln!("workshop: a mistake in the program ended it"),
        }
        ExitCode::from(CRASH)
    })
}

fn run(cli: Cli, directory: &std::path::Path) -> ExitCode {
    // One walk is a chain: a second thread would only add memory of its own and switches. The screen needs one that
    // listens to keys while another computes.
    let mut builder = match cli.command {
        Some(Command::Run(_)) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("workshop: the program could not start its threads: {error}");
            return ExitCode::from(CRASH);
        }
    };
    let code = runtime.block_on(async {
        if let Some(Command::Fleet(arguments)) = &cli.command
            && arguments.on_screen(&cli.global)
        {
            return full_screen(&cli, directory, Some(&arguments.roster)).await;
        }
        match cli.command {
            Some(command) => cli::dispatch(&cli.global, command).await,
            None if cli.global.plain => cli::plain(&cli).await,
            None => full_screen(&cli, directory, None).await,
        }
    });
    // A thread that reads standard input may wait for ever; it must not keep the program.
    runtime.shutdown_background();
    code
}

/// The guide, or the class of a roster.
async fn full_screen(cli: &Cli, directory: &std::path::Path, roster: Option<&std::path::Path>) -> ExitCode {
    let session = match cli::open_screen(&cli.global).await {
        Ok(session) => session,
        Err(exit) => return exit.into(),
    };
    let _log = log::start(directory);
    let palette = cli.global.color.map(|color| match color {
        Color::Never => Palette::Mono,
        Color::Ansi16 => Palette::Ansi16,
        Color::Indexed256 => Palette::Indexed,
        Color::True => Palette::True,
    });
    let theme = Theme::detect(palette, cli.global.ascii, |name| std::env::var(name).ok());
    let shown = match roster {
        Some(roster) => screen::fleet(session, roster, theme).await,
        None => screen::run(session, theme).await,
    };
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("workshop: {error}");
            // A roster that cannot be read is a mistake of the command line; the rest is a terminal that is none.
            ExitCode::from(if matches!(error, screen::ScreenError::Class(_)) { 2 } else { 3 })
        }
    }
}
