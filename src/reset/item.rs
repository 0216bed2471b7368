//! One thing that exists in an account, and the proof that it belongs to a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::run::Run;

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A CloudFormation stack.
    Stack,
    /// A DynamoDB table of one Region.
    Table,
    /// An Aurora cluster.
    Cluster,
    /// A database instance.
    Instance,
    /// A global database, which no Region holds alone.
    GlobalCluster,
    /// A manual snapshot of a cluster.
    Snapshot,
    /// A custom domain name of API Gateway.
    DomainName,
    /// A REST API.
    RestApi,
    /// A certificate.
    Certificate,
    /// A bucket.
    Bucket,
    /// A hosted zone.
    Zone,
    /// A health check.
    HealthCheck,
    /// A dashboard, which no Region holds alone.
    Dashboard,
    /// A delivery pipeline.
    Pipeline,
    /// A schedule, as a drill makes one before it breaks something.
    Schedule,
    /// A log group.
    LogGroup,
    /// What only the search by tag shows.
    Tagged,
}

impl Kind {
    /// CloudFormation's name of the type; for what only a tag shows, nothing.
    pub fn type_name(self) -> &'static str {
        match self {
            Kind::Stack => "AWS::CloudFormation::Stack",
            Kind::Table => "AWS::DynamoDB::Table",
            Kind::Cluster => "AWS::RDS::DBCluster",
            Kind::Instance => "AWS::RDS::DBInstance",
            Kind::GlobalCluster => "AWS::RDS::GlobalCluster",
            Kind::Snapshot => "AWS::RDS::DBClusterSnapshot",
            Kind::DomainName => "AWS::ApiGateway::DomainName",
            Kind::RestApi => "AWS::ApiGateway::RestApi",
            Kind::Certificate => "AWS::CertificateManager::Certificate",
            Kind::Bucket => "AWS::S3::Bucket",
            Kind::Zone => "AWS::Route53::HostedZone",
            Kind::HealthCheck => "AWS::Route53::HealthCheck",
            Kind::Dashboard => "AWS::CloudWatch::Dashboard",
            Kind::Pipeline => "AWS::CodePipeline::Pipeline",
            Kind::Schedule => "AWS::Scheduler::Schedule",
            Kind::LogGroup => "AWS::Logs::LogGroup",
            Kind::Tagged => "",
        }
    }
}

/// Why a thing counts as the run's, or does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "proof", rename_all = "kebab-case")]
pub enum Owner {
    /// It is a member of a stack of the run.
    Stack {
        /// The stack.
        stack: String,
    },
    /// The run's manifest names it.
    Manifest,
    /// It carries the run's tags, and its name is one of the run's.
    TagAndName,
    /// Its name is exactly one that the workshop gives, in a Region of the run, and no tag says otherwise. Replicas of
    /// tables, health checks and snapshots carry no tags of their own.
    ExactName,
    /// It carries the run's tags, but nothing else proves it. It is reported, and never deleted.
    TagAlone,
    /// It is somebody else's.
    NotOurs {
        /// Why it counts as that.
        why: String,
    },
}

impl Owner {
    /// Whether it may be deleted.
    pub fn ours(&self) -> bool {
        !matches!(self, Owner::TagAlone | Owner::NotOurs { .. })
    }
}

/// One thing that exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Where; global things are in us-east-1.
    pub region: String,
    /// What calls name it by.
    pub id: String,
    /// What people name it by.
    pub name: String,
    /// Its ARN, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The proof.
    pub owner: Owner,
    /// AWS's answer: of a list all of it, of a search what the order of deletion is made from; no part of a plan. Shared, because the same thing is in a search, in what is to
    /// go, and in each turn's list.
    #[serde(skip)]
    pub raw: Arc<Value>,
}

impl Item {
    /// What tells it from everything else in an account.
    pub fn key(&self) -> (Kind, String, String) {
        (self.kind, self.region.clone(), self.id.clone())
    }

