//! Actions of the guide against the simulated AWS, through the SDK, as a learner would run them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use multi_region_workshop::aws::Aws;
use multi_region_workshop::clock::{Clock, Rate};
use multi_region_workshop::domain::{Effect, SimTime};
use multi_region_workshop::guide::action::{ActionError, Done, Runner, Told};
use multi_region_workshop::sandbox::{Sandbox, World};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const NETWORK: &str = include_str!("../assets/bookstore/templates/network.yaml");
const DEPLOY: &str = "aws cloudformation deploy --stack-name net --template-file network.yaml \
    --parameter-overrides Suffix=abc123 --tags team=books --region eu-west-1";

struct Rig {
    aws: Aws,
    clock: Clock,
    workspace: TempDir,
    told: Mutex<Vec<Told>>,
    /// Stops a run when it tells a line with this text.
    stop_at: Mutex<Option<&'static str>>,
}

impl Rig {
    fn new() -> Self {
        let clock = Clock::simulated(SimTime::WORLD_START, Rate::Jump);
        let sandbox = Arc::new(Sandbox::new(World::new(7), clock.clone()));
        let workspace = tempfile::tempdir().unwrap();
        std::fs::write(workspace.path().join("network.yaml"), NETWORK).unwrap();
        std::fs::create_dir_all(workspace.path().join("site/img")).unwrap();
        std::fs::write(workspace.path().join("site/index.html"), "<p>books</p>").unwrap();
        std::fs::write(workspace.path().join("site/img/a b.png"), [1, 2, 3]).unwrap();
        let aws = Aws::in_sandbox(sandbox, &clock);
        Self { aws, clock, workspace, told: Mutex::default(), stop_at: Mutex::default() }
    }

    async fn run(&self, effect: Effect, commands: &[&str]) -> Result<Done, ActionError> {
        self.told.lock().unwrap().clear();
        let commands: Vec<String> = commands.iter().map(|command| (*command).to_owned()).collect();
        let cancel = CancellationToken::new();
        let tell = |told: Told| {
            if let (Told::Line(line), Some(stop)) = (&told, *self.stop_at.lock().unwrap())
                && line.contains(stop)
            {
                cancel.cancel();
            }
            self.told.lock().unwrap().push(told);
        };
        let _awake = self.clock.participate();
        let runner = Runner { aws: &self.aws, clock: &self.clock, workspace: self.workspace.path(), resets: None };
        runner.run(&commands, effect, Duration::from_hours(1), &cancel, &tell).await
    }

    fn lines(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        told.iter().filter_map(|one| if let Told::Line(line) = one { Some(line.clone()) } else { None }).collect()
    }

    fn percents(&self) -> Vec<u8> {
        let told = self.told.lock().unwrap();
        told.iter().filter_map(|one| if let Told::Percent(percent) = one { Some(*percent) } else { None }).collect()
    }
}

