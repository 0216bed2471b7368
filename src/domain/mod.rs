//! Floor 0: the vocabulary that everything shares. Plain values and ports; no I/O, no clocks, no SDK.

pub mod check;
pub mod drill;
pub mod event;
pub mod md5;
pub mod operation;
pub mod ports;
pub mod region;
pub mod resource;
pub mod text;
pub mod time;
pub mod way;

pub use check::{Cause, FactId, Outcome, Unknown};
pub use event::{Event, EventKind};
pub use operation::{Effect, Failure, FailureClass, Operation, Reply};
pub use ports::{BoxFuture, DataPlane, DnsAnswer, Faults, Operations, Signer};
pub use region::{GLOBAL_REGION, Region, RegionPair, Role};
pub use resource::{Behind, Resource, ResourceState};
pub use time::SimTime;
pub use way::Way;
