//! Test data: a small workshop with everything a screen can show. The values are made up for the tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use multi_region_workshop::app::drill::FaultView;
use multi_region_workshop::app::*;
use multi_region_workshop::content::model::{Confirmation, Help, Hint, StepKind};
use multi_region_workshop::domain::{Cause, Effect as Does, FactId, Outcome, RegionPair, Role, SimTime, Unknown, Way};
use multi_region_workshop::markdown::Document;

pub use super::sample_live::{drill, on_drill, resources};

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn at(seconds: u64) -> SimTime {
    SimTime::WORLD_START.plus(secs(seconds))
}

fn step(id: &str, title: &str, kind: StepKind, checks: &[&str]) -> StepOutline {
    StepOutline {
        id: id.to_owned(),
        title: title.to_owned(),
        kind,
        checks: checks.iter().map(|check| format!("{id}/{check}")).collect(),
        drills: if kind == StepKind::Drill { vec!["api".to_owned()] } else { Vec::new() },
    }
}

fn need(fact: &str, module: &str, step: &str, title: &str) -> Need {
    Need { fact: FactId(fact.to_owned()), given_by: Some((module.to_owned(), step.to_owned(), title.to_owned())) }
}

fn module(
    number: u8,
    title: &str,
    summary: &str,
    minutes: u64,
    needs: Vec<Need>,
    steps: Vec<StepOutline>,
) -> ModuleOutline {
    ModuleOutline {
        id: format!("m{number}"),
        number,
        title: title.to_owned(),
        summary: summary.to_owned(),
        needs,
        time: secs(minutes * 60),
        changes: vec![
            "An Aurora replica cluster with one reader in the secondary Region".to_owned(),
            "Versioned buckets with a replication rule".to_owned(),
            "Replicas of the tables Books, Orders and Cart".to_owned(),
        ],
        steps,
    }
}

pub fn modules() -> Vec<ModuleOutline> {
    use StepKind::{CleanUp, Do, Drill, Observe, Read};
    vec![
        module(
            0,
            "Prerequisites",
            "What you need before you begin, and where to work: a laptop, CloudShell or VS Code.",
            5,
            vec![],
            vec![step("m0.welcome", "Welcome", Read, &[]), step("m0.regions", "Two Regions", Read, &[])],
        ),
        module(
            1,
            "Primary Region",
            "Build the bookstore and its blog in one Region, from three CloudFormation stacks.",
            25,
            vec![],
            vec![
                step("m1.buckets", "Create the artefact buckets", Do, &["r1", "r2"]),
                step("m1.network", "Deploy the network", Do, &["stack"]),
            ],
        ),
        module(
            2,
            "Multi-Region data",
            "Make Aurora, S3 and DynamoDB live in both Regions, so that the loss of a Region costs less than 15 minutes of data.",
            40,
            vec![
                need("m1.stack-primary", "m1", "m1.network", "Deploy the network"),
                need("m1.aurora-writer", "m1", "m1.network", "Deploy the network"),
            ],
            vec![
                step("m2.network", "Deploy the network of the secondary Region", Do, &["stack"]),
                step(
                    "m2.aurora-replica",
                    "Create the Aurora replica in the secondary Region",
                    Do,
                    &["replica-cluster", "replica-instance", "source", "lag"],
                ),
                step("m2.s3", "Replicate the site's bucket", Do, &["rule"]),
                step("m2.watch", "Watch the replication lag", Observe, &[]),
            ],
        ),
        module(
            3,
            "Secondary Region",
            "Build the same bookstore in the other Region, on top of the replicated data.",
            30,
            vec![need(
                "m2.aurora-replica",
                "m2",
                "m2.aurora-replica",
                "Create the Aurora replica in the secondary Region",
            )],
            vec![step("m3.blog", "Deploy the blog", Do, &["stack"])],
        ),
        module(
            4,
            "Active-active routing",
            "Name servers, certificates, health checks and latency records lead every reader to a Region that works.",
            25,
            vec![need("m3.blog", "m3", "m3.blog", "Deploy the blog")],
            vec![step("m4.zone", "Create the hosted zone", Do, &["zone"])],
        ),
        module(
            5,
            "Failover: RTO and RPO",
            "Break one Region on purpose and measure how long shoppers are away, and which writes are lost.",
            30,
            vec![need("m4.records", "m4", "m4.zone", "Create the hosted zone")],
            vec![step("m5.break-api", "Break the API of the primary Region", Drill, &["served"])],
        ),
        module(
            6,
            "Clean up",
            "Remove everything in both Regions, in an order that works, and see the proof.",
            15,
            vec![],
            vec![step("m6.remove", "Remove everything", CleanUp, &["nothing"])],
        ),
    ]
}

pub fn faults() -> Vec<FaultView> {
    vec![
        FaultView {
            name: "api".to_owned(),
            title: "The API of R1 loses its base path mapping".to_owned(),
            cuts_replication: false,
            plan: vec![
                "fault in R1 eu-west-1: delete the mapping of api-r1".to_owned(),
                "undone by creating it again, at the latest after 15 min".to_owned(),
            ],
            ready: Ok(()),
        },
        FaultView {
            name: "region".to_owned(),
            title: "R1 is lost, and replication with it".to_owned(),
            cuts_replication: true,
            plan: vec!["fault in R1 eu-west-1: no service answers (sandbox only)".to_owned()],
            ready: Err("the records of Module 4 are missing (m4.records)".to_owned()),
        },
    ]
}

