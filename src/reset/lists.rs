//! How each kind of thing is listed: the call, and where the answer has identifiers, names and ARNs.

use serde_json::{Value, json};

use super::caller::Caller;
use super::item::{Item, Kind, Owner};
use crate::domain::{Failure, FailureClass, GLOBAL_REGION};
use crate::protocol::operation;

/// One list read.
struct Listing {
    service: &'static str,
    name: &'static str,
    /// The member with the items.
    items: &'static str,
    /// Where an item has its identifier; nothing when it is the identifier itself.
    id: &'static str,
    /// Where it has its name.
    title: &'static str,
    /// Where it has its ARN, or how one is made from the identifier: `{r}` Region, `{a}` account, `{id}`.
    arn: &'static str,
}

fn listing(kind: Kind) -> Listing {
    let of = |service, name, items, id, title, arn| Listing { service, name, items, id, title, arn };
    match kind {
        Kind::Stack => of("cloudformation", "describe-stacks", "Stacks", "/StackName", "/StackName", "/StackId"),
        Kind::Table => of("dynamodb", "list-tables", "TableNames", "", "", "arn:aws:dynamodb:{r}:{a}:table/{id}"),
        Kind::Cluster => of(
            "rds",
            "describe-db-clusters",
            "DBClusters",
            "/DBClusterIdentifier",
            "/DBClusterIdentifier",
            "/DBClusterArn",
        ),
        Kind::Instance => of(
            "rds",
            "describe-db-instances",
            "DBInstances",
            "/DBInstanceIdentifier",
            "/DBInstanceIdentifier",
            "/DBInstanceArn",
        ),
        Kind::GlobalCluster => of(
            "rds",
            "describe-global-clusters",
            "GlobalClusters",
            "/GlobalClusterIdentifier",
            "/GlobalClusterIdentifier",
            "/GlobalClusterArn",
        ),
        // The cluster that it is of is what connects it with a run.
        Kind::Snapshot => of(
            "rds",
            "describe-db-cluster-snapshots",
            "DBClusterSnapshots",
            "/DBClusterSnapshotIdentifier",
            "/DBClusterIdentifier",
            "/DBClusterSnapshotArn",
        ),
        Kind::DomainName => of(
            "apigateway",
            "get-domain-names",
            "items",
            "/domainName",
            "/domainName",
            "arn:aws:apigateway:{r}::/domainnames/{id}",
        ),
        Kind::RestApi => {
            of("apigateway", "get-rest-apis", "items", "/id", "/name", "arn:aws:apigateway:{r}::/restapis/{id}")
        }
        Kind::Certificate => of(
            "acm",
            "list-certificates",
            "CertificateSummaryList",
            "/CertificateArn",
            "/DomainName",
            "/CertificateArn",
        ),
        Kind::Bucket => of("s3api", "list-buckets", "Buckets", "/Name", "/Name", "arn:aws:s3:::{id}"),
        Kind::Zone => {
            of("route53", "list-hosted-zones", "HostedZones", "/Id", "/Name", "arn:aws:route53:::hostedzone/{id}")
        }
        Kind::HealthCheck => of(
            "route53",
            "list-health-checks",
            "HealthChecks",
            "/Id",
            "/HealthCheckConfig/FullyQualifiedDomainName",
            "arn:aws:route53:::healthcheck/{id}",
        ),
        Kind::Dashboard => {
            of("cloudwatch", "list-dashboards", "DashboardEntries", "/DashboardName", "/DashboardName", "/DashboardArn")
        }
        Kind::Pipeline => {
            of("codepipeline", "list-pipelines", "pipelines", "/name", "/name", "arn:aws:codepipeline:{r}:{a}:{id}")
        }
        Kind::Schedule => of("scheduler", "list-schedules", "Schedules", "/Name", "/Name", "/Arn"),
        Kind::LogGroup => of(
            "cloudcontrol",
            "list-resources",
            "ResourceDescriptions",
            "/Identifier",
            "/Identifier",
            "arn:aws:logs:{r}:{a}:log-group:{id}",
        ),
        Kind::Tagged => of(
            "resourcegroupstaggingapi",
            "get-resources",
            "ResourceTagMappingList",
            "/ResourceARN",
            "/ResourceARN",
            "/ResourceARN",
        ),
    }
}

