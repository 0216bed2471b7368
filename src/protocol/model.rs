//! The services' own models as data: operations, shapes, paginators and waiters, cut from botocore by
//! `assets/models/cut.py` and unpacked once.

use std::borrow::Cow;
use std::io::Read;
use std::sync::OnceLock;

use serde::Deserialize;

static PACKED: &[u8] = include_bytes!("../../assets/models/services.json.gz");

/// All models of this build. Unpacked on first use (a few milliseconds), then shared.
pub fn models() -> &'static Models {
    static MODELS: OnceLock<Models> = OnceLock::new();
    MODELS.get_or_init(|| {
        let mut text = Vec::new();
        // The file is part of the binary and a test unpacks it, so a failure here cannot reach a user.
        match flate2::read::GzDecoder::new(PACKED).read_to_end(&mut text) {
            Ok(_) => serde_json::from_slice(&text).unwrap_or_default(),
            Err(_) => Models::default(),
        }
    })
}

/// The service with this key (`rds`, `s3`, …).
pub fn service(key: &str) -> Option<&'static Service> {
    models().services.iter().find(|service| service.key == key)
}

/// The service that a credential scope names (`monitoring` is CloudWatch).
pub fn service_by_signing_name(name: &str) -> Option<&'static Service> {
    models().services.iter().find(|service| service.signing_name() == name)
}

/// Of the services that share a signing name, the one that `X-Amz-Target` begins with: DynamoDB signs for its streams, too.
pub fn service_by_target(signing_name: &str, target: &str) -> Option<&'static Service> {
    let prefix = target.split_once('.')?.0;
    let mut same = models().services.iter().filter(|service| service.signing_name() == signing_name);
    same.find(|service| service.metadata.target_prefix.as_deref() == Some(prefix))
}

/// The service that the AWS CLI calls by this name (`s3api` is S3).
pub fn service_by_cli_name(name: &str) -> Option<&'static Service> {
    models().services.iter().find(|service| service.cli_name() == name)
}

/// Everything that `assets/models/services.json.gz` holds.
#[derive(Debug, Default, Deserialize)]
pub struct Models {
    /// Where the models were cut from, with the version: `botocore 1.43.11`.
    pub source: String,
    /// The services.
    pub services: Vec<Service>,
}

/// One service.
#[derive(Debug, Deserialize)]
pub struct Service {
    /// Our name of it: `rds`, `s3`, `cloudwatch`.
    pub key: String,
    /// What holds for all its operations.
    pub metadata: Metadata,
    /// Its operations, sorted by name.
    operations: Box<[OperationModel]>,
    shapes: Box<[Shape]>,
    /// How its lists are paged.
    pub paginators: Vec<Paginator>,
    /// Its waiters.
    pub waiters: Vec<Waiter>,
}

impl Service {
    /// The operation with this API name.
    pub fn operation(&self, name: &str) -> Option<&OperationModel> {
        let at = self.operations.binary_search_by(|operation| operation.name.as_str().cmp(name)).ok()?;
        self.operations.get(at)
    }

    /// All operations, sorted by API name.
    pub fn operations(&self) -> &[OperationModel] {
        &self.operations
    }

    /// The error with this code or shape name.
    pub fn error(&self, code: &str) -> Option<&Shape> {
        let is = |shape: &&Shape| shape.error.as_ref().is_some_and(|error| shape.name == code || error.code == code);
        self.shapes.iter().find(is)
    }

    /// The shape that `member` refers to.
    pub fn shape(&self, member: &Member) -> &Shape {
        self.numbered(member.shape)
    }

    /// The shape with this number.
    pub fn numbered(&self, number: usize) -> &Shape {
        static TEXT: OnceLock<Shape> = OnceLock::new();
        self.shapes.get(number).unwrap_or_else(|| TEXT.get_or_init(Shape::default))
    }

    /// The name in credential scopes.
    pub fn signing_name(&self) -> &str {
        self.metadata.signing_name.as_deref().unwrap_or(&self.metadata.endpoint_prefix)
    }

    /// The AWS CLI's name: the key, but `s3api` for S3.
    pub fn cli_name(&self) -> &str {
        if self.key == "s3" { "s3api" } else { &self.key }
    }

