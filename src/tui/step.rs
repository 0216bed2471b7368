//! The step screen: the text, its commands, its checks; on bigger screens also what happens, the module's steps and
//! both Regions.

use ratatui::layout::Rect;

use crate::app::{Model, Page, Pane, StepScreen, Viewports};
use crate::content::model::StepKind;
use crate::domain::text::printable;
use crate::domain::{Role, Way};
use crate::markdown::{Line, Look};

use super::canvas::{Canvas, PaneStyle, Row, part, wrapped};
use super::chrome::Class;
use super::home::step_row;
use super::resources::live;
use super::step_panes::{action_height, action_pane, activity_pane, checks_pane};
use super::theme::Tone;

/// Longer lines are hard to read.
const MEASURE: u16 = 88;

pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, screen: &StepScreen, area: Rect, class: Class) -> Viewports {
    let page = model.page();
    let works = page.is_none_or(|page| page.visible().next().is_some() || !page.checks.is_empty());
    match class {
        Class::TooSmall | Class::Compact => {
            if !works {
                return read(canvas, model, screen, page, area);
            }
            let height = (area.height * 2 / 5).clamp(6, 10);
            let text = Rect { height: area.height - height, ..area };
            let bottom = Rect { y: text.bottom(), height, ..area };
            let half = bottom.width / 2;
            action_pane(canvas, model, screen, Rect { width: half, ..bottom });
            checks_pane(canvas, model, screen, Rect { x: half, width: bottom.width - half, ..bottom });
            read(canvas, model, screen, page, text)
        }
        Class::Standard => {
            let right = (area.width * 2 / 5).min(60);
            let left = area.width - right;
            column(canvas, model, screen, Rect { x: area.x + left, width: right, ..area }, false);
            read(canvas, model, screen, page, Rect { width: left, ..area })
        }
        Class::Wide => {
            let left = 38.min(area.width / 5);
            let middle = (MEASURE + 4).min(area.width * 9 / 20);
            steps(canvas, model, screen, Rect { width: left, ..area });
            let right = Rect { x: area.x + left + middle, width: area.width - left - middle, ..area };
            column(canvas, model, screen, right, true);
            read(canvas, model, screen, page, Rect { x: area.x + left, width: middle, ..area })
        }
    }
}

/// Action, checks, Regions and activity below each other.
fn column(canvas: &mut Canvas<'_>, model: &Model, screen: &StepScreen, area: Rect, regions: bool) {
    let page = model.page();
    let actions = page.map_or(0, |page| page.visible().count()) as u16;
    let checks = page.map_or(0, |page| page.checks.len()) as u16;
    let action = action_height(canvas, model, screen, area.width).max(actions + 9).min(area.height / 2);
    let check = (checks * 3 + 2).clamp(5, area.height * 3 / 10);
    let live_height = if regions { (area.height / 4).max(8) } else { 0 };
    let mut y = area.y;
    let mut next = |height: u16| {
        let part = Rect { y, height, ..area };
        y += height;
        part
    };
    action_pane(canvas, model, screen, next(action));
    checks_pane(canvas, model, screen, next(check));
    if regions {
        let both = next(live_height);
        let half = both.width / 2;
        live(canvas, model, Role::Primary, Rect { width: half, ..both });
        live(canvas, model, Role::Secondary, Rect { x: both.x + half, width: both.width - half, ..both });
    }
    let rest = area.height - action - check - live_height;
    activity_pane(canvas, model, next(rest));
}

fn steps(canvas: &mut Canvas<'_>, model: &Model, screen: &StepScreen, area: Rect) {
    let theme = canvas.theme;
    let Some(module) = model.modules.get(screen.module) else { return };
    let title = format!("Steps {}/{}", model.done_steps(module), module.steps.len());
    let inner = canvas.pane(area, &PaneStyle { title: vec![part(title, theme.title())], ..PaneStyle::default() });
    for (at, y) in (0..module.steps.len()).zip(inner.top()..inner.bottom()) {
        let row = step_row(canvas, model, module, at);
        canvas.row(inner.x, y, inner.width, &row);
        if at == screen.step {
            canvas.highlight(inner.x, y, inner.width, theme.selection());
        }
    }
}

