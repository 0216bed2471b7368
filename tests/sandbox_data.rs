//! The data services of the sandbox, driven by `aws …` commands through the real SDK: what a learner types is what runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::Duration;

use multi_region_workshop::aws::Aws;
use multi_region_workshop::clock::{Clock, Rate};
use multi_region_workshop::domain::{Failure, Operations, SimTime};
use multi_region_workshop::protocol::{Command, FileError, Files, parse_command};
use multi_region_workshop::sandbox::{Sandbox, World};
use serde_json::{Value, json};

const R1: &str = "eu-west-1";
const R2: &str = "ap-southeast-1";

/// Every file of a command holds this.
struct Page;

impl Files for Page {
    fn read(&self, _path: &str) -> Result<Vec<u8>, FileError> {
        Ok(b"<h1>Books</h1>".to_vec())
    }
}

struct Shell {
    aws: Aws,
    sandbox: Sandbox,
}

impl Shell {
    fn new() -> Self {
        let clock = Clock::simulated(SimTime::WORLD_START, Rate::Stepped);
        let sandbox = Sandbox::new(World::new(7), clock.clone());
        Self { aws: Aws::in_sandbox(Arc::new(sandbox.clone()), &clock), sandbox }
    }

    async fn try_run(&self, region: &str, command: &str) -> Result<Value, Failure> {
        let text = format!("aws {command} --region {region}");
        let operation = match parse_command(&text, &Page).unwrap_or_else(|error| panic!("{text}: {error}")) {
            Command::Operation(operation) | Command::Download { operation, .. } => operation,
            other => panic!("{text}: {other:?}"),
        };
        let reply = self.aws.call(&operation).await?;
        Ok(match reply.payload {
            Some(bytes) => json!({ "Body": String::from_utf8(bytes).unwrap() }),
            None => reply.output,
        })
    }

    async fn run(&self, region: &str, command: &str) -> Value {
        self.try_run(region, command).await.unwrap_or_else(|failure| panic!("{command}: {failure}"))
    }

    async fn refused(&self, region: &str, command: &str) -> String {
        self.try_run(region, command).await.expect_err(command).code
    }

    async fn wait(&self, minutes: u64) {
        self.sandbox.clock().advance(Duration::from_mins(minutes)).await;
    }
}

