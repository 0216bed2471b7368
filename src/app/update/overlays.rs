//! Keys while something lies over the screen, and what opens it.

use std::fmt::Write as _;

use crate::domain::{Outcome, Resource, Role};

use super::super::job::{JobState, LineKind};
use super::super::key::Key;
use super::super::keymap::{Intent, screen_bindings};
use super::super::model::{Model, ResourcesScreen, Screen};
use super::super::msg::Effect;
use super::super::overlay::{Confirm, Gate, Overlay};
use super::keys::{moved, perform as perform_on_screen, push, scrolled};
use super::{act, notice};

/// Keys that are text in the top overlay: the word of a confirmation, the palette's filter.
pub(super) fn typed(model: &mut Model, key: Key) -> Option<Vec<Effect>> {
    match model.overlays.last_mut()? {
        Overlay::Confirm(Confirm { gate: Gate::Word { word, typed }, then, .. }) => {
            match key {
                Key::Char(c) if typed.chars().count() < 80 => typed.push(c),
                Key::Backspace if !typed.is_empty() => drop(typed.pop()),
                Key::Backspace | Key::Esc => drop(model.overlays.pop()),
                Key::Enter if typed.trim() == word.as_str() => {
                    let then = then.clone();
                    model.overlays.pop();
                    return Some(act::carry_out(model, then));
                }
                Key::Enter => {
                    let text = format!("Type {word} to go on, or press Esc.");
                    notice(model, text);
                }
                _ => {}
            }
            Some(Vec::new())
        }
        Overlay::Palette { .. } => Some(palette(model, key)),
        _ => None,
    }
}

fn palette(model: &mut Model, key: Key) -> Vec<Effect> {
    let matches = palette_matches(model);
    let Some(Overlay::Palette { filter, selected }) = model.overlays.last_mut() else { return Vec::new() };
    match key {
        Key::Up => *selected = moved(*selected, Intent::Up, matches.len(), 5),
        Key::Down => *selected = moved(*selected, Intent::Down, matches.len(), 5),
        Key::Char(c) if filter.chars().count() < 40 => {
            filter.push(c);
            *selected = 0;
        }
        Key::Backspace if !filter.is_empty() => {
            filter.pop();
            *selected = 0;
        }
        Key::Backspace | Key::Esc => drop(model.overlays.pop()),
        Key::Enter => {
            let chosen = matches.get(*selected).map(|(_, _, intent)| *intent);
            model.overlays.pop();
            if let Some(intent) = chosen {
                return perform_on_screen(model, intent);
            }
        }
        _ => {}
    }
    Vec::new()
}

/// What the palette offers: keys, words and intent of every binding of the screen below that matches what was typed.
pub(in crate::app) fn palette_matches(model: &Model) -> Vec<(String, &'static str, Intent)> {
    let Some(Overlay::Palette { filter, .. }) = model.overlays.last() else { return Vec::new() };
    let filter = filter.to_lowercase();
    screen_bindings(model)
        .into_iter()
        .filter_map(|binding| {
            let (_, intent) = *binding.keys.first()?;
            let movement = matches!(intent, Intent::Up | Intent::PageUp | Intent::Top | Intent::Palette);
            let text = format!("{} {} {}", binding.show, binding.label, binding.help).to_lowercase();
            (!movement && text.contains(&filter)).then_some((binding.show, binding.help, intent))
        })
        .collect()
}

/// Intents while something lies over the screen.
pub(super) fn perform(model: &mut Model, intent: Intent) -> Vec<Effect> {
    let (rows, lines) = (model.viewports.overlay_rows, model.viewports.overlay_lines);
    match (model.overlays.last_mut(), intent) {
        (None, _) => return Vec::new(),
        (Some(Overlay::Confirm(Confirm { gate: Gate::Key, then, .. })), Intent::Yes) => {
            let then = then.clone();
            model.overlays.pop();
            return act::carry_out(model, then);
        }
        (Some(Overlay::Confirm(confirm)), Intent::Other) => {
            if let Some((_, _, then)) = confirm.other.clone() {
                model.overlays.pop();
                return act::carry_out(model, then);
            }
        }
        (Some(_), Intent::Close) => drop(model.overlays.pop()),
        (Some(Overlay::Hint { .. }), Intent::Hint) => return hint(model),
        (Some(Overlay::Text { text, .. }), Intent::Copy) => {
            let text = text.clone();
            return copy(model, text);
        }
        (Some(Overlay::Steps { module, selected }), intent) => {
            let (module, step) = (*module, *selected);
            if intent == Intent::Open {
                model.overlays.pop();
                return act::enter_module(model, module, Some(step));
            }
            let count = model.modules.get(module).map_or(0, |module| module.steps.len());
            *selected = moved(step, intent, count, 10);
        }
        (
            Some(
                Overlay::Help { scroll }
                | Overlay::Copy { scroll, .. }
                | Overlay::Text { scroll, .. }
                | Overlay::Hint { scroll, .. },
            ),
            intent,
        ) => *scroll = scrolled(*scroll, intent, lines, rows),
        _ => {}
    }
    Vec::new()
}

