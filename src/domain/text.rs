//! Small text helpers that every floor needs: the nearest name, and text that is safe to draw.

/// The candidate nearest to `given` by edit distance, or `None` when nothing is near enough to be a likely typing error.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(given, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut previous = i + 1;
        let mut next = vec![previous];
        for (j, b) in right.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX);
            let cost = usize::from(a != *b);
            let best = (diagonal + cost).min(previous + 1).min(above.saturating_add(1));
            diagonal = above;
            previous = best;
            next.push(best);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// `text` without characters that could move the cursor or change the terminal: control characters become `�`,
/// except line feeds, which stay, and tabs, which become a space.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => '\n',
            '\t' => ' ',
            c if c.is_control() || is_direction_control(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Bidirectional overrides and isolates reorder what is drawn without showing themselves.
fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_the_far_one_is_not() {
        assert_eq!(nearest("titel", ["id", "title", "goal"]), Some("title"));
        assert_eq!(nearest("zzzzzzzz", ["id", "title"]), None);
    }

    #[test]
    fn control_characters_cannot_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\tc\nd\u{202e}"), "a\u{fffd}[2Jb c\nd\u{fffd}");
    }
}
