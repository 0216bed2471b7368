//! `workshop fleet` and `workshop sandbox rehearse`: a class at a glance, and a class to try it with.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::args::Global;
use super::exit::Exit;
use super::open;
use crate::cli::out::{errln, outln};
use crate::domain::text::printable;
use crate::engine::fleet::{Fleet, REFRESH, Row, Stuck, short};
use crate::engine::rehearse::{self, Options, RehearseError};
use crate::engine::resets::ResetError;
use crate::engine::session::Session;
use crate::engine::signals;
use crate::progress::write_atomically;

/// The width of the table.
const WIDTH: usize = 80;

/// `workshop fleet`.
#[derive(Debug, Args)]
pub struct FleetArgs {
    /// The accounts, as `reset plan --roster` takes them: CSV or YAML
    #[arg(long, value_name = "FILE")]
    pub roster: PathBuf,
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
    /// Lines instead of the screen: go on until Ctrl-C, and ask again every 15 seconds
    #[arg(long)]
    pub watch: bool,
    /// Lines instead of the screen: one look
    #[arg(long)]
    pub once: bool,
}

impl FleetArgs {
    /// Whether the screen is wanted: on a terminal, unless lines were asked for.
    pub fn on_screen(&self, global: &Global) -> bool {
        let lines = self.json || self.watch || self.once || global.plain;
        !lines && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
    }
}

/// `workshop sandbox rehearse`.
#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// How many learners, 1 to 500
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
    pub learners: u16,
    /// Where the roster of the class is written, as CSV
    #[arg(long, value_name = "FILE")]
    pub roster: PathBuf,
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
}

/// Asks the accounts and prints what they tell.
pub(super) async fn run(global: &Global, arguments: FleetArgs) -> Exit {
    let session = match open::session(global, false, false).await {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let mut fleet = match Fleet::open(&session, &arguments.roster) {
        Ok(fleet) => fleet,
        Err(error) => return wrong(&error),
    };
    // Listened for from the beginning: what comes during a refresh counts, too.
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        signals::terminated().await;
        stopped.cancel();
    });
    let awake = session.clock.participate();
    let mut seen = fleet.cycles;
    loop {
        let begun = Instant::now();
        let asked = async {
            if arguments.watch {
                fleet.cycle().await;
            } else {
                fleet.settle().await;
            }
        };
        tokio::select! {
            () = asked => {}
            () = stop.cancelled() => return Exit::Interrupted,
        }
        let rows = fleet.rows();
        let took = Took { cycles: fleet.cycles - seen, wall: begun.elapsed() };
        seen = fleet.cycles;
        if let Err(error) = show(&session, &rows, &took, &arguments) {
            // Nobody reads any more.
            if error.kind() == std::io::ErrorKind::BrokenPipe {
                return Exit::Done;
            }
            errln!("workshop: standard output cannot be written: {error}");
            return Exit::State;
        }
        if !arguments.watch {
            drop(awake);
            return if rows.iter().all(|row| row.module.is_some()) { Exit::Done } else { Exit::No };
        }
        let pause = async {
            tokio::select! {
                () = tokio::time::sleep(REFRESH) => false,
                () = stop.cancelled() => true,
            }
        };
        if session.clock.idle(pause).await {
            return Exit::Interrupted;
        }
    }
}

fn wrong(error: &ResetError) -> Exit {
    errln!("workshop: {}", printable(&error.to_string()));
    Exit::Usage
}

/// What a refresh cost.
struct Took {
    cycles: usize,
    wall: Duration,
}

fn show(session: &Session, rows: &[Row], took: &Took, arguments: &FleetArgs) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if arguments.json {
        for row in rows {
            writeln!(out, "{}", seat_line(row))?;
        }
        writeln!(out, "{}", summary(session, rows, took))?;
        return out.flush();
    }
    if arguments.watch && std::io::stdout().is_terminal() {
        write!(out, "\x1b[2J\x1b[H")?;
    }
    for line in table(rows) {
        writeln!(out, "{line}")?;
    }
    let unknown = rows.iter().filter(|row| row.dollars_per_hour.is_none()).count();
    let unknown = if unknown == 0 { String::new() } else { format!(", and {unknown} seats unknown") };
    writeln!(
        out,
        "\n{} seats at {}; at least ${:.2} an hour (an estimate){unknown}; read in {:.1} s",
        rows.len(),
        session.clock.now().clock_face(),
        dollars_per_hour(rows),
        took.wall.as_secs_f64(),
    )?;
    out.flush()
}

/// A row as a line of JSON: times as AWS writes them.
fn seat_line(row: &Row) -> Value {
    let mut line = json!({ "event": "seat" });
    let since = if let Stuck::Since(at) = row.stuck { Some(at.rfc3339()) } else { None };
    let word = match row.stuck {
        Stuck::Since(_) => "since",
        Stuck::Working => "working",
        Stuck::Unknown => "unknown",
    };
    if let (Some(line), Ok(Value::Object(members))) = (line.as_object_mut(), serde_json::to_value(row)) {
        line.extend(members);
        line.insert("stuck".to_owned(), json!(word));
        line.insert("stuck_since".to_owned(), json!(since));
        line.insert("last_activity".to_owned(), json!(row.last_activity.map(crate::domain::SimTime::rfc3339)));
    }
    line
}

/// What all seats cost an hour, as far as it is known. The sum of nothing is -0 in Rust, and would be shown so.
fn dollars_per_hour(rows: &[Row]) -> f64 {
    rows.iter().filter_map(|row| row.dollars_per_hour).fold(0.0, |sum, cost| sum + cost)
}

