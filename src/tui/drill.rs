//! The failover drill: the timer against its budget, the phases, the lanes second by second, the stores, the log.

use ratatui::layout::Rect;

use crate::app::drill::FaultView;
use crate::app::{DrillScreen, DrillState, DrillView, Model, Viewports};
use crate::domain::drill::Verdict;
use crate::domain::time::spell;
use crate::markdown::measure;

use super::canvas::{Canvas, PaneStyle, Row, part, row_width, wrapped};
use super::chrome::Class;
use super::digits::{self, face};
use super::drill_panes::{lanes_pane, log_pane, phases_pane, stores_pane};
use super::overlay::trouble_rows;
use super::theme::Tone;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    model: &Model,
    screen: &DrillScreen,
    area: Rect,
    class: Class,
) -> Viewports {
    let drill = &model.drill;
    if drill.state == DrillState::Idle {
        return idle(canvas, model, screen, area);
    }
    let (timer_width, top) = match class {
        Class::TooSmall | Class::Compact => ((area.width * 3 / 8).max(28), 8),
        Class::Standard => (46, 11),
        Class::Wide => (58, 14),
    };
    let top = top.min(area.height * 2 / 5);
    let lanes = drill.lanes.len() as u16;
    let middle = if class == Class::Compact { lanes + 3 } else { lanes * 2 + 3 };
    let middle = middle.clamp(4, area.height.saturating_sub(top + 6).max(4));
    let bottom = area.height.saturating_sub(top + middle);
    let upper = Rect { height: top, ..area };
    timer(canvas, model, screen, Rect { width: timer_width, ..upper });
    phases_pane(canvas, model, Rect { x: area.x + timer_width, width: area.width - timer_width, ..upper });
    let middle = Rect { y: upper.bottom(), height: area.height - top - bottom, ..area };
    lanes_pane(canvas, model, middle);
    let lower = Rect { y: middle.bottom(), height: bottom, ..area };
    let stores = if class == Class::Compact { area.width * 9 / 20 } else { (area.width / 2).min(66) };
    stores_pane(canvas, model, Rect { width: stores, ..lower });
    log_pane(canvas, model, screen, Rect { x: area.x + stores, width: area.width - stores, ..lower });
    Viewports::default()
}

/// The timer, with the budget as a bar in which the predicted band is marked.
fn timer(canvas: &mut Canvas<'_>, model: &Model, screen: &DrillScreen, area: Rect) {
    let theme = canvas.theme;
    let drill = &model.drill;
    let (tone, word) = verdict(drill);
    let pane = PaneStyle {
        title: vec![
            part("RTO ", theme.title()),
            part(format!("{} {word}", theme.glyph(tone, model.wall)), theme.tone(tone)),
        ],
        note: vec![part(format!("of {}", face(drill.budget)), theme.dim())],
        focus: true,
        ..PaneStyle::default()
    };
    let inner = canvas.pane(area, &pane);
    if inner.height == 0 {
        return;
    }
    let style = match tone {
        Tone::Fail => theme.tone(Tone::Warn),
        tone => theme.tone(tone),
    };
    let text_rows = 2.min(inner.height);
    let digits_area = Rect { height: inner.height - text_rows, ..inner };
    let used = digits::draw(canvas, digits_area, drill.elapsed, style);
    let y = (inner.y + used).max(inner.bottom().saturating_sub(text_rows));
    let share = drill.elapsed.as_secs_f64() / drill.budget.as_secs_f64().max(1.0);
    if drill.state == DrillState::Predict {
        let guess = match drill.prediction {
            Some(guess) => format!("your guess {}", face(guess)),
            None => format!("your guess: {}_", screen.guess),
        };
        canvas.put(inner.x, y, inner.width, &guess, theme.title());
        canvas.put(inner.x, y + 1, inner.width, "then Enter; 75 or 1:15", theme.dim());
        return;
    }
    let label = format!("{:>3.0}% ", share * 100.0);
    let label_width = canvas.put(inner.x, y, inner.width, &label, theme.text());
    let bar = Rect { x: inner.x + label_width, y, width: inner.width.saturating_sub(label_width), height: 1 };
    canvas.bar(bar.x, bar.y, bar.width, share, theme.tone(tone));
    band(canvas, drill, bar);
    let words = comparison(drill);
    canvas.put(inner.x, y + 1, inner.width, &words, theme.dim());
}

/// Marks the predicted band in what is left of the bar.
fn band(canvas: &mut Canvas<'_>, drill: &DrillView, bar: Rect) {
    let Some((from, to)) = drill.predicted else { return };
    let at = |span: std::time::Duration| {
        (span.as_secs_f64() / drill.budget.as_secs_f64().max(1.0) * f64::from(bar.width))
            .clamp(0.0, f64::from(bar.width))
    };
    let filled = at(drill.elapsed).round() as u16;
    let (start, end) = ((at(from).floor() as u16).max(filled), at(to).ceil() as u16);
    if end > start {
        let text = "░".repeat(usize::from(end - start));
        let style = canvas.theme.text();
        canvas.put(bar.x + start, bar.y, end - start, &text, style);
    }
}

