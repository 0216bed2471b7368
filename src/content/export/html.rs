//! One page with everything that there is to read: the steps of all modules, their commands, and their checks as lists to tick.
//! It loads nothing from anywhere.

use crate::content::model::{Module, Step, Variable, Workshop};
use crate::content::template::{self, Bindings, Part};
use crate::domain::RegionPair;
use crate::domain::time::spell;
use crate::markdown::{Align, Block, Document, Item, Span};

const STYLE: &str = include_str!("page.css");

/// The page. Names are filled in with an example's values; what only an account knows stays in braces.
pub fn page(workshop: &Workshop, regions: &RegionPair) -> String {
    let random = |length: &usize| "k7m2x9q4w8".chars().cycle().take(*length).collect::<String>();
    let given = workshop.vars.iter().filter_map(|(name, value)| match value {
        Variable::Random(length) => Some((name.clone(), random(length))),
        Variable::Default(_) => None,
    });
    let bindings = Bindings::new(workshop, regions, &given.collect()).unwrap_or_default();
    let page = Page { bindings };
    let title = escape(&workshop.title);
    let mut out = vec![
        format!("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>"),
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">".to_owned(),
        format!("<style>\n{}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>", STYLE),
        "<p>Names are those of an example run. What only your account knows stands in braces. Written by \
         <code>workshop content export --html</code>.</p>\n</header>"
            .to_owned(),
        "<nav aria-label=\"Modules and steps\">\n<ol start=\"0\">".to_owned(),
    ];
    for module in &workshop.modules {
        let step = |step: &Step| format!("<li><a href=\"#{}\">{}</a></li>", step.id, page.text(&step.title));
        let steps: String = module.steps.iter().map(step).collect();
        out.push(format!("<li><a href=\"#{}\">{}</a><ol>{steps}</ol></li>", module.id, page.text(&module.title)));
    }
    out.push("</ol>\n</nav>\n<main>".to_owned());
    out.extend(workshop.modules.iter().map(|module| page.module(module)));
    out.push("</main>\n</body>\n</html>\n".to_owned());
    out.join("\n")
}

struct Page {
    bindings: Bindings,
}

impl Page {
    /// A template as text of the page.
    fn text(&self, template: &str) -> String {
        escape(&self.filled(template))
    }

    fn filled(&self, text: &str) -> String {
        let parts = template::parts(text).unwrap_or_else(|_| vec![Part::Text(text)]);
        let fill = |part: &Part<'_>| match part {
            Part::Text(plain) => (*plain).to_owned(),
            Part::Name(name, _) => self.bindings.get(name).map_or_else(|| format!("{{{name}}}"), str::to_owned),
        };
        parts.iter().map(fill).collect()
    }

    fn module(&self, module: &Module) -> String {
        let change = |change: &String| format!("<li>{}</li>", self.text(change));
        let changes: String = module.changes.iter().map(change).collect();
        let steps: String = module.steps.iter().map(|step| self.step(step)).collect();
        format!(
            "<section id=\"{}\">\n<h2>Module {}: {}</h2>\n<p>{}</p>\n<p>About {}. What changes:</p>\n<ul>{changes}</ul>\n{steps}</section>",
            module.id,
            module.number,
            self.text(&module.title),
            self.text(&module.summary),
            spell(module.time.0),
        )
    }

    fn step(&self, step: &Step) -> String {
        let body: String =
            Document::parse(&self.filled(&step.body)).blocks.iter().map(|block| block_of(block, 3)).collect();
        let check = |text: &str| format!("<li><label><input type=\"checkbox\"> {}</label></li>", self.text(text));
        let checks: String = step.checks.iter().map(|one| check(&one.title)).collect();
        let checks = match (&step.no_check, checks.is_empty()) {
            (Some(reason), true) => format!("<p class=\"note\">{}</p>\n", self.text(reason)),
            (_, true) => String::new(),
            _ => format!("<p>It is done when:</p>\n<ul class=\"checks\">{checks}</ul>\n"),
        };
        let why = step.why.as_ref().map(|why| format!("<p class=\"note\">{}</p>\n", self.text(why)));
        format!(
            "<article id=\"{}\">\n<h3>{}</h3>\n<p class=\"goal\">{}</p>\n{body}{checks}{}</article>\n",
            step.id,
            self.text(&step.title),
            self.text(&step.goal),
            why.unwrap_or_default()
        )
    }
}

/// A block, its headings below the level of what they stand in.
fn block_of(block: &Block, below: u8) -> String {
    match block {
        Block::Heading { level, spans, .. } => {
            let level = (level + below - 1).clamp(below + 1, 6);
            format!("<h{level}>{}</h{level}>\n", spans_of(spans))
        }
        Block::Paragraph(spans) => format!("<p>{}</p>\n", spans_of(spans)),
        Block::List { start, items } => {
            let inner: String = items.iter().map(|item| item_of(item, below)).collect();
            match start {
                Some(start) => format!("<ol start=\"{start}\">{inner}</ol>\n"),
                None => format!("<ul>{inner}</ul>\n"),
            }
        }
        Block::Quote { alert, blocks } => {
            let word = alert.map(|alert| format!("<strong>{}</strong>", alert.word())).unwrap_or_default();
            let inner: String = blocks.iter().map(|block| block_of(block, below)).collect();
            format!("<blockquote>{word}{inner}</blockquote>\n")
        }
        Block::Fence(fence) if fence.hidden() => String::new(),
        // A command can be copied: the prompt is drawn by the style.
        Block::Fence(fence) => {
            let line = |line: &str| match line.strip_prefix("$ ") {
                Some(command) => format!("<span class=\"command\">{}</span>\n", escape(command)),
                None => format!("{}\n", escape(line)),
            };
            format!("<pre tabindex=\"0\"><code>{}</code></pre>\n", fence.text.lines().map(line).collect::<String>())
        }
        Block::Table { align, head, rows } => {
            let cells = |tag: &str, cells: &[Vec<Span>]| -> String {
                let cell = |(place, spans): (usize, &Vec<Span>)| {
                    let class = match align.get(place) {
                        Some(Align::Centre) => " class=\"centre\"",
                        Some(Align::Right) => " class=\"right\"",
                        _ => "",
                    };
                    format!("<{tag}{class}>{}</{tag}>", spans_of(spans))
                };
                cells.iter().enumerate().map(cell).collect()
            };
            let row = |row: &Vec<Vec<Span>>| format!("<tr>{}</tr>", cells("td", row));
            let rows: String = rows.iter().map(row).collect();
            format!("<table><thead><tr>{}</tr></thead><tbody>{rows}</tbody></table>\n", cells("th", head))
        }
        Block::Rule => "<hr>\n".to_owned(),
    }
}

fn item_of(item: &Item, below: u8) -> String {
    let tick = match item.checked {
        Some(true) => "<input type=\"checkbox\" checked> ",
        Some(false) => "<input type=\"checkbox\"> ",
        None => "",
    };
    let inner: String = match item.blocks.as_slice() {
        [Block::Paragraph(spans)] => spans_of(spans),
        blocks => blocks.iter().map(|block| block_of(block, below)).collect(),
    };
    format!("<li>{tick}{inner}</li>")
}

fn spans_of(spans: &[Span]) -> String {
    let one = |span: &Span| {
        let mut text = escape(&span.text).replace('\n', "<br>");
        for (set, tag) in [
            (span.style.code, "code"),
            (span.style.strong, "strong"),
            (span.style.emphasis, "em"),
            (span.style.strike, "del"),
        ] {
            if set {
                text = format!("<{tag}>{text}</{tag}>");
            }
        }
        text
    };
    spans.iter().map(one).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
