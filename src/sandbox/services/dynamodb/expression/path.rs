//! Document paths: `book.tags[0]`.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::sandbox::services::dynamodb::value::{Item, kind};

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Step {
    /// A map's entry, or the item's attribute.
    Name(String),
    /// A list's position.
    At(usize),
}

/// Steps from an item to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Path(pub(super) Vec<Step>);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<String> = self
            .0
            .iter()
            .map(|step| match step {
                Step::Name(name) => name.clone(),
                Step::At(at) => format!("[{at}]"),
            })
            .collect();
        write!(f, "[{}]", steps.join(", "))
    }
}

impl Path {
    /// The attribute that the path begins with.
    pub(in super::super) fn root(&self) -> &str {
        match self.0.first() {
            Some(Step::Name(name)) => name,
            _ => "",
        }
    }

    /// Whether one path leads through the other.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a == b)
    }

    /// The value at the end of the path.
    pub(super) fn get<'i>(&self, item: &'i Item) -> Option<&'i Value> {
        let mut steps = self.0.iter();
        let Some(Step::Name(first)) = steps.next() else { return None };
        steps.try_fold(item.get(first)?, |value, step| match step {
            Step::Name(name) => value.get("M")?.get(name),
            Step::At(at) => value.get("L")?.get(*at),
        })
    }

    /// Puts a value at the end of the path. `None` when what leads there does not exist.
    pub(super) fn set(&self, item: &mut Item, value: Value) -> Option<()> {
        let (last, steps) = self.0.split_last()?;
        if let (Step::Name(name), true) = (last, steps.is_empty()) {
            item.insert(name.clone(), value);
            return Some(());
        }
        let parent = parent_of(item, steps)?;
        match last {
            Step::Name(name) => {
                parent.get_mut("M")?.as_object_mut()?.insert(name.clone(), value);
            }
            Step::At(at) => {
                let list = parent.get_mut("L")?.as_array_mut()?;
                match list.get_mut(*at) {
                    Some(place) => *place = value,
                    // Behind the end of a list a value is added to its end.
                    None => list.push(value),
                }
            }
        }
        Some(())
    }

    /// Removes what is at the end of the path; nothing when it is not there. `None` when what leads there is missing.
    pub(super) fn remove(&self, item: &mut Item) -> Option<()> {
        let (last, steps) = self.0.split_last()?;
        if let (Step::Name(name), true) = (last, steps.is_empty()) {
            item.shift_remove(name);
            return Some(());
        }
        let parent = parent_of(item, steps)?;
        match last {
            Step::Name(name) => {
                parent.get_mut("M")?.as_object_mut()?.shift_remove(name);
            }
            Step::At(at) => {
                let list = parent.get_mut("L")?.as_array_mut()?;
                if *at < list.len() {
                    list.remove(*at);
                }
            }
        }
        Some(())
    }
}

/// The value that one or more steps lead to.
fn parent_of<'i>(item: &'i mut Item, steps: &[Step]) -> Option<&'i mut Value> {
    let mut steps = steps.iter();
    let Some(Step::Name(name)) = steps.next() else { return None };
    steps.try_fold(item.get_mut(name)?, |value, step| match step {
        Step::Name(name) => value.get_mut("M")?.get_mut(name),
        Step::At(at) => value.get_mut("L")?.get_mut(*at),
    })
}

/// The parts of an item that the paths name, in the item's own structure.
pub(in super::super) fn project(item: &Item, paths: &[Path]) -> Item {
    let mut out = Item::new();
    for path in paths {
        let Some(value) = path.get(item) else { continue };
        place(&mut out, &path.0, value.clone());
    }
    out
}

fn place(out: &mut Map<String, Value>, steps: &[Step], value: Value) {
    let Some((Step::Name(name), rest)) = steps.split_first() else { return };
    match rest.first() {
        None => {
            out.insert(name.clone(), value);
        }
        Some(step) => {
            let empty = if matches!(step, Step::Name(_)) { json!({ "M": {} }) } else { json!({ "L": [] }) };
            let entry = out.entry(name.clone()).or_insert(empty);
            place_in(entry, rest, value);
        }
    }
}

fn place_in(parent: &mut Value, steps: &[Step], value: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *parent = value;
        return;
    };
    match step {
        Step::Name(_) => {
            if let Some(map) = parent.get_mut("M").and_then(Value::as_object_mut) {
                place(map, steps, value);
            }
        }
        // A projected list keeps the order of its positions, but not the positions themselves.
        Step::At(_) => {
            if let Some(list) = parent.get_mut("L").and_then(Value::as_array_mut) {
                let mut entry = match rest.first() {
                    Some(Step::Name(_)) => json!({ "M": {} }),
                    Some(Step::At(_)) => json!({ "L": [] }),
                    None => Value::Null,
                };
                place_in(&mut entry, rest, value);
                if !kind(&entry).is_empty() {
                    list.push(entry);
                }
            }
        }
    }
}
