//! pulldown-cmark's events → [`Document`]. Containers are kept on a stack of our own, never by recursion, and nesting
//! deeper than [`DEPTH`] is flattened, so that no page can exhaust the stack.

use std::collections::BTreeMap;

use pulldown_cmark::{Alignment, BlockQuoteKind, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::document::{Alert, Align, Block, Document, Fence, Item, Span, SpanStyle, Spans, plain};
use super::info;

/// Lists and quotes inside each other beyond this are drawn at this depth.
const DEPTH: usize = 12;

impl Document {
    /// Parses a page. Every text is a page: nothing can fail, wrong attributes of fences are told by the fence.
    pub fn parse(text: &str) -> Document {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_GFM
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS;
        let mut builder = Builder { lines: line_starts(&text), ..Builder::default() };
        for (event, range) in Parser::new_ext(&text, options).into_offset_iter() {
            builder.event(event, range.start);
        }
        builder.finish()
    }
}

/// A container that is being filled.
enum Open {
    Quote {
        alert: Option<Alert>,
        blocks: Vec<Block>,
    },
    List {
        start: Option<u64>,
        items: Vec<Item>,
    },
    Item(Item),
    /// A container beyond the depth: what it holds goes to its parent.
    Flat,
}

#[derive(Default)]
struct Builder {
    blocks: Vec<Block>,
    open: Vec<Open>,
    spans: Spans,
    strong: usize,
    emphasis: usize,
    strike: usize,
    links: Vec<(String, usize)>,
    heading: Option<(u8, Option<String>, usize)>,
    fence: Option<Fence>,
    table: Option<Table>,
    html: Option<String>,
    ids: BTreeMap<String, usize>,
    lines: Vec<usize>,
}

#[derive(Default)]
struct Table {
    align: Vec<Align>,
    head: Vec<Spans>,
    rows: Vec<Vec<Spans>>,
    row: Vec<Spans>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, at: usize) {
        match event {
            Event::Start(tag) => self.start(tag, at),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.span(&text, true),
            // Markup is not drawn; comments are for authors.
            Event::Html(text) | Event::InlineHtml(text) => self.html(&text),
            Event::FootnoteReference(name) => self.span(&format!("[{name}]"), false),
            Event::SoftBreak => self.span(" ", false),
            Event::HardBreak => self.span("\n", false),
            Event::Rule => self.push(Block::Rule),
            Event::TaskListMarker(checked) => {
                if let Some(Open::Item(item)) = self.open.last_mut() {
                    item.checked = Some(checked);
                }
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>, at: usize) {
        if !matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. }) {
            // A tight item's text has no paragraph of its own; it ends where the next block begins.
            self.flush();
        }
        match tag {
            Tag::Heading { level, id, .. } => {
                self.heading = Some((level_number(level), id.map(|id| id.to_string()), self.line_of(at)));
            }
            Tag::BlockQuote(kind) => {
                let alert = kind.map(alert);
                self.descend(Open::Quote { alert, blocks: Vec::new() });
            }
            Tag::List(start) => self.descend(Open::List { start, items: Vec::new() }),
            Tag::Item => {
                let inside = matches!(self.open.last(), Some(Open::List { .. }));
                self.open.push(if inside { Open::Item(Item::default()) } else { Open::Flat });
            }
            Tag::CodeBlock(kind) => {
                let mut fence = match kind {
                    CodeBlockKind::Fenced(text) => info::parse(&text),
                    CodeBlockKind::Indented => Fence::default(),
                };
                fence.line = self.line_of(at);
                self.fence = Some(fence);
            }
            Tag::HtmlBlock => self.html = Some(String::new()),
            Tag::Table(align) => {
                self.table = Some(Table { align: align.into_iter().map(alignment).collect(), ..Table::default() });
            }
            Tag::Emphasis => self.emphasis += 1,
            Tag::Strong => self.strong += 1,
            Tag::Strikethrough => self.strike += 1,
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((dest_url.to_string(), self.spans.len()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.flush(),
            TagEnd::Heading(_) => self.end_heading(),
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item => self.ascend(),
            TagEnd::CodeBlock => {
                if let Some(fence) = self.fence.take() {
                    self.push(Block::Fence(fence));
                }
            }
            TagEnd::HtmlBlock => self.html = None,
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.push(Block::Table { align: table.align, head: table.head, rows: table.rows });
                }
            }
            TagEnd::TableHead => self.end_row(true),
            TagEnd::TableRow => self.end_row(false),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.spans);
                if let Some(table) = self.table.as_mut() {
                    table.row.push(cell);
                }
            }
            TagEnd::Emphasis => self.emphasis = self.emphasis.saturating_sub(1),
            TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Strikethrough => self.strike = self.strike.saturating_sub(1),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(fence) = self.fence.as_mut() {
            fence.text.push_str(text);
        } else if let Some(html) = self.html.as_mut() {
            html.push_str(text);
        } else {
            self.span(text, false);
        }
    }

    fn html(&mut self, text: &str) {
        if let Some(html) = self.html.as_mut() {
            html.push_str(text);
        } else if text.starts_with("<br") {
            self.span("\n", false);
        }
    }

    fn span(&mut self, text: &str, code: bool) {
        let style = SpanStyle {
            code,
            strong: self.strong > 0,
            emphasis: self.emphasis > 0,
            strike: self.strike > 0,
            link: !self.links.is_empty(),
        };
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.text.push_str(text),
            _ => self.spans.push(Span { text: text.to_owned(), style }),
        }
    }

    /// The address is written after the text, because a terminal cannot be asked whether it shows links.
    fn end_link(&mut self) {
        let Some((address, from)) = self.links.pop() else { return };
        let shown = plain(self.spans.get(from..).unwrap_or_default());
        if address.contains("://") && shown != address {
            let style = SpanStyle { link: true, ..SpanStyle::default() };
            self.spans.push(Span { text: format!(" ({address})"), style });
        }
    }

    fn end_heading(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        let Some((level, id, line)) = self.heading.take() else { return };
        let base = id.unwrap_or_else(|| slug(&plain(&spans)));
        let seen = self.ids.entry(base.clone()).and_modify(|count| *count += 1).or_insert(0);
        let id = if *seen == 0 { base } else { format!("{base}-{seen}") };
        self.push(Block::Heading { level, id, spans, line });
    }

    fn end_row(&mut self, head: bool) {
        if let Some(table) = self.table.as_mut() {
            let row = std::mem::take(&mut table.row);
            if head {
                table.head = row;
            } else {
                table.rows.push(row);
            }
        }
    }

    fn flush(&mut self) {
        if !self.spans.is_empty() && self.table.is_none() && self.heading.is_none() {
            let spans = std::mem::take(&mut self.spans);
            self.push(Block::Paragraph(spans));
        }
    }

    fn descend(&mut self, container: Open) {
        self.open.push(if self.open.len() < DEPTH { container } else { Open::Flat });
    }

    fn ascend(&mut self) {
        self.flush();
        match self.open.pop() {
            Some(Open::Quote { alert, blocks }) => self.push(Block::Quote { alert, blocks }),
            Some(Open::List { start, items }) => self.push(Block::List { start, items }),
            Some(Open::Item(item)) => {
                if let Some(Open::List { items, .. }) = self.open.last_mut() {
                    items.push(item);
                }
            }
            Some(Open::Flat) | None => {}
        }
    }

    fn push(&mut self, block: Block) {
        for open in self.open.iter_mut().rev() {
            match open {
                Open::Quote { blocks, .. } => return blocks.push(block),
                Open::Item(item) => return item.blocks.push(block),
                Open::List { items, .. } => return items.push(Item { checked: None, blocks: vec![block] }),
                Open::Flat => {}
            }
        }
        self.blocks.push(block);
    }

    fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }

    fn finish(mut self) -> Document {
        self.flush();
        while !self.open.is_empty() {
            self.ascend();
        }
        Document { blocks: self.blocks }
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

/// A heading's id as GitHub makes it: lower case, letters and digits, `-` for spaces.
fn slug(title: &str) -> String {
    title
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' | '-' => Some('-'),
            c if c.is_alphanumeric() || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

fn alert(kind: BlockQuoteKind) -> Alert {
    match kind {
        BlockQuoteKind::Note => Alert::Note,
        BlockQuoteKind::Tip => Alert::Tip,
        BlockQuoteKind::Important => Alert::Important,
        BlockQuoteKind::Warning => Alert::Warning,
        BlockQuoteKind::Caution => Alert::Caution,
    }
}

fn alignment(alignment: Alignment) -> Align {
    match alignment {
        Alignment::None | Alignment::Left => Align::Left,
        Alignment::Center => Align::Centre,
        Alignment::Right => Align::Right,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn fences_are_found_with_their_lines_wherever_they_stand() {
        let page = Document::parse(
            "# T\n\ntext\n\n```bash {#a effect=read}\n$ aws s3 ls\n```\n\n- item\n\n  ```json\n  {}\n  ```\n\n> ```bash {#c hidden}\n> $ x\n> ```\n",
        );
        let found: Vec<(Option<&str>, &str, usize, &str)> =
            page.fences().iter().map(|f| (f.id.as_deref(), f.language.as_str(), f.line, f.text.as_str())).collect();
        assert_eq!(
            found,
            [(Some("a"), "bash", 5, "$ aws s3 ls\n"), (None, "json", 11, "{}\n"), (Some("c"), "bash", 15, "$ x\n")]
        );
        assert!(page.fence("c").unwrap().hidden());
    }

    #[test]
    fn commands_join_their_continuation_lines_and_leave_output_out() {
        let page =
            Document::parse("```bash\n$ aws rds x \\\n    --a b \\\n    --c d\n{ \"out\": 1 }\n$ aws s3 ls\n```\n");
        assert_eq!(page.fences()[0].commands(), ["aws rds x --a b --c d", "aws s3 ls"]);
    }

    #[test]
    fn headings_have_given_or_made_ids_that_never_repeat() {
        let page = Document::parse("# One {#start}\n\n## Why it matters?\n\n## Why it matters?\n");
        let ids: Vec<String> = page.anchors().into_iter().map(|anchor| anchor.id).collect();
        assert_eq!(ids, ["start", "why-it-matters", "why-it-matters-1"]);
    }

    #[test]
    fn alerts_lists_and_tables_are_blocks() {
        let page =
            Document::parse("> [!WARNING]\n> careful\n\n1. a\n2. b\n\n- [x] done\n\n| A | B |\n|---|--:|\n| 1 | 2 |\n");
        assert!(matches!(&page.blocks[0], Block::Quote { alert: Some(Alert::Warning), .. }));
        assert!(matches!(&page.blocks[1], Block::List { start: Some(1), items } if items.len() == 2));
        assert!(matches!(&page.blocks[2], Block::List { start: None, items } if items[0].checked == Some(true)));
        assert!(
            matches!(&page.blocks[3], Block::Table { align, rows, .. } if align[1] == Align::Right && rows.len() == 1)
        );
    }

    #[test]
    fn endless_nesting_is_flattened() {
        let page = Document::parse(&format!("{}deep", "> ".repeat(5000)));
        let mut depth = 0;
        let mut blocks = &page.blocks;
        while let Some(Block::Quote { blocks: inner, .. }) = blocks.first() {
            depth += 1;
            blocks = inner;
        }
        assert_eq!(depth, DEPTH);
        assert!(matches!(&blocks[0], Block::Paragraph(spans) if plain(spans) == "deep"));
    }
}
