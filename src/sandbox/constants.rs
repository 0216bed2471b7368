//! The table of simulated durations, lags and limits, each with its distribution and its source.
//!
//! Add a row here for every number that stands for AWS's behaviour; a test fails when one has no source.

use std::fmt;
use std::time::Duration;

use crate::domain::time::spell;

/// How well a number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// AWS's documentation or service model.
    Documented,
    /// Measured by somebody, in public, with numbers.
    Measured,
    /// An estimate, marked as such wherever it is shown.
    Estimate,
}

/// One number of AWS's behaviour.
#[derive(Clone, Copy, Debug)]
pub struct Constant {
    /// Its id: `rds.cluster.create`.
    pub id: &'static str,
    /// The median, or the value itself when it does not vary.
    pub p50: Duration,
    /// The 95th percentile; equal to the median when it does not vary.
    pub p95: Duration,
    /// How well it is known.
    pub evidence: Evidence,
    /// Where it comes from.
    pub source: &'static str,
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brief = |span: Duration| {
            if span < Duration::from_secs(10) { format!("{} ms", span.as_millis()) } else { spell(span) }
        };
        write!(f, "{}: {}", self.id, brief(self.p50))?;
        if self.p50 != self.p95 {
            write!(f, " to {}", brief(self.p95))?;
        }
        let evidence = match self.evidence {
            Evidence::Documented => "documented",
            Evidence::Measured => "measured",
            Evidence::Estimate => "estimate",
        };
        write!(f, " ({evidence}; {})", self.source)
    }
}

/// A row of seconds.
const fn seconds(id: &'static str, p50: u64, p95: u64, evidence: Evidence, source: &'static str) -> Constant {
    Constant { id, p50: Duration::from_secs(p50), p95: Duration::from_secs(p95), evidence, source }
}

/// A row of milliseconds.
const fn millis(id: &'static str, p50: u64, p95: u64, evidence: Evidence, source: &'static str) -> Constant {
    Constant { id, p50: Duration::from_millis(p50), p95: Duration::from_millis(p95), evidence, source }
}

use Evidence::{Documented, Estimate, Measured};