#[tokio::test]
async fn a_stack_is_deployed_watched_resumed_and_deleted() {
    let rig = Rig::new();
    // Stopped in the middle, CloudFormation goes on.
    *rig.stop_at.lock().unwrap() = Some("CREATE_COMPLETE  AWS::EC2::VPC Vpc");
    assert_eq!(rig.run(Effect::Create, &[DEPLOY]).await, Err(ActionError::Cancelled));
    assert!(rig.lines().last().unwrap().contains("CloudFormation goes on with net"), "{:?}", rig.lines());
    *rig.stop_at.lock().unwrap() = None;

    // Running it again watches the same creation to its end.
    let done = rig.run(Effect::Create, &[DEPLOY]).await.unwrap();
    assert_eq!(done.output, "Successfully created/updated stack - net");
    let lines = rig.lines();
    assert!(lines[0].contains("being created already"), "{lines:?}");
    let events: Vec<_> = lines.iter().filter(|line| line.contains("_COMPLETE  ")).collect();
    assert!(events.len() > 10, "{lines:?}");
    assert!(events.last().unwrap().ends_with("CREATE_COMPLETE  AWS::CloudFormation::Stack net"), "{events:?}");
    let mut once = lines.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), lines.len(), "an event was told twice: {lines:?}");
    let percents = rig.percents();
    assert_eq!(percents.last(), Some(&100));
    assert!(percents.is_sorted() && percents.len() > 5, "{percents:?}");

    let again = rig.run(Effect::Create, &[DEPLOY]).await.unwrap();
    assert_eq!(again, Done { output: "No changes to deploy. Stack net is up to date".into(), already: true });
    let sets = "aws cloudformation list-change-sets --stack-name net --query 'length(Summaries)' --region eu-west-1";
    let left = rig.run(Effect::Read, &[sets]).await.unwrap().output;

    let changed = DEPLOY.replace("team=books", "team=more");
    assert!(!rig.run(Effect::Update, &[&changed]).await.unwrap().already);
    assert!(left == "1" || left == "0", "an empty change set stays behind: {left}");

    let delete = [
        "aws cloudformation delete-stack --stack-name net --region eu-west-1",
        "aws cloudformation wait stack-delete-complete --stack-name net --region eu-west-1",
    ];
    rig.run(Effect::Delete, &delete).await.unwrap();
    assert!(rig.lines().iter().any(|line| line.ends_with("DELETE_COMPLETE  AWS::EC2::VPC Vpc")), "{:?}", rig.lines());
    rig.run(Effect::Delete, &delete).await.unwrap();
}

#[tokio::test]
async fn a_stack_that_fails_gives_its_reason_and_is_deleted_before_it_is_made_again() {
    let rig = Rig::new();
    let bad = NETWORK.replace("CidrBlock: !Ref VpcCidr", "CidrBlock: 300.0.0.0/16");
    assert_ne!(bad, NETWORK);
    std::fs::write(rig.workspace.path().join("network.yaml"), bad).unwrap();
    let first = rig.run(Effect::Create, &[DEPLOY]).await;
    let Err(ActionError::StackFailed { status, reason, events, .. }) = &first else { panic!("{first:?}") };
    assert_eq!(status, "ROLLBACK_COMPLETE");
    assert!(reason.starts_with("Vpc: "), "{reason}");
    assert!(events[0].contains("CREATE_FAILED  AWS::EC2::VPC Vpc"), "{events:?}");
    let second = rig.run(Effect::Create, &[DEPLOY]).await;
    let Err(ActionError::StackFailed { reason: again, .. }) = &second else { panic!("{second:?}") };
    assert_eq!(again, reason, "the reason is found again");
}

#[tokio::test]
async fn files_go_to_s3_between_regions_and_back() {
    let rig = Rig::new();
    let create = [
        "aws s3api create-bucket --bucket site-abc123-r1 \
         --create-bucket-configuration LocationConstraint=eu-west-1 --region eu-west-1",
        "aws s3api create-bucket --bucket site-abc123-r2 \
         --create-bucket-configuration LocationConstraint=ap-southeast-1 --region ap-southeast-1",
    ];
    assert!(!rig.run(Effect::Create, &create).await.unwrap().already);
    assert!(rig.run(Effect::Create, &create).await.unwrap().already);

    let up = ["aws s3 sync site s3://site-abc123-r1/www --region eu-west-1"];
    assert_eq!(rig.run(Effect::Create, &up).await.unwrap().output.lines().count(), 2);
    assert!(rig.run(Effect::Create, &up).await.unwrap().already);
    let head =
        "aws s3api head-object --bucket site-abc123-r1 --key www/index.html --query ContentType --region eu-west-1";
    assert_eq!(rig.run(Effect::Read, &[head]).await.unwrap().output, "\"text/html\"");

    let over = ["aws s3 sync s3://site-abc123-r1 s3://site-abc123-r2 --region ap-southeast-1"];
    let copied = rig.run(Effect::Create, &over).await.unwrap();
    assert!(copied.output.contains("copy: s3://site-abc123-r1/www/img/a b.png"), "{}", copied.output);
    assert!(rig.run(Effect::Create, &over).await.unwrap().already);

    let back = ["aws s3 cp s3://site-abc123-r2/www back --recursive --region ap-southeast-1"];
    rig.run(Effect::Read, &back).await.unwrap();
    assert_eq!(std::fs::read(rig.workspace.path().join("back/img/a b.png")).unwrap(), [1, 2, 3]);

    let remove = [
        "aws s3 rm s3://site-abc123-r1 --recursive --region eu-west-1",
        "aws s3api delete-bucket --bucket site-abc123-r1 --region eu-west-1",
    ];
    assert!(!rig.run(Effect::Delete, &remove).await.unwrap().already);
    assert!(rig.run(Effect::Delete, &remove).await.unwrap().already);
}

