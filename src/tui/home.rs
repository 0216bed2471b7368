//! The home screen: the modules, what the chosen one needs and builds, and both Regions.

use ratatui::layout::Rect;

use crate::app::{Model, ModuleOutline, ModuleStatus, Viewports};
use crate::domain::Role;
use crate::domain::time::spell;
use crate::markdown::{fill, measure};

use super::canvas::{Canvas, PaneStyle, Row, part, wrapped};
use super::chrome::{Class, module_word, step_word};
use super::resources::live;
use super::theme::{Tone, of_outcome};

pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, area: Rect, class: Class) -> Viewports {
    let list = (model.modules.len() as u16 + 2).min(area.height.saturating_sub(8)).max(4);
    match class {
        Class::TooSmall | Class::Compact => {
            modules(canvas, model, Rect { height: list, ..area });
            selected(canvas, model, Rect { y: area.y + list, height: area.height - list, ..area });
        }
        Class::Standard => {
            let rows = model.resources.as_ref().map_or(0, |seen| seen.value.rows.len()) as u16;
            let below = (rows / 2 + 3).clamp(6, area.height.saturating_sub(list + 8).max(6));
            let left = (area.width * 3 / 5).clamp(60, 76);
            let top = Rect { height: area.height - below, ..area };
            modules(canvas, model, Rect { width: left, height: list, ..top });
            steps(canvas, model, Rect { y: top.y + list, width: left, height: top.height - list, ..top });
            selected(canvas, model, Rect { x: top.x + left, width: top.width - left, ..top });
            regions(canvas, model, Rect { y: top.bottom(), height: below, ..area });
        }
        Class::Wide => {
            let (left, middle) = (66, 66.min(area.width.saturating_sub(66 + 60)));
            modules(canvas, model, Rect { width: left, height: list, ..area });
            steps(canvas, model, Rect { y: area.y + list, width: left, height: area.height - list, ..area });
            selected(canvas, model, Rect { x: area.x + left, width: middle, ..area });
            let right = Rect { x: area.x + left + middle, width: area.width - left - middle, ..area };
            regions(canvas, model, right);
        }
    }
    Viewports::default()
}

fn modules(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let theme = canvas.theme;
    let (done, all) = model.progress();
    let left = model.time_left();
    let note = if done == all {
        String::from("all done")
    } else {
        format!("about {} left", spell(std::time::Duration::from_secs(left.as_secs().div_ceil(60) * 60)))
    };
    let pane = PaneStyle {
        title: vec![part("Modules", theme.title()), part(format!("  {done}/{all} steps · {note}"), theme.text())],
        focus: true,
        ..PaneStyle::default()
    };
    let inner = canvas.pane(area, &pane);
    let rows = usize::from(inner.height);
    let top = model.selected.saturating_sub(rows.saturating_sub(1));
    for ((at, module), y) in model.modules.iter().enumerate().skip(top).zip(inner.top()..inner.bottom()) {
        let chosen = at == model.selected;
        let row = module_row(canvas, model, module, chosen, inner.width);
        canvas.row(inner.x, y, inner.width, &row);
        if chosen {
            canvas.highlight(inner.x, y, inner.width, theme.title());
        }
    }
}

fn module_row(canvas: &Canvas<'_>, model: &Model, module: &ModuleOutline, chosen: bool, width: u16) -> Row {
    let theme = canvas.theme;
    let (tone, word) = module_word(&model.module_status(module));
    let state = format!("{} {word}", theme.glyph(tone, model.wall));
    let state_width = measure(theme.glyph(Tone::Running, model.wall)) + 1 + "in progress".len();
    let steps = format!("{}/{}", model.done_steps(module), module.steps.len());
    let time = spell(module.time);
    let room = usize::from(width).saturating_sub(4 + 6 + 12 + state_width + 2);
    vec![
        part(if chosen { "▶ " } else { "  " }, theme.title()),
        part(format!("{} ", module.number), theme.text()),
        part(fill(&module.title, room), theme.text()),
        part(format!("{steps:>6}"), theme.text()),
        part(format!("{time:>12}  "), theme.dim()),
        part(state, theme.tone(tone)),
    ]
}

