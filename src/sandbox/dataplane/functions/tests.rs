//! The shipped code in the world: what its role allows, and that remembering changes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::{Value, json};

use super::invoke;
use crate::sandbox::dataplane::tests_world::{ME, R1, Shop, attempt, run, shop, wait};

fn answer(shop: &mut Shop, function: &str, event: &Value) -> Result<Value, Value> {
    invoke(&mut shop.world, ME, R1, function, event).unwrap().answer
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[test]
fn a_remembered_answer_follows_what_the_tables_say() {
    let mut shop = shop();
    let books = |shop: &mut Shop| body(&answer(shop, "books", &json!({})).unwrap())["books"].as_array().unwrap().len();
    assert_eq!((books(&mut shop), books(&mut shop)), (2, 2));
    let item = json!({ "id": { "S": "b3" }, "name": { "S": "Three" } });
    run(&mut shop.world, R1, "dynamodb", "PutItem", &json!({ "TableName": "Books", "Item": item }));
    assert_eq!((books(&mut shop), books(&mut shop)), (3, 3));
}

#[test]
fn a_role_without_the_permission_fails_in_the_code() {
    let mut shop = shop();
    answer(&mut shop, "books", &json!({})).unwrap();
    run(&mut shop.world, R1, "iam", "DeleteRolePolicy", &json!({ "RoleName": "reads-books", "PolicyName": "p" }));
    let error = answer(&mut shop, "books", &json!({})).unwrap_err();
    assert_eq!(error["errorType"], "AccessDeniedException");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(
        message.contains("is not authorized to perform: dynamodb:Scan on resource: arn:aws:dynamodb:eu-west-1:"),
        "{message}"
    );
    let health = answer(&mut shop, "status", &json!({ "resource": "/health" })).unwrap();
    assert_eq!(health["statusCode"], 503);
}

#[test]
fn a_check_out_is_one_transaction_and_takes_the_time_of_the_world() {
    let mut shop = shop();
    let signed = |verb: &str, body: Value| {
        json!({ "httpMethod": verb, "body": body.to_string(),
            "requestContext": { "requestId": "r-1", "identity": { "cognitoIdentityId": "eu-west-1:me" } } })
    };
    let cart = answer(&mut shop, "cart", &signed("POST", json!({ "bookId": "b1", "quantity": 2 }))).unwrap();
    assert_eq!(cart["statusCode"], 201);
    wait(&mut shop.world, 5);
    let now = shop.world.now.rfc3339();
    let order = body(&answer(&mut shop, "orders", &signed("POST", Value::Null)).unwrap());
    assert_eq!(order["order"]["books"], json!([{ "bookId": "b1", "quantity": 2, "price": 31.5 }]));
    assert_eq!(order["order"]["date"].as_str().unwrap()[..19], now[..19]);
    let again = answer(&mut shop, "orders", &signed("POST", Value::Null)).unwrap();
    assert_eq!((&again["statusCode"], body(&again)["message"].as_str()), (&json!(409), Some("The cart is empty.")));
}

#[test]
fn new_code_answers_as_soon_as_it_is_deployed() {
    let mut shop = shop();
    answer(&mut shop, "books", &json!({})).unwrap();
    let code = super::shipped::archive(&[("books.mjs", "export const handler = async () => process.env.AWS_REGION;")]);
    let input = json!({ "FunctionName": "books", "ZipFile": super::shipped::zip_file(&code) });
    attempt(&mut shop.world, R1, "lambda", "UpdateFunctionCode", &input).unwrap();
    assert_eq!(answer(&mut shop, "books", &json!({})), Ok(json!(R1)));
}
