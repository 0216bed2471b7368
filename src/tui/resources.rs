//! The resource screen: R1 left, R2 right, how far the stores are behind, and the chosen resource in full.

use ratatui::layout::Rect;

use crate::app::{Lag, Model, ResourcesScreen, ResourcesView, Seen, Viewports};
use crate::domain::time::spell;
use crate::domain::{Behind, Resource, ResourceState, Role};
use crate::markdown::{fill, measure};

use super::canvas::{Canvas, PaneStyle, Row, part, wrapped};
use super::chrome::{Class, age};
use super::theme::{Tone, of_state};

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    model: &Model,
    screen: &ResourcesScreen,
    area: Rect,
    class: Class,
) -> Viewports {
    let lags = model.resources.as_ref().map_or(0, |seen| seen.value.replication.len()) as u16;
    let below = if class == Class::Compact { lags * 2 + 2 } else { (lags * 3 + 1).max(9) };
    let below = below.clamp(3, area.height / 2);
    let top = Rect { height: area.height - below, ..area };
    let bottom = Rect { y: top.bottom(), height: below, ..area };
    let half = area.width / 2;
    side(canvas, model, screen, Role::Primary, Rect { width: half, ..top });
    side(canvas, model, screen, Role::Secondary, Rect { x: area.x + half, width: area.width - half, ..top });
    if class == Class::Compact {
        replication(canvas, model, bottom, true);
    } else {
        replication(canvas, model, Rect { width: half, ..bottom }, false);
        detail(canvas, model, Rect { x: area.x + half, width: area.width - half, ..bottom });
    }
    Viewports::default()
}

/// `4 ready · 2 creating`, as much of it as fits.
fn summary(rows: &[&Resource], width: usize) -> String {
    let order = [
        ResourceState::Failed,
        ResourceState::Creating,
        ResourceState::Updating,
        ResourceState::Deleting,
        ResourceState::Lagging,
        ResourceState::Ready,
    ];
    let counts = order.into_iter().filter_map(|state| {
        let count = rows.iter().filter(|row| row.state == state).count();
        (count > 0).then(|| format!("{count} {}", state.word()))
    });
    let mut text = String::new();
    for count in counts {
        let gap = if text.is_empty() { "" } else { " · " };
        if measure(&text) + measure(gap) + measure(&count) > width {
            break;
        }
        text = format!("{text}{gap}{count}");
    }
    if rows.is_empty() { String::from("empty") } else { text }
}

fn side(canvas: &mut Canvas<'_>, model: &Model, screen: &ResourcesScreen, role: Role, area: Rect) {
    let theme = canvas.theme;
    let focus = screen.secondary == (role == Role::Secondary);
    let rows: Vec<&Resource> = model.resource_rows(role, screen).collect();
    let name = format!("{} {}", role.label(), model.regions.of(role));
    let room = usize::from(area.width).saturating_sub(measure(&name) + 8);
    let mut title = vec![part(name, theme.region(role).patch(theme.title()))];
    if model.resources.is_some() {
        title.push(part(format!("  {}", summary(&rows, room)), theme.text()));
    }
    if focus && (screen.typing || !screen.filter.is_empty()) {
        let cursor = if screen.typing { "_" } else { "" };
        title = vec![part(format!("{} filter: {}{cursor}", role.label(), screen.filter), theme.title())];
    }
    let foot = model.resources.as_ref().map_or_else(Vec::new, |seen| vec![part(seen_at(model, seen), theme.dim())]);
    let inner = canvas.pane(area, &PaneStyle { title, foot, focus, ..PaneStyle::default() });
    if rows.is_empty() {
        let text = match &model.resources {
            None => "Not read yet.",
            Some(_) if screen.filter.is_empty() => "Nothing here yet.",
            Some(_) => "Nothing matches the filter.",
        };
        canvas.rows(inner, &wrapped(None, text, theme.dim(), inner.width));
        return;
    }
    let height = usize::from(inner.height);
    let top = if focus { (screen.selected + 1).saturating_sub(height) } else { 0 };
    let columns = Columns::fit(&rows, usize::from(inner.width), theme.glyph(Tone::Ok, model.wall));
    for ((at, row), y) in rows.iter().enumerate().skip(top).zip(inner.top()..inner.bottom()) {
        let line = columns.row(canvas, model, row);
        canvas.row(inner.x, y, inner.width, &line);
        if focus && at == screen.selected {
            canvas.highlight(inner.x, y, inner.width, theme.selection());
        }
    }
}

fn seen_at(model: &Model, seen: &Seen<ResourcesView>) -> String {
    if model.paused {
        format!("paused · {} old", spell(model.wall.saturating_sub(seen.wall)))
    } else {
        format!("read {}", age(model, seen.wall))
    }
}

/// How wide kind, label, state and detail are. The detail goes first when there is no room: without a label two rows of
/// a kind cannot be told apart.
struct Columns {
    kind: usize,
    label: usize,
    state: usize,
    detail: usize,
}

impl Columns {
    fn fit(rows: &[&Resource], width: usize, glyph: &str) -> Self {
        let widest = |text: fn(&Resource) -> &str| rows.iter().map(|row| measure(text(row))).max().unwrap_or(0);
        let room = width.saturating_sub(measure(glyph) + 1);
        let kind = widest(|row| &row.kind).min(14);
        // A row without a detail may let its word run on.
        let words = rows.iter().filter(|row| !row.detail.is_empty()).map(|row| measure(row.state.word()));
        let state = words.max().unwrap_or(0);
        // A word on its own, or one before its detail.
        let word = rows.iter().map(|row| measure(row.state.word())).max().unwrap_or(0);
        let label = widest(|row| &row.label).min(room.saturating_sub(kind + word + 3));
        let left = room.saturating_sub(kind + label + state + 5);
        // Less than a word of detail tells nothing.
        let detail = if left >= 8 { left } else { 0 };
        Self { kind, label, state, detail }
    }

