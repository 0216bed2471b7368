//! [`Document`] → lines at a width. No line is wider than asked, and no text is lost.

use super::command;
use super::document::{Alert, Block, Document, Fence, Item, Span};
use super::table;
use super::width::{measure, split};
use super::wrap::wrap;
use crate::domain::text::printable;

/// How a piece of a line is meant; the theme gives it a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Look {
    /// Running text.
    #[default]
    Text,
    /// A heading of that level.
    Heading(u8),
    /// Strong.
    Strong,
    /// Emphasised.
    Emphasis,
    /// Struck through.
    Strike,
    /// Code inside text, and code blocks that are no commands.
    Code,
    /// A link and its address.
    Link,
    /// The line beside code, quotes and broken lines.
    Gutter,
    /// The bullet or number of a list's item.
    Marker,
    /// The bar and the word of an alert.
    Alert(Alert),
    /// `$` before a command, and the backslash after its line.
    Prompt,
    /// A command.
    Command,
    /// An option's name in a command.
    Option,
    /// Sample output.
    Output,
    /// A table's heading.
    TableHead,
    /// Lines across.
    Rule,
}

/// Text with one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The text, printable, without line feeds.
    pub text: String,
    /// How it is meant.
    pub look: Look,
}

impl Piece {
    /// A piece.
    pub fn new(text: impl Into<String>, look: Look) -> Self {
        Self { text: text.into(), look }
    }
}

/// One line of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its pieces from left to right.
    pub pieces: Vec<Piece>,
    /// The id of the fence that it belongs to, when that has one.
    pub fence: Option<String>,
    /// The id of the heading that it begins.
    pub anchor: Option<String>,
}

impl Line {
    /// Its text without looks.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|piece| piece.text.as_str()).collect()
    }
}

/// Below this width the bars beside code and quotes are left out.
const NARROW: usize = 16;

impl Document {
    /// The page at `width` columns (0 counts as 1). Hidden fences are left out.
    pub fn lines(&self, width: usize) -> Vec<Line> {
        let width = width.max(1);
        let lines = blocks(&self.blocks, width, true);
        lines.into_iter().flat_map(|line| within(line, width)).collect()
    }
}

/// Blocks one below the other, `airy` with an empty line between them.
fn blocks(all: &[Block], width: usize, airy: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for block in all {
        let part = one(block, width);
        if part.is_empty() {
            continue;
        }
        if airy && !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(part);
    }
    lines
}

fn one(block: &Block, width: usize) -> Vec<Line> {
    match block {
        Block::Heading { level, id, spans, .. } => {
            let mut lines = plain_lines(wrap(&pieces(spans, Some(Look::Heading(*level))), width));
            if let Some(first) = lines.first_mut() {
                first.anchor = Some(id.clone());
            }
            lines
        }
        Block::Paragraph(spans) => plain_lines(wrap(&pieces(spans, None), width)),
        Block::List { start, items } => list(*start, items, width),
        Block::Quote { alert, blocks } => quote(*alert, blocks, width),
        Block::Fence(fence) => code(fence, width),
        Block::Table { align, head, rows } => plain_lines(table::layout(align, head, rows, width)),
        Block::Rule => plain_lines(vec![vec![Piece::new("─".repeat(width.min(40)), Look::Rule)]]),
    }
}

fn plain_lines(lines: Vec<Vec<Piece>>) -> Vec<Line> {
    lines.into_iter().map(|pieces| Line { pieces, ..Line::default() }).collect()
}

/// Spans as pieces; `all` overrides their looks except for code.
pub(super) fn pieces(spans: &[Span], all: Option<Look>) -> Vec<Piece> {
    spans
        .iter()
        .map(|span| {
            let style = span.style;
            let look = match all {
                Some(look) => look,
                None if style.code => Look::Code,
                None if style.link => Look::Link,
                None if style.strong => Look::Strong,
                None if style.emphasis => Look::Emphasis,
                None if style.strike => Look::Strike,
                None => Look::Text,
            };
            Piece::new(printable(&span.text), look)
        })
        .collect()
}

