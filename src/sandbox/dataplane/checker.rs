//! One question of one Route 53 health checker.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::http::{self, Request};
use super::{dns, network};
use crate::domain::drill::{ProbeError, Vantage};
use crate::sandbox::call::Call;
use crate::sandbox::faults;
use crate::sandbox::services::cloudwatch;
use crate::sandbox::services::route53::health::Config;
use crate::sandbox::world::World;

/// A TCP connection must stand within this time. Source: aws-behaviour.md 3, HTTP(S) budget.
const CONNECT_HTTP: Duration = Duration::from_secs(4);
/// The same for checks of type TCP.
const CONNECT_TCP: Duration = Duration::from_secs(10);
/// An HTTP answer must come within this time after the connection stands.
const ANSWER: Duration = Duration::from_secs(2);
/// How much of the body is searched.
const SEARCHED: usize = 5120;

/// What a checker heard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    /// An HTTP answer.
    Status(u16),
    /// The connection stands (checks of type TCP).
    Connected,
    /// No connection in time.
    NoConnection,
    /// No answer in time on a connection that stands.
    NoAnswer,
    /// The name has no address.
    NoName,
    /// Nothing listens.
    Refused,
    /// The text is not in the body.
    NoMatch,
    /// A metric is or is not what it should be.
    Metric(bool),
}

/// A verdict, and how long it took to get it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    verdict: Verdict,
    millis: u32,
}

impl Heard {
    /// Whether it counts for the endpoint.
    pub fn healthy(self) -> bool {
        match self.verdict {
            Verdict::Status(status) => (200..400).contains(&status),
            Verdict::Connected => true,
            Verdict::Metric(good) => good,
            _ => false,
        }
    }

    /// How long it took; `jitter` in 0..1 spreads it by a tenth either way. Time-outs do not vary.
    pub fn took(self, jitter: f64) -> Duration {
        let millis = f64::from(self.millis);
        match self.verdict {
            Verdict::NoConnection | Verdict::NoAnswer | Verdict::Metric(_) => Duration::from_millis(self.millis.into()),
            _ => Duration::from_secs_f64(millis * (0.9 + 0.2 * jitter) / 1000.0),
        }
    }

    /// The status as `GetHealthCheckStatus` shows it.
    pub fn text(self) -> String {
        match self.verdict {
            Verdict::Status(status) => {
                let word = if self.healthy() { "Success" } else { "Failure" };
                let reason = ::http::StatusCode::from_u16(status).ok();
                let reason = reason.and_then(|status| status.canonical_reason()).unwrap_or("Unknown");
                format!("{word}: HTTP Status Code {status}, {reason}")
            }
            Verdict::Connected => "Success: TCP connection established".to_owned(),
            Verdict::NoConnection => {
                "Failure: The health checker could not establish a connection within the timeout limit.".to_owned()
            }
            Verdict::NoAnswer => "Failure: The endpoint did not respond within the timeout limit.".to_owned(),
            Verdict::NoName => "Failure: DNS resolution failed: Rcode NXDomain(3)".to_owned(),
            Verdict::Refused => "Failure: Connection refused.".to_owned(),
            Verdict::NoMatch => "Failure: The response body did not contain the search string.".to_owned(),
            Verdict::Metric(good) => format!("{}: metric", if good { "Success" } else { "Failure" }),
        }
    }
}

fn heard(verdict: Verdict, took: Duration) -> Heard {
    Heard { verdict, millis: u32::try_from(took.as_millis()).unwrap_or(u32::MAX) }
}

