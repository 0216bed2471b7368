//! Drawing text and panes into a buffer. Everything that is drawn passes `put`, which makes it printable and cuts it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::text::printable;
use crate::markdown::{clip, measure, wrap_text};

use super::theme::Theme;

/// Text with a style.
pub(super) type Part = (String, Style);

/// A line of parts.
pub(super) type Row = Vec<Part>;

/// A part.
pub(super) fn part(text: impl Into<String>, style: Style) -> Part {
    (text.into(), style)
}

/// A buffer with the theme.
pub(super) struct Canvas<'a> {
    pub(super) buffer: &'a mut Buffer,
    pub(super) theme: &'a Theme,
}

/// A box around something.
#[derive(Default)]
pub(super) struct PaneStyle {
    /// At the top, left.
    pub(super) title: Row,
    /// At the top, right.
    pub(super) note: Row,
    /// At the bottom, right.
    pub(super) foot: Row,
    /// Thick border.
    pub(super) focus: bool,
}

impl Canvas<'_> {
    /// Draws text at a place in at most `width` columns; returns the columns used.
    pub(super) fn put(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return 0;
        }
        let width = width.min(area.right() - x);
        let text = clip(&printable(text).replace(['\n', '\u{a0}'], " "), usize::from(width));
        let (end, _) = self.buffer.set_stringn(x, y, &text, usize::from(width), style);
        end.saturating_sub(x)
    }

    /// Draws one row of parts; what does not fit is cut.
    pub(super) fn row(&mut self, x: u16, y: u16, width: u16, row: &[Part]) -> u16 {
        let mut used = 0;
        for (text, style) in row {
            if used >= width {
                break;
            }
            let room = width - used;
            used += self.put(x + used, y, room, text, *style);
            if measure(text) > usize::from(room) {
                break;
            }
        }
        used
    }

    /// Draws rows below each other, as many as fit.
    pub(super) fn rows(&mut self, area: Rect, rows: &[Row]) {
        for (row, y) in rows.iter().zip(area.top()..area.bottom()) {
            self.row(area.x, y, area.width, row);
        }
    }

    /// Gives a whole line a style.
    pub(super) fn highlight(&mut self, x: u16, y: u16, width: u16, style: Style) {
        let line = Rect { x, y, width, height: 1 }.intersection(self.buffer.area);
        self.buffer.set_style(line, style);
    }

    /// Makes an area empty.
    pub(super) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }

    /// Draws a box and returns the room inside, one column in from each side.
    pub(super) fn pane(&mut self, area: Rect, pane: &PaneStyle) -> Rect {
        let area = area.intersection(self.buffer.area);
        if area.width < 2 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let style = self.theme.border(pane.focus);
        let [tl, tr, bl, br, h, v] = if pane.focus {
            ["┏", "┓", "┗", "┛", "━", "┃"]
        } else {
            ["┌", "┐", "└", "┘", "─", "│"]
        };
        let (left, right, top, bottom) = (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
        let across = h.repeat(usize::from(area.width - 2));
        for (y, start, end) in [(top, tl, tr), (bottom, bl, br)] {
            self.put(left, y, 1, start, style);
            self.put(left + 1, y, area.width - 2, &across, style);
            self.put(right, y, 1, end, style);
        }
        for y in top + 1..bottom {
            self.put(left, y, 1, v, style);
            self.put(right, y, 1, v, style);
        }
        let room = area.width.saturating_sub(4);
        let note = if pane.note.is_empty() { 0 } else { row_width(&pane.note) as u16 + 2 };
        let both = note > 0 && row_width(&pane.title) + 3 + usize::from(note) <= usize::from(room);
        self.label(left + 1, top, if both { room - note } else { room }, &pane.title);
        if both {
            self.label(right.saturating_sub(note + 1), top, note, &pane.note);
        }
        let foot = row_width(&pane.foot) as u16 + 2;
        if !pane.foot.is_empty() && foot <= room {
            self.label(right.saturating_sub(foot + 1), bottom, foot, &pane.foot);
        }
        Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: area.height - 2 }
    }

    /// Text on a border, with a space on each side.
    fn label(&mut self, x: u16, y: u16, room: u16, row: &[Part]) {
        if row.is_empty() || room < 3 {
            return;
        }
        self.put(x, y, 1, " ", Style::new());
        let used = self.row(x + 1, y, room.saturating_sub(2), row);
        self.put(x + 1 + used, y, 1, " ", Style::new());
    }

    /// A bar of `width` columns that is filled to `share` (0 to 1).
    pub(super) fn bar(&mut self, x: u16, y: u16, width: u16, share: f64, style: Style) {
        let filled = (share.clamp(0.0, 1.0) * f64::from(width)).round() as u16;
        let filled = if share > 0.0 { filled.max(1).min(width) } else { 0 };
        self.put(x, y, filled, &"━".repeat(usize::from(filled)), style);
        let dim = self.theme.dim();
        self.put(x + filled, y, width - filled, &"·".repeat(usize::from(width - filled)), dim);
    }
}

/// The columns of a row.
pub(super) fn row_width(row: &[Part]) -> usize {
    row.iter().map(|(text, _)| measure(text)).sum()
}

/// A text as rows of a width, the first behind `mark`, the others below it.
pub(super) fn wrapped(mark: Option<Part>, text: &str, style: Style, width: u16) -> Vec<Row> {
    let indent = mark.as_ref().map_or(0, |(text, _)| measure(text) + 1);
    let room = usize::from(width).saturating_sub(indent).max(1);
    let mut mark = mark;
    wrap_text(text, room)
        .into_iter()
        .map(|line| {
            let mut row = Row::new();
            match mark.take() {
                Some(mark) => row.extend([mark, part(" ", Style::new())]),
                None if indent > 0 => row.push(part(" ".repeat(indent), Style::new())),
                None => {}
            }
            row.push(part(line, style));
            row
        })
        .collect()
}

/// Replaces everything that is not ASCII by something of the same width that is.
pub(super) fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let wide = measure(symbol) > 1;
        let ascii = match symbol {
            "─" | "—" | "–" => "-",
            "━" => "=",
            "│" | "▌" => "|",
            "┃" | "┏" | "┓" | "┗" | "┛" | "█" | "▀" | "▄" | "▐" | "▓" => "#",
            "┌" | "┐" | "└" | "┘" | "┴" | "┬" | "├" | "┤" | "┼" | "✓" => "+",
            "▶" | "›" | "→" | "↳" => ">",
            "◀" | "←" => "<",
            "↑" => "^",
            "↓" => "v",
            "·" | "…" => ".",
            "•" => "*",
            "×" | "✗" => "x",
            "░" => ":",
            "“" | "”" => "\"",
            "’" | "‘" => "'",
            _ if wide => "? ",
            _ => "?",
        };
        // A wide character owns the cell after it, so its replacement is as wide.
        cell.set_symbol(ascii);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::tui::theme::Palette;

    #[test]
    fn control_characters_cannot_be_drawn_and_nothing_leaves_the_buffer() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        let theme = Theme { palette: Palette::Mono, ascii: false };
        let mut canvas = Canvas { buffer: &mut buffer, theme: &theme };
        canvas.put(0, 0, 50, "a\u{1b}[2Jbcdefgh", Style::new());
        canvas.put(9, 9, 5, "out", Style::new());
        assert_eq!(buffer, Buffer::with_lines(["a\u{fffd}[2J…"]));
    }

    #[test]
    fn ascii_means_ascii() {
        let mut buffer = Buffer::with_lines(["┏━ ✓ 本 ▶ é"]);
        to_ascii(&mut buffer);
        assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
    }
}
