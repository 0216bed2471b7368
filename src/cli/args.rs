//! The command line: a stable contract of subcommands, flags and exit codes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::content::schema::KINDS;
use crate::engine::content_test::Kind;

/// Learn to build a multi-Region, active-active bookstore on AWS, and prove by measurement that it survives the loss
/// of a Region.
#[derive(Debug, Parser)]
#[command(name = "workshop", version, propagate_version = true, arg_required_else_help = false)]
pub struct Cli {
    /// Everything that is the same for all subcommands.
    #[command(flatten)]
    pub global: Global,
    /// What to do; without one, the full screen opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags of every subcommand.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Use real AWS (default credential chain)
    #[arg(long, global = true, conflicts_with = "endpoint_url")]
    pub aws: bool,
    /// The profile of the AWS configuration to use with --aws or --endpoint-url
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Use any AWS-compatible endpoint
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// The primary Region (R1)
    #[arg(long, global = true, value_name = "REGION")]
    pub primary: Option<String>,
    /// The secondary Region (R2)
    #[arg(long, global = true, value_name = "REGION")]
    pub secondary: Option<String>,
    /// One workshop folder instead of the embedded one; its assets are in DIR/assets
    #[arg(long, global = true, value_name = "DIR")]
    pub modules: Option<PathBuf>,
    /// Where progress and the simulated account are kept [default: below the XDG state directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Sandbox: simulated seconds per second of wall time
    #[arg(long, global = true, value_name = "N", value_parser = speed)]
    pub speed: Option<f64>,
    /// Sandbox: the seed of chance and of the run's suffix
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u64>,
    /// Text instead of the full screen
    #[arg(long, global = true)]
    pub plain: bool,
    /// Colours [default: what the terminal says]
    #[arg(long, global = true, value_name = "WHEN")]
    pub color: Option<Color>,
    /// ASCII glyphs instead of Unicode
    #[arg(long, global = true)]
    pub ascii: bool,
}

/// How many colours to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// None.
    Never,
    /// The terminal's own 16.
    #[value(name = "16")]
    Ansi16,
    /// 256.
    #[value(name = "256")]
    Indexed256,
    /// 24 bits.
    True,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Do the steps of a module, or of all, without a screen
    Run(RunArgs),
    /// Evaluate the checks of a module or a fact
    Check(CheckArgs),
    /// Run one AWS operation as the AWS CLI would take it
    #[command(disable_help_flag = true)]
    Aws(AwsArgs),
    /// Break a Region on purpose and measure RTO and RPO
    Drill(DrillArgs),
    /// Delete what the workshop made, in one account or in a class of them, and prove that it is gone
    Reset(super::reset_args::ResetArgs),
    /// See where every learner of a class stands, from the state of the accounts, without changing anything
    Fleet(super::fleet::FleetArgs),
    /// The simulated AWS: serve it to other programs, look into it, break it
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Check a workshop's content
    #[command(subcommand)]
    Content(ContentCommand),
    /// Say what this machine offers the guide
    Doctor,
    /// Print a completion script for a shell
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
}

/// `workshop run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// m0 to m6, or all
    #[arg(default_value = "all")]
    pub module: String,
    /// Use a throw-away world
    #[arg(long)]
    pub fresh: bool,
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
    /// Real AWS: the effects that may happen without asking, e.g. create,update,delete,fault
    #[arg(long, value_name = "EFFECTS", value_delimiter = ',')]
    pub approve: Vec<String>,
}

/// `workshop check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// m0 to m6, a fact such as m2.aurora-replica, or all
    #[arg(default_value = "all")]
    pub what: String,
    /// Wait until everything passes or something fails
    #[arg(long)]
    pub wait: bool,
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
}

/// `workshop aws`.
#[derive(Debug, Args)]
pub struct AwsArgs {
    /// The service, the operation and its flags
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub words: Vec<String>,
}

/// `workshop drill`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct DrillArgs {
    /// What to do with reports of drills
    #[command(subcommand)]
    pub command: Option<DrillCommand>,
    /// The fault, as the workshop names it
    #[arg(long, default_value = "api")]
    pub fault: String,
    /// A folder for the evidence: report, samples, hashes
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// Begin even if no schedule can be made that mends the fault should this program die
    #[arg(long)]
    pub unguarded: bool,
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
}

/// A parameter of a fault: a number where it looks like one, otherwise text.
fn parameter(text: &str) -> Result<(String, serde_json::Value), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("'{text}' is not NAME=VALUE"))?;
    let number = value.parse::<u64>().map(serde_json::Value::from).or_else(|_| value.parse::<f64>().map(Into::into));
    Ok((name.to_owned(), number.unwrap_or_else(|_| value.into())))
}

/// `workshop drill …`: what can be done with reports.
#[derive(Debug, Subcommand)]
pub enum DrillCommand {
    /// Compute a report again from its samples, and say whether anything was changed
    Verify {
        /// The folder of the report
        directory: PathBuf,
        /// One JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Try the same fault with other settings, many times, in copies of the simulated world
    WhatIf(WhatIfArgs),
    /// Rank the reports of a class
    Compare {
        /// Folders of reports, or their report.json
        #[arg(required = true, value_name = "REPORT")]
        reports: Vec<PathBuf>,
        /// Compute each report again from its samples first
        #[arg(long)]
        verify: bool,
        /// One JSON object on standard output
        #[arg(long)]
        json: bool,
    },
}

/// `workshop drill what-if`.
#[derive(Debug, Args)]
pub struct WhatIfArgs {
    /// The folder of the report whose drill is tried again
    pub directory: PathBuf,
    /// Seconds between two requests of a health checker: 10 or 30
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(["10", "30"]), value_name = "SECONDS")]
    pub interval: Vec<String>,
    /// Failures in a row that count
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10), value_name = "COUNT")]
    pub threshold: Vec<u32>,
    /// Seconds that an answer may be kept
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3600), value_name = "SECONDS")]
    pub ttl: Vec<u32>,
    /// How many health checkers ask
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=16), value_name = "COUNT")]
    pub checkers: Option<u32>,
    /// Trials of each setting
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub runs: u32,
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
}