    /// Whether it speaks EC2's dialect of the query protocol: lists of a form have no name of their own, answers no
    /// wrapper, and errors another shape.
    pub fn is_ec2(&self) -> bool {
        self.metadata.protocol == "ec2"
    }

    /// Whether the service has one endpoint for all Regions.
    pub fn is_global(&self) -> bool {
        matches!(self.key.as_str(), "iam" | "organizations" | "route53")
    }
}

/// What holds for a whole service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The version of the API, `2014-10-31`.
    pub api_version: String,
    /// The first label of its endpoints.
    pub endpoint_prefix: String,
    /// The name in credential scopes, when it is not the endpoint prefix.
    signing_name: Option<String>,
    /// What stands before the operation in `X-Amz-Target`.
    pub target_prefix: Option<String>,
    /// `1.0` or `1.1`.
    pub json_version: Option<String>,
    /// The namespace of its XML answers.
    pub xml_namespace: Option<String>,
    /// The protocol that botocore prefers.
    pub protocol: String,
    /// Whether errors carry their query code in `x-amzn-query-error`.
    #[serde(default)]
    pub aws_query_compatible: bool,
}

/// One operation of a service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationModel {
    /// The API's name, `CreateDBCluster`.
    pub name: String,
    /// The AWS CLI's name, `create-db-cluster`.
    pub cli: String,
    /// The HTTP method.
    pub method: String,
    /// The template of path and query.
    pub uri: String,
    /// The HTTP status of success, when it is not 200.
    pub status: Option<u16>,
    /// The input structure.
    pub input: Option<Member>,
    /// The output structure.
    pub output: Option<Member>,
    /// The element around the output in the query protocol.
    pub result_wrapper: Option<String>,
    /// Whether it is called by who has no credentials yet.
    #[serde(default)]
    pub unsigned: bool,
    /// Numbers of the error shapes.
    errors: Box<[usize]>,
}

impl OperationModel {
    /// The errors that the model lists for this operation.
    pub fn errors<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a Shape> {
        self.errors.iter().map(|number| service.numbered(*number))
    }
}

/// What a shape is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Named members.
    Structure,
    /// A sequence of one shape.
    List,
    /// Text keys to one shape.
    Map,
    /// Text.
    #[default]
    String,
    /// `true` or `false`.
    Boolean,
    /// 32 bits.
    Integer,
    /// 64 bits.
    Long,
    /// A fraction.
    Double,
    /// An instant.
    Timestamp,
    /// Bytes; base64 in our JSON.
    Blob,
}

/// A type of a service's API.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Shape {
    /// The model's name of it.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// A structure's members.
    pub members: Box<[Member]>,
    /// A list's element.
    pub member: Option<Member>,
    /// A map's key.
    pub key: Option<Member>,
    /// A map's value.
    pub value: Option<Member>,
    /// The member that is the whole HTTP body.
    pub payload: Option<String>,
    /// Whether a list or map stands in XML and query without an element around it.
    pub flattened: bool,
    /// How its timestamps are written, when it is not the protocol's way.
    pub timestamp_format: Option<String>,
    /// Whether any JSON may stand here.
    pub document: bool,
    /// The known values of a string, where they are few.
    #[serde(rename = "enum")]
    pub values: Box<[String]>,
    /// What makes it an error.
    pub error: Option<ErrorTrait>,
}

impl Shape {
    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// The member that is the whole body.
    pub fn payload_member(&self) -> Option<&Member> {
        self.get(self.payload.as_deref()?)
    }
}

/// How an error shape appears on the wire.
#[derive(Debug, Deserialize)]
pub struct ErrorTrait {
    /// The code that clients see.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
}

/// Where a member travels in REST protocols, when it is not the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// In the path.
    Uri,
    /// In the query string.
    Querystring,
    /// In one header.
    Header,
    /// In all headers with a prefix.
    Headers,
}

