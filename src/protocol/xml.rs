//! XML: a small tree, and JSON ↔ elements by the models' rules.

use std::fmt::Write;

use quick_xml::events::Event;
use serde_json::{Map, Value};

use super::model::{Kind, Member, Service, Shape};
use super::scalar::{self, Reader};
use super::timestamps::Format;

/// Deeper than any message of AWS; more is an attack on the stack.
const MOST_DEPTH: usize = 64;

/// An element. Attributes and namespaces carry nothing that the services in use need.
#[derive(Debug, Default, PartialEq)]
pub struct Element {
    /// The local name.
    pub name: String,
    /// All text directly inside.
    pub text: String,
    /// The elements inside.
    pub children: Vec<Element>,
}

impl Element {
    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of that name.
    pub fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }
}

/// Reads a document; `None` when it is empty.
pub fn parse(bytes: &[u8]) -> Result<Option<Element>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the XML is not UTF-8".to_owned())?;
    let mut reader = quick_xml::Reader::from_str(text);
    // The bottom of the stack collects the root.
    let mut stack = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|error| format!("the XML cannot be read: {error}"))? {
            Event::Start(start) => {
                if stack.len() > MOST_DEPTH {
                    return Err("the XML is nested too deeply".into());
                }
                stack.push(Element { name: start.local_name().as_ref().to_owned(), ..Element::default() });
            }
            Event::Empty(start) => {
                let element = Element { name: start.local_name().as_ref().to_owned(), ..Element::default() };
                if let Some(parent) = stack.last_mut() {
                    parent.children.push(element);
                }
            }
            Event::End(_) => {
                if let (Some(element), Some(parent)) = (stack.pop(), stack.last_mut()) {
                    parent.children.push(element);
                }
            }
            Event::Text(text) => push_text(&mut stack, &text.xml10_content()),
            Event::CData(data) => push_text(&mut stack, &data.xml10_content()),
            Event::GeneralRef(entity) => {
                let resolved = match entity.resolve_char_ref() {
                    Ok(Some(character)) => character.to_string(),
                    _ => quick_xml::escape::resolve_predefined_entity(&entity.xml10_content())
                        .ok_or("the XML names an unknown entity")?
                        .to_owned(),
                };
                push_text(&mut stack, &resolved);
            }
            Event::DocType(_) => return Err("the XML has a document type, which AWS does not take".into()),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if stack.len() > 1 {
        return Err("the XML ends inside an element".into());
    }
    Ok(stack.pop().and_then(|bottom| bottom.children.into_iter().next()))
}

fn push_text(stack: &mut [Element], text: &str) {
    if let Some(element) = stack.last_mut() {
        element.text.push_str(text);
    }
}

/// Writes elements.
#[derive(Default)]
pub struct Writer(String);

impl Writer {
    /// A document with its declaration.
    pub fn document() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".into())
    }

    /// `<name>`, with a namespace when there is one.
    pub fn open(&mut self, name: &str, namespace: Option<&str>) {
        let _ = match namespace {
            Some(uri) => write!(self.0, "<{name} xmlns=\"{}\">", escape(uri)),
            None => write!(self.0, "<{name}>"),
        };
    }

    /// `</name>`.
    pub fn close(&mut self, name: &str) {
        let _ = write!(self.0, "</{name}>");
    }

    /// Text inside the open element.
    pub fn text(&mut self, text: &str) {
        self.0.push_str(&escape(text));
    }

    /// `<name>text</name>`.
    pub fn leaf(&mut self, name: &str, text: &str) {
        self.open(name, None);
        self.text(text);
        self.close(name);
    }

    /// The document.
    pub fn finish(self) -> String {
        self.0
    }

    /// Writes `value` as the element or elements called `name`.
    pub fn value(&mut self, service: &Service, member: &Member, name: &str, value: &Value) {
        let shape = service.shape(member);
        let namespace = member.xml_namespace.as_ref().map(|namespace| namespace.uri.as_str());
        match (shape.kind, value) {
            (_, Value::Null) => {}
            (Kind::Structure, Value::Object(fields)) => {
                self.open(name, namespace);
                self.members(service, shape, fields, |_| true);
                self.close(name);
            }
            (Kind::List, Value::Array(items)) => {
                let Some(element) = &shape.member else { return };
                if is_flat(member, shape) {
                    for item in items {
                        self.value(service, element, name, item);
                    }
                } else {
                    self.open(name, namespace);
                    let inner = element.location_name.as_deref().unwrap_or("member");
                    for item in items {
                        self.value(service, element, inner, item);
                    }
                    self.close(name);
                }
            }
            (Kind::Map, Value::Object(entries)) => {
                let (Some(key), Some(element)) = (&shape.key, &shape.value) else { return };
                self.open(name, namespace);
                for (k, v) in entries {
                    self.open("entry", None);
                    self.leaf(key.location_name.as_deref().unwrap_or("key"), k);
                    self.value(service, element, element.location_name.as_deref().unwrap_or("value"), v);
                    self.close("entry");
                }
                self.close(name);
            }
            _ => {
                if let Some(text) = scalar::text(service, member, value, Format::Iso8601) {
                    self.open(name, namespace);
                    self.text(&text);
                    self.close(name);
                }
            }
        }
    }

    /// Writes the members of a structure for which `wanted` holds.
    pub fn members(
        &mut self,
        service: &Service,
        shape: &Shape,
        fields: &Map<String, Value>,
        wanted: impl Fn(&Member) -> bool,
    ) {
        for member in shape.members.iter().filter(|member| wanted(member)) {
            if let Some(value) = fields.get(&member.name) {
                self.value(service, member, member.wire_name(), value);
            }
        }
    }
}

