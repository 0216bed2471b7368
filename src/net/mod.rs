//! Floor 2: the data plane of the real network: names are resolved by the zone's own name servers, by this machine's
//! resolver and by public ones; probes are HTTPS requests. Everything is bounded in time and nothing is tried twice, because
//! a probe's failure is a measurement.
//!
//! A real client stands where it stands: a vantage is a resolver here, and keeps a cache of its own. The class decides how
//! long an answer and the connection made with it are kept; whatever a resolver caches by itself comes on top.

mod cache;
mod dns;
mod http;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_resolver::config::ResolverConfig;

use self::cache::Cache;
use self::dns::Resolved;
use self::http::{Connections, Http};
use crate::domain::drill::{Probe, ProbeError, ProbeReply, Signed, Vantage};
use crate::domain::{BoxFuture, DataPlane, DnsAnswer, Failure, FailureClass, Signer};

/// How long a name may take to resolve when nobody set another limit.
const RESOLVE_WITHIN: Duration = Duration::from_secs(5);

/// Why the network cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The system names no name servers.
    #[error("the system's name servers cannot be read: {0}. Check /etc/resolv.conf")]
    NoNameServers(String),
}

/// The port of name servers.
const DNS_PORT: u16 = 53;

/// The network as this machine sees it.
pub struct Network {
    dns: dns::Dns,
    http: http::Http,
    cache: Cache<Connections>,
    signer: Option<Arc<dyn Signer>>,
}

/// Where a probe goes.
struct Way {
    url: ::http::Uri,
    host: String,
    address: IpAddr,
    /// None for a URL that holds an address.
    answer: Option<DnsAnswer>,
    connections: Connections,
}

impl Network {
    /// With the system's name servers.
    pub fn system() -> Result<Self, NetError> {
        let (config, _) = hickory_resolver::system_conf::read_system_conf()
            .map_err(|error| NetError::NoNameServers(error.to_string()))?;
        Self::with_name_servers(config)
    }

    /// With these name servers as the machine's own.
    pub fn with_name_servers(config: ResolverConfig) -> Result<Self, NetError> {
        Self::with_port(config, DNS_PORT)
    }

    fn with_port(config: ResolverConfig, port: u16) -> Result<Self, NetError> {
        let dns = dns::Dns::new(config, port).map_err(|error| NetError::NoNameServers(error.to_string()))?;
        Ok(Self { dns, http: http::Http::default(), cache: Cache::default(), signer: None })
    }

    /// The same with requests signed, for those that a Region's API Gateway answers.
    #[must_use]
    pub fn signed_by(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signer = Some(signer);
        self
    }

    /// The way that this probe's client would take now, from its cache or anew.
    async fn way(&self, probe: &Probe) -> Result<Way, ProbeError> {
        let url: ::http::Uri = probe.url.parse().map_err(|_| ProbeError::Dns)?;
        let host = url.host().ok_or(ProbeError::Dns)?.to_owned();
        let connect = || self.http.connections(&host, probe.class).ok_or(ProbeError::Dns);
        if let Ok(address) = host.trim_matches(['[', ']']).parse() {
            let connections = connect()?;
            return Ok(Way { url, host, address, answer: None, connections });
        }
        let (vantage, now) = (probe.vantage.name.as_str(), Instant::now());
        if let Some((answer, connections)) = self.cache.get(vantage, probe.class, &host, now) {
            return Ok(Way { address: first_address(&answer)?, url, host, answer: Some(answer), connections });
        }
        let Resolved::Answer(answer) = self.dns.resolve_from(vantage, &host).await else { return Err(ProbeError::Dns) };
        let connections = connect()?;
        self.cache.put(vantage, probe.class, &host, &answer, connections.clone(), now);
        Ok(Way { address: first_address(&answer)?, url, host, answer: Some(answer), connections })
    }

    /// The headers that sign a probe; none for what no Region's API Gateway answers. A client without credentials sends
    /// without them, and is answered accordingly.
    async fn signature(&self, probe: &Probe, way: &Way) -> Vec<(String, String)> {
        if let Signed::AsSent(header) = &probe.signed {
            return header.iter().map(|header| ("authorization".to_owned(), header.clone())).collect();
        }
        let Some(answer) = &way.answer else { return Vec::new() };
        let api = answer.chain.last().is_some_and(|last| last.contains(".execute-api."));
        match (&self.signer, &answer.region) {
            (Some(signer), Some(region)) if api => signer.headers(probe, region).await.unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    async fn send(&self, probe: &Probe, start: Instant) -> ProbeReply {
        let mut reply = ProbeReply {
            status: Err(ProbeError::Timeout),
            body: String::new(),
            headers: Vec::new(),
            latency: Duration::ZERO,
            resolved: None,
            region: None,
        };
        match tokio::time::timeout(probe.timeout, self.way(probe)).await {
            Err(_) => {}
            Ok(Err(error)) => reply.status = Err(error),
            Ok(Ok(way)) => {
                let end = way.answer.as_ref().and_then(|answer| answer.chain.last()).filter(|last| **last != way.host);
                reply.resolved = Some(end.map_or_else(|| way.address.to_string(), Clone::clone));
                let left = probe.timeout.saturating_sub(start.elapsed());
                let sent = async {
                    let signature = self.signature(probe, &way).await;
                    Http::send(probe, &way.url, &way.host, way.address, &way.connections, &signature).await
                };
                match tokio::time::timeout(left, sent).await {
                    Err(_) => {}
                    Ok(Err(error)) => reply.status = Err(error),
                    Ok(Ok(answer)) => {
                        reply.region = answer.region.or(way.answer.and_then(|answer| answer.region));
                        reply.status = Ok(answer.status);
                        reply.headers = answer.headers;
                        reply.body = answer.body;
                    }
                }
            }
        }
        reply.latency = start.elapsed();
        reply
    }
}

fn first_address(answer: &DnsAnswer) -> Result<IpAddr, ProbeError> {
    answer.targets.iter().find_map(|target| target.parse().ok()).ok_or(ProbeError::Dns)
}

impl DataPlane for Network {
    fn resolve<'a>(&'a self, name: &'a str, _: &'a Vantage) -> BoxFuture<'a, Result<Option<DnsAnswer>, Failure>> {
        Box::pin(async move {
            let failed = |class, message: String| Failure {
                class,
                code: "DnsFailure".into(),
                message,
                operation: format!("resolve {name}"),
                request_id: None,
            };
            match tokio::time::timeout(RESOLVE_WITHIN, self.dns.resolve(name)).await {
                Ok(Resolved::Answer(answer)) => Ok(Some(answer)),
                Ok(Resolved::Nothing) => Ok(None),
                Ok(Resolved::Failed(message)) => Err(failed(FailureClass::Network, message)),
                Err(_) => Err(failed(FailureClass::Timeout, "the name servers did not answer in time".into())),
            }
        })
    }

    fn probe<'a>(&'a self, probe: &'a Probe) -> BoxFuture<'a, Result<ProbeReply, Failure>> {
        Box::pin(async move { Ok(self.send(probe, Instant::now()).await) })
    }
}

#[cfg(test)]
mod tests;
