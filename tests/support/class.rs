//! Worlds for tests of the reset: the workshop caught at many instants while it is built, and changed by chance.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use multi_region_workshop::content::Source;
use multi_region_workshop::domain::{Event, EventKind};
use multi_region_workshop::engine::session::{Options, Session};
use multi_region_workshop::engine::walk;
use multi_region_workshop::reset::Run;
use multi_region_workshop::sandbox::services::inventory;
use multi_region_workshop::sandbox::{Call, World, chance};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub const ACCOUNT: &str = "111122223333";
pub const R1: &str = "eu-west-1";
pub const R2: &str = "ap-southeast-1";

/// The workshop in a throw-away world.
pub struct Workshop {
    pub session: Arc<Session>,
    pub run: Run,
    /// The world at many instants of its building, in their order; the last one is complete up to Module 4.
    pub moments: Vec<World>,
}

/// Builds Modules 0 to 4 and keeps a copy of the world at every few events.
pub async fn workshop() -> Workshop {
    let options = Options { source: Source::Embedded, seed: Some(5), fresh: true, jump: true, ..Options::default() };
    let session = Arc::new(Session::open(options).await.expect("a session"));
    let moments = Mutex::new(Vec::new());
    let count = Mutex::new(0_u32);
    let tell = |event: Event| {
        let mut count = count.lock().unwrap();
        *count += 1;
        let progress = event.event == EventKind::ActionProgress && count.is_multiple_of(25);
        if progress || event.event == EventKind::ActionDone {
            let sandbox = session.throw_away.as_ref().unwrap();
            moments.lock().unwrap().push(sandbox.with_world(|world| world.clone()));
        }
    };
    let awake = session.clock.participate();
    walk::walk(&session, "m4", &BTreeSet::new(), &CancellationToken::new(), &tell).await.expect("the modules");
    drop(awake);
    let mut moments = moments.into_inner().unwrap();
    moments.push(session.world().await.unwrap().unwrap());
    Workshop { run: session.run(), session, moments }
}

/// A choice by seed.
pub fn pick(seed: u64, what: &str, count: usize) -> usize {
    (chance::unit(seed, "state", what, 0) * count as f64) as usize
}

/// Whether something happens, by seed.
pub fn happens(seed: u64, what: &str, share: f64) -> bool {
    chance::unit(seed, "happens", what, 0) < share
}

/// Does something as somebody in the account; what AWS refuses does not happen.
pub fn hand(world: &mut World, region: &str, service: &str, api: &str, input: &Value) -> bool {
    Call::new(world, ACCOUNT, region).invoke(service, api, input).is_ok()
}