/// Asks the endpoint of a health check from a checker Region.
pub fn ask(world: &mut World, config: &Config, region: &str) -> Heard {
    let secure = config.kind.starts_with("HTTPS") || (config.kind == "TCP" && config.port == Some(443));
    let vantage = Vantage { name: format!("checker {region}"), nearest: region.to_owned() };
    // The name is looked up for every request; an address that was given instead belongs to nothing in this world.
    let patient = config.kind == "TCP" && world.rule("route53.tcp-ten-seconds");
    let connect = if patient { CONNECT_TCP } else { CONNECT_HTTP };
    let host = config.fqdn.clone().unwrap_or_default();
    let found = if config.ip.is_some() { None } else { dns::resolve(world, &host, &vantage) };
    let Some(found) = found else {
        return match config.ip {
            Some(_) => heard(Verdict::NoConnection, connect),
            None => heard(Verdict::NoName, network::round_trip(region, region)),
        };
    };
    let Some(endpoint) = found.endpoint else { return heard(Verdict::NoConnection, connect) };
    let trip = network::round_trip(region, endpoint.region().unwrap_or(region));
    let path = config.path.clone().unwrap_or_default();
    let (path, query) = super::probe::split_query(&path);
    let request = Request {
        method: "GET".to_owned(),
        secure,
        host,
        port: config.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(80),
        path: if path.starts_with('/') { path } else { format!("/{path}") },
        query,
        body: None,
        signer: None,
        checks_certificate: false,
        from: region.to_owned(),
    };
    let response = http::send(world, &endpoint, &request);
    match response.status {
        Err(ProbeError::Timeout) => heard(Verdict::NoConnection, connect),
        Err(ProbeError::Refused) => heard(Verdict::Refused, trip),
        Err(ProbeError::Dns | ProbeError::Tls) => heard(Verdict::NoName, trip),
        Ok(_) if config.kind == "TCP" => heard(Verdict::Connected, trip),
        Ok(_) if response.thinking + trip > ANSWER && world.rule("route53.answer-in-two-seconds") => {
            heard(Verdict::NoAnswer, trip * 2 + ANSWER)
        }
        Ok(status) => {
            // Estimate: one round trip. With it, checkers behave as the table of flip times in aws-behaviour.md, section 3,
            // says; handshakes would add half a second to each answer from the far side of the world.
            let took = trip + response.thinking;
            let searched = if world.rule("route53.search-5120") { SEARCHED } else { usize::MAX };
            let body: String = response.body.chars().take(searched).collect();
            match &config.search {
                Some(search) if status < 400 && !body.contains(search.as_str()) => heard(Verdict::NoMatch, took),
                _ => heard(Verdict::Status(status), took),
            }
        }
    }
}

/// Looks at the metric that a health check follows; `current` is its last known status. Source: Amazon Route 53 Developer
/// Guide, "How Route 53 determines the status of health checks that monitor CloudWatch alarms": the alarm's data stream
/// counts and not its state, so neither `SetAlarmState` nor the alarm's treatment of missing data moves the check.
pub fn follow(world: &mut World, account: &str, config: &Config, alarm: Option<&Value>, current: bool) -> Heard {
    let good = metric(world, account, config, alarm);
    let good = good.unwrap_or(match config.insufficient.as_deref() {
        Some("Unhealthy") => false,
        Some("LastKnownStatus") => current,
        _ => true,
    });
    heard(Verdict::Metric(good), Duration::ZERO)
}

/// Whether the metric is as it should be; `None` while there is not enough data to tell.
fn metric(world: &mut World, account: &str, config: &Config, alarm: Option<&Value>) -> Option<bool> {
    let (region, name) = config.alarm.clone()?;
    if faults::active(world, faults::REGION_LOSS, &region) || faults::service_out(world, "cloudwatch", &region) {
        return None;
    }
    let stream = world.rule("route53.metric-stream");
    let mut call = Call::new(world, account, &region);
    if stream {
        return cloudwatch::alarm_stream(&mut call, alarm?);
    }
    let answer = call.invoke("cloudwatch", "DescribeAlarms", &json!({ "AlarmNames": [name] })).ok()?;
    match answer.pointer("/MetricAlarms/0/StateValue").and_then(Value::as_str) {
        Some("OK") => Some(true),
        Some("ALARM") => Some(false),
        _ => None,
    }
}
