//! What a client remembers of DNS: nothing, for the TTL, or for too long.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::domain::drill::ClientClass;
use crate::domain::ports::DnsAnswer;

/// Vantage, class of client and name.
type Key = (String, ClientClass, String);

/// What a client keeps of an answer: the answer, the connections that were made with it, and the instant until which both
/// are used.
type Kept<C> = (DnsAnswer, C, Instant);

/// Answers by vantage, class of client and name.
pub(super) struct Cache<C> {
    answers: Mutex<BTreeMap<Key, Kept<C>>>,
}

impl<C> Default for Cache<C> {
    fn default() -> Self {
        Self { answers: Mutex::default() }
    }
}

impl<C: Clone> Cache<C> {
    /// What this client still remembers at `now`.
    pub(super) fn get(&self, vantage: &str, class: ClientClass, name: &str, now: Instant) -> Option<(DnsAnswer, C)> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, connections, until) = answers.get(&(vantage.to_owned(), class, name.to_owned()))?;
        (now < *until).then(|| (answer.clone(), connections.clone()))
    }

    /// Remembers an answer that came at `now`, for as long as this class of client does. The connections that belong to the
    /// answer before it are let go.
    pub(super) fn put(
        &self,
        vantage: &str,
        class: ClientClass,
        name: &str,
        answer: &DnsAnswer,
        connections: C,
        now: Instant,
    ) {
        let times = match class {
            ClientClass::Fresh => return,
            ClientClass::TtlHonouring => 1,
            ClientClass::Sticky => 2,
        };
        let entry = (answer.clone(), connections, now + answer.ttl * times);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert((vantage.to_owned(), class, name.to_owned()), entry);
    }
}