/// What the chosen module is about, needs and builds.
fn selected(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let theme = canvas.theme;
    let Some(module) = model.modules.get(model.selected) else {
        canvas.pane(area, &PaneStyle { title: vec![part("Nothing here", theme.title())], ..PaneStyle::default() });
        return;
    };
    let pane = PaneStyle {
        title: vec![part(format!("Module {}  {}", module.number, module.title), theme.title())],
        ..PaneStyle::default()
    };
    let inner = canvas.pane(area, &pane);
    let mut rows = wrapped(None, &module.summary, theme.text(), inner.width.min(88));
    if !module.needs.is_empty() {
        rows.push(Row::new());
        rows.push(vec![part("Needs", theme.title())]);
    }
    for need in &module.needs {
        let outcome = model.need(need);
        let (tone, word) = match outcome {
            Some(outcome) if !outcome.passed() && matches!(of_outcome(Some(outcome)).0, Tone::Waiting | Tone::Fail) => {
                (Tone::Needs, "missing")
            }
            Some(outcome) if outcome.passed() => (Tone::Ok, "holds"),
            other => of_outcome(other),
        };
        let from = match &need.given_by {
            Some((_, step, title)) if tone != Tone::Ok => format!(": {title} ({step})"),
            _ => String::new(),
        };
        let glyph = part(theme.glyph(tone, model.wall), theme.tone(tone));
        rows.extend(wrapped(Some(glyph), &format!("{} {word}{from}", need.fact), theme.text(), inner.width.min(88)));
    }
    if model.overridden.contains(&module.id) {
        rows.push(vec![part("entered although something was missing", theme.dim())]);
    }
    if let Some(step) = module.steps.get(model.next_step(module)) {
        let done = model.module_status(module) == ModuleStatus::Done;
        let word = if done { "Read again" } else { "Next step" };
        rows.push(Row::new());
        rows.push(vec![
            part(format!("{word}  "), theme.title()),
            part(format!("{} {}", model.next_step(module) + 1, step.title), theme.text()),
        ]);
    }
    if !module.changes.is_empty() {
        rows.push(Row::new());
        rows.push(vec![part("You will build", theme.title())]);
        for change in &module.changes {
            let bullet = Some(part("•", theme.dim()));
            rows.extend(wrapped(bullet, change, theme.text(), inner.width.min(88)));
        }
    }
    squeeze(&mut rows, usize::from(inner.height));
    canvas.rows(inner, &rows);
}

/// Drops the empty rows when there is no room for them.
fn squeeze(rows: &mut Vec<Row>, height: usize) {
    while rows.len() > height {
        let Some(at) = rows.iter().rposition(Vec::is_empty) else { return };
        rows.remove(at);
    }
}

/// The steps of the chosen module.
fn steps(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    if area.height < 4 {
        return;
    }
    let theme = canvas.theme;
    let Some(module) = model.modules.get(model.selected) else { return };
    let title = vec![part(format!("Steps of Module {}", module.number), theme.title())];
    let inner = canvas.pane(area, &PaneStyle { title, ..PaneStyle::default() });
    let rows: Vec<Row> = module.steps.iter().enumerate().map(|(at, _)| step_row(canvas, model, module, at)).collect();
    canvas.rows(inner, &rows);
}

/// One step in a list: glyph, number, title, and its word unless it is open.
pub(super) fn step_row(canvas: &Canvas<'_>, model: &Model, module: &ModuleOutline, at: usize) -> Row {
    let theme = canvas.theme;
    let Some(step) = module.steps.get(at) else { return Row::new() };
    let (tone, word) = step_word(model.step_status(step));
    let mut row = vec![
        part(format!("{} ", theme.glyph(tone, model.wall)), theme.tone(tone)),
        part(format!("{:>2} {}", at + 1, step.title), theme.text()),
    ];
    if matches!(tone, Tone::Running | Tone::Fail) {
        row.extend([part("  ", theme.text()), part(word, theme.tone(tone))]);
    }
    row
}

fn regions(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let half = area.width / 2;
    live(canvas, model, Role::Primary, Rect { width: half, ..area });
    live(canvas, model, Role::Secondary, Rect { x: area.x + half, width: area.width - half, ..area });
}