/// Whether a list stands without an element around it, each item under the list's own name. (No map in use does.)
fn is_flat(member: &Member, shape: &Shape) -> bool {
    member.flattened || shape.flattened
}

/// Escapes markup, and what XML would not give back: a bare carriage return is read as a line feed.
fn escape(text: &str) -> String {
    let escaped = quick_xml::escape::escape(text);
    // XML 1.0 has no way at all to write other control characters.
    let plain = |c: char| c >= ' ' || matches!(c, '\n' | '\t');
    if escaped.chars().all(plain) {
        return escaped.into_owned();
    }
    let rewrite = |c: char| match c {
        '\r' => "&#13;".to_owned(),
        c if plain(c) => c.to_string(),
        _ => "\u{fffd}".to_owned(),
    };
    escaped.chars().map(rewrite).collect()
}

impl Reader {
    /// The JSON of the structure that `element` holds.
    pub fn xml_members(
        &self,
        shape: &Shape,
        element: &Element,
        wanted: impl Fn(&Member) -> bool,
    ) -> Result<Map<String, Value>, String> {
        let mut fields = Map::new();
        for member in shape.members.iter().filter(|member| wanted(member)) {
            let inner = self.service.shape(member);
            let value = if is_flat(member, inner) {
                let named = |child: &&Element| child.name == member.wire_name();
                let found: Vec<_> = element.children.iter().filter(named).collect();
                if found.is_empty() {
                    continue;
                }
                self.xml_collection(inner, &found)
            } else {
                let Some(child) = element.child(member.wire_name()) else { continue };
                self.xml(member, child)
            };
            fields.insert(member.name.clone(), value.map_err(|error| format!("{}: {error}", member.name))?);
        }
        Ok(fields)
    }

    /// The JSON of one element.
    pub fn xml(&self, member: &Member, element: &Element) -> Result<Value, String> {
        let shape = self.service.shape(member);
        match shape.kind {
            Kind::Structure => Ok(Value::Object(self.xml_members(shape, element, |_| true)?)),
            Kind::List | Kind::Map => self.xml_collection(shape, &element.children.iter().collect::<Vec<_>>()),
            _ => self.scalar(member, &element.text),
        }
    }

    fn xml_collection(&self, shape: &Shape, items: &[&Element]) -> Result<Value, String> {
        if shape.kind == Kind::List {
            let Some(element) = &shape.member else { return Ok(Value::Array(Vec::new())) };
            return items.iter().map(|item| self.xml(element, item)).collect();
        }
        let (Some(key), Some(element)) = (&shape.key, &shape.value) else { return Ok(Value::Object(Map::new())) };
        let mut entries = Map::new();
        for item in items {
            let name = item.child_text(key.location_name.as_deref().unwrap_or("key")).unwrap_or_default();
            if let Some(child) = item.child(element.location_name.as_deref().unwrap_or("value")) {
                entries.insert(name.to_owned(), self.xml(element, child)?);
            }
        }
        Ok(Value::Object(entries))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::super::model;
    use super::*;

    #[test]
    fn text_entities_and_namespaces_are_read() {
        let root = parse(b"<?xml version=\"1.0\"?><a:R xmlns:a=\"u\"><K>x &amp; &#65;<![CDATA[<y>]]></K><E/></a:R>")
            .unwrap()
            .unwrap();
        assert_eq!(root.name, "R");
        assert_eq!(root.child_text("K"), Some("x & A<y>"));
        assert_eq!(root.child_text("E"), Some(""));
        assert_eq!(parse(b"").unwrap(), None);
    }

    #[test]
    fn what_is_no_xml_is_an_error_and_never_a_panic() {
        let deep = "<a>".repeat(10_000);
        for text in ["<a>", "<a></b>", "<a>&what;</a>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", deep.as_str()] {
            assert!(parse(text.as_bytes()).is_err(), "{}", clip_for_test(text));
        }
        assert!(parse(&[0xff, 0xfe]).is_err());
    }

    fn clip_for_test(text: &str) -> &str {
        &text[..text.len().min(40)]
    }

    #[test]
    fn keys_with_odd_characters_come_back() {
        let mut writer = Writer::document();
        writer.leaf("Key", " a<b>&\"'\r\n\u{1}é ");
        let root = parse(writer.finish().as_bytes()).unwrap().unwrap();
        assert_eq!(root.text, " a<b>&\"'\r\n\u{fffd}é ");
    }

    #[test]
    fn flat_and_wrapped_lists_follow_the_model() {
        let service = model::service("s3").unwrap();
        let shape = service.shape(service.operation("ListObjectsV2").unwrap().output.as_ref().unwrap());
        let output = json!({"Contents": [{"Key": "a"}, {"Key": "b"}], "KeyCount": 2});
        let mut writer = Writer::default();
        writer.open("R", None);
        writer.members(service, shape, output.as_object().unwrap(), |_| true);
        writer.close("R");
        let text = writer.finish();
        assert!(text.contains("<Contents><Key>a</Key></Contents><Contents><Key>b</Key></Contents>"), "{text}");
        let read = Reader::client(service).xml_members(shape, &parse(text.as_bytes()).unwrap().unwrap(), |_| true);
        assert_eq!(Value::Object(read.unwrap()), output);
    }
}
