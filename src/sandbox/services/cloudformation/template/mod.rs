//! Templates: text → sections that were checked → a plan for given parameters.

pub mod check;
pub mod cidr;
pub mod parameters;
pub mod plan;
pub mod read;
pub mod references;
pub mod resolve;

use serde_json::{Map, Value};

use crate::sandbox::call::AwsError;

/// A template whose structure was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The whole template with long forms.
    pub body: Value,
}

impl Template {
    /// Reads and checks a template.
    pub fn parse(text: &str) -> Result<Self, AwsError> {
        let format = |why: String| validation(format!("Template format error: {why}"));
        let template = Self { body: read::read(text).map_err(format)? };
        check::check(&template)?;
        Ok(template)
    }

    /// A section, empty when it is not there.
    pub fn section(&self, name: &str) -> &Map<String, Value> {
        static EMPTY: std::sync::OnceLock<Map<String, Value>> = std::sync::OnceLock::new();
        self.body.get(name).and_then(Value::as_object).unwrap_or_else(|| EMPTY.get_or_init(Map::new))
    }

    /// What the template says of itself.
    pub fn description(&self) -> Option<&str> {
        self.body.get("Description").and_then(Value::as_str)
    }

    /// The capabilities that its resources need, and why: `CAPABILITY_NAMED_IAM` when one has a custom name.
    pub fn capabilities(&self) -> (Vec<&'static str>, String) {
        let type_of = |resource: &'_ Value| resource.get("Type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let resources: Vec<&Value> =
            self.section("Resources").values().filter(|one| type_of(one).starts_with("AWS::IAM::")).collect();
        if resources.is_empty() {
            return (Vec::new(), String::new());
        }
        let custom = resources.iter().any(|resource| {
            let name = match type_of(resource).as_str() {
                "AWS::IAM::Role" => "RoleName",
                "AWS::IAM::ManagedPolicy" => "ManagedPolicyName",
                _ => return false,
            };
            resource.pointer(&format!("/Properties/{name}")).is_some()
        });
        let mut types: Vec<String> = resources.iter().map(|one| type_of(one)).collect();
        types.sort_unstable();
        types.dedup();
        let needed = if custom { "CAPABILITY_NAMED_IAM" } else { "CAPABILITY_IAM" };
        (vec![needed], format!("The following resource(s) require capabilities: [{}]", types.join(", ")))
    }
}

/// CloudFormation's usual error.
pub fn validation(message: impl Into<String>) -> AwsError {
    AwsError::client("ValidationError", message)
}
