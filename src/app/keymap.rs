//! Keys → intents, from the state. The footer, the help screen and the palette all show this table, so they cannot lie.

use crate::content::model::StepKind;
use crate::domain::Way;

use super::drill::DrillState;
use super::key::Key;
use super::model::{Model, Pane, ResourcesScreen, Screen, StepScreen};
use super::overlay::{Gate, Overlay};

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Intent {
    /// Up one.
    Up,
    /// Down one.
    Down,
    /// To R1, or the pane before.
    Left,
    /// To R2, or the pane after.
    Right,
    /// The next pane or Region.
    NextPane,
    /// The pane or Region before.
    PreviousPane,
    /// To the beginning.
    Top,
    /// To the end.
    Bottom,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Open what is chosen.
    Open,
    /// Back, out of this screen.
    Back,
    /// Escape: stop the step's job, or back.
    Escape,
    /// Run the chosen fence.
    Run,
    /// Run all of the step's solution.
    RunSolution,
    /// Show what the chosen fence would send.
    Preview,
    /// Show what the chosen fence printed.
    Output,
    /// Read again now.
    CheckNow,
    /// The next hint.
    Hint,
    /// Another way of doing the step.
    Way,
    /// The next step.
    Next,
    /// The step before.
    Previous,
    /// The copy view.
    Copy,
    /// Run the fence that mends the failing check.
    Fix,
    /// Run the fence that undoes the chosen one.
    Undo,
    /// The list of the module's steps.
    Steps,
    /// The resource screen.
    Resources,
    /// The drill screen.
    Drill,
    /// The keys of this screen.
    Help,
    /// Everything that can be done here.
    Palette,
    /// Type a filter.
    Search,
    /// Keep the picture as it is.
    Pause,
    /// Simulated time runs faster.
    Faster,
    /// Simulated time runs slower.
    Slower,
    /// Simulated time runs as the wall clock does.
    RealTime,
    /// Start or abort the drill.
    Arm,
    /// Undo the fault, measure the return.
    FailBack,
    /// Write the report.
    Export,
    /// The loopback endpoint for the learner's own `aws`.
    Endpoint,
    /// How long things take in the sandbox.
    Times,
    /// Yes.
    Yes,
    /// The question's second way on.
    Other,
    /// Close the top overlay.
    Close,
    /// Leave the program.
    Quit,
}

/// One line of the help screen; one entry of the footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The keys as shown, `n/p`.
    pub show: String,
    /// What they do, in one or two words for the footer.
    pub label: String,
    /// What they do, for the help screen.
    pub help: &'static str,
    /// Higher is dropped later when the footer is narrow; 0 is never in the footer.
    pub rank: u8,
    /// The keys.
    pub keys: Vec<(Key, Intent)>,
}

fn bind(show: &str, label: &str, help: &'static str, rank: u8, keys: &[(Key, Intent)]) -> Binding {
    Binding { show: show.to_owned(), label: label.to_owned(), help, rank, keys: keys.to_vec() }
}

fn one(key: char, label: &str, help: &'static str, rank: u8, intent: Intent) -> Binding {
    bind(&key.to_string(), label, help, rank, &[(Key::Char(key), intent)])
}

/// What every key does now, most useful first. Keys that are typed as text are not in it.
pub fn bindings(model: &Model) -> Vec<Binding> {
    if let Some(overlay) = model.overlays.last() {
        return overlay_bindings(overlay);
    }
    screen_bindings(model)
}

/// What every key does on the screen itself, whatever lies over it.
pub fn screen_bindings(model: &Model) -> Vec<Binding> {
    let mut all = match model.screen() {
        None => home(model),
        Some(Screen::Step(screen)) => step(model, screen),
        Some(Screen::Resources(screen)) => resources(model, screen),
        Some(Screen::Drill(_)) => drill(model),
    };
    all.push(one('?', "help", "the keys of this screen", 255, Intent::Help));
    all
}

/// The intent of a key now.
pub(super) fn intent(model: &Model, key: Key) -> Option<Intent> {
    bindings(model)
        .iter()
        .flat_map(|binding| &binding.keys)
        .find(|(candidate, _)| *candidate == key)
        .map(|(_, intent)| *intent)
}

fn moves(label: &str, rank: u8) -> Binding {
    let keys = [
        (Key::Up, Intent::Up),
        (Key::Down, Intent::Down),
        (Key::Char('k'), Intent::Up),
        (Key::Char('j'), Intent::Down),
    ];
    bind("↑↓", label, "move (also j and k)", rank, &keys)
}

