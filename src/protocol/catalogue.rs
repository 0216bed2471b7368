//! The operation catalogue: what each operation is called, does and takes, for the command line, previews and completion.

use std::sync::OnceLock;

use super::model::{self, Kind, Member, OperationModel, Service};
use crate::domain::Effect;

/// Whether an operation concerns one Region or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One Region's resources.
    Regional,
    /// The service has no Regions.
    Global,
}

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagKind {
    /// Text, an enumerated word or an instant.
    Text,
    /// A number.
    Number,
    /// `--flag` or `--no-flag`, without a value.
    Switch,
    /// Several words, shorthand items or a JSON array.
    List,
    /// Shorthand `Key=value,…` or a JSON object.
    Structure,
    /// Shorthand `key=value,…` or a JSON object with keys of one's own.
    Map,
    /// A file's bytes.
    Bytes,
}

/// One flag of an operation.
#[derive(Clone, Debug)]
pub struct FlagSpec {
    /// Without dashes: `db-cluster-identifier`.
    pub name: &'static str,
    /// The input member that it fills.
    pub member: &'static str,
    /// What it takes.
    pub kind: FlagKind,
    /// Whether the call needs it.
    pub required: bool,
    /// The known values, where they are few.
    pub values: &'static [String],
}

impl FlagSpec {
    /// The flag that says no to a switch: `no-…`, but for one of ECS that the AWS CLI renames.
    pub fn negative(&self) -> String {
        match self.name {
            "enable-execute-command" => "disable-execute-command".into(),
            name => format!("no-{name}"),
        }
    }
}

/// One operation.
#[derive(Clone, Debug)]
pub struct OperationSpec {
    /// Our key of the service, `s3`.
    pub service: &'static str,
    /// The AWS CLI's name of the service, `s3api`.
    pub cli_service: &'static str,
    /// The API's name, `CreateDBCluster`.
    pub api: &'static str,
    /// The AWS CLI's name, `create-db-cluster`.
    pub cli: &'static str,
    /// What it does to the account.
    pub effect: Effect,
    /// Where it acts.
    pub scope: Scope,
    /// Its flags, in the model's order.
    pub flags: Vec<FlagSpec>,
}

impl OperationSpec {
    /// The flag with this name, without dashes.
    pub fn flag(&self, name: &str) -> Option<&FlagSpec> {
        self.flags.iter().find(|flag| flag.name == name)
    }
}

/// Operations whose verb misleads.
const EFFECTS: &[(&str, &str, Effect)] = &[
    ("dynamodb", "BatchWriteItem", Effect::Update),
    ("dynamodb", "TransactWriteItems", Effect::Update),
    ("dynamodb", "UntagResource", Effect::Update),
    ("route53", "TestDNSAnswer", Effect::Read),
    ("s3", "CopyObject", Effect::Create),
    ("s3", "PutObject", Effect::Create),
    ("dynamodb", "PutItem", Effect::Create),
    ("cloudwatch", "PutDashboard", Effect::Create),
    ("cloudwatch", "PutMetricAlarm", Effect::Create),
    ("sts", "AssumeRole", Effect::Read),
    ("acm", "RequestCertificate", Effect::Create),
    ("iam", "SimulatePrincipalPolicy", Effect::Read),
    ("logs", "FilterLogEvents", Effect::Read),
];

fn effect(service: &str, api: &str) -> Effect {
    let listed = EFFECTS.iter().find(|(key, name, _)| *key == service && *name == api);
    if let Some((_, _, effect)) = listed {
        return *effect;
    }
    let starts = |words: &[&str]| words.iter().any(|word| api.starts_with(word));
    if starts(&["Get", "List", "Describe", "Head", "Validate", "Query", "Scan", "BatchGet", "TransactGet"]) {
        Effect::Read
    } else if starts(&["Create"]) {
        Effect::Create
    } else if starts(&["Delete"]) {
        Effect::Delete
    } else {
        Effect::Update
    }
}

fn flag(service: &'static Service, member: &'static Member) -> FlagSpec {
    let shape = service.shape(member);
    let kind = match shape.kind {
        Kind::Structure => FlagKind::Structure,
        Kind::List => FlagKind::List,
        Kind::Map => FlagKind::Map,
        Kind::Boolean => FlagKind::Switch,
        Kind::Integer | Kind::Long | Kind::Double => FlagKind::Number,
        Kind::Blob => FlagKind::Bytes,
        Kind::String | Kind::Timestamp => FlagKind::Text,
    };
    FlagSpec {
        name: &member.flag,
        member: &member.name,
        kind,
        // The SDKs fill an idempotency token by themselves.
        required: member.required && !member.idempotency_token,
        values: &shape.values,
    }
}

fn spec(service: &'static Service, operation: &'static OperationModel) -> OperationSpec {
    let input = operation.input.as_ref().map(|input| service.shape(input));
    OperationSpec {
        service: &service.key,
        cli_service: service.cli_name(),
        api: &operation.name,
        cli: &operation.cli,
        effect: effect(&service.key, &operation.name),
        scope: if service.is_global() { Scope::Global } else { Scope::Regional },
        flags: input.map_or_else(Vec::new, |shape| shape.members.iter().map(|m| flag(service, m)).collect()),
    }
}

/// All operations that this build knows.
pub fn operations() -> &'static [OperationSpec] {
    static SPECS: OnceLock<Vec<OperationSpec>> = OnceLock::new();
    SPECS.get_or_init(|| {
        let services = model::models().services.iter();
        services.flat_map(|service| service.operations().iter().map(|o| spec(service, o))).collect()
    })
}

/// The operation that the AWS CLI calls `aws SERVICE NAME`.
pub fn operation_by_cli(service: &str, name: &str) -> Option<&'static OperationSpec> {
    operations().iter().find(|spec| spec.cli_service == service && spec.cli == name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_knows_its_names_effect_and_flags() {
        let spec = operation_by_cli("rds", "promote-read-replica-db-cluster").unwrap();
        assert_eq!((spec.api, spec.effect), ("PromoteReadReplicaDBCluster", Effect::Update));
        let spec = operation_by_cli("s3api", "put-bucket-versioning").unwrap();
        assert_eq!(spec.flag("versioning-configuration").unwrap().kind, FlagKind::Structure);
        let spec = operation_by_cli("rds", "delete-db-cluster").unwrap();
        assert_eq!(spec.effect, Effect::Delete);
        assert_eq!(spec.flag("skip-final-snapshot").unwrap().kind, FlagKind::Switch);
        assert!(spec.flag("db-cluster-identifier").unwrap().required);
    }

    #[test]
    fn reads_are_reads() {
        for spec in operations() {
            let read = spec.effect == Effect::Read;
            assert_eq!(
                read,
                [
                    "Get",
                    "List",
                    "Describe",
                    "Head",
                    "Scan",
                    "Query",
                    "Validate",
                    "BatchGet",
                    "TransactGet",
                    "Test",
                    "Assume",
                    "Simulate",
                    "Filter"
                ]
                .iter()
                .any(|verb| spec.api.starts_with(verb)),
                "{}",
                spec.api
            );
        }
    }
}
