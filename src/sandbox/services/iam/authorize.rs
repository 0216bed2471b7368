//! What an operation needs: the IAM action and the resource that a request asks for, and the refusal when a role may not.

use serde_json::Value;

use super::conditions::Context;
use super::policy::{Decision, decide};
use crate::sandbox::World;
use crate::sandbox::call::{AwsError, Call, text};

/// Refuses what the policies of the caller's role do not allow. The account's own user is an administrator.
pub fn authorize(call: &mut Call<'_>, service: &str, operation: &str, input: &Value) -> Result<(), AwsError> {
    let principal = call.principal.clone();
    let Some(role) = role_of(call, &principal) else { return Ok(()) };
    // Everybody may ask who he is. Source: AWS STS API Reference, GetCallerIdentity.
    if (service, operation) == ("sts", "GetCallerIdentity") || !call.world.rule("iam.caller") {
        return Ok(());
    }
    let needed = resources(call, service, operation, input);
    check(call, &role, service, operation, &needed)
}

/// Refuses what the policies of a role that a service acts through do not allow; `session` names the service's session.
pub fn authorize_role(
    call: &mut Call<'_>,
    role: &str,
    session: &str,
    service: &str,
    operation: &str,
    input: &Value,
) -> Result<(), AwsError> {
    let account = role.split(':').nth(4).unwrap_or_default();
    let name = role.rsplit('/').next().unwrap_or_default();
    let before = call.principal.clone();
    call.principal = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
    let needed = resources(call, service, operation, input);
    let answer = check(call, role, service, operation, &needed);
    call.principal = before;
    answer
}

/// Whether a principal may call an API's method. The account's own user is an administrator.
pub fn may_invoke(world: &mut World, region: &str, principal: &str, resource: &str) -> bool {
    let account = principal.split(':').nth(4).unwrap_or_default().to_owned();
    let mut call = Call::new(world, &account, region);
    principal.clone_into(&mut call.principal);
    let Some(role) = role_of(&mut call, principal) else { return true };
    !call.world.rule("iam.caller") || check(&call, &role, "execute-api", "Invoke", &[resource.to_owned()]).is_ok()
}

fn check(call: &Call<'_>, role: &str, service: &str, operation: &str, resources: &[String]) -> Result<(), AwsError> {
    let action = action(service, operation);
    let context = Context::of_role(&call.account, role).with("aws:RequestedRegion", &call.region);
    for resource in resources {
        match decide(call.world, &call.account, role, &action, resource, &context) {
            Decision::Allowed => {}
            refused => return Err(denied(service, &call.principal, &action, resource, refused)),
        }
    }
    Ok(())
}

/// AWS's refusal, in the code of the service's protocol.
/// Source: IAM User Guide, "Troubleshoot access denied error messages".
fn denied(service: &str, principal: &str, action: &str, resource: &str, decision: Decision) -> AwsError {
    let why = match decision {
        Decision::ExplicitDeny => "with an explicit deny in an identity-based policy".to_owned(),
        _ => format!("because no identity-based policy allows the {action} action"),
    };
    let message = format!("User: {principal} is not authorized to perform: {action} on resource: {resource} {why}");
    match service {
        "ec2" => AwsError::with_status(
            403,
            "UnauthorizedOperation",
            format!("You are not authorized to perform this operation. {message}"),
        ),
        "s3" | "sts" | "iam" | "rds" | "cloudformation" | "route53" | "cloudfront" | "elbv2" | "elasticache" => {
            AwsError::with_status(403, "AccessDenied", message)
        }
        "lambda" | "apigateway" | "scheduler" => AwsError::with_status(403, "AccessDeniedException", message),
        _ => AwsError::client("AccessDeniedException", message),
    }
}

/// The ARN of the role whose session acts, when one does.
fn role_of(call: &mut Call<'_>, principal: &str) -> Option<String> {
    let (account, rest) = principal.strip_prefix("arn:aws:sts::")?.split_once(":assumed-role/")?;
    let name = rest.split('/').next().unwrap_or_default();
    let known = call.world.accounts.get(account).and_then(|state| state.iam.roles.get(name));
    // The session of a role that was deleted may do nothing.
    Some(known.map_or_else(|| format!("arn:aws:iam::{account}:role/{name}"), |role| role.arn.clone()))
}

/// Prefixes of actions that differ from our keys. Source: Service Authorization Reference.
const PREFIXES: &[(&str, &str)] = &[
    ("cloudcontrol", "cloudformation"),
    ("elbv2", "elasticloadbalancing"),
    ("resourcegroupstaggingapi", "tag"),
    ("service-quotas", "servicequotas"),
    ("cognito", "cognito-idp"),
];

