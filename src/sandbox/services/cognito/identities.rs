//! Identities of an identity pool, and the credentials of its roles that they are given.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::{iam, sts};
use super::{no_identity_pool, token};
use crate::sandbox::call::{AwsError, Call, required, text};

/// How long the credentials last. Source: Amazon Cognito identity pools, enhanced flow: one hour.
const SECONDS: u64 = 3600;
/// The session's name. Source: the ARNs of Amazon Cognito's sessions in AWS CloudTrail.
const SESSION: &str = "CognitoIdentityCredentials";

/// Somebody, known or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Identity {
    pool: String,
    /// The user's id by provider; none for a guest.
    logins: BTreeMap<String, String>,
}

fn unauthorized(message: impl Into<String>) -> AwsError {
    AwsError::client("NotAuthorizedException", message)
}

/// Moves the call to the account that has what is looked for, in the Region that its id begins with: nobody signs these
/// calls.
fn home(call: &mut Call<'_>, id: &str, has: impl Fn(&super::State) -> bool) -> bool {
    let region = id.split(':').next().unwrap_or_default().to_owned();
    let fits = call.region.is_empty() || call.region == region;
    let found = call
        .world
        .accounts
        .iter()
        .filter(|_| fits)
        .find(|(_, state)| state.regions.get(&region).is_some_and(|region| has(&region.cognito)));
    let Some(account) = found.map(|(account, _)| account.clone()) else { return false };
    (call.account, call.region) = (account, region);
    true
}

/// Who the logins prove to be: the user's id by provider. A token of a pool that the identity pool does not know proves
/// nothing.
fn proved(call: &mut Call<'_>, pool: &str, input: &Value) -> Result<BTreeMap<String, String>, AwsError> {
    let now = call.now().millis() / 1000;
    let known = call.regional().cognito.identity_pools.get(pool).map(|pool| pool.providers.clone());
    let known = known.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    let mut proved = BTreeMap::new();
    for (provider, given) in input.get("Logins").and_then(Value::as_object).into_iter().flatten() {
        let clients: Vec<&Value> = known
            .iter()
            .filter(|one| text(one, "ProviderName") == Some(provider))
            .filter_map(|one| one.get("ClientId"))
            .collect();
        if clients.is_empty() {
            return Err(unauthorized("Token is not from a supported provider of this identity pool."));
        }
        let claims = token::read(call, given.as_str().unwrap_or_default())
            .filter(|claims| text(claims, "token_use") == Some("id"))
            .ok_or_else(|| unauthorized("Invalid login token. Not a valid OpenId Connect identity token."))?;
        if text(&claims, "iss") != Some(&format!("https://{provider}")) {
            return Err(unauthorized("Invalid login token. Issuer doesn't match providerName"));
        }
        if !claims.get("aud").is_some_and(|client| clients.contains(&client)) {
            return Err(unauthorized("Invalid login token. Incorrect token audience."));
        }
        let end = claims.get("exp").and_then(Value::as_i64).unwrap_or_default();
        if end <= now {
            return Err(unauthorized(format!("Invalid login token. Token expired: {end} >= {now}")));
        }
        proved.insert(provider.clone(), text(&claims, "sub").unwrap_or_default().to_owned());
    }
    Ok(proved)
}

/// `GetId`: the same user has the same identity, a guest a new one each time.
pub(super) fn get_id(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let pool = required(input, "IdentityPoolId")?.to_owned();
    if !home(call, &pool, |state| state.identity_pools.contains_key(&pool)) {
        return Err(no_identity_pool(&pool));
    }
    let logins = proved(call, &pool, input)?;
    let state = &call.regional().cognito;
    if logins.is_empty() && !state.identity_pools.get(&pool).is_some_and(|pool| pool.unauthenticated) {
        return Err(unauthorized("Unauthenticated access is not supported for this identity pool."));
    }
    let same = |one: &Identity| !logins.is_empty() && one.pool == pool && one.logins == logins;
    if let Some((id, _)) = state.identities.iter().find(|(_, one)| same(one)) {
        return Ok(json!({ "IdentityId": id }));
    }
    let unique = call.uuid();
    let id = format!("{}:{unique}", call.region);
    call.regional().cognito.identities.insert(id.clone(), Identity { pool, logins });
    Ok(json!({ "IdentityId": id }))
}

/// `GetCredentialsForIdentity`: a session of the pool's role for users, or of that for guests.
pub(super) fn get_credentials(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "IdentityId")?.to_owned();
    let missing = || AwsError::client("ResourceNotFoundException", format!("Identity '{id}' not found."));
    if !home(call, &id, |state| state.identities.contains_key(&id)) {
        return Err(missing());
    }
    let identity = call.regional().cognito.identities.get(&id).cloned().ok_or_else(missing)?;
    if proved(call, &identity.pool, input)? != identity.logins {
        return Err(unauthorized(format!("Access to Identity '{id}' is forbidden.")));
    }
    let kind = if identity.logins.is_empty() { "unauthenticated" } else { "authenticated" };
    let roles = call.regional().cognito.identity_pools.get(&identity.pool).map(|pool| pool.roles.clone());
    let role = roles.as_ref().and_then(|roles| text(roles, kind)).map(str::to_owned);
    let context = iam::Context::default()
        .with("cognito-identity.amazonaws.com:aud", &identity.pool)
        .with("cognito-identity.amazonaws.com:sub", &id)
        .with("cognito-identity.amazonaws.com:amr", kind);
    let (who, action) = ("cognito-identity.amazonaws.com", "sts:AssumeRoleWithWebIdentity");
    let role = role.filter(|role| iam::trusts_in(call.world, &call.account, role, who, action, &context));
    let role = role.ok_or_else(|| {
        let why = "Invalid identity pool configuration. Check assigned IAM roles for this pool.";
        AwsError::client("InvalidIdentityPoolConfigurationException", why)
    })?;
    let account = role.split(':').nth(4).unwrap_or_default().to_owned();
    let name = role.rsplit('/').next().unwrap_or_default();
    let principal = format!("arn:aws:sts::{account}:assumed-role/{name}/{SESSION}");
    let given = sts::issue_to(call.world, &account, &principal, SECONDS, &id);
    Ok(json!({
        "IdentityId": id,
        "Credentials": {
            "AccessKeyId": given.get("AccessKeyId"), "SecretKey": given.get("SecretAccessKey"),
            "SessionToken": given.get("SessionToken"), "Expiration": given.get("Expiration"),
        },
    }))
}
