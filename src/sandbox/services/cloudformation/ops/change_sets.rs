//! Change sets: what an operation would do, computed before it is done.

use serde_json::{Map, Value, json};

use super::stacks::{blank, change, dress, updatable};
use super::{capabilities, find as find_stack, page, prepare, reads, refuse_unsupported, stack_name};
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags, text};
use crate::sandbox::packed::{Packed, Text};
use crate::sandbox::services::cloudformation::engine::{self, Live};
use crate::sandbox::services::cloudformation::model::{ChangeSet, Stack};
use crate::sandbox::services::cloudformation::schema;
use crate::sandbox::services::cloudformation::template::plan::Plan;
use crate::sandbox::services::cloudformation::template::resolve::resolve;
use crate::sandbox::services::cloudformation::template::validation;
use crate::sandbox::services::cloudformation::{Transition, ops};
use crate::sandbox::world::What;

const PAGE: usize = 100;
const NO_CHANGES: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

fn not_found(name: &str) -> AwsError {
    AwsError::not_found("ChangeSetNotFound", format!("ChangeSet [{name}] does not exist"))
}

/// The change set that a request names, by ARN, or by name and stack.
pub fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c ChangeSet, AwsError> {
    let name = required(input, "ChangeSetName")?;
    let state = &call.regional().cloudformation;
    if let Some(set) = state.change_sets.get(name) {
        return Ok(set);
    }
    let stack = text(input, "StackName")
        .ok_or_else(|| validation("StackName must be specified if ChangeSetName is not specified as an ARN."))?;
    let stack =
        find_stack(&state.stacks, stack).ok_or_else(|| validation(format!("Stack [{stack}] does not exist")))?;
    let set = state.change_sets.values().find(|set| set.name == name && set.stack_id == stack.id);
    set.ok_or_else(|| not_found(name))
}

/// CreateChangeSet.
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = stack_name(input)?.to_owned();
    let set_name = required(input, "ChangeSetName")?.to_owned();
    refuse_unsupported("CreateChangeSet", input)?;
    let kind = text(input, "ChangeSetType").unwrap_or("UPDATE").to_owned();
    let found = find_stack(&call.regional().cloudformation.stacks, &name).filter(|one| one.exists()).cloned();
    let (stack, new) = match (kind.as_str(), found) {
        ("CREATE", None) => (blank(call, &name, input)?, true),
        ("CREATE", Some(stack)) if stack.status == "REVIEW_IN_PROGRESS" => (stack, false),
        ("CREATE", Some(stack)) => {
            return Err(validation(format!(
                "Stack [{}] already exists and cannot be created again with the changeSet [{set_name}].",
                stack.name
            )));
        }
        ("UPDATE", Some(stack)) => {
            updatable(&stack)?;
            (stack, false)
        }
        ("UPDATE", None) => return Err(validation(format!("Stack [{name}] does not exist"))),
        (other, _) => {
            let why = format!("The sandbox does not simulate change sets of type {other}.");
            return Err(AwsError::client("SandboxUnsupportedParameter", why));
        }
    };
    let state = &call.regional().cloudformation;
    if state.change_sets.values().any(|set| set.name == set_name && set.stack_id == stack.id) {
        let why = format!("ChangeSet {set_name} already exists");
        return Err(AwsError::client("AlreadyExistsException", why));
    }
    let previous = (kind == "UPDATE").then_some(&stack);
    let prepared = prepare(call, input, &stack.name, &stack.id, previous)?;
    let resource = format!("changeSet/{set_name}/{}", call.uuid());
    let set = ChangeSet {
        id: call.arn("cloudformation", &resource),
        name: set_name,
        stack_id: stack.id.clone(),
        status: "CREATE_PENDING".into(),
        execution: "UNAVAILABLE".into(),
        reason: None,
        kind,
        description: text(input, "Description").map(str::to_owned),
        created: call.now(),
        request: ChangeSet::kept(input),
        template: Text::from(prepared.text.as_str()),
        parameters: prepared.parameters,
        secrets: prepared.secrets,
        changes: Packed::from(&json!([])),
    };
    let answer = json!({ "Id": set.id, "StackId": stack.id });
    if new {
        let mut stack = stack;
        engine::say(call, &mut stack, "REVIEW_IN_PROGRESS", Some("User Initiated".into()), None);
        call.regional().cloudformation.stacks.insert(stack.id.clone(), stack);
    }
    compute_later(call, &set.id);
    call.regional().cloudformation.change_sets.insert(set.id.clone(), set);
    Ok(answer)
}

