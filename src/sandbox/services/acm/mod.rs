//! ACM: certificates, validated by a record in DNS.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags, text};
use crate::sandbox::chance;
use crate::sandbox::dataplane::dns;
use crate::sandbox::faults;
use crate::sandbox::world::What;

#[cfg(test)]
mod tests;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Certificates by ARN.
    pub certificates: BTreeMap<String, Certificate>,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its ARN.
    pub arn: String,
    /// Its first name.
    pub domain: String,
    /// All its names, the first one included.
    pub names: Vec<String>,
    /// `PENDING_VALIDATION`, `ISSUED`, `VALIDATION_TIMED_OUT`.
    pub status: String,
    /// When it was asked for.
    pub created: SimTime,
    /// When it was issued.
    pub issued: Option<SimTime>,
    /// The caller's token, for a request that is repeated within an hour.
    token: Option<String>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// ACM looks for the validation records.
    Look(String),
    /// The records were found; the certificate is signed.
    Issue(String),
}

/// How long a request waits for its records. Source: aws-behaviour.md 3, ACM: a request expires at 72 h.
const REQUEST_LIFE: Duration = Duration::from_hours(72);

/// The name and the value of the record that proves a domain. They depend on account and domain only, so that one
/// record validates certificates of every Region, and again after a renewal.
fn proof(account: &str, domain: &str) -> (String, String) {
    let base = domain.strip_prefix("*.").unwrap_or(domain);
    let hex =
        |purpose: &str, ordinal| format!("{:016x}", chance::bits(0, purpose, &format!("{account}|{base}"), ordinal));
    let name = format!("_{}{}.{base}.", hex("acm.name", 0), hex("acm.name", 1));
    let zone: String = hex("acm.zone", 0)
        .chars()
        .map(|c| if c.is_ascii_digit() { char::from(b'g' + (c as u8 - b'0')) } else { c })
        .take(10)
        .collect();
    (name, format!("_{}{}.{zone}.acm-validations.aws.", hex("acm.value", 0), hex("acm.value", 1)))
}

/// Whether a certificate's name covers a host or a domain name; a wildcard covers itself and one label.
pub fn covers(pattern: &str, host: &str) -> bool {
    pattern == host
        || pattern.strip_prefix("*.").is_some_and(|base| host.split_once('.').is_some_and(|(_, rest)| rest == base))
}

impl Certificate {
    /// Whether it covers that host or domain name.
    pub fn covers(&self, host: &str) -> bool {
        self.names.iter().any(|name| covers(name, host))
    }

    fn validation(&self, account: &str) -> Value {
        self.names
            .iter()
            .map(|name| {
                let (record, value) = proof(account, name);
                json!({
                    "DomainName": name,
                    "ValidationDomain": name,
                    "ValidationStatus": match self.status.as_str() {
                        "ISSUED" => "SUCCESS",
                        "VALIDATION_TIMED_OUT" => "FAILED",
                        _ => "PENDING_VALIDATION",
                    },
                    "ResourceRecord": { "Name": record, "Type": "CNAME", "Value": value },
                    "ValidationMethod": "DNS",
                })
            })
            .collect()
    }

    fn to_json(&self, account: &str, used_by: &[String]) -> Value {
        let mut detail = json!({
            "CertificateArn": self.arn,
            "DomainName": self.domain,
            "SubjectAlternativeNames": self.names,
            "DomainValidationOptions": self.validation(account),
            "Subject": format!("CN={}", self.domain),
            "CreatedAt": self.created.epoch_seconds(),
            "Status": self.status,
            "KeyAlgorithm": "RSA-2048",
            "SignatureAlgorithm": "SHA256WITHRSA",
            "InUseBy": used_by,
            "Type": "AMAZON_ISSUED",
            "RenewalEligibility": if used_by.is_empty() { "INELIGIBLE" } else { "ELIGIBLE" },
            "Options": { "CertificateTransparencyLoggingPreference": "ENABLED" },
        });
        if let (Some(issued), Some(map)) = (self.issued, detail.as_object_mut()) {
            map.insert("Issuer".into(), json!("Amazon"));
            map.insert("IssuedAt".into(), json!(issued.epoch_seconds()));
            map.insert("NotBefore".into(), json!(issued.epoch_seconds()));
            // AWS: certificates are valid for 13 months (395 days).
            let end = issued.plus(Duration::from_hours(24 * 395));
            map.insert("NotAfter".into(), json!(end.epoch_seconds()));
        }
        detail
    }
}

