//! Things that go on side by side in one account, in simulated time as well as on the wall.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::clock::Clock;
use crate::domain::BoxFuture;

/// Awaits all of them and gives their results in their order. The caller holds one participant of the clock; each branch
/// gets its own, and gives it back as soon as it is done, so that the others may sleep.
pub async fn side_by_side<T: Send>(clock: &Clock, branches: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let running: FuturesUnordered<_> = branches
        .into_iter()
        .enumerate()
        .map(|(index, branch)| {
            let awake = clock.participate();
            async move {
                let result = branch.await;
                (index, result, awake)
            }
        })
        .collect();
    let mut running = running;
    let mut results = Vec::new();
    while let Some((index, result, awake)) = clock.idle(running.next()).await {
        drop(awake);
        results.push((index, result));
    }
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Rate;
    use crate::domain::SimTime;

    #[tokio::test]
    async fn branches_sleep_at_the_same_time() {
        let clock = Clock::simulated(SimTime::WORLD_START, Rate::Jump);
        let _awake = clock.participate();
        let branches = [30, 10, 20].map(|seconds| {
            let clock = clock.clone();
            let branch: BoxFuture<'_, u64> = Box::pin(async move {
                clock.sleep(Duration::from_secs(seconds)).await;
                seconds
            });
            branch
        });
        assert_eq!(side_by_side(&clock, branches.into()).await, [30, 10, 20]);
        assert_eq!(clock.now().since(SimTime::WORLD_START), Duration::from_secs(30));
    }
}
