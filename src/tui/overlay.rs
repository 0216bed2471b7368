//! What lies over a screen.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::{Confirm, Gate, Model, Overlay, Page, Trouble, Viewports, bindings, screen_bindings};
use crate::content::model::Help;
use crate::markdown::{measure, shell_lines};

use super::canvas::{Canvas, PaneStyle, Row, part, row_width, wrapped};
use super::home::step_row;
use super::theme::Tone;

/// Draws the top overlay; returns the rows it shows and the rows it has.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, overlay: &Overlay, area: Rect) -> (usize, usize) {
    let width = area.width.saturating_sub(6).min(88);
    let inner = width.saturating_sub(4);
    let theme = canvas.theme;
    match overlay {
        Overlay::Help { scroll } => {
            let rows = help(canvas, model);
            boxed(canvas, area, width, &[part("Keys", theme.title())], &rows, *scroll)
        }
        Overlay::Confirm(confirm) => {
            let rows = confirm_rows(canvas, confirm, inner);
            let title = [part(confirm.title.clone(), theme.title())];
            boxed(canvas, area, width, &title, &rows, 0)
        }
        Overlay::Text { title, text, scroll } => {
            let rows = wrapped(None, text, theme.text(), inner);
            boxed(canvas, area, width, &[part(title.clone(), theme.title())], &rows, *scroll)
        }
        Overlay::Message { title, trouble } => {
            let rows = trouble_rows(canvas, model, trouble, inner);
            boxed(canvas, area, width, &[part(title.clone(), theme.title())], &rows, 0)
        }
        Overlay::Hint { step, level, scroll } => {
            let rows = model.pages.get(step).map_or_else(Vec::new, |page| hints(canvas, model, page, *level, inner));
            let all = model.pages.get(step).map_or(0, |page| model.hints_now(page).len());
            boxed(canvas, area, width, &[part(format!("Hint {level}/{all}"), theme.title())], &rows, *scroll)
        }
        Overlay::Steps { module, selected } => steps(canvas, model, *module, *selected, area, width),
        Overlay::Palette { filter, selected } => palette(canvas, model, filter, *selected, area, width),
        Overlay::Copy { .. } => (0, 0),
    }
}

/// A box in the middle, as high as its rows; returns the rows shown and the rows there are.
fn boxed(
    canvas: &mut Canvas<'_>,
    area: Rect,
    width: u16,
    title: &[super::canvas::Part],
    rows: &[Row],
    scroll: usize,
) -> (usize, usize) {
    let height = (rows.len() as u16).saturating_add(2).min(area.height.saturating_sub(2)).max(3);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    // A column of air on both sides keeps the box apart from the panes below it.
    canvas.clear(Rect { x: place.x.saturating_sub(1), width: width + 2, ..place });
    let room = usize::from(height - 2);
    let scroll = scroll.min(rows.len().saturating_sub(room));
    let below = rows.len().saturating_sub(scroll + room);
    let foot = if below > 0 { vec![part(format!("↓ {below} more"), canvas.theme.text())] } else { Vec::new() };
    let pane = PaneStyle { title: title.to_vec(), foot, focus: true, ..PaneStyle::default() };
    let inner = canvas.pane(place, &pane);
    canvas.rows(inner, rows.get(scroll..).unwrap_or_default());
    (room, rows.len())
}

