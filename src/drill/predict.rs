//! The predicted band, drawn before the fault: a closed form from the routing's settings, never a simulation.
//!
//! Sources: Route 53 counts `threshold` failures of each checker, `interval` seconds apart, and calls an endpoint
//! unhealthy when no more than 18 % of the checkers say healthy (aws-behaviour.md, section 3); then a cached answer
//! lives on for a part of its TTL that is uniform over clients.

use std::time::Duration;

use super::plan::Routing;

/// Seconds that Route 53's name servers take to see a new status: estimate, aws-behaviour.md (edge spread 0-5 s).
const EDGE_SPREAD: f64 = 5.0;
/// With 16 checkers, the flip comes when the 14th has failed often enough: at 14/17 of an interval, on average.
const FLIP_QUANTILE: f64 = 14.0 / 17.0;

/// From the fault to the first good answer of a client that honours the TTL: 5th percentile, median, 95th percentile
/// of the slowest of several clients (an estimate, shown as one).
pub fn band(routing: Routing) -> (Duration, Duration, Duration) {
    let (interval, threshold, ttl) =
        (f64::from(routing.interval), f64::from(routing.threshold), f64::from(routing.ttl));
    let flip = |share: f64| interval * (threshold - 1.0) + interval * share;
    let low = flip(FLIP_QUANTILE - 0.15) + ttl * 0.75;
    let middle = flip(FLIP_QUANTILE) + EDGE_SPREAD / 2.0 + ttl * 0.87;
    let high = flip(1.0) + EDGE_SPREAD + ttl;
    (Duration::from_secs_f64(low), Duration::from_secs_f64(middle), Duration::from_secs_f64(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_holds_the_published_medians_of_the_worst_of_five_resolvers() {
        // aws-behaviour.md, section 3: worst of 5 resolvers, p50: 10/1/60 63 s, 10/3/60 83 s, 30/3/60 139 s, 10/1/5 13 s.
        for (interval, threshold, ttl, published) in
            [(10, 1, 60, 63), (10, 3, 60, 83), (30, 3, 60, 139), (10, 1, 5, 13)]
        {
            let (low, middle, high) = band(Routing { interval, threshold, ttl });
            let published = Duration::from_secs(published);
            assert!(low < middle && middle < high);
            assert!(
                low <= published && published <= high,
                "{interval}/{threshold}/{ttl}: {published:?} not in {low:?}..{high:?}"
            );
        }
    }
}