/// The resources that use a certificate.
fn used_by(call: &mut Call<'_>, arn: &str) -> Vec<String> {
    let region = call.region.clone();
    let mut users: Vec<String> = call
        .regional()
        .apigateway
        .domains
        .values()
        .filter(|domain| domain.certificate == arn)
        .map(|domain| format!("arn:aws:apigateway:{region}::/domainnames/{}", domain.name))
        .collect();
    users.extend(call.regional().elbv2.users_of_certificate(arn));
    users.extend(call.account_state().cloudfront.users_of_certificate(arn));
    users
}

/// The error for a certificate that is not there.
fn missing(call: &Call<'_>, arn: &str) -> AwsError {
    AwsError::client(
        "ResourceNotFoundException",
        format!("Could not find certificate {arn} in account {}.", call.account),
    )
}

fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Certificate, AwsError> {
    let arn = required(input, "CertificateArn")?;
    let error = missing(call, arn);
    call.regional().acm.certificates.get_mut(arn).ok_or(error)
}

/// What a domain name is like. Source: ACM API Reference, RequestCertificate, `DomainName`.
const DOMAIN_NAME: &str = r"^(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])$";

/// Whether [`DOMAIN_NAME`] matches: labels of 1 to 63 letters, digits and hyphens, with none of the latter at the ends;
/// at least two of them, the last of two characters at least.
fn is_domain_name(name: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.contains('.') && name.split('.').all(is_label) && name.rsplit('.').next().is_some_and(|last| last.len() > 1)
}

fn request(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let domain = required(input, "DomainName")?.to_ascii_lowercase();
    if text(input, "ValidationMethod").unwrap_or("EMAIL") != "DNS" {
        return Err(AwsError::with_status(
            501,
            "SandboxUnsupportedOperation",
            "The sandbox validates certificates by DNS only: give --validation-method DNS.",
        ));
    }
    let token = text(input, "IdempotencyToken").map(str::to_owned);
    let now = call.now();
    let again = call.regional().acm.certificates.values().find(|certificate| {
        token.is_some()
            && certificate.token == token
            && certificate.domain == domain
            && now.since(certificate.created) < Duration::from_hours(1)
    });
    if let Some(certificate) = again {
        return Ok(json!({ "CertificateArn": certificate.arn }));
    }
    let mut names = vec![domain.clone()];
    for name in input.get("SubjectAlternativeNames").and_then(Value::as_array).into_iter().flatten() {
        let name = name.as_str().unwrap_or_default().to_ascii_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if let Some(bad) = names.iter().find(|name| !is_domain_name(name)) {
        let member = if *bad == domain { "domainName" } else { "subjectAlternativeNames" };
        return Err(AwsError::client(
            "ValidationException",
            format!(
                "1 validation error detected: Value '{bad}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: {DOMAIN_NAME}"
            ),
        ));
    }
    let id = call.uuid();
    let arn = call.arn("acm", &format!("certificate/{id}"));
    let certificate = Certificate {
        arn: arn.clone(),
        domain: domain.clone(),
        names,
        status: "PENDING_VALIDATION".to_owned(),
        created: now,
        issued: None,
        token,
        tags: tags(input.get("Tags")),
    };
    call.regional().acm.certificates.insert(arn.clone(), certificate);
    call.log(format!("certificate for {domain} requested"));
    let after = call.draw("acm.validation.look", &arn);
    call.schedule(after, What::Acm(Transition::Look(arn.clone())));
    Ok(json!({ "CertificateArn": arn }))
}

fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = find(call, input)?.arn.clone();
    let users = used_by(call, &arn);
    let account = call.account.clone();
    Ok(json!({ "Certificate": find(call, input)?.to_json(&account, &users) }))
}

fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let wanted: Vec<&str> = input
        .get("CertificateStatuses")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let all: Vec<Certificate> = call.regional().acm.certificates.values().cloned().collect();
    let summaries: Vec<Value> = all
        .iter()
        .filter(|certificate| wanted.is_empty() || wanted.contains(&certificate.status.as_str()))
        .map(|certificate| {
            let in_use = !used_by(call, &certificate.arn).is_empty();
            let mut summary = json!({
                "CertificateArn": certificate.arn,
                "DomainName": certificate.domain,
                "SubjectAlternativeNameSummaries": certificate.names,
                "HasAdditionalSubjectAlternativeNames": false,
                "Status": certificate.status,
                "Type": "AMAZON_ISSUED",
                "KeyAlgorithm": "RSA-2048",
                "InUse": in_use,
                "CreatedAt": certificate.created.epoch_seconds(),
            });
            if let (Some(issued), Some(map)) = (certificate.issued, summary.as_object_mut()) {
                map.insert("IssuedAt".into(), json!(issued.epoch_seconds()));
            }
            summary
        })
        .collect();
    Ok(json!({ "CertificateSummaryList": summaries }))
}

fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let arn = find(call, input)?.arn.clone();
    if call.world.rule("acm.certificate-in-use") && !used_by(call, &arn).is_empty() {
        return Err(AwsError::client(
            "ResourceInUseException",
            format!("Certificate {arn} in account {} is in use.", call.account),
        ));
    }
    call.regional().acm.certificates.remove(&arn);
    call.log(format!("certificate {arn} deleted"));
    Ok(json!({}))
}

fn add_tags(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let certificate = find(call, input)?;
    for (key, value) in tags(input.get("Tags")) {
        certificate.tags.retain(|(existing, _)| *existing != key);
        certificate.tags.push((key, value));
    }
    Ok(json!({}))
}

fn list_tags(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(json!({ "Tags": tag_list(&find(call, input)?.tags) }))
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    let now = call.now();
    match what {
        Transition::Look(arn) => {
            let account = call.account.clone();
            let lives = call.world.rule("acm.validation-72h");
            let Some(certificate) = call.regional().acm.certificates.get_mut(&arn) else { return };
            if now.since(certificate.created) >= REQUEST_LIFE && lives {
                "VALIDATION_TIMED_OUT".clone_into(&mut certificate.status);
                call.log(format!("certificate {arn} timed out"));
                return;
            }
            let names = certificate.names.clone();
            let unasked = !call.world.rule("acm.validation-record");
            let proven = names.iter().all(|name| {
                let (record, value) = proof(&account, name);
                unasked || dns::cname(call.world, &record).is_some_and(|found| found == value)
            });
            let proven = proven && !faults::certificate_pending(call.world, &call.region);
            let (constant, next) = if proven {
                ("acm.validation.issue", Transition::Issue(arn.clone()))
            } else {
                ("acm.validation.look", Transition::Look(arn.clone()))
            };
            let after = call.draw(constant, &arn);
            call.schedule(after, What::Acm(next));
        }
        Transition::Issue(arn) => {
            let Some(certificate) = call.regional().acm.certificates.get_mut(&arn) else { return };
            "ISSUED".clone_into(&mut certificate.status);
            certificate.issued = Some(now);
            call.log(format!("certificate {arn} issued"));
        }
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "RequestCertificate" => request,
        "DescribeCertificate" => describe,
        "ListCertificates" => list,
        "DeleteCertificate" => delete,
        "AddTagsToCertificate" => add_tags,
        "ListTagsForCertificate" => list_tags,
        _ => return None,
    })
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let certificates = call.regional().acm.certificates.values();
    certificates
        .map(|certificate| Record {
            type_name: "AWS::CertificateManager::Certificate",
            id: certificate.arn.clone(),
            arn: certificate.arn.clone(),
            tags: certificate.tags.clone(),
            properties: json!({
                "Id": certificate.arn,
                "DomainName": certificate.domain,
                "SubjectAlternativeNames": certificate.names,
                "Status": certificate.status,
                "Tags": tag_list(&certificate.tags),
            }),
            built_in: false,
        })
        .collect()
}
