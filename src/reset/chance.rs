//! Chance as a hash of purpose, resource and ordinal: the same reset draws the same numbers, and no two accounts do.

/// A number in (0, 1).
pub(super) fn unit(purpose: &str, resource: &str, ordinal: u64) -> f64 {
    // FNV-1a over the parts, then the finaliser of SplitMix64; both are public domain and need no crate.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in purpose.bytes().chain([0xff]).chain(resource.bytes()).chain([0xff]).chain(ordinal.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^= hash >> 31;
    ((hash >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_fill_the_unit_interval_and_differ_by_every_part() {
        let drawn: Vec<f64> = (0..1000).map(|n| unit("t", "r", n)).collect();
        let mean = drawn.iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean) && drawn.iter().all(|one| (0.0..1.0).contains(one)), "{mean}");
        assert!((unit("a", "r", 1) - unit("b", "r", 1)).abs() > f64::EPSILON);
    }
}
