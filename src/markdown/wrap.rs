//! Styled text → lines of a width, broken between words, inside a word only when the word alone is too long.

use super::layout::{Look, Piece};
use super::width::{measure, split};

/// A word: pieces without white space.
type Word = Vec<Piece>;

/// Lines of at most `width` columns. A line feed in the text breaks the line. At least one line, maybe an empty one.
pub(super) fn wrap(pieces: &[Piece], width: usize) -> Vec<Vec<Piece>> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for words in paragraphs(pieces) {
        let mut line: Vec<Piece> = Vec::new();
        let mut text = String::new();
        for word in words {
            let plain: String = word.iter().map(|piece| piece.text.as_str()).collect();
            let candidate = if text.is_empty() { plain.clone() } else { format!("{text} {plain}") };
            if measure(&candidate) <= width {
                if !text.is_empty() {
                    space(&mut line, word.first());
                }
                append(&mut line, word);
                text = candidate;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                text.clear();
            }
            let (whole, rest) = cut(word, width);
            lines.extend(whole);
            text = rest.iter().map(|piece| piece.text.as_str()).collect();
            line = rest;
        }
        lines.push(line);
    }
    lines
}

/// Words by hard line.
fn paragraphs(pieces: &[Piece]) -> Vec<Vec<Word>> {
    let mut all = vec![Vec::new()];
    let mut word: Word = Vec::new();
    for piece in pieces {
        let mut text = String::new();
        for c in piece.text.chars() {
            // A no-break space holds its words together.
            if !c.is_whitespace() || c == '\u{a0}' {
                text.push(c);
                continue;
            }
            push_text(&mut word, &mut text, piece.look);
            if let Some(words) = all.last_mut()
                && !word.is_empty()
            {
                words.push(std::mem::take(&mut word));
            }
            if c == '\n' {
                all.push(Vec::new());
            }
        }
        push_text(&mut word, &mut text, piece.look);
    }
    if let Some(words) = all.last_mut()
        && !word.is_empty()
    {
        words.push(word);
    }
    all
}

fn push_text(word: &mut Word, text: &mut String, look: Look) {
    if !text.is_empty() {
        word.push(Piece { text: std::mem::take(text), look });
    }
}

fn append(line: &mut Vec<Piece>, pieces: Vec<Piece>) {
    for piece in pieces {
        match line.last_mut() {
            Some(last) if last.look == piece.look => last.text.push_str(&piece.text),
            _ => line.push(piece),
        }
    }
}

/// The space between two words looks like them when they look the same.
fn space(line: &mut Vec<Piece>, next: Option<&Piece>) {
    let look = match (line.last(), next) {
        (Some(last), Some(next)) if last.look == next.look => last.look,
        _ => Look::Text,
    };
    append(line, vec![Piece { text: String::from(" "), look }]);
}

/// Cuts a word that is too long into full lines and a rest, after `/ : . , = - _` where one is in the second half.
fn cut(word: Word, width: usize) -> (Vec<Vec<Piece>>, Vec<Piece>) {
    let mut lines = Vec::new();
    let mut line: Vec<Piece> = Vec::new();
    let mut used = String::new();
    for piece in word {
        let mut rest = piece.text.as_str();
        while !rest.is_empty() {
            let room = width.saturating_sub(measure(&used));
            let (mut head, mut tail) = split(rest, room);
            if !tail.is_empty() {
                (head, tail) = nicer(rest, head, tail, room);
            }
            if head.is_empty() && used.is_empty() {
                // One character wider than the whole line.
                let mut characters = tail.chars();
                characters.next();
                let replaced = Piece { text: String::from("\u{fffd}"), look: piece.look };
                lines.push(vec![replaced]);
                rest = characters.as_str();
                continue;
            }
            if !head.is_empty() {
                used.push_str(head);
                append(&mut line, vec![Piece { text: head.to_owned(), look: piece.look }]);
            }
            if !tail.is_empty() {
                lines.push(std::mem::take(&mut line));
                used.clear();
            }
            rest = tail;
        }
    }
    (lines, line)
}

fn nicer<'a>(whole: &'a str, head: &'a str, tail: &'a str, room: usize) -> (&'a str, &'a str) {
    let good = head.rfind(['/', ':', '.', ',', '=', '-', '_']).map(|at| at + 1);
    match good {
        Some(end) if end < whole.len() && measure(head.get(..end).unwrap_or_default()) * 2 >= room => {
            whole.split_at(end)
        }
        _ => (head, tail),
    }
}

/// Plain text at a width, for the screens' own sentences.
pub fn wrap_text(text: &str, width: usize) -> Vec<String> {
    let pieces = [Piece { text: crate::domain::text::printable(text), look: Look::Text }];
    wrap(&pieces, width).into_iter().map(|line| line.into_iter().map(|piece| piece.text).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap_text("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap_text("one\ntwo", 20), ["one", "two"]);
        assert_eq!(wrap_text("", 5), [""]);
    }

    #[test]
    fn a_long_word_breaks_after_a_separator() {
        assert_eq!(
            wrap_text("arn:aws:rds:eu-west-1:111122223333:cluster:x", 20),
            ["arn:aws:rds:eu-west-", "1:111122223333:", "cluster:x"]
        );
        assert_eq!(wrap_text("abcdefgh", 3), ["abc", "def", "gh"]);
    }

    #[test]
    fn wide_characters_never_stick_out() {
        assert_eq!(wrap_text("本本本", 4), ["本本", "本"]);
        assert_eq!(wrap_text("本a", 1), ["\u{fffd}", "a"]);
    }
}
