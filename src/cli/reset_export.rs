//! `workshop reset export`: what other tools need to do what this program leaves to them.

use std::fmt::Write as _;
use std::path::Path;

use super::exit::Exit;
use super::reset_args::ExportArgs;
use crate::cli::out::errln;
use crate::domain::GLOBAL_REGION;
use crate::engine::resets;
use crate::reset::Plan;

/// For thousands of accounts: AWS's own engine runs ours.
const STEP_FUNCTIONS: &str = include_str!("../../assets/reset/step-functions.yaml");

/// Prints to standard output.
pub(super) fn run(arguments: &ExportArgs) -> Exit {
    if let Some(plan) = &arguments.aws_nuke {
        return nuke(plan);
    }
    super::out::print(format_args!("{STEP_FUNCTIONS}"));
    Exit::Done
}

fn nuke(path: &Path) -> Exit {
    match resets::read_plan(path, None) {
        Ok((plan, sum)) => {
            super::out::print(format_args!("{}", configuration(&plan, &sum)));
            Exit::Done
        }
        Err(error) => {
            errln!("workshop: {error}");
            Exit::Usage
        }
    }
}

/// A text in single quotes, as YAML takes it.
fn quoted(text: &str) -> String {
    format!("'{}'", crate::domain::text::printable(text).replace('\'', "''"))
}

/// A configuration for aws-nuke (github.com/ekristen/aws-nuke, version 3). It deletes by exclusion, which this program never
/// does: whoever runs it has to read it. Its own rules ask for a block list that is not empty.
fn configuration(plan: &Plan, sum: &str) -> String {
    let mut text = format!(
        "# For aws-nuke 3, from the plan with the SHA-256 {sum}.\n\
         # aws-nuke deletes EVERYTHING in these accounts but what a filter keeps. Read it, try it without --no-dry-run first.\n"
    );
    text.push_str("blocklist:\n");
    for account in plan.blocked.iter().map(String::as_str).chain(["999999999999"]) {
        let _ = writeln!(text, "  - {}", quoted(account));
    }
    text.push_str("regions:\n  - global\n");
    let mut regions: Vec<&str> = plan.seats.iter().flat_map(|seat| seat.regions.iter().map(String::as_str)).collect();
    regions.push(GLOBAL_REGION);
    regions.sort_unstable();
    regions.dedup();
    for region in regions {
        let _ = writeln!(text, "  - {region}");
    }
    text.push_str(
        "presets:\n  ways-in:\n    filters:\n      IAMRole:\n        - { type: glob, value: 'AWSReservedSSO_*' }\n        \
         - 'OrganizationAccountAccessRole'\n        - { type: glob, value: '*AWSControlTower*' }\n        \
         - { type: glob, value: 'stacksets-exec-*' }\n",
    );
    text.push_str("accounts:\n");
    for seat in &plan.seats {
        let _ = writeln!(text, "  {}:\n    presets: [ways-in]\n    filters:", quoted(&seat.seat.account));
        let role = seat.caller.split(":assumed-role/").nth(1).and_then(|rest| rest.split('/').next());
        let _ = writeln!(text, "      IAMRole:\n        - {}", quoted(role.unwrap_or("workshop-reset")));
        for (kind, name) in [
            (crate::reset::Kind::Stack, "CloudFormationStack"),
            (crate::reset::Kind::Table, "DynamoDBTable"),
            (crate::reset::Kind::Cluster, "RDSDBCluster"),
            (crate::reset::Kind::Instance, "RDSInstance"),
            (crate::reset::Kind::Bucket, "S3Bucket"),
            (crate::reset::Kind::Zone, "Route53HostedZone"),
            (crate::reset::Kind::LogGroup, "CloudWatchLogsLogGroup"),
        ] {
            let kept: Vec<&str> =
                seat.not_ours.iter().filter(|item| item.kind == kind).map(|item| item.name.as_str()).collect();
            if !kept.is_empty() {
                let _ = writeln!(text, "      {name}:");
                for name in kept {
                    let _ = writeln!(text, "        - {{ type: glob, value: {} }}", quoted(&format!("*{name}*")));
                }
            }
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_yaml_with_every_account_and_a_block_list() {
        let plan = Plan {
            format: crate::reset::FORMAT,
            workshop: "bookstore".into(),
            title: "it's".into(),
            made: String::new(),
            blocked: ["777788889999".to_owned()].into(),
            seats: Vec::new(),
            excluded: Vec::new(),
        };
        let value: serde_yaml::Value = serde_yaml::from_str(&configuration(&plan, "0")).unwrap();
        assert_eq!(value["blocklist"][0].as_str(), Some("777788889999"));
        assert!(value["presets"]["ways-in"]["filters"]["IAMRole"].is_sequence());
    }

    #[test]
    fn the_template_takes_the_plans_hash_and_applies_nothing_else() {
        assert!(STEP_FUNCTIONS.contains("reset apply plan.json --hash"));
        assert!(STEP_FUNCTIONS.contains("\"Mode\": \"DISTRIBUTED\""));
    }
}
