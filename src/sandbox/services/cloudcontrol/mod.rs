//! Cloud Control: lists and reads resources by their CloudFormation type.

use super::Handler;

/// The handler of an operation.
pub fn handler(_operation: &str) -> Option<Handler> {
    None
}
