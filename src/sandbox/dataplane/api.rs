//! API Gateway's data plane: host → API and stage → deployment → method → permission → function.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::http::{Request, Response};
use super::{answers, functions, network};
use crate::domain::drill::ProbeError;
use crate::sandbox::faults;
use crate::sandbox::services::apigateway::apis::{Methods, RestApi};
use crate::sandbox::services::apigateway::domains::NO_PATH;
use crate::sandbox::services::apigateway::responses::{Responses, dressed};
use crate::sandbox::services::lambda::permissions;
use crate::sandbox::services::{acm, iam};
use crate::sandbox::world::World;

/// How long API Gateway waits for a function. Source: API Gateway Developer Guide, *Quotas for REST APIs*: 29 seconds.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// An answer that API Gateway makes itself, before the API adds what it wants on such answers.
struct Refusal {
    /// The type of gateway response. Source: API Gateway Developer Guide, "Gateway response types for API Gateway".
    kind: &'static str,
    status: u16,
    error: &'static str,
    body: Value,
}

impl Refusal {
    const fn new(kind: &'static str, status: u16, error: &'static str, body: Value) -> Self {
        Self { kind, status, error, body }
    }

    /// As it is sent by an API with these gateway responses.
    fn response(self, responses: &Responses) -> Response {
        let (status, headers) = dressed(responses, self.kind, self.status);
        let plain = Response::json(status, &self.body).header("x-amzn-errortype", self.error);
        headers.into_iter().fold(plain, |response, (name, value)| response.header(&name, value))
    }
}

/// No API stands behind the name, or it has no such stage: there is nobody to add anything.
fn forbidden() -> Response {
    let body = json!({ "message": "Forbidden" });
    Refusal::new("", 403, "ForbiddenException", body).response(&Responses::new())
}

/// Nothing is deployed at that path, or the request is not signed; API Gateway says the same to both.
fn no_token() -> Refusal {
    let body = json!({ "message": "Missing Authentication Token" });
    Refusal::new("MISSING_AUTHENTICATION_TOKEN", 403, "MissingAuthenticationTokenException", body)
}

fn broken(kind: &'static str, status: u16) -> Refusal {
    Refusal::new(kind, status, "InternalServerErrorException", json!({ "message": "Internal server error" }))
}

/// What a host name and a path lead to.
struct Target {
    account: String,
    api: String,
    stage: String,
    path: String,
}

/// Takes the first segment off a path.
fn first_segment(path: &str) -> (String, String) {
    let path = path.trim_start_matches('/');
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    (first.to_owned(), format!("/{rest}"))
}

/// Answers a request that arrived at a Region's API Gateway.
pub fn answer(world: &mut World, region: &str, request: &Request) -> Response {
    // API Gateway serves HTTPS only.
    if !request.secure || request.port != 443 {
        return Response::failed(ProbeError::Refused);
    }
    let thinking = network::thinking(world, "apigateway.overhead", &request.host);
    let (key, settings) = (answers::key(region, request), world.settings);
    if let Some(response) = key.as_deref().and_then(|key| answers::again(world, key, INTEGRATION_TIMEOUT)) {
        return response.after(thinking);
    }
    let own = format!(".execute-api.{region}.amazonaws.com");
    let target = match request.host.strip_suffix(&own) {
        Some(label) => by_default_host(world, region, label, &request.path),
        None => match by_domain(world, region, request) {
            Ok(target) => target,
            Err(why) => return Response::failed(why),
        },
    };
    let Some(target) = target else { return forbidden().after(thinking) };
    let Some((response, invocation)) = at_stage(world, region, &target, request) else {
        return forbidden().after(thinking);
    };
    if let (Some(key), Some(invocation)) = (key, invocation) {
        answers::keep(key, settings, invocation, &response);
    }
    response.after(thinking)
}

fn by_default_host(world: &World, region: &str, label: &str, path: &str) -> Option<Target> {
    let account = world.accounts.iter().find(|(_, account)| {
        let api = account.regions.get(region).and_then(|region| region.apigateway.apis.get(label));
        api.is_some_and(|api| api.default_endpoint)
    });
    let (stage, path) = first_segment(path);
    Some(Target { account: account?.0.clone(), api: label.to_owned(), stage, path })
}