/// What somebody may have done by hand: deleted a part, protected something, begun a failover, or made things of his own.
pub fn disturb(world: &mut World, run: &Run, seed: u64) -> Vec<String> {
    let suffix = run.suffix.clone();
    let mut done = Vec::new();
    let mut changes: Vec<(&str, f64, &str, &str, &str, Value)> = vec![
        (
            "cluster protected",
            0.3,
            R1,
            "rds",
            "ModifyDBCluster",
            json!({ "DBClusterIdentifier": format!("bookstore-aurora-{suffix}"), "DeletionProtection": true, "ApplyImmediately": true }),
        ),
        (
            "replica protected",
            0.2,
            R2,
            "rds",
            "ModifyDBCluster",
            json!({ "DBClusterIdentifier": format!("bookstore-replica-{suffix}"), "DeletionProtection": true, "ApplyImmediately": true }),
        ),
        (
            "table protected",
            0.3,
            R1,
            "dynamodb",
            "UpdateTable",
            json!({ "TableName": format!("bookstore-{suffix}-Orders"), "DeletionProtectionEnabled": true }),
        ),
        (
            "stack protected",
            0.2,
            R1,
            "cloudformation",
            "UpdateTerminationProtection",
            json!({ "StackName": format!("bookstore-network-{suffix}"), "EnableTerminationProtection": true }),
        ),
        (
            "replica promoted",
            0.2,
            R2,
            "rds",
            "PromoteReadReplicaDBCluster",
            json!({ "DBClusterIdentifier": format!("bookstore-replica-{suffix}") }),
        ),
        (
            "shop stack going",
            0.15,
            R2,
            "cloudformation",
            "DeleteStack",
            json!({ "StackName": format!("bookstore-shop-{suffix}") }),
        ),
        (
            "primary shop going",
            0.15,
            R1,
            "cloudformation",
            "DeleteStack",
            json!({ "StackName": format!("bookstore-shop-{suffix}") }),
        ),
        (
            "primary blog going",
            0.15,
            R1,
            "cloudformation",
            "DeleteStack",
            json!({ "StackName": format!("bookstore-blog-{suffix}") }),
        ),
        (
            "table replica going",
            0.15,
            R1,
            "dynamodb",
            "UpdateTable",
            json!({ "TableName": format!("bookstore-{suffix}-Books"), "ReplicaUpdates": [{ "Delete": { "RegionName": R2 } }] }),
        ),
        (
            "blog broken",
            0.15,
            R1,
            "ecs",
            "UpdateService",
            json!({ "cluster": format!("bookstore-{suffix}"), "service": format!("bookstore-blog-{suffix}"), "desiredCount": 0 }),
        ),
        (
            "domain name gone",
            0.15,
            R2,
            "apigateway",
            "DeleteDomainName",
            json!({ "domainName": format!("*.{suffix}.bookstore.test") }),
        ),
        (
            "replication off",
            0.15,
            R1,
            "s3",
            "DeleteBucketReplication",
            json!({ "Bucket": format!("bookstore-site-{suffix}-r1") }),
        ),
        (
            "upload begun",
            0.3,
            R2,
            "s3",
            "CreateMultipartUpload",
            json!({ "Bucket": format!("bookstore-site-{suffix}-r2"), "Key": "half" }),
        ),
        (
            "second reader",
            0.2,
            R2,
            "rds",
            "CreateDBInstance",
            json!({ "DBInstanceIdentifier": format!("bookstore-replica-{suffix}-2"), "DBClusterIdentifier": format!("bookstore-replica-{suffix}"), "Engine": "aurora-mysql", "DBInstanceClass": "db.t4g.medium" }),
        ),
    ];
    // The stack's own dashboard may be there; another Region's is nobody's but the run's.
    let body = json!({ "widgets": [] }).to_string();
    let dashboard = json!({ "DashboardName": format!("bookstore-{suffix}-{R2}"), "DashboardBody": body });
    changes.push(("dashboard by hand", 0.3, R2, "cloudwatch", "PutDashboard", dashboard));
    for (what, share, region, service, api, input) in changes {
        if happens(seed, what, share) && hand(world, region, service, api, &input) {
            done.push(what.to_owned());
        }
    }
    if happens(seed, "pipeline by hand", 0.3) && pipeline(world, &suffix) {
        done.push("pipeline by hand".to_owned());
    }
    if happens(seed, "drill died", 0.15) && schedule(world, &suffix) {
        done.push("drill died".to_owned());
    }
    if happens(seed, "check gone", 0.2) {
        let found = Call::new(world, ACCOUNT, "us-east-1").invoke("route53", "ListHealthChecks", &json!({})).unwrap();
        if let Some(id) = found["HealthChecks"][0]["Id"].as_str() {
            // Somebody deleted a check that records still name.
            hand(world, "us-east-1", "route53", "DeleteHealthCheck", &json!({ "HealthCheckId": id }));
            done.push("check gone".to_owned());
        }
    }
    if happens(seed, "time passed", 0.5) {
        let minutes = 1 + pick(seed, "minutes", 20) as u64;
        world.advance(world.now.plus(Duration::from_mins(minutes)));
        done.push(format!("later by {minutes} min"));
    }
    done
}

/// A pipeline of the run in the other Region, which no stack made; false where the run has no role for it yet.
fn pipeline(world: &mut World, suffix: &str) -> bool {
    let roles = Call::new(world, ACCOUNT, R1).invoke("iam", "ListRoles", &json!({})).unwrap();
    let roles = roles["Roles"].as_array().unwrap();
    let role = roles.iter().find(|role| role["RoleName"].as_str().unwrap().contains("PipelineRole"));
    let Some(role) = role.map(|role| role["Arn"].clone()) else { return false };
    let store = format!("bookstore-artifacts-{suffix}-r2");
    let kind = |category: &str| json!({ "category": category, "owner": "AWS", "provider": "S3", "version": "1" });
    let input = json!({ "pipeline": {
        "name": format!("bookstore-{suffix}"), "roleArn": role,
        "artifactStore": { "type": "S3", "location": store },
        "stages": [
            { "name": "Source", "actions": [{
                "name": "Archive", "actionTypeId": kind("Source"), "outputArtifacts": [{ "name": "Site" }],
                "configuration": { "S3Bucket": store, "S3ObjectKey": "site.zip", "PollForSourceChanges": "false" },
            }] },
            { "name": "Deploy", "actions": [{
                "name": "Files", "actionTypeId": kind("Deploy"), "inputArtifacts": [{ "name": "Site" }],
                "configuration": { "BucketName": format!("bookstore-site-{suffix}-r2"), "Extract": "true" },
            }] },
        ],
    } });
    hand(world, R2, "codepipeline", "CreatePipeline", &input)
}