    /// The text at a JSON pointer of AWS's answer.
    pub fn text(&self, pointer: &str) -> &str {
        self.raw.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The list at a JSON pointer of AWS's answer.
    pub fn list(&self, pointer: &str) -> Vec<&Value> {
        self.raw.pointer(pointer).and_then(Value::as_array).map(|items| items.iter().collect()).unwrap_or_default()
    }

    /// Whether a switch at a JSON pointer of AWS's answer is on.
    pub fn is_on(&self, pointer: &str) -> bool {
        self.raw.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// What else is known about an account while its things are judged.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Tags by ARN.
    pub tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Stacks of the run by type and physical id of their members, and by Region.
    pub members: BTreeMap<(String, String, String), String>,
    /// ARNs that the run's manifest names.
    pub manifest: Vec<String>,
}

impl Evidence {
    /// The stack of any Region that made a dashboard, which itself is in none.
    fn maker(&self, item: &Item) -> Option<&String> {
        let same = |(_, type_name, id): &&(String, String, String)| {
            item.kind == Kind::Dashboard && type_name == item.kind.type_name() && *id == item.id
        };
        self.members.iter().find(|(member, _)| same(member)).map(|(_, stack)| stack)
    }

    /// Who owns a thing.
    pub fn judge(&self, run: &Run, item: &Item) -> Owner {
        let member = (item.region.clone(), item.kind.type_name().to_owned(), item.id.clone());
        if let Some(stack) = self.members.get(&member).or_else(|| self.maker(item)) {
            return Owner::Stack { stack: stack.clone() };
        }
        let arn = item.arn.as_deref().unwrap_or_default();
        let none = BTreeMap::new();
        let tags = self.tags.get(arn).unwrap_or(&none);
        if let Some(other) = run.of_another(tags) {
            return Owner::NotOurs { why: format!("it carries the tags of another run ({other})") };
        }
        // Names are used again, ARNs with them: what the run made long ago and somebody else has made anew carries no tag of
        // the run, and a name of the run would prove it anyway.
        if self.manifest.iter().any(|known| known == arn) {
            return Owner::Manifest;
        }
        let named = run.names_it(&item.name);
        let here = item.region == crate::domain::GLOBAL_REGION || run.regions.role_of(&item.region).is_some();
        match (run.tagged(tags), named) {
            (true, true) => Owner::TagAndName,
            (false, true) if here => Owner::ExactName,
            (false, true) => Owner::NotOurs { why: format!("{} is not a Region of the run", item.region) },
            (true, false) if item.name.contains(&run.suffix) => Owner::TagAndName,
            (true, false) => Owner::TagAlone,
            (false, false) if item.name.contains(&run.suffix) => {
                let why = "its name contains the suffix, but it is none of the workshop's names and carries no tag";
                Owner::NotOurs { why: why.to_owned() }
            }
            (false, false) => Owner::NotOurs { why: "nothing connects it with the run".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::run::tests::run;
    use super::*;

    fn item(kind: Kind, region: &str, name: &str) -> Item {
        Item {
            kind,
            region: region.into(),
            id: name.into(),
            name: name.into(),
            arn: Some(format!("arn:{name}")),
            owner: Owner::TagAlone,
            raw: Arc::default(),
        }
    }

    fn tags(run: &str) -> BTreeMap<String, String> {
        [("run".to_owned(), run.to_owned()), ("workshop".to_owned(), "bookstore".to_owned())].into()
    }

    #[test]
    fn a_name_and_a_tag_prove_together_and_neither_alone_proves_a_strangers_thing() {
        let mut evidence = Evidence::default();
        let (run, own) = (run(), item(Kind::Table, "eu-west-1", "bookstore-abc123-Books"));
        assert_eq!(evidence.judge(&run, &own), Owner::ExactName);
        evidence.tags.insert("arn:bookstore-abc123-Books".into(), tags("abc123"));
        assert_eq!(evidence.judge(&run, &own), Owner::TagAndName);
        evidence.tags.insert("arn:bookstore-abc123-Books".into(), tags("zzz999"));
        assert!(!evidence.judge(&run, &own).ours());
        assert!(!evidence.judge(&run, &item(Kind::Table, "eu-west-1", "payroll-abc123")).ours());
        assert!(!evidence.judge(&run, &item(Kind::Table, "us-west-2", "bookstore-abc123-Carts")).ours());
        evidence.tags.insert("arn:E1".into(), tags("abc123"));
        assert_eq!(evidence.judge(&run, &item(Kind::Tagged, "us-east-1", "E1")), Owner::TagAlone);
    }
}
