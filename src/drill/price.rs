//! What a drill's own requests cost: probes and canary writes, by a table that carries its date.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::samples::Samples;
use crate::domain::drill::SlotResult;

/// Prices of single requests, by what they are for: `probe`, or a store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prices {
    /// The day on which they were written down.
    pub date: String,
    /// Billionths of a US dollar for one.
    pub requests: BTreeMap<String, u64>,
}

/// Probes of a journey from one place in a minute: one client a second, two others and two controls every five.
const A_MINUTE: f64 = 60.0 + 4.0 * 12.0;

#[derive(Deserialize)]
struct Table {
    date: String,
    requests: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    what: String,
    /// US dollars for a million.
    a_million: f64,
}

impl Prices {
    /// Those of `assets/prices.yaml`.
    pub fn known() -> Self {
        static TABLE: OnceLock<Prices> = OnceLock::new();
        let read = || {
            let table: Option<Table> = serde_yaml::from_str(include_str!("../../assets/prices.yaml")).ok();
            table.map_or_else(Prices::default, |table| Prices {
                date: table.date,
                requests: table
                    .requests
                    .into_iter()
                    .map(|row| (row.what, (row.a_million * 1000.0).round() as u64))
                    .collect(),
            })
        };
        TABLE.get_or_init(read).clone()
    }

    /// What a minute of watching costs, in US dollars: so many journeys from so many places, and the writes to those
    /// stores, one a second to S3 and four to others. An estimate: one place watches one Region more closely.
    pub fn a_minute<'s>(&self, journeys: usize, places: usize, stores: impl IntoIterator<Item = &'s str>) -> f64 {
        let each = |what: &str| self.requests.get(what).copied().unwrap_or_default() as f64;
        let probes = (journeys * places) as f64 * A_MINUTE;
        let writes: f64 = stores.into_iter().map(|store| each(store) * if store == "s3" { 60.0 } else { 240.0 }).sum();
        (probes * each("probe") + writes) / 1e9
    }

    /// What everything that was sent costs, in US dollars.
    pub fn of(&self, samples: &Samples) -> f64 {
        let probes = samples.slots.iter().filter(|slot| slot.result != SlotResult::Missed).count();
        let writes = samples.canaries.iter().map(|(store, canary)| (store.as_str(), canary.writes.len()));
        let each = |what: &str| self.requests.get(what).copied().unwrap_or_default();
        let billionths: u64 = writes.chain([("probe", probes)]).map(|(what, count)| each(what) * count as u64).sum();
        billionths as f64 / 1e9
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::SimTime;
    use crate::drill::Slot;

    #[test]
    fn the_table_is_read_and_what_was_not_sent_costs_nothing() {
        let prices = Prices::known();
        assert_eq!(prices.date.len(), 10);
        let slot = |result| Slot { lane: 0, at: SimTime::WORLD_START, latency_ms: 1, result };
        let samples =
            Samples { slots: vec![slot(SlotResult::Ok(None)), slot(SlotResult::Missed)], ..Samples::default() };
        assert_eq!(prices.requests.get("probe"), Some(&3700), "3.70 dollars a million");
        assert!((prices.of(&samples) - 3.7e-6).abs() < 1e-12, "{}", prices.of(&samples));
        let minute = prices.a_minute(4, 5, ["dynamodb", "s3", "aurora"]);
        assert!((minute - (4.0 * 5.0 * 108.0 * 3.7 + 240.0 * 1.25 + 60.0 * 10.0) / 1e6).abs() < 1e-9, "{minute}");
    }
}
