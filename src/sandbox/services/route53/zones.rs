//! Hosted zones: making, reading, listing and deleting them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::records::{RecordSet, normal};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tag_list, text};

/// A hosted zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostedZone {
    /// `Z0123…`, without `/hostedzone/`.
    pub id: String,
    /// Lower-case, with a dot at its end.
    pub name: String,
    /// The caller's own mark of the request.
    pub caller_reference: String,
    /// The comment.
    pub comment: Option<String>,
    /// Its four name servers.
    pub name_servers: Vec<String>,
    /// When it was made; of several zones of one name the first one is delegated to.
    pub created: SimTime,
    /// The records as the API sees them.
    pub records: Vec<RecordSet>,
    /// The records as the name servers answer them: changes arrive when they are INSYNC.
    pub served: Vec<RecordSet>,
    /// Until when the last change keeps the zone from taking another one.
    pub busy_until: SimTime,
    /// When the last change is INSYNC; changes arrive in order.
    pub insync_at: SimTime,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

impl HostedZone {
    /// The zone as AWS writes it.
    fn to_json(&self) -> Value {
        let mut config = json!({ "PrivateZone": false });
        if let (Some(comment), Some(map)) = (&self.comment, config.as_object_mut()) {
            map.insert("Comment".into(), json!(comment));
        }
        json!({
            "Id": format!("/hostedzone/{}", self.id),
            "Name": self.name,
            "CallerReference": self.caller_reference,
            "Config": config,
            "ResourceRecordSetCount": self.records.len(),
        })
    }

    /// Properties as Cloud Control shows them.
    pub fn properties(&self) -> Value {
        json!({
            "Id": self.id,
            "Name": self.name,
            "NameServers": self.name_servers,
            "HostedZoneTags": tag_list(&self.tags),
        })
    }
}

/// The id without its prefix, however it was given.
pub fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// The error for a zone that is not there.
pub fn missing(id: &str) -> AwsError {
    AwsError::not_found("NoSuchHostedZone", format!("No hosted zone found with ID: {}", bare(id)))
}

/// The zone that the input's `member` names.
pub fn find<'c>(call: &'c mut Call<'_>, input: &Value, member: &str) -> Result<&'c mut HostedZone, AwsError> {
    let id = bare(required(input, member)?).to_owned();
    call.account_state().route53.zones.get_mut(&id).ok_or_else(|| missing(&id))
}

/// Four name servers out of Route 53's 2,048, one under each of its four top-level domains.
fn name_servers(call: &mut Call<'_>) -> Vec<String> {
    let hex = call.hex_id(16);
    ["com", "net", "org", "co.uk"]
        .iter()
        .enumerate()
        .map(|(group, domain)| {
            let digits = hex.get(group * 4..group * 4 + 4).unwrap_or("0");
            let index = usize::from_str_radix(digits, 16).unwrap_or(0) % 512;
            format!("ns-{}.awsdns-{:02}.{domain}", group * 512 + index, index / 8)
        })
        .collect()
}

/// `CreateHostedZone`
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = normal(required(input, "Name")?);
    let caller_reference = required(input, "CallerReference")?.to_owned();
    let bad = name.len() < 2
        || name.len() > 255
        || name.split('.').rev().skip(1).any(|label| label.is_empty() || label.len() > 63)
        || name.contains([' ', '/', ':', '@']);
    if bad {
        return Err(AwsError::client("InvalidDomainName", format!("{name} is not a valid domain name")));
    }
    let config = input.get("HostedZoneConfig");
    let private = config.and_then(|c| c.get("PrivateZone")).and_then(Value::as_bool).unwrap_or(false);
    if private || input.get("VPC").is_some_and(|vpc| !vpc.is_null()) {
        return Err(AwsError::with_status(
            501,
            "SandboxUnsupportedOperation",
            "The sandbox simulates public hosted zones only; leave VPC and PrivateZone out.",
        ));
    }
    let zones = &call.account_state().route53.zones;
    if zones.values().any(|zone| zone.caller_reference == caller_reference) {
        return Err(AwsError::with_status(
            409,
            "HostedZoneAlreadyExists",
            "A hosted zone has already been created with the specified caller reference.",
        ));
    }
    let id = format!("Z{}", call.upper_id(20));
    let name_servers = name_servers(call);
    let records = vec![
        RecordSet::simple(&name, "NS", 172_800, name_servers.iter().map(|server| format!("{server}.")).collect()),
        RecordSet::simple(
            &name,
            "SOA",
            900,
            vec![format!(
                "{}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400",
                name_servers.first().map_or("", String::as_str)
            )],
        ),
    ];
    let now = call.now();
    let zone = HostedZone {
        id: id.clone(),
        name: name.clone(),
        caller_reference,
        comment: config.and_then(|c| text(c, "Comment")).map(str::to_owned),
        name_servers: name_servers.clone(),
        created: now,
        served: records.clone(),
        records,
        busy_until: now,
        insync_at: now,
        tags: Vec::new(),
    };
    let shown = zone.to_json();
    call.account_state().route53.zones.insert(id.clone(), zone);
    call.log(format!("hosted zone {name} created"));
    let change = super::changes::note(call, &id, None, Vec::new());
    Ok(json!({
        "HostedZone": shown,
        "ChangeInfo": change,
        "DelegationSet": { "NameServers": name_servers },
        "Location": format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{id}"),
    }))
}