/// `workshop sandbox`.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Answer AWS requests on 127.0.0.1
    Serve {
        /// The port of the AWS API; 0 takes a free one
        #[arg(long, default_value_t = 4566)]
        port: u16,

        /// The port of the shop for a browser; 0 takes a free one
        #[arg(long, default_value_t = 0)]
        shop_port: u16,
    },
    /// What exists, what is simulated, and the numbers behind it
    Status {
        /// List the operations that are simulated
        #[arg(long, conflicts_with = "constants")]
        operations: bool,
        /// List durations, lags and limits with their sources
        #[arg(long)]
        constants: bool,
    },
    /// Write the simulated world to a file
    Snapshot {
        /// The file
        file: PathBuf,
    },
    /// Put the world of a file in the place of the simulated one
    Restore {
        /// A file that `snapshot` wrote
        file: PathBuf,
    },
    /// Make a class of simulated accounts whose learners stand at different places, to try fleet and reset (see --seed)
    Rehearse(super::fleet::RehearseArgs),
    /// Break the simulated AWS on purpose
    #[command(subcommand)]
    Fault(FaultCommand),
}

/// `workshop sandbox fault`.
#[derive(Debug, Subcommand)]
pub enum FaultCommand {
    /// The kinds of faults and those that are active
    List,
    /// Start a fault
    Start {
        /// The kind, as `list` names it
        kind: String,
        /// The Region
        region: String,
        /// When it ends by itself, e.g. 30m
        #[arg(long, default_value = "30m", value_parser = span)]
        lease: Duration,
        /// A parameter, as `list` names it; may be given several times
        #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
        set: Vec<(String, serde_json::Value)>,
    },
    /// End a fault
    Stop {
        /// Its id, as `list` shows it
        id: String,
    },
}

/// `workshop content`.
#[derive(Debug, Subcommand)]
pub enum ContentCommand {
    /// Find mistakes in a workshop folder
    Lint,
    /// Prove in copies of the sandbox that the steps can be done, that their checks tell it, and that nothing is left
    Test(TestArgs),
    /// Begin something new in a workshop folder
    #[command(subcommand)]
    New(NewCommand),
    /// The workshop in another form: a script, a page, or policies
    Export(ExportArgs),
    /// Print the JSON Schema of a kind of file, or write all of them
    Schema(SchemaArgs),
}

/// `workshop content export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A script that does the steps with the AWS CLI
    #[arg(long, required_unless_present_any = ["html", "iam"], conflicts_with_all = ["html", "iam"])]
    pub bash: bool,
    /// One page to read, with the checks as lists to tick
    #[arg(long, conflicts_with = "iam")]
    pub html: bool,
    /// The policies of learner, drill, reset and fleet
    #[arg(long)]
    pub iam: bool,
    /// Write into this folder, with the assets that the script needs [default: print]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `workshop content new`.
#[derive(Debug, Subcommand)]
pub enum NewCommand {
    /// A step at the end of its module, with everything that a step has; needs --modules
    Step {
        /// The module and a name, such as m2.backups
        id: String,
    },
}

/// `workshop content schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// The kind of file
    #[arg(required_unless_present = "out", value_parser = clap::builder::PossibleValuesParser::new(KINDS))]
    pub kind: Option<String>,
    /// Write the schemas of all kinds into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "kind")]
    pub out: Option<PathBuf>,
}

/// `workshop content test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// One module, m0 to m6 [default: all]
    pub module: Option<String>,
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
    /// Only these tests, e.g. T3,T9
    #[arg(long, value_name = "TESTS", value_delimiter = ',', value_parser = kind)]
    pub only: Vec<Kind>,
    /// Write a report in JUnit's XML, too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Say how long AWS takes in each module and step, beside the times that the content gives
    #[arg(long)]
    pub record_times: bool,
}

/// A test of content, by its number.
fn kind(text: &str) -> Result<Kind, String> {
    let found = Kind::ALL.into_iter().find(|kind| format!("{kind:?}").eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("the tests are {}", Kind::ALL.map(|kind| format!("{kind:?}")).join(", ")))
}

/// A speed: a number above zero.
fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && (0.1..=100_000.0).contains(&value) => Ok(value),
        _ => Err("expected a number of simulated seconds per second, from 0.1 to 100000".to_owned()),
    }
}

/// A span such as `90s`, `30m`, `2h`.
fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number with a unit, such as 90s, 30m or 2h".to_owned();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => number,
        "m" => number * 60,
        "h" => number * 3600,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn aws_takes_the_rest_of_the_line_as_it_is() {
        let cli = Cli::try_parse_from(["workshop", "aws", "rds", "describe-db-clusters", "--region", "eu-west-1"]);
        let Ok(Cli { command: Some(Command::Aws(args)), .. }) = cli else { panic!("not an aws command") };
        assert_eq!(args.words, ["rds", "describe-db-clusters", "--region", "eu-west-1"]);
    }

    #[test]
    fn spans_need_a_unit() {
        assert_eq!(span("30m"), Ok(Duration::from_secs(1800)));
        assert!(span("30").is_err());
        assert!(speed("0").is_err() && speed("inf").is_err());
    }
}