fn compute_later(call: &mut Call<'_>, id: &str) {
    let after = call.draw("cloudformation.change_set", id);
    // Two steps: pending, in progress, complete.
    call.schedule(after / 2, What::CloudFormation(Transition::ChangeSet(id.to_owned())));
}

/// Goes on with a change set: from pending to in progress, from there to its end.
pub fn compute(call: &mut Call<'_>, id: &str) {
    let Some(mut set) = call.regional().cloudformation.change_sets.get(id).cloned() else { return };
    match set.status.as_str() {
        "CREATE_PENDING" => {
            set.status = "CREATE_IN_PROGRESS".into();
            compute_later(call, id);
        }
        "CREATE_IN_PROGRESS" => settle(call, &mut set),
        _ => return,
    }
    call.regional().cloudformation.change_sets.insert(id.to_owned(), set);
}

fn settle(call: &mut Call<'_>, set: &mut ChangeSet) {
    let Some(stack) = call.regional().cloudformation.stacks.get(&set.stack_id).cloned() else { return };
    let previous = (set.kind == "UPDATE").then_some(&stack);
    let request = set.request();
    let failure = match prepare(call, &request, &stack.name, &stack.id, previous) {
        Ok(prepared) => {
            let retagged = request.get("Tags").is_some_and(|value| tags(Some(value)) != stack.tags);
            let same = set.kind == "UPDATE" && prepared.plan == stack.plan && !retagged;
            set.changes = Packed::from(&changes(call, &stack, &prepared.plan).into());
            same.then(|| NO_CHANGES.to_owned())
        }
        Err(error) => Some(error.message),
    };
    if let Some(why) = failure {
        set.status = "FAILED".into();
        set.reason = Some(why);
    } else {
        set.status = "CREATE_COMPLETE".into();
        set.execution = "AVAILABLE".into();
    }
}

/// What would change, as DescribeChangeSet lists it.
fn changes(call: &mut Call<'_>, stack: &Stack, plan: &Plan) -> Vec<Value> {
    let mut changes = Vec::new();
    let entry = |action: &str, logical: &str, type_name: &str, more: Value| {
        let mut change = json!({ "Action": action, "LogicalResourceId": logical, "ResourceType": type_name });
        if let (Some(change), Some(more)) = (change.as_object_mut(), more.as_object()) {
            change.extend(more.clone());
        }
        json!({ "Type": "Resource", "ResourceChange": change })
    };
    for planned in &plan.resources {
        let Some(made) = stack.resources.get(&planned.logical) else {
            changes.push(entry("Add", &planned.logical, &planned.type_name, json!({ "Scope": [], "Details": [] })));
            continue;
        };
        let mut scope = Live { call: &mut *call, facts: &plan.facts, resources: &stack.resources };
        let new = resolve(&planned.properties.value(), &mut scope).ok().flatten();
        let changed = changed(&made.properties.value(), new.as_ref());
        if changed.is_empty() && new.is_some() {
            continue;
        }
        let replaced =
            schema::of(&planned.type_name).is_some_and(|schema| changed.iter().any(|name| schema.replaces(name)));
        // What refers to something that does not stand yet cannot be told before.
        let replacement = match (&new, replaced) {
            (None, _) => "Conditional",
            (_, true) => "True",
            (_, false) => "False",
        };
        let details: Vec<Value> = changed
            .iter()
            .map(|name| {
                json!({
                    "Target": { "Attribute": "Properties", "Name": name }, "Evaluation": "Static",
                    "ChangeSource": "DirectModification",
                })
            })
            .collect();
        let more = json!({
            "PhysicalResourceId": made.physical, "Replacement": replacement, "Scope": ["Properties"],
            "Details": details,
        });
        changes.push(entry("Modify", &planned.logical, &planned.type_name, more));
    }
    for (logical, made) in stack.resources.iter().filter(|(logical, _)| plan.resource(logical).is_none()) {
        let more = json!({ "PhysicalResourceId": made.physical, "Scope": [], "Details": [] });
        changes.push(entry("Remove", logical, &made.type_name, more));
    }
    changes
}

fn changed(old: &Value, new: Option<&Value>) -> Vec<String> {
    let empty = Map::new();
    let old = old.as_object().unwrap_or(&empty);
    let new = new.and_then(Value::as_object).unwrap_or(&empty);
    let mut names: Vec<&String> =
        old.keys().chain(new.keys()).filter(|name| old.get(*name) != new.get(*name)).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().cloned().collect()
}

