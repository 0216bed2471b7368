//! STS: who am I, and being somebody else for a while.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, iam};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required};
use crate::sandbox::chance;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};

/// Temporary credentials that were issued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The account of the role.
    pub account: String,
    /// The ARN of the assumed role's session.
    pub principal: String,
    /// When they end.
    pub expires: SimTime,
    /// The identity of Amazon Cognito that they were given to.
    #[serde(default)]
    pub identity: Option<String>,
}

/// Seconds that a session lasts when the caller does not say.
/// Source: AWS STS API Reference, AssumeRole: default 3600, 900 at least, 43,200 at most.
const DEFAULT_SESSION: u64 = 3600;

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "GetCallerIdentity" => get_caller_identity,
        "AssumeRole" => assume_role,
        "GetSessionToken" => get_session_token,
        _ => return None,
    })
}

/// The account that an access key belongs to, and its principal when it is a session. Keys that the sandbox issued and
/// keys that equal a 12-digit account id choose an account; every other key is the learner's.
pub fn identity(world: &World, access_key: &str) -> (String, Option<String>) {
    if let Some(session) = world.sessions.get(access_key) {
        return (session.account.clone(), Some(session.principal.clone()));
    }
    let account_id = access_key.len() == 12 && access_key.bytes().all(|byte| byte.is_ascii_digit());
    (if account_id { access_key } else { LEARNER_ACCOUNT }.to_owned(), None)
}

/// Whether these are temporary credentials whose time is over.
pub fn expired(world: &World, access_key: &str) -> bool {
    world.rule("sts.session-expires") && world.sessions.get(access_key).is_some_and(|one| one.expires <= world.now)
}

fn get_caller_identity(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let id = chance::bits(0, "principal", &call.principal, 0);
    let prefix = if call.principal.contains(":assumed-role/") { "AROA" } else { "AIDA" };
    let session = call.principal.split(":assumed-role/").nth(1).and_then(|rest| rest.split('/').nth(1));
    let suffix = session.map(|name| format!(":{name}")).unwrap_or_default();
    Ok(json!({
        "UserId": format!("{prefix}{id:016X}{suffix}"),
        "Account": call.account,
        "Arn": call.principal,
    }))
}

fn assume_role(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let role = required(input, "RoleArn")?;
    let session = required(input, "RoleSessionName")?;
    let seconds = input.get("DurationSeconds").and_then(Value::as_u64).unwrap_or(DEFAULT_SESSION);
    if !(900..=43_200).contains(&seconds) {
        return Err(AwsError::client(
            "ValidationError",
            format!(
                "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200"
            ),
        ));
    }
    for member in ["Policy", "PolicyArns", "SourceIdentity", "Tags", "SerialNumber"] {
        if input.get(member).is_some_and(|value| !value.is_null()) {
            let why = format!("The sandbox does not simulate sts AssumeRole {member}.");
            return Err(AwsError::client("SandboxUnsupportedParameter", why));
        }
    }
    let account = role.split(':').nth(4).unwrap_or_default().to_owned();
    let mut context = iam::Context::of_role(&account, &call.principal);
    if let Some(id) = input.get("ExternalId").and_then(Value::as_str) {
        context = context.with("sts:ExternalId", id);
    }
    let trusts = |who: &str| iam::trusts_in(call.world, &account, role, who, "sts:AssumeRole", &context);
    if !trusts(&call.principal) && !trusts(&call.account) {
        return Err(AwsError::with_status(
            403,
            "AccessDenied",
            format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {role}", call.principal),
        ));
    }
    let held = call.world.accounts.get(&account).and_then(|state| state.iam.role_by_arn(role));
    let longest = held.map_or(DEFAULT_SESSION, |role| role.longest_session);
    let chained = call.principal.contains(":assumed-role/") && call.world.rule("sts.chained-hour");
    // Source: AWS STS API Reference, AssumeRole; IAM User Guide, "Role chaining": one hour at most.
    if seconds > longest || (chained && seconds > DEFAULT_SESSION) {
        let why = if chained {
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        } else {
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        };
        return Err(AwsError::client("ValidationError", why));
    }
    let name = role.rsplit('/').next().unwrap_or_default();
    let principal = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
    let credentials = issue(call.world, &account, &principal, seconds);
    let role_id = format!("AROA{:016X}", chance::bits(0, "principal", &principal, 0));
    Ok(json!({
        "Credentials": credentials,
        "AssumedRoleUser": { "AssumedRoleId": format!("{role_id}:{session}"), "Arn": principal },
    }))
}

