//! Both Regions as they are now: the run's resources with their states, and how far the stores are behind.

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::{Behind, Failure, GLOBAL_REGION, Operations, RegionPair, Resource, ResourceState, Role, SimTime};
use crate::protocol::{List, operation};

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// The run's resources, in a fixed order of kinds.
    pub rows: Vec<Resource>,
    /// How far each store of R2 is behind R1.
    pub lags: Vec<StoreLag>,
    /// Reads that failed, one line each.
    pub unread: Vec<String>,
}

/// How far a store is behind.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreLag {
    /// `DynamoDB`, `Aurora`, `S3`.
    pub store: String,
    /// The newest value of AWS's own metric.
    pub lag: Behind,
    /// Which metric it is.
    pub metric: String,
}

/// Whose resources, where and when.
#[derive(Clone, Debug)]
pub struct Scope<'s> {
    /// What the names of the run begin with: the workshop's id.
    pub workshop: &'s str,
    /// What the names of the run contain.
    pub suffix: &'s str,
    /// R1 and R2.
    pub regions: &'s RegionPair,
    /// The instant of the survey; metrics are asked for the minutes before it.
    pub now: SimTime,
}

impl Scope<'_> {
    /// `bookstore-site-k3x9qa-r1` is `site-r1` to those who know the run, and `api-r1.k3x9qa.example.com` is `api-r1`.
    fn label(&self, name: &str) -> String {
        let host = name.split_once(&format!(".{}.", self.suffix)).map_or(name, |(host, _)| host);
        let parts: Vec<&str> = host.split('-').filter(|part| ![self.workshop, self.suffix].contains(part)).collect();
        if parts.is_empty() { name.to_owned() } else { parts.join("-") }
    }
}

/// Reads both Regions. A read that fails is told and leaves the others alone.
pub async fn survey(aws: &dyn Operations, scope: &Scope<'_>) -> Survey {
    let mut survey = Survey::default();
    for role in [Role::Primary, Role::Secondary] {
        let region = scope.regions.of(role).as_str();
        for kind in KINDS {
            let items = kind.list.all(aws, region, json!({})).await;
            survey.take(items, |item| (kind.row)(item, scope.suffix).map(|row| row.into_resource(role, kind.word)));
        }
        tables(aws, scope, role, &mut survey).await;
        services(aws, scope, role, &mut survey).await;
    }
    buckets(aws, scope, &mut survey).await;
    health_checks(aws, scope, &mut survey).await;
    lags(aws, scope, &mut survey).await;
    for row in &mut survey.rows {
        row.label = scope.label(&row.name);
    }
    survey.rows.sort_by_key(|row| (row.role, order(&row.kind), row.name.clone()));
    survey
}

/// The order of kinds on the screen, from the outside in.
fn order(kind: &str) -> usize {
    const ORDER: &[&str] = &[
        "Stack",
        "Health check",
        "Certificate",
        "Domain name",
        "API",
        "Fargate",
        "Aurora",
        "Database",
        "DynamoDB",
        "S3",
    ];
    ORDER.iter().position(|known| *known == kind).unwrap_or(ORDER.len())
}

impl Survey {
    fn take(&mut self, items: Result<Vec<Value>, Failure>, row: impl Fn(&Value) -> Option<Resource>) {
        match items {
            Ok(items) => self.rows.extend(items.iter().filter_map(row)),
            Err(failure) => self.unread.push(format!("{}: {}", failure.operation, failure.code)),
        }
    }
}

/// A row before its Region and kind are added.
struct Row {
    name: String,
    state: ResourceState,
    raw: String,
    detail: String,
}

impl Row {
    fn into_resource(self, role: Role, kind: &str) -> Resource {
        Resource {
            role,
            kind: kind.to_owned(),
            label: self.name.clone(),
            name: self.name,
            state: self.state,
            raw: self.raw,
            detail: self.detail,
        }
    }
}

/// A kind of resource that one list read shows whole.
struct Kind {
    word: &'static str,
    list: List,
    row: fn(&Value, &str) -> Option<Row>,
}

const KINDS: &[Kind] = &[
    Kind { word: "Stack", list: List::new("cloudformation", "describe-stacks", "Stacks"), row: stack },
    Kind { word: "Aurora", list: List::new("rds", "describe-db-clusters", "DBClusters"), row: cluster },
    Kind { word: "Database", list: List::new("rds", "describe-db-instances", "DBInstances"), row: instance },
    Kind { word: "API", list: List::new("apigateway", "get-rest-apis", "items"), row: api },
    Kind { word: "Domain name", list: List::new("apigateway", "get-domain-names", "items"), row: domain_name },
    Kind {
        word: "Certificate",
        list: List::new("acm", "list-certificates", "CertificateSummaryList"),
        row: certificate,
    },
];

