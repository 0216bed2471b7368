//! The quotas that the sandbox enforces, with their codes, default values and what AWS answers beyond them.

use serde_json::Value;

use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::services::{self, Record};

/// One quota.
pub struct Quota {
    /// The service's code in Service Quotas: `vpc`.
    pub service: &'static str,
    /// The quota's code: `L-F678F1CE`.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its default value.
    pub value: f64,
    /// Whether AWS raises it on request.
    pub adjustable: bool,
    /// Whether it holds for all Regions together.
    pub global: bool,
    /// Where the value comes from.
    pub source: &'static str,
    /// Where it is enforced; a quota without is shown only.
    pub enforced: Option<Enforced>,
}

/// Where and how a quota is enforced.
pub struct Enforced {
    /// Our key of the service and the operation that it stops.
    pub at: (&'static str, &'static str),
    /// How much there is already, counting what the request would stand beside.
    pub count: fn(&mut Call<'_>, &Value) -> usize,
    /// AWS's code.
    pub error: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// AWS's message.
    pub message: &'static str,
    /// The rule that switches it off.
    pub rule: &'static str,
}

/// How many things of a type exist in the call's account and Region.
fn number(call: &mut Call<'_>, list: fn(&mut Call<'_>) -> Vec<Record>, type_name: &str) -> usize {
    list(call).iter().filter(|record| record.type_name == type_name).count()
}

/// How many of them belong to the same parent as the request.
fn beside(call: &mut Call<'_>, type_name: &str, member: &str, input: &Value) -> usize {
    let Some(parent) = text(input, member) else { return 0 };
    let records = services::ec2::inventory(call);
    records.iter().filter(|one| one.type_name == type_name && text(&one.properties, member) == Some(parent)).count()
}

/// NAT gateways in the Availability Zone of the request's subnet.
fn nat_in_zone(call: &mut Call<'_>, input: &Value) -> usize {
    let records = services::ec2::inventory(call);
    let zone = |subnet: Option<&str>| {
        let found = records.iter().find(|one| Some(one.id.as_str()) == subnet);
        found.and_then(|one| text(&one.properties, "AvailabilityZone")).map(str::to_owned)
    };
    let wanted = zone(text(input, "SubnetId"));
    let gateways = records.iter().filter(|one| one.type_name == "AWS::EC2::NatGateway");
    gateways.filter(|one| wanted.is_some() && zone(text(&one.properties, "SubnetId")) == wanted).count()
}

/// Rules of a security group with the ones that the request adds, less one: the request may fill the quota.
fn rules(call: &mut Call<'_>, input: &Value, direction: &str) -> usize {
    let Some(group) = text(input, "GroupId") else { return 0 };
    let records = services::ec2::inventory(call);
    let held = records.iter().find(|one| one.id == group).and_then(|one| one.properties.get(direction));
    let each = |list: Option<&Value>| -> usize {
        let rules = list.and_then(Value::as_array).into_iter().flatten();
        rules
            .map(|rule| {
                let ranges = ["IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds"];
                let of = |name: &&str| rule.get(*name).and_then(Value::as_array).map_or(0, Vec::len);
                ranges.iter().map(of).sum::<usize>().max(1)
            })
            .sum()
    };
    (each(held) + each(input.get("IpPermissions"))).saturating_sub(1)
}

fn buckets(call: &mut Call<'_>, _input: &Value) -> usize {
    call.world.buckets.values().filter(|bucket| bucket.account == call.account).count()
}

const VPC: &str = "Amazon VPC User Guide, \"Amazon VPC quotas\"";

const fn vpc(code: &'static str, name: &'static str, value: f64, enforced: Enforced) -> Quota {
    Quota { service: "vpc", code, name, value, adjustable: true, global: false, source: VPC, enforced: Some(enforced) }
}

