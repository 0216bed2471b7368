//! Answers that need not be computed again.
//!
//! An invocation is a function of its code, its environment, its event, the replies of the world, the instant and the
//! seed (see `sandbox::javascript`). When the code looked at neither clock nor chance, the instant and the seed do not
//! matter. Then the questions that it asked are put to the world again, unless the world's versions tell that the reply
//! must be the same, and only when a reply is another one than last time is the code run again, from the replies that
//! are already there. What is remembered is no part of the world, and forgetting it changes no answer.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use serde_json::{Value, json};

use super::{Identity, port};
use crate::sandbox::javascript::{Exchange, Job, Ran, Reply};
use crate::sandbox::services::{dynamodb, reads};
use crate::sandbox::version::Version;
use crate::sandbox::world::World;

/// How many invocations a thread remembers.
const KEPT: usize = 64;

/// The state of the world in which a reply holds: its settings, and the items that were read.
type Seen = Option<(Version, Version)>;

/// An invocation that was remembered.
pub struct Known {
    ran: Rc<Ran>,
    /// When each of its exchanges was last made.
    seen: Vec<Cell<Seen>>,
}

thread_local! {
    static KNOWN: RefCell<BTreeMap<String, Rc<Known>>> = const { RefCell::new(BTreeMap::new()) };
}

/// What an answer depends on beside the replies.
pub fn key(code: &str, who: &Identity, job: &Job<'_>) -> String {
    let timeout = job.timeout.as_millis() as u64;
    json!([code, who.account, who.role, job.handler, job.environment, job.event, timeout, job.memory]).to_string()
}

/// The state in which the reply to a request holds, when it holds for longer than this moment.
fn state(world: &World, who: &Identity, request: &Value) -> Seen {
    let member = |name: &str| request.get(name).and_then(Value::as_str);
    if (member("kind"), member("service")) != (Some("aws"), Some("dynamodb")) {
        return None;
    }
    let region = member("region").unwrap_or(&who.region);
    let items = dynamodb::items_read(world, &who.account, region, member("operation")?, request.get("input")?)?;
    Some((world.settings, items))
}

/// Whether a request to AWS only looks. What else code can ask for is rare, and cheap to remember.
fn looks(request: &Value) -> bool {
    request.get("operation").and_then(Value::as_str).is_none_or(reads)
}

fn same(one: Seen, other: Seen) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one.0.is(other.0) && one.1.is(other.1))
}

/// Makes the exchanges of an invocation again. `None` when all replies are what they were; otherwise the exchanges up to
/// the one that is not.
fn ask_again(known: &Known, world: &mut World, who: &Identity) -> Option<VecDeque<Exchange>> {
    for (at, (exchange, seen)) in known.ran.exchanges.iter().zip(&known.seen).enumerate() {
        let now = state(world, who, &exchange.request);
        if same(seen.get(), now) {
            continue;
        }
        let reply = port(world, who, &exchange.request);
        if reply != exchange.reply {
            let mut done: VecDeque<Exchange> = known.ran.exchanges.iter().take(at).cloned().collect();
            done.push_back(Exchange { request: exchange.request.clone(), reply });
            return Some(done);
        }
        seen.set(now);
    }
    None
}

impl Known {
    /// How it went.
    pub fn ran(&self) -> &Ran {
        &self.ran
    }

    /// Whether the world's versions alone tell that it would go the same way again.
    pub fn holds(&self, world: &World, who: &Identity) -> bool {
        let mut exchanges = self.ran.exchanges.iter().zip(&self.seen);
        exchanges.all(|(exchange, seen)| same(seen.get(), state(world, who, &exchange.request)))
    }
}

/// Runs an invocation, or remembers its outcome; also whether it can be remembered.
pub fn run(
    key: &str,
    world: &mut World,
    who: &Identity,
    run: impl FnOnce(&mut dyn FnMut(&Value) -> Reply) -> Ran,
) -> (Rc<Ran>, Option<Rc<Known>>) {
    let known = KNOWN.with_borrow(|known| known.get(key).cloned());
    let mut done = VecDeque::new();
    if let Some(known) = known {
        match ask_again(&known, world, who) {
            None => return (Rc::clone(&known.ran), Some(known)),
            Some(exchanges) => done = exchanges,
        }
    }
    let mut seen = Vec::new();
    let ran = run(&mut |request| {
        seen.push(Cell::new(state(world, who, request)));
        match done.pop_front() {
            // The code asks the same until a reply differs; what was already asked must not happen twice.
            Some(exchange) if exchange.request == *request => exchange.reply,
            _ => port(world, who, request),
        }
    });
    let ran = Rc::new(ran);
    // What changes something is seldom asked for twice.
    if ran.observed || !ran.exchanges.iter().all(|exchange| looks(&exchange.request)) {
        return (ran, None);
    }
    let new = Rc::new(Known { ran: Rc::clone(&ran), seen });
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key.to_owned(), Rc::clone(&new));
    });
    (ran, Some(new))
}
