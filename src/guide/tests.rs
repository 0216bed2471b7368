//! Checks, outputs and facts against an AWS that answers from a table.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Guide, Setup};
use crate::clock::{Clock, Rate};
use crate::content::{self, Bindings, Source};
use crate::domain::drill::{Probe, ProbeError, ProbeReply, Vantage};
use crate::domain::ports::DnsAnswer;
use crate::domain::{
    BoxFuture, DataPlane, FactId, Failure, FailureClass, Operation, Operations, Outcome, RegionPair, Reply, SimTime,
    Unknown,
};

const STEP: &str = r##"---
id: replica
title: Replica
kind: do
gives: [m1.replica]
goal: "A replica."
outputs:
  source: { read: "aws rds describe-db-clusters --db-cluster-identifier src --region {{ region.primary }}", path: "DBClusters[0].DBClusterArn" }
checks:
  - id: cluster
    title: Replica cluster available
    read: aws rds describe-db-clusters --db-cluster-identifier rep --region {{ region.secondary }}
    expect:
      - { path: "DBClusters[0].Status", eq: available, pending: [creating] }
      - { path: "DBClusters[0].ReplicationSourceIdentifier", eq: "{{ out.m1.source }}" }
    elsewhere: [primary]
    within: 20m
    fail:
      - { when: not_found, say: "No cluster in {{ region.secondary }}.", fix: "#create" }
      - { when: found_elsewhere, say: "It exists in {{ found.region }}.", fix: "#create" }
      - { when: "DBClusters[0].ReplicationSourceIdentifier", say: "It follows {{ found.got }}, not {{ found.want }}.", why: "Empty." }
hints: [{ show: "#create" }]
---

# Replica

```bash {#create region=secondary effect=create undo=#delete}
$ aws rds create-db-cluster --db-cluster-identifier rep \
    --engine aurora-mysql --region {{ region.secondary }}
```

```bash {#delete region=secondary effect=delete hidden}
$ aws rds delete-db-cluster --db-cluster-identifier rep \
    --skip-final-snapshot --region {{ region.secondary }}
```
"##;

const WATCH: &str = r#"---
id: watch
title: Watch
kind: observe
goal: "It moves."
checks:
  - id: moved
    title: Moved
    read: aws ecs list-clusters --region {{ region.primary }}
    expect: [{ path: "length(clusterArns)", lte: 1 }]
    within: 2m
    fail:
      - { when: not_found, say: "None." }
      - { when: "length(clusterArns)", say: "Still {{ found.got }}." }
---

# Watch
"#;

const ROUTES: &str = r#"---
id: routes
title: Routes
kind: observe
goal: "Names."
checks:
  - id: healthy
    title: Healthy
    read: aws ecs list-clusters --region {{ region.primary }}
    expect: [{ path: "length(clusterArns)", gte: 3, pending: [0, 1, 2] }]
    fail: [{ when: not_found, say: "None." }]
  - id: gone
    title: Gone
    absent: aws s3api list-buckets --region {{ region.primary }}
    expect: [{ path: "length(Buckets || `[]`)", eq: 0 }]
    within: 1m
    fail:
      - { when: not_found, say: "The buckets could not be listed." }
      - { when: "length(Buckets || `[]`)", say: "{{ found.got }} buckets are left." }
  - id: page
    title: Page
    http: { url: "https://api.example.test/books", status: 200, region: "{{ region.primary }}" }
    within: 1m
    fail: [{ when: not_found, say: "No page." }]
  - id: names
    title: Names
    dns: { name: api.example.test, regions: ["{{ region.primary }}", "{{ region.secondary }}"] }
    within: 1m
    fail: [{ when: not_found, say: "Not both." }]
---

# Routes
"#;

/// Answers by `operation region`, or by `operation` alone.
#[derive(Default)]
struct Table {
    answers: Mutex<BTreeMap<String, Result<Value, Failure>>>,
    calls: Mutex<Vec<String>>,
}

impl Table {
    fn set(&self, key: &str, answer: Result<Value, Failure>) {
        self.answers.lock().unwrap().insert(key.to_owned(), answer);
    }
}

impl Operations for Table {
    fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(async move {
            let identifier = operation.input.get("DBClusterIdentifier").and_then(Value::as_str).unwrap_or("-");
            let keys = [
                format!("{} {identifier} {}", operation.name, operation.region),
                format!("{} {}", operation.name, operation.region),
            ];
            self.calls.lock().unwrap().push(keys[0].clone());
            let answers = self.answers.lock().unwrap();
            let found = keys.iter().find_map(|key| answers.get(key)).cloned();
            let output = found.unwrap_or_else(|| Err(failure(FailureClass::NotFound)))?;
            Ok(Reply { output, ..Reply::default() })
        })
    }
}

