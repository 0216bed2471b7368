//! The AWS CLI's shorthand syntax: `Key=a,Values=b,c` and `Rule={Id=x,Tags=[a,b]}`. Purely syntax: leaves are text, and
//! the model decides later what they are.

use serde_json::{Map, Value};

/// Deeper than any input of AWS.
const MOST_DEPTH: usize = 32;

/// Parses one word. The error names the character where it stopped, and what was expected there.
pub fn parse(text: &str) -> Result<Value, String> {
    let mut parser = Parser { chars: text.chars().collect(), at: 0, depth: 0 };
    let mut fields = Map::new();
    loop {
        let (key, value) = parser.key_value()?;
        if fields.contains_key(&key) {
            return Err(format!("'{key}' is given twice; a space, not a comma, stands between two items of a list"));
        }
        fields.insert(key, value);
        if parser.at_end() {
            return Ok(Value::Object(fields));
        }
        parser.expect(',')?;
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

/// The characters that may start a bare value. A closing bracket may, as for the AWS CLI: `{Prefix=}` needs `{Prefix=''}`.
fn starts_value(c: char) -> bool {
    !matches!(c, '"' | '\'' | ',' | '=' | '[' | '{') && !c.is_whitespace()
}

/// Those that may follow in the first value after `=`; a closing bracket ends it.
fn follows_first(c: char) -> bool {
    !matches!(c, '"' | '\'' | ',' | ']' | '}')
}

/// Those that may follow in a further value of a list; `=` would make it a key.
fn follows_second(c: char) -> bool {
    !matches!(c, '"' | '\'' | ',' | '=')
}

impl Parser {
    fn current(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn at_end(&self) -> bool {
        self.at >= self.chars.len()
    }

    fn skip_spaces(&mut self) {
        while self.current().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn stop<T>(&self, expected: &str) -> Result<T, String> {
        let found = self.current().map_or_else(|| "the end".to_owned(), |c| format!("'{c}'"));
        Err(format!("expected {expected} at character {}, found {found}", self.at + 1))
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        self.skip_spaces();
        if self.current() != Some(wanted) {
            return self.stop(&format!("'{wanted}'"));
        }
        self.at += 1;
        self.skip_spaces();
        Ok(())
    }

    fn key_value(&mut self) -> Result<(String, Value), String> {
        let key = self.key()?;
        self.expect('=')?;
        let value = match self.current() {
            None => Value::from(""),
            Some('[' | '{') => self.nested()?,
            Some(_) => self.comma_separated()?,
        };
        Ok((key, value))
    }

    fn key(&mut self) -> Result<String, String> {
        let start = self.at;
        while self.current().is_some_and(|c| c.is_ascii_alphanumeric() || "-_.#/:".contains(c)) {
            self.at += 1;
        }
        if start == self.at {
            return self.stop("a key, as in Key=value,");
        }
        Ok(self.chars.get(start..self.at).unwrap_or_default().iter().collect())
    }

    /// `a` is text, `a,b` a list; in `a,b=c` the comma starts the next key.
    fn comma_separated(&mut self) -> Result<Value, String> {
        let first = self.first_value()?;
        let mut items = vec![Value::from(first)];
        loop {
            self.skip_spaces();
            let comma = self.at;
            if self.at_end() || self.current() != Some(',') {
                break;
            }
            self.expect(',')?;
            let next = if self.at_end() { return self.stop("a value") } else { self.second_value() };
            self.skip_spaces();
            match next {
                Some(text) if self.at_end() || self.current() == Some(',') => items.push(Value::from(text)),
                _ => {
                    self.at = comma;
                    break;
                }
            }
        }
        Ok(if items.len() == 1 { items.swap_remove(0) } else { Value::Array(items) })
    }

    /// A list in brackets or a structure in braces.
    fn nested(&mut self) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return self.stop("less nesting");
        }
        let is_list = self.current() == Some('[');
        let end = if is_list { ']' } else { '}' };
        let mut items = Vec::new();
        let mut fields = Map::new();
        self.expect(if is_list { '[' } else { '{' })?;
        while self.current() != Some(end) {
            if self.at_end() {
                return self.stop(&format!("'{end}'"));
            }
            if is_list {
                items.push(self.inner_value()?);
            } else {
                let key = self.key()?;
                self.expect('=')?;
                let value = self.inner_value()?;
                fields.insert(key, value);
            }
            self.skip_spaces();
            if self.current() != Some(end) {
                self.expect(',')?;
            }
        }
        self.at += 1;
        self.depth -= 1;
        Ok(if is_list { Value::Array(items) } else { Value::Object(fields) })
    }

    fn inner_value(&mut self) -> Result<Value, String> {
        match self.current() {
            Some('[' | '{') => self.nested(),
            _ => self.first_value().map(Value::from),
        }
    }

    fn first_value(&mut self) -> Result<String, String> {
        match self.current() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            _ => Ok(self.bare(follows_first).unwrap_or_default()),
        }
    }

    fn second_value(&mut self) -> Option<String> {
        match self.current() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote).ok(),
            _ => self.bare(follows_second),
        }
    }

    /// A value without quotes; `\,` is a comma.
    fn bare(&mut self, follows: fn(char) -> bool) -> Option<String> {
        let mut text = String::new();
        loop {
            let escaped = self.current() == Some('\\') && self.chars.get(self.at + 1) == Some(&',');
            match self.current() {
                Some(_) if escaped => {
                    text.push(',');
                    self.at += 1;
                }
                Some(c) if if text.is_empty() { starts_value(c) } else { follows(c) } => text.push(c),
                _ => break,
            }
            self.at += 1;
        }
        (!text.is_empty()).then(|| text.trim_end().to_owned())
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let start = self.at;
        let mut text = String::new();
        self.at += 1;
        while let Some(c) = self.current() {
            self.at += 1;
            match (c, self.current()) {
                ('\\', Some(escaped)) if escaped == quote || escaped == '\\' => {
                    text.push(escaped);
                    self.at += 1;
                }
                (c, _) if c == quote => return Ok(text),
                (c, _) => text.push(c),
            }
        }
        Err(format!("the quote at character {} is never closed", start + 1))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_lists_and_structures() {
        for (text, expected) in [
            ("Key=a", json!({"Key": "a"})),
            ("Key=", json!({"Key": ""})),
            ("Key=a,Value=b", json!({"Key": "a", "Value": "b"})),
            ("Key=a,b,c", json!({"Key": ["a", "b", "c"]})),
            ("Name=x,Values=a,b,More=c", json!({"Name": "x", "Values": ["a", "b"], "More": "c"})),
            ("A={B=''}", json!({"A": {"B": ""}})),
            ("A=[]", json!({"A": []})),
            ("A=[a, b],C={D=e,F=[g]}", json!({"A": ["a", "b"], "C": {"D": "e", "F": ["g"]}})),
            ("A=[{B=c},{B=d}]", json!({"A": [{"B": "c"}, {"B": "d"}]})),
            ("Key='a,b',Value=\"c \\\" d\"", json!({"Key": "a,b", "Value": "c \" d"})),
            ("Key=a\\,b,Value=c", json!({"Key": "a,b", "Value": "c"})),
            ("Key=a=b", json!({"Key": "a=b"})),
            ("Arn=arn:aws:s3:::b/*,X=1", json!({"Arn": "arn:aws:s3:::b/*", "X": "1"})),
            ("Key = a b , Value=c", json!({"Key": "a b", "Value": "c"})),
        ] {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn errors_name_the_character() {
        for (text, expected) in [
            ("", "expected a key, as in Key=value, at character 1, found the end"),
            ("Key", "expected '=' at character 4, found the end"),
            ("Key:a", "expected '=' at character 6, found the end"),
            ("Key=a,", "expected a value at character 7, found the end"),
            ("Key=a,Key=b", "'Key' is given twice; a space, not a comma, stands between two items of a list"),
            ("Key={A=b", "expected ',' at character 9, found the end"),
            ("Key={", "expected '}' at character 6, found the end"),
            ("A={B=}", "expected ',' at character 7, found the end"),
            ("Key='a", "the quote at character 5 is never closed"),
        ] {
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        }
        assert!(parse(&format!("A={}", "[".repeat(9_000))).unwrap_err().contains("less nesting"));
    }
}