pub fn setup(size: (u16, u16)) -> Setup {
    Setup {
        title: "Multi-Region active-active bookstore".to_owned(),
        modules: modules(),
        regions: RegionPair::new("eu-west-1", "ap-southeast-1").unwrap(),
        world: WorldState { mode: Mode::Sandbox, speed: 60.0, endpoint: None },
        now: at(3600),
        size,
        position: None,
        read: BTreeSet::from(["m0.welcome".to_owned(), "m0.regions".to_owned()]),
        overridden: BTreeSet::new(),
        hints: BTreeMap::new(),
        way: Way::Guided,
        cleaning: false,
        drill: DrillView { faults: faults(), budget: secs(900), ..DrillView::default() },
        notice: None,
    }
}

pub fn model(size: (u16, u16)) -> Model {
    let (mut model, _) = Model::new(setup(size));
    send(&mut model, Msg::Tick { wall: secs(60), simulated: at(3600) });
    model
}

pub fn send(model: &mut Model, msg: Msg) -> Vec<Effect> {
    update(model, msg)
}

pub fn press(model: &mut Model, keys: &[Key]) -> Vec<Effect> {
    keys.iter().flat_map(|key| update(model, Msg::Key(*key))).collect()
}

pub fn type_in(model: &mut Model, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|c| update(model, Msg::Key(Key::Char(c)))).collect()
}

pub fn check(model: &mut Model, step: &str, check: &str, outcome: Outcome) {
    let msg = Msg::Check { step: step.to_owned(), check: format!("{step}/{check}"), outcome, at: at(3590) };
    send(model, msg);
}

/// Module 1 done, Module 2 begun, facts known.
pub fn underway(size: (u16, u16)) -> Model {
    let mut model = model(size);
    for (step, name) in [("m1.buckets", "r1"), ("m1.buckets", "r2"), ("m1.network", "stack"), ("m2.network", "stack")] {
        check(&mut model, step, name, Outcome::Pass);
    }
    let todo = |name: &str| (FactId(name.to_owned()), Outcome::Todo);
    let pass = |name: &str| (FactId(name.to_owned()), Outcome::Pass);
    let facts = vec![
        pass("m1.stack-primary"),
        pass("m1.aurora-writer"),
        todo("m2.aurora-replica"),
        todo("m3.blog"),
        todo("m4.records"),
    ];
    send(&mut model, Msg::Facts { facts, at: at(3590) });
    send(&mut model, Msg::Resources(resources()));
    send(&mut model, Msg::Tick { wall: secs(63), simulated: at(3780) });
    model.selected = 2;
    model
}

pub fn action(step: &str, anchor: &str, command: &str, effect: Does, confirm: Confirmation) -> ActionView {
    ActionView {
        id: format!("{step}#{anchor}"),
        anchor: anchor.to_owned(),
        commands: vec![command.to_owned()],
        role: Some(Role::Secondary),
        effect,
        confirm,
        word: "bookstore-replica-k3x9qa".to_owned(),
        undo: (effect == Does::Create).then(|| "delete-cluster".to_owned()),
        expected: Some(secs(480)),
        hidden: effect == Does::Delete,
        never: false,
    }
}

pub const CREATE_CLUSTER: &str = "aws rds create-db-cluster --db-cluster-identifier bookstore-replica-k3x9qa --engine aurora-mysql --replication-source-identifier arn:aws:rds:eu-west-1:111122223333:cluster:bookstore-aurora-k3x9qa --db-subnet-group-name bookstore-db-k3x9qa --region ap-southeast-1";

const BODY: &str = r"## Create the cluster

A reader cluster in **ap-southeast-1** follows the writer in eu-west-1. Aurora copies its binary log to the other Region, so the replica is a few seconds behind. See the [user guide](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/).

> [!IMPORTANT]
> This command writes to **ap-southeast-1**. A cluster without a source would be an empty database.

```bash {#create-cluster region=secondary effect=create undo=#delete-cluster}
$ aws rds create-db-cluster \
    --db-cluster-identifier bookstore-replica-k3x9qa \
    --engine aurora-mysql \
    --replication-source-identifier arn:aws:rds:eu-west-1:111122223333:cluster:bookstore-aurora-k3x9qa \
    --db-subnet-group-name bookstore-db-k3x9qa \
    --region ap-southeast-1
```

Then give it an instance, which takes some minutes:

```bash {#create-instance region=secondary effect=create undo=#delete-cluster}
$ aws rds create-db-instance --db-instance-identifier bookstore-replica-k3x9qa-1 --db-cluster-identifier bookstore-replica-k3x9qa --db-instance-class db.t4g.medium --engine aurora-mysql --region ap-southeast-1
```

## What you have now

