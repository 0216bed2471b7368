//! A new step's file: everything a step has, with marks where its author goes on.

use std::path::{Path, PathBuf};

use super::model::Workshop;

/// What stands where the author goes on; the lints name every place of it, in either case.
pub const MARK: &str = "fill-in";

/// The distance between the numbers of two steps, so that another one fits in between.
const APART: u32 = 10;

/// Why there is no new step.
#[derive(Debug, thiserror::Error)]
pub enum NewStepError {
    /// The id is none.
    #[error(
        "'{0}' is no id of a step; write MODULE.NAME in lower-case letters, digits and hyphens, such as m2.backups"
    )]
    Id(String),
    /// No such module.
    #[error("there is no module '{given}'; the workshop has {known}")]
    Module {
        /// What was given.
        given: String,
        /// What there is.
        known: String,
    },
    /// It exists.
    #[error("the workshop has a step '{0}' already; choose another name")]
    Exists(String),
    /// The module has no folder to write into.
    #[error("the module '{0}' has no step yet, so its folder is not known; write its first step by hand")]
    Folder(String),
}

/// Where the step's file belongs, below the workshop's folder, and its text.
pub fn new_step(workshop: &Workshop, id: &str) -> Result<(PathBuf, String), NewStepError> {
    let wrong = || NewStepError::Id(id.to_owned());
    let (module, name) = id.split_once('.').ok_or_else(wrong)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.starts_with('-') || name.ends_with('-') || !name.chars().all(plain) {
        return Err(wrong());
    }
    let found = workshop.modules.iter().find(|known| known.id == module).ok_or_else(|| NewStepError::Module {
        given: module.to_owned(),
        known: workshop.modules.iter().map(|known| known.id.as_str()).collect::<Vec<_>>().join(", "),
    })?;
    if found.steps.iter().any(|step| step.id == id) {
        return Err(NewStepError::Exists(id.to_owned()));
    }
    let last = found.steps.last().ok_or_else(|| NewStepError::Folder(module.to_owned()))?;
    let folder = last.file.parent().unwrap_or_else(|| Path::new(""));
    let number = found.steps.iter().filter_map(|step| number(&step.file)).max().unwrap_or_default() + APART;
    Ok((folder.join(format!("{number:02}-{name}.md")), text(name)))
}

/// `20` of `2-data/20-replica.md`.
fn number(file: &Path) -> Option<u32> {
    file.file_name()?.to_str()?.split('-').next()?.parse().ok()
}

fn text(name: &str) -> String {
    let mut title = name.replace('-', " ");
    if let Some(first) = title.get(..1).map(str::to_uppercase) {
        title.replace_range(..1, &first);
    }
    let skeleton = include_str!("new_step.md");
    skeleton.replace("NAME", name).replace("TITLE", &title)
}
