//! Floor 4: the program without its terminal and without its engine. A [`Model`] holds everything that the screens
//! show; [`update`] folds one [`Msg`] into it and says with [`Effect`]s what is to be done; the view draws it. Nothing
//! here waits, reads a clock or touches the outside, so every behaviour of the screens is a plain test.
//!
//! How the engine uses it:
//!
//! 1. `Model::new(Setup { modules: outline(&workshop), … })` gives the model and the first effects.
//! 2. For each key, tick, resize and answer: `update(&mut model, msg)`, then carry out the effects in order.
//!    Answers come back as messages. A [`Msg::Job`] whose job the model does not know is dropped here, once.
//! 3. [`Effect::OpenStep`] is answered with [`Msg::Page`] (and again whenever a value on the page changes), then with
//!    [`Msg::Check`] for each of its checks. [`Effect::Watch`] says what to read again and again.
//! 4. The view returns [`Viewports`]; when they differ from `model.viewports`, send [`Msg::Viewports`].
//!
//! Confirmations happen here: whatever arrives as [`Effect::RunAction`], [`Effect::RunSolution`],
//! [`Effect::StartDrill`], [`Effect::AbortDrill`] or [`Effect::FailBack`] has been confirmed, where it must be.

mod class;
pub mod drill;
mod job;
mod key;
mod keymap;
mod model;
mod msg;
mod outline;
mod overlay;
mod page;
mod resources;
mod status;
mod stuck;
mod update;

pub use class::{ClassEffect, ClassModel, ClassMsg, Over, SeatRow, SeatState, update_class};
pub use drill::{DrillState, DrillView};
pub use job::{Job, JobEvent, JobId, JobLine, JobState, LineKind, Trouble};
pub use key::Key;
pub use keymap::{Binding, Intent, bindings, screen_bindings};
pub use model::{
    DrillScreen, Mode, Model, Pane, ResourcesScreen, Screen, Seen, Setup, StepScreen, Viewports, WorldState,
};
pub use msg::{Effect, Msg, Watched};
pub use outline::{ModuleOutline, Need, StepOutline, outline};
pub use overlay::{Confirm, Gate, Overlay, Then};
pub use page::{ActionView, CheckTitle, Page};
pub use resources::{Change, Lag, ResourcesView};
pub use status::{ModuleStatus, RegionStatus, StepStatus};
pub use update::update;

/// A module's id, `m2`.
pub type ModuleId = String;
/// A step's full id, `m2.aurora-replica`.
pub type StepId = String;
