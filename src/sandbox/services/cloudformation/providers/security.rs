//! Keys, secrets and certificates.

use serde_json::{Map, Value, json};

use super::{Api, By, Existing, Id, Request, Settled, Tags, unsupported};
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::chance;

/// The rows.
pub const TYPES: &[Api] = &[
    Api {
        type_name: "AWS::KMS::Key",
        service: "kms",
        create: "CreateKey",
        id: Id::Out("/KeyMetadata/KeyId"),
        renamed: &[("KeyPolicy", "Policy")],
        dropped: &["EnableKeyRotation", "PendingWindowInDays", "Enabled"],
        refused: &["MultiRegion"],
        tags: Tags::KmsList("Tags"),
        read: ("DescribeKey", &[("KeyId", By::Id)], "/KeyMetadata"),
        attributes: &[("Arn", "/Arn"), ("KeyId", "id")],
        shape: Some(|_, _, input| {
            if let Some(policy) = input.get("Policy").map(Value::to_string) {
                input.insert("Policy".into(), policy.into());
            }
            Ok(())
        }),
        after: Some(|call, existing, request| {
            if request.properties.get("EnableKeyRotation") == Some(&Value::Bool(true)) {
                call.invoke("kms", "EnableKeyRotation", &json!({ "KeyId": existing.physical }))?;
            }
            Ok(())
        }),
        delete: ("ScheduleKeyDeletion", &[("KeyId", By::Id)]),
        delete_with: Some(|existing, input| {
            if let Some(days) = existing.properties.get("PendingWindowInDays") {
                input.insert("PendingWindowInDays".into(), days.clone());
            }
        }),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::KMS::Alias",
        service: "kms",
        create: "CreateAlias",
        id: Id::In("AliasName"),
        delete: ("DeleteAlias", &[("AliasName", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::SecretsManager::Secret",
        service: "secretsmanager",
        create: "CreateSecret",
        id: Id::Out("/ARN"),
        name: Some(("Name", 512)),
        renamed: &[("ReplicaRegions", "AddReplicaRegions")],
        dropped: &["GenerateSecretString"],
        tags: Tags::List("Tags"),
        read: ("DescribeSecret", &[("SecretId", By::Id)], ""),
        attributes: &[("Id", "id")],
        shape: Some(|call, request, input| {
            if let Some(wish) = request.properties.get("GenerateSecretString") {
                let secret = generate(call, request, wish)?;
                input.insert("SecretString".into(), secret.into());
            }
            Ok(())
        }),
        // CloudFormation leaves no recovery window, so that the stack can be made again under the same name.
        delete: ("DeleteSecret", &[("SecretId", By::Id), ("ForceDeleteWithoutRecovery", By::Yes)]),
        before_delete: Some(|call, existing| {
            let regions: Vec<&Value> = existing
                .properties
                .get("ReplicaRegions")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|one| one.get("Region"))
                .collect();
            if regions.is_empty() {
                return Ok(());
            }
            let input = json!({ "SecretId": existing.physical, "RemoveReplicaRegions": regions });
            super::remove(call, "secretsmanager", "RemoveRegionsFromReplication", &input)
        }),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::SecretsManager::SecretTargetAttachment",
        service: "secretsmanager",
        id: Id::Made(|request, _| text(request.properties, "SecretId").unwrap_or_default().to_owned()),
        attributes: &[("Id", "id")],
        after: Some(attach_secret),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::CertificateManager::Certificate",
        service: "acm",
        create: "RequestCertificate",
        id: Id::Out("/CertificateArn"),
        dropped: &["DomainValidationOptions"],
        tags: Tags::List("Tags"),
        read: ("DescribeCertificate", &[("CertificateArn", By::Id)], "/Certificate"),
        settled: Some(Settled { at: "/Status", ready: &["ISSUED"], failed: &["FAILED", "VALIDATION_TIMED_OUT"] }),
        attributes: &[("CertificateArn", "id")],
        after: Some(prove),
        delete: ("DeleteCertificate", &[("CertificateArn", By::Id)]),
        ..Api::NEW
    },
];

/// What GetRandomPassword's rules make, as far as templates use them.
fn generate(call: &mut Call<'_>, request: &Request<'_>, wish: &Value) -> Result<String, AwsError> {
    /// The length when none is given. Source: Secrets Manager API Reference, GetRandomPassword.
    const DEFAULT_LENGTH: u64 = 32;
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const NUMBERS: &str = "0123456789";
    const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    let flag = |name: &str| wish.get(name) == Some(&Value::Bool(true));
    let excluded = text(wish, "ExcludeCharacters").unwrap_or_default();
    let classes: Vec<Vec<char>> = [
        (LOWER, "ExcludeLowercase"),
        (UPPER, "ExcludeUppercase"),
        (NUMBERS, "ExcludeNumbers"),
        (PUNCTUATION, "ExcludePunctuation"),
    ]
    .iter()
    .filter(|(_, switch)| !flag(switch))
    .map(|(class, _)| class.chars().filter(|c| !excluded.contains(*c)).collect::<Vec<char>>())
    .filter(|class| !class.is_empty())
    .collect();
    if classes.is_empty() {
        let why = "The password can't be generated: every kind of character is excluded.";
        return Err(AwsError::client("InvalidParameterException", why));
    }
    let all: Vec<char> = classes.iter().flatten().copied().collect();
    let length = wish.get("PasswordLength").and_then(Value::as_u64).unwrap_or(DEFAULT_LENGTH);
    let name = format!("{}/{}", request.stack, request.logical);
    let number = call.world.next_number();
    let seed = call.world.seed;
    // The first characters come one from each kind, as AWS requires of each kind that is included.
    let password: String = (0..length)
        .filter_map(|place| {
            let index = usize::try_from(place).unwrap_or(usize::MAX);
            let class = classes.get(index).unwrap_or(&all);
            let bits = chance::bits(seed, "secretsmanager.password", &name, number * 4096 + place);
            class.get(usize::try_from(bits % class.len() as u64).unwrap_or(0)).copied()
        })
        .collect();
    match (text(wish, "SecretStringTemplate"), text(wish, "GenerateStringKey")) {
        (Some(template), Some(key)) => {
            let mut secret: Map<String, Value> = serde_json::from_str(template).map_err(|_| {
                AwsError::client("InvalidRequestException", "SecretStringTemplate is not a JSON object.")
            })?;
            secret.insert(key.to_owned(), password.into());
            Ok(Value::Object(secret).to_string())
        }
        (None, None) => Ok(password),
        _ => {
            let why = "SecretStringTemplate and GenerateStringKey must be given together.";
            Err(AwsError::client("InvalidRequestException", why))
        }
    }
}

/// Writes where the database is into the secret.
fn attach_secret(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let target = text(request.properties, "TargetId").unwrap_or_default();
    let (operation, member, list, key) = match text(request.properties, "TargetType") {
        Some("AWS::RDS::DBCluster") => {
            ("DescribeDBClusters", "DBClusterIdentifier", "/DBClusters/0", "dbClusterIdentifier")
        }
        Some("AWS::RDS::DBInstance") => {
            ("DescribeDBInstances", "DBInstanceIdentifier", "/DBInstances/0", "dbInstanceIdentifier")
        }
        other => return Err(unsupported(&format!("targets of type {} for a secret", other.unwrap_or_default()))),
    };
    let found = call.invoke("rds", operation, &json!({ member: target }))?;
    let database = found.pointer(list).cloned().unwrap_or_default();
    let current = call.invoke("secretsmanager", "GetSecretValue", &json!({ "SecretId": existing.physical }))?;
    let current = text(&current, "SecretString").unwrap_or("{}");
    let mut secret: Map<String, Value> = serde_json::from_str(current).unwrap_or_default();
    let host = database.get("Endpoint").map(|one| one.get("Address").unwrap_or(one).clone());
    let port = database.get("Port").or_else(|| database.pointer("/Endpoint/Port")).cloned();
    for (name, value) in [("host", host), ("port", port), ("engine", database.get("Engine").cloned())] {
        if let Some(value) = value {
            secret.insert(name.to_owned(), value);
        }
    }
    secret.insert(key.to_owned(), target.into());
    let input = json!({ "SecretId": existing.physical, "SecretString": Value::Object(secret).to_string() });
    call.invoke("secretsmanager", "PutSecretValue", &input).map(drop)
}

/// With a hosted zone in DomainValidationOptions, CloudFormation writes the proof of ownership itself.
fn prove(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let options = request.properties.get("DomainValidationOptions").and_then(Value::as_array);
    for option in options.into_iter().flatten() {
        let Some(zone) = text(option, "HostedZoneId") else { continue };
        let detail = call.invoke("acm", "DescribeCertificate", &json!({ "CertificateArn": existing.physical }))?;
        let validations = detail.pointer("/Certificate/DomainValidationOptions").and_then(Value::as_array).cloned();
        let wanted = text(option, "DomainName");
        for one in validations.unwrap_or_default().iter().filter(|one| text(one, "DomainName") == wanted) {
            let record = one.get("ResourceRecord").cloned().unwrap_or_default();
            let set = json!({
                "Name": record.get("Name"), "Type": record.get("Type"), "TTL": 300,
                "ResourceRecords": [{ "Value": record.get("Value") }],
            });
            let batch = json!({ "Changes": [{ "Action": "UPSERT", "ResourceRecordSet": set }] });
            let input = json!({ "HostedZoneId": zone, "ChangeBatch": batch });
            call.invoke("route53", "ChangeResourceRecordSets", &input)?;
        }
    }
    Ok(())
}
