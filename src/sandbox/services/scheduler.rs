//! EventBridge Scheduler: schedules that call their target with their role at their time.
//!
//! Simulated are one-time schedules (`at(…)`) and rates, in the group `default`, in UTC, with universal targets
//! (`arn:aws:scheduler:::aws-sdk:route53:changeResourceRecordSets`) and Lambda functions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Handler, Record, iam};
use crate::domain::SimTime;
use crate::protocol;
use crate::sandbox::call::{AwsError, Call, required, text};
use crate::sandbox::world::What;
use crate::sandbox::{dataplane, faults, services};

/// Retries when a target's policy does not say. Source: EventBridge Scheduler API Reference, RetryPolicy.
const DEFAULT_RETRIES: u64 = 185;
/// How long a target is tried at most, in seconds, when its policy does not say. Source: the same.
const DEFAULT_AGE: u64 = 86_400;

/// What this service holds: schedules by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    schedules: BTreeMap<String, Schedule>,
}

/// A schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Schedule {
    arn: String,
    /// As it was given.
    given: Map<String, Value>,
    created: SimTime,
    modified: SimTime,
    /// Grows with every change, so that what was planned before does not happen.
    edition: u64,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A schedule calls its target.
    Fire {
        /// Its name.
        name: String,
        /// The edition that planned it.
        edition: u64,
        /// When the first try was due.
        due: SimTime,
        /// How many tries there were before.
        tries: u64,
    },
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    let Transition::Fire { name, edition, due, tries } = what;
    let Some(schedule) = call.regional().scheduler.schedules.get(&name).filter(|one| one.edition == edition).cloned()
    else {
        return;
    };
    let target = schedule.given.get("Target").cloned().unwrap_or_default();
    match fire(call, &name, &target) {
        Ok(()) => call.log(format!("schedule {name} called {}", text(&target, "Arn").unwrap_or_default())),
        Err(error) => {
            call.log(format!("schedule {name} could not call its target: {error}"));
            let retries = target.pointer("/RetryPolicy/MaximumRetryAttempts").and_then(Value::as_u64);
            let age = target.pointer("/RetryPolicy/MaximumEventAgeInSeconds").and_then(Value::as_u64);
            let after = call.draw("scheduler.retry", &name);
            let within = call.now().plus(after).since(due).as_secs() <= age.unwrap_or(DEFAULT_AGE);
            if within && tries < retries.unwrap_or(DEFAULT_RETRIES) {
                call.schedule(after, What::Scheduler(Transition::Fire { name, edition, due, tries: tries + 1 }));
                return;
            }
            call.log(format!("schedule {name} gave up"));
        }
    }
    let expression = schedule.given.get("ScheduleExpression").and_then(Value::as_str).unwrap_or_default();
    if let Some(every) = rate(expression) {
        let next = due.plus(every);
        let after = next.since(call.now());
        call.schedule(after, What::Scheduler(Transition::Fire { name, edition, due: next, tries: 0 }));
    } else if schedule.given.get("ActionAfterCompletion").and_then(Value::as_str) == Some("DELETE") {
        call.regional().scheduler.schedules.remove(&name);
        call.log(format!("schedule {name} deleted after completion"));
    }
}

/// Our key of the service, the operation and what Scheduler calls, of a target's ARN.
fn operation(arn: &str) -> Result<(&'static str, &'static str), AwsError> {
    let invalid = |why: String| AwsError::client("ValidationException", why);
    let rest = arn.strip_prefix("arn:aws:scheduler:::aws-sdk:").ok_or_else(|| {
        AwsError::client("SandboxUnsupportedParameter", format!("The sandbox does not simulate the target {arn}."))
    })?;
    let (service, action) =
        rest.split_once(':').ok_or_else(|| invalid(format!("Provided Arn is not in correct format: {arn}")))?;
    let found = protocol::operations()
        .iter()
        .find(|spec| spec.service == service && spec.api.eq_ignore_ascii_case(action))
        .filter(|spec| services::handler(spec.service, spec.api).is_some());
    let found = found.ok_or_else(|| {
        AwsError::client("SandboxUnsupportedParameter", format!("The sandbox does not simulate {service} {action}."))
    })?;
    // Source: EventBridge Scheduler User Guide, "Using universal targets": reads are not supported.
    let read = [
        "get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup",
        "discover", "validate",
    ];
    if read.iter().any(|verb| action.to_ascii_lowercase().starts_with(verb)) {
        return Err(invalid(format!(
            "Invalid RequestJson provided. Reason {action} is not supported for service {service}"
        )));
    }
    Ok((found.service, found.api))
}

