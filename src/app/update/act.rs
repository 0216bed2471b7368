//! What a learner can ask for: open, run, mend, undo, drill. Everything that changes AWS passes through `ask` here.

use crate::content::model::{Confirmation, StepKind};
use crate::domain::{Effect as Does, Outcome, Role, Way};

use super::super::drill::{DrillState, DrillView};
use super::super::job::{Job, JobId, JobState};
use super::super::model::{DrillScreen, Model, Pane, ResourcesScreen, Screen, StepScreen};
use super::super::msg::{Effect, Watched};
use super::super::overlay::{Confirm, Gate, Overlay, Then};
use super::super::page::{ActionView, Page};
use super::super::stuck::Stuck;
use super::notice;

/// The drill's speed in the sandbox; slow enough to follow (architecture, section Time).
const DRILL_SPEED: f64 = 5.0;

/// The speeds that `+` and `-` go through, simulated seconds per second.
const SPEEDS: [f64; 7] = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0];

/// Jobs that ended are forgotten beyond this many.
const KEPT_JOBS: usize = 64;

/// Puts a step on the screen.
pub(in crate::app) fn open_step(model: &mut Model, module: usize, step: usize) -> Vec<Effect> {
    let Some((module_id, step_id)) = ids(model, module, step) else { return Vec::new() };
    // What an earlier visit saw may be old by now; nothing may be run or called done because of it.
    if let Some(outline) = model.modules.get(module).and_then(|module| module.steps.get(step)) {
        for check in &outline.checks {
            model.checks.remove(check);
        }
    }
    let kind = model.modules.get(module).and_then(|module| module.steps.get(step)).map(|step| step.kind);
    model.cleaning |= kind == Some(StepKind::CleanUp);
    model.selected = module;
    model.stuck = Stuck::default();
    model.screens = vec![Screen::Step(StepScreen { module, step, follow: false, ..StepScreen::default() })];
    choose_open_action(model);
    vec![
        Effect::OpenStep { module: module_id.clone(), step: step_id.clone() },
        Effect::SaveProgress { module: module_id, step: step_id.clone() },
        Effect::Watch(Watched::Step(step_id)),
    ]
}

fn ids(model: &Model, module: usize, step: usize) -> Option<(String, String)> {
    let module = model.modules.get(module)?;
    Some((module.id.clone(), module.steps.get(step)?.id.clone()))
}

/// Chooses the first visible fence that has not run well yet.
pub(super) fn choose_open_action(model: &mut Model) {
    let Some(page) = model.page() else { return };
    let done = |action: &ActionView| {
        let job = model.job_for(&page.step, Some(&action.id));
        action.never || job.is_some_and(|job| job.state == JobState::Done)
    };
    let count = page.visible().count();
    let next = page.visible().position(|action| !done(action)).unwrap_or(count.saturating_sub(1));
    if let Some(screen) = model.step_screen_mut() {
        screen.action = next;
    }
}

/// Opens a module at a step, or asks when facts that it needs do not hold.
pub(super) fn enter_module(model: &mut Model, module: usize, step: Option<usize>) -> Vec<Effect> {
    let Some(outline) = model.modules.get(module) else { return Vec::new() };
    let at = step.unwrap_or_else(|| model.next_step(outline));
    if outline.steps.is_empty() {
        notice(model, "This module has no steps.");
        return Vec::new();
    }
    let missing: Vec<_> = model.missing(outline).cloned().collect();
    if missing.is_empty() || model.overridden.contains(&outline.id) {
        return open_step(model, module, at);
    }
    let plan = missing
        .iter()
        .map(|need| match &need.given_by {
            Some((_, step, title)) => format!("needs {} · given by {step}: {title}", need.fact),
            None => format!("needs {}", need.fact),
        })
        .chain([String::from("Steps may fail without it. Entering anyway is recorded.")])
        .collect();
    let giver = missing.iter().find_map(|need| need.given_by.clone());
    let confirm = Confirm {
        title: format!("Enter Module {} although something is missing?", outline.number),
        plan,
        commands: Vec::new(),
        gate: Gate::Key,
        then: Then::EnterAnyway { module, step: at },
        other: giver.map(|(module, step, _)| ('g', String::from("go there"), Then::GoTo { module, step })),
        danger: false,
    };
    model.overlays.push(Overlay::Confirm(confirm));
    Vec::new()
}

