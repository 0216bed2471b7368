//! A class of accounts from a roster, entered by a role, through the SDK: plans, bad seats, two applies, and what is new.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/class.rs"]
mod class;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use class::{ACCOUNT, R1, R2, everything, workshop};
use multi_region_workshop::engine::resets::{self, ResetError, Source};
use multi_region_workshop::engine::session::Session;
use multi_region_workshop::reset::{FileJournal, Plan, Progress, Report};
use multi_region_workshop::sandbox::{Call, World, faults};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

fn invoke(world: &mut World, account: &str, region: &str, service: &str, api: &str, input: &Value) -> Value {
    Call::new(world, account, region).invoke(service, api, input).unwrap()
}

/// Lets the learner's account, as the instructor's, enter another one.
fn role(world: &mut World, account: &str) {
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") }, "Action": "sts:AssumeRole",
          "Condition": { "StringEquals": { "sts:ExternalId": "class" } } }
    ]});
    let made = json!({ "RoleName": "reset", "AssumeRolePolicyDocument": trust.to_string() });
    invoke(world, account, "us-east-1", "iam", "CreateRole", &made);
    let attached = json!({ "RoleName": "reset", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" });
    invoke(world, account, "us-east-1", "iam", "AttachRolePolicy", &attached);
}

async fn plan(session: &Arc<Session>, source: &Source, blocked: &[&str], path: &Path) -> (Plan, String) {
    let blocked = blocked.iter().map(|&id| id.to_owned()).collect();
    let plan = resets::plan(session, source, &blocked, "autumn class").await.unwrap();
    let (text, _) = plan.to_file().unwrap();
    std::fs::write(path, text).unwrap();
    resets::read_plan(path, None).unwrap()
}

async fn apply(session: &Arc<Session>, path: &Path, plan: &Plan, sum: &str) -> Result<Report, ResetError> {
    resets::apply(session, path, plan, sum, &CancellationToken::new(), &|_, _| ()).await
}

#[tokio::test]
async fn one_bad_seat_never_stops_the_others_and_every_one_is_named() {
    let workshop = workshop().await;
    let mut world = workshop.moments.last().unwrap().clone();
    let suffix = &workshop.run.suffix;
    for (id, own) in
        [("200000000001", "seat01"), ("200000000002", "seat02"), ("200000000003", "seat03"), ("200000000004", "seat04")]
    {
        world.copy_account(ACCOUNT, id, &[(suffix.clone(), own.to_owned())]).unwrap();
    }
    for id in ["200000000001", "200000000002", "200000000004"] {
        role(&mut world, id);
    }
    let alias = json!({ "AccountAlias": "acme-prod" });
    invoke(&mut world, "200000000004", "us-east-1", "iam", "CreateAccountAlias", &alias);
    let session = Arc::new(workshop.session.in_copy(world));
    let _awake = session.clock.participate();
    let dir = tempfile::tempdir().unwrap();
    let (roster, path) = (dir.path().join("class.csv"), dir.path().join("plan.json"));
    let role = |id: &str| format!("arn:aws:iam::{id}:role/reset");
    let text = format!(
        "seat,name,account,role,external_id,suffix\n\
         1,Ada,200000000001,{},class,\n2,Bob,200000000002,{},class,seat02\n3,Cy,200000000003,{},class,\n\
         4,Di,200000000004,{},class,\n5,Ed,20000000005,,,\n6,Flo,{ACCOUNT},,,{suffix}\n",
        role("200000000001"),
        role("200000000002"),
        role("200000000003"),
        role("200000000004"),
    );
    std::fs::write(&roster, text).unwrap();
    let source = Source { roster: Some(roster), ..Source::default() };
    let (plan, sum) = plan(&session, &source, &[ACCOUNT], &path).await;
    let seats: Vec<&str> = plan.seats.iter().map(|seat| seat.seat.seat.as_str()).collect();
    assert_eq!(seats, ["1", "2"]);
    assert_eq!(plan.seats[0].suffix, "seat01", "the suffix was found in the account");
    let why = |seat: &str| plan.excluded.iter().find(|bad| bad.seat == seat).map(|bad| bad.why.clone()).unwrap();
    assert!(why("3").contains("cannot be entered"), "{}", why("3"));
    assert!(why("4").contains("production"), "{}", why("4"));
    assert!(why("5").contains("twelve digits"), "{}", why("5"));
    assert!(why("6").contains("block list"), "{}", why("6"));

    // Something of the run appears in seat 2 after the plan.
    let sandbox = session.throw_away.clone().unwrap();
    sandbox.with_world(|world| {
        let table = json!({ "TableName": "bookstore-seat02-Late", "BillingMode": "PAY_PER_REQUEST",
            "Tags": [{ "Key": "workshop", "Value": "bookstore" }, { "Key": "run", "Value": "seat02" }],
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }] });
        invoke(world, "200000000002", R1, "dynamodb", "CreateTable", &table);
    });
    let before = sandbox.with_world(|world| everything(world, "200000000002"));
    // Nobody else may apply it meanwhile.
    let (held, _) = FileJournal::open(&resets::journal(&path)).unwrap();
    let busy = apply(&session, &path, &plan, &sum).await.unwrap_err();
    assert!(busy.to_string().contains("another `workshop reset apply`"), "{busy}");
    drop(held);

    let report = apply(&session, &path, &plan, &sum).await.unwrap();
    let of = |seat: &str| report.accounts.iter().find(|one| one.seat == seat).unwrap();
    assert_eq!(of("1").verdict, "clean", "{:?}", of("1"));
    assert!(of("2").verdict.contains("new since the plan"), "{}", of("2").verdict);
    for seat in ["3", "4", "5", "6"] {
        assert!(of(seat).verdict.starts_with("refused: excluded by the plan"), "{}", of(seat).verdict);
    }
    assert!(!report.clean && report.accounts.len() == 6);
    assert_eq!(sandbox.with_world(|world| everything(world, "200000000002")), before, "seat 2 was touched");
    let left = sandbox.with_world(|world| everything(world, "200000000001"));
    assert!(left.iter().all(|arn| arn.contains(":role/reset")), "{left:?}");
    assert!(sandbox.with_world(|world| everything(world, ACCOUNT)).len() > 100, "a blocked account was touched");

    // What was written is enough to say it all again.
    assert_eq!(resets::report(&path).unwrap(), report);
    let page = std::fs::read_to_string(resets::folder(&path).join("report.md")).unwrap();
    assert!(page.contains("1 of 6 accounts are clean") && page.contains("twelve digits"), "{page}");
    // The same plan again does nothing twice.
    let changes = of("1").changes.len();
    let again = apply(&session, &path, &plan, &sum).await.unwrap();
    assert_eq!(again.accounts.iter().find(|one| one.seat == "1").unwrap().changes.len(), changes);
    assert_eq!(again.starts, 2);
}

