//! What functions read while resources are made: the plan's facts, resources that stand, exports of other stacks.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::sandbox::call::Call;
use crate::sandbox::services::cloudformation::model::Resource;
use crate::sandbox::services::cloudformation::providers::{self, Existing};
use crate::sandbox::services::cloudformation::template::parameters::plain;
use crate::sandbox::services::cloudformation::template::plan::Facts;
use crate::sandbox::services::cloudformation::template::resolve::Scope;

/// A scope with resources.
pub struct Live<'s, 'c, 'w> {
    /// The call, to ask services for attributes.
    pub call: &'c mut Call<'w>,
    /// Parameters, mappings, conditions.
    pub facts: &'s Facts,
    /// The stack's resources.
    pub resources: &'s BTreeMap<String, Resource>,
}

impl Scope for Live<'_, '_, '_> {
    fn reference(&mut self, name: &str) -> Result<Option<Value>, String> {
        if let Some(value) = self.facts.reference(name) {
            return Ok(Some(value).filter(|value| !value.is_null()));
        }
        match self.resources.get(name).and_then(|resource| resource.physical.clone()) {
            Some(physical) => Ok(Some(Value::String(physical))),
            None => Err(format!("Template error: instance of Ref references undefined resource {name}")),
        }
    }

    fn attribute(&mut self, resource: &str, name: &str) -> Result<Value, String> {
        let undefined = || format!("Template error: instance of Fn::GetAtt references undefined resource {resource}");
        let found = self.resources.get(resource).ok_or_else(undefined)?;
        let physical = found.physical.as_deref().ok_or_else(undefined)?;
        let provider = providers::provider(&found.type_name).ok_or_else(undefined)?;
        let properties = LazyCell::new(|| found.properties.value());
        let existing = Existing {
            physical,
            properties: &properties,
            snapshot: false,
            stack_id: &self.facts.stack_id,
            logical: resource,
            type_name: &found.type_name,
            since: found.changed,
        };
        provider
            .get(self.call, &existing, name)
            .filter(|value| !value.is_null())
            .ok_or_else(|| format!("Attribute '{name}' does not exist on resource {resource} ({})", found.type_name))
    }

    fn import(&mut self, name: &str) -> Result<Value, String> {
        export(self.call, name).map(Value::String).ok_or_else(|| format!("No export named {name} found."))
    }

    fn condition(&mut self, name: &str) -> Result<bool, String> {
        self.facts.conditions.get(name).copied().ok_or_else(|| format!("Unresolved condition dependency {name}"))
    }

    fn mapping(&mut self, map: &str, top: &str, second: &str) -> Result<Value, String> {
        self.facts.mapping(map, top, second)
    }

    fn zones(&mut self, region: &str) -> Vec<String> {
        self.facts.zones(region)
    }
}

/// The value that a stack of this account and Region exports under that name.
pub fn export(call: &mut Call<'_>, name: &str) -> Option<String> {
    let stacks = &call.regional().cloudformation.stacks;
    stacks
        .values()
        .filter(|stack| stack.exists())
        .flat_map(|stack| &stack.outputs)
        .find(|output| output.export.as_deref() == Some(name))
        .map(|output| output.value.clone())
}

/// The names of other stacks that import that export.
pub fn importers(call: &mut Call<'_>, export: &str, own: &str) -> Vec<String> {
    let stacks = call.regional().cloudformation.stacks.values();
    stacks
        .filter(|stack| stack.exists() && stack.id != own && stack.plan.imports.iter().any(|name| name == export))
        .map(|stack| stack.name.clone())
        .collect()
}

/// Carries out the dynamic references in a value: `{{resolve:secretsmanager:…}}`.
pub fn dynamic(call: &mut Call<'_>, value: &Value) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) if text.contains("{{resolve:") => Value::String(expand(call, text)?),
        Value::Array(list) => list.iter().map(|one| dynamic(call, one)).collect::<Result<_, _>>()?,
        Value::Object(object) => Value::Object(
            object.iter().map(|(name, one)| Ok((name.clone(), dynamic(call, one)?))).collect::<Result<_, String>>()?,
        ),
        other => other.clone(),
    })
}

fn expand(call: &mut Call<'_>, text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{resolve:") {
        let Some((reference, tail)) = after.split_once("}}") else { break };
        out.push_str(before);
        out.push_str(&look_up(call, reference)?);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

/// `secretsmanager:SECRET:SecretString:KEY`, where an ARN as SECRET has colons of its own.
fn look_up(call: &mut Call<'_>, reference: &str) -> Result<String, String> {
    let Some(rest) = reference.strip_prefix("secretsmanager:") else {
        let kind = reference.split(':').next().unwrap_or_default();
        return Err(format!("The sandbox does not simulate dynamic references to {kind} ({{{{resolve:{kind}:…}}}})"));
    };
    let parts: Vec<&str> = rest.split(':').collect();
    let length = if rest.starts_with("arn:") { 7 } else { 1 };
    let secret = parts.iter().take(length).copied().collect::<Vec<_>>().join(":");
    let mut further = parts.iter().skip(length).copied();
    match further.next() {
        None | Some("" | "SecretString") => {}
        Some(other) => return Err(format!("Could not parse SecretString {other}; only SecretString can be resolved")),
    }
    let key = further.next().unwrap_or_default();
    let input = serde_json::json!({ "SecretId": secret });
    let answer = call
        .invoke("secretsmanager", "GetSecretValue", &input)
        .map_err(|error| providers::spoken("secretsmanager", &error))?;
    let text = answer.get("SecretString").and_then(Value::as_str).unwrap_or_default();
    if key.is_empty() {
        return Ok(text.to_owned());
    }
    let parsed: Value =
        serde_json::from_str(text).map_err(|_| format!("Could not parse SecretString JSON of {secret}"))?;
    parsed
        .get(key)
        .map(plain)
        .ok_or_else(|| format!("Could not find a value associated with JSONKey in SecretString: {key}"))
}
