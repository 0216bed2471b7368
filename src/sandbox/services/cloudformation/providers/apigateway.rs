//! REST APIs with their resources, methods, deployments and stages, and custom domain names.

use serde_json::{Map, Value, json};

use super::{Api, By, Existing, Id, Request, Settled, Style, Tags, unsupported};
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::services::cloudformation::schema;

/// The rows.
pub const TYPES: &[Api] = &[
    Api {
        type_name: "AWS::ApiGateway::RestApi",
        service: "apigateway",
        create: "CreateRestApi",
        id: Id::Out("/id"),
        name: Some(("Name", 255)),
        style: Style::Camel,
        refused: &["BodyS3Location", "Parameters", "BinaryMediaTypes", "MinimumCompressionSize"],
        tags: Tags::Map("tags"),
        read: ("GetRestApi", &[("restApiId", By::Id)], ""),
        attributes: &[("RestApiId", "id"), ("RootResourceId", "/rootResourceId")],
        delete: ("DeleteRestApi", &[("restApiId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ApiGateway::Resource",
        service: "apigateway",
        create: "CreateResource",
        id: Id::Out("/id"),
        style: Style::Camel,
        attributes: &[("ResourceId", "id")],
        delete: ("DeleteResource", &[("restApiId", By::Property("RestApiId")), ("resourceId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ApiGateway::Method",
        service: "apigateway",
        create: "PutMethod",
        id: Id::Made(|request, _| {
            let part = |name| text(request.properties, name).unwrap_or_default();
            format!("{}|{}|{}", part("RestApiId"), part("ResourceId"), part("HttpMethod"))
        }),
        style: Style::Camel,
        dropped: &["Integration", "MethodResponses"],
        refused: &["AuthorizerId", "RequestValidatorId"],
        shape: Some(|_, _, input| {
            input.entry("authorizationType").or_insert_with(|| "NONE".into());
            Ok(())
        }),
        after: Some(integration),
        update: Some(|call, existing, request| {
            call.invoke("apigateway", "DeleteMethod", &method(request.properties))?;
            let mut input = camel(request.properties).as_object().cloned().unwrap_or_default();
            input.retain(|name, _| name != "integration" && name != "methodResponses");
            input.entry("authorizationType").or_insert_with(|| "NONE".into());
            call.invoke("apigateway", "PutMethod", &Value::Object(input))?;
            integration(call, existing, request)
        }),
        delete: (
            "DeleteMethod",
            &[
                ("restApiId", By::Property("RestApiId")),
                ("resourceId", By::Property("ResourceId")),
                ("httpMethod", By::Property("HttpMethod")),
            ],
        ),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ApiGateway::Deployment",
        service: "apigateway",
        create: "CreateDeployment",
        id: Id::Out("/id"),
        style: Style::Camel,
        refused: &["StageDescription", "DeploymentCanarySettings"],
        attributes: &[("DeploymentId", "id")],
        delete: ("DeleteDeployment", &[("restApiId", By::Property("RestApiId")), ("deploymentId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ApiGateway::Stage",
        service: "apigateway",
        create: "CreateStage",
        id: Id::In("stageName"),
        name: Some(("StageName", 128)),
        style: Style::Camel,
        refused: &[
            "AccessLogSetting",
            "CacheClusterEnabled",
            "CacheClusterSize",
            "CanarySetting",
            "ClientCertificateId",
            "MethodSettings",
            "Variables",
        ],
        tags: Tags::Map("tags"),
        update: Some(|call, existing, request| {
            let patch =
                json!([{ "op": "replace", "path": "/deploymentId", "value": request.properties.get("DeploymentId") }]);
            let input = json!({
                "restApiId": request.properties.get("RestApiId"), "stageName": existing.physical,
                "patchOperations": patch,
            });
            call.invoke("apigateway", "UpdateStage", &input).map(drop)
        }),
        delete: ("DeleteStage", &[("restApiId", By::Property("RestApiId")), ("stageName", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ApiGateway::DomainName",
        service: "apigateway",
        create: "CreateDomainName",
        id: Id::Out("/domainName"),
        style: Style::Camel,
        tags: Tags::Map("tags"),
        read: ("GetDomainName", &[("domainName", By::Id)], ""),
        settled: Some(Settled { at: "/domainNameStatus", ready: &["AVAILABLE"], failed: &[] }),
        attributes: &[
            ("RegionalDomainName", "/regionalDomainName"),
            ("RegionalHostedZoneId", "/regionalHostedZoneId"),
            ("DistributionDomainName", "/distributionDomainName"),
            ("DistributionHostedZoneId", "/distributionHostedZoneId"),
            ("DomainNameArn", "/domainNameArn"),
        ],
        delete: ("DeleteDomainName", &[("domainName", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ApiGateway::BasePathMapping",
        service: "apigateway",
        create: "CreateBasePathMapping",
        id: Id::Made(|request, _| {
            let part = |name| text(request.properties, name).unwrap_or_default();
            format!("{}|{}", part("DomainName"), part("BasePath"))
        }),
        style: Style::Camel,
        delete: ("DeleteBasePathMapping", &[("domainName", By::Property("DomainName"))]),
        delete_with: Some(|existing, input| {
            let path = Some(existing.text("BasePath")).filter(|path| !path.is_empty());
            input.insert("basePath".into(), path.unwrap_or("(none)").into());
        }),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ApiGateway::Account",
        service: "apigateway",
        create: "UpdateAccount",
        id: Id::Made(|request, _| format!("{}-{}", request.stack, request.logical)),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ApiGateway::Authorizer",
        service: "apigateway",
        create: "CreateAuthorizer",
        id: Id::Out("/id"),
        style: Style::Camel,
        attributes: &[("AuthorizerId", "id")],
        delete: ("DeleteAuthorizer", &[("restApiId", By::Property("RestApiId")), ("authorizerId", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::ApiGateway::GatewayResponse",
        service: "apigateway",
        create: "PutGatewayResponse",
        id: Id::Made(|request, _| {
            let part = |name| text(request.properties, name).unwrap_or_default();
            format!("{}|{}", part("RestApiId"), part("ResponseType"))
        }),
        style: Style::Camel,
        delete: (
            "DeleteGatewayResponse",
            &[("restApiId", By::Property("RestApiId")), ("responseType", By::Property("ResponseType"))],
        ),
        ..Api::NEW
    },
];

/// Properties of a method as API Gateway writes them.
fn camel(properties: &Value) -> Value {
    schema::of("AWS::ApiGateway::Method").map_or_else(|| properties.clone(), |schema| schema.camel(properties))
}

/// The three members that name a method.
fn method(properties: &Value) -> Value {
    json!({
        "restApiId": properties.get("RestApiId"), "resourceId": properties.get("ResourceId"),
        "httpMethod": properties.get("HttpMethod"),
    })
}

/// A request about a method, with further members.
fn about(properties: &Value, more: &Value) -> Value {
    let mut input = method(properties).as_object().cloned().unwrap_or_default();
    input.extend(more.as_object().cloned().unwrap_or_default());
    Value::Object(input)
}

/// What a method answers and what stands behind it are made in calls of their own.
fn integration(call: &mut Call<'_>, _: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let properties = request.properties;
    let cased = camel(properties);
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    for response in list(cased.get("methodResponses")) {
        call.invoke("apigateway", "PutMethodResponse", &about(properties, &response))?;
    }
    let Some(Value::Object(behind)) = cased.get("integration") else { return Ok(()) };
    let mut behind: Map<String, Value> = behind.clone();
    let responses = behind.shift_remove("integrationResponses");
    for name in ["connectionId", "connectionType", "tlsConfig", "cacheKeyParameters", "cacheNamespace"] {
        if behind.contains_key(name) {
            return Err(unsupported(&format!("{name} of an integration of AWS::ApiGateway::Method")));
        }
    }
    call.invoke("apigateway", "PutIntegration", &about(properties, &Value::Object(behind)))?;
    for response in list(responses.as_ref()) {
        call.invoke("apigateway", "PutIntegrationResponse", &about(properties, &response))?;
    }
    Ok(())
}
