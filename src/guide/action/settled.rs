//! Refusals that say: it is so already. Running an action again must not be a failure.

use serde_json::{Value, json};

use super::job::{items, operation, text};
use crate::domain::{Effect, Failure, FailureClass, Operation};

/// What a refusal says about what was asked for.
#[derive(Debug, PartialEq)]
pub enum Settled {
    /// It is a real refusal.
    No,
    /// It is so already; the note for the learner.
    Yes(&'static str),
    /// Part of it is so already; this is the rest.
    Partly(Operation),
    /// Only another read can tell.
    Look(Look),
}

/// A read that tells whether what exists is what was asked for.
#[derive(Debug, PartialEq)]
pub struct Look {
    /// The read.
    pub read: Operation,
    /// What to look for in its output.
    pub want: Want,
}

/// What to look for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Want {
    /// A state at this JSON pointer that is not *deleting*: what is being deleted does not count as made.
    Staying(&'static str),
    /// A hosted zone with the name and the caller reference of the call.
    SameZone,
}

const EXISTS: &str = "it exists already; the checks tell whether it is as it should be";
const GONE: &str = "it is gone already";

/// What `failure`, the answer to `asked`, says.
pub fn settled(asked: &Operation, failure: &Failure) -> Settled {
    let message = failure.message.to_lowercase();
    match (asked.api.as_str(), failure.code.as_str()) {
        ("ChangeResourceRecordSets", _) => records(asked, failure),
        ("UpdateTable", code) => replicas(asked, code, failure.class, &message),
        ("CreateBucket", "BucketAlreadyOwnedByYou")
        | ("CreateDBSubnetGroup", "DBSubnetGroupAlreadyExists" | "DBSubnetGroupAlreadyExistsFault")
        | ("CreateDBClusterParameterGroup", "DBParameterGroupAlreadyExists" | "DBParameterGroupAlreadyExistsFault")
        | ("CreateStack", "AlreadyExistsException") => Settled::Yes(EXISTS),
        ("CreateDomainName" | "CreateBasePathMapping", "ConflictException") if message.contains("already exist") => {
            Settled::Yes(EXISTS)
        }
        ("CreateDBCluster", "DBClusterAlreadyExistsFault") => {
            let input = only(asked, "DBClusterIdentifier");
            look(asked, "describe-db-clusters", input, Want::Staying("/DBClusters/0/Status"))
        }
        ("CreateDBInstance", "DBInstanceAlreadyExists" | "DBInstanceAlreadyExistsFault") => {
            let input = only(asked, "DBInstanceIdentifier");
            look(asked, "describe-db-instances", input, Want::Staying("/DBInstances/0/DBInstanceStatus"))
        }
        ("CreateTable", "ResourceInUseException") if message.contains("already exists") => {
            look(asked, "describe-table", only(asked, "TableName"), Want::Staying("/Table/TableStatus"))
        }
        // Sent again with the same caller reference, or somebody else's; the zone tells.
        ("CreateHostedZone", "HostedZoneAlreadyExists") => {
            let input = json!({ "DNSName": asked.input.get("Name") });
            look(asked, "list-hosted-zones-by-name", input, Want::SameZone)
        }
        ("PromoteReadReplicaDBCluster", _) if message.contains("not a read replica") => {
            Settled::Yes("it is no replica any more")
        }
        ("DeleteDBInstance" | "DeleteDBCluster", _) if message.contains("already being deleted") => {
            Settled::Yes("it is being deleted already")
        }
        _ if asked.effect == Effect::Delete && failure.class == FailureClass::NotFound => Settled::Yes(GONE),
        _ => Settled::No,
    }
}

/// Whether what [`Look::read`] gave is what was asked for; `None` when that will only be known later.
pub fn found(asked: &Operation, want: Want, output: &Value) -> Option<Settled> {
    match want {
        Want::Staying(pointer) => {
            let state = text(output, pointer).to_ascii_lowercase();
            (!state.starts_with("delet")).then_some(Settled::Yes(EXISTS))
        }
        Want::SameZone => {
            let same = |zone: &&Value| {
                dotted(text(zone, "/Name")) == dotted(text(&asked.input, "/Name"))
                    && text(zone, "/CallerReference") == text(&asked.input, "/CallerReference")
            };
            let zone = items(output, "HostedZones").find(same);
            Some(zone.map_or(Settled::No, |_| Settled::Yes(EXISTS)))
        }
    }
}

fn look(asked: &Operation, name: &str, input: Value, want: Want) -> Settled {
    Settled::Look(Look { read: operation(&asked.service, name, &asked.region, input), want })
}

/// The input with one member of the call's.
fn only(asked: &Operation, member: &str) -> Value {
    json!({ member: asked.input.get(member) })
}

/// Replicas of a DynamoDB table, added or taken away by UpdateTable.
fn replicas(asked: &Operation, code: &str, class: FailureClass, message: &str) -> Settled {
    let all = |verb: &str| {
        let mut updates = items(&asked.input, "ReplicaUpdates").peekable();
        updates.peek().is_some() && updates.all(|update| update.get(verb).is_some())
    };
    let exists = message.contains("already exist") || message.contains("already part of");
    if all("Create") && code == "ValidationException" && exists {
        return Settled::Yes("the replica exists already");
    }
    let absent = class == FailureClass::NotFound || code == "ReplicaNotFoundException" || message.contains("not found");
    if all("Delete") && absent { Settled::Yes("the replica is gone already") } else { Settled::No }
}

/// A change batch is done whole or not at all, and the refusal names every change that cannot be made.
fn records(asked: &Operation, failure: &Failure) -> Settled {
    let changes: Vec<&Value> =
        asked.input.pointer("/ChangeBatch/Changes").and_then(Value::as_array).into_iter().flatten().collect();
    if failure.code == "NoSuchHostedZone" && changes.iter().all(|change| text(change, "/Action") == "DELETE") {
        return Settled::Yes("the hosted zone is gone already");
    }
    if failure.code != "InvalidChangeBatch" {
        return Settled::No;
    }
    // Route 53 writes a wildcard's asterisk as an octal escape.
    let message = failure.message.to_lowercase().replace("\\052", "*");
    let rest: Vec<&Value> =
        changes.iter().copied().filter(|change| !problem(change).is_some_and(|text| message.contains(&text))).collect();
    let so = changes.len() - rest.len();
    // Another problem in the same batch is a real refusal.
    if so == 0 || message.matches("tried to ").count() != so {
        return Settled::No;
    }
    if rest.is_empty() {
        return Settled::Yes("the records are so already");
    }
    let mut input = asked.input.clone();
    if let Some(place) = input.pointer_mut("/ChangeBatch/Changes") {
        *place = rest.into_iter().cloned().collect();
    }
    Settled::Partly(Operation { input, ..asked.clone() })
}

/// How Route 53 says that this change has been made already, in lower case.
fn problem(change: &Value) -> Option<String> {
    let record = change.get("ResourceRecordSet")?;
    let (verb, state) = match text(change, "/Action") {
        "CREATE" => ("create", "it already exists"),
        "DELETE" => ("delete", "it was not found"),
        _ => return None,
    };
    let (name, kind) = (dotted(text(record, "/Name")), text(record, "/Type").to_lowercase());
    let set = match text(record, "/SetIdentifier") {
        "" => String::new(),
        id => format!(", set identifier='{}'", id.to_lowercase()),
    };
    Some(format!("tried to {verb} resource record set [name='{name}', type='{kind}'{set}] but {state}"))
}

fn dotted(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.').to_lowercase())
}
