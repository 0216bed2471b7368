//! Takes away each link of the answering chain, and expects what AWS would answer.
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
use crate::domain::drill::{ClientClass, Probe, ProbeError, ProbeReply, Signed};
use crate::sandbox::World;
use crate::sandbox::services::route53::checkers;
use crate::sandbox::services::sts;
use crate::sandbox::{dataplane, faults};

const BOOKS_URL: &str = "https://api-r1.shop.test/books";

fn status(reply: &ProbeReply) -> (u16, Value) {
    (
        reply.status.unwrap_or_else(|why| panic!("no answer: {why:?}")),
        serde_json::from_str(&reply.body).unwrap_or(json!(reply.body)),
    )
}

/// What `api-r1/books` answers after `take` took something away.
fn without(take: impl FnOnce(&mut Shop)) -> (u16, Value) {
    let mut shop = shop();
    assert_eq!(status(&fresh(&mut shop.world, BOOKS_URL)).0, 200);
    take(&mut shop);
    status(&fresh(&mut shop.world, BOOKS_URL))
}

#[test]
fn the_whole_chain_answers_with_the_region_it_chose() {
    let mut shop = shop();
    let reply = fresh(&mut shop.world, "https://api.shop.test/books");
    let (code, body) = status(&reply);
    assert_eq!((code, &body["region"]), (200, &json!(R1)));
    assert_eq!(body["books"].as_array().unwrap().len(), 2);
    assert_eq!(body["books"][0]["name"], "One", "sorted by name");
    assert_eq!(reply.region.as_deref(), Some(R1));
    assert_eq!(reply.resolved.as_deref(), Some(shop.names[0].as_str()));
    let from_far = get(&mut shop.world, "https://api.shop.test/books/b1", tokyo(), ClientClass::Fresh);
    assert_eq!(from_far.region.as_deref(), Some(R2), "Tokyo is nearer to Singapore");
    assert_eq!(status(&from_far).1["book"]["price"], 31.5);
    assert!(from_far.latency > Duration::from_millis(200) && from_far.latency < Duration::from_secs(1));
    let direct = format!("https://{}.execute-api.{R2}.amazonaws.com/prod/truth", shop.apis[1]);
    assert_eq!(fresh(&mut shop.world, &direct).region.as_deref(), Some(R2));
    assert_eq!(status(&fresh(&mut shop.world, "https://api-r1.shop.test/health")).0, 200);
}

#[test]
fn without_a_base_path_mapping() {
    let answer = without(|shop| {
        run(
            &mut shop.world,
            R1,
            "apigateway",
            "DeleteBasePathMapping",
            &json!({ "domainName": "*.shop.test", "basePath": "(none)" }),
        );
    });
    assert_eq!(answer, (403, json!({ "message": "Forbidden" })));
}

#[test]
fn without_a_stage() {
    let answer = without(|shop| {
        let input = json!({ "restApiId": shop.apis[0], "stageName": "prod" });
        run(&mut shop.world, R1, "apigateway", "DeleteStage", &input);
    });
    assert_eq!(answer, (403, json!({ "message": "Forbidden" })));
}

#[test]
fn a_deployment_is_a_photograph_and_without_the_method_in_it_there_is_no_route() {
    let mut shop = shop();
    let api = shop.apis[0].clone();
    let resources = run(&mut shop.world, R1, "apigateway", "GetResources", &json!({ "restApiId": api }));
    let books = resources["items"].as_array().unwrap().iter().find(|one| one["path"] == "/books").unwrap();
    let method = json!({ "restApiId": api, "resourceId": books["id"], "httpMethod": "GET" });
    run(&mut shop.world, R1, "apigateway", "DeleteMethod", &method);
    assert_eq!(status(&fresh(&mut shop.world, BOOKS_URL)).0, 200, "what is deployed answers on");
    run(&mut shop.world, R1, "apigateway", "CreateDeployment", &json!({ "restApiId": api, "stageName": "prod" }));
    let answer = status(&fresh(&mut shop.world, BOOKS_URL));
    assert_eq!(answer, (403, json!({ "message": "Missing Authentication Token" })));
}

