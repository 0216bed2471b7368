//! Floor 2: the data plane of the real network: names are resolved by the system's name servers, probes are HTTPS
//! requests. Everything is bounded in time and nothing is tried twice, because a probe's failure is a measurement.
//!
//! A real client stands where it stands: vantages have no effect here but to keep their caches apart. The class decides
//! about this client's own cache; whatever the system's resolver caches by itself comes on top, for a fresh client too.

mod cache;
mod dns;
mod http;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use hickory_resolver::config::ResolverConfig;

use self::cache::Cache;
use self::dns::Resolved;
use crate::domain::drill::{Probe, ProbeError, ProbeReply, Vantage};
use crate::domain::ports::DnsAnswer;
use crate::domain::{BoxFuture, DataPlane, Failure, FailureClass};

/// How long a name may take to resolve when nobody set another limit.
const RESOLVE_WITHIN: Duration = Duration::from_secs(5);

/// Why the network cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The system names no name servers.
    #[error("the system's name servers cannot be read: {0}. Check /etc/resolv.conf")]
    NoNameServers(String),
}

/// The network as this machine sees it.
pub struct Network {
    dns: dns::Dns,
    http: http::Http,
    cache: Cache,
}

impl Network {
    /// With the system's name servers.
    pub fn system() -> Result<Self, NetError> {
        let (config, _) = hickory_resolver::system_conf::read_system_conf()
            .map_err(|error| NetError::NoNameServers(error.to_string()))?;
        Self::with_name_servers(config)
    }

    /// With these name servers.
    pub fn with_name_servers(config: ResolverConfig) -> Result<Self, NetError> {
        let dns = dns::Dns::new(config).map_err(|error| NetError::NoNameServers(error.to_string()))?;
        Ok(Self { dns, http: http::Http::default(), cache: Cache::default() })
    }

    /// The address that this probe's client would use now, from its cache or anew.
    async fn address(&self, host: &str, probe: &Probe) -> Result<(IpAddr, Option<DnsAnswer>), ProbeError> {
        if let Ok(address) = host.trim_matches(['[', ']']).parse() {
            return Ok((address, None));
        }
        let (vantage, now) = (probe.vantage.name.as_str(), Instant::now());
        if let Some(answer) = self.cache.get(vantage, probe.class, host, now) {
            return first_address(answer);
        }
        let answer = match self.dns.resolve(host).await {
            Resolved::Answer(answer) => answer,
            Resolved::Nothing | Resolved::Failed(_) => return Err(ProbeError::Dns),
        };
        self.cache.put(vantage, probe.class, host, &answer, now);
        first_address(answer)
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
        let work = async {
            let url: ::http::Uri = probe.url.parse().map_err(|_| ProbeError::Dns)?;
            let host = url.host().ok_or(ProbeError::Dns)?.to_owned();
            let (address, answer) = self.address(&host, probe).await?;
            let chain_end = answer.as_ref().and_then(|answer| answer.chain.last()).filter(|last| **last != host);
            let resolved = chain_end.map_or_else(|| address.to_string(), Clone::clone);
            let region = answer.and_then(|answer| answer.region);
            Ok((url, host, address, resolved, region))
        };
        match tokio::time::timeout(probe.timeout, work).await {
            Err(_) => {}
            Ok(Err(error)) => reply.status = Err(error),
            Ok(Ok((url, host, address, resolved, region))) => {
                reply.resolved = Some(resolved);
                let left = probe.timeout.saturating_sub(start.elapsed());
                match tokio::time::timeout(left, self.http.send(probe, &url, &host, address)).await {
                    Err(_) => {}
                    Ok(Err(error)) => reply.status = Err(error),
                    Ok(Ok(answer)) => {
                        reply.region = answer.region.or(region);
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

fn first_address(answer: DnsAnswer) -> Result<(IpAddr, Option<DnsAnswer>), ProbeError> {
    let address = answer.targets.iter().find_map(|target| target.parse().ok()).ok_or(ProbeError::Dns)?;
    Ok((address, Some(answer)))
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
