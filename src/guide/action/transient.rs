//! Which refusals are only for now.

use crate::domain::{Effect, Failure, FailureClass, Operation};

/// Why AWS will take the call later, in words; `None` when it will not.
pub fn transient(_: &Operation, failure: &Failure) -> Option<&'static str> {
    let says = |words: &[&str]| {
        let message = failure.message.to_lowercase();
        words.iter().any(|word| message.contains(word))
    };
    match (failure.class, failure.code.as_str()) {
        (FailureClass::Throttled, "PriorRequestNotComplete") => Some("Route 53 is still at work on an earlier change"),
        (FailureClass::Throttled, _) => Some("AWS asks for fewer requests"),
        // DynamoDB and ACM; a table that exists already never stops being there by waiting.
        (_, "ResourceInUseException") if !says(&["already exists"]) => Some("It is still in use"),
        // DynamoDB's limit on control plane operations that run at the same time.
        (_, "LimitExceededException") if says(&["simultaneous", "concurrent"]) => {
            Some("DynamoDB is still at work on other tables")
        }
        (_, code) if code.starts_with("InvalidDB") && code.contains("State") => {
            const PASSING: &[&str] = &["available state", "in state", "is being", "currently", "no available instance"];
            (says(PASSING) && !says(&["non-deleting", "replication source", "already being deleted"]))
                .then_some("The database is busy")
        }
        (_, "DependencyViolation" | "OperationAborted" | "OperationInProgressException") => {
            Some("Something else still uses it")
        }
        (_, "ConflictException" | "ConcurrentModification" | "ConcurrentModificationException") => {
            says(&["concurrent", "in progress", "try again"]).then_some("Another change is under way")
        }
        (FailureClass::Conflict, "ValidationError") if says(&["_in_progress state"]) => {
            Some("The stack is still changing")
        }
        _ => None,
    }
}

/// As [`transient`], for a read that is repeated anyway: an unreachable or stumbling AWS is only for now, too.
pub fn passing(operation: &Operation, failure: &Failure) -> Option<&'static str> {
    match failure.class {
        FailureClass::Network | FailureClass::Timeout if operation.effect == Effect::Read => {
            Some("AWS cannot be reached")
        }
        FailureClass::Service if operation.effect == Effect::Read => Some("AWS stumbled"),
        _ => transient(operation, failure),
    }
}
