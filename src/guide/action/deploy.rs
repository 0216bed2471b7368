//! `aws cloudformation deploy`, as the AWS CLI composes it: a change set is made, executed and watched to its end.

use std::time::Duration;

use serde_json::{Value, json};

use super::Outcome;
use super::error::ActionError;
use super::job::{Job, items, operation, text};
use super::stack::{Watch, describe, succeeded};
use super::template;
use crate::domain::md5;
use crate::protocol::Deploy;

/// The pauses between two looks at a change set: the first, and the longest.
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(5);

/// What stands in the way, or does not.
enum Standing {
    /// There is no such stack, or an empty one.
    New,
    /// It exists and can be changed.
    There(Value),
}

/// A change set that waits to be executed.
struct ChangeSet {
    id: String,
    stack: String,
    changes: usize,
}

/// Deploys.
pub async fn deploy(job: &Job<'_>, deploy: &Deploy) -> Result<Outcome, ActionError> {
    let name = &deploy.stack_name;
    let success = format!("Successfully created/updated stack - {name}");
    let standing = match standing(job, deploy).await? {
        Ok(standing) => standing,
        // Somebody has begun it: this guide, before it was stopped, or a shell.
        Err(mut watch) => {
            job.line(format!("The stack {name} is being created already; watching it."));
            let status = going_on(job, name, watch.watch_to_end(job).await)?;
            if !succeeded(&status) {
                return Err(watch.failed(&status));
            }
            watch.finished(job, &status);
            return Ok(Outcome { output: success, already: Some(false) });
        }
    };
    job.running(format!("Waiting for the change set of {name} to be created"));
    let Some(set) = change_set(job, deploy, &standing).await? else {
        let words = format!("No changes to deploy. Stack {name} is up to date");
        job.ok(&words);
        return Ok(Outcome { output: words, already: Some(true) });
    };
    if deploy.no_execute_changeset {
        job.ok(format!("{name}: the change set is made, and not executed"));
        let output = format!(
            "Changeset created successfully. Run the following command to review changes:\n\
             aws cloudformation describe-change-set --change-set-name {}",
            set.id
        );
        return Ok(Outcome { output, already: Some(false) });
    }
    let mut watch = Watch::new(name, &set.stack, &deploy.region);
    watch.skip_past(job).await?;
    watch.expect(set.changes);
    job.line(format!("Executing the change set of {name}: {} resources change.", set.changes));
    let mut input = json!({ "ChangeSetName": set.id, "StackName": name });
    if deploy.disable_rollback {
        put(&mut input, "DisableRollback", Value::Bool(true));
    }
    job.call(&operation("cloudformation", "execute-change-set", &deploy.region, input)).await?;
    let status = going_on(job, name, watch.watch_to_end(job).await)?;
    if !succeeded(&status) {
        return Err(watch.failed(&status));
    }
    watch.finished(job, &status);
    Ok(Outcome { output: success, already: Some(false) })
}

/// When the learner stops it or the time is up, AWS goes on; that has to be said.
fn going_on(job: &Job<'_>, name: &str, end: Result<String, ActionError>) -> Result<String, ActionError> {
    if matches!(end, Err(ActionError::Cancelled | ActionError::GaveUp { .. })) {
        job.line(format!("CloudFormation goes on with {name}. Running this again continues where it is then."));
    }
    end
}

/// Waits until the stack takes a deployment. A stack that is being created is given back as its watch.
async fn standing(job: &Job<'_>, deploy: &Deploy) -> Result<Result<Standing, Watch>, ActionError> {
    let (name, region) = (&deploy.stack_name, &deploy.region);
    loop {
        let Some(stack) = describe(job, name, region).await? else { return Ok(Ok(Standing::New)) };
        let status = text(&stack, "/StackStatus");
        let mut watch = Watch::new(name, text(&stack, "/StackId"), region).joining();
        match status {
            "REVIEW_IN_PROGRESS" | "DELETE_COMPLETE" => return Ok(Ok(Standing::New)),
            "CREATE_IN_PROGRESS" => {
                watch.expect(changes_of(job, region, &stack).await?);
                return Ok(Err(watch));
            }
            "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" | "UPDATE_ROLLBACK_FAILED" => {
                watch.recall(job).await?;
                return Err(watch.failed(status));
            }
            busy if busy.ends_with("_IN_PROGRESS") => {
                job.line(format!("The stack {name} is {busy}; waiting for its end first."));
                going_on(job, name, watch.watch_to_end(job).await)?;
            }
            _ => return Ok(Ok(Standing::There(stack))),
        }
    }
}

/// How many resources the change set changes that the stack was made with; 0 when it cannot be read any more.
async fn changes_of(job: &Job<'_>, region: &str, stack: &Value) -> Result<usize, ActionError> {
    let set = text(stack, "/ChangeSetId");
    if set.is_empty() {
        return Ok(0);
    }
    let read = operation("cloudformation", "describe-change-set", region, json!({ "ChangeSetName": set }));
    match job.watch_all(&read).await {
        Ok(output) => Ok(items(&output, "Changes").count()),
        Err(ActionError::Refused { .. }) => Ok(0),
        Err(error) => Err(error),
    }
}