fn paging() -> Binding {
    let keys = [
        (Key::PageUp, Intent::PageUp),
        (Key::PageDown, Intent::PageDown),
        (Key::Char('g'), Intent::Top),
        (Key::Char('G'), Intent::Bottom),
        (Key::Home, Intent::Top),
        (Key::End, Intent::Bottom),
    ];
    bind("g G PgUp PgDn", "scroll", "to the beginning, the end, a page up, a page down", 0, &keys)
}

fn panes(label: &str, rank: u8) -> Binding {
    let keys = [
        (Key::Tab, Intent::NextPane),
        (Key::BackTab, Intent::PreviousPane),
        (Key::Left, Intent::Left),
        (Key::Right, Intent::Right),
    ];
    bind("Tab", label, "the next pane or Region (also ← and →)", rank, &keys)
}

fn back(label: &str, rank: u8) -> Binding {
    let keys = [(Key::Char('q'), Intent::Back), (Key::Backspace, Intent::Back), (Key::Esc, Intent::Escape)];
    bind("q", label, "back to the screen before (also Backspace and Esc)", rank, &keys)
}

/// Entries that most screens share.
fn common(model: &Model, all: &mut Vec<Binding>) {
    if model.simulated() {
        let keys = [
            (Key::Char('+'), Intent::Faster),
            (Key::Char('='), Intent::Faster),
            (Key::Char('-'), Intent::Slower),
            (Key::Char('1'), Intent::RealTime),
        ];
        all.push(bind("+/-", "speed", "simulated time faster or slower, from ×1 (also 1) to ×60", 12, &keys));
    }
    sandbox(model, all);
    all.push(paging());
    all.push(one(':', "commands", "everything that can be done here, by name", 8, Intent::Palette));
}

/// What only a simulated AWS has.
fn sandbox(model: &Model, all: &mut Vec<Binding>) {
    if model.simulated() {
        all.push(one('T', "times", "how long things take here, and where that is known from", 4, Intent::Times));
        all.push(one('E', "endpoint", "open or close the endpoint for your own aws command", 5, Intent::Endpoint));
    }
}

fn home(model: &Model) -> Vec<Binding> {
    let mut all = vec![
        bind(
            "Enter",
            "open",
            "open the module at its next step (also o)",
            200,
            &[(Key::Enter, Intent::Open), (Key::Char('o'), Intent::Open)],
        ),
        moves("select", 190),
        one('l', "steps", "the module's steps, to go to one", 60, Intent::Steps),
        one('c', "check", "read all facts again now", 50, Intent::CheckNow),
        one('r', "resources", "both Regions as they are now", 100, Intent::Resources),
        one('d', "drill", "the failover drill", 90, Intent::Drill),
        bind(
            "q",
            "quit",
            "leave; everything is kept (also Esc)",
            120,
            &[(Key::Char('q'), Intent::Quit), (Key::Esc, Intent::Quit)],
        ),
        one(':', "commands", "everything that can be done here, by name", 8, Intent::Palette),
        bind(
            "g G",
            "ends",
            "the first module, the last",
            0,
            &[
                (Key::Char('g'), Intent::Top),
                (Key::Char('G'), Intent::Bottom),
                (Key::Home, Intent::Top),
                (Key::End, Intent::Bottom),
                (Key::PageUp, Intent::Top),
                (Key::PageDown, Intent::Bottom),
            ],
        ),
    ];
    sandbox(model, &mut all);
    all
}

