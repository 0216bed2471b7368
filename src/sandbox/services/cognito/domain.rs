//! The domain of a user pool, under which its sign-in pages would stand. It goes before the pool.

use serde_json::{Value, json};

use super::pool;
use crate::sandbox::call::{AwsError, Call, required};

fn invalid(why: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterException", why)
}

/// `CreateUserPoolDomain`. A prefix is one pool's in the whole Region, whoever asks.
pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let domain = required(input, "Domain")?.to_owned();
    if input.get("CustomDomainConfig").is_some_and(|config| !config.is_null()) {
        let why =
            "The sandbox does not simulate custom domains of a user pool; give a prefix without CustomDomainConfig.";
        return Err(AwsError::client("SandboxUnsupportedParameter", why));
    }
    let region = call.region.clone();
    let in_region = call.world.accounts.values().filter_map(|account| account.regions.get(&region));
    if in_region.flat_map(|region| region.cognito.pools.values()).any(|pool| pool.domain.as_ref() == Some(&domain)) {
        return Err(invalid("Domain already associated with another user pool."));
    }
    let (_, pool) = pool(call, input)?;
    if pool.domain.is_some() {
        return Err(invalid("User pool already has a domain configured."));
    }
    pool.domain = Some(domain);
    Ok(json!({}))
}

/// `DescribeUserPoolDomain`. Of a domain that is not there, AWS gives an empty description and no error.
pub(super) fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let domain = required(input, "Domain")?;
    let account = call.account.clone();
    let mut pools = call.regional().cognito.pools.iter();
    let found = pools.find(|(_, pool)| pool.domain.as_deref() == Some(domain));
    let shown = found.map_or_else(
        || json!({}),
        |(id, _)| json!({ "UserPoolId": id, "AWSAccountId": account, "Domain": domain, "Status": "ACTIVE" }),
    );
    Ok(json!({ "DomainDescription": shown }))
}

/// `DeleteUserPoolDomain`
pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let domain = required(input, "Domain")?;
    let (_, pool) = pool(call, input)?;
    if pool.domain.as_deref() != Some(domain) {
        return Err(invalid("No such domain or user pool exists."));
    }
    pool.domain = None;
    Ok(json!({}))
}
