//! The predicted band, drawn before the fault: a closed form from the routing's settings, never a simulation.
//!
//! Sources: Route 53 counts `threshold` failures of each checker, `interval` seconds apart, and calls an endpoint
//! unhealthy when no more than 18 % of the checkers say healthy (aws-behaviour.md, section 3); then a cached answer
//! lives on for a part of its TTL that is uniform over clients.

use std::time::Duration;

use super::plan::Routing;

/// Seconds within which Route 53's name servers see a new status: an estimate. Those of the sandbox see it at once.
const EDGE_SPREAD: f64 = 1.0;
/// With 16 checkers that begin anywhere within an interval, the status flips with the 14th: in shares of the interval,
/// Beta(14, 3) has this mean and this standard deviation.
const FLIP: (f64, f64) = (14.0 / 17.0, 0.0898);
/// Quantiles of the standard normal distribution at 5 %, 15 %, … 95 %.
const NORMAL: [f64; 10] = [-1.645, -1.036, -0.674, -0.385, -0.126, 0.126, 0.385, 0.674, 1.036, 1.645];
/// Steps of the bisection; each halves the error.
const STEPS: usize = 40;

/// From the fault to the first good answer of the slowest of so many clients that honour the TTL, each at a resolver of its
/// own: 5th percentile, median, 95th percentile. An estimate, shown as one.
pub fn band(routing: Routing, clients: usize) -> (Duration, Duration, Duration) {
    let (interval, threshold, ttl) =
        (f64::from(routing.interval), f64::from(routing.threshold), f64::from(routing.ttl).max(0.001));
    // What passes before the name servers answer otherwise, and half a slot of a second until a client notices.
    let begins: Vec<f64> = NORMAL
        .iter()
        .flat_map(|z| [0.25, 0.75].map(|share| (FLIP.0 + FLIP.1 * z, share)))
        .map(|(flip, share)| interval * (threshold - 1.0 + flip.min(1.0)) + EDGE_SPREAD * share + 0.5)
        .collect();
    let power = i32::try_from(clients.max(1)).unwrap_or(i32::MAX);
    // The slowest client's share of its TTL that is left is the largest of as many uniform numbers.
    let below = |time: f64| {
        let shares = begins.iter().map(|begin| ((time - begin) / ttl).clamp(0.0, 1.0).powi(power));
        shares.sum::<f64>() / begins.len() as f64
    };
    let quantile = |share: f64| {
        let (mut low, mut high) = (0.0, interval * threshold + EDGE_SPREAD + ttl + 1.0);
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
            let (low, middle, high) = band(Routing { interval, threshold, ttl }, 5);
            let published = Duration::from_secs(published);
            assert!(low < middle && middle < high);
            assert!(
                low <= published && published <= high,
                "{interval}/{threshold}/{ttl}: {published:?} not in {low:?}..{high:?}"
            );
        }
    }
}
