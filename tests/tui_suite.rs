//! The screens and the model behind them: behaviour, property tests, and a picture of every screen at three sizes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "tui/behaviour.rs"]
mod behaviour;
#[path = "tui/pages.rs"]
mod pages;
#[path = "tui/properties.rs"]
mod properties;
#[path = "tui/sample.rs"]
mod sample;
#[path = "tui/sample_live.rs"]
mod sample_live;
#[path = "tui/screens.rs"]
mod screens;
