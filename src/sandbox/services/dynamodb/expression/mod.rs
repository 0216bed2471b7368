//! DynamoDB's expressions: conditions, filters, key conditions, projections and updates.
//!
//! Text → tokens ([`lexer`]) → trees ([`parser`]) → evaluated on items ([`condition`], [`update`]). Placeholders are
//! resolved while parsing, so that a placeholder nobody used is refused as AWS refuses it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::value::{Item, normal_item, validation};
use crate::sandbox::call::{AwsError, text};

mod condition;
mod lexer;
mod parser;
mod path;
mod reserved;
#[cfg(test)]
mod tests;
mod update;

pub(super) use condition::{Condition, KeyCondition, key_condition};
pub(super) use path::{Path, project};
pub(super) use update::Update;

/// The placeholders of one request.
pub(super) struct Scope<'v> {
    names: Option<&'v Map<String, Value>>,
    values: Item,
    used: RefCell<BTreeSet<String>>,
}

impl<'v> Scope<'v> {
    /// The placeholders that an input brings.
    pub(super) fn new(input: &'v Value) -> Result<Self, AwsError> {
        let given = input.get("ExpressionAttributeValues");
        for (member, empty) in [
            ("ExpressionAttributeNames", "ExpressionAttributeNames must not be empty"),
            ("ExpressionAttributeValues", "ExpressionAttributeValues must not be empty"),
        ] {
            if input.get(member).and_then(Value::as_object).is_some_and(Map::is_empty) {
                return Err(validation(empty));
            }
        }
        Ok(Self {
            names: input.get("ExpressionAttributeNames").and_then(Value::as_object),
            values: normal_item(given.unwrap_or(&Value::Null))?,
            used: RefCell::default(),
        })
    }

    fn name(&self, placeholder: &str) -> Option<String> {
        let name = self.names?.get(placeholder)?.as_str()?.to_owned();
        self.used.borrow_mut().insert(placeholder.to_owned());
        Some(name)
    }

    fn value(&self, placeholder: &str) -> Option<Value> {
        let value = self.values.get(placeholder)?.clone();
        self.used.borrow_mut().insert(placeholder.to_owned());
        Some(value)
    }

    /// The condition or filter in that member of the input.
    pub(super) fn condition(&self, input: &Value, member: &str) -> Result<Option<Condition>, AwsError> {
        text(input, member).map(|source| parser::condition(self, member, source)).transpose()
    }

    /// The update in the input.
    pub(super) fn update(&self, input: &Value) -> Result<Option<Update>, AwsError> {
        let member = "UpdateExpression";
        text(input, member).map(|source| parser::update(self, member, source)).transpose()
    }

    /// The paths that the input wants to see.
    pub(super) fn projection(&self, input: &Value) -> Result<Option<Vec<Path>>, AwsError> {
        let member = "ProjectionExpression";
        text(input, member).map(|source| parser::projection(self, member, source)).transpose()
    }

    /// Refuses placeholders that no expression used. To be called when all expressions are parsed.
    pub(super) fn finish(&self) -> Result<(), AwsError> {
        let used = self.used.borrow();
        let unused = |keys: Vec<&String>| {
            let left: Vec<&str> = keys.into_iter().map(String::as_str).filter(|key| !used.contains(*key)).collect();
            (!left.is_empty()).then(|| left.join(", "))
        };
        if let Some(keys) = unused(self.names.map(|names| names.keys().collect()).unwrap_or_default()) {
            return Err(validation(format!(
                "Value provided in ExpressionAttributeNames unused in expressions: keys: {{{keys}}}"
            )));
        }
        if let Some(keys) = unused(self.values.keys().collect()) {
            return Err(validation(format!(
                "Value provided in ExpressionAttributeValues unused in expressions: keys: {{{keys}}}"
            )));
        }
        Ok(())
    }
}
