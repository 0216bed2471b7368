//! Making, changing and deleting stacks.

use serde_json::{Value, json};

use super::{capabilities, existing, find, flag, prepare, refuse_unsupported, stack_name};
use crate::sandbox::call::{AwsError, Call, tags, text};
use crate::sandbox::packed::Text;
use crate::sandbox::services::cloudformation::engine;
use crate::sandbox::services::cloudformation::model::{Before, Stack};
use crate::sandbox::services::cloudformation::ops::Prepared;
use crate::sandbox::services::cloudformation::template::plan::Plan;
use crate::sandbox::services::cloudformation::template::validation;

/// The longest name of a stack. Source: CloudFormation API Reference, CreateStack.
const LONGEST_NAME: usize = 128;

/// A new stack that has nothing yet.
pub fn blank(call: &mut Call<'_>, name: &str, input: &Value) -> Result<Stack, AwsError> {
    let shape = name.chars().next().is_some_and(|first| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !shape || name.len() > LONGEST_NAME {
        return Err(validation(format!(
            "1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )));
    }
    let id = format!("stack/{name}/{}", call.uuid());
    Ok(Stack {
        id: call.arn("cloudformation", &id),
        name: name.to_owned(),
        status: String::new(),
        reason: None,
        template: Text::default(),
        parameters: std::collections::BTreeMap::new(),
        secrets: Vec::new(),
        description: None,
        capabilities: capabilities(input),
        tags: tags(input.get("Tags")),
        outputs: Vec::new(),
        disable_rollback: false,
        delete_on_failure: false,
        protected: false,
        created: call.now(),
        updated: None,
        deleted: None,
        change_set: None,
        resources: std::collections::BTreeMap::new(),
        events: Vec::new(),
        plan: Plan::default(),
        work: None,
        nested: None,
        leftovers: Vec::new(),
    })
}

/// Gives a stack what a request prepared.
pub fn dress(stack: &mut Stack, prepared: Prepared) {
    stack.template = Text::from(prepared.text.as_str());
    stack.description = prepared.description;
    stack.parameters = prepared.parameters;
    stack.secrets = prepared.secrets;
    stack.plan = prepared.plan;
}

/// What becomes of a stack whose creation fails.
fn on_failure(input: &Value, stack: &mut Stack) -> Result<(), AwsError> {
    let disable = input.get("DisableRollback").is_some_and(|value| !value.is_null());
    match (text(input, "OnFailure"), disable) {
        (Some(_), true) => {
            return Err(validation("You can specify either DisableRollback or OnFailure, but not both."));
        }
        (Some("DO_NOTHING"), _) => stack.disable_rollback = true,
        (Some("DELETE"), _) => stack.delete_on_failure = true,
        (Some("ROLLBACK") | None, _) => stack.disable_rollback = flag(input, "DisableRollback"),
        (Some(other), _) => {
            return Err(validation(format!(
                "1 validation error detected: Value '{other}' at 'onFailure' failed to satisfy constraint: Member must satisfy enum value set: [ROLLBACK, DELETE, DO_NOTHING]"
            )));
        }
    }
    Ok(())
}

fn keep(call: &mut Call<'_>, stack: Stack) -> String {
    let id = stack.id.clone();
    call.regional().cloudformation.stacks.insert(id.clone(), stack);
    id
}

/// CreateStack.
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = stack_name(input)?;
    refuse_unsupported("CreateStack", input)?;
    let token = text(input, "ClientRequestToken").map(str::to_owned);
    if let Some(stack) = find(&call.regional().cloudformation.stacks, name) {
        let repeated =
            token.is_some() && stack.events.first().is_some_and(|event| event.token.as_deref() == token.as_deref());
        if repeated {
            return Ok(json!({ "StackId": stack.id }));
        }
        return Err(AwsError::client("AlreadyExistsException", format!("Stack [{name}] already exists")));
    }
    let mut stack = blank(call, name, input)?;
    on_failure(input, &mut stack)?;
    stack.protected = flag(input, "EnableTerminationProtection");
    let prepared = prepare(call, input, name, &stack.id, None)?;
    dress(&mut stack, prepared);
    engine::create(call, &mut stack, token);
    Ok(json!({ "StackId": keep(call, stack) }))
}

/// Whether a stack can be changed, or CloudFormation's refusal.
pub fn updatable(stack: &Stack) -> Result<(), AwsError> {
    let settled = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"];
    // After a failure without rollback the same stack can be tried again.
    let retried = stack.disable_rollback && ["CREATE_FAILED", "UPDATE_FAILED"].contains(&stack.status.as_str());
    if settled.contains(&stack.status.as_str()) || retried {
        return Ok(());
    }
    Err(validation(format!("Stack:{} is in {} state and can not be updated.", stack.id, stack.status)))
}

/// UpdateStack.
pub fn update(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = stack_name(input)?;
    refuse_unsupported("UpdateStack", input)?;
    let mut stack = match find(&call.regional().cloudformation.stacks, name) {
        Some(stack) if stack.exists() => stack.clone(),
        _ => return Err(validation(format!("Stack [{name}] does not exist"))),
    };
    updatable(&stack)?;
    let prepared = prepare(call, input, &stack.name, &stack.id, Some(&stack))?;
    let new_tags = input.get("Tags").filter(|value| !value.is_null()).map(|value| tags(Some(value)));
    let new_tags = new_tags.unwrap_or_else(|| stack.tags.clone());
    if prepared.plan == stack.plan && new_tags == stack.tags {
        return Err(validation("No updates are to be performed."));
    }
    stack.disable_rollback = flag(input, "DisableRollback");
    let token = text(input, "ClientRequestToken").map(str::to_owned);
    change(call, &mut stack, prepared, new_tags, token);
    Ok(json!({ "StackId": keep(call, stack) }))
}

/// Begins the change of a stack to what a request prepared. The stack must be out of the world.
pub fn change(
    call: &mut Call<'_>,
    stack: &mut Stack,
    prepared: Prepared,
    tags: Vec<(String, String)>,
    token: Option<String>,
) {
    call.regional().cloudformation.stacks.remove(&stack.id);
    let before = Before {
        template: stack.template.clone(),
        parameters: stack.parameters.clone(),
        tags: stack.tags.clone(),
        plan: stack.plan.clone(),
        resources: stack.resources.clone(),
    };
    dress(stack, prepared);
    stack.tags = tags;
    engine::update(call, stack, before, token);
}

/// DeleteStack. A stack that does not exist is deleted already.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = stack_name(input)?;
    refuse_unsupported("DeleteStack", input)?;
    let token = text(input, "ClientRequestToken").map(str::to_owned);
    let Some(mut stack) = find(&call.regional().cloudformation.stacks, name).filter(|one| one.exists()).cloned() else {
        return Ok(json!({}));
    };
    if stack.protected && call.world.rule("cloudformation.termination-protection") {
        return Err(validation(format!(
            "Stack [{}] cannot be deleted while TerminationProtection is enabled",
            stack.name
        )));
    }
    if stack.status == "DELETE_IN_PROGRESS" {
        return Ok(json!({}));
    }
    let retain: Vec<String> = input
        .get("RetainResources")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect();
    let force = text(input, "DeletionMode") == Some("FORCE_DELETE_STACK");
    let early = stack.status != "DELETE_FAILED" && call.world.rule("cloudformation.retain-after-failure");
    if early && (force || !retain.is_empty()) {
        let what = if force { "FORCE_DELETE_STACK" } else { "RetainResources" };
        return Err(validation(format!(
            "Invalid operation on stack [{}]. {what} can only be specified for stacks in DELETE_FAILED state",
            stack.id
        )));
    }
    if let Some(unknown) = retain.iter().find(|name| !stack.resources.contains_key(*name)) {
        return Err(validation(format!("The resource {unknown} to retain is not in the stack [{}]", stack.name)));
    }
    call.regional().cloudformation.stacks.remove(&stack.id);
    engine::delete(call, &mut stack, &retain, force, token);
    keep(call, stack);
    Ok(json!({}))
}

/// UpdateTerminationProtection.
pub fn protect(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = existing(call, stack_name(input)?)?.id.clone();
    let stack = call.regional().cloudformation.stacks.get_mut(&id);
    if let Some(stack) = stack {
        if !stack.exists() || stack.status == "DELETE_IN_PROGRESS" {
            let why = format!("Stack [{}] is in {} state", stack.name, stack.status);
            return Err(validation(why));
        }
        stack.protected = flag(input, "EnableTerminationProtection");
    }
    Ok(json!({ "StackId": id }))
}
