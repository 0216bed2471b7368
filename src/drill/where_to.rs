//! Which of the two Regions an answer of DNS leads to, when neither the answer nor the endpoint behind it says so: an alias
//! record shows addresses only. They are compared with those of the Regions' own endpoints.

use std::collections::BTreeMap;

use super::runner::host;
use crate::domain::drill::Vantage;
use crate::domain::{DataPlane, RegionPair, Role};

/// Where a shared name leads to now, uncached.
pub(super) async fn leads(
    network: &dyn DataPlane,
    name: &str,
    direct: &BTreeMap<Role, String>,
    vantage: &Vantage,
    regions: &RegionPair,
) -> Option<Role> {
    let answer = network.resolve(name, vantage).await.ok()??;
    match answer.region {
        Some(region) => regions.role_of(&region),
        None => behind(network, direct, vantage, &answer.targets).await,
    }
}

/// The one Region whose own endpoint has one of these addresses.
pub(super) async fn behind(
    network: &dyn DataPlane,
    direct: &BTreeMap<Role, String>,
    vantage: &Vantage,
    addresses: &[String],
) -> Option<Role> {
    let mut found = None;
    for (role, url) in direct.iter().filter(|_| !addresses.is_empty()) {
        let own = network.resolve(host(url), vantage).await.ok().flatten();
        if own.is_some_and(|own| own.targets.iter().any(|target| addresses.contains(target))) {
            if found.is_some() {
                return None;
            }
            found = Some(*role);
        }
    }
    found
}
