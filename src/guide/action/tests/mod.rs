//! Runs against a scripted AWS.
