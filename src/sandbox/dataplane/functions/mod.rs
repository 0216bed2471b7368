//! Stand-ins for the bookstore's Lambda functions.
//!
//! The shipped code (assets/bookstore/lambda, JavaScript) does not run in the sandbox yet. Each handler here does what
//! the file of the same name does: the same reads and writes with the function's own role and environment, the same
//! answers. A function with another handler cannot be invoked.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::sandbox::call::{AwsError, Call};
use crate::sandbox::services::iam;
use crate::sandbox::world::World;

mod bestsellers;
mod books;
mod cart;
mod orders;
mod status;

/// The header by which an answer says where it was made.
pub const REGION_HEADER: &str = "x-bookstore-region";

/// What a stand-in does with an event: an answer, or the words of the exception that was not caught.
type StandIn = fn(&mut Lambda<'_>, &Value) -> Result<Value, String>;

/// All stand-ins by the `Handler` of the function that they stand in for.
pub const STAND_INS: &[(&str, &str)] = &[
    ("books.handler", "GET /books and GET /books/{id}"),
    ("status.handler", "GET /truth and GET /health"),
    ("orders.handler", "GET /orders and POST /orders"),
    ("cart.handler", "GET, POST, PUT and DELETE /cart, GET /cart/{bookId}"),
    ("bestsellers.handler", "GET /bestsellers"),
    ("update-bestsellers.handler", "counts the books of each new order in the stream"),
];

fn stand_in(handler: &str) -> Option<StandIn> {
    Some(match handler {
        "books.handler" => books::handle,
        "status.handler" => status::handle,
        "orders.handler" => orders::handle,
        "cart.handler" => cart::handle,
        "bestsellers.handler" => bestsellers::handle,
        "update-bestsellers.handler" => bestsellers::update,
        _ => return None,
    })
}

/// A function while it runs: its Region, its role and its environment.
pub struct Lambda<'w> {
    world: &'w mut World,
    account: String,
    region: String,
    name: String,
    role: String,
    environment: BTreeMap<String, String>,
}

/// Invokes a function. The error is what its caller sees of an exception that was not caught.
pub fn invoke(world: &mut World, account: &str, region: &str, name: &str, event: &Value) -> Result<Value, String> {
    let held = world.accounts.get(account).and_then(|state| state.regions.get(region)?.lambda.functions.get(name));
    let function = held.ok_or_else(|| format!("Function not found: {name}"))?;
    if function.state != "Active" {
        return Err(format!(
            "The operation cannot be performed at this time. The function is currently in the following state: {}",
            function.state
        ));
    }
    let handler = stand_in(&function.handler)
        .ok_or_else(|| format!("the sandbox has no stand-in for the handler {}", function.handler))?;
    let (role, environment) = (function.role.clone(), function.environment.clone());
    let mut lambda = Lambda {
        world,
        account: account.to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
        role,
        environment,
    };
    handler(&mut lambda, event)
}

impl Lambda<'_> {
    /// An environment variable; a missing one is `undefined` to the code, and no table's name.
    fn variable(&self, name: &str) -> String {
        self.environment.get(name).cloned().unwrap_or_else(|| "undefined".to_owned())
    }

    /// Calls DynamoDB with the function's role. `table` may carry an index: `name/index/category-index`.
    fn dynamodb(&mut self, operation: &str, table: &str, input: &Value) -> Result<Value, AwsError> {
        let resource = format!("arn:aws:dynamodb:{}:{}:table/{table}", self.region, self.account);
        self.may(&format!("dynamodb:{operation}"), &resource)?;
        self.call().invoke("dynamodb", operation, input)
    }

    /// Whether the role allows it.
    fn may(&self, action: &str, resource: &str) -> Result<(), AwsError> {
        if iam::allows(self.world, &self.account, &self.role, action, resource) {
            return Ok(());
        }
        let role = self.role.rsplit('/').next().unwrap_or_default();
        Err(AwsError::client(
            "AccessDeniedException",
            format!(
                "User: arn:aws:sts::{}:assumed-role/{role}/{} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action",
                self.account, self.name
            ),
        ))
    }

    fn call(&mut self) -> Call<'_> {
        let mut call = Call::new(self.world, &self.account, &self.region);
        call.principal.clone_from(&self.role);
        call
    }

    /// Every page of a query or a scan, as plain values.
    fn all_pages(&mut self, operation: &str, table: &str, input: &Value) -> Result<Vec<Value>, AwsError> {
        let (mut input, mut items) = (input.clone(), Vec::new());
        loop {
            let page = self.dynamodb(operation, table, &input)?;
            items.extend(page.get("Items").and_then(Value::as_array).into_iter().flatten().map(plain_item));
            match (page.get("LastEvaluatedKey").filter(|key| !key.is_null()), input.as_object_mut()) {
                (Some(key), Some(map)) => drop(map.insert("ExclusiveStartKey".into(), key.clone())),
                _ => return Ok(items),
            }
        }
    }

    /// A JSON answer that says which Region it came from.
    fn answer(&self, status: u16, body: &Value) -> Value {
        let mut shown = Map::from_iter([("region".to_owned(), json!(self.region))]);
        shown.extend(body.as_object().cloned().unwrap_or_default());
        json!({
            "statusCode": status,
            "headers": {
                "content-type": "application/json; charset=utf-8",
                "cache-control": "no-store",
                "access-control-allow-origin": "*",
                "access-control-expose-headers": REGION_HEADER,
                REGION_HEADER: self.region,
            },
            "body": Value::Object(shown).to_string(),
        })
    }
}

/// The customer of a signed request: the Cognito identity, else the IAM identity.
fn customer_of(event: &Value) -> Option<String> {
    let identity = event.pointer("/requestContext/identity")?;
    let of = |member: &str| identity.get(member).and_then(Value::as_str).map(str::to_owned);
    of("cognitoIdentityId").or_else(|| of("userArn"))
}

/// A book id that may be used as a key.
fn is_book_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// An attribute value as DynamoDB writes it, as a plain value.
fn plain(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|map| map.iter().next()) else { return Value::Null };
    match (kind.as_str(), inner) {
        ("N", Value::String(number)) => match number.parse::<f64>() {
            Ok(whole) if whole.fract() == 0.0 && whole.abs() < 9e15 => json!(whole as i64),
            Ok(number) => json!(number),
            Err(_) => Value::Null,
        },
        ("L", Value::Array(list)) => list.iter().map(plain).collect(),
        ("M", item) => plain_item(item),
        ("NULL", _) => Value::Null,
        (_, inner) => inner.clone(),
    }
}

/// An item as a plain object.
fn plain_item(item: &Value) -> Value {
    let members = item.as_object().into_iter().flatten();
    Value::Object(members.map(|(name, value)| (name.clone(), plain(value))).collect())
}

/// A plain value as an attribute value.
fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(flag) => json!({ "BOOL": flag }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(list) => json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(_) => json!({ "M": attributes(value) }),
    }
}

/// A plain object as an item.
fn attributes(value: &Value) -> Value {
    let members = value.as_object().into_iter().flatten();
    Value::Object(members.map(|(name, value)| (name.clone(), attribute(value))).collect())
}

/// An AWS error as the exception that the SDK would throw.
fn thrown(error: &AwsError) -> String {
    format!("{}: {}", error.code, error.message)
}