fn step(model: &Model, screen: &StepScreen) -> Vec<Binding> {
    let mut all = Vec::new();
    let page = model.page();
    let visible = page.map_or(0, |page| page.visible().count());
    let action = page.and_then(|page| page.visible().nth(screen.action));
    let outline = model.modules.get(screen.module).and_then(|module| module.steps.get(screen.step));
    let job = outline.and_then(|step| model.job_for(&step.id, action.map(|action| action.id.as_str())));
    let drills = outline.is_some_and(|step| step.kind == StepKind::Drill || !step.drills.is_empty());

    let way = model.way_here();
    let guided = model.guided();
    // What the challenge does not show cannot be chosen, run or copied.
    let action = action.filter(|_| way != Some(Way::Challenge));

    let enter = match (screen.pane, action) {
        (Pane::Checks, _) => ("details", "what the check found and what it expects", Intent::Open),
        (_, Some(_)) if job.is_some_and(super::Job::running) => ("progress", "what the job says", Intent::Output),
        (_, Some(action)) if action.never => ("copy", "the chosen command without borders, to be copied", Intent::Copy),
        (_, Some(_)) if !guided => {
            ("to type", "the chosen command without borders, to be typed or pasted", Intent::Copy)
        }
        (_, None) if way.is_some() => ("check", "read the checks again now", Intent::CheckNow),
        (_, Some(_)) if job.is_some() => ("run again", "run the chosen command again", Intent::Run),
        (_, Some(_)) => ("run", "run the chosen command", Intent::Run),
        (_, None) if drills => ("drill", "open the failover drill", Intent::Drill),
        (_, None) => ("next", "the next step", Intent::Next),
    };
    // While the page is being prepared Enter does nothing: it is meant for the page.
    if page.is_some() {
        all.push(bind("Enter", enter.0, enter.1, 200, &[(Key::Enter, enter.2)]));
    }
    if guided && fixable(model, screen) {
        all.push(one('f', "fix", "run the command that mends the failing check", 195, Intent::Fix));
    }
    if action.is_some_and(|action| !action.never) {
        all.push(one('v', "dry run", "what the chosen command would send", 150, Intent::Preview));
    }
    all.push(one('c', "check", "read the checks again now", 140, Intent::CheckNow));
    all.push(bind(
        "n/p",
        "step",
        "the next step, the step before",
        180,
        &[(Key::Char('n'), Intent::Next), (Key::Char('p'), Intent::Previous)],
    ));
    if way.is_some() {
        let help = "another way: the guide does it, you type it, or only the goal is shown";
        all.push(one('w', "way", help, if guided { 103 } else { 148 }, Intent::Way));
    }
    if page.is_some_and(|page| !model.hints_now(page).is_empty()) {
        all.push(one('h', "hint", "a hint; again: the next level", 145, Intent::Hint));
    }
    if guided && page.is_some_and(|page| page.solution.len() > 1) {
        all.push(one('a', "run all", "run all commands of the step in order", 110, Intent::RunSolution));
    }
    if job.is_some() {
        let failed = job.is_some_and(|job| matches!(job.state, super::JobState::Failed(_)));
        let rank = if failed { 190 } else { 105 };
        all.push(one('o', "output", "what the last run said and printed", rank, Intent::Output));
    }
    if guided && action.is_some_and(|action| action.undo.is_some() && !action.never) {
        all.push(one('u', "undo", "run the command that undoes the chosen one", 70, Intent::Undo));
    }
    if way != Some(Way::Challenge) {
        all.push(one('y', "copy", "the commands without borders, to be copied", 100, Intent::Copy));
    }
    all.push(panes("pane", 95));
    let arrows = match screen.pane {
        Pane::Action if visible > 1 => "command",
        Pane::Checks => "check",
        Pane::Action | Pane::Read => "scroll",
    };
    all.push(moves(arrows, 40));
    all.push(one('r', "resources", "both Regions as they are now", 85, Intent::Resources));
    all.push(one('d', "drill", "the failover drill", if drills { 115 } else { 20 }, Intent::Drill));
    all.push(one('l', "steps", "the module's steps, to go to one", 60, Intent::Steps));
    all.push(back("modules", 90));
    common(model, &mut all);
    all
}

/// Whether a failing check of the step offers a fence.
fn fixable(model: &Model, screen: &StepScreen) -> bool {
    super::update::offered_fix(model, screen).is_some()
}

fn resources(model: &Model, screen: &ResourcesScreen) -> Vec<Binding> {
    let mut all = Vec::new();
    if screen.typing {
        all.push(bind("Enter", "keep filter", "keep the filter and go back to the list", 200, &[]));
        all.push(bind("Esc", "no filter", "show everything again", 190, &[]));
        return all;
    }
    all.push(bind(
        "Enter",
        "detail",
        "everything known about the chosen resource (also o)",
        200,
        &[(Key::Enter, Intent::Open), (Key::Char('o'), Intent::Open)],
    ));
    all.push(moves("select", 190));
    all.push(panes("Region", 180));
    all.push(one('/', "filter", "show only what contains a text", 150, Intent::Search));
    all.push(one('s', if model.paused { "go on" } else { "pause" }, "keep this picture, or go on", 140, Intent::Pause));
    all.push(one('c', "read now", "read both Regions again now", 100, Intent::CheckNow));
    all.push(one('d', "drill", "the failover drill", 60, Intent::Drill));
    all.push(back("back", 160));
    common(model, &mut all);
    all
}

