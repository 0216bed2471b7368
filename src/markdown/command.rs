//! Code blocks → lines. Long commands are broken where a shell would accept it: before an option, with a backslash; an
//! option and its value stay together while they fit. What cannot be broken so is cut, and the next line marked `↳`.

use super::document::Fence;
use super::layout::{Look, Piece};
use super::width::{measure, split};
use crate::domain::text::printable;

/// How far the lines of a broken command are indented.
const INDENT: usize = 4;

/// The mark of a line that goes on although nothing in the text says so.
const GOES_ON: &str = "↳ ";

pub(super) fn layout(fence: &Fence, width: usize) -> Vec<Vec<Piece>> {
    let shell = matches!(fence.language.as_str(), "bash" | "sh" | "shell" | "console" | "shell-session");
    let mut lines = Vec::new();
    let mut open = false;
    for raw in fence.text.lines() {
        let raw = printable(raw);
        let line = raw.trim_end();
        let prompt = shell && !open && line.starts_with("$ ");
        if prompt || open {
            open = line.ends_with('\\');
            command_line(line, prompt, width, &mut lines);
        } else {
            let look = if shell { Look::Output } else { Look::Code };
            cut_line(line, look, width, &mut lines);
        }
    }
    if lines.is_empty() {
        lines.push(Vec::new());
    }
    lines
}

/// A command in lines of at most `width` columns that a shell reads as one: broken before options, with a backslash.
/// Values that are too long for a line are cut, and the next line is marked with `↳`.
pub fn shell_lines(command: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    command_line(&printable(command).replace('\n', " "), false, width.max(8), &mut lines);
    lines.into_iter().map(|pieces| pieces.into_iter().map(|piece| piece.text).collect()).collect()
}

/// One line as the author wrote it: kept when it fits, else broken between options.
fn command_line(line: &str, prompt: bool, width: usize, lines: &mut Vec<Vec<Piece>>) {
    let (lead, text) = if prompt { line.split_at(2) } else { line.split_at(line.len() - line.trim_start().len()) };
    let (text, more) = match text.strip_suffix('\\') {
        Some(text) => (text.trim_end(), true),
        None => (text, false),
    };
    if measure(line) <= width {
        let mut pieces = vec![Piece::new(lead, Look::Prompt)];
        coloured(text, &mut pieces);
        if more {
            pieces.push(Piece::new(" \\", Look::Prompt));
        }
        pieces.retain(|piece| !piece.text.is_empty());
        lines.push(pieces);
        return;
    }
    let indent = if prompt || lead.is_empty() { INDENT } else { measure(lead) + 2 }.min(width / 4);
    let lead = if measure(lead) > width / 4 { "" } else { lead };
    let mut rows: Vec<String> = Vec::new();
    let mut row = String::new();
    for unit in units(text, width.saturating_sub(indent + 2)) {
        let start = if rows.is_empty() { measure(lead) } else { indent };
        let candidate = if row.is_empty() { unit.clone() } else { format!("{row} {unit}") };
        // Two columns are kept for the backslash.
        if row.is_empty() || start + measure(&candidate) + 2 <= width {
            row = candidate;
        } else {
            rows.push(std::mem::replace(&mut row, unit));
        }
    }
    rows.push(row);
    let last = rows.len() - 1;
    for (at, row) in rows.into_iter().enumerate() {
        let lead = if at == 0 { lead.to_owned() } else { " ".repeat(indent) };
        let tail = if at < last || more { " \\" } else { "" };
        pushed(&lead, &row, tail, width, lines);
    }
}

