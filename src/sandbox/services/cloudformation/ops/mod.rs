//! The operations of CloudFormation's API.

pub mod change_sets;
mod existence;
pub mod reads;
pub mod rollback;
pub mod stacks;
pub mod templates;

use std::collections::BTreeMap;

use serde_json::Value;

use super::model::Stack;
use super::providers::unsimulated;
use super::template::plan::{Facts, Plan};
use super::template::read::{LONGEST_BODY, LONGEST_OBJECT};
use super::template::{Template, parameters, validation};
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::services;

/// The stack with that name, or with that ARN; a deleted stack is found by its ARN only.
pub fn find<'s>(stacks: &'s BTreeMap<String, Stack>, name: &str) -> Option<&'s Stack> {
    stacks.get(name).or_else(|| stacks.values().find(|stack| stack.name == name && stack.exists()))
}

/// The same, or CloudFormation's error.
pub fn existing<'c>(call: &'c mut Call<'_>, name: &str) -> Result<&'c Stack, AwsError> {
    let stacks = &call.regional().cloudformation.stacks;
    find(stacks, name).ok_or_else(|| validation(format!("Stack with id {name} does not exist")))
}

/// A stack's name that the request must give.
pub fn stack_name(input: &Value) -> Result<&str, AwsError> {
    text(input, "StackName").ok_or_else(|| {
        validation(
            "1 validation error detected: Value null at 'stackName' failed to satisfy constraint: Member must not be null",
        )
    })
}

/// Members that AWS has, that would change what happens, and that the sandbox does not simulate.
pub fn refuse_unsupported(operation: &str, input: &Value) -> Result<(), AwsError> {
    const UNSUPPORTED: &[&str] = &[
        "DeploymentConfig",
        "ImportExistingResources",
        "NotificationARNs",
        "ResourceTypes",
        "ResourcesToImport",
        "RoleARN",
        "RollbackConfiguration",
        "StackPolicyBody",
        "StackPolicyURL",
        "TimeoutInMinutes",
    ];
    let given = UNSUPPORTED.iter().find(|member| {
        input.get(**member).is_some_and(|value| {
            !value.is_null()
                && value != &Value::Bool(false)
                && value.as_array().is_none_or(|list| !list.is_empty())
                && value.as_object().is_none_or(|map| !map.is_empty())
        })
    });
    match given {
        Some(member) => Err(AwsError::client(
            "SandboxUnsupportedParameter",
            format!("The sandbox does not simulate {member} of cloudformation {operation}."),
        )),
        None => Ok(()),
    }
}

/// The text of the template that a request names: its body, an object in S3, or the stack's own.
pub fn template_text(call: &mut Call<'_>, input: &Value, previous: Option<&str>) -> Result<String, AwsError> {
    if input.get("UsePreviousTemplate") == Some(&Value::Bool(true)) {
        return previous.map(str::to_owned).ok_or_else(|| validation("There is no previous template to use"));
    }
    if let Some(body) = text(input, "TemplateBody") {
        if body.len() > LONGEST_BODY {
            return Err(validation(format!(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to {LONGEST_BODY}"
            )));
        }
        return Ok(body.to_owned());
    }
    match text(input, "TemplateURL") {
        Some(url) => fetch(call, url),
        None => Err(validation("Either Template URL or Template Body must be specified.")),
    }
}

/// Reads a template from S3: `https://BUCKET.s3.REGION.amazonaws.com/KEY` or `https://s3.REGION.amazonaws.com/BUCKET/KEY`.
fn fetch(call: &mut Call<'_>, url: &str) -> Result<String, AwsError> {
    let wrong = || validation("TemplateURL must be a supported URL.");
    let (host, path) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
    let host = host.split(':').next().unwrap_or(host);
    let (bucket, key) = match host.split_once(".s3") {
        Some((bucket, _)) => (bucket, path),
        None if host.starts_with("s3") => path.split_once('/').ok_or_else(wrong)?,
        None => return Err(wrong()),
    };
    let mut inner = Call {
        world: call.world,
        account: call.account.clone(),
        region: call.region.clone(),
        payload: None,
        reply_payload: None,
        principal: call.principal.clone(),
    };
    let input = serde_json::json!({ "Bucket": bucket, "Key": key });
    services::dispatch(&mut inner, "s3", "GetObject", &input)
        .map_err(|error| validation(format!("S3 error: {}", error.message)))?;
    let body = inner.reply_payload.unwrap_or_default();
    if body.len() > LONGEST_OBJECT {
        return Err(validation(format!("Template may not exceed {LONGEST_OBJECT} bytes in size.")));
    }
    String::from_utf8(body.to_vec()).map_err(|_| validation("Template format error: the template is not UTF-8 text."))
}

