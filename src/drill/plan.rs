//! What a drill will do: journeys, vantages, lanes, the fault's switch.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::price::Prices;
use crate::domain::drill::{AUTHORITATIVE, ClientClass, HOST, PUBLIC_RESOLVERS, Vantage};
use crate::domain::{BoxFuture, RegionPair, Role};

/// How long everything is watched before the fault (design/drill.md: baseline 60 s).
pub const BASELINE: Duration = Duration::from_secs(60);
/// The window that must be steady before a recovery counts (design/drill.md, section 0).
pub const STABLE_WINDOW: Duration = Duration::from_secs(60);
/// A drill that has not recovered by then is over; the objective is 15 minutes.
pub const LIMIT: Duration = Duration::from_secs(20 * 60);
/// How long a client waits for an answer (design/drill.md, section 2).
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// TTL-honouring clients ask once a second.
const EVERY_SECOND: Duration = Duration::from_secs(1);
/// Fresh and sticky clients, and the direct controls, ask every five seconds (0.2 Hz).
const EVERY_FIVE_SECONDS: Duration = Duration::from_secs(5);

/// Starts and stops the fault.
pub trait Switch: Send + Sync {
    /// Breaks it.
    fn start(&self) -> BoxFuture<'_, Result<(), String>>;
    /// Mends it. Mending what is whole is no error.
    fn stop(&self) -> BoxFuture<'_, Result<(), String>>;
}

/// What a shopper does, ready to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JourneyPlan {
    /// `books`.
    pub name: String,
    /// HTTP method.
    pub method: String,
    /// The URL behind the shared name.
    pub url: String,
    /// A JSON body.
    pub body: Option<Value>,
    /// The same at each Region's own endpoint.
    pub direct: BTreeMap<Role, String>,
    /// Whether the fault should break it.
    pub affected: bool,
    /// Whether the broken Region's health check decides where its name leads.
    pub routed: bool,
}

/// Settings of the routing, as read from the API.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Routing {
    /// Seconds between two requests of one health checker: 10 or 30.
    pub interval: u32,
    /// Consecutive failures that count: 1 to 10.
    pub threshold: u32,
    /// Seconds that an answer may be cached.
    pub ttl: u32,
    /// Milliseconds until a checker knows that a request to what is broken has failed.
    pub failing_ms: u32,
}

/// The AWS that a drill is made in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// The simulated one.
    Sandbox {
        /// What all its chance comes from.
        seed: u64,
    },
    /// An account of the real one.
    Account {
        /// Twelve digits.
        id: String,
    },
    /// Something that speaks as AWS does.
    Endpoint {
        /// Where it is.
        url: String,
    },
}

/// A whole drill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The fault's name: `api`, `region`.
    pub fault: String,
    /// The fault in one line.
    pub title: String,
    /// Which AWS it is made in.
    pub environment: Environment,
    /// What its requests cost.
    pub prices: Prices,
    /// The Region that is broken.
    pub broken: Role,
    /// The two Regions.
    pub regions: RegionPair,
    /// The objective for the recovery time.
    pub rto_objective: Duration,
    /// The objective for lost data.
    pub rpo_objective: Duration,
    /// What is probed.
    pub journeys: Vec<JourneyPlan>,
    /// Where it is probed from.
    pub vantages: Vec<Vantage>,
    /// Whether the fault cuts replication, so that RPO is exercised.
    pub cuts_replication: bool,
    /// Whether the fault breaks both Regions, so that there is no survivor.
    #[serde(default)]
    pub both_regions: bool,
    /// The id of the broken Region's health check.
    pub health_check: Option<String>,
    /// The id of the surviving Region's health check.
    #[serde(default)]
    pub survivor_check: Option<String>,
    /// The id of the hosted zone that clients are routed by.
    #[serde(default)]
    pub zone: Option<String>,
    /// The routing's settings, when they could be read.
    pub routing: Option<Routing>,
    /// Whether the drill fails back by itself after its verdict; otherwise it waits for the word.
    pub auto_fail_back: bool,
}

