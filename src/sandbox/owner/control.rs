//! What processes of one state directory ask its owner beside AWS: time, names, probes, faults, status.
//!
//! Each is a POST to `/_sandbox/` on the owner's socket, an [`Ask`] in JSON, and answered with JSON; every answer also
//! carries the owner's time.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::OwnerError;
use super::core::Owner;
use crate::clock::{Clock, Rate};
use crate::domain::drill::{Probe, Vantage};
use crate::domain::region::known_regions;
use crate::domain::{DnsAnswer, Failure, FailureClass, SimTime};
use crate::sandbox::call::Call;
use crate::sandbox::handle::no_such_fault;
use crate::sandbox::services;
use crate::sandbox::world::{LEARNER_ACCOUNT, World};

/// Where on the socket the asks go.
pub(super) const PATH: &str = "/_sandbox/";

/// One thing that is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ask {
    /// Only the time, which every answer carries.
    Clock,
    /// An answer when this instant is reached.
    Sleep {
        until: SimTime,
    },
    /// As [`Ask::Sleep`], letting a stepped clock go on.
    Advance {
        until: SimTime,
    },
    Speed {
        rate: Rate,
    },
    Resolve {
        name: String,
        vantage: Vantage,
    },
    Probe {
        probe: Probe,
    },
    StartFault {
        kind: String,
        region: String,
        parameters: Value,
        lease: Duration,
    },
    StopFault {
        id: String,
    },
    Faults,
    Status,
    Snapshot,
    Restore {
        world: Box<World>,
    },
}

/// A world at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The process that owns the world.
    pub pid: u32,
    /// The simulated time.
    pub now: SimTime,
    /// Seeds all chance.
    pub seed: u64,
    /// Resources in the learner's account, in all Regions, without those that every account has.
    pub resources: usize,
    /// Transitions that are waiting.
    pub pending: usize,
    /// Faults that are active.
    pub faults: usize,
}

/// [`DnsAnswer`] for the socket.
#[derive(Serialize, Deserialize)]
struct Names {
    chain: Vec<String>,
    targets: Vec<String>,
    ttl: Duration,
    region: Option<String>,
}

/// Writes an answer of DNS as JSON.
pub(super) fn names(answer: Option<DnsAnswer>) -> Value {
    let names = answer.map(|DnsAnswer { chain, targets, ttl, region }| Names { chain, targets, ttl, region });
    json!(names)
}

/// Reads an answer of DNS.
pub(super) fn read_names(value: Value) -> Result<Option<DnsAnswer>, serde_json::Error> {
    let names: Option<Names> = serde_json::from_value(value)?;
    Ok(names.map(|Names { chain, targets, ttl, region }| DnsAnswer { chain, targets, ttl, region }))
}

/// A failure of the owner's files.
pub(super) fn local(error: &OwnerError) -> Failure {
    Failure {
        class: FailureClass::Service,
        code: "SandboxState".to_owned(),
        message: error.to_string(),
        operation: "sandbox".to_owned(),
        request_id: None,
    }
}

impl Owner {
    /// Answers one ask.
    pub(super) async fn answer(self: &Arc<Self>, ask: Ask) -> Result<Value, Failure> {
        let failed = |error: OwnerError| local(&error);
        match ask {
            Ask::Clock => Ok(Value::Null),
            Ask::Sleep { until } => {
                // The one that waits elsewhere takes part in this clock, as if it waited here.
                let clock = Clock::from_source(Arc::clone(self.time()));
                let _participant = clock.participate();
                clock.sleep_until(until).await;
                Ok(Value::Null)
            }
            Ask::Advance { until } => {
                self.time().advance_to(until).await;
                Ok(Value::Null)
            }
            Ask::Speed { rate } => {
                self.set_rate(rate);
                Ok(Value::Null)
            }
            Ask::Resolve { name, vantage } => self.resolve(&name, &vantage).map(names).map_err(failed),
            Ask::Probe { probe } => self.probe(&probe).map(|reply| json!(reply)).map_err(failed),
            Ask::StartFault { kind, region, parameters, lease } => {
                let started = self.start_fault(&kind, &region, &parameters, lease).map_err(failed)?;
                started.map(|fault| json!(fault)).map_err(|error| no_such_fault(&error, &kind, &region))
            }
            Ask::StopFault { id } => self.stop_fault(&id).map(|()| Value::Null).map_err(failed),
            Ask::Faults => self.active_faults().map(|faults| json!(faults)).map_err(failed),
            Ask::Status => self.world().map(|world| json!(status(world))).map_err(failed),
            Ask::Snapshot => self.world().map(|world| json!(world)).map_err(failed),
            Ask::Restore { world } => {
                self.reach(world.now).await;
                self.restore(*world).map(|()| Value::Null).map_err(failed)
            }
        }
    }

    /// Lets time jump forward to `until`; it cannot go back.
    async fn reach(&self, until: SimTime) {
        let rate = self.time().rate();
        if self.time().now() < until {
            self.set_rate(Rate::Jump);
            self.time().sleep_until(until).await;
            self.set_rate(rate);
        }
    }
}

/// Looks at a copy of a world.
fn status(mut world: World) -> Status {
    let regions = known_regions().map(|region| {
        let mut call = Call::new(&mut world, LEARNER_ACCOUNT, region);
        services::inventory(&mut call).iter().filter(|record| !record.built_in).count()
    });
    Status {
        resources: regions.sum(),
        pid: std::process::id(),
        now: world.now,
        seed: world.seed,
        pending: world.timeline.len(),
        faults: world.faults.len(),
    }
}
