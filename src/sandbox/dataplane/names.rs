//! AWS's own names: which endpoint stands behind them, and which hosted zone an alias to them names.

use crate::sandbox::chance;
use crate::sandbox::faults;
use crate::sandbox::services::{apigateway, elbv2};
use crate::sandbox::world::World;

/// What stands behind a name of AWS.
#[derive(Clone, Debug, PartialEq)]
pub enum Endpoint {
    /// API Gateway of a Region. The host name that a client asks for chooses the API.
    ApiGateway {
        /// The Region.
        region: String,
    },
    /// A load balancer.
    LoadBalancer {
        /// Whose.
        account: String,
        /// Where.
        region: String,
        /// Its ARN.
        arn: String,
    },
    /// A CloudFront distribution.
    Distribution {
        /// Whose.
        account: String,
        /// Its id.
        id: String,
    },
    /// S3's own endpoint of a bucket.
    Bucket {
        /// Where.
        region: String,
        /// Which.
        name: String,
    },
}

impl Endpoint {
    /// The Region it is in; CloudFront is everywhere.
    pub fn region(&self) -> Option<&str> {
        match self {
            Endpoint::ApiGateway { region }
            | Endpoint::LoadBalancer { region, .. }
            | Endpoint::Bucket { region, .. } => Some(region),
            Endpoint::Distribution { .. } => None,
        }
    }

    /// The service it belongs to.
    pub fn service(&self) -> &'static str {
        match self {
            Endpoint::ApiGateway { .. } => "apigateway",
            Endpoint::LoadBalancer { .. } => "elbv2",
            Endpoint::Distribution { .. } => "cloudfront",
            Endpoint::Bucket { .. } => "s3",
        }
    }

    /// What Route 53 thinks of it when an alias evaluates its target's health. API Gateway and S3 have nothing that
    /// could be evaluated.
    pub fn healthy(&self, world: &World) -> bool {
        match self {
            Endpoint::LoadBalancer { account, region, arn } => {
                // Estimate: a Region that nobody hears from counts as unhealthy.
                !faults::active(world, faults::REGION_LOSS, region) && elbv2::healthy(world, account, region, arn)
            }
            _ => true,
        }
    }
}

/// CloudFront's hosted zone. Source: AWS General Reference.
const CLOUDFRONT_ZONE: &str = "Z2FDTNDATAQYW2";

/// The parts of a name below `amazonaws.com`, from the left.
fn below_amazonaws(host: &str) -> Option<Vec<&str>> {
    host.strip_suffix(".amazonaws.com").map(|rest| rest.split('.').collect())
}

/// The hosted zone that an alias to this name must give.
pub fn alias_zone(host: &str) -> Option<String> {
    if host.ends_with(".cloudfront.net") {
        return Some(CLOUDFRONT_ZONE.to_owned());
    }
    let host = host.strip_prefix("dualstack.").unwrap_or(host);
    match below_amazonaws(host)?.as_slice() {
        [_, region, "elb"] => elbv2::hosted_zone(region).map(str::to_owned),
        [_, "execute-api", region] => apigateway::hosted_zone(region).map(str::to_owned),
        _ => None,
    }
}

/// The endpoint behind a name of AWS, when it exists.
pub fn endpoint(world: &World, host: &str) -> Option<Endpoint> {
    if let Some(label) = host.strip_suffix(".cloudfront.net") {
        return world.accounts.iter().find_map(|(account, state)| {
            let id = state.cloudfront.by_domain(&format!("{label}.cloudfront.net"))?;
            Some(Endpoint::Distribution { account: account.clone(), id: id.to_owned() })
        });
    }
    let host = host.strip_prefix("dualstack.").unwrap_or(host);
    match below_amazonaws(host)?.as_slice() {
        [_, region, "elb"] => world.accounts.iter().find_map(|(account, state)| {
            let arn = state.regions.get(*region)?.elbv2.by_dns_name(host)?;
            Some(Endpoint::LoadBalancer { account: account.clone(), region: (*region).to_owned(), arn: arn.to_owned() })
        }),
        // Names of custom domains exist with them; those of APIs are a wildcard.
        [label, "execute-api", region] => {
            let exists = !label.starts_with("d-")
                || world.accounts.values().any(|state| {
                    state.regions.get(*region).is_some_and(|region| region.apigateway.has_regional_name(host))
                });
            let known = crate::domain::region::known_regions().any(|known| known == *region);
            (exists && known).then(|| Endpoint::ApiGateway { region: (*region).to_owned() })
        }
        [bucket, "s3", region] => Some(Endpoint::Bucket { region: (*region).to_owned(), name: (*bucket).to_owned() }),
        _ => None,
    }
}

/// The addresses of a name of AWS. They are made up, in the ranges that are set aside for documentation (RFC 5737).
pub fn addresses(host: &str) -> Vec<String> {
    let bits = chance::bits(0, "address", host, 0);
    let last = |shift: u32| 1 + (bits >> shift) % 254;
    vec![format!("198.51.100.{}", last(0)), format!("203.0.113.{}", last(16))]
}
