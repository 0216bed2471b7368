//! Evaluation of policies: may a role do something, and who may assume it.

use serde_json::Value;

use super::conditions::{Context, holds};
use super::{State, managed};
use crate::sandbox::World;

/// What the policies of a principal say of an action on a resource.
/// Source: IAM User Guide, "Policy evaluation logic": an explicit deny wins, and what nothing allows is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// No statement speaks of it.
    ImplicitDeny,
    /// A statement denies it.
    ExplicitDeny,
}

/// Whether the role's policies (inline, customer managed, AWS managed) allow that action on that resource.
///
/// `action` is written `service:Action`, `resource` is an ARN. A role that does not exist may do nothing.
pub fn allows(world: &World, account: &str, role_arn: &str, action: &str, resource: &str) -> bool {
    decide(world, account, role_arn, action, resource, &Context::of_role(account, role_arn)) == Decision::Allowed
}

/// What the role's policies say, with what is known of the request.
pub fn decide(
    world: &World,
    account: &str,
    role_arn: &str,
    action: &str,
    resource: &str,
    context: &Context,
) -> Decision {
    let held = state_of(world, account, role_arn).and_then(|state| Some((state, state.role_by_arn(role_arn)?)));
    let Some((state, role)) = held else { return Decision::ImplicitDeny };
    let attached = role.attached.iter().filter_map(|arn| match state.policies.get(arn) {
        Some(policy) => Some(policy.document.clone()),
        None => managed::document(arn),
    });
    let documents: Vec<Value> = role.inline.values().cloned().chain(attached).collect();
    judge(&documents, action, resource, context)
}

/// What documents say together.
pub(super) fn judge(documents: &[Value], action: &str, resource: &str, context: &Context) -> Decision {
    let mut decision = Decision::ImplicitDeny;
    for statement in documents.iter().flat_map(statements) {
        if !covers(statement, "Action", "NotAction", |pattern| like(&lower(pattern), &lower(action)))
            || !covers(statement, "Resource", "NotResource", |pattern| like(&context.filled(pattern), resource))
            || !holds(statement, context)
        {
            continue;
        }
        match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => decision = Decision::Allowed,
            _ => return Decision::ExplicitDeny,
        }
    }
    decision
}

/// Whether the role's trust policy lets `principal` assume it: a service (`s3.amazonaws.com`), an ARN or an account id.
pub fn trusts(world: &World, account: &str, role_arn: &str, principal: &str) -> bool {
    trusts_in(world, account, role_arn, principal, "sts:AssumeRole", &Context::of_role(account, role_arn))
}

/// The same for another way to assume it, with what is known of the request.
pub fn trusts_in(
    world: &World,
    account: &str,
    role_arn: &str,
    principal: &str,
    action: &str,
    context: &Context,
) -> bool {
    let Some(role) = state_of(world, account, role_arn).and_then(|state| state.role_by_arn(role_arn)) else {
        return false;
    };
    let mut trusted = false;
    for statement in statements(&role.trust) {
        let applies = covers(statement, "Action", "NotAction", |pattern| like(&lower(pattern), &lower(action)))
            && names(statement.get("Principal"), principal)
            && holds(statement, context);
        match (applies, statement.get("Effect").and_then(Value::as_str)) {
            (true, Some("Allow")) => trusted = true,
            (true, _) => return false,
            (false, _) => {}
        }
    }
    trusted
}

/// IAM of the account that the ARN names, or of the caller's when it names none.
fn state_of<'w>(world: &'w World, account: &str, role_arn: &str) -> Option<&'w State> {
    let owner = role_arn.split(':').nth(4).filter(|id| !id.is_empty()).unwrap_or(account);
    world.accounts.get(owner).map(|account| &account.iam)
}

/// The statements of a policy document; a single statement may stand without its list.
pub(super) fn statements(document: &Value) -> Vec<&Value> {
    match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

/// One or many texts; conditions also write booleans and numbers bare.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
        _ => Vec::new(),
    }
}

fn covers(statement: &Value, element: &str, negated: &str, matches: impl Fn(&str) -> bool) -> bool {
    match (statement.get(element), statement.get(negated)) {
        (Some(patterns), _) => texts(patterns).iter().any(|pattern| matches(pattern)),
        (None, Some(patterns)) => !texts(patterns).iter().any(|pattern| matches(pattern)),
        (None, None) => false,
    }
}

