//! One message into the model. Keys are in `keys` and `overlays`, what is asked for in `act`, answers in `results`.

mod act;
mod keys;
mod overlays;
mod results;

use std::time::Duration;

use super::model::Model;
use super::msg::{Effect, Msg};
use super::stuck;

pub(super) use act::{offered_fix, open_step};

/// How long a notice is shown.
pub(super) const NOTICE_LASTS: Duration = Duration::from_secs(6);

/// How soon the second Ctrl-C must follow the first to quit.
const TWICE: Duration = Duration::from_secs(2);

/// Folds one message into the model and says what is to be done, in order.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => keys::press(model, key),
        Msg::Paste(text) => keys::paste(model, &text),
        Msg::Tick { wall, simulated } => {
            model.wall = model.wall.max(wall);
            model.now = simulated;
            stuck::help(model)
        }
        Msg::Resize { width, height } => {
            model.size = (width, height);
            Vec::new()
        }
        Msg::Viewports(viewports) => {
            model.viewports = viewports;
            keys::clamp(model);
            Vec::new()
        }
        answer => results::take(model, answer),
    }
}

/// Shows one line for some seconds.
pub(in crate::app) fn notice(model: &mut Model, text: impl Into<String>) {
    model.notice = Some((text.into(), model.wall));
}
