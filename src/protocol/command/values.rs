//! The value of a flag: text, numbers, shorthand, JSON or a file, made into what the model says.

use serde_json::{Map, Value};

use super::super::model::{Kind, Member, Service};
use super::super::{json, scalar};
use super::words::Word;
use super::{CommandError, Files, shorthand};

/// Makes values for one flag.
pub struct Maker<'a> {
    /// Whose shapes.
    pub service: &'static Service,
    /// The flag with its dashes, for errors.
    pub flag: &'a str,
    /// Where `file://` is read.
    pub files: &'a dyn Files,
}

/// Whether leaves are text that the model turns into numbers and words (shorthand), or typed already (JSON).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaves {
    Text,
    Typed,
}

/// Why a value does not fit, and the nearest known name.
struct Misfit(String, Option<String>);

impl Maker<'_> {
    /// The value of a flag that takes one word, or of a list flag that takes several.
    pub fn value(&self, member: &Member, words: &[Word]) -> Result<Value, CommandError> {
        let shape = self.service.shape(member);
        let Some(first) = words.first() else {
            return Ok(Value::Array(Vec::new()));
        };
        if shape.kind != Kind::List {
            return self.one(member, first);
        }
        let text = self.text(first)?;
        let element = shape.member.as_ref().ok_or_else(|| self.error(first, "it takes nothing"))?;
        if words.len() == 1 && text.trim_start().starts_with('[') {
            return self.json(member, first, &text);
        }
        words.iter().map(|word| self.one(element, word)).collect()
    }

    /// The value of one word.
    fn one(&self, member: &Member, word: &Word) -> Result<Value, CommandError> {
        let shape = self.service.shape(member);
        let text = self.text(word)?;
        match shape.kind {
            Kind::Structure | Kind::Map | Kind::List => {
                if text.trim_start().starts_with(['{', '[']) {
                    return self.json(member, word, &text);
                }
                if shape.document {
                    return Err(self.error(word, "it takes JSON only"));
                }
                let parsed = shorthand::parse(&text).map_err(|error| self.error(word, &error))?;
                self.fit(member, &parsed, "", Leaves::Text).map_err(|misfit| self.misfit(word, misfit))
            }
            _ => self.fit(member, &Value::from(text), "", Leaves::Text).map_err(|misfit| self.misfit(word, misfit)),
        }
    }

    /// The word, or the text of the file that it names.
    pub fn text(&self, word: &Word) -> Result<String, CommandError> {
        let (scheme, path) = word.text.split_once("://").unwrap_or(("", ""));
        let read = || self.files.read(path).map_err(|error| self.error(word, &error.0));
        match scheme {
            // No flag in use takes bytes in its value (`--body` takes a path), so both are text.
            "file" | "fileb" => String::from_utf8(read()?).map_err(|_| self.error(word, "the file is not UTF-8 text")),
            _ => Ok(word.text.clone()),
        }
    }

    /// JSON of a flag, checked against the model.
    pub fn json(&self, member: &Member, word: &Word, text: &str) -> Result<Value, CommandError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| self.error(word, &format!("the JSON cannot be read: {error}")))?;
        self.fit(member, &value, "", Leaves::Typed).map_err(|misfit| self.misfit(word, misfit))
    }

    /// An error about this flag's value.
    pub fn error(&self, word: &Word, message: &str) -> CommandError {
        CommandError::new(format!("{}: {message} (in '{}')", self.flag, scalar::clip(&word.text)), word.at)
    }

    fn misfit(&self, word: &Word, Misfit(message, nearest): Misfit) -> CommandError {
        CommandError { nearest, ..self.error(word, &message) }
    }

    /// `value` as the model has it; `place` is where in the flag's value it stands.
    fn fit(&self, member: &Member, value: &Value, place: &str, leaves: Leaves) -> Result<Value, Misfit> {
        let shape = self.service.shape(member);
        let wrong = |expected: &str| {
            let at = if place.is_empty() { String::new() } else { format!("{place}: ") };
            let found = match value {
                Value::String(text) => format!("'{}'", scalar::clip(text)),
                other => json::kind_word(other).to_owned(),
            };
            Err(Misfit(format!("{at}expected {expected}, found {found}"), None))
        };
        let inside = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        match (shape.kind, value) {
            (Kind::Structure, _) if shape.document => Ok(value.clone()),
            (Kind::Structure, Value::Object(fields)) => {
                let mut fitted = Map::new();
                for (name, value) in fields {
                    let Some(inner) = shape.get(name) else {
                        let known = shape.members.iter().map(|member| member.name.as_str());
                        let nearest = crate::domain::text::nearest(name, known).map(str::to_owned);
                        let names: Vec<_> = shape.members.iter().map(|member| member.name.as_str()).collect();
                        let message = format!("{} is unknown; {} takes {}", inside(name), shape.name, names.join(", "));
                        return Err(Misfit(message, nearest));
                    };
                    fitted.insert(name.clone(), self.fit(inner, value, &inside(name), leaves)?);
                }
                let absent = shape.members.iter().find(|member| member.required && !fitted.contains_key(&member.name));
                match absent {
                    Some(member) => Err(Misfit(format!("{} is missing", inside(&member.name)), None)),
                    None => Ok(Value::Object(fitted)),
                }
            }
            (Kind::Structure, _) => wrong(&format!("{} as Key=value,… or a JSON object", shape.name)),
            (Kind::List, _) => {
                let Some(element) = &shape.member else { return wrong("nothing") };
                let items = match (value, leaves) {
                    (Value::Array(items), _) => items.as_slice(),
                    // In shorthand one item needs no list around it.
                    (one, Leaves::Text) => std::slice::from_ref(one),
                    _ => return wrong("a list"),
                };
                let fit = |(i, item)| self.fit(element, item, &format!("{place}[{i}]"), leaves);
                items.iter().enumerate().map(fit).collect()
            }
            (Kind::Map, Value::Object(entries)) => {
                let Some(element) = &shape.value else { return wrong("nothing") };
                let fit = |(k, v): (&String, _)| Ok((k.clone(), self.fit(element, v, &inside(k), leaves)?));
                entries.iter().map(fit).collect()
            }
            (Kind::Map, _) => wrong("key=value,… or a JSON object"),
            (Kind::Timestamp, _) => match scalar::seconds(value) {
                Some(seconds) => Ok(scalar::number(seconds)),
                None => wrong("a time such as 2026-01-05T09:00:00Z"),
            },
            (Kind::String | Kind::Blob, Value::String(_)) | (Kind::Boolean, Value::Bool(_)) => Ok(value.clone()),
            (Kind::Boolean, Value::String(text)) if leaves == Leaves::Text => match text.to_lowercase().as_str() {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => wrong("true or false"),
            },
            (Kind::Integer | Kind::Long, _) => match (value, leaves) {
                (Value::Number(number), _) if number.is_i64() => Ok(value.clone()),
                (Value::String(text), Leaves::Text) => match text.parse::<i64>() {
                    Ok(number) => Ok(number.into()),
                    Err(_) => wrong("a whole number"),
                },
                _ => wrong("a whole number"),
            },
            (Kind::Double, _) => match (value, leaves) {
                (Value::Number(_), _) => Ok(value.clone()),
                (Value::String(text), Leaves::Text) => match text.parse::<f64>().ok().filter(|n| n.is_finite()) {
                    Some(number) => Ok(scalar::number(number)),
                    None => wrong("a number"),
                },
                _ => wrong("a number"),
            },
            (Kind::Boolean, _) => wrong("true or false"),
            (Kind::String | Kind::Blob, _) => wrong("text"),
        }
    }
}