#[test]
fn without_the_lambda_permission() {
    let answer = without(|shop| {
        run(&mut shop.world, R1, "lambda", "RemovePermission", &json!({ "FunctionName": BOOKS, "StatementId": "api" }));
    });
    assert_eq!(answer, (500, json!({ "message": "Internal server error" })));
    let answer = without(|shop| {
        shop.world.rules_off.insert("lambda.permission".into());
        run(&mut shop.world, R1, "lambda", "RemovePermission", &json!({ "FunctionName": BOOKS, "StatementId": "api" }));
    });
    assert_eq!(answer.0, 200, "it is the permission that counts");
}

#[test]
fn an_api_adds_headers_to_the_gateways_own_answers_and_to_no_other() {
    let mut shop = shop();
    let api = shop.apis[0].clone();
    let allowed = |world: &mut World, url: &str| {
        let reply = fresh(world, url);
        let header = reply.headers.iter().find(|(name, _)| name == "access-control-allow-origin");
        (reply.status.unwrap(), header.map(|(_, value)| value.clone()))
    };
    let put = |world: &mut World, kind: &str, origin: &str| {
        let input = json!({ "restApiId": api, "responseType": kind,
            "responseParameters": { "gatewayresponse.header.Access-Control-Allow-Origin": origin } });
        attempt(world, R1, "apigateway", "PutGatewayResponse", &input)
    };
    let never = "https://api-r1.shop.test/never";
    let own = allowed(&mut shop.world, BOOKS_URL);
    put(&mut shop.world, "DEFAULT_4XX", "'*'").unwrap();
    put(&mut shop.world, "DEFAULT_5XX", "'https://shop.test'").unwrap();
    assert_eq!(allowed(&mut shop.world, never), (403, None), "it is not deployed yet");
    run(&mut shop.world, R1, "apigateway", "CreateDeployment", &json!({ "restApiId": api, "stageName": "prod" }));
    assert_eq!(allowed(&mut shop.world, never), (403, Some("*".into())));
    assert_eq!(allowed(&mut shop.world, BOOKS_URL), own, "the function's own answer stays as it is");
    run(&mut shop.world, R1, "iam", "DeleteRolePolicy", &json!({ "RoleName": "reads-books", "PolicyName": "p" }));
    assert_eq!(allowed(&mut shop.world, BOOKS_URL), (502, Some("https://shop.test".into())), "the function throws");
    let remove = json!({ "FunctionName": BOOKS, "StatementId": "api" });
    run(&mut shop.world, R1, "lambda", "RemovePermission", &remove);
    assert_eq!(allowed(&mut shop.world, BOOKS_URL), (500, Some("https://shop.test".into())));
    let mapping = json!({ "domainName": "*.shop.test", "basePath": "(none)" });
    run(&mut shop.world, R1, "apigateway", "DeleteBasePathMapping", &mapping);
    assert_eq!(allowed(&mut shop.world, never), (403, None), "no API is asked, so none adds anything");

    put(&mut shop.world, "MISSING_AUTHENTICATION_TOKEN", "'own'").unwrap();
    let one = json!({ "restApiId": api, "responseType": "MISSING_AUTHENTICATION_TOKEN" });
    assert_eq!(run(&mut shop.world, R1, "apigateway", "GetGatewayResponse", &one)["statusCode"], "403");
    let shown = run(&mut shop.world, R1, "apigateway", "GetGatewayResponses", &json!({ "restApiId": api }));
    let set = shown["items"].as_array().unwrap().iter().filter(|one| one["defaultResponse"] == false).count();
    assert_eq!((shown["items"].as_array().unwrap().len(), set), (21, 3));
    run(&mut shop.world, R1, "apigateway", "DeleteGatewayResponse", &one);
    let code = |result: Result<Value, crate::sandbox::call::AwsError>| result.unwrap_err().code;
    assert_eq!(code(attempt(&mut shop.world, R1, "apigateway", "DeleteGatewayResponse", &one)), "NotFoundException");
    assert_eq!(code(put(&mut shop.world, "DEFAULT_3XX", "'*'")), "BadRequestException");
    assert_eq!(code(put(&mut shop.world, "DEFAULT_4XX", "*")), "BadRequestException");
}

#[test]
fn without_the_function() {
    let answer = without(|shop| {
        run(&mut shop.world, R1, "lambda", "DeleteFunction", &json!({ "FunctionName": BOOKS }));
    });
    assert_eq!(answer, (500, json!({ "message": "Internal server error" })));
}

