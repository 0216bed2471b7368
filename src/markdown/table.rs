//! Tables that fit: columns as wide as their text, the widest narrowed first, and one record per row when even that is
//! too wide.

use super::document::{Align, Spans, plain};
use super::layout::{Look, Piece, pieces};
use super::width::measure;
use super::wrap::wrap;

/// Columns between two columns.
const GAP: usize = 2;

/// No column is narrowed below this.
const LEAST: usize = 6;

pub(super) fn layout(align: &[Align], head: &[Spans], rows: &[Vec<Spans>], width: usize) -> Vec<Vec<Piece>> {
    let Some(widths) = widths(head, rows, width) else { return records(head, rows, width) };
    let mut lines = Vec::new();
    lines.extend(row(align, head, &widths, Some(Look::TableHead)));
    let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    lines.push(vec![Piece::new(rule.join(&" ".repeat(GAP)), Look::Rule)]);
    for cells in rows {
        lines.extend(row(align, cells, &widths, None));
    }
    lines
}

/// The widths of the columns, or `None` when they cannot stand beside each other.
fn widths(head: &[Spans], rows: &[Vec<Spans>], width: usize) -> Option<Vec<usize>> {
    let cells = |column: usize| {
        rows.iter().chain([&head.to_vec()]).filter_map(move |row| row.get(column)).cloned().collect::<Vec<_>>()
    };
    let mut widths = Vec::new();
    let mut least = Vec::new();
    for column in 0..head.len() {
        let cells = cells(column);
        let natural = cells.iter().map(|cell| measure(&plain(cell))).max().unwrap_or(0).max(1);
        let word = cells
            .iter()
            .flat_map(|cell| plain(cell).split_whitespace().map(measure).collect::<Vec<_>>())
            .max()
            .unwrap_or(1);
        widths.push(natural);
        least.push(natural.min(word.clamp(LEAST, 24)));
    }
    let room = width.checked_sub(GAP * head.len().saturating_sub(1))?;
    if least.iter().sum::<usize>() > room || widths.is_empty() {
        return None;
    }
    while widths.iter().sum::<usize>() > room {
        let widest = widths
            .iter_mut()
            .zip(&least)
            .filter(|(width, least)| **width > **least)
            .max_by_key(|(width, _)| **width)
            .map(|(width, _)| width)?;
        *widest -= 1;
    }
    Some(widths)
}

fn row(align: &[Align], cells: &[Spans], widths: &[usize], look: Option<Look>) -> Vec<Vec<Piece>> {
    let wrapped: Vec<Vec<Vec<Piece>>> = widths
        .iter()
        .enumerate()
        .map(|(column, width)| cells.get(column).map_or_else(Vec::new, |cell| wrap(&pieces(cell, look), *width)))
        .collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let mut lines = Vec::new();
    for at in 0..height {
        let mut line = Vec::new();
        let mut owed = 0;
        for (column, (width, cell)) in widths.iter().zip(&wrapped).enumerate() {
            let text = cell.get(at).cloned().unwrap_or_default();
            let used = measure(&text.iter().map(|piece| piece.text.as_str()).collect::<String>());
            let spare = width.saturating_sub(used);
            let before = match align.get(column).copied().unwrap_or_default() {
                Align::Left => 0,
                Align::Centre => spare / 2,
                Align::Right => spare,
            };
            owed += before;
            if !text.is_empty() {
                if owed > 0 {
                    line.push(Piece::new(" ".repeat(owed), Look::Text));
                }
                line.extend(text);
                owed = 0;
            }
            owed += spare - before + GAP;
        }
        lines.push(line);
    }
    lines
}

/// `Head: cell` below each other, an empty line between the rows.
fn records(head: &[Spans], rows: &[Vec<Spans>], width: usize) -> Vec<Vec<Piece>> {
    let mut lines = Vec::new();
    if rows.is_empty() {
        for cell in head {
            lines.extend(wrap(&pieces(cell, Some(Look::TableHead)), width));
        }
    }
    for (at, cells) in rows.iter().enumerate() {
        if at > 0 {
            lines.push(Vec::new());
        }
        for (column, cell) in cells.iter().enumerate() {
            let mut text = head.get(column).map_or_else(Vec::new, |head| pieces(head, Some(Look::TableHead)));
            text.push(Piece::new(": ", Look::TableHead));
            text.extend(pieces(cell, None));
            lines.extend(wrap(&text, width));
        }
    }
    lines
}
