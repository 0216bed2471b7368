//! Keeps the run's manifest while the learner works: what AWS gave, and where the learner was last.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::session::Session;
use crate::domain::{BoxFuture, Effect, Failure, Operation, Operations, Reply};
use crate::reset::manifest::{self, Manifest};

/// Passes calls on, and notes the ARNs of what they make.
pub(super) struct Noting<'a> {
    inner: &'a dyn Operations,
    made: Mutex<BTreeSet<String>>,
}

impl<'a> Noting<'a> {
    /// Nothing was made yet.
    pub(super) fn new(inner: &'a dyn Operations) -> Self {
        Self { inner, made: Mutex::default() }
    }

    /// What was made.
    pub(super) fn made(self) -> BTreeSet<String> {
        self.made.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Operations for Noting<'_> {
    fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(async move {
            let answer = self.inner.call(operation).await;
            if let (Effect::Create, Ok(reply)) = (operation.effect, &answer)
                && let Some(arn) = manifest::made(operation, reply)
            {
                self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(arn);
            }
            answer
        })
    }
}

/// Adds to the manifest. Nothing happens while its bucket does not exist: the run has made nothing that matters then, or
/// has taken it away. The error says why it could not be written; it stops nobody.
pub(super) async fn note(session: &Session, step: &str, made: BTreeSet<String>) -> Result<(), Failure> {
    let run = session.run();
    let Some(bucket) = &run.manifest else { return Ok(()) };
    let (primary, secondary) = (run.regions.primary().as_str(), run.regions.secondary().as_str());
    let aws = session.guide.aws().as_ref();
    let known = manifest::read(aws, bucket, primary).await?;
    let mut manifest = known
        .filter(|manifest| manifest.is_of(&run.workshop, &run.suffix))
        .unwrap_or_else(|| Manifest::new(&run.workshop, &run.suffix, [primary, secondary]));
    manifest.position = Some(step.to_owned());
    manifest.arns.extend(made);
    // The bucket itself may have been made in this very action.
    manifest::write(aws, bucket, primary, &manifest).await.map(drop)
}
