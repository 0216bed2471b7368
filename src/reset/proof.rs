//! The proof: a search of its own for what is left, and the verdict that follows from it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::caller::Caller;
use super::commands::command_line;
use super::inventory::{Left, inventory};
use super::item::{Item, Kind};
use super::lists;
use super::run::Run;
use super::scan;
use crate::domain::GLOBAL_REGION;
use crate::domain::region::known_regions;
use crate::protocol::operation;

/// Something of the run that is left, and how a person finishes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Residual {
    /// Where.
    pub region: String,
    /// Its ARN, or its service and name.
    pub id: String,
    /// The command that finishes it, or shows it where no single command does.
    pub finish: String,
}

/// How an account ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Verdict {
    /// Two searches, ten minutes apart, found nothing of the run, and nothing else was listed either.
    Clean,
    /// Nothing of the run is left; so many things are somebody else's and stay.
    CleanExcept {
        /// How many.
        not_ours: usize,
    },
    /// Something of the run is left.
    Residual {
        /// How many things.
        left: usize,
    },
    /// A read failed, so nothing is proved.
    Unproved {
        /// How many reads failed.
        unread: usize,
    },
}

impl Verdict {
    /// The verdict on a search.
    pub fn of(left: usize, not_ours: usize, unread: usize) -> Self {
        match (left, unread, not_ours) {
            (0, 0, 0) => Verdict::Clean,
            (0, 0, not_ours) => Verdict::CleanExcept { not_ours },
            (0, unread, _) => Verdict::Unproved { unread },
            (left, ..) => Verdict::Residual { left },
        }
    }

    /// Whether nothing of the run is left, and that is proved.
    pub fn clean(&self) -> bool {
        matches!(self, Verdict::Clean | Verdict::CleanExcept { .. })
    }

    /// The verdict in words.
    pub fn words(&self) -> String {
        match self {
            Verdict::Clean => "clean".to_owned(),
            Verdict::CleanExcept { not_ours } => format!("clean except {not_ours} not ours"),
            Verdict::Residual { left } => format!("residual: {left} left"),
            Verdict::Unproved { unread } => format!("not proved: {unread} reads failed"),
        }
    }
}

/// One search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// What of the run is left.
    pub left: Vec<Residual>,
    /// Reads that failed, in words.
    pub unread: Vec<String>,
}

/// Searches by tag in every Region and by name in every list that the workshop's services have. It uses nothing of the
/// plan but the things that the plan names as somebody else's.
pub async fn prove(caller: &Caller, run: &Run, not_ours: &[Item]) -> Proof {
    let mut found = inventory(caller, run).await;
    let searched = [run.regions.primary().as_str(), run.regions.secondary().as_str(), GLOBAL_REGION];
    let filters: Vec<Value> = run.tags.iter().map(|(key, value)| json!({ "Key": key, "Values": [value] })).collect();
    for region in known_regions().filter(|region| !searched.contains(region)) {
        let read = operation("resourcegroupstaggingapi", "get-resources", region, json!({ "TagFilters": filters }));
        match caller.all(&read).await {
            Ok(output) => {
                let items = output.get("ResourceTagMappingList").and_then(Value::as_array).into_iter().flatten();
                found.left.extend(items.filter_map(|item| {
                    let id = item.get("ResourceARN").and_then(Value::as_str)?.to_owned();
                    Some(Left { region: region.to_owned(), id })
                }));
            }
            Err(failure) if scan::closed(region, &failure) => {}
            Err(failure) => found.unread.push(failure.to_string()),
        }
    }
    // A log group that came back carries no tag; only its name tells.
    for region in [run.regions.primary().as_str(), run.regions.secondary().as_str()] {
        match lists::list(caller, "", Kind::LogGroup, region).await {
            Ok(groups) => found.left.extend(
                groups
                    .iter()
                    .filter(|group| run.logs_of(&group.name))
                    .map(|group| Left { region: region.to_owned(), id: format!("log-group:{}", group.name) }),
            ),
            Err(failure) => found.unread.push(failure.to_string()),
        }
    }
    let tagged: BTreeSet<String> =
        found.left.iter().filter_map(|left| left.id.split(":log-group:").nth(1).map(str::to_owned)).collect();
    found.left.retain(|left| left.id.strip_prefix("log-group:").is_none_or(|name| !tagged.contains(name)));
    let strangers: BTreeSet<&str> = not_ours
        .iter()
        .flat_map(|item| [item.id.as_str(), item.name.as_str(), item.arn.as_deref().unwrap_or_default()])
        .collect();
    let strange = |left: &Left| {
        let name = left.id.split_once(' ').map_or(left.id.as_str(), |(_, name)| name);
        strangers.contains(left.id.as_str()) || strangers.contains(name)
    };
    let left = found.left.into_iter().filter(|left| !strange(left) && !scan::waits(&left.id));
    let left = left.map(|left| Residual { finish: finish(&left), region: left.region, id: left.id }).collect();
    Proof { left, unread: found.unread }
}

