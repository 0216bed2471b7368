//! How a reset calls AWS: below the documented rates, patient with throttling, and with every change counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::clock::Clock;
use crate::domain::{BoxFuture, Effect, Failure, FailureClass, Operation, Operations, Reply, SimTime};
use crate::protocol::Pages;

/// A rate that a reset stays below.
struct Rate {
    service: &'static str,
    /// The operation's name as in the AWS CLI; none for all of the service.
    operation: Option<&'static str>,
    /// Calls a second.
    per_second: f64,
    /// How many may go at once.
    burst: f64,
    /// Whether all Regions share it.
    global: bool,
}

/// Half of what AWS documents, or what is known to be safe. Source: aws-behaviour.md, section 2.
const RATES: &[Rate] = &[
    // Route 53 Developer Guide, quotas: five requests a second and account, all calls together.
    Rate { service: "route53", operation: None, per_second: 2.5, burst: 2.0, global: true },
    // API Gateway Developer Guide, quotas: one deletion in 30 seconds and account; aws-nuke waits 32.
    Rate {
        service: "apigateway",
        operation: Some("delete-domain-name"),
        per_second: 1.0 / 32.0,
        burst: 1.0,
        global: false,
    },
    Rate {
        service: "apigateway",
        operation: Some("delete-rest-api"),
        per_second: 1.0 / 32.0,
        burst: 1.0,
        global: false,
    },
    // API Gateway Developer Guide, quotas: ten requests a second, 40 at once.
    Rate { service: "apigateway", operation: None, per_second: 5.0, burst: 20.0, global: false },
    // aws-nuke: 55 calls a minute do not throttle.
    Rate { service: "cloudcontrol", operation: None, per_second: 55.0 / 60.0, burst: 10.0, global: false },
    // aws-nuke: eight reads of alarms a second.
    Rate { service: "cloudwatch", operation: None, per_second: 4.0, burst: 8.0, global: false },
];

/// For services without a documented rate. An estimate: ten a second is far below what any of them has been seen to take.
const OTHERWISE: Rate = Rate { service: "", operation: None, per_second: 10.0, burst: 20.0, global: false };

/// The first pause after a refusal may be this long; it doubles with each.
const BASE: Duration = Duration::from_secs(1);
/// No pause is longer.
const CAP: Duration = Duration::from_secs(30);
/// So often is a call tried before its refusal counts.
const ATTEMPTS: u32 = 9;

/// What a reset has asked AWS for.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls that only read.
    pub reads: AtomicU64,
    /// Calls that change something.
    pub changes: AtomicU64,
    /// Calls that were sent again.
    pub retries: AtomicU64,
    /// Refusals that asked for fewer requests.
    pub throttles: AtomicU64,
}

/// One account's way to AWS. All waiting is in the clock's time, on the account of whoever calls.
pub struct Caller {
    aws: Arc<dyn Operations>,
    clock: Clock,
    /// Seeds the jitter, so that two accounts never retry in step.
    account: String,
    buckets: Mutex<BTreeMap<(String, String), (f64, SimTime)>>,
    /// What was asked for so far.
    pub counts: Counts,
}

impl Caller {
    /// A way to that account.
    pub fn new(aws: Arc<dyn Operations>, clock: Clock, account: &str) -> Self {
        Self { aws, clock, account: account.to_owned(), buckets: Mutex::default(), counts: Counts::default() }
    }

    /// Whose time it waits in.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Calls AWS once it may, again while AWS asks for patience.
    pub async fn call(&self, operation: &Operation) -> Result<Reply, Failure> {
        let read = operation.effect == Effect::Read;
        let counter = if read { &self.counts.reads } else { &self.counts.changes };
        counter.fetch_add(1, Ordering::Relaxed);
        let mut attempt = 0;
        loop {
            self.turn(operation).await;
            let failure = match self.aws.call(operation).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            if failure.class == FailureClass::Throttled {
                self.counts.throttles.fetch_add(1, Ordering::Relaxed);
            }
            // A change whose answer was lost may have been made: whoever asked looks again instead.
            let again = match failure.class {
                FailureClass::Throttled => true,
                FailureClass::Network | FailureClass::Timeout | FailureClass::Service => read,
                _ => false,
            };
            attempt += 1;
            if !again || attempt >= ATTEMPTS {
                return Err(failure);
            }
            self.counts.retries.fetch_add(1, Ordering::Relaxed);
            self.clock.sleep(self.pause(operation, attempt)).await;
        }
    }

    /// All pages of a read as one output.
    pub async fn all(&self, operation: &Operation) -> Result<Value, Failure> {
        let Some(mut pages) = Pages::of(&operation.service, &operation.api, &operation.input) else {
            return Ok(self.call(operation).await?.output);
        };
        let mut page = operation.clone();
        loop {
            match pages.add(self.call(&page).await?.output) {
                Some(input) => page.input = input,
                None => return Ok(pages.finish()),
            }
        }
    }

