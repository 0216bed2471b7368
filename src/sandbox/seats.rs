//! Many learners' accounts in one world: a copy of an account under another id, with names of its own.

use serde::{Deserialize, Serialize};

use super::services::s3;
use super::world::{AccountState, Transition, World};
use crate::domain::SimTime;

/// An account with everything that belongs to it outside of it.
#[derive(Serialize, Deserialize)]
struct Seat {
    account: AccountState,
    buckets: std::collections::BTreeMap<String, s3::Bucket>,
    timeline: Vec<(SimTime, Transition)>,
}

impl World {
    /// Copies the account `from` to a new account `to`: its resources, its buckets and what will happen to it. In
    /// everything that is copied, the old id becomes the new one and each of `words` becomes its other; names of buckets
    /// are unique in the world, so one of the words must be what their names contain. Nothing when `from` is empty.
    pub fn copy_account(&mut self, from: &str, to: &str, words: &[(String, String)]) -> Result<(), serde_json::Error> {
        let Some(account) = self.accounts.get(from).cloned() else { return Ok(()) };
        let contains = |name: &String| words.iter().any(|(old, _)| name.contains(old));
        let seat = Seat {
            account,
            buckets: self
                .buckets
                .iter()
                .filter(|(name, _)| contains(name))
                .map(|(name, bucket)| (name.clone(), bucket.clone()))
                .collect(),
            timeline: self.timeline.of(from),
        };
        let mut text = serde_json::to_string(&seat)?.replace(from, to);
        for (old, new) in words {
            text = text.replace(old, new);
        }
        let copy: Seat = serde_json::from_str(&text)?;
        self.accounts.insert(to.to_owned(), copy.account);
        self.buckets.extend(copy.buckets);
        for (at, transition) in copy.timeline {
            self.timeline.push(at, transition);
        }
        self.touch();
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::call::Call;
    use crate::sandbox::world::LEARNER_ACCOUNT;

    #[test]
    fn a_copy_has_its_own_names_and_its_own_future() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1");
        let bucket =
            json!({ "Bucket": "site-aaa", "CreateBucketConfiguration": { "LocationConstraint": "eu-west-1" } });
        call.invoke("s3", "CreateBucket", &bucket).unwrap();
        let table = json!({ "TableName": "aaa-Books", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }] });
        call.invoke("dynamodb", "CreateTable", &table).unwrap();
        world.copy_account(LEARNER_ACCOUNT, "444455556666", &[("aaa".to_owned(), "bbb".to_owned())]).unwrap();
        assert!(world.buckets.contains_key("site-aaa") && world.buckets.contains_key("site-bbb"));
        world.advance(world.now.plus(std::time::Duration::from_mins(5)));
        let mut call = Call::new(&mut world, "444455556666", "eu-west-1");
        let found = call.invoke("dynamodb", "DescribeTable", &json!({ "TableName": "bbb-Books" })).unwrap();
        assert_eq!(found.pointer("/Table/TableStatus").unwrap(), "ACTIVE");
        assert_eq!(
            found.pointer("/Table/TableArn").unwrap(),
            "arn:aws:dynamodb:eu-west-1:444455556666:table/bbb-Books"
        );
    }
}
