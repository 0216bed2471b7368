//! Methods of a resource and the integrations behind them.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::apis::find_resource;
use super::{bad_request, conflict, not_found};
use crate::sandbox::call::{AwsError, Call, required, text};

const VERBS: &[&str] = &["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// Copies members that are there.
pub(super) fn copy(from: &Value, to: &mut Map<String, Value>, members: &[&str]) {
    for member in members {
        if let Some(value) = from.get(*member).filter(|value| !value.is_null()) {
            to.insert((*member).to_owned(), value.clone());
        }
    }
}

/// The method that the input names.
fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Map<String, Value>, AwsError> {
    let verb = required(input, "httpMethod")?;
    let method = find_resource(call, input)?.methods.get_mut(verb).and_then(|one| Arc::make_mut(one).as_object_mut());
    method.ok_or_else(|| not_found("Method"))
}

/// `PutMethod`
pub fn put(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let verb = required(input, "httpMethod")?.to_owned();
    let authorization = required(input, "authorizationType")?;
    if !VERBS.contains(&verb.as_str()) {
        return Err(bad_request(format!("Invalid HTTP method specified: {verb}")));
    }
    if !["NONE", "AWS_IAM"].contains(&authorization) {
        return Err(AwsError::with_status(
            501,
            "SandboxUnsupportedOperation",
            format!("The sandbox does not simulate authorizationType {authorization}; it knows NONE and AWS_IAM."),
        ));
    }
    let resource = find_resource(call, input)?;
    if resource.methods.contains_key(&verb) {
        return Err(conflict("Method already exists for this resource"));
    }
    let mut method = Map::new();
    method.insert("httpMethod".into(), json!(verb));
    method.insert("authorizationType".into(), json!(authorization));
    method
        .insert("apiKeyRequired".into(), json!(input.get("apiKeyRequired").and_then(Value::as_bool).unwrap_or(false)));
    copy(input, &mut method, &["operationName", "requestParameters", "requestModels"]);
    let method = Value::Object(method);
    resource.methods.insert(verb, Arc::new(method.clone()));
    Ok(method)
}

/// `GetMethod`
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(Value::Object(find(call, input)?.clone()))
}

/// `DeleteMethod`. What is deployed answers on: a deployment is a photograph.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    find(call, input)?;
    let verb = required(input, "httpMethod")?;
    find_resource(call, input)?.methods.remove(verb);
    Ok(json!({}))
}

/// `PutMethodResponse`
pub fn put_response(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let status = required(input, "statusCode")?;
    let mut response = Map::new();
    copy(input, &mut response, &["statusCode", "responseParameters", "responseModels"]);
    let responses = find(call, input)?.entry("methodResponses").or_insert_with(|| json!({}));
    if let Some(map) = responses.as_object_mut() {
        map.insert(status.to_owned(), Value::Object(response.clone()));
    }
    Ok(Value::Object(response))
}

/// `PutIntegration`
pub fn put_integration(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let kind = required(input, "type")?;
    match kind {
        "MOCK" => {}
        "AWS_PROXY" => {
            if function_of(text(input, "uri").unwrap_or_default()).is_none() {
                return Err(bad_request("Invalid ARN specified in the request"));
            }
            if text(input, "integrationHttpMethod") != Some("POST") {
                return Err(bad_request(
                    "Enumeration value for HttpMethod must be non-empty, and POST for a Lambda function",
                ));
            }
        }
        other => {
            return Err(AwsError::with_status(
                501,
                "SandboxUnsupportedOperation",
                format!("The sandbox does not simulate integrations of type {other}; it knows AWS_PROXY and MOCK."),
            ));
        }
    }
    let mut integration = Map::new();
    copy(
        input,
        &mut integration,
        &["type", "uri", "requestTemplates", "requestParameters", "credentials", "contentHandling"],
    );
    if let Some(verb) = text(input, "integrationHttpMethod") {
        integration.insert("httpMethod".into(), json!(verb));
    }
    let defaults = [("passthroughBehavior", json!("WHEN_NO_MATCH")), ("timeoutInMillis", json!(29_000))];
    for (member, default) in defaults {
        let value = input.get(member).filter(|value| !value.is_null()).cloned().unwrap_or(default);
        integration.insert(member.into(), value);
    }
    let integration = Value::Object(integration);
    find(call, input)?.insert("methodIntegration".into(), integration.clone());
    Ok(integration)
}

/// `DeleteIntegration`
pub fn delete_integration(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    match find(call, input)?.shift_remove("methodIntegration") {
        Some(_) => Ok(json!({})),
        None => Err(not_found("Integration")),
    }
}

/// `PutIntegrationResponse`
pub fn put_integration_response(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let status = required(input, "statusCode")?;
    let mut response = Map::new();
    copy(input, &mut response, &["statusCode", "selectionPattern", "responseParameters", "responseTemplates"]);
    let integration = find(call, input)?.get_mut("methodIntegration").and_then(Value::as_object_mut);
    let responses = integration.ok_or_else(|| not_found("Integration"))?.entry("integrationResponses");
    if let Some(map) = responses.or_insert_with(|| json!({})).as_object_mut() {
        map.insert(status.to_owned(), Value::Object(response.clone()));
    }
    Ok(Value::Object(response))
}

/// The ARN of the function that an integration's URI names.
pub fn function_of(uri: &str) -> Option<&str> {
    let arn = uri.split_once("/functions/")?.1.strip_suffix("/invocations")?;
    arn.starts_with("arn:aws:lambda:").then_some(arn)
}
