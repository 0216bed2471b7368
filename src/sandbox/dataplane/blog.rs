//! A load balancer's data plane, and a stand-in for the WordPress container behind it.
//!
//! The stand-in knows WordPress's start page and its REST route for comments, and keeps comments as rows of the
//! database that the container's `WORDPRESS_DB_HOST` names. Unlike WordPress it lets anybody comment, and its pages
//! name the Region that they were made in.

use std::time::Duration;

use serde_json::{Value, json};

use super::database::{self, Refusal};
use super::http::{Request, Response};
use super::network;
use crate::domain::drill::ProbeError;
use crate::sandbox::chance;
use crate::sandbox::faults;
use crate::sandbox::services::ecs::tasks::Task;
use crate::sandbox::world::{RegionState, World};

fn regional<'w>(world: &'w World, account: &str, region: &str) -> Option<&'w RegionState> {
    world.accounts.get(account)?.regions.get(region)
}

/// An error page as load balancers write it.
fn page(status: u16, reason: &str) -> Response {
    let title = format!("{status} {reason}");
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    Response::with("text/html", status, body).header("server", "awselb/2.0")
}

/// Answers a request that arrived at a load balancer.
pub fn balance(world: &mut World, account: &str, region: &str, arn: &str, request: &Request) -> Response {
    let Some(state) = regional(world, account, region) else { return Response::failed(ProbeError::Dns) };
    let listener =
        state.elbv2.listeners.values().find(|one| one.balancer == arn && one.port == u64::from(request.port));
    // Security groups drop what no listener is for.
    let Some(listener) = listener.filter(|one| (one.protocol == "HTTPS") == request.secure) else {
        return Response::failed(ProbeError::Timeout);
    };
    let fits = |arn: &String| state.acm.certificates.get(arn).is_some_and(|c| c.covers(&request.host));
    if request.secure && request.checks_certificate && !listener.certificates.iter().any(fits) {
        return Response::failed(ProbeError::Tls);
    }
    let groups = listener.groups();
    let group = groups.first().and_then(|arn| state.elbv2.groups.get(arn));
    let registered: Vec<(&str, bool)> = group
        .map(|group| group.targets.values().filter(|target| target.state != "draining"))
        .into_iter()
        .flatten()
        .map(|target| (target.ip.as_str(), target.state == "healthy"))
        .collect();
    let thinking = network::thinking(world, "elbv2.overhead", arn);
    // When none of the registered targets is healthy, all of them get requests.
    let any_healthy = registered.iter().any(|(_, healthy)| *healthy);
    let candidates: Vec<&str> =
        registered.iter().filter(|(_, healthy)| *healthy || !any_healthy).map(|(ip, _)| *ip).collect();
    let drawn = chance::bits(world.seed, "elb.target", arn, world.now.millis() as u64) as usize;
    let Some(ip) = candidates.get(drawn % candidates.len().max(1)).map(|ip| (*ip).to_owned()) else {
        return page(503, "Service Temporarily Unavailable").after(thinking);
    };
    match container(world, account, region, &ip) {
        Some(task) => wordpress(world, account, region, &task, request),
        None => page(502, "Bad Gateway"),
    }
    .after(thinking)
}

/// The task that answers at an address.
fn container(world: &World, account: &str, region: &str, ip: &str) -> Option<Task> {
    let tasks = &regional(world, account, region)?.ecs.tasks;
    tasks.values().find(|task| task.ip == ip && task.answers()).cloned()
}

/// What a target answers to a health check; nothing when it does not answer in time.
pub fn ask_target(
    world: &mut World,
    account: &str,
    region: &str,
    ip: &str,
    path: &str,
    timeout: Duration,
) -> Option<u16> {
    let task = container(world, account, region, ip)?;
    if let Some(status) = faults::grey(world, region, path) {
        return Some(status);
    }
    let request =
        Request { method: "GET".to_owned(), path: path.to_owned(), from: region.to_owned(), ..Request::default() };
    let response = wordpress(world, account, region, &task, &request);
    // A Region whose servers answer late is late for its own load balancer too. Source: Elastic Load Balancing, "Health
    // checks for Application Load Balancer target groups": no answer within HealthCheckTimeoutSeconds is a failed check.
    let late = faults::client_delay(world, region);
    response.status.ok().filter(|_| response.thinking + late <= timeout)
}

