#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::needless_pass_by_value)]
use serde_json::{Value, json};

use super::{Scope, project};
use crate::sandbox::services::dynamodb::value::{Item, normal_item};

fn item() -> Item {
    normal_item(&json!({
        "id": { "S": "b1" }, "price": { "N": "12.50" }, "tags": { "SS": ["a", "b"] },
        "author": { "M": { "name": { "S": "Ann" }, "books": { "L": [{ "S": "x" }, { "S": "y" }] } } },
    }))
    .unwrap()
}

fn holds(condition: &str, values: Value) -> bool {
    let input = if values == json!({}) {
        json!({ "C": condition })
    } else {
        json!({ "C": condition, "ExpressionAttributeValues": values })
    };
    let scope = Scope::new(&input).unwrap();
    let condition = scope.condition(&input, "C").unwrap().unwrap();
    scope.finish().unwrap();
    condition.holds(&item())
}

fn update(expression: &str, values: Value) -> Result<Value, String> {
    let input = json!({ "UpdateExpression": expression, "ExpressionAttributeValues": values });
    let scope = Scope::new(&input).map_err(|error| error.message)?;
    let update = scope.update(&input).map_err(|error| error.message)?.unwrap();
    update.apply(&item()).map(Value::Object).map_err(|error| error.message)
}

#[test]
fn conditions_follow_dynamodbs_grammar() {
    assert!(holds("price = :p", json!({ ":p": { "N": "12.5" } })));
    assert!(holds(
        "price BETWEEN :a AND :b AND NOT id = :c",
        json!({ ":a": { "N": "9" }, ":b": { "N": "100" }, ":c": { "S": "x" } })
    ));
    assert!(holds("id IN (:a, :b) or attribute_exists(nothing)", json!({ ":a": { "S": "b0" }, ":b": { "S": "b1" } })));
    assert!(holds(
        "attribute_not_exists(nothing) AND (begins_with(id, :a) OR contains(tags, :b))",
        json!({ ":a": { "S": "z" }, ":b": { "S": "b" } })
    ));
    assert!(holds(
        "size(author.books) = :n AND author.books[1] = :y",
        json!({ ":n": { "N": "2" }, ":y": { "S": "y" } })
    ));
    assert!(holds("attribute_type(author, :m)", json!({ ":m": { "S": "M" } })));
    assert!(!holds("price > :p", json!({ ":p": { "S": "12" } })), "values of two types have no order");
    assert!(holds("nothing <> :p", json!({ ":p": { "S": "12" } })));
}

#[test]
fn placeholders_must_be_defined_and_used() {
    let input = json!({ "C": "#n = :v", "ExpressionAttributeNames": { "#n": "id", "#m": "x" }, "ExpressionAttributeValues": { ":v": { "S": "" } } });
    let scope = Scope::new(&input).unwrap();
    scope.condition(&input, "C").unwrap();
    assert_eq!(
        scope.finish().unwrap_err().message,
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#m}"
    );
    let input = json!({ "C": "id = :w" });
    let error = Scope::new(&input).unwrap().condition(&input, "C").unwrap_err();
    assert!(error.message.ends_with("not defined; attribute value: :w"), "{error}");
    let input = json!({ "C": "id == :w" });
    let error = Scope::new(&input).unwrap().condition(&input, "C").unwrap_err();
    assert!(error.message.starts_with("Invalid C: Syntax error; token: \"=\""), "{error}");
}

#[test]
fn a_reserved_word_needs_a_placeholder() {
    let input = json!({ "C": "attribute_exists(info.Status)" });
    let error = Scope::new(&input).unwrap().condition(&input, "C").unwrap_err();
    assert_eq!(error.message, "Invalid C: Attribute name is a reserved keyword; reserved keyword: Status");
    let input = json!({ "C": "attribute_exists(info.#s)", "ExpressionAttributeNames": { "#s": "Status" } });
    assert!(Scope::new(&input).unwrap().condition(&input, "C").is_ok());
}

#[test]
fn updates_read_the_item_as_it_was() {
    let after = update(
        "SET price = price + :one, author.#x = :one REMOVE author.books[0] ADD tags :more",
        json!({ ":one": { "N": "1" }, ":more": { "SS": ["b", "c"] } }),
    );
    assert!(after.unwrap_err().contains("not defined; attribute name: #x"));
    let after = update(
        "SET price = price + :one, author.age = :one, counted = if_not_exists(counted, :one) REMOVE author.books[0] ADD tags :more",
        json!({ ":one": { "N": "1" }, ":more": { "SS": ["b", "c"] } }),
    )
    .unwrap();
    assert_eq!(after["price"], json!({ "N": "13.5" }));
    assert_eq!(after["author"]["M"]["books"], json!({ "L": [{ "S": "y" }] }));
    assert_eq!(after["tags"], json!({ "SS": ["a", "b", "c"] }));
    assert_eq!(after["counted"], json!({ "N": "1" }));
    let after = update("DELETE tags :t", json!({ ":t": { "SS": ["a", "b"] } })).unwrap();
    assert!(after.get("tags").is_none());
    assert!(update("SET a.b = :v", json!({ ":v": { "N": "1" } })).unwrap_err().contains("invalid for update"));
    assert!(update("SET id = :v, id = :v", json!({ ":v": { "N": "1" } })).unwrap_err().contains("overlap"));
    assert!(update("ADD id :v", json!({ ":v": { "N": "1" } })).unwrap_err().contains("incorrect data type"));
}

#[test]
fn projections_keep_the_structure() {
    let input = json!({ "ProjectionExpression": "id, author.books[1], nothing" });
    let paths = Scope::new(&input).unwrap().projection(&input).unwrap().unwrap();
    let shown = Value::Object(project(&item(), &paths));
    assert_eq!(shown, json!({ "id": { "S": "b1" }, "author": { "M": { "books": { "L": [{ "S": "y" }] } } } }));
}
