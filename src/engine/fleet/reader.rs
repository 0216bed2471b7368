//! How fleet asks an account: reads only, each once a cycle, and not more than so many.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::aws::classify;
use crate::domain::{BoxFuture, Effect, Failure, FailureClass, Operation, Operations, Reply};
use crate::protocol::{call_all, operation_by_cli};

/// A read of one thing that the list of all of its kind answers as well.
struct Coarse {
    service: &'static str,
    name: &'static str,
    /// The member of the input that names the thing.
    by: &'static str,
    /// The member of the output with the list.
    items: &'static str,
    /// Members of an item, one of which has the name.
    ids: &'static [&'static str],
    /// How AWS says that there is no such thing: code, status, words with `{id}`.
    missing: (&'static str, u16, &'static str),
}

/// Reads that are answered from lists, so that many checks share one call.
const COARSE: &[Coarse] = &[
    Coarse {
        service: "cloudformation",
        name: "describe-stacks",
        by: "StackName",
        items: "Stacks",
        ids: &["StackName", "StackId"],
        missing: ("ValidationError", 400, "Stack with id {id} does not exist"),
    },
    Coarse {
        service: "rds",
        name: "describe-db-clusters",
        by: "DBClusterIdentifier",
        items: "DBClusters",
        ids: &["DBClusterIdentifier", "DBClusterArn"],
        missing: ("DBClusterNotFoundFault", 404, "DBCluster {id} not found."),
    },
    Coarse {
        service: "rds",
        name: "describe-db-instances",
        by: "DBInstanceIdentifier",
        items: "DBInstances",
        ids: &["DBInstanceIdentifier", "DBInstanceArn"],
        missing: ("DBInstanceNotFound", 404, "DBInstance {id} not found."),
    },
];

/// An account that can be read and not changed.
pub struct Reader {
    inner: Arc<dyn Operations>,
    limit: usize,
    cycle: Mutex<Cycle>,
}

#[derive(Default)]
struct Cycle {
    answers: BTreeMap<String, Result<Reply, Failure>>,
    spent: usize,
    postponed: bool,
}

impl Reader {
    /// Reads through `inner`, at most `limit` calls a cycle.
    pub fn new(inner: Arc<dyn Operations>, limit: usize) -> Self {
        Self { inner, limit, cycle: Mutex::default() }
    }

    fn cycle(&self) -> MutexGuard<'_, Cycle> {
        self.cycle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a cycle: what was read before is read anew.
    pub fn begin(&self) {
        *self.cycle() = Cycle::default();
    }

    /// How many calls the cycle has made.
    pub fn spent(&self) -> usize {
        self.cycle().spent
    }

    /// How many it may still make.
    pub fn left(&self) -> usize {
        self.limit.saturating_sub(self.spent())
    }

    /// Whether a read had to be left to the next cycle since this was last asked.
    pub fn postponed(&self) -> bool {
        std::mem::take(&mut self.cycle().postponed)
    }

    async fn answer(&self, operation: &Operation) -> Result<Reply, Failure> {
        if !only_reads(operation) {
            let message = "workshop fleet only reads, and this call does more".to_owned();
            return Err(own(operation, FailureClass::Denied, "FleetOnlyReads", message));
        }
        match COARSE.iter().find_map(|coarse| Some((coarse, coarse.asks(operation)?))) {
            Some((coarse, id)) => self.in_list(coarse, operation, &id).await,
            None => self.once(operation).await,
        }
    }

    /// Finds the thing in the list of its kind.
    async fn in_list(&self, coarse: &Coarse, operation: &Operation, id: &str) -> Result<Reply, Failure> {
        let list = Operation { input: json!({}), ..operation.clone() };
        let output = call_all(self, &list).await?;
        let items = output.get(coarse.items).and_then(Value::as_array).cloned().unwrap_or_default();
        let is = |item: &&Value| {
            coarse.ids.iter().any(|member| item.get(*member).and_then(Value::as_str).is_some_and(|name| name == id))
        };
        if let Some(item) = items.iter().find(is) {
            return Ok(Reply { output: json!({ coarse.items: [item] }), ..Reply::default() });
        }
        let (code, status, words) = coarse.missing;
        let message = words.replace("{id}", id);
        Err(own(operation, classify(code, &message, status), code, message))
    }

