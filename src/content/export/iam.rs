//! IAM policies that the roles around a workshop need, derived from the operations that its pages use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::content::assets::Assets;
use crate::content::model::{Action, Ask, Module, Step, StepKind, Workshop};
use crate::content::sample::Sample;
use crate::domain::Effect;
use crate::protocol::Command;

/// Who needs a policy, in the order of the files.
pub const ROLES: &[&str] = &["learner", "drill", "reset", "fleet"];

/// What `aws cloudformation deploy` calls.
const DEPLOY: &[&str] = &[
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:GetTemplateSummary",
];

/// What `aws s3 cp`, `sync` and `rm` call.
const COPY: &[&str] = &["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket", "s3:PutObject"];
const REMOVE: &[&str] = &["s3:DeleteObject", "s3:ListBucket"];

/// What `workshop reset` calls, by the AWS CLI's service and the API's operation. A test of the reset compares.
const RESET: &[(&str, &str)] = &[
    ("acm", "DeleteCertificate"),
    ("acm", "ListCertificates"),
    ("apigateway", "DeleteDomainName"),
    ("apigateway", "DeleteRestApi"),
    ("apigateway", "GetDomainNames"),
    ("apigateway", "GetRestApis"),
    ("cloudcontrol", "DeleteResource"),
    ("cloudcontrol", "ListResources"),
    ("cloudformation", "DeleteStack"),
    ("cloudformation", "DescribeStackEvents"),
    ("cloudformation", "DescribeStacks"),
    ("cloudformation", "ListStackResources"),
    ("cloudformation", "ListStacks"),
    ("cloudformation", "UpdateTerminationProtection"),
    ("cloudwatch", "DeleteDashboards"),
    ("cloudwatch", "ListDashboards"),
    ("codepipeline", "DeletePipeline"),
    ("codepipeline", "ListPipelines"),
    ("dynamodb", "DeleteTable"),
    ("dynamodb", "DescribeTable"),
    ("dynamodb", "ListTables"),
    ("dynamodb", "UpdateTable"),
    ("ecs", "ListClusters"),
    ("iam", "ListAccountAliases"),
    ("organizations", "DescribeOrganization"),
    ("rds", "DeleteDBCluster"),
    ("rds", "DeleteDBClusterSnapshot"),
    ("rds", "DeleteDBInstance"),
    ("rds", "DeleteGlobalCluster"),
    ("rds", "DescribeDBClusterSnapshots"),
    ("rds", "DescribeDBClusters"),
    ("rds", "DescribeDBInstances"),
    ("rds", "DescribeGlobalClusters"),
    ("rds", "ModifyDBCluster"),
    ("rds", "ModifyDBInstance"),
    ("rds", "ModifyGlobalCluster"),
    ("rds", "PromoteReadReplicaDBCluster"),
    ("rds", "RemoveFromGlobalCluster"),
    ("resourcegroupstaggingapi", "GetResources"),
    ("route53", "ChangeResourceRecordSets"),
    ("route53", "DeleteHealthCheck"),
    ("route53", "DeleteHostedZone"),
    ("route53", "ListHealthChecks"),
    ("route53", "ListHostedZones"),
    ("route53", "ListResourceRecordSets"),
    ("s3api", "AbortMultipartUpload"),
    ("s3api", "DeleteBucket"),
    ("s3api", "DeleteBucketReplication"),
    ("s3api", "DeleteObjects"),
    ("s3api", "GetBucketLocation"),
    ("s3api", "GetBucketReplication"),
    ("s3api", "GetObject"),
    ("s3api", "ListBuckets"),
    ("s3api", "ListMultipartUploads"),
    ("s3api", "ListObjectVersions"),
    ("scheduler", "DeleteSchedule"),
    ("scheduler", "ListSchedules"),
    ("sts", "GetCallerIdentity"),
];

/// What fleet reads besides the checks: whose account it is, the run's tags, what happens to its stacks, what is in them.
const FLEET: &[&str] = &[
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    // The run's manifest.
    "s3:GetObject",
    "sts:AssumeRole",
    "tag:GetResources",
];

