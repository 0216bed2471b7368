//! One call of a service: who asks, where, and what a handler needs to answer.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::chance;
use super::constants;
use super::services;
use super::world::{AccountState, RegionState, Transition, What, World};
use crate::domain::SimTime;

/// An error as AWS answers it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// HTTP status.
    pub status: u16,
    /// AWS's error code, as the service writes it on the wire.
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// Further members of the error shape (`CancellationReasons`, …); null when there are none.
    pub fields: Value,
}

impl AwsError {
    /// An error of the caller's making (status 400).
    pub fn client(code: &str, message: impl Into<String>) -> Self {
        Self::with_status(400, code, message)
    }

    /// An error with that status.
    pub fn with_status(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), fields: Value::Null }
    }

    /// Something that is not there (status 404).
    pub fn not_found(code: &str, message: impl Into<String>) -> Self {
        Self::with_status(404, code, message)
    }
}

/// What a handler gets: the world, and who asks for what in which Region.
pub struct Call<'w> {
    /// The whole world.
    pub world: &'w mut World,
    /// The 12-digit account id.
    pub account: String,
    /// The Region the request was sent to.
    pub region: String,
    /// Bytes of a streaming input body.
    pub payload: Option<Bytes>,
    /// Bytes of a streaming output body, set by the handler.
    pub reply_payload: Option<Bytes>,
    /// The ARN that acts: the learner's user, or a role that a service assumed.
    pub principal: String,
}

impl<'w> Call<'w> {
    /// A call by the account's own administrator.
    pub fn new(world: &'w mut World, account: &str, region: &str) -> Self {
        Self {
            world,
            account: account.to_owned(),
            region: region.to_owned(),
            payload: None,
            reply_payload: None,
            principal: format!("arn:aws:iam::{account}:user/learner"),
        }
    }

    /// The simulated instant of the call.
    pub fn now(&self) -> SimTime {
        self.world.now
    }

    /// Runs another operation as part of this one, in the same account and Region, as the same principal.
    pub fn invoke(&mut self, service: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
        let region = self.region.clone();
        self.invoke_in(&region, service, operation, input)
    }

    /// The same in another Region.
    pub fn invoke_in(
        &mut self,
        region: &str,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, AwsError> {
        let mut inner = Call {
            world: self.world,
            account: self.account.clone(),
            region: region.to_owned(),
            payload: None,
            reply_payload: None,
            principal: self.principal.clone(),
        };
        services::dispatch(&mut inner, service, operation, input)
    }

    /// The account's state, made on first use.
    pub fn account_state(&mut self) -> &mut AccountState {
        self.world.accounts.entry(self.account.clone()).or_default()
    }

    /// The state of the call's Region in the call's account, made on first use.
    pub fn regional(&mut self) -> &mut RegionState {
        self.regional_in(&self.region.clone())
    }

    /// The state of another Region in the call's account.
    pub fn regional_in(&mut self, region: &str) -> &mut RegionState {
        self.account_state().regions.entry(region.to_owned()).or_default()
    }

    /// Puts a transition of this account and Region on the timeline, `after` from now.
    pub fn schedule(&mut self, after: Duration, what: What) {
        let at = self.world.now.plus(after);
        let transition = Transition { account: self.account.clone(), region: self.region.clone(), what };
        self.world.timeline.push(at, transition);
    }

    /// A duration from the table of constants, drawn for that resource.
    /// An unknown id gives zero; the test of constants that each service has keeps ids honest.
    pub fn draw(&mut self, constant_id: &str, resource: &str) -> Duration {
        let ordinal = self.world.ordinal(constant_id, resource);
        constants::constant(constant_id).map_or(Duration::ZERO, |row| {
            chance::duration(self.world.seed, constant_id, resource, ordinal, row.p50, row.p95)
        })
    }

    /// `length` characters of lower-case hexadecimal that are unique in this world and repeatable by seed.
    pub fn hex_id(&mut self, length: usize) -> String {
        let number = self.world.next_number();
        let mut text = String::new();
        let mut part = 0;
        while text.len() < length {
            let bits = chance::bits(self.world.seed, "id", "hex", number * 8 + part);
            let _ = write!(text, "{bits:016x}");
            part += 1;
        }
        text.truncate(length);
        text
    }

    /// `length` characters of upper-case letters and digits, likewise.
    pub fn upper_id(&mut self, length: usize) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        self.hex_id(length * 2)
            .as_bytes()
            .chunks(2)
            .map(|pair| {
                let index = pair.iter().fold(0_usize, |sum, byte| sum * 31 + usize::from(*byte)) % ALPHABET.len();
                char::from(ALPHABET.get(index).copied().unwrap_or(b'A'))
            })
            .collect()
    }

    /// A UUID in AWS's spelling.
    pub fn uuid(&mut self) -> String {
        let hex = self.hex_id(32);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
        format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    }

    /// An ARN in this call's account and Region: `arn:aws:rds:eu-west-1:123456789012:cluster:name`.
    pub fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{rest}", self.region, self.account)
    }

    /// Writes a line into the world's event log.
    pub fn log(&mut self, text: impl Into<String>) {
        let (now, region) = (self.world.now, self.region.clone());
        self.world.log.push((now, region, text.into()));
    }
}

/// The text member of an input, when it is there.
pub fn text<'v>(input: &'v Value, member: &str) -> Option<&'v str> {
    input.get(member).and_then(Value::as_str)
}

/// The text member of an input, or the service's own *missing parameter* error.
pub fn required<'v>(input: &'v Value, member: &str) -> Result<&'v str, AwsError> {
    text(input, member)
        .ok_or_else(|| AwsError::client("ValidationError", format!("The request must contain the parameter {member}")))
}

/// Tags in any of AWS's three spellings (`[{Key,Value}]`, `[{key,value}]`, `{k: v}`) as pairs.
pub fn tags(value: Option<&Value>) -> Vec<(String, String)> {
    match value {
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(|tag| {
                let key = text(tag, "Key").or_else(|| text(tag, "key")).or_else(|| text(tag, "TagKey"))?;
                let value = text(tag, "Value").or_else(|| text(tag, "value")).or_else(|| text(tag, "TagValue"));
                Some((key.to_owned(), value.unwrap_or_default().to_owned()))
            })
            .collect(),
        Some(Value::Object(map)) => {
            map.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

/// Tags as AWS lists them.
pub fn tag_list(tags: &[(String, String)]) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}
