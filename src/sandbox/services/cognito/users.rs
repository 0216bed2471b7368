//! Users of a pool: signing up, confirming, and signing in with a password.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Pool, no_client, no_pool, token};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, text};
use crate::sandbox::chance;

/// How long an access token and an id token hold, and a refresh token, when the client does not say. Source: Amazon
/// Cognito Developer Guide, "Using tokens with user pools": one hour, 30 days.
const TOKEN_SECONDS: i64 = 3600;
const REFRESH_SECONDS: i64 = 30 * 24 * 3600;
/// How long a confirmation code holds. Source: likewise, "Signing up and confirming user accounts": 24 hours.
const CODE_SECONDS: u64 = 24 * 3600;
/// The shortest password when the pool has no policy of its own. Source: likewise, "Adding user pool password
/// requirements": 8 characters of all kinds.
const SHORTEST: u64 = 8;
/// What counts as a symbol. Source: likewise.
const SYMBOLS: &str = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= ";

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct User {
    /// The digest of the password.
    password: String,
    attributes: Vec<(String, String)>,
    confirmed: bool,
    /// The code that was sent, and when.
    code: Option<(String, SimTime)>,
    created: SimTime,
}

impl User {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn refused(code: &str, message: impl Into<String>) -> AwsError {
    AwsError::client(code, message)
}

fn unauthorized(message: impl Into<String>) -> AwsError {
    refused("NotAuthorizedException", message)
}

/// Moves the call to where the client of its input is: nobody signs these calls, so nothing else says whose pool it is.
/// The pool's id, and whether absent users look like wrong passwords.
fn home(call: &mut Call<'_>, input: &Value) -> Result<(String, Value), AwsError> {
    let client = required(input, "ClientId")?;
    let asked = call.region.clone();
    let found = call.world.accounts.iter().find_map(|(account, state)| {
        state.regions.iter().filter(|(region, _)| asked.is_empty() || **region == asked).find_map(|(region, state)| {
            let (id, pool) = state.cognito.pools.iter().find(|(_, pool)| pool.clients.contains_key(client))?;
            Some((account.clone(), region.clone(), id.clone(), pool.clients.get(client)?.clone()))
        })
    });
    let (account, region, pool, client) = found.ok_or_else(|| no_client(client))?;
    (call.account, call.region) = (account, region);
    Ok((pool, client))
}

fn pool<'c>(call: &'c mut Call<'_>, id: &str) -> Result<&'c mut Pool, AwsError> {
    call.regional().cognito.pools.get_mut(id).ok_or_else(|| no_pool(id))
}

impl Pool {
    fn signs_in_by(&self, attribute: &str) -> bool {
        let names = self.settings.get("UsernameAttributes").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|name| name == attribute))
    }

    /// The user of that name: their id, or their address where the pool takes it.
    fn user(&self, name: &str) -> Option<(String, &User)> {
        let by_address = || {
            let same = |user: &User| user.attribute("email").is_some_and(|email| email.eq_ignore_ascii_case(name));
            self.users.iter().find(|(_, user)| self.signs_in_by("email") && same(user))
        };
        self.users.get_key_value(name).or_else(by_address).map(|(id, user)| (id.clone(), user))
    }

    /// What a password lacks. Source: likewise; the words are Cognito's.
    fn weakness(&self, password: &str) -> Option<&'static str> {
        let policy = self.settings.pointer("/Policies/PasswordPolicy");
        let least = policy.and_then(|policy| policy.get("MinimumLength")).and_then(Value::as_u64).unwrap_or(SHORTEST);
        let wants = |name: &str| policy.is_none_or(|policy| policy.get(name).and_then(Value::as_bool) == Some(true));
        let has = |test: fn(char) -> bool| password.chars().any(test);
        if (password.chars().count() as u64) < least {
            Some("Password not long enough")
        } else if wants("RequireLowercase") && !has(|c| c.is_ascii_lowercase()) {
            Some("Password must have lowercase characters")
        } else if wants("RequireUppercase") && !has(|c| c.is_ascii_uppercase()) {
            Some("Password must have uppercase characters")
        } else if wants("RequireNumbers") && !has(|c| c.is_ascii_digit()) {
            Some("Password must have numeric characters")
        } else if wants("RequireSymbols") && !has(|c| SYMBOLS.contains(c)) {
            Some("Password must have symbol characters")
        } else {
            None
        }
    }
}