/// Actions that differ from their operations. Source: Service Authorization Reference, per service.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("s3", "ListBuckets", "ListAllMyBuckets"),
    ("s3", "ListObjects", "ListBucket"),
    ("s3", "ListObjectsV2", "ListBucket"),
    ("s3", "ListObjectVersions", "ListBucketVersions"),
    ("s3", "HeadBucket", "ListBucket"),
    ("s3", "HeadObject", "GetObject"),
    ("s3", "CopyObject", "PutObject"),
    ("s3", "DeleteObjects", "DeleteObject"),
    ("s3", "GetBucketReplication", "GetReplicationConfiguration"),
    ("s3", "PutBucketReplication", "PutReplicationConfiguration"),
    ("s3", "DeleteBucketReplication", "PutReplicationConfiguration"),
    ("s3", "GetBucketEncryption", "GetEncryptionConfiguration"),
    ("s3", "PutBucketEncryption", "PutEncryptionConfiguration"),
    ("s3", "GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
    ("s3", "PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("lambda", "Invoke", "InvokeFunction"),
];

/// The action of an operation. API Gateway's management API knows HTTP's methods only.
pub fn action(service: &str, operation: &str) -> String {
    let prefix = PREFIXES.iter().find(|(key, _)| *key == service).map_or(service, |(_, prefix)| prefix);
    if service == "apigateway" {
        let method = [("Get", "GET"), ("Create", "POST"), ("Delete", "DELETE"), ("Put", "PUT"), ("Tag", "PUT")];
        let verb = method.iter().find(|(verb, _)| operation.starts_with(verb)).map_or("PATCH", |(_, method)| method);
        return format!("apigateway:{verb}");
    }
    let name = ACTIONS.iter().find(|(key, name, _)| *key == service && *name == operation);
    format!("{prefix}:{}", name.map_or(operation, |(_, _, action)| action))
}

/// Members that name a resource, and the ARN that they stand for: `{}` is the member, `R` and `A` Region and account.
const MEMBERS: &[(&str, &str, &str)] = &[
    ("cloudformation", "StackName", "arn:aws:cloudformation:R:A:stack/{}/*"),
    ("dynamodb", "TableName", "arn:aws:dynamodb:R:A:table/{}"),
    ("dynamodb", "ResourceArn", "{}"),
    ("ecs", "service", "arn:aws:ecs:R:A:service/{cluster}/{}"),
    ("ecs", "cluster", "arn:aws:ecs:R:A:cluster/{}"),
    ("iam", "RoleName", "arn:aws:iam::A:role/{}"),
    ("iam", "PolicyArn", "{}"),
    ("lambda", "FunctionName", "arn:aws:lambda:R:A:function:{}"),
    ("logs", "logGroupName", "arn:aws:logs:R:A:log-group:{}:*"),
    ("rds", "DBClusterIdentifier", "arn:aws:rds:R:A:cluster:{}"),
    ("rds", "DBInstanceIdentifier", "arn:aws:rds:R:A:db:{}"),
    ("rds", "DBSubnetGroupName", "arn:aws:rds:R:A:subgrp:{}"),
    ("route53", "HostedZoneId", "arn:aws:route53:::hostedzone/{}"),
    ("route53", "HealthCheckId", "arn:aws:route53:::healthcheck/{}"),
    ("route53", "Id", "arn:aws:route53:::hostedzone/{}"),
    ("secretsmanager", "SecretId", "arn:aws:secretsmanager:R:A:secret:{}-*"),
    ("ssm", "Name", "arn:aws:ssm:R:A:parameter/{}"),
    ("ssm", "Path", "arn:aws:ssm:R:A:parameter/{}"),
    ("sts", "RoleArn", "{}"),
    ("acm", "CertificateArn", "{}"),
    ("codepipeline", "name", "arn:aws:codepipeline:R:A:{}"),
    ("codepipeline", "pipelineName", "arn:aws:codepipeline:R:A:{}"),
    ("codebuild", "projectName", "arn:aws:codebuild:R:A:project/{}"),
    ("kms", "KeyId", "arn:aws:kms:R:A:key/{}"),
    ("scheduler", "Name", "arn:aws:scheduler:R:A:schedule/default/{}"),
];

/// The ARNs that a request asks for; `*` when the operation knows no resource, or the sandbox none of its members.
fn resources(call: &Call<'_>, service: &str, operation: &str, input: &Value) -> Vec<String> {
    if let (true, Some(name)) = (operation.ends_with("BasePathMapping"), text(input, "domainName")) {
        return vec![format!("arn:aws:apigateway:{}::/domainnames/{name}/basepathmappings", call.region)];
    }
    if service == "s3" {
        let Some(bucket) = text(input, "Bucket") else { return vec!["*".to_owned()] };
        let object = |key: &str| format!("arn:aws:s3:::{bucket}/{key}");
        let keys = input.pointer("/Delete/Objects").and_then(Value::as_array);
        return match (text(input, "Key"), keys) {
            (Some(key), _) => vec![object(key)],
            (None, Some(keys)) => keys.iter().filter_map(|entry| text(entry, "Key").map(object)).collect(),
            (None, None) => vec![format!("arn:aws:s3:::{bucket}")],
        };
    }
    if service == "dynamodb"
        && let Some(tables) = dynamodb_tables(input)
    {
        let arn = |table| format!("arn:aws:dynamodb:{}:{}:table/{table}", call.region, call.account);
        return tables.into_iter().map(arn).collect();
    }
    let members = MEMBERS.iter().filter(|(key, _, _)| *key == service);
    let named = members.into_iter().find_map(|(_, member, arn)| Some((text(input, member)?, *arn)));
    let Some((name, arn)) = named else { return vec!["*".to_owned()] };
    if name.starts_with("arn:") {
        return vec![name.to_owned()];
    }
    let name = name.trim_start_matches('/').trim_start_matches("hostedzone/");
    let cluster = text(input, "cluster").map_or("default", |cluster| cluster.rsplit('/').next().unwrap_or(cluster));
    let filled = arn.replace(":R:", &format!(":{}:", call.region)).replace(":A:", &format!(":{}:", call.account));
    let mut needed = filled.replace("{cluster}", cluster).replace("{}", name);
    if let (Some(index), "dynamodb") = (text(input, "IndexName"), service) {
        needed = format!("{needed}/index/{index}");
    }
    vec![needed]
}

/// The tables of a batch or a transaction.
fn dynamodb_tables(input: &Value) -> Option<Vec<String>> {
    if let Some(Value::Object(tables)) = input.get("RequestItems") {
        return Some(tables.keys().cloned().collect());
    }
    let items = input.get("TransactItems")?.as_array()?;
    let of = |item: &Value| {
        let part = item.as_object()?.values().find_map(|part| text(part, "TableName"));
        part.map(str::to_owned)
    };
    Some(items.iter().filter_map(of).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::World;
    use crate::sandbox::world::LEARNER_ACCOUNT;

    /// A call by a session of a role with that policy.
    fn by_role<'w>(world: &'w mut World, statements: &Value) -> Call<'w> {
        let mut call = Call::new(world, LEARNER_ACCOUNT, "eu-west-1");
        let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "AWS": LEARNER_ACCOUNT }, "Action": "sts:AssumeRole" }] });
        let role = json!({ "RoleName": "reader", "AssumeRolePolicyDocument": trust.to_string() });
        call.invoke("iam", "CreateRole", &role).unwrap();
        let policy = json!({ "RoleName": "reader", "PolicyName": "p", "PolicyDocument": json!({ "Statement": statements }).to_string() });
        call.invoke("iam", "PutRolePolicy", &policy).unwrap();
        call.principal = format!("arn:aws:sts::{LEARNER_ACCOUNT}:assumed-role/reader/me");
        call
    }

    #[test]
    fn a_session_may_do_what_its_role_may() {
        let mut world = World::new(1);
        let statements = json!([
            { "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:eu-west-1:*:table/books" },
            { "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::shop" },
            { "Effect": "Deny", "Action": "rds:Delete*", "Resource": "*" },
        ]);
        let mut call = by_role(&mut world, &statements);
        let books = json!({ "TableName": "books" });
        authorize(&mut call, "dynamodb", "GetItem", &books).unwrap();
        authorize(&mut call, "s3", "ListObjectsV2", &json!({ "Bucket": "shop" })).unwrap();
        authorize(&mut call, "sts", "GetCallerIdentity", &json!({})).unwrap();
        let error = authorize(&mut call, "dynamodb", "PutItem", &books).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("AccessDeniedException", 400));
        assert_eq!(
            error.message,
            "User: arn:aws:sts::111122223333:assumed-role/reader/me is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:eu-west-1:111122223333:table/books because no identity-based policy allows the dynamodb:PutItem action"
        );
        let error = authorize(&mut call, "rds", "DeleteDBCluster", &json!({ "DBClusterIdentifier": "c" })).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("AccessDenied", 403));
        assert!(error.message.ends_with("with an explicit deny in an identity-based policy"), "{error}");
        call.world.rules_off.insert("iam.caller".to_owned());
        authorize(&mut call, "dynamodb", "PutItem", &books).unwrap();
    }

    #[test]
    fn every_object_of_a_request_must_be_allowed() {
        let mut world = World::new(1);
        let statements =
            json!([{ "Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::shop/a*" }]);
        let mut call = by_role(&mut world, &statements);
        let delete = |keys: &[&str]| json!({ "Bucket": "shop", "Delete": { "Objects": keys.iter().map(|key| json!({ "Key": key })).collect::<Vec<_>>() } });
        authorize(&mut call, "s3", "DeleteObjects", &delete(&["a", "ab"])).unwrap();
        assert_eq!(authorize(&mut call, "s3", "DeleteObjects", &delete(&["a", "b"])).unwrap_err().code, "AccessDenied");
    }

    #[test]
    fn the_accounts_own_user_is_an_administrator() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, LEARNER_ACCOUNT, "eu-west-1");
        authorize(&mut call, "iam", "DeleteRole", &json!({ "RoleName": "x" })).unwrap();
    }

    #[test]
    fn actions_have_their_own_names() {
        assert_eq!(action("s3", "HeadObject"), "s3:GetObject");
        assert_eq!(action("elbv2", "DescribeTargetGroups"), "elasticloadbalancing:DescribeTargetGroups");
        assert_eq!(action("apigateway", "CreateRestApi"), "apigateway:POST");
    }
}