#[test]
fn without_the_role_s_policy_or_the_table_the_function_throws() {
    let denied = without(|shop| {
        run(&mut shop.world, R1, "iam", "DeleteRolePolicy", &json!({ "RoleName": "reads-books", "PolicyName": "p" }));
    });
    assert_eq!(denied, (502, json!({ "message": "Internal server error" })));
    let gone = without(|shop| {
        run(&mut shop.world, R1, "dynamodb", "DeleteTable", &json!({ "TableName": "Books" }));
        wait(&mut shop.world, 120);
    });
    assert_eq!(gone, (502, json!({ "message": "Internal server error" })));
}

#[test]
fn without_the_table_the_health_route_says_so() {
    let mut shop = shop();
    run(&mut shop.world, R1, "dynamodb", "DeleteTable", &json!({ "TableName": "Books" }));
    wait(&mut shop.world, 120);
    let (code, body) = status(&fresh(&mut shop.world, "https://api-r1.shop.test/health"));
    assert_eq!((code, &body["ok"]), (503, &json!(false)));
    assert_eq!(status(&fresh(&mut shop.world, "https://api-r1.shop.test/truth")).0, 200, "truth reads nothing");
}

#[test]
fn without_the_record_the_name_or_the_certificate() {
    let mut shop = shop();
    let (zone, name) = (shop.zone.clone(), shop.names[0].clone());
    let record =
        json!({ "Name": "api-r1.shop.test", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{ "Value": name }] });
    change(&mut shop.world, &zone, "DELETE", &record);
    assert_eq!(fresh(&mut shop.world, BOOKS_URL).status, Err(ProbeError::Dns));
    let elsewhere =
        json!({ "Name": "api-r1.other.test", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{ "Value": name }] });
    run(&mut shop.world, R1, "route53", "CreateHostedZone", &json!({ "Name": "other.test", "CallerReference": "2" }));
    let other = run(&mut shop.world, R1, "route53", "ListHostedZonesByName", &json!({ "DNSName": "other.test" }));
    let other = other["HostedZones"][0]["Id"].as_str().unwrap().to_owned();
    change(&mut shop.world, &other, "CREATE", &elsewhere);
    assert_eq!(fresh(&mut shop.world, "https://api-r1.other.test/books").status, Err(ProbeError::Tls));
    assert_eq!(fresh(&mut shop.world, "http://api-r2.shop.test/books").status, Err(ProbeError::Refused));
    run(&mut shop.world, R2, "apigateway", "DeleteDomainName", &json!({ "domainName": "*.shop.test" }));
    assert_eq!(
        fresh(&mut shop.world, "https://api-r2.shop.test/books").status,
        Err(ProbeError::Dns),
        "its d- name is gone"
    );
}

#[test]
fn without_the_region_nothing_answers() {
    let mut shop = shop();
    faults::start(&mut shop.world, faults::REGION_LOSS, R1, Value::Null, Duration::from_hours(1)).unwrap();
    let reply = fresh(&mut shop.world, BOOKS_URL);
    assert_eq!((reply.status, reply.latency), (Err(ProbeError::Timeout), Duration::from_secs(2)));
    wait(&mut shop.world, 60);
    assert_eq!(fresh(&mut shop.world, "https://api.shop.test/books").region.as_deref(), Some(R2));
}

#[test]
fn a_broken_region_leaves_the_answer_and_comes_back() {
    let mut shop = shop();
    wait(&mut shop.world, 120);
    let mapping = json!({ "domainName": "*.shop.test", "basePath": "(none)" });
    run(&mut shop.world, R1, "apigateway", "DeleteBasePathMapping", &mapping);
    assert_eq!(status(&fresh(&mut shop.world, "https://api.shop.test/books")).0, 403);
    wait(&mut shop.world, 35);
    assert!(!checkers::healthy(&shop.world, ME, &shop.checks[0]));
    let reply = fresh(&mut shop.world, "https://api.shop.test/books");
    assert_eq!((reply.status, reply.region.as_deref()), (Ok(200), Some(R2)));
    let again = json!({ "domainName": "*.shop.test", "restApiId": shop.apis[0], "stage": "prod" });
    run(&mut shop.world, R1, "apigateway", "CreateBasePathMapping", &again);
    wait(&mut shop.world, 35);
    assert_eq!(fresh(&mut shop.world, "https://api.shop.test/books").region.as_deref(), Some(R1));
}

