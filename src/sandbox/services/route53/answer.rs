//! `TestDNSAnswer`: what the zone's name servers would answer.

use serde_json::{Value, json};

use super::records::normal;
use super::zones::find;
use crate::domain::drill::Vantage;
use crate::sandbox::call::{AwsError, Call, required, text};
use crate::sandbox::dataplane::dns;

/// `TestDNSAnswer`. Without the address of a resolver the question comes from us-east-1, where Route 53's API runs.
pub fn test_dns_answer(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, kind) = (normal(required(input, "RecordName")?), required(input, "RecordType")?.to_owned());
    if let Some(resolver) = text(input, "ResolverIP") {
        return Err(AwsError::with_status(
            501,
            "SandboxUnsupportedOperation",
            format!("The sandbox does not know where the resolver {resolver} stands; leave ResolverIP out."),
        ));
    }
    let zone = find(call, input, "HostedZoneId")?.clone();
    let vantage = Vantage { name: "route53".to_owned(), nearest: crate::domain::GLOBAL_REGION.to_owned() };
    let answer = dns::in_zone(call.world, &call.account, &zone, &name, &kind, &vantage);
    let (code, data) = match answer {
        dns::InZone::NoName => ("NXDOMAIN", Vec::new()),
        dns::InZone::NoData => ("NOERROR", Vec::new()),
        dns::InZone::Values(values) => ("NOERROR", values),
    };
    Ok(json!({
        "Nameserver": zone.name_servers.first(),
        "RecordName": name.trim_end_matches('.'),
        "RecordType": kind,
        "RecordData": data,
        "ResponseCode": code,
        "Protocol": "UDP",
    }))
}