fn text<'v>(item: &'v Value, pointer: &str) -> Option<&'v str> {
    item.pointer(pointer).and_then(Value::as_str)
}

/// The name at `pointer`, when it is the run's.
fn own(item: &Value, pointer: &str, suffix: &str) -> Option<String> {
    text(item, pointer).filter(|name| name.contains(suffix)).map(str::to_owned)
}

fn stack(item: &Value, suffix: &str) -> Option<Row> {
    let name = own(item, "/StackName", suffix)?;
    let raw = text(item, "/StackStatus")?.to_owned();
    let outputs = item.get("Outputs").and_then(Value::as_array).map_or(0, Vec::len);
    let detail = text(item, "/StackStatusReason").map_or_else(|| format!("{outputs} outputs"), str::to_owned);
    Some(Row { name, state: stack_state(&raw), raw, detail })
}

/// Our word for CloudFormation's state.
fn stack_state(raw: &str) -> ResourceState {
    if raw.contains("FAILED") || raw.contains("ROLLBACK") {
        return ResourceState::Failed;
    }
    match raw {
        "CREATE_IN_PROGRESS" | "REVIEW_IN_PROGRESS" => ResourceState::Creating,
        "DELETE_IN_PROGRESS" => ResourceState::Deleting,
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" => ResourceState::Ready,
        "DELETE_COMPLETE" => ResourceState::NotCreated,
        _ => ResourceState::Updating,
    }
}

/// Our word for the states that RDS, ACM, API Gateway and DynamoDB use.
fn state(raw: &str) -> ResourceState {
    match raw.to_ascii_lowercase().as_str() {
        "available" | "active" | "issued" | "healthy" => ResourceState::Ready,
        "creating" | "backing-up" | "pending" | "pending_validation" | "provisioning" => ResourceState::Creating,
        "deleting" | "draining" => ResourceState::Deleting,
        "failed" | "unhealthy" | "inaccessible-encryption-credentials" | "validation_timed_out" | "revoked" => {
            ResourceState::Failed
        }
        _ => ResourceState::Updating,
    }
}

fn cluster(item: &Value, suffix: &str) -> Option<Row> {
    let name = own(item, "/DBClusterIdentifier", suffix)?;
    let raw = text(item, "/Status")?.to_owned();
    let replica = text(item, "/ReplicationSourceIdentifier").is_some_and(|source| !source.is_empty());
    let members = item.get("DBClusterMembers").and_then(Value::as_array).map_or(0, Vec::len);
    let part = if replica { "replica" } else { "writer" };
    Some(Row { name, state: state(&raw), raw, detail: format!("{part}, {members} instances") })
}

fn instance(item: &Value, suffix: &str) -> Option<Row> {
    let name = own(item, "/DBInstanceIdentifier", suffix)?;
    let raw = text(item, "/DBInstanceStatus")?.to_owned();
    let detail = text(item, "/DBInstanceClass").unwrap_or_default().to_owned();
    Some(Row { name, state: state(&raw), raw, detail })
}

fn api(item: &Value, suffix: &str) -> Option<Row> {
    let name = own(item, "/name", suffix)?;
    let detail = text(item, "/id").unwrap_or_default().to_owned();
    Some(Row { name, state: ResourceState::Ready, raw: String::new(), detail })
}

fn domain_name(item: &Value, suffix: &str) -> Option<Row> {
    let name = own(item, "/domainName", suffix)?;
    let raw = text(item, "/domainNameStatus").unwrap_or("AVAILABLE").to_owned();
    let detail = text(item, "/regionalDomainName").unwrap_or_default().to_owned();
    Some(Row { name, state: state(&raw), raw, detail })
}

fn certificate(item: &Value, suffix: &str) -> Option<Row> {
    let name = own(item, "/DomainName", suffix)?;
    let raw = text(item, "/Status").unwrap_or_default().to_owned();
    Some(Row { name, state: state(&raw), raw, detail: String::new() })
}