/// `SignUp`. The code that Cognito would send is a line of the world's log.
pub(super) fn sign_up(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (pool_id, _) = home(call, input)?;
    let (name, password) = (required(input, "Username")?.to_owned(), required(input, "Password")?.to_owned());
    let (sub, now) = (call.uuid(), call.now());
    let code = format!("{:06}", chance::bits(call.world.seed, "cognito.code", &sub, 0) % 1_000_000);
    let pool = pool(call, &pool_id)?;
    let by_email = pool.signs_in_by("email");
    if by_email && !name.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty()) {
        return Err(refused("InvalidParameterException", "Username should be an email."));
    }
    if let Some(why) = pool.weakness(&password) {
        return Err(refused("InvalidPasswordException", format!("Password did not conform with policy: {why}")));
    }
    if pool.user(&name).is_some() {
        let why = if by_email { "An account with the given email already exists." } else { "User already exists" };
        return Err(refused("UsernameExistsException", why));
    }
    let given = input.get("UserAttributes").and_then(Value::as_array).into_iter().flatten();
    let mut attributes: Vec<(String, String)> = given
        .filter_map(|one| Some((text(one, "Name")?.to_owned(), text(one, "Value").unwrap_or_default().to_owned())))
        .filter(|(known, _)| known != "sub" && known != "email_verified")
        .collect();
    if by_email && !attributes.iter().any(|(known, _)| known == "email") {
        attributes.push(("email".to_owned(), name.clone()));
    }
    attributes.push(("sub".to_owned(), sub.clone()));
    let id = if by_email { sub.clone() } else { name };
    let verifies = pool.settings.get("AutoVerifiedAttributes").and_then(Value::as_array);
    let sends = verifies.is_some_and(|names| names.iter().any(|name| name == "email"));
    let email = attributes.iter().find(|(known, _)| known == "email").map(|(_, value)| value.clone());
    let email = email.filter(|_| sends);
    let user = User {
        password: token::digest(&id, &password),
        attributes,
        confirmed: false,
        code: email.is_some().then(|| (code.clone(), now)),
        created: now,
    };
    pool.users.insert(id, user);
    let mut answer = json!({ "UserConfirmed": false, "UserSub": sub });
    if let (Some(email), Some(members)) = (email, answer.as_object_mut()) {
        let hidden = email.split_once('@').map(|(user, host)| {
            let first = |text: &str| text.chars().next().unwrap_or('*');
            format!("{}***@{}***", first(user), first(host))
        });
        let details = json!({ "Destination": hidden, "DeliveryMedium": "EMAIL", "AttributeName": "email" });
        members.insert("CodeDeliveryDetails".into(), details);
        let printable: String = email.chars().filter(|c| !c.is_control()).collect();
        call.log(format!("e-mail to {printable}: Your confirmation code is {code}"));
    }
    Ok(answer)
}

/// `ConfirmSignUp`
pub(super) fn confirm(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (pool_id, _) = home(call, input)?;
    let (name, given, now) = (required(input, "Username")?, required(input, "ConfirmationCode")?, call.now());
    let pool = pool(call, &pool_id)?;
    let missing = || refused("UserNotFoundException", "Username/client id combination not found.");
    let (id, _) = pool.user(name).ok_or_else(missing)?;
    let user = pool.users.get_mut(&id).ok_or_else(missing)?;
    if user.confirmed {
        return Err(unauthorized("User cannot be confirmed. Current status is CONFIRMED"));
    }
    match &user.code {
        Some((_, since)) if now.since(*since).as_secs() >= CODE_SECONDS => {
            Err(refused("ExpiredCodeException", "Invalid code provided, please request a code again."))
        }
        Some((code, _)) if code == given => {
            user.confirmed = true;
            user.code = None;
            user.attributes.push(("email_verified".to_owned(), "true".to_owned()));
            Ok(json!({}))
        }
        _ => Err(refused("CodeMismatchException", "Invalid verification code provided, please try again.")),
    }
}

fn absent() -> AwsError {
    refused("UserNotFoundException", "User does not exist.")
}

/// `AdminConfirmSignUp`: confirmed without a code, and without proof of the address.
pub(super) fn admin_confirm(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (_, pool) = super::pool(call, input)?;
    let (id, _) = pool.user(required(input, "Username")?).ok_or_else(absent)?;
    let user = pool.users.get_mut(&id).ok_or_else(absent)?;
    if user.confirmed {
        return Err(unauthorized("User cannot be confirmed. Current status is CONFIRMED"));
    }
    user.confirmed = true;
    user.code = None;
    Ok(json!({}))
}

fn attributes(user: &User) -> Value {
    user.attributes.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect()
}

/// `AdminGetUser`
pub(super) fn admin_get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (_, pool) = super::pool(call, input)?;
    let (id, user) = pool.user(required(input, "Username")?).ok_or_else(absent)?;
    Ok(json!({
        "Username": id, "UserAttributes": attributes(user), "Enabled": true,
        "UserCreateDate": user.created.epoch_seconds(), "UserLastModifiedDate": user.created.epoch_seconds(),
        "UserStatus": if user.confirmed { "CONFIRMED" } else { "UNCONFIRMED" },
    }))
}

