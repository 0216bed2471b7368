//! Simulated time: a queue of deadlines, and the rule that lets time move.
//!
//! There is no driver task. Whoever makes the last participant fall asleep moves time, and a paced sleeper arms a timer
//! of its own for the wall instant at which its deadline may be reached.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::wall::Metronome;
use super::{Participant, Rate, Source};
use crate::domain::{BoxFuture, SimTime};

/// Deadlines are ordered by time and then by registration.
type Key = (SimTime, u64);

/// How much of the wall time in which somebody was awake is made up for afterwards. What is short keeps the pace; what is
/// long is lost, or time would leap by hours after a drill that computes slower than its rate asks for.
const MADE_UP: Duration = Duration::from_millis(250);

/// A clock whose time is simulated in this process.
pub(super) struct Simulated {
    shared: Arc<Shared>,
}

struct Shared {
    metronome: Arc<dyn Metronome>,
    state: Mutex<State>,
}

struct State {
    now: SimTime,
    rate: Rate,
    /// Where paced time started: this simulated instant was at that wall time.
    base: (SimTime, Duration),
    /// Since when somebody is awake, on the wall.
    held_from: Option<Duration>,
    /// Wall time in which somebody was awake and that is not made up for yet.
    behind: Duration,
    /// Participants, minus those who rest. Negative only when somebody rests without being a participant.
    holds: i64,
    /// Sleepers that are not woken yet, with the waker to call.
    asleep: BTreeMap<Key, Option<Waker>>,
    /// Sleepers that were woken and have not run yet; they hold time whether or not they are participants.
    waking: i64,
    registered: u64,
    /// How far a stepped clock may go.
    limit: SimTime,
    /// Counts changes of the rate, so that sleepers know to arm their timers anew.
    epoch: u64,
}

impl Simulated {
    pub(super) fn new(start: SimTime, rate: Rate, metronome: Arc<dyn Metronome>) -> Self {
        let state = State {
            now: start,
            rate: sane(rate),
            base: (start, metronome.elapsed()),
            held_from: None,
            behind: Duration::ZERO,
            holds: 0,
            asleep: BTreeMap::new(),
            waking: 0,
            registered: 0,
            limit: start,
            epoch: 0,
        };
        Self { shared: Arc::new(Shared { metronome, state: Mutex::new(state) }) }
    }
}

/// A rate that time can go at: never backwards, never not a number.
fn sane(rate: Rate) -> Rate {
    match rate {
        Rate::Paced(factor) if factor.is_finite() && factor >= 0.0 => rate,
        Rate::Paced(factor) if factor.is_infinite() && factor > 0.0 => Rate::Jump,
        Rate::Paced(_) => Rate::Paced(0.0),
        Rate::Jump | Rate::Stepped => rate,
    }
}

