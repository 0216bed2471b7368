//! What the terminal says → messages.

use std::io;

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::{Stream, StreamExt as _};

use crate::app::{Key, Msg};

/// Keys, pastes and sizes as they come. The stream ends when the terminal goes away.
pub fn messages() -> impl Stream<Item = io::Result<Msg>> + Unpin {
    Box::pin(EventStream::new().filter_map(|event| async move {
        match event {
            Ok(event) => translate(event).map(Ok),
            Err(error) => Some(Err(error)),
        }
    }))
}

/// One event of the terminal; `None` for what the program does not use.
pub fn translate(event: Event) -> Option<Msg> {
    match event {
        Event::Key(event) if event.kind == KeyEventKind::Release => None,
        Event::Key(event) => key(event).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(width, height) => Some(Msg::Resize { width, height }),
        Event::Mouse(_) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    if event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    match event.code {
        // Many terminals send Ctrl-H for Backspace.
        KeyCode::Char('h') if control => Some(Key::Backspace),
        KeyCode::Char(c) if control => Some(Key::Ctrl(c.to_ascii_lowercase())),
        KeyCode::Char(c) => Some(Key::Char(c)),
        KeyCode::Enter => Some(Key::Enter),
        KeyCode::Esc => Some(Key::Esc),
        KeyCode::Tab => Some(Key::Tab),
        KeyCode::BackTab => Some(Key::BackTab),
        KeyCode::Backspace => Some(Key::Backspace),
        KeyCode::Up => Some(Key::Up),
        KeyCode::Down => Some(Key::Down),
        KeyCode::Left => Some(Key::Left),
        KeyCode::Right => Some(Key::Right),
        KeyCode::Home => Some(Key::Home),
        KeyCode::End => Some(Key::End),
        KeyCode::PageUp => Some(Key::PageUp),
        KeyCode::PageDown => Some(Key::PageDown),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_messages() {
        let press = |code, modifiers| translate(Event::Key(KeyEvent::new(code, modifiers)));
        assert_eq!(press(KeyCode::Char('C'), KeyModifiers::CONTROL), Some(Msg::Key(Key::Ctrl('c'))));
        assert_eq!(press(KeyCode::Char('G'), KeyModifiers::SHIFT), Some(Msg::Key(Key::Char('G'))));
        assert_eq!(press(KeyCode::Char('x'), KeyModifiers::ALT), None);
        assert_eq!(press(KeyCode::F(1), KeyModifiers::NONE), None);
        let release = KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(translate(Event::Key(release)), None);
        assert_eq!(translate(Event::Resize(80, 24)), Some(Msg::Resize { width: 80, height: 24 }));
    }
}
