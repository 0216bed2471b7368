//! Reads checks: what is asked, what is expected, and what is said when it does not hold.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_yaml::Value;

use super::model::{Ask, Check, Expectation, FailMessage, Operator};
use super::notes::{CheckUse, Notes};
use super::read_workshop::ROLES;
use super::yaml::{Document, Fields, Node};
use crate::domain::text::nearest;

/// What asks; exactly one stands in a check.
pub(super) const ASKS: &[&str] = &["read", "absent", "http", "dns", "canary", "all", "any", "not"];
/// What else stands in a check.
pub(super) const ABOUT: &[&str] = &["id", "title", "expect", "elsewhere", "within", "already", "fail", "parameters"];
/// How a value is compared; exactly one stands in an expectation.
pub(super) const OPERATORS: &[&str] = &["eq", "ne", "in", "matches", "exists", "contains", "gte", "lte", "count"];

/// The checks of checks.yaml by name.
#[derive(Default)]
pub(super) struct Shared {
    document: Option<Rc<Document>>,
    parameters: BTreeMap<String, Vec<String>>,
}

/// Reads checks.yaml. Its checks are compiled where they are used, with their parameters filled in.
pub(super) fn shared(document: &Rc<Document>, log: &super::diagnostic::Log) -> Shared {
    let mut found = Shared { document: Some(document.clone()), parameters: BTreeMap::new() };
    let Some(fields) = document.node(log).fields(&["format", "checks"]) else { return found };
    fields.format();
    for (name, node) in fields.get("checks").and_then(Node::entries).unwrap_or_default() {
        if let Some(inner) = node.fields(&[ASKS, ABOUT].concat()) {
            found.parameters.insert(name, inner.texts("parameters"));
        }
    }
    found
}

/// Reads one check of a step.
pub(super) fn check(node: &Node<'_>, step: &str, shared: &Shared, notes: &Notes) -> Option<Check> {
    if node.entries()?.iter().any(|(key, _)| key == "use") {
        return used(node, step, shared, notes);
    }
    let fields = node.fields(&[ASKS, ABOUT].concat())?;
    let id = format!("{step}/{}", fields.need_text("id"));
    compile(&fields, id, step, notes, node)
}

fn compile(fields: &Fields<'_>, id: String, step: &str, notes: &Notes, at: &Node<'_>) -> Option<Check> {
    notes.checks.borrow_mut().push(CheckUse { place: at.place(), id: id.clone() });
    Some(Check {
        id,
        title: fields.need("title").and_then(|node| notes.template(node)).unwrap_or_default(),
        shared: None,
        ask: ask(fields, notes)?,
        within: fields.get("within").and_then(Node::span),
        elsewhere: fields.list("elsewhere").iter().filter_map(|node| node.word(ROLES)).collect(),
        already: fields.text("already"),
        fail: fields.list("fail").iter().filter_map(|node| message(node, step, notes)).collect(),
    })
}

/// A check of checks.yaml with its parameters: `use: stack-complete`, `with: { stack: … }`.
fn used(node: &Node<'_>, step: &str, shared: &Shared, notes: &Notes) -> Option<Check> {
    let fields = node.fields(&["id", "use", "with", "already"])?;
    let id = format!("{step}/{}", fields.need_text("id"));
    let name_node = fields.need("use")?;
    let name = name_node.text()?;
    let (Some(document), Some(wanted)) = (&shared.document, shared.parameters.get(&name)) else {
        let near = nearest(&name, shared.parameters.keys().map(String::as_str));
        name_node
            .error(format!("checks.yaml has no check `{name}`"), near.map(|near| format!("did you mean `{near}`?")));
        return None;
    };
    let given = fields.get("with").and_then(Node::entries).unwrap_or_default();
    let mut values = BTreeMap::new();
    for (key, value) in &given {
        if !wanted.contains(key) {
            value.error(format!("`{name}` has no parameter `{key}`"), Some(format!("it has: {}", wanted.join(", "))));
        }
        values.insert(key.clone(), value.text()?);
    }
    for missing in wanted.iter().filter(|key| !values.contains_key(*key)) {
        fields
            .node
            .error(format!("`{name}` needs the parameter `{missing}`"), Some(format!("with: {{ {missing}: … }}")));
    }
    let filled = document.map(|root| substitute(root, &values));
    let root = filled.node(node.log());
    let checks = root.fields(&["format", "checks"])?;
    let (_, inner) = checks.get("checks")?.entries()?.into_iter().find(|(key, _)| *key == name)?;
    let inner = inner.fields(&[ASKS, ABOUT].concat())?;
    let check = compile(&inner, id, step, notes, node)?;
    Some(Check { already: fields.text("already").or(check.already), shared: Some(name), ..check })
}

fn substitute(value: &Value, with: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => Value::String(with.iter().fold(text.clone(), |text, (key, value)| {
            text.replace(&format!("{{{{ with.{key} }}}}"), value).replace(&format!("{{{{with.{key}}}}}"), value)
        })),
        Value::Sequence(items) => Value::Sequence(items.iter().map(|item| substitute(item, with)).collect()),
        Value::Mapping(map) => {
            Value::Mapping(map.iter().map(|(key, value)| (key.clone(), substitute(value, with))).collect())
        }
        other => other.clone(),
    }
}

