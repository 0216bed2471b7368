//! Instants: simulated in the sandbox, equal to wall time on real AWS.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant in milliseconds since the Unix epoch.
///
/// In the sandbox it is simulated time; on real AWS it is the wall clock. Code that holds one never asks which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SimTime(i64);

impl SimTime {
    /// The first instant of a new simulated world: 2026-01-05T09:00:00Z, a Monday morning.
    pub const WORLD_START: SimTime = SimTime(1_767_603_600_000);

    /// The instant `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Seconds since the Unix epoch, with the milliseconds as the fraction: how AWS's JSON writes a timestamp.
    pub fn epoch_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// This instant moved later by `span`.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This instant moved earlier by `span`.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to this instant, zero when `earlier` is later.
    pub fn since(self, earlier: SimTime) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with milliseconds, as AWS writes it: `2026-01-05T09:00:00.000Z`.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(stamp) => format!("{stamp:.3}"),
            Err(_) => String::from("out of range"),
        }
    }

    /// The instant that an ISO 8601 text with a zone names, as AWS's answers have them.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|stamp| Self(stamp.as_millisecond()))
    }

    /// The time of day in UTC, `09:00:00Z`, for screens.
    pub fn clock_face(self) -> String {
        let day = self.0.div_euclid(1000).rem_euclid(86_400);
        format!("{:02}:{:02}:{:02}Z", day / 3600, day / 60 % 60, day % 60)
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// A span as a learner reads it: `4 s`, `1 min 20 s`, `2 h 5 min`.
pub fn spell(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_aws_writes_them() {
        assert_eq!(SimTime::WORLD_START.rfc3339(), "2026-01-05T09:00:00.000Z");
        assert_eq!(SimTime::WORLD_START.plus(Duration::from_millis(61_500)).clock_face(), "09:01:01Z");
    }

    #[test]
    fn spans_never_go_below_zero() {
        let later = SimTime::WORLD_START.plus(Duration::from_secs(5));
        assert_eq!(SimTime::WORLD_START.since(later), Duration::ZERO);
        assert_eq!(later.since(SimTime::WORLD_START), Duration::from_secs(5));
    }

    #[test]
    fn spans_read_naturally() {
        assert_eq!(spell(Duration::from_secs(80)), "1 min 20 s");
        assert_eq!(spell(Duration::from_secs(3600)), "1 h");
    }
}
