//! The registry of resource types: how each is made, what it gives to `Fn::GetAtt`, and how it goes.
//!
//! A type is a row of data over the operations of AWS's own API ([`Api`]), so that a resource that a stack made is the
//! same as one that the API made. What a row cannot say stands in small functions beside it.

use std::ops::Deref;

use serde_json::Value;

use super::schema;
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call};
use crate::sandbox::services;

mod api;
mod apigateway;
mod compute;
mod custom;
mod database;
mod ec2;
mod edge;
mod iam;
mod inline;
mod managed;
mod nested;
mod security;
mod storage;
mod unsimulated;
mod waiting;

pub use api::{Api, By, Id, Settled, Style, Tags, generated, spoken, unsupported};

/// What a type is made from.
#[derive(Debug)]
pub struct Request<'r> {
    /// The stack's name, the first part of generated names.
    pub stack: &'r str,
    /// The stack's ARN.
    pub stack_id: &'r str,
    /// The ARN of the stack at the top, when this one is nested.
    pub root: Option<&'r str>,
    /// The capabilities that were acknowledged for the stack.
    pub capabilities: &'r [String],
    /// The type, which custom resources may name as they like.
    pub type_name: &'r str,
    /// The logical id, the second part.
    pub logical: &'r str,
    /// Properties with all functions and dynamic references carried out, in the types of the schema.
    pub properties: &'r Value,
    /// Tags of the template, the stack and CloudFormation itself.
    pub tags: Vec<(String, String)>,
}

/// A resource that was made.
#[derive(Clone, Copy)]
pub struct Existing<'e> {
    /// Its physical id: what `Ref` gives.
    pub physical: &'e str,
    /// The properties it was made from. They are unpacked when a provider asks for them: most looks at a resource do not.
    pub properties: &'e dyn Deref<Target = Value>,
    /// Whether its deletion policy wants a snapshot.
    pub snapshot: bool,
    /// The stack's ARN.
    pub stack_id: &'e str,
    /// The logical id.
    pub logical: &'e str,
    /// The type.
    pub type_name: &'e str,
    /// When the operation on it began.
    pub since: SimTime,
}

impl<'r> Request<'r> {
    /// What is asked for, once it stands under that physical id.
    pub fn existing<'e>(&'e self, physical: &'e str, since: SimTime) -> Existing<'e>
    where
        'r: 'e,
    {
        Existing {
            physical,
            properties: &self.properties,
            snapshot: false,
            stack_id: self.stack_id,
            logical: self.logical,
            type_name: self.type_name,
            since,
        }
    }
}

impl Existing<'_> {
    /// A text among its properties.
    pub fn text(&self, name: &str) -> &str {
        self.properties.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// How far a resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not there yet.
    Going,
    /// There.
    Done,
    /// There, under another physical id than the one known so far.
    Became(String),
    /// It will not come.
    Failed(String),
}

/// The provider of a type, when the sandbox simulates it.
pub fn provider(type_name: &str) -> Option<&'static Api> {
    schema::of(type_name)?;
    let type_name = if schema::is_custom(type_name) { schema::CUSTOM } else { type_name };
    TABLES.iter().flat_map(|table| table.iter()).find(|api| api.type_name == type_name && simulated(api))
}

/// The property of a type that the sandbox does not simulate, when these properties have one.
pub fn unsimulated(type_name: &str, properties: &Value) -> Option<&'static str> {
    let own = provider(type_name)?.refused.iter();
    let table =
        unsimulated::UNSIMULATED.iter().filter(|(name, _)| *name == type_name).flat_map(|(_, list)| list.iter());
    own.chain(table).copied().find(|name| properties.get(*name).is_some())
}

const TABLES: &[&[Api]] = &[
    apigateway::TYPES,
    managed::TYPES,
    compute::TYPES,
    custom::TYPES,
    database::TYPES,
    ec2::TYPES,
    edge::TYPES,
    iam::TYPES,
    nested::TYPES,
    security::TYPES,
    storage::TYPES,
    waiting::TYPES,
];

/// A type is simulated when its service has the operation that makes it.
fn simulated(api: &Api) -> bool {
    api.create.is_empty() || services::handler(api.service, api.create).is_some()
}

/// All types that the sandbox simulates.
pub fn types() -> impl Iterator<Item = &'static str> {
    TABLES.iter().flat_map(|table| table.iter()).filter(|api| simulated(api)).map(|api| api.type_name)
}

/// The code of an error that asks the engine to come again; nobody else sees it.
pub const NOT_YET: &str = "NotYet";

/// Asks the engine to come again: a deletion has several steps.
pub fn not_yet(why: &str) -> AwsError {
    AwsError::client(NOT_YET, why)
}

/// Whether an error says that the thing is not there.
pub fn is_absence(error: &AwsError) -> bool {
    error.status == 404
        || ["NotFound", "NoSuch", "ResourceNotFound", "UnknownResource", "ServiceNotFound", "ClusterNotFound"]
            .iter()
            .any(|part| error.code.contains(part))
}

/// Calls an operation that removes something; that it is gone already is no error.
pub fn remove(call: &mut Call<'_>, service: &str, operation: &str, input: &Value) -> Result<(), AwsError> {
    match call.invoke(service, operation, input) {
        Err(error) if !is_absence(&error) => Err(error),
        _ => Ok(()),
    }
}