/// One row of a broken command; cut with a mark when even it is too long.
fn pushed(lead: &str, row: &str, tail: &str, width: usize, lines: &mut Vec<Vec<Piece>>) {
    // A long value may stand further left, so that it stays whole.
    let spare = width.checked_sub(measure(row) + measure(tail));
    let lead = match spare {
        Some(spare) if lead.trim().is_empty() => lead.get(..spare).unwrap_or(lead),
        _ => lead,
    };
    let mut pieces = vec![Piece::new(lead, Look::Prompt)];
    if measure(lead) + measure(row) + measure(tail) <= width {
        coloured(row, &mut pieces);
        pieces.push(Piece::new(tail, Look::Prompt));
        pieces.retain(|piece| !piece.text.is_empty());
        lines.push(pieces);
        return;
    }
    let mut parts = cut(row, width.saturating_sub(measure(lead)), width.saturating_sub(measure(GOES_ON)));
    let before = if parts.len() > 1 { measure(GOES_ON) } else { measure(lead) };
    if parts.last().is_some_and(|part| before + measure(part) + measure(tail) > width) {
        parts.push(String::new());
    }
    let last = parts.len().saturating_sub(1);
    for (at, part) in parts.into_iter().enumerate() {
        let mut pieces =
            if at == 0 { vec![Piece::new(lead, Look::Prompt)] } else { vec![Piece::new(GOES_ON, Look::Gutter)] };
        coloured(&part, &mut pieces);
        if at == last {
            pieces.push(Piece::new(tail, Look::Prompt));
        }
        pieces.retain(|piece| !piece.text.is_empty());
        lines.push(pieces);
    }
}

/// Words that should stay together: single words before the first option, then each option with its values, unless
/// they are wider than `room`.
fn units(text: &str, room: usize) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    let mut option = false;
    for word in words(text) {
        let begins = word.starts_with("--");
        match units.last_mut() {
            Some(unit) if option && !begins && measure(unit) + 1 + measure(&word) <= room => {
                unit.push(' ');
                unit.push_str(&word);
            }
            _ => units.push(word),
        }
        option = option || begins;
    }
    units
}

/// Splits at spaces outside of quotes; quotes stay.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut escaped = false;
    for c in text.chars() {
        match quote {
            None if c.is_whitespace() && !escaped => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            None if (c == '"' || c == '\'') && !escaped => quote = Some(c),
            Some(open) if c == open && !escaped => quote = None,
            _ => {}
        }
        escaped = c == '\\' && !escaped && quote != Some('\'');
        word.push(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Option names get their own look.
fn coloured(text: &str, pieces: &mut Vec<Piece>) {
    let mut rest = text;
    while !rest.is_empty() {
        let start = if rest.starts_with("--") { Some(0) } else { rest.find(" --").map(|at| at + 1) };
        let Some(start) = start else { break };
        let (before, option) = rest.split_at(start);
        let end = option.find([' ', '=']).unwrap_or(option.len());
        let (option, after) = option.split_at(end);
        if !before.is_empty() {
            pieces.push(Piece::new(before, Look::Command));
        }
        pieces.push(Piece::new(option, Look::Option));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::new(rest, Look::Command));
    }
}

/// A line that is not a command: its spaces stay; cut near a space or a separator when it is too long.
fn cut_line(line: &str, look: Look, width: usize, lines: &mut Vec<Vec<Piece>>) {
    let parts = cut(line, width, width.saturating_sub(measure(GOES_ON)));
    for (at, part) in parts.into_iter().enumerate() {
        let mut pieces = if at == 0 { Vec::new() } else { vec![Piece::new(GOES_ON, Look::Gutter)] };
        pieces.push(Piece::new(part, look));
        lines.push(pieces);
    }
}

/// Parts of at most `first`, then `rest` columns.
fn cut(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut left = text;
    let mut room = first.max(1);
    while measure(left) > room {
        let (mut head, mut tail) = split(left, room);
        if head.is_empty() {
            // One character wider than the line: the page's last guard replaces it.
            let end = left.chars().next().map_or(left.len(), char::len_utf8);
            (head, tail) = left.split_at(end);
        } else if let Some(at) = head.rfind([' ', ',', '/', ':']).filter(|at| *at * 2 >= head.len()) {
            (head, tail) = left.split_at(at + 1);
        }
        parts.push(head.to_owned());
        left = tail;
        room = rest.max(1);
    }
    parts.push(left.to_owned());
    parts
}
