//! APIs, deployments and domain names: what is refused, and in which words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value
)]

use serde_json::{Value, json};

use crate::sandbox::Call;
use crate::sandbox::call::AwsError;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};

fn ask(world: &mut World, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, LEARNER_ACCOUNT, "eu-west-1").invoke("apigateway", operation, input)
}

fn said(result: Result<Value, AwsError>) -> String {
    let error = result.unwrap_err();
    format!("{} {}: {}", error.status, error.code, error.message)
}

#[test]
fn an_api_is_deployed_when_its_methods_have_integrations() {
    let mut world = World::new(1);
    let w = &mut world;
    let api = ask(
        w,
        "CreateRestApi",
        &json!({ "name": "shop", "endpointConfiguration": { "types": ["REGIONAL"] }, "tags": { "run": "x" } }),
    )
    .unwrap();
    let id = api["id"].clone();
    assert_eq!(
        said(ask(w, "CreateDeployment", &json!({ "restApiId": id }))),
        "400 BadRequestException: The REST API doesn't contain any methods"
    );
    let books = json!({ "restApiId": id, "parentId": api["rootResourceId"], "pathPart": "books" });
    let resource = ask(w, "CreateResource", &books).unwrap();
    assert_eq!(resource["path"], "/books");
    assert!(
        said(ask(w, "CreateResource", &books))
            .starts_with("409 ConflictException: Another resource with the same parent")
    );
    let method =
        json!({ "restApiId": id, "resourceId": resource["id"], "httpMethod": "GET", "authorizationType": "NONE" });
    ask(w, "PutMethod", &method).unwrap();
    assert_eq!(said(ask(w, "PutMethod", &method)), "409 ConflictException: Method already exists for this resource");
    assert_eq!(
        said(ask(w, "CreateDeployment", &json!({ "restApiId": id }))),
        "400 BadRequestException: No integration defined for method"
    );
    let mut integration = method.clone();
    integration["type"] = json!("AWS_PROXY");
    integration["integrationHttpMethod"] = json!("POST");
    integration["uri"] = json!("nonsense");
    assert_eq!(
        said(ask(w, "PutIntegration", &integration)),
        "400 BadRequestException: Invalid ARN specified in the request"
    );
    integration["uri"] = json!(
        "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111122223333:function:f/invocations"
    );
    ask(w, "PutIntegration", &integration).unwrap();
    let deployment = ask(w, "CreateDeployment", &json!({ "restApiId": id, "stageName": "prod" })).unwrap();
    assert_eq!(ask(w, "GetStages", &json!({ "restApiId": id })).unwrap()["item"][0]["deploymentId"], deployment["id"]);
    let delete = json!({ "restApiId": id, "deploymentId": deployment["id"] });
    assert!(
        said(ask(w, "DeleteDeployment", &delete))
            .ends_with("Active stages pointing to this deployment must be moved or deleted")
    );
    let shown = ask(w, "GetResources", &json!({ "restApiId": id, "embed": ["methods"] })).unwrap();
    assert!(shown["items"].to_string().contains("AWS_PROXY"));
    assert!(
        said(ask(w, "GetRestApi", &json!({ "restApiId": "none" })))
            .starts_with("404 NotFoundException: Invalid API identifier specified 111122223333:none")
    );
    ask(w, "DeleteRestApi", &json!({ "restApiId": id })).unwrap();
    assert_eq!(ask(w, "GetRestApis", &json!({})).unwrap()["items"], json!([]));
}

#[test]
fn a_domain_name_needs_an_issued_certificate_of_its_region_that_covers_it() {
    let mut world = World::new(1);
    let w = &mut world;
    let create = |w: &mut World, name: &str, certificate: &Value| {
        ask(
            w,
            "CreateDomainName",
            &json!({ "domainName": name, "regionalCertificateArn": certificate, "endpointConfiguration": { "types": ["REGIONAL"] } }),
        )
    };
    let elsewhere = json!("arn:aws:acm:us-east-1:111122223333:certificate/x");
    assert!(said(create(w, "api.shop.test", &elsewhere)).ends_with("Certificate must be in 'eu-west-1'."));
    let none = json!("arn:aws:acm:eu-west-1:111122223333:certificate/x");
    assert_eq!(
        said(create(w, "api.shop.test", &none)),
        "400 BadRequestException: The provided certificate does not exist."
    );
    let request = json!({ "DomainName": "*.shop.test", "ValidationMethod": "DNS" });
    let certificate = Call::new(w, LEARNER_ACCOUNT, "eu-west-1").invoke("acm", "RequestCertificate", &request).unwrap()
        ["CertificateArn"]
        .clone();
    assert!(
        said(create(w, "api.shop.test", &certificate))
            .contains("Certificate must be ISSUED, but is PENDING_VALIDATION")
    );
    let held = &mut Call::new(w, LEARNER_ACCOUNT, "eu-west-1");
    held.regional().acm.certificates.get_mut(certificate.as_str().unwrap()).unwrap().status = "ISSUED".into();
    assert!(said(create(w, "api.other.test", &certificate)).contains("is not covered by the certificate"));
    let made = create(w, "api.shop.test", &certificate).unwrap();
    assert_eq!(
        (&made["domainNameStatus"], &made["regionalHostedZoneId"]),
        (&json!("UPDATING"), &json!("ZLY8HYME6SFDD"))
    );
    let name = made["regionalDomainName"].as_str().unwrap();
    assert!(name.starts_with("d-") && name.ends_with(".execute-api.eu-west-1.amazonaws.com"), "{name}");
    assert!(said(create(w, "api.shop.test", &certificate)).starts_with("409 ConflictException"));
    w.advance(w.now.plus(std::time::Duration::from_mins(4)));
    let seen = ask(w, "GetDomainName", &json!({ "domainName": "api.shop.test" })).unwrap();
    assert_eq!(seen["domainNameStatus"], "AVAILABLE");
    let mapping = json!({ "domainName": "api.shop.test", "restApiId": "none", "stage": "prod" });
    assert!(said(ask(w, "CreateBasePathMapping", &mapping)).contains("Invalid REST API identifier specified"));
    assert!(
        said(ask(w, "GetBasePathMapping", &json!({ "domainName": "api.shop.test", "basePath": "(none)" })))
            .starts_with("404 NotFoundException")
    );
}
