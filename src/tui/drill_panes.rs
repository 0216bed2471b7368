//! The panes of a running drill: phases, lanes, stores, log.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::app::drill::{Gap, Lane, PhaseView, StoreView};
use crate::app::{DrillScreen, DrillState, DrillView, Model};
use crate::domain::Role;
use crate::domain::drill::{ClientClass, Phase, ProbeError, SlotResult, Verdict};
use crate::domain::time::spell;
use crate::markdown::{fill, measure};

use super::canvas::{Canvas, PaneStyle, Part, Row, part, row_width, wrapped};
use super::digits::face;
use super::theme::Tone;

/// The phases with their length, and the strip in which they grow from left to right.
pub(super) fn phases_pane(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let theme = canvas.theme;
    let drill = &model.drill;
    let name = drill.fault.as_deref().and_then(|name| drill.faults.iter().find(|fault| fault.name == name));
    let mut title = vec![part("Phases", theme.title())];
    if let Some(fault) = name {
        title.push(part(format!("  {}", fault.title), theme.text()));
    }
    let next = drill.next.as_deref().filter(|_| drill.state.active());
    let foot = next.map_or_else(Vec::new, |next| vec![part(format!("next: {next}"), theme.text())]);
    let inner = canvas.pane(area, &PaneStyle { title, foot, ..PaneStyle::default() });
    if drill.state == DrillState::Predict {
        let text = "Shoppers are served as always. The baseline says what normal is; the fault starts when it is \
                    good. How long do you think the shop will be away?";
        canvas.rows(inner, &wrapped(None, text, theme.text(), inner.width));
        return;
    }
    let strip = inner.height >= 9;
    let rows: Vec<Row> = Phase::ALL.into_iter().map(|phase| phase_row(canvas, model, phase, inner.width)).collect();
    canvas.rows(inner, &rows);
    if strip {
        let y = inner.bottom() - 2;
        strip_row(canvas, drill, Rect { y, height: 1, ..inner });
        let scale = format!("{:>width$}", face(drill.budget), width = usize::from(inner.width) - 1);
        canvas.put(inner.x, y + 1, inner.width, &scale, theme.dim());
        canvas.put(inner.x, y + 1, 5, "00:00", theme.dim());
    }
}

fn phase_row(canvas: &Canvas<'_>, model: &Model, phase: Phase, width: u16) -> Row {
    let theme = canvas.theme;
    let drill = &model.drill;
    let seen = drill.phases.iter().find(|view| view.phase == phase);
    let (tone, start, length, say) = match seen {
        None => (Tone::Waiting, String::from("     "), String::new(), about(phase).to_owned()),
        Some(view) => {
            let length = view.end.unwrap_or(drill.elapsed).saturating_sub(view.start);
            let tone = if view.end.is_some() { Tone::Ok } else { Tone::Running };
            let late = if view.late { " (seen late)" } else { "" };
            (tone, face(view.start), format!("+{}", face(length)), format!("{}{late}", view.say))
        }
    };
    let row = vec![
        part(format!("{} ", theme.glyph(tone, model.wall)), theme.tone(tone)),
        part(fill(phase.word(), 8), if seen.is_some() { theme.title() } else { theme.dim() }),
        part(format!("{start} {length:>6}  "), theme.text()),
    ];
    let room = usize::from(width).saturating_sub(row_width(&row));
    let mut row = row;
    row.push(part(crate::markdown::clip(&say, room), theme.dim()));
    row
}

/// What a phase waits for.
fn about(phase: Phase) -> &'static str {
    match phase {
        Phase::Impact => "until shoppers fail",
        Phase::Detect => "until the health check fails",
        Phase::Decide => "until somebody moves",
        Phase::Reroute => "until the name servers move",
        Phase::Drain => "until caches have expired",
        Phase::Settle => "until all is steady",
    }
}

