//! A resource type as a row over the operations of a service's API.

use serde_json::{Map, Value, json};

use super::{Existing, Progress, Request, is_absence};
use crate::sandbox::call::{AwsError, Call, tags};
use crate::sandbox::services::cloudformation::schema;

/// Where the physical id comes from.
pub enum Id {
    /// A pointer into the answer of the creating operation.
    Out(&'static str),
    /// A member of the creating operation's input.
    In(&'static str),
    /// Made before anything is called.
    Opened(fn(&mut Call<'_>, &Request<'_>) -> String),
    /// Made from the request and the answer.
    Made(fn(&Request<'_>, &Value) -> String),
}

/// What a member of a read or delete is filled with.
#[derive(Clone, Copy)]
pub enum By {
    /// The physical id.
    Id,
    /// A list with the physical id.
    IdList,
    /// A property.
    Property(&'static str),
    /// Yes.
    Yes,
}

/// How the API takes tags.
#[derive(Clone, Copy)]
pub enum Tags {
    /// Not at all.
    None,
    /// `[{Key, Value}]` in that member.
    List(&'static str),
    /// `[{key, value}]` in that member.
    LowerList(&'static str),
    /// `[{TagKey, TagValue}]` in that member.
    KmsList(&'static str),
    /// `{key: value}` in that member.
    Map(&'static str),
    /// EC2's TagSpecifications for that kind of resource.
    Specifications(&'static str),
}

/// How the API writes its members.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As CloudFormation does.
    Same,
    /// With a lower-case first letter.
    Camel,
}

/// The states of a resource, in what the read gives.
#[derive(Clone, Copy)]
pub struct Settled {
    /// Where the state stands.
    pub at: &'static str,
    /// The states in which it can be used.
    pub ready: &'static [&'static str],
    /// The states in which it never will be.
    pub failed: &'static [&'static str],
}

type Shape = fn(&mut Call<'_>, &Request<'_>, &mut Map<String, Value>) -> Result<(), AwsError>;
type Afterwards = fn(&mut Call<'_>, &Existing<'_>, &Request<'_>) -> Result<(), AwsError>;
type Change = fn(&mut Call<'_>, &Existing<'_>, &Request<'_>) -> Result<(), AwsError>;
type Before = fn(&mut Call<'_>, &Existing<'_>) -> Result<(), AwsError>;
type Deletion = fn(&Existing<'_>, &mut Map<String, Value>);
type Look = fn(&mut Call<'_>, &Existing<'_>) -> Progress;
type Gone = fn(&mut Call<'_>, &Existing<'_>) -> Result<bool, AwsError>;
type Attribute = fn(&mut Call<'_>, &Existing<'_>, &str) -> Option<Value>;

/// One resource type.
pub struct Api {
    /// `AWS::EC2::VPC`.
    pub type_name: &'static str,
    /// The service's key.
    pub service: &'static str,
    /// The operation that makes it; empty when `after` does it all.
    pub create: &'static str,
    /// Where its physical id comes from.
    pub id: Id,
    /// The property that carries its name, and the longest name; generated when the template gives none.
    pub name: Option<(&'static str, usize)>,
    /// Whether names are lower-case.
    pub lower: bool,
    /// CloudFormation's property and the API's member, where they differ.
    pub renamed: &'static [(&'static str, &'static str)],
    /// Properties that the creating operation does not take.
    pub dropped: &'static [&'static str],
    /// Properties that AWS has and the sandbox does not simulate.
    pub refused: &'static [&'static str],
    /// The property that carries tags.
    pub tag_property: &'static str,
    /// How the API takes them.
    pub tags: Tags,
    /// How the API writes members.
    pub style: Style,
    /// The reading operation, its members, and where the resource stands in the answer. Empty: nothing to read.
    pub read: (&'static str, &'static [(&'static str, By)], &'static str),
    /// Its states, when it has any.
    pub settled: Option<Settled>,
    /// How far it is, when no state in what the read gives can tell.
    pub look: Option<Look>,
    /// Whether it is gone, likewise.
    pub look_gone: Option<Gone>,
    /// Where a state stands, and the states in which it counts as deleted.
    pub gone: (&'static str, &'static [&'static str]),
    /// Attributes and where they stand in what the read gives.
    pub attributes: &'static [(&'static str, &'static str)],
    /// Attributes that are not there.
    pub attribute: Option<Attribute>,
    /// The deleting operation and its members. Empty: nothing to call.
    pub delete: (&'static str, &'static [(&'static str, By)]),
    /// Finishes the input of the creating operation.
    pub shape: Option<Shape>,
    /// What is done once it is made.
    pub after: Option<Afterwards>,
    /// What is done before it is deleted.
    pub before_delete: Option<Before>,
    /// Finishes the input of the deleting operation.
    pub delete_with: Option<Deletion>,
    /// Changes it in place.
    pub update: Option<Change>,
    /// The constant that says how long CloudFormation waits after the creation of what has no states.
    pub wait: &'static str,
}

impl Api {
    /// A row to start from.
    pub const NEW: Api = Api {
        type_name: "",
        service: "",
        create: "",
        id: Id::In(""),
        name: None,
        lower: false,
        renamed: &[],
        dropped: &[],
        refused: &[],
        tag_property: "Tags",
        tags: Tags::None,
        style: Style::Same,
        read: ("", &[], ""),
        settled: None,
        look: None,
        look_gone: None,
        gone: ("", &[]),
        attributes: &[],
        attribute: None,
        delete: ("", &[]),
        shape: None,
        after: None,
        before_delete: None,
        delete_with: None,
        update: None,
        wait: "",
    };

    /// The tags that the template gives a resource of this type.
    pub fn own_tags(&self, properties: &Value) -> Vec<(String, String)> {
        tags(properties.get(self.tag_property))
    }

    /// Makes a resource. When it was made but not finished, the error comes with its physical id.
    pub fn create(&self, call: &mut Call<'_>, request: &Request<'_>) -> Result<String, (Option<String>, AwsError)> {
        let early = |error| (None, error);
        let input = self.input(call, request).map_err(early)?;
        let output = match self.create {
            "" => Value::Null,
            operation => call.invoke(self.service, operation, &input).map_err(early)?,
        };
        let physical = match self.id {
            Id::Out(pointer) => output.pointer(pointer).map(plain),
            Id::In(member) => input.get(member).map(plain),
            Id::Opened(open) => Some(open(call, request)),
            Id::Made(make) => Some(make(request, &output)),
        };
        let Some(physical) = physical.filter(|id| !id.is_empty()) else {
            let why = format!("{} {} answered without the id of the new resource", self.service, self.create);
            return Err((None, AwsError::with_status(500, "InternalFailure", why)));
        };
        if let Some(after) = self.after {
            let existing = request.existing(&physical, call.now());
            after(call, &existing, request).map_err(|error| (Some(physical.clone()), error))?;
        }
        Ok(physical)
    }

    /// The input of the creating operation.
    fn input(&self, call: &mut Call<'_>, request: &Request<'_>) -> Result<Value, AwsError> {
        let mut properties = request.properties.clone();
        if let Some(members) = properties.as_object_mut() {
            members.shift_remove(self.tag_property);
            for name in self.dropped {
                members.shift_remove(*name);
            }
            if let Some((name, longest)) = self.name
                && members.get(name).is_none()
            {
                members.insert(name.into(), generated(call, request, longest, self.lower).into());
            }
        }
        let cased = match (self.style, schema::of(self.type_name)) {
            (Style::Camel, Some(schema)) => schema.camel(&properties),
            _ => properties,
        };
        let mut input = Map::new();
        for (name, value) in cased.as_object().into_iter().flatten() {
            let member = self.renamed.iter().find(|(from, _)| from == name).map_or(name.as_str(), |(_, to)| *to);
            input.insert(member.to_owned(), value.clone());
        }
        let list = |key: &str, value: &str| -> Value {
            request.tags.iter().map(|(k, v)| json!({ key: k, value: v })).collect()
        };
        if !request.tags.is_empty() {
            let (member, value) = match self.tags {
                Tags::None => ("", Value::Null),
                Tags::List(member) => (member, list("Key", "Value")),
                Tags::LowerList(member) => (member, list("key", "value")),
                Tags::KmsList(member) => (member, list("TagKey", "TagValue")),
                Tags::Map(member) => {
                    (member, request.tags.iter().map(|(k, v)| (k.clone(), Value::String(v.clone()))).collect())
                }
                Tags::Specifications(kind) => {
                    ("TagSpecifications", json!([{ "ResourceType": kind, "Tags": list("Key", "Value") }]))
                }
            };
            if !member.is_empty() {
                input.insert(member.to_owned(), value);
            }
        }
        if let Some(shape) = self.shape {
            shape(call, request, &mut input)?;
        }
        Ok(Value::Object(input))
    }

    /// The resource as the service's own read gives it; `None` when it is not there.
    pub fn read(&self, call: &mut Call<'_>, existing: &Existing<'_>) -> Result<Option<Value>, AwsError> {
        let (operation, members, at) = self.read;
        match call.invoke(self.service, operation, &filled(members, existing)) {
            Ok(answer) => Ok(answer.pointer(at).filter(|value| !value.is_null()).cloned()),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How far a resource is.
    pub fn progress(&self, call: &mut Call<'_>, existing: &Existing<'_>) -> Progress {
        if let Some(look) = self.look {
            return look(call, existing);
        }
        let Some(settled) = self.settled else { return Progress::Done };
        match self.read(call, existing) {
            Ok(Some(body)) => {
                let state = body.pointer(settled.at).and_then(Value::as_str).unwrap_or_default();
                if settled.ready.contains(&state) {
                    Progress::Done
                } else if settled.failed.contains(&state) {
                    Progress::Failed(format!("Resource {} is in the state {state}", existing.physical))
                } else {
                    Progress::Going
                }
            }
            Ok(None) => Progress::Failed(format!("Resource {} no longer exists", existing.physical)),
            Err(error) => Progress::Failed(spoken(self.service, &error)),
        }
    }

    /// What `Fn::GetAtt` gives.
    pub fn get(&self, call: &mut Call<'_>, existing: &Existing<'_>, name: &str) -> Option<Value> {
        if let Some(value) = self.attribute.and_then(|attribute| attribute(call, existing, name)) {
            return Some(value);
        }
        let pointer = self.attributes.iter().find(|(known, _)| *known == name).map(|(_, pointer)| *pointer);
        match pointer {
            Some("id") => Some(Value::String(existing.physical.to_owned())),
            Some(pointer) => self.read(call, existing).ok().flatten()?.pointer(pointer).cloned(),
            None => existing.properties.get(name).cloned(),
        }
    }

    /// Begins its deletion.
    pub fn delete(&self, call: &mut Call<'_>, existing: &Existing<'_>) -> Result<(), AwsError> {
        if let Some(before) = self.before_delete {
            before(call, existing)?;
        }
        let (operation, members) = self.delete;
        if operation.is_empty() {
            return Ok(());
        }
        let mut input = filled(members, existing);
        if let (Some(finish), Some(members)) = (self.delete_with, input.as_object_mut()) {
            finish(existing, members);
        }
        super::remove(call, self.service, operation, &input)
    }

    /// Whether it is gone.
    pub fn is_gone(&self, call: &mut Call<'_>, existing: &Existing<'_>) -> Result<bool, AwsError> {
        if let Some(gone) = self.look_gone {
            return gone(call, existing);
        }
        if self.settled.is_none() || self.delete.0.is_empty() {
            return Ok(true);
        }
        let (at, states) = self.gone;
        let read = self.read(call, existing)?;
        Ok(read
            .is_none_or(|body| body.pointer(at).and_then(Value::as_str).is_some_and(|state| states.contains(&state))))
    }
}

/// The refusal of something that AWS has and the sandbox has not.
pub fn unsupported(what: &str) -> AwsError {
    AwsError::client("SandboxUnsupportedParameter", format!("The sandbox does not simulate {what}."))
}

fn filled(members: &[(&str, By)], existing: &Existing<'_>) -> Value {
    members
        .iter()
        .map(|(member, by)| {
            let value = match by {
                By::Id => Value::String(existing.physical.to_owned()),
                By::IdList => json!([existing.physical]),
                By::Yes => Value::Bool(true),
                By::Property(name) => existing.properties.get(*name).cloned().unwrap_or_default(),
            };
            ((*member).to_owned(), value)
        })
        .collect()
}

/// A name as CloudFormation makes it: stack, logical id and twelve characters of chance.
pub fn generated(call: &mut Call<'_>, request: &Request<'_>, longest: usize, lower: bool) -> String {
    let chance = call.upper_id(12);
    let room = longest.saturating_sub(chance.len() + 1);
    let mut stem = format!("{}-{}", request.stack, request.logical);
    // Both parts keep their beginning, as far as there is room.
    if stem.len() > room {
        let half = room.saturating_sub(1) / 2;
        let cut = |text: &str, to: usize| text.chars().take(to).collect::<String>();
        let stack = cut(request.stack, half);
        stem = format!("{stack}-{}", cut(request.logical, room.saturating_sub(stack.len() + 1)));
    }
    let name = format!("{stem}-{chance}");
    if lower { name.to_lowercase() } else { name }
}

/// An error as CloudFormation writes it into an event.
pub fn spoken(service: &str, error: &AwsError) -> String {
    let title = match service {
        "apigateway" => "ApiGateway",
        "cloudformation" => "CloudFormation",
        "cloudfront" => "CloudFront",
        "cognito" => "CognitoIdentityProvider",
        "dynamodb" => "DynamoDb",
        "ec2" => "Ec2",
        "ecs" => "Ecs",
        "elasticache" => "ElastiCache",
        "elbv2" => "ElasticLoadBalancingV2",
        "iam" => "Iam",
        "lambda" => "Lambda",
        "logs" => "CloudWatchLogs",
        "rds" => "Rds",
        "s3" => "S3",
        other => other,
    };
    format!("{} (Service: {title}, Status Code: {}, Error Code: {})", error.message, error.status, error.code)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
