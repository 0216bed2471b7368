//! Floor 5: executes effects: jobs, watchers, signals, the clock's driver.

pub mod drill_view;
