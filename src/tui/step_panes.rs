//! The panes beside a step's text: its commands with the job, its checks, and what happened lately.

use std::fmt::Write as _;

use ratatui::layout::Rect;

use crate::app::{ActionView, Job, JobState, LineKind, Model, Page, Pane, StepScreen};
use crate::domain::time::spell;
use crate::domain::{Effect, Outcome, Way};
use crate::markdown::measure;

use super::canvas::{Canvas, PaneStyle, Row, part, row_width, wrapped};
use super::chrome::age;
use super::theme::{Tone, of_outcome};

/// The commands of the step, what the chosen one does, and how its last run stands.
pub(super) fn action_pane(canvas: &mut Canvas<'_>, model: &Model, screen: &StepScreen, area: Rect) {
    let theme = canvas.theme;
    let page = model.page();
    let count = page.map_or(0, |page| page.visible().count());
    let challenge = model.way_here() == Some(Way::Challenge);
    let title = match count {
        _ if challenge => String::from("Your shell"),
        0 | 1 => String::from("Action"),
        _ => format!("Action {}/{count}", screen.action + 1),
    };
    let pane = PaneStyle {
        title: vec![part(title, theme.title())],
        focus: screen.pane == Pane::Action,
        ..PaneStyle::default()
    };
    let inner = canvas.pane(area, &pane);
    let Some(page) = page else { return };
    let Some(action) = page.visible().nth(screen.action) else {
        canvas.rows(inner, &wrapped(None, "Nothing to run on this step.", theme.dim(), inner.width));
        return;
    };
    if challenge {
        let text = if model.simulated() {
            "Your commands reach this account by `workshop aws …` in another terminal, or after E by your own aws."
        } else {
            "Use your own aws command, the console, or anything else."
        };
        canvas.rows(inner, &wrapped(None, &text.replace('`', ""), theme.dim(), inner.width));
        return;
    }
    let rows = action_rows(canvas, model, screen, page, action, inner.width, usize::from(inner.height));
    canvas.rows(inner, &rows);
}

/// How many rows the action pane needs to show everything.
pub(super) fn action_height(canvas: &Canvas<'_>, model: &Model, screen: &StepScreen, width: u16) -> u16 {
    let Some(page) = model.page() else { return 0 };
    let Some(action) = page.visible().nth(screen.action) else { return 0 };
    let most = page.visible().count() + 7;
    action_rows(canvas, model, screen, page, action, width.saturating_sub(4), most.max(ROOMY)).len() as u16 + 2
}

/// From this height on a failure is told in full.
const ROOMY: usize = 9;

fn action_rows(
    canvas: &Canvas<'_>,
    model: &Model,
    screen: &StepScreen,
    page: &Page,
    action: &ActionView,
    width: u16,
    height: usize,
) -> Vec<Row> {
    let theme = canvas.theme;
    let job = model.job_for(&page.step, Some(&action.id));
    let mut rows = list(canvas, model, screen, page, width, height);
    match job {
        // In a small pane what to press counts most: it stays, and the cause gets what room is left.
        Some(Job { state: JobState::Failed(trouble), .. }) if height < ROOMY => {
            rows.truncate(rows.len().min(1).max(usize::from(page.visible().count() <= 1)));
            if let (Some(row), true) = (rows.first_mut(), page.visible().count() > 1) {
                *row = list_row(canvas, model, page, action, Some(true), width);
            }
            let press = wrapped(None, &trouble.press, theme.title(), width);
            let mut what = wrapped(None, &trouble.what, theme.text(), width);
            let room = height.saturating_sub(rows.len() + press.len()).max(1);
            if what.len() > room {
                what.truncate(room);
                if let Some((text, _)) = what.last_mut().and_then(|row| row.last_mut()) {
                    *text = crate::markdown::clip(&format!("{text} …"), usize::from(width));
                }
            }
            rows.extend(what);
            rows.extend(press);
        }
        Some(job) => {
            rows.extend(about(canvas, model, action, width, height < ROOMY));
            job_rows(canvas, model, job, width, height.saturating_sub(rows.len()), &mut rows);
        }
        None => {
            rows.extend(about(canvas, model, action, width, height < ROOMY));
            let how = match model.way_here() {
                _ if action.never => "To be read. Enter shows it without borders.",
                Some(Way::Typed) => "Enter shows it without borders. Type it in your shell.",
                _ => "Enter runs it. v shows the request first.",
            };
            rows.extend(wrapped(None, how, theme.dim(), width));
        }
    }
    rows
}

