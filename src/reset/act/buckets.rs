//! Buckets: no replication rule, no upload that was begun, no version, no bucket.

use serde_json::{Value, json};

use super::{Answer, Halt, Hand, Turn, waiting};
use crate::domain::{Failure, FailureClass, GLOBAL_REGION};
use crate::reset::bucket::{PurgeError, purge_bucket};
use crate::reset::graph::{NodeId, Step};
use crate::reset::item::{Item, Kind};
use crate::reset::lists;

impl Hand<'_> {
    /// The plan's buckets, each with its Region; those that went are left out.
    async fn ours(&self) -> Result<Vec<(Item, String)>, Halt> {
        let mut found = Vec::new();
        for bucket in self.live(Kind::Bucket, GLOBAL_REGION).await? {
            let planned = self.allowed.iter().find(|(kind, _, id)| *kind == Kind::Bucket && *id == bucket.id);
            let region = planned.map(|(_, region, _)| region.clone()).filter(|region| !region.is_empty());
            let region = match region {
                Some(region) => Some(region),
                None => lists::bucket_region(self.caller, &bucket.id, GLOBAL_REGION).await.map_err(Halt::Refused)?,
            };
            if let Some(region) = region {
                found.push((bucket, region));
            }
        }
        Ok(found)
    }

    /// No bucket of the plan copies into another any more.
    pub(super) async fn replication(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for (bucket, region) in self.ours().await? {
            let input = json!({ "Bucket": bucket.id });
            match self.read("s3api", "get-bucket-replication", &region, input.clone()).await {
                Ok(_) => {
                    left.push(format!("the replication rule of {}", bucket.id));
                    self.ask(node, "s3api", "delete-bucket-replication", &region, input).await?;
                }
                Err(failure) if failure.class == FailureClass::NotFound => {}
                Err(failure) => return Err(Halt::Refused(failure)),
            }
        }
        Ok(waiting(&left))
    }

    /// The buckets that no stack takes away; the run's own goes in a node of its own.
    pub(super) async fn buckets(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for (bucket, region) in self.ours().await? {
            let own = self.manifest == Some(bucket.id.as_str());
            let stacked = self.stacked.iter().any(|(kind, _, id)| *kind == Kind::Bucket && *id == bucket.id);
            if own != (node.step == Step::RunBucket) || stacked {
                continue;
            }
            left.push(format!("the bucket {}", bucket.id));
            if !self.empty(node, &bucket.id, &region).await? {
                continue;
            }
            // What lands in between makes S3 refuse, and the next turn empties once more.
            if let Answer::Busy(why) =
                self.ask(node, "s3api", "delete-bucket", &region, json!({ "Bucket": bucket.id })).await?
            {
                left.push(why);
            }
        }
        Ok(waiting(&left))
    }

    /// Empties a bucket of the plan: versions, delete markers, uploads that were begun. False when S3 asked for patience in
    /// the middle of it: the next turn goes on.
    pub(super) async fn empty(&self, node: &NodeId, bucket: &str, region: &str) -> Result<bool, Halt> {
        let uploads = match self.read("s3api", "list-multipart-uploads", region, json!({ "Bucket": bucket })).await {
            Ok(output) => output.get("Uploads").and_then(Value::as_array).cloned().unwrap_or_default(),
            Err(failure) if failure.class == FailureClass::NotFound => return Ok(true),
            Err(failure) => return Err(Halt::Refused(failure)),
        };
        for upload in uploads {
            let input = json!({ "Bucket": bucket, "Key": upload.get("Key"), "UploadId": upload.get("UploadId") });
            self.ask(node, "s3api", "abort-multipart-upload", region, input).await?;
        }
        let purged = purge_bucket(self.caller, self.run, bucket, region, self.cancel, &|_| ()).await;
        match purged {
            Ok(_) => Ok(true),
            Err(PurgeError::Cancelled) => Ok(false),
            Err(PurgeError::Aws(failure)) => passing(failure),
            Err(other) => Err(Halt::GaveUp { why: other.to_string(), finish: Vec::new() }),
        }
    }
}

/// Whether the bucket is empty all the same. A refusal that the next turn may not see again is no end.
fn passing(failure: Failure) -> Result<bool, Halt> {
    match failure.class {
        FailureClass::NotFound => Ok(true),
        FailureClass::Conflict
        | FailureClass::Throttled
        | FailureClass::Network
        | FailureClass::Timeout
        | FailureClass::Service => Ok(false),
        _ => Err(Halt::Refused(failure)),
    }
}
