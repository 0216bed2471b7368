//! What a failure means for the learner, and what to press.

use super::error::{ActionError, LocalError};
use crate::domain::time::spell;
use crate::domain::{Failure, FailureClass};

/// A failure for a learner, one or two sentences each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What happened.
    pub what: String,
    /// What it means.
    pub means: String,
    /// What to press or do.
    pub press: String,
}

/// The meaning of `error`; in the sandbox (`simulated`) some remedies differ.
pub fn explain(error: &ActionError, simulated: bool) -> Trouble {
    let (means, press) = match error {
        ActionError::Cancelled => (
            "Nothing more is sent. What AWS has begun goes on without the guide.".to_owned(),
            "Press Enter to run it again: it continues where AWS is then.".to_owned(),
        ),
        ActionError::Refused { failure, .. } => refused(failure, simulated),
        ActionError::StackFailed { stack, region, status, .. } => stack_failed(stack, region, status),
        ActionError::WaitFailed { .. } => (
            "It went into a state that the wait cannot leave. Waiting longer changes nothing.".to_owned(),
            "Press r to see what it is in now, undo the step (u), then press Enter.".to_owned(),
        ),
        ActionError::Left { finish, .. } => (
            match finish.first() {
                Some(first) => format!("Everything that did not wait for it is gone. By hand it goes on with: {first}"),
                None => "Everything that did not wait for it is gone.".to_owned(),
            },
            "Mend the reason, then press Enter: it continues where AWS is.".to_owned(),
        ),
        ActionError::GaveUp { .. } => (
            "The guide stopped waiting. AWS goes on, and may well finish.".to_owned(),
            "Press c to check what is there now, or Enter to run it again: it continues where AWS is.".to_owned(),
        ),
        ActionError::Local(local) => here(local),
    };
    let what = match error {
        ActionError::Cancelled => "You stopped it.".to_owned(),
        ActionError::GaveUp { what, after } => format!("{what}. That took {}.", spell(*after)),
        other => format!("{}.", other.to_string().trim_end_matches('.')),
    };
    Trouble { what, means, press }
}

fn refused(failure: &Failure, simulated: bool) -> (String, String) {
    let again = "Press Enter to run it again.";
    let (means, press) = match failure.class {
        FailureClass::Denied => (
            "The identity that the guide uses may not do this; nothing was changed.",
            "Ask who runs the account for this permission (workshop content export --iam lists all), then press Enter.",
        ),
        FailureClass::Throttled => (
            "AWS asks for fewer requests; nothing was changed. It passes by itself.",
            "Wait half a minute, then press Enter.",
        ),
        FailureClass::NotFound => (
            "Something that the command names is not there: an earlier step is not done, or it is in the other Region.",
            "Press c to check the steps before this one, do what is missing, then press Enter.",
        ),
        FailureClass::Conflict => (
            "What is there now does not allow this: it exists in another form, or is busy, or something still uses it.",
            "Press c to see what is there. When it has settled, press Enter.",
        ),
        FailureClass::Quota => (
            "A quota of the account is used up; AWS makes no more of these until some are deleted or the quota grows.",
            "Delete what earlier runs left behind, or ask for more in Service Quotas, then press Enter.",
        ),
        FailureClass::Expired if simulated => (
            "The sandbox was given credentials that it does not take. That should not happen.",
            "Start the workshop again; the simulated account is kept.",
        ),
        FailureClass::Expired => (
            "The credentials are missing or have expired; nothing was changed. What is running on AWS goes on.",
            "Renew them in a shell (aws sso login, or aws configure), then press Enter.",
        ),
        FailureClass::Timeout => (
            "AWS did not answer in time. A change may or may not have been made.",
            "Press c to check what is there, then Enter: running it again is safe.",
        ),
        FailureClass::Network => (
            "AWS cannot be reached from here. A change may or may not have arrived.",
            "Look at the network, a proxy or a VPN, then press Enter: running it again is safe.",
        ),
        FailureClass::Invalid => (
            "AWS found the request itself wrong; nothing was changed, and sending it again as it is will not help.",
            "Compare the command with the page: a value from an earlier step may be missing or old. Then press Enter.",
        ),
        FailureClass::Service if simulated => ("The sandbox failed on its side.", again),
        FailureClass::Service => (
            "AWS failed on its side. A change may or may not have been made.",
            "Wait a minute, press c to check what is there, then Enter: running it again is safe.",
        ),
        FailureClass::Unsupported if simulated => (
            "The sandbox does not simulate this; nothing was changed. Real AWS may well do it.",
            "Use the command of the page as it is.",
        ),
        FailureClass::Unsupported => (
            "This guide or the endpoint does not know this call or flag; nothing was changed.",
            "Type the command into the AWS CLI instead, then press c to check.",
        ),
    };
    (means.to_owned(), press.to_owned())
}

fn stack_failed(stack: &str, region: &str, status: &str) -> (String, String) {
    let delete = format!("aws cloudformation delete-stack --stack-name {stack} --region {region}");
    let (means, press) = match status {
        "ROLLBACK_COMPLETE" => (
            "CloudFormation took back what it had made. A stack in ROLLBACK_COMPLETE cannot be updated, only deleted.",
            format!("Delete it first (u, or {delete}), mend the reason, then press Enter."),
        ),
        "ROLLBACK_FAILED" | "DELETE_FAILED" => (
            "Part of the stack could not be taken away, so CloudFormation will not touch it until it is deleted.",
            format!("Remove what is in the way, then {delete}; when it is gone, press Enter."),
        ),
        "UPDATE_ROLLBACK_COMPLETE" => (
            "CloudFormation went back to what was there before. Nothing is lost.",
            "Mend the reason, then press Enter.".to_owned(),
        ),
        "UPDATE_ROLLBACK_FAILED" => (
            "CloudFormation could not go back to what was there before and waits for help.",
            format!(
                "Mend the reason and run aws cloudformation continue-update-rollback, or {delete}; then press Enter."
            ),
        ),
        "CREATE_FAILED" | "UPDATE_FAILED" => (
            "What was made stays, because rollback is off.",
            "Mend the reason, then press Enter: CloudFormation goes on from there.".to_owned(),
        ),
        "DELETE_COMPLETE" => {
            ("The stack was deleted while the guide watched it.", "Press Enter to make it anew.".to_owned())
        }
        _ => (
            "CloudFormation changed nothing: it found the template or its values wrong.",
            "Mend the reason, then press Enter.".to_owned(),
        ),
    };
    (means.to_owned(), press)
}

fn here(local: &LocalError) -> (String, String) {
    let (means, press) = match local {
        LocalError::Command { .. } | LocalError::NoRegion(_) | LocalError::Form(_) | LocalError::Query { .. } => (
            "The guide does not run this command. Nothing was sent.",
            "Correct the command, or type it into the AWS CLI and press c to check.",
        ),
        LocalError::NotARead(_) => (
            "The page promises that this only reads, so the guide sends nothing else. Nothing was sent.",
            "This is a mistake in the content: its author can see it with workshop content lint.",
        ),
        LocalError::Outside(_) => (
            "A page may only use the files of its workshop. Nothing was sent for it.",
            "Put the file into the workspace and name it from there.",
        ),
        LocalError::File { .. } => (
            "A file of the workspace cannot be used. Nothing was sent for it.",
            "See that the file is there and readable (the workspace is in the state directory), then press Enter.",
        ),
        LocalError::Template { .. } => {
            ("The template was not sent: CloudFormation would refuse it.", "Mend the template, then press Enter.")
        }
    };
    (means.to_owned(), press.to_owned())
}