#[test]
fn without_the_health_check_on_the_record_the_broken_region_is_answered_on() {
    let mut shop = shop();
    let mut record = latency(&shop, 0);
    record.as_object_mut().unwrap().shift_remove("HealthCheckId");
    let zone = shop.zone.clone();
    change(&mut shop.world, &zone, "UPSERT", &record);
    run(&mut shop.world, R1, "apigateway", "DeleteBasePathMapping", &json!({ "domainName": "*.shop.test" }));
    wait(&mut shop.world, 300);
    assert!(!checkers::healthy(&shop.world, ME, &shop.checks[0]));
    assert_eq!(status(&fresh(&mut shop.world, "https://api.shop.test/books")).0, 403);
}

#[test]
fn when_both_regions_are_broken_both_count_as_healthy() {
    let broken = |rule_off: bool| {
        let mut shop = shop();
        if rule_off {
            shop.world.rules_off.insert("route53.fail-open".into());
        }
        for region in [R1, R2] {
            run(
                &mut shop.world,
                region,
                "apigateway",
                "DeleteBasePathMapping",
                &json!({ "domainName": "*.shop.test" }),
            );
        }
        wait(&mut shop.world, 60);
        assert!(shop.checks.iter().all(|id| !checkers::healthy(&shop.world, ME, id)));
        fresh(&mut shop.world, "https://api.shop.test/books").status
    };
    assert_eq!(broken(false), Ok(403), "fail open: the nearest one is answered");
    assert_eq!(broken(true), Err(ProbeError::Dns), "without the rule nothing would be answered");
}

#[test]
fn carts_and_orders_are_signed_for_the_one_who_asks() {
    let mut shop = shop();
    let url = |path: &str| format!("https://api-r1.shop.test/{path}");
    let post = |world: &mut _, path: &str, body: Value| {
        request(world, "POST", &url(path), Some(body), dublin(), ClientClass::Fresh)
    };
    assert_eq!(post(&mut shop.world, "cart", json!({ "bookId": "b1", "quantity": 0 })).status, Ok(400));
    assert_eq!(post(&mut shop.world, "orders", json!({})).status, Ok(409), "the cart is empty");
    assert_eq!(post(&mut shop.world, "cart", json!({ "bookId": "b1", "quantity": 2 })).status, Ok(201));
    let cart = status(&fresh(&mut shop.world, &url("cart"))).1;
    assert_eq!(cart["items"][0]["quantity"], 2);
    assert_eq!(cart["items"][0]["customerId"], format!("arn:aws:iam::{ME}:user/learner"));
    let (code, order) = status(&post(&mut shop.world, "orders", json!({})));
    assert_eq!((code, &order["order"]["books"][0]["price"]), (201, &json!(31.5)), "{order}");
    assert_eq!(status(&fresh(&mut shop.world, &url("cart"))).1["items"], json!([]));
    assert_eq!(status(&fresh(&mut shop.world, &url("orders"))).1["orders"].as_array().unwrap().len(), 1);
}

