//! The blog: load balancer, targets, tasks, database, and the failover alias in front of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value
)]

use std::time::Duration;

use serde_json::{Value, json};

use super::tests_world::*;
use crate::domain::drill::{ClientClass, ProbeError, ProbeReply};
use crate::sandbox::faults;
use crate::sandbox::world::World;

pub struct Blog {
    pub group: String,
    pub dns: String,
    pub zone_id: String,
}

/// A database with a writer; gives its endpoint.
pub fn database(world: &mut World) -> String {
    let group = json!({ "DBClusterParameterGroupName": "binlog", "DBParameterGroupFamily": "aurora-mysql8.0", "Description": "d" });
    run(world, R1, "rds", "CreateDBClusterParameterGroup", &group);
    let on = json!({ "DBClusterParameterGroupName": "binlog", "Parameters": [{ "ParameterName": "binlog_format", "ParameterValue": "MIXED" }] });
    run(world, R1, "rds", "ModifyDBClusterParameterGroup", &on);
    let input = json!({
        "DBClusterIdentifier": "blog", "Engine": "aurora-mysql", "MasterUsername": "u", "MasterUserPassword": "secret123",
        "DBClusterParameterGroupName": "binlog",
    });
    let made = run(world, R1, "rds", "CreateDBCluster", &input);
    instance(world, R1, "blog");
    wait(world, 3600);
    made["DBCluster"]["Endpoint"].as_str().unwrap().to_owned()
}

pub fn instance(world: &mut World, region: &str, cluster: &str) {
    let input = json!({
        "DBInstanceIdentifier": format!("{cluster}-1"), "DBClusterIdentifier": cluster, "Engine": "aurora-mysql",
        "DBInstanceClass": "db.t4g.medium",
    });
    run(world, region, "rds", "CreateDBInstance", &input);
}

/// A load balancer and a service with one task.
pub fn blog(world: &mut World, region: &str, host: &str) -> Blog {
    let made = run(
        world,
        region,
        "elbv2",
        "CreateLoadBalancer",
        &json!({ "Name": "blog", "Subnets": ["subnet-a", "subnet-b"] }),
    );
    let balancer = &made["LoadBalancers"][0];
    let group = run(
        world,
        region,
        "elbv2",
        "CreateTargetGroup",
        &json!({
            "Name": "blog", "TargetType": "ip", "Protocol": "HTTP", "Port": 80, "HealthCheckIntervalSeconds": 10,
            "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2, "Matcher": { "HttpCode": "200-399" },
        }),
    );
    let group = group["TargetGroups"][0]["TargetGroupArn"].as_str().unwrap().to_owned();
    run(
        world,
        region,
        "elbv2",
        "ModifyTargetGroupAttributes",
        &json!({
            "TargetGroupArn": group, "Attributes": [{ "Key": "deregistration_delay.timeout_seconds", "Value": "5" }],
        }),
    );
    run(
        world,
        region,
        "elbv2",
        "CreateListener",
        &json!({
            "LoadBalancerArn": balancer["LoadBalancerArn"], "Port": 80, "Protocol": "HTTP",
            "DefaultActions": [{ "Type": "forward", "TargetGroupArn": group }],
        }),
    );
    run(world, region, "ecs", "CreateCluster", &json!({ "clusterName": "shop" }));
    let container = json!({ "name": "wordpress", "environment": [{ "name": "WORDPRESS_DB_HOST", "value": host }] });
    run(
        world,
        region,
        "ecs",
        "RegisterTaskDefinition",
        &json!({ "family": "blog", "containerDefinitions": [container] }),
    );
    run(
        world,
        region,
        "ecs",
        "CreateService",
        &json!({
            "cluster": "shop", "serviceName": "blog", "taskDefinition": "blog", "desiredCount": 1, "launchType": "FARGATE",
            "loadBalancers": [{ "targetGroupArn": group, "containerName": "wordpress", "containerPort": 80 }],
        }),
    );
    let text = |member: &str| balancer[member].as_str().unwrap().to_owned();
    Blog { group, dns: text("DNSName"), zone_id: text("CanonicalHostedZoneId") }
}

pub fn page(world: &mut World, host: &str) -> ProbeReply {
    fresh(world, &format!("http://{host}/"))
}

pub fn scale(world: &mut World, region: &str, desired: u64) {
    run(
        world,
        region,
        "ecs",
        "UpdateService",
        &json!({ "cluster": "shop", "service": "blog", "desiredCount": desired }),
    );
}

