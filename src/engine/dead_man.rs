//! The dead man's switch of a drill: schedules of AWS's own that mend the fault, should this program die before it does.
//!
//! A fault of the sandbox ends by itself. A fault that is commands of the workshop ends by their counterparts; before it
//! begins, EventBridge Scheduler is told to call them later, and afterwards to forget them.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::drills::LEASE;
use super::session::Session;
use crate::domain::{BoxFuture, Failure, FailureClass, Operation};
use crate::drill::Switch;
use crate::guide::action::Workspace;
use crate::protocol::{Command, List, operation, parse_command};

const SCHEDULES: List = List::new("scheduler", "list-schedules", "Schedules");

/// Tries of a call that AWS refuses, as when somebody has mended the fault already. Without it Scheduler tries for a day.
const RETRIES: u32 = 3;

/// What the names of the run's schedules begin with; none when the workshop has none.
async fn name(session: &Session) -> Option<String> {
    let template = session.guide.workshop().drill.revert.as_ref()?.schedule.as_str();
    session.guide.bindings_for([template]).await.render(template).ok()
}

/// Makes the schedules that mend the fault at the end of its lease. Nothing for a fault that ends by itself; why not, when
/// they cannot be made, and then none is left.
pub(super) async fn arm(session: &Session, fault: &str) -> Result<(), String> {
    let undo = session.guide.workshop().drill.faults.get(fault).and_then(|spec| spec.fences.as_ref());
    let Some((_, undo)) = undo else { return Ok(()) };
    disarm(session).await.map_err(|failure| failure.to_string())?;
    let made = make(session, undo).await;
    if made.is_err() {
        let _ = disarm(session).await;
    }
    made
}

async fn make(session: &Session, undo: &str) -> Result<(), String> {
    let (guide, region) = (&session.guide, session.guide.regions().primary().to_string());
    let (Some(spec), Some(name)) = (&guide.workshop().drill.revert, name(session).await) else {
        return Err("the workshop names none (workshop.yaml, drill, revert)".to_owned());
    };
    let role = guide.bindings_for([spec.role.as_str()]).await.render(&spec.role);
    let role = role.map_err(|missing| format!("its role is not known: {}", missing.name))?;
    let at = session.clock.now().plus(LEASE).rfc3339();
    let at = at.get(.."2026-01-05T09:00:00".len()).unwrap_or_default();
    let (_, action) = guide.action(undo).ok_or_else(|| format!("the workshop has no action {undo}"))?;
    let commands = guide.commands(action).await.map_err(|error| error.to_string())?;
    for (index, command) in commands.iter().enumerate() {
        let call = scheduled(command, guide.workspace(), &region)?;
        let input = json!({
            "Name": format!("{name}-{}", index + 1),
            "Description": "Mends a failover drill whose guide is gone",
            "ScheduleExpression": format!("at({at})"),
            "FlexibleTimeWindow": { "Mode": "OFF" },
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": target(&call, &role),
                "RoleArn": role,
                "Input": spelled(&call.input).to_string(),
                "RetryPolicy": { "MaximumRetryAttempts": RETRIES },
            },
        });
        let create = operation("scheduler", "create-schedule", &region, input);
        guide.aws().call(&create).await.map_err(|failure| failure.to_string())?;
    }
    Ok(())
}

/// The one call that a command makes, in the Region of the schedule.
fn scheduled(command: &str, workspace: &Path, region: &str) -> Result<Operation, String> {
    match parse_command(command, &Workspace::new(workspace)).map_err(|error| error.to_string())? {
        Command::Operation(call) if call.region == region => Ok(call),
        _ => Err(format!("a schedule in {region} can make one call there, which this is not: {command}")),
    }
}

/// The universal target of a call, in the partition of the role.
fn target(call: &Operation, role: &str) -> String {
    let partition = role.split(':').nth(1).unwrap_or("aws");
    let (first, rest) = call.api.split_at(call.api.chars().next().map_or(0, char::len_utf8));
    format!("arn:{partition}:scheduler:::aws-sdk:{}:{}{rest}", call.service, first.to_lowercase())
}

/// An input with every member's first letter a capital, as Scheduler wants them whatever the service does. Source:
/// EventBridge Scheduler User Guide, "Using universal targets".
fn spelled(value: &Value) -> Value {
    let capital = |name: &String| {
        let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
        format!("{}{rest}", first.to_uppercase())
    };
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (capital(name), spelled(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(spelled).collect(),
        other => other.clone(),
    }
}

/// Removes the run's schedules, of this drill or of one before.
pub(super) async fn disarm(session: &Session) -> Result<(), Failure> {
    let Some(name) = name(session).await else { return Ok(()) };
    let region = session.guide.regions().primary().to_string();
    let aws = session.guide.aws();
    let found = SCHEDULES.all(aws.as_ref(), &region, json!({ "NamePrefix": format!("{name}-") })).await?;
    for name in found.iter().filter_map(|item| item.get("Name")) {
        let delete = operation("scheduler", "delete-schedule", &region, json!({ "Name": name }));
        match aws.call(&delete).await {
            Err(failure) if failure.class != FailureClass::NotFound => return Err(failure),
            _ => {}
        }
    }
    Ok(())
}

/// A switch whose schedules are gone once it has mended the fault.
pub(super) struct Guarded {
    pub(super) session: Arc<Session>,
    pub(super) inner: Arc<dyn Switch>,
}

impl Switch for Guarded {
    fn start(&self) -> BoxFuture<'_, Result<(), String>> {
        self.inner.start()
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            self.inner.stop().await?;
            // One that stays mends what is whole, at the end of the lease, which does nothing.
            let _ = disarm(&self.session).await;
            Ok(())
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_call_becomes_a_universal_target_in_the_sdks_spelling() {
        let text = "aws ecs update-service --cluster c --service s --desired-count 1 --region eu-west-1";
        let call = scheduled(text, Path::new("."), "eu-west-1").unwrap();
        assert_eq!(target(&call, "arn:aws-cn:iam::1:role/r"), "arn:aws-cn:scheduler:::aws-sdk:ecs:updateService");
        assert_eq!(spelled(&call.input), json!({ "Cluster": "c", "Service": "s", "DesiredCount": 1 }));
        let elsewhere = scheduled(text, Path::new("."), "eu-west-2").unwrap_err();
        assert!(elsewhere.starts_with("a schedule in eu-west-2 can make one call there"), "{elsewhere}");
    }
}
