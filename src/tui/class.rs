//! The fleet screen: a row a seat, the chosen seat below or over it, and the plan of a reset with the phrase to type.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{ClassModel, Over, SeatRow, SeatState};
use crate::markdown::fill;

use super::canvas::{self, Canvas, PaneStyle, Row, part, wrapped};
use super::chrome::Class;
use super::theme::{Theme, Tone};

/// The keys, most useful first.
const KEYS: &[(&str, &str)] = &[
    ("Enter", "open"),
    ("Space", "mark"),
    ("x", "reset…"),
    ("a", "all stuck"),
    ("/", "filter"),
    ("c", "look now"),
    ("q", "leave"),
];

/// Draws the class into a buffer.
pub fn draw_class(model: &ClassModel, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut canvas = Canvas { buffer, theme };
    if Class::of(area) == Class::TooSmall {
        let text = format!("Make the window at least 60x16 (now {}x{})", area.width, area.height);
        let rows = wrapped(None, &text, theme.text(), area.width.max(1));
        canvas.rows(area, &rows);
    } else {
        screen(&mut canvas, model, area);
    }
    if theme.ascii {
        canvas::to_ascii(buffer);
    }
}

fn screen(canvas: &mut Canvas<'_>, model: &ClassModel, area: Rect) {
    header(canvas, model, Rect { height: 1, ..area });
    let below = (area.height / 3).clamp(6, 14);
    let table = Rect { y: area.y + 1, height: area.height - 2 - below, ..area };
    seats(canvas, model, table);
    let lower = Rect { y: table.bottom(), height: below, ..area };
    let body = Rect { y: area.y + 1, height: area.height - 2, ..area };
    match &model.over {
        Over::Nothing => chosen(canvas, model, lower, 0, false),
        Over::Seat { scroll } => {
            canvas.clear(body);
            chosen(canvas, model, body, *scroll, true);
        }
        Over::Help => help(canvas, body),
        Over::Planning => {
            let text = "Looking into the marked accounts: what goes, what stays, what it costs …";
            panel(
                canvas,
                lower,
                "Reset plan",
                &wrapped(None, text, canvas.theme.text(), lower.width.saturating_sub(4)),
            );
        }
        Over::Plan { lines, phrase, typed } => plan(canvas, lines, phrase, typed, lower),
    }
    footer(canvas, model, Rect { y: area.bottom() - 1, height: 1, ..area });
}

fn header(canvas: &mut Canvas<'_>, model: &ClassModel, area: Rect) {
    let theme = canvas.theme;
    let time = format!("{}{} ", model.now.clock_face(), if model.simulated { " SIM" } else { "" });
    let read = match model.asked {
        Some((done, of)) => format!("reading {done} of {of}"),
        None if model.looks.1 == 0 => "reading …".to_owned(),
        None => format!("read in {:.1} s", model.looks.0),
    };
    let left = vec![part(" FLEET", theme.title()), part(format!("  {} seats  {read}", model.rows.len()), theme.text())];
    canvas.row(area.x, area.y, area.width, &left);
    let width = time.chars().count() as u16;
    canvas.put(area.right().saturating_sub(width), area.y, width, &time, theme.text());
}

fn tone(state: SeatState) -> Tone {
    match state {
        SeatState::Wrong => Tone::Fail,
        SeatState::Stuck => Tone::Warn,
        SeatState::Working => Tone::Running,
        SeatState::Fine => Tone::Ok,
        SeatState::Unread => Tone::Unknown,
    }
}

fn seats(canvas: &mut Canvas<'_>, model: &ClassModel, area: Rect) {
    let theme = canvas.theme;
    let marked = if model.marked.is_empty() { String::new() } else { format!("  {} marked", model.marked.len()) };
    let hidden = model.marked.iter().filter(|seat| !model.shown().any(|row| row.seat == **seat)).count();
    let marked = if hidden > 0 { format!("{marked}, {hidden} of them not shown") } else { marked };
    let filter = match (model.filter.as_str(), model.typing) {
        (text, true) => format!("  filter: {text}_"),
        ("", false) => String::new(),
        (text, false) => format!("  filter: {text} ({} of {})", model.shown().count(), model.rows.len()),
    };
    let title = vec![part("Seats", theme.title()), part(filter, theme.title()), part(marked, theme.text())];
    let inner = canvas.pane(area, &PaneStyle { title, focus: true, ..PaneStyle::default() });
    let heading = "      seat       mod facts   stuck   last    $/h waits for";
    canvas.put(inner.x, inner.y, inner.width, heading, theme.dim());
    let room = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let shown = usize::from(room.height);
    let top = model.selected.saturating_sub(shown.saturating_sub(1));
    for ((at, row), y) in model.shown().enumerate().skip(top).zip(room.top()..room.bottom()) {
        let parts = seat(canvas, model, row);
        canvas.row(room.x, y, room.width, &parts);
        if at == model.selected {
            canvas.highlight(room.x, y, room.width, theme.selection());
        }
    }
}

