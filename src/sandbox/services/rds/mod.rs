//! RDS: Aurora clusters, instances and replicas.

use serde::{Deserialize, Serialize};

use super::{Handler, Record};
use crate::sandbox::call::Call;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {}

/// Lets a transition happen.
pub fn apply(_call: &mut Call<'_>, what: Transition) {
    match what {}
}

/// The handler of an operation.
pub fn handler(_operation: &str) -> Option<Handler> {
    None
}

/// What exists of this service in the call's account and Region.
pub fn inventory(_call: &mut Call<'_>) -> Vec<Record> {
    Vec::new()
}
