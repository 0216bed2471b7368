//! Health checkers in simulated time: sixteen that know nothing of each other, and what they conclude together.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Transition;
use super::health::{CHECKER_REGIONS, Config, find};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call};
use crate::sandbox::chance;
use crate::sandbox::dataplane::checker::{self, Heard};
use crate::sandbox::version::Version;
use crate::sandbox::world::{What, World};

/// How many checkers ask for one health check. Source: aws-behaviour.md 3: not published; an endpoint sees a request
/// about every two seconds at 30 s, so about 15; its table of flip times is for 16.
pub const CHECKERS: usize = 16;

/// More than this share of the checkers must say healthy. Source: aws-behaviour.md 3, aggregate.
pub const HEALTHY_SHARE: f64 = 0.18;

/// What a checker heard last, and the state of the world in which it hears the same again: settings, data. It is no part
/// of the world: forgetting it changes nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Known(Option<(Version, Version, Heard)>);

impl PartialEq for Known {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// One checker of one health check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checker {
    /// Where it asks from.
    pub region: String,
    /// What it thinks.
    pub healthy: bool,
    /// How many answers in a row said otherwise.
    against: u64,
    /// The request that is under way.
    pending: Option<Heard>,
    /// When it sent its last request, and what came of it.
    last: Option<(SimTime, Heard)>,
    #[serde(skip)]
    known: Known,
}

impl Checker {
    /// What it knew may no longer hold.
    pub fn forget(&mut self) {
        self.known = Known(None);
    }
}

/// The checkers of a new health check. All think it healthy until they know better.
pub fn of(config: &Config) -> Vec<Checker> {
    let count = if config.asks() { CHECKERS } else { usize::from(config.kind == "CLOUDWATCH_METRIC") };
    let mut checkers: Vec<Checker> = (0..count)
        .map(|_| Checker {
            region: String::new(),
            healthy: true,
            against: 0,
            pending: None,
            last: None,
            known: Known(None),
        })
        .collect();
    move_to(config, &mut checkers);
    checkers
}

/// Spreads the checkers over the configured Regions.
pub fn move_to(config: &Config, checkers: &mut [Checker]) {
    let chosen: Vec<&str> = config.regions.iter().map(String::as_str).collect();
    let regions = if chosen.is_empty() { CHECKER_REGIONS.to_vec() } else { chosen };
    for (checker, region) in checkers.iter_mut().zip(regions.iter().cycle()) {
        (*region).clone_into(&mut checker.region);
    }
}

/// Lets every checker start at its own moment of the first interval.
pub fn begin(call: &mut Call<'_>, id: &str) {
    let seed = call.world.seed;
    let Some(check) = call.account_state().route53.health_checks.get(id) else { return };
    let (count, interval) = (check.checkers.len(), check.config.interval as f64);
    for checker in 0..count {
        let phase = chance::unit(seed, "route53.checker.phase", id, checker as u64) * interval;
        let what = Transition::Ask { check: id.to_owned(), checker: checker as u8 };
        call.schedule(Duration::from_secs_f64(phase), What::Route53(what));
    }
}

/// A checker sends its request. What it will hear is decided now, and known when the answer has travelled back.
pub fn ask(call: &mut Call<'_>, check: String, checker: u8) {
    let account = call.account.clone();
    let (settings, data) = (call.world.settings, call.world.data);
    let Some(state) = call.world.accounts.get(&account) else { return };
    let Some(subject) = state.route53.health_checks.get(&check) else { return };
    let Some(asker) = subject.checkers.get(usize::from(checker)) else { return };
    if subject.config.disabled {
        let after = Duration::from_secs(subject.config.interval);
        call.schedule(after, What::Route53(Transition::Ask { check, checker }));
        return;
    }
    // A metric moves with time alone.
    let known = asker.known.0.filter(|(was, held, _)| was.is(settings) && held.is(data) && subject.config.asks());
    let heard = if let Some((.., heard)) = known {
        heard
    } else {
        let (config, region, current) = (subject.config.clone(), asker.region.clone(), asker.healthy);
        let alarm = subject.alarm.clone();
        let heard = if config.asks() {
            checker::ask(call.world, &config, &region)
        } else {
            checker::follow(call.world, &account, &config, alarm.as_ref(), current)
        };
        // A check reads and changes nothing, whatever its way through the services counted.
        (call.world.settings, call.world.data) = (settings, data);
        heard
    };
    let jitter = chance::unit(
        call.world.seed,
        "route53.checker.jitter",
        &check,
        call.world.now.millis() as u64 * CHECKERS as u64 + u64::from(checker),
    );
    let took = heard.took(jitter);
    let asker = call.account_state().route53.health_checks.get_mut(&check);
    if let Some(asker) = asker.and_then(|check| check.checkers.get_mut(usize::from(checker))) {
        asker.known = Known(Some((settings, data, heard)));
        asker.pending = Some(heard);
    }
    call.schedule(took, What::Route53(Transition::Heard { check, checker }));
}