/// The visible fences, a window around the chosen one.
fn list(canvas: &Canvas<'_>, model: &Model, screen: &StepScreen, page: &Page, width: u16, height: usize) -> Vec<Row> {
    let count = page.visible().count();
    let room = if count <= 1 { 1 } else { count.min((height / 3).max(2)) };
    let top = screen.action.saturating_sub(room / 2).min(count.saturating_sub(room));
    let mut rows = Vec::new();
    for (at, action) in page.visible().enumerate().skip(top).take(room) {
        let chosen = (count > 1).then_some(at == screen.action);
        rows.push(list_row(canvas, model, page, action, chosen, width));
    }
    rows
}

/// One fence of the list; `chosen` is `None` when there is nothing to choose.
fn list_row(
    canvas: &Canvas<'_>,
    model: &Model,
    page: &Page,
    action: &ActionView,
    chosen: Option<bool>,
    width: u16,
) -> Row {
    let theme = canvas.theme;
    let (tone, word) = state(model, page, action);
    let pointer = match chosen {
        None => "",
        Some(true) => "▶ ",
        Some(false) => "  ",
    };
    let mut row = vec![
        part(pointer, theme.title()),
        part(format!("{} ", theme.glyph(tone, model.wall)), theme.tone(tone)),
        part(action.title(), if chosen == Some(false) { theme.text() } else { theme.title() }),
    ];
    if row_width(&row) + 2 + measure(&word) <= usize::from(width) {
        row.extend([part("  ", theme.text()), part(word, theme.dim())]);
    }
    row
}

fn state(model: &Model, page: &Page, action: &ActionView) -> (Tone, String) {
    match model.job_for(&page.step, Some(&action.id)) {
        None if action.never => (Tone::Waiting, String::from("to copy")),
        None => (Tone::Waiting, String::from("not run")),
        Some(job) => job_word(job),
    }
}

fn job_word(job: &Job) -> (Tone, String) {
    let (tone, word) = match &job.state {
        JobState::Running => (Tone::Running, "running"),
        JobState::Cancelling => (Tone::Running, "stopping"),
        JobState::Done => (Tone::Ok, "done"),
        JobState::Failed(_) => (Tone::Fail, "failed"),
        JobState::Cancelled => (Tone::Warn, "cancelled"),
    };
    (tone, word.to_owned())
}

/// `create in R2 ap-southeast-1 · about 8 min · u undoes it`; `tight` keeps to one row.
fn about(canvas: &Canvas<'_>, model: &Model, action: &ActionView, width: u16, tight: bool) -> Vec<Row> {
    let theme = canvas.theme;
    let mut row = vec![part(action.effect.word(), theme.title())];
    if let Some(role) = action.role {
        row.push(part(" in ", theme.text()));
        row.push(part(format!("{} {}", role.label(), model.regions.of(role)), theme.region(role)));
    }
    let time = action.expected.map_or(String::new(), |time| format!(" · about {}", spell(time)));
    let undo = if model.guided() && action.undo.is_some() && !action.never && action.effect != Effect::Read {
        " · u undoes it"
    } else {
        ""
    };
    let room = usize::from(width).saturating_sub(row_width(&row));
    let short = time.replace("about ", "~");
    let more = [format!("{time}{undo}"), time.clone(), short].into_iter().find(|text| measure(text) <= room);
    let rest = format!("{time}{undo}");
    match more {
        Some(more) if tight || more == rest => {
            row.push(part(more, theme.dim()));
            vec![row]
        }
        None if tight => vec![row],
        _ => vec![row, vec![part(rest.trim_start_matches(" · ").to_owned(), theme.dim())]],
    }
}

