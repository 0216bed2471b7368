//! YAML with places: a document, a cursor on its nodes that reports what does not fit, and the way back to line and column.
//!
//! `serde_yaml` tells a line only for the first thing that fails. The loader wants all of them, so it reads plain values,
//! and when something is wrong it asks the parser once more, with a visitor that walks to the node in question and stops
//! there: the parser then says where it stood.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_yaml::Value;

use super::diagnostic::{Log, Place};
use super::duration;
use crate::domain::text::nearest;

/// One step on the way to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// A mapping's key.
    Key(String),
    /// An element of a sequence.
    Index(usize),
}

/// A YAML document: a file, or a file's front matter.
#[derive(Debug)]
pub(super) struct Document {
    /// The file, as the author would open it.
    pub(super) file: Rc<str>,
    text: String,
    /// The line of the file on which `text` begins, minus one.
    offset: usize,
    root: Value,
}

impl Document {
    /// Parses `text`, which begins after `offset` lines of the file.
    pub(super) fn parse(file: &Rc<str>, text: &str, offset: usize, log: &Log) -> Option<Rc<Self>> {
        match serde_yaml::from_str::<Value>(text) {
            Ok(root) => Some(Rc::new(Self { file: file.clone(), text: text.to_owned(), offset, root })),
            Err(error) => {
                let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
                let place = Place::Line { file: file.clone(), line: line + offset, column };
                let message = without_location(&error.to_string());
                log.error(
                    &place,
                    format!("not valid YAML: {message}"),
                    Some("quote texts that hold `: `, `#`, `{{` or `*`".into()),
                );
                None
            }
        }
    }

    /// A document of the same text and places, with another root of the same shape.
    pub(super) fn map(&self, change: impl FnOnce(&Value) -> Value) -> Rc<Self> {
        let root = change(&self.root);
        Rc::new(Self { file: self.file.clone(), text: self.text.clone(), offset: self.offset, root })
    }

    /// The document's root.
    pub(super) fn node<'a>(self: &'a Rc<Self>, log: &'a Log) -> Node<'a> {
        Node { document: self, log, value: &self.root, path: Vec::new() }
    }

    /// Line and column of a node in its file.
    pub(super) fn locate(&self, path: &[Segment], key: bool) -> (usize, usize) {
        let mut deserializer = serde_yaml::Deserializer::from_str(&self.text);
        let found = deserializer.next().and_then(|document| Locate { path, key }.deserialize(document).err());
        let at = found.and_then(|error| error.location());
        at.map_or((self.offset + 1, 1), |at| (at.line() + self.offset, at.column()))
    }
}

fn without_location(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

/// Walks down `path` and fails at its end.
struct Locate<'p> {
    path: &'p [Segment],
    key: bool,
}

const FOUND: &str = "here";

macro_rules! stop_at_scalars {
    ($($name:ident: $kind:ty),*) => { $(
        fn $name<E: serde::de::Error>(self, _: $kind) -> Result<(), E> { self.stop() }
    )* };
}

impl Locate<'_> {
    /// The end of the way, or a scalar where the way goes on: nothing to find.
    fn stop<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.path.is_empty() { Err(E::custom(FOUND)) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Locate<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Locate<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    stop_at_scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.stop()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((Segment::Index(wanted), rest)) = self.path.split_first() else {
            return Err(A::Error::custom(FOUND));
        };
        for _ in 0..*wanted {
            items.next_element::<IgnoredAny>()?;
        }
        items.next_element_seed(Locate { path: rest, key: self.key })?;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Some((Segment::Key(wanted), rest)) = self.path.split_first() else {
            return Err(A::Error::custom(FOUND));
        };
        let stop_at = (rest.is_empty() && self.key).then_some(wanted.as_str());
        while let Some(name) = entries.next_key_seed(Name { stop_at })? {
            if name == *wanted {
                entries.next_value_seed(Locate { path: rest, key: self.key })?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<(), A::Error> {
        let (IgnoredAny, variant) = data.variant()?;
        variant.newtype_variant_seed(self)
    }
}

/// Reads a key and fails at the one that is looked for.
struct Name<'p> {
    stop_at: Option<&'p str>,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = String;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<String, E> {
        if self.stop_at == Some(name) { Err(E::custom(FOUND)) } else { Ok(name.to_owned()) }
    }
}

/// A cursor on one node. Its readers report what does not fit and then give nothing.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    document: &'a Rc<Document>,
    log: &'a Log,
    value: &'a Value,
    path: Vec<Segment>,
}

impl<'a> Node<'a> {
    /// Where the node stands.
    pub(super) fn place(&self) -> Place {
        Place::Yaml { document: self.document.clone(), path: self.path.clone(), key: false }
    }

