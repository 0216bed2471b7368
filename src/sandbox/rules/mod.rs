//! The table of behaviour rules that can be switched off, each with what it says and where that comes from.
//!
//! A rule stands here once a scenario shows that the outcome changes without it; the test goes through the whole table.
//! Rules that a service asks [`World::rule`](super::World::rule) about and that are not here yet are tested beside the
//! service.

#[cfg(test)]
mod scenarios;

/// A rule of AWS's behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id: `route53.fail-open`.
    pub id: &'static str,
    /// What it says.
    pub what: &'static str,
    /// Where it comes from.
    pub source: &'static str,
}

const fn rule(id: &'static str, what: &'static str, source: &'static str) -> Rule {
    Rule { id, what, source }
}

/// All of them, by service.
pub const RULES: &[Rule] = &[
    rule(
        "apigateway.create-domain-rate",
        "CreateDomainName takes one request per 30 s and account",
        "aws-behaviour.md 2",
    ),
    rule("apigateway.delete-api-rate", "DeleteRestApi takes one request per 30 s and account", "aws-behaviour.md 2"),
    rule(
        "apigateway.delete-domain-rate",
        "DeleteDomainName takes one request per 30 s and account",
        "aws-behaviour.md 2",
    ),
    rule(
        "apigateway.ten-requests-a-second",
        "API Gateway's API takes 10 requests a second and 40 at once",
        "aws-behaviour.md 2",
    ),
    rule(
        "dynamodb.one-change-at-a-time",
        "a table that is not ACTIVE takes no change: ResourceInUseException",
        "aws-behaviour.md 1, DynamoDB",
    ),
    rule(
        "dynamodb.replica-needs-stream",
        "a table gets a replica only with a stream of both images",
        "Amazon DynamoDB Developer Guide, global tables: requirements",
    ),
    rule("ec2.address.quota", "five Elastic IP addresses per Region", "Amazon VPC User Guide, quotas"),
    rule("ec2.vpc.quota", "five VPCs per Region", "Amazon VPC User Guide, quotas"),
    rule(
        "lambda.permission",
        "API Gateway invokes a function only when the function's own policy permits it",
        "AWS Lambda Developer Guide, resource-based policies",
    ),
    rule(
        "route53.consecutive-threshold",
        "a checker changes its mind after as many answers in a row as the threshold says",
        "aws-behaviour.md 3, failure threshold",
    ),
    rule("route53.disabled-healthy", "a disabled health check is healthy", "aws-behaviour.md 3, disabled"),
    rule(
        "route53.eighteen-percent",
        "healthy while more than 18 % of the checkers say so",
        "aws-behaviour.md 3, aggregate",
    ),
    rule(
        "route53.fail-open",
        "when no record of a group is healthy, all count as healthy",
        "aws-behaviour.md 3, all unhealthy",
    ),
    rule(
        "route53.five-requests-a-second",
        "Route 53's API takes five requests a second and account, all together",
        "aws-behaviour.md 2",
    ),
    rule(
        "route53.interval-from-response",
        "the interval counts from the answer to the next request",
        "aws-behaviour.md 3, request interval",
    ),
    rule(
        "route53.one-change-at-a-time",
        "a zone refuses a change while it takes another: PriorRequestNotComplete",
        "aws-behaviour.md 1, Route 53",
    ),
    rule(
        "route53.zero-weight",
        "a record of weight 0 is answered only when none with more is healthy",
        "aws-behaviour.md 3, latency vs weighted vs failover",
    ),
    rule(
        "route53.zone-not-empty",
        "a zone goes only with nothing but its own NS and SOA records: HostedZoneNotEmpty",
        "aws-behaviour.md 1, Route 53",
    ),
    rule("s3.bucket-not-empty", "a bucket goes only without any version: BucketNotEmpty", "aws-behaviour.md 1, S3"),
];