fn service(world: &mut World) -> Value {
    run(world, R1, "ecs", "DescribeServices", &json!({ "cluster": "shop", "services": ["blog"] }))["services"][0]
        .clone()
}

#[test]
fn a_task_starts_registers_and_answers_and_each_link_is_needed() {
    let mut world = World::new(3);
    let host = database(&mut world);
    let blog = blog(&mut world, R1, &host);
    assert_eq!(page(&mut world, &blog.dns).status, Err(ProbeError::Dns), "still provisioning");
    assert_eq!((&service(&mut world)["pendingCount"], &service(&mut world)["runningCount"]), (&json!(1), &json!(0)));
    wait(&mut world, 600);
    let now = service(&mut world);
    assert_eq!((&now["runningCount"], &now["deployments"][0]["rolloutState"]), (&json!(1), &json!("COMPLETED")));
    let reply = page(&mut world, &blog.dns);
    assert_eq!((reply.status, reply.region.as_deref()), (Ok(200), Some(R1)));
    assert_eq!(fresh(&mut world, &format!("https://{}/", blog.dns)).status, Err(ProbeError::Timeout), "no listener");
    let post = |world: &mut World| {
        request(
            world,
            "POST",
            &format!("http://{}/wp-json/wp/v2/comments", blog.dns),
            Some(json!({ "content": "hello" })),
            dublin(),
            ClientClass::Fresh,
        )
    };
    assert_eq!(post(&mut world).status, Ok(201));
    let list = fresh(&mut world, &format!("http://{}/wp-json/wp/v2/comments", blog.dns));
    assert!(list.body.contains("hello"), "{}", list.body);

    scale(&mut world, R1, 0);
    let gone = page(&mut world, &blog.dns);
    assert_eq!(gone.status, Ok(503), "no target is registered any more");
    assert!(gone.body.contains("503 Service Temporarily Unavailable"));
    let health = run(&mut world, R1, "elbv2", "DescribeTargetHealth", &json!({ "TargetGroupArn": blog.group }));
    assert_eq!(health["TargetHealthDescriptions"][0]["TargetHealth"]["State"], "draining");
    wait(&mut world, 6);
    let health = run(&mut world, R1, "elbv2", "DescribeTargetHealth", &json!({ "TargetGroupArn": blog.group }));
    assert_eq!(health["TargetHealthDescriptions"], json!([]));
    scale(&mut world, R1, 1);
    wait(&mut world, 300);
    assert_eq!(page(&mut world, &blog.dns).status, Ok(200));

    run(
        &mut world,
        R1,
        "rds",
        "DeleteDBInstance",
        &json!({ "DBInstanceIdentifier": "blog-1", "SkipFinalSnapshot": true }),
    );
    wait(&mut world, 1800);
    let reply = page(&mut world, &blog.dns);
    assert_eq!(reply.status, Ok(500));
    assert!(reply.body.contains("Error establishing a database connection"));
    let health = run(&mut world, R1, "elbv2", "DescribeTargetHealth", &json!({ "TargetGroupArn": blog.group }));
    assert_eq!(health["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"], "Target.ResponseCodeMismatch");
}

