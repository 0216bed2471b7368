//! Resource record sets: their shape, their checks and their order.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::sandbox::call::{AwsError, text};

/// How one of several record sets of the same name and type is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Policy {
    /// There is only one.
    Simple,
    /// By weight, 0 to 255.
    Weighted(u64),
    /// By the Region that is nearest to the client.
    Latency(String),
    /// `PRIMARY` or `SECONDARY`.
    Failover(String),
    /// Up to eight healthy ones at a time.
    Multivalue,
}

impl Policy {
    /// The member of the record set that says so.
    pub fn member(&self) -> &'static str {
        match self {
            Policy::Simple => "",
            Policy::Weighted(_) => "Weight",
            Policy::Latency(_) => "Region",
            Policy::Failover(_) => "Failover",
            Policy::Multivalue => "MultiValueAnswer",
        }
    }

    /// AWS's word for the policy in its messages.
    pub fn word(&self) -> &'static str {
        match self {
            Policy::Simple => "simple",
            Policy::Weighted(_) => "weighted",
            Policy::Latency(_) => "latency",
            Policy::Failover(_) => "failover",
            Policy::Multivalue => "multivalue answer",
        }
    }
}

/// Another name in Route 53's own terms, answered without a CNAME.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    /// The zone of the target: this zone, or the one of an AWS service.
    pub zone: String,
    /// The target's name, lower-case with a dot at its end.
    pub name: String,
    /// Whether the target's health counts as this record's.
    pub evaluate_target_health: bool,
}

/// A resource record set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordSet {
    /// Its name, lower-case with a dot at its end.
    pub name: String,
    /// `A`, `CNAME`, …
    pub kind: String,
    /// What tells it from others of its name and type; empty with the simple policy.
    pub set_identifier: Option<String>,
    /// How it is chosen.
    pub policy: Policy,
    /// Seconds that an answer may be kept; none with an alias.
    pub ttl: Option<u64>,
    /// The values, none with an alias.
    pub values: Vec<String>,
    /// Its target, when it is an alias.
    pub alias: Option<Alias>,
    /// The health check that decides whether it is answered.
    pub health_check: Option<String>,
}

/// A name as Route 53 keeps it: lower-case, with a dot at its end, `*` instead of its escape.
pub fn normal(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace("\\052", "*");
    if name.ends_with('.') { name } else { format!("{name}.") }
}

/// The order of record sets: names by their labels from the right.
pub fn sort_key(name: &str, kind: &str, set_identifier: &str) -> (Vec<String>, String, String) {
    let labels = name.trim_end_matches('.').rsplit('.').map(str::to_owned).collect();
    (labels, kind.to_owned(), set_identifier.to_owned())
}

