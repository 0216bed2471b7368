//! Health checks: their configuration, and making, reading, changing and deleting them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::checkers::{self, Checker};
use super::zones::{bare, max_items};
use crate::sandbox::call::{AwsError, Call, required, tag_list, text};
use crate::sandbox::services::cloudwatch;

/// The Regions that checkers ask from. Source: aws-behaviour.md 3, checker Regions.
pub const CHECKER_REGIONS: [&str; 8] = [
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
];

/// What is asked, how often, and what counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// `HTTP`, `HTTPS`, `HTTP_STR_MATCH`, `HTTPS_STR_MATCH`, `TCP`, `CALCULATED`, `CLOUDWATCH_METRIC`.
    pub kind: String,
    /// The address to ask, when it is not looked up.
    pub ip: Option<String>,
    /// The port.
    pub port: Option<u64>,
    /// The name to look up and to ask for.
    pub fqdn: Option<String>,
    /// The path to ask for.
    pub path: Option<String>,
    /// What the first 5,120 bytes of the body must hold.
    pub search: Option<String>,
    /// Seconds from an answer to the next request: 10 or 30.
    pub interval: u64,
    /// How many answers in a row change a checker's mind: 1 to 10.
    pub threshold: u64,
    /// Whether healthy counts as unhealthy.
    pub inverted: bool,
    /// Whether it stands still; it is healthy then.
    pub disabled: bool,
    /// How many of its children must be healthy.
    pub health_threshold: Option<u64>,
    /// Its children.
    pub children: Vec<String>,
    /// Whether the name is sent in the TLS handshake.
    pub sni: Option<bool>,
    /// The Regions of its checkers, when not all eight.
    pub regions: Vec<String>,
    /// Region and name of the alarm whose metric it follows.
    pub alarm: Option<(String, String)>,
    /// What counts while the metric has no data: `Healthy`, `Unhealthy`, `LastKnownStatus`.
    pub insufficient: Option<String>,
    /// Whether latency is measured.
    pub measure_latency: bool,
}

/// A health check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// A UUID.
    pub id: String,
    /// The caller's own mark of the request.
    pub caller_reference: String,
    /// Grows with every change.
    pub version: u64,
    /// What it does.
    pub config: Config,
    /// The settings of the alarm whose metric it follows, as they were when it was made or last changed. Source: Amazon
    /// Route 53 Developer Guide, "Monitoring a CloudWatch alarm": a changed alarm does not change the check by itself.
    #[serde(default)]
    pub alarm: Option<Value>,
    /// Who asks.
    pub checkers: Vec<Checker>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidInput", message)
}

impl Config {
    /// Whether it asks an endpoint itself.
    pub fn asks(&self) -> bool {
        !matches!(self.kind.as_str(), "CALCULATED" | "CLOUDWATCH_METRIC")
    }

