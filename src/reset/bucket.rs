//! Empties a bucket of the run: every version and every delete marker.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::run::Run;
use crate::domain::{Failure, Operations};
use crate::protocol::operation;

/// DeleteObjects takes at most 1,000 keys a call (aws-behaviour.md, section 1).
const BATCH: usize = 1000;

/// Why a bucket was not emptied.
#[derive(Debug, thiserror::Error)]
pub enum PurgeError {
    /// Its name does not carry the run's suffix.
    #[error("the bucket '{bucket}' is not of this run (its name does not contain '{suffix}'); it is left as it is")]
    NotOurs {
        /// The bucket.
        bucket: String,
        /// The run's suffix.
        suffix: String,
    },
    /// AWS refused.
    #[error(transparent)]
    Aws(#[from] Failure),
    /// Single objects could not be deleted.
    #[error("{count} objects of '{bucket}' could not be deleted; the first: {first}")]
    Objects {
        /// The bucket.
        bucket: String,
        /// How many.
        count: usize,
        /// AWS's words for the first.
        first: String,
    },
    /// Stopped by hand.
    #[error("stopped; what was deleted so far stays deleted")]
    Cancelled,
}

/// Deletes all versions and delete markers of a bucket of the run, at most 1,000 a call, and says how many they were.
/// A bucket that does not exist is empty. `progress` is told the count after every batch.
pub async fn purge_bucket(
    aws: &dyn Operations,
    run: &Run,
    bucket: &str,
    region: &str,
    cancel: &CancellationToken,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<u64, PurgeError> {
    if !bucket.contains(&run.suffix) {
        return Err(PurgeError::NotOurs { bucket: bucket.to_owned(), suffix: run.suffix.clone() });
    }
    let mut deleted = 0;
    loop {
        if cancel.is_cancelled() {
            return Err(PurgeError::Cancelled);
        }
        // Always the first page: what it showed is gone by the next turn.
        let batch = first_page(aws, bucket, region).await?;
        if batch.is_empty() {
            return Ok(deleted);
        }
        let count = batch.len() as u64;
        let input = json!({ "Bucket": bucket, "Delete": { "Objects": batch, "Quiet": true } });
        let reply = aws.call(&operation("s3api", "delete-objects", region, input)).await?;
        if let Some(Value::Array(errors)) = reply.output.get("Errors").filter(|errors| errors != &&json!([])) {
            let first = errors.first().map(ToString::to_string).unwrap_or_default();
            return Err(PurgeError::Objects { bucket: bucket.to_owned(), count: errors.len(), first });
        }
        deleted += count;
        progress(deleted);
    }
}

/// Keys and version ids of the first versions and delete markers.
async fn first_page(aws: &dyn Operations, bucket: &str, region: &str) -> Result<Vec<Value>, Failure> {
    let input = json!({ "Bucket": bucket, "MaxKeys": BATCH });
    let reply = match aws.call(&operation("s3api", "list-object-versions", region, input)).await {
        Ok(reply) => reply,
        Err(failure) if failure.class == crate::domain::FailureClass::NotFound => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    let mut keys = Vec::new();
    for member in ["Versions", "DeleteMarkers"] {
        for item in reply.output.get(member).and_then(Value::as_array).into_iter().flatten() {
            keys.push(json!({ "Key": item.get("Key"), "VersionId": item.get("VersionId") }));
        }
    }
    keys.truncate(BATCH);
    Ok(keys)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::domain::{BoxFuture, Operation, Reply};
    use crate::reset::run::tests::run;

    /// A bucket with so many versions and one delete marker.
    struct Bucket(Mutex<Vec<u32>>);

    impl Operations for Bucket {
        fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
            let mut left = self.0.lock().unwrap();
            let output = if operation.api == "ListObjectVersions" {
                let page: Vec<Value> =
                    left.iter().take(BATCH).map(|n| json!({ "Key": format!("k{n}"), "VersionId": "v" })).collect();
                let (markers, versions) = page.split_at(1.min(page.len()));
                json!({ "Versions": versions, "DeleteMarkers": markers })
            } else {
                let count = operation.input["Delete"]["Objects"].as_array().unwrap().len();
                assert!(count <= BATCH, "{count} keys in one call");
                left.drain(..count);
                json!({})
            };
            Box::pin(async move { Ok(Reply { output, ..Reply::default() }) })
        }
    }

    #[tokio::test]
    async fn versions_and_delete_markers_all_go_in_batches() {
        let bucket = Bucket(Mutex::new((0..2500).collect()));
        let told = Mutex::new(Vec::new());
        let tell = |count| told.lock().unwrap().push(count);
        let cancel = CancellationToken::new();
        let deleted = purge_bucket(&bucket, &run(), "site-abc123-r1", "eu-west-1", &cancel, &tell).await.unwrap();
        assert_eq!(deleted, 2500);
        assert!(bucket.0.lock().unwrap().is_empty());
        assert_eq!(*told.lock().unwrap(), [1000, 2000, 2500]);
    }

    #[tokio::test]
    async fn a_bucket_of_somebody_else_is_left_as_it_is() {
        let bucket = Bucket(Mutex::new(vec![1, 2]));
        let cancel = CancellationToken::new();
        let refused = purge_bucket(&bucket, &run(), "payroll", "eu-west-1", &cancel, &|_| ()).await;
        assert!(matches!(refused, Err(PurgeError::NotOurs { .. })));
        assert_eq!(bucket.0.lock().unwrap().len(), 2);
    }
}
