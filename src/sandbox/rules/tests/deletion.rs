//! What must be gone, or be so, before something else may go.

use bytes::Bytes;
use serde_json::json;

use super::{Scenario, code, data, table, without};
use crate::sandbox::Call;
use crate::sandbox::dataplane::tests_blog::{blog, database, scale};
use crate::sandbox::dataplane::tests_world::{R1, R2, Shop, attempt, run, shop, wait};
use crate::sandbox::services::cloudformation::tests::NETWORK;
use crate::sandbox::services::cloudfront;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};

pub(super) fn scenario(id: &str) -> Option<Scenario> {
    Some(match id {
        "acm.certificate-in-use" => certificate_of_the_shop,
        "cloudformation.export-in-use" => exporting_stack,
        "cloudformation.retain-after-failure" => retained_at_once,
        "cloudformation.termination-protection" => protected_stack,
        "cloudfront.disabled-first" => enabled_distribution,
        "cognito.deletion-protection" => protected_pool,
        "dynamodb.deletion-protection" => protected_table,
        "dynamodb.source-24h" => source_of_a_replica,
        "ecs.draining-name-taken" => name_of_a_draining_service,
        "ecs.service-scaled-to-zero" => running_service,
        "iam.role-without-policies" => role_with_policy,
        "rds.cluster-without-instances" => cluster_with_instance,
        "rds.deletion-protection" => protected_cluster,
        "rds.global-cluster-empty" => global_with_members,
        "rds.last-instance" => last_instance_of_a_replica,
        "rds.subnet-group-in-use" => group_of_a_cluster,
        "route53.zone-not-empty" => zone_with_records,
        "s3.bucket-not-empty" => bucket_with_object,
        "secretsmanager.name-reserved" => name_of_a_deleted_secret,
        "secretsmanager.replicas-first" => secret_with_copy,
        _ => return None,
    })
}

/// A stack with a VPC whose id is exported, and another one that uses it.
fn stacks(off: Option<&str>, protected: bool) -> World {
    let mut world = World::new(1);
    without(&mut world, off);
    let user = "Resources:\n  Group:\n    Type: AWS::EC2::SecurityGroup\n    Properties: { GroupDescription: d, VpcId: !ImportValue net-VpcId }\n";
    for (name, template) in [("net", NETWORK), ("user", user)] {
        let input = json!({ "StackName": name, "TemplateBody": template, "EnableTerminationProtection": protected });
        run(&mut world, R1, "cloudformation", "CreateStack", &input);
        wait(&mut world, 300);
    }
    world
}

fn stack_status(world: &mut World, name: &str) -> String {
    let told = run(world, R1, "cloudformation", "DescribeStacks", &json!({ "StackName": name }));
    told["Stacks"][0]["StackStatus"].to_string()
}

fn exporting_stack(off: Option<&str>) -> String {
    let mut world = stacks(off, false);
    run(&mut world, R1, "cloudformation", "DeleteStack", &json!({ "StackName": "net" }));
    wait(&mut world, 60);
    stack_status(&mut world, "net")
}

fn protected_stack(off: Option<&str>) -> String {
    code(&mut stacks(off, true), "cloudformation", "DeleteStack", &json!({ "StackName": "user" }))
}

fn retained_at_once(off: Option<&str>) -> String {
    let input = json!({ "StackName": "user", "RetainResources": ["Group"] });
    code(&mut stacks(off, false), "cloudformation", "DeleteStack", &input)
}

fn protected_pool(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let pool = json!({ "PoolName": "readers", "DeletionProtection": "ACTIVE" });
    let made = run(&mut world, R1, "cognito", "CreateUserPool", &pool);
    code(&mut world, "cognito", "DeleteUserPool", &json!({ "UserPoolId": made["UserPool"]["Id"] }))
}

fn protected_table(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let mut input = table(true);
    input["DeletionProtectionEnabled"] = json!(true);
    run(&mut world, R1, "dynamodb", "CreateTable", &input);
    wait(&mut world, 120);
    code(&mut world, "dynamodb", "DeleteTable", &json!({ "TableName": "Shop" }))
}

fn protected_cluster(off: Option<&str>) -> String {
    let mut world = World::new(3);
    without(&mut world, off);
    let cluster = json!({
        "DBClusterIdentifier": "blog", "Engine": "aurora-mysql", "MasterUsername": "u",
        "MasterUserPassword": "secret123", "DeletionProtection": true,
    });
    run(&mut world, R1, "rds", "CreateDBCluster", &cluster);
    wait(&mut world, 3600);
    let input = json!({ "DBClusterIdentifier": "blog", "SkipFinalSnapshot": true });
    code(&mut world, "rds", "DeleteDBCluster", &input)
}

fn secret_with_copy(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let secret = json!({ "Name": "login", "SecretString": "x", "AddReplicaRegions": [{ "Region": R2 }] });
    run(&mut world, R1, "secretsmanager", "CreateSecret", &secret);
    wait(&mut world, 600);
    code(&mut world, "secretsmanager", "DeleteSecret", &json!({ "SecretId": "login" }))
}

