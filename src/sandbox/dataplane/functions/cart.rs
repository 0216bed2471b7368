//! GET, POST, PUT and DELETE /cart, and GET /cart/{bookId}.

use serde_json::{Value, json};

use super::{Lambda, attributes, customer_of, is_book_id, plain_item, thrown};

/// Stands in for cart.mjs.
pub fn handle(lambda: &mut Lambda<'_>, event: &Value) -> Result<Value, String> {
    let table = lambda.variable("CART_TABLE");
    let Some(customer) = customer_of(event) else {
        return Ok(lambda.answer(401, &json!({ "message": "Sign the request: a cart belongs to someone." })));
    };
    let verb = event.get("httpMethod").and_then(Value::as_str).unwrap_or_default();
    if verb == "GET" {
        return read(lambda, event, &table, &customer);
    }
    let bad = |lambda: &Lambda<'_>, message: &str| Ok(lambda.answer(400, &json!({ "message": message })));
    let body: Value =
        event.get("body").and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let Some(book) = body.get("bookId").and_then(Value::as_str).filter(|id| is_book_id(id)) else {
        return bad(lambda, "The body needs a bookId.");
    };
    let key = json!({ "customerId": { "S": customer }, "bookId": { "S": book } });
    if verb == "DELETE" {
        lambda
            .dynamodb("DeleteItem", &table, &json!({ "TableName": table, "Key": key }))
            .map_err(|error| thrown(&error))?;
        return Ok(lambda.answer(200, &json!({ "removed": book })));
    }
    let Some(quantity) = body.get("quantity").and_then(Value::as_u64).filter(|q| (1..=99).contains(q)) else {
        return bad(lambda, "The quantity is a whole number from 1 to 99.");
    };
    let item = json!({ "customerId": customer, "bookId": book, "quantity": quantity });
    if verb == "POST" {
        let input = json!({ "TableName": table, "Item": attributes(&item) });
        lambda.dynamodb("PutItem", &table, &input).map_err(|error| thrown(&error))?;
        return Ok(lambda.answer(201, &json!({ "item": item })));
    }
    let input = json!({
        "TableName": table,
        "Key": key,
        "UpdateExpression": "SET quantity = :quantity",
        "ConditionExpression": "attribute_exists(bookId)",
        "ExpressionAttributeValues": { ":quantity": { "N": quantity.to_string() } },
    });
    match lambda.dynamodb("UpdateItem", &table, &input) {
        Ok(_) => Ok(lambda.answer(200, &json!({ "item": item }))),
        Err(error) if error.code == "ConditionalCheckFailedException" => {
            Ok(lambda.answer(404, &json!({ "message": format!("No book {book} in the cart.") })))
        }
        Err(error) => Err(thrown(&error)),
    }
}

fn read(lambda: &mut Lambda<'_>, event: &Value, table: &str, customer: &str) -> Result<Value, String> {
    let Some(book) = event.pointer("/pathParameters/bookId").and_then(Value::as_str) else {
        let items = of_customer(lambda, table, customer)?;
        return Ok(lambda.answer(200, &json!({ "items": items })));
    };
    if !is_book_id(book) {
        return Ok(lambda.answer(400, &json!({ "message": "A book id has letters, digits and hyphens." })));
    }
    let key = json!({ "customerId": { "S": customer }, "bookId": { "S": book } });
    let found = lambda
        .dynamodb("GetItem", table, &json!({ "TableName": table, "Key": key }))
        .map_err(|error| thrown(&error))?;
    Ok(match found.get("Item").filter(|item| !item.is_null()) {
        Some(item) => lambda.answer(200, &json!({ "item": plain_item(item) })),
        None => lambda.answer(404, &json!({ "message": format!("No book {book} in the cart.") })),
    })
}

/// What a table holds of one customer.
pub fn of_customer(lambda: &mut Lambda<'_>, table: &str, customer: &str) -> Result<Vec<Value>, String> {
    let input = json!({
        "TableName": table,
        "KeyConditionExpression": "customerId = :customer",
        "ExpressionAttributeValues": { ":customer": { "S": customer } },
    });
    lambda.all_pages("Query", table, &input).map_err(|error| thrown(&error))
}
