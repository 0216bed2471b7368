//! What a node does: it looks at AWS, asks for the next thing that is due, and says whether anything is left.
//!
//! A turn never relies on what an earlier one did: it reads first, and asks only for what AWS does not already show as
//! on its way out. So a reset that was killed goes on where AWS is, and asks for nothing twice.

mod buckets;
mod data;
mod names;
mod small;
mod stacks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::caller::Caller;
use super::commands::command_line;
use super::graph::{NodeId, Step};
use super::item::{Item, Kind, Owner};
use super::lists;
use super::run::Run;
use crate::domain::{Failure, FailureClass, Operation, Reply, SimTime};
use crate::protocol::operation;

/// A list that another node has read so short a time ago is not read again.
const FRESH: Duration = Duration::from_secs(4);

/// What a turn found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing is left.
    Gone,
    /// Something is, or AWS is not ready; what, in words.
    Wait(String),
}

/// Why a node cannot go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum Halt {
    /// AWS refused, and waiting will not help.
    #[error("{0}")]
    Refused(Failure),
    /// It went wrong too often.
    #[error("{why}")]
    GaveUp {
        /// Why, in AWS's words where there are any.
        why: String,
        /// The commands that finish it by hand.
        finish: Vec<String>,
    },
}

/// A change that was asked for, for the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The node that asked.
    pub node: NodeId,
    /// The command.
    pub command: String,
    /// AWS's id of the request, when it was answered.
    pub request: Option<String>,
    /// AWS's refusal: code and message.
    pub refused: Option<String>,
}

/// What came of asking for a change.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// AWS took it.
    Taken(Reply),
    /// It is so already.
    Already,
    /// Not now; AWS's words.
    Busy(String),
}

/// Lists by kind and Region, with when they were read.
pub(super) type Lists = BTreeMap<(Kind, String), (SimTime, Vec<Item>)>;

/// What a thing's identity is in a plan.
pub type Key = (Kind, String, String);

/// One account while its things are deleted.
pub(super) struct Hand<'h> {
    pub(super) caller: &'h Caller,
    pub(super) account: &'h str,
    pub(super) run: &'h Run,
    /// What may be deleted: the plan's things, and nothing else. Only a log group or a snapshot may appear later.
    pub(super) allowed: &'h BTreeSet<Key>,
    /// Those of them that a stack takes away.
    pub(super) stacked: &'h BTreeSet<Key>,
    /// The bucket with the run's manifest.
    pub(super) manifest: Option<&'h str>,
    pub(super) cancel: &'h CancellationToken,
    pub(super) tell: &'h (dyn Fn(Asked) + Send + Sync),
    pub(super) lists: Mutex<Lists>,
    /// How often each stack's deletion has failed, and what was asked for that AWS does not show.
    pub(super) failures: Mutex<BTreeMap<String, u32>>,
}

