//! Reads the fences of a page that run: their attributes and commands.

use std::rc::Rc;
use std::time::Duration;

use super::diagnostic::Place;
use super::duration;
use super::model::Action;
use super::notes::{AnchorUse, FenceUse};
use super::read_module::Reading;
use super::read_workshop::{EFFECTS, ROLES};
use super::sample;
use crate::domain::Effect;
use crate::domain::text::nearest;
use crate::markdown::{Document, Fence};

const ATTRIBUTES: &[&str] = &["region", "effect", "undo", "timeout", "wait", "expect", "hidden", "run"];

/// How long a fence may take when its author does not say: what one call and its retries need, with room.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(10);

/// The fences that run, in the page's order.
pub(super) fn actions(reading: &Reading<'_>, file: &Rc<str>, body: &str, offset: usize, step: &str) -> Vec<Action> {
    let page = Document::parse(body);
    let mut actions: Vec<Action> = Vec::new();
    for fence in page.fences() {
        let line = offset + fence.line;
        let at = Place::Line { file: file.clone(), line, column: 1 };
        for problem in &fence.problems {
            reading.log.error(&at, problem.clone(), None);
        }
        if !matches!(fence.language.as_str(), "bash" | "sh" | "shell" | "console") {
            if fence.id.is_some() || !fence.attributes.is_empty() {
                let help = "only ```bash fences run".to_owned();
                reading.log.error(&at, format!("a `{}` fence has no attributes", fence.language), Some(help));
            }
            continue;
        }
        let Some(action) = action(reading, fence, &at, line, step) else { continue };
        if actions.iter().any(|other| other.anchor == action.anchor) {
            reading.log.error(&at, format!("the page has two fences `#{}`", action.anchor), Some("rename one".into()));
        }
        reading.notes.fences.borrow_mut().push(FenceUse {
            file: file.clone(),
            line,
            action: action.id.clone(),
            text: fence.text.clone(),
        });
        actions.push(action);
    }
    actions
}

fn action(reading: &Reading<'_>, fence: &Fence, at: &Place, line: usize, step: &str) -> Option<Action> {
    let log = reading.log;
    let commands = fence.commands();
    let Some(anchor) = fence.id.clone() else {
        let help = "write ```bash {#name region=primary effect=create}; for text that does not run, use ```text";
        log.error(at, "a command fence without an id", Some(help.into()));
        return None;
    };
    if commands.is_empty() {
        log.error(at, format!("`#{anchor}` has no command"), Some("a command's line begins with `$ `".into()));
        return None;
    }
    for name in fence.attributes.keys().filter(|name| !ATTRIBUTES.contains(&name.as_str())) {
        let near = nearest(name, ATTRIBUTES.iter().copied())
            .map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        log.error(at, format!("unknown attribute `{name}`"), Some(format!("{near}known: {}", ATTRIBUTES.join(", "))));
    }
    let get = |name: &str| fence.attributes.get(name).map(String::as_str);
    let wrong = |name: &str, value: &str, known: &str| {
        log.error(at, format!("`{name}={value}` is not known"), Some(format!("known: {known}")));
    };
    let role = get("region").and_then(|value| {
        let role = ROLES.iter().find(|(word, _)| *word == value).map(|(_, role)| *role);
        if role.is_none() && value != "global" {
            wrong("region", value, "primary, secondary, global");
        }
        role
    });
    let effect = get("effect").and_then(|value| {
        let effect = EFFECTS.iter().find(|(word, _)| *word == value).map(|(_, effect)| *effect);
        if effect.is_none() {
            wrong("effect", value, "read, create, update, delete, fault");
        }
        effect
    });
    let does = effect_of(reading, fence, &commands, at);
    if let Some(given) = effect.filter(|given| *given < does && (*given == Effect::Read || does == Effect::Delete)) {
        let message = format!("`effect={}`, but the fence's commands {}", given.word(), does.word());
        log.error(at, message, Some(format!("write `effect={}`: confirmations depend on it", does.word())));
    }
    let timeout = get("timeout").and_then(|value| {
        let span = duration::parse(value);
        if span.is_none() {
            wrong("timeout", value, "spans such as 90s or 20m");
        }
        span
    });
    if let Some(value) = get("expect").filter(|value| !["ok", "error"].contains(value)) {
        wrong("expect", value, "ok, error");
    }
    if let Some(value) = get("run").filter(|value| !["ask", "never"].contains(value)) {
        wrong("run", value, "ask, never");
    }
    let undo = get("undo").map(|value| {
        let place = at.clone();
        let (step, anchor) = (step.to_owned(), value.to_owned());
        reading.notes.anchors.borrow_mut().push(AnchorUse { place, step, anchor });
        value.trim_start_matches('#').to_owned()
    });
    Some(Action {
        id: format!("{step}#{anchor}"),
        anchor,
        commands,
        role,
        effect: effect.unwrap_or(does),
        undo,
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
        wait: get("wait").is_some(),
        expect_error: get("expect") == Some("error"),
        hidden: fence.hidden(),
        asks: get("run") == Some("ask"),
        never: get("run") == Some("never"),
        line,
    })
}

/// Parses every command with sample values, reports what is none, and gives the strongest effect among them.
fn effect_of(reading: &Reading<'_>, fence: &Fence, commands: &[String], at: &Place) -> Effect {
    let mut strongest = Effect::Read;
    let mut lines = fence.text.lines().enumerate().filter(|(_, line)| line.starts_with("$ "));
    for command in commands {
        let below = lines.next().map_or(0, |(index, _)| index + 1);
        match reading.sample.parse(command) {
            Ok(command) => strongest = strongest.max(sample::command_effect(&command)),
            Err(error) => reading.log.error(
                &at.below(below),
                error.to_string(),
                Some("a fence holds `aws` commands that this guide knows; `workshop aws help` lists them".into()),
            ),
        }
    }
    strongest
}