/// The API behind a custom domain name. Whose certificate does not fit gets no further.
fn by_domain(world: &World, region: &str, request: &Request) -> Result<Option<Target>, ProbeError> {
    let mut best = None;
    for (account, state) in &world.accounts {
        let Some(region) = state.regions.get(region) else { continue };
        let fits = region
            .apigateway
            .domains
            .values()
            .filter(|domain| domain.status == "AVAILABLE" && acm::covers(&domain.name, &request.host));
        for domain in fits {
            // The exact name wins over a wildcard.
            if best.is_none() || domain.name == request.host {
                best = Some((account, domain));
            }
        }
    }
    let Some((account, domain)) = best else {
        return if request.checks_certificate { Err(ProbeError::Tls) } else { Ok(None) };
    };
    let (first, rest) = first_segment(&request.path);
    let (mapping, path) = match domain.mappings.get(&first) {
        Some(mapping) => (Some(mapping), rest),
        None => (domain.mappings.get(NO_PATH), request.path.clone()),
    };
    Ok(mapping.map(|mapping| {
        let (stage, path) = if mapping.stage.is_empty() { first_segment(&path) } else { (mapping.stage.clone(), path) };
        Target { account: account.clone(), api: mapping.api.clone(), stage, path }
    }))
}

/// The method for a path, as it was deployed: exact segments before `{parameters}` before `{greedy+}`.
fn route(
    world: &World,
    api: &RestApi,
    stage: &str,
    path: &str,
    verb: &str,
) -> Option<(String, Arc<Value>, BTreeMap<String, String>)> {
    let deployment = api.deployments.get(&api.stages.get(stage)?.deployment)?;
    let deployed: Vec<(&String, &Methods)> = if world.rule("apigateway.deployed-methods") {
        deployment.snapshot.iter().collect()
    } else {
        api.resources.values().map(|resource| (&resource.path, &resource.methods)).collect()
    };
    let asked: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut best: Option<(usize, &String, &Methods, BTreeMap<String, String>)> = None;
    for (pattern, methods) in deployed {
        let Some((exact, parameters)) = matches(pattern, &asked) else { continue };
        if best.as_ref().is_none_or(|(known, ..)| exact > *known) {
            best = Some((exact, pattern, methods, parameters));
        }
    }
    let (_, pattern, methods, parameters) = best?;
    let method = methods.get(verb).or_else(|| methods.get("ANY"))?;
    Some((pattern.clone(), Arc::clone(method), parameters))
}

/// How many segments match exactly, and what the parameters are.
fn matches(pattern: &str, asked: &[&str]) -> Option<(usize, BTreeMap<String, String>)> {
    let wanted: Vec<&str> = pattern.split('/').filter(|segment| !segment.is_empty()).collect();
    let (mut exact, mut parameters) = (1, BTreeMap::new());
    for (at, segment) in wanted.iter().enumerate() {
        if let Some(name) = segment.strip_prefix('{').and_then(|name| name.strip_suffix("+}")) {
            let rest = asked.get(at..).filter(|rest| !rest.is_empty())?;
            parameters.insert(name.to_owned(), rest.join("/"));
            return Some((0, parameters));
        }
        let value = asked.get(at)?;
        if let Some(name) = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            parameters.insert(name.to_owned(), super::probe::unescape(value));
        } else if segment == value {
            exact += 1;
        } else {
            return None;
        }
    }
    (wanted.len() == asked.len()).then_some((exact, parameters))
}

/// What an endpoint answers, and what is remembered of the invocation that it comes from; or what API Gateway says
/// instead, and after how long.
type Answered = Result<(Response, Option<functions::Remembered>), (Refusal, Duration)>;

/// Without thinking about it.
fn at_once(refusal: Refusal) -> (Refusal, Duration) {
    (refusal, Duration::ZERO)
}