fn help(canvas: &Canvas<'_>, model: &Model) -> Vec<Row> {
    let theme = canvas.theme;
    let all = screen_bindings(model);
    let widest = all.iter().map(|binding| measure(&binding.show)).max().unwrap_or(0);
    let mut rows: Vec<Row> = all
        .iter()
        .map(|binding| {
            vec![
                part(crate::markdown::fill(&binding.show, widest), theme.title()),
                part(format!("  {}", binding.help), theme.text()),
            ]
        })
        .collect();
    rows.push(vec![
        part(crate::markdown::fill("Ctrl-C", widest), theme.title()),
        part("  cancel what runs; twice: leave the program", theme.text()),
    ]);
    rows.push(Row::new());
    let legend = [
        (Tone::Ok, "ready, done, pass"),
        (Tone::Running, "creating, running"),
        (Tone::Waiting, "not created, open"),
        (Tone::Needs, "something is missing"),
        (Tone::Warn, "lagging, near a limit"),
        (Tone::Fail, "failed"),
        (Tone::Unknown, "could not be read"),
    ];
    for pair in legend.chunks(2) {
        let mut row = Row::new();
        for (tone, word) in pair {
            row.push(part(theme.glyph(*tone, std::time::Duration::ZERO), theme.tone(*tone)));
            row.push(part(format!(" {}", crate::markdown::fill(word, 26)), theme.text()));
        }
        rows.push(row);
    }
    if model.simulated() {
        rows.push(Row::new());
        rows.push(vec![part("SIM marks simulated time. AWS is simulated inside this program.", theme.dim())]);
    }
    rows
}

fn confirm_rows(canvas: &Canvas<'_>, confirm: &Confirm, width: u16) -> Vec<Row> {
    let theme = canvas.theme;
    let mut rows = Vec::new();
    for line in &confirm.plan {
        let mark = if confirm.danger {
            part(theme.glyph(Tone::Warn, std::time::Duration::ZERO), theme.tone(Tone::Warn))
        } else {
            part("•", theme.dim())
        };
        rows.extend(wrapped(Some(mark), line, theme.text(), width));
    }
    if !confirm.commands.is_empty() {
        rows.push(Row::new());
    }
    for command in &confirm.commands {
        for line in shell_lines(command, usize::from(width)) {
            rows.push(vec![part(line, theme.title())]);
        }
    }
    rows.push(Row::new());
    match &confirm.gate {
        Gate::Key => {
            let mut row: Row = Vec::new();
            key(canvas, &mut row, "y", "yes");
            if let Some((other, label, _)) = &confirm.other {
                key(canvas, &mut row, &other.to_string(), label);
            }
            key(canvas, &mut row, "n", "no");
            rows.push(row);
        }
        Gate::Word { word, typed } => {
            rows.extend(wrapped(None, &format!("Type {word} and press Enter. Esc does nothing."), theme.text(), width));
            rows.push(vec![part("> ", theme.dim()), part(format!("{typed}_"), theme.title())]);
        }
    }
    rows
}

fn key(canvas: &Canvas<'_>, row: &mut Row, key: &str, label: &str) {
    row.push(part(format!(" {key} "), canvas.theme.selection()));
    row.push(part(format!(" {label}   "), canvas.theme.text()));
}

/// What happened, what it means, what to press.
pub(super) fn trouble_rows(canvas: &Canvas<'_>, model: &Model, trouble: &Trouble, width: u16) -> Vec<Row> {
    let theme = canvas.theme;
    let glyph = part(theme.glyph(Tone::Fail, model.wall), theme.tone(Tone::Fail));
    let mut rows = wrapped(Some(glyph), &trouble.what, theme.title(), width);
    for (text, style) in [(&trouble.means, theme.text()), (&trouble.press, theme.title())] {
        if !text.is_empty() {
            rows.push(Row::new());
            rows.extend(wrapped(None, text, style, width));
        }
    }
    rows
}

fn hints(canvas: &Canvas<'_>, model: &Model, page: &Page, level: usize, width: u16) -> Vec<Row> {
    let theme = canvas.theme;
    let mut rows = Vec::new();
    let all = model.hints_now(page);
    for (at, hint) in all.iter().take(level).enumerate() {
        if at > 0 {
            rows.push(Row::new());
        }
        let (word, text) = match &hint.help {
            Help::Nudge(text) => ("Think", text.clone()),
            Help::Look(text) => ("Look", text.clone()),
            Help::Show(anchor) => ("Do", String::from(if page.action(anchor).is_some() { "" } else { anchor })),
        };
        let plain = text.replace('`', "");
        rows.extend(wrapped(Some(part(word, theme.title())), &plain, theme.text(), width));
        if let Help::Show(anchor) = &hint.help
            && let Some(action) = page.action(anchor)
        {
            for command in &action.commands {
                for line in shell_lines(command, usize::from(width)) {
                    rows.push(vec![part(line, theme.look(crate::markdown::Look::Command))]);
                }
            }
        }
    }
    if level < all.len() {
        rows.push(Row::new());
        rows.push(vec![part("h opens the next hint.", theme.dim())]);
    }
    rows
}

