//! GET /orders: the customer's orders. POST /orders: check out the cart.

use serde_json::{Value, json};

use super::cart::of_customer;
use super::{Lambda, attributes, customer_of, plain_item, thrown};

/// One transaction takes 100 items: the order itself, and the cart's.
const MOST_BOOKS: usize = 99;

/// Stands in for orders.mjs.
pub fn handle(lambda: &mut Lambda<'_>, event: &Value) -> Result<Value, String> {
    let Some(customer) = customer_of(event) else {
        return Ok(lambda.answer(401, &json!({ "message": "Sign the request: an order belongs to someone." })));
    };
    let (orders, cart_table) = (lambda.variable("ORDERS_TABLE"), lambda.variable("CART_TABLE"));
    if event.get("httpMethod").and_then(Value::as_str) == Some("GET") {
        let orders = of_customer(lambda, &orders, &customer)?;
        return Ok(lambda.answer(200, &json!({ "orders": orders })));
    }
    let conflict = |lambda: &Lambda<'_>, message: &str| Ok(lambda.answer(409, &json!({ "message": message })));
    let cart = of_customer(lambda, &cart_table, &customer)?;
    if cart.is_empty() {
        return conflict(lambda, "The cart is empty.");
    }
    if cart.len() > MOST_BOOKS {
        return conflict(lambda, &format!("An order has at most {MOST_BOOKS} different books."));
    }
    // The price comes from the catalogue, never from the client.
    let catalogue = lambda.variable("BOOKS_TABLE");
    let (mut books, mut gone) = (Vec::new(), Vec::new());
    for line in &cart {
        let id = line.get("bookId").and_then(Value::as_str).unwrap_or_default();
        let input = json!({ "TableName": catalogue, "Key": { "id": { "S": id } } });
        let found = lambda.dynamodb("GetItem", &catalogue, &input).map_err(|error| thrown(&error))?;
        match found.get("Item").map(plain_item).and_then(|book| book.get("price").cloned()) {
            Some(price) if !price.is_null() => {
                books.push(json!({ "bookId": id, "quantity": line.get("quantity"), "price": price }));
            }
            _ => gone.push(id.to_owned()),
        }
    }
    if !gone.is_empty() {
        return conflict(lambda, &format!("No longer in the catalogue: {}.", gone.join(", ")));
    }
    let order = json!({
        "customerId": customer,
        "orderId": event.pointer("/requestContext/requestId"),
        "date": lambda.world.now.rfc3339(),
        "books": books,
    });
    match place(lambda, &orders, &cart_table, &order, &cart) {
        Ok(()) => Ok(lambda.answer(201, &json!({ "order": order }))),
        Err(error) if error.code == "TransactionCanceledException" => {
            conflict(lambda, "The cart changed in the meantime. Look at it and order again.")
        }
        Err(error) => Err(thrown(&error)),
    }
}

/// Writes the order and empties the cart, all or nothing.
fn place(
    lambda: &mut Lambda<'_>,
    orders: &str,
    cart_table: &str,
    order: &Value,
    cart: &[Value],
) -> Result<(), crate::sandbox::AwsError> {
    let mut items = vec![json!({ "Put": {
        "TableName": orders,
        "Item": attributes(order),
        "ConditionExpression": "attribute_not_exists(orderId)",
    } })];
    items.extend(cart.iter().map(|line| {
        let member = |name: &str| line.get(name).cloned().unwrap_or_default();
        json!({ "Delete": {
            "TableName": cart_table,
            "Key": attributes(&json!({ "customerId": member("customerId"), "bookId": member("bookId") })),
            "ConditionExpression": "quantity = :quantity",
            "ExpressionAttributeValues": { ":quantity": { "N": member("quantity").to_string() } },
        } })
    }));
    // A transaction needs the permissions of its parts.
    let arn = |lambda: &Lambda<'_>, table: &str| {
        format!("arn:aws:dynamodb:{}:{}:table/{table}", lambda.region, lambda.account)
    };
    lambda.may("dynamodb:PutItem", &arn(lambda, orders))?;
    lambda.may("dynamodb:DeleteItem", &arn(lambda, cart_table))?;
    lambda.call().invoke("dynamodb", "TransactWriteItems", &json!({ "TransactItems": items })).map(drop)
}