/// Temporary credentials for a principal, remembered until they expire.
pub fn issue(world: &mut World, account: &str, principal: &str, seconds: u64) -> Value {
    let now = world.now;
    // No id of the world's is used up: for the guide this is a read, and a read shifts nothing.
    let draw = |purpose: &str| chance::bits(world.seed, purpose, principal, now.millis().unsigned_abs());
    let key = format!("ASIA{:016X}", draw("access-key"));
    let secret = format!("{:016x}{:016x}{:08x}", draw("secret-a"), draw("secret-b"), draw("secret-c") >> 32);
    let token = format!("{:016x}{:016x}", draw("token-a"), draw("token-b"));
    let expires = now.plus(std::time::Duration::from_secs(seconds));
    let session = Session { account: account.to_owned(), principal: principal.to_owned(), expires, identity: None };
    world.sessions.insert(key.clone(), session);
    json!({
        "AccessKeyId": key,
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": expires.epoch_seconds(),
    })
}

/// The same for an identity of Amazon Cognito. What two identities get of one role at one instant is not the same.
pub fn issue_to(world: &mut World, account: &str, principal: &str, seconds: u64, identity: &str) -> Value {
    let given = issue(world, account, &format!("{principal}#{identity}"), seconds);
    if let Some(session) = given.get("AccessKeyId").and_then(Value::as_str).and_then(|key| world.sessions.get_mut(key))
    {
        principal.clone_into(&mut session.principal);
        session.identity = Some(identity.to_owned());
    }
    given
}

/// GetSessionToken: temporary credentials of the user himself. A role's session cannot ask for them.
fn get_session_token(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    if call.principal.contains(":assumed-role/") {
        let why = "Cannot call GetSessionToken with session credentials";
        return Err(AwsError::with_status(403, "AccessDenied", why));
    }
    // Source: AWS STS API Reference, GetSessionToken: 43,200 by default, 900 at least, 129,600 at most.
    let seconds = input.get("DurationSeconds").and_then(Value::as_u64).unwrap_or(43_200);
    if !(900..=129_600).contains(&seconds) {
        let why = format!(
            "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 129600"
        );
        return Err(AwsError::client("ValidationError", why));
    }
    let (account, principal) = (call.account.clone(), call.principal.clone());
    Ok(json!({ "Credentials": issue(call.world, &account, &principal, seconds) }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_assumed_when_its_trust_names_the_caller() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "444455556666", "us-east-1");
        let trust = |principal: &str| {
            json!({ "Statement": [{ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "sts:AssumeRole" }] }).to_string()
        };
        for (name, principal) in
            [("open", "arn:aws:iam::111122223333:root"), ("closed", "arn:aws:iam::777788889999:root")]
        {
            let input = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust(principal) });
            call.invoke("iam", "CreateRole", &input).unwrap();
        }
        let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "us-east-1");
        let input = |name: &str| json!({ "RoleArn": format!("arn:aws:iam::444455556666:role/{name}"), "RoleSessionName": "me" });
        assert_eq!(call.invoke("sts", "AssumeRole", &input("closed")).unwrap_err().code, "AccessDenied");
        let answer = call.invoke("sts", "AssumeRole", &input("open")).unwrap();
        let key = answer["Credentials"]["AccessKeyId"].as_str().unwrap();
        let (account, principal) = identity(&world, key);
        assert_eq!(account, "444455556666");
        assert_eq!(principal.as_deref(), Some("arn:aws:sts::444455556666:assumed-role/open/me"));
        assert!(!expired(&world, key));
        world.advance(world.now.plus(std::time::Duration::from_secs(DEFAULT_SESSION)));
        assert!(expired(&world, key));
    }
}
