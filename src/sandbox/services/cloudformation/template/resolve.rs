//! Carries out the intrinsic functions.

use base64::Engine as _;
use serde_json::{Map, Value};

use super::cidr;
use super::parameters::plain;
use super::references::{Piece, function, pieces, sub_parts};

/// What functions ask for. Errors are CloudFormation's messages.
pub trait Scope {
    /// What `Ref` gives; `None` is `AWS::NoValue`.
    fn reference(&mut self, name: &str) -> Result<Option<Value>, String>;
    /// What `Fn::GetAtt` gives.
    fn attribute(&mut self, resource: &str, name: &str) -> Result<Value, String>;
    /// What `Fn::ImportValue` gives.
    fn import(&mut self, name: &str) -> Result<Value, String>;
    /// Whether a condition holds.
    fn condition(&mut self, name: &str) -> Result<bool, String>;
    /// An entry of the Mappings section.
    fn mapping(&mut self, map: &str, top: &str, second: &str) -> Result<Value, String>;
    /// The Availability Zones of a Region; empty means the stack's own.
    fn zones(&mut self, region: &str) -> Vec<String>;
}

/// A value with its functions carried out; `None` when it is `AWS::NoValue` and so leaves no trace.
pub fn resolve(value: &Value, scope: &mut dyn Scope) -> Result<Option<Value>, String> {
    if let Some((name, argument)) = function(value) {
        return call(name, argument, scope);
    }
    Ok(Some(match value {
        Value::Array(list) => {
            let mut resolved = Vec::new();
            for one in list {
                resolved.extend(resolve(one, scope)?);
            }
            Value::Array(resolved)
        }
        Value::Object(object) => {
            let mut resolved = Map::new();
            for (name, one) in object {
                if let Some(one) = resolve(one, scope)? {
                    resolved.insert(name.clone(), one);
                }
            }
            Value::Object(resolved)
        }
        other => other.clone(),
    }))
}

fn call(name: &str, argument: &Value, scope: &mut dyn Scope) -> Result<Option<Value>, String> {
    let value = match name {
        "Ref" => return scope.reference(argument.as_str().unwrap_or_default()),
        "Fn::If" => {
            let (Some(condition), Some(then), Some(otherwise)) =
                (argument.get(0).and_then(Value::as_str), argument.get(1), argument.get(2))
            else {
                return Err("Template error: Fn::If requires a list argument with a condition and two values".into());
            };
            let chosen = if scope.condition(condition)? { then } else { otherwise };
            return resolve(chosen, scope);
        }
        "Fn::GetAtt" => {
            let resource = argument.get(0).and_then(Value::as_str);
            let Some(resource) = resource else {
                return Err("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute".into());
            };
            let attribute = argument.get(1).map(|one| resolve(one, scope)).transpose()?.flatten();
            scope.attribute(resource, &attribute.as_ref().map(plain).unwrap_or_default())?
        }
        "Fn::Sub" => Value::String(substitute(argument, scope)?),
        "Fn::Join" => {
            let (separator, list) = pair(name, argument, scope)?;
            let Value::Array(list) = list else {
                return Err("Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined".into());
            };
            Value::String(list.iter().map(plain).collect::<Vec<_>>().join(&plain(&separator)))
        }
        "Fn::Split" => {
            let (separator, text) = pair(name, argument, scope)?;
            let (separator, Value::String(text)) = (plain(&separator), text) else {
                return Err("Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split".into());
            };
            text.split(separator.as_str()).map(|part| Value::String(part.to_owned())).collect()
        }
        "Fn::Select" => {
            let (index, list) = pair(name, argument, scope)?;
            let index: Option<usize> = plain(&index).parse().ok();
            match (index, list) {
                (Some(index), Value::Array(list)) => list.get(index).cloned().ok_or_else(|| {
                    format!("Template error: Fn::Select cannot select nonexistent value at index {index}")
                })?,
                _ => return Err("Template error: Fn::Select requires a list argument with two elements: an integer index and a list".into()),
            }
        }
        "Fn::FindInMap" => {
            let parts = list(name, argument, scope)?;
            let [map, top, second] = parts.as_slice() else {
                return Err("Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value".into());
            };
            scope.mapping(&plain(map), &plain(top), &plain(second))?
        }
        "Fn::ImportValue" => {
            let name = resolve(argument, scope)?.as_ref().map(plain).unwrap_or_default();
            scope.import(&name)?
        }
        "Fn::GetAZs" => {
            let region = resolve(argument, scope)?.as_ref().map(plain).unwrap_or_default();
            scope.zones(&region).into_iter().map(Value::String).collect()
        }
        "Fn::Cidr" => {
            let parts = list(name, argument, scope)?;
            let number = |index: usize| parts.get(index).and_then(|one| plain(one).parse::<u32>().ok());
            let (Some(range), Some(count)) = (parts.first(), number(1)) else {
                return Err("Template error: every Fn::Cidr object requires an address block and a count".into());
            };
            // Without a third parameter CloudFormation takes 8 host bits. Source: CloudFormation User Guide, Fn::Cidr.
            cidr::blocks(&plain(range), count, number(2).unwrap_or(8))?.into_iter().map(Value::String).collect()
        }
        "Fn::Base64" => {
            let text = resolve(argument, scope)?.as_ref().map(plain).unwrap_or_default();
            Value::String(base64::engine::general_purpose::STANDARD.encode(text))
        }
        "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => Value::Bool(decide(name, argument, scope)?),
        other => return Err(format!("Template error: the sandbox does not simulate the function {other}")),
    };
    Ok(Some(value))
}

