//! What the messages of a check need: one for every way to fail, and none that nothing leads to.

use super::diagnostic::Place;
use super::lint::Lint;
use super::model::{Ask, Check, Expectation};

/// The checks of one check's messages.
pub(super) fn run(lint: &Lint<'_>, check: &Check, place: &Place) {
    let has = |cause: &str| check.fail.iter().any(|message| message.when == cause);
    if matches!(check.ask, Ask::Read { .. }) && leads_to(&check.ask, "not_found") && !has("not_found") {
        let help = "add `fail: [{ when: not_found, say: \"…\", fix: \"#…\" }]`".to_owned();
        let message = format!("the check `{}` does not say what it means when nothing is found", check.id);
        lint.log.warning(place, message, Some(help));
    }
    for message in check.fail.iter().filter(|message| !reachable(check, &message.when)) {
        let text = format!("nothing leads to the cause `{}` of `{}`", message.when, check.id);
        lint.log.warning(place, text, Some(why(check, &message.when)));
    }
    for message in &check.fail {
        let first = message.say.split_inclusive(". ").next().unwrap_or(&message.say);
        if first.chars().count() > 200 {
            let text = format!("the message for `{}` is longer than 200 characters", message.when);
            lint.log.warning(place, text, None);
        }
        let blame = message.say.to_lowercase();
        if ["you forgot", "you failed", "your mistake"].iter().any(|word| blame.contains(word)) {
            let help = "say what is, against what should be".to_owned();
            lint.log.warning(place, format!("the message for `{}` blames the learner", message.when), Some(help));
        }
    }
}

/// Whether the check can fail with that cause.
fn reachable(check: &Check, when: &str) -> bool {
    if when == "found_elsewhere" { !check.elsewhere.is_empty() } else { leads_to(&check.ask, when) }
}

fn leads_to(ask: &Ask, when: &str) -> bool {
    let paths = |expect: &[Expectation]| expect.iter().any(|expectation| expectation.path == when);
    match ask {
        Ask::Read { command, expect } | Ask::Canary { read: command, expect } => {
            paths(expect) || (when == "not_found" && !always_answers(command))
        }
        // A value that does not hold is the cause; without one, *not gone* is.
        Ask::Absent { expect, .. } => {
            if expect.is_empty() {
                when == "not_found"
            } else {
                paths(expect)
            }
        }
        Ask::Http { .. } | Ask::Dns { .. } | Ask::Not(_) => when == "not_found",
        Ask::All(parts) => parts.iter().any(|part| leads_to(part, when)),
        // The last one that does not hold tells why.
        Ask::Any(parts) => parts.last().is_some_and(|part| leads_to(part, when)),
    }
}

/// Whether a read finds something in every account: a list that may be empty, or who asks.
fn always_answers(command: &str) -> bool {
    let operation = command.split_whitespace().nth(2).unwrap_or_default();
    // These list what is in a zone, of a table, of a user or of a pipeline, which may not exist.
    let of_something =
        ["list-pipeline-executions", "list-resource-record-sets", "list-tags-of-resource", "list-tags-for-resource"];
    operation == "get-caller-identity" || (operation.starts_with("list-") && !of_something.contains(&operation))
}

fn why(check: &Check, when: &str) -> String {
    match (when, &check.ask) {
        ("found_elsewhere", _) => "it needs `elsewhere: [primary]` or `elsewhere: [secondary]`".to_owned(),
        (_, Ask::Any(_)) => {
            "of `any`, the last part tells why; put the one with this cause there, or take it away".to_owned()
        }
        ("not_found", Ask::Absent { .. }) => "what is not found is absent, as it should be; take it away".to_owned(),
        ("not_found", _) => "the read answers in every account; take it away".to_owned(),
        _ => "a cause is not_found, found_elsewhere, or the path of an expectation as it stands there".to_owned(),
    }
}
