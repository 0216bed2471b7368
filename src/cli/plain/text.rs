//! The model as lines of text: what the screens show, for screen readers, logs and pipes.

use std::fmt::Write as _;

use crate::app::drill::{DrillView, Gap};
use crate::app::{
    CheckTitle, Gate, Job, JobState, Model, ModuleStatus, Overlay, Page, Screen, StepScreen, StepStatus, bindings,
};
use crate::content::model::Help;
use crate::domain::drill::SlotResult;
use crate::domain::text::printable;
use crate::domain::time::spell;
use crate::domain::{Outcome, Role, Way};

/// Lines are at most that wide (design/tui.md: text measure of 88 columns).
const MEASURE: usize = 88;

/// What is shown now, in full: the overlay on top, or the screen.
pub(super) fn whole(model: &Model) -> String {
    let text = match model.overlays.last() {
        Some(overlay) => overlay_text(model, overlay),
        None => match model.screen() {
            None => home(model),
            Some(Screen::Step(screen)) => step(model, screen),
            Some(Screen::Resources(_)) => resources(model),
            Some(Screen::Drill(_)) => drill(&model.drill),
        },
    };
    format!("{}\n{}", printable(text.trim_end()), keys(model))
}

/// What can be typed, as on the footer.
fn keys(model: &Model) -> String {
    let mut all = bindings(model);
    all.sort_by_key(|binding| std::cmp::Reverse(binding.rank));
    let words: Vec<String> = all
        .iter()
        .filter(|binding| binding.rank > 0)
        .map(|binding| format!("{}={}", binding.show, binding.label))
        .collect();
    format!("[{}]", words.join("  "))
}

fn home(model: &Model) -> String {
    let (done, all) = model.progress();
    let mut text = format!("{}: {done} of {all} steps done\n", model.title);
    for module in &model.modules {
        let status = match model.module_status(module) {
            ModuleStatus::Done => "done".to_owned(),
            ModuleStatus::InProgress => "in progress".to_owned(),
            ModuleStatus::Open => "open".to_owned(),
            ModuleStatus::Needs(count) => format!("needs {count} facts"),
        };
        let _ = writeln!(
            text,
            "{}. {}: {status}, {} of {} steps, about {}",
            module.number,
            module.title,
            model.done_steps(module),
            module.steps.len(),
            spell(module.time)
        );
        for need in model.missing(module) {
            let giver = need
                .given_by
                .as_ref()
                .map_or(String::new(), |(_, _, title)| format!(" (given by the step \"{title}\")"));
            let _ = writeln!(text, "   needs {}{giver}", need.fact);
        }
    }
    text.push_str("Type a module's number to open it.");
    text
}

fn step(model: &Model, screen: &StepScreen) -> String {
    let Some(outline) = model.modules.get(screen.module).and_then(|module| module.steps.get(screen.step)) else {
        return String::new();
    };
    let module = model.modules.get(screen.module);
    let count = module.map_or(0, |module| module.steps.len());
    let mut text = format!(
        "Module {}, step {} of {count}: {}\n\n",
        module.map_or(0, |module| module.number),
        screen.step + 1,
        outline.title
    );
    let Some(page) = model.pages.get(&outline.id) else {
        text.push_str("The page is being prepared.");
        return text;
    };
    let way = model.way_here();
    if let Some(way) = way {
        let _ = writeln!(text, "{} Way: {}. Type w for another.\n", page.goal, way.words());
    }
    if way == Some(Way::Challenge) {
        return text + &checks(model, page);
    }
    for line in page.document.lines(MEASURE) {
        let _ = writeln!(text, "{}", line.text().trim_end());
    }
    for (index, action) in page.visible().enumerate() {
        let role = action.role.map_or("", Role::label);
        let state = model
            .job_for(&outline.id, Some(&action.id))
            .map_or(if action.never { "to copy" } else { "not run" }, job_word);
        let _ = writeln!(text, "Action {}: {} ({} {role}): {state}", index + 1, action.title(), action.effect.word());
    }
    text.push_str(&checks(model, page));
    match way {
        Some(Way::Typed) => {
            text.push_str("Type an action's number to see its command; type that in a shell of your own.");
        }
        _ if page.visible().count() > 0 => {
            text.push_str("Type an action's number to run it, a to run the whole step.");
        }
        _ => {}
    }
    text
}

fn checks(model: &Model, page: &Page) -> String {
    let line = |check: &CheckTitle| {
        let outcome = model.checks.get(&check.id).map(|seen| &seen.value);
        format!("Check: {}: {}\n", check.title, outcome_words(outcome))
    };
    page.checks.iter().map(line).collect()
}

/// A check's answer in words.
pub(in crate::cli) fn outcome_words(outcome: Option<&Outcome>) -> String {
    match outcome {
        None => "not read yet".to_owned(),
        Some(Outcome::Pending { state, expected, .. }) => {
            let expected = expected.map_or(String::new(), |span| format!(", takes about {}", spell(span)));
            format!("pending ({state}{expected})")
        }
        Some(Outcome::Fail { cause }) => {
            let fix = cause.fix.as_ref().map_or(String::new(), |fix| format!(" Type f to run {fix}."));
            format!("fail. {}{fix}", cause.say)
        }
        Some(Outcome::Unknown { message, .. }) => format!("unknown: {message}"),
        Some(other) => other.word().to_owned(),
    }
}

/// A job's state in a word.
pub(super) fn job_word(job: &Job) -> &'static str {
    match job.state {
        JobState::Running => "running",
        JobState::Cancelling => "stopping",
        JobState::Done => "done",
        JobState::Failed(_) => "failed",
        JobState::Cancelled => "stopped",
    }
}

