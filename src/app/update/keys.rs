//! Keys: typed text first, then the table of the keymap.

use std::time::Duration;

use super::super::drill::DrillState;
use super::super::job::JobState;
use super::super::key::Key;
use super::super::keymap::{self, Intent};
use super::super::model::{Model, Pane, Screen};
use super::super::msg::{Effect, Watched};
use super::super::overlay::{Confirm, Gate, Overlay, Then};
use super::{TWICE, act, notice, overlays};

/// The longest text that can be typed into a field.
const FIELD: usize = 80;

/// One key.
pub(super) fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    if key == Key::Ctrl('c') {
        return interrupt(model);
    }
    model.interrupted = None;
    if let Some(effects) = overlays::typed(model, key) {
        return effects;
    }
    if model.overlays.is_empty()
        && let Some(effects) = typed(model, key)
    {
        return effects;
    }
    match keymap::intent(model, key) {
        Some(intent) => perform(model, intent),
        None => Vec::new(),
    }
}

/// Pasted text goes where typed text goes; it never presses keys.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let line: String = text.lines().next().unwrap_or("").trim().chars().take(FIELD).collect();
    match model.overlays.last_mut() {
        Some(Overlay::Confirm(Confirm { gate: Gate::Word { typed, .. }, .. })) => typed.push_str(&line),
        Some(Overlay::Palette { filter, selected }) => {
            filter.push_str(&line);
            *selected = 0;
        }
        Some(_) => {}
        None => {
            if let Some(Screen::Resources(screen)) = model.screens.last_mut()
                && screen.typing
            {
                screen.filter.push_str(&line);
            }
        }
    }
    Vec::new()
}

/// Ctrl-C: close a question, or stop the step's job; the second one quits.
fn interrupt(model: &mut Model) -> Vec<Effect> {
    if model.interrupted.is_some_and(|at| model.wall.saturating_sub(at) <= TWICE) {
        model.quitting = true;
        return vec![Effect::Quit];
    }
    model.interrupted = Some(model.wall);
    if matches!(model.overlays.last(), Some(Overlay::Confirm(_) | Overlay::Palette { .. })) {
        model.overlays.pop();
        notice(model, "Nothing was done. Ctrl-C again quits.");
        return Vec::new();
    }
    let here = model.page().map(|page| page.step.clone());
    let running = |job: &&super::super::Job| job.state == JobState::Running;
    let job = model
        .jobs
        .iter()
        .rev()
        .filter(running)
        .find(|job| Some(&job.step) == here.as_ref())
        .or_else(|| model.jobs.iter().rev().find(running))
        .map(|job| (job.id, job.title.clone()));
    if let Some((id, title)) = job {
        notice(model, format!("Cancelling {title}. Ctrl-C again quits."));
        return act::cancel(model, id);
    }
    notice(model, "Ctrl-C again quits.");
    Vec::new()
}

/// Keys that are text on the screen itself: the resource filter and the drill's guess.
fn typed(model: &mut Model, key: Key) -> Option<Vec<Effect>> {
    let predicting = model.drill.state == DrillState::Predict;
    match model.screens.last_mut()? {
        Screen::Resources(screen) if screen.typing => {
            match key {
                Key::Enter | Key::Up | Key::Down | Key::Tab => screen.typing = false,
                Key::Esc => {
                    screen.typing = false;
                    screen.filter.clear();
                }
                Key::Backspace => {
                    if screen.filter.pop().is_none() {
                        screen.typing = false;
                    }
                }
                Key::Char(c) if screen.filter.chars().count() < FIELD => screen.filter.push(c),
                _ => return Some(Vec::new()),
            }
            screen.selected = 0;
            Some(Vec::new())
        }
        Screen::Drill(screen) if predicting => match key {
            Key::Char(c) if (c.is_ascii_digit() || c == ':') && screen.guess.len() < 5 => {
                screen.guess.push(c);
                Some(Vec::new())
            }
            Key::Backspace if !screen.guess.is_empty() => {
                screen.guess.pop();
                Some(Vec::new())
            }
            Key::Enter => {
                let guess = guess(&screen.guess);
                let Some(guess) = guess else {
                    notice(model, "Type seconds (75) or minutes and seconds (1:15).");
                    return Some(Vec::new());
                };
                model.drill.prediction = Some(guess);
                Some(vec![Effect::Predict(guess)])
            }
            _ => None,
        },
        _ => None,
    }
}

/// `75` or `1:15`.
fn guess(text: &str) -> Option<Duration> {
    let seconds = match text.split_once(':') {
        Some((minutes, seconds)) => minutes.parse::<u64>().ok()? * 60 + seconds.parse::<u64>().ok()?,
        None => text.parse().ok()?,
    };
    Some(Duration::from_secs(seconds))
}

