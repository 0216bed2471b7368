//! A step's page for the screen: every template filled in with what is known now.

use std::sync::Arc;

use crate::app::{ActionView, CheckTitle, Page};
use crate::content::model::{Action, Ask, Check, Confirmation, Help, Hint, Step, Workshop};
use crate::content::{Bindings, names};
use crate::domain::{Effect, RegionPair, Role};
use crate::markdown::Document;

/// The page of a step. Values that AWS does not have yet are shown as `…` and listed.
pub fn page(workshop: &Workshop, step: &Step, bindings: &Bindings, regions: &RegionPair, simulated: bool) -> Page {
    let fill = |template: &str| bindings.render_lossy(template);
    let mut waits_for: Vec<String> = names(&step.body)
        .into_iter()
        .filter(|name| name.starts_with("out.") && bindings.get(name).is_none())
        .map(str::to_owned)
        .collect();
    waits_for.sort();
    waits_for.dedup();
    let anchored = |anchor: &String| {
        let anchor = anchor.trim_start_matches('#');
        step.actions.iter().find(|action| action.anchor == anchor).map(|action| action.id.clone())
    };
    Page {
        step: step.id.clone(),
        goal: fill(&step.goal),
        document: Arc::new(Document::parse(&fill(&step.body))),
        actions: step.actions.iter().map(|action| view(workshop, step, action, bindings, simulated)).collect(),
        solution: step.solution.iter().filter_map(anchored).collect(),
        checks: step.checks.iter().map(|check| title(check, bindings, regions)).collect(),
        hints: step.hints.iter().map(|one| hint(one, bindings)).collect(),
        why: step.why.as_deref().map(fill),
        waits_for,
    }
}

fn view(workshop: &Workshop, step: &Step, action: &Action, bindings: &Bindings, simulated: bool) -> ActionView {
    let confirm = workshop
        .effects
        .get(&action.effect)
        .map_or(default(action.effect), |both| if simulated { both.sandbox } else { both.aws });
    let commands: Vec<String> = action.commands.iter().map(|command| bindings.render_lossy(command)).collect();
    let builds = matches!(action.effect, Effect::Create | Effect::Update);
    ActionView {
        id: action.id.clone(),
        anchor: action.anchor.clone(),
        role: action.role,
        effect: action.effect,
        confirm: if action.asks { confirm.max(Confirmation::Ask) } else { confirm },
        word: touched(&commands, bindings).unwrap_or_else(|| action.effect.word().to_owned()),
        commands,
        undo: action.undo.clone(),
        expected: if builds { step.checks.iter().filter_map(|check| check.within).max() } else { None },
        hidden: action.hidden,
        never: action.never,
    }
}

/// The name of what is touched: the first word of the commands that carries the run's suffix.
fn touched(commands: &[String], bindings: &Bindings) -> Option<String> {
    let suffix = bindings.get("vars.suffix")?;
    let words = commands.iter().flat_map(|command| command.split_whitespace());
    let name = words.map(|word| word.trim_matches(['\'', '"'])).find(|word| word.contains(suffix))?;
    Some(name.trim_start_matches("s3://").trim_end_matches('/').to_owned())
}

/// Where a workshop says nothing, whatever removes or breaks asks.
fn default(effect: Effect) -> Confirmation {
    match effect {
        Effect::Delete | Effect::Fault => Confirmation::Ask,
        Effect::Read | Effect::Create | Effect::Update => Confirmation::Auto,
    }
}

fn title(check: &Check, bindings: &Bindings, regions: &RegionPair) -> CheckTitle {
    CheckTitle {
        id: check.id.clone(),
        title: bindings.render_lossy(&check.title),
        role: role(&check.ask, bindings, regions),
    }
}

/// The Region that a check's command names, when it is one of the two.
fn role(ask: &Ask, bindings: &Bindings, regions: &RegionPair) -> Option<Role> {
    let command = match ask {
        Ask::Read { command, .. } | Ask::Absent { command, .. } => command,
        Ask::Canary { read, .. } => read,
        _ => return None,
    };
    let rendered = bindings.render_lossy(command);
    let mut words = rendered.split_whitespace();
    words.find(|word| *word == "--region")?;
    regions.role_of(words.next()?)
}

fn hint(hint: &Hint, bindings: &Bindings) -> Hint {
    let help = match &hint.help {
        Help::Nudge(text) => Help::Nudge(bindings.render_lossy(text)),
        Help::Look(text) => Help::Look(bindings.render_lossy(text)),
        Help::Show(anchor) => Help::Show(anchor.clone()),
    };
    Hint { of: hint.of.clone(), help }
}