/// All of them, grouped by service.
pub const CONSTANTS: &[Constant] = &[
    // DynamoDB
    seconds(
        "dynamodb.table.create",
        8,
        20,
        Estimate,
        "aws-behaviour.md 3: waiter of 8.3 min; an empty on-demand table is active within seconds",
    ),
    seconds(
        "dynamodb.table.update",
        5,
        12,
        Estimate,
        "aws-behaviour.md 1: UPDATING gives ResourceInUseException; settings of an empty table change within seconds",
    ),
    seconds(
        "dynamodb.replica.retry",
        60,
        60,
        Estimate,
        "no source: how often a replica that is being created asks again while replication is cut",
    ),
    seconds("dynamodb.table.delete", 10, 25, Estimate, "aws-behaviour.md 3: same order as creation"),
    seconds(
        "dynamodb.replica.create",
        494,
        560,
        Measured,
        "aws-behaviour.md 1: replica add took 494 s (ack-api-quirks, 2026-10-09)",
    ),
    seconds("dynamodb.replica.delete", 121, 140, Measured, "aws-behaviour.md 1: replica delete about 121 s (same lab)"),
    millis(
        "dynamodb.replication.lag",
        700,
        1800,
        Documented,
        "aws-behaviour.md 3: usually within a second, no SLA on latency",
    ),
    // CloudFormation
    seconds(
        "cloudformation.handler",
        2,
        4,
        Estimate,
        "CloudFormation User Guide, stack events: the first event of a resource and its physical id lie seconds apart",
    ),
    seconds(
        "cloudformation.poll",
        5,
        5,
        Estimate,
        "the handlers of AWS's public resource providers come back after a few seconds until a resource is stable",
    ),
    seconds(
        "cloudformation.role.settle",
        15,
        20,
        Estimate,
        "CloudFormation holds a new role back until it can be assumed everywhere; stack events show about a quarter of a minute",
    ),
    seconds(
        "cloudformation.change_set",
        6,
        12,
        Estimate,
        "botocore 1.43.11 waiter ChangeSetCreateComplete polls every 30 s; consoles show a change set after seconds",
    ),
    seconds(
        "cloudformation.delete.patience",
        1200,
        1200,
        Estimate,
        "aws-behaviour.md 1: interfaces of Lambda may take up to 20 minutes to be deleted under normal operations",
    ),
    seconds(
        "cloudformation.interfaces.patience",
        3600,
        3600,
        Estimate,
        "CloudFormation User Guide, AWS::Lambda::Function VpcConfig: it waits for Lambda's interfaces to go, and gives no end; an hour for those that never will",
    ),
    // EC2
    seconds(
        "ec2.nat.create",
        100,
        160,
        Estimate,
        "Amazon VPC User Guide, NAT gateways: pending until it is available after a few minutes",
    ),
    seconds("ec2.nat.delete", 50, 90, Estimate, "Amazon VPC User Guide, NAT gateways: deleting takes a short while"),
    seconds(
        "ec2.deleted.shown",
        3600,
        3600,
        Documented,
        "Amazon VPC User Guide: a deleted NAT gateway is shown for about an hour",
    ),
    seconds(
        "ec2.endpoint.create",
        60,
        120,
        Estimate,
        "AWS PrivateLink guide: an interface endpoint is pending until its interfaces stand, usually minutes",
    ),
    // S3
    seconds(
        "s3.replication.lag",
        12,
        60,
        Documented,
        "aws-behaviour.md 3: most objects in seconds, no SLA without RTC",
    ),
    // RDS
    seconds(
        "rds.cluster.create",
        110,
        170,
        Measured,
        "aws-behaviour.md 3: cluster without instance 1.6-3.8 min create + destroy (tf tests 95-225 s)",
    ),
    seconds(
        "rds.cluster.delete",
        45,
        70,
        Measured,
        "aws-behaviour.md 3: cluster without instance 1.6-3.8 min create + destroy",
    ),
    seconds(
        "rds.instance.create",
        480,
        620,
        Estimate,
        "aws-behaviour.md 3: cluster + instance, simulate create 8-12 min",
    ),
    seconds(
        "rds.instance.wait",
        15,
        15,
        Estimate,
        "no source: how often an instance that is made looks again for its cluster, which is still being created",
    ),
    seconds(
        "rds.modify",
        45,
        90,
        Estimate,
        "aws-behaviour.md 3: changes of a cluster's attributes without instances take minutes at most (tf tests 122-219 s)",
    ),
    seconds("rds.instance.delete", 300, 400, Estimate, "aws-behaviour.md 3: simulate delete 4-7 min"),
    seconds(
        "rds.replica_cluster.create",
        720,
        900,
        Measured,
        "aws-behaviour.md 3: replica cluster create + destroy 27-28 min (1,609 and 1,681 s), of which the instance is part",
    ),
    seconds(
        "rds.promote",
        180,
        300,
        Documented,
        "aws-behaviour.md 1: promotion reboots the instances and takes a few minutes",
    ),
    millis(
        "rds.binlog.lag",
        1500,
        6000,
        Documented,
        "aws-behaviour.md 3: binlog replica lag is seconds and grows with load",
    ),
    seconds(
        "rds.reboot",
        60,
        120,
        Estimate,
        "aws-behaviour.md 1: promotion reboots instances and takes a few minutes, of which this is part",
    ),
    millis("rds.global.lag", 300, 900, Documented, "aws-behaviour.md 3: Global Database lag is typically below 1 s"),
    seconds(
        "rds.global.switchover",
        90,
        180,
        Documented,
        "aws-behaviour.md 3: Global Database RTO is in the order of minutes in the guide",
    ),
    seconds(
        "rds.global.failover",
        60,
        180,
        Documented,
        "aws-behaviour.md 3: under a minute to promote per Well-Architected labs, in the order of minutes in the guide",
    ),
    seconds(
        "rds.global.detach",
        150,
        219,
        Measured,
        "aws-behaviour.md 3: global cluster identifier changes 122-219 s; removal is asynchronous (1)",
    ),
    // ElastiCache
    seconds(
        "elasticache.group.create",
        420,
        600,
        Estimate,
        "aws-behaviour.md 3: create + destroy 9-14 min typical (tf tests); create 5-10 min",
    ),
    seconds(
        "elasticache.group.delete",
        240,
        380,
        Estimate,
        "aws-behaviour.md 3: create + destroy 9-14 min typical (tf tests 541-821 s)",
    ),
    // Route 53
    millis(
        "route53.change.accept",
        30,
        60,
        Estimate,
        "how long a zone refuses the next change with PriorRequestNotComplete; AWS gives no number",
    ),
    seconds(
        "route53.change.insync",
        15,
        40,
        Documented,
        "aws-behaviour.md 3: record changes are INSYNC within 60 s (the draw is cut there)",
    ),
    // ACM
    seconds(
        "acm.validation.look",
        30,
        60,
        Estimate,
        "aws-behaviour.md 3: ACM with Route 53 takes 1-15 min; ACM looks at the record again and again",
    ),
    seconds(
        "acm.validation.issue",
        90,
        240,
        Measured,
        "aws-behaviour.md 3: ACM with Route 53 1-15 min (blogs), waiter 5 x 60 s",
    ),
    // API Gateway
    seconds(
        "apigateway.domain.available",
        20,
        60,
        Estimate,
        "bookstore.md 1.12: custom domain + mapping 1-3 min, of which DNS is most",
    ),
    millis("apigateway.overhead", 8, 25, Estimate, "API Gateway's own part of a request; AWS gives no number"),
    // Lambda
    seconds("lambda.function.create", 2, 5, Estimate, "a zip function is Active within seconds"),
    seconds(
        "lambda.function.create_in_vpc",
        40,
        90,
        Documented,
        "AWS Lambda: the network interface of a function in a VPC is made when the function is, up to 90 s",
    ),
    seconds(
        "lambda.interface.delete",
        1080,
        1800,
        Measured,
        "aws-behaviour.md 1: up to 20 minutes under normal operations (awslabs/aws-support-tools #174), others see 25-40 min; the longest that is drawn is 45 min",
    ),
    seconds("lambda.source.enable", 15, 40, Estimate, "an event source mapping is Enabled within a minute"),
    seconds("lambda.source.poll", 1, 1, Documented, "AWS Lambda: streams are polled at a base rate of once per second"),
    seconds("lambda.source.delete", 20, 50, Estimate, "an event source mapping is Deleting for less than a minute"),
    millis("lambda.duration", 25, 90, Estimate, "a warm Node.js function with one DynamoDB read"),
    // Elastic Load Balancing
    seconds(
        "elbv2.balancer.provision",
        130,
        200,
        Estimate,
        "aws-behaviour.md 3: waiter of 10 min; an ALB is active after two to three minutes",
    ),
    seconds(
        "elbv2.target.first_check",
        5,
        15,
        Estimate,
        "a new target is asked before its first whole interval is over",
    ),
    millis("elbv2.overhead", 3, 10, Estimate, "a load balancer's own part of a request"),
    // ECS
    seconds(
        "ecs.task.provision",
        12,
        25,
        Measured,
        "aws-behaviour.md 3: Fargate service stable in 1-3 min with a small image, of which this is the network interface",
    ),
    seconds(
        "ecs.task.pull",
        35,
        70,
        Measured,
        "aws-behaviour.md 3: Fargate service stable in 1-3 min with a small image, of which this is the image",
    ),
    seconds("ecs.task.stop", 3, 30, Documented, "AWS ECS: SIGTERM, then SIGKILL after stopTimeout, 30 s by default"),
    seconds("ecs.task.deprovision", 12, 25, Estimate, "the task's network interface is detached and deleted"),
    seconds(
        "ecs.task.retry",
        60,
        90,
        Estimate,
        "AWS ECS: tasks that fail to start are retried ever more slowly, up to 27 min",
    ),
    millis("blog.page", 70, 220, Estimate, "a WordPress page with its database reads"),
    // CloudFront
    seconds(
        "cloudfront.deploy",
        240,
        360,
        Measured,
        "aws-behaviour.md 3: CloudFront deploy 3-6 min now, waiter cap 35 min",
    ),
    millis("cloudfront.overhead", 4, 15, Estimate, "an edge's own part of a request"),
    // Organizations, Service Quotas, Scheduler
    seconds(
        "organizations.account.create",
        60,
        180,
        Estimate,
        "AWS Organizations User Guide, CreateAccount is asynchronous and takes minutes at most",
    ),
    seconds(
        "servicequotas.approve",
        1800,
        7200,
        Estimate,
        "Service Quotas User Guide: small increases are approved automatically; AWS gives no number",
    ),
    seconds(
        "scheduler.precision",
        10,
        50,
        Documented,
        "EventBridge Scheduler User Guide: a schedule is invoked within 60 s of its time",
    ),
    seconds(
        "scheduler.retry",
        60,
        120,
        Estimate,
        "EventBridge Scheduler User Guide: failed calls are tried again with exponential backoff; AWS gives no number",
    ),
    seconds(
        "codepipeline.action",
        8,
        25,
        Estimate,
        "AWS CodePipeline User Guide: S3 source and deploy actions take seconds; AWS gives no number",
    ),
    millis("s3.get", 20, 60, Documented, "AWS S3: first byte of small objects within 100-200 ms, most far below"),
];

/// The constant of that id.
pub fn constant(id: &str) -> Option<&'static Constant> {
    CONSTANTS.iter().find(|constant| constant.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_source_and_a_sane_distribution() {
        for row in CONSTANTS {
            assert!(row.source.len() > 10, "{} has no source", row.id);
            assert!(row.p95 >= row.p50, "{}: p95 is below p50", row.id);
            assert_eq!(CONSTANTS.iter().filter(|other| other.id == row.id).count(), 1, "{} stands twice", row.id);
        }
    }
}