/// The checker has its answer, may change its mind, and asks again an interval later.
pub fn heard(call: &mut Call<'_>, check: String, checker: u8) {
    let now = call.now();
    let (account, one_is_enough) = (call.account.clone(), !call.world.rule("route53.consecutive-threshold"));
    let counts_from_request = !call.world.rule("route53.interval-from-response");
    let before = healthy(call.world, &account, &check);
    let Some(subject) = call.account_state().route53.health_checks.get_mut(&check) else { return };
    let (interval, threshold) = (subject.config.interval, subject.config.threshold);
    // A metric has its own periods; its check follows it at once.
    let subject_asks = subject.config.asks();
    let Some(asker) = subject.checkers.get_mut(usize::from(checker)) else { return };
    let Some(heard) = asker.pending.take() else { return };
    asker.last = Some((now, heard));
    if heard.healthy() == asker.healthy {
        asker.against = 0;
    } else {
        asker.against += 1;
        if asker.against >= threshold || one_is_enough || !subject_asks {
            asker.healthy = heard.healthy();
            asker.against = 0;
        }
    }
    let mut after = Duration::from_secs(interval);
    if counts_from_request {
        after = after.saturating_sub(heard.took(0.5));
    }
    let after_this = healthy(call.world, &account, &check);
    if before != after_this {
        call.world.touch();
        call.log(format!("health check {check} is {}", if after_this { "healthy" } else { "unhealthy" }));
    }
    call.schedule(after, What::Route53(Transition::Ask { check, checker }));
}

/// Whether a health check counts as healthy now. One that does not exist counts as healthy: AWS says its health
/// "can't be predicted", and a record without a check is healthy.
pub fn healthy(world: &World, account: &str, id: &str) -> bool {
    within(world, account, id, 0)
}

fn within(world: &World, account: &str, id: &str, depth: u8) -> bool {
    let checks = world.accounts.get(account).map(|account| &account.route53.health_checks);
    let Some(check) = checks.and_then(|checks| checks.get(id)) else { return true };
    let config = &check.config;
    let measured = match config.kind.as_str() {
        _ if config.disabled && world.rule("route53.disabled-healthy") => true,
        "CALCULATED" => {
            let children = config.children.iter().filter(|child| depth < 4 && within(world, account, child, depth + 1));
            let all = config.children.len() as u64;
            let needed = if world.rule("route53.calculated-threshold") { config.health_threshold } else { Some(all) };
            children.count() as u64 >= needed.unwrap_or(0)
        }
        _ => {
            let trusted = world.rule("route53.healthy-until-data");
            let well = |checker: &&Checker| checker.healthy && (trusted || checker.last.is_some());
            let up = check.checkers.iter().filter(well).count();
            let share = if world.rule("route53.eighteen-percent") { HEALTHY_SHARE } else { 0.5 };
            up as f64 > share * check.checkers.len() as f64
        }
    };
    measured != config.inverted
}

/// `GetHealthCheckStatus`
pub fn status(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let check = find(call, input)?;
    if !check.config.asks() {
        return Err(AwsError::client(
            "InvalidInput",
            format!(
                "Invalid parameter: the status of a {} health check cannot be read from its checkers.",
                check.config.kind
            ),
        ));
    }
    let observations: Vec<Value> = check
        .checkers
        .iter()
        .enumerate()
        .filter_map(|(index, checker)| {
            let (at, heard) = checker.last?;
            Some(json!({
                "Region": checker.region,
                // Route 53's checkers ask from 15.177.0.0/18, says AWS's ip-ranges.json.
                "IPAddress": format!("15.177.{}.{}", 2 + index * 4, 37 + index),
                "StatusReport": { "Status": heard.text(), "CheckedTime": at.epoch_seconds() },
            }))
        })
        .collect();
    Ok(json!({ "HealthCheckObservations": observations }))
}