/// Goes to the step after or before; a step without checks is done when it is left forwards.
pub(super) fn turn(model: &mut Model, forward: bool) -> Vec<Effect> {
    let Some((module, step)) = model.step_screen().map(|screen| (screen.module, screen.step)) else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    let count = model.modules.get(module).map_or(0, |outline| outline.steps.len());
    if forward {
        if let Some(outline) = model.modules.get(module).and_then(|module| module.steps.get(step))
            && outline.checks.is_empty()
            && !model.read.contains(&outline.id)
        {
            let id = outline.id.clone();
            model.read.insert(id.clone());
            effects.push(Effect::StepRead { step: id });
        }
        if step + 1 < count {
            effects.extend(open_step(model, module, step + 1));
        } else if module + 1 < model.modules.len() {
            effects.extend(enter_module(model, module + 1, Some(0)));
        } else {
            notice(model, "This is the last step of the workshop.");
        }
    } else if step > 0 {
        effects.extend(open_step(model, module, step - 1));
    } else if module > 0 {
        let last = model.modules.get(module - 1).map_or(0, |outline| outline.steps.len().saturating_sub(1));
        effects.extend(enter_module(model, module - 1, Some(last)));
    } else {
        notice(model, "This is the first step.");
    }
    effects
}

/// Shows the resources or the drill over what is there.
pub(super) fn show(model: &mut Model, screen: Screen) -> Vec<Effect> {
    let watch = match screen {
        Screen::Resources(_) => Watched::Resources,
        Screen::Drill(_) => Watched::Drill,
        Screen::Step(_) => return Vec::new(),
    };
    if matches!(model.screens.last(), Some(Screen::Resources(_) | Screen::Drill(_))) {
        model.screens.pop();
    }
    model.screens.push(screen);
    vec![Effect::Watch(watch)]
}

pub(super) fn show_resources(model: &mut Model) -> Vec<Effect> {
    show(model, Screen::Resources(ResourcesScreen::default()))
}

pub(super) fn show_drill(model: &mut Model) -> Vec<Effect> {
    let wanted = model
        .step_screen()
        .and_then(|screen| model.modules.get(screen.module)?.steps.get(screen.step))
        .and_then(|step| step.drills.first().cloned());
    let fault = wanted.and_then(|name| model.drill.faults.iter().position(|fault| fault.name == name)).unwrap_or(0);
    show(model, Screen::Drill(DrillScreen { fault, ..DrillScreen::default() }))
}

/// Leaves the screen.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    if matches!(model.screens.pop(), Some(Screen::Drill(_))) && !model.drill.state.active() {
        effects.extend(restore_speed(model));
    }
    let watch = match model.screens.last() {
        None => Watched::Home,
        Some(Screen::Resources(_)) => Watched::Resources,
        Some(Screen::Drill(_)) => Watched::Drill,
        Some(Screen::Step(screen)) => {
            ids(model, screen.module, screen.step).map_or(Watched::Home, |(_, step)| Watched::Step(step))
        }
    };
    effects.push(Effect::Watch(watch));
    effects
}

/// The chosen fence of the step on the screen.
pub(super) fn chosen(model: &Model) -> Option<(&Page, &ActionView)> {
    let screen = model.step_screen()?;
    let page = model.page()?;
    Some((page, page.visible().nth(screen.action)?))
}

/// The fence that the first failing check (the chosen one first) offers.
pub(in crate::app) fn offered_fix(model: &Model, screen: &StepScreen) -> Option<String> {
    let page = model.page()?;
    let start = if screen.pane == Pane::Checks { screen.check } else { 0 };
    let order = page.checks.iter().skip(start).chain(page.checks.iter().take(start));
    order.filter_map(|check| model.checks.get(&check.id)).find_map(|seen| match &seen.value {
        Outcome::Fail { cause } => {
            let fix = cause.fix.as_deref()?;
            page.action(fix).filter(|action| !action.never).map(|action| action.id.clone())
        }
        _ => None,
    })
}

