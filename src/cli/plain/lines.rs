//! From typed lines to keys, and from changes of the model to lines that have not been told yet.

use std::collections::BTreeMap;
use std::time::Duration;

use super::text::{drill_line, job_word, outcome_words};
use crate::app::{Gate, JobId, JobState, Key, Model, Overlay, Screen};
use crate::domain::Outcome;
use crate::domain::text::printable;

/// What a job is doing is told when it has told nothing else for so long, on the wall.
const QUIET: Duration = Duration::from_secs(10);

/// The keys that a typed line stands for.
///
/// An empty line is Enter. A number chooses a module, or runs an action. A question that wants a word gets the line as
/// it is. Names of keys (`tab`, `esc`) are those keys; anything else is typed as it stands.
pub(super) fn keys_of(model: &Model, line: &str) -> Vec<Key> {
    let line = line.trim();
    if let Some(Overlay::Confirm(confirm)) = model.overlays.last()
        && matches!(confirm.gate, Gate::Word { .. })
    {
        return match line {
            "" => vec![Key::Esc],
            word => word.chars().map(Key::Char).chain([Key::Enter]).collect(),
        };
    }
    // A hint may open while a line is being typed: what is not meant for the hint closes it first.
    let hint = matches!(model.overlays.last(), Some(Overlay::Hint { .. }));
    if hint && !OF_A_HINT.contains(&line) {
        let below = line.parse().map_or_else(|_| named(line), |number| choose(model, number));
        return [Key::Esc].into_iter().chain(below).collect();
    }
    if let (Ok(number), true) = (line.parse::<usize>(), model.overlays.is_empty()) {
        return choose(model, number);
    }
    named(line)
}

/// What can be typed to a hint: the next one, and away with it.
const OF_A_HINT: [&str; 4] = ["h", "q", "", "esc"];

/// A named key, or the keys of the text.
fn named(line: &str) -> Vec<Key> {
    match line {
        "" => vec![Key::Enter],
        "tab" => vec![Key::Tab],
        "esc" => vec![Key::Esc],
        "up" => vec![Key::Up],
        "down" => vec![Key::Down],
        text => text.chars().map(|c| if c == ' ' { Key::Char(' ') } else { Key::Char(c) }).collect(),
    }
}

/// Moves to the numbered module or action, and opens or runs it.
fn choose(model: &Model, number: usize) -> Vec<Key> {
    match model.screen() {
        None => {
            let place = model.modules.iter().position(|module| usize::from(module.number) == number);
            place.map_or_else(Vec::new, |place| moves(Key::Home, place))
        }
        Some(Screen::Step(screen)) => {
            let Some(to) = number.checked_sub(1) else { return Vec::new() };
            let (key, count) =
                if to >= screen.action { (Key::Down, to - screen.action) } else { (Key::Up, screen.action - to) };
            let mut keys = vec![Key::Tab; tabs_to_actions(screen.pane)];
            keys.extend(std::iter::repeat_n(key, count));
            keys.push(Key::Enter);
            keys
        }
        Some(Screen::Drill(_)) => {
            let mut keys = vec![Key::Up; model.drill.faults.len()];
            keys.extend(std::iter::repeat_n(Key::Down, number.saturating_sub(1)));
            keys
        }
        Some(Screen::Resources(_)) => Vec::new(),
    }
}

fn moves(first: Key, down: usize) -> Vec<Key> {
    let mut keys = vec![first];
    keys.extend(std::iter::repeat_n(Key::Down, down));
    keys.push(Key::Enter);
    keys
}

/// How often Tab leads from a pane to the actions.
fn tabs_to_actions(pane: crate::app::Pane) -> usize {
    match pane {
        crate::app::Pane::Read => 1,
        crate::app::Pane::Action => 0,
        crate::app::Pane::Checks => 2,
    }
}

/// What has been told already.
#[derive(Default)]
pub(super) struct Told {
    job_lines: BTreeMap<JobId, usize>,
    job_spoke: BTreeMap<JobId, Duration>,
    job_words: BTreeMap<JobId, &'static str>,
    checks: BTreeMap<String, String>,
    notice: Option<String>,
    drill: String,
    drill_log: usize,
}

impl Told {
    /// A name for what is shown, so that a change of place is noticed.
    pub(super) fn place(model: &Model) -> String {
        let overlay = model.overlays.last().map(std::mem::discriminant);
        let screen = match model.screen() {
            None => "home".to_owned(),
            Some(Screen::Step(step)) => {
                let page = model.page().is_some();
                format!("step {} {} {page}", step.module, step.step)
            }
            Some(Screen::Resources(_)) => format!("resources {}", model.resources.is_some()),
            Some(Screen::Drill(_)) => format!("drill {:?}", model.drill.state),
        };
        format!("{screen} {} {overlay:?}", model.overlays.len())
    }

    /// Lines for what is new: jobs, checks of the step shown, the drill, notices.
    pub(super) fn news(&mut self, model: &Model) -> Vec<String> {
        let mut lines = Vec::new();
        self.jobs(model, &mut lines);
        self.checks(model, &mut lines);
        self.drill(model, &mut lines);
        let notice = model.fresh_notice().map(str::to_owned);
        if notice.is_some() && notice != self.notice {
            lines.extend(notice.clone());
        }
        self.notice = notice;
        lines.iter().map(|line| printable(line)).collect()
    }

    fn jobs(&mut self, model: &Model, lines: &mut Vec<String>) {
        for job in &model.jobs {
            let seen = self.job_lines.entry(job.id).or_insert(0);
            let told = self.job_spoke.entry(job.id).or_insert(model.wall);
            if *seen < job.lines.len() {
                *told = model.wall;
            } else if !job.doing.is_empty() && model.wall.saturating_sub(*told) >= QUIET {
                *told = model.wall;
                lines.push(format!("{} {}: {}", model.now.clock_face(), job.title, job.doing));
            }
            for line in job.lines.iter().skip(*seen) {
                lines.push(format!("{} {}: {}", line.at.clock_face(), job.title, line.text));
            }
            *seen = job.lines.len();
            let word = job_word(job);
            if self.job_words.insert(job.id, word) != Some(word) {
                lines.push(format!("{}: {word}", job.title));
                if let JobState::Failed(trouble) = &job.state {
                    lines.push(format!("{} {} {}", trouble.what, trouble.means, trouble.press));
                }
            }
        }
    }

    fn checks(&mut self, model: &Model, lines: &mut Vec<String>) {
        let Some(page) = model.page() else { return };
        for check in &page.checks {
            let outcome: Option<&Outcome> = model.checks.get(&check.id).map(|seen| &seen.value);
            let words = outcome_words(outcome);
            let before = self.checks.insert(check.id.clone(), words.clone());
            if before.is_some_and(|before| before != words) {
                lines.push(format!("Check: {}: {words}", check.title));
            }
        }
    }

    fn drill(&mut self, model: &Model, lines: &mut Vec<String>) {
        if !matches!(model.screen(), Some(Screen::Drill(_))) {
            return;
        }
        let view = &model.drill;
        let fresh = view.log.len().saturating_sub(self.drill_log);
        let newest: Vec<_> = view.log.iter().take(fresh).collect();
        lines.extend(
            newest.into_iter().rev().map(|line| format!("+{} {}: {}", line.at.as_secs(), line.source, line.text)),
        );
        self.drill_log = view.log.len();
        let line = drill_line(view);
        if view.state.active() && line != self.drill {
            self.drill.clone_from(&line);
            lines.push(line);
        }
    }
}