/// `░ 01:02-01:31  you 01:15`.
fn comparison(drill: &DrillView) -> String {
    let mut words = Vec::new();
    if let Some((from, to)) = drill.predicted {
        words.push(format!("░ {}-{}", face(from), face(to)));
    }
    if let Some(guess) = drill.prediction {
        words.push(format!("you {}", face(guess)));
    }
    words.join("  ")
}

/// The tone and the word of the timer.
pub(super) fn verdict(drill: &DrillView) -> (Tone, &'static str) {
    match (&drill.rto, drill.state) {
        (Some(Verdict::Pass), _) => (Tone::Ok, "PASS"),
        (Some(Verdict::Fail), _) => (Tone::Fail, "FAIL"),
        (Some(Verdict::Inconclusive(_)), _) => (Tone::Warn, "INCONCLUSIVE"),
        (Some(Verdict::NotExercised), _) => (Tone::Waiting, "NOT EXERCISED"),
        (None, DrillState::Running) if drill.elapsed > drill.budget => (Tone::Fail, "over budget"),
        (None, state @ (DrillState::Running | DrillState::Predict | DrillState::Failback)) => {
            (Tone::Running, state.word())
        }
        (None, state) => (Tone::Waiting, state.word()),
    }
}

/// Nothing runs: what can be broken, and what that does.
fn idle(canvas: &mut Canvas<'_>, model: &Model, screen: &DrillScreen, area: Rect) -> Viewports {
    let theme = canvas.theme;
    let drill = &model.drill;
    let height = (drill.faults.len() as u16 + 2).clamp(3, area.height / 2);
    let pane = PaneStyle {
        title: vec![part("Choose what to break", theme.title())],
        note: vec![part(format!("budget {}", face(drill.budget)), theme.dim())],
        focus: true,
        ..PaneStyle::default()
    };
    let list = canvas.pane(Rect { height, ..area }, &pane);
    if drill.faults.is_empty() {
        canvas.rows(list, &[vec![part("This workshop declares no faults.", theme.dim())]]);
    }
    let top = (screen.fault + 1).saturating_sub(usize::from(list.height));
    for ((at, fault), y) in drill.faults.iter().enumerate().skip(top).zip(list.top()..list.bottom()) {
        let row = fault_row(canvas, model, fault, at == screen.fault, list.width);
        canvas.row(list.x, y, list.width, &row);
    }
    let below = Rect { y: area.y + height, height: area.height - height, ..area };
    let chosen = drill.faults.get(screen.fault);
    let title = chosen.map_or("The drill", |fault| fault.title.as_str());
    let inner = canvas.pane(below, &PaneStyle { title: vec![part(title, theme.title())], ..PaneStyle::default() });
    let width = inner.width.min(88);
    let mut rows: Vec<Row> = Vec::new();
    if let Some(trouble) = &drill.trouble {
        rows.extend(trouble_rows(canvas, model, trouble, width));
        rows.push(Row::new());
    }
    if let Some(fault) = chosen {
        for line in &fault.plan {
            rows.extend(wrapped(Some(part("•", theme.dim())), line, theme.text(), width));
        }
        if let Err(why) = &fault.ready {
            let glyph = part(theme.glyph(Tone::Needs, model.wall), theme.tone(Tone::Needs));
            rows.extend(wrapped(Some(glyph), &format!("not ready: {why}"), theme.text(), width));
        }
        rows.push(Row::new());
    }
    let text = format!(
        "Space takes a baseline first: shoppers in several places ask the shop every second, and you may guess how \
         long it will be away. Then the fault starts, and the timer runs until every shopper is served again for a \
         minute. Both objectives are {}.",
        spell(drill.budget)
    );
    rows.extend(wrapped(None, &text, theme.dim(), width));
    canvas.rows(inner, &rows);
    Viewports::default()
}

fn fault_row(canvas: &Canvas<'_>, model: &Model, fault: &FaultView, chosen: bool, width: u16) -> Row {
    let theme = canvas.theme;
    let (tone, word) = if fault.ready.is_ok() { (Tone::Ok, "ready") } else { (Tone::Needs, "not ready") };
    let measures = if fault.cuts_replication { "RTO and RPO" } else { "RTO only" };
    let style = if chosen { theme.title() } else { theme.text() };
    let mut row = vec![
        part(if chosen { "▶ " } else { "  " }, theme.title()),
        part(format!("{} ", theme.glyph(tone, model.wall)), theme.tone(tone)),
        part(fault.title.clone(), style),
    ];
    let words = format!("  {word} · measures {measures}");
    // The mark says already whether it is ready.
    let fits = row_width(&row) + measure(&words) <= usize::from(width);
    row.push(part(if fits { words } else { format!("  {measures}") }, theme.dim()));
    row
}
