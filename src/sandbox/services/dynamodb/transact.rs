//! Transactions: all writes or none, with the reason of each that stood in the way.

use serde_json::{Value, json};

use super::items::{Kind, Planned, perform, plan};
use super::value::validation;
use crate::sandbox::call::{AwsError, Call};

/// Source: Amazon DynamoDB API Reference, TransactWriteItems: up to 100 actions.
const MAX_ACTIONS: usize = 100;

const KINDS: [(&str, Kind); 4] =
    [("Put", Kind::Put), ("Update", Kind::Update), ("Delete", Kind::Delete), ("ConditionCheck", Kind::Check)];

pub(super) fn write(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let actions = input.get("TransactItems").and_then(Value::as_array).cloned().unwrap_or_default();
    if actions.is_empty() || actions.len() > MAX_ACTIONS {
        return Err(validation(format!("Member must have length less than or equal to {MAX_ACTIONS}")));
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
    Ok(json!({}))
}
