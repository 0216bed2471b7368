//! A state directory's world under the guide's own SDK clients: what a kill leaves is, change for change, what was there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use multi_region_workshop::aws::Aws;
use multi_region_workshop::clock::Rate;
use multi_region_workshop::domain::drill::{ClientClass, Probe, Vantage};
use multi_region_workshop::domain::{DataPlane as _, Effect, FailureClass, Operation, Operations as _, Reply};
use multi_region_workshop::protocol::{Wire, operation_by_cli};
use multi_region_workshop::sandbox::World;
use multi_region_workshop::sandbox::owner::{OpenOptions, Opened, open};
use serde_json::{Value, json};

const R1: &str = "eu-west-1";
const R2: &str = "ap-southeast-1";

/// One process of a state directory.
struct Process {
    opened: Opened,
    aws: Aws,
}

impl Process {
    async fn start(directory: &Path) -> Self {
        let options = OpenOptions { seed: 11, rate: Some(Rate::Jump), speed: 60.0 };
        let opened = open(directory, options).await.unwrap();
        let aws = Aws::in_sandbox(Arc::new(opened.simulator.clone()) as Arc<dyn Wire>, &opened.clock);
        Self { opened, aws }
    }

    async fn call(&self, region: &str, service: &str, name: &str, input: Value) -> Reply {
        let operation = operation(region, service, name, input);
        self.aws.call(&operation).await.unwrap_or_else(|failure| panic!("{failure}"))
    }

    async fn pass(&self, minutes: u64) {
        let _participant = self.opened.clock.participate();
        self.opened.clock.sleep(Duration::from_mins(minutes)).await;
    }

    fn world(&self) -> World {
        self.opened.simulator.owned().expect("this process owns the world").with_world(|world| world.clone())
    }
}

fn operation(region: &str, service: &str, name: &str, input: Value) -> Operation {
    let spec = operation_by_cli(service, name).unwrap_or_else(|| panic!("{service} {name}"));
    Operation {
        service: service.into(),
        name: name.into(),
        api: spec.api.into(),
        region: region.into(),
        input,
        payload: None,
        query: None,
        effect: Effect::Read,
    }
}

