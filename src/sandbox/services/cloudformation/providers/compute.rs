//! Load balancers, containers and functions.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::inline;
use super::{Api, By, Existing, Id, Request, Settled, Style, Tags, unsupported};
use crate::sandbox::call::{AwsError, Call};
use crate::sandbox::constants::constant;
use crate::sandbox::services::lambda;

/// The rows.
pub const TYPES: &[Api] = &[
    Api {
        type_name: "AWS::ElasticLoadBalancingV2::LoadBalancer",
        service: "elbv2",
        create: "CreateLoadBalancer",
        id: Id::Out("/LoadBalancers/0/LoadBalancerArn"),
        name: Some(("Name", 32)),
        dropped: &["LoadBalancerAttributes"],
        tags: Tags::List("Tags"),
        read: ("DescribeLoadBalancers", &[("LoadBalancerArns", By::IdList)], "/LoadBalancers/0"),
        settled: Some(Settled { at: "/State/Code", ready: &["active", "active_impaired"], failed: &["failed"] }),
        attributes: &[
            ("LoadBalancerArn", "id"),
            ("DNSName", "/DNSName"),
            ("CanonicalHostedZoneID", "/CanonicalHostedZoneId"),
            ("LoadBalancerName", "/LoadBalancerName"),
            ("SecurityGroups", "/SecurityGroups"),
        ],
        attribute: Some(|_, existing, name| {
            let full = existing.physical.split("loadbalancer/").nth(1);
            full.filter(|_| name == "LoadBalancerFullName").map(|full| json!(full))
        }),
        after: Some(balancer_attributes),
        update: Some(balancer_attributes),
        delete: ("DeleteLoadBalancer", &[("LoadBalancerArn", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ElasticLoadBalancingV2::TargetGroup",
        service: "elbv2",
        create: "CreateTargetGroup",
        id: Id::Out("/TargetGroups/0/TargetGroupArn"),
        name: Some(("Name", 32)),
        dropped: &["TargetGroupAttributes", "Targets"],
        tags: Tags::List("Tags"),
        read: ("DescribeTargetGroups", &[("TargetGroupArns", By::IdList)], "/TargetGroups/0"),
        attributes: &[
            ("TargetGroupArn", "id"),
            ("TargetGroupName", "/TargetGroupName"),
            ("LoadBalancerArns", "/LoadBalancerArns"),
        ],
        attribute: Some(|_, existing, name| {
            let full = existing.physical.split(':').nth(5);
            full.filter(|_| name == "TargetGroupFullName").map(|full| json!(full))
        }),
        after: Some(|call, existing, request| {
            group_attributes(call, existing, request)?;
            match request.properties.get("Targets") {
                Some(targets) => {
                    let input = json!({ "TargetGroupArn": existing.physical, "Targets": targets });
                    call.invoke("elbv2", "RegisterTargets", &input).map(drop)
                }
                None => Ok(()),
            }
        }),
        update: Some(group_attributes),
        delete: ("DeleteTargetGroup", &[("TargetGroupArn", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ElasticLoadBalancingV2::Listener",
        service: "elbv2",
        create: "CreateListener",
        id: Id::Out("/Listeners/0/ListenerArn"),
        attributes: &[("ListenerArn", "id")],
        delete: ("DeleteListener", &[("ListenerArn", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ElasticLoadBalancingV2::ListenerRule",
        service: "elbv2",
        create: "CreateRule",
        id: Id::Out("/Rules/0/RuleArn"),
        attributes: &[("RuleArn", "id")],
        delete: ("DeleteRule", &[("RuleArn", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ECS::Cluster",
        service: "ecs",
        create: "CreateCluster",
        id: Id::Out("/cluster/clusterName"),
        name: Some(("ClusterName", 255)),
        style: Style::Camel,
        tags: Tags::LowerList("tags"),
        read: ("DescribeClusters", &[("clusters", By::IdList)], "/clusters/0"),
        attributes: &[("Arn", "/clusterArn")],
        delete: ("DeleteCluster", &[("cluster", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ECS::TaskDefinition",
        service: "ecs",
        create: "RegisterTaskDefinition",
        id: Id::Out("/taskDefinition/taskDefinitionArn"),
        name: Some(("Family", 255)),
        style: Style::Camel,
        tags: Tags::LowerList("tags"),
        attributes: &[("TaskDefinitionArn", "id")],
        delete: ("DeregisterTaskDefinition", &[("taskDefinition", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ECS::Service",
        service: "ecs",
        create: "CreateService",
        id: Id::Out("/service/serviceArn"),
        name: Some(("ServiceName", 255)),
        style: Style::Camel,
        tags: Tags::LowerList("tags"),
        read: ("DescribeServices", &[("cluster", By::Property("Cluster")), ("services", By::IdList)], "/services/0"),
        settled: Some(Settled { at: "/deployments/0/rolloutState", ready: &["COMPLETED"], failed: &["FAILED"] }),
        gone: ("/status", &["INACTIVE"]),
        attributes: &[("Name", "/serviceName"), ("ServiceArn", "id")],
        update: Some(update_service),
        before_delete: Some(|call, existing| {
            let cluster = existing.properties.get("Cluster");
            let input = json!({ "cluster": cluster, "service": existing.physical, "desiredCount": 0 });
            match call.invoke("ecs", "UpdateService", &input) {
                // A service that somebody deleted already drains.
                Err(error) if error.code != "ServiceNotActiveException" && !super::is_absence(&error) => Err(error),
                _ => Ok(()),
            }
        }),
        delete: ("DeleteService", &[("cluster", By::Property("Cluster")), ("service", By::Id), ("force", By::Yes)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Lambda::Function",
        service: "lambda",
        create: "CreateFunction",
        id: Id::Out("/FunctionName"),
        name: Some(("FunctionName", 64)),
        refused: &["CodeSigningConfigArn", "ImageConfig", "ReservedConcurrentExecutions"],
        tags: Tags::Map("Tags"),
        read: ("GetFunction", &[("FunctionName", By::Id)], "/Configuration"),
        settled: Some(Settled { at: "/State", ready: &["Active", "Inactive"], failed: &["Failed"] }),
        attributes: &[("Arn", "/FunctionArn")],
        shape: Some(|_, request, input| inline::pack(request, input)),
        update: Some(update_function),
        delete: ("DeleteFunction", &[("FunctionName", By::Id)]),
        look_gone: Some(function_is_gone),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Lambda::Permission",
        service: "lambda",
        create: "AddPermission",
        id: Id::In("StatementId"),
        name: Some(("StatementId", 100)),
        refused: &["EventSourceToken", "FunctionUrlAuthType", "InvokedViaFunctionUrl", "PrincipalOrgID"],
        attributes: &[("Id", "id")],
        delete: ("RemovePermission", &[("FunctionName", By::Property("FunctionName")), ("StatementId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Lambda::EventSourceMapping",
        service: "lambda",
        create: "CreateEventSourceMapping",
        id: Id::Out("/UUID"),
        tags: Tags::Map("Tags"),
        read: ("GetEventSourceMapping", &[("UUID", By::Id)], ""),
        settled: Some(Settled { at: "/State", ready: &["Enabled", "Disabled"], failed: &[] }),
        attributes: &[("Id", "id")],
        attribute: Some(|call, existing, name| {
            let arn = call.arn("lambda", &format!("event-source-mapping:{}", existing.physical));
            (name == "EventSourceMappingArn").then(|| json!(arn))
        }),
        delete: ("DeleteEventSourceMapping", &[("UUID", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Lambda::Version",
        service: "lambda",
        create: "PublishVersion",
        id: Id::Out("/FunctionArn"),
        attributes: &[("FunctionArn", "id")],
        delete: ("DeleteFunction", &[("FunctionName", By::Id)]),
        ..Api::NEW
    },
];

/// CloudFormation waits for Lambda to delete the network interfaces of a function before it goes on. Source: AWS
/// CloudFormation User Guide, AWS::Lambda::Function VpcConfig.
fn function_is_gone(call: &mut Call<'_>, existing: &Existing<'_>) -> Result<bool, AwsError> {
    let waits = call.world.rule("cloudformation.waits-for-interfaces");
    let patience = constant("cloudformation.interfaces.patience").map_or(Duration::ZERO, |row| row.p50);
    let vpc = existing.properties.get("VpcConfig").unwrap_or(&Value::Null);
    let waiting = waits && call.now().since(existing.since) < patience && lambda::interfaces::linger(call, vpc);
    Ok(!waiting)
}

fn balancer_attributes(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    match request.properties.get("LoadBalancerAttributes") {
        Some(attributes) => {
            let input = json!({ "LoadBalancerArn": existing.physical, "Attributes": attributes });
            call.invoke("elbv2", "ModifyLoadBalancerAttributes", &input).map(drop)
        }
        None => Ok(()),
    }
}

fn group_attributes(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    match request.properties.get("TargetGroupAttributes") {
        Some(attributes) => {
            let input = json!({ "TargetGroupArn": existing.physical, "Attributes": attributes });
            call.invoke("elbv2", "ModifyTargetGroupAttributes", &input).map(drop)
        }
        None => Ok(()),
    }
}

fn update_service(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let mut input = Map::from_iter([
        ("cluster".to_owned(), request.properties.get("Cluster").cloned().unwrap_or_default()),
        ("service".to_owned(), json!(existing.physical)),
    ]);
    let new = request.properties.as_object().into_iter().flatten();
    for (name, value) in new.filter(|(name, value)| existing.properties.get(name.as_str()) != Some(value)) {
        match name.as_str() {
            "DesiredCount" | "TaskDefinition" | "HealthCheckGracePeriodSeconds" => {
                input.insert(super::schema::lower_first(name), value.clone());
            }
            "Tags" => {}
            other => return Err(unsupported(&format!("changing {other} of AWS::ECS::Service"))),
        }
    }
    call.invoke("ecs", "UpdateService", &Value::Object(input)).map(drop)
}

fn update_function(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let named = |members: Option<&Value>| {
        let mut input = members.and_then(Value::as_object).cloned().unwrap_or_default();
        input.insert("FunctionName".into(), existing.physical.into());
        input
    };
    if existing.properties.get("Code") != request.properties.get("Code") {
        let mut input = named(request.properties.get("Code"));
        if let Some(archive) = inline::packed(request)? {
            input.insert("ZipFile".into(), archive.into());
        }
        call.invoke("lambda", "UpdateFunctionCode", &Value::Object(input))?;
    }
    let mut configuration = named(Some(request.properties));
    for name in ["Code", "Tags", "Architectures", "PackageType"] {
        configuration.shift_remove(name);
    }
    call.invoke("lambda", "UpdateFunctionConfiguration", &Value::Object(configuration))?;
    Ok(())
}