/// A use of a shape: a member of a structure, a list's element, a map's key or value.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_excessive_bools)] // the model's traits are flags
pub struct Member {
    /// The member's name; empty for elements, keys and values.
    #[serde(default)]
    pub name: String,
    /// The AWS CLI's flag without the dashes; only on members of inputs.
    #[serde(default)]
    pub flag: String,
    shape: usize,
    /// Whether a request must have it.
    #[serde(default)]
    pub required: bool,
    /// Where it travels.
    pub location: Option<Location>,
    /// Its name on the wire.
    pub location_name: Option<String>,
    /// Its name in requests of EC2's dialect, where that is not made of the name on the wire.
    query_name: Option<String>,
    /// Whether it stands in XML and query without an element around it.
    #[serde(default)]
    pub flattened: bool,
    /// Whether it is a stream of bytes.
    #[serde(default)]
    pub streaming: bool,
    /// Whether the SDK fills it with a random token.
    #[serde(default)]
    pub idempotency_token: bool,
    /// How its timestamps are written.
    pub timestamp_format: Option<String>,
    /// The namespace of its element.
    pub xml_namespace: Option<Namespace>,
}

impl Member {
    /// Its name on the wire.
    pub fn wire_name(&self) -> &str {
        self.location_name.as_deref().unwrap_or(&self.name)
    }

    /// Its name in a form. EC2 begins every one with a capital letter; its answers have another name for the same thing.
    pub fn form_name(&self, service: &Service) -> Cow<'_, str> {
        if !service.is_ec2() {
            return self.wire_name().into();
        }
        if let Some(name) = &self.query_name {
            return name.into();
        }
        let mut letters = self.wire_name().chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect()
    }
}

/// An XML namespace.
#[derive(Debug, Deserialize)]
pub struct Namespace {
    /// Its identifier.
    pub uri: String,
}

/// How an operation's answer is paged, as botocore records it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paginator {
    /// The API's name of the operation.
    pub operation: String,
    /// The input members that take the token.
    pub input_token: Vec<String>,
    /// JMESPaths of the next token in an answer.
    pub output_token: Vec<String>,
    /// JMESPaths of what is listed; the first is the list itself.
    pub result_key: Vec<String>,
    /// JMESPath of the flag that says whether more follows, where the token alone does not.
    pub more_results: Option<String>,
    /// The input member that limits a page.
    pub limit_key: Option<String>,
    /// JMESPaths of what is taken from the first page.
    pub non_aggregate_keys: Vec<String>,
}

/// A waiter, as botocore records it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiter {
    /// Its name, `DBClusterAvailable`.
    pub name: String,
    /// The AWS CLI's name, `db-cluster-available`.
    pub cli: String,
    /// The API's name of the operation that it polls.
    pub operation: String,
    /// Seconds between two polls.
    pub delay: u64,
    /// Polls before it gives up.
    pub max_attempts: u32,
    /// What ends it, in order of precedence.
    pub acceptors: Vec<AcceptorModel>,
}

/// One condition of a waiter.
#[derive(Debug, Deserialize)]
pub struct AcceptorModel {
    /// `success`, `failure` or `retry`.
    pub state: String,
    /// `path`, `pathAll`, `pathAny`, `status` or `error`.
    pub matcher: String,
    /// The JMESPath, for the path matchers.
    pub argument: Option<String>,
    /// What is compared.
    pub expected: serde_json::Value,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn the_models_unpack_and_every_reference_leads_to_a_shape() {
        let models = models();
        assert_eq!(models.source, "botocore 1.43.11");
        assert_eq!(models.services.len(), 26);
        for service in &models.services {
            let names: Vec<_> = service.operations.iter().map(|o| &o.name).collect();
            assert!(names.is_sorted(), "{}: operations are searched by halves", service.key);
            let references = service
                .shapes
                .iter()
                .flat_map(|shape| shape.members.iter().chain(&shape.member).chain(&shape.key).chain(&shape.value));
            let sides = service.operations.iter().flat_map(|o| o.input.iter().chain(&o.output));
            for reference in references.chain(sides) {
                assert!(reference.shape < service.shapes.len(), "{}: {reference:?}", service.key);
            }
        }
    }

    #[test]
    fn services_are_found_by_each_of_their_names() {
        assert_eq!(service_by_signing_name("monitoring").unwrap().key, "cloudwatch");
        assert_eq!(service_by_signing_name("tagging").unwrap().key, "resourcegroupstaggingapi");
        assert_eq!(service_by_cli_name("s3api").unwrap().key, "s3");
        assert!(service_by_cli_name("s3").is_none());
        assert_eq!(service("rds").unwrap().operation("CreateDBCluster").unwrap().cli, "create-db-cluster");
    }
}