/// Changes to the next way of doing steps. It stays so for the steps that follow.
pub(super) fn change_way(model: &mut Model) -> Vec<Effect> {
    if model.way_here().is_none() {
        return Vec::new();
    }
    model.way = model.way.next();
    if let Some(screen) = model.step_screen_mut() {
        screen.scroll = 0;
    }
    let says = match model.way {
        Way::Guided => "The guide runs the commands.",
        Way::Typed => "You type the commands in a shell of your own; the checks see it.",
        Way::Challenge => "Only the goal is shown. h gives hints; the checks see what you do.",
    };
    notice(model, says);
    vec![Effect::WayChosen(model.way)]
}

/// Runs an action of the step on the screen, or asks first.
pub(super) fn run(model: &mut Model, action: &str) -> Vec<Effect> {
    let Some(page) = model.page() else { return Vec::new() };
    let Some(action) = page.action(action).cloned() else { return Vec::new() };
    if action.never {
        notice(model, "This one is to be read. y copies it.");
        return Vec::new();
    }
    let step = page.step.clone();
    if model.jobs.iter().any(|job| job.step == step && job.action.as_deref() == Some(&action.id) && job.running()) {
        notice(model, "It is running already. Esc cancels it.");
        return Vec::new();
    }
    let then = Then::Run { step, action: action.id.clone() };
    ask(model, &[action], then)
}

/// Runs the solution of the step on the screen, or asks first.
pub(super) fn run_solution(model: &mut Model) -> Vec<Effect> {
    let Some(page) = model.page() else { return Vec::new() };
    let step = page.step.clone();
    let actions: Vec<ActionView> = page.solution.iter().filter_map(|id| page.action(id)).cloned().collect();
    if actions.is_empty() {
        notice(model, "Nothing on this step runs by itself.");
        return Vec::new();
    }
    if model.jobs.iter().any(|job| job.step == step && job.running()) {
        notice(model, "A command of this step is running. Esc cancels it.");
        return Vec::new();
    }
    ask(model, &actions, Then::Solution { step })
}

/// Does it at once, or puts the plan and the question on the screen, as the strictest action demands.
fn ask(model: &mut Model, actions: &[ActionView], then: Then) -> Vec<Effect> {
    let strictest = actions.iter().map(ActionView::confirmation).max().unwrap_or(Confirmation::Auto);
    if strictest == Confirmation::Auto {
        return carry_out(model, then);
    }
    let danger = actions.iter().any(|action| matches!(action.effect, Does::Delete | Does::Fault));
    let gate = match strictest {
        Confirmation::TypeName => {
            let word = actions.iter().find(|action| action.confirmation() == strictest).map(|action| &action.word);
            let word = word.filter(|word| !word.is_empty()).cloned().unwrap_or_else(|| String::from("yes"));
            Gate::Word { word, typed: String::new() }
        }
        Confirmation::Ask | Confirmation::Auto => Gate::Key,
    };
    let plan = actions.iter().map(|action| plan_line(model, action)).collect();
    let title = match actions {
        [action] => format!("Run {}?", action.title()),
        more => format!("Run {} commands?", more.len()),
    };
    let commands = actions.iter().flat_map(|action| action.commands.iter().cloned()).collect();
    model.overlays.push(Overlay::Confirm(Confirm { title, plan, commands, gate, then, other: None, danger }));
    Vec::new()
}

/// `delete in R2 ap-southeast-1 · about 5 min · can be undone`.
fn plan_line(model: &Model, action: &ActionView) -> String {
    let place = match action.role {
        Some(role) => format!("in {} {}", role.label(), model.regions.of(role)),
        None if action.commands.iter().any(|command| command.starts_with("workshop ")) => {
            String::from("in both Regions")
        }
        None => String::from("in a global service"),
    };
    let time = action.expected.map_or(String::new(), |time| format!(" · about {}", crate::domain::time::spell(time)));
    let undo = if action.undo.is_some() { " · u undoes it" } else { " · no undo" };
    let undo = if action.effect == Does::Read { "" } else { undo };
    format!("{} {place}{time}{undo}", action.effect.word())
}

