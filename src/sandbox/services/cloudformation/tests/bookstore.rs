//! The workshop's own templates, built and deleted end to end.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::pass;
use crate::sandbox::services::cloudformation::{providers, schema};
use crate::sandbox::world::LEARNER_ACCOUNT;
use crate::sandbox::{Call, World};

const NETWORK: &str = include_str!("../../../../../assets/bookstore/templates/network.yaml");
const BLOG: &str = include_str!("../../../../../assets/bookstore/templates/blog.yaml");
const SHOP: &str = include_str!("../../../../../assets/bookstore/templates/bookstore.yaml");
const R1: &str = "eu-west-1";
const R2: &str = "ap-southeast-1";

fn call(world: &mut World, region: &str, service: &str, operation: &str, input: &Value) -> Value {
    let answer = Call::new(world, LEARNER_ACCOUNT, region).invoke(service, operation, input);
    answer.unwrap_or_else(|error| panic!("{service} {operation} in {region}: {error}"))
}

fn cfn(world: &mut World, region: &str, operation: &str, input: &Value) -> Value {
    call(world, region, "cloudformation", operation, input)
}

fn begin(world: &mut World, region: &str, name: &str, template: &str, parameters: &[(&str, &str)]) {
    let parameters: Vec<Value> =
        parameters.iter().map(|(key, value)| json!({ "ParameterKey": key, "ParameterValue": value })).collect();
    let input = json!({
        "StackName": name, "TemplateBody": template, "Parameters": parameters,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    });
    cfn(world, region, "CreateStack", &input);
}

fn stack(world: &mut World, region: &str, name: &str) -> Value {
    cfn(world, region, "DescribeStacks", &json!({ "StackName": name }))["Stacks"][0].clone()
}

fn outputs(world: &mut World, region: &str, name: &str) -> BTreeMap<String, String> {
    let shown = stack(world, region, name);
    let text = |one: &Value, member: &str| one[member].as_str().unwrap().to_owned();
    let list = shown["Outputs"].as_array().unwrap();
    list.iter().map(|one| (text(one, "OutputKey"), text(one, "OutputValue"))).collect()
}

