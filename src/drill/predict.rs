//! The predicted band, drawn before the fault: a closed form from the routing's settings, never a simulation.
//!
//! Sources: Route 53 counts `threshold` failures of each checker, `interval` seconds apart, and calls an endpoint
//! unhealthy when no more than 18 % of the checkers say healthy (aws-behaviour.md, section 3); then a cached answer
//! lives on for a part of its TTL that is uniform over clients.

use std::time::Duration;

use super::plan::Routing;

/// With 16 checkers that begin anywhere within an interval, the status flips with the 14th of them, in shares of the interval:
/// quantiles of Beta(14, 3) at 5 %, 15 %, … 95 %.
const FLIP: [f64; 10] = [0.656, 0.729, 0.769, 0.800, 0.825, 0.848, 0.869, 0.891, 0.915, 0.947];
/// Steps of the bisection; each halves the error.
const STEPS: usize = 40;

/// From the fault to the first good answer of the slowest of so many clients that honour the TTL, each at a resolver of its
/// own: 5th percentile, median, 95th percentile. An estimate, shown as one.
///
/// A checker's interval counts from the answer before, so each failure takes its own time besides. The name servers see the
/// new status at once, as those of the sandbox do; AWS does not say how long its own take. A client's next look-up falls
/// anywhere within its TTL and is itself a slot, so that its slots delay nothing.
pub fn band(routing: Routing, clients: usize) -> (Duration, Duration, Duration) {
    let (interval, threshold, ttl) =
        (f64::from(routing.interval), f64::from(routing.threshold), f64::from(routing.ttl).max(0.001));
    let failing = f64::from(routing.failing_ms) / 1000.0;
    // What passes before the name servers answer otherwise.
    let begins = FLIP.map(|share| (interval + failing) * (threshold - 1.0 + share) + failing);
    let power = i32::try_from(clients.max(1)).unwrap_or(i32::MAX);
    // The slowest client's share of its TTL that is left is the largest of as many uniform numbers.
    let below = |time: f64| {
        let shares = begins.iter().map(|begin| ((time - begin) / ttl).clamp(0.0, 1.0).powi(power));
        shares.sum::<f64>() / begins.len() as f64
    };
    let quantile = |share: f64| {
        let (mut low, mut high) = (0.0, (interval + failing) * (threshold + 1.0) + ttl);
        for _ in 0..STEPS {
            let middle = f64::midpoint(low, high);
            if below(middle) < share { low = middle } else { high = middle }
        }
        Duration::from_secs_f64(high)
    };
    (quantile(0.05), quantile(0.5), quantile(0.95))
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
            let (low, middle, high) = band(Routing { interval, threshold, ttl, failing_ms: 200 }, 5);
            let published = Duration::from_secs(published);
            assert!(low < middle && middle < high);
            assert!(
                low <= published && published <= high,
                "{interval}/{threshold}/{ttl}: {published:?} not in {low:?}..{high:?}"
            );
        }
    }
}