/// The command that finishes one thing by hand; where no single one does, the one that shows it.
pub fn finish(left: &Left) -> String {
    let (region, id) = (left.region.as_str(), left.id.as_str());
    let tail = id.rsplit(['/', ':', ' ']).next().unwrap_or(id);
    let after = |mark: &str| id.split(mark).nth(1).map(str::to_owned);
    let make = |service: &str, name: &str, input: Value| command_line(&operation(service, name, region, input));
    if let Some(stack) = after(":stack/") {
        let name = stack.split('/').next().unwrap_or_default().to_owned();
        return make("cloudformation", "delete-stack", json!({ "StackName": name }));
    }
    if let Some(bucket) = id.strip_prefix("arn:aws:s3:::") {
        let delete = make("s3api", "delete-bucket", json!({ "Bucket": bucket }));
        return format!("{delete}   # after `aws s3api list-object-versions --bucket {bucket}` shows nothing");
    }
    for (mark, service, name, member) in [
        (":cluster:", "rds", "delete-db-cluster", "DBClusterIdentifier"),
        (":db:", "rds", "delete-db-instance", "DBInstanceIdentifier"),
        (":cluster-snapshot:", "rds", "delete-db-cluster-snapshot", "DBClusterSnapshotIdentifier"),
        (":table/", "dynamodb", "delete-table", "TableName"),
        ("dynamodb ", "dynamodb", "delete-table", "TableName"),
        ("hostedzone/", "route53", "delete-hosted-zone", "Id"),
        ("healthcheck/", "route53", "delete-health-check", "HealthCheckId"),
        ("/domainnames/", "apigateway", "delete-domain-name", "domainName"),
        ("codepipeline ", "codepipeline", "delete-pipeline", "name"),
        (":schedule/default/", "scheduler", "delete-schedule", "Name"),
        (":dashboard/", "cloudwatch", "delete-dashboards", "DashboardNames"),
        ("/restapis/", "apigateway", "delete-rest-api", "restApiId"),
    ] {
        if let Some(rest) = after(mark) {
            let mut input = json!({ member: rest });
            if let (true, Some(map)) =
                (name.starts_with("delete-db-") && !name.ends_with("snapshot"), input.as_object_mut())
            {
                map.insert("SkipFinalSnapshot".to_owned(), json!(true));
            }
            return make(service, name, input);
        }
    }
    if id.starts_with("arn:aws:acm:") {
        return make("acm", "delete-certificate", json!({ "CertificateArn": id }));
    }
    if let Some(group) = after("log-group:") {
        return make(
            "cloudcontrol",
            "delete-resource",
            json!({ "TypeName": "AWS::Logs::LogGroup", "Identifier": group }),
        );
    }
    if id.starts_with("arn:") {
        return make("resourcegroupstaggingapi", "get-resources", json!({ "ResourceARNList": [id] }));
    }
    format!("aws {} … # {tail} in {region}", id.split(' ').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_out_is_a_command_that_can_be_pasted() {
        let left = |id: &str| Left { region: "eu-west-1".into(), id: id.into() };
        for (id, command) in [
            (
                "arn:aws:cloudformation:eu-west-1:1:stack/blog/uuid",
                "aws cloudformation delete-stack --stack-name blog --region eu-west-1",
            ),
            ("dynamodb Books", "aws dynamodb delete-table --table-name Books --region eu-west-1"),
            (
                "arn:aws:rds:eu-west-1:1:cluster:a",
                "aws rds delete-db-cluster --db-cluster-identifier a --skip-final-snapshot --region eu-west-1",
            ),
            (
                "arn:aws:route53:::healthcheck/h",
                "aws route53 delete-health-check --health-check-id h --region eu-west-1",
            ),
        ] {
            assert_eq!(finish(&left(id)), command);
        }
    }

    #[test]
    fn nothing_is_clean_while_a_read_fails() {
        assert_eq!(Verdict::of(0, 0, 0), Verdict::Clean);
        assert_eq!(Verdict::of(0, 2, 0).words(), "clean except 2 not ours");
        assert!(!Verdict::of(0, 0, 1).clean() && !Verdict::of(1, 0, 0).clean());
    }
}