/// The stand-in for the container.
fn wordpress(world: &mut World, account: &str, region: &str, task: &Task, request: &Request) -> Response {
    let definition = regional(world, account, region).and_then(|state| state.ecs.definitions.get(&task.definition));
    let host = definition.and_then(|one| one.variable("WORDPRESS_DB_HOST")).unwrap_or_default().to_owned();
    let thinking = network::thinking(world, "blog.page", &task.id);
    let mut response = match (request.method.as_str(), request.path.trim_end_matches('/')) {
        ("GET" | "HEAD", "") => home(world, account, region, &host),
        ("GET", "/wp-json/wp/v2/comments") => {
            let (from, count) = page_of(request);
            match database::rows(world, account, &host, from, count) {
                Ok((_, rows)) => Response::json(200, &Value::Array(rows)),
                Err(_) => no_database(),
            }
        }
        ("POST", "/wp-json/wp/v2/comments") => comment(world, account, &host, request),
        _ => match database::rows(world, account, &host, 0, 0) {
            Ok(_) => Response::html(404, "<html><head><title>Page not found</title></head><body></body></html>"),
            Err(_) => no_database(),
        },
    };
    response.region = Some(region.to_owned());
    response.header("server", "Apache/2.4 (Debian)").after(thinking)
}

/// The page of comments that is asked for: how many newer ones are left out, and how many there are on it.
/// Source: WordPress REST API, List Comments (`per_page` 10, at most 100; `page`).
fn page_of(request: &Request) -> (usize, usize) {
    let number = |name: &str, default: usize| {
        let member = request.query.iter().find(|(known, _)| known == name);
        member.and_then(|(_, value)| value.parse().ok()).filter(|value| *value > 0).unwrap_or(default)
    };
    let (size, page) = (number("per_page", 10).min(100), number("page", 1));
    ((page - 1).saturating_mul(size), size)
}

fn no_database() -> Response {
    Response::html(
        500,
        "<!DOCTYPE html><html><head><title>Database Error</title></head><body><h1>Error establishing a database connection</h1></body></html>",
    )
}

fn home(world: &mut World, account: &str, region: &str, host: &str) -> Response {
    match database::rows(world, account, host, 0, 0) {
        Ok((count, _)) => Response::html(
            200,
            format!(
                "<!DOCTYPE html><html><head><title>Bookstore Blog</title></head><body><h1>Bookstore Blog</h1><p>This page was made in {region}.</p><p>{count} comment(s)</p></body></html>"
            ),
        ),
        Err(_) => no_database(),
    }
}

/// Writes a comment.
fn comment(world: &mut World, account: &str, host: &str, request: &Request) -> Response {
    let problem = |status: u16, code: &str, message: &str| {
        Response::json(status, &json!({ "code": code, "message": message, "data": { "status": status } }))
    };
    let body: Value = request.body.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let Some(content) = body.get("content").and_then(Value::as_str).filter(|content| !content.is_empty()) else {
        return problem(400, "rest_comment_content_invalid", "Invalid comment content.");
    };
    let mut row = json!({
        "post": body.get("post").cloned().unwrap_or(json!(1)),
        "author_name": body.get("author_name").cloned().unwrap_or(json!("Anonymous")),
        "date_gmt": world.now.rfc3339(),
        "content": { "rendered": content },
    });
    match database::write(world, account, host, &row) {
        Ok(id) => {
            if let Some(map) = row.as_object_mut() {
                map.insert("id".into(), json!(id));
            }
            Response::json(201, &row)
        }
        // The database takes no writes: it is a replica. WordPress only knows that the row was not inserted.
        Err(Refusal::ReadOnly) => problem(500, "rest_comment_failed_create", "Creating comment failed."),
        Err(Refusal::Unreachable) => no_database(),
    }
}
