//! A rehearsed class: its accounts, its roster, and what fleet tells about it without changing anything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use multi_region_workshop::content::Source;
use multi_region_workshop::engine::rehearse::{self, Learner, Options};
use multi_region_workshop::engine::session::{Options as SessionOptions, Session};
use multi_region_workshop::reset::Roster;
use multi_region_workshop::sandbox::World;

async fn session() -> Session {
    let options =
        SessionOptions { source: Source::Embedded, seed: Some(5), fresh: true, jump: true, ..SessionOptions::default() };
    Session::open(options).await.expect("a session")
}

async fn class(session: &Session, learners: usize, last: Option<&str>) -> (World, Vec<Learner>) {
    let options = Options { learners, seed: 11, last: last.map(str::to_owned) };
    rehearse::rehearse(session, World::new(5), &options).await.expect("a class")
}

#[tokio::test]
async fn a_rehearsed_class_stands_at_many_places_and_its_roster_can_be_read() {
    let session = session().await;
    let begun = std::time::Instant::now();
    let (world, learners) = class(&session, 8, Some("m2")).await;
    eprintln!("class {:?}", begun.elapsed());
    assert_eq!(learners.len(), 8);
    let text = rehearse::roster(&learners);
    let roster = Roster::read("class.csv", &text).unwrap();
    assert!(roster.excluded.is_empty(), "{:?}", roster.excluded);
    assert_eq!(roster.seats, learners.iter().map(|one| one.seat.clone()).collect::<Vec<_>>());
    for learner in &learners {
        eprintln!("{} {} {:?} {}", learner.seat.seat, learner.step, learner.mistake, learner.idle_seconds);
        assert!(world.accounts.contains_key(&learner.seat.account));
    }
    let _ = Arc::new(session.in_copy(world));
}
