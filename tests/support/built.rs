//! A session in a throw-away world in which the first modules are built.
#![allow(dead_code, clippy::expect_used)]

use std::collections::BTreeSet;
use std::sync::Arc;

use multi_region_workshop::content::Source;
use multi_region_workshop::engine::session::{Options, Session};
use multi_region_workshop::engine::walk;
use multi_region_workshop::sandbox::world::World;
use tokio_util::sync::CancellationToken;

/// Builds everything up to that module, and gives the session and a copy of its world.
pub async fn built(module: &str) -> (Arc<Session>, World) {
    let options = Options { source: Source::Embedded, seed: Some(5), fresh: true, jump: true, ..Options::default() };
    let session = Arc::new(Session::open(options).await.expect("a session"));
    let awake = session.clock.participate();
    walk::walk(&session, module, &BTreeSet::new(), &CancellationToken::new(), &|_| ()).await.expect("the modules");
    drop(awake);
    let world = session.world().await.expect("a world").expect("a simulated world");
    (session, world)
}