/// Makes the change set and waits for it; `None` when there is nothing to change.
async fn change_set(job: &Job<'_>, deploy: &Deploy, standing: &Standing) -> Result<Option<ChangeSet>, ActionError> {
    let region = &deploy.region;
    let input = request(job, deploy, standing).await?;
    let made = job.call(&operation("cloudformation", "create-change-set", region, input)).await?.output;
    let (id, stack) = (text(&made, "/Id").to_owned(), text(&made, "/StackId").to_owned());
    let read = operation(
        "cloudformation",
        "describe-change-set",
        region,
        json!({ "ChangeSetName": id, "StackName": deploy.stack_name }),
    );
    let mut pause = FIRST;
    loop {
        let set = job.watch_all(&read).await?;
        let reason = text(&set, "/StatusReason");
        match text(&set, "/Status") {
            "CREATE_COMPLETE" => {
                return Ok(Some(ChangeSet { id, stack, changes: items(&set, "Changes").count() }));
            }
            "FAILED" if empty(reason) && !deploy.fail_on_empty_changeset => {
                // The AWS CLI leaves it behind; taken away, running again leaves the account as it was.
                let input = json!({ "ChangeSetName": id, "StackName": deploy.stack_name });
                job.call(&operation("cloudformation", "delete-change-set", region, input)).await?;
                return Ok(None);
            }
            "FAILED" => {
                return Err(ActionError::StackFailed {
                    stack: deploy.stack_name.clone(),
                    region: region.clone(),
                    status: "FAILED (change set)".to_owned(),
                    reason: reason.to_owned(),
                    events: Vec::new(),
                });
            }
            status => {
                job.running(format!("change set of {}: {status}, {}", deploy.stack_name, job.progress()));
                job.pause(pause, || format!("the change set of {} is still {status}", deploy.stack_name)).await?;
                pause = (pause + Duration::from_secs(1)).min(LONGEST);
            }
        }
    }
}

/// The words by which the AWS CLI knows an empty change set.
fn empty(reason: &str) -> bool {
    reason.contains("The submitted information didn't contain changes")
        || reason.contains("No updates are to be performed")
}

/// The input of CreateChangeSet.
async fn request(job: &Job<'_>, deploy: &Deploy, standing: &Standing) -> Result<Value, ActionError> {
    let now = job.clock.now();
    let kind = if matches!(standing, Standing::New) { "CREATE" } else { "UPDATE" };
    let mut input = json!({
        "ChangeSetName": format!("awscli-cloudformation-package-deploy{}", now.millis() / 1000),
        "StackName": deploy.stack_name,
        "ChangeSetType": kind,
        "Parameters": parameters(job, deploy, standing)?,
        "Description": format!("Created by AWS CLI at {} UTC", now.rfc3339().trim_end_matches('Z')),
    });
    match upload(job, deploy).await? {
        Some(url) => put(&mut input, "TemplateURL", url.into()),
        None => put(&mut input, "TemplateBody", deploy.template_body.clone().into()),
    }
    if !deploy.capabilities.is_empty() {
        put(&mut input, "Capabilities", json!(deploy.capabilities));
    }
    if !deploy.tags.is_empty() {
        let tags = deploy.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        put(&mut input, "Tags", Value::Array(tags));
    }
    if let Some(role) = &deploy.role_arn {
        put(&mut input, "RoleARN", role.clone().into());
    }
    Ok(input)
}

/// The given values; for what is not given, a stack that has the parameter keeps its value.
fn parameters(job: &Job<'_>, deploy: &Deploy, standing: &Standing) -> Result<Value, ActionError> {
    let known = template::parameters(&deploy.template_file, &deploy.template_body)?;
    for (name, _) in deploy.parameters.iter().filter(|(name, _)| !known.contains(name)) {
        job.line(format!("The template has no parameter {name}; it is left out, as the AWS CLI does."));
    }
    let has = |name: &String| match standing {
        Standing::New => false,
        Standing::There(stack) => items(stack, "Parameters").any(|one| text(one, "/ParameterKey") == name),
    };
    let one = |name: &String| match deploy.parameters.iter().rev().find(|(key, _)| key == name) {
        Some((_, value)) => Some(json!({ "ParameterKey": name, "ParameterValue": value })),
        None => has(name).then(|| json!({ "ParameterKey": name, "UsePreviousValue": true })),
    };
    Ok(known.iter().filter_map(one).collect())
}

/// With `--s3-bucket` the template goes there, under its hash, and CloudFormation reads it by URL.
async fn upload(job: &Job<'_>, deploy: &Deploy) -> Result<Option<String>, ActionError> {
    let Some(bucket) = &deploy.s3_bucket else { return Ok(None) };
    let file = format!("{}.template", md5::hex(deploy.template_body.as_bytes()));
    let key = super::files::join(deploy.s3_prefix.as_deref().unwrap_or_default(), &file);
    let mut put = operation("s3api", "put-object", &deploy.region, json!({ "Bucket": bucket, "Key": key }));
    put.payload = Some(deploy.template_body.clone().into_bytes());
    job.running(format!("Uploading the template to s3://{bucket}/{key}"));
    job.call(&put).await?;
    Ok(Some(format!("https://s3.{}.amazonaws.com/{bucket}/{key}", deploy.region)))
}

fn put(input: &mut Value, member: &str, value: Value) {
    if let Some(fields) = input.as_object_mut() {
        fields.insert(member.to_owned(), value);
    }
}
