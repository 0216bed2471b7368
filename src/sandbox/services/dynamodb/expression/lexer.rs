//! Expressions as tokens.

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name, a keyword, a `#name` or a `:value`.
    Word(String),
    /// A list position.
    Number(usize),
    /// `=`, `<>`, `(`, `,` and so on.
    Sign(&'static str),
}

impl Token {
    /// How it was written, for messages.
    pub(super) fn text(&self) -> String {
        match self {
            Token::Word(word) => word.clone(),
            Token::Number(number) => number.to_string(),
            Token::Sign(sign) => (*sign).to_owned(),
        }
    }
}

/// Longer signs first.
const SIGNS: [&str; 16] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", ".", "+", "-", "\"", "'"];

/// The tokens, or the first character that belongs to none.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, char> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = if first.is_ascii_digit() {
            let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let digits = rest.get(..length).unwrap_or_default();
            tokens.push(Token::Number(digits.parse().unwrap_or(usize::MAX)));
            length
        } else if is_word(first) || first == '#' || first == ':' {
            let tail = rest.get(first.len_utf8()..).unwrap_or_default();
            let length = first.len_utf8() + tail.find(|c| !is_word(c)).unwrap_or(tail.len());
            tokens.push(Token::Word(rest.get(..length).unwrap_or_default().to_owned()));
            length
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign)).ok_or(first)?;
            tokens.push(Token::Sign(sign));
            sign.len()
        };
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}