#[derive(Default)]
struct Net {
    status: Mutex<Option<u16>>,
    regions: Mutex<BTreeMap<String, String>>,
}

impl DataPlane for Net {
    fn resolve<'a>(&'a self, name: &'a str, vantage: &'a Vantage) -> BoxFuture<'a, Result<Option<DnsAnswer>, Failure>> {
        Box::pin(async move {
            let region = self.regions.lock().unwrap().get(&vantage.nearest).cloned();
            let chain = vec![name.to_owned()];
            let ttl = Duration::from_mins(1);
            Ok(region.map(|region| DnsAnswer { chain, targets: Vec::new(), ttl, region: Some(region) }))
        })
    }

    fn probe<'a>(&'a self, _: &'a Probe) -> BoxFuture<'a, Result<ProbeReply, Failure>> {
        Box::pin(async move {
            Ok(ProbeReply {
                status: self.status.lock().unwrap().ok_or(ProbeError::Dns),
                body: String::new(),
                headers: Vec::new(),
                latency: Duration::from_millis(5),
                resolved: None,
                region: Some("eu-west-1".to_owned()),
            })
        })
    }
}

fn failure(class: FailureClass) -> Failure {
    let text = || "x".to_owned();
    Failure { class, code: text(), message: text(), operation: text(), request_id: None }
}

struct Bench {
    guide: Guide,
    aws: Arc<Table>,
    net: Arc<Net>,
    clock: Clock,
}

const PRIMARY: &str = "eu-west-1";
const SECONDARY: &str = "ap-southeast-1";

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let effects: String = ["read", "create", "update", "delete", "fault"]
            .map(|effect| format!("  {effect}: {{ sandbox: auto, aws: auto }}\n"))
            .concat();
        let workshop = format!(
            "format: 1\nid: t\ntitle: T\nobjectives: {{ rto: 15m, rpo: 15m }}\nregions:\n  primary: {{ default: {PRIMARY} }}\n  \
             secondary: {{ default: {SECONDARY} }}\neffects:\n{effects}modules: [m1]\n"
        );
        write("workshop.yaml", &workshop);
        let module = "format: 1\nid: m1\ntitle: One\ngives: [m1.replica]\ninvariants: [m1.replica]\ntime: { p50: 5m, p95: 10m }\n";
        write("1-one/module.yaml", module);
        write("1-one/10-replica.md", STEP);
        write("1-one/20-routes.md", ROUTES);
        write("1-one/30-watch.md", WATCH);
        let source = Source::Dir(dir.path().to_path_buf());
        let workshop = content::load(&source).unwrap_or_else(|found| panic!("{found:?}"));
        let regions = RegionPair::new(PRIMARY, SECONDARY).unwrap();
        let bindings = Bindings::new(&workshop, &regions, &BTreeMap::new()).unwrap();
        let (aws, net) = (Arc::new(Table::default()), Arc::new(Net::default()));
        let clock = Clock::simulated(SimTime::WORLD_START, Rate::Stepped);
        let guide = Guide::new(Setup {
            workshop: Arc::new(workshop),
            assets: content::assets(&source).unwrap(),
            bindings,
            regions,
            aws: aws.clone(),
            network: net.clone(),
            clock: clock.clone(),
            workspace: Path::new("/nowhere").to_path_buf(),
        });
        Self { guide, aws, net, clock }
    }

    fn cluster(&self, region: &str, status: &str, source: &str) {
        let cluster = json!({ "DBClusters": [{ "Status": status, "ReplicationSourceIdentifier": source }] });
        self.aws.set(&format!("describe-db-clusters rep {region}"), Ok(cluster));
    }

    fn source(&self, arn: &str) {
        let cluster = json!({ "DBClusters": [{ "DBClusterArn": arn }] });
        self.aws.set(&format!("describe-db-clusters src {PRIMARY}"), Ok(cluster));
    }

    async fn check(&self, id: &str) -> Outcome {
        let steps = self.guide.workshop().modules.iter().flat_map(|module| &module.steps);
        let check = steps.flat_map(|step| &step.checks).find(|check| check.id == id).unwrap();
        self.guide.evaluate(check).await
    }

    async fn cluster_check(&self) -> Outcome {
        self.check("m1.replica/cluster").await
    }

    fn start(&self, step: &str) {
        self.guide.remember_start(step, self.clock.now());
    }
}

fn said(outcome: &Outcome) -> (&str, &str) {
    match outcome {
        Outcome::Fail { cause } => (cause.id.as_str(), cause.say.as_str()),
        other => panic!("{other:?} is no failure"),
    }
}

fn state(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Pending { state, .. } => state,
        other => panic!("{other:?} is not pending"),
    }
}

