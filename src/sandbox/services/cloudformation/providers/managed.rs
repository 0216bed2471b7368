//! Managed services beside the databases: caches, users, alarms.

use serde_json::{Value, json};

use super::{Api, By, Existing, Id, Settled, Style, Tags};
use crate::sandbox::call::Call;

/// The rows.
pub const TYPES: &[Api] = &[
    Api {
        type_name: "AWS::ElastiCache::SubnetGroup",
        service: "elasticache",
        create: "CreateCacheSubnetGroup",
        id: Id::Out("/CacheSubnetGroup/CacheSubnetGroupName"),
        name: Some(("CacheSubnetGroupName", 255)),
        lower: true,
        renamed: &[("Description", "CacheSubnetGroupDescription")],
        tags: Tags::List("Tags"),
        delete: ("DeleteCacheSubnetGroup", &[("CacheSubnetGroupName", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ElastiCache::ReplicationGroup",
        service: "elasticache",
        create: "CreateReplicationGroup",
        id: Id::Out("/ReplicationGroup/ReplicationGroupId"),
        name: Some(("ReplicationGroupId", 40)),
        lower: true,
        tags: Tags::List("Tags"),
        read: ("DescribeReplicationGroups", &[("ReplicationGroupId", By::Id)], "/ReplicationGroups/0"),
        settled: Some(Settled { at: "/Status", ready: &["available"], failed: &["create-failed"] }),
        attributes: &[
            ("PrimaryEndPoint.Address", "/NodeGroups/0/PrimaryEndpoint/Address"),
            ("PrimaryEndPoint.Port", "/NodeGroups/0/PrimaryEndpoint/Port"),
            ("ReaderEndPoint.Address", "/NodeGroups/0/ReaderEndpoint/Address"),
            ("ReaderEndPoint.Port", "/NodeGroups/0/ReaderEndpoint/Port"),
            ("ConfigurationEndPoint.Address", "/ConfigurationEndpoint/Address"),
            ("ConfigurationEndPoint.Port", "/ConfigurationEndpoint/Port"),
        ],
        delete: ("DeleteReplicationGroup", &[("ReplicationGroupId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ElastiCache::CacheCluster",
        service: "elasticache",
        create: "CreateCacheCluster",
        id: Id::Out("/CacheCluster/CacheClusterId"),
        name: Some(("ClusterName", 50)),
        lower: true,
        renamed: &[("ClusterName", "CacheClusterId"), ("VpcSecurityGroupIds", "SecurityGroupIds")],
        tags: Tags::List("Tags"),
        read: ("DescribeCacheClusters", &[("CacheClusterId", By::Id)], "/CacheClusters/0"),
        settled: Some(Settled { at: "/CacheClusterStatus", ready: &["available"], failed: &["create-failed"] }),
        attributes: &[
            ("RedisEndpoint.Address", "/CacheNodes/0/Endpoint/Address"),
            ("RedisEndpoint.Port", "/CacheNodes/0/Endpoint/Port"),
            ("ConfigurationEndpoint.Address", "/ConfigurationEndpoint/Address"),
            ("ConfigurationEndpoint.Port", "/ConfigurationEndpoint/Port"),
        ],
        delete: ("DeleteCacheCluster", &[("CacheClusterId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ElastiCache::ServerlessCache",
        service: "elasticache",
        create: "CreateServerlessCache",
        id: Id::Out("/ServerlessCache/ServerlessCacheName"),
        lower: true,
        tags: Tags::List("Tags"),
        read: ("DescribeServerlessCaches", &[("ServerlessCacheName", By::Id)], "/ServerlessCaches/0"),
        settled: Some(Settled { at: "/Status", ready: &["available"], failed: &["create-failed"] }),
        attributes: &[
            ("ARN", "/ARN"),
            ("Endpoint.Address", "/Endpoint/Address"),
            ("Endpoint.Port", "/Endpoint/Port"),
            ("ReaderEndpoint.Address", "/ReaderEndpoint/Address"),
            ("ReaderEndpoint.Port", "/ReaderEndpoint/Port"),
        ],
        delete: ("DeleteServerlessCache", &[("ServerlessCacheName", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Cognito::UserPool",
        service: "cognito",
        create: "CreateUserPool",
        id: Id::Out("/UserPool/Id"),
        name: Some(("UserPoolName", 128)),
        renamed: &[("UserPoolName", "PoolName")],
        tag_property: "UserPoolTags",
        tags: Tags::Map("UserPoolTags"),
        read: ("DescribeUserPool", &[("UserPoolId", By::Id)], "/UserPool"),
        attributes: &[("Arn", "/Arn"), ("UserPoolId", "id")],
        attribute: Some(provider_name),
        delete: ("DeleteUserPool", &[("UserPoolId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Cognito::UserPoolClient",
        service: "cognito",
        create: "CreateUserPoolClient",
        id: Id::Out("/UserPoolClient/ClientId"),
        name: Some(("ClientName", 128)),
        read: (
            "DescribeUserPoolClient",
            &[("UserPoolId", By::Property("UserPoolId")), ("ClientId", By::Id)],
            "/UserPoolClient",
        ),
        attributes: &[("ClientId", "id"), ("Name", "/ClientName"), ("ClientSecret", "/ClientSecret")],
        delete: ("DeleteUserPoolClient", &[("UserPoolId", By::Property("UserPoolId")), ("ClientId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Cognito::IdentityPool",
        service: "cognito",
        create: "CreateIdentityPool",
        id: Id::Out("/IdentityPoolId"),
        name: Some(("IdentityPoolName", 128)),
        tag_property: "IdentityPoolTags",
        tags: Tags::Map("IdentityPoolTags"),
        read: ("DescribeIdentityPool", &[("IdentityPoolId", By::Id)], ""),
        attributes: &[("Id", "id"), ("Name", "/IdentityPoolName")],
        delete: ("DeleteIdentityPool", &[("IdentityPoolId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Cognito::IdentityPoolRoleAttachment",
        service: "cognito",
        create: "SetIdentityPoolRoles",
        id: Id::In("IdentityPoolId"),
        attributes: &[("Id", "id")],
        update: Some(|call, existing, request| {
            let roles = request.properties.get("Roles");
            let input = json!({ "IdentityPoolId": existing.physical, "Roles": roles });
            call.invoke("cognito", "SetIdentityPoolRoles", &input).map(drop)
        }),
        delete: ("SetIdentityPoolRoles", &[("IdentityPoolId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::CodePipeline::Pipeline",
        service: "codepipeline",
        create: "CreatePipeline",
        id: Id::Out("/pipeline/name"),
        name: Some(("Name", 100)),
        style: Style::Camel,
        refused: &["DisableInboundStageTransitions", "Triggers", "Variables", "RestartExecutionOnUpdate"],
        tags: Tags::LowerList("tags"),
        shape: Some(|_, _, input| {
            let tags = input.shift_remove("tags");
            let declared = Value::Object(std::mem::take(input));
            input.insert("pipeline".into(), declared);
            input.extend(tags.map(|tags| ("tags".to_owned(), tags)));
            Ok(())
        }),
        read: ("GetPipeline", &[("name", By::Id)], ""),
        attribute: Some(|call, existing, name| {
            let read = call.invoke("codepipeline", "GetPipeline", &json!({ "name": existing.physical })).ok()?;
            (name == "Version").then(|| read.pointer("/pipeline/version").map(|version| version.to_string().into()))?
        }),
        update: Some(|call, existing, request| {
            let schema = crate::sandbox::services::cloudformation::schema::of("AWS::CodePipeline::Pipeline");
            let mut declared =
                schema.map_or_else(|| request.properties.clone(), |schema| schema.camel(request.properties));
            if let Some(members) = declared.as_object_mut() {
                members.shift_remove("tags");
                members.insert("name".into(), existing.physical.into());
            }
            call.invoke("codepipeline", "UpdatePipeline", &json!({ "pipeline": declared })).map(drop)
        }),
        delete: ("DeletePipeline", &[("name", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::CloudWatch::Alarm",
        service: "cloudwatch",
        create: "PutMetricAlarm",
        id: Id::In("AlarmName"),
        name: Some(("AlarmName", 255)),
        style: Style::Same,
        tags: Tags::List("Tags"),
        read: ("DescribeAlarms", &[("AlarmNames", By::IdList)], "/MetricAlarms/0"),
        attributes: &[("Arn", "/AlarmArn")],
        delete: ("DeleteAlarms", &[("AlarmNames", By::IdList)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::CloudWatch::Dashboard",
        service: "cloudwatch",
        create: "PutDashboard",
        id: Id::In("DashboardName"),
        name: Some(("DashboardName", 255)),
        delete: ("DeleteDashboards", &[("DashboardNames", By::IdList)]),
        ..Api::NEW
    },
];

fn provider_name(call: &mut Call<'_>, existing: &Existing<'_>, name: &str) -> Option<Value> {
    let provider = format!("cognito-idp.{}.amazonaws.com/{}", call.region, existing.physical);
    match name {
        "ProviderName" => Some(provider.into()),
        "ProviderURL" => Some(format!("https://{provider}").into()),
        _ => None,
    }
}