/// How a job stands, its failure in full, and the end of its log in what room is left.
fn job_rows(canvas: &Canvas<'_>, model: &Model, job: &Job, width: u16, room: usize, rows: &mut Vec<Row>) {
    let theme = canvas.theme;
    let (tone, word) = job_word(job);
    let took = spell(job.took(model.now));
    let text = match &job.state {
        JobState::Running => {
            let percent = job.percent.map_or(String::new(), |percent| format!(" · {percent}%"));
            format!("{word} {took}{percent} · Esc cancels")
        }
        JobState::Done => format!("{word} in {took} · o shows the output"),
        JobState::Failed(_) => format!("{word} after {took} · o shows all of it"),
        JobState::Cancelling | JobState::Cancelled => format!("{word} after {took}"),
    };
    let head = wrapped(Some(part(theme.glyph(tone, model.wall), theme.tone(tone))), &text, theme.title(), width);
    let used = head.len();
    rows.extend(head);
    if let JobState::Failed(trouble) = &job.state {
        for (text, style) in
            [(&trouble.what, theme.text()), (&trouble.press, theme.title()), (&trouble.means, theme.dim())]
        {
            rows.extend(wrapped(None, text, style, width));
        }
        return;
    }
    let doing = usize::from(!job.doing.is_empty());
    let left = room.saturating_sub(used + doing);
    let skip = job.lines.len().saturating_sub(left);
    for line in job.lines.iter().skip(skip) {
        rows.push(log_row(canvas, model, line.kind, &line.text));
    }
    if doing > 0 {
        rows.push(vec![part(job.doing.clone(), theme.dim())]);
    }
}

fn log_row(canvas: &Canvas<'_>, model: &Model, kind: LineKind, text: &str) -> Row {
    let theme = canvas.theme;
    let mark = match kind {
        LineKind::Info => None,
        LineKind::Ok => Some(Tone::Ok),
        LineKind::Fail => Some(Tone::Fail),
    };
    match mark {
        Some(tone) => {
            vec![part(theme.glyph(tone, model.wall), theme.tone(tone)), part(format!(" {text}"), theme.text())]
        }
        None => vec![part(text, theme.text())],
    }
}

/// The checks with what they found.
pub(super) fn checks_pane(canvas: &mut Canvas<'_>, model: &Model, screen: &StepScreen, area: Rect) {
    let theme = canvas.theme;
    let Some(page) = model.page() else {
        canvas.pane(area, &PaneStyle { title: vec![part("Checks", theme.title())], ..PaneStyle::default() });
        return;
    };
    let seen: Vec<_> = page.checks.iter().map(|check| model.checks.get(&check.id)).collect();
    let passed = seen.iter().flatten().filter(|seen| seen.value.passed()).count();
    let newest = seen.iter().flatten().map(|seen| seen.wall).max();
    let focus = screen.pane == Pane::Checks;
    let pane = PaneStyle {
        title: vec![part(format!("Checks {passed}/{}", page.checks.len()), theme.title())],
        foot: newest.map_or_else(Vec::new, |wall| vec![part(format!("read {}", age(model, wall)), theme.dim())]),
        focus,
        ..PaneStyle::default()
    };
    let inner = canvas.pane(area, &pane);
    if page.checks.is_empty() {
        canvas.rows(inner, &wrapped(None, "Nothing to check. n goes on.", theme.dim(), inner.width));
        return;
    }
    let mut rows: Vec<(usize, Row)> = Vec::new();
    let tight = page.checks.len() + 2 > usize::from(inner.height);
    for (at, check) in page.checks.iter().enumerate() {
        let outcome = seen.get(at).copied().flatten().map(|seen| &seen.value);
        let (tone, word) = of_outcome(outcome);
        let mut title = String::new();
        if let Some(role) = check.role {
            title = format!("{} ", role.label());
        }
        title.push_str(&check.title);
        let glyph = part(theme.glyph(tone, model.wall), theme.tone(tone));
        let style = if focus && at == screen.check { theme.selection() } else { theme.text() };
        let mut mine = wrapped(Some(glyph), &title, style, inner.width);
        if tone != Tone::Ok
            && let Some(last) = mine.last_mut()
            && row_width(last) + 2 + measure(word) <= usize::from(inner.width)
        {
            last.extend([part("  ", theme.text()), part(word, theme.dim())]);
        }
        rows.extend(mine.into_iter().map(|row| (at, row)));
        let most = if tight { 2 } else { 4 };
        rows.extend(found(canvas, outcome, inner.width, model).into_iter().take(most).map(|row| (at, row)));
    }
    let height = usize::from(inner.height);
    let end = rows.iter().rposition(|(at, _)| *at <= screen.check).map_or(0, |at| at + 1);
    let top = if focus { end.saturating_sub(height) } else { 0 };
    let more = rows.len().saturating_sub(top + height);
    let shown: Vec<Row> = rows.into_iter().skip(top).take(height).map(|(_, row)| row).collect();
    canvas.rows(inner, &shown);
    if more > 0 && inner.height > 0 {
        let text = format!(" ↓ {more} ");
        canvas.put(area.x + 2, area.bottom() - 1, 10, &text, theme.text());
    }
}