/// Lets time go by until the stack is complete; a failure names what failed.
fn complete(world: &mut World, region: &str, name: &str, within: u64) {
    pass(world, within);
    let status = stack(world, region, name)["StackStatus"].clone();
    let all = cfn(world, region, "DescribeStackEvents", &json!({ "StackName": name }));
    let failed: Vec<&Value> = all["StackEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["ResourceStatus"].as_str().unwrap().contains("FAILED"))
        .map(|event| &event["ResourceStatusReason"])
        .collect();
    let resources = cfn(world, region, "DescribeStackResources", &json!({ "StackName": name }));
    let open: Vec<&Value> = resources["StackResources"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["ResourceStatus"] != "CREATE_COMPLETE")
        .map(|one| &one["LogicalResourceId"])
        .collect();
    assert_eq!(status, "CREATE_COMPLETE", "{name} in {region}: failed {failed:#?}, open {open:?}");
}

fn delete(world: &mut World, region: &str, name: &str) {
    cfn(world, region, "DeleteStack", &json!({ "StackName": name }));
}

fn archive(world: &mut World, region: &str, bucket: &str) {
    let input = json!({ "Bucket": bucket, "CreateBucketConfiguration": { "LocationConstraint": region } });
    call(world, region, "s3", "CreateBucket", &input);
    let mut put = Call::new(world, LEARNER_ACCOUNT, region);
    put.payload = Some(crate::sandbox::dataplane::functions::shipped::bookstore().into());
    let input = json!({ "Bucket": bucket, "Key": "lambda.zip" });
    crate::sandbox::services::dispatch(&mut put, "s3", "PutObject", &input).unwrap();
}

fn left(world: &mut World) -> Vec<String> {
    [R1, R2, "us-east-1"]
        .iter()
        .flat_map(|region| {
            let mut call = Call::new(world, LEARNER_ACCOUNT, region);
            crate::sandbox::services::inventory(&mut call)
        })
        .filter(|record| !record.built_in)
        .map(|record| format!("{} {}", record.type_name, record.id))
        .collect()
}

#[test]
fn every_type_of_the_templates_is_simulated() {
    for template in [NETWORK, BLOG, SHOP] {
        cfn(&mut World::new(1), R1, "ValidateTemplate", &json!({ "TemplateBody": template }));
    }
}

#[test]
fn every_row_has_a_schema_and_stands_once() {
    let types: Vec<&str> = providers::types().collect();
    for name in &types {
        assert!(schema::of(name).is_some(), "{name} has no schema");
        assert_eq!(types.iter().filter(|other| other == &name).count(), 1, "{name} stands twice");
    }
}

const NETWORK_STACK: &str = "bookstore-network-abc123";
const SHOP_STACK: &str = "bookstore-shop-abc123";
const BLOG_STACK: &str = "bookstore-blog-abc123";

fn primary(world: &mut World) {
    archive(world, R1, "artifacts-r1");
    begin(world, R1, NETWORK_STACK, NETWORK, &[("Suffix", "abc123")]);
    begin(world, R2, NETWORK_STACK, NETWORK, &[("Suffix", "abc123"), ("VpcCidr", "10.20.0.0/16")]);
    complete(world, R1, NETWORK_STACK, 600);
    complete(world, R2, NETWORK_STACK, 0);
    let shop = [("Suffix", "abc123"), ("ArtifactBucket", "artifacts-r1"), ("SecondaryRegion", R2)];
    begin(world, R1, SHOP_STACK, SHOP, &shop);
    begin(world, R1, BLOG_STACK, BLOG, &[("Suffix", "abc123"), ("SecondaryRegion", R2)]);
    complete(world, R1, BLOG_STACK, 2400);
    complete(world, R1, SHOP_STACK, 0);
}

fn empty(world: &mut World, region: &str, bucket: &str) {
    let versions = call(world, region, "s3", "ListObjectVersions", &json!({ "Bucket": bucket }));
    for version in versions["Versions"].as_array().into_iter().flatten() {
        let input = json!({ "Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"] });
        call(world, region, "s3", "DeleteObject", &input);
    }
    call(world, region, "s3", "DeleteBucket", &json!({ "Bucket": bucket }));
}

#[test]
fn the_primary_region_is_built_and_goes_again() {
    let mut world = World::new(7);
    primary(&mut world);
    let blog = outputs(&mut world, R1, BLOG_STACK);
    assert!(blog["AuroraEndpoint"].contains("bookstore-aurora-abc123"), "{blog:?}");
    assert_eq!(blog["EcsService"], "bookstore-blog-abc123");
    let copy = blog["DbSecretArn"].replace(R1, R2);
    let secret = call(&mut world, R2, "secretsmanager", "GetSecretValue", &json!({ "SecretId": copy }));
    let secret: Value = serde_json::from_str(secret["SecretString"].as_str().unwrap()).unwrap();
    assert_eq!(secret["username"], "bookstore");
    assert_eq!(secret["password"].as_str().unwrap().len(), 32);
    let shop = outputs(&mut world, R1, SHOP_STACK);
    assert_eq!(shop["SiteBucket"], "bookstore-site-abc123-r1");
    assert!(shop["OrdersStreamArn"].contains("table/bookstore-abc123-Orders/stream/"), "{shop:?}");
    assert!(shop["ShopUrl"].starts_with("https://d"), "{shop:?}");

    delete(&mut world, R1, NETWORK_STACK);
    let kept = stack(&mut world, R1, NETWORK_STACK)["StackStatusReason"].clone();
    assert!(kept.as_str().unwrap().starts_with("Delete canceled. Cannot delete export"), "{kept}");
    delete(&mut world, R1, SHOP_STACK);
    delete(&mut world, R1, BLOG_STACK);
    pass(&mut world, 3600);
    for region in [R1, R2] {
        delete(&mut world, region, NETWORK_STACK);
    }
    pass(&mut world, 1200);
    empty(&mut world, R1, "artifacts-r1");
    assert_eq!(left(&mut world), Vec::<String>::new());
}

