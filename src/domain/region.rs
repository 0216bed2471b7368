//! Regions, and the two roles they play in a multi-Region workshop.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where the global services live and where Route 53's control plane runs.
pub const GLOBAL_REGION: &str = "us-east-1";

/// The commercial Regions that are enabled by default or by opt-in, with the city that learners know them by.
/// Source: AWS General Reference, "AWS Regions", 2026.
const REGIONS: &[(&str, &str)] = &[
    ("af-south-1", "Cape Town"),
    ("ap-east-1", "Hong Kong"),
    ("ap-northeast-1", "Tokyo"),
    ("ap-northeast-2", "Seoul"),
    ("ap-northeast-3", "Osaka"),
    ("ap-south-1", "Mumbai"),
    ("ap-south-2", "Hyderabad"),
    ("ap-southeast-1", "Singapore"),
    ("ap-southeast-2", "Sydney"),
    ("ap-southeast-3", "Jakarta"),
    ("ap-southeast-4", "Melbourne"),
    ("ap-southeast-5", "Malaysia"),
    ("ap-southeast-7", "Thailand"),
    ("ca-central-1", "Canada Central"),
    ("ca-west-1", "Calgary"),
    ("eu-central-1", "Frankfurt"),
    ("eu-central-2", "Zurich"),
    ("eu-north-1", "Stockholm"),
    ("eu-south-1", "Milan"),
    ("eu-south-2", "Spain"),
    ("eu-west-1", "Ireland"),
    ("eu-west-2", "London"),
    ("eu-west-3", "Paris"),
    ("il-central-1", "Tel Aviv"),
    ("me-central-1", "UAE"),
    ("me-south-1", "Bahrain"),
    ("mx-central-1", "Mexico Central"),
    ("sa-east-1", "Sao Paulo"),
    ("us-east-1", "N. Virginia"),
    ("us-east-2", "Ohio"),
    ("us-west-1", "N. California"),
    ("us-west-2", "Oregon"),
];

/// Why a pair of Regions cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RegionError {
    /// No such Region.
    #[error("there is no AWS Region '{given}'; did you mean '{nearest}'?")]
    Unknown {
        /// What was given.
        given: String,
        /// The known Region whose name is nearest.
        nearest: &'static str,
    },
    /// Both roles were given the same Region.
    #[error(
        "the primary and the secondary Region are both '{0}'; give two different Regions with --primary and --secondary"
    )]
    Same(String),
}

/// A Region that exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Region(String);

impl Region {
    /// The Region of that name, or the nearest name in the error.
    pub fn parse(name: &str) -> Result<Self, RegionError> {
        if REGIONS.iter().any(|(known, _)| *known == name) {
            return Ok(Self(name.to_owned()));
        }
        let nearest = super::text::nearest(name, REGIONS.iter().map(|(known, _)| *known)).unwrap_or("eu-west-1");
        Err(RegionError::Unknown { given: name.to_owned(), nearest })
    }

    /// The Region's name, `eu-west-1`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The city or country that the Region is known by.
    pub fn city(&self) -> &'static str {
        REGIONS.iter().find(|(name, _)| *name == self.0).map_or("", |(_, city)| city)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The names of all known Regions, sorted.
pub fn known_regions() -> impl Iterator<Item = &'static str> {
    REGIONS.iter().map(|(name, _)| *name)
}

/// What a Region is in the workshop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// R1, always drawn on the left.
    Primary,
    /// R2, always drawn on the right.
    Secondary,
}

impl Role {
    /// `R1` or `R2`, the label used on every screen.
    pub fn label(self) -> &'static str {
        match self {
            Role::Primary => "R1",
            Role::Secondary => "R2",
        }
    }

    /// The other Region's role.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Role::Primary => Role::Secondary,
            Role::Secondary => Role::Primary,
        }
    }
}

/// The two Regions of a run. They always differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionPair {
    primary: Region,
    secondary: Region,
}

impl RegionPair {
    /// Two different Regions that exist.
    pub fn new(primary: &str, secondary: &str) -> Result<Self, RegionError> {
        let pair = Self { primary: Region::parse(primary)?, secondary: Region::parse(secondary)? };
        if pair.primary == pair.secondary {
            return Err(RegionError::Same(primary.to_owned()));
        }
        Ok(pair)
    }

    /// R1.
    pub fn primary(&self) -> &Region {
        &self.primary
    }

    /// R2.
    pub fn secondary(&self) -> &Region {
        &self.secondary
    }

    /// The Region that plays `role`.
    pub fn of(&self, role: Role) -> &Region {
        match role {
            Role::Primary => &self.primary,
            Role::Secondary => &self.secondary,
        }
    }

    /// The role of the Region named `name`, when it is one of the two.
    pub fn role_of(&self, name: &str) -> Option<Role> {
        [Role::Primary, Role::Secondary].into_iter().find(|role| self.of(*role).as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_region_names_the_nearest() {
        let error = Region::parse("eu-wset-1").unwrap_err();
        assert_eq!(error.to_string(), "there is no AWS Region 'eu-wset-1'; did you mean 'eu-west-1'?");
    }

    #[test]
    fn primary_and_secondary_differ() {
        assert!(matches!(RegionPair::new("eu-west-1", "eu-west-1"), Err(RegionError::Same(_))));
        let pair = RegionPair::new("eu-west-1", "ap-southeast-1").unwrap();
        assert_eq!(pair.role_of("ap-southeast-1"), Some(Role::Secondary));
        assert_eq!(pair.role_of("us-east-1"), None);
    }
}
