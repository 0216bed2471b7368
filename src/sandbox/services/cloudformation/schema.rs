//! What CloudFormation's registry says of a resource type: its properties, attributes and what forces a replacement.
//!
//! The schemas are data, cut by `assets/cloudformation/cut.py` and unpacked once.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};

static PACKED: &[u8] = include_bytes!("../../../../assets/cloudformation/types.json.gz");

/// Everything in `types.json.gz`.
#[derive(Debug, Default, Deserialize)]
pub struct Registry {
    /// The types that the sandbox simulates.
    pub types: BTreeMap<String, Type>,
    /// The names of all types that AWS has, sorted.
    pub known: Vec<String>,
}

/// One resource type.
#[derive(Debug, Default, Deserialize)]
pub struct Type {
    /// Whether it takes properties of the user's own choice.
    #[serde(default)]
    open: bool,
    properties: BTreeMap<String, Shape>,
    definitions: BTreeMap<String, Shape>,
    required: Vec<String>,
    read_only: Vec<String>,
    create_only: Vec<String>,
    attributes: Vec<String>,
}

/// One property.
#[derive(Debug, Default, Deserialize)]
pub struct Shape {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(rename = "ref")]
    reference: Option<String>,
    #[serde(default)]
    properties: BTreeMap<String, Shape>,
    #[serde(default)]
    required: Vec<String>,
    items: Option<Box<Shape>>,
    #[serde(default, rename = "enum")]
    allowed: Vec<Value>,
}

/// The registry, unpacked on first use.
pub fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let mut text = Vec::new();
        // The file is part of the binary and a test unpacks it, so a failure here cannot reach a user.
        match flate2::read::GzDecoder::new(PACKED).read_to_end(&mut text) {
            Ok(_) => serde_json::from_slice(&text).unwrap_or_default(),
            Err(_) => Registry::default(),
        }
    })
}

/// The schema of a type that the sandbox simulates.
pub fn of(type_name: &str) -> Option<&'static Type> {
    registry().types.get(if is_custom(type_name) { CUSTOM } else { type_name })
}

/// The type of custom resources.
pub const CUSTOM: &str = "AWS::CloudFormation::CustomResource";

/// The longest name of a custom type. Source: CloudFormation User Guide, `AWS::CloudFormation::CustomResource`.
const LONGEST_CUSTOM: usize = 60;

/// Whether a type is a custom resource under a name of its own: `Custom::Something`.
pub fn is_custom(type_name: &str) -> bool {
    let shape = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_@-".contains(c));
    type_name.len() <= LONGEST_CUSTOM && type_name.strip_prefix("Custom::").is_some_and(shape)
}

/// Whether AWS has a type of that name.
pub fn exists_in_aws(type_name: &str) -> bool {
    registry().known.binary_search_by(|known| known.as_str().cmp(type_name)).is_ok()
}

impl Type {
    /// Whether `Fn::GetAtt` gives that attribute.
    pub fn has_attribute(&self, name: &str) -> bool {
        // A custom resource gives what its function answers, a nested stack what its template puts out.
        self.open || self.attributes.iter().any(|one| one == name)
    }

    /// Whether a change of that top-level property needs a new resource.
    pub fn replaces(&self, property: &str) -> bool {
        self.create_only.iter().any(|one| one.split('.').next() == Some(property))
    }

    /// Checks properties against the schema and gives them the types that the service's API wants: CloudFormation
    /// takes `"80"` for a number and `true` for a text. The error is CloudFormation's list of violations.
    pub fn check(&self, properties: &Value) -> Result<Value, Vec<String>> {
        let empty = Map::new();
        let given = properties.as_object().unwrap_or(&empty);
        let mut wrong = Vec::new();
        for name in self.required.iter().filter(|name| !given.contains_key(*name)) {
            wrong.push(format!("#: required key [{name}] not found"));
        }
        let mut checked = Map::new();
        for (name, value) in given {
            match self.properties.get(name) {
                Some(_) if self.read_only.contains(name) => {
                    wrong.push(format!("#: extraneous key [{name}] is not permitted, because it is read-only"));
                }
                Some(shape) => {
                    checked.insert(name.clone(), self.fit(shape, value, &format!("#/{name}"), &mut wrong));
                }
                None if self.open => {
                    checked.insert(name.clone(), value.clone());
                }
                None => wrong.push(format!("#: extraneous key [{name}] is not permitted")),
            }
        }
        if wrong.is_empty() { Ok(Value::Object(checked)) } else { Err(wrong) }
    }

    fn resolved<'t>(&'t self, shape: &'t Shape) -> &'t Shape {
        shape.reference.as_ref().and_then(|name| self.definitions.get(name)).unwrap_or(shape)
    }