/// Answers within a stage, refusals with what the deployed API adds to them. `None` when there is no such stage.
fn at_stage(
    world: &mut World,
    region: &str,
    target: &Target,
    request: &Request,
) -> Option<(Response, Option<functions::Remembered>)> {
    let api = world.accounts.get(&target.account)?.regions.get(region)?.apigateway.apis.get(&target.api)?;
    let deployment = &api.stages.get(&target.stage)?.deployment;
    let responses = api.deployments.get(deployment).map(|deployment| deployment.responses.clone()).unwrap_or_default();
    let routed = route(world, api, &target.stage, &target.path, &request.method);
    let answered = match routed {
        Some((resource, method, parameters)) => {
            by_method(world, region, target, request, &resource, &method, parameters)
        }
        None => Err(at_once(no_token())),
    };
    Some(answered.unwrap_or_else(|(refusal, after)| (refusal.response(&responses).after(after), None)))
}

/// Answers by a method: who may, and what stands behind it.
fn by_method(
    world: &mut World,
    region: &str,
    target: &Target,
    request: &Request,
    resource: &str,
    method: &Value,
    parameters: BTreeMap<String, String>,
) -> Answered {
    let signed = method.get("authorizationType").and_then(Value::as_str) == Some("AWS_IAM");
    if signed && world.rule("apigateway.signed-requests") {
        admit(world, region, target, request).map_err(at_once)?;
    }
    let integration = method.get("methodIntegration").unwrap_or(&Value::Null);
    if integration.get("type").and_then(Value::as_str) == Some("MOCK") {
        return mock(integration).map(|response| (response, None)).map_err(at_once);
    }
    proxy(world, region, target, request, resource, parameters, integration)
}

/// Whether who signed a request may call the API. Source: API Gateway Developer Guide, "Control access to a REST API with
/// IAM permissions"; the words are API Gateway's.
fn admit(world: &mut World, region: &str, target: &Target, request: &Request) -> Result<(), Refusal> {
    let Some(signer) = &request.signer else { return Err(no_token()) };
    if signer.region.as_deref().is_some_and(|signed| signed != region) {
        let body = json!({ "message": "Credential should be scoped to a valid region. " });
        return Err(Refusal::new("INVALID_SIGNATURE", 403, "InvalidSignatureException", body));
    }
    if signer.expired {
        let body = json!({ "message": "The security token included in the request is expired" });
        return Err(Refusal::new("EXPIRED_TOKEN", 403, "ExpiredTokenException", body));
    }
    let who = &signer.principal;
    let denied = |why: String| Refusal::new("ACCESS_DENIED", 403, "AccessDeniedException", json!({ "Message": why }));
    if who.split(':').nth(4) != Some(target.account.as_str()) {
        return Err(denied(format!("User: {who} is not authorized to access this resource")));
    }
    let called = |account: &str| {
        format!(
            "arn:aws:execute-api:{region}:{account}:{}/{}/{}{}",
            target.api, target.stage, request.method, target.path
        )
    };
    if iam::may_invoke(world, region, who, &called(&target.account)) {
        return Ok(());
    }
    let last = target.account.get(8..).unwrap_or_default();
    let resource = called(&format!("********{last}"));
    Err(denied(format!("User: {who} is not authorized to perform: execute-api:Invoke on resource: {resource}")))
}

/// The answer of a MOCK integration: its first response with the headers that are set to fixed text.
fn mock(integration: &Value) -> Result<Response, Refusal> {
    let responses = integration.get("integrationResponses").and_then(Value::as_object);
    let Some((status, response)) = responses.and_then(|responses| responses.iter().next()) else {
        return Err(broken("API_CONFIGURATION_ERROR", 500));
    };
    let mut answer = Response::with("application/json", status.parse().unwrap_or(200), String::new());
    let parameters = response.get("responseParameters").and_then(Value::as_object);
    for (name, value) in parameters.into_iter().flatten() {
        if let (Some(name), Some(value)) = (name.strip_prefix("method.response.header."), value.as_str()) {
            answer = answer.header(&name.to_ascii_lowercase(), value.trim_matches('\''));
        }
    }
    Ok(answer)
}

