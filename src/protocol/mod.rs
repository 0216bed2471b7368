//! Floor 1: the services' models as data, the wire codec and the `aws …` command line.
//!
//! Three ways through the same models:
//! - a request of an SDK → [`decode_request`] → JSON input for a handler → [`encode_response`] or [`encode_error`];
//! - a captured response → [`decode_response`] → the JSON that the AWS CLI would print;
//! - the text of a command → [`parse_command`] → a [`Command`] with the same JSON input.
//!
//! Inputs and outputs are JSON objects with the models' member names: structures and maps are objects, blobs are base64
//! text, timestamps are numbers of epoch seconds between codec and handlers and ISO 8601 text in what `decode_response`
//! gives. Streaming bodies travel beside the JSON.

mod answer;
mod auth;
mod catalogue;
mod cbor;
mod client;
mod codec;
mod command;
mod errors;
mod json;
mod list;
mod model;
mod pages;
pub mod percent;
mod query;
mod request;
mod rest;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod roundtrip;
mod route;
mod s3;
mod scalar;
mod server;
mod timestamps;
mod waiters;
mod wire;
mod xml;

pub use answer::{encode_error, encode_response};
pub use auth::credential;
pub use catalogue::{FlagKind, FlagSpec, OperationSpec, Scope, operation_by_cli, operations};
pub use client::decode_response;
pub use codec::{DecodedRequest, RequestError, ServiceError, WireProtocol};
pub use command::{
    Command, CommandError, Deploy, FileError, Files, Reset, S3Copy, S3Remove, S3Sync, Wait, parse_command, parse_words,
};
pub use list::{List, call_all, operation};
pub use model::{Kind, Member, Service, models};
pub use pages::{PageSpec, Pages, paginator};
pub use request::encode_request;
pub use server::{decode_request, refuse, signed_for};
pub use waiters::{Acceptor, Matcher, WaiterSpec, WaiterState, waiter, waiters};
pub use wire::{Wire, WireError};
