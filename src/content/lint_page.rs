//! What learners would stumble over in a page's text: headings that skip a level, and images that say nothing without eyes.

use super::diagnostic::Place;
use super::lint::Lint;
use super::notes::PageUse;
use crate::markdown::{Block, Document};

/// All checks of pages.
pub(super) fn run(lint: &Lint<'_>) {
    for page in lint.notes.pages.borrow().iter() {
        headings(lint, page);
        images(lint, page);
    }
}

fn place(page: &PageUse, line: usize, column: usize) -> Place {
    Place::Line { file: page.file.clone(), line: page.offset + line, column }
}

fn headings(lint: &Lint<'_>, page: &PageUse) {
    // The step's title stands above the page as the first level, so a page may begin with the second.
    let mut before = 1;
    for block in &Document::parse(&page.text).blocks {
        let Block::Heading { level, line, .. } = block else { continue };
        if *level > before + 1 {
            let message = format!("a heading of level {level} follows one of level {before}");
            let help = format!("write `{}`; a screen reader walks the levels", "#".repeat(usize::from(before) + 1));
            lint.log.warning(&place(page, *line, 1), message, Some(help));
        }
        before = *level;
    }
}

/// A terminal shows an image's text, and nothing else.
fn images(lint: &Lint<'_>, page: &PageUse) {
    let mut fenced = false;
    for (index, line) in page.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if let Some(at) = line.find("![](").filter(|_| !fenced) {
            let help = "write what it shows: `![The two Regions](…)`".to_owned();
            lint.log.warning(&place(page, index + 1, at + 1), "an image without a text", Some(help));
        }
    }
}
