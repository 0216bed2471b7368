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

mod catalogue;
mod codec;
mod command;
mod model;
mod pages;
mod waiters;
mod wire;

pub use catalogue::{FlagKind, FlagSpec, OperationSpec, Scope, operation_by_cli, operations};
pub use codec::{
    DecodedRequest, RequestError, ServiceError, WireProtocol, decode_request, decode_response, encode_error,
    encode_response,
};
pub use command::{
    Command, CommandError, Deploy, FileError, Files, S3Copy, S3Remove, S3Sync, Wait, parse_command, parse_words,
};
pub use model::models;
pub use pages::{PageSpec, paginator};
pub use waiters::{Acceptor, Matcher, WaiterSpec, WaiterState, waiter, waiters};
pub use wire::{Wire, WireError};
