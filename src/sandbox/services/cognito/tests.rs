//! Signing up, signing in, and the credentials that come of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::call::AwsError;
use crate::sandbox::services::sts;
use crate::sandbox::{Call, World};

const ME: &str = "111122223333";
const R1: &str = "eu-west-1";
const EMAIL: &str = "ann@shop.test";
const PASSWORD: &str = "a password of words";

/// A call that somebody signed.
fn ask(world: &mut World, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, ME, R1).invoke("cognito", operation, input)
}

/// A call that nobody signed, at an address that tells no Region.
fn unsigned(world: &mut World, operation: &str, input: &Value) -> Result<Value, AwsError> {
    Call::new(world, ME, "").invoke("cognito", operation, input)
}

fn code(result: Result<Value, AwsError>) -> String {
    result.unwrap_err().code
}

/// A pool of readers with a client.
struct Pools {
    world: World,
    pool: String,
    client: String,
}

fn pools() -> Pools {
    let mut world = World::new(1);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let input = json!({ "PoolName": "readers", "UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"],
        "Policies": { "PasswordPolicy": { "MinimumLength": 12 } } });
    let pool = text(&ask(&mut world, "CreateUserPool", &input).unwrap()["UserPool"]["Id"]);
    let input = json!({ "UserPoolId": pool, "ClientName": "page", "PreventUserExistenceErrors": "ENABLED",
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
    let client = text(&ask(&mut world, "CreateUserPoolClient", &input).unwrap()["UserPoolClient"]["ClientId"]);
    Pools { world, pool, client }
}

impl Pools {
    fn sign_up(&mut self, email: &str, password: &str) -> Result<Value, AwsError> {
        let input = json!({ "ClientId": self.client, "Username": email, "Password": password });
        unsigned(&mut self.world, "SignUp", &input)
    }

    fn sign_in(&mut self, email: &str, password: &str) -> Result<Value, AwsError> {
        let given = json!({ "USERNAME": email, "PASSWORD": password });
        let input = json!({ "ClientId": self.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": given });
        unsigned(&mut self.world, "InitiateAuth", &input)
    }

    /// A reader who is signed in; the answer of `InitiateAuth`.
    fn reader(&mut self) -> Value {
        self.sign_up(EMAIL, PASSWORD).unwrap();
        let input = json!({ "UserPoolId": self.pool, "Username": EMAIL });
        ask(&mut self.world, "AdminConfirmSignUp", &input).unwrap();
        self.sign_in(EMAIL, PASSWORD).unwrap()["AuthenticationResult"].clone()
    }

    /// An identity pool for the readers whose role trusts `trusted`.
    fn identity_pool(&mut self, trusted: Option<&str>) -> String {
        let provider = format!("cognito-idp.{R1}.amazonaws.com/{}", self.pool);
        let input = json!({ "IdentityPoolName": "readers", "AllowUnauthenticatedIdentities": false,
            "CognitoIdentityProviders": [{ "ProviderName": provider, "ClientId": self.client }] });
        let made = ask(&mut self.world, "CreateIdentityPool", &input).unwrap();
        let id = made["IdentityPoolId"].as_str().unwrap().to_owned();
        let trust = json!({ "Statement": [{
            "Effect": "Allow", "Principal": { "Federated": "cognito-identity.amazonaws.com" },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": { "cognito-identity.amazonaws.com:aud": trusted.unwrap_or(&id) },
                "ForAnyValue:StringLike": { "cognito-identity.amazonaws.com:amr": "authenticated" },
            },
        }] });
        let role = json!({ "RoleName": "shopper", "AssumeRolePolicyDocument": trust.to_string() });
        Call::new(&mut self.world, ME, R1).invoke("iam", "CreateRole", &role).unwrap();
        let roles = json!({ "authenticated": format!("arn:aws:iam::{ME}:role/shopper") });
        ask(&mut self.world, "SetIdentityPoolRoles", &json!({ "IdentityPoolId": id, "Roles": roles })).unwrap();
        id
    }

    fn logins(&self, token: &Value) -> Value {
        json!({ format!("cognito-idp.{R1}.amazonaws.com/{}", self.pool): token })
    }
}

#[test]
fn an_account_is_made_confirmed_by_the_code_and_signed_in() {
    let mut pools = pools();
    assert_eq!(code(pools.sign_up("ann", PASSWORD)), "InvalidParameterException");
    let short = pools.sign_up(EMAIL, "short").unwrap_err();
    assert_eq!(short.code, "InvalidPasswordException");
    assert_eq!(short.message, "Password did not conform with policy: Password not long enough");
    let made = pools.sign_up(EMAIL, PASSWORD).unwrap();
    assert_eq!(
        (&made["UserConfirmed"], &made["CodeDeliveryDetails"]["Destination"]),
        (&json!(false), &json!("a***@s***"))
    );
    assert_eq!(code(pools.sign_up("ANN@shop.test", PASSWORD)), "UsernameExistsException");
    assert_eq!(code(pools.sign_in(EMAIL, PASSWORD)), "UserNotConfirmedException");

    let (_, _, mail) = pools.world.log.last().unwrap().clone();
    let sent = mail.strip_prefix(&format!("e-mail to {EMAIL}: Your confirmation code is ")).unwrap().to_owned();
    let confirm = |pools: &mut Pools, name: &str, code: &str| {
        let input = json!({ "ClientId": pools.client, "Username": name, "ConfirmationCode": code });
        unsigned(&mut pools.world, "ConfirmSignUp", &input)
    };
    let wrong = if sent == "000000" { "000001" } else { "000000" };
    assert_eq!(code(confirm(&mut pools, EMAIL, wrong)), "CodeMismatchException");
    assert_eq!(code(confirm(&mut pools, "bob@shop.test", &sent)), "UserNotFoundException");
    confirm(&mut pools, EMAIL, &sent).unwrap();
    assert_eq!(code(confirm(&mut pools, EMAIL, &sent)), "NotAuthorizedException");

    let wrong = pools.sign_in(EMAIL, "another password").unwrap_err();
    assert_eq!(
        (wrong.code.as_str(), wrong.message.as_str()),
        ("NotAuthorizedException", "Incorrect username or password.")
    );
    assert_eq!(pools.sign_in("bob@shop.test", PASSWORD).unwrap_err(), wrong, "it does not tell who has an account");
    let tokens = pools.sign_in(EMAIL, PASSWORD).unwrap()["AuthenticationResult"].clone();
    let me = unsigned(&mut pools.world, "GetUser", &json!({ "AccessToken": tokens["AccessToken"] })).unwrap();
    assert_eq!(me["Username"], made["UserSub"]);
    assert_eq!(
        code(unsigned(&mut pools.world, "GetUser", &json!({ "AccessToken": tokens["IdToken"] }))),
        "NotAuthorizedException"
    );
}

#[test]
fn a_code_lasts_a_day_and_a_client_that_tells_says_who_is_absent() {
    let mut pools = pools();
    pools.sign_up(EMAIL, PASSWORD).unwrap();
    let later = pools.world.now.plus(Duration::from_hours(25));
    pools.world.advance(later);
    let input = json!({ "ClientId": pools.client, "Username": EMAIL, "ConfirmationCode": "000000" });
    assert_eq!(code(unsigned(&mut pools.world, "ConfirmSignUp", &input)), "ExpiredCodeException");
    let input =
        json!({ "UserPoolId": pools.pool, "ClientName": "old", "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"] });
    let old = ask(&mut pools.world, "CreateUserPoolClient", &input).unwrap();
    pools.client = old["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
    assert_eq!(code(pools.sign_in("bob@shop.test", PASSWORD)), "UserNotFoundException");
    let input = json!({ "UserPoolId": pools.pool, "ClientName": "srp", "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"] });
    let srp = ask(&mut pools.world, "CreateUserPoolClient", &input).unwrap();
    pools.client = srp["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
    assert_eq!(code(pools.sign_in(EMAIL, PASSWORD)), "InvalidParameterException");
    pools.client = "nobody".into();
    assert_eq!(code(pools.sign_in(EMAIL, PASSWORD)), "ResourceNotFoundException");
}

#[test]
fn a_refresh_token_gives_new_tokens_and_no_other_token_does() {
    let mut pools = pools();
    let first = pools.reader();
    let refresh = |pools: &mut Pools, token: &Value| {
        let input = json!({ "ClientId": pools.client, "AuthFlow": "REFRESH_TOKEN_AUTH",
            "AuthParameters": { "REFRESH_TOKEN": token } });
        unsigned(&mut pools.world, "InitiateAuth", &input)
    };
    let later = pools.world.now.plus(Duration::from_hours(2));
    pools.world.advance(later);
    let second = refresh(&mut pools, &first["RefreshToken"]).unwrap()["AuthenticationResult"].clone();
    assert!(second["RefreshToken"].is_null() && second["IdToken"] != first["IdToken"]);
    assert_eq!(code(refresh(&mut pools, &first["AccessToken"])), "NotAuthorizedException");
    assert_eq!(
        code(unsigned(&mut pools.world, "GetUser", &json!({ "AccessToken": first["AccessToken"] }))),
        "NotAuthorizedException"
    );
    let later = pools.world.now.plus(Duration::from_hours(31 * 24));
    pools.world.advance(later);
    assert_eq!(code(refresh(&mut pools, &first["RefreshToken"])), "NotAuthorizedException");
}

#[test]
fn an_identity_is_its_users_and_its_credentials_are_the_roles() {
    let mut pools = pools();
    let tokens = pools.reader();
    let id = pools.identity_pool(None);
    let logins = pools.logins(&tokens["IdToken"]);
    let get_id = |pools: &mut Pools, pool: &str, logins: &Value| {
        unsigned(&mut pools.world, "GetId", &json!({ "IdentityPoolId": pool, "Logins": logins }))
    };
    let identity = get_id(&mut pools, &id, &logins).unwrap()["IdentityId"].clone();
    assert_eq!(get_id(&mut pools, &id, &logins).unwrap()["IdentityId"], identity);
    assert_eq!(code(get_id(&mut pools, &id, &json!({}))), "NotAuthorizedException", "guests are not wanted");
    assert_eq!(code(get_id(&mut pools, "eu-west-1:none", &logins)), "ResourceNotFoundException");
    let access = pools.logins(&tokens["AccessToken"]);
    assert!(get_id(&mut pools, &id, &access).unwrap_err().message.starts_with("Invalid login token. Not a valid"));
    let other = json!({ "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_OTHER": tokens["IdToken"] });
    let refused = get_id(&mut pools, &id, &other).unwrap_err();
    assert_eq!(refused.code, "NotAuthorizedException");
    assert_eq!(refused.message, "Token is not from a supported provider of this identity pool.");

    let credentials = |pools: &mut Pools, logins: &Value| {
        let input = json!({ "IdentityId": identity, "Logins": logins });
        unsigned(&mut pools.world, "GetCredentialsForIdentity", &input)
    };
    let given = credentials(&mut pools, &logins).unwrap()["Credentials"].clone();
    let key = given["AccessKeyId"].as_str().unwrap().to_owned();
    let (account, principal) = sts::identity(&pools.world, &key);
    assert_eq!(
        (account.as_str(), principal.as_deref()),
        (ME, Some("arn:aws:sts::111122223333:assumed-role/shopper/CognitoIdentityCredentials"))
    );
    assert_eq!(pools.world.sessions[&key].identity.as_deref(), identity.as_str());
    assert_eq!(code(credentials(&mut pools, &json!({}))), "NotAuthorizedException");
    let later = pools.world.now.plus(Duration::from_hours(2));
    pools.world.advance(later);
    assert!(credentials(&mut pools, &logins).unwrap_err().message.starts_with("Invalid login token. Token expired: "));
    assert!(sts::expired(&pools.world, &key));
}

#[test]
fn a_role_that_trusts_another_pool_gives_nothing() {
    let mut pools = pools();
    let tokens = pools.reader();
    let id = pools.identity_pool(Some("eu-west-1:another"));
    let logins = pools.logins(&tokens["IdToken"]);
    let made = unsigned(&mut pools.world, "GetId", &json!({ "IdentityPoolId": id, "Logins": logins })).unwrap();
    let input = json!({ "IdentityId": made["IdentityId"], "Logins": logins });
    assert_eq!(
        code(unsigned(&mut pools.world, "GetCredentialsForIdentity", &input)),
        "InvalidIdentityPoolConfigurationException"
    );
}

#[test]
fn a_protected_pool_is_not_deleted() {
    let mut world = World::new(1);
    let pool = json!({ "PoolName": "readers", "DeletionProtection": "ACTIVE" });
    let made = ask(&mut world, "CreateUserPool", &pool).unwrap();
    let refused = ask(&mut world, "DeleteUserPool", &json!({ "UserPoolId": made["UserPool"]["Id"] }));
    assert_eq!(code(refused), "InvalidParameterException");
    assert_eq!(super::inventory(&mut Call::new(&mut world, ME, R1)).len(), 1);
}