/// What the drill writes into a store and reads again, by the store's name in workshop.yaml.
const CANARIES: &[(&str, &[&str])] = &[
    ("dynamodb", &["dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem"]),
    ("s3", &["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"]),
    ("aurora", &["cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "rds:DescribeDBClusters"]),
];

/// What the drill's dead man's switch needs.
const DEAD_MAN: &[&str] =
    &["iam:PassRole", "scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:ListSchedules"];

/// The policy of a role; `None` when there is no such role.
pub fn policy(workshop: &Workshop, assets: &Assets, role: &str) -> Option<Value> {
    let derive = Derive { sample: Sample::new(workshop, assets) };
    let steps = || workshop.modules.iter().flat_map(|module| &module.steps);
    let reads = || steps().flat_map(|step| derive.reads(step)).collect::<BTreeSet<String>>();
    let mut actions: BTreeSet<String> = ["sts:GetCallerIdentity".to_owned()].into();
    let mut through_stacks = false;
    match role {
        "learner" => {
            actions.extend(reads());
            actions.extend(steps().flat_map(|step| &step.actions).flat_map(|action| derive.action(action)));
            through_stacks = true;
        }
        "drill" => {
            actions.extend(reads());
            let fences: Vec<&String> = workshop
                .drill
                .faults
                .values()
                .filter_map(|fault| fault.fences.as_ref())
                .flat_map(|(a, b)| [a, b])
                .collect();
            let faults = steps().flat_map(|step| &step.actions).filter(|action| fences.contains(&&action.id));
            actions.extend(faults.flat_map(|action| derive.action(action)));
            if workshop.drill.revert.is_some() {
                actions.extend(DEAD_MAN.iter().map(|action| (*action).to_owned()));
            }
            let stores: Vec<&str> = workshop.drill.stores.iter().map(|store| store.name.as_str()).collect();
            let canaries = CANARIES.iter().filter(|(store, _)| stores.contains(store));
            actions.extend(canaries.flat_map(|(_, actions)| *actions).map(|action| (*action).to_owned()));
        }
        "reset" => {
            let cleans = |module: &&Module| module.steps.iter().any(|step| step.kind == StepKind::CleanUp);
            for step in workshop.modules.iter().filter(cleans).flat_map(|module| &module.steps) {
                actions.extend(derive.reads(step));
                actions.extend(step.actions.iter().flat_map(|action| derive.action(action)));
            }
            let deletes = |action: &&Action| action.effect == Effect::Delete;
            actions.extend(
                steps().flat_map(|step| &step.actions).filter(deletes).flat_map(|action| derive.action(action)),
            );
            through_stacks = true;
        }
        "fleet" => {
            actions.extend(reads());
            actions.extend(FLEET.iter().map(|action| (*action).to_owned()));
        }
        _ => return None,
    }
    let mut statements = vec![json!({
        "Sid": "Operations", "Effect": "Allow", "Action": actions, "Resource": "*",
    })];
    if through_stacks {
        // CloudFormation acts with the caller's rights. What each resource type calls is AWS's own affair and grows, so
        // the services are allowed as a whole, and only to CloudFormation.
        let services: Vec<String> = services(assets).into_iter().map(|service| format!("{service}:*")).collect();
        statements.push(json!({
            "Sid": "ThroughCloudFormation", "Effect": "Allow", "Action": services, "Resource": "*",
            "Condition": { "ForAnyValue:StringEquals": { "aws:CalledVia": ["cloudformation.amazonaws.com"] } },
        }));
    }
    Some(json!({ "Version": "2012-10-17", "Statement": statements }))
}

struct Derive<'a> {
    sample: Sample<'a>,
}

impl Derive<'_> {
    /// The reads of a step's checks and outputs.
    fn reads(&self, step: &Step) -> BTreeSet<String> {
        let mut texts: Vec<&str> = step.outputs.values().map(|output| output.read.as_str()).collect();
        step.checks.iter().for_each(|check| commands(&check.ask, &mut texts));
        texts.into_iter().flat_map(|text| self.command(text)).collect()
    }

    fn action(&self, action: &Action) -> BTreeSet<String> {
        action.commands.iter().flat_map(|text| self.command(text)).collect()
    }

    fn command(&self, text: &str) -> Vec<String> {
        let several = |actions: &[&str]| actions.iter().map(|action| (*action).to_owned()).collect();
        match self.sample.parse(text) {
            Ok(Command::Operation(operation) | Command::Download { operation, .. }) => {
                named(&operation.service, &operation.api)
            }
            Ok(Command::Wait(wait)) => named(&wait.service, &wait.operation.api),
            Ok(Command::Deploy(_)) => several(DEPLOY),
            Ok(Command::S3Remove(_)) => several(REMOVE),
            Ok(Command::Reset(_)) => RESET.iter().flat_map(|(service, api)| named(service, api)).collect(),
            Ok(Command::S3Copy(_) | Command::S3Sync(_)) => several(COPY),
            Err(_) => Vec::new(),
        }
    }
}

