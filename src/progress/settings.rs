//! The settings of a run: what was chosen once and must stay the same.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ProgressError;
use crate::domain::RegionPair;

/// The settings of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// 1.
    pub format: u32,
    /// The workshop's id.
    pub workshop: String,
    /// R1.
    pub primary: String,
    /// R2.
    pub secondary: String,
    /// The seed of everything random in the sandbox.
    pub seed: u64,
    /// Simulated seconds per second of wall time.
    pub speed: f64,
    /// The values of the workshop's variables that were chosen: `suffix`, and what the learner set.
    pub vars: BTreeMap<String, String>,
}

impl Settings {
    /// The speed of a new run, as the design has it.
    pub const SPEED: f64 = 60.0;

    /// Settings of a new run without variables.
    pub fn new(workshop: &str, regions: &RegionPair, seed: u64) -> Self {
        Self {
            format: 1,
            workshop: workshop.to_owned(),
            primary: regions.primary().to_string(),
            secondary: regions.secondary().to_string(),
            seed,
            speed: Self::SPEED,
            vars: BTreeMap::new(),
        }
    }

    /// Gives every variable in `random` (name and length) a value from the seed, unless it has one.
    pub fn choose<'a>(&mut self, random: impl IntoIterator<Item = (&'a str, usize)>) {
        for (name, length) in random {
            let seed = self.seed;
            self.vars.entry(name.to_owned()).or_insert_with(|| word_from_seed(seed, name, length));
        }
    }

    pub(super) fn read(path: &Path) -> Result<Option<Self>, ProgressError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ProgressError::unreadable(path)(error)),
        };
        let broken = |why: String| ProgressError::BrokenSettings { path: path.display().to_string(), why };
        let settings: Self = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
        if settings.format != 1 {
            return Err(broken(format!("format {} is newer than this guide's 1", settings.format)));
        }
        Ok(Some(settings))
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// A seed from the operating system's randomness, which the standard library's hash maps use as well.
pub fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// `length` lower-case letters and digits that follow from the seed and the purpose; the first is a letter, because many
/// AWS names must begin with one.
pub fn word_from_seed(seed: u64, purpose: &str, length: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
    const ALL: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut word = String::with_capacity(length);
    let mut block = 0_u32;
    while word.len() < length {
        let hash = Sha256::new_with_prefix(format!("{seed}/{purpose}/{block}")).finalize();
        for byte in hash {
            let alphabet = if word.is_empty() { LETTERS } else { ALL };
            if word.len() < length
                && let Some(letter) = alphabet.get(usize::from(byte) % alphabet.len())
            {
                word.push(char::from(*letter));
            }
        }
        block += 1;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_from_the_seed_and_begin_with_a_letter() {
        for seed in 0..200 {
            let word = word_from_seed(seed, "suffix", 6);
            assert_eq!(word, word_from_seed(seed, "suffix", 6));
            assert_eq!(word.len(), 6);
            assert!(word.starts_with(|c: char| c.is_ascii_lowercase()));
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        }
        assert_ne!(word_from_seed(1, "suffix", 6), word_from_seed(2, "suffix", 6));
    }
}
