//! Floor 1: Markdown text → [`Document`] (blocks, spans, anchors, fences) → lines at a width. Styles are roles, not
//! colours, so that the full screen, the plain text and tests all draw the same lines.
//!
//! ```
//! use multi_region_workshop::markdown::Document;
//!
//! let page = Document::parse("# Hello\n\n```bash {#list region=primary effect=read}\n$ aws s3api list-buckets\n```\n");
//! let fence = page.fence("list").expect("the fence is there");
//! assert_eq!((fence.language.as_str(), fence.line), ("bash", 3));
//! assert_eq!(fence.attributes.get("effect").map(String::as_str), Some("read"));
//! assert_eq!(fence.commands(), ["aws s3api list-buckets"]);
//! ```

mod command;
mod document;
mod info;
mod layout;
mod parse;
mod table;
mod width;
mod wrap;

#[cfg(test)]
mod tests;

pub use command::shell_lines;
pub use document::{Alert, Align, Anchor, Block, Document, Fence, Item, Span, SpanStyle, Spans};
pub use layout::{Line, Look, Piece};
pub use width::{clip, fill, measure};
pub use wrap::wrap_text;