/// One letter per cell of the budget, the predicted band behind it.
fn strip_row(canvas: &mut Canvas<'_>, drill: &DrillView, area: Rect) {
    let theme = canvas.theme;
    let width = f64::from(area.width);
    let budget = drill.budget.as_secs_f64().max(1.0);
    let second = |column: u16| Duration::from_secs_f64((f64::from(column) + 0.5) / width * budget);
    for column in 0..area.width {
        let at = second(column);
        let phase = drill.phases.iter().find(|view| covers(view, at, drill.elapsed));
        let (text, style) = match phase {
            Some(view) => (letter(view.phase), theme.tone(phase_tone(view.phase))),
            None if drill.predicted.is_some_and(|(from, to)| from <= at && at <= to) => ("░", theme.text()),
            None => ("·", theme.dim()),
        };
        canvas.put(area.x + column, area.y, 1, text, style);
    }
}

fn covers(view: &PhaseView, at: Duration, now: Duration) -> bool {
    view.start <= at && at < view.end.unwrap_or(now)
}

fn letter(phase: Phase) -> &'static str {
    match phase {
        Phase::Impact => "i",
        Phase::Detect => "d",
        Phase::Decide => "c",
        Phase::Reroute => "r",
        Phase::Drain => "n",
        Phase::Settle => "s",
    }
}

fn phase_tone(phase: Phase) -> Tone {
    match phase {
        Phase::Impact | Phase::Detect | Phase::Decide => Tone::Warn,
        Phase::Reroute | Phase::Drain => Tone::Running,
        Phase::Settle => Tone::Ok,
    }
}

/// One lane per journey and class, one cell per second, the last is now.
pub(super) fn lanes_pane(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let theme = canvas.theme;
    let drill = &model.drill;
    let legend = "1 R1  2 R2  + ok  x error  t timeout  d no DNS  _ not sent";
    let pane = PaneStyle {
        title: vec![part(if area.width < 100 { "Shoppers" } else { "Shoppers, second by second" }, theme.title())],
        note: vec![part(legend, theme.dim())],
        ..PaneStyle::default()
    };
    let inner = canvas.pane(area, &pane);
    let names: Vec<String> = drill.lanes.iter().map(lane_name).collect();
    let widest = names.iter().map(|name| measure(name)).max().unwrap_or(0);
    // When there is no room for all lanes, the shoppers' own go before the controls.
    let room = usize::from(inner.height.saturating_sub(1)).max(1);
    let mut order: Vec<usize> = (0..drill.lanes.len()).collect();
    order.sort_by_key(|at| drill.lanes.get(*at).is_some_and(|lane| lane.direct.is_some()));
    order.truncate(room);
    order.sort_unstable();
    let step = if order.len() * 2 <= room { 2 } else { 1 };
    let mut y = inner.y;
    for at in order {
        let (Some(lane), Some(name)) = (drill.lanes.get(at), names.get(at)) else { continue };
        let (tone, word) = lane_word(lane);
        let head = vec![
            part(format!("{} ", theme.glyph(tone, model.wall)), theme.tone(tone)),
            part(fill(name, widest), theme.text()),
            part(format!(" {word:<5} "), theme.dim()),
        ];
        let used = canvas.row(inner.x, y, inner.width, &head);
        let cells = usize::from(inner.width.saturating_sub(used));
        let skip = lane.cells.len().saturating_sub(cells);
        let pad = cells.saturating_sub(lane.cells.len()) as u16;
        for (column, slot) in lane.cells.iter().skip(skip).enumerate() {
            let (text, style) = cell(canvas, *slot);
            canvas.put(inner.x + used + pad + column as u16, y, 1, text, style);
        }
        y += step;
    }
    if y < inner.bottom() && !drill.vantages.is_empty() {
        let y = inner.bottom() - 1;
        let row = vantages_row(canvas, drill, "now answered by  ", "   ");
        // Where not everybody has room, the words and the gaps give way first.
        let short = row_width(&row) > usize::from(inner.width);
        let row = if short { vantages_row(canvas, drill, "now  ", "  ") } else { row };
        canvas.row(inner.x, y, inner.width, &row);
    }
}