/// Does what a key or the palette asks for.
pub(super) fn perform(model: &mut Model, intent: Intent) -> Vec<Effect> {
    if !model.overlays.is_empty() {
        return overlays::perform(model, intent);
    }
    match intent {
        Intent::Help => push(model, Overlay::Help { scroll: 0 }),
        Intent::Palette => push(model, Overlay::Palette { filter: String::new(), selected: 0 }),
        Intent::Resources => act::show_resources(model),
        Intent::Drill => act::show_drill(model),
        Intent::Faster => act::change_speed(model, Some(true)),
        Intent::Slower => act::change_speed(model, Some(false)),
        Intent::RealTime => act::change_speed(model, None),
        Intent::Endpoint => vec![Effect::ToggleEndpoint],
        Intent::Times => vec![Effect::ShowTimes],
        Intent::Back => act::leave(model),
        Intent::Escape => escape(model),
        Intent::Quit => quit(model),
        Intent::Steps => {
            let (module, selected) = match model.step_screen() {
                Some(screen) => (screen.module, screen.step),
                None => (model.selected, model.modules.get(model.selected).map_or(0, |module| model.next_step(module))),
            };
            push(model, Overlay::Steps { module, selected })
        }
        Intent::CheckNow => check_now(model),
        Intent::Up | Intent::Down | Intent::Top | Intent::Bottom | Intent::PageUp | Intent::PageDown => {
            travel(model, intent);
            Vec::new()
        }
        other => match model.screen() {
            None if other == Intent::Open => act::enter_module(model, model.selected, None),
            Some(Screen::Step(_)) => step(model, other),
            Some(Screen::Resources(_)) => overlays::resources(model, other),
            Some(Screen::Drill(_)) => match other {
                Intent::Arm => act::arm(model),
                Intent::FailBack => act::fail_back(model),
                Intent::Export => vec![Effect::ExportReport],
                _ => Vec::new(),
            },
            None => Vec::new(),
        },
    }
}

pub(super) fn push(model: &mut Model, overlay: Overlay) -> Vec<Effect> {
    model.overlays.push(overlay);
    Vec::new()
}

fn step(model: &mut Model, intent: Intent) -> Vec<Effect> {
    match intent {
        Intent::NextPane | Intent::Right => turn_pane(model, true),
        Intent::PreviousPane | Intent::Left => turn_pane(model, false),
        Intent::Next => act::turn(model, true),
        Intent::Previous => act::turn(model, false),
        Intent::Run => match act::chosen(model).map(|(_, action)| action.id.clone()) {
            Some(action) => act::run(model, &action),
            None => Vec::new(),
        },
        Intent::RunSolution => act::run_solution(model),
        Intent::Preview => match act::chosen(model) {
            Some((page, action)) => {
                vec![Effect::PreviewAction { step: page.step.clone(), action: action.id.clone() }]
            }
            None => Vec::new(),
        },
        Intent::Fix => {
            let fix = model.step_screen().and_then(|screen| act::offered_fix(model, screen));
            fix.map_or(Vec::new(), |action| act::run(model, &action))
        }
        Intent::Undo => match act::chosen(model).and_then(|(_, action)| action.undo.clone()) {
            Some(undo) => act::run(model, &undo),
            None => Vec::new(),
        },
        Intent::Hint => overlays::hint(model),
        Intent::Way => act::change_way(model),
        Intent::Output => overlays::output(model),
        Intent::Copy => overlays::copy_step(model),
        Intent::Open => overlays::check_details(model),
        _ => Vec::new(),
    }
}

fn turn_pane(model: &mut Model, forward: bool) -> Vec<Effect> {
    if let Some(Screen::Step(screen)) = model.screens.last_mut() {
        screen.pane = match (screen.pane, forward) {
            (Pane::Read, true) | (Pane::Checks, false) => Pane::Action,
            (Pane::Action, true) | (Pane::Read, false) => Pane::Checks,
            (Pane::Checks, true) | (Pane::Action, false) => Pane::Read,
        };
        screen.follow = screen.pane == Pane::Action;
    }
    Vec::new()
}

/// Esc on a step stops what runs there, after asking when it changes AWS; anywhere else it is *back*.
fn escape(model: &mut Model) -> Vec<Effect> {
    if !matches!(model.screen(), Some(Screen::Step(_))) {
        return act::leave(model);
    }
    let here = model.page().map(|page| page.step.clone());
    let job = model
        .jobs
        .iter()
        .rev()
        .find(|job| Some(&job.step) == here.as_ref() && job.state == JobState::Running)
        .map(|job| (job.id, job.title.clone(), job.effect));
    match job {
        None => act::leave(model),
        Some((id, _, crate::domain::Effect::Read)) => act::cancel(model, id),
        Some((id, title, _)) => push(
            model,
            Overlay::Confirm(Confirm {
                title: format!("Cancel {title}?"),
                plan: vec![
                    String::from("The guide stops waiting. What AWS has begun may still finish."),
                    String::from("Or go back and let it run: it goes on in the background."),
                ],
                commands: Vec::new(),
                gate: Gate::Key,
                then: Then::Cancel(id),
                other: Some(('b', String::from("back, let it run"), Then::Leave)),
                danger: false,
            }),
        ),
    }
}