#[test]
fn the_secondary_region_is_built_on_replicas() {
    let mut world = World::new(11);
    primary(&mut world);
    for table in ["Books", "Orders", "Cart"] {
        let update = json!([{ "Create": { "RegionName": R2 } }]);
        let input = json!({ "TableName": format!("bookstore-abc123-{table}"), "ReplicaUpdates": update });
        call(&mut world, R1, "dynamodb", "UpdateTable", &input);
    }
    let network = outputs(&mut world, R2, NETWORK_STACK);
    let (primary_blog, primary_shop) = (outputs(&mut world, R1, BLOG_STACK), outputs(&mut world, R1, SHOP_STACK));
    let replica = json!({
        "DBClusterIdentifier": "bookstore-replica-abc123", "Engine": "aurora-mysql",
        "EngineVersion": "8.0.mysql_aurora.3.10.4", "ReplicationSourceIdentifier": primary_blog["AuroraClusterArn"],
        "DBSubnetGroupName": network["DbSubnetGroup"], "VpcSecurityGroupIds": [network["DbSecurityGroup"]],
        "KmsKeyId": network["DbKmsKeyArn"], "StorageEncrypted": true,
    });
    call(&mut world, R2, "rds", "CreateDBCluster", &replica);
    let instance = json!({
        "DBInstanceIdentifier": "bookstore-replica-abc123-1", "DBClusterIdentifier": "bookstore-replica-abc123",
        "DBInstanceClass": "db.t4g.medium", "Engine": "aurora-mysql",
    });
    call(&mut world, R2, "rds", "CreateDBInstance", &instance);
    let site = json!({ "Bucket": "site-r2", "CreateBucketConfiguration": { "LocationConstraint": R2 } });
    call(&mut world, R2, "s3", "CreateBucket", &site);
    archive(&mut world, R2, "artifacts-r2");
    pass(&mut world, 3600);
    let cluster = json!({ "DBClusterIdentifier": "bookstore-replica-abc123" });
    let host = call(&mut world, R2, "rds", "DescribeDBClusters", &cluster);
    let host = host["DBClusters"][0]["ReaderEndpoint"].as_str().unwrap().to_owned();
    let orders = json!({ "TableName": "bookstore-abc123-Orders" });
    let stream = call(&mut world, R2, "dynamodb", "DescribeTable", &orders);
    let stream = stream["Table"]["LatestStreamArn"].as_str().unwrap().to_owned();
    let shop = [
        ("Suffix", "abc123"),
        ("IsSecondary", "true"),
        ("ArtifactBucket", "artifacts-r2"),
        ("OrdersStreamArn", &stream),
        ("SiteBucket", "site-r2"),
        ("DistributionId", &primary_shop["DistributionId"]),
        ("UserPoolArn", &primary_shop["UserPoolArn"]),
    ];
    begin(&mut world, R2, SHOP_STACK, SHOP, &shop);
    let blog = [
        ("Suffix", "abc123"),
        ("IsSecondary", "true"),
        ("DbHost", host.as_str()),
        ("DbSecretArn", &primary_blog["DbSecretArn"]),
    ];
    begin(&mut world, R2, BLOG_STACK, BLOG, &blog);
    complete(&mut world, R2, BLOG_STACK, 2400);
    complete(&mut world, R2, SHOP_STACK, 0);
    let shop = outputs(&mut world, R2, SHOP_STACK);
    assert_eq!(shop["OrdersStreamArn"], stream);
    assert!(!shop.contains_key("ShopUrl"), "CloudFront stands in the primary only: {shop:?}");
    for name in [SHOP_STACK, BLOG_STACK] {
        delete(&mut world, R2, name);
    }
    pass(&mut world, 3600);
    for name in [SHOP_STACK, BLOG_STACK] {
        let all = cfn(&mut world, R2, "ListStacks", &json!({ "StackStatusFilter": ["DELETE_COMPLETE"] }));
        let gone = all["StackSummaries"].as_array().unwrap().iter().any(|one| one["StackName"] == name);
        assert!(gone, "{name}");
    }
}
