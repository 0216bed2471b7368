//! Signatures of requests that go to an API of the learner's own instead of AWS's: Signature Version 4 for API Gateway.

use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;

use super::Aws;
use crate::domain::drill::Probe;
use crate::domain::{BoxFuture, Failure, FailureClass, Signer};

/// The name that API Gateway's endpoints are signed for. Source: API Gateway Developer Guide, "Signing requests".
const SERVICE: &str = "execute-api";

impl Signer for Aws {
    fn headers<'a>(
        &'a self,
        probe: &'a Probe,
        region: &'a str,
    ) -> BoxFuture<'a, Result<Vec<(String, String)>, Failure>> {
        Box::pin(async move {
            let refused = |class, message: String| Failure {
                class,
                code: "NotSigned".into(),
                message,
                operation: format!("{} {}", probe.method, probe.url),
                request_id: None,
            };
            let provider = self.config.credentials_provider();
            let provider = provider.ok_or_else(|| refused(FailureClass::Expired, "there are no credentials".into()))?;
            let credentials = provider.provide_credentials().await;
            let credentials = credentials.map_err(|error| refused(FailureClass::Expired, error.to_string()))?;
            let wrong = |why: String| refused(FailureClass::Invalid, why);
            let identity = credentials.into();
            let time = self.config.time_source();
            let time = time.ok_or_else(|| refused(FailureClass::Invalid, "there is no clock".into()))?;
            let parameters = v4::SigningParams::builder()
                .identity(&identity)
                .region(region)
                .name(SERVICE)
                .time(time.now())
                .settings(SigningSettings::default())
                .build()
                .map_err(|error| wrong(error.to_string()))?
                .into();
            let body = probe.body.as_ref().map(ToString::to_string).unwrap_or_default();
            let body = SignableBody::Bytes(body.as_bytes());
            let request = SignableRequest::new(&probe.method, &probe.url, std::iter::empty(), body);
            let request = request.map_err(|error| wrong(error.to_string()))?;
            let signed = sign(request, &parameters).map_err(|error| wrong(error.to_string()))?;
            let (headers, _) = signed.into_parts().0.into_parts();
            Ok(headers.into_iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect())
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::clock::{Clock, Rate};
    use crate::domain::SimTime;
    use crate::domain::drill::{ClientClass, Signed, Vantage};
    use crate::protocol::{Wire, WireError};

    struct Silent;

    impl Wire for Silent {
        fn send(&self, _: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, WireError>> {
            Box::pin(async { Err(WireError::Timeout("nobody".into())) })
        }
    }

    #[tokio::test]
    async fn a_request_is_signed_as_botocore_signs_it() {
        let clock = Clock::simulated(SimTime::WORLD_START, Rate::Stepped);
        let aws = Aws::in_sandbox(Arc::new(Silent), &clock);
        let probe = Probe {
            signed: Signed::ByLearner,
            method: "POST".into(),
            url: "https://api.abc.bookstore.test/cart?x=1".into(),
            body: Some(json!({ "bookId": "b09", "quantity": 1 })),
            vantage: Vantage { name: "here".into(), nearest: "eu-west-1".into() },
            class: ClientClass::Fresh,
            timeout: Duration::from_secs(2),
        };
        let headers = aws.headers(&probe, "ap-southeast-1").await.unwrap();
        let value = |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).unwrap().1.clone();
        assert_eq!(value("x-amz-date"), "20260105T090000Z");
        // botocore 1.43.11, SigV4Auth with the same keys and the same time.
        assert_eq!(
            value("authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260105/ap-southeast-1/execute-api/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=48fb2dd3ea969d3be473fa36e0b38295a7705e8fbbefd007cf0134e1a39214ab"
        );
    }
}
