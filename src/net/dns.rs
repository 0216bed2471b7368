//! Names to addresses, with the chain of names on the way and the time that the answer holds: as the zone's own name
//! servers say it, as the machine's resolver does, or as a public one does.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use crate::domain::drill::AUTHORITATIVE;
use crate::domain::ports::DnsAnswer;
use crate::domain::region::known_regions;

/// How long one name server may take.
const SERVER_WITHIN: Duration = Duration::from_secs(2);
/// How many names of a zone's own are followed.
const LONGEST_CHAIN: usize = 8;

/// What came of a question.
#[derive(Clone)]
pub(super) enum Resolved {
    /// The name exists. Without addresses, the targets are empty.
    Answer(DnsAnswer),
    /// The name does not exist.
    Nothing,
    /// The name servers did not say.
    Failed(String),
}

/// Resolvers without a cache.
pub(super) struct Dns {
    /// The machine's own.
    host: TokioResolver,
    /// The port of name servers that are known by address.
    port: u16,
    servers: Mutex<BTreeMap<IpAddr, Arc<TokioResolver>>>,
    /// The name servers of zones that were asked for.
    zones: Mutex<BTreeMap<String, Vec<IpAddr>>>,
}

impl Dns {
    pub(super) fn new(config: ResolverConfig, port: u16) -> Result<Self, NetError> {
        Ok(Self { host: resolver(config, true)?, port, servers: Mutex::default(), zones: Mutex::default() })
    }

    /// Asks from a place: the zone's own name servers, the resolver whose address the place is, or the machine's.
    pub(super) async fn resolve_from(&self, place: &str, name: &str) -> Resolved {
        if place == AUTHORITATIVE {
            let answers = self.authoritative(name).await;
            let failed = || Resolved::Failed(format!("no name server of the zone of {name} answered"));
            return answers.into_iter().find(|one| !matches!(one, Resolved::Failed(_))).unwrap_or_else(failed);
        }
        match place.parse().ok().map(|address| self.server(address, true)) {
            Some(Ok(public)) => ask(&public, name).await,
            Some(Err(error)) => Resolved::Failed(error.to_string()),
            None => ask(&self.host, name).await,
        }
    }

    /// Asks all name servers of the zone, or the machine's resolver when they cannot be reached. Where they are not of one
    /// mind yet, the answer leads to no Region.
    pub(super) async fn resolve(&self, name: &str) -> Resolved {
        let mut heard = self.authoritative(name).await.into_iter().filter(|one| !matches!(one, Resolved::Failed(_)));
        let Some(first) = heard.next() else { return ask(&self.host, name).await };
        let Resolved::Answer(mut answer) = first else { return first };
        let same = |other: &Resolved| matches!(other, Resolved::Answer(other) if other.region == answer.region);
        if !heard.all(|other| same(&other)) {
            answer.region = None;
        }
        Resolved::Answer(answer)
    }

    /// What each name server of the zone answers; nothing when they are not known.
    async fn authoritative(&self, name: &str) -> Vec<Resolved> {
        let asked = self.name_servers(name).await.into_iter().map(|server| async move {
            match self.server(server, false) {
                Ok(server) => self.follow(&server, name).await,
                Err(error) => Resolved::Failed(error.to_string()),
            }
        });
        futures_util::future::join_all(asked).await
    }

    /// Follows the CNAMEs of a zone by one of its name servers. What lies outside the zone is asked of the machine's
    /// resolver, because a name server answers for its own zones only.
    async fn follow(&self, server: &TokioResolver, name: &str) -> Resolved {
        let mut chain = Vec::new();
        let (mut name, mut ttl) = (name.trim_end_matches('.').to_owned(), Duration::MAX);
        while chain.len() < LONGEST_CHAIN {
            let found = match lookup(server, &name, RecordType::CNAME).await {
                Looked::Records(records) => records.iter().find_map(|record| match &record.data {
                    RData::CNAME(target) => Some((plain(&target.0), Duration::from_secs(record.ttl.into()))),
                    _ => None,
                }),
                Looked::Nothing if chain.is_empty() => return Resolved::Nothing,
                Looked::Failed(why) if chain.is_empty() => return Resolved::Failed(why),
                Looked::NoData | Looked::Nothing | Looked::Failed(_) => None,
            };
            let Some((target, holds)) = found else { break };
            chain.push(std::mem::replace(&mut name, target));
            ttl = ttl.min(holds);
        }
        let inside = ask(server, &name).await;
        let end = match inside {
            Resolved::Answer(answer) if !answer.targets.is_empty() => Resolved::Answer(answer),
            other if chain.is_empty() => other,
            _ => ask(&self.host, &name).await,
        };
        let Resolved::Answer(end) = end else { return end };
        chain.extend(end.chain);
        // The record that chose the Region decides how long clients are led there; AWS's name behind it is looked up again.
        let ttl = if ttl == Duration::MAX { end.ttl } else { ttl };
        Resolved::Answer(DnsAnswer { region: region_of(&chain), chain, targets: end.targets, ttl })
    }