/// All of them.
pub const QUOTAS: &[Quota] = &[
    vpc(
        "L-F678F1CE",
        "VPCs per Region",
        5.0,
        Enforced {
            at: ("ec2", "CreateVpc"),
            count: |call, _| number(call, services::ec2::inventory, "AWS::EC2::VPC"),
            error: "VpcLimitExceeded",
            status: 400,
            message: "The maximum number of VPCs has been reached.",
            rule: "ec2.vpc.quota",
        },
    ),
    vpc(
        "L-407747CB",
        "Subnets per VPC",
        200.0,
        Enforced {
            at: ("ec2", "CreateSubnet"),
            count: |call, input| beside(call, "AWS::EC2::Subnet", "VpcId", input),
            error: "SubnetLimitExceeded",
            status: 400,
            message: "The maximum number of subnets has been reached.",
            rule: "ec2.subnet.quota",
        },
    ),
    vpc(
        "L-A4707A72",
        "Internet gateways per Region",
        5.0,
        Enforced {
            at: ("ec2", "CreateInternetGateway"),
            count: |call, _| number(call, services::ec2::inventory, "AWS::EC2::InternetGateway"),
            error: "InternetGatewayLimitExceeded",
            status: 400,
            message: "The maximum number of internet gateways has been reached.",
            rule: "ec2.internet-gateway.quota",
        },
    ),
    vpc(
        "L-FE5A380F",
        "NAT gateways per Availability Zone",
        5.0,
        Enforced {
            at: ("ec2", "CreateNatGateway"),
            count: nat_in_zone,
            error: "NatGatewayLimitExceeded",
            status: 400,
            message: "Performing this operation would exceed the limit of NAT gateways per Availability Zone.",
            rule: "ec2.nat.quota",
        },
    ),
    vpc(
        "L-589F43AA",
        "Route tables per VPC",
        200.0,
        Enforced {
            at: ("ec2", "CreateRouteTable"),
            count: |call, input| beside(call, "AWS::EC2::RouteTable", "VpcId", input),
            error: "RouteTableLimitExceeded",
            status: 400,
            message: "The maximum number of route tables has been reached.",
            rule: "ec2.route-table.quota",
        },
    ),
    vpc(
        "L-E79EC296",
        "VPC security groups per Region",
        2500.0,
        Enforced {
            at: ("ec2", "CreateSecurityGroup"),
            count: |call, _| number(call, services::ec2::inventory, "AWS::EC2::SecurityGroup"),
            error: "SecurityGroupLimitExceeded",
            status: 400,
            message: "The maximum number of security groups has been reached.",
            rule: "ec2.security-group.quota",
        },
    ),
    vpc(
        "L-0EA8095F",
        "Inbound or outbound rules per security group",
        60.0,
        Enforced {
            at: ("ec2", "AuthorizeSecurityGroupIngress"),
            count: |call, input| rules(call, input, "IpPermissions"),
            error: "RulesPerSecurityGroupLimitExceeded",
            status: 400,
            message: "The maximum number of rules per security group has been reached.",
            rule: "ec2.rules.quota",
        },
    ),
    Quota {
        service: "ec2",
        code: "L-0263D0A3",
        name: "EC2-VPC Elastic IPs",
        value: 5.0,
        adjustable: true,
        global: false,
        source: VPC,
        enforced: Some(Enforced {
            at: ("ec2", "AllocateAddress"),
            count: |call, _| number(call, services::ec2::inventory, "AWS::EC2::EIP"),
            error: "AddressLimitExceeded",
            status: 400,
            message: "The maximum number of addresses has been reached.",
            rule: "ec2.address.quota",
        }),
    },
    Quota {
        service: "rds",
        code: "L-952B80B8",
        name: "DB clusters",
        value: 40.0,
        adjustable: true,
        global: false,
        source: "Amazon RDS User Guide, \"Quotas in Amazon RDS\"",
        enforced: Some(Enforced {
            at: ("rds", "CreateDBCluster"),
            count: |call, _| number(call, services::rds::inventory, "AWS::RDS::DBCluster"),
            error: "DBClusterQuotaExceededFault",
            status: 403,
            message: "DBCluster quota exceeded",
            rule: "rds.cluster.quota",
        }),
    },
    Quota {
        service: "rds",
        code: "L-7B6409FD",
        name: "DB instances",
        value: 40.0,
        adjustable: true,
        global: false,
        source: "Amazon RDS User Guide, \"Quotas in Amazon RDS\"",
        enforced: Some(Enforced {
            at: ("rds", "CreateDBInstance"),
            count: |call, _| number(call, services::rds::inventory, "AWS::RDS::DBInstance"),
            error: "InstanceQuotaExceeded",
            status: 400,
            message: "DB Instance quota exceeded",
            rule: "rds.instance.quota",
        }),
    },
    Quota {
        service: "s3",
        code: "L-DC2B2D3D",
        name: "General purpose buckets",
        value: 10_000.0,
        adjustable: true,
        global: true,
        source: "Amazon S3 User Guide, \"General purpose bucket quotas, limitations, and restrictions\"",
        enforced: Some(Enforced {
            at: ("s3", "CreateBucket"),
            count: buckets,
            error: "TooManyBuckets",
            status: 400,
            message: "You have attempted to create more buckets than allowed",
            rule: "s3.bucket.quota",
        }),
    },
    Quota {
        service: "route53",
        code: "L-4EA4796A",
        name: "Hosted zones",
        value: 500.0,
        adjustable: true,
        global: true,
        source: "Amazon Route 53 Developer Guide, \"Quotas\"",
        enforced: Some(Enforced {
            at: ("route53", "CreateHostedZone"),
            count: |call, _| number(call, services::route53::inventory, "AWS::Route53::HostedZone"),
            error: "TooManyHostedZones",
            status: 400,
            message: "Limits Exceeded: Max number of hosted zones has been reached for this account.",
            rule: "route53.zone.quota",
        }),
    },
    Quota {
        service: "route53",
        code: "L-ACB674F3",
        name: "Health checks",
        value: 200.0,
        adjustable: true,
        global: true,
        source: "aws-behaviour.md 1: 200 health checks per account; Amazon Route 53 Developer Guide, \"Quotas\"",
        enforced: Some(Enforced {
            at: ("route53", "CreateHealthCheck"),
            count: |call, _| number(call, services::route53::inventory, "AWS::Route53::HealthCheck"),
            error: "TooManyHealthChecks",
            status: 400,
            message: "Limits Exceeded: MAX_HEALTH_CHECKS_BY_USER - Cannot have more than 200 health checks.",
            rule: "route53.health-check.quota",
        }),
    },
    Quota {
        service: "dynamodb",
        code: "L-F98FE922",
        name: "Maximum number of tables",
        value: 2500.0,
        adjustable: true,
        global: false,
        source: "Amazon DynamoDB Developer Guide, \"Quotas in Amazon DynamoDB\"",
        enforced: Some(Enforced {
            at: ("dynamodb", "CreateTable"),
            count: |call, _| number(call, services::dynamodb::inventory, "AWS::DynamoDB::Table"),
            error: "LimitExceededException",
            status: 400,
            message: "Subscriber limit exceeded: The maximum number of tables for this account and Region has been reached.",
            rule: "dynamodb.table.quota",
        }),
    },
    Quota {
        service: "cloudformation",
        code: "L-0485CB21",
        name: "Stack count",
        value: 2000.0,
        adjustable: true,
        global: false,
        source: "AWS CloudFormation User Guide, \"Understand CloudFormation quotas\"",
        enforced: Some(Enforced {
            at: ("cloudformation", "CreateStack"),
            count: |call, _| number(call, services::cloudformation::inventory, "AWS::CloudFormation::Stack"),
            error: "LimitExceededException",
            status: 400,
            message: "Limit for stack has been exceeded",
            rule: "cloudformation.stack.quota",
        }),
    },
    Quota {
        service: "iam",
        code: "L-FE177D64",
        name: "Roles per account",
        value: 1000.0,
        adjustable: true,
        global: true,
        source: "IAM User Guide, \"IAM and AWS STS quotas\"",
        enforced: Some(Enforced {
            at: ("iam", "CreateRole"),
            count: |call, _| call.account_state().iam.roles.len(),
            error: "LimitExceeded",
            status: 409,
            message: "Cannot exceed quota for RolesPerAccount",
            rule: "iam.role.quota",
        }),
    },
    Quota {
        service: "elasticloadbalancing",
        code: "L-53DA6B97",
        name: "Application Load Balancers per Region",
        value: 50.0,
        adjustable: true,
        global: false,
        source: "Elastic Load Balancing, \"Quotas for your Application Load Balancers\"",
        enforced: Some(Enforced {
            at: ("elbv2", "CreateLoadBalancer"),
            count: |call, _| number(call, services::elbv2::inventory, "AWS::ElasticLoadBalancingV2::LoadBalancer"),
            error: "TooManyLoadBalancers",
            status: 400,
            message: "The maximum number of load balancers has been reached",
            rule: "elbv2.balancer.quota",
        }),
    },
    Quota {
        service: "lambda",
        code: "L-B99A9384",
        name: "Concurrent executions",
        value: 1000.0,
        adjustable: true,
        global: false,
        source: "AWS Lambda Developer Guide, \"Lambda quotas\"",
        // The data plane answers a request at an instant; nothing runs beside another.
        enforced: None,
    },
];