impl Hand<'_> {
    /// One turn of a node.
    pub(super) async fn turn(&self, node: &NodeId) -> Result<Turn, Halt> {
        match node.step {
            Step::Records => self.records(node).await,
            Step::HealthChecks => self.health_checks(node).await,
            Step::DomainNames => self.domain_names(node).await,
            Step::Certificates => self.certificates(node).await,
            Step::Zone => self.zone(node).await,
            Step::Replication => self.replication(node).await,
            Step::Promotion => self.promotion(node).await,
            Step::GlobalDatabase => self.global_database(node).await,
            Step::Databases => self.databases(node).await,
            Step::TableReplicas => self.table_replicas(node).await,
            Step::Tables => self.tables(node).await,
            Step::Apis => self.apis(node).await,
            Step::Schedules => self.schedules(node).await,
            Step::Dashboards => self.dashboards(node).await,
            Step::Pipelines => self.pipelines(node).await,
            Step::Stack | Step::ExportingStack => self.stack(node).await,
            Step::Snapshots => self.snapshots(node).await,
            Step::Buckets | Step::RunBucket => self.buckets(node).await,
            Step::LogGroups => self.log_groups(node).await,
        }
    }

    /// Everything of a kind in a Region that exists and is in the plan.
    pub(super) async fn live(&self, kind: Kind, region: &str) -> Result<Vec<Item>, Halt> {
        let items = self.list(kind, region).await?;
        Ok(items.into_iter().filter(|item| self.may(item)).collect())
    }

    /// Everything of a kind in a Region, whoever owns it; stacks by status only.
    pub(super) async fn list(&self, kind: Kind, region: &str) -> Result<Vec<Item>, Halt> {
        let key = (kind, region.to_owned());
        let now = self.caller.clock().now();
        let known = self.lists.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((_, items)) = known.filter(|(at, _)| now.since(*at) <= FRESH) {
            return Ok(items);
        }
        let items = lists::list_statuses(self.caller, self.account, kind, region).await.map_err(Halt::Refused)?;
        let at = self.caller.clock().now();
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (at, items.clone()));
        Ok(items)
    }

    fn may(&self, item: &Item) -> bool {
        match item.kind {
            // A list of buckets does not always say where they are; their names are unique in the world.
            Kind::Bucket => self.allowed.iter().any(|(kind, _, id)| *kind == Kind::Bucket && *id == item.id),
            _ => self.allowed.contains(&item.key()),
        }
    }

    /// Whether this is the first time that something is asked for which AWS does not show while it goes on.
    pub(super) fn once(&self, what: &str) -> bool {
        let mut asked = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert(what.to_owned(), 1).is_none()
    }

    /// It was not taken, and is to be asked for again.
    pub(super) fn again(&self, what: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(what);
    }

    /// Reads something.
    pub(super) async fn read(&self, service: &str, name: &str, region: &str, input: Value) -> Result<Value, Failure> {
        self.caller.all(&operation(service, name, region, input)).await
    }

    /// Asks AWS for a change. What was read before it is old from then on.
    pub(super) async fn ask(
        &self,
        node: &NodeId,
        service: &str,
        name: &str,
        region: &str,
        input: Value,
    ) -> Result<Answer, Halt> {
        let operation = operation(service, name, region, input);
        if self.cancel.is_cancelled() {
            return Ok(Answer::Busy("stopped".to_owned()));
        }
        let answer = self.caller.call(&operation).await;
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let (request, refused) = match &answer {
            Ok(reply) => (reply.request_id.clone(), None),
            Err(failure) => (failure.request_id.clone(), Some(format!("{}: {}", failure.code, failure.message))),
        };
        (self.tell)(Asked { node: node.clone(), command: command_line(&operation), request, refused });
        match answer {
            Ok(reply) => Ok(Answer::Taken(reply)),
            Err(failure) => settle(&operation, failure),
        }
    }
}

/// What a refusal of a change means.
fn settle(operation: &Operation, failure: Failure) -> Result<Answer, Halt> {
    let message = failure.message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match failure.class {
        FailureClass::NotFound => Ok(Answer::Already),
        _ if says(&["already being deleted", "is not a read replica"]) => Ok(Answer::Already),
        FailureClass::Conflict
        | FailureClass::Throttled
        | FailureClass::Network
        | FailureClass::Timeout
        | FailureClass::Service
        | FailureClass::Quota => Ok(Answer::Busy(format!("{}: {}", failure.code, failure.message))),
        // A batch of records that somebody else has changed meanwhile is read again.
        FailureClass::Invalid if operation.name == "change-resource-record-sets" => {
            Ok(Answer::Busy(format!("{}: {}", failure.code, failure.message)))
        }
        // DynamoDB and RDS say *invalid* for some states that pass.
        FailureClass::Invalid
            if says(&["not in available state", "is not available", "in progress", "try again", "currently"]) =>
        {
            Ok(Answer::Busy(format!("{}: {}", failure.code, failure.message)))
        }
        _ => Err(Halt::Refused(failure)),
    }
}

/// Joins what is left into one line.
pub(super) fn waiting(left: &[String]) -> Turn {
    match left {
        [] => Turn::Gone,
        [one] => Turn::Wait(one.clone()),
        [one, rest @ ..] => Turn::Wait(format!("{one}, and {} more", rest.len())),
    }
}

/// Things of a plan that a stack takes away.
pub(super) fn stacked(items: &[Item]) -> BTreeSet<Key> {
    items.iter().filter(|item| matches!(item.owner, Owner::Stack { .. })).map(Item::key).collect()
}
