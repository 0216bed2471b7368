//! The library behind `workshop`: a terminal guide to a multi-Region bookstore on AWS, and the simulated AWS it runs on.
//!
//! Modules stand on floors; a module imports only from lower floors, and siblings never import each other
//! (`tests/architecture.rs` enforces it). From the ground up:
//! 0 [`domain`] · 1 [`clock`] [`markdown`] [`protocol`] · 2 [`content`] [`aws`] [`net`] [`sandbox`] [`progress`] ·
//! 3 [`guide`] [`drill`] [`reset`] · 4 [`app`] · 5 [`engine`] [`tui`] · 6 [`screen`] [`cli`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod app;
pub mod aws;
pub mod cli;
pub mod clock;
pub mod content;
pub mod domain;
pub mod drill;
pub mod engine;
pub mod guide;
pub mod markdown;
pub mod net;
pub mod progress;
pub mod protocol;
pub mod reset;
pub mod sandbox;
pub mod screen;
pub mod tui;