    fn parse(input: &Value) -> Result<Self, AwsError> {
        let string = |member: &str| text(input, member).filter(|value| !value.is_empty()).map(str::to_owned);
        let flag = |member: &str| input.get(member).and_then(Value::as_bool);
        let number = |member: &str| input.get(member).and_then(Value::as_u64);
        let list = |member: &str| -> Vec<String> {
            let items = input.get(member).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let kind = string("Type").ok_or_else(|| invalid("Invalid request: Type is missing in HealthCheckConfig"))?;
        if kind == "RECOVERY_CONTROL" || string("RoutingControlArn").is_some() {
            return Err(AwsError::with_status(
                501,
                "SandboxUnsupportedOperation",
                "The sandbox does not simulate health checks of type RECOVERY_CONTROL.",
            ));
        }
        let secure = kind.starts_with("HTTPS");
        let mut config = Self {
            ip: string("IPAddress"),
            port: number("Port"),
            fqdn: string("FullyQualifiedDomainName"),
            path: string("ResourcePath"),
            search: string("SearchString"),
            interval: number("RequestInterval").unwrap_or(30),
            threshold: number("FailureThreshold").unwrap_or(3),
            inverted: flag("Inverted").unwrap_or(false),
            disabled: flag("Disabled").unwrap_or(false),
            health_threshold: number("HealthThreshold"),
            children: list("ChildHealthChecks"),
            sni: flag("EnableSNI").or(secure.then_some(true)),
            regions: list("Regions"),
            alarm: input
                .get("AlarmIdentifier")
                .and_then(|alarm| Some((text(alarm, "Region")?.to_owned(), text(alarm, "Name")?.to_owned()))),
            insufficient: string("InsufficientDataHealthStatus"),
            measure_latency: flag("MeasureLatency").unwrap_or(false),
            kind,
        };
        match config.kind.as_str() {
            "HTTP" | "HTTP_STR_MATCH" => config.port = config.port.or(Some(80)),
            "HTTPS" | "HTTPS_STR_MATCH" => config.port = config.port.or(Some(443)),
            _ => {}
        }
        config.check()?;
        Ok(config)
    }

    /// AWS's rules for the members together.
    fn check(&self) -> Result<(), AwsError> {
        match self.kind.as_str() {
            "CALCULATED" => {
                if self.children.is_empty() || self.children.len() > 255 || self.health_threshold.is_none() {
                    return Err(invalid(
                        "Invalid request: a CALCULATED health check needs HealthThreshold and 1 to 255 ChildHealthChecks.",
                    ));
                }
                return Ok(());
            }
            "CLOUDWATCH_METRIC" => {
                return if self.alarm.is_none() {
                    Err(invalid("Invalid request: a CLOUDWATCH_METRIC health check needs AlarmIdentifier."))
                } else {
                    Ok(())
                };
            }
            "HTTP" | "HTTPS" | "HTTP_STR_MATCH" | "HTTPS_STR_MATCH" | "TCP" => {}
            other => return Err(invalid(format!("Invalid request: '{other}' is no Type of a health check."))),
        }
        if self.ip.is_none() && self.fqdn.is_none() {
            return Err(invalid(
                "Invalid parameter: Missing required parameter: specify either IPAddress or FullyQualifiedDomainName.",
            ));
        }
        if self.kind == "TCP" && self.port.is_none() {
            return Err(invalid("Invalid parameter: Port is required when Type is TCP."));
        }
        if self.kind.ends_with("STR_MATCH") != self.search.is_some() {
            return Err(invalid(
                "Invalid parameter: SearchString is required when Type is HTTP_STR_MATCH or HTTPS_STR_MATCH, and only then.",
            ));
        }
        if self.search.as_ref().is_some_and(|search| search.len() > 255) {
            return Err(invalid("Invalid parameter: SearchString has at most 255 characters."));
        }
        if ![10, 30].contains(&self.interval) {
            return Err(invalid("Invalid parameter: RequestInterval must be 10 or 30."));
        }
        if !(1..=10).contains(&self.threshold) {
            return Err(invalid("Invalid parameter: FailureThreshold must be between 1 and 10."));
        }
        if !self.regions.is_empty() {
            if let Some(unknown) = self.regions.iter().find(|region| !CHECKER_REGIONS.contains(&region.as_str())) {
                return Err(invalid(format!("Invalid parameter: Regions: no health checkers in '{unknown}'.")));
            }
            if self.regions.len() < 3 {
                return Err(invalid("Invalid parameter: Regions: the minimum number of Regions is 3."));
            }
        }
        Ok(())
    }

    /// The configuration as AWS shows it.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        let mut put = |member: &str, value: Value| {
            if !value.is_null() {
                map.insert(member.to_owned(), value);
            }
        };
        put("IPAddress", json!(self.ip));
        put("Port", json!(self.port));
        put("Type", json!(self.kind));
        put("ResourcePath", json!(self.path));
        put("FullyQualifiedDomainName", json!(self.fqdn));
        put("SearchString", json!(self.search));
        if self.asks() {
            put("RequestInterval", json!(self.interval));
            put("FailureThreshold", json!(self.threshold));
            put("MeasureLatency", json!(self.measure_latency));
        }
        put("Inverted", json!(self.inverted));
        put("Disabled", json!(self.disabled));
        put("HealthThreshold", json!(self.health_threshold));
        if !self.children.is_empty() {
            put("ChildHealthChecks", json!(self.children));
        }
        put("EnableSNI", json!(self.sni));
        if !self.regions.is_empty() {
            put("Regions", json!(self.regions));
        }
        if let Some((region, name)) = &self.alarm {
            put("AlarmIdentifier", json!({ "Region": region, "Name": name }));
        }
        put("InsufficientDataHealthStatus", json!(self.insufficient));
        Value::Object(map)
    }
}

impl HealthCheck {
    fn to_json(&self) -> Value {
        let mut shown = json!({
            "Id": self.id,
            "CallerReference": self.caller_reference,
            "HealthCheckConfig": self.config.to_json(),
            "HealthCheckVersion": self.version,
        });
        if let (Some(alarm), Some(map)) = (&self.alarm, shown.as_object_mut()) {
            map.insert("CloudWatchAlarmConfiguration".into(), alarm.clone());
        }
        shown
    }

    /// Properties as Cloud Control shows them.
    pub fn properties(&self) -> Value {
        json!({
            "HealthCheckId": self.id,
            "HealthCheckConfig": self.config.to_json(),
            "HealthCheckTags": tag_list(&self.tags),
        })
    }
}

