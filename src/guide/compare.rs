//! JMESPath on outputs, and the comparisons of expectations.

use regex::Regex;
use serde_json::Value;

use crate::content::Bindings;
use crate::content::model::Operator;

/// The value that a JMESPath finds.
pub(super) fn search(path: &str, value: &Value) -> Result<Value, String> {
    let compiled = jmespath::compile(path).map_err(|error| error.to_string())?;
    let data = jmespath::Variable::from_serializable(value).map_err(|error| error.to_string())?;
    let found = compiled.search(data).map_err(|error| error.to_string())?;
    serde_json::to_value(&*found).map_err(|error| error.to_string())
}

/// How a comparison ended.
pub(super) enum Compared {
    /// It holds.
    Holds,
    /// It does not; what was wanted, in words.
    Not(String),
}

/// Compares what was found with what is expected.
pub(super) fn compare(operator: &Operator, found: &Value, bindings: &Bindings) -> Compared {
    let (holds, wanted) = match operator {
        Operator::Eq(value) => {
            let value = filled(value, bindings);
            (same(found, &value), show(&value))
        }
        Operator::Ne(value) => {
            let value = filled(value, bindings);
            (!same(found, &value), format!("anything but {}", show(&value)))
        }
        Operator::In(values) => {
            let values: Vec<Value> = values.iter().map(|value| filled(value, bindings)).collect();
            let words: Vec<String> = values.iter().map(show).collect();
            (values.iter().any(|value| same(found, value)), format!("one of {}", words.join(", ")))
        }
        Operator::Matches(pattern) => {
            let pattern = bindings.render_lossy(pattern);
            let text = found.as_str().unwrap_or_default();
            (Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(text)), format!("a text like /{pattern}/"))
        }
        Operator::Exists(wanted) => {
            (found.is_null() != *wanted, if *wanted { "a value" } else { "nothing" }.to_owned())
        }
        Operator::Contains(value) => {
            let value = filled(value, bindings);
            (contains(found, &value), format!("something with {}", show(&value)))
        }
        Operator::Gte(limit) => (found.as_f64().is_some_and(|number| number >= *limit), format!("at least {limit}")),
        Operator::Lte(limit) => (found.as_f64().is_some_and(|number| number <= *limit), format!("at most {limit}")),
        Operator::Count(count) => {
            (found.as_array().is_some_and(|list| list.len() == *count), format!("a list of {count}"))
        }
    };
    if holds { Compared::Holds } else { Compared::Not(wanted) }
}

/// Numbers are equal by value: JMESPath's length gives 0.0 where YAML has 0.
pub(super) fn same(found: &Value, wanted: &Value) -> bool {
    match (found.as_f64(), wanted.as_f64()) {
        (Some(found), Some(wanted)) => (found - wanted).abs() < f64::EPSILON,
        _ => found == wanted,
    }
}

fn contains(found: &Value, wanted: &Value) -> bool {
    match found {
        Value::Array(list) => list.iter().any(|item| same(item, wanted)),
        Value::String(text) => wanted.as_str().is_some_and(|part| text.contains(part)),
        _ => false,
    }
}

/// A value of an expectation with the templates in its texts filled in.
pub(super) fn filled(value: &Value, bindings: &Bindings) -> Value {
    match value {
        Value::String(text) => Value::String(bindings.render_lossy(text)),
        Value::Array(list) => list.iter().map(|item| filled(item, bindings)).collect(),
        other => other.clone(),
    }
}

/// Whether a value means that there is nothing: what an empty account gives.
pub(super) fn nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(held) => !held,
        Value::Number(number) => number.as_f64().is_some_and(|number| number.abs() < f64::EPSILON),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

/// A value as a learner reads it.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        // JMESPath counts in floating point: a learner reads 3, not 3.0.
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string()),
        other => other.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_find_what_the_aws_cli_would() {
        let stack = json!({ "Stacks": [{ "Outputs": [{ "OutputKey": "A", "OutputValue": "x" }] }] });
        assert_eq!(search("Stacks[0].Outputs[?OutputKey=='A'].OutputValue | [0]", &stack).unwrap(), json!("x"));
        assert_eq!(search("Nothing[0].Here", &stack).unwrap(), Value::Null);
        assert!(search("Stacks[", &stack).is_err());
    }

    #[test]
    fn every_operator_can_fail() {
        let bindings = Bindings::default();
        let holds = |operator, value: Value| matches!(compare(&operator, &value, &bindings), Compared::Holds);
        for (operator, good, bad) in [
            (Operator::Eq(json!(0)), json!(0.0), json!(1)),
            (Operator::Ne(json!("a")), json!("b"), json!("a")),
            (Operator::In(vec![json!("a"), json!("b")]), json!("b"), json!("c")),
            (Operator::Matches("^a+$".into()), json!("aa"), json!("ab")),
            (Operator::Exists(true), json!(1), Value::Null),
            (Operator::Exists(false), Value::Null, json!(1)),
            (Operator::Contains(json!("a")), json!(["a"]), json!(["b"])),
            (Operator::Gte(2.0), json!(2), json!(1)),
            (Operator::Lte(2.0), json!(2), json!(3)),
            (Operator::Count(1), json!([1]), json!([])),
        ] {
            assert!(holds(operator.clone(), good), "{operator:?}");
            assert!(!holds(operator.clone(), bad), "{operator:?}");
        }
    }
}
