//! Floor 3: finds what a run created, empties its buckets and proves that nothing is left.
//!
//! Ownership is decided by the run's suffix and tags, never by exclusion: what does not carry them is somebody else's.

mod bucket;
mod inventory;
mod reads;

pub use bucket::{PurgeError, purge_bucket};
pub use inventory::{Inventory, Left, Run, inventory};