/// The input of a universal target as the service itself spells it. Scheduler takes the SDK's spelling, which begins every
/// member with a capital and knows no other capitals in a row. Source: EventBridge Scheduler User Guide, "Using universal
/// targets", and its example for SQS; ECS and RDS schedules of public templates.
fn members(service: &str, api: &str, input: Value) -> Value {
    let Value::Object(given) = input else { return input };
    let spec = protocol::operations().iter().find(|spec| spec.service == service && spec.api == api);
    let own = |name: String| {
        let mut known = spec.into_iter().flat_map(|spec| spec.flags.iter().map(|flag| flag.member));
        known.find(|member| member.eq_ignore_ascii_case(&name)).map_or(name.clone(), str::to_owned)
    };
    given.into_iter().map(|(name, value)| (own(name), value)).collect::<Map<_, _>>().into()
}

fn fire(call: &mut Call<'_>, name: &str, target: &Value) -> Result<(), AwsError> {
    let (arn, role) = (text(target, "Arn").unwrap_or_default(), text(target, "RoleArn").unwrap_or_default());
    let input: Value = text(target, "Input").map_or_else(|| Ok(json!({})), serde_json::from_str).unwrap_or_default();
    if faults::active(call.world, faults::REGION_LOSS, &call.region) {
        return Err(AwsError::with_status(500, "InternalServerException", "the Region is lost"));
    }
    if !iam::trusts(call.world, &call.account, role, "scheduler.amazonaws.com") {
        return Err(AwsError::with_status(403, "AccessDenied", "The execution role cannot be assumed by Scheduler."));
    }
    if let Some(function) = arn.split(":function:").nth(1) {
        iam::authorize_role(call, role, name, "lambda", "Invoke", &json!({ "FunctionName": arn }))?;
        let (account, region) = (call.account.clone(), call.region.clone());
        // Scheduler hands the event over; what the function makes of it is the function's.
        return dataplane::functions::invoke(call.world, &account, &region, function, &input).map(drop);
    }
    let (service, operation) = operation(arn)?;
    let input = members(service, operation, input);
    iam::authorize_role(call, role, name, service, operation, &input)?;
    // A global service is asked where it is.
    let global = matches!(service, "route53" | "iam" | "cloudfront" | "organizations");
    let region = if global { crate::domain::GLOBAL_REGION.to_owned() } else { call.region.clone() };
    call.invoke_in(&region, service, operation, &input).map(drop)
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateSchedule" => create,
        "GetSchedule" => get,
        "UpdateSchedule" => update,
        "DeleteSchedule" => delete,
        "ListSchedules" => list,
        _ => return None,
    })
}

fn invalid(why: impl Into<String>) -> AwsError {
    AwsError::client("ValidationException", why)
}