fn ask(fields: &Fields<'_>, notes: &Notes) -> Option<Ask> {
    let given: Vec<&str> = ASKS.iter().copied().filter(|key| fields.get(key).is_some()).collect();
    let [kind] = given.as_slice() else {
        fields.node.error(
            if given.is_empty() {
                "the check asks nothing".to_owned()
            } else {
                format!("the check asks {} things", given.len())
            },
            Some(format!("give exactly one of {}", ASKS.join(", "))),
        );
        return None;
    };
    let node = fields.get(kind)?;
    let expect = || fields.list("expect").iter().filter_map(|node| expectation(node, notes)).collect::<Vec<_>>();
    match *kind {
        "read" => {
            if fields.get("expect").is_none() {
                fields.node.error("`expect` is missing", Some("a read without expectation passes on anything".into()));
            }
            Some(Ask::Read { command: notes.read(node)?, expect: expect() })
        }
        "absent" => Some(Ask::Absent { command: notes.read(node)?, expect: expect() }),
        "http" => http(node, notes),
        "dns" => dns(node, notes),
        "canary" => {
            let inner = node.fields(&["read", "expect"])?;
            let list = inner.need("expect")?.list();
            let expect = list.iter().filter_map(|node| expectation(node, notes)).collect();
            Some(Ask::Canary { read: notes.read(inner.need("read")?)?, expect })
        }
        "all" => Some(Ask::All(nested(node, notes))),
        "any" => Some(Ask::Any(nested(node, notes))),
        _ => Some(Ask::Not(Box::new(one(node, notes)?))),
    }
}

fn one(node: &Node<'_>, notes: &Notes) -> Option<Ask> {
    ask(&node.fields(&[ASKS, &["expect"]].concat())?, notes)
}

fn nested(node: &Node<'_>, notes: &Notes) -> Vec<Ask> {
    node.list().iter().filter_map(|node| one(node, notes)).collect()
}

fn http(node: &Node<'_>, notes: &Notes) -> Option<Ask> {
    let fields = node.fields(&["url", "status", "body", "region"])?;
    let status = |node: &Node<'_>| -> Option<u16> {
        let status = node.count().and_then(|n| u16::try_from(n).ok()).filter(|n| (100..600).contains(n));
        if status.is_none() {
            node.error("an HTTP status is a number from 100 to 599", None);
        }
        status
    };
    let status = match fields.get("status") {
        None => vec![200],
        Some(list) if list.is_list() => list.list().iter().filter_map(status).collect(),
        Some(node) => status(node).into_iter().collect(),
    };
    let text = |key| fields.get(key).and_then(|node| notes.template(node));
    Some(Ask::Http { url: notes.template(fields.need("url")?)?, status, body: text("body"), region: text("region") })
}

fn dns(node: &Node<'_>, notes: &Notes) -> Option<Ask> {
    let fields = node.fields(&["name", "regions", "not_regions"])?;
    let texts = |key| fields.list(key).iter().filter_map(|node| notes.template(node)).collect();
    let name = notes.template(fields.need("name")?)?;
    Some(Ask::Dns { name, regions: texts("regions"), not_regions: texts("not_regions") })
}

fn expectation(node: &Node<'_>, notes: &Notes) -> Option<Expectation> {
    let fields = node.fields(&[OPERATORS, &["path", "pending"]].concat())?;
    let path = notes.path(fields.need("path")?)?;
    let given: Vec<&str> = OPERATORS.iter().copied().filter(|key| fields.get(key).is_some()).collect();
    let [kind] = given.as_slice() else {
        node.error("an expectation has exactly one comparison", Some(format!("one of {}", OPERATORS.join(", "))));
        return None;
    };
    let value = fields.get(kind)?;
    if value.is_text() {
        notes.template(value);
    }
    let operator = match *kind {
        "eq" => Operator::Eq(value.json()),
        "ne" => Operator::Ne(value.json()),
        "in" => Operator::In(value.list().iter().map(Node::json).collect()),
        "matches" => Operator::Matches(pattern(value)?),
        "exists" => Operator::Exists(value.flag()?),
        "contains" => Operator::Contains(value.json()),
        "gte" => Operator::Gte(value.number()?),
        "lte" => Operator::Lte(value.number()?),
        _ => Operator::Count(value.count()?),
    };
    let pending = fields.list("pending").iter().map(Node::json).collect();
    Some(Expectation { path, operator, pending })
}

fn pattern(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if super::template::names(&text).is_empty()
        && let Err(error) = regex::Regex::new(&text)
    {
        node.error(format!("not a regular expression: {error}"), None);
    }
    Some(text)
}

fn message(node: &Node<'_>, step: &str, notes: &Notes) -> Option<FailMessage> {
    let fields = node.fields(&["when", "say", "why", "fix"])?;
    Some(FailMessage {
        when: fields.need_text("when"),
        say: notes.message(fields.need("say")?)?,
        why: fields.get("why").and_then(|node| notes.message(node)),
        fix: fields.get("fix").and_then(|node| notes.anchor(node, step)),
    })
}
