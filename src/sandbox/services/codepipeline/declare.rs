//! What a pipeline may be declared as.

use serde_json::{Value, json};

use super::super::iam;
use super::actions;
use crate::sandbox::call::{AwsError, Call, required, text};

fn structure(why: impl Into<String>) -> AwsError {
    AwsError::client("InvalidStructureException", why)
}

fn action_error(why: impl Into<String>) -> AwsError {
    AwsError::client("InvalidActionDeclarationException", why)
}

fn unsupported(what: &str) -> AwsError {
    AwsError::client("SandboxUnsupportedParameter", format!("The sandbox does not simulate {what} (codepipeline)."))
}

/// The declaration of an input, checked. Source: AWS CodePipeline User Guide, "Requirements" of stages and actions, and
/// "CodePipeline pipeline structure reference".
pub(super) fn check(call: &Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let declared = input.get("pipeline").cloned().unwrap_or_default();
    let name = required(&declared, "name")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".@-_".contains(c);
    if name.is_empty() || name.len() > 100 || !name.chars().all(plain) {
        let why = format!(
            "1 validation error detected: Value '{name}' at 'pipeline.name' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+"
        );
        return Err(AwsError::client("ValidationException", why));
    }
    if declared.get("artifactStores").is_some_and(|stores| !stores.is_null()) {
        return Err(unsupported("artifactStores: actions in other Regions"));
    }
    if declared.pointer("/artifactStore/location").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(structure("Pipeline should have an artifact store"));
    }
    let role = required(&declared, "roleArn")?;
    if !iam::trusts(call.world, &call.account, role, "codepipeline.amazonaws.com") {
        return Err(structure(format!("CodePipeline is not authorized to perform AssumeRole on role {role}")));
    }
    let stages = declared.get("stages").and_then(Value::as_array).cloned().unwrap_or_default();
    if stages.len() < 2 {
        return Err(structure("Pipeline should contain at least 2 stages"));
    }
    let mut known: Vec<String> = Vec::new();
    for (number, stage) in stages.iter().enumerate() {
        let mut made = Vec::new();
        for action in actions(stage) {
            check_action(call, number, action, &known)?;
            made.extend(artifacts(action, "outputArtifacts").map(str::to_owned));
        }
        known.extend(made);
    }
    let mut declared = declared;
    if let Some(members) = declared.as_object_mut() {
        members.shift_remove("version");
        // Source: AWS CodePipeline API Reference, PipelineDeclaration.
        members.entry("pipelineType").or_insert(json!("V1"));
        members.entry("executionMode").or_insert(json!("SUPERSEDED"));
    }
    Ok(declared)
}

/// The names of an action's artifacts on that side.
pub(super) fn artifacts<'v>(action: &'v Value, side: &str) -> impl Iterator<Item = &'v str> {
    action.get(side).and_then(Value::as_array).into_iter().flatten().filter_map(|one| text(one, "name"))
}

/// A member of an action's configuration.
pub(super) fn setting<'v>(action: &'v Value, name: &str) -> Option<&'v str> {
    action.get("configuration").and_then(|configuration| text(configuration, name))
}

fn check_action(call: &Call<'_>, stage: usize, action: &Value, known: &[String]) -> Result<(), AwsError> {
    let name = required(action, "name")?;
    let kind = |member: &str| action.get("actionTypeId").and_then(|kind| text(kind, member)).unwrap_or_default();
    let (category, provider) = (kind("category"), kind("provider"));
    if (stage == 0) != (category == "Source") {
        return Err(structure(if stage == 0 {
            "Pipeline should start with a stage that only contains source actions"
        } else {
            "Source actions are only allowed in the first stage"
        }));
    }
    if kind("owner") != "AWS" || provider != "S3" || !["Source", "Deploy"].contains(&category) {
        return Err(unsupported(&format!("the action type {category}/{}/{provider}", kind("owner"))));
    }
    if text(action, "region").is_some_and(|region| region != call.region) {
        return Err(unsupported("actions in other Regions"));
    }
    if text(action, "roleArn").is_some() {
        return Err(unsupported("roles of single actions"));
    }
    if setting(action, "PollForSourceChanges").is_some_and(|polls| polls != "false") {
        return Err(unsupported("PollForSourceChanges: set it to false, and start the pipeline"));
    }
    let unpacks = setting(action, "Extract") == Some("true");
    let needed: &[&str] = match (category, unpacks) {
        ("Source", _) => &["S3Bucket", "S3ObjectKey"],
        (_, true) => &["BucketName", "Extract"],
        (_, false) => &["BucketName", "Extract", "ObjectKey"],
    };
    if let Some(lacks) = needed.iter().find(|member| setting(action, member).is_none()) {
        let why = format!("Action configuration for action '{name}' is missing required configuration '{lacks}'");
        return Err(action_error(why));
    }
    let (takes, makes) = (artifacts(action, "inputArtifacts").count(), artifacts(action, "outputArtifacts").count());
    if (takes, makes) != if category == "Source" { (0, 1) } else { (1, 0) } {
        return Err(action_error(format!("Action '{name}' has the wrong number of artifacts")));
    }
    if let Some(unknown) = artifacts(action, "inputArtifacts").find(|one| !known.iter().any(|other| other == one)) {
        return Err(action_error(format!(
            "Input Artifact Bundle {unknown} in action {name} is not declared as Output Artifact Bundle in any of the preceding actions"
        )));
    }
    Ok(())
}
