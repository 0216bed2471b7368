//! What the things of a plan cost while they exist: an estimate from a table that carries its date and its sources.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// Hours of a month, as AWS's price pages count them.
const HOURS_A_MONTH: f64 = 730.0;

#[derive(Debug, Deserialize)]
struct Table {
    date: String,
    region: String,
    prices: Vec<Price>,
    free: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Price {
    #[serde(rename = "type")]
    type_name: String,
    value: f64,
    unit: String,
    #[cfg_attr(not(test), allow(dead_code))]
    source: String,
}

/// What an account costs, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// US dollars an hour for what has a price in the table; an estimate.
    pub dollars_per_hour: f64,
    /// Types without a price in the table, with how many there are of each: their cost is unknown.
    pub unknown: BTreeMap<String, usize>,
    /// The day and the Region of the table.
    pub table: String,
}

fn table() -> Option<&'static Table> {
    static TABLE: OnceLock<Option<Table>> = OnceLock::new();
    TABLE.get_or_init(|| serde_yaml::from_str(include_str!("../../assets/prices.yaml")).ok()).as_ref()
}

/// The cost of so many things of each CloudFormation type.
pub fn cost(types: &BTreeMap<String, usize>) -> Cost {
    let Some(table) = table() else {
        return Cost { unknown: types.clone(), ..Cost::default() };
    };
    let mut cost = Cost { table: format!("{}, prices of {}", table.date, table.region), ..Cost::default() };
    let free = |name: &str| {
        table.free.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => known == name,
        })
    };
    for (name, count) in types {
        match table.prices.iter().find(|price| price.type_name == *name) {
            Some(price) => {
                let hours = if price.unit == "month" { HOURS_A_MONTH } else { 1.0 };
                cost.dollars_per_hour += price.value / hours * *count as f64;
            }
            None if free(name) => {}
            None => {
                cost.unknown.insert(name.clone(), *count);
            }
        }
    }
    // A ten-thousandth of a dollar is more than the estimate knows.
    cost.dollars_per_hour = (cost.dollars_per_hour * 10_000.0).round() / 10_000.0;
    cost
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_every_price_has_a_source() {
        let table = table().unwrap();
        assert!(!table.prices.is_empty() && table.date.len() == 10);
        for price in &table.prices {
            assert!(price.value > 0.0 && !price.source.is_empty(), "{}", price.type_name);
            assert!(["hour", "month"].contains(&price.unit.as_str()), "{}", price.type_name);
        }
    }

    #[test]
    fn what_has_no_price_is_unknown_and_not_free() {
        let types = [
            ("AWS::EC2::NatGateway".to_owned(), 2),
            ("AWS::ECS::Service".to_owned(), 1),
            ("AWS::EC2::VPC".to_owned(), 1),
        ];
        let cost = cost(&types.into());
        assert!((cost.dollars_per_hour - 0.09).abs() < 1e-9);
        assert_eq!(cost.unknown.keys().collect::<Vec<_>>(), ["AWS::ECS::Service"]);
    }
}