    /// Waits until the rates allow the call.
    async fn turn(&self, operation: &Operation) {
        loop {
            let wait = self.take(operation);
            if wait.is_zero() {
                return;
            }
            self.clock.sleep(wait).await;
        }
    }

    /// Takes a token of each rate that concerns the call; how long to wait when one has none.
    fn take(&self, operation: &Operation) -> Duration {
        let now = self.clock.now();
        let mut concerned: Vec<&Rate> = RATES
            .iter()
            .filter(|rate| rate.service == operation.service)
            .filter(|rate| rate.operation.is_none_or(|name| name == operation.name))
            .collect();
        if concerned.is_empty() {
            concerned.push(&OTHERWISE);
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = |rate: &Rate| {
            let region = if rate.global { "" } else { operation.region.as_str() };
            (format!("{} {}", operation.service, rate.operation.unwrap_or_default()), region.to_owned())
        };
        let mut wait = Duration::ZERO;
        for rate in &concerned {
            let (tokens, since) = buckets.entry(key(rate)).or_insert((rate.burst, now));
            *tokens = (*tokens + now.since(*since).as_secs_f64() * rate.per_second).min(rate.burst);
            *since = now;
            if *tokens < 1.0 {
                let missing = Duration::from_secs_f64((1.0 - *tokens) / rate.per_second);
                wait = wait.max(missing.max(Duration::from_millis(1)));
            }
        }
        if wait.is_zero() {
            for rate in &concerned {
                if let Some((tokens, _)) = buckets.get_mut(&key(rate)) {
                    *tokens -= 1.0;
                }
            }
        }
        wait
    }

    /// Full jitter: anything from nothing to twice the last bound.
    /// Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
    fn pause(&self, operation: &Operation, attempt: u32) -> Duration {
        let bound = BASE.saturating_mul(1 << attempt.min(16)).min(CAP);
        let resource = format!("{} {operation} {}", self.account, self.clock.now().millis());
        bound.mul_f64(super::chance::unit("jitter", &resource, u64::from(attempt)))
    }
}

impl Operations for Caller {
    fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(Caller::call(self, operation))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use serde_json::json;

    use super::*;
    use crate::clock::Rate as Pace;
    use crate::protocol::operation;

    /// Throttles so many calls, then answers.
    struct Storm(AtomicU32, Mutex<Vec<SimTime>>, Clock);

    impl Operations for Storm {
        fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
            self.1.lock().unwrap().push(self.2.now());
            let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            Box::pin(async move {
                match left {
                    Err(_) => Ok(Reply::default()),
                    Ok(_) => Err(Failure {
                        class: FailureClass::Throttled,
                        code: "Throttling".into(),
                        message: "Rate exceeded".into(),
                        operation: operation.to_string(),
                        request_id: None,
                    }),
                }
            })
        }
    }

    fn storm(refusals: u32) -> (Arc<Storm>, Caller) {
        let clock = Clock::simulated(SimTime::WORLD_START, Pace::Jump);
        let aws = Arc::new(Storm(AtomicU32::new(refusals), Mutex::default(), clock.clone()));
        let caller = Caller::new(Arc::clone(&aws) as Arc<dyn Operations>, clock, "111122223333");
        (aws, caller)
    }

    #[tokio::test]
    async fn a_storm_is_ridden_out_and_counted() {
        let (_, caller) = storm(5);
        let _awake = caller.clock().participate();
        caller.call(&operation("rds", "describe-db-clusters", "eu-west-1", json!({}))).await.unwrap();
        assert_eq!(caller.counts.throttles.load(Ordering::Relaxed), 5);
        let (_, caller) = storm(50);
        let _awake = caller.clock().participate();
        assert!(caller.call(&operation("rds", "describe-db-clusters", "eu-west-1", json!({}))).await.is_err());
    }

    #[tokio::test]
    async fn calls_stay_below_the_rates() {
        let (aws, caller) = storm(0);
        let _awake = caller.clock().participate();
        for region in ["us-east-1", "eu-west-1"].into_iter().cycle().take(20) {
            caller.call(&operation("route53", "list-health-checks", region, json!({}))).await.unwrap();
        }
        let times = aws.1.lock().unwrap().clone();
        let span = times.last().unwrap().since(*times.first().unwrap());
        assert!(span >= Duration::from_secs(7), "20 calls of Route 53 in {span:?}");
        for _ in 0..2 {
            caller.call(&operation("apigateway", "delete-domain-name", "eu-west-1", json!({}))).await.unwrap();
        }
        let times = aws.1.lock().unwrap().clone();
        let last = times.len() - 1;
        assert!(times[last].since(times[last - 1]) >= Duration::from_secs(30));
    }
}