#[tokio::test]
async fn from_todo_over_pending_to_pass() {
    let bench = Bench::new();
    bench.source("arn:src");
    assert_eq!(bench.cluster_check().await, Outcome::Todo);
    bench.start("m1.replica");
    assert_eq!(state(&bench.cluster_check().await), "not there yet");
    bench.cluster(SECONDARY, "creating", "arn:src");
    let outcome = bench.cluster_check().await;
    assert_eq!(state(&outcome), "creating");
    let Outcome::Pending { since, expected, .. } = outcome else { unreachable!() };
    assert_eq!((since, expected), (Some(SimTime::WORLD_START), Some(Duration::from_mins(20))));
    bench.cluster(SECONDARY, "available", "arn:src");
    assert_eq!(bench.cluster_check().await, Outcome::Pass);
}

#[tokio::test]
async fn nothing_after_its_time_is_a_failure_with_the_fence_that_mends_it() {
    let bench = Bench::new();
    bench.start("m1.replica");
    bench.clock.advance(Duration::from_mins(20)).await;
    let outcome = bench.cluster_check().await;
    assert_eq!(said(&outcome), ("not_found", "No cluster in ap-southeast-1."));
    let Outcome::Fail { cause } = outcome else { unreachable!() };
    assert_eq!(cause.fix.as_deref(), Some("create"));
    // While an action of the step runs, nothing is wrong yet, however long it takes.
    let running = bench.guide.running("m1.replica");
    assert_eq!(state(&bench.cluster_check().await), "not there yet");
    drop(running);
    assert_eq!(bench.cluster_check().await.word(), "fail");
}

#[tokio::test]
async fn the_wrong_region_is_recognised() {
    let bench = Bench::new();
    bench.cluster(PRIMARY, "available", "arn:src");
    assert_eq!(said(&bench.cluster_check().await), ("found_elsewhere", "It exists in eu-west-1."));
    // Services that answer with an empty list instead of an error.
    bench.aws.set(&format!("describe-db-clusters rep {SECONDARY}"), Ok(json!({ "DBClusters": [] })));
    assert_eq!(said(&bench.cluster_check().await).0, "found_elsewhere");
    bench.aws.set(&format!("describe-db-clusters rep {PRIMARY}"), Ok(json!({ "DBClusters": [] })));
    assert_eq!(bench.cluster_check().await, Outcome::Todo);
}

#[tokio::test]
async fn a_wrong_value_says_what_is_and_what_should_be() {
    let bench = Bench::new();
    bench.source("arn:src");
    bench.cluster(SECONDARY, "available", "arn:other");
    let outcome = bench.cluster_check().await;
    assert_eq!(said(&outcome).1, "It follows arn:other, not arn:src.");
    let Outcome::Fail { cause } = outcome else { unreachable!() };
    assert_eq!((cause.got.as_deref(), cause.want.as_deref()), (Some("arn:other"), Some("arn:src")));
    assert_eq!(cause.why.as_deref(), Some("Empty."));
}

