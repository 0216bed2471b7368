//! Gateway responses: what an API adds to the answers that API Gateway makes itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::apis::find;
use super::methods::copy;
use super::{bad_request, not_found};
use crate::sandbox::call::{AwsError, Call, required, text};

/// Gateway responses by type, as they were put.
pub type Responses = BTreeMap<String, Value>;

/// The types and the status of each; 0 where a status of its own is no default. Source: Amazon API Gateway Developer
/// Guide, "Gateway response types for API Gateway".
const TYPES: [(&str, u16); 21] = [
    ("ACCESS_DENIED", 403),
    ("API_CONFIGURATION_ERROR", 500),
    ("AUTHORIZER_CONFIGURATION_ERROR", 500),
    ("AUTHORIZER_FAILURE", 500),
    ("BAD_REQUEST_BODY", 400),
    ("BAD_REQUEST_PARAMETERS", 400),
    ("DEFAULT_4XX", 0),
    ("DEFAULT_5XX", 0),
    ("EXPIRED_TOKEN", 403),
    ("INTEGRATION_FAILURE", 504),
    ("INTEGRATION_TIMEOUT", 504),
    ("INVALID_API_KEY", 403),
    ("INVALID_SIGNATURE", 403),
    ("MISSING_AUTHENTICATION_TOKEN", 403),
    ("QUOTA_EXCEEDED", 429),
    ("REQUEST_TOO_LARGE", 413),
    ("RESOURCE_NOT_FOUND", 404),
    ("THROTTLED", 429),
    ("UNAUTHORIZED", 401),
    ("UNSUPPORTED_MEDIA_TYPE", 415),
    ("WAF_FILTERED", 403),
];

/// The template of every gateway response until another one is given. Source: likewise.
const TEMPLATE: &str = "{\"message\":$context.error.messageString}";

fn unsupported(what: &str) -> AwsError {
    let message = format!("The sandbox does not simulate {what} of a gateway response.");
    AwsError::with_status(501, "SandboxUnsupportedOperation", message)
}

/// The type that an input names, with its own status.
fn kind(input: &Value) -> Result<(&'static str, u16), AwsError> {
    let asked = required(input, "responseType")?;
    let known = TYPES.iter().find(|(name, _)| *name == asked);
    known.copied().ok_or_else(|| bad_request(format!("Invalid Gateway response type specified: {asked}")))
}

/// As API Gateway shows a type that nobody has set.
fn default(kind: &str, status: u16) -> Value {
    let mut shown = json!({
        "responseType": kind, "responseParameters": {}, "responseTemplates": { "application/json": TEMPLATE },
        "defaultResponse": true,
    });
    if let (true, Some(members)) = (status > 0, shown.as_object_mut()) {
        members.insert("statusCode".into(), json!(status.to_string()));
    }
    shown
}

/// `PutGatewayResponse`
pub fn put(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (kind, status) = kind(input)?;
    for (name, value) in input.get("responseParameters").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        if !["header.", "path.", "querystring."]
            .iter()
            .any(|place| name.strip_prefix("gatewayresponse.").is_some_and(|rest| rest.starts_with(place)))
        {
            return Err(bad_request(format!("Invalid mapping expression parameter specified: {name}")));
        }
        if !name.starts_with("gatewayresponse.header.") || value.starts_with("method.") || value.starts_with("context.")
        {
            return Err(unsupported(&format!("the parameter {name} from {value}")));
        }
        if value.len() < 2 || !value.starts_with('\'') || !value.ends_with('\'') {
            return Err(bad_request(format!("Invalid mapping expression specified: {value}")));
        }
    }
    if input.get("responseTemplates").and_then(Value::as_object).is_some_and(|templates| !templates.is_empty()) {
        return Err(unsupported("responseTemplates"));
    }
    let mut response = Map::new();
    copy(input, &mut response, &["statusCode", "responseParameters"]);
    if let Value::Object(defaults) = default(kind, status) {
        for (name, value) in defaults {
            response.entry(name).or_insert(value);
        }
    }
    response.insert("defaultResponse".into(), json!(false));
    let response = Value::Object(response);
    find(call, input)?.responses.insert(kind.to_owned(), response.clone());
    Ok(response)
}

/// `GetGatewayResponse`; a type that nobody has set is there with its default.
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (kind, status) = kind(input)?;
    Ok(find(call, input)?.responses.get(kind).cloned().unwrap_or_else(|| default(kind, status)))
}

/// `GetGatewayResponses`
pub fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let set = &find(call, input)?.responses;
    let items: Vec<Value> =
        TYPES.iter().map(|(kind, status)| set.get(*kind).cloned().unwrap_or_else(|| default(kind, *status))).collect();
    Ok(json!({ "items": items }))
}

/// `DeleteGatewayResponse`
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (kind, _) = kind(input)?;
    find(call, input)?.responses.remove(kind).map(|_| json!({})).ok_or_else(|| not_found("Gateway response type"))
}

/// The status and the headers that an API gives an answer of that type; one that is not set falls back to the default
/// of its class. Source: likewise: "If the response type is unspecified, this response defaults to the DEFAULT_4XX type".
pub fn dressed(responses: &Responses, kind: &str, status: u16) -> (u16, Vec<(String, String)>) {
    let fallback = if status < 500 { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
    let Some(found) = responses.get(kind).or_else(|| responses.get(fallback)) else { return (status, Vec::new()) };
    // The status that a type has by default is not one that somebody gave it.
    let own = text(found, "statusCode").and_then(|own| own.parse().ok());
    let given = own.filter(|own| TYPES.iter().all(|(name, status)| *name != kind || status != own));
    let headers = found.get("responseParameters").and_then(Value::as_object).into_iter().flatten();
    let headers = headers.filter_map(|(name, value)| {
        let name = name.strip_prefix("gatewayresponse.header.")?.to_ascii_lowercase();
        Some((name, value.as_str()?.trim_matches('\'').to_owned()))
    });
    (given.unwrap_or(status), headers.collect())
}
