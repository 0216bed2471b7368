//! What every screen has: the header with mode, place, Regions and time; the footer with the keys; the notice.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::app::{Binding, Mode, Model, ModuleStatus, RegionStatus, Screen, StepStatus, bindings};
use crate::domain::Role;
use crate::domain::time::spell;
use crate::markdown::{clip, measure};

use super::canvas::{Canvas, Row, part, row_width};
use super::theme::{Tone, of_state};

/// How big the terminal is, in kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Below 60x16: nothing can be drawn that helps.
    TooSmall,
    /// The text on top, the rest below.
    Compact,
    /// Two columns.
    Standard,
    /// Three columns.
    Wide,
}

impl Class {
    pub(super) fn of(area: Rect) -> Self {
        match (area.width, area.height) {
            (..60, _) | (_, ..16) => Class::TooSmall,
            (160.., 45..) => Class::Wide,
            (100.., 30..) => Class::Standard,
            _ => Class::Compact,
        }
    }
}

/// How long ago something arrived: `now`, `3 s ago`.
pub(super) fn age(model: &Model, wall: Duration) -> String {
    let ago = model.wall.saturating_sub(wall);
    if ago < Duration::from_secs(1) { String::from("now") } else { format!("{} ago", spell(ago)) }
}

/// The tone and the word of a Region.
pub(super) fn region_word(status: RegionStatus) -> (Tone, &'static str) {
    match status {
        RegionStatus::Unread => (Tone::Waiting, "not read"),
        RegionStatus::Down => (Tone::Fail, "down"),
        RegionStatus::State(crate::domain::ResourceState::NotCreated) => (Tone::Waiting, "empty"),
        RegionStatus::State(state) => (of_state(state), state.word()),
    }
}

/// The tone and the words of a module.
pub(super) fn module_word(status: &ModuleStatus) -> (Tone, String) {
    match status {
        ModuleStatus::Done => (Tone::Ok, String::from("done")),
        ModuleStatus::InProgress => (Tone::Running, String::from("in progress")),
        ModuleStatus::Open => (Tone::Waiting, String::from("open")),
        ModuleStatus::Needs(count) => (Tone::Needs, format!("needs {count}")),
    }
}

/// The tone and the word of a step.
pub(super) fn step_word(status: StepStatus) -> (Tone, &'static str) {
    match status {
        StepStatus::Done => (Tone::Ok, "done"),
        StepStatus::Running => (Tone::Running, "running"),
        StepStatus::Failed => (Tone::Fail, "failed"),
        StepStatus::Open => (Tone::Waiting, "open"),
    }
}

/// The first line.
pub(super) fn header(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let theme = canvas.theme;
    let mode = match &model.world.mode {
        Mode::Sandbox => format!("SANDBOX ×{}", model.world.speed),
        Mode::Aws { account, .. } => format!("AWS {account}"),
        Mode::Endpoint(url) => format!("ENDPOINT {}", url.trim_start_matches("http://").trim_start_matches("https://")),
    };
    let taken = measure(&mode) + 3;
    let left = |room: usize| -> Row {
        vec![
            part(" ", theme.text()),
            part(mode.clone(), theme.title()),
            part("  ", theme.text()),
            part(place(model, room.saturating_sub(taken)), theme.text()),
        ]
    };
    let time = model.now.clock_face();
    let time = if model.simulated() { format!("{time} SIM ") } else { format!("{time} ") };
    let full = regions(canvas, model, true, true);
    let brief = regions(canvas, model, false, true);
    let least = regions(canvas, model, false, false);
    let width = usize::from(area.width);
    let needed = row_width(&left(width)).min(32);
    let fits = |row: &Row| needed + 2 + row_width(row) + measure(&time) <= width;
    let mut right = if fits(&full) {
        full
    } else if fits(&brief) {
        brief
    } else {
        least
    };
    right.push(part(time, theme.text()));
    let used = row_width(&right) as u16;
    if used + 12 > area.width {
        canvas.row(area.x, area.y, area.width, &left(width));
        return;
    }
    let room = area.width - used - 1;
    canvas.row(area.x, area.y, room, &left(usize::from(room)));
    canvas.row(area.right() - used, area.y, used, &right);
}

fn regions(canvas: &Canvas<'_>, model: &Model, names: bool, words: bool) -> Row {
    let theme = canvas.theme;
    let mut row = Row::new();
    for role in [Role::Primary, Role::Secondary] {
        let (tone, word) = region_word(model.region_status(role));
        row.push(part(role.label(), theme.region(role)));
        if names {
            row.push(part(format!(" {}", model.regions.of(role)), theme.region(role)));
        }
        let glyph = theme.glyph(tone, model.wall);
        let text = if words { format!("{glyph} {word}") } else { glyph.to_owned() };
        row.extend([part(" ", theme.text()), part(text, theme.tone(tone)), part("  ", theme.text())]);
    }
    row
}

/// Where the learner is, in `room` columns: a long title gives way to the step's number.
fn place(model: &Model, room: usize) -> String {
    match model.screen() {
        None => model.title.clone(),
        Some(Screen::Resources(_)) if model.paused => String::from("Resources (paused)"),
        Some(Screen::Resources(_)) => String::from("Resources"),
        Some(Screen::Drill(_)) => String::from("Failover drill"),
        Some(Screen::Step(screen)) => match model.modules.get(screen.module) {
            Some(module) => {
                let step = format!(" › {}/{}", screen.step + 1, module.steps.len());
                let title = format!("{} {}", module.number, module.title);
                format!("{}{step}", clip(&title, room.saturating_sub(measure(&step))))
            }
            None => String::new(),
        },
    }
}

/// The last line: the keys, most useful first, none cut in half, `? help` always last.
pub(super) fn footer(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let theme = canvas.theme;
    let mut x = area.x;
    for binding in fitting(bindings(model), usize::from(area.width)) {
        x += canvas.put(x, area.y, area.right() - x, &format!(" {} ", binding.show), theme.selection());
        let label = format!(" {}  ", binding.label);
        if x < area.right() {
            x += canvas.put(x, area.y, area.right() - x, label.trim_end(), theme.text()) + 2;
        }
        if x >= area.right() {
            break;
        }
    }
}

fn cost(binding: &Binding) -> usize {
    measure(&binding.show) + 2 + 1 + measure(&binding.label) + 2
}

/// The bindings that fit, by rank; the most important one closes the line when it is `? help`.
fn fitting(all: Vec<Binding>, width: usize) -> Vec<Binding> {
    let mut ranked: Vec<Binding> = all.into_iter().filter(|binding| binding.rank > 0).collect();
    ranked.sort_by_key(|binding| std::cmp::Reverse(binding.rank));
    let mut used = 0;
    let mut kept: Vec<Binding> = Vec::new();
    for binding in ranked {
        // The last entry needs no gap after it.
        if used + cost(&binding) - 2 <= width {
            used += cost(&binding);
            kept.push(binding);
        }
    }
    if kept.first().is_some_and(|binding| binding.rank == 255) {
        kept.rotate_left(1);
    }
    kept
}

/// The notice, on the border above the footer.
pub(super) fn notice(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let Some(text) = model.fresh_notice() else { return };
    if area.height < 3 || area.width < 10 {
        return;
    }
    let style = canvas.theme.title();
    let y = area.bottom() - 2;
    let text = format!(" {text} ");
    canvas.put(area.x + 2, y, area.width - 4, &text, style);
}
