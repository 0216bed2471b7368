//! Tests of the clock. None of them waits on wall time: paced ones bring their own metronome.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::{Clock, Metronome, Rate};
use crate::domain::{BoxFuture, SimTime};

const START: SimTime = SimTime::WORLD_START;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn at(count: u64) -> SimTime {
    START.plus(seconds(count))
}

/// A metronome moved by hand.
struct Hand {
    elapsed: watch::Sender<Duration>,
}

impl Hand {
    fn new() -> Arc<Self> {
        Arc::new(Self { elapsed: watch::Sender::new(Duration::ZERO) })
    }

    /// Moves the wall and lets every task run until all of them wait.
    async fn to(&self, elapsed: Duration) {
        self.elapsed.send_replace(elapsed);
        quiet().await;
    }
}

impl Metronome for Hand {
    fn elapsed(&self) -> Duration {
        *self.elapsed.borrow()
    }

    fn timer(&self, at: Duration) -> BoxFuture<'static, ()> {
        let mut elapsed = self.elapsed.subscribe();
        Box::pin(async move {
            elapsed.wait_for(|now| *now >= at).await.expect("the metronome outlives its timers");
        })
    }
}

/// On the tests' single thread, enough turns for all tasks to come to rest.
async fn quiet() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

type Log = Arc<Mutex<Vec<(String, u64)>>>;

/// A task that sleeps through `spans` and notes the simulated second after each.
fn sleeper(clock: &Clock, log: &Log, name: &str, spans: &[u64]) -> tokio::task::JoinHandle<()> {
    let participant = clock.participate();
    let (clock, log, name, spans) = (clock.clone(), Arc::clone(log), name.to_owned(), spans.to_vec());
    tokio::spawn(async move {
        let _participant = participant;
        for span in spans {
            clock.sleep(seconds(span)).await;
            let now = clock.now().since(START).as_secs();
            // Whoever else might be awake would get in between here.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            assert_eq!(clock.now().since(START).as_secs(), now, "time moved while {name} was awake");
            log.lock().unwrap().push((name.clone(), now));
        }
    })
}

fn entries(log: &Log) -> Vec<(String, u64)> {
    log.lock().unwrap().clone()
}

fn expected(entries: &[(&str, u64)]) -> Vec<(String, u64)> {
    entries.iter().map(|(name, second)| ((*name).to_owned(), *second)).collect()
}