/// The run's tables with their replicas.
async fn tables(aws: &dyn Operations, scope: &Scope<'_>, role: Role, survey: &mut Survey) {
    let region = scope.regions.of(role).as_str();
    let names = match List::new("dynamodb", "list-tables", "TableNames").all(aws, region, json!({})).await {
        Ok(names) => names,
        Err(failure) => return survey.unread.push(format!("{}: {}", failure.operation, failure.code)),
    };
    for name in names.iter().filter_map(Value::as_str).filter(|name| name.contains(scope.suffix)) {
        let read = operation("dynamodb", "describe-table", region, json!({ "TableName": name }));
        let table = match aws.call(&read).await {
            Ok(reply) => reply.output.get("Table").cloned().unwrap_or_default(),
            Err(failure) => {
                survey.unread.push(format!("{}: {}", failure.operation, failure.code));
                continue;
            }
        };
        let raw = text(&table, "/TableStatus").unwrap_or_default().to_owned();
        let replicas: Vec<String> = table
            .get("Replicas")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|replica| {
                let state = text(replica, "/ReplicaStatus").unwrap_or_default().to_lowercase();
                Some(format!("{} {state}", text(replica, "/RegionName")?))
            })
            .collect();
        let detail =
            if replicas.is_empty() { "no replica".to_owned() } else { format!("replica {}", replicas.join(", ")) };
        let row = Row { name: name.to_owned(), state: state(&raw), raw, detail };
        survey.rows.push(row.into_resource(role, "DynamoDB"));
    }
}

/// The run's ECS services with their tasks.
async fn services(aws: &dyn Operations, scope: &Scope<'_>, role: Role, survey: &mut Survey) {
    let region = scope.regions.of(role).as_str();
    let clusters = List::new("ecs", "list-clusters", "clusterArns").all(aws, region, json!({})).await;
    let clusters = match clusters {
        Ok(clusters) => clusters,
        Err(failure) => return survey.unread.push(format!("{}: {}", failure.operation, failure.code)),
    };
    for cluster in clusters.iter().filter_map(Value::as_str).filter(|arn| arn.contains(scope.suffix)) {
        let list = List::new("ecs", "list-services", "serviceArns");
        let Ok(arns) = list.all(aws, region, json!({ "cluster": cluster })).await else { continue };
        if arns.is_empty() {
            continue;
        }
        let input = json!({ "cluster": cluster, "services": arns });
        let described = aws.call(&operation("ecs", "describe-services", region, input)).await;
        let found =
            described.map(|reply| reply.output.get("services").and_then(Value::as_array).cloned().unwrap_or_default());
        survey.take(found, |item| service(item, scope.suffix).map(|row| row.into_resource(role, "Fargate")));
    }
}

fn service(item: &Value, suffix: &str) -> Option<Row> {
    let name = own(item, "/serviceName", suffix)?;
    let raw = text(item, "/status")?.to_owned();
    let count = |member: &str| item.get(member).and_then(Value::as_u64).unwrap_or(0);
    let (running, desired) = (count("runningCount"), count("desiredCount"));
    let state = match (raw.as_str(), running, desired) {
        ("ACTIVE", _, 0) => ResourceState::Failed,
        ("ACTIVE", running, desired) if running < desired => ResourceState::Creating,
        _ => state(&raw),
    };
    Some(Row { name, state, raw, detail: format!("{running} of {desired} tasks") })
}

/// The run's buckets, each in the Region that it is in.
async fn buckets(aws: &dyn Operations, scope: &Scope<'_>, survey: &mut Survey) {
    let primary = scope.regions.primary().as_str();
    let buckets = List::new("s3api", "list-buckets", "Buckets").all(aws, primary, json!({})).await;
    let buckets = match buckets {
        Ok(buckets) => buckets,
        Err(failure) => return survey.unread.push(format!("{}: {}", failure.operation, failure.code)),
    };
    for name in buckets.iter().filter_map(|item| own(item, "/Name", scope.suffix)) {
        let read = operation("s3api", "get-bucket-location", primary, json!({ "Bucket": name }));
        let region = match aws.call(&read).await {
            // S3 says nothing for us-east-1.
            Ok(reply) => text(&reply.output, "/LocationConstraint").unwrap_or(GLOBAL_REGION).to_owned(),
            Err(failure) => {
                survey.unread.push(format!("{}: {}", failure.operation, failure.code));
                continue;
            }
        };
        if let Some(role) = scope.regions.role_of(&region) {
            let row = Row { name, state: ResourceState::Ready, raw: String::new(), detail: String::new() };
            survey.rows.push(row.into_resource(role, "S3"));
        }
    }
}

