//! Floor 2: a simulated AWS in two and more Regions.
//!
//! Its boundary is HTTP: requests in, responses out, in the services' own wire formats. Behind it stands a
//! [`world::World`], a plain value that holds accounts, Regions and a timeline of what will happen. Requests and time
//! are its only inputs; chance is a hash, so the same seed and the same requests at the same simulated times give the
//! same world.

pub mod call;
pub mod chance;
pub mod constants;
pub mod dataplane;
pub mod faults;
pub mod handle;
pub mod javascript;
pub mod limits;
pub mod owner;
pub mod packed;
pub mod routing;
pub mod rules;
mod seats;
pub mod services;
pub mod snapshot;
mod version;
pub mod world;

pub use call::{AwsError, Call};
pub use handle::Sandbox;
pub use seats::Template;
pub use world::World;