/// `GetUser`, by an access token.
pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let wrong = || unauthorized("Invalid Access Token");
    let claims = token::read(call, required(input, "AccessToken")?).ok_or_else(wrong)?;
    if text(&claims, "token_use") != Some("access") {
        return Err(wrong());
    }
    if claims.get("exp").and_then(Value::as_i64).is_none_or(|end| end <= call.now().millis() / 1000) {
        return Err(unauthorized("Access Token has expired"));
    }
    home(call, &json!({ "ClientId": claims.get("client_id") }))?;
    let pool_id = text(&claims, "iss").and_then(|issuer| issuer.rsplit('/').next()).unwrap_or_default();
    let (id, user) = pool(call, pool_id)?.user(text(&claims, "username").unwrap_or_default()).ok_or_else(absent)?;
    Ok(json!({ "Username": id, "UserAttributes": attributes(user) }))
}

/// `InitiateAuth` with a password or a refresh token; other flows are refused by name.
pub(super) fn initiate(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (pool_id, client) = home(call, input)?;
    let flow = required(input, "AuthFlow")?;
    let parameter = |name: &str| {
        let given = input.get("AuthParameters").and_then(|given| text(given, name));
        given.ok_or_else(|| refused("InvalidParameterException", format!("Missing required parameter {name}")))
    };
    let allowed = client.get("ExplicitAuthFlows").and_then(Value::as_array);
    let allows = |name: &str| allowed.is_some_and(|flows| flows.iter().any(|flow| flow == name));
    match flow {
        "USER_PASSWORD_AUTH" => {
            if !allows("ALLOW_USER_PASSWORD_AUTH") {
                let why = "USER_PASSWORD_AUTH flow not enabled for this client";
                return Err(refused("InvalidParameterException", why));
            }
            let (name, password) = (parameter("USERNAME")?, parameter("PASSWORD")?);
            let found = pool(call, &pool_id)?.user(name).map(|(id, user)| (id, user.clone()));
            let wrong = || unauthorized("Incorrect username or password.");
            let hides = text(&client, "PreventUserExistenceErrors") == Some("ENABLED");
            let (id, user) = found.ok_or_else(|| if hides { wrong() } else { absent() })?;
            if user.password != token::digest(&id, password) {
                return Err(wrong());
            }
            if !user.confirmed {
                return Err(refused("UserNotConfirmedException", "User is not confirmed."));
            }
            Ok(signed_in(call, &pool_id, &client, &id, &user, true))
        }
        "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => {
            let invalid = || unauthorized("Invalid Refresh Token");
            let claims = token::read(call, parameter("REFRESH_TOKEN")?).ok_or_else(invalid)?;
            let same = text(&claims, "token_use") == Some("refresh")
                && claims.get("client_id") == client.get("ClientId")
                && claims.get("exp").and_then(Value::as_i64).is_some_and(|end| end > call.now().millis() / 1000);
            if !same {
                return Err(invalid());
            }
            let name = text(&claims, "username").unwrap_or_default();
            let (id, user) =
                pool(call, &pool_id)?.user(name).map(|(id, user)| (id, user.clone())).ok_or_else(invalid)?;
            Ok(signed_in(call, &pool_id, &client, &id, &user, false))
        }
        other => Err(AwsError::client(
            "SandboxUnsupportedParameter",
            format!(
                "The sandbox does not simulate the flow {other}; it knows USER_PASSWORD_AUTH and REFRESH_TOKEN_AUTH."
            ),
        )),
    }
}

/// The tokens of a user who has proved who they are. A refresh gives no new refresh token.
fn signed_in(call: &mut Call<'_>, pool: &str, client: &Value, id: &str, user: &User, refreshes: bool) -> Value {
    let now = call.now().millis() / 1000;
    let issuer = format!("https://cognito-idp.{}.amazonaws.com/{pool}", call.region);
    let client = client.get("ClientId").cloned().unwrap_or_default();
    let common = |usage: &str, lasts: i64| -> Map<String, Value> {
        let claims = json!({
            "sub": user.attribute("sub"), "iss": issuer, "token_use": usage, "auth_time": now, "iat": now,
            "exp": now + lasts,
        });
        claims.as_object().cloned().unwrap_or_default()
    };
    let with = |mut claims: Map<String, Value>, more: Value| {
        claims.extend(more.as_object().cloned().unwrap_or_default());
        Value::Object(claims)
    };
    let identity = with(
        common("id", TOKEN_SECONDS),
        json!({
            "aud": client, "cognito:username": id, "email": user.attribute("email"),
            "email_verified": user.attribute("email_verified") == Some("true"),
        }),
    );
    let own = json!({ "client_id": client, "username": id, "scope": "aws.cognito.signin.user.admin" });
    let access = with(common("access", TOKEN_SECONDS), own.clone());
    let mut result = json!({
        "AccessToken": token::make(call, &access), "IdToken": token::make(call, &identity),
        "ExpiresIn": TOKEN_SECONDS, "TokenType": "Bearer",
    });
    if let (true, Some(members)) = (refreshes, result.as_object_mut()) {
        let refresh = with(common("refresh", REFRESH_SECONDS), own);
        members.insert("RefreshToken".into(), json!(token::make(call, &refresh)));
    }
    json!({ "ChallengeParameters": {}, "AuthenticationResult": result })
}
