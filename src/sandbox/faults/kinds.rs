//! The kinds of faults, what each takes, and the refusal of what none of them takes.

use serde_json::{Map, Value};

use crate::domain::region::{GLOBAL_REGION, Region};
use crate::domain::text::nearest;
use crate::protocol;
use crate::sandbox::services;

/// A whole Region does not answer: no control plane, no data plane, and nothing replicates out of it or into it.
pub const REGION_LOSS: &str = "region-loss";
/// One service of one Region answers with an error.
pub const SERVICE_OUTAGE: &str = "service-outage";
/// The API answers late.
pub const API_SLOWNESS: &str = "api-slowness";
/// The API refuses requests because there were too many.
pub const API_THROTTLING: &str = "api-throttling";
/// A policy from above denies an action.
pub const DENIED_ACTIONS: &str = "denied-actions";
/// The session's credentials are over.
pub const EXPIRED_CREDENTIALS: &str = "expired-credentials";
/// Replication out of and into a Region stands still.
pub const REPLICATION_PAUSE: &str = "replication-pause";
/// The health route is fine and everything else is wrong.
pub const GREY_FAILURE: &str = "grey-failure";
/// The data plane answers late.
pub const SLOW_ANSWERS: &str = "slow-answers";
/// Certificates stay `PENDING_VALIDATION`.
pub const CERTIFICATE_PENDING: &str = "certificate-pending";
/// A service's quota is used up.
pub const QUOTA_REACHED: &str = "quota-reached";
/// Route 53's API does not answer; its name servers and health checkers go on.
pub const ROUTE53_CONTROL_PLANE: &str = "route53-control-plane";

/// What a parameter may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A service by its key.
    Service,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Seconds, 0.001 to 900.
    Seconds,
    /// A share above 0, up to 1.
    Share,
    /// An HTTP status of 400 to 599.
    Status,
    /// A path with its leading slash.
    Path,
    /// `service:Operation`, where `*` stands for anything at the end.
    Action,
}

/// A parameter of a kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub takes: Takes,
    /// Whether the fault needs it.
    pub required: bool,
    /// What it means, and what holds without it.
    pub what: &'static str,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub what: &'static str,
    /// Whether it is about a global service, which only one Region stands for.
    pub global: bool,
    /// What it takes.
    pub parameters: &'static [Parameter],
}

const fn needed(name: &'static str, takes: Takes, what: &'static str) -> Parameter {
    Parameter { name, takes, required: true, what }
}

const fn optional(name: &'static str, takes: Takes, what: &'static str) -> Parameter {
    Parameter { name, takes, required: false, what }
}

const fn kind(name: &'static str, what: &'static str, parameters: &'static [Parameter]) -> Kind {
    Kind { name, what, global: false, parameters }
}

const ONE_SERVICE: Parameter = optional("service", Takes::Service, "one service only; without it, all");

/// All kinds of faults.
pub const KINDS: &[Kind] = &[
    kind(REGION_LOSS, "nothing in the Region answers, and nothing replicates out of it or into it", &[]),
    kind(
        SERVICE_OUTAGE,
        "one service of the Region answers 503, in its API and where requests of clients pass it",
        &[needed("service", Takes::Service, "which service")],
    ),
    kind(
        API_SLOWNESS,
        "the Region's APIs answer late",
        &[optional("seconds", Takes::Seconds, "how late; 5 without it"), ONE_SERVICE],
    ),
    kind(
        API_THROTTLING,
        "the Region's APIs refuse requests with the service's own throttling error",
        &[optional("share", Takes::Share, "the share of requests; 1 without it"), ONE_SERVICE],
    ),
    kind(
        DENIED_ACTIONS,
        "a policy from above denies an action in the Region, to people and to services that act for them",
        &[needed("action", Takes::Action, "which action, e.g. dynamodb:PutItem or s3:*")],
    ),
    kind(EXPIRED_CREDENTIALS, "the Region's APIs say that the credentials are expired", &[]),
    kind(
        REPLICATION_PAUSE,
        "replication out of the Region and into it stands still",
        &[optional("store", Takes::Word(&["dynamodb", "s3", "aurora"]), "one store only; without it, all three")],
    ),
    kind(
        GREY_FAILURE,
        "the health route is fine, everything else in the Region answers with an error",
        &[
            optional("health", Takes::Path, "the health route; /health without it"),
            optional("status", Takes::Status, "what everything else answers; 500 without it"),
        ],
    ),
    kind(
        SLOW_ANSWERS,
        "the Region's endpoints answer clients and health checkers late",
        &[optional("seconds", Takes::Seconds, "how late; 10 without it")],
    ),
    kind(CERTIFICATE_PENDING, "certificates that are requested in the Region stay PENDING_VALIDATION", &[]),
    kind(
        QUOTA_REACHED,
        "a service of the Region refuses to make more, with the service's own error",
        &[needed("service", Takes::Service, "which service")],
    ),
    Kind {
        name: ROUTE53_CONTROL_PLANE,
        what: "Route 53's API answers 503, its name servers and health checkers go on (only us-east-1)",
        global: true,
        parameters: &[],
    },
];

