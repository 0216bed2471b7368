//! An operation as the AWS CLI command that a person would type: what a residual or a failure names as the way out.

use serde_json::Value;

use crate::domain::Operation;
use crate::protocol::{FlagSpec, operation_by_cli};

/// The command, ready for a POSIX shell.
pub fn command_line(operation: &Operation) -> String {
    let mut words = vec![format!("aws {} {}", operation.service, operation.name)];
    let spec = operation_by_cli(&operation.service, &operation.name);
    for (member, value) in operation.input.as_object().into_iter().flatten() {
        let flag = spec.and_then(|spec| spec.flags.iter().find(|flag| flag.member == member));
        let name = flag.map_or(member.as_str(), |flag| flag.name);
        match value {
            Value::Null => {}
            Value::Bool(true) => words.push(format!("--{name}")),
            Value::Bool(false) => {
                let negative = flag.map_or_else(|| format!("no-{name}"), FlagSpec::negative);
                words.push(format!("--{negative}"));
            }
            Value::String(text) => words.push(format!("--{name} {}", quoted(text))),
            other => words.push(format!("--{name} {}", quoted(&other.to_string()))),
        }
    }
    words.push(format!("--region {}", operation.region));
    words.join(" ")
}

/// A word that the shell takes as it is, or in quotes.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::operation;

    #[test]
    fn commands_can_be_pasted() {
        let delete = operation(
            "rds",
            "delete-db-cluster",
            "eu-west-1",
            json!({ "DBClusterIdentifier": "a", "SkipFinalSnapshot": true }),
        );
        assert_eq!(
            command_line(&delete),
            "aws rds delete-db-cluster --db-cluster-identifier a --skip-final-snapshot --region eu-west-1"
        );
        let update = operation(
            "dynamodb",
            "update-table",
            "eu-west-1",
            json!({ "TableName": "it's", "DeletionProtectionEnabled": false, "ReplicaUpdates": [{ "Delete": { "RegionName": "r" } }] }),
        );
        assert_eq!(
            command_line(&update),
            r#"aws dynamodb update-table --table-name 'it'\''s' --no-deletion-protection-enabled --replica-updates '[{"Delete":{"RegionName":"r"}}]' --region eu-west-1"#
        );
    }
}
