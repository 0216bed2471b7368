//! What an action would send, without sending it.

use std::path::Path;

use serde_json::{Value, json};

use super::files::Workspace;
use super::job::doing;
use super::output::pretty;
use crate::domain::Operation;
use crate::domain::text::printable;
use crate::domain::time::spell;
use crate::protocol::{Command, Deploy, Wait, parse_command, waiter};

/// What `commands` would send: service, operation, Region and input of each; of a composition its steps. A command that
/// cannot be read gives the reason instead.
pub fn preview(commands: &[String], workspace: &Path) -> String {
    let files = Workspace::new(workspace);
    let one = |text: &String| match parse_command(text, &files) {
        Ok(command) => format!("{}\n{}", title(&command), body(&command)),
        Err(error) => format!("{}\ncannot be sent: {error}", text.lines().next().unwrap_or_default()),
    };
    printable(&commands.iter().map(one).collect::<Vec<_>>().join("\n\n"))
}

/// One line that names a command.
pub fn title(command: &Command) -> String {
    let place = |region: &str| if region.is_empty() { String::new() } else { format!(" in {region}") };
    match command {
        Command::Operation(operation) | Command::Download { operation, .. } => {
            format!("{} ({})", doing(operation), operation.api)
        }
        Command::Deploy(deploy) => format!("aws cloudformation deploy {}{}", deploy.stack_name, place(&deploy.region)),
        Command::Wait(wait) => format!("aws {} wait {}{}", wait.service, wait.waiter, place(&wait.operation.region)),
        Command::S3Copy(copy) => format!("aws s3 cp {} {}{}", copy.from, copy.to, place(&copy.region)),
        Command::S3Sync(sync) => format!("aws s3 sync {} {}{}", sync.from, sync.to, place(&sync.region)),
        Command::S3Remove(remove) => format!("aws s3 rm {}{}", remove.uri, place(&remove.region)),
        Command::Reset(reset) => format!("workshop reset --suffix {} (delete, in both Regions)", reset.suffix),
    }
}

fn body(command: &Command) -> String {
    match command {
        Command::Operation(operation) => input(operation),
        Command::Download { operation, outfile } => format!("{}\nthe object goes into {outfile}", input(operation)),
        Command::Deploy(deploy) => steps(deploy),
        Command::Wait(wait) => polls(wait),
        Command::S3Copy(copy) if copy.from.starts_with("s3://") && copy.to.starts_with("s3://") => {
            format!("CopyObject{}", each(copy.recursive))
        }
        Command::S3Copy(copy) if copy.to.starts_with("s3://") => format!("PutObject{}", each(copy.recursive)),
        Command::S3Copy(copy) => format!("GetObject{}", each(copy.recursive)),
        Command::S3Sync(sync) => {
            let (from, to) = (sync.from.starts_with("s3://"), sync.to.starts_with("s3://"));
            let send = match (from, to) {
                (true, true) => "CopyObject",
                (false, _) => "PutObject",
                (true, false) => "GetObject",
            };
            let delete = if sync.delete { "\n3. DeleteObjects for what the source does not have" } else { "" };
            format!("1. ListObjectsV2, page by page\n2. {send} for each that is new or differs{delete}")
        }
        Command::S3Remove(remove) if remove.recursive => {
            "1. ListObjectsV2, page by page\n2. DeleteObjects, 1,000 keys a call".to_owned()
        }
        Command::S3Remove(_) => "DeleteObject".to_owned(),
        Command::Reset(_) => RESET.to_owned(),
    }
}

/// What `workshop reset` does, in its order.
const RESET: &str = "\
1. GetResources, Describe* and List* in every Region: what is the run's, and what is not
2. the deletions, each as soon as a read has shown that nothing uses the thing any more
3. the same search once more, and again after ten minutes: nothing may be left";

fn each(recursive: bool) -> &'static str {
    if recursive { " for each below it" } else { "" }
}

fn input(operation: &Operation) -> String {
    let input = pretty(&operation.input);
    match &operation.payload {
        Some(bytes) => format!("{input}\nbody: {} bytes", bytes.len()),
        None => input,
    }
}

fn steps(deploy: &Deploy) -> String {
    let pairs = |pairs: &[(String, String)]| -> Value {
        pairs.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<serde_json::Map<_, _>>().into()
    };
    let mut said = json!({ "StackName": deploy.stack_name, "Template": deploy.template_file });
    if let Some(fields) = said.as_object_mut() {
        if !deploy.parameters.is_empty() {
            fields.insert("Parameters".to_owned(), pairs(&deploy.parameters));
        }
        if !deploy.capabilities.is_empty() {
            fields.insert("Capabilities".to_owned(), json!(deploy.capabilities));
        }
        if !deploy.tags.is_empty() {
            fields.insert("Tags".to_owned(), pairs(&deploy.tags));
        }
    }
    let mut steps = vec!["DescribeStacks: is it there already?".to_owned()];
    if let Some(bucket) = &deploy.s3_bucket {
        steps.push(format!("PutObject: the template goes to s3://{bucket}"));
    }
    steps.push("CreateChangeSet, then DescribeChangeSet until it is made".to_owned());
    if !deploy.no_execute_changeset {
        steps.push("ExecuteChangeSet, unless there is nothing to change".to_owned());
        steps.push("DescribeStackEvents and DescribeStacks until the stack is complete".to_owned());
    }
    let steps: Vec<String> = steps.iter().enumerate().map(|(i, step)| format!("{}. {step}", i + 1)).collect();
    format!("{}\n{}", pretty(&said), steps.join("\n"))
}

fn polls(wait: &Wait) -> String {
    let rhythm = match waiter(&wait.service, &wait.waiter) {
        Some(spec) => format!("every {}, as long as there is time", spell(spec.delay)),
        None => "until it is so".to_owned(),
    };
    format!("{} {rhythm}\n{}", wait.operation.api, pretty(&wait.operation.input))
}