fn drill(model: &Model) -> Vec<Binding> {
    let mut all = Vec::new();
    match model.drill.state {
        DrillState::Idle => {
            all.push(bind(
                "Space",
                "start",
                "start the drill with the chosen fault (also Enter)",
                200,
                &[(Key::Char(' '), Intent::Arm), (Key::Enter, Intent::Arm)],
            ));
            all.push(moves("fault", 190));
        }
        DrillState::Predict => {
            all.push(bind("0-9 Enter", "your guess", "type your guess of the recovery time, then Enter", 200, &[]));
            all.push(one(' ', "abort", "stop before anything is broken", 190, Intent::Arm));
            all.push(moves("log", 0));
        }
        DrillState::Running | DrillState::Failback => {
            all.push(one(' ', "abort", "undo the fault and stop measuring", 190, Intent::Arm));
            all.push(moves("log", 0));
        }
        DrillState::Frozen => {
            all.push(one('e', "export", "write the report", 185, Intent::Export));
            // One Region is mended before the next is broken.
            if model.drill.broken.is_none() {
                all.push(one(' ', "new drill", "clear the screen for another drill", 150, Intent::Arm));
            }
            all.push(moves("log", 0));
        }
    }
    for binding in &mut all {
        if binding.show == " " {
            binding.show = String::from("Space");
        }
    }
    if matches!(model.drill.state, DrillState::Running | DrillState::Frozen) && model.drill.broken.is_some() {
        all.push(one('b', "fail back", "undo the fault and measure the return", 195, Intent::FailBack));
    }
    all.push(one('r', "resources", "both Regions as they are now", 60, Intent::Resources));
    all.push(back("back", 100));
    common(model, &mut all);
    for binding in &mut all {
        if binding.label == "speed" {
            binding.rank = 160;
        }
    }
    all
}

fn close(label: &str, rank: u8) -> Binding {
    let mut binding = dismiss(label, rank);
    binding.keys.push((Key::Enter, Intent::Close));
    binding.help = "close this (also q, Enter and Backspace)";
    binding
}

/// As `close`, where Enter means something else.
fn dismiss(label: &str, rank: u8) -> Binding {
    let keys = [(Key::Esc, Intent::Close), (Key::Char('q'), Intent::Close), (Key::Backspace, Intent::Close)];
    bind("Esc", label, "close this (also q and Backspace)", rank, &keys)
}

fn overlay_bindings(overlay: &Overlay) -> Vec<Binding> {
    let help = one('?', "close", "close this", 0, Intent::Close);
    match overlay {
        Overlay::Help { .. } => vec![close("close", 200), help, moves("scroll", 100), paging()],
        Overlay::Message { .. } => vec![close("close", 200), help],
        Overlay::Text { .. } => vec![
            close("close", 200),
            moves("scroll", 100),
            paging(),
            one('y', "copy", "this text without borders, to be copied", 150, Intent::Copy),
        ],
        Overlay::Copy { .. } => vec![close("close", 200), moves("scroll", 100), paging()],
        Overlay::Hint { .. } => vec![
            one('h', "next hint", "the next level", 200, Intent::Hint),
            close("close", 190),
            moves("scroll", 100),
            paging(),
        ],
        Overlay::Steps { .. } => vec![
            bind("Enter", "go", "go to the step", 200, &[(Key::Enter, Intent::Open)]),
            moves("select", 190),
            dismiss("close", 180),
            paging(),
        ],
        Overlay::Palette { .. } => vec![
            bind("Enter", "do it", "do what is chosen", 200, &[]),
            bind("↑↓", "select", "move", 190, &[]),
            bind("Esc", "close", "close this", 180, &[]),
        ],
        Overlay::Confirm(confirm) => confirm_bindings(confirm),
    }
}

fn confirm_bindings(confirm: &super::Confirm) -> Vec<Binding> {
    if matches!(confirm.gate, Gate::Word { .. }) {
        return vec![
            bind("Enter", "do it", "once the word stands there", 200, &[]),
            bind("Esc", "no", "do nothing (also Backspace on the empty field)", 190, &[]),
        ];
    }
    let mut all = vec![bind("y", "yes", "do it", 200, &[(Key::Char('y'), Intent::Yes)])];
    if let Some((key, label, _)) = &confirm.other {
        all.push(one(*key, label, "the other way on", 190, Intent::Other));
    }
    // Enter is left out: pressed twice by habit it would answer a question nobody read.
    let keys = [
        (Key::Esc, Intent::Close),
        (Key::Char('n'), Intent::Close),
        (Key::Char('q'), Intent::Close),
        (Key::Backspace, Intent::Close),
    ];
    all.push(bind("n", "no", "do nothing (also Esc, q and Backspace)", 195, &keys));
    all
}
