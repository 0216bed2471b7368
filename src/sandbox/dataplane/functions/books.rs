//! GET /books (optional ?category=) and GET /books/{id}.

use serde_json::{Value, json};

use super::{Lambda, is_book_id, plain_item, thrown};

/// Stands in for books.mjs.
pub fn handle(lambda: &mut Lambda<'_>, event: &Value) -> Result<Value, String> {
    let table = lambda.variable("BOOKS_TABLE");
    if let Some(id) = event.pointer("/pathParameters/id").and_then(Value::as_str) {
        if !is_book_id(id) {
            return Ok(lambda.answer(400, &json!({ "message": "A book id has letters, digits and hyphens." })));
        }
        let input = json!({ "TableName": table, "Key": { "id": { "S": id } } });
        let found = lambda.dynamodb("GetItem", &table, &input).map_err(|error| thrown(&error))?;
        return Ok(match found.get("Item").filter(|item| !item.is_null()) {
            Some(item) => lambda.answer(200, &json!({ "book": plain_item(item) })),
            None => lambda.answer(404, &json!({ "message": format!("No book {id}.") })),
        });
    }
    let category = event.pointer("/queryStringParameters/category").and_then(Value::as_str);
    let mut books = match category.filter(|category| !category.is_empty()) {
        Some(category) => {
            let input = json!({
                "TableName": table,
                "IndexName": "category-index",
                "KeyConditionExpression": "category = :category",
                "ExpressionAttributeValues": { ":category": { "S": category } },
            });
            lambda.all_pages("Query", &format!("{table}/index/category-index"), &input)
        }
        None => lambda.all_pages("Scan", &table, &json!({ "TableName": table })),
    }
    .map_err(|error| thrown(&error))?;
    books.sort_by_key(|book| book.get("name").and_then(Value::as_str).unwrap_or_default().to_owned());
    Ok(lambda.answer(200, &json!({ "books": books })))
}
