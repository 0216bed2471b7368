//! Conditions: their tree, their evaluation on an item, and the two parts of a key condition.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::path::Path;
use crate::sandbox::call::AwsError;
use crate::sandbox::services::dynamodb::value::{Item, compare, parts, same, validation};

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Condition {
    /// Either holds.
    Or(Box<Condition>, Box<Condition>),
    /// Both hold.
    And(Box<Condition>, Box<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// `a = b` and the like.
    Compare(Operand, Comparison, Operand),
    /// `a BETWEEN low AND high`.
    Between(Operand, Operand, Operand),
    /// `a IN (…)`.
    In(Operand, Vec<Operand>),
    /// A function.
    Call(Function, Operand, Option<Operand>),
}

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Operand {
    /// What stands at a path.
    Path(Path),
    /// A value of the request.
    Value(Value),
    /// `size(path)`.
    Size(Path),
}

/// How it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Functions that are conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Function {
    Exists,
    NotExists,
    Type,
    BeginsWith,
    Contains,
}

impl Operand {
    pub(super) fn value(&self, item: &Item) -> Option<Value> {
        match self {
            Operand::Path(path) => path.get(item).cloned(),
            Operand::Value(value) => Some(value.clone()),
            Operand::Size(path) => {
                let value = path.get(item)?;
                let (kind, content) = parts(value);
                let size = match kind {
                    "S" => content.as_str()?.len(),
                    "B" => content.as_str()?.len() / 4 * 3,
                    "M" => content.as_object()?.len(),
                    "L" | "SS" | "NS" | "BS" => content.as_array()?.len(),
                    _ => return None,
                };
                Some(json!({ "N": size.to_string() }))
            }
        }
    }
}

impl Comparison {
    fn holds(self, a: &Value, b: &Value) -> bool {
        let ordered = |wanted: &[Ordering]| compare(a, b).is_some_and(|ordering| wanted.contains(&ordering));
        match self {
            Comparison::Equal => same(a, b),
            Comparison::NotEqual => !same(a, b),
            Comparison::Less => ordered(&[Ordering::Less]),
            Comparison::LessOrEqual => ordered(&[Ordering::Less, Ordering::Equal]),
            Comparison::Greater => ordered(&[Ordering::Greater]),
            Comparison::GreaterOrEqual => ordered(&[Ordering::Greater, Ordering::Equal]),
        }
    }
}

impl Condition {
    /// Whether it holds for an item; an item that does not exist is an empty one.
    pub(in super::super) fn holds(&self, item: &Item) -> bool {
        match self {
            Condition::Or(a, b) => a.holds(item) || b.holds(item),
            Condition::And(a, b) => a.holds(item) && b.holds(item),
            Condition::Not(inner) => !inner.holds(item),
            Condition::Compare(a, comparison, b) => match (a.value(item), b.value(item)) {
                (Some(a), Some(b)) => comparison.holds(&a, &b),
                // What is not there differs from everything that is.
                _ => *comparison == Comparison::NotEqual,
            },
            Condition::Between(value, low, high) => {
                let at_least = Condition::Compare(value.clone(), Comparison::GreaterOrEqual, low.clone());
                let at_most = Condition::Compare(value.clone(), Comparison::LessOrEqual, high.clone());
                at_least.holds(item) && at_most.holds(item)
            }
            Condition::In(value, among) => value
                .value(item)
                .is_some_and(|value| among.iter().filter_map(|one| one.value(item)).any(|one| same(&value, &one))),
            Condition::Call(function, subject, argument) => {
                let subject = subject.value(item);
                let argument = argument.as_ref().and_then(|argument| argument.value(item));
                function.holds(subject.as_ref(), argument.as_ref())
            }
        }
    }

    /// The attributes it speaks of.
    pub(in super::super) fn roots(&self) -> Vec<&str> {
        fn of(operand: &Operand) -> Option<&str> {
            match operand {
                Operand::Path(path) | Operand::Size(path) => Some(path.root()),
                Operand::Value(_) => None,
            }
        }
        match self {
            Condition::Or(a, b) | Condition::And(a, b) => [a.roots(), b.roots()].concat(),
            Condition::Not(inner) => inner.roots(),
            Condition::Compare(a, _, b) => [of(a), of(b)].into_iter().flatten().collect(),
            Condition::Between(a, b, c) => [of(a), of(b), of(c)].into_iter().flatten().collect(),
            Condition::In(a, many) => many.iter().chain([a]).filter_map(of).collect(),
            Condition::Call(_, a, b) => [of(a), b.as_ref().and_then(of)].into_iter().flatten().collect(),
        }
    }
}