fn commands<'a>(ask: &'a Ask, into: &mut Vec<&'a str>) {
    match ask {
        Ask::Read { command, .. } | Ask::Absent { command, .. } | Ask::Canary { read: command, .. } => {
            into.push(command);
        }
        Ask::All(parts) | Ask::Any(parts) => parts.iter().for_each(|part| commands(part, into)),
        Ask::Not(inner) => commands(inner, into),
        Ask::Http { .. } | Ask::Dns { .. } => {}
    }
}

/// IAM's names for an operation, by the AWS CLI's service and the API's operation. Source: the Service Authorization
/// Reference, "Actions defined by Amazon S3", "… by Amazon API Gateway Management", "… by AWS Cloud Control API", "… by AWS Resource Groups Tagging API".
pub fn named(service: &str, api: &str) -> Vec<String> {
    let one = |prefix: &str, action: &str| vec![format!("{prefix}:{action}")];
    match (service, api) {
        ("s3api", "ListBuckets") => one("s3", "ListAllMyBuckets"),
        ("s3api", "ListObjectsV2" | "ListObjects" | "HeadBucket") => one("s3", "ListBucket"),
        ("s3api", "ListObjectVersions") => one("s3", "ListBucketVersions"),
        ("s3api", "HeadObject") => one("s3", "GetObject"),
        ("s3api", "DeleteObjects") => vec!["s3:DeleteObject".to_owned(), "s3:DeleteObjectVersion".to_owned()],
        ("s3api", "ListMultipartUploads") => one("s3", "ListBucketMultipartUploads"),
        ("s3api", "GetBucketReplication") => one("s3", "GetReplicationConfiguration"),
        // Deleting a replication configuration is writing none. The role that replicates is handed over.
        ("s3api", "PutBucketReplication") => {
            vec!["iam:PassRole".to_owned(), "s3:PutReplicationConfiguration".to_owned()]
        }
        ("s3api", "DeleteBucketReplication") => one("s3", "PutReplicationConfiguration"),
        ("s3api", other) => one("s3", other),
        ("apigateway", other) => one("apigateway", verb(other)),
        // Cloud Control acts with the caller's rights; the pages list VPCs with it, and a reset log groups.
        ("cloudcontrol", "ListResources") => vec![
            "cloudformation:ListResources".to_owned(),
            "ec2:DescribeVpcs".to_owned(),
            "logs:DescribeLogGroups".to_owned(),
        ],
        ("cloudcontrol", "DeleteResource") => {
            vec!["cloudformation:DeleteResource".to_owned(), "logs:DeleteLogGroup".to_owned()]
        }
        ("cloudcontrol", other) => one("cloudformation", other),
        // Dependent actions of the same reference: tags given with a request, keys, replicas.
        ("acm", "RequestCertificate") => {
            vec!["acm:AddTagsToCertificate".to_owned(), "acm:RequestCertificate".to_owned()]
        }
        ("rds", "CreateDBCluster" | "CreateDBInstance") => vec![
            format!("rds:{api}"),
            "rds:AddTagsToResource".to_owned(),
            "kms:CreateGrant".to_owned(),
            "kms:DescribeKey".to_owned(),
        ],
        ("dynamodb", "UpdateTable") => vec![
            "dynamodb:CreateTableReplica".to_owned(),
            "dynamodb:DeleteTableReplica".to_owned(),
            "dynamodb:UpdateTable".to_owned(),
        ],
        ("resourcegroupstaggingapi", other) => one("tag", other),
        (other, api) => one(other, api),
    }
}

/// API Gateway knows HTTP's verbs only.
fn verb(api: &str) -> &'static str {
    match api {
        name if name.starts_with("Get") => "GET",
        name if name.starts_with("Create") => "POST",
        name if name.starts_with("Delete") => "DELETE",
        name if name.starts_with("Put") || name.starts_with("Tag") => "PUT",
        _ => "PATCH",
    }
}

/// The services of the resource types in the workshop's templates, by IAM's prefix.
fn services(assets: &Assets) -> BTreeSet<String> {
    let other: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("elasticloadbalancingv2", ["elasticloadbalancing"].as_slice()),
        ("cognito", ["cognito-idp", "cognito-identity"].as_slice()),
    ]);
    let templates = assets.names().into_iter().filter(|name| name.starts_with("templates/"));
    let mut found = BTreeSet::new();
    for name in templates {
        let text = assets.raw(name).map(String::from_utf8_lossy).unwrap_or_default();
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("Type: AWS::")) {
            let Some((service, _)) = line.split_once("::") else { continue };
            let service = service.to_lowercase();
            match other.get(service.as_str()) {
                Some(prefixes) => found.extend(prefixes.iter().map(|prefix| (*prefix).to_owned())),
                // A stack of a stack, and conditions to wait for, are CloudFormation's own.
                None => drop(found.insert(service)),
            }
        }
    }
    found
}
