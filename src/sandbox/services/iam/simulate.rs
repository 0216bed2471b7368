//! SimulatePrincipalPolicy: the evaluation of policies, asked beforehand.

use serde_json::{Value, json};

use super::conditions::Context;
use super::no_such;
use super::policy::{Decision, decide};
use crate::sandbox::call::{AwsError, Call, required};

fn listed(input: &Value, member: &str) -> Vec<String> {
    let list = input.get(member).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// SimulatePrincipalPolicy, for a role by its policies, and for the account's own user, who is an administrator.
pub fn simulate(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    for member in ["PolicyInputList", "PermissionsBoundaryPolicyInputList", "ResourcePolicy"] {
        if input.get(member).is_some() {
            let why = format!("The sandbox does not simulate iam SimulatePrincipalPolicy {member}.");
            return Err(AwsError::client("SandboxUnsupportedParameter", why));
        }
    }
    let principal = required(input, "PolicySourceArn")?.to_owned();
    let administrator = principal == format!("arn:aws:iam::{}:user/learner", call.account);
    if !administrator && call.account_state().iam.role_by_arn(&principal).is_none() {
        return Err(no_such(&format!("The entity {principal} cannot be found.")));
    }
    let mut context = Context::of_role(&call.account, &principal);
    for entry in input.get("ContextEntries").and_then(Value::as_array).into_iter().flatten() {
        let key = entry.get("ContextKeyName").and_then(Value::as_str).unwrap_or_default();
        for value in listed(entry, "ContextKeyValues") {
            context = context.with(key, &value);
        }
    }
    let mut resources = listed(input, "ResourceArns");
    if resources.is_empty() {
        resources.push("*".to_owned());
    }
    let mut results = Vec::new();
    for action in listed(input, "ActionNames") {
        for resource in &resources {
            let decision = if administrator {
                Decision::Allowed
            } else {
                decide(call.world, &call.account, &principal, &action, resource, &context)
            };
            let word = match decision {
                Decision::Allowed => "allowed",
                Decision::ImplicitDeny => "implicitDeny",
                Decision::ExplicitDeny => "explicitDeny",
            };
            results.push(json!({
                "EvalActionName": action, "EvalResourceName": resource, "EvalDecision": word,
                "MatchedStatements": [], "MissingContextValues": [],
            }));
        }
    }
    Ok(json!({ "EvaluationResults": results, "IsTruncated": false }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::World;

    #[test]
    fn the_simulation_says_what_the_policies_say() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "us-east-1");
        let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
        let role = json!({ "RoleName": "r", "AssumeRolePolicyDocument": trust.to_string() });
        let arn = call.invoke("iam", "CreateRole", &role).unwrap()["Role"]["Arn"].clone();
        let policy = json!({ "Statement": [
            { "Effect": "Allow", "Action": "s3:*", "Resource": "*" },
            { "Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*" },
        ]});
        let put = json!({ "RoleName": "r", "PolicyName": "p", "PolicyDocument": policy.to_string() });
        call.invoke("iam", "PutRolePolicy", &put).unwrap();
        let mut ask = |who: &Value| {
            let input = json!({ "PolicySourceArn": who, "ActionNames": ["s3:GetObject", "s3:DeleteBucket", "rds:CreateDBCluster"] });
            let answer = call.invoke("iam", "SimulatePrincipalPolicy", &input).unwrap();
            let results = answer["EvaluationResults"].as_array().unwrap().clone();
            results.iter().map(|one| one["EvalDecision"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ask(&arn), ["allowed", "explicitDeny", "implicitDeny"]);
        assert_eq!(ask(&json!("arn:aws:iam::111122223333:user/learner")), ["allowed", "allowed", "allowed"]);
    }
}