impl Quota {
    /// The value that holds for the call's account and Region.
    pub fn applied(&self, call: &mut Call<'_>) -> f64 {
        let key = self.key(&call.region);
        call.account_state().quotas.raised.get(&key).copied().unwrap_or(self.value)
    }

    /// Where an account keeps another value.
    pub fn key(&self, region: &str) -> String {
        format!("{}/{}", if self.global { "global" } else { region }, self.code)
    }
}

/// Refuses what would go beyond a quota.
pub fn check(call: &mut Call<'_>, service: &str, operation: &str, input: &Value) -> Result<(), AwsError> {
    for quota in QUOTAS {
        let Some(enforced) = quota.enforced.as_ref().filter(|one| one.at == (service, operation)) else { continue };
        if !call.world.rule(enforced.rule) {
            continue;
        }
        // Global services are listed in one Region, whichever asks.
        let region = call.region.clone();
        if quota.global {
            crate::domain::GLOBAL_REGION.clone_into(&mut call.region);
        }
        let count = (enforced.count)(call, input);
        call.region = region;
        #[allow(clippy::cast_precision_loss)] // far below 2^52
        if count as f64 >= quota.applied(call) {
            return Err(AwsError::with_status(enforced.status, enforced.error, enforced.message));
        }
    }
    Ok(())
}

/// Whether an operation of the table has a handler; for the test.
#[cfg(test)]
pub(super) fn stopped(quota: &Quota) -> Option<services::Handler> {
    let (service, operation) = quota.enforced.as_ref()?.at;
    services::handler(service, operation)
}
