//! The SDK on a [`Wire`]: an HTTP client without a socket, and the clock as time source and sleep.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::checksum_config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use http_body_util::BodyExt as _;

use crate::clock::Clock;
use crate::domain::BoxFuture;
use crate::protocol::{Wire, WireError};

/// How often a call is tried in all. The SDKs' standard mode tries 3 times; five ride out the throttling that a fleet of
/// learners in one account causes.
pub(super) const ATTEMPTS: u32 = 5;

/// The configuration of all sandbox clients. Nothing is read from the environment, and no credential is looked up.
pub(super) fn config(wire: Arc<dyn Wire>, clock: &Clock) -> SdkConfig {
    // AWS's documentation uses this access key in examples; it opens nothing.
    let credentials = Credentials::from_keys("AKIAIOSFODNN7EXAMPLE", "sandbox", None);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(crate::domain::GLOBAL_REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(SharedHttpClient::new(WireClient { wire }))
        .time_source(SharedTimeSource::new(ClockTime { clock: clock.clone() }))
        .sleep_impl(SharedAsyncSleep::new(ClockTime { clock: clock.clone() }))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        // Timeouts would be in simulated time; the wire itself says when something takes too long.
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build()
}

/// Simulated time for the SDK. It sleeps on its caller's account: the caller is the participant.
#[derive(Clone, Debug)]
struct ClockTime {
    clock: Clock,
}

impl TimeSource for ClockTime {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(u64::try_from(self.clock.now().millis()).unwrap_or(0))
    }
}

impl AsyncSleep for ClockTime {
    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = self.clock.clone();
        Sleep::new(Exclusive(Mutex::new(Box::pin(async move { clock.sleep(duration).await }))))
    }
}

/// The SDK wants its sleeps to be `Sync`. Nobody polls one through a shared reference, so the mutex is never locked.
struct Exclusive(Mutex<BoxFuture<'static, ()>>);

impl Future for Exclusive {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll(context)
    }
}

/// An HTTP client whose requests a wire answers.
#[derive(Clone)]
struct WireClient {
    wire: Arc<dyn Wire>,
}

impl fmt::Debug for WireClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WireClient")
    }
}

impl HttpClient for WireClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for WireClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = Arc::clone(&self.wire);
        HttpConnectorFuture::new(async move { answer(wire.as_ref(), request).await })
    }
}

async fn answer(wire: &dyn Wire, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let user = |error: Box<dyn std::error::Error + Send + Sync>| ConnectorError::user(error);
    let (parts, body) = request.try_into_http1x().map_err(|error| user(error.into()))?.into_parts();
    // A body may be a stream, which `SdkBody::bytes` does not show.
    let body = body.collect().await.map_err(user)?.to_bytes();
    let response = wire.send(http::Request::from_parts(parts, body)).await.map_err(|error| match error {
        WireError::Timeout(_) => ConnectorError::timeout(error.into()),
        WireError::Connection(_) => ConnectorError::io(error.into()).never_connected(),
        WireError::Other(_) => ConnectorError::other(error.into(), None),
    })?;
    HttpResponse::try_from(response.map(SdkBody::from)).map_err(|error| user(error.into()))
}