/// Why a fault cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No such kind.
    #[error("there is no fault '{given}'{}; the sandbox has {}", did_you_mean(.nearest.as_deref()), names())]
    Kind {
        /// What was asked for.
        given: String,
        /// The kind whose name is nearest.
        nearest: Option<String>,
    },
    /// No such Region, or not for this kind.
    #[error("{0}")]
    Region(String),
    /// A parameter that the kind does not have.
    #[error("the fault {kind} has no parameter '{given}'{}; {takes}", did_you_mean(.nearest.as_deref()))]
    Parameter {
        /// The kind.
        kind: &'static str,
        /// What was given.
        given: String,
        /// The parameter whose name is nearest.
        nearest: Option<String>,
        /// What it does take.
        takes: String,
    },
    /// A parameter is missing.
    #[error("the fault {kind} needs the parameter '{name}': {what}")]
    Missing {
        /// The kind.
        kind: &'static str,
        /// The parameter.
        name: &'static str,
        /// What it means.
        what: &'static str,
    },
    /// A parameter holds something else.
    #[error("the parameter '{name}' of the fault {kind} cannot be {given}: it takes {takes}")]
    Value {
        /// The kind.
        kind: &'static str,
        /// The parameter.
        name: &'static str,
        /// What was given.
        given: String,
        /// What it takes, with the nearest where there is one.
        takes: String,
    },
    /// A lease of no time.
    #[error("a fault needs a lease above zero")]
    Lease,
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(", did you mean '{name}'?")).unwrap_or_default()
}

fn names() -> String {
    KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")
}

/// Services that are simulated behind others, and have no model of their wire here.
const BEHIND: [&str; 11] =
    ["cloudfront", "cognito", "ec2", "elasticache", "elbv2", "iam", "kms", "lambda", "logs", "secretsmanager", "sts"];

fn service_keys() -> impl Iterator<Item = &'static str> {
    let wired = protocol::models().services.iter().map(|service| service.key.as_str());
    wired.filter(|key| !BEHIND.contains(key)).chain(BEHIND)
}

impl Takes {
    /// Whether a value fits, and what would.
    fn check(self, value: &Value) -> Result<(), String> {
        let number = value.as_f64();
        let text = value.as_str();
        let among = |words: Vec<&str>| match text {
            Some(word) if words.contains(&word) => Ok(()),
            word => {
                let near = word.and_then(|word| nearest(word, words.iter().copied())).map(str::to_owned);
                Err(format!("one of {}{}", words.join(", "), did_you_mean(near.as_deref())))
            }
        };
        let fits = |good: bool, what: &str| if good { Ok(()) } else { Err(what.to_owned()) };
        match self {
            Takes::Service => among(service_keys().collect()),
            Takes::Word(words) => among(words.to_vec()),
            Takes::Seconds => {
                fits(number.is_some_and(|n| (0.001..=900.0).contains(&n)), "a number of seconds from 0.001 to 900")
            }
            Takes::Share => fits(number.is_some_and(|n| n > 0.0 && n <= 1.0), "a share above 0, up to 1"),
            Takes::Status => fits(value.as_u64().is_some_and(|n| (400..600).contains(&n)), "a status of 400 to 599"),
            Takes::Path => fits(text.is_some_and(|path| path.starts_with('/')), "a path with its leading slash"),
            Takes::Action => {
                let Some((service, operation)) = text.and_then(|action| action.split_once(':')) else {
                    return Err("service:Operation, e.g. dynamodb:PutItem or s3:*".to_owned());
                };
                Takes::Service.check(&Value::from(service))?;
                let stem = operation.strip_suffix('*');
                let Some(model) = protocol::models().services.iter().find(|one| one.key == service) else {
                    return Ok(()); // Nothing is known about its operations.
                };
                let known: Vec<&str> = model.operations().iter().map(|operation| operation.name.as_str()).collect();
                let matched = known.iter().any(|name| match stem {
                    Some(stem) => name.starts_with(stem),
                    None => *name == operation,
                });
                // CloudFormation asks services for more than the wire has of them.
                if matched || services::handler(service, operation).is_some() {
                    return Ok(());
                }
                let near = nearest(operation, known.iter().copied());
                Err(format!("an operation of {service}{}", did_you_mean(near)))
            }
        }
    }
}

/// The kind of that name with its parameters checked, or why there is no such fault.
pub fn check(name: &str, region: &str, parameters: &Value) -> Result<&'static Kind, FaultError> {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        let nearest = nearest(name, KINDS.iter().map(|kind| kind.name)).map(str::to_owned);
        return Err(FaultError::Kind { given: name.to_owned(), nearest });
    };
    Region::parse(region).map_err(|error| FaultError::Region(error.to_string()))?;
    if kind.global && region != GLOBAL_REGION {
        return Err(FaultError::Region(format!(
            "the fault {name} is about a global service, whose Region is {GLOBAL_REGION}, not {region}"
        )));
    }
    let empty = Map::new();
    let given = match parameters {
        Value::Object(map) => map,
        Value::Null => &empty,
        other => {
            let takes = "an object of parameters".to_owned();
            return Err(FaultError::Value { kind: kind.name, name: "parameters", given: other.to_string(), takes });
        }
    };
    for (key, value) in given {
        let Some(parameter) = kind.parameters.iter().find(|parameter| parameter.name == key) else {
            let known: Vec<&str> = kind.parameters.iter().map(|parameter| parameter.name).collect();
            let takes =
                if known.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", known.join(", ")) };
            let nearest = nearest(key, known.iter().copied()).map(str::to_owned);
            return Err(FaultError::Parameter { kind: kind.name, given: key.clone(), nearest, takes });
        };
        parameter.takes.check(value).map_err(|takes| FaultError::Value {
            kind: kind.name,
            name: parameter.name,
            given: value.to_string(),
            takes,
        })?;
    }
    match kind.parameters.iter().find(|parameter| parameter.required && !given.contains_key(parameter.name)) {
        Some(missing) => Err(FaultError::Missing { kind: kind.name, name: missing.name, what: missing.what }),
        None => Ok(kind),
    }
}
