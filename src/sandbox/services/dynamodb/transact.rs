//! Transactions: all writes or none, with the reason of each that stood in the way; and many reads of one instant.

use std::time::Duration;

use serde_json::{Value, json};

use super::items::{Kind, Planned, perform, plan};
use super::value::validation;
use crate::domain::md5;
use crate::sandbox::call::{AwsError, Call, text};

/// Source: Amazon DynamoDB API Reference, TransactWriteItems: up to 100 actions.
const MAX_ACTIONS: usize = 100;

const KINDS: [(&str, Kind); 4] =
    [("Put", Kind::Put), ("Update", Kind::Update), ("Delete", Kind::Delete), ("ConditionCheck", Kind::Check)];

/// Source: Amazon DynamoDB API Reference, TransactWriteItems: a token is remembered for 10 minutes.
const TOKEN_SPAN: Duration = Duration::from_mins(10);

/// Whether a transaction with this token was done before. The same token with another request is a mistake.
fn done_before(call: &mut Call<'_>, token: &str, digest: &str) -> Result<bool, AwsError> {
    let (now, rule) = (call.now(), call.world.rule("dynamodb.transaction-token"));
    let tokens = &mut call.regional().dynamodb.tokens;
    tokens.retain(|_, (at, _)| now.since(*at) < TOKEN_SPAN);
    match tokens.get(token) {
        Some((_, other)) if rule && other != digest => Err(AwsError::client(
            "IdempotentParameterMismatchException",
            "Request contains parameters that were different from an earlier request with the same idempotency token",
        )),
        found => Ok(found.is_some() && rule),
    }
}

pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let actions = input.get("TransactItems").and_then(Value::as_array).cloned().unwrap_or_default();
    if actions.is_empty() || actions.len() > MAX_ACTIONS {
        return Err(validation(format!("Member must have length less than or equal to {MAX_ACTIONS}")));
    }
    let mut responses = Vec::new();
    for action in &actions {
        let asked = action.get("Get").ok_or_else(|| validation("TransactItems can only contain Get"))?;
        let mut found = super::items::get(call, asked)?;
        let item = found.as_object_mut().and_then(|found| found.shift_remove("Item"));
        responses.push(item.map_or_else(|| json!({}), |item| json!({ "Item": item })));
    }
    Ok(json!({ "Responses": responses }))
}

pub(super) fn write(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let actions = input.get("TransactItems").and_then(Value::as_array).cloned().unwrap_or_default();
    if actions.is_empty() || actions.len() > MAX_ACTIONS {
        return Err(validation(format!("Member must have length less than or equal to {MAX_ACTIONS}")));
    }
    let token = text(input, "ClientRequestToken").map(str::to_owned);
    let digest = md5::hex(Value::from(actions.clone()).to_string().as_bytes());
    if let Some(token) = &token
        && done_before(call, token, &digest)?
    {
        return Ok(json!({}));
    }
    let mut planned: Vec<Planned> = Vec::new();
    let mut reasons: Vec<Value> = Vec::new();
    let mut failed = false;
    for action in &actions {
        let (kind, inner) = KINDS
            .iter()
            .find_map(|(name, kind)| action.get(*name).map(|inner| (*kind, inner)))
            .ok_or_else(|| validation("TransactItems can only contain one of Check, Put, Update or Delete"))?;
        match plan(call, kind, inner) {
            Ok(plan) => {
                if planned.iter().any(|other| other.table == plan.table && other.place == plan.place) {
                    return Err(validation("Transaction request cannot include multiple operations on one item"));
                }
                planned.push(plan);
                reasons.push(json!({ "Code": "None" }));
            }
            Err(error) if error.code == "ConditionalCheckFailedException" => {
                failed = true;
                let mut reason = json!({ "Code": "ConditionalCheckFailed", "Message": error.message });
                if let (Some(item), Some(map)) = (error.fields.get("Item"), reason.as_object_mut()) {
                    map.insert("Item".into(), item.clone());
                }
                reasons.push(reason);
            }
            // A missing table or a malformed request is no reason of one action: it refuses the whole.
            Err(error) => return Err(error),
        }
    }
    if failed {
        let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason.get("Code").and_then(Value::as_str)).collect();
        return Err(AwsError {
            fields: json!({ "CancellationReasons": reasons }),
            ..AwsError::client(
                "TransactionCanceledException",
                format!(
                    "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                    codes.join(", ")
                ),
            )
        });
    }
    for plan in &planned {
        perform(call, plan)?;
    }
    if let Some(token) = token {
        let now = call.now();
        call.regional().dynamodb.tokens.insert(token, (now, digest));
    }
    Ok(json!({}))
}
