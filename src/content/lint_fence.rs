//! What learners would stumble over in a fence: its width, literals, a missing Region or undo.

use super::diagnostic::Place;
use super::lint::Lint;
use super::model::Action;
use super::notes::FenceUse;
use super::sample;
use crate::domain::Effect;
use crate::domain::region::known_regions;
use crate::domain::text::nearest;
use crate::protocol::{Command, Scope, operation_by_cli};

/// The widest line that fits beside the markers of a page at 80 columns.
const WIDEST: usize = 76;

/// All checks of fences.
pub(super) fn run(lint: &Lint<'_>) {
    let actions = lint.workshop.modules.iter().flat_map(|module| &module.steps).flat_map(|step| &step.actions);
    let fences = lint.notes.fences.borrow();
    for action in actions {
        let Some(fence) = fences.iter().find(|fence| fence.action == action.id) else { continue };
        lines(lint, fence);
        about(lint, fence, action);
    }
}

fn place(fence: &FenceUse, below: usize) -> Place {
    Place::Line { file: fence.file.clone(), line: fence.line + below, column: 1 }
}

fn lines(lint: &Lint<'_>, fence: &FenceUse) {
    let mut command = false;
    for (index, line) in fence.text.lines().enumerate() {
        let at = place(fence, index + 1);
        command = line.starts_with("$ ") || (command && index > 0);
        let width = lint.sample.render(line).chars().count();
        if width > WIDEST {
            let help = "break the line with ` \\`".to_owned();
            lint.log.warning(&at, format!("the line is {width} columns wide; {WIDEST} fit"), Some(help));
        }
        if !command {
            continue;
        }
        literals(lint, line, &at);
        command = line.trim_end().ends_with('\\');
    }
}

fn literals(lint: &Lint<'_>, line: &str, at: &Place) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let words = || line.split(|c: char| !word(c));
    if let Some(region) = words().find(|word| known_regions().any(|known| known == *word)) {
        let help = "write `{{ region.primary }}`, `{{ region.secondary }}` or `{{ region.global }}`".to_owned();
        lint.log.warning(at, format!("the Region `{region}` is written out"), Some(help));
    }
    let digits = || line.split(|c: char| !c.is_ascii_alphanumeric());
    if let Some(account) = digits().find(|word| word.len() == 12 && word.chars().all(|c| c.is_ascii_digit())) {
        let help = "read it from the account with an output".to_owned();
        lint.log.warning(at, format!("the account id `{account}` is written out"), Some(help));
    }
    let placeholder = line.split('<').skip(1).find_map(|rest| {
        let inside = rest.split_once('>')?.0;
        (!inside.is_empty() && inside.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == '-')).then_some(inside)
    });
    if let Some(placeholder) = placeholder {
        lint.log.warning(
            at,
            format!("`<{placeholder}>` has to be edited before it runs"),
            Some("use a template name".into()),
        );
    }
}

fn about(lint: &Lint<'_>, fence: &FenceUse, action: &Action) {
    let at = place(fence, 0);
    if action.effect == Effect::Create && action.undo.is_none() {
        let help = "add `undo=#…`, or let the clean-up module remove it and name that fence".to_owned();
        lint.log.warning(&at, format!("`#{}` creates something and has no `undo`", action.anchor), Some(help));
    }
    for template in &action.commands {
        let Ok(command) = lint.sample.parse(template) else { continue };
        copied(lint, &command, &at);
        let global = match &command {
            Command::Operation(operation) => {
                operation_by_cli(&operation.service, &operation.name).is_some_and(|spec| spec.scope == Scope::Global)
            }
            _ => false,
        };
        if sample::command_region(&command).is_empty() && !global {
            let help = "add `--region {{ region.primary }}` or `--region {{ region.secondary }}`".to_owned();
            lint.log.warning(&at, format!("a command of `#{}` names no Region", action.anchor), Some(help));
        }
    }
}

/// What a fence copies from the workspace is an asset.
fn copied(lint: &Lint<'_>, command: &Command, at: &Place) {
    let from = match command {
        Command::S3Copy(copy) if copy.to.starts_with("s3://") => &copy.from,
        Command::S3Sync(sync) if sync.to.starts_with("s3://") => &sync.from,
        _ => return,
    };
    if !from.starts_with("s3://") && !lint.assets.has(from.trim_start_matches("./")) {
        let names = lint.assets.names();
        let near = nearest(from, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        lint.log.error(at, format!("the workshop has no asset `{from}`"), near.or(Some("put it into assets/".into())));
    }
}
