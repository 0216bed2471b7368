//! Lists of AWS, read page by page as the services' own models say.

use serde_json::{Value, json};

use crate::domain::{Effect, Failure, Operation, Operations};
use crate::protocol::paginator;

/// One list read.
#[derive(Clone, Copy, Debug)]
pub struct List {
    service: &'static str,
    name: &'static str,
    api: &'static str,
    items: &'static str,
}

impl List {
    /// The list that this operation gives in that member of its output.
    pub const fn new(service: &'static str, name: &'static str, api: &'static str, items: &'static str) -> Self {
        Self { service, name, api, items }
    }

    /// All items, page by page.
    pub async fn all(&self, aws: &dyn Operations, region: &str, input: Value) -> Result<Vec<Value>, Failure> {
        let pages = paginator(self.service, self.api);
        let mut items = Vec::new();
        let mut next: Vec<(String, Value)> = Vec::new();
        loop {
            let mut page = input.as_object().cloned().unwrap_or_default();
            page.extend(next.drain(..));
            let read = Operation {
                service: self.service.to_owned(),
                name: self.name.to_owned(),
                api: self.api.to_owned(),
                region: region.to_owned(),
                input: json!(page),
                payload: None,
                query: None,
                effect: Effect::Read,
            };
            let output = aws.call(&read).await?.output;
            if let Some(Value::Array(found)) = output.get(self.items) {
                items.extend(found.iter().cloned());
            }
            if let Some(pages) = pages {
                let tokens = pages.output_token.iter().zip(&pages.input_token);
                next = tokens
                    .filter_map(|(from, to)| {
                        let token = output.get(from.split([' ', '|']).next().unwrap_or(from))?;
                        (!token.is_null() && token.as_str() != Some("")).then(|| (to.clone(), token.clone()))
                    })
                    .collect();
            }
            if next.is_empty() {
                return Ok(items);
            }
        }
    }
}