/// The run's health checks, each beside the Region whose endpoint it asks.
async fn health_checks(aws: &dyn Operations, scope: &Scope<'_>, survey: &mut Survey) {
    let list = List::new("route53", "list-health-checks", "HealthChecks");
    let checks = match list.all(aws, GLOBAL_REGION, json!({})).await {
        Ok(checks) => checks,
        Err(failure) => return survey.unread.push(format!("{}: {}", failure.operation, failure.code)),
    };
    for check in &checks {
        let Some(name) = own(check, "/HealthCheckConfig/FullyQualifiedDomainName", scope.suffix) else { continue };
        let role = if name.starts_with("api-r2") { Role::Secondary } else { Role::Primary };
        let input = json!({ "HealthCheckId": check.get("Id") });
        let status = aws.call(&operation("route53", "get-health-check-status", GLOBAL_REGION, input)).await;
        let row = match status {
            Ok(reply) => health(name, &reply.output),
            Err(failure) => {
                survey.unread.push(format!("{}: {}", failure.operation, failure.code));
                continue;
            }
        };
        survey.rows.push(row.into_resource(role, "Health check"));
    }
}

/// Healthy when more than 18 % of the checkers say so (aws-behaviour.md, section 3).
fn health(name: String, status: &Value) -> Row {
    let observations = status.get("HealthCheckObservations").and_then(Value::as_array).cloned().unwrap_or_default();
    let good = observations
        .iter()
        .filter(|seen| text(seen, "/StatusReport/Status").is_some_and(|status| status.starts_with("Success")))
        .count();
    let healthy = good * 100 > observations.len() * 18;
    let (state, raw) = if healthy { (ResourceState::Ready, "Healthy") } else { (ResourceState::Failed, "Unhealthy") };
    Row { name, state, raw: raw.to_owned(), detail: format!("{good} of {} checkers succeed", observations.len()) }
}

/// AWS's own metrics of replication: namespace, metric, unit in milliseconds, the dimensions of the run.
async fn lags(aws: &dyn Operations, scope: &Scope<'_>, survey: &mut Survey) {
    let (primary, secondary) = (scope.regions.primary().as_str(), scope.regions.secondary().as_str());
    let metrics = [
        ("DynamoDB", "AWS/DynamoDB", "ReplicationLatency", 1.0, primary),
        ("Aurora", "AWS/RDS", "AuroraBinlogReplicaLag", 1000.0, secondary),
        ("S3", "AWS/S3", "ReplicationLatency", 1000.0, secondary),
    ];
    for (store, namespace, metric, milliseconds, region) in metrics {
        let list = List::new("cloudwatch", "list-metrics", "Metrics");
        let known = match list.all(aws, region, json!({ "Namespace": namespace, "MetricName": metric })).await {
            Ok(known) => known,
            Err(failure) => {
                survey.unread.push(format!("{}: {}", failure.operation, failure.code));
                continue;
            }
        };
        let (mut worst, mut exists): (Option<f64>, bool) = (None, false);
        for found in known.iter().filter(|found| found.to_string().contains(scope.suffix)) {
            exists = true;
            let input = json!({
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": found.get("Dimensions"),
                "StartTime": scope.now.minus(Duration::from_secs(300)).epoch_seconds(),
                "EndTime": scope.now.epoch_seconds(),
                "Period": 60,
                "Statistics": ["Maximum"],
            });
            let read = operation("cloudwatch", "get-metric-statistics", region, input);
            let Ok(reply) = aws.call(&read).await else { continue };
            let points = reply.output.get("Datapoints").and_then(Value::as_array).cloned().unwrap_or_default();
            let newest = points.iter().max_by_key(|point| text(point, "/Timestamp").map(str::to_owned));
            if let Some(value) = newest.and_then(|point| point.get("Maximum")).and_then(Value::as_f64) {
                worst = Some(worst.map_or(value, |worst| worst.max(value)));
            }
        }
        let lag = match worst {
            Some(value) if value < 0.0 => Behind::Stopped,
            Some(value) => Behind::By(Duration::from_secs_f64(value * milliseconds / 1000.0)),
            None if exists => Behind::Quiet,
            None => Behind::Unmeasured,
        };
        survey.lags.push(StoreLag { store: store.to_owned(), lag, metric: metric.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_leaves_out_what_all_names_of_the_run_share() {
        let regions = RegionPair::new("eu-west-1", "ap-southeast-1").unwrap();
        let scope = Scope { workshop: "bookstore", suffix: "k3x9qa", regions: &regions, now: SimTime::WORLD_START };
        for (name, label) in [
            ("bookstore-network-k3x9qa", "network"),
            ("bookstore-site-k3x9qa-r1", "site-r1"),
            ("bookstore-k3x9qa-Books", "Books"),
            ("api-r1.k3x9qa.bookstore.test", "api-r1"),
            ("bookstore-k3x9qa", "bookstore-k3x9qa"),
        ] {
            assert_eq!(scope.label(name), label);
        }
    }
}
