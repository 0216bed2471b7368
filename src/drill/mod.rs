//! Floor 3: the failover drill: probes on a fixed schedule, canary writes, phases, RTO and RPO.
//!
//! [`runner::run`] sends probes and canary writes and collects samples; [`analysis::analyse`] is a pure function from
//! samples to markers, phases and verdicts. The screen and the report only ever show what the analysis says.

mod agenda;
pub mod analysis;
pub mod canary;
pub mod compare;
pub mod doubts;
pub mod evidence;
mod health;
pub mod plan;
pub mod predict;
pub mod price;
pub mod report;
pub mod rpo;
pub mod runner;
pub mod samples;
pub mod snapshot;
mod state;
mod where_to;

pub use analysis::{Analysis, analyse};
pub use plan::{Environment, JourneyPlan, Lane, LaneRole, Plan, Switch};
pub use report::Report;
pub use runner::{Control, Ports, run};
pub use samples::{Samples, Slot};
pub use snapshot::{Line, Plane, Snapshot, Stage};
