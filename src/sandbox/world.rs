//! The world: accounts, each with its Regions, and a timeline. A plain value that can be cloned, saved and compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::call::Call;
use super::dataplane;
use super::faults;
use super::limits;
use super::services::{
    acm, apigateway, cloudcontrol, cloudformation, cloudfront, cloudwatch, codepipeline, cognito, dynamodb, ec2, ecs,
    elasticache, elbv2, iam, kms, lambda, logs, organizations, rds, route53, s3, scheduler, secretsmanager,
    servicequotas, ssm, sts,
};
use crate::domain::SimTime;
use crate::domain::drill::Fault;
use crate::sandbox::version::Version;

/// The account that every request without an account of its own belongs to.
/// Source: AWS documentation uses this id in examples; it is nobody's account.
pub const LEARNER_ACCOUNT: &str = "111122223333";

/// Everything that exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// Seeds all chance.
    pub seed: u64,
    /// The simulated instant up to which everything has happened.
    pub now: SimTime,
    /// What will happen.
    pub timeline: Timeline,
    /// Accounts by id.
    pub accounts: BTreeMap<String, AccountState>,
    /// Buckets by name; names are global.
    pub buckets: BTreeMap<String, s3::Bucket>,
    /// Temporary credentials that were issued, by access key.
    pub sessions: BTreeMap<String, sts::Session>,
    /// Faults that are active.
    pub faults: Vec<Fault>,
    /// Caches of resolvers, and what the caches of the bookstore hold.
    pub dataplane: dataplane::State,
    /// Another one whenever something but data may have changed what the data plane answers. Whoever changes the world
    /// outside of [`World::advance`] calls [`World::touch`].
    #[serde(skip)]
    pub settings: Version,
    /// Another one whenever items, objects or rows changed. With `settings`, health checkers see that they need not
    /// ask again for what they know.
    #[serde(skip)]
    pub data: Version,
    /// What has happened: when, in which Region, what.
    pub log: Vec<(SimTime, String, String)>,
    /// Rules of behaviour that are switched off: in a new world the rates of [`limits::RATES`]; tests switch off one
    /// more at a time and expect another outcome.
    pub rules_off: std::collections::BTreeSet<String>,
    /// Counts draws per (purpose, resource), so that each draw is another one.
    ordinals: BTreeMap<String, u64>,
    /// The last number given out for an id.
    numbers: u64,
}

/// One account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccountState {
    /// Roles and policies.
    pub iam: iam::State,
    /// Zones and health checks.
    pub route53: route53::State,
    /// Distributions.
    pub cloudfront: cloudfront::State,
    /// Global databases of Aurora, which no Region holds alone.
    #[serde(default)]
    pub global_clusters: BTreeMap<String, rds::GlobalCluster>,
    /// The organization that this account manages.
    #[serde(default)]
    pub organizations: organizations::State,
    /// Quotas that were raised.
    #[serde(default)]
    pub quotas: servicequotas::State,
    /// Regions by name.
    pub regions: BTreeMap<String, RegionState>,
}

/// One Region of one account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RegionState {
    /// Certificates.
    pub acm: acm::State,
    /// REST APIs, domain names and mappings.
    pub apigateway: apigateway::State,
    /// Requests to Cloud Control.
    pub cloudcontrol: cloudcontrol::State,
    /// Stacks and change sets.
    pub cloudformation: cloudformation::State,
    /// Metrics and alarms.
    pub cloudwatch: cloudwatch::State,
    /// User pools and identity pools.
    pub cognito: cognito::State,
    /// Tables.
    pub dynamodb: dynamodb::State,
    /// VPCs and what is in them.
    pub ec2: ec2::State,
    /// Clusters, services, tasks.
    pub ecs: ecs::State,
    /// Caches.
    pub elasticache: elasticache::State,
    /// Load balancers.
    pub elbv2: elbv2::State,
    /// Keys.
    pub kms: kms::State,
    /// Functions.
    pub lambda: lambda::State,
    /// Log groups.
    pub logs: logs::State,
    /// Database clusters and instances.
    pub rds: rds::State,
    /// Schedules.
    #[serde(default)]
    pub scheduler: scheduler::State,
    /// CodePipeline.
    #[serde(default)]
    pub codepipeline: codepipeline::State,
    /// Secrets.
    pub secretsmanager: secretsmanager::State,
    /// Parameters.
    #[serde(default)]
    pub ssm: ssm::State,
}

/// Something that will happen to one service of one Region of one account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// What.
    pub what: What,
}

/// The services' own transitions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// Certificates are validated.
    Acm(acm::Transition),
    /// Domain names become available.
    ApiGateway(apigateway::Transition),
    /// Stacks go on.
    CloudFormation(cloudformation::Transition),
    /// Distributions are deployed.
    CloudFront(cloudfront::Transition),
    /// Tables and replicas change, items arrive.
    DynamoDb(dynamodb::Transition),
    /// Network resources become available.
    Ec2(ec2::Transition),
    /// Tasks start and stop.
    Ecs(ecs::Transition),
    /// Caches become available.
    ElastiCache(elasticache::Transition),
    /// Load balancers and targets change.
    Elb(elbv2::Transition),
    /// A fault's lease ends.
    FaultEnds(String),
    /// Functions are invoked by streams.
    Lambda(lambda::Transition),
    /// Accounts are made.
    Organizations(organizations::Transition),
    /// Clusters and instances change, rows arrive.
    Rds(rds::Transition),
    /// Health checkers ask.
    Route53(route53::Transition),
    /// Objects arrive at their replica.
    S3(s3::Transition),
    /// Schedules call their target.
    Scheduler(scheduler::Transition),
    /// CodePipeline.
    CodePipeline(codepipeline::Transition),
    /// Quotas are raised.
    ServiceQuotas(servicequotas::Transition),
}

