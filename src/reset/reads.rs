//! Calls that page through AWS's lists.

use serde_json::{Map, Value, json};

use crate::domain::{Effect, Failure, FailureClass, Operation, Operations};

/// A list of AWS: which call, which member holds the items, and how the next page is asked for.
pub(super) struct Listing {
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    pub(super) api: &'static str,
    /// The output's member with the items.
    pub(super) items: &'static str,
    /// The output's member with the next page's token, and the input's member that takes it.
    pub(super) token: Option<(&'static str, &'static str)>,
}

/// One call of a read or a delete.
pub(super) fn operation(listing: &Listing, region: &str, input: Value, effect: Effect) -> Operation {
    Operation {
        service: listing.service.to_owned(),
        name: listing.name.to_owned(),
        api: listing.api.to_owned(),
        region: region.to_owned(),
        input,
        payload: None,
        query: None,
        effect,
    }
}

/// All items of a list, page by page. A list of something that does not exist is empty.
pub(super) async fn all(
    aws: &dyn Operations,
    listing: &Listing,
    region: &str,
    input: Value,
) -> Result<Vec<Value>, Failure> {
    let mut items = Vec::new();
    let mut token: Option<Value> = None;
    loop {
        let mut page = input.as_object().cloned().unwrap_or_else(Map::new);
        if let (Some(token), Some((_, member))) = (token.take(), listing.token) {
            page.insert(member.to_owned(), token);
        }
        let call = operation(listing, region, json!(page), Effect::Read);
        let output = match aws.call(&call).await {
            Ok(reply) => reply.output,
            Err(failure) if failure.class == FailureClass::NotFound => return Ok(items),
            Err(failure) => return Err(failure),
        };
        if let Some(Value::Array(found)) = output.get(listing.items) {
            items.extend(found.iter().cloned());
        }
        token = listing.token.and_then(|(member, _)| output.get(member)).filter(|token| present(token)).cloned();
        if token.is_none() {
            return Ok(items);
        }
    }
}

/// AWS ends its lists with no token, a null or an empty text.
fn present(token: &Value) -> bool {
    token.as_str().is_some_and(|text| !text.is_empty()) || token.is_object()
}
