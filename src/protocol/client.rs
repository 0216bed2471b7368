//! The client's half: a captured response as the JSON that the AWS CLI would print.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use super::codec::ServiceError;
use super::model::{self, OperationModel, Service};
use super::scalar::Reader;
use super::{cbor, errors, query, xml};

/// Reads a captured response of `operation` into what the AWS CLI would print: timestamps as ISO 8601, no streaming body.
/// `service` is our key (`s3`) or the AWS CLI's name (`s3api`).
///
/// # Errors
/// The service's error, when `status` says that it is one; `UnreadableResponse` when the body is not what the model says.
pub fn decode_response(
    service: &str,
    operation: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, Box<ServiceError>> {
    let unreadable = |message: String| Box::new(ServiceError::new("UnreadableResponse", message, status.as_u16()));
    let service = model::service(service)
        .or_else(|| model::service_by_cli_name(service))
        .ok_or_else(|| unreadable(format!("no service '{service}' is in the models")))?;
    let operation = service
        .operation(operation)
        .ok_or_else(|| unreadable(format!("no operation '{operation}' of {} is in the models", service.key)))?;
    if !status.is_success() {
        return Err(Box::new(errors::read(service, status, headers, body)));
    }
    read_output(service, operation, headers, body).map_err(unreadable)
}

fn read_output(
    service: &'static Service,
    operation: &OperationModel,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, String> {
    let reader = Reader::client(service);
    if service.metadata.protocol.starts_with("rest") {
        return reader.rest_output(operation, headers, body);
    }
    let none = || Ok(Value::Object(Map::new()));
    let Some(member) = &operation.output else { return none() };
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if body.is_empty() {
        none()
    } else if content_type.contains("cbor") {
        reader.cbor(member, &cbor::parse(body)?)
    } else if content_type.contains("json") {
        let value = serde_json::from_slice(body).map_err(|error| format!("the JSON cannot be read: {error}"))?;
        reader.json(member, &value, "")
    } else {
        let mut output = query::read_output(reader, operation, &xml::parse(body)?.ok_or("the body is empty")?)?;
        open_template(operation, &mut output);
        Ok(output)
    }
}

/// The AWS CLI prints a template that is JSON as JSON, not as text.
fn open_template(operation: &OperationModel, output: &mut Value) {
    if operation.name != "GetTemplate" {
        return;
    }
    if let Some(body) = output.get_mut("TemplateBody") {
        let parsed = body.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(template) = parsed.filter(Value::is_object) {
            *body = template;
        }
    }
}