1. A cluster that reads.
2. An endpoint for it.
   - It may lag.
   - It refuses writes until it is promoted.

| Field | Value |
|---|---|
| Engine | `aurora-mysql` |
| Writes | refused until promotion |
";

pub fn page() -> Page {
    let step = "m2.aurora-replica";
    let create = action(step, "create-cluster", CREATE_CLUSTER, Does::Create, Confirmation::Auto);
    let instance = action(
        step,
        "create-instance",
        "aws rds create-db-instance --db-instance-identifier bookstore-replica-k3x9qa-1 --region ap-southeast-1",
        Does::Create,
        Confirmation::Auto,
    );
    let delete = action(
        step,
        "delete-cluster",
        "aws rds delete-db-cluster --db-cluster-identifier bookstore-replica-k3x9qa --skip-final-snapshot --region ap-southeast-1",
        Does::Delete,
        Confirmation::Auto,
    );
    let title =
        |name: &str, title: &str, role| CheckTitle { id: format!("{step}/{name}"), title: title.to_owned(), role };
    Page {
        step: step.to_owned(),
        goal: "A reader cluster in ap-southeast-1 replicates from the primary.".to_owned(),
        document: Arc::new(Document::parse(BODY)),
        solution: vec![create.id.clone(), instance.id.clone()],
        actions: vec![create, instance, delete],
        checks: vec![
            title("replica-cluster", "Replica cluster available", Some(Role::Secondary)),
            title("replica-instance", "Reader instance available", Some(Role::Secondary)),
            title("source", "It follows the writer in eu-west-1", Some(Role::Secondary)),
            title("lag", "Lag below 15 min", None),
        ],
        hints: vec![
            hint(Help::Nudge("Which command accepts a replication source?".to_owned())),
            hint(Help::Look("`aws rds create-db-cluster help`: --replication-source-identifier".to_owned())),
            hint(Help::Show("#create-cluster".to_owned())),
        ],
        why: Some(
            "The replica is what makes the RPO of the blog small; promoting it is a separate act (Module 5)."
                .to_owned(),
        ),
        waits_for: Vec::new(),
    }
}

fn hint(help: Help) -> Hint {
    Hint { of: None, help }
}

/// The step screen with a job that runs and checks of every kind.
pub fn on_step(size: (u16, u16)) -> Model {
    let mut model = underway(size);
    press(&mut model, &[Key::Enter]);
    send(&mut model, Msg::Page(Box::new(page())));
    let step = "m2.aurora-replica";
    check(
        &mut model,
        step,
        "replica-cluster",
        Outcome::Pending { since: Some(at(3700)), expected: Some(secs(480)), state: "creating".to_owned() },
    );
    check(&mut model, step, "replica-instance", Outcome::Todo);
    let cause = Cause {
        id: "not_found".to_owned(),
        say: "It is not a replica of bookstore-aurora-k3x9qa.".to_owned(),
        why: Some("Without a source this is an empty database.".to_owned()),
        fix: Some("#create-cluster".to_owned()),
        got: Some("null".to_owned()),
        want: Some("\"arn:aws:rds:eu-west-1:111122223333:cluster:bookstore-aurora-k3x9qa\"".to_owned()),
    };
    check(&mut model, step, "source", Outcome::Fail { cause });
    check(
        &mut model,
        step,
        "lag",
        Outcome::Unknown { why: Unknown::Waiting, message: "There is no replica to ask yet.".to_owned() },
    );
    model
}

pub fn running(size: (u16, u16)) -> Model {
    let mut model = on_step(size);
    let effects = press(&mut model, &[Key::Enter]);
    let Some(Effect::RunAction { job, .. }) = effects.first() else { panic!("{effects:?}") };
    let line = |second, kind, text: &str| JobEvent::Line(JobLine { at: at(second), kind, text: text.to_owned() });
    for event in [
        JobEvent::Started { at: at(3780) },
        line(3781, LineKind::Info, "CreateDBCluster 200, request 5f2c"),
        JobEvent::Doing("bookstore-replica-k3x9qa creating".to_owned()),
        JobEvent::Progress { percent: 45 },
    ] {
        send(&mut model, Msg::Job { job: *job, event });
    }
    send(&mut model, Msg::Tick { wall: secs(66), simulated: at(3960) });
    model
}

pub fn failed(size: (u16, u16)) -> Model {
    let mut model = running(size);
    let trouble = Trouble {
        what:
            "AWS refused: DBSubnetGroupNotFoundFault, there is no subnet group bookstore-db-k3x9qa in ap-southeast-1."
                .to_owned(),
        means: "The network of the secondary Region is not there yet; nothing was created.".to_owned(),
        press: "Press p for step 1, deploy the network, then Enter here again.".to_owned(),
    };
    let event = JobEvent::Failed {
        at: at(3965),
        trouble,
        output: "{\n  \"Error\": {\n    \"Code\": \"DBSubnetGroupNotFoundFault\"\n  }\n}".to_owned(),
    };
    send(&mut model, Msg::Job { job: JobId(1), event });
    send(&mut model, Msg::Tick { wall: secs(80), simulated: at(4000) });
    model
}