#[tokio::test]
async fn tables_get_and_lose_their_replicas_one_after_the_other() {
    let rig = Rig::new();
    let create = |name: &str| {
        format!(
            "aws dynamodb create-table --table-name {name} --billing-mode PAY_PER_REQUEST \
             --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH \
             --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES --region eu-west-1"
        )
    };
    let replica = |name: &str, verb: &str| {
        format!(
            "aws dynamodb update-table --table-name {name} --replica-updates '{verb}={{RegionName=ap-southeast-1}}' \
             --region eu-west-1"
        )
    };
    let (a, b) = (create("books"), create("orders"));
    // The tables are still being created when their replicas are asked for.
    let (ra, rb) = (replica("books", "Create"), replica("orders", "Create"));
    rig.run(Effect::Create, &[&a, &b, &ra, &rb]).await.unwrap();
    assert!(
        rig.told.lock().unwrap().iter().any(|told| matches!(told, Told::Running(text) if text.contains("again in")))
    );
    assert!(rig.run(Effect::Create, &[&a, &b, &ra, &rb]).await.unwrap().already);
    let (da, db) = (replica("books", "Delete"), replica("orders", "Delete"));
    rig.run(Effect::Delete, &[&da, &db]).await.unwrap();
    assert!(rig.run(Effect::Delete, &[&da, &db]).await.unwrap().already);
}

#[tokio::test]
async fn records_and_zones_can_be_made_and_removed_twice() {
    let rig = Rig::new();
    let zone = "aws route53 create-hosted-zone --name abc123.test --caller-reference abc123 --region us-east-1";
    rig.run(Effect::Create, &[zone]).await.unwrap();
    assert!(rig.run(Effect::Create, &[zone]).await.unwrap().already);
    let list = "aws route53 list-hosted-zones --query 'HostedZones[0].Id' --region us-east-1";
    let id = rig.run(Effect::Read, &[list]).await.unwrap().output.trim_matches('"').to_owned();
    let batch = |action: &str, names: &[&str]| {
        let change = |name: &&str| {
            format!(
                r#"{{"Action":"{action}","ResourceRecordSet":{{"Name":"{name}.abc123.test","Type":"CNAME","TTL":60,"SetIdentifier":"R1","Region":"eu-west-1","ResourceRecords":[{{"Value":"x.test"}}]}}}}"#
            )
        };
        let changes: Vec<String> = names.iter().map(change).collect();
        format!(
            "aws route53 change-resource-record-sets --hosted-zone-id {id} --change-batch '{{\"Changes\":[{}]}}' \
             --region us-east-1",
            changes.join(",")
        )
    };
    let one = batch("CREATE", &["api"]);
    let both = batch("CREATE", &["api", "*.shop"]);
    rig.run(Effect::Create, &[&one]).await.unwrap();
    assert!(!rig.run(Effect::Create, &[&both]).await.unwrap().already, "one of them was missing");
    assert!(rig.run(Effect::Create, &[&both]).await.unwrap().already);
    let remove = batch("DELETE", &["api", "*.shop"]);
    assert!(!rig.run(Effect::Delete, &[&remove]).await.unwrap().already);
    assert!(rig.run(Effect::Delete, &[&remove]).await.unwrap().already);
}
