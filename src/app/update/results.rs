//! Answers of the engine into the model.

use crate::domain::Resource;

use super::super::job::{JobEvent, JobId, JobState};
use super::super::model::{Model, Screen, Seen};
use super::super::msg::{Effect, Msg};
use super::super::overlay::Overlay;
use super::super::page::ActionView;
use super::super::resources::{Change, ResourcesView};
use super::super::status::StepStatus;
use super::super::stuck;
use super::{act, notice};

/// State changes that are remembered.
const KEPT_CHANGES: usize = 400;

/// Lines of one job's log that are remembered.
const KEPT_LINES: usize = 2000;

/// One answer.
pub(super) fn take(model: &mut Model, answer: Msg) -> Vec<Effect> {
    match answer {
        Msg::Page(page) => {
            let first = !model.pages.contains_key(&page.step);
            model.pages.insert(page.step.clone(), *page);
            if first {
                act::choose_open_action(model);
            }
            clamp_step(model);
        }
        Msg::Check { step, check, outcome, at } => {
            let before = status(model, &step);
            if model.page().is_some_and(|page| page.step == step) {
                model.stuck.answered(&check, &outcome, model.wall);
            }
            model.checks.insert(check, Seen { value: outcome, at, wall: model.wall });
            let after = status(model, &step);
            let here = model.page().is_some_and(|page| page.step == step);
            if here && before != Some(StepStatus::Done) && after == Some(StepStatus::Done) && before.is_some() {
                notice(model, "Step done. n: next step");
            }
            return stuck::help(model);
        }
        Msg::Facts { facts, at } => {
            for (fact, outcome) in facts {
                model.facts.insert(fact, Seen { value: outcome, at, wall: model.wall });
            }
        }
        Msg::Job { job, event } => job_event(model, job, event),
        Msg::Resources(view) => resources(model, view),
        Msg::Unguarded { fault, why } => return act::ask_unguarded(model, fault, &why),
        Msg::Drill(view) => {
            let was = model.drill.state.active();
            let prediction = view.prediction.or(model.drill.prediction.filter(|_| view.state.active()));
            model.drill = *view;
            model.drill.prediction = prediction;
            let on_screen = matches!(model.screen(), Some(Screen::Drill(_)));
            if was && !model.drill.state.active() && !on_screen {
                return act::restore_speed(model);
            }
        }
        Msg::Preview { action, text } => {
            let title =
                model.page().and_then(|page| page.action(&action)).map_or_else(|| action.clone(), ActionView::title);
            model.overlays.push(Overlay::Text { title: format!("Dry run: {title}"), text, scroll: 0 });
        }
        Msg::Text { title, text } => model.overlays.push(Overlay::Text { title, text, scroll: 0 }),
        Msg::Notice(text) => notice(model, text),
        Msg::Trouble { title, trouble } => model.overlays.push(Overlay::Message { title, trouble }),
        Msg::World(world) => model.world = world,
        Msg::Key(_) | Msg::Paste(_) | Msg::Tick { .. } | Msg::Resize { .. } | Msg::Viewports(_) => {}
    }
    Vec::new()
}

fn status(model: &Model, step: &str) -> Option<StepStatus> {
    let (module, step) = model.place_of(step)?;
    let step = model.modules.get(module)?.steps.get(step)?;
    // A first answer changes *not read* to *done*; that is no news.
    let known = step.checks.iter().any(|id| model.checks.contains_key(id));
    known.then(|| model.step_status(step))
}

fn clamp_step(model: &mut Model) {
    let Some((actions, checks)) = model.page().map(|page| (page.visible().count(), page.checks.len())) else {
        return;
    };
    if let Some(screen) = model.step_screen_mut() {
        screen.action = screen.action.min(actions.saturating_sub(1));
        screen.check = screen.check.min(checks.saturating_sub(1));
    }
}

fn job_event(model: &mut Model, id: JobId, event: JobEvent) {
    let here = model.page().map(|page| page.step.clone());
    let Some(job) = model.jobs.iter_mut().find(|job| job.id == id) else { return };
    let title = job.title.clone();
    let elsewhere = here.as_ref() != Some(&job.step);
    let mut news = None;
    let mut done = false;
    match event {
        JobEvent::Started { at } => job.started = at,
        JobEvent::Line(line) => {
            if job.lines.len() >= KEPT_LINES {
                job.lines.remove(0);
            }
            job.lines.push(line);
        }
        JobEvent::Doing(text) => job.doing = text,
        JobEvent::Progress { percent } => job.percent = Some(percent.min(100)),
        JobEvent::Done { at, output } => {
            job.state = JobState::Done;
            job.ended = Some(at);
            job.output = output;
            job.percent = None;
            done = true;
            news = Some(format!("✓ {title} is done."));
        }
        JobEvent::Failed { at, trouble, output } => {
            news = Some(if elsewhere {
                format!("✗ {title} failed on {}: {}", job.step, trouble.what)
            } else {
                format!("✗ {title} failed. o: details")
            });
            job.state = JobState::Failed(trouble);
            job.ended = Some(at);
            job.output = output;
            job.percent = None;
        }
        JobEvent::Cancelled { at } => {
            job.state = JobState::Cancelled;
            job.ended = Some(at);
            job.percent = None;
            news = Some(format!("{title} was cancelled."));
        }
    }
    let follows = done
        && !elsewhere
        && act::chosen(model).is_some_and(|(page, action)| {
            model.job(id).is_some_and(|job| job.step == page.step && job.action.as_deref() == Some(&action.id))
        });
    if follows {
        act::choose_open_action(model);
    }
    if let Some(job) = model.jobs.iter_mut().find(|job| job.id == id && !job.running()) {
        job.doing.clear();
    }
    if let Some(text) = news {
        notice(model, text);
    }
}

fn resources(model: &mut Model, view: ResourcesView) {
    if model.paused {
        return;
    }
    let mut changes = Vec::new();
    if let Some(before) = &model.resources {
        let same = |a: &Resource, b: &Resource| a.role == b.role && a.kind == b.kind && a.name == b.name;
        for row in &view.rows {
            let old = before.value.rows.iter().find(|old| same(old, row));
            if old.is_none_or(|old| old.state != row.state || old.raw != row.raw) {
                changes.push(Change {
                    at: view.at,
                    role: row.role,
                    kind: row.kind.clone(),
                    name: row.name.clone(),
                    state: row.state,
                    raw: row.raw.clone(),
                });
            }
        }
    }
    model.changes.append(&mut changes);
    let surplus = model.changes.len().saturating_sub(KEPT_CHANGES);
    model.changes.drain(..surplus);
    let at = view.at;
    model.resources = Some(Seen { value: view, at, wall: model.wall });
    let rows = super::overlays::rows_of_side(model);
    if let Some(Screen::Resources(screen)) = model.screens.last_mut() {
        screen.selected = screen.selected.min(rows.saturating_sub(1));
    }
}
