//! Parameters: types, constraints, defaults, and values that were given.

use std::collections::BTreeMap;

use regex::bytes::RegexBuilder;
use serde_json::{Map, Value};

use super::{Template, validation};
use crate::sandbox::call::{AwsError, text};

/// The longest value of a parameter, in bytes. Source: CloudFormation User Guide, "CloudFormation quotas".
const LONGEST_VALUE: usize = 4096;

/// The values of all parameters as text, after defaults, earlier values and constraints.
///
/// `given` is the request's list of `{ParameterKey, ParameterValue, UsePreviousValue}`; `previous` are the values of the
/// stack that is updated.
pub fn bind(
    template: &Template,
    given: Option<&Value>,
    previous: Option<&BTreeMap<String, String>>,
) -> Result<BTreeMap<String, String>, AwsError> {
    let declared = template.section("Parameters");
    let given: Vec<&Value> = given.and_then(Value::as_array).map(|list| list.iter().collect()).unwrap_or_default();
    let unknown: Vec<&str> =
        given.iter().filter_map(|one| text(one, "ParameterKey")).filter(|key| !declared.contains_key(*key)).collect();
    if !unknown.is_empty() {
        return Err(validation(format!("Parameters: [{}] do not exist in the template", unknown.join(", "))));
    }
    let mut values = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, declaration) in declared {
        check_declaration(name, declaration)?;
        let request = given.iter().find(|one| text(one, "ParameterKey") == Some(name));
        let keep = request.is_some_and(|one| one.get("UsePreviousValue") == Some(&Value::Bool(true)));
        let earlier = previous.and_then(|values| values.get(name));
        let value = match (request.and_then(|one| text(one, "ParameterValue")), keep) {
            (Some(value), false) => Some(value.to_owned()),
            (_, true) if earlier.is_none() => {
                return Err(validation(format!("Parameter {name} has no previous value to use")));
            }
            (_, true) => earlier.cloned(),
            (None, false) => declaration.get("Default").map(plain),
        };
        match value {
            Some(value) => {
                check_value(name, declaration, &value)?;
                values.insert(name.clone(), value);
            }
            None => missing.push(name.as_str()),
        }
    }
    if !missing.is_empty() {
        return Err(validation(format!("Parameters: [{}] must have values", missing.join(", "))));
    }
    Ok(values)
}

/// A list type's inner type, or the type itself.
pub fn inner_kind(kind: &str) -> &str {
    kind.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(kind)
}

/// A value's parts: the members of a list, or the whole value.
pub fn parts<'v>(declaration: &Value, value: &'v str) -> Vec<&'v str> {
    let kind = kind(declaration);
    if kind == "CommaDelimitedList" || kind.starts_with("List<") {
        value.split(',').map(str::trim).collect()
    } else {
        vec![value]
    }
}

/// A parameter's value as functions see it: a list for the list types.
pub fn typed(declaration: &Value, value: &str) -> Value {
    let kind = kind(declaration);
    if kind == "CommaDelimitedList" || kind.starts_with("List<") {
        value.split(',').map(|part| Value::String(part.trim().to_owned())).collect()
    } else {
        Value::String(value.to_owned())
    }
}

/// Whether a parameter's value must not be shown.
pub fn is_secret(declaration: &Value) -> bool {
    matches!(declaration.get("NoEcho"), Some(Value::Bool(true))) || text(declaration, "NoEcho") == Some("true")
}

/// The parameters as GetTemplateSummary and ValidateTemplate list them.
pub fn declared(section: &Map<String, Value>, summary: bool) -> Value {
    section
        .iter()
        .map(|(name, declaration)| {
            let mut one = Map::new();
            one.insert("ParameterKey".into(), name.as_str().into());
            if let Some(default) = declaration.get("Default") {
                let shown = if is_secret(declaration) { "****".to_owned() } else { plain(default) };
                one.insert("DefaultValue".into(), shown.into());
            }
            one.insert("NoEcho".into(), is_secret(declaration).into());
            if let Some(description) = text(declaration, "Description") {
                one.insert("Description".into(), description.into());
            }
            if summary {
                one.insert("ParameterType".into(), kind(declaration).into());
                let allowed = declaration.get("AllowedValues").and_then(Value::as_array);
                let mut constraints = Map::new();
                if let Some(allowed) = allowed {
                    constraints.insert("AllowedValues".into(), allowed.iter().map(plain).collect());
                }
                one.insert("ParameterConstraints".into(), constraints.into());
            }
            Value::Object(one)
        })
        .collect()
}

fn kind(declaration: &Value) -> &str {
    text(declaration, "Type").unwrap_or("String")
}

fn check_declaration(name: &str, declaration: &Value) -> Result<(), AwsError> {
    const MEMBERS: &[&str] = &[
        "AllowedPattern",
        "AllowedValues",
        "ConstraintDescription",
        "Default",
        "Description",
        "MaxLength",
        "MaxValue",
        "MinLength",
        "MinValue",
        "NoEcho",
        "Type",
    ];
    let format = |why: String| Err(validation(format!("Template format error: {why}")));
    if let Some(unknown) =
        declaration.as_object().and_then(|map| map.keys().find(|key| !MEMBERS.contains(&key.as_str())))
    {
        return format(format!("Invalid template parameter property '{unknown}'"));
    }
    let Some(kind) = text(declaration, "Type") else {
        return format(format!("Every Parameters object must contain a Type member: {name}"));
    };
    let inner = inner_kind(kind);
    if inner.starts_with("AWS::SSM::") {
        return format(format!("The sandbox does not simulate parameters of type {kind} ({name})"));
    }
    if !matches!(inner, "String" | "Number" | "CommaDelimitedList") && !inner.starts_with("AWS::") {
        return format(format!("Unrecognized parameter type: {kind}"));
    }
    Ok(())
}

