//! CodePipeline: pipelines from an S3 source to S3 deployments, and their executions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};

mod declare;
mod run;
mod show;
#[cfg(test)]
mod tests;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pipelines: BTreeMap<String, Pipeline>,
}

/// A pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pipeline {
    /// As it was declared.
    declared: Value,
    version: u64,
    created: SimTime,
    updated: SimTime,
    tags: Vec<(String, String)>,
    /// Why the way into a stage is closed, by stage.
    closed: BTreeMap<String, (String, SimTime)>,
    /// Executions, the oldest first.
    executions: Vec<Execution>,
}

/// One way of a change through the stages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Execution {
    id: String,
    token: Option<String>,
    trigger: (String, String),
    status: String,
    started: SimTime,
    updated: SimTime,
    /// The stage that it is in, or waits for.
    stage: usize,
    /// Whether the way into that stage was closed when it came.
    waits: bool,
    /// Where each artifact is in the store.
    artifacts: BTreeMap<String, String>,
    /// What was taken from the source.
    revision: Option<Revision>,
    actions: Vec<Action>,
}

/// What a source gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Revision {
    artifact: String,
    id: String,
    summary: String,
}

/// How an action went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Action {
    stage: String,
    name: String,
    id: String,
    at: SimTime,
    /// `InProgress`, `Succeeded`, `Failed`.
    status: String,
    /// Code and message, when it failed.
    error: Option<(String, String)>,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// The actions of an execution's stage are done.
    Done {
        /// The pipeline.
        pipeline: String,
        /// The execution.
        execution: String,
    },
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    match what {
        Transition::Done { pipeline, execution } => run::done(call, &pipeline, &execution),
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreatePipeline" => create,
        "UpdatePipeline" => update,
        "DeletePipeline" => delete,
        "GetPipeline" => show::get,
        "ListPipelines" => show::list,
        "GetPipelineState" => show::state,
        "GetPipelineExecution" => show::execution,
        "ListPipelineExecutions" => show::executions,
        "StartPipelineExecution" => start,
        "DisableStageTransition" => close,
        "EnableStageTransition" => open,
        _ => return None,
    })
}

fn missing(account: &str, name: &str) -> AwsError {
    let why = format!("Account '{account}' does not have a pipeline with name '{name}'");
    AwsError::client("PipelineNotFoundException", why)
}

fn find<'c>(call: &'c mut Call<'_>, name: &str) -> Result<&'c mut Pipeline, AwsError> {
    let error = missing(&call.account, name);
    call.regional().codepipeline.pipelines.get_mut(name).ok_or(error)
}

/// `CreatePipeline`; it begins at once. Source: AWS CodePipeline User Guide, "Create a pipeline": "the pipeline runs after
/// you create it".
fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let declared = declare::check(call, input)?;
    let name = required(&declared, "name")?.to_owned();
    if call.regional().codepipeline.pipelines.contains_key(&name) {
        let why = format!("A pipeline with the name '{name}' already exists in account '{}'", call.account);
        return Err(AwsError::client("PipelineNameInUseException", why));
    }
    let (now, tags) = (call.now(), tags(input.get("tags")));
    let pipeline = Pipeline {
        declared,
        version: 1,
        created: now,
        updated: now,
        tags: tags.clone(),
        closed: BTreeMap::new(),
        executions: Vec::new(),
    };
    let shown = pipeline.declaration();
    call.regional().codepipeline.pipelines.insert(name.clone(), pipeline);
    call.log(format!("pipeline {name} created"));
    let by = call.principal.clone();
    run::begin(call, &name, ("CreatePipeline", &by), None)?;
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    Ok(json!({ "pipeline": shown, "tags": tags }))
}

/// `UpdatePipeline`
fn update(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let declared = declare::check(call, input)?;
    let now = call.now();
    let pipeline = find(call, required(&declared, "name")?)?;
    (pipeline.declared, pipeline.updated) = (declared, now);
    pipeline.version += 1;
    Ok(json!({ "pipeline": pipeline.declaration() }))
}

/// `DeletePipeline`; one that is not there is no error. Source: the operation has none for it in its model.
fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "name")?;
    if call.regional().codepipeline.pipelines.remove(name).is_some() {
        call.log(format!("pipeline {name} deleted"));
    }
    Ok(json!({}))
}

/// `StartPipelineExecution`; the same token starts nothing twice.
fn start(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "name")?.to_owned();
    for member in ["variables", "sourceRevisions"] {
        if input.get(member).and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
            let why = format!("The sandbox does not simulate codepipeline StartPipelineExecution {member}.");
            return Err(AwsError::client("SandboxUnsupportedParameter", why));
        }
    }
    let token = text(input, "clientRequestToken").map(str::to_owned);
    let known = find(call, &name)?.executions.iter().find(|one| token.is_some() && one.token == token);
    if let Some(known) = known {
        return Ok(json!({ "pipelineExecutionId": known.id }));
    }
    let by = call.principal.clone();
    let id = run::begin(call, &name, ("StartPipelineExecution", &by), token)?;
    Ok(json!({ "pipelineExecutionId": id }))
}

fn stage<'v>(call: &mut Call<'_>, input: &'v Value) -> Result<(&'v str, &'v str), AwsError> {
    let (name, stage) = (required(input, "pipelineName")?, required(input, "stageName")?);
    if !find(call, name)?.stages().any(|one| text(one, "name") == Some(stage)) {
        let why = format!("Stage '{stage}' does not exist in pipeline '{name}'");
        return Err(AwsError::client("StageNotFoundException", why));
    }
    if required(input, "transitionType")? != "Inbound" {
        let why = "The sandbox does not simulate codepipeline transitionType Outbound.";
        return Err(AwsError::client("SandboxUnsupportedParameter", why));
    }
    Ok((name, stage))
}

/// `DisableStageTransition`
fn close(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, stage) = stage(call, input)?;
    let (reason, now) = (required(input, "reason")?.to_owned(), call.now());
    find(call, name)?.closed.insert(stage.to_owned(), (reason, now));
    Ok(json!({}))
}

/// `EnableStageTransition`; what waited goes on.
fn open(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, stage) = stage(call, input)?;
    find(call, name)?.closed.remove(stage);
    run::resume(call, name);
    Ok(json!({}))
}

impl Pipeline {
    fn stages(&self) -> impl Iterator<Item = &Value> {
        self.declared.get("stages").and_then(Value::as_array).into_iter().flatten()
    }

    fn stage(&self, number: usize) -> Option<&Value> {
        self.stages().nth(number)
    }

    /// As AWS shows it.
    fn declaration(&self) -> Value {
        let mut shown = self.declared.clone();
        if let Some(members) = shown.as_object_mut() {
            members.insert("version".into(), json!(self.version));
        }
        shown
    }

    fn execution(&mut self, id: &str) -> Option<&mut Execution> {
        self.executions.iter_mut().find(|one| one.id == id)
    }
}

/// The actions of a stage.
fn actions(stage: &Value) -> impl Iterator<Item = &Value> {
    stage.get("actions").and_then(Value::as_array).into_iter().flatten()
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let at = call.arn("codepipeline", "");
    let record = |(name, pipeline): (&String, &Pipeline)| Record {
        type_name: "AWS::CodePipeline::Pipeline",
        id: name.clone(),
        arn: format!("{at}{name}"),
        tags: pipeline.tags.clone(),
        properties: json!({ "Name": name, "Version": pipeline.version.to_string() }),
        built_in: false,
    };
    call.regional().codepipeline.pipelines.iter().map(record).collect()
}