/// The settings of the alarm that a configuration names.
fn alarm_of(call: &mut Call<'_>, config: &Config) -> Option<Value> {
    let (region, name) = config.alarm.as_ref()?;
    let account = call.account.clone();
    cloudwatch::alarm_settings(&mut Call::new(call.world, &account, region), name)
}

fn missing(id: &str) -> AwsError {
    AwsError::not_found("NoSuchHealthCheck", format!("A health check with id {id} does not exist."))
}

/// The health check that the input names.
pub fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut HealthCheck, AwsError> {
    let id = bare(required(input, "HealthCheckId")?).to_owned();
    call.account_state().route53.health_checks.get_mut(&id).ok_or_else(|| missing(&id))
}

/// `CreateHealthCheck`
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let caller_reference = required(input, "CallerReference")?.to_owned();
    let config = Config::parse(input.get("HealthCheckConfig").unwrap_or(&Value::Null))?;
    let location = |id: &str| format!("https://route53.amazonaws.com/2013-04-01/healthcheck/{id}");
    let checks = &call.account_state().route53.health_checks;
    if let Some(existing) = checks.values().find(|check| check.caller_reference == caller_reference) {
        if existing.config == config {
            return Ok(json!({ "HealthCheck": existing.to_json(), "Location": location(&existing.id) }));
        }
        return Err(AwsError::with_status(
            409,
            "HealthCheckAlreadyExists",
            "A health check with the same caller reference but different attributes already exists.",
        ));
    }
    if let Some(child) = config.children.iter().find(|child| !checks.contains_key(*child)) {
        return Err(invalid(format!("Invalid parameter: ChildHealthChecks: no health check with ID {child}.")));
    }
    let check = HealthCheck {
        id: call.uuid(),
        caller_reference,
        version: 1,
        checkers: checkers::of(&config),
        alarm: alarm_of(call, &config),
        config,
        tags: Vec::new(),
    };
    let output = json!({ "HealthCheck": check.to_json(), "Location": location(&check.id) });
    call.log(format!("health check {} created", check.id));
    let id = check.id.clone();
    call.account_state().route53.health_checks.insert(id.clone(), check);
    checkers::begin(call, &id);
    Ok(output)
}

/// `GetHealthCheck`
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(json!({ "HealthCheck": find(call, input)?.to_json() }))
}

/// `ListHealthChecks`
pub fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let most = max_items(input, 100);
    let marker = text(input, "Marker").map(str::to_owned);
    let checks = &call.account_state().route53.health_checks;
    let mut rest = checks.values().filter(|check| marker.as_ref().is_none_or(|from| check.id >= *from));
    let page: Vec<Value> = rest.by_ref().take(most).map(HealthCheck::to_json).collect();
    let next = rest.next().map(|check| check.id.clone());
    let mut output = json!({
        "HealthChecks": page,
        "Marker": marker.unwrap_or_default(),
        "IsTruncated": next.is_some(),
        "MaxItems": most.to_string(),
    });
    if let (Some(next), Some(map)) = (next, output.as_object_mut()) {
        map.insert("NextMarker".into(), json!(next));
    }
    Ok(output)
}

/// `UpdateHealthCheck`
pub fn update(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let check = find(call, input)?;
    if let Some(expected) = input.get("HealthCheckVersion").and_then(Value::as_u64)
        && expected != check.version
    {
        return Err(AwsError::with_status(
            409,
            "HealthCheckVersionMismatch",
            format!(
                "The health check version in the request is {expected}, but the current version is {}.",
                check.version
            ),
        ));
    }
    let mut shown = check.config.to_json();
    let (Some(map), Some(changes)) = (shown.as_object_mut(), input.as_object()) else { return get(call, input) };
    for (member, value) in changes {
        if !["HealthCheckId", "HealthCheckVersion", "ResetElements"].contains(&member.as_str()) && !value.is_null() {
            map.insert(member.clone(), value.clone());
        }
    }
    for element in input.get("ResetElements").and_then(Value::as_array).into_iter().flatten() {
        map.shift_remove(element.as_str().unwrap_or_default());
    }
    let config = Config::parse(&shown)?;
    let alarm = alarm_of(call, &config);
    let check = find(call, input)?;
    check.alarm = alarm;
    let regions_changed = config.regions != check.config.regions;
    check.config = config;
    check.version += 1;
    if regions_changed {
        checkers::move_to(&check.config, &mut check.checkers);
    }
    for checker in &mut check.checkers {
        checker.forget();
    }
    let output = json!({ "HealthCheck": check.to_json() });
    call.log("health check updated");
    Ok(output)
}

/// `DeleteHealthCheck`. AWS deletes one although records name it; their health "can't be predicted" then.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = find(call, input)?.id.clone();
    call.account_state().route53.health_checks.remove(&id);
    call.log(format!("health check {id} deleted"));
    Ok(json!({}))
}