    /// Calls AWS, unless the cycle has the answer already or has no call left.
    async fn once(&self, operation: &Operation) -> Result<Reply, Failure> {
        let key = format!("{operation} {}", operation.input);
        {
            let mut cycle = self.cycle();
            if let Some(answer) = cycle.answers.get(&key) {
                return answer.clone();
            }
            if cycle.spent >= self.limit {
                cycle.postponed = true;
                let message = format!("{} reads were made in this cycle; the next one goes on", self.limit);
                return Err(own(operation, FailureClass::Unsupported, "NextCycle", message));
            }
            cycle.spent += 1;
        }
        let answer = self.inner.call(operation).await;
        self.cycle().answers.insert(key, answer.clone());
        answer
    }
}

impl Operations for Reader {
    fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(self.answer(operation))
    }
}

impl Coarse {
    /// The thing that an operation asks for and nothing else, when it is one of these.
    fn asks(&self, operation: &Operation) -> Option<String> {
        let same = operation.service == self.service && operation.name == self.name;
        let members = operation.input.as_object().filter(|members| same && members.len() == 1)?;
        members.get(self.by).and_then(Value::as_str).map(str::to_owned)
    }
}

/// Whether the catalogue calls the operation a read. What the operation says of itself is not enough, and reads that give
/// out credentials or identities are none.
fn only_reads(operation: &Operation) -> bool {
    let spec = operation_by_cli(&operation.service, &operation.name);
    let known = spec.is_some_and(|spec| spec.effect == Effect::Read && spec.api == operation.api);
    let issues = match operation.service.as_str() {
        "sts" => operation.name != "get-caller-identity",
        "cognito-identity" => true,
        _ => false,
    };
    known && operation.effect == Effect::Read && !issues
}

fn own(operation: &Operation, class: FailureClass, code: &str, message: String) -> Failure {
    Failure { class, code: code.to_owned(), message, operation: operation.to_string(), request_id: None }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::protocol::{operation, operations};

    /// Answers everything and remembers what it was asked.
    #[derive(Default)]
    struct Account(Mutex<Vec<String>>);

    impl Operations for Account {
        fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
            self.0.lock().unwrap().push(operation.to_string());
            let output = json!({ "Stacks": [{ "StackName": "one" }, { "StackName": "two" }] });
            Box::pin(async move { Ok(Reply { output, ..Reply::default() }) })
        }
    }

    fn reader(limit: usize) -> (Arc<Account>, Reader) {
        let account = Arc::new(Account::default());
        (Arc::clone(&account), Reader::new(account, limit))
    }

    #[tokio::test]
    async fn nothing_but_reads_of_the_catalogue_gets_through() {
        let (account, reader) = reader(usize::MAX);
        let mut reads = 0;
        for spec in operations() {
            let asked = operation(spec.cli_service, spec.cli, "eu-west-1", json!({}));
            let done = reader.call(&asked).await.is_ok();
            assert!(!done || spec.effect == Effect::Read, "{asked}");
            reads += usize::from(done);
            // A lie about the effect helps nobody.
            let lie = Operation { effect: Effect::Read, ..asked };
            assert!(spec.effect == Effect::Read || reader.call(&lie).await.is_err(), "{lie}");
        }
        assert!(reads > 50 && account.0.lock().unwrap().len() <= reads);
        let role = operation("sts", "assume-role", "eu-west-1", json!({}));
        assert_eq!(reader.call(&role).await.unwrap_err().code, "FleetOnlyReads");
        let disguised =
            Operation { api: "DeleteStack".into(), ..operation("cloudformation", "list-stacks", "r", json!({})) };
        assert_eq!(reader.call(&disguised).await.unwrap_err().code, "FleetOnlyReads");
    }

    #[tokio::test]
    async fn a_list_answers_for_its_members_and_the_cycle_ends_with_its_limit() {
        let (account, reader) = reader(2);
        let stack =
            |name: &str| operation("cloudformation", "describe-stacks", "eu-west-1", json!({ "StackName": name }));
        for name in ["one", "two"] {
            assert_eq!(reader.call(&stack(name)).await.unwrap().output["Stacks"][0]["StackName"], name);
        }
        let missing = reader.call(&stack("three")).await.unwrap_err();
        assert_eq!(
            (missing.code.as_str(), missing.class),
            ("ValidationError", classify("ValidationError", &missing.message, 400))
        );
        assert_eq!((account.0.lock().unwrap().len(), reader.spent()), (1, 1));
        let tables = operation("dynamodb", "list-tables", "eu-west-1", json!({}));
        reader.call(&tables).await.unwrap();
        let other = operation("dynamodb", "list-tables", "us-east-1", json!({}));
        assert_eq!(reader.call(&other).await.unwrap_err().code, "NextCycle");
        assert!(reader.postponed() && !reader.postponed() && reader.left() == 0);
        reader.begin();
        assert!(reader.call(&other).await.is_ok());
    }
}