/// A request's template with parameters and conditions applied.
pub struct Prepared {
    /// The template's text.
    pub text: String,
    /// What the template says of itself.
    pub description: Option<String>,
    /// Parameters as given.
    pub parameters: BTreeMap<String, String>,
    /// Names of parameters whose values must not be shown.
    pub secrets: Vec<String>,
    /// What is to be made.
    pub plan: Plan,
}

/// Reads, checks and binds a request's template, and checks that its capabilities were acknowledged.
pub fn prepare(
    call: &mut Call<'_>,
    input: &Value,
    name: &str,
    stack_id: &str,
    previous: Option<&Stack>,
) -> Result<Prepared, AwsError> {
    let text = template_text(call, input, previous.map(|stack| &*stack.template))?;
    let template = Template::parse(&text)?;
    let parameters = parameters::bind(&template, input.get("Parameters"), previous.map(|stack| &stack.parameters))?;
    existence::check(call, template.section("Parameters"), &parameters)?;
    let (needed, _) = template.capabilities();
    let given = capabilities(input);
    let covered =
        |need: &str| given.iter().any(|one| one == need || (need == "CAPABILITY_IAM" && one == "CAPABILITY_NAMED_IAM"));
    if !needed.iter().all(|need| covered(need)) {
        let why = format!("Requires capabilities : [{}]", needed.join(", "));
        return Err(AwsError::client("InsufficientCapabilitiesException", why));
    }
    let facts = Facts {
        account: call.account.clone(),
        region: call.region.clone(),
        stack_id: stack_id.to_owned(),
        stack_name: name.to_owned(),
        ..Facts::default()
    };
    let plan = Plan::new(&template, &parameters, facts)?;
    refuse_unsimulated(&plan)?;
    if let Some(previous) = previous {
        same_types(&plan, previous)?;
    }
    let secrets = template
        .section("Parameters")
        .iter()
        .filter(|(_, declaration)| parameters::is_secret(declaration))
        .map(|(name, _)| name.clone())
        .collect();
    Ok(Prepared { description: template.description().map(str::to_owned), text, parameters, secrets, plan })
}

/// Refuses properties that AWS has and the sandbox does not simulate, before anything is made.
fn refuse_unsimulated(plan: &Plan) -> Result<(), AwsError> {
    let found =
        plan.resources.iter().find_map(|one| Some((one, unsimulated(&one.type_name, &one.properties.value())?)));
    match found {
        Some((resource, property)) => Err(validation(format!(
            "Template error: The sandbox does not simulate {property} of {} (resource {})",
            resource.type_name, resource.logical
        ))),
        None => Ok(()),
    }
}

/// A resource keeps its type as long as it keeps its logical id.
fn same_types(plan: &Plan, previous: &Stack) -> Result<(), AwsError> {
    let changed: Vec<&str> = plan
        .resources
        .iter()
        .filter(|one| previous.resources.get(&one.logical).is_some_and(|old| old.type_name != one.type_name))
        .map(|one| one.logical.as_str())
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    Err(validation(format!(
        "Update of resource type is not permitted. The new template modifies resource type of the following resources: [{}]",
        changed.join(", ")
    )))
}

/// The capabilities that a request acknowledges.
pub fn capabilities(input: &Value) -> Vec<String> {
    strings(input, "Capabilities")
}

/// A list of texts in a request.
pub fn strings(input: &Value, member: &str) -> Vec<String> {
    let list = input.get(member).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

/// A flag of a request.
pub fn flag(input: &Value, member: &str) -> bool {
    input.get(member) == Some(&Value::Bool(true))
}

/// A page of a list, newest or first entries first: `NextToken` is the number of entries that were shown.
pub fn page<T>(input: &Value, all: Vec<T>, length: usize) -> (Vec<T>, Option<String>) {
    let from: usize = text(input, "NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
    let total = all.len();
    let shown: Vec<T> = all.into_iter().skip(from).take(length).collect();
    let next = from + shown.len();
    (shown, (next < total).then(|| next.to_string()))
}
