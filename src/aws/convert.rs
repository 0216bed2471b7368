//! JSON input → the SDK's typed values, and the macros that describe an operation by its setters.
//!
//! A setter's name and a member's name are the same words (`set_db_cluster_identifier`, `DBClusterIdentifier`), so a
//! description lists the setters only. A member that no setter takes is refused by its name, never dropped.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::date_time::{DateTime, Format};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::error::operation::BuildError;
use base64::Engine as _;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::capture::Capture;
use super::failure::failure;
use crate::domain::{BoxFuture, Failure};

/// A request on its way; its answer is in the [`Capture`], a streamed body is here.
pub(super) type Sent = BoxFuture<'static, Result<Option<Bytes>, Failure>>;

/// Why an input cannot be given to the SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The members that lead to it, the outermost last.
    path: Vec<String>,
    /// Whether the member is one that the adapter does not map.
    pub(super) unmapped: bool,
    reason: String,
}

impl Refusal {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { path: Vec::new(), unmapped: false, reason: reason.into() }
    }

    pub(super) fn unmapped(member: &str) -> Self {
        Self { path: vec![member.to_owned()], unmapped: true, reason: "not supported".into() }
    }

    pub(super) fn under(mut self, step: &str) -> Self {
        self.path.push(step.to_owned());
        self
    }

    /// The way to the member, outermost first.
    pub(super) fn path(&self) -> Vec<&str> {
        self.path.iter().rev().map(String::as_str).collect()
    }

    /// What is wrong, for people.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }
}

/// One call: the operation, its input, its streamed body and where the answer is captured.
pub(super) struct Call<'v> {
    /// The API's name of the operation.
    pub(super) api: &'v str,
    pub(super) input: &'v Value,
    pub(super) payload: Option<&'v [u8]>,
    pub(super) capture: Capture,
}

impl<'v> Call<'v> {
    /// Whether this is the operation that the SDK calls `name`.
    pub(super) fn is(&self, name: &str) -> bool {
        same_words(self.api, name)
    }

    pub(super) fn members(&self) -> Result<Members<'v>, Refusal> {
        Members::of(self.input)
    }
}

/// Whether two names are the same words in different case: `DBClusterIdentifier`, `db_cluster_identifier`.
fn same_words(left: &str, right: &str) -> bool {
    let letters =
        |text: &'_ str| text.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect::<String>();
    letters(left) == letters(right)
}

/// The members of an object, taken one by one. What nobody has taken in the end is refused.
pub(super) struct Members<'v> {
    object: Option<&'v Map<String, Value>>,
    taken: RefCell<BTreeSet<&'v str>>,
}

impl<'v> Members<'v> {
    pub(super) fn of(value: &'v Value) -> Result<Self, Refusal> {
        let object = match value {
            Value::Object(object) => Some(object),
            Value::Null => None,
            _ => return Err(Refusal::new("must be an object")),
        };
        Ok(Self { object, taken: RefCell::default() })
    }

    /// The member that the setter of that name fills, when the input has it.
    pub(super) fn take<T: FromJson>(&self, setter: &str) -> Result<Option<T>, Refusal> {
        let name = setter.strip_prefix("set_").unwrap_or(setter);
        let mut entries = self.object.into_iter().flatten();
        let Some((member, value)) = entries.find(|(member, _)| same_words(member, name)) else { return Ok(None) };
        self.taken.borrow_mut().insert(member);
        if value.is_null() {
            return Ok(None);
        }
        T::from_json(value).map(Some).map_err(|refusal| refusal.under(member))
    }

    /// Refuses what was not taken.
    pub(super) fn finish(&self) -> Result<(), Refusal> {
        let taken = self.taken.borrow();
        let left =
            self.object.into_iter().flatten().find(|(name, value)| !taken.contains(name.as_str()) && !value.is_null());
        left.map_or(Ok(()), |(name, _)| Err(Refusal::unmapped(name)))
    }
}

/// A value of the SDK that can be read from JSON.
pub(super) trait FromJson: Sized {
    fn from_json(value: &Value) -> Result<Self, Refusal>;
}

impl FromJson for String {
    fn from_json(value: &Value) -> Result<Self, Refusal> {
        value.as_str().map(str::to_owned).ok_or_else(|| Refusal::new("must be text"))
    }
}

impl FromJson for bool {
    fn from_json(value: &Value) -> Result<Self, Refusal> {
        value.as_bool().ok_or_else(|| Refusal::new("must be true or false"))
    }
}

impl FromJson for i32 {
    fn from_json(value: &Value) -> Result<Self, Refusal> {
        let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
        // Route 53's models write page sizes as text.
        number.or_else(|| value.as_str()?.parse().ok()).ok_or_else(|| Refusal::new("must be a whole number"))
    }
}

