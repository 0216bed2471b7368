//! A small bookstore in two Regions, built through the services' operations.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value
)]

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::drill::{ClientClass, Probe, ProbeReply, Signed, Vantage};
use crate::sandbox::Call;
use crate::sandbox::call::AwsError;
use crate::sandbox::dataplane;
use crate::sandbox::dataplane::functions::shipped;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};

pub const R1: &str = "eu-west-1";
pub const R2: &str = "ap-southeast-1";
pub const ME: &str = LEARNER_ACCOUNT;
/// What the function that stands behind every route is called.
pub const BOOKS: &str = "books";

/// The bookstore.
pub struct Shop {
    pub world: World,
    /// The APIs of both Regions.
    pub apis: [String; 2],
    /// The hosted zone.
    pub zone: String,
    /// The health checks of both Regions.
    pub checks: [String; 2],
    /// The Regional names of both custom domain names.
    pub names: [String; 2],
}

pub fn dublin() -> Vantage {
    Vantage { name: "dublin".into(), nearest: R1.into() }
}

pub fn tokyo() -> Vantage {
    Vantage { name: "tokyo".into(), nearest: "ap-northeast-1".into() }
}

/// Runs an operation and expects it to work.
pub fn run(world: &mut World, region: &str, service: &str, operation: &str, input: &Value) -> Value {
    attempt(world, region, service, operation, input).unwrap_or_else(|error| panic!("{service} {operation}: {error}"))
}

pub fn attempt(
    world: &mut World,
    region: &str,
    service: &str,
    operation: &str,
    input: &Value,
) -> Result<Value, AwsError> {
    Call::new(world, ME, region).invoke(service, operation, input)
}

pub fn wait(world: &mut World, seconds: u64) {
    world.advance(world.now.plus(Duration::from_secs(seconds)));
}

pub fn get(world: &mut World, url: &str, vantage: Vantage, class: ClientClass) -> ProbeReply {
    request(world, "GET", url, None, vantage, class)
}

pub fn fresh(world: &mut World, url: &str) -> ProbeReply {
    get(world, url, dublin(), ClientClass::Fresh)
}

pub fn request(
    world: &mut World,
    method: &str,
    url: &str,
    body: Option<Value>,
    vantage: Vantage,
    class: ClientClass,
) -> ProbeReply {
    let probe = Probe {
        signed: Signed::ByLearner,
        method: method.into(),
        url: url.into(),
        body,
        vantage,
        class,
        timeout: Duration::from_secs(2),
    };
    dataplane::probe(world, ME, &probe)
}

