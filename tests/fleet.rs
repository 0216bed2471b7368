//! A rehearsed class: its accounts, its roster, and what fleet tells about it without changing anything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use multi_region_workshop::content::Source;
use multi_region_workshop::engine::fleet::{Fleet, READS, Row, Stuck};
use multi_region_workshop::engine::rehearse::{self, Learner, Options};
use multi_region_workshop::engine::resets::{self, Source as Accounts};
use multi_region_workshop::engine::session::{Options as SessionOptions, Session};
use multi_region_workshop::reset::Roster;
use multi_region_workshop::sandbox::services::inventory;
use multi_region_workshop::sandbox::{Call, World};
use serde_json::json;

async fn session() -> Session {
    let options = SessionOptions {
        source: Source::Embedded,
        seed: Some(5),
        fresh: true,
        jump: true,
        ..SessionOptions::default()
    };
    Session::open(options).await.expect("a session")
}

async fn class(session: &Session, learners: usize) -> (World, Vec<Learner>) {
    let options = Options { learners, seed: 11, last: Some("m2".to_owned()) };
    rehearse::rehearse(session, World::new(5), &options).await.expect("a class")
}

/// Everything that exists in the accounts of a world, with its properties and tags.
fn state(world: &mut World) -> Vec<String> {
    let accounts: Vec<String> = world.accounts.keys().cloned().collect();
    let mut found = Vec::new();
    for account in accounts {
        for region in ["eu-west-1", "ap-southeast-1", "us-east-1"] {
            let records = inventory(&mut Call::new(world, &account, region));
            found.extend(records.iter().map(|record| format!("{account} {region} {record:?}")));
        }
    }
    found
}

fn of<'r>(rows: &'r [Row], learner: &Learner) -> &'r Row {
    rows.iter().find(|row| row.seat == learner.seat.seat).unwrap()
}

#[tokio::test]
async fn a_rehearsed_class_is_found_as_it_stands_and_nothing_is_changed() {
    let session = session().await;
    let (world, learners) = class(&session, 10).await;
    let text = rehearse::roster(&learners);
    let roster = Roster::read("class.csv", &text).unwrap();
    assert!(roster.excluded.is_empty(), "{:?}", roster.excluded);
    assert_eq!(roster.seats, learners.iter().map(|one| one.seat.clone()).collect::<Vec<_>>());

    let session = Arc::new(session.in_copy(world));
    let sandbox = session.throw_away.clone().unwrap();
    let awake = session.clock.participate();
    let before = sandbox.with_world(state);
    let mut fleet = Fleet::of(&session, roster);
    let told = Mutex::new(Vec::new());
    fleet.cycle_telling(&|done, of| told.lock().unwrap().push((done, of))).await;
    assert_eq!(told.into_inner().unwrap(), (1..=10).map(|done| (done, 10)).collect::<Vec<_>>());
    assert!(fleet.rows().iter().all(|row| (1..=READS).contains(&row.reads)), "{:?}", fleet.rows());
    fleet.settle().await;
    assert!(before.len() > 500, "{}", before.len());
    assert_eq!(sandbox.with_world(state), before, "fleet changed something");

    let rows = fleet.rows();
    for learner in &learners {
        let row = of(&rows, learner);
        // Nothing was made yet in Module 0, so it looks like the beginning of Module 1.
        let module = if learner.module == "m0" { "m1" } else { &learner.module };
        assert_eq!(row.module.as_deref(), Some(module), "{learner:?} {row:?}");
        assert!(row.facts.unknown.is_empty() && row.dollars_per_hour.is_some(), "{row:?}");
        assert_eq!(row.errors.is_empty(), learner.mistake.is_none(), "{learner:?} {row:?}");
        let waits = row.waits_for.as_deref().unwrap();
        if learner.mistake.is_none() && learner.module != "m0" {
            assert!(waits.starts_with(&format!("{module}.")), "{learner:?} {row:?}");
        }
    }
    let has = |what: &str, error: &str| {
        let learner = learners.iter().find(|learner| learner.mistake == Some(what)).unwrap();
        let row = of(&rows, learner);
        assert!(row.errors.iter().any(|line| line.contains(error)), "{row:?}");
    };
    has("the network's stack rolled back", "bookstore-network-");
    has("the site's second bucket has no versioning", "m2.site-bucket/versioned");
    has("the blog's service runs no task", "m1.blog/service");
    // Every run of Module 2 has its manifest, which says where its learner did something last: before where he stands.
    for learner in learners.iter().filter(|learner| learner.module == "m2") {
        let row = of(&rows, learner);
        let position = row.position.as_deref().unwrap_or_else(|| panic!("{row:?}"));
        assert!(position.starts_with("m1.") || position.starts_with("m2."), "{learner:?} {row:?}");
        assert_ne!(position, learner.step, "{row:?}");
    }
    let since: Vec<_> = rows.iter().filter_map(|row| row.stuck_seconds).collect();
    assert!(since.len() > 5 && since.is_sorted_by(|a, b| a >= b), "{since:?}");
    assert!(rows.iter().any(|row| row.stuck == Stuck::Unknown && row.last_activity.is_none()));

    // Fleet itself sees what CloudFormation does not tell.
    let mended = learners.iter().find(|one| one.mistake.is_some_and(|what| what.contains("versioning"))).unwrap();
    session.clock.sleep(Duration::from_mins(1)).await;
    sandbox.with_world(|world| {
        let bucket = format!("bookstore-site-{}-r2", mended.seat.suffix);
        let on = json!({ "Bucket": bucket, "VersioningConfiguration": { "Status": "Enabled" } });
        Call::new(world, &mended.seat.account, "ap-southeast-1").invoke("s3", "PutBucketVersioning", &on).unwrap();
    });
    fleet.cycle().await;
    fleet.cycle().await;
    let rows = fleet.rows();
    let row = of(&rows, mended);
    assert_eq!((row.last_activity_from, row.last_activity), (Some("seen"), Some(session.clock.now())), "{row:?}");
    assert!(row.errors.is_empty(), "{row:?}");

    // The same roster is one of a reset.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("class.csv");
    std::fs::write(&file, text).unwrap();
    let source = Accounts { roster: Some(file), ..Accounts::default() };
    let plan = resets::plan(&session, &source, &std::collections::BTreeSet::new(), "class").await.unwrap();
    assert!(plan.excluded.is_empty(), "{:?}", plan.excluded);
    assert!(plan.seats.len() == 10 && plan.things() > 50, "{} things", plan.things());
    drop(awake);
}

#[tokio::test]
async fn a_seat_of_fleet_that_cannot_be_read_is_named_and_stops_no_other() {
    let session = Arc::new(session().await);
    let text = "seat,account,role\n1,222233334444,arn:aws:iam::222233334444:role/gone\n2,12,\n3,333344445555,\n";
    let mut fleet = Fleet::of(&session, Roster::read("class.csv", text).unwrap());
    let _awake = session.clock.participate();
    fleet.settle().await;
    let rows = fleet.rows();
    let why = |seat: &str| rows.iter().find(|row| row.seat == seat).unwrap();
    assert!(why("1").module.is_none() && why("1").errors[0].contains("cannot be entered"), "{rows:?}");
    assert!(why("2").errors[0].contains("twelve digits"), "{rows:?}");
    assert_eq!((why("3").module.as_deref(), rows[0].seat.as_str()), (Some("m0"), "3"));
    let none = Options { learners: 0, seed: 1, last: None };
    assert!(rehearse::rehearse(&session, World::new(1), &none).await.is_err());
}