impl FromJson for i64 {
    fn from_json(value: &Value) -> Result<Self, Refusal> {
        value.as_i64().ok_or_else(|| Refusal::new("must be a whole number"))
    }
}

impl FromJson for f64 {
    fn from_json(value: &Value) -> Result<Self, Refusal> {
        value.as_f64().ok_or_else(|| Refusal::new("must be a number"))
    }
}

impl FromJson for DateTime {
    fn from_json(value: &Value) -> Result<Self, Refusal> {
        if let Some(seconds) = value.as_f64() {
            return Ok(DateTime::from_secs_f64(seconds));
        }
        let text = value.as_str().unwrap_or_default();
        // A day alone means its beginning in UTC, as for the AWS CLI.
        let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        DateTime::from_str(&text, Format::DateTimeWithOffset)
            .map_err(|_| Refusal::new("must be an instant such as 2026-01-05T09:00:00Z, or epoch seconds"))
    }
}

impl FromJson for aws_smithy_types::Blob {
    fn from_json(value: &Value) -> Result<Self, Refusal> {
        let decoded = value.as_str().map(|text| base64::engine::general_purpose::STANDARD.decode(text));
        match decoded {
            Some(Ok(bytes)) => Ok(Self::new(bytes)),
            _ => Err(Refusal::new("must be base64 text")),
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &Value) -> Result<Self, Refusal> {
        let list = value.as_array().ok_or_else(|| Refusal::new("must be a list"))?;
        let items = list.iter().enumerate();
        items.map(|(index, item)| T::from_json(item).map_err(|refusal| refusal.under(&index.to_string()))).collect()
    }
}

impl<T: FromJson> FromJson for HashMap<String, T> {
    fn from_json(value: &Value) -> Result<Self, Refusal> {
        let object = value.as_object().ok_or_else(|| Refusal::new("must be an object"))?;
        let entry = |(key, item): (&String, &Value)| {
            T::from_json(item).map(|item| (key.clone(), item)).map_err(|refusal| refusal.under(key))
        };
        object.iter().map(entry).collect()
    }
}

/// What a builder's `build` gives: the value, or an error when a required member is missing.
pub(super) trait Built<T> {
    fn built(self) -> Result<T, Refusal>;
}

impl<T> Built<T> for T {
    fn built(self) -> Result<T, Refusal> {
        Ok(self)
    }
}

impl<T> Built<T> for Result<T, BuildError> {
    fn built(self) -> Result<T, Refusal> {
        self.map_err(|error| Refusal::new(error.to_string()))
    }
}

/// Sends a request whose answer has no streamed body.
pub(super) fn sent<O, E>(request: impl Future<Output = Result<O, SdkError<E, HttpResponse>>> + Send + 'static) -> Sent
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    Box::pin(async move { request.await.map(|_| None).map_err(|error| failure(&error)) })
}

/// Describes a service's operations: `create_db_cluster { set_engine set_tags }`. It gives the service's `prepare`.
macro_rules! operations {
    ($client:ty; $($operation:ident { $($setter:ident)* })*) => {
        /// The request for `call`, ready to be awaited; `None` when the service has no such operation here.
        pub(super) fn prepare(
            client: &$client,
            call: &super::convert::Call<'_>,
        ) -> Option<Result<super::convert::Sent, super::convert::Refusal>> {
            $(if call.is(stringify!($operation)) {
                return Some(call.members().and_then(|members| {
                    let request = client.$operation()$(.$setter(members.take(stringify!($setter))?))*;
                    members.finish()?;
                    Ok(super::convert::sent(request.customize().interceptor(call.capture.clone()).send()))
                }));
            })*
            None
        }
    };
}

/// Describes nested structures in the same way.
macro_rules! shapes {
    ($($shape:ident { $($setter:ident)* })*) => {
        $(impl super::convert::FromJson for types::$shape {
            fn from_json(value: &serde_json::Value) -> Result<Self, super::convert::Refusal> {
                let members = super::convert::Members::of(value)?;
                let builder = types::$shape::builder()$(.$setter(members.take(stringify!($setter))?))*;
                members.finish()?;
                super::convert::Built::<Self>::built(builder.build())
            }
        })*
    };
}

/// Names the enumerations. A word that the SDK does not know is passed on, and AWS judges it.
macro_rules! words {
    ($($word:ident)*) => {
        $(impl super::convert::FromJson for types::$word {
            fn from_json(value: &serde_json::Value) -> Result<Self, super::convert::Refusal> {
                <String as super::convert::FromJson>::from_json(value).map(|text| Self::from(text.as_str()))
            }
        })*
    };
}

pub(super) use {operations, shapes, words};
