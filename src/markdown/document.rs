//! The parsed page as values: blocks, spans, fences and anchors.

use std::collections::BTreeMap;

/// A parsed page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its blocks in order.
    pub blocks: Vec<Block>,
}

/// A run of text with one style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The text. A line feed in it is a hard break.
    pub text: String,
    /// How it is written.
    pub style: SpanStyle,
}

/// Spans in order: the content of a heading, a paragraph, a cell.
pub type Spans = Vec<Span>;

/// How a span is written. The flags combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // Markdown's styles combine freely.
pub struct SpanStyle {
    /// `code`.
    pub code: bool,
    /// **strong**.
    pub strong: bool,
    /// *emphasis*.
    pub emphasis: bool,
    /// ~~strike~~.
    pub strike: bool,
    /// The text of a link or its address.
    pub link: bool,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading with its anchor.
    Heading {
        /// 1 to 6.
        level: u8,
        /// The id given with `{#id}`, or one made from the text as GitHub does.
        id: String,
        /// The text.
        spans: Spans,
        /// The line it stands on, from 1.
        line: usize,
    },
    /// A paragraph.
    Paragraph(Spans),
    /// A list.
    List {
        /// The first number, or `None` for bullets.
        start: Option<u64>,
        /// Its items.
        items: Vec<Item>,
    },
    /// A quotation, or an alert such as `> [!NOTE]`.
    Quote {
        /// What kind of alert it is, when it is one.
        alert: Option<Alert>,
        /// What it holds.
        blocks: Vec<Block>,
    },
    /// A fenced or indented code block.
    Fence(Fence),
    /// A table.
    Table {
        /// How each column is aligned.
        align: Vec<Align>,
        /// The heading cells.
        head: Vec<Spans>,
        /// The rows of cells.
        rows: Vec<Vec<Spans>>,
    },
    /// A line across the page.
    Rule,
}

/// One item of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// The state of its box, when it has one.
    pub checked: Option<bool>,
    /// What it holds.
    pub blocks: Vec<Block>,
}

/// The kinds of GitHub's alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alert {
    /// Worth knowing.
    Note,
    /// Makes it easier.
    Tip,
    /// Needed to succeed.
    Important,
    /// Needs attention.
    Warning,
    /// Has bad consequences.
    Caution,
}

impl Alert {
    /// The word that stands before its text.
    pub fn word(self) -> &'static str {
        match self {
            Alert::Note => "Note",
            Alert::Tip => "Tip",
            Alert::Important => "Important",
            Alert::Warning => "Warning",
            Alert::Caution => "Caution",
        }
    }

    /// Its glyph, one column wide.
    pub fn glyph(self) -> &'static str {
        match self {
            Alert::Note => "i",
            Alert::Tip => "+",
            Alert::Important | Alert::Warning => "!",
            Alert::Caution => "✗",
        }
    }
}

/// How a column of a table is aligned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// At its left.
    #[default]
    Left,
    /// In the middle.
    Centre,
    /// At its right.
    Right,
}

/// A code block. Its info string may carry attributes: `bash {#create region=secondary hidden}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fence {
    /// The word before the braces: `bash`. Empty when there is none.
    pub language: String,
    /// The `#id` of the braces.
    pub id: Option<String>,
    /// The other words of the braces: `key=value`, `key="two words"`; a bare `key` has the empty value.
    pub attributes: BTreeMap<String, String>,
    /// What is wrong with the info string, for the content's lints. Empty when all is well.
    pub problems: Vec<String>,
    /// The text inside, with line feeds.
    pub text: String,
    /// The line of the opening fence, from 1; the text begins on the next one.
    pub line: usize,
}

impl Fence {
    /// Whether the author keeps it off the page.
    pub fn hidden(&self) -> bool {
        self.attributes.contains_key("hidden")
    }

    /// Its commands: the lines that begin with `$ `, with their continuation lines (`\` at the end) joined by one space.
    pub fn commands(&self) -> Vec<String> {
        let mut commands: Vec<String> = Vec::new();
        let mut open = false;
        for line in self.text.lines() {
            let (rest, first) = match line.strip_prefix("$ ") {
                Some(rest) if !open => (rest, true),
                _ => (line, false),
            };
            if !first && !open {
                continue;
            }
            let (part, more) = match rest.trim_end().strip_suffix('\\') {
                Some(part) => (part.trim(), true),
                None => (rest.trim(), false),
            };
            if first {
                commands.push(part.to_owned());
            } else if let Some(command) = commands.last_mut() {
                if !command.is_empty() && !part.is_empty() {
                    command.push(' ');
                }
                command.push_str(part);
            }
            open = more;
        }
        commands
    }
}

/// A place in the page that can be gone to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Its id, without `#`.
    pub id: String,
    /// The heading's text.
    pub title: String,
    /// The heading's level.
    pub level: u8,
    /// Its line, from 1.
    pub line: usize,
}

impl Document {
    /// All code blocks in order, hidden ones and those inside lists and quotes included.
    pub fn fences(&self) -> Vec<&Fence> {
        let mut found = Vec::new();
        collect_fences(&self.blocks, &mut found);
        found
    }

    /// The fence with that id.
    pub fn fence(&self, id: &str) -> Option<&Fence> {
        self.fences().into_iter().find(|fence| fence.id.as_deref() == Some(id))
    }

    /// The headings in order.
    pub fn anchors(&self) -> Vec<Anchor> {
        let mut found = Vec::new();
        collect_anchors(&self.blocks, &mut found);
        found
    }
}

/// The text of spans without their styles.
pub fn plain(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

fn collect_fences<'a>(blocks: &'a [Block], found: &mut Vec<&'a Fence>) {
    for block in blocks {
        match block {
            Block::Fence(fence) => found.push(fence),
            Block::Quote { blocks, .. } => collect_fences(blocks, found),
            Block::List { items, .. } => items.iter().for_each(|item| collect_fences(&item.blocks, found)),
            Block::Heading { .. } | Block::Paragraph(_) | Block::Table { .. } | Block::Rule => {}
        }
    }
}

fn collect_anchors(blocks: &[Block], found: &mut Vec<Anchor>) {
    for block in blocks {
        match block {
            Block::Heading { level, id, spans, line } => {
                found.push(Anchor { id: id.clone(), title: plain(spans), level: *level, line: *line });
            }
            Block::Quote { blocks, .. } => collect_anchors(blocks, found),
            Block::List { items, .. } => items.iter().for_each(|item| collect_anchors(&item.blocks, found)),
            Block::Fence(_) | Block::Paragraph(_) | Block::Table { .. } | Block::Rule => {}
        }
    }
}
