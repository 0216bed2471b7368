//! What can happen to the model, and what the model asks the engine to do.

use std::time::Duration;

use crate::domain::{FactId, Outcome, SimTime, Way};

use super::drill::DrillView;
use super::job::{JobEvent, JobId, Trouble};
use super::key::Key;
use super::model::{Viewports, WorldState};
use super::page::Page;
use super::resources::ResourcesView;
use super::{ModuleId, StepId};

/// Something happened. [`super::update`] folds it into the model.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted; it goes to the field that is being typed into, and nowhere else.
    Paste(String),
    /// Time went on. Sent a few times a second; it is the only clock of model and view.
    Tick {
        /// Since the program started.
        wall: Duration,
        /// The world's time.
        simulated: SimTime,
    },
    /// The terminal has this size now.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// What the last frame drew where; returned by the view, sent back when it changed.
    Viewports(Viewports),
    /// A step's page, ready to read.
    Page(Box<Page>),
    /// A check was evaluated.
    Check {
        /// Its step.
        step: StepId,
        /// Its full id, `m2.aurora-replica/replica-cluster`.
        check: String,
        /// The answer.
        outcome: Outcome,
        /// When it was asked, simulated.
        at: SimTime,
    },
    /// Facts were evaluated.
    Facts {
        /// Each with its answer; facts not in the list stay as they were.
        facts: Vec<(FactId, Outcome)>,
        /// When, simulated.
        at: SimTime,
    },
    /// A job tells something.
    Job {
        /// Which.
        job: JobId,
        /// What.
        event: JobEvent,
    },
    /// The Regions as they are now.
    Resources(ResourcesView),
    /// The drill as it is now.
    Drill(Box<DrillView>),
    /// A drill was not begun, because nothing would mend its fault if the program died.
    Unguarded {
        /// The fault's name in the workshop.
        fault: String,
        /// Why no schedule could be made.
        why: String,
    },
    /// What an action would do: the answer to [`Effect::PreviewAction`].
    Preview {
        /// The action.
        action: String,
        /// The requests as text: method, host, body.
        text: String,
    },
    /// A long text to be read in an overlay.
    Text {
        /// Its heading.
        title: String,
        /// The text.
        text: String,
    },
    /// One line that shows for some seconds.
    Notice(String),
    /// Something failed that belongs to no job; it opens an overlay.
    Trouble {
        /// What was being done.
        title: String,
        /// Why it failed.
        trouble: Trouble,
    },
    /// The world's mode or speed changed.
    World(WorldState),
}

/// What a screen looks at; the engine reads it again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watched {
    /// All facts.
    Home,
    /// A step's checks.
    Step(StepId),
    /// Both Regions.
    Resources,
    /// The drill's lanes.
    Drill,
}

/// What the engine is asked to do. It answers with messages, never directly.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Render that step and send its [`Page`].
    OpenStep {
        /// Its module.
        module: ModuleId,
        /// The step.
        step: StepId,
    },
    /// Remember where the learner is.
    SaveProgress {
        /// Its module.
        module: ModuleId,
        /// The step.
        step: StepId,
    },
    /// Remember that a step without checks was read.
    StepRead {
        /// The step.
        step: StepId,
    },
    /// Remember how many hints were opened.
    HintShown {
        /// The step.
        step: StepId,
        /// 1 is the first.
        level: usize,
    },
    /// Remember the way of doing steps.
    WayChosen(Way),
    /// Remember that a module was entered although facts are missing.
    EnterModuleOverride {
        /// The module.
        module: ModuleId,
        /// The facts that did not hold.
        missing: Vec<FactId>,
    },
    /// From now on the screen shows this.
    Watch(Watched),
    /// Read this again at once.
    CheckNow(Watched),
    /// Run one action. Confirmed already, when it needs that.
    RunAction {
        /// The job's name in all its events.
        job: JobId,
        /// The step.
        step: StepId,
        /// The action's full id, `m2.aurora-replica#create-cluster`.
        action: String,
    },
    /// Run all of the step's solution in order. Confirmed already, when it needs that.
    RunSolution {
        /// The job's name in all its events.
        job: JobId,
        /// The step.
        step: StepId,
    },
    /// Stop a job.
    CancelJob(JobId),
    /// Say what an action would send, without sending it.
    PreviewAction {
        /// The step.
        step: StepId,
        /// The action's full id.
        action: String,
    },
    /// Let simulated time run at that many seconds per second.
    SetSpeed(f64),
    /// Take the baseline, then break it. Confirmed already.
    StartDrill {
        /// The fault's name in the workshop.
        fault: String,
        /// Even if nothing would mend it, should the program die.
        alone: bool,
    },
    /// The learner's guess of the recovery time.
    Predict(Duration),
    /// Undo the fault and stop measuring. Confirmed already.
    AbortDrill,
    /// Undo the fault and measure the return. Confirmed already.
    FailBack,
    /// Forget the finished drill and send the one at rest.
    ResetDrill,
    /// Write the drill's report.
    ExportReport,
    /// Open or close the loopback endpoint for the learner's own `aws`.
    ToggleEndpoint,
    /// Show how long things take in the sandbox, with the sources.
    ShowTimes,
    /// Put text on the terminal's clipboard (OSC 52).
    CopyToClipboard(String),
    /// Leave the program.
    Quit,
}
