//! Classifies every failure of a call once.

use std::error::Error;
use std::sync::OnceLock;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use regex::Regex;

use crate::domain::{Failure, FailureClass};

/// A failure of the SDK as one of ours. The caller fills in what was being called.
pub(super) fn failure<E>(error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let Some(cause) = credentials_error(error) {
        let message = format!("no usable credentials: {}", chain(cause));
        return plain(FailureClass::Expired, "NoCredentials", &message);
    }
    match error {
        SdkError::ServiceError(service) => {
            let meta = service.err().meta();
            let status = service.raw().status().as_u16();
            let code = meta.code().unwrap_or("Unknown");
            let message = meta.message().unwrap_or_default();
            let mut failure = plain(classify(code, message, status), code, message);
            let headers = service.raw().headers();
            let id = headers.get("x-amzn-requestid").or_else(|| headers.get("x-amz-request-id"));
            failure.request_id = id.map(str::to_owned);
            failure
        }
        SdkError::TimeoutError(_) => plain(FailureClass::Timeout, "Timeout", "AWS did not answer in time"),
        SdkError::DispatchFailure(dispatch) if dispatch.is_timeout() => {
            plain(FailureClass::Timeout, "Timeout", &chain(error))
        }
        SdkError::DispatchFailure(_) => plain(FailureClass::Network, "NoConnection", &chain(error)),
        SdkError::ConstructionFailure(_) => plain(FailureClass::Invalid, "InvalidRequest", &chain(error)),
        _ => plain(FailureClass::Service, "UnreadableAnswer", &chain(error)),
    }
}

/// A streamed body that broke off.
pub(super) fn unreadable(error: &(dyn Error + 'static)) -> Failure {
    plain(FailureClass::Network, "BrokenBody", &chain(error))
}

fn plain(class: FailureClass, code: &str, message: &str) -> Failure {
    Failure { class, code: code.to_owned(), message: redacted(message), operation: String::new(), request_id: None }
}

/// An error with its causes, outermost first.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

fn credentials_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e CredentialsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// A message without anything that belongs to credentials: access key ids keep their first four letters, and what AWS
/// echoes of a request's signature is cut.
fn redacted(message: &str) -> String {
    static KEY: OnceLock<Option<Regex>> = OnceLock::new();
    let message = message.split("The Canonical String").next().unwrap_or_default().trim_end();
    match KEY.get_or_init(|| Regex::new(r"(AKIA|ASIA)[A-Z0-9]{12,}").ok()) {
        Some(key) => key.replace_all(message, "$1…").into_owned(),
        None => message.to_owned(),
    }
}

/// What an AWS error means. Codes come first; CloudFormation says much in the message of one code; the HTTP status
/// decides what is left.
pub fn classify(code: &str, message: &str, status: u16) -> FailureClass {
    use FailureClass::{Conflict, Denied, Expired, Invalid, NotFound, Quota, Service, Throttled, Timeout, Unsupported};
    let has = |words: &[&str]| words.iter().any(|word| code.contains(word));
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&["SandboxUnsupportedOperation", "UnknownOperation", "NotImplemented"]) {
        Unsupported
    } else if has(&[
        "ExpiredToken",
        "RequestExpired",
        "InvalidClientTokenId",
        "UnrecognizedClient",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "MissingAuthenticationToken",
        "IncompleteSignature",
        "InvalidToken",
        "AuthFailure",
    ]) {
        Expired
    } else if has(&["AccessDenied", "Unauthorized", "NotAuthorized", "Forbidden", "OptInRequired", "Blocked"]) {
        Denied
    } else if has(&[
        "Throttl",
        "TooManyRequests",
        "RequestLimitExceeded",
        "SlowDown",
        "ProvisionedThroughputExceeded",
        "PriorRequestNotComplete",
        "BandwidthLimitExceeded",
    ]) {
        Throttled
    } else if has(&["RequestTimeout"]) {
        Timeout
    } else if has(&["LimitExceeded", "QuotaExceeded", "TooMany"]) {
        Quota
    } else if has(&["NotFound", "NoSuch"]) || (code == "ValidationError" && says(&["does not exist"])) {
        NotFound
    } else if has(&[
        "AlreadyExists",
        "AlreadyOwnedByYou",
        "InUse",
        "Conflict",
        "NotEmpty",
        "DependencyViolation",
        "ConditionalCheckFailed",
        "TransactionCanceled",
        "OperationAborted",
        "InvalidChangeSetStatus",
        "TokenAlreadyExists",
    ]) || (code.starts_with("Invalid") && has(&["State"]))
        || (code == "ValidationError" && says(&["_IN_PROGRESS state", "_FAILED state", "_COMPLETE state"]))
    {
        Conflict
    } else {
        match status {
            401 | 403 => Denied,
            404 => NotFound,
            408 => Timeout,
            409 => Conflict,
            429 => Throttled,
            501 => Unsupported,
            500.. => Service,
            _ => Invalid,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn codes_messages_and_statuses_lead_to_a_class() {
        let cases = [
            ("DBClusterNotFoundFault", "", 404, FailureClass::NotFound),
            ("NoSuchBucket", "", 404, FailureClass::NotFound),
            ("ValidationError", "Stack with id x does not exist", 400, FailureClass::NotFound),
            (
                "ValidationError",
                "Stack:x is in UPDATE_IN_PROGRESS state and can not be updated.",
                400,
                FailureClass::Conflict,
            ),
            ("ValidationError", "No updates are to be performed.", 400, FailureClass::Invalid),
            ("InvalidDBClusterStateFault", "", 400, FailureClass::Conflict),
            ("InvalidParameterValue", "", 400, FailureClass::Invalid),
            ("BucketNotEmpty", "", 409, FailureClass::Conflict),
            ("ResourceInUseException", "", 400, FailureClass::Conflict),
            ("ThrottlingException", "", 400, FailureClass::Throttled),
            ("SlowDown", "", 503, FailureClass::Throttled),
            ("TooManyHealthChecks", "", 400, FailureClass::Quota),
            ("ExpiredTokenException", "", 403, FailureClass::Expired),
            ("AccessDenied", "", 403, FailureClass::Denied),
            ("InternalFailure", "", 500, FailureClass::Service),
            ("SandboxUnsupportedOperation", "", 501, FailureClass::Unsupported),
            ("NotFound", "", 404, FailureClass::NotFound),
        ];
        for (code, message, status, class) in cases {
            assert_eq!(classify(code, message, status), class, "{code} {message}");
        }
    }

    #[test]
    fn messages_carry_no_credentials() {
        let message = "The key AKIAIOSFODNN7EXAMPLE is wrong. The Canonical String for this request was 'GET…'";
        assert_eq!(redacted(message), "The key AKIA… is wrong.");
    }
}
