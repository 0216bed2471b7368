//! Names to addresses, with the chain of names on the way and the time that the answer holds.

use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::ResolverConfig;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use crate::domain::ports::DnsAnswer;
use crate::domain::region::known_regions;

/// How long one name server may take.
const SERVER_WITHIN: Duration = Duration::from_secs(2);

/// A resolver without a cache.
pub(super) struct Dns {
    resolver: TokioResolver,
}

/// What came of a question.
pub(super) enum Resolved {
    /// The name exists. Without addresses, the targets are empty.
    Answer(DnsAnswer),
    /// The name does not exist.
    Nothing,
    /// The name servers did not say.
    Failed(String),
}

impl Dns {
    pub(super) fn new(config: ResolverConfig) -> Result<Self, NetError> {
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let options = builder.options_mut();
        options.cache_size = 0;
        options.timeout = SERVER_WITHIN;
        options.attempts = 0;
        Ok(Self { resolver: builder.build()? })
    }

    /// Asks for IPv4 addresses, then for IPv6 ones.
    pub(super) async fn resolve(&self, name: &str) -> Resolved {
        // A full name: search lists are for people's shells.
        let Ok(mut query) = Name::from_utf8(name) else {
            return Resolved::Nothing;
        };
        query.set_fqdn(true);
        let mut exists = false;
        for kind in [RecordType::A, RecordType::AAAA] {
            match self.resolver.lookup(query.clone(), kind).await {
                Ok(lookup) => {
                    let answer = answer(name, lookup.answers());
                    if !answer.targets.is_empty() {
                        return Resolved::Answer(answer);
                    }
                    exists = true;
                }
                Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                    ResponseCode::NoError => exists = true,
                    ResponseCode::NXDomain => return Resolved::Nothing,
                    code => return Resolved::Failed(code.to_string()),
                },
                Err(error) => return Resolved::Failed(error.to_string()),
            }
        }
        if exists { Resolved::Answer(answer(name, &[])) } else { Resolved::Nothing }
    }
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
    DnsAnswer {
        targets: targets.collect(),
        ttl: Duration::from_secs(u64::from(ttl)),
        region: chain.iter().rev().find_map(|name| region_in(name)),
        chain,
    }
}

/// The Region that AWS's own names carry as a label: `d-1.execute-api.eu-west-1.amazonaws.com`.
fn region_in(name: &str) -> Option<String> {
    let aws = name.to_ascii_lowercase();
    aws.strip_suffix(".amazonaws.com")?
        .split('.')
        .find(|label| known_regions().any(|region| region == *label))
        .map(str::to_owned)
}
