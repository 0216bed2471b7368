//! Pipelines and their executions, as AWS shows them.

use serde_json::{Value, json};

use super::{Action, Execution, Pipeline, actions, find};
use crate::sandbox::call::{AwsError, Call, required, text};

/// `GetPipeline`
pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "name")?;
    let arn = call.arn("codepipeline", name);
    let pipeline = find(call, name)?;
    let wanted = input.get("version").and_then(Value::as_u64);
    if wanted.is_some_and(|version| version != pipeline.version) {
        let why = format!("The sandbox keeps the newest version of '{name}' only, which is {}.", pipeline.version);
        return Err(AwsError::client("PipelineVersionNotFoundException", why));
    }
    let metadata = json!({
        "pipelineArn": arn, "created": pipeline.created.epoch_seconds(), "updated": pipeline.updated.epoch_seconds(),
    });
    Ok(json!({ "pipeline": pipeline.declaration(), "metadata": metadata }))
}

/// `ListPipelines`
pub(super) fn list(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let row = |(name, pipeline): (&String, &Pipeline)| {
        json!({
            "name": name, "version": pipeline.version, "pipelineType": pipeline.declared.get("pipelineType"),
            "executionMode": pipeline.declared.get("executionMode"),
            "created": pipeline.created.epoch_seconds(), "updated": pipeline.updated.epoch_seconds(),
        })
    };
    let pipelines: Vec<Value> = call.regional().codepipeline.pipelines.iter().map(row).collect();
    Ok(json!({ "pipelines": pipelines }))
}

/// How the stage of an execution stands by its actions; nothing before it got there.
fn status(execution: &Execution, stage: &str) -> Option<&'static str> {
    let mut rows = execution.actions.iter().filter(|action| action.stage == stage).peekable();
    rows.peek()?;
    let mut status = "Succeeded";
    for row in rows {
        match row.status.as_str() {
            "Failed" => return Some("Failed"),
            "InProgress" => status = "InProgress",
            _ => {}
        }
    }
    Some(status)
}

fn latest(row: &Action) -> Value {
    let mut shown = json!({
        "actionExecutionId": row.id, "status": row.status, "lastStatusChange": row.at.epoch_seconds(),
    });
    if let (Some((code, message)), Some(members)) = (&row.error, shown.as_object_mut()) {
        members.insert("errorDetails".into(), json!({ "code": code, "message": message }));
    }
    shown
}

/// `GetPipelineState`: of each stage, the execution that came there last.
pub(super) fn state(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "name")?;
    let pipeline = find(call, name)?;
    let stages: Vec<Value> = pipeline
        .stages()
        .map(|stage| {
            let title = text(stage, "name").unwrap_or_default();
            let here = pipeline.executions.iter().rev().find_map(|one| Some((one, status(one, title)?)));
            let states: Vec<Value> = actions(stage)
                .map(|action| {
                    let own = text(action, "name").unwrap_or_default();
                    let row =
                        here.and_then(|(one, _)| one.actions.iter().rfind(|row| row.stage == title && row.name == own));
                    let mut shown = json!({ "actionName": own });
                    if let (Some(row), Some(members)) = (row, shown.as_object_mut()) {
                        members.insert("latestExecution".into(), latest(row));
                    }
                    shown
                })
                .collect();
            let mut shown = json!({ "stageName": title, "actionStates": states });
            if let Some(members) = shown.as_object_mut() {
                let inbound = match pipeline.closed.get(title) {
                    Some((reason, at)) => {
                        json!({ "enabled": false, "disabledReason": reason, "lastChangedAt": at.epoch_seconds() })
                    }
                    None => json!({ "enabled": true }),
                };
                members.insert("inboundTransitionState".into(), inbound);
                if let Some((one, status)) = here {
                    members
                        .insert("latestExecution".into(), json!({ "pipelineExecutionId": one.id, "status": status }));
                }
                let waiting = pipeline.executions.iter().rev().find(|one| {
                    one.waits && pipeline.stage(one.stage).and_then(|stage| text(stage, "name")) == Some(title)
                });
                if let Some(one) = waiting {
                    members.insert(
                        "inboundExecution".into(),
                        json!({ "pipelineExecutionId": one.id, "status": one.status }),
                    );
                }
            }
            shown
        })
        .collect();
    Ok(json!({
        "pipelineName": name, "pipelineVersion": pipeline.version, "stageStates": stages,
        "created": pipeline.created.epoch_seconds(), "updated": pipeline.updated.epoch_seconds(),
    }))
}

fn trigger(one: &Execution) -> Value {
    json!({ "triggerType": one.trigger.0, "triggerDetail": one.trigger.1 })
}

/// `GetPipelineExecution`
pub(super) fn execution(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, id) = (required(input, "pipelineName")?, required(input, "pipelineExecutionId")?);
    let pipeline = find(call, name)?;
    let one = pipeline.executions.iter().find(|one| one.id == id).ok_or_else(|| {
        let why = format!("Pipeline '{name}' does not have an execution with id '{id}'");
        AwsError::client("PipelineExecutionNotFoundException", why)
    })?;
    let revisions: Vec<Value> = one
        .revision
        .iter()
        .map(|one| json!({ "name": one.artifact, "revisionId": one.id, "revisionSummary": one.summary }))
        .collect();
    Ok(json!({ "pipelineExecution": {
        "pipelineName": name, "pipelineVersion": pipeline.version, "pipelineExecutionId": id, "status": one.status,
        "artifactRevisions": revisions, "trigger": trigger(one),
        "executionMode": pipeline.declared.get("executionMode"),
    } }))
}

/// `ListPipelineExecutions`, the newest first.
pub(super) fn executions(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let pipeline = find(call, required(input, "pipelineName")?)?;
    let rows: Vec<Value> = pipeline
        .executions
        .iter()
        .rev()
        .map(|one| {
            json!({
                "pipelineExecutionId": one.id, "status": one.status, "startTime": one.started.epoch_seconds(),
                "lastUpdateTime": one.updated.epoch_seconds(), "trigger": trigger(one),
                "executionMode": pipeline.declared.get("executionMode"),
            })
        })
        .collect();
    Ok(json!({ "pipelineExecutionSummaries": rows }))
}
