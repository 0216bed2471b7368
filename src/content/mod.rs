//! Floor 2: a workshop folder, parsed, linted and compiled into modules, steps, actions and checks.
//!
//! ```no_run
//! use multi_region_workshop::content::{self, Source};
//!
//! match content::load(&Source::Embedded) {
//!     Ok(workshop) => assert_eq!(workshop.modules.len(), 7),
//!     Err(problems) => panic!("{}", problems[0]),
//! }
//! ```

mod assets;
mod diagnostic;
mod duration;
pub mod export;
mod lint;
mod lint_cause;
mod lint_fence;
mod lint_names;
mod lint_page;
pub mod model;
mod new_step;
mod notes;
mod read_check;
mod read_fence;
mod read_module;
mod read_step;
mod read_test;
mod read_workshop;
mod sample;
pub mod schema;
mod source;
mod template;
mod yaml;

pub use assets::{AssetError, Assets, LAMBDA_ARCHIVE, assets};
pub use diagnostic::{Diagnostic, Severity};
pub use model::*;
pub use new_step::{NewStepError, new_step};
pub use sample::{command_effect, command_region};
pub use source::{Source, SourceError};
pub use template::{Bindings, MissingBinding, TemplateError, names};

use std::collections::BTreeSet;

use diagnostic::{Log, Place};
use notes::Notes;
use read_check::Shared;
use read_module::Reading;
use sample::Sample;
use yaml::Document;

/// What compiling a workshop gave.
#[derive(Debug)]
pub struct Compiled {
    /// The workshop; `None` when there is an error among the findings.
    pub workshop: Option<Workshop>,
    /// The tests beside the content.
    pub tests: Vec<WrongAnswer>,
    /// All findings, errors and warnings, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
}

/// The workshop, or every error that keeps it from opening.
pub fn load(source: &Source) -> Result<Workshop, Vec<Diagnostic>> {
    // A learner's run needs no tests, and should not wait until they are read.
    let Compiled { workshop, mut diagnostics, .. } = compiled(source, false);
    diagnostics.retain(|finding| finding.severity == Severity::Error);
    workshop.ok_or(diagnostics)
}

/// Compiles a workshop and lints it.
pub fn compile(source: &Source) -> Compiled {
    compiled(source, true)
}

fn compiled(source: &Source, with_tests: bool) -> Compiled {
    let log = Log::default();
    let (workshop, tests) = read(source, &log, with_tests).unzip();
    let diagnostics = log.into_sorted();
    let broken = diagnostics.iter().any(|finding| finding.severity == Severity::Error);
    Compiled { workshop: workshop.filter(|_| !broken), tests: tests.unwrap_or_default(), diagnostics }
}

fn read(source: &Source, log: &Log, with_tests: bool) -> Option<(Workshop, Vec<WrongAnswer>)> {
    let whole = |file: String| Place::Line { file: file.into(), line: 1, column: 1 };
    let unreadable = |error: SourceError| log.error(&whole(source.label("workshop.yaml")), error.to_string(), None);
    let files = source.content().map_err(unreadable).ok()?;
    let assets = assets(source).map_err(unreadable).ok()?;
    let notes = Notes::default();

    let optional = |path: &str| -> Option<std::rc::Rc<Document>> {
        let text = std::str::from_utf8(files.get(path)?).ok()?;
        Document::parse(&source.label(path).into(), text, 0, log)
    };
    if !files.contains_key("workshop.yaml") {
        let help = "give the folder that holds workshop.yaml, for example --modules modules/bookstore".to_owned();
        log.error(&whole(source.label("workshop.yaml")), "there is no workshop.yaml", Some(help));
        return None;
    }
    let document = optional("workshop.yaml")?;
    let (mut workshop, listed) = read_workshop::workshop(&document.node(log), &notes)?;
    let shared = optional("checks.yaml").map(|document| read_check::shared(&document, log));
    let glossary = optional("glossary.yaml");
    workshop.glossary = glossary.map(|document| read_workshop::glossary(&document.node(log))).unwrap_or_default();

    let sample = Sample::new(&workshop, &assets);
    let shared: Shared = shared.unwrap_or_default();
    let mut modules = Vec::new();
    {
        let (files, notes, shared, workshop) = (&files, &notes, &shared, &workshop);
        let reading = Reading { source, files, log, notes, shared, sample: &sample, workshop };
        for (number, folder) in read_module::folders(files) {
            modules.extend(read_module::module(&reading, number, &folder));
        }
    }
    workshop.modules = modules;
    compare_modules(&workshop, &listed, log, &document);
    let mut tests = Vec::new();
    if with_tests {
        let (files, notes, shared, workshop) = (&files, &notes, &shared, &workshop);
        let reading = Reading { source, files, log, notes, shared, sample: &sample, workshop };
        tests = read_test::all(&reading, workshop);
    }
    lint::Lint { source, workshop: &workshop, notes: &notes, assets: &assets, sample: &sample, log }.run();
    Some((workshop, tests))
}

/// The modules that workshop.yaml lists are those that there are, each once.
fn compare_modules(workshop: &Workshop, listed: &[(String, Place)], log: &Log, document: &std::rc::Rc<Document>) {
    let mut seen = BTreeSet::new();
    for (id, place) in listed {
        if !workshop.modules.iter().any(|module| module.id == *id) {
            let help = "a module is a folder `N-name` with a module.yaml that has this `id`".to_owned();
            log.error(place, format!("there is no module `{id}`"), Some(help));
        }
        seen.insert(id.as_str());
    }
    let place = document.node(log).place();
    let mut ids = BTreeSet::new();
    for module in &workshop.modules {
        if !seen.contains(module.id.as_str()) {
            log.error(&place, format!("`modules` does not list `{}`", module.id), Some("add it".into()));
        }
        if !ids.insert(module.id.as_str()) {
            log.error(&place, format!("two modules have the id `{}`", module.id), None);
        }
    }
}