fn seat(canvas: &Canvas<'_>, model: &ClassModel, row: &SeatRow) -> Row {
    let theme = canvas.theme;
    let mark = if model.marked.contains(&row.seat) { "[x]" } else { "[ ]" };
    let facts = match row.module {
        Some(_) => format!("{}/{}", row.facts.0, row.facts.1),
        None => "?".to_owned(),
    };
    let told = model.resets.get(&row.seat).map(|text| format!("reset: {text}"));
    vec![
        part(format!("{mark} "), theme.text()),
        part(theme.glyph(tone(row.state), Duration::ZERO), theme.tone(tone(row.state))),
        part(format!(" {}", fill(&row.seat, 10)), theme.text()),
        part(format!(" {:<3} {facts:>5}", row.module.as_deref().unwrap_or("?")), theme.text()),
        part(format!(" {:>7} {:>6} {:>6} ", row.stuck, row.last, row.cost), theme.dim()),
        part(told.unwrap_or_else(|| row.waits_for.clone()), theme.text()),
    ]
}

/// One seat, to read.
fn chosen(canvas: &mut Canvas<'_>, model: &ClassModel, area: Rect, scroll: usize, whole: bool) {
    let theme = canvas.theme;
    let Some(row) = model.chosen() else {
        let title = if model.rows.is_empty() { "No seats" } else { "No seat matches the filter" };
        return panel(canvas, area, title, &[]);
    };
    let width = area.width.saturating_sub(4).max(1);
    let mut rows = wrapped(None, &format!("waits for {}", row.waits_for), theme.text(), width);
    let place = row.position.as_ref().map_or(String::new(), |step| format!("; last seen at {step}"));
    let about = format!(
        "account {}; nothing has moved for: {}; last activity {}; ${} an hour (an estimate){place}",
        row.account, row.stuck, row.last, row.cost
    );
    rows.extend(wrapped(None, &about, theme.text(), width));
    if let Some(text) = model.resets.get(&row.seat) {
        rows.extend(wrapped(None, &format!("reset: {text}"), theme.text(), width));
    }
    for error in &row.errors {
        let mark = part(theme.glyph(Tone::Fail, Duration::ZERO), theme.tone(Tone::Fail));
        rows.extend(wrapped(Some(mark), error, theme.text(), width));
    }
    if whole {
        rows.push(Row::new());
        rows.extend(wrapped(None, "Read only: nothing here changes the account.", theme.dim(), width));
    }
    let most = rows.len().saturating_sub(1);
    let rows: Vec<Row> = rows.into_iter().skip(scroll.min(most)).collect();
    panel(canvas, area, &format!("Seat {} {}", row.seat, row.name), &rows);
}

fn panel(canvas: &mut Canvas<'_>, area: Rect, title: &str, rows: &[Row]) {
    let title = vec![part(title, canvas.theme.title())];
    let inner = canvas.pane(area, &PaneStyle { title, ..PaneStyle::default() });
    canvas.rows(inner, rows);
}

fn plan(canvas: &mut Canvas<'_>, lines: &[String], phrase: &str, typed: &str, area: Rect) {
    let theme = canvas.theme;
    let width = area.width.saturating_sub(4).max(1);
    let mut rows: Vec<Row> = lines.iter().flat_map(|line| wrapped(None, line, theme.text(), width)).collect();
    // The question is never scrolled away.
    rows.truncate(usize::from(area.height).saturating_sub(5));
    rows.push(vec![part("! type: ", theme.tone(Tone::Warn)), part(phrase, theme.title())]);
    rows.push(vec![part("      > ", theme.text()), part(typed, theme.text()), part("_", theme.text())]);
    panel(canvas, area, "Reset plan", &rows);
}

fn help(canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    canvas.clear(area);
    let width = area.width.saturating_sub(4).max(1);
    let mut rows: Vec<Row> = KEYS
        .iter()
        .chain(&[("↑ ↓ j k g G", "move"), ("Esc", "back"), ("Ctrl-C", "stop a reset; leave")])
        .map(|(key, label)| vec![part(format!("{key:>12}  "), theme.title()), part(*label, theme.text())])
        .collect();
    rows.push(Row::new());
    let text = "Who is stuck longest comes first. Everything is read from the accounts, at most 12 calls an account and \
                look; only a reset changes something, and only after its plan was shown and its phrase typed.";
    rows.extend(wrapped(None, text, theme.dim(), width));
    panel(canvas, area, "Keys", &rows);
}

