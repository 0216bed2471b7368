//! What is left of a run: by tag in every Region that it used, and by name in the lists of every service it used.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::reads;
use super::run::Run;
use crate::domain::{Failure, GLOBAL_REGION, Operations};
use crate::protocol::List;

/// One thing that is left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Left {
    /// Where.
    pub region: String,
    /// Its ARN, or its service and name where the list gives no ARN.
    pub id: String,
}

/// What was found, and what could not be read. Nothing is proved while something could not be read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Inventory {
    /// What is left, each thing once.
    pub left: BTreeSet<Left>,
    /// Reads that failed, in words.
    pub unread: Vec<String>,
}

const BY_TAG: List = List::new("resourcegroupstaggingapi", "get-resources", "ResourceTagMappingList");

const BUCKETS: List = List::new("s3api", "list-buckets", "Buckets");

const ZONES: List = List::new("route53", "list-hosted-zones", "HostedZones");

const DASHBOARDS: List = List::new("cloudwatch", "list-dashboards", "DashboardEntries");

const HEALTH_CHECKS: List = List::new("route53", "list-health-checks", "HealthChecks");

/// Lists of each Region: the call and the member that names an item (none: the item is the name itself).
const REGIONAL: &[(List, Option<&str>)] = &[
    (List::new("cloudformation", "describe-stacks", "Stacks"), Some("StackName")),
    (List::new("dynamodb", "list-tables", "TableNames"), None),
    (List::new("rds", "describe-db-clusters", "DBClusters"), Some("DBClusterIdentifier")),
    (List::new("rds", "describe-db-instances", "DBInstances"), Some("DBInstanceIdentifier")),
    (List::new("rds", "describe-db-cluster-snapshots", "DBClusterSnapshots"), Some("DBClusterSnapshotIdentifier")),
    (List::new("apigateway", "get-domain-names", "items"), Some("domainName")),
    (List::new("apigateway", "get-rest-apis", "items"), Some("name")),
    (List::new("acm", "list-certificates", "CertificateSummaryList"), Some("DomainName")),
    (List::new("codepipeline", "list-pipelines", "pipelines"), Some("name")),
    (List::new("scheduler", "list-schedules", "Schedules"), Some("Name")),
    (List::new("ecs", "list-clusters", "clusterArns"), None),
];

/// Looks for everything of the run.
pub async fn inventory(aws: &dyn Operations, run: &Run) -> Inventory {
    let mut found = Inventory::default();
    let mut regions: Vec<&str> = vec![run.regions.primary().as_str(), run.regions.secondary().as_str()];
    if !regions.contains(&GLOBAL_REGION) {
        regions.push(GLOBAL_REGION);
    }
    let filters: Vec<Value> = run.tags.iter().map(|(key, value)| json!({ "Key": key, "Values": [value] })).collect();
    for region in regions {
        let tagged = reads::all(aws, &BY_TAG, region, json!({ "TagFilters": filters })).await;
        found.add(region, tagged, |item| text(item, "ResourceARN").map(str::to_owned));
        for (listing, member) in REGIONAL {
            let items = reads::all(aws, listing, region, json!({})).await;
            found.add(region, items, |item| {
                let name = member.map_or(item.as_str(), |member| text(item, member))?;
                let arn = arn(item).unwrap_or(name);
                name.contains(&run.suffix).then(|| identity(listing.service, arn))
            });
        }
    }
    let own = |name: Option<&str>| name.is_some_and(|name| name.contains(&run.suffix));
    let buckets = reads::all(aws, &BUCKETS, run.regions.primary().as_str(), json!({})).await;
    found.add(GLOBAL_REGION, buckets, |item| {
        let name = text(item, "Name")?;
        own(Some(name)).then(|| format!("arn:aws:s3:::{name}"))
    });
    let zones = reads::all(aws, &ZONES, GLOBAL_REGION, json!({})).await;
    found.add(GLOBAL_REGION, zones, |item| {
        let id = text(item, "Id")?.trim_start_matches("/hostedzone/");
        own(text(item, "Name")).then(|| format!("arn:aws:route53:::hostedzone/{id}"))
    });
    let checks = reads::all(aws, &HEALTH_CHECKS, GLOBAL_REGION, json!({})).await;
    found.add(GLOBAL_REGION, checks, |item| {
        let name = item.pointer("/HealthCheckConfig/FullyQualifiedDomainName").and_then(Value::as_str);
        own(name).then(|| format!("arn:aws:route53:::healthcheck/{}", text(item, "Id").unwrap_or_default()))
    });
    let dashboards = reads::all(aws, &DASHBOARDS, GLOBAL_REGION, json!({})).await;
    found.add(GLOBAL_REGION, dashboards, |item| {
        own(text(item, "DashboardName")).then(|| text(item, "DashboardArn").unwrap_or_default().to_owned())
    });
    found
}

impl Inventory {
    fn add(&mut self, region: &str, items: Result<Vec<Value>, Failure>, id: impl Fn(&Value) -> Option<String>) {
        match items {
            Ok(items) => {
                let ids: BTreeSet<String> = items.iter().filter_map(id).collect();
                for id in ids {
                    // A bucket is found by tag in its own Region and by name everywhere; it is one thing.
                    if !self.left.iter().any(|left| left.id == id) {
                        self.left.insert(Left { region: region.to_owned(), id });
                    }
                }
            }
            Err(failure) => self.unread.push(format!("{}: {}", failure.operation, failure.code)),
        }
    }
}

fn text<'v>(item: &'v Value, member: &str) -> Option<&'v str> {
    item.get(member).and_then(Value::as_str)
}

/// The ARN that an item of a list carries under one of AWS's names for it.
fn arn(item: &Value) -> Option<&str> {
    ["StackId", "DBClusterArn", "DBInstanceArn", "DBClusterSnapshotArn", "CertificateArn"]
        .iter()
        .find_map(|member| text(item, member))
}

/// An ARN as it is; a name with its service before it.
fn identity(service: &str, name: &str) -> String {
    if name.starts_with("arn:") { name.to_owned() } else { format!("{service} {name}") }
}
