//! One's own run: `workshop reset` of a whole run and of a module, stopped and continued, and the manifest that names it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/class.rs"]
mod class;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use class::{ACCOUNT, R1, everything, strangers, workshop};
use multi_region_workshop::engine::actions;
use multi_region_workshop::engine::resets::undo::{self, UndoError};
use multi_region_workshop::engine::resets::{ResetError, own};
use multi_region_workshop::engine::session::Session;
use multi_region_workshop::guide::action::Told;
use multi_region_workshop::reset::{Kind, Progress, manifest};
use multi_region_workshop::sandbox::World;
use tokio_util::sync::CancellationToken;

fn world_of(session: &Session) -> World {
    session.throw_away.as_ref().unwrap().with_world(|world| world.clone())
}

fn things(session: &Session) -> BTreeSet<String> {
    everything(&mut world_of(session), ACCOUNT)
}

#[tokio::test]
async fn a_run_is_stopped_continued_and_proved_and_its_own_bucket_goes_last() {
    let workshop = workshop().await;
    let run = &workshop.run;
    let mut world = workshop.moments.last().unwrap().clone();
    let before = { everything(&mut world.clone(), ACCOUNT) };
    strangers(&mut world, run);
    let session = Arc::new(workshop.session.in_copy(world));
    let _awake = session.clock.participate();

    // What the guide made is noted in the run's own bucket.
    let bucket = run.manifest.clone().unwrap();
    let noted = manifest::read(session.guide.aws().as_ref(), &bucket, R1).await.unwrap().unwrap();
    assert!(noted.is_of("bookstore", &run.suffix), "{noted:?}");
    assert!(noted.position.as_deref().is_some_and(|step| step.starts_with("m4.")), "{noted:?}");
    for mark in [":::bookstore-artifacts-", ":stack/bookstore-shop-", ":cluster:bookstore-replica-", "hostedzone/"] {
        assert!(noted.arns.iter().any(|arn| arn.contains(mark)), "{mark}: {noted:?}");
    }
    let known = |arn: &&String| before.contains(*arn) || arn.contains(":stack/") || arn.contains("healthcheck");
    assert_eq!(noted.arns.iter().find(|arn| !known(arn)), None, "an ARN of nothing");

    let plan = own::look(&session, None).await.unwrap();
    assert!(!plan.continues && !plan.idle() && plan.plan.things() > 100, "{} things", plan.plan.things());
    assert_eq!(plan.seat().unwrap().manifest.as_ref(), Some(&bucket));

    // Stopped in the middle, as Esc does.
    let (cancel, gone) = (CancellationToken::new(), AtomicUsize::new(0));
    let stop = |_: &str, progress: Progress| {
        if matches!(&progress, Progress::Node { state, .. } if state == "gone")
            && gone.fetch_add(1, Ordering::SeqCst) == 3
        {
            cancel.cancel();
        }
    };
    let stopped = own::apply(&session, &plan, &cancel, &stop).await;
    assert!(matches!(stopped, Err(ResetError::Stopped)), "{stopped:?}");

    // The page's own command goes on with the same plan.
    let again = own::look(&session, None).await.unwrap();
    assert!(again.continues, "a plan that was begun is continued");
    assert_eq!((&again.path, &again.sum), (&plan.path, &plan.sum));
    let told = std::sync::Mutex::new(Vec::new());
    let tell = |one: Told| told.lock().unwrap().push(one);
    let never = CancellationToken::new();
    let done = actions::run(&session, "m6.clean-up#reset", &never, &tell).await.unwrap();
    assert!(!done.already && done.output.contains("clean except"), "{}", done.output);
    let told = told.into_inner().unwrap();
    let running: Vec<&String> =
        told.iter().filter_map(|one| if let Told::Running(text) = one { Some(text) } else { None }).collect();
    assert!(running.iter().any(|line| line.contains(" of about ") && line.contains(" gone, ")), "{running:?}");
    assert!(told.iter().any(|one| matches!(one, Told::Percent(100))));
    assert_eq!(things(&session).len(), class::STRANGERS);

    let report = multi_region_workshop::engine::resets::report(&plan.path).unwrap();
    let deleted: Vec<&str> = report.accounts[0]
        .changes
        .iter()
        .filter(|change| change.refused.is_none() && change.command.starts_with("aws s3api delete-bucket --"))
        .map(|change| change.command.as_str())
        .collect();
    assert!(deleted.len() >= 2 && deleted.last().unwrap().contains(&bucket), "{deleted:?}");
    assert!(report.clean && report.starts == 2);

    // Once more there is nothing to do, and that is said.
    let nothing = own::look(&session, None).await.unwrap();
    assert!(nothing.idle() && own::left(&session, &nothing).await.unwrap().left.is_empty());
    let done = actions::run(&session, "m6.clean-up#reset", &never, &|_| {}).await.unwrap();
    assert!(done.already, "{}", done.output);
}

#[tokio::test]
async fn modules_are_undone_one_after_the_other_and_nothing_else_is_touched() {
    let workshop = workshop().await;
    let session = Arc::new(workshop.session.in_copy(workshop.moments.last().unwrap().clone()));
    let _awake = session.clock.participate();
    for (module, later) in [("m1", "m2"), ("m3", "m4")] {
        match undo::plan(&session, module).await {
            Err(UndoError::StoodOn { later: found, .. }) => assert_eq!(found, later),
            other => panic!("{module}: {other:?}"),
        }
    }
    assert!(matches!(undo::plan(&session, "m6").await, Err(UndoError::Cleans(_))));
    assert!(matches!(undo::plan(&session, "m9").await, Err(UndoError::Unknown { .. })));
    for (module, stays, goes) in [
        ("m4", ":cluster:bookstore-replica", ":::hostedzone/"),
        ("m3", ":cluster:bookstore-replica", "arn:aws:ecs:ap-southeast-1"),
        ("m2", ":cluster:bookstore-aurora", ":cluster:bookstore-replica"),
        ("m1", "", ":cluster:bookstore-aurora"),
    ] {
        let plan = undo::plan(&session, module).await.unwrap();
        assert!(!plan.things.is_empty(), "{module}");
        let left = undo::run(&session, &plan, &CancellationToken::new(), &|_| {}, &|_| {}).await.unwrap();
        assert_eq!(left, [""; 0], "{module}");
        let all = things(&session);
        assert!(all.iter().any(|arn| arn.contains(stays)) || stays.is_empty(), "{module}: {stays} is gone");
        assert!(!all.iter().any(|arn| arn.contains(goes)), "{module}: {goes} is there");
        let again = undo::plan(&session, module).await.unwrap();
        assert_eq!(again.things.iter().map(|item| (item.kind, &item.name)).collect::<Vec<(Kind, &String)>>(), []);
    }
    assert_eq!(things(&session), BTreeSet::new());
}
