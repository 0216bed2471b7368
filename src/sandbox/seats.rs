//! Many learners' accounts in one world: a copy of an account under another id, with names of its own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// An account of one world, taken out of it as a text, so that it can be put into another world many times.
#[derive(Clone, Debug)]
pub struct Template {
    text: String,
    account: String,
    words: Vec<String>,
    at: SimTime,
}

impl Template {
    /// The account with everything that belongs to it; names of buckets are unique in a world, and those of this account
    /// contain one of `words`. None when the world has no such account.
    pub fn of(world: &World, account: &str, words: &[String]) -> Result<Option<Self>, serde_json::Error> {
        let Some(state) = world.accounts.get(account).cloned() else { return Ok(None) };
        let own = |name: &String| words.iter().any(|word| name.contains(word));
        let buckets = world.buckets.iter().filter(|(name, _)| own(name));
        let seat = Seat {
            account: state,
            buckets: buckets.map(|(name, bucket)| (name.clone(), bucket.clone())).collect(),
            timeline: world.timeline.of(account),
        };
        let text = serde_json::to_string(&seat)?;
        Ok(Some(Self { text, account: account.to_owned(), words: words.to_vec(), at: world.now }))
    }

    /// Puts the account into a world as `to`, with `words` in the place of its own, in their order. What was its present
    /// becomes `moment`; instants are moved with it, and what should have happened between `moment` and the world's
    /// present happens at once.
    pub fn place(
        &self,
        world: &mut World,
        to: &str,
        words: &[String],
        moment: SimTime,
    ) -> Result<(), serde_json::Error> {
        let mut text = self.text.replace(&self.account, to);
        for (old, new) in self.words.iter().zip(words) {
            text = text.replace(old, new);
        }
        let text = if moment == self.at {
            text.into_bytes()
        } else {
            let mut value: Value = serde_json::from_slice(text.as_bytes())?;
            shift(&mut value, moment.millis() - self.at.millis());
            serde_json::to_vec(&value)?
        };
        // Read as all worlds are read: each other way of reading is two megabytes of code more.
        let copy: Seat = serde_json::from_slice(&text)?;
        // What was read has room to grow, which a copy of it has not: that halves the memory of a class.
        world.accounts.insert(to.to_owned(), copy.account.clone());
        world.buckets.extend(copy.buckets);
        let now = world.now;
        for (at, transition) in copy.timeline {
            // A world that is copied within itself keeps its future as it is.
            world.timeline.push(if moment == self.at { at } else { at.max(now) }, transition);
        }
        world.touch();
        Ok(())
    }
}

/// Instants of a world lie within this many milliseconds around its first one; no other number of it does.
const AROUND: i64 = 400 * 24 * 3_600_000;

/// Moves every instant of a value.
fn shift(value: &mut Value, by: i64) {
    match value {
        Value::Number(number) => {
            let start = SimTime::WORLD_START.millis();
            if let Some(at) = number.as_i64().filter(|at| (at - start).abs() < AROUND) {
                *value = Value::from(at + by);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Value::Object(members) => members.values_mut().for_each(|item| shift(item, by)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

impl World {
    /// Copies the account `from` to a new account `to`: its resources, its buckets and what will happen to it. In
    /// everything that is copied, the old id becomes the new one and each of `words` becomes its other; names of buckets
    /// are unique in the world, so one of the words must be what their names contain. Nothing when `from` is empty.
    pub fn copy_account(&mut self, from: &str, to: &str, words: &[(String, String)]) -> Result<(), serde_json::Error> {
        let (old, new): (Vec<String>, Vec<String>) = words.iter().cloned().unzip();
        let Some(template) = Template::of(self, from, &old)? else { return Ok(()) };
        let moment = self.now;
        template.place(self, to, &new, moment)
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
