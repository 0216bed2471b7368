//! A probe: a client that looks a name up in its own way, connects, and asks once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::dns::{self, Resolution};
use super::http::{self, Request, Response, Signer};
use super::{names, network};
use crate::domain::SimTime;
use crate::domain::drill::{ClientClass, Probe, ProbeError, ProbeReply, Signed, Vantage};
use crate::protocol;
use crate::sandbox::chance;
use crate::sandbox::services::sts;
use crate::sandbox::world::World;

/// How long a resolver keeps the answer that a name does not exist: the smaller of the SOA record's TTL and its last
/// field. Source: Route 53's default SOA record, "900 … 86400".
const NEGATIVE_TTL: Duration = Duration::from_mins(15);
/// How long an answer that is over is remembered, to tell a client that goes on asking from one that is new.
const FORGOTTEN: Duration = Duration::from_mins(30);
/// How much of a body a probe keeps, in bytes: more than the largest page of books, and bounded.
const BODY_KEPT: usize = 256 * 1024;

/// An answer that a resolver keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    until: SimTime,
    /// The chain of names and the addresses; none when the name does not exist.
    found: Option<(Vec<String>, Vec<String>, Option<String>)>,
}

/// Splits a path from its query, and the query into its members.
pub fn split_query(target: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let members = query.split('&').filter(|member| !member.is_empty()).map(|member| {
        let (name, value) = member.split_once('=').unwrap_or((member, ""));
        (unescape(name), unescape(value))
    });
    (path.to_owned(), members.collect())
}

/// Undoes percent-encoding.
pub fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let code = tail
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = tail.get(2..).unwrap_or_default();
            }
            (b'+', _) => bytes.push(b' '),
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A URL's parts: whether it is secure, host, port, path with query.
fn parts(url: &str) -> Option<(bool, String, u16, String)> {
    let (secure, rest) = match url.split_once("://")? {
        ("https", rest) => (true, rest),
        ("http", rest) => (false, rest),
        _ => return None,
    };
    let (authority, target) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, if secure { 443 } else { 80 }),
    };
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    (!host.is_empty()).then(|| (secure, host.to_ascii_lowercase(), port, target))
}

/// Looks a name up as the probe's class of client does.
fn look_up(world: &mut World, probe: &Probe, host: &str) -> Option<Resolution> {
    let times = match probe.class {
        ClientClass::Fresh => return dns::resolve(world, host, &probe.vantage),
        ClientClass::TtlHonouring => 1,
        ClientClass::Sticky => 2,
    };
    let key = key(&probe.vantage, probe.class, host);
    let now = world.now;
    if let Some(kept) = world.dataplane.resolvers.get(&key).filter(|kept| now < kept.until && world.rule("dns.ttl")) {
        let (chain, addresses, region) = kept.found.clone()?;
        // What stands behind the last name may be another thing by now, or nothing.
        let endpoint = chain.last().and_then(|name| names::endpoint(world, name));
        return Some(Resolution { chain, addresses, ttl: kept.until.since(now).as_secs(), endpoint, region });
    }
    let found = dns::resolve(world, host, &probe.vantage);
    let ttl = found.as_ref().map_or(NEGATIVE_TTL, |found| Duration::from_secs(found.ttl)) * times;
    let before = world.dataplane.resolvers.get(&key).filter(|kept| now < kept.until.plus(ttl)).map(|kept| kept.until);
    let left = match before {
        // Somebody else asked the resolver as soon as its answer was over; this client gets what is left.
        Some(until) if probe.class == ClientClass::TtlHonouring && found.is_some() => {
            ttl.saturating_sub(now.since(until))
        }
        Some(_) => ttl,
        None if found.is_none() => ttl,
        None => ttl.mul_f64(share_left(world, &key)),
    };
    let kept = Kept {
        until: now.plus(left),
        found: found.as_ref().map(|f| (f.chain.clone(), f.addresses.clone(), f.region.clone())),
    };
    // Answers that are over would otherwise stay for ever.
    world.dataplane.resolvers.retain(|_, kept| now < kept.until.plus(FORGOTTEN));
    world.dataplane.resolvers.insert(key, kept);
    found
}

