//! Reads with all their pages joined, as the AWS CLI prints them.

use serde_json::Value;

use crate::domain::{Effect, Failure, Operation, Operations};
use crate::protocol::Pages;

/// Calls AWS and joins the pages of a list. What is not paged is called once.
pub(super) async fn call_all(aws: &dyn Operations, operation: &Operation) -> Result<Value, Failure> {
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
pub(super) struct List {
    service: &'static str,
    name: &'static str,
    api: &'static str,
    items: &'static str,
}

impl List {
    /// The list that this operation gives in that member of its output.
    pub(super) const fn new(service: &'static str, name: &'static str, api: &'static str, items: &'static str) -> Self {
        Self { service, name, api, items }
    }

    /// All items.
    pub(super) async fn all(&self, aws: &dyn Operations, region: &str, input: Value) -> Result<Vec<Value>, Failure> {
        let read = Operation {
            service: self.service.to_owned(),
            name: self.name.to_owned(),
            api: self.api.to_owned(),
            region: region.to_owned(),
            input,
            payload: None,
            query: None,
            effect: Effect::Read,
        };
        let output = call_all(aws, &read).await?;
        Ok(output.get(self.items).and_then(Value::as_array).cloned().unwrap_or_default())
    }
}
