//! The AWS managed policies that the sandbox knows, by ARN. Source: AWS Managed Policy Reference Guide.

use serde_json::{Value, json};

const LOGS: &[&str] = &["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];
const VPC: &[&str] = &[
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
];
const STREAM: &[&str] =
    &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"];
const TASK: &[&str] = &[
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
];
const API_LOGS: &[&str] = &[
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
];

/// Each policy's path and name below `arn:aws:iam::aws:policy/`, and what it allows on every resource.
const POLICIES: &[(&str, &[&[&str]])] = &[
    ("AdministratorAccess", &[&["*"]]),
    ("AmazonDynamoDBFullAccess", &[&["dynamodb:*"]]),
    ("AmazonS3FullAccess", &[&["s3:*", "s3-object-lambda:*"]]),
    ("service-role/AWSLambdaBasicExecutionRole", &[LOGS]),
    ("service-role/AWSLambdaVPCAccessExecutionRole", &[LOGS, VPC]),
    ("service-role/AWSLambdaDynamoDBExecutionRole", &[LOGS, STREAM]),
    ("service-role/AmazonECSTaskExecutionRolePolicy", &[TASK]),
    ("service-role/AmazonAPIGatewayPushToCloudWatchLogs", &[API_LOGS]),
];

/// The document of that AWS managed policy, when the sandbox knows it.
pub fn document(arn: &str) -> Option<Value> {
    let name = arn.strip_prefix("arn:aws:iam::aws:policy/")?;
    let (_, actions) = POLICIES.iter().find(|(known, _)| *known == name)?;
    let actions: Vec<&str> = actions.iter().copied().flatten().copied().collect();
    Some(json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    }))
}