fn role(world: &mut World, name: &str, service: &str, actions: &Value) -> String {
    let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }] });
    let made = run(
        world,
        R1,
        "iam",
        "CreateRole",
        &json!({ "RoleName": name, "AssumeRolePolicyDocument": trust.to_string() }),
    );
    let policy = json!({ "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }] });
    run(
        world,
        R1,
        "iam",
        "PutRolePolicy",
        &json!({ "RoleName": name, "PolicyName": "p", "PolicyDocument": policy.to_string() }),
    );
    made["Role"]["Arn"].as_str().unwrap().to_owned()
}

fn table(world: &mut World, region: &str, name: &str, keys: &[&str]) {
    let attributes: Vec<Value> = keys.iter().map(|key| json!({ "AttributeName": key, "AttributeType": "S" })).collect();
    let schema: Vec<Value> = keys
        .iter()
        .zip(["HASH", "RANGE"])
        .map(|(key, kind)| json!({ "AttributeName": key, "KeyType": kind }))
        .collect();
    run(
        world,
        region,
        "dynamodb",
        "CreateTable",
        &json!({
            "TableName": name, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": attributes, "KeySchema": schema,
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        }),
    );
}

/// A function with a route of its own in the API.
pub fn route(world: &mut World, region: &str, api: &str, path: &str, verbs: &[&str], function: &str, auth: &str) {
    let resources = run(world, region, "apigateway", "GetResources", &json!({ "restApiId": api }));
    let mut parent = String::new();
    for part in std::iter::once("").chain(path.split('/').filter(|part| !part.is_empty())) {
        let wanted = if part.is_empty() {
            "/".to_owned()
        } else {
            format!("{}/{part}", at(&resources, &parent).trim_end_matches('/'))
        };
        let known = resources["items"].as_array().unwrap().iter().find(|one| one["path"] == json!(wanted)).cloned();
        let resource = known.unwrap_or_else(|| {
            run(
                world,
                region,
                "apigateway",
                "CreateResource",
                &json!({ "restApiId": api, "parentId": parent, "pathPart": part }),
            )
        });
        parent = resource["id"].as_str().unwrap().to_owned();
    }
    for verb in verbs {
        let place = json!({ "restApiId": api, "resourceId": parent, "httpMethod": verb });
        let with = |extra: Value| {
            let mut input = place.clone();
            input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            input
        };
        run(world, region, "apigateway", "PutMethod", &with(json!({ "authorizationType": auth })));
        let uri = format!(
            "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/arn:aws:lambda:{region}:{ME}:function:{function}/invocations"
        );
        run(
            world,
            region,
            "apigateway",
            "PutIntegration",
            &with(json!({ "type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": uri })),
        );
    }
}

fn at(resources: &Value, id: &str) -> String {
    let found = resources["items"].as_array().unwrap().iter().find(|one| one["id"] == json!(id));
    found.and_then(|one| one["path"].as_str()).unwrap_or_default().to_owned()
}

/// A function, and the permission for the API to invoke it.
pub fn function(world: &mut World, region: &str, api: &str, name: &str, role: &str, pattern: &str) {
    run(
        world,
        region,
        "lambda",
        "CreateFunction",
        &json!({
            "FunctionName": name, "Role": role, "Handler": format!("{name}.handler"), "Runtime": "nodejs22.x",
            "Code": { "ZipFile": shipped::zip_file(&shipped::bookstore()) },
            "Environment": { "Variables": { "BOOKS_TABLE": "Books", "ORDERS_TABLE": "Orders", "CART_TABLE": "Cart", "CACHE_HOST": "none" } },
        }),
    );
    run(
        world,
        region,
        "lambda",
        "AddPermission",
        &json!({
            "FunctionName": name, "StatementId": "api", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
            "SourceArn": format!("arn:aws:execute-api:{region}:{ME}:{api}/*/{pattern}"),
        }),
    );
}

/// Changes one record set, and waits until all name servers have it.
pub fn change(world: &mut World, zone: &str, action: &str, record: &Value) {
    run(
        world,
        "us-east-1",
        "route53",
        "ChangeResourceRecordSets",
        &json!({
            "HostedZoneId": zone, "ChangeBatch": { "Changes": [{ "Action": action, "ResourceRecordSet": record }] },
        }),
    );
    wait(world, 60);
}

fn cname(name: &str, value: &str) -> Value {
    json!({ "Name": name, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{ "Value": value }] })
}

/// The latency record of one Region.
pub fn latency(shop: &Shop, which: usize) -> Value {
    let mut record = cname("api.shop.test", &shop.names[which]);
    record["SetIdentifier"] = json!(["r1", "r2"][which]);
    record["Region"] = json!([R1, R2][which]);
    record["HealthCheckId"] = json!(shop.checks[which]);
    record
}