#[tokio::test]
async fn an_organizational_unit_is_a_roster_and_its_management_account_is_refused() {
    let workshop = workshop().await;
    let mut world = workshop.moments.last().unwrap().clone();
    let east = "us-east-1";
    invoke(&mut world, ACCOUNT, east, "organizations", "CreateOrganization", &json!({ "FeatureSet": "ALL" }));
    let roots = invoke(&mut world, ACCOUNT, east, "organizations", "ListRoots", &json!({}));
    let root = roots["Roots"][0]["Id"].as_str().unwrap().to_owned();
    let asked = json!({ "AccountName": "Seat one", "Email": "one@example.com" });
    let made = invoke(&mut world, ACCOUNT, east, "organizations", "CreateAccount", &asked);
    world.advance(world.now.plus(std::time::Duration::from_hours(1)));
    let id = json!({ "CreateAccountRequestId": made["CreateAccountStatus"]["Id"] });
    let made = invoke(&mut world, ACCOUNT, east, "organizations", "DescribeCreateAccountStatus", &id);
    let account = made["CreateAccountStatus"]["AccountId"].as_str().unwrap().to_owned();
    let session = Arc::new(workshop.session.in_copy(world));
    let _awake = session.clock.participate();
    let dir = tempfile::tempdir().unwrap();
    let source = Source { ou: Some(root), ..Source::default() };
    let (plan, _) = plan(&session, &source, &[], &dir.path().join("plan.json")).await;
    assert_eq!(plan.seats.len(), 1, "{:?}", plan.excluded);
    assert_eq!(plan.seats[0].seat.account, account);
    assert_eq!(plan.seats[0].seat.name, "Seat one");
    assert!(plan.seats[0].notes.iter().any(|note| note.contains("nothing in it")), "{:?}", plan.seats[0].notes);
    // The management account has no role of that name, and would be refused by what it is.
    let alone = Source { suffix: Some(workshop.run.suffix.clone()), ..Source::default() };
    let (plan, _) = self::plan(&session, &alone, &[], &dir.path().join("alone.json")).await;
    assert!(plan.excluded[0].why.contains("management account"), "{:?}", plan.excluded);
    assert_ne!(R1, R2);
}

