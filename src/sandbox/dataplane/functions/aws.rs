//! The SDK's side of a function: its calls of AWS, with its role.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Identity;
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::faults;
use crate::sandbox::javascript::Reply;
use crate::sandbox::services::{self, iam};
use crate::sandbox::world::World;

/// Runs an operation when the role allows it.
pub fn answer(world: &mut World, who: &Identity, request: &Value) -> Reply {
    let member = |name: &str| text(request, name).unwrap_or_default();
    let (service, operation) = (member("service"), member("operation"));
    let region = text(request, "region").unwrap_or(&who.region);
    if faults::active(world, faults::REGION_LOSS, region) {
        return Err(json!({ "name": "TimeoutError", "message": "socket hang up", "status": 0, "fields": {} }));
    }
    let input = request.get("input").cloned().unwrap_or_else(|| json!({}));
    run(world, who, region, service, operation, &input, text(request, "body")).map_err(
        |error| json!({ "name": error.code, "message": error.message, "status": error.status, "fields": error.fields }),
    )
}

fn run(
    world: &mut World,
    who: &Identity,
    region: &str,
    service: &str,
    operation: &str,
    input: &Value,
    body: Option<&str>,
) -> Result<Value, AwsError> {
    for (action, resource) in needs(who, region, service, operation, input) {
        if !iam::allows(world, &who.account, &who.role, &action, &resource) && world.rule("lambda.role") {
            return Err(denied(who, &action, &resource));
        }
    }
    let mut call = Call::new(world, &who.account, region);
    call.principal.clone_from(&who.role);
    call.payload = body.and_then(|body| STANDARD.decode(body).ok()).map(Into::into);
    let mut output = services::dispatch(&mut call, service, operation, input)?;
    if let (Some(bytes), Some(map)) = (call.reply_payload.take(), output.as_object_mut()) {
        map.insert("sandboxBody".into(), json!(STANDARD.encode(bytes)));
    }
    Ok(output)
}

fn denied(who: &Identity, action: &str, resource: &str) -> AwsError {
    let role = who.role.rsplit('/').next().unwrap_or_default();
    AwsError::client(
        "AccessDeniedException",
        format!(
            "User: arn:aws:sts::{}:assumed-role/{role}/{} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action",
            who.account, who.name
        ),
    )
}

/// The actions that an operation needs, each on its resource. Source: Service Authorization Reference; transactions
/// and batches need the actions of their parts (DynamoDB Developer Guide, *Using IAM with transactions*).
fn needs(who: &Identity, region: &str, service: &str, operation: &str, input: &Value) -> Vec<(String, String)> {
    if service == "s3" {
        let bucket = format!("arn:aws:s3:::{}", text(input, "Bucket").unwrap_or_default());
        let object = format!("{bucket}/{}", text(input, "Key").unwrap_or_default());
        return vec![match operation {
            "HeadObject" => ("s3:GetObject".to_owned(), object),
            "ListObjectsV2" => ("s3:ListBucket".to_owned(), bucket),
            other => (format!("s3:{other}"), object),
        }];
    }
    let arn = |table: &str| match table.strip_prefix("arn:") {
        Some(_) => table.to_owned(),
        None => format!("arn:aws:dynamodb:{region}:{}:table/{table}", who.account),
    };
    let table_of = |part: &Value| arn(text(part, "TableName").unwrap_or_default());
    match operation {
        "TransactWriteItems" => {
            let items = input.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
            let parts = items.filter_map(Value::as_object).flatten();
            parts.map(|(kind, part)| (format!("dynamodb:{kind}Item"), table_of(part))).collect()
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = input.get("RequestItems").and_then(Value::as_object).into_iter().flatten();
            tables.map(|(table, _)| (format!("dynamodb:{operation}"), arn(table))).collect()
        }
        _ => {
            let table = table_of(input);
            let resource = text(input, "IndexName").map_or(table.clone(), |index| format!("{table}/index/{index}"));
            vec![(format!("dynamodb:{operation}"), resource)]
        }
    }
}
