//! GET /truth: which Region answers. GET /health: whether that Region can read its own tables.

use serde_json::{Value, json};

use super::Lambda;

/// Stands in for status.mjs.
pub fn handle(lambda: &mut Lambda<'_>, event: &Value) -> Result<Value, String> {
    if event.get("resource").and_then(Value::as_str) == Some("/truth") {
        return Ok(lambda.answer(200, &json!({ "ok": true })));
    }
    let table = lambda.variable("BOOKS_TABLE");
    let input = json!({ "TableName": table, "Key": { "id": { "S": "health" } } });
    Ok(match lambda.dynamodb("GetItem", &table, &input) {
        Ok(_) => lambda.answer(200, &json!({ "ok": true })),
        Err(_) => lambda.answer(503, &json!({ "ok": false })),
    })
}