/// Puts the secondary of a global database in the replica's place; false where there is no complete replica.
pub fn global_database(world: &mut World, run: &Run) -> bool {
    let (first, second) = (format!("bookstore-aurora-{}", run.suffix), format!("bookstore-replica-{}", run.suffix));
    let wait = |world: &mut World, minutes| world.advance(world.now.plus(Duration::from_mins(minutes)));
    // The replica makes way for a secondary of a global database.
    if !hand(world, R2, "rds", "PromoteReadReplicaDBCluster", &json!({ "DBClusterIdentifier": second })) {
        return false;
    }
    wait(world, 20);
    let instance = json!({ "DBInstanceIdentifier": format!("{second}-1"), "SkipFinalSnapshot": true });
    let cluster = json!({ "DBClusterIdentifier": second, "SkipFinalSnapshot": true });
    if hand(world, R2, "rds", "DeleteDBInstance", &instance) {
        wait(world, 20);
    }
    if !hand(world, R2, "rds", "DeleteDBCluster", &cluster) {
        return false;
    }
    wait(world, 20);
    let source = format!("arn:aws:rds:{R1}:{ACCOUNT}:cluster:{first}");
    let global = json!({ "GlobalClusterIdentifier": first, "SourceDBClusterIdentifier": source });
    if !hand(world, R1, "rds", "CreateGlobalCluster", &global) {
        return false;
    }
    let keys = serde_json::to_value(&world.accounts[ACCOUNT].regions[R2].kms).unwrap();
    let Some(key) = keys["keys"].as_object().and_then(|keys| keys.keys().next()) else { return false };
    let joined = json!({ "DBClusterIdentifier": second, "Engine": "aurora-mysql", "GlobalClusterIdentifier": first,
        "StorageEncrypted": true, "KmsKeyId": key });
    let made = hand(world, R2, "rds", "CreateDBCluster", &joined);
    wait(world, 40);
    made
}

/// Things of others, some with names that come near. They must all be there afterwards.
pub fn strangers(world: &mut World, run: &Run) {
    let suffix = &run.suffix;
    let table = |name: String, tags: Value| {
        json!({ "TableName": name, "BillingMode": "PAY_PER_REQUEST", "Tags": tags,
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }] })
    };
    let other = json!([{ "Key": "workshop", "Value": "bookstore" }, { "Key": "run", "Value": "zzz999" }]);
    assert!(hand(world, R1, "dynamodb", "CreateTable", &table("Payroll".into(), json!([]))));
    assert!(hand(world, R1, "dynamodb", "CreateTable", &table(format!("payroll-{suffix}"), json!([]))));
    assert!(hand(world, R1, "dynamodb", "CreateTable", &table("bookstore-zzz999-Books".into(), other)));
    assert!(hand(
        world,
        "eu-central-1",
        "dynamodb",
        "CreateTable",
        &table(format!("bookstore-{suffix}-Books"), json!([]))
    ));
    assert!(hand(world, "us-east-1", "s3", "CreateBucket", &json!({ "Bucket": "payroll-of-somebody" })));
    assert!(hand(world, "us-east-1", "s3", "CreateBucket", &json!({ "Bucket": format!("backup-of-{suffix}") })));
    assert!(hand(world, R1, "logs", "CreateLogGroup", &json!({ "logGroupName": "/payroll" })));
    let body = json!({ "widgets": [] }).to_string();
    let dashboard = json!({ "DashboardName": format!("payroll-{suffix}"), "DashboardBody": body });
    assert!(hand(world, R1, "cloudwatch", "PutDashboard", &dashboard));
    assert!(hand(
        world,
        "us-east-1",
        "route53",
        "CreateHostedZone",
        &json!({ "Name": "payroll.test", "CallerReference": "1" })
    ));
}

/// How many things [`strangers`] makes.
pub const STRANGERS: usize = 9;

/// Everything in an account that is not built in, by ARN.
pub fn everything(world: &mut World, account: &str) -> BTreeSet<String> {
    let mut regions: BTreeSet<String> =
        world.accounts.get(account).map(|state| state.regions.keys().cloned().collect()).unwrap_or_default();
    regions.insert("us-east-1".to_owned());
    let mut found = BTreeSet::new();
    for region in regions {
        let mut call = Call::new(world, account, &region);
        let records = inventory(&mut call);
        found.extend(records.into_iter().filter(|one| !one.built_in).map(|one| one.arn));
    }
    found
}

/// The schedule of a drill that did not live to remove it; it would break into the reset.
fn schedule(world: &mut World, suffix: &str) -> bool {
    let roles = Call::new(world, ACCOUNT, "us-east-1").invoke("iam", "ListRoles", &json!({})).unwrap();
    let roles = roles["Roles"].as_array().unwrap();
    let Some(role) = roles.iter().find(|role| role["RoleName"].as_str().unwrap().contains("RevertRole")) else {
        return false;
    };
    let at = world.now.plus(Duration::from_mins(20)).rfc3339();
    let input = json!({ "Cluster": format!("bookstore-{suffix}"), "Service": format!("bookstore-blog-{suffix}"), "DesiredCount": 1 });
    let schedule = json!({
        "Name": format!("bookstore-{suffix}-revert-1"), "ScheduleExpression": format!("at({})", &at[..19]),
        "FlexibleTimeWindow": { "Mode": "OFF" },
        "Target": { "Arn": "arn:aws:scheduler:::aws-sdk:ecs:updateService", "RoleArn": role["Arn"], "Input": input.to_string() },
    });
    hand(world, R1, "scheduler", "CreateSchedule", &schedule)
}
