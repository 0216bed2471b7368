//! What must be gone, or be so, before something else may go.

use bytes::Bytes;
use serde_json::{Value, json};

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
        "cloudformation.default-snapshot" => stack_with_a_cluster,
        "cloudformation.export-in-use" => exporting_stack,
        "cloudformation.retain-after-failure" => retained_at_once,
        "cloudformation.termination-protection" => protected_stack,
        "cloudformation.waits-for-interfaces" => stack_with_a_function_in_a_vpc,
        "cloudfront.disabled-first" => enabled_distribution,
        "cognito.deletion-protection" => protected_pool,
        "cognito.domain-first" => pool_with_domain,
        "dynamodb.deletion-protection" => protected_table,
        "dynamodb.source-24h" => source_of_a_replica,
        "ecs.draining-name-taken" => name_of_a_draining_service,
        "ecs.service-scaled-to-zero" => running_service,
        "iam.role-without-policies" => role_with_policy,
        "lambda.interfaces-need-role" => interfaces_without_role,
        "lambda.interfaces-outlive-function" => subnet_of_a_deleted_function,
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

fn pool_with_domain(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let made = run(&mut world, R1, "cognito", "CreateUserPool", &json!({ "PoolName": "readers" }));
    let pool = &made["UserPool"]["Id"];
    let domain = json!({ "UserPoolId": pool, "Domain": "readers" });
    run(&mut world, R1, "cognito", "CreateUserPoolDomain", &domain);
    let refused = code(&mut world, "cognito", "DeleteUserPool", &json!({ "UserPoolId": pool }));
    if refused != "done" {
        run(&mut world, R1, "cognito", "DeleteUserPoolDomain", &domain);
        run(&mut world, R1, "cognito", "DeleteUserPool", &json!({ "UserPoolId": pool }));
    }
    refused
}

/// The snapshots that are left of a stack with a database cluster whose template says nothing of its deletion.
fn stack_with_a_cluster(off: Option<&str>) -> String {
    let mut world = World::new(1);
    without(&mut world, off);
    let template = "Resources:\n  Blog:\n    Type: AWS::RDS::DBCluster\n    Properties: { Engine: aurora-mysql, MasterUsername: u, MasterUserPassword: secret123 }\n";
    run(&mut world, R1, "cloudformation", "CreateStack", &json!({ "StackName": "blog", "TemplateBody": template }));
    wait(&mut world, 3600);
    assert_eq!(stack_status(&mut world, "blog"), "\"CREATE_COMPLETE\"");
    run(&mut world, R1, "cloudformation", "DeleteStack", &json!({ "StackName": "blog" }));
    wait(&mut world, 3600);
    let left = run(&mut world, R1, "rds", "DescribeDBClusterSnapshots", &json!({}));
    left["DBClusterSnapshots"].as_array().unwrap().len().to_string()
}

/// A role for functions, and a function in a VPC of its own.
const FUNCTION_IN_VPC: &str = r#"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: "sts:AssumeRole" }]
  Vpc:
    Type: AWS::EC2::VPC
    Properties: { CidrBlock: 10.0.0.0/16 }
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24 }
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: { GroupDescription: d, VpcId: !Ref Vpc }
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: inside
      Runtime: nodejs22.x
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: { ZipFile: "exports.handler = async () => 1" }
      VpcConfig: { SubnetIds: [!Ref Subnet], SecurityGroupIds: [!Ref Group] }
"#;

/// The world with that stack.
fn function_in_vpc(off: Option<&str>) -> World {
    let mut world = World::new(1);
    without(&mut world, off);
    let stack = json!({
        "StackName": "inside", "TemplateBody": FUNCTION_IN_VPC, "Capabilities": ["CAPABILITY_IAM"],
    });
    run(&mut world, R1, "cloudformation", "CreateStack", &stack);
    wait(&mut world, 600);
    assert_eq!(stack_status(&mut world, "inside"), "\"CREATE_COMPLETE\"");
    world
}

/// Lambda's interfaces, as whoever waits for them asks.
fn interfaces(world: &mut World) -> Vec<Value> {
    let filter = json!({ "Filters": [{ "Name": "description", "Values": ["AWS Lambda VPC ENI-inside-*"] }] });
    run(world, R1, "ec2", "DescribeNetworkInterfaces", &filter)["NetworkInterfaces"].as_array().unwrap().clone()
}

fn subnet_of_a_deleted_function(off: Option<&str>) -> String {
    let mut world = function_in_vpc(off);
    let subnet = interfaces(&mut world)[0]["SubnetId"].clone();
    run(&mut world, R1, "lambda", "DeleteFunction", &json!({ "FunctionName": "inside" }));
    wait(&mut world, 300);
    let left = interfaces(&mut world).len();
    let refused = code(&mut world, "ec2", "DeleteSubnet", &json!({ "SubnetId": subnet }));
    wait(&mut world, 2 * 3600);
    assert!(interfaces(&mut world).is_empty());
    format!("{left} {refused}")
}

fn interfaces_without_role(off: Option<&str>) -> String {
    let mut world = function_in_vpc(off);
    let roles = run(&mut world, R1, "iam", "ListRoles", &json!({}));
    run(&mut world, R1, "lambda", "DeleteFunction", &json!({ "FunctionName": "inside" }));
    run(&mut world, R1, "iam", "DeleteRole", &json!({ "RoleName": roles["Roles"][0]["RoleName"] }));
    wait(&mut world, 3 * 3600);
    interfaces(&mut world).len().to_string()
}

fn stack_with_a_function_in_a_vpc(off: Option<&str>) -> String {
    let mut world = function_in_vpc(off);
    run(&mut world, R1, "cloudformation", "DeleteStack", &json!({ "StackName": "inside" }));
    wait(&mut world, 120);
    let input = json!({ "StackName": "inside", "LogicalResourceId": "Function" });
    let told = run(&mut world, R1, "cloudformation", "DescribeStackResources", &input);
    let status = told["StackResources"][0]["ResourceStatus"].to_string();
    wait(&mut world, 2 * 3600);
    let gone = attempt(&mut world, R1, "cloudformation", "DescribeStacks", &json!({ "StackName": "inside" }));
    assert!(off.is_some() || gone.is_err(), "{gone:?}");
    status
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