fn quit(model: &mut Model) -> Vec<Effect> {
    let running = model.jobs.iter().filter(|job| job.running()).count();
    let drill = model.drill.state.active();
    if running == 0 && !drill {
        return act::carry_out(model, Then::Quit);
    }
    let mut plan = Vec::new();
    if running > 0 {
        let jobs = if running == 1 { "1 command is".to_owned() } else { format!("{running} commands are") };
        plan.push(format!("{jobs} running. What AWS has begun goes on without the guide."));
    }
    if drill {
        plan.push(String::from("A drill is running. Its fault ends when its lease does; the measurement is lost."));
    }
    push(
        model,
        Overlay::Confirm(Confirm {
            title: String::from("Quit now?"),
            plan,
            commands: Vec::new(),
            gate: Gate::Key,
            then: Then::Quit,
            other: None,
            danger: false,
        }),
    )
}

fn check_now(model: &mut Model) -> Vec<Effect> {
    let watched = match model.screen() {
        None => Watched::Home,
        Some(Screen::Resources(_)) => Watched::Resources,
        Some(Screen::Drill(_)) => Watched::Drill,
        Some(Screen::Step(screen)) => {
            let step = model.modules.get(screen.module).and_then(|module| module.steps.get(screen.step));
            match step {
                Some(step) => {
                    model.stuck.ask(step.checks.iter().cloned());
                    Watched::Step(step.id.clone())
                }
                None => return Vec::new(),
            }
        }
    };
    notice(model, "Reading…");
    vec![Effect::CheckNow(watched)]
}

/// Arrows and pages on the screen itself.
fn travel(model: &mut Model, intent: Intent) {
    let viewports = model.viewports;
    let modules = model.modules.len();
    let (actions, checks) = model.page().map_or((0, 0), |page| (page.visible().count(), page.checks.len()));
    let rows = overlays::rows_of_side(model);
    let faults = model.drill.faults.len();
    let log = model.drill.log.len();
    match model.screens.last_mut() {
        None => model.selected = moved(model.selected, intent, modules, 5),
        Some(Screen::Resources(screen)) => screen.selected = moved(screen.selected, intent, rows, 10),
        Some(Screen::Drill(screen)) if model.drill.state == DrillState::Idle => {
            screen.fault = moved(screen.fault, intent, faults, 5);
        }
        Some(Screen::Drill(screen)) => screen.scroll = moved(screen.scroll, intent, log, 5),
        Some(Screen::Step(screen)) => match screen.pane {
            Pane::Action if actions > 1 => {
                screen.action = moved(screen.action, intent, actions, 3);
                screen.follow = true;
            }
            Pane::Checks => screen.check = moved(screen.check, intent, checks, 5),
            Pane::Read | Pane::Action => {
                let from = if screen.follow { viewports.main_top } else { screen.scroll };
                screen.follow = false;
                screen.scroll = scrolled(from, intent, viewports.main_lines, viewports.main_rows);
            }
        },
    }
}

/// A place in a list of `count`, moved.
pub(super) fn moved(at: usize, intent: Intent, count: usize, page: usize) -> usize {
    let to = match intent {
        Intent::Up => at.saturating_sub(1),
        Intent::Down => at.saturating_add(1),
        Intent::PageUp => at.saturating_sub(page),
        Intent::PageDown => at.saturating_add(page),
        Intent::Top => 0,
        Intent::Bottom => usize::MAX,
        _ => at,
    };
    to.min(count.saturating_sub(1))
}

/// The first line shown of a text of `lines` in `rows`, moved.
pub(super) fn scrolled(at: usize, intent: Intent, lines: usize, rows: usize) -> usize {
    moved(at, intent, lines.saturating_sub(rows).saturating_add(1), rows.saturating_sub(1).max(1))
}

/// After a new frame: nothing is scrolled beyond its end.
pub(super) fn clamp(model: &mut Model) {
    let viewports = model.viewports;
    let last = viewports.main_lines.saturating_sub(viewports.main_rows);
    if model.overlays.is_empty()
        && let Some(Screen::Step(screen)) = model.screens.last_mut()
    {
        screen.scroll = screen.scroll.min(last);
    }
    overlays::clamp(model, viewports.overlay_lines.saturating_sub(viewports.overlay_rows));
}