const KINDS: &[&str] =
    &["A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "TXT"];

impl RecordSet {
    /// A plain record set, as zones are born with.
    pub fn simple(name: &str, kind: &str, ttl: u64, values: Vec<String>) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            set_identifier: None,
            policy: Policy::Simple,
            ttl: Some(ttl),
            values,
            alias: None,
            health_check: None,
        }
    }

    /// What it is sorted by.
    pub fn key(&self) -> (Vec<String>, String, String) {
        sort_key(&self.name, &self.kind, self.set_identifier.as_deref().unwrap_or_default())
    }

    /// Whether both are one record set to CREATE, UPSERT and DELETE.
    pub fn same_place(&self, other: &RecordSet) -> bool {
        self.name == other.name && self.kind == other.kind && self.set_identifier == other.set_identifier
    }

    /// Whether both say the same; the order of values does not matter.
    pub fn same_content(&self, other: &RecordSet) -> bool {
        let sorted = |set: &RecordSet| {
            let mut values = set.values.clone();
            values.sort();
            values
        };
        sorted(self) == sorted(other)
            && RecordSet { values: Vec::new(), ..self.clone() } == RecordSet { values: Vec::new(), ..other.clone() }
    }

    /// Reads `ResourceRecordSet` of a change.
    pub fn parse(action: &str, input: &Value) -> Result<Self, AwsError> {
        let invalid = |message: String| AwsError::client("InvalidInput", message);
        let name = text(input, "Name").ok_or_else(|| invalid("Invalid request: Name is missing".to_owned()))?;
        let kind = text(input, "Type").unwrap_or_default();
        if !KINDS.contains(&kind) {
            return Err(invalid(format!(
                "1 validation error detected: Value '{kind}' at 'changeBatch.changes.1.member.resourceRecordSet.type' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
                KINDS.join(", ")
            )));
        }
        for unsupported in ["GeoLocation", "GeoProximityLocation", "CidrRoutingConfig", "TrafficPolicyInstanceId"] {
            if input.get(unsupported).is_some_and(|value| !value.is_null()) {
                return Err(AwsError::with_status(
                    501,
                    "SandboxUnsupportedOperation",
                    format!("The sandbox does not simulate {unsupported} of a resource record set."),
                ));
            }
        }
        let set_identifier = text(input, "SetIdentifier").map(str::to_owned);
        let place = format!(
            "[Action={action}, Name={}, Type={kind}, SetIdentifier={}]",
            normal(name),
            set_identifier.as_deref().unwrap_or("null")
        );
        let policy = Self::policy(input, set_identifier.is_some(), &place)?;
        let values: Vec<String> = input
            .get("ResourceRecords")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|record| text(record, "Value").map(str::to_owned))
            .collect();
        let ttl = input.get("TTL").and_then(Value::as_u64);
        let alias = input.get("AliasTarget").filter(|alias| !alias.is_null()).map(|alias| Alias {
            zone: text(alias, "HostedZoneId").unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned(),
            name: normal(text(alias, "DNSName").unwrap_or_default()),
            evaluate_target_health: alias.get("EvaluateTargetHealth").and_then(Value::as_bool).unwrap_or(false),
        });
        let one_of = "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found";
        match (&alias, ttl, values.is_empty()) {
            (None, Some(_), false) | (Some(_), None, true) => {}
            (Some(_), _, _) => return Err(invalid(format!("{one_of} more than one in Change with {place}"))),
            (None, _, _) => return Err(invalid(format!("{one_of} none in Change with {place}"))),
        }
        if ttl.is_some_and(|ttl| ttl > 2_147_483_647) {
            return Err(invalid(format!("Invalid request: the TTL in Change with {place} is above 2147483647")));
        }
        let health_check = text(input, "HealthCheckId").map(str::to_owned);
        Ok(Self { name: normal(name), kind: kind.to_owned(), set_identifier, policy, ttl, values, alias, health_check })
    }

    fn policy(input: &Value, identified: bool, place: &str) -> Result<Policy, AwsError> {
        let invalid = |message: String| AwsError::client("InvalidInput", message);
        let mut found = Vec::new();
        if let Some(weight) = input.get("Weight").and_then(Value::as_u64) {
            if weight > 255 {
                return Err(invalid(format!(
                    "Invalid request: Weight must be between 0 and 255 in Change with {place}"
                )));
            }
            found.push(Policy::Weighted(weight));
        }
        if let Some(region) = text(input, "Region") {
            if !crate::domain::region::known_regions().any(|known| known == region) {
                return Err(invalid(format!("Invalid request: '{region}' is no AWS Region in Change with {place}")));
            }
            found.push(Policy::Latency(region.to_owned()));
        }
        if let Some(failover) = text(input, "Failover") {
            if !["PRIMARY", "SECONDARY"].contains(&failover) {
                return Err(invalid(format!("Invalid request: Failover must be PRIMARY or SECONDARY in {place}")));
            }
            found.push(Policy::Failover(failover.to_owned()));
        }
        if input.get("MultiValueAnswer").and_then(Value::as_bool) == Some(true) {
            found.push(Policy::Multivalue);
        }
        let expected = "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, GeoProximityLocation, or CidrRoutingConfig], but found";
        match (found.len(), identified) {
            (0, false) => Ok(Policy::Simple),
            (0, true) => Err(invalid(format!("{expected} none in Change with {place}"))),
            (1, true) => Ok(found.remove(0)),
            (1, false) => {
                Err(invalid(format!("Invalid request: Missing field 'SetIdentifier' in Change with {place}")))
            }
            _ => Err(invalid(format!("{expected} more than one in Change with {place}"))),
        }
    }

    /// The record set as AWS lists it.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("Name".into(), json!(self.name.replace('*', "\\052")));
        map.insert("Type".into(), json!(self.kind));
        if let Some(id) = &self.set_identifier {
            map.insert("SetIdentifier".into(), json!(id));
        }
        match &self.policy {
            Policy::Simple => {}
            Policy::Weighted(weight) => drop(map.insert("Weight".into(), json!(weight))),
            Policy::Latency(region) => drop(map.insert("Region".into(), json!(region))),
            Policy::Failover(role) => drop(map.insert("Failover".into(), json!(role))),
            Policy::Multivalue => drop(map.insert("MultiValueAnswer".into(), json!(true))),
        }
        if let Some(alias) = &self.alias {
            let target = json!({
                "HostedZoneId": alias.zone,
                "DNSName": alias.name,
                "EvaluateTargetHealth": alias.evaluate_target_health,
            });
            map.insert("AliasTarget".into(), target);
        } else {
            map.insert("TTL".into(), json!(self.ttl));
            let values: Vec<Value> = self.values.iter().map(|value| json!({ "Value": value })).collect();
            map.insert("ResourceRecords".into(), Value::Array(values));
        }
        if let Some(id) = &self.health_check {
            map.insert("HealthCheckId".into(), json!(id));
        }
        Value::Object(map)
    }

    /// What is wrong with the values, in AWS's words.
    pub fn value_problem(&self) -> Option<String> {
        let problem = |code: &str, text: &str, value: &str| {
            Some(format!("Invalid Resource Record: 'FATAL problem: {code} ({text}) encountered with '{value}''"))
        };
        for (at, value) in self.values.iter().enumerate() {
            if self.values.iter().take(at).any(|earlier| earlier == value) {
                return Some(format!("Duplicate Resource Record: '{value}'"));
            }
            match self.kind.as_str() {
                "A" if value.parse::<std::net::Ipv4Addr>().is_err() => {
                    return problem("ARRDATAIllegalIPv4Address", "Value is not a valid IPv4 address", value);
                }
                "AAAA" if value.parse::<std::net::Ipv6Addr>().is_err() => {
                    return problem("AAAARRDATAIllegalIPv6Address", "Value is not a valid IPv6 address", value);
                }
                "TXT" | "SPF" if !(value.len() >= 2 && value.starts_with('"') && value.ends_with('"')) => {
                    let text = "Value should be enclosed in quotation marks";
                    return problem("InvalidCharacterString", text, value);
                }
                "CNAME" | "NS" | "PTR" if value.is_empty() || value.contains([' ', '/', ':']) => {
                    return problem("DomainNameIllegal", "Value is not a valid domain name", value);
                }
                _ => {}
            }
        }
        if self.kind == "CNAME" && self.values.len() > 1 {
            return Some(format!("RRSet of type CNAME with DNS name {} must have exactly one value.", self.name));
        }
        None
    }
}
