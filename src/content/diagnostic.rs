//! What the loader and the lints say about a workshop's files.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use super::yaml::{Document, Segment};

/// Whether a workshop with this finding can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot be opened.
    Error,
    /// It works, but learners would stumble; `workshop content lint` fails on it.
    Warning,
}

/// One finding with its place and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file, as the author would open it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}:{}: {word}: {}", self.file, self.line, self.column, self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

/// Where something stands. A place in YAML is a path until somebody asks for its line, because finding it costs a parse.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A key or value of a YAML document.
    Yaml {
        /// The document.
        document: Rc<Document>,
        /// The way to it from the document's root.
        path: Vec<Segment>,
        /// The key rather than the value.
        key: bool,
    },
    /// A line of a file.
    Line {
        /// The file.
        file: Rc<str>,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
}

impl Place {
    /// The place that many lines further down; only a place in a line can move.
    pub(super) fn below(&self, lines: usize) -> Self {
        match self {
            Place::Line { file, line, column } => {
                Place::Line { file: file.clone(), line: line + lines, column: *column }
            }
            yaml @ Place::Yaml { .. } => yaml.clone(),
        }
    }

    /// File, line and column.
    fn resolve(&self) -> (String, usize, usize) {
        match self {
            Place::Yaml { document, path, key } => {
                let (line, column) = document.locate(path, *key);
                (document.file.to_string(), line, column)
            }
            Place::Line { file, line, column } => (file.to_string(), *line, *column),
        }
    }
}

/// Collects findings, so that an author sees all of them at once.
#[derive(Debug, Default)]
pub(super) struct Log {
    found: RefCell<Vec<Diagnostic>>,
}

impl Log {
    /// Adds something that keeps the workshop from opening.
    pub(super) fn error(&self, place: &Place, message: impl Into<String>, help: Option<String>) {
        self.add(Severity::Error, place, message.into(), help);
    }

    /// Adds something that learners would stumble over.
    pub(super) fn warning(&self, place: &Place, message: impl Into<String>, help: Option<String>) {
        self.add(Severity::Warning, place, message.into(), help);
    }

    fn add(&self, severity: Severity, place: &Place, message: String, help: Option<String>) {
        let (file, line, column) = place.resolve();
        self.found.borrow_mut().push(Diagnostic { severity, file, line, column, message, help });
    }

    /// All findings, in the order of files and lines.
    pub(super) fn into_sorted(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        found.dedup();
        found
    }
}