#[tokio::test]
async fn what_cannot_be_asked_is_unknown_and_never_a_failure() {
    for (class, why) in [
        (FailureClass::Denied, Unknown::Denied),
        (FailureClass::Throttled, Unknown::Throttled),
        (FailureClass::Expired, Unknown::Expired),
        (FailureClass::Network, Unknown::Network),
        (FailureClass::Timeout, Unknown::Network),
        (FailureClass::Service, Unknown::Service),
    ] {
        let bench = Bench::new();
        bench.source("arn:src");
        bench.start("m1.replica");
        bench.aws.set(&format!("describe-db-clusters rep {SECONDARY}"), Err(failure(class)));
        let outcome = bench.cluster_check().await;
        assert!(matches!(outcome, Outcome::Unknown { why: found, .. } if found == why), "{class:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn an_output_that_does_not_exist_yet_makes_a_check_wait() {
    let bench = Bench::new();
    bench.cluster(SECONDARY, "available", "arn:src");
    bench.start("m1.replica");
    // The comparison needs `out.m1.source`, which nothing gives.
    let outcome = bench.cluster_check().await;
    assert_eq!(outcome.word(), "unknown", "{outcome:?}");
    bench.source("arn:src");
    assert_eq!(bench.cluster_check().await, Outcome::Pass);
}

#[tokio::test]
async fn outputs_are_kept_until_a_check_that_uses_them_falls_back() {
    let bench = Bench::new();
    bench.source("arn:src");
    bench.cluster(SECONDARY, "available", "arn:src");
    bench.start("m1.replica");
    let reads = || bench.aws.calls.lock().unwrap().iter().filter(|call| call.contains(" src ")).count();
    assert_eq!(bench.cluster_check().await, Outcome::Pass);
    assert_eq!(bench.cluster_check().await, Outcome::Pass);
    assert_eq!(reads(), 1);
    // Somebody makes source and replica anew behind the guide's back.
    bench.source("arn:new");
    bench.cluster(SECONDARY, "available", "arn:new");
    assert_eq!(bench.cluster_check().await.word(), "fail");
    assert_eq!(bench.cluster_check().await, Outcome::Pass);
}

#[tokio::test]
async fn counted_numbers_may_be_pending() {
    let bench = Bench::new();
    let clusters = |count: usize| Ok(json!({ "clusterArns": vec!["a"; count] }));
    bench.aws.set("list-clusters eu-west-1", clusters(2));
    assert_eq!(state(&bench.check("m1.routes/healthy").await), "2");
    bench.aws.set("list-clusters eu-west-1", clusters(3));
    assert_eq!(bench.check("m1.routes/healthy").await, Outcome::Pass);
}

#[tokio::test]
async fn what_should_be_gone_says_what_is_left() {
    let bench = Bench::new();
    bench.aws.set("list-buckets eu-west-1", Ok(json!({ "Buckets": [{}, {}] })));
    assert_eq!(bench.check("m1.routes/gone").await, Outcome::Todo);
    bench.start("m1.routes");
    assert_eq!(state(&bench.check("m1.routes/gone").await), "2");
    bench.clock.advance(Duration::from_mins(1)).await;
    assert_eq!(said(&bench.check("m1.routes/gone").await).1, "2 buckets are left.");
    bench.aws.set("list-buckets eu-west-1", Ok(json!({})));
    assert_eq!(bench.check("m1.routes/gone").await, Outcome::Pass);
}

#[tokio::test]
async fn pages_and_names_take_their_time() {
    let bench = Bench::new();
    assert_eq!(bench.check("m1.routes/page").await, Outcome::Todo);
    assert_eq!(bench.check("m1.routes/names").await, Outcome::Todo);
    bench.start("m1.routes");
    *bench.net.status.lock().unwrap() = Some(503);
    assert_eq!(state(&bench.check("m1.routes/page").await), "not yet");
    bench.net.regions.lock().unwrap().insert(PRIMARY.into(), PRIMARY.into());
    bench.net.regions.lock().unwrap().insert(SECONDARY.into(), PRIMARY.into());
    bench.clock.advance(Duration::from_mins(1)).await;
    let Outcome::Fail { cause } = bench.check("m1.routes/page").await else { panic!("not failed") };
    assert_eq!(cause.got.as_deref(), Some("status 503"));
    assert_eq!(said(&bench.check("m1.routes/names").await).1, "Not both.");
    *bench.net.status.lock().unwrap() = Some(200);
    bench.net.regions.lock().unwrap().insert(SECONDARY.into(), SECONDARY.into());
    assert_eq!(bench.check("m1.routes/page").await, Outcome::Pass);
    assert_eq!(bench.check("m1.routes/names").await, Outcome::Pass);
}

#[tokio::test]
async fn a_fact_holds_when_every_check_of_its_steps_does_and_is_lost_with_them() {
    let bench = Bench::new();
    let step = bench.guide.step("m1.replica").unwrap();
    let fact = FactId("m1.replica".into());
    bench.source("arn:src");
    bench.cluster(SECONDARY, "available", "arn:src");
    let answered = bench.guide.evaluate_step(step).await;
    assert!(bench.guide.facts([&answered])[&fact].passed());
    bench.aws.answers.lock().unwrap().remove(&format!("describe-db-clusters rep {SECONDARY}"));
    let answered = bench.guide.evaluate_step(step).await;
    assert_eq!(bench.guide.facts([&answered])[&fact], Outcome::Todo);
}

#[tokio::test]
async fn losing_what_modules_count_on_is_noticed_once_it_is_certain() {
    let bench = Bench::new();
    let fact = FactId("m1.replica".into());
    let facts = |outcome| BTreeMap::from([(fact.clone(), outcome)]);
    let pending = Outcome::Pending { since: None, expected: None, state: "modifying".into() };
    assert_eq!(bench.guide.drift(&facts(Outcome::Pass), &facts(pending)), []);
    assert_eq!(bench.guide.drift(&facts(Outcome::Todo), &facts(Outcome::Todo)), []);
    let lost = bench.guide.drift(&facts(Outcome::Pass), &facts(Outcome::Todo));
    assert_eq!(lost[0].given_by, Some(("m1.replica".into(), "Replica".into())));
}

#[tokio::test]
async fn a_step_that_only_watches_counts_from_what_an_earlier_one_began() {
    let bench = Bench::new();
    bench.aws.set("list-clusters eu-west-1", Ok(json!({ "clusterArns": ["a", "b"] })));
    assert_eq!(bench.check("m1.watch/moved").await, Outcome::Todo);
    bench.start("m1.replica");
    assert_eq!(state(&bench.check("m1.watch/moved").await), "2");
    bench.clock.advance(Duration::from_mins(2)).await;
    assert_eq!(said(&bench.check("m1.watch/moved").await).1, "Still 2.");
}
