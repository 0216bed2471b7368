//! Reads wrong answers: the tests beside the content, `tests/*.yaml` in a module's folder.

use super::model::{Asked, Check, Deed, Expected, Workshop, WrongAnswer};
use super::notes::Notes;
use super::read_module::Reading;
use super::yaml::{Document, Fields, Node};
use crate::domain::text::nearest;

/// What a check may say.
pub(super) const WORDS: &[(&str, Asked)] = &[
    ("todo", Asked::Todo),
    ("pending", Asked::Pending),
    ("pass", Asked::Pass),
    ("fail", Asked::Fail),
    ("unknown", Asked::Unknown),
];

/// What may be done besides typing a command.
pub(super) const DEEDS: &[&str] = &["refused", "run", "attempt", "wait", "fault"];

/// The wrong answers of all modules, in the order of files.
pub(super) fn all(reading: &Reading<'_>, workshop: &Workshop) -> Vec<WrongAnswer> {
    let mut found = Vec::new();
    for path in reading.files.keys() {
        let mut parts = path.split('/');
        let (Some(folder), Some("tests"), Some(name), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if name.strip_suffix(".yaml").is_none() || !reading.files.contains_key(&format!("{folder}/module.yaml")) {
            continue;
        }
        let Some((file, text)) = reading.text(path) else { continue };
        let Some(document) = Document::parse(&file, &text, 0, reading.log) else { continue };
        let root = document.node(reading.log);
        let Some(fields) = root.fields(&["format", "cases", "given", "do", "expect"]) else { continue };
        fields.format();
        let cases = match fields.get("cases") {
            Some(list) => list.list(),
            None => vec![root.clone()],
        };
        for (place, node) in cases.iter().enumerate() {
            let reader = Reader { reading, workshop };
            found.extend(reader.case(node, format!("{path}, case {}", place + 1)));
        }
    }
    found
}

struct Reader<'a> {
    reading: &'a Reading<'a>,
    workshop: &'a Workshop,
}

impl Reader<'_> {
    fn notes(&self) -> &Notes {
        self.reading.notes
    }

    fn case(&self, node: &Node<'_>, id: String) -> Option<WrongAnswer> {
        let fields = node.fields(&["format", "given", "do", "expect"])?;
        let given = fields.list("given").iter().filter_map(|node| self.given(node)).collect();
        let deeds = fields.list("do").iter().filter_map(|node| self.deed(node)).collect();
        let expect = fields.need("expect")?;
        let expect = if expect.is_list() { expect.list() } else { vec![expect.clone()] };
        let expect = expect.iter().filter_map(|node| self.expected(node)).collect();
        Some(WrongAnswer { id, given, deeds, expect })
    }

    /// `solve m1`, or `solve m1.network`: a step with everything before it.
    fn given(&self, node: &Node<'_>) -> Option<String> {
        let text = node.text()?;
        let what = text.strip_prefix("solve ").map(str::trim);
        let modules = || self.workshop.modules.iter();
        let known: Vec<&str> = modules()
            .map(|module| module.id.as_str())
            .chain(modules().flat_map(|module| &module.steps).map(|step| step.id.as_str()))
            .collect();
        match what {
            None => node.error(format!("`{text}` is not `solve MODULE` or `solve STEP`"), None),
            Some(what) if known.contains(&what) => return Some(what.to_owned()),
            Some(what) => {
                let near = nearest(what, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
                node.error(format!("there is no module or step `{what}`"), near);
            }
        }
        None
    }

    /// A command, or a mapping with what else may be done.
    fn deed(&self, node: &Node<'_>) -> Option<Deed> {
        if node.is_text() {
            return Some(Deed::Command(self.command(node)?));
        }
        let fields = node.fields(DEEDS)?;
        let entries = node.entries()?;
        let [(kind, inner)] = entries.as_slice() else {
            node.error("one thing is done at a time", Some("begin another element of the list".into()));
            return None;
        };
        match kind.as_str() {
            "refused" => Some(Deed::Refused(self.command(inner)?)),
            "run" => self.run(inner).map(Deed::Run),
            "attempt" => self.run(inner).map(Deed::Attempt),
            "wait" => inner.span().map(Deed::Wait),
            "fault" => self.fault(fields.get("fault")?),
            _ => None,
        }
    }

    fn command(&self, node: &Node<'_>) -> Option<String> {
        let text = self.notes().template(node)?;
        if let Err(error) = self.reading.sample.parse(&text) {
            node.error(error.to_string(), None);
            return None;
        }
        Some(text)
    }

    fn run(&self, node: &Node<'_>) -> Option<String> {
        let id = node.text()?;
        let steps = || self.workshop.modules.iter().flat_map(|module| &module.steps);
        let known: Vec<&str> = steps()
            .flat_map(|step| step.actions.iter().map(|action| action.id.as_str()).chain([step.id.as_str()]))
            .collect();
        if !known.contains(&id.as_str()) {
            let near = nearest(&id, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            node.error(format!("there is no step or fence `{id}`"), near.or(Some("write `m1.step#fence`".into())));
            return None;
        }
        Some(id)
    }

    fn fault(&self, node: &Node<'_>) -> Option<Deed> {
        let fields = node.fields(&["kind", "region", "set"])?;
        Some(Deed::Fault {
            kind: fields.need_text("kind"),
            region: fields.need("region").and_then(|node| self.notes().template(node))?,
            parameters: fields.get("set").map_or(serde_json::Value::Null, Node::json),
        })
    }

    fn expected(&self, node: &Node<'_>) -> Option<Expected> {
        let fields = node.fields(&["check", "is", "cause", "after"])?;
        let check = self.check(&fields)?;
        let is = fields.need("is")?.word(WORDS)?;
        let after = fields.get("after").and_then(Node::span).unwrap_or_default();
        let cause = match (fields.get("cause"), is) {
            (Some(node), Asked::Fail) => Some(cause(node, check)?),
            (None, Asked::Fail) => {
                let help = check.fail.iter().map(|message| message.when.as_str()).collect::<Vec<_>>().join(", ");
                fields.node.error("a failure has a `cause`", Some(format!("one of {help}")));
                return None;
            }
            (Some(node), _) => {
                node.error("only `is: fail` has a cause", None);
                return None;
            }
            (None, _) => None,
        };
        Some(Expected { check: check.id.clone(), is, cause, after })
    }

    fn check(&self, fields: &Fields<'_>) -> Option<&Check> {
        let node = fields.need("check")?;
        let id = node.text()?;
        let mut checks = self.workshop.checks();
        let found = checks.find(|check| check.id == id);
        if found.is_none() {
            let near = nearest(&id, self.workshop.checks().map(|check| check.id.as_str()));
            node.error(format!("there is no check `{id}`"), near.map(|near| format!("did you mean `{near}`?")));
        }
        found
    }
}

/// A cause by its whole name, or by the beginning of a long path that only one cause has.
fn cause(node: &Node<'_>, check: &Check) -> Option<String> {
    let text = node.text()?;
    let whens = || check.fail.iter().map(|message| message.when.as_str());
    if let Some(exact) = whens().find(|when| *when == text) {
        return Some(exact.to_owned());
    }
    let beginning: Vec<&str> = whens().filter(|when| when.starts_with(&text)).collect();
    if let [only] = beginning.as_slice() {
        return Some((*only).to_owned());
    }
    let listed = whens().collect::<Vec<_>>().join("; ");
    let what = if beginning.is_empty() { "no cause" } else { "several causes that begin with" };
    node.error(format!("`{}` has {what} `{text}`", check.id), Some(format!("it has: {listed}")));
    None
}