/// DescribeChangeSet.
pub fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let set = find(call, input)?.clone();
    let name = call.regional().cloudformation.stacks.get(&set.stack_id).map(|stack| stack.name.clone());
    let parameters: Vec<Value> =
        set.parameters.iter().map(|(key, value)| reads::parameter(key, value, &set.secrets)).collect();
    let request = set.request.value();
    let listed = set.changes.value().as_array().cloned().unwrap_or_default();
    let (shown, next) = page(input, listed, PAGE);
    let mut answer = reads::paged("Changes", &shown, next.as_deref());
    if let Some(members) = answer.as_object_mut() {
        members.extend(summary(&set, name.as_deref()));
        members.insert("Parameters".into(), parameters.into());
        members.insert("Capabilities".into(), json!(capabilities(&request)));
        members.insert("Tags".into(), tag_list(&tags(request.get("Tags"))));
        members.insert("NotificationARNs".into(), json!([]));
    }
    Ok(answer)
}

fn summary(set: &ChangeSet, stack_name: Option<&str>) -> Map<String, Value> {
    let value = json!({
        "ChangeSetName": set.name, "ChangeSetId": set.id, "StackId": set.stack_id, "StackName": stack_name,
        "Description": set.description, "CreationTime": set.created.epoch_seconds(),
        "ExecutionStatus": set.execution, "Status": set.status, "StatusReason": set.reason,
        "IncludeNestedStacks": false,
    });
    let members = value.as_object().cloned().unwrap_or_default();
    members.into_iter().filter(|(_, one)| !one.is_null()).collect()
}

/// ListChangeSets.
pub fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let stack = super::existing(call, stack_name(input)?)?.clone();
    let sets = call.regional().cloudformation.change_sets.values().filter(|set| set.stack_id == stack.id);
    let summaries: Vec<Value> = sets.map(|set| Value::Object(summary(set, Some(&stack.name)))).collect();
    let (shown, next) = page(input, summaries, PAGE);
    Ok(reads::paged("Summaries", &shown, next.as_deref()))
}

/// ExecuteChangeSet.
pub fn execute(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let mut set = find(call, input)?.clone();
    if set.execution != "AVAILABLE" {
        let why = format!("ChangeSet [{}] cannot be executed in its current status of [{}]", set.id, set.status);
        return Err(AwsError::client("InvalidChangeSetStatus", why));
    }
    let stacks = &call.regional().cloudformation.stacks;
    let mut stack = stacks.get(&set.stack_id).cloned().ok_or_else(|| not_found(&set.name))?;
    let token = text(input, "ClientRequestToken").map(str::to_owned);
    let creates = set.kind == "CREATE";
    let request = set.request();
    let prepared = prepare(call, &request, &stack.name, &stack.id, (!creates).then_some(&stack))?;
    stack.change_set = Some(set.id.clone());
    stack.disable_rollback = ops::flag(input, "DisableRollback");
    set.execution = "EXECUTE_COMPLETE".into();
    call.regional().cloudformation.change_sets.insert(set.id.clone(), set.clone());
    let new_tags = request.get("Tags").filter(|value| !value.is_null()).map(|value| tags(Some(value)));
    if creates {
        call.regional().cloudformation.stacks.remove(&stack.id);
        stack.delete_on_failure = text(&request, "OnStackFailure") == Some("DELETE");
        dress(&mut stack, prepared);
        engine::create(call, &mut stack, token);
    } else {
        stack.capabilities = capabilities(&request);
        let new_tags = new_tags.unwrap_or_else(|| stack.tags.clone());
        change(call, &mut stack, prepared, new_tags, token);
    }
    call.regional().cloudformation.stacks.insert(stack.id.clone(), stack);
    Ok(json!({}))
}

/// DeleteChangeSet. One that does not exist is deleted already.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    match find(call, input) {
        Ok(set) => {
            let id = set.id.clone();
            call.regional().cloudformation.change_sets.remove(&id);
        }
        Err(error) if error.code == "ChangeSetNotFound" => {}
        Err(error) => return Err(error),
    }
    Ok(json!({}))
}

/// Removes the change sets of a stack that was changed otherwise; the one that changed it stays.
pub fn outdate(call: &mut Call<'_>, stack_id: &str, executed: Option<&str>) {
    let sets = &mut call.regional().cloudformation.change_sets;
    sets.retain(|id, set| set.stack_id != stack_id || Some(id.as_str()) == executed);
}
