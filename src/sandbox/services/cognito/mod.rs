//! Cognito: user pools with their clients and users, and identity pools with the credentials that they give.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record};
use crate::sandbox::call::{AwsError, Call, required, tags, text};

mod domain;
mod identities;
#[cfg(test)]
mod tests;
mod token;
mod users;

/// What this service holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pools: BTreeMap<String, Pool>,
    identity_pools: BTreeMap<String, IdentityPool>,
    /// Identities by id.
    #[serde(default)]
    identities: BTreeMap<String, identities::Identity>,
}

/// A user pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pool {
    arn: String,
    name: String,
    protected: bool,
    /// Clients as they are shown, by id.
    clients: BTreeMap<String, Value>,
    /// The prefix of its domain.
    #[serde(default)]
    domain: Option<String>,
    /// Its settings, as they were given.
    #[serde(default)]
    settings: Value,
    /// Its users by id.
    #[serde(default)]
    users: BTreeMap<String, users::User>,
    tags: Vec<(String, String)>,
}

/// An identity pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct IdentityPool {
    arn: String,
    name: String,
    unauthenticated: bool,
    /// Whose tokens it takes: `[{ ProviderName, ClientId }]`.
    #[serde(default)]
    providers: Value,
    roles: Value,
    tags: Vec<(String, String)>,
}

/// What will happen to it: nothing, pools are there at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {}

/// Lets a transition happen.
#[allow(clippy::needless_pass_by_value)] // every service takes its transition by value
pub fn apply(_call: &mut Call<'_>, what: Transition) {
    match what {}
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateUserPool" => create_pool,
        "DescribeUserPool" => describe_pool,
        "DeleteUserPool" => delete_pool,
        "CreateUserPoolDomain" => domain::create,
        "DescribeUserPoolDomain" => domain::describe,
        "DeleteUserPoolDomain" => domain::delete,
        "CreateUserPoolClient" => create_client,
        "DescribeUserPoolClient" => describe_client,
        "DeleteUserPoolClient" => delete_client,
        "SignUp" => users::sign_up,
        "ConfirmSignUp" => users::confirm,
        "AdminConfirmSignUp" => users::admin_confirm,
        "AdminGetUser" => users::admin_get,
        "GetUser" => users::get,
        "InitiateAuth" => users::initiate,
        "GetId" => identities::get_id,
        "GetCredentialsForIdentity" => identities::get_credentials,
        "CreateIdentityPool" => create_identity_pool,
        "DescribeIdentityPool" => describe_identity_pool,
        "DeleteIdentityPool" => delete_identity_pool,
        "SetIdentityPoolRoles" => set_roles,
        "GetIdentityPoolRoles" => get_roles,
        _ => return None,
    })
}

fn no_pool(id: &str) -> AwsError {
    AwsError::client("ResourceNotFoundException", format!("User pool {id} does not exist."))
}

fn no_identity_pool(id: &str) -> AwsError {
    AwsError::client("ResourceNotFoundException", format!("IdentityPool '{id}' not found."))
}

fn create_pool(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "PoolName")?.to_owned();
    let unique = call.upper_id(9);
    let id = format!("{}_{unique}", call.region);
    let pool = Pool {
        arn: call.arn("cognito-idp", &format!("userpool/{id}")),
        name,
        protected: text(input, "DeletionProtection") == Some("ACTIVE"),
        clients: BTreeMap::new(),
        domain: None,
        settings: ["Policies", "UsernameAttributes", "AutoVerifiedAttributes"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), input.get(name)?.clone())))
            .collect(),
        users: BTreeMap::new(),
        tags: tags(input.get("UserPoolTags")),
    };
    let answer = json!({ "UserPool": show_pool(&id, &pool) });
    call.regional().cognito.pools.insert(id, pool);
    Ok(answer)
}

fn show_pool(id: &str, pool: &Pool) -> Value {
    let mut shown = json!({
        "Id": id,
        "Name": pool.name,
        "Arn": pool.arn,
        "DeletionProtection": if pool.protected { "ACTIVE" } else { "INACTIVE" },
    });
    if let Some(members) = shown.as_object_mut() {
        members.extend(pool.settings.as_object().cloned().unwrap_or_default());
        if let Some(domain) = &pool.domain {
            members.insert("Domain".into(), json!(domain));
        }
    }
    shown
}

fn pool<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<(String, &'c mut Pool), AwsError> {
    let id = required(input, "UserPoolId")?.to_owned();
    let pool = call.regional().cognito.pools.get_mut(&id).ok_or_else(|| no_pool(&id))?;
    Ok((id, pool))
}

fn describe_pool(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (id, pool) = pool(call, input)?;
    Ok(json!({ "UserPool": show_pool(&id, pool) }))
}