/// Who answers each place now.
fn vantages_row(canvas: &Canvas<'_>, drill: &DrillView, head: &'static str, gap: &str) -> Row {
    let theme = canvas.theme;
    let mut row: Row = vec![part(head, theme.dim())];
    for vantage in &drill.vantages {
        row.push(part(format!("{} ", vantage.name), theme.text()));
        row.push(match vantage.answers {
            Some(role) => part(role.label(), theme.region(role)),
            None => part("none", theme.tone(Tone::Warn)),
        });
        let left = vantage.ttl_left.map_or(String::new(), |left| format!(" {}s", left.as_secs()));
        row.push(part(format!("{left}{gap}"), theme.dim()));
    }
    row
}

fn lane_name(lane: &Lane) -> String {
    match (lane.direct, lane.class) {
        (Some(role), _) => format!("{} direct {}", lane.journey, role.label()),
        (None, ClientClass::Fresh) => format!("{} fresh", lane.journey),
        (None, ClientClass::TtlHonouring) => format!("{} ttl", lane.journey),
        (None, ClientClass::Sticky) => format!("{} sticky", lane.journey),
    }
}

/// How the lane is now: the last three cells decide.
fn lane_word(lane: &Lane) -> (Tone, &'static str) {
    let last: Vec<&SlotResult> = lane.cells.iter().rev().filter(|slot| **slot != SlotResult::Missed).take(3).collect();
    let good = last.iter().filter(|slot| slot.good()).count();
    match (last.len(), good) {
        (0, _) => (Tone::Waiting, "-"),
        (all, good) if all == good => (Tone::Ok, "ok"),
        (_, 0) => (Tone::Fail, "fails"),
        _ => (Tone::Warn, "shaky"),
    }
}

fn cell(canvas: &Canvas<'_>, slot: SlotResult) -> (&'static str, ratatui::style::Style) {
    let theme = canvas.theme;
    match slot {
        SlotResult::Ok(Some(Role::Primary)) => ("1", theme.region(Role::Primary)),
        SlotResult::Ok(Some(Role::Secondary)) => ("2", theme.region(Role::Secondary)),
        SlotResult::Ok(None) => ("+", theme.tone(Tone::Ok)),
        SlotResult::Status(_) | SlotResult::Error(ProbeError::Refused | ProbeError::Tls) => {
            ("x", theme.tone(Tone::Fail))
        }
        SlotResult::Error(ProbeError::Timeout) => ("t", theme.tone(Tone::Fail)),
        SlotResult::Error(ProbeError::Dns) => ("d", theme.tone(Tone::Fail)),
        SlotResult::Missed => ("_", theme.dim()),
    }
}

/// What would be lost, store by store, and the verdicts.
pub(super) fn stores_pane(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let theme = canvas.theme;
    let drill = &model.drill;
    let mut title = vec![part("RPO", theme.title())];
    if let Some(verdict) = &drill.rpo {
        title.push(part(" ", theme.text()));
        title.push(verdict_part(canvas, model, verdict));
    }
    let note = vec![part(format!("of {}", face(drill.budget)), theme.dim())];
    let inner = canvas.pane(area, &PaneStyle { title, note, ..PaneStyle::default() });
    let widest = drill.stores.iter().map(|store| measure(&store.name)).max().unwrap_or(0);
    let mut rows: Vec<Row> =
        drill.stores.iter().map(|store| store_row(canvas, model, store, widest, inner.width)).collect();
    if drill.stores.is_empty() {
        let text =
            if drill.state == DrillState::Predict { "Counted from the fault on." } else { "No store is written to." };
        rows.push(vec![part(text, theme.dim())]);
    }
    for (name, verdict) in [("RTO", &drill.rto), ("RPO", &drill.rpo)] {
        if let Some(Verdict::Inconclusive(why)) = verdict {
            rows.extend(wrapped(
                Some(part(name, theme.title())),
                &format!("inconclusive: {why}"),
                theme.text(),
                inner.width,
            ));
        }
    }
    if drill.rto == Some(Verdict::Pass) {
        let spare = drill.budget.saturating_sub(drill.elapsed);
        rows.push(vec![
            part("RTO ", theme.title()),
            part(format!("{} · headroom {}", face(drill.elapsed), face(spare)), theme.text()),
        ]);
    }
    if let Some(path) = &drill.report {
        rows.extend(wrapped(Some(part("report", theme.dim())), path, theme.text(), inner.width));
    }
    canvas.rows(inner, &rows);
}