    fn fit(&self, shape: &Shape, value: &Value, at: &str, wrong: &mut Vec<String>) -> Value {
        let shape = self.resolved(shape);
        let fitted = match (shape.kind.as_str(), value) {
            ("object", Value::Object(given)) => {
                for name in shape.required.iter().filter(|name| !given.contains_key(*name)) {
                    wrong.push(format!("{at}: required key [{name}] not found"));
                }
                let mut checked = Map::new();
                for (name, inner) in given {
                    match shape.properties.get(name) {
                        Some(member) => {
                            checked.insert(name.clone(), self.fit(member, inner, &format!("{at}/{name}"), wrong));
                        }
                        None => wrong.push(format!("{at}: extraneous key [{name}] is not permitted")),
                    }
                }
                Value::Object(checked)
            }
            ("map", Value::Object(given)) => given
                .iter()
                .map(|(name, inner)| {
                    let inner = match &shape.items {
                        Some(items) => self.fit(items, inner, &format!("{at}/{name}"), wrong),
                        None => inner.clone(),
                    };
                    (name.clone(), inner)
                })
                .collect(),
            ("array", Value::Array(given)) => given
                .iter()
                .enumerate()
                .map(|(index, inner)| match &shape.items {
                    Some(items) => self.fit(items, inner, &format!("{at}/{index}"), wrong),
                    None => inner.clone(),
                })
                .collect(),
            ("string", Value::Number(number)) => Value::String(number.to_string()),
            ("string", Value::Bool(flag)) => Value::String(flag.to_string()),
            ("integer" | "number", Value::String(text)) => match text.trim().parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => text.trim().parse::<f64>().map_or(Value::Null, Value::from),
            },
            ("boolean", Value::String(text)) => match text.as_str() {
                "true" | "True" => true.into(),
                "false" | "False" => false.into(),
                _ => Value::Null,
            },
            ("string", Value::String(_))
            | ("integer" | "number", Value::Number(_))
            | ("boolean", Value::Bool(_))
            | ("json" | "", _) => value.clone(),
            _ => Value::Null,
        };
        if fitted.is_null() {
            let expected = title(&shape.kind);
            wrong.push(format!("{at}: expected type: {expected}, found: {}", found(value)));
        } else if !shape.allowed.is_empty() && !shape.allowed.contains(&fitted) && !fitted.is_object() {
            wrong.push(format!("{at}: {} is not a valid enum value", plain(&fitted)));
        }
        fitted
    }

    /// Writes properties with a lower-case first letter, as the REST-JSON services want their members; the keys of maps
    /// are the user's own and stay as they are.
    pub fn camel(&self, properties: &Value) -> Value {
        let Some(given) = properties.as_object() else { return properties.clone() };
        given
            .iter()
            .map(|(name, value)| {
                let value =
                    self.properties.get(name).map_or_else(|| value.clone(), |shape| self.camel_in(shape, value));
                (lower_first(name), value)
            })
            .collect()
    }

    fn camel_in(&self, shape: &Shape, value: &Value) -> Value {
        let shape = self.resolved(shape);
        match (shape.kind.as_str(), value) {
            ("object", Value::Object(given)) => given
                .iter()
                .map(|(name, inner)| {
                    let inner =
                        shape.properties.get(name).map_or_else(|| inner.clone(), |member| self.camel_in(member, inner));
                    (lower_first(name), inner)
                })
                .collect(),
            ("map" | "array", _) => {
                let inner = |value: &Value| shape.items.as_ref().map_or(value.clone(), |i| self.camel_in(i, value));
                match value {
                    Value::Object(given) => given.iter().map(|(name, one)| (name.clone(), inner(one))).collect(),
                    Value::Array(given) => given.iter().map(inner).collect(),
                    other => other.clone(),
                }
            }
            _ => value.clone(),
        }
    }
}

/// A name with a lower-case first letter.
pub fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn title(kind: &str) -> String {
    match kind {
        "object" | "map" => "JSONObject".into(),
        "array" => "JSONArray".into(),
        other => other.get(..1).unwrap_or_default().to_uppercase() + other.get(1..).unwrap_or_default(),
    }
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "JSONObject",
        Value::Array(_) => "JSONArray",
        Value::String(_) => "String",
        Value::Number(_) => "Number",
        Value::Bool(_) => "Boolean",
        Value::Null => "Null",
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_packed_registry_opens() {
        assert!(registry().types.len() > 50);
        assert!(exists_in_aws("AWS::SQS::Queue") && !exists_in_aws("AWS::SQS::Quux"));
        assert!(of("AWS::RDS::DBCluster").unwrap().has_attribute("Endpoint.Address"));
    }

    #[test]
    fn unknown_missing_and_wrong_properties_are_named() {
        let subnet = of("AWS::EC2::Subnet").unwrap();
        let wrong = subnet.check(&json!({ "CidrBlok": "10.0.0.0/24", "MapPublicIpOnLaunch": "perhaps" })).unwrap_err();
        assert!(wrong.contains(&"#: required key [VpcId] not found".to_owned()), "{wrong:?}");
        assert!(wrong.contains(&"#: extraneous key [CidrBlok] is not permitted".to_owned()), "{wrong:?}");
        assert!(
            wrong.contains(&"#/MapPublicIpOnLaunch: expected type: Boolean, found: String".to_owned()),
            "{wrong:?}"
        );
    }

    #[test]
    fn values_get_the_type_that_the_api_wants() {
        let instance = of("AWS::RDS::DBInstance").unwrap();
        let fitted = instance.check(&json!({ "PubliclyAccessible": "false", "EngineVersion": 8 })).unwrap();
        assert_eq!(fitted, json!({ "PubliclyAccessible": false, "EngineVersion": "8" }));
    }

    #[test]
    fn camel_case_leaves_the_users_own_keys_alone() {
        let task = of("AWS::ECS::TaskDefinition").unwrap();
        let properties = json!({ "ContainerDefinitions": [{
            "Name": "web", "LogConfiguration": { "LogDriver": "awslogs", "Options": { "Awslogs-Group": "g" } }
        }]});
        let wanted = json!({ "containerDefinitions": [{
            "name": "web", "logConfiguration": { "logDriver": "awslogs", "options": { "Awslogs-Group": "g" } }
        }]});
        assert_eq!(task.camel(&properties), wanted);
    }
}
