//! From what was found to the outcome that a learner sees.

use std::time::Duration;

use crate::content::Bindings;
use crate::content::model::Check;
use crate::domain::{Cause, Failure, FailureClass, Outcome, SimTime, Unknown};

/// What a question found, before it is known whether the learner has done anything yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Finding {
    /// As it should be.
    Holds,
    /// On its way, in AWS's word for it.
    OnItsWay(String),
    /// Nothing there at all.
    Missing {
        /// `not_found`, or the path that found nothing.
        cause: String,
        /// What was wanted.
        want: Option<String>,
    },
    /// There, but in the other Region.
    Elsewhere {
        /// That Region.
        region: String,
    },
    /// There, and not as it should be.
    Wrong {
        /// The path that does not hold.
        cause: String,
        /// What was found.
        got: String,
        /// What was wanted.
        want: String,
    },
    /// The network does not answer as it should; that takes time after a change.
    NotYet {
        /// What was found.
        got: String,
        /// What was wanted.
        want: String,
    },
    /// Still there although it should be gone.
    StillThere {
        /// `not_found` (the author's words for *not gone*), or the path that does not hold.
        cause: String,
        /// What was found, where a value was compared.
        got: Option<String>,
        /// What was wanted.
        want: Option<String>,
    },
    /// Could not be asked.
    Unanswered(Unknown, String),
}

/// When the step's last action was started, whether one still runs, and what time it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Then {
    pub(super) started: Option<SimTime>,
    pub(super) running: bool,
    /// The step only watches what an earlier step began.
    pub(super) watches: bool,
    pub(super) now: SimTime,
}

impl Then {
    /// Whether the check may still come true by itself: an action of the step runs, or was started less than `within` ago.
    fn recent(self, within: Option<Duration>) -> bool {
        self.running || self.started.zip(within).is_some_and(|(started, within)| self.now < started.plus(within))
    }
}

/// The outcome of a finding. Nothing there and nothing run is *todo*, not a failure; what was just begun is *pending*.
pub(super) fn outcome(check: &Check, finding: Finding, then: Then, bindings: &Bindings) -> Outcome {
    let pending =
        |state: &str| Outcome::Pending { since: then.started, expected: check.within, state: state.to_owned() };
    let fail = |cause: &str, got: Option<String>, want: Option<String>| Outcome::Fail {
        cause: cause_of(check, cause, got, want, bindings),
    };
    match finding {
        Finding::Holds => Outcome::Pass,
        Finding::OnItsWay(state) => pending(&state),
        Finding::Unanswered(Unknown::Waiting, _) if then.started.is_none() => Outcome::Todo,
        Finding::Unanswered(why, message) => Outcome::Unknown { why, message },
        Finding::Missing { .. } | Finding::NotYet { .. } | Finding::StillThere { .. } if then.started.is_none() => {
            Outcome::Todo
        }
        Finding::Missing { .. } if then.recent(check.within) => pending("not there yet"),
        Finding::NotYet { .. } if then.recent(check.within) => pending("not yet"),
        Finding::StillThere { got, .. } if then.recent(check.within) => {
            pending(got.as_deref().unwrap_or("still there"))
        }
        // What an action is changing right now is not wrong yet, nor what is only watched before its time is over.
        Finding::Wrong { .. } if then.watches && then.started.is_none() => Outcome::Todo,
        Finding::Wrong { got, .. } if then.running || (then.watches && then.recent(check.within)) => pending(&got),
        Finding::Missing { cause, want } => fail(&cause, Some("nothing".to_owned()), want),
        Finding::NotYet { got, want } => fail("not_found", Some(got), Some(want)),
        Finding::StillThere { cause, got, want } => fail(&cause, got, want),
        Finding::Elsewhere { region } => {
            let bindings = bindings.with("found.region", &region);
            Outcome::Fail { cause: cause_of(check, "found_elsewhere", Some(region), None, &bindings) }
        }
        Finding::Wrong { cause, got, want } => fail(&cause, Some(got), Some(want)),
    }
}

/// The author's words for a cause, or plain ones when there are none.
fn cause_of(check: &Check, id: &str, got: Option<String>, want: Option<String>, bindings: &Bindings) -> Cause {
    let mut bindings = bindings.clone();
    for (name, value) in [("found.got", &got), ("found.want", &want)] {
        if let Some(value) = value {
            bindings.set(name, value.as_str());
        }
    }
    let fill = |text: &String| bindings.render_lossy(text);
    match check.fail.iter().find(|message| message.when == id) {
        Some(message) => Cause {
            id: id.to_owned(),
            say: fill(&message.say),
            why: message.why.as_ref().map(fill),
            fix: message.fix.clone(),
            got,
            want,
        },
        None => Cause {
            id: id.to_owned(),
            say: format!(
                "Found {}, expected {}.",
                got.as_deref().unwrap_or("nothing"),
                want.as_deref().unwrap_or("something else")
            ),
            why: None,
            fix: None,
            got,
            want,
        },
    }
}

/// What a refused read means for a check.
pub(super) fn unanswered(failure: &Failure) -> Finding {
    let why = match failure.class {
        FailureClass::NotFound => return Finding::Missing { cause: "not_found".to_owned(), want: None },
        FailureClass::Denied => Unknown::Denied,
        FailureClass::Throttled => Unknown::Throttled,
        FailureClass::Expired => Unknown::Expired,
        FailureClass::Timeout | FailureClass::Network => Unknown::Network,
        FailureClass::Conflict
        | FailureClass::Quota
        | FailureClass::Invalid
        | FailureClass::Service
        | FailureClass::Unsupported => Unknown::Service,
    };
    Finding::Unanswered(why, format!("{}: {}", failure.code, failure.message))
}
