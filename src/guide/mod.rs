//! Floor 3: runs actions, evaluates checks, watches resources.

mod lists;
mod survey;

pub use survey::{Scope, StoreLag, Survey, survey};