/// After a new frame: nothing is scrolled beyond its end.
pub(super) fn clamp(model: &mut Model, last: usize) {
    if let Some(
        Overlay::Help { scroll }
        | Overlay::Copy { scroll, .. }
        | Overlay::Text { scroll, .. }
        | Overlay::Hint { scroll, .. },
    ) = model.overlays.last_mut()
    {
        *scroll = (*scroll).min(last);
    }
}

/// Opens the hints, or the next level of them.
pub(super) fn hint(model: &mut Model) -> Vec<Effect> {
    let Some((step, count)) = model.page().map(|page| (page.step.clone(), model.hints_now(page).len())) else {
        return Vec::new();
    };
    if count == 0 {
        return Vec::new();
    }
    let opened = model.hints.get(&step).copied().unwrap_or(0);
    let open = matches!(model.overlays.last(), Some(Overlay::Hint { .. }));
    let level = match model.overlays.last() {
        Some(Overlay::Hint { level, .. }) => (level + 1).min(count),
        // What was opened before is shown again; one more key opens the next level.
        _ => opened.clamp(1, count),
    };
    if open {
        model.overlays.pop();
    }
    model.overlays.push(Overlay::Hint { step: step.clone(), level, scroll: 0 });
    if level > opened {
        model.hints.insert(step.clone(), level);
        return vec![Effect::HintShown { step, level }];
    }
    Vec::new()
}

/// The chosen fence's last run: its log and what it printed.
pub(super) fn output(model: &mut Model) -> Vec<Effect> {
    let Some((page, action)) = act::chosen(model) else { return Vec::new() };
    let Some(job) = model.job_for(&page.step, Some(&action.id)) else {
        notice(model, "It has not run yet.");
        return Vec::new();
    };
    let mut text = String::new();
    for line in &job.lines {
        let mark = match line.kind {
            LineKind::Info => ' ',
            LineKind::Ok => '+',
            LineKind::Fail => '!',
        };
        let _ = writeln!(text, "{} {mark} {}", line.at.clock_face(), line.text);
    }
    if !job.doing.is_empty() {
        let _ = writeln!(text, "         ~ {}", job.doing);
    }
    if let JobState::Failed(trouble) = &job.state {
        let _ = writeln!(text, "\n{}\n{}\n{}", trouble.what, trouble.means, trouble.press);
    }
    if !job.output.is_empty() {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{}", job.output.trim_end());
    }
    if text.is_empty() {
        text.push_str("Nothing yet.");
    }
    let title = job.title.clone();
    push(model, Overlay::Text { title, text, scroll: 0 })
}

/// The step's commands, one logical line each, ready to be pasted into a shell.
pub(super) fn copy_step(model: &mut Model) -> Vec<Effect> {
    let Some(page) = model.page() else { return Vec::new() };
    let chosen = act::chosen(model).map(|(_, action)| action.id.clone());
    let commands: Vec<&str> = match chosen {
        Some(id) => page.action(&id).into_iter().flat_map(|action| &action.commands).map(String::as_str).collect(),
        None => page.visible().flat_map(|action| &action.commands).map(String::as_str).collect(),
    };
    if commands.is_empty() {
        notice(model, "There is no command on this step.");
        return Vec::new();
    }
    let text = commands.join("\n");
    copy(model, text)
}

fn copy(model: &mut Model, text: String) -> Vec<Effect> {
    model.overlays.push(Overlay::Copy { text: text.clone(), scroll: 0 });
    notice(model, "Copied, where the terminal allows it; else mark it with the mouse.");
    vec![Effect::CopyToClipboard(text)]
}

/// Everything about the chosen check.
pub(super) fn check_details(model: &mut Model) -> Vec<Effect> {
    let Some(screen) = model.step_screen() else { return Vec::new() };
    let Some(check) = model.page().and_then(|page| page.checks.get(screen.check)) else { return Vec::new() };
    let mut text = String::new();
    match model.checks.get(&check.id) {
        None => text.push_str("Not read yet. Press c to read it now."),
        Some(seen) => {
            let _ = writeln!(text, "{} at {}", seen.value.word(), seen.at.clock_face());
            describe(&seen.value, &mut text);
        }
    }
    let title = check.title.clone();
    push(model, Overlay::Text { title, text, scroll: 0 })
}

