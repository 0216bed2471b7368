//! CloudFront and S3's own endpoints: behaviours, origins, origin groups and bucket policies.

use std::time::Duration;

use serde_json::Value;

use super::http::{self, Request, Response};
use super::{dns, network};
use crate::domain::drill::{ProbeError, Vantage};
use crate::sandbox::faults;
use crate::sandbox::services::cloudfront::{Distribution, items};
use crate::sandbox::services::{acm, s3};
use crate::sandbox::world::World;

/// How long CloudFront tries to reach an origin before it takes the next one: three times ten seconds.
/// Source: aws-behaviour.md 3, CloudFront origin group.
const UNREACHABLE: Duration = Duration::from_secs(30);

fn refused(status: u16, text: &str) -> Response {
    let page = format!(
        "<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY><H1>{status} ERROR</H1>{text}</BODY></HTML>"
    );
    Response::html(status, page).header("x-cache", "Error from cloudfront")
}

fn denied() -> Response {
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    Response::with("application/xml", 403, body.to_owned())
}

/// Whether a path matches a pattern with `*` and `?`.
fn like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => like(rest, text) || text.split_first().is_some_and(|(_, tail)| like(pattern, tail)),
        (Some((p, rest)), Some((t, tail))) => (p == t || *p == b'?') && like(rest, tail),
        _ => false,
    }
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// Answers a request that arrived at an edge.
pub fn answer(world: &mut World, account: &str, id: &str, request: &Request) -> Response {
    let held = world.accounts.get(account).and_then(|state| state.cloudfront.distributions.get(id));
    let Some(distribution) = held.cloned() else { return Response::failed(ProbeError::Dns) };
    let named = distribution.domain == request.host
        || distribution.aliases().iter().any(|alias| acm::covers(alias, &request.host));
    if !named {
        if request.secure && request.checks_certificate {
            return Response::failed(ProbeError::Tls);
        }
        return refused(403, "Bad request.");
    }
    let config = &distribution.live;
    if config.get("Enabled").and_then(Value::as_bool) != Some(true) {
        return refused(403, "The distribution is disabled.");
    }
    let behaviours = items(config.get("CacheBehaviors"));
    let path = request.path.trim_start_matches('/');
    let behaviour = behaviours
        .iter()
        .find(|behaviour| like(text(behaviour, "PathPattern").trim_start_matches('/').as_bytes(), path.as_bytes()))
        .or_else(|| config.get("DefaultCacheBehavior"));
    let Some(behaviour) = behaviour else { return refused(503, "") };
    if !request.secure {
        match text(behaviour, "ViewerProtocolPolicy") {
            "redirect-to-https" => {
                let to = format!("https://{}{}", request.host, request.path);
                return refused(301, "").header("location", to);
            }
            "https-only" => return refused(403, ""),
            _ => {}
        }
    }
    let target = text(behaviour, "TargetOriginId");
    let thinking = network::thinking(world, "cloudfront.overhead", &request.host);
    let groups = items(config.get("OriginGroups"));
    let Some(group) = groups.iter().find(|group| text(group, "Id") == target) else {
        return fetch(world, &distribution, target, request).after(thinking);
    };
    let members = items(group.get("Members"));
    let mut members = members.iter().map(|member| text(member, "OriginId"));
    let codes = items(group.pointer("/FailoverCriteria/StatusCodes"));
    let first = fetch(world, &distribution, members.next().unwrap_or_default(), request);
    let unwell = match first.status {
        Ok(status) => codes.iter().any(|code| code.as_u64() == Some(status.into())),
        Err(_) => true,
    };
    // Writes never fail over this way.
    let reads_only = world.rule("cloudfront.failover-of-reads-only");
    if !unwell || (reads_only && !["GET", "HEAD", "OPTIONS"].contains(&request.method.as_str())) {
        return first.after(thinking);
    }
    let spent = thinking + first.thinking;
    fetch(world, &distribution, members.next().unwrap_or_default(), request).after(spent)
}