/// `rate(5 minutes)`.
fn rate(expression: &str) -> Option<Duration> {
    let (number, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok().filter(|number| *number > 0).map(|number| Duration::from_secs(number * seconds))
}

/// When a schedule is due first.
fn first(call: &Call<'_>, expression: &str) -> Result<SimTime, AwsError> {
    if let Some(every) = rate(expression) {
        return Ok(call.now().plus(every));
    }
    if expression.starts_with("cron(") {
        let why = "The sandbox does not simulate cron expressions (scheduler ScheduleExpression).";
        return Err(AwsError::client("SandboxUnsupportedParameter", why));
    }
    let wrong = || invalid(format!("Invalid Schedule Expression {expression}."));
    let at = expression.strip_prefix("at(").and_then(|rest| rest.strip_suffix(')')).ok_or_else(wrong)?;
    let instant: jiff::Timestamp = format!("{at}Z").parse().map_err(|_| wrong())?;
    Ok(SimTime::from_millis(instant.as_millisecond()))
}

/// Members that are kept.
const MEMBERS: &[&str] = &[
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "FlexibleTimeWindow",
    "Target",
    "ActionAfterCompletion",
    "Description",
    "State",
];

/// Checks a schedule and plans its first call.
fn keep(call: &mut Call<'_>, name: &str, input: &Value, edition: u64, created: SimTime) -> Result<Value, AwsError> {
    for (member, plain) in [
        ("GroupName", "default"),
        ("ScheduleExpressionTimezone", "UTC"),
        ("StartDate", ""),
        ("EndDate", ""),
        ("KmsKeyArn", ""),
    ] {
        if input.get(member).is_some_and(|value| !value.is_null() && value != plain) {
            let why = format!("The sandbox does not simulate scheduler {member} other than '{plain}'.");
            return Err(AwsError::client("SandboxUnsupportedParameter", why));
        }
    }
    let due = first(call, required(input, "ScheduleExpression")?)?;
    let target = input.get("Target").cloned().unwrap_or_default();
    let (arn, role) = (required(&target, "Arn")?, required(&target, "RoleArn")?);
    if !arn.contains(":function:") {
        operation(arn)?;
    }
    if text(&target, "Input").is_some_and(|input| serde_json::from_str::<Value>(input).is_err()) {
        return Err(invalid("Invalid RequestJson provided. Reason: not valid JSON"));
    }
    if !iam::trusts(call.world, &call.account, role, "scheduler.amazonaws.com") {
        return Err(invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role."));
    }
    let given = MEMBERS.iter().filter_map(|member| Some(((*member).to_owned(), input.get(*member)?.clone())));
    let schedule = Schedule {
        arn: call.arn("scheduler", &format!("schedule/default/{name}")),
        given: given.collect(),
        created,
        modified: call.now(),
        edition,
    };
    let answer = json!({ "ScheduleArn": schedule.arn });
    let enabled = text(input, "State") != Some("DISABLED");
    call.regional().scheduler.schedules.insert(name.to_owned(), schedule);
    if enabled {
        // Source: EventBridge Scheduler User Guide: within the window when it is flexible, else within 60 s.
        let window = input.pointer("/FlexibleTimeWindow/MaximumWindowInMinutes").and_then(Value::as_u64).unwrap_or(0);
        let share = call.draw("scheduler.precision", name).min(Duration::from_secs(59));
        let late = if window > 0 { share * u32::try_from(window).unwrap_or(1) } else { share };
        let after = due.since(call.now()) + late;
        let fire = Transition::Fire { name: name.to_owned(), edition, due, tries: 0 };
        call.schedule(after, What::Scheduler(fire));
    }
    Ok(answer)
}

fn missing(name: &str) -> AwsError {
    AwsError::not_found("ResourceNotFoundException", format!("Schedule {name} does not exist."))
}

fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "Name")?.to_owned();
    if call.regional().scheduler.schedules.contains_key(&name) {
        let why = format!("Schedule {name} already exists.");
        return Err(AwsError::with_status(409, "ConflictException", why));
    }
    let (now, edition) = (call.now(), call.world.next_number());
    keep(call, &name, input, edition, now)
}

fn update(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "Name")?.to_owned();
    let created =
        call.regional().scheduler.schedules.get(&name).map(|one| one.created).ok_or_else(|| missing(&name))?;
    let edition = call.world.next_number();
    keep(call, &name, input, edition, created)
}

fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "Name")?;
    let schedule = call.regional().scheduler.schedules.get(name).ok_or_else(|| missing(name))?;
    let mut shown = schedule.given.clone();
    for (member, default) in
        [("State", "ENABLED"), ("ScheduleExpressionTimezone", "UTC"), ("ActionAfterCompletion", "NONE")]
    {
        shown.entry(member).or_insert_with(|| default.into());
    }
    shown.insert("Name".into(), name.into());
    shown.insert("GroupName".into(), "default".into());
    shown.insert("Arn".into(), schedule.arn.clone().into());
    shown.insert("CreationDate".into(), json!(schedule.created.epoch_seconds()));
    shown.insert("LastModificationDate".into(), json!(schedule.modified.epoch_seconds()));
    Ok(Value::Object(shown))
}

fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "Name")?;
    call.regional().scheduler.schedules.remove(name).map(|_| json!({})).ok_or_else(|| missing(name))
}

fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let prefix = text(input, "NamePrefix").unwrap_or_default();
    let schedules = call.regional().scheduler.schedules.iter().filter(|(name, _)| name.starts_with(prefix));
    let shown: Vec<Value> = schedules
        .map(|(name, one)| {
            json!({
                "Name": name, "Arn": one.arn, "GroupName": "default",
                "State": one.given.get("State").cloned().unwrap_or_else(|| "ENABLED".into()),
                "CreationDate": one.created.epoch_seconds(), "LastModificationDate": one.modified.epoch_seconds(),
                "Target": { "Arn": one.given.get("Target").and_then(|target| target.get("Arn")) },
            })
        })
        .collect();
    Ok(json!({ "Schedules": shown }))
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let schedules = call.regional().scheduler.schedules.iter();
    let record = |(name, one): (&String, &Schedule)| Record {
        type_name: "AWS::Scheduler::Schedule",
        id: name.clone(),
        arn: one.arn.clone(),
        tags: Vec::new(),
        properties: json!({ "Name": name, "Arn": one.arn }),
        built_in: false,
    };
    schedules.map(record).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::{World, constants};

    /// A world with a bucket, and a role that may delete it when `allowed`.
    fn world(allowed: bool) -> World {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "eu-west-1");
        let place =
            json!({ "Bucket": "shop-bucket", "CreateBucketConfiguration": { "LocationConstraint": "eu-west-1" } });
        call.invoke("s3", "CreateBucket", &place).unwrap();
        let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "scheduler.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
        call.invoke(
            "iam",
            "CreateRole",
            &json!({ "RoleName": "switch", "AssumeRolePolicyDocument": trust.to_string() }),
        )
        .unwrap();
        let action = if allowed { "s3:DeleteBucket" } else { "s3:GetObject" };
        let policy =
            json!({ "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::shop-bucket" }] });
        call.invoke(
            "iam",
            "PutRolePolicy",
            &json!({ "RoleName": "switch", "PolicyName": "p", "PolicyDocument": policy.to_string() }),
        )
        .unwrap();
        world
    }

    fn ask(world: &mut World, operation: &str, input: &Value) -> Result<Value, AwsError> {
        Call::new(world, "111122223333", "eu-west-1").invoke("scheduler", operation, input)
    }

    fn in_ten_minutes(world: &World, role: &str) -> Value {
        let at = world.now.plus(Duration::from_mins(10)).rfc3339();
        json!({
            "Name": "dead-man", "ScheduleExpression": format!("at({})", at.get(..19).unwrap()),
            "FlexibleTimeWindow": { "Mode": "OFF" }, "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": "arn:aws:scheduler:::aws-sdk:s3:deleteBucket",
                "RoleArn": format!("arn:aws:iam::111122223333:role/{role}"),
                "Input": json!({ "Bucket": "shop-bucket" }).to_string(),
            },
        })
    }

    fn pass(world: &mut World, minutes: u64) {
        let later = world.now.plus(Duration::from_mins(minutes));
        world.advance(later);
    }

    #[test]
    fn a_schedule_calls_its_target_at_its_time_and_is_gone() {
        let mut world = world(true);
        let input = in_ten_minutes(&world, "switch");
        ask(&mut world, "CreateSchedule", &input).unwrap();
        pass(&mut world, 9);
        assert!(world.buckets.contains_key("shop-bucket"));
        pass(&mut world, 3);
        assert!(!world.buckets.contains_key("shop-bucket"));
        let gone = ask(&mut world, "GetSchedule", &json!({ "Name": "dead-man" })).unwrap_err();
        assert_eq!(gone.code, "ResourceNotFoundException");
    }

    #[test]
    fn a_deleted_schedule_calls_nothing() {
        let mut world = world(true);
        let input = in_ten_minutes(&world, "switch");
        ask(&mut world, "CreateSchedule", &input).unwrap();
        assert_eq!(ask(&mut world, "CreateSchedule", &input).unwrap_err().code, "ConflictException");
        ask(&mut world, "DeleteSchedule", &json!({ "Name": "dead-man" })).unwrap();
        pass(&mut world, 60);
        assert!(world.buckets.contains_key("shop-bucket"));
    }

    #[test]
    fn a_role_that_may_not_is_tried_again_until_it_may() {
        let mut world = world(false);
        let input = in_ten_minutes(&world, "switch");
        ask(&mut world, "CreateSchedule", &input).unwrap();
        pass(&mut world, 30);
        assert!(world.buckets.contains_key("shop-bucket"));
        let policy = json!({ "Statement": [{ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }] });
        let put = json!({ "RoleName": "switch", "PolicyName": "p", "PolicyDocument": policy.to_string() });
        Call::new(&mut world, "111122223333", "eu-west-1").invoke("iam", "PutRolePolicy", &put).unwrap();
        let retry = constants::constant("scheduler.retry").unwrap().p95 * 4;
        let later = world.now.plus(retry);
        world.advance(later);
        assert!(!world.buckets.contains_key("shop-bucket"));
    }

    #[test]
    fn a_role_that_scheduler_cannot_assume_and_an_unknown_target_are_refused() {
        let mut world = world(true);
        let refused = |world: &mut World, input: &Value| ask(world, "CreateSchedule", input).unwrap_err().code;
        let mut input = in_ten_minutes(&world, "nobody");
        assert_eq!(refused(&mut world, &input), "ValidationException");
        input = in_ten_minutes(&world, "switch");
        input["Target"]["Arn"] = json!("arn:aws:scheduler:::aws-sdk:s3:listBuckets");
        assert_eq!(refused(&mut world, &input), "ValidationException");
        input["Target"]["Arn"] = json!("arn:aws:sqs:eu-west-1:111122223333:queue");
        assert_eq!(refused(&mut world, &input), "SandboxUnsupportedParameter");
    }
}
