//! What the readers remember for the checks across files: every template, command and path with its place.

use std::cell::RefCell;
use std::rc::Rc;

use super::diagnostic::Place;
use super::yaml::Node;

/// A text with `{{ }}`.
pub(super) struct TemplateUse {
    /// Where it begins.
    pub(super) place: Place,
    /// The text.
    pub(super) text: String,
    /// Whether `found.*` may stand in it.
    pub(super) found: bool,
}

/// A command in the front matter.
pub(super) struct ReadUse {
    /// Where it stands.
    pub(super) place: Place,
    /// The command.
    pub(super) text: String,
}

/// A JMESPath.
pub(super) struct PathUse {
    /// Where it stands.
    pub(super) place: Place,
    /// The path.
    pub(super) text: String,
}

/// A reference to a fence of the same step.
pub(super) struct AnchorUse {
    /// Where it stands.
    pub(super) place: Place,
    /// The step's id.
    pub(super) step: String,
    /// The anchor as written, `#create-cluster`.
    pub(super) anchor: String,
}

/// A fact that a module needs or gives.
pub(super) struct FactUse {
    /// Where it stands.
    pub(super) place: Place,
    /// The fact.
    pub(super) fact: String,
    /// The module.
    pub(super) module: String,
    /// `needs`, `gives` or `invariants`.
    pub(super) role: &'static str,
}

/// A step, for what is asked of it as a whole.
pub(super) struct StepUse {
    /// Where it begins.
    pub(super) place: Place,
    /// Its id.
    pub(super) id: String,
}

/// A check, for what is asked of it as a whole.
pub(super) struct CheckUse {
    /// Where it stands.
    pub(super) place: Place,
    /// Its id.
    pub(super) id: String,
}

/// A fence that runs, or should.
pub(super) struct FenceUse {
    /// The file.
    pub(super) file: Rc<str>,
    /// The opening line.
    pub(super) line: usize,
    /// The id of its action.
    pub(super) action: String,
    /// The text as written.
    pub(super) text: String,
}

/// The text of a page.
pub(super) struct PageUse {
    /// The file.
    pub(super) file: Rc<str>,
    /// How many lines stand before it.
    pub(super) offset: usize,
    /// The text.
    pub(super) text: String,
}

/// All of it.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) templates: RefCell<Vec<TemplateUse>>,
    pub(super) reads: RefCell<Vec<ReadUse>>,
    pub(super) paths: RefCell<Vec<PathUse>>,
    pub(super) anchors: RefCell<Vec<AnchorUse>>,
    pub(super) facts: RefCell<Vec<FactUse>>,
    pub(super) steps: RefCell<Vec<StepUse>>,
    pub(super) checks: RefCell<Vec<CheckUse>>,
    pub(super) fences: RefCell<Vec<FenceUse>>,
    pub(super) pages: RefCell<Vec<PageUse>>,
}

impl Notes {
    /// Remembers a template and gives it back.
    pub(super) fn template(&self, node: &Node<'_>) -> Option<String> {
        let text = node.text()?;
        self.templates.borrow_mut().push(TemplateUse { place: node.place(), text: text.clone(), found: false });
        Some(text)
    }

    /// Remembers a template in which `found.*` may stand.
    pub(super) fn message(&self, node: &Node<'_>) -> Option<String> {
        let text = node.text()?;
        self.templates.borrow_mut().push(TemplateUse { place: node.place(), text: text.clone(), found: true });
        Some(text)
    }

    /// Remembers a command that reads.
    pub(super) fn read(&self, node: &Node<'_>) -> Option<String> {
        let text = self.template(node)?;
        self.reads.borrow_mut().push(ReadUse { place: node.place(), text: text.clone() });
        Some(text)
    }

    /// Remembers a JMESPath.
    pub(super) fn path(&self, node: &Node<'_>) -> Option<String> {
        let text = self.template(node)?;
        self.paths.borrow_mut().push(PathUse { place: node.place(), text: text.clone() });
        Some(text)
    }

    /// Remembers a reference to a fence and gives it without `#`.
    pub(super) fn anchor(&self, node: &Node<'_>, step: &str) -> Option<String> {
        let anchor = node.text()?;
        let name = anchor.trim_start_matches('#').to_owned();
        self.anchors.borrow_mut().push(AnchorUse { place: node.place(), step: step.to_owned(), anchor });
        Some(name)
    }

    /// Remembers a fact.
    pub(super) fn fact(&self, node: &Node<'_>, module: &str, role: &'static str) -> Option<String> {
        let fact = node.text()?;
        let module = module.to_owned();
        self.facts.borrow_mut().push(FactUse { place: node.place(), fact: fact.clone(), module, role });
        Some(fact)
    }
}
