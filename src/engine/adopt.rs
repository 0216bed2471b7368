//! Runs that an account already holds, found by their manifests: another shell or another machine goes on with one.

use serde_json::{Value, json};

use crate::content::model::Workshop;
use crate::content::{Bindings, MissingBinding};
use crate::domain::{Failure, GLOBAL_REGION, Operations, RegionPair};
use crate::protocol::operation;
use crate::reset::manifest::{self, Manifest};

/// Which of the runs is continued; none to begin a new one. Asked before anything else happens.
pub type Choose = fn(&[Manifest]) -> Option<usize>;

/// Stands for a suffix; no name of a workshop has it.
const PLACE: &str = "\u{1}";

/// What comes before and after the suffix in the name of a run's bucket; none when the workshop keeps no manifest.
fn around(workshop: &Workshop, regions: &RegionPair) -> Option<(String, String)> {
    let vars = [("suffix".to_owned(), PLACE.to_owned())].into();
    let name = |template: &str| -> Result<String, MissingBinding> {
        Bindings::new(workshop, regions, &vars)?.render(template)
    };
    let name = name(workshop.manifest.as_deref()?).ok()?;
    let (before, after) = name.split_once(PLACE)?;
    Some((before.to_owned(), after.to_owned()))
}

/// The suffix that a bucket's name has, if it is the name of a run's bucket.
fn suffix_of<'n>(name: &'n str, before: &str, after: &str) -> Option<&'n str> {
    let suffix = name.strip_prefix(before)?.strip_suffix(after)?;
    (!suffix.is_empty() && suffix.chars().all(|c| c.is_ascii_alphanumeric())).then_some(suffix)
}

/// The runs of the workshop that the account holds. A manifest counts only in the bucket of its own run.
pub(super) async fn runs(
    aws: &dyn Operations,
    workshop: &Workshop,
    regions: &RegionPair,
) -> Result<Vec<Manifest>, Failure> {
    let Some((before, after)) = around(workshop, regions) else { return Ok(Vec::new()) };
    let asked_in = regions.primary().as_str();
    let reply = aws.call(&operation("s3api", "list-buckets", asked_in, json!({}))).await?;
    let names = reply.output.get("Buckets").and_then(Value::as_array).into_iter().flatten();
    let mut found = Vec::new();
    for name in names.filter_map(|bucket| bucket.get("Name")?.as_str()) {
        let Some(suffix) = suffix_of(name, &before, &after) else { continue };
        let place = operation("s3api", "get-bucket-location", asked_in, json!({ "Bucket": name }));
        let place = aws.call(&place).await?;
        // Source: Amazon S3 API Reference, GetBucketLocation: buckets in us-east-1 have no constraint.
        let region = place.output.get("LocationConstraint").and_then(Value::as_str).unwrap_or(GLOBAL_REGION);
        let read = manifest::read(aws, name, region).await?;
        let [primary, secondary] = read.as_ref().map(|run| run.regions.clone()).unwrap_or_default();
        found.extend(
            read.filter(|run| run.is_of(&workshop.id, suffix) && RegionPair::new(&primary, &secondary).is_ok()),
        );
    }
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bucket_of_a_run_has_a_suffix() {
        let workshop = crate::content::load(&crate::content::Source::Embedded).unwrap();
        let regions = RegionPair::new("eu-west-1", "ap-southeast-1").unwrap();
        let (before, after) = around(&workshop, &regions).unwrap();
        assert_eq!(suffix_of("bookstore-artifacts-k3x9qa-r1", &before, &after), Some("k3x9qa"));
        for other in ["bookstore-artifacts--r1", "bookstore-artifacts-k3x9qa-r2", "bookstore-artifacts-k-3-r1", "logs"]
        {
            assert_eq!(suffix_of(other, &before, &after), None, "{other}");
        }
    }
}