/// Decides a condition: `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not`, or the name of another.
pub fn holds(condition: &Value, scope: &mut dyn Scope) -> Result<bool, String> {
    if let Some(name) = condition.get("Condition").and_then(Value::as_str) {
        return scope.condition(name);
    }
    match function(condition) {
        Some((name, argument)) => decide(name, argument, scope),
        None => Err("Template format error: Every Conditions member must be a condition function".into()),
    }
}

fn decide(name: &str, argument: &Value, scope: &mut dyn Scope) -> Result<bool, String> {
    let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
    let wrong = |count: &str| Err(format!("Template error: every {name} object requires a list of {count} parameters"));
    match (name, parts) {
        ("Fn::Equals", [left, right]) => {
            let (left, right) = (resolve(left, scope)?, resolve(right, scope)?);
            Ok(match (&left, &right) {
                (Some(left), Some(right)) => left == right || plain(left) == plain(right),
                _ => left == right,
            })
        }
        ("Fn::Not", [one]) => Ok(!holds(one, scope)?),
        ("Fn::And", many) if (2..=10).contains(&many.len()) => {
            many.iter().try_fold(true, |sum, one| Ok(holds(one, scope)? && sum))
        }
        ("Fn::Or", many) if (2..=10).contains(&many.len()) => {
            many.iter().try_fold(false, |sum, one| Ok(holds(one, scope)? || sum))
        }
        ("Fn::Equals", _) => wrong("two string"),
        ("Fn::Not", _) => wrong("one boolean"),
        ("Fn::And" | "Fn::Or", _) => wrong("at least 2 and at most 10 boolean"),
        (other, _) => Err(format!("Template error: {other} cannot be used as a condition")),
    }
}

fn substitute(argument: &Value, scope: &mut dyn Scope) -> Result<String, String> {
    let (text, own) = sub_parts(argument);
    let mut out = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Literal(name) => out.extend(["${", name, "}"]),
            Piece::Variable(name) => {
                let value = match (own.and_then(|own| own.get(name)), name.split_once('.')) {
                    (Some(value), _) => resolve(value, scope)?,
                    (None, Some((resource, attribute))) => Some(scope.attribute(resource, attribute)?),
                    (None, None) => scope.reference(name)?,
                };
                match value {
                    Some(Value::Array(_) | Value::Object(_)) => {
                        return Err(format!(
                            "Template error: variable {name} in Fn::Sub expression does not resolve to a string"
                        ));
                    }
                    Some(value) => out.push_str(&plain(&value)),
                    None => {}
                }
            }
        }
    }
    Ok(out)
}

fn list(name: &str, argument: &Value, scope: &mut dyn Scope) -> Result<Vec<Value>, String> {
    match resolve(argument, scope)? {
        Some(Value::Array(list)) => Ok(list),
        _ => Err(format!("Template error: every {name} object requires a list")),
    }
}