#[test]
fn the_failover_alias_follows_the_targets() {
    let outcome = |rule_off: bool, evaluate: bool| {
        let mut world = World::new(3);
        if rule_off {
            world.rules_off.insert("elbv2.empty-group-unhealthy".into());
        }
        let host = database(&mut world);
        let copy = run(
            &mut world,
            R2,
            "rds",
            "CreateDBCluster",
            &json!({
                "DBClusterIdentifier": "copy", "Engine": "aurora-mysql",
                "ReplicationSourceIdentifier": format!("arn:aws:rds:{R1}:{ME}:cluster:blog"),
            }),
        );
        instance(&mut world, R2, "copy");
        wait(&mut world, 7200);
        let reader = copy["DBCluster"]["ReaderEndpoint"].as_str().unwrap().to_owned();
        let (first, second) = (blog(&mut world, R1, &host), blog(&mut world, R2, &reader));
        wait(&mut world, 600);
        let made =
            run(&mut world, R1, "route53", "CreateHostedZone", &json!({ "Name": "shop.test", "CallerReference": "1" }));
        let zone = made["HostedZone"]["Id"].as_str().unwrap().to_owned();
        for (blog, role) in [(&first, "PRIMARY"), (&second, "SECONDARY")] {
            change(
                &mut world,
                &zone,
                "CREATE",
                &json!({
                    "Name": "blog.shop.test", "Type": "A", "SetIdentifier": role, "Failover": role,
                    "AliasTarget": { "HostedZoneId": blog.zone_id, "DNSName": blog.dns, "EvaluateTargetHealth": evaluate },
                }),
            );
        }
        assert_eq!(page(&mut world, "blog.shop.test").region.as_deref(), Some(R1));
        let comment = |world: &mut World| {
            let url = "http://blog.shop.test/wp-json/wp/v2/comments";
            request(world, "POST", url, Some(json!({ "content": "x" })), dublin(), ClientClass::Fresh)
        };
        assert_eq!(comment(&mut world).status, Ok(201));
        scale(&mut world, R1, 0);
        wait(&mut world, 10);
        let reply = page(&mut world, "blog.shop.test");
        let write = comment(&mut world);
        (reply.status, reply.region, write.status)
    };
    assert_eq!(outcome(false, true), (Ok(200), Some(R2.to_owned()), Ok(500)), "the replica takes no writes");
    assert_eq!(outcome(false, false).0, Ok(503), "without EvaluateTargetHealth the record is always healthy");
    assert_eq!(outcome(true, true).0, Ok(503), "an empty target group must count as unhealthy");
}

#[test]
fn services_drain_before_they_are_gone() {
    let mut world = World::new(3);
    let host = database(&mut world);
    blog(&mut world, R1, &host);
    wait(&mut world, 600);
    let delete = json!({ "cluster": "shop", "service": "blog" });
    let refused = attempt(&mut world, R1, "ecs", "DeleteService", &delete).unwrap_err();
    assert_eq!(refused.message, "The service cannot be stopped while it is scaled above 0.");
    scale(&mut world, R1, 0);
    run(&mut world, R1, "ecs", "DeleteService", &delete);
    assert_eq!(service(&mut world)["status"], "DRAINING");
    let again = json!({ "cluster": "shop", "serviceName": "blog", "taskDefinition": "blog", "desiredCount": 1 });
    let refused = attempt(&mut world, R1, "ecs", "CreateService", &again).unwrap_err();
    assert_eq!(refused.message, "Unable to Start a service that is still Draining.");
    assert_eq!(
        attempt(&mut world, R1, "ecs", "DeleteCluster", &json!({ "cluster": "shop" })).unwrap_err().code,
        "ClusterContainsTasksException"
    );
    wait(&mut world, 240);
    assert_eq!(service(&mut world)["status"], "INACTIVE");
    run(&mut world, R1, "ecs", "DeleteCluster", &json!({ "cluster": "shop" }));
}

#[test]
fn targets_that_answer_late_or_badly_are_unhealthy_for_their_load_balancer() {
    for (kind, parameters, reason) in [
        (faults::SLOW_ANSWERS, json!({ "seconds": 10 }), "Target.Timeout"),
        (faults::GREY_FAILURE, Value::Null, "Target.ResponseCodeMismatch"),
    ] {
        let mut world = World::new(3);
        let host = database(&mut world);
        let blog = blog(&mut world, R1, &host);
        wait(&mut world, 600);
        faults::start(&mut world, kind, R1, parameters, Duration::from_hours(1)).unwrap();
        wait(&mut world, 90);
        let health = run(&mut world, R1, "elbv2", "DescribeTargetHealth", &json!({ "TargetGroupArn": blog.group }));
        assert_eq!(health["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"], reason, "{health}");
        assert!(!super::names::endpoint(&world, &blog.dns).unwrap().healthy(&world), "{kind}");
    }
}

#[test]
fn a_lost_region_s_load_balancer_times_out_and_counts_as_unhealthy() {
    let mut world = World::new(3);
    let host = database(&mut world);
    let blog = blog(&mut world, R1, &host);
    wait(&mut world, 600);
    faults::start(&mut world, faults::REGION_LOSS, R1, Value::Null, Duration::from_hours(1)).unwrap();
    assert_eq!(page(&mut world, &blog.dns).status, Err(ProbeError::Timeout));
    let endpoint = super::names::endpoint(&world, &blog.dns).unwrap();
    assert!(!endpoint.healthy(&world));
}