/// Invokes the function of an AWS_PROXY integration and gives its answer.
fn proxy(
    world: &mut World,
    region: &str,
    target: &Target,
    request: &Request,
    resource: &str,
    parameters: BTreeMap<String, String>,
    integration: &Value,
) -> Answered {
    let uri = integration.get("uri").and_then(Value::as_str).unwrap_or_default();
    let arn = uri.split_once("/functions/").and_then(|(_, rest)| rest.strip_suffix("/invocations")).unwrap_or_default();
    let fields: Vec<&str> = arn.split(':').collect();
    let misconfigured = || at_once(broken("API_CONFIGURATION_ERROR", 500));
    let [_, _, _, at, owner, _, name, ..] = fields.as_slice() else { return Err(misconfigured()) };
    let held = world.accounts.get(*owner).and_then(|account| account.regions.get(*at)?.lambda.functions.get(*name));
    // A parameter of the path stands as * in the ARN that a permission is compared with.
    let wild: Vec<&str> = resource.split('/').map(|part| if part.starts_with('{') { "*" } else { part }).collect();
    let source = format!(
        "arn:aws:execute-api:{region}:{}:{}/{}/{}{}",
        target.account,
        target.api,
        target.stage,
        request.method,
        wild.join("/")
    );
    let may = held.is_some_and(|function| {
        function.state == "Active"
            && (permissions::permits(function, "apigateway.amazonaws.com", &source) || !world.rule("lambda.permission"))
    });
    if !may || faults::service_out(world, "lambda", at) {
        return Err(misconfigured());
    }
    // Only a request that may change something draws a number; reads shift nothing.
    let request_id = match request.method.as_str() {
        "GET" | "HEAD" | "OPTIONS" => "00000000-0000-4000-8000-000000000000".to_owned(),
        _ => crate::sandbox::Call::new(world, owner, at).uuid(),
    };
    let object = |pairs: &[(String, String)]| -> Value {
        if pairs.is_empty() {
            Value::Null
        } else {
            pairs.iter().map(|(k, v)| (k.clone(), json!(v))).collect::<serde_json::Map<_, _>>().into()
        }
    };
    let parameters: Vec<(String, String)> = parameters.into_iter().collect();
    let event = json!({
        "resource": resource,
        "path": target.path,
        "httpMethod": request.method,
        "queryStringParameters": object(&request.query),
        "pathParameters": object(&parameters),
        "requestContext": {
            "requestId": request_id,
            "stage": target.stage,
            "apiId": target.api,
            "domainName": request.host,
            "path": request.path,
            "identity": {
                "userArn": request.signer.as_ref().map(|signer| &signer.principal),
                "cognitoIdentityId": request.signer.as_ref().and_then(|signer| signer.identity.as_ref()),
            },
        },
        "body": request.body,
        "isBase64Encoded": false,
    });
    let Ok((done, invocation)) = functions::perform(world, owner, at, name, &event) else {
        return Err(misconfigured());
    };
    if done.took >= INTEGRATION_TIMEOUT {
        let body = json!({ "message": "Endpoint request timed out" });
        let refusal = Refusal::new("INTEGRATION_TIMEOUT", 504, "InternalServerErrorException", body);
        return Err((refusal, INTEGRATION_TIMEOUT));
    }
    // When the function threw, or made no answer, API Gateway tells clients nothing about it.
    let response = done.answer.ok().and_then(|answer| from_function(&answer));
    match response {
        Some(response) => Ok((response.after(done.took), invocation)),
        None => Err((broken("INTEGRATION_FAILURE", 502), done.took)),
    }
}

/// A proxy function's answer as an HTTP response; nothing when its shape is none of a proxy response.
fn from_function(answer: &Value) -> Option<Response> {
    let status = answer.get("statusCode").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let mut response = Response {
        status: Ok(status?),
        headers: Vec::new(),
        body: answer.get("body").and_then(Value::as_str).unwrap_or_default().to_owned(),
        thinking: Duration::ZERO,
        region: None,
    };
    for (name, value) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        if name == functions::REGION_HEADER {
            response.region = Some(value.to_owned());
        }
        response = response.header(name, value);
    }
    Some(response)
}