/// `span` times `factor`, at most the longest span there is.
fn scaled(span: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(span.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements that could panic, so a poisoned lock is still good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets time move as far as it may, and wakes whoever is due.
    fn settle(&self, state: &mut State) {
        state.settle(self.metronome.elapsed());
    }

    /// Whether somebody is awake, or has a deadline that is due until then.
    fn has_work_until(&self, until: SimTime) -> bool {
        let mut state = self.lock();
        self.settle(&mut state);
        state.held() || state.next().is_some_and(|(deadline, _)| deadline <= until)
    }
}

impl State {
    /// Whether somebody is awake, so that time must stand still. A sleeper that is no participant is counted against
    /// the participants too; being derived anew each time, that can never get stuck.
    fn held(&self) -> bool {
        let sleeping = i64::try_from(self.asleep.len()).unwrap_or(i64::MAX);
        // Those who are waking are participants that no longer sleep, or guests; either way time waits for them.
        self.waking > 0 || self.holds > sleeping
    }

    /// The last instant that the rate allows now.
    fn bound(&self, elapsed: Duration) -> SimTime {
        match self.rate {
            Rate::Paced(factor) => self.base.0.plus(scaled(elapsed.saturating_sub(self.base.1), factor)),
            Rate::Jump => self.next().map_or(self.now, |(deadline, _)| deadline),
            Rate::Stepped => self.limit,
        }
    }

    fn next(&self) -> Option<Key> {
        self.asleep.first_key_value().map(|(key, _)| *key)
    }

    fn settle(&mut self, elapsed: Duration) {
        if self.held() {
            self.held_from.get_or_insert(elapsed);
            return;
        }
        if let Some(from) = self.held_from.take() {
            self.behind = self.behind.saturating_add(elapsed.saturating_sub(from));
            self.forget_debt(elapsed);
        }
        let bound = self.bound(elapsed).max(self.now);
        match self.next() {
            Some(key) if key.0 <= bound => {
                self.now = self.now.max(key.0);
                if let Some(waker) = self.asleep.remove(&key) {
                    self.waking += 1;
                    self.held_from = Some(elapsed);
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                }
            }
            _ => {
                self.now = bound;
                self.behind = Duration::ZERO;
            }
        }
    }

    /// Loses the wall time that somebody was awake for, but for a moment of it. Sleepers arm their timers anew.
    fn forget_debt(&mut self, elapsed: Duration) {
        let Rate::Paced(factor) = self.rate else { return };
        if factor <= 0.0 {
            return;
        }
        self.behind = self.behind.min(scaled(self.bound(elapsed).since(self.now), factor.recip()));
        if self.behind <= MADE_UP * 2 {
            return;
        }
        self.base.1 = self.base.1.saturating_add(self.behind.saturating_sub(MADE_UP));
        self.behind = MADE_UP;
        self.epoch += 1;
        for waker in self.asleep.values().flatten() {
            waker.wake_by_ref();
        }
    }

    /// The wall time at which a deadline may be reached, when that is for the wall to decide.
    fn wall_due(&self, deadline: SimTime) -> Option<Duration> {
        match self.rate {
            Rate::Paced(factor) if factor > 0.0 => {
                Some(self.base.1.saturating_add(scaled(deadline.since(self.base.0), factor.recip())))
            }
            _ => None,
        }
    }
}

impl Source for Simulated {
    fn now(&self) -> SimTime {
        let mut state = self.shared.lock();
        self.shared.settle(&mut state);
        state.now
    }

    fn sleep_until(&self, deadline: SimTime) -> BoxFuture<'static, ()> {
        Box::pin(Sleep { shared: Arc::clone(&self.shared), deadline, stage: Stage::New, timer: None, epoch: 0 })
    }

    fn enter(&self) {
        let mut state = self.shared.lock();
        // Time that has passed before the participant came belongs to the past.
        self.shared.settle(&mut state);
        state.holds += 1;
        // If it is awake now, it is so from now on.
        self.shared.settle(&mut state);
    }

    fn leave(&self) {
        let mut state = self.shared.lock();
        state.holds -= 1;
        self.shared.settle(&mut state);
    }

    fn rate(&self) -> Rate {
        self.shared.lock().rate
    }

    fn set_rate(&self, rate: Rate) {
        let mut state = self.shared.lock();
        self.shared.settle(&mut state);
        state.rate = sane(rate);
        state.base = (state.now, self.shared.metronome.elapsed());
        (state.held_from, state.behind) = (None, Duration::ZERO);
        state.limit = state.limit.max(state.now);
        state.epoch += 1;
        for waker in state.asleep.values().flatten() {
            waker.wake_by_ref();
        }
        self.shared.settle(&mut state);
    }

    fn advance_to(&self, until: SimTime) -> BoxFuture<'static, ()> {
        {
            let mut state = self.shared.lock();
            if state.rate != Rate::Stepped {
                return Box::pin(std::future::ready(()));
            }
            state.limit = state.limit.max(until);
        }
        // The sleepers have to run in between, which is why this sleeps as a participant of its own. Those that
        // registered for the same instant later than this one are waited for afterwards.
        let shared = Arc::clone(&self.shared);
        self.enter();
        let own = Participant { source: Arc::new(Simulated { shared: Arc::clone(&shared) }) };
        let sleep = self.sleep_until(until);
        Box::pin(async move {
            sleep.await;
            drop(own);
            while shared.has_work_until(until) {
                tokio::task::yield_now().await;
            }
        })
    }

    fn is_simulated(&self) -> bool {
        true
    }
}

/// A sleep; registered when it is first polled, and forgotten when it is dropped.
struct Sleep {
    shared: Arc<Shared>,
    deadline: SimTime,
    stage: Stage,
    /// Rings when the wall has come so far that the deadline may be reached.
    timer: Option<BoxFuture<'static, ()>>,
    /// The change of rate that the timer was armed under.
    epoch: u64,
}

enum Stage {
    New,
    Registered(Key),
    Done,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let shared = Arc::clone(&this.shared);
        let mut state = shared.lock();
        let key = match this.stage {
            Stage::Done => return Poll::Ready(()),
            Stage::New => {
                if this.deadline <= state.now {
                    this.stage = Stage::Done;
                    return Poll::Ready(());
                }
                let key = (this.deadline, state.registered);
                state.registered += 1;
                this.stage = Stage::Registered(key);
                state.asleep.insert(key, None);
                // No timer belongs to this epoch yet.
                this.epoch = state.epoch.wrapping_sub(1);
                key
            }
            Stage::Registered(key) => key,
        };
        // First, because it may change what the wall allows.
        shared.settle(&mut state);
        if this.epoch != state.epoch {
            this.epoch = state.epoch;
            this.timer = state.wall_due(key.0).map(|at| shared.metronome.timer(at));
        }
        while this.timer.as_mut().is_some_and(|timer| timer.as_mut().poll(context).is_ready()) {
            let elapsed = shared.metronome.elapsed();
            // Once the wall allows the deadline, whoever falls asleep last wakes this one. Rounding can make the timer
            // ring a moment before that.
            let early = state.bound(elapsed) < key.0;
            this.timer = early.then(|| shared.metronome.timer(elapsed.saturating_add(Duration::from_millis(1))));
        }
        shared.settle(&mut state);
        if let Some(slot) = state.asleep.get_mut(&key) {
            *slot = Some(context.waker().clone());
            return Poll::Pending;
        }
        state.waking -= 1;
        this.stage = Stage::Done;
        // A participant is awake now and holds time; after a sleeper that is none, time may go on.
        shared.settle(&mut state);
        Poll::Ready(())
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let Stage::Registered(key) = self.stage else { return };
        let mut state = self.shared.lock();
        if state.asleep.remove(&key).is_none() {
            // It was woken but never ran; its participant is awake again, or gone.
            state.waking -= 1;
        }
        self.shared.settle(&mut state);
    }
}