fn footer(canvas: &mut Canvas<'_>, model: &ClassModel, area: Rect) {
    let theme = canvas.theme;
    if !model.notice.is_empty() {
        canvas.put(area.x + 1, area.y, area.width.saturating_sub(1), &model.notice, theme.title());
        return;
    }
    let keys: &[(&str, &str)] = match model.over {
        Over::Nothing if model.typing => &[("Enter", "keep filter"), ("Esc", "no filter")],
        Over::Nothing => KEYS,
        Over::Seat { .. } => &[("↑↓", "scroll"), ("Esc", "back")],
        Over::Plan { .. } => &[("Enter", "confirm"), ("Esc", "back, nothing is deleted")],
        Over::Help | Over::Planning => &[("Esc", "back")],
    };
    // `? help` stays, whatever else there is no room for.
    let help: &[(&str, &str)] = if model.over == Over::Nothing && !model.typing { &[("?", "help")] } else { &[] };
    let cost = |keys: &[(&str, &str)]| -> u16 {
        keys.iter().map(|(key, label)| (key.chars().count() + label.chars().count() + 5) as u16).sum()
    };
    let fitting = (0..=keys.len())
        .rev()
        .find(|count| keys.get(..*count).is_some_and(|keys| cost(keys) + cost(help) <= area.width + 2));
    let mut x = area.x;
    for (key, label) in keys.iter().take(fitting.unwrap_or(0)).chain(help) {
        x += canvas.put(x, area.y, area.right().saturating_sub(x), &format!(" {key} "), theme.selection());
        x += canvas.put(x, area.y, area.right().saturating_sub(x), &format!(" {label}"), theme.text()) + 2;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::app::{ClassMsg, Key, update_class};
    use crate::domain::SimTime;
    use crate::tui::theme::Palette;

    fn class() -> ClassModel {
        let states = [SeatState::Wrong, SeatState::Stuck, SeatState::Working, SeatState::Fine, SeatState::Unread];
        let rows = (0..40).map(|at| SeatRow {
            seat: format!("seat-{at:03}"),
            name: "Ada".into(),
            account: "111122223333".into(),
            state: states[at % 5],
            module: (at % 5 != 4).then(|| "m2".into()),
            facts: (3, 9),
            stuck: "17m".into(),
            last: "09:12".into(),
            cost: "0.64+".into(),
            waits_for: format!("m2.aurora-replica: in the wrong Region {}", "\u{1b}[2J and so on ".repeat(9)),
            position: Some("m2.aurora-replica".into()),
            errors: vec!["bookstore-network-abc in eu-west-1: ROLLBACK_COMPLETE".into()],
        });
        let mut model = ClassModel { simulated: true, ..ClassModel::default() };
        let message = ClassMsg::Rows { rows: rows.collect(), now: SimTime::WORLD_START, seconds: 1.25 };
        update_class(&mut model, message);
        model
    }

    fn drawn(model: &ClassModel, width: u16, height: u16, ascii: bool) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        draw_class(model, &Theme { palette: Palette::Mono, ascii }, area, &mut buffer);
        buffer
            .content
            .chunks(usize::from(width))
            .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect()
    }

    fn overs() -> Vec<Over> {
        let plan =
            Over::Plan { lines: vec!["31 things go".into(); 9], phrase: "reset class".into(), typed: "res".into() };
        vec![Over::Nothing, Over::Seat { scroll: 99 }, Over::Help, Over::Planning, plan]
    }

    #[test]
    fn every_size_is_drawn_and_80_columns_hold_what_matters() {
        let mut model = class();
        for over in overs() {
            model.over = over;
            for (width, height) in [(1, 1), (60, 16), (61, 17), (80, 24), (120, 40), (200, 60)] {
                for ascii in [false, true] {
                    let lines = drawn(&model, width, height, ascii);
                    assert!(!ascii || lines.iter().all(|line| line.is_ascii()), "{lines:?}");
                }
            }
        }
        model.over = Over::Nothing;
        update_class(&mut model, ClassMsg::Key(Key::Char(' ')));
        let screen = drawn(&model, 80, 24, false).join("\n");
        for text in
            ["FLEET", "40 seats", "[x] ✗ seat-000", "1 marked", "m2", "3/9", "17m", "SIM", "ROLLBACK", "? ", "help"]
        {
            assert!(screen.contains(text), "{text} is missing:\n{screen}");
        }
        assert!(!screen.contains('\u{1b}') && screen.contains("read in 1.2 s"));
        update_class(&mut model, ClassMsg::Asked { done: 3, of: 40 });
        assert!(drawn(&model, 80, 24, false).join("\n").contains("reading 3 of 40"));
        model.over = overs().pop().unwrap();
        let screen = drawn(&model, 80, 24, false).join("\n");
        assert!(screen.contains("type: reset class") && screen.contains("> res_"), "{screen}");
    }

    #[test]
    fn a_filter_stands_above_the_seats_that_match_it() {
        let mut model = class();
        for c in " /seat-03".chars() {
            update_class(&mut model, ClassMsg::Key(Key::Char(c)));
        }
        let screen = drawn(&model, 80, 24, false).join("\n");
        assert!(screen.contains("filter: seat-03_") && screen.contains("1 of them not shown"), "{screen}");
        assert!(screen.contains("seat-030") && !screen.contains("seat-002"), "{screen}");
        update_class(&mut model, ClassMsg::Key(Key::Enter));
        let screen = drawn(&model, 80, 24, false).join("\n");
        assert!(screen.contains("filter: seat-03 (10 of 40)"), "{screen}");
    }

    #[test]
    fn the_chosen_seat_is_always_on_the_screen() {
        let mut model = class();
        for _ in 0..39 {
            update_class(&mut model, ClassMsg::Key(Key::Down));
        }
        assert!(drawn(&model, 80, 24, false).iter().any(|line| line.contains("seat-039")));
    }
}