/// Asks one origin.
fn fetch(world: &mut World, distribution: &Distribution, origin_id: &str, request: &Request) -> Response {
    let origins = items(distribution.live.get("Origins"));
    let Some(origin) = origins.iter().find(|origin| text(origin, "Id") == origin_id) else { return refused(503, "") };
    let domain = text(origin, "DomainName");
    let path = match request.path.as_str() {
        "/" | "" => format!("/{}", text(&distribution.live, "DefaultRootObject")),
        path => path.to_owned(),
    };
    let path = format!("{}{path}", text(origin, "OriginPath"));
    if origin.get("S3OriginConfig").is_some_and(|config| !config.is_null()) {
        let mut labels = domain.split(".s3.");
        let (bucket, rest) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
        let region = rest.split('.').next().unwrap_or_default();
        let signed = !text(origin, "OriginAccessControlId").is_empty();
        let service = if signed { "cloudfront.amazonaws.com" } else { "" };
        return object(world, region, bucket, &path, service, &distribution.arn)
            .after(network::round_trip(&request.from, region));
    }
    let vantage = Vantage { name: "cloudfront".to_owned(), nearest: request.from.clone() };
    let Some(endpoint) = dns::resolve(world, domain, &vantage).and_then(|found| found.endpoint) else {
        return refused(502, "CloudFront wasn't able to resolve the origin domain name.");
    };
    let trip = network::round_trip(&request.from, endpoint.region().unwrap_or(&request.from));
    let secure = text(origin.get("CustomOriginConfig").unwrap_or(&Value::Null), "OriginProtocolPolicy") != "http-only";
    let inner = Request {
        secure,
        host: domain.to_owned(),
        port: if secure { 443 } else { 80 },
        path,
        signer: None,
        checks_certificate: true,
        ..request.clone()
    };
    let response = http::send(world, &endpoint, &inner);
    match response.status {
        Ok(_) => response.after(trip * 2),
        Err(ProbeError::Timeout) => refused(504, "CloudFront attempted to establish a connection with the origin, but either the attempt failed or the origin closed the connection.").after(UNREACHABLE),
        Err(_) => refused(502, "CloudFront wasn't able to connect to the origin."),
    }
}

/// An object for a service that asks on behalf of a resource, or for anybody.
fn object(world: &World, region: &str, bucket: &str, path: &str, service: &str, source_arn: &str) -> Response {
    if faults::active(world, faults::REGION_LOSS, region) {
        return refused(504, "The origin did not answer.").after(UNREACHABLE);
    }
    if faults::service_out(world, "s3", region) {
        let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>ServiceUnavailable</Code><Message>Service is unable to handle request.</Message></Error>";
        return Response::with("application/xml", 503, body.to_owned());
    }
    let key = super::probe::unescape(path.trim_start_matches('/'));
    let Some(held) = world.buckets.get(bucket) else {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message><BucketName>{bucket}</BucketName></Error>"
        );
        return Response::with("application/xml", 404, body);
    };
    if held.region != region {
        let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>PermanentRedirect</Code><Message>The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.</Message></Error>";
        return Response::with("application/xml", 301, body.to_owned());
    }
    // Who may not list the bucket is not told that a key is missing.
    if !s3::service_may_read(world, bucket, &key, service, source_arn) {
        return denied();
    }
    let thinking = network::thinking(world, "s3.get", bucket);
    match s3::read_object(world, bucket, &key) {
        Some(object) => {
            let mut response =
                Response::with(&object.content_type, 200, String::from_utf8_lossy(&object.bytes).into_owned());
            response = response.header("etag", object.etag);
            response.after(thinking)
        }
        None => denied().after(thinking),
    }
}

/// S3's own endpoint, asked without a signature.
pub fn bucket(world: &World, region: &str, name: &str, request: &Request) -> Response {
    match request.method.as_str() {
        "GET" | "HEAD" => object(world, region, name, &request.path, "", ""),
        _ => denied(),
    }
}