fn summary(session: &Session, rows: &[Row], took: &Took) -> Value {
    json!({
        "event": "summary",
        "at": session.clock.now().rfc3339(),
        "seats": rows.len(),
        "unread": rows.iter().filter(|row| row.module.is_none()).count(),
        "with_errors": rows.iter().filter(|row| !row.errors.is_empty()).count(),
        "dollars_per_hour": dollars_per_hour(rows),
        "cost_unknown_seats": rows.iter().filter(|row| row.dollars_per_hour.is_none()).count(),
        "cycles": took.cycles,
        "most_reads": rows.iter().map(|row| row.reads).max(),
        "wall_seconds": took.wall.as_secs_f64(),
    })
}

/// The table: a line a seat, and a line below it for each error.
fn table(rows: &[Row]) -> Vec<String> {
    let mut lines = vec!["seat       mod facts   stuck    last     $/h waits for".to_owned()];
    for row in rows {
        let stuck = match (row.stuck, row.stuck_seconds, &row.module) {
            (Stuck::Since(_), Some(seconds), _) => short(seconds),
            (Stuck::Working, _, _) => "working".to_owned(),
            _ => "unknown".to_owned(),
        };
        let last =
            row.last_activity.map_or_else(|| "unknown".to_owned(), |at| at.clock_face().chars().take(5).collect());
        let facts = match row.module {
            Some(_) => format!("{}/{}", row.facts.passed, row.facts.total),
            None => "?".to_owned(),
        };
        let more = if row.cost_unknown.is_empty() { "" } else { "+" };
        let cost = row.dollars_per_hour.map_or_else(|| "unknown".to_owned(), |cost| format!("{cost:.2}{more}"));
        let waits = row.waits_for.as_deref().unwrap_or(if row.module.is_some() { "nothing" } else { "not read" });
        let seat: String = printable(&row.seat).chars().take(10).collect();
        lines.push(cut(&format!(
            "{seat:<10} {:<3} {facts:>5} {stuck:>7} {:>7} {cost:>7} {}",
            row.module.as_deref().unwrap_or("?"),
            last,
            printable(waits)
        )));
        lines.extend(row.errors.iter().map(|error| cut(&format!("           ! {}", printable(error)))));
    }
    lines
}

/// A line that fits, with a mark where it was cut.
fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH - 1).chain(['…']).collect()
}

/// Makes a class in the state directory's world and writes its roster.
pub(super) async fn rehearse(session: &Arc<Session>, seed: Option<u64>, arguments: RehearseArgs) -> Exit {
    let Some(simulator) = &session.simulator else { return Exit::State };
    let world = match session.world().await {
        Ok(Some(world)) => world,
        Ok(None) => return Exit::State,
        Err(why) => {
            errln!("workshop: the simulated world could not be read: {}", printable(&why));
            return Exit::State;
        }
    };
    let seed = seed.unwrap_or(session.settings.seed);
    let options = Options { learners: usize::from(arguments.learners), seed, last: None };
    let asked = Arc::clone(session);
    let task = tokio::spawn(async move { rehearse::rehearse(&asked, world, &options).await });
    let (world, learners) = match task.await {
        Ok(Ok(class)) => class,
        Ok(Err(error)) => {
            errln!("workshop: {}", printable(&error.to_string()));
            return if matches!(error, RehearseError::Learners(_)) { Exit::Usage } else { Exit::State };
        }
        Err(error) => {
            errln!("workshop: the class could not be made: {error}");
            return Exit::State;
        }
    };
    let bytes = match serde_json::to_vec(&world) {
        Ok(bytes) => bytes,
        Err(error) => {
            errln!("workshop: the world of the class cannot be written: {error}");
            return Exit::State;
        }
    };
    if let Err(failure) = simulator.restore(&bytes).await {
        errln!("workshop: {}", printable(&failure.message));
        return Exit::State;
    }
    if let Err(error) = write_atomically(&arguments.roster, rehearse::roster(&learners).as_bytes()) {
        errln!("workshop: {error}");
        return Exit::State;
    }
    for one in &learners {
        if arguments.json {
            let line = json!({
                "event": "learner", "seat": one.seat.seat, "account": one.seat.account, "module": one.module,
                "step": one.step, "mistake": one.mistake, "idle_seconds": one.idle_seconds,
            });
            outln!("{line}");
        } else {
            let mistake = one.mistake.map(|what| format!("; {what}")).unwrap_or_default();
            outln!("{} {} stands before {}{mistake}", one.seat.seat, one.seat.account, one.step);
        }
    }
    if arguments.json {
        let roster = arguments.roster.display().to_string();
        outln!("{}", json!({ "event": "summary", "learners": learners.len(), "seed": seed, "roster": roster }));
    } else {
        let roster = arguments.roster.display();
        outln!("\n{} learners; try `workshop fleet --roster {roster}` with the same --state", learners.len());
    }
    Exit::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_80_columns_and_says_what_is_unknown() {
        let mut row = Row::unread("a-seat-with-a-long-name", "111122223333", &"it cannot be entered ".repeat(9));
        let lines = table(std::slice::from_ref(&row));
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("unknown") && line.contains("not read")), "{lines:?}");
        row.module = Some("m2".to_owned());
        row.waits_for = Some("m2.aurora-replica: in the wrong Region".to_owned());
        row.dollars_per_hour = Some(0.1234);
        let lines = table(&[row]);
        assert!(lines.iter().any(|line| line.contains("0.12 m2.aurora-replica: in the wrong")), "{lines:?}");
        assert_eq!([short(9.0), short(65.0), short(3700.0)], ["9s", "1m", "1h01"]);
    }
}
