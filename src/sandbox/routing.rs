//! Other settings of a world's routing: for trials of a drill in copies of a world.

use super::call::Call;
use super::services::route53::{self, checkers};
use super::world::{What, World};

/// Settings of health checks and record sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Seconds between two requests of one health checker: 10 or 30.
    pub interval: u32,
    /// Answers in a row that change a checker's mind: 1 to 10.
    pub threshold: u32,
    /// Seconds that an answer may be kept.
    pub ttl: u32,
    /// How many checkers ask, at most as many as there are.
    pub checkers: Option<u32>,
}

/// Gives every health check of an endpoint and every record set with a TTL and a health check of the account these
/// settings, with nothing on its way: what the account would be had it been built with them. The checkers begin anew, at
/// moments that the world's seed chooses.
pub fn set(world: &mut World, account: &str, settings: Settings) {
    let Some(state) = world.accounts.get_mut(account) else { return };
    let mut checks = Vec::new();
    for (id, check) in state.route53.health_checks.iter_mut().filter(|(_, check)| check.config.asks()) {
        check.config.interval = settings.interval.into();
        check.config.threshold = settings.threshold.into();
        check.checkers = checkers::of(&check.config);
        check.checkers.truncate(settings.checkers.map_or(usize::MAX, |count| count.max(1) as usize));
        checks.push(id.clone());
    }
    for zone in state.route53.zones.values_mut() {
        let records = zone.records.iter_mut().chain(&mut zone.served);
        for record in records.filter(|record| record.health_check.is_some() && record.ttl.is_some()) {
            record.ttl = Some(settings.ttl.into());
        }
    }
    world.timeline.retain(|one| {
        one.account != account
            || !matches!(one.what, What::Route53(route53::Transition::Ask { .. } | route53::Transition::Heard { .. }))
    });
    world.dataplane.forget();
    world.touch();
    let mut call = Call::new(world, account, crate::domain::GLOBAL_REGION);
    for check in checks {
        checkers::begin(&mut call, &check);
    }
}