fn certificate_of_the_shop(off: Option<&str>) -> String {
    let Shop { mut world, .. } = shop();
    without(&mut world, off);
    let listed = run(&mut world, R1, "acm", "ListCertificates", &json!({}));
    let arn = &listed["CertificateSummaryList"][0]["CertificateArn"];
    code(&mut world, "acm", "DeleteCertificate", &json!({ "CertificateArn": arn }))
}

fn enabled_distribution(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let made = cloudfront::tests::site(&mut world);
    wait(&mut world, 1200);
    let input = json!({ "Id": made["Distribution"]["Id"], "IfMatch": made["ETag"] });
    code(&mut world, "cloudfront", "DeleteDistribution", &input)
}

fn source_of_a_replica(off: Option<&str>) -> String {
    let mut world = data::global_table(off);
    code(&mut world, "dynamodb", "DeleteTable", &json!({ "TableName": "Shop" }))
}

/// The blog with one task that runs.
fn running_blog(off: Option<&str>) -> World {
    let mut world = World::new(3);
    without(&mut world, off);
    let host = database(&mut world);
    blog(&mut world, R1, &host);
    wait(&mut world, 600);
    world
}

fn running_service(off: Option<&str>) -> String {
    code(&mut running_blog(off), "ecs", "DeleteService", &json!({ "cluster": "shop", "service": "blog" }))
}

fn name_of_a_draining_service(off: Option<&str>) -> String {
    let mut world = running_blog(off);
    scale(&mut world, R1, 0);
    run(&mut world, R1, "ecs", "DeleteService", &json!({ "cluster": "shop", "service": "blog" }));
    let again = json!({ "cluster": "shop", "serviceName": "blog", "taskDefinition": "blog", "desiredCount": 1 });
    code(&mut world, "ecs", "CreateService", &again)
}

fn role_with_policy(off: Option<&str>) -> String {
    let Shop { mut world, .. } = shop();
    without(&mut world, off);
    code(&mut world, "iam", "DeleteRole", &json!({ "RoleName": "orders" }))
}

fn cluster_with_instance(off: Option<&str>) -> String {
    let mut world = World::new(3);
    without(&mut world, off);
    database(&mut world);
    let input = json!({ "DBClusterIdentifier": "blog", "SkipFinalSnapshot": true });
    code(&mut world, "rds", "DeleteDBCluster", &input)
}

fn global_with_members(off: Option<&str>) -> String {
    let mut world = data::global_database(off);
    code(&mut world, "rds", "DeleteGlobalCluster", &json!({ "GlobalClusterIdentifier": "shop" }))
}

fn last_instance_of_a_replica(off: Option<&str>) -> String {
    let mut world = data::replicated(off);
    let gone = attempt(&mut world, R2, "rds", "DeleteDBInstance", &json!({ "DBInstanceIdentifier": "copy-1" }));
    gone.map_or_else(|error| error.code, |_| "done".to_owned())
}

fn group_of_a_cluster(off: Option<&str>) -> String {
    let mut world = World::new(3);
    without(&mut world, off);
    let subnets = data::subnets(&mut world, &["a", "b"]);
    let group = json!({ "DBSubnetGroupName": "g", "DBSubnetGroupDescription": "d", "SubnetIds": subnets });
    run(&mut world, R1, "rds", "CreateDBSubnetGroup", &group);
    let cluster = json!({
        "DBClusterIdentifier": "blog", "Engine": "aurora-mysql", "MasterUsername": "u",
        "MasterUserPassword": "secret123", "DBSubnetGroupName": "g",
    });
    run(&mut world, R1, "rds", "CreateDBCluster", &cluster);
    code(&mut world, "rds", "DeleteDBSubnetGroup", &json!({ "DBSubnetGroupName": "g" }))
}

fn name_of_a_deleted_secret(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let secret = json!({ "Name": "login", "SecretString": "x" });
    run(&mut world, R1, "secretsmanager", "CreateSecret", &secret);
    run(&mut world, R1, "secretsmanager", "DeleteSecret", &json!({ "SecretId": "login" }));
    code(&mut world, "secretsmanager", "CreateSecret", &secret)
}

fn zone_with_records(off: Option<&str>) -> String {
    let Shop { mut world, zone, .. } = shop();
    without(&mut world, off);
    code(&mut world, "route53", "DeleteHostedZone", &json!({ "Id": zone }))
}

fn bucket_with_object(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let place = json!({ "Bucket": "some-books", "CreateBucketConfiguration": { "LocationConstraint": R1 } });
    run(&mut world, R1, "s3", "CreateBucket", &place);
    let mut call = Call::new(&mut world, LEARNER_ACCOUNT, R1);
    call.payload = Some(Bytes::from_static(b"x"));
    let put = crate::sandbox::services::s3::handler("PutObject").unwrap();
    put(&mut call, &json!({ "Bucket": "some-books", "Key": "k" })).unwrap();
    code(&mut world, "s3", "DeleteBucket", &json!({ "Bucket": "some-books" }))
}
