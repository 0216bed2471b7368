//! Floor 1: wall, paced and jumping time behind one clock.
//!
//! Whoever waits in simulated time is a participant: while a [`Participant`] lives and does not sleep, simulated time
//! stands still. When all participants sleep, time moves to the next deadline and only that sleeper wakes, reading its
//! own deadline as now. So a run has the same result at 1x, at 60x and in a jump.
//!
//! ```
//! # use multi_region_workshop::clock::{Clock, Rate};
//! # use multi_region_workshop::domain::SimTime;
//! # use std::time::Duration;
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let clock = Clock::simulated(SimTime::WORLD_START, Rate::Jump);
//! let _awake = clock.participate();
//! clock.sleep(Duration::from_secs(1320)).await; // at once
//! assert_eq!(clock.now().since(SimTime::WORLD_START), Duration::from_secs(1320));
//! # });
//! ```
//!
//! Rules for users:
//! - Hold one participant per activity that may sleep, and sleep while holding it. A callee of that activity (an SDK
//!   call and its retries) sleeps on its caller's account and must not hold one more.
//! - Branches that run side by side within a task (`join!`) hold one participant each, and what awaits them does so in
//!   [`Clock::idle`].
//! - A task whose end somebody awaits in [`Clock::idle`] returns its participant together with its result, so that time
//!   cannot move between its end and the awaiter's next step.

mod simulated;
mod wall;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{BoxFuture, SimTime};

pub use wall::{Metronome, StepWatch};

/// How far simulated time may go with the wall.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// So many simulated seconds per second of wall time; 0 stops the clock.
    Paced(f64),
    /// As soon as all participants sleep, time is at the next deadline.
    Jump,
    /// Only [`Clock::advance`] moves time.
    Stepped,
}

/// Where a clock's time comes from: the wall, a simulation in this process, or the process that owns the world.
pub trait Source: Send + Sync {
    /// The current instant.
    fn now(&self) -> SimTime;
    /// Resolves when the instant is reached; at once when it is past.
    fn sleep_until(&self, deadline: SimTime) -> BoxFuture<'static, ()>;
    /// One more participant is awake.
    fn enter(&self);
    /// One participant less.
    fn leave(&self);
    /// The current rate.
    fn rate(&self) -> Rate;
    /// Changes the rate from now on.
    fn set_rate(&self, rate: Rate);
    /// Lets a stepped clock go on to `until` and resolves when it is there; nothing on other clocks.
    fn advance_to(&self, until: SimTime) -> BoxFuture<'static, ()>;
    /// Whether time is simulated, here or in the owner.
    fn is_simulated(&self) -> bool;
}

/// A handle on time. Clones share the same time.
#[derive(Clone)]
pub struct Clock {
    source: Arc<dyn Source>,
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).field("rate", &self.rate()).finish()
    }
}

impl Clock {
    /// The machine's clock, for real AWS. Participants hold nothing back.
    pub fn wall() -> Self {
        Self::from_source(Arc::new(wall::WallSource))
    }

    /// A simulated clock that stands at `start` and goes at `rate`.
    pub fn simulated(start: SimTime, rate: Rate) -> Self {
        Self::simulated_by(start, rate, Arc::new(wall::Monotonic::start()))
    }

    /// As [`Clock::simulated`], paced by another metronome than the machine's monotonic clock.
    pub fn simulated_by(start: SimTime, rate: Rate, metronome: Arc<dyn Metronome>) -> Self {
        Self::from_source(Arc::new(simulated::Simulated::new(start, rate, metronome)))
    }

    /// A clock whose time somebody else keeps.
    pub fn from_source(source: Arc<dyn Source>) -> Self {
        Self { source }
    }

    /// Where this clock's time comes from, for a source that builds on another.
    pub fn source(&self) -> Arc<dyn Source> {
        Arc::clone(&self.source)
    }

    /// The current instant.
    pub fn now(&self) -> SimTime {
        self.source.now()
    }

    /// Sleeps for `span`, rounded up to a millisecond. Call it while holding a [`Participant`].
    pub async fn sleep(&self, span: Duration) {
        let rounded = span.saturating_add(Duration::from_nanos(999_999));
        self.source.sleep_until(self.now().plus(rounded)).await;
    }

    /// Sleeps until `deadline`, which is then what [`Clock::now`] reads. Call it while holding a [`Participant`].
    pub async fn sleep_until(&self, deadline: SimTime) {
        self.source.sleep_until(deadline).await;
    }

    /// Joins those who wait in simulated time. Time stands still until the participant sleeps or is dropped.
    #[must_use = "time is held only while the participant lives"]
    pub fn participate(&self) -> Participant {
        self.source.enter();
        Participant { source: Arc::clone(&self.source) }
    }

    /// A participant awaits something else than time (another task, a channel) without holding time back.
    pub async fn idle<F: Future>(&self, future: F) -> F::Output {
        let _rest = Rest::begin(&self.source);
        future.await
    }

    /// The current rate.
    pub fn rate(&self) -> Rate {
        self.source.rate()
    }

    /// Changes the rate from now on. Nothing on the wall clock.
    pub fn set_rate(&self, rate: Rate) {
        self.source.set_rate(rate);
    }

    /// Moves a stepped clock forward by `span`, waking one sleeper after the other on the way. The caller must not be
    /// an awake participant. Nothing on other clocks.
    pub async fn advance(&self, span: Duration) {
        self.source.advance_to(self.now().plus(span)).await;
    }

    /// Whether time is simulated.
    pub fn is_simulated(&self) -> bool {
        self.source.is_simulated()
    }
}

/// One who waits in simulated time. While it lives and does not sleep, simulated time stands still.
#[must_use = "time is held only while the participant lives"]
pub struct Participant {
    source: Arc<dyn Source>,
}

impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Participant")
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        self.source.leave();
    }
}

/// The inverse of a participant: steps out, and back in when dropped.
struct Rest {
    source: Arc<dyn Source>,
}

impl Rest {
    fn begin(source: &Arc<dyn Source>) -> Self {
        source.leave();
        Self { source: Arc::clone(source) }
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.source.enter();
    }
}

#[cfg(test)]
mod tests;