/// What will happen, ordered by time and then by registration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    entries: BTreeMap<String, Transition>,
    registered: u64,
}

impl Timeline {
    /// Adds a transition at that instant, behind those that were registered for the same instant before.
    pub fn push(&mut self, at: SimTime, transition: Transition) {
        self.registered += 1;
        self.entries.insert(Self::key(at, self.registered), transition);
    }

    /// The instant of the next transition.
    pub fn next(&self) -> Option<SimTime> {
        self.entries.keys().next().and_then(|key| Self::instant(key))
    }

    /// The instant of the last transition.
    pub fn last(&self) -> Option<SimTime> {
        self.entries.keys().next_back().and_then(|key| Self::instant(key))
    }

    /// What will happen to an account, and when.
    pub(super) fn of(&self, account: &str) -> Vec<(SimTime, Transition)> {
        let own = self.entries.iter().filter(|(_, transition)| transition.account == account);
        own.filter_map(|(key, transition)| Some((Self::instant(key)?, transition.clone()))).collect()
    }

    /// Takes the next transition when it is due by `until`.
    fn pop(&mut self, until: SimTime) -> Option<(SimTime, Transition)> {
        let at = self.next().filter(|at| *at <= until)?;
        self.entries.pop_first().map(|(_, transition)| (at, transition))
    }

    /// Removes the transitions that `matches` names.
    pub fn retain(&mut self, keep: impl Fn(&Transition) -> bool) {
        self.entries.retain(|_, transition| keep(transition));
    }

    /// Whether a transition that `matches` names is waiting.
    pub fn any(&self, matches: impl Fn(&Transition) -> bool) -> bool {
        self.entries.values().any(matches)
    }

    /// How many transitions are waiting.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is waiting.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keys are fixed-width text, because JSON objects have no other keys; their order is the order of time.
    fn key(at: SimTime, registered: u64) -> String {
        format!("{:016}-{registered:012}", at.millis())
    }

    fn instant(key: &str) -> Option<SimTime> {
        key.split('-').next().and_then(|millis| millis.parse().ok()).map(SimTime::from_millis)
    }
}

impl World {
    /// An empty world at [`SimTime::WORLD_START`].
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            now: SimTime::WORLD_START,
            timeline: Timeline::default(),
            accounts: BTreeMap::new(),
            buckets: BTreeMap::new(),
            sessions: BTreeMap::new(),
            faults: Vec::new(),
            dataplane: dataplane::State::default(),
            settings: Version::new(),
            data: Version::new(),
            log: Vec::new(),
            // The rates of limits.rs are off until the guide's own walk is shown to pass under them.
            rules_off: limits::RATES.iter().map(|limit| limit.rule.to_owned()).collect(),
            ordinals: BTreeMap::new(),
            numbers: 0,
        }
    }

    /// Lets everything happen that is due by `until`. Time never goes back.
    pub fn advance(&mut self, until: SimTime) {
        while let Some((at, transition)) = self.timeline.pop(until) {
            self.now = self.now.max(at);
            self.apply(transition);
        }
        self.now = self.now.max(until);
    }

    /// Says that something may have changed what the data plane answers.
    pub fn touch(&mut self) {
        self.settings = Version::new();
    }

    /// Says that items, objects or rows changed, and nothing else.
    pub fn wrote(&mut self) {
        self.data = Version::new();
    }

    fn apply(&mut self, transition: Transition) {
        match transition.what {
            // Checkers and pollers come all the time and change nothing unless they say so themselves.
            What::Route53(_) | What::Lambda(_) | What::Elb(elbv2::Transition::Check { .. }) => {}
            What::DynamoDb(dynamodb::Transition::Arrive(_))
            | What::Rds(rds::Transition::Repeat { .. })
            | What::S3(s3::Transition::Replicate(_)) => self.wrote(),
            _ => self.touch(),
        }
        let mut call = Call::new(self, &transition.account, &transition.region);
        match transition.what {
            What::Acm(what) => acm::apply(&mut call, what),
            What::ApiGateway(what) => apigateway::apply(&mut call, what),
            What::CloudFormation(what) => cloudformation::apply(&mut call, what),
            What::CloudFront(what) => cloudfront::apply(&mut call, what),
            What::DynamoDb(what) => dynamodb::apply(&mut call, what),
            What::Ec2(what) => ec2::apply(&mut call, what),
            What::Ecs(what) => ecs::apply(&mut call, what),
            What::ElastiCache(what) => elasticache::apply(&mut call, what),
            What::Elb(what) => elbv2::apply(&mut call, what),
            What::FaultEnds(id) => faults::stop(call.world, &id),
            What::Lambda(what) => lambda::apply(&mut call, what),
            What::Organizations(what) => organizations::apply(&mut call, what),
            What::Rds(what) => rds::apply(&mut call, what),
            What::Route53(what) => route53::apply(&mut call, what),
            What::S3(what) => s3::apply(&mut call, what),
            What::Scheduler(what) => scheduler::apply(&mut call, what),
            What::CodePipeline(what) => codepipeline::apply(&mut call, what),
            What::ServiceQuotas(what) => servicequotas::apply(&mut call, what),
        }
    }

    /// Whether a rule of behaviour holds.
    pub fn rule(&self, id: &str) -> bool {
        !self.rules_off.contains(id)
    }

    /// A new number, for ids.
    pub fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// How often that purpose was drawn for that resource before.
    pub fn ordinal(&mut self, purpose: &str, resource: &str) -> u64 {
        let count = self.ordinals.entry(format!("{purpose}|{resource}")).or_insert(0);
        *count += 1;
        *count - 1
    }
}