/// What a check found, below its title.
fn found(canvas: &Canvas<'_>, outcome: Option<&Outcome>, width: u16, model: &Model) -> Vec<Row> {
    let theme = canvas.theme;
    let indent = Some(part(" ", theme.text()));
    match outcome {
        Some(Outcome::Fail { cause }) => {
            let mut rows = wrapped(indent.clone(), &cause.say, theme.text(), width);
            if cause.fix.is_some() && model.guided() {
                rows.extend(wrapped(indent, "f runs the fix", theme.dim(), width));
            }
            rows
        }
        Some(Outcome::Pending { since, expected, state }) => {
            let mut text = state.clone();
            if let Some(since) = since {
                let _ = write!(text, " for {}", span(model.now.since(*since)));
            }
            if let Some(expected) = expected {
                let _ = write!(text, ", as a rule {}", span(*expected));
            }
            wrapped(indent, &text, theme.dim(), width)
        }
        Some(Outcome::Unknown { message, .. }) => wrapped(indent, message, theme.dim(), width),
        Some(Outcome::Pass | Outcome::Todo) | None => Vec::new(),
    }
}

/// A span that no line break splits.
fn span(span: std::time::Duration) -> String {
    spell(span).replace(' ', "\u{a0}")
}

/// The end of all logs, newest below.
pub(super) fn activity_pane(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    if area.height < 3 {
        return;
    }
    let theme = canvas.theme;
    let running = model.jobs.iter().filter(|job| job.running()).count();
    let note =
        if running > 0 { vec![part(format!("{running} running"), theme.tone(Tone::Running))] } else { Vec::new() };
    let inner =
        canvas.pane(area, &PaneStyle { title: vec![part("Activity", theme.title())], note, ..PaneStyle::default() });
    let mut lines: Vec<_> = model
        .jobs
        .iter()
        .flat_map(|job| {
            let began = (job.started, LineKind::Info, format!("$ {}", job.title));
            let end = job.ended.map(|at| match &job.state {
                JobState::Failed(trouble) => (at, LineKind::Fail, trouble.what.clone()),
                JobState::Cancelled => (at, LineKind::Info, format!("{} cancelled", job.title)),
                _ => (at, LineKind::Ok, format!("{} done", job.title)),
            });
            let lines = job.lines.iter().map(|line| (line.at, line.kind, line.text.clone()));
            std::iter::once(began).chain(lines).chain(end).collect::<Vec<_>>()
        })
        .collect();
    lines.sort_by_key(|(at, ..)| *at);
    if lines.is_empty() {
        canvas.rows(inner, &wrapped(None, "Nothing has run yet.", theme.dim(), inner.width));
        return;
    }
    let height = usize::from(inner.height);
    let skip = lines.len().saturating_sub(height);
    let mut rows: Vec<Row> = Vec::new();
    for (at, kind, text) in lines.into_iter().skip(skip) {
        let (tone, mark) = match kind {
            LineKind::Info => (None, " "),
            LineKind::Ok => (Some(Tone::Ok), theme.glyph(Tone::Ok, model.wall)),
            LineKind::Fail => (Some(Tone::Fail), theme.glyph(Tone::Fail, model.wall)),
        };
        let style = tone.map_or(theme.text(), |tone| theme.tone(tone));
        let indent = measure(mark) as u16 + 11;
        for (line, mut row) in
            wrapped(None, &text, theme.text(), inner.width.saturating_sub(indent)).into_iter().enumerate()
        {
            if line == 0 {
                row.insert(0, part(format!("{} ", at.clock_face()), theme.dim()));
                row.insert(1, part(mark, style));
                row.insert(2, part(" ", theme.text()));
            } else {
                row.insert(0, part(" ".repeat(usize::from(indent)), theme.text()));
            }
            rows.push(row);
        }
    }
    let top = rows.len().saturating_sub(height);
    canvas.rows(inner, rows.get(top..).unwrap_or_default());
}
