//! Floor 2: a workshop folder, parsed, linted and compiled into modules, steps, actions and checks.

pub mod model;
