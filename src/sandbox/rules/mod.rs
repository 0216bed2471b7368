//! The table of behaviour rules that can be switched off, each with what it says and where that comes from.
//!
//! Every rule that a service asks [`World::rule`](super::World::rule) about stands here, with a scenario that shows that
//! the outcome changes without it; the test goes through the whole table.

#[cfg(test)]
mod tests;

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
        "acm.certificate-in-use",
        "a certificate goes only when nothing uses it: ResourceInUseException",
        "aws-behaviour.md 1, ACM",
    ),
    rule(
        "acm.validation-72h",
        "a certificate that is not validated within 72 hours never will be",
        "AWS Certificate Manager User Guide, DNS validation",
    ),
    rule(
        "acm.validation-record",
        "a certificate is issued when its CNAME is found in public DNS",
        "AWS Certificate Manager User Guide, DNS validation",
    ),
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
        "apigateway.deployed-methods",
        "a stage answers with the methods of its deployment, whatever has changed since",
        "Amazon API Gateway Developer Guide, deploying a REST API",
    ),
    rule(
        "apigateway.signed-requests",
        "a method with AWS_IAM answers signed requests only: Missing Authentication Token",
        "Amazon API Gateway Developer Guide, control access to a REST API with IAM permissions",
    ),
    rule(
        "apigateway.ten-requests-a-second",
        "API Gateway's API takes 10 requests a second and 40 at once",
        "aws-behaviour.md 2",
    ),
    rule(
        "cloudformation.default-snapshot",
        "a stack's database cluster leaves a final snapshot unless its DeletionPolicy says otherwise",
        "aws-behaviour.md 1, CloudFormation: default DeletionPolicy",
    ),
    rule(
        "cloudformation.export-in-use",
        "a stack stays while another one uses its exports",
        "AWS CloudFormation User Guide, exports",
    ),
    rule(
        "cloudformation.retain-after-failure",
        "resources are retained, and deletion is forced, only after it has failed",
        "aws-behaviour.md 1, CloudFormation",
    ),
    rule("cloudformation.stack.quota", "2,000 stacks per Region", "AWS CloudFormation User Guide, quotas"),
    rule(
        "cloudformation.termination-protection",
        "a stack with termination protection is not deleted",
        "aws-behaviour.md 1, CloudFormation",
    ),
    rule(
        "cloudformation.waits-for-interfaces",
        "a function in a VPC is deleted for a stack only when Lambda's network interfaces are gone",
        "AWS CloudFormation User Guide, AWS::Lambda::Function VpcConfig",
    ),
    rule(
        "cloudfront.certificate-in-us-east-1",
        "a distribution takes certificates of us-east-1 only",
        "aws-behaviour.md 1, CloudFront",
    ),
    rule(
        "cloudfront.disabled-first",
        "a distribution goes only when it is disabled and that is deployed: DistributionNotDisabled",
        "aws-behaviour.md 1, CloudFront",
    ),
    rule(
        "cloudfront.failover-of-reads-only",
        "an origin group fails over for GET, HEAD and OPTIONS, never for writes",
        "aws-behaviour.md 3, CloudFront origin group",
    ),
    rule(
        "cognito.deletion-protection",
        "a user pool goes only without deletion protection",
        "aws-behaviour.md 1, Cognito",
    ),
    rule("cognito.domain-first", "a user pool goes only after its domain", "aws-behaviour.md 1, Cognito"),
    rule(
        "dns.ttl",
        "a resolver keeps an answer for its TTL, whatever has changed",
        "aws-behaviour.md 3, client reroute: residual TTL",
    ),
    rule(
        "dynamodb.deletion-protection",
        "a table goes only without deletion protection",
        "Amazon DynamoDB Developer Guide, deletion protection",
    ),
    rule(
        "dynamodb.last-writer-wins",
        "of two writes to an item in two Regions the later one stays in both",
        "aws-behaviour.md 3, DynamoDB global tables",
    ),
    rule(
        "dynamodb.one-change-at-a-time",
        "a table that is not ACTIVE takes no change: ResourceInUseException",
        "aws-behaviour.md 1, DynamoDB",
    ),
    rule(
        "dynamodb.replica-needs-on-demand",
        "a table gets a replica only with capacity on demand or with auto scaling",
        "Amazon DynamoDB Developer Guide, global tables: requirements",
    ),
    rule(
        "dynamodb.replica-needs-stream",
        "a table gets a replica only with a stream of both images",
        "Amazon DynamoDB Developer Guide, global tables: requirements",
    ),
    rule(
        "dynamodb.source-24h",
        "a table that has a replica does not go for a day, unless the replica went first",
        "aws-behaviour.md 1, DynamoDB",
    ),
    rule(
        "dynamodb.stream-24h",
        "records of a stream are trimmed after 24 hours",
        "Amazon DynamoDB Developer Guide, DynamoDB Streams",
    ),
    rule("dynamodb.table.quota", "2,500 tables per Region", "Amazon DynamoDB Developer Guide, quotas"),
    rule(
        "dynamodb.transaction-token",
        "a transaction with the token of an earlier one is not done again for ten minutes",
        "Amazon DynamoDB API Reference, TransactWriteItems",
    ),
    rule("ec2.address.quota", "five Elastic IP addresses per Region", "Amazon VPC User Guide, quotas"),
    rule("ec2.internet-gateway.quota", "five internet gateways per Region", "Amazon VPC User Guide, quotas"),
    rule("ec2.nat.quota", "five NAT gateways per Availability Zone", "Amazon VPC User Guide, quotas"),
    rule("ec2.route-table.quota", "200 route tables per VPC", "Amazon VPC User Guide, quotas"),
    rule("ec2.rules.quota", "60 rules per security group and direction", "Amazon VPC User Guide, quotas"),
    rule("ec2.security-group.quota", "2,500 security groups per Region", "Amazon VPC User Guide, quotas"),
    rule("ec2.subnet.quota", "200 subnets per VPC", "Amazon VPC User Guide, quotas"),
    rule("ec2.vpc.quota", "five VPCs per Region", "Amazon VPC User Guide, quotas"),
    rule(
        "ecs.draining-name-taken",
        "a new service cannot have the name of one that still drains",
        "aws-behaviour.md 1, ECS",
    ),
    rule(
        "ecs.service-scaled-to-zero",
        "a service goes only with desired count 0, or by force",
        "aws-behaviour.md 1, ECS",
    ),
    rule(
        "elbv2.balancer.quota",
        "50 Application Load Balancers per Region",
        "Elastic Load Balancing, quotas for Application Load Balancers",
    ),
    rule(
        "elbv2.deregistration-delay",
        "a target that leaves drains for the delay of its group, 300 s unless said",
        "aws-behaviour.md 1, ECS: ALB deregistration delay",
    ),
    rule(
        "elbv2.empty-group-unhealthy",
        "a target group without registered targets is unhealthy to Route 53",
        "aws-behaviour.md 3, evaluate target health",
    ),
    rule(
        "elbv2.thresholds",
        "a target changes its state after as many answers in a row as its group says",
        "Elastic Load Balancing, health checks for target groups",
    ),
    rule(
        "iam.caller",
        "a session of a role may do what the policies of the role allow",
        "IAM User Guide, policy evaluation logic",
    ),
    rule(
        "iam.role-without-policies",
        "a role goes only without inline and attached policies: DeleteConflict",
        "aws-behaviour.md 1, IAM role",
    ),
    rule("iam.role.quota", "1,000 roles per account", "IAM User Guide, IAM and AWS STS quotas"),
    rule(
        "lambda.interfaces-need-role",
        "Lambda deletes its network interfaces with the role of the function: without it they stay",
        "aws-behaviour.md 1, Lambda in VPC",
    ),
    rule(
        "lambda.interfaces-outlive-function",
        "the network interfaces of a function in a VPC stay for 10 to 45 minutes after it",
        "aws-behaviour.md 1, Lambda in VPC",
    ),
    rule(
        "lambda.permission",
        "API Gateway invokes a function only when the function's own policy permits it",
        "AWS Lambda Developer Guide, resource-based policies",
    ),
    rule("lambda.role", "a function may do what its role may", "AWS Lambda Developer Guide, execution role"),
    rule(
        "logs.recreated",
        "a log group that was deleted comes back with the next line of a function that may make it",
        "aws-behaviour.md 1, log groups",
    ),
    rule(
        "rds.cluster-without-instances",
        "a cluster goes only when its instances are gone or going",
        "aws-behaviour.md 1, Aurora",
    ),
    rule("rds.cluster.quota", "40 clusters per Region", "Amazon RDS User Guide, quotas"),
    rule("rds.deletion-protection", "a cluster goes only without deletion protection", "aws-behaviour.md 1, Aurora"),
    rule(
        "rds.five-replicas",
        "a cluster has at most five replica clusters in other Regions",
        "aws-behaviour.md 3, Aurora: prerequisites",
    ),
    rule(
        "rds.global-cluster-empty",
        "a global cluster goes only without members",
        "aws-behaviour.md 1, Aurora: global database",
    ),
    rule("rds.instance.quota", "40 instances per Region", "Amazon RDS User Guide, quotas"),
    rule(
        "rds.last-instance",
        "the last instance of a replica cluster stays until the replica is promoted",
        "aws-behaviour.md 1, Aurora: binlog cross-Region replica",
    ),
    rule(
        "rds.promotion-restarts",
        "promotion restarts the instances, which takes minutes",
        "aws-behaviour.md 1, Aurora: promotion",
    ),
    rule(
        "rds.replica-needs-binlog",
        "a cluster is copied to another Region only with its binary log on",
        "aws-behaviour.md 3, Aurora: prerequisites",
    ),
    rule(
        "rds.replica-needs-key",
        "a copy of an encrypted cluster in another Region needs a key of that Region",
        "Amazon RDS API Reference, CreateDBCluster: KmsKeyId",
    ),
    rule(
        "rds.replica-read-only",
        "a binlog replica takes no writes until it is promoted",
        "Amazon Aurora User Guide, cross-Region read replicas",
    ),
    rule(
        "rds.subnet-group-covers-two-zones",
        "a subnet group covers two Availability Zones: DBSubnetGroupDoesNotCoverEnoughAZs",
        "Amazon Aurora User Guide, DB subnet groups",
    ),
    rule(
        "rds.subnet-group-in-use",
        "a subnet group stays while a cluster uses it: InvalidDBSubnetGroupStateFault",
        "Amazon RDS API Reference, DeleteDBSubnetGroup",
    ),
    rule(
        "rds.switchover-needs-health",
        "a switchover needs both Regions and their replication; a failover does not",
        "aws-behaviour.md 3, Aurora: failover",
    ),
    rule(
        "route53.all-or-nothing",
        "a batch of changes is done as a whole or not at all",
        "aws-behaviour.md 1, Route 53",
    ),
    rule(
        "route53.answer-in-two-seconds",
        "an HTTP answer counts when it comes within two seconds of the connection",
        "aws-behaviour.md 3, HTTP(S) budget",
    ),
    rule(
        "route53.calculated-threshold",
        "a calculated check is healthy with as many healthy children as its threshold says",
        "aws-behaviour.md 3, calculated",
    ),
    rule(
        "route53.consecutive-threshold",
        "a checker changes its mind after as many answers in a row as the threshold says",
        "aws-behaviour.md 3, failure threshold",
    ),
    rule(
        "route53.delete-repeats-values",
        "the deletion of a record set repeats its values exactly",
        "aws-behaviour.md 1, Route 53",
    ),
    rule("route53.disabled-healthy", "a disabled health check is healthy", "aws-behaviour.md 3, disabled"),
    rule(
        "route53.eighteen-percent",
        "healthy while more than 18 % of the checkers say so",
        "aws-behaviour.md 3, aggregate",
    ),
    rule(
        "route53.evaluate-target-health",
        "an alias that evaluates its target's health is answered only while the target is well",
        "aws-behaviour.md 3, evaluate target health",
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
    rule("route53.health-check.quota", "200 health checks per account", "aws-behaviour.md 1, Route 53"),
    rule(
        "route53.healthy-until-data",
        "a new health check is healthy until its checkers know better",
        "aws-behaviour.md 3, new check",
    ),
    rule(
        "route53.interval-from-response",
        "the interval counts from the answer to the next request",
        "aws-behaviour.md 3, request interval",
    ),
    rule(
        "route53.metric-stream",
        "a check of an alarm follows the metric and not the alarm's state",
        "aws-behaviour.md 3, CloudWatch type",
    ),
    rule(
        "route53.one-change-at-a-time",
        "a zone refuses a change while it takes another: PriorRequestNotComplete",
        "aws-behaviour.md 1, Route 53",
    ),
    rule(
        "route53.propagation",
        "a change is answered some seconds later, when the name servers have it",
        "aws-behaviour.md 3, propagation",
    ),
    rule("route53.search-5120", "a text is searched in the first 5,120 bytes", "aws-behaviour.md 3, HTTP(S) budget"),
    rule(
        "route53.tcp-ten-seconds",
        "a TCP check waits ten seconds for its connection, an HTTP check four",
        "aws-behaviour.md 3, HTTP(S) budget",
    ),
    rule("route53.thousand-records", "a batch has at most 1,000 records", "aws-behaviour.md 1, Route 53"),
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
    rule("route53.zone.quota", "500 hosted zones per account", "Amazon Route 53 Developer Guide, quotas"),
    rule("s3.bucket-not-empty", "a bucket goes only without any version: BucketNotEmpty", "aws-behaviour.md 1, S3"),
    rule("s3.bucket.quota", "10,000 buckets per account", "Amazon S3 User Guide, bucket quotas"),
    rule(
        "s3.delete-markers-stay",
        "a rule with a Filter copies delete markers only when it says so",
        "aws-behaviour.md 3, S3 CRR",
    ),
    rule(
        "s3.existing-objects-stay",
        "a new rule copies new objects; those from before need S3 Batch Replication",
        "aws-behaviour.md 3, S3 CRR",
    ),
    rule("s3.replication-needs-versioning", "replication needs versions on both sides", "aws-behaviour.md 3, S3 CRR"),
    rule(
        "s3.replication-role",
        "a copy arrives only when the role of the configuration may write it there",
        "Amazon S3 User Guide, replication permissions",
    ),
    rule("s3.thousand-keys", "DeleteObjects takes 1,000 keys", "aws-behaviour.md 1, S3"),
    rule(
        "secretsmanager.name-reserved",
        "the name of a deleted secret stays taken for its recovery window",
        "aws-behaviour.md 1, Secrets Manager",
    ),
    rule(
        "secretsmanager.replicas-first",
        "a secret goes only after its copies in other Regions",
        "aws-behaviour.md 1, Secrets Manager",
    ),
    rule(
        "sts.chained-hour",
        "the session of a role that a role assumed lasts an hour at most",
        "aws-behaviour.md 2, STS role chaining",
    ),
    rule("sts.session-expires", "temporary credentials end at their time", "AWS STS API Reference, AssumeRole"),
];