/// Makes a little of everything that moves by itself: a stack, a table with a replica, a cluster, a zone, a health check.
async fn build(process: &Process) {
    let template =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/bookstore/templates/network.yaml"));
    let stack = json!({ "StackName": "network", "TemplateBody": template.unwrap(),
        "Parameters": [{ "ParameterKey": "Suffix", "ParameterValue": "abc123" }],
        "Capabilities": ["CAPABILITY_NAMED_IAM"] });
    process.call(R1, "cloudformation", "create-stack", stack).await;
    process.pass(2).await;
    let table = json!({ "TableName": "Books", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" } });
    process.call(R1, "dynamodb", "create-table", table).await;
    let cluster = json!({ "DBClusterIdentifier": "one", "Engine": "aurora-mysql", "MasterUsername": "admin",
        "MasterUserPassword": "secret99" });
    process.call(R1, "rds", "create-db-cluster", cluster).await;
    let zone = json!({ "Name": "abc.bookstore.test", "CallerReference": "1" });
    let zone = process.call(R1, "route53", "create-hosted-zone", zone).await.output;
    let check = json!({ "CallerReference": "1", "HealthCheckConfig": { "Type": "HTTPS", "Port": 443,
        "FullyQualifiedDomainName": "a.abc.bookstore.test", "ResourcePath": "/", "RequestInterval": 10,
        "FailureThreshold": 3 } });
    process.call(R1, "route53", "create-health-check", check).await;
    let change = json!({ "HostedZoneId": zone["HostedZone"]["Id"], "ChangeBatch": { "Changes": [{ "Action": "CREATE",
        "ResourceRecordSet": { "Name": "a.abc.bookstore.test", "Type": "CNAME", "TTL": 60,
            "ResourceRecords": [{ "Value": "b.example.com" }] } }] } });
    process.call(R1, "route53", "change-resource-record-sets", change).await;
    process.pass(2).await;
    let replica = json!({ "TableName": "Books", "ReplicaUpdates": [{ "Create": { "RegionName": R2 } }] });
    process.call(R1, "dynamodb", "update-table", replica).await;
    let item = json!({ "TableName": "Books", "Item": { "id": { "S": "1" }, "price": { "N": "12.50" } } });
    process.call(R1, "dynamodb", "put-item", item).await;
    process.pass(1).await;
}

/// Looks at everything, which must not make a difference.
async fn look(process: &Process) {
    for region in [R1, R2] {
        process.call(region, "cloudformation", "describe-stacks", json!({})).await;
        process.call(region, "dynamodb", "list-tables", json!({})).await;
        process.call(region, "rds", "describe-db-clusters", json!({})).await;
        process.call(region, "resourcegroupstaggingapi", "get-resources", json!({})).await;
    }
    let zones = process.call(R1, "route53", "list-hosted-zones", json!({})).await.output;
    let zone = zones["HostedZones"][0]["Id"].clone();
    process.call(R1, "route53", "list-resource-record-sets", json!({ "HostedZoneId": zone })).await;
    let vantage = Vantage { name: "dublin".into(), nearest: R1.into() };
    process.opened.simulator.resolve("a.abc.bookstore.test", &vantage).await.unwrap();
    let probe = Probe {
        signed: multi_region_workshop::domain::drill::Signed::ByLearner,
        method: "GET".into(),
        url: "https://a.abc.bookstore.test/books".into(),
        body: None,
        vantage,
        class: ClientClass::Fresh,
        timeout: Duration::from_secs(5),
    };
    process.opened.simulator.probe(&probe).await.unwrap();
}

/// What differs between two worlds, by the path of each difference.
fn differences(one: &Value, two: &Value, path: &str, into: &mut Vec<String>) {
    match (one, two) {
        (Value::Object(one), Value::Object(two)) => {
            for key in one.keys().chain(two.keys().filter(|key| !one.contains_key(*key))) {
                let absent = Value::Null;
                let (left, right) = (one.get(key).unwrap_or(&absent), two.get(key).unwrap_or(&absent));
                differences(left, right, &format!("{path}/{key}"), into);
            }
        }
        (one, two) if one == two => {}
        // A Region's default VPC is the same whenever it is looked at first.
        (Value::Null, built_in) | (built_in, Value::Null) if built_in["built_in"] == true => {}
        (one, two) => into.push(format!("{path}: {one} / {two}")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_kill_leaves_is_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(folder.path()).await;
    build(&first).await;
    look(&first).await;
    let before = first.world();
    // Nothing is saved: the next process has what every answer left on the disk.
    drop(first);
    let second = Process::start(folder.path()).await;
    let after = second.world();
    let mut wrong = Vec::new();
    // While nobody owned it, the world went on a little; bring the other one as far.
    let mut forward = before.clone();
    forward.advance(after.now);
    let by_value = |world: &World| serde_json::to_value(world).unwrap();
    differences(&by_value(&forward), &by_value(&after), "", &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // And it goes on.
    second.pass(30).await;
    let stacks = second.call(R1, "cloudformation", "describe-stacks", json!({})).await.output;
    assert_eq!(stacks["Stacks"][0]["StackStatus"], "CREATE_COMPLETE");
    let read = json!({ "TableName": "Books", "Key": { "id": { "S": "1" } } });
    let item = second.call(R2, "dynamodb", "get-item", read).await.output;
    assert_eq!(item["Item"]["price"]["N"], "12.5");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_requests_at_the_same_times_make_the_same_world() {
    let mut worlds = Vec::new();
    for looks in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(folder.path()).await;
        build(&process).await;
        if looks {
            look(&process).await;
        }
        process.pass(60).await;
        worlds.push(serde_json::to_value(process.world()).unwrap());
    }
    let mut wrong = Vec::new();
    differences(&worlds[0], &worlds[1], "", &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_acts_on_the_same_account() {
    let folder = tempfile::tempdir().unwrap();
    let owner = Process::start(folder.path()).await;
    let other = Process::start(folder.path()).await;
    assert!(!other.opened.simulator.is_owner());
    build(&other).await;
    look(&other).await;
    let stacks = owner.call(R1, "cloudformation", "describe-stacks", json!({})).await.output;
    assert_eq!(stacks["Stacks"][0]["StackName"], "network");
    let missing = operation(R2, "rds", "describe-db-clusters", json!({ "DBClusterIdentifier": "none" }));
    let failure = other.aws.call(&missing).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::NotFound, "DBClusterNotFoundFault"));
    let bucket = json!({ "Bucket": "odd-keys", "CreateBucketConfiguration": { "LocationConstraint": R1 } });
    other.call(R1, "s3api", "create-bucket", bucket).await;
    let mut put = operation(R1, "s3api", "put-object", json!({ "Bucket": "odd-keys", "Key": "a b/ü+%&=?.txt" }));
    put.payload = Some(b"odd".to_vec());
    other.aws.call(&put).await.unwrap();
    let read = json!({ "Bucket": "odd-keys", "Key": "a b/ü+%&=?.txt" });
    for process in [&owner, &other] {
        let reply = process.call(R1, "s3api", "get-object", read.clone()).await;
        assert_eq!(reply.payload.as_deref(), Some(&b"odd"[..]));
        let list = process.call(R1, "s3api", "list-objects-v2", json!({ "Bucket": "odd-keys" })).await.output;
        assert_eq!(list["Contents"][0]["Key"], "a b/ü+%&=?.txt");
    }
}