fn names(element: Option<&Value>, principal: &str) -> bool {
    let Some(element) = element else { return false };
    if element == "*" {
        return true;
    }
    let listed = |kind: &str| element.get(kind).map(texts).unwrap_or_default();
    if principal.ends_with(".amazonaws.com") {
        return ["Service", "Federated"].iter().any(|kind| listed(kind).iter().any(|name| name == principal));
    }
    let account = principal.split(':').nth(4).unwrap_or(principal);
    // The session of a role is named by itself, or by its role.
    let role = principal.split(":assumed-role/").nth(1).and_then(|rest| rest.split('/').next());
    listed("AWS").iter().any(|name| {
        name == principal
            || name == "*"
            || name == account
            || *name == format!("arn:aws:iam::{account}:root")
            || role.is_some_and(|role| {
                name.starts_with(&format!("arn:aws:iam::{account}:role/")) && name.ends_with(&format!("/{role}"))
            })
    })
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// IAM's wildcards: `*` for any characters, `?` for one.
pub fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // The usual two-pointer match: on a mismatch, go back to the last `*` and let it take one more character.
    let (mut p, mut t, mut star) = (0, 0, None);
    while let Some(wanted) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if c == wanted || *c == '?' => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::Call;
    use crate::sandbox::world::LEARNER_ACCOUNT;

    fn world(policy: &Value, trust: &Value) -> (World, String) {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1");
        let made = call
            .invoke(
                "iam",
                "CreateRole",
                &json!({ "RoleName": "worker", "AssumeRolePolicyDocument": trust.to_string() }),
            )
            .unwrap();
        call.invoke(
            "iam",
            "PutRolePolicy",
            &json!({ "RoleName": "worker", "PolicyName": "p", "PolicyDocument": policy.to_string() }),
        )
        .unwrap();
        let arn = made.pointer("/Role/Arn").unwrap().as_str().unwrap().to_owned();
        (world, arn)
    }

    fn trust() -> Value {
        json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "sts:AssumeRole" }
        ]})
    }

    #[test]
    fn a_role_may_do_what_its_policy_names_and_nothing_else() {
        let (world, role) = world(
            &json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": ["s3:Replicate*"], "Resource": "arn:aws:s3:::target/*" },
                { "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::target/secret/*" }
            ]}),
            &trust(),
        );
        let may = |action, resource| allows(&world, LEARNER_ACCOUNT, &role, action, resource);
        assert!(may("s3:ReplicateObject", "arn:aws:s3:::target/a"));
        assert!(may("s3:replicateobject", "arn:aws:s3:::target/a"), "actions do not know case");
        assert!(!may("s3:GetObject", "arn:aws:s3:::target/a"));
        assert!(!may("s3:ReplicateObject", "arn:aws:s3:::other/a"));
        assert!(!may("s3:ReplicateObject", "arn:aws:s3:::target/secret/a"), "a deny wins");
        assert!(!allows(&world, LEARNER_ACCOUNT, &format!("{role}x"), "s3:ReplicateObject", "arn:aws:s3:::target/a"));
    }

    #[test]
    fn not_action_turns_the_list_around() {
        let (world, role) =
            world(&json!({ "Statement": { "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" } }), &trust());
        assert!(allows(&world, LEARNER_ACCOUNT, &role, "s3:GetObject", "arn:aws:s3:::a/b"));
        assert!(!allows(&world, LEARNER_ACCOUNT, &role, "iam:CreateRole", "*"));
    }

    #[test]
    fn a_condition_on_what_the_request_does_not_carry_does_not_hold() {
        let statement = |condition: Value| json!({ "Statement": [{ "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition }] });
        let (unknown, role) = world(&statement(json!({ "StringEquals": { "aws:PrincipalTag/a": "b" } })), &trust());
        assert!(!allows(&unknown, LEARNER_ACCOUNT, &role, "s3:GetObject", "arn:aws:s3:::a/b"));
        let (known, role) =
            world(&statement(json!({ "StringEquals": { "aws:ResourceAccount": LEARNER_ACCOUNT } })), &trust());
        assert!(allows(&known, LEARNER_ACCOUNT, &role, "s3:GetObject", "arn:aws:s3:::a/b"));
    }

    #[test]
    fn only_a_named_principal_is_trusted() {
        let (world, role) = world(&json!({ "Statement": [] }), &trust());
        assert!(trusts(&world, LEARNER_ACCOUNT, &role, "s3.amazonaws.com"));
        assert!(!trusts(&world, LEARNER_ACCOUNT, &role, "lambda.amazonaws.com"));
        assert!(!trusts(&world, LEARNER_ACCOUNT, &role, LEARNER_ACCOUNT));
    }

    #[test]
    fn wildcards_match_as_in_iam() {
        assert!(like("arn:aws:s3:::a-*/b?", "arn:aws:s3:::a-x/y/bz"));
        assert!(like("*", ""));
        assert!(!like("a?", "a"));
        assert!(!like("a*c", "abd"));
    }
}
