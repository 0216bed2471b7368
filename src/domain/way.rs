//! The three ways in which a learner can do a step.

use serde::{Deserialize, Serialize};

/// How a learner does the steps. The facts are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The guide runs the commands.
    #[default]
    Guided,
    /// The learner types them.
    Typed,
    /// Only the goal is shown.
    Challenge,
}

impl Way {
    /// In words, as the screen says it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Guided => "do it for me",
            Self::Typed => "I type it",
            Self::Challenge => "challenge",
        }
    }

    /// The one that the key changes to.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Guided => Self::Typed,
            Self::Typed => Self::Challenge,
            Self::Challenge => Self::Guided,
        }
    }
}