#[tokio::test]
async fn sleepers_wake_by_time_and_then_by_registration_one_at_a_time() {
    let clock = Clock::simulated(START, Rate::Jump);
    let log = Log::default();
    let tasks =
        [sleeper(&clock, &log, "a", &[10, 10]), sleeper(&clock, &log, "b", &[5, 5]), sleeper(&clock, &log, "c", &[10])];
    for task in tasks {
        task.await.unwrap();
    }
    // At second 10, a and c registered before b's second sleep did.
    assert_eq!(entries(&log), expected(&[("b", 5), ("a", 10), ("c", 10), ("b", 10), ("a", 20)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_threads_still_wake_one_at_a_time() {
    let clock = Clock::simulated(START, Rate::Jump);
    let awake = Arc::new(Mutex::new(0));
    let start = clock.participate();
    let tasks: Vec<_> = (1..=8_u64)
        .map(|step| {
            let (clock, awake, participant) = (clock.clone(), Arc::clone(&awake), clock.participate());
            tokio::spawn(async move {
                let _participant = participant;
                for turn in 1..=50_u64 {
                    clock.sleep(Duration::from_millis(step * 7)).await;
                    *awake.lock().unwrap() += 1;
                    assert_eq!(clock.now(), START.plus(Duration::from_millis(step * 7 * turn)));
                    tokio::task::yield_now().await;
                    assert_eq!(*awake.lock().unwrap(), 1, "two were awake at once");
                    *awake.lock().unwrap() -= 1;
                }
            })
        })
        .collect();
    drop(start);
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(clock.now(), START.plus(Duration::from_millis(8 * 7 * 50)));
}

#[tokio::test]
async fn a_participant_that_is_awake_holds_time_and_its_end_lets_it_go() {
    let clock = Clock::simulated(START, Rate::Jump);
    let log = Log::default();
    let busy = clock.participate();
    let task = sleeper(&clock, &log, "a", &[10]);
    quiet().await;
    assert!(!task.is_finished());
    assert_eq!(clock.now(), START);
    drop(busy);
    task.await.unwrap();
    assert_eq!(clock.now(), at(10));
}

#[tokio::test]
async fn a_cancelled_sleep_is_forgotten() {
    let clock = Clock::simulated(START, Rate::Jump);
    let log = Log::default();
    let busy = clock.participate();
    let cancelled = sleeper(&clock, &log, "cancelled", &[1]);
    let kept = sleeper(&clock, &log, "kept", &[10]);
    quiet().await;
    cancelled.abort();
    assert!(cancelled.await.unwrap_err().is_cancelled());
    drop(busy);
    kept.await.unwrap();
    assert_eq!(entries(&log), expected(&[("kept", 10)]));
}

#[tokio::test]
async fn a_sleep_dropped_after_it_was_woken_does_not_stop_time() {
    let clock = Clock::simulated(START, Rate::Jump);
    let first = clock.participate();
    {
        let sleep = clock.sleep(seconds(1));
        tokio::pin!(sleep);
        let woken = clock.participate();
        assert!(futures_util::poll!(sleep.as_mut()).is_pending());
        // The second participant's sleep is what lets the first one wake; nobody polls it again.
        let other = clock.sleep(seconds(5));
        tokio::pin!(other);
        assert!(futures_util::poll!(other.as_mut()).is_pending());
        drop(woken);
    }
    clock.sleep(seconds(1)).await;
    assert_eq!(clock.now(), at(2));
    drop(first);
}

#[tokio::test]
async fn idle_awaits_something_else_without_holding_time() {
    let clock = Clock::simulated(START, Rate::Jump);
    let _parent = clock.participate();
    let child = clock.participate();
    let task = tokio::spawn({
        let clock = clock.clone();
        async move {
            clock.sleep(seconds(90)).await;
            // Returning the participant keeps time still until the parent has taken it.
            child
        }
    });
    let log = Log::default();
    let other = sleeper(&clock, &log, "other", &[100]);
    let child = clock.idle(task).await.unwrap();
    assert_eq!(clock.now(), at(90));
    drop(child);
    clock.idle(other).await.unwrap();
    assert_eq!(clock.now(), at(100));
}

#[tokio::test]
async fn paced_time_follows_the_wall_when_nobody_takes_part() {
    let hand = Hand::new();
    let clock = Clock::simulated_by(START, Rate::Paced(60.0), Arc::clone(&hand) as Arc<dyn Metronome>);
    hand.to(seconds(2)).await;
    assert_eq!(clock.now(), at(120));
}

#[tokio::test]
async fn paced_time_never_runs_ahead_of_the_wall() {
    let hand = Hand::new();
    let clock = Clock::simulated_by(START, Rate::Paced(60.0), Arc::clone(&hand) as Arc<dyn Metronome>);
    let log = Log::default();
    let a = sleeper(&clock, &log, "a", &[60, 60]);
    let b = sleeper(&clock, &log, "b", &[90]);
    quiet().await;
    hand.to(Duration::from_millis(999)).await;
    assert_eq!(entries(&log), []);
    assert_eq!(clock.now(), START.plus(Duration::from_millis(59_940)));
    hand.to(Duration::from_millis(1001)).await;
    assert_eq!(entries(&log), expected(&[("a", 60)]));
    // However late the tasks run, each reads its own deadline.
    hand.to(seconds(5)).await;
    a.await.unwrap();
    b.await.unwrap();
    assert_eq!(entries(&log), expected(&[("a", 60), ("b", 90), ("a", 120)]));
    assert_eq!(clock.now(), at(300));
}

#[tokio::test]
async fn a_new_rate_counts_from_the_moment_it_is_set() {
    let hand = Hand::new();
    let clock = Clock::simulated_by(START, Rate::Paced(60.0), Arc::clone(&hand) as Arc<dyn Metronome>);
    let log = Log::default();
    let task = sleeper(&clock, &log, "a", &[120]);
    quiet().await;
    hand.to(seconds(1)).await;
    clock.set_rate(Rate::Paced(1.0));
    quiet().await;
    hand.to(seconds(60)).await;
    assert_eq!(clock.now(), at(119));
    assert_eq!(entries(&log), []);
    hand.to(Duration::from_millis(61_001)).await;
    task.await.unwrap();
    assert_eq!(entries(&log), expected(&[("a", 120)]));
}

#[tokio::test]
async fn a_stopped_clock_stands_and_a_jump_sets_it_going() {
    let hand = Hand::new();
    let clock = Clock::simulated_by(START, Rate::Paced(0.0), Arc::clone(&hand) as Arc<dyn Metronome>);
    let log = Log::default();
    let task = sleeper(&clock, &log, "a", &[7200]);
    hand.to(seconds(1000)).await;
    assert_eq!(clock.now(), START);
    clock.set_rate(Rate::Jump);
    task.await.unwrap();
    assert_eq!(clock.now(), at(7200));
}

#[tokio::test]
async fn a_rate_that_is_no_rate_cannot_break_the_clock() {
    let hand = Hand::new();
    for (given, kept) in [
        (Rate::Paced(f64::NAN), Rate::Paced(0.0)),
        (Rate::Paced(-1.0), Rate::Paced(0.0)),
        (Rate::Paced(f64::INFINITY), Rate::Jump),
    ] {
        let clock = Clock::simulated_by(START, given, Arc::clone(&hand) as Arc<dyn Metronome>);
        assert_eq!(clock.rate(), kept);
        assert_eq!(clock.now(), START);
    }
    let clock = Clock::simulated_by(START, Rate::Paced(1e-12), Arc::clone(&hand) as Arc<dyn Metronome>);
    let _participant = clock.participate();
    assert!(futures_util::poll!(std::pin::pin!(clock.sleep_until(SimTime::from_millis(i64::MAX)))).is_pending());
}

#[tokio::test]
async fn a_stepped_clock_moves_only_when_it_is_told() {
    let clock = Clock::simulated(START, Rate::Stepped);
    let log = Log::default();
    let task = sleeper(&clock, &log, "a", &[10, 10, 10]);
    quiet().await;
    assert_eq!(clock.now(), START);
    clock.advance(seconds(25)).await;
    assert_eq!(clock.now(), at(25));
    assert_eq!(entries(&log), expected(&[("a", 10), ("a", 20)]));
    assert!(!task.is_finished());
    clock.advance(seconds(5)).await;
    assert_eq!(entries(&log).last(), Some(&("a".to_owned(), 30)));
    assert_eq!(clock.now(), at(30));
}

#[tokio::test]
async fn sleepers_without_a_participant_wake_all_the_same() {
    let clock = Clock::simulated(START, Rate::Jump);
    let tasks: Vec<_> = [30, 10, 20]
        .map(|span| {
            let clock = clock.clone();
            tokio::spawn(async move { clock.sleep(seconds(span)).await })
        })
        .into();
    for task in tasks {
        task.await.unwrap();
    }
    // Nothing held time until all three had registered, so each jumped by itself.
    assert!(clock.now() >= at(30));
}

#[tokio::test]
async fn a_past_deadline_is_reached_at_once_and_fractions_round_up() {
    let clock = Clock::simulated(START, Rate::Stepped);
    clock.sleep(Duration::ZERO).await;
    clock.sleep_until(SimTime::from_millis(0)).await;
    let clock = Clock::simulated(START, Rate::Jump);
    let _participant = clock.participate();
    clock.sleep(Duration::from_micros(1)).await;
    assert_eq!(clock.now(), START.plus(Duration::from_millis(1)));
}

#[tokio::test]
async fn the_wall_clock_is_not_simulated_and_cannot_be_set() {
    let clock = Clock::wall();
    clock.set_rate(Rate::Jump);
    assert!(!clock.is_simulated());
    assert_eq!(clock.rate(), Rate::Paced(1.0));
    assert!(clock.now() > SimTime::from_millis(1_700_000_000_000));
}

#[tokio::test]
async fn wall_time_in_which_somebody_was_awake_is_lost_but_for_a_moment() {
    let hand = Hand::new();
    let clock = Clock::simulated_by(START, Rate::Paced(60.0), Arc::clone(&hand) as Arc<dyn Metronome>);
    let awake = clock.participate();
    // Three minutes of computing at 60x: three hours, if they were made up for.
    hand.to(seconds(180)).await;
    assert_eq!(clock.now(), START);
    drop(awake);
    assert_eq!(clock.now(), at(15), "a quarter of a second of the wall");
    hand.to(seconds(181)).await;
    assert_eq!(clock.now(), at(75), "from then on at its rate");
    // Short waking keeps the pace.
    for tenth in 0..10 {
        let awake = clock.participate();
        hand.to(Duration::from_millis(181_050 + tenth * 100)).await;
        drop(awake);
        hand.to(Duration::from_millis(181_100 + tenth * 100)).await;
        clock.now();
    }
    assert_eq!(clock.now(), at(135));
}

#[tokio::test]
async fn a_run_that_computes_slower_than_its_rate_leaves_no_debt_behind() {
    let hand = Hand::new();
    let clock = Clock::simulated_by(START, Rate::Paced(60.0), Arc::clone(&hand) as Arc<dyn Metronome>);
    let prober = clock.participate();
    // A probe each simulated second that takes a second of the wall: a minute later after each.
    for probe in 1..=100 {
        let sleep = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(seconds(1)).await }
        });
        quiet().await;
        hand.to(hand.elapsed() + Duration::from_millis(17)).await;
        sleep.await.unwrap();
        hand.to(hand.elapsed() + seconds(1)).await;
        assert_eq!(clock.now(), at(probe));
    }
    drop(prober);
    assert!(clock.now() <= at(100 + 75), "{:?}", clock.now().since(START));
    // Deadlines are still met when the wall allows them.
    let before = clock.now();
    let waiting = tokio::spawn({
        let clock = clock.clone();
        async move { clock.sleep(seconds(60)).await }
    });
    quiet().await;
    hand.to(hand.elapsed() + Duration::from_millis(1_100)).await;
    waiting.await.unwrap();
    assert!(clock.now() >= before.plus(seconds(60)));
}
