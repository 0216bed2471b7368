//! How far places are from each other, and how long servers think.

use std::time::Duration;

use crate::sandbox::chance;
use crate::sandbox::constants;
use crate::sandbox::world::World;

/// Latitude and longitude of the cities that the Regions are named after, in degrees (public geography).
const PLACES: &[(&str, f64, f64)] = &[
    ("af-south-1", -33.9, 18.4),
    ("ap-east-1", 22.3, 114.2),
    ("ap-northeast-1", 35.7, 139.7),
    ("ap-northeast-2", 37.6, 127.0),
    ("ap-northeast-3", 34.7, 135.5),
    ("ap-south-1", 19.1, 72.9),
    ("ap-south-2", 17.4, 78.5),
    ("ap-southeast-1", 1.35, 103.8),
    ("ap-southeast-2", -33.9, 151.2),
    ("ap-southeast-3", -6.2, 106.8),
    ("ap-southeast-4", -37.8, 145.0),
    ("ap-southeast-5", 3.1, 101.7),
    ("ap-southeast-7", 13.8, 100.5),
    ("ca-central-1", 45.5, -73.6),
    ("ca-west-1", 51.0, -114.1),
    ("eu-central-1", 50.1, 8.7),
    ("eu-central-2", 47.4, 8.5),
    ("eu-north-1", 59.3, 18.1),
    ("eu-south-1", 45.5, 9.2),
    ("eu-south-2", 41.6, -0.9),
    ("eu-west-1", 53.3, -6.3),
    ("eu-west-2", 51.5, -0.1),
    ("eu-west-3", 48.9, 2.4),
    ("il-central-1", 32.1, 34.8),
    ("me-central-1", 24.5, 54.4),
    ("me-south-1", 26.1, 50.6),
    ("mx-central-1", 20.6, -100.4),
    ("sa-east-1", -23.5, -46.6),
    ("us-east-1", 38.9, -77.4),
    ("us-east-2", 40.0, -83.0),
    ("us-west-1", 37.4, -122.0),
    ("us-west-2", 45.8, -119.7),
];

/// The round trip between two Regions' cities. Estimate: light in fibre travels 200 km a millisecond, cables are 1.6
/// times as long as the great circle, and the last mile takes 2 ms. It gives 181 ms between Ireland and Singapore,
/// which is near what public latency tables show.
pub fn round_trip(from: &str, to: &str) -> Duration {
    const EARTH_KM: f64 = 6371.0;
    const KM_PER_MS_BOTH_WAYS: f64 = 100.0;
    const DETOUR: f64 = 1.6;
    const LAST_MILE_MS: f64 = 2.0;
    let place = |name: &str| PLACES.iter().find(|(known, _, _)| *known == name);
    let kilometres = match (place(from), place(to)) {
        (Some((_, lat_a, lon_a)), Some((_, lat_b, lon_b))) => {
            let (a, b) = (lat_a.to_radians(), lat_b.to_radians());
            let half = |angle: f64| (angle / 2.0).sin().powi(2);
            let h = half(b - a) + a.cos() * b.cos() * half((lon_b - lon_a).to_radians());
            2.0 * EARTH_KM * h.sqrt().asin()
        }
        // A place that nobody knows is far away.
        _ => 10_000.0,
    };
    Duration::from_secs_f64((LAST_MILE_MS + kilometres / KM_PER_MS_BOTH_WAYS * DETOUR) / 1000.0)
}

/// How long a server of that kind thinks about this request. It depends on the instant and the key only, so that a
/// further request shifts nothing.
pub fn thinking(world: &World, constant_id: &str, key: &str) -> Duration {
    constants::constant(constant_id).map_or(Duration::ZERO, |row| {
        let instant = world.now.millis() as u64;
        chance::duration(world.seed, constant_id, key, instant, row.p50, row.p95)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_nearer_than_far_and_every_region_has_a_place() {
        let ms = |from, to| round_trip(from, to).as_millis();
        assert!((170..195).contains(&ms("eu-west-1", "ap-southeast-1")));
        assert!(ms("eu-west-2", "eu-west-1") < ms("eu-west-2", "ap-southeast-1"));
        assert!(ms("eu-west-1", "eu-west-1") < 5);
        for region in crate::domain::region::known_regions() {
            assert!(PLACES.iter().any(|(known, _, _)| *known == region), "{region} has no place");
        }
    }
}
