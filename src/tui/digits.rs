//! The timer in large digits, in the biggest size that fits.

use std::time::Duration;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget as _;
use tui_big_text::{BigText, PixelSize};

use super::canvas::Canvas;

/// `03:41`; minutes go on beyond 99.
pub(super) fn face(span: Duration) -> String {
    format!("{:02}:{:02}", span.as_secs() / 60, span.as_secs() % 60)
}

/// Draws a time; returns the rows used.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, span: Duration, style: Style) -> u16 {
    let text = face(span);
    let letters = text.len() as u16;
    // Glyphs are 8 by 8 pixels; the last of the eight rows is empty in digits.
    let sizes = [(PixelSize::Full, 8, 8), (PixelSize::HalfHeight, 8, 4), (PixelSize::Quadrant, 4, 4)];
    let fits = |(pixels, columns, rows): &(PixelSize, u16, u16)| {
        letters * columns <= area.width && *rows <= area.height && (!canvas.theme.ascii || *pixels == PixelSize::Full)
    };
    let Some((pixels, columns, rows)) = sizes.into_iter().find(fits) else {
        canvas.put(area.x, area.y, area.width, &text, style.patch(canvas.theme.title()));
        return 1;
    };
    let width = letters * columns;
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y, width, height: rows };
    let place = place.intersection(canvas.buffer.area);
    BigText::builder().pixel_size(pixels).style(style).lines([Line::from(text)]).build().render(place, canvas.buffer);
    rows
}
