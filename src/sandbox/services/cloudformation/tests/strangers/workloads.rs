//! Applications: websites, functions, containers, databases.

use serde_json::json;

use super::super::{at, events};
use super::{build, call, demolish, output, settle, template, try_create};
use crate::sandbox::World;

/// A network with two subnets that no stack made.
fn network(world: &mut World) -> (String, String) {
    let vpc = call(world, "ec2", "CreateVpc", &json!({ "CidrBlock": "10.9.0.0/16" })).unwrap();
    let vpc = vpc["Vpc"]["VpcId"].as_str().unwrap().to_owned();
    let mut subnet = |zone: &str, range: &str| {
        let input = json!({ "VpcId": vpc, "CidrBlock": range, "AvailabilityZone": zone });
        call(world, "ec2", "CreateSubnet", &input).unwrap()["Subnet"]["SubnetId"].as_str().unwrap().to_owned()
    };
    let subnets = [subnet("eu-west-1a", "10.9.0.0/24"), subnet("eu-west-1b", "10.9.1.0/24")].join(",");
    let gateway = call(world, "ec2", "CreateInternetGateway", &json!({})).unwrap();
    let gateway = gateway["InternetGateway"]["InternetGatewayId"].clone();
    call(world, "ec2", "AttachInternetGateway", &json!({ "VpcId": vpc, "InternetGatewayId": gateway })).unwrap();
    let of_vpc = json!({ "Filters": [{ "Name": "vpc-id", "Values": [vpc] }] });
    let table = call(world, "ec2", "DescribeRouteTables", &of_vpc).unwrap()["RouteTables"][0]["RouteTableId"].clone();
    let route = json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway });
    call(world, "ec2", "CreateRoute", &route).unwrap();
    (vpc, subnets)
}

#[test]
fn a_function_inside_of_the_template_answers_behind_an_api() {
    let mut world = World::new(1);
    let id = build(&mut world, "api", "serverless-api.yaml", &[]);
    let endpoint = output(&mut world, "api", "Endpoint");
    assert!(endpoint.ends_with(".execute-api.eu-west-1.amazonaws.com/v1/"), "{endpoint}");
    let order = events(&mut world, "api");
    assert!(at(&order, "ProxyAny", "CREATE_COMPLETE") < at(&order, "Deployment", "CREATE_IN_PROGRESS"));
    assert!(at(&order, "Visits", "CREATE_COMPLETE") < at(&order, "FunctionRole", "CREATE_IN_PROGRESS"));
    let function = output(&mut world, "api", "FunctionArn");
    let shown = call(&mut world, "lambda", "GetFunction", &json!({ "FunctionName": function })).unwrap();
    assert_eq!(shown["Configuration"]["Handler"], "index.handler");
    demolish(&mut world, &id);
}

#[test]
fn containers_stand_behind_a_load_balancer_in_a_network_that_exists() {
    let mut world = World::new(1);
    let (vpc, subnets) = network(&mut world);
    let error = try_create(&mut world, "web", &template("fargate.yaml"), &[("VpcId", "vpc-0"), ("Subnets", &subnets)]);
    assert_eq!(
        error.unwrap_err().message,
        "Parameter validation failed: parameter value vpc-0 for parameter name VpcId does not exist"
    );
    // The sandbox's containers all answer as the workshop's own blog does, so that another image never gets healthy.
    let parameters = [("VpcId", vpc.as_str()), ("Subnets", subnets.as_str()), ("DesiredCount", "0")];
    let id = build(&mut world, "web", "fargate.yaml", &parameters);
    assert!(output(&mut world, "web", "Url").ends_with(".elb.amazonaws.com"));
    assert_eq!(output(&mut world, "web", "Where"), subnets);
    let order = events(&mut world, "web");
    assert!(at(&order, "Listener", "CREATE_COMPLETE") < at(&order, "Service", "CREATE_IN_PROGRESS"));
    demolish(&mut world, &id);
    let order = events(&mut world, &id);
    assert!(at(&order, "Service", "DELETE_COMPLETE") < at(&order, "Listener", "DELETE_IN_PROGRESS"));
    assert!(at(&order, "TaskIngress", "DELETE_COMPLETE") < at(&order, "TaskGroup", "DELETE_IN_PROGRESS"));
}

#[test]
fn a_cluster_leaves_its_snapshot() {
    let mut world = World::new(1);
    let (vpc, subnets) = network(&mut world);
    let parameters = [("VpcId", vpc.as_str()), ("SubnetIds", subnets.as_str()), ("Environment", "prod")];
    let id = build(&mut world, "db", "aurora.yaml", &parameters);
    let endpoint = output(&mut world, "db", "Endpoint");
    assert!(endpoint.ends_with(".rds.amazonaws.com:3306"), "{endpoint}");
    let order = events(&mut world, "db");
    assert!(at(&order, "Writer", "CREATE_COMPLETE") < at(&order, "Reader", "CREATE_IN_PROGRESS"));
    demolish(&mut world, &id);
    let left = call(&mut world, "rds", "DescribeDBClusterSnapshots", &json!({})).unwrap();
    assert_eq!(left["DBClusterSnapshots"].as_array().unwrap().len(), 1);
}

#[test]
fn a_website_builds_or_is_refused_by_the_propertys_name() {
    let mut world = World::new(1);
    if crate::sandbox::services::handler("s3", "PutBucketWebsite").is_none() {
        let error = try_create(&mut world, "site", &template("static-website.yaml"), &[]).unwrap_err();
        assert!(error.message.contains("WebsiteConfiguration of AWS::S3::Bucket"), "{error}");
        return;
    }
    let id = build(&mut world, "site", "static-website.yaml", &[]);
    let url = output(&mut world, "site", "WebsiteURL");
    assert!(url.starts_with("http://site-websitebucket-") && url.contains(".s3-website-eu-west-1."), "{url}");
    demolish(&mut world, &id);
    assert_eq!(settle(&mut world, &id), "DELETE_COMPLETE");
}
