//! The machine's clocks: the calendar for real AWS, the monotonic one as the metronome of paced time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{Rate, Source};
use crate::domain::{BoxFuture, SimTime};

/// What paces simulated time: elapsed wall time, and a timer on it.
pub trait Metronome: Send + Sync {
    /// Wall time since some fixed start; never decreases.
    fn elapsed(&self) -> Duration;
    /// Resolves when [`Metronome::elapsed`] has reached `at`.
    fn timer(&self, at: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's monotonic clock.
pub(super) struct Monotonic {
    start: Instant,
}

impl Monotonic {
    /// Starts at zero now.
    pub(super) fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Metronome for Monotonic {
    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn timer(&self, at: Duration) -> BoxFuture<'static, ()> {
        let left = at.saturating_sub(self.elapsed());
        Box::pin(tokio::time::sleep(left))
    }
}

/// Tells whether the machine's calendar clock was set, or the machine slept: the monotonic clock does neither.
#[derive(Debug)]
pub struct StepWatch {
    calendar: SystemTime,
    monotonic: Instant,
}

impl StepWatch {
    /// Watches from now on.
    pub fn start() -> Self {
        Self { calendar: SystemTime::now(), monotonic: Instant::now() }
    }

    /// By how much the calendar clock and the monotonic one went apart since the last look.
    pub fn look(&mut self) -> Duration {
        let (calendar, monotonic) = (SystemTime::now(), Instant::now());
        let steady = monotonic.duration_since(self.monotonic);
        let apart = match calendar.duration_since(self.calendar) {
            Ok(went) => went.abs_diff(steady),
            Err(back) => back.duration() + steady,
        };
        *self = Self { calendar, monotonic };
        apart
    }
}

/// The machine's calendar clock.
pub(super) struct WallSource;

impl Source for WallSource {
    fn now(&self) -> SimTime {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        SimTime::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    fn sleep_until(&self, deadline: SimTime) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(deadline.since(self.now())))
    }

    fn enter(&self) {}

    fn leave(&self) {}

    fn rate(&self) -> Rate {
        Rate::Paced(1.0)
    }

    fn set_rate(&self, _rate: Rate) {}

    fn advance_to(&self, _until: SimTime) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn is_simulated(&self) -> bool {
        false
    }
}
