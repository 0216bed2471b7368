//! The network as clients see it: names resolve, requests travel, and every link of the chain answers for itself.
//!
//! Nothing on the way is short-circuited. A name is resolved through the zone's records and their health; the address
//! belongs to an endpoint; the endpoint looks at its own mappings, stages, listeners and targets; functions and
//! containers act with their roles on the tables and databases of their Region.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::world::World;
use crate::domain::drill::{ClientClass, Probe, ProbeReply, Vantage};
use crate::domain::ports::DnsAnswer;

mod answers;
pub mod api;
pub mod blog;
pub mod cdn;
pub mod checker;
pub mod database;
pub mod dns;
pub mod functions;
pub mod http;
pub mod names;
pub mod network;
mod probe;

#[cfg(test)]
pub(in crate::sandbox) mod tests_blog;
#[cfg(test)]
mod tests_dns;
#[cfg(test)]
mod tests_links;
#[cfg(test)]
pub(in crate::sandbox) mod tests_world;

/// What the data plane remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Answers that resolvers keep, by vantage, class of client and name.
    resolvers: BTreeMap<String, probe::Kept>,
    /// The sorted sets that caches hold, by the cache's host name.
    pub caches: BTreeMap<String, functions::cache::Sets>,
}

impl State {
    /// Lets all resolvers forget what they know.
    pub fn forget(&mut self) {
        self.resolvers.clear();
    }
}

/// The Region that a client of that class would be led to now, without asking anything.
pub fn leads_to(world: &World, host: &str, vantage: &Vantage, class: ClientClass) -> Option<String> {
    probe::leads_to(world, host, vantage, class)
}

/// What the zone's own name servers answer for the addresses of `name`, asked from `vantage` now. `None` when the name
/// does not exist or has no address.
pub fn resolve(world: &World, _account: &str, name: &str, vantage: &Vantage) -> Option<DnsAnswer> {
    dns::resolve(world, name, vantage).map(|found| found.answer())
}

/// Sends one request now, through the resolver of the probe's vantage and class. Requests to routes that ask for a
/// signature are signed by the account's own user, for the Region that the name resolved to.
pub fn probe(world: &mut World, account: &str, probe: &Probe) -> ProbeReply {
    probe::send(world, account, probe)
}
