//! Ways back: cancelling an update, and going on with a rollback that failed.

use serde_json::{Value, json};

use super::{existing, stack_name};
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::services::cloudformation::engine;
use crate::sandbox::services::cloudformation::model::Stack;
use crate::sandbox::services::cloudformation::template::validation;

/// A stack that a request names, out of the world when it is in the wanted state.
fn taken(call: &mut Call<'_>, input: &Value, wanted: &str, verb: &str) -> Result<Stack, AwsError> {
    let stack = existing(call, stack_name(input)?)?;
    if stack.status != wanted {
        let why =
            format!("{verb} cannot be called from current stack status: {} is in {} state", stack.id, stack.status);
        return Err(validation(why));
    }
    Ok(stack.clone())
}

fn token(input: &Value) -> Option<String> {
    text(input, "ClientRequestToken").map(str::to_owned)
}

/// ContinueUpdateRollback.
pub fn go_on(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let skipped: Vec<String> = super::strings(input, "ResourcesToSkip");
    super::refuse_unsupported("ContinueUpdateRollback", input)?;
    let mut stack = taken(call, input, "UPDATE_ROLLBACK_FAILED", "ContinueUpdateRollback")?;
    let failed = |name: &String| stack.resources.get(name).is_some_and(|one| one.status == "UPDATE_FAILED");
    if let Some(wrong) = skipped.iter().find(|name| !failed(name)) {
        return Err(validation(format!(
            "[{wrong}] is not a resource of the stack [{}] whose rollback failed; only those can be skipped",
            stack.name
        )));
    }
    call.regional().cloudformation.stacks.remove(&stack.id);
    engine::continue_rollback(call, &mut stack, &skipped, token(input));
    call.regional().cloudformation.stacks.insert(stack.id.clone(), stack);
    Ok(json!({}))
}

/// CancelUpdateStack.
pub fn cancel(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let mut stack = taken(call, input, "UPDATE_IN_PROGRESS", "CancelUpdateStack")?;
    call.regional().cloudformation.stacks.remove(&stack.id);
    engine::cancel(call, &mut stack);
    call.regional().cloudformation.stacks.insert(stack.id.clone(), stack);
    Ok(json!({}))
}
