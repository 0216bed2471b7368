//! Keeps the HTTP answer of one call, so that its output can be read by the models instead of being written by hand.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// An HTTP answer.
#[derive(Clone, Debug)]
pub(super) struct Captured {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Empty when the body is streamed.
    pub(super) body: Bytes,
}

impl Captured {
    /// AWS's id of the request.
    pub(super) fn request_id(&self) -> Option<String> {
        ["x-amzn-requestid", "x-amz-request-id"]
            .iter()
            .find_map(|name| self.headers.get(*name)?.to_str().ok().map(str::to_owned))
    }
}

/// An interceptor of one call. The SDK has collected the body when it is asked; the last attempt's answer stays.
#[derive(Clone, Debug, Default)]
pub(super) struct Capture {
    answer: Arc<Mutex<Option<Captured>>>,
}

impl Capture {
    /// The answer, once the call is over.
    pub(super) fn take(&self) -> Option<Captured> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "Capture"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let mut headers = HeaderMap::new();
        for (name, value) in response.headers() {
            // What came over HTTP is valid HTTP.
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.append(name, value);
            }
        }
        let captured = Captured {
            status: StatusCode::from_u16(response.status().as_u16())?,
            headers,
            body: response.body().bytes().map(Bytes::copy_from_slice).unwrap_or_default(),
        };
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(captured);
        Ok(())
    }
}