/// Every status of a stack that is there. Source: AWS CloudFormation API Reference, ListStacks, StackStatusFilter; stacks
/// in DELETE_COMPLETE are listed for 90 days.
const STANDING: &[&str] = &[
    "CREATE_IN_PROGRESS",
    "CREATE_FAILED",
    "CREATE_COMPLETE",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "REVIEW_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_IN_PROGRESS",
    "IMPORT_ROLLBACK_FAILED",
    "IMPORT_ROLLBACK_COMPLETE",
];

/// Everything of a kind in a Region, not yet judged. A list of something that does not exist is empty.
pub(super) async fn list(caller: &Caller, account: &str, kind: Kind, region: &str) -> Result<Vec<Item>, Failure> {
    let input = match kind {
        Kind::LogGroup => json!({ "TypeName": kind.type_name() }),
        Kind::Snapshot => json!({ "SnapshotType": "manual" }),
        _ => json!({}),
    };
    listed(caller, account, kind, region, listing(kind), input).await
}

/// As [`list`], but of stacks names and statuses only: what a wait of half an hour asks about is a short answer, without
/// parameters and outputs.
pub(super) async fn list_statuses(
    caller: &Caller,
    account: &str,
    kind: Kind,
    region: &str,
) -> Result<Vec<Item>, Failure> {
    if kind != Kind::Stack {
        return list(caller, account, kind, region).await;
    }
    let how = Listing { name: "list-stacks", items: "StackSummaries", ..listing(kind) };
    listed(caller, account, kind, region, how, json!({ "StackStatusFilter": STANDING })).await
}

async fn listed(
    caller: &Caller,
    account: &str,
    kind: Kind,
    region: &str,
    how: Listing,
    input: Value,
) -> Result<Vec<Item>, Failure> {
    let output = match caller.all(&operation(how.service, how.name, region, input)).await {
        Ok(output) => output,
        Err(failure) if failure.class == FailureClass::NotFound => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    let items = output.get(how.items).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |item: &Value, pointer: &str| item.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let found = items.into_iter().filter_map(|raw| {
        let id = text(&raw, how.id)?;
        // Route 53 writes `/hostedzone/` before the id, and wants it neither in calls nor in ARNs.
        let id = if kind == Kind::Zone { id.trim_start_matches("/hostedzone/").to_owned() } else { id };
        let region = match kind {
            // A list of buckets covers all Regions; those that it names no Region for are asked about later.
            Kind::Bucket => text(&raw, "/BucketRegion").unwrap_or_default(),
            Kind::Zone | Kind::HealthCheck | Kind::GlobalCluster | Kind::Dashboard => GLOBAL_REGION.to_owned(),
            _ => region.to_owned(),
        };
        let arn = if how.arn.starts_with('/') {
            text(&raw, how.arn)
        } else {
            Some(how.arn.replace("{r}", &region).replace("{a}", account).replace("{id}", &id))
        };
        let name = text(&raw, how.title).unwrap_or_default();
        let owner = Owner::NotOurs { why: String::new() };
        Some(Item { kind, region, id, name, arn, owner, raw: raw.into() })
    });
    Ok(found.collect())
}

/// The Region that a bucket is in; `None` when there is no such bucket.
pub(super) async fn bucket_region(caller: &Caller, bucket: &str, asked_in: &str) -> Result<Option<String>, Failure> {
    let read = operation("s3api", "get-bucket-location", asked_in, json!({ "Bucket": bucket }));
    match caller.call(&read).await {
        Ok(reply) => {
            let region = reply.output.get("LocationConstraint").and_then(Value::as_str);
            // Source: Amazon S3 API Reference, GetBucketLocation: buckets in us-east-1 have none; EU is eu-west-1.
            Ok(Some(match region {
                None | Some("") => GLOBAL_REGION.to_owned(),
                Some("EU") => "eu-west-1".to_owned(),
                Some(region) => region.to_owned(),
            }))
        }
        Err(failure) if failure.class == FailureClass::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}