fn check_value(name: &str, declaration: &Value, value: &str) -> Result<(), AwsError> {
    let refuse = |rule: String| {
        Err(validation(match text(declaration, "ConstraintDescription") {
            Some(why) => format!("Parameter {name} failed to satisfy constraint: {why}"),
            None => format!("Parameter '{name}' {rule}"),
        }))
    };
    let kind = kind(declaration);
    let parts = parts(declaration, value);
    if let Some(allowed) = declaration.get("AllowedValues").and_then(Value::as_array) {
        let allowed: Vec<String> = allowed.iter().map(plain).collect();
        if parts.iter().any(|part| !allowed.iter().any(|one| one == part)) {
            return refuse("must be one of AllowedValues".into());
        }
    }
    if let Some(pattern) = text(declaration, "AllowedPattern") {
        // CloudFormation's pattern must match the whole value.
        let whole = RegexBuilder::new(&format!("^(?:{pattern})$")).unicode(false).build();
        let Ok(whole) = whole else {
            return Err(validation(format!(
                "Template error: AllowedPattern of parameter {name} is not a valid pattern"
            )));
        };
        if parts.iter().any(|part| !whole.is_match(part.as_bytes())) {
            return refuse(format!("must match pattern {pattern}"));
        }
    }
    if value.len() > LONGEST_VALUE {
        return refuse(format!("exceeds the maximum length of {LONGEST_VALUE} bytes"));
    }
    let bound = |member: &str| declaration.get(member).map(plain).and_then(|text| text.parse::<f64>().ok());
    if kind == "Number" || kind == "List<Number>" {
        for part in &parts {
            let Ok(number) = part.parse::<f64>() else { return refuse("must be a number".into()) };
            if bound("MinValue").is_some_and(|least| number < least) {
                return refuse(format!("must be a number not less than {}", plain_member(declaration, "MinValue")));
            }
            if bound("MaxValue").is_some_and(|most| number > most) {
                return refuse(format!("must be a number not greater than {}", plain_member(declaration, "MaxValue")));
            }
        }
    }
    let length = value.chars().count() as f64;
    if bound("MinLength").is_some_and(|least| length < least) {
        return refuse(format!("must contain at least {} characters", plain_member(declaration, "MinLength")));
    }
    if bound("MaxLength").is_some_and(|most| length > most) {
        return refuse(format!("must contain at most {} characters", plain_member(declaration, "MaxLength")));
    }
    Ok(())
}

fn plain_member(declaration: &Value, member: &str) -> String {
    declaration.get(member).map(plain).unwrap_or_default()
}

/// A scalar as text.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(parameter: &Value) -> Template {
        let body = json!({
            "Parameters": { "P": parameter },
            "Resources": { "Gateway": { "Type": "AWS::EC2::InternetGateway" } },
        });
        Template { body }
    }

    fn bound(parameter: &Value, value: &str) -> Result<String, String> {
        let given = json!([{ "ParameterKey": "P", "ParameterValue": value }]);
        bind(&template(parameter), Some(&given), None).map(|values| values["P"].clone()).map_err(|error| error.message)
    }

    #[test]
    fn constraints_are_kept_and_their_description_is_the_message() {
        let pattern = json!({ "Type": "String", "AllowedPattern": "[a-z]+" });
        assert!(bound(&pattern, "abc").is_ok());
        assert_eq!(bound(&pattern, "abc1").unwrap_err(), "Parameter 'P' must match pattern [a-z]+");
        let described = json!({ "Type": "String", "AllowedValues": ["a"], "ConstraintDescription": "must be a" });
        assert_eq!(bound(&described, "b").unwrap_err(), "Parameter P failed to satisfy constraint: must be a");
        let number = json!({ "Type": "Number", "MinValue": 2, "MaxValue": 4 });
        assert!(bound(&number, "3").is_ok());
        assert!(bound(&number, "5").unwrap_err().contains("not greater than 4"));
        assert!(bound(&number, "x").unwrap_err().contains("must be a number"));
        let length = json!({ "Type": "String", "MinLength": 2 });
        assert!(bound(&length, "x").unwrap_err().contains("at least 2 characters"));
    }

    #[test]
    fn missing_and_unknown_parameters_are_named() {
        let plain = template(&json!({ "Type": "String" }));
        assert_eq!(bind(&plain, None, None).unwrap_err().message, "Parameters: [P] must have values");
        let unknown = json!([{ "ParameterKey": "Q", "ParameterValue": "x" }]);
        let error = bind(&plain, Some(&unknown), None).unwrap_err();
        assert_eq!(error.message, "Parameters: [Q] do not exist in the template");
    }

    #[test]
    fn a_previous_value_is_used_when_asked_for() {
        let previous = BTreeMap::from([("P".to_owned(), "old".to_owned())]);
        let keep = json!([{ "ParameterKey": "P", "UsePreviousValue": true }]);
        let bound = bind(&template(&json!({ "Type": "String", "Default": "new" })), Some(&keep), Some(&previous));
        assert_eq!(bound.unwrap()["P"], "old");
    }

    #[test]
    fn lists_are_cut_at_commas() {
        assert_eq!(typed(&json!({ "Type": "List<AWS::EC2::Subnet::Id>" }), "a, b"), json!(["a", "b"]));
        assert_eq!(typed(&json!({ "Type": "String" }), "a,b"), json!("a,b"));
    }
}
