//! Reads workshop.yaml and glossary.yaml.

use std::collections::BTreeMap;
use std::time::Duration;

use super::model::{
    Confirmation, Confirmations, DrillSpec, FaultSpec, Journey, Objectives, RevertSpec, Store, Variable, Workshop,
};
use super::notes::Notes;
use super::yaml::{Fields, Node};
use crate::domain::region::known_regions;
use crate::domain::text::nearest;
use crate::domain::{Effect, Role};

/// The roles as authors write them.
pub(super) const ROLES: &[(&str, Role)] = &[("primary", Role::Primary), ("secondary", Role::Secondary)];

/// The effects as authors write them.
pub(super) const EFFECTS: &[(&str, Effect)] = &[
    ("read", Effect::Read),
    ("create", Effect::Create),
    ("update", Effect::Update),
    ("delete", Effect::Delete),
    ("fault", Effect::Fault),
];

/// How a learner confirms.
pub(super) const CONFIRMATIONS: &[(&str, Confirmation)] =
    &[("auto", Confirmation::Auto), ("ask", Confirmation::Ask), ("type_name", Confirmation::TypeName)];

/// What stands in workshop.yaml.
pub(super) const KEYS: &[&str] = &[
    "format",
    "id",
    "title",
    "objectives",
    "regions",
    "vars",
    "names",
    "tags",
    "manifest",
    "effects",
    "drill",
    "modules",
];

/// The keys of `drill`.
pub(super) const DRILL: &[&str] = &["journeys", "stores", "faults", "health_checks", "zone", "revert"];
pub(super) const REVERT: &[&str] = &["schedule", "role"];

/// What stands in a fault of the drill.
pub(super) const FAULT: &[&str] =
    &["title", "start", "undo", "port", "ports", "both_regions", "flaps", "sandbox_only", "cuts_replication"];

/// The workshop without its modules, and the ids of the modules that it lists.
pub(super) fn workshop(root: &Node<'_>, notes: &Notes) -> Option<(Workshop, Vec<(String, super::diagnostic::Place)>)> {
    let fields = root.fields(KEYS)?;
    fields.format();
    let modules = fields.need("modules").map(Node::list).unwrap_or_default();
    let listed = modules.iter().filter_map(|node| Some((node.text()?, node.place()))).collect();
    let workshop = Workshop {
        id: fields.need_text("id"),
        title: fields.need_text("title"),
        objectives: objectives(&fields),
        regions: regions(&fields),
        vars: vars(&fields, notes),
        names: templates(&fields, "names", notes),
        tags: templates(&fields, "tags", notes),
        manifest: fields.get("manifest").and_then(|node| notes.template(node)),
        effects: effects(&fields),
        drill: fields.get("drill").and_then(|node| drill(node, notes)).unwrap_or_default(),
        modules: Vec::new(),
        glossary: BTreeMap::new(),
    };
    Some((workshop, listed))
}

/// Terms and their meanings.
pub(super) fn glossary(root: &Node<'_>) -> BTreeMap<String, String> {
    let Some(entries) = root.entries() else { return BTreeMap::new() };
    if let Some(fields) = entries.iter().any(|(name, _)| name == "terms").then(|| root.fields(&["format", "terms"])) {
        let Some(fields) = fields else { return BTreeMap::new() };
        fields.format();
        let terms = fields.get("terms").and_then(Node::entries).unwrap_or_default();
        return terms.into_iter().filter_map(|(term, node)| Some((term, node.text()?))).collect();
    }
    if !entries.iter().any(|(name, _)| name == "format") {
        root.error("`format` is missing", Some("begin the file with `format: 1`".into()));
    }
    entries
        .into_iter()
        .filter(|(term, _)| term != "format")
        .filter_map(|(term, node)| Some((term, node.text()?)))
        .collect()
}

fn objectives(fields: &Fields<'_>) -> Objectives {
    let fallback = Duration::from_mins(15);
    let inner = fields.need("objectives").and_then(|node| node.fields(&["rto", "rpo"]));
    let span = |key| inner.as_ref().and_then(|inner| inner.need(key)).and_then(Node::span).unwrap_or(fallback);
    Objectives { rto: span("rto"), rpo: span("rpo") }
}

fn regions(fields: &Fields<'_>) -> (String, String) {
    let Some(inner) = fields.need("regions").and_then(|node| node.fields(&["primary", "secondary"])) else {
        return Default::default();
    };
    let region = |key: &str| -> Option<String> {
        let node = inner.need(key)?.fields(&["default", "differs_from"])?;
        let node = node.need("default")?;
        let name = node.text()?;
        if !known_regions().any(|known| known == name) {
            let near = nearest(&name, known_regions()).map(|near| format!("did you mean `{near}`?"));
            node.error(format!("there is no AWS Region `{name}`"), near);
        }
        Some(name)
    };
    let pair = (region("primary").unwrap_or_default(), region("secondary").unwrap_or_default());
    if pair.0 == pair.1 && !pair.0.is_empty() {
        inner.node.error(format!("both Regions are `{}`", pair.0), Some("choose two different Regions".into()));
    }
    pair
}