fn verdict_part(canvas: &Canvas<'_>, model: &Model, verdict: &Verdict) -> Part {
    let theme = canvas.theme;
    let tone = match verdict {
        Verdict::Pass => Tone::Ok,
        Verdict::Fail => Tone::Fail,
        Verdict::Inconclusive(_) => Tone::Warn,
        Verdict::NotExercised => Tone::Waiting,
    };
    part(format!("{} {}", theme.glyph(tone, model.wall), verdict.word()), theme.tone(tone))
}

fn store_row(canvas: &Canvas<'_>, model: &Model, store: &StoreView, widest: usize, width: u16) -> Row {
    let theme = canvas.theme;
    let (tone, words) = match store.gap {
        Gap::NotExercised => (Tone::Waiting, String::from("NOT EXERCISED")),
        Gap::Behind { writes: 0, .. } => (Tone::Ok, String::from("0 writes")),
        Gap::Behind { writes, span } => {
            let limit = model.drill.budget;
            let tone = if span > limit { Tone::Fail } else { Tone::Warn };
            let span = if span.as_secs() < 10 { format!("{:.1} s", span.as_secs_f64()) } else { spell(span) };
            (tone, format!("{writes} writes, {span}"))
        }
    };
    let mut row = vec![
        part(format!("{} ", theme.glyph(tone, model.wall)), theme.tone(tone)),
        part(format!("{}  ", fill(&store.name, widest)), theme.title()),
        part(words, theme.text()),
    ];
    if matches!(store.gap, Gap::Behind { .. }) {
        row.push(part(" behind", theme.text()));
    }
    if let (Some(acked), Some(safe)) = (store.last_acked, store.last_safe) {
        let numbers = part(format!("  acked {acked}, safe {safe}"), theme.dim());
        if row_width(&row) + measure(&numbers.0) <= usize::from(width) {
            row.push(numbers);
        }
    }
    row
}

/// What happened, newest first.
pub(super) fn log_pane(canvas: &mut Canvas<'_>, model: &Model, screen: &DrillScreen, area: Rect) {
    let theme = canvas.theme;
    let drill = &model.drill;
    let inner = canvas.pane(area, &PaneStyle { title: vec![part("Log", theme.title())], ..PaneStyle::default() });
    let sources = drill.log.iter().map(|line| measure(&line.source)).max().unwrap_or(0).min(10);
    let sources = if inner.width < 60 { 0 } else { sources };
    let mut rows: Vec<Row> = Vec::new();
    for line in drill.log.iter().skip(screen.scroll).take(usize::from(inner.height)) {
        let plane = match line.control_plane {
            Some(true) => " [control plane]",
            Some(false) => " [data plane]",
            None => "",
        };
        let mut mark = format!("+{}", face(line.at));
        if sources > 0 {
            mark = format!("{mark} {}", fill(&line.source, sources));
        }
        rows.extend(wrapped(
            Some(part(mark, theme.dim())),
            &format!("{}{plane}", line.text),
            theme.text(),
            inner.width,
        ));
    }
    if rows.is_empty() {
        rows.push(vec![part("Nothing yet.", theme.dim())]);
    }
    canvas.rows(inner, &rows);
}