/// The Region that a client would be led to now, without asking anything.
pub fn leads_to(world: &World, host: &str, vantage: &Vantage, class: ClientClass) -> Option<String> {
    let kept = world.dataplane.resolvers.get(&key(vantage, class, host));
    match kept.filter(|kept| class != ClientClass::Fresh && world.now < kept.until) {
        Some(kept) => kept.found.as_ref()?.2.clone(),
        None => dns::resolve(world, host, vantage)?.region,
    }
}

/// What a client's answer is kept under.
fn key(vantage: &Vantage, class: ClientClass, host: &str) -> String {
    format!("{}|{class:?}|{host}", vantage.name)
}

/// How much of its TTL an answer has left when a client first gets it. Other clients of the resolver asked before, at any
/// time within the TTL. Source: aws-behaviour.md 3, client reroute: "residual TTL (uniform)".
fn share_left(world: &World, key: &str) -> f64 {
    1.0 - chance::unit(world.seed, "dns.residual-ttl", key, world.now.millis() as u64)
}

/// Who a request is signed by. Signatures are parsed, not verified; a key that the sandbox did not issue is the learner's.
fn signer(world: &World, account: &str, signed: &Signed) -> Option<Signer> {
    let learner = |account: &str| format!("arn:aws:iam::{account}:user/learner");
    let (key, region) = match signed {
        Signed::ByLearner => return Some(Signer { principal: learner(account), ..Signer::default() }),
        Signed::AsSent(header) => protocol::credential(header.as_deref()?)?,
    };
    let (owner, principal) = sts::identity(world, &key);
    Some(Signer {
        principal: principal.unwrap_or_else(|| learner(&owner)),
        region: Some(region),
        identity: world.sessions.get(&key).and_then(|session| session.identity.clone()),
        expired: sts::expired(world, &key),
    })
}

/// Sends the probe now.
pub fn send(world: &mut World, account: &str, probe: &Probe) -> ProbeReply {
    let failed = |why: ProbeError, latency: Duration, resolved: Option<String>| ProbeReply {
        status: Err(why),
        body: String::new(),
        headers: Vec::new(),
        latency: latency.min(probe.timeout),
        resolved,
        region: None,
    };
    let home = network::round_trip(&probe.vantage.nearest, &probe.vantage.nearest);
    let Some((secure, host, port, target)) = parts(&probe.url) else {
        return failed(ProbeError::Dns, Duration::ZERO, None);
    };
    let Some(found) = look_up(world, probe, &host) else { return failed(ProbeError::Dns, home, None) };
    let resolved = found.chain.last().filter(|last| **last != host).or(found.addresses.first()).cloned();
    let Some(endpoint) = found.endpoint else { return failed(ProbeError::Timeout, probe.timeout, resolved) };
    let trip = network::round_trip(&probe.vantage.nearest, endpoint.region().unwrap_or(&probe.vantage.nearest));
    let (path, query) = split_query(&target);
    let request = Request {
        method: probe.method.to_ascii_uppercase(),
        secure,
        host,
        port,
        path,
        query,
        body: probe.body.as_ref().map(ToString::to_string),
        signer: signer(world, account, &probe.signed),
        checks_certificate: true,
        from: probe.vantage.nearest.clone(),
    };
    let (settings, data) = (world.settings, world.data);
    let response = http::send(world, &endpoint, &request);
    if request.method == "GET" || request.method == "HEAD" {
        // It only looked, whatever its way through the services counted.
        (world.settings, world.data) = (settings, data);
    }
    let Response { status, headers, mut body, thinking, region } = response;
    // A connection takes one round trip, TLS another one, the request the last one.
    let latency = trip * if secure { 3 } else { 2 } + thinking;
    match status {
        Err(ProbeError::Timeout) => failed(ProbeError::Timeout, probe.timeout, resolved),
        Err(why) => failed(why, trip, resolved),
        Ok(_) if latency > probe.timeout => failed(ProbeError::Timeout, probe.timeout, resolved),
        Ok(status) => {
            body.truncate(body.floor_char_boundary(BODY_KEPT));
            ProbeReply { status: Ok(status), body, headers, latency, resolved, region }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_clients_come_at_any_time_within_the_ttl() {
        let world = World::new(7);
        let shares: Vec<f64> = (0..1000).map(|client| share_left(&world, &format!("client {client}"))).collect();
        let mean = shares.iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
        for tenth in 0..10 {
            let (from, to) = (f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0);
            let count = shares.iter().filter(|share| (from..to).contains(*share)).count();
            assert!((60..140).contains(&count), "{count} of 1000 between {from} and {to}");
        }
    }
}