fn vars(fields: &Fields<'_>, notes: &Notes) -> BTreeMap<String, Variable> {
    let entries = fields.get("vars").and_then(Node::entries).unwrap_or_default();
    let read = |node: &Node<'_>| -> Option<Variable> {
        if node.is_text() {
            return notes.template(node).map(Variable::Default);
        }
        let inner = node.fields(&["random", "default", "persist"])?;
        if let Some(keep) = inner.get("persist") {
            keep.flag();
        }
        match (inner.get("random"), inner.get("default")) {
            (Some(length), None) => length.count().map(Variable::Random),
            (None, Some(default)) => notes.template(default).map(Variable::Default),
            _ => {
                node.error("a variable has either `random` or `default`", None);
                None
            }
        }
    };
    entries.into_iter().filter_map(|(name, node)| Some((name, read(&node)?))).collect()
}

fn templates(fields: &Fields<'_>, key: &str, notes: &Notes) -> BTreeMap<String, String> {
    let entries = fields.get(key).and_then(Node::entries).unwrap_or_default();
    entries.into_iter().filter_map(|(name, node)| Some((name, notes.template(&node)?))).collect()
}

fn effects(fields: &Fields<'_>) -> BTreeMap<Effect, Confirmations> {
    let words: Vec<&str> = EFFECTS.iter().map(|(word, _)| *word).collect();
    let inner = fields.need("effects").and_then(|node| node.fields(&words));
    let read = |word: &str| -> Option<Confirmations> {
        let node = inner.as_ref()?.need(word)?.fields(&["sandbox", "aws"])?;
        let of = |key| node.need(key).and_then(|node| node.word(CONFIRMATIONS));
        Some(Confirmations { sandbox: of("sandbox")?, aws: of("aws")? })
    };
    let strict = Confirmations { sandbox: Confirmation::Ask, aws: Confirmation::TypeName };
    EFFECTS.iter().map(|(word, effect)| (*effect, read(word).unwrap_or(strict))).collect()
}

fn drill(node: &Node<'_>, notes: &Notes) -> Option<DrillSpec> {
    let fields = node.fields(DRILL)?;
    let faults = fields.get("faults").and_then(Node::entries).unwrap_or_default();
    let faults: BTreeMap<String, FaultSpec> =
        faults.into_iter().filter_map(|(name, node)| Some((name.clone(), fault(&name, &node)?))).collect();
    Some(DrillSpec {
        journeys: fields.list("journeys").iter().filter_map(|node| journey(node, &faults, notes)).collect(),
        stores: fields.list("stores").iter().filter_map(|node| store(node, notes)).collect(),
        zone: fields.get("zone").and_then(|node| notes.template(node)),
        health_checks: fields.get("health_checks").map(|node| by_role(node, notes)).unwrap_or_default(),
        revert: fields.get("revert").and_then(|node| revert(node, notes)),
        faults,
    })
}

fn revert(node: &Node<'_>, notes: &Notes) -> Option<RevertSpec> {
    let fields = node.fields(REVERT)?;
    let text = |key: &str| notes.template(fields.need(key)?);
    Some(RevertSpec { schedule: text("schedule")?, role: text("role")? })
}

fn by_role(node: &Node<'_>, notes: &Notes) -> BTreeMap<Role, String> {
    let Some(fields) = node.fields(&["primary", "secondary"]) else { return BTreeMap::new() };
    let read = |(word, role): &(&str, Role)| Some((*role, notes.template(fields.get(word)?)?));
    ROLES.iter().filter_map(read).collect()
}

fn journey(node: &Node<'_>, faults: &BTreeMap<String, FaultSpec>, notes: &Notes) -> Option<Journey> {
    let fields = node.fields(&["name", "method", "url", "body", "direct", "broken_by"])?;
    for fault in fields.list("broken_by") {
        if let Some(name) = fault.text().filter(|name| !faults.contains_key(name)) {
            let help = nearest(&name, faults.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            fault.error(format!("no fault is called `{name}`"), help);
        }
    }
    Some(Journey {
        name: fields.need_text("name"),
        method: fields.text("method").unwrap_or_else(|| "GET".into()),
        url: notes.template(fields.need("url")?)?,
        body: fields.get("body").and_then(|node| notes.template(node)),
        direct: fields.get("direct").map(|node| by_role(node, notes)).unwrap_or_default(),
        broken_by: fields.texts("broken_by"),
    })
}

fn store(node: &Node<'_>, notes: &Notes) -> Option<Store> {
    let mut parameters = BTreeMap::new();
    let mut name = String::new();
    for (key, value) in node.entries()? {
        if key == "name" {
            name = value.text()?;
        } else if let Some(text) = notes.template(&value) {
            parameters.insert(key, text);
        }
    }
    if name.is_empty() {
        node.error("`name` is missing", Some("`dynamodb`, `aurora` or `s3`".into()));
    }
    Some(Store { name, parameters })
}

fn fault(name: &str, node: &Node<'_>) -> Option<FaultSpec> {
    let fields = node.fields(FAULT)?;
    let fences = match (fields.text("start"), fields.text("undo")) {
        (Some(start), Some(undo)) => Some((start, undo)),
        (None, None) => None,
        _ => {
            node.error("a fault with a `start` has an `undo`, and the other way round", None);
            None
        }
    };
    let mut ports = fields.texts("ports");
    ports.extend(fields.text("port"));
    if fences.is_none() && ports.is_empty() {
        node.error("a fault has fences (`start`, `undo`) or `ports`", None);
    }
    let flag = |key| fields.get(key).and_then(Node::flag).unwrap_or(false);
    Some(FaultSpec {
        title: fields.text("title").unwrap_or_else(|| name.to_owned()),
        fences,
        ports,
        both_regions: flag("both_regions"),
        flaps: fields.get("flaps").and_then(Node::span),
        sandbox_only: flag("sandbox_only"),
        cuts_replication: flag("cuts_replication"),
    })
}