/// What a lane is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneRole {
    /// A client that honours the TTL: its slots decide the RTO.
    Client,
    /// A client that never caches, or caches too long: shown, not decisive.
    Other,
    /// A Region's own endpoint: shows whether the fault bit, and how fast the survivor is.
    Direct(Role),
}

/// One client sending one journey from one vantage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// The journey's index in the plan.
    pub journey: usize,
    /// The vantage's index in the plan.
    pub vantage: usize,
    /// How the client caches DNS.
    pub class: ClientClass,
    /// What the lane is for.
    pub role: LaneRole,
    /// Time between two slots.
    pub every: Duration,
    /// The first slot's offset from the start.
    pub phase: Duration,
}

impl Plan {
    /// The lanes of the plan, their phases spread evenly so that the whole samples far more often than one lane.
    pub fn lanes(&self) -> Vec<Lane> {
        let mut lanes = Vec::new();
        for (journey, spec) in self.journeys.iter().enumerate() {
            for vantage in 0..self.vantages.len() {
                let mut add = |class, role, every| {
                    lanes.push(Lane { journey, vantage, class, role, every, phase: Duration::ZERO });
                };
                add(ClientClass::TtlHonouring, LaneRole::Client, EVERY_SECOND);
                add(ClientClass::Fresh, LaneRole::Other, EVERY_FIVE_SECONDS);
                add(ClientClass::Sticky, LaneRole::Other, EVERY_FIVE_SECONDS);
                for role in spec.direct.keys() {
                    // One vantage watches the broken Region closely, to see when the fault bites.
                    let every = if *role == self.broken && vantage == 0 { EVERY_SECOND } else { EVERY_FIVE_SECONDS };
                    add(ClientClass::Fresh, LaneRole::Direct(*role), every);
                }
            }
        }
        let count = u32::try_from(lanes.len().max(1)).unwrap_or(1);
        for (index, lane) in lanes.iter_mut().enumerate() {
            lane.phase = lane.every * u32::try_from(index).unwrap_or(0) / count;
        }
        lanes
    }

    /// The URL that a lane asks.
    pub fn url(&self, lane: &Lane) -> Option<&str> {
        let journey = self.journeys.get(lane.journey)?;
        match lane.role {
            LaneRole::Direct(role) => journey.direct.get(&role).map(String::as_str),
            LaneRole::Client | LaneRole::Other => Some(&journey.url),
        }
    }
}

/// The resolvers that clients ask on a real network, where all of them stand at one place: the zone's own name servers, this
/// machine's resolver, and public ones.
pub fn resolvers_on_the_network(regions: &RegionPair) -> Vec<Vantage> {
    let names = [AUTHORITATIVE, HOST].into_iter().chain(PUBLIC_RESOLVERS);
    names.map(|name| Vantage { name: name.to_owned(), nearest: regions.primary().to_string() }).collect()
}

/// The places that clients ask from: near both Regions and elsewhere, five in all (design/drill.md, section 0).
pub fn vantages(regions: &RegionPair) -> Vec<Vantage> {
    let elsewhere = [
        ("virginia", "us-east-1"),
        ("frankfurt", "eu-central-1"),
        ("tokyo", "ap-northeast-1"),
        ("sydney", "ap-southeast-2"),
        ("oregon", "us-west-2"),
    ];
    let mut list = vec![
        Vantage { name: regions.primary().city().to_lowercase(), nearest: regions.primary().to_string() },
        Vantage { name: regions.secondary().city().to_lowercase(), nearest: regions.secondary().to_string() },
    ];
    for (name, nearest) in elsewhere {
        if list.len() < 5 && list.iter().all(|vantage| vantage.nearest != nearest) {
            list.push(Vantage { name: name.to_owned(), nearest: nearest.to_owned() });
        }
    }
    list
}