fn resources(model: &Model) -> String {
    let Some(seen) = &model.resources else { return "Resources: not read yet.".to_owned() };
    let mut text = String::new();
    for role in [Role::Primary, Role::Secondary] {
        let _ = writeln!(text, "{} {}", role.label(), model.regions.of(role));
        for row in seen.value.rows.iter().filter(|row| row.role == role) {
            let raw = if row.raw.is_empty() { String::new() } else { format!(" ({})", row.raw) };
            let _ = writeln!(text, "  {} {}: {}{raw} {}", row.kind, row.name, row.state.word(), row.detail);
        }
    }
    for lag in &seen.value.replication {
        let _ = writeln!(text, "Replication {}: {} (limit {}) {}", lag.store, lag.lag, spell(lag.limit), lag.say);
    }
    for line in &seen.value.unread {
        let _ = writeln!(text, "Could not be read: {line}");
    }
    text
}

/// The drill in full.
pub(super) fn drill(view: &DrillView) -> String {
    let mut text = format!("Failover drill: {}\n", view.state.word());
    for fault in &view.faults {
        let ready = fault.ready.as_ref().err().map_or(String::new(), |why| format!(" (not now: {why})"));
        let _ = writeln!(text, "  fault {}: {}{ready}", fault.name, fault.title);
    }
    let _ = writeln!(text, "{}", drill_line(view));
    for phase in &view.phases {
        let end =
            phase.end.map_or("running".to_owned(), |end| format!("{} s", end.saturating_sub(phase.start).as_secs()));
        let late = if phase.late { ", seen late" } else { "" };
        let _ = writeln!(text, "  phase {}: {end}{late} ({})", phase.phase.word(), phase.say);
    }
    for store in &view.stores {
        let gap = match store.gap {
            Gap::NotExercised => "NOT EXERCISED".to_owned(),
            Gap::Behind { writes, span } => format!("{writes} writes, {:.1} s", span.as_secs_f64()),
        };
        let _ = writeln!(text, "  RPO {}: {gap}", store.name);
    }
    if let Some(trouble) = &view.trouble {
        let _ = writeln!(text, "{} {} {}", trouble.what, trouble.means, trouble.press);
    }
    text
}

/// The drill's instant in one line.
pub(super) fn drill_line(view: &DrillView) -> String {
    let verdict = view.rto.as_ref().map_or(String::new(), |verdict| format!(", RTO {}", verdict.word()));
    let rpo = view.rpo.as_ref().map_or(String::new(), |verdict| format!(", RPO {}", verdict.word()));
    let lanes: Vec<String> = view
        .lanes
        .iter()
        .filter(|lane| lane.direct.is_none())
        .map(|lane| format!("{} {}", lane.journey, lane.cells.last().map_or("-", |cell| cell_word(*cell))))
        .collect();
    format!("{} of {}{verdict}{rpo}; {}", spell(view.elapsed), spell(view.budget), lanes.join(", "))
}

fn cell_word(cell: SlotResult) -> &'static str {
    match cell {
        SlotResult::Ok(Some(role)) => role.label(),
        SlotResult::Ok(None) => "ok",
        SlotResult::Status(_) | SlotResult::Error(_) => "failed",
        SlotResult::Missed => "missed",
    }
}

fn bindings_text(bindings: &[crate::app::Binding]) -> String {
    let lines: Vec<String> = bindings.iter().map(|binding| format!("{}: {}", binding.show, binding.help)).collect();
    lines.join("\n")
}

fn overlay_text(model: &Model, overlay: &Overlay) -> String {
    match overlay {
        Overlay::Help { .. } => bindings_text(&crate::app::screen_bindings(model)),
        Overlay::Confirm(confirm) => {
            let answer = match &confirm.gate {
                Gate::Key => "Type y for yes, n for no.".to_owned(),
                Gate::Word { word, .. } => format!("Type {word} to go on; an empty line goes back."),
            };
            format!("{}\n{}\n{}\n{answer}", confirm.title, confirm.plan.join("\n"), confirm.commands.join("\n"))
        }
        Overlay::Copy { text, .. } => text.clone(),
        Overlay::Text { title, text, .. } => format!("{title}\n{text}"),
        Overlay::Message { title, trouble } => {
            format!("{title}\n{}\n{}\n{}", trouble.what, trouble.means, trouble.press)
        }
        Overlay::Hint { step, level, .. } => {
            let hints = model.pages.get(step).map(|page| model.hints_now(page)).unwrap_or_default();
            let shown = hints.iter().take(*level).map(|hint| match &hint.help {
                Help::Nudge(text) | Help::Look(text) => format!("{text}\n"),
                Help::Show(anchor) => format!("The action {anchor} does it.\n"),
            });
            shown.collect()
        }
        Overlay::Steps { module, .. } => {
            let steps = model.modules.get(*module).map(|module| module.steps.as_slice()).unwrap_or_default();
            let line = |(index, step): (usize, &crate::app::StepOutline)| {
                let status = match model.step_status(step) {
                    StepStatus::Done => "done",
                    StepStatus::Running => "running",
                    StepStatus::Failed => "failed",
                    StepStatus::Open => "open",
                };
                format!("{}. {}: {status}\n", index + 1, step.title)
            };
            steps.iter().enumerate().map(line).collect()
        }
        Overlay::Palette { .. } => bindings_text(&bindings(model)),
    }
}