fn steps(
    canvas: &mut Canvas<'_>,
    model: &Model,
    module: usize,
    selected: usize,
    area: Rect,
    width: u16,
) -> (usize, usize) {
    let theme = canvas.theme;
    let Some(module) = model.modules.get(module) else { return (0, 0) };
    let rows: Vec<Row> = (0..module.steps.len())
        .map(|at| {
            let mut row = vec![part(if at == selected { "▶ " } else { "  " }, theme.title())];
            row.extend(step_row(canvas, model, module, at));
            row
        })
        .collect();
    let room = usize::from(area.height.saturating_sub(4));
    let title = [part(format!("Steps of Module {}  {}", module.number, module.title), theme.title())];
    boxed(canvas, area, width, &title, &rows, (selected + 1).saturating_sub(room))
}

fn palette(
    canvas: &mut Canvas<'_>,
    model: &Model,
    filter: &str,
    selected: usize,
    area: Rect,
    width: u16,
) -> (usize, usize) {
    let theme = canvas.theme;
    let matches = model.palette();
    let widest = matches.iter().map(|(show, ..)| measure(show)).max().unwrap_or(0);
    let mut rows = vec![vec![part("> ", theme.dim()), part(format!("{filter}_"), theme.title())], Row::new()];
    for (at, (show, help, _)) in matches.iter().enumerate() {
        let style: Style = if at == selected { theme.selection() } else { theme.text() };
        let text = format!("{}  {help}", crate::markdown::fill(show, widest));
        rows.push(vec![part(crate::markdown::fill(&text, usize::from(width.saturating_sub(4))), style)]);
    }
    if matches.is_empty() {
        rows.push(vec![part("Nothing here is called so.", theme.dim())]);
    }
    let room = usize::from(area.height.saturating_sub(4));
    boxed(canvas, area, width, &[part("Commands", theme.title())], &rows, (selected + 3).saturating_sub(room))
}

/// The copy view: text from the first column to the last, nothing beside it.
pub(super) fn copy(canvas: &mut Canvas<'_>, model: &Model, text: &str, scroll: usize, area: Rect) -> Viewports {
    let theme = canvas.theme;
    let width = usize::from(area.width);
    let mut rows: Vec<Row> = Vec::new();
    for line in text.lines() {
        let command = line.starts_with("aws ");
        let lines = if command { shell_lines(line, width) } else { crate::markdown::wrap_text(line, width) };
        rows.extend(lines.into_iter().map(|line| vec![part(line, theme.text())]));
    }
    let room = usize::from(area.height.saturating_sub(2));
    let scroll = scroll.min(rows.len().saturating_sub(room));
    canvas.rows(Rect { height: area.height - 2, ..area }, rows.get(scroll..).unwrap_or_default());
    let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
    let mut x = foot.x;
    for binding in bindings(model).iter().filter(|binding| binding.rank > 0) {
        let row = [
            part(format!(" {} ", binding.show), theme.selection()),
            part(format!(" {}  ", binding.label), theme.text()),
        ];
        if usize::from(x) + row_width(&row) <= width {
            x += canvas.row(x, foot.y, foot.width, &row);
        }
    }
    if let Some(notice) = model.fresh_notice() {
        canvas.put(x + 1, foot.y, foot.right().saturating_sub(x + 1), notice, theme.dim());
    }
    Viewports { overlay_rows: room, overlay_lines: rows.len(), ..Viewports::default() }
}
