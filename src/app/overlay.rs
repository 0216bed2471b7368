//! What lies over a screen: help, confirmations, texts, hints, lists. The top one gets the keys; Esc always closes it.

use super::job::{JobId, Trouble};
use super::{ModuleId, StepId};

/// One layer over the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// The keys of the screen below.
    Help {
        /// First line shown.
        scroll: usize,
    },
    /// A question that must be answered before something happens.
    Confirm(Confirm),
    /// Text to be copied: the whole screen, no borders, no padding.
    Copy {
        /// The text, one command a line.
        text: String,
        /// First line shown.
        scroll: usize,
    },
    /// A long text: an action's output, its log, a preview of its requests, details of a check or a resource.
    Text {
        /// Its heading.
        title: String,
        /// The text.
        text: String,
        /// First line shown.
        scroll: usize,
    },
    /// A failure that belongs to no job.
    Message {
        /// What was being done.
        title: String,
        /// What happened, what it means, what to press.
        trouble: Trouble,
    },
    /// The hints of the current step up to a level.
    Hint {
        /// The step.
        step: StepId,
        /// How many are open, from 1.
        level: usize,
        /// First line shown.
        scroll: usize,
    },
    /// The steps of a module, to go to one.
    Steps {
        /// The module's place in the list.
        module: usize,
        /// The step's place in its module.
        selected: usize,
    },
    /// Everything that can be done here, by name.
    Palette {
        /// What was typed.
        filter: String,
        /// The place in the list of matches.
        selected: usize,
    },
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct Confirm {
    /// `Delete 1 thing in R2 ap-southeast-1?`
    pub title: String,
    /// What would happen, one line each.
    pub plan: Vec<String>,
    /// The commands that would run, each on one logical line.
    pub commands: Vec<String>,
    /// How it is answered.
    pub gate: Gate,
    /// What happens on yes.
    pub then: Then,
    /// A second way on: its key, what it says, what it does.
    pub other: Option<(char, String, Then)>,
    /// Whether something is removed or broken.
    pub danger: bool,
}

/// How a question is answered with yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// With `y`.
    Key,
    /// By typing a word, then Enter.
    Word {
        /// What must be typed.
        word: String,
        /// What was typed so far.
        typed: String,
    },
}

/// What a confirmed question does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// Run an action.
    Run {
        /// Its step.
        step: StepId,
        /// Its full id.
        action: String,
    },
    /// Run a step's solution.
    Solution {
        /// The step.
        step: StepId,
    },
    /// Stop a job.
    Cancel(JobId),
    /// Enter a module although facts are missing.
    EnterAnyway {
        /// The module's place in the list.
        module: usize,
        /// The step to open.
        step: usize,
    },
    /// Go to a step.
    GoTo {
        /// Its module.
        module: ModuleId,
        /// The step.
        step: StepId,
    },
    /// Start a drill.
    StartDrill {
        /// The fault's name.
        fault: String,
        /// Even if nothing would mend it, should the program die.
        alone: bool,
    },
    /// Undo the fault and stop.
    AbortDrill,
    /// Undo the fault and measure the return.
    FailBack,
    /// Back to the screen before, jobs go on.
    Leave,
    /// Leave the program.
    Quit,
}