/// The text, scrolled.
fn read(canvas: &mut Canvas<'_>, model: &Model, screen: &StepScreen, page: Option<&Page>, area: Rect) -> Viewports {
    let theme = canvas.theme;
    let outline = model.modules.get(screen.module).and_then(|module| module.steps.get(screen.step));
    let title = outline.map_or("", |step| step.title.as_str());
    let kind = outline.map_or("", |step| kind_word(step.kind));
    let note = match model.way_here() {
        Some(way) if way != Way::Guided => format!("{kind} · {}", way.words()),
        _ => kind.to_owned(),
    };
    let mut pane = PaneStyle {
        title: vec![part(format!("{} {title}", screen.step + 1), theme.title())],
        note: vec![part(note, theme.dim())],
        focus: screen.pane == Pane::Read,
        ..PaneStyle::default()
    };
    let width = area.width.saturating_sub(4).min(MEASURE);
    let rows = usize::from(area.height.saturating_sub(2));
    let (lines, fence) = match page {
        Some(page) if model.way_here() == Some(Way::Challenge) => (challenge(canvas, page, width), None),
        Some(page) => text(canvas, screen, page, width),
        None => (vec![vec![part("Preparing the page…", theme.dim())]], None),
    };
    let last = lines.len().saturating_sub(rows);
    let mut top = screen.scroll.min(last);
    if let (true, Some((first, end))) = (screen.follow, fence) {
        if end > top + rows {
            top = end.saturating_sub(rows);
        }
        if first < top {
            top = first;
        }
        top = top.min(last);
    }
    let below = lines.len().saturating_sub(top + rows);
    if below > 0 {
        let word = if below == 1 { "line" } else { "lines" };
        pane.foot = vec![part(format!("↓ {below} more {word}"), theme.text())];
    } else if top > 0 {
        pane.foot = vec![part("end", theme.dim())];
    }
    let inner = canvas.pane(area, &pane);
    let shown = lines.get(top..).unwrap_or_default();
    canvas.rows(Rect { width: inner.width.min(MEASURE), ..inner }, shown);
    Viewports { main_rows: rows, main_lines: lines.len(), main_top: top, ..Viewports::default() }
}

/// All that the challenge tells: the goal, and how to go on.
fn challenge(canvas: &Canvas<'_>, page: &Page, width: u16) -> Vec<Row> {
    let theme = canvas.theme;
    let mut rows = wrapped(Some(part("Goal", theme.title())), &page.goal, theme.text(), width);
    let next = "Reach it with your own commands, in any shell that reaches this account. The checks tell when it is done. \
                h gives a hint, gently at first; w shows the page again.";
    rows.push(Row::new());
    rows.extend(wrapped(None, next, theme.dim(), width));
    rows
}

/// The page's rows, and from where to where the chosen fence goes.
fn text(canvas: &Canvas<'_>, screen: &StepScreen, page: &Page, width: u16) -> (Vec<Row>, Option<(usize, usize)>) {
    let theme = canvas.theme;
    let mut rows: Vec<Row> = Vec::new();
    if !page.goal.is_empty() {
        let goal = theme.look(Look::Emphasis);
        rows.extend(wrapped(None, &page.goal, goal, width));
        rows.push(Row::new());
    }
    if !page.waits_for.is_empty() {
        let text = format!("Not known yet: {}. It comes from an earlier step.", page.waits_for.join(", "));
        let glyph = part(theme.glyph(Tone::Needs, std::time::Duration::ZERO), theme.tone(Tone::Needs));
        rows.extend(wrapped(Some(glyph), &text, theme.dim(), width));
        rows.push(Row::new());
    }
    let chosen = page.visible().nth(screen.action).map(|action| action.anchor.as_str());
    let several = page.visible().count() > 1;
    let mut fence = None;
    for line in page.document.lines(usize::from(width)) {
        let mine = chosen.is_some() && line.fence.as_deref() == chosen;
        if mine {
            let begin = fence.map_or(rows.len(), |(begin, _)| begin);
            let first = fence.is_none();
            fence = Some((begin, rows.len() + 1));
            rows.push(line_row(canvas, &line, several.then_some(first)));
        } else {
            rows.push(line_row(canvas, &line, None));
        }
    }
    if let Some(why) = &page.why {
        rows.push(Row::new());
        rows.extend(wrapped(Some(part("Why", theme.title())), why, theme.text(), width));
    }
    (rows, fence)
}

/// A line with its colours; the chosen fence has a pointer (first line) or a thick bar instead of its thin one.
fn line_row(canvas: &Canvas<'_>, line: &Line, chosen: Option<bool>) -> Row {
    let theme = canvas.theme;
    let mut row: Row = line.pieces.iter().map(|piece| part(printable(&piece.text), theme.look(piece.look))).collect();
    if let (Some(first), Some(bar)) = (chosen, row.first_mut())
        && bar.0 == "│ "
    {
        *bar = part(if first { "▶ " } else { "┃ " }, theme.border(true));
    }
    row
}

fn kind_word(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Read => "read",
        StepKind::Do => "do",
        StepKind::Observe => "observe",
        StepKind::Decide => "decide",
        StepKind::Drill => "drill",
        StepKind::CleanUp => "clean up",
    }
}
