//! Reads a template's text, YAML or JSON, into JSON with the long forms of the intrinsic functions.

use serde_json::{Map, Value, json};
use serde_yaml::Value as Yaml;

/// The longest template that a request may carry, in bytes. Source: CloudFormation User Guide, "CloudFormation quotas".
pub const LONGEST_BODY: usize = 51_200;
/// The longest template in S3, in bytes. Source: CloudFormation User Guide, "CloudFormation quotas".
pub const LONGEST_OBJECT: usize = 1_048_576;

/// The short forms, `!Sub`; `!Ref` and `!Condition` have no `Fn::` in their long form.
const SHORT_FORMS: &[&str] = &[
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "ForEach",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
];

/// The template as JSON. Errors are CloudFormation's, without the leading `Template format error: `.
pub fn read(text: &str) -> Result<Value, String> {
    if text.trim_start().starts_with('{') {
        // A YAML flow mapping may start with a brace, too; CloudFormation takes it as JSON.
        return serde_json::from_str::<Value>(text)
            .map(listed)
            .map_err(|error| format!("JSON not well-formed. (line {}, column {})", error.line(), error.column()));
    }
    let yaml: Yaml = serde_yaml::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        format!("YAML not well-formed. (line {line}, column {column})")
    })?;
    let value = json_of(yaml)?;
    if value.is_object() { Ok(value) } else { Err("unsupported structure.".into()) }
}

fn json_of(yaml: Yaml) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => flag.into(),
        Yaml::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => integer.into(),
            (None, Some(float)) => json!(float),
            (None, None) => Value::String(number.to_string()),
        },
        Yaml::String(text) => text.into(),
        Yaml::Sequence(list) => list.into_iter().map(json_of).collect::<Result<_, _>>()?,
        Yaml::Mapping(mapping) => {
            let mut object = Map::new();
            for (key, value) in mapping {
                let key = match key {
                    Yaml::String(text) => text,
                    Yaml::Number(number) => number.to_string(),
                    Yaml::Bool(flag) => flag.to_string(),
                    other => return Err(format!("a key must be text, found {other:?}")),
                };
                let value = json_of(value)?;
                let value = if key == "Fn::GetAtt" { get_att(value) } else { value };
                object.insert(key, value);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!').to_owned();
            let value = json_of(tagged.value)?;
            long_form(&name, value)?
        }
    })
}

fn long_form(name: &str, value: Value) -> Result<Value, String> {
    let (key, value) = match name {
        "Ref" | "Condition" => (name.to_owned(), value),
        "GetAtt" => ("Fn::GetAtt".to_owned(), get_att(value)),
        known if SHORT_FORMS.contains(&known) => (format!("Fn::{known}"), value),
        other => return Err(format!("YAML tag !{other} is not an intrinsic function.")),
    };
    let mut object = Map::new();
    object.insert(key, value);
    Ok(Value::Object(object))
}

/// A JSON template with every `Fn::GetAtt` in its list form.
fn listed(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(listed).collect(),
        Value::Object(object) => object
            .into_iter()
            .map(|(name, one)| {
                let one = listed(one);
                let one = if name == "Fn::GetAtt" { get_att(one) } else { one };
                (name, one)
            })
            .collect::<Map<String, Value>>()
            .into(),
        other => other,
    }
}

/// `Database.Endpoint.Address` in its list form: the resource, then the rest.
pub fn get_att(value: Value) -> Value {
    match value {
        Value::String(text) => match text.split_once('.') {
            Some((resource, attribute)) => json!([resource, attribute]),
            None => Value::String(text),
        },
        // `!GetAtt [Database, Endpoint, Address]` is not a form of CloudFormation's, but a list of two is.
        other => other,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_become_long_forms() {
        let read = read("A: !Ref B\nC: !GetAtt D.E.F\nG: !Join ['-', [!Ref H, x]]\nI: !Condition J\n").unwrap();
        assert_eq!(
            read,
            json!({
                "A": { "Ref": "B" }, "C": { "Fn::GetAtt": ["D", "E.F"] },
                "G": { "Fn::Join": ["-", [{ "Ref": "H" }, "x"]] }, "I": { "Condition": "J" },
            })
        );
    }

    #[test]
    fn broken_text_names_the_place() {
        assert_eq!(read("A: [1,\nB: 2").unwrap_err().split(" (").next(), Some("YAML not well-formed."));
        assert!(read("{\"A\": }").unwrap_err().contains("line 1, column 7"));
        assert!(read("A: !Rf B").unwrap_err().contains("!Rf"));
    }
}