/// `GetHostedZone`
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let zone = find(call, input, "Id")?;
    Ok(json!({ "HostedZone": zone.to_json(), "DelegationSet": { "NameServers": zone.name_servers } }))
}

/// The caller's `MaxItems`, which Route 53 writes as text.
pub fn max_items(input: &Value, most: usize) -> usize {
    let asked = input.get("MaxItems");
    let number = asked.and_then(Value::as_u64).map(|n| n as usize);
    number.or_else(|| asked.and_then(Value::as_str)?.parse().ok()).unwrap_or(most).clamp(1, most)
}

/// `ListHostedZones`
pub fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let most = max_items(input, 100);
    let marker = text(input, "Marker").map(|marker| bare(marker).to_owned());
    let zones = &call.account_state().route53.zones;
    let mut rest = zones.values().filter(|zone| marker.as_ref().is_none_or(|from| zone.id >= *from));
    let page: Vec<Value> = rest.by_ref().take(most).map(HostedZone::to_json).collect();
    let next = rest.next().map(|zone| zone.id.clone());
    let mut output = json!({
        "HostedZones": page,
        "Marker": text(input, "Marker").unwrap_or_default(),
        "IsTruncated": next.is_some(),
        "MaxItems": most.to_string(),
    });
    if let (Some(next), Some(map)) = (next, output.as_object_mut()) {
        map.insert("NextMarker".into(), json!(next));
    }
    Ok(output)
}

/// `ListHostedZonesByName`
pub fn list_by_name(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let most = max_items(input, 100);
    let key = |name: &str, id: &str| super::records::sort_key(name, id, "");
    let from = text(input, "DNSName")
        .map(|name| key(&normal(name), text(input, "HostedZoneId").map(bare).unwrap_or_default()));
    let mut zones: Vec<&HostedZone> = call.account_state().route53.zones.values().collect();
    zones.sort_by_key(|zone| key(&zone.name, &zone.id));
    zones.retain(|zone| from.as_ref().is_none_or(|from| key(&zone.name, &zone.id) >= *from));
    let mut output = json!({
        "HostedZones": zones.iter().take(most).map(|zone| zone.to_json()).collect::<Vec<_>>(),
        "IsTruncated": zones.len() > most,
        "MaxItems": most.to_string(),
    });
    let Some(map) = output.as_object_mut() else { return Ok(output) };
    if let Some(next) = zones.get(most) {
        map.insert("NextDNSName".into(), json!(next.name));
        map.insert("NextHostedZoneId".into(), json!(next.id));
    }
    for member in ["DNSName", "HostedZoneId"] {
        if let Some(value) = text(input, member) {
            map.insert(member.into(), json!(value));
        }
    }
    Ok(output)
}

/// `DeleteHostedZone`
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let rule = call.world.rule("route53.zone-not-empty");
    let zone = find(call, input, "Id")?;
    let apex = zone.name.clone();
    let own = |record: &RecordSet| record.name == apex && (record.kind == "NS" || record.kind == "SOA");
    if rule && !zone.records.iter().all(own) {
        return Err(AwsError::client(
            "HostedZoneNotEmpty",
            "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
        ));
    }
    let id = zone.id.clone();
    call.account_state().route53.zones.remove(&id);
    call.log(format!("hosted zone {apex} deleted"));
    Ok(json!({ "ChangeInfo": super::changes::note(call, &id, None, Vec::new()) }))
}