    fn row(&self, canvas: &Canvas<'_>, model: &Model, row: &Resource) -> Row {
        let theme = canvas.theme;
        let tone = of_state(row.state);
        let mut line = vec![
            part(format!("{} ", theme.glyph(tone, model.wall)), theme.tone(tone)),
            part(format!("{} ", fill(&row.kind, self.kind)), theme.text()),
        ];
        if self.label > 0 {
            let label = crate::markdown::clip(&row.label, self.label);
            line.push(part(format!("{}  ", fill(&label, self.label)), theme.title()));
        }
        if row.detail.is_empty() || self.detail == 0 {
            line.push(part(row.state.word(), theme.text()));
        } else {
            line.push(part(fill(row.state.word(), self.state), theme.text()));
            line.push(part("  ", theme.text()));
            line.push(part(crate::markdown::clip(&row.detail, self.detail), theme.text()));
        }
        line
    }
}

fn lag_tone(lag: &Lag) -> Tone {
    match lag.lag {
        Behind::Unmeasured | Behind::Quiet => Tone::Waiting,
        Behind::Stopped => Tone::Fail,
        Behind::By(behind) if behind > lag.limit => Tone::Fail,
        Behind::By(behind) if behind * 2 > lag.limit => Tone::Warn,
        Behind::By(_) => Tone::Ok,
    }
}

/// How far R2 is behind, store by store.
fn replication(canvas: &mut Canvas<'_>, model: &Model, area: Rect, tight: bool) {
    let theme = canvas.theme;
    let seen = model.resources.as_ref();
    let lags = seen.map_or(&[][..], |seen| &seen.value.replication);
    let mut title = vec![part("Replication R1 → R2", theme.title())];
    if let Some(limit) = lags.iter().map(|lag| lag.limit).min() {
        title.push(part(format!("  RPO budget {}", spell(limit)), theme.text()));
    }
    let inner = canvas.pane(area, &PaneStyle { title, ..PaneStyle::default() });
    if lags.is_empty() {
        canvas.rows(inner, &wrapped(None, "Nothing replicates yet.", theme.dim(), inner.width));
        return;
    }
    let mut y = inner.y;
    let widest = lags.iter().map(|lag| measure(&lag.store)).max().unwrap_or(0);
    for lag in lags {
        if y >= inner.bottom() {
            break;
        }
        let tone = lag_tone(lag);
        let glyph = theme.glyph(tone, model.wall);
        let row = vec![
            part(format!("{glyph} "), theme.tone(tone)),
            part(fill(&lag.store, widest), theme.title()),
            part(format!("  {}", lag.lag), theme.text()),
            part(format!("   {}", lag.say), theme.dim()),
        ];
        canvas.row(inner.x, y, inner.width, &row);
        y += 1;
        if let Some(behind) = lag.lag.span()
            && y < inner.bottom()
        {
            let share = behind.as_secs_f64() / lag.limit.as_secs_f64().max(1.0);
            let label = format!("{:>5.1}%", share * 100.0);
            let indent = measure(glyph) as u16 + 1;
            canvas.put(inner.x + indent, y, inner.width, &label, theme.dim());
            let bar = indent + 7;
            canvas.bar(inner.x + bar, y, inner.width.saturating_sub(bar), share, theme.tone(tone));
            y += 1;
        }
        if !tight {
            y += 1;
        }
    }
    let unread = seen.map_or(&[][..], |seen| &seen.value.unread);
    for text in unread {
        for row in wrapped(Some(part("?", theme.dim())), text, theme.dim(), inner.width) {
            if y < inner.bottom() {
                canvas.row(inner.x, y, inner.width, &row);
                y += 1;
            }
        }
    }
}

fn detail(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let theme = canvas.theme;
    let Some(resource) = model.chosen_resource() else {
        canvas.pane(area, &PaneStyle { title: vec![part("Detail", theme.title())], ..PaneStyle::default() });
        return;
    };
    let title = vec![part(format!("{} {}", resource.kind, resource.name), theme.title())];
    let inner = canvas.pane(area, &PaneStyle { title, ..PaneStyle::default() });
    let rows = wrapped(None, &model.resource_text(resource), theme.text(), inner.width);
    canvas.rows(inner, &rows);
}

/// A Region in a few lines, for other screens.
pub(super) fn live(canvas: &mut Canvas<'_>, model: &Model, role: Role, area: Rect) {
    if area.height < 3 {
        return;
    }
    let theme = canvas.theme;
    let title =
        vec![part(format!("{} {}", role.label(), model.regions.of(role)), theme.region(role).patch(theme.title()))];
    let foot = model.resources.as_ref().map_or_else(Vec::new, |seen| vec![part(age(model, seen.wall), theme.dim())]);
    let inner = canvas.pane(area, &PaneStyle { title, foot, ..PaneStyle::default() });
    let rows: Vec<&Resource> =
        model.resources.iter().flat_map(|seen| &seen.value.rows).filter(|row| row.role == role).collect();
    if rows.is_empty() {
        let text = if model.resources.is_some() { "Nothing here yet." } else { "Not read yet." };
        canvas.rows(inner, &wrapped(None, text, theme.dim(), inner.width));
        return;
    }
    let mut columns = Columns::fit(&rows, usize::from(inner.width), theme.glyph(Tone::Ok, model.wall));
    if columns.detail < rows.iter().map(|row| measure(&row.detail)).max().unwrap_or(0) {
        columns.detail = 0;
    }
    let lines: Vec<Row> = rows.iter().map(|row| columns.row(canvas, model, row)).collect();
    canvas.rows(inner, &lines);
}