/// A class of copies of the workshop, each entered by the role, with its roster in a folder.
async fn class_of(seats: &[&str]) -> (Arc<Session>, tempfile::TempDir, Source) {
    let workshop = workshop().await;
    let mut world = workshop.moments.last().unwrap().clone();
    let mut text = "seat,account,role,external_id,suffix\n".to_owned();
    for seat in seats {
        let (id, own) = (format!("20000000000{seat}"), format!("seat0{seat}"));
        world.copy_account(ACCOUNT, &id, &[(workshop.run.suffix.clone(), own.clone())]).unwrap();
        role(&mut world, &id);
        writeln!(text, "{seat},{id},arn:aws:iam::{id}:role/reset,class,{own}").unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let roster = dir.path().join("class.csv");
    std::fs::write(&roster, text).unwrap();
    let session = Arc::new(workshop.session.in_copy(world));
    (session, dir, Source { roster: Some(roster), ..Source::default() })
}

/// Ends every session of an account at once, as AWS does when they are revoked, and decides who may enter it anew.
fn revoke(world: &mut World, account: &str, trusted: &str) {
    let now = world.now;
    for session in world.sessions.values_mut().filter(|session| session.account == account) {
        session.expires = now;
    }
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{trusted}:root") }, "Action": "sts:AssumeRole" }
    ]});
    let input = json!({ "RoleName": "reset", "PolicyDocument": trust.to_string() });
    invoke(world, account, "us-east-1", "iam", "UpdateAssumeRolePolicy", &input);
}

#[tokio::test]
async fn a_seat_whose_token_expires_in_the_middle_is_named_and_finished_by_the_same_command() {
    let (session, dir, source) = class_of(&["1", "2", "3"]).await;
    let _awake = session.clock.participate();
    let path = dir.path().join("plan.json");
    let (plan, sum) = plan(&session, &source, &[], &path).await;
    assert_eq!(plan.seats.len(), 3, "{:?}", plan.excluded);
    let sandbox = session.throw_away.clone().unwrap();
    let revoked = Mutex::new(Vec::new());
    let tell = |seat: &str, progress: Progress| {
        let begun = matches!(&progress, Progress::Node { state, .. } if state == "deleting");
        let mut revoked = revoked.lock().unwrap();
        if begun && seat != "3" && !revoked.contains(&seat.to_owned()) {
            revoked.push(seat.to_owned());
            // Seat 1 can be entered again, seat 2 by nobody who resets.
            let trusted = if seat == "1" { ACCOUNT } else { "999999999999" };
            sandbox.with_world(|world| revoke(world, &format!("20000000000{seat}"), trusted));
        }
    };
    let report = resets::apply(&session, &path, &plan, &sum, &CancellationToken::new(), &tell).await.unwrap();
    assert_eq!(revoked.lock().unwrap().len(), 2);
    let verdict = |report: &Report, seat: &str| report.accounts.iter().find(|one| one.seat == seat).unwrap().clone();
    for seat in ["1", "3"] {
        assert!(verdict(&report, seat).clean, "{:?}", verdict(&report, seat));
    }
    let bad = verdict(&report, "2");
    assert!(!bad.clean && bad.verdict.starts_with("not proved"), "{}", bad.verdict);
    let page = std::fs::read_to_string(resets::folder(&path).join("report.md")).unwrap();
    assert!(page.contains("Seat 2 needs attention") && page.contains("assume-role"), "{page}");
    let asked = verdict(&report, "1").changes.len() + verdict(&report, "3").changes.len();

    sandbox.with_world(|world| revoke(world, "200000000002", ACCOUNT));
    let report = apply(&session, &path, &plan, &sum).await.unwrap();
    assert!(report.clean, "{:?}", verdict(&report, "2"));
    let again = verdict(&report, "1").changes.len() + verdict(&report, "3").changes.len();
    assert_eq!(again, asked, "seats that were clean are asked for nothing more");
    for seat in ["1", "2", "3"] {
        let left = sandbox.with_world(|world| everything(world, &format!("20000000000{seat}")));
        assert!(left.iter().all(|arn| arn.contains(":role/reset")), "{left:?}");
    }
}

#[tokio::test]
async fn a_throttling_storm_over_a_class_costs_time_and_nothing_else() {
    let (session, dir, source) = class_of(&["1", "2"]).await;
    let _awake = session.clock.participate();
    let path = dir.path().join("plan.json");
    let (plan, sum) = plan(&session, &source, &[], &path).await;
    let sandbox = session.throw_away.clone().unwrap();
    let raging = AtomicBool::new(false);
    let tell = |_: &str, _: Progress| {
        if !raging.swap(true, Ordering::SeqCst) {
            sandbox.with_world(|world| {
                for region in [R1, R2, "us-east-1"] {
                    let share = json!({ "share": 0.8 });
                    faults::start(world, faults::API_THROTTLING, region, share, Duration::from_mins(15)).unwrap();
                }
            });
        }
    };
    let report = resets::apply(&session, &path, &plan, &sum, &CancellationToken::new(), &tell).await.unwrap();
    assert!(report.clean, "{:?}", report.accounts);
    let throttles: u64 = report.accounts.iter().map(|one| one.throttles).sum();
    println!("{throttles} refusals reached the reset; the SDK's own retries have taken the others");
    assert!(throttles > 0);
    for seat in ["1", "2"] {
        let left = sandbox.with_world(|world| everything(world, &format!("20000000000{seat}")));
        assert!(left.iter().all(|arn| arn.contains(":role/reset")), "{left:?}");
    }
}