fn pair(name: &str, argument: &Value, scope: &mut dyn Scope) -> Result<(Value, Value), String> {
    let mut parts = list(name, argument, scope)?.into_iter();
    match (parts.next(), parts.next()) {
        (Some(first), Some(second)) => Ok((first, second)),
        _ => Err(format!("Template error: every {name} object requires two parameters")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Fixed;

    impl Scope for Fixed {
        fn reference(&mut self, name: &str) -> Result<Option<Value>, String> {
            Ok(match name {
                "AWS::NoValue" => None,
                "List" => Some(json!(["a", "b"])),
                other => Some(json!(other.to_lowercase())),
            })
        }
        fn attribute(&mut self, resource: &str, name: &str) -> Result<Value, String> {
            Ok(json!(format!("{resource}/{name}")))
        }
        fn import(&mut self, name: &str) -> Result<Value, String> {
            Ok(json!(format!("imported {name}")))
        }
        fn condition(&mut self, name: &str) -> Result<bool, String> {
            Ok(name == "Yes")
        }
        fn mapping(&mut self, map: &str, top: &str, second: &str) -> Result<Value, String> {
            Ok(json!(format!("{map}.{top}.{second}")))
        }
        fn zones(&mut self, region: &str) -> Vec<String> {
            vec![format!("{region}a"), format!("{region}b")]
        }
    }

    fn value(input: &Value) -> Value {
        resolve(input, &mut Fixed).unwrap().unwrap()
    }

    #[test]
    fn ref_and_get_att() {
        assert_eq!(value(&json!({ "Ref": "Name" })), json!("name"));
        assert_eq!(value(&json!({ "Fn::GetAtt": ["R", "E.A"] })), json!("R/E.A"));
        assert_eq!(
            value(&json!({ "A": { "Ref": "AWS::NoValue" }, "B": [{ "Ref": "AWS::NoValue" }] })),
            json!({ "B": [] })
        );
    }

    #[test]
    fn sub_with_and_without_own_variables() {
        assert_eq!(value(&json!({ "Fn::Sub": "x-${Name}-${R.Arn}-${!Kept}" })), json!("x-name-R/Arn-${Kept}"));
        let own = json!({ "Fn::Sub": ["${Own}/${Name}", { "Own": { "Fn::Select": [1, { "Ref": "List" }] } }] });
        assert_eq!(value(&own), json!("b/name"));
        assert!(resolve(&json!({ "Fn::Sub": "${List}" }), &mut Fixed).is_err());
    }

    #[test]
    fn join_split_select() {
        assert_eq!(value(&json!({ "Fn::Join": ["-", { "Ref": "List" }] })), json!("a-b"));
        assert_eq!(value(&json!({ "Fn::Split": [":", "a:b:c"] })), json!(["a", "b", "c"]));
        assert_eq!(value(&json!({ "Fn::Select": ["1", { "Fn::Split": [":", "a:b:c"] }] })), json!("b"));
        let beyond = resolve(&json!({ "Fn::Select": [2, { "Ref": "List" }] }), &mut Fixed).unwrap_err();
        assert!(beyond.contains("nonexistent value at index 2"), "{beyond}");
    }

    #[test]
    fn conditions() {
        assert_eq!(value(&json!({ "Fn::If": ["Yes", 1, 2] })), json!(1));
        assert_eq!(value(&json!({ "Fn::If": ["No", 1, 2] })), json!(2));
        let both = json!({ "Fn::And": [{ "Condition": "Yes" }, { "Fn::Not": [{ "Condition": "No" }] }] });
        assert!(holds(&both, &mut Fixed).unwrap());
        let either = json!({ "Fn::Or": [{ "Condition": "No" }, { "Fn::Equals": [{ "Ref": "A" }, "a"] }] });
        assert!(holds(&either, &mut Fixed).unwrap());
        assert!(!holds(&json!({ "Fn::Equals": ["a", "b"] }), &mut Fixed).unwrap());
        assert!(holds(&json!({ "Fn::Not": [] }), &mut Fixed).is_err());
    }

    #[test]
    fn maps_imports_zones_blocks_and_base64() {
        assert_eq!(value(&json!({ "Fn::FindInMap": ["M", { "Ref": "Top" }, "S"] })), json!("M.top.S"));
        assert_eq!(value(&json!({ "Fn::ImportValue": { "Fn::Sub": "${Net}-Vpc" } })), json!("imported net-Vpc"));
        assert_eq!(value(&json!({ "Fn::Select": [1, { "Fn::GetAZs": "eu" }] })), json!("eub"));
        assert_eq!(value(&json!({ "Fn::Select": [1, { "Fn::Cidr": ["10.0.0.0/16", 2, 8] }] })), json!("10.0.1.0/24"));
        assert_eq!(value(&json!({ "Fn::Base64": "hi" })), json!("aGk="));
    }
}
