//! Floor 5: executes effects: jobs, watchers, signals, the clock's driver.

pub mod crash;
pub mod drill_view;
pub mod log;
pub mod page;
pub mod signals;