impl Function {
    fn holds(self, subject: Option<&Value>, argument: Option<&Value>) -> bool {
        match (self, subject) {
            (Function::Exists, subject) => subject.is_some(),
            (Function::NotExists, subject) => subject.is_none(),
            (_, None) => false,
            (function, Some(subject)) => {
                let (Some((kind, content)), Some(argument)) = (Some(parts(subject)), argument) else { return false };
                let (argument_kind, argument_content) = parts(argument);
                let texts = content.as_str().zip(argument_content.as_str());
                match (function, kind) {
                    (Function::Type, kind) => argument_content == kind,
                    (Function::BeginsWith, "S" | "B") => {
                        kind == argument_kind && texts.is_some_and(|(text, start)| text.starts_with(start))
                    }
                    (Function::Contains, "S") => texts.is_some_and(|(text, part)| text.contains(part)),
                    (Function::Contains, "SS" | "NS" | "BS") => {
                        content.as_array().is_some_and(|set| set.contains(argument_content))
                    }
                    (Function::Contains, "L") => {
                        content.as_array().is_some_and(|list| list.iter().any(|value| same(value, argument)))
                    }
                    _ => false,
                }
            }
        }
    }
}

/// A key condition: one partition, and perhaps a condition on the sort key.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct KeyCondition {
    /// The partition key's value.
    pub(in super::super) partition: Value,
    /// What the sort key must fulfil.
    pub(in super::super) sort: Option<Condition>,
}

/// Takes a parsed key condition apart for these keys.
pub(in super::super) fn key_condition(
    condition: Condition,
    partition_key: &str,
    sort_key: Option<&str>,
) -> Result<KeyCondition, AwsError> {
    let mut clauses = Vec::new();
    split(condition, &mut clauses)?;
    let (mut partition, mut sort) = (None, None);
    for clause in clauses {
        let roots = clause.roots();
        let about = roots.first().copied().unwrap_or_default().to_owned();
        if roots.len() != 1 {
            return Err(validation(
                "Invalid KeyConditionExpression: Operators or functions must use exactly one key attribute",
            ));
        }
        if about == partition_key {
            match clause {
                Condition::Compare(Operand::Path(_), Comparison::Equal, Operand::Value(value))
                | Condition::Compare(Operand::Value(value), Comparison::Equal, Operand::Path(_)) => {
                    partition = Some(value);
                }
                _ => return Err(validation("Query key condition not supported")),
            }
        } else if Some(about.as_str()) == sort_key {
            let allowed = match &clause {
                Condition::Compare(_, comparison, _) => *comparison != Comparison::NotEqual,
                Condition::Between(..) => true,
                Condition::Call(function, ..) => *function == Function::BeginsWith,
                _ => false,
            };
            if !allowed {
                return Err(validation("Invalid operator used in KeyConditionExpression"));
            }
            sort = Some(clause);
        } else {
            return Err(validation(format!(
                "Query condition missed key schema element: {}",
                if partition.is_none() { partition_key } else { sort_key.unwrap_or(partition_key) }
            )));
        }
    }
    let partition =
        partition.ok_or_else(|| validation(format!("Query condition missed key schema element: {partition_key}")))?;
    Ok(KeyCondition { partition, sort })
}

fn split(condition: Condition, clauses: &mut Vec<Condition>) -> Result<(), AwsError> {
    match condition {
        Condition::And(a, b) => {
            split(*a, clauses)?;
            split(*b, clauses)
        }
        Condition::Or(..) => Err(validation("Invalid operator used in KeyConditionExpression: OR")),
        Condition::Not(_) => Err(validation("Invalid operator used in KeyConditionExpression: NOT")),
        one => {
            clauses.push(one);
            Ok(())
        }
    }
}