fn list(start: Option<u64>, items: &[Item], width: usize) -> Vec<Line> {
    let last = start.map(|start| start.saturating_add(items.len() as u64).saturating_sub(1));
    let digits = last.map_or(0, |last| last.to_string().len());
    let mut lines = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let mut marker = match start {
            Some(start) => format!("{:>digits$}. ", start.saturating_add(at as u64)),
            None => String::from("• "),
        };
        if let Some(checked) = item.checked {
            marker.push_str(if checked { "[x] " } else { "[ ] " });
        }
        let indent = measure(&marker);
        let room = if width > indent + NARROW / 2 { width - indent } else { width };
        let rest = if room == width { String::new() } else { " ".repeat(indent) };
        let mut inner = blocks(&item.blocks, room, false);
        if inner.is_empty() {
            inner.push(Line::default());
        }
        if room == width {
            // Too narrow to hang: the marker gets a line of its own.
            lines.push(Line { pieces: vec![Piece::new(marker.trim_end(), Look::Marker)], ..Line::default() });
            lines.extend(inner);
        } else {
            lines.extend(prefixed(inner, &Piece::new(marker, Look::Marker), &Piece::new(rest, Look::Text)));
        }
    }
    lines
}

fn quote(alert: Option<Alert>, inner: &[Block], width: usize) -> Vec<Line> {
    let look = alert.map_or(Look::Gutter, Look::Alert);
    let bar = if width < NARROW { Piece::default() } else { Piece::new("▌ ", look) };
    let room = width - measure(&bar.text);
    let mut inner = inner.to_vec();
    if let Some(alert) = alert {
        let word = Span { text: format!("{} {}: ", alert.glyph(), alert.word()), ..Span::default() };
        match inner.first_mut() {
            Some(Block::Paragraph(spans)) => spans.insert(0, word),
            _ => inner.insert(0, Block::Paragraph(vec![word])),
        }
    }
    let mut lines = blocks(&inner, room, true);
    if let (Some(alert), Some(first)) = (alert, lines.first_mut()) {
        mark_word(first, alert);
    }
    prefixed(lines, &bar, &bar)
}

/// Gives the alert's word its own look on the first line.
fn mark_word(line: &mut Line, alert: Alert) {
    let word = format!("{} {}:", alert.glyph(), alert.word());
    let Some(first) = line.pieces.first_mut() else { return };
    if let Some(rest) = first.text.strip_prefix(&word) {
        let rest = Piece::new(rest, first.look);
        *first = Piece::new(word, Look::Alert(alert));
        if !rest.text.is_empty() {
            line.pieces.insert(1, rest);
        }
    } else {
        first.look = Look::Alert(alert);
    }
}

fn code(fence: &Fence, width: usize) -> Vec<Line> {
    if fence.hidden() {
        return Vec::new();
    }
    let bar = if width < NARROW { Piece::default() } else { Piece::new("│ ", Look::Gutter) };
    let room = width - measure(&bar.text);
    let lines = plain_lines(command::layout(fence, room));
    let mut lines = prefixed(lines, &bar, &bar);
    for line in &mut lines {
        line.fence.clone_from(&fence.id);
    }
    lines
}

fn prefixed(lines: Vec<Line>, first: &Piece, rest: &Piece) -> Vec<Line> {
    let mut lines = lines;
    for (at, line) in lines.iter_mut().enumerate() {
        let prefix = if at == 0 { first } else { rest };
        if !prefix.text.is_empty() {
            line.pieces.insert(0, prefix.clone());
        }
    }
    lines
}

/// The last guard: a line that is too wide after all (characters that join across pieces) is cut into lines that fit.
fn within(line: Line, width: usize) -> Vec<Line> {
    if measure(&line.text()) <= width {
        return vec![line];
    }
    let Line { pieces, fence, anchor } = line;
    let mut lines = vec![Line { pieces: Vec::new(), fence: fence.clone(), anchor }];
    for piece in pieces {
        let mut rest = piece.text.as_str();
        while !rest.is_empty() {
            let Some(last) = lines.last_mut() else { break };
            let room = width.saturating_sub(measure(&last.text()));
            let (head, tail) = split(rest, room);
            if head.is_empty() && last.pieces.is_empty() {
                last.pieces.push(Piece::new("\u{fffd}", piece.look));
                let mut characters = rest.chars();
                characters.next();
                rest = characters.as_str();
            } else {
                if !head.is_empty() {
                    last.pieces.push(Piece::new(head, piece.look));
                }
                rest = tail;
            }
            if !rest.is_empty() {
                lines.push(Line { pieces: Vec::new(), fence: fence.clone(), anchor: None });
            }
        }
    }
    lines
}