#[test]
fn a_signature_must_fit_the_region_and_its_role_the_method() {
    let mut shop = shop();
    let principal = format!("arn:aws:sts::{ME}:assumed-role/shopper/CognitoIdentityCredentials");
    let trust = json!({ "Statement": [] });
    let role = json!({ "RoleName": "shopper", "AssumeRolePolicyDocument": trust.to_string() });
    run(&mut shop.world, R1, "iam", "CreateRole", &role);
    let policy = json!({ "Statement": [{ "Effect": "Allow", "Action": "execute-api:Invoke",
        "Resource": format!("arn:aws:execute-api:*:{ME}:*/prod/*/cart*") }] });
    let put = json!({ "RoleName": "shopper", "PolicyName": "p", "PolicyDocument": policy.to_string() });
    run(&mut shop.world, R1, "iam", "PutRolePolicy", &put);
    let given = sts::issue_to(&mut shop.world, ME, &principal, 3600, "eu-west-1:ann");
    let key = given["AccessKeyId"].as_str().unwrap().to_owned();
    let ask = |shop: &mut Shop, path: &str, region: Option<&str>| {
        let header = region.map(|region| {
            format!("AWS4-HMAC-SHA256 Credential={key}/20260105/{region}/execute-api/aws4_request, SignedHeaders=host, Signature=0")
        });
        let url = format!("https://api-r1.shop.test/{path}");
        let (class, timeout) = (ClientClass::Fresh, Duration::from_secs(2));
        let probe = Probe {
            method: "GET".into(),
            url,
            body: None,
            vantage: dublin(),
            class,
            timeout,
            signed: Signed::AsSent(header),
        };
        status(&dataplane::probe(&mut shop.world, ME, &probe))
    };
    let post = |shop: &mut Shop, quantity: u32| {
        let header = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260105/{R1}/execute-api/aws4_request, SignedHeaders=host, Signature=0"
        );
        let url = "https://api-r1.shop.test/cart".to_owned();
        let body = Some(json!({ "bookId": "b1", "quantity": quantity }));
        let (class, timeout) = (ClientClass::Fresh, Duration::from_secs(2));
        let signed = Signed::AsSent(Some(header));
        let probe = Probe { method: "POST".into(), url, body, vantage: dublin(), class, timeout, signed };
        dataplane::probe(&mut shop.world, ME, &probe).status
    };
    assert_eq!(post(&mut shop, 2), Ok(201));
    let (code, cart) = ask(&mut shop, "cart", Some(R1));
    assert_eq!((code, &cart["items"][0]["customerId"]), (200, &json!("eu-west-1:ann")), "{cart}");
    assert_eq!(ask(&mut shop, "cart", None), (403, json!({ "message": "Missing Authentication Token" })));
    let (code, wrong) = ask(&mut shop, "cart", Some(R2));
    assert_eq!((code, &wrong["message"]), (403, &json!("Credential should be scoped to a valid region. ")));
    let (code, denied) = ask(&mut shop, "orders", Some(R1));
    let resource = format!("arn:aws:execute-api:{R1}:********3333:{}/prod/GET/orders", shop.apis[0]);
    let expected =
        format!("User: {principal} is not authorized to perform: execute-api:Invoke on resource: {resource}");
    assert_eq!((code, &denied["Message"]), (403, &json!(expected)));
    assert_eq!(ask(&mut shop, "books", None).0, 200, "what is open stays open");
    wait(&mut shop.world, 3700);
    assert_eq!(ask(&mut shop, "cart", Some(R1)).1["message"], "The security token included in the request is expired");
}

#[test]
fn a_mapping_needs_its_stage_and_an_api_its_mappings_gone() {
    let mut shop = shop();
    let error =
        attempt(&mut shop.world, R1, "apigateway", "DeleteRestApi", &json!({ "restApiId": shop.apis[0] })).unwrap_err();
    assert!(
        error
            .message
            .contains("Please remove all base path mappings related to the RestApi in your domains: *.shop.test"),
        "{error}"
    );
    let none = json!({ "domainName": "*.shop.test", "basePath": "v1", "restApiId": shop.apis[0], "stage": "test" });
    assert_eq!(
        attempt(&mut shop.world, R1, "apigateway", "CreateBasePathMapping", &none).unwrap_err().code,
        "BadRequestException"
    );
    let twice = json!({ "domainName": "*.shop.test", "restApiId": shop.apis[0], "stage": "prod" });
    assert_eq!(
        attempt(&mut shop.world, R1, "apigateway", "CreateBasePathMapping", &twice).unwrap_err().code,
        "ConflictException"
    );
    let certificates =
        run(&mut shop.world, R1, "acm", "ListCertificates", &json!({ "CertificateStatuses": ["ISSUED"] }));
    let arn = &certificates["CertificateSummaryList"][0]["CertificateArn"];
    let used = attempt(&mut shop.world, R1, "acm", "DeleteCertificate", &json!({ "CertificateArn": arn })).unwrap_err();
    assert_eq!(used.code, "ResourceInUseException");
}

#[test]
fn a_world_with_all_of_it_survives_a_snapshot_and_goes_on_as_before() {
    let mut shop = shop();
    get(&mut shop.world, BOOKS_URL, dublin(), ClientClass::Sticky);
    let text = serde_json::to_string(&shop.world).unwrap();
    let mut restored: crate::sandbox::World = serde_json::from_str(&text).unwrap();
    assert!(restored == shop.world);
    for world in [&mut restored, &mut shop.world] {
        run(world, R1, "apigateway", "DeleteBasePathMapping", &json!({ "domainName": "*.shop.test" }));
        wait(world, 100);
    }
    assert_eq!(restored.log, shop.world.log);
}
