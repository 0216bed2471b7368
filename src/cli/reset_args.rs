//! The command line of `workshop reset`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `workshop reset`: without a word behind it, the run of the account that the guide works in.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ResetArgs {
    /// A class of accounts, or only a part of one's own run
    #[command(subcommand)]
    pub command: Option<ResetCommand>,
    /// The run's suffix [default: this guide's own run]
    #[arg(long, value_name = "SUFFIX")]
    pub suffix: Option<String>,
    /// Only what this module made, such as m3; modules that stand on it go first
    #[arg(long, value_name = "MODULE", conflicts_with = "suffix")]
    pub module: Option<String>,
    /// `delete`: begin without asking, where there is no terminal to ask on
    #[arg(long, value_name = "EFFECT", value_parser = ["delete"])]
    pub approve: Option<String>,
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
}

/// What stands behind `workshop reset`.
#[derive(Debug, Subcommand)]
pub enum ResetCommand {
    /// Find what the workshop made in one account or many, and write what would be deleted to a file
    Plan(PlanArgs),
    /// Delete exactly what a plan says, and prove that it is gone
    Apply(ApplyArgs),
    /// Compute the verdict of an applied plan again from its journal
    Verify {
        /// The plan
        plan: PathBuf,
        /// One JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Print what other tools need: a CloudFormation template for thousands of accounts, or an aws-nuke configuration
    Export(ExportArgs),
    /// Forget where the learner was; nothing in AWS changes
    Progress,
}

/// `workshop reset plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Accounts from a file, CSV or YAML: seat, account, name, role, external_id, profile, primary, secondary, suffix
    #[arg(long, value_name = "FILE", group = "accounts")]
    pub roster: Option<PathBuf>,
    /// Accounts of the AWS profiles that this pattern names, such as 'class-*'
    #[arg(long, value_name = "GLOB", group = "accounts")]
    pub profiles: Option<String>,
    /// Accounts of an organizational unit or root, and of the units below it
    #[arg(long, value_name = "ID", group = "accounts")]
    pub ou: Option<String>,
    /// The role to assume; with --roster or --ou a template such as arn:aws:iam::{account}:role/reset
    #[arg(long, value_name = "ARN")]
    pub assume_role: Option<String>,
    /// The external id that the role asks for
    #[arg(long, value_name = "ID", requires = "assume_role")]
    pub external_id: Option<String>,
    /// The run's suffix, where one account is meant [default: this guide's own run]
    #[arg(long, value_name = "SUFFIX", conflicts_with = "accounts")]
    pub suffix: Option<String>,
    /// Accounts that are never touched
    #[arg(long, value_name = "ACCOUNT", value_delimiter = ',')]
    pub block: Vec<String>,
    /// What the event is called, in the report and in what is typed to confirm [default: the workshop's id]
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Where the plan is written
    #[arg(long, value_name = "PLAN")]
    pub out: PathBuf,
    /// One JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// `workshop reset apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The plan
    pub plan: PathBuf,
    /// The SHA-256 that `reset plan` printed; with it nothing is asked, and ten seconds are left to stop
    #[arg(long, value_name = "SHA256", value_parser = sha256)]
    pub hash: Option<String>,
    /// Only these seats of the plan: names with commas, or a JSON list
    #[arg(long, value_name = "SEATS", value_parser = seats)]
    pub seats: Option<Seats>,
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
}

/// Names of seats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seats(pub Vec<String>);

/// Seats as people write them, or as Step Functions does.
fn seats(text: &str) -> Result<Seats, String> {
    let names: Vec<String> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|error| format!("this is no JSON list of texts: {error}"))?
    } else {
        text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
    };
    if names.is_empty() { Err("expected at least one seat".to_owned()) } else { Ok(Seats(names)) }
}

/// `workshop reset export`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct ExportArgs {
    /// A Step Functions Distributed Map over a roster in S3 that runs this program in Fargate
    #[arg(long)]
    pub step_functions: bool,
    /// A configuration for aws-nuke with this plan's accounts, which leaves alone what the plan calls not ours
    #[arg(long, value_name = "PLAN")]
    pub aws_nuke: Option<PathBuf>,
}

/// The hash of a plan: 64 hexadecimal digits.
fn sha256(text: &str) -> Result<String, String> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err("expected the 64 hexadecimal digits that `workshop reset plan` printed".to_owned())
}