    /// The addresses of the name servers of the zone that holds `name`, as the machine's resolver knows them.
    async fn name_servers(&self, name: &str) -> Vec<IpAddr> {
        let mut zone = name.trim_end_matches('.');
        while zone.contains('.') {
            let known = self.zones.lock().unwrap_or_else(PoisonError::into_inner).get(zone).cloned();
            if let Some(known) = known {
                return known;
            }
            let Looked::Records(records) = lookup(&self.host, zone, RecordType::NS).await else {
                zone = zone.split_once('.').map_or("", |(_, parent)| parent);
                continue;
            };
            let names = records.iter().filter_map(|record| match &record.data {
                RData::NS(server) => Some(plain(&server.0)),
                _ => None,
            });
            let names: Vec<String> = names.collect();
            let addresses = names.iter().map(|name| async move {
                match ask(&self.host, name).await {
                    Resolved::Answer(answer) => answer.targets.first().and_then(|target| target.parse().ok()),
                    Resolved::Nothing | Resolved::Failed(_) => None,
                }
            });
            let found: Vec<IpAddr> = futures_util::future::join_all(addresses).await.into_iter().flatten().collect();
            if !found.is_empty() {
                let mut zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
                zones.insert(zone.to_owned(), found.clone());
            }
            return found;
        }
        Vec::new()
    }

    /// The resolver at an address; `recurses` when it is one for everybody.
    fn server(&self, address: IpAddr, recurses: bool) -> Result<Arc<TokioResolver>, NetError> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = servers.get(&address) {
            return Ok(Arc::clone(known));
        }
        let at = |mut connection: ConnectionConfig| {
            connection.port = self.port;
            connection
        };
        let connections = vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())];
        let config = ResolverConfig::from_name_servers(vec![NameServerConfig::new(address, true, connections)]);
        let made = Arc::new(resolver(config, recurses)?);
        servers.insert(address, Arc::clone(&made));
        Ok(made)
    }
}

fn resolver(config: ResolverConfig, recurses: bool) -> Result<TokioResolver, NetError> {
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    options.cache_size = 0;
    options.timeout = SERVER_WITHIN;
    options.attempts = 0;
    options.recursion_desired = recurses;
    builder.build()
}

/// What one question brought.
enum Looked {
    Records(Vec<Record>),
    /// The name exists, but has nothing of that type.
    NoData,
    Nothing,
    Failed(String),
}

async fn lookup(resolver: &TokioResolver, name: &str, kind: RecordType) -> Looked {
    // A full name: search lists are for people's shells.
    let Ok(mut query) = Name::from_utf8(name) else {
        return Looked::Nothing;
    };
    query.set_fqdn(true);
    match resolver.lookup(query, kind).await {
        Ok(lookup) => Looked::Records(lookup.answers().to_vec()),
        Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
            ResponseCode::NoError => Looked::NoData,
            ResponseCode::NXDomain => Looked::Nothing,
            code => Looked::Failed(code.to_string()),
        },
        Err(error) => Looked::Failed(error.to_string()),
    }
}

/// Asks for IPv4 addresses, then for IPv6 ones.
async fn ask(resolver: &TokioResolver, name: &str) -> Resolved {
    let mut exists = false;
    for kind in [RecordType::A, RecordType::AAAA] {
        match lookup(resolver, name, kind).await {
            Looked::Records(records) => {
                let answer = answer(name, &records);
                if !answer.targets.is_empty() {
                    return Resolved::Answer(answer);
                }
                exists = true;
            }
            Looked::NoData => exists = true,
            Looked::Nothing => return Resolved::Nothing,
            Looked::Failed(why) => return Resolved::Failed(why),
        }
    }
    if exists { Resolved::Answer(answer(name, &[])) } else { Resolved::Nothing }
}

/// A name as it is written, without the dot at the end.
fn plain(name: &Name) -> String {
    name.to_utf8().trim_end_matches('.').to_owned()
}

/// Follows the chain of CNAMEs from `name` through `records`.
fn answer(name: &str, records: &[Record]) -> DnsAnswer {
    let mut chain = vec![name.trim_end_matches('.').to_owned()];
    // A chain that is longer than the answer has a loop.
    for _ in records {
        let last = chain.last().map(String::as_str).unwrap_or_default();
        let next = records.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if plain(&record.name).eq_ignore_ascii_case(last) => Some(plain(&target.0)),
            _ => None,
        });
        match next {
            Some(next) => chain.push(next),
            None => break,
        }
    }
    let targets = records.iter().filter_map(|record| match &record.data {
        RData::A(address) => Some(address.0.to_string()),
        RData::AAAA(address) => Some(address.0.to_string()),
        _ => None,
    });
    let ttl = records.iter().map(|record| record.ttl).min().unwrap_or(0);
    DnsAnswer { targets: targets.collect(), ttl: Duration::from_secs(u64::from(ttl)), region: region_of(&chain), chain }
}

/// The Region that AWS's own names carry as a label: `d-1.execute-api.eu-west-1.amazonaws.com`.
fn region_of(chain: &[String]) -> Option<String> {
    let in_name = |name: &String| {
        let aws = name.to_ascii_lowercase();
        let labels = aws.strip_suffix(".amazonaws.com")?;
        labels.split('.').find(|label| known_regions().any(|region| region == *label)).map(str::to_owned)
    };
    chain.iter().rev().find_map(in_name)
}
