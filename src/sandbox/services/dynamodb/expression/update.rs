//! Updates: their actions, applied to an item.

use serde_json::{Value, json};

use super::condition::Operand;
use super::path::Path;
use crate::sandbox::call::AwsError;
use crate::sandbox::services::dynamodb::number::Number;
use crate::sandbox::services::dynamodb::value::{Item, kind, parts, validation};

/// All actions of an update.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Update(pub(super) Vec<Action>);

/// One action.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// `SET path = …`.
    Set(Path, Source),
    /// `REMOVE path`.
    Remove(Path),
    /// `ADD path :number` or `ADD path :set`.
    Add(Path, Value),
    /// `DELETE path :set`.
    Delete(Path, Value),
}

/// What is set.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// A value or what stands at a path.
    Operand(Operand),
    /// A sum.
    Plus(Box<Source>, Box<Source>),
    /// A difference.
    Minus(Box<Source>, Box<Source>),
    /// What stands at the path, or else the other.
    IfNotExists(Path, Box<Source>),
    /// Two lists in one.
    Append(Box<Source>, Box<Source>),
}

fn wrong_type() -> AwsError {
    validation("An operand in the update expression has an incorrect data type")
}

fn number(value: &Value) -> Result<Number, AwsError> {
    match parts(value) {
        ("N", content) => Number::parse(content.as_str().unwrap_or_default()),
        _ => Err(wrong_type()),
    }
}

impl Action {
    /// What it changes.
    pub(super) fn path(&self) -> &Path {
        match self {
            Action::Set(path, _) | Action::Remove(path) | Action::Add(path, _) | Action::Delete(path, _) => path,
        }
    }
}

impl Source {
    fn value(&self, item: &Item) -> Result<Value, AwsError> {
        match self {
            Source::Operand(operand) => operand.value(item).ok_or_else(|| {
                validation("The provided expression refers to an attribute that does not exist in the item")
            }),
            Source::Plus(a, b) => {
                let sum = number(&a.value(item)?)?.plus(number(&b.value(item)?)?)?;
                Ok(json!({ "N": sum.to_string() }))
            }
            Source::Minus(a, b) => {
                let sum = number(&a.value(item)?)?.plus(number(&b.value(item)?)?.negated())?;
                Ok(json!({ "N": sum.to_string() }))
            }
            Source::IfNotExists(path, other) => {
                path.get(item).map_or_else(|| other.value(item), |value| Ok(value.clone()))
            }
            Source::Append(a, b) => {
                let (a, b) = (a.value(item)?, b.value(item)?);
                match (a.get("L").and_then(Value::as_array), b.get("L").and_then(Value::as_array)) {
                    (Some(a), Some(b)) => Ok(json!({ "L": a.iter().chain(b).collect::<Vec<_>>() })),
                    _ => Err(wrong_type()),
                }
            }
        }
    }
}

impl Update {
    /// The attributes that it changes.
    pub(in super::super) fn roots(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|action| action.path().root())
    }

    /// The item after the update. All values are taken from the item as it was before.
    pub(in super::super) fn apply(&self, before: &Item) -> Result<Item, AwsError> {
        let invalid = || validation("The document path provided in the update expression is invalid for update");
        let mut item = before.clone();
        for action in &self.0 {
            match action {
                Action::Set(path, source) => path.set(&mut item, source.value(before)?).ok_or_else(invalid)?,
                Action::Remove(path) => path.remove(&mut item).ok_or_else(invalid)?,
                Action::Add(path, value) => {
                    let sum = match path.get(before) {
                        None if ["N", "SS", "NS", "BS"].contains(&kind(value)) => value.clone(),
                        None => return Err(wrong_type()),
                        Some(old) if kind(value) == "N" => {
                            json!({ "N": number(old)?.plus(number(value)?)?.to_string() })
                        }
                        Some(old) => {
                            let (members, more) = sets(old, value)?;
                            let new = more.iter().filter(|member| !members.contains(member));
                            json!({ kind(old): members.iter().chain(new).collect::<Vec<_>>() })
                        }
                    };
                    path.set(&mut item, sum).ok_or_else(invalid)?;
                }
                Action::Delete(path, value) => {
                    let Some(old) = path.get(before) else { continue };
                    let (members, less) = sets(old, value)?;
                    let left: Vec<&Value> = members.iter().filter(|member| !less.contains(member)).collect();
                    // An empty set does not exist.
                    if left.is_empty() {
                        path.remove(&mut item).ok_or_else(invalid)?;
                    } else {
                        path.set(&mut item, json!({ kind(old): left })).ok_or_else(invalid)?;
                    }
                }
            }
        }
        Ok(item)
    }
}

/// The members of two sets of one type.
fn sets<'v>(a: &'v Value, b: &'v Value) -> Result<(&'v [Value], &'v [Value]), AwsError> {
    let is_set = ["SS", "NS", "BS"].contains(&kind(a)) && kind(a) == kind(b);
    match (parts(a).1.as_array(), parts(b).1.as_array()) {
        (Some(a), Some(b)) if is_set => Ok((a, b)),
        _ => Err(wrong_type()),
    }
}