#[tokio::test]
async fn buckets_and_objects() {
    let shell = Shell::new();
    let identity = shell.run(R1, "sts get-caller-identity").await;
    assert_eq!(identity["Account"], "111122223333");
    assert_eq!(shell.refused(R1, "s3api create-bucket --bucket books").await, "IllegalLocationConstraintException");
    for (region, name) in [(R1, "books-r1"), (R2, "books-r2")] {
        let place = format!("--create-bucket-configuration LocationConstraint={region}");
        shell.run(region, &format!("s3api create-bucket --bucket {name} {place}")).await;
        let on = "--versioning-configuration Status=Enabled";
        shell.run(region, &format!("s3api put-bucket-versioning --bucket {name} {on}")).await;
        assert_eq!(
            shell.run(region, &format!("s3api get-bucket-versioning --bucket {name}")).await["Status"],
            "Enabled"
        );
        let tags = "--tagging 'TagSet=[{Key=run,Value=abc123}]'";
        shell.run(region, &format!("s3api put-bucket-tagging --bucket {name} {tags}")).await;
    }
    assert_eq!(shell.run(R2, "s3api get-bucket-location --bucket books-r1").await["LocationConstraint"], R1);
    shell
        .run(R1, "s3api put-object --bucket books-r1 --key site/index.html --body page --content-type text/html")
        .await;
    let head = shell.run(R1, "s3api head-object --bucket books-r1 --key site/index.html").await;
    assert_eq!((head["ContentLength"].as_u64(), head["ContentType"].as_str()), (Some(14), Some("text/html")));
    let body = shell.run(R1, "s3api get-object --bucket books-r1 --key site/index.html out.html").await;
    assert_eq!(body["Body"], "<h1>Books</h1>");
    shell.run(R2, "s3api copy-object --bucket books-r2 --key copy.html --copy-source books-r1/site/index.html").await;
    let listed = shell.run(R1, "s3api list-objects-v2 --bucket books-r1 --delimiter /").await;
    assert_eq!(listed["CommonPrefixes"], json!([{ "Prefix": "site/" }]));
    let rule = json!({ "ID": "a", "Priority": 1, "Status": "Enabled", "Filter": { "Prefix": "" },
        "DeleteMarkerReplication": { "Status": "Enabled" }, "Destination": { "Bucket": "arn:aws:s3:::books-r2" } });
    let rules = json!({ "Role": "arn:aws:iam::111122223333:role/r", "Rules": [rule] });
    let configuration = format!("--replication-configuration '{rules}'");
    shell.run(R1, &format!("s3api put-bucket-replication --bucket books-r1 {configuration}")).await;
    let rule = shell.run(R1, "s3api get-bucket-replication --bucket books-r1").await;
    assert_eq!(rule["ReplicationConfiguration"]["Rules"][0]["Destination"]["Bucket"], "arn:aws:s3:::books-r2");
    shell.run(R1, "s3api delete-bucket-replication --bucket books-r1").await;
    let code = shell.refused(R1, "s3api get-bucket-replication --bucket books-r1").await;
    assert_eq!(code, "ReplicationConfigurationNotFoundError");
    let tagged = shell.run(R1, "resourcegroupstaggingapi get-resources --tag-filters Key=run,Values=abc123").await;
    assert_eq!(tagged["ResourceTagMappingList"][0]["ResourceARN"], "arn:aws:s3:::books-r1");
    shell.run(R1, "s3api delete-object --bucket books-r1 --key site/index.html").await;
    assert_eq!(shell.refused(R1, "s3api delete-bucket --bucket books-r1").await, "BucketNotEmpty");
    let versions = shell.run(R1, "s3api list-object-versions --bucket books-r1").await;
    for list in ["Versions", "DeleteMarkers"] {
        let id = versions[list][0]["VersionId"].as_str().unwrap();
        shell.run(R1, &format!("s3api delete-object --bucket books-r1 --key site/index.html --version-id {id}")).await;
    }
    shell.run(R1, "s3api delete-bucket --bucket books-r1").await;
    let left = shell.run(R1, "s3api list-buckets").await;
    assert_eq!(left["Buckets"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_global_table() {
    let shell = Shell::new();
    let table = "--table-name Orders --billing-mode PAY_PER_REQUEST \
        --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH \
        --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES";
    shell.run(R1, &format!("dynamodb create-table {table}")).await;
    assert_eq!(shell.refused(R1, &format!("dynamodb create-table {table}")).await, "ResourceInUseException");
    shell.wait(2).await;
    shell.run(R1, r#"dynamodb put-item --table-name Orders --item '{"id":{"S":"a"},"price":{"N":"3"}}'"#).await;
    let add = format!("dynamodb update-table --table-name Orders --replica-updates 'Create={{RegionName={R2}}}'");
    assert_eq!(shell.run(R1, &add).await["TableDescription"]["TableStatus"], "UPDATING");
    shell.wait(20).await;
    let seen = shell.run(R1, "dynamodb describe-table --table-name Orders").await;
    assert_eq!(seen["Table"]["Replicas"][0]["ReplicaStatus"], "ACTIVE");
    let update = r#"dynamodb update-item --table-name Orders --key '{"id":{"S":"a"}}' --update-expression 'ADD price :n' --expression-attribute-values '{":n":{"N":"4"}}' --return-values ALL_NEW"#;
    assert_eq!(shell.run(R2, update).await["Attributes"]["price"]["N"], "7");
    shell.wait(1).await;
    let item = shell.run(R1, r#"dynamodb get-item --table-name Orders --key '{"id":{"S":"a"}}'"#).await;
    assert_eq!(item["Item"]["price"]["N"], "7");
    let late = r#"dynamodb put-item --table-name Orders --item '{"id":{"S":"a"}}' --condition-expression 'attribute_not_exists(id)'"#;
    assert_eq!(shell.refused(R1, late).await, "ConditionalCheckFailedException");
    assert_eq!(shell.run(R1, "dynamodb scan --table-name Orders").await["Count"], 1);
    let metrics = shell.run(R2, "cloudwatch list-metrics --namespace AWS/DynamoDB").await;
    assert_eq!(metrics["Metrics"][0]["MetricName"], "ReplicationLatency");
    assert_eq!(shell.refused(R1, "dynamodb delete-table --table-name Orders").await, "ValidationException");
    let arn = "arn:aws:dynamodb:ap-southeast-1:111122223333:table/Orders";
    shell.run(R2, &format!("dynamodb tag-resource --resource-arn {arn} --tags Key=run,Value=abc")).await;
    let tags = shell.run(R2, &format!("dynamodb list-tags-of-resource --resource-arn {arn}")).await;
    assert_eq!(tags["Tags"], json!([{ "Key": "run", "Value": "abc" }]));
    let remove = format!("dynamodb update-table --table-name Orders --replica-updates 'Delete={{RegionName={R2}}}'");
    shell.run(R1, &remove).await;
    shell.wait(5).await;
    assert_eq!(shell.refused(R2, "dynamodb describe-table --table-name Orders").await, "ResourceNotFoundException");
    let gone = "cloudcontrol delete-resource --type-name AWS::DynamoDB::Table --identifier Orders";
    assert_eq!(shell.run(R1, gone).await["ProgressEvent"]["OperationStatus"], "IN_PROGRESS");
    shell.wait(5).await;
    assert_eq!(shell.run(R1, "dynamodb list-tables").await["TableNames"], json!([]));
}

#[tokio::test]
async fn an_aurora_cluster() {
    let shell = Shell::new();
    let user = "--master-username me --master-user-password secret-99";
    shell.run(R1, &format!("rds create-db-cluster --db-cluster-identifier blog --engine aurora-mysql {user}")).await;
    let member = "--db-cluster-identifier blog --engine aurora-mysql --db-instance-class db.t4g.medium";
    let made = shell.run(R1, &format!("rds create-db-instance --db-instance-identifier blog-1 {member}")).await;
    assert_eq!(made["DBInstance"]["DBInstanceStatus"], "creating");
    shell.wait(30).await;
    let seen = shell.run(R1, "rds describe-db-clusters --db-cluster-identifier blog").await;
    let cluster = &seen["DBClusters"][0];
    assert_eq!(
        (cluster["Status"].as_str(), cluster["DBClusterMembers"][0]["IsClusterWriter"].as_bool()),
        (Some("available"), Some(true))
    );
    assert!(cluster["ClusterCreateTime"].as_str().unwrap().starts_with("2026-01-05T09:00:00"));
    let copy = format!(
        "rds create-db-cluster --db-cluster-identifier copy --engine aurora-mysql --replication-source-identifier {}",
        cluster["DBClusterArn"].as_str().unwrap()
    );
    assert_eq!(shell.refused(R2, &copy).await, "InvalidDBClusterStateFault", "the source has no binary log");
    let drop = "rds delete-db-cluster --db-cluster-identifier blog --skip-final-snapshot";
    assert_eq!(shell.refused(R1, drop).await, "InvalidDBClusterStateFault");
    shell.run(R1, "rds delete-db-instance --db-instance-identifier blog-1 --skip-final-snapshot").await;
    shell.run(R1, drop).await;
    shell.wait(20).await;
    let code = shell.refused(R1, "rds describe-db-clusters --db-cluster-identifier blog").await;
    assert_eq!(code, "DBClusterNotFoundFault");
    assert_eq!(
        shell.refused(R1, "rds describe-db-instances --db-instance-identifier blog-1").await,
        "DBInstanceNotFound"
    );
    assert_eq!(
        shell.run(R1, "rds describe-db-cluster-snapshots --snapshot-type manual").await["DBClusterSnapshots"],
        json!([])
    );
}
