//! Calls of the guide's own, and lists with all their pages joined, as the AWS CLI prints them.

use serde_json::{Value, json};

use super::catalogue::operation_by_cli;
use super::pages::Pages;
use crate::domain::{Effect, Failure, Operation, Operations};

/// A call; `service` and `name` as in the AWS CLI. Its effect is the catalogue's.
pub fn operation(service: &str, name: &str, region: &str, input: Value) -> Operation {
    let spec = operation_by_cli(service, name);
    Operation {
        service: service.to_owned(),
        name: name.to_owned(),
        api: spec.map_or_else(String::new, |spec| spec.api.to_owned()),
        region: region.to_owned(),
        input: if input.is_null() { json!({}) } else { input },
        payload: None,
        query: None,
        effect: spec.map_or(Effect::Update, |spec| spec.effect),
    }
}

/// Calls AWS and joins the pages of a list. What is not paged is called once.
pub async fn call_all(aws: &dyn Operations, operation: &Operation) -> Result<Value, Failure> {
    let Some(mut pages) = Pages::of(&operation.service, &operation.api, &operation.input) else {
        return Ok(aws.call(operation).await?.output);
    };
    let mut page = operation.clone();
    loop {
        match pages.add(aws.call(&page).await?.output) {
            Some(input) => page.input = input,
            None => return Ok(pages.finish()),
        }
    }
}

/// One list read.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The AWS CLI's name of the service.
    pub service: &'static str,
    name: &'static str,
    items: &'static str,
}

impl List {
    /// The list that this operation gives in that member of its output.
    pub const fn new(service: &'static str, name: &'static str, items: &'static str) -> Self {
        Self { service, name, items }
    }

    /// All items.
    pub async fn all(&self, aws: &dyn Operations, region: &str, input: Value) -> Result<Vec<Value>, Failure> {
        let output = call_all(aws, &operation(self.service, self.name, region, input)).await?;
        Ok(output.get(self.items).and_then(Value::as_array).cloned().unwrap_or_default())
    }
}
