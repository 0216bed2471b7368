//! Floor 3: what the guide asks of AWS and does to it: outputs, checks, facts, actions and the survey of both Regions.
//!
//! A [`Guide`] knows one run of one workshop. It asks AWS through [`crate::domain::Operations`] and the network through
//! [`crate::domain::DataPlane`]; whether either is simulated it cannot tell.

pub mod action;
mod ask;
mod compare;
mod context;
mod facts;
mod outputs;
mod survey;
mod verdict;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

pub use context::{Guide, Running, Setup};
pub use facts::{Drift, Step as StepOutcome};
pub use outputs::OutputError;
pub use survey::{Scope, StoreLag, Survey, survey};
