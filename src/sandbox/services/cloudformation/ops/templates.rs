//! Templates as the API shows them.

use serde_json::{Map, Value, json};

use super::{existing, stack_name, template_text};
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::services::cloudformation::ops::change_sets;
use crate::sandbox::services::cloudformation::template::{Template, parameters, validation};

/// GetTemplate: of a stack, or of a change set.
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let body = match text(input, "ChangeSetName") {
        Some(_) => change_sets::find(call, input)?.template.to_string(),
        None => existing(call, stack_name(input)?)?.template.to_string(),
    };
    Ok(json!({ "TemplateBody": body, "StagesAvailable": ["Original", "Processed"] }))
}

fn summed_up(template: &Template, summary: bool) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("Parameters".into(), parameters::declared(template.section("Parameters"), summary));
    if let Some(description) = template.description() {
        shown.insert("Description".into(), description.into());
    }
    let (capabilities, reason) = template.capabilities();
    if !capabilities.is_empty() {
        shown.insert("Capabilities".into(), json!(capabilities));
        shown.insert("CapabilitiesReason".into(), reason.into());
    }
    shown
}

/// GetTemplateSummary: of a template, or of a stack's.
pub fn summary(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let body = match text(input, "StackName") {
        Some(name) => existing(call, name)?.template.to_string(),
        None => template_text(call, input, None)?,
    };
    let template = Template::parse(&body)?;
    let mut shown = summed_up(&template, true);
    let mut types: Vec<&str> = template.section("Resources").values().filter_map(|one| text(one, "Type")).collect();
    types.sort_unstable();
    types.dedup();
    shown.insert("ResourceTypes".into(), json!(types));
    shown.insert("Version".into(), "2010-09-09".into());
    if let Some(metadata) = template.body.get("Metadata") {
        shown.insert("Metadata".into(), metadata.to_string().into());
    }
    Ok(Value::Object(shown))
}

/// ValidateTemplate.
pub fn validate(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    if input.get("TemplateBody").is_none() && input.get("TemplateURL").is_none() {
        return Err(validation("Either Template URL or Template Body must be specified."));
    }
    let body = template_text(call, input, None)?;
    Ok(Value::Object(summed_up(&Template::parse(&body)?, false)))
}