/// The API of one Region, its custom domain name and its mapping.
fn region(world: &mut World, region: &str, roles: &[String; 2]) -> (String, String) {
    table(world, region, "Books", &["id"]);
    table(world, region, "Orders", &["customerId", "orderId"]);
    table(world, region, "Cart", &["customerId", "bookId"]);
    let made = run(
        world,
        region,
        "apigateway",
        "CreateRestApi",
        &json!({ "name": "shop", "endpointConfiguration": { "types": ["REGIONAL"] } }),
    );
    let api = made["id"].as_str().unwrap().to_owned();
    for (name, role, pattern) in
        [(BOOKS, 0, "GET/books*"), ("status", 0, "GET/*"), ("orders", 1, "*/orders"), ("cart", 1, "*/cart*")]
    {
        function(world, region, &api, name, &roles[role], pattern);
    }
    route(world, region, &api, "/books", &["GET"], BOOKS, "NONE");
    route(world, region, &api, "/books/{id}", &["GET"], BOOKS, "NONE");
    route(world, region, &api, "/truth", &["GET"], "status", "NONE");
    route(world, region, &api, "/health", &["GET"], "status", "NONE");
    route(world, region, &api, "/orders", &["GET", "POST"], "orders", "AWS_IAM");
    route(world, region, &api, "/cart", &["GET", "POST"], "cart", "AWS_IAM");
    run(world, region, "apigateway", "CreateDeployment", &json!({ "restApiId": api, "stageName": "prod" }));
    wait(world, 60);
    for (id, name) in [("b1", "Two"), ("b2", "One")] {
        let item = json!({ "id": { "S": id }, "name": { "S": name }, "price": { "N": "31.5" } });
        run(world, region, "dynamodb", "PutItem", &json!({ "TableName": "Books", "Item": item }));
    }
    let certificate = run(
        world,
        region,
        "acm",
        "RequestCertificate",
        &json!({ "DomainName": "*.shop.test", "ValidationMethod": "DNS" }),
    );
    (api, certificate["CertificateArn"].as_str().unwrap().to_owned())
}

/// The whole bookstore, settled.
pub fn shop() -> Shop {
    let mut world = World::new(7);
    let w = &mut world;
    let roles = [
        role(w, "reads-books", "lambda.amazonaws.com", &json!(["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"])),
        role(w, "orders", "lambda.amazonaws.com", &json!("dynamodb:*")),
    ];
    let zone = run(w, R1, "route53", "CreateHostedZone", &json!({ "Name": "shop.test", "CallerReference": "1" }));
    let zone = zone["HostedZone"]["Id"].as_str().unwrap().to_owned();
    let (first, second) = (region(w, R1, &roles), region(w, R2, &roles));
    let shown = run(w, R1, "acm", "DescribeCertificate", &json!({ "CertificateArn": first.1 }));
    let proof = &shown["Certificate"]["DomainValidationOptions"][0]["ResourceRecord"];
    change(w, &zone, "UPSERT", &cname(proof["Name"].as_str().unwrap(), proof["Value"].as_str().unwrap()));
    wait(w, 1800);
    let mut names = Vec::new();
    for (region, (api, certificate), host) in [(R1, &first, "api-r1.shop.test"), (R2, &second, "api-r2.shop.test")] {
        let domain = run(
            w,
            region,
            "apigateway",
            "CreateDomainName",
            &json!({
                "domainName": "*.shop.test", "regionalCertificateArn": certificate, "endpointConfiguration": { "types": ["REGIONAL"] },
            }),
        );
        run(
            w,
            region,
            "apigateway",
            "CreateBasePathMapping",
            &json!({ "domainName": "*.shop.test", "restApiId": api, "stage": "prod" }),
        );
        let name = domain["regionalDomainName"].as_str().unwrap().to_owned();
        change(w, &zone, "CREATE", &cname(host, &name));
        names.push(name);
    }
    wait(w, 120);
    let checks = ["api-r1.shop.test", "api-r2.shop.test"].map(|host| {
        let config = json!({
            "Type": "HTTPS", "Port": 443, "ResourcePath": "/books", "FullyQualifiedDomainName": host,
            "RequestInterval": 10, "FailureThreshold": 3,
        });
        let made = run(
            w,
            R1,
            "route53",
            "CreateHealthCheck",
            &json!({ "CallerReference": host, "HealthCheckConfig": config }),
        );
        made["HealthCheck"]["Id"].as_str().unwrap().to_owned()
    });
    let names = [names[0].clone(), names[1].clone()];
    let mut shop = Shop { world, apis: [first.0, second.0], zone, checks, names };
    for which in [0, 1] {
        let (record, zone) = (latency(&shop, which), shop.zone.clone());
        change(&mut shop.world, &zone, "CREATE", &record);
    }
    shop
}
