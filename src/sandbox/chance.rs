//! Chance as a hash of (seed, purpose, resource, ordinal): no stream is shared, so an extra read shifts nothing else.

use std::time::Duration;

/// 64 well-mixed bits for that seed, purpose, resource and ordinal.
pub fn bits(seed: u64, purpose: &str, resource: &str, ordinal: u64) -> u64 {
    // FNV-1a over the parts, with a separator so that ("ab","c") and ("a","bc") differ, then SplitMix64's finaliser.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let ordinal = ordinal.to_le_bytes();
    for byte in purpose.bytes().chain([0xff]).chain(resource.bytes()).chain([0xff]).chain(ordinal) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// A number in (0, 1).
pub fn unit(seed: u64, purpose: &str, resource: &str, ordinal: u64) -> f64 {
    ((bits(seed, purpose, resource, ordinal) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// A duration from the log-normal distribution whose median is `p50` and whose 95th percentile is `p95`.
/// Durations of AWS operations are skewed to the right, and these two numbers are what sources publish.
pub fn duration(seed: u64, purpose: &str, resource: &str, ordinal: u64, p50: Duration, p95: Duration) -> Duration {
    /// The 95th percentile of the standard normal distribution.
    const Z95: f64 = 1.644_853_6;
    if p50.is_zero() || p95 <= p50 {
        return p50;
    }
    let sigma = (p95.as_secs_f64() / p50.as_secs_f64()).ln() / Z95;
    let (u, v) = (unit(seed, purpose, resource, ordinal * 2), unit(seed, purpose, resource, ordinal * 2 + 1));
    let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
    // Three sigmas bound the tail, so that no resource takes a day.
    let factor = (sigma * normal.clamp(-3.0, 3.0)).exp();
    Duration::from_millis((p50.as_secs_f64() * factor * 1000.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_durations_are_below_the_median_and_one_in_twenty_above_the_95th_percentile() {
        let (p50, p95) = (Duration::from_secs(60), Duration::from_secs(180));
        let drawn: Vec<_> = (0..4000).map(|n| duration(7, "t", "r", n, p50, p95)).collect();
        let below = drawn.iter().filter(|d| **d < p50).count();
        let above = drawn.iter().filter(|d| **d > p95).count();
        assert!((1900..2100).contains(&below), "{below} below the median");
        assert!((150..260).contains(&above), "{above} above the 95th percentile");
    }

    #[test]
    fn every_part_matters() {
        let base = bits(1, "a", "b", 0);
        assert_ne!(base, bits(2, "a", "b", 0));
        assert_ne!(base, bits(1, "ab", "", 0));
        assert_ne!(base, bits(1, "a", "b", 1));
        assert_eq!(base, bits(1, "a", "b", 0));
    }
}
