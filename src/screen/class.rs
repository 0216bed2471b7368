//! The fleet screen's loop: the desk behind it, the keys before it.

use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt as _;

use super::ScreenError;
use crate::app::{ClassMsg, Msg, update_class};
use crate::engine::fleet::Desk;
use crate::engine::session::Session;
use crate::engine::signals;
use crate::tui::{Display, Theme, messages};

/// Shows a class until the instructor leaves.
pub async fn fleet(session: Arc<Session>, roster: &Path, theme: Theme) -> Result<(), ScreenError> {
    let (desk, mut told, mut model) = Desk::start(session, roster)?;
    let mut display = Display::open(theme)?;
    let mut keys = messages();
    let mut ends = std::pin::pin!(signals::terminated());
    while !model.quitting {
        display.draw_class(&model)?;
        let mut came = tokio::select! {
            biased;
            () = &mut ends => break,
            key = keys.next() => match key {
                Some(key) => translated(key?),
                // The terminal has gone away.
                None => break,
            },
            Some(message) = told.recv() => Some(message),
        };
        // Everything that is there already goes into the same frame.
        while let Some(message) = came {
            for effect in update_class(&mut model, message) {
                desk.execute(effect);
            }
            came = told.try_recv().ok();
        }
    }
    drop(display);
    desk.stop();
    Ok(())
}

/// What the terminal says, for this screen.
fn translated(message: Msg) -> Option<ClassMsg> {
    match message {
        Msg::Key(key) => Some(ClassMsg::Key(key)),
        Msg::Paste(text) => Some(ClassMsg::Paste(text)),
        Msg::Resize { .. } => Some(ClassMsg::Resize),
        _ => None,
    }
}
