//! The terminal: taken once, given back always. [`leave`] may be called from anywhere, as often as one likes: by `Drop`,
//! by the panic hook, on a signal, around a suspend; only the first call after an [`Display::open`] does something.

use std::io::{self, Stdout, Write as _};
use std::panic::PanicHookInfo;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;

use base64::Engine as _;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::queue;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::app::{ClassModel, Model, Viewports};

use super::theme::{Palette, Theme};
use super::{draw_class, view};

/// Whether the terminal is ours now.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The thread that draws. A panic anywhere else leaves the terminal alone.
static DRAWS: Mutex<Option<ThreadId>> = Mutex::new(None);

/// The longest text sent to the terminal's clipboard; longer ones are cut off by many terminals.
const CLIPBOARD: usize = 74_000;

/// The full screen. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Display {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    theme: Theme,
}

impl Display {
    /// Takes the terminal: raw mode, alternate screen, no cursor, bracketed paste. The mouse stays the terminal's own,
    /// so that text can be marked. The terminal is never asked anything.
    pub fn open(theme: Theme) -> io::Result<Self> {
        enter(theme)?;
        let opened = Terminal::new(CrosstermBackend::new(io::stdout()));
        match opened {
            Ok(terminal) => Ok(Self { terminal, theme }),
            Err(error) => {
                leave();
                Err(error)
            }
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    /// Draws one frame, which terminals that know synchronized updates (mode 2026) show as a whole; what it returns goes back as [`crate::app::Msg::Viewports`] when it changed.
    pub fn draw(&mut self, model: &Model) -> io::Result<Viewports> {
        let mut viewports = Viewports::default();
        queue!(io::stdout(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| viewports = view(model, &self.theme, frame))?;
        execute!(io::stdout(), EndSynchronizedUpdate)?;
        Ok(viewports)
    }

    /// Draws one frame of the fleet screen.
    pub fn draw_class(&mut self, model: &ClassModel) -> io::Result<()> {
        queue!(io::stdout(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| {
            let area = frame.area();
            draw_class(model, &self.theme, area, frame.buffer_mut());
        })?;
        execute!(io::stdout(), EndSynchronizedUpdate)
    }

    /// Takes the terminal again after [`leave`] (a suspend) and draws everything anew with the next frame.
    pub fn resume(&mut self) -> io::Result<()> {
        enter(self.theme)?;
        // `Terminal::clear` would ask the terminal for its cursor; a resize clears without asking.
        let size = self.terminal.size()?;
        self.terminal.resize(ratatui::layout::Rect::new(0, 0, size.width, size.height))
    }

    /// Puts text on the terminal's clipboard (OSC 52). Terminals that do not allow it ignore it; there is no answer.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let text = base64::engine::general_purpose::STANDARD.encode(text);
        if text.len() > CLIPBOARD {
            return Ok(());
        }
        let mut out = io::stdout();
        write!(out, "\u{1b}]52;c;{text}\u{7}")?;
        out.flush()
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        leave();
    }
}

fn enter(theme: Theme) -> io::Result<()> {
    if theme.palette == Palette::Mono {
        // Under NO_COLOR crossterm 0.29 writes `ESC[;m` after attributes, which makes the selection invisible
        // (crossterm#1069). The theme has no colours then, so crossterm need not strip any.
        crossterm::style::force_color_output(true);
    }
    if let Ok(mut draws) = DRAWS.lock() {
        *draws = Some(std::thread::current().id());
    }
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, Hide, EnableBracketedPaste)
}

/// Gives the terminal back, when it is ours. It cannot fail: there is nothing left to do about an error here.
pub fn leave() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), EndSynchronizedUpdate, DisableBracketedPaste, Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
        let _ = io::stdout().flush();
    }
}

/// What a panic means for the screen: a panic of the drawing thread gives the terminal back and then goes to the hook
/// that was there before; a panic in a job draws nothing, because the screen lives on. `crash` is called first
/// in both cases, to write the report.
pub fn install_panic_hook(crash: impl Fn(&PanicHookInfo<'_>) + Send + Sync + 'static) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        crash(info);
        let draws = DRAWS.lock().map_or(None, |draws| *draws);
        let job = TAKEN.load(Ordering::SeqCst) && draws.is_some_and(|thread| thread != std::thread::current().id());
        if !job {
            leave();
            before(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_what_was_never_taken_does_nothing() {
        assert!(!TAKEN.load(Ordering::SeqCst));
        leave();
        leave();
        assert!(!TAKEN.load(Ordering::SeqCst));
    }
}