/// What a question decided, or what needed none.
pub(super) fn carry_out(model: &mut Model, then: Then) -> Vec<Effect> {
    match then {
        Then::Run { step, action } => {
            let Some(view) = model.pages.get(&step).and_then(|page| page.action(&action)).cloned() else {
                return Vec::new();
            };
            let job = start_job(model, &step, Some(&view.id), view.title(), view.effect, view.role);
            vec![Effect::RunAction { job, step, action: view.id }]
        }
        Then::Solution { step } => {
            let Some(page) = model.pages.get(&step) else { return Vec::new() };
            let actions: Vec<&ActionView> = page.solution.iter().filter_map(|id| page.action(id)).collect();
            let effect = actions.iter().map(|action| action.effect).max().unwrap_or(Does::Read);
            let title = format!("all {} commands", actions.len());
            let job = start_job(model, &step, None, title, effect, None);
            vec![Effect::RunSolution { job, step }]
        }
        Then::Cancel(job) => cancel(model, job),
        Then::EnterAnyway { module, step } => {
            let Some(outline) = model.modules.get(module) else { return Vec::new() };
            let id = outline.id.clone();
            let missing = model.missing(outline).map(|need| need.fact.clone()).collect();
            model.overridden.insert(id.clone());
            let mut effects = vec![Effect::EnterModuleOverride { module: id, missing }];
            effects.extend(open_step(model, module, step));
            effects
        }
        Then::GoTo { step, .. } => match model.place_of(&step) {
            Some((module, step)) => enter_module(model, module, Some(step)),
            None => Vec::new(),
        },
        Then::StartDrill { fault, alone } => start_drill(model, fault, alone),
        Then::AbortDrill => vec![Effect::AbortDrill],
        Then::FailBack => {
            let mut effects = slow_down(model);
            effects.push(Effect::FailBack);
            effects
        }
        Then::Leave => leave(model),
        Then::Quit => {
            model.quitting = true;
            vec![Effect::Quit]
        }
    }
}

fn start_job(
    model: &mut Model,
    step: &str,
    action: Option<&str>,
    title: String,
    effect: Does,
    role: Option<Role>,
) -> JobId {
    let id = JobId(model.next_job);
    model.next_job += 1;
    model.jobs.push(Job {
        id,
        step: step.to_owned(),
        action: action.map(str::to_owned),
        title,
        effect,
        role,
        state: JobState::Running,
        lines: Vec::new(),
        doing: String::new(),
        percent: None,
        output: String::new(),
        started: model.now,
        ended: None,
    });
    while model.jobs.len() > KEPT_JOBS {
        let Some(oldest) = model.jobs.iter().position(|job| !job.running()) else { break };
        model.jobs.remove(oldest);
    }
    id
}

/// Asks the engine to stop a job.
pub(super) fn cancel(model: &mut Model, id: JobId) -> Vec<Effect> {
    match model.jobs.iter_mut().find(|job| job.id == id) {
        Some(job) if job.state == JobState::Running => {
            job.state = JobState::Cancelling;
            vec![Effect::CancelJob(id)]
        }
        _ => Vec::new(),
    }
}

/// Another speed of simulated time, by steps, or real time.
pub(super) fn change_speed(model: &mut Model, faster: Option<bool>) -> Vec<Effect> {
    if !model.simulated() {
        return Vec::new();
    }
    let now = model.world.speed;
    let next = match faster {
        None => Some(1.0),
        Some(true) => SPEEDS.into_iter().find(|speed| *speed > now),
        Some(false) => SPEEDS.into_iter().rev().find(|speed| *speed < now),
    };
    let Some(next) = next else {
        notice(model, format!("×{now} is as far as it goes."));
        return Vec::new();
    };
    notice(model, format!("Simulated time runs at ×{next}."));
    set_speed(model, next)
}

fn set_speed(model: &mut Model, speed: f64) -> Vec<Effect> {
    model.world.speed = speed;
    vec![Effect::SetSpeed(speed)]
}

