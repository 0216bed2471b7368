//! Words of a command line by a shell's quoting, and nothing else of a shell.

use super::CommandError;

/// A word and where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text without quotes.
    pub text: String,
    /// Bytes from the start of the command, or the number of the word when a shell has split them.
    pub at: usize,
}

/// What only a shell could do, and how to do without.
fn refusal(c: char) -> Option<&'static str> {
    Some(match c {
        '|' => "a pipe ('|') needs a shell, which this guide does not run; --query picks from the output",
        ';' | '&' => "';' and '&' join commands in a shell, which this guide does not run; write one command a time",
        '<' | '>' => {
            "a redirection needs a shell, which this guide does not run; write file:// to read a file, or quote the text"
        }
        '`' => {
            "backticks run a command in a shell, which this guide does not run; quote a JMESPath literal with single quotes"
        }
        '(' | ')' => "parentheses mean something to a shell; quote the text",
        '*' | '?' => "a shell would replace '*' and '?' by file names; quote the text",
        '{' | '}' => "a shell would expand braces; quote the text",
        _ => return None,
    })
}

const NO_DOLLAR: &str = "variables and $(…) need a shell, which this guide does not run; write the value, or quote the text with single quotes";

/// Splits `text` into words. A leading `$ ` and `\` at line ends are taken off.
pub fn split(text: &str) -> Result<Vec<Word>, CommandError> {
    let mut words = Vec::new();
    let mut open: Option<Word> = None;
    let skipped = text.len() - text.trim_start().len();
    let prompt = text.trim_start().strip_prefix("$ ").map_or(skipped, |_| skipped + 2);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if at < prompt {
            continue;
        }
        let word = |open: &mut Option<Word>, part: &str| {
            open.get_or_insert_with(|| Word { text: String::new(), at }).text.push_str(part);
        };
        match c {
            '\n' if text.get(at..).is_some_and(|rest| !rest.trim().is_empty()) => {
                let message =
                    "the command ends here, and more follows; end the line with '\\' to go on, or split the commands";
                return Err(CommandError::new(message, at));
            }
            c if c.is_whitespace() => words.extend(open.take()),
            '\\' => match chars.next() {
                Some((_, '\n')) => words.extend(open.take()),
                Some((_, '\r')) if chars.next_if(|(_, c)| *c == '\n').is_some() => words.extend(open.take()),
                Some((_, escaped)) => word(&mut open, escaped.encode_utf8(&mut [0; 4])),
                None => return Err(CommandError::new("the command ends after a '\\'", at)),
            },
            '\'' => {
                let rest = text.get(at + 1..).unwrap_or_default();
                let end = rest.find('\'').ok_or_else(|| CommandError::new("this single quote is never closed", at))?;
                word(&mut open, rest.get(..end).unwrap_or_default());
                while chars.next_if(|(next, _)| *next <= at + 1 + end).is_some() {}
            }
            '"' => word(&mut open, &double_quoted(&mut chars, at)?),
            '$' => return Err(CommandError::new(NO_DOLLAR, at)),
            '#' if open.is_none() => return Err(CommandError::new("a comment is not part of a command", at)),
            '~' if open.is_none() => {
                return Err(CommandError::new("a shell would replace '~'; write the whole path", at));
            }
            c => match refusal(c) {
                Some(message) => return Err(CommandError::new(message, at)),
                None => word(&mut open, c.encode_utf8(&mut [0; 4])),
            },
        }
    }
    words.extend(open);
    Ok(words)
}

type Chars<'a> = std::iter::Peekable<std::str::CharIndices<'a>>;

/// The rest of a double-quoted text, up to its end.
fn double_quoted(chars: &mut Chars<'_>, start: usize) -> Result<String, CommandError> {
    let mut text = String::new();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok(text),
            '\\' => match chars.next() {
                Some((_, '\n')) => {}
                Some((_, escaped @ ('$' | '`' | '"' | '\\'))) => text.push(escaped),
                Some((_, other)) => text.extend(['\\', other]),
                None => break,
            },
            '$' => return Err(CommandError::new(NO_DOLLAR, at)),
            '`' => return Err(CommandError::new(refusal('`').unwrap_or_default(), at)),
            c => text.push(c),
        }
    }
    Err(CommandError::new("this double quote is never closed", start))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        split(text).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn a_fence_is_split_as_a_shell_would() {
        let fence = "$ aws s3api put-object \\\n    --bucket b \\\r\n    --metadata '{\"a\": \"b c\"}' --key \"x \\\"y\\\" \\z\"\n";
        let words =
            ["aws", "s3api", "put-object", "--bucket", "b", "--metadata", "{\"a\": \"b c\"}", "--key", "x \"y\" \\z"];
        assert_eq!(texts(fence), words);
        assert_eq!(texts("a'b c'\"d\"\\ e ''"), ["ab cd e", ""]);
        assert_eq!(texts("  "), Vec::<String>::new());
        assert_eq!(split("$ aws  rds").unwrap()[1], Word { text: "rds".into(), at: 7 });
        assert_eq!(
            texts("--query 'a[?b==`1`] | [0]' DBClusters[0].Status"),
            ["--query", "a[?b==`1`] | [0]", "DBClusters[0].Status"]
        );
    }

    #[test]
    fn what_needs_a_shell_is_refused_where_it_stands() {
        for (text, at, word) in [
            ("aws a | jq", 6, "pipe"),
            ("aws a; b", 5, "';'"),
            ("aws a && b", 6, "';'"),
            ("aws > f", 4, "redirection"),
            ("aws `x`", 4, "backticks"),
            ("aws \"`x`\"", 5, "backticks"),
            ("aws $(x)", 4, "variables"),
            ("aws \"$X\"", 5, "variables"),
            ("aws *.json", 4, "file names"),
            ("aws {a,b}", 4, "braces"),
            ("aws ~/x", 4, "'~'"),
            ("aws # x", 4, "comment"),
            ("aws a\nb", 5, "more follows"),
            ("aws 'a", 4, "never closed"),
            ("aws \"a", 4, "never closed"),
            ("aws \\", 4, "ends after"),
        ] {
            let error = split(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.message.contains(word), "{text}: {error}");
        }
    }
}
