//! Columns of text. A width is a property of a whole string: joined emoji and ligatures are narrower than their parts,
//! and terminals differ about them, so the larger of both readings counts.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr;

/// How many columns `text` takes at most.
pub fn measure(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.width().max(text.graphemes(true).map(UnicodeWidthStr::width).sum())
}

/// The longest beginning of `text` that fits into `width` columns, and the rest. A first character that is wider than
/// `width` itself is replaced by nothing: the beginning is then empty and the rest is all of it.
pub fn split(text: &str, width: usize) -> (&str, &str) {
    if measure(text) <= width {
        return (text, "");
    }
    let mut end = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let next = at + grapheme.len();
        if text.get(..next).is_none_or(|head| measure(head) > width) {
            break;
        }
        end = next;
    }
    text.split_at(end)
}

/// `text` in at most `width` columns; what does not fit is cut after a whole word where one is near, and marked with `…`.
pub fn clip(text: &str, width: usize) -> String {
    if measure(text) <= width {
        return text.to_owned();
    }
    let (head, _) = split(text, width.saturating_sub(1));
    if width == 0 {
        return String::new();
    }
    let head = match head.rfind(' ') {
        Some(space) if measure(head) - measure(head.get(..space).unwrap_or_default()) <= width / 4 => {
            head.get(..space).unwrap_or(head)
        }
        _ => head,
    };
    format!("{}…", head.trim_end())
}

/// `text`, clipped or filled up with spaces to exactly `width` columns.
pub fn fill(text: &str, width: usize) -> String {
    let mut text = clip(text, width);
    let missing = width.saturating_sub(measure(&text));
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_after_words_and_marked() {
        assert_eq!(clip("bookstore", 9), "bookstore");
        assert_eq!(clip("Create the Aurora replica", 19), "Create the Aurora…");
        assert_eq!(clip("bookstore-secondary", 10), "bookstore…");
        assert_eq!(clip("本本本", 4), "本…");
        assert_eq!(clip("ab", 0), "");
        assert_eq!(fill("ab", 4), "ab  ");
    }
}
