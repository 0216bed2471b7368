//! The SDK on the network: the default credential chain, HTTPS with rustls, and no waiting for what is not there.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_types::retry::RetryConfig;
use futures_util::future::{Either, select};

use super::failure::chain;
use super::sandbox::ATTEMPTS;
use crate::clock::Clock;

/// How long credentials may take. On a machine that is no EC2 instance, the chain's last link, instance metadata,
/// answers nothing and would retry for up to 14 s.
const CREDENTIALS_WITHIN: Duration = Duration::from_secs(5);

/// Which AWS to talk to, and as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The named profile of `~/.aws`; the default chain otherwise.
    pub profile: Option<String>,
    /// Another endpoint for all services: an AWS-compatible server.
    pub endpoint_url: Option<String>,
    /// The Region of calls that name none.
    pub region: String,
}

/// Why AWS cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    /// Nobody to act as. The process ends with exit code 4.
    #[error(
        "no AWS credentials were found{}: {reason}\n\
         Sign in with `aws sso login` or `aws configure`, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a \
         profile with --profile. Without --aws the workshop runs in its sandbox and needs none.",
        .profile.as_ref().map(|name| format!(" for profile '{name}'")).unwrap_or_default()
    )]
    NoCredentials {
        /// The profile that was asked for.
        profile: Option<String>,
        /// What the chain said.
        reason: String,
    },
    /// The endpoint is no URL.
    #[error("--endpoint-url '{0}' is not a URL; write for example http://127.0.0.1:4566")]
    Endpoint(String),
}

/// The configuration of clients on the network, once credentials are known to be there.
pub(super) async fn config(options: &ConnectOptions) -> Result<SdkConfig, AwsError> {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new(options.region.clone()))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &options.endpoint_url {
        let known = url.parse::<http::Uri>().is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some());
        if !known {
            return Err(AwsError::Endpoint(url.clone()));
        }
        loader = loader.endpoint_url(url);
    }
    let refused = |reason: String| AwsError::NoCredentials { profile: options.profile.clone(), reason };
    let wall = Clock::wall();
    let load = Box::pin(async {
        let config = loader.load().await;
        let Some(provider) = config.credentials_provider() else {
            return Err(refused("no provider is configured".into()));
        };
        provider.provide_credentials().await.map_err(|error| refused(reason(&error)))?;
        Ok(config)
    });
    match select(load, Box::pin(wall.sleep(CREDENTIALS_WITHIN))).await {
        Either::Left((config, _)) => config,
        Either::Right(_) => Err(refused(format!("none came within {} s", CREDENTIALS_WITHIN.as_secs()))),
    }
}

/// Why there are none. That nothing is set up anywhere needs no list of everywhere.
fn reason(error: &CredentialsError) -> String {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            "neither the environment, nor a profile, nor a role of this machine has any".to_owned()
        }
        other => chain(other),
    }
}
