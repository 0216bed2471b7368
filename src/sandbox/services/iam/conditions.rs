//! Conditions of policies: the operators that the sandbox decides, and what a request carries.

use std::collections::BTreeMap;

use serde_json::Value;

use super::policy::{like, texts};

/// The condition keys of a request with their values; names in lower case. A key that a request does not carry is absent.
/// Source: IAM User Guide, "AWS global condition context keys".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context(BTreeMap<String, Vec<String>>);

/// The operators, without `IfExists` and without the prefix of a set.
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "ArnEquals",
    "ArnNotEquals",
    "ArnLike",
    "ArnNotLike",
    "Bool",
    "Null",
];

impl Context {
    /// What every request by that role carries.
    pub fn of_role(account: &str, role_arn: &str) -> Self {
        Self::default()
            .with("aws:PrincipalArn", role_arn)
            .with("aws:PrincipalAccount", account)
            .with("aws:SourceAccount", account)
            .with("aws:ResourceAccount", account)
            .with("aws:SecureTransport", "true")
    }

    /// With one more value of a key.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.0.entry(key.to_ascii_lowercase()).or_default().push(value.to_owned());
        self
    }

    fn get(&self, key: &str) -> Option<&Vec<String>> {
        self.0.get(&key.to_ascii_lowercase())
    }

    /// A pattern with its policy variables (`${aws:PrincipalAccount}`) filled in; an unknown one matches nothing.
    pub(super) fn filled(&self, pattern: &str) -> String {
        let mut parts = pattern.split("${");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let Some((name, rest)) = part.split_once('}') else { continue };
            match self.get(name).and_then(|values| values.first()) {
                Some(value) => filled.push_str(value),
                None => filled.push_str("${}"),
            }
            filled.push_str(rest);
        }
        filled
    }
}

/// An operator's own name, whether an absent key passes (`IfExists`), and whether every value must match.
fn parts(operator: &str) -> (&str, bool, bool) {
    let (all, operator) = match operator.split_once(':') {
        Some(("ForAllValues", rest)) => (true, rest),
        Some(("ForAnyValue", rest)) => (false, rest),
        _ => (false, operator),
    };
    match operator.strip_suffix("IfExists") {
        Some(bare) => (bare, true, all),
        None => (operator, all, all),
    }
}

/// The first operator of a statement that the sandbox does not decide (`IpAddress`, dates, numbers).
pub(super) fn undecided(statement: &Value) -> Option<&str> {
    let operators = statement.get("Condition")?.as_object()?;
    operators.keys().map(String::as_str).find(|operator| !OPERATORS.contains(&parts(operator).0))
}

/// Whether all conditions of a statement hold.
pub(super) fn holds(statement: &Value, context: &Context) -> bool {
    let Some(Value::Object(operators)) = statement.get("Condition") else { return true };
    operators.iter().all(|(operator, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.into_iter().all(|(key, wanted)| one_holds(operator, context, key, &texts(wanted)))
    })
}

fn one_holds(operator: &str, context: &Context, key: &str, wanted: &[String]) -> bool {
    let (bare, absent_passes, all) = parts(operator);
    let values = context.get(key);
    if bare == "Null" {
        return wanted.iter().any(|text| text == if values.is_none() { "true" } else { "false" });
    }
    let (bare, negated) = match bare.split_once("Not") {
        Some((kind, rest)) => (format!("{kind}{rest}"), true),
        None => (bare.to_owned(), false),
    };
    // A negated operator holds when the key is absent. Source: IAM User Guide, "Condition operators".
    let Some(values) = values else { return absent_passes || negated };
    let matches = |value: &String| {
        wanted.iter().any(|pattern| {
            let pattern = context.filled(pattern);
            match bare.as_str() {
                "StringEquals" => pattern == *value,
                "StringEqualsIgnoreCase" | "Bool" => pattern.eq_ignore_ascii_case(value),
                // ArnEquals and ArnLike are the same.
                "StringLike" | "ArnLike" | "ArnEquals" => like(&pattern, value),
                _ => false,
            }
        })
    };
    let hit = |value: &String| matches(value) != negated;
    if all || negated { values.iter().all(hit) } else { values.iter().any(hit) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decided(condition: &Value) -> bool {
        let context = Context::of_role("111122223333", "arn:aws:iam::111122223333:role/worker");
        holds(&json!({ "Condition": condition }), &context.with("aws:SourceArn", "arn:aws:s3:::shop"))
    }

    #[test]
    fn each_operator_decides_both_ways() {
        for (operator, key, yes, no) in [
            ("StringEquals", "aws:PrincipalAccount", "111122223333", "4"),
            ("StringNotEquals", "aws:PrincipalAccount", "4", "111122223333"),
            ("StringEqualsIgnoreCase", "aws:SecureTransport", "TRUE", "x"),
            ("StringLike", "aws:SourceArn", "arn:aws:s3:::s*", "arn:aws:s3:::t*"),
            ("StringNotLike", "aws:SourceArn", "arn:aws:s3:::t*", "arn:aws:s3:::s*"),
            ("ArnLike", "AWS:SourceArn", "arn:*:s3:::shop", "arn:aws:s3:::other"),
            ("ArnNotLike", "AWS:SourceArn", "arn:aws:s3:::other", "arn:*:s3:::shop"),
            ("Bool", "aws:SecureTransport", "true", "false"),
            ("Null", "aws:TokenIssueTime", "true", "false"),
            ("StringEqualsIfExists", "aws:PrincipalAccount", "111122223333", "4"),
            ("ForAnyValue:StringLike", "aws:SourceArn", "*shop", "*other"),
        ] {
            assert!(decided(&json!({ operator: { key: yes } })), "{operator} {yes}");
            assert!(!decided(&json!({ operator: { key: no } })), "{operator} {no}");
        }
    }

    #[test]
    fn an_absent_key_fails_unless_the_operator_says_otherwise() {
        assert!(!decided(&json!({ "StringEquals": { "aws:PrincipalTag/a": "b" } })));
        assert!(decided(&json!({ "StringEqualsIfExists": { "aws:PrincipalTag/a": "b" } })));
        assert!(decided(&json!({ "StringNotEquals": { "aws:PrincipalTag/a": "b" } })));
    }

    #[test]
    fn what_cannot_be_decided_is_named() {
        let statement = json!({ "Condition": { "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } } });
        assert_eq!(undecided(&statement), Some("IpAddress"));
        assert_eq!(undecided(&json!({ "Condition": { "ArnLike": {} } })), None);
    }
}
