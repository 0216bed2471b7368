//! Probes, their answers, and the phases of a failover.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::region::Role;
use super::time::SimTime;

/// The place whose clients ask the zone's own name servers.
pub const AUTHORITATIVE: &str = "authoritative";
/// The place whose clients ask this machine's resolver.
pub const HOST: &str = "this machine";
/// Public resolvers, by their addresses. Sources: Cloudflare, *1.1.1.1*; Google, *Public DNS*.
pub const PUBLIC_RESOLVERS: [&str; 2] = ["1.1.1.1", "8.8.8.8"];

/// Where a client asks from: a resolver with its own cache, in a place of the world. On a real network, where all clients
/// stand at one place, the name tells the resolver: [`AUTHORITATIVE`], [`HOST`], or a resolver's address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vantage {
    /// A short name: `dublin`.
    pub name: String,
    /// The Region nearest to it, which latency records answer by.
    pub nearest: String,
}

/// How a client treats DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientClass {
    /// Asks the zone's own name servers every time.
    Fresh,
    /// Caches an answer until its TTL ends.
    TtlHonouring,
    /// Caches an answer for twice its TTL, as many runtimes do.
    Sticky,
}

/// One request of a client at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// `GET`, `POST`.
    pub method: String,
    /// The full URL.
    pub url: String,
    /// A JSON body, when one is sent.
    pub body: Option<serde_json::Value>,
    /// Where it is sent from.
    pub vantage: Vantage,
    /// How that client caches DNS.
    pub class: ClientClass,
    /// How long the client waits in all.
    pub timeout: Duration,
    /// Who it says that it is.
    #[serde(default)]
    pub signed: Signed,
}

/// By whom a request is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signed {
    /// By the learner's own identity.
    #[default]
    ByLearner,
    /// By its own `Authorization` header; by nobody without one.
    AsSent(Option<String>),
}

/// Why a client got no HTTP answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeError {
    /// The name does not exist, or has no address.
    Dns,
    /// Nothing listens there.
    Refused,
    /// The certificate does not fit the name.
    Tls,
    /// No answer in time.
    Timeout,
}

/// What a client got.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeReply {
    /// The HTTP status, or why there was none.
    pub status: Result<u16, ProbeError>,
    /// The body's first kilobytes as text.
    pub body: String,
    /// Headers of the answer, lower-case names.
    pub headers: Vec<(String, String)>,
    /// From sending to the last byte, or until the failure was known.
    pub latency: Duration,
    /// What the name resolved to.
    pub resolved: Option<String>,
    /// The Region that answered, as the answer itself tells it (a header or a field of the body).
    pub region: Option<String>,
}

impl ProbeReply {
    /// Whether a client would call it a success: an answer below 400.
    pub fn ok(&self) -> bool {
        matches!(self.status, Ok(status) if status < 400)
    }
}

/// The parts that a failover's time is made of; they sum to the RTO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// From the fault's request until clients fail.
    Impact,
    /// Until the health check or the target group says so.
    Detect,
    /// Until somebody or something decides to move.
    Decide,
    /// Until the name servers answer without the failed Region.
    Reroute,
    /// Until the slowest client's cached answer ends.
    Drain,
    /// Until everything is steady.
    Settle,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Phase; 6] =
        [Phase::Impact, Phase::Detect, Phase::Decide, Phase::Reroute, Phase::Drain, Phase::Settle];

    /// The word shown to learners.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Impact => "impact",
            Phase::Detect => "detect",
            Phase::Decide => "decide",
            Phase::Reroute => "reroute",
            Phase::Drain => "drain",
            Phase::Settle => "settle",
        }
    }
}

/// What a drill concludes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// Below the objective.
    Pass,
    /// Above the objective.
    Fail,
    /// The measurement does not allow an answer, and why.
    Inconclusive(String),
    /// The fault did not touch what this number is about.
    NotExercised,
}

impl Verdict {
    /// The verdict as it is written in reports.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Pass => "PASS",
            Verdict::Fail => "FAIL",
            Verdict::Inconclusive(_) => "INCONCLUSIVE",
            Verdict::NotExercised => "NOT EXERCISED",
        }
    }
}

/// How one slot of a lane ended; one cell of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotResult {
    /// Answered well by R1 or R2, or by a Region that was not named.
    Ok(Option<Role>),
    /// Answered with an HTTP error.
    Status(u16),
    /// Not answered.
    Error(ProbeError),
    /// The probe was not sent in its slot.
    Missed,
}

impl SlotResult {
    /// Whether the slot counts as good.
    pub fn good(self) -> bool {
        matches!(self, SlotResult::Ok(_))
    }
}

/// A fault that can be started and stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Its id while it is active.
    pub id: String,
    /// Its kind: `region-loss`, `replication-pause`.
    pub kind: String,
    /// The Region it is in.
    pub region: String,
    /// More about it, by kind.
    pub parameters: serde_json::Value,
    /// When it began.
    pub since: SimTime,
    /// When it ends by itself.
    pub until: SimTime,
}