fn delete_pool(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let protects = call.world.rule("cognito.deletion-protection");
    let domain_first = call.world.rule("cognito.domain-first");
    let (id, pool) = pool(call, input)?;
    // Source: AWS's answer in hashicorp/terraform-provider-aws#16479.
    if pool.domain.is_some() && domain_first {
        let message = "User pool cannot be deleted. It has a domain configured that should be deleted first.";
        return Err(AwsError::client("InvalidParameterException", message));
    }
    if pool.protected && protects {
        let message = "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.";
        return Err(AwsError::client("InvalidParameterException", message));
    }
    call.regional().cognito.pools.remove(&id);
    Ok(json!({}))
}

fn create_client(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    required(input, "ClientName")?;
    let client = call.hex_id(26);
    let (id, pool) = pool(call, input)?;
    let mut shown = input.as_object().cloned().unwrap_or_default();
    shown.remove("GenerateSecret");
    shown.extend([("UserPoolId".to_owned(), json!(id)), ("ClientId".to_owned(), json!(client))]);
    pool.clients.insert(client, shown.clone().into());
    Ok(json!({ "UserPoolClient": shown }))
}

fn describe_client(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let client = required(input, "ClientId")?.to_owned();
    let (_, pool) = pool(call, input)?;
    let shown = pool.clients.get(&client).ok_or_else(|| no_client(&client))?;
    Ok(json!({ "UserPoolClient": shown }))
}

fn no_client(id: &str) -> AwsError {
    AwsError::client("ResourceNotFoundException", format!("User pool client {id} does not exist."))
}

fn delete_client(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let client = required(input, "ClientId")?.to_owned();
    let (_, pool) = pool(call, input)?;
    pool.clients.remove(&client).map(|_| json!({})).ok_or_else(|| no_client(&client))
}

fn create_identity_pool(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "IdentityPoolName")?.to_owned();
    let unique = call.uuid();
    let id = format!("{}:{unique}", call.region);
    let pool = IdentityPool {
        arn: call.arn("cognito-identity", &format!("identitypool/{id}")),
        name,
        unauthenticated: input.get("AllowUnauthenticatedIdentities").and_then(Value::as_bool).unwrap_or(false),
        providers: input.get("CognitoIdentityProviders").cloned().unwrap_or_default(),
        roles: json!({}),
        tags: tags(input.get("IdentityPoolTags")),
    };
    let answer = show_identity_pool(&id, &pool);
    call.regional().cognito.identity_pools.insert(id, pool);
    Ok(answer)
}

fn show_identity_pool(id: &str, pool: &IdentityPool) -> Value {
    let mut shown = json!({
        "IdentityPoolId": id,
        "IdentityPoolName": pool.name,
        "AllowUnauthenticatedIdentities": pool.unauthenticated,
    });
    if let (Value::Array(_), Some(members)) = (&pool.providers, shown.as_object_mut()) {
        members.insert("CognitoIdentityProviders".into(), pool.providers.clone());
    }
    shown
}

fn identity_pool<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<(String, &'c mut IdentityPool), AwsError> {
    let id = required(input, "IdentityPoolId")?.to_owned();
    let pool = call.regional().cognito.identity_pools.get_mut(&id).ok_or_else(|| no_identity_pool(&id))?;
    Ok((id, pool))
}

fn describe_identity_pool(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (id, pool) = identity_pool(call, input)?;
    Ok(show_identity_pool(&id, pool))
}

fn delete_identity_pool(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (id, _) = identity_pool(call, input)?;
    call.regional().cognito.identity_pools.remove(&id);
    Ok(json!({}))
}

fn set_roles(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let roles = input.get("Roles").cloned().unwrap_or_else(|| json!({}));
    let (_, pool) = identity_pool(call, input)?;
    pool.roles = roles;
    Ok(json!({}))
}

fn get_roles(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (id, pool) = identity_pool(call, input)?;
    Ok(json!({ "IdentityPoolId": id, "Roles": pool.roles }))
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let state = &call.regional().cognito;
    let pools = state.pools.iter().map(|(id, pool)| Record {
        type_name: "AWS::Cognito::UserPool",
        id: id.clone(),
        arn: pool.arn.clone(),
        tags: pool.tags.clone(),
        properties: show_pool(id, pool),
        built_in: false,
    });
    let identity_pools = state.identity_pools.iter().map(|(id, pool)| Record {
        type_name: "AWS::Cognito::IdentityPool",
        id: id.clone(),
        arn: pool.arn.clone(),
        tags: pool.tags.clone(),
        properties: show_identity_pool(id, pool),
        built_in: false,
    });
    pools.chain(identity_pools).collect()
}
