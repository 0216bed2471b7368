//! What a value refers to: parameters, resources, attributes, conditions, mappings and imports.

use serde_json::{Map, Value};

/// One reference, and where it points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// `Ref`, or `${Name}` in a `Fn::Sub`.
    Ref(String),
    /// `Fn::GetAtt`, or `${Name.Attribute}` in a `Fn::Sub`.
    Attribute(String, String),
    /// `Fn::If`.
    Condition(String),
    /// `Fn::FindInMap`.
    Mapping(String),
    /// A function that is none, or none that the sandbox has.
    Function(String),
}

/// The functions that [`super::resolve`] carries out.
pub const FUNCTIONS: &[&str] = &[
    "Fn::And",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Not",
    "Fn::Or",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
];

/// The only member of an object, when it is an intrinsic function.
pub fn function(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (name, argument) = object.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

/// All references in a value, in the order in which they stand.
pub fn references(value: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<Reference>) {
    if let Some((name, argument)) = function(value) {
        match name {
            "Ref" => found.extend(argument.as_str().map(|name| Reference::Ref(name.to_owned()))),
            "Fn::GetAtt" => {
                let resource = argument.get(0).and_then(Value::as_str);
                if let Some(resource) = resource {
                    let attribute = argument.get(1).and_then(Value::as_str).unwrap_or_default();
                    found.push(Reference::Attribute(resource.to_owned(), attribute.to_owned()));
                }
            }
            "Fn::Sub" => {
                let (text, local) = sub_parts(argument);
                let known = |name: &str| local.is_some_and(|local| local.contains_key(name));
                for piece in pieces(text) {
                    let Piece::Variable(name) = piece else { continue };
                    match name.split_once('.') {
                        _ if known(name) => {}
                        Some((resource, attribute)) => {
                            found.push(Reference::Attribute(resource.to_owned(), attribute.to_owned()));
                        }
                        None => found.push(Reference::Ref(name.to_owned())),
                    }
                }
                for inner in local.into_iter().flat_map(Map::values) {
                    collect(inner, found);
                }
                return;
            }
            "Fn::If" => {
                found.extend(argument.get(0).and_then(Value::as_str).map(|name| Reference::Condition(name.to_owned())));
            }
            "Fn::FindInMap" => {
                found.extend(argument.get(0).and_then(Value::as_str).map(|name| Reference::Mapping(name.to_owned())));
            }
            other if !FUNCTIONS.contains(&other) => found.push(Reference::Function(other.to_owned())),
            _ => {}
        }
    }
    match value {
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, found)),
        Value::Object(object) => object.values().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}

/// The text of a `Fn::Sub` and its own variables.
pub fn sub_parts(argument: &Value) -> (&str, Option<&Map<String, Value>>) {
    match argument {
        Value::Array(list) => {
            (list.first().and_then(Value::as_str).unwrap_or_default(), list.get(1).and_then(Value::as_object))
        }
        other => (other.as_str().unwrap_or_default(), None),
    }
}

/// A piece of a `Fn::Sub` text.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Plain text.
    Text(&'t str),
    /// `${Name}`.
    Variable(&'t str),
    /// `${!Name}`, which stays `${Name}`.
    Literal(&'t str),
}

/// Cuts the text of a `Fn::Sub` at its variables.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, tail)) = after.split_once('}') else { break };
        pieces.push(Piece::Text(before));
        pieces.push(match name.strip_prefix('!') {
            Some(literal) => Piece::Literal(literal),
            None => Piece::Variable(name.trim()),
        });
        rest = tail;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// Names of resources in an order in which each stands behind what it depends on, or the names in a circle.
pub fn order(edges: &[(String, Vec<String>)]) -> Result<Vec<String>, Vec<String>> {
    let mut done: Vec<String> = Vec::new();
    let mut waiting: Vec<&(String, Vec<String>)> = edges.iter().collect();
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|(name, needs)| {
            let ready = needs.iter().all(|need| done.contains(need));
            if ready {
                done.push(name.clone());
            }
            !ready
        });
        if waiting.len() == before {
            return Err(waiting.into_iter().map(|(name, _)| name.clone()).collect());
        }
    }
    Ok(done)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sub_refers_to_what_it_names_and_not_to_its_own_variables() {
        let value = json!({ "Fn::Sub": ["${Own}-${Bucket}-${Table.Arn}-${!Kept}", { "Own": { "Ref": "Param" } }] });
        assert_eq!(
            references(&value),
            [
                Reference::Ref("Bucket".into()),
                Reference::Attribute("Table".into(), "Arn".into()),
                Reference::Ref("Param".into()),
            ]
        );
    }

    #[test]
    fn a_circle_is_found() {
        let edge = |name: &str, needs: &[&str]| (name.to_owned(), needs.iter().map(|n| (*n).to_owned()).collect());
        assert_eq!(order(&[edge("A", &["B"]), edge("B", &[])]), Ok(vec!["B".into(), "A".into()]));
        assert_eq!(order(&[edge("A", &["B"]), edge("B", &["A"]), edge("C", &[])]), Err(vec!["A".into(), "B".into()]));
    }
}
