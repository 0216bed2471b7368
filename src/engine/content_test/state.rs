//! The state of an account as one comparable value: what exists with its properties, and what the stores hold.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::domain::GLOBAL_REGION;
use crate::sandbox::services::{self, Record};
use crate::sandbox::world::LEARNER_ACCOUNT;
use crate::sandbox::{Call, World};

/// What exists, by a name for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    things: BTreeMap<String, Value>,
}

impl State {
    /// The state of the learner's account; what every account has from the beginning is left out.
    pub fn of(world: &World) -> Self {
        // Looking must not change the world that is looked at.
        let mut world = world.clone();
        let mut things = BTreeMap::new();
        for region in regions(&world) {
            let mut call = Call::new(&mut world, LEARNER_ACCOUNT, &region);
            let records = services::inventory(&mut call);
            for record in records.into_iter().filter(|record| !record.built_in) {
                let held = held(&mut call, &record);
                let about = json!({ "properties": record.properties, "tags": record.tags, "holds": held });
                things.insert(format!("{} {} in {region}", record.type_name, record.id), about);
            }
        }
        for (name, bucket) in &world.buckets {
            let newest = bucket.objects.iter().filter_map(|(key, versions)| Some((key, versions.last()?)));
            let objects: BTreeMap<&String, &String> = newest
                .filter(|(_, version)| !version.delete_marker)
                .map(|(key, version)| (key, &version.etag))
                .collect();
            things.insert(format!("the objects of {name}"), json!(objects));
        }
        Self { things }
    }

    /// How the other state differs, a line each.
    pub fn difference(&self, other: &State) -> Vec<String> {
        let names: BTreeSet<&String> = self.things.keys().chain(other.things.keys()).collect();
        let say = |name: &&String| match (self.things.get(*name), other.things.get(*name)) {
            (Some(before), Some(after)) if before == after => None,
            (Some(before), Some(after)) => Some(format!("{name} is another one: {}", first(before, after, ""))),
            (Some(_), None) => Some(format!("{name} is gone")),
            _ => Some(format!("{name} is new")),
        };
        names.iter().filter_map(say).collect()
    }

    /// How many things of each type there are in each Region: what is the same when all is made anew with other ids.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for name in self.things.keys() {
            let mut words = name.split(' ');
            let kind = words.next().unwrap_or_default();
            let region = words.next_back().unwrap_or_default();
            *counts.entry(format!("{kind} in {region}")).or_insert(0) += 1;
        }
        counts
    }
}

/// The Regions in which the account has something, the one of the global services included.
fn regions(world: &World) -> BTreeSet<String> {
    let account = world.accounts.get(LEARNER_ACCOUNT);
    let mut regions: BTreeSet<String> = account.iter().flat_map(|state| state.regions.keys().cloned()).collect();
    // A bucket may be all that the account has in its Region.
    regions.extend(world.buckets.values().map(|bucket| bucket.region.clone()));
    regions.insert(GLOBAL_REGION.to_owned());
    regions
}

/// The records of a zone and the items of a table, which the inventory counts as one thing.
fn held(call: &mut Call<'_>, record: &Record) -> Value {
    let (service, operation, input) = match record.type_name {
        "AWS::Route53::HostedZone" => ("route53", "ListResourceRecordSets", json!({ "HostedZoneId": record.id })),
        "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" => {
            ("dynamodb", "Scan", json!({ "TableName": record.id }))
        }
        _ => return Value::Null,
    };
    services::dispatch(call, service, operation, &input).unwrap_or(Value::Null)
}

/// The first place where two values differ.
fn first(before: &Value, after: &Value, at: &str) -> String {
    if let (Value::Object(one), Value::Object(two)) = (before, after) {
        let names: BTreeSet<&String> = one.keys().chain(two.keys()).collect();
        for name in names {
            let (one, two) = (one.get(name).unwrap_or(&Value::Null), two.get(name).unwrap_or(&Value::Null));
            if one != two {
                return first(one, two, &format!("{at}/{name}"));
            }
        }
    }
    if let (Value::Array(one), Value::Array(two)) = (before, after)
        && one.len() == two.len()
        && let Some((place, (one, two))) = one.iter().zip(two).enumerate().find(|(_, (one, two))| one != two)
    {
        return first(one, two, &format!("{at}/{place}"));
    }
    format!("{at} was {}, and is {}", short(before), short(after))
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    text.chars().take(120).collect()
}
