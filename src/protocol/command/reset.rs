//! `workshop reset`, the one command of this guide's own that a fence may hold: it takes a whole run away.

use super::flags::Line;
use super::words::Word;
use super::{Command, CommandError, Reset};

const COMMAND: &str = "workshop reset";

/// Parses what follows `workshop`.
pub fn parse(words: &[Word], end: usize) -> Result<Command, CommandError> {
    let mut line = Line::new(words)?;
    let verb = match line.plain.first() {
        Some(verb) if verb.text == "reset" => line.plain.remove(0),
        Some(verb) => {
            let message = format!("'workshop {}' does not run in a fence; only {COMMAND} does", verb.text);
            return Err(CommandError::unknown(message, verb.at, &verb.text, ["reset"]));
        }
        None => return Err(CommandError::new(format!("expected a word after 'workshop'; as in {COMMAND}"), end)),
    };
    let suffix = line.take_word("suffix")?;
    line.finish(COMMAND, 0, ["suffix"].into_iter())?;
    if line.region.is_some() || line.query.is_some() {
        let message = format!("{COMMAND} takes neither --region nor --query: it works in both Regions of the run");
        return Err(CommandError::new(message, verb.at));
    }
    let Some(suffix) = suffix else {
        return Err(CommandError::new(
            format!("{COMMAND} needs --suffix, so that the page says whose things go"),
            verb.at,
        ));
    };
    Ok(Command::Reset(Reset { suffix: suffix.text }))
}
