//! Floor 5: the model on a terminal. [`view`] draws one frame and changes nothing; [`Display`] owns the terminal;
//! [`messages`] turns what the terminal says into messages. Nothing outside of this module knows ratatui or crossterm.
//!
//! ```text
//! ┌ header: mode, speed, place ─────────── R1 state  R2 state  time SIM ┐
//! │ one screen: home · step · resources · drill                         │
//! │   overlays: help · question · text · hint · steps · palette · copy  │
//! └ footer: the keys of this state, most useful first ──────── ? help ──┘
//! ```

mod canvas;
mod chrome;
mod class;
mod digits;
mod drill;
mod drill_panes;
mod home;
mod input;
mod overlay;
mod resources;
mod step;
mod step_panes;
mod terminal;
mod theme;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{Model, Overlay, Screen, Viewports};

use canvas::Canvas;
use chrome::Class;

pub use class::draw_class;
pub use input::{messages, translate};
pub use terminal::{Display, install_panic_hook, leave};
pub use theme::{Palette, Theme, Tone};

/// Draws the model into a frame. What it returns goes back as [`crate::app::Msg::Viewports`] when it changed.
pub fn view(model: &Model, theme: &Theme, frame: &mut Frame<'_>) -> Viewports {
    let area = frame.area();
    draw(model, theme, area, frame.buffer_mut())
}

/// Draws the model into a buffer; what [`view`] does with a frame's.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Viewports {
    let mut canvas = Canvas { buffer, theme };
    let viewports = screen(&mut canvas, model, area);
    if theme.ascii {
        canvas::to_ascii(buffer);
    }
    viewports
}

fn screen(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Viewports {
    let class = Class::of(area);
    if class == Class::TooSmall {
        let text = format!("Make the window at least 60x16 (now {}x{})", area.width, area.height);
        let rows = canvas::wrapped(None, &text, canvas.theme.text(), area.width.max(1));
        canvas.rows(area, &rows);
        return Viewports::default();
    }
    if let Some(Overlay::Copy { text, scroll }) = model.overlays.last() {
        return overlay::copy(canvas, model, text, *scroll, area);
    }
    let [head, body, foot] = [
        Rect { height: 1, ..area },
        Rect { y: area.y + 1, height: area.height - 2, ..area },
        Rect { y: area.bottom() - 1, height: 1, ..area },
    ];
    chrome::header(canvas, model, head);
    let mut viewports = match model.screen() {
        None => home::draw(canvas, model, body, class),
        Some(Screen::Step(screen)) => step::draw(canvas, model, screen, body, class),
        Some(Screen::Resources(screen)) => resources::draw(canvas, model, screen, body, class),
        Some(Screen::Drill(screen)) => drill::draw(canvas, model, screen, body, class),
    };
    if let Some(top) = model.overlays.last() {
        let (rows, lines) = overlay::draw(canvas, model, top, body);
        viewports.overlay_rows = rows;
        viewports.overlay_lines = lines;
    }
    chrome::notice(canvas, model, area);
    chrome::footer(canvas, model, foot);
    viewports
}