fn describe(outcome: &Outcome, text: &mut String) {
    match outcome {
        Outcome::Todo => text.push_str("\nNot there yet, and the step has not run. Nothing is wrong."),
        Outcome::Pass => text.push_str("\nIt is as it should be."),
        Outcome::Pending { since, expected, state } => {
            let _ = writeln!(text, "\nAWS says: {state}");
            if let Some(since) = since {
                let _ = writeln!(text, "since {}", since.clock_face());
            }
            if let Some(expected) = expected {
                let _ = writeln!(text, "as a rule it takes {}", crate::domain::time::spell(*expected));
            }
        }
        Outcome::Unknown { message, .. } => {
            let _ = writeln!(text, "\nIt could not be read, which is not a failure:\n{message}");
        }
        Outcome::Fail { cause } => {
            let _ = writeln!(text, "\n{}", cause.say);
            if let Some(why) = &cause.why {
                let _ = writeln!(text, "\nWhy it matters: {why}");
            }
            if let Some(got) = &cause.got {
                let _ = writeln!(text, "\ngot   {got}");
            }
            if let Some(want) = &cause.want {
                let _ = writeln!(text, "want  {want}");
            }
            if let Some(fix) = &cause.fix {
                let _ = writeln!(text, "\nPress f on the step to run {fix}.");
            }
        }
    }
}

/// Intents of the resource screen.
pub(super) fn resources(model: &mut Model, intent: Intent) -> Vec<Effect> {
    let Some(Screen::Resources(screen)) = model.screens.last_mut() else { return Vec::new() };
    match intent {
        Intent::NextPane | Intent::PreviousPane => screen.secondary = !screen.secondary,
        Intent::Left => screen.secondary = false,
        Intent::Right => screen.secondary = true,
        Intent::Search => screen.typing = true,
        Intent::Pause => model.paused = !model.paused,
        Intent::Open => return resource_details(model),
        _ => {}
    }
    let rows = rows_of_side(model);
    if let Some(Screen::Resources(screen)) = model.screens.last_mut() {
        screen.selected = screen.selected.min(rows.saturating_sub(1));
    }
    Vec::new()
}

fn resource_details(model: &mut Model) -> Vec<Effect> {
    let Some(resource) = model.chosen_resource().cloned() else { return Vec::new() };
    let text = model.resource_text(&resource);
    push(model, Overlay::Text { title: format!("{} {}", resource.kind, resource.name), text, scroll: 0 })
}

/// How many rows the chosen Region shows.
pub(super) fn rows_of_side(model: &Model) -> usize {
    match model.screen() {
        Some(Screen::Resources(screen)) => model.resource_rows(side(screen), screen).count(),
        _ => 0,
    }
}

fn side(screen: &ResourcesScreen) -> Role {
    if screen.secondary { Role::Secondary } else { Role::Primary }
}

impl Model {
    /// The rows of a Region that match the filter.
    pub fn resource_rows(&self, role: Role, screen: &ResourcesScreen) -> impl Iterator<Item = &Resource> {
        let filter = screen.filter.to_lowercase();
        self.resources.iter().flat_map(|seen| &seen.value.rows).filter(move |row| {
            row.role == role
                && (filter.is_empty()
                    || [&row.kind, &row.name, &row.detail, &row.raw]
                        .into_iter()
                        .any(|text| text.to_lowercase().contains(&filter))
                    || row.state.word().contains(&filter))
        })
    }

    /// The chosen row of the resource screen.
    pub fn chosen_resource(&self) -> Option<&Resource> {
        let Some(Screen::Resources(screen)) = self.screen() else { return None };
        self.resource_rows(side(screen), screen).nth(screen.selected)
    }

    /// Everything known about a resource, and how it changed while the program looked.
    pub fn resource_text(&self, resource: &Resource) -> String {
        let mut text =
            format!("{} {}\n{}", resource.role.label(), self.regions.of(resource.role), resource.state.word());
        if !resource.raw.is_empty() {
            let _ = write!(text, " · AWS says {}", resource.raw);
        }
        if !resource.detail.is_empty() {
            let _ = write!(text, "\n{}", resource.detail);
        }
        let changes = self.changes.iter().rev().filter(|change| {
            change.role == resource.role && change.kind == resource.kind && change.name == resource.name
        });
        for (at, change) in changes.enumerate() {
            let gap = if at == 0 { "\n" } else { "" };
            let _ = write!(text, "{gap}\n{}  {}", change.at.clock_face(), change.state.word());
            if !change.raw.is_empty() {
                let _ = write!(text, " ({})", change.raw);
            }
        }
        text
    }

    /// What the palette offers now: the keys, what they do, and the intent.
    pub fn palette(&self) -> Vec<(String, &'static str, Intent)> {
        palette_matches(self)
    }
}
