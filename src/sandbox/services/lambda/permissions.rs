//! The resource policy of a function: which service may invoke it, and from where.

use serde_json::{Value, json};

use super::functions::{Function, find, missing};
use crate::sandbox::call::{AwsError, Call, required, text};

/// `AddPermission`
pub fn add(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (id, action) = (required(input, "StatementId")?.to_owned(), required(input, "Action")?.to_owned());
    let principal = required(input, "Principal")?.to_owned();
    let function = find(call, input)?;
    if function.policy.contains_key(&id) {
        return Err(AwsError::with_status(
            409,
            "ResourceConflictException",
            format!(
                "The statement id ({id}) provided already exists. Please provide a new statement id, or remove the existing statement."
            ),
        ));
    }
    let who = if principal.ends_with(".amazonaws.com") {
        json!({ "Service": principal })
    } else {
        json!({ "AWS": principal })
    };
    let mut statement = json!({
        "Sid": id,
        "Effect": "Allow",
        "Principal": who,
        "Action": action,
        "Resource": function.arn,
    });
    let mut condition = serde_json::Map::new();
    if let Some(arn) = text(input, "SourceArn") {
        condition.insert("ArnLike".into(), json!({ "AWS:SourceArn": arn }));
    }
    if let Some(account) = text(input, "SourceAccount") {
        condition.insert("StringEquals".into(), json!({ "AWS:SourceAccount": account }));
    }
    if let (false, Some(map)) = (condition.is_empty(), statement.as_object_mut()) {
        map.insert("Condition".into(), Value::Object(condition));
    }
    function.policy.insert(id, statement.clone());
    Ok(json!({ "Statement": statement.to_string() }))
}

/// `RemovePermission`
pub fn remove(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "StatementId")?;
    let function = find(call, input)?;
    match function.policy.remove(id) {
        Some(_) => Ok(json!({})),
        None => Err(AwsError::not_found(
            "ResourceNotFoundException",
            format!("Statement {id} is not found in resource policy."),
        )),
    }
}

/// `GetPolicy`
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let error = missing(call, required(input, "FunctionName")?);
    let function = find(call, input)?;
    if function.policy.is_empty() {
        return Err(error);
    }
    let statements: Vec<&Value> = function.policy.values().collect();
    let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements });
    Ok(json!({ "Policy": policy.to_string() }))
}

/// Whether `pattern` with `*` and `?` matches the whole of `text`.
fn like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => like(rest, text) || text.split_first().is_some_and(|(_, tail)| like(pattern, tail)),
        (Some((b'?', rest)), Some((_, tail))) => like(rest, tail),
        (Some((p, rest)), Some((t, tail))) => p == t && like(rest, tail),
        _ => false,
    }
}

/// Whether a service may invoke the function on behalf of the resource with that ARN.
pub fn permits(function: &Function, service: &str, source_arn: &str) -> bool {
    function.policy.values().any(|statement| {
        let action = text(statement, "Action").unwrap_or_default();
        let allowed = ["lambda:InvokeFunction", "lambda:*"].contains(&action)
            && statement.pointer("/Principal/Service").and_then(Value::as_str) == Some(service);
        let pattern = statement.pointer("/Condition/ArnLike/AWS:SourceArn").and_then(Value::as_str);
        let owner = statement.pointer("/Condition/StringEquals/AWS:SourceAccount").and_then(Value::as_str);
        allowed
            && pattern.is_none_or(|pattern| like(pattern.as_bytes(), source_arn.as_bytes()))
            && owner.is_none_or(|owner| source_arn.split(':').nth(4) == Some(owner))
    })
}