fn slow_down(model: &mut Model) -> Vec<Effect> {
    if !model.simulated() || model.world.speed <= DRILL_SPEED {
        return Vec::new();
    }
    model.speed_before_drill.get_or_insert(model.world.speed);
    set_speed(model, DRILL_SPEED)
}

/// Back to the speed before the drill.
pub(super) fn restore_speed(model: &mut Model) -> Vec<Effect> {
    match model.speed_before_drill.take() {
        Some(speed) => set_speed(model, speed),
        None => Vec::new(),
    }
}

fn start_drill(model: &mut Model, fault: String, alone: bool) -> Vec<Effect> {
    if let Some(Screen::Drill(screen)) = model.screens.last_mut() {
        screen.guess.clear();
    }
    let mut effects = slow_down(model);
    effects.push(Effect::StartDrill { fault, alone });
    effects
}

/// Space on the drill screen: start, or stop what runs.
pub(super) fn arm(model: &mut Model) -> Vec<Effect> {
    if model.drill.state.active() {
        let confirm = Confirm {
            title: String::from("Abort the drill?"),
            plan: vec![
                String::from("The fault is undone and measuring stops."),
                String::from("The verdict will be INCONCLUSIVE."),
            ],
            commands: Vec::new(),
            gate: Gate::Key,
            then: Then::AbortDrill,
            other: None,
            danger: false,
        };
        model.overlays.push(Overlay::Confirm(confirm));
        return Vec::new();
    }
    if model.drill.state == DrillState::Frozen {
        if model.drill.broken.is_some() {
            notice(model, "Fail back first (b): one Region is still broken.");
            return Vec::new();
        }
        let done = std::mem::take(&mut model.drill);
        model.drill = DrillView { faults: done.faults, budget: done.budget, ..DrillView::default() };
        let mut effects = restore_speed(model);
        effects.push(Effect::ResetDrill);
        return effects;
    }
    let Some(Screen::Drill(screen)) = model.screen() else { return Vec::new() };
    let Some(fault) = model.drill.faults.get(screen.fault).cloned() else {
        notice(model, "There is no fault to start.");
        return Vec::new();
    };
    if let Err(why) = &fault.ready {
        let text = format!("Not yet: {why}");
        notice(model, text);
        return Vec::new();
    }
    let on_aws = !model.simulated();
    let gate = if on_aws { Gate::Word { word: fault.name.clone(), typed: String::new() } } else { Gate::Key };
    let confirm = Confirm {
        title: format!("Start the drill: {}?", fault.title),
        plan: fault.plan.clone(),
        commands: Vec::new(),
        gate,
        then: Then::StartDrill { fault: fault.name, alone: false },
        other: None,
        danger: true,
    };
    model.overlays.push(Overlay::Confirm(confirm));
    Vec::new()
}

/// The second word of a drill that nothing but this program would mend.
const ALONE: &str = "unguarded";

/// Asks again, with a word, before a drill that nothing but this program would mend.
pub(in crate::app) fn ask_unguarded(model: &mut Model, fault: String, why: &str) -> Vec<Effect> {
    let confirm = Confirm {
        title: "Start the drill without a dead man's switch?".to_owned(),
        plan: vec![
            format!("no schedule could be made that mends the fault: {why}"),
            "if this program dies, what it broke stays broken until it is started again".to_owned(),
        ],
        commands: Vec::new(),
        gate: Gate::Word { word: ALONE.to_owned(), typed: String::new() },
        then: Then::StartDrill { fault, alone: true },
        other: None,
        danger: true,
    };
    model.overlays.push(Overlay::Confirm(confirm));
    restore_speed(model)
}

/// `b` on the drill screen.
pub(super) fn fail_back(model: &mut Model) -> Vec<Effect> {
    let region = model.drill.broken.map_or(String::new(), |role| format!(" to {}", role.label()));
    let confirm = Confirm {
        title: format!("Fail back{region}?"),
        plan: vec![String::from("The fault is undone, and the return is measured.")],
        commands: Vec::new(),
        gate: Gate::Key,
        then: Then::FailBack,
        other: None,
        danger: false,
    };
    model.overlays.push(Overlay::Confirm(confirm));
    Vec::new()
}
