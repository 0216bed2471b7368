//! Floor 6: the event loop that joins the engine and the screen.
//!
//! It drains everything that is pending, then draws once, at most every 16 ms and only when something changed.

mod class;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;

use crate::app::{Effect, Model, Msg, update};
use crate::engine::session::Session;
use crate::engine::{Engine, Started};
use crate::tui::{Display, Theme, messages};

pub use class::fleet;

/// Two frames are at least that far apart.
const FRAME: Duration = Duration::from_millis(16);

/// Why the screen could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// The terminal refused.
    #[error("the terminal cannot be used: {0}; `workshop --plain` needs none")]
    Terminal(#[from] std::io::Error),
    /// The class cannot be read.
    #[error(transparent)]
    Class(#[from] crate::engine::resets::ResetError),
}

/// Shows the guide until the learner leaves.
pub async fn run(session: Arc<Session>, theme: Theme) -> Result<(), ScreenError> {
    let mut display = Display::open(theme)?;
    let Started { mut engine, messages: mut told, mut model, effects } = Engine::start(session, display.size()?);
    // The first frame comes before the first read: the learner sees the modules while AWS is asked.
    display.draw(&model)?;
    for effect in effects {
        carry_out(&mut engine, &mut display, effect)?;
    }
    let mut keys = messages();
    let mut dirty = false;
    let mut drawn = Instant::now();
    let mut ends = std::pin::pin!(crate::engine::signals::terminated());
    while !model.quitting {
        let pause = if dirty { FRAME.saturating_sub(drawn.elapsed()) } else { Duration::from_secs(3600) };
        tokio::select! {
            biased;
            () = &mut ends => break,
            key = keys.next() => match key {
                Some(key) => fold(&mut model, &mut engine, &mut display, key?)?,
                // The terminal has gone away.
                None => break,
            },
            Some(message) = told.recv() => fold(&mut model, &mut engine, &mut display, message)?,
            () = tokio::time::sleep(pause), if dirty => {
                let viewports = display.draw(&model)?;
                drawn = Instant::now();
                dirty = false;
                if viewports != model.viewports {
                    fold(&mut model, &mut engine, &mut display, Msg::Viewports(viewports))?;
                    dirty = true;
                }
                continue;
            }
        }
        // Everything that is there already goes into the same frame.
        while let Ok(message) = told.try_recv() {
            fold(&mut model, &mut engine, &mut display, message)?;
        }
        dirty = true;
    }
    drop(display);
    engine.stop().await;
    Ok(())
}

fn fold(model: &mut Model, engine: &mut Engine, display: &mut Display, message: Msg) -> Result<(), ScreenError> {
    for effect in update(model, message) {
        carry_out(engine, display, effect)?;
    }
    Ok(())
}

fn carry_out(engine: &mut Engine, display: &mut Display, effect: Effect) -> Result<(), ScreenError> {
    match effect {
        Effect::CopyToClipboard(text) => Ok(display.copy(&text)?),
        other => {
            engine.execute(other);
            Ok(())
        }
    }
}