    /// Where the log goes.
    pub(super) fn log(&self) -> &'a Log {
        self.log
    }

    /// Reports that this node is wrong.
    pub(super) fn error(&self, message: impl Into<String>, help: Option<String>) {
        self.log.error(&self.place(), message, help);
    }

    fn child(&self, segment: Segment, value: &'a Value) -> Node<'a> {
        let mut path = self.path.clone();
        path.push(segment);
        Node { document: self.document, log: self.log, value, path }
    }

    fn what(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
            Value::Tagged(_) => "a YAML tag",
        }
    }

    fn mismatch<T>(&self, wanted: &str) -> Option<T> {
        let quote = matches!(self.value, Value::Number(_) | Value::Bool(_)) && wanted == "a text";
        self.error(format!("expected {wanted}, found {}", self.what()), quote.then(|| "put it in quotes".to_owned()));
        None
    }

    /// A mapping in which only `known` keys may stand.
    pub(super) fn fields(&self, known: &[&str]) -> Option<Fields<'a>> {
        let entries = self.entries()?;
        for (name, node) in &entries {
            if !known.contains(&name.as_str()) {
                let help = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`? known here: {}", known.join(", ")),
                    None => format!("known here: {}", known.join(", ")),
                };
                let place = Place::Yaml { document: node.document.clone(), path: node.path.clone(), key: true };
                self.log.error(&place, format!("unknown key `{name}`"), Some(help));
            }
        }
        Some(Fields { node: self.clone(), entries })
    }

    /// A mapping with any keys, in the file's order.
    pub(super) fn entries(&self) -> Option<Vec<(String, Node<'a>)>> {
        let Value::Mapping(mapping) = self.value else { return self.mismatch("a mapping") };
        let mut entries = Vec::new();
        for (key, value) in mapping {
            let Value::String(name) = key else {
                self.error("every key must be a text", Some("put the key in quotes".into()));
                continue;
            };
            entries.push((name.clone(), self.child(Segment::Key(name.clone()), value)));
        }
        Some(entries)
    }

    /// A list's elements.
    pub(super) fn list(&self) -> Vec<Node<'a>> {
        let Value::Sequence(items) = self.value else {
            return self.mismatch::<Vec<_>>("a list").unwrap_or_default();
        };
        items.iter().enumerate().map(|(index, item)| self.child(Segment::Index(index), item)).collect()
    }

    /// Whether it is a list; where one value or several may stand.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.value, Value::Sequence(_))
    }

    /// Whether it is a text; where a short and a long form may stand.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.value, Value::String(_))
    }

    /// A text.
    pub(super) fn text(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            _ => self.mismatch("a text"),
        }
    }

    /// A list of texts.
    pub(super) fn texts(&self) -> Vec<String> {
        self.list().iter().filter_map(Node::text).collect()
    }

    /// True or false.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.value {
            Value::Bool(flag) => Some(*flag),
            _ => self.mismatch("true or false"),
        }
    }

    /// A number.
    pub(super) fn number(&self) -> Option<f64> {
        match self.value {
            Value::Number(number) => number.as_f64(),
            _ => self.mismatch("a number"),
        }
    }

    /// A whole number that is not negative.
    pub(super) fn count(&self) -> Option<usize> {
        match self.value {
            Value::Number(number) if number.is_u64() => number.as_u64().and_then(|n| usize::try_from(n).ok()),
            _ => self.mismatch("a whole number"),
        }
    }

    /// A span such as `90s`, `20m` or `1h30m`.
    pub(super) fn span(&self) -> Option<Duration> {
        let text = self.text()?;
        let span = duration::parse(&text);
        if span.is_none() {
            self.error(
                format!("`{text}` is not a span of time"),
                Some("write for example `90s`, `20m` or `1h30m`".into()),
            );
        }
        span
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let near = nearest(&text, known.iter().copied())
                .map_or_else(String::new, |near| format!("did you mean `{near}`? "));
            self.error(format!("`{text}` is not known here"), Some(format!("{near}known here: {}", known.join(", "))));
        }
        found
    }

    /// The value as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::to_value(self.value).unwrap_or_default()
    }
}

/// A mapping whose keys have been compared with the known ones.
pub(super) struct Fields<'a> {
    /// The mapping itself.
    pub(super) node: Node<'a>,
    entries: Vec<(String, Node<'a>)>,
}

impl<'a> Fields<'a> {
    /// The value of `key`, when there is one.
    pub(super) fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The value of `key`; its absence is reported.
    pub(super) fn need(&self, key: &str) -> Option<&Node<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.node.error(format!("`{key}` is missing"), None);
        }
        found
    }

    /// A text that must be there; an empty one stands for it after the report.
    pub(super) fn need_text(&self, key: &str) -> String {
        self.need(key).and_then(Node::text).unwrap_or_default()
    }

    /// A text that may be there.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(Node::text)
    }

    /// A list of texts that may be there.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        self.get(key).map(Node::texts).unwrap_or_default()
    }

    /// A list that may be there.
    pub(super) fn list(&self, key: &str) -> Vec<Node<'a>> {
        self.get(key).map(Node::list).unwrap_or_default()
    }

    /// The `format: 1` that every file begins with.
    pub(super) fn format(&self) {
        let Some(node) = self.need("format") else { return };
        if node.value.as_u64() != Some(1) {
            node.error("this guide reads `format: 1`", Some("a newer workshop needs a newer guide".into()));
        }
    }
}
